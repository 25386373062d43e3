/** What is no call: refused with an HTTP status and words, before anything is made, and nothing is kept of it. */
import { beforeAll, describe, expect, it } from "vitest";
import { unlimited } from "../support/charges.ts";
import type { Fields } from "../support/client.ts";
import { countRows } from "../support/database.ts";
import { newMerchant } from "../support/merchants.ts";
import { type PproAnswer, type PproBody, PproClient, type PproSent } from "../support/ppro.ts";
import { useNode, withNode } from "../support/scenario.ts";
import { sampleRequest } from "./contract.ts";

const node = useNode(unlimited());
const merchant = new PproClient(node);

const charges = "/v1/payment-charges";
const { amount: money, consumer } = sampleRequest;
const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, "v"]));

/** Everything that a call could leave behind. */
const stored = () =>
  countRows(
    node.database,
    "payments",
    "wallet_charges",
    "charge_steps",
    "refunds",
    "instruments",
    "agreements",
    "operations",
    "transfers",
    "events",
    "deliveries",
    "exchanges",
    "idempotent_calls",
    "sandbox_wallet_orders",
  );

let paid: PproBody;
let pending: PproBody;
beforeAll(async () => {
  paid = await merchant.paid();
  pending = (await merchant.charge()).body;
});

/** Fails unless the call is refused so, and leaves nothing behind. */
async function expectRefused(status: number, says: RegExp, ask: () => Promise<PproAnswer>): Promise<PproAnswer> {
  const before = await stored();
  const answer = await ask();
  expect([answer.status, answer.body?.failureMessage]).toEqual([status, expect.stringMatching(says)]);
  expect(await stored()).toEqual(before);
  return answer;
}

const post = (sent: PproSent) => merchant.call("POST", charges, { key: crypto.randomUUID(), ...sent });

describe("a charge is not made", () => {
  it.each<[name: string, status: number, says: RegExp, fields: Fields]>([
    ["without a method", 400, /^paymentMethod is missing$/, { paymentMethod: undefined }],
    ["by a method in small letters", 400, /^paymentMethod must be/, { paymentMethod: "kakaopay" }],
    ["by a method without a name", 400, /^paymentMethod must be/, { paymentMethod: "" }],
    ["without an amount", 400, /^amount is missing$/, { amount: undefined }],
    ["of an amount without a value", 400, /^amount.value is missing$/, { amount: { currency: "KRW" } }],
    ["of an amount without a currency", 400, /^amount.currency is missing$/, { amount: { value: 15_000 } }],
    ["of a bare number", 400, /^amount must be/, { amount: 15_000 }],
    ["of part of a won", 400, /^amount.value must be/, { amount: { ...money, value: 15_000.5 } }],
    ["of an amount in words", 400, /^amount.value must be/, { amount: { ...money, value: "15000" } }],
    ["of an amount beyond all numbers", 422, /^amount.value must be/, { amount: { ...money, value: 1e300 } }],
    ["of less than nothing", 422, /^amount.value must/, { amount: { ...money, value: -1 } }],
    ["in a currency of two letters", 400, /^amount.currency must be/, { amount: { value: 1, currency: "KR" } }],
    ["without a consumer", 400, /^consumer is missing$/, { consumer: undefined }],
    ["for a consumer of no country", 400, /^consumer.country is missing$/, { consumer: { name: "John" } }],
    ["for a consumer of a country in full", 400, /^consumer.country must be/, { consumer: { country: "Korea" } }],
    ["for no e-mail address", 400, /^consumer.email must be/, { consumer: { ...consumer, email: "x" } }],
    ["told of without TLS", 400, /^webhooksUrl must be/, { webhooksUrl: "http://shop.example/hook" }],
    ["with 51 labels", 400, /^labels may have 50/, { labels: many(51) }],
    ["with a label that is too long", 400, /^labels.k may have 200/, { labels: { k: "v".repeat(201) } }],
    ["with a text that is too long", 400, /^paymentDescriptor may/, { paymentDescriptor: "x".repeat(513) }],
    ["with what no database can hold", 400, /cannot be stored/, { paymentDescriptor: "a\u0000b" }],
    ["on another medium", 400, /^paymentMedium must be/, { paymentMedium: "TV" }],
    ["with an unknown way to agree", 400, /^authenticationSettings/, { authenticationSettings: [{ type: "SMS" }] }],
    [
      "with two instruments",
      400,
      /instrumentId or instrument/,
      { instrumentId: "instr_1", instrument: { type: "PASSTHROUGH_WALLET" } },
    ],
    ["with a card's number", 422, /RAW_CARD/, { instrument: { type: "RAW_CARD", details: { number: "4111" } } }],
  ])("%s: %i", async (_name, status, says, fields) => {
    await expectRefused(status, says, () => merchant.charge(fields, { key: crypto.randomUUID() }));
  });

  it.each<[name: string, status: number, says: RegExp, sent: PproSent]>([
    ["from no JSON", 400, /JSON/, { body: '{"paymentMethod":' }],
    ["from nothing", 400, /./, { body: "" }],
    ["from a list", 400, /./, { body: "[]" }],
    ["from null", 400, /./, { body: "null" }],
    ["from a text", 400, /./, { body: '"KAKAOPAY"' }],
    ["from what is no UTF-8", 400, /./, { body: Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }],
    ["from plain text", 415, /application\/json/, { headers: { "content-type": "text/plain" } }],
    ["from a form", 415, /application\/json/, { headers: { "content-type": "application/x-www-form-urlencoded" } }],
    ["from a body of no type", 415, /application\/json/, { headers: { "content-type": undefined } }],
    ["from too much", 413, /./, { body: JSON.stringify({ ...sampleRequest, x: "x".repeat(3_000_000) }) }],
    ["without an API key", 401, /^Unauthorized$/, { headers: { authorization: undefined } }],
    ["with another scheme", 401, /^Unauthorized$/, { headers: { authorization: "Basic a2V5Og==" } }],
    [
      "with a key that nobody has",
      401,
      /^Unauthorized$/,
      { headers: { authorization: `Bearer key_sandbox_${"0".repeat(21)}` } },
    ],
    ["without a merchant", 400, /Merchant-Id is missing/, { headers: { "merchant-id": undefined } }],
    ["for another merchant", 403, /Merchant-Id/, { headers: { "merchant-id": "merch_000000000000000000000" } }],
    ["with a key that is too long", 400, /255 characters/, { key: "k".repeat(256) }],
  ])("%s: %i", async (_name, status, says, sent) => {
    await expectRefused(status, says, () => post({ body: sampleRequest, ...sent }));
  });

  it("a second time by a key that made another", async () => {
    const key = crypto.randomUUID();
    await merchant.charge({}, { key });
    await expectRefused(409, /used for another request/, () =>
      merchant.charge({ paymentDescriptor: "other" }, { key }),
    );
  });

  it("beyond the merchant's turns", async () => {
    await withNode({ env: { NARU_PPRO_RATE: "1" } }, async (slow) => {
      const there = new PproClient(slow);
      const answers = [];
      for (let call = 0; call < 4; call += 1) answers.push(await there.charge());
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
      expect((await countRows(slow.database, "payments")).payments).toBe(2);
      expect((await there.get(answers[0]!.body.id)).status).toBe(200);
    });
  });
});

describe("of a charge", () => {
  const on = () => `${charges}/${paid.id}`;
  const body = { amount: 1 };
  it.each<[name: string, status: number, says: RegExp, ask: () => Promise<PproAnswer>]>([
    ["that is not there", 404, /^Payment charge not found$/, () => merchant.get("charge_000000000000000000000")],
    ["of no such form", 404, /^Payment charge not found$/, () => merchant.get("x%27%3B%20DROP")],
    ["that is not there, a refund", 404, /^Payment charge not/, () => merchant.refund("charge_0", 1)],
    ["that is not there, a capture", 404, /^Payment charge not/, () => merchant.capture("charge_0", 1)],
    ["that is not there, a void", 404, /^Payment charge not/, () => merchant.void("charge_0", 1)],
    ["that is not there, a discard", 404, /^Payment charge not/, () => merchant.discard("charge_0")],
    ["an authorization", 404, /^Authorization not/, () => merchant.call("GET", `${on()}/authorizations/authz_0`)],
    ["a capture", 404, /^Capture not found$/, () => merchant.call("GET", `${on()}/captures/capture_0`)],
    ["a refund", 404, /^Refund not found$/, () => merchant.call("GET", `${on()}/refunds/refund_0`)],
    ["a void", 404, /^Void not found$/, () => merchant.call("GET", `${on()}/voids/void_0`)],
    ["a discard", 404, /^Discard not found$/, () => merchant.call("GET", `${on()}/discards/discard_0`)],
    ["an unknown part", 404, /not found$/, () => merchant.call("GET", `${on()}/chargebacks`)],
    ["a PUT", 405, /PUT/, () => merchant.call("PUT", on(), { body })],
    ["a PATCH", 405, /PATCH/, () => merchant.call("PATCH", on(), { body })],
    ["a DELETE", 405, /DELETE/, () => merchant.call("DELETE", on())],
    ["a DELETE of a capture", 405, /DELETE/, () => merchant.call("DELETE", `${on()}/captures/capture_0`)],
    ["a refund of nothing", 422, /^amount must be >= 1$/, () => merchant.refund(paid.id, 0)],
    ["a refund of less", 422, /^amount must be >= 1$/, () => merchant.refund(paid.id, -1)],
    ["a refund of a part", 400, /^amount must be/, () => merchant.refund(paid.id, 1.5)],
    ["a refund beyond all numbers", 422, /^amount must be/, () => merchant.refund(paid.id, 1e300)],
    ["a refund of a sum with its currency", 400, /^amount must/, () => merchant.refund(paid.id, money as never)],
    [
      "a refund for no reason that there is",
      400,
      /^refundReason/,
      () => merchant.refund(paid.id, 1, { refundReason: "X" }),
    ],
    ["a refund without an amount", 400, /^amount is missing$/, () => merchant.refund(paid.id, undefined as never)],
    ["a capture of nothing", 422, /^amount must be >= 1$/, () => merchant.capture(paid.id, 0)],
    ["a void without a body", 400, /./, () => merchant.call("POST", `${on()}/voids`, { body: "" })],
    ["a confirmation of a redirect", 422, /MULTI_FACTOR/, () => confirm({ details: { verificationCode: "777123" } })],
    ["a confirmation without details", 400, /details is missing$/, () => confirm({ type: "MULTI_FACTOR" })],
    ["a confirmation without a code", 400, /verificationCode is missing$/, () => confirm({ details: {} })],
    ["a confirmation of another type", 422, /MULTI_FACTOR/, () => confirm({ type: "3DS", details: { a: 1 } })],
    ["a search for nothing", 400, /merchantPaymentChargeReference or agreementId/, () => merchant.search({})],
    [
      "a search for two things",
      400,
      /merchantPaymentChargeReference or agreementId/,
      () => merchant.search({ merchantPaymentChargeReference: "a", agreementId: "agr_0" }),
    ],
    ["a page that is none", 400, /^page/, () => merchant.search({ merchantPaymentChargeReference: "a", page: "2" })],
  ])("%s: %i", async (_name, status, says, ask) => {
    await expectRefused(status, says, ask);
    expect((await merchant.get(paid.id)).body).toEqual(paid);
    expect((await merchant.get(pending.id)).body).toEqual(pending);
  });

  function confirm(authenticationResult: Fields): Promise<PproAnswer> {
    return merchant.call("POST", `${charges}/${pending.id}/authorizations`, { body: { authenticationResult } });
  }

  it("of another merchant, nothing is seen and nothing is done", async () => {
    const { client: other } = await newMerchant(node);
    for (const ask of [
      () => other.get(paid.id),
      () => other.refund(paid.id, 1),
      () => other.capture(paid.id, 1),
      () => other.void(paid.id, 1),
      () => other.discard(pending.id),
      () => other.call("GET", `${charges}/${paid.id}/captures/${paid.captures[0].id}`),
      () => other.call("GET", `${charges}/${paid.id}/funds-statuses`),
    ]) {
      await expectRefused(404, /^Payment charge not found$/, ask);
    }
    await merchant.charge({ merchantPaymentChargeReference: "ours" });
    expect((await other.search({ merchantPaymentChargeReference: "ours" })).body.data).toEqual([]);
  });
});
