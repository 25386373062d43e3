/** Statements that read virtual accounts. */
import type { Queryable, Statement } from "../../store/index.ts";
import { type VirtualAccount, virtualAccounts } from "./virtual-account.ts";

const READ_BY_PAYMENT: Statement = {
  name: "read-virtual-accounts-by-payment",
  text: `SELECT ${virtualAccounts.select("v")} FROM virtual_accounts v WHERE payment_id = ANY($1)`,
};

/** For each number the last few accounts that had it: a short index scan per number, newest first. */
const READ_BY_NUMBER: Statement = {
  name: "read-virtual-accounts-by-number",
  text: `SELECT ${virtualAccounts.select("v")}
    FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS w (connector, bank_code, number)) wanted
    CROSS JOIN LATERAL (
      SELECT * FROM virtual_accounts a
      WHERE a.connector = wanted.connector AND a.number = wanted.number AND a.bank_code = wanted.bank_code
      ORDER BY a.issued_at DESC LIMIT $4
    ) v`,
};

export async function readByPayment(tx: Queryable, paymentIds: readonly string[]): Promise<VirtualAccount[]> {
  return paymentIds.length === 0 ? [] : (await tx.query<VirtualAccount>(READ_BY_PAYMENT, [paymentIds])).rows;
}

export async function readByNumber(
  tx: Queryable,
  wanted: readonly { connector: string; bankCode: string; number: string }[],
  holders: number,
): Promise<VirtualAccount[]> {
  if (wanted.length === 0) return [];
  const found = await tx.query<VirtualAccount>(READ_BY_NUMBER, [
    wanted.map((one) => one.connector),
    wanted.map((one) => one.bankCode),
    wanted.map((one) => one.number),
    holders,
  ]);
  return found.rows;
}

const BANKS_OF_NUMBER: Statement = {
  name: "banks-of-number",
  text: `SELECT DISTINCT bank_code AS "bankCode" FROM virtual_accounts WHERE connector = $1 AND number = $2 ORDER BY 1`,
};

/** The banks at which this connector ever issued the number. */
export async function findBanksOfNumber(db: Queryable, connector: string, number: string): Promise<string[]> {
  const found = await db.query<{ bankCode: string }>(BANKS_OF_NUMBER, [connector, number]);
  return found.rows.map((row) => row.bankCode);
}

/** A payment's account; every payment by virtual account has one. */
export async function accountOf(db: Queryable, paymentId: string): Promise<VirtualAccount> {
  return (await readByPayment(db, [paymentId]))[0]!;
}
