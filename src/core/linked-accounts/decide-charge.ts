/**
 * The rules of charging a member's balance from their own account, and what follows from the PG's word. Pure.
 *
 * Money in the books: nothing moves when a charge is asked for. The PG's yes moves its amount from the bank to the member.
 */
import { createHash } from "node:crypto";
import { accepted, type MemberChargeRefusal, type Outcome, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { accounts, type NewTransfer } from "../ledger/ledger.ts";
import { limits } from "../limits.ts";
import type { Member } from "../members/member.ts";
import { type KeptToken, spoiltBy, tokenObjection, usedUp } from "../members/shown-token.ts";
import type { OneTimeToken, ShownToken } from "../members/token.ts";
import { KRW } from "../money.ts";
import { judgeAnswer, newOperation, type Operation, type OperationAnswer, settle } from "../operations/operation.ts";
import { changePayment, newPayment, nobody, type Payment } from "../payments/payment.ts";
import type { Refund } from "../refunds/refund.ts";
import type { ChargedMember, ChargeMemberRequest } from "./charges.ts";
import type { LinkedAccount } from "./linked-account.ts";
import { changeWithdrawal, type Withdrawal } from "./withdrawal.ts";

/** What clients know a charge by: it follows from the id of the payment, or of the deposit where that is told alone. */
export function wireIdOf(id: string): string {
  return `KMN${id.slice(id.indexOf("_") + 1)}`;
}

/** The deposit that such an id would stand for. */
export function depositIdOf(wireId: string): string | undefined {
  return /^KMN[0-9a-f]{32}$/.test(wireId) ? `dep_${wireId.slice(3)}` : undefined;
}

/** What a new withdrawal is called, in the rows that are made of it. */
export interface ChargeIds {
  paymentId: string;
  withdrawalId: string;
  operationId: string;
}

export interface ChargeRequest extends ChargeIds, Omit<ChargeMemberRequest, "shown" | "exchange"> {
  shown: ShownToken;
  /** How long the PG may take to answer. */
  callTimeout_ms: number;
}

/** What was made under a reference before: a charge, or the cancellation of one. */
export interface Named {
  payment: Payment;
  withdrawal: Withdrawal;
  refund: Refund | undefined;
}

/** A member with what they may spend and what may yet come to it. */
export interface Purse {
  member: Member;
  /** Whole won; what the books hold. */
  balance: number;
  /** Withdrawals of which the PG has not said what became of them. */
  unsettled: readonly Withdrawal[];
  /** What is registered, if it is. */
  account: LinkedAccount | undefined;
}

export interface ChargeState extends KeptToken {
  named: Named | undefined;
  purse: Purse | undefined;
}

/** A charge that the PG is yet to be told of. */
export interface Drawn extends ChargedMember {
  operation: Operation;
  account: LinkedAccount;
}

export interface ChargeChanges {
  payments: Payment[];
  withdrawals: Withdrawal[];
  operations: Operation[];
  oneTimeTokens: OneTimeToken[];
  members: Member[];
  transfers: NewTransfer[];
  events: NewEvent[];
}

export interface Charging {
  charged: ChargedMember;
  /** Undefined when the same was asked for before. */
  drawn: Drawn | undefined;
}

/** Tells the same request from another of the same name. */
export function hashOfCharge({
  memberNumber,
  amount,
  merchantCode,
}: Pick<ChargeMemberRequest, "memberNumber" | "amount" | "merchantCode">): string {
  return createHash("sha256")
    .update(JSON.stringify([memberNumber, amount, merchantCode]))
    .digest("hex");
}

/** A charge as its caller is told of it: the PG's no is a refusal, however often it is asked for. */
export function chargeOutcome(charged: ChargedMember): Outcome<ChargedMember, MemberChargeRefusal> {
  const { state, failureCode } = charged.withdrawal;
  return state === "failed" ? refused({ code: "withdrawal-failed", reason: failureCode }) : accepted(charged);
}

/** The intent: nothing has moved, and the PG has yet to be told. */
export function decideCharge(
  state: ChargeState,
  request: ChargeRequest,
  now: Date,
  realNow: Date,
): { result: Outcome<Charging, MemberChargeRefusal>; changes: ChargeChanges } {
  const { named, purse } = state;
  const { reference, merchantId, amount } = request;
  if (named !== undefined) {
    const { payment, withdrawal, refund } = named;
    if (refund !== undefined || withdrawal.requestHash !== hashOfCharge(request)) {
      return refuse({ code: "reference-differs", reference });
    }
    return { result: accepted({ charged: { payment, withdrawal }, drawn: undefined }), changes: nothing() };
  }
  if (purse === undefined || purse.member.merchantId !== merchantId) return refuse({ code: "member-unknown" });
  const { member, account } = purse;
  if (account === undefined) return refuse({ code: "account-missing" });
  if (!hasRoom(purse, amount)) return refuse({ code: "balance-limit", max: limits.member_balance_max });
  const objection = tokenObjection(state, request.shown, member, now);
  if (objection !== undefined) return refuse(objection, spoiltBy(objection, state, now));

  const wish = { ...request, cardId: state.card!.id, customData: request.merchantCode, automatic: false };
  const { drawn, changes } = draw(member, account, wish, now, realNow);
  const { payment, withdrawal } = drawn;
  return {
    result: accepted({ charged: { payment, withdrawal }, drawn }),
    changes: { ...changes, oneTimeTokens: usedUp(state.token!, now) },
  };
}

/** What is on its way counts as if it had come. */
export function hasRoom({ balance, unsettled }: Purse, amount: number): boolean {
  const coming = unsettled.reduce((sum, withdrawal) => sum + withdrawal.amount, 0);
  return balance + coming + amount <= limits.member_balance_max;
}

export interface Wish extends ChargeIds, Pick<ChargeMemberRequest, "dialect" | "channel" | "reference" | "amount"> {
  cardId: string | null;
  customData: string | null;
  automatic: boolean;
  callTimeout_ms: number;
}

/** A payment that waits for what is to be drawn from the account. */
export function draw(
  member: Member,
  account: LinkedAccount,
  wish: Wish,
  now: Date,
  realNow: Date,
): { drawn: Drawn; changes: ChargeChanges } {
  const { merchantId } = member;
  const { connector } = account;
  const { paymentId, withdrawalId, operationId, amount, channel, customData } = wish;
  const blank = newPayment(
    {
      id: paymentId,
      merchantId,
      dialect: wish.dialect,
      wireId: wireIdOf(paymentId),
      reference: wish.reference,
      method: "linked_account",
      amount,
      taxFree: null,
      vatAmount: null,
      escrow: false,
      currency: KRW,
      beneficiary: accounts.member(member.number),
      connector,
      channelId: channel.id,
      provider: channel.provider,
      providerMerchantId: channel.providerMerchantId,
      providerTransaction: operationId,
      name: null,
      buyer: nobody,
      customData,
      noticeUrls: [],
      userAgent: null,
    },
    now,
  );
  const { payment, event: ready } = changePayment(blank, {}, "payment.ready", now, { amount });
  const { withdrawal, event: pending } = changeWithdrawal(
    {
      id: withdrawalId,
      merchantId,
      paymentId,
      memberId: member.id,
      cardId: wish.cardId,
      linkedAccountId: account.id,
      connector,
      operationId,
      requestHash: hashOfCharge({ memberNumber: member.number, amount, merchantCode: customData ?? "" }),
      automatic: wish.automatic,
      amount,
      currency: KRW,
      state: "pending",
      transactionId: null,
      failureCode: null,
      failureMessage: null,
      providerCode: null,
      requestedAt: now,
      completedAt: null,
      updatedAt: now,
      eventSeq: 0,
    },
    {},
    now,
  );
  const ordered = { id: operationId, merchantId, connector, kind: "withdrawal", subjectId: withdrawalId } as const;
  const order = { amount, currency: KRW, account: account.id };
  const operation = newOperation(ordered, order, wish.callTimeout_ms, realNow);
  return {
    drawn: { payment, withdrawal, operation, account },
    changes: {
      ...nothing(),
      payments: [payment],
      withdrawals: [withdrawal],
      operations: [operation],
      events: [ready, pending],
    },
  };
}

export interface WithdrawalState extends ChargedMember {
  operation: Operation;
  member: Member;
}

/** The outcome, or that it is still unknown. What was settled before stays as it is. */
export function decideWithdrawalOutcome(
  state: WithdrawalState,
  answer: OperationAnswer,
  now: Date,
  realNow: Date,
): { result: ChargedMember; changes: ChargeChanges } {
  const { payment, withdrawal, operation, member } = state;
  const verdict = judgeAnswer(operation, answer);
  const settled = settle(operation, verdict, realNow);
  if (settled === undefined) return { result: { payment, withdrawal }, changes: nothing() };
  const operations = [settled];
  switch (verdict.outcome) {
    case "unknown": {
      if (withdrawal.state === "unknown") {
        return { result: { payment, withdrawal }, changes: { ...nothing(), operations } };
      }
      const told = changeWithdrawal(withdrawal, { state: "unknown" }, now);
      return {
        result: { payment, withdrawal: told.withdrawal },
        changes: { ...nothing(), withdrawals: [told.withdrawal], operations, events: [told.event] },
      };
    }
    case "failed": {
      const { code: failureCode, message: failureMessage, providerCode = null } = verdict;
      const failure = { state: "failed", failureCode, failureMessage, providerCode, completedAt: now } as const;
      const told = changeWithdrawal(withdrawal, failure, now);
      const failed = { state: "failed", failedAt: now, failReason: failureMessage } as const;
      const ended = changePayment(payment, failed, "payment.failed", now);
      return {
        result: { payment: ended.payment, withdrawal: told.withdrawal },
        changes: {
          ...nothing(),
          payments: [ended.payment],
          withdrawals: [told.withdrawal],
          operations,
          members: withdrawal.automatic ? lookAgain(member, new Date(now.getTime() + retry_ms)) : [],
          events: [told.event, ended.event],
        },
      };
    }
    case "succeeded": {
      const { transactionId } = verdict;
      const { amount, currency, merchantId, connector } = withdrawal;
      const told = changeWithdrawal(withdrawal, { state: "succeeded", transactionId, completedAt: now }, now);
      const funds = { state: "paid", paidAmount: amount, paidAt: now, providerTransaction: transactionId } as const;
      const paid = changePayment(payment, funds, "payment.paid", now, { amount });
      const transfer: NewTransfer = {
        debitAccount: accounts.bank(connector),
        creditAccount: payment.beneficiary,
        amount,
        currency,
        code: "withdrawal",
        merchantId,
        paymentId: payment.id,
        depositId: null,
        refundId: null,
        at: now,
      };
      return {
        result: { payment: paid.payment, withdrawal: told.withdrawal },
        changes: {
          ...nothing(),
          payments: [paid.payment],
          withdrawals: [told.withdrawal],
          operations,
          members: lookAgain(member, now),
          transfers: [transfer],
          events: [told.event, paid.event],
        },
      };
    }
  }
}

const retry_ms = limits.auto_charge_retry_s * 1_000;

/** The member whose balance is looked at then, if it is charged by itself: no change of state. */
export function lookAgain(member: Member, at: Date): Member[] {
  return member.autoChargeAmount === null ? [] : [{ ...member, autoCheckAt: at }];
}

function refuse(refusal: MemberChargeRefusal, oneTimeTokens: OneTimeToken[] = []) {
  return { result: refused(refusal), changes: { ...nothing(), oneTimeTokens } };
}

export function nothing(): ChargeChanges {
  return { payments: [], withdrawals: [], operations: [], oneTimeTokens: [], members: [], transfers: [], events: [] };
}
