/** The shop and its customers, as the node sees them: calls of the I'mport API, and transfers at the sandbox bank. */
import type { Credentials } from "../../demo.ts";
import { cliLimits } from "../limits.ts";
import { callNode, NodeError, reachNode } from "../node-client.ts";
import type { Plan } from "./plan.ts";

/** A call that the node refused, with what it said. */
export class CallFailed extends Error {
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

export interface Issued {
  impUid: string;
  bankCode: string;
  number: string;
}

export class Shop {
  /** Calls made so far. */
  calls = 0;
  readonly #credentials: Credentials["iamport"];
  readonly #noticeUrl: string | undefined;
  /** From real to business time. */
  readonly #ahead_s: number;
  #token: { text: Promise<string>; until_ms: number } | undefined;

  constructor(credentials: Credentials["iamport"], ahead_s: number, noticeUrl: string | undefined) {
    this.#credentials = credentials;
    this.#ahead_s = ahead_s;
    this.#noticeUrl = noticeUrl;
  }

  async issue({ reference, provider, bankCode, amount, goods, buyer, due_days }: Plan): Promise<Issued> {
    const query = provider === "html5_inicis" ? `?pg_api_key=${this.#credentials.inicisApiKey}` : "";
    const issued = await this.#iamport("POST", `/vbanks${query}`, {
      merchant_uid: reference,
      amount,
      vbank_code: bankCode,
      vbank_due: Math.floor(Date.now() / 1000) + this.#ahead_s + due_days * 86_400,
      vbank_holder: "나루상점",
      name: goods,
      buyer_name: buyer.name,
      buyer_email: buyer.email,
      buyer_tel: buyer.tel,
      pg: provider,
      ...(this.#noticeUrl === undefined ? {} : { notice_url: this.#noticeUrl }),
    });
    return { impUid: String(issued.imp_uid), bankCode, number: String(issued.vbank_num) };
  }

  async revoke({ impUid }: Issued, { provider }: Plan): Promise<void> {
    const query = provider === "html5_inicis" ? `?pg_api_key=${this.#credentials.inicisApiKey}` : "";
    await this.#iamport("DELETE", `/vbanks/${impUid}${query}`);
  }

  /** `amount` unset: all that is left. */
  async refund({ impUid }: Issued, { buyer, refundReason, refundAccount }: Plan, amount?: number): Promise<void> {
    await this.#iamport("POST", "/payments/cancel", {
      imp_uid: impUid,
      reason: refundReason,
      refund_holder: buyer.name,
      refund_bank: refundAccount.bankCode,
      refund_account: refundAccount.number,
      refund_tel: buyer.tel,
      ...(amount === undefined ? {} : { amount }),
    });
  }

  async issueReceipt({ impUid }: Issued, { buyer, receipt }: Plan): Promise<void> {
    await this.#iamport("POST", `/receipts/${impUid}`, {
      identifier: receipt.identifier,
      identifier_type: receipt.identifierType,
      type: receipt.type,
      buyer_name: buyer.name,
      buyer_tel: buyer.tel,
    });
  }

  /** Returns what the books made of it; `force`: the bank does not ask whether the account takes it. */
  async deposit(
    { bankCode, number }: Pick<Issued, "bankCode" | "number">,
    transfer: { depositorName: string; noticeId: string; amount?: number; force?: boolean },
  ): Promise<string> {
    this.calls += 1;
    try {
      const body = { accountNumber: number, bankCode, ...transfer };
      return (await callNode<{ outcome: string }>("POST", "/sandbox/deposits", body)).outcome;
    } catch (error) {
      if (!(error instanceof NodeError) || error.status === undefined) throw error;
      throw new CallFailed(`POST /naru/v1/sandbox/deposits: ${error.message}`);
    }
  }

  async #iamport(method: "POST" | "DELETE", path: string, fields: object = {}): Promise<Record<string, unknown>> {
    const call = async (token: Promise<string>) => this.#call(method, path, fields, { authorization: await token });
    const token = this.#currentToken();
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof CallFailed) || error.status !== 401) throw error;
      // A token may end before its time. Whoever finds so first takes a new one for all.
      if (this.#token?.text === token) this.#token = undefined;
      return call(this.#currentToken());
    }
  }

  #currentToken(): Promise<string> {
    if (this.#token === undefined || this.#token.until_ms < performance.now()) {
      const { impKey: imp_key, impSecret: imp_secret } = this.#credentials;
      const text = this.#call("POST", "/users/getToken", { imp_key, imp_secret }).then(({ access_token }) =>
        String(access_token),
      );
      this.#token = { text, until_ms: performance.now() + cliLimits.demo_token_trust_ms };
    }
    return this.#token.text;
  }

  async #call(
    method: "POST" | "DELETE",
    path: string,
    fields: object,
    headers: Record<string, string> = {},
  ): Promise<Record<string, unknown>> {
    this.calls += 1;
    const { status, body } = await reachNode(method, path, {
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    const answer = body as { code: number; message: string | null; response: Record<string, unknown> } | undefined;
    if (status === 200 && answer?.code === 0) return answer.response;
    // Ids make every path another; what failed is the same.
    const what = path.replace(/\?.*$/, "").replace(/imp_\d+/, "{imp_uid}");
    throw new CallFailed(`${method} ${what}: ${answer?.message ?? `HTTP ${status}`}`, status);
  }
}
