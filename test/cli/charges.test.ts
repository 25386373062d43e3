/** What `naru payments`, `events` and `webhooks` say of charges by wallet and of agreements, as built. */
import { beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { eventsShown } from "../support/database.ts";
import { newMerchant, set } from "../support/merchants.ts";
import { naru } from "../support/node.ts";
import { type PproBody, PproClient, requestUrlOf } from "../support/ppro.ts";
import { useNode, useReceiver } from "../support/scenario.ts";

const node = useNode({ env: { NARU_PPRO_RATE: "100000" } });
const shop = useReceiver();
const client = () => new PproClient(node);

const euros = { amount: { value: 123_456, currency: "EUR" } };
const inParts = { paymentMethod: "MOCK", paymentDescriptor: "requiresCapture=true" };

/** Of a table, the rows' cells. */
const cells = (lines: string) =>
  lines
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/ {2,}/));

/** The story of a payment: what each line says after its time. */
async function told(id: string): Promise<{ head: string; lines: string[] }> {
  const { code, stdout } = await naru(node, "payments", "show", id);
  expect(code).toBe(0);
  const [head, story] = stdout.split("\n\n") as [string, string];
  const lines = story.trim().split("\n");
  return { head, lines: lines.map((line) => line.slice(16).replace(/ {2,}/g, " | ")) };
}

/** Fails unless these are among the lines, in this order. */
function expectInTurn(lines: readonly string[], wanted: readonly string[]): void {
  const places = wanted.map((line) => lines.indexOf(line));
  expect(wanted.filter((_, index) => places[index]! < 0)).toEqual([]);
  expect(places).toEqual([...places].sort((one, other) => one - other));
}

describe("naru payments show, of a charge", () => {
  it("tells of the wallet, of each step, and of what was refused", async () => {
    const { id } = await client().paid({ merchantPaymentChargeReference: "attempt 1" });
    await client().refund(id, 1_000, { refundReason: "RETURN" });
    await client().capture(id, 1);
    const { head, lines } = await told(id);
    expect(head).toMatch(`${id}  paid  ₩15,000, ₩1,000 refunded\n`);
    expect(head).toMatch(/^charge +KAKAOPAY in KR, captured, ₩15,000 captured, settlement waiting$/m);
    expectInTurn(lines, [
      "authorization | succeeded | ₩15,000 by KAKAOPAY (attempt 1) [authorization succeeded]",
      "event | charge.created",
      "event | charge.authentication_pending",
      "event | charge.authorizing",
      "capture | succeeded | ₩15,000",
      "event | charge.captured",
      "event | payment.paid | ₩15,000",
      "refund | succeeded | ₩1,000 to the wallet: RETURN [wallet-refund succeeded]",
      "event | charge.refunded",
      `call | POST /v1/payment-charges/${id}/captures | answered 200: The amount exceeds what is left of the authorized amount`,
      "capture | failed | ₩1: exceeds-authorized-amount",
      "event | charge.capture_failed",
    ]);
  });

  it("writes each currency as it is written", async () => {
    const { body } = await client().charge({ ...inParts, ...euros });
    await client().capture(body.id, 100_000, { merchantCaptureReference: "first half" });
    await client().void(body.id, 23_456);
    await client().refund(body.id, 5);
    const { head, lines } = await told(body.id);
    expect(head).toMatch(`${body.id}  paid  €1,234.56, €0.05 refunded\n`);
    expect(head).toMatch(/^charge +MOCK in KR, captured, €1,000.00 captured, €234.56 voided, settlement waiting$/m);
    expectInTurn(lines, [
      "authorization | succeeded | €1,234.56 by MOCK [authorization succeeded]",
      "capture | succeeded | €1,000.00 (first half)",
      "books | capture | €1,000.00 from bank:sandbox to merchant:mer_naru_sandbox_key",
      "event | payment.paid | €1,000.00",
      "void | succeeded | €234.56",
      "refund | succeeded | €0.05 to the wallet [wallet-refund succeeded]",
      "event | refund.succeeded | €0.05",
    ]);
    expect([head, ...lines].join("\n")).not.toContain("₩");
  });

  it.each([
    ["KWD", 1_234, "KWD 1.234"],
    ["JPY", 1_234, "¥1,234"],
    ["USD", 5, "$0.05"],
  ])("has as many digits as %s has", async (currency, value, written) => {
    const { body } = await client().charge({ paymentMethod: "MOCK", amount: { value, currency } });
    expect((await told(body.id)).head).toMatch(`${body.id}  paid  ${written}\n`);
  });

  it("tells why it failed, until when it waits, and who gave it up", async () => {
    const failed = (await client().charge({ paymentMethod: "MOCK", amount: { value: 300_002, currency: "KRW" } })).body;
    expect((await told(failed.id)).lines).toContain(
      "authorization | failed | ₩300,002 by MOCK [authorization failed (insufficient-funds: Payment Authorization Failed, insufficient funds)]",
    );
    const canceled = (await client().charge()).body;
    await client().checkout(requestUrlOf(canceled), { decision: "cancel" });
    expect((await told(canceled.id)).lines).toContain(
      "authorization | failed | ₩15,000 by KAKAOPAY: canceled-by-consumer",
    );
    const { body } = await client().charge();
    expect((await told(body.id)).head).toMatch(/^charge +KAKAOPAY in KR, authenticating, until \d\d-\d\d [\d:]{8}$/m);
    await client().discard(body.id, { merchantDiscardReference: "no stock" });
    const { head, lines } = await told(body.id);
    expect(head).toMatch(/^reason +discarded by the merchant$/m);
    expect(lines).toContain("discard | succeeded | the charge (no stock): merchant");
  });

  it("names the agreement that it was made under, and the call that was made for both", async () => {
    const agreement = await client().agreed({ merchantPaymentAgreementReference: "coffee" });
    await client().revoke(agreement.id);
    const { head, lines } = await told(agreement.initialPaymentChargeId);
    expect(head).toMatch(new RegExp(`^agreement +${agreement.id} · revoked-by-merchant · coffee$`, "m"));
    expect(lines).toContain("authorization | succeeded | ₩101 by KAKAOPAY (order 1) [authorization succeeded]");
    const shown = await naru(node, "payments", "show", agreement.initialPaymentChargeId, "--json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ agreement: { wireId: agreement.id, reference: "coffee" } });
    expect(shown.stdout).not.toMatch(/billingKey/i);
  });
});

describe("naru payments", () => {
  it("lists charges of every currency, and finds them by their ids", async () => {
    const { body } = await client().charge({ ...inParts, ...euros });
    await client().capture(body.id, 123_456);
    await client().refund(body.id, 3_456);
    const { stdout } = await naru(node, "payments", "--imp-uid", body.id);
    const [titles, row] = cells(stdout);
    expect(titles).toEqual(["created", "state", "amount", "refunded", "payment", "buyer", "name"]);
    expect(row!.slice(1)).toEqual(["paid", "€1,234.56", "€34.56", body.id, "John Smith", "requiresCapture=true"]);
  });
});

describe("naru events and naru webhooks", () => {
  let charge: PproBody;
  let agreement: PproBody;

  beforeAll(async () => {
    charge = (await client().charge({ paymentMethod: "MOCK", ...euros, webhooksUrl: shop.url })).body;
    agreement = await client().agreed({
      initialPaymentCharge: undefined,
      webhooksUrl: shop.url,
      merchantPaymentAgreementReference: "coffee",
    });
    await eventually(async () => {
      const { body } = await node.get<{ deliveries: { state: string }[] }>("/naru/v1/deliveries?limit=500");
      return body.deliveries.length === 6 && body.deliveries.every(({ state }) => state === "delivered");
    });
  });

  it("show what happened to charges and agreements, a line each", async () => {
    await eventsShown(node.database);
    const { code, stdout } = await naru(node, "events", "--last", "9");
    expect(code).toBe(0);
    expect(cells(stdout).map(([, ...row]) => row)).toEqual([
      ["payment.ready", "€1,234.56", charge.id],
      ["charge.created", charge.id],
      ["charge.authorized", charge.id],
      ["charge.captured", charge.id],
      ["payment.paid", "€1,234.56", charge.id],
      ...["created", "authentication_pending", "authorizing", "active"].map((what) => [
        `agreement.${what}`,
        agreement.id,
        "coffee",
      ]),
    ]);
    const { stdout: lines } = await naru(node, "events", "--last", "9", "--json");
    const last = JSON.parse(lines.trim().split("\n").at(-1)!);
    expect(last).toMatchObject({
      type: "agreement.active",
      payment: null,
      agreement: { wireId: agreement.id, reference: "coffee", dialect: "ppro" },
    });
  });

  it("list what was announced, newest first", async () => {
    const { code, stdout } = await naru(node, "webhooks");
    expect(code).toBe(0);
    const [titles, ...rows] = cells(stdout);
    expect(titles).toEqual(["id", "made", "state", "answer", "event", "payment", "url"]);
    expect(rows.map((row) => row.slice(2))).toEqual(
      [
        ...["created", "authorized", "captured"].map((what) => [`charge.${what}`, charge.id]),
        ...["created", "authentication_pending", "active"].map((what) => [`agreement.${what}`, agreement.id]),
      ]
        .reverse()
        .map((row) => ["delivered", "200", ...row, shop.url]),
    );
    const ofCharge = await naru(node, "webhooks", "--payment", charge.id, "--json");
    expect(ofCharge.stdout.trim().split("\n")).toHaveLength(3);
  });

  it("show one of either with its bytes, and send it again", async () => {
    const all = (await naru(node, "webhooks", "--json")).stdout.trim().split("\n");
    const of = (type: string) => all.map((line) => JSON.parse(line)).find(({ eventType }) => eventType === type).id;
    const ofCharge = await naru(node, "webhooks", "show", of("charge.captured"));
    expect(ofCharge.stdout).toMatch(new RegExp(`^payment +${charge.id}$`, "m"));
    expect(ofCharge.stdout).toMatch(/^body +\{"specversion":"1.0.2","type":"PAYMENT_CHARGE_CAPTURE_SUCCEEDED"/m);
    const id = of("agreement.active");
    const ofAgreement = await naru(node, "webhooks", "show", id);
    expect(ofAgreement.stdout).toMatch(new RegExp(`^agreement +${agreement.id} · coffee$`, "m"));
    expect((await naru(node, "webhooks", "resend", id)).stdout).toBe(`${id} is sent again to ${shop.url}\n`);
    await eventually(async () => (await naru(node, "webhooks", "show", id)).stdout.includes("\n2  "));
  });
});

describe("naru merchants", () => {
  it("lists what a merchant has set of webhooks, and no header's value", async () => {
    const merchant = await newMerchant(node, { webhooksUrl: shop.url });
    await set(node, merchant, { webhookHeaders: { "x-key": "of-the-shop", "x-more": "1" } });
    await set(node, merchant, { webhookEvents: ["PAYMENT_CHARGE_CREATED", "PAYMENT_AGREEMENT_ACTIVE"] });
    const { stdout } = await naru(node, "merchants");
    const row = stdout.split("\n").find((line) => line.startsWith(merchant.id))!;
    for (const setting of [
      `webhooksUrl=${shop.url}`,
      "webhookHeaders=x-key,x-more",
      "webhookEvents=PAYMENT_CHARGE_CREATED,PAYMENT_AGREEMENT_ACTIVE",
    ]) {
      expect(row).toContain(setting);
    }
    expect(stdout).not.toContain("of-the-shop");
  });
});
