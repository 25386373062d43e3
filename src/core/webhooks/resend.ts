/**
 * Sending again by hand: a delivery that is over is queued anew, with its id, its body and its schedule; one that waits
 * for its next attempt has it now. One that is being attempted is left alone. Single statements, which hold no money.
 */
import { businessNow, type Queryable, type Statement } from "../../store/index.ts";
import { accepted, type DeliveryRefusal, type Outcome, refused } from "../errors.ts";
import { isUnleased } from "./engine.ts";
import { conditionsOf, type DeliveryFilter } from "./read.ts";

const queueAnew = `UPDATE deliveries d SET next_attempt_at = clock.now, queued_at = clock.now, finished_at = NULL, state = 'pending',
  tries = CASE d.state WHEN 'pending' THEN d.tries ELSE 0 END, lease_node = NULL, lease_id = NULL`;
const clock = `(SELECT ${businessNow} AS now) AS clock`;

const RESEND: Statement = {
  name: "resend-delivery",
  text: `${queueAnew} FROM ${clock} WHERE d.id = $1 AND ${isUnleased} RETURNING d.id`,
};

export async function resendDelivery(db: Queryable, id: string): Promise<Outcome<{ id: string }, DeliveryRefusal>> {
  const queued = await db.query<{ id: string }>(RESEND, [id]);
  if (queued.rows[0] !== undefined) return accepted(queued.rows[0]);
  const found = await db.query("SELECT FROM deliveries WHERE id = $1", [id]);
  return refused({ code: found.rowCount === 0 ? "delivery-unknown" : "delivery-under-way", id });
}

export interface Resent {
  resent: number;
  /** Where to go on; null when nothing is left. */
  cursor: string | null;
}

/** Oldest first, from behind `after`, at most `count` at once; those of one payment arrive in their order. */
export async function resendDeliveries(
  db: Queryable,
  filter: DeliveryFilter & { after?: string; count: number },
): Promise<Resent> {
  const values: unknown[] = [filter.after ?? "", filter.count];
  const narrowed = conditionsOf(filter, values);
  const queued = await db.query<{ resent: number; chosen: number; last: string | null }>(
    `WITH chosen AS (SELECT d.id FROM deliveries d WHERE d.id > $1 ${narrowed} ORDER BY d.id LIMIT $2),
      free AS (SELECT d.id FROM deliveries d WHERE d.id IN (SELECT id FROM chosen) AND ${isUnleased} ORDER BY d.id FOR UPDATE SKIP LOCKED),
      queued AS (${queueAnew} FROM ${clock}, free WHERE d.id = free.id RETURNING d.id)
    SELECT (SELECT count(*) FROM queued) AS resent, count(*) AS chosen, max(id) AS last FROM chosen`,
    values,
  );
  const { resent, chosen, last } = queued.rows[0]!;
  return { resent, cursor: chosen === filter.count ? last : null };
}
