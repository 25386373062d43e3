/** Answers as schemas: amounts in whole won. They feed the API reference. */
import Type, { type Static } from "typebox";

export const VirtualAccount = Type.Object({
  accountNumber: Type.String({ description: "the virtual account's number", example: "56292653589793" }),
  accountOwnerName: Type.String({ description: "the holder that the depositor is shown", example: "(주)카카오" }),
  amount: Type.Integer({ description: "what is to be deposited", example: 1_000_000 }),
  bankCode: Type.String({ description: "two digits", example: "88" }),
  bankName: Type.String({ description: "short name", example: "신한" }),
  expireDttm: Type.String({
    description: "deadline in Korean time, to the millisecond, without a zone",
    example: "2020-08-17T17:28:12.683",
  }),
});
export type VirtualAccount = Static<typeof VirtualAccount>;

const config = Type.Union([Type.Literal("ON"), Type.Literal("OFF"), Type.Literal("DEL")]);

export const AdAccountPage = Type.Object({
  content: Type.Array(
    Type.Object({
      id: Type.Integer(),
      name: Type.String(),
      memberType: Type.Union([Type.Literal("MASTER"), Type.Literal("MEMBER")]),
      config,
    }),
  ),
  number: Type.Integer({ description: "the page, from 0" }),
  size: Type.Integer(),
  totalElements: Type.Integer(),
  totalPages: Type.Integer(),
  page: Type.Integer({ description: "the same as number" }),
});
export type AdAccountPage = Static<typeof AdAccountPage>;

const Company = Type.Object({ businessRegistrationNumber: Type.String(), name: Type.String() });

export const AdAccount = Type.Object({
  id: Type.Integer(),
  name: Type.String(),
  ownerCompany: Company,
  advertiser: Company,
  type: Type.String(),
  config,
  isAdminStop: Type.Boolean(),
  isOutOfBalance: Type.Boolean({ description: "neither cash nor free cash is left" }),
  statusDescription: Type.String(),
  bizWalletId: Type.Integer(),
});
export type AdAccount = Static<typeof AdAccount>;

export const Balance = Type.Object({
  id: Type.Integer(),
  cash: Type.Integer({ description: "paid balance, whole won" }),
  freeCash: Type.Integer({ description: "free balance, whole won" }),
  bizWalletId: Type.Integer(),
});
export type Balance = Static<typeof Balance>;

export const BizRight = Type.Object({ id: Type.Integer(), bizRightCompanyName: Type.String() });
export type BizRight = Static<typeof BizRight>;

export const Token = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal("bearer"),
  scope: Type.String({ description: "consent items, with spaces" }),
});

export const TokenInfo = Type.Object({
  id: Type.Integer({ description: "the user" }),
  app_id: Type.Integer(),
  scope: Type.String({ description: "consent items, with spaces" }),
  resource_ids: Type.Array(Type.String()),
});

export const KakaoErrorBody = Type.Object({
  code: Type.Integer({ description: "negative" }),
  msg: Type.String(),
  extras: Type.Optional(Type.Object({}, { additionalProperties: true })),
  required_scopes: Type.Optional(Type.Array(Type.String())),
  allowed_scopes: Type.Optional(Type.Array(Type.String())),
});

export const ConsentErrorBody = Type.Object({
  error: Type.String(),
  error_description: Type.String(),
  error_code: Type.String({ description: "KOE and three digits" }),
});
