/** Members, their cards and one-time tokens: what dialects and operators do with them. */
import type { MemberRefusal, Outcome } from "../errors.ts";
import type { ExchangeDraft } from "../exchanges.ts";
import type { Card } from "./card.ts";
import type { Member, Person } from "./member.ts";

export interface RegisterMemberRequest {
  merchantId: string;
  /** Undefined: the next free one. */
  number?: string;
  person: Person;
  password: string | null;
  joinChannel: string | null;
  terms: string[];
  /** 15 digits: the product that their first card is of. */
  serviceId: string;
  /** Undefined: a new number; of a card that was issued before, that one. */
  card?: { number: string; par: string; expiry: string };
  exchange?: ExchangeDraft<Outcome<RegisteredMember, MemberRefusal>>;
}

export interface RegisteredMember {
  member: Member;
  card: Card;
  cardNumber: string;
}

/** A member as clients are shown them. */
export interface MemberView {
  member: Member;
  person: Person;
  /** Oldest first. */
  cards: CardView[];
  /** Whole won; what the books hold. */
  balance: number;
}

export interface CardView {
  card: Card;
  number: string;
}

export interface MadeToken {
  /** 16 digits. */
  token: string;
  /** 3 digits. */
  dcvv: string;
  /** Business time. */
  expiresAt: Date;
}

export class Members {
  /** Makes a member with a first card. A login name or CI that another member of the merchant has is refused. */
  register(_request: RegisterMemberRequest): Promise<Outcome<RegisteredMember, MemberRefusal>> {
    throw new Error("not built");
  }

  /** The merchant's member of this number. */
  find(_merchantId: string, _number: string): Promise<MemberView | undefined> {
    throw new Error("not built");
  }

  /** The merchant's member whose card has this number, with that card. */
  findByCard(_merchantId: string, _cardNumber: string): Promise<(MemberView & { card: CardView }) | undefined> {
    throw new Error("not built");
  }

  /** A code of 2 digits for the next call to the member, in place of an earlier one. */
  makeArsCode(_member: Member): Promise<{ code: string; expiresAt: Date }> {
    throw new Error("not built");
  }

  /** `long`: five minutes instead of thirty seconds. */
  makeToken(_request: {
    merchantId: string;
    cardNumber: string;
    long: boolean;
  }): Promise<Outcome<MadeToken, MemberRefusal>> {
    throw new Error("not built");
  }
}
