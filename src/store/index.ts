/** The door of the store: where the database is, and the one way to change it. */
import type { GroupCommitLimits, GroupCommitMetrics } from "./group-commit.ts";
import { type Command, GroupCommit, groupCommitLimits } from "./group-commit.ts";
import { migrate } from "./migrate.ts";
import { createPool, type Pool, poolLimits, type Where } from "./postgres.ts";

export { type Claim, claim } from "./claims.ts";
export { businessNow, NOW } from "./clock.ts";
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
  isConnectionLoss,
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
}

export class Store {
  /** For reads and for single statements that need no command. */
  readonly pool: Pool;
  readonly #batches: Pool;
  readonly #limits: GroupCommitLimits;
  readonly #metrics: GroupCommitMetrics | undefined;

  constructor(where: Where, options: StoreOptions = {}) {
    this.#limits = { ...groupCommitLimits, ...options.limits };
    this.#metrics = options.metrics;
    this.pool = createPool(where, poolLimits.read_connections);
    this.#batches = createPool(where, poolLimits.batch_connections, {
      idle_in_transaction_session_timeout: poolLimits.idle_in_transaction_ms,
    });
    // Every statement of a batch is a look-up by key. A plan made while a table was small and nobody had counted its
    // rows would read the whole table, and a prepared statement keeps its plan.
    this.#batches.on("connect", (client) => void client.query("SET enable_seqscan = off").catch(() => {}));
  }

  command<Request, State, Decision extends { result: unknown }>(
    command: Command<Request, State, Decision>,
  ): GroupCommit<Request, State, Decision> {
    const pools = { batches: this.#batches, settling: this.pool };
    return new GroupCommit(pools, command, this.#limits, this.#metrics);
  }

  migrate(): Promise<string[]> {
    return migrate(this.pool);
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.end(), this.#batches.end()]);
  }
}
