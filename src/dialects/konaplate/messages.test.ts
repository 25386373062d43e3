import {
  constants,
  createCipheriv,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { compactDecrypt } from "jose";
import { describe, expect, it } from "vitest";
import { decryptMessage, encryptMessage, isEncrypted } from "./messages.ts";

const pair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const ours = pair();
const others = pair();
const clear = '{"userId":50000104652,"userName":"김코나"}';

interface Making {
  header?: object | string;
  publicKey?: KeyObject;
  hash?: string;
  padding?: number;
  cipher?: "aes-128-gcm" | "aes-256-gcm";
  key_bytes?: number;
  plain?: Buffer;
  /** Which of the five parts is changed afterwards. */
  change?: { part: number; to: (bytes: Buffer) => Buffer };
}

const bit = (at: number) => (bytes: Buffer) =>
  Buffer.from(bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)));
const cut = (length: number) => (bytes: Buffer) => bytes.subarray(0, length);
const shorter = (bytes: Buffer) => bytes.subarray(1);
const longer = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(4)]);

/** A message put together by hand, so that it may be wrong in every way. */
function make({
  header = { enc: "A128GCM", alg: "RSA-OAEP-256" },
  publicKey = ours.publicKey,
  hash = "sha256",
  padding = constants.RSA_PKCS1_OAEP_PADDING,
  cipher: name = "aes-128-gcm",
  key_bytes = name === "aes-128-gcm" ? 16 : 32,
  plain = Buffer.from(clear),
  change,
}: Making = {}): string {
  const key = randomBytes(key_bytes);
  const iv = randomBytes(12);
  const encodedHeader = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const cipherKey = key.subarray(0, name === "aes-128-gcm" ? 16 : 32);
  const cipher = createCipheriv(name, cipherKey, iv).setAAD(Buffer.from(encodedHeader.toString("base64url")));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  const oaep = padding === constants.RSA_PKCS1_OAEP_PADDING ? { oaepHash: hash } : {};
  const wrapped = publicEncrypt({ key: publicKey, padding, ...oaep }, key);
  const parts = [encodedHeader, wrapped, iv, sealed, cipher.getAuthTag()];
  const sent = parts.map((bytes, index) => (index === change?.part ? change.to(bytes) : bytes));
  return sent.map((part) => part.toString("base64url")).join(".");
}

const read = async (message: unknown) => {
  const plain = await decryptMessage(message, ours.privateKey);
  return plain && Buffer.from(plain).toString();
};

const wide = { cipher: "aes-256-gcm" } as const;

describe("an encrypted request", () => {
  it.each<[string, Making]>([
    ["RSA-OAEP-256 and A128GCM", {}],
    ["RSA-OAEP-256 and A256GCM", { ...wide, header: { alg: "RSA-OAEP-256", enc: "A256GCM" } }],
    ["RSA-OAEP and A128GCM", { hash: "sha1", header: { alg: "RSA-OAEP", enc: "A128GCM" } }],
    ["RSA-OAEP and A256GCM", { ...wide, hash: "sha1", header: { alg: "RSA-OAEP", enc: "A256GCM" } }],
    [
      "the id and type of the key",
      { header: { alg: "RSA-OAEP-256", enc: "A128GCM", kid: "a", typ: "JWE", cty: "json" } },
    ],
  ])("is read with %s", async (_name, making) => {
    expect(await read(make(making))).toBe(clear);
  });

  it("may be empty", async () => {
    expect(await read(make({ plain: Buffer.alloc(0) }))).toBe("");
  });

  it.each<[string, Making]>([
    ["another's key", { publicKey: others.publicKey }],
    ["another hash than it says", { hash: "sha1" }],
    ["PKCS #1 v1.5", { padding: constants.RSA_PKCS1_PADDING, header: { alg: "RSA1_5", enc: "A128GCM" } }],
    ["PKCS #1 v1.5 that says it is OAEP", { padding: constants.RSA_PKCS1_PADDING }],
    ["RSA-OAEP-512", { hash: "sha512", header: { alg: "RSA-OAEP-512", enc: "A128GCM" } }],
    ["the key itself", { header: { alg: "dir", enc: "A128GCM" } }],
    ["no algorithm", { header: { enc: "A128GCM" } }],
    ["no encryption", { header: { alg: "RSA-OAEP-256" } }],
    ["A192GCM", { header: { alg: "RSA-OAEP-256", enc: "A192GCM" } }],
    ["CBC", { header: { alg: "RSA-OAEP-256", enc: "A128CBC-HS256" } }],
    ["a key that is too long for its encryption", { key_bytes: 32 }],
    ["compression", { plain: deflateRawSync(clear), header: { alg: "RSA-OAEP-256", enc: "A128GCM", zip: "DEF" } }],
    ["what must be understood", { header: { alg: "RSA-OAEP-256", enc: "A128GCM", crit: ["exp"], exp: 1 } }],
    ["a field nobody knows", { header: { alg: "RSA-OAEP-256", enc: "A128GCM", jku: "https://a.example" } }],
    ["a header that is no JSON", { header: "{" }],
    ["a header that is a list", { header: "[]" }],
    ["a header that is nothing", { header: "null" }],
    ["a bit of the header changed", { change: { part: 0, to: bit(2) } }],
    ["a bit of the wrapped key changed", { change: { part: 1, to: bit(7) } }],
    ["the wrapped key cut short", { change: { part: 1, to: shorter } }],
    ["no wrapped key", { change: { part: 1, to: cut(0) } }],
    ["a bit of the nonce changed", { change: { part: 2, to: bit(0) } }],
    ["a longer nonce", { change: { part: 2, to: longer } }],
    ["no nonce", { change: { part: 2, to: cut(0) } }],
    ["a bit of the text changed", { change: { part: 3, to: bit(0) } }],
    ["the text cut short", { change: { part: 3, to: shorter } }],
    ["a bit of the tag changed", { change: { part: 4, to: bit(15) } }],
    ["the tag cut short", { change: { part: 4, to: cut(12) } }],
    ["no tag", { change: { part: 4, to: cut(0) } }],
  ])("cannot be read with %s", async (_name, making) => {
    expect(await read(make(making))).toBeUndefined();
  });

  it.each<[string, (message: string) => unknown]>([
    ["padding", (message) => `${message}==`],
    ["a line break", (message) => `${message}\n`],
    ["four parts", (message) => message.slice(0, message.lastIndexOf("."))],
    ["six parts", (message) => `${message}.`],
    ["dots alone", () => "...."],
    ["nothing", () => ""],
    ["a number", () => 1],
    ["an object", (message) => ({ ciphertext: message })],
    ["a list", (message) => [message]],
    ["the tag written in another way", writtenOtherwise],
  ])("is none with %s", async (_name, change) => {
    expect(await read(change(make()))).toBeUndefined();
  });

  it("is known by its one field, whatever that holds", () => {
    expect(isEncrypted({ encData: 1 })).toBe(true);
    expect(isEncrypted({ userId: 1 })).toBe(false);
    expect(isEncrypted({})).toBe(false);
  });
});

/** The last character of 16 bytes has four bits to spare. */
function writtenOtherwise(message: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return message.slice(0, -1) + alphabet[alphabet.indexOf(message.at(-1)!) + 1]!;
}

describe("an encrypted answer", () => {
  it("is for the client alone, with the header that its clients know", async () => {
    const { encData, ...more } = await encryptMessage(clear, ours.publicKey);
    expect(more).toEqual({});
    expect(Buffer.from(encData.split(".")[0]!, "base64url").toString()).toBe('{"enc":"A128GCM","alg":"RSA-OAEP-256"}');
    expect(Buffer.from((await compactDecrypt(encData, ours.privateKey)).plaintext).toString()).toBe(clear);
    expect(await decryptMessage(encData, others.privateKey)).toBeUndefined();
  });

  it("is another each time", async () => {
    const [first, second] = [await encryptMessage(clear, ours.publicKey), await encryptMessage(clear, ours.publicKey)];
    for (const part of [1, 2, 3, 4]) expect(first.encData.split(".")[part]).not.toBe(second.encData.split(".")[part]);
  });
});
