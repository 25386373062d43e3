import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  answers,
  Books,
  callTimeout_ms,
  deepFreeze,
  hour_ms,
  issuedAt,
  later,
  minute_ms,
  price,
  realTime,
  receiptRequest,
} from "../fixtures.fixture.ts";
import { limits } from "../limits.ts";
import type { OperationAnswer } from "../operations/operation.ts";
import { refundable } from "../refunds/decide.ts";
import { decideCancelReceipt, decideReceipt, decideReceiptOutcome, type ReceiptRequest } from "./decide.ts";
import { currentReceipt, type Receipt, type ReceiptState, type Sale, saleKey } from "./receipt.ts";

const askedAt = later(issuedAt, 2 * hour_ms);
const issued = { outcome: "succeeded", transactionId: "brc_1", approvalNumber: "123456789" } as const;
const never: OperationAnswer = {
  outcome: "absent",
  askedAt: later(realTime, callTimeout_ms + limits.operation_clock_skew_ms + 1),
};

type Step = (books: Books) => unknown;

/** The books after these steps. */
function having(books: Books, ...steps: Step[]): Books {
  for (const step of steps) step(books);
  return books;
}

const ready = () => Books.with({});
const paid = (...steps: Step[]) => having(ready(), (books) => books.receive(), ...steps);
const reversed: Step = (books) => books.receive({ kind: "reversal" });
const refunded =
  (amount: number | null, answer: OperationAnswer): Step =>
  (books) => {
    books.refund({ amount });
    books.answerRefund(answer);
  };
const asked: Step = (books) => books.receipt();
const answered =
  (answer: OperationAnswer, id = "rct_1"): Step =>
  (books) =>
    books.answerReceipt(answer, id);
const cancelling: Step = (books) => books.cancelReceipt();

const stateOf = (books: Books) => ({
  payment: books.payment(),
  receipts: [...books.state.receipts.values()],
});
const operationOf = (books: Books, id = "rct_1") => books.state.operations.get(books.receiptOf(id).operationId)!;

describe("issuing a cash receipt", () => {
  it.each<[string, Books, Partial<ReceiptRequest>, object | undefined]>([
    ["for a paid payment", paid(), {}, undefined],
    ["for a payment that was not paid", ready(), {}, { code: "not-paid", state: "ready" }],
    ["for a payment the bank took back", paid(reversed), {}, { code: "not-paid", state: "reversed" }],
    [
      "for a payment refunded in full",
      paid(refunded(null, answers.succeeded)),
      {},
      { code: "not-paid", state: "cancelled" },
    ],
    ["for what is left of a payment", paid(refunded(price - 1, answers.succeeded)), {}, undefined],
    [
      "for a payment all of which is on its way back",
      paid(refunded(null, answers.unknown)),
      {},
      { code: "nothing-left" },
    ],
    ["for a payment whose refund was refused", paid(refunded(null, answers.failed)), {}, undefined],
    ["while one is being issued", paid(asked), {}, { code: "receipt-under-way" }],
    ["while nobody knows whether one was", paid(asked, answered(answers.unknown)), {}, { code: "receipt-under-way" }],
    ["when there is one", paid(asked, answered(issued)), {}, { code: "receipt-exists" }],
    ["while one is being cancelled", paid(asked, answered(issued), cancelling), {}, { code: "receipt-under-way" }],
    [
      "when the PG would not cancel one",
      paid(asked, answered(issued), cancelling, answered(answers.failed)),
      {},
      { code: "receipt-exists" },
    ],
    ["after one was cancelled", paid(asked, answered(issued), cancelling, answered(answers.succeeded)), {}, undefined],
    ["after one was refused", paid(asked, answered(answers.failed)), {}, undefined],
    ["after one was never received", paid(asked, answered(never)), {}, undefined],
    [
      "for a payment that was taken back since: that there is one is told first",
      paid(asked, answered(issued), reversed),
      {},
      { code: "receipt-exists" },
    ],
    ["with all of it free of tax", paid(), { taxFree: price }, undefined],
    ["with more than it free of tax", paid(), { taxFree: price + 1 }, { code: "receipt-tax-exceeds", amount: price }],
    ["with a part free of tax and a tax that sum to it", paid(), { taxFree: 1, vat: price - 1 }, undefined],
    [
      "with a part free of tax and a tax that sum to one won more",
      paid(),
      { taxFree: 1, vat: price },
      { code: "receipt-tax-exceeds", amount: price },
    ],
    ["with a tax of 0", paid(), { vat: 0 }, undefined],
  ])("%s", (_name, books, wanted, refusal) => {
    const request = receiptRequest({ receiptId: "rct_9", operationId: "op_9", ...wanted });
    const { result, changes } = decideReceipt(deepFreeze(stateOf(books)), request, askedAt, realTime);
    expect(result.ok ? undefined : result.refusal).toEqual(refusal);
    if (refusal !== undefined) expect(Object.values(changes).flat()).toEqual([]);
  });

  it("for a payment nobody knows, or another merchant's, is refused", () => {
    const { result } = decideReceipt({ payment: undefined, receipts: [] }, receiptRequest(), askedAt, realTime);
    expect(result).toEqual({ ok: false, refusal: { code: "payment-unknown", id: "pay_1" } });
    expect(paid().receipt({ merchantId: "mer_other" })).toMatchObject({ refusal: { code: "payment-unknown" } });
  });

  it("makes receipt and order, leaves the payment as it is, and tells of the receipt once", () => {
    const state = deepFreeze(stateOf(paid()));
    const { result, changes } = decideReceipt(state, receiptRequest({ taxFree: 100 }), askedAt, realTime);
    if (!result.ok) throw new Error(result.refusal.code);
    const { receipt, operation } = result.value;
    expect(receipt).toEqual({
      id: "rct_1",
      merchantId: "mer_shop",
      paymentId: "pay_1",
      reference: "order-1",
      channelId: "chn_1",
      connector: "sandbox",
      operationId: "op_rct_1",
      type: "person",
      identifierType: null,
      identifierEncrypted: "encrypted",
      identifierMasked: "***678",
      name: null,
      amount: price,
      taxFree: 100,
      vat: 900,
      state: "issuing",
      transactionId: null,
      approvalNumber: null,
      failureCode: null,
      failureMessage: null,
      requestedAt: askedAt,
      issuedAt: null,
      cancelledAt: null,
      updatedAt: askedAt,
      eventSeq: 1,
    });
    expect(operation).toMatchObject({
      id: "op_rct_1",
      kind: "receipt-issue",
      subjectId: "rct_1",
      state: "pending",
      validUntil: later(realTime, callTimeout_ms),
    });
    expect(changes).toMatchObject({ payments: [], receipts: [receipt], operations: [operation] });
    expect(changes.events).toEqual([
      {
        merchantId: "mer_shop",
        subjectType: "receipt",
        subjectId: "rct_1",
        subjectSeq: 1,
        paymentId: "pay_1",
        type: "receipt.issuing",
        data: { state: "issuing", amount: price, reason: null },
        at: askedAt,
      },
    ]);
  });

  it("is for what is left of the payment", () => {
    const books = paid(refunded(3_000, answers.succeeded), (books) => books.refund({ amount: 1_000 }));
    expect(books.receipt()).toMatchObject({ ok: true, value: { receipt: { amount: 6_000, vat: 545 } } });
  });
});

describe("the tax of a receipt", () => {
  it.each([
    [11, 0, null, 1],
    [10, 0, null, 0],
    [21, 0, null, 1],
    [22, 0, null, 2],
    [price, 0, null, 909],
    [price, 100, null, 900],
    [price, 101, null, 899],
    [price, price, null, 0],
    [price, price - 11, null, 1],
    [price, price - 10, null, 0],
    [price, 0, 0, 0],
    [price, 0, 1, 1],
    [price, 0, price, price],
  ])("of %i won with %i free of tax, and a stated tax of %s, is %i", (amount, taxFree, vat, expected) => {
    const request = receiptRequest({ paymentId: null, amount, taxFree, vat });
    const { result } = decideReceipt({ payment: undefined, receipts: [] }, request, askedAt, realTime);
    expect(result).toMatchObject({ ok: true, value: { receipt: { amount, taxFree, vat: expected } } });
  });

  it("is whole won, an eleventh of what is taxed at most, and by less than one won not all of it", () => {
    const amount = fc.integer({ min: 1, max: limits.amount_max });
    fc.assert(
      fc.property(amount, amount, (one, other) => {
        const [taxFree, all] = [Math.min(one, other), Math.max(one, other)];
        const request = receiptRequest({ paymentId: null, amount: all, taxFree });
        const { result } = decideReceipt({ payment: undefined, receipts: [] }, request, askedAt, realTime);
        if (!result.ok) throw new Error(result.refusal.code);
        const { vat } = result.value.receipt;
        expect(Number.isSafeInteger(vat)).toBe(true);
        const short = all - taxFree - 11 * vat;
        expect(short).toBeGreaterThanOrEqual(0);
        expect(short).toBeLessThan(11);
      }),
    );
  });
});

describe("a sale made elsewhere", () => {
  const outside = (wanted: Partial<ReceiptRequest> = {}) =>
    receiptRequest({ paymentId: null, reference: "till-1", amount: 1_100, ...wanted });

  it.each<[string, Partial<ReceiptRequest>, object | undefined]>([
    ["of some amount", {}, undefined],
    ["of one won", { amount: 1 }, undefined],
    ["of nothing", { amount: 0 }, { code: "nothing-left" }],
    ["of no amount", { amount: null }, { code: "nothing-left" }],
    ["with more free of tax than there is", { taxFree: 1_101 }, { code: "receipt-tax-exceeds", amount: 1_100 }],
  ])("%s", (_name, wanted, refusal) => {
    const { result } = decideReceipt({ payment: undefined, receipts: [] }, outside(wanted), askedAt, realTime);
    expect(result.ok ? undefined : result.refusal).toEqual(refusal);
  });

  it("has receipts of its own, whatever a payment of that reference has", () => {
    const books = paid(asked, answered(issued));
    const sale = outside({ receiptId: "rct_out", operationId: "op_out", reference: "order-1" });
    expect(books.receipt(sale)).toMatchObject({ ok: true, value: { receipt: { paymentId: null } } });
    expect(books.receipt(sale)).toMatchObject({ refusal: { code: "receipt-under-way" } });
    expect(books.cancelReceipt(sale)).toMatchObject({ refusal: { code: "receipt-under-way" } });
    books.answerReceipt(answers.failed, "rct_out");
    expect(books.cancelReceipt(sale)).toMatchObject({ refusal: { code: "receipt-unknown" } });
    expect(books.payment().cashReceiptIssued).toBe(true);
  });

  it("is told apart by merchant and reference, and from payments", () => {
    const sales: Sale[] = [
      { merchantId: "mer_1", paymentId: null, reference: "a" },
      { merchantId: "mer_1", paymentId: null, reference: "b" },
      { merchantId: "mer_2", paymentId: null, reference: "a" },
      { merchantId: "mer_1", paymentId: "a", reference: "a" },
      { merchantId: "mer_1", paymentId: "b", reference: "a" },
    ];
    expect(new Set(sales.map(saleKey)).size).toBe(sales.length);
    expect(saleKey({ ...sales[3]!, reference: "other" })).toBe(saleKey(sales[3]!));
  });

  it("changes no payment when its call is answered", () => {
    const books = new Books();
    books.receipt(outside());
    const { receipt } = books.answerReceipt(issued);
    expect(receipt).toMatchObject({ state: "issued", paymentId: null, approvalNumber: "123456789" });
    expect(books.state.payments.size).toBe(0);
  });
});

describe("cancelling a cash receipt", () => {
  it.each<[string, Books, string | undefined]>([
    ["that was never issued", paid(), "receipt-unknown"],
    ["that is being issued", paid(asked), "receipt-under-way"],
    ["of unknown outcome", paid(asked, answered(answers.unknown)), "receipt-under-way"],
    ["that was refused", paid(asked, answered(answers.failed)), "receipt-unknown"],
    ["that is issued", paid(asked, answered(issued)), undefined],
    ["that is being cancelled", paid(asked, answered(issued), cancelling), "receipt-under-way"],
    ["that was cancelled", paid(asked, answered(issued), cancelling, answered(answers.succeeded)), "receipt-unknown"],
    [
      "that the PG would not cancel before",
      paid(asked, answered(issued), cancelling, answered(answers.failed)),
      undefined,
    ],
    ["of a payment that was taken back since", paid(asked, answered(issued), reversed), undefined],
    [
      "of a payment that was refunded since",
      paid(asked, answered(issued), refunded(null, answers.succeeded)),
      undefined,
    ],
  ])("%s", (_name, books, code) => {
    const { merchantId, paymentId, reference } = receiptRequest();
    const request = { merchantId, paymentId, reference, operationId: "op_9", callTimeout_ms };
    const { result, changes } = decideCancelReceipt(deepFreeze(stateOf(books)), request, askedAt, realTime);
    expect(result.ok ? undefined : result.refusal.code).toBe(code);
    if (code !== undefined) expect(Object.values(changes).flat()).toEqual([]);
  });

  it("makes a new order about the same receipt and tells of it", () => {
    const books = paid(asked, answered(issued));
    const before = books.receiptOf();
    books.cancelReceipt(receiptRequest(), askedAt);
    expect(books.receiptOf()).toEqual({
      ...before,
      state: "cancelling",
      operationId: "op_rct_2",
      updatedAt: askedAt,
      eventSeq: 3,
    });
    expect(operationOf(books)).toMatchObject({ kind: "receipt-cancel", subjectId: "rct_1", state: "pending" });
    expect(books.payment().cashReceiptIssued).toBe(true);
    expect(books.events.at(-1)).toMatchObject({ type: "receipt.cancelling", subjectSeq: 3 });
  });
});

describe("the PG's answer", () => {
  const at = later(issuedAt, 3 * hour_ms);
  const held = [asked, answered(issued), cancelling];
  it.each<[string, Books, OperationAnswer, Partial<Receipt>, string, boolean, string[]]>([
    [
      "a yes to issuing",
      paid(asked),
      issued,
      { state: "issued", transactionId: "brc_1", approvalNumber: "123456789", issuedAt: at, cancelledAt: null },
      "succeeded",
      true,
      ["receipt.issued"],
    ],
    [
      "a yes without an approval number",
      paid(asked),
      answers.succeeded,
      { state: "issued", transactionId: "bpo_1", approvalNumber: null },
      "succeeded",
      true,
      ["receipt.issued"],
    ],
    [
      "a no to issuing",
      paid(asked),
      answers.failed,
      { state: "failed", failureCode: "refused", failureMessage: answers.failed.message, issuedAt: null },
      "failed",
      false,
      ["receipt.failed"],
    ],
    ["no answer to issuing", paid(asked), answers.unknown, { state: "issuing" }, "unknown", false, []],
    [
      "no answer again",
      paid(asked, answered(answers.unknown)),
      answers.unknown,
      { state: "issuing" },
      "unknown",
      false,
      [],
    ],
    [
      "a yes after none",
      paid(asked, answered(answers.unknown)),
      issued,
      { state: "issued" },
      "succeeded",
      true,
      ["receipt.issued"],
    ],
    [
      "a no after none",
      paid(asked, answered(answers.unknown)),
      answers.failed,
      { state: "failed" },
      "failed",
      false,
      ["receipt.failed"],
    ],
    ["absent at once", paid(asked), answers.absent, { state: "issuing" }, "unknown", false, []],
    [
      "absent after its time",
      paid(asked),
      never,
      { state: "failed", failureCode: "never-received" },
      "failed",
      false,
      ["receipt.failed"],
    ],
    [
      "a yes to cancelling",
      paid(...held),
      { outcome: "succeeded", transactionId: "brc_9", approvalNumber: "999999999" },
      { state: "cancelled", cancelledAt: at, issuedAt: at, transactionId: "brc_1", approvalNumber: "123456789" },
      "succeeded",
      false,
      ["receipt.cancelled"],
    ],
    [
      "a no to cancelling",
      paid(...held),
      answers.failed,
      { state: "issued", failureCode: "refused", cancelledAt: null, transactionId: "brc_1" },
      "failed",
      true,
      ["receipt.issued"],
    ],
    ["no answer to cancelling", paid(...held), answers.unknown, { state: "cancelling" }, "unknown", true, []],
    [
      "a cancellation that was never received",
      paid(...held, answered(answers.unknown)),
      never,
      { state: "issued", failureCode: "never-received" },
      "failed",
      true,
      ["receipt.issued"],
    ],
    [
      "a cancellation carried out after no answer",
      paid(...held, answered(answers.unknown)),
      answers.succeeded,
      { state: "cancelled" },
      "succeeded",
      false,
      ["receipt.cancelled"],
    ],
  ])("%s", (_name, books, answer, receipt, operation, onPayment, events) => {
    const { length } = books.events;
    const result = books.answerReceipt(answer, "rct_1", at);
    expect(result.receipt).toMatchObject(receipt);
    expect(result.receipt).toBe(books.receiptOf());
    expect(result.operation.state).toBe(operation);
    expect(books.payment().cashReceiptIssued).toBe(onPayment);
    expect(books.events.slice(length).map((event) => event.type)).toEqual(events);
  });

  it("to a call that was settled changes nothing, whatever it is", () => {
    const before = [
      paid(asked, answered(issued)),
      paid(asked, answered(answers.failed)),
      paid(...held, answered(answers.succeeded)),
      paid(...held, answered(answers.failed)),
    ];
    for (const books of before) {
      const state = { receipt: books.receiptOf(), operation: operationOf(books) };
      for (const answer of [...Object.values(answers), issued, never]) {
        const { result, changes } = decideReceiptOutcome(books.payment(), state, answer, askedAt, realTime);
        expect(result).toEqual(state);
        expect(Object.values(changes).flat()).toEqual([]);
      }
    }
  });

  it("to the issue, told again while the receipt is being cancelled, changes nothing", () => {
    const books = paid(...held);
    const before = books.receiptOf();
    const { length } = books.events;
    books.answerReceipt(issued, "rct_1", at, "op_rct_1");
    expect(books.receiptOf()).toBe(before);
    expect(books.events.length).toBe(length);
  });

  it("to a second cancellation tells of that one alone", () => {
    const books = paid(...held, answered(answers.failed));
    expect(books.events.at(-1)).toMatchObject({ type: "receipt.issued", data: { reason: answers.failed.message } });
    books.cancelReceipt();
    expect(books.events.at(-1)).toMatchObject({ type: "receipt.cancelling", data: { reason: null } });
    books.answerReceipt(answers.succeeded);
    expect(books.events.at(-1)).toMatchObject({ type: "receipt.cancelled", data: { reason: null } });
    expect(books.receiptOf()).toMatchObject({ state: "cancelled", failureCode: null, failureMessage: null });
  });
});

describe("the receipt that counts", () => {
  const row = (id: string, state: ReceiptState): Receipt => ({ ...having(paid(), asked).receiptOf(), id, state });
  it.each<[string, Receipt[], string | undefined]>([
    ["of none", [], undefined],
    ["of one that failed", [row("rct_1", "failed")], undefined],
    ["of one that was cancelled", [row("rct_1", "cancelled")], "rct_1"],
    ["is the last", [row("rct_1", "cancelled"), row("rct_2", "issued")], "rct_2"],
    ["is not the last if that failed", [row("rct_1", "cancelled"), row("rct_2", "failed")], "rct_1"],
  ])("%s", (_name, receipts, id) => {
    expect(currentReceipt(deepFreeze(receipts))?.id).toBe(id);
  });
});

type Move =
  | { does: "issue" | "cancel"; of: Partial<ReceiptRequest> }
  | { does: "answer"; which: number; again: boolean; answer: OperationAnswer }
  | { does: "deposit" | "reversal" }
  | { does: "refund"; amount: number };

const sales: Partial<ReceiptRequest>[] = [{}, {}, { paymentId: null, reference: "till-1", amount: 1_100 }];
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constantFrom("issue", "issue", "cancel"), of: fc.constantFrom(...sales) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant("answer" as const),
      which: fc.nat(20),
      again: fc.boolean(),
      answer: fc.constantFrom<OperationAnswer>(issued, issued, answers.failed, answers.unknown, answers.absent, never),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom("deposit", "reversal") }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("refund" as const), amount: fc.constantFrom(1_000, price) }) },
);

function play(moves: readonly Move[], seen: (books: Books) => void): void {
  const books = Books.with({ request: { kind: "fixed" } });
  let now = issuedAt;
  let notices = 0;
  for (const one of moves) {
    now = later(now, minute_ms);
    const receipts = [...books.state.receipts.values()];
    switch (one.does) {
      case "issue":
        books.receipt(one.of, now);
        break;
      case "cancel":
        books.cancelReceipt(receiptRequest(one.of), now);
        break;
      case "answer": {
        if (receipts.length === 0) break;
        const { id } = receipts[one.which % receipts.length]!;
        const operations = [...books.state.operations.values()].filter((operation) => operation.subjectId === id);
        books.answerReceipt(one.answer, id, now, operations.at(one.again ? 0 : -1)!.id);
        break;
      }
      case "refund": {
        const refund = books.refund({ amount: one.amount }, now);
        if (refund.ok) books.answerRefund(answers.succeeded, refund.value.refund.id, now);
        break;
      }
      case "deposit":
        notices += 1;
        books.receive({ transactionId: `btx_${notices}` }, now);
        break;
      case "reversal":
        books.receive({ transactionId: `btx_${notices}`, kind: "reversal" }, now);
    }
    seen(books);
  }
}

describe("after any sequence of issues, cancellations, answers, deposits and refunds", () => {
  const always = (holds: (books: Books) => void) =>
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40 }), (moves) => play(moves, holds)),
      { numRuns: 300 },
    );

  it("a sale has one receipt at a time, and its payment knows whether it is issued", () => {
    always((books) => {
      const receipts = [...books.state.receipts.values()];
      for (const sale of new Set(receipts.map(saleKey))) {
        const held = receipts.filter((one) => saleKey(one) === sale && !["failed", "cancelled"].includes(one.state));
        expect(held.length).toBeLessThanOrEqual(1);
        if (held.length === 1) expect(currentReceipt(receipts.filter((one) => saleKey(one) === sale))).toBe(held[0]);
      }
      const there = receipts.some((one) => one.paymentId === "pay_1" && ["issued", "cancelling"].includes(one.state));
      expect(books.payment().cashReceiptIssued).toBe(there);
    });
  });

  it("a receipt's state agrees with that of its last call, and only that one can be unsettled", () => {
    const agreeing: Record<ReceiptState, RegExp> = {
      issuing: /^receipt-issue (pending|unknown)$/,
      issued: /^(receipt-issue succeeded|receipt-cancel failed)$/,
      failed: /^receipt-issue failed$/,
      cancelling: /^receipt-cancel (pending|unknown)$/,
      cancelled: /^receipt-cancel succeeded$/,
    };
    always((books) => {
      const operations = [...books.state.operations.values()].filter((one) => one.kind !== "refund");
      for (const receipt of books.state.receipts.values()) {
        const { kind, state } = operationOf(books, receipt.id);
        expect(`${kind} ${state}`).toMatch(agreeing[receipt.state]);
        expect(receipt.transactionId === null).toBe(receipt.issuedAt === null);
        expect(receipt.cancelledAt === null).toBe(receipt.state !== "cancelled");
        const open = operations.filter((one) => one.subjectId === receipt.id && one.settledAt === null);
        expect(open.every((one) => one.id === receipt.operationId)).toBe(true);
      }
    });
  });

  it("the parts of a receipt are within its amount, which is all that was left when it was asked for", () => {
    always((books) => {
      for (const { paymentId, amount, taxFree, vat, eventSeq } of books.state.receipts.values()) {
        expect(amount).toBeGreaterThan(0);
        expect(taxFree + vat).toBeLessThanOrEqual(amount);
        const last = books.events.at(-1)!;
        if (paymentId === null || eventSeq > 1 || last.type !== "receipt.issuing") continue;
        if (last.paymentId === paymentId) expect(amount).toBe(refundable(books.payment()));
      }
    });
  });

  it("events of each receipt count from 1 without a gap, and the last tells the state that is", () => {
    always((books) => {
      for (const receipt of books.state.receipts.values()) {
        const own = books.events.filter((event) => event.subjectId === receipt.id);
        expect(own.map((event) => event.subjectSeq)).toEqual(own.map((_, index) => index + 1));
        expect(own.length).toBe(receipt.eventSeq);
        expect(own.at(-1)!.data.state).toBe(receipt.state);
      }
    });
  });
});
