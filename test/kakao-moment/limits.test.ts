/** Calls that a user may make once a second, however many apps, tokens and nodes they come by. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { businessToken, newApp, newUser } from "../support/consent.ts";
import { advertiser, KakaoClient, newAdAccount } from "../support/kakao.ts";
import { startTestNode, type TestNode } from "../support/node.ts";
import { useNode, withNode } from "../support/scenario.ts";

const node = useNode();
let other: TestNode;

beforeAll(async () => {
  other = await startTestNode({ database: node.database });
});
afterAll(() => other.stop());

const path = "/openapi/v4/billing/virtualAccount";
const body = { amount: 1_000, bankCode: "88" };
const tooOften = {
  code: -813,
  msg: "KakaoMomentException",
  extras: { status: 429, message: expect.stringMatching(/limit/) },
};

/** At once, with no regard to the limit. */
const topUp = (client: KakaoClient, method = "POST") => client.call(method, path, { body });
const atOther = ({ token, adAccountId }: KakaoClient) => new KakaoClient(other, token, adAccountId);

async function accountsOf({ adAccountId }: KakaoClient): Promise<number> {
  const { rows } = await node.database.pool.query(
    `SELECT count(*)::int AS payments, count(v.id)::int AS accounts FROM payments p
      LEFT JOIN virtual_accounts v ON v.payment_id = p.id WHERE beneficiary = $1`,
    [`ad-account:${adAccountId}`],
  );
  expect(rows[0].accounts).toBe(rows[0].payments);
  return rows[0].payments;
}

/** Again and again, until the call is let through; a call that put it off would never be. */
async function retry(client: KakaoClient, every_ms: number): Promise<void> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const { status } = await topUp(client);
    if (status === 200) return;
    if (performance.now() > deadline) throw new Error("it is never let through");
    await pause(every_ms);
  }
}

describe("a user", () => {
  it("is let through once of a storm that meets two nodes within a second", async () => {
    const calls = 40;
    for (let storm = 1; ; storm += 1) {
      const mine = await advertiser(node);
      const clients = [mine, atOther(mine)];
      // Each node knows the token before the storm.
      for (const client of clients) await client.balance();
      const began = performance.now();
      const answers = await Promise.all(
        Array.from({ length: calls }, (_, index) => topUp(clients[index % 2]!, index % 3 === 0 ? "GET" : "POST")),
      );
      // A machine that is too slow for the storm says nothing; then another begins.
      if (performance.now() - began >= 1_000 && storm < 5) continue;
      const refused = answers.filter(({ status }) => status === 429);
      expect([refused.length, answers.filter(({ status }) => status === 200).length]).toEqual([calls - 1, 1]);
      for (const answer of refused) expect(answer.body).toEqual(tooOften);
      expect(await accountsOf(mine)).toBe(1);
      return;
    }
  });

  it("may call again after a second on either node, and not before, however often they tried meanwhile", async () => {
    const mine = await advertiser(node);
    const began = performance.now();
    expect((await topUp(mine)).status).toBe(200);
    await retry(atOther(mine), 30);
    expect(performance.now() - began).toBeGreaterThanOrEqual(1_000);
    expect(await accountsOf(mine)).toBe(2);
  });

  it("is the same user by another token, by another app, and for another ad account", async () => {
    const mine = await advertiser(node);
    const { user, adAccountId } = mine;
    const clients = [
      mine,
      new KakaoClient(node, await businessToken(node, { user }), adAccountId),
      new KakaoClient(node, await businessToken(node, { user, app: await newApp(node) }), adAccountId),
      new KakaoClient(node, mine.token, await newAdAccount(node, user)),
    ];
    const answers = await Promise.all(clients.map((client) => topUp(client)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, 429, 429, 429]);
  });

  it("does not keep another from the same ad account", async () => {
    const users = [await newUser(node), await newUser(node)];
    const members = users.map(({ number: user }) => ({ user, role: "member" }));
    const adAccount = await newAdAccount(node, users[0]!.number, { members });
    const tokens = await Promise.all(users.map(({ number: user }) => businessToken(node, { user })));
    const clients = tokens.map((token) => new KakaoClient(node, token, adAccount));
    expect((await Promise.all(clients.map((client) => topUp(client)))).map(({ status }) => status)).toEqual([200, 200]);
    expect(await accountsOf(clients[0]!)).toBe(2);
  });
});

describe("a turn", () => {
  it("is shared by GET and POST", async () => {
    const mine = await advertiser(node);
    expect((await topUp(mine, "GET")).status).toBe(200);
    expect((await topUp(mine, "POST")).status).toBe(429);
    expect((await topUp(mine, "GET")).status).toBe(429);
    expect(await accountsOf(mine)).toBe(1);
  });

  it("is taken also by a call that is refused for what it asks", async () => {
    const mine = await advertiser(node);
    expect((await mine.call("POST", path, { body: { amount: 0 } })).body.code).toBe(-2);
    expect((await topUp(mine)).body).toEqual(tooOften);
  });

  it("is taken by nobody who may not call at all", async () => {
    const mine = await advertiser(node, { scope: "moment_bizform_result_read" });
    expect((await topUp(mine)).body.code).toBe(-402);
    const { user, adAccountId } = mine;
    const allowed = new KakaoClient(node, await businessToken(node, { user }), adAccountId);
    expect((await topUp(allowed)).status).toBe(200);
  });

  it("is not over because the sandbox clock was moved", async () => {
    await withNode({}, async (moved) => {
      const mine = await advertiser(moved);
      expect((await topUp(mine)).status).toBe(200);
      await moved.moveClock("P1D");
      expect((await topUp(mine)).body).toEqual(tooOften);
    });
  });

  it("of switching is one of its own", async () => {
    const mine = await advertiser(node);
    const onOff = (config: string) => mine.call("PUT", "/openapi/v4/adAccounts/onOff", { body: { config } });
    expect((await topUp(mine)).status).toBe(200);
    expect((await onOff("OFF")).status).toBe(200);
    const again = await onOff("ON");
    expect([again.status, again.body]).toEqual([429, tooOften]);
    expect((await mine.adAccount()).config).toBe("OFF");
    await pause(1_010);
    expect((await onOff("ON")).status).toBe(200);
    expect((await mine.adAccount()).config).toBe("ON");
  });

  it("is not asked of what is only read", async () => {
    const mine = await advertiser(node);
    const answers = await Promise.all(
      ["pages", "balance", "bizRight", String(mine.adAccountId)].flatMap((one) => [mine.get(one), mine.get(one)]),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  });
});
