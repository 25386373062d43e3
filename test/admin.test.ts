/** Naru's own API: what an operator sees, and who is let in. */
import { describe, expect, it } from "vitest";
import { eventually } from "./support/client.ts";
import { startTestNode } from "./support/node.ts";
import { raw } from "./support/raw.ts";
import { useNode, withNode } from "./support/scenario.ts";

const node = useNode();

interface EventPage {
  events: { id: string; type: string; subjectId: string; paymentId: string; payment: object | null }[];
  cursor: string;
}

describe("around the node", () => {
  it("tells that it is alive and ready, and what it counts", async () => {
    expect((await node.get("/health")).body).toEqual({ status: "ok" });
    expect((await node.get("/ready")).body).toEqual({ status: "ready" });
    await node.issue();
    const metrics = await (await fetch(`${node.url}/metrics`)).text();
    expect(metrics).toMatch(/naru_batches_total\{command="issue-virtual-account"\} [1-9]/);
    expect(metrics).toContain("naru_deposits_suspended 0");
  });

  it("has an API reference that names its routes", async () => {
    const page = await fetch(`${node.url}/docs`);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const { body } = await node.get<{ paths: Record<string, object> }>("/docs/json");
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        "/vbanks",
        "/payments/{imp_uid}",
        "/openapi/v4/billing/virtualAccount",
        "/oauth/business/token",
        "/v1/payment-charges",
        "/v1/payment-agreements/{id}/payment-charges",
        "/api/v1/bankaccounts/info",
        "/naru/v1/sandbox/deposits",
        "/naru/v1/sandbox/agreements/{id}/revocation",
        "/naru/v1/events",
      ]),
    );
    // A text within Naru, since it is longer than a number can be.
    expect(body.paths["/api/v1/bankaccounts/info"]).toMatchObject({
      post: {
        requestBody: {
          content: { "application/json": { schema: { properties: { userId: { type: "integer" } } } } },
        },
      },
    });
  });

  it("gives the demo credentials", async () => {
    expect((await node.get("/naru/v1/sandbox/credentials")).body).toEqual({
      iamport: {
        impKey: "naru_sandbox_key",
        impSecret: "naru_sandbox_secret",
        inicisApiKey: "naru_sandbox_inicis_api_key",
      },
      kakaoMoment: {
        businessToken: "naru_sandbox_business_token",
        adAccountId: 12_345,
        restApiKey: "naru_sandbox_rest_api_key",
        clientSecret: "naru_sandbox_client_secret",
        redirectUri: "http://localhost:3000/callback",
        userId: 1_001,
        signInCode: "naru_sandbox_sign_in_code",
      },
      ppro: {
        apiKey: "key_sandbox_naru00000000000000000",
        merchantId: "merch_naru00000000000000000",
        webhookSigningSecret: "naru_sandbox_signing_secret",
      },
      konaplate: {
        aspId: "000170000000000",
        accessKey: expect.stringMatching(/^[0-9a-f]{7}-[0-9a-f]{32}$/),
        secretKey: expect.stringMatching(/^[0-9a-f]{64}$/),
        cryptoKeyId: expect.stringMatching(/^[0-9a-f]{32}$/),
        serverPublicKey: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
        clientPrivateKey: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----\n/),
      },
    });
  });

  it("answers an unknown path in its own words", async () => {
    const answer = await node.get("/naru/v1/nothing");
    expect([answer.status, answer.body]).toMatchObject([404, { error: { code: "not-found" } }]);
  });

  it.each([
    ["GET", "/naru/v1/nothing", 404],
    ["DELETE", "/nothing", 404],
    ["POST", "/v1/nothing", 404],
    ["POST", "/api/v1/nothing", 404],
    ["GET", "/api/v1/bankaccounts/info", 405],
  ])("answers %s %s with %d whatever its body is", async (method, path, status) => {
    const bodies = method === "GET" ? [undefined] : [undefined, "{", "x".repeat(2 * 1024 * 1024)];
    for (const type of ["application/json", "application/x-nothing"]) {
      for (const body of bodies) {
        const answer = await fetch(node.url + path, { method, headers: { "Content-Type": type }, body: body ?? null });
        expect([type, body?.length, answer.status]).toEqual([type, body?.length, status]);
        await answer.text();
      }
    }
  });
});

describe("lists", () => {
  it("are paged by a cursor, newest payments first, and can be narrowed", async () => {
    const issued = [await node.issue(), await node.issue(), await node.issue()];
    const first = await page("/naru/v1/payments?limit=2");
    expect(first.payments.map((one) => one.wireId)).toEqual([issued[2]!.imp_uid, issued[1]!.imp_uid]);
    const second = await page(`/naru/v1/payments?limit=2&after=${first.cursor}`);
    expect(second.payments[0]!.wireId).toBe(issued[0]!.imp_uid);
    const one = await page(`/naru/v1/payments?reference=${issued[1]!.merchant_uid}`);
    expect(one.payments.map((found) => found.wireId)).toEqual([issued[1]!.imp_uid]);
    expect((await page("/naru/v1/payments?state=cancelled")).payments).toEqual([]);

    async function page(path: string) {
      return (await node.get<{ payments: { wireId: string }[]; cursor: string | null }>(path)).body;
    }
  });

  it("of events never let a late commit slip behind a reader", async () => {
    const { pool } = node.database;
    const slow = await pool.connect();
    try {
      await slow.query("BEGIN");
      await slow.query(
        `INSERT INTO events (id, subject_type, subject_id, subject_seq, type, data, at)
         VALUES ('evt_slow', 'payment', 'test', 1, 'payment.ready', '{}', now())`,
      );
      const issued = await node.issue();
      const { payment } = await node.timeline(issued.imp_uid);
      const during = await follow(undefined);
      expect(during.seen).not.toContain("evt_slow");
      await slow.query("COMMIT");
      // Transactions of other databases of the same server hold a reader back too, so this may take a moment.
      const after = await eventually(async () => {
        const page = await follow(during.cursor);
        return page.payments.includes(payment.id) && page;
      }, 15_000);
      expect(after.seen).toContain("evt_slow");
    } finally {
      slow.release(true);
      await pool.query("DELETE FROM events WHERE id = 'evt_slow'");
    }

    async function follow(after: string | undefined) {
      const query = after === undefined ? "" : `&after=${after}`;
      const { body } = await node.get<{ events: { id: string; paymentId: string }[]; cursor: string }>(
        `/naru/v1/events?limit=500${query}`,
      );
      const { events, cursor } = body;
      return { seen: events.map((event) => event.id), payments: events.map((event) => event.paymentId), cursor };
    }
  });

  it("of events name the order they are about, and begin with the last few if asked", async () => {
    const issued = await node.issue();
    await node.deposit(issued.vbank_num);
    const suspended = await node.deposit("01055512345678", { bankCode: "004", amount: 1_000, force: true });
    const told = await eventually(async () => {
      const { events, cursor } = await page("last=4");
      return events.at(-1)!.subjectId === suspended.body.depositId && { events, cursor };
    });
    const order = { reference: issued.merchant_uid, wireId: issued.imp_uid, dialect: "iamport", currency: "KRW" };
    expect(told.events.map(({ type, payment }) => [type, payment])).toEqual([
      ["payment.ready", order],
      ["deposit.matched", order],
      ["payment.paid", order],
      ["deposit.suspended", null],
    ]);
    expect(await page("last=1")).toMatchObject({ events: [{ type: "deposit.suspended" }], cursor: told.cursor });
    expect(await page(`after=${told.cursor}`)).toEqual({ events: [], cursor: told.cursor });

    async function page(query: string) {
      return (await node.get<EventPage>(`/naru/v1/events?${query}`)).body;
    }
  });

  it("of the last events leave out what could still be overtaken", async () => {
    const slow = await node.database.pool.connect();
    try {
      await slow.query("BEGIN");
      await slow.query("SELECT pg_current_xact_id()");
      const issued = await node.issue();
      const { payment } = await node.timeline(issued.imp_uid);
      const { body } = await node.get<EventPage>("/naru/v1/events?last=500");
      expect(body.events.map((event) => event.paymentId)).not.toContain(payment.id);
    } finally {
      slow.release(true);
    }
  });

  it("of events follow the numbers of their transactions, not the digits", async () => {
    await withNode({}, async (young) => {
      const { pool } = young.database;
      await pool.query(
        `INSERT INTO events (id, subject_type, subject_id, subject_seq, type, data, at, xact)
         SELECT 'evt_' || xact, 'payment', 'test', xact, 'payment.ready', '{}', now(), xact::text::xid8
         FROM unnest('{9,10,100}'::int[]) AS xact`,
      );
      const seen: string[] = [];
      let cursor = "0.";
      for (let pages = 0; pages < 3; pages += 1) {
        const { body } = await young.get<EventPage>(`/naru/v1/events?limit=1&after=${cursor}`);
        seen.push(...body.events.map((event) => event.id));
        cursor = body.cursor;
      }
      expect(seen).toEqual(["evt_9", "evt_10", "evt_100"]);
      // Those of the node's beginning are held back while a transaction from before them is under way anywhere.
      const body = await eventually(async () => {
        const page = (await young.get<EventPage>("/naru/v1/events?last=500")).body;
        return page.events.length > 3 && page;
      });
      const ids = body.events.map((event) => event.id);
      expect(ids.slice(0, 3)).toEqual(["evt_9", "evt_10", "evt_100"]);
      const last = await young.get<EventPage>(`/naru/v1/events?last=${ids.length - 1}`);
      expect(last.body.events.map((event) => event.id)).toEqual(ids.slice(1));
      await pool.query("DELETE FROM events WHERE subject_id = 'test'");
    });
  });

  it("of events begin at the beginning when there are none yet", async () => {
    // A sandbox begins with those of its demo merchant.
    const env = { NARU_MODE: "live", NARU_OPERATOR_TOKEN: "operator-token-0001" };
    await withNode({ env }, async (empty) => {
      const operator = { authorization: `Bearer ${env.NARU_OPERATOR_TOKEN}` };
      const { body } = await empty.get<EventPage>("/naru/v1/events?last=5", operator);
      expect(body).toEqual({ events: [], cursor: "0." });
    });
  });

  it.each([
    ["payments?limit=0", "limit must be >= 1"],
    ["payments?limit=5000", "limit must be <= 500"],
    ["payments?state=payed", "state must be ready, paid, cancelled, failed, closed, expired, reversed"],
    ["payments?after=nonsense", "after is no cursor: nonsense"],
    ["events?after=nonsense", "after is no cursor: nonsense"],
    ["events?last=0", "last must be >= 1"],
    ["events?last=501", "last must be <= 500"],
    ["events?last=1&after=0.", "give either after or last"],
    ["ledger/accounts?after=nonsense", "after is no cursor: nonsense"],
    ["merchants?after=nonsense", "after is no cursor: nonsense"],
    ["deliveries?after=nonsense", "after is no cursor: nonsense"],
    ["deliveries?state=lost", "state must be pending, delivered, exhausted"],
    ["payments?statee=paid", "statee is unknown; there are limit, after, state, reference, wireId"],
    ["payments?state=", "state is empty"],
    ["payments?wireId=&wireId=imp_1", "wireId is empty"],
    ["events?last=%20", "last is empty"],
    ["ledger/trial-balance?currency=KRW", "currency is unknown; the address takes no fields"],
    ["deliveries?merchantId=", "merchantId is empty"],
    ["deliveries?paymentId=imp_123456789012", "paymentId must be pay_…, not imp_123456789012"],
    ["deliveries?from=yesterday", "from must be an ISO 8601 date-time such as 2030-01-01T00:00:00Z"],
  ])("refuse %s", async (path, message) => {
    const { status, body } = await node.get(`/naru/v1/${path}`);
    expect([status, body]).toMatchObject([400, { error: { message } }]);
  });
});

describe("changes", () => {
  it.each([
    ["deliveries/resend", { merchantId: "" }, "merchantId is empty"],
    ["deliveries/resend", { paymentId: "imp_1" }, "paymentId must be pay_…, not imp_1"],
    ["deliveries/dlv_1/resend", { after: "dlv_1" }, "after is unknown; the body takes no fields"],
    ["deliveries/resend?limit=1", { url: "http://x/" }, "limit is unknown; the address takes no fields"],
    [
      "sandbox/faults",
      { fault: "refund-refused", chnce: 0.5 },
      "chnce is unknown; there are fault, count, chance, seed, delay_s, code",
    ],
    ["sandbox/faults", { fault: "refund-refused", chance: " " }, "chance is empty"],
    ["sandbox/deposits", { accountNumber: "1", depositorName: "" }, "depositorName is empty"],
    ["sandbox/agreements/agr_x/revocation", { bye: "consumer" }, "bye is unknown; there are by"],
    ["sandbox/clock", { advanse: "P1D" }, "advanse is unknown; there are advance, to"],
    ["merchants", { name: "Shop", setings: {} }, "setings is unknown; there are id, name, settings"],
    ["merchants", { name: "Shop", settings: { noticeUrl: "" } }, "settings.noticeUrl is empty"],
  ])("refuse %s %j", async (path, fields, message) => {
    const { status, body } = await node.post<object>(`/naru/v1/${path}`, fields);
    expect([status, body]).toMatchObject([400, { error: { message } }]);
    expect(await node.armed()).toEqual([]);
  });

  it("take null for what is not given", async () => {
    const { status } = await node.post<object>("/naru/v1/sandbox/clock", { advance: "PT0S", to: null });
    expect(status).toBe(200);
  });
});

describe("a page of the node's own", () => {
  it("may change things", async () => {
    const headers = { "content-type": "application/json", origin: node.url, "sec-fetch-site": "same-origin" };
    const change = { method: "POST", path: "/naru/v1/sandbox/clock", headers, body: '{"advance":"PT0S"}' };
    expect((await raw(node.url, change)).status).toBe(200);
  });
});

describe("with a token set", () => {
  it("a viewer may look and an operator may change", async () => {
    const tokens = { NARU_OPERATOR_TOKEN: "operator-token-0001", NARU_VIEWER_TOKEN: "viewer-token-000001" };
    await withNode({ env: tokens }, async (guarded) => {
      const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
      const look = (headers: Record<string, string>) => guarded.get("/naru/v1/payments", headers);
      const change = (headers: Record<string, string>) =>
        guarded.post("/naru/v1/sandbox/clock", { advance: "PT1S" }, headers);
      expect((await look({})).status).toBe(401);
      expect((await look(bearer("wrong"))).status).toBe(401);
      expect((await look(bearer(tokens.NARU_VIEWER_TOKEN))).status).toBe(200);
      expect((await change(bearer(tokens.NARU_VIEWER_TOKEN))).status).toBe(403);
      expect((await change(bearer(tokens.NARU_OPERATOR_TOKEN))).status).toBe(200);
      expect((await guarded.get("/metrics")).status).toBe(401);
      expect((await guarded.get("/health")).status).toBe(200);
    });
  });
});

describe("live mode", () => {
  it("has no sandbox, no demo merchant, and says why nothing can be issued", async () => {
    await withNode({ env: { NARU_MODE: "live", NARU_OPERATOR_TOKEN: "operator-token-0001" } }, async (live) => {
      const headers = { authorization: "Bearer operator-token-0001" };
      expect((await live.get("/naru/v1/sandbox/credentials", headers)).status).toBe(404);
      expect((await live.post("/naru/v1/sandbox/clock", { advance: "P1D" }, headers)).status).toBe(404);
      const credentials = { imp_key: "naru_sandbox_key", imp_secret: "naru_sandbox_secret" };
      expect((await live.post("/users/getToken", credentials)).status).toBe(401);
    });
  });

  it("refuses a database of the sandbox, of published credentials, or sealed with another key", async () => {
    const env = { NARU_MODE: "live", NARU_OPERATOR_TOKEN: "operator-token-0001" };
    await expect(startTestNode({ database: node.database, env })).rejects.toThrow("made in sandbox mode");
    const reachable = { NARU_HOST: "0.0.0.0", NARU_OPERATOR_TOKEN: "operator-token-0001" };
    await expect(startTestNode({ database: node.database, env: reachable })).rejects.toThrow("published sandbox");
    const otherKey = { NARU_MASTER_KEY: "00".repeat(32) };
    await expect(startTestNode({ database: node.database, env: otherKey })).rejects.toThrow("another master key");
  });
});
