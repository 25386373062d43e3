/**
 * Everything at once: deposits of every kind, reversals, refunds, cash receipts, changes, expiry and withdrawals on a few
 * payments from two nodes, at a bank that now and then refuses, does not answer, or tells late, twice, in the wrong order
 * or never, with a slow database, tokens that expire and a shop that seems not to answer, held against a model that knows
 * only what was asked and what was answered. `NARU_SOAK_SECONDS` says for how long; `NARU_TEST_SEED` repeats the choices of a
 * run, though not how they interleave.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type DepositAnswer, eventually } from "../support/client.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { payeeHash, startTestNode, type TestNode } from "../support/node.ts";
import { freshSeed, type Random, randomFrom } from "../support/random.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";

const soak_s = Number(process.env.NARU_SOAK_SECONDS ?? 10);
const seed = freshSeed();
/** How much longer than that it may take until everything has happened once. */
const grace_ms = 90_000;
const live_count = 20;
const worker_count = 8;
/** How long before the end the bank keeps to its manners, so that little is left to be found out then. */
const quiet_ms = 6_000;
/** Deadlines are changed to no later than this after the issue. */
const due_max_s = 15;

/** A deposit that was asked for, and the first answer to it. */
interface Credit {
  noticeId: string;
  fields: Record<string, unknown>;
  amount: number;
  /** Why it must not be matched, if it must not. */
  wrong: string | undefined;
  /** The business time by which the bank had made it. */
  made_ms: number;
  /** The bank did not tell of it when it made it. */
  untold: boolean;
  /** Undefined while nobody said what became of it. */
  depositId: string | undefined;
  /** It was matched when it came. */
  matched: boolean;
  /** Someone has asked the bank to take it back, and was told that it did. */
  reversed: boolean;
  /** The books have taken the reversal. */
  reversalTold: boolean;
}

/** A refund that was asked for; its reason is its name. */
interface Asked {
  reason: string;
  /** Undefined: all that is left. */
  amount: number | undefined;
  /** Undefined while it was not answered; `unknown` when the caller was told that nobody knows. */
  outcome: "paid" | "unknown" | "refused" | undefined;
  /** What was paid out, by the answer. */
  paid: number;
}

/** What the model knows of a payment. */
interface Known {
  impUid: unknown;
  provider: "nice" | "settle";
  reference: string;
  number: unknown;
  bankCode: unknown;
  /** Null: an account that takes any amount, any number of times. */
  amount: number | null;
  /** Every amount and deadline that it was ever asked to have, the first included. */
  amounts: Set<number>;
  dues_ms: Set<number>;
  /** A change was acknowledged. */
  changed: { amount: boolean; due: boolean };
  due_ms: number;
  issued_ms: number;
  credits: Credit[];
  closed: boolean;
  /** Why credits to it were refused or suspended. */
  reasons: Set<string>;
  /** Where its refunds go, and no other's. */
  refundAccount: string;
  refunds: Asked[];
  /** Refunds and reversals that were begun. */
  takings: number;
  /** Cash receipts: how many were acknowledged, and calls whose outcome nobody knew. */
  receipts: { issued: Set<string>; cancelled: Set<string>; unknown: number };
  /** Why refunds and changes were refused, in words that must turn out to be true. */
  claims: Set<"withdrawn" | "withdrawn or paid">;
}

let database: TestDatabase;
let nodes: TestNode[];
let shop: Receiver;
let ahead_ms = 0;
let notices = 0;
let refundNames = 0;
let accounts = 0;
const live: Known[] = [];
const retired: Known[] = [];
/** Orders for which another account was refused, since they had been paid. */
const refusedOrders = new Set<string>();
const tally: Record<string, number> = {};
/** Those that went wrong with a chance, and did. */
let struck: string[] = [];

beforeAll(async () => {
  database = await createDatabase();
  const env = { NARU_PG_TIMEOUT_MS: "1000" };
  nodes = [await startTestNode({ database, env }), await startTestNode({ database, env })];
  for (const node of nodes) node.renewsToken = true;
  shop = await startReceiver();
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await shop.close();
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
    const provider = fixed || random.chance(0.4) ? "settle" : "nice";
    const order = {
      pg: provider,
      notice_url: shop.url,
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
    const due_ms = order.vbank_due * 1000 + 999;
    accounts += 1;
    note(fixed ? "issued: any amount" : "issued: one time");
    return {
      impUid: issued.imp_uid,
      provider,
      reference: String(issued.merchant_uid),
      number: issued.vbank_num,
      bankCode: issued.vbank_code,
      amount: fixed ? null : amount,
      amounts: new Set(fixed ? [] : [amount]),
      dues_ms: new Set([due_ms]),
      changed: { amount: false, due: false },
      due_ms,
      issued_ms: now_ms(),
      credits: [],
      closed: false,
      reasons: new Set(),
      refundAccount: String(110_000_000_000 + accounts),
      refunds: [],
      takings: 0,
      receipts: { issued: new Set(), cancelled: new Set(), unknown: 0 },
      claims: new Set(),
    };
  }
}

function isPaid(reference: string): boolean {
  return [...live, ...retired].some((one) => one.reference === reference && everMatched(one) > 0);
}

/** A step of the clock that was not answered yet may be felt already. */
function mayBeOver(due_ms: number, at_ms = now_ms()): boolean {
  return at_ms + 4_000 > due_ms;
}

/** By the earliest deadline it may have. */
function mayBeLate(payment: Known, at_ms?: number): boolean {
  return mayBeOver(Math.min(...payment.dues_ms), at_ms);
}

function everMatched(payment: Known): number {
  return payment.credits.filter((credit) => credit.matched).length;
}

/** A customer transfers money; `wrong` says why it must not be matched, if it must not. */
async function deposit(random: Random, payment: Known, fields: Record<string, unknown>, wrong: string | undefined) {
  notices += 1;
  const noticeId = `notice-${notices}`;
  const copies = random.chance(0.2) ? random.between(2, 4) : 1;
  const body = { noticeId, bankCode: payment.bankCode, ...fields };
  const paidBefore = payment.amount !== null && isPaid(payment.reference);
  const closedBefore = payment.closed;
  const answers = await Promise.all(
    Array.from({ length: copies }, (_, index) => nodes[index % 2]!.deposit(payment.number, body)),
  );
  const about = { payment, body, answers: answers.map((answer) => [answer.status, answer.body]) };
  demand(
    answers.every((answer) => [200, 202, 422].includes(answer.status)),
    "a deposit failed",
    about,
  );
  const taken = answers.filter((answer) => answer.status === 200).map((answer) => answer.body);
  for (const { status, body: refusal } of answers) {
    if (status !== 422) continue;
    demand(!fields.force, "a forced deposit was refused", about);
    explain(payment, refusal.error!.reason!, { wrong, fields, made_ms: now_ms() }, about);
    note(`refused: ${refusal.error!.reason}`);
  }
  const untold = answers.find((answer) => answer.status === 202)?.body;
  if (untold !== undefined) note(`not notified: ${untold.reason}`);
  const answered = untold ?? taken[0];
  if (answered === undefined) return;
  const amount = amountOf(answered, payment, fields);
  const forbidden =
    wrong ?? (closedBefore ? "to a closed account" : paidBefore ? "for an order that was paid" : undefined);
  const made = { noticeId, fields, amount, wrong: forbidden, made_ms: now_ms(), untold: untold !== undefined };
  const credit: Credit = { ...made, depositId: undefined, matched: false, reversed: false, reversalTold: false };
  payment.credits.push(credit);
  if (taken.length === 0) return;
  demand(new Set(taken.map((one) => one.depositId)).size === 1, "copies of one notice became several deposits", about);
  demand(taken.filter((one) => !one.duplicate).length <= 1, "a notice was new twice", about);
  const first = taken.find((one) => !one.duplicate) ?? taken[0]!;
  learn(payment, credit, first, about);
}

/** What became of a credit, when it is said for the first time; the same ever after. */
function learn(payment: Known, credit: Credit, said: DepositAnswer, about: unknown): void {
  if (credit.depositId !== undefined) {
    demand(said.depositId === credit.depositId, "a duplicate became another deposit", about);
    return;
  }
  const { outcome, reason } = said;
  // A credit whose reversal overtook it, or came before anyone asked, is shown as reversed.
  const legal = ["matched", "suspended"].includes(outcome) || (outcome === "reversed" && credit.reversed);
  demand(legal, "a deposit was neither matched nor suspended", about);
  credit.depositId = said.depositId;
  credit.matched = reason === null;
  note(credit.matched ? "matched" : `suspended: ${reason}`);
  if (!credit.matched) explain(payment, reason!, credit, about);
  else demand(credit.wrong === undefined, `a deposit was matched although it was ${credit.wrong}`, about);
}

/** A deadline may have been moved to before this while the deposit was under way. */
function isAfterAnyDue(payment: Known, occurredAt: unknown): boolean {
  return typeof occurredAt === "string" && Date.parse(occurredAt) > Math.min(...payment.dues_ms);
}

/** What can be told of a reason at once; the rest is looked at in the end. */
function explain(
  payment: Known,
  reason: string,
  credit: Pick<Credit, "wrong" | "fields" | "made_ms"> & Partial<Credit>,
  about: unknown,
): void {
  payment.reasons.add(reason);
  const { wrong, fields, made_ms } = credit;
  const legal =
    reason === "late"
      ? wrong === "late" || mayBeLate(payment, made_ms) || isAfterAnyDue(payment, fields.occurredAt)
      : reason.startsWith("amount_")
        ? wrong === "of another amount" || payment.amounts.size > 1
        : reason === "already_reversed"
          ? credit.untold && credit.reversed
          : reason === "closed" || reason === "already_paid";
  demand(legal === true, `nothing explains the reason ${reason}`, about);
}

function amountOf(answer: DepositAnswer, payment: Known, fields: Record<string, unknown>): number {
  const { amount } = answer as DepositAnswer & { amount: number };
  demand(amount === (fields.amount ?? payment.amount), "the amount is not what was sent", { answer, fields });
  return amount;
}

/** Mostly one of those that fit, so that what needs one happens often enough. */
function oneOf(random: Random, fits: (payment: Known) => boolean): Known | undefined {
  const found = random.chance(0.8) ? live.filter(fits) : [];
  return found.length === 0 ? undefined : random.pick(found);
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
      // Every amount that is asked for is a multiple of 500.
      const amount = random.pick([payment.amount - 1, payment.amount + 1, payment.amount * 2 + 1]);
      const force = random.chance(0.8) ? { force: true } : {};
      await deposit(random, payment, { amount, ...force }, "of another amount");
    },
  ],
  [
    2,
    async function tooLate(random, payment) {
      const due_ms = Math.max(...payment.dues_ms, payment.issued_ms + due_max_s * 1000);
      const occurredAt = new Date(due_ms + random.between(1, 100_000)).toISOString();
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
      const wasUnknown = credit.depositId === undefined;
      const answer = await random.pick(nodes).deposit(payment.number, {
        noticeId: credit.noticeId,
        bankCode: payment.bankCode,
        ...credit.fields,
      });
      const about = { payment, credit, answer: [answer.status, answer.body] };
      demand(answer.status === 200, "a duplicate failed", about);
      demand(answer.body.duplicate || wasUnknown, "a duplicate was taken for new", about);
      learn(payment, credit, answer.body, about);
      note(wasUnknown ? "told again" : "duplicate");
    },
  ],
  [
    2,
    async function reversal(random, payment) {
      if (payment.credits.length === 0) return;
      const credit = random.pick(payment.credits);
      const before = credit.reversalTold;
      payment.takings += 1;
      // From now on it may be found reversed.
      credit.reversed = true;
      const answer = await random.pick(nodes).reverse(credit.noticeId);
      const about = { payment, credit, answer: [answer.status, answer.body] };
      if (answer.status === 202) return note(`not notified of a reversal: ${answer.body.reason}`);
      demand(answer.status === 200, "a reversal failed", about);
      const waits = answer.body.outcome === "waiting" && credit.untold;
      demand(answer.body.outcome === "applied" || waits, "a reversal was not applied", about);
      demand(!before || answer.body.duplicate, "a deposit was reversed twice", about);
      credit.reversalTold = true;
      note(waits ? "reversed: before it was told of" : answer.body.duplicate ? "reversed: again" : "reversed");
    },
  ],
  [
    1,
    async function withdrawal(random, payment) {
      const paidBefore = everMatched(payment) > 0;
      const answer = await random.pick(nodes).iamport("DELETE", `/vbanks/${payment.impUid}`);
      const about = { payment, answer: answer.body };
      if (answer.body.code === 0) {
        demand(!payment.closed, "an account was closed twice", about);
        demand(!paidBefore, "a paid account was closed", about);
        payment.closed = true;
      } else {
        demand(answer.status === 400, "a withdrawal was refused wrongly", about);
        payment.claims.add("withdrawn or paid");
      }
      note(answer.body.code === 0 ? "closed" : "not closed");
    },
  ],
  [
    2,
    async function change(random, payment) {
      if (payment.provider !== "settle") return;
      const paidBefore = everMatched(payment) > 0;
      const closedBefore = payment.closed;
      // What is asked for at first is a multiple of 1000.
      const amount = payment.amount !== null && random.chance(0.6) ? random.between(1, 90) * 1000 + 500 : undefined;
      const latest_s = Math.floor(payment.issued_ms / 1000) + due_max_s - 1;
      const earliest_s = Math.floor(now_ms() / 1000) + 2;
      const due_s =
        (amount === undefined || random.chance(0.5)) && earliest_s <= latest_s
          ? random.between(earliest_s, latest_s)
          : undefined;
      if (amount === undefined && due_s === undefined) return;
      if (amount !== undefined) payment.amounts.add(amount);
      if (due_s !== undefined) payment.dues_ms.add(due_s * 1000 + 999);
      const answer = await random.pick(nodes).iamport("PUT", `/vbanks/${payment.impUid}`, { amount, vbank_due: due_s });
      const about = { payment, amount, due_s, answer: answer.body };
      if (answer.body.code === 0) {
        demand(!paidBefore, "a paid account was changed", about);
        demand(!closedBefore, "a closed account was changed", about);
        if (amount !== undefined) payment.amount = amount;
        if (due_s !== undefined) payment.due_ms = due_s * 1000 + 999;
        payment.changed.amount ||= amount !== undefined;
        payment.changed.due ||= due_s !== undefined;
      } else if (answer.status === 200) {
        demand(due_s !== undefined && mayBeOver(due_s * 1000), "a change was refused without a reason", about);
      } else if (answer.body.message!.includes("입금기한")) {
        demand(mayBeLate(payment), "a change was refused as too late", about);
      } else payment.claims.add("withdrawn or paid");
      note(answer.body.code === 0 ? "changed" : "not changed");
    },
  ],
  [
    5,
    async function refund(random, payment) {
      const credits = payment.credits.filter((credit) => credit.matched);
      const credit = credits.at(-1);
      const most = payment.amount === null ? 9_000_000_000 : (credit?.amount ?? 99_999);
      const tooMuch = random.chance(0.15);
      const amount = tooMuch
        ? payment.amount === null || credit === undefined
          ? most
          : most + 1
        : random.chance(0.25)
          ? undefined
          : random.between(1, credit?.amount ?? 1000);
      refundNames += 1;
      const asked: Asked = { reason: `refund ${refundNames}`, amount, outcome: undefined, paid: 0 };
      payment.refunds.push(asked);
      payment.takings += 1;
      const alone = payment.takings === 1;
      const answer = await random.pick(nodes).cancel({
        imp_uid: payment.impUid,
        amount,
        reason: asked.reason,
        refund_account: payment.refundAccount,
      });
      const { code, message, response } = answer.body;
      const about = { payment, asked, answer: answer.body };
      demand(answer.status === 200, "a refund failed", about);
      const says = (words: string) => message?.includes(words) === true;
      if (code === 0) {
        const made = response.cancel_history.filter((one: { reason: string }) => one.reason === asked.reason);
        demand(made.length === 1, "a refund is not among the cancellations", about);
        demand(amount === undefined || made[0].amount === amount, "another amount was refunded", about);
        demand(!tooMuch, "more was refunded than was paid", about);
        asked.paid = made[0].amount;
        asked.outcome = "paid";
        note(amount === undefined ? "refunded: all" : "refunded: a part");
        return;
      }
      asked.outcome = says("PG사의 응답을 확인하지 못했습니다") ? "unknown" : "refused";
      if (asked.outcome === "unknown") return note("refund unknown");
      if (code === -1 && (says("은행이 요청을 거절") || says("유효시간"))) return note("refund refused by the bank");
      if (says("입금된 내역이 없습니다")) demand(credits.length === 0, "money was overlooked", about);
      else if (says("failed")) payment.claims.add("withdrawn");
      else {
        demand(code === 1, "a refund was refused wrongly", about);
        demand(tooMuch || !alone || payment.takings > 1 || credits.length === 0, "nothing explains a refusal", about);
      }
      note(tooMuch ? "refund refused: too much" : "refund refused");
    },
  ],
  [
    1,
    async function receipt(random, place) {
      const payment = oneOf(random, (one) => everMatched(one) > 0 && one.receipts.issued.size === 0) ?? place;
      const fields = { identifier: "01012345678", identifier_type: "phone" };
      const answer = await random.pick(nodes).iamport("POST", `/receipts/${payment.impUid}`, fields);
      const about = { payment, answer: answer.body };
      if (answer.body.code === 0) {
        const { receipt_tid } = answer.body.response;
        demand(!payment.receipts.issued.has(receipt_tid), "a cash receipt was issued twice", about);
        demand(!payment.closed, "a cash receipt was issued for a closed account", about);
        payment.receipts.issued.add(receipt_tid);
        note("receipt issued");
      } else receiptRefused(payment, answer.status, answer.body.message!);
    },
  ],
  [
    1,
    async function receiptCancelled(random, place) {
      const payment = oneOf(random, (one) => one.receipts.issued.size > one.receipts.cancelled.size) ?? place;
      const answer = await random.pick(nodes).iamport("DELETE", `/receipts/${payment.impUid}`);
      const about = { payment, answer: answer.body };
      if (answer.body.code === 0) {
        const { receipt_tid } = answer.body.response;
        demand(!payment.receipts.cancelled.has(receipt_tid), "a cash receipt was cancelled twice", about);
        payment.receipts.cancelled.add(receipt_tid);
        note("receipt cancelled");
      } else receiptRefused(payment, answer.status, answer.body.message!);
    },
  ],
  [
    1,
    async function look(random, payment) {
      await random.pick(nodes).payment(payment.impUid);
    },
  ],
];

function receiptRefused(payment: Known, status: number, message: string): void {
  demand(status === 400 || status === 500, "a cash receipt was refused wrongly", { payment, status, message });
  if (status === 500 && message.includes("확인하지 못했습니다")) payment.receipts.unknown += 1;
  note(status === 500 ? "receipt failed" : "receipt refused");
}

/** Final: nothing more is due to happen to it, though it may still be tried. */
function isFinal(payment: Known): boolean {
  return payment.closed || now_ms() > payment.due_ms || (payment.amount !== null && everMatched(payment) > 0);
}

const wanted = [
  "matched",
  "duplicate",
  "reversed",
  "closed",
  "suspended: late",
  "suspended: amount_over",
  "changed",
  "refunded: all",
  "refunded: a part",
  "refund refused: too much",
  "refund unknown",
  "refund refused by the bank",
  "receipt issued",
  "receipt cancelled",
  "not notified: notice-lost",
  "not notified: notice-late",
  "not notified: notice-out-of-order",
];

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

const misdeeds = [
  "refund-timeout-after",
  "refund-refused",
  "refund-timeout-before",
  "refund-timeout-after",
  "refund-refused",
  "receipt-timeout-before",
  "receipt-timeout-after",
  "receipt-refused",
];

/** What goes wrong with a chance, as long as the bank misbehaves at all. */
const mishaps: [fault: string, chance: number, delay_s?: number][] = [
  ["refund-notice-first", 0.3],
  ["notice-duplicated", 0.2],
  ["notice-late", 0.1, 3],
  ["notice-out-of-order", 0.1, 5],
  ["notice-lost", 0.1],
  ["webhook-500", 0.1],
  ["webhook-slow", 0.1, 0.3],
  ["webhook-unanswered", 0.1, 0.3],
  ["token-expired", 0.02],
  ["database-slow", 0.02, 0.3],
];

/** The bank's misdeeds, until a while before the end, and longer if some have not been felt. */
async function misbehave(random: Random, deadline: number): Promise<void> {
  for (const [fault, chance, delay_s] of mishaps) {
    const delay = delay_s === undefined ? {} : { delay_s };
    await random.pick(nodes).arm(fault, { chance, seed: random.below(2 ** 31), ...delay });
  }
  const goesWrong = () =>
    performance.now() < deadline - quiet_ms ||
    (goesOn(deadline) && wanted.some((what) => /^(refund|not)/.test(what) && tally[what] === undefined));
  while (goesWrong()) {
    await random.pick(nodes).arm(random.pick(misdeeds));
    await pause(random.between(50, 400));
  }
  struck = (await nodes[0]!.armed()).filter((one) => one.struck > 0).map((one) => one.fault);
  await nodes[0]!.disarm();
}

/** Whatever nobody knew has been found out, and everything has been told. */
async function allSettled(): Promise<void> {
  await eventually(async () => {
    const { rows } = await database.pool.query(
      `SELECT (SELECT count(*) FROM operations WHERE state IN ('pending', 'unknown'))
        + (SELECT count(*) FROM sandbox_bank_transactions WHERE notified_at IS NULL)
        + (SELECT count(*) FROM deliveries WHERE state = 'pending') AS n`,
    );
    return rows[0].n === 0;
  }, grace_ms);
}

/** What became of the credits that nobody was told of: the bank has found a way since, so the books know all of them. */
async function learnRest(payment: Known): Promise<void> {
  for (const credit of payment.credits) {
    if (credit.depositId !== undefined) continue;
    const again = { noticeId: credit.noticeId, bankCode: payment.bankCode, ...credit.fields };
    const { status, body } = await nodes[0]!.deposit(payment.number, again);
    const about = { payment, credit, answer: [status, body] };
    demand(status === 200 && body.duplicate, "a notice never reached the books", about);
    learn(payment, credit, body, about);
    note("found out in the end");
  }
}

/** What the shop was told of each payment. */
function statusesTold(): Map<unknown, Set<string>> {
  const told = new Map<unknown, Set<string>>();
  for (const { body } of shop.received) {
    const { imp_uid, status } = JSON.parse(body) as { imp_uid: string; status: string };
    told.set(imp_uid, (told.get(imp_uid) ?? new Set()).add(status));
  }
  return told;
}

/** What the bank paid out for a payment, by its own records. */
async function paidOutFor(payment: Known): Promise<number> {
  const accountHash = payeeHash("088", payment.refundAccount);
  const { rows } = await database.pool.query(
    "SELECT coalesce(sum(amount), 0)::bigint AS n FROM sandbox_bank_payouts WHERE account_hash = $1",
    [accountHash],
  );
  return rows[0].n;
}

const sumOf = (items: readonly { amount: number }[]) => items.reduce((total, item) => total + item.amount, 0);

/** What a payment may be shown as, by what was kept of the money that came and what was paid out. */
function statusesOf(payment: Known, kept: number, refunded: number): string[] {
  if (payment.closed) return ["failed"];
  if (everMatched(payment) === 0) return ["ready"];
  if (kept === 0 || refunded >= kept) return ["cancelled"];
  // An account for any amount that was once refunded in full stays cancelled when more comes.
  return payment.amount === null && refunded > 0 ? ["paid", "cancelled"] : ["paid"];
}

/** A payment as the API shows it in the end against what its answers said. */
async function compare(payment: Known): Promise<void> {
  const matched = payment.credits.filter((credit) => credit.matched);
  const kept = matched.filter((credit) => !credit.reversed);
  const sum = sumOf(kept);
  const shown = await nodes[0]!.payment(payment.impUid);
  const { payment: stored, notices: booked, receipts } = await nodes[1]!.timeline(payment.impUid);
  const about = { payment, shown: shown.status, stored: [stored.state, stored.paidAmount] };
  demand(stored.paidAmount === sum, "the amount paid is not the sum of what was matched", about);
  if (payment.amount !== null) demand(matched.length <= 1, "a one-time account was paid twice", about);
  if (payment.closed) demand(matched.length === 0, "a closed account was paid", about);
  if (payment.amount !== null) {
    demand(payment.amounts.has(Number(shown.amount)), "the amount is none that was asked for", about);
    demand(!payment.changed.amount || Number(shown.amount) % 1000 === 500, "a change of the amount was lost", about);
    demand(
      matched.every((credit) => credit.amount === shown.amount),
      "another amount was paid than is asked for",
      about,
    );
  }
  demand(payment.dues_ms.has(Number(shown.vbank_date) * 1000 + 999), "the deadline is none that was asked for", about);

  const refunded = await paidOutFor(payment);
  demand(stored.refundedAmount === refunded, "the bank paid out another amount than was refunded", { about, refunded });
  demand(stored.pendingRefundAmount === 0, "a refund is still on its way", { about, refunded });
  demand(refunded <= sumOf(matched), "more was paid out than was paid in", { about, refunded });
  const history = shown.cancel_history as { amount: number; reason: string }[];
  const made = history.filter((one) => one.reason.startsWith("refund "));
  demand(sumOf(made) === refunded, "the cancellations shown are not what was paid out", { about, refunded, history });
  for (const asked of payment.refunds) {
    const own = made.filter((one) => one.reason === asked.reason);
    const times = { paid: [1], unknown: [0, 1], refused: [0] }[asked.outcome!];
    demand(times.includes(own.length), "a refund is not what its caller was told", { about, asked, own });
    const amount = asked.outcome === "paid" ? asked.paid : asked.amount;
    demand(
      own.every((one) => amount === undefined || one.amount === amount),
      "another amount",
      { about, asked, own },
    );
  }
  const unasked = made.filter((one) => payment.refunds.every((asked) => asked.reason !== one.reason));
  demand(unasked.length === 0, "there are refunds that nobody asked for", { about, unasked });

  const statuses = statusesOf(payment, sum, refunded);
  demand(statuses.includes(String(shown.status)), `the payment should be ${statuses.join(" or ")}`, {
    about,
    sum,
    refunded,
  });
  const { issued, cancelled, unknown } = payment.receipts;
  const receiptsMade = receipts.filter((one: { issuedAt: unknown }) => one.issuedAt !== null).length;
  const ended = receipts.filter((one: { cancelledAt: unknown }) => one.cancelledAt !== null).length;
  const counted = { issued: issued.size, cancelled: cancelled.size, unknown, made: receiptsMade, ended };
  demand(issued.size <= receiptsMade && cancelled.size <= ended, "a cash receipt was lost", { about, counted });
  demand(receiptsMade + ended <= issued.size + cancelled.size + unknown, "there are receipts of nobody", {
    about,
    counted,
  });
  demand(shown.cash_receipt_issued === (receiptsMade - ended === 1), "the payment is wrong about its receipt", {
    about,
    counted,
  });
  if (payment.claims.has("withdrawn")) demand(payment.closed, "a refund met a closed account that was not", about);
  if (payment.claims.has("withdrawn or paid")) {
    demand(payment.closed || matched.length > 0, "a change met a payment that did not wait, but it did", about);
  }

  const credits = booked.filter((one: { kind: string }) => one.kind === "credit");
  demand(credits.length === payment.credits.length, "there are deposits that nobody made", { about, credits });

  if (payment.reasons.has("closed")) demand(payment.closed, "a credit met a closed account that was not closed", about);
  if (payment.reasons.has("already_paid")) {
    demand(payment.amount !== null && isPaid(payment.reference), "a credit met a paid order that was not paid", about);
  }
}

it(
  "keeps to the rules under any mixture of deposits, reversals, refunds, changes and withdrawals from two nodes",
  async () => {
    const random = randomFrom(seed);
    for (let place = 0; place < live_count; place += 1) live.push(await issue(random));
    const deadline = performance.now() + soak_s * 1_000;
    const workers = Array.from({ length: worker_count }, () => work(randomFrom(random.below(2 ** 31)), deadline));
    const [clock, bank] = [randomFrom(random.below(2 ** 31)), randomFrom(random.below(2 ** 31))];
    await Promise.all([...workers, moveClock(clock, deadline), misbehave(bank, deadline)]);
    await allSettled();

    const all = [...live, ...retired];
    for (const payment of all) await learnRest(payment);
    for (const payment of all) await compare(payment);
    const told = statusesTold();
    for (const payment of all) {
      const heard = [...(told.get(payment.impUid) ?? [])];
      const paid = everMatched(payment) > 0;
      demand(heard.includes("ready") && heard.includes("paid") === paid, "the shop heard otherwise", {
        payment,
        heard,
      });
    }
    expect(struck.sort(), `seed ${seed}`).toEqual(mishaps.map(([fault]) => fault).sort());
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
