/** The movable clock of sandbox mode. It only moves forward: what has happened stays in the past. */
import { NOW, type Pool, sqlState } from "../store/index.ts";
import { accepted, type ClockRefusal, type Outcome, refused } from "./errors.ts";
import { limits } from "./limits.ts";

export interface Clock {
  now: Date;
  /** How far business time is ahead of the database's own, in whole seconds. */
  offset_s: number;
}

/** `advance`: an ISO 8601 duration such as `P3D`, which PostgreSQL reads too. */
export type ClockMove = { advance: string } | { to: Date };

export async function readClock(pool: Pool): Promise<Clock> {
  const offset = await pool.query<{ offset_s: number }>(
    "SELECT extract(epoch FROM (value #>> '{}')::interval)::float8 AS offset_s FROM installation WHERE name = 'clock-offset'",
  );
  return { now: await readNow(pool), offset_s: Math.round(offset.rows[0]?.offset_s ?? 0) };
}

export async function readNow(pool: Pool): Promise<Date> {
  return (await pool.query<{ now: Date }>(NOW)).rows[0]!.now;
}

/**
 * Moves business time forward, by an ISO 8601 duration or to a moment. One statement reads and writes the offset under
 * its row lock, so that two moves at once add up.
 */
export async function moveClock(pool: Pool, move: ClockMove): Promise<Outcome<Clock, ClockRefusal>> {
  await pool.query("INSERT INTO installation (name, value) VALUES ('clock-offset', '\"0\"') ON CONFLICT DO NOTHING");
  const [step, value] =
    "advance" in move
      ? ["$1::interval", move.advance]
      : ["($1::timestamptz - clock_timestamp() - (value #>> '{}')::interval)", move.to.toISOString()];
  const tooFar = refused({ code: "clock-too-far", last: limits.time_last });
  try {
    const moved = await pool.query(
      `UPDATE installation SET value = to_jsonb(((value #>> '{}')::interval + ${step})::text)
       WHERE name = 'clock-offset' AND ${step} >= '0'
         AND clock_timestamp() + (value #>> '{}')::interval + ${step} < $2::timestamptz`,
      [value, limits.time_last],
    );
    if (moved.rowCount === 1) return accepted(await readClock(pool));
    const now = await readNow(pool);
    return "to" in move && move.to < now ? refused({ code: "clock-backwards", now }) : tooFar;
  } catch (error) {
    const overflows = ["22007", "22008", "22015"].includes(sqlState(error) ?? "");
    if (overflows) return tooFar;
    throw error;
  }
}
