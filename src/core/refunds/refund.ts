/**
 * A refund: money of a paid payment that goes back to an account the merchant names, or to the wallet that it came from.
 *
 *   pending ──▶ succeeded | failed
 *      └──▶ unknown ──▶ succeeded | failed      the bank did not answer, and was asked
 *   failed                                      refused at once; kept where the dialect shows such
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
  /** Null for one that was refused before it was ordered. */
  operationId: string | null;
  connector: string;
  /** Whole won, at least 1. */
  amount: number;
  currency: string;
  /** Of the amount, the part that is free of tax, and the value-added tax where the merchant states it. */
  taxFree: number;
  vatAmount: number | null;
  reason: string | null;
  /** The merchant's own name for it, what the shopper may read of it, and what the merchant notes. */
  reference: string | null;
  descriptor: string | null;
  labels: Record<string, string> | null;
  /** Whether the merchant wants to be told by webhook. */
  announce: boolean;
  /** KFTC, three digits; this and what follows of the account are null for one that goes back to a wallet. */
  bankCode: string | null;
  holder: string | null;
  numberEncrypted: string | null;
  /** The same for the same account of the same merchant; says nothing else. */
  numberIndex: string | null;
  /** What may be shown of the number. */
  numberMasked: string | null;
  state: RefundState;
  /** The bank's id of the payout. */
  transactionId: string | null;
  failureCode: string | null;
  failureMessage: string | null;
  /** The failure's code as the bank or wallet has it, where that is another. */
  providerCode: string | null;
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
    "reference",
    "descriptor",
    "labels",
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
    "providerCode",
    "requestedAt",
    "completedAt",
    "updatedAt",
    "eventSeq",
  ],
  ["id"],
);

/** A refund that was just asked for: what is not said of it there is not, or has not happened. */
export function newRefund(
  known: Pick<Refund, "id" | "merchantId" | "paymentId" | "operationId" | "connector" | "amount" | "currency"> &
    Partial<Refund>,
  now: Date,
): Refund {
  return { ...blank, ...known, state: known.state ?? "pending", requestedAt: now, updatedAt: now, eventSeq: 0 };
}

const blank = {
  taxFree: 0,
  vatAmount: null,
  reason: null,
  reference: null,
  descriptor: null,
  labels: null,
  announce: true,
  bankCode: null,
  holder: null,
  numberEncrypted: null,
  numberIndex: null,
  numberMasked: null,
  transactionId: null,
  failureCode: null,
  failureMessage: null,
  providerCode: null,
  completedAt: null,
} as const satisfies Partial<Refund>;

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
