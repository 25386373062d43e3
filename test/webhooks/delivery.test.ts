/** Webhooks, their attempts and their order, with a real receiver that also misbehaves. */
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, type IamportAnswer } from "../support/client.ts";
import { createDatabase } from "../support/database.ts";
import { startTestNode, type TestNode } from "../support/node.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { useNode, withNode } from "../support/scenario.ts";

const node = useNode();
let shop: Receiver;

beforeEach(async () => {
  shop = await startReceiver();
});
afterEach(() => shop.close());

interface Delivery {
  state: string;
  url: string;
  body: string;
  attempts: number;
  attemptLog: { attempt: number; status: number | null; error: string | null }[];
}

async function settled(impUid: unknown, count: number, timeout_ms?: number): Promise<Delivery[]> {
  return eventually(async () => {
    const { deliveries }: { deliveries: Delivery[] } = await node.timeline(impUid);
    return deliveries.length === count && deliveries.every((one) => one.state !== "pending") && deliveries;
  }, timeout_ms);
}

describe("an announcement", () => {
  it("goes to every address of the payment, with the same bytes", async () => {
    const other = await startReceiver();
    const payment = await node.issue({ notice_url: [shop.url, other.url] });
    const deliveries = await settled(payment.imp_uid, 2);
    expect(deliveries.map((one) => one.url).sort()).toEqual([shop.url, other.url].sort());
    expect(shop.received[0]!.body).toBe(other.received[0]!.body);
    expect(shop.received[0]!.body).toBe(deliveries[0]!.body);
    await other.close();
  });

  it("of an account that expires is not made", async () => {
    const payment = await node.issue({ vbank_due: Math.floor(Date.now() / 1000) + 2, notice_url: shop.url });
    await eventually(async () => (await node.timeline(payment.imp_uid)).payment.state === "expired");
    await settled(payment.imp_uid, 1);
    expect(shop.received.map((one) => JSON.parse(one.body).status)).toEqual(["ready"]);
  });

  it("that is refused is tried once, and what was answered is kept", async () => {
    shop.status = 500;
    const payment = await node.issue({ notice_url: shop.url });
    const [delivery] = await settled(payment.imp_uid, 1);
    expect(delivery).toMatchObject({ state: "exhausted", attempts: 1 });
    expect(delivery!.attemptLog).toMatchObject([{ attempt: 1, status: 500, error: null, answer: "OK" }]);
  });

  it("that reaches nobody is kept with the reason", async () => {
    const gone = await startReceiver();
    await gone.close();
    const payment = await node.issue({ notice_url: gone.url });
    const [delivery] = await settled(payment.imp_uid, 1);
    expect(delivery!.state).toBe("exhausted");
    expect(delivery!.attemptLog).toMatchObject([
      { attempt: 1, status: null, error: expect.stringContaining("ECONNREFUSED") },
    ]);
  });

  it("is not redirected", async () => {
    shop.status = 302;
    const payment = await node.issue({ notice_url: shop.url });
    const [delivery] = await settled(payment.imp_uid, 1);
    expect(delivery!.attemptLog).toMatchObject([{ status: 302 }]);
    expect(shop.received).toHaveLength(1);
  });
});

describe("a merchant that asked for re-sends", () => {
  it("is told up to five times more, a minute of business time apart", async () => {
    await withNode({}, async (mine) => {
      await mine.database.pool.query(`UPDATE merchants SET settings = '{"resendWebhooks": true}'`);
      shop.status = 503;
      const payment = await mine.issue({ notice_url: shop.url });
      for (let attempt = 1; attempt <= 6; attempt += 1) {
        await eventually(async () => shop.received.length === attempt);
        await mine.moveClock("PT1M");
      }
      const timeline = await eventually(async () => {
        const found = await mine.timeline(payment.imp_uid);
        return found.deliveries[0].state === "exhausted" && found;
      });
      expect(timeline.deliveries[0].attempts).toBe(6);
      expect(new Set(shop.received.map((one) => one.body)).size).toBe(1);
    });
  });
});

describe("a sandbox on loopback", () => {
  it("calls this machine and the public, and no network behind it", async () => {
    for (const notice_url of ["http://10.0.0.1/hook", "http://169.254.169.254/latest/meta-data", "http://0/hook"]) {
      const payment = await node.issue({ notice_url });
      const [delivery] = await settled(payment.imp_uid, 1);
      expect(delivery!.attemptLog).toMatchObject([{ status: null, error: expect.stringContaining("private address") }]);
    }
    const payment = await node.issue({ notice_url: shop.url.replace("127.0.0.1", "localhost") });
    await settled(payment.imp_uid, 1);
    expect(shop.received).toHaveLength(1);
  });
});

describe("where strangers can name addresses", () => {
  const env = {
    NARU_HOST: "0.0.0.0",
    NARU_PUBLIC_URL: "http://127.0.0.1:0",
    NARU_OPERATOR_TOKEN: "operator-token-0001",
  };

  /** Issues an account for each address, and gives what became of the attempts. */
  async function attemptsAt(reachable: TestNode, urls: string[]): Promise<{ status: number; error: string }[]> {
    const operator = { authorization: "Bearer operator-token-0001" };
    const { body } = await reachable.get<{ iamport: { impKey: string; impSecret: string } }>(
      "/naru/v1/sandbox/credentials",
      operator,
    );
    const { impKey: imp_key, impSecret: imp_secret } = body.iamport;
    const token = await reachable.post<IamportAnswer>("/users/getToken", { imp_key, imp_secret });
    const authorization = String(token.body.response!.access_token);
    for (const notice_url of urls) {
      await reachable.post("/vbanks", reachable.order({ notice_url }), { authorization });
    }
    return eventually(async () => {
      const { rows } = await reachable.database.pool.query("SELECT status, error FROM delivery_attempts");
      return rows.length === urls.length && rows;
    });
  }

  it("none of them is told to call this machine or its network", async () => {
    await withNode({ env }, async (reachable) => {
      const attempts = await attemptsAt(reachable, [shop.url, shop.url.replace("127.0.0.1", "localhost")]);
      for (const attempt of attempts) expect(attempt.error).toContain("private address");
      expect(shop.received).toEqual([]);
    });
  });

  it("those that the operator lists are called", async () => {
    await withNode(
      { env: { ...env, NARU_WEBHOOK_ALLOW: "shop.internal, localhost, 127.0.0.0/8" } },
      async (reachable) => {
        const attempts = await attemptsAt(reachable, [shop.url, shop.url.replace("127.0.0.1", "localhost")]);
        expect(attempts.map(({ status }) => status)).toEqual([200, 200]);
        expect(shop.received).toHaveLength(2);
      },
    );
  });
});

describe("a receiver that never answers", () => {
  it("takes no other's place, however much it is owed", async () => {
    const deaf = await startReceiver();
    deaf.status = undefined;
    await Promise.all(Array.from({ length: 100 }, () => node.issue({ notice_url: deaf.url })));
    await eventually(async () => deaf.received.length > 0);
    const payment = await node.issue({ notice_url: shop.url });
    await settled(payment.imp_uid, 1, 5_000);
    expect(deaf.received.length).toBeLessThanOrEqual(16);
    await deaf.close();
    await eventually(async () => {
      const { rows } = await node.database.pool.query("SELECT FROM deliveries WHERE state = 'pending'");
      return rows.length === 0;
    });
  });

  it("delays no other, and its next announcement waits for the one before", async () => {
    const deaf = await startReceiver();
    deaf.status = undefined;
    const stuck = await node.issue({ notice_url: deaf.url });
    await eventually(async () => deaf.received.length === 1);
    await node.deposit(stuck.vbank_num);
    const start = performance.now();
    const payment = await node.issue({ notice_url: shop.url });
    await settled(payment.imp_uid, 1);
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(deaf.received).toHaveLength(1);
    await deaf.close();
    const deliveries = await settled(stuck.imp_uid, 2);
    expect(deliveries.map((one) => one.state)).toEqual(["exhausted", "exhausted"]);
  });
});

describe("a node that ends in order", () => {
  it("leaves an attempt that nobody answered to the next node", async () => {
    const database = await createDatabase();
    const first = await startTestNode({ database });
    shop.status = undefined;
    const payment = await first.issue({ notice_url: shop.url });
    await eventually(async () => shop.received.length === 1);
    await first.stop();
    shop.status = 200;
    const second = await startTestNode({ database });
    const timeline = await eventually(async () => {
      const found = await second.timeline(payment.imp_uid);
      return found.deliveries[0].state !== "pending" && found;
    });
    expect(timeline.deliveries[0]).toMatchObject({ state: "delivered", attempts: 1 });
    await second.expectClean();
    await second.stop();
    await database.drop();
  });
});

describe("a node that dies", () => {
  it("has its deliveries made by another within seconds", async () => {
    shop.status = 500;
    const payment = await node.issue({ notice_url: shop.url });
    await settled(payment.imp_uid, 1);
    // As a node leaves it that died while it was attempting: leased, its heartbeat long past.
    const dead = `node_${randomBytes(8).toString("hex")}`;
    const { pool } = node.database;
    await pool.query("INSERT INTO nodes (id, heartbeat_at) VALUES ($1, now() - interval '10 seconds')", [dead]);
    await pool.query(
      `WITH undone AS (DELETE FROM delivery_attempts WHERE delivery_id IN (SELECT id FROM deliveries WHERE url = $2))
       UPDATE deliveries SET state = 'pending', attempts = 0, finished_at = NULL, lease_node = $1, lease_id = 'lost'
       WHERE url = $2`,
      [dead, shop.url],
    );
    shop.status = 200;
    const deliveries = await settled(payment.imp_uid, 1);
    expect(deliveries[0]!.state).toBe("delivered");
    expect(shop.received).toHaveLength(2);
  });
});
