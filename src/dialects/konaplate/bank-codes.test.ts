import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { banks, findBank } from "../../core/banks.ts";
import { institutions, kftcCode } from "./bank-codes.ts";

describe("a bank's code", () => {
  it.each([
    ["003", "003"],
    ["004", "004"],
    ["011", "011"],
    ["012", "012"],
    ["020", "020"],
    ["031", "031"],
    ["034", "034"],
    ["045", "045"],
    ["071", "071"],
    ["081", "081"],
    ["088", "088"],
    ["090", "090"],
    ["092", "092"],
  ])("%s is the KFTC's", (code, kftc) => {
    expect(kftcCode(code)).toBe(kftc);
  });

  it.each([
    ["005", "외환", "하나은행"],
    ["010", "농협중앙회", "농협은행"],
    ["021", "조흥", "신한은행"],
  ])("%s of %s, before its merger, is %s", (code, _, today) => {
    expect(findBank(kftcCode(code)!)?.name).toBe(today);
  });

  it.each(["", "000", "999", "3", "03", "0003", "BK03", "D1", " 003", "０0３"])("%j names no bank", (code) => {
    expect(kftcCode(code)).toBeUndefined();
  });

  it("means a bank of the KFTC's or none", () => {
    const known = new Set(banks.map(({ code }) => code));
    fc.assert(
      fc.property(fc.stringMatching(/^\d{3}$/), (code) => {
        const kftc = kftcCode(code);
        expect(kftc === undefined || known.has(kftc)).toBe(true);
      }),
    );
  });
});

describe("the list of institutions", () => {
  it("has each once, by a code that is taken for it and a name of at most 10 characters", () => {
    const codes = institutions.map(({ bankCode }) => bankCode);
    expect(new Set(codes).size).toBe(codes.length);
    for (const { bankCode, bankName } of institutions) {
      expect(kftcCode(bankCode)).toBe(bankCode);
      expect(findBank(bankCode)!.name.startsWith(bankName)).toBe(true);
      expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).toContain([...bankName].length);
    }
  });

  it("has the banks of the contract's page", () => {
    const page = ["088", "004", "020", "081", "003", "002", "011", "012", "023", "090", "071", "045"];
    expect(institutions.map(({ bankCode }) => bankCode)).toEqual(expect.arrayContaining(page));
  });
});
