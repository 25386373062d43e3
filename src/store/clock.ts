import type { Statement } from "./postgres.ts";

/**
 * Business time as SQL: the database's clock plus the sandbox offset. Deadlines, schedules and everything that is shown
 * obey it; leases, heartbeats and access tokens go by `clock_timestamp()` alone. A sub-select, so that an index
 * condition may use it: PostgreSQL evaluates it once per statement.
 */
export const businessNow = `(SELECT clock_timestamp()
  + coalesce((SELECT (value #>> '{}')::interval FROM installation WHERE name = 'clock-offset'), '0'))`;

/** In whole milliseconds, which is all that a `Date` can carry. */
export const NOW: Statement = {
  name: "business-now",
  text: `SELECT date_trunc('milliseconds', ${businessNow}) AS now`,
};
