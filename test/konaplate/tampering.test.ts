/**
 * Requests that somebody changed on their way, or that nobody with the keys has made: each is refused for what is wrong with
 * it, nothing of it is stored, and the log is none the wiser.
 */
import { generateKeyPairSync } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { countRows } from "../support/database.ts";
import { type Headers, KonaplateClient, koreanTime, tranToken } from "../support/konaplate.ts";
import { accountFieldsOf, kept, newMember, type TestMember } from "../support/konaplate-members.ts";
import { useNode } from "../support/scenario.ts";
import { endpoints } from "./contract.ts";

let lines: string[] = [];
const node = useNode({ onLog: (line) => lines.push(line) });
let client: KonaplateClient;
let member: TestMember;

beforeAll(async () => {
  client = await KonaplateClient.of(node);
  member = await newMember(client);
});
beforeEach(() => {
  lines = [];
});

interface Tampered {
  body: string | Uint8Array;
  headers: Headers;
}

const register = endpoints.register.path;

/** The registration of an account, as it should come. */
async function genuine(header?: { alg: string; enc: string }): Promise<{ encData: string } & Tampered> {
  const encData = await client.encrypt(JSON.stringify(accountFieldsOf(member)), header);
  return signed(JSON.stringify({ encData }), { encData });
}

function signed<More extends object>(body: string | Uint8Array, more: More): More & Tampered {
  const headers = client.headersOf(body, { "x-km-crypto-key-id": client.credentials.cryptoKeyId });
  return { ...more, body, headers };
}

/** Another character in the middle of what base64 writes. */
function flipped(text: string, at = Math.floor(text.length / 2)): string {
  const other = text[at] === "A" ? "B" : "A";
  return text.slice(0, at) + other + text.slice(at + 1);
}

/** The same JWE with one of its five parts changed; signed anew, as by somebody who has the secret key. */
async function withPart(part: number, change: (part: string) => string): Promise<Tampered> {
  const { encData } = await genuine();
  const parts = encData.split(".");
  parts[part] = change(parts[part]!);
  return signed(JSON.stringify({ encData: parts.join(".") }), {});
}

const headerPart = (header: object) => Buffer.from(JSON.stringify(header)).toString("base64url");

async function expectRefused(about: string, { body, headers }: Tampered, status: number, code: string) {
  const before = await countRows(node.database, ...kept);
  const answer = await client.send(register, body, headers);
  expect([about, answer.status, answer.body.response.code]).toEqual([about, status, code]);
  expect(await countRows(node.database, ...kept)).toEqual(before);
  const { bankAccount } = member.account;
  expect(`${answer.text}${lines.join("")}`).not.toContain(bankAccount);
  expect(lines.join("")).not.toContain(client.credentials.secretKey);
  // pino: 40 is a warning. What strangers send is no reason for one.
  expect(lines.map((line) => JSON.parse(line)).filter(({ level }) => level >= 40)).toEqual([]);
}

describe("a request", () => {
  it("as it should be is taken", async () => {
    const { body, headers } = await genuine();
    await client.ask("arsCode", { userId: member.userId });
    const { status, body: answer } = await client.send(register, body, headers, accountFieldsOf(member));
    expect([status, answer.response.code]).toEqual([200, "000_000"]);
    expect(lines.join("")).not.toContain(member.account.bankAccount);
    expect(lines.join("")).not.toContain(client.credentials.secretKey);
  });

  const changes: [about: string, status: number, code: string, make: () => Promise<Tampered>][] = [
    [
      "with another byte in the body",
      401,
      "000_903",
      async () => {
        const { body, headers, encData } = await genuine();
        return { body: String(body).replace(encData, flipped(encData)), headers };
      },
    ],
    [
      "with a space more in the body",
      401,
      "000_903",
      async () => {
        const { body, headers } = await genuine();
        return { body: `${body} `, headers };
      },
    ],
    [
      "with another token",
      401,
      "000_903",
      async () => {
        const { body, headers } = await genuine();
        return { body, headers: { ...headers, "x-km-tran-token": flipped(headers["x-km-tran-token"]!, 30) } };
      },
    ],
    [
      "with the token of another secret",
      401,
      "000_903",
      async () => {
        const { body, headers } = await genuine();
        const token = tranToken(`${client.credentials.secretKey}0`, body, koreanTime(new Date()));
        return { body, headers: { ...headers, "x-km-tran-token": token } };
      },
    ],
    [
      "with a token that is the digest of the body in base64",
      401,
      "000_903",
      async () => {
        const { body, headers } = await genuine();
        const coded = Buffer.from(String(body)).toString("base64");
        return { body, headers: { ...headers, "x-km-tran-token": client.tokenOf(coded) } };
      },
    ],
    [
      "with a token that is cut off",
      401,
      "000_903",
      async () => {
        const { body, headers } = await genuine();
        return { body, headers: { ...headers, "x-km-tran-token": headers["x-km-tran-token"]!.slice(0, 40) } };
      },
    ],
    [
      "without a token",
      400,
      "000_901",
      async () => {
        const { body, headers } = await genuine();
        return { body, headers: { ...headers, "x-km-tran-token": undefined } };
      },
    ],
    [
      "with an access key that nobody has",
      401,
      "000_902",
      async () => {
        const { body, headers } = await genuine();
        return { body, headers: { ...headers, "x-km-access-key": flipped(client.credentials.accessKey, 20) } };
      },
    ],
    [
      "with the ASP id of another",
      401,
      "000_902",
      async () => {
        const { body, headers } = await genuine();
        return { body, headers: { ...headers, "x-km-user-aspid": "000199999999999" } };
      },
    ],
    [
      "without an access key",
      400,
      "000_901",
      async () => {
        const { body, headers } = await genuine();
        return { body, headers: { ...headers, "x-km-access-key": undefined } };
      },
    ],
    [
      "under a crypto key that nobody has",
      400,
      "000_905",
      async () => {
        const { body, headers } = await genuine();
        return { body, headers: { ...headers, "x-km-crypto-key-id": "0".repeat(32) } };
      },
    ],
    [
      "that is encrypted and names no crypto key",
      400,
      "000_901",
      async () => {
        const { body, headers } = await genuine();
        return { body, headers: { ...headers, "x-km-crypto-key-id": undefined } };
      },
    ],
    ["with another wrapped key", 400, "000_906", () => withPart(1, flipped)],
    ["with another initialization vector", 400, "000_906", () => withPart(2, flipped)],
    ["with another cipher text", 400, "000_906", () => withPart(3, flipped)],
    ["with another tag", 400, "000_906", () => withPart(4, flipped)],
    ["with a tag that is cut off", 400, "000_906", () => withPart(4, (tag) => tag.slice(0, 6))],
    ["without a tag", 400, "000_906", () => withPart(4, () => "")],
    [
      "whose header is another than what was authenticated",
      400,
      "000_906",
      () => withPart(0, () => headerPart({ alg: "RSA-OAEP-256", enc: "A128GCM", cty: "x" })),
    ],
    [
      "whose header wants what it says to be compressed",
      400,
      "000_906",
      () => withPart(0, () => headerPart({ alg: "RSA-OAEP-256", enc: "A128GCM", zip: "DEF" })),
    ],
    [
      "whose header names what must be understood",
      400,
      "000_906",
      () => withPart(0, () => headerPart({ alg: "RSA-OAEP-256", enc: "A128GCM", crit: ["b64"], b64: false })),
    ],
    [
      "by an algorithm of passwords",
      400,
      "000_906",
      () => withPart(0, () => headerPart({ alg: "PBES2-HS256+A128KW", enc: "A128GCM", p2c: 2 ** 30, p2s: "AAAA" })),
    ],
    [
      "by an algorithm without a key",
      400,
      "000_906",
      () => withPart(0, () => headerPart({ alg: "dir", enc: "A128GCM" })),
    ],
    ["whose header is no JSON", 400, "000_906", () => withPart(0, () => "e30x")],
    ["with four parts", 400, "000_906", () => withPart(4, () => "").then(withoutLastDot)],
    [
      "that is encrypted for another server",
      400,
      "000_906",
      async () => {
        const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
        const other = new KonaplateClient(node, {
          ...client.credentials,
          serverPublicKey: String(publicKey.export({ format: "pem", type: "spki" })),
        });
        return signed(JSON.stringify({ encData: await other.encrypt(JSON.stringify(accountFieldsOf(member))) }), {});
      },
    ],
    ["whose encData is a number", 400, "000_906", async () => signed('{"encData":1}', {})],
    ["whose encData is empty", 400, "000_906", async () => signed('{"encData":""}', {})],
    [
      "of a megabyte",
      413,
      "000_909",
      async () => {
        const encData = await client.encrypt(JSON.stringify({ ...accountFieldsOf(member), more: "0".repeat(750_000) }));
        expect(encData.length).toBeGreaterThan(1_000_000);
        return signed(JSON.stringify({ encData }), {});
      },
    ],
    [
      "that says no object",
      400,
      "000_908",
      async () => signed(JSON.stringify({ encData: await client.encrypt("[1]") }), {}),
    ],
    [
      "that says no JSON",
      400,
      "000_908",
      async () => signed(JSON.stringify({ encData: await client.encrypt('{"userId":') }), {}),
    ],
    [
      "that says what cannot be stored",
      400,
      "000_908",
      async () => {
        const fields = { ...accountFieldsOf(member), userName: "김\u0000나" };
        return signed(JSON.stringify({ encData: await client.encrypt(JSON.stringify(fields)) }), {});
      },
    ],
    ["whose body is no JSON", 400, "000_908", async () => signed('{"encData":', {})],
    ["without a body", 400, "000_003", async () => signed("", {})],
    ["whose bytes are no UTF-8", 400, "000_908", async () => signed(Buffer.from('{"userName":"\xff"}', "latin1"), {})],
  ];

  it.each(changes)("%s is refused", async (about, status, code, make) => {
    await expectRefused(about, await make(), status, code);
  });

  it.each(["RSA-OAEP", "RSA-OAEP-256"])("by %s is taken, with keys of 128 and of 256 bits", async (alg) => {
    for (const enc of ["A128GCM", "A256GCM"]) {
      const { body, headers } = await genuine({ alg, enc });
      const answer = await client.send(register, body, headers, accountFieldsOf(member));
      // Which of them begins the registration is no matter: all of them were understood.
      expect(["000_000", "002_013"]).toContain(answer.body.response.code);
    }
  });

  it.each(["A128CBC-HS256", "A192GCM"])("with contents by %s is refused", async (enc) => {
    await expectRefused(enc, await genuine({ alg: "RSA-OAEP-256", enc }), 400, "000_906");
  });
});

function withoutLastDot({ body }: Tampered): Tampered {
  return signed(String(body).replace('."}', '"}'), {});
}

describe("what clients are known to write differently", () => {
  const userId = 50000104652;
  const body = JSON.stringify({ userId });
  const { path } = endpoints.info;

  async function taken(headers: Headers): Promise<unknown[]> {
    const answer = await client.send(path, body, headers, { userId });
    return [answer.status, answer.body.userId];
  }

  it.each<[string, (headers: Headers) => Headers]>([
    ["a token without its padding", (usual) => ({ "x-km-tran-token": usual["x-km-tran-token"]!.replace(/=+$/, "") })],
    ["a token with a full stop behind it", (usual) => ({ "x-km-tran-token": `${usual["x-km-tran-token"]}.` })],
    ["a time with milliseconds", () => ({ "x-km-tran-time": koreanTime(new Date()) })],
    [
      "another time than the token's",
      () => ({ "x-km-tran-time": koreanTime(new Date(Date.now() + 1_000)).slice(0, 14) }),
    ],
    ["a correlation id of 21 characters", () => ({ "x-km-correlation-id": "2203260931333-1234567" })],
    ["a correlation id of another form", () => ({ "x-km-correlation-id": "220326093133345-12345" })],
    ["a crypto key beside a clear body", () => ({ "x-km-crypto-key-id": client.credentials.cryptoKeyId })],
    [
      "the time of Greenwich",
      () => ({ "x-km-time-zone": "GMT", "x-km-tran-time": koreanTime(new Date(Date.now() - 32_400_000)).slice(0, 14) }),
    ],
    ["no Accept", () => ({ accept: undefined })],
  ])("%s is taken", async (_, change) => {
    const usual = client.headersOf(body);
    expect(await taken({ ...usual, ...change(usual) })).toEqual([200, userId]);
  });
});

describe("with a window of a minute", () => {
  const strict = useNode({ env: { NARU_KONAPLATE_WINDOW_S: "60" } });
  const body = JSON.stringify({ userId: 50000104652 });
  const { path } = endpoints.info;

  const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000);
  const digits = (at: Date) => koreanTime(at).slice(0, 14);
  const utc = (at: Date) => digits(new Date(at.getTime() - 32_400_000));

  async function answered(change: (usual: Headers) => Headers): Promise<[number, string]> {
    const strictClient = await KonaplateClient.of(strict);
    const usual = strictClient.headersOf(body);
    const answer = await strictClient.send(path, body, { ...usual, ...change(usual) }, { userId: 50000104652 });
    return [answer.status, answer.body.response.code];
  }

  it.each<[string, () => Headers]>([
    ["now", () => ({})],
    ["half a minute ago", () => ({ "x-km-tran-time": digits(ago(30)) })],
    ["in half a minute", () => ({ "x-km-tran-time": digits(ago(-30)) })],
    ["now, by UTC", () => ({ "x-km-tran-time": utc(ago(0)), "x-km-time-zone": "UTC" })],
    ["now, by the time of Japan", () => ({ "x-km-time-zone": "JST" })],
  ])("a request made %s is taken", async (_, change) => {
    expect(await answered(change)).toEqual([200, "000_000"]);
  });

  it.each<[string, () => Headers]>([
    ["two minutes ago", () => ({ "x-km-tran-time": digits(ago(120)) })],
    ["in two minutes", () => ({ "x-km-tran-time": digits(ago(-120)) })],
    ["now in Korea, which is not UTC", () => ({ "x-km-time-zone": "UTC" })],
    ["yesterday", () => ({ "x-km-tran-time": digits(ago(86_400)) })],
  ])("a request made %s is refused", async (_, change) => {
    const before = await countRows(strict.database, ...kept);
    expect(await answered(change)).toEqual([401, "000_904"]);
    expect(await countRows(strict.database, ...kept)).toEqual(before);
  });

  it("a request that names a zone which nobody knows is refused", async () => {
    expect(await answered(() => ({ "x-km-time-zone": "XYZ" }))).toEqual([400, "000_901"]);
  });

  it("the sandbox's clock is no matter: the window is of real time", async () => {
    await strict.moveClock("P3D");
    expect(await answered(() => ({}))).toEqual([200, "000_000"]);
  });
});

describe("where clear requests are not taken", () => {
  const strict = useNode({ env: { NARU_KONAPLATE_CLEAR: "false" } });

  it("an API whose requests are to be encrypted says so, and others take them", async () => {
    const strictClient = await KonaplateClient.of(strict);
    const clear = await strictClient.call("info", { userId: 50000104652 }, { encrypted: false });
    expect([clear.status, clear.body.response.code]).toEqual([400, "000_907"]);
    expect((await strictClient.call("info", { userId: 50000104652 })).status).toBe(200);
    expect((await strictClient.call("inquiry", { userId: 50000104652 })).status).toBe(200);
  });
});
