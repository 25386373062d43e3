/**
 * A refund: money of a paid payment that goes back to an account the merchant names.
 *
 *   pending ──▶ succeeded | failed
 *      └──▶ unknown ──▶ succeeded | failed      the bank did not answer, and was asked
 *
 * While pending or unknown its amount is reserved: no other refund can have it.
 */
import { type Queryable, type Statement, table } from "../../store/index.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";

export type RefundState = "pending" | "unknown" | "succeeded" | "failed";

export interface Refund {
  id: string;
  merchantId: string;
  paymentId: string;
  operationId: string;
  connector: string;
  /** Whole won, at least 1. */
  amount: number;
  currency: string;
  /** Of the amount, the part that is free of tax, and the value-added tax where the merchant states it. */
  taxFree: number;
  vatAmount: number | null;
  reason: string | null;
  /** Whether the merchant wants to be told by webhook. */
  announce: boolean;
  /** KFTC, three digits. */
  bankCode: string;
  holder: string;
  numberEncrypted: string;
  /** The same for the same account of the same merchant; says nothing else. */
  numberIndex: string;
  /** What may be shown of the number. */
  numberMasked: string;
  state: RefundState;
  /** The bank's id of the payout. */
  transactionId: string | null;
  failureCode: string | null;
  failureMessage: string | null;
  requestedAt: Date;
  completedAt: Date | null;
  updatedAt: Date;
  eventSeq: number;
}

/** What a PG allows, by its contract. */
export interface RefundPolicy {
  /** Refunds of one payment that leave something of it. */
  partials_max: number | null;
  within_months: number | null;
  /** Hours of Korean time in which it refunds nothing; over midnight when `from` is the later. */
  quietHours: { from: number; to: number } | null;
}

export type RefundEventType = "refund.pending" | "refund.unknown" | "refund.succeeded" | "refund.failed";

export const refunds = table<Refund>(
  "refunds",
  [
    "id",
    "merchantId",
    "paymentId",
    "operationId",
    "connector",
    "amount",
    "currency",
    "taxFree",
    "vatAmount",
    "reason",
    "announce",
    "bankCode",
    "holder",
    "numberEncrypted",
    "numberIndex",
    "numberMasked",
    "state",
    "transactionId",
    "failureCode",
    "failureMessage",
    "requestedAt",
    "completedAt",
    "updatedAt",
    "eventSeq",
  ],
  ["id"],
);

/** The refund after a change, and the one event that tells of it. */
export function changeRefund(refund: Refund, change: Partial<Refund>, now: Date): { refund: Refund; event: NewEvent } {
  const tell = ({ paymentId, state, amount, currency, failureMessage: reason }: Refund) =>
    ({ subjectType: "refund", paymentId, type: `refund.${state}`, data: { amount, currency, reason } }) as const;
  const { changed, event } = changeSubject(refund, change, tell, now);
  return { refund: changed, event };
}

/** Those that were paid out, in that order. */
export function paidOut(refunds: readonly Refund[]): Refund[] {
  return refunds
    .filter((refund) => refund.state === "succeeded")
    .sort((one, other) => one.completedAt!.getTime() - other.completedAt!.getTime());
}

const READ_BY_PAYMENT: Statement = {
  name: "read-refunds-by-payment",
  text: `SELECT ${refunds.select("r")} FROM refunds r WHERE payment_id = ANY($1) ORDER BY requested_at, id`,
};

/** Oldest first. All refunds of a payment are changed under its payment's lock. */
export async function readRefundsByPayment(db: Queryable, paymentIds: readonly string[]): Promise<Refund[]> {
  return paymentIds.length === 0 ? [] : (await db.query<Refund>(READ_BY_PAYMENT, [paymentIds])).rows;
}
