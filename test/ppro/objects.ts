/** PPRO's objects as its documents have them, field for field. What must hold between their fields is in rules.ts. */
import { count, flag, like, list, object, oneOf, type Schema, text } from "../support/schemas.ts";

/** These fields, and perhaps those too: what is not there is left out and never null. */
export const withOptional = (required: Record<string, Schema>, optional: Record<string, Schema>): Schema => ({
  ...object({ ...required, ...optional }),
  required: Object.keys(required),
});

export const timePattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$";
export const time = like(timePattern);
export const id = (prefix: string) => like(`^${prefix}_[0-9A-Za-z]{21}$`);

/** No text is longer unless its field says so. */
const text_length = 512;
const named = text(text_length);
/** As the merchant sent it, who may have sent nothing in it. */
export const echoed: Schema = { type: "string", maxLength: text_length };
const day = like("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
const country = like("^[A-Z]{2}$");
const currency: Schema = { type: "string", minLength: 3, maxLength: 3 };
const url = { ...like("^https?://"), maxLength: text_length };
const int64: Schema = { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
/** In the currency's smallest unit. */
const amount = { ...count, maximum: Number.MAX_SAFE_INTEGER };
const operationAmount = { ...amount, minimum: 1 };
/** Fields that the documents do not name. */
const anything: Schema = { type: "object" };

export const paymentMethod = like("^[A-Z0-9_]+$");
export const paymentMedium = oneOf("ECOMMERCE", "MOTO", "POS");
export const initiator = oneOf("CONSUMER", "MERCHANT");
export const money = object({ value: amount, currency });

const labels: Schema = {
  type: "object",
  maxProperties: 50,
  propertyNames: { maxLength: 50 },
  additionalProperties: { type: "string", maxLength: 200 },
};

const address = withOptional(
  {},
  {
    firstName: echoed,
    lastName: echoed,
    phoneNumber: echoed,
    street: echoed,
    postalCode: echoed,
    city: echoed,
    region: echoed,
    country,
  },
);

export const consumer = withOptional(
  { country },
  {
    name: echoed,
    email: echoed,
    phone: echoed,
    birthDate: day,
    locale: like("^[a-z]{2}-[A-Z]{2}$"),
    client: withOptional({}, { ip: echoed, userAgent: { type: "string", maxLength: 500 } }),
    taxIdentification: echoed,
    merchantConsumerReference: echoed,
    billingAddress: address,
    profile: withOptional(
      {},
      {
        createdDate: day,
        firstOrderDate: day,
        lastOrderDate: day,
        lifetimeOrderCount: int64,
        lifetimeOrderValue: int64,
        lifetimeCanceledOrderCount: int64,
      },
    ),
  },
);

const orderItem = withOptional(
  { name: named, quantity: { type: "integer" }, amount: int64 },
  { sku: echoed, category: echoed, subCategory: echoed },
);

export const order = withOptional(
  {},
  {
    orderItems: list(orderItem),
    shippingMethod: oneOf(
      "VIRTUAL",
      "TRACKED_DELIVERY",
      "UNTRACKED_DELIVERY",
      "IN_STORE_PICKUP",
      "LOCKER_PICKUP",
      "HYBRID",
    ),
    shippingAddress: address,
    industryData: list(object({ type: oneOf("AIRLINE", "EDUCATION", "TRAVEL"), details: anything })),
    orderReferenceNumber: echoed,
    totalTaxAmount: int64,
    installmentPlan: withOptional(
      { numberOfInstallments: { type: "integer" } },
      { feePaidBy: oneOf("MERCHANT", "CONSUMER") },
    ),
  },
);

export const failureTypes = ["INTERNAL_ERROR", "INTERNAL_DECLINE", "PROVIDER_ERROR", "PROVIDER_DECLINE"] as const;
export type FailureType = (typeof failureTypes)[number];

/** Every code that is published, under the type it is published for; some are under two. */
export const failureCodes: Readonly<Record<FailureType, readonly string[]>> = {
  INTERNAL_DECLINE: [
    "AGREEMENT_INACTIVE",
    "AGREEMENT_REVOKED",
    "AMOUNT_NOT_SUPPORTED",
    "BLOCKED_ACCOUNT",
    "BLOCKED_BIN",
    "BLOCKED_EMAIL",
    "BLOCKED_IP",
    "CANCELED_BY_CONSUMER",
    "CHARGEBACK_DETECTED",
    "COUNTRY_NOT_SUPPORTED",
    "EXCEEDS_AUTHORIZED_AMOUNT",
    "EXCEEDS_CAPTURED_AMOUNT",
    "EXCEEDS_REFUND_LIMIT",
    "EXCEEDS_REFUNDABLE_AMOUNT",
    "GENERIC_DECLINE",
    "HIGH_ACCOUNT_VELOCITY",
    "HIGH_BIN_VELOCITY",
    "HIGH_EMAIL_VELOCITY",
    "HIGH_IP_VELOCITY",
    "INSTRUMENT_NOT_FOUND",
    "INTERNAL_PROCESSING_ERROR",
    "INVALID_ACCOUNT",
    "INVALID_AMOUNT",
    "INVALID_AUTHENTICATION_SETTINGS",
    "INVALID_COUNTRY",
    "INVALID_CURRENCY",
    "INVALID_INPUT_DATA",
    "INVALID_IP",
    "INVALID_MANDATE_ID",
    "INVALID_PAYMENT_METHOD",
    "INVALID_TAX_ID",
    "MISSING_IBAN",
    "NO_AUTHORIZED_AMOUNT",
    "NO_CAPTURED_AMOUNT",
    "PAYMENT_METHOD_TIMEOUT",
    "SIMULTANEOUS_OPERATION_IN_PROGRESS",
  ],
  INTERNAL_ERROR: ["INTERNAL_SERVICE_UNAVAILABLE", "INTERNAL_PROCESSING_ERROR"],
  PROVIDER_DECLINE: [
    "ACCOUNT_NOT_SUPPORTED",
    "AMOUNT_NOT_SUPPORTED",
    "AUTHENTICATION_FAILED",
    "BLOCKED_ACCOUNT",
    "CANCELED_BY_CONSUMER",
    "CARD_CLOSED_OR_INVALID",
    "COUNTRY_NOT_SUPPORTED",
    "CURRENCY_NOT_SUPPORTED",
    "DUPLICATE_DETECTED",
    "EXCEEDS_REFUNDABLE_AMOUNT",
    "EXPIRED_CARD",
    "EXPIRED_SESSION",
    "FORMAT_ERROR",
    "GENERIC_DECLINE",
    "INCORRECT_BILLING_ADDRESS",
    "INCORRECT_CVV",
    "INCORRECT_HOLDER_NAME",
    "INCORRECT_ISSUER",
    "INCORRECT_NUMBER",
    "INCORRECT_TAX_ID",
    "INSUFFICIENT_FUNDS",
    "INVALID_MERCHANT",
    "IS_EXCEEDING_ACCOUNT_LIMIT",
    "IS_GENERIC_DECLINE",
    "IS_HIGH_VELOCITY",
    "IS_NOT_PERMITTED",
    "REFUND_BLOCKED_TEMPORARILY",
    "REFUND_NOT_SUPPORTED",
    "REFUND_PERIOD_EXPIRED",
    "RETRY_REFUND_LATER",
    "SUS_FRAUD",
    "SUS_LOST",
    "SUS_STOLEN",
    "TRANSACTION_DISPUTED",
    "UNKNOWN",
  ],
  PROVIDER_ERROR: ["UNRESPONSIVE_ISSUER", "UNRESPONSIVE_PROVIDER", "PROVIDER_PROCESSING_ERROR"],
};

const failureFields = { failureType: oneOf(...failureTypes), failureMessage: named };
const failureReasons = { failureCode: named, providerFailureCode: named };
const publishedCodes = failureTypes.map((failureType) => ({
  if: { properties: { failureType: { const: failureType } } },
  // biome-ignore lint/suspicious/noThenProperty: JSON Schema has it
  then: { properties: { failureCode: oneOf(...failureCodes[failureType]) } },
}));

export const failure: Schema = {
  ...withOptional(failureFields, {
    ...failureReasons,
    isRetryable: flag,
    additionalData: withOptional({}, { merchantAdviceCode: named, merchantAdviceCodeText: named }),
  }),
  allOf: publishedCodes,
};
/** Webhooks say less. */
export const announcedFailure: Schema = { ...withOptional(failureFields, failureReasons), allOf: publishedCodes };

const request = object({ requestUrl: url, requestMethod: oneOf("GET", "POST") });
const codeDetails = withOptional(
  {},
  {
    codeType: oneOf("QR", "UPC", "ITF", "CODE128", "PAYMENT_REFERENCE"),
    codeImage: text(),
    codePayload: text(),
    codeDocument: named,
    codeProviderEntityId: named,
    scanBy: time,
  },
);
const authenticationMethod: Schema = {
  anyOf: [
    object({ type: { const: "REDIRECT" }, details: request }),
    object({ type: { const: "3DS" }, details: request }),
    object({ type: { const: "SCAN_CODE" }, details: codeDetails }),
    object({ type: { const: "APP_INTENT" }, details: object({ mobileIntentUri: named }) }),
    ...["APP_NOTIFICATION", "MULTI_FACTOR"].map((type) =>
      withOptional({ type: { const: type } }, { details: object({}) }),
    ),
  ],
};
export const authenticationMethods: Schema = { ...list(authenticationMethod), minItems: 1 };

const setting = (type: string, settings: Record<string, Schema>) =>
  withOptional({ type: { const: type } }, { settings: withOptional({}, settings) });
export const authenticationSettings: Schema = list({
  anyOf: [
    setting("REDIRECT", { returnUrl: echoed }),
    setting("SCAN_CODE", { scanBy: echoed }),
    setting("APP_INTENT", { mobileIntentUri: echoed }),
    setting("APP_NOTIFICATION", { instrumentProviderIdentity: echoed }),
    setting("MULTI_FACTOR", { verificationCode: echoed }),
    setting("3DS", { returnUrl: echoed, preference: oneOf("CHALLENGE", "FRICTIONLESS") }),
    withOptional({ type: { const: "EXTERNAL_3DS" } }, { settings: anything }),
  ],
});

const link = withOptional(
  // One that repeats what was searched for is as long as that.
  { href: text() },
  { hreflang: named, title: named, type: named, deprecation: named, profile: named, name: named, templated: flag },
);
const links: Schema = { type: "object", additionalProperties: link };

const operation = (required: Record<string, Schema>, optional: Record<string, Schema>) =>
  withOptional(
    { ...required, createdAt: time, updatedAt: time, _links: withOptional({ payment_charge: link }, { self: link }) },
    { failure, ...optional },
  );

export const authorization = operation(
  {
    id: id("authz"),
    amount,
    status: oneOf("AUTHORIZED", "AUTHENTICATION_PENDING", "PROVIDER_CONFIRMATION_PENDING", "FAILED"),
  },
  {
    merchantPaymentChargeReference: echoed,
    schemeAuthorizationReference: echoed,
    transactionLinkReference: { type: ["string", "null"], maxLength: text_length },
  },
);

export const capture = operation(
  { id: id("capture"), amount: operationAmount, status: oneOf("CAPTURED", "FAILED") },
  { merchantCaptureReference: echoed, labels },
);

export const refund = operation(
  { id: id("refund"), amount: operationAmount, status: oneOf("REFUNDED", "PENDING", "FAILED") },
  {
    merchantRefundReference: echoed,
    refundReason: oneOf("RETURN", "DUPLICATE", "FRAUD", "CUSTOMER_REQUEST", "PRE_DISPUTE", "OTHER"),
    refundDescriptor: echoed,
    labels,
  },
);

export const voidOperation = operation(
  { id: id("void"), amount: operationAmount, status: oneOf("VOIDED", "FAILED") },
  { merchantVoidReference: echoed, labels },
);

export const discardTypes = ["AUTHENTICATION_TIMEOUT", "PROVIDER_CONFIRMATION_TIMEOUT", "MERCHANT_INITIATED_DISCARD"];

export const discard = operation(
  { id: id("discard"), status: oneOf("DISCARDED", "FAILED"), type: oneOf(...discardTypes) },
  { merchantDiscardReference: echoed },
);

/** Of a charge, in the order in which they can happen. */
export const operations = {
  authorizations: authorization,
  captures: capture,
  refunds: refund,
  voids: voidOperation,
  discards: discard,
} as const;

export const chargeStatuses = [
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
];

export const charge = withOptional(
  {
    id: id("charge"),
    paymentMethod,
    paymentMedium,
    currency,
    country,
    status: oneOf(...chargeStatuses),
    consumer,
    authorizations: list(authorization),
    captures: list(capture),
    refunds: list(refund),
    voids: list(voidOperation),
    discards: list(discard),
    createdAt: time,
    updatedAt: time,
    _links: object({ self: link, ...Object.fromEntries(Object.keys(operations).map((name) => [name, link])) }),
  },
  {
    initiator,
    scheduleType: oneOf("SCHEDULED", "SCHEDULED_RETRY", "UNSCHEDULED", "RECURRING"),
    instrumentId: id("instr"),
    instrumentUpdated: flag,
    agreementId: id("agr"),
    paymentDescriptor: echoed,
    networkTransactionIdentifier: echoed,
    initialTransactionLinkReference: echoed,
    order,
    failure,
    authenticationMethods,
    labels,
  },
);

export const listed = (item: Schema) => object({ data: list(item), _links: links });
export const search = withOptional({ data: list(charge), _links: links }, { nextPage: text() });

export const fundsStatuses = [
  "CAPTURE_FUNDS_NOT_EXPECTED",
  "CAPTURE_FUNDS_MISSING",
  "CAPTURE_FUNDS_WAITING",
  "CAPTURE_FUNDS_RECEIVED",
  "REFUND_FUNDS_NOT_EXPECTED",
  "REFUND_FUNDS_REJECTED",
  "REFUND_FUNDS_WAITING",
  "REFUND_FUNDS_SENT",
];
export const fundsOperation = oneOf("CAPTURE", "REFUND");
export const fundsOperationId = like("^(capture|refund)_[0-9A-Za-z]{21}$");

export const fundsStatus = withOptional(
  { operationId: fundsOperationId, operationType: fundsOperation, fundsStatus: oneOf(...fundsStatuses) },
  { merchantPaymentChargeReference: echoed, merchantRefundReference: echoed },
);

export const agreementStatuses = [
  "INITIALIZING",
  "AUTHENTICATION_PENDING",
  "AUTHORIZATION_PROCESSING",
  "ACTIVE",
  "REVOKED_BY_CONSUMER",
  "REVOKED_BY_MERCHANT",
  "REVOKED_BY_PROVIDER",
  "FAILED",
];
const agreementStatus = oneOf(...agreementStatuses);

/** What an agreement is to, as it was agreed. */
export const agreementTerms = {
  description: { type: "string", maxLength: 100 },
  startDate: time,
  endDate: time,
  frequency: withOptional(
    { type: oneOf("DAILY", "WEEKLY", "MONTHLY", "YEARLY") },
    { interval: { type: "integer", minimum: 1, maximum: 1_000 } },
  ),
  amount: money,
  amountType: oneOf("MAX", "EXACT", "VARIABLE"),
};

const historyEntry = withOptional({ id: id("ahist"), status: agreementStatus, createdAt: time }, { failure });
const revocationEntry = withOptional(
  {
    id: id("rev"),
    revocationStatus: oneOf("REVOKED_BY_CONSUMER", "REVOKED_BY_PROVIDER", "REVOKED_BY_MERCHANT", "REVOCATION_FAILED"),
    createdAt: time,
  },
  { failure },
);

export const agreement = withOptional(
  { id: id("agr"), status: agreementStatus, paymentMethod, consumer, createdAt: time, updatedAt: time },
  {
    ...agreementTerms,
    failure,
    merchantPaymentAgreementReference: echoed,
    instrumentId: id("instr"),
    instrumentUpdated: flag,
    authenticationMethods,
    history: list(historyEntry),
    revocations: list(revocationEntry),
    initialPaymentChargeId: id("charge"),
    initialSchemeAuthorizationReference: echoed,
    initialTransactionLinkReference: echoed,
    labels,
  },
);

export const agreementAuthorization = withOptional({ id: named, agreementStatus, createdAt: time }, { failure });
export const revocation = withOptional({ status: oneOf("REVOKED", "FAILED") }, { failure });

/** As they are shown: a raw card is vaulted by then. */
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
  "CARD_PPRO_VAULTED",
];

export const instrument = object({ id: id("instr"), type: oneOf(...instrumentTypes), details: anything });
/** Webhooks may leave out which one it is, and what there is nothing to say of. */
export const announcedInstrument = withOptional(
  { type: oneOf(...instrumentTypes) },
  { id: id("instr"), details: anything },
);

/** What an HTTP status that is no success has in its body. */
export const errorBody = (status: number) =>
  withOptional(
    {
      status: { const: status },
      failureMessage: named,
      timestamp: time,
      ...(status === 401 ? { message: { const: "Unauthorized" } } : {}),
    },
    { extensions: anything },
  );
