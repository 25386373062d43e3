import fc from "fast-check";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { deepFreeze } from "../core/fixtures.fixture.ts";
import { redact, validator } from "./validate.ts";

const Order = Type.Object({
  merchant_uid: Type.String({ minLength: 1, maxLength: 10 }),
  amount: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  ratio: Type.Optional(Type.Number()),
  fixed: Type.Optional(Type.Boolean()),
  notice_url: Type.Optional(Type.Array(Type.String({ maxLength: 20 }), { maxItems: 2 })),
  buyer: Type.Optional(Type.Object({ name: Type.String({ maxLength: 4 }), age: Type.Optional(Type.Integer()) })),
  lines: Type.Optional(Type.Array(Type.Object({ count: Type.Integer(), gift: Type.Optional(Type.Boolean()) }))),
});
const check = validator(Order);
const order = (fields: object) => check(deepFreeze({ merchant_uid: "m1", ...fields }));

describe("fields sent loosely", () => {
  it.each([
    ["a number as a number", { amount: 1000 }, { amount: 1000 }],
    ["a number as text", { amount: "1000" }, { amount: 1000 }],
    ["a whole number written as a fraction", { amount: "1000.0" }, { amount: 1000 }],
    ["a fraction as text", { ratio: "0.5" }, { ratio: 0.5 }],
    ["text as a number", { merchant_uid: 20260302 }, { merchant_uid: "20260302" }],
    ["true as text", { fixed: "true" }, { fixed: true }],
    ["false as text", { fixed: "false" }, { fixed: false }],
    ["one value for a list", { notice_url: "https://a" }, { notice_url: ["https://a"] }],
    ["a list", { notice_url: ["https://a", "https://b"] }, { notice_url: ["https://a", "https://b"] }],
    ["null for what may be left out", { amount: null }, {}],
    ["empty text for what may be left out", { amount: "" }, {}],
    ["white space for what may be left out", { amount: "  " }, {}],
    ["undefined for what may be left out", { amount: undefined }, {}],
    ["the smallest number", { amount: 1 }, { amount: 1 }],
    ["the largest number", { amount: 1_000_000 }, { amount: 1_000_000 }],
    ["the longest text", { merchant_uid: "0123456789" }, { merchant_uid: "0123456789" }],
    [
      "characters beyond 16 bits, counted once each",
      { merchant_uid: "🛶".repeat(10) },
      { merchant_uid: "🛶".repeat(10) },
    ],
    ["what the schema does not name is left out", { extra: { a: 1 } }, {}],
    ["and within another", { buyer: { name: "a", extra: 1 } }, { buyer: { name: "a" } }],
    ["null for what may be left out within another", { buyer: { name: "a", age: null } }, { buyer: { name: "a" } }],
    [
      "text for what is no text in a list of objects",
      { lines: [{ count: "2", gift: "1" }] },
      { lines: [{ count: 2, gift: true }] },
    ],
  ])("%s", (_name, sent, read) => {
    expect(order(sent)).toEqual({ ok: true, value: { merchant_uid: "m1", ...read } });
  });

  it("are left as they were sent", () => {
    const sent = deepFreeze({ merchant_uid: 1, amount: "5", notice_url: "https://a", buyer: { name: "a", age: "7" } });
    expect(check(sent).ok).toBe(true);
  });
});

describe("what is wrong with fields", () => {
  it.each([
    ["a field left out", { merchant_uid: undefined }, { kind: "missing", field: "merchant_uid" }],
    ["null for a field", { merchant_uid: null }, { kind: "missing", field: "merchant_uid" }],
    ["white space for a field", { merchant_uid: " " }, { kind: "missing", field: "merchant_uid" }],
    ["a field left out within another", { buyer: {} }, { kind: "missing", field: "buyer.name" }],
    ["a word for a number", { amount: "many" }, { kind: "type", field: "amount", wanted: "integer" }],
    ["a fraction for a whole number", { amount: 1.5 }, { kind: "type", field: "amount", wanted: "integer" }],
    ["an object for a number", { amount: {} }, { kind: "type", field: "amount", wanted: "integer" }],
    ["two values for one", { amount: [1, 2] }, { kind: "type", field: "amount", wanted: "integer" }],
    ["an object for text", { merchant_uid: {} }, { kind: "type", field: "merchant_uid", wanted: "string" }],
    ["yes for true", { fixed: "yes" }, { kind: "type", field: "fixed", wanted: "boolean" }],
    ["an object in a list", { notice_url: [{}] }, { kind: "type", field: "notice_url.0", wanted: "string" }],
    ["text too long", { merchant_uid: "01234567890" }, { kind: "too-long", field: "merchant_uid", length: 10 }],
    [
      "text too long within another",
      { buyer: { name: "12345" } },
      { kind: "too-long", field: "buyer.name", length: 4 },
    ],
    ["a number too small", { amount: 0 }, { kind: "range", field: "amount", wanted: ">= 1" }],
    ["a number below zero as text", { amount: "-1" }, { kind: "range", field: "amount", wanted: ">= 1" }],
    ["a number too large", { amount: 1_000_001 }, { kind: "range", field: "amount", wanted: "<= 1000000" }],
    ["a number beyond any", { amount: 1e300 }, { kind: "range", field: "amount", wanted: "<= 1000000" }],
    ["a list for a number", { amount: ["5"] }, { kind: "type", field: "amount", wanted: "integer" }],
    ["true for a number", { amount: true }, { kind: "type", field: "amount", wanted: "integer" }],
    ["hexadecimal for a number", { amount: "0x10" }, { kind: "type", field: "amount", wanted: "integer" }],
    ["an exponent for a number", { amount: "1e4" }, { kind: "type", field: "amount", wanted: "integer" }],
    ["a list too long", { notice_url: ["a", "b", "c"] }, { kind: "too-many", field: "notice_url", count: 2 }],
    ["null for a field within another", { buyer: { name: null } }, { kind: "missing", field: "buyer.name" }],
    ["null in a list of objects", { lines: [{ count: null }] }, { kind: "missing", field: "lines.0.count" }],
    [
      "true for a number in a list of objects",
      { lines: [{ count: 1 }, { count: true }] },
      { kind: "type", field: "lines.1.count", wanted: "integer" },
    ],
    ["what cannot be stored", { merchant_uid: "a\0" }, { kind: "unstorable", field: "merchant_uid" }],
    ["what cannot be stored, unnamed", { extra: { a: ["\ud83d"] } }, { kind: "unstorable", field: "extra.a.0" }],
  ])("%s", (_name, sent, problem) => {
    expect(order(sent)).toEqual({ ok: false, problem });
  });

  it("is found in whatever JSON is sent, and never a failure", () => {
    const fields = fc.dictionary(
      fc.constantFrom("merchant_uid", "amount", "ratio", "fixed", "notice_url", "buyer", "extra"),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(fields, (sent) => {
        const checked = check(structuredClone(sent));
        if (!checked.ok) return;
        expect(typeof checked.value.merchant_uid).toBe("string");
        expect(["number", "undefined"]).toContain(typeof checked.value.amount);
      }),
    );
  });
});

const Charge = Type.Object({
  method: Type.String({ minLength: 1, maxLength: 10, pattern: "^[A-Z0-9_]+$" }),
  amount: Type.Object({ value: Type.Integer(), currency: Type.String({ pattern: "^[A-Z]{3}$" }) }),
  descriptor: Type.Optional(Type.String({ minLength: 2 })),
  note: Type.Optional(Type.String()),
  ratio: Type.Optional(Type.Number()),
  capture: Type.Optional(Type.Boolean()),
  medium: Type.Optional(Type.Enum(["ECOMMERCE", "POS"])),
  version: Type.Optional(Type.Literal("v1")),
  count: Type.Optional(Type.Integer({ minimum: 1, maximum: 12 })),
  born: Type.Optional(Type.String({ format: "date" })),
  email: Type.Optional(Type.String({ format: "email" })),
  ip: Type.Optional(Type.String({ format: "ip" })),
  flows: Type.Optional(
    Type.Array(Type.Object({ type: Type.String(), url: Type.Optional(Type.String({ maxLength: 9 })) }), {
      minItems: 1,
      maxItems: 2,
    }),
  ),
  labels: Type.Optional(
    Type.Unsafe<Record<string, string>>({
      type: "object",
      maxProperties: 2,
      propertyNames: { maxLength: 5 },
      additionalProperties: { type: "string", maxLength: 3 },
    }),
  ),
  details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  anything: Type.Optional(Type.Unknown()),
});
const checkStrictly = validator(Charge, "strict");
const least = { method: "KAKAOPAY", amount: { value: 15_000, currency: "KRW" } };
const charge = (fields: object) => checkStrictly(deepFreeze({ ...least, ...fields }));
const open = { list: [null, "", { a: null, "1": [true] }], "": {}, n: 1.5 };

describe("fields read strictly", () => {
  it.each([
    ["no more than must be there", {}, {}],
    ["null for what may be left out", { note: null, flows: null }, {}],
    ["null for what may be left out within a list", { flows: [{ type: "A", url: null }] }, { flows: [{ type: "A" }] }],
    ["an empty text is a text", { note: "" }, { note: "" }],
    ["white space is a text", { note: " " }, { note: " " }],
    ["digits that are a text", { note: "1", method: "1" }, { note: "1", method: "1" }],
    ["a fraction", { ratio: 0.5 }, { ratio: 0.5 }],
    ["a number beyond 2^53 that need not be whole", { ratio: 1e300 }, { ratio: 1e300 }],
    ["true", { capture: true }, { capture: true }],
    ["one of a few", { medium: "POS" }, { medium: "POS" }],
    ["a date", { born: "1995-06-06" }, { born: "1995-06-06" }],
    ["an e-mail address", { email: "a@b.example" }, { email: "a@b.example" }],
    ["an IPv4 address", { ip: "11.22.22.33" }, { ip: "11.22.22.33" }],
    ["an IPv6 address", { ip: "2001:db8::1" }, { ip: "2001:db8::1" }],
    ["the largest whole number", { amount: { value: 2 ** 53 - 1, currency: "KRW" } }, {}],
    ["the smallest whole number", { amount: { value: 1 - 2 ** 53, currency: "KRW" } }, {}],
    ["what the schema does not name is left out", { extra: { a: 1e300 } }, {}],
    [
      "and within an object of a list",
      { flows: [{ type: "A", scan: 1 }, { type: "B" }] },
      { flows: [{ type: "A" }, { type: "B" }] },
    ],
    ["a map", { labels: { a: "1", "b\n": "" } }, { labels: { a: "1", "b\n": "" } }],
    ["an open map, whole", { details: open }, { details: open }],
    ["what may be anything, whole", { anything: [open] }, { anything: [open] }],
  ])("%s", (_name, sent, read) => {
    const { amount } = { ...least, ...sent };
    expect(charge(sent)).toEqual({ ok: true, value: { ...least, amount, ...read } });
  });

  it("are given back as they came, whatever JSON is sent", () => {
    const fields = fc.record(
      {
        note: fc.oneof(fc.string(), fc.jsonValue()),
        count: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.jsonValue()),
        details: fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fields, (sent) => {
        const checked = charge(structuredClone(sent));
        if (!checked.ok) return;
        const present = Object.entries(sent).filter(([, value]) => value !== null);
        expect(checked.value).toEqual({ ...least, ...Object.fromEntries(present) });
      }),
    );
  });
});

describe("what is wrong with fields read strictly", () => {
  const type = (field: string, wanted: string) => ({ kind: "type", field, wanted });
  const amount = (value: unknown) => ({ amount: { value, currency: "KRW" } });
  const unsafe = (field: string, wanted = "<= 9007199254740991") => ({ kind: "range", field, wanted });
  it.each([
    ["a field left out", { method: undefined }, { kind: "missing", field: "method" }],
    ["null for a field", { amount: null }, { kind: "missing", field: "amount" }],
    ["null for a field within another", amount(null), { kind: "missing", field: "amount.value" }],
    ["null for a field within a list", { flows: [{ type: null }] }, { kind: "missing", field: "flows.0.type" }],
    ["null in a list", { flows: [{ type: "A" }, null] }, type("flows.1", "object")],
    ["a number as text", amount("15000"), type("amount.value", "integer")],
    ["a fraction for a whole number", amount(0.5), type("amount.value", "integer")],
    ["true for a number", amount(true), type("amount.value", "integer")],
    ["an empty text for a number", amount(""), type("amount.value", "integer")],
    ["a list for a number", amount([1]), type("amount.value", "integer")],
    ["a fraction as text", { ratio: "0.5" }, type("ratio", "number")],
    ["a number for a text", { note: 1 }, type("note", "string")],
    ["true for a text", { note: true }, type("note", "string")],
    ["an object for a text", { note: {} }, type("note", "string")],
    ["1 for true", { capture: 1 }, type("capture", "boolean")],
    ["1 as text for true", { capture: "1" }, type("capture", "boolean")],
    ["true as text", { capture: "true" }, type("capture", "boolean")],
    ["an empty text for true or false", { capture: "" }, type("capture", "boolean")],
    ["one value for a list", { flows: { type: "A" } }, type("flows", "array")],
    ["a list for one value", { amount: [least.amount] }, type("amount", "object")],
    ["a text for an object", { amount: "15000" }, type("amount", "object")],
    ["a list for a map", { labels: ["a"] }, type("labels", "object")],
    ["an empty text where there must be one", { method: "" }, type("method", "a text that is not empty")],
    ["a text too short", { descriptor: "a" }, type("descriptor", "a text of at least 2 characters")],
    ["a text too long", { method: "A".repeat(11) }, { kind: "too-long", field: "method", length: 10 }],
    [
      "a text too long in a list",
      { flows: [{ type: "A", url: "0123456789" }] },
      { kind: "too-long", field: "flows.0.url", length: 9 },
    ],
    ["a text of another pattern", { method: "kakaopay" }, type("method", "a text that matches ^[A-Z0-9_]+$")],
    ["none of a few", { medium: "" }, type("medium", "ECOMMERCE, POS")],
    ["none of a few by type", { medium: 1 }, type("medium", "ECOMMERCE, POS")],
    ["not the one", { version: "v2" }, type("version", "v1")],
    ["no date", { born: "1995-02-30" }, type("born", "a date such as 2030-01-31")],
    ["no e-mail address", { email: "a" }, type("email", "an e-mail address")],
    ["no IP address", { ip: "1.2.3" }, type("ip", "an IPv4 or IPv6 address")],
    ["a number too small", { count: 0 }, { kind: "range", field: "count", wanted: ">= 1" }],
    ["a number too large", { count: 13 }, { kind: "range", field: "count", wanted: "<= 12" }],
    ["a whole number that was rounded", amount(2 ** 53), unsafe("amount.value")],
    ["one below zero", amount(-(2 ** 53)), unsafe("amount.value", ">= -9007199254740991")],
    ["one beyond any", amount(Number.POSITIVE_INFINITY), unsafe("amount.value")],
    ["one in an open map", { details: { a: [{ b: 2 ** 53 }] } }, unsafe("details.a.0.b")],
    ["a list too short", { flows: [] }, type("flows", "a list of at least 1")],
    [
      "a list too long",
      { flows: [{ type: "A" }, { type: "B" }, { type: "C" }] },
      { kind: "too-many", field: "flows", count: 2 },
    ],
    ["a map too large", { labels: { a: "1", b: "2", c: "3" } }, { kind: "too-many", field: "labels", count: 2 }],
    [
      "a key too long",
      { labels: { abcdef: "1" } },
      type("labels", "an object whose every key is a text of at most 5 characters"),
    ],
    ["a value too long in a map", { labels: { "a/~": "1234" } }, { kind: "too-long", field: "labels.a/~", length: 3 }],
    ["a value of another type in a map", { labels: { "a\n": {} } }, type("labels.a\n", "string")],
    ["null in a map", { labels: { a: null } }, type("labels.a", "string")],
    ["what cannot be stored", { details: { a: "\0" } }, { kind: "unstorable", field: "details.a" }],
  ])("%s", (_name, sent, problem) => {
    expect(charge(sent)).toEqual({ ok: false, problem });
  });
});

describe("what is kept of a body", () => {
  const personal = { personal: true };
  const schema = Type.Object({
    imp_secret: Type.Optional(Type.String({ secret: true })),
    amount: Type.Optional(Type.Integer()),
    buyer_name: Type.Optional(Type.Union([Type.String(), Type.Null()], personal)),
    buyer: Type.Optional(
      Type.Object({
        tel: Type.Optional(Type.String(personal)),
        note: Type.Optional(Type.String()),
        home: Type.Optional(Type.Object({ street: Type.Optional(Type.String(personal)) })),
        card: Type.Optional(Type.Object({ number: Type.String() }, { secret: true })),
      }),
    ),
    list: Type.Optional(Type.Array(Type.String())),
  });

  it.each([
    ["a secret", { imp_secret: "S" }, { imp_secret: "***" }],
    ["a personal field", { buyer_name: "홍길동" }, { buyer_name: "***" }],
    ["a personal field that is null shows that nothing was sent", { buyer_name: null }, { buyer_name: null }],
    ["a personal field of another type", { buyer_name: { first: "길동" } }, { buyer_name: "***" }],
    ["a field within an object", { buyer: { tel: "010", note: "n" } }, { buyer: { tel: "***", note: "n" } }],
    ["a field two objects deep", { buyer: { home: { street: "1" } } }, { buyer: { home: { street: "***" } } }],
    ["a whole object", { buyer: { card: { number: "4" } } }, { buyer: { card: "***" } }],
    ["other fields are kept as sent", { amount: "1000", list: ["a", "b"] }, { amount: "1000", list: ["a", "b"] }],
    ["fields the schema does not name are left out", { password: "p", amount: 1 }, { amount: 1 }],
    ["unnamed fields within an object are left out", { buyer: { ssn: "1" } }, { buyer: {} }],
    ["nothing", {}, {}],
  ])("%s", (_name, body, kept) => {
    expect(redact(schema, deepFreeze(body))).toEqual(kept);
  });

  it("of no body is null", () => {
    expect(redact(schema, undefined)).toBeNull();
    expect(redact(schema, null)).toBeNull();
  });
});
