import { describe, expect, it } from "vitest";
import { holdsCard } from "./card-numbers.ts";

describe("a card", () => {
  it.each<[string, unknown, boolean, boolean]>([
    ["by its digits", { number: "4111111111111111" }, true, true],
    ["in groups", { number: "4111 1111-1111 1111" }, true, true],
    ["as a number", { number: 4_111_111_111_111_111 }, true, true],
    ["deep inside", { a: [{ b: "5555555555554444" }] }, true, true],
    ["by a field's name, however it is spelt", { "Security-Code": "1" }, false, true],
    ["by its verification value", { cvv: "123" }, false, true],
    ["that fails its check digit", { number: "4111111111111112" }, true, false],
    ["that may be an account's number, where one belongs", { number: "4111111111111111" }, false, false],
    ["too short", { number: "411111111111" }, true, false],
    ["nowhere", { fundingType: "DEBIT", country: "KR", count: 3, none: null }, true, false],
  ])("is seen %s", (_name, details, byDigits, isSeen) => {
    expect(holdsCard(details, byDigits)).toBe(isSeen);
  });
});
