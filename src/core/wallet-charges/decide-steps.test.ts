import { describe, expect, it } from "vitest";
import { deepFreeze, later, minute_ms } from "../fixtures.fixture.ts";
import { limits } from "../limits.ts";
import type { ChargeDetails } from "./charge.ts";
import { chargeAfterRefund, decideCapture, decideDiscard, decideVoid } from "./decide.ts";
import {
  actedAt,
  agrees,
  apart,
  asking,
  captures,
  charged,
  eventLine,
  having,
  price,
  refunds,
  said,
  settledAt,
  settles_s,
  stepLine,
  voids,
  WalletBooks,
  walletSays,
} from "./wallet-books.fixture.ts";

const authorized = (...acts: Parameters<typeof charged>[1][]) =>
  having(charged(apart, agrees, walletSays(said.yes)), ...acts);
const bank = "bank:sandbox";
const shop = "merchant:mer_shop";
const wish = { amount: 1_000, reference: "part-1", labels: { order: "1" } };

describe("a step", () => {
  it("is numbered in the order in which it was made, those that were refused included", () => {
    const books = authorized(captures(price + 1), captures(5_000), voids(price), voids(10_000), (one) => one.discard());
    expect(books.view().steps.map((step) => `${step.id} ${stepLine(step)}`)).toEqual([
      "chg_1-0001 authorization succeeded 15000",
      "chg_1-0002 capture failed 15001 exceeds-authorized-amount",
      "chg_1-0003 capture succeeded 5000",
      "chg_1-0004 void failed 15000 exceeds-authorized-amount",
      "chg_1-0005 void succeeded 10000",
      "chg_1-0006 discard failed merchant nothing-to-discard",
    ]);
  });

  it("stays in that order among a thousand", () => {
    const view = authorized().view();
    const id = (number: number) => `chg_1-${String(number).padStart(4, "0")}`;
    const steps = Array.from({ length: 12 }, (_, index) => ({ ...view.steps[0]!, id: id(index + 1) }));
    const outcome = decideCapture(deepFreeze({ ...view, steps }), wish, actedAt);
    if (!outcome.result.ok) throw new Error(outcome.result.refusal.code);
    expect(outcome.result.value.step.id).toBe(id(13));
    expect(outcome.result.value.view.steps.map((step) => step.id).at(9)).toBe(id(10));
  });

  it.each([
    ["a capture", decideCapture, () => authorized(), "capture succeeded 1000"],
    ["a capture that is refused", decideCapture, () => charged(asking), "capture failed 1000 no-authorized-amount"],
    ["a void", decideVoid, () => authorized(), "void succeeded 1000"],
    ["a void that is refused", decideVoid, () => charged(asking), "void failed 1000 no-authorized-amount"],
  ] as const)("has the merchant's name and labels: %s", (_name, decide, books, line) => {
    const view = deepFreeze(books().view());
    const outcome = decide(view, wish, actedAt);
    if (!outcome.result.ok) throw new Error(outcome.result.refusal.code);
    const { step } = outcome.result.value;
    expect(step).toMatchObject({ reference: "part-1", labels: { order: "1" }, createdAt: actedAt, updatedAt: actedAt });
    expect(stepLine(step)).toBe(line);
    expect(outcome.changes.chargeSteps).toEqual([step]);
    expect(outcome.changes.events.find(({ subjectType }) => subjectType === "charge")!.data.stepId).toBe(step.id);
  });

  it("that gives a charge up has the merchant's name for it", () => {
    const books = charged(asking, (one) => one.discard("chg_1", "given-up"));
    expect(books.view().steps.at(-1)).toMatchObject({ cause: "merchant", reference: "given-up", amount: 0 });
    expect(books.view().payment).toMatchObject({ state: "closed", closedAt: actedAt });
  });

  it("that is refused is what failed last, and changes nothing else", () => {
    const books = authorized(captures(5_000));
    const before = books.view();
    books.void(price);
    const { charge, payment } = books.view();
    const failure = { by: "naru", code: "exceeds-authorized-amount", message: null, providerCode: null };
    expect(payment).toEqual(before.payment);
    expect(charge).toEqual({ ...before.charge, failure, eventSeq: before.charge.eventSeq + 1 });
    books.capture(price);
    books.capture(10_000);
    // What failed last is still that, whatever succeeded since.
    expect(books.charged()).toMatchObject({ state: "captured", failure });
  });

  it("is told of by the next number of its charge", () => {
    const books = authorized(captures(5_000), captures(5_000), captures(5_000), captures(1));
    const told = books.events.filter(({ subjectType }) => subjectType === "charge");
    expect(told.map(({ subjectSeq }) => subjectSeq)).toEqual(told.map((_, index) => index + 1));
    expect(books.charged().eventSeq).toBe(told.length);
    const ofPayment = books.events.filter(({ subjectType }) => subjectType === "payment");
    expect(ofPayment.map(eventLine)).toEqual([
      "payment.ready ready",
      "payment.paid paid",
      "payment.captured paid",
      "payment.captured paid",
    ]);
    expect(ofPayment.map(({ data }) => data.amount)).toEqual([price, 5_000, 5_000, 5_000]);
  });
});

describe("what was authorized", () => {
  it.each<[string, number[], number[], string, number]>([
    ["captured in one", [price], [], "captured paid", price],
    ["captured to the last won", [price - 1, 1], [], "captured paid", price],
    ["let go of in one", [], [price], "voided closed", 0],
    ["let go of to the last won", [], [1, price - 1], "voided closed", 0],
    ["captured in part, the rest let go of", [5_000], [10_000], "captured paid", 5_000],
    ["captured but for one won", [price - 1], [], "authorized paid", price - 1],
    ["let go of but for one won", [], [price - 1], "authorized ready", 0],
    ["captured beyond what is left", [5_000, 10_001], [], "authorized paid", 5_000],
  ])("%s", (_name, captured, voided, states, paid) => {
    const books = authorized(...captured.map(captures), ...voided.map(voids));
    const { charge, payment } = books.view();
    expect(`${charge.state} ${payment.state}`).toBe(states);
    expect([charge.capturedAmount, payment.paidAmount, books.balance(shop), books.balance(bank)]).toEqual([
      paid,
      paid,
      paid,
      0 - paid,
    ]);
  });

  it("and then given back while something is left can be captured still, or let go of", () => {
    const refunded = () => authorized(captures(5_000), refunds(5_000));
    expect(refunded().charged().state).toBe("authorized");
    expect(refunded().view().payment.state).toBe("cancelled");
    const captured = having(refunded(), captures(10_000));
    expect(captured.charged()).toMatchObject({ state: "captured", capturedAmount: price });
    expect(captured.view().payment).toMatchObject({ state: "paid", paidAmount: price, refundedAmount: 5_000 });
    const voided = having(refunded(), voids(10_000));
    expect(voided.charged()).toMatchObject({ state: "refunded", voidedAmount: 10_000 });
    expect(voided.view().payment.state).toBe("cancelled");
  });

  it("keeps the first capture's time as that of the payment", () => {
    const books = authorized(captures(5_000)).at(settledAt);
    books.capture(5_000);
    expect(books.view().payment).toMatchObject({ paidAt: actedAt, updatedAt: settledAt });
  });
});

describe("a capture's settlement", () => {
  const settling = (settles: ChargeDetails["settles"], ...amounts: number[]) => {
    const books = new WalletBooks();
    books.charge({ rules: apart, details: { shown: {}, settles, confirms_s: null } });
    return having(books, agrees, walletSays(said.yes), ...amounts.map(captures));
  };

  it.each(["received", "missing"] as const)("is waited for, and %s in time", (as) => {
    const books = settling({ after_s: settles_s, as }, price);
    expect(books.charged()).toMatchObject({ funds: "waiting", dueAt: settledAt });
    expect(books.at(later(settledAt, -1)).sweep()).toBe(0);
    expect(books.at(settledAt).sweep()).toBe(1);
    expect(books.charged()).toMatchObject({ state: "captured", funds: as, dueAt: null });
    expect(books.sweep()).toBe(0);
  });

  it("is not waited for where none is expected", () => {
    const books = settling({ after_s: 0, as: "not-expected" }, price);
    expect(books.charged()).toMatchObject({ funds: "not-expected", dueAt: null });
    expect(books.at(settledAt).sweep()).toBe(0);
  });

  it("is told of for each capture that succeeded, by that capture", () => {
    const books = settling({ after_s: settles_s, as: "received" }, 5_000, price, 10_000).at(settledAt);
    const events = books.events.length;
    books.sweep();
    const told = books.events.slice(events);
    expect(told.map(({ type, data }) => `${type} ${data.stepId}`)).toEqual([
      "charge.funds_changed chg_1-0002",
      "charge.funds_changed chg_1-0004",
    ]);
    expect(books.charged().eventSeq).toBe(told.at(-1)!.subjectSeq);
  });

  it("comes for each capture in its own time, also of what was given back meanwhile", () => {
    const books = settling({ after_s: settles_s, as: "received" }, 5_000).at(later(actedAt, minute_ms));
    books.capture(10_000);
    expect(books.charged()).toMatchObject({ funds: "waiting", dueAt: settledAt });
    const told = () =>
      books.events.filter(({ type }) => type === "charge.funds_changed").map(({ data }) => data.stepId);
    having(books, refunds(price)).at(settledAt).sweep();
    expect(books.charged()).toMatchObject({ state: "refunded", funds: "waiting", dueAt: later(settledAt, minute_ms) });
    expect(told()).toEqual(["chg_1-0002"]);
    books.at(later(settledAt, minute_ms)).sweep();
    expect(books.charged()).toMatchObject({ funds: "received", dueAt: null });
    expect(told()).toEqual(["chg_1-0002", "chg_1-0003"]);
  });

  it("is no reason to give up what is still authorized", () => {
    const books = settling({ after_s: settles_s, as: "received" }, 5_000).at(settledAt);
    books.sweep();
    expect(books.charged()).toMatchObject({ state: "authorized", funds: "received" });
    having(books, captures(10_000));
    expect(books.charged()).toMatchObject({ state: "captured", funds: "waiting" });
  });
});

describe("a charge with many steps", () => {
  const { charge_operations_max, charge_refusals_max } = limits;
  const repeat = (count: number, act: (books: WalletBooks) => unknown) => Array.from({ length: count }, () => act);
  const refusal = (max: number) => ({ ok: false, refusal: { code: "too-many-operations", max } });

  it("keeps no more that are refused, so that what is in order has room", () => {
    const books = authorized(...repeat(charge_refusals_max - 1, captures(price + 1)));
    const [before, events] = [books.view(), books.events.length];
    const refused = refusal(charge_refusals_max);
    expect(books.capture(price + 1)).toEqual(refused);
    expect(books.void(price + 1)).toEqual(refused);
    expect(books.discard()).toEqual(refused);
    expect(books.refund(1)).toEqual(refused);
    expect(books.view()).toEqual(before);
    expect(books.events).toHaveLength(events);
    having(books, captures(10_000), voids(5_000), refunds(10_000));
    expect(books.charged()).toMatchObject({ state: "refunded", capturedAmount: 10_000, voidedAmount: 5_000 });
  });

  it("takes no more at all beyond the last", () => {
    const books = authorized(...repeat(charge_operations_max - 2, captures(1)), (one) => one.refund(1));
    const { steps, refunds: made } = books.view();
    expect(steps.length + made.length).toBe(charge_operations_max);
    books.answerRefund(said.yes);
    const refused = refusal(charge_operations_max);
    expect([books.capture(1), books.void(1), books.refund(1)]).toEqual([refused, refused, refused]);
    expect(books.charged().capturedAmount).toBe(charge_operations_max - 2);
  });

  it("can still be paid, and be given up", () => {
    const crowd = repeat(charge_refusals_max + 1, (books) => books.refund(1));
    const paid = charged(asking, ...crowd, agrees, walletSays(said.yes));
    expect(paid.charged().state).toBe("captured");
    const discarded = charged(asking, ...crowd, (books) => books.discard());
    expect(discarded.charged().state).toBe("discarded");
  });
});

describe("the rules", () => {
  it("leave what they are given as it was", () => {
    const books = authorized(captures(5_000), refunds(1_000));
    const view = deepFreeze(books.view());
    const reversed = deepFreeze({ ...view, steps: [...view.steps].reverse() });
    for (const one of [view, reversed]) {
      decideCapture(one, wish, actedAt);
      decideVoid(one, wish, actedAt);
      decideDiscard(one, null, actedAt);
      chargeAfterRefund(one, one.refunds[0]!, actedAt);
    }
  });
});
