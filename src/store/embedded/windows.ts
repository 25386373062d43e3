/**
 * Windows has neither signals nor process groups as PostgreSQL uses them: pg_ctl starts and stops the server there, and
 * sheds an administrator's rights on the way.
 */
import { FAST_STOP_LIMIT_MS, READY_LIMIT_MS } from "./limits.ts";
import type { Place } from "./place.ts";
import { run } from "./run.ts";
import type { Runtime } from "./runtime.ts";

export async function startWithPgCtl(place: Place, runtime: Runtime, settings: string[]): Promise<void> {
  const limit = ["-w", "-t", String(READY_LIMIT_MS / 1000)];
  const args = ["start", "-D", place.cluster, "-l", place.logFile, ...limit, "-o", settings.join(" ")];
  await run(runtime.pgCtl, args, undefined, READY_LIMIT_MS);
}

export async function stopWithPgCtl(place: Place, runtime: Runtime, mode: "fast" | "immediate"): Promise<void> {
  const limit = ["-w", "-t", String(FAST_STOP_LIMIT_MS / 1000)];
  await run(runtime.pgCtl, ["stop", "-D", place.cluster, "-m", mode, ...limit], undefined, FAST_STOP_LIMIT_MS * 2);
}
