/** What a test says to a node as an app with a business token does. */
import { setTimeout as pause } from "node:timers/promises";
import { holdToContract } from "../kakao-moment/contract.ts";
import type { Answer, Client, Fields } from "./client.ts";
import { type App, businessToken, demoMerchant, demoUsers, newUser } from "./consent.ts";
import { raw } from "./raw.ts";

/** The demo merchant, the user who lets its app act, and that user's ad account. */
export const demo = {
  merchantId: demoMerchant,
  token: "naru_sandbox_business_token",
  adAccountId: 12_345,
  user: demoUsers.kim,
};

export interface KakaoAnswer<Body = KakaoBody> extends Answer<Body> {
  /** The body as it came. */
  text: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a test names the fields it looks at
export type KakaoBody = any;

export interface Sent {
  /** Beside the token and the ad account; undefined takes one of those away. */
  headers?: Record<string, string | string[] | undefined>;
  /** Fields as JSON, or a body as it is. */
  body?: Fields | string | Uint8Array;
}

const json = { "content-type": "application/json" };

/** One call of Kakao Moment, held against the contract whatever it answers. */
export async function kakao(
  { url }: Pick<Client, "url">,
  method: string,
  path: string,
  { headers = {}, body }: Sent = {},
): Promise<KakaoAnswer> {
  const isWritten = body === undefined || typeof body === "string" || body instanceof Uint8Array;
  const given = Object.entries({ ...(isWritten ? {} : json), ...headers }).filter(([, value]) => value !== undefined);
  const answer = await raw(url, {
    method,
    path,
    headers: Object.fromEntries(given) as Record<string, string | string[]>,
    ...(body === undefined ? {} : { body: isWritten ? body : JSON.stringify(body) }),
  });
  const { status, text } = answer;
  const contentType = answer.headers["content-type"];
  holdToContract(method, path, { status, contentType, text });
  const shown = new Headers(contentType === undefined ? {} : { "content-type": contentType });
  return { status, headers: shown, text, body: text === "" ? null : JSON.parse(text) };
}

const every_ms = 1_000;
/** A timer may fire a little early. */
const timer_slack_ms = 10;

/** An app that acts for one user on one ad account. */
export class KakaoClient {
  readonly url: string;
  readonly token: string;
  readonly adAccountId: number;
  /** When the last call of each kind that a user may make once a second had been answered. */
  readonly #answered = new Map<string, number>();

  constructor({ url }: Pick<Client, "url">, token = demo.token, adAccountId = demo.adAccountId) {
    this.url = url;
    this.token = token;
    this.adAccountId = adAccountId;
  }

  call(method: string, path: string, { headers = {}, ...sent }: Sent = {}): Promise<KakaoAnswer> {
    const own = { authorization: `Bearer ${this.token}`, adAccountId: String(this.adAccountId) };
    return kakao(this, method, path, { ...sent, headers: { ...own, ...headers } });
  }

  get(path: string, headers: NonNullable<Sent["headers"]> = {}): Promise<KakaoAnswer> {
    return this.call("GET", `/openapi/v4/adAccounts/${path}`, { headers });
  }

  /** As the contract's sample has it, but for these fields, when the user may. */
  tryTopUp(fields: Fields = {}): Promise<KakaoAnswer> {
    const body = { adAccountId: this.adAccountId, amount: 1_000_000, bankCode: "88", ...fields };
    return this.paced("POST", "/openapi/v4/billing/virtualAccount", { body });
  }

  /** The virtual account. */
  async topUp(fields: Fields = {}): Promise<KakaoBody> {
    return shown(await this.tryTopUp(fields));
  }

  switch(config: unknown): Promise<KakaoAnswer> {
    return this.paced("PUT", "/openapi/v4/adAccounts/onOff", { body: { config } });
  }

  async balance(): Promise<{ id: number; cash: number; freeCash: number; bizWalletId: number }> {
    return shown(await this.get("balance"));
  }

  /** The ad account itself. */
  async adAccount(): Promise<KakaoBody> {
    return shown(await this.get(String(this.adAccountId)));
  }

  /** A call that its user may make once a second, when that is over. By one client, and one such call at a time. */
  async paced(method: string, path: string, sent: Sent): Promise<KakaoAnswer> {
    const answered = this.#answered.get(path) ?? Number.NEGATIVE_INFINITY;
    await pause(Math.max(0, answered + every_ms + timer_slack_ms - performance.now()));
    return this.call(method, path, sent).finally(() => this.#answered.set(path, performance.now()));
  }
}

function shown({ status, body, text }: KakaoAnswer): KakaoBody {
  if (status !== 200) throw new Error(`refused with ${status}: ${text}`);
  return body;
}

/** What an operator asks of Naru's own API, which answers with this. */
export async function operate<Body = KakaoBody>(
  node: Client,
  method: string,
  path: string,
  fields?: object,
): Promise<Body> {
  const body = fields === undefined ? {} : { headers: json, body: JSON.stringify(fields) };
  const answer = await node.request<Body>(method, `/naru/v1${path}`, body);
  if (answer.status >= 300) throw new Error(`${method} ${path} was refused: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** An ad account, of this user unless `fields` say otherwise. */
export async function newAdAccount(
  node: Client,
  user: number,
  fields: Fields = {},
  merchantId = demo.merchantId,
): Promise<number> {
  const wanted = { name: "박나루의 광고계정", members: [{ user, role: "master" }], ...fields };
  return (await operate(node, "POST", `/merchants/${merchantId}/ad-accounts`, wanted)).number;
}

export interface Advertiser extends KakaoClient {
  user: number;
}

export interface AdvertiserOptions {
  merchantId?: string;
  /** Of the ad account. */
  fields?: Fields;
  app?: App;
  scope?: string;
}

/** Somebody new with an ad account of their own, whose calls are in nobody's way. */
export async function advertiser(node: Client, options: AdvertiserOptions = {}): Promise<Advertiser> {
  const { merchantId, fields, ...consent } = options;
  const { number: user } = await newUser(node, merchantId === undefined ? {} : { merchantId });
  const adAccountId = await newAdAccount(node, user, fields, merchantId);
  const token = await businessToken(node, { user, ...consent });
  return Object.assign(new KakaoClient(node, token, adAccountId), { user });
}
