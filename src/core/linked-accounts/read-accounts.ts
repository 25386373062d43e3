/** Statements that read linked accounts. */
import type { Queryable, Statement } from "../../store/index.ts";
import { type LinkedAccount, linkedAccounts } from "./linked-account.ts";

const selected = `SELECT ${linkedAccounts.select("l")} FROM linked_accounts l WHERE member_id = ANY($1)`;

/** By the unique index of those that are registered. */
const REGISTERED: Statement = {
  name: "registered-linked-accounts",
  text: `${selected} AND state = 'registered'`,
};

/** By that of those under way. */
const UNDER_WAY: Statement = {
  name: "linked-accounts-under-way",
  text: `${selected} AND state IN ('calling', 'agreed')`,
};

/** One per member and purpose at most. All accounts of a member are changed under the member's lock. */
export async function readRegistered(db: Queryable, memberIds: readonly string[]): Promise<LinkedAccount[]> {
  return memberIds.length === 0 ? [] : (await db.query<LinkedAccount>(REGISTERED, [memberIds])).rows;
}

/** Those, and what is being registered: one per member at most, however many there were before. */
export async function readAccountsOf(db: Queryable, memberIds: readonly string[]): Promise<LinkedAccount[]> {
  if (memberIds.length === 0) return [];
  const registered = await readRegistered(db, memberIds);
  return [...registered, ...(await db.query<LinkedAccount>(UNDER_WAY, [memberIds])).rows];
}
