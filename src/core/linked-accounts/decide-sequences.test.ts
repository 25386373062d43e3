import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answers, later, minute_ms, realTime } from "../fixtures.fixture.ts";
import { limits } from "../limits.ts";
import type { OperationAnswer } from "../operations/operation.ts";
import { wireIdOf } from "./decide-charge.ts";
import { MemberBooks, purse } from "./member-books.fixture.ts";

const answer = fc.oneof(
  fc.constant<OperationAnswer>(answers.succeeded),
  fc.constantFrom<OperationAnswer>(...Object.values(answers), {
    outcome: "absent",
    askedAt: later(realTime, 60 * minute_ms),
  }),
);
/** Often so much that two do not fit. */
const amount = fc.oneof(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: limits.member_balance_max }));
const nth = fc.nat({ max: 2 });
/** Charges and cancellations by few names, so that they meet. */
const name = fc.option(fc.constantFrom("one", "two", "three"), { nil: undefined });

const move = fc.oneof(
  fc.record({ kind: fc.constant("charge" as const), amount, name }),
  fc.record({ kind: fc.constant("answer" as const), nth, answer }),
  fc.record({ kind: fc.constant("cancel" as const), nth, name }),
  fc.record({ kind: fc.constant("answer-cancel" as const), nth, answer }),
  fc.record({ kind: fc.constant("auto" as const), amount }),
  // What is deposited may be taken back by the bank, whatever the balance.
  fc.record({ kind: fc.constant("deposit" as const), amount: fc.integer({ min: -1_000_000, max: 1_000_000 }) }),
  fc.record({ kind: fc.constant("look" as const), after_s: fc.nat({ max: 4_000 }) }),
);
type Move = typeof move extends fc.Arbitrary<infer Value> ? Value : never;

function play(books: MemberBooks, one: Move): void {
  const { withdrawals, refunds } = books.state;
  switch (one.kind) {
    case "charge":
      books.charge({ amount: one.amount, ...(one.name && { reference: one.name }) });
      return;
    case "answer": {
      const found = [...withdrawals.values()][one.nth];
      if (found !== undefined) books.answer(one.answer, found.paymentId);
      return;
    }
    case "cancel": {
      const found = [...withdrawals.values()][one.nth];
      const wireId = wireIdOf(found?.paymentId ?? "pay_0");
      books.cancel({ wireId, ...(one.name && { reference: one.name }) });
      return;
    }
    case "answer-cancel": {
      const found = [...refunds.values()][one.nth];
      if (found !== undefined) books.answerCancel(one.answer, found.id);
      return;
    }
    case "auto":
      books.setAutoCharge(one.amount, one.amount);
      return;
    case "deposit":
      books.deposit(one.amount);
      return;
    case "look":
      books.now = later(books.now, one.after_s * 1_000);
      books.look();
  }
}

const sum = (rows: Iterable<{ amount: number; state: string }>, ...states: string[]) =>
  [...rows].filter(({ state }) => states.includes(state)).reduce((total, { amount }) => total + amount, 0);

describe("however charges, cancellations and what PG and bank say follow each other", () => {
  it("no money is lost or doubled, no balance is spent twice, and none is charged beyond its limit", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const books = new MemberBooks();
        let deposited = 0;
        for (const one of moves) {
          if (one.kind === "deposit") deposited += one.amount;
          const [before, made] = [books.balance(), books.state.withdrawals.size];
          play(books, one);
          const { withdrawals, refunds, payments } = books.state;
          const drawn = sum(withdrawals.values(), "succeeded");
          const out = sum(refunds.values(), "succeeded");
          const onItsWay = sum(refunds.values(), "pending", "unknown");
          expect(books.balance()).toBe(deposited + drawn - out - onItsWay);
          expect(books.balance()).toBe(books.state.balances.get(purse));
          if (one.kind === "cancel" && books.balance() < before) expect(books.balance()).toBeGreaterThanOrEqual(0);
          expect(books.balance("refunds:sandbox")).toBe(onItsWay);
          expect(books.balance("bank:sandbox") + deposited + drawn - out).toBe(0);
          if (one.kind === "charge" || one.kind === "look") {
            const coming = sum(withdrawals.values(), "pending", "unknown");
            if (withdrawals.size > made) expect(before + coming).toBeLessThanOrEqual(limits.member_balance_max);
          }
          const unsettled = [...withdrawals.values()].filter(({ state }) => state === "pending" || state === "unknown");
          expect(unsettled.filter(({ automatic }) => automatic).length).toBeLessThanOrEqual(1);
          for (const { paymentId, state, amount } of withdrawals.values()) {
            const payment = payments.get(paymentId)!;
            const allowed = {
              succeeded: ["paid", "cancelled"],
              failed: ["failed"],
              pending: ["ready"],
              unknown: ["ready"],
            };
            expect(allowed[state]).toContain(payment.state);
            expect(payment.paidAmount).toBe(state === "succeeded" ? amount : 0);
            const given = [...refunds.values()].filter((refund) => refund.paymentId === paymentId);
            expect(sum(given, "succeeded", "pending", "unknown")).toBeLessThanOrEqual(payment.paidAmount);
          }
          expect(withdrawals.size).toBe(payments.size);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("each change is told once, without a gap", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        const books = new MemberBooks();
        for (const one of moves) play(books, one);
        const { payments, withdrawals, refunds, members } = books.state;
        for (const { id, eventSeq } of [payments, withdrawals, refunds, members].flatMap((rows) => [
          ...rows.values(),
        ])) {
          const told = books.events.filter(({ subjectId }) => subjectId === id).map(({ subjectSeq }) => subjectSeq);
          // The member was registered before.
          const first = members.has(id) ? 2 : 1;
          expect(told).toEqual(Array.from({ length: eventSeq - first + 1 }, (_, index) => first + index));
        }
      }),
      { numRuns: 100 },
    );
  });

  it("a name stands for one charge or one cancellation", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
        const books = new MemberBooks();
        for (const one of moves) play(books, one);
        const { payments, refunds } = books.state;
        const names = [...payments.values(), ...refunds.values()].map(({ reference }) => reference);
        expect(new Set(names).size).toBe(names.length);
      }),
      { numRuns: 100 },
    );
  });
});
