/**
 * An ad account: what an advertiser pays for ads from. Its cash is the balance of the ledger account that bears its
 * number, so it is out of balance when that and its free cash are used up, and a deposit clears this by itself.
 *
 *   on ◀──▶ off ──▶ deleted      by its members or the operator; deleting is the operator's alone
 *
 * `stopped` is the operator's word beside that: members cannot switch a stopped account on.
 */
import { type Queryable, type Statement, table } from "../../store/index.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";
import { accounts, readOwed } from "../ledger/ledger.ts";
import { numbered } from "./numbered.ts";

export const adAccountStates = ["on", "off", "deleted"] as const;
export type AdAccountState = (typeof adAccountStates)[number];

export const memberRoles = ["master", "member"] as const;
export type MemberRole = (typeof memberRoles)[number];

export interface Company {
  /** 사업자등록번호, `123-45-67890`. */
  businessRegistrationNumber: string;
  name: string;
}

export interface AdAccount {
  id: string;
  merchantId: string;
  /** What clients and the ledger know it by; unique in the installation. */
  number: number;
  name: string;
  state: AdAccountState;
  stopped: boolean;
  type: string;
  ownerCompany: Company;
  advertiser: Company;
  businessRight: { number: number; companyName: string };
  walletNumber: number;
  /** Whole won that were given for nothing. No money moved for it, so the books do not hold it. */
  freeCash: number;
  /** By user id. */
  members: Record<string, MemberRole>;
  createdAt: Date;
  updatedAt: Date;
  eventSeq: number;
}

export type AdAccountEventType = "ad-account.made" | "ad-account.changed";

export const adAccounts = table<AdAccount>(
  "ad_accounts",
  [
    "id",
    "merchantId",
    "number",
    "name",
    "state",
    "stopped",
    "type",
    "ownerCompany",
    "advertiser",
    "businessRight",
    "walletNumber",
    "freeCash",
    "members",
    "createdAt",
    "updatedAt",
    "eventSeq",
  ],
  ["id"],
);

export const numberedAdAccounts = numbered(adAccounts);

/** The ad account after a change, and the one event that tells of it; `by`: a user's id, or null for the operator. */
export function changeAdAccount(
  adAccount: AdAccount,
  change: Partial<AdAccount>,
  type: AdAccountEventType,
  by: string | null,
  now: Date,
): { adAccount: AdAccount; event: NewEvent } {
  const tell = ({ number, name, stopped, freeCash }: AdAccount) =>
    ({ subjectType: "ad-account", paymentId: null, type, data: { number, name, stopped, freeCash, by } }) as const;
  const { changed, event } = changeSubject(adAccount, change, tell, now);
  return { adAccount: changed, event };
}

/** An ad account with the cash that the books hold for it, in whole won. */
export interface FundedAdAccount {
  adAccount: AdAccount;
  cash: number;
}

export function isOutOfBalance({ adAccount, cash }: FundedAdAccount): boolean {
  return cash + adAccount.freeCash <= 0;
}

/** With the cash that the books hold for each. */
export async function withCash(db: Queryable, held: readonly AdAccount[]): Promise<FundedAdAccount[]> {
  const ids = held.map(({ number }) => accounts.adAccount(number));
  const cash = await readOwed(db, ids);
  return held.map((adAccount, index) => ({ adAccount, cash: cash.get(ids[index]!)! }));
}

/** By the index of members. */
const OF_USERS: Statement = {
  name: "ad-accounts-of-users",
  text: `SELECT ${adAccounts.select("a")} FROM ad_accounts a WHERE members ?| $1`,
};

/** Those that any of the users is a member of. */
export async function readMemberships(db: Queryable, userIds: readonly string[]): Promise<AdAccount[]> {
  return (await db.query<AdAccount>(OF_USERS, [userIds])).rows;
}

interface MembershipSearch {
  merchantId: string;
  userId: string;
  /** Only these, where a user let an app have some alone; undefined for all. */
  numbers: readonly number[] | undefined;
  states: readonly AdAccountState[];
  /** From 0. */
  page: number;
  size: number;
}

/** By the same index. */
const MEMBERSHIPS = `FROM ad_accounts a WHERE merchant_id = $1 AND members ? $2 AND state = ANY($3)
  AND ($4::bigint[] IS NULL OR number = ANY($4))`;
const COUNT_MEMBERSHIPS: Statement = {
  name: "count-ad-accounts-of-user",
  text: `SELECT count(*) AS total ${MEMBERSHIPS}`,
};
const PAGE_OF_MEMBERSHIPS: Statement = {
  name: "page-ad-accounts-of-user",
  text: `SELECT ${adAccounts.select("a")} ${MEMBERSHIPS} ORDER BY number LIMIT $5 OFFSET $6`,
};

/** A page of those that a user is a member of, in the order of their numbers. */
export async function searchMemberships(
  db: Queryable,
  search: MembershipSearch,
): Promise<{ total: number; adAccounts: AdAccount[] }> {
  const { merchantId, userId, states, numbers, page, size } = search;
  const values = [merchantId, userId, states, numbers ?? null];
  const { total } = (await db.query<{ total: number }>(COUNT_MEMBERSHIPS, values)).rows[0]!;
  const found = await db.query<AdAccount>(PAGE_OF_MEMBERSHIPS, [...values, size, page * size]);
  return { total, adAccounts: found.rows };
}
