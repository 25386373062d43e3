/**
 * Answers as schemas: amounts in the currency's smallest unit, times in UTC to the millisecond. What there is nothing
 * to say of is left out, except lists. They feed the API reference, and fields marked `personal` or `secret` are masked
 * before an exchange is kept: whoever has a link for the consumer can act for them.
 */
import Type, { type Static } from "typebox";
import { oneOf, personal, secret } from "./fields.ts";
import { authenticationTypes, Consumer, Frequency, Labels, Money, Order } from "./parts.ts";
import { amountTypes, initiators, instrumentTypes, paymentMediums, refundReasons } from "./requests.ts";

const text = (description: string, extra: object = {}) => Type.String({ description, ...extra });
const id = (prefix: string) => Type.String({ example: `${prefix}_X0O78tadFHrZCbGhkycPk` });
const maybe = (description: string, extra: object = {}) => Type.Optional(text(description, extra));
const amount = Type.Integer({ description: "in the smallest unit of the charge's currency", example: 15_000 });
const time = (description: string) => text(description, { format: "date-time", example: "2026-06-03T11:23:47.123Z" });
const statusOf = <const Choice extends string>(choices: readonly Choice[]) => oneOf(choices, "where it stands");
const labels = Type.Optional(Labels);
const reference = maybe("the merchant's own name for it");

const Links = Type.Record(Type.String(), Type.Object({ href: Type.String() }), {
  description: "by name: where what belongs to it is found",
});

export const Failure = Type.Object(
  {
    failureType: oneOf(["INTERNAL_ERROR", "INTERNAL_DECLINE", "PROVIDER_ERROR", "PROVIDER_DECLINE"], "whose doing"),
    failureCode: maybe("why", { example: "CANCELED_BY_CONSUMER" }),
    providerFailureCode: maybe("the provider's own code"),
    failureMessage: text("why, in words"),
    isRetryable: Type.Optional(Type.Boolean({ description: "a new attempt may succeed later" })),
  },
  { description: "why it failed" },
);
export type Failure = Static<typeof Failure>;

const failure = Type.Optional(Failure);
const dated = { createdAt: time("when it was made"), updatedAt: time("when it last changed") };
const linked = { ...dated, _links: Links };

/** Fields are of the type that they name. */
export const AuthenticationMethod = Type.Object({
  type: oneOf(authenticationTypes, "the way to agree"),
  details: Type.Object({
    requestUrl: maybe("REDIRECT, 3DS: where to send the consumer", secret),
    requestMethod: Type.Optional(oneOf(["GET", "POST"], "REDIRECT, 3DS: how")),
    codeType: Type.Optional(oneOf(["QR", "UPC", "ITF", "CODE128", "PAYMENT_REFERENCE"], "SCAN_CODE: of which kind")),
    codeImage: maybe("SCAN_CODE: the code as an image", secret),
    codePayload: maybe("SCAN_CODE: what the code says", secret),
    codeDocument: maybe("SCAN_CODE: where a pay slip is found", secret),
    codeProviderEntityId: maybe("SCAN_CODE: whose code it is"),
    scanBy: Type.Optional(time("SCAN_CODE: when the code ends")),
    mobileIntentUri: maybe("APP_INTENT: the link to open", secret),
  }),
});
export type AuthenticationMethod = Static<typeof AuthenticationMethod>;

const authenticationMethods = Type.Optional(
  Type.Array(AuthenticationMethod, { description: "the ways to agree, while that is waited for" }),
);

export const Authorization = Type.Object({
  id: id("authz"),
  amount,
  status: statusOf(["AUTHORIZED", "AUTHENTICATION_PENDING", "PROVIDER_CONFIRMATION_PENDING", "FAILED"]),
  merchantPaymentChargeReference: reference,
  failure,
  schemeAuthorizationReference: maybe("cards: the scheme's own name for it"),
  transactionLinkReference: maybe("cards: the transaction in a chain"),
  ...linked,
});
export type Authorization = Static<typeof Authorization>;

export const Capture = Type.Object({
  id: id("capture"),
  amount,
  status: statusOf(["CAPTURED", "FAILED"]),
  merchantCaptureReference: reference,
  failure,
  labels,
  ...linked,
});
export type Capture = Static<typeof Capture>;

export const Refund = Type.Object({
  id: id("refund"),
  amount,
  status: statusOf(["REFUNDED", "PENDING", "FAILED"]),
  merchantRefundReference: reference,
  refundReason: Type.Optional(oneOf(refundReasons, "why")),
  refundDescriptor: maybe("about it", personal),
  failure,
  labels,
  ...linked,
});
export type Refund = Static<typeof Refund>;

export const Void = Type.Object({
  id: id("void"),
  amount,
  status: statusOf(["VOIDED", "FAILED"]),
  merchantVoidReference: reference,
  failure,
  labels,
  ...linked,
});
export type Void = Static<typeof Void>;

export const Discard = Type.Object({
  id: id("discard"),
  status: statusOf(["DISCARDED", "FAILED"]),
  type: oneOf(["AUTHENTICATION_TIMEOUT", "PROVIDER_CONFIRMATION_TIMEOUT", "MERCHANT_INITIATED_DISCARD"], "why"),
  merchantDiscardReference: reference,
  failure,
  ...linked,
});
export type Discard = Static<typeof Discard>;

const chargeStatuses = [
  "AUTHORIZATION_PROCESSING",
  "AUTHORIZATION_ASYNC",
  "AUTHENTICATION_PENDING",
  "CAPTURE_PENDING",
  "CAPTURE_PROCESSING",
  "CAPTURED",
  "REFUND_PROCESSING",
  "REFUNDED",
  "VOID_PROCESSING",
  "VOIDED",
  "DISCARD_PROCESSING",
  "DISCARDED",
  "FAILED",
] as const;

export const Charge = Type.Object({
  id: id("charge"),
  paymentMethod: text("the way to pay", { example: "KAKAOPAY" }),
  paymentMedium: oneOf(paymentMediums, "where it was sold"),
  initiator: Type.Optional(oneOf(initiators, "who began it")),
  instrumentId: Type.Optional(id("instr")),
  instrumentUpdated: Type.Optional(Type.Boolean({ description: "the instrument changed meanwhile" })),
  agreementId: Type.Optional(id("agr")),
  currency: text("ISO 4217", { example: "KRW" }),
  country: text("the consumer's", { example: "KR" }),
  paymentDescriptor: maybe("what the consumer is shown of it"),
  initialTransactionLinkReference: maybe("cards: the first transaction of a chain"),
  status: statusOf(chargeStatuses),
  consumer: Consumer,
  order: Type.Optional(Order),
  failure,
  authenticationMethods,
  authorizations: Type.Array(Authorization, { description: "oldest first, as all of these" }),
  captures: Type.Array(Capture),
  refunds: Type.Array(Refund),
  voids: Type.Array(Void),
  discards: Type.Array(Discard),
  labels,
  ...linked,
});
export type Charge = Static<typeof Charge>;

const listOf = <Item extends Type.TSchema>(item: Item) =>
  Type.Object({ data: Type.Array(item, { description: "oldest first" }), _links: Links });

export const AuthorizationList = listOf(Authorization);
export type AuthorizationList = Static<typeof AuthorizationList>;
export const CaptureList = listOf(Capture);
export type CaptureList = Static<typeof CaptureList>;
export const RefundList = listOf(Refund);
export type RefundList = Static<typeof RefundList>;
export const VoidList = listOf(Void);
export type VoidList = Static<typeof VoidList>;
export const DiscardList = listOf(Discard);
export type DiscardList = Static<typeof DiscardList>;

export const SearchPage = Type.Object({
  data: Type.Array(Charge),
  nextPage: maybe("`page` of the page after; left out on the last"),
  _links: Links,
});
export type SearchPage = Static<typeof SearchPage>;

export const FundsStatusList = Type.Array(
  Type.Object({
    operationId: text("of the capture or refund"),
    operationType: oneOf(["CAPTURE", "REFUND"], "which of them"),
    fundsStatus: oneOf(
      [
        "CAPTURE_FUNDS_NOT_EXPECTED",
        "CAPTURE_FUNDS_MISSING",
        "CAPTURE_FUNDS_WAITING",
        "CAPTURE_FUNDS_RECEIVED",
        "REFUND_FUNDS_NOT_EXPECTED",
        "REFUND_FUNDS_REJECTED",
        "REFUND_FUNDS_WAITING",
        "REFUND_FUNDS_SENT",
      ],
      "what became of the money",
    ),
    merchantPaymentChargeReference: maybe("of a capture: the merchant's own name for the charge"),
    merchantRefundReference: maybe("of a refund: the merchant's own name for it"),
  }),
);
export type FundsStatusList = Static<typeof FundsStatusList>;

const agreementStatus = statusOf([
  "INITIALIZING",
  "AUTHENTICATION_PENDING",
  "AUTHORIZATION_PROCESSING",
  "ACTIVE",
  "REVOKED_BY_CONSUMER",
  "REVOKED_BY_MERCHANT",
  "REVOKED_BY_PROVIDER",
  "FAILED",
]);

const attempted = { failure, createdAt: time("when it happened") };

export const Agreement = Type.Object({
  id: id("agr"),
  status: agreementStatus,
  failure,
  description: maybe("what is agreed to"),
  merchantPaymentAgreementReference: reference,
  paymentMethod: text("the way to pay", { example: "KAKAOPAY" }),
  frequency: Type.Optional(Frequency),
  startDate: Type.Optional(time("when it begins")),
  endDate: Type.Optional(time("when it ends")),
  amount: Type.Optional(Money),
  amountType: Type.Optional(oneOf(amountTypes, "what the amount is of that of each charge")),
  instrumentId: Type.Optional(id("instr")),
  instrumentUpdated: Type.Optional(Type.Boolean({ description: "the instrument changed meanwhile" })),
  consumer: Consumer,
  authenticationMethods,
  history: Type.Array(Type.Object({ id: id("ahist"), status: agreementStatus, ...attempted }), {
    description: "every status it had, oldest first",
  }),
  revocations: Type.Array(
    Type.Object({
      id: id("rev"),
      revocationStatus: statusOf([
        "REVOKED_BY_CONSUMER",
        "REVOKED_BY_PROVIDER",
        "REVOKED_BY_MERCHANT",
        "REVOCATION_FAILED",
      ]),
      ...attempted,
    }),
    { description: "every attempt to revoke it, oldest first" },
  ),
  initialPaymentChargeId: Type.Optional(id("charge")),
  initialSchemeAuthorizationReference: maybe("cards: the first authorization of a chain"),
  initialTransactionLinkReference: maybe("cards: the first transaction of a chain"),
  labels,
  ...dated,
});
export type Agreement = Static<typeof Agreement>;

export const AgreementAuthorization = Type.Object({ id: text("of the confirmation"), agreementStatus, ...attempted });
export type AgreementAuthorization = Static<typeof AgreementAuthorization>;

export const Revocation = Type.Object({ status: statusOf(["REVOKED", "FAILED"]), failure });
export type Revocation = Static<typeof Revocation>;

export const Instrument = Type.Object({
  id: id("instr"),
  type: oneOf(instrumentTypes, "what it is"),
  details: Type.Optional(
    Type.Record(Type.String(), Type.Unknown(), { description: "as the type has them", ...personal }),
  ),
});
export type Instrument = Static<typeof Instrument>;

export const ErrorBody = Type.Object({
  status: Type.Integer({ description: "the HTTP status", example: 400 }),
  failureMessage: text("what is wrong", { example: "amount.value must be integer" }),
  timestamp: time("when"),
  extensions: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "more about it" })),
  message: maybe("of a caller who is unknown: Unauthorized"),
});
export type ErrorBody = Static<typeof ErrorBody>;
