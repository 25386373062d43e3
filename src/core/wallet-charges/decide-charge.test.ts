import { describe, expect, it } from "vitest";
import { callTimeout_ms, deepFreeze, later, merchantId, minute_ms, realTime, second_ms } from "../fixtures.fixture.ts";
import { limits } from "../limits.ts";
import type { OperationAnswer } from "../operations/operation.ts";
import type { Authentication, WalletCharge } from "./charge.ts";
import {
  type ChargeWish,
  decideAuthorization,
  decideAuthorize,
  decideCharge,
  decideDue,
  decideEnd,
  methodObjection,
} from "./decide.ts";
import {
  actedAt,
  agrees,
  apart,
  asking,
  charged,
  chargedAt,
  chargeWish,
  eventLine,
  having,
  lateAt,
  price,
  redirect,
  said,
  settledAt,
  unasking,
  WalletBooks,
  walletSays,
} from "./wallet-books.fixture.ts";

const nothing = deepFreeze({ agreement: undefined, instrumentMissing: false, isInitial: false });
const make = (wanted: Partial<ChargeWish> = {}) => decideCharge(nothing, chargeWish(wanted), chargedAt, realTime);

describe("a charge that is made", () => {
  it("is a payment, what is known beyond that, and an authorization to come", () => {
    const { result, changes } = make();
    expect(result.view.charge).toEqual({
      id: "chg_1",
      merchantId,
      paymentId: "pay_1",
      dialect: "ppro",
      wireId: "charge_1",
      reference: "attempt-1",
      agreementId: null,
      instrumentId: null,
      connector: "sandbox",
      method: "KAKAOPAY",
      state: "authenticating",
      amount: price,
      currency: "KRW",
      country: "KR",
      capturedAmount: 0,
      voidedAmount: 0,
      separateCapture: false,
      authentications: [redirect],
      dueAt: lateAt,
      operationId: null,
      failure: null,
      funds: "not-expected",
      details: chargeWish().details,
      createdAt: chargedAt,
      updatedAt: chargedAt,
      eventSeq: 2,
    } satisfies WalletCharge);
    expect(result.view.steps).toEqual([
      {
        id: "chg_1-0001",
        merchantId,
        paymentId: "pay_1",
        chargeId: "chg_1",
        kind: "authorization",
        state: "authenticating",
        amount: price,
        cause: null,
        reference: "attempt-1",
        labels: null,
        failure: null,
        transactionId: null,
        createdAt: chargedAt,
        updatedAt: chargedAt,
      },
    ]);
    expect(result.view.payment).toMatchObject({
      id: "pay_1",
      method: "wallet",
      state: "ready",
      amount: price,
      paidAmount: 0,
      reference: "attempt-1",
      beneficiary: `merchant:${merchantId}`,
      name: "나룻배 승선권",
      buyer: { name: "홍길동" },
      noticeUrls: ["https://shop.example/notice"],
      eventSeq: 1,
    });
    expect(changes.payments.at(-1)).toEqual(result.view.payment);
    expect(changes.charges.at(-1)).toEqual(result.view.charge);
    expect(changes.chargeSteps.at(-1)).toEqual(result.view.steps[0]);
    expect(changes.operations).toEqual([]);
    expect(changes.transfers).toEqual([]);
  });

  it("tells of the payment and of the charge that waits, numbered from 1, with the step that it is about", () => {
    const told = { merchantId, paymentId: "pay_1", at: chargedAt };
    const ofCharge = { ...told, subjectType: "charge", subjectId: "chg_1" };
    expect(make().changes.events).toEqual([
      {
        ...told,
        subjectType: "payment",
        subjectId: "pay_1",
        subjectSeq: 1,
        type: "payment.ready",
        data: { state: "ready", amount: price },
      },
      { ...ofCharge, subjectSeq: 1, type: "charge.created", data: { state: "authorizing", stepId: "chg_1-0001" } },
      {
        ...ofCharge,
        subjectSeq: 2,
        type: "charge.authentication_pending",
        data: { state: "authenticating", stepId: "chg_1-0001" },
      },
    ]);
  });

  it("goes by the name that clients know where the merchant gave it none", () => {
    const { charge, payment } = make({ reference: null }).result.view;
    expect([charge.reference, payment.reference]).toEqual([null, "charge_1"]);
  });

  it("is ordered at once where nobody is asked, and has no time of its own", () => {
    const { result, changes } = make({ rules: unasking });
    expect(result.view.charge).toMatchObject({
      state: "authorizing",
      operationId: "op_1",
      dueAt: null,
      authentications: [],
    });
    expect(result.view.steps).toMatchObject([{ state: "confirming" }]);
    expect(changes.events.map(eventLine)).toEqual(["payment.ready ready", "charge.created authorizing"]);
    expect(changes.operations).toEqual([result.operation]);
    expect(result.operation).toMatchObject({
      id: "op_1",
      merchantId,
      connector: "sandbox",
      kind: "authorization",
      subjectId: "chg_1",
      state: "pending",
      validUntil: later(realTime, callTimeout_ms),
      createdAt: realTime,
    });
  });

  it("is ordered as what it is: the order of another amount, currency or method is another", () => {
    const hash = (wanted: Partial<ChargeWish>) => {
      const rules = { ...unasking, currencies: null };
      return make({ rules, ...wanted }).changes.operations[0]!.requestHash;
    };
    expect(hash({})).toBe(hash({ reference: "another" }));
    const others = [hash({}), hash({ amount: price + 1 }), hash({ currency: "USD" }), hash({ method: "MOCK" })];
    expect(new Set(others).size).toBe(4);
  });

  it("knows whether capturing is a step of its own", () => {
    expect(make({ rules: apart }).result.view.charge.separateCapture).toBe(true);
    expect(make({ rules: null }).result.view.charge.separateCapture).toBe(false);
  });

  const scan: Authentication = { type: "scan-code", scanBy: null };
  const factor: Authentication = { type: "multi-factor" };
  it.each<[string, Authentication["type"][], Authentication[], Authentication[]]>([
    ["what the method and the merchant both have", ["redirect", "scan-code"], [factor, scan], [scan]],
    ["in the method's order", ["scan-code", "redirect"], [redirect, scan], [scan, redirect]],
    [
      "each way once, as it was offered first",
      ["redirect"],
      [redirect, { type: "redirect", returnUrl: "https://other.example" }],
      [redirect],
    ],
  ])("asks the shopper by %s", (_name, asks, offered, authentications) => {
    expect(make({ rules: { ...asking, asks }, offered }).result.view.charge.authentications).toEqual(authentications);
  });
});

describe("what a method does not take", () => {
  const wrong: Partial<ChargeWish> = { rules: null, currency: "USD", amount: 49, country: "JP", offered: [] };

  it("is told in one order: method, currency, amount, country, ways to agree, instrument", () => {
    const mends: Partial<ChargeWish>[] = [
      {},
      { rules: asking },
      { currency: "KRW" },
      { amount: 50 },
      { country: "KR" },
      { offered: [redirect] },
    ];
    let wanted = wrong;
    const codes = mends.map((mend) => {
      wanted = { ...wanted, ...mend };
      const found = { ...nothing, instrumentMissing: true };
      return decideCharge(found, chargeWish(wanted), chargedAt, realTime).result.view.charge.failure?.code;
    });
    expect(codes).toEqual([
      "invalid-payment-method",
      "invalid-currency",
      "amount-not-supported",
      "country-not-supported",
      "invalid-authentication-settings",
      "instrument-not-found",
    ]);
  });

  it("is a charge that failed: kept, announced, never ordered", () => {
    const { result, changes } = make({ amount: 49 });
    const { charge, steps, payment } = result.view;
    const failure = { by: "naru", code: "amount-not-supported", message: null, providerCode: null };
    expect(charge).toMatchObject({ state: "failed", amount: 49, failure, dueAt: null, operationId: null });
    expect(charge.authentications).toEqual([]);
    expect(steps).toMatchObject([{ kind: "authorization", state: "failed", amount: 49, failure }]);
    expect(payment).toMatchObject({ state: "failed", failedAt: chargedAt, failReason: "amount-not-supported" });
    expect(result.operation).toBeUndefined();
    expect(changes.operations).toEqual([]);
    expect(changes.transfers).toEqual([]);
    expect(changes.events.map(eventLine)).toEqual([
      "payment.ready ready",
      "charge.created authorizing",
      "charge.authorization_failed failed",
      "payment.failed failed",
    ]);
  });

  it.each<[number, boolean]>([
    [-1, false],
    [0, false],
    [49, false],
    [50, true],
    [2_000_000, true],
    [2_000_001, false],
    [limits.amount_max + 1, false],
    [Number.MAX_SAFE_INTEGER, false],
  ])("an amount of %i: taken is %s", (amount, isTaken) => {
    const objection = methodObjection(chargeWish({ amount }), chargeWish({ amount }));
    expect(objection?.code).toBe(isTaken ? undefined : "amount-not-supported");
  });

  it("is nothing of currency and country where the method says nothing of them", () => {
    const rules = { ...asking, currencies: null, countries: null };
    expect(
      methodObjection({ ...chargeWish({ rules }), country: "BR" }, { amount: 50, currency: "BRL" }),
    ).toBeUndefined();
  });

  it("is no way to agree where none is asked for", () => {
    expect(methodObjection(chargeWish({ rules: unasking, offered: [] }), chargeWish())).toBeUndefined();
  });

  it("is none of the ways that are offered", () => {
    const offered: Authentication[] = [{ type: "multi-factor" }];
    expect(methodObjection(chargeWish({ offered }), chargeWish())?.code).toBe("invalid-authentication-settings");
  });
});

describe("the time to agree", () => {
  const checkout = () => deepFreeze({ agreement: undefined, charge: charged(asking).view() });
  const order = { operationId: "op_9", callTimeout_ms };
  it.each<[string, Date, boolean]>([
    ["its last moment", later(lateAt, -1), true],
    ["the moment at which it is over", lateAt, false],
    ["a second later", later(lateAt, second_ms), false],
  ])("%s", (_name, now, isInTime) => {
    const agreed = decideAuthorize(checkout(), order, now, realTime);
    expect(agreed.result.ok).toBe(isInTime);
    expect(agreed.changes.operations).toHaveLength(isInTime ? 1 : 0);
    expect(agreed.changes.charges.at(-1)!.state).toBe(isInTime ? "authorizing" : "discarded");
    const canceled = decideEnd(checkout(), "canceled-by-consumer", now);
    expect(canceled.changes.charges.at(-1)!.state).toBe(isInTime ? "failed" : "discarded");
    expect(decideDue(checkout(), now)?.charges.at(-1)?.state).toBe(isInTime ? undefined : "discarded");
  });

  const code = (scanBy: Date | null): Authentication => ({ type: "scan-code", scanBy: scanBy?.toISOString() ?? null });
  it.each<[string, Authentication[], Date]>([
    ["a code that ends sooner, alone", [code(actedAt)], actedAt],
    ["a code that ends later", [code(settledAt)], lateAt],
    ["a code without an end", [code(null)], lateAt],
    ["a code that ends sooner, beside another way", [code(actedAt), redirect], lateAt],
  ])("of charge and agreement with %s", (_name, offered, dueAt) => {
    const rules = { ...asking, asks: offered.map(({ type }) => type) };
    const books = new WalletBooks();
    expect(books.charge({ rules, offered }).view.charge.dueAt).toEqual(dueAt);
    expect(books.agree({ rules, offered }).checkout.agreement.dueAt).toEqual(dueAt);
    expect(books.at(later(dueAt, -1)).sweep()).toBe(0);
    expect(books.at(dueAt).sweep()).toBe(2);
  });

  it("is no longer counted once the shopper agreed, however long the wallet takes", () => {
    const books = charged(asking, agrees, walletSays(said.unknown)).at(later(lateAt, 24 * 60 * minute_ms));
    expect(books.charged().dueAt).toBeNull();
    expect(books.sweep()).toBe(0);
    books.answer(said.yes);
    expect(books.charged().state).toBe("captured");
  });

  it("ends once, when a sweep and the shopper come at the same time", () => {
    const books = charged(asking).at(lateAt);
    books.authorize();
    expect(books.sweep()).toBe(0);
    expect(books.events.filter(({ type }) => type === "charge.discarded")).toHaveLength(1);
    expect(books.view().steps).toHaveLength(2);
  });

  it("over, leaves the payment expired at that time", () => {
    const books = charged(asking).at(settledAt);
    books.sweep();
    expect(books.view().payment).toMatchObject({ state: "expired", expiredAt: settledAt, closedAt: null });
  });
});

describe("the wallet's word", () => {
  const contradictions: OperationAnswer[] = [
    said.yes,
    { outcome: "succeeded", transactionId: "wau_2" },
    said.no,
    { outcome: "failed", code: "sus-fraud", message: "no" },
    said.never,
    said.unknown,
    said.absent,
  ];
  it.each<[string, OperationAnswer]>([
    ["yes", said.yes],
    ["no", said.no],
    ["never received", said.never],
  ])("of %s stands, whatever is said later", (_name, first) => {
    for (const before of [[], [walletSays(said.unknown)]]) {
      const books = charged(asking, agrees, ...before, walletSays(first));
      const checkout = deepFreeze({ agreement: undefined, charge: books.view() });
      const operation = books.state.operations.get("op_pay_1")!;
      for (const late of contradictions) {
        const { result, changes } = decideAuthorization(checkout, operation, late, null, settledAt, realTime);
        expect(result).toBe(checkout);
        expect(Object.values(changes).flat()).toEqual([]);
      }
    }
  });

  it("of nothing, said again, is news to the order alone", () => {
    const books = charged(asking, agrees, walletSays(said.unknown));
    const [before, events] = [books.view(), books.events.length];
    books.answer({ outcome: "unknown", reason: "still no answer" });
    expect(books.view()).toEqual(before);
    expect(books.events).toHaveLength(events);
    expect(books.state.operations.get("op_pay_1")).toMatchObject({ state: "unknown", reason: "still no answer" });
  });

  it("is kept: its transaction, by which a refund is asked for later", () => {
    const { steps, payment } = charged(asking, agrees, walletSays(said.yes)).view();
    expect(steps).toMatchObject([{ transactionId: "wau_1" }, { transactionId: null }]);
    expect(payment).toMatchObject({ providerTransaction: "wau_1", paidAt: actedAt });
  });

  it("is kept: why it declined, in its words and with its own code", () => {
    const { charge, steps, payment } = charged(asking, agrees, walletSays(said.no)).view();
    const { code, message, providerCode } = said.no;
    expect(charge.failure).toEqual({ by: "wallet", code, message, providerCode });
    expect(steps[0]!.failure).toEqual(charge.failure);
    expect(payment).toMatchObject({ failedAt: actedAt, failReason: message });
  });

  it("counts from when it might have begun: before the order's time is over it may still come", () => {
    const final = later(realTime, callTimeout_ms + limits.operation_clock_skew_ms);
    const books = charged(asking, agrees, walletSays({ outcome: "absent", askedAt: final }));
    expect(books.charged().state).toBe("confirming");
    having(books, walletSays({ outcome: "absent", askedAt: later(final, 1) }));
    expect(books.charged().state).toBe("discarded");
  });

  it("does not change what was refused meanwhile, nor does that change it", () => {
    const books = charged(asking, agrees);
    books.capture(price);
    books.void(1);
    books.discard();
    books.refund(1);
    books.answer(said.yes);
    const { charge, steps, refunds } = books.view();
    expect(charge).toMatchObject({ state: "captured", capturedAmount: price, voidedAmount: 0 });
    expect(steps.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      "authorization succeeded",
      "capture failed",
      "void failed",
      "discard failed",
      "capture succeeded",
    ]);
    expect(refunds).toMatchObject([{ state: "failed" }]);
  });
});

describe("two charges", () => {
  it("have nothing to do with each other, though their references are the same", () => {
    const books = new WalletBooks();
    books.charge({ reference: "same" });
    books.charge({ reference: "same", rules: unasking, currency: "KRW" });
    books.answer(said.yes, "op_2");
    expect([books.charged("chg_1").state, books.charged("chg_2").state]).toEqual(["authenticating", "captured"]);
    expect(books.view("chg_1").payment).toMatchObject({ state: "ready", paidAmount: 0 });
  });
});
