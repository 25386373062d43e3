/** Numbers of members and cards, made of counted numbers and ids of our own. Pure. */
import { createHash } from "node:crypto";
import { addMonths, koreanDateTime } from "../korea.ts";

/** Members who are made without a chosen number have one from here on. */
const memberNumber_first = 50_000_200_000;

/** The issuer of these cards. */
const cardPrefix = "949133";
const cardSerials = 1_000_000_000;
const cardYears = 5;

const parPrefix = "Q180";
const parDigest_length = 23;

export function memberNumber(counted: number): string {
  return String(memberNumber_first + counted);
}

/**
 * 16 digits: the issuer's six, nine of the card, Luhn's check digit. Counted numbers are spread over the 10^9 there are by a
 * multiplier that shares no factor with 10, so that neighbours look unlike and none of them repeats.
 */
export function cardNumber(counted: number): string {
  const spread = (BigInt(counted) * 387_420_489n + 104_729_037n) % BigInt(cardSerials);
  const digits = cardPrefix + String(spread).padStart(9, "0");
  return digits + luhnDigit(digits);
}

/** What makes the sum of all digits, every other one doubled, a multiple of ten. */
function luhnDigit(digits: string): string {
  const sum = [...digits].reduceRight((total, digit, index) => {
    const isDoubled = (digits.length - index) % 2 === 1;
    const weighed = Number(digit) * (isDoubled ? 2 : 1);
    return total + (weighed > 9 ? weighed - 9 : weighed);
  }, 0);
  return String((10 - (sum % 10)) % 10);
}

/** 27 characters for a card, the same whenever they are told. */
export function parOf(cardId: string): string {
  const digest = createHash("sha256").update(cardId).digest("hex");
  return parPrefix + digest.slice(0, parDigest_length).toUpperCase();
}

/** `YYMM` of a card that is issued now, by the Korean calendar. */
export function cardExpiry(now: Date): string {
  const ends = koreanDateTime(addMonths(now, 12 * cardYears));
  return ends.slice(2, 4) + ends.slice(5, 7);
}
