/** What must count once counts once: notices that come many times at once, connections lost at the worst moment. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, inject, it } from "vitest";
import { eventually } from "../support/client.ts";
import { anyFate, type CommitProxy, startCommitProxy, through } from "../support/commit-proxy.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { startTestNode, type TestNode } from "../support/node.ts";
import { freshSeed, randomFrom } from "../support/random.ts";
import { startReceiver } from "../support/receiver.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function newDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  closing.push(() => database.drop());
  return database;
}

async function startOn(database: TestDatabase): Promise<TestNode> {
  const node = await startTestNode({ database });
  closing.push(() => node.stop());
  return node;
}

async function startBehind(proxy: CommitProxy, database: TestDatabase): Promise<TestNode> {
  return startOn({ ...database, url: through(proxy, database.url) });
}

async function proxied(): Promise<CommitProxy> {
  const proxy = await startCommitProxy(inject("postgres"));
  closing.push(() => proxy.close());
  return proxy;
}

describe("ten copies of one notice at once, five at each of two nodes", () => {
  it("are booked once, and all are told of the same deposit", async () => {
    const database = await newDatabase();
    const nodes = [await startOn(database), await startOn(database)];
    for (let round = 0; round < 15; round += 1) {
      const payment = await nodes[0]!.issue();
      const notice = { noticeId: `copies-${round}`, depositorName: "홍길동" };
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) => nodes[index % 2]!.deposit(payment.vbank_num, notice)),
      );
      expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(200));
      expect(new Set(answers.map((answer) => answer.body.depositId)).size).toBe(1);
      expect(answers.map((answer) => answer.body.outcome)).toEqual(Array(10).fill("matched"));
      expect(answers.filter((answer) => !answer.body.duplicate)).toHaveLength(1);
      expect(await nodes[1]!.payment(payment.imp_uid)).toMatchObject({ status: "paid" });
    }
    const { rows } = await database.pool.query(
      "SELECT count(*) AS deposits, (SELECT count(*) FROM transfers) AS transfers FROM deposits",
    );
    expect(rows).toEqual([{ deposits: 15, transfers: 15 }]);
    await nodes[0]!.expectClean();
  }, 120_000);

  it("that say different things leave one booked and the others for the operator", async () => {
    const database = await newDatabase();
    const nodes = [await startOn(database), await startOn(database)];
    for (let round = 0; round < 10; round += 1) {
      const payment = await nodes[0]!.issue();
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          nodes[index % 2]!.deposit(payment.vbank_num, {
            noticeId: `contradictory-${round}`,
            depositorName: `이름 ${index % 3}`,
          }),
        ),
      );
      expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(200));
      const said = new Map(answers.map(({ body }) => [body.depositId, body]));
      expect(said.size).toBe(3);
      expect([...said.values()].map((body) => body.reason ?? body.outcome).sort()).toEqual([
        "conflicting_notice",
        "conflicting_notice",
        "matched",
      ]);
    }
    await nodes[0]!.expectClean();
  }, 120_000);
});

describe("a node whose connections are lost at COMMIT", () => {
  it("has every deposit it acknowledged in its books once", async () => {
    const seed = freshSeed();
    const random = randomFrom(seed);
    const database = await newDatabase();
    const proxy = await proxied();
    const node = await startBehind(proxy, database);
    await node.token();
    proxy.fate = () => anyFate(random);
    const shop = await startReceiver();
    closing.push(() => shop.close());
    const booked = new Map<string, unknown>();
    const customer = async (name: number) => {
      for (let index = 0; index < 10; index += 1) {
        const payment = await node.issue({ notice_url: shop.url });
        const noticeId = `cut-${name}-${index}`;
        const answer = await node.deposit(payment.vbank_num, { noticeId });
        expect(answer.status, `seed ${seed}`).toBe(200);
        expect(answer.body, `seed ${seed}`).toMatchObject({ outcome: "matched", noticeId });
        booked.set(noticeId, payment.imp_uid);
      }
    };
    await Promise.all([0, 1, 2, 3, 4].map(customer));
    proxy.fate = () => ({ kind: "pass" });

    expect(booked.size).toBe(50);
    expect(proxy.cuts).toBeGreaterThan(0);
    const { rows } = await database.pool.query(
      `SELECT transaction_id AS "noticeId", count(*) AS n, min(state) AS state FROM deposits GROUP BY 1`,
    );
    expect(rows).toHaveLength(50);
    for (const row of rows) expect(row, `seed ${seed}`).toMatchObject({ n: 1, state: "matched" });
    for (const impUid of booked.values()) expect(await node.payment(impUid)).toMatchObject({ status: "paid" });
    const { rows: payments } = await database.pool.query("SELECT count(*) AS n FROM payments");
    expect(payments).toEqual([{ n: 50 }]);
    await node.expectClean();
    await eventually(async () => shop.received.length === 100, 30_000);
  }, 120_000);
});

describe("a node whose database is away while a webhook is under way", () => {
  it("still delivers every webhook, and leaves none pending", async () => {
    const database = await newDatabase();
    const proxy = await proxied();
    const node = await startBehind(proxy, database);
    const unanswered: (() => void)[] = [];
    const shop = createServer((_request, response) => {
      const answer = () => response.end("OK");
      if (proxy.unreachable) answer();
      else unanswered.push(answer);
    });
    await new Promise<void>((resolve) => shop.listen(0, "127.0.0.1", resolve));
    closing.push(async () => {
      shop.closeAllConnections();
      await new Promise((resolve) => shop.close(resolve));
    });
    const notice_url = `http://127.0.0.1:${(shop.address() as AddressInfo).port}/`;
    const issued = await Promise.all(Array.from({ length: 5 }, () => node.issue({ notice_url })));
    await eventually(async () => unanswered.length === issued.length, 30_000);
    proxy.unreachable = true;
    const answer = () => {
      for (const one of unanswered.splice(0)) one();
    };
    answer();
    await pause(1_000);
    proxy.unreachable = false;
    const answering = setInterval(answer, 50);
    closing.push(async () => clearInterval(answering));
    await eventually(async () => {
      const { rows } = await database.pool.query("SELECT state, count(*) AS n FROM deliveries GROUP BY state");
      return rows.length === 1 && rows[0].state === "delivered" && rows[0].n === issued.length;
    }, 30_000);
    await node.expectClean();
  }, 120_000);
});
