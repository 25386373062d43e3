/** Members, their cards and one-time tokens: what dialects and operators do with them. */
import { randomInt } from "node:crypto";
import { newId, type Pool } from "../../store/index.ts";
import { accepted, type MemberRefusal, type Outcome, refused } from "../errors.ts";
import type { ExchangeDraft } from "../exchanges.ts";
import { limits } from "../limits.ts";
import type { Secrets } from "../secrets.ts";
import { type Card, cardIndex, openCardNumber, sealCardNumber } from "./card.ts";
import type { ArsCodeRequest, MakeTokenCommand, RegisterMemberCommand } from "./commands.ts";
import { type Member, openPerson, type Person, sealArsCode, sealPerson } from "./member.ts";
import { cardNumber, memberNumber, parOf } from "./numbers.ts";
import { type FundedMember, readCard, readCards, readMember, readMemberOfCard, readNumberByPar } from "./read.ts";
import type { OneTimeToken } from "./token.ts";

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

export interface MemberCommands {
  register(request: RegisterMemberCommand): Promise<Outcome<RegisteredMember, MemberRefusal>>;
  keepArsCode(request: ArsCodeRequest): Promise<Date>;
  makeToken(request: MakeTokenCommand): Promise<OneTimeToken>;
}

export class Members {
  readonly #commands: MemberCommands;
  readonly #pool: Pool;
  readonly #secrets: Secrets;
  readonly #nextNumber: (counter: string) => Promise<number>;

  /** `nextNumber`: a number from 0 that no other call on any node gets. */
  constructor(
    commands: MemberCommands,
    pool: Pool,
    secrets: Secrets,
    nextNumber: (counter: string) => Promise<number>,
  ) {
    this.#commands = commands;
    this.#pool = pool;
    this.#secrets = secrets;
    this.#nextNumber = nextNumber;
  }

  /** Makes a member with a first card. A login name or CI that another member of the merchant has is refused. */
  async register(request: RegisterMemberRequest): Promise<Outcome<RegisteredMember, MemberRefusal>> {
    for (let draw = 1; ; draw += 1) {
      const wanted = await this.#draw(request);
      const registered = await this.#commands.register(wanted);
      if (registered.ok || registered.refusal.code !== "number-taken") return registered;
      const chosen = [request.number, request.card?.par, request.card && wanted.card.numberMasked];
      if (chosen.includes(registered.refusal.number) || draw === limits.member_draws_max) return registered;
    }
  }

  /** The merchant's member of this number. */
  async find(merchantId: string, number: string): Promise<MemberView | undefined> {
    const found = await readMember(this.#pool, merchantId, number);
    return found && this.#view(found);
  }

  /** The merchant's member whose card has this number, with that card. */
  async findByCard(merchantId: string, number: string): Promise<(MemberView & { card: CardView }) | undefined> {
    const index = cardIndex(this.#secrets, merchantId, number);
    const found = await readMemberOfCard(this.#pool, merchantId, index);
    if (found === undefined) return undefined;
    const view = await this.#view(found);
    return { ...view, card: view.cards.find(({ card }) => card.numberIndex === index)! };
  }

  /** The number of the merchant's member for whose card a PAR stands. */
  numberByPar(merchantId: string, par: string): Promise<string | undefined> {
    return readNumberByPar(this.#pool, merchantId, par);
  }

  /** A code of 2 digits for the next call to the member, in place of an earlier one. */
  async makeArsCode(member: Member): Promise<{ code: string; expiresAt: Date }> {
    const code = randomDigits(2);
    const codeEncrypted = sealArsCode(this.#secrets, member, code);
    return { code, expiresAt: await this.#commands.keepArsCode({ memberId: member.id, codeEncrypted }) };
  }

  /** `long`: five minutes instead of thirty seconds. */
  async makeToken({
    merchantId,
    cardNumber: number,
    long,
  }: {
    merchantId: string;
    cardNumber: string;
    long: boolean;
  }): Promise<Outcome<MadeToken, MemberRefusal>> {
    const card = await readCard(this.#pool, merchantId, cardIndex(this.#secrets, merchantId, number));
    if (card === undefined) return refused({ code: "card-unknown" });
    const [token, dcvv] = [randomDigits(8) + randomDigits(8), randomDigits(3)];
    const [id, dcvvHash] = [this.#secrets.hash(token), this.#secrets.hash(token + dcvv)];
    const { expiresAt } = await this.#commands.makeToken({ id, merchantId, cardId: card.id, dcvvHash, long });
    return accepted({ token, dcvv, expiresAt });
  }

  /** What is wanted, as it may be stored, with numbers where none were chosen. */
  async #draw({ merchantId, person, password, ...wanted }: RegisterMemberRequest): Promise<RegisterMemberCommand> {
    const [id, cardId] = [newId("mem"), newId("crd")];
    const number = wanted.number ?? memberNumber(await this.#nextNumber("member"));
    const chosen = wanted.card;
    const drawnNumber = chosen?.number ?? cardNumber(await this.#nextNumber("card"));
    const owner = { id: cardId, merchantId };
    return {
      member: {
        id,
        merchantId,
        number,
        ...sealPerson(this.#secrets, { id, merchantId }, person),
        passwordHash: password === null ? null : this.#secrets.hash(`password ${id} ${password}`),
        joinChannel: wanted.joinChannel,
        terms: wanted.terms,
      },
      card: {
        id: cardId,
        par: chosen?.par ?? parOf(cardId),
        ...sealCardNumber(this.#secrets, owner, drawnNumber),
        expiry: chosen?.expiry ?? null,
        serviceId: wanted.serviceId,
      },
      cardNumber: drawnNumber,
      exchange: wanted.exchange,
    };
  }

  async #view({ member, balance }: FundedMember): Promise<MemberView> {
    const held = await readCards(this.#pool, [member.id]);
    const cards = held.map((card) => ({ card, number: openCardNumber(this.#secrets, card) }));
    return { member, person: openPerson(this.#secrets, member), cards, balance };
  }
}

/** At most 14, which is what the generator draws at once. */
function randomDigits(count: number): string {
  return String(randomInt(10 ** count)).padStart(count, "0");
}
