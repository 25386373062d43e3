/**
 * A bank whose notices come twice, late, in the wrong order or never. What the bank believes is read from its own table;
 * what a shop heard, from the shop.
 */
import { describe, expect, it } from "vitest";
import { readDue, sandboxDeposits } from "../../src/connectors/sandbox/simulator/transactions.ts";
import { type Client, eventually, type Fields } from "../support/client.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { environment, runCli, startChildNode, startTestNode, type TestNode } from "../support/node.ts";
import { useReceiver, withNode } from "../support/scenario.ts";

const shop = useReceiver();
const finding_ms = 30_000;

const heard = (payment: Fields): string[] =>
  shop.received
    .map((one) => JSON.parse(one.body) as Fields)
    .filter((body) => body.merchant_uid === payment.merchant_uid)
    .map((body) => String(body.status));

interface Transaction {
  kind: string;
  told: boolean;
  lost: boolean;
  held: boolean;
}

/** What the bank knows of a transaction: the credit, and then its reversal. */
async function atBank(database: TestDatabase, noticeId: string): Promise<Transaction[]> {
  const { rows } = await database.pool.query<Transaction>(
    `SELECT kind, notified_at IS NOT NULL AS told, lost_at IS NOT NULL AS lost, notify_at IS NOT NULL AS held
      FROM sandbox_bank_transactions WHERE id = $1 ORDER BY kind`,
    [noticeId],
  );
  return rows;
}

/** What the books have of a transaction. */
async function inBooks(database: TestDatabase, noticeId: string): Promise<Fields[]> {
  const { rows } = await database.pool.query(
    "SELECT kind, state, reason, received_at FROM deposits WHERE transaction_id = $1 ORDER BY kind",
    [noticeId],
  );
  return rows;
}

/** A customer pays, and the bank's notice does not come. */
async function payUntold(client: Client, payment: Fields, fault: string, fields: Fields = {}): Promise<string> {
  const answer = await client.deposit(payment.vbank_num, { bankCode: payment.vbank_code, ...fields });
  expect([answer.status, answer.body]).toEqual([
    202,
    {
      noticeId: expect.any(String),
      outcome: "not-notified",
      reason: fault,
      duplicate: false,
      amount: payment.amount,
      bankCode: "088",
      accountNumber: payment.vbank_num,
      depositorName: null,
      occurredAt: expect.any(String),
    },
  ]);
  expect(await client.payment(payment.imp_uid)).toMatchObject({ status: "ready" });
  return answer.body.noticeId;
}

async function isPaid(client: Client, payment: Fields, timeout_ms?: number): Promise<void> {
  await eventually(async () => (await client.payment(payment.imp_uid)).status === "paid", timeout_ms);
}

/** All that the bank believes has been told. */
async function allTold(database: TestDatabase): Promise<void> {
  await eventually(async () => {
    const { rows } = await database.pool.query("SELECT FROM sandbox_bank_transactions WHERE notified_at IS NULL");
    return rows.length === 0;
  }, finding_ms);
}

const own = (scenario: (node: TestNode) => Promise<void>) => () => withNode({}, scenario);

/** The bank took the money back before Naru was told that it had come. */
async function wasNeverPaid(
  node: Client & { database: TestDatabase },
  payment: Fields,
  noticeId: string,
): Promise<void> {
  expect(await inBooks(node.database, noticeId)).toMatchObject([
    { kind: "credit", state: "reversed", reason: "already_reversed" },
    { kind: "reversal", state: "applied" },
  ]);
  expect(await node.payment(payment.imp_uid)).toMatchObject({ status: "ready" });
  expect(heard(payment)).toEqual(["ready"]);
}

describe("a notice that comes three times at once", () => {
  it(
    "counts once",
    own(async (node) => {
      const received = async () => {
        const metrics = await (await fetch(`${node.url}/metrics`)).text();
        return Number(/naru_batch_requests_sum\{command="receive-notice"\} (\d+)/.exec(metrics)?.[1] ?? 0);
      };
      const payment = await node.issue({ notice_url: shop.url });
      await node.arm("notice-duplicated");
      const answer = await node.deposit(payment.vbank_num);
      expect(answer.body).toMatchObject({ outcome: "matched", duplicate: false });
      expect(await received()).toBe(3);
      expect(await inBooks(node.database, answer.body.noticeId)).toMatchObject([{ state: "matched" }]);
      const { rows } = await node.database.pool.query("SELECT count(*) AS n, sum(amount) AS sum FROM transfers");
      expect(rows).toEqual([{ n: 1, sum: "10000" }]);
      await eventually(async () => heard(payment).length === 2);
      expect(heard(payment)).toEqual(["ready", "paid"]);
      await node.deposit((await node.issue()).vbank_num);
      expect(await received()).toBe(4);
    }),
  );
});

describe("a notice that comes late", () => {
  it(
    "comes when business time is there, and counts though the account has expired by then",
    own(async (node) => {
      const dueSoon = { vbank_due: node.now() + 30, notice_url: shop.url };
      const payment = await node.issue(dueSoon);
      const other = await node.issue();
      await node.arm("notice-late");
      const noticeId = await payUntold(node, payment, "notice-late");
      await node.arm("notice-late", { delay_s: 20 });
      await payUntold(node, other, "notice-late");

      await node.moveClock("PT40S");
      await eventually(async () => (await node.timeline(payment.imp_uid)).payment.state === "expired");
      await isPaid(node, other);
      expect(await atBank(node.database, noticeId)).toEqual([{ kind: "credit", told: false, lost: false, held: true }]);
      expect(await inBooks(node.database, noticeId)).toEqual([]);
      await node.expectClean();

      await node.moveClock("PT20S");
      await isPaid(node, payment);
      expect(await inBooks(node.database, noticeId)).toMatchObject([{ state: "matched", reason: null }]);
      await allTold(node.database);
      await eventually(async () => heard(payment).length === 2);
      expect(heard(payment)).toEqual(["ready", "paid"]);
    }),
  );

  it(
    "is sent at once when the bank is told to send it again, and not a second time later",
    own(async (node) => {
      const payment = await node.issue();
      await node.arm("notice-late");
      const noticeId = await payUntold(node, payment, "notice-late", { noticeId: "again" });
      const again = await node.deposit(payment.vbank_num, { noticeId });
      expect([again.status, again.body]).toMatchObject([200, { outcome: "matched", duplicate: false }]);
      await allTold(node.database);
      await node.moveClock("P1D");
      expect((await node.deposit(payment.vbank_num, { noticeId })).body).toMatchObject({ duplicate: true });
      expect(await inBooks(node.database, noticeId)).toHaveLength(1);
    }),
  );

  it(
    "comes after its own reversal, and nobody was ever paid",
    own(async (node) => {
      const payment = await node.issue({ notice_url: shop.url });
      await node.arm("notice-late");
      const noticeId = await payUntold(node, payment, "notice-late");
      expect((await node.reverse(noticeId)).body).toMatchObject({ outcome: "waiting" });
      await node.moveClock("PT61S");
      await allTold(node.database);
      await wasNeverPaid(node, payment, noticeId);
    }),
  );
});

describe("a notice that is overtaken", () => {
  it(
    "comes after that of the next transaction",
    own(async (node) => {
      const [first, second, third] = [await node.issue(), await node.issue(), await node.issue()];
      await node.arm("notice-out-of-order", 2);
      const ids = [await payUntold(node, first, "notice-out-of-order")];
      ids.push(await payUntold(node, second, "notice-out-of-order"));
      expect(await atBank(node.database, ids[0]!)).toMatchObject([{ told: false, held: true }]);
      const { body } = await node.deposit(third.vbank_num);
      expect(body.outcome).toBe("matched");
      await Promise.all([isPaid(node, first), isPaid(node, second)]);
      const [overtaking] = await inBooks(node.database, body.noticeId);
      for (const id of ids) {
        const [overtaken] = await inBooks(node.database, id);
        expect(Number(overtaken!.received_at)).toBeGreaterThanOrEqual(Number(overtaking!.received_at));
      }
      await allTold(node.database);
    }),
  );

  it(
    "may be overtaken by its own reversal",
    own(async (node) => {
      const payment = await node.issue({ notice_url: shop.url });
      await node.arm("notice-out-of-order");
      const noticeId = await payUntold(node, payment, "notice-out-of-order");
      expect((await node.reverse(noticeId)).body).toMatchObject({ outcome: "waiting" });
      await allTold(node.database);
      await wasNeverPaid(node, payment, noticeId);
    }),
  );

  it(
    "comes by itself when nothing follows and its time is over",
    own(async (node) => {
      const payment = await node.issue();
      await node.arm("notice-out-of-order", { delay_s: 120 });
      await payUntold(node, payment, "notice-out-of-order");
      await node.moveClock("PT119S");
      await node.expectClean();
      expect(await node.payment(payment.imp_uid)).toMatchObject({ status: "ready" });
      await node.moveClock("PT2S");
      await isPaid(node, payment);
    }),
  );
});

describe("a notice that is lost", () => {
  it(
    "is found by asking the bank, and told of once",
    own(async (node) => {
      const payment = await node.issue({ notice_url: shop.url });
      await node.arm("notice-lost");
      const noticeId = await payUntold(node, payment, "notice-lost");
      expect(await atBank(node.database, noticeId)).toEqual([{ kind: "credit", told: false, lost: true, held: false }]);
      await isPaid(node, payment, finding_ms);
      await allTold(node.database);
      expect(await inBooks(node.database, noticeId)).toMatchObject([{ state: "matched" }]);
      await eventually(async () => heard(payment).length === 2);
      expect(heard(payment)).toEqual(["ready", "paid"]);
    }),
    60_000,
  );

  it("is missed by the doctor when a node has not found it within a minute, whatever the clock was moved by", async () => {
    const database = await createDatabase();
    try {
      const node = await startTestNode({ database });
      const payment = await node.issue();
      await node.arm("notice-lost");
      const noticeId = await payUntold(node, payment, "notice-lost");
      await node.stop();
      const { pool } = database;
      await pool.query("INSERT INTO installation (name, value) VALUES ('clock-offset', to_jsonb('1 day'::text))");
      // The bank believes that it told of it; it names it only when it is asked.
      expect(await readDue(pool)).toEqual([]);
      const named = await sandboxDeposits(pool).unconfirmed(10, AbortSignal.timeout(5_000));
      expect(named).toMatchObject([{ transactionId: noticeId, kind: "credit", amount: 10_000 }]);
      const env = environment(database);
      expect(await runCli(["doctor"], env)).toMatchObject({ code: 0 });
      await pool.query("UPDATE sandbox_bank_transactions SET lost_at = lost_at - interval '1 minute'");
      // There was nobody to find it.
      expect(await runCli(["doctor"], env)).toMatchObject({ code: 0 });
      await pool.query(
        "INSERT INTO nodes (id, heartbeat_at, started_at) VALUES ('node_blind', now() + interval '1 hour', now() - interval '2 minutes')",
      );
      const { code, stdout } = await runCli(["doctor"], env);
      await pool.query("DELETE FROM nodes");
      expect([code, stdout]).toEqual([1, expect.stringContaining("BROKEN  a notice that was lost is found")]);
      expect(stdout).toContain(noticeId);
      await withNode({ database }, async (next) => {
        await isPaid(next, payment, finding_ms);
        await allTold(database);
      });
    } finally {
      await database.drop();
    }
  }, 60_000);
});

describe("notices that the books cannot take", () => {
  it("hold up no other, and are told again ever later", async () => {
    const database = await createDatabase();
    const node = await startTestNode({ database });
    try {
      const { pool } = database;
      await pool.query(
        `INSERT INTO sandbox_bank_transactions (id, kind, bank_code, number, amount, occurred_at, recorded_at)
         SELECT 'poison_' || i, 'credit', '088', '1', 1, 'infinity', now() - interval '1 hour' FROM generate_series(1, 450) i`,
      );
      const payment = await node.issue();
      await node.arm("notice-late", { delay_s: 1 });
      await payUntold(node, payment, "notice-late");
      await isPaid(node, payment, finding_ms);
      const { rows } = await pool.query(
        "SELECT min(failures) AS least, bool_and(notify_at > recorded_at + interval '1 hour') AS later FROM sandbox_bank_transactions WHERE notified_at IS NULL",
      );
      expect(rows).toEqual([{ least: expect.any(Number), later: true }]);
      expect(rows[0].least).toBeGreaterThan(0);
    } finally {
      await node.stop();
      await database.drop();
    }
  }, 60_000);
});

describe("a node that is killed", () => {
  it("leaves its late, held and lost notices to another", async () => {
    const database = await createDatabase();
    try {
      const victim = await startChildNode(environment(database));
      const issued = await Promise.all(Array.from({ length: 3 }, () => victim.issue({ notice_url: shop.url })));
      const [late, held, lost] = issued as [Fields, Fields, Fields];
      await victim.arm("notice-late", { delay_s: 300 });
      await payUntold(victim, late, "notice-late");
      await victim.arm("notice-out-of-order", { delay_s: 300 });
      await payUntold(victim, held, "notice-out-of-order");
      await victim.arm("notice-lost");
      await payUntold(victim, lost, "notice-lost");
      await victim.kill();
      await withNode({ database }, async (survivor) => {
        await isPaid(survivor, lost, finding_ms);
        await isPaid(survivor, held, finding_ms);
        expect(await survivor.payment(late.imp_uid)).toMatchObject({ status: "ready" });
        await survivor.moveClock("PT300S");
        await isPaid(survivor, late);
        await allTold(database);
        await eventually(async () => issued.every((payment) => heard(payment).includes("paid")), finding_ms);
        const { rows } = await database.pool.query("SELECT state, count(*) AS n FROM deposits GROUP BY state");
        expect(rows).toEqual([{ state: "matched", n: 3 }]);
      });
    } finally {
      await database.drop();
    }
  }, 120_000);
});
