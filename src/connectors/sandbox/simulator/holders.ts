/**
 * Whose account it is. The sandbox bank knows the virtual accounts that Naru issued and the people of `people.ts`, and has
 * an account for every number of 10 to 16 digits besides, held by a person whose name depends on bank and number alone;
 * except that numbers which begin with 000 are nobody's, so that a failed look-up can be had.
 */
import { createHash } from "node:crypto";
import { findBank } from "../../../core/banks.ts";
import { readByNumber } from "../../../core/virtual-accounts/read.ts";
import type { Queryable } from "../../../store/index.ts";
import { sandbox } from "../notices.ts";
import { findPerson } from "./people.ts";

const surnames = [..."김이박최정강조윤장임한오서신권황안송류홍"];
const givenNames =
  "민준 서연 도윤 하은 지호 수아 예준 지우 시우 서현 은우 다은 길동 나루 보람 한결 가온 아름 슬기 새벽".split(" ");

export function isNobodys(number: string): boolean {
  return number.startsWith("000");
}

/** Whether somebody has this account. */
export function isAccount(bankCode: string, number: string): boolean {
  return findBank(bankCode) !== undefined && /^\d{10,16}$/.test(number) && !isNobodys(number);
}

export interface Holder {
  name: string;
  /** `yyyyMMdd`; null where any date is theirs. */
  birthDate: string | null;
}

/** The holder at whatever bank; undefined where nobody has the account. */
export async function holderOf(db: Queryable, bankCode: string, number: string): Promise<Holder | undefined> {
  if (!isAccount(bankCode, number)) return undefined;
  const person = findPerson(bankCode, number);
  if (person !== undefined) return { name: person.name, birthDate: person.birthDate };
  const [issued] = await readByNumber(db, [{ connector: sandbox, bankCode, number }], 1);
  return { name: issued?.holder ?? nameOf(bankCode, number), birthDate: null };
}

/** The holder's name, at banks whose holders can be looked up. */
export async function findHolder(db: Queryable, bankCode: string, number: string): Promise<string | undefined> {
  if (!findBank(bankCode)?.holderLookup) return undefined;
  return (await holderOf(db, bankCode, number))?.name;
}

function nameOf(bankCode: string, number: string): string {
  const digest = createHash("sha256").update(`${bankCode} ${number}`).digest();
  return surnames[digest[0]! % surnames.length]! + givenNames[digest[1]! % givenNames.length]!;
}
