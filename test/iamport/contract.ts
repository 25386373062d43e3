/**
 * The answers of the I'mport API as its documents have them, field for field, and what must hold between fields. Written
 * from the contract and not from Naru's own schemas, so that both can be wrong only for reasons of their own. Every
 * I'mport call of a test goes through `holdToContract`.
 */
import {
  type Addressed,
  count,
  findEndpoint,
  flag,
  like,
  list,
  object,
  oneOf,
  pathOf,
  problems,
  type Schema,
  text,
} from "../support/schemas.ts";

type Fields = Record<string, unknown>;

const textOrNull = (maxLength = 10_000): Schema => ({ type: ["string", "null"], maxLength });
const number: Schema = { type: "number" };
const nothing: Schema = { type: "null" };
/** A UNIX time in whole seconds. */
const time: Schema = { type: "integer", minimum: 1_000_000_000, maximum: 9_999_999_999 };
/** The same, or 0 for what has not happened. */
const timeOrZero: Schema = { anyOf: [{ const: 0 }, time] };

export const statuses = ["ready", "paid", "cancelled", "failed"] as const;

const payMethods =
  "samsung card trans vbank phone cultureland smartculture booknlife happymoney point ssgpay lpay payco kakaopay tosspay naverpay applepay paypal";
const providers =
  "html5_inicis inicis inicis_unified kcp kcp_billing kcp_quick uplus tosspayments nice nice_v2 kicc kakaopay danal danal_tpay mobilians payco paypal paypal_v2 eximbay naverpay naverco smilepay daou paymentwall tosspay smartro smartro_v2 settle settle_acc ksnet galaxia welcome jtnet kakao blue syrup";

/** Crockford's alphabet has no I, L, O and U. */
const cancellationId = like("^[0-9A-HJKMNP-TV-Z]{20}$");

export const token = object({ access_token: like("^[0-9a-f]{40}$"), now: time, expired_at: time });

export const cancellation = object({
  pg_tid: text(64),
  amount: { type: "number", exclusiveMinimum: 0 },
  cancelled_at: time,
  reason: { type: "string", maxLength: 256 },
  cancellation_id: cancellationId,
  receipt_url: textOrNull(),
});

export const deposited = object({
  pg_tid: text(64),
  amount: { type: "number", exclusiveMinimum: 0 },
  depositor_name: { type: "string" },
  deposited_at: time,
});

export const payment = object({
  imp_uid: { ...like("^imps?_[0-9]{12}$"), maxLength: 32 },
  merchant_uid: text(40),
  pay_method: oneOf(...payMethods.split(" ")),
  channel: oneOf("pc", "mobile", "api"),
  pg_provider: oneOf(...providers.split(" ")),
  emb_pg_provider: textOrNull(16),
  pg_tid: text(64),
  pg_id: text(80),
  sandbox: flag,
  escrow: flag,
  apply_num: textOrNull(20),
  bank_code: textOrNull(),
  bank_name: textOrNull(),
  card_code: textOrNull(),
  card_name: textOrNull(),
  card_issuer_code: textOrNull(),
  card_issuer_name: textOrNull(),
  card_publisher_code: textOrNull(),
  card_publisher_name: textOrNull(),
  card_quota: count,
  card_number: textOrNull(),
  card_type: oneOf(0, 1, null),
  vbank_code: { type: ["string", "null"], pattern: "^[0-9]{3}$" },
  vbank_name: textOrNull(),
  vbank_num: textOrNull(32),
  vbank_holder: textOrNull(),
  vbank_date: timeOrZero,
  vbank_issued_at: timeOrZero,
  name: textOrNull(40),
  amount: { type: "number", minimum: 0 },
  cancel_amount: { type: "number", minimum: 0 },
  currency: like("^[A-Z]{3}$"),
  buyer_name: textOrNull(16),
  buyer_email: textOrNull(64),
  buyer_tel: textOrNull(16),
  buyer_addr: textOrNull(128),
  buyer_postcode: textOrNull(8),
  custom_data: textOrNull(),
  user_agent: textOrNull(),
  status: oneOf(...statuses),
  started_at: time,
  paid_at: timeOrZero,
  failed_at: timeOrZero,
  cancelled_at: timeOrZero,
  fail_reason: textOrNull(),
  cancel_reason: textOrNull(),
  receipt_url: textOrNull(),
  cancel_history: list(cancellation),
  deposit_history: list(deposited),
  cancel_receipt_urls: list(text()),
  cash_receipt_issued: flag,
  customer_uid: textOrNull(80),
  customer_uid_usage: oneOf(null, "issue", "payment", "payment.scheduled"),
  promotion: { anyOf: [nothing, object({ id: text(), discount: number })] },
});

export const page = object({ total: count, previous: count, next: count, list: list(payment) });

export const prepared = object({
  merchant_uid: text(40),
  amount: { type: "number", minimum: 0 },
  currency: { type: ["string", "null"], pattern: "^[A-Z]{3}$" },
});

const part = object({ tax_free: number, supply: number, vat: number, service: number });
const parts = { cash_receipt: part, primary: part, secondary: part, discount: part };

export const balance = object({
  amount: { type: "number", minimum: 0 },
  ...parts,
  histories: list(object({ ...parts, created: time })),
});

const receiptOf = (id: Record<string, Schema>) =>
  object({
    ...id,
    receipt_tid: textOrNull(),
    apply_num: text(),
    type: oneOf("person", "company"),
    amount: { type: "integer", minimum: 0 },
    vat: { type: "integer", minimum: 0 },
    receipt_url: textOrNull(),
    applied_at: time,
    cancelled_at: timeOrZero,
  });

export const receipt = receiptOf({ imp_uid: like("^imps?_[0-9]{12}$") });
export const externalReceipt = receiptOf({ merchant_uid: text(40) });

export const code = object({ code: like("^[0-9]{3,5}$"), name: text() });

export const pgSetting = object({
  pg_provider: { ...oneOf(...providers.split(" ")) },
  pg_id: text(80),
  sandbox: flag,
  type: oneOf("payment", "api_payment", "certification"),
  channel_name: text(),
  channel_key: text(),
});

export const holder = object({ bank_holder: text() });

export const enveloped = (response: Schema) => object({ code: { const: 0 }, message: nothing, response });
export const errorEnvelope = object({ code: oneOf(-1, 1), message: text(), response: nothing });

const cardFields =
  "apply_num bank_code bank_name card_code card_name card_issuer_code card_issuer_name card_publisher_code card_publisher_name card_number card_type emb_pg_provider customer_uid customer_uid_usage";

/** What a payment by virtual account breaks of the rules between its fields. */
export function breaches(shown: Fields): string[] {
  const broken: string[] = [];
  const rule = (holds: boolean, name: string) => {
    if (!holds) broken.push(name);
  };
  const at = (field: string) => Number(shown[field]);
  const history = shown.cancel_history as { amount: number; cancelled_at: number; cancellation_id: string }[];
  const deposits = shown.deposit_history as { amount: number; deposited_at: number }[];
  const sum = (items: { amount: number }[]) => items.reduce((total, item) => total + item.amount, 0);
  const cancelled = history.length > 0;
  const status = String(shown.status);
  // An account for any amount is recorded with none; what it took is in its deposits.
  const unlimited = at("amount") === 0;
  const taken = unlimited ? sum(deposits) : at("amount");

  rule(shown.pay_method === "vbank", "a virtual account's pay_method is vbank");
  for (const field of cardFields.split(" ")) rule(shown[field] === null, `${field} is null for a virtual account`);
  rule(shown.card_quota === 0, "card_quota is 0 for a virtual account");
  for (const field of ["vbank_code", "vbank_name", "vbank_num"]) rule(Boolean(shown[field]), `${field} is set`);
  const nameless = shown.pg_provider === "tosspayments";
  rule((shown.vbank_holder === null) === nameless, "vbank_holder is null for tosspayments and only there");
  rule(at("vbank_issued_at") > 0 && at("vbank_date") > 0, "an account has the times of its issue and its deadline");
  rule(at("vbank_issued_at") >= at("started_at"), "an account is not issued before its payment began");
  rule(shown.currency === "KRW", "a virtual account is in won");
  rule(unlimited || deposits.length === 0, "deposit_history belongs to accounts for any amount");

  rule(at("cancel_amount") === sum(history), "cancel_amount is the sum of cancel_history");
  rule(at("cancel_amount") <= taken, "no more is cancelled than was paid");
  rule(new Set(history.map((one) => one.cancellation_id)).size === history.length, "cancellation_ids differ");
  rule(at("cancelled_at") > 0 === cancelled, "cancelled_at is set when something was cancelled, and only then");
  rule(cancelled || shown.cancel_reason === null, "cancel_reason is null when nothing was cancelled");
  rule(!cancelled || at("cancelled_at") === Math.max(...history.map((one) => one.cancelled_at)), "cancelled_at: last");

  rule(at("paid_at") > 0 === ["paid", "cancelled"].includes(status), `paid_at of a ${status} payment`);
  rule(at("failed_at") > 0 === (status === "failed"), `failed_at of a ${status} payment`);
  rule(status === "failed" ? Boolean(shown.fail_reason) : shown.fail_reason === null, `fail_reason: ${status}`);
  rule(!cancelled || ["paid", "cancelled"].includes(status), `nothing is cancelled of a ${status} payment`);
  if (status === "paid") rule(at("cancel_amount") < taken || taken === 0, "a paid payment is not cancelled in full");
  if (status === "cancelled") {
    // More may come to an account for any amount after it was cancelled.
    rule(unlimited ? cancelled : at("cancel_amount") === taken, "a cancelled payment is cancelled in full");
  }
  if (unlimited) rule(deposits.length > 0 === at("paid_at") > 0, "an account for any amount is paid by a deposit");
  return broken;
}

function receiptBreaches(shown: Fields): string[] {
  const broken: string[] = [];
  if (Number(shown.vat) > Number(shown.amount)) broken.push("vat is a part of amount");
  if (shown.cancelled_at !== 0 && Number(shown.cancelled_at) < Number(shown.applied_at)) broken.push("cancelled_at");
  return broken;
}

function pageBreaches(shown: Fields): string[] {
  const { total, previous, next } = shown as { total: number; previous: number; next: number };
  const payments = shown.list as Fields[];
  const broken = payments.flatMap(breaches);
  if (payments.length > total) broken.push("a page shows no more than there is");
  if (next !== 0 && next !== previous + 2) broken.push("next is the page after this one");
  if (previous === 0 && next === 0 && payments.length !== total) broken.push("a single page shows all");
  return broken;
}

const tokenBreaches = (shown: Fields) =>
  Number(shown.expired_at) > Number(shown.now) ? [] : ["a token that is given out is alive"];

const balanceBreaches = (shown: Fields) => {
  const primary = Object.values(shown.primary as Record<string, number>).reduce((sum, value) => sum + value, 0);
  return primary <= Number(shown.amount) ? [] : ["what is left of the means of payment is part of the amount"];
};

export interface Endpoint extends Addressed {
  /** HTTP statuses that its documents know, beside 401. */
  statuses: readonly number[];
  answer: Schema;
  rules?: (response: Fields) => string[];
}

const lists = (rules: (item: Fields) => string[]) => (response: Fields) =>
  (response as unknown as Fields[]).flatMap(rules);

/** Every endpoint; of two that match a path the first serves it. */
export const endpoints: readonly Endpoint[] = [
  { method: "POST", path: "/users/getToken", statuses: [200, 400], answer: token, rules: tokenBreaches },
  { method: "GET", path: "/users/pg", statuses: [200], answer: list(pgSetting) },
  { method: "POST", path: "/vbanks", statuses: [200, 400], answer: payment, rules: breaches },
  { method: "PUT", path: "/vbanks", statuses: [400], answer: nothing },
  { method: "DELETE", path: "/vbanks", statuses: [400], answer: nothing },
  { method: "GET", path: "/vbanks/holder", statuses: [200, 400, 404], answer: holder },
  { method: "PUT", path: "/vbanks/:imp_uid", statuses: [200, 400, 404], answer: payment, rules: breaches },
  { method: "DELETE", path: "/vbanks/:imp_uid", statuses: [200, 400, 404], answer: payment, rules: breaches },
  { method: "GET", path: "/payments", statuses: [200, 207, 400, 404], answer: list(payment), rules: lists(breaches) },
  ...["", "/:status"].flatMap((status): Endpoint[] => [
    {
      method: "GET",
      path: `/payments/find/:merchant_uid${status}`,
      statuses: [200, 400, 404],
      answer: payment,
      rules: breaches,
    },
    {
      method: "GET",
      path: `/payments/findAll/:merchant_uid${status}`,
      statuses: [200, 400, 404],
      answer: page,
      rules: pageBreaches,
    },
  ]),
  // An address that ends before what it is about.
  ...["/payments/find", "/payments/findAll", "/payments/status"].map(
    (path): Endpoint => ({ method: "GET", path, statuses: [400], answer: nothing }),
  ),
  { method: "GET", path: "/payments/status/:status", statuses: [200, 400], answer: page, rules: pageBreaches },
  { method: "GET", path: "/payments/prepare", statuses: [400], answer: nothing },
  ...["/receipts/external", "/receipts"].flatMap((path) =>
    ["GET", "POST", "DELETE"].map((method): Endpoint => ({ method, path, statuses: [400], answer: nothing })),
  ),
  { method: "POST", path: "/payments/cancel", statuses: [200, 400], answer: payment, rules: breaches },
  { method: "POST", path: "/payments/prepare", statuses: [200, 400], answer: prepared },
  { method: "PUT", path: "/payments/prepare", statuses: [200, 400, 404], answer: prepared },
  { method: "GET", path: "/payments/prepare/:merchant_uid", statuses: [200, 400, 404], answer: prepared },
  {
    method: "GET",
    path: "/payments/:imp_uid/balance",
    statuses: [200, 400, 404],
    answer: balance,
    rules: balanceBreaches,
  },
  ...["POST", "PUT", "DELETE", "PATCH"].map(
    (method): Endpoint => ({ method, path: "/payments/:imp_uid/balance", statuses: [405], answer: nothing }),
  ),
  ...["GET", "POST"].map(
    (method): Endpoint => ({
      method,
      path: "/payments/:imp_uid",
      statuses: [200, 400, 404],
      answer: payment,
      rules: breaches,
    }),
  ),
  ...["/receipts/external/:merchant_uid", "/receipts/:imp_uid"].flatMap((path): Endpoint[] => {
    const answer = path.includes("external") ? externalReceipt : receipt;
    // What was sold elsewhere is not found; a payment here has no receipt.
    const unknown = path.includes("external") ? [404] : [];
    return [
      { method: "POST", path, statuses: [200, 400, 404, 500, 501], answer, rules: receiptBreaches },
      { method: "GET", path, statuses: [200, 400, 404], answer, rules: receiptBreaches },
      { method: "DELETE", path, statuses: [200, 400, ...unknown, 500, 501], answer, rules: receiptBreaches },
    ];
  }),
  { method: "GET", path: "/banks", statuses: [200], answer: list(code) },
  { method: "GET", path: "/banks/:code", statuses: [200, 400, 404], answer: code },
  { method: "GET", path: "/cards", statuses: [200], answer: list(code) },
  { method: "GET", path: "/cards/:code", statuses: [200, 400, 404], answer: code },
];

/** What any request may be told, whatever it asks: who are you, not from here, too much, not now, no such thing. */
const shellStatuses = [401, 403, 421, 413, 414, 415, 431, 503];
const unknownPathStatuses = [400, 404, 405];

/** Parts of the API that are not about virtual accounts, of which a caller is told that they are not there. */
export const unbuilt =
  "subscribe escrows certifications tiers cvs partners payco naver benepia kcpquick paymentwall kakao/payment".split(
    " ",
  );

export function isUnbuilt(target: string): boolean {
  const path = pathOf(target).slice(1);
  return /^payments\/[^/]+\/naver(\/|$)/.test(path) || unbuilt.some((family) => `${path}/`.startsWith(`${family}/`));
}

const envelopes = new Map(endpoints.map((endpoint) => [endpoint, enveloped(endpoint.answer)]));

export function endpointOf(method: string, target: string): Endpoint | undefined {
  return findEndpoint(endpoints, method, target);
}

/** Fails with what is wrong if an answer of the I'mport API is not one that its documents allow. */
export function holdToContract(method: string, target: string, answer: { status: number; body: unknown }): void {
  const endpoint = endpointOf(method, target);
  const { status } = answer;
  const body = answer.body as { code?: unknown; response?: unknown } | null;
  const statuses = isUnbuilt(target) ? [501] : (endpoint?.statuses ?? unknownPathStatuses);
  const allowed = [...statuses, ...shellStatuses];
  const found = allowed.includes(status) ? [] : [`the status ${status} is none of ${allowed.join(" ")}`];
  if (body?.code === 0) {
    if (status !== 200 && status !== 207) found.push(`the status of a success is ${status}`);
    if (endpoint === undefined) found.push("nobody knows this endpoint");
    else {
      const wrong = problems(envelopes.get(endpoint)!, body);
      found.push(...wrong, ...(wrong.length > 0 ? [] : (endpoint.rules?.(body.response as Fields) ?? [])));
    }
  } else {
    if (status === 200 && method === "GET") found.push("what cannot be read has a status of its own");
    found.push(...problems(errorEnvelope, body));
    const { message } = (body ?? {}) as { message?: unknown };
    if ([400, 403, 413, 421].includes(status) && !/[가-힣]/.test(String(message)))
      found.push("the message is not in Korean");
  }
  if (found.length === 0) return;
  throw new Error(`${method} ${target} broke the contract:\n${found.join("\n")}\n${JSON.stringify(body)}`);
}
