/**
 * Claims: locks on what may not exist yet. A row that is not there cannot be locked, so its name is.
 *
 * Scopes sort in the lock order of `group-commit.ts`; within a scope, keys sort bytewise. Claims stay for good: they
 * are small, and removing one would need the very lock it stands for.
 */
import type { Queryable, Statement } from "./postgres.ts";

export type ClaimScope =
  | "0-ad-account"
  | "0-member"
  | "0-merchant"
  | "0-user"
  | "2-prepared"
  | "2-reference"
  | "3-notice"
  | "4-number"
  | "4-receipt"
  | "sandbox-bank";

export interface Claim {
  readonly scope: ClaimScope;
  readonly key: string;
}

/** Sorted, so that two batches insert common keys in one order. New rows are locked by being uncommitted. */
const CLAIM: Statement = {
  name: "claim",
  text: `INSERT INTO claims (scope, key)
    SELECT DISTINCT scope, key FROM unnest($1::text[], $2::text[]) AS wanted (scope, key) ORDER BY 1, 2
    ON CONFLICT DO NOTHING`,
};

/** Primary-key look-ups in lock order; rows just inserted by this transaction cost no wait. */
const LOCK_CLAIMS: Statement = {
  name: "lock-claims",
  text: `SELECT FROM claims WHERE (scope, key) IN (SELECT * FROM unnest($1::text[], $2::text[]))
    ORDER BY scope, key FOR UPDATE`,
};

export async function claim(tx: Queryable, claims: readonly Claim[]): Promise<void> {
  if (claims.length === 0) return;
  const values = [claims.map((one) => one.scope), claims.map((one) => one.key)];
  await tx.query(CLAIM, values);
  await tx.query(LOCK_CLAIMS, values);
}
