/**
 * A delivery: one event to one URL. The bytes are frozen with the event, by a pure function that the payment's dialect
 * hands in at start-up, so that a later attempt says what the first one said.
 *
 *   pending ──▶ delivered    a receiver answered 2xx, once
 *     │  ▲ └──▶ exhausted    the last attempt that the schedule allows has failed
 *     │  └────────┴──        sent again by hand: the schedule begins anew
 */
import { newId, table } from "../../store/index.ts";
import type { Event } from "../events/event.ts";
import { limits } from "../limits.ts";
import type { MerchantSettings } from "../merchants/merchant.ts";
import type { Payment } from "../payments/payment.ts";
import type { Refund } from "../refunds/refund.ts";
import type { Agreement } from "../wallet-charges/agreement.ts";
import type { WalletCharge } from "../wallet-charges/charge.ts";
import type { ChargeStep } from "../wallet-charges/step.ts";

/** What clients are told of: a payment, a charge with what was done to it, an agreement. */
export type Subject =
  | { type: "payment"; payment: Payment }
  | {
      type: "charge";
      payment: Payment;
      charge: WalletCharge;
      step: ChargeStep | undefined;
      refund: Refund | undefined;
    }
  | { type: "agreement"; agreement: Agreement };

export function noticeUrlsOf(subject: Subject): readonly string[] {
  return (subject.type === "agreement" ? subject.agreement : subject.payment).noticeUrls;
}

export interface Announcement {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Seconds to wait after each failed attempt; empty for one attempt only. */
  retryDelays_s: number[];
  /** An answer of this status or a higher one is tried again, as is no answer; a lower one is the receiver's word. */
  retryStatus: number;
  /** Whether it waits for the announcement before it, of the same subject to the same URL. */
  ordered: boolean;
}

/** How long an attempt may take, in real time. */
export interface Timeouts {
  /** For the answer to begin, and between the bytes of its headers. */
  read_ms: number;
  /** From the beginning to the end. */
  total_ms: number;
}

/** What a dialect hands in so that the core can tell its clients of changes. */
export interface Announcer {
  readonly dialect: string;
  /** Types of payments' events of which every address is told, whatever the merchant has set. */
  readonly announces: readonly Event["type"][];
  /**
   * What is told of an event, with its subject as the change left it and the merchant's settings; nothing of what the
   * dialect or the merchant keeps quiet. Several events may be of one change: what was between stands in the event. Pure.
   */
  announce(event: Event, subject: Subject, settings: MerchantSettings): Announcement[];
  /** Of the first attempt and of those after it. */
  readonly timeouts: { readonly first: Timeouts; readonly later: Timeouts };
  /** Headers by which the receiver knows who sent this attempt; `at` is real time. */
  sign?(delivery: Pick<Delivery, "merchantId" | "url" | "body">, at: Date): Promise<Record<string, string>>;
}

export interface Delivery {
  id: string;
  merchantId: string;
  eventId: string;
  /** Null for an agreement's. */
  paymentId: string | null;
  subjectId: string;
  subjectSeq: number;
  dialect: string;
  url: string;
  /** The merchant, and the URL without its query: by this attempts are shared out. */
  receiver: string;
  headers: Record<string, string>;
  body: string;
  retryDelaysS: number[];
  retryStatus: number;
  ordered: boolean;
  state: DeliveryState;
  /** All attempts ever made. */
  attempts: number;
  /** Those since it was queued. */
  tries: number;
  /** When it was made, or when it was last asked to be sent again. */
  queuedAt: Date;
  nextAttemptAt: Date;
  leaseNode: string | null;
  leaseId: string | null;
  createdAt: Date;
  /** When a receiver first took it; later attempts do not undo that. */
  deliveredAt: Date | null;
  finishedAt: Date | null;
}

export const deliveryStates = ["pending", "delivered", "exhausted"] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export const deliveries = table<Delivery>(
  "deliveries",
  [
    "id",
    "merchantId",
    "eventId",
    "paymentId",
    "subjectId",
    "subjectSeq",
    "dialect",
    "url",
    "receiver",
    "headers",
    "body",
    "retryDelaysS",
    "retryStatus",
    "ordered",
    "state",
    "attempts",
    "tries",
    "queuedAt",
    "nextAttemptAt",
    "leaseNode",
    "leaseId",
    "createdAt",
    "deliveredAt",
    "finishedAt",
  ],
  ["id"],
);

export function newDeliveries(event: Event, dialect: string, announcements: readonly Announcement[]): Delivery[] {
  return announcements.map(({ url, headers, body, retryDelays_s, retryStatus, ordered }) => ({
    id: newId("dlv"),
    merchantId: event.merchantId!,
    eventId: event.id,
    paymentId: event.paymentId,
    subjectId: event.subjectId,
    subjectSeq: event.subjectSeq,
    dialect,
    url,
    receiver: receiverOf(event.merchantId!, url),
    headers,
    body,
    retryDelaysS: retryDelays_s,
    retryStatus,
    ordered,
    state: "pending",
    attempts: 0,
    tries: 0,
    queuedAt: event.at,
    nextAttemptAt: event.at,
    leaseNode: null,
    leaseId: null,
    createdAt: event.at,
    deliveredAt: null,
    finishedAt: null,
  }));
}

/**
 * An address as it is called and shown: in ASCII, without what parsers leave out; undefined if none can be called so.
 * Credentials in it would be kept and shown with the payment, and are not sent.
 */
export function readNoticeUrl(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const { username, password, hostname, href } = new URL(text);
  const fits = href.length <= limits.notice_url_length && hostname.length <= limits.notice_host_length;
  return username === "" && password === "" && fits ? href : undefined;
}

/** Attempts are shared out among merchants, and among the places at which each is told; not by what a query adds. */
function receiverOf(merchantId: string, url: string): string {
  const { host, pathname } = URL.canParse(url) ? new URL(url) : { host: url, pathname: "" };
  return `${merchantId} ${host}${pathname}`.slice(0, limits.receiver_length);
}

/** What became of one attempt: a status the receiver answered with, or the reason there was none. */
export interface AttemptOutcome {
  status: number | null;
  error: string | null;
  /** The beginning of the receiver's answer. */
  answer: string | null;
  duration_ms: number;
}

export type Verdict = { state: "delivered" | "exhausted" } | { state: "pending"; wait_s: number };

/** What follows from the answer to an attempt, the `attempt`th since it was queued, by the schedule frozen with it. */
export function judgeAttempt(
  outcome: Pick<AttemptOutcome, "status">,
  attempt: number,
  schedule: Pick<Delivery, "retryDelaysS" | "retryStatus">,
): Verdict {
  const { status } = outcome;
  if (status !== null && status >= 200 && status < 300) return { state: "delivered" };
  const wait_s = schedule.retryDelaysS[attempt - 1];
  const mayRetry = status === null || status >= schedule.retryStatus;
  return mayRetry && wait_s !== undefined ? { state: "pending", wait_s } : { state: "exhausted" };
}
