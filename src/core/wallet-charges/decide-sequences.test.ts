import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deepFreeze, hour_ms, later, minute_ms } from "../fixtures.fixture.ts";
import { day_ms } from "../limits.ts";
import type { OperationAnswer } from "../operations/operation.ts";
import { refundable } from "../refunds/decide.ts";
import type { Refund } from "../refunds/refund.ts";
import { type ChargeState, uncaptured } from "./charge.ts";
import type { CheckoutOf } from "./checkouts.ts";
import type { ChargeView, CheckoutEnd, MethodRules } from "./decide.ts";
import type { ChargeStep } from "./step.ts";
import { agreed, apart, asking, price, said, unasking, WalletBooks } from "./wallet-books.fixture.ts";

/** `which`: the so manieth of those there are. */
type Move =
  | { does: "charge"; rules: MethodRules; amount: number; under: number | null }
  | { does: "agree"; rules: MethodRules; amount: number | null }
  | { does: "authorize" | "end"; how: CheckoutEnd; of: "charge" | "agreement"; which: number }
  | { does: "answer"; which: number; answer: OperationAnswer }
  /** Without an amount: all that is left. */
  | { does: "capture" | "void" | "refund"; which: number; amount: number | null }
  | { does: "discard" | "revoke"; which: number }
  | { does: "answer-refund"; which: number; answer: OperationAnswer }
  | { does: "wait"; for_ms: number };

const which = fc.nat(20);
const rules = fc.constantFrom(asking, apart, unasking, { ...unasking, separateCapture: true });
const amounts = fc.constantFrom(null, null, null, 1, 5_000, 10_000, price + 1, Number.MAX_SAFE_INTEGER);
const answer = fc.constantFrom<OperationAnswer>(agreed, agreed, agreed, said.no, said.unknown, said.absent, said.never);
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant("charge" as const),
      rules,
      amount: fc.constantFrom(price, price, 49),
      under: fc.option(which),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant("agree" as const),
      rules,
      amount: fc.constantFrom(price, price, null, 49),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constantFrom("authorize", "authorize", "authorize", "end"),
      how: fc.constantFrom<CheckoutEnd>("canceled-by-consumer", "authentication-failed", "expired"),
      of: fc.constantFrom("charge", "agreement"),
      which,
    }),
  },
  { weight: 6, arbitrary: fc.record({ does: fc.constant("answer" as const), which, answer }) },
  { weight: 6, arbitrary: fc.record({ does: fc.constantFrom("capture", "void", "refund"), which, amount: amounts }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom("discard", "revoke"), which }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant("answer-refund" as const), which, answer }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant("wait" as const),
      for_ms: fc.constantFrom(minute_ms, hour_ms, day_ms, 366 * day_ms),
    }),
  },
);

const moves = fc.array(move, { maxLength: 60, size: "max" });

/** The row that is meant, if there is any. */
function pick<Row>(rows: ReadonlyMap<string, Row>, number: number): Row | undefined {
  const all = [...rows.values()];
  return all[number % Math.max(all.length, 1)];
}

function play(books: WalletBooks, one: Move): unknown {
  const { charges, agreements, operations, refunds } = books.state;
  const chargeId = "which" in one ? pick(charges, one.which)?.id : undefined;
  switch (one.does) {
    case "charge": {
      const under = one.under === null ? undefined : pick(agreements, one.under);
      return books.charge({ rules: one.rules, amount: one.amount }, under?.id ?? null);
    }
    case "agree": {
      const initial = one.amount === null ? {} : { initial: { rules: one.rules, amount: one.amount } };
      return books.agree({ rules: one.rules, ...initial });
    }
    case "authorize":
    case "end": {
      const agreementId = pick(agreements, one.which)?.id;
      const id = one.of === "charge" ? chargeId : agreementId;
      if (id === undefined) return undefined;
      const of: CheckoutOf = one.of === "charge" ? { chargeId: id } : { agreementId: id };
      return one.does === "authorize" ? books.authorize(of) : books.end(one.how, of);
    }
    case "answer": {
      const authorizations = new Map([...operations].filter(([, { kind }]) => kind === "authorization"));
      const operation = pick(authorizations, one.which);
      return operation && books.answer(one.answer, operation.id);
    }
    case "capture":
    case "void":
    case "refund": {
      if (chargeId === undefined) return undefined;
      const { charge, payment } = books.view(chargeId);
      const left = one.does === "refund" ? refundable(payment) : uncaptured(charge);
      return books[one.does](one.amount ?? Math.max(left, 1), chargeId);
    }
    case "discard":
      return chargeId && books.discard(chargeId);
    case "revoke": {
      const agreement = pick(agreements, one.which);
      return agreement && books.revoke(agreement.id);
    }
    case "answer-refund": {
      const refund = pick(new Map([...refunds].filter(([, { operationId }]) => operationId !== null)), one.which);
      return refund && books.answerRefund(one.answer, refund.id);
    }
    case "wait":
      return books.at(later(books.now, one.for_ms)).sweep();
  }
}

const always = (holds: (books: WalletBooks, one: Move) => void) =>
  fc.assert(
    fc.property(moves, (all) => {
      const books = new WalletBooks();
      for (const one of all) {
        play(books, one);
        holds(books, one);
      }
    }),
    { numRuns: 100 },
  );

const total = (rows: readonly { amount: number }[]) => rows.reduce((sum, { amount }) => sum + amount, 0);
const succeeded = ({ steps }: ChargeView, kind: ChargeStep["kind"]) =>
  steps.filter((step) => step.kind === kind && step.state === "succeeded");
const inState = ({ refunds }: ChargeView, ...states: Refund["state"][]) =>
  total(refunds.filter(({ state }) => states.includes(state)));
const views = (books: WalletBooks) => [...books.state.charges.keys()].map((id) => books.view(id));

/** Where each state may lead; what is refused leaves every state as it is. */
const table: Record<ChargeState, ChargeState[]> = {
  authorizing: ["authenticating", "confirming", "authorized", "capturing", "discarded", "failed"],
  authenticating: ["authorizing", "discarded", "failed"],
  confirming: ["authorized", "capturing", "discarded", "failed"],
  authorized: ["captured", "voided", "refunded"],
  capturing: ["captured"],
  captured: ["refunded"],
  refunded: [],
  voided: [],
  discarded: [],
  failed: [],
};

const payments: Record<ChargeState, string[]> = {
  authorizing: ["ready"],
  authenticating: ["ready"],
  confirming: ["ready"],
  authorized: ["ready", "paid", "cancelled"],
  capturing: [],
  captured: ["paid"],
  refunded: ["cancelled"],
  voided: ["closed"],
  discarded: ["expired", "closed"],
  failed: ["failed"],
};

describe("after any sequence of requests, in whatever order they come", () => {
  it("no more is captured and let go of than was authorized, no more given back than was captured", () => {
    always((books) => {
      for (const view of views(books)) {
        const { charge, payment } = view;
        const captured = total(succeeded(view, "capture"));
        const voided = total(succeeded(view, "void"));
        expect([charge.capturedAmount, charge.voidedAmount, payment.paidAmount]).toEqual([captured, voided, captured]);
        expect(captured + voided).toBeLessThanOrEqual(charge.amount);
        expect(inState(view, "pending", "unknown", "succeeded")).toBeLessThanOrEqual(captured);
        expect([payment.refundedAmount, payment.pendingRefundAmount]).toEqual([
          inState(view, "succeeded"),
          inState(view, "pending", "unknown"),
        ]);
        const isOver = succeeded(view, "authorization").length === 0;
        expect(isOver ? captured + voided : 0).toBe(0);
      }
    });
  });

  it("the books hold what was captured less what was given back, of each charge", () => {
    always((books) => {
      for (const view of views(books)) {
        const { payment } = view;
        const moved = books.transfers.filter(({ paymentId }) => paymentId === payment.id);
        const balance = (account: string) =>
          total(moved.filter((one) => one.creditAccount === account)) -
          total(moved.filter((one) => one.debitAccount === account));
        const { paidAmount, refundedAmount, pendingRefundAmount } = payment;
        expect(balance("merchant:mer_shop")).toBe(paidAmount - refundedAmount - pendingRefundAmount);
        expect(balance("refunds:sandbox")).toBe(pendingRefundAmount);
        expect(balance("bank:sandbox")).toBe(refundedAmount - paidAmount);
        const captures = moved.filter(({ code }) => code === "capture");
        expect(captures.map(({ captureId, amount }) => [captureId, amount])).toEqual(
          succeeded(view, "capture").map(({ id, amount }) => [id, amount]),
        );
        for (const { amount } of moved) expect(amount).toBeGreaterThan(0);
      }
    });
  });

  it("a charge is what its steps and refunds make it, and its payment goes along", () => {
    always((books) => {
      for (const view of views(books)) {
        const { charge, payment, steps } = view;
        const { state, amount, capturedAmount, voidedAmount, dueAt } = charge;
        const [authorization, ...others] = steps.filter(({ kind }) => kind === "authorization");
        expect(others).toEqual([]);
        const isDone = authorization!.state === "succeeded";
        if (isDone) {
          const isRefunded = payment.refundedAmount === capturedAmount;
          const isAll = capturedAmount + voidedAmount === amount;
          const settled = capturedAmount === 0 ? "voided" : isRefunded ? "refunded" : "captured";
          expect(state).toBe(isAll ? settled : "authorized");
        } else {
          const expected = { authorizing: "confirming", authenticating: "authenticating", confirming: "confirming" };
          expect(authorization!.state).toBe(expected[state as keyof typeof expected] ?? "failed");
          expect(["authorizing", "authenticating", "confirming", "failed", "discarded"]).toContain(state);
        }
        expect(succeeded(view, "discard")).toHaveLength(state === "discarded" ? 1 : 0);
        expect(payments[state]).toContain(payment.state);
        // It has a time of its own while a settlement is waited for, or the shopper alone with it.
        const isWaited = charge.funds === "waiting" || (state === "authenticating" && charge.agreementId === null);
        expect(dueAt !== null).toBe(isWaited);
        expect(steps.map(({ id }) => id)).toEqual([...new Set(steps.map(({ id }) => id))].sort());
      }
    });
  });

  it("states move along the table, and those that are final stay", () => {
    always((books) => {
      for (const id of books.state.charges.keys()) {
        const told = books.events.filter(({ subjectId }) => subjectId === id);
        const states = told.map(({ data }) => data.state as ChargeState);
        expect(states[0]).toBe("authorizing");
        for (const [index, state] of states.slice(1).entries()) {
          const from = states[index]!;
          if (state !== from) expect(table[from], `${from} became ${state}`).toContain(state);
          // Only what was just made asks the shopper.
          if (state === "authenticating" && from === "authorizing") expect(index).toBe(0);
        }
      }
    });
  });

  it("every change has exactly one event, by the next number of what changed", () => {
    always((books) => {
      const { payments, charges, refunds, agreements } = books.state;
      for (const rows of [payments, charges, refunds, agreements]) {
        for (const { id, state, eventSeq } of rows.values()) {
          const events = books.events.filter(({ subjectId }) => subjectId === id);
          expect(events.map(({ subjectSeq }) => subjectSeq)).toEqual(Array.from({ length: eventSeq }, (_, n) => n + 1));
          expect(events.at(-1)?.data.state).toBe(state);
        }
      }
    });
  });

  it("an agreement and its first charge share their fate, and orders are what they are about", () => {
    const goTogether: Record<string, string[]> = {
      authenticating: ["authenticating"],
      authorizing: ["authorizing"],
      confirming: ["confirming"],
      failed: ["failed", "discarded"],
    };
    always((books) => {
      const { agreements, charges, operations } = books.state;
      for (const { state, initialChargeId, billingKeyEncrypted, history } of agreements.values()) {
        const charge = initialChargeId === null ? undefined : charges.get(initialChargeId)!;
        if (charge !== undefined) {
          expect(goTogether[state] ?? ["authorized", "captured", "voided", "refunded"]).toContain(charge.state);
        }
        expect(billingKeyEncrypted !== null).toBe(state === "active");
        expect(history.at(-1)!.state).toBe(state);
      }
      const initial = new Set([...agreements.values()].map(({ initialChargeId }) => initialChargeId));
      const ordering = [...charges.values()].filter(({ id }) => !initial.has(id));
      for (const { state, operationId } of [...ordering, ...agreements.values()]) {
        const order = operationId === null ? undefined : operations.get(operationId)!.state;
        const expected = { authorizing: ["pending"], confirming: ["unknown"] }[state as string];
        expect(expected ?? [undefined, "succeeded", "failed"]).toContain(order);
      }
    });
  });

  it("an answer that comes a second time changes nothing", () => {
    fc.assert(
      fc.property(moves, (all) => {
        const books = new WalletBooks();
        for (const one of all) {
          play(books, one);
          if (one.does !== "answer" && one.does !== "answer-refund") continue;
          const rows = deepFreeze(books.rows());
          const told = [books.events.length, books.transfers.length];
          play(books, one);
          expect(books.rows()).toEqual(rows);
          expect([books.events.length, books.transfers.length]).toEqual(told);
        }
      }),
      { numRuns: 50 },
    );
  });

  it("and a refused request changes no row at all, but for what came too late", () => {
    fc.assert(
      fc.property(moves, (all) => {
        const books = new WalletBooks();
        for (const one of all) {
          const rows = deepFreeze(books.rows());
          const result = play(books, one) as { ok?: boolean; refusal?: { code: string } } | undefined;
          if (result?.ok !== false || result.refusal?.code === "too-late") continue;
          expect(books.rows()).toEqual(rows);
        }
      }),
      { numRuns: 50 },
    );
  });
});

it("the sequences reach every state there is", () => {
  const seen = new Set<string>();
  for (const all of fc.sample(moves, { numRuns: 200, seed: 1 })) {
    const books = new WalletBooks();
    for (const one of all) play(books, one);
    for (const { state } of [...books.state.charges.values(), ...books.state.agreements.values()]) seen.add(state);
  }
  const { capturing: _, ...lasting } = table;
  expect([...seen]).toEqual(expect.arrayContaining([...Object.keys(lasting), "active", "revoked-by-merchant"]));
});
