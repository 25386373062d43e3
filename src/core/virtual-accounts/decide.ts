/** The rules of a virtual account's life: issue, expire, close. Pure. */
import { accepted, type Outcome, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { day_ms, limits } from "../limits.ts";
import type { Channel } from "../merchants/merchant.ts";
import { KRW } from "../money.ts";
import { changePayment, type Payment, type PaymentEventType } from "../payments/payment.ts";
import { availableAgain, type PoolNumber } from "./pool.ts";
import type { VirtualAccount } from "./virtual-account.ts";

/** What the payment will be, as far as the caller says so, and the account that stands for it. */
export interface IssueRequest
  extends Pick<
    Payment,
    | "merchantId"
    | "dialect"
    | "wireId"
    | "reference"
    | "providerTransaction"
    | "beneficiary"
    | "name"
    | "buyer"
    | "customData"
    | "noticeUrls"
    | "noticeResend"
    | "userAgent"
  > {
  paymentId: string;
  virtualAccountId: string;
  channel: Pick<Channel, "id" | "connector" | "provider" | "providerMerchantId">;
  /** KFTC, three digits. */
  bankCode: string;
  kind: VirtualAccount["kind"];
  /** Whole won; null for a fixed account that takes any amount. */
  amount: number | null;
  dueAt: Date | null;
  holder: string | null;
}

export interface Issued {
  payment: Payment;
  virtualAccount: VirtualAccount;
}

export interface LifeChanges {
  payments: Payment[];
  virtualAccounts: VirtualAccount[];
  numbers: PoolNumber[];
  events: NewEvent[];
}

/**
 * Issues an account for a payment. A reference that was ever paid gets no other; several unpaid ones may stand side by
 * side (`reference/iamport.md` 2.1). `number` is the one the bank's pool offers, undefined when the pool is used up.
 */
export function decideIssue(
  state: { referencePaid: boolean; number: string | undefined },
  request: IssueRequest,
  now: Date,
): { result: Outcome<Issued>; changes: LifeChanges } {
  const { dueAt } = request;
  if (state.referencePaid) return refuse(refused({ code: "reference-paid", reference: request.reference }));
  if (dueAt !== null && dueAt <= now) return refuse(refused({ code: "due-passed", dueAt, now }));
  if (dueAt !== null && dueAt.getTime() > now.getTime() + limits.due_max_days * day_ms) {
    return refuse(refused({ code: "due-too-far", dueAt, max_days: limits.due_max_days }));
  }
  if (state.number === undefined) {
    return refuse(refused({ code: "numbers-exhausted", bankCode: request.bankCode }));
  }
  const virtualAccount: VirtualAccount = {
    id: request.virtualAccountId,
    merchantId: request.merchantId,
    paymentId: request.paymentId,
    connector: request.channel.connector,
    bankCode: request.bankCode,
    number: state.number,
    holder: request.holder,
    kind: request.kind,
    amount: request.amount,
    dueAt,
    state: "open",
    issuedAt: now,
    endedAt: null,
  };
  const ready = changePayment(blankPayment(request, now), {}, "payment.ready", now, { amount: request.amount });
  const { connector, bankCode, number } = virtualAccount;
  return {
    result: accepted({ payment: ready.payment, virtualAccount }),
    changes: {
      payments: [ready.payment],
      virtualAccounts: [virtualAccount],
      numbers: [{ connector, bankCode, number, availableFrom: availableAgain(virtualAccount) }],
      events: [ready.event],
    },
  };
}

/** An account whose time ran out: its payment is expired too. Undefined when there is nothing to expire. */
export function decideExpire({ payment, virtualAccount }: Issued, now: Date): LifeChanges | undefined {
  if (virtualAccount.state !== "open" || virtualAccount.dueAt === null || virtualAccount.dueAt >= now) return undefined;
  const ended: VirtualAccount = { ...virtualAccount, state: "expired", endedAt: now };
  if (payment.state !== "ready") return { payments: [], virtualAccounts: [ended], numbers: [], events: [] };
  return end(payment, { state: "expired", expiredAt: now }, ended, "payment.expired", now);
}

/** Withdraws an account that was not paid. */
export function decideClose(
  { payment, virtualAccount }: Issued,
  reason: string,
  now: Date,
): { result: Outcome<Issued>; changes: LifeChanges } {
  if (payment.state !== "ready") {
    return refuse(refused({ code: "payment-not-ready", state: payment.state }));
  }
  const ended: VirtualAccount = { ...virtualAccount, state: "closed", endedAt: now };
  const change = { state: "closed", closedAt: now, failReason: reason } as const;
  const changes = end(payment, change, ended, "payment.closed", now);
  if (ended.dueAt === null) {
    const { connector, bankCode, number } = ended;
    changes.numbers.push({ connector, bankCode, number, availableFrom: availableAgain({ ...ended, dueAt: now }) });
  }
  return { result: accepted({ payment: changes.payments[0]!, virtualAccount: ended }), changes };
}

function end(
  payment: Payment,
  change: Partial<Payment>,
  ended: VirtualAccount,
  type: PaymentEventType,
  now: Date,
): LifeChanges {
  const ending = changePayment(payment, change, type, now);
  return { payments: [ending.payment], virtualAccounts: [ended], numbers: [], events: [ending.event] };
}

function refuse(result: Outcome<Issued>) {
  return { result, changes: { payments: [], virtualAccounts: [], numbers: [], events: [] } };
}

function blankPayment(request: IssueRequest, now: Date): Payment {
  return {
    id: request.paymentId,
    merchantId: request.merchantId,
    dialect: request.dialect,
    wireId: request.wireId,
    reference: request.reference,
    method: "virtual_account",
    state: "ready",
    amount: request.amount ?? 0,
    paidAmount: 0,
    refundedAmount: 0,
    currency: KRW,
    beneficiary: request.beneficiary,
    connector: request.channel.connector,
    channelId: request.channel.id,
    provider: request.channel.provider,
    providerMerchantId: request.channel.providerMerchantId,
    providerTransaction: request.providerTransaction,
    name: request.name,
    buyer: request.buyer,
    customData: request.customData,
    noticeUrls: request.noticeUrls,
    noticeResend: request.noticeResend,
    userAgent: request.userAgent,
    createdAt: now,
    paidAt: null,
    expiredAt: null,
    closedAt: null,
    failedAt: null,
    cancelledAt: null,
    reversedAt: null,
    failReason: null,
    cancelReason: null,
    updatedAt: now,
    eventSeq: 0,
  };
}
