/** People whom the sandbox's PG knows, with their accounts: those of Konaplate's public sandbox, who are made up. */

export interface KnownPerson {
  name: string;
  /** `yyyyMMdd`. */
  birthDate: string;
  /** KFTC, three digits. */
  bankCode: string;
  number: string;
  /** The bank as the contract writes it: some codes are from before mergers. */
  published: { bankCode: string; bankName: string };
  /** Whether the account can be drawn on. */
  chargeable: boolean;
}

type Row = readonly [
  name: string,
  birthDate: string,
  bankCode: string,
  bankName: string,
  number: string,
  chargeable: boolean,
  kftc?: string,
];

const rows: readonly Row[] = [
  ["김코나", "19751112", "003", "IBK기업은행", "333015555557", true],
  ["김코코", "19890530", "010", "NH농협은행", "11112333333", true, "011"],
  ["박탐나", "19920315", "020", "우리은행", "1006122222222", true],
  ["유대코", "19991202", "034", "광주은행", "100333888888", false],
  ["이모나", "20050628", "092", "토스뱅크", "100666666668", false],
  ["정푸루", "19880214", "005", "KEB하나은행", "2224444455605", true, "081"],
  ["조동백", "19950525", "021", "신한은행", "10044444445", false, "088"],
  ["최이음", "19970911", "031", "DGB대구은행", "505222222224", false],
  ["추비즈", "20020126", "045", "새마을금고중앙회", "9002777777779", false],
  ["한배코", "19800704", "004", "KB국민은행", "3333015555556", true],
];

export const knownPeople: readonly KnownPerson[] = rows.map(
  ([name, birthDate, bankCode, bankName, number, chargeable, kftc = bankCode]) => ({
    name,
    birthDate,
    bankCode: kftc,
    number,
    published: { bankCode, bankName },
    chargeable,
  }),
);

export function findPerson(bankCode: string, number: string): KnownPerson | undefined {
  return knownPeople.find((one) => one.bankCode === bankCode && one.number === number);
}
