import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readLong, readResources, topUpId } from "./identifiers.ts";

describe("a Long", () => {
  it.each<[unknown, number | undefined]>([
    [0, 0],
    [12_345, 12_345],
    ["12345", 12_345],
    [" 12345 ", 12_345],
    ["0012345", 12_345],
    ["9".repeat(19), Number("9".repeat(19))],
    ["9".repeat(20), undefined],
    [-1, undefined],
    ["-1", undefined],
    [1.5, undefined],
    ["1.0", undefined],
    ["1e3", undefined],
    [1e21, undefined],
    ["0x10", undefined],
    ["12 345", undefined],
    ["12,345", undefined],
    ["١٢", undefined],
    ["", undefined],
    [" ", undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [true, undefined],
    [null, undefined],
    [undefined, undefined],
    [[12_345], undefined],
    [{}, undefined],
  ])("%j is %s", (value, number) => {
    expect(readLong(value)).toBe(number);
  });

  it("is any number of an ad account, as a number and as text", () => {
    fc.assert(
      fc.property(fc.nat(Number.MAX_SAFE_INTEGER), (number) => {
        expect([readLong(number), readLong(String(number))]).toEqual([number, number]);
      }),
    );
  });
});

describe("resource_ids", () => {
  it.each<[string[], number[] | null | undefined]>([
    [[], null],
    [["moment:*"], null],
    [["moment_create:*"], null],
    [["moment:1"], [1]],
    [
      ["moment:1", "moment:2"],
      [1, 2],
    ],
    [["moment:2,moment:1"], [2, 1]],
    [[" moment:1 , moment:2 "], [1, 2]],
    [["moment:1", "moment_create:1"], [1]],
    [["moment:1", "moment:*", "moment:2"], null],
    [["moment:*", "what"], undefined],
    [["moment:1,"], undefined],
    [[""], undefined],
    [["1"], undefined],
    [["moment"], undefined],
    [["moment:"], undefined],
    [["moment:-1"], undefined],
    [["moment:1.5"], undefined],
    [["moment:1 2"], undefined],
    [["moment:**"], undefined],
    [["moments:1"], undefined],
    [["Moment:1"], undefined],
    [["easy_msg:*"], undefined],
    [[`moment:${"9".repeat(15)}`], [999_999_999_999_999]],
    [[`moment:${"9".repeat(16)}`], undefined],
  ])("%j means %j", (resources, numbers) => {
    expect(readResources(resources)).toEqual(numbers);
  });

  it("means the same repeated and with commas", () => {
    const numbers = fc.array(fc.nat(999_999_999_999_999), { minLength: 1 });
    fc.assert(
      fc.property(numbers, (wanted) => {
        const named = wanted.map((number) => `moment:${number}`);
        const each = [...new Set(wanted)];
        expect([readResources(named), readResources([named.join(",")])]).toEqual([each, each]);
      }),
    );
  });
});

it("top-ups of different ad accounts never share an id", () => {
  const number = fc.nat(Number.MAX_SAFE_INTEGER);
  fc.assert(
    fc.property(number, number, number, number, (account, count, other, otherCount) => {
      const isSame = account === other && count === otherCount;
      expect(topUpId(account, count) === topUpId(other, otherCount)).toBe(isSame);
    }),
  );
});
