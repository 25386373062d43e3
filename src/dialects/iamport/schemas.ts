/**
 * Requests and answers as schemas: lengths in characters, times in UNIX seconds, amounts in whole won
 * (`reference/iamport.md` 2.1, 2.6). They validate, they feed the API reference, and fields marked `personal` or
 * `secret` are masked before an exchange is kept.
 */
import Type, { type Static } from "typebox";
import { limits } from "../../core/limits.ts";

/** Of a person: masked before an exchange is kept. */
const personal = { personal: true };
const text = (maxLength: number, description: string, extra: object = {}) =>
  Type.Optional(Type.String({ maxLength, description, ...extra }));
const nullable = <T extends Type.TSchema>(schema: T, description = "", extra: object = {}) =>
  Type.Union([schema, Type.Null()], { description, ...extra });

export const TokenRequest = Type.Object({
  imp_key: Type.String({ description: "REST API key" }),
  imp_secret: Type.String({ description: "REST API secret", secret: true }),
});

export const Token = Type.Object({
  access_token: Type.String({ description: "40 lower-case hex digits" }),
  now: Type.Integer({ description: "the server's time, UNIX seconds" }),
  expired_at: Type.Integer({ description: "when the token ends, UNIX seconds" }),
});

export const IssueRequest = Type.Object({
  merchant_uid: Type.String({ minLength: 1, maxLength: 40, description: "the merchant's order id" }),
  amount: Type.Optional(
    Type.Integer({ minimum: 1, maximum: limits.amount_max, description: "what is to be deposited, whole won" }),
  ),
  vbank_code: Type.String({ description: "bank code: 3 digits, 2 digits or BKnn" }),
  vbank_due: Type.Integer({ minimum: 0, maximum: 99_999_999_999, description: "deadline, UNIX seconds" }),
  vbank_holder: text(16, "account holder shown to the depositor"),
  name: text(40, "order name"),
  buyer_name: text(16, "buyer's name", personal),
  buyer_email: text(64, "buyer's e-mail", personal),
  buyer_tel: text(16, "buyer's telephone", personal),
  buyer_addr: text(128, "buyer's address", personal),
  buyer_postcode: text(8, "buyer's postcode", personal),
  channel_key: text(55, "channel to issue through"),
  pg: text(100, "{PG} or {PG}.{MID}; unknown or unset: the default channel"),
  notice_url: Type.Optional(
    Type.Array(Type.String({ maxLength: limits.notice_url_length }), {
      maxItems: limits.notice_urls_max,
      description: "where changes are announced, instead of the merchant's default",
    }),
  ),
  custom_data: text(10_000, "echoed; an object is kept as its JSON text"),
  fixed_unlimited_vbank: Type.Optional(
    Type.Boolean({ description: "an account without an amount that takes any number of deposits" }),
  ),
});
export type IssueRequest = Static<typeof IssueRequest>;

const CancelHistory = Type.Object({
  pg_tid: Type.String(),
  amount: Type.Integer(),
  cancelled_at: Type.Integer(),
  reason: Type.String(),
  cancellation_id: Type.String(),
  receipt_url: nullable(Type.String()),
});

const DepositHistory = Type.Object({
  pg_tid: Type.String(),
  amount: Type.Integer(),
  depositor_name: nullable(Type.String()),
  deposited_at: Type.Integer(),
});

const string = (maxLength: number, description = "") => Type.String({ maxLength, description });
const seconds = (description: string) => Type.Integer({ description: `${description}, UNIX seconds; 0: not happened` });

export const Payment = Type.Object({
  imp_uid: string(32, "payment id"),
  merchant_uid: string(40, "order id"),
  pay_method: string(20, "vbank"),
  channel: Type.Union([Type.Literal("pc"), Type.Literal("mobile"), Type.Literal("api")]),
  pg_provider: string(16),
  emb_pg_provider: nullable(string(16)),
  pg_tid: string(64, "transaction id at the PG"),
  pg_id: string(80, "merchant id at the PG"),
  sandbox: Type.Boolean(),
  escrow: Type.Boolean(),
  apply_num: nullable(string(20)),
  bank_code: nullable(Type.String()),
  bank_name: nullable(Type.String()),
  card_code: nullable(Type.String()),
  card_name: nullable(Type.String()),
  card_issuer_code: nullable(Type.String()),
  card_issuer_name: nullable(Type.String()),
  card_publisher_code: nullable(Type.String()),
  card_publisher_name: nullable(Type.String()),
  card_quota: Type.Integer(),
  card_number: nullable(Type.String()),
  card_type: nullable(Type.Integer()),
  vbank_code: nullable(Type.String(), "bank, three digits"),
  vbank_name: nullable(Type.String()),
  vbank_num: nullable(string(32)),
  vbank_holder: nullable(Type.String()),
  vbank_date: seconds("deadline"),
  vbank_issued_at: seconds("issued"),
  name: nullable(string(40)),
  amount: Type.Integer(),
  cancel_amount: Type.Integer(),
  currency: Type.String(),
  buyer_name: nullable(string(16), "buyer's name", personal),
  buyer_email: nullable(string(64), "buyer's e-mail", personal),
  buyer_tel: nullable(string(16), "buyer's telephone", personal),
  buyer_addr: nullable(string(128), "buyer's address", personal),
  buyer_postcode: nullable(string(8), "buyer's postcode", personal),
  custom_data: nullable(Type.String()),
  user_agent: nullable(Type.String()),
  status: Type.Union([Type.Literal("ready"), Type.Literal("paid"), Type.Literal("cancelled"), Type.Literal("failed")]),
  started_at: seconds("started"),
  paid_at: seconds("paid"),
  failed_at: seconds("failed"),
  cancelled_at: seconds("cancelled"),
  fail_reason: nullable(Type.String()),
  cancel_reason: nullable(Type.String()),
  receipt_url: nullable(Type.String()),
  cancel_history: Type.Array(CancelHistory),
  deposit_history: Type.Array(DepositHistory),
  cancel_receipt_urls: Type.Array(Type.String()),
  cash_receipt_issued: Type.Boolean(),
  customer_uid: nullable(Type.String()),
  customer_uid_usage: nullable(Type.String()),
  promotion: Type.Null(),
});
export type Payment = Static<typeof Payment>;

export const enveloped = <T extends Type.TSchema>(response: T) =>
  Type.Object({ code: Type.Literal(0), message: Type.Null(), response });

export const ErrorEnvelope = Type.Object({
  code: Type.Union([Type.Literal(-1), Type.Literal(1)]),
  message: Type.String(),
  response: Type.Null(),
});
