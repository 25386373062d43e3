/** The commands that make charges, ask the wallet about them, record what it said, and take further steps. */
import { newId, readRealNow } from "../../store/index.ts";
import { type CoreCommand, WorkingState } from "../command.ts";
import { lockCalls } from "../idempotency/commands.ts";
import type { Lease } from "../idempotency/idempotent-call.ts";
import { newOperationId, type Operation, type OperationAnswer, readLocked } from "../operations/operation.ts";
import { decideRefundOutcome } from "../refunds/decide.ts";
import { agreements } from "./agreement.ts";
import { type CheckoutOf, checkoutOf, loadCheckouts, ownerOf, subjectOf, viewOf } from "./checkouts.ts";
import {
  type Charged,
  type ChargeView,
  type ChargeWish,
  type Checkout,
  type CheckoutEnd,
  chargeAfterRefund,
  decideAuthorization,
  decideAuthorize,
  decideCapture,
  decideCharge,
  decideDiscard,
  decideEnd,
  decideVoid,
  type StepRequest,
} from "./decide.ts";
import { decideWalletRefund, type WalletRefunded, type WalletRefundRequest } from "./decide-refund.ts";
import type { Instrument } from "./instrument.ts";
import { instrumentOf, keptInstruments, loadInstruments } from "./instrument-commands.ts";
import { heldStill, type Kept, keep, leasesOf, type Refusable, recordCall, takenOver, unique } from "./kept.ts";
import type { ChargeStep } from "./step.ts";

export interface MakeChargeRequest {
  wish: ChargeWish;
  /** The agreement that it is made under. */
  agreementId: string | null;
  /** The instrument that was named, by the id its client knows. */
  namedInstrument: string | null;
  /** The instrument that comes with it. */
  newInstrument: Instrument | null;
  kept: Kept<Refusable<Charged>>;
}

export const makeCharge: CoreCommand<MakeChargeRequest, Refusable<Charged>> = {
  name: "make-charge",

  async load(tx, requests) {
    const state = new WorkingState();
    state.heldCalls = await lockCalls(tx, leasesOf(requests));
    const agreementIds = unique(requests.map((one) => one.agreementId));
    await agreements.lock(tx, agreementIds);
    state.realNow = await readRealNow(tx);
    for (const agreement of await agreements.read(tx, agreementIds)) state.agreements.set(agreement.id, agreement);
    await loadInstruments(tx, state, requests);
    return state;
  },

  decide(state, { wish, agreementId, namedInstrument, newInstrument, kept }, now) {
    if (!state.holdsCall(kept.lease)) return takenOver;
    const agreement = agreementId === null ? undefined : state.agreements.get(agreementId);
    const named = instrumentOf(state, namedInstrument, wish.merchantId);
    const instrumentMissing = namedInstrument !== null && named === undefined;
    const found = { agreement, instrumentMissing, isInitial: false };
    const makeBy = (instrument: Instrument | null) =>
      decideCharge(found, { ...wish, instrumentId: instrument?.id ?? wish.instrumentId }, now, state.realNow);
    const tried = makeBy(named ?? newInstrument);
    // What comes with a charge that is not made is not kept.
    const isMade = tried.result.view.charge.state !== "failed";
    const { result: made, changes } = isMade ? tried : makeBy(named ?? null);
    const result = { ok: true, value: made } as const;
    const owner = { merchantId: wish.merchantId, paymentId: wish.paymentId, subjectId: wish.chargeId };
    const instruments = keptInstruments(isMade ? newInstrument : null, now);
    return keep(kept, owner, result, { ...changes, instruments }, now, made.operation === undefined);
  },
};

export interface AuthorizeRequest {
  of: CheckoutOf;
  operationId: string;
  callTimeout_ms: number;
  /** Of the call that this is bound to; the outcome answers it. */
  lease: Lease | undefined;
}

export const beginAuthorization: CoreCommand<
  AuthorizeRequest,
  Refusable<{ checkout: Checkout; operation: Operation }>
> = {
  name: "begin-authorization",

  load: (tx, requests) =>
    loadCheckouts(
      tx,
      requests.map(({ of }) => of),
      requests.map(({ lease }) => lease),
    ),

  decide(state, { of, operationId, callTimeout_ms, lease }, now) {
    if (!state.holdsCall(lease)) return takenOver;
    const begun = decideAuthorize(checkoutOf(state, of), { operationId, callTimeout_ms }, now, state.realNow);
    if (!begun.result.ok) return begun;
    return { ...begun, changes: { ...begun.changes, calls: recordCall(lease, subjectOf(of)) } };
  },
};

export interface AuthorizationOutcome {
  operationId: string;
  of: CheckoutOf;
  answer: OperationAnswer;
  /** What the wallet's answer carried, as it may be stored. */
  billingKeyEncrypted: string | null;
  kept?: Kept<Checkout> | undefined;
}

export const recordAuthorization: CoreCommand<AuthorizationOutcome, Checkout> = {
  name: "record-authorization",

  async load(tx, requests) {
    const state = await loadCheckouts(
      tx,
      requests.map(({ of }) => of),
      leasesOf(requests),
    );
    const ids = requests.map((one) => one.operationId);
    for (const operation of await readLocked(tx, ids)) state.operations.set(operation.id, operation);
    return state;
  },

  decide(state, { of, operationId, answer, billingKeyEncrypted, kept }, now) {
    const checkout = checkoutOf(state, of);
    const operation = state.operations.get(operationId)!;
    const recorded = decideAuthorization(checkout, operation, answer, billingKeyEncrypted, now, state.realNow);
    return keep(heldStill(state, kept), ownerOf(recorded.result, of), recorded.result, recorded.changes, now);
  },
};

export interface EndRequest {
  of: CheckoutOf;
  how: CheckoutEnd;
  kept?: Kept<Refusable<Checkout>> | undefined;
}

export const endCheckout: CoreCommand<EndRequest, Refusable<Checkout>> = {
  name: "end-checkout",

  load: (tx, requests) =>
    loadCheckouts(
      tx,
      requests.map(({ of }) => of),
      leasesOf(requests),
    ),

  decide(state, { of, how, kept }, now) {
    if (!state.holdsCall(kept?.lease)) return takenOver;
    const { result, changes } = decideEnd(checkoutOf(state, of), how, now);
    return result.ok ? keep(kept, ownerOf(result.value, of), result, changes, now) : { result, changes };
  },
};

export type Stepped = { view: ChargeView; step: ChargeStep };

export interface TakeStepRequest {
  chargeId: string;
  step: ({ kind: "capture" | "void" } & StepRequest) | { kind: "discard"; reference: string | null };
  kept: Kept<Refusable<Stepped>>;
}

export const takeStep: CoreCommand<TakeStepRequest, Refusable<Stepped>> = {
  name: "take-charge-step",

  load: (tx, requests) =>
    loadCheckouts(
      tx,
      requests.map(({ chargeId }) => ({ chargeId })),
      leasesOf(requests),
    ),

  decide(state, { chargeId, step: { kind, ...wish }, kept }, now) {
    if (!state.holdsCall(kept.lease)) return takenOver;
    const view = viewOf(state, chargeId);
    const decided =
      kind === "discard"
        ? decideDiscard(view, wish.reference, now)
        : (kind === "capture" ? decideCapture : decideVoid)(view, wish as StepRequest, now);
    const { result, changes } = decided;
    if (!result.ok) return { result, changes };
    return keep(kept, { ...view.charge, subjectId: result.value.step.id }, result, changes, now);
  },
};

export function newRefundIds(): Pick<WalletRefundRequest, "refundId" | "operationId"> {
  return { refundId: newId("rfd"), operationId: newOperationId() };
}

export interface RefundChargeRequest extends WalletRefundRequest {
  chargeId: string;
  kept: Kept<Refusable<WalletRefunded>>;
}

export const requestWalletRefund: CoreCommand<RefundChargeRequest, Refusable<WalletRefunded>> = {
  name: "request-wallet-refund",

  load: (tx, requests) =>
    loadCheckouts(
      tx,
      requests.map(({ chargeId }) => ({ chargeId })),
      leasesOf(requests),
    ),

  decide(state, { chargeId, kept, ...request }, now) {
    if (!state.holdsCall(kept.lease)) return takenOver;
    const view = viewOf(state, chargeId);
    const { result, changes } = decideWalletRefund(view, request, now, state.realNow);
    if (!result.ok) return { result, changes };
    const isAnswered = result.value.operation === undefined;
    return keep(kept, { ...view.charge, subjectId: request.refundId }, result, changes, now, isAnswered);
  },
};

export interface WalletRefundOutcome {
  refundId: string;
  operationId: string;
  chargeId: string;
  answer: OperationAnswer;
  kept?: Kept<Refusable<WalletRefunded>> | undefined;
}

export const recordWalletRefund: CoreCommand<WalletRefundOutcome, Refusable<WalletRefunded>> = {
  name: "record-wallet-refund",

  async load(tx, requests) {
    const state = await loadCheckouts(
      tx,
      requests.map(({ chargeId }) => ({ chargeId })),
      leasesOf(requests),
    );
    const ids = requests.map((one) => one.operationId);
    for (const operation of await readLocked(tx, ids)) state.operations.set(operation.id, operation);
    return state;
  },

  decide(state, { chargeId, refundId, operationId, answer, kept }, now) {
    const view = viewOf(state, chargeId);
    const refund = state.refunds.get(refundId)!;
    const operation = state.operations.get(operationId)!;
    const given = decideRefundOutcome({ payment: view.payment, refund, operation }, answer, now, state.realNow);
    const { payment, refund: told } = given.result;
    const refunds = view.refunds.map((one) => (one.id === told.id ? told : one));
    const isNews = given.changes.events.length > 0;
    const after = isNews ? chargeAfterRefund({ ...view, payment, refunds }, told, now) : undefined;
    const result: Refusable<WalletRefunded> = {
      ok: true,
      value: { view: after?.view ?? { ...view, payment, refunds }, refund: told, operation: given.result.operation },
    };
    const events = [...given.changes.events, ...(after?.changes.events ?? [])];
    const changes = { ...given.changes, charges: after?.changes.charges ?? [], events };
    return keep(heldStill(state, kept), { ...view.charge, subjectId: refundId }, result, changes, now);
  },
};
