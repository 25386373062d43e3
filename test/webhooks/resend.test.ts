/** Sending webhooks again by hand, as the shop hears it. */
import { describe, expect, it } from "vitest";
import { eventually, type Fields } from "../support/client.ts";
import { startReceiver } from "../support/receiver.ts";
import { useNode, useReceiver } from "../support/scenario.ts";

const node = useNode();
const shop = useReceiver();

interface Delivery {
  id: string;
  state: string;
  attempts: number;
}

async function deliveriesOf(issued: Fields): Promise<Delivery[]> {
  const { deliveries }: { deliveries: Delivery[] } = await node.timeline(issued.imp_uid);
  return deliveries;
}

/** Waits until all that was announced of a payment is over, so often attempted. */
async function over(issued: Fields, attempts: number[]): Promise<Delivery[]> {
  return eventually(async () => {
    const deliveries = await deliveriesOf(issued);
    const made = deliveries.map((one) => one.attempts);
    return deliveries.every((one) => one.state !== "pending") && String(made) === String(attempts) && deliveries;
  });
}

const resend = (path: string, body: Fields = {}) =>
  node.post<{ resent: number }>(`/naru/v1/deliveries/${path}resend`, body);
const heardOf = (issued: Fields) => shop.received.filter(({ body }) => body.includes(String(issued.imp_uid)));

describe("a webhook that is sent again", () => {
  it.each([
    ["taken", 200],
    ["refused", 500],
    ["not answered with success", 404],
  ])("after it was %s arrives with the same id and body", async (_name, status) => {
    shop.status = status;
    const issued = await node.issue({ notice_url: shop.url });
    const [delivery] = await over(issued, [1]);
    shop.status = 200;
    await resend(`${delivery!.id}/`);
    await over(issued, [2]);
    const [first, second, ...others] = heardOf(issued);
    expect(others).toEqual([]);
    expect(second!.body).toBe(first!.body);
    expect(second!.headers["content-type"]).toBe(first!.headers["content-type"]);
    expect(first!.headers["naru-delivery-id"]).toBe(delivery!.id);
    expect(second!.headers["naru-delivery-id"]).toBe(delivery!.id);
  });

  it("and then fails has been delivered all the same", async () => {
    shop.status = 200;
    const issued = await node.issue({ notice_url: shop.url });
    const [delivery] = await over(issued, [1]);
    shop.status = 500;
    await resend(`${delivery!.id}/`);
    expect(await over(issued, [2])).toMatchObject([{ state: "delivered" }]);
  });

  it("twice in one moment is sent once or twice, and not lost", async () => {
    shop.status = 200;
    const issued = await node.issue({ notice_url: shop.url });
    const [delivery] = await over(issued, [1]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => resend(`${delivery!.id}/`)));
    expect(answers.every(({ status }) => status === 202 || status === 409)).toBe(true);
    await eventually(async () => (await deliveriesOf(issued))[0]!.state === "delivered");
    expect(heardOf(issued).length).toBeGreaterThan(1);
    expect((await deliveriesOf(issued))[0]!.attempts).toBe(heardOf(issued).length);
  });
});

describe("a range that is sent again", () => {
  it("tells of each payment in the order in which it changed", async () => {
    shop.status = 500;
    const payments = await Promise.all(Array.from({ length: 8 }, () => node.issue({ notice_url: shop.url })));
    await Promise.all(payments.map((one) => node.deposit(one.vbank_num, { bankCode: one.vbank_code })));
    const [first] = await Promise.all(payments.map((one) => over(one, [1, 1])));
    const { body } = await node.get<{ createdAt: string }>(`/naru/v1/deliveries/${first![0]!.id}`);
    shop.received.length = 0;
    shop.status = 200;
    const from = new Date(new Date(body.createdAt).getTime() - 1_000).toISOString();
    expect((await resend("", { from, url: shop.url })).body.resent).toBeGreaterThanOrEqual(16);
    for (const payment of payments) {
      await over(payment, [2, 2]);
      expect(heardOf(payment).map((one) => JSON.parse(one.body).status)).toEqual(["ready", "paid"]);
    }
  });
});

describe("ranges that overlap", () => {
  it("may be sent again at the same moment, and none of the calls fails", async () => {
    shop.status = 200;
    const begun = new Date(Date.now() - 1_000).toISOString();
    const payments = await Promise.all(
      Array.from({ length: 60 }, () => node.issue({ notice_url: `${shop.url}/many` })),
    );
    await Promise.all(
      payments.map((one) => eventually(async () => (await deliveriesOf(one))[0]!.state === "delivered")),
    );
    const ranges = Array.from({ length: 24 }, (_, index) =>
      index % 2 === 0 ? { url: `${shop.url}/many` } : { merchantId: "mer_naru_sandbox_key", from: begun },
    );
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all(ranges.map((range) => resend("", { state: "delivered", ...range })));
      expect(answers.map(({ status }) => status)).toEqual(ranges.map(() => 202));
      await Promise.all(
        payments.map((one) => eventually(async () => (await deliveriesOf(one))[0]!.state === "delivered")),
      );
    }
  }, 60_000);
});

describe("where the merchant asked for re-sends", () => {
  it("one by hand begins the schedule anew", async () => {
    await node.request("PATCH", "/naru/v1/merchants/mer_naru_sandbox_key", {
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ settings: { resendWebhooks: true } }),
    });
    const deaf = await startReceiver();
    deaf.status = 503;
    const issued = await node.issue({ notice_url: deaf.url });
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      await eventually(async () => (await deliveriesOf(issued))[0]!.attempts === attempt);
      if (attempt < 6) await node.moveClock("PT1M");
    }
    const [delivery] = await over(issued, [6]);
    expect(delivery!.state).toBe("exhausted");
    await resend(`${delivery!.id}/`);
    await eventually(async () => (await deliveriesOf(issued))[0]!.attempts === 7);
    expect((await deliveriesOf(issued))[0]!.state).toBe("pending");
    deaf.status = 200;
    await node.moveClock("PT1M");
    expect(await over(issued, [8])).toMatchObject([{ state: "delivered" }]);
    const told = deaf.received.filter(({ body }) => body.includes(String(issued.imp_uid)));
    expect(new Set(told.map((one) => `${one.headers["naru-delivery-id"]} ${one.body}`)).size).toBe(1);
    await deaf.close();
  });
});
