/**
 * Calls to PGs, and finding out what became of those that were not answered. A node that dies between call and outcome
 * leaves its operation behind; whichever node looks next asks the PG. Asking changes nothing, so it is harmless when two
 * nodes ask; an outcome is recorded under the lock of its operation, once.
 */
import type { Pool, Statement } from "../../store/index.ts";
import { withinTime } from "../jobs.ts";
import { limits } from "../limits.ts";
import { type Operation, type OperationAnswer, type OperationKind, operations } from "./operation.ts";

export interface OperationHandler {
  /** Asks the PG what became of it. Throws when there is no answer. */
  ask(operation: Operation, signal: AbortSignal): Promise<OperationAnswer>;
  record(operation: Operation, answer: OperationAnswer): Promise<unknown>;
}

/**
 * By the partial index on what is unsettled. Taking one puts off its next asking, longer each time, so that nodes
 * share the work without a lease.
 */
const TAKE: Statement = {
  name: "take-operations",
  text: `UPDATE operations o SET attempts = attempts + 1,
      ask_at = clock_timestamp() + least(${limits.operation_ask_interval_max_s}, 2 ^ least(attempts + 1, 20)) * interval '1 second'
    WHERE id IN (SELECT id FROM operations WHERE connector = $2 AND state IN ('pending', 'unknown')
      AND ask_at <= clock_timestamp() ORDER BY ask_at LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING ${operations.select("o")}, clock_timestamp() AS "takenAt"`,
};

/** Makes a call within its time, or until `stopping`; whatever goes wrong leaves the outcome unknown. */
export async function call(
  make: (signal: AbortSignal) => Promise<OperationAnswer>,
  timeout_ms: number,
  stopping?: AbortSignal,
): Promise<OperationAnswer> {
  try {
    return await withinTime(make, timeout_ms, stopping);
  } catch (error) {
    return { outcome: "unknown", reason: error instanceof Error ? error.message : String(error) };
  }
}

/** With the database's own time, before which nobody was asked. */
type Taken = Operation & { takenAt: Date };

/** Asks one connector, so that a PG which does not answer keeps nobody else waiting. */
export class Resolver {
  readonly #connector: string;
  readonly #stopping = new AbortController();
  readonly #pool: Pool;
  readonly #handlers: Readonly<Record<OperationKind, OperationHandler>>;
  readonly #timeout_ms: number;
  readonly #log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };

  constructor(
    connector: string,
    pool: Pool,
    handlers: Readonly<Record<OperationKind, OperationHandler>>,
    timeout_ms: number,
    log: { info(fields: object, message: string): void; warn(fields: object, message: string): void },
  ) {
    this.#connector = connector;
    this.#pool = pool;
    this.#handlers = handlers;
    this.#timeout_ms = timeout_ms;
    this.#log = log;
  }

  /** Gives up what is being asked: another round, or another node, will ask again. */
  stop(): void {
    this.#stopping.abort(new Error("the node is stopping"));
  }

  /** Asks about what is due; tells whether more may be. */
  async resolve(): Promise<boolean> {
    const taken = (await this.#pool.query<Taken>(TAKE, [limits.operations_asked_at_once, this.#connector])).rows;
    await Promise.all(taken.map(({ takenAt, ...operation }) => this.#resolveOne(operation, takenAt)));
    return taken.length === limits.operations_asked_at_once;
  }

  async #resolveOne(operation: Operation, askedAt: Date): Promise<void> {
    const handler = this.#handlers[operation.kind];
    const said = await call((signal) => handler.ask(operation, signal), this.#timeout_ms, this.#stopping.signal);
    const answer = said.outcome === "absent" ? { ...said, askedAt } : said;
    const { id, kind, attempts } = operation;
    try {
      await handler.record(operation, answer);
      this.#log.info({ operation: id, kind, attempts, outcome: answer.outcome }, "asked a PG what became of a call");
    } catch (error) {
      this.#log.warn({ err: error, operation: id, kind }, "what a PG said of a call could not be recorded");
    }
  }
}
