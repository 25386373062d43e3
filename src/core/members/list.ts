/** Members as operators see them: nobody's name, and numbers masked. */
import type { Queryable, Statement } from "../../store/index.ts";
import { accounts, readOwed } from "../ledger/ledger.ts";
import type { LinkedAccount } from "../linked-accounts/linked-account.ts";
import type { Secrets } from "../secrets.ts";
import type { Card } from "./card.ts";
import { loginIndex, type Member } from "./member.ts";

type ListedMember = Pick<Member, "id" | "number" | "state" | "autoChargeAmount" | "autoChargeBelow" | "createdAt">;
type ListedCard = Pick<Card, "memberId" | "par" | "numberMasked" | "expiry" | "state" | "serviceId">;
type ListedAccount = Pick<
  LinkedAccount,
  "memberId" | "accountId" | "purpose" | "state" | "bankCode" | "numberMasked" | "registeredAt"
>;

export interface MemberListing extends ListedMember {
  /** Whole won. */
  balance: number;
  cards: Omit<ListedCard, "memberId">[];
  /** Those that are registered, or about to be. */
  accounts: Omit<ListedAccount, "memberId">[];
}

const shown = `m.id, m.number, m.state, m.auto_charge_amount AS "autoChargeAmount",
  m.auto_charge_below AS "autoChargeBelow", m.created_at AS "createdAt"`;
const LIST: Statement = {
  name: "list-members-of-merchant",
  text: `SELECT ${shown} FROM members m WHERE merchant_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
};
const BY_NUMBER: Statement = {
  name: "list-member-by-number",
  text: `SELECT ${shown} FROM members m WHERE merchant_id = $1 AND number = $2`,
};
const CARDS: Statement = {
  name: "list-cards-of-members",
  text: `SELECT member_id AS "memberId", par, number_masked AS "numberMasked", expiry, state, service_id AS "serviceId"
    FROM cards WHERE member_id = ANY($1) ORDER BY id`,
};
const ACCOUNTS: Statement = {
  name: "list-linked-accounts-of-members",
  text: `SELECT member_id AS "memberId", account_id AS "accountId", purpose, state, bank_code AS "bankCode",
      number_masked AS "numberMasked", registered_at AS "registeredAt"
    FROM linked_accounts WHERE member_id = ANY($1) AND state IN ('calling', 'agreed', 'registered') ORDER BY id`,
};
const BY_LOGIN: Statement = {
  name: "find-members-by-login",
  text: `SELECT m.id, m.number, m.login_index AS "loginIndex",
      EXISTS (SELECT FROM linked_accounts l WHERE l.member_id = m.id AND l.state <> 'failed') AS linked
    FROM members m WHERE merchant_id = $1 AND login_index = ANY($2)`,
};

/** A merchant's, in the order in which they were made, those after the given id. */
export async function listMembers(
  db: Queryable,
  merchantId: string,
  after: string,
  count: number,
): Promise<MemberListing[]> {
  return withHoldings(db, (await db.query<ListedMember>(LIST, [merchantId, after, count])).rows);
}

export async function readMember(
  db: Queryable,
  merchantId: string,
  number: string,
): Promise<MemberListing | undefined> {
  return (await withHoldings(db, (await db.query<ListedMember>(BY_NUMBER, [merchantId, number])).rows))[0];
}

async function withHoldings(db: Queryable, found: readonly ListedMember[]): Promise<MemberListing[]> {
  const ids = found.map(({ id }) => id);
  const cards = (await db.query<ListedCard>(CARDS, [ids])).rows;
  const linked = (await db.query<ListedAccount>(ACCOUNTS, [ids])).rows;
  const purses = found.map(({ number }) => accounts.member(number));
  const balances = await readOwed(db, purses);
  const of = <Row extends { memberId: string }>(all: readonly Row[], id: string): Omit<Row, "memberId">[] =>
    all.filter(({ memberId }) => memberId === id).map(({ memberId: _, ...row }) => row);
  return found.map((member) => ({
    ...member,
    balance: balances.get(accounts.member(member.number))!,
    cards: of(cards, member.id),
    accounts: of(linked, member.id),
  }));
}

export interface KnownMember {
  id: string;
  number: string;
  /** Whether an account of theirs is or was registered, or is about to be. */
  linked: boolean;
}

/** Those of a merchant's members who have one of these login names, by the name. */
export async function findByLogin(
  db: Queryable,
  secrets: Secrets,
  merchantId: string,
  loginIds: readonly string[],
): Promise<Map<string, KnownMember>> {
  const names = new Map(loginIds.map((loginId) => [loginIndex(secrets, merchantId, loginId), loginId]));
  const { rows } = await db.query<KnownMember & { loginIndex: string }>(BY_LOGIN, [merchantId, [...names.keys()]]);
  return new Map(rows.map(({ loginIndex: index, ...member }) => [names.get(index)!, member]));
}
