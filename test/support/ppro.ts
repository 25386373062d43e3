/** What a test says to a node as a merchant of PPRO does, and hears of it; and what the shopper does meanwhile. */
import { createHash, createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import {
  type Envelope,
  holdToContract,
  holdWebhookToContract,
  sampleAgreement,
  sampleRequest,
} from "../ppro/contract.ts";
import { type Client, eventually, type Fields } from "./client.ts";
import { raw } from "./raw.ts";
import type { Received, Receiver } from "./receiver.ts";

export interface PproCredentials {
  apiKey: string;
  merchantId: string;
  /** Of webhooks. */
  signingSecret: string;
}

export const demo: PproCredentials = {
  apiKey: "key_sandbox_naru00000000000000000",
  merchantId: "merch_naru00000000000000000",
  signingSecret: "naru_sandbox_signing_secret",
};

// biome-ignore lint/suspicious/noExplicitAny: a test names the fields it looks at
export type PproBody = any;

export interface PproAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The body as it came. */
  text: string;
  /** The same as JSON; null if there is none. */
  body: PproBody;
}

export interface PproSent {
  /** Fields as JSON, or a body as it is. */
  body?: object | string | Uint8Array;
  /** Beside the credentials and the content type; undefined takes one of those away. */
  headers?: Record<string, string | string[] | undefined>;
  /** The `Request-Idempotency-Key`. */
  key?: string;
}

/** Of a call that has its body from fields. */
export type PproOptions = Omit<PproSent, "body">;

/** What the shopper decides on the wallet's page. */
export interface Decision {
  decision: string;
  /** Why the wallet declines. */
  code?: string;
}

const charges = "/v1/payment-charges";
const agreements = "/v1/payment-agreements";

/** A merchant's server, and the browser of its shopper. */
export class PproClient {
  readonly credentials: PproCredentials;
  readonly #node: Pick<Client, "url">;

  /** The node need not be there yet. */
  constructor(node: Pick<Client, "url">, credentials = demo) {
    this.#node = node;
    this.credentials = credentials;
  }

  get url(): string {
    return this.#node.url;
  }

  /** One call, held against the contract whatever it answers. */
  async call(method: string, path: string, { body, headers = {}, key }: PproSent = {}): Promise<PproAnswer> {
    const isWritten = typeof body === "string" || body instanceof Uint8Array;
    const given = Object.entries({
      authorization: `Bearer ${this.credentials.apiKey}`,
      "merchant-id": this.credentials.merchantId,
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(key === undefined ? {} : { "request-idempotency-key": key }),
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    }).filter(([, value]) => value !== undefined);
    const answer = await raw(this.url, {
      method,
      path,
      headers: Object.fromEntries(given) as Record<string, string | string[]>,
      ...(body === undefined ? {} : { body: isWritten ? body : JSON.stringify(body) }),
    });
    const { status, text } = answer;
    holdToContract(method, path, {
      status,
      contentType: answer.headers["content-type"],
      headers: answer.headers,
      text,
    });
    return { status, headers: answer.headers, text, body: text === "" ? null : JSON.parse(text) };
  }

  /** Makes a charge, as the contract's sample has it but for these fields. */
  charge(fields: Fields = {}, options: PproOptions = {}): Promise<PproAnswer> {
    return this.call("POST", charges, { ...options, body: { ...sampleRequest, ...fields } });
  }

  get(id: string): Promise<PproAnswer> {
    return this.call("GET", `${charges}/${id}`);
  }

  search(query: Record<string, string>): Promise<PproAnswer> {
    return this.call("GET", `${charges}?${new URLSearchParams(query)}`);
  }

  capture(id: string, amount: number, fields: Fields = {}, options: PproOptions = {}): Promise<PproAnswer> {
    return this.call("POST", `${charges}/${id}/captures`, { ...options, body: { amount, ...fields } });
  }

  refund(id: string, amount: number, fields: Fields = {}, options: PproOptions = {}): Promise<PproAnswer> {
    return this.call("POST", `${charges}/${id}/refunds`, { ...options, body: { amount, ...fields } });
  }

  void(id: string, amount: number, fields: Fields = {}, options: PproOptions = {}): Promise<PproAnswer> {
    return this.call("POST", `${charges}/${id}/voids`, { ...options, body: { amount, ...fields } });
  }

  discard(id: string, fields: Fields = {}, options: PproOptions = {}): Promise<PproAnswer> {
    return this.call("POST", `${charges}/${id}/discards`, { ...options, body: fields });
  }

  /** Asks for an agreement, as the contract's sample has it but for these fields. */
  agree(fields: Fields = {}, options: PproOptions = {}): Promise<PproAnswer> {
    return this.call("POST", agreements, { ...options, body: { ...sampleAgreement, ...fields } });
  }

  agreement(id: string): Promise<PproAnswer> {
    return this.call("GET", `${agreements}/${id}`);
  }

  /** A charge under an agreement, of 15,000 won but for these fields. */
  chargeUnder(id: string, fields: Fields = {}, options: PproOptions = {}): Promise<PproAnswer> {
    const body = { amount: sampleRequest.amount, ...fields };
    return this.call("POST", `${agreements}/${id}/payment-charges`, { ...options, body });
  }

  revoke(id: string, options: PproOptions = {}): Promise<PproAnswer> {
    return this.call("POST", `${agreements}/${id}/revocations`, { ...options, body: {} });
  }

  /** An agreement that the shopper has agreed to, as it is shown then. */
  async agreed(fields: Fields = {}, options: PproOptions = {}): Promise<PproBody> {
    const { body } = await this.agree(fields, options);
    await this.checkout(requestUrlOf(body), { decision: "pay" });
    return (await this.agreement(body.id)).body;
  }

  /** A charge that the shopper has paid, as it is shown then. */
  async paid(fields: Fields = {}, options: PproOptions = {}): Promise<PproBody> {
    const made = await this.charge(fields, options);
    await this.checkout(requestUrlOf(made.body), { decision: "pay" });
    return (await this.get(made.body.id)).body;
  }

  /** The shopper decides; returns where the browser is sent then. */
  async checkout(requestUrl: string, { decision, code }: Decision): Promise<{ status: number; location?: string }> {
    const { status, headers } = await raw(this.url, {
      method: "POST",
      path: pathOf(requestUrl),
      headers: { accept: "text/html", "content-type": "application/x-www-form-urlencoded" },
      body: String(new URLSearchParams(code === undefined ? { decision } : { decision, code })),
    });
    return { status, ...(headers.location === undefined ? {} : { location: headers.location }) };
  }

  /** The shopper's browser goes there, and not on to where it may be sent. */
  async open(requestUrl: string): Promise<Omit<PproAnswer, "body"> & { location?: string }> {
    const path = pathOf(requestUrl);
    const { status, headers, text } = await raw(this.url, { method: "GET", path, headers: { accept: "text/html" } });
    return { status, headers, text, ...(headers.location === undefined ? {} : { location: headers.location }) };
  }
}

/** Where the shopper is to go for this charge or agreement. */
export function requestUrlOf({ authenticationMethods }: PproBody): string {
  const redirect = authenticationMethods?.find(({ type }: { type: string }) => type === "REDIRECT");
  if (redirect === undefined) throw new Error(`no redirect among ${JSON.stringify(authenticationMethods)}`);
  return redirect.details.requestUrl;
}

/** A node under test need not listen where its public URL says that it does. */
function pathOf(requestUrl: string): string {
  const { pathname, search } = new URL(requestUrl);
  return `${pathname}${search}`;
}

/** Whether `Webhook-Signature` is right: a plain digest, as hex, of the body with the secret behind it. */
export function verifyLegacy(secret: string, rawBody: string | Uint8Array, header: unknown): boolean {
  return header === createHash("sha256").update(rawBody).update(`.${secret}`).digest("hex");
}

/** Whether `PPRO-Signature` is right: a UNIX time in seconds, and a keyed digest of it with the body behind it. */
export function verifySignature(secret: string, rawBody: string | Uint8Array, header: unknown): boolean {
  const [, signedAt, signature] = /^t=([0-9]{10}),s=([0-9a-f]{64})$/.exec(String(header)) ?? [];
  return signature === createHmac("sha256", secret).update(`${signedAt}.`).update(rawBody).digest("hex");
}

export interface WebhookFilter {
  /** The id of a charge, an agreement or an instrument. */
  about?: string;
  /** Every webhook that was received is signed with it. */
  secret?: string;
}

/** The webhooks that came, in the order in which they did, each again as often as it came. All are verified. */
export function webhooksOf(
  { received }: Pick<Receiver, "received">,
  { about, secret = demo.signingSecret }: WebhookFilter = {},
): Envelope[] {
  const all = received.map((request) => verified(request, secret));
  return about === undefined ? all : all.filter(({ subject }) => subject === about);
}

/** The same, once so many have come; fails with what has come if they do not. */
export async function heardOf(
  receiver: Pick<Receiver, "received">,
  count: number,
  filter: WebhookFilter = {},
): Promise<Envelope[]> {
  const heard = () => webhooksOf(receiver, filter);
  const come = await eventually(async () => heard().length >= count && heard()).catch(heard);
  if (come.length === count) return come;
  throw new Error(`${come.length} webhooks instead of ${count}: ${come.map(({ type }) => type).join(", ")}`);
}

function verified({ body, headers }: Received, secret: string): Envelope {
  const isSigned = verifyLegacy(secret, body, headers["webhook-signature"]);
  if (!isSigned) throw new Error(`Webhook-Signature ${headers["webhook-signature"]} is not that of ${body}`);
  const isStamped = verifySignature(secret, body, headers["ppro-signature"]);
  if (!isStamped) throw new Error(`PPRO-Signature ${headers["ppro-signature"]} is not that of ${body}`);
  if (headers["content-type"] !== "application/json") throw new Error(`a webhook is ${headers["content-type"]}`);
  const envelope = JSON.parse(body) as Envelope;
  holdWebhookToContract(envelope);
  return envelope;
}
