/**
 * The answers and webhooks of PPRO as its documents have them, field for field, and what must hold between fields.
 * Written from the contract and not from Naru's own schemas, so that both can be wrong only for reasons of their own.
 * Every PPRO call of a test goes through `holdToContract`, and every webhook that is read through
 * `holdWebhookToContract`.
 */
import { type Addressed, findEndpoint, list, pathOf, problems, type Schema } from "../support/schemas.ts";
import { fundsRules, webhookBreaches } from "./events.ts";
import {
  agreement,
  agreementAuthorization,
  charge,
  errorBody,
  fundsStatus,
  instrument,
  listed,
  operations,
  revocation,
  search,
} from "./objects.ts";
import {
  type Agreement,
  agreementBreaches,
  broken,
  type Charge,
  chargeBreaches,
  linksTo,
  type Operation,
  operationRules,
  type Rule,
  timeBreaches,
} from "./rules.ts";

export * from "./events.ts";
export * from "./objects.ts";

/** Of a charge, as the contract prints it. */
export const sampleRequest = {
  paymentMethod: "KAKAOPAY",
  paymentDescriptor: "Order description",
  amount: { value: 15_000, currency: "KRW" },
  consumer: { name: "John Smith", country: "KR" },
  authenticationSettings: [{ type: "REDIRECT", settings: { returnUrl: "https://www.webshop.com/order-results-page" } }],
};

/** Of an agreement with its first charge, as an older page of the contract prints it. */
export const sampleAgreement = {
  paymentMethod: "KAKAOPAY",
  consumer: { name: "John Smith", country: "KR" },
  startDate: "2030-03-26T20:24:27+00:00",
  amount: { value: 101, currency: "KRW" },
  authenticationSettings: [{ type: "REDIRECT", settings: { returnUrl: "https://www.webshop.com/order-results-page" } }],
  initialPaymentCharge: {
    autoCapture: true,
    paymentDescriptor: "fundsEventType=Received;fundsEventScheduleDelay=10s",
    amount: { value: 101, currency: "KRW" },
    merchantPaymentChargeReference: "order 1",
  },
};

/** What the address of a call says. */
interface Asked {
  /** What stands in the path for `:id` and the like. */
  part: Record<string, string>;
  query: URLSearchParams;
}

interface Endpoint extends Addressed {
  /** Undefined: a success has no content. */
  answer: Schema | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: by then it has the fields of `answer`
  rules?: (body: any, asked: Asked) => string[];
}

const charges = "/v1/payment-charges";
const agreements = "/v1/payment-agreements";
const instruments = "/v1/payment-instruments";

/** An id that is in the address is that of what is shown. */
const isThe = (asked: string | undefined, shown: string | undefined): Rule => [
  asked === undefined || asked === shown,
  `${shown} is not ${asked}`,
];

const ofCharge = (body: Charge, { part }: Asked) => [...broken([isThe(part.id, body.id)]), ...chargeBreaches(body)];
const ofAgreement = (body: Agreement, { part }: Asked) => [
  ...broken([isThe(part.id, body.id)]),
  ...agreementBreaches(body),
];
const ofOperation = (body: Operation, { part }: Asked) =>
  broken([isThe(part.operation, body.id), linksTo(part.id!, body), ...operationRules(body)]);
const ofInstrument = (body: { id: string }, { part }: Asked) => broken([isThe(part.id, body.id)]);
const failsWith = (status: string, failure: unknown) =>
  broken([[(failure !== undefined) === (status === "FAILED"), "there is a failure if it FAILED"]]);

function ofSearch({ data }: { data: Charge[] }, { query }: Asked): string[] {
  const reference = query.get("merchantPaymentChargeReference");
  const agreementId = query.get("agreementId") ?? undefined;
  return data.flatMap((one) => {
    // What was refused before it was tried has no authorization to show it.
    const references = one.authorizations.map((made) => made.merchantPaymentChargeReference);
    return [
      ...broken([
        [
          reference === null || references.length === 0 || references.includes(reference),
          `${one.id} is not of ${reference}`,
        ],
        isThe(agreementId, one.agreementId),
      ]),
      ...chargeBreaches(one),
    ];
  });
}

function ofFunds(body: Record<string, unknown>[]): string[] {
  return body.flatMap((one) =>
    broken([
      ...fundsRules(String(one.operationType), one.operationId, one.fundsStatus, one),
      [
        one.operationType === "CAPTURE" || one.merchantPaymentChargeReference === undefined,
        "only a capture has a merchantPaymentChargeReference",
      ],
    ]),
  );
}

/** Every endpoint; of two that match a path the first serves it. */
export const endpoints: readonly Endpoint[] = [
  { method: "POST", path: charges, answer: charge, rules: ofCharge },
  { method: "GET", path: charges, answer: search, rules: ofSearch },
  { method: "GET", path: `${charges}/:id`, answer: charge, rules: ofCharge },
  { method: "GET", path: `${charges}/:id/funds-statuses`, answer: list(fundsStatus), rules: ofFunds },
  ...Object.entries(operations).flatMap(([name, operation]): Endpoint[] => {
    const path = `${charges}/:id/${name}`;
    return [
      {
        method: "GET",
        path,
        answer: listed(operation),
        rules: ({ data }: { data: Operation[] }, asked) => data.flatMap((one) => ofOperation(one, asked)),
      },
      { method: "POST", path, answer: operation, rules: ofOperation },
      { method: "GET", path: `${path}/:operation`, answer: operation, rules: ofOperation },
    ];
  }),
  { method: "POST", path: agreements, answer: agreement, rules: ofAgreement },
  { method: "GET", path: `${agreements}/:id`, answer: agreement, rules: ofAgreement },
  {
    method: "POST",
    path: `${agreements}/:id/authorizations`,
    answer: agreementAuthorization,
    rules: ({ failure, agreementStatus }) =>
      broken([[agreementStatus !== "FAILED" || failure !== undefined, "what is FAILED has a failure"]]),
  },
  {
    method: "POST",
    path: `${agreements}/:id/revocations`,
    answer: revocation,
    rules: ({ status, failure }) => failsWith(status, failure),
  },
  {
    method: "POST",
    path: `${agreements}/:id/payment-charges`,
    answer: charge,
    rules: (body: Charge, { part }) => [...broken([isThe(part.id, body.agreementId)]), ...chargeBreaches(body)],
  },
  { method: "POST", path: instruments, answer: instrument },
  { method: "GET", path: `${instruments}/:id`, answer: instrument, rules: ofInstrument },
  { method: "PUT", path: `${instruments}/:id`, answer: instrument, rules: ofInstrument },
  { method: "DELETE", path: `${instruments}/:id`, answer: undefined },
];

/** Each HTTP status that is documented for errors, and those that plain HTTP has before a call is one. */
export const errorStatuses = {
  documented: [400, 401, 403, 404, 405, 409, 415, 422, 429, 431, 500, 504],
  plain: [408, 413, 421],
} as const;

const errorBodies = new Map(
  [...errorStatuses.documented, ...errorStatuses.plain].map((status): [number, Schema] => [status, errorBody(status)]),
);

export const rateLimitHeaders = [
  "x-ratelimit-remaining",
  "x-ratelimit-requested-tokens",
  "x-ratelimit-burst-capacity",
  "x-ratelimit-replenish-rate",
] as const;

/** Refused before it was known whose bucket it is; as is what has no address that there is. */
const unlimited: readonly number[] = [401, 408, 421, 431];

export interface PlainAnswer {
  status: number;
  contentType: string | undefined;
  /** With lower-case names. */
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Fails with what is wrong if an answer is not one that the documents allow. Addresses outside /v1 are no part of it. */
export function holdToContract(method: string, target: string, answer: PlainAnswer): void {
  if (!pathOf(target).startsWith("/v1/")) return;
  const isError = answer.status >= 400;
  const wrong = [
    ...headerBreaches(method, target, answer),
    ...(isError ? errorBreaches(method, target, answer) : successBreaches(method, target, answer)),
  ];
  if (wrong.length === 0) return;
  throw new Error(`${method} ${target} broke the contract:\n${wrong.join("\n")}\n${answer.status} ${answer.text}`);
}

/** Fails with what is wrong if a webhook is not one that the documents allow. */
export function holdWebhookToContract(envelope: unknown): void {
  const wrong = webhookBreaches(envelope);
  if (wrong.length === 0) return;
  throw new Error(`a webhook broke the contract:\n${wrong.join("\n")}\n${JSON.stringify(envelope)}`);
}

function headerBreaches(method: string, target: string, { status, headers }: PlainAnswer): string[] {
  const replayed = headers["request-idempotency"];
  const values = rateLimitHeaders.map((name) => headers[name]);
  const isNowhere = status === 404 && findEndpoint(endpoints, method, target) === undefined;
  const isFree = (isNowhere || unlimited.includes(status)) && values.every((value) => value === undefined);
  const [remaining, requested, burst, replenished] = values.map(Number);
  const areNumbers = values.every((value) => /^[0-9]+$/.test(String(value)));
  return broken([
    [replayed === undefined || replayed === "true", "request-idempotency is true or not there"],
    [replayed === undefined || (status === 200 && method === "POST"), "only the success of a POST is answered again"],
    [isFree || areNumbers, "the rate limit is told by four headers"],
    [!areNumbers || burst! === 2 * replenished!, "twice as many as are replenished in a second may come at once"],
    [!areNumbers || (requested! >= 1 && remaining! <= burst!), "no more remain than there is room for"],
  ]);
}

function successBreaches(method: string, target: string, answer: PlainAnswer): string[] {
  const endpoint = findEndpoint(endpoints, method, target);
  if (endpoint === undefined) return ["nobody knows this endpoint"];
  if (endpoint.answer === undefined) {
    return answer.status === 204 && answer.text === "" ? [] : ["a success is 204 and has no content"];
  }
  const { body, wrong } = read(answer);
  if (answer.status !== 200) wrong.push("a success is 200");
  wrong.push(...problems(endpoint.answer, body));
  return wrong.length > 0 ? wrong : [...(endpoint.rules?.(body, asked(endpoint, target)) ?? []), ...timeBreaches(body)];
}

function errorBreaches(method: string, target: string, answer: PlainAnswer): string[] {
  const { body, wrong } = read(answer);
  const schema = errorBodies.get(answer.status);
  if (schema === undefined) return [...wrong, `nobody knows the status ${answer.status}`];
  const isUnknown = answer.status === 404 && findEndpoint(endpoints, method, target)?.path === `${charges}/:id`;
  return [
    ...wrong,
    ...problems(schema, body),
    ...timeBreaches(body),
    ...broken([
      [!isUnknown || body?.failureMessage === "Payment charge not found", "the charge is said not to be found"],
    ]),
  ];
}

// biome-ignore lint/suspicious/noExplicitAny: what it is is checked by a schema
function read({ text, contentType = "" }: PlainAnswer): { body: any; wrong: string[] } {
  const isJson = /^application\/json(; ?charset=utf-8)?$/i.test(contentType);
  const wrong = isJson ? [] : [`the content type is ${contentType}`];
  try {
    return { body: JSON.parse(text), wrong };
  } catch {
    return { body: undefined, wrong: [...wrong, "the body is not JSON"] };
  }
}

function asked({ path }: Endpoint, target: string): Asked {
  const segments = pathOf(target).split("/");
  const named = path
    .split("/")
    .flatMap((part, index) => (part.startsWith(":") ? [[part.slice(1), segments[index]!]] : []));
  return { part: Object.fromEntries(named), query: new URLSearchParams(target.split("?", 2)[1] ?? "") };
}
