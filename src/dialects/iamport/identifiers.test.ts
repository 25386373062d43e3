import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { impUid } from "./identifiers.ts";

const space = 1_000_000_000_000;

describe("imp_uid", () => {
  it("is imp_ and 12 digits for every number there is", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: space - 1 }), (number) => {
        expect(impUid(number)).toMatch(/^imp_\d{12}$/);
      }),
    );
  });

  it.each([0, 1, space - 1])("is imp_ and 12 digits for %i", (number) => {
    expect(impUid(number)).toMatch(/^imp_\d{12}$/);
  });

  it("differs for different numbers", () => {
    const number = fc.integer({ min: 0, max: space - 1 });
    fc.assert(
      fc.property(number, number, (one, other) => {
        expect(impUid(one) === impUid(other)).toBe(one === other);
      }),
    );
  });

  it("can be counted back from, so that no two numbers share one", () => {
    const [first, step] = [BigInt(impUid(0).slice(4)), BigInt(impUid(1).slice(4)) - BigInt(impUid(0).slice(4))];
    const modulus = BigInt(space);
    let [a, b, inverse, next] = [((step % modulus) + modulus) % modulus, modulus, 1n, 0n];
    while (b > 0n) [a, b, inverse, next] = [b, a % b, next, inverse - (a / b) * next];
    expect(a, "the step shares no factor with 10^12").toBe(1n);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: space - 1 }), (number) => {
        const back = ((BigInt(impUid(number).slice(4)) - first) * inverse) % modulus;
        expect((back + modulus) % modulus).toBe(BigInt(number));
      }),
    );
  });

  it("gives a run of numbers ids that do not run", () => {
    const ids = Array.from({ length: 10_000 }, (_, number) => impUid(number));
    expect(new Set(ids).size).toBe(ids.length);
    const prefixes = new Set(ids.slice(0, 10).map((id) => id.slice(0, 7)));
    expect(prefixes.size).toBeGreaterThan(5);
  });
});
