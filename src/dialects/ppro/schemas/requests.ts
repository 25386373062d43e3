/**
 * Requests as schemas, read strictly: amounts in the currency's smallest unit, of which a won is one. They validate,
 * they feed the API reference, and fields marked `personal` or `secret` are masked before an exchange is kept.
 */
import Type, { type Static } from "typebox";
import { details, fieldLimits, flag, list, oneOf, personal, secret, someOf, text, time } from "./fields.ts";
import {
  AgreementAuthenticationSetting,
  AuthenticationSetting,
  Consumer,
  ConsumerUpdate,
  Frequency,
  Labels,
  Money,
  Order,
} from "./parts.ts";

/** Of every call, and of those that change something. */
export const CallerHeaders = Type.Object({
  "Merchant-Id": Type.String({ description: "the merchant that the API key is for" }),
});
export const KeyedHeaders = Type.Object({
  ...CallerHeaders.properties,
  "Request-Idempotency-Key": text("the same call with the same key counts once, for 24 hours; a UUID is best", {
    maxLength: fieldLimits.idempotency_key_length,
  }),
});

export const instrumentTypes = [
  "AMAZON_PAY",
  "BANCONTACT_ACCOUNT",
  "BANK_ACCOUNT",
  "CARD_NETWORK_TOKEN",
  "KLARNA_ACCOUNT",
  "MOCK",
  "PASSTHROUGH_WALLET",
  "TWINT_WALLET",
  "UPI_AUTOPAY",
] as const;

export const InstrumentRequest = Type.Object(
  {
    // RAW_CARD is known so that it can be refused by name.
    type: oneOf([...instrumentTypes, "RAW_CARD"], "what it is; RAW_CARD is refused, as no card numbers are taken"),
    details: Type.Optional(details("as the type has them", personal)),
  },
  { example: { type: "PASSTHROUGH_WALLET", details: { fundingType: "DEBIT" } } },
);
export type InstrumentRequest = Static<typeof InstrumentRequest>;

export const paymentMediums = ["ECOMMERCE", "MOTO", "POS"] as const;
export const initiators = ["CONSUMER", "MERCHANT"] as const;

const paymentMethod = Type.String({
  minLength: 1,
  maxLength: fieldLimits.text_length,
  pattern: "^[A-Z0-9_]+$",
  description: "the way to pay, in capitals",
  example: "KAKAOPAY",
});
const paymentMedium = someOf(paymentMediums, "where it is sold; ECOMMERCE if unset");
const instrumentId = text("an instrument that exists", { example: "instr_SNaRMvhYNFpXhEhgTVSed" });
const instrument = Type.Optional(InstrumentRequest);
const labels = Type.Optional(Labels);
/** Which addresses are taken is judged in code: it depends on who reaches the node. */
const webhooksUrl = text("where changes are announced, instead of the merchant's default; https", {
  maxLength: fieldLimits.url_length,
  example: "https://www.webshop.com/webhooks/payment-status",
});
const schemeReferences = {
  initialSchemeAuthorizationReference: text("cards: the first authorization of a chain"),
  initialTransactionLinkReference: text("cards: the first transaction of a chain"),
};

const settingsOf = <Item extends Type.TSchema>(item: Item) =>
  list(item, fieldLimits.authentication_settings_max, "every way that the merchant supports; KakaoPay takes REDIRECT");

/** What a charge has, under an agreement or not. */
const attempt = {
  amount: Money,
  initiator: someOf(initiators, "who began it"),
  scheduleType: someOf(
    ["SCHEDULED", "SCHEDULED_RETRY", "UNSCHEDULED", "RECURRING"],
    "UNSCHEDULED if unset; RECURRING is deprecated",
  ),
  paymentDescriptor: text("what the consumer is shown of it; in the sandbox it also steers MOCK", {
    example: "Order description",
  }),
  autoCapture: flag("capture as soon as it is authorized; without effect where that is not a step of its own"),
  order: Type.Optional(Order),
  merchantPaymentChargeReference: text("the merchant's own name for this attempt"),
  webhooksUrl,
  labels,
};

const redirect = { type: "REDIRECT", settings: { returnUrl: "https://www.webshop.com/order-results-page" } };

export const ChargeRequest = Type.Object(
  {
    paymentMethod,
    paymentMedium,
    ...attempt,
    consumer: Consumer,
    authenticationSettings: settingsOf(AuthenticationSetting),
    instrumentId,
    instrument,
    instrumentUpdateDetails: Type.Optional(
      Type.Object({
        type: oneOf(["RAW_CARD"], "the instrument's"),
        details: details("refused, as no card's verification value is taken", secret),
      }),
    ),
    ...schemeReferences,
  },
  {
    example: {
      paymentMethod: "KAKAOPAY",
      paymentDescriptor: "Order description",
      amount: { value: 15_000, currency: "KRW" },
      consumer: { name: "John Smith", country: "KR" },
      authenticationSettings: [redirect],
    },
  },
);
export type ChargeRequest = Static<typeof ChargeRequest>;

const chargeOfAgreement = {
  ...attempt,
  consumer: Type.Optional(ConsumerUpdate),
  authenticationSettings: settingsOf(AgreementAuthenticationSetting),
};

export const InitialCharge = Type.Object(chargeOfAgreement);
export type InitialCharge = Static<typeof InitialCharge>;

export const AgreementChargeRequest = Type.Object(
  { ...chargeOfAgreement, ...schemeReferences },
  {
    example: {
      amount: { value: 15_000, currency: "KRW" },
      initiator: "MERCHANT",
      scheduleType: "SCHEDULED",
      paymentDescriptor: "Order description",
      autoCapture: true,
    },
  },
);
export type AgreementChargeRequest = Static<typeof AgreementChargeRequest>;

export const amountTypes = ["MAX", "EXACT", "VARIABLE"] as const;

export const AgreementRequest = Type.Object(
  {
    paymentMethod,
    paymentMedium,
    consumer: Consumer,
    description: text("what is agreed to", { maxLength: fieldLimits.agreement_description_length }),
    merchantPaymentAgreementReference: text("the merchant's own name for the agreement"),
    frequency: Type.Optional(Frequency),
    startDate: time("when it begins", "2030-03-26T20:24:27+00:00"),
    endDate: time("when it ends", "2031-03-26T20:24:27+00:00"),
    amount: Type.Optional(Money),
    amountType: someOf(amountTypes, "what the amount is of that of each charge"),
    initialPaymentCharge: Type.Optional(InitialCharge),
    authenticationSettings: settingsOf(AgreementAuthenticationSetting),
    instrumentId,
    instrument,
    paymentSessionId: text("of a drop-in session; there are none here"),
    webhooksUrl,
    ...schemeReferences,
    labels,
  },
  {
    example: {
      paymentMethod: "KAKAOPAY",
      consumer: { name: "John Smith", country: "KR" },
      amount: { value: 101, currency: "KRW" },
      authenticationSettings: [redirect],
      initialPaymentCharge: {
        amount: { value: 101, currency: "KRW" },
        paymentDescriptor: "Order description",
        autoCapture: true,
      },
    },
  },
);
export type AgreementRequest = Static<typeof AgreementRequest>;

export const RevocationRequest = Type.Object({}, { description: "an empty object" });

const part = (description: string) =>
  Type.Integer({ minimum: 1, description: `${description}, in the smallest unit of the charge's currency` });

export const CaptureRequest = Type.Object(
  {
    amount: part("what is captured"),
    merchantCaptureReference: text("the merchant's own name for the capture"),
    labels,
  },
  { example: { amount: 15_000 } },
);
export type CaptureRequest = Static<typeof CaptureRequest>;

export const refundReasons = ["RETURN", "DUPLICATE", "FRAUD", "CUSTOMER_REQUEST", "PRE_DISPUTE", "OTHER"] as const;

export const RefundRequest = Type.Object(
  {
    amount: part("what is given back"),
    merchantRefundReference: text("the merchant's own name for the refund"),
    refundDescriptor: text("about it; some methods want the consumer's bank account here", personal),
    // One of PPRO's pages spells it so, and clients copied it.
    refundReason: someOf([...refundReasons, "DUPLCIATE"], "why; DUPLCIATE is taken for DUPLICATE"),
    labels,
  },
  { example: { amount: 900, refundReason: "CUSTOMER_REQUEST" } },
);
export type RefundRequest = Static<typeof RefundRequest>;

export const VoidRequest = Type.Object(
  {
    amount: part("what is let go of"),
    merchantVoidReference: text("the merchant's own name for the void"),
    labels,
  },
  { example: { amount: 15_000 } },
);
export type VoidRequest = Static<typeof VoidRequest>;

export const DiscardRequest = Type.Object({
  merchantDiscardReference: text("the merchant's own name for the discard"),
});
export type DiscardRequest = Static<typeof DiscardRequest>;

export const ConfirmRequest = Type.Object(
  {
    authenticationResult: Type.Object({
      type: text("the way in which the consumer agreed: MULTI_FACTOR, APP_NOTIFICATION"),
      details: details("as the type has them", secret),
    }),
  },
  { example: { authenticationResult: { type: "MULTI_FACTOR", details: { verificationCode: "777123" } } } },
);
export type ConfirmRequest = Static<typeof ConfirmRequest>;

export const SearchQuery = Type.Object({
  merchantPaymentChargeReference: text("charges of this name; this or `agreementId`", { minLength: 1 }),
  agreementId: text("charges under this agreement", { minLength: 1, example: "agr_pmCQxjxTj35kx6KaSgOJh" }),
  page: text("`nextPage` of the page before; the first page if unset"),
});
export type SearchQuery = Static<typeof SearchQuery>;
