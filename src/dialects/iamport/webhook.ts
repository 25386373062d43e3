/**
 * An event as this dialect announces it: three fields, and the cancellation's id where there is one; no signature, since
 * the receiver is meant to read the payment again. Changes, withdrawals, failures and expiry are not announced. Pure.
 */

import type { Event } from "../../core/events/event.ts";
import type { Payment } from "../../core/payments/payment.ts";
import type { Announcer } from "../../core/webhooks/delivery.ts";
import { cancellationId, dialect } from "./identifiers.ts";
import { statusOf } from "./present.ts";

/** Only where the merchant asked for re-sends, and then after no answer or 5xx. */
export const resendDelays_s = [60, 60, 60, 60, 60];
const resendStatus = 500;
/** Connecting, which has a limit of its own, included; a re-send has 15 seconds for all of it. */
const timeouts = { first: { read_ms: 30_000, total_ms: 45_000 }, later: { read_ms: 15_000, total_ms: 15_000 } };

/** A refund, if whoever asked for it wants to be told, or a credit that the bank took back: all of it or a part. */
const cancelling = [
  "payment.cancelled",
  "payment.partly_refunded",
  "payment.reversed",
  "payment.partly_reversed",
] as const satisfies readonly Event["type"][];

/** Told to every address, whatever the merchant has set. */
const always = ["payment.paid", "payment.deposited", ...cancelling] as const;

function bodyOf(event: Event, payment: Payment) {
  const about = { imp_uid: payment.wireId, merchant_uid: payment.reference };
  if (!cancelling.some((type) => type === event.type)) return { ...about, status: statusOf[payment.state] };
  const { refundId, depositId } = event.data;
  return { ...about, status: "cancelled", cancellation_id: cancellationId(String(refundId ?? depositId)) };
}

/** `announceIssued`: for merchants that have not set it. */
export function iamportAnnouncer(node: { announceIssued: boolean }): Announcer {
  return {
    dialect,
    announces: always,
    announce(event, subject, settings) {
      if (subject.type !== "payment") return [];
      const { payment } = subject;
      const issued = event.type === "payment.ready" && (settings.announceIssued ?? node.announceIssued);
      if (!issued && !always.some((type) => type === event.type)) return [];
      const fields = bodyOf(event, payment);
      const form = settings.webhookFormat === "form";
      const type = form ? "application/x-www-form-urlencoded" : "application/json; charset=utf-8";
      return payment.noticeUrls.map((url) => ({
        url,
        headers: { "content-type": type, "user-agent": "Naru-Webhook" },
        body: form ? String(new URLSearchParams(fields)) : JSON.stringify(fields),
        retryDelays_s: settings.resendWebhooks === true ? resendDelays_s : [],
        retryStatus: resendStatus,
        ordered: true,
      }));
    },
    timeouts,
  };
}
