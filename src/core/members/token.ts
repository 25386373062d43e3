/** A one-time token: stands for a card, once and for a short time, beside a code of three digits (dCVV). */
import { table } from "../../store/index.ts";

export interface OneTimeToken {
  /** Keyed hash of the token. */
  id: string;
  merchantId: string;
  cardId: string;
  /** Keyed hash of token and code. */
  dcvvHash: string;
  expiresAt: Date;
  usedAt: Date | null;
  /** Real time. */
  madeAt: Date;
}

export const oneTimeTokens = table<OneTimeToken>(
  "one_time_tokens",
  ["id", "merchantId", "cardId", "dcvvHash", "expiresAt", "usedAt", "madeAt"],
  ["id"],
);

/** What a caller shows: the hashes of both. */
export type ShownToken = Pick<OneTimeToken, "id" | "dcvvHash">;
