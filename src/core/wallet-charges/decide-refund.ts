/** The rules of refunds to a wallet: part of what was captured or all of it, one at a time, within the method's days. Pure. */
import { accepted, type ChargeRefusal, type Outcome, refused } from "../errors.ts";
import { day_ms } from "../limits.ts";
import type { Operation } from "../operations/operation.ts";
import { refundable, reserve } from "../refunds/decide.ts";
import { changeRefund, newRefund, type Refund } from "../refunds/refund.ts";
import { type ChargeChanges, type ChargeView, chargeAfterRefund, crowded, none } from "./decide.ts";

export interface WalletRefundRequest {
  refundId: string;
  operationId: string;
  /** In the currency's minor unit, at least 1. */
  amount: number;
  reference: string | null;
  descriptor: string | null;
  reason: string | null;
  labels: Record<string, string> | null;
  /** Null: for ever. */
  within_days: number | null;
  callTimeout_ms: number;
}

export interface WalletRefunded {
  view: ChargeView;
  refund: Refund;
  /** The wallet has to be asked; undefined where the refund was refused. */
  operation: Operation | undefined;
}

export type WalletRefundChanges = ChargeChanges & { refunds: Refund[] };

/** Why the charge gives nothing back so, or undefined. */
export function refundObjection(
  { payment, refunds }: ChargeView,
  { amount, within_days }: Pick<WalletRefundRequest, "amount" | "within_days">,
  now: Date,
): string | undefined {
  const isUnderWay = refunds.some(({ state }) => state === "pending" || state === "unknown");
  if (isUnderWay) return "simultaneous-operation-in-progress";
  const left = refundable(payment);
  if (left <= 0) return "exceeds-refundable-amount";
  if (amount > left) return "exceeds-captured-amount";
  const isLate = within_days !== null && now.getTime() > payment.paidAt!.getTime() + within_days * day_ms;
  return isLate ? "refund-period-expired" : undefined;
}

/** The intent; or a refund that failed at once, kept with its reason. */
export function decideWalletRefund(
  view: ChargeView,
  request: WalletRefundRequest,
  now: Date,
  realNow: Date,
): { result: Outcome<WalletRefunded, ChargeRefusal>; changes: WalletRefundChanges } {
  const objection = refundObjection(view, request, now);
  const refusal = crowded(view, objection !== undefined);
  if (refusal !== undefined) return { result: refused(refusal), changes: { ...none(), refunds: [] } };
  const { payment } = view;
  const { refundId, operationId, within_days: _, callTimeout_ms, ...wish } = request;
  const { merchantId, connector, currency } = payment;
  const known = { id: refundId, merchantId, paymentId: payment.id, connector, currency, ...wish };
  if (objection !== undefined) {
    const blank = newRefund({ ...known, operationId: null }, now);
    const failed = changeRefund(blank, { state: "failed", failureCode: objection, completedAt: now }, now);
    const { refund } = failed;
    const after = chargeAfterRefund({ ...view, refunds: [...view.refunds, refund] }, refund, now);
    return {
      result: accepted({ view: after.view, refund, operation: undefined }),
      changes: { ...after.changes, refunds: [refund], events: [failed.event, ...after.changes.events] },
    };
  }
  const blank = newRefund({ ...known, operationId }, now);
  const order = { amount: wish.amount, currency, authorization: payment.providerTransaction };
  const { reserved, changes } = reserve(payment, blank, "wallet-refund", order, callTimeout_ms, now, realNow);
  const { refund, operation } = reserved;
  return {
    result: accepted({
      view: { ...view, payment: reserved.payment, refunds: [...view.refunds, refund] },
      refund,
      operation,
    }),
    changes: { ...none(), ...changes },
  };
}
