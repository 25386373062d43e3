import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  account,
  Books,
  deepFreeze,
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
import type { Payment } from "../payments/payment.ts";
import { decideChange, decideClose, decideExpire, decideIssue, type IssueRequest, type IssueState } from "./decide.ts";
import { availableAgain, type PoolNumber } from "./pool.ts";
import { holderAt, type VirtualAccount } from "./virtual-account.ts";

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

describe("issuing on a number that is reserved", () => {
  const byNumber = { number: "79011112222333" };
  const byKey = { key: "member-7" };
  const fromPool = free.free!;
  const state = (changes: Partial<IssueState>): IssueState => deepFreeze({ ...free, ...changes });
  const known = (changes: Partial<PoolNumber> = {}): PoolNumber => ({
    connector: "sandbox",
    bankCode: "088",
    number: byNumber.number,
    availableFrom: null,
    reservedFor: merchantId,
    reservedKey: null,
    ...changes,
  });
  const keyed = known({ number: "56012345670007", reservedKey: byKey.key });

  it.each<[string, IssueState, IssueRequest["reserved"], Partial<PoolNumber> | string]>([
    ["no wish takes one of the pool", state({}), undefined, { number: fromPool, reservedFor: null }],
    ["no wish, and the pool is used up", state({ free: undefined }), undefined, "numbers-exhausted"],
    [
      "no wish cares for no number that is known",
      state({ known: known(), inUse: true }),
      undefined,
      { number: fromPool },
    ],
    ["a number new to us becomes the merchant's", state({}), byNumber, { ...byNumber, reservedFor: merchantId }],
    [
      "a number new to us needs no pool",
      state({ free: undefined }),
      byNumber,
      { ...byNumber, reservedFor: merchantId },
    ],
    ["a number of the merchant's is used again", state({ known: known() }), byNumber, known()],
    [
      "a number of the merchant's with an open account",
      state({ known: known(), inUse: true }),
      byNumber,
      "number-in-use",
    ],
    ["another merchant's number", state({ known: known({ reservedFor: "mer_other" }) }), byNumber, "number-not-yours"],
    [
      "another merchant's number in use: whose it is comes first",
      state({ known: known({ reservedFor: "mer_other" }), inUse: true }),
      byNumber,
      "number-not-yours",
    ],
    [
      "a number that the pool lends",
      state({ known: known({ reservedFor: null, availableFrom: issuedAt }) }),
      byNumber,
      "number-not-yours",
    ],
    [
      "a number of the merchant's that has a key is asked for by the key",
      state({ known: keyed }),
      { number: keyed.number },
      "number-not-yours",
    ],
    [
      "a key new to us gets a number of the pool, and keeps it",
      state({}),
      byKey,
      { number: fromPool, reservedFor: merchantId, reservedKey: byKey.key },
    ],
    ["a key new to us, and the pool is used up", state({ free: undefined }), byKey, "numbers-exhausted"],
    ["a key that is known has its number", state({ known: keyed }), byKey, keyed],
    ["a key that is known needs no pool", state({ known: keyed, free: undefined }), byKey, keyed],
    ["a key with an open account", state({ known: keyed, inUse: true }), byKey, "number-in-use"],
  ])("%s", (_name, of, reserved, expected) => {
    const { result, changes } = decideIssue(of, issueRequest({ reserved }), now);
    if (typeof expected === "string") {
      expect(result).toMatchObject({ ok: false, refusal: { code: expected } });
      expect(Object.values(changes).flat()).toEqual([]);
      return;
    }
    if (!result.ok) throw new Error(result.refusal.code);
    const { virtualAccount } = result.value;
    expect(virtualAccount).toMatchObject({ number: expected.number, reserved: reserved !== undefined, state: "open" });
    expect(changes.numbers).toMatchObject([expected]);
    const returns = later(dueAt, limits.number_rest_days * day_ms);
    expect(changes.numbers[0]!.availableFrom).toEqual(reserved === undefined ? returns : null);
  });

  it.each([
    ["number-not-yours", { known: known({ reservedFor: null }) }, byNumber, { number: byNumber.number }],
    ["number-in-use", { known: keyed, inUse: true }, byKey, { number: keyed.number }],
    ["numbers-exhausted", { free: undefined }, byKey, { bankCode: "088" }],
  ])("%s tells what a precise message needs", (code, of, reserved, details) => {
    const { result } = decideIssue(state(of), issueRequest({ reserved }), now);
    expect(result).toEqual({ ok: false, refusal: { code, ...details } });
  });

  it("refuses a paid order and a passed due time before it looks at the number", () => {
    const inUse = state({ known: known(), inUse: true });
    const paid = decideIssue({ ...inUse, referencePaid: true }, issueRequest({ reserved: byNumber }), now);
    expect(paid.result).toMatchObject({ refusal: { code: "reference-paid" } });
    const late = decideIssue(inUse, issueRequest({ reserved: byNumber, dueAt: now }), now);
    expect(late.result).toMatchObject({ refusal: { code: "due-passed" } });
  });

  it("never gives the number back: not when it is withdrawn, not when it is changed", () => {
    for (const kind of ["one_time", "fixed"] as const) {
      const one = issued({ reserved: byNumber, kind });
      expect(decideClose(one, "계좌말소", now).changes.numbers).toEqual([]);
      expect(decideChange(one, { amount: null, dueAt: later(dueAt, day_ms) }, now).changes.numbers).toEqual([]);
      expect(availableAgain(one.virtualAccount)).toBeNull();
    }
  });
});

describe("changing an account that waits", () => {
  const at = later(issuedAt, hour_ms);
  const longer = later(dueAt, day_ms);
  const latest = later(at, limits.due_max_days * day_ms);
  const nothing = { amount: null, dueAt: null };

  it.each<[string, Partial<IssueRequest>, { amount: number | null; dueAt: Date | null }, number | null, Date | null]>([
    ["the amount", {}, { amount: 7, dueAt: null }, 7, dueAt],
    ["the due time", {}, { amount: null, dueAt: longer }, price, longer],
    ["both", {}, { amount: 7, dueAt: longer }, 7, longer],
    ["nothing", {}, nothing, price, dueAt],
    ["the due time to an earlier one", {}, { amount: null, dueAt: later(at, 1) }, price, later(at, 1)],
    ["the due time to the last there may be", {}, { amount: null, dueAt: latest }, price, latest],
    [
      "the amount of an account for any amount, which stays so",
      { kind: "fixed" },
      { amount: 7, dueAt: null },
      null,
      dueAt,
    ],
    ["the due time of an account for any amount", { kind: "fixed" }, { amount: null, dueAt: longer }, null, longer],
    ["the amount of a fixed account with one", { kind: "fixed", amount: price }, { amount: 7, dueAt: null }, 7, dueAt],
    ["an account without a due time", { kind: "fixed", dueAt: null }, { amount: null, dueAt: longer }, null, longer],
    [
      "the amount of an account without a due time",
      { kind: "fixed", dueAt: null, amount: price },
      { amount: 7, dueAt: null },
      7,
      null,
    ],
  ])("%s", (_name, wanted, change, amount, due) => {
    const before = issued(wanted);
    const { result, changes } = decideChange(before, change, at);
    if (!result.ok) throw new Error(`${result.refusal.code}: ${JSON.stringify(result.refusal)}`);
    const { payment, virtualAccount } = result.value;
    expect(virtualAccount).toEqual({ ...before.virtualAccount, amount, dueAt: due });
    expect(payment).toEqual({ ...before.payment, amount: amount ?? 0, updatedAt: at, eventSeq: 2 });
    expect(changes).toMatchObject({ payments: [payment], virtualAccounts: [virtualAccount] });
    expect(changes.events).toMatchObject([
      {
        type: "payment.changed",
        subjectSeq: 2,
        data: { state: "ready", amount, dueAt: due?.toISOString() ?? null },
        at,
      },
    ]);
    const availableFrom = due && later(due, limits.number_rest_days * day_ms);
    expect(changes.numbers).toMatchObject([{ number: virtualAccount.number, availableFrom, reservedFor: null }]);
  });

  const anything = { amount: 7, dueAt: longer };
  const swept = { payment: { state: "expired" as const }, virtualAccount: { state: "expired" as const } };
  it.each<
    [string, Partial<Payment>, Partial<VirtualAccount>, { amount: number | null; dueAt: Date | null }, Date, object]
  >([
    ["one whose time ran out", swept.payment, swept.virtualAccount, anything, at, { code: "account-expired", dueAt }],
    [
      "one whose time ran out and that was not swept yet",
      {},
      {},
      anything,
      later(dueAt, 1),
      { code: "account-expired", dueAt },
    ],
    [
      "one that was paid",
      { state: "paid" },
      { state: "used" },
      anything,
      at,
      { code: "payment-not-ready", state: "paid" },
    ],
    [
      "one that was paid, after its time",
      { state: "paid" },
      { state: "used" },
      anything,
      later(dueAt, 1),
      { code: "payment-not-ready", state: "paid" },
    ],
    ["a fixed one that was paid", { state: "paid" }, {}, anything, at, { code: "payment-not-ready", state: "paid" }],
    [
      "one refunded in full",
      { state: "cancelled" },
      {},
      anything,
      at,
      { code: "payment-not-ready", state: "cancelled" },
    ],
    ["one taken back", { state: "reversed" }, {}, anything, at, { code: "payment-not-ready", state: "reversed" }],
    [
      "a withdrawn one",
      { state: "closed" },
      { state: "closed" },
      anything,
      at,
      { code: "payment-not-ready", state: "closed" },
    ],
    [
      "one that never came to be",
      { state: "failed" },
      {},
      anything,
      at,
      { code: "payment-not-ready", state: "failed" },
    ],
    ["to a due time of now", {}, {}, { amount: null, dueAt: at }, at, { code: "due-passed", dueAt: at, now: at }],
    [
      "to a due time too far away",
      {},
      {},
      { amount: null, dueAt: later(latest, 1) },
      at,
      { code: "due-too-far", dueAt: later(latest, 1), max_days: limits.due_max_days },
    ],
    [
      "to a passed due time, when its own has passed",
      {},
      {},
      { amount: null, dueAt: at },
      later(dueAt, 1),
      { code: "account-expired", dueAt },
    ],
  ])("is refused: %s", (_name, payment, virtualAccount, change, when, refusal) => {
    const before = issued();
    const one = {
      payment: { ...before.payment, ...payment },
      virtualAccount: { ...before.virtualAccount, ...virtualAccount },
    };
    const { result, changes } = decideChange(deepFreeze(one), change, when);
    expect(result).toEqual({ ok: false, refusal });
    expect(Object.values(changes).flat()).toEqual([]);
  });

  it("is still possible at the due time itself", () => {
    expect(decideChange(issued(), { amount: null, dueAt: longer }, dueAt).result.ok).toBe(true);
  });

  it("asks the new amount of what comes then", () => {
    const before = issued();
    const { result } = decideChange(before, { amount: 7, dueAt: null }, at);
    if (!result.ok) throw new Error(result.refusal.code);
    const books = new Books();
    books.state.apply({ payments: [result.value.payment], virtualAccounts: [result.value.virtualAccount] });
    expect(books.receive().deposit).toMatchObject({ state: "suspended", reason: "amount_over" });
    expect(books.receive({ transactionId: "btx_2", amount: 7 }).deposit).toMatchObject({ state: "matched" });
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

  it.each([
    ["a credit before the order is the former order's, however little before", later(second.issuedAt, -1), "va_1"],
    ["a credit at the moment of issue", second.issuedAt, "va_2"],
    ["a lagging clock's credit to a number's first order is that order's", later(first.issuedAt, -skew), "va_1"],
    ["a credit before anyone held it is for nobody", later(first.issuedAt, -skew - 1), undefined],
  ])("of a reserved number, which does not rest: %s", (_name, occurredAt, holder) => {
    const orders = [first, second, third].map((one) => ({ ...one, reserved: true }));
    expect(holderAt(Object.freeze(orders), occurredAt)?.id).toBe(holder);
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
