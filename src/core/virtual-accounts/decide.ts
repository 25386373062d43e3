/** The rules of a virtual account's life: issue, change, expire, close. Pure. */
import { accepted, type IssueRefusal, type Outcome, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { day_ms, limits } from "../limits.ts";
import type { Channel } from "../merchants/merchant.ts";
import { KRW } from "../money.ts";
import { changePayment, newPayment, type Payment, type PaymentEventType } from "../payments/payment.ts";
import { availableAgain, type PoolNumber, type ReservedNumber } from "./pool.ts";
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
    | "taxFree"
    | "vatAmount"
    | "escrow"
    | "noticeUrls"
    | "userAgent"
  > {
  paymentId: string;
  virtualAccountId: string;
  channel: Pick<Channel, "id" | "connector" | "provider" | "providerMerchantId">;
  /** KFTC, three digits. */
  bankCode: string;
  kind: VirtualAccount["kind"];
  /** Undefined: any number of the pool. */
  reserved: ReservedNumber | undefined;
  /** Whole won; null for a fixed account that takes any amount. */
  amount: number | null;
  /** The deadline, or how long after the issue it is. */
  dueAt: Date | { in_days: number } | null;
  holder: string | null;
}

export interface Issued {
  payment: Payment;
  virtualAccount: VirtualAccount;
}

/** What there is to issue on: a free number of the pool, and what is known of the number that was asked for. */
export interface IssueState {
  referencePaid: boolean;
  /** Undefined when the pool is used up. */
  free: string | undefined;
  /** The number the wish names, if it is known; `inUse` when an account is open on it. */
  known: PoolNumber | undefined;
  inUse: boolean;
}

export interface LifeChanges {
  payments: Payment[];
  virtualAccounts: VirtualAccount[];
  numbers: PoolNumber[];
  events: NewEvent[];
}

/**
 * Issues an account for a payment. A reference that was ever paid gets no other; several unpaid ones may stand side by
 * side.
 */
export function decideIssue(
  state: IssueState,
  request: IssueRequest,
  now: Date,
): { result: Outcome<Issued, IssueRefusal>; changes: LifeChanges } {
  const dueAt = dueOf(request, now);
  if (state.referencePaid) return refuse(refused({ code: "reference-paid", reference: request.reference }));
  const late = dueAt === null ? undefined : dueObjection(dueAt, now);
  if (late !== undefined) return refuse(refused(late));
  const chosen = chooseNumber(state, request);
  if (!chosen.ok) return refuse(chosen);
  const { number } = chosen.value;
  const virtualAccount: VirtualAccount = {
    id: request.virtualAccountId,
    merchantId: request.merchantId,
    paymentId: request.paymentId,
    connector: request.channel.connector,
    bankCode: request.bankCode,
    number,
    holder: request.holder,
    kind: request.kind,
    reserved: request.reserved !== undefined,
    amount: request.amount,
    dueAt,
    state: "open",
    issuedAt: now,
    endedAt: null,
  };
  const ready = changePayment(paymentOf(request, now), {}, "payment.ready", now, { amount: request.amount });
  return {
    result: accepted({ payment: ready.payment, virtualAccount }),
    changes: {
      payments: [ready.payment],
      virtualAccounts: [virtualAccount],
      numbers: [{ ...chosen.value, availableFrom: availableAgain(virtualAccount) }],
      events: [ready.event],
    },
  };
}

function dueOf({ dueAt }: IssueRequest, now: Date): Date | null {
  return dueAt !== null && "in_days" in dueAt ? new Date(now.getTime() + dueAt.in_days * day_ms) : dueAt;
}

function dueObjection(dueAt: Date, now: Date): IssueRefusal | undefined {
  if (dueAt <= now) return { code: "due-passed", dueAt, now };
  const latest_ms = now.getTime() + limits.due_max_days * day_ms;
  return dueAt.getTime() > latest_ms ? { code: "due-too-far", dueAt, max_days: limits.due_max_days } : undefined;
}

/** The number the account gets, with whom it is reserved for. */
function chooseNumber(state: IssueState, request: IssueRequest): Outcome<PoolNumber, IssueRefusal> {
  const { reserved: wish, merchantId, bankCode } = request;
  const { connector } = request.channel;
  const exhausted = () => refused({ code: "numbers-exhausted", bankCode });
  const fresh = { connector, bankCode, availableFrom: null };
  if (wish === undefined) {
    if (state.free === undefined) return exhausted();
    return accepted({ ...fresh, number: state.free, reservedFor: null, reservedKey: null });
  }
  const { known } = state;
  if (known === undefined) {
    const number = "number" in wish ? wish.number : state.free;
    if (number === undefined) return exhausted();
    return accepted({ ...fresh, number, reservedFor: merchantId, reservedKey: "key" in wish ? wish.key : null });
  }
  // A customer's number is asked for by the key alone, so that there is one name to lock it by.
  const isKeyed = "number" in wish && known.reservedKey !== null;
  if (known.reservedFor !== merchantId || isKeyed) return refused({ code: "number-not-yours", number: known.number });
  if (state.inUse) return refused({ code: "number-in-use", number: known.number });
  return accepted(known);
}

/** Changes what an account that waits for its deposit asks for, or until when. */
export function decideChange(
  { payment, virtualAccount }: Issued,
  change: { amount: number | null; dueAt: Date | null },
  now: Date,
): { result: Outcome<Issued>; changes: LifeChanges } {
  const dueAt = change.dueAt ?? virtualAccount.dueAt;
  const isOver = virtualAccount.dueAt !== null && virtualAccount.dueAt < now;
  if (payment.state === "expired" || (payment.state === "ready" && isOver)) {
    return refuse(refused({ code: "account-expired", dueAt: virtualAccount.dueAt! }));
  }
  if (payment.state !== "ready") return refuse(refused({ code: "payment-not-ready", state: payment.state }));
  const objection = change.dueAt === null ? undefined : dueObjection(change.dueAt, now);
  if (objection !== undefined) return refuse(refused(objection));
  // An account for any amount keeps asking for none.
  const amount = virtualAccount.amount === null ? null : (change.amount ?? virtualAccount.amount);
  const changed: VirtualAccount = { ...virtualAccount, amount, dueAt };
  const told = changePayment(payment, { amount: amount ?? 0 }, "payment.changed", now, {
    amount,
    dueAt: dueAt?.toISOString() ?? null,
  });
  return {
    result: accepted({ payment: told.payment, virtualAccount: changed }),
    changes: {
      payments: [told.payment],
      virtualAccounts: [changed],
      numbers: changed.reserved ? [] : [numberOf(changed, availableAgain(changed))],
      events: [told.event],
    },
  };
}

function numberOf({ connector, bankCode, number }: VirtualAccount, availableFrom: Date | null): PoolNumber {
  return { connector, bankCode, number, availableFrom, reservedFor: null, reservedKey: null };
}

/** An account whose time ran out: its payment is expired too. Undefined when there is nothing to expire. */
export function decideExpire({ payment, virtualAccount }: Issued, now: Date): LifeChanges | undefined {
  if (virtualAccount.state !== "open" || virtualAccount.dueAt === null || virtualAccount.dueAt >= now) return undefined;
  const ended: VirtualAccount = { ...virtualAccount, state: "expired", endedAt: now };
  if (payment.state !== "ready") return { payments: [], virtualAccounts: [ended], numbers: [], events: [] };
  return end(payment, { state: "expired", expiredAt: now }, ended, "payment.expired", now);
}

/** Withdraws an account that was not paid, in time or not. */
export function decideClose(
  { payment, virtualAccount }: Issued,
  reason: string,
  now: Date,
): { result: Outcome<Issued>; changes: LifeChanges } {
  if (payment.state !== "ready" && payment.state !== "expired") {
    return refuse(refused({ code: "payment-not-ready", state: payment.state }));
  }
  const ended: VirtualAccount = { ...virtualAccount, state: "closed", endedAt: virtualAccount.endedAt ?? now };
  const change = { state: "closed", closedAt: now, failReason: reason } as const;
  const changes = end(payment, change, ended, "payment.closed", now);
  if (ended.dueAt === null && !ended.reserved) {
    changes.numbers.push(numberOf(ended, availableAgain({ ...ended, dueAt: now })));
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

function refuse<Refused>(result: Refused) {
  return { result, changes: { payments: [], virtualAccounts: [], numbers: [], events: [] } };
}

function paymentOf(request: IssueRequest, now: Date): Payment {
  const { channel } = request;
  return newPayment(
    {
      id: request.paymentId,
      merchantId: request.merchantId,
      dialect: request.dialect,
      wireId: request.wireId,
      reference: request.reference,
      method: "virtual_account",
      amount: request.amount ?? 0,
      taxFree: request.taxFree,
      vatAmount: request.vatAmount,
      escrow: request.escrow,
      currency: KRW,
      beneficiary: request.beneficiary,
      connector: channel.connector,
      channelId: channel.id,
      provider: channel.provider,
      providerMerchantId: channel.providerMerchantId,
      providerTransaction: request.providerTransaction,
      name: request.name,
      buyer: request.buyer,
      customData: request.customData,
      noticeUrls: request.noticeUrls,
      userAgent: request.userAgent,
    },
    now,
  );
}
