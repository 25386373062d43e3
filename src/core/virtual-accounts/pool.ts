/**
 * Numbers that banks have lent us. An issue takes the number that has rested longest; it comes back by itself once
 * `availableFrom` has passed, so that nothing needs to be written when an account is paid, closed or expires.
 */
import { businessNow, type Pool, type Queryable, type Statement, table } from "../../store/index.ts";
import type { NumberPool } from "../connector.ts";
import { day_ms, limits } from "../limits.ts";
import type { VirtualAccount } from "./virtual-account.ts";

export interface PoolNumber {
  connector: string;
  bankCode: string;
  number: string;
  /** Null for as long as a fixed account holds the number, and for ever once it is reserved. */
  availableFrom: Date | null;
  /** The merchant for whose customer it is reserved, who is known by the number or by a key of the merchant's. */
  reservedFor: string | null;
  reservedKey: string | null;
}

export const poolNumbers = table<PoolNumber>(
  "pool_numbers",
  ["connector", "bankCode", "number", "availableFrom", "reservedFor", "reservedKey"],
  ["connector", "bankCode", "number"],
);

/** Walks the index of free numbers from the longest rested; numbers another batch is about to take, or whose account the sweep has yet to expire, are passed over. */
const TAKE: Statement = {
  name: "take-pool-numbers",
  text: `SELECT number FROM pool_numbers
    WHERE connector = $1 AND bank_code = $2 AND available_from <= ${businessNow}
      AND NOT EXISTS (SELECT FROM virtual_accounts v WHERE v.connector = $1 AND v.bank_code = $2
        AND v.number = pool_numbers.number AND v.state = 'open')
    ORDER BY available_from LIMIT $3 FOR UPDATE SKIP LOCKED`,
};

const DRAW: Statement = {
  name: "draw-pool-block",
  text: `INSERT INTO pools (connector, bank_code, next_serial) VALUES ($1, $2, $3)
    ON CONFLICT (connector, bank_code) DO UPDATE SET next_serial = pools.next_serial + $3 RETURNING next_serial`,
};

const LEND: Statement = {
  name: "lend-pool-numbers",
  text: `INSERT INTO pool_numbers (connector, bank_code, number, available_from)
    SELECT $1, $2, number, '-infinity' FROM unnest($3::text[]) AS lent (number) ON CONFLICT DO NOTHING`,
};

/** When the number of this account may be given out again. */
export function availableAgain(account: VirtualAccount): Date | null {
  if (account.reserved || account.dueAt === null) return null;
  return new Date(account.dueAt.getTime() + limits.number_rest_days * day_ms);
}

/**
 * Locks up to `count` free numbers. When the pool is low it first draws a block from the bank's range, outside the
 * batch's transaction: a number that is lent and not yet used harms no one if the batch fails.
 */
export async function takeNumbers(
  tx: Queryable,
  pool: Pool,
  connector: string,
  numbers: NumberPool,
  bankCode: string,
  count: number,
): Promise<string[]> {
  for (;;) {
    const taken = await tx.query<{ number: string }>(TAKE, [connector, bankCode, count]);
    if (taken.rows.length >= count || !(await draw(pool, connector, numbers, bankCode))) {
      return taken.rows.map((row) => row.number);
    }
  }
}

async function draw(pool: Pool, connector: string, numbers: NumberPool, bankCode: string): Promise<boolean> {
  const drawn = await pool.query<{ next_serial: number }>(DRAW, [connector, bankCode, limits.pool_block]);
  const end = drawn.rows[0]!.next_serial;
  const block = numbers.range(bankCode, end - limits.pool_block, limits.pool_block);
  if (block.length === 0) return false;
  await pool.query(LEND, [connector, bankCode, block]);
  return true;
}

/** A number that is not the pool's to choose: one the PG gave the merchant, or that of a customer the merchant names. */
export type ReservedNumber = { number: string } | { key: string };

export interface ReservedWish {
  connector: string;
  bankCode: string;
  merchantId: string;
  wish: ReservedNumber;
}

/** What a wish is locked and found by. */
export function wishKey({ connector, bankCode, merchantId, wish }: ReservedWish): string {
  return JSON.stringify(
    "number" in wish ? [connector, bankCode, wish.number] : [connector, bankCode, merchantId, wish.key],
  );
}

/** Point look-ups on the primary key and on the unique index of reservations. */
const FIND_NUMBERS: Statement = {
  name: "find-pool-numbers",
  text: `SELECT ${poolNumbers.select("n")} FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (connector, bank_code, number)
    JOIN pool_numbers n USING (connector, bank_code, number)`,
};
const FIND_KEYS: Statement = {
  name: "find-reserved-numbers",
  text: `SELECT ${poolNumbers.select("n")}
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS wanted (connector, bank_code, reserved_for, reserved_key)
    JOIN pool_numbers n USING (connector, bank_code, reserved_for, reserved_key)`,
};

/** By wish key, the number that is known under it. */
export async function findReserved(tx: Queryable, wishes: readonly ReservedWish[]): Promise<Map<string, PoolNumber>> {
  const found = new Map<string, PoolNumber>();
  const byNumber = wishes.flatMap((one) => ("number" in one.wish ? [{ ...one, number: one.wish.number }] : []));
  const byKey = wishes.flatMap((one) => ("key" in one.wish ? [{ ...one, key: one.wish.key }] : []));
  if (byNumber.length > 0) {
    const rows = await tx.query<PoolNumber>(FIND_NUMBERS, [
      byNumber.map((one) => one.connector),
      byNumber.map((one) => one.bankCode),
      byNumber.map((one) => one.number),
    ]);
    for (const row of rows.rows) found.set(wishKey({ ...row, merchantId: "", wish: { number: row.number } }), row);
  }
  if (byKey.length > 0) {
    const rows = await tx.query<PoolNumber>(FIND_KEYS, [
      byKey.map((one) => one.connector),
      byKey.map((one) => one.bankCode),
      byKey.map((one) => one.merchantId),
      byKey.map((one) => one.key),
    ]);
    for (const row of rows.rows) {
      found.set(wishKey({ ...row, merchantId: row.reservedFor!, wish: { key: row.reservedKey! } }), row);
    }
  }
  return found;
}

const BANK_OF_RESERVED: Statement = {
  name: "bank-of-reserved-number",
  text: `SELECT bank_code AS "bankCode" FROM pool_numbers
    WHERE connector = $1 AND number = $2 AND reserved_for = $3 ORDER BY bank_code LIMIT 1`,
};

/** The bank of a number that is reserved for the merchant, or undefined. */
export async function findBankOfReserved(
  db: Queryable,
  connector: string,
  number: string,
  merchantId: string,
): Promise<string | undefined> {
  return (await db.query<{ bankCode: string }>(BANK_OF_RESERVED, [connector, number, merchantId])).rows[0]?.bankCode;
}
