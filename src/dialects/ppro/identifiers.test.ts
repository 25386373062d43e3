import { timingSafeEqual } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Secrets } from "../../core/secrets.ts";
import { CheckoutAddresses, type IdPrefix, shortHash, wireId } from "./identifiers.ts";

vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  return { ...crypto, timingSafeEqual: vi.fn(crypto.timingSafeEqual) };
});

describe("a short hash", () => {
  it("is 21 letters and digits of any text, the same each time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const hash = shortHash(text);
        expect(hash).toMatch(/^[0-9A-Za-z]{21}$/);
        expect(shortHash(text)).toBe(hash);
      }),
    );
  });

  it("stays what it was: ids that clients have are never made anew", () => {
    expect(wireId("charge", "chg_00000000000000000000000000000001")).toBe("charge_w94oxrQmyxv0WVwcrA5s9");
    expect(shortHash("")).toBe("5IxLHpeEWjUSnpuggYAkG");
  });

  it("is another for another text, and shows nothing of its order", () => {
    const hashes = Array.from({ length: 100_000 }, (_, index) => shortHash(`chg_${index}`));
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(new Set(hashes.slice(0, 1_000).map((hash) => hash.slice(0, 4))).size).toBeGreaterThan(990);
  });

  it("has each letter and digit about as often, at its beginning and at its end", () => {
    const hashes = Array.from({ length: 62_000 }, (_, index) => shortHash(String(index)));
    for (const place of [0, 20]) {
      const counts = new Map<string, number>();
      for (const hash of hashes) counts.set(hash[place]!, (counts.get(hash[place]!) ?? 0) + 1);
      expect(counts.size).toBe(62);
      for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(200);
    }
  });
});

describe("an id that clients know", () => {
  const prefixes: IdPrefix[] = [
    "charge",
    "authz",
    "capture",
    "refund",
    "void",
    "discard",
    "agr",
    "instr",
    "ahist",
    "rev",
    "merch",
  ];

  it.each(prefixes)("is %s_ and 21 letters and digits", (prefix) => {
    expect(wireId(prefix, "chg_1")).toMatch(new RegExp(`^${prefix}_[0-9A-Za-z]{21}$`));
  });

  it("is not ours", () => {
    expect(wireId("charge", "chg_1")).not.toContain("chg_1");
  });
});

const key = (byte: number) => new Secrets(Buffer.alloc(32, byte));
const addresses = (byte = 1) => new CheckoutAddresses(key(byte), "https://pay.example");
const id = wireId("charge", "chg_1");
const tokenOf = (of: string, byte = 1) => addresses(byte).urlOf(of).slice("https://pay.example/checkout/".length);

describe("the address at which a shopper agrees", () => {
  it("is at where the node is found, once that is known", () => {
    const found = addresses();
    found.foundAt("http://127.0.0.1:4321/pay");
    expect(found.urlOf(id)).toBe(`http://127.0.0.1:4321/pay/checkout/${tokenOf(id)}`);
  });

  it("is this installation's, and reads as the charge or agreement that it is for", () => {
    expect(addresses().urlOf(id)).toBe(`https://pay.example/checkout/${tokenOf(id)}`);
    expect(tokenOf(id)).toMatch(/^charge_[0-9A-Za-z]{21}\.[0-9A-Za-z_-]{27}$/);
    expect(addresses().read(tokenOf(id))).toBe(id);
    expect(addresses().read(tokenOf(wireId("agr", "agr_1")))).toBe(wireId("agr", "agr_1"));
  });

  it("follows from the id and the master key: nothing is stored, and every node has the same", () => {
    expect(tokenOf(id)).toBe(tokenOf(id));
    expect(tokenOf(id, 2)).not.toBe(tokenOf(id));
    expect(tokenOf(wireId("charge", "chg_2")).split(".")[1]).not.toBe(tokenOf(id).split(".")[1]);
  });

  const token = tokenOf(id);
  const [, code = ""] = token.split(".");
  it.each<[string, string]>([
    ["nothing", ""],
    ["the id alone", id],
    ["the id and a dot", `${id}.`],
    ["the code alone", code],
    ["a dot and the code", `.${code}`],
    ["no dot between", `${id}${code}`],
    ["something more", `${token}.`],
    ["a second code", `${token}.${code}`],
    ["a longer code", `${token}A`],
    ["a padded code", `${token}=`],
    ["a space", `${token} `],
    ["another letter case", token.toLowerCase()],
    ["another kind of id", token.replace("charge_", "agr_")],
    ["another's id", `${wireId("charge", "chg_2")}.${code}`],
    ["another installation's key", tokenOf(id, 2)],
    ["letters of several bytes that fill the place", `${id}.${"가".repeat(9)}`],
  ])("is none with %s", (_name, given) => {
    expect(addresses().read(given)).toBeUndefined();
  });

  it("is none with any of its characters changed, and none that is cut off", () => {
    for (const [index, character] of [...token].entries()) {
      const changed = character === "A" ? "B" : "A";
      expect(addresses().read(token.slice(0, index) + changed + token.slice(index + 1)), `at ${index}`).toBeUndefined();
      expect(addresses().read(token.slice(0, index)), `until ${index}`).toBeUndefined();
    }
  });

  it("is none of whatever else may be tried", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ minLength: 27, maxLength: 27 }), (of, guess) => {
        expect(addresses().read(`${of}.${guess}`)).toBeUndefined();
        expect(addresses().read(of)).toBeUndefined();
      }),
    );
  });

  it("is compared in constant time, however much of a code is right", () => {
    for (const wrong of ["A".repeat(27), `${code.slice(0, -2)}AA`, code]) {
      vi.mocked(timingSafeEqual).mockClear();
      addresses().read(`${id}.${wrong}`);
      expect(timingSafeEqual).toHaveBeenCalledTimes(1);
    }
  });
});
