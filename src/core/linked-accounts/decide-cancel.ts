/**
 * The rules of cancelling a charge: all of it goes back, as a refund of its payment to the member's registered account. It
 * leaves the balance when it is asked for, and comes back if the bank does not pay it out. Pure.
 */
import { accepted, type MemberChargeRefusal, type Outcome, refused } from "../errors.ts";
import { accounts } from "../ledger/ledger.ts";
import type { Member } from "../members/member.ts";
import { type KeptToken, spoiltBy, tokenObjection, usedUp } from "../members/shown-token.ts";
import type { OneTimeToken, ShownToken } from "../members/token.ts";
import type { Payment } from "../payments/payment.ts";
import { type RefundChanges, type Refunded, refundable, reserve } from "../refunds/decide.ts";
import { newRefund } from "../refunds/refund.ts";
import type { CancelledCharge, CancelMemberChargeRequest } from "./charges.ts";
import { lookAgain, type Named, type Purse } from "./decide-charge.ts";
import type { LinkedAccount } from "./linked-account.ts";

export interface CancelRequest extends Omit<CancelMemberChargeRequest, "shown" | "exchange"> {
  refundId: string;
  operationId: string;
  shown: ShownToken;
  /** How long the bank may take to answer. */
  callTimeout_ms: number;
}

export interface CancelState extends KeptToken {
  named: Named | undefined;
  purse: Purse | undefined;
  /** What the member's balance was paid by that is to be cancelled: a charge, or what a deposit was for. */
  payment: Payment | undefined;
}

export interface CancelChanges extends RefundChanges {
  oneTimeTokens: OneTimeToken[];
  members: Member[];
}

export interface Cancelling {
  cancelled: CancelledCharge;
  /** What the bank is to be told, and where the money goes; undefined when the same was asked for before. */
  ordered: { refunded: Refunded; account: LinkedAccount } | undefined;
}

/** A cancellation as its caller is told of it: the bank's no leaves the charge as it was. */
export function cancelOutcome({ payment, refund }: CancelledCharge): Outcome<CancelledCharge, MemberChargeRefusal> {
  return refund.state === "failed" ? refused({ code: "not-cancellable" }) : accepted({ payment, refund });
}

/** The intent: the amount has left the balance and is on its way out; the bank has yet to be told. */
export function decideCancel(
  state: CancelState,
  request: CancelRequest,
  now: Date,
  realNow: Date,
): { result: Outcome<Cancelling, MemberChargeRefusal>; changes: CancelChanges } {
  const { named, purse } = state;
  const { reference, merchantId, memberNumber, wireId } = request;
  if (named !== undefined) {
    const { payment, refund } = named;
    const isSame = payment.wireId === wireId && payment.beneficiary === accounts.member(memberNumber);
    if (refund === undefined || !isSame) return refuse({ code: "reference-differs", reference });
    return { result: accepted({ cancelled: { payment, refund }, ordered: undefined }), changes: nothing() };
  }
  if (purse === undefined || purse.member.merchantId !== merchantId) return refuse({ code: "member-unknown" });
  const { payment } = state;
  if (payment === undefined || !isOf(payment, purse) || payment.dialect !== request.dialect) {
    return refuse({ code: "charge-unknown" });
  }
  if (payment.method !== "linked_account") return refuse({ code: "charged-otherwise" });
  if (!isCancellable(payment, purse.balance)) return refuse({ code: "not-cancellable" });
  const { member, account } = purse;
  if (account === undefined) return refuse({ code: "account-missing" });
  if (account.holderIndex !== member.nameIndex) return refuse({ code: "name-differs" });
  const objection = tokenObjection(state, request.shown, member, now);
  if (objection !== undefined) return refuse(objection, spoiltBy(objection, state, now));
  if (state.card!.expiry !== request.cardExpiry) return refuse({ code: "expiry-differs" });

  const { currency } = payment;
  const amount = refundable(payment);
  const { bankCode, numberIndex, numberMasked, connector } = account;
  // Number and holder stay where they are wiped when the account is removed.
  const blank = newRefund(
    {
      id: request.refundId,
      merchantId,
      paymentId: payment.id,
      operationId: request.operationId,
      connector,
      amount,
      currency,
      reference,
      bankCode,
      numberIndex,
      numberMasked,
    },
    now,
  );
  const order = { amount, currency, bankCode, account: numberIndex };
  const { reserved, changes } = reserve(payment, blank, "refund", order, request.callTimeout_ms, now, realNow);
  const cancelled = { payment: reserved.payment, refund: reserved.refund };
  return {
    result: accepted({ cancelled, ordered: { refunded: reserved, account } }),
    changes: { ...changes, oneTimeTokens: usedUp(state.token!, now), members: lookAgain(member, now) },
  };
}

/** Whether all of it can be given back, and is there to be. */
export function isCancellable(payment: Payment, balance: number): boolean {
  const whole = payment.paidAmount > 0 && refundable(payment) === payment.paidAmount;
  return payment.state === "paid" && whole && payment.paidAmount <= balance;
}

function isOf(payment: Payment, { member }: Purse): boolean {
  return payment.beneficiary === accounts.member(member.number) && payment.merchantId === member.merchantId;
}

function refuse(refusal: MemberChargeRefusal, oneTimeTokens: OneTimeToken[] = []) {
  return { result: refused(refusal), changes: { ...nothing(), oneTimeTokens } };
}

function nothing(): CancelChanges {
  return { payments: [], refunds: [], operations: [], transfers: [], events: [], oneTimeTokens: [], members: [] };
}
