/**
 * What a test says to a node as a client of Konaplate does: headers, the token of a body, messages in JWE. Written from the
 * contract and with none of Naru's own code for it.
 */
import { createHmac, randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { CompactEncrypt, compactDecrypt, importPKCS8, importSPKI } from "jose";
import { type Api, apiOf, endpointOf, holdToContract } from "../konaplate/contract.ts";
import type { Client, Fields } from "./client.ts";
import { raw } from "./raw.ts";

/** As `GET /naru/v1/sandbox/credentials` has them; keys as PEM. */
export interface KonaplateCredentials {
  aspId: string;
  accessKey: string;
  secretKey: string;
  cryptoKeyId: string;
  serverPublicKey: string;
  clientPrivateKey: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a test names the fields it looks at
export type KonaplateBody = any;

export interface KonaplateAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The body as it came. */
  text: string;
  /** Decrypted, if it was encrypted. A whole number that JavaScript would round is a bigint. */
  body: KonaplateBody;
  wasEncrypted: boolean;
}

export type Headers = Record<string, string | undefined>;

export interface KonaplateSent {
  /** As the pages have it, unless told otherwise. */
  encrypted?: boolean;
  /** Beside the usual ones; undefined takes one of those away. */
  headers?: Headers;
  prefix?: "" | "/open-api";
}

/** Fields of a request; a bigint is written as the number that it is. */
export type WideFields = Record<string, unknown>;

const media = "application/json";

/** A partner's server. */
export class KonaplateClient {
  readonly node: Client;
  readonly credentials: KonaplateCredentials;

  constructor(node: Client, credentials: KonaplateCredentials) {
    this.node = node;
    this.credentials = credentials;
  }

  /** With the demo merchant's credentials. */
  static async of(node: Client): Promise<KonaplateClient> {
    return new KonaplateClient(node, await demoCredentials(node));
  }

  /** One call, held against the contract whatever it answers. */
  async call(api: Api, fields: WideFields = {}, sent: KonaplateSent = {}): Promise<KonaplateAnswer> {
    const { path, encrypted } = endpointOf(api);
    const clear = writeWide(fields);
    const isEncrypted = sent.encrypted ?? encrypted.request ?? false;
    const namesKey = isEncrypted || (sent.encrypted === undefined && encrypted.answer === true);
    const body = isEncrypted ? JSON.stringify({ encData: await this.encrypt(clear) }) : clear;
    const headers = this.headersOf(body, {
      ...(namesKey ? { "x-km-crypto-key-id": this.credentials.cryptoKeyId } : {}),
      ...sent.headers,
    });
    return this.send(`${sent.prefix ?? ""}${path}`, body, headers, fields);
  }

  /** The same, which has to succeed: what it answers. */
  async ask(api: Api, fields: WideFields = {}, sent: KonaplateSent = {}): Promise<KonaplateBody> {
    const answer = await this.call(api, fields, sent);
    if (answer.status === 200) return answer.body;
    throw new Error(`${api} was refused with ${answer.status}: ${answer.text}`);
  }

  /** A body as it is, with these headers and no others; `fields` are what it says, where it says something. */
  async send(
    path: string,
    body: string | Uint8Array,
    headers: Headers,
    fields: WideFields | undefined = undefined,
  ): Promise<KonaplateAnswer> {
    const given = Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const answer = await raw(this.node.url, { method: "POST", path, headers: Object.fromEntries(given), body });
    const { clear, wasEncrypted } = await this.#opened(path, headers, answer);
    const shown = { status: answer.status, headers: answer.headers, text: clear };
    holdToContract(path, { headers, fields: fields === undefined ? undefined : rounded(fields) }, shown);
    return {
      status: answer.status,
      headers: answer.headers,
      text: answer.text,
      body: readWide(clear),
      wasEncrypted,
    };
  }

  /** The usual headers of this body. */
  headersOf(body: string | Uint8Array, more: Headers = {}, at = new Date()): Headers {
    const { aspId, accessKey } = this.credentials;
    const time = koreanTime(at);
    const own: Headers = {
      "content-type": media,
      accept: media,
      "x-km-user-aspid": aspId,
      "x-km-correlation-id": correlationId(time),
      "x-km-access-key": accessKey,
      "x-km-tran-token": this.tokenOf(body, time),
      "x-km-tran-time": time.slice(0, 14),
      "x-km-time-zone": "KST",
    };
    const changed = Object.entries(more).map(([name, value]) => [name.toLowerCase(), value]);
    return { ...own, ...Object.fromEntries(changed) };
  }

  /** `X-KM-Tran-Token` of exactly these bytes. */
  tokenOf(body: string | Uint8Array, time = koreanTime(new Date())): string {
    return tranToken(this.credentials.secretKey, body, time);
  }

  /** A compact JWE under the server's key, with the header that clients are known to send. */
  async encrypt(clear: string, header: { alg: string; enc: string } = { enc: "A128GCM", alg: "RSA-OAEP-256" }) {
    const key = await importSPKI(this.credentials.serverPublicKey, header.alg);
    return new CompactEncrypt(new TextEncoder().encode(clear)).setProtectedHeader(header).encrypt(key);
  }

  /** What an answer says; that it is encrypted where it should be, and only there. */
  async #opened(
    path: string,
    headers: Headers,
    answer: { status: number; headers: IncomingHttpHeaders; text: string },
  ) {
    const api = apiOf(path);
    const expected = api === undefined ? undefined : endpointOf(api).encrypted.answer;
    const asked = headers["x-km-crypto-key-id"];
    const given = answer.headers["x-km-crypto-key-id"];
    const [, jwe] = /^\{"encData":"([\w.-]+)"\}$/.exec(answer.text) ?? [];
    const fail = (what: string) => {
      throw new Error(`POST ${path}: ${what}\n${answer.status} ${answer.text}`);
    };
    if (jwe === undefined) {
      if (answer.text.includes('"encData"')) fail("an encrypted answer has one member, a compact JWE");
      if (given !== undefined) fail("only an encrypted answer names a crypto key");
      if (answer.status === 200 && expected === true && asked !== undefined) fail("the answer is to be encrypted");
      return { clear: answer.text, wasEncrypted: false };
    }
    if (answer.status !== 200) fail("an error is in clear");
    if (expected === false) fail("the answer is to be in clear");
    if (asked === undefined) fail("the answer is encrypted under a key that nobody named");
    if (given !== asked) fail(`the answer names ${given} as its key`);
    const [header = ""] = jwe.split(".");
    const named = JSON.parse(Buffer.from(header, "base64url").toString());
    const isUsual = named.alg === "RSA-OAEP-256" && named.enc === "A128GCM" && Object.keys(named).length === 2;
    if (!isUsual) fail(`the answer's JWE has the header ${JSON.stringify(named)}`);
    const key = await importPKCS8(this.credentials.clientPrivateKey, "RSA-OAEP-256");
    const { plaintext } = await compactDecrypt(jwe, key);
    return { clear: new TextDecoder("utf-8", { fatal: true }).decode(plaintext), wasEncrypted: true };
  }
}

/** The demo merchant's, which a sandbox on loopback tells whoever asks. */
export async function demoCredentials(node: Client): Promise<KonaplateCredentials> {
  const { body } = await node.get<{ konaplate: KonaplateCredentials }>("/naru/v1/sandbox/credentials");
  return body.konaplate;
}

/** `KMV1:` + 17 digits + `:` + the keyed digest in base64, with its padding. */
export function tranToken(secretKey: string, body: string | Uint8Array, time: string): string {
  return `KMV1:${time}:${createHmac("sha256", secretKey).update(body).digest("base64")}`;
}

/** `yyyyMMddHHmmssSSS` in Korea. */
export function koreanTime(at: Date): string {
  const there = new Date(at.getTime() + 9 * 3_600_000).toISOString();
  return there.replace(/\D/g, "");
}

/** 12 digits, a hyphen, 7 hexadecimal digits. */
export function correlationId(time = koreanTime(new Date())): string {
  return `${time.slice(2, 14)}-${randomBytes(4).toString("hex").slice(0, 7)}`;
}

/** JSON in which a bigint is a number. */
export function writeWide(value: unknown): string {
  const mark = "\u0001wide:";
  const written = JSON.stringify(value, (_, held) => (typeof held === "bigint" ? `${mark}${held}` : held));
  return written.replace(/"\\u0001wide:(-?\d+)"/g, "$1");
}

/** JSON as values; a whole number that JavaScript would round is a bigint. */
export function readWide(text: string): KonaplateBody {
  const mark = "\u0001wide:";
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}(?![\d.eE])/g, (found) => {
    if (found.startsWith('"') || Number.isSafeInteger(Number(found))) return found;
    return JSON.stringify(`${mark}${found}`);
  });
  return JSON.parse(marked, (_, held) =>
    typeof held === "string" && held.startsWith(mark) ? BigInt(held.slice(mark.length)) : held,
  );
}

/** As JavaScript would read what is written. */
function rounded(fields: WideFields): Fields {
  return JSON.parse(writeWide(fields));
}
