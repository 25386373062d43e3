import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateLimiter, rateLimits } from "./rate-limits.ts";

/** A limiter, and a clock that only moves when it is told to. */
function limited(perSecond = 5) {
  const clock = { now_ms: 0 };
  const limiter = new RateLimiter({ perSecond }, () => clock.now_ms);
  const take = (count: number, customer = "mer_1", kind: "read" | "write" = "read") =>
    Array.from({ length: count }, () => limiter.take(customer, kind)).filter(({ isTaken }) => isTaken).length;
  return { clock, limiter, take };
}

describe("a customer's turns", () => {
  it.each([
    [5, 10],
    [50, 100],
    [1, 2],
  ])("at %i a second are %i at once", (perSecond, burst) => {
    const { limiter, take } = limited(perSecond);
    expect([limiter.perSecond, limiter.burst]).toEqual([perSecond, burst]);
    expect(take(burst)).toBe(burst);
    expect(take(1)).toBe(0);
  });

  it("are counted down, and told with each", () => {
    const { limiter, clock } = limited();
    const turns = Array.from({ length: 12 }, () => limiter.take("mer_1", "read"));
    expect(turns.map(({ remaining }) => remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0]);
    expect(turns.map(({ isTaken }) => isTaken)).toEqual([...Array(10).fill(true), false, false]);
    clock.now_ms = 300;
    expect(limiter.take("mer_1", "read")).toEqual({ isTaken: true, remaining: 0 });
  });

  it("come back one by one, to the millisecond", () => {
    const { clock, take } = limited();
    take(10);
    clock.now_ms = 199;
    expect(take(1)).toBe(0);
    clock.now_ms = 200;
    expect(take(2)).toBe(1);
    clock.now_ms = 1_200;
    expect(take(10)).toBe(5);
  });

  it("are not lost by asking in vain", () => {
    const { clock, take } = limited();
    take(10);
    for (let now_ms = 1; now_ms < 200; now_ms += 1) {
      clock.now_ms = now_ms;
      expect(take(1)).toBe(0);
    }
    clock.now_ms = 200;
    expect(take(1)).toBe(1);
  });

  it("are no more than a burst after however long a rest", () => {
    const { clock, take } = limited();
    take(10);
    clock.now_ms = 365 * 24 * 60 * 60 * 1_000;
    expect(take(20)).toBe(10);
  });

  it("are their own for reads and for writes, and no other customer's", () => {
    const { take } = limited();
    expect(take(11, "mer_1", "read")).toBe(10);
    expect(take(11, "mer_1", "write")).toBe(10);
    expect(take(11, "mer_2", "read")).toBe(10);
    expect([take(1, "mer_1", "read"), take(1, "mer_1", "write"), take(1, "mer_2", "read")]).toEqual([0, 0, 0]);
  });

  it("are never more than a burst and what was put back since, over any time", () => {
    const calls = fc.array(fc.record({ after_ms: fc.nat(1_000), count: fc.nat(20) }), { maxLength: 50 });
    fc.assert(
      fc.property(calls, fc.integer({ min: 1, max: 100 }), (all, perSecond) => {
        const { clock, take } = limited(perSecond);
        const taken = all.map(({ after_ms, count }) => {
          clock.now_ms += after_ms;
          return { at_ms: clock.now_ms, count: take(count) };
        });
        for (const [first, { at_ms }] of taken.entries()) {
          let sum = 0;
          for (const one of taken.slice(first)) {
            sum += one.count;
            expect(sum).toBeLessThanOrEqual(2 * perSecond + ((one.at_ms - at_ms) / 1_000) * perSecond + 1e-6);
          }
        }
      }),
    );
  });
});

describe("with more customers than there are buckets for", () => {
  it("nobody gets more turns by it", () => {
    const { take, clock } = limited();
    take(10, "the first");
    for (let index = 0; index <= rateLimits.buckets_max; index += 1) take(1, `mer_${index}`);
    expect(take(1, "the first")).toBe(0);
    clock.now_ms = 200;
    expect(take(2, "the first")).toBe(1);
    clock.now_ms = 60_000;
    take(1, "one more");
    expect(take(20, "the first")).toBe(10);
  });
});
