/** The rules of a call that counts once: what becomes of one that begins (contract 1.3). Pure. */
import { hour_ms, limits } from "../limits.ts";
import type { CallKey, IdempotentCall, Lease } from "./idempotent-call.ts";

export interface BeginRequest extends CallKey {
  /** The node that begins it, and the lease it will have if it may. */
  leaseNode: string;
  leaseId: string;
}

/**
 *   nobody        it has no lease, or that of a node that is dead
 *   node          a node that lives has it, be it the one that asks
 *   transaction   somebody has its row locked at this moment: it must not be waited for, and not be changed
 */
export type Holder = "nobody" | "node" | "transaction";

export type BeginResult =
  | { kind: "fresh"; lease: Lease }
  /** It has made this, but was not answered: to be brought to its end. */
  | { kind: "resume"; subjectId: string; lease: Lease }
  | { kind: "replay"; status: number; answerEncrypted: string }
  | { kind: "in-flight" }
  /** The key is another request's. */
  | { kind: "differs" };

export interface BeginDecision {
  result: BeginResult;
  /** The call under its new lease. */
  call?: IdempotentCall;
}

export function decideBegin(
  call: IdempotentCall | undefined,
  holder: Holder,
  request: BeginRequest,
  now: Date,
  realNow: Date,
): BeginDecision {
  if (call === undefined) return begun(request, now, realNow);
  // Under a lease that nobody holds nothing was done until it was bound, so the key is as good as never used.
  const isVoid = now >= call.expiresAt || (holder === "nobody" && call.subjectId === null);
  if (isVoid) return holder === "transaction" ? { result: { kind: "in-flight" } } : begun(request, now, realNow);
  if (call.requestHash !== request.requestHash) return { result: { kind: "differs" } };
  const { status, answerEncrypted, subjectId } = call;
  if (status !== null) return { result: { kind: "replay", status, answerEncrypted: answerEncrypted! } };
  if (holder !== "nobody") return { result: { kind: "in-flight" } };
  const { leaseNode, leaseId } = request;
  return {
    result: { kind: "resume", subjectId: subjectId!, lease: leaseOf(request) },
    call: { ...call, leaseNode, leaseId },
  };
}

function begun(request: BeginRequest, now: Date, realNow: Date): BeginDecision {
  const { id, merchantId, requestHash, leaseNode, leaseId } = request;
  return {
    result: { kind: "fresh", lease: leaseOf(request) },
    call: {
      id,
      merchantId,
      requestHash,
      leaseNode,
      leaseId,
      subjectId: null,
      status: null,
      answerEncrypted: null,
      madeAt: realNow,
      expiresAt: new Date(now.getTime() + limits.idempotency_key_hours * hour_ms),
    },
  };
}

function leaseOf({ id, merchantId, leaseId }: BeginRequest): Lease {
  return { callId: id, merchantId, leaseId };
}
