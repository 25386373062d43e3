/** How an app gets a business token: it asks, a user agrees or not, and a code is worth one token. */
import { afterEach, describe, expect, it } from "vitest";
import { faults } from "../../src/connectors/sandbox/index.ts";
import type { Fields } from "../support/client.ts";
import {
  type App,
  authorize,
  bearer,
  businessToken,
  consent,
  decide,
  demoApp,
  demoMerchant,
  demoUsers,
  exchange,
  type NewApp,
  newApp,
  newUser,
  sentTo,
} from "../support/consent.ts";
import { startTestNode } from "../support/node.ts";
import { type RawAnswer, raw } from "../support/raw.ts";
import { otherMerchant, useNode, withNode } from "../support/scenario.ts";

const node = useNode();
const page = { accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8" };
const { kim, lee } = demoUsers;

/** Apps of the test that runs: a merchant may have some alone. */
const apps: App[] = [];
async function ownApp(wanted: NewApp = {}): Promise<App> {
  const app = await newApp(node, wanted);
  if (wanted.merchantId === undefined) apps.push(app);
  return app;
}
afterEach(async () => {
  const keys = apps.splice(0).map(({ client_id }) => client_id);
  for (const key of keys) await node.delete(`/naru/v1/merchants/${demoMerchant}/credentials/${key}`);
});

/** Operators' changes. */
function patch(path: string, change: object) {
  const init = { headers: { "content-type": "application/json" }, body: JSON.stringify(change) };
  return node.request<Fields>("PATCH", `/naru/v1/merchants/${demoMerchant}${path}`, init);
}
const changeApp = ({ client_id }: App, change: object) => patch(`/credentials/${client_id}`, change);
const unlink = ({ client_id }: App, user: number) =>
  node.delete<{ tokens: number }>(`/naru/v1/merchants/${demoMerchant}/users/${user}/apps/${client_id}`);

const errorOf = ({ status, text }: RawAnswer) => [status, JSON.parse(text).error_code];
const list = (token: string, at = node.url) =>
  raw(at, { method: "GET", path: "/openapi/v4/adAccounts/pages", headers: bearer(token) });
const info = async (token: string) => (await node.get<Fields>("/v1/business/tokeninfo", bearer(token))).body;

/** Codes of an app are as old as if this had passed. */
function age({ client_id }: App, by: string) {
  return node.database.pool.query(
    `UPDATE authorization_codes SET expires_at = expires_at - $2::interval
      WHERE credential_id = (SELECT id FROM credentials WHERE key = $1)`,
    [client_id, by],
  );
}

describe("a user who agrees", () => {
  it("is sent back by 302 with a code and the state, and the code becomes a token", async () => {
    const answer = await decide(node, demoApp, { state: "s1" });
    expect(answer.headers).toMatchObject({ "cache-control": "no-store", "referrer-policy": "no-referrer" });
    const back = sentTo(answer);
    expect(`${back.origin}${back.pathname}`).toBe(demoApp.redirect_uri);
    expect([...back.searchParams]).toEqual([
      ["code", expect.stringMatching(/^[\w-]{43}$/)],
      ["state", "s1"],
    ]);
    const { status, headers, body } = await exchange(node, demoApp, back.searchParams.get("code")!);
    expect([status, body]).toEqual([
      200,
      { access_token: expect.stringMatching(/^[\w-]{43}$/), token_type: "bearer", scope: "moment_management" },
    ]);
    expect(headers.get("content-type")).toBe("application/json;charset=UTF-8");
    expect(headers.get("cache-control")).toBe("no-store");
    expect((await list(body.access_token)).status).toBe(200);
  });

  it("without a state is sent back without one", async () => {
    for (const state of [undefined, ""]) {
      expect([...sentTo(await decide(node, demoApp, { state })).searchParams.keys()]).toEqual(["code"]);
    }
  });

  it.each([
    "a b+c%20d&e=f#g?h",
    "한글 상태 🙂",
    '{"next":"/광고?id=1","csrf":"x/y+z=="}',
    " leading and trailing ",
    "<script>'\"&amp;",
    "line\nand\r\nline",
    "0123",
    "x".repeat(2_000),
  ])("gets the state as it was: %j", async (state) => {
    for (const decision of ["agree", "decline"]) {
      const { headers } = await decide(node, demoApp, { state, decision });
      const location = headers.location!;
      expect(new URL(location).searchParams.get("state")).toBe(state);
      // Some apps decode percents alone.
      expect(decodeURIComponent(/[?&]state=([^&]*)/.exec(location)![1]!)).toBe(state);
    }
  });

  it.each([
    ["http://localhost:3000/cb?tenant=a%20b&empty=&flag", "&"],
    ["http://localhost:3000/cb?x=1+2&x=%ea%b0%80", "&"],
    ["http://localhost:3000/cb?", ""],
    ["http://localhost:3000", "/?"],
    ["https://ads.example/콜백", "?"],
  ])("keeps what the app's address %s has of a query", async (uri, joint) => {
    const app = await ownApp({ redirectUris: [uri] });
    const { status, headers } = await decide(node, app, { state: "s" });
    const before = encodeURI(decodeURI(uri)) === uri || !/[가-힣]/.test(uri) ? uri : encodeURI(uri);
    expect([status, headers.location]).toEqual([302, expect.stringMatching(/code=[\w-]{43}&state=s$/)]);
    expect(headers.location!.startsWith(`${before}${joint}code=`)).toBe(true);
    expect((await exchange(node, app, new URL(headers.location!).searchParams.get("code")!)).status).toBe(200);
  });

  it("gets as many items as were asked, in that order, each once", async () => {
    const scope = " moment_delete,moment_management,moment_delete ,";
    const { body } = await exchange(node, demoApp, await consent(node, demoApp, { scope }));
    expect(body.scope).toBe("moment_delete moment_management");
  });

  it("acts for themselves alone", async () => {
    const of = async (user: number) => {
      const { text } = await list(await businessToken(node, { app: demoApp, user }));
      return JSON.parse(text).content.map(({ id }: { id: number }) => id);
    };
    expect([await of(kim), await of(lee)]).toEqual([
      [12345, 12346],
      [12346, 12347],
    ]);
  });

  it("is asked again each time", async () => {
    await consent(node, demoApp);
    const { status, text } = await authorize(node, demoApp, {}, page);
    expect([status, text.includes('name="decision" value="agree"')]).toEqual([200, true]);
  });
});

describe("a user who declines", () => {
  it("is sent back with the error, its description and the state", async () => {
    for (const user of [undefined, kim, 9_999]) {
      const back = sentTo(await decide(node, demoApp, { decision: "decline", state: "s 2", user }));
      expect([...back.searchParams]).toEqual([
        ["error", "access_denied"],
        ["error_description", "User denied access"],
        ["state", "s 2"],
      ]);
    }
  });

  it("is not sent to an address that is not the app's, nor is one who agrees", async () => {
    for (const decision of ["agree", "decline"]) {
      for (const redirect_uri of ["https://evil.example/", `${demoApp.redirect_uri}/`, undefined]) {
        const answer = await decide(node, demoApp, { decision, redirect_uri });
        expect(errorOf(answer)).toEqual([400, "KOE028"]);
        expect(answer.headers.location).toBeUndefined();
      }
    }
  });
});

describe("an answer to the page that decides nothing", () => {
  it("is a bad request, or shows the page again if it names nobody", async () => {
    expect(errorOf(await decide(node, demoApp, { decision: undefined }))).toEqual([400, "KOE001"]);
    expect(errorOf(await decide(node, demoApp, { decision: "perhaps" }))).toEqual([400, "KOE001"]);
    for (const user of [undefined, 9_999, "nobody", "-1", "9".repeat(15), "9".repeat(19)]) {
      const { status, text } = await decide(node, demoApp, { user });
      expect([user, status, text.includes('role="alert"')]).toEqual([user, 401, true]);
    }
  });

  it("is not taken for one when a field comes twice", async () => {
    for (const field of ["client_id", "redirect_uri", "state"]) {
      const twice = { [field]: [new URLSearchParams({ ...demoApp, state: "s" }).get(field), "other"] };
      expect([field, errorOf(await decide(node, demoApp, twice))]).toEqual([field, [400, "KOE001"]]);
    }
  });

  it("names users of the app's own merchant alone", async () => {
    const stranger = await otherMerchant(node);
    const { body } = await node.get<{ merchants: { id: string; credentials: { key: string }[] }[] }>(
      "/naru/v1/merchants?limit=500",
    );
    const key = stranger.credentials.imp_key;
    const merchantId = body.merchants.find(({ credentials }) => credentials.some((one) => one.key === key))!.id;
    const app = await ownApp({ merchantId });
    expect((await decide(node, app, { user: kim })).status).toBe(401);
    const { text } = await authorize(node, app, {}, page);
    expect(text).not.toContain("김나루");
    expect(text).not.toContain('value="agree"');
  });
});

describe("a code", () => {
  it("is used once", async () => {
    const code = await consent(node, demoApp);
    const first = await exchange(node, demoApp, code);
    const second = await exchange(node, demoApp, code);
    expect([first.status, second.status]).toEqual([200, 400]);
    expect(second.body).toEqual({
      error: "invalid_grant",
      error_description: `authorization code not found for code=${code}`,
      error_code: "KOE320",
    });
    expect((await list(first.body.access_token)).status).toBe(200);
  });

  it("is worth one token however many bring it at the same moment, on two nodes of one database", async () => {
    const second = await startTestNode({ database: node.database });
    try {
      for (const nodes of [
        [node, node],
        [node, second],
        [second, node, second, node, node, second],
      ]) {
        const code = await consent(node, demoApp);
        const answers = await Promise.all(nodes.map((at) => exchange(at, demoApp, code)));
        const won = answers.filter(({ status }) => status === 200);
        const lost = answers.filter(({ body }) => body.error_code === "KOE320");
        expect([won.length, lost.length]).toEqual([1, nodes.length - 1]);
      }
    } finally {
      await second.stop();
    }
  });

  it("lives for ten minutes of real time", async () => {
    const app = await ownApp();
    const young = await consent(node, app);
    await age(app, "9 minutes 50 seconds");
    expect((await exchange(node, app, young)).status).toBe(200);
    const old = await consent(node, app);
    await age(app, "10 minutes");
    expect([(await exchange(node, app, old)).body.error_code]).toEqual(["KOE320"]);
  });

  it("does not age with the sandbox's clock", async () => {
    await withNode({}, async (own) => {
      const code = await consent(own, demoApp);
      await own.moveClock("P30D");
      expect((await exchange(own, demoApp, code)).status).toBe(200);
      expect((await exchange(own, demoApp, await consent(own, demoApp))).status).toBe(200);
    });
  });

  // What each of these tells is told without using the code up.
  it.each<[string, Fields | ((other: App) => Fields), number, string, string]>([
    ["by another app", (other) => ({ ...other }), 400, "invalid_grant", "KOE320"],
    ["by an app that nobody knows", { client_id: "unknown" }, 401, "invalid_client", "KOE101"],
    ["by nobody", { client_id: undefined }, 401, "invalid_client", "KOE101"],
    ["for another address", { redirect_uri: "http://localhost:3000/other" }, 400, "invalid_grant", "KOE303"],
    ["for no address", { redirect_uri: undefined }, 400, "invalid_grant", "KOE303"],
    ["with a wrong secret", { client_secret: "naru_sandbox_client_secret0" }, 401, "invalid_client", "KOE010"],
    ["with another app's secret", ({ client_secret }) => ({ client_secret }), 401, "invalid_client", "KOE010"],
    ["without the secret", { client_secret: undefined }, 401, "invalid_client", "KOE010"],
    ["with another grant type", { grant_type: "refresh_token" }, 400, "unsupported_grant_type", "KOE001"],
    ["without a grant type", { grant_type: undefined }, 400, "unsupported_grant_type", "KOE001"],
    ["misspelt", { code: "x" }, 400, "invalid_grant", "KOE320"],
    ["left out", { code: undefined }, 400, "invalid_grant", "KOE320"],
    ["too long", { code: "x".repeat(201) }, 400, "invalid_request", "KOE001"],
    ["with a character that cannot be stored", { redirect_uri: "\0" }, 400, "invalid_request", "KOE001"],
  ])("brought %s is refused, and kept", async (_, fields, status, error, error_code) => {
    const code = await consent(node, demoApp);
    const other = await ownApp();
    const wrong = await exchange(node, demoApp, code, typeof fields === "function" ? fields(other) : fields);
    expect([wrong.status, wrong.body]).toEqual([status, { error, error_description: expect.any(String), error_code }]);
    expect((await exchange(node, demoApp, code)).status).toBe(200);
  });

  it("is exchanged without the secret by an app that has it off, which may not bring a wrong one", async () => {
    const app = await ownApp();
    expect((await changeApp(app, { secretNeeded: false })).status).toBe(200);
    const without = () => ({ client_secret: undefined });
    expect((await exchange(node, app, await consent(node, app), without())).status).toBe(200);
    expect((await exchange(node, app, await consent(node, app))).status).toBe(200);
    const code = await consent(node, app);
    expect((await exchange(node, app, code, { client_secret: "wrong" })).body.error_code).toBe("KOE010");
    await changeApp(app, { secretNeeded: true });
    expect((await exchange(node, app, code, without())).body.error_code).toBe("KOE010");
    expect((await exchange(node, app, code)).status).toBe(200);
  });

  it("may be brought as JSON too, but in no other way than by POST", async () => {
    const code = await consent(node, demoApp);
    const fields = { grant_type: "authorization_code", ...demoApp, code };
    const path = `/oauth/business/token?${new URLSearchParams(fields)}`;
    expect(errorOf(await raw(node.url, { method: "GET", path }))).toEqual([404, "KOE002"]);
    expect((await raw(node.url, { method: "POST", path })).status).toBe(400);
    expect((await node.post("/oauth/business/token", fields)).status).toBe(200);
  });

  it("is void once the user has unlinked the app", async () => {
    const app = await ownApp();
    const code = await consent(node, app);
    const other = await consent(node, app, { user: lee });
    expect((await unlink(app, kim)).status).toBe(200);
    expect((await exchange(node, app, code)).body.error_code).toBe("KOE320");
    expect((await exchange(node, app, other)).status).toBe(200);
  });
});

describe("what a token is for", () => {
  it.each<[string, string[] | string | undefined, string[]]>([
    ["all", undefined, ["moment:*"]],
    ["all, said so", "moment:*", ["moment:*"]],
    ["one", "moment:12345", ["moment:12345"]],
    ["one, as it is said for making ads", "moment_create:12345", ["moment:12345"]],
    ["two, repeated", ["moment:12346", "moment:12345"], ["moment:12346", "moment:12345"]],
    ["two with a comma, and a space", "moment:12345, moment:12346", ["moment:12345", "moment:12346"]],
    ["one twice", ["moment:12345", "moment:12345,moment:12345"], ["moment:12345"]],
    ["one and all", ["moment:12345", "moment:*"], ["moment:*"]],
  ])("is %s of the user's ad accounts", async (_, resource_ids, resources) => {
    const token = await businessToken(node, { app: demoApp, resource_ids });
    expect((await info(token)).resource_ids).toEqual(resources);
    const { text } = await list(token);
    const ids = JSON.parse(text).content.map(({ id }: { id: number }) => `moment:${id}`);
    const wanted = resources.includes("moment:*") ? ["moment:12345", "moment:12346"] : [...resources].sort();
    expect(ids).toEqual(wanted);
  });

  it("is no other ad account, be it the user's", async () => {
    const token = await businessToken(node, { app: demoApp, resource_ids: "moment:12346" });
    const read = async (id: number) =>
      (await node.get<{ extras?: { detailCode: number } }>(`/openapi/v4/adAccounts/${id}`, bearer(token))).body.extras
        ?.detailCode;
    expect([await read(12345), await read(12346)]).toEqual([9004, undefined]);
  });

  it.each<[string, Fields, number, string]>([
    ["is named that is not theirs", { resource_ids: "moment:12347" }, 403, "KOE027"],
    ["is named that is nobody's", { resource_ids: "moment:99999" }, 403, "KOE027"],
    ["is named beside their own", { resource_ids: "moment:12345,moment:12347" }, 403, "KOE027"],
    ["is misspelt", { resource_ids: "12345" }, 400, "KOE233"],
    ["is of another service", { resource_ids: "easy_msg:*" }, 400, "KOE233"],
    ["is half a list", { resource_ids: "moment:12345,," }, 400, "KOE233"],
    ["is needed", { scope: "moment_management,moment_create" }, 400, "KOE233"],
    ["is needed and empty", { scope: "moment_create", resource_ids: "" }, 400, "KOE233"],
  ])("is refused where a resource %s", async (_, fields, status, code) => {
    const answer = await decide(node, demoApp, fields);
    expect(errorOf(answer)).toEqual([status, code]);
    expect(answer.headers.location).toBeUndefined();
  });

  it("is making ads, once a resource is named", async () => {
    const fields = { scope: "moment_create", resource_ids: "moment_create:12345" };
    const token = await businessToken(node, fields);
    expect(await info(token)).toMatchObject({ scope: "moment_create", resource_ids: ["moment:12345"] });
    // Managing was not consented to.
    expect((await list(token)).status).toBe(403);
  });

  it("is another app's under another number, the demo's included", async () => {
    await withNode({}, async (own) => {
      const apps = [demoApp, await newApp(own), await newApp(own), await newApp(own)];
      const numbers = await Promise.all(
        apps.map(async (app) => {
          const token = await businessToken(own, { app });
          return (await own.get<{ app_id: number }>("/v1/business/tokeninfo", bearer(token))).body.app_id;
        }),
      );
      expect(new Set(numbers).size).toBe(4);
    });
  });

  it("is told by tokeninfo, with the user and the app", async () => {
    const app = await ownApp();
    const first = await info(await businessToken(node, { app: demoApp }));
    const second = await info(await businessToken(node, { app, user: lee, scope: "moment_management,moment_delete" }));
    expect(first).toEqual({ id: kim, app_id: 100_000, scope: "moment_management", resource_ids: ["moment:*"] });
    expect(second).toMatchObject({ id: lee, scope: "moment_management moment_delete" });
    expect(second.app_id).toBeGreaterThan(100_000);
    const nobody = await raw(node.url, { method: "GET", path: "/v1/business/tokeninfo" });
    expect([nobody.status, JSON.parse(nobody.text).code]).toEqual([401, -401]);
  });
});

describe("the end of a token", () => {
  it("does not come to the demo's own by consents of its user", async () => {
    for (let made = 0; made < 21; made += 1) await businessToken(node, { app: demoApp });
    const fresh = await startTestNode({ database: node.database });
    try {
      expect((await list("naru_sandbox_business_token", fresh.url)).status).toBe(200);
    } finally {
      await fresh.stop();
    }
  });

  it("comes with the user's 21st of one app, to the oldest alone", async () => {
    const app = await ownApp();
    const other = await ownApp();
    const beside = [await businessToken(node, { app, user: lee }), await businessToken(node, { app: other })];
    const tokens: string[] = [];
    for (let made = 0; made < 20; made += 1) tokens.push(await businessToken(node, { app }));
    expect((await list(tokens[0]!)).status).toBe(200);
    tokens.push(await businessToken(node, { app }));
    // This node trusts for a while what it read; one that has not read it yet does not.
    const fresh = await startTestNode({ database: node.database });
    try {
      const statuses = await Promise.all(
        [...tokens, ...beside].map(async (token) => (await list(token, fresh.url)).status),
      );
      expect(statuses).toEqual([401, ...Array(22).fill(200)]);
    } finally {
      await fresh.stop();
    }
  });

  it("comes to all but twenty, however many are made at the same moment on two nodes", async () => {
    const app = await ownApp();
    const second = await startTestNode({ database: node.database });
    try {
      const codes = await Promise.all(Array.from({ length: 60 }, () => consent(node, app)));
      const answers = await Promise.all(
        codes.map((code, index) => exchange(index % 2 === 0 ? node : second, app, code)),
      );
      const statuses = await Promise.all(
        answers.map(async ({ body }) => (await list(body.access_token, second.url)).status),
      );
      expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    } finally {
      await second.stop();
    }
  });

  it("comes when the user unlinks the app, which may ask again", async () => {
    const app = await ownApp();
    const [first, second] = [await businessToken(node, { app }), await businessToken(node, { app })];
    const theirs = await businessToken(node, { app, user: lee });
    expect((await unlink(app, kim)).body).toEqual({ tokens: 2 });
    for (const token of [first, second]) {
      const { status, text } = await list(token);
      expect([status, JSON.parse(text).code]).toEqual([400, -101]);
    }
    expect((await list(theirs)).status).toBe(200);
    expect((await unlink(app, kim)).body).toEqual({ tokens: 0 });
    expect((await list(await businessToken(node, { app }))).status).toBe(200);
  });

  it("comes when a fault has it expire, for good", async () => {
    const token = await businessToken(node, { app: demoApp });
    const other = await businessToken(node, { app: demoApp });
    await node.arm("token-expired");
    for (let tries = 0; tries < 2; tries += 1) {
      const { status, text } = await list(token);
      expect([status, JSON.parse(text)]).toEqual([401, { code: -401, msg: "this access token does not exist" }]);
    }
    expect((await list(other)).status).toBe(200);
  });
});

/** Brings about one error: by what is sent, after an operator's changes or a fault. */
interface Provoked {
  code: string;
  status: number;
  error: string;
  /** As far as it is published. */
  description?: string;
  by(): Promise<Pick<RawAnswer, "status" | "text">>;
}

const changed = async (change: object, fields: Fields = {}) => {
  const app = await ownApp();
  await changeApp(app, change);
  return decide(node, app, fields);
};
const of = async (user: Fields) => decide(node, demoApp, { user: (await newUser(node, { fields: user })).number });
const armed = async (code: string) => {
  await node.post("/naru/v1/sandbox/faults", { fault: "kakao-consent-error", code, count: 1 });
  return authorize(node, demoApp);
};
const brought = async (fields: Fields) => {
  const { status, body } = await exchange(node, demoApp, await consent(node, demoApp), fields);
  return { status, text: JSON.stringify(body) };
};

const provoked: Provoked[] = [
  { code: "KOE003", status: 503, error: "server_error", by: () => armed("KOE003") },
  { code: "KOE005", status: 403, error: "access_denied", by: () => changed({ testers: [lee] }) },
  { code: "KOE008", status: 401, error: "invalid_client", by: () => armed("KOE008") },
  {
    code: "KOE010",
    status: 401,
    error: "invalid_client",
    description: "Bad client credentials",
    by: () => brought({ client_secret: "wrong" }),
  },
  { code: "KOE025", status: 403, error: "access_denied", by: () => of({ business: false }) },
  { code: "KOE026", status: 403, error: "access_denied", by: () => of({ restricted: true }) },
  { code: "KOE027", status: 403, error: "access_denied", by: () => of({}) },
  {
    code: "KOE028",
    status: 400,
    error: "invalid_request",
    by: () => authorize(node, demoApp, { redirect_uri: "http://localhost:3000/" }),
  },
  { code: "KOE101", status: 401, error: "invalid_client", by: () => authorize(node, { ...demoApp, client_id: "x" }) },
  { code: "KOE123", status: 403, error: "unauthorized_client", by: () => changed({ verified: false }) },
  { code: "KOE124", status: 403, error: "unauthorized_client", by: () => changed({ permitted: false }) },
  { code: "KOE125", status: 403, error: "unauthorized_client", by: () => changed({ suspended: true }) },
  {
    code: "KOE201",
    status: 400,
    error: "invalid_request",
    description: "Unsupported response type: token",
    by: () => authorize(node, demoApp, { response_type: "token" }),
  },
  { code: "KOE232", status: 400, error: "invalid_scope", by: () => changed({ scopes: ["moment_create"] }) },
  {
    code: "KOE233",
    status: 400,
    error: "invalid_request",
    by: () => authorize(node, demoApp, { scope: "moment_create" }),
  },
  { code: "KOE303", status: 400, error: "invalid_grant", by: () => brought({ redirect_uri: "http://localhost/" }) },
  { code: "KOE320", status: 400, error: "invalid_grant", by: () => brought({ code: "unknown" }) },
];

/** Of consent and of the token call. */
const documented =
  "KOE003 KOE005 KOE008 KOE010 KOE025 KOE026 KOE027 KOE028 KOE101 KOE123 KOE124 KOE125 KOE201 KOE232 KOE233 KOE303 KOE320";

it.each([
  ["Korean", "상".repeat(910)],
  ["Latin", "x".repeat(8_192)],
])("what the page takes can be answered, however long it is in %s", async (_script, state) => {
  const resource_ids = ["moment:12345", ...Array(99).fill(`moment:${"1".repeat(15)}`)];
  expect((await authorize(node, demoApp, { state, resource_ids })).status).toBe(200);
  const declined = sentTo(await decide(node, demoApp, { state, resource_ids, decision: "decline" }));
  expect(declined.searchParams.get("state")).toBe(state);
});

describe("errors of consent", () => {
  it("are brought about here, all that are documented", () => {
    expect(provoked.map(({ code }) => code).join(" ")).toBe(documented);
  });

  it.each(provoked)("$code is answered with $status and $error", async ({ code, status, error, description, by }) => {
    const answer = await by();
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      status,
      { error, error_description: description ?? expect.stringMatching(/\S/), error_code: code },
    ]);
  });

  it.each(faults.flatMap((fault) => (fault.name === "kakao-consent-error" ? [...fault.codes] : [])))(
    "%s is what a fault says, of the page and of the token call, and then no more",
    async (error_code) => {
      const { status, text } = await armed(error_code);
      expect([status >= 400, JSON.parse(text).error_code]).toEqual([true, error_code]);
      expect((await authorize(node, demoApp)).status).toBe(200);
      const code = await consent(node, demoApp);
      await node.post("/naru/v1/sandbox/faults", { fault: "kakao-consent-error", code: error_code, count: 1 });
      expect((await exchange(node, demoApp, code)).body.error_code).toBe(error_code);
      expect((await exchange(node, demoApp, code)).status).toBe(200);
    },
  );

  it.each<[string, () => Promise<RawAnswer>, string]>([
    ["no item of consent", () => authorize(node, demoApp, { scope: undefined }), "KOE232"],
    ["an unknown item", () => authorize(node, demoApp, { scope: "moment_management,talk_message" }), "KOE232"],
    ["no response type", () => authorize(node, demoApp, { response_type: undefined }), "KOE201"],
    ["no app", () => authorize(node, demoApp, { client_id: undefined }), "KOE101"],
    ["a key of another API", () => authorize(node, { ...demoApp, client_id: "naru_sandbox_key" }), "KOE101"],
    ["no address to go back to", () => authorize(node, demoApp, { redirect_uri: undefined }), "KOE028"],
    ["a deleted ad account alone", deletedAlone, "KOE027"],
  ])("%s is refused", async (_, by, code) => {
    expect(errorOf(await by())[1]).toBe(code);
  });

  it("are JSON for programs and a page for people, in their language", async () => {
    const fields = { redirect_uri: "https://evil.example/<script>" };
    const json = await authorize(node, demoApp, fields, { accept: "*/*" });
    expect(json.headers["content-type"]).toBe("application/json;charset=UTF-8");
    const korean = await authorize(node, demoApp, fields, page);
    const english = await authorize(node, demoApp, fields, { ...page, "accept-language": "en-GB,ko;q=0.5" });
    for (const answer of [korean, english]) {
      expect([answer.status, answer.headers["content-type"]]).toEqual([400, "text/html; charset=utf-8"]);
      expect(answer.text).toContain("KOE028");
      expect(answer.text).not.toContain("<script>");
    }
    expect([/<html lang="(..)">/.exec(korean.text)?.[1], /<html lang="(..)">/.exec(english.text)?.[1]]).toEqual([
      "ko",
      "en",
    ]);
    expect(korean.text).toContain("앱에 등록되지 않은 주소");
  });

  it("are told of addresses that are not there, and of bodies that are too long", async () => {
    expect(errorOf(await raw(node.url, { method: "GET", path: "/oauth/business/other" }))).toEqual([404, "KOE002"]);
    const long = await decide(node, demoApp, { state: "x".repeat(132_000) });
    expect(errorOf(long)).toEqual([413, "KOE001"]);
    for (const state of ["x".repeat(8_193), "상".repeat(911)]) {
      expect(errorOf(await authorize(node, demoApp, { state }))).toEqual([400, "KOE001"]);
    }
  });
});

async function deletedAlone(): Promise<RawAnswer> {
  const { number: user } = await newUser(node);
  const members = [{ user, role: "master" }];
  const made = await node.post<{ number: number }>(`/naru/v1/merchants/${demoMerchant}/ad-accounts`, {
    name: "지난 광고계정",
    members,
  });
  expect((await decide(node, demoApp, { user })).status).toBe(302);
  expect((await patch(`/ad-accounts/${made.body.number}`, { state: "deleted" })).status).toBe(200);
  return decide(node, demoApp, { user });
}

describe("the page", () => {
  it("shows the app, what it asks for and about what, and who may agree", async () => {
    const app = await ownApp({ name: "<b>나루</b> & 광고" });
    const fields = {
      scope: "moment_management,moment_delete",
      resource_ids: "moment:12345,moment:12346",
      state: '"><i>',
    };
    const { status, text, headers } = await authorize(node, app, fields, page);
    expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    for (const shown of [
      "&#60;b&#62;나루",
      "moment_management",
      "moment_delete",
      "12345, 12346",
      "김나루",
      "이나루",
      "샌드박스",
    ]) {
      expect(text).toContain(shown);
    }
    expect(text).not.toContain("<b>");
    expect(text).not.toContain("<i>");
    expect(text).not.toContain('name="sign_in"');
  });

  it("has no scripts, stays in no cache, leaks no address and is drawn into no other page", async () => {
    const shown = await authorize(node, demoApp, {}, page);
    const refused = await authorize(node, demoApp, { scope: "x" }, page);
    const asked = await decide(node, demoApp, { user: 9_999 }, page);
    for (const { headers, text } of [shown, refused, asked]) {
      expect(headers).toMatchObject({
        "cache-control": "no-store",
        "referrer-policy": "same-origin",
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
      });
      const policy = headers["content-security-policy"]!;
      expect(policy).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; frame-ancestors 'none'/,
      );
      expect(policy).not.toMatch(/unsafe|script-src/);
      expect(text).not.toMatch(/<script|\son\w+=|style="/i);
    }
  });

  it("takes no answer from pages of other origins", async () => {
    const { port } = new URL(node.url);
    const foreign: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: `http://127.0.0.1:${Number(port) + 1}` },
      { origin: "null" },
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
      { "sec-fetch-site": "same-site" },
    ];
    for (const headers of foreign) {
      const answer = await decide(node, demoApp, {}, headers);
      expect([headers, answer.status, answer.headers.location]).toEqual([headers, 403, undefined]);
    }
    const own = { origin: node.url, "sec-fetch-site": "same-origin" };
    expect((await decide(node, demoApp, {}, own)).status).toBe(302);
    // By a link of the app's, but not within its page.
    const visit = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    expect((await authorize(node, demoApp, {}, { ...page, ...visit, "sec-fetch-dest": "document" })).status).toBe(200);
    expect((await authorize(node, demoApp, {}, { ...page, ...visit, "sec-fetch-dest": "iframe" })).status).toBe(403);
  });

  it("offers a hundred users, and tells if there are more", async () => {
    await withNode({}, async (own) => {
      const offered = async () => (await authorize(own, demoApp, {}, page)).text.match(/type="radio"/g)!.length;
      await Promise.all(Array.from({ length: 98 }, (_, index) => newUser(own, { fields: { number: 5_000 + index } })));
      const told = async () => (await authorize(own, demoApp, {}, page)).text.includes("회원이 더 있습니다");
      expect([await offered(), await told()]).toEqual([100, false]);
      await newUser(own, { fields: { number: 6_000 } });
      expect([await offered(), await told()]).toEqual([100, true]);
    });
  });
});

describe("where others can reach the node", () => {
  const operator = { authorization: "Bearer operator-token-0001" };
  const env = {
    NARU_HOST: "0.0.0.0",
    NARU_PUBLIC_URL: "http://127.0.0.1:0",
    NARU_OPERATOR_TOKEN: "operator-token-0001",
  };
  const signInCode = /^[\w-]{24}$/;

  it("the page lists no users, and whoever agrees signs in", async () => {
    await withNode({ env }, async (own) => {
      const { body } = await own.get<{ merchants: { id: string }[] }>("/naru/v1/merchants", operator);
      const merchantId = body.merchants[0]!.id;
      const app = await newApp(own, { merchantId, headers: operator });
      const users = `/naru/v1/merchants/${merchantId}/users`;
      const made = await own.post<{ user: { number: number }; signInCode: string }>(
        users,
        { name: "박비밀" },
        operator,
      );
      expect(made.body.signInCode).toMatch(signInCode);
      const user = made.body.user.number;
      const members = [{ user, role: "master" }];
      await own.post(`/naru/v1/merchants/${merchantId}/ad-accounts`, { name: "계정", members }, operator);

      const { text } = await authorize(own, app, {}, page);
      for (const name of ["박비밀", "김나루", "이나루", String(user), 'type="radio"']) expect(text).not.toContain(name);
      expect(text).toContain('name="sign_in" type="password"');

      const right = made.body.signInCode;
      for (const [number, sign_in] of [
        [user, undefined],
        [user, "wrong"],
        [user, `${right}x`],
        [9_999, right],
        [kim, right],
        ["", ""],
      ]) {
        const wrong = await decide(own, app, { user: number, sign_in }, page);
        expect([number, wrong.status]).toEqual([number, 401]);
        expect(wrong.text).toContain("회원번호 또는 로그인 코드를 확인해 주세요.");
        expect(wrong.text).not.toContain(right);
        expect(wrong.headers.location).toBeUndefined();
      }
      const code = sentTo(await decide(own, app, { user, sign_in: right })).searchParams.get("code")!;
      expect((await exchange(own, app, code)).status).toBe(200);

      // A new code ends the old one.
      const init = { headers: { ...operator, "content-type": "application/json" }, body: '{"newSignInCode":true}' };
      const renewed = await own.request<{ signInCode: string }>("PATCH", `${users}/${user}`, init);
      expect((await decide(own, app, { user, sign_in: right })).status).toBe(401);
      expect((await decide(own, app, { user, sign_in: renewed.body.signInCode })).status).toBe(302);
    });
  });
});

describe("in live mode", () => {
  it("the page does not say that it is a sandbox, and wants a sign-in code", async () => {
    const token = "operator-token-0001";
    const env = { NARU_MODE: "live", NARU_OPERATOR_TOKEN: token };
    await withNode({ env }, async (own) => {
      const made = await own.post<{ merchant: { id: string } }>("/naru/v1/merchants", { name: "상점" }, bearer(token));
      const app = await newApp(own, { merchantId: made.body.merchant.id, headers: bearer(token) });
      const { status, text } = await authorize(own, app, {}, page);
      expect([status, text.includes("샌드박스"), text.includes('name="sign_in"')]).toEqual([200, false, true]);
    });
  });
});

describe("what is kept of it", () => {
  it("has no code, token, secret or sign-in code in clear", async () => {
    const app = await ownApp();
    const { number: user, signInCode } = await newUser(node);
    const members = [{ user, role: "master" }];
    await node.post(`/naru/v1/merchants/${demoMerchant}/ad-accounts`, { name: "기록", members });
    const state = "state-that-is-nobodys-business";
    const code = await consent(node, app, { user, state, sign_in: signInCode });
    const { body } = await exchange(node, app, code);
    await list(body.access_token);
    const { rows: tables } = await node.database.pool.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    );
    expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(["exchanges", "user_tokens"]));
    let all = "";
    for (const { name } of tables) {
      const { rows } = await node.database.pool.query<{ row: string }>(`SELECT t::text AS row FROM "${name}" t`);
      all += rows.map(({ row }) => row).join("\n");
    }
    expect(all).toContain(app.client_id);
    for (const secret of [code, body.access_token, app.client_secret, signInCode, state])
      expect(all).not.toContain(secret);
  });
});
