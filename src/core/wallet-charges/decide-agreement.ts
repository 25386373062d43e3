/** The rules of agreements: made, charged under, revoked. What a shopper's answer makes of one is in `decide.ts`. Pure. */
import { accepted, type ChargeRefusal, type Outcome, refused } from "../errors.ts";
import { newOperation, type Operation } from "../operations/operation.ts";
import { type Agreement, changeAgreement, type Revoker } from "./agreement.ts";
import {
  available,
  type ChargeChanges,
  type ChargeWish,
  type Checkout,
  decideCharge,
  endOfAsking,
  methodObjection,
  none,
} from "./decide.ts";

/** What an agreement will be, as far as the caller says so. */
export interface AgreementWish
  extends Omit<
    ChargeWish,
    "chargeId" | "paymentId" | "amount" | "currency" | "description" | "buyer" | "details" | "userAgent"
  > {
  agreementId: string;
  details: Agreement["details"];
  /** A charge that the shopper agrees to in one with it. */
  initialCharge: Omit<ChargeWish, "callTimeout_ms"> | null;
}

export interface Agreed {
  checkout: Checkout & { agreement: Agreement };
  /** The wallet has to be asked: nobody else is. */
  operation: Operation | undefined;
}

export function decideAgreement(
  { instrumentMissing }: { instrumentMissing: boolean },
  wish: AgreementWish,
  now: Date,
  realNow: Date,
): { result: Agreed; changes: ChargeChanges } {
  const blank: Agreement = {
    id: wish.agreementId,
    merchantId: wish.merchantId,
    dialect: wish.dialect,
    wireId: wish.wireId,
    reference: wish.reference,
    initialChargeId: wish.initialCharge?.chargeId ?? null,
    instrumentId: wish.instrumentId,
    channelId: wish.channel.id,
    connector: wish.channel.connector,
    method: wish.method,
    state: "initializing",
    authentications: [],
    dueAt: null,
    operationId: null,
    billingKeyEncrypted: null,
    failure: null,
    history: [],
    revocations: [],
    noticeUrls: wish.noticeUrls,
    details: wish.details,
    createdAt: now,
    updatedAt: now,
    eventSeq: 0,
  };
  const created = changeAgreement(blank, { state: "initializing" }, "agreement.created", now);
  const { initialCharge } = wish;
  const failed = instrumentMissing
    ? ({ by: "naru", code: "instrument-not-found", message: null, providerCode: null } as const)
    : methodObjection(wish, initialCharge ?? undefined);
  if (failed !== undefined || wish.rules === null) {
    const change = { state: "failed", failure: failed!, initialChargeId: null } as const;
    const { agreement, event } = changeAgreement(created.agreement, change, "agreement.failed", now);
    return {
      result: { checkout: { agreement, charge: undefined }, operation: undefined },
      changes: { ...none(), agreements: [agreement], events: [created.event, event] },
    };
  }
  const authentications = available(wish.rules, wish.offered);
  const isAsked = wish.rules.asks.length > 0;
  const { operationId, merchantId, method } = wish;
  const { connector } = wish.channel;
  const operation = isAsked
    ? undefined
    : newOperation(
        { id: operationId, merchantId, connector, kind: "authorization", subjectId: blank.id },
        { method, amount: initialCharge?.amount ?? 0, currency: initialCharge?.currency ?? null },
        wish.callTimeout_ms,
        realNow,
      );
  const dueAt = isAsked ? endOfAsking(authentications, wish.authenticateWithin_s, now) : null;
  const { agreement, event } = isAsked
    ? changeAgreement(
        created.agreement,
        { state: "authenticating", authentications, dueAt },
        "agreement.authentication_pending",
        now,
      )
    : changeAgreement(created.agreement, { state: "authorizing", operationId }, "agreement.authorizing", now);
  const found = { agreement, instrumentMissing: false, isInitial: true };
  const { callTimeout_ms } = wish;
  const charged =
    initialCharge === null ? undefined : decideCharge(found, { ...initialCharge, callTimeout_ms }, now, realNow);
  const { chargeSteps = [], payments = [], charges = [], events = [] } = charged?.changes ?? {};
  return {
    result: { checkout: { agreement, charge: charged?.result.view }, operation },
    changes: {
      ...none(),
      payments,
      charges,
      chargeSteps,
      agreements: [agreement],
      operations: operation === undefined ? [] : [operation],
      events: [created.event, event, ...events],
    },
  };
}

/** Takes back an agreement that is active. */
export function decideRevoke(
  agreement: Agreement,
  by: Revoker,
  now: Date,
): { result: Outcome<Agreement, ChargeRefusal>; changes: Pick<ChargeChanges, "agreements" | "events"> } {
  const { state } = agreement;
  if (state !== "active") {
    return { result: refused({ code: "not-waiting", state }), changes: { agreements: [], events: [] } };
  }
  const revocation = {
    id: `${agreement.id}-${String(agreement.revocations.length + 1).padStart(4, "0")}`,
    by,
    at: now.toISOString(),
  };
  const revocations = [...agreement.revocations, revocation];
  const change = { state: `revoked-by-${by}` as const, revocations, billingKeyEncrypted: null };
  const changed = changeAgreement(agreement, change, `agreement.revoked_by_${by}`, now);
  return { result: accepted(changed.agreement), changes: { agreements: [changed.agreement], events: [changed.event] } };
}
