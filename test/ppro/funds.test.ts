/** What becomes of the money behind captures and refunds, shown and told: by the mock's schedule, or a day after the capture. */
import { describe, expect, it } from "vitest";
import { expectTold, mock, storyOf, toldOf, unlimited } from "../support/charges.ts";
import { eventually, type Fields } from "../support/client.ts";
import { type PproBody, PproClient } from "../support/ppro.ts";
import { useNode, useReceiver, withNode } from "../support/scenario.ts";
import { sampleRequest } from "./contract.ts";

const node = useNode(unlimited());
const shop = useReceiver();
const merchant = new PproClient(node);

const amount = sampleRequest.amount.value;

async function make(descriptor: string, fields: Fields = {}): Promise<PproBody> {
  return (await merchant.charge(mock(descriptor, { webhooksUrl: shop.url, ...fields }))).body;
}

async function fundsOf({ id }: PproBody, by = merchant): Promise<PproBody[]> {
  return (await by.call("GET", `/v1/payment-charges/${id}/funds-statuses`)).body;
}

const statesOf = async (charge: PproBody) => (await fundsOf(charge)).map(({ fundsStatus }) => fundsStatus);

/** What was told of a charge's funds, once so many times it was. */
async function toldOfFunds(charge: PproBody, count: number): Promise<PproBody[]> {
  const told = await eventually(async () => {
    const all = toldOf(shop, charge).filter(({ type }) => type === "FUNDS_STATE_CHANGED");
    return all.length >= count && all;
  });
  const { deliveries } = await storyOf(node, charge);
  const queued = deliveries.filter(({ body }: { body: string }) => JSON.parse(body).type === "FUNDS_STATE_CHANGED");
  expect([told.length, queued.length]).toEqual([count, count]);
  return told.map(({ data }) => data);
}

describe("the money of a capture", () => {
  it("is waited for, and received when the mock is told, which is told on", async () => {
    const charge = await make("fundsEventType=Received;fundsEventScheduleDelay=10s", {
      merchantPaymentChargeReference: "try-1",
    });
    const operationId = charge.captures[0].id;
    const shown = { operationId, operationType: "CAPTURE", merchantPaymentChargeReference: "try-1" };
    expect(await fundsOf(charge)).toEqual([{ ...shown, fundsStatus: "CAPTURE_FUNDS_WAITING" }]);
    const types = ["CREATED", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"];
    await expectTold(node, shop, charge, types);
    await node.moveClock("PT11S");
    const told = (await expectToldLater(charge, [...types, "FUNDS_STATE_CHANGED"])).at(-1)!;
    expect(told.data).toEqual({
      type: "FUNDS_STATE_CHANGED",
      paymentChargeId: charge.id,
      paymentChargeStatus: "CAPTURED",
      paymentMethod: "MOCK",
      merchantId: merchant.credentials.merchantId,
      merchantPaymentChargeReference: "try-1",
      paymentOperationId: operationId,
      paymentOperationType: "CAPTURE",
      fundsState: "CAPTURE_FUNDS_RECEIVED",
      amount: { value: amount, currency: "KRW" },
    });
    expect(await fundsOf(charge)).toEqual([{ ...shown, fundsStatus: "CAPTURE_FUNDS_RECEIVED" }]);
  });

  it("goes missing where the mock is told so", async () => {
    const charge = await make("fundsEventType=Missing;fundsEventScheduleDelay=5s");
    await node.moveClock("PT6S");
    expect(await toldOfFunds(charge, 1)).toMatchObject([{ fundsState: "CAPTURE_FUNDS_MISSING" }]);
    expect(await statesOf(charge)).toEqual(["CAPTURE_FUNDS_MISSING"]);
  });

  it("is not expected where the mock is told so, and nobody is told", async () => {
    const charge = await make("fundsEventType=NOT_EXPECTED;fundsEventScheduleDelay=1s");
    expect(await statesOf(charge)).toEqual(["CAPTURE_FUNDS_NOT_EXPECTED"]);
    await node.moveClock("P2D");
    expect(await statesOf(charge)).toEqual(["CAPTURE_FUNDS_NOT_EXPECTED"]);
    await expectTold(node, shop, charge, ["CREATED", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"]);
  });

  it("comes a day later with KakaoPay", async () => {
    const charge = await merchant.paid({ webhooksUrl: shop.url });
    await node.moveClock("PT23H59M");
    expect(await statesOf(charge)).toEqual(["CAPTURE_FUNDS_WAITING"]);
    await node.moveClock("PT2M");
    expect(await toldOfFunds(charge, 1)).toMatchObject([{ fundsState: "CAPTURE_FUNDS_RECEIVED" }]);
  });

  it("of what is not captured is none", async () => {
    const { body } = await merchant.charge();
    expect(await fundsOf(body)).toEqual([]);
    const refused = await make("requiresCapture=true");
    await merchant.capture(refused.id, amount + 1);
    expect(await statesOf(refused)).toEqual(["CAPTURE_FUNDS_NOT_EXPECTED"]);
  });

  it("of several captures comes for each in its own time, and each is told of once", async () => {
    const charge = await make("requiresCapture=true;fundsEventType=Received;fundsEventScheduleDelay=60s");
    await merchant.capture(charge.id, 5_000);
    await node.moveClock("PT30S");
    await merchant.capture(charge.id, 4_000);
    await merchant.capture(charge.id, 99_999);
    expect(await statesOf(charge)).toEqual([
      ...["CAPTURE_FUNDS_WAITING", "CAPTURE_FUNDS_WAITING", "CAPTURE_FUNDS_NOT_EXPECTED"],
    ]);
    await node.moveClock("PT31S");
    expect(await toldOfFunds(charge, 1)).toMatchObject([{ amount: { value: 5_000 } }]);
    expect((await statesOf(charge)).slice(0, 2)).toEqual(["CAPTURE_FUNDS_RECEIVED", "CAPTURE_FUNDS_WAITING"]);
    await node.moveClock("PT30S");
    expect(await toldOfFunds(charge, 2)).toMatchObject([{}, { amount: { value: 4_000 } }]);

    // One that comes after all of that takes nothing back.
    await merchant.capture(charge.id, 6_000);
    const received = Array(2).fill("CAPTURE_FUNDS_RECEIVED");
    expect(await statesOf(charge)).toEqual([...received, "CAPTURE_FUNDS_NOT_EXPECTED", "CAPTURE_FUNDS_WAITING"]);
    await node.moveClock("PT61S");
    const told = await toldOfFunds(charge, 3);
    expect(told.map((data) => data.amount.value)).toEqual([5_000, 4_000, 6_000]);
    const captures = (await merchant.get(charge.id)).body.captures as PproBody[];
    const captured = captures.filter(({ status }) => status === "CAPTURED").map(({ id }) => id);
    expect(told.map((data) => data.paymentOperationId)).toEqual(captured);
  });
});

async function expectToldLater(charge: PproBody, types: readonly string[]) {
  await toldOfFunds(charge, 1);
  return expectTold(node, shop, charge, types);
}

describe("the money of a refund", () => {
  it("is sent when the refund is done, and not expected when it failed", async () => {
    const charge = await merchant.paid();
    await merchant.refund(charge.id, 1_000, { merchantRefundReference: "r-1" });
    await merchant.refund(charge.id, 99_999);
    const { refunds } = (await merchant.get(charge.id)).body;
    expect((await fundsOf(charge)).slice(1)).toEqual([
      {
        operationId: refunds[0].id,
        operationType: "REFUND",
        fundsStatus: "REFUND_FUNDS_SENT",
        merchantRefundReference: "r-1",
      },
      { operationId: refunds[1].id, operationType: "REFUND", fundsStatus: "REFUND_FUNDS_NOT_EXPECTED" },
    ]);
  });

  it("is waited for while the wallet has not said", async () => {
    await withNode(unlimited({ NARU_PG_TIMEOUT_MS: "1000" }), async (slow) => {
      const there = new PproClient(slow);
      const charge = await there.paid();
      await slow.arm("refund-timeout-after");
      expect((await there.refund(charge.id, 1_000)).body.status).toBe("PENDING");
      const [, refund] = await fundsOf(charge, there);
      expect(refund!.fundsStatus).toBe("REFUND_FUNDS_WAITING");
    });
  });
});
