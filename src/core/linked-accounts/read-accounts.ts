/** Statements that read linked accounts. */
import type { Queryable, Statement } from "../../store/index.ts";
import { type LinkedAccount, linkedAccounts } from "./linked-account.ts";

const OF_MEMBERS: Statement = {
  name: "linked-accounts-of-members",
  text: `SELECT ${linkedAccounts.select("l")} FROM linked_accounts l WHERE member_id = ANY($1) ORDER BY id`,
};

/** Oldest first, those that are over included. All accounts of a member are changed under the member's lock. */
export async function readAccountsOf(db: Queryable, memberIds: readonly string[]): Promise<LinkedAccount[]> {
  return memberIds.length === 0 ? [] : (await db.query<LinkedAccount>(OF_MEMBERS, [memberIds])).rows;
}

/** By the unique index of those that are registered. */
const REGISTERED: Statement = {
  name: "registered-linked-accounts",
  text: `SELECT ${linkedAccounts.select("l")} FROM linked_accounts l WHERE member_id = $1 AND state = 'registered'`,
};

/** One per purpose at most. */
export async function readRegistered(db: Queryable, memberId: string): Promise<LinkedAccount[]> {
  return (await db.query<LinkedAccount>(REGISTERED, [memberId])).rows;
}
