/** One payment with everything that ever happened to it, and the list of payments: what operators look at. */
import type { Pool, Queryable, Statement } from "../../store/index.ts";
import type { Deposit } from "../deposits/deposit.ts";
import { type Event, events } from "../events/event.ts";
import { type Exchange, exchanges } from "../exchanges.ts";
import { type Transfer, transfers } from "../ledger/ledger.ts";
import type { VirtualAccount } from "../virtual-accounts/virtual-account.ts";
import { type Delivery, deliveries } from "../webhooks/delivery.ts";
import { type Payment, payments } from "./payment.ts";
import { accountOf, depositsOf, findPaymentById } from "./read.ts";

export interface Attempt {
  deliveryId: string;
  attempt: number;
  startedAt: Date;
  durationMs: number;
  status: number | null;
  error: string | null;
  answer: string | null;
}

export interface Timeline {
  payment: Payment;
  virtualAccount: VirtualAccount | undefined;
  exchanges: Exchange[];
  /** What the bank told us, matched or suspended. */
  notices: Deposit[];
  transfers: Transfer[];
  events: Event[];
  deliveries: (Delivery & { attemptLog: Attempt[] })[];
}

const EXCHANGES: Statement = {
  name: "timeline-exchanges",
  text: `SELECT ${exchanges.select("x")} FROM exchanges x WHERE payment_id = $1 ORDER BY id`,
};
const TRANSFERS: Statement = {
  name: "timeline-transfers",
  text: `SELECT ${transfers.select("t")} FROM transfers t
    WHERE payment_id = $1 OR deposit_id IN (SELECT id FROM deposits WHERE payment_id = $1) ORDER BY id`,
};
const EVENTS: Statement = {
  name: "timeline-events",
  text: `SELECT ${events.select("e")} FROM events e WHERE payment_id = $1 ORDER BY at, id`,
};
const DELIVERIES: Statement = {
  name: "timeline-deliveries",
  text: `SELECT ${deliveries.select("d")} FROM deliveries d WHERE payment_id = $1 ORDER BY id`,
};
const ATTEMPTS: Statement = {
  name: "timeline-attempts",
  text: `SELECT delivery_id AS "deliveryId", attempt, started_at AS "startedAt", duration_ms AS "durationMs", status, error,
    answer FROM delivery_attempts WHERE delivery_id = ANY($1) ORDER BY delivery_id, attempt`,
};

export async function readTimeline(db: Pool, paymentId: string): Promise<Timeline | undefined> {
  const payment = await findPaymentById(db, paymentId);
  if (payment === undefined) return undefined;
  const rows = async <Row extends object>(statement: Statement, value: unknown): Promise<Row[]> =>
    (await db.query<Row & Record<string, unknown>>(statement, [value])).rows;
  const delivered = await rows<Delivery>(DELIVERIES, paymentId);
  const attempts = await rows<Attempt>(
    ATTEMPTS,
    delivered.map((delivery) => delivery.id),
  );
  return {
    payment,
    virtualAccount: await accountOf(db, paymentId),
    exchanges: await rows<Exchange>(EXCHANGES, paymentId),
    notices: await depositsOf(db, paymentId),
    transfers: await rows<Transfer>(TRANSFERS, paymentId),
    events: await rows<Event>(EVENTS, paymentId),
    deliveries: delivered.map((delivery) => ({
      ...delivery,
      attemptLog: attempts.filter((attempt) => attempt.deliveryId === delivery.id),
    })),
  };
}

export interface PaymentFilter {
  /** Only payments older than this id; newest first. */
  before?: string;
  count: number;
  state?: string;
  reference?: string;
  wireId?: string;
}

/** Walks the primary key from the newest, or the index of the one field that narrows it; planned for what is asked. */
export async function listPayments(db: Queryable, filter: PaymentFilter): Promise<Payment[]> {
  const { before = "~", count } = filter;
  const values: unknown[] = [before, count];
  const narrowed = filters.flatMap(([field, column]) => {
    if (filter[field] === undefined) return [];
    values.push(filter[field]);
    return [`AND ${column} = $${values.length}`];
  });
  const text = `SELECT ${payments.select("p")} FROM payments p WHERE id < $1 ${narrowed.join(" ")} ORDER BY id DESC LIMIT $2`;
  return (await db.query<Payment>(text, values)).rows;
}

const filters = [
  ["state", "state"],
  ["reference", "reference"],
  ["wireId", "wire_id"],
] as const;
