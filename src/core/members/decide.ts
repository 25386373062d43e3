/** The rules of making members. Pure. */
import { accepted, type MemberRefusal, type Outcome, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { limits } from "../limits.ts";
import { type Card, changeCard } from "./card.ts";
import { changeMember, type Member } from "./member.ts";
import { cardExpiry } from "./numbers.ts";
import type { OneTimeToken } from "./token.ts";

export type NewMember = Pick<
  Member,
  | "id"
  | "merchantId"
  | "number"
  | "personEncrypted"
  | "loginIndex"
  | "ciIndex"
  | "nameIndex"
  | "passwordHash"
  | "joinChannel"
  | "terms"
>;

export interface NewCard
  extends Pick<Card, "id" | "par" | "numberEncrypted" | "numberIndex" | "numberMasked" | "serviceId"> {
  /** Null: that of a card which is issued now. */
  expiry: string | null;
}

/** Those that have a number, a name or a card that a wanted member is to have. */
export interface Taken {
  members: readonly Member[];
  cards: readonly Card[];
}

export interface MemberChanges {
  members: Member[];
  cards: Card[];
  events: NewEvent[];
}

export interface MadeMember {
  member: Member;
  card: Card;
}

/** A member with a first card. That there is such a member is told before that a number is another's. */
export function decideRegister(
  taken: Taken,
  wanted: { member: NewMember; card: NewCard },
  now: Date,
): { result: Outcome<MadeMember, MemberRefusal>; changes: MemberChanges } {
  const objection = registerObjection(taken, wanted);
  if (objection !== undefined) return { result: refused(objection), changes: { members: [], cards: [], events: [] } };
  const { merchantId, id: memberId } = wanted.member;
  const dated = { createdAt: now, updatedAt: now, eventSeq: 0 };
  const blank: Member = { ...wanted.member, ...unset, state: "active", ...dated };
  const registered = changeMember(blank, {}, "member.registered", now);
  const expiry = wanted.card.expiry ?? cardExpiry(now);
  const blankCard: Card = { ...wanted.card, merchantId, memberId, expiry, state: "active", ...dated };
  const issued = changeCard(blankCard, {}, "card.issued", now);
  const made = { member: registered.member, card: issued.card };
  const changes = { members: [made.member], cards: [made.card], events: [registered.event, issued.event] };
  return { result: accepted(made), changes };
}

const unset = {
  arsCodeEncrypted: null,
  arsCodeExpiresAt: null,
  autoChargeAmount: null,
  autoChargeBelow: null,
  autoChargeBy: null,
  autoCheckAt: null,
} as const satisfies Partial<Member>;

function registerObjection(
  { members, cards }: Taken,
  { member, card }: { member: NewMember; card: NewCard },
): MemberRefusal | undefined {
  const own = members.filter(({ merchantId }) => merchantId === member.merchantId);
  if (own.some(({ loginIndex }) => loginIndex === member.loginIndex)) return { code: "member-exists", by: "loginId" };
  const isKnown = member.ciIndex !== null && own.some(({ ciIndex }) => ciIndex === member.ciIndex);
  if (isKnown) return { code: "member-exists", by: "ci" };
  if (members.some(({ number }) => number === member.number)) return { code: "number-taken", number: member.number };
  if (cards.some(({ par }) => par === card.par)) return { code: "number-taken", number: card.par };
  const isCardTaken = cards.some(
    ({ merchantId, numberIndex }) => merchantId === member.merchantId && numberIndex === card.numberIndex,
  );
  return isCardTaken ? { code: "number-taken", number: card.numberMasked } : undefined;
}

/** With a code for the next call, in place of an earlier one. It is no change of state, so nothing tells of it. */
export function withArsCode(member: Member, arsCodeEncrypted: string, now: Date): Member & { arsCodeExpiresAt: Date } {
  return { ...member, arsCodeEncrypted, arsCodeExpiresAt: new Date(now.getTime() + limits.ars_code_s * 1000) };
}

/** A token from now on. `long`: five minutes instead of thirty seconds. */
export function decideToken(
  wanted: Pick<OneTimeToken, "id" | "merchantId" | "cardId" | "dcvvHash"> & { long: boolean },
  now: Date,
  realNow: Date,
): OneTimeToken {
  const { long, ...known } = wanted;
  const valid_s = long ? limits.one_time_token_long_s : limits.one_time_token_s;
  return { ...known, expiresAt: new Date(now.getTime() + valid_s * 1000), usedAt: null, madeAt: realNow };
}
