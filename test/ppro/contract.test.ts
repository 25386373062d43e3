/** The contract's own test: an answer or webhook that is right passes, and every way to be wrong is seen. */
import { expect, it } from "vitest";
import {
  deliveryOffsets_s,
  errorStatuses,
  eventTypes,
  failureCodes,
  holdToContract,
  holdWebhookToContract,
} from "./contract.ts";

type Fields = Record<string, unknown>;

const limits = {
  "x-ratelimit-remaining": "9",
  "x-ratelimit-requested-tokens": "1",
  "x-ratelimit-burst-capacity": "10",
  "x-ratelimit-replenish-rate": "5",
};
const json = "application/json; charset=utf-8";

function hold(method: string, path: string, body: unknown, status = 200, more: Fields = {}) {
  const headers = { ...limits, ...(more.headers as Record<string, string | undefined>) };
  const text = body === undefined ? "" : JSON.stringify(body);
  holdToContract(method, path, { status, contentType: json, text, ...more, headers });
}

const at = "2026-06-03T11:23:47.123Z";
const later = "2026-06-03T11:24:47.123Z";
const id = "charge_X0O78tadFHrZCbGhkycPk";
const path = `/v1/payment-charges/${id}`;
const _links = { payment_charge: { href: path } };
const failure = { failureType: "PROVIDER_DECLINE", failureCode: "INSUFFICIENT_FUNDS", failureMessage: "no" };

const redirect = { type: "REDIRECT", details: { requestUrl: "https://pay.example/x", requestMethod: "GET" } };
const operation = (wireId: string, status: string, fields: Fields = {}) => ({
  id: wireId,
  amount: 15_000,
  status,
  createdAt: at,
  updatedAt: at,
  _links,
  ...fields,
});
const authorization = (status: string, fields: Fields = {}) => operation("authz_l1hJpcLJGMyiafx1QdCqr", status, fields);
const capture = operation("capture_67Ml6cOgDTXOcZh4qpgrc", "CAPTURED");
const refund = operation("refund_jnFgrjBcmhTz2jLNKtXZq", "REFUNDED", { refundReason: "DUPLICATE" });
const part = { ...refund, id: "refund_aaaaaaaaaaaaaaaaaaaaa", amount: 5_000 };
const discarded = { type: "AUTHENTICATION_TIMEOUT", amount: undefined };
const discard = operation("discard_jnFgrjBcmhTz2jLNKtXZq", "DISCARDED", discarded);
const voided = operation("void_JXYpfzt0OERhqGKH9JVMf", "VOIDED");

/** As the contract prints it. */
const pending = {
  id,
  paymentMethod: "KAKAOPAY",
  paymentMedium: "ECOMMERCE",
  instrumentId: "instr_SNaRMvhYNFpXhEhgTVSed",
  currency: "KRW",
  country: "KR",
  paymentDescriptor: "Order description",
  status: "AUTHENTICATION_PENDING",
  consumer: { name: "John Smith", country: "KR" },
  authenticationMethods: [redirect],
  authorizations: [authorization("AUTHENTICATION_PENDING", { merchantPaymentChargeReference: "order 1" })],
  captures: [],
  refunds: [],
  voids: [],
  discards: [],
  createdAt: at,
  updatedAt: at,
  _links: Object.fromEntries(
    ["", "/authorizations", "/captures", "/refunds", "/voids", "/discards"].map((end) => [
      end.slice(1) || "self",
      { href: `${path}${end}` },
    ]),
  ),
};
const settled = { ...pending, authenticationMethods: undefined };
const captured = { ...settled, status: "CAPTURED", authorizations: [authorization("AUTHORIZED")], captures: [capture] };
const refunded = { ...captured, status: "REFUNDED", refunds: [refund] };
const declined = { ...settled, status: "FAILED", authorizations: [authorization("FAILED", { failure })], failure };
const over = { ...failure, failureType: "INTERNAL_DECLINE", failureCode: "EXCEEDS_CAPTURED_AMOUNT" };
const refused = { ...part, status: "FAILED", updatedAt: later, failure: over };

const charges: [name: string, right: Fields, wrong: Fields[]][] = [
  [
    "pending",
    pending,
    [
      { id: "charge_tooShort" },
      { id: "charge_X0O78tadFHrZCbGhkycPl" },
      { amount: { value: 15_000, currency: "KRW" } },
      { merchantPaymentChargeReference: "order 1" },
      { failure },
      { failure: null },
      { agreementId: null },
      { paymentMethod: "kakaopay" },
      { country: "US" },
      { createdAt: "2026-06-03T11:23:47Z" },
      { createdAt: "2026-02-30T11:23:47.123Z" },
      { createdAt: later },
      { authenticationMethods: undefined },
      { authenticationMethods: [] },
      { authenticationMethods: [redirect, redirect] },
      { authenticationMethods: [{ type: "MULTI_FACTOR" }] },
      { authenticationMethods: [{ ...redirect, details: { ...redirect.details, requestMethod: "POST" } }] },
      { status: "SUCCESS" },
      { status: "AUTHORIZATION_ASYNC" },
      { consumer: { name: "John Smith" } },
      { labels: { ["k".repeat(51)]: "" } },
      { authorizations: [] },
      { authorizations: [authorization("AUTHORIZED")] },
      { authorizations: [authorization("AUTHENTICATION_PENDING", { merchantPaymentChargeReference: null })] },
      { authorizations: [authorization("AUTHENTICATION_PENDING", { _links: { payment_charge: { href: "/v1" } } })] },
      { _links: { ...pending._links, discards: undefined } },
      { _links: { ...pending._links, voids: { href: `${path}/captures` } } },
    ],
  ],
  [
    "captured",
    captured,
    [
      { authenticationMethods: [redirect] },
      { captures: [] },
      { captures: [{ ...capture, amount: 15_001 }] },
      { captures: [capture, { ...capture, amount: 1 }] },
      { captures: [{ ...capture, status: "FAILED" }] },
      { authorizations: [authorization("AUTHENTICATION_PENDING")] },
      { voids: [voided] },
      { refunds: [refund] },
      { refunds: [part, { ...part, id: refund.id, status: "PENDING", amount: 10_001 }] },
      { refunds: [{ ...part, amount: 0 }] },
      { refunds: [{ ...part, refundReason: "DUPLCIATE" }] },
      { refunds: [refused] },
      { refunds: [refused], failure },
    ],
  ],
  ["refunded in part", { ...captured, refunds: [part] }, [{ status: "REFUNDED" }]],
  [
    "refunded in part, and refused more",
    { ...captured, refunds: [part, { ...refused, id: refund.id }], failure: over },
    [{ failure: undefined }, { refunds: [{ ...part, createdAt: later, updatedAt: later }, refund] }],
  ],
  ["refunded", refunded, [{ refunds: [] }, { captures: [] }, { refunds: [{ ...refund, status: "PENDING" }] }]],
  [
    "declined",
    declined,
    [
      { failure: undefined },
      { failure: { failureMessage: "no" } },
      { failure: { ...failure, failureCode: "EXCEEDS_CAPTURED_AMOUNT" } },
      { failure: { ...failure, failureType: "DECLINE" } },
      { failure: { ...failure, failureMessage: "why" } },
      { authorizations: [authorization("FAILED")] },
      { authorizations: [authorization("AUTHENTICATION_PENDING")] },
    ],
  ],
  ["refused at once", { ...settled, status: "FAILED", authorizations: [], failure: over }, [{ failure: undefined }]],
  ["discarded", { ...settled, status: "DISCARDED", discards: [discard] }, [{ discards: [] }, { status: "FAILED" }]],
  ["voided", { ...captured, status: "VOIDED", captures: [], voids: [voided] }, [{ voids: [] }]],
  [
    "paid by something else",
    { ...pending, paymentMethod: "MOCK", authenticationMethods: [redirect, { type: "MULTI_FACTOR" }] },
    [{ authenticationMethods: [{ type: "TELEPATHY" }] }],
  ],
];

it.each(charges)("a charge that is %s", (_, right, wrong) => {
  const required = ["authorizations", "captures", "refunds", "voids", "discards", "consumer", "paymentMedium"];
  expect(() => hold("GET", path, right)).not.toThrow();
  expect(() => hold("POST", "/v1/payment-charges", right)).not.toThrow();
  for (const change of [...wrong, ...required.map((field) => ({ [field]: undefined })), { more: 1 }]) {
    expect(() => hold("GET", path, { ...right, ...change }), JSON.stringify(change)).toThrow("broke the contract");
  }
});

const agreement = {
  id: "agr_BlTZQyHL9DeUYPYtXmOdq",
  status: "ACTIVE",
  paymentMethod: "KAKAOPAY",
  consumer: { country: "KR" },
  history: [{ id: "ahist_BlTZQyHL9DeUYPYtXmOdq", status: "ACTIVE", createdAt: at }],
  createdAt: at,
  updatedAt: at,
};
const agreements = "/v1/payment-agreements";
const funds = { operationId: capture.id, operationType: "CAPTURE", fundsStatus: "CAPTURE_FUNDS_RECEIVED" };
const instrument = { id: "instr_SNaRMvhYNFpXhEhgTVSed", type: "PASSTHROUGH_WALLET", details: { country: "KR" } };

const answers: [method: string, target: string, right: unknown, wrong: unknown[]][] = [
  [
    "POST",
    `${path}/refunds`,
    refund,
    [
      { ...refund, _links: {} },
      { ...refund, failure },
      { ...refund, currency: "KRW" },
    ],
  ],
  ["GET", `${path}/captures/${capture.id}`, capture, [{ ...capture, id: "capture_aaaaaaaaaaaaaaaaaaaaa" }, refund]],
  [
    "POST",
    `${path}/discards`,
    { ...discard },
    [
      { ...discard, amount: 1 },
      { ...discard, type: "TIMEOUT" },
    ],
  ],
  ["GET", `${path}/captures`, { data: [capture], _links: {} }, [[capture], { data: [capture] }, { data: [refund] }]],
  [
    "GET",
    "/v1/payment-charges?merchantPaymentChargeReference=order%201&page=2",
    { data: [pending], nextPage: "3", _links: {} },
    [{ data: [captured], _links: {} }, { data: [pending], nextPage: null, _links: {} }, { data: [pending] }],
  ],
  [
    "GET",
    `${path}/funds-statuses`,
    [funds],
    [{ data: [funds] }, [{ ...funds, operationType: "REFUND" }], [{ ...funds, merchantRefundReference: "1" }]],
  ],
  [
    "GET",
    `${agreements}/${agreement.id}`,
    agreement,
    [
      { ...agreement, status: "FAILED" },
      { ...agreement, status: "REVOKED_BY_MERCHANT" },
      { ...agreement, history: [{ ...agreement.history[0], failure }] },
      { ...agreement, _links: {} },
      { ...agreement, authenticationMethods: [redirect] },
    ],
  ],
  ["POST", `${agreements}/${agreement.id}/revocations`, { status: "REVOKED" }, [{ status: "FAILED" }, agreement]],
  [
    "POST",
    `${agreements}/${agreement.id}/payment-charges`,
    { ...captured, agreementId: agreement.id },
    [captured, { ...captured, agreementId: "agr_aaaaaaaaaaaaaaaaaaaaa" }],
  ],
  [
    "POST",
    `${agreements}/${agreement.id}/authorizations`,
    { id: "one", agreementStatus: "ACTIVE", createdAt: at },
    [{ id: "one", agreementStatus: "FAILED", createdAt: at }],
  ],
  ["GET", `/v1/payment-instruments/${instrument.id}`, instrument, [{ ...instrument, type: "RAW_CARD" }]],
];

it.each(answers)("%s %s", (method, target, right, wrong) => {
  expect(() => hold(method, target, right)).not.toThrow();
  for (const body of wrong)
    expect(() => hold(method, target, body), JSON.stringify(body)).toThrow("broke the contract");
  expect(() => hold(method, target, right, 201)).toThrow("a success is 200");
});

it("what is deleted is answered with nothing", () => {
  const target = `/v1/payment-instruments/${instrument.id}`;
  expect(() => hold("DELETE", target, undefined, 204)).not.toThrow();
  expect(() => hold("DELETE", target, {}, 204)).toThrow("no content");
  expect(() => hold("DELETE", target, undefined, 200)).toThrow("no content");
});

it.each([...errorStatuses.documented, ...errorStatuses.plain])("%i is an error", (status) => {
  const message = status === 401 ? { message: "Unauthorized" } : {};
  const right = { status, failureMessage: "Payment charge not found", timestamp: at, ...message };
  expect(() => hold("GET", path, right, status)).not.toThrow();
  for (const change of [
    { status: status + 1 },
    { status: String(status) },
    { failureMessage: undefined },
    { timestamp: "now" },
    { message: "other" },
    { failureCode: "UNKNOWN" },
    { extensions: [] },
  ]) {
    const body = { ...right, ...change };
    expect(() => hold("GET", path, body, status), JSON.stringify(change)).toThrow("broke the contract");
  }
  expect(() => hold("GET", path, { ...right, extensions: { field: "x" } }, status)).not.toThrow();
});

it("a status or an endpoint that nobody documented is seen, and the page of the wallet is no part of it", () => {
  const body = { status: 418, failureMessage: "no", timestamp: at };
  expect(() => hold("GET", path, body, 418)).toThrow("nobody knows the status");
  expect(() => hold("GET", path, { ...body, status: 404 }, 404)).toThrow("not to be found");
  expect(() => hold("GET", "/v1/payment-sessions/x", {})).toThrow("nobody knows this endpoint");
  expect(() => hold("GET", "/checkout/x", undefined, 303)).not.toThrow();
});

it.each<[name: string, more: Fields]>([
  ["no rate limit", { headers: Object.fromEntries(Object.keys(limits).map((name) => [name, undefined])) }],
  ["a rate limit that lacks a header", { headers: { "x-ratelimit-remaining": undefined } }],
  ["a rate that is no number", { headers: { "x-ratelimit-replenish-rate": "5/s" } }],
  ["another burst", { headers: { "x-ratelimit-burst-capacity": "9" } }],
  ["more left than there is room for", { headers: { "x-ratelimit-remaining": "11" } }],
  ["a replay of a GET", { headers: { "request-idempotency": "true" } }],
  ["another content type", { contentType: "text/html" }],
  ["no content type", { contentType: undefined }],
  ["no JSON", { text: "{" }],
])("an answer with %s", (_, more) => {
  expect(() => hold("GET", path, pending, 200, more)).toThrow("broke the contract");
});

it("only a success that is replayed says so, and only a stranger is not told of limits", () => {
  const replayed = (value: string) => ({ headers: { "request-idempotency": value } });
  const body = (status: number) => ({ status, failureMessage: "Unauthorized", timestamp: at });
  expect(() => hold("POST", "/v1/payment-charges", pending, 200, replayed("true"))).not.toThrow();
  expect(() => hold("POST", "/v1/payment-charges", pending, 200, replayed("false"))).toThrow("request-idempotency");
  expect(() => hold("POST", "/v1/payment-charges", body(409), 409, replayed("true"))).toThrow("answered again");
  const none = { headers: Object.fromEntries(Object.keys(limits).map((name) => [name, undefined])) };
  expect(() => hold("GET", path, { ...body(401), message: "Unauthorized" }, 401, none)).not.toThrow();
  expect(() => hold("GET", path, body(429), 429, none)).toThrow("four headers");
});

const common = {
  paymentChargeId: id,
  paymentMethod: "KAKAOPAY",
  merchantId: "merch_naru00000000000000000",
  merchantPaymentChargeReference: "order 1",
};
const amount = { value: 15_000, currency: "KRW" };
const authorizationId = "authz_l1hJpcLJGMyiafx1QdCqr";

const webhooks: [type: string, data: Fields, wrong: Fields[]][] = [
  [
    "PAYMENT_CHARGE_CREATED",
    {
      ...common,
      paymentChargeStatus: "AUTHORIZATION_PROCESSING",
      amount,
      consumer: { country: "KR" },
      paymentMedium: "POS",
    },
    [{ amount: 15_000 }, { paymentSessionId: "sess_33VIoHGUuqZ7hT96gdIoS" }, { paymentChargeStatus: "CAPTURED" }],
  ],
  [
    "PAYMENT_CHARGE_AUTHENTICATION_PENDING",
    {
      ...common,
      paymentChargeStatus: "AUTHENTICATION_PENDING",
      amount,
      authorizationId,
      authenticationMethods: [redirect],
    },
    [
      { authenticationMethods: [] },
      { authenticationMethods: undefined },
      { authenticationMethods: [redirect, redirect] },
    ],
  ],
  [
    "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED",
    { ...common, paymentChargeStatus: "CAPTURED", amount, authorizationId, isMultiStep: false },
    [{ isMultiStep: undefined }, { paymentChargeStatus: "FAILED" }, { charge: {} }],
  ],
  [
    "PAYMENT_CHARGE_REFUND_FAILED",
    { ...common, paymentChargeStatus: "CAPTURED", amount, refundId: refund.id, failure },
    [{ failure: undefined }, { failure: { ...failure, isRetryable: true } }, { refundId: capture.id }],
  ],
  [
    "PAYMENT_CHARGE_DISCARDED",
    { ...common, paymentChargeStatus: "DISCARDED", amount, authorizationId, discardType: "AUTHENTICATION_TIMEOUT" },
    [{ discardType: undefined }, { discardId: discard.id }, { merchantDiscardReference: null }],
  ],
  [
    "FUNDS_STATE_CHANGED",
    {
      ...common,
      paymentChargeStatus: "CAPTURED",
      amount,
      paymentOperationId: capture.id,
      paymentOperationType: "CAPTURE",
      fundsState: "CAPTURE_FUNDS_RECEIVED",
    },
    [{ fundsState: "REFUND_FUNDS_SENT" }, { paymentOperationType: "REFUND" }, { merchantRefundReference: "1" }],
  ],
];

it.each(webhooks)("a webhook of %s", (type, data, wrong) => {
  const right = {
    specversion: "1.0.2",
    source: "https://www.ppro.com",
    datacontenttype: "application/json",
    id: "DBmK364tFeNGuHIJM9Fb4",
    type,
    subject: id,
    time: at,
    data: { ...data, type },
  };
  expect(() => holdWebhookToContract(right)).not.toThrow();
  const more = [
    { more: 1 },
    { merchantId: undefined },
    { type: "PAYMENT_CHARGE_SUCCESS" },
    { merchantPaymentChargeReference: null },
  ];
  for (const change of [...wrong, ...more]) {
    const sent = JSON.parse(JSON.stringify({ ...right, data: { ...right.data, ...change } }));
    expect(() => holdWebhookToContract(sent), JSON.stringify(change)).toThrow("broke the contract");
  }
  for (const change of [
    { specversion: "1.0" },
    { id: "evt_DBmK364tFeNGuHIJM9Fb4" },
    { subject: "charge_aaaaaaaaaaaaaaaaaaaaa" },
    { time: "2026-06-03T11:23:47Z" },
    { type: "REPORT_FAILED" },
    { data: undefined },
    { more: 1 },
  ]) {
    expect(() => holdWebhookToContract({ ...right, ...change }), JSON.stringify(change)).toThrow("broke the contract");
  }
});

it("lists all that is published", () => {
  expect(Object.values(failureCodes).flat()).toHaveLength(76);
  expect(eventTypes).toHaveLength(30);
  expect(deliveryOffsets_s).toEqual(Array.from({ length: 15 }, (_, retries) => 15 * (2 ** retries - 1)));
});
