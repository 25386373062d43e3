import { describe, expect, it } from "vitest";
import { redact, validator } from "../../../http/validate.ts";
import {
  AutoChargeRequest,
  CancelRequest,
  CardListRequest,
  ChargeRequest,
  HistoryRequest,
  HolderRequest,
  OfCardRequest,
  OfUserRequest,
  RegisterAccountRequest,
  RegistrationRequest,
  RegistrationStatusRequest,
  ResultRequest,
  TokenRequest,
  VerificationRequest,
} from "./index.ts";

const userId = 50_000_104_652;
const par = "Q180BEA3B2F1BBD8410336D66A4";
const cardNo = "9491339401250765";
const claim = { bankAccount: "333015555557", bankCode: "003", userName: "김코나", birthDate: "19751112" };
const shown = { oneTimeToken: "9461442187322710", dcvv: "366" };
const person = {
  ci: "C".repeat(88),
  loginId: "kona01@example.com",
  loginPassword: "918273",
  birthDate: "19751112",
  nationality: "Korean",
  gender: "Male",
  userName: "김코나",
  mobileNumber: "010-1234-5678",
  email: "kona01@example.com",
  addressInfo: { address: "서울특별시 강남구 테헤란로 1", zipCode: "06234", addressDetail: "2층" },
  joinChannel: "OPENAPI",
  tcIdList: ["29184", "29186"],
};

/** Each with every field that there is, as clients write them. */
const requests = {
  OfUserRequest: [OfUserRequest, { userId }],
  OfCardRequest: [OfCardRequest, { cardNo }],
  RegistrationRequest: [RegistrationRequest, person],
  HolderRequest: [HolderRequest, { ...claim, userId }],
  RegisterAccountRequest: [RegisterAccountRequest, { ...claim, userId, bankName: "IBK기업은행" }],
  RegistrationStatusRequest: [RegistrationStatusRequest, { regNo: "0".repeat(22) }],
  VerificationRequest: [
    VerificationRequest,
    { bankAccount: "333015555557", bankCode: "003", userId, userName: "김코나" },
  ],
  CardListRequest: [CardListRequest, { userId, par, physicalCardNo: cardNo }],
  TokenRequest: [TokenRequest, { cardNo, type: "ATM" }],
  ChargeRequest: [
    ChargeRequest,
    { sequenceId: "202211149990015", userId, amount: 10_000, ...shown, merchantId: "410195430033901" },
  ],
  CancelRequest: [
    CancelRequest,
    { sequenceId: "202211149990016", userId, nrNumber: "KMN221114031773543", ...shown, cardExpiry: "2509" },
  ],
  ResultRequest: [ResultRequest, { sequenceId: "202211149990015" }],
  AutoChargeRequest: [AutoChargeRequest, { userId, par, amount: 10_000, thresholdBalance: 5_000 }],
  HistoryRequest: [
    HistoryRequest,
    {
      userId,
      par,
      startDate: "20261101",
      endDate: "20261130",
      trType: "01",
      includePreviousCard: false,
      pageRequest: { page: 0, pageSize: 20, sort: "approvalDateTime", orderByDirection: "DESC" },
    },
  ],
} as const;

type Fields = Record<string, unknown>;
const entries = Object.entries(requests) as unknown as [string, [typeof OfUserRequest, Fields]][];

/** Paths of what may be of any length or number. */
function unbounded(schema: object, path: string): string[] {
  const { type, properties = {}, items } = schema as { type?: string; properties?: object; items?: object };
  const bounds: Record<string, string[]> = {
    string: ["maxLength", "pattern"],
    array: ["maxItems"],
    integer: ["maximum"],
  };
  const wanted = bounds[type ?? ""] ?? [];
  const here = wanted.length === 0 || wanted.some((bound) => bound in schema) ? [] : [path];
  const parts: [string, object][] = [
    ...Object.entries(properties),
    ...(items ? [["*", items] as [string, object]] : []),
  ];
  return [...here, ...parts.flatMap(([name, part]) => unbounded(part, `${path}.${name}`))];
}

const optional: Record<string, readonly string[]> = {
  RegistrationRequest: ["ci", "mobileNumber", "email", "addressInfo", "joinChannel", "tcIdList"],
  HolderRequest: ["userId"],
  VerificationRequest: ["userId", "userName"],
  CardListRequest: ["par", "physicalCardNo"],
  TokenRequest: ["type"],
  HistoryRequest: ["userId", "trType", "includePreviousCard", "pageRequest"],
};

describe.each(entries)("%s", (name, [schema, sample]) => {
  const check = validator(schema);

  it("is bounded in every part", () => {
    expect(unbounded(schema, name)).toEqual([]);
  });

  it("takes what a client writes, members' numbers as the text of their digits", () => {
    const told = "userId" in sample ? { ...sample, userId: String(userId) } : sample;
    expect(check(sample)).toEqual({ ok: true, value: told });
  });

  it("wants each field but the optional ones", () => {
    for (const field of Object.keys(sample)) {
      const { [field]: _, ...rest } = sample;
      const missing = { ok: false, problem: { kind: "missing", field } };
      const wanted = optional[name]?.includes(field) ? { ok: true } : missing;
      expect(check(rest), field).toMatchObject(wanted);
      expect(check({ ...sample, [field]: null }), field).toMatchObject(wanted);
    }
  });
});

describe("a member's number", () => {
  const check = validator(OfUserRequest);

  it.each<[unknown, string]>([
    [1, "1"],
    [50_000_104_652, "50000104652"],
    ["50000104652", "50000104652"],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
    ["9007199254740993", "9007199254740993"],
    ["9999999999999999999", "9999999999999999999"],
    ["99999999999999999999", "99999999999999999999"],
  ])("%j is %s, and no digit of it is lost", (given, read) => {
    expect(check({ userId: given })).toEqual({ ok: true, value: { userId: read } });
  });

  it.each([0, -1, 1.5, 1e21, "0", "01", "-1", "+1", "1.0", "1e3", "abc", true, {}, "100000000000000000000", "１"])(
    "is not %j",
    (given) => {
      expect(check({ userId: given }).ok).toBe(false);
    },
  );
});

describe("what is wrong", () => {
  it.each<[string, Fields]>([
    ["RegistrationRequest", { loginPassword: "12345" }],
    ["RegistrationRequest", { loginPassword: "1234567" }],
    ["RegistrationRequest", { loginPassword: "12345a" }],
    ["RegistrationRequest", { birthDate: "1975111" }],
    ["RegistrationRequest", { birthDate: "1975-1-1" }],
    ["RegistrationRequest", { ci: "C".repeat(87) }],
    ["RegistrationRequest", { loginId: "k".repeat(81) }],
    ["RegistrationRequest", { nationality: "Korea" }],
    ["RegistrationRequest", { gender: "male" }],
    ["RegistrationRequest", { gender: "Others" }],
    ["RegistrationRequest", { userName: "김".repeat(101) }],
    ["RegistrationRequest", { mobileNumber: "telephone" }],
    ["RegistrationRequest", { addressInfo: { address: "서울" } }],
    ["RegistrationRequest", { tcIdList: Array.from({ length: 101 }, String) }],
    ["HolderRequest", { bankAccount: "1".repeat(21) }],
    ["HolderRequest", { bankAccount: "-" }],
    ["HolderRequest", { bankAccount: "3330 15555557" }],
    ["HolderRequest", { bankCode: "03" }],
    ["RegisterAccountRequest", { bankName: "은".repeat(11) }],
    ["RegistrationStatusRequest", { regNo: "0".repeat(21) }],
    ["OfCardRequest", { cardNo: "949133940125076" }],
    ["OfCardRequest", { cardNo: "9491-3394-0125-0" }],
    ["TokenRequest", { type: "OTHER" }],
    ["ChargeRequest", { amount: 0 }],
    ["ChargeRequest", { amount: 1.5 }],
    ["ChargeRequest", { amount: 10_000_000_000 }],
    ["ChargeRequest", { amount: "ten" }],
    ["ChargeRequest", { sequenceId: "s".repeat(31) }],
    ["ChargeRequest", { oneTimeToken: "946144218732271" }],
    ["ChargeRequest", { dcvv: "36" }],
    ["ChargeRequest", { dcvv: "3666" }],
    ["ChargeRequest", { merchantId: "41019543003390" }],
    ["CancelRequest", { nrNumber: "K".repeat(51) }],
    ["CancelRequest", { cardExpiry: "25-9" }],
    ["AutoChargeRequest", { par: "Q180" }],
    ["AutoChargeRequest", { amount: 10_000_000 }],
    ["AutoChargeRequest", { thresholdBalance: 0 }],
    ["HistoryRequest", { trType: "04" }],
    ["HistoryRequest", { startDate: "2026-11-01" }],
    ["HistoryRequest", { pageRequest: { page: -1 } }],
    ["HistoryRequest", { pageRequest: { pageSize: 0 } }],
    ["HistoryRequest", { pageRequest: { pageSize: 1_001 } }],
    ["HistoryRequest", { pageRequest: { sort: "trAmount" } }],
    ["HistoryRequest", { pageRequest: { orderByDirection: "UP" } }],
  ])("in a %s is refused: %j", (name, wrong) => {
    const [schema, sample] = requests[name as keyof typeof requests] as unknown as [typeof OfUserRequest, Fields];
    expect(validator(schema)({ ...sample, ...wrong }).ok).toBe(false);
  });

  it.each([
    ["a password", RegistrationRequest, { ...person, loginPassword: "1234567" }, "loginPassword", 6],
    ["a day of birth", RegistrationRequest, { ...person, birthDate: "1975-11-12" }, "birthDate", 8],
  ] as const)("is told to be too long: %s", (_, schema, sample, field, length) => {
    expect(validator(schema)(sample)).toEqual({ ok: false, problem: { kind: "too-long", field, length } });
  });

  it("shows nothing of the person in what is kept of a call", () => {
    expect(redact(RegistrationRequest, person)).toEqual({
      ...Object.fromEntries(Object.keys(person).map((name) => [name, "***"])),
      joinChannel: "OPENAPI",
      tcIdList: ["29184", "29186"],
    });
    expect(redact(RegisterAccountRequest, { ...claim, userId, bankName: "IBK기업은행" })).toEqual({
      userId,
      bankCode: "003",
      bankName: "IBK기업은행",
      bankAccount: "***",
      userName: "***",
      birthDate: "***",
    });
    expect(redact(ChargeRequest, { ...shown, userId, amount: 1 })).toEqual({
      userId,
      amount: 1,
      oneTimeToken: "***",
      dcvv: "***",
    });
    expect(redact(OfCardRequest, { cardNo })).toEqual({ cardNo: "***" });
  });
});
