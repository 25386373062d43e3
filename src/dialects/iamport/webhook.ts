/**
 * An event as this dialect announces it: three fields, and the cancellation's id where there is one; no signature, since
 * the receiver is meant to read the payment again. Changes, withdrawals, failures and expiry are not announced. Pure.
 */

import type { Event } from "../../core/events/event.ts";
import type { Announcer } from "../../core/index.ts";
import type { Payment } from "../../core/payments/payment.ts";
import { cancellationId, dialect } from "./identifiers.ts";
import { statusOf } from "./present.ts";

/** Only where the merchant asked for re-sends, and then after no answer or 5xx. */
export const resendDelays_s = [60, 60, 60, 60, 60];
const resendStatus = 500;

/** A refund, if whoever asked for it wants to be told, or a credit that the bank took back: all of it or a part. */
const cancelling = [
  "payment.cancelled",
  "payment.partly_refunded",
  "payment.reversed",
  "payment.partly_reversed",
] as const satisfies readonly Event["type"][];

function bodyOf(event: Event, payment: Payment) {
  const about = { imp_uid: payment.wireId, merchant_uid: payment.reference };
  if (!cancelling.some((type) => type === event.type)) return { ...about, status: statusOf[payment.state] };
  const { refundId, depositId } = event.data;
  return { ...about, status: "cancelled", cancellation_id: cancellationId(String(refundId ?? depositId)) };
}

export function iamportAnnouncer(options: { announceIssued: boolean }): Announcer {
  return {
    dialect,
    announces: [
      ...(options.announceIssued ? (["payment.ready"] as const) : []),
      "payment.paid",
      "payment.deposited",
      ...cancelling,
    ],
    announce: (event, payment, url) => ({
      url,
      headers: { "content-type": "application/json; charset=utf-8", "user-agent": "Naru-Webhook" },
      body: JSON.stringify(bodyOf(event, payment)),
      retryDelays_s: payment.noticeResend ? resendDelays_s : [],
      retryStatus: resendStatus,
    }),
  };
}
