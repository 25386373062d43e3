/** Banks as this contract names them: the KFTC's three digits, and some from before mergers. Pure. */
import { banks, findBank } from "../../core/banks.ts";

/** Codes of the public sandbox's own data that the KFTC no longer has, with the bank that took the old one over. */
const mergedCodes: ReadonlyMap<string, string> = new Map([
  ["005", "081"],
  ["010", "011"],
  ["021", "088"],
]);

export const bankName_length = 10;

/** The KFTC's code of the bank that is meant; undefined when the code names none. */
export function kftcCode(bankCode: string): string | undefined {
  const code = mergedCodes.get(bankCode) ?? bankCode;
  return findBank(code)?.code;
}

/** Where people have accounts that can be linked, each with a name of at most 10 characters. */
export const institutions: readonly { bankCode: string; bankName: string }[] = banks
  .filter(({ code, holderLookup }) => holderLookup && !mergedCodes.has(code))
  .map(({ code, name }) => ({ bankCode: code, bankName: shownBankName(name) }));

export function shownBankName(name: string): string {
  return [...name].slice(0, bankName_length).join("");
}
