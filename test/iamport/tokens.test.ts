/** Access tokens: what they are, how long they live, and every way in which a client passes one. */
import { describe, expect, it } from "vitest";
import { type Client, encodings } from "../support/client.ts";
import { otherMerchant, useNode } from "../support/scenario.ts";
import { endpoints } from "./contract.ts";

const node = useNode();
const demo = { imp_key: "naru_sandbox_key", imp_secret: "naru_sandbox_secret" };
const nobody = "imp_000000000000";
const missing = "imp_key, imp_secret 파라메터가 누락되었습니다.";
const wrong = "인증에 실패하였습니다. API키와 secret을 확인하세요.";

interface Granted {
  access_token: string;
  now: number;
  expired_at: number;
}

async function grant(credentials = demo): Promise<Granted> {
  return (await node.call("POST", "/users/getToken", credentials)).body.response;
}

/** A merchant whose token has this time to live, and when that ends. */
async function ending(time: string): Promise<{ client: Client; expired_at: number }> {
  const client = await otherMerchant(node);
  await client.token();
  const { rows } = await node.database.pool.query(
    `UPDATE access_tokens SET expires_at = date_trunc('second', now()) + $1::interval
     WHERE credential_id = (SELECT id FROM credentials WHERE key = $2)
     RETURNING extract(epoch FROM expires_at)::int AS expired_at`,
    [time, client.credentials.imp_key],
  );
  return { client, expired_at: rows[0].expired_at };
}

describe("getToken", () => {
  it.each(encodings)("gives a token for half an hour to a %s request", async (encoding) => {
    const client = await otherMerchant(node);
    const { status, body } = await node.call("POST", "/users/getToken", client.credentials, encoding);
    expect(status).toBe(200);
    expect(body.response.expired_at - body.response.now).toBe(1800);
  });

  it("gives the same token again, with the same end", async () => {
    const first = await grant();
    const again = await grant();
    expect(again).toMatchObject({ access_token: first.access_token, expired_at: first.expired_at });
  });

  it("lets a token that is asked for in its last minute live five minutes longer", async () => {
    const { client, expired_at } = await ending("40 seconds");
    const token = await grant(client.credentials);
    expect(token).toMatchObject({ access_token: await client.token(), expired_at: expired_at + 300 });
  });

  it("does not lengthen a token that has more than a minute left", async () => {
    const { client, expired_at } = await ending("5 minutes");
    expect(await grant(client.credentials)).toMatchObject({ access_token: await client.token(), expired_at });
  });

  it("gives a new token after the end of the old one, which then opens nothing", async () => {
    const { client } = await ending("-1 second");
    const token = await grant(client.credentials);
    expect(token.access_token).not.toBe(await client.token());
    expect(token.expired_at - token.now).toBe(1800);
    const answer = await client.iamport("GET", `/payments/${nobody}`);
    expect([answer.status, answer.body.message]).toEqual([401, "Unauthorized"]);
  });

  it.each(encodings)("names what is missing in a %s request", async (encoding) => {
    const incomplete = [
      {},
      { imp_key: demo.imp_key },
      { imp_secret: demo.imp_secret },
      { ...demo, imp_secret: null },
      { ...demo, imp_key: "" },
    ];
    for (const credentials of incomplete) {
      const { status, body } = await node.call("POST", "/users/getToken", credentials, encoding);
      expect([credentials, status, body]).toEqual([credentials, 400, { code: -1, message: missing, response: null }]);
    }
  });

  it.each(encodings)("refuses a wrong pair in a %s request", async (encoding) => {
    const { credentials: others } = await otherMerchant(node);
    const pairs = [
      { ...demo, imp_secret: "no" },
      { ...demo, imp_key: "nobody" },
      { ...demo, imp_secret: `${demo.imp_secret} ` },
      { ...demo, imp_secret: others.imp_secret },
    ];
    for (const credentials of pairs) {
      const { status, body } = await node.call("POST", "/users/getToken", credentials, encoding);
      expect([credentials, status, body]).toEqual([credentials, 401, { code: -1, message: wrong, response: null }]);
    }
  });

  it("never shows the secret or keeps the token in clear", async () => {
    const { access_token } = await grant();
    const { rows } = await node.database.pool.query(
      "SELECT a::text AS kept FROM access_tokens a UNION ALL SELECT c::text FROM credentials c",
    );
    for (const { kept } of rows) {
      expect(kept).not.toContain(access_token);
      expect(kept).not.toContain(demo.imp_secret);
    }
  });
});

describe("a token is taken", () => {
  const forms: [string, (token: string) => { headers?: Record<string, string>; query?: string }][] = [
    ["as it is in Authorization", (token) => ({ headers: { authorization: token } })],
    ["after Bearer", (token) => ({ headers: { authorization: `Bearer ${token}` } })],
    ["after bearer", (token) => ({ headers: { authorization: `bearer ${token}` } })],
    ["after BEARER", (token) => ({ headers: { authorization: `BEARER ${token}` } })],
    ["in X-ImpTokenHeader", (token) => ({ headers: { "X-ImpTokenHeader": token } })],
    ["in _token of the address", (token) => ({ query: `?_token=${token}` })],
    [
      "in _token beside a Bearer of nothing",
      (token) => ({ headers: { authorization: "Bearer" }, query: `?_token=${token}` }),
    ],
    [
      "in X-ImpTokenHeader beside a Bearer of blanks",
      (token) => ({ headers: { authorization: "Bearer  ", "X-ImpTokenHeader": token } }),
    ],
    ["beside a Tier", (token) => ({ headers: { authorization: token, Tier: "A01" } })],
  ];

  it.each(forms)("%s, to read", async (_name, form) => {
    const { imp_uid } = await node.issue();
    const { headers, query = "" } = form(await node.token());
    const { body } = await node.call("GET", `/payments/${imp_uid}${query}`, {}, "json", headers);
    expect(body.response).toMatchObject({ imp_uid });
  });

  it.each(forms)("%s, to write", async (_name, form) => {
    const { headers, query = "" } = form(await node.token());
    for (const encoding of encodings) {
      const { body } = await node.call("POST", `/vbanks${query}`, node.order(), encoding, headers);
      expect(body.response).toMatchObject({ status: "ready" });
    }
  });
});

describe("without a token that is alive", () => {
  const sample = (path: string) =>
    path
      .replace(":imp_uid", nobody)
      .replace(":merchant_uid", "order-1")
      .replace(":code", "088")
      .replace(":status", "paid");
  // A method that a path does not have is no concern of tokens.
  const routes = endpoints.filter(({ path, statuses }) => path !== "/users/getToken" && !statuses.includes(405));
  const callers: [string, Record<string, string>][] = [
    ["without one", {}],
    ["with an empty one", { authorization: "" }],
    ["with one that nobody was given", { authorization: "0".repeat(40) }],
    ["with a Bearer of nothing", { authorization: "Bearer" }],
    ["with what is no token", { authorization: "Bearer \u00ff'; DROP TABLE payments" }],
  ];

  it.each(routes.map(({ method, path }) => [method, sample(path)]))("%s %s is refused", async (method, path) => {
    for (const encoding of encodings) {
      for (const [name, headers] of callers) {
        const { status, body } = await node.call(method, path, {}, encoding, headers);
        expect([name, status, body]).toEqual([name, 401, { code: -1, message: "Unauthorized", response: null }]);
      }
    }
  });
});
