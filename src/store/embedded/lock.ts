/**
 * The lock that decides who owns the database: an advisory lock of one session, which PostgreSQL itself releases when
 * that session ends, however it ends. `owner.json` only spares most losers the way here and can name the winner.
 */
import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { LOCK_LIMIT_MS, LOCK_POLL_EVERY_MS } from "./limits.ts";

/** "naru" in two-key form, which has a key space of its own. */
const TRY_LOCK = `SELECT pg_try_advisory_lock(${0x6e617275}, 1) AS taken`;

/** Whether the session of `client` holds the lock now. A predecessor's session is given a moment to end. */
export async function tryLock(client: pg.Client): Promise<boolean> {
  const deadline = Date.now() + LOCK_LIMIT_MS;
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>(TRY_LOCK);
    if (rows[0]?.taken) return true;
    if (Date.now() > deadline) return false;
    await pause(LOCK_POLL_EVERY_MS);
  }
}
