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
