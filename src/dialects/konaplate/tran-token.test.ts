import { createHmac, timingSafeEqual } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { isTokenOf, readTranToken } from "./tran-token.ts";

vi.mock("node:crypto", async (original) => {
  const crypto = await original<typeof import("node:crypto")>();
  return { ...crypto, timingSafeEqual: vi.fn(crypto.timingSafeEqual) };
});

const body = '{"userId":50000104652}';
const code = "i1CekTiN8jrRCE2NXIuDCsQ/Y4Dicc+47S7J8KSZ7Ug=";
const token = (encoded: string, time = "20261120120000123") => `KMV1:${time}:${encoded}`;
const isOf = (text: string, secretKey: string, bytes: Uint8Array | string) => {
  const read = readTranToken(text);
  return read !== undefined && isTokenOf(read, secretKey, Buffer.from(bytes));
};

describe("a token", () => {
  it.each([
    ["padded, of 67 characters", token(code)],
    ["without padding, of 66 characters", token(code.slice(0, -1))],
    ["with the full stop of the published sample", token(`${code}.`)],
    ["without padding, with a full stop", token(`${code.slice(0, -1)}.`)],
    ["made at another time", token(code, "19990101000000000")],
  ])("is taken %s", (_name, text) => {
    expect(isOf(text, "secret01", body)).toBe(true);
  });

  it("is read as it is published", () => {
    expect(readTranToken("KMV1:20221108120814608:uLD+mU8mz9K95neGiSJTSsF3zzAQJglCggZAOSs5Fkg=.")).toBeDefined();
  });

  it.each([
    ["nothing", ""],
    ["another version", token(code).replace("KMV1", "KMV2")],
    ["lower-case letters before the time", token(code).replace("KMV1", "kmv1")],
    ["a time of 16 digits", token(code, "2026112012000012")],
    ["a time of 18 digits", token(code, "202611201200001234")],
    ["no time", `KMV1:${code}`],
    ["31 bytes", token(Buffer.alloc(31, 1).toString("base64"))],
    ["33 bytes", token(Buffer.alloc(33, 1).toString("base64"))],
    ["Base64url", token(code.replace("/", "_").replace("+", "-"))],
    ["hexadecimal", token(Buffer.from(code, "base64").toString("hex"))],
    ["two full stops", token(`${code}..`)],
    ["padding twice", token(`${code}=`)],
    ["a line break in the end", token(`${code}\n`)],
    ["bits that mean nothing", token(code.replace("Ug=", "Uh="))],
  ])("is none with %s", (_name, text) => {
    expect(readTranToken(text)).toBeUndefined();
  });

  it("is of the bytes that were sent, under the key as UTF-8, and of no others", () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), bytes, fc.nat(), (secretKey, sent, at) => {
        const made = token(createHmac("sha256", secretKey).update(sent).digest("base64"));
        expect(isOf(made, secretKey, sent)).toBe(true);
        const changed = Uint8Array.from(sent);
        if (changed.length > 0) changed[at % changed.length]! ^= 1 << (at % 8);
        expect(isOf(made, secretKey, changed.length > 0 ? changed : Uint8Array.of(0))).toBe(false);
        expect(isOf(made, `${secretKey}x`, sent)).toBe(false);
      }),
    );
  });

  it("is not of the body in Base64, which one client signs", () => {
    const made = createHmac("sha256", "secret01").update(Buffer.from(body).toString("base64")).digest("base64");
    expect(isOf(token(made), "secret01", body)).toBe(false);
  });

  it("is never right with one bit changed", () => {
    const mac = Buffer.from(code, "base64");
    for (let bit = 0; bit < 256; bit += 1) {
      const changed = Buffer.from(mac);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(isOf(token(changed.toString("base64")), "secret01", body)).toBe(false);
    }
  });

  it("is compared in constant time", () => {
    vi.mocked(timingSafeEqual).mockClear();
    isOf(token(code), "secret01", "{}");
    expect(timingSafeEqual).toHaveBeenCalledTimes(1);
  });
});
