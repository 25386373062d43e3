/** How calls are kept by the commands of charges: with the change that they make, and so that they count once. */
import type { Changes, Decision, WorkingState } from "../command.ts";
import { type ChargeRefusal, type Outcome, refused } from "../errors.ts";
import { type ExchangeDraft, type Json, recordExchange } from "../exchanges.ts";
import type { CallRecord, Lease } from "../idempotency/idempotent-call.ts";

/** How a call is kept: with the change that it makes, and by its key where it came with one. */
export interface Kept<Result> {
  /** Held until the call is answered. */
  lease: Lease | undefined;
  exchange: ExchangeDraft<Result>;
}

export type Refusable<Value> = Outcome<Value, ChargeRefusal>;

export const unique = (ids: readonly (string | null | undefined)[]) => [...new Set(ids.filter((id) => id != null))];

export const leasesOf = (requests: readonly { kept?: Pick<Kept<never>, "lease"> | undefined }[]) =>
  requests.map(({ kept }) => kept?.lease);

export const takenOver = { result: refused({ code: "call-taken-over" }), changes: {} } as const;

/** What the call has come to, if it came with a key. */
export function recordCall(
  lease: Lease | undefined,
  subjectId: string,
  answer?: { status: number; body: Json },
): CallRecord[] {
  if (lease === undefined) return [];
  if (answer === undefined) return [{ lease, subjectId }];
  return [{ lease, subjectId, status: answer.status, answer: JSON.stringify(answer.body) }];
}

/** The change with the call that made it; answered, or bound to what it made while the wallet is asked. */
export function keep<Result>(
  kept: Kept<Result> | undefined,
  owner: { merchantId: string; paymentId: string | null; subjectId: string },
  result: Result,
  changes: Changes,
  now: Date,
  isAnswered = true,
): Decision<Result> {
  if (kept === undefined) return { result, changes };
  const { merchantId, paymentId, subjectId } = owner;
  const { lease, exchange } = kept;
  if (!isAnswered) return { result, changes: { ...changes, calls: recordCall(lease, subjectId) } };
  const exchanges = recordExchange(exchange, { merchantId, paymentId }, result, now);
  return { result, changes: { ...changes, exchanges, calls: recordCall(lease, subjectId, exchange.answer(result)) } };
}

/** What was done is recorded even when the call was taken over; then it is not this node that answers it. */
export function heldStill<Result>(state: WorkingState, kept: Kept<Result> | undefined): Kept<Result> | undefined {
  return kept !== undefined && state.holdsCall(kept.lease) ? kept : undefined;
}
