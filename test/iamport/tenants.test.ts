/** What one merchant has is unknown to another, to every read and every write: to every route that there is. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Client, encodings, type Fields, refundAccount } from "../support/client.ts";
import { addressOf, mountedRoutes } from "../support/routes.ts";
import { otherMerchant, useNode } from "../support/scenario.ts";

const { iamport: routes, routeOf } = await mountedRoutes();
const node = useNode();
let stranger: Client;
let ready: Fields;
let paid: Fields;
let order: string;

beforeAll(async () => {
  stranger = await otherMerchant(node);
  ready = await node.issue({ pg: "settle" });
  paid = await node.paid({ pg: "settle" });
  order = String(node.order().merchant_uid);
  await node.iamport("POST", "/payments/prepare", { merchant_uid: order, amount: 100 });
  await node.iamport("POST", `/receipts/${paid.imp_uid}`, { identifier: "01012345678", identifier_type: "phone" });
  await node.iamport("POST", `/receipts/external/${order}`, {
    identifier: "01012345678",
    name: "표",
    amount: 1_000,
    channel_key: "channel-key-naru_sandbox_key",
  });
});

const receipt = { identifier: "01012345678", identifier_type: "phone" };
const external = { identifier: "01012345678", name: "표", amount: 1_000, channel_key: "channel-key-naru_sandbox_key" };

/** Routes that know nothing of anybody's: both are told the same. */
const ofNobody: [routes: RegExp, reason: string][] = [
  [/^POST \/users\/getToken$/, "asks for credentials, not for a token"],
  [/^GET \/(banks|cards)(\/:code)?$/, "codes"],
  [/^GET \/vbanks\/holder$/, "whose an account is, as its bank tells anyone"],
  [/^(PUT|DELETE) \/vbanks$/, "no id"],
  [/^GET \/payments\/(find|findAll|status|prepare)$/, "no id"],
  [/^(GET|POST|DELETE) \/receipts(\/external)?$/, "no id"],
  [/^(POST|PUT|PATCH|DELETE) \/payments\/:imp_uid\/balance$/, "a method that it does not have"],
  [/^\w+ (\/payments\/:imp_uid\/naver|\/kakao\/payment)(\/\*)?$/, "not built"],
  [
    /^\w+ \/(subscribe|escrows|certifications|tiers|cvs|partners|payco|naver|benepia|kcpquick|paymentwall)(\/\*)?$/,
    "not built",
  ],
];

/** Routes that tests of their own, below, have a stranger call. */
const called = new Set<string>();
function itCalls(name: string, route: string, test: () => Promise<void>): void {
  called.add(route);
  it(`${name} (${route})`, test);
}

type StrangersCall = [name: string, method: string, path: () => string, fields: () => Fields, status: number];

const callsOfStrangers: StrangersCall[] = [
  ["reads a payment", "GET", () => `/payments/${ready.imp_uid}`, () => ({}), 404],
  ["reads it by POST", "POST", () => `/payments/${paid.imp_uid}`, () => ({}), 404],
  ["reads its balance", "GET", () => `/payments/${paid.imp_uid}/balance`, () => ({}), 404],
  ["reads many by imp_uid", "GET", () => "/payments", () => ({ imp_uid: [ready.imp_uid, paid.imp_uid] }), 404],
  ["reads many by merchant_uid", "GET", () => "/payments", () => ({ merchant_uid: [paid.merchant_uid] }), 404],
  ["finds by order", "GET", () => `/payments/find/${paid.merchant_uid}`, () => ({}), 404],
  ["finds by order and status", "GET", () => `/payments/find/${paid.merchant_uid}/paid`, () => ({}), 404],
  ["finds all by order", "GET", () => `/payments/findAll/${paid.merchant_uid}`, () => ({}), 404],
  ["finds all by both", "GET", () => `/payments/findAll/${paid.merchant_uid}/paid`, () => ({}), 404],
  ["reads what was prepared", "GET", () => `/payments/prepare/${order}`, () => ({}), 404],
  ["changes what was prepared", "PUT", () => "/payments/prepare", () => ({ merchant_uid: order, amount: 1 }), 404],
  ["changes an account", "PUT", () => `/vbanks/${ready.imp_uid}`, () => ({ amount: 500 }), 404],
  ["withdraws an account", "DELETE", () => `/vbanks/${ready.imp_uid}`, () => ({}), 404],
  ["issues a receipt", "POST", () => `/receipts/${paid.imp_uid}`, () => receipt, 404],
  ["reads a receipt", "GET", () => `/receipts/${paid.imp_uid}`, () => ({}), 404],
  ["issues another receipt", "POST", () => `/receipts/external/${order}`, () => external, 400],
  ["cancels a receipt", "DELETE", () => `/receipts/${paid.imp_uid}`, () => ({}), 400],
  ["reads another receipt", "GET", () => `/receipts/external/${order}`, () => ({}), 404],
  ["cancels another receipt", "DELETE", () => `/receipts/external/${order}`, () => ({}), 404],
  ["cancels by imp_uid", "POST", () => "/payments/cancel", () => ({ ...refundAccount, imp_uid: paid.imp_uid }), 200],
  [
    "cancels by merchant_uid",
    "POST",
    () => "/payments/cancel",
    () => ({ ...refundAccount, merchant_uid: paid.merchant_uid }),
    200,
  ],
];

describe("a stranger", () => {
  it.each(callsOfStrangers)("%s in vain", async (name, method, path, fields, status) => {
    const before = [await node.payment(ready.imp_uid), await node.payment(paid.imp_uid)];
    for (const encoding of encodings) {
      const answer = await stranger.iamport(method, path(), fields(), encoding);
      expect([name, answer.status, answer.body.response]).toEqual([name, status, null]);
      if (status === 200) expect(answer.body).toMatchObject({ code: 1, message: "취소할 결제건이 존재하지 않습니다." });
      else expect(answer.body.code).toBe(-1);
    }
    expect([await node.payment(ready.imp_uid), await node.payment(paid.imp_uid)]).toEqual(before);
  });

  itCalls("sees none of it in lists", "GET /payments/status/:payment_status", async () => {
    for (const status of ["all", "ready", "paid", "cancelled", "failed"]) {
      const { body } = await stranger.iamport("GET", `/payments/status/${status}`);
      expect([status, body.response.total]).toEqual([status, 0]);
    }
  });

  itCalls("sees its own channels alone", "GET /users/pg", async () => {
    const keysOf = async (client: Client) => {
      const { body } = await client.iamport("GET", "/users/pg");
      return body.response.map((channel: Fields) => channel.channel_key) as string[];
    };
    const [mine, theirs] = [await keysOf(node), await keysOf(stranger)];
    expect(theirs).toHaveLength(mine.length);
    expect(theirs.filter((key) => mine.includes(key))).toEqual([]);
  });

  itCalls("prepares the same order for itself", "POST /payments/prepare", async () => {
    const { body } = await stranger.iamport("POST", "/payments/prepare", {
      merchant_uid: paid.merchant_uid,
      amount: 7,
    });
    expect(body.response).toMatchObject({ merchant_uid: paid.merchant_uid, amount: 7 });
    expect((await node.iamport("GET", `/payments/prepare/${paid.merchant_uid}`)).status).toBe(404);
  });

  itCalls("does not issue through another's channel", "POST /vbanks", async () => {
    const issued = await stranger.issue({ channel_key: "channel-key-naru_sandbox_key-settle", pg: "settle" });
    const { rows } = await node.database.pool.query(
      "SELECT c.merchant_id = p.merchant_id AS own FROM payments p JOIN channels c ON c.id = p.channel_id WHERE wire_id = $1",
      [issued.imp_uid],
    );
    expect(rows).toEqual([{ own: true }]);
  });

  it("has the same order ids as its own", async () => {
    const theirs = await stranger.paid({ merchant_uid: paid.merchant_uid });
    const mine = await node.iamport("GET", `/payments/find/${paid.merchant_uid}`);
    const other = await stranger.iamport("GET", `/payments/find/${paid.merchant_uid}`);
    expect([mine.body.response.imp_uid, other.body.response.imp_uid]).toEqual([paid.imp_uid, theirs.imp_uid]);
  });
});

describe("whoever asks", () => {
  const shared = routes.filter(({ name }) => ofNobody.some(([of]) => of.test(name)));

  it.each(shared)("is told the same by $name", async (route) => {
    const path = addressOf(route, { code: "088", imp_uid: String(paid.imp_uid) });
    const query = route.url === "/vbanks/holder" ? `?bank_code=088&bank_num=${ready.vbank_num}` : "";
    const answers = [];
    for (const client of [node, stranger]) {
      const { status, body } = await client.iamport(route.method, `${path}${query}`);
      answers.push({ status, body });
    }
    expect(answers[1]).toEqual(answers[0]);
  });
});

describe("this test", () => {
  it.each(routes)("has a stranger call $name, or says why not", async ({ name }) => {
    const reached = await Promise.all(callsOfStrangers.map(([, method, path]) => routeOf(method, path())));
    const isOfNobody = ofNobody.some(([of]) => of.test(name));
    expect(called.has(name) || reached.includes(name) || isOfNobody, `nobody strange called ${name}`).toBe(true);
  });

  it("speaks of no route that is gone", async () => {
    const names = routes.map(({ name }) => name);
    for (const [what, method, path] of callsOfStrangers)
      expect([what, await routeOf(method, path())]).not.toContain(undefined);
    expect([...called].filter((name) => !names.includes(name))).toEqual([]);
    expect(ofNobody.filter(([of]) => !names.some((name) => of.test(name)))).toEqual([]);
  });
});

describe("the one whose they are", () => {
  it("still finds everything as it was", async () => {
    expect(await node.payment(ready.imp_uid)).toEqual(ready);
    expect(await node.payment(paid.imp_uid)).toMatchObject({ status: "paid", cash_receipt_issued: true });
    expect((await node.iamport("GET", `/payments/prepare/${order}`)).body.response.amount).toBe(100);
    expect((await node.iamport("GET", `/receipts/external/${order}`)).body.response.cancelled_at).toBe(0);
  });
});
