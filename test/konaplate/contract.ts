/**
 * The requests and answers of Konaplate as its pages have them, field for field, and what must hold between fields. Written
 * from the contract and not from Naru's own schemas, so that both can be wrong only for reasons of their own. Every
 * Konaplate call of a test goes through `holdToContract`. What no page says is left open here.
 */
import { type Addressed, count, flag, like, list, oneOf, problems, type Schema, text } from "../support/schemas.ts";

type Fields = Record<string, unknown>;

/** What a request's field may be; bounds are lengths of a text and values of a number, inclusive. */
export interface Asked {
  is: "text" | "digits" | "number" | "flag" | "list" | "object";
  required: boolean;
  min?: number;
  /** A number's as text, since JavaScript rounds the largest. */
  max?: number | string;
  sample: unknown;
}

/** A 17-digit time, `yyyyMMddHHmmssSSS`; those of a history are 14 digits. */
const moment = like("^[0-9]{17}$");
const second = like("^[0-9]{14}$");
const digits = (length: number): Schema => like(`^[0-9]{${length}}$`);
const exactly = (length: number): Schema => ({ type: "string", minLength: length, maxLength: length });
/** Up to twenty digits. JavaScript reads the largest rounded, which is no matter here. */
const userId: Schema = { type: "integer", minimum: 1, maximum: 1e20 };
const won: Schema = { type: "integer", minimum: 1, maximum: 9_999_999_999 };

/** These fields, perhaps those, and no others. */
function fields(required: Record<string, Schema>, optional: Record<string, Schema> = {}): Schema {
  return {
    type: "object",
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  };
}

/** Likewise, of a table that is known in part. */
function known(required: Record<string, Schema>, optional: Record<string, Schema> = {}): Schema {
  return { ...fields(required, optional), additionalProperties: true };
}

const succeeded = fields({ code: { const: "000_000" }, description: oneOf("Success.", "Success") });
const failed = fields({ code: like("^[0-9]{3}_[0-9]{3}$"), description: text(1_000) });

/** An answer: what is told, beside what came of the request. */
const told = (required: Record<string, Schema> = {}, optional: Record<string, Schema> = {}): Schema =>
  fields({ ...required, response: succeeded }, optional);

const accountInfo = fields({
  accountId: exactly(5),
  userName: text(100),
  bankAccount: text(20),
  bankName: text(10),
  bankCode: digits(3),
  createdDateTime: moment,
  updatedDateTime: moment,
});

/** The nine fields of a member's registered account: two, and seven within the second. */
export const accountFields = Object.keys(accountInfo.properties as object);

const par = exactly(27);
const nrNumber = text(50);

const cardData = fields(
  { par, balance: count },
  {
    isNamed: flag,
    serviceId: digits(15),
    expiryDate: text(8),
    cardApplyNo: text(),
    serviceName: text(),
    mobileCardNo: text(16),
    physicalCardNo: text(16),
    mobileCardStatus: text(20),
    physicalCardStatus: text(20),
    rechargeable: flag,
    remittable: flag,
    refundable: flag,
    rechargeableAmount: count,
    minRechargeAmount: count,
    limits: fields({}, { day: count, once: count, month: count }),
    bankInfo: fields({ bankName: text(10), accountNo: text(20) }),
    cardPointInfo: list(known({})),
    autoReloadStatus: text(),
    serviceImageUrl: text(),
    enableFIC: flag,
    personalRechargeable: flag,
    maxRealNameRechargeAmount: count,
    maxNonRealNameRechargeAmount: count,
  },
);

const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });

const transaction = fields(
  {
    trType: oneOf("00", "01", "02", "03"),
    nrNumber,
    trAmount: won,
    balanceAfter: count,
    balanceBefore: count,
    authCancelType: oneOf("AUTH", "CANCEL"),
    approvalDateTime: second,
  },
  {
    rcgType: orNull(text()),
    orgAmount: count,
    approvalCode: orNull({ type: "string" }),
    merchantName: orNull({ type: "string" }),
    bizLicenseNo: orNull({ type: "string" }),
    discountAmount: count,
    usedPointAmount: count,
    savedPointAmount: count,
    cashReciptInfo: fields({}, { isuStCd: text(), approvalNo: text(), approvalDate: text() }),
    /** 1 of what can be taken back. */
    rechargeCancelable: { enum: [0, 1] },
  },
);

const textField = (min: number, max: number, sample: string, required = true): Asked => ({
  is: "text",
  required,
  min,
  max,
  sample,
});
const digitsField = (length: number, sample: string, required = true): Asked => ({
  is: "digits",
  required,
  min: length,
  max: length,
  sample,
});
const numberField = (max: number | string, sample: number, required = true): Asked => ({
  is: "number",
  required,
  min: 1,
  max,
  sample,
});
const largest = "9999999999999999999";
/** The first of the published people; see `people`. */
const member: Asked = numberField(largest, 50000104652);
const card: Asked = digitsField(16, "9491339401250765");
const parAsked = (required: boolean): Asked => ({ ...textField(27, 27, "Q180BEA3B2F1BBD8410336D66A4", required) });
const shown = { oneTimeToken: digitsField(16, "9461442187322710"), dcvv: digitsField(3, "366") };
const account = {
  bankAccount: textField(1, 20, "333015555557"),
  bankCode: digitsField(3, "003"),
  userName: textField(1, 100, "김코나"),
  birthDate: digitsField(8, "19751112"),
};

export interface Endpoint extends Addressed {
  /** Which sides the pages have encrypted; undefined where no page says. */
  encrypted: { request?: boolean; answer?: boolean };
  request: Record<string, Asked>;
  answer: Schema;
  /** Codes of failures that its page lists, beside those that every API has. */
  codes: readonly string[];
  /** What it tells beside a failure. */
  failure?: Record<string, Schema>;
  rules?: (answer: Fields, asked: Fields) => string[];
}

const accounts = "/api/v1/bankaccounts";
const both = { request: true, answer: true };
const request = { request: true, answer: false };
const clear = { request: false, answer: false };

const registrationStates = [
  "ARS_AUTH_IN_PROGRESS",
  "ARS_AUTH_DONE",
  "ARS_AUTH_FAILED",
  "BANK_ACC_REG_FAILED",
  "BANK_ACC_REGISTERED",
];

export const endpoints = {
  info: {
    method: "POST",
    path: `${accounts}/info`,
    encrypted: request,
    request: { userId: member },
    answer: told({ userId, accountInfo }),
    codes: ["007_001"],
    rules: ({ accountInfo: info, userId: shownId }, asked) => {
      const { createdDateTime, updatedDateTime } = info as Record<string, string>;
      return [
        ...([createdDateTime, updatedDateTime].every((time) => isTime(time!)) ? [] : ["times are times"]),
        ...(createdDateTime! <= updatedDateTime! ? [] : ["updatedDateTime is not before createdDateTime"]),
        ...(Number(shownId) === Number(asked.userId) ? [] : ["userId is the one that was asked for"]),
      ];
    },
  },
  inquiry: {
    method: "POST",
    path: `${accounts}/inquiry`,
    encrypted: clear,
    request: { userId: member },
    answer: known({ isAutoRcgAccRegAllowed: flag, response: succeeded }, { bankAccForAutoRcg: known({}) }),
    codes: ["007_001"],
  },
  remove: {
    method: "POST",
    path: `${accounts}/delete`,
    encrypted: request,
    request: { userId: member },
    answer: told(),
    codes: ["007_001"],
  },
  registerForAutoCharge: {
    method: "POST",
    path: `${accounts}/as-rcg-svc/ars/register`,
    encrypted: both,
    request: { userId: member },
    answer: known({ bankAccRegNo: text(22), response: succeeded }),
    codes: ["002_013", "007_001"],
  },
  checkHolder: {
    method: "POST",
    path: `${accounts}/user/valid`,
    encrypted: request,
    request: { ...account, userId: { ...member, required: false } },
    answer: told(),
    codes: ["002_033"],
  },
  arsCode: {
    method: "POST",
    path: `${accounts}/ars/auth`,
    encrypted: {},
    request: { userId: member },
    answer: told({ authNumber: digits(2) }),
    codes: [],
  },
  register: {
    method: "POST",
    path: `${accounts}/ars/register`,
    encrypted: request,
    request: { userId: member, ...account, bankName: textField(1, 10, "IBK기업은행") },
    answer: told({ bankAccRegNo: text(22) }),
    codes: ["002_013", "002_033"],
  },
  registration: {
    method: "POST",
    path: `${accounts}/ars/register/inquiry`,
    encrypted: clear,
    request: { regNo: textField(22, 22, "0000000000000000000000") },
    answer: told({ status: oneOf("ARS_AUTH_IN_PROGRESS", "ARS_AUTH_DONE", "BANK_ACC_REGISTERED") }),
    codes: ["002_014", "002_015", "002_016", "002_017", "002_019"],
    failure: { status: oneOf(...registrationStates) },
  },
  sendWon: {
    method: "POST",
    path: `${accounts}/krw-auth`,
    encrypted: {},
    request: { bankAccount: account.bankAccount, bankCode: account.bankCode },
    answer: told({ transactionId: text(30) }),
    codes: ["002_033", "002_034"],
  },
  institutions: {
    method: "POST",
    path: `${accounts}/financial-institutions`,
    encrypted: {},
    request: {},
    answer: told({ bankList: list(fields({ bankCode: digits(3), bankName: text(10) })) }),
    codes: [],
    rules: ({ bankList }) => {
      const codes = (bankList as Fields[]).map(({ bankCode }) => bankCode);
      return new Set(codes).size === codes.length ? [] : ["each bank is there once"];
    },
  },

  virtualAccount: {
    method: "POST",
    path: "/api/v1/card/virtual-account/inquiry",
    encrypted: both,
    request: { cardNo: card },
    answer: told({ accountNo: text(20), bankCode: digits(3) }, { connectType: text() }),
    codes: [],
  },
  cardOwner: {
    method: "POST",
    path: "/api/v1/user/card/info",
    encrypted: both,
    request: { cardNo: card },
    answer: told(
      {},
      {
        userId,
        balance: count,
        ownerKa: text(),
        serviceId: digits(15),
        cardStatus: text(20),
        serviceName: text(),
        cashReceiptInfo: known({}),
        isAutoRechargeBeforePayment: flag,
      },
    ),
    codes: [],
  },
  cards: {
    method: "POST",
    path: "/api/v1/user/card/list",
    encrypted: clear,
    request: { userId: member, par: parAsked(false), physicalCardNo: { ...card, required: false } },
    answer: told({ cardDataInfo: list(cardData) }),
    codes: [],
  },

  token: {
    method: "POST",
    path: "/api/v2/payment/generate/onetimetoken",
    encrypted: request,
    request: { cardNo: card, type: textField(1, 6, "ATM", false) },
    answer: told({ oneTimeToken: digits(16), dcvv: digits(3), expiryTime: count }),
    codes: [],
  },
  charge: {
    method: "POST",
    path: "/api/v1/recharges/by-bank-accounts/no-hce",
    encrypted: clear,
    request: {
      sequenceId: textField(1, 30, "202211149990015"),
      userId: member,
      amount: numberField(9_999_999_999, 10_000),
      ...shown,
      merchantId: digitsField(15, "410195430033901"),
    },
    answer: told({ nrNumber, isPending: flag }),
    codes: ["007_001", "007_003", "007_004"],
  },
  cancel: {
    method: "POST",
    path: "/api/v1/recharges/by-bank-accounts/no-hce/cancel",
    encrypted: clear,
    request: {
      sequenceId: textField(1, 30, "202211149990016"),
      userId: member,
      nrNumber: textField(1, 50, "KMN221114031773543"),
      ...shown,
      cardExpiry: digitsField(4, "2509"),
    },
    answer: told({ isPending: flag }),
    codes: ["007_001", "007_030", "007_040", "007_043"],
  },
  result: {
    method: "POST",
    path: "/api/v1/recharges/by-bank-account/result/inquiry",
    encrypted: clear,
    request: { sequenceId: textField(1, 30, "202211149990015") },
    answer: told({ result: oneOf("COMPLETED", "FAILED", "PENDING") }, { nrNumber }),
    codes: [],
  },
  history: {
    method: "POST",
    path: "/api/v1/transaction/card",
    encrypted: clear,
    request: {
      userId: { ...member, required: false },
      par: parAsked(true),
      startDate: digitsField(8, "20261101"),
      endDate: digitsField(8, "20261130"),
      trType: digitsField(2, "01", false),
      includePreviousCard: { is: "flag", required: false, sample: false },
      pageRequest: { is: "object", required: false, sample: { page: 0, pageSize: 10 } },
    },
    answer: told({
      pageResponse: fields({ page: count, totalPages: count, numberOfElements: count }),
      transactionInfo: list(transaction),
    }),
    codes: [],
    rules: historyBreaches,
  },
  autoCharge: {
    method: "POST",
    path: "/api/v1/recharges/auto/lower-limit/update",
    encrypted: { request: true },
    request: {
      userId: member,
      par: parAsked(true),
      amount: numberField(9_999_999, 10_000),
      thresholdBalance: numberField(9_999_999, 5_000),
    },
    answer: known({ response: succeeded }),
    codes: ["007_001", "007_003"],
  },

  registerMember: {
    method: "POST",
    path: "/api/v1/user/registration",
    encrypted: both,
    request: {
      ci: textField(88, 88, "C".repeat(88), false),
      loginId: textField(1, 80, "naru-nobody"),
      loginPassword: digitsField(6, "918273"),
      birthDate: digitsField(8, "19900101"),
      nationality: textField(6, 9, "Korean"),
      gender: textField(4, 6, "Female"),
      userName: textField(1, 100, "박나루"),
      mobileNumber: textField(1, 20, "01012345678", false),
      email: { is: "text", required: false, sample: "naru@example.com" },
      joinChannel: { is: "text", required: false, sample: "OPENAPI" },
      tcIdList: { is: "list", required: false, sample: ["29184", "29186"] },
    },
    answer: told(
      { userId },
      { basicCardInfo: fields({ par, cardNo: digits(16), expiryDate: digits(6), serviceId: digits(15) }) },
    ),
    codes: ["001_001"],
    rules: ({ basicCardInfo }) => {
      const { cardNo, expiryDate } = (basicCardInfo ?? {}) as Record<string, string>;
      if (cardNo === undefined) return [];
      return [
        ...(isLuhn(cardNo) ? [] : ["cardNo has a check digit"]),
        ...(isTime(`20${expiryDate}000000000`) ? [] : ["expiryDate is a day"]),
      ];
    },
  },
  member: {
    method: "POST",
    path: "/api/v1/user/info",
    encrypted: both,
    request: { userId: member },
    answer: told({ userInfo: known({ aspId: digits(15) }) }),
    codes: [],
  },
} as const satisfies Record<string, Endpoint>;

export type Api = keyof typeof endpoints;
export const apis = Object.keys(endpoints) as Api[];
export const endpointOf = (api: Api): Endpoint => endpoints[api];

/** A request that has every field, as a client would write it. */
export function sampleOf(api: Api): Fields {
  return Object.fromEntries(Object.entries(endpointOf(api).request).map(([name, { sample }]) => [name, sample]));
}

function historyBreaches({ transactionInfo, pageResponse }: Fields): string[] {
  const all = transactionInfo as Record<string, unknown>[];
  const { numberOfElements } = pageResponse as Record<string, number>;
  return all
    .flatMap(({ trAmount, balanceAfter, balanceBefore, approvalDateTime }) => [
      ...(Math.abs(Number(balanceAfter) - Number(balanceBefore)) === trAmount ? [] : ["trAmount is the difference"]),
      ...(isTime(`${approvalDateTime}000`) ? [] : ["approvalDateTime is a time"]),
    ])
    .concat(numberOfElements === all.length ? [] : ["numberOfElements is how many there are"]);
}

/** Codes that every API may fail with: HTTP status and what is said. */
const common: Readonly<Record<string, readonly [status: number, said: RegExp]>> = {
  "000_002": [400, /^Invalid input (value|parameter)\.( \S+)?$/],
  "000_003": [400, /^Missing required values\.( \S+)?$/],
  "000_015": [
    400,
    /^The length of value does not match\. \S+ \(반드시 최소값 \d+과\(와\) 최대값 \d+ 사이의 크기이어야 합니다\.\)$/,
  ],
};

/** Codes that some have. */
const particular: Readonly<Record<string, readonly [status: number, said: RegExp]>> = {
  "001_001": [400, /^User already exists?\.?/],
  "002_013": [400, /^Ars auth and bank account register is still in progress\.$/],
  "002_014": [400, /^Bank account register failed due to ARS auth failed\.$/],
  "002_015": [400, /^Bank account register failed due to lifetime account\.$/],
  "002_016": [400, /^Invalid account\.$/],
  "002_017": [400, /./],
  "002_019": [400, /^Not found ars bank account register error\.$/],
  "002_033": [400, /^Getting acc owner name error\.$/],
  "002_034": [400, /^Money transfer pending error\.$/],
  "007_001": [400, /^Bank account not found\.$/],
  "007_002": [400, /^Inconsistent requested benefit\.$/],
  "007_003": [400, /^Credit limit exceeded\.$/],
  "007_004": [400, /^Withdraw failure from PG\.$/],
  "007_007": [400, /^Recharge amount should be more than zero\.$/],
  "007_030": [400, /^Cancellation not possible for this transaction\.$/],
  "007_040": [400, /^Cancel request for another method\.$/],
  "007_043": [400, /^Cancellation request denied due to name mismatch\.$/],
};

/** Every code of a failure that the pages publish. */
export const publishedCodes = [...Object.keys(common), ...Object.keys(particular)];

/** For what the pages publish nothing: headers, tokens, keys, bodies, addresses. Never a defect of the server. */
const own = /^000_9\d\d$/;
const ownStatuses = [400, 401, 404, 405, 413, 415, 421, 431, 501, 503];

export interface HeldAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** In clear. */
  text: string;
}

export interface HeldRequest {
  headers: Record<string, string | string[] | undefined>;
  /** In clear; undefined where it is no object. */
  fields: Fields | undefined;
}

/** The API that a path names, whichever prefix it is called under. */
export function apiOf(path: string): Api | undefined {
  const named = path.replace(/^\/open-api(?=\/)/, "");
  return apis.find((api) => endpoints[api].path === named);
}

/** Fails with what is wrong if an answer is not one that the contract allows. */
export function holdToContract(path: string, request: HeldRequest, answer: HeldAnswer): void {
  const broken = [...headerBreaches(request, answer), ...bodyBreaches(path, request, answer)];
  if (broken.length === 0) return;
  throw new Error(`POST ${path} broke the contract:\n${broken.join("\n")}\n${answer.status} ${answer.text}`);
}

function headerBreaches(request: HeldRequest, { headers }: HeldAnswer): string[] {
  const type = headers["content-type"];
  const asked = request.headers["x-km-correlation-id"];
  return [
    ...(/^application\/json(;|$)/.test(String(type)) ? [] : [`the content type is ${type}`]),
    ...(asked === undefined || headers["x-km-correlation-id"] === asked
      ? []
      : ["X-KM-Correlation-Id is the request's"]),
  ];
}

function bodyBreaches(path: string, request: HeldRequest, { status, text: written }: HeldAnswer): string[] {
  let body: Fields;
  try {
    body = JSON.parse(written);
  } catch {
    return ["the body is not JSON"];
  }
  const api = apiOf(path);
  const endpoint = api === undefined ? undefined : endpointOf(api);
  if (status === 200) {
    if (endpoint === undefined) return ["nobody knows this API"];
    const wrong = problems(endpoint.answer, body);
    return wrong.length > 0 ? wrong : (endpoint.rules?.(body, request.fields ?? {}) ?? []);
  }
  const wrong = problems(failureOf(endpoint), body);
  if (wrong.length > 0) return wrong;
  const { code, description } = body.response as { code: string; description: string };
  if (own.test(code)) return ownStatuses.includes(status) ? [] : [`${code} has the status ${status}`];
  const one = common[code] ?? (endpoint?.codes.includes(code) ? particular[code] : undefined);
  if (one === undefined) return [`the code ${code} is none of this API`];
  return [
    ...(one[0] === status ? [] : [`${code} has the status ${status}`]),
    ...(one[1].test(description) ? [] : [`${code} does not say "${description}"`]),
  ];
}

const failures = new Map<Endpoint | undefined, Schema>();

function failureOf(endpoint: Endpoint | undefined): Schema {
  const schema = failures.get(endpoint) ?? fields({ response: failed }, endpoint?.failure);
  failures.set(endpoint, schema);
  return schema;
}

/** Whether 17 digits are a time. */
function isTime(written: string): boolean {
  const [, date, hour, minute, rest] = /^(\d{8})(\d{2})(\d{2})(\d{5})$/.exec(written) ?? [];
  const iso = `${date?.slice(0, 4)}-${date?.slice(4, 6)}-${date?.slice(6)}T${hour}:${minute}:${rest?.slice(0, 2)}.${rest?.slice(2)}Z`;
  const read = new Date(iso);
  return !Number.isNaN(read.getTime()) && read.toISOString() === iso;
}

export function isLuhn(number: string): boolean {
  const sum = [...number].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** The public sandbox's people, with their accounts as it publishes them. */
export interface PublishedPerson {
  userId: number;
  loginId: string;
  userName: string;
  birthDate: string;
  bankCode: string;
  bankName: string;
  bankAccount: string;
  chargeable: boolean;
}

const published = [
  ["김코나", "19751112", "003", "IBK기업은행", "333015555557", true],
  ["김코코", "19890530", "010", "NH농협은행", "11112333333", true],
  ["박탐나", "19920315", "020", "우리은행", "1006122222222", true],
  ["유대코", "19991202", "034", "광주은행", "100333888888", false],
  ["이모나", "20050628", "092", "토스뱅크", "100666666668", false],
  ["정푸루", "19880214", "005", "KEB하나은행", "2224444455605", true],
  ["조동백", "19950525", "021", "신한은행", "10044444445", false],
  ["최이음", "19970911", "031", "DGB대구은행", "505222222224", false],
  ["추비즈", "20020126", "045", "새마을금고중앙회", "9002777777779", false],
  ["한배코", "19800704", "004", "KB국민은행", "3333015555556", true],
] as const;

export const people: readonly PublishedPerson[] = published.map(
  ([userName, birthDate, bankCode, bankName, bankAccount, chargeable], index) => ({
    userId: 50000104652 + index,
    loginId: `kona${String(index + 1).padStart(2, "0")}`,
    userName,
    birthDate,
    bankCode,
    bankName,
    bankAccount,
    chargeable,
  }),
);

/** Of the first of them. */
export const publishedCard = {
  cardNo: "9491339401250765",
  par: "Q180BEA3B2F1BBD8410336D66A4",
  expiry: "3108",
  serviceId: "000170000002000",
};
export const merchantId = "410195430033901";
