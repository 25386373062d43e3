/** What one merchant has is unknown to another's users and apps, by every route that there is. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Fields } from "../support/client.ts";
import { businessToken, newApp } from "../support/consent.ts";
import { countRows } from "../support/database.ts";
import { type Advertiser, advertiser, demo, type KakaoClient, operate } from "../support/kakao.ts";
import { addressOf, mountedRoutes, type Route } from "../support/routes.ts";
import { useNode } from "../support/scenario.ts";

const { kakaoMoment: routes, routeOf } = await mountedRoutes();
const node = useNode();
let mine: Advertiser;
let other: string;

beforeAll(async () => {
  mine = await advertiser(node, { fields: { freeCash: 5 } });
  await node.deposit((await mine.topUp()).accountNumber);
  other = (await operate(node, "POST", "/merchants", { name: "다른 상점" })).merchant.id;
});

/** Somebody of the other merchant, with an ad account of theirs. */
const stranger = async () => advertiser(node, { merchantId: other, app: await strangersApp() });
let madeApp: ReturnType<typeof newApp> | undefined;
function strangersApp() {
  madeApp ??= newApp(node, { merchantId: other });
  return madeApp;
}

/** Bodies of calls that change something. */
const bodies: Record<string, Fields> = {
  "POST /openapi/v4/billing/virtualAccount": { amount: 1_000, bankCode: "88" },
  "GET /openapi/v4/billing/virtualAccount": { amount: 1_000, bankCode: "88" },
  "PUT /openapi/v4/adAccounts/onOff": { config: "OFF" },
};

/** Routes that are about no ad account. */
const ofNone: [routes: RegExp, reason: string][] = [
  [/^\w+ \/oauth\/business\/(authorize|token)$/, "consent, which tests of its own are about"],
  [/^GET \/openapi\/v4\/adAccounts\/pages$/, "the caller's own, below"],
  [/^GET \/v1\/business\/tokeninfo$/, "the caller's own, below"],
  [/^GET \/openapi\/v4\/adAccounts$/, "no longer there"],
  [/^\w+ \/openapi\/(v4|message)\/(\*|adAccounts\/trackers)$/, "not built"],
];
const isOfNone = ({ name }: Route) => ofNone.some(([of]) => of.test(name));
const ofOne = routes.filter((route) => !isOfNone(route));

function call(client: KakaoClient, route: Route, adAccount: number) {
  const body = bodies[route.name];
  return client.call(route.method, addressOf(route, { id: String(adAccount) }), {
    headers: { adAccountId: String(adAccount) },
    ...(body === undefined ? {} : { body }),
  });
}

async function stored() {
  const rows = await countRows(node.database, "payments", "virtual_accounts", "exchanges", "events");
  return { rows, adAccount: await mine.adAccount(), balance: await mine.balance() };
}

describe("a stranger", () => {
  it.each(ofOne)("is told by $name that there is no such ad account", async (route) => {
    const [theirs, another] = [await stranger(), await stranger()];
    const before = await stored();
    const told = await call(theirs, route, mine.adAccountId);
    expect([told.status, told.body]).toMatchObject([400, { code: -813, extras: { detailCode: 21_006 } }]);
    expect((await call(another, route, 424_242)).text).toBe(told.text);
    expect(await stored()).toEqual(before);
  });

  it.each(ofOne)("is served by $name with what is theirs", async (route) => {
    const theirs = await stranger();
    expect((await call(theirs, route, theirs.adAccountId)).status).toBe(200);
  });

  it("has their own in the list, and is themselves", async () => {
    const theirs = await stranger();
    const { body } = await theirs.get("pages?config=ON,OFF,DEL&size=1500");
    expect(body).toMatchObject({ content: [{ id: theirs.adAccountId }], totalElements: 1 });
    const info = await theirs.call("GET", "/v1/business/tokeninfo");
    expect(info.body.id).toBe(theirs.user);
    expect(info.body.app_id).not.toBe((await mine.call("GET", "/v1/business/tokeninfo")).body.app_id);
  });

  it("cannot consent for another merchant's app, nor can its users for theirs", async () => {
    const { user } = await stranger();
    await expect(businessToken(node, { user })).rejects.toThrow(/no consent: 401/);
    const app = await strangersApp();
    await expect(businessToken(node, { user: mine.user, app })).rejects.toThrow(/no consent: 401/);
    await expect(businessToken(node, { user, app, resource_ids: `moment:${mine.adAccountId}` })).rejects.toThrow(
      /no consent: 403 .*KOE027/,
    );
  });

  it("cannot be made a member of another merchant's ad account", async () => {
    const { user } = await stranger();
    const path = `/merchants/${demo.merchantId}/ad-accounts/${mine.adAccountId}`;
    await expect(operate(node, "PATCH", path, { members: [{ user, role: "member" }] })).rejects.toThrow(
      /no user of this merchant/,
    );
  });

  it("pays in what is booked for the one whose account it is", async () => {
    const theirs = await stranger();
    const before = await mine.balance();
    await node.deposit((await theirs.topUp({ amount: 3 })).accountNumber);
    expect((await theirs.balance()).cash).toBe(3);
    expect(await mine.balance()).toEqual(before);
    const { rows } = await node.database.pool.query(
      "SELECT DISTINCT p.merchant_id, c.merchant_id = p.merchant_id AS own FROM payments p JOIN channels c ON c.id = p.channel_id WHERE beneficiary = $1",
      [`ad-account:${theirs.adAccountId}`],
    );
    expect(rows).toEqual([{ merchant_id: other, own: true }]);
  });
});

describe("this test", () => {
  it("has a call for each route that is about an ad account", async () => {
    expect(ofOne.length).toBeGreaterThan(0);
    for (const { name, method, url } of ofOne) {
      expect(method === "GET" || name in bodies, `${name} has no body here`).toBe(true);
      expect(await routeOf(method, url.replace(":id", "1"))).toBe(name);
    }
  });

  it("speaks of no route that is gone", () => {
    const names = routes.map(({ name }) => name);
    expect(Object.keys(bodies).filter((name) => !names.includes(name))).toEqual([]);
    expect(ofNone.filter(([of]) => !names.some((name) => of.test(name)))).toEqual([]);
  });
});
