/** The commands that make members, codes for calls to them, and one-time tokens of their cards. */
import { claim, readRealNow } from "../../store/index.ts";
import { type CoreCommand, WorkingState } from "../command.ts";
import { accepted, type MemberRefusal, type Outcome } from "../errors.ts";
import { type ExchangeDraft, recordExchange } from "../exchanges.ts";
import { decideRegister, decideToken, type NewCard, type NewMember, withArsCode } from "./decide.ts";
import { members } from "./member.ts";
import type { RegisteredMember } from "./members.ts";
import { readTaken } from "./read.ts";
import type { OneTimeToken } from "./token.ts";

export interface RegisterMemberCommand {
  member: NewMember;
  card: NewCard;
  /** In clear, for the answer alone. */
  cardNumber: string;
  exchange?: ExchangeDraft<Outcome<RegisteredMember, MemberRefusal>> | undefined;
}

/** Whoever wants a number, a name or a card that one of these is to have comes after. */
function claimsOf({ member, card }: RegisterMemberCommand) {
  const { merchantId, number, loginIndex, ciIndex } = member;
  const keys = [
    `number ${number}`,
    `login ${merchantId} ${loginIndex}`,
    `par ${card.par}`,
    `card ${merchantId} ${card.numberIndex}`,
  ];
  if (ciIndex !== null) keys.push(`ci ${merchantId} ${ciIndex}`);
  return keys.map((key) => ({ scope: "0-member" as const, key }));
}

export const registerMember: CoreCommand<RegisterMemberCommand, Outcome<RegisteredMember, MemberRefusal>> = {
  name: "register-member",

  async load(tx, requests) {
    await claim(tx, requests.flatMap(claimsOf));
    const taken = await readTaken(tx, requests);
    const state = new WorkingState();
    state.apply({ members: [...taken.members], cards: [...taken.cards] });
    return state;
  },

  decide(state, { member, card, cardNumber, exchange }, now) {
    const taken = { members: [...state.members.values()], cards: [...state.cards.values()] };
    const { result: made, changes } = decideRegister(taken, { member, card }, now);
    if (!made.ok) return { result: made, changes };
    const result = accepted({ ...made.value, cardNumber });
    const owner = { merchantId: member.merchantId, paymentId: null };
    return { result, changes: { ...changes, exchanges: recordExchange(exchange, owner, result, now) } };
  },
};

export interface ArsCodeRequest {
  memberId: string;
  codeEncrypted: string;
}

/** Answers until when the code is good. */
export const keepArsCode: CoreCommand<ArsCodeRequest, Date> = {
  name: "keep-ars-code",

  async load(tx, requests) {
    const ids = [...new Set(requests.map(({ memberId }) => memberId))];
    await members.lock(tx, ids);
    const state = new WorkingState();
    state.apply({ members: await members.read(tx, ids) });
    return state;
  },

  decide(state, { memberId, codeEncrypted }, now) {
    // Members are never removed, and whoever asks has read this one.
    const changed = withArsCode(state.members.get(memberId)!, codeEncrypted, now);
    return { result: changed.arsCodeExpiresAt, changes: { members: [changed] } };
  },
};

export type MakeTokenCommand = Parameters<typeof decideToken>[0];

/** Of a card that was read: cards are never removed. One token in 10^16 is not drawn twice while both are good. */
export const makeOneTimeToken: CoreCommand<MakeTokenCommand, OneTimeToken> = {
  name: "make-one-time-token",

  async load(tx) {
    const state = new WorkingState();
    state.realNow = await readRealNow(tx);
    return state;
  },

  decide(state, request, now) {
    const token = decideToken(request, now, state.realNow);
    return { result: token, changes: { oneTimeTokens: [token] } };
  },
};
