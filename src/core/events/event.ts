/**
 * What happened: one fact per change of state, append-only. `subjectSeq` counts from 1 per subject without a gap,
 * because it is assigned under the subject's lock.
 */
import { table } from "../../store/index.ts";
import type { DepositEventType } from "../deposits/deposit.ts";
import type { PaymentEventType } from "../payments/payment.ts";
import type { ReceiptEventType } from "../receipts/receipt.ts";
import type { RefundEventType } from "../refunds/refund.ts";

export type EventType = PaymentEventType | DepositEventType | RefundEventType | ReceiptEventType;

export interface Event {
  id: string;
  merchantId: string | null;
  subjectType: "payment" | "deposit" | "refund" | "receipt";
  subjectId: string;
  subjectSeq: number;
  paymentId: string | null;
  type: EventType;
  /** With `announce: false` it is not announced: who asked for the change did not want to be told. */
  data: Record<string, string | number | boolean | null>;
  at: Date;
}

/** An event as a decision states it; the pipeline gives it an id when it is saved. */
export type NewEvent = Omit<Event, "id">;

export const events = table<Event>(
  "events",
  ["id", "merchantId", "subjectType", "subjectId", "subjectSeq", "paymentId", "type", "data", "at"],
  ["id"],
);
