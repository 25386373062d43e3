/**
 * Group commit: the one way in which Naru changes state.
 *
 * A change is a *command* in three parts, run for a whole batch of requests in one READ COMMITTED transaction.
 *
 *   load    Claims what may not exist yet (a sorted INSERT … ON CONFLICT DO NOTHING), locks the keys (SELECT id …
 *           ORDER BY id FOR UPDATE), and only then reads. These are separate statements because each takes its own
 *           snapshot: a SELECT that joins or sums in the same statement as FOR UPDATE returns what it saw before it
 *           waited for the lock.
 *   decide  A pure function of (state, request, now). The requests of a batch are folded in the order they arrived:
 *           `apply` puts each decision into the working state, so that two requests on one payment see each other.
 *   save    Set-based statements, one row per key, with the balances last.
 *
 * Requests that arrive while batches are in flight form the next one; there are no timers, so an idle node commits
 * every request at once and a busy one commits up to `cap` together. Each caller is answered after COMMIT.
 *
 * The order in which every command locks, so that no two can wait for each other in a circle:
 *
 *   idempotent call < merchant's reference < notice key < reserved number, sale of a receipt
 *     < payment < virtual account or charge < member < linked account or token < operation < balances
 *
 * Those of the first line after the call are claims (`claims.ts`), whose scopes sort in that order. Before them come the
 * claims of what is made once: merchants, users, ad accounts, members. Commands that touch no money lock a user or an ad
 * account alone, or credential < code < token. A command that starts from an account number finds its payment without a
 * lock, locks in order, then looks again and throws `StaleRead` if it has changed. Rows that one background job wants and
 * others may hold are taken with SKIP LOCKED, which never waits.
 *
 * What can go wrong, and what happens then:
 *
 *   - Deadlock (40P01), serialization failure (40001), a lock or statement that took too long (55P03, 57014),
 *     StaleRead: the whole batch runs again, `tries` times and for `retry_ms` at most.
 *   - The connection is lost before COMMIT was sent: PostgreSQL rolls back, the whole batch runs again.
 *   - The reply to COMMIT is lost: nobody knows. Every batch inserts its id into `batches` first, and that row is a
 *     fence: on a new connection we insert the same id, marked as never committed. If the first transaction is still
 *     under way the insert waits for it; if it committed, the insert finds its row, and the callers get their answers;
 *     if it rolled back, the insert takes the id, so that the first can no longer commit, and the batch runs again under
 *     a new id. The mark makes the question safe to ask again when its own reply is lost. When there is no answer within
 *     `settle_ms`, callers get `OutcomeUnknown`: never a guess, never a second try.
 *   - Any other failure: the batch is split in halves until the bad request fails alone.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Counter, Histogram } from "prom-client";
import { NOW } from "./clock.ts";
import { newId } from "./ids.ts";
import {
  type Connection,
  isConflict,
  isConnectionLoss,
  isRefusal,
  type Pool,
  type Queryable,
  type Statement,
} from "./postgres.ts";

export interface Command<Request, State, Decision extends { result: unknown }> {
  readonly name: string;
  /** Claim, lock, read: everything that `decide` needs for these requests. */
  load(tx: Queryable, requests: readonly Request[]): Promise<State>;
  /** Pure: no I/O, no clock, no randomness. Throws only on a defect. */
  decide(state: State, request: Request, now: Date): Decision;
  /** Folds a decision into the working state. */
  apply(state: State, decision: Decision): void;
  save(tx: Queryable, decisions: readonly Decision[], now: Date): Promise<void>;
  /** Called once the batch is durable. Must not throw. */
  committed?(decisions: readonly Decision[]): void;
}

export interface GroupCommitLimits {
  /** Requests in one batch. 1 turns group commit off. */
  cap: number;
  /** Batches of one command in flight at once. */
  lanes: number;
  /** Requests waiting for a batch; beyond it they are refused with `Overloaded`. */
  queue: number;
  /** Conflicts of one batch before they reach the callers. */
  tries: number;
  /** How long a batch is tried while the database cannot be reached, as in a restart or a failover. */
  retry_ms: number;
  /** How long a lost reply to COMMIT may take to settle. */
  settle_ms: number;
}

export const groupCommitLimits: GroupCommitLimits = {
  cap: 256,
  lanes: 2,
  queue: 10_000,
  tries: 12,
  settle_ms: 30_000,
  retry_ms: 10_000,
};

/** The queue of a command is full. */
export class Overloaded extends Error {}
/** The store could not run the batch: it is down, or conflicts did not end. Nothing was changed. */
export class StoreUnavailable extends Error {}
/** COMMIT was sent, its reply was lost and the server could not be asked: the change may or may not have happened. */
export class OutcomeUnknown extends Error {}
/** What was found without a lock is no longer so under the lock: run the batch again. */
export class StaleRead extends Error {}

export interface GroupCommitMetrics {
  batches: Counter<"command">;
  batchSize: Histogram<"command">;
  retries: Counter<"command" | "cause">;
}

/** Batches hold a connection while they wait; what settles them must never have to wait for one of theirs. */
export interface GroupCommitPools {
  batches: Pool;
  settling: Pool;
}

interface Waiting<Request, Result> {
  readonly request: Request;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

const FENCE: Statement = {
  name: "batch-fence",
  text: "INSERT INTO batches (id) VALUES ($1) ON CONFLICT DO NOTHING",
};

/** Idempotent: what the first one to be answered says, every other says too. */
const SETTLE: Statement = {
  name: "settle-batch",
  text: `INSERT INTO batches (id, committed_at) VALUES ($1, 'infinity')
    ON CONFLICT (id) DO UPDATE SET committed_at = batches.committed_at
    RETURNING committed_at < 'infinity' AS committed`,
};

interface BoundedStatement extends Statement {
  readonly values: unknown[];
  /** Understood by `pg`: the query fails after it, and the pool gives the connection up. */
  readonly query_timeout: number;
}

export class GroupCommit<Request, State, Decision extends { result: unknown }> {
  readonly #pools: GroupCommitPools;
  readonly #command: Command<Request, State, Decision>;
  readonly #limits: GroupCommitLimits;
  readonly #metrics: GroupCommitMetrics | undefined;
  readonly #beforeCommit: (() => Promise<void>) | undefined;
  readonly #waiting: Waiting<Request, Decision["result"]>[] = [];
  #inFlight = 0;
  #scheduled = false;

  constructor(
    pools: GroupCommitPools,
    command: Command<Request, State, Decision>,
    limits: GroupCommitLimits = groupCommitLimits,
    metrics?: GroupCommitMetrics,
    beforeCommit?: () => Promise<void>,
  ) {
    this.#pools = pools;
    this.#command = command;
    this.#limits = limits;
    this.#metrics = metrics;
    this.#beforeCommit = beforeCommit;
  }

  /** Resolves once the change is durable; rejects with what the request alone is to blame for, or one of the above. */
  submit(request: Request): Promise<Decision["result"]> {
    if (this.#waiting.length >= this.#limits.queue) {
      return Promise.reject(new Overloaded(`${this.#command.name}: ${this.#limits.queue} requests are waiting`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject });
      this.#schedule();
    });
  }

  /** Waits for the end of this turn of the event loop, so that requests read from their sockets together go together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#inFlight < this.#limits.lanes && this.#waiting.length > 0) {
        const batch = this.#waiting.splice(0, this.#limits.cap);
        this.#inFlight += 1;
        void this.#settle(batch).finally(() => {
          this.#inFlight -= 1;
          if (this.#waiting.length > 0) this.#schedule();
        });
      }
    });
  }

  async #settle(batch: Waiting<Request, Decision["result"]>[]): Promise<void> {
    let decisions: Decision[];
    try {
      decisions = await this.#runUntilSettled(batch.map((item) => item.request));
    } catch (error) {
      const shared = error instanceof StoreUnavailable || error instanceof OutcomeUnknown;
      if (shared || batch.length === 1) {
        for (const item of batch) item.reject(error);
        return;
      }
      const middle = Math.ceil(batch.length / 2);
      this.#count("bisection");
      await this.#settle(batch.slice(0, middle));
      await this.#settle(batch.slice(middle));
      return;
    }
    batch.forEach((item, index) => {
      item.resolve(decisions[index]!.result);
    });
    this.#command.committed?.(decisions);
  }

  async #runUntilSettled(requests: readonly Request[]): Promise<Decision[]> {
    const deadline = performance.now() + this.#limits.retry_ms;
    for (let attempt = 1, conflicts = 0; ; attempt += 1) {
      const cause = await this.#attempt(requests);
      if ("decisions" in cause) return cause.decisions;
      this.#count(cause.again);
      if (cause.again === "conflict") conflicts += 1;
      if (conflicts >= this.#limits.tries || performance.now() > deadline) {
        throw new StoreUnavailable(`${this.#command.name}: ${cause.again} after ${attempt} tries`, {
          cause: cause.error,
        });
      }
      await pause(Math.min(500, 2 ** attempt) * Math.random());
    }
  }

  async #attempt(requests: readonly Request[]): Promise<{ decisions: Decision[] } | { again: string; error: unknown }> {
    const id = newId("bat");
    let connection: Connection;
    try {
      connection = await this.#pools.batches.connect();
    } catch (error) {
      return { again: "no connection", error };
    }
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    connection.on("error", onError);
    let lostReply: unknown;
    let decisions: Decision[] = [];
    try {
      decisions = await this.#body(connection, id, requests);
      await this.#beforeCommit?.();
      const ended = await connection.query("COMMIT").catch((error) => {
        if (isRefusal(error)) throw error;
        lostReply = error;
      });
      // PostgreSQL answers so, without an error, when a statement failed and its failure was swallowed.
      if (ended?.command === "ROLLBACK") throw new Error(`${this.#command.name}: a failed statement was passed over`);
    } catch (error) {
      if (broken !== undefined || isConnectionLoss(error)) {
        broken ??= error as Error;
        return { again: "connection lost", error };
      }
      await connection.query("ROLLBACK").catch((failure: Error) => {
        broken = failure;
      });
      if (broken !== undefined) return { again: "connection lost", error };
      if (isConflict(error) || error instanceof StaleRead) return { again: "conflict", error };
      throw error;
    } finally {
      connection.off("error", onError);
      connection.release(lostReply !== undefined || broken);
    }
    if (lostReply !== undefined && !(await this.#committed(id, lostReply))) {
      return { again: "commit lost", error: lostReply };
    }
    this.#metrics?.batches.inc({ command: this.#command.name });
    this.#metrics?.batchSize.observe({ command: this.#command.name }, requests.length);
    return { decisions };
  }

  async #body(tx: Queryable, id: string, requests: readonly Request[]): Promise<Decision[]> {
    await tx.query("BEGIN");
    await tx.query(FENCE, [id]);
    const state = await this.#command.load(tx, requests);
    const now = (await tx.query<{ now: Date }>(NOW)).rows[0]!.now;
    const decisions: Decision[] = [];
    for (const request of requests) {
      const decision = this.#command.decide(state, request, now);
      this.#command.apply(state, decision);
      decisions.push(decision);
    }
    await this.#command.save(tx, decisions, now);
    return decisions;
  }

  /** Whether the batch whose COMMIT went unanswered is in the database. Its fence is taken if it is not. */
  async #committed(id: string, lost: unknown): Promise<boolean> {
    const deadline = performance.now() + this.#limits.settle_ms;
    for (;;) {
      // The insert waits for as long as the server believes that the lost connection lives, which may be hours.
      const left_ms = Math.max(1, Math.ceil(deadline - performance.now()));
      const settle: BoundedStatement = { ...SETTLE, values: [id], query_timeout: left_ms };
      try {
        const settled = await this.#pools.settling.query<{ committed: boolean }>(settle);
        return settled.rows[0]!.committed;
      } catch (error) {
        if (performance.now() >= deadline) {
          throw new OutcomeUnknown(`${this.#command.name}: the reply to COMMIT was lost and cannot be settled`, {
            cause: new AggregateError([lost, error]),
          });
        }
        await pause(100);
      }
    }
  }

  #count(cause: string): void {
    this.#metrics?.retries.inc({ command: this.#command.name, cause });
  }
}
