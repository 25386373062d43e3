import { describe, expect, it } from "vitest";
import { limits } from "../limits.ts";
import { allowance } from "./engine.ts";

const most = limits.deliveries_per_receiver;

describe("the attempts that a receiver may have more", () => {
  it.each([
    ["that answers", { slow: 0, fresh: 0 }, false, most],
    ["that answers, with some under way", { slow: 0, fresh: 3 }, false, most - 3],
    ["that has all it may have", { slow: 0, fresh: most }, false, 0],
    ["that is slow with one: another, so that one order does not hold up the rest", { slow: 1, fresh: 0 }, false, 1],
    ["that is slow with one and has another", { slow: 1, fresh: 1 }, false, 0],
    ["that is slow with all", { slow: most, fresh: 0 }, false, 0],
    ["that did not answer the last time", { slow: 0, fresh: 0 }, true, 1],
    ["that did not, and has one", { slow: 0, fresh: 1 }, true, 0],
    ["that did not, and is slow again", { slow: 1, fresh: 0 }, true, 1],
    ["that did not, and is slow with both", { slow: 2, fresh: 0 }, true, 0],
    ["that fell silent with many under way", { slow: 5, fresh: 2 }, true, 0],
  ])("%s", (_name, underWay, isSilent, expected) => {
    expect(allowance(underWay, isSilent)).toBe(expected);
  });
});
