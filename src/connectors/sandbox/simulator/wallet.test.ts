import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deepFreeze, issuedAt, later, second_ms } from "../../../core/fixtures.fixture.ts";
import { walletProof } from "../../../core/wallet-charges/proof.ts";
import {
  answerOf,
  decideWalletOrder,
  type WalletOrder,
  type WantedAuthorization,
  type WantedRefund,
} from "./wallet.ts";

const now = issuedAt;
const billingKey = (key: string) => `billing key of ${key}`;
const yetToDecide = { outcome: "unknown", reason: "the wallet has yet to decide" };

function wantedAuthorization(wanted: Partial<WantedAuthorization> = {}): WantedAuthorization {
  return deepFreeze({
    key: "op_1",
    transactionId: "wau_1",
    kind: "authorization" as const,
    method: "KAKAOPAY",
    amount: 15_000,
    currency: "KRW",
    proof: "pay",
    agreedHash: null,
    givenHash: null,
    ...wanted,
  });
}

function wantedRefund(wanted: Partial<WantedRefund> = {}): WantedRefund {
  return deepFreeze({
    key: "op_2",
    transactionId: "wrf_1",
    kind: "refund" as const,
    authorizationId: "wau_1",
    amount: 15_000,
    currency: "KRW",
    ...wanted,
  });
}

function known(...orders: WalletOrder[]): ReadonlyMap<string, WalletOrder> {
  return new Map(orders.map((one) => [one.key, deepFreeze(one)]));
}

function authorize(wanted: Partial<WantedAuthorization> = {}, ...before: WalletOrder[]): WalletOrder {
  return decideWalletOrder(wantedAuthorization(wanted), known(...before), now);
}

function refund(wanted: Partial<WantedRefund> = {}, ...before: WalletOrder[]): WalletOrder {
  return decideWalletOrder(wantedRefund(wanted), known(...before), now);
}

const say = (order: WalletOrder, at = now) => answerOf(order, at, billingKey);

describe("an authorization", () => {
  it("is remembered whole", () => {
    expect(authorize()).toEqual({
      key: "op_1",
      transactionId: "wau_1",
      kind: "authorization",
      authorizationId: null,
      method: "KAKAOPAY",
      amount: 15_000,
      currency: "KRW",
      billingKeyHash: null,
      declined: null,
      decidesAt: null,
      madeAt: now,
    });
  });

  it.each<[string, Partial<WantedAuthorization>]>([
    ["that the shopper agreed to", { proof: walletProof({ decision: "pay" }) }],
    ["that nobody was asked about", { proof: null }],
    ["of nothing, for an agreement", { amount: 0 }],
    ["of a declining amount by another method", { amount: 300_001 }],
    ["by the mock method just below its declining amounts", { method: "MOCK", amount: 299_999 }],
    ["by the mock method just above them", { method: "MOCK", amount: 400_001 }],
  ])("%s is approved", (_name, wanted) => {
    const order = authorize(wanted);
    expect(order.declined).toBeNull();
    expect(say(order)).toEqual({ outcome: "succeeded", transactionId: "wau_1" });
  });

  it.each([
    ["insufficient-funds", "LACK_BALANCE"],
    ["is-exceeding-account-limit", "LIMIT_USE_PER_DAY"],
    ["simultaneous-operation-in-progress", "USER_LOCKED"],
    ["expired-session", "-723"],
    ["unresponsive-provider", "BANK_FIRM_UNAVAILABLE"],
    ["generic-decline", "-780"],
    ["canceled-by-consumer", undefined],
    ["constructor", undefined],
  ])("that the shopper has declined for %s is, with Kakao's code %s", (reason, providerCode) => {
    const order = authorize({ proof: walletProof({ decision: "decline", reason }) });
    expect(order.declined).toBe(reason);
    const message = expect.stringContaining("Payment Authorization Failed");
    const code = providerCode === undefined ? {} : { providerCode };
    expect(say(order)).toStrictEqual({ outcome: "failed", code: reason, message, ...code });
  });

  it("with a proof that is none is declined", () => {
    expect(say(authorize({ proof: "PAY" }))).toMatchObject({ code: "authentication-failed", providerCode: "-708" });
  });

  it.each([
    [300_000, "generic-decline", "Payment Authorization Failed"],
    [300_001, "generic-decline", "Payment Authorization Failed"],
    [300_002, "insufficient-funds", "Payment Authorization Failed, insufficient funds"],
    [300_003, "generic-decline", "Payment Authorization Failed"],
    [345_602, "insufficient-funds", "Payment Authorization Failed, insufficient funds"],
    [399_901, "generic-decline", "Payment Authorization Failed"],
    [400_000, "generic-decline", "Payment Authorization Failed"],
  ])("of %i by the mock method is declined whatever the shopper did", (amount, code, message) => {
    for (const proof of [null, "pay", "decline:sus-fraud"]) {
      expect(say(authorize({ method: "MOCK", amount, proof }))).toMatchObject({ outcome: "failed", code, message });
    }
  });
});

describe("a wallet that takes its time", () => {
  it.each([
    [walletProof({ decision: "pay", confirm_s: 10 }), { outcome: "succeeded", transactionId: "wau_1" }],
    [
      walletProof({ decision: "decline", reason: "sus-fraud", confirm_s: 10 }),
      { outcome: "failed", code: "sus-fraud", message: "Payment Authorization Failed" },
    ],
  ])("says nothing of %s until then", (proof, decision) => {
    const order = authorize({ proof });
    expect(order.decidesAt).toEqual(later(now, 10 * second_ms));
    expect(say(order)).toEqual(yetToDecide);
    expect(say(order, later(now, 10 * second_ms - 1))).toEqual(yetToDecide);
    expect(say(order, later(now, 10 * second_ms))).toEqual(decision);
  });

  it("takes it for the mock method's amounts, too", () => {
    const order = authorize({ method: "MOCK", amount: 300_002, proof: "pay;confirm_s=1" });
    expect(say(order)).toEqual(yetToDecide);
    expect(say(order, later(now, second_ms))).toMatchObject({ code: "insufficient-funds" });
  });
});

describe("a billing key", () => {
  const agreed = authorize({ amount: 0, givenHash: "hash" });
  const byKey = { key: "op_9", transactionId: "wau_9", proof: null, agreedHash: "hash" };

  it("is given by an approval, and known by its hash", () => {
    expect(agreed.billingKeyHash).toBe("hash");
    expect(say(agreed)).toEqual({ outcome: "succeeded", transactionId: "wau_1", billingKey: "billing key of op_1" });
  });

  it("is not given by a decline", () => {
    const declined = authorize({ givenHash: "hash", proof: "decline:sus-fraud" });
    expect(declined.billingKeyHash).toBeNull();
    expect(say(declined)).not.toHaveProperty("billingKey");
    expect(authorize(byKey, declined).declined).toBe("invalid-mandate-id");
  });

  it("is enough to pay with", () => {
    expect(say(authorize(byKey, agreed))).toEqual({ outcome: "succeeded", transactionId: "wau_9" });
  });

  it.each<[string, WalletOrder[]]>([
    ["nobody gave", []],
    ["is another", [authorize({ givenHash: "another hash" })]],
    ["is yet to be given", [authorize({ givenHash: "hash", proof: "pay;confirm_s=1" })]],
  ])("that %s is refused", (_name, before) => {
    const answer = { outcome: "failed", code: "invalid-mandate-id", providerCode: "-750" };
    expect(say(authorize(byKey, ...before))).toMatchObject(answer);
  });
});

describe("a refund", () => {
  const taken = authorize();
  const tooMuch = { outcome: "failed", code: "exceeds-refundable-amount", providerCode: "-710" };

  it("is remembered whole", () => {
    expect(refund({}, taken)).toEqual({
      key: "op_2",
      transactionId: "wrf_1",
      kind: "refund",
      authorizationId: "wau_1",
      method: null,
      amount: 15_000,
      currency: "KRW",
      billingKeyHash: null,
      declined: null,
      decidesAt: null,
      madeAt: now,
    });
  });

  it("gives back all, or a part and the rest", () => {
    expect(say(refund({}, taken))).toEqual({ outcome: "succeeded", transactionId: "wrf_1" });
    const part = refund({ key: "op_part", amount: 14_999 }, taken);
    expect(say(refund({ amount: 1 }, taken, part))).toMatchObject({ outcome: "succeeded" });
    expect(say(refund({ amount: 2 }, taken, part))).toMatchObject(tooMuch);
  });

  it.each<[string, Partial<WantedRefund>, WalletOrder[]]>([
    ["of more than was taken", { amount: 15_001 }, [taken]],
    ["of what nobody authorized", {}, []],
    ["of another authorization", { authorizationId: "wau_2" }, [taken]],
    ["of what was declined", {}, [authorize({ proof: "decline:sus-fraud" })]],
    ["of what is not decided", {}, [authorize({ proof: "pay;confirm_s=1" })]],
    ["in another currency", { currency: "USD" }, [taken]],
    ["of a refund", { authorizationId: "wrf_1", amount: 1 }, [taken, refund({ key: "op_part" }, taken)]],
    ["when nothing is left", { amount: 1 }, [taken, refund({ key: "op_all" }, taken)]],
  ])("%s is declined", (_name, wanted, before) => {
    expect(say(refund(wanted, ...before))).toMatchObject(tooMuch);
  });

  it("that was declined takes nothing", () => {
    const declined = refund({ key: "op_much", amount: 15_001 }, taken);
    expect(say(refund({}, taken, declined))).toMatchObject({ outcome: "succeeded" });
  });

  it("never gives back more than was taken, and is only declined when it would", () => {
    const amounts = fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(amounts, (wanted) => {
        const orders = [taken];
        let left = taken.amount;
        for (const [index, amount] of wanted.entries()) {
          const order = refund({ key: `op_${index + 2}`, transactionId: `wrf_${index}`, amount }, ...orders);
          orders.push(order);
          expect(order.declined === null).toBe(amount <= left);
          if (order.declined === null) left -= amount;
        }
        expect(left).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
