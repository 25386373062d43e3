/**
 * Korean banks and the numbers that name them.
 *
 * Inside Naru a bank is always its three-digit code of the KFTC (금융결제원). Merchants send other spellings, because
 * I'mport passed on whatever each PG wanted; `normalizeBankCode` is the one place where they become the KFTC's.
 */

export interface Bank {
  /** KFTC code, always three digits. */
  code: string;
  /** Full Korean name. */
  name: string;
  /** The name as PGs show it in `vbank_name`. PGs differ; this is the commonest form. */
  shortName: string;
  englishName?: string;
  /**
   * Some PG offers virtual accounts at this bank. Which of them one merchant may use is a matter of its PG and of its
   * contract, and not known here.
   */
  issuesVirtualAccounts: boolean;
  /** The holder of an account at this bank can be looked up. */
  holderLookup: boolean;
}

const codes = (list: string): readonly string[] => list.split(" ");

/**
 * The KFTC column of PortOne's bank code table, and the securities firms of 세틀뱅크's list from before 2018. 외환 (005)
 * stands there only as 하나 (081), which absorbed it.
 */
const virtualAccountIssuers: ReadonlySet<string> = new Set([
  ...codes("002 003 004 007 011 012 020 023 027 031 032 034 037 039 045 048 071 081 088 089 090 092"),
  ...codes("209 218 230 243 247 262 263 266 267 270 278 279 280 287 291"),
]);

/** The banks documented for the holder look-up, and the two that came to virtual accounts after that list: 045, 092. */
const holderLookups: ReadonlySet<string> = new Set([
  ...codes("002 003 004 005 007 011 012 020 023 027 031 032 034 035 037 039 045 048 071 081 088 089 090 092"),
  ...codes("209 218 230 238 240 243 247 261 262 263 264 265 266 267 268 269 270 278 279 280 287 289 290"),
]);

type Row = readonly [code: string, name: string, shortName?: string, englishName?: string];

/** The KFTC's table. Merged and renamed institutions stay, since stored payments name them. */
const rows: readonly Row[] = [
  ["001", "한국은행", "한국은행", "Bank of Korea"],
  ["002", "산업은행", "산업", "Korea Development Bank"],
  ["003", "기업은행", "기업", "Industrial Bank of Korea"],
  ["004", "국민은행", "국민", "KB Kookmin Bank"],
  ["005", "외환은행", "외환", "Korea Exchange Bank"],
  ["007", "수협중앙회", "수협", "Suhyup Bank"],
  ["008", "수출입은행", "수출입", "Export-Import Bank of Korea"],
  ["011", "농협은행", "농협", "NH NongHyup Bank"],
  ["012", "지역 농·축협", "축협", "Local Nonghyup and Chukhyup"],
  ["020", "우리은행", "우리", "Woori Bank"],
  ["023", "SC제일은행", "SC제일", "Standard Chartered Bank Korea"],
  ["027", "한국씨티은행", "씨티", "Citibank Korea"],
  ["031", "대구은행", "대구", "iM Bank (Daegu Bank)"],
  ["032", "부산은행", "부산", "Busan Bank"],
  ["034", "광주은행", "광주", "Kwangju Bank"],
  ["035", "제주은행", "제주", "Jeju Bank"],
  ["037", "전북은행", "전북", "Jeonbuk Bank"],
  ["039", "경남은행", "경남", "Kyongnam Bank"],
  ["045", "새마을금고중앙회", "새마을금고", "Korean Federation of Community Credit Cooperatives"],
  ["048", "신협중앙회", "신협", "National Credit Union Federation of Korea"],
  ["050", "상호저축은행", "저축은행", "Mutual savings banks"],
  ["052", "모건스탠리은행", "모건스탠리", "Morgan Stanley Bank"],
  ["054", "HSBC은행", "HSBC", "HSBC"],
  ["055", "도이치은행", "도이치", "Deutsche Bank"],
  ["056", "알비에스피엘씨은행", "알비에스", "RBS"],
  ["057", "제이피모간체이스은행", "제이피모간", "JPMorgan Chase Bank"],
  ["058", "미즈호은행", "미즈호", "Mizuho Bank"],
  ["059", "미쓰비시도쿄UFJ은행", "미쓰비시", "Bank of Tokyo-Mitsubishi UFJ"],
  ["060", "BOA은행", "BOA", "Bank of America"],
  ["061", "비엔피파리바은행", "비엔피파리바", "BNP Paribas"],
  ["062", "중국공상은행", "중국공상", "Industrial and Commercial Bank of China"],
  ["063", "중국은행", "중국은행", "Bank of China"],
  ["064", "산림조합중앙회", "산림조합", "National Forestry Cooperative Federation"],
  ["065", "대화은행", "대화", "United Overseas Bank"],
  ["066", "교통은행", "교통", "Bank of Communications"],
  ["071", "우체국", "우체국", "Korea Post"],
  ["076", "신용보증기금", "신용보증기금", "Korea Credit Guarantee Fund"],
  ["077", "기술보증기금", "기술보증기금", "Korea Technology Finance Corporation"],
  ["081", "하나은행", "하나", "Hana Bank"],
  ["088", "신한은행", "신한", "Shinhan Bank"],
  ["089", "케이뱅크", "케이뱅크", "K bank"],
  ["090", "카카오뱅크", "카카오뱅크", "KakaoBank"],
  ["092", "토스뱅크", "토스뱅크", "Toss Bank"],
  ["093", "한국주택금융공사", "주택금융공사", "Korea Housing Finance Corporation"],
  ["094", "서울보증보험", "서울보증보험", "Seoul Guarantee Insurance"],
  ["095", "경찰청"],
  ["096", "한국전자금융(주)", "한국전자금융"],
  ["099", "금융결제원"],
  ["209", "유안타증권"],
  ["218", "현대증권"],
  ["221", "골든브릿지투자증권"],
  ["222", "한양증권"],
  ["223", "리딩투자증권"],
  ["224", "BNK투자증권"],
  ["225", "IBK투자증권"],
  ["226", "KB투자증권"],
  ["227", "KTB투자증권"],
  ["230", "미래에셋증권"],
  ["238", "대우증권"],
  ["240", "삼성증권"],
  ["243", "한국투자증권"],
  ["247", "우리투자증권"],
  ["261", "교보증권"],
  ["262", "하이투자증권"],
  ["263", "HMC투자증권"],
  ["264", "키움증권"],
  ["265", "이베스트투자증권", "이베스트증권"],
  ["266", "SK증권"],
  ["267", "대신증권"],
  ["268", "솔로몬투자증권"],
  ["269", "한화투자증권"],
  ["270", "하나대투증권"],
  ["278", "신한금융투자"],
  ["279", "동부증권"],
  ["280", "유진투자증권"],
  ["287", "메리츠종합금융증권", "메리츠증권"],
  ["289", "NH투자증권"],
  ["290", "부국증권"],
  ["291", "신영증권"],
  ["292", "엘아이지투자증권"],
  ["293", "한국증권금융"],
  ["294", "펀드온라인코리아"],
  ["295", "우리종합금융"],
  ["296", "삼성선물"],
  ["297", "외환선물"],
  ["298", "현대선물"],
];

/** Every institution of the KFTC table, by ascending code. */
export const banks: readonly Bank[] = rows.map(([code, name, shortName = name, englishName]) =>
  Object.freeze({
    code,
    name,
    shortName,
    englishName,
    issuesVirtualAccounts: virtualAccountIssuers.has(code),
    holderLookup: holderLookups.has(code),
  }),
);

const bankByCode: ReadonlyMap<string, Bank> = new Map(banks.map((bank) => [bank.code, bank]));

/**
 * Codes of the 2-digit list from before 2018 that the KFTC rule does not cover.
 * A firm that has since been renamed goes to its successor's row: 동양종합금융 is 유안타, 굿모닝신한 is 신한금융투자.
 * 53, the old 씨티, is 한국씨티 027: inferred from the merger, no PG says so.
 */
const legacyCodes: ReadonlyMap<string, string> = new Map([
  ["053", "027"],
  ["D1", "209"],
  ["D2", "218"],
  ["D3", "230"],
  ["D4", "243"],
  ["D5", "247"],
  ["D6", "262"],
  ["D7", "263"],
  ["D8", "266"],
  ["D9", "267"],
  ["DA", "270"],
  ["DB", "278"],
  ["DC", "279"],
  ["DD", "280"],
  ["DE", "287"],
  ["DF", "291"],
]);

/** The bank of a three-digit KFTC code, or undefined. Takes no other spelling: see `normalizeBankCode`. */
export function findBank(code: string): Bank | undefined {
  return bankByCode.get(code);
}

/**
 * Turns any spelling of a bank that I'mport's callers use into the KFTC's three digits, or undefined when it names no
 * bank of the table. Letters may be of either case; spaces are not trimmed.
 *
 * | spelling | example | from |
 * | --- | --- | --- |
 * | three digits | `004`, `209` | KFTC: tosspayments, danal, nice, kicc, smartro, settle |
 * | two digits | `04`, `88` | html5_inicis and the list from before 2018 |
 * | fewer, as a JSON number leaves them | `4` | callers that send `vbank_code: 4` |
 * | `BK` and two digits | `BK04` | kcp |
 * | `D1` to `DF` | `DA` | securities firms of the list from before 2018 |
 *
 * One rule reads all digits: fill up with zeros on the left. It cannot mistake one bank for another, since no
 * institution of the table is written with two digits that are another's (`45` is 새마을금고 045 and never 450).
 * daou's own two digits (`11` for SC제일) do collide; they belong to that PG alone and must not come through here.
 */
export function normalizeBankCode(input: string): string | undefined {
  const spelling = input.toUpperCase();
  const digits = /^(?:BK(?=\d{2}$))?(\d{1,3})$/.exec(spelling)?.[1];
  const padded = digits === undefined ? spelling : digits.padStart(3, "0");
  const code = legacyCodes.get(padded) ?? padded;
  return bankByCode.has(code) ? code : undefined;
}
