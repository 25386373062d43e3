/** A wallet whose answer is lost, or which never had the order: nobody is charged twice, and what became of it is found out. */
import { describe, expect, it } from "vitest";
import { booksOf, expectMoved, expectTold, mock, storyOf, unlimited, until } from "../support/charges.ts";
import { eventually, type Fields } from "../support/client.ts";
import { type PproBody, PproClient, requestUrlOf } from "../support/ppro.ts";
import { useNode, useReceiver } from "../support/scenario.ts";
import { sampleRequest } from "./contract.ts";

/** Long enough for an order to be carried out in, which is refused after it. */
const node = useNode(unlimited({ NARU_PG_TIMEOUT_MS: "2000" }));
const shop = useReceiver();
const merchant = new PproClient(node);

const amount = sampleRequest.amount.value;
/** Until it is certain that a lost order will not come: its own time, the clocks' difference, and the next asking. */
const found_ms = 20_000;
const patience_ms = 40_000;

async function make(fields: Fields): Promise<PproBody> {
  const { status, body } = await merchant.charge({ webhooksUrl: shop.url, ...fields });
  expect(status).toBe(200);
  return body;
}

const shownOf = async ({ id }: PproBody): Promise<PproBody> => (await merchant.get(id)).body;
const asked = ["CREATED", "AUTHENTICATION_PENDING", "PROVIDER_CONFIRMATION_PENDING"];
const unasked = ["CREATED", "PROVIDER_CONFIRMATION_PENDING"];

describe("the wallet's answer is lost", { timeout: patience_ms }, () => {
  it("once it has taken the payment: that is found out, and the shopper waits for it", async () => {
    const before = await booksOf(node);
    const charge = await make({});
    const url = requestUrlOf(charge);
    await node.arm("wallet-timeout-after");
    const paying = merchant.checkout(url, { decision: "pay" });
    await until(merchant, charge, "AUTHORIZATION_PROCESSING");
    expect((await merchant.open(url)).headers.refresh).toBe("2");
    expect(await paying).toEqual({ status: 200 });
    expect(await shownOf(charge)).toMatchObject({
      status: "AUTHORIZATION_ASYNC",
      authorizations: [{ status: "PROVIDER_CONFIRMATION_PENDING" }],
    });
    await expectMoved(node, before, {});
    await merchant.checkout(url, { decision: "pay" });
    expect(await until(merchant, charge, "CAPTURED", found_ms)).toMatchObject({ captures: [{ amount }] });
    expect((await merchant.open(url)).status).toBe(303);
    await expectTold(node, shop, charge, [...asked, "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"]);
    expect((await storyOf(node, charge)).operations).toHaveLength(1);
    await expectMoved(node, before, { bank: amount, merchant: amount });
  });

  it("once it has declined", async () => {
    const before = await booksOf(node);
    const charge = await make({});
    await node.arm("wallet-timeout-after");
    await merchant.checkout(requestUrlOf(charge), { decision: "decline", code: "INSUFFICIENT_FUNDS" });
    const over = await until(merchant, charge, "FAILED", found_ms);
    const failure = { failureType: "PROVIDER_DECLINE", failureCode: "INSUFFICIENT_FUNDS" };
    expect(over).toMatchObject({ failure, authorizations: [{ status: "FAILED", failure }] });
    await expectTold(node, shop, charge, [...asked, "AUTHORIZATION_FAILED"]);
    await expectMoved(node, before, {});
  });

  it("of a charge that nobody is asked about", async () => {
    const before = await booksOf(node);
    await node.arm("wallet-timeout-after");
    const charge = await make(mock(""));
    expect(charge.status).toBe("AUTHORIZATION_ASYNC");
    await until(merchant, charge, "CAPTURED", found_ms);
    await expectTold(node, shop, charge, [...unasked, "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"]);
    await expectMoved(node, before, { bank: amount, merchant: amount });
  });
});

describe("the order is lost on its way to the wallet", { timeout: patience_ms }, () => {
  it("from the shopper, or from the merchant: the charge is discarded once that is certain", async () => {
    const before = await booksOf(node);
    const agreed = await make({});
    await node.arm("wallet-timeout-before", 2);
    const [charge] = await Promise.all([make(mock("")), merchant.checkout(requestUrlOf(agreed), { decision: "pay" })]);
    for (const lost of [agreed, charge]) expect((await shownOf(lost)).status).toBe("AUTHORIZATION_ASYNC");
    for (const [lost, types] of [
      [agreed, asked],
      [charge, unasked],
    ] as const) {
      const over = await until(merchant, lost, "DISCARDED", found_ms);
      expect(over).toMatchObject({
        failure: { failureType: "INTERNAL_DECLINE", failureCode: "PAYMENT_METHOD_TIMEOUT" },
        authorizations: [{ status: "FAILED" }],
        discards: [{ status: "DISCARDED", type: "PROVIDER_CONFIRMATION_TIMEOUT" }],
      });
      const told = await expectTold(node, shop, lost, [...types, "DISCARDED"]);
      expect(told.at(-1)!.data).toMatchObject({ discardType: "PROVIDER_CONFIRMATION_TIMEOUT" });
    }
    await expectMoved(node, before, {});
  });
});

describe("a refund of which the wallet does not say", { timeout: patience_ms }, () => {
  const paid = () => merchant.paid({ webhooksUrl: shop.url });
  const paidEvents = ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"];

  it("that it has paid it out, is PENDING until that is found out", async () => {
    const charge = await paid();
    const before = await booksOf(node);
    await node.arm("refund-timeout-after");
    const { status, body: refund } = await merchant.refund(charge.id, amount, { merchantRefundReference: "slow" });
    expect([status, refund.status]).toEqual([200, "PENDING"]);
    expect(await shownOf(charge)).toMatchObject({ status: "CAPTURED", refunds: [refund] });
    await expectMoved(node, before, { merchant: -amount, refunds: amount });
    expect(await until(merchant, charge, "REFUNDED", found_ms)).toMatchObject({
      refunds: [{ id: refund.id, status: "REFUNDED", amount, merchantRefundReference: "slow" }],
    });
    const told = await expectTold(node, shop, charge, [...paidEvents, "REFUND_PENDING", "REFUND_SUCCEEDED"]);
    expect(told.slice(4).map(({ data }) => [data.refundId, data.paymentChargeStatus])).toEqual([
      [refund.id, "CAPTURED"],
      [refund.id, "REFUNDED"],
    ]);
    await expectMoved(node, before, { bank: -amount, merchant: -amount });
  });

  it("since the order was lost, has failed, and can be asked for again", async () => {
    const charge = await paid();
    const before = await booksOf(node);
    await node.arm("refund-timeout-before");
    const { body: refund } = await merchant.refund(charge.id, 5_000);
    expect(refund.status).toBe("PENDING");
    const failed = await eventually(async () => {
      const { refunds } = await shownOf(charge);
      return refunds[0].status === "FAILED" && refunds[0];
    }, found_ms);
    const failure = { failureType: "PROVIDER_ERROR", failureCode: "UNRESPONSIVE_PROVIDER", isRetryable: true };
    expect(failed).toMatchObject({ id: refund.id, failure });
    expect(await shownOf(charge)).toMatchObject({ status: "CAPTURED", failure });
    await expectMoved(node, before, {});
    expect((await merchant.refund(charge.id, 5_000)).body.status).toBe("REFUNDED");
    await expectTold(node, shop, charge, [...paidEvents, "REFUND_PENDING", "REFUND_FAILED", "REFUND_SUCCEEDED"]);
    await expectMoved(node, before, { bank: -5_000, merchant: -5_000 });
  });

  it("before it notified of it, is REFUNDED once", async () => {
    const charge = await paid();
    const before = await booksOf(node);
    await node.arm("refund-notice-first");
    expect((await merchant.refund(charge.id, amount)).body.status).toBe("REFUNDED");
    expect((await shownOf(charge)).refunds).toHaveLength(1);
    await expectTold(node, shop, charge, [...paidEvents, "REFUND_SUCCEEDED"]);
    await expectMoved(node, before, { bank: -amount, merchant: -amount });
  });
});
