import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AccessToken, decideAccessToken, type TokenPolicy } from "./access-tokens.ts";

/** I'mport's rules. */
const policy: TokenPolicy = { lifetime_s: 1800, extendWithin_s: 60, extendBy_s: 300 };
const now = new Date("2026-03-02T03:00:00.000Z");
const expiring = (in_ms: number): AccessToken =>
  Object.freeze({ token: "held", expiresAt: new Date(now.getTime() + in_ms) });

describe("an access token", () => {
  it.each([
    ["the first", undefined, "fresh", 1_800_000],
    ["just given", expiring(1_800_000), "held", 1_800_000],
    ["with half its life left", expiring(900_000), "held", 900_000],
    ["with 60.001 s left", expiring(60_001), "held", 60_001],
    ["with 60 s left", expiring(60_000), "held", 60_000],
    ["with 59.999 s left", expiring(59_999), "held", 359_999],
    ["with 1 ms left", expiring(1), "held", 300_001],
    ["at its very end", expiring(0), "fresh", 1_800_000],
    ["expired a millisecond ago", expiring(-1), "fresh", 1_800_000],
    ["expired long ago", expiring(-86_400_000), "fresh", 1_800_000],
  ])("%s", (_name, held, token, left_ms) => {
    const given = decideAccessToken(held, "fresh", policy, now);
    expect(given).toEqual({ token, expiresAt: new Date(now.getTime() + left_ms) });
  });

  it("ends on a whole second, as clients are told it", () => {
    const late = new Date(now.getTime() + 999);
    const { expiresAt } = decideAccessToken(undefined, "fresh", policy, late);
    expect(expiresAt).toEqual(new Date(now.getTime() + 1_800_000));
    expect(Math.floor(expiresAt.getTime() / 1000) - Math.floor(late.getTime() / 1000)).toBe(1800);
  });

  it("is extended once, not at every request of its last minute", () => {
    const extended = decideAccessToken(expiring(30_000), "fresh", policy, now);
    expect(decideAccessToken(extended, "fresh", policy, now)).toEqual(extended);
  });

  it("is live when it is given, for no longer than its whole life and one extension", () => {
    const left = fc.option(fc.integer({ min: -4_000_000, max: 1_800_000 }), { nil: undefined });
    fc.assert(
      fc.property(left, fc.integer({ min: 0, max: 999 }), (left_ms, part_ms) => {
        const at = new Date(now.getTime() + part_ms);
        const held = left_ms === undefined ? undefined : expiring(left_ms);
        const given = decideAccessToken(held, "fresh", policy, at);
        const given_ms = given.expiresAt.getTime() - at.getTime();
        expect(given_ms).toBeGreaterThan(0);
        expect(given_ms).toBeLessThanOrEqual(1_800_000);
        const isLive = held !== undefined && held.expiresAt > at;
        expect(given.token).toBe(isLive ? "held" : "fresh");
      }),
    );
  });
});
