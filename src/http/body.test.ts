import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUtf8, findUnstorable, MalformedBody, parseFields, parseForm } from "./body.ts";

const json = "application/json";
const form = "application/x-www-form-urlencoded";

describe("reading a body", () => {
  it.each([
    ["JSON", '{"imp_key":"K","amount":1000}', json, { imp_key: "K", amount: 1000 }],
    ["JSON with a charset", '{"a":1}', `${json}; charset=utf-8`, { a: 1 }],
    ["JSON of a vendor", '{"a":1}', "application/vnd.naru+json", { a: 1 }],
    ["JSON without a content type", '{"a":1}', undefined, { a: 1 }],
    ["JSON as plain text", ' {"a":1}\n', "text/plain", { a: 1 }],
    ["an empty object", "{}", json, {}],
    ["nothing, as JSON", "", json, {}],
    ["nothing, as a form", "", form, {}],
    ["nothing at all", "", undefined, {}],
    ["white space, as JSON", " \r\n", json, {}],
    ["a form", "imp_key=K&imp_secret=S", form, { imp_key: "K", imp_secret: "S" }],
    ["a form with a charset", "a=1", `${form}; charset=utf-8`, { a: "1" }],
    ["a form without a content type", "a=1", undefined, { a: "1" }],
    ["a form as plain text", "a=1", "text/plain", { a: "1" }],
    ["a pseudo-form with a space before a key", "imp_key=K& imp_secret=S", form, { imp_key: "K", imp_secret: "S" }],
    ["a form that is not percent-encoded", "name=나룻배 승선권&a=1", form, { name: "나룻배 승선권", a: "1" }],
    ["a form, percent-encoded", "name=%EB%82%98%EB%A3%A8+%26+%3D", form, { name: "나루 & =" }],
    ["a key without a value", "a&b=", form, { a: "", b: "" }],
    ["a value that holds =", "a=b=c", form, { a: "b=c" }],
    ["pairs without a key", "=1&&a=2", form, { a: "2" }],
    ["a lone percent sign", "a=100%&b=%zz", form, { a: "100%", b: "%zz" }],
  ])("%s", (_name, text, contentType, fields) => {
    expect(parseFields(text, contentType)).toEqual(fields);
  });

  it.each([
    ["repeated keys", "a=1&a=2&a=3", { a: ["1", "2", "3"] }],
    ["a[]", "a[]=1&a[]=2", { a: ["1", "2"] }],
    ["one a[]", "a[]=1", { a: ["1"] }],
    ["a%5B%5D", "a%5B%5D=1&a%5B%5D=2", { a: ["1", "2"] }],
    ["a[0]", "a[0]=1&a[1]=2", { a: ["1", "2"] }],
    ["a and a[]", "a=1&a[]=2", { a: ["1", "2"] }],
    ["two lists", "a[]=1&b[]=2&a[]=3", { a: ["1", "3"], b: ["2"] }],
    ["a[b], an object", "extra[requester]=customer&extra[note]=x", { extra: { requester: "customer", note: "x" } }],
    ["a list with a space before its key", "a[]=1& a[]=2", { a: ["1", "2"] }],
  ])("a form with %s", (_name, text, fields) => {
    expect(parseForm(text)).toEqual(fields);
  });

  it.each([
    ["JSON cut short", '{"a":', json],
    ["a form that claims to be JSON", "a=1", json],
    ["a JSON list", "[1]", json],
    ["a JSON list without a content type", "[1]", undefined],
    ["JSON null", "null", json],
    ["a JSON text", '"a"', json],
    ["a JSON number", "1", json],
    ["a form with a percent-encoded byte that is no UTF-8", "a=%FF", form],
    ["a form with half a percent-encoded character", "a=%EB%82", form],
  ])("%s is refused", (_name, text, contentType) => {
    expect(() => parseFields(text, contentType)).toThrow(MalformedBody);
  });

  it("does not take a key for the prototype of what it makes", () => {
    for (const fields of [
      parseFields('{"__proto__":{"isAdmin":true},"a":1}', json),
      parseForm("__proto__[isAdmin]=true&a=1"),
      parseForm("a[__proto__]=true&constructor=1"),
    ]) {
      expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
      expect((fields as { isAdmin?: unknown }).isAdmin).toBeUndefined();
    }
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined();
  });

  it("gives any JSON object as it was sent", () => {
    const key = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), fc.constantFrom(json, undefined), (fields, contentType) => {
        const sent = JSON.stringify(fields);
        expect(JSON.stringify(parseFields(sent, contentType))).toBe(sent);
      }),
    );
  });

  it("gives any form of single keys as it was sent", () => {
    const key = fc.stringMatching(/^[a-z_]{1,12}$/).filter((name) => name !== "__proto__");
    fc.assert(
      fc.property(fc.dictionary(key, fc.string({ unit: "grapheme" })), (fields) => {
        const sent = new URLSearchParams(fields as Record<string, string>).toString();
        expect(parseFields(sent, form)).toEqual({ ...fields });
      }),
    );
  });

  it("answers or refuses whatever text it is given, and never fails otherwise", () => {
    const text = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[a[\]=&% {}"0-9:,]{0,40}$/));
    fc.assert(
      fc.property(text, fc.constantFrom(json, form, undefined, "text/plain"), (body, contentType) => {
        try {
          expect(typeof parseFields(body, contentType)).toBe("object");
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBody);
        }
      }),
    );
  });
});

describe("bytes of a body", () => {
  it.each([
    ["Korean", Buffer.from("나루"), "나루"],
    ["none", Buffer.alloc(0), ""],
    ["a byte order mark", Buffer.from("\uFEFF{}"), "{}"],
    ["a character beyond 16 bits", Buffer.from("⛴🛶"), "⛴🛶"],
  ])("%s", (_name, bytes, text) => {
    expect(decodeUtf8(bytes)).toBe(text);
  });

  it.each([
    ["a byte that never occurs", [0x7b, 0xff, 0x7d]],
    ["a character cut short", [0xeb, 0x82]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["half a surrogate pair", [0xed, 0xa0, 0x80]],
    ["EUC-KR", [0xb3, 0xaa, 0xb7, 0xe7]],
  ])("%s is refused", (_name, bytes) => {
    expect(() => decodeUtf8(Uint8Array.from(bytes))).toThrow(MalformedBody);
  });
});

describe("what cannot be stored", () => {
  it.each([
    ["NUL", { name: "a\0b" }, "name"],
    ["NUL in an object", { buyer: { name: "\0" } }, "buyer.name"],
    ["NUL in a list", { notice_url: ["https://a", "\0"] }, "notice_url.1"],
    ["NUL in a key", { custom_data: { "a\0": 1 } }, "custom_data.a\0"],
    ["the first half of a surrogate pair", { name: "a\ud83d" }, "name"],
    ["the second half of a surrogate pair", { name: "\udef6a" }, "name"],
    ["surrogates in the wrong order", { name: "\udef6\ud83d" }, "name"],
    ["a pair with a half too many", { name: "\ud83d\udef6\udef6" }, "name"],
    ["a text that is no field", "\0", "."],
  ])("%s", (_name, value, path) => {
    expect(findUnstorable(value)).toBe(path);
  });

  it.each([
    ["ordinary fields", { name: "나룻배 🛶", amount: 1, list: ["a", null, true], none: null, absent: undefined }],
    ["control characters other than NUL", { name: "\u0001\t\n\u007f" }],
    ["nothing", undefined],
    ["a number", 1],
  ])("is not %s", (_name, value) => {
    expect(findUnstorable(value)).toBeUndefined();
  });

  it("is whatever does not come back from UTF-8, or holds NUL", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "나", "🛶", "\ud83d", "\udef6", "\0") });
    fc.assert(
      fc.property(text, (name) => {
        const storable = Buffer.from(name).toString() === name && !name.includes("\0");
        expect(findUnstorable({ name })).toBe(storable ? undefined : "name");
      }),
    );
  });
});

describe("a form made to be slow", () => {
  it.each([
    ["a key of blanks and brackets", `${"+".repeat(50_000)}[+[`],
    ["one key a hundred thousand times", "a&".repeat(100_000)],
    ["one key with as many indexes", Array.from({ length: 50_000 }, (_, index) => `a[k${index}]=`).join("&")],
  ])("is read at once: %s", (_name, text) => {
    const start = performance.now();
    parseForm(text);
    expect(performance.now() - start).toBeLessThan(3_000);
  });

  it("is refused when JSON is nested beyond measure", () => {
    expect(() => parseFields(`{"a":${"[".repeat(400_000)}${"]".repeat(400_000)}}`, "application/json")).toThrow(
      MalformedBody,
    );
  });
});
