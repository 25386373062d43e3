import { describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../../../core/webhooks/delivery.ts";
import type { Fault, Strike } from "./faults.ts";
import { misbehavingReceivers } from "./receivers.ts";

const told = { url: "http://shop.example/hook", headers: {}, body: "{}" };
const answered: AttemptOutcome = { status: 200, error: null, answer: "OK", duration_ms: 3 };
const refused: AttemptOutcome = { status: null, error: "ECONNREFUSED", answer: null, duration_ms: 1 };
const timedOut = { status: null, error: expect.stringMatching(/^TIMEOUT: /), answer: null };

/** An attempt of a sender with that much patience, at a shop that answers so, struck by these faults. */
async function attempt(
  shop: AttemptOutcome,
  armed: Partial<Record<Fault, number>>,
  patience = { read_ms: 30_000, total_ms: 45_000 },
) {
  const calls: unknown[] = [];
  const taken: Fault[] = [];
  const take = async (fault: Fault): Promise<Strike | undefined> => {
    const delay_s = armed[fault];
    if (delay_s === undefined) return undefined;
    taken.push(fault);
    return { code: null, delay_s };
  };
  const send = async (...call: unknown[]) => {
    calls.push(call);
    return shop;
  };
  const began_ms = performance.now();
  const outcome = await misbehavingReceivers(send, { take })(told, patience);
  expect(calls).toEqual([[told, patience]]);
  return { outcome, taken, took_ms: performance.now() - began_ms };
}

describe("an attempt that", () => {
  it("is spared is as the shop answered it", async () => {
    expect(await attempt(answered, {})).toMatchObject({ outcome: answered, taken: [] });
  });

  it("was answered counts as a 500", async () => {
    const { outcome } = await attempt(answered, { "webhook-500": 0 });
    expect(outcome).toEqual({ ...answered, status: 500 });
  });

  it("is held back has the shop's answer, later", async () => {
    const { outcome, took_ms } = await attempt(answered, { "webhook-slow": 0.1 });
    expect(outcome).toMatchObject({ status: 200, error: null, answer: "OK" });
    expect(took_ms).toBeGreaterThan(95);
    expect(outcome.duration_ms).toBeGreaterThan(95);
  });

  it("is held back for longer than its sender waits is a time-out", async () => {
    const { outcome, took_ms } = await attempt(answered, { "webhook-slow": 60 }, { read_ms: 50, total_ms: 5_000 });
    expect(outcome).toMatchObject(timedOut);
    expect(took_ms).toBeLessThan(4_000);
  });

  it("lost its answer is a time-out when the delay is over", async () => {
    const { outcome, took_ms } = await attempt(answered, { "webhook-unanswered": 0.1 });
    expect(outcome).toMatchObject(timedOut);
    expect(took_ms).toBeGreaterThan(95);
  });

  it("lost its answer lasts no longer than an attempt may", async () => {
    const { outcome, took_ms } = await attempt(
      answered,
      { "webhook-unanswered": 60 },
      { read_ms: 5_000, total_ms: 50 },
    );
    expect(outcome).toMatchObject(timedOut);
    expect(took_ms).toBeLessThan(4_000);
  });

  it("reached nobody uses up no fault", async () => {
    const all = { "webhook-500": 0, "webhook-slow": 9, "webhook-unanswered": 9 };
    expect(await attempt(refused, all)).toMatchObject({ outcome: refused, taken: [] });
  });
});
