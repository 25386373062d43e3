/**
 * A payment: what a merchant wants to collect.
 *
 *   ready ──▶ paid ──▶ (partly refunded) ──▶ cancelled
 *     │         └────▶ reversed              the bank took the credit back
 *     ├──▶ expired ──▶ paid                  a bank may report late what was paid in time
 *     └──▶ closed | failed                   the merchant withdrew it, also after it expired; or it never came to be
 *
 * Every change of state takes the next `eventSeq` and is announced by the event of that number, under the row's lock.
 */
import { table } from "../../store/index.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";

export const paymentStates = ["ready", "paid", "cancelled", "failed", "closed", "expired", "reversed"] as const;
export type PaymentState = (typeof paymentStates)[number];

export interface Buyer {
  name: string | null;
  email: string | null;
  tel: string | null;
  address: string | null;
  postcode: string | null;
}

/** Of a payment whose buyer is not told of. */
export const nobody: Buyer = { name: null, email: null, tel: null, address: null, postcode: null };

export interface Payment {
  id: string;
  merchantId: string;
  /** Which dialect's client made it, and the id that client knows it by. */
  dialect: string;
  wireId: string;
  /** The merchant's own name for the order; several payments may share one until one of them is paid. */
  reference: string;
  method: "virtual_account" | "wallet" | "linked_account";
  state: PaymentState;
  /** What is due, in whole won; 0 where any amount is welcome (a fixed account). */
  amount: number;
  paidAmount: number;
  refundedAmount: number;
  /** In refunds that are under way or of unknown outcome. */
  pendingRefundAmount: number;
  /** Of the amount, the part free of tax, and the value-added tax; null where the merchant did not say. */
  taxFree: number | null;
  vatAmount: number | null;
  escrow: boolean;
  cashReceiptIssued: boolean;
  currency: string;
  /** The ledger account that is credited with what is paid. */
  beneficiary: string;
  connector: string;
  channelId: string;
  provider: string;
  providerMerchantId: string;
  providerTransaction: string;
  name: string | null;
  buyer: Buyer;
  customData: string | null;
  /** Where its changes are announced: fixed when it is made, so that a re-send goes where the first went. */
  noticeUrls: string[];
  userAgent: string | null;
  createdAt: Date;
  paidAt: Date | null;
  expiredAt: Date | null;
  closedAt: Date | null;
  failedAt: Date | null;
  cancelledAt: Date | null;
  reversedAt: Date | null;
  failReason: string | null;
  cancelReason: string | null;
  updatedAt: Date;
  eventSeq: number;
}

export type PaymentEventType =
  | "payment.ready"
  | "payment.paid"
  | "payment.deposited"
  | "payment.expired"
  | "payment.closed"
  | "payment.failed"
  | "payment.captured"
  | "payment.changed"
  | "payment.partly_refunded"
  | "payment.cancelled"
  | "payment.partly_reversed"
  | "payment.reversed";

export const payments = table<Payment>(
  "payments",
  [
    "id",
    "merchantId",
    "dialect",
    "wireId",
    "reference",
    "method",
    "state",
    "amount",
    "paidAmount",
    "refundedAmount",
    "pendingRefundAmount",
    "taxFree",
    "vatAmount",
    "escrow",
    "cashReceiptIssued",
    "currency",
    "beneficiary",
    "connector",
    "channelId",
    "provider",
    "providerMerchantId",
    "providerTransaction",
    "name",
    "buyer",
    "customData",
    "noticeUrls",
    "userAgent",
    "createdAt",
    "paidAt",
    "expiredAt",
    "closedAt",
    "failedAt",
    "cancelledAt",
    "reversedAt",
    "failReason",
    "cancelReason",
    "updatedAt",
    "eventSeq",
  ],
  ["id"],
);

/** A payment that was just made: what is not said of it has not happened. */
export function newPayment(
  known: Omit<Payment, keyof typeof untouched | "state" | "createdAt" | "updatedAt" | "eventSeq">,
  now: Date,
): Payment {
  return { ...untouched, ...known, state: "ready", createdAt: now, updatedAt: now, eventSeq: 0 };
}

const untouched = {
  paidAmount: 0,
  refundedAmount: 0,
  pendingRefundAmount: 0,
  cashReceiptIssued: false,
  paidAt: null,
  expiredAt: null,
  closedAt: null,
  failedAt: null,
  cancelledAt: null,
  reversedAt: null,
  failReason: null,
  cancelReason: null,
} as const satisfies Partial<Payment>;

/** The payment after a change, and the one event that tells of it. */
export function changePayment(
  payment: Payment,
  change: Partial<Payment>,
  type: PaymentEventType,
  now: Date,
  data: NewEvent["data"] = {},
): { payment: Payment; event: NewEvent } {
  const tell = ({ id }: Payment) => ({ subjectType: "payment", paymentId: id, type, data }) as const;
  const { changed, event } = changeSubject(payment, change, tell, now);
  return { payment: changed, event };
}
