import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../exchanges.ts";
import { Secrets } from "../secrets.ts";
import { type Call, callKeyOf, canonicalJson } from "./call-key.ts";

const secrets = new Secrets(Buffer.alloc(32, 7));

const call: Call = {
  credentialId: "cred_1",
  merchantId: "mer_1",
  method: "POST",
  path: "/v1/payment-charges",
  key: "order-1",
  body: { amount: { value: 15_000, currency: "KRW" }, labels: { a: "1", b: "2" } },
};

/** The same value with the fields of each object the other way round. */
function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== "object") return value;
  const fields = Object.entries(value).map(([name, field]) => [name, reversed(field!)]);
  return Object.fromEntries(fields.reverse());
}

describe("the key of a call", () => {
  it.each<[string, Partial<Call>]>([
    ["credential", { credentialId: "cred_2" }],
    ["merchant", { merchantId: "mer_2" }],
    ["method", { method: "PATCH" }],
    ["path", { path: "/v1/payment-charges/charge_1/captures" }],
    ["key", { key: "order-2" }],
    ["parts, wherever one ends and the next begins", { method: "POST/", path: "v1/payment-charges" }],
  ])("is another with another %s", (_what, changed) => {
    expect(callKeyOf(secrets, { ...call, ...changed }).id).not.toBe(callKeyOf(secrets, call).id);
  });

  it("is the same whatever is asked; what is asked is told apart", () => {
    const other = callKeyOf(secrets, { ...call, body: { amount: { value: 15_001, currency: "KRW" } } });
    expect(other.id).toBe(callKeyOf(secrets, call).id);
    expect(other.requestHash).not.toBe(callKeyOf(secrets, call).requestHash);
  });

  it("joins no two calls that ask the same", () => {
    const other = callKeyOf(secrets, { ...call, key: "order-2" });
    expect(other.requestHash).not.toBe(callKeyOf(secrets, call).requestHash);
  });

  it("means nothing under another master key", () => {
    expect(callKeyOf(new Secrets(Buffer.alloc(32, 8)), call).id).not.toBe(callKeyOf(secrets, call).id);
  });
});

describe("what is asked", () => {
  it("is the same in whatever order its fields come", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(reversed(value as Json))).toBe(canonicalJson(value as Json));
      }),
    );
  });

  it("is told apart by anything else", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value as Json))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
    expect(canonicalJson({ a: null })).not.toBe(canonicalJson({}));
  });
});
