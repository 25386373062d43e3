/** Who is let in, held for every route that a node mounts: a new one cannot be forgotten. */
import { beforeAll, describe, expect, it } from "vitest";
import { KonaplateClient } from "./support/konaplate.ts";
import type { TestNode } from "./support/node.ts";
import { demo } from "./support/ppro.ts";
import { type RawAnswer, type RawRequest, raw, speak } from "./support/raw.ts";
import { addressOf, mountedRoutes, type Route } from "./support/routes.ts";
import { useNode, withNode } from "./support/scenario.ts";

const { own, iamport, kakaoMoment, konaplate, ppro } = await mountedRoutes();
const all = [...own, ...iamport, ...kakaoMoment, ...konaplate, ...ppro];
const changes = ({ method }: Route) => method !== "GET" && method !== "HEAD";
const forOperators = (route: Route) => changes(route) || route.operator;
/** What only operators and viewers are for. */
const guarded = own.filter(({ url }) => url.startsWith("/naru/v1") || url === "/metrics");
const withoutToken = [
  "POST /users/getToken",
  "GET /oauth/business/authorize",
  "POST /oauth/business/authorize",
  "POST /oauth/business/token",
  "GET /checkout/:token",
  "POST /checkout/:token",
];

const tokens = { NARU_OPERATOR_TOKEN: "operator-token-0001", NARU_VIEWER_TOKEN: "viewer-token-000001" };
const json = { "content-type": "application/json" };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

const open = useNode({ env: { NARU_PPRO_RATE: "100000" } });
const closed = useNode({ env: tokens });

function ask(node: TestNode, route: Route, headers: Record<string, string>): Promise<RawAnswer> {
  return raw(node.url, {
    method: route.method,
    path: addressOf(route),
    headers,
    ...(changes(route) ? { body: "{}" } : {}),
  });
}

/** In the words of whose route it is. */
function expectRefused(route: Route, answer: RawAnswer, status: number, code: string): void {
  expect([route.name, answer.status]).toEqual([route.name, status]);
  // An answer to HEAD has no body.
  if (route.method === "HEAD") return;
  const body = JSON.parse(answer.text);
  if (own.includes(route)) expect(body).toEqual({ error: { code, message: expect.any(String) } });
  else if (iamport.includes(route)) {
    expect(body).toEqual({ code: -1, message: expect.stringMatching(/[가-힣]/), response: null });
  } else if (konaplate.includes(route)) {
    expect(body).toEqual({ response: { code: "000_914", description: expect.stringMatching(/\w/) } });
  } else if (ppro.includes(route)) {
    const [failureMessage, timestamp] = [expect.stringMatching(/\w/), expect.any(String)];
    expect(body).toEqual({ status, failureMessage, timestamp });
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
  } else {
    expect(body).toEqual(refusalOfKakao(route, code));
    expect(answer.headers["content-type"]).toBe("application/json;charset=UTF-8");
  }
}

/** Consent has a shape of its own. */
function refusalOfKakao({ url }: Route, code: string): object {
  const error_description = expect.stringMatching(/\w/);
  if (url.startsWith("/oauth/")) return { error: "invalid_request", error_code: "KOE001", error_description };
  const ofCalls: Record<string, [code: number, msg: RegExp]> = {
    "wrong-host": [-8, /^bad header: ./],
    "cross-site": [-6, /is not allowed\.$/],
  };
  const [number, msg] = ofCalls[code]!;
  return { code: number, msg: expect.stringMatching(msg) };
}

it("there are routes to hold this for", () => {
  expect(guarded.length).toBeGreaterThan(10);
  expect(iamport.length).toBeGreaterThan(30);
  expect(kakaoMoment.length).toBeGreaterThan(10);
  expect(konaplate.length).toBeGreaterThan(40);
  expect(ppro.length).toBeGreaterThan(50);
});

describe("Naru's own API, with tokens set", () => {
  it.each(guarded)("$name is nobody's without a token", async (route) => {
    expectRefused(route, await ask(closed, route, json), 401, "unauthorized");
    expectRefused(route, await ask(closed, route, { ...json, ...bearer("operator-token-0002") }), 401, "unauthorized");
    expectRefused(route, await ask(closed, route, { ...json, ...bearer("") }), 401, "unauthorized");
  });

  it.each(guarded.filter(forOperators))("$name is no viewer's", async (route) => {
    const viewer = { ...json, ...bearer(tokens.NARU_VIEWER_TOKEN) };
    expectRefused(route, await ask(closed, route, viewer), 403, "forbidden");
    const operator = { ...json, ...bearer(tokens.NARU_OPERATOR_TOKEN) };
    expect([401, 403]).not.toContain((await ask(closed, route, operator)).status);
  });

  it("the demo credentials are for operators", () => {
    const reads = guarded.filter((route) => forOperators(route) && !changes(route));
    expect(reads.map(({ name }) => name)).toEqual(["GET /naru/v1/sandbox/credentials"]);
  });

  it.each(guarded.filter((route) => !forOperators(route)))("$name is a viewer's", async (route) => {
    const { status } = await ask(closed, route, bearer(tokens.NARU_VIEWER_TOKEN));
    expect([200, 400, 404]).toContain(status);
  });
});

describe("Naru's own API takes changes as JSON alone", () => {
  it.each(guarded.filter(changes))("$name", async (route) => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/jsonp",
    ]) {
      expectRefused(route, await ask(open, route, { "content-type": type }), 415, "unsupported-media-type");
    }
    expectRefused(route, await ask(open, route, {}), 415, "unsupported-media-type");
  });
});

describe("a DELETE of Naru's own API", () => {
  it.each(guarded.filter(({ method }) => method === "DELETE"))(
    "$name needs no media type without a body",
    async (route) => {
      const path = addressOf(route);
      const bodiless: Record<string, string>[] = [{}, { "content-length": "0" }];
      for (const headers of bodiless) {
        const { status } = await raw(open.url, { method: "DELETE", path, headers });
        expect([200, 404]).toContain(status);
      }
    },
  );
});

describe("I'mport's API", () => {
  it.each(iamport.filter(({ name }) => !withoutToken.includes(name)))("$name wants a token", async (route) => {
    const { status, text } = await ask(open, route, json);
    expect([status, JSON.parse(text)]).toEqual([401, { code: -1, message: "Unauthorized", response: null }]);
  });
});

describe("Kakao Moment's API", () => {
  it.each(kakaoMoment.filter(({ name }) => !withoutToken.includes(name)))("$name wants a token", async (route) => {
    const strangers: [headers: Record<string, string>, msg: string][] = [
      [{}, "target biz token is not supplied."],
      [{ authorization: "naru_sandbox_business_token" }, "target biz token is not supplied."],
      [bearer(""), "target biz token is not supplied."],
      [bearer("naru_sandbox_rest_api_key"), "this access token does not exist"],
      [bearer(await open.token()), "this access token does not exist"],
    ];
    for (const [headers, msg] of strangers) {
      const answer = await ask(open, route, { ...json, ...headers });
      expect(answer.status).toBe(401);
      expect(answer.headers["content-type"]).toBe("application/json;charset=UTF-8");
      // An answer to HEAD has no body.
      if (route.method !== "HEAD") expect(JSON.parse(answer.text)).toEqual({ msg, code: -401 });
    }
  });

  it("answers a stranger before it reads what they send", async () => {
    const path = "/openapi/v4/billing/virtualAccount";
    for (const body of ["{ this is no JSON", "x".repeat(1_000_000)]) {
      const answer = await raw(open.url, { method: "POST", path, headers: json, body });
      expect([answer.status, JSON.parse(answer.text).code]).toEqual([401, -401]);
    }
  });
});

describe("PPRO's API", () => {
  const rightKey = `Bearer ${demo.apiKey}`;
  const merchant = { "merchant-id": demo.merchantId };
  /** The contract has it with a key alone. */
  const withoutMerchant = "POST /v1/payment-charges/:id/authorizations";

  it.each(ppro.filter(({ name }) => !withoutToken.includes(name)))("$name wants a key", async (route) => {
    const strangers: Record<string, string>[] = [
      merchant,
      { ...merchant, authorization: demo.apiKey },
      { ...merchant, authorization: `Basic ${demo.apiKey}` },
      { ...merchant, ...bearer("") },
      { ...merchant, ...bearer(`${demo.apiKey}0`) },
      { ...merchant, ...bearer(demo.apiKey.slice(0, -1)) },
      { ...merchant, ...bearer(`${demo.apiKey.slice(0, -1)}1`) },
      { ...merchant, ...bearer("naru_sandbox_business_token") },
      { ...merchant, ...bearer(await open.token()) },
    ];
    for (const headers of strangers) {
      const answer = await ask(open, route, { ...json, ...headers });
      expect(answer.status).toBe(401);
      expect(JSON.parse(answer.text)).toEqual({
        message: "Unauthorized",
        status: 401,
        failureMessage: "Unauthorized",
        timestamp: expect.any(String),
      });
      expect(answer.headers).not.toHaveProperty("x-ratelimit-remaining");
    }
    const keyed = { ...json, authorization: rightKey };
    const unnamed = await ask(open, route, keyed);
    if (route.name === withoutMerchant) expect([401, 403]).not.toContain(unnamed.status);
    else expect([unnamed.status, unnamed.text]).toEqual([400, expect.stringContaining("Merchant-Id is missing")]);
    expect((await ask(open, route, { ...keyed, "merchant-id": "merch_000000000000000000000" })).status).toBe(403);
    expect([401, 403]).not.toContain((await ask(open, route, { ...keyed, ...merchant })).status);
  });

  it("answers a stranger before it reads what they send", async () => {
    for (const body of ["{ this is no JSON", "x".repeat(1_000_000)]) {
      const answer = await raw(open.url, { method: "POST", path: "/v1/payment-charges", headers: json, body });
      expect([answer.status, JSON.parse(answer.text).message]).toEqual([401, "Unauthorized"]);
    }
  });
});

describe("Konaplate's API", () => {
  const codeOf = (answer: RawAnswer) => [answer.status, JSON.parse(answer.text).response.code];

  it.each(konaplate.filter(changes))("$name wants a project's signature", async (route) => {
    const client = await KonaplateClient.of(open);
    const right = client.headersOf("{}") as Record<string, string>;
    const { "x-km-access-key": accessKey, ...unnamed } = right;
    const strangers: [headers: Record<string, string>, status: number, code: string][] = [
      [json, 400, "000_901"],
      [unnamed, 400, "000_901"],
      [{ ...right, "x-km-access-key": `${accessKey!.slice(0, -1)}g` }, 401, "000_902"],
      [{ ...right, "x-km-access-key": accessKey!.slice(0, -1) }, 401, "000_902"],
      [{ ...right, "x-km-user-aspid": "000170000000001" }, 401, "000_902"],
      [{ ...right, "x-km-tran-token": client.tokenOf("{ }") }, 401, "000_903"],
      [{ ...right, "x-km-tran-token": await open.token() }, 401, "000_903"],
    ];
    for (const [headers, status, code] of strangers) {
      expect([code, ...codeOf(await ask(open, route, headers))]).toEqual([code, status, code]);
    }
    const [status, code] = codeOf(await ask(open, route, right));
    expect(status).not.toBe(401);
    expect(["000_901", "000_902", "000_903"]).not.toContain(code);
  });

  it("answers a stranger before it reads what they send", async () => {
    const right = (await KonaplateClient.of(open)).headersOf("{}") as Record<string, string>;
    const stranger = { ...right, "x-km-access-key": "0".repeat(40) };
    for (const path of ["/api/v1/bankaccounts/info", "/open-api/api/v1/bankaccounts/info"]) {
      for (const body of ["{ this is no JSON", "x".repeat(1_000_000)]) {
        expect(codeOf(await raw(open.url, { method: "POST", path, headers: json, body }))).toEqual([400, "000_901"]);
        const answer = await raw(open.url, { method: "POST", path, headers: stranger, body });
        expect(codeOf(answer)).toEqual([401, "000_902"]);
      }
    }
  });
});

it("there are the routes that want no token", () => {
  expect(withoutToken.filter((name) => !all.some((route) => route.name === name))).toEqual([]);
});

describe("at loopback", () => {
  let token: string;
  let project: KonaplateClient;
  beforeAll(async () => {
    token = await open.token();
    project = await KonaplateClient.of(open);
  });
  const rightOf = (route: Route): Record<string, string> => {
    if (kakaoMoment.includes(route)) return { ...json, ...bearer("naru_sandbox_business_token"), adAccountId: "12345" };
    if (ppro.includes(route)) return { ...json, ...bearer(demo.apiKey), "merchant-id": demo.merchantId };
    if (konaplate.includes(route)) return project.headersOf("{}") as Record<string, string>;
    return { ...json, authorization: token };
  };

  it.each(all)("$name goes by this node's names alone", async (route) => {
    const right = rightOf(route);
    const { port } = new URL(open.url);
    expectRefused(route, await ask(open, route, { ...right, host: `rebound.example:${port}` }), 421, "wrong-host");
    const own = await ask(open, route, { ...right, host: `localhost:${port}` });
    expect([421, 403]).not.toContain(own.status);
  });

  it.each(all.filter(changes))("$name is not for pages of other origins", async (route) => {
    const right = rightOf(route);
    const { port } = new URL(open.url);
    const foreign: Record<string, string>[] = [
      { origin: "https://other.example" },
      { origin: `http://127.0.0.1:${Number(port) + 1}` },
      { origin: `http://localhost:${port}` },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
    ];
    for (const headers of foreign) {
      expectRefused(route, await ask(open, route, { ...right, ...headers }), 403, "cross-site");
    }
  });

  it.each(all.filter((route) => !changes(route)))("$name is not read into pages of other origins", async (route) => {
    const right = rightOf(route);
    for (const site of ["cross-site", "same-site"]) {
      for (const [mode, dest] of [
        ["cors", "empty"],
        ["no-cors", "script"],
        ["no-cors", "image"],
        ["navigate", "iframe"],
      ] as const) {
        const headers = { ...right, "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest };
        expectRefused(route, await ask(open, route, headers), 403, "cross-site");
      }
      const visit = { ...right, "sec-fetch-site": site, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
      expect((await ask(open, route, visit)).status).not.toBe(403);
    }
  });

  it.each(all)("$name lets no other origin see its answers", async (route) => {
    const right = rightOf(route);
    for (const headers of [right, { ...right, origin: "https://other.example" }]) {
      const answer = await ask(open, route, headers);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
      if (!own.includes(route)) continue;
      expect(answer.headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
        "x-frame-options": "DENY",
        "content-security-policy": "frame-ancestors 'none'",
      });
    }
  });

  it("paths that are not there are refused alike", async () => {
    const requests: [RawRequest, boolean][] = [
      [{ method: "GET", path: "/nothing" }, false],
      [{ method: "GET", path: "/naru/v1/nothing" }, true],
      [{ method: "GET", path: "/%6Earu/v1/payments" }, true],
      [{ method: "GET", path: "//naru//v1/payments/" }, true],
      [{ method: "OPTIONS", path: "/vbanks" }, false],
      [{ method: "PROPFIND", path: "/vbanks" }, false],
      [{ method: "OPTIONS", path: "/openapi/v4/billing/virtualAccount" }, false],
      [{ method: "GET", path: "/oauth/business/nothing" }, false],
      [{ method: "GET", path: "/v1/payment-charges/x/nothing" }, false],
      [{ method: "OPTIONS", path: "/v1/payment-charges" }, false],
      [{ method: "GET", path: "/checkout" }, false],
      [{ method: "POST", path: "/api/v1/nothing" }, false],
      [{ method: "GET", path: "/open-api/api/v1/bankaccounts/info" }, false],
    ];
    for (const [request, isOwn] of requests) {
      const { status, text } = await raw(open.url, { ...request, headers: { host: "rebound.example" } });
      expect([request.path, status, typeof JSON.parse(text).error === "object"]).toEqual([request.path, 421, isOwn]);
    }
  });

  it("a request says once, and rightly, whom it is for", async () => {
    const { host } = new URL(open.url);
    const said = async (line: string, headers: string) => {
      const { status, body } = await speak(open.url, `${line}\r\n${headers}Connection: close\r\n\r\n`);
      return [status, body === "" ? undefined : JSON.parse(body.slice(body.indexOf("{"))).code];
    };
    expect(await said("GET /banks HTTP/1.1", `Host: ${host}\r\n`)).toEqual([401, -1]);
    expect(await said("GET /banks HTTP/1.1", "")).toEqual([400, -1]);
    expect(await said("GET /banks HTTP/1.0", "")).toEqual([421, -1]);
    expect(await said("GET /banks HTTP/1.1", `Host: ${host}\r\nHost: rebound.example\r\n`)).toEqual([400, -1]);
    expect(await said("GET /banks HTTP/1.1", "Host: \r\n")).toEqual([421, -1]);
    expect(await said("GET http://rebound.example/banks HTTP/1.1", `Host: ${host}\r\n`)).toEqual([421, -1]);
    expect(await said(`GET http://${host}/banks HTTP/1.1`, `Host: ${host}\r\n`)).toEqual([401, -1]);
  });

  it("nothing is stored of what is refused, and its body is not read", async () => {
    const counts = async () => {
      const { rows } = await open.database.pool.query(
        "SELECT (SELECT count(*) FROM payments) AS payments, (SELECT count(*) FROM access_tokens) AS tokens",
      );
      return rows;
    };
    await open.issue();
    const before = await counts();
    const order = JSON.stringify(open.order());
    const foreign: Record<string, string>[] = [
      { host: "rebound.example" },
      { origin: "https://other.example" },
      { "sec-fetch-site": "same-site" },
    ];
    for (const headers of foreign) {
      const credentials = JSON.stringify({ imp_key: "naru_sandbox_key", imp_secret: "naru_sandbox_secret" });
      for (const [path, body] of [
        ["/users/getToken", credentials],
        ["/vbanks", order],
        ["/vbanks", "{ this is no JSON"],
        ["/vbanks", "x".repeat(1_000_000)],
      ] as const) {
        const answer = await raw(open.url, {
          method: "POST",
          path,
          headers: { ...json, authorization: token, ...headers },
          body,
        });
        expect(["host" in headers ? 421 : 403, -1]).toEqual([answer.status, JSON.parse(answer.text).code]);
      }
    }
    expect(await counts()).toEqual(before);
  });
});

describe("a name that the operator lists", () => {
  it("is one of the node's", async () => {
    await withNode({ env: { NARU_ALLOWED_HOSTS: "naru.internal,other.internal" } }, async (node) => {
      const { port } = new URL(node.url);
      const authorization = await node.token();
      const status = async (headers: Record<string, string>) =>
        (await raw(node.url, { method: "GET", path: "/banks", headers: { authorization, ...headers } })).status;
      expect(await status({ host: `naru.internal:${port}` })).toBe(200);
      expect(await status({ host: "other.internal" })).toBe(200);
      expect(await status({ host: "naru.example" })).toBe(421);
    });
  });
});

describe("where others can reach the node", () => {
  const env = {
    NARU_HOST: "0.0.0.0",
    NARU_PUBLIC_URL: "http://127.0.0.1:0",
    NARU_OPERATOR_TOKEN: "operator-token-0001",
  };

  it("the dialects go by any name and are open to any page that has a token; Naru's own API to its pages alone", async () => {
    await withNode({ env }, async (node) => {
      const foreign = { host: "pay.example", origin: "https://shop.example", "sec-fetch-site": "cross-site" };
      const token = await raw(node.url, {
        method: "POST",
        path: "/users/getToken",
        headers: { ...json, ...foreign },
        body: "{}",
      });
      expect(token.status).toBe(400);
      for (const [path, status] of [
        ["/v1/business/tokeninfo", 401],
        ["/oauth/business/token", 400],
        ["/v1/payment-charges", 401],
        ["/open-api/api/v1/bankaccounts/info", 400],
      ] as const) {
        const method = path === "/v1/business/tokeninfo" ? "GET" : "POST";
        const answer = await raw(node.url, { method, path, headers: foreign });
        expect([path, answer.status]).toEqual([path, status]);
      }
      const operator = { ...json, ...foreign, ...bearer(env.NARU_OPERATOR_TOKEN) };
      for (const path of [
        "/naru/v1/sandbox/clock",
        "/%6Earu/v1/sandbox/clock",
        "http://pay.example/naru/v1/sandbox/clock",
      ]) {
        const clock = { method: "POST", path, headers: operator, body: '{"advance":"PT1S"}' };
        expect([path, (await raw(node.url, clock)).status]).toEqual([path, 403]);
      }
    });
  });
});
