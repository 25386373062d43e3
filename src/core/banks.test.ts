import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { banks, findBank, normalizeBankCode } from "./banks.ts";

/** PortOne's bank code table: KFTC code and short name. */
const issuers: readonly (readonly [code: string, shortName: string])[] = [
  ["004", "국민"],
  ["023", "SC제일"],
  ["039", "경남"],
  ["034", "광주"],
  ["003", "기업"],
  ["011", "농협"],
  ["031", "대구"],
  ["032", "부산"],
  ["002", "산업"],
  ["045", "새마을금고"],
  ["007", "수협"],
  ["088", "신한"],
  ["048", "신협"],
  ["081", "하나"],
  ["020", "우리"],
  ["071", "우체국"],
  ["037", "전북"],
  ["012", "축협"],
  ["090", "카카오뱅크"],
  ["089", "케이뱅크"],
  ["027", "씨티"],
  ["092", "토스뱅크"],
];

/** 세틀뱅크's list from before 2018, with the KFTC code that each row becomes. */
const legacy: Readonly<Record<string, string>> = {
  "03": "003",
  "04": "004",
  "05": "005",
  "07": "007",
  "11": "011",
  "20": "020",
  "23": "023",
  "31": "031",
  "32": "032",
  "34": "034",
  "37": "037",
  "39": "039",
  "53": "027",
  "71": "071",
  "81": "081",
  "88": "088",
  D1: "209",
  D2: "218",
  D3: "230",
  D4: "243",
  D5: "247",
  D6: "262",
  D7: "263",
  D8: "266",
  D9: "267",
  DA: "270",
  DB: "278",
  DC: "279",
  DD: "280",
  DE: "287",
  DF: "291",
};

describe("the table", () => {
  it("holds the whole KFTC list, once each, by ascending code", () => {
    const codes = banks.map((bank) => bank.code);
    expect(codes).toHaveLength(86);
    expect(codes).toEqual([...new Set(codes)].sort());
    for (const bank of banks) {
      expect(bank.code).toMatch(/^\d{3}$/);
      expect(bank.name).not.toBe("");
      expect(findBank(bank.code)).toBe(bank);
    }
  });

  it("gives an English name to every bank up to 094", () => {
    expect(banks.filter((bank) => bank.code <= "094" && !bank.englishName)).toEqual([]);
  });

  it("lets exactly the banks that a PG lists issue virtual accounts", () => {
    const codes = banks.filter((bank) => bank.issuesVirtualAccounts).map((bank) => bank.code);
    const securities = Object.entries(legacy).flatMap(([spelling, code]) => (spelling.startsWith("D") ? [code] : []));
    expect(codes).toEqual([...issuers.map(([code]) => code), ...securities].sort());
  });

  it("lets holders be looked up at the banks documented for it, and at 새마을금고 and 토스뱅크", () => {
    const documented = `
      002 003 004 005 007 011 012 020 023 027 031 032 034 035 037 039 048 071 081 088 089 090
      209 218 230 238 240 243 247 261 262 263 264 265 266 267 268 269 270 278 279 280 287 289 290`;
    const codes = banks.filter((bank) => bank.holderLookup).map((bank) => bank.code);
    expect(codes).toEqual([...documented.trim().split(/\s+/), "045", "092"].sort());
  });

  it.each(issuers)("calls %s %s", (code, shortName) => {
    expect(findBank(code)?.shortName).toBe(shortName);
  });

  it("is found by three digits only", () => {
    expect(findBank("04")).toBeUndefined();
    expect(findBank("BK04")).toBeUndefined();
  });
});

describe("normalizeBankCode", () => {
  it.each(issuers.map(([code]) => code))("reads every spelling of %s", (code) => {
    const two = code.slice(1);
    for (const spelling of [code, two, `BK${two}`, `bk${two}`, `Bk${two}`, String(Number(code))]) {
      expect(normalizeBankCode(spelling), spelling).toBe(code);
    }
  });

  it.each(Object.entries(legacy))("reads %s of the list from before 2018 as %s", (spelling, code) => {
    expect(normalizeBankCode(spelling)).toBe(code);
    expect(normalizeBankCode(spelling.toLowerCase())).toBe(code);
  });

  it.each(["", "0", "00", "000", "6", "006", "53.0", "999", "0004", "4 ", " 04", "-4", "+4", "4e0", "0x4"])(
    "refuses %j",
    (spelling) => {
      expect(normalizeBankCode(spelling)).toBeUndefined();
    },
  );

  it.each(["BK", "BK4", "BK004", "BK00", "BK209", "D0", "DG", "D", "신한", "０４", "constructor", "D1D1"])(
    "refuses %j",
    (spelling) => {
      expect(normalizeBankCode(spelling)).toBeUndefined();
    },
  );

  it("leaves every code of the table as it is", () => {
    for (const bank of banks) expect(normalizeBankCode(bank.code)).toBe(bank.code);
  });

  it("answers with a code of the table or nothing, and a second pass changes nothing", () => {
    const spelling = fc.oneof(fc.string(), fc.stringMatching(/^([Bb][Kk]|[Dd])?[0-9A-Fa-f]{1,4}$/));
    fc.assert(
      fc.property(spelling, (input) => {
        const code = normalizeBankCode(input);
        if (code === undefined) return;
        expect(findBank(code)).toBeDefined();
        expect(normalizeBankCode(code)).toBe(code);
      }),
    );
  });
});
