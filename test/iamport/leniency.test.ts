/** What clients of the live API send and none should: each as its bytes were, where `fetch` would put them right. */
import { describe, expect, it } from "vitest";
import type { Fields, IamportAnswer } from "../support/client.ts";
import { type RawRequest, raw } from "../support/raw.ts";
import { useNode } from "../support/scenario.ts";
import { holdToContract } from "./contract.ts";

const node = useNode();
const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };

/** A request with the token as it is written, its answer held against the contract. */
async function send(request: RawRequest): Promise<{ status: number; body: IamportAnswer }> {
  const headers = { authorization: await node.token(), ...request.headers };
  const { status, text } = await raw(node.url, { ...request, headers });
  const answer = { status, body: JSON.parse(text) as IamportAnswer };
  holdToContract(request.method, request.path, answer);
  return answer;
}

const credentials = "imp_key=naru_sandbox_key&imp_secret=naru_sandbox_secret";

describe("a token request", () => {
  const multipart = (boundary: string) =>
    ["imp_key", "imp_secret"]
      .map((name) => {
        const value = new URLSearchParams(credentials).get(name);
        return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
      })
      .join("")
      .concat(`--${boundary}--\r\n`);

  const bodies: [string, Record<string, string>, string][] = [
    ["in JSON", json, JSON.stringify(Object.fromEntries(new URLSearchParams(credentials)))],
    [
      "in JSON with a charset",
      { "content-type": "application/json; charset=UTF-8" },
      JSON.stringify(Object.fromEntries(new URLSearchParams(credentials))),
    ],
    ["as a form", form, credentials],
    ["as a form with a charset", { "content-type": `${form["content-type"]};charset=utf-8` }, credentials],
    ["as a form that is not encoded and has spaces before its keys", form, credentials.replace("&", "& ")],
    [
      "as multipart",
      { "content-type": "multipart/form-data; boundary=--------------------------573" },
      multipart("--------------------------573"),
    ],
    [
      "as multipart with a quoted boundary",
      { "content-type": 'multipart/form-data; boundary="a b"' },
      multipart("a b"),
    ],
    ["of an empty type, as a form", { "content-type": "" }, credentials],
    [
      "of an empty type, in JSON",
      { "content-type": "" },
      JSON.stringify(Object.fromEntries(new URLSearchParams(credentials))),
    ],
    ["of no type, as a form", {}, credentials],
    ["of no type, in JSON", {}, JSON.stringify(Object.fromEntries(new URLSearchParams(credentials)))],
  ];
  it.each(bodies)("is read %s", async (_name, headers, body) => {
    const { text, status } = await raw(node.url, { method: "POST", path: "/users/getToken", headers, body });
    holdToContract("POST", "/users/getToken", { status, body: JSON.parse(text) });
    expect(JSON.parse(text).response.access_token).toBe(await node.token());
  });

  it("is answered in one piece that says how long it is", async () => {
    const answer = await raw(node.url, { method: "POST", path: "/users/getToken", headers: form, body: credentials });
    expect(answer.chunks).toHaveLength(1);
    expect(answer.headers["content-length"]).toBe(String(Buffer.byteLength(answer.text)));
    expect(answer.headers["transfer-encoding"]).toBeUndefined();
    expect(answer.headers["content-type"]).toMatch(/^application\/json/);
  });
});

describe("a slash at the end", () => {
  it("changes nothing when reading", async () => {
    const { imp_uid, merchant_uid } = await node.issue();
    const paths = [
      `/payments/${imp_uid}/`,
      `/payments/find/${merchant_uid}/`,
      `/payments/find/${merchant_uid}/ready/`,
      `/payments/?imp_uid[]=${imp_uid}`,
    ];
    for (const path of paths) {
      const { body } = await node.iamport("GET", path);
      expect([path, [body.response].flat()]).toMatchObject([path, [{ imp_uid }]]);
    }
    for (const path of [`/payments/findAll/${merchant_uid}/`, `/payments/findAll/${merchant_uid}/ready/`]) {
      const { body } = await node.iamport("GET", path);
      expect([path, body.response.list]).toMatchObject([path, [{ imp_uid }]]);
    }
    expect((await node.iamport("GET", "/payments/status/all/")).body.response.total).toBeGreaterThan(0);
    expect((await node.iamport("GET", "/banks/")).body.response.length).toBeGreaterThan(0);
  });

  it("changes nothing when writing", async () => {
    const issued = await node.iamport("POST", "/vbanks/", node.order());
    expect(issued.body.response).toMatchObject({ status: "ready" });
    const { imp_uid } = await node.paid();
    const cancelled = await node.iamport("POST", "/payments/cancel/", {
      imp_uid,
      refund_holder: "홍길동",
      refund_bank: "088",
      refund_account: "110987654321",
    });
    expect(cancelled.body.response).toMatchObject({ imp_uid, status: "cancelled" });
    const order = { merchant_uid: node.order().merchant_uid, amount: 100 };
    expect((await node.iamport("POST", "/payments/prepare/", order)).body.response).toMatchObject(order);
    const revoked = await node.issue();
    const answer = await node.iamport("DELETE", `/vbanks/${revoked.imp_uid}/`);
    expect(answer.body.response).toMatchObject({ status: "failed" });
  });
});

describe("a status that a client did not fill in", () => {
  it.each(["undefined", "null", ""])("as %j means any", async (status) => {
    const { imp_uid, merchant_uid } = await node.issue();
    const found = await node.iamport("GET", `/payments/find/${merchant_uid}/${status}`);
    expect(found.body.response).toMatchObject({ imp_uid });
    const all = await node.iamport("GET", `/payments/findAll/${merchant_uid}/${status}`);
    expect(all.body.response).toMatchObject({ total: 1, list: [{ imp_uid }] });
  });
});

describe("bodies where none belongs", () => {
  it.each([
    ["a GET that names JSON and has none", { method: "GET", headers: json }],
    ["a GET that names a form and has none", { method: "GET", headers: form }],
    ["a GET that names JSON and its length of 0", { method: "GET", headers: { ...json, "content-length": "0" } }],
    ["a GET with a form", { method: "GET", headers: form, body: "a=1&b=2" }],
    ["a GET with JSON", { method: "GET", headers: json, body: '{"a":1}' }],
    ["a POST instead of a GET", { method: "POST", headers: json, body: "{}" }],
    ["a POST of a form instead of a GET", { method: "POST", headers: form, body: "" }],
    ["a POST of nothing instead of a GET", { method: "POST", headers: { "content-length": "0" } }],
  ])("do not keep %s from reading a payment", async (_name, request) => {
    const { imp_uid } = await node.issue();
    const { status, body } = await send({ ...request, path: `/payments/${imp_uid}` });
    expect([status, body.response]).toMatchObject([200, { imp_uid, status: "ready" }]);
  });

  it.each([
    ["POST", { "content-type": "" }],
    ["GET", { "content-type": "" }],
    ["GET", { "content-type": " ", "content-length": "0" }],
  ])("of an empty type do not keep %s from reading a payment: %j", async (method, headers) => {
    const { imp_uid } = await node.issue();
    const { body } = await send({ method, path: `/payments/${imp_uid}`, headers });
    expect(body.response).toMatchObject({ imp_uid });
  });

  it.each(["--b--\r\n", "--b--", "\r\n--b--\r\n", ""])("in multipart of no part have no fields: %j", async (body) => {
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    const { imp_uid } = await node.issue();
    const revoked = await send({ method: "DELETE", path: `/vbanks/${imp_uid}`, headers, body });
    expect([revoked.status, revoked.body.response]).toMatchObject([200, { imp_uid, status: "failed" }]);
    const nameless = await send({ method: "POST", path: "/vbanks", headers, body });
    expect([nameless.status, nameless.body.message]).toEqual([400, expect.stringContaining("누락")]);
    const nobody = await send({ method: "POST", path: "/users/getToken", headers, body });
    expect([nobody.status, nobody.body.message]).toEqual([400, "imp_key, imp_secret 파라메터가 누락되었습니다."]);
  });

  it("of a GET hold its parameters, as HTTParty sends them", async () => {
    const { merchant_uid } = await node.issue();
    await node.issue({ merchant_uid });
    for (const [headers, body] of [
      [form, "limit=1"],
      [json, '{"limit":1}'],
    ] as const) {
      const { body: answer } = await send({ method: "GET", path: `/payments/findAll/${merchant_uid}`, headers, body });
      expect(answer.response).toMatchObject({ total: 2, next: 2, list: [{ merchant_uid }] });
    }
  });

  it.each([
    ["of length 0", { headers: { "content-length": "0" } }],
    ["of length 0 that names JSON", { headers: { ...json, "content-length": "0" } }],
    ["of length 0 that names a form", { headers: { ...form, "content-length": "0" } }],
    ["without one that names JSON", { headers: json }],
    ["in JSON", { headers: json, body: '{"reason":"품절"}' }],
    ["as a form", { headers: form, body: "reason=no" }],
  ])("of a DELETE do no harm: %s", async (_name, request) => {
    const { imp_uid } = await node.issue();
    const { status, body } = await send({ method: "DELETE", path: `/vbanks/${imp_uid}`, ...request });
    expect([status, body.response]).toMatchObject([200, { imp_uid, status: "failed" }]);
  });
});

describe("types", () => {
  it("of numbers may be text in JSON", async () => {
    const order = node.order({ amount: "12000", vbank_due: String(node.now() + 3_600), product_count: "2" });
    const { body } = await node.iamport("POST", "/vbanks", order);
    expect(body.response).toMatchObject({ amount: 12_000, vbank_date: Number(order.vbank_due) });
  });

  it("of text may be numbers in JSON", async () => {
    const merchant_uid = Number(`${Date.now()}${Math.floor(Math.random() * 1000)}`);
    const fields = { merchant_uid, vbank_code: 88, buyer_tel: 1012345678, buyer_postcode: 3048, name: 7 };
    expect(await node.issue(fields)).toMatchObject({
      merchant_uid: String(merchant_uid),
      vbank_code: "088",
      buyer_tel: "1012345678",
      buyer_postcode: "3048",
      name: "7",
    });
  });

  it("of a refund's bank and account may be numbers", async () => {
    const { imp_uid } = await node.paid();
    const { body } = await node.cancel({ imp_uid, refund_bank: 89, refund_account: 110987654321, amount: "10000" });
    expect(body.response).toMatchObject({ status: "cancelled" });
  });

  it.each([true, "true", "1", 1])("of flags may be %j", async (fixed_unlimited_vbank) => {
    const issued = await node.issue({ pg: "settle", amount: 5_000, fixed_unlimited_vbank });
    expect(issued).toMatchObject({ amount: 0, status: "ready" });
  });

  it.each([false, "false", "0", 0, null, ""])("of flags may be %j for no", async (fixed_unlimited_vbank) => {
    const issued = await node.issue({ pg: "settle", amount: 5_000, fixed_unlimited_vbank });
    expect(issued).toMatchObject({ amount: 5_000 });
  });
});

describe("a form", () => {
  const encoded = (fields: Fields) =>
    Object.entries(fields)
      .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`)
      .join("&");

  async function issue(body: string): Promise<Fields> {
    const answer = await send({ method: "POST", path: "/vbanks", headers: form, body });
    expect(answer.body).toMatchObject({ code: 0 });
    return answer.body.response;
  }

  it("may be written without encoding, a space before each key", async () => {
    const { vbank_due, ...order } = node.order({ vbank_holder: "Naru Shop", name: "a ticket" });
    const body = Object.entries({ ...order, vbank_due })
      .map((pair) => pair.join("="))
      .join("& ");
    expect(await issue(body)).toMatchObject({ ...order, vbank_date: vbank_due });
  });

  it("may have + or %20 for a space, and Korean text", async () => {
    const order = encoded(node.order({ vbank_holder: "나루 상점" }));
    expect(await issue(`${order}&name=a+ticket`)).toMatchObject({ vbank_holder: "나루 상점", name: "a ticket" });
    const another = encoded(node.order());
    expect(await issue(`${another}&name=a%20ticket`)).toMatchObject({ name: "a ticket" });
  });

  it.each([
    ["notice_url=ONE", 1],
    ["notice_url[]=ONE", 1],
    ["notice_url[]=ONE&notice_url[]=TWO", 2],
    ["notice_url%5B%5D=ONE&notice_url%5B%5D=TWO", 2],
    ["notice_url[0]=ONE&notice_url[1]=TWO", 2],
    ["notice_url%5B0%5D=ONE&notice_url%5B1%5D=TWO", 2],
    ["notice_url=ONE&notice_url=TWO", 2],
    ["notice_url[]=ONE&notice_url[]=", 1],
  ])("may write a list as %s", async (list, length) => {
    const urls = ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"];
    const written = list.replace("ONE", encodeURIComponent(urls[0]!)).replace("TWO", encodeURIComponent(urls[1]!));
    const issued = await issue(`${encoded(node.order())}&${written}`);
    const { deliveries }: { deliveries: { url: string }[] } = await node.timeline(issued.imp_uid);
    expect(deliveries.map((one) => one.url).sort()).toEqual(urls.slice(0, length));
  });

  it.each([
    ["custom_data[a][b]=1&custom_data[d][]=3", { a: { b: "1" }, d: ["3"] }],
    [
      "custom_data%5Ba%5D%5Bb%5D=1&custom_data%5Bd%5D%5B%5D=3&custom_data%5Bd%5D%5B%5D=4",
      { a: { b: "1" }, d: ["3", "4"] },
    ],
    [
      "custom_data[seats][0][no]=7&custom_data[seats][0][row]=A&custom_data[seats][1][no]=8",
      { seats: [{ no: "7", row: "A" }, { no: "8" }] },
    ],
    ["custom_data[]=a&custom_data[]=b", ["a", "b"]],
    ["custom_data[가]=나", { 가: "나" }],
  ])("may nest fields: %s", async (nested, custom_data) => {
    const issued = await issue(`${encoded(node.order())}&${nested}`);
    expect(JSON.parse(String(issued.custom_data))).toEqual(custom_data);
    expect((await node.payment(issued.imp_uid)).custom_data).toBe(issued.custom_data);
  });

  it("may name a field that is empty, which is as if it were not named", async () => {
    expect(await issue(`${encoded(node.order())}&buyer_name=&name=`)).toMatchObject({ buyer_name: null, name: null });
  });

  it("may have extra[requester] in a cancellation", async () => {
    const { imp_uid } = await node.paid();
    const extra = { requester: "customer" };
    expect((await node.cancel({ imp_uid, extra }, "form")).body.response).toMatchObject({ status: "cancelled" });
  });
});

describe("ids of many payments", () => {
  it.each([
    ["imp_uid[]=ONE&imp_uid[]=TWO"],
    ["imp_uid%5B%5D=ONE&imp_uid%5B%5D=TWO"],
    ["imp_uid[0]=ONE&imp_uid[1]=TWO"],
    ["imp_uid%5B0%5D=ONE&imp_uid%5B1%5D=TWO"],
    ["imp_uid=ONE&imp_uid=TWO"],
    ["imp_uid[]=ONE&merchant_uid[]=ORDER"],
    ["imp_uid[]=ONE&merchant_uid[0]=ORDER"],
    ["merchant_uid=ORDER&imp_uid=ONE"],
    ["imp_uid[]=ONE&imp_uid[]=TWO&imp_uid[]=ONE"],
  ])("may be written as %s", async (query) => {
    const [one, other] = [await node.issue(), await node.issue()];
    const written = query
      .replaceAll("ONE", String(one.imp_uid))
      .replaceAll("TWO", String(other.imp_uid))
      .replaceAll("ORDER", String(other.merchant_uid));
    const { status, body } = await send({ method: "GET", path: `/payments?${written}` });
    expect(status).toBe(200);
    expect(body.response.map((found: Fields) => found.imp_uid).sort()).toEqual([one.imp_uid, other.imp_uid].sort());
  });
});

describe("a long address", () => {
  it("of a hundred orders in Korean is read, with headers of 48 kB in all", async () => {
    const orders = Array.from({ length: 100 }, (_, index) => `${"주".repeat(37)}${index}`);
    const issued = await Promise.all(orders.slice(0, 3).map((merchant_uid) => node.issue({ merchant_uid })));
    const path = `/payments?${orders.map((one) => `merchant_uid%5B%5D=${encodeURIComponent(one)}`).join("&")}`;
    const filler = "x".repeat(48_000 - path.length - 300);
    expect(filler.length).toBeGreaterThan(0);
    for (const headers of [json, { "x-filler": filler }]) {
      const { status, body } = await send({ method: "GET", path, headers });
      expect(status).toBe(207);
      expect(body.response.map((one: Fields) => one.imp_uid).sort()).toEqual(issued.map((one) => one.imp_uid).sort());
    }
  });
});

describe("fields that nobody knows", () => {
  it.each(["json", "form"] as const)("are passed over in %s", async (encoding) => {
    const issued = await node.issue({ digital: true, m_redirect_url: "http://shop.example", language: "ko" }, encoding);
    expect(issued).toMatchObject({ status: "ready" });
    expect((await node.iamport("GET", `/payments/${issued.imp_uid}?include_sandbox=false&x=1`)).status).toBe(200);
  });
});
