/** What this dialect shows. Pure: identifiers follow from our own, and addresses from the identifiers. */
import type { Refund as CoreRefund } from "../../core/refunds/refund.ts";
import type { AgreementState, Agreement as CoreAgreement } from "../../core/wallet-charges/agreement.ts";
import type { Authentication, ChargeState, FundsState, WalletCharge } from "../../core/wallet-charges/charge.ts";
import type { ChargeView } from "../../core/wallet-charges/decide.ts";
import { type ChargeStep, type DiscardCause, fundsOf, type StepKind } from "../../core/wallet-charges/step.ts";
import { wordFailure } from "./failures.ts";
import { type CheckoutAddresses, type IdPrefix, wireId } from "./identifiers.ts";
import { codeImage } from "./qr-code.ts";
import type {
  Agreement,
  AuthenticationMethod,
  Authorization,
  Capture,
  Charge,
  Discard,
  Failure,
  FundsStatusList,
  Refund,
  Void,
} from "./schemas/index.ts";

/** A charge under way to the wallet is AUTHORIZATION_PROCESSING, and once that takes too long AUTHORIZATION_ASYNC. */
export const chargeStatus = {
  authorizing: "AUTHORIZATION_PROCESSING",
  authenticating: "AUTHENTICATION_PENDING",
  confirming: "AUTHORIZATION_ASYNC",
  authorized: "CAPTURE_PENDING",
  capturing: "CAPTURE_PROCESSING",
  captured: "CAPTURED",
  refunded: "REFUNDED",
  voided: "VOIDED",
  discarded: "DISCARDED",
  failed: "FAILED",
} as const satisfies Record<ChargeState, Charge["status"]>;

export const agreementStatus = {
  initializing: "INITIALIZING",
  authenticating: "AUTHENTICATION_PENDING",
  authorizing: "AUTHORIZATION_PROCESSING",
  confirming: "AUTHORIZATION_PROCESSING",
  active: "ACTIVE",
  failed: "FAILED",
  "revoked-by-merchant": "REVOKED_BY_MERCHANT",
  "revoked-by-consumer": "REVOKED_BY_CONSUMER",
  "revoked-by-provider": "REVOKED_BY_PROVIDER",
} as const satisfies Record<AgreementState, Agreement["status"]>;

const authorizationStatus = {
  authenticating: "AUTHENTICATION_PENDING",
  confirming: "PROVIDER_CONFIRMATION_PENDING",
  succeeded: "AUTHORIZED",
  failed: "FAILED",
} as const;

export const discardType = {
  "authentication-timeout": "AUTHENTICATION_TIMEOUT",
  "confirmation-timeout": "PROVIDER_CONFIRMATION_TIMEOUT",
  merchant: "MERCHANT_INITIATED_DISCARD",
} as const satisfies Record<DiscardCause, Discard["type"]>;

const stepPrefix = {
  authorization: "authz",
  capture: "capture",
  void: "void",
  discard: "discard",
} as const satisfies Record<StepKind, IdPrefix>;

export function stepId({ kind, id }: Pick<ChargeStep, "kind" | "id">): string {
  return wireId(stepPrefix[kind], id);
}

export function refundId({ id }: Pick<CoreRefund, "id">): string {
  return wireId("refund", id);
}

const paths = { charges: "/v1/payment-charges", agreements: "/v1/payment-agreements" };

/** Without what there is nothing to say of. */
function known<Fields extends object>(fields: Fields): { [Name in keyof Fields]: Exclude<Fields[Name], null> } {
  const pairs = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(pairs) as { [Name in keyof Fields]: Exclude<Fields[Name], null> };
}

const failureOf = (failure: WalletCharge["failure"]): Failure | undefined =>
  failure === null ? undefined : wordFailure(failure);

function common(step: Pick<ChargeStep, "failure" | "createdAt" | "updatedAt" | "chargeId">) {
  return {
    failure: failureOf(step.failure),
    createdAt: step.createdAt.toISOString(),
    updatedAt: step.updatedAt.toISOString(),
    _links: { payment_charge: { href: `${paths.charges}/${wireId("charge", step.chargeId)}` } },
  };
}

export function presentAuthorization(step: ChargeStep): Authorization {
  return known({
    id: stepId(step),
    amount: step.amount,
    status: authorizationStatus[step.state],
    merchantPaymentChargeReference: step.reference ?? undefined,
    ...common(step),
  }) as Authorization;
}

/** What captures and voids have alike. */
function moved<Done extends string>(step: ChargeStep, done: Done) {
  const { amount, state, labels } = step;
  return {
    id: stepId(step),
    amount,
    status: state === "succeeded" ? done : "FAILED",
    labels,
    ...common(step),
  } as const;
}

export function presentCapture(step: ChargeStep): Capture {
  return known({ ...moved(step, "CAPTURED"), merchantCaptureReference: step.reference }) as Capture;
}

export function presentVoid(step: ChargeStep): Void {
  return known({ ...moved(step, "VOIDED"), merchantVoidReference: step.reference }) as Void;
}

export function presentDiscard(step: ChargeStep): Discard {
  return known({
    id: stepId(step),
    status: step.state === "succeeded" ? "DISCARDED" : "FAILED",
    type: discardType[step.cause!],
    merchantDiscardReference: step.reference,
    ...common(step),
  }) as Discard;
}

const refundStatus = { pending: "PENDING", unknown: "PENDING", succeeded: "REFUNDED", failed: "FAILED" } as const;

export function failureOfRefund({ state, operationId, failureCode, failureMessage, providerCode }: CoreRefund) {
  if (state !== "failed") return null;
  const by = operationId === null ? "naru" : "wallet";
  return { by, code: failureCode!, message: failureMessage, providerCode } as const;
}

export function presentRefund(refund: CoreRefund, chargeId: string): Refund {
  const { amount, state, reference, reason, descriptor, labels, requestedAt: createdAt, updatedAt } = refund;
  return known({
    id: refundId(refund),
    amount,
    status: refundStatus[state],
    merchantRefundReference: reference,
    refundReason: reason,
    refundDescriptor: descriptor,
    labels,
    ...common({ failure: failureOfRefund(refund), createdAt, updatedAt, chargeId }),
  }) as Refund;
}

/** The ways in which a shopper may agree, with what is needed for each; `id` of the charge or agreement. */
export function presentAuthentications(
  authentications: readonly Authentication[],
  dueAt: Date | null,
  id: string,
  checkout: CheckoutAddresses,
): AuthenticationMethod[] {
  const address = checkout.urlOf(id);
  return authentications.map((one) => presentAuthentication(one, dueAt, address));
}

function presentAuthentication(one: Authentication, dueAt: Date | null, address: string): AuthenticationMethod {
  switch (one.type) {
    case "redirect":
      return { type: "REDIRECT", details: { requestUrl: address, requestMethod: "GET" } };
    case "scan-code": {
      // Both are times of one form, so the earlier comes first.
      const [scanBy] = [one.scanBy, dueAt?.toISOString()].filter((time) => time != null).sort();
      const code = { codeType: "QR", codeImage: codeImage(address), codePayload: address } as const;
      return { type: "SCAN_CODE", details: scanBy === undefined ? code : { ...code, scanBy } };
    }
    case "multi-factor":
      return { type: "MULTI_FACTOR", details: {} };
  }
}

type Details = Record<string, unknown>;

export function presentCharge({ charge, steps, refunds }: ChargeView, checkout: CheckoutAddresses): Charge {
  const shown = charge.details.shown as Details;
  const self = `${paths.charges}/${charge.wireId}`;
  const of = (kind: StepKind) => steps.filter((step) => step.kind === kind);
  const isAsked = charge.state === "authenticating";
  return known({
    id: charge.wireId,
    paymentMethod: charge.method,
    paymentMedium: shown.paymentMedium ?? "ECOMMERCE",
    initiator: shown.initiator,
    instrumentId: charge.instrumentId && wireId("instr", charge.instrumentId),
    agreementId: charge.agreementId && wireId("agr", charge.agreementId),
    currency: charge.currency,
    country: charge.country,
    paymentDescriptor: shown.paymentDescriptor,
    initialTransactionLinkReference: shown.initialTransactionLinkReference,
    status: chargeStatus[charge.state],
    consumer: shown.consumer,
    order: shown.order,
    failure: failureOf(charge.failure),
    authenticationMethods: isAsked
      ? presentAuthentications(charge.authentications, charge.dueAt, askedBy(charge), checkout)
      : undefined,
    authorizations: of("authorization").map(presentAuthorization),
    captures: of("capture").map(presentCapture),
    refunds: refunds.map((refund) => presentRefund(refund, charge.id)),
    voids: of("void").map(presentVoid),
    discards: of("discard").map(presentDiscard),
    labels: shown.labels,
    createdAt: charge.createdAt.toISOString(),
    updatedAt: charge.updatedAt.toISOString(),
    _links: {
      self: { href: self },
      authorizations: { href: `${self}/authorizations` },
      captures: { href: `${self}/captures` },
      refunds: { href: `${self}/refunds` },
      voids: { href: `${self}/voids` },
      discards: { href: `${self}/discards` },
    },
  }) as unknown as Charge;
}

/** What the shopper is sent to: the charge, or the agreement that they agree to in one with it. */
function askedBy({ wireId: id, agreementId }: WalletCharge): string {
  return agreementId === null ? id : wireId("agr", agreementId);
}

export function listOf<Item>(data: Item[], of: { wireId: string }, name: string) {
  const charge = `${paths.charges}/${of.wireId}`;
  return { data, _links: { self: { href: `${charge}/${name}` }, payment_charge: { href: charge } } };
}

export const captureFunds = {
  "not-expected": "CAPTURE_FUNDS_NOT_EXPECTED",
  waiting: "CAPTURE_FUNDS_WAITING",
  received: "CAPTURE_FUNDS_RECEIVED",
  missing: "CAPTURE_FUNDS_MISSING",
} as const satisfies Record<FundsState, FundsStatusList[number]["fundsStatus"]>;

export function presentFunds({ charge, steps, refunds }: ChargeView): FundsStatusList {
  const ofRefunds = { pending: "WAITING", unknown: "WAITING", succeeded: "SENT", failed: "NOT_EXPECTED" } as const;
  return [
    ...steps
      .filter(({ kind }) => kind === "capture")
      .map((step) => ({
        operationId: stepId(step),
        operationType: "CAPTURE" as const,
        fundsStatus: captureFunds[fundsOf(step, charge)],
        ...(charge.reference === null ? {} : { merchantPaymentChargeReference: charge.reference }),
      })),
    ...refunds.map((refund) => ({
      operationId: refundId(refund),
      operationType: "REFUND" as const,
      fundsStatus: `REFUND_FUNDS_${ofRefunds[refund.state]}` as const,
      ...(refund.reference === null ? {} : { merchantRefundReference: refund.reference }),
    })),
  ];
}

export function presentAgreement(agreement: CoreAgreement, checkout: CheckoutAddresses): Agreement {
  const { id, state, method, reference, initialChargeId, instrumentId, history, revocations } = agreement;
  const shown = agreement.details.shown as Details;
  const isAsked = state === "authenticating";
  return known({
    id: agreement.wireId,
    status: agreementStatus[state],
    failure: failureOf(agreement.failure),
    description: shown.description,
    merchantPaymentAgreementReference: reference,
    paymentMethod: method,
    frequency: shown.frequency,
    startDate: shown.startDate,
    endDate: shown.endDate,
    amount: shown.amount,
    amountType: shown.amountType,
    instrumentId: instrumentId && wireId("instr", instrumentId),
    consumer: shown.consumer,
    authenticationMethods: isAsked
      ? presentAuthentications(agreement.authentications, agreement.dueAt, wireId("agr", id), checkout)
      : undefined,
    history: history.map((one) =>
      known({
        id: wireId("ahist", one.id),
        status: agreementStatus[one.state],
        failure: failureOf(one.failure),
        createdAt: one.at,
      }),
    ),
    revocations: revocations.map((one) => ({
      id: wireId("rev", one.id),
      revocationStatus: agreementStatus[`revoked-by-${one.by}`],
      createdAt: one.at,
    })),
    initialPaymentChargeId: initialChargeId && wireId("charge", initialChargeId),
    initialSchemeAuthorizationReference: shown.initialSchemeAuthorizationReference,
    initialTransactionLinkReference: shown.initialTransactionLinkReference,
    labels: shown.labels,
    createdAt: agreement.createdAt.toISOString(),
    updatedAt: agreement.updatedAt.toISOString(),
  }) as unknown as Agreement;
}
