/** A won that is sent to an account to see whether it takes it (1원 인증). The merchant pays for it. */
import { table } from "../../store/index.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";

export type VerificationState = "pending" | "unknown" | "succeeded" | "failed";

export interface Verification {
  id: string;
  merchantId: string;
  connector: string;
  operationId: string;
  bankCode: string;
  numberIndex: string;
  numberMasked: string;
  /** Whole won. */
  amount: number;
  currency: string;
  state: VerificationState;
  transactionId: string | null;
  failureCode: string | null;
  requestedAt: Date;
  updatedAt: Date;
  eventSeq: number;
}

export type VerificationEventType = `verification.${VerificationState}`;

export const verifications = table<Verification>(
  "account_verifications",
  [
    "id",
    "merchantId",
    "connector",
    "operationId",
    "bankCode",
    "numberIndex",
    "numberMasked",
    "amount",
    "currency",
    "state",
    "transactionId",
    "failureCode",
    "requestedAt",
    "updatedAt",
    "eventSeq",
  ],
  ["id"],
);

export function changeVerification(verification: Verification, change: Partial<Verification>, now: Date) {
  const tell = ({ state, bankCode, numberMasked, amount, failureCode }: Verification) =>
    ({
      subjectType: "verification",
      paymentId: null,
      type: `verification.${state}`,
      data: { bankCode, numberMasked, amount, reason: failureCode },
    }) as const;
  const { changed, event } = changeSubject(verification, change, tell, now);
  return { verification: changed, event } satisfies { verification: Verification; event: NewEvent };
}
