/**
 * Money that goes back, at its worst moments: many refunds at once, banks that do not answer, nodes killed and connections
 * lost in between, reversals and deposits at the same moment. What the sandbox bank paid out is read from its own table.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, describe, expect, inject, it } from "vitest";
import { type Answer, type Client, eventually, type Fields, type IamportAnswer } from "../support/client.ts";
import { anyFate, type CommitProxy, startCommitProxy, through } from "../support/commit-proxy.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { environment, payeeHash, runCli, startChildNode, startTestNode, type TestNode } from "../support/node.ts";
import { freshSeed, type Random, randomFrom } from "../support/random.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";

const seed = freshSeed();
const random = randomFrom(seed);
const about = `seed ${seed}`;

/** Long enough for any bank that answers, so that only a fault leaves an outcome unknown. */
const patient_ms = 60_000;
const short_ms = 1_000;
/** How long it may take on a slow machine until an outcome is known. */
const settling_ms = 90_000;
const test_ms = 240_000;

const unanswered = "PG사의 응답을 확인하지 못했습니다.";
const underWay = "처리 중인 취소 요청";
const nothingLeft = "이미 전액취소된 주문입니다.";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function newDatabase(): Promise<TestDatabase> {
  const database = await createDatabase();
  closing.push(() => database.drop());
  return database;
}

async function startOn(database: TestDatabase, timeout_ms = patient_ms): Promise<TestNode> {
  const node = await startTestNode({ database, env: { NARU_PG_TIMEOUT_MS: String(timeout_ms) } });
  closing.push(() => node.stop());
  return node;
}

async function newShop(): Promise<Receiver> {
  const shop = await startReceiver();
  closing.push(() => shop.close());
  return shop;
}

let accounts = 0;

/** A customer's account that no other refund goes to, so that the bank's payouts to it can be told from all others. */
function newAccount(): Fields {
  accounts += 1;
  return { refund_holder: "홍길동", refund_bank: "088", refund_account: String(110_000_000_000 + accounts) };
}

interface Payout {
  transactionId: string;
  amount: number;
}

/** What the bank paid to an account, by its own records. */
async function payouts(database: TestDatabase, account: Fields): Promise<Payout[]> {
  const accountHash = payeeHash(account.refund_bank, account.refund_account);
  const { rows } = await database.pool.query<Payout>(
    `SELECT transaction_id AS "transactionId", amount FROM sandbox_bank_payouts WHERE account_hash = $1 ORDER BY paid_at`,
    [accountHash],
  );
  return rows;
}

const sum = (items: readonly { amount: number }[]) => items.reduce((total, item) => total + item.amount, 0);

/** Puts off the asking for every outcome that is not known yet, so that there is time to look at it. */
async function putOffAsking(database: TestDatabase): Promise<void> {
  const put = await database.pool.query(
    "UPDATE operations SET ask_at = clock_timestamp() + interval '1 hour' WHERE state IN ('pending', 'unknown')",
  );
  expect(put.rowCount).toBeGreaterThan(0);
}

async function askNow(database: TestDatabase): Promise<void> {
  await database.pool.query("UPDATE operations SET ask_at = clock_timestamp() WHERE state IN ('pending', 'unknown')");
}

async function unsettled(database: TestDatabase): Promise<number> {
  const { rows } = await database.pool.query(
    "SELECT count(*) AS n FROM operations WHERE state IN ('pending', 'unknown')",
  );
  return rows[0].n;
}

/** Until nothing is unknown any more, asked for again and again. */
async function settled(database: TestDatabase): Promise<void> {
  await eventually(async () => {
    await askNow(database);
    await pause(200);
    return (await unsettled(database)) === 0;
  }, settling_ms);
}

async function deliveriesMade(database: TestDatabase): Promise<void> {
  await eventually(async () => {
    const { rows } = await database.pool.query("SELECT count(*) AS n FROM deliveries WHERE state = 'pending'");
    return rows[0].n === 0;
  }, settling_ms);
}

const told = (shop: Receiver, impUid: unknown): Fields[] =>
  shop.received.map((one) => JSON.parse(one.body) as Fields).filter((body) => body.imp_uid === impUid);

const fixed = { pg: "settle", fixed_unlimited_vbank: true, amount: undefined };

/** Deposits to an account and returns the bank's id of each. */
async function depositTo(node: Client, payment: Fields, ...amounts: (number | undefined)[]): Promise<string[]> {
  const ids: string[] = [];
  for (const amount of amounts) {
    const { body } = await node.deposit(payment.vbank_num, { bankCode: payment.vbank_code, amount });
    expect(body, about).toMatchObject({ outcome: "matched" });
    ids.push(body.noticeId);
  }
  return ids;
}

describe("fifty partial refunds of one payment at once", () => {
  it.each([1, 2])(
    "at %i node(s) never pay out more than was paid",
    async (count) => {
      const database = await newDatabase();
      const nodes: TestNode[] = [];
      while (nodes.length < count) nodes.push(await startOn(database));
      for (let round = 0; round < 6; round += 1) {
        const paid = 100_000;
        const any = round % 3 === 2;
        const payment = await nodes[0]!.issue(any ? fixed : { amount: paid });
        await depositTo(nodes[0]!, payment, ...(any ? [30_000, 70_000] : [paid]));
        const account = newAccount();
        const { imp_uid } = payment;
        const asked = Array.from({ length: 50 }, (_, index) => ({
          amount: random.between(1, 9) * 1_000,
          reason: `refund ${index}`,
        }));
        const answers = await Promise.all(
          asked.map((one, index) => nodes[index % count]!.cancel({ imp_uid, ...account, ...one })),
        );
        expect(
          answers.map((answer) => answer.status),
          about,
        ).toEqual(Array(50).fill(200));
        const accepted = asked.filter((_, index) => answers[index]!.body.code === 0);
        const refused = asked.filter((_, index) => answers[index]!.body.code !== 0);
        for (const { body } of answers.filter((answer) => answer.body.code !== 0)) {
          expect(body.code, about).toBe(1);
          expect(["amount", underWay, nothingLeft].filter((words) => body.message!.includes(words))).toHaveLength(1);
        }
        expect(sum(accepted), about).toBeLessThanOrEqual(paid);
        // Nine thousand is the most that was asked for: as long as that is left, nothing was refused.
        expect(sum(accepted), about).toBeGreaterThan(paid - 9_000);
        const left = paid - sum(accepted);
        for (const one of refused) expect(one.amount, about).toBeGreaterThan(left);

        const shown = await nodes[count - 1]!.payment(imp_uid);
        expect(shown, about).toMatchObject({
          status: left === 0 ? "cancelled" : "paid",
          cancel_amount: sum(accepted),
        });
        const byReason = (one: { reason: string }, other: { reason: string }) => (one.reason < other.reason ? -1 : 1);
        const history = (shown.cancel_history as { amount: number; reason: string }[]).map(({ amount, reason }) => ({
          amount,
          reason,
        }));
        expect(history.sort(byReason), about).toEqual(accepted.sort(byReason));
        const atBank = await payouts(database, account);
        expect(atBank, about).toHaveLength(accepted.length);
        expect(sum(atBank), about).toBe(sum(accepted));
      }
      await nodes[0]!.expectClean();
    },
    test_ms,
  );
});

/** Starts a refund that the bank will not answer, and returns what the caller is told, before anyone asks again. */
async function unansweredRefund(database: TestDatabase, node: Client, fields: Fields, fault: string) {
  await node.arm(fault);
  const answering = node.cancel(fields);
  answering.catch(() => {});
  await eventually(async () => (await unsettled(database)) === 1, settling_ms);
  await putOffAsking(database);
  const { status, body } = await answering;
  expect([status, body.code, body.response], about).toEqual([200, -1, null]);
  expect(body.message, about).toContain(unanswered);
}

describe("a refund that the bank carried out without an answer", () => {
  it.each([
    ["all", undefined, "cancelled"],
    ["a part", 4_000, "paid"],
  ])(
    "of %s is unknown at first, and paid out once when it is known",
    async (_, amount, status) => {
      const database = await newDatabase();
      const node = await startOn(database, short_ms);
      const shop = await newShop();
      const account = newAccount();
      const paid = await node.paid({ notice_url: shop.url });
      const { imp_uid } = paid;
      const fields = { imp_uid, amount, reason: "변심", enable_webhook: true, ...account };
      await unansweredRefund(database, node, fields, "refund-timeout-after");

      // It stays as it was, though the bank has paid; what is on its way cannot be had again.
      expect(await node.payment(imp_uid)).toEqual(paid);
      expect(await payouts(database, account)).toMatchObject([{ amount: amount ?? 10_000 }]);
      const again = await node.cancel({ imp_uid, amount: 10_000, ...account });
      expect([again.status, again.body.code]).toEqual([200, 1]);
      expect(again.body.message).toContain(amount === undefined ? underWay : "amount");
      expect((await node.timeline(imp_uid)).refunds).toMatchObject([{ state: "unknown" }]);
      await node.expectClean();

      await askNow(database);
      const shown = await eventually(async () => {
        const now = await node.payment(imp_uid);
        return now.cancel_amount !== 0 && now;
      }, settling_ms);
      expect(shown).toEqual({
        ...paid,
        status,
        cancel_amount: amount ?? 10_000,
        cancelled_at: expect.any(Number),
        cancel_reason: "변심",
        cancel_history: [expect.objectContaining({ amount: amount ?? 10_000, reason: "변심" })],
      });
      const [cancellation] = shown.cancel_history as [{ cancellation_id: string; pg_tid: string }];
      const atBank = await payouts(database, account);
      expect(atBank).toEqual([{ amount: amount ?? 10_000, transactionId: cancellation.pg_tid }]);

      // The rest can be had, and is announced only where it is asked for.
      const rest = await node.cancel({ imp_uid, ...account });
      if (amount === undefined) expect([rest.body.code, rest.body.message]).toEqual([1, nothingLeft]);
      else expect(rest.body.response).toMatchObject({ status: "cancelled", cancel_amount: 10_000 });
      expect(sum(await payouts(database, account))).toBe(10_000);
      await deliveriesMade(database);
      expect(told(shop, imp_uid).map((body) => [body.status, body.cancellation_id])).toEqual([
        ["ready", undefined],
        ["paid", undefined],
        ["cancelled", cancellation.cancellation_id],
      ]);
      await node.expectClean();
    },
    test_ms,
  );
});

describe("a refund that never reached the bank", () => {
  it(
    "fails once its time is certainly over, and can be asked for again",
    async () => {
      const database = await newDatabase();
      const node = await startOn(database, short_ms);
      const shop = await newShop();
      const account = newAccount();
      const paid = await node.paid({ notice_url: shop.url });
      const { imp_uid } = paid;
      const fields = { imp_uid, enable_webhook: true, ...account };
      await unansweredRefund(database, node, fields, "refund-timeout-before");
      expect(await node.payment(imp_uid)).toEqual(paid);
      expect((await node.cancel(fields)).body).toMatchObject({ code: 1, message: expect.stringContaining(underWay) });
      await node.expectClean();

      await settled(database);
      const { refunds, operations } = await node.timeline(imp_uid);
      expect(refunds).toMatchObject([{ state: "failed", transactionId: null }]);
      // Until five seconds after its time the order might still have come.
      const final_ms = Date.parse(operations[0].validUntil) + 5_000;
      expect(Date.parse(operations[0].settledAt)).toBeGreaterThan(final_ms);
      expect(await node.payment(imp_uid)).toEqual(paid);
      expect(await payouts(database, account)).toEqual([]);
      await node.expectClean();

      const { body } = await node.cancel(fields);
      expect(body.response).toMatchObject({ status: "cancelled", cancel_amount: 10_000, cancel_history: [{}] });
      const [cancellation] = body.response.cancel_history;
      expect(await payouts(database, account)).toEqual([{ amount: 10_000, transactionId: cancellation.pg_tid }]);
      await deliveriesMade(database);
      expect(told(shop, imp_uid).map((one) => [one.status, one.cancellation_id])).toEqual([
        ["ready", undefined],
        ["paid", undefined],
        ["cancelled", cancellation.cancellation_id],
      ]);
      await node.expectClean();
    },
    test_ms,
  );
});

describe("a refund that the bank refuses", () => {
  it(
    "is refused in the bank's words, changes nothing and can be asked for again",
    async () => {
      const database = await newDatabase();
      const node = await startOn(database);
      const shop = await newShop();
      const account = newAccount();
      const paid = await node.paid({ notice_url: shop.url });
      const fields = { imp_uid: paid.imp_uid, enable_webhook: true, ...account };
      await node.arm("refund-refused", 2);
      for (const amount of [undefined, 4_000]) {
        const { status, body } = await node.cancel({ ...fields, amount });
        expect([status, body]).toEqual([200, { code: -1, message: "은행이 요청을 거절하였습니다.", response: null }]);
        expect(await node.payment(paid.imp_uid)).toEqual(paid);
        expect(await payouts(database, account)).toEqual([]);
        await node.expectClean();
      }
      const { body } = await node.cancel({ ...fields, checksum: 10_000 });
      expect(body.response).toMatchObject({ status: "cancelled", cancel_amount: 10_000 });
      expect(await payouts(database, account)).toMatchObject([{ amount: 10_000 }]);
      await deliveriesMade(database);
      expect(told(shop, paid.imp_uid).map((one) => one.status)).toEqual(["ready", "paid", "cancelled"]);
      await node.expectClean();
    },
    test_ms,
  );
});

describe("a node that is killed between a refund's call and its outcome", () => {
  it.each([
    ["after the bank paid: another node finds that out", "refund-timeout-after"],
    ["before the bank was told: another node finds that out", "refund-timeout-before"],
  ])(
    "%s",
    async (_, fault) => {
      const database = await newDatabase();
      const env = { ...environment(database), NARU_PG_TIMEOUT_MS: "4000" };
      const victim = await startChildNode(env);
      closing.push(() => victim.kill());
      const account = newAccount();
      const paid = await victim.paid();
      const { imp_uid } = paid;
      await victim.arm(fault);
      const answering = victim.cancel({ imp_uid, ...account }).then(
        () => "answered",
        () => "lost",
      );
      await eventually(async () => {
        const { rows } = await database.pool.query(
          "SELECT (SELECT count(*) FROM operations WHERE kind = 'refund') AS orders, (SELECT sum(remaining) FROM sandbox_faults) AS armed",
        );
        const paidOut = (await payouts(database, account)).length;
        return rows[0].orders === 1 && Number(rows[0].armed) === 0 && paidOut === (fault.endsWith("after") ? 1 : 0);
      }, settling_ms);
      await victim.kill();
      expect(await answering).toBe("lost");
      const { rows } = await database.pool.query("SELECT state FROM operations WHERE kind = 'refund'");
      expect(rows).toEqual([{ state: "pending" }]);
      expect(await runCli(["doctor"], env)).toMatchObject({ code: 0 });

      const survivor = await startOn(database);
      const reserved = await survivor.cancel({ imp_uid, ...account });
      expect(reserved.body).toMatchObject({ code: 1, message: expect.stringContaining(underWay) });
      await eventually(async () => (await unsettled(database)) === 0, settling_ms);
      if (fault.endsWith("before")) {
        expect(await payouts(database, account)).toEqual([]);
        expect(await survivor.payment(imp_uid)).toEqual(paid);
        expect((await survivor.cancel({ imp_uid, ...account })).body.code).toBe(0);
      }
      const shown = await survivor.payment(imp_uid);
      expect(shown).toMatchObject({ status: "cancelled", cancel_amount: 10_000, cancel_history: [{ amount: 10_000 }] });
      const [cancellation] = shown.cancel_history as [{ pg_tid: string }];
      expect(await payouts(database, account)).toEqual([{ amount: 10_000, transactionId: cancellation.pg_tid }]);
      expect(await runCli(["doctor"], env)).toMatchObject({ code: 0 });
    },
    test_ms,
  );
});

describe("a node whose connections are lost at COMMIT", () => {
  it(
    "has every refund it acknowledged paid out once, and none twice",
    async () => {
      const database = await newDatabase();
      const proxy: CommitProxy = await startCommitProxy(inject("postgres"));
      closing.push(() => proxy.close());
      const node = await startOn({ ...database, url: through(proxy, database.url) }, 1_500);
      const payments = await Promise.all(
        Array.from({ length: 24 }, async () => ({ paid: await node.paid(), account: newAccount() })),
      );
      proxy.fate = () => anyFate(random);
      const acknowledged = new Map<unknown, Fields[]>();
      const customer = async ({ paid, account }: (typeof payments)[number]) => {
        const { imp_uid } = paid;
        for (const amount of [3_000, 2_000, undefined]) {
          const { status, body } = await node.cancel({ imp_uid, amount, ...account });
          if (body.code === 0) acknowledged.set(imp_uid, body.response.cancel_history);
          // Whoever is not told of success is told that nothing is known, or that something else is under way.
          else if (status === 200 && body.code === 1) expect(body.message, about).toContain(underWay);
          else expect([body.code, status === 503 || body.message!.startsWith(unanswered)], about).toEqual([-1, true]);
        }
      };
      const work = [...payments];
      const customers = Array.from({ length: 6 }, async () => {
        for (let next = work.pop(); next !== undefined; next = work.pop()) await customer(next);
      });
      await Promise.all(customers);
      proxy.fate = () => ({ kind: "pass" });
      expect(proxy.cuts).toBeGreaterThan(0);
      expect(acknowledged.size, about).toBeGreaterThan(0);

      await settled(database);
      for (const { paid, account } of payments) {
        const shown = await node.payment(paid.imp_uid);
        const history = shown.cancel_history as { amount: number; pg_tid: string }[];
        const atBank = await payouts(database, account);
        const byId = (one: Payout, other: Payout) => (one.transactionId < other.transactionId ? -1 : 1);
        const refunded = history.map(({ amount, pg_tid }) => ({ amount, transactionId: pg_tid }));
        expect(refunded.sort(byId), about).toEqual(atBank.sort(byId));
        expect(history, about).toEqual(expect.arrayContaining(acknowledged.get(paid.imp_uid) ?? []));
        expect(sum(atBank), about).toBeLessThanOrEqual(10_000);
        expect(shown, about).toMatchObject({
          status: sum(atBank) === 10_000 ? "cancelled" : "paid",
          cancel_amount: sum(atBank),
        });
      }
      await node.expectClean();
    },
    test_ms,
  );
});

describe("a cash receipt", () => {
  const identifier = "01012345678";
  const bankReceipts = async (database: TestDatabase, kind: string): Promise<number> => {
    const { rows } = await database.pool.query("SELECT count(*) AS n FROM sandbox_bank_receipts WHERE kind = $1", [
      kind,
    ]);
    return rows[0].n;
  };

  /** A call that the PG will not answer: 500, and nobody asks again for now. */
  async function unansweredCall(database: TestDatabase, node: Client, fault: string, method: string, path: string) {
    const before = await unsettled(database);
    await node.arm(fault);
    const answering = node.iamport(method, path, method === "POST" ? { identifier } : {});
    answering.catch(() => {});
    await eventually(async () => (await unsettled(database)) === before + 1, settling_ms);
    await putOffAsking(database);
    const { status, body } = await answering;
    expect([status, body.code, body.response]).toEqual([500, -1, null]);
    expect(body.message).toContain(unanswered);
  }

  it(
    "that was made, and later cancelled, without an answer is so once it is known",
    async () => {
      const database = await newDatabase();
      const node = await startOn(database, short_ms);
      const { imp_uid } = await node.paid({ amount: 11_000 });
      const path = `/receipts/${imp_uid}`;
      await unansweredCall(database, node, "receipt-timeout-after", "POST", path);
      expect((await node.iamport("GET", path)).status).toBe(404);
      expect((await node.iamport("POST", path, { identifier })).status).toBe(400);
      expect((await node.iamport("DELETE", path)).status).toBe(400);
      expect(await node.payment(imp_uid)).toMatchObject({ cash_receipt_issued: false });
      await node.expectClean();

      await askNow(database);
      const issued = await eventually(async () => {
        const { status, body } = await node.iamport("GET", path);
        return status === 200 && body.response;
      }, settling_ms);
      expect(issued).toMatchObject({ imp_uid, amount: 11_000, vat: 1_000, cancelled_at: 0 });
      expect(await node.payment(imp_uid)).toMatchObject({ cash_receipt_issued: true });
      expect((await node.iamport("POST", path, { identifier })).status).toBe(400);
      expect(await bankReceipts(database, "issue")).toBe(1);
      await node.expectClean();

      await unansweredCall(database, node, "receipt-timeout-after", "DELETE", path);
      expect((await node.iamport("GET", path)).body.response).toEqual(issued);
      expect(await node.payment(imp_uid)).toMatchObject({ cash_receipt_issued: true });
      await askNow(database);
      const cancelled = await eventually(async () => {
        const { body } = await node.iamport("GET", path);
        return body.response.cancelled_at > 0 && body.response;
      }, settling_ms);
      expect(cancelled).toEqual({ ...issued, cancelled_at: expect.any(Number) });
      expect(await node.payment(imp_uid)).toMatchObject({ cash_receipt_issued: false });
      expect(await bankReceipts(database, "cancel")).toBe(1);
      await node.expectClean();
    },
    test_ms,
  );

  it(
    "that the PG refuses is not issued, or stays issued, and can be asked for again",
    async () => {
      const database = await newDatabase();
      const node = await startOn(database);
      const { imp_uid } = await node.paid();
      const path = `/receipts/${imp_uid}`;
      const refused = async (method: string, fields: Fields) => {
        await node.arm("receipt-refused");
        const { status, body } = await node.iamport(method, path, fields);
        expect([status, body.code]).toEqual([500, -1]);
        expect(body.message).toContain("은행이 요청을 거절하였습니다.");
      };
      await refused("POST", { identifier });
      expect((await node.iamport("GET", path)).status).toBe(404);
      expect(await node.payment(imp_uid)).toMatchObject({ cash_receipt_issued: false });
      const issued = await node.iamport("POST", path, { identifier });
      expect(issued.status).toBe(200);
      await refused("DELETE", {});
      expect((await node.iamport("GET", path)).body).toEqual(issued.body);
      expect(await node.payment(imp_uid)).toMatchObject({ cash_receipt_issued: true });
      expect((await node.iamport("DELETE", path)).status).toBe(200);
      expect([await bankReceipts(database, "issue"), await bankReceipts(database, "cancel")]).toEqual([1, 1]);
      await node.expectClean();
    },
    test_ms,
  );

  it(
    "that never reached the PG fails later, or stays issued, and can be asked for again",
    async () => {
      const database = await newDatabase();
      const node = await startOn(database, short_ms);
      const [fresh, old] = [await node.paid(), await node.paid()].map((paid) => paid.imp_uid);
      const issued = await node.iamport("POST", `/receipts/${old}`, { identifier });
      expect(issued.status).toBe(200);
      await unansweredCall(database, node, "receipt-timeout-before", "POST", `/receipts/${fresh}`);
      await unansweredCall(database, node, "receipt-timeout-before", "DELETE", `/receipts/${old}`);
      await node.expectClean();
      await settled(database);
      expect((await node.timeline(fresh)).receipts).toMatchObject([{ state: "failed" }]);
      expect((await node.iamport("GET", `/receipts/${fresh}`)).status).toBe(404);
      expect((await node.iamport("GET", `/receipts/${old}`)).body).toEqual(issued.body);
      expect(await node.payment(fresh)).toMatchObject({ cash_receipt_issued: false });
      expect(await node.payment(old)).toMatchObject({ cash_receipt_issued: true });
      expect([await bankReceipts(database, "issue"), await bankReceipts(database, "cancel")]).toEqual([1, 0]);
      await node.expectClean();
      expect((await node.iamport("POST", `/receipts/${fresh}`, { identifier })).status).toBe(200);
      expect((await node.iamport("DELETE", `/receipts/${old}`)).status).toBe(200);
      expect([await bankReceipts(database, "issue"), await bankReceipts(database, "cancel")]).toEqual([2, 1]);
      await node.expectClean();
    },
    test_ms,
  );
});

/** Both at once, one of them a moment later, so that either may be first. */
function atOnce<One, Other>(chance: Random, one: () => Promise<One>, other: () => Promise<Other>) {
  const [first, second] = [random.chance(0.5) ? 0 : chance.below(30), random.chance(0.5) ? 0 : chance.below(30)];
  return Promise.all([pause(first).then(one), pause(second).then(other)]);
}

describe("two things at the same moment from two nodes", () => {
  const rounds_min = 8;
  const rounds_max = 60;

  /** Rounds of several at once until every outcome that is wanted has been seen. */
  async function race(wanted: readonly string[], one: (index: number) => Promise<string>): Promise<void> {
    const seen: Record<string, number> = {};
    const complete = () => wanted.every((outcome) => seen[outcome] !== undefined);
    for (let round = 0; round < rounds_min || (round < rounds_max && !complete()); round += 1) {
      const outcomes = await Promise.all(Array.from({ length: 8 }, (_, index) => one(index)));
      for (const outcome of outcomes) seen[outcome] = (seen[outcome] ?? 0) + 1;
    }
    expect(Object.keys(seen), about).toEqual(expect.arrayContaining([...wanted]));
  }

  async function twoNodes(): Promise<[TestDatabase, TestNode, TestNode]> {
    const database = await newDatabase();
    return [database, await startOn(database), await startOn(database)];
  }

  it(
    "a refund and the bank's reversal of the same deposit leave clean books in either order",
    async () => {
      const [database, one, other] = await twoNodes();
      let paidOut = 0;
      await race(["both", "reversed only"], async () => {
        const payment = await one.issue();
        const [noticeId] = await depositTo(one, payment, 10_000);
        const { imp_uid } = payment;
        const account = newAccount();
        const amount = random.pick([undefined, 10_000, 4_000]);
        const [cancelled, reversed] = await atOnce(
          random,
          () => one.cancel({ imp_uid, amount, ...account }),
          () => other.reverse(noticeId!),
        );
        expect([reversed.status, reversed.body.outcome], about).toEqual([200, "applied"]);
        const both = cancelled.body.code === 0;
        if (!both) expect([cancelled.body.code, cancelled.body.message], about).toEqual([1, nothingLeft]);
        const refunded = both ? (amount ?? 10_000) : 0;
        paidOut += refunded;
        expect(sum(await payouts(database, account)), about).toBe(refunded);
        const { payment: stored } = await other.timeline(imp_uid);
        expect(stored, about).toMatchObject({
          state: "reversed",
          paidAmount: 0,
          refundedAmount: refunded,
          pendingRefundAmount: 0,
        });
        expect(await other.payment(imp_uid), about).toMatchObject({ status: "cancelled" });
        expect((await one.cancel({ imp_uid, ...account })).body.code, about).toBe(1);
        return both ? "both" : "reversed only";
      });
      // The bank has all its money back; what was refunded beside is the merchant's loss.
      expect(await one.balanceOf("merchant:mer_naru_sandbox_key"), about).toBe(-paidOut);
      expect(await one.balanceOf("refunds:sandbox"), about).toBe(0);
      await one.expectClean();
    },
    test_ms,
  );

  it(
    "a refund of all and the reversal of one of several deposits leave clean books in either order",
    async () => {
      const [database, one, other] = await twoNodes();
      let kept = 0;
      await race(["all", "rest"], async () => {
        const payment = await one.issue(fixed);
        const [noticeId] = await depositTo(one, payment, 7_000, 3_000);
        const { imp_uid } = payment;
        const account = newAccount();
        const [cancelled, reversed] = await atOnce(
          random,
          () => one.cancel({ imp_uid, ...account }),
          () => other.reverse(noticeId!),
        );
        expect([cancelled.body.code, reversed.body.outcome], about).toEqual([0, "applied"]);
        const refunded = sum(await payouts(database, account));
        expect([10_000, 3_000], about).toContain(refunded);
        kept += 3_000 - refunded;
        const { payment: stored } = await other.timeline(imp_uid);
        expect(stored, about).toMatchObject({
          state: "cancelled",
          paidAmount: 3_000,
          refundedAmount: refunded,
          pendingRefundAmount: 0,
        });
        expect(await other.payment(imp_uid), about).toMatchObject({ status: "cancelled" });
        return refunded === 10_000 ? "all" : "rest";
      });
      expect(await one.balanceOf("merchant:mer_naru_sandbox_key"), about).toBe(kept);
      await one.expectClean();
    },
    test_ms,
  );

  it(
    "the refund of a paid account and more money to it end with all of it accounted for",
    async () => {
      const [database, one, other] = await twoNodes();
      let kept = 0;
      await race(["all", "first"], async () => {
        const payment = await one.issue(fixed);
        await depositTo(one, payment, 7_000);
        const { imp_uid } = payment;
        const account = newAccount();
        const [cancelled] = await atOnce(
          random,
          () => one.cancel({ imp_uid, ...account }),
          () => depositTo(other, payment, 3_000),
        );
        expect(cancelled.body.code, about).toBe(0);
        const refunded = sum(await payouts(database, account));
        expect([10_000, 7_000], about).toContain(refunded);
        kept += 10_000 - refunded;
        expect(await other.payment(imp_uid), about).toMatchObject({ cancel_amount: refunded });
        const rest = await other.cancel({ imp_uid, ...account });
        expect(rest.body.code, about).toBe(refunded === 10_000 ? 1 : 0);
        kept -= rest.body.code === 0 ? 3_000 : 0;
        expect(await other.payment(imp_uid), about).toMatchObject({ status: "cancelled", cancel_amount: 10_000 });
        return refunded === 10_000 ? "all" : "first";
      });
      expect(kept, about).toBe(0);
      expect(await one.balanceOf("merchant:mer_naru_sandbox_key"), about).toBe(0);
      await one.expectClean();
    },
    test_ms,
  );

  it(
    "a receipt and a refund of the same payment do not stand in each other's way",
    async () => {
      const [database, one, other] = await twoNodes();
      await race(["of all", "of the rest"], async () => {
        const payment = await one.issue({ amount: 11_000 });
        await depositTo(one, payment, 11_000);
        const { imp_uid } = payment;
        const account = newAccount();
        const [cancelled, issued] = await atOnce(
          random,
          () => one.cancel({ imp_uid, amount: 5_500, ...account }),
          () => other.iamport("POST", `/receipts/${imp_uid}`, { identifier: "01012345678" }),
        );
        expect([cancelled.body.code, issued.status], about).toEqual([0, 200]);
        expect([11_000, 5_500], about).toContain(issued.body.response.amount);
        expect(sum(await payouts(database, account)), about).toBe(5_500);
        expect(await other.payment(imp_uid), about).toMatchObject({ cash_receipt_issued: true, cancel_amount: 5_500 });
        return issued.body.response.amount === 11_000 ? "of all" : "of the rest";
      });
      await one.expectClean();
    },
    test_ms,
  );

  /** The shop's view, the books and what both callers were told agree. */
  async function agree(node: Client, payment: Fields, deposited: Answer<Fields>, withdrawn: boolean): Promise<Fields> {
    const shown = await node.payment(payment.imp_uid);
    const { payment: stored, virtualAccount, notices } = await node.timeline(payment.imp_uid);
    const matched = deposited.status === 200 && deposited.body.outcome === "matched";
    if (!matched) expect([200, 422], about).toContain(deposited.status);
    expect(matched && withdrawn, about).toBe(false);
    expect([shown.status, stored.state, virtualAccount.state], about).toEqual(
      matched ? ["paid", "paid", "used"] : withdrawn ? ["failed", "closed", "closed"] : ["ready", "ready", "open"],
    );
    expect(stored.paidAmount, about).toBe(matched ? shown.amount : 0);
    expect([stored.amount, virtualAccount.amount], about).toEqual([shown.amount, shown.amount]);
    expect(
      notices.map((notice: Fields) => [notice.state, notice.amount]),
      about,
    ).toEqual(deposited.status === 200 ? [[deposited.body.outcome, deposited.body.amount]] : []);
    return shown;
  }

  const depositOf = (node: Client, payment: Fields, fields: Fields) =>
    node.deposit(payment.vbank_num, {
      bankCode: payment.vbank_code,
      force: random.chance(0.5),
      ...fields,
    }) as unknown as Promise<Answer<Fields>>;

  it(
    "a withdrawal and the deposit: one of them wins",
    async () => {
      const [, one, other] = await twoNodes();
      await race(["withdrawn", "paid"], async () => {
        const payment = await one.issue({ pg: random.pick(["settle", "nice"]) });
        const [removed, deposited] = await atOnce(
          random,
          () => one.iamport("DELETE", `/vbanks/${payment.imp_uid}`),
          () => depositOf(other, payment, {}),
        );
        const withdrawn = removed.body.code === 0;
        expect([removed.status, removed.body.code], about).toEqual(withdrawn ? [200, 0] : [400, -1]);
        const shown = await agree(other, payment, deposited, withdrawn);
        expect(withdrawn || shown.status === "paid", about).toBe(true);
        return withdrawn ? "withdrawn" : "paid";
      });
      await one.expectClean();
    },
    test_ms,
  );

  it(
    "a change of the amount and the deposit of the old one: one of them wins",
    async () => {
      const [, one, other] = await twoNodes();
      await race(["changed", "paid"], async () => {
        const payment = await one.issue({ pg: "settle" });
        const [changed, deposited] = await atOnce(
          random,
          () => one.iamport("PUT", `/vbanks/${payment.imp_uid}`, { amount: 12_000 }),
          () => depositOf(other, payment, { amount: 10_000 }),
        );
        const ok = changed.body.code === 0;
        expect([changed.status, changed.body.code], about).toEqual(ok ? [200, 0] : [400, -1]);
        const shown = await agree(other, payment, deposited, false);
        expect([shown.status, shown.amount], about).toEqual(ok ? ["ready", 12_000] : ["paid", 10_000]);
        return ok ? "changed" : "paid";
      });
      await one.expectClean();
    },
    test_ms,
  );

  it(
    "a change of the amount and the deposit of the new one: paid if the change came first",
    async () => {
      const [, one, other] = await twoNodes();
      await race(["paid", "still ready"], async () => {
        const payment = await one.issue({ pg: "settle" });
        const [changed, deposited] = await atOnce(
          random,
          () => one.iamport("PUT", `/vbanks/${payment.imp_uid}`, { amount: 12_000 }),
          () => depositOf(other, payment, { amount: 12_000 }),
        );
        expect(changed.body.code, about).toBe(0);
        const shown = await agree(other, payment, deposited, false);
        expect(shown.amount, about).toBe(12_000);
        return shown.status === "paid" ? "paid" : "still ready";
      });
      await one.expectClean();
    },
    test_ms,
  );

  it(
    "an earlier deadline and a deposit after it: one of them wins",
    async () => {
      const [, one, other] = await twoNodes();
      await race(["changed", "paid"], async () => {
        const payment = await one.issue({ pg: "settle" });
        const due = Number(payment.vbank_date);
        const [changed, deposited] = await atOnce(
          random,
          () => one.iamport("PUT", `/vbanks/${payment.imp_uid}`, { vbank_due: due - 3_600 }),
          () => depositOf(other, payment, { occurredAt: new Date((due - 60) * 1_000).toISOString() }),
        );
        const ok = changed.body.code === 0;
        const shown = await agree(other, payment, deposited, false);
        expect([shown.status, shown.vbank_date], about).toEqual(ok ? ["ready", due - 3_600] : ["paid", due]);
        return ok ? "changed" : "paid";
      });
      await one.expectClean();
    },
    test_ms,
  );

  it(
    "a withdrawal, a change and a deposit end in one state that all agree on",
    async () => {
      const [, one, other] = await twoNodes();
      await race(["withdrawn", "paid"], async () => {
        const payment = await one.issue({ pg: "settle" });
        let changed: Answer<IamportAnswer> | undefined;
        const [removed, deposited] = await atOnce(
          random,
          () => one.iamport("DELETE", `/vbanks/${payment.imp_uid}`),
          async () => {
            const [put, came] = await atOnce(
              random,
              () => one.iamport("PUT", `/vbanks/${payment.imp_uid}`, { amount: 12_000 }),
              () => depositOf(other, payment, {}),
            );
            changed = put;
            return came;
          },
        );
        const withdrawn = removed.body.code === 0;
        const shown = await agree(other, payment, deposited, withdrawn);
        expect(shown.amount, about).toBe(changed!.body.code === 0 ? 12_000 : 10_000);
        // The deposit was made for what the account asked for a moment before it was changed.
        if (shown.status === "ready")
          expect([changed!.body.code, deposited.body.outcome !== "matched"]).toEqual([0, true]);
        return String(shown.status === "failed" ? "withdrawn" : shown.status);
      });
      await one.expectClean();
    },
    test_ms,
  );
});
