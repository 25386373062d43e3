/** I'mport over real HTTP: issue, deposit, read back, be told. */
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { enveloped, Payment } from "../src/dialects/iamport/schemas.ts";
import { eventually, type IamportAnswer } from "./support/client.ts";
import { startTestNode, type TestNode } from "./support/node.ts";
import { type Receiver, startReceiver } from "./support/receiver.ts";

/** The response model of the seed documents, field for field. */
const seedModel = [
  "imp_uid merchant_uid pay_method channel pg_provider emb_pg_provider pg_tid pg_id escrow apply_num bank_code bank_name",
  "card_code card_name card_quota card_number card_type vbank_code vbank_name vbank_num vbank_holder vbank_date",
  "vbank_issued_at name amount cancel_amount currency buyer_name buyer_email buyer_tel buyer_addr buyer_postcode",
  "custom_data user_agent status started_at paid_at failed_at cancelled_at fail_reason cancel_reason receipt_url",
  "cancel_history cancel_receipt_urls cash_receipt_issued customer_uid customer_uid_usage",
].flatMap((line) => line.split(" "));

const times = ["vbank_date", "vbank_issued_at", "started_at", "paid_at", "failed_at", "cancelled_at"];
const isPayment = new Ajv({ strict: false }).compile(enveloped(Payment));

let node: TestNode;
let shop: Receiver;

beforeAll(async () => {
  node = await startTestNode();
  shop = await startReceiver();
});
afterAll(async () => {
  await node.expectClean();
  await node.stop();
  await shop.close();
});

describe("getToken", () => {
  it("gives 40 hex digits for half an hour, and the same token again", async () => {
    const credentials = { imp_key: "naru_sandbox_key", imp_secret: "naru_sandbox_secret" };
    const first = await node.post<IamportAnswer>("/users/getToken", credentials);
    const again = await node.form<IamportAnswer>("/users/getToken", credentials);
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ code: 0, message: null });
    const token = first.body.response as { access_token: string; now: number; expired_at: number };
    expect(token.access_token).toMatch(/^[0-9a-f]{40}$/);
    expect(token.expired_at - token.now).toBeGreaterThan(1790);
    expect(token.expired_at - token.now).toBeLessThanOrEqual(1800);
    expect(again.body.response).toMatchObject({ access_token: token.access_token, expired_at: token.expired_at });
  });

  it.each([
    [{}, 400, "imp_key, imp_secret 파라메터가 누락되었습니다."],
    [{ imp_key: "naru_sandbox_key", imp_secret: null }, 400, "imp_key, imp_secret 파라메터가 누락되었습니다."],
    [{ imp_key: "naru_sandbox_key", imp_secret: "no" }, 401, "인증에 실패하였습니다. API키와 secret을 확인하세요."],
    [{ imp_key: "nobody", imp_secret: "no" }, 401, "인증에 실패하였습니다. API키와 secret을 확인하세요."],
  ])("refuses %j with %i", async (credentials, status, message) => {
    const answer = await node.post<IamportAnswer>("/users/getToken", credentials);
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({ code: -1, message, response: null });
  });
});

describe("who is calling", () => {
  it.each(["raw", "bearer", "header", "query"])("takes the token as %s", async (form) => {
    const { imp_uid } = await node.issue();
    const token = await node.token();
    const headers: Record<string, Record<string, string>> = {
      raw: { authorization: token },
      bearer: { authorization: `bearer ${token}` },
      header: { "x-imptokenheader": token },
      query: {},
    };
    const path = `/payments/${imp_uid}${form === "query" ? `?_token=${token}` : ""}`;
    expect((await node.get<IamportAnswer>(path, headers[form])).body.response).toMatchObject({ imp_uid });
  });

  it.each([{}, { authorization: "0".repeat(40) }])("refuses %j with 401", async (headers) => {
    const answer = await node.post<IamportAnswer>("/vbanks", node.order(), headers as Record<string, string>);
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual({ code: -1, message: "Unauthorized", response: null });
  });
});

describe("issuing", () => {
  const wanted = {
    name: "나룻배 승선권",
    buyer_name: "홍길동",
    buyer_email: "gildong@example.com",
    buyer_tel: "010-1234-5678",
    buyer_addr: "서울시",
    buyer_postcode: "03048",
    custom_data: { seat: 7 },
  };

  it.each(["json", "form"])("answers every field of the response model to a %s request", async (encoding) => {
    const order = node.order({ ...wanted, custom_data: encoding === "json" ? wanted.custom_data : '{"seat":7}' });
    const headers = { authorization: await node.token() };
    const answer =
      encoding === "json"
        ? await node.post<IamportAnswer>("/vbanks", order, headers)
        : await node.form<IamportAnswer>(
            "/vbanks",
            Object.fromEntries(Object.entries(order).map(([key, value]) => [key, String(value)])),
            headers,
          );
    expect(answer.status).toBe(200);
    expect(isPayment(answer.body), JSON.stringify(isPayment.errors)).toBe(true);
    const payment = answer.body.response!;
    expect(Object.keys(payment)).toEqual(expect.arrayContaining(seedModel));
    for (const time of times) expect(Number.isInteger(payment[time]), time).toBe(true);
    expect(payment).toMatchObject({
      merchant_uid: order.merchant_uid,
      pay_method: "vbank",
      status: "ready",
      amount: 10_000,
      vbank_code: "088",
      vbank_name: "신한",
      vbank_holder: "나루상점",
      vbank_date: order.vbank_due,
      paid_at: 0,
      failed_at: 0,
      cancelled_at: 0,
      name: "나룻배 승선권",
      buyer_name: "홍길동",
      custom_data: '{"seat":7}',
    });
    expect(payment.imp_uid).toMatch(/^imp_\d{12}$/);
    expect(payment.vbank_num).toMatch(/^\d{14}$/);
    expect(Number(payment.vbank_issued_at)).toBeGreaterThan(0);
  });

  it.each(["88", "BK88", "088", 88])("takes the bank code %s and shows three digits", async (vbank_code) => {
    expect(await node.issue({ vbank_code })).toMatchObject({ vbank_code: "088" });
  });

  it("issues several accounts for one order until one of them is paid", async () => {
    const merchant_uid = String(node.order().merchant_uid);
    const first = await node.issue({ merchant_uid });
    const second = await node.issue({ merchant_uid });
    expect(second.vbank_num).not.toBe(first.vbank_num);
    await node.deposit(first.vbank_num);
    const third = await node.tryIssue({ merchant_uid });
    expect(third.status).toBe(200);
    expect(third.body).toMatchObject({ code: 1, response: null });
    expect(third.body.message).toContain("merchant_uid");
  });

  it.each([
    ["merchant_uid", { merchant_uid: undefined }, 400],
    ["amount", { amount: undefined }, 400],
    ["vbank_code", { vbank_code: "" }, 400],
    ["vbank_due", { vbank_due: undefined }, 400],
    ["vbank_holder", { vbank_holder: undefined }, 400],
    ["amount", { amount: "ten" }, 400],
    ["amount", { amount: 10.5 }, 400],
    ["vbank_due", { vbank_due: "tomorrow" }, 400],
    ["notice_url", { notice_url: "shop.example" }, 400],
    ["name", { name: "a\u0000b" }, 400],
    ["amount", { amount: 0 }, 200],
    ["amount", { amount: -5 }, 200],
    ["amount", { amount: 1e15 }, 200],
    ["vbank_due", { vbank_due: 1_600_000_000 }, 200],
    ["vbank_due", { vbank_due: 9_999_999_999 }, 200],
    ["vbank_code", { vbank_code: "999" }, 200],
    ["merchant_uid", { merchant_uid: "x".repeat(41) }, 200],
    ["vbank_holder", { vbank_holder: "가".repeat(17) }, 200],
  ])("names %s when it is wrong: %j", async (field, fields, status) => {
    const before = await count();
    const answer = await node.tryIssue(fields);
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe(-1);
    expect(answer.body.response).toBeNull();
    expect(answer.body.message).toContain(field);
    expect(await count()).toBe(before);
  });

  async function count(): Promise<number> {
    return (await node.database.pool.query("SELECT count(*) AS n FROM payments")).rows[0].n;
  }

  it("answers in its envelope whatever comes", async () => {
    const headers = { authorization: await node.token(), "content-type": "application/json" };
    const cases: [string, string, RequestInit, number][] = [
      ["POST", "/vbanks", { headers, body: "{" }, 400],
      ["POST", "/vbanks", { headers, body: Buffer.from([0xff, 0xfe, 0x7b]) }, 400],
      ["POST", "/vbanks", { headers, body: "[]" }, 400],
      ["POST", "/vbanks", { headers, body: `"${"x".repeat(2_000_000)}"` }, 413],
      ["GET", "/payments/%ff", { headers }, 400],
      ["GET", "/payments/nothing/here/at/all", { headers }, 404],
      ["DELETE", "/users/getToken", {}, 404],
      ["GET", `/payments/${"x".repeat(500)}`, { headers }, 414],
    ];
    for (const [method, path, init, status] of cases) {
      const answer = await node.request<IamportAnswer>(method, path, init);
      expect([path.slice(0, 40), answer.status]).toEqual([path.slice(0, 40), status]);
      expect(answer.body).toMatchObject({ code: -1, message: expect.any(String), response: null });
    }
  });

  it("answers in one piece with its length", async () => {
    const answer = await node.post("/users/getToken", {
      imp_key: "naru_sandbox_key",
      imp_secret: "naru_sandbox_secret",
    });
    expect(Number(answer.headers.get("content-length"))).toBeGreaterThan(0);
  });
});

describe("reading a payment", () => {
  it("does not know what is not there", async () => {
    const answer = await node.get<IamportAnswer>("/payments/imp_000000000000/", { authorization: await node.token() });
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({ code: -1, message: "존재하지 않는 결제정보입니다.", response: null });
  });
});

describe("a deposit", () => {
  it("makes the payment paid, tells the shop, and leaves the whole story behind", async () => {
    const payment = await node.issue({ notice_url: shop.url, buyer_tel: "010-9999-8888" });
    const deposited = await node.deposit(payment.vbank_num, { depositorName: "홍길동" });
    expect(deposited.body).toMatchObject({ outcome: "matched", duplicate: false, amount: 10_000 });
    expect(await node.payment(payment.imp_uid)).toMatchObject({ status: "paid", paid_at: expect.any(Number) });
    expect(Number((await node.payment(payment.imp_uid)).paid_at)).toBeGreaterThan(0);

    const mine = () => shop.received.filter((one) => one.body.includes(String(payment.imp_uid)));
    await eventually(async () => mine().length === 2);
    expect(mine().map((one) => JSON.parse(one.body))).toEqual([
      { imp_uid: payment.imp_uid, merchant_uid: payment.merchant_uid, status: "ready" },
      { imp_uid: payment.imp_uid, merchant_uid: payment.merchant_uid, status: "paid" },
    ]);
    expect(mine()[1]!.headers["content-type"]).toContain("application/json");

    const timeline = await eventually(async () => {
      const found = await node.timeline(payment.imp_uid);
      return found.deliveries.every((delivery: { state: string }) => delivery.state === "delivered") && found;
    });
    expect(timeline.exchanges).toHaveLength(1);
    expect(timeline.exchanges[0]).toMatchObject({ method: "POST", path: "/vbanks", status: 200 });
    expect(JSON.stringify(timeline.exchanges)).not.toContain("010-9999-8888");
    expect(timeline.notices).toMatchObject([{ kind: "credit", state: "matched", amount: 10_000 }]);
    expect(timeline.transfers).toMatchObject([{ debitAccount: "bank:sandbox", amount: 10_000, code: "deposit" }]);
    expect(timeline.events.map((event: { type: string }) => event.type)).toEqual([
      "payment.ready",
      "deposit.matched",
      "payment.paid",
    ]);
    expect(timeline.deliveries.map((one: { attemptLog: object[] }) => one.attemptLog)).toMatchObject([
      [{ attempt: 1, status: 200, answer: "OK" }],
      [{ attempt: 1, status: 200, answer: "OK" }],
    ]);

    const balance = await node.get<{ currencies: { difference: number }[] }>("/naru/v1/ledger/trial-balance");
    expect(balance.body.currencies).toMatchObject([{ currency: "KRW", difference: 0 }]);
  });

  it("can be made with the command line's own words: name, amount, bank", async () => {
    const payment = await node.issue({ vbank_code: "004" });
    const answer = await node.deposit(payment.vbank_num, { amount: 10_000, bankCode: "004", depositorName: "김나루" });
    expect(answer.body).toMatchObject({ outcome: "matched", bankCode: "004", depositorName: "김나루" });
  });
});
