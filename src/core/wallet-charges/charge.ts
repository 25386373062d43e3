/**
 * A charge: a payment that a shopper agrees to at a wallet, or agreed to earlier. What every payment has is in its
 * payment; this is the rest. `decide.ts` has the table of its states.
 */
import { type Queryable, type Statement, table } from "../../store/index.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";
import type { Json } from "../exchanges.ts";

export type ChargeState =
  /** New, or the wallet is being asked at this moment. */
  | "authorizing"
  /** The shopper has yet to agree. */
  | "authenticating"
  /** The shopper agreed, and the wallet has not said what it makes of it. */
  | "confirming"
  /** Something is left of what was authorized: it can be captured, or let go of. */
  | "authorized"
  /** Only on the way from authorized to captured, within one change. */
  | "capturing"
  | "captured"
  | "refunded"
  | "voided"
  | "discarded"
  | "failed";

/** A way in which the shopper may agree. */
export type Authentication =
  | { type: "redirect"; returnUrl: string }
  /** Until `scanBy`, ISO 8601, where the merchant named a time. */
  | { type: "scan-code"; scanBy: string | null }
  | { type: "multi-factor" };

/** Why something failed: who said so, in a code of our own, and in theirs. */
export interface Failure {
  by: "naru" | "wallet";
  code: string;
  message: string | null;
  providerCode: string | null;
}

/** What became of captured money at the wallet's settlement with the merchant's bank. */
export type FundsState = "not-expected" | "waiting" | "received" | "missing";

export interface WalletCharge {
  id: string;
  merchantId: string;
  paymentId: string;
  dialect: string;
  wireId: string;
  /** The merchant's own name for this attempt. */
  reference: string | null;
  agreementId: string | null;
  instrumentId: string | null;
  connector: string;
  /** The way of paying, as its contract spells it. */
  method: string;
  state: ChargeState;
  /** In the currency's minor unit. */
  amount: number;
  currency: string;
  country: string;
  capturedAmount: number;
  voidedAmount: number;
  /** Whether capturing is a step of its own; otherwise what is authorized is captured. */
  separateCapture: boolean;
  /** While the shopper has yet to agree. */
  authentications: Authentication[];
  /** When something happens by itself. */
  dueAt: Date | null;
  /** The call that asks the wallet. */
  operationId: string | null;
  /** Of the latest thing that failed. */
  failure: Failure | null;
  /** Waiting while some of what was captured is waited for. */
  funds: FundsState;
  details: ChargeDetails;
  createdAt: Date;
  updatedAt: Date;
  eventSeq: number;
}

/** What the core only keeps. */
export interface ChargeDetails {
  /** What the dialect was told and shows again. */
  shown: { [field: string]: Json | undefined };
  /** When the wallet's settlement arrives after a capture, and how. */
  settles: { after_s: number; as: Exclude<FundsState, "waiting"> };
  /** How long the wallet takes to decide, where a sandbox simulates that. */
  confirms_s: number | null;
}

export type ChargeEventType =
  | "charge.created"
  | "charge.authentication_pending"
  | "charge.authorizing"
  | "charge.confirmation_pending"
  | "charge.authorized"
  | "charge.authorization_failed"
  | "charge.captured"
  | "charge.capture_failed"
  | "charge.voided"
  | "charge.void_failed"
  | "charge.refund_pending"
  | "charge.refunded"
  | "charge.refund_failed"
  | "charge.discarded"
  | "charge.discard_failed"
  | "charge.funds_changed";

export const walletCharges = table<WalletCharge>(
  "wallet_charges",
  [
    "id",
    "merchantId",
    "paymentId",
    "dialect",
    "wireId",
    "reference",
    "agreementId",
    "instrumentId",
    "connector",
    "method",
    "state",
    "amount",
    "currency",
    "country",
    "capturedAmount",
    "voidedAmount",
    "separateCapture",
    "authentications",
    "dueAt",
    "operationId",
    "failure",
    "funds",
    "details",
    "createdAt",
    "updatedAt",
    "eventSeq",
  ],
  ["id"],
);

/** What an event of a charge is about, beside the charge. */
export interface EventDetail {
  stepId?: string;
  refundId?: string;
}

/** The charge after a change, and the one event that tells of it. */
export function changeCharge(
  charge: WalletCharge,
  change: Partial<WalletCharge>,
  type: ChargeEventType,
  now: Date,
  detail: EventDetail = {},
): { charge: WalletCharge; event: NewEvent } {
  const tell = ({ paymentId }: WalletCharge) =>
    ({ subjectType: "charge", paymentId, type, data: { ...detail } }) as const;
  const { changed, event } = changeSubject(charge, change, tell, now);
  return { charge: changed, event };
}

/** What of the authorized amount was neither captured nor let go of. */
export function uncaptured({ amount, capturedAmount, voidedAmount }: WalletCharge): number {
  return amount - capturedAmount - voidedAmount;
}

/** Nothing will happen to the payment any more but refunds. */
export function isFinal({ state }: Pick<WalletCharge, "state">): boolean {
  return !["authorizing", "authenticating", "confirming", "capturing"].includes(state);
}

const BY_PAYMENT: Statement = {
  name: "charges-by-payment",
  text: `SELECT ${walletCharges.select("c")} FROM wallet_charges c WHERE payment_id = ANY($1)`,
};

export async function readChargesByPayment(db: Queryable, paymentIds: readonly string[]): Promise<WalletCharge[]> {
  return paymentIds.length === 0 ? [] : (await db.query<WalletCharge>(BY_PAYMENT, [paymentIds])).rows;
}
