import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { poolLimits } from "../../../store/postgres.ts";
import { faultLimits, faults, isStruck, readArming } from "./faults.ts";

const anyFault = fc.constantFrom(...faults.map((one) => one.name));
const anySeed = fc.integer({ min: 0, max: faultLimits.seed_max });
const anyChance = fc.double({ min: 0, max: 1, minExcluded: true, noNaN: true });
const calls = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("which calls a chance strikes", () => {
  it("depends on seed, fault and number alone", () => {
    fc.assert(
      fc.property(anyFault, anySeed, anyChance, (fault, seed, chance) => {
        const strikes = () => calls(50).map((call) => isStruck(fault, seed, chance, call));
        expect(strikes()).toEqual(strikes());
      }),
    );
  });

  it("is known of a seed for good", () => {
    const struck = calls(40).filter((call) => isStruck("refund-refused", 7, 0.25, call));
    expect(struck).toEqual([8, 21, 28, 29, 34, 39]);
  });

  it("is about as often as the chance says", () => {
    fc.assert(
      fc.property(anyFault, anySeed, fc.constantFrom(0.05, 0.3, 0.5, 0.9), (fault, seed, chance) => {
        const count = 4_000;
        const struck = calls(count).filter((call) => isStruck(fault, seed, chance, call)).length;
        // Six standard deviations.
        expect(Math.abs(struck - count * chance)).toBeLessThan(6 * Math.sqrt(count * chance * (1 - chance)));
      }),
      { numRuns: 40 },
    );
  });

  it("is every call for a chance of 1, and a smaller chance strikes none that a greater one spares", () => {
    fc.assert(
      fc.property(anyFault, anySeed, anyChance, anyChance, (fault, seed, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        for (const call of calls(30)) {
          expect(isStruck(fault, seed, 1, call)).toBe(true);
          if (isStruck(fault, seed, less, call)) expect(isStruck(fault, seed, more, call)).toBe(true);
        }
      }),
    );
  });

  it("differs between seeds and between faults", () => {
    const pattern = (fault: Parameters<typeof isStruck>[0], seed: number) =>
      calls(60)
        .map((call) => Number(isStruck(fault, seed, 0.5, call)))
        .join("");
    const patterns = [1, 2, 3].flatMap((seed) => faults.map(({ name }) => pattern(name, seed)));
    expect(new Set(patterns).size).toBe(patterns.length);
  });
});

describe("what is armed", () => {
  it.each([
    ["the next call, if nothing is said", { fault: "refund-refused" }, { count: 1, chance: null, delay_s: null }],
    ["so many calls", { fault: "refund-refused", count: 9 }, { count: 9, chance: null, seed: null }],
    ["none", { fault: "refund-refused", count: 0 }, { count: 0 }],
    ["a chance with its seed", { fault: "notice-lost", chance: 0.5, seed: 0 }, { count: null, chance: 0.5, seed: 0 }],
    ["for as long as it usually takes", { fault: "webhook-slow" }, { delay_s: 20 }],
    ["for longer", { fault: "notice-late", delay_s: 600, chance: 1, seed: 5 }, { delay_s: 600, seed: 5 }],
    ["for less", { fault: "database-slow", delay_s: 0.5 }, { delay_s: 0.5 }],
  ])("%s", (_name, wanted, armed) => {
    expect(readArming(wanted)).toMatchObject(armed);
  });

  it("has a random seed where none is given", () => {
    const seeds = calls(20).map(() => {
      const armed = readArming({ fault: "notice-late", chance: 0.1 });
      return "seed" in armed ? armed.seed! : -1;
    });
    expect(new Set(seeds).size).toBeGreaterThan(15);
    for (const seed of seeds) expect(Number.isInteger(seed) && seed >= 0 && seed <= faultLimits.seed_max).toBe(true);
  });

  it.each([
    ["a fault that there is not", { fault: "rain" }, "there is no fault rain; there are refund-timeout-before"],
    ["count and chance", { fault: "notice-late", count: 1, chance: 1 }, "either count or chance"],
    ["a seed without a chance", { fault: "notice-late", seed: 1 }, "a seed goes with a chance"],
    ["a delay where nothing takes a time", { fault: "refund-refused", delay_s: 1 }, "refund-refused has no delay_s"],
    [
      "a commit that outlasts a lock's wait",
      { fault: "database-slow", delay_s: 5.1 },
      "delay_s of database-slow may be 5",
    ],
  ])("is not %s", (_name, wanted, words) => {
    expect(readArming(wanted)).toEqual({ wrong: expect.stringContaining(words) });
  });

  it("never holds a commit for longer than who waits for its locks, or PostgreSQL, has patience", () => {
    const { lock_timeout_ms, idle_in_transaction_ms } = poolLimits;
    expect(faultLimits.commit_delay_max_s * 1000).toBeLessThan(Math.min(lock_timeout_ms, idle_in_transaction_ms));
  });
});
