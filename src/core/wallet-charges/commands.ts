/** The commands that make charges and agreements, ask the wallet about them, and record what it said. */
import { businessNow, newId, type Queryable, readRealNow, type Statement } from "../../store/index.ts";
import { type Changes, type CoreCommand, type Decision, WorkingState } from "../command.ts";
import { type ChargeRefusal, type Outcome, refused } from "../errors.ts";
import { type ExchangeDraft, type Json, recordExchange } from "../exchanges.ts";
import { lockCalls } from "../idempotency/commands.ts";
import type { CallRecord, Lease } from "../idempotency/idempotent-call.ts";
import { newOperationId, type Operation, type OperationAnswer, readLocked } from "../operations/operation.ts";
import { payments } from "../payments/payment.ts";
import { decideRefundOutcome } from "../refunds/decide.ts";
import { readRefundsByPayment } from "../refunds/refund.ts";
import { type Agreement, agreements, type Revoker } from "./agreement.ts";
import { walletCharges } from "./charge.ts";
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
  decideDue,
  decideEnd,
  decideVoid,
  type StepRequest,
} from "./decide.ts";
import { type Agreed, type AgreementWish, decideAgreement, decideRevoke } from "./decide-agreement.ts";
import { decideWalletRefund, type WalletRefunded, type WalletRefundRequest } from "./decide-refund.ts";
import { type Instrument, instruments } from "./instrument.ts";
import { findInstruments } from "./read.ts";
import { type ChargeStep, readStepsByCharge } from "./step.ts";

/** How a call is kept: with the change that it makes, and by its key where it came with one. */
export interface Kept<Result> {
  /** Held until the call is answered. */
  lease: Lease | undefined;
  exchange: ExchangeDraft<Result>;
}

type Refusable<Value> = Outcome<Value, ChargeRefusal>;

const unique = (ids: readonly (string | null | undefined)[]) => [...new Set(ids.filter((id) => id != null))];

const leasesOf = (requests: readonly { kept?: Pick<Kept<never>, "lease"> | undefined }[]) =>
  requests.map(({ kept }) => kept?.lease);

const takenOver = { result: refused({ code: "call-taken-over" }), changes: {} } as const;

/** What the call has come to, if it came with a key. */
function recordCall(
  lease: Lease | undefined,
  subjectId: string,
  answer?: { status: number; body: Json },
): CallRecord[] {
  if (lease === undefined) return [];
  if (answer === undefined) return [{ lease, subjectId }];
  return [{ lease, subjectId, status: answer.status, answer: JSON.stringify(answer.body) }];
}

/** The change with the call that made it; answered, or bound to what it made while the wallet is asked. */
function keep<Result>(
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

function keptInstruments(instrument: Instrument | null, now: Date): Instrument[] {
  return instrument === null ? [] : [{ ...instrument, createdAt: now, updatedAt: now }];
}

async function loadInstruments(
  tx: Queryable,
  state: WorkingState,
  requests: readonly { namedInstrument: string | null }[],
): Promise<void> {
  const named = unique(requests.map((one) => one.namedInstrument));
  for (const instrument of await findInstruments(tx, named)) state.instruments.set(instrument.wireId, instrument);
}

function instrumentOf(state: WorkingState, named: string | null, merchantId: string): Instrument | undefined {
  const found = named === null ? undefined : state.instruments.get(named);
  return found?.merchantId === merchantId ? found : undefined;
}

/** What a shopper is asked to agree to. */
export type CheckoutOf = { chargeId: string } | { agreementId: string };

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

/** What was done is recorded even when the call was taken over; then it is not this node that answers it. */
function heldStill<Result>(state: WorkingState, kept: Kept<Result> | undefined): Kept<Result> | undefined {
  return kept !== undefined && state.holdsCall(kept.lease) ? kept : undefined;
}

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

export interface MakeAgreementRequest {
  wish: AgreementWish;
  namedInstrument: string | null;
  newInstrument: Instrument | null;
  kept: Kept<Refusable<Agreed>>;
}

export const makeAgreement: CoreCommand<MakeAgreementRequest, Refusable<Agreed>> = {
  name: "make-agreement",

  async load(tx, requests) {
    const state = new WorkingState();
    state.heldCalls = await lockCalls(tx, leasesOf(requests));
    state.realNow = await readRealNow(tx);
    await loadInstruments(tx, state, requests);
    return state;
  },

  decide(state, { wish, namedInstrument, newInstrument, kept }, now) {
    if (!state.holdsCall(kept.lease)) return takenOver;
    const named = instrumentOf(state, namedInstrument, wish.merchantId);
    const found = { instrumentMissing: namedInstrument !== null && named === undefined };
    const makeBy = (instrument: Instrument | null) => {
      const instrumentId = instrument?.id ?? null;
      const initialCharge = wish.initialCharge && { ...wish.initialCharge, instrumentId };
      return decideAgreement(found, { ...wish, instrumentId, initialCharge }, now, state.realNow);
    };
    const tried = makeBy(named ?? newInstrument);
    const isMade = tried.result.checkout.agreement.state !== "failed";
    const made = isMade ? tried : makeBy(named ?? null);
    const { agreement, charge } = made.result.checkout;
    const owner = { merchantId: wish.merchantId, paymentId: charge?.payment.id ?? null, subjectId: agreement.id };
    const instruments = keptInstruments(isMade ? newInstrument : null, now);
    const isAnswered = made.result.operation === undefined;
    return keep(kept, owner, { ok: true, value: made.result }, { ...made.changes, instruments }, now, isAnswered);
  },
};

export interface RevokeRequest {
  agreementId: string;
  by: Revoker;
  kept?: Kept<Refusable<Agreement>> | undefined;
}

export const revokeAgreement: CoreCommand<RevokeRequest, Refusable<Agreement>> = {
  name: "revoke-agreement",

  load: (tx, requests) =>
    loadCheckouts(
      tx,
      requests.map(({ agreementId }) => ({ agreementId })),
      leasesOf(requests),
    ),

  decide(state, { agreementId, by, kept }, now) {
    if (!state.holdsCall(kept?.lease)) return takenOver;
    const agreement = state.agreements.get(agreementId)!;
    const { result, changes } = decideRevoke(agreement, by, now);
    const owner = { merchantId: agreement.merchantId, paymentId: null, subjectId: agreement.id };
    // That one cannot be revoked is an answer too.
    return keep(kept, owner, result, changes, now);
  },
};

export interface SweepRequest {
  /** How many of each are taken in this transaction at most. */
  limit: number;
}

/** By the partial indexes on what is due. A payment that is locked is changing at this moment: it is looked at next time. */
const TAKE_DUE_CHARGES: Statement = {
  name: "take-due-charges",
  text: `SELECT c.id FROM wallet_charges c JOIN payments p ON p.id = c.payment_id WHERE c.id IN (
      SELECT id FROM wallet_charges WHERE due_at <= ${businessNow} ORDER BY due_at LIMIT $1)
    FOR UPDATE OF p SKIP LOCKED`,
};
const DUE_AGREEMENTS: Statement = {
  name: "due-agreements",
  text: `SELECT a.id, c.payment_id AS "paymentId" FROM agreements a LEFT JOIN wallet_charges c ON c.id = a.initial_charge_id
    WHERE a.due_at <= ${businessNow} ORDER BY a.due_at LIMIT $1`,
};
/** The same: what somebody has locked is changing. */
const TAKE_FREE_PAYMENTS: Statement = {
  name: "take-free-payments",
  text: "SELECT id FROM payments WHERE id = ANY($1) FOR UPDATE SKIP LOCKED",
};
const TAKE_FREE_AGREEMENTS: Statement = {
  name: "take-free-agreements",
  text: "SELECT id FROM agreements WHERE id = ANY($1) FOR UPDATE SKIP LOCKED",
};
const ANY_DUE: Statement = {
  name: "any-charge-due",
  text: `SELECT EXISTS (SELECT FROM wallet_charges WHERE due_at <= ${businessNow})
    OR EXISTS (SELECT FROM agreements WHERE due_at <= ${businessNow}) AS due`,
};

/** Whether a sweep would find anything, so that an idle node commits nothing. */
export async function isAnyChargeDue(db: Queryable): Promise<boolean> {
  return (await db.query<{ due: boolean }>(ANY_DUE)).rows[0]!.due;
}

const idsOf = async (tx: Queryable, statement: Statement, value: unknown) =>
  (await tx.query<{ id: string }>(statement, [value])).rows.map(({ id }) => id);

/** Answers how many charges it changed. */
export const sweepCharges: CoreCommand<SweepRequest, number> = {
  name: "sweep-charges",

  async load(tx, requests) {
    const due = await idsOf(tx, TAKE_DUE_CHARGES, Math.max(...requests.map(({ limit }) => limit)));
    return loadCheckouts(
      tx,
      due.map((chargeId) => ({ chargeId })),
      [],
    );
  },

  decide: (state, _request, now) =>
    sweep(
      [...state.charges.keys()].map((chargeId) => checkoutOf(state, { chargeId })),
      now,
    ),
};

/** The same of agreements, with the first charges that wait with them. Nothing that is locked is waited for. */
export const sweepAgreements: CoreCommand<SweepRequest, number> = {
  name: "sweep-agreements",

  async load(tx, requests) {
    const limit = Math.max(...requests.map((request) => request.limit));
    const due = (await tx.query<{ id: string; paymentId: string | null }>(DUE_AGREEMENTS, [limit])).rows;
    const free = await idsOf(
      tx,
      TAKE_FREE_PAYMENTS,
      due.flatMap(({ paymentId }) => paymentId ?? []),
    );
    const open = due.filter(({ paymentId }) => paymentId === null || free.includes(paymentId)).map(({ id }) => id);
    const taken = await idsOf(tx, TAKE_FREE_AGREEMENTS, open);
    return loadCheckouts(
      tx,
      taken.map((agreementId) => ({ agreementId })),
      [],
    );
  },

  decide: (state, _request, now) =>
    sweep(
      [...state.agreements.keys()].map((agreementId) => checkoutOf(state, { agreementId })),
      now,
    ),
};

function sweep(checkouts: readonly Checkout[], now: Date): Decision<number> {
  const changed = checkouts.map((checkout) => decideDue(checkout, now)).filter((changes) => changes !== undefined);
  return {
    result: changed.length,
    changes: {
      payments: changed.flatMap((changes) => changes.payments),
      charges: changed.flatMap((changes) => changes.charges),
      chargeSteps: changed.flatMap((changes) => changes.chargeSteps),
      agreements: changed.flatMap((changes) => changes.agreements),
      events: changed.flatMap((changes) => changes.events),
    },
  };
}

/**
 * Every change of a charge goes through its payment's lock, every change of an agreement through its own after those of
 * its first charge.
 */
async function loadCheckouts(
  tx: Queryable,
  checkouts: readonly CheckoutOf[],
  leases: readonly (Lease | undefined)[],
): Promise<WorkingState> {
  const state = new WorkingState();
  state.heldCalls = await lockCalls(tx, leases);
  const agreementIds = unique(checkouts.map((of) => ("agreementId" in of ? of.agreementId : null)));
  const initial = (await agreements.read(tx, agreementIds)).map((agreement) => agreement.initialChargeId);
  const named = checkouts.map((of) => ("chargeId" in of ? of.chargeId : null));
  const chargeIds = unique([...named, ...initial]);
  const paymentIds = (await walletCharges.read(tx, chargeIds)).map(({ paymentId }) => paymentId);
  await payments.lock(tx, paymentIds);
  await agreements.lock(tx, agreementIds);
  state.realNow = await readRealNow(tx);
  for (const payment of await payments.read(tx, paymentIds)) state.putPayment(payment);
  for (const charge of await walletCharges.read(tx, chargeIds)) state.charges.set(charge.id, charge);
  for (const step of await readStepsByCharge(tx, chargeIds)) state.chargeSteps.set(step.id, step);
  for (const refund of await readRefundsByPayment(tx, paymentIds)) state.refunds.set(refund.id, refund);
  for (const agreement of await agreements.read(tx, agreementIds)) state.agreements.set(agreement.id, agreement);
  return state;
}

function viewOf(state: WorkingState, chargeId: string): ChargeView {
  const charge = state.charges.get(chargeId)!;
  const { paymentId } = charge;
  return {
    payment: state.payments.get(paymentId)!,
    charge,
    steps: state.stepsOf(chargeId),
    refunds: state.refundsOf(paymentId),
  };
}

function checkoutOf(state: WorkingState, of: CheckoutOf): Checkout {
  if ("chargeId" in of) return { agreement: undefined, charge: viewOf(state, of.chargeId) };
  const agreement = state.agreements.get(of.agreementId)!;
  const { initialChargeId } = agreement;
  return { agreement, charge: initialChargeId === null ? undefined : viewOf(state, initialChargeId) };
}

export function subjectOf(of: CheckoutOf): string {
  return "chargeId" in of ? of.chargeId : of.agreementId;
}

function ownerOf({ agreement, charge }: Checkout, of: CheckoutOf) {
  const { merchantId } = agreement ?? charge!.charge;
  return { merchantId, paymentId: charge?.payment.id ?? null, subjectId: subjectOf(of) };
}

export interface KeepInstrumentRequest {
  instrument: Instrument;
  kept: Kept<Refusable<Instrument>>;
}

export const keepInstrument: CoreCommand<KeepInstrumentRequest, Refusable<Instrument>> = {
  name: "keep-instrument",

  async load(tx, requests) {
    const state = new WorkingState();
    state.heldCalls = await lockCalls(tx, leasesOf(requests));
    return state;
  },

  decide(state, { instrument, kept }, now) {
    if (!state.holdsCall(kept.lease)) return takenOver;
    const value = { ...instrument, createdAt: now, updatedAt: now };
    const owner = { merchantId: value.merchantId, paymentId: null, subjectId: value.id };
    return keep(kept, owner, { ok: true, value }, { instruments: [value] }, now);
  },
};

export interface ChangeInstrumentRequest {
  instrumentId: string;
  /** Null: it is removed, and what it said with it. */
  detailsEncrypted: string | null;
}

export const changeInstrument: CoreCommand<ChangeInstrumentRequest, Refusable<Instrument>> = {
  name: "change-instrument",

  async load(tx, requests) {
    const ids = unique(requests.map((one) => one.instrumentId));
    await instruments.lock(tx, ids);
    const state = new WorkingState();
    for (const instrument of await instruments.read(tx, ids)) state.instruments.set(instrument.id, instrument);
    return state;
  },

  decide(state, { instrumentId, detailsEncrypted }, now) {
    const instrument = state.instruments.get(instrumentId);
    if (instrument === undefined || instrument.deletedAt !== null) {
      return { result: refused({ code: "instrument-unknown", id: instrumentId }), changes: {} };
    }
    const change = detailsEncrypted === null ? { detailsEncrypted: "", deletedAt: now } : { detailsEncrypted };
    const value = { ...instrument, ...change, updatedAt: now };
    return { result: { ok: true, value }, changes: { instruments: [value] } };
  },
};
