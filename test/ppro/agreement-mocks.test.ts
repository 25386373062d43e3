/** Agreements by the mock, which behaves as its first charge describes: asked in other ways, or not at all, or late. */
import { describe, expect, it } from "vitest";
import { eventually, type Fields } from "../support/client.ts";
import { heardOf, type PproBody, PproClient, requestUrlOf } from "../support/ppro.ts";
import { useNode, useReceiver } from "../support/scenario.ts";

const node = useNode({ env: { NARU_PPRO_RATE: "100000" } });
const shop = useReceiver();
const client = () => new PproClient(node);

const euros = (value: number) => ({ amount: { value, currency: "EUR" } });
const statuses = (all: { status: string }[]) => all.map(({ status }) => status);
const asked = "requiresAuthentication=true";
const everyWay = [
  { type: "REDIRECT", settings: { returnUrl: "https://shop.example/back" } },
  { type: "SCAN_CODE" },
  { type: "MULTI_FACTOR" },
];

/** An agreement whose first charge is described so. */
async function agree(
  paymentDescriptor: string | undefined,
  charge: Fields = {},
  fields: Fields = {},
): Promise<PproBody> {
  const { status, body } = await client().agree({
    paymentMethod: "MOCK",
    amount: undefined,
    consumer: { country: "DE" },
    authenticationSettings: everyWay,
    webhooksUrl: shop.url,
    initialPaymentCharge: { ...euros(1_000), paymentDescriptor, ...charge },
    ...fields,
  });
  expect(status).toBe(200);
  return body;
}

const typesOf = async (id: string, count: number) =>
  (await heardOf(shop, count, { about: id })).map(({ type }) => type);
const agreementOf = async (id: string): Promise<PproBody> => (await client().agreement(id)).body;
const chargeOf = async (id: string): Promise<PproBody> => (await client().get(id)).body;

describe("an agreement that asks nobody", () => {
  it.each([undefined, "requiresAuthentication=false"])("is active at once: one of %s", async (descriptor) => {
    const agreement = await agree(descriptor);
    expect(agreement).toMatchObject({ status: "ACTIVE", paymentMethod: "MOCK" });
    expect(statuses(agreement.history)).toEqual(["INITIALIZING", "AUTHORIZATION_PROCESSING", "ACTIVE"]);
    const charge = await chargeOf(agreement.initialPaymentChargeId);
    expect(charge).toMatchObject({ status: "CAPTURED", currency: "EUR", country: "DE", captures: [{ amount: 1_000 }] });
    expect(await typesOf(agreement.id, 2)).toEqual(["PAYMENT_AGREEMENT_CREATED", "PAYMENT_AGREEMENT_ACTIVE"]);
    expect(await typesOf(charge.id, 3)).toEqual([
      "PAYMENT_CHARGE_CREATED",
      "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED",
      "PAYMENT_CHARGE_CAPTURE_SUCCEEDED",
    ]);
    expect((await client().chargeUnder(agreement.id, euros(500))).body.status).toBe("CAPTURED");
  });

  it("leaves its first charge to be captured, if that says so", async () => {
    const agreement = await agree("requiresCapture=true");
    expect(agreement.status).toBe("ACTIVE");
    expect((await chargeOf(agreement.initialPaymentChargeId)).status).toBe("CAPTURE_PENDING");
    expect((await client().capture(agreement.initialPaymentChargeId, 400)).body.status).toBe("CAPTURED");
    expect((await client().void(agreement.initialPaymentChargeId, 600)).body.status).toBe("VOIDED");
    expect(await chargeOf(agreement.initialPaymentChargeId)).toMatchObject({
      status: "CAPTURED",
      captures: [{ amount: 400 }],
    });
  });

  it.each([
    [300_001, "GENERIC_DECLINE"],
    [300_002, "INSUFFICIENT_FUNDS"],
  ])("fails with a first charge of %i", async (value, failureCode) => {
    const agreement = await agree(undefined, euros(value));
    const failure = { failureType: "PROVIDER_DECLINE", failureCode };
    expect(agreement).toMatchObject({ status: "FAILED", failure });
    expect(await chargeOf(agreement.initialPaymentChargeId)).toMatchObject({ status: "FAILED", failure, captures: [] });
    expect(await typesOf(agreement.id, 2)).toEqual(["PAYMENT_AGREEMENT_CREATED", "PAYMENT_AGREEMENT_FAILED"]);
  });
});

describe("a charge under an agreement of the mock", () => {
  it.each([
    [300_001, "GENERIC_DECLINE"],
    [300_002, "INSUFFICIENT_FUNDS"],
  ])("of %i is declined, and the agreement holds", async (value, failureCode) => {
    const { id } = await agree(undefined);
    const { status, body } = await client().chargeUnder(id, { amount: { value, currency: "KRW" } });
    const failure = { failureType: "PROVIDER_DECLINE", failureCode };
    expect([status, body]).toMatchObject([
      200,
      { status: "FAILED", failure, authorizations: [{ status: "FAILED", failure }], captures: [] },
    ]);
    expect(await typesOf(body.id, 2)).toEqual(["PAYMENT_CHARGE_CREATED", "PAYMENT_CHARGE_AUTHORIZATION_FAILED"]);
    expect((await agreementOf(id)).status).toBe("ACTIVE");
    expect((await client().chargeUnder(id, euros(1_000))).body.status).toBe("CAPTURED");
  });

  it("asks nobody, whatever its descriptor says of that", async () => {
    const { id } = await agree(undefined);
    const { body } = await client().chargeUnder(id, { ...euros(700), paymentDescriptor: asked });
    expect(body.status).toBe("CAPTURED");
  });

  it("is captured in parts, if its descriptor says so", async () => {
    const { id } = await agree(undefined);
    const { body } = await client().chargeUnder(id, { ...euros(700), paymentDescriptor: "requiresCapture=true" });
    expect(body.status).toBe("CAPTURE_PENDING");
    await client().capture(body.id, 300);
    await client().capture(body.id, 400);
    expect(await chargeOf(body.id)).toMatchObject({ status: "CAPTURED", captures: [{ amount: 300 }, { amount: 400 }] });
  });

  it("is decided late, if its descriptor says so", async () => {
    const { id } = await agree(undefined);
    const paymentDescriptor = "providerConfirmation=true;providerConfirmationDelay=60s";
    const { body } = await client().chargeUnder(id, { ...euros(700), paymentDescriptor });
    expect(body.status).toBe("AUTHORIZATION_ASYNC");
    await node.moveClock("PT61S");
    await eventually(async () => (await chargeOf(body.id)).status === "CAPTURED");
    expect(await typesOf(body.id, 4)).toEqual([
      "PAYMENT_CHARGE_CREATED",
      "PAYMENT_CHARGE_PROVIDER_CONFIRMATION_PENDING",
      "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED",
      "PAYMENT_CHARGE_CAPTURE_SUCCEEDED",
    ]);
  });
});

describe("an agreement that asks for a code", () => {
  const bySecondFactor = `${asked};authenticationType=MULTI_FACTOR`;

  const confirm = (id: string, verificationCode: unknown, key?: string) =>
    client().call("POST", `/v1/payment-agreements/${id}/authorizations`, {
      body: { authenticationResult: { type: "MULTI_FACTOR", details: { verificationCode } } },
      ...(key === undefined ? {} : { key }),
    });

  it("is active with the right one", async () => {
    const agreement = await agree(bySecondFactor);
    expect(agreement).toMatchObject({
      status: "AUTHENTICATION_PENDING",
      authenticationMethods: [{ type: "MULTI_FACTOR", details: {} }],
    });
    const { status, body } = await confirm(agreement.id, "777123");
    expect([status, body]).toMatchObject([200, { agreementStatus: "ACTIVE" }]);
    expect(body).not.toHaveProperty("failure");
    const now = await agreementOf(agreement.id);
    expect([now.status, now.history.at(-1).createdAt]).toEqual(["ACTIVE", body.createdAt]);
    expect((await chargeOf(agreement.initialPaymentChargeId)).status).toBe("CAPTURED");
    expect(await typesOf(agreement.id, 3)).toEqual([
      "PAYMENT_AGREEMENT_CREATED",
      "PAYMENT_AGREEMENT_AUTHENTICATION_PENDING",
      "PAYMENT_AGREEMENT_ACTIVE",
    ]);
  });

  it("fails with a wrong one, and for good", async () => {
    const agreement = await agree(bySecondFactor);
    const failure = { failureType: "PROVIDER_DECLINE", failureCode: "AUTHENTICATION_FAILED" };
    expect((await confirm(agreement.id, "777124")).body).toMatchObject({ agreementStatus: "FAILED", failure });
    expect(await agreementOf(agreement.id)).toMatchObject({ status: "FAILED", failure });
    expect(await chargeOf(agreement.initialPaymentChargeId)).toMatchObject({ status: "FAILED", failure });
    expect((await confirm(agreement.id, "777123")).status).toBe(422);
    expect((await agreementOf(agreement.id)).status).toBe("FAILED");
  });

  it("takes it once", async () => {
    const agreement = await agree(bySecondFactor);
    const first = await confirm(agreement.id, "777123", agreement.id);
    const again = await confirm(agreement.id, "777123", agreement.id);
    expect([again.text, again.headers["request-idempotency"]]).toEqual([first.text, "true"]);
    expect((await confirm(agreement.id, "777123")).status).toBe(422);
  });

  it("takes one that comes many times at once, once", async () => {
    const { id } = await agree(bySecondFactor);
    const answers = await Promise.all(Array.from({ length: 6 }, () => confirm(id, "777123")));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422, 422, 422, 422, 422]);
    expect(await typesOf(id, 3)).toContain("PAYMENT_AGREEMENT_ACTIVE");
  });

  it("is decided late, if its descriptor says so", async () => {
    const late = `${bySecondFactor};providerConfirmation=true;providerConfirmationDelay=60s`;
    const agreement = await agree(late);
    expect((await confirm(agreement.id, "777123")).body.agreementStatus).toBe("AUTHORIZATION_PROCESSING");
    await node.moveClock("PT61S");
    await eventually(async () => (await agreementOf(agreement.id)).status === "ACTIVE");
  });

  it.each<[string, object, number]>([
    ["by another way", { authenticationResult: { type: "APP_NOTIFICATION", details: {} } }, 422],
    ["without a code", { authenticationResult: { type: "MULTI_FACTOR", details: {} } }, 400],
    ["without what it was asked for", { authenticationResult: { type: "MULTI_FACTOR" } }, 400],
    ["without anything", {}, 400],
  ])("is not confirmed %s", async (_, body, status) => {
    const { id } = await agree(bySecondFactor);
    const path = `/v1/payment-agreements/${id}/authorizations`;
    expect((await client().call("POST", path, { body })).status).toBe(status);
    expect((await agreementOf(id)).status).toBe("AUTHENTICATION_PENDING");
  });

  it("is the only one that is confirmed by one", async () => {
    const others = [await agree(asked), (await client().agree()).body, await agree(undefined)];
    for (const { id } of others) expect((await confirm(id, "777123")).status).toBe(422);
    expect((await confirm("agr_aaaaaaaaaaaaaaaaaaaaa", "777123")).status).toBe(404);
  });
});

describe("an agreement that is asked for in several ways", () => {
  it("names each with what it needs, in the order of the descriptor", async () => {
    const { id, authenticationMethods } = await agree(`${asked};authenticationType=SCAN_CODE,REDIRECT,MULTI_FACTOR`);
    const requestUrl = requestUrlOf({ authenticationMethods });
    expect(authenticationMethods).toMatchObject([
      { type: "SCAN_CODE", details: { codeType: "QR", codePayload: requestUrl } },
      { type: "REDIRECT", details: { requestMethod: "GET" } },
      { type: "MULTI_FACTOR" },
    ]);
    await client().checkout(requestUrl, { decision: "pay" });
    expect((await agreementOf(id)).status).toBe("ACTIVE");
  });

  it("has a page that ends with itself where there is no shop to go back to", async () => {
    const { id, authenticationMethods } = await agree(
      `${asked};authenticationType=SCAN_CODE`,
      {},
      {
        authenticationSettings: [{ type: "SCAN_CODE" }],
      },
    );
    const [{ details }] = authenticationMethods;
    expect(await client().checkout(details.codePayload, { decision: "pay" })).toEqual({ status: 200 });
    expect((await agreementOf(id)).status).toBe("ACTIVE");
    expect((await client().open(details.codePayload)).status).toBe(200);
  });

  it("asks by a redirect where nothing describes it", async () => {
    const { status, authenticationMethods } = await agree(undefined, {}, { initialPaymentCharge: undefined });
    expect([status, authenticationMethods]).toMatchObject(["AUTHENTICATION_PENDING", [{ type: "REDIRECT" }]]);
  });

  it("fails where the shop serves none of them", async () => {
    const agreement = await agree(
      `${asked};authenticationType=MULTI_FACTOR`,
      {},
      {
        authenticationSettings: [{ type: "SCAN_CODE" }],
      },
    );
    const failure = { failureType: "INTERNAL_DECLINE", failureCode: "INVALID_AUTHENTICATION_SETTINGS" };
    expect(agreement).toMatchObject({ status: "FAILED", failure });
  });
});

describe("an agreement that the provider decides on late", () => {
  const late = "providerConfirmation=true;providerConfirmationDelay=60s";

  it.each([
    ["that asks nobody", late, false],
    ["that the shopper agrees to", `${asked};${late}`, true],
  ])("is under way until then: one %s", async (_, descriptor, isAsked) => {
    const agreement = await agree(descriptor);
    if (isAsked) await client().checkout(requestUrlOf(agreement), { decision: "pay" });
    const { id, initialPaymentChargeId } = agreement;
    expect((await agreementOf(id)).status).toBe("AUTHORIZATION_PROCESSING");
    expect((await chargeOf(initialPaymentChargeId)).status).toBe("AUTHORIZATION_ASYNC");
    expect((await client().chargeUnder(id, euros(100))).body.failure.failureCode).toBe("AGREEMENT_INACTIVE");
    await node.moveClock("PT61S");
    await eventually(async () => (await agreementOf(id)).status === "ACTIVE");
    expect((await chargeOf(initialPaymentChargeId)).status).toBe("CAPTURED");
    const types = await typesOf(id, isAsked ? 3 : 2);
    expect([types[0], types.at(-1)]).toEqual(["PAYMENT_AGREEMENT_CREATED", "PAYMENT_AGREEMENT_ACTIVE"]);
    expect(await typesOf(initialPaymentChargeId, isAsked ? 5 : 4)).toContain(
      "PAYMENT_CHARGE_PROVIDER_CONFIRMATION_PENDING",
    );
  });

  it("may be declined then", async () => {
    const agreement = await agree(`${asked};${late}`);
    await client().checkout(requestUrlOf(agreement), { decision: "decline", code: "INSUFFICIENT_FUNDS" });
    expect((await agreementOf(agreement.id)).status).toBe("AUTHORIZATION_PROCESSING");
    await node.moveClock("PT61S");
    await eventually(async () => (await agreementOf(agreement.id)).status === "FAILED");
    const failure = { failureCode: "INSUFFICIENT_FUNDS" };
    expect(await chargeOf(agreement.initialPaymentChargeId)).toMatchObject({ status: "FAILED", failure });
  });
});
