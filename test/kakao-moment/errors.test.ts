/** Every documented code, by the state that leads to it or by a fault; and that whatever comes is answered with one. */
import { afterEach, describe, expect, it } from "vitest";
import { faults } from "../../src/connectors/sandbox/index.ts";
import type { Fields } from "../support/client.ts";
import { businessToken, newApp } from "../support/consent.ts";
import {
  type Advertiser,
  advertiser,
  demo,
  type KakaoAnswer,
  KakaoClient,
  kakao,
  operate,
  type Sent,
} from "../support/kakao.ts";
import { useNode, withNode } from "../support/scenario.ts";
import { documentedErrors, endpoints } from "./contract.ts";

const node = useNode();
const merchant = `/merchants/${demo.merchantId}`;
const billing = "/openapi/v4/billing/virtualAccount";

interface Case {
  name: string;
  code: number;
  status: number;
  /** What the error says beside its code. */
  more?: Fields;
  provoke(): Promise<KakaoAnswer>;
}

/** Somebody with an app of their own, which may be changed without being in anybody's way. */
async function withApp(scope?: string) {
  const app = await newApp(node);
  const mine = await advertiser(node, { app, ...(scope === undefined ? {} : { scope }) });
  return { app, mine };
}

/** What a call is told after the operator has changed this; it was served before. */
async function afterwards(change: (mine: Advertiser, key: string) => Promise<unknown>): Promise<KakaoAnswer> {
  const { app, mine } = await withApp();
  await mine.balance();
  await change(mine, app.client_id);
  const answer = await mine.get("balance");
  if (answer.body.code !== -903) await operate(node, "DELETE", `${merchant}/credentials/${app.client_id}`);
  return answer;
}

const app = (change: Fields) => () =>
  afterwards((_, key) => operate(node, "PATCH", `${merchant}/credentials/${key}`, change));

const natural: readonly Case[] = [
  {
    name: "a parameter is missing",
    code: -2,
    status: 400,
    more: { msg: expect.stringContaining("amount") },
    provoke: async () => (await advertiser(node)).call("POST", billing, { body: { bankCode: "88" } }),
  },
  {
    name: "a parameter has a wrong value",
    code: -2,
    status: 400,
    more: { msg: expect.stringContaining("bankCode") },
    provoke: async () => (await advertiser(node)).tryTopUp({ bankCode: "99" }),
  },
  {
    name: "the app has the consent item switched off",
    code: -3,
    status: 400,
    more: { msg: expect.stringContaining("moment_management") },
    provoke: app({ scopes: ["moment_create"] }),
  },
  {
    name: "a call that is not here",
    code: -3,
    status: 400,
    provoke: () => new KakaoClient(node).call("GET", "/openapi/v4/campaigns"),
  },
  {
    name: "the user is restricted",
    code: -4,
    status: 403,
    provoke: () => afterwards(({ user }) => operate(node, "PATCH", `${merchant}/users/${user}`, { restricted: true })),
  },
  { name: "the app has no permission", code: -5, status: 403, provoke: app({ permitted: false }) },
  {
    name: "switching on what was stopped",
    code: -6,
    status: 403,
    async provoke() {
      const mine = await advertiser(node);
      await operate(node, "PATCH", `${merchant}/ad-accounts/${mine.adAccountId}`, { state: "off", stopped: true });
      return mine.switch("ON");
    },
  },
  {
    name: "a header comes twice",
    code: -8,
    status: 400,
    more: { msg: expect.stringContaining("adAccountId") },
    provoke: () => new KakaoClient(node).get("balance", { adAccountId: ["12345", "12346"] }),
  },
  {
    name: "the older list of ad accounts",
    code: -9,
    status: 400,
    provoke: () => new KakaoClient(node).call("GET", "/openapi/v4/adAccounts"),
  },
  { name: "the app is suspended", code: -12, status: 403, provoke: app({ suspended: true }) },
  {
    name: "the user has unlinked the app",
    code: -101,
    status: 400,
    provoke: () => afterwards(({ user }, key) => operate(node, "DELETE", `${merchant}/users/${user}/apps/${key}`)),
  },
  {
    name: "no token",
    code: -401,
    status: 401,
    more: { msg: "target biz token is not supplied." },
    provoke: () => new KakaoClient(node).get("balance", { authorization: undefined }),
  },
  {
    name: "a token of another kind",
    code: -401,
    status: 401,
    more: { msg: "target biz token is not supplied." },
    provoke: () => new KakaoClient(node).get("balance", { authorization: "KakaoAK naru_sandbox_rest_api_key" }),
  },
  {
    name: "a token of nobody",
    code: -401,
    status: 401,
    more: { msg: "this access token does not exist" },
    provoke: () => new KakaoClient(node, "nobody").get("balance"),
  },
  {
    name: "a token of I'mport",
    code: -401,
    status: 401,
    more: { msg: "this access token does not exist" },
    provoke: async () => new KakaoClient(node, await node.token()).get("balance"),
  },
  {
    name: "a consent that is missing",
    code: -402,
    status: 403,
    more: { required_scopes: ["moment_management"], allowed_scopes: ["moment_delete", "moment_bizform_result_read"] },
    provoke: async () =>
      (await withApp("moment_delete,moment_bizform_result_read")).mine.call("GET", "/openapi/v4/adAccounts/pages"),
  },
  {
    name: "an ad account of nobody",
    code: -813,
    status: 400,
    more: { extras: { detailCode: 21_006, detailMsg: "존재하지 않는 광고계정입니다." } },
    provoke: () => new KakaoClient(node).get("424242"),
  },
  {
    name: "an ad account of somebody else",
    code: -813,
    status: 400,
    more: { extras: { detailCode: 9_004, detailMsg: "권한이 없습니다." } },
    provoke: () => new KakaoClient(node).get("12347"),
  },
  {
    name: "a second call within a second",
    code: -813,
    status: 429,
    more: { extras: { status: 429, message: expect.any(String) } },
    async provoke() {
      const mine = await advertiser(node);
      await mine.topUp();
      return mine.call("POST", billing, { body: { amount: 1_000, bankCode: "88" } });
    },
  },
  {
    name: "the app is removed",
    code: -903,
    status: 400,
    provoke: () => afterwards((_, key) => operate(node, "DELETE", `${merchant}/credentials/${key}`)),
  },
];

/** Nothing that a client could bring about leads to these. */
const byFaultAlone = [-1, -7, -10, -11, -603, -9798];

describe("a code is answered when", () => {
  it.each(natural)("$name ($code, $status)", async ({ code, status, more = {}, provoke }) => {
    const answer = await provoke();
    expect([answer.status, answer.body]).toMatchObject([status, { code, ...more }]);
  });
});

describe("a fault", () => {
  afterEach(() => node.disarm());
  const armable = faults.flatMap((one) => (one.name === "kakao-moment-error" ? one.codes : []));
  const codes = documentedErrors.filter(({ status }) => status !== 429);
  const arm = (code: number, count = 1) =>
    node.post("/naru/v1/sandbox/faults", { fault: "kakao-moment-error", code: String(code), count });

  it.each(codes)("answers a call with $code, and the next as ever", async ({ code, status }) => {
    const client = new KakaoClient(node);
    await arm(code);
    const answer = await client.get("balance");
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect((await client.balance()).id).toBe(demo.adAccountId);
  });

  it("strikes every call of a known caller, and as many as it was armed for", async () => {
    const client = new KakaoClient(node);
    await arm(-9798, 3);
    expect((await new KakaoClient(node, "nobody").get("balance")).status).toBe(401);
    const calls = [() => client.get("pages"), () => client.switch("ON"), () => client.call("POST", billing)];
    for (const call of calls) expect((await call()).status).toBe(503);
    expect((await client.get("pages")).status).toBe(200);
  });

  it("leaves nothing behind", async () => {
    const mine = await advertiser(node);
    await arm(-603);
    await mine.tryTopUp();
    const { rows } = await node.database.pool.query("SELECT 1 FROM payments WHERE beneficiary = $1", [
      `ad-account:${mine.adAccountId}`,
    ]);
    expect(rows).toEqual([]);
  });

  it("can have any documented code", () => {
    expect(armable.map(Number).sort()).toEqual(codes.map(({ code }) => code).sort());
  });
});

describe("this test", () => {
  it("leaves out none of the documented codes, and neither of the two detail codes", () => {
    const met = natural.map(({ code, status }) => `${code} ${status}`);
    const documented = documentedErrors.filter(({ code }) => !byFaultAlone.includes(code));
    expect([...new Set(met)].sort()).toEqual(documented.map(({ code, status }) => `${code} ${status}`).sort());
    expect(byFaultAlone.every((code) => documentedErrors.some((one) => one.code === code))).toBe(true);
  });
});

describe("what was in a caller's way can be put right", () => {
  it("by the operator", async () => {
    const { mine, app: own } = await withApp();
    const path = `${merchant}/credentials/${own.client_id}`;
    const steps: [path: string, bad: Fields, good: Fields, code: number][] = [
      [path, { suspended: true }, { suspended: false }, -12],
      [path, { permitted: false }, { permitted: true }, -5],
      [path, { scopes: [] }, { scopes: ["moment_management"] }, -3],
      [`${merchant}/users/${mine.user}`, { restricted: true }, { restricted: false }, -4],
    ];
    for (const [at, bad, good, code] of steps) {
      await operate(node, "PATCH", at, bad);
      expect((await mine.get("balance")).body.code).toBe(code);
      await operate(node, "PATCH", at, good);
      expect(await mine.balance()).toMatchObject({ id: mine.adAccountId });
    }
    await operate(node, "DELETE", path);
  });

  it("by the user, who consents again, with a new token alone", async () => {
    const { mine, app: own } = await withApp();
    const { tokens } = await operate(node, "DELETE", `${merchant}/users/${mine.user}/apps/${own.client_id}`);
    expect(tokens).toBe(1);
    const token = await businessToken(node, { user: mine.user, app: own });
    expect((await new KakaoClient(node, token, mine.adAccountId).balance()).id).toBe(mine.adAccountId);
    expect((await mine.get("balance")).body.code).toBe(-101);
    await operate(node, "DELETE", `${merchant}/credentials/${own.client_id}`);
  });

  it("but a token that expired is gone for good", async () => {
    await withNode({}, async (mortal) => {
      const client = new KakaoClient(mortal);
      await mortal.arm("token-expired");
      for (let call = 0; call < 2; call += 1) {
        expect((await client.get("balance")).body).toMatchObject({
          code: -401,
          msg: "this access token does not exist",
        });
      }
      expect(await new KakaoClient(mortal, await businessToken(mortal)).balance()).toMatchObject({ id: 12_345 });
    });
  });
});

describe("the first of several reasons is told", () => {
  it("who one is, then what one may, then how often, then what is wrong with the call", async () => {
    const { mine, app: own } = await withApp("moment_delete");
    const path = `${merchant}/credentials/${own.client_id}`;
    const wrong: Sent = { headers: { adAccountId: "12347" }, body: { amount: -1 } };
    const told = async (client: KakaoClient) => (await client.call("POST", billing, wrong)).body.code;
    await operate(node, "PATCH", `${merchant}/users/${mine.user}`, { restricted: true });
    await operate(node, "PATCH", path, { suspended: true, permitted: false, scopes: [] });
    expect(await told(new KakaoClient(node, "nobody"))).toBe(-401);
    expect(await told(mine)).toBe(-12);
    await operate(node, "PATCH", path, { suspended: false });
    expect(await told(mine)).toBe(-5);
    await operate(node, "PATCH", path, { permitted: true });
    expect(await told(mine)).toBe(-4);
    await operate(node, "PATCH", `${merchant}/users/${mine.user}`, { restricted: false });
    expect(await told(mine)).toBe(-3);
    await operate(node, "PATCH", path, { scopes: ["moment_management"] });
    expect(await told(mine)).toBe(-402);
    const allowed = new KakaoClient(node, await businessToken(node, { user: mine.user, app: own }), mine.adAccountId);
    expect(await told(allowed)).toBe(-2);
    expect(await told(allowed)).toBe(-813);
    await operate(node, "DELETE", path);
  });
});

describe("an address that is not there", () => {
  it.each([
    ["GET", "/openapi"],
    ["GET", "/openapi/v3/adAccounts/pages"],
    ["GET", "/openapi/v5/adAccounts/pages"],
    ["PATCH", "/openapi/v4/billing/virtualAccount"],
    ["GET", "/v1/business"],
    ["GET", "/v1/business/users/me"],
    ["POST", "/v1/business/tokeninfo"],
  ])("%s %s", async (method, path) => {
    for (const token of [demo.token, "nobody"]) {
      const answer = await new KakaoClient(node, token).call(method, path);
      expect([answer.status, answer.body.code]).toEqual([404, -3]);
    }
  });
});

describe("a part of Kakao Moment that is not here", () => {
  const paths = [
    "/openapi/v4/campaigns",
    "/openapi/v4/adGroups/1/report",
    "/openapi/v4/adAccounts/channel/profiles",
    "/openapi/v4/adAccounts/trackers",
    "/openapi/v4/adAccounts/trackers/1",
    "/openapi/v4/billing",
    "/openapi/v4/billing/virtualAccount/1",
    "/openapi/message/v1/message-ad-accounts/wallet/cash/list?page=0",
  ];
  it.each(paths)("%s", async (path) => {
    for (const method of ["GET", "POST", "PUT", "DELETE"]) {
      const body = method === "GET" ? {} : { body: { name: "캠페인" } };
      const known = await new KakaoClient(node).call(method, path, body);
      expect([method, known.status, known.body.code]).toEqual([method, 400, -3]);
      const stranger = await kakao(node, method, path, body);
      expect([method, stranger.status, stranger.body.code]).toEqual([method, 401, -401]);
    }
  });
});

const calls = endpoints.filter(({ path }) => !path.startsWith("/oauth/"));

describe.each(calls.map(({ method, path }) => [method, path.replace(":id", "12345")] as const))(
  "%s %s",
  (method, path) => {
    it("has no answer for a body that is too large", async () => {
      const body = Buffer.alloc(262_145, "x");
      const answer = await (await advertiser(node)).call(method, path, { body });
      expect([answer.status, answer.body]).toMatchObject([413, { code: -2 }]);
    });

    it("reads no body of strangers", async () => {
      for (const body of ["{", Buffer.alloc(300_000, "x")]) {
        const answer = await kakao(node, method, path, { body });
        expect([answer.status, answer.body.code]).toEqual([401, -401]);
      }
    });

    it("knows a body that cannot be read", async () => {
      const mine = await advertiser(node);
      const answer = await mine.call(method, path, { body: "{" });
      expect([answer.status, answer.body]).toMatchObject([400, { code: -2, msg: expect.stringContaining("JSON") }]);
    });

    it("is for this server's own names alone", async () => {
      const answer = await new KakaoClient(node).call(method, path, { headers: { host: "evil.example" } });
      expect([answer.status, answer.body.code]).toEqual([421, -8]);
    });

    if (method === "GET") return;
    it("does not listen to pages of other origins", async () => {
      const sent = { headers: { origin: "https://evil.example" }, body: {} };
      const answer = await new KakaoClient(node).call(method, path, sent);
      expect([answer.status, answer.body.code]).toEqual([403, -6]);
    });
  },
);
