/** The nodes on one database, by their heartbeats, which go by real time. Leases of a node are void when it is dead. */
import { newId, type Pool, type Queryable, type Statement } from "../store/index.ts";
import { limits } from "./limits.ts";

/** Whether a row of `nodes`, by its alias, is of a node that lives. */
export function isAlive(node: string): string {
  return `${node}.heartbeat_at > clock_timestamp() - ${limits.node_dead_after_s} * interval '1 second'`;
}

const READ_ALIVE: Statement = {
  name: "read-live-nodes",
  text: `SELECT n.id FROM nodes n WHERE n.id = ANY($1) AND ${isAlive("n")}`,
};

/** Those of these nodes that live. */
export async function readAlive(db: Queryable, nodes: readonly string[]): Promise<string[]> {
  if (nodes.length === 0) return [];
  return (await db.query<{ id: string }>(READ_ALIVE, [nodes])).rows.map((row) => row.id);
}

const BEAT: Statement = {
  name: "heartbeat",
  text: `INSERT INTO nodes (id, heartbeat_at) VALUES ($1, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at`,
};

/** What keeps a node's leases alive. Until it has begun and once it has stopped, the node is dead to the others. */
export class Heartbeat {
  /** Under which it leases. */
  readonly node = newId("node");
  readonly #pool: Pool;
  readonly #log: { warn(fields: object, message: string): void };
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;

  constructor(pool: Pool, log: { warn(fields: object, message: string): void }) {
    this.#pool = pool;
    this.#log = log;
  }

  get isBeating(): boolean {
    return this.#timer !== undefined;
  }

  /** The others know of the node when this is done. */
  async start(): Promise<void> {
    await this.#beat();
    this.#timer = setInterval(() => {
      this.#beating = this.#beat().catch((error) => this.#log.warn({ err: error }, "the heartbeat failed"));
    }, limits.heartbeat_ms);
  }

  /** What the node still holds is free for others at once. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#beating;
    await this.#pool.query("DELETE FROM nodes WHERE id = $1", [this.node]);
  }

  async #beat(): Promise<void> {
    await this.#pool.query(BEAT, [this.node]);
  }
}
