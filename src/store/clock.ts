import type { Queryable, Statement } from "./postgres.ts";

/**
 * Business time as SQL: the database's clock plus the sandbox offset. Deadlines, schedules and everything that is shown
 * obey it; leases, heartbeats and access tokens go by `clock_timestamp()` alone. A sub-select, so that an index
 * condition may use it: PostgreSQL evaluates it once per statement.
 */
export const businessNow = `(SELECT clock_timestamp()
  + coalesce((SELECT (value #>> '{}')::interval FROM installation WHERE name = 'clock-offset'), '0'))`;

/** Real time, which no one moves. In whole milliseconds, which is all that a `Date` can carry. */
const REAL_NOW: Statement = {
  name: "real-now",
  text: "SELECT date_trunc('milliseconds', clock_timestamp()) AS now",
};

export async function readRealNow(db: Queryable): Promise<Date> {
  return (await db.query<{ now: Date }>(REAL_NOW)).rows[0]!.now;
}

/** In whole milliseconds, which is all that a `Date` can carry. */
export const NOW: Statement = {
  name: "business-now",
  text: `SELECT date_trunc('milliseconds', ${businessNow}) AS now`,
};
