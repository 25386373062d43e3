/**
 * An event as this dialect announces it (`reference/iamport.md` 5): three fields, no signature; the receiver is meant to
 * read the payment again. Withdrawals, failures and expiry are not announced. Pure.
 */
import type { Announcer } from "../../core/index.ts";
import { statusOf } from "./present.ts";

/** Only where the merchant asked for re-sends, and then after no answer or 5xx. */
export const resendDelays_s = [60, 60, 60, 60, 60];
const resendStatus = 500;

export function iamportAnnouncer(options: { announceIssued: boolean }): Announcer {
  const always = ["payment.paid", "payment.deposited", "payment.partly_reversed", "payment.reversed"] as const;
  return {
    dialect: "iamport",
    announces: options.announceIssued ? ["payment.ready", ...always] : always,
    announce: (_event, payment, url) => ({
      url,
      headers: { "content-type": "application/json; charset=utf-8", "user-agent": "Naru-Webhook" },
      body: JSON.stringify({
        imp_uid: payment.wireId,
        merchant_uid: payment.reference,
        status: statusOf[payment.state],
      }),
      retryDelays_s: payment.noticeResend ? resendDelays_s : [],
      retryStatus: resendStatus,
    }),
  };
}
