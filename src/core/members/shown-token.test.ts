import { describe, expect, it } from "vitest";
import { later } from "../fixtures.fixture.ts";
import { card, member, noon, token } from "../linked-accounts/member-books.fixture.ts";
import { type KeptToken, tokenObjection } from "./shown-token.ts";

const kept: KeptToken = { token: token(), card: card() };
const right = { id: "tok_1", dcvvHash: "right" };
const invalid = { code: "token-invalid" };

describe("a token that is shown", () => {
  it.each<[string, KeptToken, typeof right, Date, object | undefined]>([
    ["stands for its card", kept, right, noon, undefined],
    ["stands for it to the last moment", kept, right, later(noon, 29_999), undefined],
    ["does not when its time is over", kept, right, later(noon, 30_000), invalid],
    ["is worth nothing when nobody made it", { token: undefined, card: undefined }, right, noon, invalid],
    ["is worth nothing a second time", { ...kept, token: token({ usedAt: noon }) }, right, noon, invalid],
    ["is worth nothing to another member", { ...kept, card: card({ memberId: "mem_2" }) }, right, noon, invalid],
    ["is refused with a wrong code", kept, { ...right, dcvvHash: "wrong" }, noon, { code: "dcvv-wrong" }],
    ["is refused with a code of another length", kept, { ...right, dcvvHash: "" }, noon, { code: "dcvv-wrong" }],
    [
      "does not tell whether the code is right once it is used",
      { ...kept, token: token({ usedAt: noon }) },
      { ...right, dcvvHash: "wrong" },
      noon,
      invalid,
    ],
  ])("%s", (_name, found, shown, now, objection) => {
    expect(tokenObjection(found, shown, member(), now)).toEqual(objection);
  });
});
