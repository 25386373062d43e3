/** What a test says to a node over HTTP, as a shop, a customer or an operator would. */
import type { ArmedFault } from "../../src/connectors/sandbox/index.ts";
import { holdToContract } from "../iamport/contract.ts";

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  body: Body;
  headers: Headers;
}

export interface IamportAnswer {
  code: number;
  message: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: a test names the fields it looks at
  response: any;
}

export interface DepositAnswer {
  noticeId: string;
  outcome: string;
  reason: string | null;
  duplicate: boolean;
  depositId: string;
  paymentId: string | null;
  error?: { code: string; message: string; reason?: string };
}

export type Fields = Record<string, unknown>;

/** How a client writes a request: as JSON, or as a form, which has text only. */
export type Encoding = "json" | "form";
export const encodings: readonly Encoding[] = ["json", "form"];

const demo = { imp_key: "naru_sandbox_key", imp_secret: "naru_sandbox_secret" };

/** Where a customer's refund goes. */
export const refundAccount = { refund_holder: "홍길동", refund_bank: "088", refund_account: "110-987-654321" };

/** Of one call. */
const renewals_max = 5;

let orders = 0;

export class Client {
  readonly url: string;
  readonly credentials: { imp_key: string; imp_secret: string };
  /** A call whose token has expired is made again with a new one, as a careful shop does. */
  renewsToken = false;
  #token: string | undefined;
  /** How far the sandbox clock was moved by this client. */
  #ahead_s = 0;

  constructor(url: string, credentials = demo) {
    this.url = url;
    this.credentials = credentials;
  }

  async request<Body>(method: string, path: string, init: RequestInit = {}): Promise<Answer<Body>> {
    const response = await fetch(`${this.url}${path}`, { method, ...init });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === "" ? null : JSON.parse(text)) as Body,
    };
  }

  get<Body = never>(path: string, headers: Record<string, string> = {}): Promise<Answer<Body>> {
    return this.request("GET", path, { headers });
  }

  post<Body = never>(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer<Body>> {
    return this.request("POST", path, {
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  }

  delete<Body = never>(path: string): Promise<Answer<Body>> {
    return this.request("DELETE", path);
  }

  async token(): Promise<string> {
    if (this.#token === undefined) {
      const { body } = await this.call("POST", "/users/getToken", this.credentials);
      this.#token = String(body.response.access_token);
    }
    return this.#token;
  }

  /**
   * One call of the I'mport API with the token, held against the contract whatever it answers. A GET has its fields in
   * the address: as they are for a JSON client, percent-encoded for a form client.
   */
  async iamport(
    method: string,
    path: string,
    fields: Fields = {},
    encoding: Encoding = "json",
  ): Promise<Answer<IamportAnswer>> {
    for (let renewals = 0; ; renewals += 1) {
      const authorization = await this.token();
      const answer = await this.call(method, path, fields, encoding, { authorization });
      if (answer.status !== 401 || !this.renewsToken || renewals === renewals_max) return answer;
      if (this.#token === authorization) this.#token = undefined;
    }
  }

  /** The same without the token. */
  async call(
    method: string,
    path: string,
    fields: Fields = {},
    encoding: Encoding = "json",
    headers: Record<string, string> = {},
  ): Promise<Answer<IamportAnswer>> {
    const answer = await this.request<IamportAnswer>(method, ...written(method, path, fields, encoding, headers));
    holdToContract(method, path, answer);
    return answer;
  }

  /** UNIX seconds of the node's business time, as far as this client has moved it. */
  now(): number {
    return Math.floor(Date.now() / 1000) + this.#ahead_s;
  }

  /** Fields that are enough to issue an account, with an order id that no other call had. */
  order(fields: Fields = {}): Fields {
    orders += 1;
    return {
      merchant_uid: `order${process.pid}at${Date.now()}no${orders}`,
      amount: 10_000,
      vbank_code: "088",
      vbank_due: this.now() + 86_400,
      vbank_holder: "나루상점",
      ...fields,
    };
  }

  tryIssue(fields: Fields = {}, encoding: Encoding = "json"): Promise<Answer<IamportAnswer>> {
    const { pg_api_key, ...rest } = this.order({ ...demandsOf(fields.pg), ...fields });
    const query = pg_api_key === undefined ? "" : `?pg_api_key=${pg_api_key}`;
    return this.iamport("POST", `/vbanks${query}`, rest, encoding);
  }

  /** Issues an account and returns the payment as the shop sees it. */
  async issue(fields: Fields = {}, encoding: Encoding = "json"): Promise<Fields> {
    return shown(await this.tryIssue(fields, encoding), "not issued");
  }

  /** Issues an account, deposits to it and returns the payment as the shop sees it then. */
  async paid(fields: Fields = {}, deposit: Fields = {}): Promise<Fields> {
    const issued = await this.issue(fields);
    const { body } = await this.deposit(issued.vbank_num, { bankCode: issued.vbank_code, ...deposit });
    if (body.outcome !== "matched") throw new Error(`not deposited: ${JSON.stringify(body)}`);
    return this.payment(issued.imp_uid);
  }

  /** Cancels a payment, all of it to the customer's account unless `fields` say otherwise. */
  cancel(fields: Fields, encoding: Encoding = "json"): Promise<Answer<IamportAnswer>> {
    return this.iamport("POST", "/payments/cancel", { ...refundAccount, ...fields }, encoding);
  }

  async payment(impUid: unknown): Promise<Fields> {
    return shown(await this.iamport("GET", `/payments/${impUid}`), "not read");
  }

  deposit(accountNumber: unknown, fields: Fields = {}): Promise<Answer<DepositAnswer>> {
    return this.post<DepositAnswer>("/naru/v1/sandbox/deposits", { accountNumber, ...fields });
  }

  reverse(noticeId: string): Promise<Answer<DepositAnswer>> {
    return this.post<DepositAnswer>(`/naru/v1/sandbox/deposits/${noticeId}/reversal`, {});
  }

  /** The next so many calls go wrong in this way, or as `how` says; returns the fault as it is armed. */
  async arm(
    fault: string,
    how: number | { count?: number; chance?: number; seed?: number; delay_s?: number; code?: string } = 1,
  ) {
    const wanted = { fault, ...(typeof how === "number" ? { count: how } : how) };
    const { status, body } = await this.post<{ faults: ArmedFault[] }>("/naru/v1/sandbox/faults", wanted);
    if (status >= 300) throw new Error(`not armed: ${JSON.stringify(body)}`);
    return body.faults.find((one) => one.fault === fault);
  }

  /** One fault, or all. */
  async disarm(fault?: string): Promise<void> {
    const path = fault === undefined ? "" : `/${fault}`;
    const { status, body } = await this.delete(`/naru/v1/sandbox/faults${path}`);
    if (status >= 300) throw new Error(`not disarmed: ${JSON.stringify(body)}`);
  }

  async armed(): Promise<ArmedFault[]> {
    return (await this.get<{ faults: ArmedFault[] }>("/naru/v1/sandbox/faults")).body.faults;
  }

  /** By a duration such as P3D, or to a moment. */
  async moveClock(to: string | Date): Promise<Answer<{ now: string; offset_s: number }>> {
    const move = to instanceof Date ? { to: to.toISOString() } : { advance: to };
    const answer = await this.post<{ now: string; offset_s: number }>("/naru/v1/sandbox/clock", move);
    this.#ahead_s = answer.body.offset_s ?? this.#ahead_s;
    return answer;
  }

  /** What the books hold on an account. */
  async balanceOf(account: string): Promise<number> {
    const { body } = await this.get<{ accounts: { id: string; balance: number }[] }>(
      "/naru/v1/ledger/accounts?limit=500",
    );
    return body.accounts.find((one) => one.id === account)?.balance ?? 0;
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test names the fields it looks at
  async timeline(impUid: unknown): Promise<any> {
    const list = await this.get<{ payments: { id: string }[] }>(`/naru/v1/payments?wireId=${impUid}`);
    return (await this.get(`/naru/v1/payments/${list.body.payments[0]!.id}`)).body;
  }
}

/** What a PG wants to know of a customer before it issues an account, beside what all want. */
const demands: Record<string, Fields> = {
  html5_inicis: {
    buyer_name: "홍길동",
    buyer_email: "gildong@example.com",
    pg_api_key: "naru_sandbox_inicis_api_key",
  },
  tosspayments: { buyer_name: "홍길동" },
  ksnet: { buyer_name: "홍길동", product_type: "real" },
  smartro_v2: { buyer_name: "홍길동", buyer_email: "gildong@example.com", buyer_tel: "010-1234-5678" },
  welcome: { buyer_name: "홍길동" },
  "nice.narumixed0m": { tax_free: 0 },
};

function demandsOf(pg: unknown): Fields {
  return demands[String(pg)] ?? {};
}

function shown({ body }: Answer<IamportAnswer>, failure: string): Fields {
  if (body.code !== 0) throw new Error(`${failure}: ${body.message}`);
  return body.response;
}

/** Address and request of a call in the given encoding. */
function written(
  method: string,
  path: string,
  fields: Fields,
  encoding: Encoding,
  headers: Record<string, string>,
): [path: string, init: RequestInit] {
  const json = { "content-type": "application/json", ...headers };
  const pairs = pairsOf(fields);
  if (method === "GET" || (method === "DELETE" && pairs.length === 0)) {
    const isJson = encoding === "json";
    const query = isJson ? pairs.map((pair) => pair.join("=")).join("&") : String(new URLSearchParams(pairs));
    const joint = query === "" ? "" : path.includes("?") ? "&" : "?";
    // Some clients name JSON for a body that is not there.
    return [`${path}${joint}${query}`, { headers: isJson ? json : headers }];
  }
  return encoding === "json"
    ? [path, { headers: json, body: JSON.stringify(fields) }]
    : [path, { headers, body: new URLSearchParams(pairs) }];
}

/** A form's pairs: `a[]` for lists, `a[b]` for objects, nothing for what is undefined. */
function pairsOf(fields: Fields): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]): [string, string][] => {
    if (value === undefined) return [];
    if (value === null) return [[name, ""]];
    if (Array.isArray(value)) return value.map((item) => [`${name}[]`, String(item)]);
    if (typeof value === "object") return Object.entries(value).map(([key, held]) => [`${name}[${key}]`, String(held)]);
    return [[name, String(value)]];
  });
}

/** Tries until `probe` gives something, at most `timeout_ms`. */
export async function eventually<Value>(
  probe: () => Promise<Value | undefined | false>,
  timeout_ms = 10_000,
): Promise<Value> {
  const deadline = performance.now() + timeout_ms;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`nothing within ${timeout_ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
