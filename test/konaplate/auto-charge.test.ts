/** A balance that is charged by itself when it is low. */
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { type KonaplateAnswer, KonaplateClient } from "../support/konaplate.ts";
import {
  accountFieldsOf,
  balanceOf,
  cancelling,
  charge,
  newLinkedMember,
  newMember,
  settled,
  type TestMember,
} from "../support/konaplate-members.ts";
import { startTestNode, type TestNode } from "../support/node.ts";
import { useNode } from "../support/scenario.ts";

const test_ms = 60_000;
const node = useNode();
let client: KonaplateClient;

beforeAll(async () => {
  client = await KonaplateClient.of(node);
});

/** A member whose account may be drawn on without being asked. */
async function ready(): Promise<TestMember> {
  const member = await newLinkedMember(client);
  const { bankAccRegNo } = await client.ask("registerForAutoCharge", { userId: member.userId });
  expect(await settled(client, bankAccRegNo)).toBe("BANK_ACC_REGISTERED");
  return member;
}

function set({ userId, par }: TestMember, amount: number, thresholdBalance: number): Promise<KonaplateAnswer> {
  return client.call("autoCharge", { userId, par, amount, thresholdBalance });
}

async function holds(member: TestMember, balance: number, ...others: TestNode[]): Promise<void> {
  await eventually(async () => (await balanceOf(client, member)) === balance).catch(async () => {
    throw new Error(`the balance is ${await balanceOf(client, member)} and not ${balance}`);
  });
  // And nothing more comes of it when nodes look again, as they do when they are told of the time.
  await Promise.all([node, ...others].map((one) => one.moveClock("PT0S")));
  await pause(500);
  expect(await balanceOf(client, member)).toBe(balance);
}

describe("a balance", () => {
  it("that is low is charged at once, and again until it is low no more", { timeout: test_ms }, async () => {
    const member = await ready();
    expect((await set(member, 10_000, 25_000)).status).toBe(200);
    await holds(member, 30_000);
  });

  it("that is exactly the threshold is not low", async () => {
    const member = await ready();
    await charge(client, member, 5_000);
    expect((await set(member, 10_000, 5_000)).status).toBe(200);
    await holds(member, 5_000);
  });

  it("that becomes low is charged then", { timeout: test_ms }, async () => {
    const member = await ready();
    const charged = await charge(client, member, 8_000);
    await set(member, 20_000, 6_000);
    await holds(member, 8_000);
    await client.ask("cancel", await cancelling(client, member, charged));
    await holds(member, 20_000);
  });

  it("is not charged beyond what it may hold", { timeout: test_ms }, async () => {
    const member = await ready();
    await set(member, 1_500_000, 1_900_000);
    await holds(member, 1_500_000);
    await node.moveClock("PT2H");
    await holds(member, 1_500_000);
  });

  it("is charged one charge at a time, however many nodes look", { timeout: test_ms }, async () => {
    const member = await ready();
    const other = await startTestNode({ database: node.database });
    try {
      await node.arm("withdrawal-late", { count: 1, delay_s: 120 });
      await set(member, 10_000, 5_000);
      await holds(member, 0, other);
      const { rows } = await node.database.pool.query(
        `SELECT w.state, w.automatic FROM withdrawals w JOIN members m ON m.id = w.member_id WHERE m.number = $1`,
        [String(member.userId)],
      );
      expect(rows).toEqual([{ state: expect.stringMatching(/pending|unknown/), automatic: true }]);
      await node.moveClock("PT2M");
      await holds(member, 10_000, other);
    } finally {
      await other.stop();
    }
  });

  it("whose account gives nothing is tried again an hour later", { timeout: test_ms }, async () => {
    const member = await ready();
    await node.arm("withdrawal-refused");
    await set(member, 10_000, 5_000);
    await eventually(async () => (await node.armed()).length === 0);
    await holds(member, 0);
    await node.moveClock("PT30M");
    await holds(member, 0);
    await node.moveClock("PT31M");
    await holds(member, 10_000);
  });

  it("is charged no more when the account is removed", { timeout: test_ms }, async () => {
    const member = await ready();
    const charged = await charge(client, member, 8_000);
    await set(member, 10_000, 5_000);
    await client.ask("remove", { userId: member.userId });
    await node.moveClock("PT2H");
    await holds(member, 8_000);
    // Nor when another is linked: it was not registered for that.
    await client.ask("arsCode", { userId: member.userId });
    const { bankAccRegNo } = await client.ask("register", accountFieldsOf(member));
    expect(await settled(client, bankAccRegNo)).toBe("BANK_ACC_REGISTERED");
    await client.ask("cancel", await cancelling(client, member, charged));
    await node.moveClock("PT2H");
    await holds(member, 0);
  });

  it("is charged as it was set last", { timeout: test_ms }, async () => {
    const member = await ready();
    await charge(client, member, 8_000);
    await set(member, 10_000, 5_000);
    await holds(member, 8_000);
    await set(member, 3_000, 9_000);
    await holds(member, 11_000);
  });
});

describe("a setting is refused", () => {
  it("without an account that is registered for it", async () => {
    for (const member of [await newMember(client), await newLinkedMember(client)]) {
      expect((await set(member, 10_000, 5_000)).body.response.code).toBe("007_001");
      expect(await balanceOf(client, member)).toBe(0);
    }
  });

  it("by another's card", async () => {
    const [member, other] = [await ready(), await newMember(client)];
    const answer = await set({ ...member, par: other.par }, 10_000, 5_000);
    expect([answer.status, answer.body.response.code]).toEqual([400, "000_002"]);
    expect(answer.body.response.description).toContain("par");
    await holds(member, 0);
  });
});
