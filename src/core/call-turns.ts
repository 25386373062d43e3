/**
 * Calls that a caller may make so often only, counted for all nodes in the database: one row per caller, taken by one
 * statement that waits for whoever is taking it at this moment. Real time, since it is the caller's patience that counts.
 */
import type { Pool, Statement } from "../store/index.ts";

export interface CallLimit {
  /** What is limited. */
  call: string;
  /** From one call to the next at the earliest. */
  every_ms: number;
}

/**
 * `clock_timestamp()` is read again once the row is locked, so of two at once one is refused. A turn in the future was
 * taken before the server's clock was set back and counts for nothing.
 */
const TAKE: Statement = {
  name: "take-call-turn",
  text: `INSERT INTO call_turns AS t (call, caller, taken_at) VALUES ($1, $2, clock_timestamp())
    ON CONFLICT (call, caller) DO UPDATE SET taken_at = clock_timestamp()
      WHERE t.taken_at NOT BETWEEN clock_timestamp() - $3 * interval '1 millisecond' AND clock_timestamp()`,
};

/** Whether this caller may make the call now. One that is refused counts for nothing. */
export async function takeTurn(pool: Pool, { call, every_ms }: CallLimit, caller: string): Promise<boolean> {
  return (await pool.query(TAKE, [call, caller, every_ms])).rowCount === 1;
}
