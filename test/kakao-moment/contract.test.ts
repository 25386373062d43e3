/** The contract's own test: an answer that is right passes, and every way to be wrong is seen. */
import { expect, it } from "vitest";
import { contentType, documentedErrors, holdToContract, sampleAnswer } from "./contract.ts";

type Fields = Record<string, unknown>;

function hold(method: string, path: string, body: unknown, status = 200, type: string | undefined = contentType) {
  holdToContract(method, path, { status, contentType: type, text: JSON.stringify(body) });
}

const item = { id: 111, name: "테스트계정1", memberType: "MASTER", config: "ON" };
const page = { content: [item], number: 0, size: 10, totalElements: 1, totalPages: 1, page: 0 };
const company = { businessRegistrationNumber: "220-88-36643", name: "나루" };
const one = {
  id: 111,
  name: "테스트계정1",
  ownerCompany: company,
  advertiser: company,
  type: "BUSINESS",
  config: "ON",
  isAdminStop: false,
  isOutOfBalance: false,
  statusDescription: "운영중",
  bizWalletId: 1,
};
const balance = { id: 41250, cash: 4159386, freeCash: 0, bizWalletId: 1 };

const answers: [method: string, path: string, right: Fields, wrong: Fields[]][] = [
  [
    "POST",
    "/openapi/v4/billing/virtualAccount",
    sampleAnswer,
    [
      { amount: "1000000" },
      { amount: 0 },
      { bankCode: 88 },
      { bankCode: "088" },
      { bankName: "신한은행" },
      { bankName: "국민" },
      { expireDttm: "2020-08-17T17:28:12.683Z" },
      { expireDttm: "2020-08-17T17:28:12" },
      { expireDttm: "2020-02-30T17:28:12.683" },
      { expireDttm: 1_597_652_892_683 },
    ],
  ],
  [
    "GET",
    "/openapi/v4/adAccounts/pages?page=0",
    page,
    [
      { number: 1 },
      { totalPages: 2 },
      { totalElements: 2 },
      { content: [] },
      { content: [item, item], totalElements: 2 },
      { content: [{ ...item, config: "on" }] },
      { content: [{ ...item, memberType: "OWNER" }] },
      { content: [{ ...item, id: "111" }] },
    ],
  ],
  ["GET", "/openapi/v4/adAccounts/111", one, [{ isAdminStop: "N" }, { bizWalletId: 0 }, { ownerCompany: {} }]],
  ["GET", "/openapi/v4/adAccounts/balance", balance, [{ cash: -1 }, { cash: 0.5 }, { bizWalletId: 0 }]],
  ["GET", "/openapi/v4/adAccounts/bizRight", { id: 0, bizRightCompanyName: "나루" }, [{ id: null }]],
];

it.each(answers)("%s %s", (method, path, right, wrong) => {
  expect(() => hold(method, path, right)).not.toThrow();
  const changes = [
    ...wrong,
    ...Object.keys(right).flatMap((field) => [{ [field]: undefined }, { [field]: null }]),
    { more: 1 },
  ];
  for (const change of changes) {
    expect(() => hold(method, path, { ...right, ...change }), JSON.stringify(change)).toThrow("broke the contract");
  }
  for (const type of ["application/json", "application/json; charset=utf-8", "text/html"]) {
    expect(() => hold(method, path, right, 200, type), type).toThrow("content type");
  }
  expect(() => hold(method, path, right, 201)).toThrow();
});

it("switching is answered with nothing", () => {
  const answer = { status: 200, contentType: undefined, text: "" };
  expect(() => holdToContract("PUT", "/openapi/v4/adAccounts/onOff", answer)).not.toThrow();
  expect(() => hold("PUT", "/openapi/v4/adAccounts/onOff", {})).toThrow();
  expect(() => holdToContract("GET", "/openapi/v4/adAccounts/balance", answer)).toThrow();
});

it.each(documentedErrors)("$code with $status is an error, as nothing else is", ({ code, status }) => {
  const extras = status === 429 ? { status, message: "wait" } : { detailCode: 21_006, detailMsg: "없습니다." };
  const right: Fields = {
    code,
    msg: code === -813 ? "KakaoMomentException" : "why",
    ...(code === -813 ? { extras } : {}),
    ...(code === -402 ? { required_scopes: ["moment_management"], allowed_scopes: [] } : {}),
  };
  const path = "/openapi/v4/adAccounts/balance";
  expect(() => hold("GET", path, right, status)).not.toThrow();
  for (const [body, other] of [
    ...Object.keys(right).map((field) => [{ ...right, [field]: undefined }, status] as const),
    [{ ...right, message: "more" }, status],
    [{ ...right, code: String(code) }, status],
    [{ ...right, code: -99 }, status],
    [{ ...right, msg: "" }, status],
    [right, 200],
    [right, 500],
    [code === -813 ? { ...right, extras: { detailCode: "21006", detailMsg: "없습니다." } } : {}, status],
  ] as const) {
    expect(() => hold("GET", path, body, other), JSON.stringify([body, other])).toThrow("broke the contract");
  }
});

it("an address that nobody documented has no success", () => {
  expect(() => hold("GET", "/openapi/v4/campaigns", {})).toThrow("nobody knows this endpoint");
});
