/**
 * A call that counts once however often it comes.
 *
 *   taken ──▶ bound ──▶ answered      two commits: the intent binds it to what it makes, the outcome answers it
 *     ├───────────────────▲           one commit that does both
 *     └──▶ (no row)                   refused or failed: the key is free again
 *
 * While taken or bound it is under lease of a node. When that node is dead, or lets go, a taken call may be made anew: it
 * has done nothing. A bound one has, and whoever gets it next brings it to its end. What commits a change commits the
 * call's new state with it, and only under the lease, so a node that lost the call meanwhile changes nothing.
 */
import { table } from "../../store/index.ts";
import type { FieldPlace } from "../secrets.ts";

export interface IdempotentCall {
  /** Keyed hash of who called what with which key. */
  id: string;
  merchantId: string;
  /** Keyed hash of what was asked. */
  requestHash: string;
  leaseNode: string | null;
  /** Fences: a change under another lease is none of this call. */
  leaseId: string | null;
  /** What it makes. */
  subjectId: string | null;
  status: number | null;
  answerEncrypted: string | null;
  /** Real time. */
  madeAt: Date;
  /** Business time. */
  expiresAt: Date;
}

export type CallKey = Pick<IdempotentCall, "id" | "merchantId" | "requestHash">;

/** The right to make a call's change: what a command is given. */
export interface Lease {
  callId: string;
  merchantId: string;
  leaseId: string;
}

/** What a change makes of its call: it is bound, and more is to come; or it is answered too, by a text exactly as sent. */
export type CallRecord = { lease: Lease; subjectId: string } | AnsweredCall;

export interface AnsweredCall {
  lease: Lease;
  subjectId: string;
  status: number;
  answer: string;
}

export const idempotentCalls = table<IdempotentCall>(
  "idempotent_calls",
  [
    "id",
    "merchantId",
    "requestHash",
    "leaseNode",
    "leaseId",
    "subjectId",
    "status",
    "answerEncrypted",
    "madeAt",
    "expiresAt",
  ],
  ["id"],
);

export function answerPlace(row: string, merchantId: string): FieldPlace {
  return { table: idempotentCalls.name, column: "answer_encrypted", row, merchantId };
}
