/** Statements that read members and their cards. */
import type { Queryable, Statement } from "../../store/index.ts";
import { KRW } from "../money.ts";
import { type Card, cards } from "./card.ts";
import type { NewCard, NewMember, Taken } from "./decide.ts";
import { type Member, members } from "./member.ts";

/** A member with what the books hold for them, in whole won. */
export interface FundedMember {
  member: Member;
  balance: number;
}

const FUNDED = `SELECT ${members.select("m")}, coalesce((SELECT credit - debit FROM ledger_accounts
    WHERE id = 'member:' || m.number AND currency = '${KRW}'), 0)::bigint AS balance FROM members m`;
const BY_NUMBER: Statement = {
  name: "member-by-number",
  text: `${FUNDED} WHERE m.number = $1 AND m.merchant_id = $2`,
};
const BY_CARD: Statement = {
  name: "member-by-card",
  text: `${FUNDED} JOIN cards c ON c.member_id = m.id WHERE c.merchant_id = $1 AND c.number_index = $2`,
};
const NUMBER_BY_PAR: Statement = {
  name: "member-number-by-par",
  text: "SELECT m.number FROM cards c JOIN members m ON m.id = c.member_id WHERE c.par = $1 AND c.merchant_id = $2",
};

/** The number of the merchant's member for whose card this stands. */
export async function readNumberByPar(db: Queryable, merchantId: string, par: string): Promise<string | undefined> {
  return (await db.query<{ number: string }>(NUMBER_BY_PAR, [par, merchantId])).rows[0]?.number;
}

export function readMember(db: Queryable, merchantId: string, number: string): Promise<FundedMember | undefined> {
  return readFunded(db, BY_NUMBER, [number, merchantId]);
}

export function readMemberOfCard(
  db: Queryable,
  merchantId: string,
  numberIndex: string,
): Promise<FundedMember | undefined> {
  return readFunded(db, BY_CARD, [merchantId, numberIndex]);
}

async function readFunded(db: Queryable, statement: Statement, values: string[]): Promise<FundedMember | undefined> {
  const row = (await db.query<Member & { balance: number }>(statement, values)).rows[0];
  if (row === undefined) return undefined;
  const { balance, ...member } = row;
  return { member, balance };
}

const CARDS_OF_MEMBERS: Statement = {
  name: "cards-of-members",
  text: `SELECT ${cards.select("c")} FROM cards c WHERE member_id = ANY($1) ORDER BY id`,
};

/** Oldest first. */
export async function readCards(db: Queryable, memberIds: readonly string[]): Promise<Card[]> {
  return (await db.query<Card>(CARDS_OF_MEMBERS, [memberIds])).rows;
}

const CARD_BY_NUMBER: Statement = {
  name: "card-by-number",
  text: `SELECT ${cards.select("c")} FROM cards c WHERE merchant_id = $1 AND number_index = $2`,
};

export async function readCard(db: Queryable, merchantId: string, numberIndex: string): Promise<Card | undefined> {
  return (await db.query<Card>(CARD_BY_NUMBER, [merchantId, numberIndex])).rows[0];
}

/** By the unique indexes, each in its turn. */
const TAKEN_MEMBERS: Statement = {
  name: "taken-members",
  text: `SELECT id FROM members WHERE number = ANY($1)
    UNION SELECT m.id FROM unnest($2::text[], $3::text[]) AS w (merchant_id, login_index)
      JOIN members m USING (merchant_id, login_index)
    UNION SELECT m.id FROM unnest($2::text[], $4::text[]) AS w (merchant_id, ci_index) JOIN members m USING (merchant_id, ci_index)`,
};
const TAKEN_CARDS: Statement = {
  name: "taken-cards",
  text: `SELECT id FROM cards WHERE par = ANY($1)
    UNION SELECT c.id FROM unnest($2::text[], $3::text[]) AS w (merchant_id, number_index)
      JOIN cards c USING (merchant_id, number_index)`,
};

/** Those that have what one of the wanted is to have alone. */
export async function readTaken(
  tx: Queryable,
  wanted: readonly { member: NewMember; card: NewCard }[],
): Promise<Taken> {
  const merchantIds = wanted.map(({ member }) => member.merchantId);
  const found = await tx.query<{ id: string }>(TAKEN_MEMBERS, [
    wanted.map(({ member }) => member.number),
    merchantIds,
    wanted.map(({ member }) => member.loginIndex),
    wanted.map(({ member }) => member.ciIndex),
  ]);
  const foundCards = await tx.query<{ id: string }>(TAKEN_CARDS, [
    wanted.map(({ card }) => card.par),
    merchantIds,
    wanted.map(({ card }) => card.numberIndex),
  ]);
  const ids = (rows: { id: string }[]) => rows.map(({ id }) => id);
  return { members: await members.read(tx, ids(found.rows)), cards: await cards.read(tx, ids(foundCards.rows)) };
}
