/** What a test says to a node over HTTP, as a shop, a customer or an operator would. */
export interface Answer<Body = Record<string, unknown>> {
  status: number;
  body: Body;
  headers: Headers;
}

export interface IamportAnswer {
  code: number;
  message: string | null;
  response: Record<string, unknown> | null;
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

let orders = 0;

export class Client {
  readonly url: string;
  #token: string | undefined;

  constructor(url: string) {
    this.url = url;
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

  form<Body = never>(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
    return this.request<Body>("POST", path, { headers, body: new URLSearchParams(fields) });
  }

  async token(): Promise<string> {
    if (this.#token === undefined) {
      const answer = await this.post<IamportAnswer>("/users/getToken", {
        imp_key: "naru_sandbox_key",
        imp_secret: "naru_sandbox_secret",
      });
      this.#token = String(answer.body.response!.access_token);
    }
    return this.#token;
  }

  /** Fields that are enough to issue an account, with an order id that no other call had. */
  order(fields: Record<string, unknown> = {}): Record<string, unknown> {
    orders += 1;
    return {
      merchant_uid: `order-${process.pid}-${Date.now()}-${orders}`,
      amount: 10_000,
      vbank_code: "088",
      vbank_due: Math.floor(Date.now() / 1000) + 86_400,
      vbank_holder: "나루상점",
      ...fields,
    };
  }

  async tryIssue(fields: Record<string, unknown> = {}): Promise<Answer<IamportAnswer>> {
    return this.post<IamportAnswer>("/vbanks", this.order(fields), { authorization: await this.token() });
  }

  /** Issues an account and returns the payment as the shop sees it. */
  async issue(fields: Record<string, unknown> = {}): Promise<Record<string, unknown>> {
    const { body } = await this.tryIssue(fields);
    if (body.code !== 0) throw new Error(`not issued: ${body.message}`);
    return body.response!;
  }

  async payment(impUid: unknown): Promise<Record<string, unknown>> {
    const { body } = await this.get<IamportAnswer>(`/payments/${impUid}`, { authorization: await this.token() });
    return body.response!;
  }

  deposit(accountNumber: unknown, fields: Record<string, unknown> = {}): Promise<Answer<DepositAnswer>> {
    return this.post<DepositAnswer>("/naru/v1/sandbox/deposits", { accountNumber, ...fields });
  }

  reverse(noticeId: string): Promise<Answer<DepositAnswer>> {
    return this.post<DepositAnswer>(`/naru/v1/sandbox/deposits/${noticeId}/reversal`, {});
  }

  moveClock(advance: string): Promise<Answer<{ now: string; offset_s: number }>> {
    return this.post("/naru/v1/sandbox/clock", { advance });
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test names the fields it looks at
  async timeline(impUid: unknown): Promise<any> {
    const list = await this.get<{ payments: { id: string }[] }>(`/naru/v1/payments?wireId=${impUid}`);
    return (await this.get(`/naru/v1/payments/${list.body.payments[0]!.id}`)).body;
  }
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
