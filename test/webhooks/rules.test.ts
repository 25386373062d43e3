/** What a dialect may ask of the delivery engine beside what I'mport does: schedules, signatures, order, time-outs. */
import { createHmac } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { moveClock } from "../../src/core/clock.ts";
import type { Event } from "../../src/core/events/event.ts";
import { Heartbeat } from "../../src/core/nodes.ts";
import {
  type Announcement,
  type Announcer,
  type Delivery,
  deliveries,
  newDeliveries,
  type Timeouts,
} from "../../src/core/webhooks/delivery.ts";
import { DeliveryEngine, type Send } from "../../src/core/webhooks/engine.ts";
import { eventually } from "../support/client.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";

const dialect = "strict";
const secret = "whsec_of_the_shop";
/** 15 attempts: after 15 s, and then each time after twice as long. */
const doubling_s = Array.from({ length: 14 }, (_, index) => 15 * 2 ** index);

interface Sent {
  url: string;
  headers: Record<string, string>;
  body: string;
  timeouts: Timeouts;
}

let database: TestDatabase;
let heartbeat: Heartbeat;
let engine: DeliveryEngine;
let sent: Sent[];
/** What receivers answer; undefined: nothing, ever. */
let status: (request: Sent) => number | undefined;
let sign: Announcer["sign"];

beforeEach(async () => {
  database = await createDatabase();
  sent = [];
  status = () => 200;
  sign = undefined;
  const announcer: Announcer = {
    dialect,
    announces: [],
    announce: () => [],
    timeouts: { first: { read_ms: 1_000, total_ms: 2_000 }, later: { read_ms: 300, total_ms: 400 } },
    sign: async (delivery, at) => (await sign?.(delivery, at)) ?? {},
  };
  const send: Send = async (request, timeouts) => {
    sent.push({ ...request, timeouts });
    const answered = status(sent.at(-1)!);
    if (answered === undefined) await new Promise(() => {});
    return { status: answered!, error: null, answer: null, duration_ms: 1 };
  };
  const log = { info() {}, warn() {} };
  heartbeat = new Heartbeat(database.pool, log);
  await heartbeat.start();
  engine = new DeliveryEngine(database.pool, heartbeat.node, new Map([[dialect, announcer]]), send, log);
  engine.start();
});
afterEach(async () => {
  await engine.stop();
  await heartbeat.stop();
  await database.drop();
});

let subjects = 0;

/** Queues the announcement of event number `seq` of a payment. */
async function announce(
  announcement: Partial<Announcement>,
  subject = `pay_${++subjects}`,
  seq = 1,
): Promise<Delivery> {
  const event = {
    id: `evt_${subject}_${seq}`,
    merchantId: "mer_1",
    subjectType: "payment",
    subjectId: subject,
    subjectSeq: seq,
    paymentId: subject,
    type: "payment.paid",
    data: {},
    at: (await database.pool.query("SELECT date_trunc('milliseconds', now()) AS now")).rows[0].now,
    announcedTo: 1,
  } satisfies Event;
  const [delivery] = newDeliveries(event, dialect, [
    {
      url: "https://shop.example/hook",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ seq }),
      retryDelays_s: [],
      retryStatus: 300,
      ordered: true,
      ...announcement,
    },
  ]);
  await deliveries.insert(database.pool, [delivery!]);
  engine.wake();
  return delivery!;
}

async function stateOf({ id }: Delivery): Promise<Delivery> {
  return (await deliveries.read(database.pool, [id]))[0]!;
}

/** Waits until business time has come to a delivery's next attempt by moving it there. */
async function skipTo(delivery: Delivery, attempts: number): Promise<Delivery> {
  const waiting = await eventually(async () => {
    const now = await stateOf(delivery);
    return now.attempts === attempts && now;
  });
  if (waiting.state === "pending") {
    await moveClock(database.pool, { to: new Date(waiting.nextAttemptAt.getTime() + 1) });
    engine.wake();
  }
  return waiting;
}

describe("a schedule that doubles", () => {
  it("is kept to the last of fifteen attempts, over 68 hours", async () => {
    status = () => 404;
    const delivery = await announce({ retryDelays_s: doubling_s });
    let [last, waited_s] = [delivery.createdAt, 0];
    for (let attempt = 1; attempt <= 15; attempt += 1) {
      const now = await skipTo(delivery, attempt);
      expect([attempt, now.state]).toEqual([attempt, attempt < 15 ? "pending" : "exhausted"]);
      if (now.state === "pending") waited_s += Math.round((now.nextAttemptAt.getTime() - last.getTime()) / 1000);
      last = now.nextAttemptAt;
    }
    expect(sent).toHaveLength(15);
    expect(Math.abs(waited_s - 245_745)).toBeLessThan(60);
    expect(new Set(sent.map((one) => one.body)).size).toBe(1);
  });
});

describe("a signature", () => {
  it("is made anew for each attempt, over the same bytes", async () => {
    const digest = (t: string, body: string) => createHmac("sha256", secret).update(`${t}.${body}`).digest("hex");
    let attempts = 0;
    sign = async ({ body, merchantId }, at) => {
      expect(merchantId).toBe("mer_1");
      attempts += 1;
      const t = String(Math.floor(at.getTime() / 1000) + attempts);
      return { "x-signature": `t=${t},s=${digest(t, body)}` };
    };
    status = () => (sent.length === 1 ? 500 : 200);
    const delivery = await announce({ retryDelays_s: [15] });
    await skipTo(delivery, 1);
    await eventually(async () => sent.length === 2);
    for (const { headers, body } of sent) {
      const [, t, s] = /^t=(\d+),s=(\w+)$/.exec(headers["x-signature"]!)!;
      expect(s).toBe(digest(t!, body));
    }
    expect(sent[0]!.headers["x-signature"]).not.toBe(sent[1]!.headers["x-signature"]);
    expect(new Set(sent.map((one) => one.headers["naru-delivery-id"]))).toEqual(new Set([delivery.id]));
  });

  it("that cannot be made is no attempt: it is made a while later, and the receiver's one attempt is not lost", async () => {
    let asked = 0;
    sign = async () => {
      asked += 1;
      if (asked === 1) throw new Error("the key cannot be read");
      return { "x-signature": "good" };
    };
    const delivery = await announce({});
    await eventually(async () => (await stateOf(delivery)).state === "delivered");
    expect(sent.map((one) => one.headers["x-signature"])).toEqual(["good"]);
    expect((await stateOf(delivery)).attempts).toBe(1);
  });
});

describe("time-outs", () => {
  it("are those of a first attempt, and then those of a later one", async () => {
    status = () => 500;
    const delivery = await announce({ retryDelays_s: [15] });
    await skipTo(delivery, 1);
    await eventually(async () => sent.length === 2);
    expect(sent.map((one) => one.timeouts.total_ms)).toEqual([2_000, 400]);
  });
});

describe("order", () => {
  it("is kept where a dialect wants it: the second waits for the first", async () => {
    status = ({ body }) => (body.includes("1") ? 500 : 200);
    const first = await announce({ retryDelays_s: [30] }, "pay_in_order", 1);
    const second = await announce({ retryDelays_s: [30] }, "pay_in_order", 2);
    await eventually(async () => (await stateOf(first)).attempts === 1);
    const other = await announce({ url: "https://other.example/hook" }, "pay_in_order", 3);
    await eventually(async () => (await stateOf(other)).state === "delivered");
    expect((await stateOf(second)).attempts).toBe(0);
    status = () => 200;
    await moveClock(database.pool, { advance: "PT31S" });
    engine.wake();
    await eventually(async () => (await stateOf(second)).state === "delivered");
    expect(sent.filter((one) => one.url === first.url).map((one) => JSON.parse(one.body).seq)).toEqual([1, 1, 2]);
  });

  it("is not waited for longer than a minute", async () => {
    status = ({ body }) => (body.includes("1") ? 500 : 200);
    const first = await announce({ retryDelays_s: [3_600] }, "pay_late", 1);
    const second = await announce({}, "pay_late", 2);
    await eventually(async () => (await stateOf(first)).attempts === 1);
    await moveClock(database.pool, { advance: "PT61S" });
    engine.wake();
    await eventually(async () => (await stateOf(second)).state === "delivered");
    expect((await stateOf(first)).state).toBe("pending");
  });

  it("is left to chance where a dialect promises none", async () => {
    status = ({ body }) => (body.includes("1") ? undefined : 200);
    await announce({ ordered: false }, "pay_any", 1);
    const second = await announce({ ordered: false }, "pay_any", 2);
    await eventually(async () => (await stateOf(second)).state === "delivered");
  });
});
