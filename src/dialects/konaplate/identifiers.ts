/** Names and numbers as this dialect spells them. Each follows from our own: nothing is looked up to show it. Pure. */
import { createHash } from "node:crypto";

export const dialect = "konaplate";

/** Of ids of registrations of linked accounts. */
const registrationPrefix = "lac_";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** As many digits as 128 bits have to the base 62. */
export const shortId_length = 22;

/** The 128 bits of an id of ours, in 22 letters and digits. */
export function shortId(id: string): string {
  let number = BigInt(`0x${hexOf(id)}`);
  let text = "";
  for (let place = 0; place < shortId_length; place += 1) {
    text = alphabet[Number(number % 62n)]! + text;
    number /= 62n;
  }
  return text;
}

/** The registration that clients name by this `bankAccRegNo`; undefined for what names none. */
export function registrationOf(regNo: string): string | undefined {
  if (regNo.length !== shortId_length || !/^[0-9A-Za-z]+$/.test(regNo)) return undefined;
  const number = [...regNo].reduce((sum, letter) => sum * 62n + BigInt(alphabet.indexOf(letter)), 0n);
  const hex = number.toString(16).padStart(32, "0");
  return hex.length === 32 ? registrationPrefix + hex : undefined;
}

/** `nrNumber` of what is a payment or deposit of ours: 35 characters. */
export { wireIdOf as nrNumber } from "../../core/linked-accounts/decide-charge.ts";

/** 8 digits that follow from an id: an approval of ours has no number of a card scheme. */
export function approvalCode(id: string): string {
  const number = createHash("sha256").update(id).digest().readUInt32BE();
  return String(number % 100_000_000).padStart(8, "0");
}

function hexOf(id: string): string {
  return id.slice(id.indexOf("_") + 1);
}
