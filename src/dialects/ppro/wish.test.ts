import { describe, expect, it } from "vitest";
import type { Channel, MerchantSettings } from "../../core/merchants/merchant.ts";
import { methodObjection } from "../../core/wallet-charges/decide.ts";
import { openDetails } from "../../core/wallet-charges/instrument.ts";
import type { Context } from "./context.ts";
import { wireId } from "./identifiers.ts";
import type { AuthenticationSetting, ChargeRequest } from "./schemas/index.ts";
import { chargeWish } from "./wish.ts";
import { channel, context, redirect, secrets, taken, tenant, tenantOf } from "./wishes.fixture.ts";

const sample: ChargeRequest = {
  paymentMethod: "KAKAOPAY",
  paymentDescriptor: "Order description",
  amount: { value: 15_000, currency: "KRW" },
  consumer: { name: "John Smith", country: "KR" },
  authenticationSettings: [redirect],
};

const wishOf = (sent: Partial<ChargeRequest> = {}, of = tenant, more: Partial<Context> = {}) =>
  taken(chargeWish(context(more), of, { ...sample, ...sent })).request.wish;
const errorOf = (sent: Partial<ChargeRequest>, of = tenant, more: Partial<Context> = {}) => {
  const read = chargeWish(context(more), of, { ...sample, ...sent });
  return read.ok ? undefined : read.error;
};

describe("the least that may be sent", () => {
  const { request, proof } = taken(chargeWish(context(), tenant, sample));

  it("is a charge by the method's rules, which the shopper has a while to agree to", () => {
    const { wish, ...others } = request;
    expect(others).toMatchObject({ agreementId: null, namedInstrument: null });
    expect(wish).toMatchObject({
      merchantId: "mer_shop",
      dialect: "ppro",
      reference: null,
      instrumentId: null,
      channel: { id: "chn_1", connector: "sandbox" },
      method: "KAKAOPAY",
      amount: 15_000,
      currency: "KRW",
      country: "KR",
      offered: [{ type: "redirect", returnUrl: "https://shop.example/orders/1?a=b" }],
      authenticateWithin_s: 900,
      description: "Order description",
      buyer: { name: "John Smith", email: null, tel: null, address: null, postcode: null },
      noticeUrls: ["https://shop.example/default"],
      userAgent: null,
    });
    expect(wish.rules).toMatchObject({ amount_min: 50, amount_max: 2_000_000, asks: ["redirect"] });
    expect(wish.details).toMatchObject({ settles: { as: "received" }, confirms_s: null });
    expect(methodObjection(wish, wish)).toBeUndefined();
    expect(proof).toBe("pay");
  });

  it("is known to clients by what follows from our own id, another for each", () => {
    const { wish } = request;
    expect(wish.wireId).toBe(wireId("charge", wish.chargeId));
    const other = wishOf();
    for (const id of ["chargeId", "paymentId", "operationId"] as const) {
      expect(wish[id]).toMatch(/^[a-z]+_[0-9a-f]+$/);
      expect(other[id]).not.toBe(wish[id]);
    }
  });

  it("is paid by what the wallet passes through, which is kept encrypted", () => {
    const { newInstrument } = request;
    expect(newInstrument).toMatchObject({ merchantId: "mer_shop", type: "PASSTHROUGH_WALLET" });
    expect(newInstrument!.detailsEncrypted).not.toContain("KR");
    expect(openDetails(secrets, newInstrument!)).toEqual({ country: "KR" });
  });
});

describe("what is sent of a charge", () => {
  it("is shown again as it came, and fills the payment", () => {
    const wish = wishOf({
      paymentMedium: "POS",
      initiator: "CONSUMER",
      scheduleType: "UNSCHEDULED",
      autoCapture: true,
      merchantPaymentChargeReference: "attempt-7",
      labels: { till: "7", "": "" },
      initialTransactionLinkReference: "tlid",
      order: { orderReferenceNumber: "order-1" },
      consumer: {
        name: "홍길동",
        email: "hong@shop.example",
        phone: "+821012345678",
        country: "KR",
        client: { ip: "203.0.113.7", userAgent: "Mozilla" },
        billingAddress: { street: "세종대로 1", city: "서울", postalCode: "03154" },
      },
    });
    expect(wish).toMatchObject({
      reference: "attempt-7",
      userAgent: "Mozilla",
      buyer: {
        name: "홍길동",
        email: "hong@shop.example",
        tel: "+821012345678",
        address: "서울 세종대로 1",
        postcode: "03154",
      },
    });
    expect(wish.details.shown).toMatchObject({
      paymentMedium: "POS",
      initiator: "CONSUMER",
      scheduleType: "UNSCHEDULED",
      autoCapture: true,
      labels: { till: "7", "": "" },
      initialTransactionLinkReference: "tlid",
      order: { orderReferenceNumber: "order-1" },
      consumer: { name: "홍길동", client: { ip: "203.0.113.7" } },
    });
  });

  it("is not kept where it authenticates somebody or tells of their account", () => {
    const { shown } = wishOf({
      authenticationSettings: [
        { type: "MULTI_FACTOR", settings: { verificationCode: "123456" } },
        { type: "SCAN_CODE" },
      ],
      instrument: { type: "BANK_ACCOUNT", details: { iban: "NL00BANK0123456789" } },
    }).details;
    expect(shown.authenticationSettings).toEqual([{ type: "MULTI_FACTOR", settings: {} }, { type: "SCAN_CODE" }]);
    expect(shown.instrument).toEqual({ type: "BANK_ACCOUNT" });
    expect(JSON.stringify(shown)).not.toMatch(/123456/);
  });

  it.each<[string, Partial<ChargeRequest>, number]>([
    ["a negative amount", { amount: { value: -1, currency: "KRW" } }, 422],
    ["a card number", { instrument: { type: "RAW_CARD" } }, 422],
    ["a card network's token", { instrument: { type: "CARD_NETWORK_TOKEN" } }, 422],
    ["a card number elsewhere", { instrument: { type: "MOCK", details: { a: ["4111 1111-1111 1111"] } } }, 422],
    ["a card's field elsewhere", { instrument: { type: "BANK_ACCOUNT", details: { a: { "Card-Number": 1 } } } }, 422],
    ["a card's verification value", { instrumentUpdateDetails: { type: "RAW_CARD", details: { cvv: "123" } } }, 422],
    ["two instruments", { instrumentId: "instr_1", instrument: { type: "MOCK" } }, 400],
    ["an address for webhooks that is none", { webhooksUrl: "shop.example" }, 400],
  ])("is refused for %s", (_name, sent, status) => {
    expect(errorOf(sent)).toMatchObject({ status, failureMessage: expect.any(String) });
  });

  it("of nothing, or of too much, is for the method to refuse", () => {
    for (const value of [0, 49, 2_000_001, Number.MAX_SAFE_INTEGER]) {
      const wish = wishOf({ amount: { value, currency: "KRW" } });
      expect(methodObjection(wish, wish)?.code).toBe("amount-not-supported");
    }
  });

  it("by a method that nobody knows has no rules and no instrument", () => {
    const { request } = taken(chargeWish(context(), tenant, { ...sample, paymentMethod: "BLIK" }));
    expect(request.wish.rules).toBeNull();
    expect(request.newInstrument).toBeNull();
    expect(request.wish.details.settles).toEqual({ after_s: 0, as: "not-expected" });
  });

  it("names an instrument, or brings one", () => {
    const named = taken(chargeWish(context(), tenant, { ...sample, instrumentId: "instr_1" })).request;
    expect([named.namedInstrument, named.newInstrument]).toEqual(["instr_1", null]);
    const instrument = { type: "MOCK", details: { a: "1" } } as const;
    const brought = taken(chargeWish(context(), tenant, { ...sample, instrument })).request;
    expect(brought.namedInstrument).toBeNull();
    expect(openDetails(secrets, brought.newInstrument!)).toEqual({ a: "1" });
  });

  it("steers a mock: what it asks, how long it takes, how it settles", () => {
    const paymentDescriptor = "providerConfirmation=true;providerConfirmationDelay=3s;fundsEventType=Missing";
    const { request, proof } = taken(
      chargeWish(context(), tenant, { ...sample, paymentMethod: "MOCK", paymentDescriptor }),
    );
    expect(proof).toBe("pay;confirm_s=3");
    expect(request.wish.details).toMatchObject({ confirms_s: 3, settles: { as: "missing" } });
    expect(request.wish.rules!.asks).toEqual([]);
  });
});

describe("the ways to agree that are offered", () => {
  const offered = (...authenticationSettings: AuthenticationSetting[]) => wishOf({ authenticationSettings }).offered;

  it("are those that Naru has, in their order; others are passed over", () => {
    expect(
      offered(
        { type: "APP_INTENT", settings: { mobileIntentUri: "shop://back" } },
        { type: "MULTI_FACTOR" },
        { type: "3DS", settings: { returnUrl: "https://shop.example" } },
        redirect,
        { type: "SCAN_CODE", settings: { scanBy: "2030-11-03T20:23:47+09:00" } },
        { type: "APP_NOTIFICATION" },
        { type: "EXTERNAL_3DS" },
      ),
    ).toEqual([
      { type: "multi-factor" },
      { type: "redirect", returnUrl: "https://shop.example/orders/1?a=b" },
      { type: "scan-code", scanBy: "2030-11-03T11:23:47.000Z" },
    ]);
    expect(offered({ type: "SCAN_CODE" })).toEqual([{ type: "scan-code", scanBy: null }]);
    expect(wishOf({ authenticationSettings: undefined }).offered).toEqual([]);
  });

  it.each([
    "https://shop.example/orders/1",
    "http://localhost:3000/back?order=1#top",
    "HTTPS://SHOP.EXAMPLE/",
    "https://상점.example/주문",
    "https://203.0.113.7:8443/",
  ])("lead back to %s, to the letter", (returnUrl) => {
    expect(offered({ type: "REDIRECT", settings: { returnUrl } })).toEqual([{ type: "redirect", returnUrl }]);
  });

  it.each([
    "javascript:alert(1)",
    "JavaScript:alert(1)//https://shop.example",
    "java\nscript:alert(1)",
    "data:text/html,hello",
    "file:///etc/passwd",
    "shop://orders/1",
    "//evil.example/",
    "/orders/1",
    "shop.example",
    "https:shop.example",
    "https://",
    "https://shop.example:port/",
    "https://user:secret@shop.example/",
    "https://user@shop.example/",
    "https://:secret@shop.example/",
    " https://shop.example/",
    "\u0000https://shop.example/",
    // Longer than may be, as it is called.
    `https://shop.example/${"길".repeat(300)}`,
    "",
  ])("never lead back to %j, so there is no such way", (returnUrl) => {
    expect(offered({ type: "REDIRECT", settings: { returnUrl } })).toEqual([]);
    const wish = wishOf({ authenticationSettings: [{ type: "REDIRECT", settings: { returnUrl } }] });
    expect(methodObjection(wish, wish)?.code).toBe("invalid-authentication-settings");
  });

  it("lead back to the first address that can be, if several are sent", () => {
    const wrong: AuthenticationSetting = { type: "REDIRECT", settings: { returnUrl: "javascript:alert(1)" } };
    expect(offered(wrong, { type: "REDIRECT" }, redirect)).toEqual([
      { type: "redirect", returnUrl: redirect.settings!.returnUrl },
    ]);
  });
});

describe("where changes are announced", () => {
  it.each<[string, string | undefined, MerchantSettings, boolean, string[] | undefined]>([
    [
      "the address that is sent",
      "https://a.example/hook",
      { webhooksUrl: "https://b.example" },
      false,
      ["https://a.example/hook"],
    ],
    ["the merchant's own", undefined, { webhooksUrl: "https://b.example/" }, false, ["https://b.example/"]],
    ["nowhere", undefined, {}, false, []],
    ["not where notices of other contracts go", undefined, { noticeUrl: "https://c.example/" }, false, []],
    ["not without https", "http://a.example/hook", {}, false, undefined],
    ["not with credentials", "https://me:secret@a.example/hook", {}, false, undefined],
    ["not on this machine", "http://127.0.0.1:3000/hook", {}, false, undefined],
    [
      "on this machine, if only that reaches the node",
      "http://127.0.0.1:3000/hook",
      {},
      true,
      ["http://127.0.0.1:3000/hook"],
    ],
    ["not at a script", "javascript:alert(1)", {}, true, undefined],
  ])("%s", (_name, webhooksUrl, settings, open, urls) => {
    const of = tenantOf([channel("chn_1", "kakaopay")], settings);
    const read = chargeWish(context({ open }), of, { ...sample, webhooksUrl });
    expect(read.ok ? read.value.request.wish.noticeUrls : undefined).toEqual(urls);
    if (!read.ok) expect(read.error).toEqual({ status: 400, failureMessage: "webhooksUrl must be an https URL" });
  });
});

describe("the contract by which a charge is made", () => {
  const bank = channel("chn_bank", "nice", { connector: "bank", isDefault: true });
  const other = channel("chn_other", "tosspay");
  const usual = channel("chn_usual", "nicepay", { isDefault: true });
  const kakaopay = channel("chn_kakaopay", "kakaopay");
  it.each<[string, Channel[], string, string | undefined]>([
    ["is the method's own", [usual, other, kakaopay], "KAKAOPAY", "chn_kakaopay"],
    ["is the merchant's default, if the method has none", [other, usual], "KAKAOPAY", "chn_usual"],
    ["is the first, if none is the default", [other, kakaopay], "IDEAL", "chn_other"],
    ["is none that cannot charge", [bank, other], "KAKAOPAY", "chn_other"],
    ["is missing where none can", [bank], "KAKAOPAY", undefined],
    ["is missing where there is none", [], "KAKAOPAY", undefined],
  ])("%s", (_name, channels, paymentMethod, id) => {
    const read = chargeWish(context(), tenantOf(channels), { ...sample, paymentMethod });
    expect(read.ok ? read.value.request.wish.channel.id : undefined).toBe(id);
    if (!read.ok) expect(read.error.status).toBe(403);
  });
});
