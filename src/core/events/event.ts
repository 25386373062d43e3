/**
 * What happened: one fact per change of state, append-only. `subjectSeq` counts from 1 per subject without a gap,
 * because it is assigned under the subject's lock.
 */
import { table } from "../../store/index.ts";
import type { AdAccountEventType } from "../ad-accounts/ad-account.ts";
import type { DepositEventType } from "../deposits/deposit.ts";
import type { LinkedAccountEventType } from "../linked-accounts/linked-account.ts";
import type { VerificationEventType } from "../linked-accounts/verification.ts";
import type { WithdrawalEventType } from "../linked-accounts/withdrawal.ts";
import type { CardEventType } from "../members/card.ts";
import type { MemberEventType } from "../members/member.ts";
import type { PaymentEventType } from "../payments/payment.ts";
import type { ReceiptEventType } from "../receipts/receipt.ts";
import type { RefundEventType } from "../refunds/refund.ts";
import type { AgreementEventType } from "../wallet-charges/agreement.ts";
import type { ChargeEventType } from "../wallet-charges/charge.ts";

export type EventType =
  | PaymentEventType
  | DepositEventType
  | RefundEventType
  | ReceiptEventType
  | AdAccountEventType
  | ChargeEventType
  | AgreementEventType
  | MemberEventType
  | CardEventType
  | LinkedAccountEventType
  | WithdrawalEventType
  | VerificationEventType;

export interface Event {
  id: string;
  merchantId: string | null;
  subjectType:
    | "payment"
    | "deposit"
    | "refund"
    | "receipt"
    | "ad-account"
    | "charge"
    | "agreement"
    | "member"
    | "card"
    | "linked-account"
    | "withdrawal"
    | "verification";
  subjectId: string;
  subjectSeq: number;
  paymentId: string | null;
  type: EventType;
  /** With `announce: false` it is not announced: who asked for the change did not want to be told. */
  data: Record<string, string | number | boolean | null>;
  at: Date;
  /** How many addresses are told; null in events from before this was counted. */
  announcedTo: number | null;
}

/** An event as a decision states it; the pipeline gives it an id and has it announced when it is saved. */
export type NewEvent = Omit<Event, "id" | "announcedTo">;

export const events = table<Event>(
  "events",
  ["id", "merchantId", "subjectType", "subjectId", "subjectSeq", "paymentId", "type", "data", "at", "announcedTo"],
  ["id"],
);

/** What changes of state: its row counts its own events. */
export interface Subject {
  id: string;
  merchantId: string | null;
  state: string;
  updatedAt: Date;
  eventSeq: number;
}

/** The row after a change, which is its next, and the event that tells of it. */
export function changeSubject<Row extends Subject>(
  row: Row,
  change: Partial<Row>,
  tell: (changed: Row) => Pick<Event, "subjectType" | "paymentId" | "type" | "data">,
  now: Date,
): { changed: Row; event: NewEvent } {
  const changed: Row = { ...row, ...change, updatedAt: now, eventSeq: row.eventSeq + 1 };
  const { subjectType, paymentId, type, data } = tell(changed);
  const { merchantId, id: subjectId, eventSeq: subjectSeq, state } = changed;
  const event = { merchantId, subjectType, subjectId, subjectSeq, paymentId, type, data: { state, ...data }, at: now };
  return { changed, event };
}
