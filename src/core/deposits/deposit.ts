/**
 * A deposit: what a bank told us, once. A row is a credit or the reversal of one.
 *
 *   credit    matched | suspended (with a reason) ──▶ reversed
 *   reversal  applied | waiting (it came before its credit) ──▶ applied | suspended
 *
 * `booked` says whether the ledger holds money for it. All that a bank credited is booked, if only to suspense. A
 * notice that contradicts an earlier one of the same key is kept and shown, but not booked: whether more money came is
 * what nobody knows yet.
 */
import { table } from "../../store/index.ts";
import type { BankNotice } from "../connector.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";

export type DepositState = "matched" | "suspended" | "reversed" | "applied" | "waiting";

export type SuspenseReason =
  | "unknown_account"
  | "closed"
  | "late"
  | "amount_under"
  | "amount_over"
  | "already_paid"
  | "conflicting_notice"
  | "already_reversed"
  | "reversal_amount_differs";

export interface Deposit extends BankNotice {
  id: string;
  /** Of everything that must be the same when the same notice comes again. */
  contentHash: string;
  receivedAt: Date;
  state: DepositState;
  /** Why it never landed; of a credit that was matched, and perhaps taken back since, null. */
  reason: SuspenseReason | null;
  booked: boolean;
  merchantId: string | null;
  paymentId: string | null;
  virtualAccountId: string | null;
  updatedAt: Date;
  eventSeq: number;
}

export type DepositEventType =
  | "deposit.matched"
  | "deposit.suspended"
  | "deposit.reversed"
  | "reversal.applied"
  | "reversal.waiting"
  | "reversal.suspended";

export const deposits = table<Deposit>(
  "deposits",
  [
    "id",
    "connector",
    "providerMerchantId",
    "transactionId",
    "kind",
    "contentHash",
    "bankCode",
    "number",
    "amount",
    "currency",
    "depositorName",
    "occurredAt",
    "receivedAt",
    "state",
    "reason",
    "booked",
    "merchantId",
    "paymentId",
    "virtualAccountId",
    "updatedAt",
    "eventSeq",
  ],
  ["id"],
);

/** What a transaction is locked and found by; a credit and its reversal share it. */
export function noticeKey(notice: Pick<BankNotice, "connector" | "providerMerchantId" | "transactionId">): string {
  return JSON.stringify([notice.connector, notice.providerMerchantId, notice.transactionId]);
}

/** The deposit after a change, and the one event that tells of it. */
export function changeDeposit(
  deposit: Deposit,
  change: Partial<Deposit>,
  type: DepositEventType,
  now: Date,
): { deposit: Deposit; event: NewEvent } {
  const tell = ({ paymentId, reason, amount, currency, bankCode, depositorName }: Deposit) =>
    ({
      subjectType: "deposit",
      paymentId,
      type,
      data: { reason, amount, currency, bankCode, depositorName },
    }) as const;
  const { changed, event } = changeSubject(deposit, change, tell, now);
  return { deposit: changed, event };
}
