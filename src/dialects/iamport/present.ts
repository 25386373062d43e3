/**
 * A payment as this dialect shows it. Pure. Inferred choices (`reference/iamport.md` 2.4, 2.7): an expired payment stays
 * `ready`, a withdrawn one is `failed` with its reason, and one whose credit the bank took back is `cancelled`.
 */
import { findBank } from "../../core/banks.ts";
import type { PaymentState } from "../../core/payments/payment.ts";
import type { PaymentView } from "../../core/payments/read.ts";
import type { Payment } from "./schemas.ts";

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

/** UNIX seconds; 0 for what has not happened. */
export function toSeconds(time: Date | null): number {
  return time === null ? 0 : Math.floor(time.getTime() / 1000);
}

const reversalReason = "은행 입금 취소";

export function presentPayment(view: PaymentView): Payment {
  const { payment, virtualAccount, deposits } = view;
  const { buyer } = payment;
  const reversed = payment.state === "reversed";
  const cancellations = reversalsOf(view);
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
    cancel_amount: cancellations.reduce((sum, one) => sum + one.amount, payment.refundedAmount),
    cancel_history: cancellations,
    cancel_reason: reversed ? reversalReason : payment.cancelReason,
    cancel_receipt_urls: [],
    cancelled_at: toSeconds(reversed ? payment.reversedAt : payment.cancelledAt),
    card_code: null,
    card_issuer_code: null,
    card_issuer_name: null,
    card_name: null,
    card_number: null,
    card_publisher_code: null,
    card_publisher_name: null,
    card_quota: 0,
    card_type: null,
    cash_receipt_issued: false,
    channel: "api",
    currency: payment.currency,
    custom_data: payment.customData,
    customer_uid: null,
    customer_uid_usage: null,
    deposit_history: deposits.map((deposit) => ({
      pg_tid: deposit.transactionId,
      amount: deposit.amount,
      depositor_name: deposit.depositorName,
      deposited_at: toSeconds(deposit.occurredAt),
    })),
    emb_pg_provider: null,
    escrow: false,
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
    vbank_holder: virtualAccount.holder,
    vbank_issued_at: toSeconds(virtualAccount.issuedAt),
    vbank_name: findBank(virtualAccount.bankCode)?.shortName ?? null,
    vbank_num: virtualAccount.number,
  };
}

/** Each credit that the bank took back, as a cancellation. */
function reversalsOf({ payment, virtualAccount, deposits }: PaymentView): Payment["cancel_history"] {
  const cancellation = (pg_tid: string, amount: number, at: Date | null, id: string) => ({
    pg_tid,
    amount,
    cancelled_at: toSeconds(at),
    reason: reversalReason,
    cancellation_id: id.slice(-20),
    receipt_url: null,
  });
  if (virtualAccount.kind === "one_time") {
    const { providerTransaction, amount, reversedAt, id } = payment;
    return payment.state === "reversed" ? [cancellation(providerTransaction, amount, reversedAt, id)] : [];
  }
  return deposits
    .filter((deposit) => deposit.state === "reversed")
    .map(({ transactionId, amount, updatedAt, id }) => cancellation(transactionId, amount, updatedAt, id));
}
