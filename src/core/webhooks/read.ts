/** Deliveries as operators look at them: a list that can be narrowed, and one with every attempt and what was answered. */
import type { Pool, Queryable, Statement } from "../../store/index.ts";
import type { EventType } from "../events/event.ts";
import { type Delivery, type DeliveryState, deliveries } from "./delivery.ts";

export interface Attempt {
  deliveryId: string;
  /** From 1. */
  attempt: number;
  startedAt: Date;
  durationMs: number;
  /** What the receiver answered with; null when it did not, for the reason in `error`. */
  status: number | null;
  error: string | null;
  /** The beginning of the answer's body. */
  answer: string | null;
}

/** A delivery with what it is about. */
export interface DeliverySummary extends Omit<Delivery, "headers" | "body" | "leaseNode" | "leaseId"> {
  eventType: EventType;
  reference: string;
  wireId: string;
  lastAttempt: Omit<Attempt, "deliveryId" | "answer"> | null;
}

export interface DeliveryDetail extends DeliverySummary, Pick<Delivery, "headers" | "body"> {
  attemptLog: Attempt[];
}

/** Of a merchant, a payment, a URL, a state; made at or after `from` and before `to`, in business time. */
export interface DeliveryFilter {
  state?: DeliveryState;
  merchantId?: string;
  paymentId?: string;
  url?: string;
  from?: Date;
  to?: Date;
}

const conditions = [
  ["state", "d.state ="],
  ["merchantId", "d.merchant_id ="],
  ["paymentId", "d.payment_id ="],
  ["url", "d.url ="],
  ["from", "d.created_at >="],
  ["to", "d.created_at <"],
] as const;

/** `AND …` for what the filter names; its values are added to those that the statement has already. */
export function conditionsOf(filter: DeliveryFilter, values: unknown[]): string {
  return conditions
    .filter(([field]) => filter[field] !== undefined)
    .map(([field, condition]) => `AND ${condition} $${values.push(filter[field])}`)
    .join(" ");
}

const summary = `SELECT ${deliveries.select("d")}, e.type AS "eventType",
    coalesce(p.reference, a.reference, a.wire_id) AS reference, coalesce(p.wire_id, a.wire_id) AS "wireId",
    CASE WHEN l.attempt IS NOT NULL THEN jsonb_build_object('attempt', l.attempt, 'startedAt', l.started_at,
      'durationMs', l.duration_ms, 'status', l.status, 'error', l.error) END AS "lastAttempt"
  FROM deliveries d JOIN events e ON e.id = d.event_id
  LEFT JOIN payments p ON p.id = d.payment_id LEFT JOIN agreements a ON a.id = d.subject_id
  LEFT JOIN delivery_attempts l ON l.delivery_id = d.id AND l.attempt = d.attempts`;

type Row = Delivery & Omit<DeliverySummary, keyof Delivery>;

/** Within JSON the database writes times in its own way. */
function readRow({ leaseNode: _, leaseId: __, lastAttempt, ...row }: Row): Omit<Row, "leaseNode" | "leaseId"> {
  return { ...row, lastAttempt: lastAttempt && { ...lastAttempt, startedAt: new Date(lastAttempt.startedAt) } };
}

/** Newest first, from before `before`. Walks the primary key, or the index of what narrows it; planned for what is asked. */
export async function listDeliveries(
  db: Queryable,
  filter: DeliveryFilter & { before?: string; count: number },
): Promise<DeliverySummary[]> {
  const values: unknown[] = [filter.before ?? "~", filter.count];
  const narrowed = conditionsOf(filter, values);
  const found = await db.query<Row>(`${summary} WHERE d.id < $1 ${narrowed} ORDER BY d.id DESC LIMIT $2`, values);
  return found.rows.map((row) => {
    const { headers: _, body: __, ...shown } = readRow(row);
    return shown;
  });
}

export async function readDelivery(db: Pool, id: string): Promise<DeliveryDetail | undefined> {
  const [row] = (await db.query<Row>(`${summary} WHERE d.id = $1`, [id])).rows;
  return row && { ...readRow(row), attemptLog: await readAttempts(db, [id]) };
}

const ATTEMPTS: Statement = {
  name: "attempts-of-deliveries",
  text: `SELECT delivery_id AS "deliveryId", attempt, started_at AS "startedAt", duration_ms AS "durationMs", status, error,
    answer FROM delivery_attempts WHERE delivery_id = ANY($1) ORDER BY delivery_id, attempt`,
};

/** In the order in which they were made. */
export async function readAttempts(db: Queryable, deliveryIds: readonly string[]): Promise<Attempt[]> {
  return (await db.query<Attempt & Record<string, unknown>>(ATTEMPTS, [deliveryIds])).rows;
}
