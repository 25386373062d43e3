/**
 * A payment as this dialect shows it. Pure. Where the contract is silent: an expired payment stays `ready`, a withdrawn
 * one is `failed` with its reason, and one whose credit the bank took back is `cancelled`.
 */
import { findBank } from "../../core/banks.ts";
import type { PaymentState } from "../../core/payments/payment.ts";
import type { PaymentView } from "../../core/payments/read.ts";
import type { Receipt } from "../../core/receipts/receipt.ts";
import type { Refund } from "../../core/refunds/refund.ts";
import { cancellationId } from "./identifiers.ts";
import { providerRules } from "./providers.ts";
import type { Balance, Parts, Payment } from "./schemas/index.ts";

export type Status = "ready" | "paid" | "cancelled" | "failed";

export const statusOf: Readonly<Record<PaymentState, Status>> = {
  ready: "ready",
  expired: "ready",
  paid: "paid",
  cancelled: "cancelled",
  reversed: "cancelled",
  failed: "failed",
  closed: "failed",
};

/** The states that are shown as a status. */
export function statesOf(status: Status): PaymentState[] {
  return (Object.keys(statusOf) as PaymentState[]).filter((state) => statusOf[state] === status);
}

/** UNIX seconds; 0 for what has not happened. */
export function toSeconds(time: Date | null): number {
  return time === null ? 0 : Math.floor(time.getTime() / 1000);
}

const reversalReason = "은행 입금 취소";

export function presentPayment(view: PaymentView): Payment {
  const { payment, virtualAccount, deposits } = view;
  const { buyer } = payment;
  const cancellations = cancellationsOf(view);
  const last = cancellations.at(-1);
  const credits = virtualAccount.kind === "fixed" ? deposits : [];
  return {
    amount: payment.amount,
    apply_num: null,
    bank_code: null,
    bank_name: null,
    buyer_addr: buyer.address,
    buyer_email: buyer.email,
    buyer_name: buyer.name,
    buyer_postcode: buyer.postcode,
    buyer_tel: buyer.tel,
    cancel_amount: cancellations.reduce((sum, one) => sum + one.amount, 0),
    cancel_history: cancellations,
    cancel_reason: last?.reason || null,
    cancel_receipt_urls: [],
    cancelled_at: last?.cancelled_at ?? 0,
    card_code: null,
    card_issuer_code: null,
    card_issuer_name: null,
    card_name: null,
    card_number: null,
    card_publisher_code: null,
    card_publisher_name: null,
    card_quota: 0,
    card_type: null,
    cash_receipt_issued: payment.cashReceiptIssued,
    channel: "api",
    currency: payment.currency,
    custom_data: payment.customData,
    customer_uid: null,
    customer_uid_usage: null,
    deposit_history: credits.map((deposit) => ({
      pg_tid: deposit.transactionId,
      amount: deposit.amount,
      depositor_name: deposit.depositorName ?? "",
      deposited_at: toSeconds(deposit.occurredAt),
    })),
    emb_pg_provider: null,
    escrow: payment.escrow,
    fail_reason: payment.failReason,
    failed_at: toSeconds(payment.failedAt ?? payment.closedAt),
    imp_uid: payment.wireId,
    merchant_uid: payment.reference,
    name: payment.name,
    paid_at: toSeconds(payment.paidAt),
    pay_method: "vbank",
    pg_id: payment.providerMerchantId,
    pg_provider: payment.provider,
    pg_tid: payment.providerTransaction,
    promotion: null,
    receipt_url: null,
    sandbox: false,
    started_at: toSeconds(payment.createdAt),
    status: statusOf[payment.state],
    user_agent: payment.userAgent,
    vbank_code: virtualAccount.bankCode,
    vbank_date: toSeconds(virtualAccount.dueAt),
    vbank_holder: providerRules(payment.provider).holder === "none" ? null : virtualAccount.holder,
    vbank_issued_at: toSeconds(virtualAccount.issuedAt),
    vbank_name: findBank(virtualAccount.bankCode)?.shortName ?? null,
    vbank_num: virtualAccount.number,
  };
}

/**
 * Each refund, and each credit that the bank took back, in the order they happened. What had been refunded before it
 * was taken back is shown once, so that no more is cancelled than was paid; the books know better.
 */
function cancellationsOf({ payment, virtualAccount, refunds, deposits }: PaymentView): Payment["cancel_history"] {
  const sumOf = (moved: readonly { amount: number }[]) => moved.reduce((sum, one) => sum + one.amount, 0);
  let left = (virtualAccount.kind === "fixed" ? sumOf(deposits) : payment.amount) - sumOf(refunds);
  const refunded = refunds.map(({ id, transactionId, amount, completedAt, reason }) => {
    return { id, transactionId: transactionId!, amount, at: completedAt!, reason: reason ?? "" };
  });
  const reversed = deposits
    .filter((deposit) => deposit.state === "reversed")
    .map(({ id, transactionId, amount, updatedAt: at }) => {
      const shown = Math.min(amount, left);
      left -= shown;
      return { id, transactionId, amount: shown, at, reason: reversalReason };
    })
    .filter((one) => one.amount > 0);
  return [...refunded, ...reversed]
    .sort((one, other) => one.at.getTime() - other.at.getTime())
    .map(({ id, transactionId, amount, at, reason }) => ({
      pg_tid: transactionId,
      amount,
      cancelled_at: toSeconds(at),
      reason,
      cancellation_id: cancellationId(id),
      receipt_url: null,
    }));
}

export function presentReceipt(receipt: Receipt) {
  return {
    receipt_tid: receipt.transactionId,
    apply_num: receipt.approvalNumber,
    type: receipt.type,
    amount: receipt.amount,
    vat: receipt.vat,
    receipt_url: null,
    applied_at: toSeconds(receipt.issuedAt),
    cancelled_at: toSeconds(receipt.cancelledAt),
  };
}

/**
 * The parts an amount is made of: the tax is what the merchant said, as far as there is something taxed, or an eleventh
 * of that, rounded down.
 */
function partsOf(amount: number, taxFree: number, vatAmount: number | null): Parts {
  const taxed = amount - taxFree;
  const vat = Math.min(vatAmount ?? Math.floor(taxed / 11), taxed);
  return { tax_free: taxFree, supply: taxed - vat, vat, service: 0 };
}

const nothing: Parts = { tax_free: 0, supply: 0, vat: 0, service: 0 };

/** What a payment is made of, less what was refunded, now and after each step on the way. */
export function presentBalance(view: PaymentView, receipt: Receipt | undefined): Balance {
  const { payment, refunds } = view;
  const amount = payment.amount || payment.paidAmount;
  const steps = [payment.paidAt ?? payment.createdAt, ...refunds.map((refund) => refund.completedAt!)];
  const histories = steps.map((at, refunded) => {
    const made = receipt !== undefined && receipt.issuedAt! <= at ? receipt : undefined;
    return { ...balanceAfter(view, amount, refunded, made), created: toSeconds(at) };
  });
  return { amount, ...balanceAfter(view, amount, refunds.length, receipt), histories };
}

/** Once the first so many refunds were paid out. What is left is split, so that no rounding adds up. */
function balanceAfter({ payment, refunds }: PaymentView, amount: number, count: number, receipt: Receipt | undefined) {
  const sum = (of: (refund: Refund) => number) => refunds.slice(0, count).reduce((total, one) => total + of(one), 0);
  const left = payment.state === "reversed" ? 0 : amount - sum((refund) => refund.amount);
  const taxFree = Math.max(0, (payment.taxFree ?? 0) - sum((refund) => refund.taxFree));
  const vat =
    payment.vatAmount === null ? null : Math.max(0, payment.vatAmount - sum((refund) => refund.vatAmount ?? 0));
  return {
    cash_receipt: receipt === undefined ? nothing : partsOf(receipt.amount, receipt.taxFree, receipt.vat),
    primary: left <= 0 ? nothing : partsOf(left, Math.min(taxFree, left), vat),
    secondary: nothing,
    discount: nothing,
  };
}
