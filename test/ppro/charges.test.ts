/** Charges that a shopper pays at the wallet's page, or does not pay: from the request to the books and the webhooks. */
import { describe, expect, it } from "vitest";
import { booksOf, expectMoved, expectTold, storyOf, unlimited, until } from "../support/charges.ts";
import type { Fields } from "../support/client.ts";
import { type PproBody, PproClient, requestUrlOf } from "../support/ppro.ts";
import { useNode, useReceiver, withNode } from "../support/scenario.ts";
import { sampleRequest } from "./contract.ts";

const node = useNode(unlimited());
const shop = useReceiver();
const merchant = new PproClient(node);

const amount = sampleRequest.amount.value;
const money = sampleRequest.amount;
const { returnUrl } = sampleRequest.authenticationSettings[0]!.settings;
const back = ({ id }: PproBody) => `${returnUrl}?payment-charge-id=${id}`;

/** A charge as the contract prints it, of which the shop's receiver is told. */
async function ask(fields: Fields = {}, by = merchant): Promise<PproBody> {
  const { status, body } = await by.charge({ webhooksUrl: shop.url, ...fields });
  expect([status, body.status]).toEqual([200, "AUTHENTICATION_PENDING"]);
  return body;
}

const decide = (charge: PproBody, decision: string, code?: string, by = merchant) =>
  by.checkout(requestUrlOf(charge), code === undefined ? { decision } : { decision, code });

const paidEvents = ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"];

describe("a charge that is paid", () => {
  it("goes from the request as printed to CAPTURED, told and booked at each step", async () => {
    const before = await booksOf(node);
    const { status, body: charge } = await merchant.charge();
    expect(status).toBe(200);
    expect(charge).toMatchObject({
      paymentMethod: "KAKAOPAY",
      paymentMedium: "ECOMMERCE",
      currency: "KRW",
      country: "KR",
      paymentDescriptor: "Order description",
      status: "AUTHENTICATION_PENDING",
      consumer: sampleRequest.consumer,
      authorizations: [{ amount, status: "AUTHENTICATION_PENDING" }],
      captures: [],
      refunds: [],
      voids: [],
      discards: [],
    });
    expect(charge.authenticationMethods).toEqual([
      { type: "REDIRECT", details: { requestUrl: expect.stringMatching(/^http:\/\/.+/), requestMethod: "GET" } },
    ]);
    expect((await merchant.get(charge.id)).body).toEqual(charge);
    await expectMoved(node, before, {});

    expect(await decide(charge, "pay")).toEqual({ status: 303, location: back(charge) });
    const { body: paid } = await merchant.get(charge.id);
    expect(paid).toMatchObject({
      status: "CAPTURED",
      authorizations: [{ id: charge.authorizations[0].id, amount, status: "AUTHORIZED" }],
      captures: [{ amount, status: "CAPTURED" }],
    });
    expect(paid).not.toHaveProperty("authenticationMethods");
    expect(paid).not.toHaveProperty("failure");
    await expectMoved(node, before, { bank: amount, merchant: amount });
    // It named no address to be told at.
    expect((await storyOf(node, charge)).deliveries).toEqual([]);
  });

  it("is told of in order, in full, and signed twice", async () => {
    const order = { orderReferenceNumber: "order-9", orderItems: [{ name: "책", quantity: 2, amount: 7_500 }] };
    const charge = await ask({ merchantPaymentChargeReference: "try-1", order, initiator: "CONSUMER" });
    const common = {
      paymentChargeId: charge.id,
      paymentMethod: "KAKAOPAY",
      merchantId: merchant.credentials.merchantId,
      merchantPaymentChargeReference: "try-1",
      orderReferenceNumber: "order-9",
    };
    const [authorization] = charge.authorizations;
    const ofAuthorization = { ...common, authorizationId: authorization.id, amount: money };
    const asked = await expectTold(node, shop, charge, ["CREATED", "AUTHENTICATION_PENDING"]);
    expect(asked.map(({ data }) => data)).toEqual([
      {
        ...common,
        type: "PAYMENT_CHARGE_CREATED",
        paymentChargeStatus: "AUTHORIZATION_PROCESSING",
        paymentMedium: "ECOMMERCE",
        initiator: "CONSUMER",
        paymentDescriptor: sampleRequest.paymentDescriptor,
        amount: money,
        order,
        consumer: sampleRequest.consumer,
        authenticationSettings: sampleRequest.authenticationSettings,
      },
      {
        ...ofAuthorization,
        type: "PAYMENT_CHARGE_AUTHENTICATION_PENDING",
        paymentChargeStatus: "AUTHENTICATION_PENDING",
        authenticationMethods: charge.authenticationMethods,
      },
    ]);

    await decide(charge, "pay");
    const told = await expectTold(node, shop, charge, paidEvents);
    const { captures } = (await merchant.get(charge.id)).body;
    expect(told.slice(2).map(({ data }) => data)).toEqual([
      {
        ...ofAuthorization,
        type: "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED",
        paymentChargeStatus: "CAPTURE_PROCESSING",
        isMultiStep: false,
      },
      {
        ...common,
        type: "PAYMENT_CHARGE_CAPTURE_SUCCEEDED",
        paymentChargeStatus: "CAPTURED",
        captureId: captures[0].id,
        amount: money,
      },
    ]);
    const times = told.map(({ time }) => time);
    expect(times).toEqual([...times].sort());
  });

  it("shows what it was made with, and leaves out what nobody asked for", async () => {
    const asked = {
      paymentMedium: "POS",
      initiator: "MERCHANT",
      paymentDescriptor: "책 두 권",
      consumer: {
        name: "홍길동",
        email: "gildong@shop.example",
        phone: "+821012345678",
        birthDate: "1990-02-28",
        country: "KR",
        locale: "ko-KR",
        client: { ip: "2001:db8::1", userAgent: "Mozilla/5.0" },
        merchantConsumerReference: "c-1",
        billingAddress: { firstName: "길동", city: "서울", country: "KR" },
        profile: { createdDate: "2020-01-01", lifetimeOrderCount: 3 },
      },
      order: {
        orderReferenceNumber: "o-1",
        orderItems: [{ name: "책", quantity: 2, amount: 7_500, sku: "b-1" }],
        shippingMethod: "TRACKED_DELIVERY",
        shippingAddress: { street: "세종대로 1", postalCode: "04524", country: "KR" },
        totalTaxAmount: 0,
      },
      labels: { "": "no name", campaign: "GTM", 색: "파랑" },
    };
    const reference = { merchantPaymentChargeReference: "try-2" };
    const charge = await ask({ ...asked, ...reference, unheardOf: { of: [1] }, autoCapture: false });
    expect(charge).toMatchObject({ ...asked, country: "KR", authorizations: [reference] });
    expect(charge).not.toHaveProperty("unheardOf");
    expect(charge.instrumentId).toMatch(/^instr_/);
    await decide(charge, "pay");
    const paid = await until(merchant, charge, "CAPTURED");
    expect(paid).toMatchObject({ ...asked, authorizations: [reference] });
    expect(paid.instrumentId).toBe(charge.instrumentId);
    const bare = await ask({ webhooksUrl: undefined, paymentDescriptor: undefined });
    for (const name of ["initiator", "paymentDescriptor", "order", "labels", "agreementId", "failure"]) {
      expect(bare).not.toHaveProperty(name);
    }
    expect(bare.authorizations[0]).not.toHaveProperty("merchantPaymentChargeReference");
  });

  it.each([
    ["a query", "https://shop.example/done?order=1&a=b%20c", "?order=1&a=b%20c&payment-charge-id={id}"],
    ["a fragment", "https://shop.example/done#top", "?payment-charge-id={id}#top"],
    [
      "both",
      "https://shop.example/done?x=%EA%B0%92&x=2#/route?y=1",
      "?x=%EA%B0%92&x=2&payment-charge-id={id}#/route?y=1",
    ],
    ["an empty query", "https://shop.example/done?", "?payment-charge-id={id}"],
    ["another charge's id in it", "https://shop.example/done?payment-charge-id=old&z=1", "?z=1&payment-charge-id={id}"],
    ["a port and plain http", "http://localhost:3000/done", "?payment-charge-id={id}"],
  ])("comes back to an address with %s", async (_name, address, end) => {
    const charge = await ask({ authenticationSettings: [{ type: "REDIRECT", settings: { returnUrl: address } }] });
    const { location } = await decide(charge, "pay");
    expect(location).toBe(`${address.replace(/[?#].*$/, "")}${end.replace("{id}", charge.id)}`);
  });
});

interface Unpaid {
  name: string;
  decision: string;
  status: "FAILED" | "DISCARDED";
  failure: Fields;
  told: string;
}

const timeout = { failureType: "INTERNAL_DECLINE", failureCode: "PAYMENT_METHOD_TIMEOUT" };
const unpaid: Unpaid[] = [
  {
    name: "is declined",
    decision: "decline",
    status: "FAILED",
    failure: { failureType: "PROVIDER_DECLINE", failureCode: "GENERIC_DECLINE", providerFailureCode: "-780" },
    told: "AUTHORIZATION_FAILED",
  },
  {
    name: "cancels",
    decision: "cancel",
    status: "FAILED",
    failure: { failureType: "PROVIDER_DECLINE", failureCode: "CANCELED_BY_CONSUMER" },
    told: "AUTHORIZATION_FAILED",
  },
  { name: "lets it expire", decision: "expire", status: "DISCARDED", failure: timeout, told: "DISCARDED" },
];

describe("a shopper", () => {
  it.each(unpaid)("who $name pays nothing, for good", async ({ decision, status, failure, told }) => {
    const before = await booksOf(node);
    const charge = await ask();
    expect(await decide(charge, decision)).toEqual({ status: 303, location: back(charge) });
    const { body: over } = await merchant.get(charge.id);
    expect(over).toMatchObject({ status, failure, authorizations: [{ status: "FAILED", failure }], captures: [] });
    expect(over.discards).toMatchObject(status === "FAILED" ? [] : [{ status, type: "AUTHENTICATION_TIMEOUT" }]);
    const last = (await expectTold(node, shop, charge, ["CREATED", "AUTHENTICATION_PENDING", told])).at(-1)!;
    const [{ id: authorizationId }] = charge.authorizations;
    expect(last.data).toMatchObject({ paymentChargeStatus: status, authorizationId, amount: money });
    expect(last.data).toMatchObject(status === "FAILED" ? { failure } : { discardType: "AUTHENTICATION_TIMEOUT" });

    for (const next of ["pay", "decline", "cancel", "expire"]) {
      expect(await decide(charge, next)).toEqual({ status: 303, location: back(charge) });
    }
    expect((await merchant.get(charge.id)).body).toEqual(over);
    await expectMoved(node, before, {});
  });

  it("who has paid can do nothing more about it at the page", async () => {
    const before = await booksOf(node);
    const charge = await ask();
    await decide(charge, "pay");
    const { body: paid } = await merchant.get(charge.id);
    for (const next of ["pay", "decline", "cancel", "expire"]) {
      expect(await decide(charge, next)).toEqual({ status: 303, location: back(charge) });
    }
    expect((await merchant.get(charge.id)).body).toEqual(paid);
    await expectTold(node, shop, charge, paidEvents);
    await expectMoved(node, before, { bank: amount, merchant: amount });
  });

  it.each(["", "refund", "PAY"])("cannot decide %j", async (decision) => {
    const charge = await ask();
    expect((await decide(charge, decision)).status).toBe(400);
    expect((await decide(charge, "decline", "NO_SUCH_CODE")).status).toBe(400);
    expect((await merchant.get(charge.id)).body).toEqual(charge);
  });
});

describe("the time to agree", () => {
  const discarded = ["CREATED", "AUTHENTICATION_PENDING", "DISCARDED"];

  it("is over after 15 minutes, for who never comes and for who comes then", async () => {
    await withNode(unlimited(), async (later) => {
      const there = new PproClient(later);
      const [absent, late, inTime] = [await ask({}, there), await ask({}, there), await ask({}, there)];
      await later.moveClock("PT14M50S");
      expect((await there.get(absent.id)).body).toEqual(absent);
      expect((await decide(inTime, "pay", undefined, there)).status).toBe(303);
      expect((await there.get(inTime.id)).body.status).toBe("CAPTURED");

      await later.moveClock("PT10S");
      expect(await decide(late, "pay", undefined, there)).toEqual({ status: 303, location: back(late) });
      for (const charge of [late, absent]) {
        const over = await until(there, charge, "DISCARDED");
        expect(over).toMatchObject({
          failure: timeout,
          authorizations: [{ status: "FAILED", failure: timeout }],
          discards: [{ status: "DISCARDED", type: "AUTHENTICATION_TIMEOUT" }],
        });
        const told = await expectTold(later, shop, charge, discarded);
        expect(told.at(-1)!.data).toMatchObject({ paymentChargeStatus: "DISCARDED", amount: money });
        expect(await there.open(requestUrlOf(charge))).toMatchObject({ status: 303, location: back(charge) });
      }
      expect(await booksOf(later)).toEqual({ bank: amount, merchant: amount, refunds: 0 });
      await later.moveClock("P30D");
      expect((await there.get(inTime.id)).body.status).toBe("CAPTURED");
    });
  });

  it("is what the operator sets", async () => {
    await withNode(unlimited({ NARU_PPRO_AUTHENTICATE_MIN: "2" }), async (quick) => {
      const there = new PproClient(quick);
      const charge = await ask({}, there);
      await quick.moveClock("PT1M50S");
      expect((await there.get(charge.id)).body.status).toBe("AUTHENTICATION_PENDING");
      await quick.moveClock("PT10S");
      expect((await until(there, charge, "DISCARDED")).discards).toHaveLength(1);
    });
  });
});
