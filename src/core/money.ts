import { limits } from "./limits.ts";

/** The one currency of virtual accounts. Amounts are whole units of it. */
export const KRW = "KRW";

/** A sum that can be asked for or paid: whole, at least 1, at most `limits.amount_max`. */
export function isAmount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1 && value <= limits.amount_max;
}
