/**
 * An agreement: a shopper's consent to charges that are made later without asking.
 *
 *   authenticating ─▶ authorizing ─▶ active ─▶ revoked by the merchant, the consumer or the provider
 *     │                 ├──▶ confirming ─▶ active | failed     the wallet did not answer, and was asked
 *     └─────────────────┴──▶ failed
 *
 * A first charge may be agreed to in one go with it; it is paid or fails with the same answer of the wallet.
 */
import { table } from "../../store/index.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";
import type { Json } from "../exchanges.ts";
import type { Authentication, Failure } from "./charge.ts";

export type Revoker = "merchant" | "consumer" | "provider";
export type AgreementState =
  | "initializing"
  | "authenticating"
  | "authorizing"
  | "confirming"
  | "active"
  | "failed"
  | `revoked-by-${Revoker}`;

export interface Agreement {
  id: string;
  merchantId: string;
  dialect: string;
  wireId: string;
  /** The merchant's own name for it. */
  reference: string | null;
  initialChargeId: string | null;
  instrumentId: string | null;
  channelId: string;
  connector: string;
  method: string;
  state: AgreementState;
  authentications: Authentication[];
  dueAt: Date | null;
  operationId: string | null;
  /** What later charges are made by, at the wallet. */
  billingKeyEncrypted: string | null;
  failure: Failure | null;
  /** Every state that it came into, in that order. */
  history: { id: string; state: AgreementState; failure: Failure | null; at: string }[];
  revocations: { id: string; by: Revoker; at: string }[];
  noticeUrls: string[];
  /** What the dialect was told and shows again. */
  details: { shown: { [field: string]: Json | undefined } };
  createdAt: Date;
  updatedAt: Date;
  eventSeq: number;
}

/** Of its own ids, by which it is told from a charge. */
export const agreementPrefix = "agr_";

export type AgreementEventType =
  | "agreement.created"
  | "agreement.authentication_pending"
  | "agreement.authorizing"
  | "agreement.confirmation_pending"
  | "agreement.active"
  | "agreement.failed"
  | `agreement.revoked_by_${Revoker}`;

export const agreements = table<Agreement>(
  "agreements",
  [
    "id",
    "merchantId",
    "dialect",
    "wireId",
    "reference",
    "initialChargeId",
    "instrumentId",
    "channelId",
    "connector",
    "method",
    "state",
    "authentications",
    "dueAt",
    "operationId",
    "billingKeyEncrypted",
    "failure",
    "history",
    "revocations",
    "noticeUrls",
    "details",
    "createdAt",
    "updatedAt",
    "eventSeq",
  ],
  ["id"],
);

/** The agreement after a change of state, and the one event that tells of it. */
export function changeAgreement(
  agreement: Agreement,
  change: Partial<Agreement>,
  type: AgreementEventType,
  now: Date,
): { agreement: Agreement; event: NewEvent } {
  const { state = agreement.state, failure = null } = change;
  const id = `${agreement.id}-${String(agreement.history.length + 1).padStart(4, "0")}`;
  const history = [...agreement.history, { id, state, failure, at: now.toISOString() }];
  const tell = () => ({ subjectType: "agreement", paymentId: null, type, data: {} }) as const;
  const { changed, event } = changeSubject(agreement, { ...change, history }, tell, now);
  return { agreement: changed, event };
}
