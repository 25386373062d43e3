import { describe, expect, it } from "vitest";
import { callTimeout_ms, deepFreeze, later, realTime } from "../fixtures.fixture.ts";
import { day_ms } from "../limits.ts";
import type { OperationAnswer } from "../operations/operation.ts";
import { decideWalletRefund, refundObjection } from "./decide-refund.ts";
import {
  type Act,
  actedAt,
  agrees,
  apart,
  asking,
  captures,
  charged,
  effectOf,
  having,
  price,
  refunds,
  said,
  settledAt,
  voids,
  type WalletBooks,
  walletSays,
} from "./wallet-books.fixture.ts";

const shop = "merchant:mer_shop";
const bank = "bank:sandbox";
const onItsWay = "refunds:sandbox";

const captured = (...acts: Act[]) => charged(asking, agrees, walletSays(said.yes), ...acts);
const authorized = (...acts: Act[]) => charged(apart, agrees, walletSays(said.yes), ...acts);
const asks =
  (amount: number): Act =>
  (books) => {
    const result = books.refund(amount);
    if (!result.ok) throw new Error(result.refusal.code);
  };
const answers =
  (answer: OperationAnswer, id = "rfd_1"): Act =>
  (books) =>
    books.answerRefund(answer, id);
const declined = {
  outcome: "failed",
  code: "exceeds-refundable-amount",
  message: "Refund Failed, amount exceeds what is left",
  providerCode: "-710",
} as const satisfies OperationAnswer;

describe("what may be given back", () => {
  it.each<[string, WalletBooks, number, string | undefined]>([
    ["nothing of what waits for the shopper", charged(asking), 1, "exceeds-refundable-amount"],
    ["nothing of what was authorized alone", authorized(), 1, "exceeds-refundable-amount"],
    ["nothing of what was let go of", authorized(voids(price)), 1, "exceeds-refundable-amount"],
    ["all that was captured", captured(), price, undefined],
    ["one won of it", captured(), 1, undefined],
    ["one won more than that: not", captured(), price + 1, "exceeds-captured-amount"],
    ["an amount beyond all reason: not", captured(), Number.MAX_SAFE_INTEGER, "exceeds-captured-amount"],
    ["what was captured in part", authorized(captures(5_000)), 5_000, undefined],
    ["more than was captured in part: not", authorized(captures(5_000)), 5_001, "exceeds-captured-amount"],
    ["what was captured in two parts", authorized(captures(5_000), captures(1)), 5_001, undefined],
    ["the rest", captured(refunds(5_000)), 10_000, undefined],
    ["more than the rest: not", captured(refunds(5_000)), 10_001, "exceeds-captured-amount"],
    ["nothing after all", captured(refunds(price)), 1, "exceeds-refundable-amount"],
    ["nothing while a part is under way", captured(asks(1)), 1, "simultaneous-operation-in-progress"],
    ["nothing while all is under way", captured(asks(price)), 1, "simultaneous-operation-in-progress"],
    ["too much while a part is under way: not", captured(asks(1)), price, "simultaneous-operation-in-progress"],
    [
      "nothing while it is not known what became of a part",
      captured(asks(1), answers(said.unknown)),
      1,
      "simultaneous-operation-in-progress",
    ],
    ["all, once the wallet declined a part", captured(asks(1), answers(declined)), price, undefined],
    ["all, once it is known that a part was never received", captured(asks(1), answers(said.never)), price, undefined],
    ["the rest, once another was refused", captured(refunds(5_000), asks(price)), 10_000, undefined],
    ["what was captured after all was given back", authorized(captures(1), refunds(1), captures(2)), 2, undefined],
  ])("%s", (_name, books, amount, objection) => {
    expect(refundObjection(deepFreeze(books.view()), { amount, within_days: 365 }, actedAt)).toBe(objection);
  });

  it.each<[number | null, number, boolean]>([
    [365, 365 * day_ms, true],
    [365, 365 * day_ms + 1, false],
    [1, day_ms, true],
    [1, day_ms + 1, false],
    [0, 0, true],
    [0, 1, false],
    [null, 100 * 365 * day_ms, true],
  ])("within %s days: after %i ms is %s", (within_days, after_ms, may) => {
    const objection = refundObjection(captured().view(), { amount: 1, within_days }, later(actedAt, after_ms));
    expect(objection).toBe(may ? undefined : "refund-period-expired");
  });

  it("is told in one order: another under way, nothing left, too much, too late", () => {
    const late = later(actedAt, 366 * day_ms);
    const objections = [captured(asks(1)), captured(refunds(price)), captured(), captured()].map((books, index) =>
      refundObjection(books.view(), { amount: index === 3 ? price : price + 1, within_days: 365 }, late),
    );
    expect(objections).toEqual([
      "simultaneous-operation-in-progress",
      "exceeds-refundable-amount",
      "exceeds-captured-amount",
      "refund-period-expired",
    ]);
  });

  it("counts its days from the first capture", () => {
    const books = authorized(captures(5_000)).at(settledAt);
    books.capture(10_000);
    const now = later(actedAt, 365 * day_ms + 1);
    expect(refundObjection(books.view(), { amount: 1, within_days: 365 }, now)).toBe("refund-period-expired");
  });
});

const wish = {
  refundId: "rfd_1",
  operationId: "op_rfd_1",
  amount: 900,
  reference: "return-1",
  descriptor: "returned",
  reason: "CUSTOMER_REQUEST",
  labels: { till: "7" },
  within_days: 365,
  callTimeout_ms,
};
const decide = (books: WalletBooks, wanted: Partial<typeof wish> = {}, now = actedAt) => {
  const { result, changes } = decideWalletRefund(deepFreeze(books.view()), { ...wish, ...wanted }, now, realTime);
  if (!result.ok) throw new Error(result.refusal.code);
  return { ...result.value, changes };
};

describe("a refund that is asked for", () => {
  it("is kept with all that the merchant says of it, and its amount with it", () => {
    const { refund, view, changes } = decide(captured());
    const { reference, descriptor, reason, labels, amount } = wish;
    expect(refund).toMatchObject({
      id: "rfd_1",
      paymentId: "pay_1",
      operationId: "op_rfd_1",
      connector: "sandbox",
      currency: "KRW",
      state: "pending",
      bankCode: null,
      numberEncrypted: null,
      requestedAt: actedAt,
      completedAt: null,
      eventSeq: 1,
      ...{ reference, descriptor, reason, labels, amount },
    });
    expect(view.payment).toMatchObject({ state: "paid", pendingRefundAmount: 900, refundedAmount: 0 });
    expect(view.refunds).toEqual([refund]);
    expect(view.charge).toEqual(captured().charged());
    expect(changes).toMatchObject({ payments: [view.payment], refunds: [refund], charges: [] });
    expect(changes.transfers).toMatchObject([
      { debitAccount: shop, creditAccount: onItsWay, amount: 900, code: "refund-reserved", refundId: "rfd_1" },
    ]);
  });

  it("is an order to the wallet, known by its amount, its currency and what it gives back", () => {
    const { operation, changes } = decide(captured());
    expect(changes.operations).toEqual([operation]);
    expect(operation).toMatchObject({
      id: "op_rfd_1",
      kind: "wallet-refund",
      subjectId: "rfd_1",
      state: "pending",
      validUntil: later(realTime, callTimeout_ms),
    });
    const other = charged(asking, agrees, walletSays({ outcome: "succeeded", transactionId: "wau_2" }));
    const hashes = [decide(captured()), decide(captured(), { amount: 901 }), decide(other)].map(
      (one) => one.operation!.requestHash,
    );
    expect(new Set(hashes).size).toBe(3);
    expect(decide(captured(), { reference: "another" }).operation!.requestHash).toBe(hashes[0]);
  });

  it("and refused is kept too, with its reason and no order, and takes nothing", () => {
    const before = captured();
    const { refund, view, operation, changes } = decide(before, { amount: price + 1 });
    expect(operation).toBeUndefined();
    expect(refund).toMatchObject({
      state: "failed",
      operationId: null,
      amount: price + 1,
      failureCode: "exceeds-captured-amount",
      reference: "return-1",
      labels: { till: "7" },
      completedAt: actedAt,
    });
    expect(view.payment).toEqual(before.view().payment);
    const failure = { by: "naru", code: "exceeds-captured-amount", message: null, providerCode: null };
    expect(view.charge).toMatchObject({ state: "captured", failure });
    expect(changes).toMatchObject({ refunds: [refund], charges: [view.charge], operations: [], transfers: [] });
    expect(changes.events.map(({ type, subjectSeq, data }) => `${type} ${subjectSeq} ${data.refundId}`)).toEqual([
      "refund.failed 1 undefined",
      "charge.refund_failed 6 rfd_1",
    ]);
  });

  it("too late says so of the method's rules, which are the wallet's", () => {
    const { refund } = decide(captured(), {}, later(actedAt, 366 * day_ms));
    expect(refund).toMatchObject({ state: "failed", failureCode: "refund-period-expired", operationId: null });
  });
});

interface Course {
  name: string;
  books(): WalletBooks;
  answer: OperationAnswer;
  refund: string;
  /** The charge's state, and the payment's with what was refunded and what is under way. */
  becomes: string;
  events: string[];
  transfers: string[];
  /** Of the merchant, of money on its way out, of the wallet (as a credit balance). */
  balances: [number, number, number];
}

const courses: Course[] = [
  {
    name: "all of it: the charge is refunded",
    books: () => captured(asks(price)),
    answer: said.yes,
    refund: "succeeded",
    becomes: "refunded cancelled 15000 0",
    events: ["refund.succeeded succeeded", "payment.cancelled cancelled", "charge.refunded refunded"],
    transfers: [`${onItsWay} -> ${bank} 15000 refund-paid`],
    balances: [0, 0, 0],
  },
  {
    name: "a part of it: the charge stays captured",
    books: () => captured(asks(5_000)),
    answer: said.yes,
    refund: "succeeded",
    becomes: "captured paid 5000 0",
    events: ["refund.succeeded succeeded", "payment.partly_refunded paid", "charge.refunded captured"],
    transfers: [`${onItsWay} -> ${bank} 5000 refund-paid`],
    balances: [10_000, 0, -10_000],
  },
  {
    name: "all that was captured, while something is still authorized",
    books: () => authorized(captures(5_000), asks(5_000)),
    answer: said.yes,
    refund: "succeeded",
    becomes: "authorized cancelled 5000 0",
    events: ["refund.succeeded succeeded", "payment.cancelled cancelled", "charge.refunded authorized"],
    transfers: [`${onItsWay} -> ${bank} 5000 refund-paid`],
    balances: [0, 0, 0],
  },
  {
    name: "all that was captured when it was asked for, and more was captured since",
    books: () => authorized(captures(5_000), asks(5_000), captures(10_000)),
    answer: said.yes,
    refund: "succeeded",
    becomes: "captured paid 5000 0",
    events: ["refund.succeeded succeeded", "payment.partly_refunded paid", "charge.refunded captured"],
    transfers: [`${onItsWay} -> ${bank} 5000 refund-paid`],
    balances: [10_000, 0, -10_000],
  },
  {
    name: "all that was captured, and the rest was let go of since",
    books: () => authorized(captures(5_000), asks(5_000), voids(10_000)),
    answer: said.yes,
    refund: "succeeded",
    becomes: "refunded cancelled 5000 0",
    events: ["refund.succeeded succeeded", "payment.cancelled cancelled", "charge.refunded refunded"],
    transfers: [`${onItsWay} -> ${bank} 5000 refund-paid`],
    balances: [0, 0, 0],
  },
  {
    name: "declined: the amount is the merchant's again",
    books: () => captured(asks(5_000)),
    answer: declined,
    refund: "failed exceeds-refundable-amount",
    becomes: "captured paid 0 0",
    events: ["refund.failed failed", "charge.refund_failed captured"],
    transfers: [`${onItsWay} -> ${shop} 5000 refund-released`],
    balances: [price, 0, -price],
  },
  {
    name: "no answer: the amount stays on its way, and that is told",
    books: () => captured(asks(price)),
    answer: said.unknown,
    refund: "unknown",
    becomes: "captured paid 0 15000",
    events: ["refund.unknown unknown", "charge.refund_pending captured"],
    transfers: [],
    balances: [0, price, -price],
  },
  {
    name: "no answer again, for another reason: nothing more is told",
    books: () => captured(asks(price), answers(said.unknown)),
    answer: { outcome: "unknown", reason: "the line is dead" },
    refund: "unknown",
    becomes: "captured paid 0 15000",
    events: [],
    transfers: [],
    balances: [0, price, -price],
  },
  {
    name: "no answer, and then a yes",
    books: () => captured(asks(price), answers(said.unknown)),
    answer: said.yes,
    refund: "succeeded",
    becomes: "refunded cancelled 15000 0",
    events: ["refund.succeeded succeeded", "payment.cancelled cancelled", "charge.refunded refunded"],
    transfers: [`${onItsWay} -> ${bank} 15000 refund-paid`],
    balances: [0, 0, 0],
  },
  {
    name: "never received: the amount is the merchant's again",
    books: () => captured(asks(price), answers(said.unknown)),
    answer: said.never,
    refund: "failed never-received",
    becomes: "captured paid 0 0",
    events: ["refund.failed failed", "charge.refund_failed captured"],
    transfers: [`${onItsWay} -> ${shop} 15000 refund-released`],
    balances: [price, 0, -price],
  },
  {
    name: "the last of several: the charge is refunded",
    books: () => captured(refunds(5_000), refunds(9_999), (books) => books.refund(1)),
    answer: said.yes,
    refund: "succeeded",
    becomes: "refunded cancelled 15000 0",
    events: ["refund.succeeded succeeded", "payment.cancelled cancelled", "charge.refunded refunded"],
    transfers: [`${onItsWay} -> ${bank} 1 refund-paid`],
    balances: [0, 0, 0],
  },
];

const lastRefund = (books: WalletBooks) => books.view().refunds.at(-1)!;

describe("what the wallet says of a refund", () => {
  it.each(courses)("$name", ({ name: _, books: begin, answer, ...expected }) => {
    const books = begin();
    const { id } = lastRefund(books);
    const { events, transfers } = effectOf(books, answers(answer, id));
    const { charge, payment } = books.view();
    const { state, failureCode } = books.refunded(id);
    expect({
      refund: failureCode === null ? state : `${state} ${failureCode}`,
      becomes: `${charge.state} ${payment.state} ${payment.refundedAmount} ${payment.pendingRefundAmount}`,
      events,
      transfers,
      balances: [shop, onItsWay, bank].map((account) => books.balance(account)),
    }).toEqual(expected);
  });

  it.each(courses)("$name; said again it changes nothing", ({ books: begin, answer }) => {
    const books = begin();
    const { id } = lastRefund(books);
    books.answerRefund(answer, id);
    const rows = books.rows();
    const { events, steps, transfers } = effectOf(books.at(settledAt), answers(answer, id));
    expect([...events, ...steps, ...transfers]).toEqual([]);
    expect(books.rows()).toEqual(rows);
  });

  it.each<[string, OperationAnswer]>([
    ["yes", said.yes],
    ["no", declined],
    ["never received", said.never],
  ])("of %s stands, also when the charge was refunded in full since", (_name, first) => {
    const settled = () => captured(asks(5_000), answers(first));
    for (const books of [settled(), having(settled(), refunds(first === said.yes ? 10_000 : price))]) {
      const rows = books.rows();
      for (const late of [said.yes, declined, said.never, said.unknown, said.absent]) {
        const { events, transfers } = effectOf(books, answers(late));
        expect([...events, ...transfers]).toEqual([]);
      }
      expect(books.rows()).toEqual(rows);
    }
  });

  it("is kept: why it declined, in its words and with its own code", () => {
    const books = captured(asks(5_000), answers(declined));
    const { code, message, providerCode } = declined;
    expect(books.refunded()).toMatchObject({ failureCode: code, failureMessage: message, providerCode });
    expect(books.charged().failure).toEqual({ by: "wallet", code, message, providerCode });
  });

  it("is what a refund of a charge that is refunded cannot undo", () => {
    const books = captured(refunds(price));
    const { events, steps } = effectOf(books, (one) => one.refund(1));
    expect(steps).toEqual(["refund failed 1 exceeds-refundable-amount"]);
    expect(events).toEqual(["refund.failed failed", "charge.refund_failed refunded"]);
    expect(books.view().payment).toMatchObject({ state: "cancelled", refundedAmount: price, pendingRefundAmount: 0 });
  });
});
