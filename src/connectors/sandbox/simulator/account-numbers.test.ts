import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { banks } from "../../../core/banks.ts";
import { accountNumber, capacity, formatAccountNumber, numberForms } from "./account-numbers.ts";

const anyForm = fc.constantFrom(...numberForms);

/** A bank and serials of it, with the edges of its range and runs of neighbours among them. */
const formAndSerials = anyForm.chain((form) => {
  const last = capacity(form.bankCode) - 1;
  const serial = fc.oneof(
    fc.nat(1_000),
    fc.integer({ min: last - 1_000, max: last }),
    fc.integer({ min: 0, max: last }),
  );
  return fc.tuple(fc.constant(form), fc.uniqueArray(serial, { minLength: 2, maxLength: 50 }));
});

describe("the forms", () => {
  it("cover exactly the banks that issue virtual accounts, once each", () => {
    const issuing = banks.filter((bank) => bank.issuesVirtualAccounts).map((bank) => bank.code);
    expect(numberForms.map((form) => form.bankCode)).toEqual(issuing);
  });

  it.each(numberForms)("of $bankCode, $pattern, is in itself consistent", (form) => {
    expect(form.pattern).toMatch(/^[0-9#]+(-[0-9#]+)*$/);
    expect(form.length).toBeGreaterThanOrEqual(12);
    expect(form.length).toBeLessThanOrEqual(16);
    expect(form.groups.reduce((sum, size) => sum + size, 0)).toBe(form.length);
    expect(form.pattern.replaceAll("-", "").startsWith(form.prefix)).toBe(true);
    expect(capacity(form.bankCode)).toBeGreaterThanOrEqual(1_000_000_000);
    expect(Number.isSafeInteger(capacity(form.bankCode))).toBe(true);
  });

  it.each([
    ["002", 14],
    ["003", 14],
    ["004", 14],
    ["007", 14],
    ["011", 14],
    ["012", 14],
    ["020", 14],
    ["023", 14],
    ["027", 13],
    ["031", 14],
    ["032", 13],
    ["034", 13],
    ["037", 13],
    ["039", 13],
    ["045", 13],
    ["048", 12],
    ["071", 13],
    ["081", 14],
    ["088", 14],
    ["089", 14],
    ["090", 13],
    ["092", 12],
  ])("of %s has %i digits", (bankCode, length) => {
    expect(accountNumber(bankCode, 0)).toHaveLength(length);
  });

  it.each(numberForms.filter((form) => form.bankCode >= "200"))(
    "of the securities firm $bankCode is told apart",
    (form) => {
      expect(form).toMatchObject({ length: 12, prefix: form.bankCode });
    },
  );
});

describe("accountNumber", () => {
  it("keeps to the bank's form", () => {
    fc.assert(
      fc.property(formAndSerials, ([form, serials]) => {
        const shape = new RegExp(`^${form.pattern.replaceAll("-", "").replaceAll("#", "\\d")}$`);
        for (const serial of serials) {
          const number = accountNumber(form.bankCode, serial);
          expect(number).toMatch(shape);
          expect(number).toHaveLength(form.length);
          expect(number.startsWith(form.prefix)).toBe(true);
        }
      }),
    );
  });

  it("never gives two serials one number, and always gives one serial the same", () => {
    fc.assert(
      fc.property(formAndSerials, ([form, serials]) => {
        const numbers = serials.map((serial) => accountNumber(form.bankCode, serial));
        expect(new Set(numbers).size).toBe(serials.length);
        expect(serials.map((serial) => accountNumber(form.bankCode, serial))).toEqual(numbers);
      }),
    );
  });

  // Sampling cannot show a bijection over a billion serials, but an inverse can: each number leads back to one serial.
  it.each(numberForms)("of $bankCode can be undone for every serial", (form) => {
    const modulus = BigInt(capacity(form.bankCode));
    const pattern = form.pattern.replaceAll("-", "");
    const runningAt = (serial: number): bigint => {
      const number = accountNumber(form.bankCode, serial);
      return BigInt([...number].filter((_, place) => pattern[place] === "#").join(""));
    };
    const start = runningAt(0);
    const step = (runningAt(1) - start + modulus) % modulus;
    const inverse = inverseOf(step, modulus);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number(modulus) - 1 }), (serial) => {
        const undone = ((runningAt(serial) - start + modulus) * inverse) % modulus;
        expect(undone).toBe(BigInt(serial));
      }),
    );
  });

  it.each(numberForms)("of $bankCode is distinct over the first 20,000 serials", (form) => {
    const numbers = new Set<string>();
    for (let serial = 0; serial < 20_000; serial++) numbers.add(accountNumber(form.bankCode, serial));
    expect(numbers.size).toBe(20_000);
  });

  it("puts neighbours far apart", () => {
    fc.assert(
      fc.property(formAndSerials, ([form, serials]) => {
        const serial = Math.min(serials[0]!, capacity(form.bankCode) - 2);
        const one = accountNumber(form.bankCode, serial);
        const other = accountNumber(form.bankCode, serial + 1);
        const differing = [...one].filter((digit, place) => digit !== other[place]).length;
        expect(differing).toBeGreaterThanOrEqual(3);
      }),
    );
  });

  it("refuses serials outside the capacity and banks without a form", () => {
    for (const serial of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, capacity("088")]) {
      expect(() => accountNumber("088", serial)).toThrow(RangeError);
    }
    for (const bankCode of ["001", "005", "88", ""]) {
      expect(() => accountNumber(bankCode, 0)).toThrow(RangeError);
      expect(() => capacity(bankCode)).toThrow(RangeError);
    }
  });
});

describe("formatAccountNumber", () => {
  it("only adds hyphens, and adding them again changes nothing", () => {
    fc.assert(
      fc.property(formAndSerials, ([form, serials]) => {
        for (const serial of serials) {
          const number = accountNumber(form.bankCode, serial);
          const display = formatAccountNumber(form.bankCode, number);
          expect(display.replaceAll("-", "")).toBe(number);
          expect(display.split("-").map((group) => group.length)).toEqual(form.groups);
          expect(formatAccountNumber(form.bankCode, display)).toBe(display);
        }
      }),
    );
  });

  it("writes the digits as the banks do", () => {
    expect(formatAccountNumber("088", "56212345678901")).toBe("562-123-4567890-1");
    expect(formatAccountNumber("004", "12349256789012")).toBe("123492-56-789012");
    expect(formatAccountNumber("081", "12391234512337")).toBe("123-912345-12337");
  });

  it("leaves alone what is not of the bank's form", () => {
    expect(formatAccountNumber("088", "X3790127821223")).toBe("X3790127821223");

    expect(formatAccountNumber("088", "110123456789")).toBe("110123456789");
    expect(formatAccountNumber("999", "123-4")).toBe("123-4");
  });
});

/** The multiplicative inverse, by Euclid; fails the test where none exists. */
function inverseOf(value: bigint, modulus: bigint): bigint {
  let [remainder, nextRemainder] = [modulus, value];
  let [factor, nextFactor] = [0n, 1n];
  while (nextRemainder !== 0n) {
    const quotient = remainder / nextRemainder;
    [remainder, nextRemainder] = [nextRemainder, remainder - quotient * nextRemainder];
    [factor, nextFactor] = [nextFactor, factor - quotient * nextFactor];
  }
  expect(remainder).toBe(1n);
  return (factor + modulus) % modulus;
}
