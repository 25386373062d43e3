/**
 * What is drawn from a member's own account to charge the balance: the funding fact of a payment of method
 * `linked_account`, whose beneficiary is the member.
 *
 *   pending ──▶ succeeded | failed
 *      └──▶ unknown ──▶ succeeded | failed      the PG did not answer, and was asked
 */
import { table } from "../../store/index.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";

export type WithdrawalState = "pending" | "unknown" | "succeeded" | "failed";

export interface Withdrawal {
  id: string;
  merchantId: string;
  paymentId: string;
  memberId: string;
  cardId: string | null;
  linkedAccountId: string;
  connector: string;
  operationId: string;
  requestHash: string;
  /** It was made because the balance was low. */
  automatic: boolean;
  /** Whole won, at least 1. */
  amount: number;
  currency: string;
  state: WithdrawalState;
  /** The PG's id of it. */
  transactionId: string | null;
  failureCode: string | null;
  failureMessage: string | null;
  providerCode: string | null;
  requestedAt: Date;
  completedAt: Date | null;
  updatedAt: Date;
  eventSeq: number;
}

export type WithdrawalEventType = `withdrawal.${WithdrawalState}`;

export const withdrawals = table<Withdrawal>(
  "withdrawals",
  [
    "id",
    "merchantId",
    "paymentId",
    "memberId",
    "cardId",
    "linkedAccountId",
    "connector",
    "operationId",
    "requestHash",
    "automatic",
    "amount",
    "currency",
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

/** The withdrawal after a change, and the one event that tells of it. */
export function changeWithdrawal(withdrawal: Withdrawal, change: Partial<Withdrawal>, now: Date) {
  const tell = ({ state, paymentId, amount, currency, automatic, failureCode }: Withdrawal) =>
    ({
      subjectType: "withdrawal",
      paymentId,
      type: `withdrawal.${state}`,
      data: { amount, currency, automatic, reason: failureCode },
    }) as const;
  const { changed, event } = changeSubject(withdrawal, change, tell, now);
  return { withdrawal: changed, event } satisfies { withdrawal: Withdrawal; event: NewEvent };
}
