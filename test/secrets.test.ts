/**
 * Secrets and people's account numbers are nowhere in clear: neither in a file of the database, its write-ahead log
 * included, nor in what a node logs when it logs all it can. The files are searched byte by byte.
 */
import { readdirSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Fields } from "./support/client.ts";
import { bearer, consent, demoMerchant, exchange, newApp, newUser } from "./support/consent.ts";
import { type ChildNode, startChildNode } from "./support/node.ts";
import { PproClient } from "./support/ppro.ts";
import { raw } from "./support/raw.ts";

const operatorToken = "operator-token-that-nobody-may-read";
const masterKey = "a1b2c3d4e5f60718".repeat(4);
const account = "110987654321";
const dashed = "110-987-654321";
const unknownAccount = "000555666777";
const lookedUp = "3020099887766";
const phone = "01087654321";
const taxCard = "9410012345678901";
const businessNumber = "2208162517";
const iban = "DE89370400440532013000";
const changedIban = "DE02120300000000202051";
const card = "4242424242424242";
const wrongCode = "908172635445";
const headerValue = "Bearer of-the-shop-and-nobody-else";

let dataDir: string;
let node: ChildNode;
let token: string;
let paid: Fields;
let consented: { signInCode: string; clientSecret: string; codes: string[]; businessToken: string };
let made: { impKey: string; impSecret: string; inicisApiKey: string };
let charging: { apiKey: string; merchantId: string; webhookSigningSecret: string };
let log: string;
let files: { path: string; content: Buffer }[];

const operator = { authorization: `Bearer ${operatorToken}` };

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "naru-secrets-"));
  await chmod(dataDir, 0o755);
  node = await startChildNode({
    NARU_DATA_DIR: dataDir,
    NARU_PORT: "0",
    NARU_LOG_LEVEL: "trace",
    NARU_MASTER_KEY: masterKey,
    NARU_OPERATOR_TOKEN: operatorToken,
    NARU_PPRO_RATE: "100000",
  });
  token = await node.token();
  await useSecrets();
  await node.end();
  log = node.logged();
  files = filesOf(dataDir);
}, 120_000);
afterAll(() => rm(dataDir, { recursive: true, force: true }));

async function payment(): Promise<Fields> {
  const issued = await node.issue({ amount: 11_000 });
  const answer = await node.post<{ outcome: string }>(
    "/naru/v1/sandbox/deposits",
    { accountNumber: issued.vbank_num },
    operator,
  );
  expect(answer.body.outcome).toBe("matched");
  return issued;
}

/** Every way in which a secret or somebody's account reaches the node, rightly and wrongly. */
async function useSecrets(): Promise<void> {
  const { status, body } = await node.post<{ merchant: { id: string }; credentials: { iamport: typeof made } }>(
    "/naru/v1/merchants",
    { name: "비밀 많은 상점" },
    operator,
  );
  expect(status).toBe(201);
  made = body.credentials.iamport;
  await node.post("/users/getToken", { imp_key: made.impKey, imp_secret: made.impSecret });
  await node.post("/users/getToken", { imp_key: made.impKey, imp_secret: `${made.impSecret}0` });
  await node.tryIssue({ pg: "html5_inicis" });

  const refund = { refund_holder: "홍길동", refund_bank: "088" };
  paid = await payment();
  await node.iamport("POST", "/payments/cancel", {
    ...refund,
    imp_uid: paid.imp_uid,
    amount: 1_000,
    refund_account: dashed,
  });
  await node.iamport(
    "POST",
    "/payments/cancel",
    { ...refund, imp_uid: paid.imp_uid, amount: 1_000, refund_account: account },
    "form",
  );
  await node.iamport("POST", "/payments/cancel", {
    ...refund,
    imp_uid: paid.imp_uid,
    amount: 99_000,
    refund_account: account,
  });
  await node.iamport("POST", "/payments/cancel", { ...refund, imp_uid: paid.imp_uid, refund_account: unknownAccount });
  await node.post("/naru/v1/sandbox/faults", { fault: "refund-timeout-after", count: 1 }, operator);
  const reverted = await payment();
  void node.cancel({ imp_uid: reverted.imp_uid, refund_account: account }).catch(() => {});

  const receipt = (imp_uid: unknown, fields: Fields) => node.iamport("POST", `/receipts/${imp_uid}`, fields);
  await receipt(paid.imp_uid, { identifier: phone, identifier_type: "phone" });
  await receipt((await payment()).imp_uid, {
    identifier: businessNumber,
    identifier_type: "business",
    type: "company",
  });
  await node.iamport("POST", "/receipts/external/sale-1", {
    identifier: taxCard,
    identifier_type: "taxcard",
    name: "표",
    amount: 1_000,
    channel_key: "channel-key-naru_sandbox_key",
  });
  await node.iamport("GET", "/vbanks/holder", { bank_code: "011", bank_num: lookedUp });

  consented = await useConsent();
  charging = await useCharges(body.merchant.id);

  // What is refused before it is understood.
  await node.get(`/payments/find/${account}?_token=${token}`);
  await raw(node.url, { method: "GET", path: `/nowhere/${account}?_token=${token}`, headers: {} });
  const headers = { "content-type": "application/json", authorization: token };
  await raw(node.url, { method: "POST", path: "/payments/cancel", headers, body: `{"refund_account":"${account}` });
  await raw(node.url, {
    method: "POST",
    path: "/vbanks",
    headers,
    body: JSON.stringify({ refund_account: account, amount: {} }),
  });
  await raw(node.url, { method: "POST", path: `/vbanks?pg_api_key=${made.inicisApiKey}`, headers, body: "{}" });
  // The bank's answer to the refund that was left unanswered comes back by asking.
  await eventually(async () => {
    const { body } = await node.iamport("GET", `/payments/${reverted.imp_uid}`);
    return body.response.cancel_amount === 11_000;
  }, 60_000);
}

/** A user agrees, and an app has a token, a code that it never exchanges, and one that it cannot. */
async function useConsent(): Promise<typeof consented> {
  const app = await newApp(node, { headers: operator });
  const { number: user, signInCode } = await newUser(node, { headers: operator });
  const members = [{ user, role: "master" }];
  const adAccounts = `/naru/v1/merchants/${demoMerchant}/ad-accounts`;
  const adAccount = await node.post<{ number: number }>(adAccounts, { name: "광고계정", members }, operator);
  const fields = { user, sign_in: signInCode };
  const codes = [await consent(node, app, fields), await consent(node, app, fields), await consent(node, app, fields)];
  const [exchanged, refused] = codes as [string, string];
  const { body } = await exchange(node, app, exchanged);
  await exchange(node, app, exchanged);
  await exchange(node, app, refused, { client_secret: `${app.client_secret}0` });
  await exchange(node, app, refused, { redirect_uri: "http://localhost/" });
  await node.post("/oauth/business/token", { ...app, code: refused, unexpected: {} });
  await raw(node.url, { method: "GET", path: `/oauth/business/nowhere?code=${refused}&sign_in=${signInCode}` });

  const businessToken = body.access_token;
  const adAccountId = adAccount.body.number;
  const headers = { ...bearer(businessToken), adAccountId: String(adAccountId) };
  const issued = await node.post<{ accountNumber: string }>(
    "/openapi/v4/billing/virtualAccount",
    { adAccountId, amount: 10_000, bankCode: "88" },
    headers,
  );
  expect(issued.body.accountNumber).toMatch(/^\d+$/);
  await node.get(`/openapi/v4/adAccounts/balance?access_token=${businessToken}`, headers);
  await node.get("/v1/business/tokeninfo", bearer(businessToken));
  return { signInCode, clientSecret: app.client_secret, codes, businessToken };
}

/** A merchant charges, keeps an account of a shopper, is sent cards, and is told with a header of its own. */
async function useCharges(merchant: string): Promise<typeof charging> {
  const path = `/naru/v1/merchants/${merchant}`;
  const key = await node.post<{ credentials: { ppro: typeof charging } }>(
    `${path}/credentials`,
    { dialect: "ppro" },
    operator,
  );
  const settings = { webhooksUrl: "http://127.0.0.1:9/hook", webhookHeaders: { authorization: headerValue } };
  const set = { headers: { "content-type": "application/json", ...operator }, body: JSON.stringify({ settings }) };
  expect((await node.request("PATCH", path, set)).status).toBe(200);
  const { apiKey, merchantId, webhookSigningSecret: signingSecret } = key.body.credentials.ppro;
  const client = new PproClient(node, { apiKey, merchantId, signingSecret });
  const instrument = { type: "BANK_ACCOUNT", details: { iban } };
  const kept = await client.call("POST", "/v1/payment-instruments", { body: instrument });
  const changed = { ...instrument, details: { iban: changedIban } };
  await client.call("PUT", `/v1/payment-instruments/${kept.body.id}`, { body: changed });
  await client.charge({ paymentMethod: "MOCK", instrument }, { key: "kept" });
  const agreement = await client.agreed({ instrument });
  expect((await client.chargeUnder(agreement.id)).body.status).toBe("CAPTURED");

  const ofCard = { type: "RAW_CARD", details: { number: card } };
  const refused = [
    await client.call("POST", "/v1/payment-instruments", { body: ofCard, key: "card" }),
    await client.charge({ instrument: ofCard }),
    await client.agree({ instrument: { ...ofCard, type: "CARD_NETWORK_TOKEN" } }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([422, 422, 422]);
  const asked = await client.charge({
    paymentMethod: "MOCK",
    paymentDescriptor: "requiresAuthentication=true;authenticationType=MULTI_FACTOR",
    authenticationSettings: [{ type: "MULTI_FACTOR", settings: { verificationCode: wrongCode } }],
  });
  const details = { verificationCode: wrongCode };
  await client.call("POST", `/v1/payment-charges/${asked.body.id}/authorizations`, {
    body: { authenticationResult: { type: "MULTI_FACTOR", details } },
    key: "code",
  });
  await new PproClient(node, { apiKey: `${apiKey.slice(0, -1)}0`, merchantId, signingSecret }).charge();
  return key.body.credentials.ppro;
}

function filesOf(directory: string): { path: string; content: Buffer }[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: path.slice(directory.length), content: readFileSync(path) }));
}

const where = (needle: string) => files.filter(({ content }) => content.includes(needle)).map(({ path }) => path);

it("what the wallet takes later payments by is in no file and no line of the log", () => {
  const billingKey = /wbk_[0-9a-f]{64}/;
  for (const { path, content } of files)
    expect([path, billingKey.test(content.toString("latin1"))]).toEqual([path, false]);
  expect(log).not.toMatch(billingKey);
});

describe("of what a node was told in clear", () => {
  it("what is not secret is found by this search, in tables and in the write-ahead log", () => {
    const found = where(String(paid.merchant_uid));
    expect(found.some((path) => path.includes("/base/"))).toBe(true);
    expect(found.some((path) => path.includes("/pg_wal/"))).toBe(true);
    expect(where("홍길동").length).toBeGreaterThan(0);
    // By this a key is listed.
    expect(where(charging.apiKey.slice(0, 20)).length).toBeGreaterThan(0);
    expect(log).toContain("request");
    expect(log.length).toBeGreaterThan(1_000);
  });

  it.each<[string, () => string]>([
    ["a merchant's imp_secret", () => made.impSecret],
    ["the demo merchant's imp_secret", () => "naru_sandbox_secret"],
    ["the key for the PG", () => made.inicisApiKey],
    ["the demo merchant's key for the PG", () => "naru_sandbox_inicis_api_key"],
    ["an access token", () => token],
    ["an app's secret", () => consented.clientSecret],
    ["the demo app's secret", () => "naru_sandbox_client_secret"],
    ["what a user signs in with", () => consented.signInCode],
    ["what the demo users sign in with", () => "naru_sandbox_sign_in_code"],
    ["a code that was exchanged", () => consented.codes[0]!],
    ["a code that was refused", () => consented.codes[1]!],
    ["a code that nobody brought", () => consented.codes[2]!],
    ["a business token", () => consented.businessToken],
    ["the demo business token", () => "naru_sandbox_business_token"],
    ["the operator's token", () => operatorToken],
    ["the master key", () => masterKey],
    ["an API key", () => charging.apiKey],
    ["the demo merchant's API key", () => "key_sandbox_naru00000000000000000"],
    ["a signing secret", () => charging.webhookSigningSecret],
    ["the demo merchant's signing secret", () => "naru_sandbox_signing_secret"],
    ["a header of a merchant's webhooks", () => headerValue],
    ["a shopper's account", () => iban],
    ["a shopper's account after it was changed", () => changedIban],
    ["a card that was refused", () => card],
    ["a second factor", () => wrongCode],
    ["a refund account", () => account],
    ["a refund account with dashes", () => dashed],
    ["a refund account that nobody has", () => unknownAccount],
    ["an account that was looked up", () => lookedUp],
    ["a telephone number on a cash receipt", () => phone],
    ["a business number on a cash receipt", () => businessNumber],
    ["a card on a cash receipt", () => taxCard],
  ])("%s is in no file and no line of the log", (_name, secret) => {
    expect(secret().length).toBeGreaterThan(9);
    expect(where(secret())).toEqual([]);
    expect(log).not.toContain(secret());
  });
});
