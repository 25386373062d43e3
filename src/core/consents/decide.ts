/** The rules of consent: what an app may ask, who may consent, when a code is worth a token. Pure. */
import type { AdAccount } from "../ad-accounts/ad-account.ts";
import type { User } from "../ad-accounts/user.ts";
import { type AppRefusal, accepted, type CodeRefusal, type Outcome, refused, type UserRefusal } from "../errors.ts";
import type { AppSettings, Credential } from "../merchants/merchant.ts";
import type { AuthorizationCode, UserToken, Wish } from "./consent.ts";

/** Why the app may not ask for this, or undefined. */
export function appObjection(app: AppSettings | undefined, wish: Wish): AppRefusal | undefined {
  if (app === undefined) return { code: "app-unknown" };
  if (app.suspended) return { code: "app-suspended" };
  if (!app.redirectUris.includes(wish.redirectUri)) return { code: "redirect-unknown", uri: wish.redirectUri };
  if (!app.verified) return { code: "app-not-verified" };
  if (!app.permitted) return { code: "app-not-permitted" };
  const scope = wish.scopes.find((one) => !app.scopes.includes(one));
  return scope === undefined ? undefined : { code: "scope-not-permitted", scope };
}

/** Why this user may not consent to it, or undefined; `held`: the ad accounts they are a member of. */
export function userObjection(
  app: AppSettings,
  user: User,
  held: readonly AdAccount[],
  { adAccounts }: Wish,
): UserRefusal | undefined {
  if (app.testers !== null && !app.testers.includes(user.number)) return { code: "user-not-tester" };
  if (user.restricted) return { code: "user-restricted" };
  if (!user.business) return { code: "user-without-business" };
  const numbers = held.filter(({ state }) => state !== "deleted").map(({ number }) => number);
  const hasAll = adAccounts === null ? numbers.length > 0 : adAccounts.every((number) => numbers.includes(number));
  return hasAll ? undefined : { code: "user-without-assets" };
}

export interface ExchangeRequest {
  /** Keyed hash of the code that was brought. */
  codeId: string;
  /** The app that brings it. */
  app: Pick<Credential, "id">;
  redirectUri: string;
  /** Keyed hash of the token that it becomes. */
  tokenId: string;
}

export interface Exchanged {
  code: AuthorizationCode;
  token: UserToken;
}

/** A code is worth one token, within its time, to the app it was made for, from the address it was sent to. */
export function decideExchange(
  code: AuthorizationCode | undefined,
  { app, redirectUri, tokenId }: ExchangeRequest,
  now: Date,
): Outcome<Exchanged, CodeRefusal> {
  const isLive = code !== undefined && code.usedAt === null && code.expiresAt > now && code.credentialId === app.id;
  if (!isLive) return refused({ code: "code-unknown" });
  if (code.redirectUri !== redirectUri) return refused({ code: "redirect-differs", uri: redirectUri });
  const { merchantId, credentialId, userId, scopes, adAccounts } = code;
  const token = { id: tokenId, merchantId, credentialId, userId, scopes, adAccounts, consented: true, grantedAt: now };
  return accepted({ code: { ...code, usedAt: now }, token: { ...token, unlinkedAt: null, endedAt: null } });
}
