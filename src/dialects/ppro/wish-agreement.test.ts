import { describe, expect, it } from "vitest";
import type { Agreement } from "../../core/wallet-charges/agreement.ts";
import { methodObjection } from "../../core/wallet-charges/decide.ts";
import { WalletBooks } from "../../core/wallet-charges/wallet-books.fixture.ts";
import { wireId } from "./identifiers.ts";
import type { AgreementChargeRequest, AgreementRequest } from "./schemas/index.ts";
import { agreementChargeWish, agreementWish } from "./wish.ts";
import { channel, context, redirect, taken, tenant, tenantOf } from "./wishes.fixture.ts";

const subscription: AgreementRequest = {
  paymentMethod: "KAKAOPAY",
  consumer: { name: "John Smith", country: "KR", client: { userAgent: "Mozilla" } },
  authenticationSettings: [redirect],
};
const agreedOf = (sent: Partial<AgreementRequest> = {}) =>
  taken(agreementWish(context(), tenant, { ...subscription, ...sent }));

describe("what is sent of an agreement", () => {
  it("is an agreement, without a charge", () => {
    const { request } = agreedOf({ merchantPaymentAgreementReference: "sub-1" });
    const { wish } = request;
    expect(wish).toMatchObject({
      reference: "sub-1",
      method: "KAKAOPAY",
      country: "KR",
      offered: [{ type: "redirect" }],
      authenticateWithin_s: 900,
      noticeUrls: ["https://shop.example/default"],
      initialCharge: null,
    });
    expect(wish.wireId).toBe(wireId("agr", wish.agreementId));
    expect(request.newInstrument).toMatchObject({ type: "PASSTHROUGH_WALLET" });
    expect(methodObjection(wish, undefined)).toBeUndefined();
  });

  it("is shown again, with times as they are shown and a frequency of 1", () => {
    const { shown } = agreedOf({
      description: "monthly",
      frequency: { type: "MONTHLY" },
      startDate: "2030-03-26T20:24:27+09:00",
      endDate: "2031-03-26T20:24:27Z",
      amount: { value: 9_900, currency: "KRW" },
      amountType: "MAX",
      labels: { a: "1" },
    }).request.wish.details;
    expect(shown).toMatchObject({
      description: "monthly",
      frequency: { type: "MONTHLY", interval: 1 },
      startDate: "2030-03-26T11:24:27.000Z",
      endDate: "2031-03-26T20:24:27.000Z",
      amount: { value: 9_900, currency: "KRW" },
      amountType: "MAX",
      labels: { a: "1" },
    });
    const every = agreedOf({ frequency: { type: "DAILY", interval: 3 } }).request.wish.details.shown.frequency;
    expect(every).toEqual({ type: "DAILY", interval: 3 });
  });

  it("may come with a first charge: of the same shopper, to be announced where it says", () => {
    const { wish } = agreedOf({
      initialPaymentCharge: {
        amount: { value: 101, currency: "KRW" },
        merchantPaymentChargeReference: "first",
        webhooksUrl: "https://a.example/hook",
        consumer: { taxIdentification: "1234" },
      },
    }).request;
    expect(wish.initialCharge).toMatchObject({
      amount: 101,
      reference: "first",
      noticeUrls: ["https://a.example/hook"],
      userAgent: "Mozilla",
      offered: wish.offered,
      details: { shown: { consumer: { name: "John Smith", taxIdentification: "1234" } } },
    });
    expect(wish.noticeUrls).toEqual(["https://shop.example/default"]);
    expect(wish.initialCharge!.channel).toEqual(wish.channel);
    const { noticeUrls } = agreedOf({ initialPaymentCharge: { amount: { value: 101, currency: "KRW" } } }).request.wish
      .initialCharge!;
    expect(noticeUrls).toEqual(["https://shop.example/default"]);
  });

  it("may be agreed to in the ways of its first charge", () => {
    const amount = { value: 101, currency: "KRW" };
    const initialPaymentCharge = { amount, authenticationSettings: [redirect] };
    const wish = agreedOf({ authenticationSettings: undefined, initialPaymentCharge }).request.wish;
    expect(wish.offered).toMatchObject([{ type: "redirect" }]);
  });

  it("by a mock asks the shopper, unless its first charge says otherwise", () => {
    const asks = (initialPaymentCharge?: AgreementRequest["initialPaymentCharge"]) =>
      agreedOf({ paymentMethod: "MOCK", initialPaymentCharge }).request.wish.rules!.asks;
    const amount = { value: 101, currency: "KRW" };
    expect(asks()).toEqual(["redirect"]);
    expect(asks({ amount })).toEqual([]);
    expect(asks({ amount, paymentDescriptor: "requiresAuthentication=true;authenticationType=SCAN_CODE" })).toEqual([
      "scan-code",
    ]);
  });

  it.each<[string, Partial<AgreementRequest>, number]>([
    ["a negative amount", { amount: { value: -1, currency: "KRW" } }, 422],
    ["a first charge of a negative amount", { initialPaymentCharge: { amount: { value: -1, currency: "KRW" } } }, 422],
    ["a card number", { instrument: { type: "RAW_CARD" } }, 422],
    ["two instruments", { instrumentId: "instr_1", instrument: { type: "MOCK" } }, 400],
    ["an address that is none", { webhooksUrl: "http://a.example" }, 400],
    [
      "a first charge with an address that is none",
      { initialPaymentCharge: { amount: { value: 101, currency: "KRW" }, webhooksUrl: "http://a.example" } },
      400,
    ],
  ])("is refused for %s", (_name, sent, status) => {
    expect(agreementWish(context(), tenant, { ...subscription, ...sent })).toMatchObject({
      ok: false,
      error: { status },
    });
  });
});

describe("what is sent of a charge under an agreement", () => {
  const books = new WalletBooks();
  const { agreement: made } = books.agree({
    noticeUrls: ["https://agreed.example/hook"],
    details: {
      shown: { consumer: { name: "John Smith", country: "KR", client: { userAgent: "old" } }, paymentMedium: "MOTO" },
    },
  }).checkout;
  const agreement: Agreement = { ...made, instrumentId: "ins_1" };
  const send = (sent: Partial<AgreementChargeRequest> = {}, of: Agreement = agreement, at = tenant) =>
    agreementChargeWish(context(), at, of, { amount: { value: 9_900, currency: "KRW" }, ...sent });

  it("has of the agreement what it does not say itself", () => {
    const { request } = taken(send());
    expect(request).toMatchObject({ agreementId: "agr_1", namedInstrument: null, newInstrument: null });
    expect(request.wish).toMatchObject({
      amount: 9_900,
      method: "KAKAOPAY",
      country: "KR",
      channel: { id: "chn_1" },
      instrumentId: "ins_1",
      offered: [],
      noticeUrls: ["https://agreed.example/hook"],
      buyer: { name: "John Smith" },
      userAgent: "old",
      details: { shown: { paymentMedium: "MOTO", consumer: { name: "John Smith" } } },
    });
  });

  it("may say of its shopper what has changed, and where it is announced", () => {
    const { wish } = taken(
      send({
        consumer: { taxIdentification: "1234", client: { userAgent: "new" } },
        webhooksUrl: "https://a.example/hook",
        initiator: "MERCHANT",
        scheduleType: "SCHEDULED",
        labels: { month: "4" },
      }),
    ).request;
    expect(wish).toMatchObject({ userAgent: "new", noticeUrls: ["https://a.example/hook"] });
    expect(wish.details.shown).toMatchObject({
      consumer: { name: "John Smith", taxIdentification: "1234", client: { userAgent: "new" } },
      initiator: "MERCHANT",
      scheduleType: "SCHEDULED",
      labels: { month: "4" },
    });
  });

  it("is refused for a negative amount, a wrong address, or a contract that has ended", () => {
    expect(send({ amount: { value: -1, currency: "KRW" } })).toMatchObject({ error: { status: 422 } });
    expect(send({ webhooksUrl: "http://a.example" })).toMatchObject({ error: { status: 400 } });
    expect(send({}, agreement, tenantOf([channel("chn_2", "kakaopay")]))).toMatchObject({ error: { status: 422 } });
  });
});
