/**
 * Virtual-account numbers as Korean banks write them, for the simulated PG.
 *
 * The forms follow the KFTC's published scheme of account numbers (금융결제원, 참가기관별 CMS 계좌번호체계, as of
 * 2026-05-08), read through public summaries of it, and where it is silent an assumption, marked so below. They are
 * for looking right in a merchant's pages, columns and masks; nothing may infer a bank from them.
 *
 * The scheme says where a check digit (검증번호) stands but not how it is weighted, so it is an ordinary running digit
 * here. A simulated number can therefore equal somebody's real account by chance: nobody may
 * be told to send real money to one.
 */

export interface NumberForm {
  /** KFTC code, three digits. */
  bankCode: string;
  /** Digits in a number, hyphens not counted; 16 at most. */
  length: number;
  /** The digits that every number starts with; empty where the bank's fixed digits, if any, stand further in. */
  prefix: string;
  /** Digits between hyphens as displayed; their sum is `length`. */
  groups: readonly number[];
  /** The whole form, hyphens included: a digit stands for itself, `#` for a running digit. */
  pattern: string;
}

type Row = readonly [bankCode: string, pattern: string];

/** Length and fixed digits are those that the KFTC scheme gives for virtual accounts (가상계좌) at this bank. */
const published: readonly Row[] = [
  // 점번호 4, 과목 92 (수납전용, 비실명), displayed 6-2-6.
  ["004", "####92-##-######"],
  // 과목 790 and 791.
  ["011", "790-####-####-##-#"],
  // 과목 792, the cooperatives' range next to 농협은행's.
  ["012", "792-####-####-##-#"],
  // 연계계좌: 점번호 3, 고객번호 and 검증 6, 과목 18 (가상보통예금).
  ["020", "###-######-18-###"],
  // 점번호 3, 과목 16; an older form of 11 digits has 과목 15.
  ["023", "###-16-#########"],
  // 과목 937, since 2023-08-01; 938 and 999 since 2026.
  ["031", "937-##########-#"],
  // "9" and 과목 037.
  ["045", "9037-####-####-#"],
  // 과목 910.
  ["048", "910-###-#####-#"],
  // Begins with 8 or 9.
  ["071", "8-###########-#"],
  // 점번호 3, serial that begins with 9, and 과목 37 (일반가상) at the very end. Displayed 3-6-5.
  ["081", "###-9#####-###37"],
  // 과목 562; 560 and 561 as well.
  ["088", "562-###-#######-#"],
  // Begins with 17 or 19.
  ["092", "17##-####-####"],
];

/**
 * The bank's published form that comes nearest. Assumed: that its virtual accounts look so. The scheme names no
 * virtual accounts for these banks, or does not say which digits tell them apart.
 */
const assumed: readonly Row[] = [
  // Published as deposit-only (입금전용): 과목 010, serial 8, 점번호 3.
  ["002", "010-########-###"],
  // Published: the 14-digit account, 과목 in the 10th and 11th place. Assumed: 97, as in one number that is public.
  ["003", "###-######-97-##-#"],
  // Published: 14 digits for virtual accounts, and that 481 to 489 and 493 in front belong to 수협중앙회 alone.
  // Assumed: 40 in the 4th and 5th place, as before the split of 2025, and a leading 1 to stay clear of that range.
  ["007", "1##-40-########-#"],
  // Published: the 13-digit account and 과목 91 for linked accounts (연계), without the word virtual.
  ["027", "###-#####-91-#-##"],
  // Published: the 13-digit ordinary account (보통), 과목 101.
  ["032", "101-####-####-##"],
  // Published: the 13-digit ordinary account, 과목 107 in the 2nd to 4th place.
  ["034", "#-107-########-#"],
  // Published: the 13-digit ordinary account, 과목 013 in the 2nd to 4th place.
  ["037", "#-013-##-#######"],
  // Published: the 13-digit ordinary account, 과목 207.
  ["039", "207-#########-#"],
  // Published: 14 digits that begin with 7 or 9 for payment services (간편송금). Assumed: the same for PGs.
  ["089", "7##-####-###-####"],
  // Published: 13 digits, 업무구분 1 and 상품구분 3. Assumed: 7979, which
  // public warnings name as no ordinary account.
  ["090", "7979-##-#######"],
];

/**
 * Securities firms, which only 세틀뱅크's list from before 2018 names. All assumed: the length,
 * 12 digits; the hyphens; and the firm's own code in front, so that no two firms share a number.
 */
const securities: readonly Row[] = "209 218 230 243 247 262 263 266 267 270 278 279 280 287 291"
  .split(" ")
  .map((code) => [code, `${code}-##-#######`]);

/** One form for every bank that issues virtual accounts, by ascending bank code. */
export const numberForms: readonly NumberForm[] = [...published, ...assumed, ...securities]
  .map(([bankCode, pattern]) => formOf(bankCode, pattern))
  .sort((one, other) => one.bankCode.localeCompare(other.bankCode));

const formByBank: ReadonlyMap<string, NumberForm> = new Map(numberForms.map((form) => [form.bankCode, form]));

function formOf(bankCode: string, pattern: string): NumberForm {
  const digits = pattern.replaceAll("-", "");
  const groups = pattern.split("-").map((group) => group.length);
  return Object.freeze({
    bankCode,
    length: digits.length,
    prefix: digits.slice(0, digits.indexOf("#")),
    groups: Object.freeze(groups),
    pattern,
  });
}

/**
 * How many different numbers a bank's form holds: 10 to the power of its running digits, at least 1,000,000,000.
 *
 * @throws RangeError when the bank has no form, that is, issues no virtual accounts
 */
export function capacity(bankCode: string): number {
  return 10 ** runningDigits(requireForm(bankCode));
}

/**
 * The number of a serial in the bank's form: digits only, no hyphens. Pure, and a bijection from the serials
 * 0 to `capacity(bankCode) - 1` onto the numbers of the form, so that two serials never meet at one number.
 *
 * @param bankCode KFTC code, three digits
 * @throws RangeError when the bank has no form, or the serial is not a whole number within its capacity
 */
export function accountNumber(bankCode: string, serial: number): string {
  const form = requireForm(bankCode);
  const count = runningDigits(form);
  if (!Number.isInteger(serial) || serial < 0 || serial >= 10 ** count) {
    throw new RangeError(`no account number of bank ${bankCode} has the serial ${serial}`);
  }
  const running = scatter(serial, count);
  let next = 0;
  return form.pattern.replaceAll("-", "").replaceAll("#", () => running.charAt(next++));
}

/**
 * A number with the bank's hyphens, for display. Hyphens that are already there do not matter. A number of another
 * length, or of a bank without a form, comes back as it is: it is not ours, and where its hyphens go is not known.
 */
export function formatAccountNumber(bankCode: string, number: string): string {
  const form = formByBank.get(bankCode);
  const digits = number.replaceAll("-", "");
  if (form === undefined || digits.length !== form.length || /\D/.test(digits)) return number;
  let start = 0;
  return form.groups
    .map((size) => {
      start += size;
      return digits.slice(start - size, start);
    })
    .join("-");
}

function requireForm(bankCode: string): NumberForm {
  const form = formByBank.get(bankCode);
  if (form === undefined) throw new RangeError(`bank ${bankCode} issues no virtual accounts`);
  return form;
}

/** Whether the number has the form of those that the bank lends for virtual accounts. */
export function isLent(bankCode: string, number: string): boolean {
  const form = formByBank.get(bankCode)?.pattern.replaceAll("-", "").replaceAll("#", "\\d");
  return form !== undefined && new RegExp(`^${form}$`).test(number);
}

function runningDigits(form: NumberForm): number {
  return form.pattern.split("#").length - 1;
}

/** The golden ratio's digits: a step of about 0.618 of the range puts neighbours far apart and fills it evenly. */
const step = 6180339887498949n;
/** Where serial 0 lands, so that the first number is not a row of zeros. */
const offset = 3141592653589793n;

/**
 * An affine permutation of the numbers below 10 to the power of `count`, at most 15. It is one because the multiplier
 * is odd and no multiple of 5, hence coprime to the modulus. In BigInt: the product passes 2 to the power of 53.
 */
function scatter(serial: number, count: number): string {
  const modulus = 10n ** BigInt(count);
  const scaled = (step * modulus) / 10n ** 16n;
  const multiplier = scaled - (scaled % 10n) + 7n;
  return String((BigInt(serial) * multiplier + offset) % modulus).padStart(count, "0");
}
