/** How often a webhook is sent until it is taken, and what stays the same of it: the published schedule, by moved clock. */
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { type Merchant, newMerchant } from "../support/merchants.ts";
import { heardOf, PproClient, requestUrlOf, verifyLegacy, verifySignature, webhooksOf } from "../support/ppro.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { useNode } from "../support/scenario.ts";
import { deliveryOffsets_s } from "./contract.ts";

const node = useNode({ env: { NARU_PPRO_RATE: "100000" } });

interface Delivery {
  id: string;
  state: string;
  attempts: number;
  eventType: string;
  nextAttemptAt: string;
  attemptLog: { attempt: number; startedAt: string; status: number | null }[];
}

async function withReceiver(scenario: (told: Receiver) => Promise<void>): Promise<void> {
  const told = await startReceiver();
  try {
    await scenario(told);
  } finally {
    await told.close();
  }
}

/** Made with one webhook to this address and no other. */
async function announced(told: Receiver): Promise<{ merchant: Merchant; delivery: Delivery }> {
  const merchant = await newMerchant(node, { webhooksUrl: told.url, webhookEvents: ["PAYMENT_CHARGE_CREATED"] });
  await merchant.client.charge({ paymentMethod: "MOCK" });
  const { body } = await node.get<{ deliveries: Delivery[] }>(`/naru/v1/deliveries?merchantId=${merchant.id}`);
  expect(body.deliveries).toHaveLength(1);
  return { merchant, delivery: body.deliveries[0]! };
}

/** Once so many attempts were made of it. */
function attempted({ id }: Pick<Delivery, "id">, attempts: number, timeout_ms?: number): Promise<Delivery> {
  return eventually(async () => {
    const { body } = await node.get<Delivery>(`/naru/v1/deliveries/${id}`);
    return body.attempts === attempts && body;
  }, timeout_ms);
}

const seconds = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1_000;

/** Between looks of the engine, on a slow machine. */
const late_max_s = 10;
/** After so long a signature has another time, which is in whole seconds. */
const signature_ms = 1_100;

describe("a webhook that nobody acknowledges", () => {
  it("is sent fifteen times as published, and then no more", async () => {
    await withReceiver(async (told) => {
      told.status = 500;
      const { merchant, delivery } = await announced(told);
      for (let attempt = 1; attempt < deliveryOffsets_s.length; attempt += 1) {
        const waiting = await attempted(delivery, attempt);
        expect(waiting.state).toBe("pending");
        await node.moveClock(new Date(waiting.nextAttemptAt));
      }
      const { state, attemptLog } = await attempted(delivery, deliveryOffsets_s.length);
      expect(state).toBe("exhausted");
      const waits_s = attemptLog.slice(1).map((one, index) => seconds(attemptLog[index]!.startedAt, one.startedAt));
      const published_s = deliveryOffsets_s.slice(1).map((offset_s, index) => offset_s - deliveryOffsets_s[index]!);
      for (const [index, wait_s] of waits_s.entries()) {
        expect(wait_s).toBeGreaterThanOrEqual(published_s[index]!);
        expect(wait_s).toBeLessThan(published_s[index]! + late_max_s);
      }
      await node.moveClock("P30D");
      await merchant.client.charge({ paymentMethod: "MOCK" });
      await eventually(async () => told.received.length === deliveryOffsets_s.length + 1);
      expect((await attempted(delivery, deliveryOffsets_s.length)).state).toBe("exhausted");
    });
  }, 60_000);

  it("says the same each time, signed anew with the time of each", async () => {
    await withReceiver(async (told) => {
      told.status = 503;
      const { merchant, delivery } = await announced(told);
      for (let attempt = 1; attempt <= 4; attempt += 1) {
        const waiting = await attempted(delivery, attempt);
        if (attempt === 4) await pause(signature_ms);
        await node.moveClock(new Date(waiting.nextAttemptAt));
      }
      await attempted(delivery, 5);
      const { received } = told;
      expect(new Set(received.map(({ body }) => body)).size).toBe(1);
      expect(new Set(received.map(({ headers }) => headers["naru-delivery-id"]))).toEqual(new Set([delivery.id]));
      const secret = merchant.shown.webhookSigningSecret;
      const times = received.map(({ body, headers, at }) => {
        expect(verifyLegacy(secret, body, headers["webhook-signature"])).toBe(true);
        expect(verifySignature(secret, body, headers["ppro-signature"])).toBe(true);
        const [, signedAt] = /^t=(\d+),/.exec(String(headers["ppro-signature"]))!;
        // By the receiver's own clock, not by the one that was moved.
        expect(Math.abs(at.getTime() / 1_000 - Number(signedAt))).toBeLessThan(5);
        return Number(signedAt);
      });
      expect(times).toEqual([...times].sort());
      expect(times.at(-1)).toBeGreaterThan(times[0]!);
    });
  });
});

const refusals = [300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503];

describe("an answer", () => {
  it.each(refusals)("of %i is tried again, and never followed", async (status) => {
    await withReceiver(async (told) => {
      const elsewhere = `${told.url}/elsewhere`;
      Object.assign(told, { status, headers: { location: elsewhere } });
      const { delivery } = await announced(told);
      const { state, nextAttemptAt, attemptLog } = await attempted(delivery, 1);
      expect([state, attemptLog]).toMatchObject(["pending", [{ attempt: 1, status }]]);
      expect(seconds(attemptLog[0]!.startedAt, nextAttemptAt)).toBeGreaterThanOrEqual(15);
      Object.assign(told, { status: 200, headers: {} });
      await node.moveClock(new Date(nextAttemptAt));
      expect((await attempted(delivery, 2)).state).toBe("delivered");
      expect(told.received.map(({ path }) => path)).toEqual(["/hook", "/hook"]);
    });
  });

  it.each([200, 201, 202, 204, 299])("of %i will do", async (status) => {
    await withReceiver(async (told) => {
      told.status = status;
      const { delivery } = await announced(told);
      expect((await attempted(delivery, 1)).state).toBe("delivered");
    });
  });

  it("that does not come in ten seconds is not waited for", async () => {
    await withReceiver(async (told) => {
      told.status = undefined;
      const { delivery } = await announced(told);
      const { state, attemptLog } = await attempted(delivery, 1, 15_000);
      expect([state, attemptLog]).toMatchObject(["pending", [{ status: null }]]);
      told.status = 200;
      await node.moveClock("PT15S");
      expect((await attempted(delivery, 2)).state).toBe("delivered");
    });
  }, 30_000);
});

describe("a webhook that is sent again by hand", () => {
  it("has its id and body, and a signature of its own", async () => {
    await withReceiver(async (told) => {
      const { merchant, delivery } = await announced(told);
      await attempted(delivery, 1);
      await pause(signature_ms);
      const { status } = await node.post<object>(`/naru/v1/deliveries/${delivery.id}/resend`, {});
      expect(status).toBe(202);
      expect((await attempted(delivery, 2)).state).toBe("delivered");
      const [first, again] = told.received;
      const [envelope, same] = webhooksOf(told, { secret: merchant.shown.webhookSigningSecret });
      expect(same).toEqual(envelope);
      expect(again!.body).toBe(first!.body);
      for (const header of ["naru-delivery-id", "webhook-signature", "content-type"]) {
        expect(again!.headers[header]).toBe(first!.headers[header]);
      }
      expect(again!.headers["ppro-signature"]).not.toBe(first!.headers["ppro-signature"]);
    });
  });

  it("begins its schedule anew once that was over", async () => {
    await withReceiver(async (told) => {
      told.status = 500;
      const { delivery } = await announced(told);
      for (let attempt = 1; attempt < 15; attempt += 1) {
        await node.moveClock(new Date((await attempted(delivery, attempt)).nextAttemptAt));
      }
      expect((await attempted(delivery, 15)).state).toBe("exhausted");
      await node.post(`/naru/v1/deliveries/${delivery.id}/resend`, {});
      const { state, nextAttemptAt, attemptLog } = await attempted(delivery, 16);
      expect(state).toBe("pending");
      const wait_s = seconds(attemptLog.at(-1)!.startedAt, nextAttemptAt);
      expect(wait_s).toBeGreaterThanOrEqual(15);
      expect(wait_s).toBeLessThan(15 + late_max_s);
      told.status = 200;
      await node.moveClock(new Date(nextAttemptAt));
      expect((await attempted(delivery, 17)).state).toBe("delivered");
    });
  }, 60_000);
});

describe("the webhooks of one charge", () => {
  it("wait for the first to be taken, and none overtakes it", async () => {
    await withReceiver(async (told) => {
      told.status = 500;
      const client = new PproClient(node);
      const { body } = await client.charge({ webhooksUrl: told.url });
      await client.checkout(requestUrlOf(body), { decision: "pay" });
      await eventually(async () => told.received.length === 1);
      await eventually(async () => (await node.timeline(body.id)).deliveries[0].attempts === 1);
      told.status = 200;
      await node.moveClock("PT16S");
      const heard = await heardOf(told, 5, { about: body.id });
      expect(heard.map(({ type }) => type.replace("PAYMENT_CHARGE_", ""))).toEqual([
        "CREATED",
        "CREATED",
        "AUTHENTICATION_PENDING",
        "AUTHORIZATION_SUCCEEDED",
        "CAPTURE_SUCCEEDED",
      ]);
      expect(heard[1]!.id).toBe(heard[0]!.id);
    });
  });

  it("wait a minute and no longer for one that is never taken", async () => {
    await withReceiver(async (told) => {
      told.status = 500;
      const client = new PproClient(node);
      const { body } = await client.charge({ webhooksUrl: told.url });
      const types = () => new Set(webhooksOf(told, { about: body.id }).map(({ type }) => type));
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        await eventually(async () => (await node.timeline(body.id)).deliveries[0].attempts === attempt);
        expect([...types()]).toEqual(["PAYMENT_CHARGE_CREATED"]);
        await node.moveClock(attempt === 1 ? "PT16S" : "PT45S");
      }
      await eventually(async () => types().has("PAYMENT_CHARGE_AUTHENTICATION_PENDING"));
    });
  });
});
