/** What a merchant does to a charge: captures and voids what is authorized, discards what waits, confirms a second factor. */
import { describe, expect, it } from "vitest";
import { booksOf, expectMoved, expectTold, mock, storyOf, unlimited, until } from "../support/charges.ts";
import type { Fields } from "../support/client.ts";
import { type PproBody, PproClient, requestUrlOf } from "../support/ppro.ts";
import { useNode, useReceiver, withNode } from "../support/scenario.ts";
import { sampleRequest } from "./contract.ts";

const node = useNode(unlimited());
const shop = useReceiver();
const merchant = new PproClient(node);

const amount = sampleRequest.amount.value;
const allSettings = [
  ...sampleRequest.authenticationSettings,
  { type: "SCAN_CODE" },
  { type: "MULTI_FACTOR" },
  { type: "APP_INTENT", settings: { mobileIntentUri: "shop://back" } },
];

/** A charge by the mock, of which the shop is told. */
async function make(descriptor: string, fields: Fields = {}, by = merchant): Promise<PproBody> {
  const { status, body } = await by.charge(
    mock(descriptor, { webhooksUrl: shop.url, authenticationSettings: allSettings, ...fields }),
  );
  expect(status).toBe(200);
  return body;
}

const shownOf = async ({ id }: PproBody, by = merchant): Promise<PproBody> => (await by.get(id)).body;
const amounts = (all: { status: string; amount: number }[]) => all.map((one) => [one.status, one.amount]);

describe("a mock that nobody is asked about", () => {
  it("is captured at once", async () => {
    const before = await booksOf(node);
    const charge = await make("anything; at=all");
    expect(charge).toMatchObject({ status: "CAPTURED", captures: [{ amount, status: "CAPTURED" }] });
    expect(charge).not.toHaveProperty("authenticationMethods");
    const told = await expectTold(node, shop, charge, ["CREATED", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"]);
    expect(told.map(({ data }) => data.isMultiStep)).toEqual([undefined, false, undefined]);
    await expectMoved(node, before, { bank: amount, merchant: amount });
  });

  it.each([
    [300_000, "GENERIC_DECLINE", "Payment Authorization Failed"],
    [300_001, "GENERIC_DECLINE", "Payment Authorization Failed"],
    [300_002, "INSUFFICIENT_FUNDS", "Payment Authorization Failed, insufficient funds"],
    [300_100, "GENERIC_DECLINE", "Payment Authorization Failed"],
    [399_902, "INSUFFICIENT_FUNDS", "Payment Authorization Failed, insufficient funds"],
    [400_000, "GENERIC_DECLINE", "Payment Authorization Failed"],
  ])("of %i fails with %s", async (value, failureCode, failureMessage) => {
    const before = await booksOf(node);
    const charge = await make("", { amount: { value, currency: "KRW" } });
    const failure = { failureType: "PROVIDER_DECLINE", failureCode, failureMessage };
    expect(charge).toMatchObject({ status: "FAILED", failure, authorizations: [{ status: "FAILED", failure }] });
    await expectTold(node, shop, charge, ["CREATED", "AUTHORIZATION_FAILED"]);
    await expectMoved(node, before, {});
  });

  it.each([299_999, 400_001])("of %i does not", async (value) => {
    expect((await make("", { amount: { value, currency: "KRW" } })).status).toBe("CAPTURED");
  });

  it("is the only one that goes by its amount", async () => {
    expect((await merchant.paid({ amount: { value: 300_002, currency: "KRW" } })).status).toBe("CAPTURED");
  });
});

describe("what is authorized", () => {
  const authorized = (fields: Fields = {}) => make("requiresCapture=true", fields);

  it("waits to be captured, and is the merchant's then", async () => {
    const before = await booksOf(node);
    const charge = await authorized();
    expect(charge).toMatchObject({
      status: "CAPTURE_PENDING",
      authorizations: [{ status: "AUTHORIZED" }],
      captures: [],
    });
    const told = await expectTold(node, shop, charge, ["CREATED", "AUTHORIZATION_SUCCEEDED"]);
    expect(told[1]!.data).toMatchObject({ isMultiStep: true, paymentChargeStatus: "CAPTURE_PENDING" });
    await expectMoved(node, before, {});

    const asked = { merchantCaptureReference: "shipment-1", labels: { box: "1" } };
    const { body: capture } = await merchant.capture(charge.id, amount, asked);
    expect(capture).toMatchObject({ status: "CAPTURED", amount, ...asked });
    expect(await shownOf(charge)).toMatchObject({ status: "CAPTURED", captures: [capture] });
    const list = `/v1/payment-charges/${charge.id}/captures`;
    expect((await merchant.call("GET", list)).body.data).toEqual([capture]);
    expect((await merchant.call("GET", `${list}/${capture.id}`)).body).toEqual(capture);
    const { data } = (
      await expectTold(node, shop, charge, ["CREATED", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"])
    )[2]!;
    const ofCapture = {
      captureId: capture.id,
      merchantCaptureReference: "shipment-1",
      paymentChargeStatus: "CAPTURED",
    };
    expect(data).toMatchObject({ ...ofCapture, amount: { value: amount, currency: "KRW" } });
    await expectMoved(node, before, { bank: amount, merchant: amount });
  });

  it("is captured at once if the merchant wants that", async () => {
    const charge = await authorized({ autoCapture: true });
    expect(charge.status).toBe("CAPTURED");
    const told = await expectTold(node, shop, charge, ["CREATED", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"]);
    expect(told[1]!.data.isMultiStep).toBe(false);
    expect((await authorized({ autoCapture: false })).status).toBe("CAPTURE_PENDING");
    expect((await make("requiresCapture=false", { autoCapture: false })).status).toBe("CAPTURED");
  });

  it("is captured in parts, each booked, until nothing is left", async () => {
    const before = await booksOf(node);
    const charge = await authorized();
    for (const [part, status, captured] of [
      [5_000, "CAPTURE_PENDING", 5_000],
      [9_999, "CAPTURE_PENDING", 14_999],
      [1, "CAPTURED", 15_000],
    ] as const) {
      expect((await merchant.capture(charge.id, part)).body.status).toBe("CAPTURED");
      expect((await shownOf(charge)).status).toBe(status);
      await expectMoved(node, before, { bank: captured, merchant: captured });
    }
    const told = await expectTold(node, shop, charge, [
      ...["CREATED", "AUTHORIZATION_SUCCEEDED"],
      ...Array(3).fill("CAPTURE_SUCCEEDED"),
    ]);
    const { captures } = await shownOf(charge);
    expect(told.slice(2).map(({ data }) => [data.captureId, data.amount.value, data.paymentChargeStatus])).toEqual([
      [captures[0].id, 5_000, "CAPTURE_PENDING"],
      [captures[1].id, 9_999, "CAPTURE_PENDING"],
      [captures[2].id, 1, "CAPTURED"],
    ]);
  });

  it("is let go of as a whole, and no money was moved", async () => {
    const before = await booksOf(node);
    const charge = await authorized();
    const asked = { merchantVoidReference: "no-stock", labels: { clerk: "lee" } };
    const { body: voided } = await merchant.void(charge.id, amount, asked);
    expect(voided).toMatchObject({ status: "VOIDED", amount, ...asked });
    expect(await shownOf(charge)).toMatchObject({ status: "VOIDED", voids: [voided], captures: [] });
    const list = `/v1/payment-charges/${charge.id}/voids`;
    expect((await merchant.call("GET", list)).body.data).toEqual([voided]);
    expect((await merchant.call("GET", `${list}/${voided.id}`)).body).toEqual(voided);
    const told = await expectTold(node, shop, charge, ["CREATED", "AUTHORIZATION_SUCCEEDED", "VOID_SUCCEEDED"]);
    const ofVoid = { voidId: voided.id, merchantVoidReference: "no-stock", paymentChargeStatus: "VOIDED" };
    expect(told[2]!.data).toMatchObject(ofVoid);
    await expectMoved(node, before, {});
  });

  it("is captured in part and let go of in parts", async () => {
    const before = await booksOf(node);
    const charge = await authorized();
    await merchant.void(charge.id, 4_000);
    expect((await shownOf(charge)).status).toBe("CAPTURE_PENDING");
    await merchant.capture(charge.id, 10_000);
    expect((await shownOf(charge)).status).toBe("CAPTURE_PENDING");
    const over = { failureCode: "EXCEEDS_AUTHORIZED_AMOUNT" };
    expect((await merchant.capture(charge.id, 1_001)).body).toMatchObject({ status: "FAILED", failure: over });
    expect((await merchant.void(charge.id, 1_001)).body).toMatchObject({ status: "FAILED", failure: over });
    await merchant.void(charge.id, 1_000);
    const done = await shownOf(charge);
    expect(done.status).toBe("CAPTURED");
    expect([amounts(done.captures), amounts(done.voids)]).toEqual([
      [
        ["CAPTURED", 10_000],
        ["FAILED", 1_001],
      ],
      [
        ["VOIDED", 4_000],
        ["FAILED", 1_001],
        ["VOIDED", 1_000],
      ],
    ]);
    const types = ["VOID_SUCCEEDED", "CAPTURE_SUCCEEDED", "CAPTURE_FAILED", "VOID_FAILED", "VOID_SUCCEEDED"];
    const told = await expectTold(node, shop, charge, ["CREATED", "AUTHORIZATION_SUCCEEDED", ...types]);
    expect(told.at(-1)!.data.paymentChargeStatus).toBe("CAPTURED");
    await expectMoved(node, before, { bank: 10_000, merchant: 10_000 });
  });

  it("is never captured and let go of for more than it is, at once or not", async () => {
    const before = await booksOf(node);
    const charge = await authorized();
    const calls = Array.from({ length: 12 }, (_, index) =>
      index % 3 === 2 ? merchant.void(charge.id, 2_000) : merchant.capture(charge.id, 2_000),
    );
    const done = (await Promise.all(calls)).filter(({ body }) => body.status !== "FAILED");
    expect(done).toHaveLength(7);
    const { status, captures } = await shownOf(charge);
    expect(status).toBe("CAPTURE_PENDING");
    const captured = 2_000 * captures.filter((one: PproBody) => one.status === "CAPTURED").length;
    await expectMoved(node, before, { bank: captured, merchant: captured });
  });
});

describe("a discard", () => {
  it("gives up what waits for the shopper, for good", async () => {
    const before = await booksOf(node);
    const charge = await make("requiresAuthentication=true", { paymentMethod: "KAKAOPAY" });
    const { body: discard } = await merchant.discard(charge.id, { merchantDiscardReference: "gone" });
    const made = { status: "DISCARDED", type: "MERCHANT_INITIATED_DISCARD", merchantDiscardReference: "gone" };
    expect(discard).toMatchObject(made);
    const after = await shownOf(charge);
    expect(after).toMatchObject({ status: "DISCARDED", discards: [discard], authorizations: [{ status: "FAILED" }] });
    const list = `/v1/payment-charges/${charge.id}/discards`;
    expect((await merchant.call("GET", list)).body.data).toEqual([discard]);
    expect((await merchant.call("GET", `${list}/${discard.id}`)).body).toEqual(discard);
    const told = await expectTold(node, shop, charge, ["CREATED", "AUTHENTICATION_PENDING", "DISCARDED"]);
    expect(told[2]!.data).toMatchObject({
      paymentChargeStatus: "DISCARDED",
      discardType: "MERCHANT_INITIATED_DISCARD",
      authorizationId: charge.authorizations[0].id,
      merchantDiscardReference: "gone",
    });
    await merchant.checkout(requestUrlOf(charge), { decision: "pay" });
    expect(await shownOf(charge)).toEqual(after);
    await expectMoved(node, before, {});
  });

  it.each([
    ["captured", "", "GENERIC_DECLINE"],
    ["authorized", "requiresCapture=true", "GENERIC_DECLINE"],
    ["being confirmed", "providerConfirmation=true", "SIMULTANEOUS_OPERATION_IN_PROGRESS"],
  ])("of what is %s fails", async (_name, descriptor, failureCode) => {
    const charge = await make(descriptor);
    const { body } = await merchant.discard(charge.id);
    expect(body).toMatchObject({ status: "FAILED", failure: { failureType: "INTERNAL_DECLINE", failureCode } });
    const after = await shownOf(charge);
    expect(after).toMatchObject({ status: charge.status, failure: { failureCode }, discards: [body] });
    const { deliveries } = await storyOf(node, charge);
    const last = JSON.parse(deliveries.at(-1).body);
    expect(last).toMatchObject({ type: "PAYMENT_CHARGE_DISCARD_FAILED", data: { paymentChargeStatus: charge.status } });
    if (charge.status !== "AUTHORIZATION_ASYNC") return;
    await node.moveClock("PT11S");
    await until(merchant, charge, "CAPTURED");
  });

  it("counts once, as often as it is asked for at once", async () => {
    const charge = await make("requiresAuthentication=true");
    const all = await Promise.all(Array.from({ length: 4 }, () => merchant.discard(charge.id)));
    expect(all.map(({ body }) => body.status).sort()).toEqual(["DISCARDED", "FAILED", "FAILED", "FAILED"]);
    const types = ["DISCARDED", "DISCARD_FAILED", "DISCARD_FAILED", "DISCARD_FAILED"];
    await expectTold(node, shop, charge, ["CREATED", "AUTHENTICATION_PENDING", ...types]);
  });
});

describe("a second factor", () => {
  const byCode = "requiresAuthentication=true;authenticationType=MULTI_FACTOR";
  const confirm = ({ id }: PproBody, verificationCode: string, by = merchant) =>
    by.call("POST", `/v1/payment-charges/${id}/authorizations`, {
      body: { authenticationResult: { type: "MULTI_FACTOR", details: { verificationCode } } },
    });

  it("that is right authorizes the charge, once", async () => {
    const before = await booksOf(node);
    const charge = await make(byCode);
    expect(charge.authenticationMethods).toEqual([{ type: "MULTI_FACTOR", details: {} }]);
    const { status, body } = await confirm(charge, "777123");
    expect([status, body]).toMatchObject([200, { id: charge.authorizations[0].id, status: "AUTHORIZED", amount }]);
    expect(await shownOf(charge)).toMatchObject({ status: "CAPTURED", authorizations: [body] });
    expect((await merchant.call("GET", `/v1/payment-charges/${charge.id}/authorizations`)).body.data).toEqual([body]);
    expect((await confirm(charge, "777123")).status).toBe(422);
    expect((await confirm(charge, "000000")).status).toBe(422);
    const types = ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"];
    await expectTold(node, shop, charge, types);
    await expectMoved(node, before, { bank: amount, merchant: amount });
  });

  it("that is wrong fails the charge", async () => {
    const charge = await make(byCode);
    const { status, body } = await confirm(charge, "777124");
    const failure = { failureType: "PROVIDER_DECLINE", failureCode: "AUTHENTICATION_FAILED" };
    expect([status, body]).toMatchObject([200, { status: "FAILED", failure }]);
    expect(await shownOf(charge)).toMatchObject({ status: "FAILED", failure, authorizations: [body] });
    expect((await confirm(charge, "777123")).status).toBe(422);
    await expectTold(node, shop, charge, ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_FAILED"]);
  });

  it("that comes twice at once, or as two codes, counts once", async () => {
    const before = await booksOf(node);
    const charges = await Promise.all(Array.from({ length: 4 }, () => make(byCode)));
    const answers = await Promise.all(
      charges.map((charge, index) =>
        Promise.all([confirm(charge, "777123"), confirm(charge, index % 2 === 0 ? "777123" : "000000")]),
      ),
    );
    let paid = 0;
    for (const [index, pair] of answers.entries()) {
      expect(pair.map(({ status }) => status).sort()).toEqual([200, 422]);
      const { status, captures } = await shownOf(charges[index]);
      expect([status, captures.length]).toEqual(captures.length === 1 ? ["CAPTURED", 1] : ["FAILED", 0]);
      paid += amount * captures.length;
    }
    await expectMoved(node, before, { bank: paid, merchant: paid });
  });

  it("that comes late finds the charge discarded", async () => {
    await withNode(unlimited(), async (later) => {
      const there = new PproClient(later);
      const [first, second] = [await make(byCode, {}, there), await make(byCode, {}, there)];
      await later.moveClock("PT15M");
      expect((await confirm(first, "777123", there)).status).toBe(422);
      for (const charge of [first, second]) {
        const over = await until(there, charge, "DISCARDED");
        expect(over.discards).toMatchObject([{ type: "AUTHENTICATION_TIMEOUT" }]);
      }
      expect((await confirm(second, "777123", there)).status).toBe(422);
      expect(await booksOf(later)).toEqual({ bank: 0, merchant: 0, refunds: 0 });
    });
  });
});
