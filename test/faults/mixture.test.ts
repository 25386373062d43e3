/**
 * Everything at once: deposits of every kind, reversals, expiry and withdrawals on a few payments from two nodes, held
 * against a model that knows only what was asked and what was answered. `NARU_SOAK_SECONDS` says for how long;
 * `NARU_TEST_SEED` repeats the choices of a run, though not how they interleave.
 */
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { Core } from "../../src/core/index.ts";
import { readSecrets } from "../../src/installation.ts";
import { createCore, openStore } from "../../src/main.ts";
import type { DepositAnswer, IamportAnswer } from "../support/client.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { environment, startTestNode, type TestNode } from "../support/node.ts";
import { freshSeed, type Random, randomFrom } from "../support/random.ts";

const soak_s = Number(process.env.NARU_SOAK_SECONDS ?? 10);
const seed = freshSeed();
/** How much longer than that it may take until everything has happened once. */
const grace_ms = 90_000;
const live_count = 20;
const worker_count = 8;

/** A deposit that was asked for, and the first answer to it. */
interface Credit {
  noticeId: string;
  fields: Record<string, unknown>;
  amount: number;
  depositId: string;
  /** It was matched when it came. */
  matched: boolean;
  /** Someone has asked the bank to take it back, and was told that it did. */
  reversed: boolean;
}

/** What the model knows of a payment. */
interface Known {
  impUid: unknown;
  id: string;
  merchantId: string;
  reference: string;
  number: unknown;
  /** Null: an account that takes any amount, any number of times. */
  amount: number | null;
  due_ms: number;
  issued_ms: number;
  credits: Credit[];
  closed: boolean;
  /** Why credits to it were refused or suspended. */
  reasons: Set<string>;
}

let database: TestDatabase;
let nodes: TestNode[];
let core: Core;
let ahead_ms = 0;
let notices = 0;
const live: Known[] = [];
const retired: Known[] = [];
/** Orders for which another account was refused, since they had been paid. */
const refusedOrders = new Set<string>();
const tally: Record<string, number> = {};

beforeAll(async () => {
  database = await createDatabase();
  nodes = [await startTestNode({ database }), await startTestNode({ database })];
  const config = readConfig(environment(database));
  const store = openStore({ url: database.url }, config);
  const send = () => Promise.reject(new Error("this one sends nothing"));
  core = createCore(config, store, await readSecrets(config), pino({ level: "silent" }), send).core;
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await core.store.close();
  await database.drop();
});

/** Fails with all that is needed to look into it. */
function demand(met: boolean, what: string, about: unknown): asserts met {
  if (!met) throw new Error(`${what} (seed ${seed}): ${JSON.stringify(about, (_, value) => value ?? null)}`);
}

function note(what: string): void {
  tally[what] = (tally[what] ?? 0) + 1;
}

/** Business time is at least this. */
const now_ms = () => Date.now() + ahead_ms;

async function issue(random: Random): Promise<Known> {
  const node = random.pick(nodes);
  for (;;) {
    const fixed = random.chance(0.15);
    const sibling = fixed || random.chance(0.7) ? undefined : live.find((one) => one.amount !== null);
    const amount = random.between(1, 90) * 1000;
    const order = {
      vbank_due: Math.floor(now_ms() / 1000) + random.between(3, 12),
      ...(fixed ? { fixed_unlimited_vbank: true, amount: undefined } : { amount }),
      ...(sibling === undefined ? {} : { merchant_uid: sibling.reference }),
    };
    const answer = await node.tryIssue(order);
    demand(answer.status === 200, "an issue failed", answer);
    if (answer.body.code !== 0) {
      const about = { answer: answer.body, order };
      if (answer.body.code === 1 && sibling !== undefined) refusedOrders.add(sibling.reference);
      else demand(mayBeOver(order.vbank_due * 1000), "an issue was refused without a reason", about);
      continue;
    }
    const issued = answer.body.response!;
    const { rows } = await database.pool.query("SELECT id, merchant_id FROM payments WHERE wire_id = $1", [
      issued.imp_uid,
    ]);
    note(fixed ? "issued: any amount" : "issued: one time");
    return {
      impUid: issued.imp_uid,
      id: rows[0].id,
      merchantId: rows[0].merchant_id,
      reference: String(issued.merchant_uid),
      number: issued.vbank_num,
      amount: fixed ? null : amount,
      due_ms: order.vbank_due * 1000 + 999,
      issued_ms: now_ms(),
      credits: [],
      closed: false,
      reasons: new Set(),
    };
  }
}

function isPaid(reference: string): boolean {
  return [...live, ...retired].some((one) => one.reference === reference && everMatched(one) > 0);
}

/** A step of the clock that was not answered yet may be felt already. */
function mayBeOver(due_ms: number): boolean {
  return now_ms() + 4_000 > due_ms;
}

function everMatched(payment: Known): number {
  return payment.credits.filter((credit) => credit.matched).length;
}

/** A customer transfers money; `wrong` says why it must not be matched, if it must not. */
async function deposit(random: Random, payment: Known, fields: Record<string, unknown>, wrong: string | undefined) {
  notices += 1;
  const noticeId = `notice-${notices}`;
  const copies = random.chance(0.2) ? random.between(2, 4) : 1;
  const body = { noticeId, ...fields };
  const paidBefore = payment.amount !== null && isPaid(payment.reference);
  const closedBefore = payment.closed;
  const answers = await Promise.all(
    Array.from({ length: copies }, (_, index) => nodes[index % 2]!.deposit(payment.number, body)),
  );
  const about = { payment, body, answers: answers.map((answer) => [answer.status, answer.body]) };
  demand(
    answers.every((answer) => answer.status === 200 || answer.status === 422),
    "a deposit failed",
    about,
  );
  const taken = answers.filter((answer) => answer.status === 200).map((answer) => answer.body);
  for (const { status, body: refusal } of answers) {
    if (status !== 422) continue;
    demand(!fields.force, "a forced deposit was refused", about);
    explain(payment, refusal.error!.reason!, wrong, about);
    note(`refused: ${refusal.error!.reason}`);
  }
  if (taken.length === 0) return;
  demand(new Set(taken.map((one) => one.depositId)).size === 1, "copies of one notice became several deposits", about);
  demand(taken.filter((one) => !one.duplicate).length <= 1, "a notice was new twice", about);
  const first = taken.find((one) => !one.duplicate) ?? taken[0]!;
  const matched = first.outcome === "matched";
  note(matched ? "matched" : `suspended: ${first.reason}`);
  if (first.reason !== null) explain(payment, first.reason, wrong, about);
  demand(matched || first.outcome === "suspended", "a deposit was neither matched nor suspended", about);
  if (matched) {
    demand(wrong === undefined, `a deposit was matched although it was ${wrong}`, about);
    demand(!closedBefore, "a closed account took a deposit", about);
    demand(!paidBefore, "an order was paid twice", about);
  }
  payment.credits.push({
    noticeId,
    fields,
    amount: amountOf(first, payment, fields),
    depositId: first.depositId,
    matched,
    reversed: false,
  });
}

/** What can be told of a reason at once; the rest is looked at in the end. */
function explain(payment: Known, reason: string, wrong: string | undefined, about: unknown): void {
  payment.reasons.add(reason);
  const legal =
    reason === "late"
      ? wrong === "late" || mayBeOver(payment.due_ms)
      : reason.startsWith("amount_")
        ? wrong === "of another amount"
        : reason === "closed" || reason === "already_paid";
  demand(legal, `nothing explains the reason ${reason}`, about);
}

function amountOf(answer: DepositAnswer, payment: Known, fields: Record<string, unknown>): number {
  const { amount } = answer as DepositAnswer & { amount: number };
  demand(amount === (fields.amount ?? payment.amount), "the amount is not what was sent", { answer, fields });
  return amount;
}

const actions: [weight: number, act: (random: Random, payment: Known) => Promise<void>][] = [
  [
    5,
    async function rightAmount(random, payment) {
      const amount = payment.amount ?? random.between(1, 50) * 100;
      const force = random.chance(0.5) ? { force: true } : {};
      await deposit(random, payment, { amount, depositorName: "김손님", ...force }, undefined);
    },
  ],
  [
    2,
    async function wrongAmount(random, payment) {
      if (payment.amount === null) return;
      const amount = random.pick([payment.amount - 1, payment.amount + 1, payment.amount * 2]);
      const force = random.chance(0.8) ? { force: true } : {};
      await deposit(random, payment, { amount, ...force }, "of another amount");
    },
  ],
  [
    2,
    async function tooLate(random, payment) {
      const occurredAt = new Date(payment.due_ms + random.between(1, 100_000)).toISOString();
      const amount = payment.amount ?? 500;
      const force = random.chance(0.8) ? { force: true } : {};
      await deposit(random, payment, { amount, occurredAt, ...force }, "late");
    },
  ],
  [
    2,
    async function inTimeAndToldLate(random, payment) {
      const occurredAt = new Date(random.pick([payment.due_ms, payment.issued_ms])).toISOString();
      await deposit(random, payment, { amount: payment.amount ?? 700, occurredAt, force: true }, undefined);
    },
  ],
  [
    3,
    async function sameNoticeAgain(random, payment) {
      if (payment.credits.length === 0) return;
      const credit = random.pick(payment.credits);
      const answer = await random.pick(nodes).deposit(payment.number, { noticeId: credit.noticeId, ...credit.fields });
      const about = { payment, credit, answer: [answer.status, answer.body] };
      demand(answer.status === 200, "a duplicate failed", about);
      demand(answer.body.duplicate, "a duplicate was taken for new", about);
      demand(answer.body.depositId === credit.depositId, "a duplicate became another deposit", about);
      note("duplicate");
    },
  ],
  [
    2,
    async function reversal(random, payment) {
      if (payment.credits.length === 0) return;
      const credit = random.pick(payment.credits);
      const before = credit.reversed;
      const answer = await random.pick(nodes).reverse(credit.noticeId);
      const about = { payment, credit, answer: [answer.status, answer.body] };
      demand(answer.status === 200, "a reversal failed", about);
      demand(answer.body.outcome === "applied", "a reversal was not applied", about);
      demand(!before || answer.body.duplicate, "a deposit was reversed twice", about);
      credit.reversed = true;
      note(answer.body.duplicate ? "reversed: again" : "reversed");
    },
  ],
  [
    1,
    async function withdrawal(_random, payment) {
      const request = { paymentId: payment.id, merchantId: payment.merchantId, reason: "품절" };
      const outcome = await core.closeVirtualAccount(request);
      const about = { payment, outcome };
      if (outcome.ok) {
        demand(!payment.closed, "an account was closed twice", about);
        demand(everMatched(payment) === 0, "a paid account was closed", about);
        payment.closed = true;
      } else demand(outcome.refusal.code === "payment-not-ready", "a withdrawal was refused wrongly", about);
      note(outcome.ok ? "closed" : "not closed");
    },
  ],
  [
    1,
    async function look(random, payment) {
      const node = random.pick(nodes);
      const authorization = await node.token();
      const answer = await node.get<IamportAnswer>(`/payments/${payment.impUid}`, { authorization });
      demand(answer.status === 200, "a payment could not be read", { payment, answer });
    },
  ],
];

/** Final: nothing more is due to happen to it, though it may still be tried. */
function isFinal(payment: Known): boolean {
  return payment.closed || now_ms() > payment.due_ms || (payment.amount !== null && everMatched(payment) > 0);
}

const wanted = ["matched", "duplicate", "reversed", "closed", "suspended: late", "suspended: amount_over"];

/** Until the time is up, and on a slow machine until everything wanted has happened. */
function goesOn(deadline: number): boolean {
  const over_ms = performance.now() - deadline;
  return over_ms < 0 || (over_ms < grace_ms && wanted.some((what) => tally[what] === undefined));
}

async function work(random: Random, deadline: number): Promise<void> {
  const bag = actions.flatMap(([weight, act]) => Array.from({ length: weight }, () => act));
  while (goesOn(deadline)) {
    const place = random.below(live_count);
    const payment = live[place]!;
    await random.pick(bag)(random, payment);
    if (!isFinal(payment) || !random.chance(0.15)) continue;
    const fresh = await issue(random);
    if (live[place] !== payment) retired.push(fresh);
    else {
      live[place] = fresh;
      retired.push(payment);
    }
  }
}

async function moveClock(random: Random, deadline: number): Promise<void> {
  while (goesOn(deadline)) {
    await pause(random.between(200, 600));
    const answer = await random.pick(nodes).moveClock(`PT${random.between(1, 2)}S`);
    demand(answer.status === 200, "the clock did not move", answer);
    ahead_ms = Math.max(ahead_ms, answer.body.offset_s * 1000);
    note("clock moved");
  }
}

/** A payment as the API shows it in the end against what its answers said. */
async function compare(payment: Known): Promise<void> {
  const matched = payment.credits.filter((credit) => credit.matched);
  const kept = matched.filter((credit) => !credit.reversed);
  const sum = kept.reduce((total, credit) => total + credit.amount, 0);
  const shown = await nodes[0]!.payment(payment.impUid);
  const { payment: stored, notices: booked } = await nodes[1]!.timeline(payment.impUid);
  const about = { payment, shown: shown.status, stored: [stored.state, stored.paidAmount] };
  demand(stored.paidAmount === sum, "the amount paid is not the sum of what was matched", about);
  if (payment.amount !== null) demand(matched.length <= 1, "a one-time account was paid twice", about);
  if (payment.closed) demand(matched.length === 0, "a closed account was paid", about);
  const status = payment.closed ? "failed" : matched.length === 0 ? "ready" : kept.length === 0 ? "cancelled" : "paid";
  demand(shown.status === status, `the payment should be ${status}`, about);
  const credits = booked.filter((one: { kind: string }) => one.kind === "credit");
  demand(credits.length === payment.credits.length, "there are deposits that nobody made", { about, credits });

  if (payment.reasons.has("closed")) demand(payment.closed, "a credit met a closed account that was not closed", about);
  if (payment.reasons.has("already_paid")) {
    demand(payment.amount !== null && isPaid(payment.reference), "a credit met a paid order that was not paid", about);
  }
}

it(
  "keeps to the rules under any mixture of deposits, reversals, expiry and withdrawals from two nodes",
  async () => {
    const random = randomFrom(seed);
    for (let place = 0; place < live_count; place += 1) live.push(await issue(random));
    const deadline = performance.now() + soak_s * 1_000;
    const workers = Array.from({ length: worker_count }, () => work(randomFrom(random.below(2 ** 31)), deadline));
    await Promise.all([...workers, moveClock(randomFrom(random.below(2 ** 31)), deadline)]);

    const all = [...live, ...retired];
    for (const payment of all) await compare(payment);
    for (const reference of new Set(all.map((one) => one.reference))) {
      const paid = all.filter((one) => one.reference === reference && everMatched(one) > 0);
      demand(paid.length <= 1, "two payments of one order were paid", paid);
    }
    for (const reference of refusedOrders) demand(isPaid(reference), "an order was refused though unpaid", reference);
    expect(Object.keys(tally), `seed ${seed}`).toEqual(expect.arrayContaining(wanted));
    const { rows } = await database.pool.query("SELECT count(*) AS n FROM payments WHERE state = 'expired'");
    expect(rows[0].n, `seed ${seed}`).toBeGreaterThan(0);
    await nodes[0]!.expectClean();
    if (process.env.NARU_TEST_LOG) process.stdout.write(`seed ${seed}: ${JSON.stringify(tally)}\n`);
  },
  soak_s * 1_000 + grace_ms + 120_000,
);
