/** The rules of charging a balance by itself when it is low: one charge of a member at a time. Pure. */
import { accepted, type MemberChargeRefusal, type Outcome, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { limits } from "../limits.ts";
import type { Card } from "../members/card.ts";
import { changeMember, type Member } from "../members/member.ts";
import type { AutoChargeRequest } from "./charges.ts";
import {
  type ChargeChanges,
  type ChargeIds,
  type Drawn,
  draw,
  hasRoom,
  lookAgain,
  nothing,
  type Purse,
} from "./decide-charge.ts";
import type { LinkedAccount } from "./linked-account.ts";

export interface AutoChargeState {
  member: Member | undefined;
  cards: readonly Card[];
  /** What is registered for it, if anything. */
  account: LinkedAccount | undefined;
}

/** The wish of the member: the balance is looked at from now on. */
export function decideAutoCharge(
  { member, cards, account }: AutoChargeState,
  request: Omit<AutoChargeRequest, "exchange">,
  now: Date,
): { result: Outcome<Member, MemberChargeRefusal>; changes: { members: Member[]; events: NewEvent[] } } {
  const { merchantId, amount, below, par, dialect, channel } = request;
  const refuse = (refusal: MemberChargeRefusal) => ({ result: refused(refusal), changes: { members: [], events: [] } });
  if (member === undefined || member.merchantId !== merchantId) return refuse({ code: "member-unknown" });
  if (!cards.some((card) => card.par === par && card.memberId === member.id)) return refuse({ code: "card-unknown" });
  if (account === undefined) return refuse({ code: "account-missing" });
  if (amount > limits.member_balance_max) return refuse({ code: "balance-limit", max: limits.member_balance_max });
  const { id, connector, provider, providerMerchantId } = channel;
  const autoChargeBy = { dialect, channel: { id, connector, provider, providerMerchantId } };
  const wish = { autoChargeAmount: amount, autoChargeBelow: below, autoChargeBy, autoCheckAt: now };
  const told = changeMember(member, wish, "member.changed", now);
  return { result: accepted(told.member), changes: { members: [told.member], events: [told.event] } };
}

/**
 * Looks at a balance whose time has come. Undefined when it has not; nothing is drawn when the balance is not low, when
 * nothing can be drawn, or while the PG has yet to say what became of the last time.
 */
export function decideLook(
  purse: Purse,
  { callTimeout_ms, ...ids }: ChargeIds & { callTimeout_ms: number },
  now: Date,
  realNow: Date,
): { drawn: Drawn | undefined; changes: ChargeChanges } | undefined {
  const { member, balance, unsettled, account } = purse;
  const { autoChargeAmount: amount, autoChargeBelow: below, autoChargeBy: by, autoCheckAt } = member;
  if (autoCheckAt === null || autoCheckAt > now) return undefined;
  if (amount === null || below === null || by === null) {
    return { drawn: undefined, changes: { ...nothing(), members: [{ ...member, autoCheckAt: null }] } };
  }
  const members = lookAgain(member, new Date(now.getTime() + again_ms));
  const isUnderWay = unsettled.some((withdrawal) => withdrawal.automatic);
  if (account === undefined || isUnderWay || balance >= below || !hasRoom(purse, amount)) {
    return { drawn: undefined, changes: { ...nothing(), members } };
  }
  const { dialect, channel } = by;
  // Longer than the names that clients may give.
  const reference = `auto-charge-${ids.paymentId}`;
  const wish = { ...ids, dialect, channel, reference, amount, cardId: null, customData: null, automatic: true };
  const { drawn, changes } = draw(member, account, { ...wish, callTimeout_ms }, now, realNow);
  return { drawn, changes: { ...changes, members } };
}

const again_ms = limits.auto_charge_look_again_s * 1_000;
