/** Virtual accounts that top up an ad account: the contract's own sample, and whatever a client may make of it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { Client } from "../support/client.ts";
import { businessToken, newApp, newUser } from "../support/consent.ts";
import { countRows } from "../support/database.ts";
import { advertiser, demo, KakaoClient, newAdAccount, operate, type Sent } from "../support/kakao.ts";
import { useNode, withNode } from "../support/scenario.ts";
import { banks, contentType, holdToContract, sampleAnswer } from "./contract.ts";

const node = useNode();
const path = "/openapi/v4/billing/virtualAccount";
const zone_ms = 9 * 60 * 60 * 1000;
const waits_ms = 7 * 24 * 60 * 60 * 1000;

/** To the letter, with the origin alone put elsewhere; the shell has the placeholders. */
const sample = `curl -X GET "https://apis.moment.kakao.com/openapi/v4/billing/virtualAccount" \\-H "Authorization: Bearer \${BUSINESS_ACCESS_TOKEN}" \\-H "adAccountId: \${AD_ACCOUNT_ID}" \\-d '{"adAccountId" : 12345,"amount" : 1000000,"bankCode" : "88"}'`;

async function paste(command: string, { url }: Pick<Client, "url">) {
  const placed = command.replace("https://apis.moment.kakao.com", url);
  const env = {
    PATH: process.env.PATH ?? "",
    BUSINESS_ACCESS_TOKEN: demo.token,
    AD_ACCOUNT_ID: String(demo.adAccountId),
  };
  const { stdout } = await promisify(execFile)("sh", ["-c", `${placed} -sS -i`], { env });
  const [head = "", text = ""] = stdout.split("\r\n\r\n");
  const [start = "", ...lines] = head.split("\r\n");
  const header = (name: string) =>
    lines.find((line) => line.toLowerCase().startsWith(`${name}: `))?.slice(name.length + 2);
  return { start, contentType: header("content-type"), text };
}

/** Fails unless this is when an account that was made between the two times ends. */
function expectEnd(expireDttm: string, after_ms: number, before_ms: number): void {
  const ends_ms = new Date(`${expireDttm}Z`).getTime() - zone_ms - waits_ms;
  expect(ends_ms).toBeGreaterThanOrEqual(after_ms);
  expect(ends_ms).toBeLessThanOrEqual(before_ms);
}

describe("the contract's sample", () => {
  it("works as it is pasted, and is answered as the contract has it", async () => {
    const after_ms = Date.now();
    const { start, contentType: type, text } = await paste(sample, node);
    const before_ms = Date.now();
    expect([start, type]).toEqual(["HTTP/1.1 200 OK", contentType]);
    holdToContract("GET", path, { status: 200, contentType: type, text });
    const body = JSON.parse(text);
    const { accountNumber, expireDttm, ...same } = sampleAnswer;
    expect(body).toEqual({ ...same, accountNumber: expect.any(String), expireDttm: expect.any(String) });
    expect(Object.keys(body)).toEqual(Object.keys(sampleAnswer));
    expect(body.expireDttm).toHaveLength(expireDttm.length);
    expectEnd(body.expireDttm, after_ms, before_ms);
    expect((await node.deposit(body.accountNumber)).body).toMatchObject({ outcome: "matched", amount: 1_000_000 });
  });

  it("works as the POST that the contract says it is", async () => {
    const mine = await advertiser(node);
    expect(await mine.topUp()).toMatchObject({ accountOwnerName: "(주)카카오", amount: 1_000_000, bankName: "신한" });
  });
});

describe("an account", () => {
  it.each(Object.entries(banks))("of bank %s is one of %s", async (bankCode, bankName) => {
    const mine = await advertiser(node);
    const issued = await mine.topUp({ bankCode, amount: 1 });
    expect(issued).toMatchObject({ bankCode, bankName, amount: 1 });
    const deposited = await node.deposit(issued.accountNumber, { bankCode });
    expect(deposited.body).toMatchObject({ outcome: "matched", amount: 1, bankCode: bankCode.padStart(3, "0") });
  });

  it("waits seven days of the node's time, in Korean time", async () => {
    await withNode({}, async (later) => {
      await later.moveClock("P40DT7H");
      const after_ms = new Date((await operate(later, "GET", "/sandbox/clock")).now).getTime();
      const { expireDttm } = await new KakaoClient(later).topUp();
      expectEnd(expireDttm, after_ms, new Date((await operate(later, "GET", "/sandbox/clock")).now).getTime());
    });
  });

  it("bears the name that the merchant set", async () => {
    await withNode({}, async (named) => {
      await operate(named, "PATCH", `/merchants/${demo.merchantId}`, { settings: { topUpHolder: "나루광고" } });
      expect((await new KakaoClient(named).topUp()).accountOwnerName).toBe("나루광고");
    });
  });

  it("is one of several, each with a number of its own, that an ad account may have at once", async () => {
    const users = await Promise.all(Array.from({ length: 6 }, () => newUser(node)));
    const members = users.map(({ number: user }) => ({ user, role: "member" }));
    const adAccount = await newAdAccount(node, users[0]!.number, { members });
    const clients = await Promise.all(
      users.map(async ({ number: user }) => new KakaoClient(node, await businessToken(node, { user }), adAccount)),
    );
    const issued = await Promise.all(clients.map((client) => client.topUp({ amount: 500 })));
    expect(new Set(issued.map((one) => one.accountNumber)).size).toBe(6);
    const again = await clients[0]!.topUp({ amount: 500 });
    expect(issued.map((one) => one.accountNumber)).not.toContain(again.accountNumber);
    for (const { accountNumber } of [...issued, again]) {
      expect((await node.deposit(accountNumber)).body.outcome).toBe("matched");
    }
    expect(await clients[0]!.balance()).toMatchObject({ cash: 3_500 });
  });

  it("of an ad account that is switched off can still be had", async () => {
    const mine = await advertiser(node);
    await mine.switch("OFF");
    expect(await mine.topUp()).toMatchObject({ amount: 1_000_000 });
  });
});

describe("a loose client", () => {
  const types = [
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data",
    "garbage",
    undefined,
  ];
  it.each(types)("may call its JSON %s", async (type) => {
    for (const method of ["POST", "GET"]) {
      const mine = await advertiser(node);
      const body = JSON.stringify({ adAccountId: mine.adAccountId, amount: 700, bankCode: "04" });
      const answer = await mine.call(method, path, { headers: { "content-type": type }, body });
      expect([method, answer.status, answer.body]).toMatchObject([method, 200, { amount: 700, bankName: "국민" }]);
    }
  });

  it.each([
    ["leaves the ad account out of the body", { adAccountId: undefined }],
    ["has nothing for it", { adAccountId: null }],
    ["sends numbers as text", { amount: "1000000" }],
    ["sends more than was asked for", { memo: "급해요", merchantId: "mer_other" }],
  ])("that %s is served", async (_name, fields) => {
    const mine = await advertiser(node);
    expect(await mine.topUp(fields)).toMatchObject({ amount: 1_000_000, bankCode: "88" });
  });

  it("may write the ad account as text, and name headers and scheme as it likes", async () => {
    const { token, adAccountId } = await advertiser(node);
    const sent = {
      headers: {
        authorization: undefined,
        adAccountId: undefined,
        AUTHORIZATION: `bearer ${token}`,
        ADACCOUNTID: ` ${adAccountId}`,
      },
      body: { adAccountId: String(adAccountId), amount: 1, bankCode: "03" },
    };
    expect((await new KakaoClient(node).call("POST", path, sent)).body).toMatchObject({ amount: 1, bankName: "기업" });
  });
});

describe("what cannot be served is refused, and leaves nothing behind", () => {
  const stored = () => countRows(node.database, "payments", "virtual_accounts", "exchanges", "events", "deliveries");
  const written = (more: string) => `{"amount":1000,"bankCode":"88"${more}}`;
  const bad = (field: string) => ({ code: -2, msg: expect.stringContaining(`[${field}]`) });
  const moment = (detailCode: number) => ({ code: -813, extras: { detailCode } });
  const unreadable = { code: -2, msg: expect.stringContaining("The request cannot be read: the body") };
  const fields = { amount: 1_000, bankCode: "88" };
  const cases: [name: string, sent: Sent, error: object][] = [
    ["no amount", { body: { bankCode: "88" } }, bad("amount")],
    ["null for the amount", { body: { ...fields, amount: null } }, bad("amount")],
    ...[0, -1, 1.5, 9_000_000_001, 1e300, "천원", "1,000", "0x10", "1e3", true, [1_000], { won: 1 }].map(
      (amount): [string, Sent, object] => [
        `an amount of ${JSON.stringify(amount)}`,
        { body: { ...fields, amount } },
        bad("amount"),
      ],
    ),
    ["no bank", { body: { amount: 1_000 } }, bad("bankCode")],
    ...["99", "088", "02", "8", "신한", "", 88, 3, true, ["88"]].map((bankCode): [string, Sent, object] => [
      `a bank ${JSON.stringify(bankCode)}`,
      { body: { ...fields, bankCode } },
      bad("bankCode"),
    ]),
    [
      "an ad account in the body alone",
      { headers: { adAccountId: undefined }, body: { ...fields, adAccountId: 12_345 } },
      bad("adAccountId"),
    ],
    ["no ad account at all", { headers: { adAccountId: undefined }, body: fields }, bad("adAccountId")],
    ["an empty ad account", { headers: { adAccountId: "" }, body: fields }, bad("adAccountId")],
    ["an ad account in words", { headers: { adAccountId: "mine" }, body: fields }, bad("adAccountId")],
    ["an ad account below 0", { headers: { adAccountId: "-12345" }, body: fields }, bad("adAccountId")],
    ["an ad account with a fraction", { headers: { adAccountId: "12345.5" }, body: fields }, bad("adAccountId")],
    ["header and body that contradict", { body: { ...fields, adAccountId: 12_346 } }, bad("adAccountId")],
    ["a body's ad account in words", { body: { ...fields, adAccountId: "mine" } }, bad("adAccountId")],
    ["a body's ad account as a list", { body: { ...fields, adAccountId: [12_345] } }, bad("adAccountId")],
    ["two ad accounts in headers", { headers: { adAccountId: ["12345", "12346"] }, body: fields }, { code: -8 }],
    ["an ad account of nobody", { headers: { adAccountId: "424242" }, body: fields }, moment(21_006)],
    ["an ad account beyond all", { headers: { adAccountId: "9".repeat(19) }, body: fields }, moment(21_006)],
    ["somebody else's ad account", { headers: { adAccountId: "12347" }, body: fields }, moment(9_004)],
    ["no body", {}, bad("amount")],
    ["an empty body", { body: "" }, bad("amount")],
    ["an empty object", { body: {} }, bad("amount")],
    ["a form", { body: "amount=1000&bankCode=88" }, unreadable],
    ["broken JSON", { body: "{" }, unreadable],
    ["a list", { body: `[${written("")}]` }, unreadable],
    ["a text", { body: '"text"' }, unreadable],
    ["null", { body: "null" }, unreadable],
    ["bytes that are not UTF-8", { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }, unreadable],
    ["nested without end", { body: written(`,"memo":${"[".repeat(7_000)}${"]".repeat(7_000)}`) }, unreadable],
    ["NUL in a bank", { body: { ...fields, bankCode: "8\u00008" } }, bad("bankCode")],
    ["NUL in a field of no use", { body: { ...fields, memo: "\u0000" } }, bad("memo")],
    ["half a character", { body: written(',"memo":"\\ud83d"') }, bad("memo")],
  ];

  it.each(cases)("%s", async (_name, sent, error) => {
    for (const method of ["POST", "GET"]) {
      const mine = await advertiser(node);
      const before = await stored();
      const answer = await mine.call(method, path, sent);
      expect([method, answer.status, answer.body]).toMatchObject([method, 400, error]);
      expect(await stored()).toEqual(before);
    }
  });

  it("an ad account that is deleted", async () => {
    const mine = await advertiser(node);
    await operate(node, "PATCH", `/merchants/${demo.merchantId}/ad-accounts/${mine.adAccountId}`, { state: "deleted" });
    const before = await stored();
    expect((await mine.tryTopUp()).body).toMatchObject(moment(21_006));
    expect(await stored()).toEqual(before);
  });

  it("a bank that no channel of the merchant has accounts at", async () => {
    const merchantId = (await operate(node, "POST", "/merchants", { name: "계약 없는 상점" })).merchant.id;
    await node.database.pool.query("DELETE FROM channels WHERE merchant_id = $1", [merchantId]);
    const mine = await advertiser(node, { merchantId, app: await newApp(node, { merchantId }) });
    const before = await stored();
    const { status, body } = await mine.tryTopUp();
    expect([status, body.code]).toEqual([400, -3]);
    expect(await stored()).toEqual(before);
  });
});
