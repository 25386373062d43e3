/** The rules of cash receipts. Pure. */
import { accepted, type Outcome, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { judgeAnswer, newOperation, type Operation, type OperationAnswer, settle } from "../operations/operation.ts";
import type { Payment } from "../payments/payment.ts";
import { refundable } from "../refunds/decide.ts";
import { changeReceipt, currentReceipt, type Receipt, type Sale } from "./receipt.ts";

export interface ReceiptRequest
  extends Sale,
    Pick<
      Receipt,
      | "channelId"
      | "connector"
      | "type"
      | "identifierType"
      | "identifierEncrypted"
      | "identifierMasked"
      | "name"
      | "taxFree"
    > {
  receiptId: string;
  operationId: string;
  /** Whole won, of a sale outside; of a payment it is all that is left, and this is null. */
  amount: number | null;
  /** Null: an eleventh of what is taxed, rounded down to whole won. */
  vat: number | null;
  callTimeout_ms: number;
}

export interface CancelReceiptRequest extends Sale {
  operationId: string;
  callTimeout_ms: number;
}

export interface Receipted {
  receipt: Receipt;
  operation: Operation;
}

export interface ReceiptChanges {
  payments: Payment[];
  receipts: Receipt[];
  operations: Operation[];
  events: NewEvent[];
}

/** The sale's payment (undefined for a sale outside) and every receipt it ever had. */
export interface SaleState {
  payment: Payment | undefined;
  receipts: readonly Receipt[];
}

/** The intent to issue one. */
export function decideReceipt(
  state: SaleState,
  request: ReceiptRequest,
  now: Date,
  realNow: Date,
): { result: Outcome<Receipted>; changes: ReceiptChanges } {
  const { payment } = state;
  if (request.paymentId !== null && payment === undefined) {
    return refuse(refused({ code: "payment-unknown", id: request.paymentId }));
  }
  const held = currentReceipt(state.receipts);
  if (held?.state === "issued") return refuse(refused({ code: "receipt-exists" }));
  if (held?.state === "issuing" || held?.state === "cancelling") return refuse(refused({ code: "receipt-under-way" }));
  if (payment !== undefined && payment.state !== "paid") {
    return refuse(refused({ code: "not-paid", state: payment.state }));
  }
  const amount = payment === undefined ? request.amount! : refundable(payment);
  if (amount <= 0) return refuse(refused({ code: "nothing-left" }));
  const vat = request.vat ?? Math.max(0, Math.floor((amount - request.taxFree) / 11));
  if (request.taxFree + vat > amount) return refuse(refused({ code: "receipt-tax-exceeds", amount }));

  const { merchantId, paymentId, reference, channelId, connector, type, identifierType, name, taxFree } = request;
  const blank: Receipt = {
    id: request.receiptId,
    merchantId,
    paymentId,
    reference,
    channelId,
    connector,
    operationId: request.operationId,
    type,
    identifierType,
    identifierEncrypted: request.identifierEncrypted,
    identifierMasked: request.identifierMasked,
    name,
    amount,
    taxFree,
    vat,
    state: "issuing",
    transactionId: null,
    approvalNumber: null,
    failureCode: null,
    failureMessage: null,
    requestedAt: now,
    issuedAt: null,
    cancelledAt: null,
    updatedAt: now,
    eventSeq: 0,
  };
  const { receipt, event } = changeReceipt(blank, {}, now);
  const operation = newOperation(
    { id: request.operationId, merchantId, connector, kind: "receipt-issue", subjectId: receipt.id },
    { amount, taxFree, vat, type },
    request.callTimeout_ms,
    realNow,
  );
  return {
    result: accepted({ receipt, operation }),
    changes: { payments: [], receipts: [receipt], operations: [operation], events: [event] },
  };
}

/** The intent to cancel the one that is issued. */
export function decideCancelReceipt(
  state: SaleState,
  request: CancelReceiptRequest,
  now: Date,
  realNow: Date,
): { result: Outcome<Receipted>; changes: ReceiptChanges } {
  const held = currentReceipt(state.receipts);
  if (held?.state === "issuing" || held?.state === "cancelling") return refuse(refused({ code: "receipt-under-way" }));
  if (held?.state !== "issued") return refuse(refused({ code: "receipt-unknown" }));
  const { merchantId, connector } = held;
  const { receipt, event } = changeReceipt(held, cancelling(request.operationId), now);
  const operation = newOperation(
    { id: request.operationId, merchantId, connector, kind: "receipt-cancel", subjectId: receipt.id },
    { transactionId: held.transactionId },
    request.callTimeout_ms,
    realNow,
  );
  return {
    result: accepted({ receipt, operation }),
    changes: { payments: [], receipts: [receipt], operations: [operation], events: [event] },
  };
}

/** What the PG said of an earlier try is over. */
function cancelling(operationId: string): Partial<Receipt> {
  return { state: "cancelling", operationId, failureCode: null, failureMessage: null };
}

/** The outcome of either call. While it is unknown the receipt stays as it is. */
export function decideReceiptOutcome(
  payment: Payment | undefined,
  state: Receipted,
  answer: OperationAnswer,
  now: Date,
  realNow: Date,
): { result: Receipted; changes: ReceiptChanges } {
  const { receipt, operation } = state;
  const verdict = judgeAnswer(operation, answer);
  const settled = settle(operation, verdict, realNow);
  if (settled === undefined) return { result: state, changes: nothing() };
  if (verdict.outcome === "unknown") {
    return { result: { receipt, operation: settled }, changes: { ...nothing(), operations: [settled] } };
  }
  const told = changeReceipt(receipt, receiptChange(operation, verdict, now), now);
  const cashReceiptIssued = told.receipt.state === "issued";
  const payments = payment === undefined ? [] : [{ ...payment, cashReceiptIssued }];
  return {
    result: { receipt: told.receipt, operation: settled },
    changes: { payments, receipts: [told.receipt], operations: [settled], events: [told.event] },
  };
}

function receiptChange(
  operation: Operation,
  verdict: Extract<OperationAnswer, { outcome: "succeeded" | "failed" }>,
  now: Date,
): Partial<Receipt> {
  const cancelling = operation.kind === "receipt-cancel";
  if (verdict.outcome === "failed") {
    const failure = { failureCode: verdict.code, failureMessage: verdict.message };
    return { ...failure, state: cancelling ? "issued" : "failed" };
  }
  if (cancelling) return { state: "cancelled", cancelledAt: now };
  const { transactionId, approvalNumber = null } = verdict;
  return { state: "issued", transactionId, approvalNumber, issuedAt: now };
}

function refuse(result: Outcome<Receipted>) {
  return { result, changes: nothing() };
}

function nothing(): ReceiptChanges {
  return { payments: [], receipts: [], operations: [], events: [] };
}
