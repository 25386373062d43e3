import { describe, expect, it } from "vitest";
import { cards, findCard } from "./cards.ts";

describe("the card companies", () => {
  it("are twenty at home and six networks abroad, once each, by ascending number", () => {
    const codes = cards.map((card) => card.code);
    expect(codes.filter((code) => /^\d{3}$/.test(code))).toHaveLength(20);
    expect(codes.filter((code) => /^1000[1-6]$/.test(code))).toHaveLength(6);
    expect(codes).toHaveLength(26);
    expect(codes).toEqual([...new Set(codes)].sort((one, other) => Number(one) - Number(other)));
  });

  it.each([
    ["361", "BC"],
    ["366", "신한"],
    ["041", "우리"],
    ["10006", "해외JCB"],
  ])("finds %s, %s", (code, name) => {
    expect(findCard(code)).toEqual({ code, name });
  });

  it.each(["", "41", "0361", "BC", "999", "constructor"])("knows no %j", (code) => {
    expect(findCard(code)).toBeUndefined();
  });
});
