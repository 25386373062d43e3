import { describe, expect, it } from "vitest";
import { type Fate, planPayment } from "./plan.ts";

const many = Array.from({ length: 5_000 }, (_, index) => planPayment(7, index + 1));

const share = (...wanted: Fate[]) => many.filter(({ fate }) => wanted.includes(fate)).length / many.length;

describe("a demo payment", () => {
  it("is the same for the same seed and number, and another for another", () => {
    expect(planPayment(7, 12)).toEqual(planPayment(7, 12));
    expect(planPayment(8, 12).buyer).not.toEqual(planPayment(7, 12).buyer);
    const buyers = new Set(many.slice(0, 100).map(({ buyer, amount }) => `${buyer.name} ${buyer.tel} ${amount}`));
    expect(buyers.size).toBeGreaterThan(95);
  });

  it("is paid in seven of ten cases", () => {
    expect(share("paid", "paid-with-receipt", "partly-refunded", "refunded", "paid-twice")).toBeCloseTo(0.7, 1);
    expect(share("waiting")).toBeCloseTo(0.17, 1);
    expect(share("revoked")).toBeCloseTo(0.08, 1);
    expect(share("wrong-amount", "wrong-account")).toBeCloseTo(0.05, 1);
  });

  it("can be asked of the node: ids of its own and short, refunds of a part, wrong amounts that are wrong", () => {
    expect(new Set(many.map(({ reference }) => reference)).size).toBe(many.length);
    for (const { reference, amount, refundAmount, wrongAmount } of [...many, planPayment(999_999_999, 100_000)]) {
      expect(reference).toMatch(/^[a-z0-9]{1,40}$/);
      expect(refundAmount).toBeGreaterThan(0);
      expect(refundAmount).toBeLessThan(amount);
      expect(wrongAmount).toBeGreaterThan(0);
      expect(wrongAmount).toBeLessThan(amount);
    }
  });

  it("names nobody's telephone", () => {
    expect(many.every(({ buyer }) => /^010-0000-\d{4}$/.test(buyer.tel))).toBe(true);
  });
});
