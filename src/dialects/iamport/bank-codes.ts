/**
 * The bank a caller means, when issuing and when refunding. I'mport passed on whatever each PG wanted, so the same two
 * digits can name two banks: which one depends on the PG of the channel. Pure.
 */
import { normalizeBankCode } from "../../core/banks.ts";

/** daou's own two digits (PortOne's bank code table). Most are another bank's number elsewhere: `11` is 농협 there. */
const daouCodes: ReadonlyMap<string, string> = new Map([
  ["03", "003"],
  ["04", "004"],
  ["05", "005"],
  ["08", "011"],
  ["09", "020"],
  ["10", "088"],
  ["11", "023"],
  ["12", "081"],
  ["15", "032"],
  ["31", "071"],
]);

/** Two digits, or one where a JSON number lost its zero. */
const twoDigits = /^\d{1,2}$/;

/**
 * The KFTC's three digits, or undefined when the code names no bank at this PG. At daou two digits are looked up in its
 * table alone: one that is missing there is refused, for guessing the KFTC's meaning could pay another bank.
 *
 * 외환 (005) becomes 하나 (081), which took over its accounts: nothing is issued at or paid to the old bank any more.
 */
export function readBankCode(provider: string, code: string): string | undefined {
  const daou = provider === "daou" && twoDigits.test(code);
  const bank = daou ? daouCodes.get(code.padStart(2, "0")) : normalizeBankCode(code);
  return bank === "005" ? "081" : bank;
}
