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
  /** On the page; otherwise it is of the operator's making. */
  consented: boolean;
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
  [
    "id",
    "merchantId",
    "credentialId",
    "userId",
    "scopes",
    "adAccounts",
    "consented",
    "grantedAt",
    "unlinkedAt",
    "endedAt",
  ],
  ["id"],
);

const END: Statement = {
  name: "end-user-token",
  text: "UPDATE user_tokens SET ended_at = date_trunc('milliseconds', clock_timestamp()) WHERE id = $1 AND ended_at IS NULL",
};

export async function endUserToken(pool: Pool, id: string): Promise<void> {
  await pool.query(END, [id]);
}
