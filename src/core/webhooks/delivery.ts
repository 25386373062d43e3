/**
 * A delivery: one event to one URL. The bytes are frozen with the event, by a pure function that the payment's dialect
 * hands in at start-up, so that a later attempt says what the first one said.
 *
 *   pending ──▶ delivered    a receiver answered 2xx
 *     └───────▶ exhausted    the last attempt the dialect's schedule allows has failed
 */
import { newId, table } from "../../store/index.ts";
import type { Event } from "../events/event.ts";
import type { Payment } from "../payments/payment.ts";

export interface Announcement {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Seconds to wait after each failed attempt; empty for one attempt only. */
  retryDelays_s: number[];
  /** An answer of this status or a higher one is tried again, as is no answer; a lower one is the receiver's word. */
  retryStatus: number;
}

/** What a dialect tells of an event, with the payment as the event left it; nothing for what it keeps to itself. */
export type Announce = (event: Event, payment: Payment) => Announcement[];

export interface Delivery {
  id: string;
  merchantId: string;
  eventId: string;
  paymentId: string;
  subjectId: string;
  subjectSeq: number;
  url: string;
  headers: Record<string, string>;
  body: string;
  retryDelaysS: number[];
  retryStatus: number;
  state: "pending" | "delivered" | "exhausted";
  attempts: number;
  nextAttemptAt: Date;
  leaseNode: string | null;
  leaseId: string | null;
  createdAt: Date;
  finishedAt: Date | null;
}

export const deliveries = table<Delivery>(
  "deliveries",
  [
    "id",
    "merchantId",
    "eventId",
    "paymentId",
    "subjectId",
    "subjectSeq",
    "url",
    "headers",
    "body",
    "retryDelaysS",
    "retryStatus",
    "state",
    "attempts",
    "nextAttemptAt",
    "leaseNode",
    "leaseId",
    "createdAt",
    "finishedAt",
  ],
  ["id"],
);

export function newDeliveries(event: Event, announcements: readonly Announcement[]): Delivery[] {
  return announcements.map(({ url, headers, body, retryDelays_s, retryStatus }) => ({
    id: newId("dlv"),
    merchantId: event.merchantId!,
    eventId: event.id,
    paymentId: event.paymentId!,
    subjectId: event.subjectId,
    subjectSeq: event.subjectSeq,
    url,
    headers,
    body,
    retryDelaysS: retryDelays_s,
    retryStatus,
    state: "pending",
    attempts: 0,
    nextAttemptAt: event.at,
    leaseNode: null,
    leaseId: null,
    createdAt: event.at,
    finishedAt: null,
  }));
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

/** What follows from the answer to an attempt, which is the delivery's `attempt`th, by the schedule frozen with it. */
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
