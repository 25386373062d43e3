import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { banks, normalizeBankCode } from "../../core/banks.ts";
import { readBankCode } from "./bank-codes.ts";

/** PortOne's bank code table, row by row: what each PG's callers send. `-` where daou has no code. */
const table = `
  004  04  BK04  04
  023  23  BK23  11
  039  39  BK39  -
  034  34  BK34  -
  003  03  BK03  03
  011  11  BK11  08
  031  31  BK31  -
  032  32  BK32  15
  002  02  BK02  -
  045  45  BK45  -
  007  07  BK07  -
  088  88  BK88  10
  048  48  BK48  -
  081  81  BK81  12
  081  81  BK81  05
  020  20  BK20  09
  071  71  BK71  31
  037  37  BK37  -
  012  12  BK12  -
  090  90  BK90  -
  089  89  BK89  -
  027  27  BK27  -
  092  92  BK92  -`;
const rows = table
  .trim()
  .split("\n")
  .map((line) => line.trim().split(/\s+/) as [kftc: string, inicis: string, kcp: string, daou: string]);

/** 세틀뱅크's list from before 2018. */
const legacy = `
  03 003  04 004  05 081  07 007  11 011  20 020  23 023  31 031  32 032  34 034  37 037  39 039  53 027  71 071
  81 081  88 088  D1 209  D2 218  D3 230  D4 243  D5 247  D6 262  D7 263  D8 266  D9 267  DA 270  DB 278  DC 279
  DD 280  DE 287  DF 291`;
const legacyRows = [...legacy.matchAll(/(\w{2}) (\d{3})/g)].map(([, code, bank]) => [code!, bank!] as const);

const kftcProviders = ["tosspayments", "danal", "nice", "kicc", "smartro", "settle"];
const providers = [...kftcProviders, "html5_inicis", "kcp", "nice_v2", "welcome", "ksnet", "smartro_v2"];

describe("readBankCode", () => {
  it.each(rows)("reads %s, %s, %s and daou's %s", (bank, inicis, kcp, daou) => {
    for (const provider of kftcProviders) expect(readBankCode(provider, bank), provider).toBe(bank);
    expect(readBankCode("html5_inicis", inicis)).toBe(bank);
    expect(readBankCode("kcp", kcp)).toBe(bank);
    if (daou !== "-") expect(readBankCode("daou", daou)).toBe(bank);
    expect(readBankCode("daou", bank)).toBe(bank);
  });

  it.each(rows)("reads %s, %s, %s at every PG but daou, in upper and lower case", (bank, ...codes) => {
    const spellings = codes.slice(0, 2).flatMap((code) => [code, code.toLowerCase()]);
    for (const provider of providers) {
      for (const code of [bank, ...spellings]) expect(readBankCode(provider, code), `${provider} ${code}`).toBe(bank);
    }
  });

  it.each(legacyRows)("reads %s of the list from before 2018 as %s, in upper and lower case", (code, bank) => {
    expect(readBankCode("settle", code)).toBe(bank);
    expect(readBankCode("settle", code.toLowerCase())).toBe(bank);
  });

  it("covers the whole list from before 2018", () => {
    expect(legacyRows).toHaveLength(31);
  });

  it.each(["05", "5", "005", "BK05", "bk05"])("sends the old 외환, %s, to 하나", (code) => {
    for (const provider of [...providers, "daou"]) expect(readBankCode(provider, code), provider).toBe("081");
    expect(normalizeBankCode(code)).toBe("005");
  });

  it.each([
    ["4", "004"],
    ["8", "011"],
    ["9", "020"],
  ])("reads daou's %s, as a JSON number leaves it", (code, bank) => {
    expect(readBankCode("daou", code)).toBe(bank);
  });

  it.each(["81", "88", "20", "7", "39", "00", ""])(
    "guesses nothing from two digits that daou does not have: %j",
    (code) => {
      expect(readBankCode("daou", code)).toBeUndefined();
    },
  );

  it.each(["", "00", "53.0", "999", "BK4", "BK004", "D0", "DG", "신한", " 04"])("refuses %j", (code) => {
    for (const provider of [...providers, "daou"]) expect(readBankCode(provider, code), provider).toBeUndefined();
  });

  it("answers with a bank of the table or nothing, never 외환, and reads its own answers", () => {
    const known = new Set(banks.map((bank) => bank.code));
    const spelling = fc.oneof(fc.string(), fc.stringMatching(/^([Bb][Kk]|[Dd])?[0-9A-Fa-f]{1,4}$/));
    fc.assert(
      fc.property(fc.constantFrom(...providers, "daou"), spelling, (provider, code) => {
        const bank = readBankCode(provider, code);
        if (bank === undefined) return;
        expect(known.has(bank) && bank !== "005").toBe(true);
        expect(readBankCode(provider, bank)).toBe(bank);
      }),
    );
  });
});
