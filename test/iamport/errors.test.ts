/** Whatever comes, it is answered in the envelope. */
import { describe, expect, it } from "vitest";
import { encodings, type Fields, type IamportAnswer } from "../support/client.ts";
import { type RawRequest, raw, speak } from "../support/raw.ts";
import { useNode } from "../support/scenario.ts";
import { endpoints, holdToContract, unbuilt } from "./contract.ts";

const node = useNode();
const json = { "content-type": "application/json" };
const form = { "content-type": "application/x-www-form-urlencoded" };

async function send(request: RawRequest): Promise<{ status: number; body: IamportAnswer }> {
  const headers = { authorization: await node.token(), ...request.headers };
  const { status, headers: answered, text } = await raw(node.url, { ...request, headers });
  expect(answered["content-type"]).toMatch(/^application\/json/);
  const answer = { status, body: JSON.parse(text) as IamportAnswer };
  holdToContract(request.method, request.path, answer);
  expect(answer.body).toEqual({ code: -1, message: expect.any(String), response: null });
  return answer;
}

const sample = (path: string) =>
  path
    .replace(":imp_uid", "imp_000000000000")
    .replace(":merchant_uid", "order-1")
    .replace(":code", "000")
    .replace(":status", "paid");
const written = endpoints.filter(({ method, statuses }) => method !== "GET" && !statuses.includes(405));

describe("a path that is not there", () => {
  it.each([
    ["GET", "/payments/nothing/here/at/all"],
    ["GET", "/vbanks"],
    ["GET", "/vbanks/imp_000000000000"],
    ["GET", "/users/getToken"],
    ["GET", "/users"],
    ["GET", "/banks/088/names"],
    ["PUT", "/receipts"],
    ["GET", "/nope"],
    ["GET", "/codes/banks"],
    ["POST", "/kakao"],
    ["GET", "/payments/cancel/imp_000000000000"],
    ["POST", "/payments"],
    ["POST", "/users/pg"],
    ["POST", "/banks"],
    ["POST", "/vbanks/holder"],
    ["POST", "/vbanks/imp_000000000000"],
    ["PUT", "/payments/imp_000000000000"],
    ["PUT", "/users/getToken"],
    ["PUT", "/receipts/imp_000000000000"],
    ["DELETE", "/users/getToken"],
    ["DELETE", "/payments/imp_000000000000"],
    ["DELETE", "/payments/prepare/order-1"],
    ["PATCH", "/vbanks/imp_000000000000"],
    ["PATCH", "/payments/cancel"],
    ["OPTIONS", "/vbanks"],
  ])("%s %s", async (method, path) => {
    expect((await send({ method, path })).status).toBe(404);
    expect((await send({ method, path, headers: json, body: "{}" })).status).toBe(404);
  });
});

describe("a part of the API that is not here", () => {
  const paths = [...unbuilt, "payments/imp_000000000000/naver"].flatMap((family) => [
    `/${family}`,
    `/${family}/a`,
    `/${family}/a/b/c?d=e`,
  ]);

  it.each(paths)("%s", async (path) => {
    for (const method of ["GET", "POST", "PUT", "DELETE"]) {
      const body = method === "GET" ? {} : { headers: json, body: "{}" };
      expect([method, (await send({ method, path, ...body })).status]).toEqual([method, 501]);
      const stranger = await send({ method, path, headers: { ...body.headers, authorization: "" } });
      expect([method, stranger.status, stranger.body.message]).toEqual([method, 401, "Unauthorized"]);
    }
  });
});

describe.each(written.map(({ method, path }) => [method, sample(path)]))(
  "%s %s with a body that cannot be read",
  (method, path) => {
    const bodies: [string, Record<string, string>, string | Uint8Array][] = [
      ["broken JSON", json, "{"],
      ["JSON that ends early", json, '{"merchant_uid":"a'],
      ["a list", json, "[]"],
      ["a list of fields", json, '[{"merchant_uid":"a"}]'],
      ["a text", json, '"text"'],
      ["a number", json, "7"],
      ["JSON that is not UTF-8", json, Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
      ["a form that is not UTF-8", form, Buffer.from([0x61, 0x3d, 0xff, 0xfe])],
      ["a form whose encoded bytes are not UTF-8", form, "merchant_uid=%ff%fe"],
      ["JSON that is nested without end", json, `{"custom_data":${"[".repeat(7_000)}${"]".repeat(7_000)}}`],
    ];
    it.each(bodies)("%s", async (_name, headers, body) => {
      expect((await send({ method, path, headers, body })).status).toBe(400);
    });

    it("too large a one", async () => {
      const body = Buffer.alloc(10 * 1024 * 1024, "x");
      expect((await send({ method, path, headers: form, body })).status).toBe(413);
      expect((await send({ method, path, headers: json, body })).status).toBe(413);
    });

    if (path === "/users/getToken") return;
    it("is no concern of strangers", async () => {
      for (const [name, type, body] of [...bodies, ["too large", form, Buffer.alloc(300_000, "x")] as const]) {
        const answer = await send({ method, path, headers: { ...type, authorization: "" }, body });
        expect([name, answer.status, answer.body.message]).toEqual([name, 401, "Unauthorized"]);
      }
    });
  },
);

describe("the length of a body", () => {
  it.each([
    ["/vbanks", 262_144],
    ["/users/getToken", 16_384],
  ])("%s: %i bytes and no more", async (path, length) => {
    const headers = { authorization: await node.token(), ...json };
    const fields: Fields = path === "/vbanks" ? node.order() : node.credentials;
    const sized = (bytes: number) => {
      const room = bytes - Buffer.byteLength(JSON.stringify({ ...fields, padding: "" }));
      return JSON.stringify({ ...fields, padding: "x".repeat(room) });
    };
    const fits = await raw(node.url, { method: "POST", path, headers, body: sized(length) });
    expect([fits.status, JSON.parse(fits.text).code]).toEqual([200, 0]);
    const over = await send({ method: "POST", path, headers: json, body: sized(length + 1) });
    expect([over.status, over.body.message]).toEqual([413, expect.stringContaining(length.toLocaleString("en-US"))]);
  });
});

describe("text that is not UTF-8", () => {
  const bad = Buffer.from([0xb3, 0xaa, 0xb7, 0xe7]);
  const around = (before: string, after: string) => Buffer.concat([Buffer.from(before), bad, Buffer.from(after)]);
  const part = '--b\r\nContent-Disposition: form-data; name="buyer_name"\r\n\r\n';
  const bodies: [string, Record<string, string>, string | Uint8Array][] = [
    ["JSON", json, around('{"amount":1000,"buyer_name":"', '","name":"표"}')],
    ["JSON, in a list of an object", json, around('{"buyer_name":{"a":["', '"]}}')],
    ["a form", form, around("amount=1000&buyer_name=", "&name=a")],
    ["an encoded form", form, "amount=1000&buyer_name=%B3%AA%B7%E7&name=a"],
    ["an encoded form with brackets", form, "buyer_name%5Ba%5D=%FF"],
    ["a form without a type", {}, around("amount=1000&buyer_name=", "")],
    ["multipart", { "content-type": "multipart/form-data; boundary=b" }, around(part, "\r\n--b--\r\n")],
  ];

  it.each(bodies)("is named where it is in %s", async (_name, headers, body) => {
    const { status, body: answer } = await send({ method: "POST", path: "/vbanks", headers, body });
    expect([status, answer.message]).toEqual([400, expect.stringContaining("buyer_name")]);
  });

  it.each([
    ["GET", "/payments?imp_uid[]=%ff", "imp_uid"],
    ["GET", "/payments?imp_uid%5B%5D=imp_000000000000&merchant_uid%5B%5D=%B3%AA", "merchant_uid"],
    ["GET", "/vbanks/holder?bank_code=088&bank_num=%ff", "bank_num"],
    ["GET", "/payments/status/all?sorting=%c0%80", "sorting"],
    ["POST", "/vbanks?pg_api_key=%ff", "pg_api_key"],
  ])("is named where it is in an address: %s %s", async (method, path, field) => {
    const body = method === "POST" ? { headers: json, body: JSON.stringify(node.order()) } : {};
    const { status, body: answer } = await send({ method, path, ...body });
    expect([status, answer.message]).toEqual([400, expect.stringContaining(field)]);
  });
});

describe("what is not even a request", () => {
  const refused = (answer: { status: number; headers: string; body: string }, status: number) => {
    expect(answer.headers).toMatch(/content-type: application\/json/i);
    expect(answer.headers).toContain(`Content-Length: ${Buffer.byteLength(answer.body)}`);
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      status,
      { code: -1, message: expect.stringMatching(/[가-힣]/), response: null },
    ]);
  };

  it.each([
    ["no request line", "NONSENSE\r\n\r\n"],
    ["a space in the address", "GET /payments/a b HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["a header without a name", "GET /banks HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"],
    ["a length that is none", "POST /vbanks HTTP/1.1\r\nHost: a\r\nContent-Length: much\r\n\r\n"],
  ])("%s", async (_name, text) => {
    refused(await speak(node.url, text), 400);
  });

  it("headers of 100 kB", async () => {
    refused(await speak(node.url, `GET /banks HTTP/1.1\r\nHost: a\r\nX-A: ${"x".repeat(100_000)}\r\n\r\n`), 431);
    refused(await speak(node.url, `GET /banks?a=${"x".repeat(100_000)} HTTP/1.1\r\nHost: a\r\n\r\n`), 431);
  });

  it("leaves the node as it was", async () => {
    expect((await node.iamport("GET", "/banks")).status).toBe(200);
  });
});

describe("a multipart body that is none", () => {
  it.each([
    ["multipart/form-data", "x"],
    ["multipart/form-data; boundary=", "x"],
    ["multipart/form-data; boundary=abc", "no boundary here"],
    ["multipart/form-data; boundary=abc", "--abc\r\nnonsense"],
    ["multipart/form-data; boundary=abc", "--abc\r\nContent-Disposition: form-data\r\n\r\nvalue\r\n--abc--"],
  ])("is no token request: %s", async (type, body) => {
    const { status } = await send({
      method: "POST",
      path: "/users/getToken",
      headers: { "content-type": type, authorization: "" },
      body,
    });
    expect(status).toBe(400);
  });
});

describe("text that cannot be kept", () => {
  const fields = [
    "merchant_uid",
    "name",
    "vbank_holder",
    "buyer_name",
    "custom_data",
    "vbank_code",
    "pg",
    "channel_key",
  ];

  it.each(fields)("is named where it is: %s", async (field) => {
    for (const encoding of encodings) {
      const { status, body } = await node.iamport("POST", "/vbanks", node.order({ [field]: "a\u0000b" }), encoding);
      expect([encoding, status, body.code]).toEqual([encoding, 400, -1]);
      expect(body.message).toContain(field);
    }
    const half = JSON.stringify(node.order({ [field]: "@" })).replace('"@"', '"\\ud800"');
    const { body } = await send({ method: "POST", path: "/vbanks", headers: json, body: half });
    expect(body.message).toContain(field);
  });

  it.each([
    ["GET", "/payments/a%00b"],
    ["POST", "/payments/a%00b"],
    ["GET", "/payments/a%00b/balance"],
    ["GET", "/payments/find/a%00b"],
    ["GET", "/payments/find/a/p%00"],
    ["GET", "/payments/findAll/a%00b"],
    ["GET", "/payments/status/a%00b"],
    ["GET", "/payments?imp_uid[]=a%00b"],
    ["GET", "/payments?merchant_uid[]=a%00b"],
    ["GET", "/payments/prepare/a%00b"],
    ["GET", "/receipts/a%00b"],
    ["POST", "/receipts/a%00b"],
    ["DELETE", "/receipts/a%00b"],
    ["GET", "/receipts/external/a%00b"],
    ["POST", "/receipts/external/a%00b"],
    ["DELETE", "/receipts/external/a%00b"],
    ["PUT", "/vbanks/a%00b"],
    ["DELETE", "/vbanks/a%00b"],
    ["GET", "/vbanks/holder?bank_code=088&bank_num=a%00b"],
    ["GET", "/vbanks/holder?bank_code=0%00&bank_num=110123456789"],
    ["GET", "/banks/a%00b"],
    ["GET", "/cards/a%00b"],
    ["GET", "/payments/findAll/a?sorting=%00"],
    ["GET", "/payments/status/all?page=%00"],
  ])("is nothing that is there: %s %s", async (method, path) => {
    const { status } = await send({
      method,
      path,
      ...(method === "GET" ? {} : { headers: json, body: '{"amount":5}' }),
    });
    expect([400, 404]).toContain(status);
  });

  it.each(["/payments/%ff", "/payments/find/%ff%fe", "/payments/%", "/banks/%zz", "/vbanks/%c0%80"])(
    "is no path: %s",
    async (path) => {
      const { status } = await send({ method: path.startsWith("/vbanks") ? "DELETE" : "GET", path });
      expect([400, 404]).toContain(status);
    },
  );

  it("is no token", async () => {
    for (const token of ["a%00b", "%00", "%ff", "x".repeat(5_000)]) {
      const { status, body } = await node.call("GET", `/payments/imp_000000000000?_token=${token}`);
      expect([400, 401]).toContain(status);
      expect(body.code).toBe(-1);
    }
  });

  it("is no cancellation", async () => {
    const { imp_uid } = await node.paid();
    for (const field of ["reason", "refund_holder", "refund_account", "refund_bank", "merchant_uid", "imp_uid"]) {
      for (const encoding of encodings) {
        const { status, body } = await node.cancel({ imp_uid, [field]: "a\u0000b" }, encoding);
        expect([field, [200, 400].includes(status), body.code === 0]).toEqual([field, true, false]);
      }
    }
    expect(await node.payment(imp_uid)).toMatchObject({ status: "paid", cancel_amount: 0 });
  });
});

describe("what is far too long", () => {
  const paths: [method: string, before: string][] = [
    ["GET", "/payments/"],
    ["GET", "/payments/find/"],
    ["GET", "/payments/findAll/"],
    ["GET", "/payments/prepare/"],
    ["GET", "/receipts/"],
    ["GET", "/receipts/external/"],
    ["DELETE", "/vbanks/"],
    ["PUT", "/vbanks/"],
    ["GET", "/banks/"],
  ];
  it.each(paths)("%s %s and an id of more than 256 characters", async (method, before) => {
    for (const id of ["x".repeat(256), "x".repeat(257), "x".repeat(5_000), encodeURIComponent("주".repeat(257))]) {
      expect((await send({ method, path: `${before}${id}` })).status).toBe(404);
    }
  });

  it("an amount of a hundred digits, a page beyond all numbers", async () => {
    for (const encoding of encodings) {
      const { body } = await node.iamport("POST", "/vbanks", node.order({ amount: "9".repeat(100) }), encoding);
      expect(body).toMatchObject({ code: -1, message: expect.stringContaining("amount") });
    }
    for (const page of ["9".repeat(30), "1e400", "99999999999"]) {
      expect((await send({ method: "GET", path: `/payments/status/all?page=${page}` })).status).toBe(400);
    }
    for (const name of ["from", "to"]) {
      for (const time of ["9".repeat(30), "-1", "1e400"]) {
        expect((await send({ method: "GET", path: `/payments/status/all?${name}=${time}` })).status).toBe(400);
      }
    }
  });
});

describe("fields that are of another kind than they should be", () => {
  it.each([
    ["merchant_uid", {}],
    ["merchant_uid", ["a", "b"]],
    ["merchant_uid", { toString: 1 }],
    ["vbank_code", ["088", "004"]],
    ["vbank_holder", { a: 1 }],
    ["amount", [1, 2]],
    ["amount", {}],
    ["vbank_due", {}],
    ["notice_url", { a: { b: 1 } }],
    ["pg", { a: 1 }],
    ["channel_key", ["a", "b"]],
    ["tax_free", {}],
    ["vbank_key", {}],
    ["fixed_unlimited_vbank", {}],
  ])("%s: %j", async (field, value) => {
    const body = JSON.stringify(node.order({ pg: "settle", [field]: value }));
    const answer = await send({ method: "POST", path: "/vbanks", headers: json, body });
    expect(answer.body.message).toContain(field);
  });

  it.each(["__proto__", "constructor", "toString"])("a field called %s is one that nobody knows", async (name) => {
    const body = JSON.stringify(node.order()).replace("{", `{"${name}":{"amount":1},`);
    const headers = { authorization: await node.token(), ...json };
    const { status, text } = await raw(node.url, { method: "POST", path: "/vbanks", headers, body });
    holdToContract("POST", "/vbanks", { status, body: JSON.parse(text) });
    expect(JSON.parse(text).response).toMatchObject({ amount: 10_000 });
  });
});
