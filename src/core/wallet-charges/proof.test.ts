import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../limits.ts";
import { readWalletProof, walletProof } from "./proof.ts";

const longest_s = limits.wallet_confirm_max_s;

describe("a proof", () => {
  it.each([
    [{ decision: "pay" }, "pay"],
    [{ decision: "pay", confirm_s: 10 }, "pay;confirm_s=10"],
    [{ decision: "pay", confirm_s: 0, reason: undefined }, "pay"],
    [{ decision: "decline" }, "decline:generic-decline"],
    [{ decision: "decline", reason: "insufficient-funds" }, "decline:insufficient-funds"],
    [{ decision: "decline", reason: "sus-fraud", confirm_s: longest_s }, `decline:sus-fraud;confirm_s=${longest_s}`],
  ] as const)("of %j is written %s", (proof, text) => {
    expect(walletProof(proof)).toBe(text);
  });

  it("is read as it was meant", () => {
    const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
    const reason = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join("-"));
    const confirm_s = fc.integer({ min: 0, max: longest_s });
    const proof = fc.oneof(
      fc.record({ decision: fc.constant("pay" as const), confirm_s }),
      fc.record({ decision: fc.constant("decline" as const), reason, confirm_s }),
    );
    fc.assert(
      fc.property(proof, (meant) => {
        expect(readWalletProof(walletProof(meant))).toEqual({ ...meant });
      }),
    );
  });

  it.each([
    { decision: "decline", reason: "" },
    { decision: "decline", reason: "Insufficient Funds" },
    { decision: "decline", reason: "sus-fraud;confirm_s=1" },
    { decision: "pay", confirm_s: -1 },
    { decision: "pay", confirm_s: 0.5 },
    { decision: "pay", confirm_s: longest_s + 1 },
  ] as const)("is not made of %j", (proof) => {
    expect(() => walletProof(proof)).toThrow(RangeError);
  });

  it.each([
    "",
    "PAY",
    "pay ",
    "pay;confirm_s=",
    "pay;confirm_s=-1",
    `pay;confirm_s=${longest_s + 1}`,
    "pay:insufficient-funds",
    "decline",
    "decline:",
    "decline:-",
    "decline:a;b=1",
    "decline:insufficient-funds\n",
  ])("is not read from %j", (text) => {
    expect(readWalletProof(text)).toBeUndefined();
  });
});
