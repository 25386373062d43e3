/**
 * What a node does without being asked: expire accounts, prune what is only kept for a while. Every node does all of
 * it; work is taken with SKIP LOCKED, so nodes help each other and none is special.
 */
import type { Pool } from "../store/index.ts";
import { limits } from "./limits.ts";

export interface JobLog {
  warn(fields: object, message: string): void;
}

/** Runs `work` every so often and when woken, never twice at once; goes again at once while it says there is more. */
export class Repeating {
  readonly #name: string;
  readonly #interval_ms: number;
  readonly #work: () => Promise<boolean>;
  readonly #log: JobLog;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(name: string, interval_ms: number, work: () => Promise<boolean>, log: JobLog) {
    this.#name = name;
    this.#interval_ms = interval_ms;
    this.#work = work;
    this.#log = log;
  }

  start(): void {
    this.#timer = setInterval(() => this.wake(), this.#interval_ms);
    this.wake();
  }

  wake(): void {
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#again && this.#timer !== undefined) {
        this.#again = false;
        this.wake();
      }
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (await this.#work()) if (this.#timer === undefined) return;
    } catch (error) {
      // What was cut off by our own end is no failure.
      if (this.#timer !== undefined)
        this.#log.warn({ err: error, job: this.#name }, "a background job failed and will be tried again");
    }
  }
}

/** Does the work for each of them at once; one that fails, or throws before it begins, keeps none of the others. */
export async function doEach<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
): Promise<{ done: Item[]; failed: { item: Item; reason: unknown }[] }> {
  const outcomes = await Promise.allSettled(items.map(async (item) => work(item)));
  return {
    done: items.filter((_, index) => outcomes[index]!.status === "fulfilled"),
    failed: outcomes.flatMap((outcome, index) =>
      outcome.status === "rejected" ? [{ item: items[index]!, reason: outcome.reason }] : [],
    ),
  };
}

/** Rejects when the work is not done in time, or when `stopping`, though it may go on; nothing is begun after that. */
export async function withinTime<Value>(
  work: (signal: AbortSignal) => Promise<Value>,
  timeout_ms: number,
  stopping?: AbortSignal,
): Promise<Value> {
  if (stopping?.aborted) throw new Error("cut off");
  const timeout = AbortSignal.timeout(timeout_ms);
  const signal = stopping === undefined ? timeout : AbortSignal.any([timeout, stopping]);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener(
      "abort",
      () => reject(new Error(timeout.aborted ? `no answer within ${timeout_ms} ms` : "cut off")),
      { once: true },
    );
  });
  return Promise.race([work(signal), late]);
}

/** What is only kept for a while: rows by key, whose time (real, of `column`) is longer ago than they are kept. */
const prunings = (exchangesKept_days: number) => [
  { table: "batches", key: "id", column: "committed_at", kept_hours: limits.batches_kept_hours },
  { table: "exchanges", key: "id", column: "at", kept_hours: 24 * exchangesKept_days },
  { table: "authorization_codes", key: "id", column: "expires_at", kept_hours: limits.consents_kept_hours },
  { table: "user_tokens", key: "id", column: "ended_at", kept_hours: limits.consents_kept_hours },
  { table: "call_turns", key: "(call, caller)", column: "taken_at", kept_hours: limits.call_turns_kept_hours },
  { table: "idempotent_calls", key: "id", column: "made_at", kept_hours: limits.idempotent_calls_kept_hours },
  { table: "one_time_tokens", key: "id", column: "made_at", kept_hours: limits.one_time_tokens_kept_hours },
  { table: "nodes", key: "id", column: "heartbeat_at", kept_hours: limits.nodes_kept_hours },
];

/** Removes what has served its time, a bounded number of rows per call; tells whether more may be left. */
export async function prune(pool: Pool, exchangesKept_days: number): Promise<boolean> {
  let isMoreLeft = false;
  for (const { table, key, column, kept_hours } of prunings(exchangesKept_days)) {
    const columns = key.replace(/[()]/g, "");
    // The time is a sub-select, evaluated once, so that the index by age can be used.
    const pruned = await pool.query(
      `DELETE FROM ${table} WHERE ${key} IN (SELECT ${columns} FROM ${table}
        WHERE ${column} < (SELECT clock_timestamp() - $1 * interval '1 hour') LIMIT $2)`,
      [kept_hours, limits.prune_batch],
    );
    isMoreLeft ||= pruned.rowCount === limits.prune_batch;
  }
  return isMoreLeft;
}
