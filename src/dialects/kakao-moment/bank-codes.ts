/** The ten banks of the contract, by their two digits: those of the KFTC without its leading zero. Pure. */
import { findBank, normalizeBankCode } from "../../core/banks.ts";

export const bankCodes = ["03", "04", "11", "81", "20", "88", "39", "71", "32", "31"] as const;

/** The KFTC's three digits. */
export function kftcCode(bankCode: string): string {
  return normalizeBankCode(bankCode)!;
}

/** The two digits of a bank that is one of the ten, and its short name. */
export function bankOf(kftc: string): { bankCode: string; bankName: string } {
  return { bankCode: kftc.slice(1), bankName: findBank(kftc)!.shortName };
}
