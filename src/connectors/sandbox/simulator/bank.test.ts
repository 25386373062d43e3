import { describe, expect, it } from "vitest";
import {
  Books,
  deepFreeze,
  dueAt,
  hour_ms,
  issuedAt,
  later,
  minute_ms,
  price,
} from "../../../core/fixtures.fixture.ts";
import { decideOrder, type TransferOrder } from "./bank.ts";
import type { BankTransaction } from "./transactions.ts";

const now = later(issuedAt, hour_ms);

/** The bank's records with these transactions, in front of these books. */
function bank(books: Books, ...known: BankTransaction[]): Parameters<typeof decideOrder>[0] {
  return {
    transactions: new Map(known.map((one) => [`${one.kind} ${one.id}`, deepFreeze(one)])),
    target: ({ number }) =>
      number === books.accountOf().number
        ? { account: books.accountOf(), payment: books.payment(), paidElsewhere: false }
        : undefined,
  };
}

function transfer(wanted: Partial<TransferOrder> = {}) {
  return deepFreeze({
    kind: "credit" as const,
    id: "btx_1",
    bankCode: "088",
    number: "56012345678901",
    depositorName: "홍길동",
    unchecked: false,
    ...wanted,
  });
}

function transaction(told: Partial<BankTransaction> = {}): BankTransaction {
  return {
    id: "btx_1",
    kind: "credit",
    bankCode: "088",
    number: "56012345678901",
    amount: price,
    depositorName: "홍길동",
    occurredAt: later(issuedAt, minute_ms),
    recordedAt: later(issuedAt, minute_ms),
    notifiedAt: later(issuedAt, minute_ms),
    ...told,
  };
}

const oneTime = () => Books.with({});
const fixed = () => Books.with({ request: { kind: "fixed" } });
const paid = () => {
  const books = oneTime();
  books.receive();
  return books;
};
const closed = () => {
  const books = oneTime();
  books.close("pay_1", now);
  return books;
};

describe("a transfer", () => {
  it("of what the account asks for is recorded now and to be told", () => {
    const recorded = transaction({ occurredAt: now, recordedAt: now, notifiedAt: null });
    expect(decideOrder(bank(oneTime()), transfer(), now)).toEqual({
      result: { ok: true, isNew: true, transaction: recorded },
      recorded,
    });
  });

  it.each<[string, Books, Partial<TransferOrder>, number]>([
    ["the amount that is asked for", oneTime(), { amount: price }, price],
    ["any amount to a fixed account", fixed(), { amount: 7 }, 7],
    ["too little, unchecked", oneTime(), { amount: 1, unchecked: true }, 1],
    ["too late, unchecked", oneTime(), { occurredAt: later(dueAt, 1), unchecked: true }, price],
    ["to a closed account, unchecked", closed(), { unchecked: true }, price],
    ["to a paid order, unchecked", paid(), { unchecked: true }, price],
    ["to nobody, unchecked", oneTime(), { number: "1", amount: 5, unchecked: true }, 5],
    ["made in time and ordered late", oneTime(), { occurredAt: dueAt }, price],
  ])("%s moves money", (_name, books, wanted, amount) => {
    const { result, recorded } = decideOrder(bank(books), transfer(wanted), now);
    expect(result.ok).toBe(true);
    expect(recorded).toMatchObject({ amount, kind: "credit", notifiedAt: null, occurredAt: wanted.occurredAt ?? now });
  });

  it.each([
    ["too little", oneTime(), { amount: price - 1 }, { code: "bank-refused", reason: "amount_under" }],
    ["too much", oneTime(), { amount: price + 1 }, { code: "bank-refused", reason: "amount_over" }],
    ["too late", oneTime(), { occurredAt: later(dueAt, 1) }, { code: "bank-refused", reason: "late" }],
    ["to a closed account", closed(), {}, { code: "bank-refused", reason: "closed" }],
    ["to a paid order", paid(), {}, { code: "bank-refused", reason: "already_paid" }],
    ["to nobody", oneTime(), { number: "1", amount: 5 }, { code: "bank-refused", reason: "unknown_account" }],
    ["to nobody, of no amount", oneTime(), { number: "1" }, { code: "bank-refused", reason: "unknown_account" }],
    ["of no amount to a fixed account", fixed(), {}, { code: "amount-needed" }],
    ["of no amount to nobody, unchecked", oneTime(), { number: "1", unchecked: true }, { code: "amount-needed" }],
    [
      "of no amount to a late fixed account",
      fixed(),
      { occurredAt: later(dueAt, 1) },
      { code: "bank-refused", reason: "late" },
    ],
  ])("%s is refused before money moves", (_name, books, wanted, refusal) => {
    expect(decideOrder(bank(books), transfer(wanted), now)).toEqual({
      result: { ok: false, refusal },
      recorded: undefined,
    });
  });
});

describe("a transfer under an id that is known", () => {
  const known = transaction();

  it("has its notice sent again as it was, though the order is paid by now", () => {
    const { result, recorded } = decideOrder(bank(paid(), known), transfer(), now);
    expect(result).toEqual({ ok: true, isNew: false, transaction: known });
    expect(recorded).toBeUndefined();
  });

  it("keeps the depositor and the time that the bank knows", () => {
    const { result } = decideOrder(bank(paid(), known), transfer({ depositorName: null }), now);
    expect(result).toEqual({ ok: true, isNew: false, transaction: known });
  });

  it.each([
    ["amount", { amount: 1 }],
    ["depositor", { depositorName: "임꺽정" }],
    ["account", { number: "56012345678902" }],
    ["time", { occurredAt: dueAt }],
  ])("says another %s when told to, and the bank's own record stays", (_name, wanted) => {
    const { result, recorded } = decideOrder(bank(paid(), known), transfer(wanted), now);
    expect(result).toEqual({ ok: true, isNew: false, transaction: known, contradiction: { ...known, ...wanted } });
    expect(recorded).toBeUndefined();
  });
});

describe("a reversal", () => {
  const order = { kind: "reversal", id: "btx_1" } as const;
  const credit = transaction();

  it("repeats its credit under the same id, at the time it is made", () => {
    const recorded = { ...credit, kind: "reversal", occurredAt: now, recordedAt: now, notifiedAt: null };
    expect(decideOrder(bank(paid(), credit), order, now)).toEqual({
      result: { ok: true, isNew: true, transaction: recorded },
      recorded,
    });
  });

  it("made before is told again as it was", () => {
    const known = transaction({ kind: "reversal" });
    expect(decideOrder(bank(paid(), credit, known), order, now)).toEqual({
      result: { ok: true, isNew: false, transaction: known },
      recorded: undefined,
    });
  });

  it("of nothing is refused", () => {
    expect(decideOrder(bank(oneTime()), order, now)).toEqual({
      result: { ok: false, refusal: { code: "no-such-transaction", id: "btx_1" } },
      recorded: undefined,
    });
  });
});
