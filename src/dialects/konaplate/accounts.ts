/** What a merchant is to this dialect: the id that its clients send beside their access keys. */
import { createHash } from "node:crypto";
import type { Context } from "./context.ts";

const aspId_digits = 15;
/** With which the published ids begin; those that Naru gives have it too. */
const prefix = "0001";

/** `published`: of merchants whose credentials are the same in every open sandbox, by the merchant's id. */
export function aspIdsOf(published: ReadonlyMap<string, string>): Context["aspIdOf"] {
  return (merchantId) => published.get(merchantId) ?? `${prefix}${digitsOf(merchantId)}`;
}

function digitsOf(merchantId: string): string {
  const digits = aspId_digits - prefix.length;
  const hash = createHash("sha256").update(`konaplate asp ${merchantId}`).digest().readBigUInt64BE();
  return String(hash % 10n ** BigInt(digits)).padStart(digits, "0");
}
