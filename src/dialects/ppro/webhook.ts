/**
 * An event as this dialect announces it: an envelope of CloudEvents with flat fields, two signatures, fifteen deliveries
 * over 68 hours. Pure but for the signatures, which each attempt has anew.
 */
import { createHash, createHmac } from "node:crypto";
import type { Event } from "../../core/events/event.ts";
import type { Agreement } from "../../core/wallet-charges/agreement.ts";
import type { ChargeEventType, ChargeState, Failure } from "../../core/wallet-charges/charge.ts";
import { fundsOf } from "../../core/wallet-charges/step.ts";
import { type Announcer, readNoticeUrl, type Subject } from "../../core/webhooks/delivery.ts";
import { isLoopback } from "../../http/hosts.ts";
import type { Accounts } from "./accounts.ts";
import { wordBriefly } from "./failures.ts";
import { type CheckoutAddresses, dialect, shortHash, wireId } from "./identifiers.ts";
import {
  agreementStatus,
  captureFunds,
  chargeStatus,
  discardType,
  failureOfRefund,
  presentAuthentications,
  refundId,
  stepId,
} from "./present.ts";

/** After the first, each twice as long as the one before. */
export const retryDelays_s = Array.from({ length: 14 }, (_, index) => 15 * 2 ** index);
/** Any answer but 2xx is tried again. */
const retryStatus = 300;
const timeouts = { read_ms: 10_000, total_ms: 10_000 };

/** As published; of ours that have no name here nobody is told. */
const chargeTypes: Partial<Record<ChargeEventType, string>> = {
  "charge.created": "PAYMENT_CHARGE_CREATED",
  "charge.authentication_pending": "PAYMENT_CHARGE_AUTHENTICATION_PENDING",
  "charge.confirmation_pending": "PAYMENT_CHARGE_PROVIDER_CONFIRMATION_PENDING",
  "charge.authorized": "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED",
  "charge.authorization_failed": "PAYMENT_CHARGE_AUTHORIZATION_FAILED",
  "charge.captured": "PAYMENT_CHARGE_CAPTURE_SUCCEEDED",
  "charge.capture_failed": "PAYMENT_CHARGE_CAPTURE_FAILED",
  "charge.voided": "PAYMENT_CHARGE_VOID_SUCCEEDED",
  "charge.void_failed": "PAYMENT_CHARGE_VOID_FAILED",
  "charge.refund_pending": "PAYMENT_CHARGE_REFUND_PENDING",
  "charge.refunded": "PAYMENT_CHARGE_REFUND_SUCCEEDED",
  "charge.refund_failed": "PAYMENT_CHARGE_REFUND_FAILED",
  "charge.discarded": "PAYMENT_CHARGE_DISCARDED",
  "charge.discard_failed": "PAYMENT_CHARGE_DISCARD_FAILED",
  "charge.funds_changed": "FUNDS_STATE_CHANGED",
};
const agreementTypes: Partial<Record<Event["type"], string>> = {
  "agreement.created": "PAYMENT_AGREEMENT_CREATED",
  "agreement.authentication_pending": "PAYMENT_AGREEMENT_AUTHENTICATION_PENDING",
  "agreement.active": "PAYMENT_AGREEMENT_ACTIVE",
  "agreement.failed": "PAYMENT_AGREEMENT_FAILED",
  "agreement.revoked_by_merchant": "PAYMENT_AGREEMENT_REVOKED_BY_MERCHANT",
  "agreement.revoked_by_consumer": "PAYMENT_AGREEMENT_REVOKED_BY_CONSUMER",
  "agreement.revoked_by_provider": "PAYMENT_AGREEMENT_REVOKED_BY_PROVIDER",
};

/** What a merchant may choose from. */
export const webhookEvents: readonly string[] = [...Object.values(chargeTypes), ...Object.values(agreementTypes)];

/** As published: https. */
const published = /^(https):\/\/[-a-zA-Z0-9+&@#/%?=~_|!:,.;]*[-a-zA-Z0-9+&@#/%=~_|]$/;

/** An address as it is called; `open`: a sandbox that only this machine reaches, whose loopback will do too. */
export function readWebhooksUrl(text: string, open: boolean): string | undefined {
  const readable = readNoticeUrl(text);
  const isTaken = readable !== undefined && (published.test(text) || (open && isLoopback(new URL(readable).hostname)));
  return isTaken ? readable : undefined;
}

export interface WebhookOptions {
  accounts: Accounts;
  checkout: CheckoutAddresses;
  /** Headers that a merchant wants with each webhook. */
  headersOf(merchantId: string): Promise<Record<string, string>>;
}

export function pproAnnouncer({ accounts, checkout, headersOf }: WebhookOptions): Announcer {
  return {
    dialect,
    announces: [],
    announce(event, subject, settings) {
      const told = tell(event, subject);
      if (told === undefined || settings.webhookEvents?.includes(told.type) === false) return [];
      const { merchantId } = accounts(event.merchantId!);
      const { type, about, urls, data } = told;
      const body = JSON.stringify({
        specversion: "1.0.2",
        type,
        source: "https://www.ppro.com",
        subject: about,
        id: shortHash(event.id),
        time: event.at.toISOString(),
        datacontenttype: "application/json",
        data: { ...data, merchantId, type },
      });
      const headers = { "content-type": "application/json", "user-agent": "Naru-Webhook" };
      return urls.map((url) => ({ url, headers, body, retryDelays_s, retryStatus, ordered: true }));
    },
    timeouts: { first: timeouts, later: timeouts },
    async sign({ merchantId, body }, at) {
      const { webhookSigningSecret } = accounts(merchantId);
      return { ...(await headersOf(merchantId)), ...signatures(webhookSigningSecret, body, at) };
    },
  };

  function tell(event: Event, subject: Subject): Told | undefined {
    switch (subject.type) {
      case "payment":
        return undefined;
      case "charge":
        return tellOfCharge(event, subject, checkout);
      case "agreement":
        return tellOfAgreement(event, subject.agreement, checkout);
    }
  }
}

/** The older one that clients may still look at, and the one that has the time. */
export function signatures(secret: string, body: string, at: Date): Record<string, string> {
  const time_s = Math.floor(at.getTime() / 1000);
  const plain = createHash("sha256").update(`${body}.${secret}`).digest("hex");
  const keyed = createHmac("sha256", secret).update(`${time_s}.${body}`).digest("hex");
  return { "webhook-signature": plain, "ppro-signature": `t=${time_s},s=${keyed}` };
}

interface Told {
  type: string;
  about: string;
  urls: readonly string[];
  data: Record<string, unknown>;
}

type ChargeSubject = Extract<Subject, { type: "charge" }>;

function tellOfCharge(event: Event, subject: ChargeSubject, checkout: CheckoutAddresses): Told | undefined {
  const type = chargeTypes[event.type as ChargeEventType];
  if (type === undefined) return undefined;
  const { charge, payment } = subject;
  const order = charge.details.shown.order as { orderReferenceNumber?: string } | undefined;
  const data = {
    paymentChargeId: charge.wireId,
    // Several events may be of one change: this one left it so.
    paymentChargeStatus: chargeStatus[event.data.state as ChargeState],
    paymentMethod: charge.method,
    merchantPaymentChargeReference: charge.reference ?? undefined,
    orderReferenceNumber: order?.orderReferenceNumber,
    ...detailOf(event.type as ChargeEventType, subject, checkout),
  };
  return { type, about: charge.wireId, urls: payment.noticeUrls, data };
}

function detailOf(
  type: ChargeEventType,
  { charge, step, refund }: ChargeSubject,
  checkout: CheckoutAddresses,
): Record<string, unknown> {
  const money = (value: number) => ({ value, currency: charge.currency });
  const { shown } = charge.details;
  const authorization = () => ({ authorizationId: stepId(step!), amount: money(step!.amount) });
  const failed = (failure: Failure | null) => (failure === null ? {} : { failure: wordBriefly(failure) });
  switch (type) {
    case "charge.created":
      return {
        paymentMedium: shown.paymentMedium ?? "ECOMMERCE",
        initiator: shown.initiator,
        paymentDescriptor: shown.paymentDescriptor,
        amount: money(charge.amount),
        order: shown.order,
        consumer: shown.consumer,
        authenticationSettings: shown.authenticationSettings,
        instrument: shown.instrument,
      };
    case "charge.authentication_pending": {
      const { authentications, dueAt, agreementId, wireId: id } = charge;
      const asked = agreementId === null ? id : wireId("agr", agreementId);
      return {
        ...authorization(),
        authenticationMethods: presentAuthentications(authentications, dueAt, asked, checkout),
      };
    }
    case "charge.confirmation_pending":
      return authorization();
    case "charge.authorized":
      return { ...authorization(), isMultiStep: charge.separateCapture };
    case "charge.authorization_failed":
      return { ...authorization(), ...failed(step!.failure) };
    case "charge.captured":
    case "charge.capture_failed":
      return {
        captureId: stepId(step!),
        amount: money(step!.amount),
        merchantCaptureReference: step!.reference ?? undefined,
        ...failed(step!.failure),
      };
    case "charge.voided":
    case "charge.void_failed":
      return {
        voidId: stepId(step!),
        amount: money(step!.amount),
        merchantVoidReference: step!.reference ?? undefined,
        ...failed(step!.failure),
      };
    case "charge.discarded":
    case "charge.discard_failed":
      return {
        discardType: discardType[step!.cause!],
        // The first step of every charge.
        authorizationId: wireId("authz", `${charge.id}-0001`),
        amount: money(charge.amount),
        merchantDiscardReference: step!.reference ?? undefined,
      };
    case "charge.refund_pending":
    case "charge.refunded":
    case "charge.refund_failed":
      return {
        refundId: refundId(refund!),
        amount: money(refund!.amount),
        merchantRefundReference: refund!.reference ?? undefined,
        ...failed(failureOfRefund(refund!)),
      };
    case "charge.funds_changed":
      return {
        paymentOperationId: stepId(step!),
        paymentOperationType: "CAPTURE",
        fundsState: captureFunds[fundsOf(step!, charge)],
        amount: money(step!.amount),
      };
    case "charge.authorizing":
      return {};
  }
}

function tellOfAgreement(event: Event, agreement: Agreement, checkout: CheckoutAddresses): Told | undefined {
  const type = agreementTypes[event.type];
  if (type === undefined) return undefined;
  const { wireId: id, method, reference, noticeUrls, authentications, dueAt, failure } = agreement;
  const { shown } = agreement.details;
  const created = {
    description: shown.description,
    startDate: shown.startDate,
    endDate: shown.endDate,
    frequency: shown.frequency,
    amount: shown.amount,
    amountType: shown.amountType,
    instrument: shown.instrument,
    consumer: shown.consumer,
  };
  const data = {
    paymentAgreementId: id,
    paymentAgreementStatus: agreementStatus[event.data.state as Agreement["state"]],
    paymentMethod: method,
    merchantPaymentAgreementReference: reference ?? undefined,
    ...(event.type === "agreement.created" ? created : {}),
    ...(event.type === "agreement.authentication_pending"
      ? { authenticationMethods: presentAuthentications(authentications, dueAt, id, checkout) }
      : {}),
    ...(event.type === "agreement.failed" && failure !== null ? { failure: wordBriefly(failure) } : {}),
  };
  return { type, about: id, urls: noticeUrls, data };
}
