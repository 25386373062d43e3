/**
 * kill -9 under load, again and again: what a node acknowledged is there once, what it left undone is finished by
 * another or by itself when it is back. `NARU_KILLS` says how often.
 */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import { findRunning, startEmbedded } from "../../src/store/embedded/index.ts";
import { createPool, type Pool } from "../../src/store/index.ts";
import { type Client, eventually, type IamportAnswer } from "../support/client.ts";
import { createDatabase } from "../support/database.ts";
import { type ChildNode, environment, runCli, startChildNode } from "../support/node.ts";
import { freshSeed, type Random, randomFrom } from "../support/random.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";

const kills = Number(process.env.NARU_KILLS ?? 20);
const customers_per_node = 4;
const test_ms = kills * 10_000 + 180_000;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What the outside was told, and may hold the nodes to. */
class Acknowledged {
  readonly issued = new Map<string, string>();
  /** Notice by the payment it paid. */
  readonly paid = new Map<string, string>();
  /** Answers other than a success. */
  readonly refusals: unknown[] = [];
}

let names = 0;

/** A customer who orders and pays until told to stop, or until the node is gone. */
async function customer(node: Client, shop: Receiver, acknowledged: Acknowledged, running: () => boolean) {
  while (running()) {
    names += 1;
    const noticeId = `notice-${names}`;
    const order = node.order({ notice_url: shop.url });
    const issued = await node.tryIssue(order);
    if (issued.status !== 200 || issued.body.code !== 0) {
      acknowledged.refusals.push(issued);
      continue;
    }
    const { imp_uid, vbank_num } = issued.body.response!;
    acknowledged.issued.set(String(imp_uid), String(order.merchant_uid));
    const deposited = await node.deposit(vbank_num, { noticeId });
    if (deposited.status === 200 && deposited.body.outcome === "matched") {
      acknowledged.paid.set(String(imp_uid), noticeId);
    } else acknowledged.refusals.push(deposited);
    await pause(20);
  }
}

/** Customers at a node until it stops answering. */
function customers(node: Client, count: number, shop: Receiver, acknowledged: Acknowledged, running: () => boolean) {
  const gone = (error: unknown) => {
    // What fetch says when the node is gone; anything else is another matter.
    if (!(error instanceof TypeError || error instanceof SyntaxError)) acknowledged.refusals.push(error);
  };
  return Array.from({ length: count }, () => customer(node, shop, acknowledged, running).catch(gone));
}

/** Everything that was acknowledged is there once, the books are clean, and all is told. */
async function expectKept(
  node: Client,
  pool: Pool,
  shop: Receiver,
  acknowledged: Acknowledged,
  env: Record<string, string>,
  about: string,
): Promise<void> {
  await eventually(async () => {
    const { rows } = await pool.query(`SELECT
      (SELECT count(*) FROM deliveries WHERE state = 'pending') AS deliveries,
      (SELECT count(*) FROM sandbox_bank_transactions WHERE notified_at IS NULL) AS notices`);
    return rows[0].deliveries === 0 && rows[0].notices === 0;
  }, 60_000);

  const authorization = await node.token();
  const unread = [...acknowledged.issued];
  const reader = async () => {
    for (let next = unread.pop(); next !== undefined; next = unread.pop()) await read(...next);
  };
  const read = async (impUid: string, reference: string) => {
    const { status, body } = await node.get<IamportAnswer>(`/payments/${impUid}`, { authorization });
    expect([impUid, status], about).toEqual([impUid, 200]);
    expect(body.response, about).toMatchObject({ imp_uid: impUid, merchant_uid: reference });
    if (acknowledged.paid.has(impUid)) expect(body.response, about).toMatchObject({ imp_uid: impUid, status: "paid" });
  };
  await Promise.all(Array.from({ length: 8 }, reader));
  const deposits = await pool.query<{ noticeId: string; impUid: string; state: string }>(
    `SELECT d.transaction_id AS "noticeId", p.wire_id AS "impUid", d.state
     FROM deposits d LEFT JOIN payments p ON p.id = d.payment_id`,
  );
  const byNotice = new Map(deposits.rows.map((row) => [row.noticeId, row]));
  expect(byNotice.size, `${about}: a notice was booked twice`).toBe(deposits.rows.length);
  for (const [impUid, noticeId] of acknowledged.paid) {
    expect(byNotice.get(noticeId), about).toEqual({ noticeId, impUid, state: "matched" });
  }
  const twice = await pool.query(
    `SELECT wire_id FROM payments GROUP BY wire_id HAVING count(*) > 1
     UNION ALL SELECT reference FROM payments GROUP BY reference HAVING count(*) > 1`,
  );
  expect(twice.rows, about).toEqual([]);

  const told = new Set(shop.received.map((one) => JSON.parse(one.body)).map((one) => `${one.imp_uid} ${one.status}`));
  const untold = [
    ...[...acknowledged.issued.keys()].map((impUid) => `${impUid} ready`),
    ...[...acknowledged.paid.keys()].map((impUid) => `${impUid} paid`),
  ].filter((one) => !told.has(one));
  expect(untold, about).toEqual([]);
  const undelivered = await pool.query("SELECT id FROM deliveries WHERE state <> 'delivered'");
  expect(undelivered.rows, about).toEqual([]);
  await expectHealthy(env, about);
}

async function expectHealthy(env: Record<string, string>, about: string): Promise<void> {
  const doctor = await runCli(["doctor"], env);
  expect(doctor, about).toMatchObject({ code: 0 });
}

/** A moment to kill at: every other time as early as it comes, else with deposits under way for certain. */
async function aMoment(random: Random, kill: number, acknowledged: Acknowledged): Promise<void> {
  const before = acknowledged.paid.size;
  if (kill % 2 === 0) await eventually(async () => acknowledged.paid.size > before, 30_000);
  await pause(random.between(50, 600));
}

it(
  "a node with its own database has all it acknowledged when it is back",
  async () => {
    const seed = freshSeed();
    const random = randomFrom(seed);
    const dataDir = await mkdtemp(join(tmpdir(), "naru-kill-"));
    await chmod(dataDir, 0o755);
    closing.push(() => rm(dataDir, { recursive: true, force: true }));
    const env = { NARU_DATA_DIR: dataDir, NARU_PORT: "0", NARU_LOG_LEVEL: "warn" };
    const shop = await startReceiver();
    closing.push(() => shop.close());
    const acknowledged = new Acknowledged();

    // A database outlives a killed node; one that ends in order takes it along.
    closing.push(async () => {
      if ((await findRunning(dataDir)) === undefined) return;
      const left = await startEmbedded({ dataDir, log: { info() {}, warn() {} } });
      await left.stop();
    });
    let node = await startChildNode(env);
    closing.push(() => node.end());
    for (let kill = 1; kill <= kills; kill += 1) {
      let running = true;
      const busy = customers(node, 2 * customers_per_node, shop, acknowledged, () => running);
      await aMoment(random, kill, acknowledged);
      await node.kill();
      running = false;
      await Promise.all(busy);
      node = await startChildNode(env);
      if (kill % 5 === 0) await expectHealthy(env, `seed ${seed}, kill ${kill}`);
    }

    expect(acknowledged.issued.size).toBeGreaterThan(kills);
    expect(acknowledged.paid.size).toBeGreaterThan(0);
    expect(acknowledged.refusals, `seed ${seed}`).toEqual([]);
    const pool = createPool((await findRunning(dataDir))!, 2);
    closing.push(() => pool.end());
    await expectKept(node, pool, shop, acknowledged, env, `seed ${seed}`);
  },
  test_ms,
);

it(
  "two nodes on one database: one is killed, the other serves on and finishes what was left",
  async () => {
    const seed = freshSeed();
    const random = randomFrom(seed);
    const database = await createDatabase();
    closing.push(() => database.drop());
    const env = environment(database);
    const shop = await startReceiver();
    closing.push(() => shop.close());
    const atSurvivor = new Acknowledged();
    const acknowledged = new Acknowledged();

    const survivor = await startChildNode(env);
    closing.push(() => survivor.end());
    let serving = true;
    const served = Promise.all(
      Array.from({ length: customers_per_node }, () => customer(survivor, shop, atSurvivor, () => serving)),
    );
    served.catch(() => {});
    let victim: ChildNode = await startChildNode(env);
    closing.push(() => victim.end());
    for (let kill = 1; kill <= kills; kill += 1) {
      let running = true;
      const busy = customers(victim, customers_per_node, shop, acknowledged, () => running);
      await aMoment(random, kill, acknowledged);
      await victim.kill();
      running = false;
      await Promise.all(busy);
      const before = atSurvivor.paid.size;
      await eventually(async () => atSurvivor.paid.size > before, 30_000);
      victim = await startChildNode(env);
      if (kill % 5 === 0) await expectHealthy(env, `seed ${seed}, kill ${kill}`);
    }
    await victim.kill();
    serving = false;
    await served;

    expect(atSurvivor.refusals, `seed ${seed}`).toEqual([]);
    expect(acknowledged.refusals, `seed ${seed}`).toEqual([]);
    expect(acknowledged.paid.size).toBeGreaterThan(0);
    for (const [impUid, reference] of atSurvivor.issued) acknowledged.issued.set(impUid, reference);
    for (const [impUid, noticeId] of atSurvivor.paid) acknowledged.paid.set(impUid, noticeId);
    await expectKept(survivor, database.pool, shop, acknowledged, env, `seed ${seed}`);
  },
  test_ms,
);
