/** Requests as schemas. They validate, and they feed the API reference. */
import Type, { type Static } from "typebox";
import { bankName_length } from "../bank-codes.ts";
import {
  bankAccount,
  bankCode,
  birthDate,
  cardNo,
  choice,
  dcvv,
  digits,
  exactly,
  fieldLimits,
  nrNumber,
  oneTimeToken,
  pageSize_default,
  par,
  personal,
  secret,
  sequenceId,
  text,
  userId,
  userName,
  won,
} from "./fields.ts";

const limits = fieldLimits;

/** APIs that ask for nothing else. */
export const OfUserRequest = Type.Object({ userId });
export const OfCardRequest = Type.Object({ cardNo });
export const NoFields = Type.Object({});

export const RegistrationRequest = Type.Object({
  ci: Type.Optional(exactly(88, "connecting information (연계정보)", personal)),
  loginId: text(1, limits.loginId_length, "unique with the merchant", personal),
  loginPassword: digits(6, "password", secret),
  birthDate,
  nationality: text(6, 9, "for example Korean", personal),
  gender: text(4, 6, "Male or Female", { pattern: "^(Male|Female)$", ...personal }),
  userName,
  mobileNumber: Type.Optional(
    text(1, limits.mobileNumber_length, "who registers an account is called there; hyphens are taken", {
      pattern: "^[+]?[0-9][0-9-]*$",
      ...personal,
    }),
  ),
  email: Type.Optional(text(1, limits.email_length, "e-mail address", personal)),
  addressInfo: Type.Optional(
    Type.Object(
      {
        address: text(1, limits.address_length, "street and number"),
        zipCode: text(1, limits.zipCode_length, "postcode"),
        addressDetail: Type.Optional(text(1, limits.address_length, "building, floor")),
      },
      personal,
    ),
  ),
  joinChannel: Type.Optional(text(1, limits.joinChannel_length, "for example OPENAPI")),
  tcIdList: Type.Optional(
    Type.Array(text(1, limits.term_length, "id of terms"), {
      maxItems: limits.terms_max,
      description: "the terms that the member agreed to",
    }),
  ),
});
export type RegistrationRequest = Static<typeof RegistrationRequest>;

export const HolderRequest = Type.Object({
  bankAccount,
  bankCode,
  userName,
  birthDate,
  userId: Type.Optional(userId),
});

export const RegisterAccountRequest = Type.Object({
  userId,
  bankAccount,
  bankCode,
  bankName: text(1, bankName_length, "shown again as it is", { example: "IBK기업은행" }),
  userName,
  birthDate,
});

export const RegistrationStatusRequest = Type.Object({
  regNo: exactly(22, "bankAccRegNo of the registration"),
});

export const VerificationRequest = Type.Object({
  bankAccount,
  bankCode,
  userId: Type.Optional(userId),
  userName: Type.Optional(userName),
});

export const CardListRequest = Type.Object({
  userId,
  par: Type.Optional(par),
  physicalCardNo: Type.Optional(digits(16, "the card's number", personal)),
});

/** The last two are not on the page, but clients send them. */
const tokenTypes = ["ATM", "CREDIT", "DEBIT", "REFUND"] as const;
export const longTokenTypes: readonly string[] = ["ATM", "CREDIT"] satisfies (typeof tokenTypes)[number][];

export const TokenRequest = Type.Object({
  cardNo,
  type: Type.Optional(choice(tokenTypes, "ATM, CREDIT: good for five minutes instead of thirty seconds")),
});

export const ChargeRequest = Type.Object({
  sequenceId,
  userId,
  amount: won(1, limits.charge_max, "what is charged"),
  oneTimeToken,
  dcvv,
  merchantId: digits(15, "where it is charged", { example: "410195430033901" }),
});

export const CancelRequest = Type.Object({
  sequenceId,
  userId,
  nrNumber,
  oneTimeToken,
  dcvv,
  cardExpiry: exactly(4, "YYMM, of the card", { pattern: "^[0-9]*$" }),
});

export const ResultRequest = Type.Object({ sequenceId });

export const AutoChargeRequest = Type.Object({
  userId,
  par,
  amount: won(1, limits.autoCharge_max, "what is charged each time"),
  thresholdBalance: won(1, limits.autoCharge_max, "it is charged when the balance is below"),
});

export const transactionTypes = { payment: "00", charge: "01", refund: "02", transfer: "03" } as const;
export type TransactionType = (typeof transactionTypes)[keyof typeof transactionTypes];

const day = (description: string) => exactly(8, `${description}, yyyyMMdd in Korea`, { pattern: "^[0-9]*$" });

export const HistoryRequest = Type.Object({
  userId: Type.Optional(userId),
  par,
  startDate: day("the first day"),
  endDate: day("the last day"),
  trType: Type.Optional(
    choice(Object.values(transactionTypes), "00 payment, 01 charge, 02 refund, 03 transfer; all, if unset"),
  ),
  includePreviousCard: Type.Optional(
    Type.Boolean({ description: "cards that this one replaced; here all of a member's cards have one history" }),
  ),
  pageRequest: Type.Optional(
    Type.Object({
      page: Type.Optional(Type.Integer({ minimum: 0, maximum: limits.page_max, description: "from 0" })),
      pageSize: Type.Optional(
        Type.Integer({ minimum: 1, maximum: limits.pageSize_max, description: `${pageSize_default} if unset` }),
      ),
      sort: Type.Optional(choice(["approvalDateTime"], "the one order that there is")),
      orderByDirection: Type.Optional(choice(["ASC", "DESC"], "DESC if unset")),
    }),
  ),
});
