import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deepFreeze, issuedAt } from "../fixtures.fixture.ts";
import { accountKind, accounts, type NewTransfer, sumByAccount } from "./ledger.ts";

function transfer(moved: Partial<NewTransfer>): NewTransfer {
  return deepFreeze({
    debitAccount: accounts.bank("sandbox"),
    creditAccount: accounts.merchant("mer_1"),
    amount: 1,
    currency: "KRW",
    code: "deposit",
    merchantId: null,
    paymentId: null,
    depositId: null,
    refundId: null,
    at: issuedAt,
    ...moved,
  });
}

const anyAccount = fc.constantFrom(
  accounts.bank("sandbox"),
  accounts.suspense("sandbox"),
  accounts.merchant("mer_1"),
  accounts.merchant("mer_2"),
  accounts.merchant("mer_1 KRW"),
);
const anyTransfer = fc
  .record({
    debitAccount: anyAccount,
    creditAccount: anyAccount,
    amount: fc.integer({ min: 1, max: 9_000_000_000 }),
    currency: fc.constantFrom("KRW", "USD"),
  })
  .filter((moved) => moved.debitAccount !== moved.creditAccount)
  .map(transfer);

describe("the chart of accounts", () => {
  it.each([
    [accounts.bank("sandbox"), "bank:sandbox", "asset"],
    [accounts.suspense("sandbox"), "suspense:sandbox", "liability"],
    [accounts.merchant("mer_1"), "merchant:mer_1", "liability"],
    ["ad-account:12345", "ad-account:12345", "liability"],
  ])("%s is %s, %s", (account, name, kind) => {
    expect(account).toBe(name);
    expect(accountKind(account)).toBe(kind);
  });
});

describe("what a batch adds to the balances", () => {
  it("is one sum per account and currency", () => {
    const rows = [
      transfer({ amount: 7 }),
      transfer({ amount: 5 }),
      transfer({ amount: 3, debitAccount: accounts.merchant("mer_1"), creditAccount: accounts.bank("sandbox") }),
      transfer({ amount: 2, currency: "USD" }),
    ];
    expect([...sumByAccount(rows).values()]).toEqual([
      { id: "bank:sandbox", currency: "KRW", debit: 12, credit: 3 },
      { id: "merchant:mer_1", currency: "KRW", debit: 3, credit: 12 },
      { id: "bank:sandbox", currency: "USD", debit: 2, credit: 0 },
      { id: "merchant:mer_1", currency: "USD", debit: 0, credit: 2 },
    ]);
  });

  it("of nothing is nothing", () => {
    expect(sumByAccount([]).size).toBe(0);
  });

  it("has as much debit as credit in each currency, and loses nothing", () => {
    fc.assert(
      fc.property(fc.array(anyTransfer), (rows) => {
        const deltas = [...sumByAccount(rows).values()];
        const keys = deltas.map((delta) => JSON.stringify([delta.id, delta.currency]));
        expect(new Set(keys).size).toBe(keys.length);
        for (const currency of ["KRW", "USD"]) {
          const moved = rows.filter((row) => row.currency === currency).reduce((sum, row) => sum + row.amount, 0);
          const of = deltas.filter((delta) => delta.currency === currency);
          expect(of.reduce((sum, delta) => sum + delta.debit, 0)).toBe(moved);
          expect(of.reduce((sum, delta) => sum + delta.credit, 0)).toBe(moved);
        }
      }),
    );
  });

  it("does not depend on how the transfers are cut into batches", () => {
    fc.assert(
      fc.property(fc.array(anyTransfer), fc.array(anyTransfer), (some, others) => {
        const total = new Map<string, { debit: number; credit: number }>();
        for (const [key, { debit, credit }] of [...sumByAccount(some), ...sumByAccount(others)]) {
          const held = total.get(key) ?? { debit: 0, credit: 0 };
          total.set(key, { debit: held.debit + debit, credit: held.credit + credit });
        }
        const whole = [...sumByAccount([...some, ...others])].map(([key, { debit, credit }]) => [
          key,
          { debit, credit },
        ]);
        expect(new Map(whole as [string, object][])).toEqual(total);
      }),
    );
  });
});
