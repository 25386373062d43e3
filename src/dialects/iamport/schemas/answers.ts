/**
 * Answers as schemas: times in UNIX seconds, amounts in whole won. They feed the API reference, and fields marked
 * `personal` are masked before an exchange is kept.
 */
import Type, { type Static } from "typebox";

/** Of a person: masked before an exchange is kept. */
const personal = { personal: true };
const nullable = <T extends Type.TSchema>(schema: T, description = "", extra: object = {}) =>
  Type.Union([schema, Type.Null()], { description, ...extra });

export const Token = Type.Object({
  access_token: Type.String({ description: "40 lower-case hex digits" }),
  now: Type.Integer({ description: "the server's time, UNIX seconds" }),
  expired_at: Type.Integer({ description: "when the token ends, UNIX seconds" }),
});

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
  depositor_name: Type.String({ description: "who deposited, as the bank tells", ...personal }),
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

export const PaymentList = Type.Array(Payment);

export const PaymentPage = Type.Object({
  total: Type.Integer({ description: "payments in all" }),
  previous: Type.Integer({ description: "number of the page before; 0: none" }),
  next: Type.Integer({ description: "number of the page after; 0: none" }),
  list: Type.Array(Payment),
});

export const Prepared = Type.Object({
  merchant_uid: string(40, "order id"),
  amount: Type.Number({ description: "what it will cost" }),
  currency: nullable(Type.String(), "null: any"),
});

const Parts = Type.Object({
  tax_free: Type.Integer({ description: "free of tax" }),
  supply: Type.Integer({ description: "taxed, without the tax" }),
  vat: Type.Integer({ description: "value-added tax" }),
  service: Type.Integer({ description: "service charge" }),
});
export type Parts = Static<typeof Parts>;

const balances = { cash_receipt: Parts, primary: Parts, secondary: Parts, discount: Parts };

export const Balance = Type.Object({
  amount: Type.Integer({ description: "what was to be paid at first" }),
  ...balances,
  histories: Type.Array(Type.Object({ ...balances, created: seconds("made") })),
});
export type Balance = Static<typeof Balance>;

const receipt = {
  receipt_tid: nullable(Type.String(), "transaction id at the PG"),
  apply_num: nullable(Type.String(), "the tax office's number"),
  type: Type.Union([Type.Literal("person"), Type.Literal("company")]),
  amount: Type.Integer(),
  vat: Type.Integer(),
  receipt_url: nullable(Type.String()),
  applied_at: seconds("issued"),
  cancelled_at: seconds("cancelled"),
};

export const Receipt = Type.Object({ imp_uid: string(32, "payment id"), ...receipt });
export const ExternalReceipt = Type.Object({ merchant_uid: string(40, "order id"), ...receipt });

export const Code = Type.Object({ code: Type.String(), name: Type.String() });

export const PgSetting = Type.Object({
  pg_provider: string(16, "PG"),
  pg_id: string(80, "merchant id at the PG"),
  sandbox: Type.Boolean(),
  type: Type.Literal("api_payment"),
  channel_name: Type.String(),
  channel_key: Type.String(),
});

export const Holder = Type.Object({ bank_holder: Type.String({ description: "account holder", ...personal }) });

export const enveloped = <T extends Type.TSchema>(response: T) =>
  Type.Object({ code: Type.Literal(0), message: Type.Null(), response });

export const ErrorEnvelope = Type.Object({
  code: Type.Union([Type.Literal(-1), Type.Literal(1)]),
  message: Type.String(),
  response: Type.Null(),
});
