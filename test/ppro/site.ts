/** A shop whose calls must count once although nodes die: what of them is there to be counted, told and asked again. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import { eventually } from "../support/client.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { startTestNode, type TestNode } from "../support/node.ts";
import { type PproAnswer, PproClient, webhooksOf } from "../support/ppro.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { keyedCalls, type Prepared } from "./keyed-calls.ts";

/** Of what must happen in the end. */
const settling_ms = 40_000;
export const underWay = "A request with this Request-Idempotency-Key is in progress";
export const settings = {
  NARU_PPRO_RATE: "100000",
  /** How long a wallet may take to answer: longer than any that answers does. */
  NARU_PG_TIMEOUT_MS: "60000",
};

/** A database with a node that lives through everything, and a shop that is told of it all. */
export interface Site {
  database: TestDatabase;
  survivor: TestNode;
  shop: PproClient;
  receiver: Receiver;
  closing: (() => Promise<unknown>)[];
}

/** In the end all was told, in order, and the books are clean. */
export async function atSite(scenario: (site: Site) => Promise<void>): Promise<void> {
  const closing: Site["closing"] = [];
  try {
    const database = await createDatabase();
    closing.push(() => database.drop());
    const receiver = await startReceiver();
    closing.push(() => receiver.close());
    const survivor = await startTestNode({ database, env: settings });
    closing.push(() => survivor.stop());
    const site = { database, survivor, shop: new PproClient(survivor), receiver, closing };
    await scenario(site);
    await expectTold(site);
    await survivor.expectClean();
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** A node that dies may have told of something and not recorded it; then another tells of it again. */
export async function expectTold({ database: { pool }, receiver }: Site): Promise<void> {
  await eventually(async () => {
    const { rows } = await pool.query("SELECT count(*) AS n FROM deliveries WHERE state = 'pending'");
    return rows[0].n === 0;
  }, settling_ms);
  const { rows } = await pool.query("SELECT body FROM deliveries ORDER BY subject_id, subject_seq");
  const owed = rows.map(({ body }) => JSON.parse(body) as { id: string; subject: string });
  const told = webhooksOf(receiver);
  expect(owed.length).toBeGreaterThan(0);
  for (const subject of new Set([...told, ...owed].map((one) => one.subject))) {
    const heard = new Set(told.filter((one) => one.subject === subject).map(({ id }) => id));
    expect([...heard]).toEqual(owed.filter((one) => one.subject === subject).map(({ id }) => id));
  }
}

export interface Keyed extends Prepared {
  name: string;
  key: string;
}

export async function prepare({ shop, receiver }: Site, name: string): Promise<Keyed> {
  const call = keyedCalls({ webhooksUrl: receiver.url }).find((one) => one.name === name)!;
  return { name, ...(await call.prepare(shop)), key: randomUUID() };
}

export const make = (client: PproClient, { path, body, key }: Keyed) => client.call("POST", path, { body, key });

/** As soon as nobody else has it. */
export async function takeOver(client: PproClient, call: Keyed): Promise<PproAnswer> {
  return eventually(async () => {
    const answer = await make(client, call);
    if (answer.status !== 409) return answer;
    expect(answer.body.failureMessage, call.name).toBe(underWay);
    return undefined;
  }, settling_ms);
}

export const statusOf = ({ body }: PproAnswer): string | undefined => body.status ?? body.agreementStatus;
export const isReplay = ({ headers }: PproAnswer) => headers["request-idempotency"] === "true";

export async function expectReplay(client: PproClient, call: Keyed, { text }: PproAnswer): Promise<void> {
  const again = await make(client, call);
  expect([again.status, isReplay(again), again.text], call.name).toEqual([200, true, text]);
}

/** Asks what became of orders: of all, when nobody lives who has one on the way; or of those whose time is over. */
export async function settle(
  { database: { pool } }: Pick<Site, "database">,
  which: "all" | "what is late",
): Promise<void> {
  const dead = "UPDATE operations SET valid_until = clock_timestamp() - interval '10 seconds' WHERE settled_at IS NULL";
  if (which === "all") await pool.query(dead);
  const open = "settled_at IS NULL AND valid_until < clock_timestamp()";
  await eventually(async () => {
    await pool.query(`UPDATE operations SET ask_at = clock_timestamp() WHERE ${open}`);
    await pause(500);
    const { rows } = await pool.query(`SELECT count(*) AS n FROM operations WHERE ${open}`);
    return rows[0].n === 0;
  }, settling_ms);
}

/** All that calls make, by which one could be made twice. */
export async function countMade({ database: { pool } }: Site): Promise<number[]> {
  const { rows } = await pool.query(`SELECT (SELECT count(*) FROM wallet_charges) AS charges,
    (SELECT count(*) FROM agreements) AS agreements, (SELECT count(*) FROM refunds) AS refunds,
    (SELECT count(*) FROM instruments) AS instruments,
    (SELECT count(*) FROM charge_steps WHERE kind IN ('capture', 'void') AND amount = 1000) AS steps`);
  return Object.values(rows[0]);
}

/** What these calls make when nothing goes wrong, with what has to be there before them. */
export async function countUsual(site: Site, names: readonly string[]): Promise<number[]> {
  let total = (await countMade(site)).map(() => 0);
  for (const name of new Set(names)) {
    const before = await countMade(site);
    expect((await make(site.shop, await prepare(site, name))).status).toBe(200);
    const after = await countMade(site);
    const times = names.filter((one) => one === name).length;
    total = total.map((sum, index) => sum + times * (after[index]! - before[index]!));
  }
  const made = await countMade(site);
  return total.map((sum, index) => sum + made[index]!);
}
