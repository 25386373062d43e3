/** Whether what a caller shows stands for a card at this moment. Pure. */
import { timingSafeEqual } from "node:crypto";
import type { Card } from "./card.ts";
import type { Member } from "./member.ts";
import type { OneTimeToken, ShownToken } from "./token.ts";

/** The token as it is kept, and the card that it stands for. */
export interface KeptToken {
  token: OneTimeToken | undefined;
  card: Card | undefined;
}

/** Why it does not stand for a card of the member's, or undefined; one that was shown with a wrong code is used up by that. */
export function tokenObjection(
  { token, card }: KeptToken,
  shown: ShownToken,
  member: Member,
  now: Date,
): { code: "token-invalid" | "dcvv-wrong" } | undefined {
  if (token === undefined || card === undefined || card.memberId !== member.id) return { code: "token-invalid" };
  if (token.usedAt !== null || token.expiresAt <= now) return { code: "token-invalid" };
  return isSame(token.dcvvHash, shown.dcvvHash) ? undefined : { code: "dcvv-wrong" };
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
