/**
 * An operation: a call to a bank or PG whose outcome may be unknown. The intent is committed first, then the call is
 * made outside of any transaction, then the outcome is committed.
 *
 *   pending ──▶ succeeded | failed
 *      └──▶ unknown ──▶ succeeded | failed      by asking, never by calling again
 *
 * The PG is told until when the order is good. Only after that does "we never heard of it" mean that nothing will
 * happen: until then the order may still be on its way. Times here are real time.
 */
import { createHash } from "node:crypto";
import { newId, type Queryable, table } from "../../store/index.ts";
import { limits } from "../limits.ts";

export type OperationState = "pending" | "unknown" | "succeeded" | "failed";
export type OperationKind =
  | "refund"
  | "receipt-issue"
  | "receipt-cancel"
  | "authorization"
  | "wallet-refund"
  | "ars-call"
  | "account-registration"
  | "withdrawal"
  | "verification";

export interface Operation {
  /** The key by which the PG knows it. */
  id: string;
  merchantId: string;
  connector: string;
  kind: OperationKind;
  /** The refund, receipt, charge, agreement, linked account, withdrawal or verification it is about. */
  subjectId: string;
  /** Of what was ordered: what the key stood for, should the PG remember it differently. */
  requestHash: string;
  state: OperationState;
  /** How often the PG was asked what became of it. */
  attempts: number;
  /** After this the PG must not begin to carry it out. */
  validUntil: Date;
  /** When to ask what became of it. */
  askAt: Date;
  /** Why its outcome is unknown, or why it failed. */
  reason: string | null;
  createdAt: Date;
  settledAt: Date | null;
}

export const operations = table<Operation>(
  "operations",
  [
    "id",
    "merchantId",
    "connector",
    "kind",
    "subjectId",
    "requestHash",
    "state",
    "attempts",
    "validUntil",
    "askAt",
    "reason",
    "createdAt",
    "settledAt",
  ],
  ["id"],
);

/** What a PG said of an order, or that nothing is known. */
export type OperationAnswer =
  | { outcome: "succeeded"; transactionId: string; approvalNumber?: string; billingKey?: string; registration?: string }
  /** It was not carried out and never will be; `message` is the PG's, for people, and `providerCode` its own code. */
  | { outcome: "failed"; code: string; message: string; providerCode?: string }
  /** The PG had no order of this key when it was asked, which was after `askedAt`. */
  | { outcome: "absent"; askedAt?: Date }
  | { outcome: "unknown"; reason: string };

/** What the answer means. */
export type Verdict = Exclude<OperationAnswer, { outcome: "absent" }>;

export function newOperationId(): string {
  return newId("op");
}

/** That nothing was there is final only when it was asked for after the order's time. */
export function judgeAnswer(operation: Operation, answer: OperationAnswer): Verdict {
  if (answer.outcome !== "absent") return answer;
  const final_ms = operation.validUntil.getTime() + limits.operation_clock_skew_ms;
  return answer.askedAt !== undefined && answer.askedAt.getTime() > final_ms
    ? { outcome: "failed", code: "never-received", message: "PG사가 요청을 받지 못했습니다." }
    : { outcome: "unknown", reason: "the order may still be on its way" };
}

export function newOperation(
  wanted: Pick<Operation, "id" | "merchantId" | "connector" | "kind" | "subjectId">,
  order: object,
  callTimeout_ms: number,
  realNow: Date,
): Operation {
  const validUntil = new Date(realNow.getTime() + callTimeout_ms);
  return {
    ...wanted,
    requestHash: createHash("sha256").update(JSON.stringify(order)).digest("hex"),
    state: "pending",
    attempts: 0,
    validUntil,
    askAt: new Date(validUntil.getTime() + limits.operation_ask_after_ms),
    reason: null,
    createdAt: realNow,
    settledAt: null,
  };
}

/** The operation after a verdict; undefined when it had been settled before, or the verdict says nothing new. */
export function settle(operation: Operation, verdict: Verdict, realNow: Date): Operation | undefined {
  if (isSettled(operation)) return undefined;
  if (verdict.outcome === "unknown") {
    const { reason } = verdict;
    const isNews = operation.state !== "unknown" || operation.reason !== reason;
    return isNews ? { ...operation, state: "unknown", reason } : undefined;
  }
  const reason = verdict.outcome === "failed" ? `${verdict.code}: ${verdict.message}` : null;
  return { ...operation, state: verdict.outcome, reason, settledAt: realNow };
}

export function isSettled(operation: Pick<Operation, "state">): boolean {
  return operation.state === "succeeded" || operation.state === "failed";
}

/** Locks them, and only then reads. */
export async function readLocked(tx: Queryable, ids: readonly string[]): Promise<Operation[]> {
  await operations.lock(tx, ids);
  return operations.read(tx, ids);
}
