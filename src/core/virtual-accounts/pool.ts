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
  /** Null for as long as a fixed account holds the number. */
  availableFrom: Date | null;
}

export const poolNumbers = table<PoolNumber>(
  "pool_numbers",
  ["connector", "bankCode", "number", "availableFrom"],
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
  if (account.dueAt === null) return null;
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
