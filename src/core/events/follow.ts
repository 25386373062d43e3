/** Reading events in an order that never changes behind the reader. */
import type { Queryable, Statement } from "../../store/index.ts";
import { type Event, events } from "./event.ts";

export interface EventPage {
  events: Event[];
  /** Where the next page starts; give it back as `after`. */
  cursor: string;
}

/**
 * By index on (xact, id). Events of transactions that are still open, or younger than an open one, wait: an event that
 * commits late would otherwise appear behind a reader that has already passed its place. The server counts transactions
 * of all its databases, so a long one elsewhere on it holds the reader back as well.
 */
const FOLLOW: Statement = {
  name: "follow-events",
  text: `SELECT ${events.select("e")}, xact::text AS xact FROM events e
    WHERE (xact, id) > ($1::xid8, $2) AND xact < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY xact, id LIMIT $3`,
};

export function isEventCursor(text: string): boolean {
  return /^\d{1,18}\.[a-z0-9_]*$/.test(text);
}

/** `after`: the cursor of an earlier page, or undefined for the beginning. */
export async function followEvents(db: Queryable, after: string | undefined, count: number): Promise<EventPage> {
  const cursor = after ?? "0.";
  const [xact, id] = cursor.split(".");
  const { rows } = await db.query<Event & { xact: string }>(FOLLOW, [xact, id, count]);
  const last = rows.at(-1);
  return {
    events: rows.map(({ xact: _, ...event }) => event),
    cursor: last === undefined ? cursor : `${last.xact}.${last.id}`,
  };
}
