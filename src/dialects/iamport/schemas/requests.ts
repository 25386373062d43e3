/**
 * Requests as schemas: lengths in characters, times in UNIX seconds, amounts in whole won. They validate, they feed the
 * API reference, and fields marked `personal` or `secret` are masked before an exchange is kept.
 */
import Type, { type Static } from "typebox";
import { limits } from "../../../core/limits.ts";

/** Of a person: masked before an exchange is kept. */
const personal = { personal: true };
const secret = { secret: true };

const text = (maxLength: number, description: string, extra: object = {}) =>
  Type.Optional(Type.String({ maxLength, description, ...extra }));
const amount = (minimum: number, description: string) =>
  Type.Optional(Type.Integer({ minimum, maximum: limits.amount_max, description }));
const seconds = (description: string) => Type.Integer({ minimum: 0, maximum: 99_999_999_999, description });
const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
const oneOf = <const Choice extends string>(choices: readonly Choice[], description: string) =>
  Type.Optional(Type.Enum([...choices], { description }));

export const references = { merchant_uid_length: 40, page_max: 1_000, ids_max: 100 };

const MerchantUid = Type.String({
  minLength: 1,
  maxLength: references.merchant_uid_length,
  description: "the merchant's order id",
});

export const TokenRequest = Type.Object({
  imp_key: Type.String({ description: "REST API key" }),
  imp_secret: Type.String({ description: "REST API secret", ...secret }),
});

export const IssueRequest = Type.Object({
  merchant_uid: MerchantUid,
  amount: amount(1, "what is to be deposited, whole won; not with `fixed_unlimited_vbank`"),
  vbank_code: text(10, "bank code in the PG's form: 3 digits, 2 digits or BKnn; not needed with `vbank_num`"),
  vbank_due: seconds("deadline, UNIX seconds"),
  vbank_holder: text(16, "account holder shown to the depositor; which PGs demand it, see README"),
  name: text(40, "order name"),
  buyer_name: text(16, "buyer's name", personal),
  buyer_email: text(64, "buyer's e-mail", personal),
  buyer_tel: text(16, "buyer's telephone", personal),
  buyer_addr: text(128, "buyer's address", personal),
  buyer_postcode: text(8, "buyer's postcode", personal),
  business_registration_number: text(10, "buyer's business registration number (nice_v2)"),
  channel_key: text(55, "channel to issue through"),
  pg: text(100, "{PG} or {PG}.{MID}; unknown or unset: the default channel"),
  notice_url: Type.Optional(
    Type.Array(Type.String({ maxLength: limits.notice_url_length }), {
      maxItems: limits.notice_urls_max,
      description: "where changes are announced, instead of the merchant's default",
    }),
  ),
  custom_data: text(10_000, "echoed; an object is kept as its JSON text"),
  tax_free: amount(0, "of the amount, the part free of tax (nice, nice_v2, welcome)"),
  vat_amount: amount(0, "of the amount, the value-added tax (nice, nice_v2, welcome)"),
  product_type: oneOf(["real", "digital"], "what is sold (ksnet)"),
  product_count: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: "how many; 1 if unset" })),
  vbank_num: text(32, "fixed account number that the PG gave (settle, smartro_v2)"),
  vbank_key: text(13, "key of the customer whose fixed account it is (tosspayments)"),
  escrow_password: text(64, "makes it an escrow payment (settle, fixed accounts)", secret),
  fixed_unlimited_vbank: flag("an account without an amount that takes any number of deposits (settle)"),
});
export type IssueRequest = Static<typeof IssueRequest>;

export const ChangeRequest = Type.Object({
  amount: amount(1, "the new amount, whole won; ignored for an account without one"),
  vbank_due: Type.Optional(seconds("the new deadline, UNIX seconds")),
});

export const HolderQuery = Type.Object({
  bank_code: Type.String({ maxLength: 10, description: "bank code, three digits" }),
  bank_num: Type.String({ maxLength: 32, description: "account number; hyphens and spaces do not count", ...personal }),
});

export const PgApiKeyQuery = Type.Object({
  pg_api_key: text(100, "API key of the merchant at Inicis; Inicis alone", secret),
});

const sorting = oneOf(["-started", "started", "-paid", "paid", "-updated", "updated"], "`-` for descending order");
const page = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: "from 1" }));
const limit = Type.Optional(Type.Integer({ minimum: 1, maximum: references.page_max, description: "20 if unset" }));

export const FindQuery = Type.Object({ sorting });

export const FindAllQuery = Type.Object({ sorting, page, limit });

export const StatusQuery = Type.Object({
  sorting,
  page,
  limit,
  from: Type.Optional(seconds("not before, UNIX seconds; 90 days before `to` if unset")),
  to: Type.Optional(seconds("not after, UNIX seconds; now if unset")),
});

const ids = (description: string) => Type.Optional(Type.Array(Type.String(), { description }));

export const ManyQuery = Type.Object({
  imp_uid: ids("payment ids, as `imp_uid[]`; with `merchant_uid[]` at most 100"),
  merchant_uid: ids("order ids, as `merchant_uid[]`"),
});

export const PrepareRequest = Type.Object({
  merchant_uid: MerchantUid,
  amount: Type.Number({ minimum: 0, maximum: limits.amount_max, description: "what it will cost" }),
  currency: text(3, "three letters; unset: any"),
});

export const CancelRequest = Type.Object({
  imp_uid: Type.Optional(Type.String({ description: "the payment; wins over `merchant_uid`" })),
  merchant_uid: Type.Optional(Type.String({ description: "its order" })),
  amount: amount(0, "whole won; 0 or unset: all that is left"),
  tax_free: amount(0, "of the amount, the part free of tax"),
  vat_amount: amount(0, "of the amount, the value-added tax"),
  checksum: amount(0, "what can still be cancelled as the caller knows it; unset: not compared"),
  reason: text(256, "why"),
  refund_holder: text(40, "holder of the account the money goes to", personal),
  refund_bank: text(10, "its bank, in the PG's form"),
  refund_account: text(40, "its number; hyphens and spaces do not count", personal),
  refund_tel: text(16, "telephone of the holder (smartro)", personal),
  retain_promotion: flag("has no effect: there are no promotions"),
  enable_webhook: flag("announce the cancellation"),
});

export type CancelRequest = Static<typeof CancelRequest>;

const receiptFields = {
  identifier: Type.String({
    maxLength: 40,
    description: "whom the receipt names: number of a card, phone, …",
    ...personal,
  }),
  identifier_type: oneOf(["person", "business", "phone", "taxcard"], "what the identifier is (kicc, settle)"),
  type: oneOf(["person", "company"], "income deduction or evidence of expense; person if unset"),
  buyer_name: text(16, "buyer's name", personal),
  buyer_email: text(64, "buyer's e-mail", personal),
  buyer_tel: text(16, "buyer's telephone", personal),
  tax_free: amount(0, "of the amount, the part free of tax"),
  vat_amount: amount(0, "of the amount, the value-added tax; an eleventh of what is taxed if unset"),
  product_type: oneOf(["real", "digital"], "what was sold (ksnet)"),
  corp_reg_no: text(20, "the shop's business registration number (daou, welcome)"),
};

export const ReceiptRequest = Type.Object({
  ...receiptFields,
  vat: amount(0, "old name of `vat_amount`"),
  company_tel: text(16, "the shop's telephone (daou)"),
  company_name: text(40, "the shop's name (daou)"),
});

export const ExternalReceiptRequest = Type.Object({
  ...receiptFields,
  name: Type.String({ maxLength: 40, description: "what was sold" }),
  amount: Type.Integer({ minimum: 1, maximum: limits.amount_max, description: "what was paid, whole won" }),
  channel_key: Type.String({ maxLength: 55, description: "channel to issue it through" }),
  pay_method: oneOf(["trans", "vbank"], "how it was paid (welcome)"),
});
