/** What an app and its users say to a node until the app has a business token, as programs say it. */
import type { Answer, Client, Fields } from "./client.ts";
import { type RawAnswer, raw } from "./raw.ts";

/** An app as its owner knows it. */
export interface App {
  client_id: string;
  client_secret: string;
  redirect_uri: string;
}

export const demoMerchant = "mer_naru_sandbox_key";
export const demoApp: App = {
  client_id: "naru_sandbox_rest_api_key",
  client_secret: "naru_sandbox_client_secret",
  redirect_uri: "http://localhost:3000/callback",
};
export const demoUsers = { kim: 1001, lee: 1002 } as const;

type Node = Pick<Client, "url" | "post" | "request">;
type Headers = Record<string, string>;

/** One more app of a merchant, the demo merchant's if not said otherwise. */
export async function newApp(
  node: Node,
  { merchantId = demoMerchant, headers = {}, ...wanted }: NewApp = {},
): Promise<App> {
  const { name = "광고 도우미", redirectUris = [demoApp.redirect_uri] } = wanted;
  const { status, body } = await node.post<{
    credentials: { kakaoMoment: { restApiKey: string; clientSecret: string } };
  }>(`/naru/v1/merchants/${merchantId}/credentials`, { dialect: "kakao-moment", name, redirectUris }, headers);
  if (status !== 201) throw new Error(`no app was made: ${JSON.stringify(body)}`);
  const { restApiKey, clientSecret } = body.credentials.kakaoMoment;
  return { client_id: restApiKey, client_secret: clientSecret, redirect_uri: redirectUris[0]! };
}

export interface NewApp {
  merchantId?: string;
  name?: string;
  redirectUris?: string[];
  /** Those of an operator. */
  headers?: Headers;
}

export interface NewUser {
  merchantId?: string;
  fields?: Fields;
  /** Those of an operator. */
  headers?: Headers;
}

/** One more user, with what they sign in with. */
export async function newUser(node: Node, { merchantId = demoMerchant, fields = {}, headers = {} }: NewUser = {}) {
  const { status, body } = await node.post<{ user: { number: number }; signInCode: string }>(
    `/naru/v1/merchants/${merchantId}/users`,
    { name: "박나루", ...fields },
    headers,
  );
  if (status !== 201) throw new Error(`no user was made: ${JSON.stringify(body)}`);
  return { number: body.user.number, signInCode: body.signInCode };
}

function formOf(fields: Fields): URLSearchParams {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of value === undefined ? [] : [value].flat()) form.append(name, String(one));
  }
  return form;
}

/** What an app asks for, unless `fields` say otherwise; a list is a field that is repeated, and undefined is left out. */
export function asking(app: App, fields: Fields = {}): URLSearchParams {
  const { client_id, redirect_uri } = app;
  const all = { client_id, redirect_uri, response_type: "code", scope: "moment_management", ...fields };
  return formOf(all);
}

/** The consent page, or the error instead of it. */
export function authorize(node: Node, app: App, fields: Fields = {}, headers: Headers = {}): Promise<RawAnswer> {
  return raw(node.url, { method: "GET", path: `/oauth/business/authorize?${asking(app, fields)}`, headers });
}

/** What the page sends when its user has decided: Kim agrees, unless `fields` say otherwise. */
export function decide(node: Node, app: App, fields: Fields = {}, headers: Headers = {}): Promise<RawAnswer> {
  const form = asking(app, { decision: "agree", user: demoUsers.kim, ...fields });
  return raw(node.url, {
    method: "POST",
    path: "/oauth/business/authorize",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: form.toString(),
  });
}

/** Where the user was sent back to. */
export function sentTo({ status, headers, text }: RawAnswer): URL {
  if (status !== 302) throw new Error(`no consent: ${status} ${text.slice(0, 300)}`);
  return new URL(headers.location!);
}

/** The code that an app is sent when a user agrees. */
export async function consent(node: Node, app: App, fields: Fields = {}): Promise<string> {
  return sentTo(await decide(node, app, fields)).searchParams.get("code")!;
}

export interface TokenAnswer {
  access_token: string;
  token_type: string;
  scope: string;
  error?: string;
  error_description?: string;
  error_code?: string;
}

export function exchange(node: Node, app: App, code: string, fields: Fields = {}): Promise<Answer<TokenAnswer>> {
  const all = { grant_type: "authorization_code", ...app, code, ...fields };
  return node.request("POST", "/oauth/business/token", { body: formOf(all) });
}

/** A business token of a user who agrees: the demo's of Kim, unless told otherwise. */
export async function businessToken(node: Node, { app = demoApp, ...fields }: Fields & { app?: App } = {}) {
  const { status, body } = await exchange(node, app, await consent(node, app, fields));
  if (status !== 200) throw new Error(`no token: ${JSON.stringify(body)}`);
  return body.access_token;
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
