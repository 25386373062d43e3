import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  account,
  Books,
  dueAt,
  hour_ms,
  issued,
  issuedAt,
  issueRequest,
  later,
  merchantId,
  minute_ms,
  offering,
  price,
  second_ms,
} from "../fixtures.fixture.ts";
import { day_ms, limits } from "../limits.ts";
import { decideClose, decideExpire, decideIssue, type IssueRequest, type IssueState } from "./decide.ts";
import { availableAgain } from "./pool.ts";
import { holderAt } from "./virtual-account.ts";

const now = issuedAt;
const free = offering("56012345678901");
const farthest = later(now, limits.due_max_days * day_ms);

describe("issuing an account", () => {
  it("makes an open account and a payment that is ready, and announces it once", () => {
    const { result, changes } = decideIssue(free, issueRequest(), now);
    if (!result.ok) throw new Error(result.refusal.code);
    const { payment, virtualAccount } = result.value;
    expect(virtualAccount).toMatchObject({
      state: "open",
      kind: "one_time",
      number: free.free,
      bankCode: "088",
      connector: "sandbox",
      amount: price,
      dueAt,
      issuedAt: now,
      endedAt: null,
    });
    expect(payment).toMatchObject({
      state: "ready",
      amount: price,
      paidAmount: 0,
      refundedAmount: 0,
      currency: "KRW",
      beneficiary: `merchant:${merchantId}`,
      createdAt: now,
      paidAt: null,
      eventSeq: 1,
    });
    expect(virtualAccount.paymentId).toBe(payment.id);
    expect(changes).toMatchObject({ payments: [payment], virtualAccounts: [virtualAccount] });
    expect(changes.events).toMatchObject([
      { subjectId: payment.id, subjectSeq: 1, type: "payment.ready", data: { state: "ready", amount: price }, at: now },
    ]);
  });

  it("takes the number out of the pool until it has rested after the due time", () => {
    const { changes } = decideIssue(free, issueRequest(), now);
    expect(changes.numbers).toEqual([
      {
        connector: "sandbox",
        bankCode: "088",
        number: free.free,
        availableFrom: later(dueAt, limits.number_rest_days * day_ms),
        reservedFor: null,
        reservedKey: null,
      },
    ]);
  });

  it("records a fixed account that takes any amount with 0 due", () => {
    const { payment, virtualAccount } = issued({ kind: "fixed" });
    expect(virtualAccount).toMatchObject({ kind: "fixed", amount: null });
    expect(payment.amount).toBe(0);
  });

  it("keeps the number of a fixed account without a due time for as long as it lives", () => {
    const { changes } = decideIssue(free, issueRequest({ kind: "fixed", dueAt: null }), now);
    expect(changes.numbers).toMatchObject([{ number: free.free, availableFrom: null }]);
  });

  it.each<[string, IssueState, Partial<IssueRequest>, string | null]>([
    ["a due time one millisecond away", free, { dueAt: later(now, 1) }, null],
    ["a due time of exactly now", free, { dueAt: now }, "due-passed"],
    ["a due time that has passed", free, { dueAt: later(now, -1) }, "due-passed"],
    ["a due time as far away as it may be", free, { dueAt: farthest }, null],
    ["a due time one millisecond farther", free, { dueAt: later(farthest, 1) }, "due-too-far"],
    ["a fixed account due too far away", free, { kind: "fixed", dueAt: later(farthest, 1) }, "due-too-far"],
    ["a fixed account without a due time", free, { kind: "fixed", dueAt: null }, null],
    ["an order that was paid", { ...free, referencePaid: true }, {}, "reference-paid"],
    ["an order that was paid, past its due time", { ...free, referencePaid: true }, { dueAt: now }, "reference-paid"],
    ["a bank without free numbers", offering(undefined), {}, "numbers-exhausted"],
    ["a passed due time at a bank without free numbers", offering(undefined), { dueAt: now }, "due-passed"],
  ])("%s", (_name, state, wanted, refusal) => {
    const { result, changes } = decideIssue(state, issueRequest(wanted), now);
    expect(result.ok ? null : result.refusal.code).toBe(refusal);
    if (refusal !== null) expect(Object.values(changes).flat()).toEqual([]);
  });

  it.each([
    ["reference-paid", { referencePaid: true }, {}, { reference: "order-1" }],
    ["due-passed", {}, { dueAt: now }, { dueAt: now, now }],
    ["due-too-far", {}, { dueAt: later(farthest, 1) }, { max_days: limits.due_max_days }],
    ["numbers-exhausted", { free: undefined }, {}, { bankCode: "088" }],
  ])("%s tells what a precise message needs", (code, state, wanted, details) => {
    const { result } = decideIssue({ ...free, ...state }, issueRequest(wanted), now);
    expect(result).toMatchObject({ ok: false, refusal: { code, ...details } });
  });

  it("lets several unpaid accounts of one order stand side by side", () => {
    const second = { paymentId: "pay_2", virtualAccountId: "va_2" };
    const books = Books.with({}, { request: second, number: "56012345678902" });
    expect([books.payment("pay_1").state, books.payment("pay_2").state]).toEqual(["ready", "ready"]);
    expect(books.payment("pay_1").reference).toBe(books.payment("pay_2").reference);
  });
});

describe("expiry", () => {
  it.each([
    ["before the due time", later(dueAt, -1), false],
    ["at the due time", dueAt, false],
    ["one millisecond after it", later(dueAt, 1), true],
    ["a day after it", later(dueAt, day_ms), true],
  ])("%s", (_name, at, expires) => {
    const books = Books.with({});
    const changes = books.expire("pay_1", at);
    expect(changes !== undefined).toBe(expires);
    expect(books.accountOf().state).toBe(expires ? "expired" : "open");
    expect(books.payment().state).toBe(expires ? "expired" : "ready");
  });

  it("tells when it was and announces it once", () => {
    const at = later(dueAt, second_ms);
    const changes = decideExpire(issued(), at);
    expect(changes?.virtualAccounts).toMatchObject([{ state: "expired", endedAt: at }]);
    expect(changes?.payments).toMatchObject([{ state: "expired", expiredAt: at, eventSeq: 2 }]);
    expect(changes?.events).toMatchObject([{ type: "payment.expired", subjectSeq: 2, at }]);
  });

  it.each([
    ["was paid", (books: Books) => books.receive()],
    ["was paid and the credit taken back", (books: Books) => [books.receive(), books.receive({ kind: "reversal" })]],
    ["was withdrawn", (books: Books) => books.close("pay_1", later(issuedAt, minute_ms))],
    ["has expired", (books: Books) => books.expire("pay_1", later(dueAt, 1))],
  ])("leaves an account that %s as it is", (_name, step) => {
    const books = Books.with({});
    step(books);
    expect(books.expire("pay_1", later(dueAt, day_ms))).toBeUndefined();
  });

  it("ends a fixed account that was paid, and its payment stays paid without an event", () => {
    const books = Books.with({ request: { kind: "fixed" } });
    books.receive();
    const changes = books.expire("pay_1", later(dueAt, 1));
    expect(changes).toMatchObject({ payments: [], events: [], numbers: [] });
    expect(books.accountOf().state).toBe("expired");
    expect(books.payment().state).toBe("paid");
  });

  it("expires a fixed account that nothing was paid to, with its payment", () => {
    const books = Books.with({ request: { kind: "fixed" } });
    books.expire("pay_1", later(dueAt, 1));
    expect([books.accountOf().state, books.payment().state]).toEqual(["expired", "expired"]);
  });

  it("never ends an account without a due time", () => {
    const books = Books.with({ request: { kind: "fixed", dueAt: null } });
    expect(books.expire("pay_1", new Date("2999-01-01T00:00:00Z"))).toBeUndefined();
  });
});

describe("withdrawal", () => {
  const at = later(issuedAt, hour_ms);

  it("closes account and payment, with the reason, and announces it once", () => {
    const { result, changes } = decideClose(issued(), "계좌말소", at);
    expect(result).toMatchObject({
      ok: true,
      value: {
        payment: { state: "closed", closedAt: at, failReason: "계좌말소", eventSeq: 2 },
        virtualAccount: { state: "closed", endedAt: at },
      },
    });
    expect(changes.events).toMatchObject([{ type: "payment.closed", subjectSeq: 2, data: { state: "closed" } }]);
  });

  it("closes an account past its due time that was not swept yet", () => {
    expect(decideClose(issued(), "계좌말소", later(dueAt, 1)).result.ok).toBe(true);
  });

  it("closes an account whose time ran out, so that it is not shown as waiting for ever", () => {
    const books = Books.with({});
    books.expire("pay_1", later(dueAt, 1));
    expect(books.close("pay_1", later(dueAt, 2)).ok).toBe(true);
    expect(books.payment().state).toBe("closed");
    expect(books.accountOf()).toMatchObject({ state: "closed", endedAt: later(dueAt, 1) });
  });

  it("closes a fixed account that nothing was paid to", () => {
    expect(decideClose(issued({ kind: "fixed" }), "계좌말소", at).result.ok).toBe(true);
  });

  it.each([
    ["paid", (books: Books) => books.receive()],
    ["reversed", (books: Books) => [books.receive(), books.receive({ kind: "reversal" })]],
    ["closed", (books: Books) => books.close("pay_1", at)],
  ])("refuses a payment that is %s and changes nothing", (state, step) => {
    const books = Books.with({});
    step(books);
    const { length } = books.events;
    expect(books.close("pay_1", later(dueAt, 2))).toEqual({
      ok: false,
      refusal: { code: "payment-not-ready", state },
    });
    expect(books.events.length).toBe(length);
  });

  it("refuses a fixed account that something was paid to, though it is open", () => {
    const books = Books.with({ request: { kind: "fixed" } });
    books.receive();
    expect(books.accountOf().state).toBe("open");
    expect(books.close("pay_1", at)).toMatchObject({
      ok: false,
      refusal: { code: "payment-not-ready", state: "paid" },
    });
  });
});

describe("who held a number", () => {
  const first = account({ id: "va_1", issuedAt: new Date("2026-01-01T00:00:00Z"), state: "expired" });
  const second = account({ id: "va_2", issuedAt: new Date("2026-03-01T00:00:00Z"), state: "used" });
  const third = account({ id: "va_3", issuedAt: new Date("2026-05-01T00:00:00Z") });
  const skew = limits.bank_clock_skew_ms;

  it.each([
    ["a credit while the first held it", new Date("2026-01-15T00:00:00Z"), "va_1"],
    ["a credit between two holders is the earlier one's", new Date("2026-02-28T23:00:00Z"), "va_1"],
    ["a credit at the moment of issue", second.issuedAt, "va_2"],
    ["a bank's clock that lags as far as is allowed", later(second.issuedAt, -skew), "va_2"],
    ["a bank's clock that lags by more", later(second.issuedAt, -skew - 1), "va_1"],
    ["an overnight notice of the second holder's", new Date("2026-04-30T00:00:00Z"), "va_2"],
    ["a credit now", new Date("2026-05-02T00:00:00Z"), "va_3"],
    ["a credit far ahead", new Date("2030-01-01T00:00:00Z"), "va_3"],
    ["a credit before anyone held it is for nobody", new Date("2025-01-01T00:00:00Z"), undefined],
  ])("%s", (_name, occurredAt, holder) => {
    for (const accounts of [
      [first, second, third],
      [third, first, second],
      [second, third, first],
    ]) {
      expect(holderAt(Object.freeze(accounts), occurredAt)?.id).toBe(holder);
    }
  });

  it("a number that nobody had", () => {
    expect(holderAt([], issuedAt)).toBeUndefined();
  });

  it("is the last holder that had been issued by then, if there is one", () => {
    const times = fc.uniqueArray(fc.integer({ min: 0, max: 1_000_000_000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(times, fc.integer({ min: -1_000_000_000, max: 2_000_000_000 }), (issues, at_ms) => {
        const accounts = issues.map((ms, index) => account({ id: `va_${index}`, issuedAt: new Date(ms) }));
        const holder = holderAt(accounts, new Date(at_ms));
        const due = accounts.filter((one) => one.issuedAt.getTime() <= at_ms + skew);
        const expected = due.length > 0 ? Math.max(...due.map((one) => one.issuedAt.getTime())) : undefined;
        expect(holder?.issuedAt.getTime()).toBe(expected);
      }),
    );
  });
});

describe("when a number comes back", () => {
  it("rests after the due time, however the account ended", () => {
    for (const state of ["open", "used", "closed", "expired"] as const) {
      expect(availableAgain(account({ state, endedAt: issuedAt }))).toEqual(
        later(dueAt, limits.number_rest_days * day_ms),
      );
    }
  });

  it("never, while a fixed account without a due time has it", () => {
    expect(availableAgain(account({ kind: "fixed", dueAt: null }))).toBeNull();
  });
});
