/**
 * What users let apps do for them, by OAuth 2's authorization code: an app asks, the user consents, a code goes to the
 * app's address and is exchanged once for a token.
 *
 *   code   ──▶ used                    within ten minutes, by the app it was made for; void when the app is unlinked
 *   token  ──▶ unlinked, or ended      the user no longer lets the app; the token is void
 *
 * Codes and tokens are known by their keyed hash alone. All times here are real: moving the sandbox clock ends nothing.
 */
import { type Pool, type Statement, table } from "../../store/index.ts";

/** What an app asks for, or was given. */
export interface Wish {
  redirectUri: string;
  scopes: string[];
  /** Numbers of the ad accounts it is about; null for all that the user has. */
  adAccounts: number[] | null;
}

export interface AuthorizationCode extends Wish {
  /** Keyed hash of the code. */
  id: string;
  merchantId: string;
  credentialId: string;
  userId: string;
  expiresAt: Date;
  usedAt: Date | null;
}

export interface UserToken extends Omit<Wish, "redirectUri"> {
  /** Keyed hash of the token. */
  id: string;
  merchantId: string;
  credentialId: string;
  userId: string;
  grantedAt: Date;
  unlinkedAt: Date | null;
  endedAt: Date | null;
}

export const authorizationCodes = table<AuthorizationCode>(
  "authorization_codes",
  ["id", "merchantId", "credentialId", "userId", "redirectUri", "scopes", "adAccounts", "expiresAt", "usedAt"],
  ["id"],
);

export const userTokens = table<UserToken>(
  "user_tokens",
  ["id", "merchantId", "credentialId", "userId", "scopes", "adAccounts", "grantedAt", "unlinkedAt", "endedAt"],
  ["id"],
);

const VOID_CODES: Statement = {
  name: "void-codes-of-app",
  text: `UPDATE authorization_codes SET used_at = date_trunc('milliseconds', clock_timestamp())
    WHERE id IN (SELECT id FROM authorization_codes
      WHERE credential_id = $1 AND user_id = $2 AND used_at IS NULL ORDER BY id FOR UPDATE)`,
};
const UNLINK: Statement = {
  name: "unlink-app",
  text: `UPDATE user_tokens SET unlinked_at = date_trunc('milliseconds', clock_timestamp())
    WHERE credential_id = $1 AND user_id = $2 AND ended_at IS NULL AND unlinked_at IS NULL`,
};
const END: Statement = {
  name: "end-user-token",
  text: "UPDATE user_tokens SET ended_at = date_trunc('milliseconds', clock_timestamp()) WHERE id = $1 AND ended_at IS NULL",
};

/**
 * The user takes back all that the app was let do; it may ask again. Answers how many tokens are void by that. Codes come
 * first: that waits for those that are being exchanged, so their tokens are seen.
 */
export async function unlinkApp(pool: Pool, credentialId: string, userId: string): Promise<number> {
  await pool.query(VOID_CODES, [credentialId, userId]);
  return (await pool.query(UNLINK, [credentialId, userId])).rowCount ?? 0;
}

export async function endUserToken(pool: Pool, id: string): Promise<void> {
  await pool.query(END, [id]);
}
