/** The rules of verifying an account by a won. Pure. The merchant pays it, once the PG says that it was sent. */
import { accepted, type LinkedAccountRefusal, type Outcome, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { accounts, type NewTransfer } from "../ledger/ledger.ts";
import { limits } from "../limits.ts";
import { KRW } from "../money.ts";
import { judgeAnswer, newOperation, type Operation, type OperationAnswer, settle } from "../operations/operation.ts";
import { changeVerification, type Verification } from "./verification.ts";

export interface VerifyRequest
  extends Pick<Verification, "id" | "merchantId" | "connector" | "bankCode" | "numberIndex" | "numberMasked"> {
  operationId: string;
  callTimeout_ms: number;
}

export interface Verifying {
  verification: Verification;
  operation: Operation;
}

export interface VerificationChanges {
  verifications: Verification[];
  operations: Operation[];
  transfers: NewTransfer[];
  events: NewEvent[];
}

/** The intent to send a won. */
export function decideVerify(
  { callTimeout_ms, ...wanted }: VerifyRequest,
  now: Date,
  realNow: Date,
): { result: Verifying; changes: VerificationChanges } {
  const blank: Verification = {
    ...wanted,
    amount: limits.verification_amount,
    currency: KRW,
    state: "pending",
    transactionId: null,
    failureCode: null,
    requestedAt: now,
    updatedAt: now,
    eventSeq: 0,
  };
  const { verification, event } = changeVerification(blank, {}, now);
  const { operationId: id, id: subjectId, merchantId, connector, bankCode, numberIndex, amount } = verification;
  const operation = newOperation(
    { id, merchantId, connector, kind: "verification", subjectId },
    { bankCode, numberIndex, amount },
    callTimeout_ms,
    realNow,
  );
  return {
    result: { verification, operation },
    changes: { verifications: [verification], operations: [operation], transfers: [], events: [event] },
  };
}

/** The PG's word, whichever way it comes; what comes after it was settled changes nothing. */
export function decideVerificationOutcome(
  { verification, operation }: Verifying,
  answer: OperationAnswer,
  now: Date,
  realNow: Date,
): { result: Verification; changes: VerificationChanges } {
  const verdict = judgeAnswer(operation, answer);
  const settled = settle(operation, verdict, realNow);
  const changes: VerificationChanges = { verifications: [], operations: [], transfers: [], events: [] };
  if (settled === undefined) return { result: verification, changes };
  changes.operations.push(settled);
  // Another reason for not knowing is no change of state.
  if (verdict.outcome === verification.state) return { result: verification, changes };
  const told = changeVerification(
    verification,
    {
      state: verdict.outcome,
      transactionId: verdict.outcome === "succeeded" ? verdict.transactionId : null,
      failureCode: verdict.outcome === "failed" ? verdict.code : null,
    },
    now,
  );
  changes.verifications.push(told.verification);
  changes.events.push(told.event);
  if (verdict.outcome === "succeeded") changes.transfers.push(sent(told.verification, now));
  return { result: told.verification, changes };
}

function sent({ id, merchantId, connector, amount, currency }: Verification, at: Date): NewTransfer {
  return {
    debitAccount: accounts.merchant(merchantId),
    creditAccount: accounts.bank(connector),
    code: "verification",
    amount,
    currency,
    merchantId,
    paymentId: null,
    depositId: null,
    refundId: null,
    verificationId: id,
    at,
  };
}

/** What whoever asked is told of it: a won that the PG did not send says that the account takes none. */
export function verificationOutcome(verification: Verification): Outcome<Verification, LinkedAccountRefusal> {
  switch (verification.state) {
    case "succeeded":
      return accepted(verification);
    case "failed":
      return refused({ code: "account-unknown" });
    default:
      return refused({ code: "verification-pending" });
  }
}
