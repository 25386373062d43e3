import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Deposit } from "../../core/deposits/deposit.ts";
import {
  answers,
  Books,
  deepFreeze,
  dueAt,
  hour_ms,
  issued,
  issuedAt,
  later,
  minute_ms,
  price,
  second_ms,
} from "../../core/fixtures.fixture.ts";
import { limits } from "../../core/limits.ts";
import type { PaymentState } from "../../core/payments/payment.ts";
import type { PaymentView } from "../../core/payments/read.ts";
import { paidOut, type Refund } from "../../core/refunds/refund.ts";
import { presentBalance, presentPayment, presentReceipt, statesOf, statusOf, toSeconds } from "./present.ts";
import { Balance, type Parts, Payment } from "./schemas/index.ts";

const conforms = new Ajv({ strict: false }).compile(Payment);
const balanceConforms = new Ajv({ strict: false }).compile(Balance);
const seconds = (time: Date) => time.getTime() / 1000;

function viewOf(books: Books): PaymentView {
  const credits = [...books.state.deposits.values()].flat().filter((deposit) => deposit.kind === "credit");
  const shown = (deposit: Deposit) => deposit.state === "matched" || deposit.state === "reversed";
  const deposits = credits.filter(shown);
  const refunds = paidOut(books.state.refundsOf("pay_1"));
  return { payment: books.payment(), virtualAccount: books.accountOf(), deposits, refunds };
}

function shown(...steps: ((books: Books) => void)[]) {
  const books = Books.with({});
  for (const step of steps) step(books);
  return presentPayment(viewOf(books));
}

describe("a payment, state by state", () => {
  const depositedAt = later(issuedAt, hour_ms);
  const closedAt = later(issuedAt, minute_ms);
  const untouched = {
    paid_at: 0,
    failed_at: 0,
    cancelled_at: 0,
    cancel_amount: 0,
    fail_reason: null,
    cancel_reason: null,
  };

  it.each([
    ["issued", [], { ...untouched, status: "ready" }],
    [
      "past its due time",
      [(books: Books) => books.expire("pay_1", later(dueAt, 1))],
      { ...untouched, status: "ready" },
    ],
    ["paid", [(books: Books) => books.receive()], { ...untouched, status: "paid", paid_at: seconds(depositedAt) }],
    [
      "paid in time and reported overnight",
      [
        (books: Books) => books.expire("pay_1", later(dueAt, 1)),
        (books: Books) => books.receive({ occurredAt: dueAt }, later(dueAt, hour_ms)),
      ],
      { ...untouched, status: "paid", paid_at: seconds(dueAt) },
    ],
    [
      "withdrawn",
      [(books: Books) => books.close("pay_1", closedAt)],
      { ...untouched, status: "failed", failed_at: seconds(closedAt), fail_reason: "계좌말소" },
    ],
    [
      "taken back by the bank",
      [(books: Books) => books.receive(), (books: Books) => books.receive({ kind: "reversal" }, dueAt)],
      {
        ...untouched,
        status: "cancelled",
        paid_at: seconds(depositedAt),
        cancelled_at: seconds(dueAt),
        cancel_amount: price,
        cancel_reason: "은행 입금 취소",
      },
    ],
    ["with money in suspense", [(books: Books) => books.receive({ amount: 1 })], { ...untouched, status: "ready" }],
  ])("%s", (_name, steps, fields) => {
    const payment = shown(...steps);
    expect(payment).toMatchObject(fields);
    expect(conforms(payment), JSON.stringify(conforms.errors)).toBe(true);
  });

  it("names a status for each state, of the four there are", () => {
    const statuses: Record<PaymentState, string> = {
      ready: "ready",
      expired: "ready",
      paid: "paid",
      cancelled: "cancelled",
      reversed: "cancelled",
      failed: "failed",
      closed: "failed",
    };
    expect(statusOf).toEqual(statuses);
  });

  it("shows what was asked for", () => {
    expect(shown()).toMatchObject({
      imp_uid: "imp_000000000001",
      merchant_uid: "order-1",
      pay_method: "vbank",
      channel: "api",
      pg_provider: "nice",
      pg_id: "naru00000m",
      amount: price,
      currency: "KRW",
      buyer_name: "홍길동",
      buyer_tel: null,
      name: "나룻배 승선권",
      vbank_code: "088",
      vbank_name: "신한",
      vbank_num: "56012345678901",
      vbank_holder: "나루상점",
      vbank_date: seconds(dueAt),
      vbank_issued_at: seconds(issuedAt),
      started_at: seconds(issuedAt),
      escrow: false,
      sandbox: false,
      deposit_history: [],
      cancel_history: [],
    });
  });

  it("shows 0 as the amount and the deadline of a fixed account that has neither, and each deposit", () => {
    const books = Books.with({ request: { kind: "fixed", dueAt: null } });
    books.receive({ amount: 7 });
    books.receive({ amount: 5, transactionId: "btx_2", depositorName: null });
    expect(presentPayment(viewOf(books))).toMatchObject({
      status: "paid",
      amount: 0,
      vbank_date: 0,
      deposit_history: [
        { pg_tid: "btx_1", amount: 7, depositor_name: "홍길동", deposited_at: seconds(depositedAt) },
        { pg_tid: "btx_2", amount: 5, depositor_name: "", deposited_at: seconds(depositedAt) },
      ],
    });
  });
});

describe("what was cancelled", () => {
  const at = (seconds: number) => later(issuedAt, 2 * hour_ms + seconds * second_ms);
  /** A refund paid out at that second. */
  const refunded =
    (amount: number | null, seconds: number, reason: string | null = "단순 변심") =>
    (books: Books) => {
      const asked = books.refund({ amount, reason });
      if (!asked.ok) throw new Error(asked.refusal.code);
      books.answerRefund({ outcome: "succeeded", transactionId: `bpo_${seconds}` }, asked.value.refund.id, at(seconds));
    };
  const received = (books: Books) => books.receive();
  const entry = (amount: number, seconds: number) => ({
    pg_tid: `bpo_${seconds}`,
    amount,
    cancelled_at: Math.floor(at(seconds).getTime() / 1000),
    reason: "단순 변심",
    cancellation_id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{20}$/),
    receipt_url: null,
  });

  it("in full", () => {
    const payment = shown(received, refunded(null, 7));
    expect(payment).toMatchObject({
      status: "cancelled",
      amount: price,
      cancel_amount: price,
      cancel_reason: "단순 변심",
      cancelled_at: seconds(at(7)),
      paid_at: seconds(later(issuedAt, hour_ms)),
    });
    expect(payment.cancel_history).toEqual([entry(price, 7)]);
    expect(conforms(payment), JSON.stringify(conforms.errors)).toBe(true);
  });

  it("in part stays paid, with the time and reason of the last part", () => {
    const payment = shown(received, refunded(3_000, 7), refunded(2_000, 9, null));
    expect(payment).toMatchObject({
      status: "paid",
      amount: price,
      cancel_amount: 5_000,
      cancel_reason: null,
      cancelled_at: seconds(at(9)),
    });
    expect(payment.cancel_history).toEqual([entry(3_000, 7), { ...entry(2_000, 9), reason: "" }]);
    expect(conforms(payment), JSON.stringify(conforms.errors)).toBe(true);
  });

  it("in parts that sum to all is cancelled", () => {
    expect(shown(received, refunded(3_000, 7), refunded(null, 9))).toMatchObject({
      status: "cancelled",
      cancel_amount: price,
      cancel_history: [{ amount: 3_000 }, { amount: 7_000 }],
    });
  });

  it.each([
    ["under way", undefined],
    ["of unknown outcome", answers.unknown],
    ["refused", answers.failed],
  ])("is not a refund %s", (_name, answer) => {
    const payment = shown(received, (books) => {
      books.refund();
      if (answer !== undefined) books.answerRefund(answer);
    });
    expect(payment).toMatchObject({ status: "paid", cancel_amount: 0, cancelled_at: 0, cancel_history: [] });
  });

  it("is listed in the order it happened, not in that it was asked for", () => {
    const books = Books.with({});
    books.receive();
    for (const amount of [1_000, 2_000, 3_000]) books.refund({ amount });
    for (const [id, when] of [
      ["rfd_2", 1],
      ["rfd_3", 2],
      ["rfd_1", 3],
    ] as const) {
      books.answerRefund(answers.succeeded, id, at(when));
    }
    expect(presentPayment(viewOf(books)).cancel_history.map((one) => one.amount)).toEqual([2_000, 3_000, 1_000]);
  });

  const takenBack = (books: Books, when: Date) => {
    books.receive({ transactionId: "btx_2", amount: 4_000 });
    books.receive({ transactionId: "btx_2", amount: 4_000, kind: "reversal" }, when);
  };

  it("holds what the bank took back of a fixed account too, between refunds", () => {
    const books = Books.with({ request: { kind: "fixed" } });
    received(books);
    refunded(1_000, 1)(books);
    takenBack(books, at(2));
    refunded(2_000, 3)(books);
    const payment = presentPayment(viewOf(books));
    expect(payment).toMatchObject({ status: "paid", cancel_amount: 7_000, cancelled_at: seconds(at(3)) });
    expect(payment.cancel_history).toEqual([
      entry(1_000, 1),
      { ...entry(4_000, 2), pg_tid: "btx_2", reason: "은행 입금 취소" },
      entry(2_000, 3),
    ]);
  });

  it("is in order within a second too", () => {
    const books = Books.with({ request: { kind: "fixed" } });
    received(books);
    takenBack(books, at(1.2));
    refunded(1_000, 1.5)(books);
    expect(presentPayment(viewOf(books)).cancel_history.map((one) => one.amount)).toEqual([4_000, 1_000]);
  });

  it("of a payment that was refunded and then taken back is shown once", () => {
    const payment = shown(received, refunded(null, 1), (books) => books.receive({ kind: "reversal" }, at(2)));
    expect(payment).toMatchObject({
      status: "cancelled",
      cancel_amount: price,
      cancelled_at: seconds(at(1)),
    });
    expect(payment.cancel_history).toHaveLength(1);
  });

  it("of a payment that was refunded in part and then taken back is the part and the rest", () => {
    const payment = shown(received, refunded(3_000, 1), (books) => books.receive({ kind: "reversal" }, at(2)));
    expect(payment).toMatchObject({
      status: "cancelled",
      cancel_amount: price,
      cancel_reason: "은행 입금 취소",
      cancelled_at: seconds(at(2)),
      cancel_history: [{ amount: 3_000 }, { amount: price - 3_000 }],
    });
  });

  it("stays cancelled when a fixed account is paid again", () => {
    const books = Books.with({ request: { kind: "fixed" } });
    received(books);
    refunded(null, 1)(books);
    books.receive({ transactionId: "btx_2", amount: 7 });
    expect(presentPayment(viewOf(books))).toMatchObject({
      status: "cancelled",
      cancel_amount: price,
      deposit_history: [{ amount: price }, { amount: 7 }],
    });
  });

  it("has ids that are told the same each time, and differ from each other", () => {
    const books = Books.with({});
    received(books);
    for (let part = 0; part < 20; part += 1) refunded(1, part)(books);
    const ids = () => presentPayment(viewOf(books)).cancel_history.map((one) => one.cancellation_id);
    const first = ids();
    expect(new Set(first).size).toBe(20);
    refunded(null, 99)(books);
    expect(ids().slice(0, 20)).toEqual(first);
    for (const id of ids()) expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{20}$/);
  });
});

describe("what a payment is made of", () => {
  const total = ({ tax_free, supply, vat, service }: Parts) => tax_free + supply + vat + service;
  const zero: Parts = { tax_free: 0, supply: 0, vat: 0, service: 0 };

  /** A payment of these taxes with these refunds paid out, a minute apart. */
  function madeOf(
    payment: { amount?: number; taxFree?: number | null; vatAmount?: number | null },
    ...parts: { amount: number | null; taxFree?: number; vatAmount?: number }[]
  ): PaymentView {
    const { amount = price, ...taxes } = payment;
    const books = Books.with({ request: { amount, ...taxes } });
    books.receive({ amount });
    parts.forEach((part, index) => {
      const asked = books.refund(part);
      if (!asked.ok) throw new Error(asked.refusal.code);
      books.answerRefund(answers.succeeded, asked.value.refund.id, later(dueAt, index * minute_ms));
    });
    return deepFreeze(viewOf(books));
  }

  it.each<[string, PaymentView, Parts]>([
    ["an eleventh of it is tax", madeOf({}), { ...zero, supply: 9_091, vat: 909 }],
    ["of what is taxed", madeOf({ taxFree: 4_500 }), { ...zero, tax_free: 4_500, supply: 5_000, vat: 500 }],
    ["or as much as was stated", madeOf({ vatAmount: 0 }), { ...zero, supply: price }],
    ["all of it free of tax", madeOf({ taxFree: price }), { ...zero, tax_free: price }],
    ["what is left is split again", madeOf({}, { amount: 4_000 }), { ...zero, supply: 5_455, vat: 545 }],
    ["halves leave no rounding", madeOf({}, { amount: 5_000 }, { amount: 5_000 }), zero],
    [
      "less the stated parts",
      madeOf({ taxFree: 3_000, vatAmount: 600 }, { amount: 4_000, taxFree: 1_000, vatAmount: 200 }),
      { ...zero, tax_free: 2_000, supply: 3_600, vat: 400 },
    ],
    ["nothing after a refund in full", madeOf({ taxFree: 3_000, vatAmount: 600 }, { amount: null }), zero],
    [
      "never more free of tax than is left",
      madeOf({ taxFree: 9_000 }, { amount: 5_000 }),
      { ...zero, tax_free: 5_000 },
    ],
  ])("%s", (_name, view, primary) => {
    const balance = presentBalance(view, undefined);
    expect(balance).toMatchObject({ amount: price, primary, cash_receipt: zero, secondary: zero, discount: zero });
    expect(balanceConforms(balance), JSON.stringify(balanceConforms.errors)).toBe(true);
  });

  it("of a payment that was not paid is what it asks for", () => {
    const balance = presentBalance(viewOf(Books.with({})), undefined);
    expect(balance).toMatchObject({ amount: price, primary: { supply: 9_091, vat: 909 } });
    expect(balance.histories).toMatchObject([{ created: seconds(issuedAt) }]);
  });

  it("of a fixed account is what was paid to it", () => {
    const books = Books.with({ request: { kind: "fixed" } });
    expect(presentBalance(viewOf(books), undefined)).toMatchObject({ amount: 0, primary: zero });
    books.receive({ amount: 11 });
    books.receive({ amount: 22, transactionId: "btx_2" });
    books.refund({ amount: 11 });
    books.answerRefund(answers.succeeded);
    expect(presentBalance(viewOf(books), undefined)).toMatchObject({ amount: 33, primary: { supply: 20, vat: 2 } });
  });

  it("tells each step: the deposit, then each refund as it left it", () => {
    const { primary, histories } = presentBalance(madeOf({}, { amount: 4_000 }, { amount: 5_000 }), undefined);
    expect(histories.map((one) => [one.created, total(one.primary)])).toEqual([
      [seconds(later(issuedAt, hour_ms)), price],
      [seconds(dueAt), 6_000],
      [seconds(later(dueAt, minute_ms)), 1_000],
    ]);
    expect(histories.at(-1)!.primary).toEqual(primary);
  });

  it("shows the cash receipt from when it was issued", () => {
    const books = Books.with({});
    books.receive();
    books.receipt({ taxFree: 1_000, vat: 500 });
    const { receipt } = books.answerReceipt(answers.succeeded, "rct_1", later(issuedAt, 3 * hour_ms));
    books.refund({ amount: 4_000 });
    books.answerRefund(answers.succeeded, "rfd_1", later(issuedAt, 4 * hour_ms));
    const parts = { ...zero, tax_free: 1_000, supply: 8_500, vat: 500 };
    expect(presentBalance(viewOf(books), receipt)).toMatchObject({
      cash_receipt: parts,
      histories: [{ cash_receipt: zero }, { cash_receipt: parts }],
    });
    expect(presentReceipt(receipt)).toMatchObject({ amount: price, vat: 500, cancelled_at: 0 });
  });

  it("sums to what is left, at every step, whatever was refunded and however it was stated", () => {
    const won = fc.integer({ min: 0, max: 20_000 });
    const refund = fc.record({ amount: won, taxFree: won, vatAmount: fc.option(won, { nil: null }) });
    const payment = fc.record({ taxFree: fc.option(won, { nil: null }), vatAmount: fc.option(won, { nil: null }) });
    const view = madeOf({ amount: 20_000 }, { amount: 1 });
    fc.assert(
      fc.property(payment, fc.array(refund, { maxLength: 5 }), (taxes, parts) => {
        let left = 20_000;
        const refunds: Refund[] = parts
          .map((part) => {
            const amount = Math.min(part.amount, left);
            left -= amount;
            return { ...view.refunds[0]!, ...part, amount };
          })
          .filter((one) => one.amount > 0);
        const balance = presentBalance({ ...view, payment: { ...view.payment, ...taxes }, refunds }, undefined);
        expect(total(balance.primary)).toBe(left);
        expect(balance.histories).toHaveLength(refunds.length + 1);
        let after = 20_000;
        balance.histories.forEach((one, index) => {
          if (index > 0) after -= refunds[index - 1]!.amount;
          expect(total(one.primary)).toBe(after);
        });
      }),
    );
  });

  it("has no part below nothing, as long as a payment's parts are within it and a refund's within the refund", () => {
    const share = fc.integer({ min: 0, max: 100 }).map((hundredths) => hundredths / 100);
    const part = fc.record({ of: share, taxFree: share, vatAmount: fc.option(share, { nil: null }) });
    // A tax that was stated, and then a refund of nearly all of it that states none.
    const all = { of: 1, taxFree: 0, vatAmount: 0.1 };
    const mostWithoutTax = { of: 0.95, taxFree: 0, vatAmount: null };
    const view = madeOf({ amount: 20_000 }, { amount: 1 });
    fc.assert(
      fc.property(part, fc.array(part, { maxLength: 5 }), (taxes, parts) => {
        const split = (amount: number, one: { taxFree: number; vatAmount: number | null }) => {
          const taxFree = Math.floor(amount * one.taxFree);
          return { taxFree, vatAmount: one.vatAmount === null ? null : Math.floor((amount - taxFree) * one.vatAmount) };
        };
        let left = 20_000;
        const refunds: Refund[] = parts.map((one) => {
          const amount = Math.floor(left * one.of);
          left -= amount;
          return { ...view.refunds[0]!, amount, ...split(amount, one) };
        });
        const payment = { ...view.payment, ...split(20_000, taxes) };
        const { primary } = presentBalance({ ...view, payment, refunds }, undefined);
        for (const one of Object.values(primary)) expect(one).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 1_000, examples: [[all, [mostWithoutTax]]] },
    );
  });
});

describe("statuses", () => {
  it("each state is found under the status it is shown as", () => {
    const all = ["ready", "paid", "cancelled", "failed"] as const;
    expect(all.flatMap(statesOf).sort()).toEqual(Object.keys(statusOf).sort());
    expect(statesOf("cancelled").sort()).toEqual(["cancelled", "reversed"]);
    for (const status of all) for (const state of statesOf(status)) expect(statusOf[state]).toBe(status);
  });
});

describe("times", () => {
  it.each([
    ["what has not happened", null, 0],
    ["a whole second", new Date(1_613_141_999_000), 1_613_141_999],
    ["the end of a second", new Date(1_613_141_999_999), 1_613_141_999],
  ])("%s", (_name, time, told) => {
    expect(toSeconds(time)).toBe(told);
  });
});

describe("whatever a payment holds", () => {
  const time = fc.date({ min: new Date(0), max: new Date("2100-01-01T00:00:00Z"), noInvalidDate: true });
  const maybe = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: null });
  const text = (maxLength: number) => maybe(fc.string({ unit: "grapheme", maxLength: Math.floor(maxLength / 4) }));
  const amount = fc.integer({ min: 0, max: limits.amount_max });
  const states = Object.keys(statusOf) as PaymentState[];

  const anyPayment = fc.record({
    state: fc.constantFrom(...states),
    amount,
    paidAmount: amount,
    refundedAmount: amount,
    name: text(40),
    buyer: fc.record({ name: text(16), email: text(64), tel: text(16), address: text(128), postcode: text(8) }),
    customData: text(10_000),
    userAgent: text(255),
    createdAt: time,
    paidAt: maybe(time),
    expiredAt: maybe(time),
    closedAt: maybe(time),
    failedAt: maybe(time),
    cancelledAt: maybe(time),
    reversedAt: maybe(time),
    failReason: text(256),
    cancelReason: text(256),
  });
  const anyAccount = fc.record({
    bankCode: fc.constantFrom("004", "088", "092", "999"),
    holder: text(16),
    dueAt: maybe(time),
    issuedAt: time,
  });

  it("its shape is the schema's, and every time is whole seconds or 0", () => {
    const fixture = issued();
    fc.assert(
      fc.property(anyPayment, anyAccount, (payment, virtualAccount) => {
        const shown = presentPayment({
          payment: { ...fixture.payment, ...payment },
          virtualAccount: { ...fixture.virtualAccount, ...virtualAccount },
          deposits: [],
          refunds: [],
        });
        expect(conforms(shown), JSON.stringify(conforms.errors)).toBe(true);
        expect(Object.keys(shown).sort()).toEqual(Object.keys(Payment.properties).sort());
        for (const [field, value] of Object.entries(shown)) {
          if (!/(_at|_date)$/.test(field)) continue;
          expect(Number.isSafeInteger(value), field).toBe(true);
          expect(value as number).toBeGreaterThanOrEqual(0);
        }
        if (payment.paidAt === null) expect(shown.paid_at).toBe(0);
        if (virtualAccount.dueAt === null) expect(shown.vbank_date).toBe(0);
        expect(shown.status).toBe(statusOf[payment.state]);
      }),
    );
  });
});
