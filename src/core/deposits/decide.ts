/**
 * What a bank's notice means: the rule book of deposits. Pure; tested as tables and properties beside this file.
 *
 * A credit matches when its account takes it: the account was not closed, the order was not paid before, the bank's
 * own time is within the due time (even if the notice comes later), and the amount is the one asked for. Any other
 * credit is money that arrived, so it is booked to suspense with the reason and shown to the operator.
 */
import type { BankNotice } from "../connector.ts";
import type { NewEvent } from "../events/event.ts";
import { accounts, type NewTransfer } from "../ledger/ledger.ts";
import { changePayment, type Payment } from "../payments/payment.ts";
import type { VirtualAccount } from "../virtual-accounts/virtual-account.ts";
import { changeDeposit, type Deposit, type DepositEventType, type SuspenseReason } from "./deposit.ts";

/** Where a credit would land. */
export interface Target {
  account: VirtualAccount;
  payment: Payment;
  /** Another payment of the same merchant's reference has been paid. */
  paidElsewhere: boolean;
}

export interface NoticeState {
  /** Every deposit of the same transaction, credits and reversals. */
  earlier: readonly Deposit[];
  /** The account the number belonged to when the credit was made. */
  target: Target | undefined;
  /** For a reversal: the payment that its credit was matched to. */
  funded: Payment | undefined;
}

/** A notice with what the process adds to it: the id its row gets and the hash of its content. */
export interface ReceivedNotice extends BankNotice {
  id: string;
  contentHash: string;
}

export interface NoticeResult {
  deposit: Deposit;
  /** This notice had been received before; nothing was changed. */
  duplicate: boolean;
}

export interface NoticeChanges {
  payments: Payment[];
  virtualAccounts: VirtualAccount[];
  deposits: Deposit[];
  transfers: NewTransfer[];
  events: NewEvent[];
}

/** Why a credit may not land, or undefined if it may. Also what the bank's payee inquiry asks before money moves. */
export function objection(
  target: Target | undefined,
  credit: Pick<BankNotice, "amount" | "occurredAt">,
): SuspenseReason | undefined {
  if (target === undefined) return "unknown_account";
  const { account, payment, paidElsewhere } = target;
  if (account.state === "closed") return "closed";
  if (account.kind === "one_time" && (paidElsewhere || payment.paidAt !== null)) return "already_paid";
  if (account.dueAt !== null && credit.occurredAt > account.dueAt) return "late";
  if (account.amount !== null && credit.amount < account.amount) return "amount_under";
  if (account.amount !== null && credit.amount > account.amount) return "amount_over";
  return undefined;
}

export function decideNotice(
  state: NoticeState,
  notice: ReceivedNotice,
  now: Date,
): { result: NoticeResult; changes: NoticeChanges } {
  const same = state.earlier.filter((deposit) => deposit.kind === notice.kind);
  const duplicate = same.find((deposit) => deposit.contentHash === notice.contentHash);
  if (duplicate !== undefined) return { result: { deposit: duplicate, duplicate: true }, changes: nothing() };
  if (!same.every(isRefusedReversal)) return keep(notice, "conflicting_notice", now);
  return notice.kind === "credit" ? decideCredit(state, notice, now) : decideReversal(state, notice, now);
}

/** A reversal that could not be carried out leaves room for the right one. */
function isRefusedReversal(deposit: Deposit): boolean {
  return deposit.kind === "reversal" && deposit.state === "suspended";
}

function decideCredit(state: NoticeState, notice: ReceivedNotice, now: Date) {
  const waiting = state.earlier.find((deposit) => deposit.kind === "reversal" && deposit.state === "waiting");
  if (waiting !== undefined && waiting.amount === notice.amount)
    return decideOvertakenCredit(state, waiting, notice, now);

  const reason = objection(state.target, notice);
  const decided = reason === undefined ? matchCredit(state.target!, notice, now) : suspend(state, notice, reason, now);
  if (waiting !== undefined) {
    const settled = changeDeposit(
      waiting,
      { state: "suspended", reason: "reversal_amount_differs" },
      "reversal.suspended",
      now,
    );
    decided.changes.deposits.push(settled.deposit);
    decided.changes.events.push(settled.event);
  }
  return decided;
}

function matchCredit({ account, payment }: Target, notice: ReceivedNotice, now: Date) {
  const { deposit, event } = receive(
    notice,
    { state: "matched", booked: true, ...owner(account) },
    "deposit.matched",
    now,
  );
  const oneTime = account.kind === "one_time";
  const paidAmount = payment.paidAmount + notice.amount;
  const first = payment.paidAt === null || payment.state === "reversed";
  const paid = changePayment(
    payment,
    {
      // A fixed account that was refunded in full stays cancelled; what comes later can be refunded again.
      state: payment.state === "cancelled" || isUsedUp(payment, paidAmount) ? "cancelled" : "paid",
      paidAmount,
      paidAt: first ? notice.occurredAt : payment.paidAt,
    },
    first ? "payment.paid" : "payment.deposited",
    now,
    { amount: notice.amount, depositId: deposit.id },
  );
  const changes: NoticeChanges = {
    payments: [paid.payment],
    virtualAccounts: oneTime ? [{ ...account, state: "used", endedAt: now }] : [],
    deposits: [deposit],
    transfers: [
      {
        debitAccount: accounts.bank(notice.connector),
        creditAccount: payment.beneficiary,
        code: "deposit",
        ...posting(deposit, now),
      },
    ],
    events: [event, paid.event],
  };
  return { result: { deposit, duplicate: false }, changes };
}

/** All of it has been refunded; so the payment has a time at which it was cancelled. */
function isUsedUp({ refundedAmount }: Payment, paidAmount: number): boolean {
  return refundedAmount > 0 && refundedAmount >= paidAmount;
}

function suspend(state: NoticeState, notice: ReceivedNotice, reason: SuspenseReason, now: Date) {
  const owned = owner(state.target?.account);
  const { deposit, event } = receive(
    notice,
    { state: "suspended", reason, booked: true, ...owned },
    "deposit.suspended",
    now,
  );
  const changes: NoticeChanges = {
    ...nothing(),
    deposits: [deposit],
    transfers: [
      {
        debitAccount: accounts.bank(notice.connector),
        creditAccount: accounts.suspense(notice.connector),
        code: "deposit-suspended",
        ...posting(deposit, now),
      },
    ],
    events: [event],
  };
  return { result: { deposit, duplicate: false }, changes };
}

/** The reversal came first: the credit passes through suspense and is gone, and no payment was ever touched. */
function decideOvertakenCredit(state: NoticeState, waiting: Deposit, notice: ReceivedNotice, now: Date) {
  const owned = owner(state.target?.account);
  const { deposit, event } = receive(
    notice,
    { state: "reversed", reason: "already_reversed", booked: true, ...owned },
    "deposit.reversed",
    now,
  );
  const applied = changeDeposit(waiting, { state: "applied", booked: true, ...owned }, "reversal.applied", now);
  const bank = accounts.bank(notice.connector);
  const suspense = accounts.suspense(notice.connector);
  const changes: NoticeChanges = {
    ...nothing(),
    deposits: [deposit, applied.deposit],
    transfers: [
      { debitAccount: bank, creditAccount: suspense, code: "deposit-suspended", ...posting(deposit, now) },
      { debitAccount: suspense, creditAccount: bank, code: "suspense-reversed", ...posting(applied.deposit, now) },
    ],
    events: [event, applied.event],
  };
  return { result: { deposit, duplicate: false }, changes };
}

function decideReversal(state: NoticeState, notice: ReceivedNotice, now: Date) {
  const credits = state.earlier.filter((deposit) => deposit.kind === "credit" && deposit.booked);
  const credit = credits[0];
  if (credit === undefined) {
    const { deposit, event } = receive(notice, { state: "waiting", booked: false }, "reversal.waiting", now);
    return {
      result: { deposit, duplicate: false },
      changes: { ...nothing(), deposits: [deposit], events: [event] },
    };
  }
  if (credit.state === "reversed") return keep(notice, "already_reversed", now);
  if (credit.amount !== notice.amount) return keep(notice, "reversal_amount_differs", now);

  const owned = {
    merchantId: credit.merchantId,
    paymentId: credit.paymentId,
    virtualAccountId: credit.virtualAccountId,
  };
  const { deposit, event } = receive(notice, { state: "applied", booked: true, ...owned }, "reversal.applied", now);
  const reversed = changeDeposit(credit, { state: "reversed" }, "deposit.reversed", now);
  const matched = credit.state === "matched" ? state.funded! : undefined;
  const changes: NoticeChanges = {
    ...nothing(),
    deposits: [reversed.deposit, deposit],
    transfers: [
      {
        debitAccount: matched?.beneficiary ?? accounts.suspense(notice.connector),
        creditAccount: accounts.bank(notice.connector),
        code: matched === undefined ? "suspense-reversed" : "deposit-reversed",
        ...posting(deposit, now),
      },
    ],
    events: [reversed.event, event],
  };
  if (matched !== undefined) {
    const left = matched.paidAmount - credit.amount;
    const change = changePayment(
      matched,
      left === 0
        ? { state: "reversed", paidAmount: 0, reversedAt: now }
        : { state: isUsedUp(matched, left) ? "cancelled" : matched.state, paidAmount: left },
      left === 0 ? "payment.reversed" : "payment.partly_reversed",
      now,
      { amount: credit.amount, depositId: credit.id },
    );
    changes.payments.push(change.payment);
    changes.events.push(change.event);
  }
  return { result: { deposit, duplicate: false }, changes };
}

/** Kept for the operator without touching the books. */
function keep(notice: ReceivedNotice, reason: SuspenseReason, now: Date) {
  const type = notice.kind === "credit" ? "deposit.suspended" : "reversal.suspended";
  const { deposit, event } = receive(notice, { state: "suspended", reason, booked: false }, type, now);
  return { result: { deposit, duplicate: false }, changes: { ...nothing(), deposits: [deposit], events: [event] } };
}

function receive(
  notice: ReceivedNotice,
  fields: Pick<Deposit, "state" | "booked"> & Partial<Deposit>,
  type: DepositEventType,
  now: Date,
) {
  const blank = { reason: null, merchantId: null, paymentId: null, virtualAccountId: null };
  const arrived: Deposit = { ...notice, ...blank, ...fields, receivedAt: now, updatedAt: now, eventSeq: 0 };
  return changeDeposit(arrived, {}, type, now);
}

function owner(account: VirtualAccount | undefined) {
  if (account === undefined) return {};
  return { merchantId: account.merchantId, paymentId: account.paymentId, virtualAccountId: account.id };
}

function posting(deposit: Deposit, now: Date) {
  return {
    amount: deposit.amount,
    currency: deposit.currency,
    merchantId: deposit.merchantId,
    paymentId: deposit.paymentId,
    depositId: deposit.id,
    refundId: null,
    at: now,
  };
}

function nothing(): NoticeChanges {
  return { payments: [], virtualAccounts: [], deposits: [], transfers: [], events: [] };
}
