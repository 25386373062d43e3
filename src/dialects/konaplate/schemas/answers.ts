/** What answers carry beside `response`, as schemas. What is personal or secret is masked when a call is kept. */
import Type, { type Static } from "typebox";
import { bankName_length } from "../bank-codes.ts";
import { choice, fieldLimits, personal, secret } from "./fields.ts";
import { transactionTypes } from "./requests.ts";

const text = (description: string, extra: object = {}) => Type.String({ description, ...extra });
const maybe = (description: string, extra: object = {}) => Type.Optional(text(description, extra));
const won = (description: string) => Type.Integer({ description: `${description}, whole won` });

/** On the wire a number of up to 20 digits. */
const userId = Type.Integer({ description: "the member" });
const par = text("stands for the card: 27 characters");
const bankCode = text("three digits");
const bankAccRegNo = text("what the registration is asked about by: 22 characters");
const isPending = Type.Boolean({ description: "the PG has not said yet: ask for the result later" });
const nrNumber = text("the transaction's number");

export const Nothing = Type.Object({});

export const BasicCard = Type.Object({
  par,
  cardNo: text("16 digits", personal),
  expiryDate: text("YYMMDD, the last day that it is good"),
  serviceId: text("15 digits: the product that the card is of"),
});
export type BasicCard = Static<typeof BasicCard>;

export const Registered = Type.Object({ userId, basicCardInfo: BasicCard });

export const UserInfo = Type.Object({
  aspId: text("15 digits"),
  userId,
  loginId: text("what the member signs in with", personal),
  userName: text("name", personal),
  birthDate: text("yyyyMMdd", personal),
  nationality: text("for example Korean", personal),
  gender: text("Male or Female", personal),
  mobileNumber: maybe("telephone", personal),
  email: maybe("e-mail address", personal),
  ci: maybe("connecting information: 88 characters", personal),
  addressInfo: Type.Optional(Type.Object({ address: text(""), zipCode: text(""), addressDetail: maybe("") }, personal)),
  joinChannel: maybe("as it was registered"),
  tcIdList: Type.Array(Type.String(), { description: "the terms that the member agreed to" }),
  joinDateTime: text("yyyyMMddHHmmssSSS in Korea"),
});
export type UserInfo = Omit<Static<typeof UserInfo>, "userId"> & { userId: number | bigint };

export const UserInfoAnswer = Type.Object({ userInfo: UserInfo });

export const AccountInfo = Type.Object({
  accountId: text("5 characters", { example: "0000A" }),
  userName: text("the member's name", { minLength: 1, maxLength: fieldLimits.name_length, ...personal }),
  bankAccount: text("the account's number", { minLength: 1, maxLength: fieldLimits.account_length, ...personal }),
  bankName: text("as it was registered", { minLength: 1, maxLength: bankName_length }),
  bankCode,
  createdDateTime: text("yyyyMMddHHmmssSSS in Korea"),
  updatedDateTime: text("yyyyMMddHHmmssSSS in Korea"),
});
export type AccountInfo = Static<typeof AccountInfo>;

export const AccountAnswer = Type.Object({ userId, accountInfo: AccountInfo });

export const AutoChargeAccountAnswer = Type.Object({
  bankAccForAutoRcg: Type.Optional(AccountInfo),
  isAutoRcgAccRegAllowed: Type.Boolean({ description: "an account is registered, but not yet for charging by itself" }),
});

export const ArsCode = Type.Object({ authNumber: text("2 digits, to type on the telephone", secret) });

export const Registration = Type.Object({ bankAccRegNo });

export const registrationStatuses = [
  "ARS_AUTH_IN_PROGRESS",
  "ARS_AUTH_DONE",
  "ARS_AUTH_FAILED",
  "BANK_ACC_REG_FAILED",
  "BANK_ACC_REGISTERED",
] as const;
export type RegistrationStatus = (typeof registrationStatuses)[number];
export const RegistrationStatusAnswer = Type.Object({ status: choice(registrationStatuses, "where it stands") });

export const VerificationAnswer = Type.Object({ transactionId: text("of the won that was sent") });

export const Institutions = Type.Object({
  bankList: Type.Array(Type.Object({ bankCode, bankName: text("at most 10 characters") })),
});

/** Tied to the card; the contract's own values are not published. */
export const connectType = "CARD";
export const CardAccount = Type.Object({
  accountNo: text("the virtual account's number"),
  bankCode,
  connectType: choice([connectType], "what the account belongs to"),
});
export type CardAccount = Static<typeof CardAccount>;

const status = choice(["ACTIVE"], "of the card");

export const CardMapping = Type.Object({
  userId,
  balance: won("the member's balance"),
  ownerKa: text("the AspId that the card is of"),
  serviceId: text("the product that the card is of"),
  cardStatus: status,
  serviceName: text("the product's name"),
  isAutoRechargeBeforePayment: Type.Boolean({ description: "not built: false" }),
});
export type CardMapping = Omit<Static<typeof CardMapping>, "userId"> & { userId: number | bigint };

export const CardData = Type.Object({
  par,
  balance: won("the member's balance, which all their cards spend"),
  isNamed: Type.Boolean({ description: "the card's holder is known" }),
  serviceId: text("the product that the card is of"),
  serviceName: text("the product's name"),
  expiryDate: text("YYMM"),
  cardApplyNo: text("of the application for the card: 22 characters"),
  mobileCardNo: text("16 digits", personal),
  mobileCardStatus: status,
  rechargeable: Type.Boolean({ description: "an account is registered, and there is room below the limit" }),
  remittable: Type.Boolean(),
  refundable: Type.Boolean(),
  rechargeableAmount: won("how much can be charged before the limit"),
  minRechargeAmount: won("the least that can be charged"),
  limits: Type.Object(
    { once: Type.Integer(), day: Type.Integer(), month: Type.Integer() },
    { description: "of spending, whole won; 0: none" },
  ),
  autoReloadStatus: choice(["ON", "OFF"], "whether the balance is charged by itself"),
});
export type CardData = Static<typeof CardData>;
export const CardList = Type.Object({ cardDataInfo: Type.Array(CardData) });

export const TokenAnswer = Type.Object({
  oneTimeToken: text("16 digits", secret),
  dcvv: text("3 digits", secret),
  expiryTime: Type.Integer({ description: "Unix time in milliseconds" }),
});

export const ChargeAnswer = Type.Object({ nrNumber, isPending });
export const CancelAnswer = Type.Object({ isPending });

export const results = { pending: "PENDING", completed: "COMPLETED", failed: "FAILED" } as const;
export const ResultAnswer = Type.Object({
  result: choice(Object.values(results), "what became of it"),
  nrNumber: Type.Optional(nrNumber),
});

export const Transaction = Type.Object({
  trType: choice(Object.values(transactionTypes), "00 payment, 01 charge, 02 refund, 03 transfer"),
  rcgType: choice(["BANK_ACCOUNT", "VIRTUAL_ACCOUNT"], "what it was charged from"),
  nrNumber,
  trAmount: won("what was moved"),
  orgAmount: won("the same: there are no discounts"),
  approvalCode: text("8 digits"),
  balanceBefore: won("the balance before"),
  balanceAfter: won("the balance after"),
  merchantName: text("where it was made"),
  bizLicenseNo: Type.Null(),
  authCancelType: choice(["AUTH", "CANCEL"], "CANCEL: it took money from the balance"),
  approvalDateTime: text("yyyyMMddHHmmss in Korea"),
  discountAmount: Type.Integer(),
  usedPointAmount: Type.Integer(),
  savedPointAmount: Type.Integer(),
  rechargeCancelable: Type.Integer({ description: "1: a charge that can still be cancelled" }),
});
export type Transaction = Static<typeof Transaction>;

export const History = Type.Object({
  pageResponse: Type.Object({
    page: Type.Integer({ description: "from 0" }),
    totalPages: Type.Integer(),
    numberOfElements: Type.Integer({ description: "on this page" }),
  }),
  transactionInfo: Type.Array(Transaction),
});
export type History = Static<typeof History>;
