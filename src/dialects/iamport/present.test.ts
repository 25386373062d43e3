import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Deposit } from "../../core/deposits/deposit.ts";
import { Books, dueAt, hour_ms, issued, issuedAt, later, minute_ms, price } from "../../core/fixtures.fixture.ts";
import { limits } from "../../core/limits.ts";
import type { PaymentState } from "../../core/payments/payment.ts";
import type { PaymentView } from "../../core/payments/read.ts";
import { presentPayment, statusOf, toSeconds } from "./present.ts";
import { Payment } from "./schemas/index.ts";

const conforms = new Ajv({ strict: false }).compile(Payment);
const seconds = (time: Date) => time.getTime() / 1000;

function viewOf(books: Books): PaymentView {
  const credits = [...books.state.deposits.values()].flat().filter((deposit) => deposit.kind === "credit");
  const shown = (deposit: Deposit) => deposit.state === "matched" || deposit.state === "reversed";
  const deposits = credits.filter(shown);
  return { payment: books.payment(), virtualAccount: books.accountOf(), deposits, refunds: [] };
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
        { pg_tid: "btx_2", amount: 5, depositor_name: null, deposited_at: seconds(depositedAt) },
      ],
    });
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
