/** Every way to fail: what the payment method's rules, the wallet and the charge's own state refuse; and what is no call at all. */
import { describe, expect, it } from "vitest";
import { booksOf, expectMoved, expectTold, mock, unlimited } from "../support/charges.ts";
import type { Fields } from "../support/client.ts";
import { type PproBody, PproClient, requestUrlOf } from "../support/ppro.ts";
import { useNode, useReceiver } from "../support/scenario.ts";
import { type FailureType, sampleRequest } from "./contract.ts";

const node = useNode(unlimited());
const shop = useReceiver();
const merchant = new PproClient(node);

const amount = sampleRequest.amount.value;
const krw = (value: number) => ({ amount: { value, currency: "KRW" } });
const redirect = (settings?: Fields) => ({
  authenticationSettings: [{ type: "REDIRECT", ...(settings && { settings }) }],
});

async function make(fields: Fields = {}): Promise<PproBody> {
  const { status, body } = await merchant.charge({ webhooksUrl: shop.url, ...fields });
  expect(status).toBe(200);
  return body;
}

describe("a charge against KakaoPay's rules is made, and has failed", () => {
  it.each<[name: string, code: string, fields: Fields]>([
    ["less than 50 won", "AMOUNT_NOT_SUPPORTED", krw(49)],
    ["nothing", "AMOUNT_NOT_SUPPORTED", krw(0)],
    ["more than 2,000,000 won", "AMOUNT_NOT_SUPPORTED", krw(2_000_001)],
    ["as much as a number can say", "AMOUNT_NOT_SUPPORTED", krw(Number.MAX_SAFE_INTEGER)],
    ["another currency", "INVALID_CURRENCY", { amount: { value: amount, currency: "USD" } }],
    ["another country", "COUNTRY_NOT_SUPPORTED", { consumer: { name: "John Smith", country: "JP" } }],
    ["no way to authenticate", "INVALID_AUTHENTICATION_SETTINGS", { authenticationSettings: undefined }],
    ["an empty list of ways", "INVALID_AUTHENTICATION_SETTINGS", { authenticationSettings: [] }],
    ["another way alone", "INVALID_AUTHENTICATION_SETTINGS", { authenticationSettings: [{ type: "SCAN_CODE" }] }],
    ["a redirect without settings", "INVALID_AUTHENTICATION_SETTINGS", redirect()],
    ["a redirect to nowhere", "INVALID_AUTHENTICATION_SETTINGS", redirect({})],
    ["a redirect to an app", "INVALID_AUTHENTICATION_SETTINGS", redirect({ returnUrl: "shopapp://done" })],
    ["a redirect to a script", "INVALID_AUTHENTICATION_SETTINGS", redirect({ returnUrl: "javascript:alert(1)" })],
    [
      "a redirect with a password",
      "INVALID_AUTHENTICATION_SETTINGS",
      redirect({ returnUrl: "https://a:b@shop.example" }),
    ],
    ["an unknown method", "INVALID_PAYMENT_METHOD", { paymentMethod: "NAVERPAY" }],
    ["an unknown instrument", "INSTRUMENT_NOT_FOUND", { instrumentId: "instr_000000000000000000000" }],
  ])("%s: %s", async (_name, failureCode, fields) => {
    const before = await booksOf(node);
    const charge = await make(fields);
    const failure = { failureType: "INTERNAL_DECLINE", failureCode };
    expect(charge).toMatchObject({ status: "FAILED", failure, authorizations: [{ status: "FAILED", failure }] });
    expect(charge).not.toHaveProperty("authenticationMethods");
    expect((await merchant.get(charge.id)).body).toEqual(charge);
    const [, failed] = await expectTold(node, shop, charge, ["CREATED", "AUTHORIZATION_FAILED"]);
    const { isRetryable: _, ...brief } = charge.failure;
    expect(failed!.data).toMatchObject({ paymentChargeStatus: "FAILED", failure: brief });
    await expectMoved(node, before, {});
  });

  it.each([50, 2_000_000])("but %i won are within them", async (value) => {
    const charge = await merchant.paid(krw(value));
    expect(charge).toMatchObject({ status: "CAPTURED", captures: [{ amount: value }] });
  });
});

type Decline = [code: string, failureType: FailureType, providerFailureCode: string | undefined, isRetryable: boolean];

describe("the wallet declines", () => {
  it.each<Decline>([
    ["GENERIC_DECLINE", "PROVIDER_DECLINE", "-780", false],
    ["INSUFFICIENT_FUNDS", "PROVIDER_DECLINE", "LACK_BALANCE", true],
    ["IS_EXCEEDING_ACCOUNT_LIMIT", "PROVIDER_DECLINE", "LIMIT_USE_PER_DAY", true],
    ["AUTHENTICATION_FAILED", "PROVIDER_DECLINE", "-708", false],
    ["EXPIRED_SESSION", "PROVIDER_DECLINE", "-723", true],
    ["IS_NOT_PERMITTED", "PROVIDER_DECLINE", undefined, false],
    ["BLOCKED_ACCOUNT", "PROVIDER_DECLINE", "BANK_ACCOUNT_BLOCKED", false],
    ["SUS_FRAUD", "PROVIDER_DECLINE", undefined, false],
    ["SIMULTANEOUS_OPERATION_IN_PROGRESS", "INTERNAL_DECLINE", "USER_LOCKED", true],
    ["UNRESPONSIVE_PROVIDER", "PROVIDER_ERROR", "BANK_FIRM_UNAVAILABLE", true],
    ["PROVIDER_PROCESSING_ERROR", "PROVIDER_ERROR", "INTERNAL_ERROR", true],
  ])("with %s", async (code, failureType, providerFailureCode, isRetryable) => {
    const charge = await make();
    await merchant.checkout(requestUrlOf(charge), { decision: "decline", code });
    const { body } = await merchant.get(charge.id);
    const failure = {
      failureType,
      failureCode: code,
      ...(providerFailureCode === undefined ? {} : { providerFailureCode }),
      failureMessage: expect.stringMatching(/^[ -~]+$/),
      isRetryable,
    };
    expect(body).toMatchObject({ status: "FAILED", failure, authorizations: [{ status: "FAILED", failure }] });
    expect(body.failure).toEqual(failure);
    const told = await expectTold(node, shop, charge, ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_FAILED"]);
    const { isRetryable: _, ...brief } = body.failure;
    expect(told[2]!.data.failure).toEqual(brief);
  });

  it("whatever the shopper did, where it is told to", async () => {
    const charge = await make();
    await node.arm("wallet-refused");
    await merchant.checkout(requestUrlOf(charge), { decision: "pay" });
    const failure = { failureType: "PROVIDER_DECLINE", failureCode: "GENERIC_DECLINE", providerFailureCode: "-780" };
    expect((await merchant.get(charge.id)).body).toMatchObject({ status: "FAILED", failure });
  });
});

interface Refused {
  name: string;
  /** What is there before. */
  charge: () => Promise<PproBody>;
  /** The operation, and how much of it. */
  operation: "capture" | "void" | "refund";
  amount?: number;
  failureType?: FailureType;
  failureCode: string;
}

const captured = () => merchant.paid({ webhooksUrl: shop.url });
const authorized = () => make(mock("requiresCapture=true"));
const cancelled = async () => {
  const charge = await make();
  await merchant.checkout(requestUrlOf(charge), { decision: "cancel" });
  return charge;
};
const discarded = async () => {
  const charge = await make();
  await merchant.discard(charge.id);
  return charge;
};
const voided = async () => {
  const charge = await authorized();
  await merchant.void(charge.id, amount);
  return charge;
};
const refunded = async () => {
  const charge = await captured();
  await merchant.refund(charge.id, amount);
  return charge;
};

const nothing = "NO_AUTHORIZED_AMOUNT";
const tooMuch = "EXCEEDS_AUTHORIZED_AMOUNT";
const noRefund = "EXCEEDS_REFUNDABLE_AMOUNT";
const refusals: Refused[] = [
  { name: "of a captured charge", charge: captured, operation: "capture", failureCode: tooMuch },
  { name: "of a captured charge", charge: captured, operation: "void", failureCode: tooMuch },
  { name: "of a refunded charge", charge: refunded, operation: "capture", failureCode: tooMuch },
  { name: "of a refunded charge", charge: refunded, operation: "void", failureCode: tooMuch },
  { name: "of a voided charge", charge: voided, operation: "capture", failureCode: tooMuch },
  { name: "of a voided charge", charge: voided, operation: "void", failureCode: tooMuch },
  { name: "of too much", charge: authorized, operation: "capture", amount: amount + 1, failureCode: tooMuch },
  { name: "of too much", charge: authorized, operation: "void", amount: amount + 1, failureCode: tooMuch },
  { name: "before the shopper agrees", charge: make, operation: "capture", failureCode: nothing },
  { name: "before the shopper agrees", charge: make, operation: "void", failureCode: nothing },
  { name: "of a failed charge", charge: cancelled, operation: "capture", failureCode: nothing },
  { name: "of a discarded charge", charge: discarded, operation: "void", failureCode: nothing },
  { name: "before the shopper agrees", charge: make, operation: "refund", failureCode: noRefund },
  { name: "before it is captured", charge: authorized, operation: "refund", failureCode: noRefund },
  { name: "of a failed charge", charge: cancelled, operation: "refund", failureCode: noRefund },
  { name: "of a discarded charge", charge: discarded, operation: "refund", failureCode: noRefund },
  { name: "of a voided charge", charge: voided, operation: "refund", failureCode: noRefund },
  { name: "of a refunded charge", charge: refunded, operation: "refund", amount: 1, failureCode: noRefund },
  {
    name: "of too much",
    charge: captured,
    operation: "refund",
    amount: amount + 1,
    failureCode: "EXCEEDS_CAPTURED_AMOUNT",
  },
];

describe("an operation that the charge's state refuses is kept, and has failed", () => {
  it.each(refusals)("a $operation $name: $failureCode", async (refusal) => {
    const { charge: prepare, operation, failureCode, failureType = "INTERNAL_DECLINE" } = refusal;
    const { id } = await prepare();
    const { body: before } = await merchant.get(id);
    const books = await booksOf(node);
    const name = operation === "capture" ? "Capture" : operation === "void" ? "Void" : "Refund";
    const reference = `merchant${name}Reference`;
    const labels = { why: "try" };
    const { status, body } = await merchant[operation](id, refusal.amount ?? amount, { [reference]: "n-1", labels });
    const failure = { failureType, failureCode };
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: "FAILED",
      failure,
      amount: refusal.amount ?? amount,
      [reference]: "n-1",
      labels,
    });

    const { body: after } = await merchant.get(id);
    const list = `${operation}s`;
    expect(after).toEqual({
      ...before,
      failure: body.failure,
      updatedAt: after.updatedAt,
      [list]: [...before[list], body],
    });
    expect((await merchant.call("GET", `/v1/payment-charges/${id}/${list}/${body.id}`)).body).toEqual(body);
    await expectMoved(node, books, {});
    const { deliveries } = await node.timeline(id);
    const told = JSON.parse(deliveries.at(-1).body);
    const { isRetryable: _, ...brief } = body.failure;
    expect(told.type).toBe(`PAYMENT_CHARGE_${operation.toUpperCase()}_FAILED`);
    expect(told.data).toMatchObject({ paymentChargeStatus: after.status, failure: brief, [reference]: "n-1" });
    expect(told.data[`${operation}Id`]).toBe(body.id);
  });

  it("and so is a refund that the wallet refuses", async () => {
    const { id } = await captured();
    const books = await booksOf(node);
    await node.arm("refund-refused");
    const { body } = await merchant.refund(id, 1_000);
    const failure = { failureType: "PROVIDER_DECLINE", failureCode: "GENERIC_DECLINE", providerFailureCode: "-781" };
    expect(body).toMatchObject({ status: "FAILED", failure });
    expect((await merchant.get(id)).body).toMatchObject({ status: "CAPTURED", failure, refunds: [body] });
    await expectMoved(node, books, {});
    expect((await merchant.refund(id, amount)).body.status).toBe("REFUNDED");
    const types = ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"];
    await expectTold(node, shop, id, [...types, "REFUND_FAILED", "REFUND_SUCCEEDED"]);
  });
});
