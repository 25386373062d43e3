import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { newId } from "../../store/index.ts";
import { approvalCode, nrNumber, registrationOf, shortId } from "./identifiers.ts";

const bits = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
const hexOf = (number: bigint) => number.toString(16).padStart(32, "0");

describe("bankAccRegNo", () => {
  it("is 22 letters and digits, from which the registration is found", () => {
    fc.assert(
      fc.property(bits, (number) => {
        const id = `lac_${hexOf(number)}`;
        expect(shortId(id)).toMatch(/^[0-9A-Za-z]{22}$/);
        expect(registrationOf(shortId(id))).toBe(id);
      }),
    );
  });

  it("stays what it was: numbers that clients have are never made anew", () => {
    expect(shortId(`lac_${"0".repeat(32)}`)).toBe("0".repeat(22));
    expect(shortId(`lac_${"0".repeat(30)}3e`)).toBe(`${"0".repeat(20)}10`);
    expect(shortId(`lac_${"f".repeat(32)}`)).toBe("7n42DGM5Tflk9n8mt7Fhc7");
  });

  it("sorts as the ids do", () => {
    fc.assert(
      fc.property(bits, bits, (one, other) => {
        const [first, second] = [shortId(`lac_${hexOf(one)}`), shortId(`lac_${hexOf(other)}`)];
        expect(first < second).toBe(one < other);
      }),
    );
  });

  it.each([
    ["shorter", "0".repeat(21)],
    ["longer", "0".repeat(23)],
    ["empty", ""],
    ["of other characters", `${"0".repeat(21)}-`],
    ["of full-width digits", "０".repeat(22)],
    ["beyond 128 bits by one", "7n42DGM5Tflk9n8mt7Fhc8"],
    ["the largest of 22 letters", "z".repeat(22)],
  ])("that is %s names none", (_, regNo) => {
    expect(registrationOf(regNo)).toBeUndefined();
  });

  it("is told from any other text without an error", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (text) => {
        const id = registrationOf(text);
        if (id !== undefined) expect(shortId(id)).toBe(text);
      }),
    );
  });
});

describe("nrNumber", () => {
  it("is KMN and the 32 digits of an id, whatever it is of", () => {
    expect(nrNumber("pay_0190a1b2c3d4e5f60718293a4b5c6d7e")).toBe("KMN0190a1b2c3d4e5f60718293a4b5c6d7e");
    expect(nrNumber(newId("dep"))).toMatch(/^KMN[0-9a-f]{32}$/);
  });
});

describe("an approval code", () => {
  it("is 8 digits, the same for the same transfer and another for most others", () => {
    const codes = Array.from({ length: 1_000 }, (_, index) => approvalCode(`trf_${index}`));
    expect(codes.every((code) => /^\d{8}$/.test(code))).toBe(true);
    expect(new Set(codes).size).toBeGreaterThan(990);
    expect(approvalCode("trf_0")).toBe(codes[0]);
  });
});
