/**
 * The answers of Kakao Moment as its documents have them, field for field, and what must hold between fields. Written
 * from the contract and not from Naru's own schemas, so that both can be wrong only for reasons of their own. Every
 * Kakao Moment call of a test goes through `holdToContract`.
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

export const contentType = "application/json;charset=UTF-8";

/** Of a top-up, as the contract prints it. */
export const sampleAnswer = {
  accountNumber: "X123456789012",
  accountOwnerName: "(주)카카오",
  amount: 1000000,
  bankCode: "88",
  bankName: "신한",
  expireDttm: "2020-08-17T17:28:12.683",
};

/** Two digits and the short name of each bank. */
export const banks: Readonly<Record<string, string>> = {
  "03": "기업",
  "04": "국민",
  "11": "농협",
  "81": "하나",
  "20": "우리",
  "88": "신한",
  "39": "경남",
  "71": "우체국",
  "32": "부산",
  "31": "대구",
};

const id: Schema = { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
const config = oneOf("ON", "OFF", "DEL");

export const virtualAccount = object({
  accountNumber: like("^[0-9A-Z]{10,16}$"),
  accountOwnerName: text(40),
  amount: { type: "integer", minimum: 1 },
  bankCode: oneOf(...Object.keys(banks)),
  bankName: oneOf(...Object.values(banks)),
  expireDttm: like("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}$"),
});

export const adAccountPage = object({
  content: list(object({ id, name: text(80), memberType: oneOf("MASTER", "MEMBER"), config })),
  number: count,
  size: { type: "integer", minimum: 1 },
  totalElements: count,
  totalPages: count,
  page: count,
});

const company = object({ businessRegistrationNumber: text(20), name: text(80) });

export const adAccount = object({
  id,
  name: text(80),
  ownerCompany: company,
  advertiser: company,
  type: text(20),
  config,
  isAdminStop: flag,
  isOutOfBalance: flag,
  statusDescription: text(20),
  bizWalletId: { type: "integer", minimum: 1 },
});

export const balance = object({ id, cash: count, freeCash: count, bizWalletId: { type: "integer", minimum: 1 } });

export const bizRight = object({ id, bizRightCompanyName: text(80) });

export const tokenInfo = object({
  id,
  app_id: id,
  scope: like("^[a-z_]+( [a-z_]+)*$"),
  resource_ids: list(like("^moment:(\\*|[0-9]+)$")),
});

const error = (code: number, more: Record<string, Schema> = {}) =>
  object({ code: { const: code }, msg: text(), ...more });
const scopes = list(like("^[a-z_]+$"));

interface DocumentedError {
  code: number;
  status: number;
  body: Schema;
}

/** Every code that is documented, with its HTTP status; -813 has two, and says why in another way for each. */
export const documentedErrors: readonly DocumentedError[] = [
  ...(
    [
      [-1, 400],
      [-2, 400],
      [-3, 400],
      [-4, 403],
      [-5, 403],
      [-6, 403],
      [-7, 400],
      [-8, 400],
      [-9, 400],
      [-10, 400],
      [-11, 400],
      [-12, 403],
      [-101, 400],
      [-401, 401],
      [-603, 400],
      [-903, 400],
      [-9798, 503],
    ] as const
  ).map(([code, status]) => ({ code, status, body: error(code) })),
  { code: -402, status: 403, body: error(-402, { required_scopes: scopes, allowed_scopes: scopes }) },
  ...[400, 429].map((status) => {
    const why = object({ status: { const: status }, message: text() });
    const detail = object({ detailCode: { type: "integer", minimum: 1 }, detailMsg: text() });
    const extras = status === 400 ? { anyOf: [detail, why] } : why;
    return { code: -813, status, body: error(-813, { msg: { const: "KakaoMomentException" }, extras }) };
  }),
];

/** What plain HTTP has a status for, before a call is one: not there, too large, no such type, not this server. */
const shellErrors: readonly DocumentedError[] = [
  { code: -3, status: 404, body: error(-3) },
  { code: -2, status: 413, body: error(-2) },
  { code: -8, status: 415, body: error(-8) },
  { code: -8, status: 421, body: error(-8) },
  { code: -8, status: 431, body: error(-8) },
];

const allErrors = [...documentedErrors, ...shellErrors];

const token = object({ access_token: text(), token_type: { const: "bearer" }, scope: text() });
const consentError = object({ error: like("^[a-z_]+$"), error_description: text(), error_code: like("^KOE[0-9]{3}$") });

export interface Endpoint extends Addressed {
  /** Undefined: a success has an empty body. */
  answer: Schema | undefined;
  rules?: (answer: Fields) => string[];
}

/** What a virtual account breaks of the rules between its fields. */
function accountBreaches({ bankCode, bankName, expireDttm }: Fields): string[] {
  const time = new Date(`${expireDttm}Z`);
  return [
    ...(banks[String(bankCode)] === bankName ? [] : ["bankName is that of bankCode"]),
    ...(!Number.isNaN(time.getTime()) && time.toISOString() === `${expireDttm}Z` ? [] : ["expireDttm is a time"]),
  ];
}

function pageBreaches(shown: Fields): string[] {
  const { content, number, page, size, totalElements, totalPages } = shown as Record<string, number> & {
    content: { id: number }[];
  };
  const left = Math.max(0, totalElements! - number! * size!);
  return [
    ...(number === page ? [] : ["number is page"]),
    ...(totalPages === Math.ceil(totalElements! / size!) ? [] : ["totalPages are those of totalElements"]),
    ...(content.length === Math.min(size!, left) ? [] : ["a page is full unless it is the last"]),
    ...(new Set(content.map((one) => one.id)).size === content.length ? [] : ["each is shown once"]),
  ];
}

const billing = { path: "/openapi/v4/billing/virtualAccount", answer: virtualAccount, rules: accountBreaches };

/** Every endpoint; of two that match a path the first serves it. */
export const endpoints: readonly Endpoint[] = [
  { method: "POST", ...billing },
  { method: "GET", ...billing },
  { method: "GET", path: "/openapi/v4/adAccounts/pages", answer: adAccountPage, rules: pageBreaches },
  { method: "GET", path: "/openapi/v4/adAccounts/balance", answer: balance },
  { method: "GET", path: "/openapi/v4/adAccounts/bizRight", answer: bizRight },
  { method: "GET", path: "/openapi/v4/adAccounts/:id", answer: adAccount },
  { method: "PUT", path: "/openapi/v4/adAccounts/onOff", answer: undefined },
  { method: "GET", path: "/v1/business/tokeninfo", answer: tokenInfo },
  { method: "POST", path: "/oauth/business/token", answer: token },
];

export interface PlainAnswer {
  status: number;
  contentType: string | undefined;
  text: string;
}

/** Fails with what is wrong if an answer is not one that the documents allow. */
export function holdToContract(method: string, target: string, answer: PlainAnswer): void {
  const broken = answer.status === 200 ? successBreaches(method, target, answer) : errorBreaches(target, answer);
  if (broken.length === 0) return;
  throw new Error(`${method} ${target} broke the contract:\n${broken.join("\n")}\n${answer.status} ${answer.text}`);
}

function successBreaches(method: string, target: string, answer: PlainAnswer): string[] {
  const endpoint = findEndpoint(endpoints, method, target);
  if (endpoint === undefined) return ["nobody knows this endpoint"];
  if (endpoint.answer === undefined) return answer.text === "" ? [] : ["a success has an empty body"];
  const { body, broken } = read(answer);
  const wrong = [...broken, ...problems(endpoint.answer, body)];
  return wrong.length > 0 ? wrong : (endpoint.rules?.(body) ?? []);
}

function errorBreaches(target: string, answer: PlainAnswer): string[] {
  const { body, broken } = read(answer);
  if (pathOf(target).startsWith("/oauth/business/")) return [...broken, ...problems(consentError, body)];
  const known = allErrors.find(({ code, status }) => code === body.code && status === answer.status);
  if (known === undefined) return [...broken, `nobody knows the code ${body.code} with the status ${answer.status}`];
  return [...broken, ...problems(known.body, body)];
}

function read({ text: written, contentType: named }: PlainAnswer): { body: Fields; broken: string[] } {
  const broken = named === contentType ? [] : [`the content type is ${named}`];
  try {
    const body = JSON.parse(written);
    return { body: typeof body === "object" && body !== null ? body : {}, broken };
  } catch {
    return { body: {}, broken: [...broken, "the body is not JSON"] };
  }
}
