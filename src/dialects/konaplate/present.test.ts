import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Movement } from "../../core/linked-accounts/charges.ts";
import type { LinkedAccount, OpenedAccount } from "../../core/linked-accounts/linked-account.ts";
import type { Card } from "../../core/members/card.ts";
import type { Member, Person } from "../../core/members/member.ts";
import { redact, validator } from "../../http/validate.ts";
import {
  lastDayOf,
  mayAutoCharge,
  movementKinds,
  presentAccount,
  presentBasicCard,
  presentCard,
  presentHistory,
  presentMapping,
  presentMovement,
  presentRegistration,
  presentUser,
} from "./present.ts";
import {
  AccountAnswer,
  AccountInfo,
  BasicCard,
  CardData,
  CardMapping,
  History,
  Registered,
  registrationStatuses,
  Transaction,
  UserInfo,
} from "./schemas/index.ts";

const made = new Date("2026-11-22T00:00:00.123Z");
const changed = new Date("2026-12-31T15:00:00.000Z");
const hex = "0190a1b2c3d4e5f60718293a4b5c6d7e";
const aspId = "000170000000000";

const person: Person = {
  loginId: "kona01",
  name: "김코나",
  birthDate: "19751112",
  nationality: "Korean",
  gender: "Male",
  mobileNumber: "01012345678",
  ci: null,
  email: null,
  address: null,
};
const member: Member = {
  id: `mem_${hex}`,
  merchantId: "mer_1",
  number: "50000104652",
  state: "active",
  personEncrypted: "",
  loginIndex: "",
  ciIndex: null,
  nameIndex: "",
  passwordHash: "hash of the password",
  joinChannel: "OPENAPI",
  terms: ["29184"],
  arsCodeEncrypted: null,
  arsCodeExpiresAt: null,
  autoChargeAmount: null,
  autoChargeBelow: null,
  autoChargeBy: null,
  autoCheckAt: null,
  createdAt: made,
  updatedAt: made,
  eventSeq: 1,
};
const card: Card = {
  id: `crd_${hex}`,
  merchantId: "mer_1",
  memberId: member.id,
  par: "Q180BEA3B2F1BBD8410336D66A4",
  numberEncrypted: "",
  numberIndex: "",
  numberMasked: "***765",
  expiry: "3108",
  state: "active",
  serviceId: "000170000002000",
  createdAt: made,
  updatedAt: made,
  eventSeq: 1,
};
const number = "9491339401250765";
const account: LinkedAccount = {
  id: `lac_${hex}`,
  merchantId: "mer_1",
  memberId: member.id,
  connector: "sandbox",
  purpose: "charge",
  state: "registered",
  accountId: "0000A",
  bankCode: "011",
  numberEncrypted: null,
  numberIndex: "",
  numberMasked: "***333",
  holderEncrypted: null,
  holderIndex: "",
  details: { bankCode: "010", bankName: "NH농협은행" },
  operationId: null,
  registrationEncrypted: null,
  failure: null,
  createdAt: made,
  updatedAt: changed,
  registeredAt: changed,
  eventSeq: 3,
};
const opened: OpenedAccount = { account, number: "11112333333", holder: "김코코", birthDate: "19890530" };

/** As the reference has it, that is without what the contract does not name. */
function fits(schema: typeof BasicCard, shown: object): void {
  expect(validator(schema as never, "strict")(shown as never)).toEqual({ ok: true, value: shown });
}

describe("a card that was issued", () => {
  it("is good to the last day of its month", () => {
    const shown = presentBasicCard({ card, cardNumber: number });
    expect(shown).toEqual({ par: card.par, cardNo: number, expiryDate: "310831", serviceId: "000170000002000" });
    fits(BasicCard, shown);
  });

  it.each([
    ["3108", "310831"],
    ["2702", "270228"],
    ["2802", "280229"],
    ["3004", "300430"],
    ["3012", "301231"],
  ])("%s ends on %s", (month, day) => {
    expect(lastDayOf(month)).toBe(day);
  });
});

describe("a member", () => {
  it("is shown with what was told of them, and nothing of the password", () => {
    const shown = presentUser({ member, person }, aspId);
    expect(shown).toEqual({
      aspId,
      userId: 50_000_104_652,
      loginId: "kona01",
      userName: "김코나",
      birthDate: "19751112",
      nationality: "Korean",
      gender: "Male",
      mobileNumber: "01012345678",
      joinChannel: "OPENAPI",
      tcIdList: ["29184"],
      joinDateTime: "20261122090000123",
    });
    fits(UserInfo as never, shown);
  });

  it("is shown with all that they told", () => {
    const all: Person = {
      ...person,
      ci: "C".repeat(88),
      email: "kona01@example.com",
      address: { address: "테헤란로 1", zipCode: "06234", addressDetail: null },
    };
    expect(presentUser({ member, person: all }, aspId)).toMatchObject({
      ci: "C".repeat(88),
      email: "kona01@example.com",
      addressInfo: { address: "테헤란로 1", zipCode: "06234" },
    });
    expect(redact(UserInfo, presentUser({ member, person: all }, aspId))).toEqual({
      aspId,
      userId: 50_000_104_652,
      ...Object.fromEntries(
        ["loginId", "userName", "birthDate", "nationality", "gender", "mobileNumber", "email", "ci", "addressInfo"].map(
          (name) => [name, "***"],
        ),
      ),
      joinChannel: "OPENAPI",
      tcIdList: ["29184"],
      joinDateTime: "20261122090000123",
    });
  });

  it("of a number beyond 2^53 is told from their neighbours", () => {
    const shownAs = (digits: string) => presentUser({ member: { ...member, number: digits }, person }, aspId).userId;
    expect(shownAs("9999999999999999999")).toBe(9_999_999_999_999_999_999n);
    expect(shownAs("9999999999999999998")).toBe(9_999_999_999_999_999_998n);
  });
});

describe("a registered account", () => {
  it("is shown by the seven fields, the bank as it was registered, times in Korea", () => {
    const shown = presentAccount(opened, { person });
    expect(shown).toEqual({
      accountId: "0000A",
      userName: "김코나",
      bankAccount: "11112333333",
      bankName: "NH농협은행",
      bankCode: "010",
      createdDateTime: "20261122090000123",
      updatedDateTime: "20270101000000000",
    });
    fits(AccountInfo as never, shown);
  });

  it("can be registered for being charged by itself once", () => {
    expect(mayAutoCharge({ charge: undefined, autoCharge: undefined })).toBe(false);
    expect(mayAutoCharge({ charge: opened, autoCharge: undefined })).toBe(true);
    expect(mayAutoCharge({ charge: opened, autoCharge: opened })).toBe(false);
    expect(mayAutoCharge({ charge: undefined, autoCharge: opened })).toBe(false);
    const other = { ...opened, account: { ...account, numberIndex: "of another number" } };
    expect(mayAutoCharge({ charge: other, autoCharge: opened })).toBe(true);
  });

  it("is masked in what is kept of a call", () => {
    const told = { userId: 1, accountInfo: presentAccount(opened, { person }) };
    const kept = redact(AccountAnswer, told);
    expect(JSON.stringify(kept)).not.toContain("11112333333");
    expect(JSON.stringify(kept)).not.toContain("김코나");
    const issued = redact(Registered, { userId: 1, basicCardInfo: presentBasicCard({ card, cardNumber: number }) });
    expect(JSON.stringify(issued)).not.toContain(number);
    expect(issued).toMatchObject({ userId: 1, basicCardInfo: { par: card.par } });
  });
});

describe("a registration", () => {
  const failure = (code: NonNullable<LinkedAccount["failure"]>["code"]) => ({ code, message: "" });

  it.each<[LinkedAccount["state"], LinkedAccount["failure"], string]>([
    ["calling", null, "ARS_AUTH_IN_PROGRESS"],
    ["agreed", null, "ARS_AUTH_DONE"],
    ["registered", null, "BANK_ACC_REGISTERED"],
    ["replaced", null, "BANK_ACC_REGISTERED"],
    ["deleted", null, "BANK_ACC_REGISTERED"],
    ["failed", failure("ars-failed"), "ARS_AUTH_FAILED"],
    ["failed", failure("lifetime-account"), "BANK_ACC_REG_FAILED"],
    ["failed", failure("restricted-account"), "BANK_ACC_REG_FAILED"],
    ["failed", failure("refused"), "BANK_ACC_REG_FAILED"],
  ])("%s, %j is %s", (state, why, status) => {
    expect(presentRegistration({ state, failure: why })).toBe(status);
    expect(registrationStatuses).toContain(status);
  });
});

describe("a card", () => {
  const shown = { aspId, serviceName: "나루" };

  it("is shown with its member and their balance", () => {
    const mapped = presentMapping({ member, balance: 12_345, card: { card, number } }, shown);
    expect(mapped).toEqual({
      userId: 50_000_104_652,
      balance: 12_345,
      ownerKa: aspId,
      serviceId: "000170000002000",
      cardStatus: "ACTIVE",
      serviceName: "나루",
      isAutoRechargeBeforePayment: false,
    });
    fits(CardMapping as never, mapped);
  });

  it("can be charged to the limit from an account that is registered", () => {
    const cardOf = (balance: number, isLinked: boolean) => {
      const one = presentCard({ card, number }, { member, balance }, isLinked, shown);
      fits(CardData as never, one);
      return one;
    };
    expect(cardOf(0, true)).toMatchObject({ rechargeable: true, refundable: false, rechargeableAmount: 2_000_000 });
    expect(cardOf(1, true)).toMatchObject({ rechargeable: true, refundable: true, rechargeableAmount: 1_999_999 });
    expect(cardOf(2_000_000, true)).toMatchObject({ rechargeable: false, refundable: true, rechargeableAmount: 0 });
    expect(cardOf(3_000_000, true)).toMatchObject({ rechargeable: false, rechargeableAmount: 0 });
    expect(cardOf(1, false)).toMatchObject({ rechargeable: false, refundable: false });
    expect(cardOf(1, false)).toMatchObject({ mobileCardNo: number, expiryDate: "3108", par: card.par });
  });

  it("says whether its balance is charged by itself", () => {
    const stateOf = (autoChargeAmount: number | null) =>
      presentCard({ card, number }, { member: { ...member, autoChargeAmount }, balance: 0 }, true, shown)
        .autoReloadStatus;
    expect([stateOf(null), stateOf(10_000)]).toEqual(["OFF", "ON"]);
  });
});

describe("a movement", () => {
  const movement: Movement = {
    id: "trf_1",
    kind: "charge",
    amount: 10_000,
    balanceBefore: 500,
    balanceAfter: 10_500,
    wireId: "KMN1",
    depositId: null,
    refundId: null,
    cancellable: true,
    at: changed,
  };

  it("is shown as the contract has it", () => {
    const shown = presentMovement(movement, "나루");
    expect(shown).toEqual({
      trType: "01",
      rcgType: "BANK_ACCOUNT",
      nrNumber: "KMN1",
      trAmount: 10_000,
      orgAmount: 10_000,
      approvalCode: expect.stringMatching(/^\d{8}$/),
      balanceBefore: 500,
      balanceAfter: 10_500,
      merchantName: "나루",
      bizLicenseNo: null,
      authCancelType: "AUTH",
      approvalDateTime: "20270101000000",
      discountAmount: 0,
      usedPointAmount: 0,
      savedPointAmount: 0,
      rechargeCancelable: 1,
    });
    expect(Object.keys(shown).sort()).toEqual(Object.keys(Transaction.properties).sort());
  });

  it.each([
    ["charge", "BANK_ACCOUNT", "AUTH"],
    ["cancel", "BANK_ACCOUNT", "CANCEL"],
    ["cancel-failed", "BANK_ACCOUNT", "AUTH"],
    ["deposit", "VIRTUAL_ACCOUNT", "AUTH"],
    ["deposit-reversed", "VIRTUAL_ACCOUNT", "CANCEL"],
  ] as const)("of kind %s is from a %s: %s", (kind, rcgType, authCancelType) => {
    expect(movementKinds).toContain(kind);
    expect(presentMovement({ ...movement, kind }, "나루")).toMatchObject({ rcgType, authCancelType });
  });

  it("that is a deposit has a number of its own, since a card's account has many", () => {
    const deposit = { ...movement, kind: "deposit", depositId: `dep_${hex}`, cancellable: false } as const;
    expect(presentMovement(deposit, "나루")).toMatchObject({ nrNumber: `KMN${hex}`, rechargeCancelable: 0 });
  });

  it("stands on a page of so many", () => {
    expect(presentHistory({ total: 0, movements: [] }, { page: 0, size: 20 }, "나루")).toEqual({
      pageResponse: { page: 0, totalPages: 0, numberOfElements: 0 },
      transactionInfo: [],
    });
    fc.assert(
      fc.property(fc.nat(500), fc.integer({ min: 1, max: 50 }), (total, size) => {
        const last = Math.max(0, Math.ceil(total / size) - 1);
        const onLast = total - last * size;
        const movements = Array.from({ length: onLast }, () => movement);
        const shown = presentHistory({ total, movements }, { page: last, size }, "나루");
        expect(shown.pageResponse.totalPages).toBe(total === 0 ? 0 : last + 1);
        expect(shown.pageResponse.numberOfElements).toBe(shown.transactionInfo.length);
      }),
    );
    expect(Object.keys(History.properties)).toEqual(["pageResponse", "transactionInfo"]);
  });
});
