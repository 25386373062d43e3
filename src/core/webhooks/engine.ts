/**
 * The delivery engine of one node: takes due deliveries under a lease, attempts them, records what was answered.
 *
 * A lease is two columns, written and committed before the attempt begins: the node, whose heartbeat keeps it alive,
 * and a fencing id, without which no result is recorded. When a node dies its heartbeat stops, and within
 * `node_dead_after_s` another takes its deliveries; the receiver may then hear of an event twice, never not at all. A
 * node that lives takes back what it holds and does not know of: its database was away when it leased or recorded.
 *
 * A first attempt waits until the delivery before it (same subject, same URL) is finished or 60 s old, where its dialect
 * keeps order. Retries hold nothing else up, since only deliveries that were not attempted since they were queued wait.
 *
 * No receiver takes another's place, and no merchant. Each receiver may have a few attempts under way; one that did not
 * answer the last time, or has not answered for a while, has them one after the other. Attempts that take long no longer
 * count among those a node makes at once, and hold no other of their receiver up for longer than that.
 */
import { setTimeout as pause } from "node:timers/promises";
import { businessNow, newId, type Pool, type Statement } from "../../store/index.ts";
import { limits } from "../limits.ts";
import { isAlive } from "../nodes.ts";
import {
  type Announcer,
  type AttemptOutcome,
  type Delivery,
  deliveries,
  judgeAttempt,
  type Timeouts,
} from "./delivery.ts";

export type Send = (
  delivery: Pick<Delivery, "url" | "headers" | "body">,
  timeouts: Timeouts,
) => Promise<AttemptOutcome>;

/** By this header a receiver tells a repetition: the same for every attempt, also when sent again by hand. */
const deliveryIdHeader = "naru-delivery-id";

/** Nobody has a delivery `d`, or nobody who lives. */
export const isUnleased = `(d.lease_node IS NULL OR NOT EXISTS (SELECT FROM nodes n WHERE n.id = d.lease_node AND ${isAlive("n")}))`;
/** Or this node ($1), but it does not know of it ($4: those it does). */
const isFree = `(${isUnleased} OR (d.lease_node = $1 AND d.id <> ALL($4)))`;

/**
 * Takes due deliveries whose lease is free, for each receiver and each merchant no more than they may have now: of each
 * merchant one, of its receivers the oldest of each first; then the next of each merchant, and so on. Steps through the
 * index of what is pending from receiver to receiver, so that one which is owed much is not waded through. Heartbeats
 * and leases go by real time; schedules by business time. $1: the node, $2: the fencing id, $3: how many, $4: the
 * deliveries this node knows it holds, $5 and $6: receivers that may not have as many as others, and how many they may
 * have, $7 and $8: the same of merchants, $9: the dialects this node knows.
 */
const LEASE: Statement = {
  name: "lease-deliveries",
  text: `WITH RECURSIVE clock AS (SELECT ${businessNow} AS now), receivers AS (
      (SELECT receiver FROM deliveries WHERE state = 'pending' ORDER BY receiver LIMIT 1)
      UNION ALL SELECT next.receiver FROM receivers r CROSS JOIN LATERAL (SELECT receiver FROM deliveries
        WHERE state = 'pending' AND receiver > r.receiver ORDER BY receiver LIMIT 1) next
    ), waiting AS (
      SELECT due.*, row_number() OVER (PARTITION BY r.receiver ORDER BY due.next_attempt_at, due.id) AS place
      FROM receivers r LEFT JOIN unnest($5::text[], $6::int[]) AS bound (receiver, most) ON bound.receiver = r.receiver
      CROSS JOIN LATERAL (SELECT d.id, d.merchant_id, d.next_attempt_at FROM deliveries d, clock
        WHERE d.receiver = r.receiver AND d.state = 'pending' AND d.next_attempt_at <= clock.now AND d.dialect = ANY($9) AND ${isFree}
          AND (d.tries > 0 OR NOT d.ordered OR NOT EXISTS (SELECT FROM deliveries b WHERE b.subject_id = d.subject_id
            AND b.url = d.url AND b.subject_seq < d.subject_seq AND b.state = 'pending'
            AND b.queued_at > clock.now - ${limits.delivery_predecessor_wait_s} * interval '1 second'))
        ORDER BY d.next_attempt_at, d.id LIMIT coalesce(bound.most, ${limits.deliveries_per_receiver})) due
    ), shared AS (
      SELECT id, merchant_id, next_attempt_at, row_number() OVER (PARTITION BY merchant_id ORDER BY place, next_attempt_at, id) AS turn
      FROM waiting
    ), chosen AS (
      SELECT s.id FROM shared s LEFT JOIN unnest($7::text[], $8::int[]) AS bound (merchant_id, most) ON bound.merchant_id = s.merchant_id
      WHERE s.turn <= coalesce(bound.most, ${limits.deliveries_in_flight_per_merchant}) ORDER BY s.turn, s.next_attempt_at LIMIT $3
    ), due AS (
      SELECT d.id FROM deliveries d, clock WHERE d.id IN (SELECT id FROM chosen)
        AND d.state = 'pending' AND d.next_attempt_at <= clock.now AND ${isFree} FOR UPDATE OF d SKIP LOCKED)
    UPDATE deliveries d SET lease_node = $1, lease_id = $2 FROM due WHERE d.id = due.id
    RETURNING ${deliveries.select("d")}`,
};

/** Records an attempt only for the holder of the lease. What was once delivered stays so. */
const RECORD: Statement = {
  name: "record-attempt",
  text: `WITH clock AS (SELECT ${businessNow} AS now), held AS (
      UPDATE deliveries SET state = CASE WHEN $3 = 'exhausted' AND delivered_at IS NOT NULL THEN 'delivered' ELSE $3 END,
        attempts = attempts + 1, tries = tries + 1, lease_node = NULL, lease_id = NULL,
        next_attempt_at = CASE WHEN $3 = 'pending' THEN clock.now + $4 * interval '1 second' ELSE next_attempt_at END,
        delivered_at = CASE WHEN $3 = 'delivered' THEN coalesce(delivered_at, clock.now) ELSE delivered_at END,
        finished_at = CASE WHEN $3 = 'pending' THEN NULL ELSE clock.now END
      FROM clock WHERE id = $1 AND lease_id = $2 RETURNING id, attempts, clock.now AS now)
    INSERT INTO delivery_attempts (delivery_id, attempt, started_at, duration_ms, status, error, answer)
      SELECT id, attempts, now - $5 * interval '1 millisecond', $5, $6, $7, $8 FROM held`,
};

export interface EngineLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

interface UnderWay {
  receiver: string;
  merchantId: string;
  /** By this process's own clock. */
  begun_ms: number;
  attempt: Promise<void>;
}

export class DeliveryEngine {
  readonly #pool: Pool;
  readonly #node: string;
  readonly #announcers: ReadonlyMap<string, Announcer>;
  readonly #send: Send;
  readonly #log: EngineLog;
  readonly #inFlight = new Map<string, UnderWay>();
  /** Receivers that gave no answer the last time. */
  readonly #silent = new Set<string>();
  /** The attempt could not be made, or not recorded: left alone for a while before it is made again. */
  readonly #unrecorded = new Set<string>();
  #running = false;
  #abandoned = false;
  #wanted = false;
  #taking: Promise<void> | undefined;
  #poll: NodeJS.Timeout | undefined;

  /** `node`: the one it works for, whose heartbeat has begun before it starts and stops after it. */
  constructor(pool: Pool, node: string, announcers: ReadonlyMap<string, Announcer>, send: Send, log: EngineLog) {
    this.#pool = pool;
    this.#node = node;
    this.#announcers = announcers;
    this.#send = send;
    this.#log = log;
  }

  start(): void {
    this.#running = true;
    this.#poll = setInterval(() => this.wake(), limits.delivery_poll_ms);
    this.wake();
  }

  /** Takes no more work and waits a while for the attempts under way; those left over are free when the heartbeat stops. */
  async stop(): Promise<void> {
    this.#running = false;
    clearInterval(this.#poll);
    await this.#taking;
    await Promise.race([
      Promise.all([...this.#inFlight.values()].map((one) => one.attempt)),
      pause(limits.delivery_stop_grace_ms, undefined, { ref: false }),
    ]);
    this.#abandoned = true;
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
    const underWay = [...this.#inFlight.values()];
    const free = Math.min(
      limits.deliveries_in_flight - underWay.filter((one) => !isSlow(one)).length,
      limits.deliveries_unanswered - underWay.length,
    );
    if (free <= 0) return;
    const leaseId = newId("lease");
    const held = [...this.#inFlight.keys(), ...this.#unrecorded];
    const [receivers, merchants] = [this.#receiverBounds(), this.#merchantBounds()];
    const begun_ms = performance.now();
    const taken = await this.#pool.query<Delivery>(LEASE, [
      this.#node,
      leaseId,
      free,
      held,
      [...receivers.keys()],
      [...receivers.values()],
      [...merchants.keys()],
      [...merchants.values()],
      [...this.#announcers.keys()],
    ]);
    const took_ms = performance.now() - begun_ms;
    if (taken.rows.length > 0) this.#wanted = true;
    for (const delivery of taken.rows) {
      const attempt = this.#attempt(delivery)
        .catch((error) => {
          this.#log.warn({ err: error, delivery: delivery.id }, "an attempt could not be made or recorded");
          this.#unrecorded.add(delivery.id);
          setTimeout(() => this.#unrecorded.delete(delivery.id), limits.node_dead_after_s * 1000).unref();
        })
        .finally(() => {
          this.#inFlight.delete(delivery.id);
          this.wake();
        });
      const { receiver, merchantId } = delivery;
      this.#inFlight.set(delivery.id, { receiver, merchantId, begun_ms: performance.now(), attempt });
    }
    if (took_ms > limits.delivery_look_ms && this.#running) await pause(Math.min(took_ms, 1_000));
  }

  /** How many more attempts each receiver may have, of those that may not have as many as others. */
  #receiverBounds(): Map<string, number> {
    const underWay = new Map([...this.#silent].map((receiver) => [receiver, { slow: 0, fresh: 0 }]));
    this.#count(underWay, (one) => one.receiver);
    return new Map([...underWay].map(([receiver, count]) => [receiver, allowance(count, this.#silent.has(receiver))]));
  }

  /** The same of merchants. */
  #merchantBounds(): Map<string, number> {
    const underWay = this.#count(new Map(), (one) => one.merchantId);
    const { deliveries_in_flight_per_merchant: most, deliveries_unanswered_per_merchant: unanswered } = limits;
    return new Map(
      [...underWay].map(([id, { slow, fresh }]) => [
        id,
        Math.max(0, Math.min(most - fresh, unanswered - slow - fresh)),
      ]),
    );
  }

  #count(counts: Map<string, { slow: number; fresh: number }>, keyOf: (one: UnderWay) => string): typeof counts {
    for (const one of this.#inFlight.values()) {
      const count = counts.get(keyOf(one)) ?? { slow: 0, fresh: 0 };
      count[isSlow(one) ? "slow" : "fresh"] += 1;
      counts.set(keyOf(one), count);
    }
    return counts;
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const outcome = await this.#deliver(delivery);
    // Cut off by our own end, not by the receiver: whoever takes the delivery next finds out.
    if (this.#abandoned) return;
    if (outcome.status !== null) this.#silent.delete(delivery.receiver);
    else this.#remember(delivery.receiver);
    const attempt = delivery.attempts + 1;
    const verdict = judgeAttempt(outcome, delivery.tries + 1, delivery);
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

  /** The one that has been silent for longest is forgotten when there are too many. */
  #remember(silent: string): void {
    this.#silent.delete(silent);
    const [oldest] = this.#silent;
    if (oldest !== undefined && this.#silent.size >= limits.silent_receivers) this.#silent.delete(oldest);
    this.#silent.add(silent);
  }

  async #deliver(delivery: Delivery): Promise<AttemptOutcome> {
    const announcer = this.#announcers.get(delivery.dialect)!;
    const { url, body, attempts } = delivery;
    // What cannot be signed was not attempted: it is left alone for a while, like what could not be recorded.
    const signatures = await announcer.sign?.(delivery, new Date());
    const headers = { ...delivery.headers, ...signatures, [deliveryIdHeader]: delivery.id };
    const { first, later } = announcer.timeouts;
    return this.#send({ url, headers, body }, attempts === 0 ? first : later);
  }
}

/** It takes so long that it is waited for beside the others. */
function isSlow({ begun_ms }: UnderWay): boolean {
  return performance.now() - begun_ms > limits.delivery_patience_ms;
}

/** How many more attempts a receiver may have that has so many under way, and did or did not answer the last time. */
export function allowance({ slow, fresh }: { slow: number; fresh: number }, isSilent: boolean): number {
  const most = isSilent ? limits.deliveries_per_silent_receiver : limits.deliveries_per_receiver;
  const atOnce = isSilent || slow > 0 ? 1 : most;
  return Math.max(0, Math.min(most - slow - fresh, atOnce - fresh));
}
