import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FieldPlace, Secrets } from "./secrets.ts";

const key = Buffer.alloc(32, 7);
const secrets = new Secrets(key);
const others = new Secrets(Buffer.alloc(32, 8));
const place: FieldPlace = { table: "access_tokens", column: "token_encrypted", row: "crd_1", merchantId: "mer_1" };

/** The sealed value with one bit of one byte turned over. */
function turned(sealed: string, byte: number): string {
  const [version, encoded = ""] = sealed.split(":");
  const bytes = Buffer.from(encoded, "base64url");
  bytes[byte % bytes.length]! ^= 1;
  return `${version}:${bytes.toString("base64url")}`;
}

describe("sealed values", () => {
  it("open where they were made", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (plain) => {
        expect(secrets.decrypt(secrets.encrypt(plain, place), place)).toBe(plain);
      }),
    );
  });

  it("open under another instance of the same master key", () => {
    expect(new Secrets(Buffer.from(key)).decrypt(secrets.encrypt("열쇠", place), place)).toBe("열쇠");
  });

  it("never look the same twice, nor show what they hold", () => {
    const sealed = Array.from({ length: 100 }, () => secrets.encrypt("token", place));
    expect(new Set(sealed).size).toBe(100);
    expect(sealed[0]).toMatch(/^v1:[\w-]+$/);
    expect(Buffer.from(sealed[0]!.slice(3), "base64url").includes("token")).toBe(false);
  });

  it.each<Partial<FieldPlace>>([
    { table: "linked_accounts" },
    { column: "number_encrypted" },
    { row: "crd_2" },
    { merchantId: "mer_2" },
  ])("do not open moved to %j", (elsewhere) => {
    const sealed = secrets.encrypt("token", place);
    expect(() => secrets.decrypt(sealed, { ...place, ...elsewhere })).toThrow();
  });

  it("do not open where names run into each other the same way", () => {
    const sealed = secrets.encrypt("token", { ...place, table: "ab", column: "c" });
    expect(() => secrets.decrypt(sealed, { ...place, table: "a", column: "bc" })).toThrow();
  });

  it("do not open with any bit changed: nonce, text or tag", () => {
    const sealed = secrets.encrypt("token", place);
    for (let byte = 0; byte < 12 + "token".length + 16; byte++) {
      expect(() => secrets.decrypt(turned(sealed, byte), place), `byte ${byte}`).toThrow();
    }
  });

  it("do not open cut short, at any length", () => {
    const sealed = secrets.encrypt("token", place);
    for (let length = 0; length < sealed.length; length++) {
      expect(() => secrets.decrypt(sealed.slice(0, length), place), `${length} characters`).toThrow();
    }
  });

  it("do not open under another master key", () => {
    expect(() => others.decrypt(secrets.encrypt("token", place), place)).toThrow();
  });

  it.each(["v2:AAAA", "AAAA", "", "v1"])("of a version there is no key for are refused: %j", (value) => {
    expect(() => secrets.decrypt(value, place)).toThrow(/no key of version/);
  });
});

describe("hashed secrets", () => {
  it("are known again, and nothing else is", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(secrets.matches(one, secrets.hash(one))).toBe(true);
        expect(secrets.matches(other, secrets.hash(one))).toBe(one === other);
      }),
    );
  });

  it("mean nothing under another master key", () => {
    expect(others.hash("secret")).not.toBe(secrets.hash("secret"));
    expect(others.matches("secret", secrets.hash("secret"))).toBe(false);
  });

  it("are 64 hex digits that do not depend on the process", () => {
    expect(secrets.hash("secret")).toMatch(/^[0-9a-f]{64}$/);
    expect(new Secrets(Buffer.from(key)).hash("secret")).toBe(secrets.hash("secret"));
  });
});

describe("the master key", () => {
  it.each([0, 16, 31, 33, 64])("of %i bytes is refused", (length) => {
    expect(() => new Secrets(Buffer.alloc(length))).toThrow(RangeError);
  });

  it("gives each purpose a key of its own", () => {
    const purposes = ["hash", "field", "fingerprint", "demo imp_key"];
    const derived = purposes.map((purpose) => secrets.derive(purpose).toString("hex"));
    expect(new Set(derived).size).toBe(purposes.length);
    expect(derived).not.toContain(key.toString("hex"));
  });

  it("is told apart by its fingerprint, which is not the key", () => {
    expect(new Secrets(Buffer.from(key)).fingerprint()).toBe(secrets.fingerprint());
    expect(others.fingerprint()).not.toBe(secrets.fingerprint());
    expect(key.toString("hex")).not.toContain(secrets.fingerprint());
  });
});
