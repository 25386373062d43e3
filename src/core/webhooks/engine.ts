/**
 * The delivery engine of one node: takes due deliveries under a lease, attempts them, records what was answered.
 *
 * A lease is two columns, written and committed before the attempt begins: the node, whose heartbeat keeps it alive,
 * and a fencing id, without which no result is recorded. When a node dies its heartbeat stops, and within
 * `node_dead_after_s` another takes its deliveries; the receiver may then hear of an event twice, never not at all. A
 * node that lives takes back what it holds and does not know of: its database was away when it leased or recorded.
 *
 * A first attempt waits until the delivery before it (same subject, same URL) is finished or 60 s old. Retries hold
 * nothing else up, since only deliveries that were never attempted wait.
 */
import { setTimeout as pause } from "node:timers/promises";
import { businessNow, newId, type Pool, type Statement } from "../../store/index.ts";
import { limits } from "../limits.ts";
import { type AttemptOutcome, type Delivery, deliveries, judgeAttempt } from "./delivery.ts";

export type Send = (delivery: Pick<Delivery, "url" | "headers" | "body">) => Promise<AttemptOutcome>;

/** Nobody has a delivery `d`, or nobody who lives and knows that they have it. */
const isFree = `(d.lease_node IS NULL OR (d.lease_node = $1 AND d.id <> ALL($4))
    OR NOT EXISTS (SELECT FROM nodes n WHERE n.id = d.lease_node
      AND n.heartbeat_at > clock_timestamp() - ${limits.node_dead_after_s} * interval '1 second'))`;

/**
 * Walks the index of due deliveries and takes those whose lease is free, whose node is dead, or which this node holds
 * without knowing it. Heartbeats and leases go by real time; schedules by business time ($1 is the node, $2 the fencing
 * id, $3 how many, $4 the deliveries this node knows it holds, $5 the
 * URLs that have as many attempts under way as one may have: a receiver that never answers takes no other's place).
 */
const LEASE: Statement = {
  name: "lease-deliveries",
  text: `WITH clock AS (SELECT ${businessNow} AS now), waiting AS (
      SELECT d.id, d.url, d.next_attempt_at FROM deliveries d, clock
      WHERE d.state = 'pending' AND d.next_attempt_at <= clock.now AND d.url <> ALL($5) AND ${isFree}
        AND (d.attempts > 0 OR NOT EXISTS (SELECT FROM deliveries b WHERE b.subject_id = d.subject_id AND b.url = d.url
          AND b.subject_seq < d.subject_seq AND b.state = 'pending'
          AND b.created_at > clock.now - ${limits.delivery_predecessor_wait_s} * interval '1 second'))
      ORDER BY d.next_attempt_at LIMIT ${limits.deliveries_considered}
    ), fair AS (
      SELECT id FROM (SELECT *, row_number() OVER (PARTITION BY url ORDER BY next_attempt_at) AS place FROM waiting) ranked
      WHERE place <= ${limits.deliveries_per_url} ORDER BY next_attempt_at LIMIT $3
    ), due AS (
      SELECT d.id FROM deliveries d WHERE d.id IN (SELECT id FROM fair) AND d.state = 'pending' AND ${isFree}
      FOR UPDATE OF d SKIP LOCKED)
    UPDATE deliveries d SET lease_node = $1, lease_id = $2 FROM due WHERE d.id = due.id
    RETURNING ${deliveries.select("d")}`,
};

/** Records an attempt only for the holder of the lease. */
const RECORD: Statement = {
  name: "record-attempt",
  text: `WITH clock AS (SELECT ${businessNow} AS now), held AS (
      UPDATE deliveries SET state = $3, attempts = attempts + 1, lease_node = NULL, lease_id = NULL,
        next_attempt_at = CASE WHEN $3 = 'pending' THEN clock.now + $4 * interval '1 second' ELSE next_attempt_at END,
        finished_at = CASE WHEN $3 = 'pending' THEN NULL ELSE clock.now END
      FROM clock WHERE id = $1 AND lease_id = $2 RETURNING id, attempts, clock.now AS now)
    INSERT INTO delivery_attempts (delivery_id, attempt, started_at, duration_ms, status, error, answer)
      SELECT id, attempts, now - $5 * interval '1 millisecond', $5, $6, $7, $8 FROM held`,
};

const HEARTBEAT: Statement = {
  name: "heartbeat",
  text: `INSERT INTO nodes (id, heartbeat_at) VALUES ($1, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at`,
};

export interface EngineLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export class DeliveryEngine {
  readonly #pool: Pool;
  readonly #send: Send;
  readonly #log: EngineLog;
  readonly #node = newId("node");
  readonly #inFlight = new Map<string, { url: string; attempt: Promise<void> }>();
  /** Attempted, but the attempt could not be recorded: left alone for a while before it is made again. */
  readonly #unrecorded = new Set<string>();
  #running = false;
  #abandoned = false;
  #wanted = false;
  #taking: Promise<void> | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(pool: Pool, send: Send, log: EngineLog) {
    this.#pool = pool;
    this.#send = send;
    this.#log = log;
  }

  async start(): Promise<void> {
    await this.#beat();
    this.#running = true;
    const beat = setInterval(
      () => void this.#beat().catch((error) => this.#log.warn({ err: error }, "the heartbeat failed")),
      limits.heartbeat_ms,
    );
    this.#timers = [beat, setInterval(() => this.wake(), limits.delivery_poll_ms)];
    this.wake();
  }

  /** Takes no more work and waits a while for the attempts under way; those left over are free for other nodes at once. */
  async stop(): Promise<void> {
    this.#running = false;
    const [beat, poll] = this.#timers;
    clearInterval(poll);
    await this.#taking;
    await Promise.race([
      Promise.all([...this.#inFlight.values()].map((one) => one.attempt)),
      pause(limits.delivery_stop_grace_ms, undefined, { ref: false }),
    ]);
    this.#abandoned = true;
    clearInterval(beat);
    await this.#pool.query("DELETE FROM nodes WHERE id = $1", [this.#node]);
  }

  /** There may be something to deliver. */
  wake(): void {
    this.#wanted = true;
    if (this.#taking !== undefined || !this.#running) return;
    this.#taking = this.#take()
      .catch((error) => this.#log.warn({ err: error }, "deliveries could not be taken"))
      .finally(() => {
        this.#taking = undefined;
        if (this.#wanted && this.#running) setImmediate(() => this.wake());
      });
  }

  async #take(): Promise<void> {
    this.#wanted = false;
    const free = limits.deliveries_in_flight - this.#inFlight.size;
    if (free <= 0) return;
    const leaseId = newId("lease");
    const held = [...this.#inFlight.keys(), ...this.#unrecorded];
    const taken = await this.#pool.query<Delivery>(LEASE, [this.#node, leaseId, free, held, this.#busyUrls()]);
    if (taken.rows.length === free) this.#wanted = true;
    for (const delivery of taken.rows) {
      const attempt = this.#attempt(delivery)
        .catch((error) => {
          this.#log.warn({ err: error, delivery: delivery.id }, "an attempt could not be recorded");
          this.#unrecorded.add(delivery.id);
          setTimeout(() => this.#unrecorded.delete(delivery.id), limits.node_dead_after_s * 1000).unref();
        })
        .finally(() => {
          this.#inFlight.delete(delivery.id);
          this.wake();
        });
      this.#inFlight.set(delivery.id, { url: delivery.url, attempt });
    }
  }

  #busyUrls(): string[] {
    const counts = new Map<string, number>();
    for (const { url } of this.#inFlight.values()) counts.set(url, (counts.get(url) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= limits.deliveries_per_url).map(([url]) => url);
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const outcome = await this.#send(delivery);
    // Cut off by our own end, not by the receiver: whoever takes the delivery next finds out.
    if (this.#abandoned) return;
    const attempt = delivery.attempts + 1;
    const verdict = judgeAttempt(outcome, attempt, delivery);
    const wait_s = verdict.state === "pending" ? verdict.wait_s : 0;
    const duration_ms = Math.round(outcome.duration_ms);
    const recorded = await this.#pool.query(RECORD, [
      delivery.id,
      delivery.leaseId,
      verdict.state,
      wait_s,
      duration_ms,
      outcome.status,
      outcome.error,
      outcome.answer,
    ]);
    if (recorded.rowCount === 0) {
      this.#log.warn({ delivery: delivery.id, attempt }, "another node has taken a delivery that was being attempted");
      return;
    }
    const fields = { delivery: delivery.id, attempt, status: outcome.status, error: outcome.error, duration_ms };
    if (verdict.state === "delivered") this.#log.info(fields, "webhook delivered");
    else this.#log.warn({ ...fields, state: verdict.state }, "webhook not delivered");
  }

  async #beat(): Promise<void> {
    await this.#pool.query(HEARTBEAT, [this.#node]);
  }
}
