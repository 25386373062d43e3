/** The door of the store: where the database is, and the one way to change it. */
import type { GroupCommitLimits, GroupCommitMetrics } from "./group-commit.ts";
import { type Command, GroupCommit, groupCommitLimits } from "./group-commit.ts";
import { migrate, missingMigrations } from "./migrate.ts";
import { createPool, type Pool, poolLimits, type Where } from "./postgres.ts";

export { type Claim, type ClaimScope, claim } from "./claims.ts";
export { businessNow, NOW, readRealNow } from "./clock.ts";
export { Counter } from "./counters.ts";
export {
  type Command,
  GroupCommit,
  type GroupCommitLimits,
  type GroupCommitMetrics,
  groupCommitLimits,
  OutcomeUnknown,
  Overloaded,
  StaleRead,
  StoreUnavailable,
} from "./group-commit.ts";
export { newId } from "./ids.ts";
export { MigrationError, migrate } from "./migrate.ts";
export {
  createPool,
  inSnapshot,
  isConnectionLoss,
  isTimeout,
  isUnreachable,
  type Pool,
  type Queryable,
  type Statement,
  sqlState,
  type Where,
} from "./postgres.ts";
export { type Table, table } from "./table.ts";

export interface StoreOptions {
  limits?: Partial<GroupCommitLimits>;
  metrics?: GroupCommitMetrics;
  /** Waited for by every batch before its COMMIT, with its locks held; must not throw and must take none of them. */
  beforeCommit?: () => Promise<void>;
}

export class Store {
  /** For reads by key and for single statements that need no command. */
  readonly pool: Pool;
  /** For reads that may take seconds, so that they take the connections of nothing else. */
  readonly searches: Pool;
  readonly #where: Where;
  readonly #batches: Pool;
  readonly #limits: GroupCommitLimits;
  readonly #metrics: GroupCommitMetrics | undefined;
  readonly #beforeCommit: (() => Promise<void>) | undefined;

  constructor(where: Where, options: StoreOptions = {}) {
    this.#limits = { ...groupCommitLimits, ...options.limits };
    this.#metrics = options.metrics;
    this.#beforeCommit = options.beforeCommit;
    this.#where = where;
    const timeouts = {
      lock_timeout: poolLimits.lock_timeout_ms,
      statement_timeout: poolLimits.statement_timeout_ms,
      query_timeout: poolLimits.answer_timeout_ms,
      idle_in_transaction_session_timeout: poolLimits.idle_in_transaction_ms,
    };
    this.pool = createPool(where, poolLimits.read_connections, timeouts);
    const patience = { ...timeouts, statement_timeout: poolLimits.search_timeout_ms };
    this.searches = createPool(where, poolLimits.search_connections, patience);
    const connections = Math.max(poolLimits.batch_connections, 3 * this.#limits.lanes);
    this.#batches = createPool(where, connections, timeouts);
    // Every statement of a batch is a look-up by key. A plan made while a table was small and nobody had counted its
    // rows would read the whole table, and a prepared statement keeps its plan.
    this.#batches.on("connect", (client) => void client.query("SET enable_seqscan = off").catch(() => {}));
  }

  command<Request, State, Decision extends { result: unknown }>(
    command: Command<Request, State, Decision>,
  ): GroupCommit<Request, State, Decision> {
    const pools = { batches: this.#batches, settling: this.pool };
    return new GroupCommit(pools, command, this.#limits, this.#metrics, this.#beforeCommit);
  }

  migrate(): Promise<string[]> {
    return this.atLeisure(migrate);
  }

  /** The names of the migrations that the database has yet to see. */
  missingMigrations(): Promise<string[]> {
    return missingMigrations(this.pool);
  }

  /** For work that may take minutes, on a connection without the time limits of a node's requests. */
  async atLeisure<Result>(work: (pool: Pool) => Promise<Result>): Promise<Result> {
    const pool = createPool(this.#where, 1, { query_timeout: poolLimits.long_answer_timeout_ms });
    try {
      return await work(pool);
    } finally {
      await pool.end();
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.end(), this.searches.end(), this.#batches.end()]);
  }
}
