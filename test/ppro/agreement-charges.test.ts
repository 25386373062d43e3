/** Charges under an agreement: made without the shopper, by the method's rules, for as long as the agreement holds. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Fields } from "../support/client.ts";
import { heardOf, type PproBody, PproClient, requestUrlOf } from "../support/ppro.ts";
import { useNode, useReceiver } from "../support/scenario.ts";

const node = useNode({ env: { NARU_PPRO_RATE: "100000" } });
const shop = useReceiver();
const client = () => new PproClient(node);

const alone = { initialPaymentCharge: undefined };
const won = (value: number) => ({ amount: { value, currency: "KRW" } });
const declined = (failureType: string, failureCode: string) => ({ failureType, failureCode });
const charges = "/v1/payment-charges";

let agreement: PproBody;

beforeAll(async () => {
  agreement = await client().agreed({ ...alone, webhooksUrl: shop.url });
});

describe("a charge under an agreement", () => {
  it("is captured at once, without the shopper", async () => {
    // As a known third-party client writes it.
    const fields = { scheduleType: "UNSCHEDULED", autoCapture: true, initiator: "MERCHANT" };
    const { status, body } = await client().chargeUnder(agreement.id, { ...won(5_000), ...fields });
    expect([status, body]).toMatchObject([
      200,
      {
        status: "CAPTURED",
        paymentMethod: "KAKAOPAY",
        agreementId: agreement.id,
        instrumentId: agreement.instrumentId,
        initiator: "MERCHANT",
        currency: "KRW",
        country: "KR",
        consumer: agreement.consumer,
        authorizations: [{ status: "AUTHORIZED", amount: 5_000 }],
        captures: [{ status: "CAPTURED", amount: 5_000 }],
      },
    ]);
    expect((await client().get(body.id)).body).toEqual(body);
  });

  it("may say nothing but its amount", async () => {
    expect((await client().chargeUnder(agreement.id)).body.status).toBe("CAPTURED");
  });

  it("says what is its own, and of the consumer what is new", async () => {
    const fields = {
      paymentDescriptor: "4월 커피",
      merchantPaymentChargeReference: "coffee 4",
      order: { orderReferenceNumber: "order 4" },
      labels: { month: "4" },
      consumer: { client: { ip: "203.0.113.7", userAgent: "Mozilla/5.0" } },
    };
    const { body } = await client().chargeUnder(agreement.id, fields);
    const { consumer, merchantPaymentChargeReference, ...shown } = fields;
    expect(body).toMatchObject({ ...shown, consumer: { ...agreement.consumer, ...consumer } });
    expect(body.authorizations).toMatchObject([{ merchantPaymentChargeReference }]);
    expect((await client().agreement(agreement.id)).body.consumer).toEqual(agreement.consumer);
  });

  it("is announced where the agreement is, without the steps of a shopper", async () => {
    const { body } = await client().chargeUnder(agreement.id, { order: { orderReferenceNumber: "order 5" } });
    const heard = await heardOf(shop, 3, { about: body.id });
    expect(heard.map(({ type, data }) => [type, data.paymentChargeStatus])).toEqual([
      ["PAYMENT_CHARGE_CREATED", "AUTHORIZATION_PROCESSING"],
      ["PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED", "CAPTURE_PROCESSING"],
      ["PAYMENT_CHARGE_CAPTURE_SUCCEEDED", "CAPTURED"],
    ]);
    for (const { data } of heard) expect(data.orderReferenceNumber).toBe("order 5");
    expect(heard[1]!.data.isMultiStep).toBe(false);
  });

  it("is announced elsewhere if it says so", async () => {
    const { body } = await client().chargeUnder(agreement.id, { webhooksUrl: `${shop.url}/of-its-own` });
    await heardOf(shop, 3, { about: body.id });
    const mine = shop.received.filter((one) => JSON.parse(one.body).subject === body.id);
    expect(new Set(mine.map(({ path }) => path))).toEqual(new Set(["/hook/of-its-own"]));
  });

  it("is refunded like any other", async () => {
    const { body } = await client().chargeUnder(agreement.id, won(5_000));
    expect((await client().refund(body.id, 2_000)).body.status).toBe("REFUNDED");
    expect((await client().get(body.id)).body).toMatchObject({ status: "CAPTURED", refunds: [{ amount: 2_000 }] });
    expect((await client().refund(body.id, 3_001)).body.failure).toMatchObject({
      failureCode: "EXCEEDS_CAPTURED_AMOUNT",
    });
    expect((await client().refund(body.id, 3_000)).body.status).toBe("REFUNDED");
    expect((await client().get(body.id)).body.status).toBe("REFUNDED");
  });

  it.each<[string, Fields, string]>([
    ["of too little", won(49), "AMOUNT_NOT_SUPPORTED"],
    ["of nothing", won(0), "AMOUNT_NOT_SUPPORTED"],
    ["of too much", won(2_000_001), "AMOUNT_NOT_SUPPORTED"],
    ["in dollars", { amount: { value: 100, currency: "USD" } }, "INVALID_CURRENCY"],
  ])("%s fails by the method's rules", async (_, fields, failureCode) => {
    const { status, body } = await client().chargeUnder(agreement.id, fields);
    expect([status, body.status, body.failure]).toMatchObject([
      200,
      "FAILED",
      declined("INTERNAL_DECLINE", failureCode),
    ]);
    const heard = await heardOf(shop, 2, { about: body.id });
    expect(heard.map(({ type }) => type)).toEqual(["PAYMENT_CHARGE_CREATED", "PAYMENT_CHARGE_AUTHORIZATION_FAILED"]);
  });

  it.each([50, 2_000_000])("of %i is within those rules", async (value) => {
    expect((await client().chargeUnder(agreement.id, won(value))).body.status).toBe("CAPTURED");
  });

  it.each<[string, Fields, number]>([
    ["without an amount", { amount: undefined }, 400],
    ["of an amount with decimals", { amount: { value: 100.5, currency: "KRW" } }, 400],
    ["of a negative amount", won(-1), 422],
    ["to be told without TLS elsewhere", { webhooksUrl: "http://shop.example/hook" }, 400],
  ])("%s is refused", async (_, fields, status) => {
    expect((await client().chargeUnder(agreement.id, fields)).status).toBe(status);
  });

  it("that comes twice with its key is made once", async () => {
    const reference = { merchantPaymentChargeReference: "once" };
    const charge = () => client().chargeUnder(agreement.id, reference, { key: "charge-once" });
    const [first, again] = [await charge(), await charge()];
    expect([again.text, again.headers["request-idempotency"]]).toEqual([first.text, "true"]);
    expect((await client().search(reference)).body.data).toHaveLength(1);
  });

  it("takes its turn beside many others", async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => client().chargeUnder(agreement.id, won(1_000))));
    expect(made.map(({ body }) => body.status)).toEqual(Array(20).fill("CAPTURED"));
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(20);
  });
});

describe("the charges of an agreement", () => {
  it("are found by it, the first one too, newest first and page by page", async () => {
    const mine = await client().agreed();
    const made = [mine.initialPaymentChargeId];
    for (let count = 0; count < 21; count += 1) made.push((await client().chargeUnder(mine.id)).body.id);
    const first = await client().search({ agreementId: mine.id });
    const ids = ({ body }: typeof first) => body.data.map(({ id }: { id: string }) => id);
    expect(ids(first)).toEqual(made.toReversed().slice(0, 20));
    const rest = await client().search({ agreementId: mine.id, page: first.body.nextPage });
    expect(ids(rest)).toEqual(made.toReversed().slice(20));
    expect(rest.body).not.toHaveProperty("nextPage");
  });

  it("are none of an agreement that is not there", async () => {
    expect((await client().search({ agreementId: "agr_aaaaaaaaaaaaaaaaaaaaa" })).body.data).toEqual([]);
  });

  it("are not found by agreement and reference at once", async () => {
    const both = { agreementId: agreement.id, merchantPaymentChargeReference: "order 1" };
    expect((await client().search(both)).status).toBe(400);
  });
});

describe("an agreement under which nothing can be charged", () => {
  const inactive = declined("INTERNAL_DECLINE", "AGREEMENT_INACTIVE");
  const revoked = declined("INTERNAL_DECLINE", "AGREEMENT_REVOKED");

  const cases: [string, (body: PproBody) => Promise<unknown>, object][] = [
    ["waits for the shopper", async () => {}, inactive],
    ["was declined", (body) => client().checkout(requestUrlOf(body), { decision: "decline" }), inactive],
    ["was cancelled", (body) => client().checkout(requestUrlOf(body), { decision: "cancel" }), inactive],
    ["was not agreed to in time", (body) => client().checkout(requestUrlOf(body), { decision: "expire" }), inactive],
    [
      "was revoked",
      async (body) => {
        await client().checkout(requestUrlOf(body), { decision: "pay" });
        await client().revoke(body.id);
      },
      revoked,
    ],
  ];

  it.each(cases)("is one that %s", async (_, become, failure) => {
    const { body } = await client().agree({ ...alone, webhooksUrl: shop.url });
    await become(body);
    const charged = await client().chargeUnder(body.id);
    expect([charged.status, charged.body.status, charged.body.failure]).toMatchObject([200, "FAILED", failure]);
    expect(charged.body.captures).toEqual([]);
    expect((await client().get(charged.body.id)).body).toEqual(charged.body);
    const heard = await heardOf(shop, 2, { about: charged.body.id });
    expect(heard[1]).toMatchObject({ type: "PAYMENT_CHARGE_AUTHORIZATION_FAILED", data: { failure } });
  });

  it("is one that is not there", async () => {
    const { status, body } = await client().chargeUnder("agr_aaaaaaaaaaaaaaaaaaaaa");
    expect([status, body.failureMessage]).toEqual([404, "Payment agreement not found"]);
    expect((await client().chargeUnder(agreement.initialPaymentChargeId ?? "charge_x")).status).toBe(404);
  });
});

it("a charge of its own under no agreement says nothing of one", async () => {
  const { body } = await client().call("POST", charges, {
    body: { paymentMethod: "MOCK", amount: { value: 100, currency: "KRW" }, consumer: { country: "KR" } },
  });
  expect(body.status).toBe("CAPTURED");
  expect(body).not.toHaveProperty("agreementId");
});
