/** Reading events in an order that never changes behind the reader. */
import type { Queryable, Statement } from "../../store/index.ts";
import { type Event, events } from "./event.ts";

/** An event, and what clients know its payment or its agreement by. */
export interface FollowedEvent extends Event {
  payment: { reference: string; wireId: string; dialect: string; currency: string } | null;
  agreement: { reference: string | null; wireId: string; dialect: string } | null;
}

export interface EventPage {
  events: FollowedEvent[];
  /** Where the next page starts; give it back as `after`. */
  cursor: string;
}

/**
 * By index on (xact, id). Events of transactions that are still open, or younger than an open one, wait: an event that
 * commits late would otherwise appear behind a reader that has already passed its place. The server counts transactions
 * of all its databases, so a long one elsewhere on it holds the reader back as well. The order is that of the column,
 * hence `e.xact`: a bare `xact` would be the text that is selected under this name, by which 10 comes before 9.
 */
const FOLLOW: Statement = {
  name: "follow-events",
  text: `SELECT ${events.select("e")}, xact::text AS xact FROM events e
    WHERE (e.xact, e.id) > ($1::xid8, $2) AND e.xact < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY e.xact, e.id LIMIT $3`,
};

/** The newest that `FOLLOW` would come to, by the same index from its end. */
const LAST: Statement = {
  name: "last-events",
  text: `SELECT ${events.select("e")}, xact::text AS xact FROM events e
    WHERE e.xact < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY e.xact DESC, e.id DESC LIMIT $1`,
};

const PAYMENTS: Statement = {
  name: "payments-of-events",
  text: `SELECT id, reference, wire_id AS "wireId", dialect, currency FROM payments WHERE id = ANY($1)`,
};
const AGREEMENTS: Statement = {
  name: "agreements-of-events",
  text: `SELECT id, reference, wire_id AS "wireId", dialect FROM agreements WHERE id = ANY($1)`,
};

type Row = Event & { xact: string };

const beginning = "0.";

export function isEventCursor(text: string): boolean {
  return /^\d{1,18}\.[a-z0-9_]*$/.test(text);
}

/** `after`: the cursor of an earlier page, or undefined for the beginning. */
export async function followEvents(db: Queryable, after: string | undefined, count: number): Promise<EventPage> {
  const cursor = after ?? beginning;
  const [xact, id] = cursor.split(".");
  const { rows } = await db.query<Row>(FOLLOW, [xact, id, count]);
  return pageOf(db, rows, cursor);
}

/** The newest, in the order in which they were committed. */
export async function lastEvents(db: Queryable, count: number): Promise<EventPage> {
  const { rows } = await db.query<Row>(LAST, [count]);
  return pageOf(db, rows.reverse(), beginning);
}

async function pageOf(db: Queryable, rows: readonly Row[], cursor: string): Promise<EventPage> {
  const agreed = rows.map(({ subjectType, subjectId }) => (subjectType === "agreement" ? subjectId : null));
  const paid = rows.map(({ paymentId }) => paymentId);
  const payments = await known<NonNullable<FollowedEvent["payment"]>>(db, PAYMENTS, paid);
  const agreements = await known<NonNullable<FollowedEvent["agreement"]>>(db, AGREEMENTS, agreed);
  const last = rows.at(-1);
  return {
    events: rows.map(({ xact: _, ...event }) => ({
      ...event,
      payment: payments.get(event.paymentId ?? "") ?? null,
      agreement: agreements.get(event.subjectId) ?? null,
    })),
    cursor: last === undefined ? cursor : `${last.xact}.${last.id}`,
  };
}

/** By id, those that there are. */
async function known<Shown extends object>(
  db: Queryable,
  statement: Statement,
  named: readonly (string | null)[],
): Promise<Map<string, Shown>> {
  const ids = [...new Set(named.filter((id) => id !== null))];
  if (ids.length === 0) return new Map();
  const found = await db.query<Shown & { id: string }>(statement, [ids]);
  return new Map(found.rows.map(({ id, ...shown }) => [id, shown as unknown as Shown]));
}
