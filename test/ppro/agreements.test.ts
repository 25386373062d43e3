/** KakaoPay's agreements: how a shopper comes to agree, or not, and what becomes of the first charge by that. */
import { describe, expect, it } from "vitest";
import { eventually, type Fields } from "../support/client.ts";
import { heardOf, PproClient, requestUrlOf, verifySignature } from "../support/ppro.ts";
import { raw } from "../support/raw.ts";
import { useNode, useReceiver } from "../support/scenario.ts";
import { sampleAgreement } from "./contract.ts";

const node = useNode({ env: { NARU_PPRO_RATE: "100000" } });
const shop = useReceiver();
const client = () => new PproClient(node);

const alone = { initialPaymentCharge: undefined };
const told = () => ({ webhooksUrl: shop.url });
const statuses = (all: { status: string }[]) => all.map(({ status }) => status);

describe("an agreement that is asked for as the contract has it", () => {
  it("waits for the shopper, with its first charge", async () => {
    const { status, body } = await client().agree({ merchantPaymentAgreementReference: "subscription 1" });
    expect(status).toBe(200);
    const { initialPaymentCharge: _, authenticationSettings: __, ...asked } = sampleAgreement;
    expect(body).toMatchObject({
      ...asked,
      id: expect.stringMatching(/^agr_/),
      status: "AUTHENTICATION_PENDING",
      merchantPaymentAgreementReference: "subscription 1",
      startDate: "2030-03-26T20:24:27.000Z",
      instrumentId: expect.stringMatching(/^instr_/),
      initialPaymentChargeId: expect.stringMatching(/^charge_/),
      authenticationMethods: [{ type: "REDIRECT", details: { requestMethod: "GET" } }],
      revocations: [],
    });
    expect(statuses(body.history)).toEqual(["INITIALIZING", "AUTHENTICATION_PENDING"]);
    expect(await client().agreement(body.id)).toMatchObject({ status: 200, body });
    expect((await client().get(body.initialPaymentChargeId)).body).toMatchObject({
      status: "AUTHENTICATION_PENDING",
      agreementId: body.id,
      instrumentId: body.instrumentId,
      paymentDescriptor: sampleAgreement.initialPaymentCharge.paymentDescriptor,
      consumer: sampleAgreement.consumer,
      authorizations: [{ amount: 101, merchantPaymentChargeReference: "order 1" }],
      // One visit is enough for both.
      authenticationMethods: body.authenticationMethods,
    });
  });

  it("gives back all that it was asked with", async () => {
    const terms = {
      paymentMedium: "ECOMMERCE",
      description: "매달 받는 커피",
      frequency: { type: "MONTHLY", interval: 3 },
      endDate: "2031-03-26T20:24:27.000Z",
      amountType: "MAX",
      labels: { plan: "coffee" },
      consumer: { name: "홍길동", email: "gildong@shop.example", country: "KR", locale: "ko-KR" },
    };
    const { paymentMedium: _, ...shown } = terms;
    expect((await client().agree(terms)).body).toMatchObject(shown);
    const { body } = await client().agree({ frequency: { type: "DAILY" } });
    expect(body.frequency).toEqual({ type: "DAILY", interval: 1 });
  });

  it("may have no first charge, and no amount", async () => {
    const { body } = await client().agree({ ...alone, amount: undefined, startDate: undefined });
    expect(body.status).toBe("AUTHENTICATION_PENDING");
    for (const field of ["initialPaymentChargeId", "amount", "startDate"]) expect(body).not.toHaveProperty(field);
  });

  it("may have its settings with the first charge", async () => {
    const { authenticationSettings, initialPaymentCharge, ...asked } = sampleAgreement;
    const body = { ...asked, initialPaymentCharge: { ...initialPaymentCharge, authenticationSettings } };
    const made = await client().call("POST", "/v1/payment-agreements", { body });
    expect(made.body.status).toBe("AUTHENTICATION_PENDING");
  });
});

const declined = (failureType: string, failureCode: string) => ({ failureType, failureCode });
const timedOut = declined("INTERNAL_DECLINE", "PAYMENT_METHOD_TIMEOUT");
const canceled = declined("PROVIDER_DECLINE", "CANCELED_BY_CONSUMER");
const funds = declined("PROVIDER_DECLINE", "INSUFFICIENT_FUNDS");
const generic = declined("PROVIDER_DECLINE", "GENERIC_DECLINE");

interface Ending {
  failure?: Fields;
  charge: string;
  /** Announced of the charge in the end. */
  announced: string[];
}

const failed = { charge: "FAILED", announced: ["AUTHORIZATION_FAILED"] };
const paid = { charge: "CAPTURED", announced: ["AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"] };
const discarded = { failure: timedOut, charge: "DISCARDED", announced: ["DISCARDED"] };

const endings: [how: string, decision: { decision: string; code?: string } | undefined, ending: Ending][] = [
  ["agrees", { decision: "pay" }, paid],
  ["declines", { decision: "decline" }, { ...failed, failure: generic }],
  ["has too little", { decision: "decline", code: "INSUFFICIENT_FUNDS" }, { ...failed, failure: funds }],
  ["cancels", { decision: "cancel" }, { ...failed, failure: canceled }],
  ["lets it expire", { decision: "expire" }, discarded],
  ["does not come in time", undefined, discarded],
];

describe.each(endings)("when the shopper %s", (_, decision, { failure, charge, announced }) => {
  const status = failure === undefined ? "ACTIVE" : "FAILED";

  async function ended(fields: Fields) {
    const { body } = await client().agree({ ...told(), ...fields });
    const requestUrl = requestUrlOf(body);
    if (decision === undefined) await node.moveClock("PT15M");
    else await client().checkout(requestUrl, decision);
    const agreement = await eventually(async () => {
      const now = (await client().agreement(body.id)).body;
      return now.status !== "AUTHENTICATION_PENDING" && now;
    });
    return { agreement, requestUrl };
  }

  it(`the agreement is ${status}, and says so in order`, async () => {
    const { agreement } = await ended(alone);
    expect(agreement.status).toBe(status);
    expect(agreement.failure).toEqual(failure === undefined ? undefined : expect.objectContaining(failure));
    expect(agreement).not.toHaveProperty("authenticationMethods");
    const passed = decision?.decision === "pay" || decision?.decision === "decline" ? ["AUTHORIZATION_PROCESSING"] : [];
    const history = ["INITIALIZING", "AUTHENTICATION_PENDING", ...passed, status];
    expect(statuses(agreement.history)).toEqual(history);
    expect(new Set(agreement.history.map(({ id }: { id: string }) => id)).size).toBe(history.length);

    const heard = await heardOf(shop, 3, { about: agreement.id });
    expect(heard.map(({ type, data }) => [type, data.paymentAgreementStatus])).toEqual([
      ["PAYMENT_AGREEMENT_CREATED", "INITIALIZING"],
      ["PAYMENT_AGREEMENT_AUTHENTICATION_PENDING", "AUTHENTICATION_PENDING"],
      [`PAYMENT_AGREEMENT_${status}`, status],
    ]);
    const { isRetryable: __, ...brief } = agreement.failure ?? {};
    expect(heard[2]!.data.failure).toEqual(failure === undefined ? undefined : brief);
  });

  it(`the first charge is ${charge}, and says so in order`, async () => {
    const { agreement, requestUrl } = await ended({});
    expect(agreement.status).toBe(status);
    const { body } = await client().get(agreement.initialPaymentChargeId);
    expect(body.status).toBe(charge);
    expect(body.failure).toEqual(agreement.failure);
    expect(body.captures).toHaveLength(charge === "CAPTURED" ? 1 : 0);
    const heard = await heardOf(shop, 2 + announced.length, { about: body.id });
    const types = ["CREATED", "AUTHENTICATION_PENDING", ...announced].map((type) => `PAYMENT_CHARGE_${type}`);
    expect(heard.map(({ type }) => type)).toEqual(types);
    expect(requestUrlOf(heard[1]!.data)).toBe(requestUrl);
    expect((await heardOf(shop, 3, { about: agreement.id })).map(({ type }) => type)).toContain(
      `PAYMENT_AGREEMENT_${status}`,
    );
  });

  it("they are sent back to the shop, now and whenever they come again", async () => {
    const settings = { returnUrl: "https://shop.example/back?order=1#agreed" };
    const { agreement, requestUrl } = await ended({ authenticationSettings: [{ type: "REDIRECT", settings }] });
    const ids = `payment-agreement-id=${agreement.id}&payment-charge-id=${agreement.initialPaymentChargeId}`;
    const back = { status: 303, location: `https://shop.example/back?order=1&${ids}#agreed` };
    expect(await client().open(requestUrl)).toMatchObject(back);
    for (const again of ["pay", "cancel", "expire"]) {
      expect(await client().checkout(requestUrl, { decision: again })).toEqual(back);
    }
    expect((await client().agreement(agreement.id)).body).toEqual(agreement);
  });
});

it("a shopper who comes at the last moment is in time", async () => {
  const { body } = await client().agree();
  await node.moveClock("PT14M50S");
  await client().checkout(requestUrlOf(body), { decision: "pay" });
  expect((await client().agreement(body.id)).body.status).toBe("ACTIVE");
});

describe("what is announced of an agreement", () => {
  it("tells at first what was agreed to, and then how to agree", async () => {
    const terms = { description: "커피", frequency: { type: "WEEKLY", interval: 2 }, amountType: "EXACT" };
    const { body } = await client().agree({ ...told(), ...terms, merchantPaymentAgreementReference: "sub" });
    const [created, asked] = await heardOf(shop, 2, { about: body.id });
    const common = {
      paymentAgreementId: body.id,
      paymentMethod: "KAKAOPAY",
      merchantPaymentAgreementReference: "sub",
      merchantId: "merch_naru00000000000000000",
    };
    const { consumer, amount } = sampleAgreement;
    expect(created!.data).toEqual({
      ...common,
      ...terms,
      consumer,
      amount,
      startDate: "2030-03-26T20:24:27.000Z",
      type: "PAYMENT_AGREEMENT_CREATED",
      paymentAgreementStatus: "INITIALIZING",
    });
    expect(asked!.data).toEqual({
      ...common,
      authenticationMethods: body.authenticationMethods,
      type: "PAYMENT_AGREEMENT_AUTHENTICATION_PENDING",
      paymentAgreementStatus: "AUTHENTICATION_PENDING",
    });
  });

  it("is signed with the merchant's secret, and with no other", async () => {
    const { id } = await client().agreed({ ...alone, ...told() });
    await heardOf(shop, 3, { about: id });
    const mine = shop.received.filter(({ body }) => JSON.parse(body).subject === id);
    expect(mine).toHaveLength(3);
    for (const { body, headers } of mine) {
      expect(verifySignature("naru_sandbox_signing_secret", body, headers["ppro-signature"])).toBe(true);
      expect(verifySignature("another_secret", body, headers["ppro-signature"])).toBe(false);
    }
  });

  it("goes where the first charge says of that charge alone", async () => {
    const { initialPaymentCharge } = sampleAgreement;
    const there = `${shop.url}/charge`;
    const agreement = await client().agreed({
      ...told(),
      initialPaymentCharge: { ...initialPaymentCharge, webhooksUrl: there },
    });
    await heardOf(shop, 3, { about: agreement.id });
    await heardOf(shop, 4, { about: agreement.initialPaymentChargeId });
    const pathsOf = (id: string) =>
      new Set(shop.received.filter(({ body }) => JSON.parse(body).subject === id).map(({ path }) => path));
    expect([...pathsOf(agreement.id)]).toEqual(["/hook"]);
    expect([...pathsOf(agreement.initialPaymentChargeId)]).toEqual(["/hook/charge"]);
  });
});

describe("an agreement that the method's rules forbid", () => {
  const initial = (fields: Fields) => ({
    initialPaymentCharge: { ...sampleAgreement.initialPaymentCharge, ...fields },
  });

  it.each<[string, Fields, string]>([
    ["a first charge of too little", initial({ amount: { value: 49, currency: "KRW" } }), "AMOUNT_NOT_SUPPORTED"],
    ["a first charge of too much", initial({ amount: { value: 2_000_001, currency: "KRW" } }), "AMOUNT_NOT_SUPPORTED"],
    ["a first charge in dollars", initial({ amount: { value: 100, currency: "USD" } }), "INVALID_CURRENCY"],
    ["a consumer elsewhere", { consumer: { name: "J", country: "US" } }, "COUNTRY_NOT_SUPPORTED"],
    ["no address to come back to", { authenticationSettings: [] }, "INVALID_AUTHENTICATION_SETTINGS"],
    ["only a code to scan", { authenticationSettings: [{ type: "SCAN_CODE" }] }, "INVALID_AUTHENTICATION_SETTINGS"],
    ["a method that nobody knows", { paymentMethod: "NAVERPAY" }, "INVALID_PAYMENT_METHOD"],
    ["an instrument that is not there", { instrumentId: "instr_aaaaaaaaaaaaaaaaaaaaa" }, "INSTRUMENT_NOT_FOUND"],
  ])("by %s is FAILED at once, and nothing is charged", async (_, fields, failureCode) => {
    const { status, body } = await client().agree({ ...told(), ...fields });
    expect([status, body.status, body.failure]).toMatchObject([
      200,
      "FAILED",
      declined("INTERNAL_DECLINE", failureCode),
    ]);
    expect(statuses(body.history)).toEqual(["INITIALIZING", "FAILED"]);
    expect(body).not.toHaveProperty("initialPaymentChargeId");
    const heard = await heardOf(shop, 2, { about: body.id });
    expect(heard.map(({ type }) => type)).toEqual(["PAYMENT_AGREEMENT_CREATED", "PAYMENT_AGREEMENT_FAILED"]);
  });
});

describe("a request for an agreement", () => {
  it.each<[string, Fields, number]>([
    ["without a consumer", { consumer: undefined }, 400],
    ["without a payment method", { paymentMethod: undefined }, 400],
    ["with a description too long", { description: "가".repeat(101) }, 400],
    ["every 1,001 days", { frequency: { type: "DAILY", interval: 1_001 } }, 422],
    ["every zero days", { frequency: { type: "DAILY", interval: 0 } }, 422],
    ["of a negative amount", { amount: { value: -1, currency: "KRW" } }, 422],
    ["to be told without TLS elsewhere", { webhooksUrl: "http://shop.example/hook" }, 400],
    ["to come back to an app", { authenticationSettings: [{ type: "APP_INTENT" }] }, 400],
    ["by a card", { instrument: { type: "RAW_CARD", details: { number: "4242424242424242" } } }, 422],
  ])("%s is refused", async (_, fields, status) => {
    expect((await client().agree(fields)).status).toBe(status);
  });

  it("that comes twice with its key makes one", async () => {
    const key = "agreement-once";
    const [first, again] = [await client().agree({}, { key }), await client().agree({}, { key })];
    expect(again.text).toBe(first.text);
    expect(again.headers["request-idempotency"]).toBe("true");
  });

  it("has its answer looked up by its id, and by no other", async () => {
    expect((await client().agreement("agr_aaaaaaaaaaaaaaaaaaaaa")).status).toBe(404);
    expect((await client().agreement("x")).status).toBe(404);
  });
});

describe("the shopper's page", () => {
  it("is there for as long as it is waited for, and looking at it changes nothing", async () => {
    const { body } = await client().agree({ description: "매달 받는 커피" });
    for (let visits = 0; visits < 3; visits += 1) {
      const page = await client().open(requestUrlOf(body));
      expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
      expect(page.text).toContain("매달 받는 커피");
    }
    expect((await client().agreement(body.id)).body).toEqual(body);
  });

  it("is not to be guessed", async () => {
    const { body } = await client().agree();
    const { pathname } = new URL(requestUrlOf(body));
    const [, code] = new URL(requestUrlOf((await client().agree()).body)).pathname.split(".");
    const guesses = [`/checkout/${body.id}`, `/checkout/${body.id}.`, pathname.slice(0, -1), `${pathname}.${code}`];
    guesses.push(`/checkout/${body.id}.${code}`, `/checkout/x.${code}`);
    for (const path of guesses) {
      for (const method of ["GET", "POST"]) {
        const headers = { "content-type": "application/x-www-form-urlencoded" };
        const sent = method === "POST" ? { headers, body: "decision=pay" } : {};
        expect((await raw(node.url, { method, path, ...sent })).status).toBe(404);
      }
    }
    expect((await client().agreement(body.id)).body).toEqual(body);
  });

  it("counts the first of many decisions that come at once", async () => {
    const { body } = await client().agree(told());
    const url = requestUrlOf(body);
    const decisions = ["pay", "cancel", "decline", "pay", "expire", "pay"];
    await Promise.all(decisions.map((decision) => client().checkout(url, { decision })));
    const agreement = (await client().agreement(body.id)).body;
    const charge = (await client().get(body.initialPaymentChargeId)).body;
    const pairs: Record<string, string> = { CAPTURED: "ACTIVE", FAILED: "FAILED", DISCARDED: "FAILED" };
    expect(pairs[charge.status]).toBe(agreement.status);
    await heardOf(shop, 3, { about: body.id });
  });
});
