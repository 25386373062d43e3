/**
 * Faults as an operator arms them, and what goes wrong then in orders to the bank, at the door and in the database. What
 * really happened is read from the bank's own tables, the shop's own log and PostgreSQL's.
 */
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { ArmedFault } from "../../src/connectors/sandbox/index.ts";
import { readSecrets } from "../../src/installation.ts";
import { createCore, openStore, startNode } from "../../src/main.ts";
import { type Client, eventually, type Fields } from "../support/client.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { environment, payeeHash, startTestNode, type TestNode } from "../support/node.ts";
import { freshSeed } from "../support/random.ts";
import { useNode, useReceiver, withNode } from "../support/scenario.ts";

const node = useNode({ env: { NARU_PG_TIMEOUT_MS: "1000" } });
const shop = useReceiver();
const faultsPath = "/naru/v1/sandbox/faults";
const anyAmount = { pg: "settle", fixed_unlimited_vbank: true, amount: undefined };

let accounts = 0;

/** A customer's account that no other refund goes to. */
function newAccount(): Fields {
  accounts += 1;
  return { refund_holder: "홍길동", refund_bank: "088", refund_account: String(120_000_000_000 + accounts) };
}

/** What the bank paid to an account, by its own records. */
async function payouts(database: TestDatabase, account: Fields): Promise<{ id: string; amount: number }[]> {
  const { rows } = await database.pool.query(
    "SELECT transaction_id AS id, amount FROM sandbox_bank_payouts WHERE account_hash = $1 ORDER BY paid_at, key",
    [payeeHash(account.refund_bank, account.refund_account)],
  );
  return rows;
}

/** Two nodes on one database, whose invariants hold in the end. */
async function withTwoNodes(scenario: (one: TestNode, other: TestNode, database: TestDatabase) => Promise<void>) {
  const database = await createDatabase();
  try {
    await withNode({ database }, (one) => withNode({ database }, (other) => scenario(one, other, database)));
  } finally {
    await database.drop();
  }
}

describe("arming", () => {
  it("lists what there is and what is armed", async () => {
    const { body } = await node.get<{ faults: ArmedFault[]; known: Fields[] }>(faultsPath);
    expect(body.faults).toEqual([]);
    expect(body.known).toHaveLength(34);
    expect(body.known).toContainEqual({ fault: "webhook-slow", about: expect.any(String), delay_s: 20, codes: null });
    expect(body.known).toContainEqual({
      fault: "refund-refused",
      about: expect.any(String),
      delay_s: null,
      codes: null,
    });

    await node.arm("notice-late", { count: 3, delay_s: 1.5 });
    await node.arm("refund-refused", { chance: 0.25, seed: 4_294_967_295 });
    const untouched = { about: expect.any(String), code: null, calls: 0, struck: 0 };
    const late = { fault: "notice-late", remaining: 3, chance: null, seed: null, delay_s: 1.5, ...untouched };
    const refused = { remaining: null, chance: 0.25, seed: 4_294_967_295, delay_s: null, ...untouched };
    expect(await node.armed()).toEqual([late, { fault: "refund-refused", ...refused }]);

    const answers = await node.arm("kakao-moment-error", { count: 2, code: "-10" });
    expect(answers).toMatchObject({ remaining: 2, code: "-10" });
    expect(await node.arm("kakao-consent-error")).toMatchObject({ remaining: 1, code: "KOE003" });
    await node.disarm("kakao-moment-error");
    await node.disarm("kakao-consent-error");
    for (const { fault, codes } of body.known as { fault: string; codes: string[] | null }[]) {
      for (const code of codes ?? []) expect(await node.arm(fault, { code })).toMatchObject({ fault, code });
      if (codes !== null) await node.disarm(fault);
    }

    await node.disarm("refund-refused");
    expect(await node.armed()).toEqual([late]);
    await node.arm("notice-late", { count: 0 });
    expect(await node.armed()).toEqual([]);
    await node.arm("holder-timeout");
    await node.arm("token-expired", { chance: 0.001 });
    expect((await node.armed()).find((one) => one.fault === "token-expired")!.seed).toEqual(expect.any(Number));
    await node.disarm();
    expect(await node.armed()).toEqual([]);
  });

  it.each<[string, Fields, string]>([
    ["count and chance together", { fault: "refund-refused", count: 1, chance: 0.5 }, "either count or chance"],
    ["a seed without a chance", { fault: "refund-refused", seed: 1 }, "chance"],
    ["a delay where there is none", { fault: "refund-refused", delay_s: 1 }, "no delay_s"],
    ["a code where there is none", { fault: "refund-refused", code: "-1" }, "no code"],
    ["a code that is none", { fault: "kakao-moment-error", code: "-5000" }, "-603, -1, -2"],
    ["too short a delay", { fault: "notice-late", delay_s: 0.05 }, "delay_s must be >= 0.1"],
    ["too long a delay", { fault: "notice-late", delay_s: 601 }, "delay_s must be <= 600"],
    ["too slow a database", { fault: "database-slow", delay_s: 6 }, "may be 5"],
    ["no chance", { fault: "refund-refused", chance: 0 }, "chance must be > 0"],
    ["more than certainty", { fault: "refund-refused", chance: 1.01 }, "chance must be <= 1"],
    ["half a seed", { fault: "refund-refused", chance: 1, seed: 0.5 }, "seed"],
    ["too great a seed", { fault: "refund-refused", chance: 1, seed: 4_294_967_296 }, "seed must be <="],
    ["fewer than none", { fault: "refund-refused", count: -1 }, "count must be >= 0"],
    ["nothing", {}, "fault is missing"],
    ["what there is not", { fault: "rain" }, "holder-timeout, notice-duplicated"],
  ])("refuses %s", async (_name, wanted, words) => {
    const answer = await node.post<{ error: { message: string } }>(faultsPath, wanted);
    expect([answer.status, answer.body.error.message]).toEqual([400, expect.stringContaining(words)]);
    expect(await node.armed()).toEqual([]);
  });

  it("refuses to disarm what there is not, and names what there is", async () => {
    const answer = await node.delete<{ error: Fields }>(`${faultsPath}/rain`);
    expect([answer.status, answer.body.error.code]).toEqual([404, "fault-unknown"]);
    expect(answer.body.error.message).toContain("token-expired");
  });

  it("outlives the node, and the next one that starts says so", async () => {
    const database = await createDatabase();
    try {
      await withNode({ database }, async (first) => {
        await first.arm("refund-refused", 2);
        await first.arm("notice-lost", { chance: 0.5 });
      });
      const lines: string[] = [];
      const log = pino({ level: "warn" }, { write: (line: string) => lines.push(line) });
      const second = await startNode(readConfig(environment(database)), log, () => {});
      await second.stop();
      expect(lines.join("")).toContain("faults are armed: notice-lost, refund-refused");
    } finally {
      await database.drop();
    }
  });
});

describe("a chance", () => {
  /** Forty refunds of one won after another: which of them the bank refused. */
  async function refusals(client: Client, database: TestDatabase, payment: Fields): Promise<number[]> {
    const account = newAccount();
    const refused: number[] = [];
    for (let call = 1; call <= 40; call += 1) {
      const { body } = await client.cancel({ imp_uid: payment.imp_uid, amount: call, ...account });
      if (body.code !== 0) refused.push(call);
      if (body.code !== 0) expect(body.message).toContain("은행이 요청을 거절");
    }
    const paid = await payouts(database, account);
    const spared = Array.from({ length: 40 }, (_, index) => index + 1).filter((call) => !refused.includes(call));
    expect(paid.map((one) => one.amount)).toEqual(spared);
    return refused;
  }

  it("strikes the same calls again with the same seed, and tells of each", async () => {
    const payment = await node.issue(anyAmount);
    await node.deposit(payment.vbank_num, { bankCode: payment.vbank_code, amount: 100_000 });
    const { seed } = (await node.arm("refund-refused", { chance: 0.3 }))!;
    const about = `seed ${seed}`;
    const first = await refusals(node, node.database, payment);
    const [counted] = await node.armed();
    expect(counted, about).toMatchObject({ calls: 40, struck: first.length, chance: 0.3, seed });
    await node.arm("refund-refused", { chance: 0.3, seed: seed! });
    expect(await refusals(node, node.database, payment), about).toEqual(first);
    await node.arm("refund-refused", { chance: 0.3, seed: (seed! + 1) % 2 ** 32 });
    expect(await refusals(node, node.database, payment), about).not.toEqual(first);
    await node.disarm();
  }, 60_000);
});

describe("two nodes", () => {
  it("share what is left, exactly", async () => {
    await withTwoNodes(async (one, other, database) => {
      const issued = await Promise.all(Array.from({ length: 40 }, () => one.issue()));
      await other.arm("notice-late", { count: 7, delay_s: 600 });
      const answers = await Promise.all(
        issued.map((payment, index) => (index % 2 === 0 ? one : other).deposit(payment.vbank_num)),
      );
      expect(answers.filter((answer) => answer.status === 202)).toHaveLength(7);
      expect(answers.filter((answer) => answer.body.outcome === "matched")).toHaveLength(33);
      const held = await database.pool.query("SELECT FROM sandbox_bank_transactions WHERE notify_at IS NOT NULL");
      expect(held.rowCount).toBe(7);
      expect(await one.armed()).toEqual([]);
    });
  });

  it("both feel what was armed, and what was disarmed, as soon as it is answered", async () => {
    await withTwoNodes(async (one, other) => {
      for (let round = 0; round < 6; round += 1) {
        const [operator, customer] = round % 2 === 0 ? [one, other] : [other, one];
        const payment = await customer.issue(anyAmount);
        const pay = () => customer.deposit(payment.vbank_num, { bankCode: payment.vbank_code, amount: 100 });
        await operator.arm("notice-late", { chance: 1, delay_s: 600 });
        expect((await pay()).status).toBe(202);
        await operator.disarm();
        expect((await pay()).status).toBe(200);
      }
    });
  }, 60_000);
});

describe("a bank whose notice of a payout comes before its answer", () => {
  it("is believed once, and the caller is answered as ever", async () => {
    const account = newAccount();
    const paid = await node.paid({ notice_url: shop.url });
    await node.arm("refund-notice-first");
    const { body } = await node.cancel({ imp_uid: paid.imp_uid, enable_webhook: true, ...account });
    const [payout, ...more] = await payouts(node.database, account);
    expect([payout!.amount, more]).toEqual([10_000, []]);
    expect(body.response).toMatchObject({ status: "cancelled", cancel_amount: 10_000 });
    expect(body.response.cancel_history).toMatchObject([{ amount: 10_000, pg_tid: payout!.id }]);
    expect(await node.armed()).toEqual([]);
    const told = await eventually(async () => {
      const bodies = shop.received.map((one) => JSON.parse(one.body)).filter((one) => one.imp_uid === paid.imp_uid);
      return bodies.some((one) => one.status === "cancelled") && bodies;
    });
    expect(told.map((one) => one.status)).toEqual(["ready", "paid", "cancelled"]);
    const { events } = await node.timeline(paid.imp_uid);
    expect(events.filter((one: { type: string }) => one.type === "refund.succeeded")).toHaveLength(1);
  });

  it("is heard of a payout that it never answered for, before anyone gives up or asks", async () => {
    const patient = { NARU_PG_TIMEOUT_MS: "6000" };
    await withNode({ env: patient }, async (mine) => {
      const account = newAccount();
      const paid = await mine.paid();
      await mine.arm("refund-notice-first");
      await mine.arm("refund-timeout-after");
      let answered = false;
      const answering = mine.cancel({ imp_uid: paid.imp_uid, ...account }).finally(() => {
        answered = true;
      });
      const shown = await eventually(async () => {
        const now = await mine.payment(paid.imp_uid);
        return now.status === "cancelled" && now;
      });
      expect([shown.cancel_amount, answered]).toEqual([10_000, false]);
      // The call ends without an answer; by then it is known that the money is gone.
      expect((await answering).body.response).toMatchObject({ status: "cancelled", cancel_amount: 10_000 });
      expect(await payouts(mine.database, account)).toMatchObject([{ amount: 10_000 }]);
      const { operations } = await mine.timeline(paid.imp_uid);
      expect(operations).toMatchObject([{ state: "succeeded", attempts: 0 }]);
    });
  });

  it("cannot change its word, nor speak of what nobody ordered", async () => {
    const account = newAccount();
    const paid = await node.paid();
    await node.cancel({ imp_uid: paid.imp_uid, ...account });
    const { rows } = await node.database.pool.query(
      "SELECT key, transaction_id FROM sandbox_bank_payouts WHERE account_hash = $1",
      [payeeHash(account.refund_bank, account.refund_account)],
    );
    const config = readConfig(environment(node.database));
    const store = openStore({ url: node.database.url }, config);
    try {
      const send = () => Promise.reject(new Error("this one sends nothing"));
      const { core } = createCore(config, store, await readSecrets(config), pino({ level: "silent" }), send);
      const { key, transaction_id: transactionId } = rows[0];
      const yes = { outcome: "succeeded", transactionId } as const;
      const no = { outcome: "failed", code: "refused", message: "아니요" } as const;
      const before = await node.timeline(paid.imp_uid);
      for (const answer of [yes, no]) {
        expect(await core.receiveOrderNotice({ connector: "sandbox", key, answer })).toBe(true);
      }
      expect(await core.receiveOrderNotice({ connector: "sandbox", key: "op_nobody", answer: yes })).toBe(false);
      expect(await core.receiveOrderNotice({ connector: "another", key, answer: yes })).toBe(false);
      expect(await node.timeline(paid.imp_uid)).toEqual(before);
    } finally {
      await store.close();
    }
  });
});

describe("a bank that does not say whose an account is", () => {
  it("leaves the caller with what an unknown account gets, when the time is over", async () => {
    const look = async () => {
      const began_ms = performance.now();
      const { status } = await node.iamport("GET", "/vbanks/holder", { bank_code: "088", bank_num: "110123456789" });
      return [status, performance.now() - began_ms] as const;
    };
    await node.arm("holder-timeout");
    const [status, took_ms] = await look();
    expect(status).toBe(404);
    expect(took_ms).toBeGreaterThan(990);
    expect((await look())[0]).toBe(200);
  });
});

describe("an access token that expires", () => {
  it("is refused for good, on every node, and another is given", async () => {
    await withTwoNodes(async (one, other, database) => {
      const token = await one.token();
      const payment = await one.issue();
      const read = async (client: Client, authorization: string) =>
        (await client.get(`/payments/${payment.imp_uid}`, { authorization })).status;
      expect([await read(one, token), await read(other, token)]).toEqual([200, 200]);
      await other.arm("token-expired");
      expect(await read(one, token)).toBe(401);
      const { rows } = await database.pool.query("SELECT expires_at <= clock_timestamp() AS over FROM access_tokens");
      expect(rows).toEqual([{ over: true }]);
      expect(await read(one, token)).toBe(401);
      await eventually(async () => (await read(other, token)) === 401);
      const { body } = await other.call("POST", "/users/getToken", one.credentials);
      const fresh = body.response.access_token;
      expect(fresh).not.toBe(token);
      expect([await read(one, fresh), await read(other, fresh), await read(one, token)]).toEqual([200, 200, 401]);
    });
  });

  it("spares calls that had none", async () => {
    await node.arm("token-expired");
    expect((await node.get("/payments/imp_000000000000", { authorization: "nobody's" })).status).toBe(401);
    expect(await node.armed()).toMatchObject([{ fault: "token-expired", remaining: 1 }]);
    await node.disarm();
  });
});

describe("a slow database", () => {
  it("answers late, and loses nothing and counts nothing twice", async () => {
    const seed = freshSeed();
    await withNode({ env: { NARU_BATCH_CAP: "4" } }, async (mine) => {
      const { pool } = mine.database;
      await mine.token();
      await mine.arm("database-slow", { chance: 0.3, seed, delay_s: 1 });
      let watching = true;
      let waiting = 0;
      const watch = (async () => {
        while (watching) {
          const { rows } = await pool.query(
            `SELECT count(*) AS held FROM pg_stat_activity WHERE datname = current_database()
              AND state = 'idle in transaction' AND clock_timestamp() - state_change > interval '500 ms'`,
          );
          waiting = Math.max(waiting, rows[0].held);
        }
      })();
      const order = () => mine.issue({ notice_url: shop.url });
      const issued = await Promise.all(Array.from({ length: 20 }, order));
      const deposits = await Promise.all(
        issued.map((payment, index) => mine.deposit(payment.vbank_num, { noticeId: `slow-${index}` })),
      );
      watching = false;
      await watch;
      const [{ struck }] = (await mine.armed()) as [ArmedFault];
      await mine.disarm();
      expect(struck, `seed ${seed}`).toBeGreaterThan(0);
      expect(waiting, `seed ${seed}`).toBeGreaterThan(0);
      expect(deposits.map((answer) => answer.body.outcome)).toEqual(Array(20).fill("matched"));
      const { rows } = await pool.query(
        `SELECT (SELECT count(*) FROM payments WHERE state = 'paid') AS paid, (SELECT count(*) FROM deposits) AS deposits,
          (SELECT count(*) FROM transfers) AS transfers, (SELECT count(*) FROM sandbox_bank_transactions) AS moved`,
      );
      expect(rows).toEqual([{ paid: 20, deposits: 20, transfers: 20, moved: 20 }]);
      const references = new Set(issued.map((payment) => payment.merchant_uid));
      await eventually(async () => {
        const told = shop.received.map((one) => JSON.parse(one.body)).filter((one) => references.has(one.merchant_uid));
        return told.length === 40;
      });
    });
  }, 60_000);
});

describe("one node's faults", () => {
  it("are none of another database's", async () => {
    const database = await createDatabase();
    const other = await startTestNode({ database });
    try {
      await other.arm("notice-lost");
      const { body } = await node.deposit((await node.issue()).vbank_num);
      expect(body.outcome).toBe("matched");
    } finally {
      await other.stop();
      await database.drop();
    }
  });
});
