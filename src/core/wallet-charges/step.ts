/** What is done to a charge, beside refunds: its authorization, captures, voids, discards; those that were refused too. */
import { type Queryable, type Statement, table } from "../../store/index.ts";
import type { Failure, FundsState, WalletCharge } from "./charge.ts";

export type StepKind = "authorization" | "capture" | "void" | "discard";

export type StepState = "authenticating" | "confirming" | "succeeded" | "failed";

export type DiscardCause = "authentication-timeout" | "confirmation-timeout" | "merchant";

export interface ChargeStep {
  /** The charge's, and its place among the steps of that. */
  id: string;
  merchantId: string;
  paymentId: string;
  chargeId: string;
  kind: StepKind;
  state: StepState;
  /** In the currency's minor unit; 0 where nothing is moved. */
  amount: number;
  /** Of a discard. */
  cause: DiscardCause | null;
  /** The merchant's own name for it. */
  reference: string | null;
  labels: Record<string, string> | null;
  failure: Failure | null;
  /** The wallet's own id of an authorization. */
  transactionId: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export const chargeSteps = table<ChargeStep>(
  "charge_steps",
  [
    "id",
    "merchantId",
    "paymentId",
    "chargeId",
    "kind",
    "state",
    "amount",
    "cause",
    "reference",
    "labels",
    "failure",
    "transactionId",
    "createdAt",
    "updatedAt",
  ],
  ["id"],
);

/** The next step of a charge that has these; nothing is random, so a rule can make it. */
export function newStep(
  { id: chargeId, merchantId, paymentId }: Pick<WalletCharge, "id" | "merchantId" | "paymentId">,
  earlier: readonly ChargeStep[],
  known: Pick<ChargeStep, "kind" | "state" | "amount"> & Partial<ChargeStep>,
  now: Date,
): ChargeStep {
  return {
    id: `${chargeId}-${String(earlier.length + 1).padStart(4, "0")}`,
    merchantId,
    paymentId,
    chargeId,
    cause: null,
    reference: null,
    labels: null,
    failure: null,
    transactionId: null,
    createdAt: now,
    updatedAt: now,
    ...known,
  };
}

/** When the wallet's settlement of a capture arrives. */
export function settlesAt(capture: ChargeStep, { details }: Pick<WalletCharge, "details">): Date {
  return new Date(capture.createdAt.getTime() + details.settles.after_s * 1000);
}

/** What became of a capture's money. While some of a charge's is waited for, `dueAt` is when the next of it arrives. */
export function fundsOf(capture: ChargeStep, charge: Pick<WalletCharge, "details" | "dueAt">): FundsState {
  const { as } = charge.details.settles;
  if (capture.state !== "succeeded" || as === "not-expected") return "not-expected";
  return charge.dueAt !== null && settlesAt(capture, charge) >= charge.dueAt ? "waiting" : as;
}

const BY_CHARGE: Statement = {
  name: "steps-by-charge",
  text: `SELECT ${chargeSteps.select("s")} FROM charge_steps s WHERE charge_id = ANY($1) ORDER BY id`,
};

/** In the order in which they were made. All steps of a charge are changed under its payment's lock. */
export async function readStepsByCharge(db: Queryable, chargeIds: readonly string[]): Promise<ChargeStep[]> {
  return chargeIds.length === 0 ? [] : (await db.query<ChargeStep>(BY_CHARGE, [chargeIds])).rows;
}
