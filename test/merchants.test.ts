/** Merchants that an operator makes: what they can do, who is let in, what is kept of their secrets. */
import { describe, expect, it } from "vitest";
import { eventually } from "./support/client.ts";
import { clientOf, type MerchantAnswer, useNode, useReceiver, withNode } from "./support/scenario.ts";

const node = useNode();
const shop = useReceiver();

interface Failure {
  error: { code: string; message: string };
}

function make(fields: object) {
  return node.post<MerchantAnswer & Failure>("/naru/v1/merchants", { name: "나루상점", ...fields });
}

/** Methods that `Client` has no name for. */
function send<Body = Failure>(method: string, path: string, body: object = {}) {
  const headers = { "content-type": "application/json" };
  return node.request<Body>(method, `/naru/v1${path}`, { headers, body: JSON.stringify(body) });
}

describe("a merchant made by the API", () => {
  it("issues and is paid at once, with channels and keys of its own", async () => {
    const { status, body } = await make({});
    expect([status, body]).toMatchObject([
      201,
      {
        merchant: { id: expect.stringMatching(/^mer_[0-9a-f]{32}$/), name: "나루상점", settings: {} },
        credentials: {
          iamport: {
            impKey: expect.stringMatching(/^[1-8]\d{15}$/),
            impSecret: expect.stringMatching(/^[0-9a-f]{80}$/),
          },
        },
      },
    ]);
    const client = clientOf(node, body);
    const paid = await client.paid({ pg: "html5_inicis", ...buyer, pg_api_key: body.credentials.iamport.inicisApiKey });
    expect(paid).toMatchObject({ status: "paid", pg_provider: "html5_inicis" });
    expect((await node.timeline(paid.imp_uid)).payment.merchantId).toBe(body.merchant.id);
  });

  it("does not get by with another merchant's key of the PG, nor with a wrong secret", async () => {
    const { body } = await make({});
    const client = clientOf(node, body);
    const refused = await client.tryIssue({ pg: "html5_inicis", ...buyer });
    expect(refused.body.code).toBe(-1);
    const { impKey: imp_key, impSecret } = body.credentials.iamport;
    const wrong = await node.call("POST", "/users/getToken", { imp_key, imp_secret: `${impSecret.slice(0, -1)}x` });
    expect(wrong.status).toBe(401);
  });

  it("is listed without its secrets, which the database does not hold either", async () => {
    const { body } = await make({ name: "비밀상점" });
    const { impKey, impSecret, inicisApiKey } = body.credentials.iamport;
    const listed = await node.get<{ merchants: { id: string }[] }>("/naru/v1/merchants?limit=500");
    const found = listed.body.merchants.find((merchant) => merchant.id === body.merchant.id);
    const one = await node.get(`/naru/v1/merchants/${body.merchant.id}`);
    expect(found).toEqual(one.body);
    expect(found).toMatchObject({ name: "비밀상점", credentials: [{ dialect: "iamport", key: impKey }] });
    expect(found).toMatchObject({
      channels: expect.arrayContaining([expect.objectContaining({ provider: "settle" })]),
    });
    const { rows } = await node.database.pool.query<{ row: string }>(
      "SELECT m::text || c::text || h::text AS row FROM merchants m, credentials c, channels h",
    );
    for (const secret of [impSecret, inicisApiKey!]) {
      expect(JSON.stringify(listed.body)).not.toContain(secret);
      expect(JSON.stringify(rows)).not.toContain(secret);
    }
    expect(JSON.stringify(rows)).toContain(impKey);
  });

  it("is made once under an id of the operator's choice", async () => {
    const first = await make({ id: "mer_shop-1_A" });
    const again = await make({ id: "mer_shop-1_A", name: "다른상점" });
    expect([first.status, again.status, again.body]).toMatchObject([201, 409, { error: { code: "merchant-exists" } }]);
    const { body } = await node.get<{ name: string; credentials: object[] }>("/naru/v1/merchants/mer_shop-1_A");
    expect([body.name, body.credentials.length]).toEqual(["나루상점", 1]);
  });

  it("is made once when it is asked for many times at once", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => make({ id: "mer_rushed" })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
  });
});

const buyer = { buyer_name: "홍길동", buyer_email: "gildong@example.com" };

describe("a merchant is not made", () => {
  it.each([
    ["without a name", { name: "" }, "name is empty"],
    ["with a name too long", { name: "가".repeat(81) }, "name may have 80 characters"],
    ["under an id of another kind", { id: "shop" }, "id must be mer_ and letters, digits, _ or -"],
    ["under an id too long", { id: `mer_${"x".repeat(61)}` }, "id may have 64 characters"],
    [
      "with a setting that is none",
      { settings: { noticeURL: "http://x" } },
      "settings.noticeURL is unknown; there are noticeUrl, resendWebhooks, webhookFormat, announceIssued, webhooksUrl, webhookEvents, webhookHeaders, topUpHolder",
    ],
    ["with settings that are no object", { settings: "json" }, "settings must be an object"],
    ["with a format that is none", { settings: { webhookFormat: "xml" } }, "settings.webhookFormat must be json, form"],
    ["with a flag that is none", { settings: { resendWebhooks: "often" } }, "settings.resendWebhooks must be boolean"],
    ...["ftp://shop.example/", "shop.example/hook", "http://", "https://user:word@shop.example/", "http://u@x/"].map(
      (noticeUrl) => [
        `to be told at ${noticeUrl}`,
        { settings: { noticeUrl } },
        "settings.noticeUrl must be an http or https address without a user or password in it",
      ],
    ),
    [
      "to be told at an address too long",
      { settings: { noticeUrl: `http://x/${"x".repeat(2_048)}` } },
      "settings.noticeUrl may have 2048 characters",
    ],
  ] as [string, object, string][])("%s", async (_name, fields, message) => {
    const { status, body } = await make(fields);
    expect([status, body.error.message]).toEqual([400, message]);
  });

  it("by a viewer", async () => {
    const tokens = { NARU_OPERATOR_TOKEN: "operator-token-0001", NARU_VIEWER_TOKEN: "viewer-token-000001" };
    await withNode({ env: tokens }, async (guarded) => {
      const post = (token: string) =>
        guarded.post("/naru/v1/merchants", { name: "Shop" }, { authorization: `Bearer ${token}` });
      expect((await post(tokens.NARU_VIEWER_TOKEN)).status).toBe(403);
      expect((await post(tokens.NARU_OPERATOR_TOKEN)).status).toBe(201);
    });
  });
});

describe("a merchant's settings", () => {
  it("say where its changes are announced, until they are removed", async () => {
    const { body } = await make({ settings: { noticeUrl: shop.url, resendWebhooks: true } });
    const client = clientOf(node, body);
    const told = await client.issue();
    const first = await eventually(async () => shop.received.find((one) => one.body.includes(String(told.imp_uid))));
    expect(first.headers["content-type"]).toContain("application/json");
    expect((await node.timeline(told.imp_uid)).deliveries).toMatchObject([
      { url: shop.url, retryDelaysS: [60, 60, 60, 60, 60] },
    ]);

    const changed = await send("PATCH", `/merchants/${body.merchant.id}`, {
      name: "새 이름",
      settings: { noticeUrl: null, webhookFormat: "form" },
    });
    expect([changed.status, changed.body]).toMatchObject([
      200,
      { name: "새 이름", settings: { resendWebhooks: true, webhookFormat: "form" } },
    ]);
    expect(changed.body).not.toHaveProperty("settings.noticeUrl");
    const quiet = await client.issue();
    expect((await node.timeline(quiet.imp_uid)).payment.noticeUrls).toEqual([]);
    const asked = await client.issue({ notice_url: shop.url });
    const form = await eventually(async () => shop.received.find((one) => one.body.includes(String(asked.imp_uid))));
    expect(Object.fromEntries(new URLSearchParams(form.body))).toMatchObject({ imp_uid: asked.imp_uid });
  });

  it("change one by one when many change them at once", async () => {
    const { body } = await make({});
    const path = `/merchants/${body.merchant.id}`;
    await Promise.all([
      send("PATCH", path, { settings: { resendWebhooks: true } }),
      send("PATCH", path, { settings: { webhookFormat: "form" } }),
      send("PATCH", path, { settings: { announceIssued: false } }),
    ]);
    expect((await node.get<object>(`/naru/v1${path}`)).body).toMatchObject({
      settings: { resendWebhooks: true, webhookFormat: "form", announceIssued: false },
    });
  });

  it.each([
    ["PATCH", "/merchants/mer_nobody", { name: "Shop" }, 404, "merchant-unknown"],
    ["PATCH", "/merchants/mer_naru_sandbox_key", { settings: { colour: "red" } }, 400, "malformed"],
    ["POST", "/merchants/mer_nobody/credentials", { dialect: "iamport" }, 404, "merchant-unknown"],
    ["POST", "/merchants/mer_naru_sandbox_key/credentials", { dialect: "other" }, 400, "malformed"],
    ["POST", "/merchants/mer_naru_sandbox_key/credentials", {}, 400, "malformed"],
    ["POST", "/merchants/mer_naru_sandbox_key/credentials", { dialect: "ppro", name: "앱" }, 400, "malformed"],
    ["POST", "/merchants/mer_nobody/credentials", { dialect: "ppro" }, 404, "merchant-unknown"],
    ["DELETE", "/merchants/mer_naru_sandbox_key/credentials/nothing", {}, 404, "credential-unknown"],
    ["DELETE", "/merchants/mer_naru_sandbox_key/credentials/naru_sandbox_key", {}, 409, "demo-credential"],
    ["DELETE", "/merchants/mer_naru_sandbox_key/credentials/key_sandbox_naru0000", {}, 409, "demo-credential"],
    ["DELETE", "/merchants/mer_nobody/credentials/nothing", {}, 404, "merchant-unknown"],
  ])("refuse %s %s %j with %i", async (method, path, body, status, code) => {
    const answer = await send(method, path, body);
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  });
});

describe("a merchant's keys", () => {
  it("can be replaced: the new one works at once, the old one's token no more", async () => {
    const { body } = await make({});
    const { merchant, credentials } = body;
    const before = clientOf(node, body);
    await before.issue();
    const added = await send<MerchantAnswer>("POST", `/merchants/${merchant.id}/credentials`, { dialect: "iamport" });
    expect(added.status).toBe(201);
    const after = clientOf(node, added.body);
    const issued = await after.issue();
    expect((await before.payment(issued.imp_uid)).merchant_uid).toBe(issued.merchant_uid);

    const { impKey } = credentials.iamport;
    const removed = await send<object>("DELETE", `/merchants/${merchant.id}/credentials/${impKey}`);
    expect([removed.status, removed.body]).toMatchObject([
      200,
      { credentials: [{ key: added.body.credentials.iamport.impKey }] },
    ]);
    expect((await clientOf(node, body).call("POST", "/users/getToken", before.credentials)).status).toBe(401);
    expect((await before.iamport("GET", `/payments/${issued.imp_uid}`)).status).toBe(401);
    expect((await after.payment(issued.imp_uid)).imp_uid).toBe(issued.imp_uid);
  });

  it("are removed while tokens of them are asked for, and no call fails", async () => {
    const { body } = await make({});
    const { impKey: imp_key, impSecret: imp_secret } = body.credentials.iamport;
    const ask = () => node.call("POST", "/users/getToken", { imp_key, imp_secret });
    const [removed, ...asked] = await Promise.all([
      send("DELETE", `/merchants/${body.merchant.id}/credentials/${imp_key}`),
      ...Array.from({ length: 24 }, ask),
    ]);
    expect(removed.status).toBe(200);
    expect(asked.filter(({ status }) => status !== 200 && status !== 401)).toEqual([]);
    expect((await ask()).status).toBe(401);
  });

  it("are twenty at most", async () => {
    const { body } = await make({});
    const path = `/merchants/${body.merchant.id}/credentials`;
    const answers = await Promise.all(Array.from({ length: 21 }, () => send("POST", path, { dialect: "iamport" })));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(201), 409, 409]);
  });
});

describe("in live mode", () => {
  it("a merchant is made without channels, and can issue nothing yet", async () => {
    await withNode({ env: { NARU_MODE: "live", NARU_OPERATOR_TOKEN: "operator-token-0001" } }, async (live) => {
      const headers = { authorization: "Bearer operator-token-0001" };
      const { status, body } = await live.post<MerchantAnswer>("/naru/v1/merchants", { name: "Shop" }, headers);
      expect([status, body]).toMatchObject([201, { merchant: { channels: [] } }]);
      expect(body.credentials.iamport).not.toHaveProperty("inicisApiKey");
      const refused = await clientOf(live, body).tryIssue();
      expect(refused.body.code).toBe(-1);
    });
  });
});
