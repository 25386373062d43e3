/** Shops that misbehave when they are told: what they really got is in their own log. */
import { describe, expect, it } from "vitest";
import { eventually, type Fields } from "../support/client.ts";
import type { TestNode } from "../support/node.ts";
import { useReceiver, withNode } from "../support/scenario.ts";

const shop = useReceiver();

interface Attempt {
  status: number | null;
  error: string | null;
  answer: string | null;
  durationMs: number;
}

/** On a node of its own, whose merchant has asked for re-sends or not. */
const own = (settings: { resendWebhooks: boolean }, scenario: (node: TestNode) => Promise<void>) => () =>
  withNode({}, async (node) => {
    await node.database.pool.query("UPDATE merchants SET settings = $1", [settings]);
    await scenario(node);
  });
const once = { resendWebhooks: false };
const resent = { resendWebhooks: true };

const bodiesFor = (payment: Fields) => shop.received.filter((one) => one.body.includes(String(payment.merchant_uid)));

/** Until the first attempt was made and recorded. */
async function attempted(node: TestNode): Promise<void> {
  await eventually(async () => (await node.database.pool.query("SELECT FROM delivery_attempts")).rows.length === 1);
}

/** The delivery of a payment's first announcement when nothing more is tried, and its attempts. */
async function delivered(node: TestNode, payment: Fields): Promise<{ state: string; attempts: Attempt[] }> {
  return eventually(async () => {
    const { rows } = await node.database.pool.query(
      `SELECT d.state, (SELECT json_agg(json_build_object('status', a.status, 'error', a.error, 'answer', a.answer,
          'durationMs', a.duration_ms) ORDER BY a.attempt) FROM delivery_attempts a WHERE a.delivery_id = d.id) AS attempts
        FROM deliveries d JOIN payments p ON p.id = d.payment_id WHERE p.wire_id = $1`,
      [payment.imp_uid],
    );
    return rows[0]?.state !== "pending" && rows[0];
  });
}

describe("a shop's answer", () => {
  it(
    "that counts as a 500 has the same told again, where the merchant asked for it",
    own(resent, async (node) => {
      await node.arm("webhook-500");
      const payment = await node.issue({ notice_url: shop.url });
      await attempted(node);
      await node.moveClock("PT1M");
      const { state, attempts } = await delivered(node, payment);
      expect(state).toBe("delivered");
      expect(attempts.map((one) => [one.status, one.error])).toEqual([
        [500, null],
        [200, null],
      ]);
      const [first, second, ...more] = bodiesFor(payment);
      expect(second!.body).toBe(first!.body);
      expect(more).toEqual([]);
    }),
  );

  it(
    "that counts as a 500 is the end where it did not",
    own(once, async (node) => {
      await node.arm("webhook-500");
      const payment = await node.issue({ notice_url: shop.url });
      expect(await delivered(node, payment)).toMatchObject({ state: "exhausted", attempts: [{ status: 500 }] });
      expect(bodiesFor(payment)).toHaveLength(1);
    }),
  );

  it(
    "that comes late is waited for",
    own(once, async (node) => {
      await node.arm("webhook-slow", { delay_s: 1 });
      const payment = await node.issue({ notice_url: shop.url });
      const { state, attempts } = await delivered(node, payment);
      expect([state, attempts.length]).toEqual(["delivered", 1]);
      expect(attempts[0]).toMatchObject({ status: 200, answer: "OK", error: null });
      expect(attempts[0]!.durationMs).toBeGreaterThanOrEqual(995);
      expect(Date.now() - bodiesFor(payment)[0]!.at.getTime()).toBeGreaterThanOrEqual(900);
    }),
  );

  it(
    "that is lost ends the attempt as a time-out, though the shop was told",
    own(once, async (node) => {
      await node.arm("webhook-unanswered", { delay_s: 1 });
      const payment = await node.issue({ notice_url: shop.url });
      const { state, attempts } = await delivered(node, payment);
      expect([state, attempts.length]).toEqual(["exhausted", 1]);
      expect(attempts[0]).toMatchObject({ status: null, answer: null, error: expect.stringMatching(/^TIMEOUT: /) });
      expect(attempts[0]!.durationMs).toBeGreaterThanOrEqual(995);
      expect(bodiesFor(payment)).toHaveLength(1);
    }),
  );

  it(
    "that is lost is asked for again, where the merchant asked for it",
    own(resent, async (node) => {
      await node.arm("webhook-unanswered", { delay_s: 0.2 });
      const payment = await node.issue({ notice_url: shop.url });
      await attempted(node);
      await node.moveClock("PT1M");
      const { state, attempts } = await delivered(node, payment);
      expect([state, attempts.map((one) => one.status)]).toEqual(["delivered", [null, 200]]);
      expect(bodiesFor(payment)).toHaveLength(2);
      expect(new Set(bodiesFor(payment).map((one) => one.body)).size).toBe(1);
    }),
  );
});
