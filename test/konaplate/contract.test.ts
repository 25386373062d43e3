/** The contract's own test: an answer that is right passes, and every way to be wrong is seen. */
import { expect, it } from "vitest";
import { readWide, writeWide } from "../support/konaplate.ts";
import { type Api, endpoints, holdToContract, isLuhn, publishedCard } from "./contract.ts";

type Fields = Record<string, unknown>;

const correlation = "260101000000-0a1b2c3";
const response = { code: "000_000", description: "Success." };

interface Held {
  asked?: Fields;
  status?: number;
  type?: string | undefined;
  correlation?: string;
}

function hold(api: Api, body: unknown, { asked = {}, status = 200, type = "application/json", ...held }: Held = {}) {
  holdToContract(
    endpoints[api].path,
    { headers: { "x-km-correlation-id": correlation }, fields: asked },
    {
      status,
      headers: { "content-type": type, "x-km-correlation-id": held.correlation ?? correlation },
      text: typeof body === "string" ? body : JSON.stringify(body),
    },
  );
}

const accountInfo = {
  accountId: "0000A",
  userName: "김코나",
  bankAccount: "333015555557",
  bankName: "IBK기업은행",
  bankCode: "003",
  createdDateTime: "20261120120000123",
  updatedDateTime: "20261120120000123",
};

const cardData = { par: publishedCard.par, balance: 0, mobileCardNo: publishedCard.cardNo };
const charged = {
  trType: "01",
  nrNumber: "KMN221114031773543",
  trAmount: 10_000,
  balanceBefore: 0,
  balanceAfter: 10_000,
  authCancelType: "AUTH",
  approvalDateTime: "20261120120000",
  rechargeCancelable: 1,
};
const basicCardInfo = {
  par: publishedCard.par,
  cardNo: publishedCard.cardNo,
  expiryDate: "310831",
  serviceId: publishedCard.serviceId,
};

const answers: [api: Api, right: Fields, wrong: Fields[]][] = [
  [
    "info",
    { userId: 50000104652, accountInfo },
    [
      { userId: "50000104652" },
      { userId: 50000104653 },
      { accountInfo: [accountInfo] },
      { accountInfo: { ...accountInfo, accountId: "000A" } },
      { accountInfo: { ...accountInfo, bankName: "" } },
      { accountInfo: { ...accountInfo, bankName: "한국한국한국한국한국은행" } },
      { accountInfo: { ...accountInfo, bankAccount: "1".repeat(21) } },
      { accountInfo: { ...accountInfo, bankCode: "03" } },
      { accountInfo: { ...accountInfo, createdDateTime: "20261120120000" } },
      { accountInfo: { ...accountInfo, updatedDateTime: "20261119120000123" } },
      { accountInfo: { ...accountInfo, updatedDateTime: "20261320120000123" } },
      { accountInfo: { ...accountInfo, state: "registered" } },
    ],
  ],
  ["remove", {}, []],
  ["checkHolder", {}, []],
  ["arsCode", { authNumber: "07" }, [{ authNumber: 7 }, { authNumber: "123" }]],
  ["register", { bankAccRegNo: "0".repeat(22) }, [{ bankAccRegNo: "" }, { bankAccRegNo: "0".repeat(23) }]],
  ["registration", { status: "ARS_AUTH_IN_PROGRESS" }, [{ status: "ARS_AUTH_FAILED" }, { status: "DONE" }]],
  ["sendWon", { transactionId: "t" }, [{ transactionId: "t".repeat(31) }]],
  [
    "institutions",
    { bankList: [{ bankCode: "088", bankName: "신한은행" }] },
    [
      { bankList: [{ bankCode: "88", bankName: "신한은행" }] },
      { bankList: Array(2).fill({ bankCode: "088", bankName: "신한은행" }) },
    ],
  ],
  ["virtualAccount", { accountNo: "1", bankCode: "088" }, [{ accountNo: "1".repeat(21) }, { bankCode: 88 }]],
  ["cards", { cardDataInfo: [cardData] }, [{ cardDataInfo: [{ ...cardData, balance: -1 }] }, { cardDataInfo: {} }]],
  [
    "token",
    { oneTimeToken: "9461442187322710", dcvv: "366", expiryTime: 1_800_000_000_000 },
    [{ oneTimeToken: 9461442187322710 }, { dcvv: "36" }, { expiryTime: "20261120" }],
  ],
  ["charge", { nrNumber: "KMN221114031773543", isPending: false }, [{ nrNumber: "" }, { isPending: "N" }]],
  ["cancel", { isPending: false }, [{ isPending: 0 }]],
  ["result", { result: "COMPLETED" }, [{ result: "SUCCESS" }]],
  [
    "history",
    { pageResponse: { page: 0, totalPages: 1, numberOfElements: 1 }, transactionInfo: [charged] },
    [
      { pageResponse: { page: 0, totalPages: 1, numberOfElements: 2 } },
      { transactionInfo: [{ ...charged, trAmount: 9_999 }] },
      { transactionInfo: [{ ...charged, trType: "04" }] },
      { transactionInfo: [{ ...charged, approvalDateTime: "20261120240000" }] },
      { transactionInfo: [{ ...charged, authCancelType: "VOID" }] },
      { transactionInfo: [{ ...charged, rechargeCancelable: true }] },
    ],
  ],
  [
    "registerMember",
    { userId: 50000104652, basicCardInfo },
    [
      { userId: 0 },
      { basicCardInfo: { ...basicCardInfo, cardNo: "9491339401250764" } },
      { basicCardInfo: { ...basicCardInfo, expiryDate: "3108" } },
      { basicCardInfo: { ...basicCardInfo, expiryDate: "310832" } },
      { basicCardInfo: { ...basicCardInfo, cardCVC: "211" } },
    ],
  ],
  ["member", { userInfo: { aspId: "000170000000000" } }, [{ userInfo: {} }, { userInfo: { aspId: "1" } }]],
];

it.each(answers)("%s", (api, right, wrong) => {
  const asked = { userId: 50000104652 };
  const whole = { ...right, response };
  const optional = ["basicCardInfo"];
  expect(() => hold(api, whole, { asked })).not.toThrow();
  expect(() => hold(api, { ...whole, response: { ...response, description: "Success" } }, { asked })).not.toThrow();
  const changes = [
    ...wrong,
    ...Object.keys(whole).flatMap((field) => [
      ...(optional.includes(field) ? [] : [{ [field]: undefined }]),
      { [field]: null },
    ]),
    { response: { code: "00", description: "Success." } },
    { response: { ...response, message: "Success." } },
    { more: 1 },
  ];
  for (const change of changes) {
    expect(() => hold(api, { ...whole, ...change }, { asked }), JSON.stringify(change)).toThrow("broke the contract");
  }
  expect(() => hold(api, whole, { asked, type: "text/plain" })).toThrow("content type");
  expect(() => hold(api, whole, { asked, correlation: "260101000000-0a1b2c4" })).toThrow("X-KM-Correlation-Id");
  expect(() => hold(api, whole, { asked, status: 400 })).toThrow();
  expect(() => hold(api, JSON.stringify(whole).slice(1), { asked })).toThrow("not JSON");
});

it("failures have the codes of their APIs, with their status and text", () => {
  const failure = (code: string, description: string, more: Fields = {}) => ({
    ...more,
    response: { code, description },
  });
  const refused = (api: Api, body: unknown, status = 400) => hold(api, body, { status });
  const missing = failure("000_003", "Missing required values. loginId");
  expect(() => refused("registerMember", missing)).not.toThrow();
  expect(() => refused("registerMember", missing, 200)).toThrow();
  expect(() => refused("registerMember", missing, 422)).toThrow("status");
  expect(() => refused("registerMember", failure("000_003", "loginId is missing"))).toThrow("does not say");
  expect(() => refused("registerMember", failure("000_015", "The length of value does not match."))).toThrow();
  expect(() => refused("charge", failure("007_004", "Withdraw failure from PG."))).not.toThrow();
  expect(() => refused("info", failure("007_004", "Withdraw failure from PG."))).toThrow("none of this API");
  expect(() => refused("charge", { ...failure("007_004", "Withdraw failure from PG."), message: "no" })).toThrow();
  const arsFailed = failure("002_014", "Bank account register failed due to ARS auth failed.", {
    status: "ARS_AUTH_FAILED",
  });
  expect(() => refused("registration", arsFailed)).not.toThrow();
  expect(() => refused("info", arsFailed)).toThrow();
  expect(() => refused("info", failure("000_903", "wrong"), 401)).not.toThrow();
  expect(() => refused("info", failure("000_999", "Internal error."), 500)).toThrow("status 500");
  expect(() => refused("info", failure("000_903", ""), 401)).toThrow();
});

it("numbers keep all their digits", () => {
  for (const [written, value] of [
    ['{"userId":50000104652}', { userId: 50000104652 }],
    ['{"userId":9007199254740993}', { userId: 9007199254740993n }],
    ['{"userId":9007199254740991}', { userId: 9007199254740991 }],
    ['[99999999999999999999,"99999999999999999999"]', [99999999999999999999n, "99999999999999999999"]],
    ['{"a":"\\"9007199254740993","b":[-9007199254740993]}', { a: '"9007199254740993', b: [-9007199254740993n] }],
  ] as const) {
    expect(readWide(written)).toEqual(value);
    expect(writeWide(value)).toBe(written);
  }
});

it("the published card has a check digit, and every API has a path of its own", () => {
  expect(isLuhn(publishedCard.cardNo)).toBe(true);
  expect(publishedCard.par).toHaveLength(27);
  const paths = Object.values(endpoints).map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
});
