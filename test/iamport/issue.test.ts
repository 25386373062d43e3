/** POST /vbanks: every field, what each PG wants of it, every way to name a bank, and what is refused. */
import { describe, expect, it } from "vitest";
import { encodings, eventually, type Fields } from "../support/client.ts";
import { otherMerchant, useNode, useReceiver } from "../support/scenario.ts";

const node = useNode();
const shop = useReceiver();

/** How much is stored of what issuing makes; the pool of numbers is the bank's affair. */
async function stored(): Promise<unknown> {
  const counts = ["payments", "virtual_accounts", "events", "deliveries", "exchanges"].map(
    (table) => `(SELECT count(*) FROM ${table}) AS ${table}`,
  );
  return (await node.database.pool.query(`SELECT ${counts.join(", ")}`)).rows[0];
}

/** A request that is refused in these words leaves nothing behind, in either encoding. */
async function refused(fields: Fields, status: number, code: number, ...words: string[]): Promise<void> {
  for (const encoding of encodings) {
    const before = await stored();
    const answer = await node.tryIssue(fields, encoding);
    expect([encoding, answer.status, answer.body.code]).toEqual([encoding, status, code]);
    for (const word of words) expect(answer.body.message).toContain(word);
    expect(await stored()).toEqual(before);
  }
}

describe("an account", () => {
  it.each(encodings)("is issued to a %s request with every field", async (encoding) => {
    const order = node.order({
      name: "나룻배 승선권",
      buyer_name: "홍길동",
      buyer_email: "gildong@example.com",
      buyer_tel: "010-1234-5678",
      buyer_addr: "서울시 마포구 나루길 1",
      buyer_postcode: "04001",
      custom_data: '{"seat":7}',
      product_type: "real",
      product_count: 2,
      notice_url: [shop.url],
    });
    const { status, body, headers } = await node.iamport("POST", "/vbanks", order, encoding);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toMatch(/^application\/json/);
    const { vbank_due, notice_url, product_type, product_count, ...echoed } = order;
    expect(body.response).toMatchObject({
      ...echoed,
      vbank_date: vbank_due,
      vbank_name: "신한",
      pay_method: "vbank",
      channel: "api",
      pg_provider: "nice",
      pg_id: "naru00000m",
      status: "ready",
      sandbox: false,
      escrow: false,
      cash_receipt_issued: false,
      cancel_history: [],
      deposit_history: [],
      receipt_url: null,
    });
    expect(body.response.imp_uid).toMatch(/^imp_\d{12}$/);
    expect(body.response.vbank_num).toMatch(/^562\d{11}$/);
    expect(body.response.vbank_issued_at - body.response.started_at).toBeLessThanOrEqual(1);
    expect(await node.payment(body.response.imp_uid)).toEqual(body.response);
  });

  it.each(encodings)("is issued to a %s request with the least", async (encoding) => {
    const issued = await node.issue({}, encoding);
    expect(issued).toMatchObject({
      name: null,
      buyer_name: null,
      buyer_email: null,
      buyer_tel: null,
      buyer_addr: null,
      buyer_postcode: null,
      custom_data: null,
    });
  });

  it("takes fields of the greatest length, counted in characters", async () => {
    const fields = {
      merchant_uid: `${"주".repeat(20)}${process.pid}`.padEnd(40, "문"),
      vbank_holder: "가".repeat(16),
      name: "나".repeat(40),
      buyer_name: "다".repeat(16),
      buyer_email: `${"a".repeat(52)}@example.com`,
      buyer_tel: "0".repeat(16),
      buyer_addr: "라".repeat(128),
      buyer_postcode: "12345678",
    };
    expect(await node.issue(fields)).toMatchObject(fields);
  });

  it.each([
    [{ seat: 7, window: true }, '{"seat":7,"window":true}'],
    [["a", 1], '["a",1]'],
    [7, "7"],
    ["plain text", "plain text"],
    ['{"already":"text"}', '{"already":"text"}'],
  ])("keeps custom_data %j as text", async (custom_data, text) => {
    const issued = await node.issue({ custom_data });
    expect(issued.custom_data).toBe(text);
    expect((await node.payment(issued.imp_uid)).custom_data).toBe(text);
  });

  it("remembers the user agent that asked for it", async () => {
    const headers = { authorization: await node.token(), "user-agent": "shop/1.0 (나루)".replace(/[^ -~]/g, "") };
    const { body } = await node.call("POST", "/vbanks", node.order(), "json", headers);
    expect(body.response.user_agent).toBe("shop/1.0 ()");
  });

  it("has an imp_uid and a number of its own, however many are issued at once", async () => {
    const issued = await Promise.all(Array.from({ length: 50 }, () => node.issue()));
    expect(new Set(issued.map((one) => one.imp_uid)).size).toBe(50);
    expect(new Set(issued.map((one) => one.vbank_num)).size).toBe(50);
    expect(new Set(issued.map((one) => one.pg_tid)).size).toBe(50);
  });

  it("is announced once to an address that its order names twice", async () => {
    const { imp_uid } = await node.issue({ notice_url: [shop.url, shop.url, shop.url.replace("http", "HTTP")] });
    expect((await node.timeline(imp_uid)).payment.noticeUrls).toEqual([shop.url]);
  });

  it("is announced to the notice_url of its order", async () => {
    const { imp_uid, merchant_uid } = await node.issue({ notice_url: shop.url });
    const told = await eventually(async () => shop.received.find((one) => one.body.includes(String(imp_uid))));
    expect(JSON.parse(told.body)).toEqual({ imp_uid, merchant_uid, status: "ready" });
  });

  it("is kept in the timeline without what is personal", async () => {
    const { imp_uid } = await node.issue({ buyer_tel: "010-9999-8888", buyer_addr: "비밀의 집", buyer_name: "김비밀" });
    const { exchanges } = await node.timeline(imp_uid);
    expect(exchanges).toMatchObject([{ method: "POST", path: "/vbanks", status: 200 }]);
    for (const word of ["010-9999-8888", "비밀"]) expect(JSON.stringify(exchanges)).not.toContain(word);
  });
});

describe("an order", () => {
  it("may have several accounts until one of them is paid, and none after", async () => {
    const { merchant_uid } = node.order();
    const [first, second] = [await node.issue({ merchant_uid }), await node.issue({ merchant_uid, amount: 500 })];
    expect(second.vbank_num).not.toBe(first.vbank_num);
    await node.deposit(first.vbank_num);
    await refused({ merchant_uid }, 200, 1, "merchant_uid");
  });

  it("that was paid and cancelled has been paid", async () => {
    const { imp_uid, merchant_uid } = await node.paid();
    expect((await node.cancel({ imp_uid })).body).toMatchObject({ code: 0 });
    await refused({ merchant_uid }, 200, 1, "merchant_uid");
  });

  it("whose account was revoked may have another", async () => {
    const { imp_uid, merchant_uid } = await node.issue();
    await node.iamport("DELETE", `/vbanks/${imp_uid}`);
    expect(await node.issue({ merchant_uid })).toMatchObject({ merchant_uid, status: "ready" });
  });

  it("that another merchant was paid for may have one", async () => {
    const { merchant_uid } = await node.paid();
    const other = await otherMerchant(node);
    expect(await other.issue({ merchant_uid })).toMatchObject({ merchant_uid, status: "ready" });
  });

  it("that was prepared may have one, of another amount too", async () => {
    const { merchant_uid } = node.order();
    await node.iamport("POST", "/payments/prepare", { merchant_uid, amount: 700 });
    expect(await node.issue({ merchant_uid, amount: 700 })).toMatchObject({ amount: 700 });
    expect(await node.issue({ merchant_uid, amount: 800 })).toMatchObject({ amount: 800 });
  });
});

describe("banks", () => {
  /** As the PGs write them: KFTC, two digits, kcp. */
  const codes = "004 023 039 034 003 011 031 032 002 045 007 088 048 081 020 071 037 012 090 089 027 092".split(" ");

  it.each(codes)("%s is named in three digits, in two, and with BK", async (code) => {
    for (const vbank_code of [code, code.slice(1), `BK${code.slice(1)}`, Number(code)]) {
      expect([vbank_code, await node.issue({ vbank_code })]).toMatchObject([vbank_code, { vbank_code: code }]);
    }
    expect(await node.issue({ vbank_code: code.slice(1) }, "form")).toMatchObject({ vbank_code: code });
  });

  it("have their short names", async () => {
    const names = { "004": "국민", "088": "신한", "020": "우리", "011": "농협", "003": "기업", "071": "우체국" };
    for (const [vbank_code, vbank_name] of Object.entries(names)) {
      expect(await node.issue({ vbank_code })).toMatchObject({ vbank_code, vbank_name });
    }
  });

  it.each([
    ["03", "003"],
    ["04", "004"],
    ["07", "007"],
    ["11", "011"],
    ["20", "020"],
    ["23", "023"],
    ["31", "031"],
    ["32", "032"],
    ["34", "034"],
    ["37", "037"],
    ["39", "039"],
    ["53", "027"],
    ["71", "071"],
    ["81", "081"],
    ["88", "088"],
  ])("of the old list of settle, %s is %s", async (vbank_code, code) => {
    expect(await node.issue({ pg: "settle", vbank_code })).toMatchObject({ pg_provider: "settle", vbank_code: code });
  });

  it.each([
    ["04", "004"],
    ["11", "023"],
    ["03", "003"],
    ["08", "011"],
    ["15", "032"],
    ["10", "088"],
    ["12", "081"],
    ["09", "020"],
    ["31", "071"],
  ])("of daou, whose numbers mean others, %s is %s", async (vbank_code, code) => {
    expect(await node.issue({ pg: "daou", vbank_code })).toMatchObject({ pg_provider: "daou", vbank_code: code });
  });

  it.each(["999", "00", "1234", "BK4", "BK999", "KB", "D1", "DZ", "001", "296", "은행"])(
    "that issue no accounts are refused: %s",
    async (vbank_code) => {
      await refused({ vbank_code }, 200, -1, "vbank_code");
    },
  );
});

describe("a channel", () => {
  const mids = {
    nice: "naru00000m",
    nice_v2: "narunicev2m",
    html5_inicis: "naruinicis",
    settle: "narusettle0",
    tosspayments: "narutoss00",
    ksnet: "naruksnet00",
    smartro_v2: "narusmartro",
    welcome: "naruwelcome",
  };

  it.each(Object.entries(mids))("of %s is chosen by pg", async (pg_provider, pg_id) => {
    for (const encoding of encodings) {
      const issued = await node.issue({ pg: pg_provider }, encoding);
      expect(issued).toMatchObject({ pg_provider, pg_id });
      expect(String(issued.pg_tid).startsWith(pg_id)).toBe(true);
    }
  });

  it("is chosen by PG and MID", async () => {
    expect(await node.issue({ pg: "nice.narumixed0m" })).toMatchObject({ pg_provider: "nice", pg_id: "narumixed0m" });
  });

  it.each(["jtnet", "nobody.x", "", "nice.unknown"])("is the default for pg %j", async (pg) => {
    expect(await node.issue({ pg })).toMatchObject({ pg_provider: "nice", pg_id: "naru00000m" });
  });

  it("is chosen by its channel_key, which goes before pg", async () => {
    const { body } = await node.iamport("GET", "/users/pg");
    const settle = body.response.find((one: Fields) => one.pg_provider === "settle");
    const issued = await node.issue({ channel_key: settle.channel_key, pg: "nice" });
    expect(issued).toMatchObject({ pg_provider: "settle", pg_id: "narusettle0" });
  });

  it.each(["", "channel-key-of-nobody", "x".repeat(55)])("is chosen by pg for channel_key %j", async (channel_key) => {
    for (const encoding of encodings) {
      expect(await node.issue({ channel_key, pg: "settle" }, encoding)).toMatchObject({ pg_provider: "settle" });
    }
    expect(await node.issue({ channel_key })).toMatchObject({ pg_provider: "nice", pg_id: "naru00000m" });
  });

  it("of a PG without virtual accounts needs a contract", async () => {
    await refused({ pg: "kakaopay" }, 200, -1, "계약이 필요합니다.");
  });

  it("is nobody's: a merchant without any needs a contract", async () => {
    const bare = await otherMerchant(node);
    await node.database.pool.query(
      "DELETE FROM channels WHERE merchant_id = (SELECT merchant_id FROM credentials WHERE key = $1)",
      [bare.credentials.imp_key],
    );
    const { status, body } = await bare.tryIssue();
    expect([status, body.code]).toEqual([200, -1]);
    expect(body.message).toContain("계약이 필요합니다.");
  });
});

describe("what a PG wants", () => {
  it.each([
    ["html5_inicis", "vbank_holder"],
    ["html5_inicis", "buyer_name"],
    ["html5_inicis", "buyer_email"],
    ["nice", "vbank_holder"],
    ["settle", "vbank_holder"],
    ["tosspayments", "buyer_name"],
    ["ksnet", "buyer_name"],
    ["ksnet", "product_type"],
    ["smartro_v2", "vbank_holder"],
    ["smartro_v2", "buyer_name"],
    ["smartro_v2", "buyer_email"],
    ["smartro_v2", "buyer_tel"],
    ["welcome", "buyer_name"],
  ])("%s: %s", async (pg, field) => {
    await refused({ pg, [field]: undefined }, 400, -1, `${field} 파라메터가 누락되었습니다.`);
  });

  it("ksnet: a product_type that it knows", async () => {
    for (const product_type of ["real", "digital"]) {
      expect(await node.issue({ pg: "ksnet", product_type })).toMatchObject({ pg_provider: "ksnet" });
    }
    await refused({ pg: "ksnet", product_type: "imaginary" }, 400, -1, "product_type");
  });

  it("smartro_v2: a merchant_uid of letters and digits", async () => {
    await refused({ pg: "smartro_v2", merchant_uid: `order-${Date.now()}` }, 200, -1, "merchant_uid");
    await refused({ pg: "smartro_v2", merchant_uid: `주문${Date.now()}` }, 200, -1, "merchant_uid");
  });

  it("inicis: its API key in the address", async () => {
    for (const pg_api_key of [undefined, "", "wrong"]) {
      await refused({ pg: "html5_inicis", pg_api_key }, 200, -1, "hashData");
    }
    const inBody = node.order({
      pg: "html5_inicis",
      buyer_name: "홍길동",
      buyer_email: "gildong@example.com",
      pg_api_key: "naru_sandbox_inicis_api_key",
    });
    expect((await node.iamport("POST", "/vbanks", inBody)).body.message).toContain("hashData");
  });

  it.each(["ksnet", "welcome"])("%s shows the merchant's name and takes no holder", async (pg) => {
    const issued = await node.issue({ pg, vbank_holder: undefined });
    expect(issued.vbank_holder).toBe("Naru Sandbox");
    expect(await node.issue({ pg, vbank_holder: "다른이름" })).toMatchObject({ vbank_holder: "Naru Sandbox" });
  });

  it("tosspayments tells no holder", async () => {
    expect(await node.issue({ pg: "tosspayments", vbank_holder: "다른이름" })).toMatchObject({ vbank_holder: null });
  });

  it("nice_v2 takes a business registration number of ten digits", async () => {
    const fields = { pg: "nice_v2", business_registration_number: "1234567890" };
    expect(await node.issue(fields)).toMatchObject({ pg_provider: "nice_v2" });
    await refused({ ...fields, business_registration_number: "12345678901" }, 200, -1, "business_registration_number");
  });
});

describe("tax", () => {
  it.each(["nice", "nice_v2"])("%s refuses tax_free where all is taxable", async (pg) => {
    await refused({ pg, tax_free: 100 }, 200, -1, "tax_free");
  });

  it("a MID for mixed tax must be told the tax-free part, which may be 0", async () => {
    const pg = "nice.narumixed0m";
    await refused({ pg, tax_free: undefined }, 400, -1, "tax_free 파라메터가 누락되었습니다.");
    for (const tax_free of [0, 4_000, 10_000]) {
      expect(await node.issue({ pg, tax_free })).toMatchObject({ amount: 10_000 });
    }
    expect(await node.issue({ pg, tax_free: 1_000, vat_amount: 818 })).toMatchObject({ amount: 10_000 });
  });

  it.each([
    ["tax_free", { tax_free: 10_001 }],
    ["tax_free", { tax_free: -1 }],
    ["vat_amount", { tax_free: 0, vat_amount: -1 }],
    ["vat_amount", { tax_free: 0, vat_amount: 10_001 }],
  ])("%s is a part of the amount: %j", async (field, fields) => {
    await refused({ pg: "nice.narumixed0m", ...fields }, 200, -1, field);
  });

  it("welcome takes both", async () => {
    const issued = await node.issue({ pg: "welcome", tax_free: 1_000, vat_amount: 818 });
    expect(issued).toMatchObject({ pg_provider: "welcome", amount: 10_000 });
  });

  it("welcome takes a tenth of the amount as vat_amount, and no more", async () => {
    expect(await node.issue({ pg: "welcome", vat_amount: 1_000 })).toMatchObject({ amount: 10_000 });
    expect(await node.issue({ pg: "welcome", amount: 10_009, vat_amount: 1_000 })).toMatchObject({ amount: 10_009 });
    await refused({ pg: "welcome", vat_amount: 1_001 }, 200, -1, "vat_amount");
    await refused({ pg: "welcome", amount: 10_009, vat_amount: 1_001 }, 200, -1, "vat_amount");
    expect(await node.issue({ pg: "nice.narumixed0m", vat_amount: 1_001 })).toMatchObject({ amount: 10_000 });
  });

  it.each(["settle", "ksnet", "tosspayments", "html5_inicis"])("%s passes over them", async (pg) => {
    expect(await node.issue({ pg, tax_free: 1_000, vat_amount: 818 })).toMatchObject({ pg_provider: pg });
  });
});

describe("a fixed account", () => {
  let numbers = 0;
  /** Of a length that no bank of the sandbox lends. */
  const ownNumber = () => {
    numbers += 1;
    return `55580000${String(numbers).padStart(7, "0")}`;
  };

  it.each(["settle", "smartro_v2"])("of %s has the number that the PG gave the merchant", async (pg) => {
    const vbank_num = ownNumber();
    const issued = await node.issue({ pg, vbank_num, vbank_code: "004" });
    expect(issued).toMatchObject({ vbank_num, vbank_code: "004", amount: 10_000 });
    expect((await node.deposit(vbank_num)).body).toMatchObject({ outcome: "matched" });
    expect(await node.payment(issued.imp_uid)).toMatchObject({ status: "paid" });
  });

  it("needs no bank code at settle, and keeps the bank it had", async () => {
    const vbank_num = ownNumber();
    const first = await node.issue({ pg: "settle", vbank_num, vbank_code: "020" });
    await node.deposit(first.vbank_num);
    expect(await node.issue({ pg: "settle", vbank_num, vbank_code: undefined })).toMatchObject({
      vbank_num,
      vbank_code: "020",
    });
    const fresh = { pg: "settle", vbank_num: ownNumber(), vbank_code: undefined };
    expect(await node.issue(fresh, "form")).toMatchObject({ vbank_num: fresh.vbank_num, vbank_code: "011" });
  });

  it.each([
    ["088", "56212345678901"],
    ["088", "562-123-4567890-1"],
    ["004", "12349212345678"],
    ["011", "79012345678901"],
    [undefined, "79012345678901"],
    ["020", "12312345618123"],
    ["092", "170012345678"],
  ])("has no number such as bank %s lends: %s", async (vbank_code, vbank_num) => {
    await refused({ pg: "settle", vbank_code, vbank_num }, 200, -1, "vbank_num");
  });

  it("may have a number such as another bank lends", async () => {
    const vbank_num = "56212345678901";
    expect(await node.issue({ pg: "settle", vbank_code: "004", vbank_num })).toMatchObject({
      vbank_num,
      vbank_code: "004",
    });
  });

  it("at settle may be an escrow payment, of a buyer with an e-mail", async () => {
    const fields = {
      pg: "settle",
      vbank_num: ownNumber(),
      buyer_email: "gildong@example.com",
      escrow_password: "1234",
    };
    for (const field of ["vbank_num", "buyer_email"]) {
      await refused({ ...fields, [field]: undefined }, 400, -1, `${field} 파라메터가 누락되었습니다.`);
    }
    expect(await node.issue(fields)).toMatchObject({ escrow: true, vbank_num: fields.vbank_num });
  });

  it.each(["nice", "nice_v2", "html5_inicis", "tosspayments", "ksnet", "smartro_v2", "welcome", "kcp"])(
    "is no escrow payment at %s",
    async (pg) => {
      await refused({ pg, escrow_password: "1234" }, 200, -1, "escrow_password");
    },
  );

  it("is paid order by order", async () => {
    const vbank_num = ownNumber();
    const first = await node.paid({ pg: "settle", vbank_num });
    const second = await node.paid({ pg: "settle", vbank_num, amount: 700 });
    expect([first, second]).toMatchObject([
      { vbank_num, status: "paid", amount: 10_000 },
      { vbank_num, status: "paid", amount: 700 },
    ]);
  });

  it.each(["nice", "nice_v2", "html5_inicis", "tosspayments", "ksnet", "welcome"])(
    "is not to be had by number at %s",
    async (pg) => {
      await refused({ pg, vbank_num: ownNumber() }, 200, -1, "vbank_num");
    },
  );

  it("of tosspayments has the same number for the same key", async () => {
    const vbank_key = `key${Date.now() % 1e9}`;
    const first = await node.paid({ pg: "tosspayments", vbank_key });
    const again = await node.issue({ pg: "tosspayments", vbank_key }, "form");
    const other = await node.issue({ pg: "tosspayments", vbank_key: `${vbank_key}x` });
    expect(again.vbank_num).toBe(first.vbank_num);
    expect(other.vbank_num).not.toBe(first.vbank_num);
  });

  it("of tosspayments has a key of 13 characters at most", async () => {
    await refused({ pg: "tosspayments", vbank_key: "x".repeat(14) }, 200, -1, "vbank_key");
  });

  it.each(["nice", "settle", "smartro_v2", "welcome"])("is not to be had by key at %s", async (pg) => {
    await refused({ pg, vbank_key: "customer1" }, 200, -1, "vbank_key");
  });
});

describe("an account for any amount", () => {
  const unlimited = { pg: "settle", fixed_unlimited_vbank: true };

  it.each(encodings)("is recorded with 0 and takes every deposit (%s)", async (encoding) => {
    for (const amount of [undefined, 5_000, 0]) {
      const issued = await node.issue({ ...unlimited, amount }, encoding);
      expect(issued).toMatchObject({ amount: 0, status: "ready", deposit_history: [] });
    }
    const { imp_uid, vbank_num } = await node.issue({ ...unlimited, amount: undefined }, encoding);
    await node.deposit(vbank_num, { amount: 3_000, depositorName: "홍길동" });
    await node.deposit(vbank_num, { amount: 4_000, depositorName: "김나루" });
    expect(await node.payment(imp_uid)).toMatchObject({
      amount: 0,
      status: "paid",
      deposit_history: [
        { amount: 3_000, depositor_name: "홍길동" },
        { amount: 4_000, depositor_name: "김나루" },
      ],
    });
  });

  it("announces every deposit", async () => {
    const { imp_uid, vbank_num } = await node.issue({ ...unlimited, notice_url: shop.url });
    for (const amount of [100, 200, 300]) await node.deposit(vbank_num, { amount, depositorName: "홍길동" });
    const told = await eventually(async () => {
      const mine = shop.received.filter((one) => one.body.includes(String(imp_uid)));
      return mine.length === 4 && mine.map((one) => JSON.parse(one.body).status);
    });
    expect(told).toEqual(["ready", "paid", "paid", "paid"]);
  });

  it("shows a depositor who has no name as an empty one", async () => {
    const { imp_uid, vbank_num } = await node.issue(unlimited);
    await node.deposit(vbank_num, { amount: 100 });
    expect((await node.payment(imp_uid)).deposit_history).toMatchObject([{ amount: 100, depositor_name: "" }]);
  });

  it.each([
    ["tax_free", 0],
    ["vat_amount", 100],
    ["escrow_password", "1234"],
  ])("has no %s", async (field, value) => {
    await refused({ ...unlimited, buyer_email: "gildong@example.com", [field]: value }, 200, -1, field);
  });

  it.each(["nice", "smartro_v2", "tosspayments"])("is not to be had at %s", async (pg) => {
    await refused({ pg, fixed_unlimited_vbank: true }, 200, -1, "fixed_unlimited_vbank");
  });
});

describe("custom_data that cannot be kept", () => {
  it.each([
    ["NUL", { seat: "a\u0000b" }],
    ["NUL in a name", { "a\u0000": 1 }],
    ["NUL far inside", { a: [{ b: ["\u0000"] }] }],
    ["NUL in a list", ["\u0000"]],
    ["half a character", { seat: "\ud800" }],
    ["the other half", { a: { b: "\udc00x" } }],
    ["half a character in a name", { "\ud800": 1 }],
  ])("is refused, and nothing is stored: %s", async (_name, custom_data) => {
    const before = await stored();
    const { status, body } = await node.tryIssue({ custom_data });
    expect([status, body]).toEqual([
      400,
      { code: -1, message: expect.stringContaining("custom_data"), response: null },
    ]);
    expect(await stored()).toEqual(before);
  });

  it.each(["[b]", "[]", "[0][c]"])("is refused in a form as well: custom_data%s", async (path) => {
    const before = await stored();
    const body = new URLSearchParams({ ...(node.order() as Record<string, string>), [`custom_data${path}`]: "\u0000" });
    const headers = { authorization: await node.token(), "content-type": "application/x-www-form-urlencoded" };
    const answer = await node.request("POST", "/vbanks", { headers, body });
    expect([answer.status, answer.body]).toEqual([
      400,
      { code: -1, message: expect.stringContaining("custom_data"), response: null },
    ]);
    expect(await stored()).toEqual(before);
  });

  it("is not text that spells NUL or half a character", async () => {
    const custom_data = '{"a":"\\u0000\\ud800"}';
    expect(await node.issue({ custom_data })).toMatchObject({ custom_data });
  });
});

describe("a request that is refused", () => {
  it.each(["merchant_uid", "amount", "vbank_code", "vbank_due", "vbank_holder"])("lacks %s", async (field) => {
    for (const value of [undefined, null, ""]) {
      await refused({ [field]: value }, 400, -1, `${field} 파라메터가 누락되었습니다.`);
    }
  });

  it.each([
    ["amount", "ten"],
    ["amount", 10.5],
    ["amount", "1e4"],
    ["amount", "0x10"],
    ["vbank_due", "tomorrow"],
    ["vbank_due", "2030-01-01 00:00:00"],
    ["notice_url", "shop.example"],
    ["notice_url", ["http://shop.example/", "ftp://shop.example/"]],
    ["notice_url", "https://user:secret@shop.example/"],
    ["notice_url", "https://user@shop.example/"],
    ["notice_url", `https://shop.example/${"나".repeat(1_000)}`],
    ["notice_url", "http://"],
    ["notice_url", "http://shop.example:99999/"],
    ["name", "a\u0000b"],
    ["custom_data", "a\u0000b"],
    ["fixed_unlimited_vbank", "perhaps"],
    ["product_count", "many"],
  ])("has a wrong %s: %j", async (field, value) => {
    await refused({ [field]: value }, 400, -1, field);
  });

  it.each([
    ["amount", 0],
    ["amount", -5],
    ["amount", 1e15],
    ["vbank_due", 1_600_000_000],
    ["vbank_due", 9_999_999_999],
    ["merchant_uid", "x".repeat(41)],
    ["vbank_holder", "가".repeat(17)],
    ["name", "가".repeat(41)],
    ["buyer_name", "가".repeat(17)],
    ["buyer_email", `${"a".repeat(53)}@example.com`],
    ["buyer_tel", "0".repeat(17)],
    ["buyer_addr", "가".repeat(129)],
    ["buyer_postcode", "123456789"],
  ])("goes beyond what %s may be: %j", async (field, value) => {
    await refused({ [field]: value }, 200, -1, field);
  });
});
