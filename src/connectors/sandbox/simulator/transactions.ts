/**
 * The sandbox bank's own record of what it moved, and of what became of each notice:
 *
 *   recorded ─▶ notice sent ─▶ acknowledged                  sent again until it is
 *       ├─▶ held until a time, or until the next one's ─▶ sent
 *       └─▶ lost: the bank believes that it sent it, and names it only when it is asked
 *
 * All of it is in the database, so whichever node is alive goes on with it.
 */
import type { DepositService } from "../../../core/connector.ts";
import { businessNow, type Pool, type Queryable, type Statement, table } from "../../../store/index.ts";
import { toNotice } from "../notices.ts";
import type { Fault, Faults } from "./faults.ts";

export interface BankTransaction {
  /** The bank's transaction id; a reversal has that of its credit. */
  id: string;
  kind: "credit" | "reversal";
  bankCode: string;
  number: string;
  amount: number;
  depositorName: string | null;
  /** By the bank's clock, which is business time. */
  occurredAt: Date;
  recordedAt: Date;
  notifiedAt: Date | null;
}

export const bankLimits = {
  /** A transaction this old and not acknowledged has its notice sent again. */
  resend_after_s: 5,
  resend_interval_ms: 2_000,
  resend_batch: 200,
  /** A notice that Naru could not take is told again after 2, 4, 8 … seconds, at most this. */
  resend_wait_max_s: 600,
  /** One that it could not take so often is missed. */
  failures_max: 6,
  /** Copies of a notice that is duplicated. */
  notice_copies: 3,
  /** A lost notice that nobody has found after this, by real time, is missed. */
  lost_notice_found_within_s: 60,
};

export const transactions = table<BankTransaction>(
  "sandbox_bank_transactions",
  ["id", "kind", "bankCode", "number", "amount", "depositorName", "occurredAt", "recordedAt", "notifiedAt"],
  ["id", "kind"],
);

const READ: Statement = {
  name: "read-bank-transactions",
  text: `SELECT ${transactions.select("t")} FROM sandbox_bank_transactions t WHERE id = ANY($1)`,
};

/** Also lets go of those that waited for a later one's notice, which is seldom more than a look at an empty index. */
const ACKNOWLEDGE: Statement = {
  name: "acknowledge-bank-transactions",
  text: `WITH told AS (UPDATE sandbox_bank_transactions t SET notified_at = ${businessNow}
      FROM unnest($1::text[], $2::text[]) AS told (id, kind) WHERE t.id = told.id AND t.kind = told.kind AND t.notified_at IS NULL
      RETURNING t.id, t.kind, t.recorded_at)
    UPDATE sandbox_bank_transactions held SET notify_at = ${businessNow}, waits_for_next = false
    WHERE held.notified_at IS NULL AND held.waits_for_next AND EXISTS (SELECT FROM told WHERE told.recorded_at >= held.recorded_at)
      AND NOT EXISTS (SELECT FROM told WHERE told.id = held.id AND told.kind = held.kind)`,
};

/** By the partial index on what was not acknowledged. */
const isDue = `notified_at IS NULL AND coalesce(notify_at, recorded_at + $1 * interval '1 second') <= ${businessNow}`;

const UNACKNOWLEDGED: Statement = {
  name: "unacknowledged-bank-transactions",
  text: `SELECT ${transactions.select("t")} FROM sandbox_bank_transactions t
    WHERE ${isDue} AND lost_at IS NULL ORDER BY recorded_at LIMIT $2`,
};
/** With those that the bank believes it told of. */
const UNCONFIRMED: Statement = {
  name: "unconfirmed-bank-transactions",
  text: `SELECT ${transactions.select("t")} FROM sandbox_bank_transactions t WHERE ${isDue} ORDER BY recorded_at LIMIT $2`,
};

const POSTPONE: Statement = {
  name: "postpone-bank-notices",
  text: `UPDATE sandbox_bank_transactions t SET failures = failures + 1,
      notify_at = ${businessNow} + least(2 ^ least(failures + 1, 20), ${bankLimits.resend_wait_max_s}) * interval '1 second'
    FROM unnest($1::text[], $2::text[]) AS failed (id, kind) WHERE t.id = failed.id AND t.kind = failed.kind AND t.notified_at IS NULL`,
};
const HOLD: Statement = {
  name: "hold-bank-notice",
  text: `UPDATE sandbox_bank_transactions SET notify_at = ${businessNow} + $3 * interval '1 second', waits_for_next = $4
    WHERE id = $1 AND kind = $2 AND notified_at IS NULL`,
};
const LOSE: Statement = {
  name: "lose-bank-notice",
  text: `UPDATE sandbox_bank_transactions SET lost_at = clock_timestamp() WHERE id = $1 AND kind = $2 AND notified_at IS NULL`,
};

type Key = Pick<BankTransaction, "id" | "kind">;

export async function readTransactions(db: Queryable, ids: readonly string[]): Promise<BankTransaction[]> {
  return (await db.query<BankTransaction>(READ, [ids])).rows;
}

/** Their notices were taken; tells how many held ones are to be sent now. */
export async function acknowledge(pool: Pool, told: readonly Key[]): Promise<number> {
  if (told.length === 0) return 0;
  const released = await pool.query(ACKNOWLEDGE, [told.map((one) => one.id), told.map((one) => one.kind)]);
  return released.rowCount ?? 0;
}

/** Those whose notice is to be sent now, or again. */
export async function readDue(pool: Pool): Promise<BankTransaction[]> {
  const { resend_after_s, resend_batch } = bankLimits;
  return (await pool.query<BankTransaction>(UNACKNOWLEDGED, [resend_after_s, resend_batch])).rows;
}

/** They could not be taken, and hold up no other. */
export async function postpone(pool: Pool, failed: readonly Key[]): Promise<void> {
  if (failed.length === 0) return;
  await pool.query(POSTPONE, [failed.map((one) => one.id), failed.map((one) => one.kind)]);
}

export type NoticeFault = Extract<Fault, "notice-lost" | "notice-late" | "notice-out-of-order">;

/** Lets the armed faults have the notice of a new transaction; undefined when it is to be sent now. */
export async function befall(pool: Pool, faults: Faults, { id, kind }: Key): Promise<NoticeFault | undefined> {
  const strikes: [NoticeFault, (delay_s: number) => [Statement, unknown[]]][] = [
    ["notice-lost", () => [LOSE, [id, kind]]],
    ["notice-late", (delay_s) => [HOLD, [id, kind, delay_s, false]]],
    ["notice-out-of-order", (delay_s) => [HOLD, [id, kind, delay_s, true]]],
  ];
  for (const [fault, keep] of strikes) {
    const strike = await faults.take(fault);
    if (strike === undefined) continue;
    const kept = await pool.query(...keep(strike.delay_s));
    // Nothing is kept when the same transaction, ordered again meanwhile, has been told of.
    return kept.rowCount === 1 ? fault : undefined;
  }
  return undefined;
}

/** What the bank says when it is asked, of what it told and of what it believes it told. */
export function sandboxDeposits(pool: Pool): DepositService {
  return {
    async unconfirmed(count) {
      return (await pool.query<BankTransaction>(UNCONFIRMED, [bankLimits.resend_after_s, count])).rows.map(toNotice);
    },
    async confirm(notices) {
      await acknowledge(
        pool,
        notices.map(({ transactionId: id, kind }) => ({ id, kind })),
      );
    },
  };
}
