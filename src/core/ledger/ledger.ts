/**
 * Double entry. A transfer is one row that moves one amount from a debited to a credited account, so it cannot be
 * unbalanced; transfers of one decision share a journal id. Balances are sums kept beside them.
 *
 *   bank:{connector}      asset      what the bank holds for us
 *   merchant:{id}         liability  what we owe the merchant; negative after a reversal of what was paid out
 *   suspense:{connector}  liability  money that arrived and matches nothing
 *   refunds:{connector}   liability  money on its way out
 *   ad-account:{number}   liability  an advertiser's cash
 *   member:{number}       liability  a member's prepaid balance
 */
import { newId, type Queryable, type Statement, table } from "../../store/index.ts";
import { KRW } from "../money.ts";

export type TransferCode =
  | "deposit"
  | "capture"
  | "deposit-suspended"
  | "deposit-reversed"
  | "suspense-reversed"
  | "suspense-resolved"
  | "refund-reserved"
  | "refund-released"
  | "refund-paid"
  | "withdrawal"
  | "verification";

export interface Transfer {
  id: string;
  journalId: string;
  debitAccount: string;
  creditAccount: string;
  /** Whole units of the currency, at least 1. */
  amount: number;
  currency: string;
  code: TransferCode;
  merchantId: string | null;
  paymentId: string | null;
  depositId: string | null;
  refundId: string | null;
  captureId?: string | null;
  verificationId?: string | null;
  at: Date;
}

/** A transfer as a decision states it. */
export type NewTransfer = Omit<Transfer, "id" | "journalId">;

export const transfers = table<Transfer>(
  "transfers",
  [
    "id",
    "journalId",
    "debitAccount",
    "creditAccount",
    "amount",
    "currency",
    "code",
    "merchantId",
    "paymentId",
    "depositId",
    "refundId",
    "captureId",
    "verificationId",
    "at",
  ],
  ["id"],
);

export const accounts = {
  bank: (connector: string) => `bank:${connector}`,
  suspense: (connector: string) => `suspense:${connector}`,
  refunds: (connector: string) => `refunds:${connector}`,
  merchant: (merchantId: string) => `merchant:${merchantId}`,
  adAccount: (number: number) => `ad-account:${number}`,
  member: (number: string) => `member:${number}`,
};

export function accountKind(account: string): "asset" | "liability" {
  return account.startsWith("bank:") ? "asset" : "liability";
}

/**
 * Adds to balances that no decision reads. The rows arrive sorted and are locked in that order as they are upserted,
 * one aggregated row per account: the last statement before COMMIT, so that a hot account is held only briefly.
 */
const POST: Statement = {
  name: "post-balances",
  text: `INSERT INTO ledger_accounts (id, currency, kind, debit, credit)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS delta (id, currency, kind, debit, credit)
    ORDER BY id, currency
    ON CONFLICT (id, currency) DO UPDATE
      SET debit = ledger_accounts.debit + excluded.debit, credit = ledger_accounts.credit + excluded.credit`,
};

/** Writes the transfers of one batch, each inner list one journal, and then the balances they change. */
export async function postJournals(tx: Queryable, journals: readonly (readonly NewTransfer[])[]): Promise<void> {
  const rows = journals.flatMap((journal) => {
    const journalId = newId("jnl");
    return journal.map((transfer) => ({ id: newId("trf"), journalId, ...transfer }));
  });
  if (rows.length === 0) return;
  await transfers.insert(tx, rows);
  const deltas = [...sumByAccount(rows).values()];
  await tx.query(POST, [
    deltas.map((delta) => delta.id),
    deltas.map((delta) => delta.currency),
    deltas.map((delta) => accountKind(delta.id)),
    deltas.map((delta) => delta.debit),
    deltas.map((delta) => delta.credit),
  ]);
}

interface Delta {
  id: string;
  currency: string;
  debit: number;
  credit: number;
}

export function sumByAccount(rows: readonly NewTransfer[]): Map<string, Delta> {
  const deltas = new Map<string, Delta>();
  const delta = (id: string, currency: string): Delta => {
    const key = `${id} ${currency}`;
    const found = deltas.get(key) ?? { id, currency, debit: 0, credit: 0 };
    deltas.set(key, found);
    return found;
  };
  for (const row of rows) {
    delta(row.debitAccount, row.currency).debit += row.amount;
    delta(row.creditAccount, row.currency).credit += row.amount;
  }
  return deltas;
}

export interface LedgerAccount {
  id: string;
  currency: string;
  kind: "asset" | "liability";
  debit: number;
  credit: number;
  /** Debit less credit for an asset, credit less debit for a liability. */
  balance: number;
}

const LIST: Statement = {
  name: "list-ledger-accounts",
  text: `SELECT id, currency, kind, debit, credit, CASE kind WHEN 'asset' THEN debit - credit ELSE credit - debit END AS balance
    FROM ledger_accounts WHERE (id, currency) > ($1, $2) ORDER BY id, currency LIMIT $3`,
};

/** By id and currency; those behind `after`. */
export async function listLedgerAccounts(
  db: Queryable,
  after: Pick<LedgerAccount, "id" | "currency">,
  count: number,
): Promise<LedgerAccount[]> {
  return (await db.query<LedgerAccount>(LIST, [after.id, after.currency, count])).rows;
}

export interface TrialBalance {
  currency: string;
  debit: number;
  credit: number;
  /** Debit less credit: 0 in books that balance. */
  difference: number;
}

const OWED: Statement = {
  name: "owed-balances",
  text: "SELECT id, credit - debit AS balance FROM ledger_accounts WHERE id = ANY($1) AND currency = $2",
};

/** What is owed by these accounts in won, each of them a liability; 0 where nothing ever moved. */
export async function readOwed(db: Queryable, ids: readonly string[]): Promise<Map<string, number>> {
  const { rows } = ids.length === 0 ? { rows: [] } : await db.query<{ id: string; balance: number }>(OWED, [ids, KRW]);
  const balances = new Map(rows.map((row) => [row.id, row.balance]));
  return new Map(ids.map((id) => [id, balances.get(id) ?? 0]));
}

const TRIAL_BALANCE: Statement = {
  name: "trial-balance",
  text: `SELECT currency, sum(debit)::bigint AS debit, sum(credit)::bigint AS credit, (sum(debit) - sum(credit))::bigint AS difference
    FROM ledger_accounts GROUP BY currency ORDER BY currency`,
};

export async function trialBalance(db: Queryable): Promise<TrialBalance[]> {
  return (await db.query<TrialBalance>(TRIAL_BALANCE)).rows;
}
