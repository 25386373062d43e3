/** Ways of paying beside KakaoPay in the sandbox: what the mock is told to ask and to wait for, other methods, other currencies. */
import { describe, expect, it } from "vitest";
import { booksOf, expectMoved, expectTold, mock, unlimited, until } from "../support/charges.ts";
import type { Fields } from "../support/client.ts";
import { type PproBody, PproClient, requestUrlOf } from "../support/ppro.ts";
import { useNode, useReceiver, withNode } from "../support/scenario.ts";
import { sampleRequest } from "./contract.ts";

const node = useNode(unlimited({ NARU_PPRO_METHODS: "ALIPAY, IDEAL" }));
const shop = useReceiver();
const merchant = new PproClient(node);

const amount = sampleRequest.amount.value;
const redirect = sampleRequest.authenticationSettings;
const everyWay = [{ type: "MULTI_FACTOR" }, { type: "SCAN_CODE" }, ...redirect];

async function make(fields: Fields, by = merchant): Promise<PproBody> {
  const { status, body } = await by.charge({ webhooksUrl: shop.url, ...fields });
  expect(status).toBe(200);
  return body;
}

const shownOf = async ({ id }: PproBody): Promise<PproBody> => (await merchant.get(id)).body;
const types = ({ authenticationMethods }: PproBody) => authenticationMethods.map((one: { type: string }) => one.type);
const confirmation = ["CREATED", "PROVIDER_CONFIRMATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"];

describe("the mock asks the shopper", () => {
  it.each<[descriptor: string, offered: object[], asked: string[]]>([
    ["requiresAuthentication=true", everyWay, ["REDIRECT"]],
    ["requiresAuthentication=true;authenticationType=SCAN_CODE", everyWay, ["SCAN_CODE"]],
    [
      "requiresAuthentication=true;authenticationType=REDIRECT,SCAN_CODE,MULTI_FACTOR",
      everyWay,
      ["REDIRECT", "SCAN_CODE", "MULTI_FACTOR"],
    ],
    ["requiresAuthentication=true;authenticationType=REDIRECT,SCAN_CODE,MULTI_FACTOR", redirect, ["REDIRECT"]],
    ["authenticationType = SCAN_CODE , REDIRECT; requiresAuthentication = true", everyWay, ["SCAN_CODE", "REDIRECT"]],
    ["requiresAuthentication=true;authenticationType=SMS", everyWay, ["REDIRECT"]],
  ])("as %j says, by ways that the merchant has", async (descriptor, authenticationSettings, asked) => {
    const charge = await make(mock(descriptor, { authenticationSettings }));
    expect([charge.status, types(charge)]).toEqual(["AUTHENTICATION_PENDING", asked]);
  });

  it("and fails where the merchant has no such way", async () => {
    const descriptor = "requiresAuthentication=true;authenticationType=SCAN_CODE";
    const charge = await make(mock(descriptor, { authenticationSettings: redirect }));
    const failure = { failureType: "INTERNAL_DECLINE", failureCode: "INVALID_AUTHENTICATION_SETTINGS" };
    expect(charge).toMatchObject({ status: "FAILED", failure });
  });

  it("with a code to scan, which leads to a page that has nowhere to return to", async () => {
    const before = await booksOf(node);
    const settings = [{ type: "SCAN_CODE" }];
    const descriptor = "requiresAuthentication=true;authenticationType=SCAN_CODE";
    const charge = await make(mock(descriptor, { authenticationSettings: settings }));
    const [{ details }] = charge.authenticationMethods;
    expect(details).toMatchObject({ codeType: "QR", codeImage: expect.any(String), codePayload: expect.any(String) });
    expect(Date.parse(details.scanBy) - Date.parse(charge.createdAt)).toBe(15 * 60_000);
    expect((await merchant.open(details.codePayload)).status).toBe(200);
    expect(await merchant.checkout(details.codePayload, { decision: "pay" })).toEqual({ status: 200 });
    expect((await shownOf(charge)).status).toBe("CAPTURED");
    expect((await merchant.open(details.codePayload)).status).toBe(200);
    await expectMoved(node, before, { bank: amount, merchant: amount });

    const declined = await make(mock(descriptor, { authenticationSettings: settings }));
    const [{ details: other }] = declined.authenticationMethods;
    expect(await merchant.checkout(other.codePayload, { decision: "decline", code: "SUS_FRAUD" })).toEqual({
      status: 200,
    });
    expect(await shownOf(declined)).toMatchObject({ status: "FAILED", failure: { failureCode: "SUS_FRAUD" } });
  });

  it("with a code that ends when the merchant says, and never after the time to agree", async () => {
    await withNode(unlimited(), async (later) => {
      const there = new PproClient(later);
      const descriptor = "requiresAuthentication=true;authenticationType=SCAN_CODE";
      const until_ = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
      const codeUntil = async (scanBy: string) => {
        const settings = [{ type: "SCAN_CODE", settings: { scanBy } }];
        return make(mock(descriptor, { authenticationSettings: settings }), there);
      };
      const [soon, far] = [until_(5), until_(60)];
      const [short, long] = [await codeUntil(soon), await codeUntil(far)];
      expect(short.authenticationMethods[0].details.scanBy).toBe(soon);
      const { scanBy } = long.authenticationMethods[0].details;
      expect(Date.parse(scanBy) - Date.parse(long.createdAt)).toBe(15 * 60_000);
      await later.moveClock("PT5M1S");
      expect((await until(there, short, "DISCARDED")).discards).toMatchObject([{ type: "AUTHENTICATION_TIMEOUT" }]);
      expect((await there.get(long.id)).body.status).toBe("AUTHENTICATION_PENDING");
      await later.moveClock("PT10M");
      await until(there, long, "DISCARDED");
    });
  });

  it("and captures later, where it is told so too", async () => {
    const descriptor = "requiresAuthentication=true;requiresCapture=true";
    const charge = await make(mock(descriptor));
    await merchant.checkout(requestUrlOf(charge), { decision: "pay" });
    expect((await shownOf(charge)).status).toBe("CAPTURE_PENDING");
    expect((await merchant.capture(charge.id, amount)).body.status).toBe("CAPTURED");
    const told = ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"];
    await expectTold(node, shop, charge, told);
  });
});

describe("the wallet takes its time", () => {
  it.each<[name: string, descriptor: string, just: string, then: string]>([
    ["10 seconds, if it is not told", "providerConfirmation=true", "PT8S", "PT3S"],
    ["as long as it is told", "providerConfirmation=true;providerConfirmationDelay=3600s", "PT59M", "PT2M"],
  ])("%s", async (_name, descriptor, just, then) => {
    const before = await booksOf(node);
    const charge = await make(mock(descriptor));
    const waiting = { status: "AUTHORIZATION_ASYNC", authorizations: [{ status: "PROVIDER_CONFIRMATION_PENDING" }] };
    expect(charge).toMatchObject(waiting);
    await expectTold(node, shop, charge, confirmation.slice(0, 2));
    await node.moveClock(just);
    expect(await shownOf(charge)).toEqual(charge);
    await expectMoved(node, before, {});
    await node.moveClock(then);
    expect(await until(merchant, charge, "CAPTURED")).toMatchObject({ captures: [{ amount }] });
    await expectTold(node, shop, charge, confirmation);
    await expectMoved(node, before, { bank: amount, merchant: amount });
  });

  it("and then declines", async () => {
    const charge = await make(mock("providerConfirmation=true", { amount: { value: 300_002, currency: "KRW" } }));
    expect(charge.status).toBe("AUTHORIZATION_ASYNC");
    await node.moveClock("PT11S");
    const over = await until(merchant, charge, "FAILED");
    expect(over.failure).toMatchObject({ failureType: "PROVIDER_DECLINE", failureCode: "INSUFFICIENT_FUNDS" });
    await expectTold(node, shop, charge, [...confirmation.slice(0, 2), "AUTHORIZATION_FAILED"]);
  });

  it("and then leaves the capture to the merchant", async () => {
    const charge = await make(mock("providerConfirmation=true;requiresCapture=true"));
    const early = { status: "FAILED", failure: { failureCode: "NO_AUTHORIZED_AMOUNT" } };
    expect((await merchant.capture(charge.id, amount)).body).toMatchObject(early);
    await node.moveClock("PT11S");
    await until(merchant, charge, "CAPTURE_PENDING");
    expect((await merchant.void(charge.id, amount)).body.status).toBe("VOIDED");
  });

  it("after a second factor, as after a redirect", async () => {
    const descriptor = "requiresAuthentication=true;authenticationType=MULTI_FACTOR;providerConfirmation=true";
    const charge = await make(mock(descriptor, { authenticationSettings: everyWay }));
    const { body } = await merchant.call("POST", `/v1/payment-charges/${charge.id}/authorizations`, {
      body: { authenticationResult: { details: { verificationCode: "777123" } } },
    });
    expect(body.status).toBe("PROVIDER_CONFIRMATION_PENDING");
    expect((await shownOf(charge)).status).toBe("AUTHORIZATION_ASYNC");
    await node.moveClock("PT11S");
    await until(merchant, charge, "CAPTURED");
    await expectTold(node, shop, charge, ["CREATED", "AUTHENTICATION_PENDING", ...confirmation.slice(1)]);
  });
});

describe("another method", () => {
  const abroad = (paymentMethod: string, fields: Fields = {}) => ({
    paymentMethod,
    amount: { value: 1_234, currency: "EUR" },
    consumer: { country: "DE" },
    ...fields,
  });

  it("redirects where the operator lets it, in its own currency and country", async () => {
    const before = await booksOf(node, "EUR");
    const charge = await make(abroad("IDEAL"));
    expect(charge).toMatchObject({
      paymentMethod: "IDEAL",
      currency: "EUR",
      country: "DE",
      status: "AUTHENTICATION_PENDING",
    });
    await merchant.checkout(requestUrlOf(charge), { decision: "pay" });
    expect((await shownOf(charge)).status).toBe("CAPTURED");
    expect((await merchant.refund(charge.id, 234)).body.status).toBe("REFUNDED");
    await expectMoved(node, before, { bank: 1_000, merchant: 1_000 }, "EUR");
    const told = await expectTold(node, shop, charge, [
      ...["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED", "REFUND_SUCCEEDED"],
    ]);
    expect(told.map(({ data }) => data.amount.currency)).toEqual(Array(5).fill("EUR"));
  });

  it("captures in a step of its own if the merchant wants that", async () => {
    const charge = await make(abroad("ALIPAY", { autoCapture: false }));
    await merchant.checkout(requestUrlOf(charge), { decision: "pay" });
    expect((await shownOf(charge)).status).toBe("CAPTURE_PENDING");
    expect((await merchant.capture(charge.id, 1_234)).body.status).toBe("CAPTURED");
  });

  it("is unknown where the operator does not", async () => {
    const unknown = { status: "FAILED", failure: { failureCode: "INVALID_PAYMENT_METHOD" } };
    expect(await make(abroad("WECHATPAY"))).toMatchObject(unknown);
    await withNode(unlimited({ NARU_PPRO_METHODS: "*" }), async (any) => {
      const charge = await make(abroad("WECHATPAY"), new PproClient(any));
      expect(charge.status).toBe("AUTHENTICATION_PENDING");
    });
    await withNode(unlimited(), async (none) => {
      expect(await make(abroad("IDEAL"), new PproClient(none))).toMatchObject(unknown);
    });
  });
});

describe("a currency", () => {
  it.each([
    ["KRW", 1_234, "1,234원"],
    ["JPY", 1_234, "1,234"],
    ["USD", 1_234, "12.34"],
    ["KWD", 1_234, "1.234"],
  ])("%s is counted in its smallest unit, and shown in its usual one", async (currency, value, words) => {
    const before = await booksOf(node, currency);
    const charge = await make(mock("requiresAuthentication=true", { amount: { value, currency } }));
    expect(charge).toMatchObject({ currency, authorizations: [{ amount: value }] });
    const { text } = await merchant.open(requestUrlOf(charge));
    expect([words, text.includes(words)]).toEqual([words, true]);
    await merchant.checkout(requestUrlOf(charge), { decision: "pay" });
    await merchant.refund(charge.id, 1_000);
    expect((await shownOf(charge)).refunds).toMatchObject([{ amount: 1_000, status: "REFUNDED" }]);
    await expectMoved(node, before, { bank: 234, merchant: 234 }, currency);
  });

  it("has accounts of its own in the books, each listed once, whatever the page", async () => {
    for (const currency of ["CHF", "GBP", "SEK"]) await make(mock("", { amount: { value: 1, currency } }));
    const listed: string[] = [];
    for (let after: string | null = ""; after !== null; ) {
      const query: string = after === "" ? "" : `&after=${encodeURIComponent(after)}`;
      const { body } = await node.get<PproBody>(`/naru/v1/ledger/accounts?limit=1${query}`);
      listed.push(...body.accounts.map((one: PproBody) => `${one.id} ${one.currency}`));
      after = body.cursor;
    }
    const { body } = await node.get<PproBody>("/naru/v1/ledger/accounts?limit=500");
    expect(listed).toEqual(body.accounts.map((one: PproBody) => `${one.id} ${one.currency}`));
    for (const currency of ["CHF", "GBP", "SEK"]) expect(listed).toContain(`bank:sandbox ${currency}`);
  });
});
