/**
 * The connection to PostgreSQL: one pool per node, with types that suit money.
 *
 * `bigint` columns come back as numbers and are refused beyond 2^53 instead of being rounded; `timestamptz` comes back
 * as `Date`, which keeps milliseconds (nothing in Naru is written with more).
 */
import pg from "pg";
import type { EmbeddedConnection } from "./embedded/index.ts";

export type Connection = pg.PoolClient;
export type Pool = pg.Pool;
export type Where = { url: string } | EmbeddedConnection;

/** A statement prepared once per connection: SQL text is parsed and planned by the server only the first time. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Anything that runs a statement: the pool (each statement its own transaction) or a connection inside one. */
export interface Queryable {
  // biome-ignore lint/suspicious/noExplicitAny: rows are typed by the caller, as in `pg` itself
  query<Row extends pg.QueryResultRow = any>(
    statement: Statement | string,
    values?: unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

const types = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (oid === pg.types.builtins.INT8) return safeInteger;
    return pg.types.getTypeParser(oid, format as "text");
  },
};

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`a bigint column holds ${text}, beyond 2^53`);
  return value;
}

export const poolLimits = {
  /** For batches, and at least three for each lane a command may have. */
  batch_connections: 20,
  /** For everything else. */
  read_connections: 10,
  /** For searches, which are refused when they take too long. */
  search_connections: 3,
  search_timeout_ms: 5_000,
  connect_timeout_ms: 10_000,
  idle_timeout_ms: 60_000,
  /** A statement that waits for a lock, or runs, longer than this fails; the batch runs again or is refused. */
  lock_timeout_ms: 8_000,
  statement_timeout_ms: 15_000,
  /** A server that does not answer at all is taken for lost after this. */
  answer_timeout_ms: 20_000,
  /** Checks and migrations may take longer. */
  long_answer_timeout_ms: 600_000,
  /** A node that vanished in the middle of a batch holds its locks no longer than this. */
  idle_in_transaction_ms: 15_000,
};

export function createPool(where: Where, connections: number, limits: pg.PoolConfig = {}): Pool {
  const pool = new pg.Pool({
    ...("url" in where ? { connectionString: where.url } : { ...where, ssl: false }),
    max: connections,
    connectionTimeoutMillis: poolLimits.connect_timeout_ms,
    idleTimeoutMillis: poolLimits.idle_timeout_ms,
    application_name: "naru",
    keepAlive: true,
    types: types as pg.CustomTypesConfig,
    ...limits,
  });
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => {});
  return pool;
}

/** Reads of one moment: every statement of `work` sees the same snapshot. */
export async function inSnapshot<Result>(pool: Pool, work: (tx: Queryable) => Promise<Result>): Promise<Result> {
  const connection = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  connection.on("error", onError);
  try {
    await connection.query("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const result = await work(connection);
    await connection.query("COMMIT");
    return result;
  } catch (error) {
    await connection.query("ROLLBACK").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    connection.off("error", onError);
    connection.release(broken);
  }
}

/** The whole batch may simply run again: PostgreSQL rolled it back to resolve a conflict, or a lock took too long. */
export function isConflict(error: unknown): boolean {
  const code = sqlState(error);
  return code === "40P01" || code === "40001" || isTimeout(error);
}

/** A statement waited for a lock, or ran, longer than it may. */
export function isTimeout(error: unknown): boolean {
  const code = sqlState(error);
  return code === "55P03" || code === "57014";
}

/** The connection or the server went away, so nothing is known but what the batch's fence will tell. */
export function isConnectionLoss(error: unknown): boolean {
  const code = sqlState(error);
  if (code !== undefined && /^(08...|53300|57P0[1-5]|25P0[34])$/.test(code)) return true;
  if (!(error instanceof Error)) return false;
  if (
    "code" in error &&
    /^(ECONN(RESET|REFUSED|ABORTED)|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH)$/.test(String(error.code))
  )
    return true;
  return /^(Connection terminated|Query read timeout|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed)/.test(
    error.message,
  );
}

/** No server answers there, it refuses us, or there is no such database: what a wrong `DATABASE_URL` looks like. */
export function isUnreachable(error: unknown): boolean {
  const code = sqlState(error) ?? String((error as NodeJS.ErrnoException).code);
  return isConnectionLoss(error) || /^(28...|3D000|ENOTFOUND|EAI_AGAIN)$/.test(code);
}

/** The server answered and said no, so what was asked did not happen. */
export function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !isConnectionLoss(error);
}

export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}
