import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedBody } from "../../http/body.ts";
import { keptJson, parseWire, wireNumber, wireText } from "./wire.ts";

/** Beside which a number stands that JavaScript would round. */
const big = "12345678901234567890";

describe("JSON with long numbers", () => {
  it.each<[string, unknown]>([
    ["50000104652", 50_000_104_652],
    ["9007199254740991", 9_007_199_254_740_991],
    ["9007199254740992", "9007199254740992"],
    ["9007199254740993", "9007199254740993"],
    ["99999999999999999999", "99999999999999999999"],
    ["-9007199254740993", "-9007199254740993"],
    ["1e3", 1_000],
    ["0.1234567890123456", 0.1234567890123456],
    ['"9007199254740993"', "9007199254740993"],
  ])("has %s as it was sent", (written, read) => {
    expect(parseWire(`{"userId":${written}}`)).toEqual({ userId: read });
    expect(parseWire(` {"list":[{"userId":${written}}],"more":${big}}\n`)).toEqual({
      list: [{ userId: read }],
      more: big,
    });
  });

  it("is otherwise what JSON is, with a long number in it or not", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 5 })), (fields) => {
        const text = JSON.stringify(fields);
        const rounded = /\d{16}/.test(text.replaceAll(/"(\\.|[^"\\])*"/g, ""));
        if (!rounded) expect(JSON.stringify(parseWire(text))).toBe(text);
        const long = `{"${"0".repeat(20)}":0${text === "{}" ? "" : `,${text.slice(1, -1)}`}}`;
        if (!rounded) expect(parseWire(long)).toEqual(JSON.parse(long));
      }),
    );
  });

  it("takes the last of a name that comes twice", () => {
    expect(parseWire(`{"a":1,"b":${big},"a":2}`)).toEqual({ a: 2, b: big });
    expect(parseWire('{"a":1,"a":2}')).toEqual({ a: 2 });
  });

  it("does not take a name for the prototype", () => {
    const read = parseWire(`{"__proto__":{"isAdmin":true},"inner":{"__proto__":{"isAdmin":true}},"userId":${big}}`);
    expect((read as { isAdmin?: unknown }).isAdmin).toBeUndefined();
    expect((read.inner as { isAdmin?: unknown }).isAdmin).toBeUndefined();
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });

  it.each([
    ["cut short", `{"userId":${big}`],
    ["a list", `[${big}]`],
    ["a number", big],
    ["deep", `{"a":${"[".repeat(40)}${big}${"]".repeat(40)}}`],
    ["a number with a leading zero", `{"userId":0${big}}`],
    ["a form", `userId=${big}`],
  ])("is refused when it is %s", (_name, text) => {
    expect(() => parseWire(text)).toThrow(MalformedBody);
  });

  it("is written and kept to the last digit", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 99_999_999_999_999_999_999n }), (number) => {
        const answer = { userId: wireNumber(String(number)), inner: [{ userId: wireNumber(String(number)) }] };
        expect(wireText(answer)).toBe(`{"userId":${number},"inner":[{"userId":${number}}]}`);
        const isExact = number <= BigInt(Number.MAX_SAFE_INTEGER);
        const kept = isExact ? Number(number) : String(number);
        expect(keptJson(answer)).toEqual({ userId: kept, inner: [{ userId: kept }] });
      }),
    );
  });
});
