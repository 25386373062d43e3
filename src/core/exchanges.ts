/**
 * Exchanges: what a state-changing call asked and was answered, written with the change itself, so that a payment's
 * timeline shows how it began. The dialect masks personal data by its schema before it hands the request over.
 */
import { newId, table } from "../store/index.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };

export interface Exchange {
  id: string;
  merchantId: string;
  /** Null where the call was about a sale outside. */
  paymentId: string | null;
  dialect: string;
  method: string;
  path: string;
  request: Json;
  status: number;
  answer: Json;
  at: Date;
}

export const exchanges = table<Exchange>(
  "exchanges",
  ["id", "merchantId", "paymentId", "dialect", "method", "path", "request", "status", "answer", "at"],
  ["id"],
);

/** A call as the dialect hands it in; `answer` is pure and gives what the caller will be told. */
export interface ExchangeDraft<Result> {
  dialect: string;
  method: string;
  path: string;
  request: Json;
  answer(result: Result): { status: number; body: Json };
  /** Masks what may not be kept of the answer. */
  redactAnswer(body: Json): Json;
}

export function recordExchange<Result>(
  draft: ExchangeDraft<Result> | undefined,
  owner: { merchantId: string; paymentId: string | null },
  result: Result,
  now: Date,
): Exchange[] {
  if (draft === undefined) return [];
  const { dialect, method, path, request } = draft;
  const { status, body } = draft.answer(result);
  return [
    { id: newId("exc"), ...owner, dialect, method, path, request, status, answer: draft.redactAnswer(body), at: now },
  ];
}
