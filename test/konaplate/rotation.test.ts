/** Crypto keys of a project are changed one after the other: two are good at once, and what is removed is good no more. */
import { generateKeyPairSync } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { demoMerchant } from "../support/consent.ts";
import { createDatabase } from "../support/database.ts";
import {
  demoCredentials,
  type KonaplateBody,
  KonaplateClient,
  type KonaplateCredentials,
} from "../support/konaplate.ts";
import { startTestNode } from "../support/node.ts";
import { useNode } from "../support/scenario.ts";

const node = useNode();
const userId = 50000104652;
let own: KonaplateCredentials;
let keys: string;

beforeEach(async () => {
  own = await demoCredentials(node);
  keys = `/naru/v1/merchants/${demoMerchant}/credentials/${own.accessKey}/crypto-keys`;
});

interface MadeKey {
  cryptoKeyId: string;
  serverPublicKey: string;
  clientPrivateKey?: string;
}

async function make(fields: object = {}): Promise<MadeKey> {
  const { status, body } = await node.post<MadeKey>(keys, fields);
  if (status !== 201) throw new Error(`no key was made: ${JSON.stringify(body)}`);
  return body;
}

const clientWith = ({ cryptoKeyId, serverPublicKey, clientPrivateKey }: MadeKey) =>
  new KonaplateClient(node, {
    ...own,
    cryptoKeyId,
    serverPublicKey,
    clientPrivateKey: clientPrivateKey ?? own.clientPrivateKey,
  });

async function remove(cryptoKeyId: string): Promise<number> {
  return (await node.request("DELETE", `${keys}/${cryptoKeyId}`)).status;
}

/** An encrypted request whose answer is encrypted: it is read with the key that it names, or this fails. */
async function works(client: KonaplateClient): Promise<void> {
  const answer = await client.call("member", { userId });
  expect([answer.status, answer.wasEncrypted]).toEqual([200, true]);
}

async function codeOf(client: KonaplateClient): Promise<string> {
  return (await client.call("member", { userId })).body.response.code;
}

describe("a second crypto key", () => {
  it("works beside the first, and each has answers of its own", async () => {
    const made = await make();
    expect(made.cryptoKeyId).toMatch(/^[0-9a-f]{32}$/);
    expect(made.clientPrivateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    const [first, second] = [new KonaplateClient(node, own), clientWith(made)];
    await Promise.all([works(first), works(second), works(first), works(second)]);
    // What is for one server key is not read by the other.
    const crossed = new KonaplateClient(node, { ...own, serverPublicKey: made.serverPublicKey });
    expect(await codeOf(crossed)).toBe("000_906");
    expect(await remove(made.cryptoKeyId)).toBeLessThan(300);
    expect(await codeOf(second)).toBe("000_905");
    await works(first);
    expect(await remove(made.cryptoKeyId)).toBe(404);
  });

  it("is the last: there is no third", async () => {
    const made = await make();
    const third = await node.post<KonaplateBody>(keys, {});
    expect([third.status, third.body.cryptoKeyId]).toEqual([409, undefined]);
    const { body } = await node.get<KonaplateBody>(keys);
    const listed = JSON.stringify(body);
    for (const id of [own.cryptoKeyId, made.cryptoKeyId]) expect(listed).toContain(id);
    expect(listed).not.toContain("PRIVATE KEY");
    expect(await remove(made.cryptoKeyId)).toBeLessThan(300);
  });

  it("may be the client's own: then its private key never was here", async () => {
    const pair = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const made = await make({ clientPublicKey: pair.publicKey });
    expect(made.clientPrivateKey).toBeUndefined();
    await works(clientWith({ ...made, clientPrivateKey: pair.privateKey }));
    expect(await remove(made.cryptoKeyId)).toBeLessThan(300);
  });

  it.each<[string, () => unknown]>([
    ["no PEM", () => "naru"],
    ["of another kind", () => generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" })],
    [
      "too short",
      () => generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ type: "spki", format: "pem" }),
    ],
    [
      "a private one",
      () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" }),
    ],
  ])("of a client is not taken when it is %s", async (_, clientPublicKey) => {
    const { status } = await node.post<KonaplateBody>(keys, { clientPublicKey: clientPublicKey() });
    expect([400, 422]).toContain(status);
  });

  it("is known at other nodes, and its removal too", async () => {
    const other = await startTestNode({ database: node.database });
    try {
      const made = await make();
      const there = new KonaplateClient(other, { ...clientWith(made).credentials });
      await works(there);
      expect(await remove(made.cryptoKeyId)).toBeLessThan(300);
      expect(await codeOf(clientWith(made))).toBe("000_905");
      // Another node may trust what it has read for a while.
      await expect.poll(() => codeOf(there), { timeout: 15_000 }).toBe("000_905");
    } finally {
      await other.stop();
    }
  });
});

it("nodes that start together have one demo key, which a later one has too", async () => {
  const database = await createDatabase();
  const nodes = await Promise.all([1, 2, 3].map(() => startTestNode({ database })));
  try {
    nodes.push(await startTestNode({ database }));
    const all = await Promise.all(nodes.map(demoCredentials));
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
    for (const one of nodes) await works(new KonaplateClient(one, all[0]!));
  } finally {
    for (const one of nodes) await one.stop();
    await database.drop();
  }
});
