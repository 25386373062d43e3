/**
 * The sandbox wallet's own book: each order once, whichever node takes it and however often it comes. There are no charges
 * here; what the wallet did is read from its own table.
 */
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { readArming } from "../src/connectors/sandbox/index.ts";
import { orderNoticeLimits } from "../src/connectors/sandbox/simulator/order-notices.ts";
import { moveClock } from "../src/core/clock.ts";
import type { AuthorizationOrder, WalletRefundOrder, WalletService } from "../src/core/connector.ts";
import type { OperationAnswer } from "../src/core/operations/operation.ts";
import { walletProof } from "../src/core/wallet-charges/proof.ts";
import { newId } from "../src/store/index.ts";
import { eventually } from "./support/client.ts";
import { addRow, type TestDatabase } from "./support/database.ts";
import { startTestNode } from "./support/node.ts";
import { brokenBy, useSandboxOfTwo } from "./support/sandbox.ts";

const yetToDecide = { outcome: "unknown", reason: "the wallet has yet to decide" };
const patience_ms = 60_000;

const sandbox = useSandboxOfTwo();
/** Of two nodes. */
let wallets: WalletService[];
let wallet: WalletService;

beforeAll(() => {
  wallets = sandbox.connectors.map((one) => one.wallet!);
  wallet = wallets[0]!;
});

const inTime = () => new Date(Date.now() + patience_ms);
const signal = () => AbortSignal.timeout(patience_ms);

function payment(wanted: Partial<AuthorizationOrder> = {}): AuthorizationOrder {
  return {
    key: newId("op"),
    validUntil: inTime(),
    method: "KAKAOPAY",
    amount: 15_000,
    currency: "KRW",
    description: "나룻배 승선권",
    proof: "pay",
    wantsBillingKey: false,
    billingKey: null,
    ...wanted,
  };
}

async function authorize(wanted: Partial<AuthorizationOrder> = {}) {
  const order = payment(wanted);
  return { order, answer: await wallet.authorize(order, signal()) };
}

/** An approved authorization's own id. */
async function taken(wanted: Partial<AuthorizationOrder> = {}): Promise<string> {
  return transactionOf((await authorize(wanted)).answer);
}

function transactionOf(answer: OperationAnswer): string {
  if (answer.outcome !== "succeeded") throw new Error(`the wallet did not approve: ${JSON.stringify(answer)}`);
  return answer.transactionId;
}

function back(authorization: string, wanted: Partial<WalletRefundOrder> = {}): WalletRefundOrder {
  return { key: newId("op"), validUntil: inTime(), authorization, amount: 15_000, currency: "KRW", ...wanted };
}

async function rows(where: string, ...values: unknown[]) {
  return (
    await sandbox.database.pool.query(`SELECT * FROM sandbox_wallet_orders WHERE ${where} ORDER BY made_at`, values)
  ).rows;
}

async function arm(fault: string): Promise<void> {
  const arming = readArming({ fault });
  if ("wrong" in arming) throw new Error(arming.wrong);
  await sandbox.faults.arm(arming);
}

describe("an order of one key", () => {
  it("is carried out once, and is answered as it was", async () => {
    const { order, answer } = await authorize();
    expect(answer).toEqual({ outcome: "succeeded", transactionId: expect.stringMatching(/^wau_/) });
    expect(await wallet.authorize({ ...order, amount: 1, proof: "decline:sus-fraud" }, signal())).toEqual(answer);
    expect(await wallet.ask(order.key, signal())).toEqual(answer);
    const refund = back(transactionOf(answer));
    const given = await wallet.refund(refund, signal());
    expect(given).toEqual({ outcome: "succeeded", transactionId: expect.stringMatching(/^wrf_/) });
    expect(await wallet.refund({ ...refund, amount: 1 }, signal())).toEqual(given);
    expect(await wallet.ask(refund.key, signal())).toEqual(given);
    expect(await rows("key IN ($1, $2)", order.key, refund.key)).toMatchObject([
      { kind: "authorization", method: "KAKAOPAY", amount: 15_000, declined: null },
      { kind: "refund", method: null, amount: 15_000, authorization_id: transactionOf(answer), declined: null },
    ]);
  });

  it("is carried out once when it comes to two nodes many times at once", async () => {
    const order = payment();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => wallets[index % 2]!.authorize(order, signal())),
    );
    expect(new Set(answers.map(transactionOf)).size).toBe(1);
    expect(await rows("key = $1", order.key)).toHaveLength(1);
  });

  it("is never carried out after its time, and then nobody knows of it", async () => {
    const authorization = await taken();
    const validUntil = new Date(Date.now() - 1_000);
    for (const give of [
      (key: string) => wallet.authorize(payment({ key, validUntil }), signal()),
      (key: string) => wallet.refund(back(authorization, { key, validUntil }), signal()),
    ]) {
      const key = newId("op");
      expect(await give(key)).toMatchObject({ outcome: "failed", code: "too-late" });
      expect(await wallet.ask(key, signal())).toEqual({ outcome: "absent" });
    }
    expect(await rows("authorization_id = $1", authorization)).toEqual([]);
  });

  it("that was carried out in time is answered after its time, too", async () => {
    const { order, answer } = await authorize();
    expect(await wallet.authorize({ ...order, validUntil: new Date(0) }, signal())).toEqual(answer);
  });
});

describe("a decline", () => {
  it("is remembered, whatever is said later", async () => {
    const { order, answer } = await authorize({ proof: "decline:insufficient-funds" });
    const message = "Payment Authorization Failed, insufficient funds";
    const declined = { outcome: "failed", code: "insufficient-funds", message, providerCode: "LACK_BALANCE" };
    expect(answer).toEqual(declined);
    expect(await wallet.ask(order.key, signal())).toEqual(declined);
    expect(await wallet.authorize({ ...order, proof: "pay" }, signal())).toEqual(declined);
  });

  it("of a refund is remembered and takes nothing", async () => {
    const authorization = await taken();
    const order = back(authorization, { amount: 15_001 });
    const declined = { outcome: "failed", code: "exceeds-refundable-amount", providerCode: "-710" };
    expect(await wallet.refund(order, signal())).toMatchObject(declined);
    expect(await wallet.ask(order.key, signal())).toMatchObject(declined);
    expect(await wallet.refund(back(authorization), signal())).toMatchObject({ outcome: "succeeded" });
  });
});

describe("refunds of one authorization at once", () => {
  it("never give back more than was taken", async () => {
    for (let round = 0; round < 5; round += 1) {
      const authorization = await taken({ amount: 20_000 });
      const orders = Array.from({ length: 40 }, (_, index) => back(authorization, { amount: 1_000 + 10 * index }));
      const answers = await Promise.all(
        orders.map(async (order, index) => ({ order, answer: await wallets[index % 2]!.refund(order, signal()) })),
      );
      const given = answers.filter(({ answer }) => answer.outcome === "succeeded").map(({ order }) => order.amount);
      const left = given.reduce((rest, amount) => rest - amount, 20_000);
      expect(left).toBeGreaterThanOrEqual(0);
      for (const { order, answer } of answers.filter((one) => one.answer.outcome !== "succeeded")) {
        expect(answer).toMatchObject({ code: "exceeds-refundable-amount" });
        expect(order.amount).toBeGreaterThan(left);
      }
      const kept = await rows("authorization_id = $1", authorization);
      expect(kept).toHaveLength(orders.length);
      const undeclined = kept.filter((row) => row.declined === null).map((row) => row.amount);
      expect(undeclined.sort()).toEqual(given.sort());
    }
  });
});

describe("a wallet that takes its time", () => {
  const move = (advance: string) => moveClock(sandbox.database.pool, { advance });
  const slow = (wanted: Partial<AuthorizationOrder> = {}) =>
    authorize({ proof: walletProof({ decision: "pay", confirm_s: 60 }), ...wanted });

  it("says what it decided when business time is there, and tells of it once", async () => {
    const paid = await slow({ amount: 0, wantsBillingKey: true });
    const declined = await slow({ proof: "decline:sus-fraud;confirm_s=60" });
    const tell = sandbox.word();
    for (const { order, answer } of [paid, declined]) {
      expect([answer, await wallet.ask(order.key, signal())]).toEqual([yetToDecide, yetToDecide]);
    }
    expect([await tell(), sandbox.told]).toEqual([false, []]);

    await move("PT60S");
    const decisions = [
      { outcome: "succeeded", transactionId: expect.stringMatching(/^wau_/), billingKey: expect.any(String) },
      { outcome: "failed", code: "sus-fraud", message: "Payment Authorization Failed" },
    ];
    const keys = [paid.order.key, declined.order.key];
    expect(await Promise.all(keys.map((key) => wallet.ask(key, signal())))).toEqual(decisions);
    expect(await tell()).toBe(false);
    expect(sandbox.told).toEqual(
      decisions.map((answer, index) => ({ connector: "sandbox", key: keys[index], answer })),
    );
    expect(await wallet.ask(keys[0]!, signal())).toEqual(sandbox.told[0]!.answer);
    await tell();
    await sandbox.word()();
    expect(sandbox.told).toHaveLength(2);
  });

  it("tells again what was not taken, and holds nothing up for it", async () => {
    const orders = await Promise.all(Array.from({ length: orderNoticeLimits.tell_batch + 5 }, () => slow()));
    await move("PT60S");
    await slow({ proof: "pay;confirm_s=1" });
    const last = await slow({ proof: "pay;confirm_s=1" });
    await move("PT1S");
    const stubborn = new Set(orders.map(({ order }) => order.key));
    const tell = sandbox.word({
      receiveOrderNotice: (notice) =>
        stubborn.has(notice.key) ? Promise.reject(new Error("not now")) : sandbox.receiveOrderNotice(notice),
    });
    const all = async () => {
      while (await tell()) await pause(0);
    };
    await all();
    expect(sandbox.told.map((one) => one.key)).toContain(last.order.key);
    expect(sandbox.told).toHaveLength(2);
    stubborn.clear();
    await all();
    expect(new Set(sandbox.told.map((one) => one.key)).size).toBe(sandbox.told.length);
    expect(sandbox.told).toHaveLength(orders.length + 2);
  });

  it("is heard on whatever node is alive, as soon as the clock was moved", async () => {
    const { order } = await slow();
    const node = await startTestNode({ database: sandbox.database });
    try {
      const notified = async () => (await rows("key = $1", order.key))[0].notified_at;
      await pause(orderNoticeLimits.tell_interval_ms + 500);
      expect(await notified()).toBeNull();
      await node.moveClock("PT60S");
      await eventually(async () => (await notified()) !== null);
    } finally {
      await node.stop();
    }
  });
});

describe("a billing key", () => {
  it("pays later, is said again, and is not in the wallet's book", async () => {
    const { order, answer } = await authorize({ amount: 0, wantsBillingKey: true });
    expect(answer).toMatchObject({ outcome: "succeeded", billingKey: expect.stringMatching(/^wbk_[0-9a-f]{64}$/) });
    const { billingKey } = answer as { billingKey: string };
    expect(await wallet.ask(order.key, signal())).toEqual(answer);
    expect(JSON.stringify(await rows("true"))).not.toContain(billingKey);
    const other = await authorize({ wantsBillingKey: true });
    expect(other.answer).not.toMatchObject({ billingKey });
    const later = await authorize({ proof: null, billingKey });
    expect(later.answer).toEqual({ outcome: "succeeded", transactionId: expect.any(String) });
  });

  it("that the wallet never gave pays nothing", async () => {
    const { answer } = await authorize({ proof: null, billingKey: `wbk_${"0".repeat(64)}` });
    expect(answer).toMatchObject({ outcome: "failed", code: "invalid-mandate-id", providerCode: "-750" });
  });
});

describe("a wallet that misbehaves", () => {
  const short = () => AbortSignal.timeout(50);

  it.each(["wallet", "refund"])("does not hear of an order, or does not answer for it: %s-timeout-…", async (of) => {
    const authorization = await taken();
    const give = (key: string) =>
      of === "wallet"
        ? wallet.authorize(payment({ key }), short())
        : wallet.refund(back(authorization, { key }), short());
    for (const [how, outcome] of [
      ["before", "absent"],
      ["after", "succeeded"],
    ]) {
      const key = newId("op");
      await arm(`${of}-timeout-${how}`);
      await expect(give(key)).rejects.toThrow("did not answer");
      expect(await wallet.ask(key, signal())).toMatchObject({ outcome });
    }
  });

  it("declines what the shopper agreed to, and a refund", async () => {
    const authorization = await taken();
    await arm("wallet-refused");
    const { order, answer } = await authorize();
    expect(answer).toMatchObject({ outcome: "failed", code: "generic-decline", providerCode: "-780" });
    await arm("refund-refused");
    const refund = back(authorization);
    const refused = { outcome: "failed", code: "generic-decline", providerCode: "-781" };
    expect(await wallet.refund(refund, signal())).toMatchObject(refused);
    expect(await rows("key IN ($1, $2)", order.key, refund.key)).toEqual([]);
    expect(await wallet.refund(back(authorization), signal())).toMatchObject({ outcome: "succeeded" });
  });

  it("tells of a refund before it answers", async () => {
    const order = back(await taken());
    await arm("refund-notice-first");
    const answer = await wallet.refund(order, signal());
    expect(answer).toMatchObject({ outcome: "succeeded" });
    expect(sandbox.told).toEqual([{ connector: "sandbox", key: order.key, answer }]);
  });
});

describe("what the doctor finds of the wallet", () => {
  const took = "what the sandbox wallet took is what was captured or is held";
  const gaveBack = "what the sandbox wallet gave back is what was refunded";

  /** A charge that was authorized and then refunded, at the wallet and in the books, and an agreement of no charge. */
  async function sound(to: TestDatabase): Promise<void> {
    const [connector, currency, state] = ["sandbox", "KRW", "succeeded"];
    await addRow(to, "payments", { id: "pay_1", method: "wallet", connector, currency });
    await addRow(to, "wallet_charges", { id: "chg_1", payment_id: "pay_1", connector, currency, amount: 9_000 });
    for (const id of ["op_1", "op_2", "op_3"]) await addRow(to, "operations", { id, connector, state });
    const step = { id: "stp_1", charge_id: "chg_1", payment_id: "pay_1", kind: "authorization", state };
    await addRow(to, "charge_steps", { ...step, amount: 9_000, transaction_id: "wau_1" });
    const refund = { id: "rfd_1", payment_id: "pay_1", operation_id: "op_2", connector, currency, state };
    await addRow(to, "refunds", { ...refund, amount: 4_000 });
    await addRow(to, "refunds", { ...refund, id: "rfd_2", operation_id: null, state: "failed", amount: 99_000 });
    const authorization = { kind: "authorization", currency };
    const orders = [
      { key: "op_1", transaction_id: "wau_1", amount: 9_000, ...authorization },
      { key: "op_2", transaction_id: "wrf_1", amount: 4_000, currency, kind: "refund", authorization_id: "wau_1" },
      { key: "op_3", transaction_id: "wau_3", amount: 0, ...authorization },
      { key: "op_4", transaction_id: "wau_4", amount: 5, declined: "sus-fraud", ...authorization },
    ];
    for (const order of orders) await addRow(to, "sandbox_wallet_orders", order);
  }

  it.each([
    ["nothing, of what agrees", "SELECT", []],
    ["nothing, while an outcome is unknown", "DELETE FROM charge_steps; UPDATE operations SET state = 'unknown'", []],
    ["another amount", "UPDATE sandbox_wallet_orders SET amount = 8999 WHERE key = 'op_1'", [took]],
    ["another currency", "UPDATE wallet_charges SET currency = 'USD'", [took]],
    ["what it took for nothing", "DELETE FROM charge_steps", [took]],
    ["what it took and Naru takes for a failure", "UPDATE charge_steps SET state = 'failed'", [took]],
    ["what nobody ordered", "DELETE FROM operations WHERE id = 'op_1'; DELETE FROM charge_steps", [took]],
    ["what it declined and Naru takes for paid", "UPDATE sandbox_wallet_orders SET declined = 'x'", [took, gaveBack]],
    ["what it never heard of", "DELETE FROM sandbox_wallet_orders", [took, gaveBack]],
    ["another amount given back", "UPDATE refunds SET amount = 4001 WHERE id = 'rfd_1'", [gaveBack]],
    [
      "what it gave back though the refund failed",
      "UPDATE refunds SET state = 'failed' WHERE id = 'rfd_1'",
      [gaveBack],
    ],
    ["what it gave back for nothing", "DELETE FROM refunds", [gaveBack]],
    ["a refund that is a bank's", "UPDATE payments SET method = 'virtual_account'", [gaveBack]],
  ])("%s", async (_name, damage, broken) => {
    expect(await brokenBy(sound, damage)).toEqual(broken);
  });
});
