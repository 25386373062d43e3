/**
 * The rules of a refund: what may be refunded, and what follows from the bank's word. Pure.
 *
 * Money in the books: asking for a refund moves its amount from the beneficiary to `refunds:{connector}`, on its way
 * out; the bank's yes moves it on out of the bank, its no moves it back.
 */
import { accepted, type Outcome, type PaymentRefusal, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { addMonths, koreanHour } from "../korea.ts";
import { accounts, type NewTransfer, type TransferCode } from "../ledger/ledger.ts";
import {
  judgeAnswer,
  newOperation,
  type Operation,
  type OperationAnswer,
  type OperationKind,
  settle,
} from "../operations/operation.ts";
import { changePayment, type Payment } from "../payments/payment.ts";
import { changeRefund, newRefund, type Refund, type RefundPolicy } from "./refund.ts";

/** The account the money goes to, as far as it was named. */
export interface RefundAccount {
  bankCode: string | null;
  holder: string | null;
  number: string | null;
  /** Of the holder. */
  phone: string | null;
}

/** What the number of the account becomes before it is stored. */
export type SealedNumber = Pick<Refund, "numberEncrypted" | "numberIndex" | "numberMasked">;

export interface RefundRequest {
  refundId: string;
  operationId: string;
  paymentId: string;
  merchantId: string;
  connector: string;
  /** Whole won; null for all that is left. */
  amount: number | null;
  /** What the merchant believes can still be refunded; null: not compared. */
  expectedBalance: number | null;
  /** Null: not stated. */
  taxFree: number | null;
  vatAmount: number | null;
  reason: string | null;
  account: RefundAccount;
  sealed: SealedNumber | null;
  /** What the PG demands: the tax-free part, or the tax, where the payment had one; the holder's telephone. */
  demands: { taxFree: boolean; vatAmount: boolean; phone: boolean };
  policy: RefundPolicy;
  announce: boolean;
  /** How long the bank may take to answer. */
  callTimeout_ms: number;
}

export interface Refunded {
  payment: Payment;
  refund: Refund;
  operation: Operation;
}

export interface RefundChanges {
  payments: Payment[];
  refunds: Refund[];
  operations: Operation[];
  transfers: NewTransfer[];
  events: NewEvent[];
}

/** What can still be refunded. Below zero when the bank took back what had been refunded. */
export function refundable(payment: Payment): number {
  return payment.paidAmount - payment.refundedAmount - payment.pendingRefundAmount;
}

/** Why a payment cannot be refunded so, or undefined. */
export function refundObjection(
  payment: Payment,
  earlier: readonly Refund[],
  request: RefundRequest,
  now: Date,
): PaymentRefusal | undefined {
  const { state } = payment;
  if (state === "ready" || state === "expired") return { code: "nothing-deposited" };
  if (state === "failed" || state === "closed") return { code: "not-refundable", state };
  const balance = refundable(payment);
  if (balance <= 0) return { code: payment.pendingRefundAmount > 0 ? "refund-under-way" : "fully-refunded" };
  if (request.expectedBalance !== null && request.expectedBalance !== balance) {
    return { code: "balance-differs", expected: request.expectedBalance, balance };
  }
  const amount = request.amount ?? balance;
  if (amount > balance) return { code: "refund-exceeds", amount, balance };
  const needed = ["holder", "bankCode", "number", ...(request.demands.phone ? (["phone"] as const) : [])] as const;
  const missing = needed.filter((part) => request.account[part] === null);
  if (missing.length > 0) return { code: "refund-account-incomplete", missing };
  return (
    taxObjection(payment, earlier, amount, request) ?? policyObjection(payment, earlier, amount, request.policy, now)
  );
}

function taxObjection(
  payment: Payment,
  earlier: readonly Refund[],
  amount: number,
  request: RefundRequest,
): PaymentRefusal | undefined {
  const { taxFree, vatAmount, demands } = request;
  if (demands.taxFree && (payment.taxFree ?? 0) > 0 && taxFree === null) {
    return { code: "refund-tax-missing", part: "taxFree" };
  }
  if (demands.vatAmount && payment.vatAmount !== null && vatAmount === null) {
    return { code: "refund-tax-missing", part: "vatAmount" };
  }
  if ((taxFree ?? 0) + (vatAmount ?? 0) > amount) return { code: "refund-tax-exceeds", amount };
  const standing = earlier.filter((refund) => refund.state !== "failed");
  for (const part of ["taxFree", "vatAmount"] as const) {
    const had = payment[part];
    if (had === null) continue;
    const left = had - standing.reduce((sum, refund) => sum + (refund[part] ?? 0), 0);
    if ((request[part] ?? 0) > left) return { code: "refund-tax-left", part, left };
  }
  return undefined;
}

function policyObjection(
  payment: Payment,
  earlier: readonly Refund[],
  amount: number,
  policy: RefundPolicy,
  now: Date,
): PaymentRefusal | undefined {
  const { partials_max, within_months, quietHours } = policy;
  const made = earlier.filter((refund) => refund.state !== "failed").length;
  if (partials_max !== null && amount < refundable(payment) && made >= partials_max) {
    return { code: "too-many-refunds", partials_max };
  }
  if (within_months !== null && now > addMonths(payment.paidAt!, within_months)) {
    return { code: "refund-too-late", within_months };
  }
  if (quietHours !== null && isWithin(quietHours, koreanHour(now))) return { code: "refund-hours", ...quietHours };
  return undefined;
}

function isWithin({ from, to }: { from: number; to: number }, hour: number): boolean {
  return from <= to ? hour >= from && hour < to : hour >= from || hour < to;
}

/** The intent: the amount is reserved and on its way out; the bank has yet to be told. */
export function decideRefund(
  payment: Payment | undefined,
  earlier: readonly Refund[],
  request: RefundRequest,
  now: Date,
  realNow: Date,
): { result: Outcome<Refunded>; changes: RefundChanges } {
  if (payment === undefined || payment.merchantId !== request.merchantId) {
    return { result: refused({ code: "payment-unknown", id: request.paymentId }), changes: nothing() };
  }
  const objection = refundObjection(payment, earlier, request, now);
  if (objection !== undefined) return { result: refused(objection), changes: nothing() };

  const amount = request.amount ?? refundable(payment);
  const { merchantId, paymentId, reason, announce, account } = request;
  const { connector, currency } = payment;
  const blank = newRefund(
    {
      id: request.refundId,
      merchantId,
      paymentId,
      operationId: request.operationId,
      connector,
      amount,
      currency,
      taxFree: request.taxFree ?? 0,
      vatAmount: request.vatAmount,
      reason,
      announce,
      bankCode: account.bankCode!,
      holder: account.holder!,
      ...request.sealed!,
    },
    now,
  );
  const order = { amount, currency, bankCode: blank.bankCode, account: blank.numberIndex };
  const { reserved, changes } = reserve(payment, blank, "refund", order, request.callTimeout_ms, now, realNow);
  return { result: accepted(reserved), changes };
}

/** Keeps a refund's amount for it and leaves the order behind that is to be given. */
export function reserve(
  payment: Payment,
  blank: Refund,
  kind: OperationKind,
  order: object,
  callTimeout_ms: number,
  now: Date,
  realNow: Date,
): { reserved: Refunded; changes: RefundChanges } {
  const { refund, event } = changeRefund(blank, {}, now);
  const { merchantId, connector, amount } = refund;
  const wanted = { id: refund.operationId!, merchantId, connector, kind, subjectId: refund.id };
  const operation = newOperation(wanted, order, callTimeout_ms, realNow);
  const holding = { ...payment, pendingRefundAmount: payment.pendingRefundAmount + amount };
  return {
    reserved: { payment: holding, refund, operation },
    changes: {
      payments: [holding],
      refunds: [refund],
      operations: [operation],
      transfers: [transfer(refund, payment.beneficiary, accounts.refunds(connector), "refund-reserved", now)],
      events: [event],
    },
  };
}

/** The outcome, or that it is still unknown. What was settled before stays as it is. */
export function decideRefundOutcome(
  state: Refunded,
  answer: OperationAnswer,
  now: Date,
  realNow: Date,
): { result: Refunded; changes: RefundChanges } {
  const { payment, refund, operation } = state;
  const verdict = judgeAnswer(operation, answer);
  const settled = settle(operation, verdict, realNow);
  if (settled === undefined) return { result: state, changes: nothing() };
  switch (verdict.outcome) {
    case "unknown": {
      if (refund.state === "unknown") return changed(payment, refund, settled, [], []);
      const told = changeRefund(refund, { state: "unknown" }, now);
      return changed(payment, told.refund, settled, [], [told.event]);
    }
    case "failed": {
      const { code: failureCode, message: failureMessage, providerCode = null } = verdict;
      const failed = { state: "failed", failureCode, failureMessage, providerCode, completedAt: now } as const;
      const told = changeRefund(refund, failed, now);
      const released = { ...payment, pendingRefundAmount: payment.pendingRefundAmount - refund.amount };
      const back = transfer(refund, accounts.refunds(refund.connector), payment.beneficiary, "refund-released", now);
      return changed(released, told.refund, settled, [back], [told.event]);
    }
    case "succeeded": {
      const { transactionId } = verdict;
      const told = changeRefund(refund, { state: "succeeded", transactionId, completedAt: now }, now);
      const paid = afterRefund(payment, refund, now);
      const { connector } = refund;
      const out = transfer(refund, accounts.refunds(connector), accounts.bank(connector), "refund-paid", now);
      return changed(paid.payment, told.refund, settled, [out], [told.event, paid.event]);
    }
  }
}

/** The payment after its refund was paid out; cancelled when nothing is left of it. */
function afterRefund(payment: Payment, refund: Refund, now: Date) {
  const refundedAmount = payment.refundedAmount + refund.amount;
  const inFull = payment.state !== "reversed" && refundedAmount >= payment.paidAmount;
  return changePayment(
    payment,
    {
      state: inFull ? "cancelled" : payment.state,
      refundedAmount,
      pendingRefundAmount: payment.pendingRefundAmount - refund.amount,
      cancelledAt: now,
      cancelReason: refund.reason,
    },
    inFull ? "payment.cancelled" : "payment.partly_refunded",
    now,
    { amount: refund.amount, refundId: refund.id, announce: refund.announce },
  );
}

function changed(
  payment: Payment,
  refund: Refund,
  operation: Operation,
  transfers: NewTransfer[],
  events: NewEvent[],
): { result: Refunded; changes: RefundChanges } {
  return {
    result: { payment, refund, operation },
    changes: { payments: [payment], refunds: [refund], operations: [operation], transfers, events },
  };
}

function transfer(
  refund: Refund,
  debitAccount: string,
  creditAccount: string,
  code: TransferCode,
  now: Date,
): NewTransfer {
  return {
    debitAccount,
    creditAccount,
    code,
    amount: refund.amount,
    currency: refund.currency,
    merchantId: refund.merchantId,
    paymentId: refund.paymentId,
    depositId: null,
    refundId: refund.id,
    at: now,
  };
}

function nothing(): RefundChanges {
  return { payments: [], refunds: [], operations: [], transfers: [], events: [] };
}
