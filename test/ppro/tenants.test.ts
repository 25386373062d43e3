/** Who calls, and for whom: API keys and `Merchant-Id`; and what one merchant has is unknown to another. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Client, Fields } from "../support/client.ts";
import { countRows } from "../support/database.ts";
import { type Merchant, merchantOf, newKey, newMerchant, operate } from "../support/merchants.ts";
import { naru } from "../support/node.ts";
import { demo, type PproBody, PproClient } from "../support/ppro.ts";
import { addressOf, mountedRoutes, type Route } from "../support/routes.ts";
import { useNode, withNode } from "../support/scenario.ts";
import { findEndpoint } from "../support/schemas.ts";
import { endpoints } from "./contract.ts";

const { ppro: routes } = await mountedRoutes();
const env = { NARU_PPRO_RATE: "100000" };
const node = useNode({ env });
const client = () => new PproClient(node);

const demoMerchant = "mer_naru_sandbox_key";
const charges = "/v1/payment-charges";
const nobody = "merch_000000000000000000000";
const mock = (fields: Fields = {}) => ({ paymentMethod: "MOCK", ...fields });
const unauthorized = { status: 401, body: { message: "Unauthorized", status: 401, failureMessage: "Unauthorized" } };

const shown = {
  apiKey: expect.stringMatching(/^key_sandbox_[0-9A-Za-z]{21}$/),
  merchantId: expect.stringMatching(/^merch_[0-9A-Za-z]{21}$/),
  webhookSigningSecret: expect.stringMatching(/^whsec_[0-9A-Za-z]{42}$/),
};

describe("a call", () => {
  it.each<[string, Record<string, string | undefined>]>([
    ["without a key", { authorization: undefined }],
    ["with a key that is not a bearer's", { authorization: demo.apiKey }],
    ["with another scheme", { authorization: `Basic ${demo.apiKey}` }],
    ["with an empty key", { authorization: "Bearer " }],
    ["with a key that is none", { authorization: "Bearer naru_sandbox_business_token" }],
    ["with a key cut short", { authorization: `Bearer ${demo.apiKey.slice(0, -1)}` }],
    ["with a key made longer", { authorization: `Bearer ${demo.apiKey}0` }],
    ["with another end of the key", { authorization: `Bearer ${demo.apiKey.slice(0, -1)}1` }],
    ["with a key of another case", { authorization: `Bearer ${demo.apiKey.toUpperCase()}` }],
    ["with a key of live mode", { authorization: `Bearer ${demo.apiKey.replace("sandbox", "live")}` }],
    ["with the key's listed name", { authorization: `Bearer ${demo.apiKey.slice(0, 20)}` }],
    ["without a key and a merchant", { authorization: undefined, "merchant-id": undefined }],
  ])("%s is nobody's", async (_, headers) => {
    const before = await countRows(node.database, "payments", "idempotent_calls");
    expect(await client().charge(mock(), { headers, key: "nobodys" })).toMatchObject(unauthorized);
    expect(await client().call("GET", `${charges}/x`, { headers })).toMatchObject(unauthorized);
    expect(await countRows(node.database, "payments", "idempotent_calls")).toEqual(before);
  });

  it.each<[string, string | string[] | undefined, number, string]>([
    ["without a merchant", undefined, 400, "Header Merchant-Id is missing"],
    ["with an empty merchant", "", 400, "Header Merchant-Id is missing"],
    ["with a merchant that is none", nobody, 403, "The API key is not for this Merchant-Id"],
    ["with a merchant in small letters", demo.merchantId.toUpperCase(), 403, "The API key is not for this Merchant-Id"],
    ["with Naru's own id", demoMerchant, 403, "The API key is not for this Merchant-Id"],
    ["with a merchant twice", [demo.merchantId, demo.merchantId], 403, "The API key is not for this Merchant-Id"],
  ])("%s is refused", async (_, merchantId, status, failureMessage) => {
    const headers = { "merchant-id": merchantId };
    expect(await client().charge(mock(), { headers })).toMatchObject({ status, body: { status, failureMessage } });
    expect((await client().call("GET", `${charges}/x`, { headers })).status).toBe(status);
  });

  it("may spell its scheme as it likes, and carry what is of no concern", async () => {
    for (const authorization of [`bearer ${demo.apiKey}`, `BEARER   ${demo.apiKey} `]) {
      const headers = { authorization, "psp-id": "psp_1", "request-reference": "trace 1" };
      expect((await client().charge(mock(), { headers })).status).toBe(200);
    }
  });

  it("that confirms a charge needs no merchant beside its key, and takes no other", async () => {
    const paymentDescriptor = "requiresAuthentication=true;authenticationType=MULTI_FACTOR";
    const asked = mock({ paymentDescriptor, authenticationSettings: [{ type: "MULTI_FACTOR" }] });
    const { id } = (await client().charge(asked)).body;
    const body = { authenticationResult: { details: { verificationCode: "777123" } } };
    const confirm = (merchantId: string | undefined) =>
      client().call("POST", `${charges}/${id}/authorizations`, { body, headers: { "merchant-id": merchantId } });
    expect((await confirm(nobody)).status).toBe(403);
    expect((await confirm(undefined)).body.status).toBe("AUTHORIZED");
  });

  it("with one merchant's key is not for another", async () => {
    const [one, other] = [await newMerchant(node), await newMerchant(node)];
    const headers = { "merchant-id": other.shown.merchantId };
    expect((await one.client.charge(mock(), { headers })).status).toBe(403);
    expect((await one.client.charge(mock())).body.status).toBe("CAPTURED");
    expect((await other.client.charge(mock())).body.status).toBe("CAPTURED");
  });
});

describe("a merchant's keys", () => {
  it("come with all that a client needs, once", async () => {
    const merchant = await newMerchant(node);
    expect(merchant.shown).toEqual(shown);
    const { body } = await node.get<{ credentials: { dialect: string; key: string }[] }>(
      `/naru/v1/merchants/${merchant.id}`,
    );
    const { apiKey, webhookSigningSecret } = merchant.shown;
    const listed = body.credentials.filter(({ dialect }) => dialect === "ppro");
    expect(listed).toMatchObject([{ key: apiKey.slice(0, 20), settings: {} }]);
    const { rows } = await node.database.pool.query(
      "SELECT c::text AS row FROM credentials c UNION ALL SELECT m::text FROM merchants m",
    );
    for (const secret of [apiKey, webhookSigningSecret]) {
      expect(JSON.stringify(body)).not.toContain(secret);
      expect(JSON.stringify(rows)).not.toContain(secret);
    }
  });

  it("are made by the command too", async () => {
    const merchant = await newMerchant(node);
    const { code, stdout, stderr } = await naru(node, "merchants", "add-key", merchant.id, "--dialect", "ppro");
    expect([code, stderr]).toEqual([0, "naru: the secrets are stored hashed: this is the only time they are shown\n"]);
    const { credentials, ...made } = JSON.parse(stdout);
    expect(credentials).toEqual({ ppro: shown });
    const again = merchantOf(node, { ...made, credentials });
    expect((await again.client.charge(mock())).body.status).toBe("CAPTURED");
    const { merchantId, webhookSigningSecret } = merchant.shown;
    expect(again.shown).toMatchObject({ merchantId, webhookSigningSecret });
    expect(again.shown.apiKey).not.toBe(merchant.shown.apiKey);
    const list = await naru(node, "merchants");
    expect(list.stdout).toContain(again.shown.apiKey.slice(0, 20));
    expect(list.stdout).not.toContain(again.shown.apiKey);
  });

  it("take nothing that apps are made with", async () => {
    for (const fields of [{ name: "앱" }, { redirectUris: [] }]) {
      const path = `/merchants/${demoMerchant}/credentials`;
      const { status } = await operate(node, "POST", path, { dialect: "ppro", ...fields });
      expect(status).toBe(400);
    }
  });

  it("all see the merchant's charges, and have idempotency keys of their own", async () => {
    const one = await newMerchant(node);
    const other = await newKey(node, one.id);
    const key = "the same key";
    const first = (await one.client.charge(mock(), { key })).body;
    expect((await other.client.get(first.id)).body).toEqual(first);
    const second = await other.client.charge(mock(), { key });
    expect(second.headers).not.toHaveProperty("request-idempotency");
    expect(second.body.id).not.toBe(first.id);
    expect((await one.client.charge(mock(), { key })).body.id).toBe(first.id);
    expect((await other.client.charge(mock({ labels: { a: "b" } }), { key })).status).toBe(409);
  });

  it("that is removed works no more, and the others do", async () => {
    const one = await newMerchant(node);
    const other = await newKey(node, one.id);
    const charge = (await one.client.charge(mock())).body;
    const name = one.shown.apiKey.slice(0, 20);
    const removed = await operate(node, "DELETE", `/merchants/${one.id}/credentials/${name}`);
    expect([removed.status, removed.body.credentials.length]).toEqual([200, 2]);
    expect(await one.client.get(charge.id)).toMatchObject(unauthorized);
    expect(await one.client.charge(mock())).toMatchObject(unauthorized);
    expect((await other.client.get(charge.id)).body).toEqual(charge);
    expect((await operate(node, "DELETE", `/merchants/${one.id}/credentials/${name}`)).status).toBe(404);
  });
});

/** Bodies of calls about one of a merchant's own. */
const bodies: Record<string, object> = {
  "POST /v1/payment-charges/:id/authorizations": { authenticationResult: { details: { verificationCode: "777123" } } },
  "POST /v1/payment-charges/:id/captures": { amount: 1 },
  "POST /v1/payment-charges/:id/voids": { amount: 1 },
  "POST /v1/payment-charges/:id/refunds": { amount: 1 },
  "POST /v1/payment-charges/:id/discards": {},
  "POST /v1/payment-agreements/:id/authorizations": {
    authenticationResult: { details: { verificationCode: "777123" } },
  },
  "POST /v1/payment-agreements/:id/revocations": {},
  "POST /v1/payment-agreements/:id/payment-charges": { amount: { value: 100, currency: "KRW" } },
  "PUT /v1/payment-instruments/:id": { type: "MOCK", details: { of: "another" } },
  "DELETE /v1/payment-instruments/:id": {},
};

/** In the contract, and not there only to be refused. */
const isServed = (route: Route) => findEndpoint(endpoints, route.method, addressOf(route)) !== undefined;
/** About one thing. */
const ofOne = routes.filter((route) => route.url.includes("/:id") && isServed(route));

describe("what another merchant has", () => {
  let ids: Record<string, Record<string, string>>;

  /** Of mine, by what its address begins with; the parts of a charge too. */
  beforeAll(async () => {
    const mine = client();
    const refunded: PproBody = await mine.paid();
    await mine.refund(refunded.id, 1);
    await mine.capture(refunded.id, 1);
    await mine.void(refunded.id, 1);
    await mine.discard(refunded.id);
    const { body } = await mine.get(refunded.id);
    const agreement = (await mine.agreed()).id;
    const instrument = (await mine.call("POST", "/v1/payment-instruments", { body: { type: "MOCK" } })).body.id;
    ids = {
      "payment-charges": Object.fromEntries([
        ["id", body.id],
        ["refundId", body.refunds[0].id],
        ...["authorizations", "captures", "voids", "discards"].map((name) => [name, body[name].at(-1).id]),
      ]),
      "payment-agreements": { id: agreement },
      "payment-instruments": { id: instrument },
    };
  });

  function call(by: PproClient, route: Route, all = ids) {
    const [, , kind, , list] = route.url.split("/");
    const named = all[kind!]!;
    const target = addressOf(route, { ...named, stepId: named[list!] ?? "x" });
    const body = route.method === "DELETE" ? undefined : bodies[route.name];
    return by.call(route.method, target, body === undefined ? {} : { body });
  }

  const stored = () =>
    countRows(
      node.database,
      "wallet_charges",
      "charge_steps",
      "refunds",
      "agreements",
      "instruments",
      "events",
      "exchanges",
    );

  it.each(ofOne)("is not there: $name", async (route) => {
    const stranger = (await newMerchant(node)).client;
    const before = await stored();
    const told = await call(stranger, route);
    const unknown = { id: "x", refundId: "x" };
    const ofNobody = await call(stranger, route, Object.fromEntries(Object.keys(ids).map((kind) => [kind, unknown])));
    const { timestamp: _, ...said } = told.body;
    const { timestamp: __, ...saidOfNobody } = ofNobody.body;
    expect([told.status, said]).toEqual([404, saidOfNobody]);
    expect(await stored()).toEqual(before);
  });

  it.each(ofOne.filter(({ method }) => method === "GET"))("is its own merchant's: $name", async (route) => {
    expect((await call(client(), route)).status).toBe(200);
  });

  it("is found by no search", async () => {
    const reference = { merchantPaymentChargeReference: "everybody's order" };
    const mine = (await client().charge(mock(reference))).body;
    const other = (await newMerchant(node)).client;
    expect((await other.search(reference)).body.data).toEqual([]);
    expect((await other.search({ agreementId: ids["payment-agreements"]!.id! })).body.data).toEqual([]);
    const theirs = (await other.charge(mock(reference))).body;
    const found = async (by: PproClient) => (await by.search(reference)).body.data.map(({ id }: PproBody) => id);
    expect(await found(other)).toEqual([theirs.id]);
    expect(await found(client())).toEqual([mine.id]);
  });

  it("is not met by the same idempotency key", async () => {
    const [one, other] = [await newMerchant(node), await newMerchant(node)];
    const key = "everybody's key";
    const made = [
      await one.client.charge(mock(), { key }),
      await other.client.charge(mock({ labels: { a: "b" } }), { key }),
    ];
    expect(made.map(({ status }) => status)).toEqual([200, 200]);
    expect(made[0]!.body.id).not.toBe(made[1]!.body.id);
  });

  it("is booked for itself", async () => {
    const other = await newMerchant(node);
    await other.client.charge(mock({ amount: { value: 777, currency: "KRW" } }));
    expect(await node.balanceOf(`merchant:${other.id}`)).toBe(777);
  });

  it("is asked for by every call that there is", () => {
    expect(ofOne.length).toBeGreaterThan(20);
    const changing = ofOne.filter(({ method }) => method !== "GET").map(({ name }) => name);
    expect(Object.keys(bodies).sort()).toEqual(changing.sort());
  });

  it("does not matter to calls that are not there, which are refused whoever asks", async () => {
    const absent = routes.filter((route) => route.url.startsWith("/v1/") && !isServed(route));
    expect(absent.length).toBeGreaterThan(20);
    for (const route of absent) {
      const target = addressOf(route, { id: ids["payment-charges"]!.id! });
      const sent = ["GET", "DELETE"].includes(route.method) ? {} : { body: {} };
      const { status } = await client().call(route.method, target, sent);
      expect([route.name, status]).toEqual([
        route.name,
        route.url.startsWith("/v1/payment-") && !route.url.includes("sessions") ? 405 : 404,
      ]);
    }
  });
});

describe("the demo merchant", () => {
  const operator = (token: string) => ({ authorization: `Bearer ${token}` });
  const credentials = async (of: Client, headers: Record<string, string> = {}) =>
    (await of.get<{ ppro: Merchant["shown"] }>("/naru/v1/sandbox/credentials", headers)).body.ppro;

  it("has the published credentials on loopback, and keeps its key", async () => {
    const { apiKey, merchantId, webhookSigningSecret } = await credentials(node);
    expect({ apiKey, merchantId, signingSecret: webhookSigningSecret }).toEqual(demo);
    const removal = await operate(node, "DELETE", `/merchants/${demoMerchant}/credentials/${demo.apiKey.slice(0, 20)}`);
    expect([removal.status, removal.body.error.code]).toEqual([409, "demo-credential"]);
    expect((await newKey(node, demoMerchant)).shown).toMatchObject({ merchantId, webhookSigningSecret });
  });

  it("has random ones where others can reach the node, and the published are nobody's", async () => {
    const token = "operator-token-0001";
    const reachable = {
      ...env,
      NARU_HOST: "0.0.0.0",
      NARU_PUBLIC_URL: "http://127.0.0.1:0",
      NARU_OPERATOR_TOKEN: token,
    };
    await withNode({ env: reachable }, async (other) => {
      const { apiKey, merchantId, webhookSigningSecret } = await credentials(other, operator(token));
      const own = { apiKey, merchantId, signingSecret: webhookSigningSecret };
      expect(own).toEqual({
        apiKey: shown.apiKey,
        merchantId: shown.merchantId,
        signingSecret: expect.stringMatching(/^\w{40,}$/),
      });
      for (const [name, value] of Object.entries(demo)) expect(own[name as keyof typeof own]).not.toBe(value);
      expect((await new PproClient(other, own).charge(mock())).body.status).toBe("CAPTURED");
      expect(await new PproClient(other).charge(mock())).toMatchObject(unauthorized);
      expect((await new PproClient(other, { ...own, merchantId: demo.merchantId }).charge(mock())).status).toBe(403);
      expect((await other.get<object>("/naru/v1/sandbox/credentials")).status).toBe(401);
    });
  });
});

describe("in live mode", () => {
  it("keys are others, and a merchant without a contract charges nobody", async () => {
    const token = "operator-token-0001";
    await withNode({ env: { ...env, NARU_MODE: "live", NARU_OPERATOR_TOKEN: token } }, async (live) => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const post = async (path: string, body: object) =>
        (await live.request<PproBody>("POST", `/naru/v1${path}`, { headers, body: JSON.stringify(body) })).body;
      const { merchant } = await post("/merchants", { name: "상점" });
      const made = merchantOf(live, await post(`/merchants/${merchant.id}/credentials`, { dialect: "ppro" }));
      expect(made.shown).toEqual({ ...shown, apiKey: expect.stringMatching(/^key_live_[0-9A-Za-z]{21}$/) });
      expect((await made.client.charge()).status).toBe(403);
      expect((await made.client.agree()).status).toBe(403);
      expect(await new PproClient(live).charge()).toMatchObject(unauthorized);
      expect((await made.client.search({ agreementId: "agr_x" })).body.data).toEqual([]);
    });
  });
});
