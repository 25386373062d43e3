/** Merchants of PPRO as an operator makes and changes them. */
import type { Answer, Client, Fields } from "./client.ts";
import { PproClient } from "./ppro.ts";

/** As the operator's API gives them, once. */
export interface ShownCredentials {
  apiKey: string;
  merchantId: string;
  webhookSigningSecret: string;
}

export interface Merchant {
  /** By which operators know it. */
  id: string;
  client: PproClient;
  shown: ShownCredentials;
}

// biome-ignore lint/suspicious/noExplicitAny: a test names the fields it looks at
type Body = any;

/** One call of the operator's API with a body. */
export function operate(node: Client, method: string, path: string, body: object = {}): Promise<Answer<Body>> {
  const headers = { "content-type": "application/json" };
  return node.request(method, `/naru/v1${path}`, { headers, body: JSON.stringify(body) });
}

/** One more key of a merchant. */
export async function newKey(node: Client, id: string): Promise<Merchant> {
  const { status, body } = await operate(node, "POST", `/merchants/${id}/credentials`, { dialect: "ppro" });
  if (status !== 201) throw new Error(`no key was made: ${JSON.stringify(body)}`);
  return merchantOf(node, body);
}

/** A merchant with these settings and one key. */
export async function newMerchant(node: Client, settings: Fields = {}): Promise<Merchant> {
  const { status, body } = await operate(node, "POST", "/merchants", { name: "다른 상점", settings });
  if (status !== 201) throw new Error(`no merchant was made: ${JSON.stringify(body)}`);
  return newKey(node, body.merchant.id);
}

/** Changes a merchant's settings, which this node goes by at once. */
export async function set(node: Client, { id }: Pick<Merchant, "id">, settings: Fields): Promise<Body> {
  const { status, body } = await operate(node, "PATCH", `/merchants/${id}`, { settings });
  if (status !== 200) throw new Error(`nothing was set: ${JSON.stringify(body)}`);
  return body;
}

/** A merchant that comes with the key that was just made. */
export function merchantOf(node: Client, { merchant, credentials }: Body): Merchant {
  const shown: ShownCredentials = credentials.ppro;
  const { apiKey, merchantId, webhookSigningSecret: signingSecret } = shown;
  return { id: merchant.id, client: new PproClient(node, { apiKey, merchantId, signingSecret }), shown };
}
