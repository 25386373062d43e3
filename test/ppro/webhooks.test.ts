/** Where and what merchants are told: addresses, which events, whose signature, and what stands in an envelope. */
import { describe, expect, it } from "vitest";
import { eventually, type Fields } from "../support/client.ts";
import { type Merchant, newKey, newMerchant, operate, set } from "../support/merchants.ts";
import { heardOf, PproClient, requestUrlOf, verifyLegacy, verifySignature, webhooksOf } from "../support/ppro.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { useNode, useReceiver, withNode } from "../support/scenario.ts";
import { eventTypes } from "./contract.ts";

const node = useNode({ env: { NARU_PPRO_RATE: "100000" } });
const shop = useReceiver();

const charges = "/v1/payment-charges";
const mock = (fields: Fields = {}) => ({ paymentMethod: "MOCK", ...fields });

/** What was sent to a path, verified with the merchant's secret. */
function heardAt({ shown }: Merchant, path: string) {
  const received = shop.received.filter((one) => one.path === path);
  return webhooksOf({ received }, { secret: shown.webhookSigningSecret });
}

/** The types of what a merchant is told at a path, once it is so many. */
async function typesAt(merchant: Merchant, path: string, count: number): Promise<string[]> {
  const come = await eventually(async () => heardAt(merchant, path).length >= count && heardAt(merchant, path));
  return come.map(({ type }) => type.replace(/^PAYMENT_/, ""));
}

const captured = ["CHARGE_CREATED", "CHARGE_AUTHORIZATION_SUCCEEDED", "CHARGE_CAPTURE_SUCCEEDED"];

async function deliveriesOf({ id }: Merchant) {
  const { body } = await node.get<{ deliveries: { url: string; wireId: string; eventType: string }[] }>(
    `/naru/v1/deliveries?merchantId=${id}&limit=500`,
  );
  return body.deliveries.reverse();
}

describe("a webhook goes", () => {
  it("to the account's address, unless the charge names one, or nowhere", async () => {
    const merchant = await newMerchant(node);
    const { client } = merchant;
    await client.charge(mock());
    await client.agree();
    expect(await deliveriesOf(merchant)).toEqual([]);
    await set(node, merchant, { webhooksUrl: `${shop.url}/account?of=mine` });
    await client.charge(mock());
    expect(await typesAt(merchant, "/hook/account?of=mine", 3)).toEqual(captured);
    await client.charge(mock({ webhooksUrl: `${shop.url}/charge` }));
    expect(await typesAt(merchant, "/hook/charge", 3)).toEqual(captured);
    await client.agree();
    const pending = ["AGREEMENT_CREATED", "AGREEMENT_AUTHENTICATION_PENDING"];
    const types = await typesAt(merchant, "/hook/account?of=mine", 7);
    expect(types.filter((type) => type.startsWith("AGREEMENT"))).toEqual(pending);
    await set(node, merchant, { webhooksUrl: null });
    const { body } = await client.charge(mock());
    expect((await deliveriesOf(merchant)).filter(({ wireId }) => wireId === body.id)).toEqual([]);
  });

  it("where the charge's first one went, whatever the account says later", async () => {
    const merchant = await newMerchant(node, { webhooksUrl: `${shop.url}/first` });
    const { body } = await merchant.client.charge();
    await set(node, merchant, { webhooksUrl: `${shop.url}/second` });
    await merchant.client.checkout(requestUrlOf(body), { decision: "pay" });
    expect(await typesAt(merchant, "/hook/first", 4)).toHaveLength(4);
    expect(heardAt(merchant, "/hook/second")).toEqual([]);
  });
});

const loopback = ["http://127.0.0.1:1/hook", "http://localhost/hook", "http://[::1]:8080/hook?x=1"];
const secure = ["https://shop.example/hook", "https://10.0.0.1:8443/hook?x=%20", "https://localhost/"];
const never = [
  "http://shop.example/hook",
  "http://10.0.0.1/hook",
  "http://127.0.0.1.example/",
  "ftp://127.0.0.1/hook",
  "https://user:word@shop.example/",
  "http://user@127.0.0.1/",
  "//shop.example/hook",
  "shop.example",
  "https://",
  `https://shop.example/${"x".repeat(2_048)}`,
];

describe("an address for webhooks", () => {
  const refusal = { status: 400 };

  /** What a charge, an agreement and a merchant make of it. */
  async function taken(url: string, by: Merchant, at = node, headers: Record<string, string> = {}) {
    const json = { "content-type": "application/json", ...headers };
    const asSetting = at.request(`PATCH`, `/naru/v1/merchants/${by.id}`, {
      headers: json,
      body: JSON.stringify({ settings: { webhooksUrl: url } }),
    });
    const agreement = await by.client.agree();
    return [
      (await by.client.charge({ webhooksUrl: url })).status,
      (await by.client.agree({ webhooksUrl: url })).status,
      (await by.client.agree({ initialPaymentCharge: { amount: { value: 100, currency: "KRW" }, webhooksUrl: url } }))
        .status,
      (await by.client.chargeUnder(agreement.body.id, { webhooksUrl: url })).status,
      (await asSetting).status,
    ];
  }

  it.each([...secure, ...loopback])("may be %s in a sandbox on loopback", async (url) => {
    expect(await taken(url, await newMerchant(node))).toEqual([200, 200, 200, 200, 200]);
  });

  it.each(never)("may not be %s", async (url) => {
    expect(await taken(url, await newMerchant(node))).toEqual([400, 400, 400, 400, 400]);
  });

  it("is said to be wrong by its name", async () => {
    const merchant = await newMerchant(node);
    const charge = await merchant.client.charge({ webhooksUrl: "http://shop.example/hook" });
    expect(charge).toMatchObject({ ...refusal, body: { failureMessage: "webhooksUrl must be an https URL" } });
    const settings = { webhooksUrl: "http://shop.example/hook" };
    const patched = await operate(node, "PATCH", `/merchants/${merchant.id}`, { settings });
    expect(patched).toMatchObject({
      ...refusal,
      body: {
        error: { message: "settings.webhooksUrl must be an https address without a user or password in it" },
      },
    });
  });

  it("is https alone where others can reach the node", async () => {
    const token = "operator-token-0001";
    const env = {
      NARU_HOST: "0.0.0.0",
      NARU_PUBLIC_URL: "http://127.0.0.1:0",
      NARU_OPERATOR_TOKEN: token,
      NARU_PPRO_RATE: "100000",
    };
    await withNode({ env }, async (open) => {
      const operator = { authorization: `Bearer ${token}` };
      const { body } = await open.get<{ ppro: Merchant["shown"]; iamport: { impKey: string } }>(
        "/naru/v1/sandbox/credentials",
        operator,
      );
      const { apiKey, merchantId, webhookSigningSecret: signingSecret } = body.ppro;
      const client = new PproClient(open, { apiKey, merchantId, signingSecret });
      const merchant = { id: `mer_${body.iamport.impKey}`, client, shown: body.ppro };
      for (const url of secure) expect(await taken(url, merchant, open, operator)).toEqual([200, 200, 200, 200, 200]);
      for (const url of loopback) expect(await taken(url, merchant, open, operator)).toEqual(Array(5).fill(400));
    });
  });
});

describe("the events that a merchant wants", () => {
  it("are all, or those that it names, wherever they go", async () => {
    const merchant = await newMerchant(node, {
      webhooksUrl: `${shop.url}/chosen`,
      webhookEvents: ["PAYMENT_CHARGE_CAPTURE_SUCCEEDED", "PAYMENT_AGREEMENT_ACTIVE"],
    });
    await merchant.client.charge(mock());
    await merchant.client.charge(mock({ webhooksUrl: `${shop.url}/chosen` }));
    await merchant.client.agreed({ initialPaymentCharge: undefined });
    const types = ["CHARGE_CAPTURE_SUCCEEDED", "CHARGE_CAPTURE_SUCCEEDED", "AGREEMENT_ACTIVE"];
    expect((await typesAt(merchant, "/hook/chosen", 3)).sort()).toEqual(types.sort());
    await set(node, merchant, { webhookEvents: null });
    const { body } = await merchant.client.charge(mock());
    await eventually(async () => heardAt(merchant, "/hook/chosen").length === 6);
    const heard = heardAt(merchant, "/hook/chosen").filter(({ subject }) => subject === body.id);
    expect(heard.map(({ type }) => type)).toEqual(captured.map((type) => `PAYMENT_${type}`));
    await set(node, merchant, { webhookEvents: [] });
    const quiet = (await merchant.client.charge(mock())).body;
    expect((await deliveriesOf(merchant)).filter(({ wireId }) => wireId === quiet.id)).toEqual([]);
  });

  it("are known by their published names", async () => {
    const merchant = await newMerchant(node);
    const patch = (webhookEvents: unknown) =>
      operate(node, "PATCH", `/merchants/${merchant.id}`, { settings: { webhookEvents } });
    const { body } = await patch(["PAYMENT_CHARGE_SUCCESS"]);
    const [, named] = /^settings\.webhookEvents has PAYMENT_CHARGE_SUCCESS; there are (.+)$/.exec(body.error.message)!;
    const names = named!.split(", ");
    expect(eventTypes).toEqual(expect.arrayContaining(names));
    expect(names.filter((name) => /^PAYMENT_CHARGE_/.test(name))).toHaveLength(14);
    expect(names.filter((name) => /^PAYMENT_AGREEMENT_/.test(name))).toHaveLength(7);
    expect((await patch(names)).body.settings.webhookEvents).toEqual(names);
    for (const wrong of [
      { PAYMENT_CHARGE_CREATED: true },
      [1],
      [""],
      ["payment_charge_created"],
      Array(51).fill(names[0]),
    ]) {
      expect((await patch(wrong)).status).toBe(400);
    }
    expect((await patch([names[0], names[0]])).body.settings.webhookEvents).toEqual([names[0]]);
  });
});

describe("an envelope", () => {
  it("says what happened to which charge, when, and how that left it", async () => {
    const merchant = await newMerchant(node, { webhooksUrl: `${shop.url}/envelope` });
    const fields = {
      merchantPaymentChargeReference: "attempt 1",
      order: { orderReferenceNumber: "order 1" },
      initiator: "CONSUMER",
    };
    const charge = await merchant.client.paid(fields);
    const heard = await eventually(async () => {
      const all = heardAt(merchant, "/hook/envelope");
      return all.length === 4 && all;
    });
    const common = {
      paymentChargeId: charge.id,
      paymentMethod: "KAKAOPAY",
      merchantId: merchant.shown.merchantId,
      merchantPaymentChargeReference: "attempt 1",
      orderReferenceNumber: "order 1",
    };
    const [authorization] = charge.authorizations;
    const amount = { value: 15_000, currency: "KRW" };
    const authorized = { authorizationId: authorization.id, amount };
    const { consumer, paymentDescriptor } = charge;
    const settings = { returnUrl: "https://www.webshop.com/order-results-page" };
    const told = [
      [
        "CREATED",
        "AUTHORIZATION_PROCESSING",
        {
          amount,
          consumer,
          paymentDescriptor,
          order: fields.order,
          initiator: "CONSUMER",
          paymentMedium: "ECOMMERCE",
          authenticationSettings: [{ type: "REDIRECT", settings }],
        },
      ],
      ["AUTHENTICATION_PENDING", "AUTHENTICATION_PENDING", { ...authorized, authenticationMethods: expect.anything() }],
      ["AUTHORIZATION_SUCCEEDED", "CAPTURE_PROCESSING", { ...authorized, isMultiStep: false }],
      ["CAPTURE_SUCCEEDED", "CAPTURED", { captureId: charge.captures[0].id, amount }],
    ].map(([type, paymentChargeStatus, more]) => ({
      ...common,
      ...(more as object),
      paymentChargeStatus,
      type: `PAYMENT_CHARGE_${type}`,
    }));
    expect(heard.map(({ data }) => data)).toEqual(told);
    const times = heard.map(({ time }) => time);
    expect(times).toEqual([...times].sort());
    expect([times[0], times.at(-1)]).toEqual([charge.createdAt, charge.updatedAt]);
    expect(new Set(heard.map(({ id }) => id)).size).toBe(4);
  });

  it("of a settlement names the captures that were settled", async () => {
    const merchant = await newMerchant(node, {
      webhooksUrl: `${shop.url}/funds`,
      webhookEvents: ["FUNDS_STATE_CHANGED"],
    });
    const paymentDescriptor = "requiresCapture=true;fundsEventType=Received;fundsEventScheduleDelay=10s";
    const { body } = await merchant.client.charge(mock({ paymentDescriptor }));
    const parts = [
      (await merchant.client.capture(body.id, 5_000)).body,
      (await merchant.client.capture(body.id, 1)).body,
    ];
    await node.moveClock("PT11S");
    await typesAt(merchant, "/hook/funds", 2);
    expect(heardAt(merchant, "/hook/funds").map(({ data }) => data)).toMatchObject(
      parts.map(({ id, amount }) => ({
        paymentChargeId: body.id,
        paymentOperationId: id,
        paymentOperationType: "CAPTURE",
        fundsState: "CAPTURE_FUNDS_RECEIVED",
        amount: { value: amount, currency: "KRW" },
      })),
    );
    const { body: funds } = await merchant.client.call("GET", `${charges}/${body.id}/funds-statuses`);
    expect(funds).toMatchObject(parts.map(({ id }) => ({ operationId: id, fundsStatus: "CAPTURE_FUNDS_RECEIVED" })));
  });
});

describe("a signature", () => {
  it("is made with the merchant's own secret, which all of its keys share", async () => {
    const [one, other] = [await newMerchant(node), await newMerchant(node)];
    const again = await newKey(node, one.id);
    const secrets = [one, other].map(({ shown }) => shown.webhookSigningSecret);
    expect(new Set([...secrets, "naru_sandbox_signing_secret"]).size).toBe(3);
    expect(again.shown.webhookSigningSecret).toBe(secrets[0]);
    const told = await startReceiver();
    await again.client.charge(mock({ webhooksUrl: told.url }));
    await other.client.charge(mock({ webhooksUrl: told.url }));
    await eventually(async () => told.received.length === 6);
    for (const { body, headers } of told.received) {
      const isOnes = JSON.parse(body).data.merchantId === one.shown.merchantId;
      const [right, wrong] = isOnes ? secrets : secrets.toReversed();
      for (const [secret, expected] of [
        [right!, true],
        [wrong!, false],
      ] as const) {
        expect(verifyLegacy(secret, body, headers["webhook-signature"])).toBe(expected);
        expect(verifySignature(secret, body, headers["ppro-signature"])).toBe(expected);
      }
    }
    await told.close();
  });
});

describe("the order", () => {
  it("is that of what happened, for each of many charges at once", async () => {
    const told: Receiver = await startReceiver();
    const client = new PproClient(node);
    const made = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const { body } = await client.charge({ webhooksUrl: told.url });
        await client.checkout(requestUrlOf(body), { decision: "pay" });
        await client.refund(body.id, 1_000);
        await client.refund(body.id, 14_000);
        return body.id;
      }),
    );
    const types = ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"];
    const whole = [...types, "REFUND_SUCCEEDED", "REFUND_SUCCEEDED"].map((type) => `PAYMENT_CHARGE_${type}`);
    for (const id of made) {
      const heard = await heardOf(told, whole.length, { about: id });
      expect(heard.map(({ type }) => type)).toEqual(whole);
      expect(heard.slice(4).map(({ data }) => data.paymentChargeStatus)).toEqual(["CAPTURED", "REFUNDED"]);
    }
    await told.close();
  });
});
