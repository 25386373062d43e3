/** How a call reaches an API of this dialect and its answer comes back, whichever API it is: over real HTTP, at echoes. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { connect } from "node:net";
import type { FastifyInstance } from "fastify";
import { CompactEncrypt, compactDecrypt } from "jose";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { Core } from "../../src/core/index.ts";
import type { CryptoKey, MadeKey } from "../../src/core/merchants/crypto-keys.ts";
import { sealProject } from "../../src/core/merchants/merchant.ts";
import { aspIdsOf } from "../../src/dialects/konaplate/accounts.ts";
import type { Context } from "../../src/dialects/konaplate/context.ts";
import { errors } from "../../src/dialects/konaplate/errors.ts";
import { konaplate } from "../../src/dialects/konaplate/index.ts";
import { type Call, failure, mount, readSignedBodies, success } from "../../src/dialects/konaplate/routes/call.ts";
import { httpLimits } from "../../src/http/limits.ts";
import { createServer } from "../../src/http/server.ts";
import { readSecrets } from "../../src/installation.ts";
import { createCore, openStore } from "../../src/main.ts";
import { newId, type Store } from "../../src/store/index.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { type Headers, koreanTime, tranToken } from "../support/konaplate.ts";
import { environment } from "../support/node.ts";
import { raw } from "../support/raw.ts";

const aspIdOf = aspIdsOf(new Map());
/** What the echoes were called with. */
let seen: Call[] = [];
let logged = "";

const sides = { request: true, answer: true };
const echoes = {
  "/api/v1/echo/plain": { request: false, answer: false },
  "/api/v1/echo/secret": sides,
  "/api/v1/echo/told": { request: true, answer: false },
  "/api/v2/echo/answered": { request: false, answer: true },
};
type Path = keyof typeof echoes;

interface Project {
  merchantId: string;
  credentialId: string;
  accessKey: string;
  secretKey: string;
}

let database: TestDatabase;
let stores: Store[];
let cores: Core[];
let core: Core;
const servers: FastifyInstance[] = [];
let url: string;
let project: Project;
let key: MadeKey;

const log = pino(
  { level: "debug" },
  {
    write(line: string) {
      logged += line;
    },
  },
);

/** Another node's core on the same database. */
async function startCore(): Promise<Core> {
  const config = readConfig(environment(database));
  const secrets = await readSecrets(config);
  const store = openStore(database, config);
  stores.push(store);
  return createCore(config, store, secrets, log, () => Promise.reject()).core;
}

/** Where a server of the dialect listens whose APIs give back what they were asked. */
async function serve(changed: Partial<Context> = {}): Promise<string> {
  const context: Context = { core, aspIdOf, window_s: undefined, takesClear: true, ...changed };
  const dialect = konaplate(context);
  const server = await createServer({
    log,
    guard: () => undefined,
    prepare: async () => undefined,
    dialects: [
      {
        ...dialect,
        async routes(root) {
          await dialect.routes(root);
          await root.register(async (calls) => {
            readSignedBodies(calls);
            for (const [path, encrypted] of Object.entries(echoes)) {
              mount(calls, context, { url: path, summary: "", encrypted }, (call) => {
                seen.push(call);
                return call.body.fails === true
                  ? failure(errors.arsFailed, { status: "ARS_AUTH_FAILED" })
                  : success({ ...(call.body as object) });
              });
            }
          });
        },
      },
    ],
    admin: { name: "none", owns: () => false, routes: async () => undefined, failure: dialect.failure },
  });
  await server.listen({ port: 0, host: "127.0.0.1" });
  servers.push(server);
  return server.listeningOrigin;
}

async function makeProject(secretKey = "5ec2e7", merchantId = newId("mer")): Promise<Project> {
  const accessKey = `abcdef0-${randomBytes(16).toString("hex")}`;
  const credentialId = newId("crd");
  await core.registerMerchant({
    merchant: { id: merchantId, name: "상점", settings: {} },
    credentials: [
      {
        id: credentialId,
        dialect: "konaplate",
        key: accessKey,
        secretHash: core.secrets.hash(secretKey),
        settings: sealProject(core.secrets, { key: accessKey, merchantId }, secretKey),
      },
    ],
    channels: [],
  });
  return { merchantId, credentialId, accessKey, secretKey };
}

async function makeKey({ merchantId, credentialId } = project): Promise<MadeKey> {
  const made = await core.cryptoKeys.make({ merchantId, credentialId });
  if (!made.ok) throw new Error(made.refusal.code);
  return made.value;
}

interface Sent {
  by?: Project;
  at?: string;
  headers?: Headers;
  prefix?: string;
}

const encode = (body: string | Uint8Array | object) =>
  typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);

function headersOf(body: string | Uint8Array, { by = project, headers = {} }: Sent = {}): Record<string, string> {
  const time = koreanTime(new Date());
  const all: Headers = {
    "content-type": "application/json",
    "x-km-user-aspid": aspIdOf(by.merchantId),
    "x-km-correlation-id": "261120120000-abc1234",
    "x-km-access-key": by.accessKey,
    "x-km-tran-token": tranToken(by.secretKey, body, time),
    "x-km-tran-time": time.slice(0, 14),
    "x-km-time-zone": "KST",
    ...headers,
  };
  return Object.fromEntries(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

async function call(path: string, body: string | Uint8Array | object, sent: Sent = {}) {
  const bytes = encode(body);
  const headers = headersOf(bytes, sent);
  const answer = await raw(sent.at ?? url, { method: "POST", path: (sent.prefix ?? "") + path, headers, body: bytes });
  return { ...answer, body: JSON.parse(answer.text) };
}

async function seal(clear: string | Uint8Array | object, { serverPublic }: CryptoKey = key.key): Promise<object> {
  const bytes = Buffer.from(encode(clear));
  const message = new CompactEncrypt(bytes).setProtectedHeader({ enc: "A128GCM", alg: "RSA-OAEP-256" });
  return { encData: await message.encrypt(createPublicKey(serverPublic)) };
}

async function unseal(text: string, privateKey = key.clientPrivateKey!): Promise<string> {
  const { encData, ...more } = JSON.parse(text);
  expect(more).toEqual({});
  const { plaintext } = await compactDecrypt(encData, createPrivateKey(privateKey));
  return Buffer.from(plaintext).toString();
}

const naming = (id = key.key.id) => ({ headers: { "x-km-crypto-key-id": id } });
const refusal = (code: string) => ({ response: { code, description: expect.any(String) } });

async function expectRefused(answer: ReturnType<typeof call>, status: number, code: string) {
  const { headers, ...given } = await answer;
  expect(given).toMatchObject({ status, body: refusal(code) });
  expect(Object.keys(given.body)).toEqual(["response"]);
  expect(headers["x-km-crypto-key-id"]).toBeUndefined();
  expect(headers["content-type"]).toBe("application/json; charset=utf-8");
  expect(seen).toEqual([]);
  const description: string = given.body.response.description;
  const isUntold = description.includes("X-KM-Correlation-Id");
  expect(headers["x-km-correlation-id"]).toBe(isUntold ? undefined : "261120120000-abc1234");
  return description;
}

beforeAll(async () => {
  database = await createDatabase();
  stores = [];
  cores = [await startCore(), await startCore()];
  core = cores[0]!;
  project = await makeProject();
  key = await makeKey();
  url = await serve();
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await Promise.all(stores.map((store) => store.close()));
  await database.drop();
});
beforeEach(() => {
  seen = [];
  logged = "";
});

describe("a call in clear", () => {
  it.each<[string, Sent]>([
    ["at the documented path", {}],
    ["at the service's own address", { prefix: "/open-api" }],
    ["with slashes too many", { prefix: "//open-api/" }],
    ["as text", { headers: { "content-type": "text/plain" } }],
    ["as a type that is none", { headers: { "content-type": "nonsense" } }],
    ["as no type", { headers: { "content-type": undefined } }],
    ["naming a crypto key that it has no use for", { headers: { "x-km-crypto-key-id": "0".repeat(32) } }],
  ])("is answered %s", async (_name, sent) => {
    const { status, headers, body } = await call("/api/v1/echo/plain", { userName: "김코나" }, sent);
    expect(status).toBe(200);
    expect(body).toEqual({ userName: "김코나", response: { code: "000_000", description: "Success." } });
    expect(headers["x-km-correlation-id"]).toBe("261120120000-abc1234");
    expect(headers["x-km-crypto-key-id"]).toBeUndefined();
    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
  });

  it("brings its caller", async () => {
    await call("/api/v1/echo/plain", {});
    expect(seen[0]).toMatchObject({ tenant: { merchant: { id: project.merchantId } } });
    expect(seen[0]!.credential.id).toBe(project.credentialId);
  });

  it("may have no body, of which the token is one too", async () => {
    const { status } = await raw(url, { method: "POST", path: "/api/v1/echo/plain", headers: headersOf("") });
    expect(status).toBe(200);
    expect(seen[0]!.body).toEqual({});
    const other = headersOf("{}");
    expect((await raw(url, { method: "POST", path: "/api/v1/echo/plain", headers: other })).status).toBe(401);
  });

  it("has numbers as long as they were sent", async () => {
    const { text } = await call("/api/v1/echo/plain", '{"userId":9007199254740993,"amount":1}');
    expect(seen[0]!.body).toEqual({ userId: "9007199254740993", amount: 1 });
    expect(text).toContain('"userId":"9007199254740993"');
  });

  it("is signed with whatever the secret is", async () => {
    for (const secretKey of ["x", "나루의 비밀", "a".repeat(200)]) {
      const { status } = await call("/api/v1/echo/plain", {}, { by: await makeProject(secretKey) });
      expect(status).toBe(200);
    }
  });
});

describe("a caller", () => {
  it("is unknown by another key, another partner's id, or another dialect's key", async () => {
    const other = await makeProject();
    const key = "0123456-0123456789abcdef0123456789abcdef";
    await core.addCredential({
      merchantId: project.merchantId,
      credential: { id: newId("crd"), dialect: "ppro", key, secretHash: core.secrets.hash("x"), settings: {} },
    });
    for (const headers of [
      { "x-km-access-key": "0123456-0123456789abcdef0123456789abcdee" },
      { "x-km-access-key": key },
      { "x-km-access-key": "\u00e9".repeat(40) },
      { "x-km-access-key": "a".repeat(5_000) },
      { "x-km-access-key": other.accessKey },
      { "x-km-user-aspid": aspIdOf(other.merchantId) },
      { "x-km-user-aspid": "000170000000000" },
    ]) {
      await expectRefused(call("/api/v1/echo/plain", {}, { headers: headers as Headers }), 401, "000_902");
    }
  });

  it("is unknown when its credential was taken away, and its crypto keys are gone with that", async () => {
    const gone = await makeProject();
    const { key: held } = await makeKey(gone);
    await core.removeCredential({ merchantId: gone.merchantId, key: gone.accessKey });
    await expectRefused(call("/api/v1/echo/plain", {}, { by: gone }), 401, "000_902");
    expect(await core.cryptoKeys.list(gone.credentialId)).toEqual([]);
    const { rows } = await database.pool.query("SELECT id FROM crypto_keys WHERE id = $1", [held.id]);
    expect(rows).toEqual([]);
  });

  it("is sent away before the body is read", async () => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const headers = Object.entries(headersOf("", { headers: { "x-km-access-key": "x" } }));
    const lines = [...headers, ["host", "localhost"], ["content-length", "100000"]].map(
      ([name, value]) => `${name}: ${value}`,
    );
    socket.write(`POST /api/v1/echo/plain HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n{`);
    const first = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    socket.destroy();
    expect(String(first)).toMatch(/^HTTP\/1\.1 401 /);
  });

  it.each([
    "X-KM-User-AspId",
    "X-KM-Correlation-Id",
    "X-KM-Access-Key",
    "X-KM-Tran-Token",
    "X-KM-Tran-Time",
    "X-KM-Time-Zone",
  ])("is told which header is missing: %s", async (name) => {
    const sent = { headers: { [name.toLowerCase()]: undefined } };
    const description = await expectRefused(call("/api/v1/echo/plain", {}, sent), 400, "000_901");
    expect(description).toBe(`Header ${name} is missing.`);
  });
});

describe("a token", () => {
  it("of other bytes than those that came is refused, however little they differ", async () => {
    const body = '{"userId":50000104652,"userName":"김코나"}';
    const headers = headersOf(body);
    for (const changed of [
      body.replace("2,", "3,"),
      `${body}\n`,
      body.replace(":", ": "),
      body.replace("김코나", "\\uae40코나"),
      body.slice(1),
      "{}",
      "",
    ]) {
      await expectRefused(call("/api/v1/echo/plain", changed, { headers }), 401, "000_903");
    }
  });

  it("that another project signed, or that is none, is refused", async () => {
    const other = await makeProject("other");
    const { "x-km-tran-token": token } = headersOf("{}", { by: other });
    for (const wrong of [token, "x", `${token}x`, token!.slice(0, -3)]) {
      await expectRefused(call("/api/v1/echo/plain", "{}", { headers: { "x-km-tran-token": wrong } }), 401, "000_903");
    }
  });

  it("is looked at before the body is understood", async () => {
    const { "x-km-tran-token": token } = headersOf("{}");
    const headers = { "x-km-tran-token": token, "x-km-crypto-key-id": "unknown" };
    for (const body of ["{", '{"encData":"x"}', Uint8Array.of(0xff), ""]) {
      await expectRefused(call("/api/v1/echo/secret", body, { headers }), 401, "000_903");
    }
  });

  it("does without its padding, and with a full stop", async () => {
    const { "x-km-tran-token": token = "" } = headersOf("{}");
    for (const written of [token.slice(0, -1), `${token}.`]) {
      expect((await call("/api/v1/echo/plain", "{}", { headers: { "x-km-tran-token": written } })).status).toBe(200);
    }
  });
});

describe("an encrypted call", () => {
  const fields = { userId: 1, userName: "김코나" };

  it.each(Object.keys(echoes) as Path[])("is taken and answered as the contract has it: %s", async (path) => {
    const { status, headers, text } = await call(path, await seal(fields), naming());
    expect(status).toBe(200);
    expect(seen[0]!.body).toEqual(fields);
    const shown = JSON.stringify({ ...fields, response: { code: "000_000", description: "Success." } });
    expect(headers["x-km-correlation-id"]).toBe("261120120000-abc1234");
    expect(headers["x-km-crypto-key-id"]).toBe(echoes[path].answer ? key.key.id : undefined);
    expect(echoes[path].answer ? await unseal(text) : text).toBe(shown);
  });

  it("in clear is answered under the key that it names, and in clear if it names none", async () => {
    const named = await call("/api/v2/echo/answered", fields, naming());
    expect(JSON.parse(await unseal(named.text))).toMatchObject(fields);
    for (const path of ["/api/v2/echo/answered", "/api/v1/echo/secret"]) {
      const unnamed = await call(path, fields);
      expect(unnamed.body).toMatchObject(fields);
      expect(unnamed.headers["x-km-crypto-key-id"]).toBeUndefined();
    }
  });

  it("that fails is told so in clear", async () => {
    const { status, body, headers } = await call("/api/v1/echo/secret", await seal({ fails: true }), naming());
    expect(status).toBe(400);
    expect(body).toEqual({ status: "ARS_AUTH_FAILED", response: { code: "002_014", description: expect.any(String) } });
    expect(headers["x-km-crypto-key-id"]).toBeUndefined();
  });

  it("names a key of its own project", async () => {
    const other = await makeProject();
    const { key: others } = await makeKey(other);
    const message = await seal(fields, others);
    expect((await call("/api/v1/echo/secret", message, { by: other, ...naming(others.id) })).status).toBe(200);
    seen = [];
    await expectRefused(call("/api/v1/echo/secret", message, naming(others.id)), 400, "000_905");
    for (const id of ["0".repeat(32), "x", "a".repeat(5_000)]) {
      await expectRefused(call("/api/v1/echo/secret", message, naming(id)), 400, "000_905");
      await expectRefused(call("/api/v2/echo/answered", fields, naming(id)), 400, "000_905");
    }
    const unnamed = await expectRefused(call("/api/v1/echo/secret", message), 400, "000_901");
    expect(unnamed).toBe("Header X-KM-Crypto-Key-Id is missing.");
  });

  it("that cannot be decrypted is refused, and is not told why", async () => {
    const { key: second } = await makeKey();
    const { encData } = (await seal(fields)) as { encData: string };
    const parts = encData.split(".");
    const told = new Set<string>();
    for (const wrong of [
      (await seal(fields, second)) as object,
      { encData: [...parts.slice(0, 4), "AAAAAAAAAAAAAAAAAAAAAA"].join(".") },
      { encData: parts.slice(0, 4).join(".") },
      { encData: "" },
      { encData: 1 },
      { encData: null },
      { encData: { encData } },
    ]) {
      told.add(await expectRefused(call("/api/v1/echo/secret", wrong, naming()), 400, "000_906"));
    }
    expect(told.size).toBe(1);
    await core.cryptoKeys.remove(second);
  });

  it("is not decrypted twice", async () => {
    const inner = await seal(fields);
    await call("/api/v1/echo/secret", await seal(inner), naming());
    expect(seen[0]!.body).toEqual(inner);
  });

  it("is needed where clear calls are not taken, and only for the APIs that the contract has encrypted", async () => {
    const at = await serve({ takesClear: false });
    await expectRefused(call("/api/v1/echo/secret", fields, { at, ...naming() }), 400, "000_907");
    await expectRefused(call("/api/v1/echo/told", fields, { at }), 400, "000_907");
    for (const path of ["/api/v1/echo/plain", "/api/v2/echo/answered"]) {
      expect((await call(path, fields, { at })).status).toBe(200);
    }
    expect((await call("/api/v1/echo/told", await seal(fields), { at, ...naming() })).status).toBe(200);
  });
});

describe("a body", () => {
  it.each<[string, string | Uint8Array]>([
    ["no JSON", "userId=Kim-Kona"],
    ["cut short", '{"userName":"Kim-Kona'],
    ["a list", '["Kim-Kona"]'],
    ["a text", '"Kim-Kona"'],
    ["too deep", `{"Kim-Kona":${"[".repeat(httpLimits.json_depth)}${"]".repeat(httpLimits.json_depth)}}`],
    ["no UTF-8", Buffer.concat([Buffer.from('{"userName":"Kim-Kona'), Buffer.of(0xff), Buffer.from('"}')])],
    ["what cannot be stored", '{"userName":"Kim-Kona\\u0000"}'],
    ["half a character", '{"userName":"Kim-Kona\\ud83d"}'],
    ["wrong beside a long number", '{"userId":12345678901234567890,"userName":"Kim-Kona'],
  ])("is refused in clear and encrypted, and not told in clear: %s", async (_name, body) => {
    const inClear = await expectRefused(call("/api/v1/echo/secret", body), 400, "000_908");
    const encrypted = await expectRefused(call("/api/v1/echo/secret", await seal(body), naming()), 400, "000_908");
    expect(encrypted).toBe(inClear);
    expect(inClear).not.toContain("Kona");
    expect(logged).not.toContain("Kona");
  });

  it("of a known caller may be so large, and no larger", async () => {
    const body = (bytes: number) => `{"a":"${"x".repeat(bytes - 8)}"}`;
    expect((await call("/api/v1/echo/plain", body(httpLimits.body_bytes))).status).toBe(200);
    seen = [];
    const description = await expectRefused(
      call("/api/v1/echo/plain", body(httpLimits.body_bytes + 1)),
      413,
      "000_909",
    );
    expect(description).toContain(String(httpLimits.body_bytes));
  });
});

describe("an address", () => {
  it.each(["GET", "PUT", "PATCH", "DELETE"])("of an API is not called by %s", async (method) => {
    for (const path of ["/api/v1/echo/plain", "/open-api/api/v1/echo/plain?a=1", "//api//v1/echo/plain/"]) {
      const { status, headers, text } = await raw(url, { method, path, headers: headersOf("{}"), body: "{}" });
      expect(status).toBe(405);
      expect(JSON.parse(text)).toEqual(refusal("000_911"));
      expect(headers.allow).toBe("POST");
      expect(headers["x-km-correlation-id"]).toBe("261120120000-abc1234");
    }
  });

  it("of no API is not found", async () => {
    for (const path of ["/api/v1/echo", "/api/v9/x", "/open-api/api/v1/none", "/api/v1/merchant/asp"]) {
      await expectRefused(call(path, {}), 404, "000_910");
    }
  });

  it("is this dialect's own by its beginning", () => {
    const { owns } = konaplate({ core, aspIdOf, window_s: undefined, takesClear: true });
    const own = ["/api/v1/user/info", "/open-api/api/v2/payment", "//open-api//api//v1/x", "/api/v1", "/api/v10/"];
    const others = [
      "/",
      "/api",
      "/api/user",
      "/v1/payment-charges",
      "/open-api",
      "/open-api/v1",
      "/naru/v1/x",
      "/xapi/v1/x",
    ];
    expect(own.filter(owns)).toEqual(own);
    expect(others.filter(owns)).toEqual([]);
  });
});

describe("the time of a request", () => {
  const at = (away_s: number, hours = 9) =>
    new Date(Date.now() + hours * 3_600_000 + away_s * 1_000).toISOString().replace(/\D/g, "");

  it("counts for nothing unless a window is set", async () => {
    for (const [time, zone] of [
      ["20000101000000", "KST"],
      [at(0), "CET"],
    ] as const) {
      const headers = { "x-km-tran-time": time, "x-km-time-zone": zone };
      expect((await call("/api/v1/echo/plain", {}, { headers })).status).toBe(200);
    }
  });

  it("is near the real time where one is", async () => {
    const strict = await serve({ window_s: 300 });
    const sent = (time: string, zone: string) =>
      call("/api/v1/echo/plain", {}, { at: strict, headers: { "x-km-tran-time": time, "x-km-time-zone": zone } });
    for (const [time, zone] of [
      [at(0), "KST"],
      [at(-250), "KST"],
      [at(250).slice(0, 14), "JST"],
      [at(0, 0), "UTC"],
    ] as const) {
      expect((await sent(time, zone)).status).toBe(200);
    }
    seen = [];
    for (const [time, zone] of [
      [at(-320), "KST"],
      [at(320), "KST"],
      [at(0), "UTC"],
      [at(0, 0), "KST"],
    ] as const) {
      await expectRefused(sent(time, zone), 401, "000_904");
    }
    await expectRefused(sent(at(0, 1), "CET"), 400, "000_901");
  });
});

describe("crypto keys", () => {
  it("are two at most, and both work", async () => {
    const own = await makeProject();
    const [first, second] = [await makeKey(own), await makeKey(own)];
    const refused = await core.cryptoKeys.make(own);
    expect(refused).toEqual({ ok: false, refusal: { code: "too-many-crypto-keys", max: 2 } });
    expect((await core.cryptoKeys.list(own.credentialId)).map(({ id }) => id)).toEqual([first.key.id, second.key.id]);
    for (const one of [first, second]) {
      expect(one.key.id).toMatch(/^[0-9a-f]{32}$/);
      const sent = { by: own, ...naming(one.key.id) };
      const { text } = await call("/api/v1/echo/secret", await seal({ a: 1 }, one.key), sent);
      expect(JSON.parse(await unseal(text, one.clientPrivateKey!))).toMatchObject({ a: 1 });
    }
    expect(await core.cryptoKeys.remove(first.key)).toBe(true);
    expect(await core.cryptoKeys.remove(first.key)).toBe(false);
    seen = [];
    const message = await seal({}, first.key);
    await expectRefused(call("/api/v1/echo/secret", message, { by: own, ...naming(first.key.id) }), 400, "000_905");
    expect((await makeKey(own)).key.id).not.toBe(first.key.id);
  });

  it("are two at most when two nodes make them at once", async () => {
    const own = await makeProject();
    const made = await Promise.all([0, 1, 0, 1].map((node) => cores[node]!.cryptoKeys.make(own)));
    expect(made.map(({ ok }) => ok).sort()).toEqual([false, false, true, true]);
    expect(await core.cryptoKeys.list(own.credentialId)).toHaveLength(2);
  });

  it("of a chosen id are made once by two nodes at once, which both know the same client's key", async () => {
    const own = { ...(await makeProject()), id: "0123456789abcdef0123456789abcdef", keepClientPrivate: true };
    const make = () => Promise.all(cores.map((one) => one.cryptoKeys.make(own)));
    const shown = [...(await make()), ...(await make())].map((made) => (made.ok ? made.value : undefined));
    expect(new Set(shown.map((made) => made?.key.serverPublic)).size).toBe(1);
    expect(new Set(shown.map((made) => made?.clientPrivateKey)).size).toBe(1);
    const { text } = await call("/api/v1/echo/secret", await seal({ a: 1 }, shown[0]!.key), {
      by: own,
      ...naming(own.id),
    });
    expect(JSON.parse(await unseal(text, shown[1]!.clientPrivateKey!))).toMatchObject({ a: 1 });
    expect(await core.cryptoKeys.list(own.credentialId)).toHaveLength(1);
  });

  it("may have a pair that the client made, whose private half nobody else has", async () => {
    const own = await makeProject();
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    for (const type of ["spki", "pkcs1"] as const) {
      const clientPublicKey = publicKey.export({ type, format: "pem" }).toString();
      const made = await core.cryptoKeys.make({ ...own, clientPublicKey, keepClientPrivate: true });
      if (!made.ok) throw new Error(made.refusal.code);
      expect(made.value.clientPrivateKey).toBeNull();
      const sent = { by: own, ...naming(made.value.key.id) };
      const { text } = await call("/api/v2/echo/answered", { a: 1 }, sent);
      const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      expect(JSON.parse(await unseal(text, pem))).toMatchObject({ a: 1 });
    }
  });

  it("are refused that nobody should encrypt under", async () => {
    const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
    const curve = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    const secret = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    for (const pem of [
      small.export({ type: "spki", format: "pem" }).toString(),
      curve.export({ type: "spki", format: "pem" }).toString(),
      secret.export({ type: "pkcs8", format: "pem" }).toString(),
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
      "",
    ]) {
      await expect(core.cryptoKeys.make({ ...project, clientPublicKey: pem })).rejects.toThrow(RangeError);
    }
  });

  it("are not made for another's credential", async () => {
    const other = await makeProject();
    const made = await core.cryptoKeys.make({ merchantId: project.merchantId, credentialId: other.credentialId });
    expect(made).toEqual({ ok: false, refusal: { code: "credential-unknown", key: other.credentialId } });
    const held = { merchantId: other.merchantId, credentialId: other.credentialId, id: key.key.id };
    expect(await core.cryptoKeys.remove(held)).toBe(false);
    expect(await core.cryptoKeys.find(other.credentialId, key.key.id)).toBeUndefined();
  });

  it("and secrets are stored encrypted, and the client's half not at all unless it is kept", async () => {
    const own = await makeProject("a-secret-to-be-read-back");
    const made = await makeKey(own);
    const { rows } = await database.pool.query(
      "SELECT c::text AS credential, k::text AS key FROM credentials c JOIN crypto_keys k ON k.credential_id = c.id WHERE c.id = $1",
      [own.credentialId],
    );
    expect(rows).toHaveLength(1);
    const stored = JSON.stringify(rows);
    expect(stored).not.toContain(own.secretKey);
    expect(stored).not.toContain("PRIVATE KEY");
    expect(made.key.clientPrivateEncrypted).toBeNull();
    expect(core.cryptoKeys.clientPrivateKeyOf(made.key)).toBeNull();
  });
});

it("what is held of projects is sound, and a key without its project is found", async () => {
  expect((await core.checkInvariants()).breaches).toEqual([]);
  const own = await makeProject();
  await makeKey(own);
  await database.pool.query("DELETE FROM credentials WHERE id = $1", [own.credentialId]);
  expect((await core.checkInvariants()).breaches).toMatchObject([
    { invariant: "every row of a tenant belongs to a merchant" },
  ]);
  await database.pool.query("DELETE FROM crypto_keys WHERE credential_id = $1", [own.credentialId]);
});

it("new credentials are as those of the service look, and work", async () => {
  const dialect = konaplate({ core, aspIdOf, window_s: undefined, takesClear: true });
  const { merchantId } = project;
  const made = await dialect.newCredential({ merchantId, name: "앱", redirectUris: [] });
  expect(made.shown).toEqual({ aspId: aspIdOf(merchantId), accessKey: made.key, secretKey: made.secret });
  expect(made.key).toMatch(/^[0-9a-f]{7}-[0-9a-f]{32}$/);
  expect(JSON.stringify(made.settings)).not.toContain(made.secret);
  const { key: accessKey, secret: secretKey, settings } = made;
  const credential = {
    id: newId("crd"),
    dialect: dialect.name,
    key: accessKey,
    secretHash: core.secrets.hash(secretKey),
    settings,
  };
  await core.addCredential({ merchantId, credential });
  const by = { merchantId, credentialId: credential.id, accessKey, secretKey };
  expect((await call("/api/v1/echo/plain", {}, { by })).status).toBe(200);
});
