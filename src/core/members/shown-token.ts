/** Whether what a caller shows stands for a card at this moment. Pure. */
import { isSameSecret } from "../secrets.ts";
import type { Card } from "./card.ts";
import type { Member } from "./member.ts";
import type { OneTimeToken, ShownToken } from "./token.ts";

/** The token as it is kept, and the card that it stands for. */
export interface KeptToken {
  token: OneTimeToken | undefined;
  card: Card | undefined;
}

export interface TokenObjection {
  code: "token-invalid" | "dcvv-wrong";
}

/** Why it does not stand for a card of the member's, or undefined; one that was shown with a wrong code is used up by that. */
export function tokenObjection(
  { token, card }: KeptToken,
  shown: ShownToken,
  member: Member,
  now: Date,
): TokenObjection | undefined {
  if (token === undefined || card === undefined || card.memberId !== member.id) return { code: "token-invalid" };
  if (token.usedAt !== null || token.expiresAt <= now) return { code: "token-invalid" };
  return isSameSecret(token.dcvvHash, shown.dcvvHash) ? undefined : { code: "dcvv-wrong" };
}

/** The token, where what was wrong with it has used it up: whoever guesses a code has one guess. */
export function spoiltBy({ code }: TokenObjection, { token }: KeptToken, now: Date): OneTimeToken[] {
  return code === "dcvv-wrong" ? usedUp(token!, now) : [];
}

/** The token that was shown, whatever came of it. */
export function usedUp(token: OneTimeToken, now: Date): OneTimeToken[] {
  return [{ ...token, usedAt: now }];
}
