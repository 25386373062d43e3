/**
 * The registered account of a member, by the contract's page alone: nothing here knows of Naru but how a node is started
 * and where it tells its demo credentials. A client in another language would be these lines.
 */
import { CompactEncrypt, compactDecrypt, importPKCS8, importSPKI } from "jose";
import { describe, expect, it } from "vitest";
import { useNode } from "../support/scenario.ts";

const node = useNode();

const text = new TextEncoder();

interface Credentials {
  aspId: string;
  accessKey: string;
  secretKey: string;
  cryptoKeyId: string;
  serverPublicKey: string;
  clientPrivateKey: string;
}

async function credentials(): Promise<Credentials> {
  const answer = await fetch(`${node.url}/naru/v1/sandbox/credentials`);
  return ((await answer.json()) as { konaplate: Credentials }).konaplate;
}

async function sign(secretKey: string, body: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", text.encode(secretKey), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, text.encode(body));
  return btoa(String.fromCharCode(...new Uint8Array(signature)));
}

/** `yyyyMMddHHmmssSSS` by UTC. */
const now = () => new Date().toISOString().replace(/\D/g, "");

async function call(prefix: string, body: string, own: Credentials, more: Record<string, string> = {}) {
  const time = now();
  return fetch(`${node.url}${prefix}/api/v1/bankaccounts/info`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-KM-User-AspId": own.aspId,
      "X-KM-Correlation-Id": `${time.slice(2, 14)}-0a1b2c3`,
      "X-KM-Access-Key": own.accessKey,
      "X-KM-Tran-Token": `KMV1:${time}:${await sign(own.secretKey, body)}`,
      "X-KM-Tran-Time": time.slice(0, 14),
      "X-KM-Time-Zone": "UTC",
      ...more,
    },
    body,
  });
}

const wanted = {
  userId: 50000104652,
  accountInfo: {
    accountId: expect.stringMatching(/^.{5}$/),
    userName: "김코나",
    bankAccount: "333015555557",
    bankName: "IBK기업은행",
    bankCode: "003",
    createdDateTime: expect.stringMatching(/^20\d{15}$/),
    updatedDateTime: expect.stringMatching(/^20\d{15}$/),
  },
  response: { code: "000_000", description: "Success." },
};

describe.each(["", "/open-api"])("POST %s/api/v1/bankaccounts/info", (prefix) => {
  it("answers an encrypted request with the nine fields", async () => {
    const own = await credentials();
    const key = await importSPKI(own.serverPublicKey, "RSA-OAEP-256");
    const encData = await new CompactEncrypt(text.encode('{"userId":50000104652}'))
      .setProtectedHeader({ enc: "A128GCM", alg: "RSA-OAEP-256" })
      .encrypt(key);
    const answer = await call(prefix, JSON.stringify({ encData }), own, { "X-KM-Crypto-Key-Id": own.cryptoKeyId });
    expect([answer.status, await answer.json()]).toEqual([200, wanted]);
    expect(answer.headers.get("X-KM-Correlation-Id")).toMatch(/^\d{12}-0a1b2c3$/);
  });

  it("answers a clear one likewise in the sandbox", async () => {
    const answer = await call(prefix, '{"userId":50000104652}', await credentials());
    expect([answer.status, await answer.json()]).toEqual([200, wanted]);
  });

  it("refuses a token that is not the body's", async () => {
    const own = await credentials();
    const answer = await call(prefix, '{"userId":50000104652}', { ...own, secretKey: `${own.secretKey}0` });
    expect(answer.status).toBe(401);
    expect(await answer.json()).not.toHaveProperty("accountInfo");
  });
});

it("what is encrypted for the client is read with its own key", async () => {
  const own = await credentials();
  const time = now();
  const body = '{"userId":50000104652}';
  const answer = await fetch(`${node.url}/api/v1/user/info`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-KM-User-AspId": own.aspId,
      "X-KM-Correlation-Id": `${time.slice(2, 14)}-0a1b2c3`,
      "X-KM-Access-Key": own.accessKey,
      "X-KM-Crypto-Key-Id": own.cryptoKeyId,
      "X-KM-Tran-Token": `KMV1:${time}:${await sign(own.secretKey, body)}`,
      "X-KM-Tran-Time": time.slice(0, 14),
      "X-KM-Time-Zone": "UTC",
    },
    body,
  });
  const { encData, ...rest } = (await answer.json()) as { encData: string };
  expect(rest).toEqual({});
  const { plaintext } = await compactDecrypt(encData, await importPKCS8(own.clientPrivateKey, "RSA-OAEP-256"));
  const clear = JSON.parse(new TextDecoder().decode(plaintext));
  expect(clear).toMatchObject({ userInfo: { aspId: own.aspId }, response: { code: "000_000" } });
});
