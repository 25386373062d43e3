/** PPRO's webhooks as its documents have them: the envelope, and what each event says of a charge or an agreement. */
import { flag, like, object, oneOf, problems, type Schema, text } from "../support/schemas.ts";
import {
  agreementStatuses,
  agreementTerms,
  announcedFailure,
  announcedInstrument,
  authenticationMethods,
  authenticationSettings,
  chargeStatuses,
  consumer,
  discardTypes,
  echoed,
  fundsOperation,
  fundsOperationId,
  fundsStatuses,
  id,
  initiator,
  money,
  order,
  paymentMedium,
  paymentMethod,
  time,
  withOptional,
} from "./objects.ts";
import { type AuthenticationMethod, authenticationRules, broken, type Rule, timeBreaches } from "./rules.ts";

type Fields = Record<string, unknown>;
type Schemas = Record<string, Schema>;

interface Announcement {
  data: Schema;
  /** Of the charge or agreement when this happened; any if not said. */
  statuses?: readonly string[];
}

const amount = money;
const failure = announcedFailure;

const ofCharge = (
  statuses: readonly string[] | undefined,
  required: Schemas,
  optional: Schemas = {},
): Announcement => ({
  data: withOptional(
    {
      paymentChargeId: id("charge"),
      // Webhooks know no discard that is under way.
      paymentChargeStatus: oneOf(...chargeStatuses.filter((status) => status !== "DISCARD_PROCESSING")),
      paymentMethod,
      merchantId: text(512),
      type: text(),
      ...required,
    },
    {
      merchantPaymentChargeReference: echoed,
      orderReferenceNumber: echoed,
      ...optional,
    },
  ),
  ...(statuses === undefined ? {} : { statuses }),
});

const ofAuthorization = (statuses: readonly string[], more: Schemas = {}) =>
  ofCharge(statuses, { authorizationId: id("authz"), amount, ...more });
const ofCapture = (statuses: readonly string[] | undefined, more: Schemas = {}) =>
  ofCharge(statuses, { captureId: id("capture"), amount, ...more }, { merchantCaptureReference: echoed });
const ofRefund = (statuses: readonly string[] | undefined, more: Schemas = {}) =>
  ofCharge(statuses, { refundId: id("refund"), amount, ...more }, { merchantRefundReference: echoed });
const ofVoid = (statuses: readonly string[] | undefined, more: Schemas = {}) =>
  ofCharge(statuses, { voidId: id("void"), amount, ...more }, { merchantVoidReference: echoed });
const ofDiscard = (statuses: readonly string[] | undefined) =>
  ofCharge(
    statuses,
    { discardType: oneOf(...discardTypes), authorizationId: id("authz"), amount },
    { merchantDiscardReference: echoed },
  );

const created = { paymentMedium, amount, consumer };
const createdToo = {
  initiator,
  paymentDescriptor: echoed,
  order,
  authenticationSettings,
  instrument: announcedInstrument,
};

export const chargeEvents: Readonly<Record<string, Announcement>> = {
  PAYMENT_CHARGE_CREATED: ofCharge(["AUTHORIZATION_PROCESSING"], created, createdToo),
  PAYMENT_CHARGE_AUTHENTICATION_PENDING: ofAuthorization(["AUTHENTICATION_PENDING"], { authenticationMethods }),
  PAYMENT_CHARGE_PROVIDER_CONFIRMATION_PENDING: ofAuthorization(["AUTHORIZATION_ASYNC"]),
  PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED: ofAuthorization(["CAPTURE_PENDING", "CAPTURE_PROCESSING", "CAPTURED"], {
    isMultiStep: flag,
  }),
  PAYMENT_CHARGE_AUTHORIZATION_FAILED: ofAuthorization(["FAILED"], { failure }),
  PAYMENT_CHARGE_CAPTURE_SUCCEEDED: ofCapture(["CAPTURED", "CAPTURE_PENDING"]),
  PAYMENT_CHARGE_CAPTURE_FAILED: ofCapture(undefined, { failure }),
  PAYMENT_CHARGE_VOID_SUCCEEDED: ofVoid(["VOIDED", "CAPTURE_PENDING", "CAPTURED", "REFUNDED"]),
  PAYMENT_CHARGE_VOID_FAILED: ofVoid(undefined, { failure }),
  PAYMENT_CHARGE_REFUND_PENDING: ofRefund(["CAPTURED", "CAPTURE_PENDING", "REFUND_PROCESSING", "VOIDED"]),
  PAYMENT_CHARGE_REFUND_SUCCEEDED: ofRefund(["REFUNDED", "CAPTURED", "CAPTURE_PENDING", "REFUND_PROCESSING", "VOIDED"]),
  PAYMENT_CHARGE_REFUND_FAILED: ofRefund(undefined, { failure }),
  PAYMENT_CHARGE_DISCARDED: ofDiscard(["DISCARDED"]),
  PAYMENT_CHARGE_DISCARD_FAILED: ofDiscard(undefined),
};

const ofAgreement = (statuses: readonly string[] | undefined, required: Schemas = {}, optional: Schemas = {}) => ({
  data: withOptional(
    {
      paymentAgreementId: id("agr"),
      // Webhooks know no authorization that is under way.
      paymentAgreementStatus: oneOf(...agreementStatuses.filter((status) => status !== "AUTHORIZATION_PROCESSING")),
      paymentMethod,
      merchantId: text(512),
      type: text(),
      ...required,
    },
    { merchantPaymentAgreementReference: echoed, ...optional },
  ),
  ...(statuses === undefined ? {} : { statuses }),
});

const agreed = { ...agreementTerms, instrument: announcedInstrument };

export const agreementEvents: Readonly<Record<string, Announcement>> = {
  PAYMENT_AGREEMENT_CREATED: ofAgreement(["INITIALIZING"], { consumer }, agreed),
  PAYMENT_AGREEMENT_AUTHENTICATION_PENDING: ofAgreement(["AUTHENTICATION_PENDING"], { authenticationMethods }),
  PAYMENT_AGREEMENT_ACTIVE: ofAgreement(["ACTIVE"]),
  PAYMENT_AGREEMENT_FAILED: ofAgreement(["FAILED"], { failure }),
  PAYMENT_AGREEMENT_UPDATED: ofAgreement(undefined),
  PAYMENT_AGREEMENT_REVOKED_BY_CONSUMER: ofAgreement(["REVOKED_BY_CONSUMER"]),
  PAYMENT_AGREEMENT_REVOKED_BY_MERCHANT: ofAgreement(["REVOKED_BY_MERCHANT"]),
  PAYMENT_AGREEMENT_REVOKED_BY_PROVIDER: ofAgreement(["REVOKED_BY_PROVIDER"]),
};

const ofInstrument = (more: Schemas): Announcement => ({
  data: withOptional({ paymentInstrumentId: id("instr"), merchantId: text(512), ...more }, { type: text() }),
});

export const instrumentEvents: Readonly<Record<string, Announcement>> = {
  PAYMENT_INSTRUMENT_CREATED: ofInstrument({ details: announcedInstrument }),
  PAYMENT_INSTRUMENT_DELETED: ofInstrument({ deleteTimestamp: time }),
  PAYMENT_INSTRUMENT_DETAILS_UPDATED: ofInstrument({ details: announcedInstrument, updateTimestamp: time }),
};

export const fundsEvents: Readonly<Record<string, Announcement>> = {
  FUNDS_STATE_CHANGED: ofCharge(
    undefined,
    {
      paymentOperationId: fundsOperationId,
      paymentOperationType: fundsOperation,
      fundsState: oneOf(...fundsStatuses),
      amount,
    },
    { merchantRefundReference: echoed },
  ),
};

const documented: Readonly<Record<string, Announcement>> = {
  ...chargeEvents,
  ...agreementEvents,
  ...instrumentEvents,
  ...fundsEvents,
};

/** All that are published. Those of chargebacks and reports are about what Naru has not. */
export const eventTypes: readonly string[] = [
  ...Object.keys(documented),
  "CHARGEBACK_SUCCEEDED",
  "REPORT_PROCESSED",
  "REPORT_FAILED",
  "REPORT_EXPIRED",
];

/** When an event is sent, in seconds after the first time, while nobody acknowledges it: 15 times within 68 hours. */
export const deliveryOffsets_s: readonly number[] = [
  0, 15, 45, 105, 225, 465, 945, 1_905, 3_825, 7_665, 15_345, 30_705, 61_425, 122_865, 245_745,
];

export const envelope = object({
  specversion: { const: "1.0.2" },
  source: { const: "https://www.ppro.com" },
  datacontenttype: { const: "application/json" },
  id: like("^[0-9A-Za-z]{21}$"),
  type: oneOf(...eventTypes),
  subject: like("^[a-z]+_[0-9A-Za-z]{21}$"),
  time,
  data: { type: "object" },
});

export interface Envelope {
  specversion: string;
  source: string;
  datacontenttype: string;
  id: string;
  type: string;
  subject: string;
  time: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test names the fields it looks at
  data: any;
}

/** What of a webhook the documents do not allow. */
export function webhookBreaches(sent: unknown): string[] {
  const wrong = problems(envelope, sent);
  if (wrong.length > 0) return wrong;
  const { type, data, subject } = sent as Envelope;
  const announcement = documented[type];
  if (announcement === undefined) return [`nobody knows the data of ${type}`];
  const unlike = problems(announcement.data, data);
  if (unlike.length > 0) return unlike;
  return [...broken(eventRules(type, subject, data, announcement)), ...timeBreaches(sent)];
}

function eventRules(type: string, subject: string, data: Fields, { statuses }: Announcement): Rule[] {
  const status = String(data.paymentChargeStatus ?? data.paymentAgreementStatus);
  const subjects = [data.paymentChargeId ?? data.paymentAgreementId ?? data.paymentInstrumentId];
  const shown = { status, paymentMethod: String(data.paymentMethod) };
  const methods = data.authenticationMethods as AuthenticationMethod[] | undefined;
  return [
    [data.type === undefined || data.type === type, "data has the type of the envelope"],
    [subjects.includes(subject), "subject is what the data is about"],
    [statuses?.includes(status) ?? true, `a charge or agreement is not ${status} at ${type}`],
    ...(methods === undefined ? [] : authenticationRules({ ...shown, authenticationMethods: methods })),
    ...fundsRules(String(data.paymentOperationType), data.paymentOperationId, data.fundsState, data),
  ];
}

/** Of funds as they are announced and as they are shown. */
export function fundsRules(operation: string, operationId: unknown, state: unknown, data: Fields): Rule[] {
  if (operationId === undefined) return [];
  return [
    [String(operationId).startsWith(`${operation.toLowerCase()}_`), `the operation is a ${operation}`],
    [String(state).startsWith(`${operation}_FUNDS_`), `the funds are those of a ${operation}`],
    [
      operation === "REFUND" || data.merchantRefundReference === undefined,
      "only a refund has a merchantRefundReference",
    ],
  ];
}
