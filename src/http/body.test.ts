import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUtf8, findUnstorable, MalformedBody, parseFields, parseForm, readBody } from "./body.ts";
import { httpLimits } from "./limits.ts";

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
    ["a[0] and a[]", "a[0]=1&a[]=2&a[]=3", { a: ["1", "2", "3"] }],
    ["a[] and a[0]", "a[]=1&a[0]=2", { a: ["1", "2"] }],
    ["a[0] and a[0]", "a[0]=1&a[0]=2", { a: ["1", "2"] }],
    ["a[] and a", "a[]=1&a=2", { a: ["1", "2"] }],
    ["indexes that do not begin with 0", "a[3]=1&a[7]=2", { a: ["1", "2"] }],
    ["an object in an object", "a[b][c]=1&a[b][d]=2&a[e]=3", { a: { b: { c: "1", d: "2" }, e: "3" } }],
    ["a list in an object", "a[b][c]=1&a[d][]=3&a[d][]=4", { a: { b: { c: "1" }, d: ["3", "4"] } }],
    ["objects in a list", "a[0][n]=1&a[0][m]=2&a[1][n]=3", { a: [{ n: "1", m: "2" }, { n: "3" }] }],
    ["objects in a list without indexes", "a[][n]=1&a[][n]=2", { a: [{ n: "1" }, { n: "2" }] }],
    ["lists in a list", "a[0][]=1&a[0][]=2&a[1][]=3", { a: [["1", "2"], ["3"]] }],
    ["brackets that are percent-encoded", "a%5Bb%5D%5B%5D=1", { a: { b: ["1"] } }],
    ["keys that are no names", "a[b=1&a]b=2&a[b]c=3&[a]=4&b=5", { b: "5" }],
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

  it("is nested so deep and no deeper, as JSON or as a form", () => {
    const form_ = (depth: number) => `a${"[b]".repeat(depth - 1)}=1`;
    const json_ = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    const deep = httpLimits.json_depth;
    for (const [written, type] of [
      [form_, form],
      [json_, json],
    ] as const) {
      expect(parseFields(written(deep), type)).toHaveProperty("a");
      expect(() => parseFields(written(deep + 1), type)).toThrow(MalformedBody);
      expect(() => parseFields(written(deep + 1), type)).toThrow(String(deep));
    }
  });

  it("does not take a key for the prototype of what it makes", () => {
    for (const fields of [
      parseForm("a[__proto__][isAdmin]=true&a[constructor][prototype][isAdmin]=true"),
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

describe("a problem with a body", () => {
  const bad = Buffer.from([0xff, 0xfe]);
  const around = (before: string, after = "") => Buffer.concat([Buffer.from(before), bad, Buffer.from(after)]);
  const multipart = "multipart/form-data; boundary=b";
  const part = (name: string) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n`;

  it.each([
    ["JSON", around('{"a":1,"name":"', '"}'), json, "name"],
    ["JSON within", around('{"custom_data":{"b":["', '"]}}'), json, "custom_data.b.0"],
    ["a form", around("a=1&name=", "&b=2"), form, "name"],
    ["a form that is encoded", Buffer.from("a=1& name=%ff"), form, "name"],
    ["a form that is encoded, within", Buffer.from("custom_data%5Bb%5D=%EB%82"), form, "custom_data[b]"],
    ["multipart", around(`${part("a")}1\r\n${part("name")}`, "\r\n--b--"), multipart, "name"],
    ["JSON that is none as well", around('{"name":"'), json, undefined],
    ["a form whose key it is", Buffer.from("%ff=1"), form, undefined],
  ])("of encoding names the field in %s", async (_name, bytes, type, field) => {
    await expect(readBody(bytes, type)).rejects.toMatchObject({ problem: { kind: "encoding", field } });
  });

  it.each([
    ["JSON", "{", json, { kind: "json" }],
    ["a list", "[]", json, { kind: "not-an-object" }],
    ["depth", `{"a":${"[".repeat(40)}${"]".repeat(40)}}`, json, { kind: "too-deep", depth_max: httpLimits.json_depth }],
    ["depth of a form", `a${"[]".repeat(40)}=1`, form, { kind: "too-deep", depth_max: httpLimits.json_depth }],
    ["multipart", "x", multipart, { kind: "multipart" }],
    ["multipart without a boundary", "x", "multipart/form-data", { kind: "multipart" }],
  ])("is told by its kind: %s", async (_name, text, type, problem) => {
    await expect(readBody(Buffer.from(text), type)).rejects.toMatchObject({ problem });
  });

  it.each(["", "--b--", "--b--\r\n", "\r\n--b--\r\n"])("is not that it is empty multipart: %j", async (text) => {
    expect(await readBody(Buffer.from(text), multipart)).toEqual({});
  });

  it("is none of multipart with brackets, and files in it are passed over", async () => {
    const file = '--b\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\nfile\r\n';
    const text = `${part("a[b][]")}1\r\n${file}${part("c")}나루\r\n--b--\r\n`;
    expect(await readBody(Buffer.from(text), multipart)).toEqual({ a: { b: ["1"] }, c: "나루" });
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
    ["one list without indexes", "a[]=&".repeat(50_000)],
    ["one list of objects", "a[][b]=&".repeat(30_000)],
    ["lists in lists", Array.from({ length: 10_000 }, (_, index) => `a[${index}]${"[]".repeat(30)}=`).join("&")],
    ["brackets without end", `a${"[".repeat(200_000)}`],
    ["bad percent signs", "%".repeat(200_000)],
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
