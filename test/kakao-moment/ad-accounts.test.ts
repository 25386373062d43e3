/** Ad accounts as their members see them: lists, one, what is left, switching; and what a token was let see. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Fields } from "../support/client.ts";
import { businessToken, newUser } from "../support/consent.ts";
import { advertiser, demo, type KakaoBody, KakaoClient, newAdAccount, operate } from "../support/kakao.ts";
import { useNode } from "../support/scenario.ts";

const node = useNode();
const idsOf = (body: KakaoBody): number[] => body.content.map(({ id }: { id: number }) => id);

function change(adAccount: number, fields: Fields): Promise<KakaoBody> {
  return operate(node, "PATCH", `/merchants/${demo.merchantId}/ad-accounts/${adAccount}`, fields);
}

describe("the demo user's ad accounts", () => {
  it("are listed as the contract's sample is", async () => {
    const { status, body } = await new KakaoClient(node).get("pages");
    expect([status, body]).toEqual([
      200,
      {
        content: [
          { id: 12_345, name: "나루 광고계정", memberType: "MASTER", config: "ON" },
          { id: 12_346, name: "나루 공동 광고계정", memberType: "MEMBER", config: "OFF" },
        ],
        number: 0,
        size: 10,
        totalElements: 2,
        totalPages: 1,
        page: 0,
      },
    ]);
  });

  it("are not those of the other user, who has one of them too", async () => {
    const token = await businessToken(node, { user: 1_002 });
    const { body } = await new KakaoClient(node, token).get("pages");
    expect(body.content).toEqual([
      { id: 12_346, name: "나루 공동 광고계정", memberType: "MASTER", config: "OFF" },
      { id: 12_347, name: "이나루의 광고계정", memberType: "MASTER", config: "ON" },
    ]);
  });
});

describe("a list", () => {
  const on = 12;
  let client: KakaoClient;
  let all: number[];
  let off: number;
  let deleted: number;

  beforeAll(async () => {
    const { number: user } = await newUser(node);
    const made: number[] = [];
    for (let index = 0; index < on + 2; index += 1)
      made.push(await newAdAccount(node, user, { name: `계정 ${index}` }));
    [off, deleted] = [made[3]!, made[5]!];
    await change(off, { state: "off" });
    await change(deleted, { state: "deleted" });
    all = made;
    client = new KakaoClient(node, await businessToken(node, { user }));
  });

  const states: [query: string, wanted: () => number[]][] = [
    ["", () => all.filter((id) => id !== deleted)],
    ["config=", () => all.filter((id) => id !== deleted)],
    ["config=ON,OFF", () => all.filter((id) => id !== deleted)],
    ["config=ON,OFF,DEL", () => all],
    ["config=ON%2COFF%2C%20DEL", () => all],
    ["config=ON", () => all.filter((id) => id !== deleted && id !== off)],
    ["config=OFF", () => [off]],
    ["config=DEL", () => [deleted]],
    ["config=DEL,DEL,OFF", () => [off, deleted]],
  ];
  it.each(states)("of %j has those of these states, by number", async (query, wanted) => {
    const { status, body } = await client.get(`pages?size=1500&${query}`);
    const [total, ids] = [wanted().length, wanted().toSorted((one, other) => one - other)];
    expect([status, idsOf(body), body.totalElements, body.totalPages]).toEqual([200, ids, total, 1]);
    for (const { id, config } of body.content) expect(config).toBe(id === off ? "OFF" : id === deleted ? "DEL" : "ON");
  });

  it.each([
    ["", 0, 10, 10],
    ["page=0", 0, 10, 10],
    ["page=1", 1, 10, 3],
    ["page=2", 2, 10, 0],
    ["size=5", 0, 5, 5],
    ["page=2&size=5", 2, 5, 3],
    ["page=12&size=1", 12, 1, 1],
    ["size=13", 0, 13, 13],
    ["size=1500&page=0", 0, 1_500, 13],
    ["page=1000000&size=1500", 1_000_000, 1_500, 0],
    ["page=&size=", 0, 10, 10],
  ])("page by page: %j", async (query, page, size, length) => {
    const { status, body } = await client.get(`pages?${query}`);
    const shown = { number: page, page, size, totalElements: 13, totalPages: Math.ceil(13 / size) };
    expect([status, body]).toMatchObject([200, shown]);
    expect(idsOf(body)).toEqual(all.filter((id) => id !== deleted).slice(page * size, page * size + length));
  });

  it.each([
    ["config=on", "config"],
    ["config=ALL", "config"],
    ["config=ON,", "config"],
    ["config=ON;OFF", "config"],
    ["config=ON&config=OFF", "config"],
    ["config=constructor", "config"],
    ["config=toString,ON", "config"],
    [`config=${"ON,".repeat(50)}ON`, "config"],
    ["page=-1", "page"],
    ["page=first", "page"],
    ["page=1.5", "page"],
    ["page=1000001", "page"],
    ["page=1&page=2", "page"],
    ["size=0", "size"],
    ["size=-5", "size"],
    ["size=1501", "size"],
    ["size=all", "size"],
    ["size=0x10", "size"],
  ])("cannot be had of %j", async (query, field) => {
    const { status, body } = await client.get(`pages?${query}`);
    expect([status, body]).toEqual([400, { code: -2, msg: expect.stringContaining(`[${field}]`) }]);
  });

  it.each(["page=%00", "config=ON%00", "page=%ff"])("cannot be had of %j, which nobody can read", async (query) => {
    const { status, body } = await client.get(`pages?${query}`);
    const field = query.split("=")[0];
    expect([status, body]).toEqual([400, { code: -2, msg: expect.stringContaining(`cannot be read: ${field} `) }]);
  });

  it("needs no ad account, and heeds none", async () => {
    for (const adAccountId of [undefined, "12347", "mine"]) {
      const { body } = await client.get("pages?size=1500", { adAccountId });
      expect(body.totalElements).toBe(13);
    }
  });
});

describe("one ad account", () => {
  const companies = {
    ownerCompany: { businessRegistrationNumber: "220-88-36643", name: "주식회사 나루" },
    advertiser: { businessRegistrationNumber: "111-22-33333", name: "광고주" },
  };

  it("is shown with all that is known of it", async () => {
    const fields = { ...companies, name: "봄 행사", type: "INDIVIDUAL", walletNumber: 777, freeCash: 0 };
    const mine = await advertiser(node, { fields });
    expect(await mine.adAccount()).toEqual({
      id: mine.adAccountId,
      name: "봄 행사",
      ...companies,
      type: "INDIVIDUAL",
      config: "ON",
      isAdminStop: false,
      isOutOfBalance: true,
      statusDescription: "잔액 부족",
      bizWalletId: 777,
    });
    expect(await mine.balance()).toEqual({ id: mine.adAccountId, cash: 0, freeCash: 0, bizWalletId: 777 });
  });

  it.each([
    [{}, "잔액 부족", { config: "ON", isAdminStop: false, isOutOfBalance: true }],
    [{ freeCash: 1 }, "운영중", { config: "ON", isAdminStop: false, isOutOfBalance: false }],
    [{ freeCash: 1, state: "off" }, "사용자 OFF", { config: "OFF", isAdminStop: false }],
    [{ freeCash: 1, stopped: true }, "관리자 정지", { config: "ON", isAdminStop: true }],
    [{ freeCash: 1, state: "off", stopped: true }, "관리자 정지", { config: "OFF", isAdminStop: true }],
    [{ freeCash: 1, state: "deleted", stopped: true }, "삭제", { config: "DEL", isAdminStop: true }],
  ])("after %j is %s", async (fields, statusDescription, shown) => {
    const mine = await advertiser(node);
    await change(mine.adAccountId, fields);
    expect(await mine.adAccount()).toMatchObject({ statusDescription, ...shown });
  });

  it("is the one of the address, with and without the header, whatever that says", async () => {
    const client = new KakaoClient(node);
    for (const adAccountId of [undefined, "12345", "12346"]) {
      const { status, body } = await client.get("12346", { adAccountId });
      expect([status, body.id]).toEqual([200, 12_346]);
    }
  });

  it.each(["mine", "-1", "12345.5", "0x3039", "12345a", "9".repeat(20)])("has no number %s", async (number) => {
    const { status, body } = await new KakaoClient(node).get(number);
    expect([status, body]).toEqual([400, { code: -2, msg: expect.stringContaining("[adAccountId]") }]);
  });

  it.each([
    ["424242", 21_006],
    ["9".repeat(19), 21_006],
    ["12347", 9_004],
  ])("of number %s is not theirs to see: %i", async (number, detailCode) => {
    const client = new KakaoClient(node);
    const answers = [
      client.get(number),
      client.get("balance", { adAccountId: number }),
      client.get("bizRight", { adAccountId: number }),
    ];
    for (const { status, body } of await Promise.all(answers)) {
      expect([status, body]).toMatchObject([400, { code: -813, extras: { detailCode } }]);
    }
  });

  it("is no longer seen by who is taken off it, and is by who is put on it", async () => {
    const [mine, theirs] = [await advertiser(node), await advertiser(node)];
    await change(mine.adAccountId, { members: [{ user: theirs.user, role: "member" }] });
    expect((await mine.get("balance")).body.extras.detailCode).toBe(9_004);
    expect((await mine.get("pages")).body.content).toEqual([]);
    expect((await theirs.get("balance", { adAccountId: String(mine.adAccountId) })).status).toBe(200);
    const { body } = await theirs.get("pages");
    expect(body.content).toMatchObject(
      [
        { id: mine.adAccountId, memberType: "MEMBER" },
        { id: theirs.adAccountId, memberType: "MASTER" },
      ].toSorted((one, other) => one.id - other.id),
    );
  });
});

describe("the header that names the ad account", () => {
  const paths = ["balance", "bizRight"];
  it.each(paths)("is needed (%s)", async (path) => {
    for (const adAccountId of [undefined, ""]) {
      const { status, body } = await new KakaoClient(node).get(path, { adAccountId });
      expect([status, body]).toEqual([400, { code: -2, msg: expect.stringContaining("[adAccountId]") }]);
    }
  });

  it.each(paths)("may be said again in the query, but not there alone (%s)", async (path) => {
    const client = new KakaoClient(node);
    expect((await client.get(`${path}?adAccountId=12345`)).status).toBe(200);
    const alone = await client.get(`${path}?adAccountId=12345`, { adAccountId: undefined });
    expect([alone.status, alone.body.code]).toEqual([400, -2]);
    for (const query of ["adAccountId=12346", "adAccountId=mine", "adAccountId=12345&adAccountId=12345"]) {
      const { status, body } = await client.get(`${path}?${query}`);
      expect([query, status, body.code]).toEqual([query, 400, -2]);
    }
  });

  it.each(paths)("comes once (%s)", async (path) => {
    const { status, body } = await new KakaoClient(node).get(path, { adAccountId: ["12345", "12345"] });
    expect([status, body.code]).toEqual([400, -8]);
  });
});

describe("a business right", () => {
  it("is shown with its number and company", async () => {
    const mine = await advertiser(node, { fields: { businessRight: { number: 31, companyName: "대행사" } } });
    expect((await mine.get("bizRight")).body).toEqual({ id: 31, bizRightCompanyName: "대행사" });
    expect((await new KakaoClient(node).get("bizRight")).body).toEqual({ id: 0, bizRightCompanyName: "나루상점" });
  });
});

describe("switching", () => {
  const eventsOf = async ({ adAccountId }: KakaoClient) => {
    const { rows } = await node.database.pool.query(
      "SELECT e.type FROM events e JOIN ad_accounts a ON a.id = e.subject_id WHERE a.number = $1 ORDER BY e.subject_seq",
      [adAccountId],
    );
    return rows.map(({ type }) => type);
  };

  it("off and on is answered with nothing, and seen everywhere", async () => {
    const mine = await advertiser(node, { fields: { freeCash: 1 } });
    for (const config of ["OFF", "ON"]) {
      const { status, text } = await mine.switch(config);
      expect([status, text]).toEqual([200, ""]);
      expect((await mine.adAccount()).config).toBe(config);
      expect((await mine.get("pages")).body.content).toMatchObject([{ config }]);
      const operators = await operate(node, "GET", `/merchants/${demo.merchantId}/ad-accounts/${mine.adAccountId}`);
      expect(operators.state).toBe(config.toLowerCase());
    }
    expect(await eventsOf(mine)).toEqual(["ad-account.made", "ad-account.changed", "ad-account.changed"]);
  });

  it("leaves behind which it was, and who asked for it", async () => {
    const mine = await advertiser(node);
    const sent = { headers: { adAccountId: String(mine.adAccountId) }, body: { config: "OFF" } };
    expect((await mine.paced("PUT", "/openapi/v4/adAccounts/onOff", sent)).status).toBe(200);
    const { rows } = await node.database.pool.query(
      `SELECT e.data ->> 'by' AS by, u.id AS user, x.request, x.status, x.answer FROM ad_accounts a
        JOIN events e ON e.subject_id = a.id AND e.type = 'ad-account.changed' JOIN users u ON u.number = $2
        JOIN exchanges x ON x.merchant_id = a.merchant_id AND x.request ->> 'adAccountId' = a.number::text
          AND x.path = '/openapi/v4/adAccounts/onOff'
        WHERE a.number = $1`,
      [mine.adAccountId, mine.user],
    );
    const request = { adAccountId: mine.adAccountId, config: "OFF" };
    expect(rows).toEqual([
      { by: rows[0].user, user: expect.stringMatching(/^usr_/), request, status: 200, answer: "" },
    ]);
  });

  it("to what it is already changes nothing, and is answered the same", async () => {
    const mine = await advertiser(node);
    const { status, text } = await mine.switch("ON");
    expect([status, text]).toEqual([200, ""]);
    expect(await eventsOf(mine)).toEqual(["ad-account.made"]);
  });

  it("is any member's to do", async () => {
    const master = await advertiser(node);
    const member = await advertiser(node);
    const members = [
      { user: master.user, role: "master" },
      { user: member.user, role: "member" },
    ];
    await change(master.adAccountId, { members });
    expect((await new KakaoClient(node, member.token, master.adAccountId).switch("OFF")).status).toBe(200);
    expect((await master.adAccount()).config).toBe("OFF");
  });

  it("on is refused where the operator stopped it, off is not", async () => {
    const mine = await advertiser(node);
    await change(mine.adAccountId, { stopped: true });
    expect((await mine.switch("OFF")).status).toBe(200);
    const refused = await mine.switch("ON");
    expect([refused.status, refused.body.code]).toEqual([403, -6]);
    expect(await mine.adAccount()).toMatchObject({ config: "OFF", isAdminStop: true });
    await change(mine.adAccountId, { stopped: false });
    expect((await mine.switch("ON")).status).toBe(200);
    expect((await mine.adAccount()).config).toBe("ON");
  });

  it.each(["ON", "OFF"])("%s is refused of what is deleted", async (config) => {
    const mine = await advertiser(node);
    await change(mine.adAccountId, { state: "deleted" });
    const { status, body } = await mine.switch(config);
    expect([status, body]).toMatchObject([400, { code: -813, extras: { detailCode: 21_006 } }]);
    expect((await mine.adAccount()).config).toBe("DEL");
  });

  const configs = ["DEL", "on", "", null, undefined, true, 1, ["ON"], { config: "ON" }].map((config) => ({ config }));
  it.each(configs)("to $config is refused", async ({ config }) => {
    const mine = await advertiser(node);
    const { status, body } = await mine.switch(config);
    expect([status, body]).toEqual([400, { code: -2, msg: expect.stringContaining("[config]") }]);
    expect(await eventsOf(mine)).toEqual(["ad-account.made"]);
  });

  it.each([
    ["424242", 21_006],
    ["12345", 9_004],
  ])("%s is not theirs to do: %i", async (adAccountId, detailCode) => {
    const mine = await advertiser(node);
    const sent = { headers: { adAccountId }, body: { config: "OFF" } };
    const { status, body } = await mine.call("PUT", "/openapi/v4/adAccounts/onOff", sent);
    expect([status, body]).toMatchObject([400, { code: -813, extras: { detailCode } }]);
    expect((await new KakaoClient(node).adAccount()).config).toBe("ON");
  });
});

describe("a token that was let have some ad accounts alone", () => {
  it("sees those and no others, by every call", async () => {
    const mine = await advertiser(node);
    const { user } = mine;
    const first = mine.adAccountId;
    const second = await newAdAccount(node, user);
    const hidden = await newAdAccount(node, user);
    const resource_ids = `moment:${first},moment:${second}`;
    const client = new KakaoClient(node, await businessToken(node, { user, resource_ids }), first);
    const ids = [first, second].toSorted((one, other) => one - other);
    const { body } = await client.get("pages");
    expect([idsOf(body), body.totalElements]).toEqual([ids, 2]);
    const info = await client.call("GET", "/v1/business/tokeninfo");
    expect(info.body).toMatchObject({ id: user, scope: "moment_management", resource_ids: resource_ids.split(",") });
    for (const number of ids) expect((await client.get(String(number))).body.id).toBe(number);

    const adAccountId = String(hidden);
    const refusals = [
      await client.get(adAccountId),
      await client.get("balance", { adAccountId }),
      await client.get("bizRight", { adAccountId }),
      await client.call("PUT", "/openapi/v4/adAccounts/onOff", { headers: { adAccountId }, body: { config: "OFF" } }),
      await client.call("POST", "/openapi/v4/billing/virtualAccount", {
        headers: { adAccountId },
        body: { amount: 1_000, bankCode: "88" },
      }),
    ];
    for (const refused of refusals) expect(refused.body).toMatchObject({ code: -813, extras: { detailCode: 9_004 } });
    expect((await mine.get(adAccountId)).body).toMatchObject({ id: hidden, config: "ON" });
  });

  it("of all sees those that come later too", async () => {
    const { user } = await advertiser(node);
    const client = new KakaoClient(node, await businessToken(node, { user, resource_ids: "moment:*" }));
    expect((await client.get("pages")).body.totalElements).toBe(1);
    const later = await newAdAccount(node, user);
    expect(idsOf((await client.get("pages")).body)).toContain(later);
    expect((await client.call("GET", "/v1/business/tokeninfo")).body.resource_ids).toEqual(["moment:*"]);
  });
});
