/** What is given back of a charge: all of it, parts, too late, at once; and what books, webhooks and funds say of it. */
import { describe, expect, it } from "vitest";
import { booksOf, expectMoved, expectTold, mock, storyOf, unlimited } from "../support/charges.ts";
import { eventually, type Fields } from "../support/client.ts";
import { type PproBody, PproClient } from "../support/ppro.ts";
import { useNode, useReceiver, withNode } from "../support/scenario.ts";
import { sampleRequest } from "./contract.ts";

const node = useNode(unlimited());
const shop = useReceiver();
const merchant = new PproClient(node);

const amount = sampleRequest.amount.value;
const paid = (fields: Fields = {}, by = merchant) => by.paid({ webhooksUrl: shop.url, ...fields });
const paidEvents = ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"];
const statuses = (all: { status: string }[]) => all.map(({ status }) => status);

describe("a refund", () => {
  it("of everything leaves nothing, in the charge as in the books", async () => {
    const charge = await paid();
    const before = await booksOf(node);
    const asked = {
      merchantRefundReference: "return-1",
      refundReason: "CUSTOMER_REQUEST",
      refundDescriptor: "단순 변심",
      labels: { clerk: "kim", desk: "" },
    };
    const { status, body: refund } = await merchant.refund(charge.id, amount, asked);
    expect(status).toBe(200);
    expect(refund).toMatchObject({ status: "REFUNDED", amount, ...asked });
    expect((await merchant.get(charge.id)).body).toEqual({
      ...charge,
      status: "REFUNDED",
      refunds: [refund],
      updatedAt: refund.updatedAt,
    });
    const list = `/v1/payment-charges/${charge.id}/refunds`;
    expect((await merchant.call("GET", list)).body.data).toEqual([refund]);
    expect((await merchant.call("GET", `${list}/${refund.id}`)).body).toEqual(refund);
    await expectMoved(node, before, { bank: -amount, merchant: -amount });
    const told = (await expectTold(node, shop, charge, [...paidEvents, "REFUND_SUCCEEDED"])).at(-1)!;
    expect(told.data).toEqual({
      type: "PAYMENT_CHARGE_REFUND_SUCCEEDED",
      paymentChargeId: charge.id,
      paymentChargeStatus: "REFUNDED",
      paymentMethod: "KAKAOPAY",
      merchantId: merchant.credentials.merchantId,
      refundId: refund.id,
      amount: { value: amount, currency: "KRW" },
      merchantRefundReference: "return-1",
    });
    const { transfers } = await storyOf(node, charge);
    expect(transfers.map(({ code }: { code: string }) => code)).toEqual(["capture", "refund-reserved", "refund-paid"]);
  });

  it("of a part leaves the rest captured, until the parts are all of it", async () => {
    const charge = await paid();
    const before = await booksOf(node);
    let left = amount;
    for (const [part, status] of [
      [1, "CAPTURED"],
      [4_999, "CAPTURED"],
      [10_000, "REFUNDED"],
    ] as const) {
      expect((await merchant.refund(charge.id, part)).body.status).toBe("REFUNDED");
      left -= part;
      const { body } = await merchant.get(charge.id);
      expect(body.status).toBe(status);
      expect(body).not.toHaveProperty("failure");
      await expectMoved(node, before, { bank: left - amount, merchant: left - amount });
    }
    const { body } = await merchant.get(charge.id);
    expect(body.refunds.map((one: PproBody) => one.amount)).toEqual([1, 4_999, 10_000]);
    const told = await expectTold(node, shop, charge, [...paidEvents, ...Array(3).fill("REFUND_SUCCEEDED")]);
    expect(told.slice(4).map(({ data }) => [data.paymentChargeStatus, data.amount.value, data.refundId])).toEqual([
      ["CAPTURED", 1, body.refunds[0].id],
      ["CAPTURED", 4_999, body.refunds[1].id],
      ["REFUNDED", 10_000, body.refunds[2].id],
    ]);
  });

  it("of more than is left fails, and what is left can still be given back", async () => {
    const charge = await paid();
    await merchant.refund(charge.id, 10_000);
    const tooMuch = { failureType: "INTERNAL_DECLINE", failureCode: "EXCEEDS_CAPTURED_AMOUNT" };
    expect((await merchant.refund(charge.id, 5_001)).body).toMatchObject({ status: "FAILED", failure: tooMuch });
    expect((await merchant.get(charge.id)).body).toMatchObject({ status: "CAPTURED", failure: tooMuch });
    expect((await merchant.refund(charge.id, 5_000)).body.status).toBe("REFUNDED");
    const { body } = await merchant.get(charge.id);
    expect([body.status, statuses(body.refunds)]).toEqual(["REFUNDED", ["REFUNDED", "FAILED", "REFUNDED"]]);
  });

  it("takes every reason that is published, and the one that is misspelt", async () => {
    const charge = await paid();
    const reasons = ["RETURN", "DUPLICATE", "FRAUD", "CUSTOMER_REQUEST", "PRE_DISPUTE", "OTHER", "DUPLCIATE"];
    for (const [index, refundReason] of reasons.entries()) {
      await merchant.refund(charge.id, 1 + index, { refundReason });
    }
    await merchant.refund(charge.id, 100);
    const { refunds } = (await merchant.get(charge.id)).body;
    expect(refunds.map((one: PproBody) => one.refundReason)).toEqual([...reasons.slice(0, 6), "DUPLICATE", undefined]);
  });

  it("of what was captured in part is of that part", async () => {
    const { body: charge } = await merchant.charge(mock("requiresCapture=true", { webhooksUrl: shop.url }));
    const before = await booksOf(node);
    await merchant.capture(charge.id, 6_000);
    expect((await merchant.refund(charge.id, 6_001)).body.failure.failureCode).toBe("EXCEEDS_CAPTURED_AMOUNT");
    expect((await merchant.refund(charge.id, 6_000)).body.status).toBe("REFUNDED");
    expect((await merchant.get(charge.id)).body.status).toBe("CAPTURE_PENDING");
    expect((await merchant.capture(charge.id, 9_000)).body.status).toBe("CAPTURED");
    expect((await merchant.get(charge.id)).body.status).toBe("CAPTURED");
    expect((await merchant.refund(charge.id, 9_000)).body.status).toBe("REFUNDED");
    expect((await merchant.get(charge.id)).body.status).toBe("REFUNDED");
    await expectMoved(node, before, {});
  });

  it("of all that was captured, and a void of the rest, are the end of it", async () => {
    const { body: charge } = await merchant.charge(mock("requiresCapture=true"));
    await merchant.capture(charge.id, 6_000);
    await merchant.refund(charge.id, 6_000);
    expect((await merchant.void(charge.id, 9_000)).body.status).toBe("VOIDED");
    expect((await merchant.get(charge.id)).body.status).toBe("REFUNDED");
  });
});

describe("the days within which a refund is taken", () => {
  it("are 365 with KakaoPay, and without end where the method names none", async () => {
    await withNode(unlimited(), async (later) => {
      const there = new PproClient(later);
      const charge = await paid({}, there);
      const { body: mocked } = await there.charge(mock(""));
      await later.moveClock("P364D");
      expect((await there.refund(charge.id, 1_000)).body.status).toBe("REFUNDED");
      const before = await booksOf(later);
      await later.moveClock("P1DT1M");
      const { body } = await there.refund(charge.id, 1_000);
      const failure = { failureType: "PROVIDER_DECLINE", failureCode: "REFUND_PERIOD_EXPIRED", isRetryable: false };
      expect(body).toMatchObject({ status: "FAILED", failure });
      expect((await there.get(charge.id)).body).toMatchObject({ status: "CAPTURED", failure });
      await expectMoved(later, before, {});
      const { deliveries } = await storyOf(later, charge);
      const types = deliveries.map((one: { body: string }) => JSON.parse(one.body).type);
      expect(types.at(-1)).toBe("PAYMENT_CHARGE_REFUND_FAILED");
      await later.moveClock("P10Y");
      expect((await there.refund(mocked.id, 1_000)).body.status).toBe("REFUNDED");
    });
  });
});

describe("refunds at once", () => {
  it.each([
    ["of everything", 6, amount],
    ["of parts", 10, 2_000],
  ])("%s give back no more than there is, one at a time", async (_name, count, part) => {
    for (let round = 0; round < 3; round += 1) {
      const charge = await paid();
      const before = await booksOf(node);
      const answers = await Promise.all(Array.from({ length: count }, () => merchant.refund(charge.id, part)));
      const given = answers.filter(({ body }) => body.status === "REFUNDED").length;
      expect(given).toBeGreaterThanOrEqual(1);
      expect(given * part).toBeLessThanOrEqual(amount);
      const codes = answers.flatMap(({ body }) => (body.status === "FAILED" ? [body.failure.failureCode] : []));
      expect(codes).toHaveLength(count - given);
      const known = ["SIMULTANEOUS_OPERATION_IN_PROGRESS", "EXCEEDS_REFUNDABLE_AMOUNT", "EXCEEDS_CAPTURED_AMOUNT"];
      expect(known).toEqual(expect.arrayContaining([...new Set(codes)]));
      const { body } = await merchant.get(charge.id);
      expect(body.status).toBe(given * part === amount ? "REFUNDED" : "CAPTURED");
      expect(statuses(body.refunds).sort()).toEqual(statuses(answers.map((answer) => answer.body)).sort());
      await expectMoved(node, before, { bank: -given * part, merchant: -given * part });
    }
  });

  it("wait for the one that the wallet has not answered", async () => {
    await withNode(unlimited({ NARU_PG_TIMEOUT_MS: "3000" }), async (slow) => {
      const there = new PproClient(slow);
      const charge = await paid({}, there);
      await slow.arm("refund-timeout-after");
      const first = there.refund(charge.id, 1_000);
      const pending = await eventually(async () => {
        const { body } = await there.get(charge.id);
        return body.refunds.length > 0 && body;
      });
      expect(pending).toMatchObject({ status: "CAPTURED", refunds: [{ status: "PENDING" }] });
      const failure = { failureCode: "SIMULTANEOUS_OPERATION_IN_PROGRESS", isRetryable: true };
      expect((await there.refund(charge.id, 500)).body).toMatchObject({ status: "FAILED", failure });
      expect((await first).body.status).toBe("PENDING");
      expect((await there.refund(charge.id, 500)).body).toMatchObject({ status: "FAILED", failure });
    });
  });
});
