import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BankNotice } from "../connector.ts";
import {
  answers,
  Books,
  callTimeout_ms,
  deepFreeze,
  dueAt,
  hour_ms,
  issuedAt,
  later,
  minute_ms,
  price,
  realTime,
  refundRequest,
} from "../fixtures.fixture.ts";
import { sumByAccount } from "../ledger/ledger.ts";
import { limits } from "../limits.ts";
import type { OperationAnswer } from "../operations/operation.ts";
import type { Payment } from "../payments/payment.ts";
import { recordRefundOutcome, requestRefund } from "./commands.ts";
import { decideRefund, decideRefundOutcome, type RefundRequest, refundable, refundObjection } from "./decide.ts";
import { paidOut, type Refund } from "./refund.ts";

const bank = "bank:sandbox";
const onItsWay = "refunds:sandbox";
const shop = "merchant:mer_shop";

const paidAt = later(issuedAt, hour_ms);
const askedAt = later(issuedAt, 2 * hour_ms);
const answeredAt = later(issuedAt, 3 * hour_ms);

type Step = (books: Books) => unknown;

/** The books after these steps. */
function having(books: Books, ...steps: Step[]): Books {
  for (const step of steps) step(books);
  return books;
}

const oneTime = () => Books.with({});
const fixed = () => Books.with({ request: { kind: "fixed" } });
const paid = (...steps: Step[]) => having(oneTime(), credited(), ...steps);

const credited =
  (told: Partial<BankNotice> = {}): Step =>
  (books) =>
    books.receive(told);
const reversed =
  (told: Partial<BankNotice> = {}): Step =>
  (books) =>
    books.receive({ kind: "reversal", ...told });
const asked =
  (amount: number | null = null, wanted: Partial<RefundRequest> = {}): Step =>
  (books) => {
    const result = books.refund({ amount, ...wanted });
    if (!result.ok) throw new Error(`not refunded: ${result.refusal.code}`);
  };
const answered =
  (answer: OperationAnswer, id = "rfd_1"): Step =>
  (books) =>
    books.answerRefund(answer, id);
const expired: Step = (books) => books.expire("pay_1", later(dueAt, 1));
const closed: Step = (books) => books.close("pay_1", later(issuedAt, minute_ms));

function objectionTo(books: Books, wanted: Partial<RefundRequest> = {}, now = askedAt, changed: Partial<Payment> = {}) {
  const payment = deepFreeze({ ...books.payment(), ...changed });
  return refundObjection(payment, books.state.refundsOf("pay_1"), refundRequest(wanted), now);
}

describe("what may be refunded", () => {
  it.each<[string, Books, Partial<RefundRequest>, object | undefined]>([
    ["a payment that was not paid", oneTime(), {}, { code: "nothing-deposited" }],
    ["a payment whose time ran out", having(oneTime(), expired), {}, { code: "nothing-deposited" }],
    ["a withdrawn payment", having(oneTime(), closed), {}, { code: "not-refundable", state: "closed" }],
    ["all of a paid payment", paid(), {}, undefined],
    ["all of it, told in won", paid(), { amount: price }, undefined],
    ["one won of it", paid(), { amount: 1 }, undefined],
    [
      "one won more than was paid",
      paid(),
      { amount: price + 1 },
      { code: "refund-exceeds", amount: price + 1, balance: price },
    ],
    ["what the bank took back", paid(reversed()), {}, { code: "fully-refunded" }],
    [
      "what the bank took back while it was being refunded",
      paid(asked(), reversed()),
      {},
      { code: "refund-under-way" },
    ],
    [
      "what the bank took back after it was refunded",
      paid(asked(), answered(answers.succeeded), reversed()),
      {},
      { code: "fully-refunded" },
    ],
    ["what is being refunded", paid(asked()), {}, { code: "refund-under-way" }],
    ["a refund of unknown outcome", paid(asked(), answered(answers.unknown)), {}, { code: "refund-under-way" }],
    ["what was refunded", paid(asked(), answered(answers.succeeded)), {}, { code: "fully-refunded" }],
    ["what could not be refunded before", paid(asked(), answered(answers.failed)), {}, undefined],
    ["what was never received", paid(asked(), answered({ outcome: "absent", askedAt: dueAt })), {}, undefined],
    ["the rest beside a refund under way", paid(asked(price - 1)), { amount: 1 }, undefined],
    [
      "more than the rest beside a refund under way",
      paid(asked(price - 1)),
      { amount: 2 },
      { code: "refund-exceeds", amount: 2, balance: 1 },
    ],
    ["the rest after a refund", paid(asked(1), answered(answers.succeeded)), { amount: price - 1 }, undefined],
    [
      "more than the rest after a refund",
      paid(asked(1), answered(answers.succeeded)),
      { amount: price },
      { code: "refund-exceeds", amount: price, balance: price - 1 },
    ],
    [
      "what a cancelled fixed account was paid again",
      having(
        fixed(),
        credited(),
        asked(),
        answered(answers.succeeded),
        credited({ transactionId: "btx_2", amount: 7 }),
      ),
      { amount: 7 },
      undefined,
    ],
    [
      "more than a cancelled fixed account was paid again",
      having(
        fixed(),
        credited(),
        asked(),
        answered(answers.succeeded),
        credited({ transactionId: "btx_2", amount: 7 }),
      ),
      { amount: 8 },
      { code: "refund-exceeds", amount: 8, balance: 7 },
    ],
    ["the balance the merchant expects", paid(), { expectedBalance: price }, undefined],
    [
      "a balance of one won less than the merchant expects",
      paid(),
      { expectedBalance: price + 1 },
      { code: "balance-differs", expected: price + 1, balance: price },
    ],
    [
      "an expected balance of nothing",
      paid(),
      { expectedBalance: 0 },
      { code: "balance-differs", expected: 0, balance: price },
    ],
    [
      "an expected balance that forgets what is under way",
      paid(asked(1)),
      { amount: 1, expectedBalance: price },
      { code: "balance-differs", expected: price, balance: price - 1 },
    ],
  ])("%s", (_name, books, wanted, objection) => {
    expect(objectionTo(books, wanted)).toEqual(objection);
  });

  it("refuses a payment that never came to be", () => {
    expect(objectionTo(oneTime(), {}, askedAt, { state: "failed" })).toEqual({
      code: "not-refundable",
      state: "failed",
    });
  });

  const complete = refundRequest().account;
  const phone = { taxFree: false, vatAmount: false, phone: true };
  it.each<[string, Partial<RefundRequest>, string[] | undefined]>([
    ["no telephone where none is demanded", {}, undefined],
    ["no bank", { account: { ...complete, bankCode: null } }, ["bankCode"]],
    ["no holder", { account: { ...complete, holder: null } }, ["holder"]],
    ["no number", { account: { ...complete, number: null } }, ["number"]],
    [
      "a telephone where one is demanded",
      { account: { ...complete, phone: "01012345678" }, demands: phone },
      undefined,
    ],
    ["no telephone where one is demanded", { demands: phone }, ["phone"]],
    [
      "nothing at all",
      { account: { bankCode: null, holder: null, number: null, phone: null }, demands: phone },
      ["holder", "bankCode", "number", "phone"],
    ],
    [
      "nothing at all where no telephone is demanded",
      { account: { bankCode: null, holder: null, number: null, phone: null } },
      ["holder", "bankCode", "number"],
    ],
  ])("an account with %s", (_name, wanted, missing) => {
    const objection = missing && { code: "refund-account-incomplete", missing };
    expect(objectionTo(paid(), wanted)).toEqual(objection);
  });

  const demanding = (taxFree: boolean, vatAmount: boolean) => ({ taxFree, vatAmount, phone: false });
  it.each<[string, Partial<Payment>, Partial<RefundRequest>, object | undefined]>([
    ["nothing stated of a payment without taxes", {}, { demands: demanding(true, true) }, undefined],
    [
      "no tax-free part of a payment that has one",
      { taxFree: 1 },
      { demands: demanding(true, false) },
      { code: "refund-tax-missing", part: "taxFree" },
    ],
    ["no tax-free part of a payment with 0 of it", { taxFree: 0 }, { demands: demanding(true, false) }, undefined],
    ["a tax-free part of 0", { taxFree: 1 }, { taxFree: 0, demands: demanding(true, false) }, undefined],
    ["no tax-free part where none is demanded", { taxFree: 1 }, { demands: demanding(false, true) }, undefined],
    [
      "no tax of a payment that states it",
      { vatAmount: 1 },
      { demands: demanding(false, true) },
      { code: "refund-tax-missing", part: "vatAmount" },
    ],
    [
      "no tax of a payment that states a tax of 0",
      { vatAmount: 0 },
      { demands: demanding(false, true) },
      { code: "refund-tax-missing", part: "vatAmount" },
    ],
    ["a tax of 0", { vatAmount: 1 }, { vatAmount: 0, demands: demanding(false, true) }, undefined],
    ["no tax where none is demanded", { vatAmount: 1 }, { demands: demanding(true, false) }, undefined],
    [
      "neither of a payment that states both: the tax-free part is told first",
      { taxFree: 1, vatAmount: 1 },
      { demands: demanding(true, true) },
      { code: "refund-tax-missing", part: "taxFree" },
    ],
    ["parts that sum to the amount", {}, { amount: 10, taxFree: 4, vatAmount: 6 }, undefined],
    [
      "parts that sum to one won more",
      {},
      { amount: 10, taxFree: 5, vatAmount: 6 },
      { code: "refund-tax-exceeds", amount: 10 },
    ],
    ["a tax-free part of all that is left", {}, { taxFree: price }, undefined],
    ["a tax-free part of more than is left", {}, { taxFree: price + 1 }, { code: "refund-tax-exceeds", amount: price }],
    ["a tax of more than the amount", {}, { amount: 10, vatAmount: 11 }, { code: "refund-tax-exceeds", amount: 10 }],
  ])("%s", (_name, payment, wanted, objection) => {
    expect(objectionTo(paid(), wanted, askedAt, payment)).toEqual(objection);
  });

  it("tells what is wrong in one order: balance, amount, account, taxes, the PG's limits", () => {
    const night = new Date("2027-03-02T23:00:00+09:00");
    const wrong: Partial<RefundRequest> = {
      amount: price + 1,
      expectedBalance: 1,
      taxFree: price,
      vatAmount: price,
      account: { ...complete, holder: null },
      policy: { partials_max: 0, within_months: 6, quietHours: { from: 23, to: 6 } },
    };
    const codes: (string | undefined)[] = [];
    const mends: Partial<RefundRequest>[] = [
      {},
      { expectedBalance: null },
      { amount: price - 1 },
      { account: complete },
      { taxFree: null, vatAmount: null },
      { policy: { ...wrong.policy!, partials_max: null } },
      { policy: { ...wrong.policy!, partials_max: null, within_months: null } },
      { policy: { partials_max: null, within_months: null, quietHours: null } },
    ];
    let wanted = wrong;
    for (const mend of mends) {
      wanted = { ...wanted, ...mend };
      codes.push(objectionTo(paid(), wanted, night)?.code);
    }
    expect(codes).toEqual([
      "balance-differs",
      "refund-exceeds",
      "refund-account-incomplete",
      "refund-tax-exceeds",
      "too-many-refunds",
      "refund-too-late",
      "refund-hours",
      undefined,
    ]);
  });
});

describe("a PG's limits", () => {
  const none = { partials_max: null, within_months: null, quietHours: null };

  const partials = (count: number, answer: OperationAnswer = answers.succeeded) =>
    paid(...Array.from({ length: count }, (_, index) => [asked(1), answered(answer, `rfd_${index + 1}`)]).flat());
  it.each<[string, Books, Partial<RefundRequest>, boolean]>([
    ["the first part", partials(0), { amount: 1 }, true],
    ["the last part there may be", partials(8), { amount: 1 }, true],
    ["one part more", partials(9), { amount: 1 }, false],
    ["all that is left after as many parts as there may be", partials(9), {}, true],
    ["all that is left, told in won", partials(9), { amount: price - 9 }, true],
    ["a part after many that failed", partials(20, answers.failed), { amount: 1 }, true],
    ["a part after as many of unknown outcome", partials(9, answers.unknown), { amount: 1 }, false],
    ["a part after as many under way", paid(...Array(9).fill(asked(1))), { amount: 1 }, false],
  ])("nine parts at most: %s", (_name, books, wanted, may) => {
    const objection = objectionTo(books, { ...wanted, policy: { ...none, partials_max: 9 } });
    expect(objection).toEqual(may ? undefined : { code: "too-many-refunds", partials_max: 9 });
  });

  it.each([
    ["noon", "2026-03-02T13:00:00+09:00", 6, "2026-09-02T13:00:00+09:00"],
    ["into the next year", "2026-11-15T12:00:00+09:00", 6, "2027-05-15T12:00:00+09:00"],
    ["a year", "2026-03-02T13:00:00+09:00", 12, "2027-03-02T13:00:00+09:00"],
    ["from the last of a long month to a short one", "2026-05-31T09:00:00+09:00", 1, "2026-06-30T09:00:00+09:00"],
    ["from the last of August into February", "2026-08-31T12:00:00+09:00", 6, "2027-02-28T12:00:00+09:00"],
    [
      "from the last of August into February of a leap year",
      "2027-08-31T12:00:00+09:00",
      6,
      "2028-02-29T12:00:00+09:00",
    ],
    ["from the last of February", "2026-02-28T12:00:00+09:00", 6, "2026-08-28T12:00:00+09:00"],
    ["from the leap day to the next year", "2028-02-29T12:00:00+09:00", 12, "2029-02-28T12:00:00+09:00"],
    ["the first minutes of a month in Seoul", "2026-03-01T00:30:00+09:00", 6, "2026-09-01T00:30:00+09:00"],
    ["the first minutes of the last day in Seoul", "2026-08-31T00:30:00+09:00", 6, "2027-02-28T00:30:00+09:00"],
    ["the last moment before nine in Seoul", "2026-03-31T08:59:59.999+09:00", 6, "2026-09-30T08:59:59.999+09:00"],
    ["nine in Seoul", "2026-03-31T09:00:00+09:00", 6, "2026-09-30T09:00:00+09:00"],
  ])("months by the Korean calendar: %s", (_name, paid_at, within_months, last) => {
    const policy = { ...none, within_months };
    const payment = { paidAt: new Date(paid_at) };
    const tooLate = { code: "refund-too-late", within_months };
    expect(objectionTo(paid(), { policy }, new Date(last), payment)).toBeUndefined();
    expect(objectionTo(paid(), { policy }, later(new Date(last), 1), payment)).toEqual(tooLate);
  });

  it.each([
    [{ from: 23, to: 6 }, "22:59:59.999", true],
    [{ from: 23, to: 6 }, "23:00:00.000", false],
    [{ from: 23, to: 6 }, "23:59:59.999", false],
    [{ from: 23, to: 6 }, "00:00:00.000", false],
    [{ from: 23, to: 6 }, "05:59:59.999", false],
    [{ from: 23, to: 6 }, "06:00:00.000", true],
    [{ from: 23, to: 6 }, "12:00:00.000", true],
    [{ from: 1, to: 5 }, "00:59:59.999", true],
    [{ from: 1, to: 5 }, "01:00:00.000", false],
    [{ from: 1, to: 5 }, "04:59:59.999", false],
    [{ from: 1, to: 5 }, "05:00:00.000", true],
    [{ from: 1, to: 5 }, "23:30:00.000", true],
    [{ from: 0, to: 9 }, "08:59:59.999", false],
    [{ from: 0, to: 9 }, "09:00:00.000", true],
    [{ from: 0, to: 24 }, "23:59:59.999", false],
    [{ from: 7, to: 7 }, "07:00:00.000", true],
  ])("quiet hours %o at %s of Korean time", (quietHours, time, may) => {
    const objection = objectionTo(paid(), { policy: { ...none, quietHours } }, new Date(`2026-03-03T${time}+09:00`));
    expect(objection).toEqual(may ? undefined : { code: "refund-hours", ...quietHours });
  });
});

describe("asking for a refund", () => {
  const intend = (books: Books, wanted: Partial<RefundRequest> = {}) =>
    decideRefund(books.payment(), books.state.refundsOf("pay_1"), refundRequest(wanted), askedAt, realTime);

  it("reserves the amount, makes refund and order, and tells of the refund once", () => {
    const { result, changes } = intend(paid(), { amount: 3_000, taxFree: 1_000, vatAmount: 200 });
    if (!result.ok) throw new Error(result.refusal.code);
    const { payment, refund, operation } = result.value;
    expect(payment).toMatchObject({ state: "paid", paidAmount: price, refundedAmount: 0, pendingRefundAmount: 3_000 });
    expect(refund).toEqual({
      id: "rfd_1",
      merchantId: "mer_shop",
      paymentId: "pay_1",
      operationId: "op_rfd_1",
      connector: "sandbox",
      amount: 3_000,
      currency: "KRW",
      taxFree: 1_000,
      vatAmount: 200,
      reason: "단순 변심",
      reference: null,
      descriptor: null,
      labels: null,
      announce: true,
      bankCode: "004",
      holder: "홍길동",
      numberEncrypted: "encrypted",
      numberIndex: "index",
      numberMasked: "***234",
      state: "pending",
      transactionId: null,
      failureCode: null,
      failureMessage: null,
      providerCode: null,
      requestedAt: askedAt,
      completedAt: null,
      updatedAt: askedAt,
      eventSeq: 1,
    });
    expect(operation).toMatchObject({
      id: "op_rfd_1",
      kind: "refund",
      subjectId: "rfd_1",
      state: "pending",
      validUntil: later(realTime, callTimeout_ms),
      createdAt: realTime,
    });
    expect(changes).toMatchObject({ payments: [payment], refunds: [refund], operations: [operation] });
    expect(changes.events).toEqual([
      {
        merchantId: "mer_shop",
        subjectType: "refund",
        subjectId: "rfd_1",
        subjectSeq: 1,
        paymentId: "pay_1",
        type: "refund.pending",
        data: { state: "pending", amount: 3_000, currency: "KRW", reason: null },
        at: askedAt,
      },
    ]);
    expect(changes.transfers).toEqual([
      {
        debitAccount: shop,
        creditAccount: onItsWay,
        code: "refund-reserved",
        amount: 3_000,
        currency: "KRW",
        merchantId: "mer_shop",
        paymentId: "pay_1",
        depositId: null,
        refundId: "rfd_1",
        at: askedAt,
      },
    ]);
  });

  it("of no amount takes all that is left, and a tax-free part that was not stated is 0", () => {
    const { result } = intend(paid(asked(1), answered(answers.succeeded)), { refundId: "rfd_2" });
    expect(result).toMatchObject({ ok: true, value: { refund: { amount: price - 1, taxFree: 0, vatAmount: null } } });
  });

  it("keeps the account's number sealed, in the order's hash too", () => {
    const { changes } = intend(paid());
    expect(JSON.stringify(changes)).not.toContain(refundRequest().account.number);
    const hash = (wanted: Partial<RefundRequest>) => intend(paid(), wanted).changes.operations[0]!.requestHash;
    expect(hash({})).toMatch(/^[0-9a-f]{64}$/);
    expect(hash({ reason: "다른 이유" })).toBe(hash({}));
    const { sealed, account } = refundRequest();
    expect(hash({ sealed: { ...sealed!, numberIndex: "other" } })).not.toBe(hash({}));
    expect(hash({ account: { ...account, bankCode: "088" } })).not.toBe(hash({}));
    expect(hash({ amount: 1 })).not.toBe(hash({}));
  });

  it.each<[string, Payment | undefined, Partial<RefundRequest>, string]>([
    ["no such payment", undefined, {}, "payment-unknown"],
    ["another merchant's payment", paid().payment(), { merchantId: "mer_other" }, "payment-unknown"],
    ["a payment that cannot be refunded", oneTime().payment(), {}, "nothing-deposited"],
    ["too much", paid().payment(), { amount: price + 1 }, "refund-exceeds"],
  ])("%s is refused and changes nothing", (_name, payment, wanted, code) => {
    const { result, changes } = decideRefund(payment, [], refundRequest(wanted), askedAt, realTime);
    expect(result).toMatchObject({ ok: false, refusal: { code } });
    expect(Object.values(changes).flat()).toEqual([]);
  });

  it("names the payment that is not known as the caller named it", () => {
    const { result } = decideRefund(undefined, [], refundRequest({ paymentId: "pay_9" }), askedAt, realTime);
    expect(result).toMatchObject({ refusal: { id: "pay_9" } });
  });
});

const lateAbsence = later(realTime, callTimeout_ms + limits.operation_clock_skew_ms + 1);
const lastDoubt = later(realTime, callTimeout_ms + limits.operation_clock_skew_ms);

interface Course {
  name: string;
  books(): Books;
  /** What the bank says of `rfd_1`, after what came before. */
  answer: OperationAnswer;
  refund: string;
  /** State, refunded, pending. */
  payment: string;
  operation: string;
  transfers: string[];
  events: string[];
  /** Of the merchant, of money on its way out, of the bank (as a credit balance). */
  balances: [number, number, number];
}

const courses: Course[] = [
  {
    name: "paid out in full: the payment is cancelled",
    books: () => paid(asked()),
    answer: answers.succeeded,
    refund: "succeeded",
    payment: "cancelled 10000 0",
    operation: "succeeded",
    transfers: [`${onItsWay} -> ${bank} 10000 refund-paid`],
    events: ["rfd_1 2 refund.succeeded succeeded", "pay_1 3 payment.cancelled cancelled"],
    balances: [0, 0, 0],
  },
  {
    name: "a part paid out: the payment stays paid",
    books: () => paid(asked(3_000)),
    answer: answers.succeeded,
    refund: "succeeded",
    payment: "paid 3000 0",
    operation: "succeeded",
    transfers: [`${onItsWay} -> ${bank} 3000 refund-paid`],
    events: ["rfd_1 2 refund.succeeded succeeded", "pay_1 3 payment.partly_refunded paid"],
    balances: [7_000, 0, -7_000],
  },
  {
    name: "the first of two parts that sum to all: the other is still on its way",
    books: () => paid(asked(3_000), asked(7_000)),
    answer: answers.succeeded,
    refund: "succeeded",
    payment: "paid 3000 7000",
    operation: "succeeded",
    transfers: [`${onItsWay} -> ${bank} 3000 refund-paid`],
    events: ["rfd_1 2 refund.succeeded succeeded", "pay_1 3 payment.partly_refunded paid"],
    balances: [0, 7_000, -7_000],
  },
  {
    name: "the last part paid out: the payment is cancelled",
    books: () => paid(asked(3_000), asked(7_000), answered(answers.succeeded, "rfd_2")),
    answer: answers.succeeded,
    refund: "succeeded",
    payment: "cancelled 10000 0",
    operation: "succeeded",
    transfers: [`${onItsWay} -> ${bank} 3000 refund-paid`],
    events: ["rfd_1 2 refund.succeeded succeeded", "pay_1 4 payment.cancelled cancelled"],
    balances: [0, 0, 0],
  },
  {
    name: "refused: the amount goes back",
    books: () => paid(asked(3_000)),
    answer: answers.failed,
    refund: "failed",
    payment: "paid 0 0",
    operation: "failed",
    transfers: [`${onItsWay} -> ${shop} 3000 refund-released`],
    events: ["rfd_1 2 refund.failed failed"],
    balances: [10_000, 0, -10_000],
  },
  {
    name: "not answered: the amount stays on its way",
    books: () => paid(asked(3_000)),
    answer: answers.unknown,
    refund: "unknown",
    payment: "paid 0 3000",
    operation: "unknown",
    transfers: [],
    events: ["rfd_1 2 refund.unknown unknown"],
    balances: [7_000, 3_000, -10_000],
  },
  {
    name: "not answered again: nothing more is told",
    books: () => paid(asked(3_000), answered(answers.unknown)),
    answer: answers.unknown,
    refund: "unknown",
    payment: "paid 0 3000",
    operation: "unknown",
    transfers: [],
    events: [],
    balances: [7_000, 3_000, -10_000],
  },
  {
    name: "not answered, and then paid out",
    books: () => paid(asked(), answered(answers.unknown)),
    answer: answers.succeeded,
    refund: "succeeded",
    payment: "cancelled 10000 0",
    operation: "succeeded",
    transfers: [`${onItsWay} -> ${bank} 10000 refund-paid`],
    events: ["rfd_1 3 refund.succeeded succeeded", "pay_1 3 payment.cancelled cancelled"],
    balances: [0, 0, 0],
  },
  {
    name: "not answered, and then refused",
    books: () => paid(asked(), answered(answers.unknown)),
    answer: answers.failed,
    refund: "failed",
    payment: "paid 0 0",
    operation: "failed",
    transfers: [`${onItsWay} -> ${shop} 10000 refund-released`],
    events: ["rfd_1 3 refund.failed failed"],
    balances: [10_000, 0, -10_000],
  },
  {
    name: "absent when it is not said when it was asked for: it may be on its way",
    books: () => paid(asked()),
    answer: answers.absent,
    refund: "unknown",
    payment: "paid 0 10000",
    operation: "unknown",
    transfers: [],
    events: ["rfd_1 2 refund.unknown unknown"],
    balances: [0, 10_000, -10_000],
  },
  {
    name: "absent at the last moment at which clocks may differ: it may be on its way",
    books: () => paid(asked(), answered(answers.unknown)),
    answer: { outcome: "absent", askedAt: lastDoubt },
    refund: "unknown",
    payment: "paid 0 10000",
    operation: "unknown",
    transfers: [],
    events: [],
    balances: [0, 10_000, -10_000],
  },
  {
    name: "absent one millisecond later: it never happens",
    books: () => paid(asked(), answered(answers.unknown)),
    answer: { outcome: "absent", askedAt: lateAbsence },
    refund: "failed never-received",
    payment: "paid 0 0",
    operation: "failed",
    transfers: [`${onItsWay} -> ${shop} 10000 refund-released`],
    events: ["rfd_1 3 refund.failed failed"],
    balances: [10_000, 0, -10_000],
  },
  {
    name: "absent after its time without ever having been unknown: a node died between call and answer",
    books: () => paid(asked()),
    answer: { outcome: "absent", askedAt: lateAbsence },
    refund: "failed never-received",
    payment: "paid 0 0",
    operation: "failed",
    transfers: [`${onItsWay} -> ${shop} 10000 refund-released`],
    events: ["rfd_1 2 refund.failed failed"],
    balances: [10_000, 0, -10_000],
  },
  {
    name: "the bank took the credit back, and then paid the refund out: the merchant owes it",
    books: () => paid(asked(), reversed()),
    answer: answers.succeeded,
    refund: "succeeded",
    payment: "reversed 10000 0",
    operation: "succeeded",
    transfers: [`${onItsWay} -> ${bank} 10000 refund-paid`],
    events: ["rfd_1 2 refund.succeeded succeeded", "pay_1 4 payment.partly_refunded reversed"],
    balances: [-10_000, 0, 10_000],
  },
  {
    name: "the bank took the credit back, and then refused the refund",
    books: () => paid(asked(), reversed()),
    answer: answers.failed,
    refund: "failed",
    payment: "reversed 0 0",
    operation: "failed",
    transfers: [`${onItsWay} -> ${shop} 10000 refund-released`],
    events: ["rfd_1 2 refund.failed failed"],
    balances: [0, 0, 0],
  },
  {
    name: "the bank took one of two credits back, and then paid out as much as the other",
    books: () =>
      having(fixed(), credited(), credited({ transactionId: "btx_2", amount: 4_000 }), asked(4_000), reversed()),
    answer: answers.succeeded,
    refund: "succeeded",
    payment: "cancelled 4000 0",
    operation: "succeeded",
    transfers: [`${onItsWay} -> ${bank} 4000 refund-paid`],
    events: ["rfd_1 2 refund.succeeded succeeded", "pay_1 5 payment.cancelled cancelled"],
    balances: [0, 0, 0],
  },
  {
    name: "more than all is refunded when the bank took a credit back, and it is cancelled all the same",
    books: () =>
      having(fixed(), credited(), credited({ transactionId: "btx_2", amount: 4_000 }), asked(14_000), reversed()),
    answer: answers.succeeded,
    refund: "succeeded",
    payment: "cancelled 14000 0",
    operation: "succeeded",
    transfers: [`${onItsWay} -> ${bank} 14000 refund-paid`],
    events: ["rfd_1 2 refund.succeeded succeeded", "pay_1 5 payment.cancelled cancelled"],
    balances: [-10_000, 0, 10_000],
  },
  {
    name: "a fixed account is paid again while all of it is on its way out: it is not cancelled",
    books: () => having(fixed(), credited(), asked(), credited({ transactionId: "btx_2", amount: 4_000 })),
    answer: answers.succeeded,
    refund: "succeeded",
    payment: "paid 10000 0",
    operation: "succeeded",
    transfers: [`${onItsWay} -> ${bank} 10000 refund-paid`],
    events: ["rfd_1 2 refund.succeeded succeeded", "pay_1 4 payment.partly_refunded paid"],
    balances: [4_000, 0, -4_000],
  },
];

const line = ({ debitAccount, creditAccount, amount, code }: Books["transfers"][number]) =>
  `${debitAccount} -> ${creditAccount} ${amount} ${code}`;
const told = ({ subjectId, subjectSeq, type, data }: Books["events"][number]) =>
  `${subjectId} ${subjectSeq} ${type} ${data.state}`;

describe("the bank's answer", () => {
  it.each(courses)("$name", (course) => {
    const books = course.books();
    const { length: transfers } = books.transfers;
    const { length: events } = books.events;
    const { refund, operation, payment } = books.answerRefund(course.answer);
    const code = refund.failureCode === null || refund.failureCode === "refused" ? [] : [refund.failureCode];
    expect([refund.state, ...code].join(" ")).toBe(course.refund);
    expect(`${payment.state} ${payment.refundedAmount} ${payment.pendingRefundAmount}`).toBe(course.payment);
    expect(operation.state).toBe(course.operation);
    expect(books.transfers.slice(transfers).map(line)).toEqual(course.transfers);
    expect(books.events.slice(events).map(told)).toEqual(course.events);
    expect([shop, onItsWay, bank].map((id) => books.balance(id))).toEqual(course.balances);
  });

  it.each(courses)("$name; the same answer again changes nothing", (course) => {
    const { answer } = course;
    const books = course.books();
    books.answerRefund(answer);
    const before = deepFreeze(structuredClone(rowsOf(books)));
    const [transfers, events] = [books.transfers.length, books.events.length];
    books.answerRefund(answer);
    expect(rowsOf(books)).toEqual(before);
    expect([books.transfers.length, books.events.length]).toEqual([transfers, events]);
  });

  const settled: [string, OperationAnswer][] = [
    ["succeeded", answers.succeeded],
    ["failed", answers.failed],
    ["failed for never having been received", { outcome: "absent", askedAt: lateAbsence }],
  ];
  const contradictions: [string, OperationAnswer][] = [
    ...settled,
    ["succeeded as another payout", { outcome: "succeeded", transactionId: "bpo_2" }],
    ["failed for another reason", { outcome: "failed", code: "other", message: "다른 이유" }],
    ["is unknown", answers.unknown],
    ["is absent", answers.absent],
  ];
  it.each(
    settled.flatMap(([first, answer]) => contradictions.map((late) => [first, late[0], answer, late[1]] as const)),
  )("a refund that %s stays so when it is told late that it %s", (_first, _late, answer, late) => {
    for (const before of [[], [answered(answers.unknown)]]) {
      const books = paid(asked(), ...before, answered(answer));
      const state = { payment: books.payment(), refund: books.refundOf(), operation: operationOf(books) };
      const { result, changes } = decideRefundOutcome(state, late, dueAt, later(realTime, hour_ms));
      expect(result).toEqual(state);
      expect(Object.values(changes).flat()).toEqual([]);
    }
  });

  it("keeps the bank's id of the payout, and when it was", () => {
    const books = paid(asked(), answered(answers.succeeded));
    expect(books.refundOf()).toMatchObject({ transactionId: "bpo_1", completedAt: answeredAt, updatedAt: answeredAt });
    expect(books.payment()).toMatchObject({ cancelledAt: answeredAt, cancelReason: "단순 변심" });
    expect(operationOf(books)).toMatchObject({ settledAt: realTime, reason: null });
  });

  it("keeps why the bank refused, and leaves the payment as it was", () => {
    const before = paid().payment();
    const books = paid(asked(), answered(answers.failed));
    expect(books.refundOf()).toMatchObject({
      failureCode: "refused",
      failureMessage: answers.failed.message,
      completedAt: answeredAt,
      transactionId: null,
    });
    expect(operationOf(books).reason).toBe(`refused: ${answers.failed.message}`);
    expect(books.payment()).toEqual(before);
    expect(books.events.at(-1)!.data.reason).toBe(answers.failed.message);
  });

  it("tells with the payment's change of which refund, how much, and whether to announce it", () => {
    for (const announce of [true, false]) {
      const books = paid(asked(3_000, { announce }), answered(answers.succeeded));
      expect(books.events.at(-1)!.data).toEqual({ state: "paid", amount: 3_000, refundId: "rfd_1", announce });
    }
  });

  it("gives the reason and time of the last refund to the payment, none if it had none", () => {
    const books = paid(asked(1), answered(answers.succeeded), asked(1, { reason: null }));
    books.answerRefund(answers.succeeded, "rfd_2", dueAt);
    expect(books.payment()).toMatchObject({ state: "paid", cancelledAt: dueAt, cancelReason: null });
  });

  it("comes with the payment as it left it, and with all that was paid out", () => {
    const books = paid(asked(1), asked(2), asked(3), answered(answers.succeeded, "rfd_2"), answered(answers.failed));
    const { view } = books.answerRefund(answers.succeeded, "rfd_3");
    expect(view!.payment).toEqual(books.payment());
    expect(view!.refunds.map((one) => one.id).sort()).toEqual(["rfd_2", "rfd_3"]);
  });

  it("lists what was paid out by when it was", () => {
    const books = paid(asked(1), asked(2), asked(3), asked(4));
    books.answerRefund(answers.succeeded, "rfd_3", later(askedAt, 1));
    books.answerRefund(answers.failed, "rfd_2", later(askedAt, 2));
    books.answerRefund(answers.succeeded, "rfd_1", later(askedAt, 3));
    const all = deepFreeze(books.state.refundsOf("pay_1"));
    expect(paidOut(all).map((refund) => refund.id)).toEqual(["rfd_3", "rfd_1"]);
  });
});

describe("a fixed account that was refunded in full", () => {
  const cancelled = () => having(fixed(), credited(), asked(), answered(answers.succeeded));
  const again = credited({ transactionId: "btx_2", amount: 4_000 });

  it("stays cancelled when it is paid again, and what came can be refunded", () => {
    const books = having(cancelled(), again);
    expect(books.payment()).toMatchObject({ state: "cancelled", paidAmount: 14_000, refundedAmount: 10_000, paidAt });
    expect(books.events.at(-1)).toMatchObject({ type: "payment.deposited", data: { state: "cancelled" } });
    expect(refundable(books.payment())).toBe(4_000);
  });

  it("tells of a part and then of the rest", () => {
    const books = having(cancelled(), again, asked(1_000), answered(answers.succeeded, "rfd_2"));
    expect(books.events.at(-1)).toMatchObject({ type: "payment.partly_refunded", data: { state: "cancelled" } });
    having(books, asked(), answered(answers.succeeded, "rfd_3"));
    expect(books.events.at(-1)).toMatchObject({
      type: "payment.cancelled",
      data: { state: "cancelled", amount: 3_000 },
    });
    expect(books.payment()).toMatchObject({ state: "cancelled", refundedAmount: 14_000 });
    expect(books.balance(shop)).toBe(0);
  });

  it("is reversed once the bank has taken back all, and paid when it is paid after that", () => {
    const books = having(cancelled(), reversed());
    expect(books.payment()).toMatchObject({ state: "reversed", paidAmount: 0, refundedAmount: 10_000 });
    expect(refundable(books.payment())).toBe(-10_000);
    having(books, credited({ transactionId: "btx_3", amount: 15_000 }));
    expect(books.payment()).toMatchObject({ state: "paid", paidAmount: 15_000 });
    expect(refundable(books.payment())).toBe(5_000);
    expect(books.balance(shop)).toBe(5_000);
  });
});

const operationOf = (books: Books, id = "rfd_1") => books.state.operations.get(books.refundOf(id).operationId!)!;
const rowsOf = (books: Books) => ({
  payments: [...books.state.payments.values()],
  refunds: [...books.state.refunds.values()],
  operations: [...books.state.operations.values()],
  deposits: [...books.state.deposits.values()].flat(),
});
const sum = (amounts: number[]): number => amounts.reduce((total, amount) => total + amount, 0);

type Move =
  | { does: "notice"; told: Partial<BankNotice> }
  | { does: "refund"; amount: number | null; expectedBalance: number | null }
  | { does: "answer"; which: number; answer: OperationAnswer };

const transactions: Record<string, number> = { btx_1: price, btx_2: 4_000, btx_3: 1, btx_4: price };

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom("credit", "credit", "reversal"), fc.constantFrom(...Object.keys(transactions)))
      .map(([kind, transactionId]) => ({
        does: "notice" as const,
        told: { kind: kind as BankNotice["kind"], transactionId, amount: transactions[transactionId]! },
      })),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant("refund" as const),
      amount: fc.constantFrom(null, null, 1, 4_000, 4_001, price, price + 4_000),
      expectedBalance: fc.constantFrom(null, null, null, price),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant("answer" as const),
      which: fc.nat(20),
      answer: fc.constantFrom<OperationAnswer>(
        answers.succeeded,
        answers.succeeded,
        answers.failed,
        answers.unknown,
        answers.absent,
        { outcome: "absent", askedAt: lastDoubt },
        { outcome: "absent", askedAt: lateAbsence },
      ),
    }),
  },
);

function play(books: Books, moves: readonly Move[], seen: (books: Books, one: Move) => void = () => {}): void {
  let now = issuedAt;
  for (const one of moves) {
    now = later(now, minute_ms);
    const refunds = [...books.state.refunds.keys()];
    if (one.does === "notice") books.receive(one.told, now);
    else if (one.does === "refund") books.refund(one, now);
    else if (refunds.length > 0) books.answerRefund(one.answer, refunds[one.which % refunds.length]!, now);
    seen(books, one);
  }
}

describe("after any sequence of deposits, reversals, refunds and answers", () => {
  const anyMoves = fc.array(move, { maxLength: 40 });
  const always = (holds: (books: Books) => void) =>
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const books = fixed();
        play(books, moves, holds);
      }),
      { numRuns: 300 },
    );
  const inState = (books: Books, ...states: Refund["state"][]) =>
    sum([...books.state.refunds.values()].filter((one) => states.includes(one.state)).map((one) => one.amount));
  const matched = (books: Books) =>
    sum(
      rowsOf(books)
        .deposits.filter((one) => one.state === "matched")
        .map((one) => one.amount),
    );
  const credits = (books: Books) => books.transfers.filter((one) => one.code === "deposit");

  it("what was refunded or is on its way never exceeds what was ever credited", () => {
    always((books) => {
      const { refundedAmount, pendingRefundAmount } = books.payment();
      expect(refundedAmount + pendingRefundAmount).toBeLessThanOrEqual(sum(credits(books).map((one) => one.amount)));
    });
  });

  it("what a payment counts is what its refunds are, and its deposits", () => {
    always((books) => {
      expect(books.payment()).toMatchObject({
        paidAmount: matched(books),
        refundedAmount: inState(books, "succeeded"),
        pendingRefundAmount: inState(books, "pending", "unknown"),
      });
    });
  });

  it("money on its way out is that of pending and unknown refunds", () => {
    always((books) => {
      expect(books.balance(onItsWay)).toBe(inState(books, "pending", "unknown"));
    });
  });

  it("the merchant is owed what can be refunded, and the bank holds that and what is on its way", () => {
    always((books) => {
      expect(books.balance(shop)).toBe(refundable(books.payment()));
      expect(0 - books.balance(bank)).toBe(matched(books) - inState(books, "succeeded"));
      const deltas = [...sumByAccount(books.transfers).values()];
      expect(sum(deltas.map((one) => one.debit))).toBe(sum(deltas.map((one) => one.credit)));
    });
  });

  it("each refund has one transfer while it is unsettled and two when it is settled, each of its amount", () => {
    const codes: Record<Refund["state"], string[]> = {
      pending: ["refund-reserved"],
      unknown: ["refund-reserved"],
      succeeded: ["refund-reserved", "refund-paid"],
      failed: ["refund-reserved", "refund-released"],
    };
    always((books) => {
      for (const refund of books.state.refunds.values()) {
        const own = books.transfers.filter((one) => one.refundId === refund.id);
        expect(own.map((one) => one.code)).toEqual(codes[refund.state]);
        expect(new Set(own.map((one) => one.amount))).toEqual(new Set([refund.amount]));
        expect(refund.completedAt === null).toBe(own.length === 1);
        expect(operationOf(books, refund.id).state).toBe(refund.state);
      }
    });
  });

  it("it is cancelled from when nothing is left of what was paid until the bank has taken back all", () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const books = fixed();
        let expected: Payment["state"] = "ready";
        play(books, moves, () => {
          const paid = matched(books);
          const refunded = inState(books, "succeeded");
          if (credits(books).length === 0) expected = "ready";
          else if (paid === 0) expected = "reversed";
          else if (refunded > 0 && refunded >= paid) expected = "cancelled";
          else if (expected !== "cancelled") expected = "paid";
          expect(books.payment().state).toBe(expected);
          if (expected === "cancelled") expect(books.payment().cancelledAt).not.toBeNull();
        });
      }),
      { numRuns: 300 },
    );
  });

  it("events of each subject count from 1 without a gap, and the last tells the state that is", () => {
    always((books) => {
      const { payments, refunds, deposits } = rowsOf(books);
      const subjects = [...payments, ...refunds, ...deposits];
      expect(new Set(books.events.map((event) => event.subjectId)).size).toBe(subjects.length);
      for (const subject of subjects) {
        const own = books.events.filter((event) => event.subjectId === subject.id);
        expect(own.map((event) => event.subjectSeq)).toEqual(own.map((_, index) => index + 1));
        expect(own.length).toBe(subject.eventSeq);
        expect(own.at(-1)!.data.state).toBe(subject.state);
      }
    });
  });

  it("a refusal makes no row, and a settled refund is never changed again", () => {
    fc.assert(
      fc.property(anyMoves, (moves) => {
        const books = fixed();
        const settled = new Map<string, Refund>();
        play(books, moves, () => {
          for (const refund of books.state.refunds.values()) {
            const before = settled.get(refund.id);
            if (before !== undefined) expect(refund).toBe(before);
            if (refund.completedAt !== null) settled.set(refund.id, refund);
          }
        });
        const before = rowsOf(books);
        const { length } = books.events;
        const wish = { amount: Math.max(1, refundable(books.payment()) + 1) };
        expect(books.refund(wish, later(issuedAt, hour_ms)).ok).toBe(false);
        expect(rowsOf(books)).toEqual(before);
        expect(books.events.length).toBe(length);
      }),
      { numRuns: 150 },
    );
  });

  it("deciding twice on the same state decides the same", () => {
    fc.assert(
      fc.property(anyMoves, fc.constantFrom(...Object.values(answers)), (moves, answer) => {
        const books = fixed();
        play(books, moves);
        const wish = refundRequest({ refundId: "rfd_last" });
        expect(requestRefund.decide(books.state, wish, dueAt)).toEqual(requestRefund.decide(books.state, wish, dueAt));
        for (const { id: refundId, operationId, paymentId } of books.state.refunds.values()) {
          const outcome = deepFreeze({ refundId, operationId: operationId!, paymentId, answer });
          expect(recordRefundOutcome.decide(books.state, outcome, dueAt)).toEqual(
            recordRefundOutcome.decide(books.state, outcome, dueAt),
          );
        }
      }),
      { numRuns: 100 },
    );
  });

  it("the order in which two refunds are answered makes no difference to the balances", () => {
    const outcome = fc.constantFrom(answers.succeeded, answers.failed, answers.unknown);
    fc.assert(
      fc.property(outcome, outcome, (one, other) => {
        const [forth, back] = [0, 1].map((turn) => {
          const steps = [answered(one, "rfd_1"), answered(other, "rfd_2")];
          const books = paid(asked(3_000), asked(7_000), ...(turn === 0 ? steps : steps.reverse()));
          return [books.payment().state, ...[shop, onItsWay, bank].map((id) => books.balance(id))];
        });
        expect(forth).toEqual(back);
      }),
    );
  });
});
