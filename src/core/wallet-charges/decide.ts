/**
 * The rules of charges: what becomes of a charge with every step that is taken, or refused. Pure. A step that is
 * refused is kept as one that failed, with its reason; only what cannot be meant at all changes nothing.
 *
 *   state           event                              becomes
 *   (none)          made; the shopper is asked         authenticating
 *                   made; nobody is asked              authorizing
 *                   made against the method's rules    failed
 *   authenticating  the shopper agrees in time         authorizing
 *                   … too late, or never               discarded      authentication-timeout
 *                   the shopper declines, or fails     failed
 *                   the merchant discards it           discarded      merchant
 *   authorizing     the wallet says yes                authorized, if capturing is a step of its own; else captured
 *                   the wallet says no                 failed
 *                   the wallet never had the order     discarded      confirmation-timeout
 *                   the wallet does not say            confirming
 *   confirming      the wallet says at last            as above
 *   authorized      a capture, a void                  authorized, while something is left; else captured or voided, or
 *                                                      refunded, if what was captured has been given back
 *   captured        refunds, until nothing is left     refunded
 *   any other step fails and changes no state; failed, discarded, voided and refunded are final
 *   a charge that comes with its agreement is agreed to with that: the same happens to both, until it is captured
 *
 * In the books: a capture moves its amount from the wallet's side to the merchant's; refunds are as for all payments.
 */
import type { Outcome } from "../errors.ts";
import { accepted, type ChargeRefusal, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { accounts, type NewTransfer } from "../ledger/ledger.ts";
import { limits } from "../limits.ts";
import type { Channel } from "../merchants/merchant.ts";
import { judgeAnswer, newOperation, type Operation, type OperationAnswer, settle } from "../operations/operation.ts";
import { type Buyer, changePayment, newPayment, type Payment } from "../payments/payment.ts";
import type { Refund } from "../refunds/refund.ts";
import { type Agreement, changeAgreement } from "./agreement.ts";
import {
  type Authentication,
  type ChargeDetails,
  type ChargeEventType,
  changeCharge,
  type Failure,
  uncaptured,
  type WalletCharge,
} from "./charge.ts";
import { type ChargeStep, type DiscardCause, fundsOf, newStep, type StepKind, settlesAt } from "./step.ts";

/** What a way of paying allows, by its contract. */
export interface MethodRules {
  /** Null: any. */
  currencies: readonly string[] | null;
  countries: readonly string[] | null;
  /** In the currency's minor unit. */
  amount_min: number;
  amount_max: number;
  /** The ways in which it can ask the shopper; empty where it asks nobody. */
  asks: readonly Authentication["type"][];
  separateCapture: boolean;
  refund_within_days: number | null;
}

/** A charge with all that is known of it. */
export interface ChargeView {
  payment: Payment;
  charge: WalletCharge;
  /** In the order in which they were made. */
  steps: ChargeStep[];
  refunds: Refund[];
}

/** What a shopper is asked to agree to: a charge, or an agreement, perhaps with its first charge. */
export interface Checkout {
  agreement: Agreement | undefined;
  charge: ChargeView | undefined;
}

export interface ChargeChanges {
  payments: Payment[];
  charges: WalletCharge[];
  chargeSteps: ChargeStep[];
  agreements: Agreement[];
  operations: Operation[];
  transfers: NewTransfer[];
  events: NewEvent[];
}

/** What a charge will be, as far as the caller says so. */
export interface ChargeWish {
  chargeId: string;
  paymentId: string;
  operationId: string;
  merchantId: string;
  dialect: string;
  wireId: string;
  reference: string | null;
  instrumentId: string | null;
  channel: Pick<Channel, "id" | "connector" | "provider" | "providerMerchantId">;
  method: string;
  /** Null for a method that nobody knows. */
  rules: MethodRules | null;
  amount: number;
  currency: string;
  country: string;
  /** The ways of agreeing that the merchant can serve. */
  offered: readonly Authentication[];
  authenticateWithin_s: number;
  description: string | null;
  buyer: Buyer;
  details: ChargeDetails;
  noticeUrls: string[];
  userAgent: string | null;
  callTimeout_ms: number;
}

/** What is there of what the wish names. */
export interface ChargeFound {
  /** The agreement that it is made under. */
  agreement: Agreement | undefined;
  /** An instrument was named, and the merchant has none of that name. */
  instrumentMissing: boolean;
  /** It is agreed to together with its agreement, which waits for the shopper. */
  isInitial: boolean;
}

export interface Charged {
  view: ChargeView;
  /** The wallet has to be asked. */
  operation: Operation | undefined;
  /** The agreement that it was made under. */
  agreement: Agreement | undefined;
}

const byNaru = (code: string): Failure => ({ by: "naru", code, message: null, providerCode: null });
const byWallet = (code: string, message: string | null = null, providerCode: string | null = null): Failure => ({
  by: "wallet",
  code,
  message,
  providerCode,
});

export function none(): ChargeChanges {
  return { payments: [], charges: [], chargeSteps: [], agreements: [], operations: [], transfers: [], events: [] };
}

/** Later rows of the same id stand. */
function join(...parts: readonly Partial<ChargeChanges>[]): ChargeChanges {
  const all = none();
  for (const part of parts) {
    for (const name of Object.keys(all) as (keyof ChargeChanges)[]) all[name].push(...((part[name] ?? []) as never[]));
  }
  return all;
}

/** A charge that changed, and what is to be written of it. */
interface Changed {
  view: ChargeView;
  changes: ChargeChanges;
}

const unchanged = (view: ChargeView): Changed => ({ view, changes: none() });

/** Goes on from a change. */
function then({ view, changes }: Changed, next: (view: ChargeView) => Changed): Changed {
  const more = next(view);
  return { view: more.view, changes: join(changes, more.changes) };
}

/** A change of the charge alone, with the step that it is about, if that is new or changed. */
function move(
  view: ChargeView,
  change: Partial<WalletCharge>,
  type: ChargeEventType,
  now: Date,
  about: { step?: ChargeStep; refundId?: string } = {},
): Changed {
  const { step, refundId } = about;
  const detail = { ...(step && { stepId: step.id }), ...(refundId !== undefined && { refundId }) };
  const { charge, event } = changeCharge(view.charge, change, type, now, detail);
  const others = view.steps.filter(({ id }) => id !== step?.id);
  const steps = [...others, ...(step ? [step] : [])].sort((one, other) => (one.id < other.id ? -1 : 1));
  return {
    view: { ...view, charge, steps },
    // The payment goes along: it says whom to tell.
    changes: join({
      payments: [view.payment],
      charges: [charge],
      chargeSteps: step === undefined ? [] : [step],
      events: [event],
    }),
  };
}

/** A change of the payment alone. */
function pay(
  view: ChargeView,
  ...change: Parameters<typeof changePayment> extends [Payment, ...infer Rest] ? Rest : never
): Changed {
  const { payment, event } = changePayment(view.payment, ...change);
  return { view: { ...view, payment }, changes: join({ payments: [payment], events: [event] }) };
}

function authorizationOf({ steps }: ChargeView): ChargeStep {
  return steps.find(({ kind }) => kind === "authorization")!;
}

/** Why a method does not take such a charge, or undefined. */
export function methodObjection(
  wish: Pick<ChargeWish, "rules" | "offered" | "country">,
  paid: Pick<ChargeWish, "amount" | "currency"> | undefined,
): Failure | undefined {
  const { rules, offered, country } = wish;
  if (rules === null) return byNaru("invalid-payment-method");
  if (paid !== undefined) {
    if (rules.currencies !== null && !rules.currencies.includes(paid.currency)) return byNaru("invalid-currency");
    const isTaken = paid.amount >= rules.amount_min && paid.amount <= rules.amount_max;
    if (!isTaken) return byNaru("amount-not-supported");
  }
  if (rules.countries !== null && !rules.countries.includes(country)) return byNaru("country-not-supported");
  if (rules.asks.length > 0 && available(rules, offered).length === 0) {
    return byNaru("invalid-authentication-settings");
  }
  return undefined;
}

/** The ways that the method has and the merchant can serve, in the method's order. */
export function available({ asks }: MethodRules, offered: readonly Authentication[]): Authentication[] {
  return asks.flatMap((type) => offered.find((one) => one.type === type) ?? []);
}

function agreementObjection(agreement: Agreement | undefined, isInitial: boolean): Failure | undefined {
  if (agreement === undefined || isInitial || agreement.state === "active") return undefined;
  return byNaru(agreement.state.startsWith("revoked") ? "agreement-revoked" : "agreement-inactive");
}

/** Makes a charge; one that cannot be is made too, as one that failed. */
export function decideCharge(
  { agreement, instrumentMissing, isInitial }: ChargeFound,
  wish: ChargeWish,
  now: Date,
  realNow: Date,
): { result: Charged; changes: ChargeChanges } {
  const isUnder = agreement !== undefined && !isInitial;
  // Under an agreement nobody is asked.
  const rules = wish.rules && (isUnder ? { ...wish.rules, asks: [] } : wish.rules);
  const objection =
    methodObjection({ ...wish, rules }, wish) ??
    (instrumentMissing ? byNaru("instrument-not-found") : agreementObjection(agreement, isInitial));
  // What comes with its agreement is asked for with it.
  const isOrdered = objection === undefined && rules?.asks.length === 0 && !isInitial;
  const made = newCharge(wish, agreement?.id ?? null, isOrdered ? wish.operationId : null, now);
  const operations = isOrdered ? [orderOf(made.view, wish, realNow)] : [];
  const { view, changes } =
    objection !== undefined
      ? then(made, (next) => fail(next, objection, now))
      : rules!.asks.length > 0
        ? then(made, (next) => ask(next, rules!, wish, isInitial, now))
        : made;
  return { result: { view, operation: operations[0], agreement }, changes: join(changes, { operations }) };
}

function orderOf({ charge }: ChargeView, wish: ChargeWish, realNow: Date): Operation {
  const { operationId: id, callTimeout_ms, method, amount, currency } = wish;
  const { merchantId, connector, id: subjectId } = charge;
  const subject = { id, merchantId, connector, kind: "authorization", subjectId } as const;
  return newOperation(subject, { method, amount, currency }, callTimeout_ms, realNow);
}

/** The shopper has to agree; a charge that comes with its agreement waits as long as that. */
function ask(view: ChargeView, rules: MethodRules, wish: ChargeWish, isInitial: boolean, now: Date): Changed {
  const authentications = available(rules, wish.offered);
  const dueAt = isInitial ? null : endOfAsking(authentications, wish.authenticateWithin_s, now);
  const step = { ...authorizationOf(view), state: "authenticating" } as const;
  return move(view, { state: "authenticating", authentications, dueAt }, "charge.authentication_pending", now, {
    step,
  });
}

/** Where there is nothing but a code to scan, the merchant may have it end sooner. */
export function endOfAsking(authentications: readonly Authentication[], within_s: number, now: Date): Date {
  const ends_ms = authentications.map((one) =>
    one.type === "scan-code" && one.scanBy !== null ? Date.parse(one.scanBy) : Number.POSITIVE_INFINITY,
  );
  return new Date(Math.min(now.getTime() + within_s * 1000, Math.max(...ends_ms)));
}

function newCharge(wish: ChargeWish, agreementId: string | null, operationId: string | null, now: Date): Changed {
  const { merchantId, paymentId, dialect, wireId, channel, currency, amount, method, rules } = wish;
  const payment = newPayment(
    {
      id: paymentId,
      merchantId,
      dialect,
      wireId,
      reference: wish.reference ?? wireId,
      method: "wallet",
      amount,
      taxFree: null,
      vatAmount: null,
      escrow: false,
      currency,
      beneficiary: accounts.merchant(merchantId),
      connector: channel.connector,
      channelId: channel.id,
      provider: channel.provider,
      providerMerchantId: channel.providerMerchantId,
      providerTransaction: wireId,
      name: wish.description,
      buyer: wish.buyer,
      customData: null,
      noticeUrls: wish.noticeUrls,
      userAgent: wish.userAgent,
    },
    now,
  );
  const charge: WalletCharge = {
    id: wish.chargeId,
    merchantId,
    paymentId,
    dialect,
    wireId,
    reference: wish.reference,
    agreementId,
    instrumentId: wish.instrumentId,
    connector: channel.connector,
    method,
    state: "authorizing",
    amount,
    currency,
    country: wish.country,
    capturedAmount: 0,
    voidedAmount: 0,
    separateCapture: rules?.separateCapture === true,
    authentications: [],
    dueAt: null,
    operationId,
    failure: null,
    funds: "not-expected",
    details: wish.details,
    createdAt: now,
    updatedAt: now,
    eventSeq: 0,
  };
  const step = newStep(
    charge,
    [],
    { kind: "authorization", state: "confirming", amount, reference: wish.reference },
    now,
  );
  const blank = { payment, charge, steps: [], refunds: [] };
  return then(pay(blank, {}, "payment.ready", now, { amount }), (view) =>
    move(view, {}, "charge.created", now, { step }),
  );
}

/** It failed before anything was taken. */
function fail(view: ChargeView, failure: Failure, now: Date): Changed {
  const step: ChargeStep = { ...authorizationOf(view), state: "failed", failure, updatedAt: now };
  const change = { state: "failed", failure, dueAt: null } as const;
  return then(move(view, change, "charge.authorization_failed", now, { step }), (failed) =>
    pay(failed, { state: "failed", failedAt: now, failReason: failure.message ?? failure.code }, "payment.failed", now),
  );
}

/** It is given up before anything was taken. */
function discard(view: ChargeView, cause: DiscardCause, reference: string | null, now: Date): Changed {
  const isLate = cause !== "merchant";
  const failure = isLate ? byNaru("payment-method-timeout") : byNaru("discarded");
  const authorization: ChargeStep = { ...authorizationOf(view), state: "failed", failure, updatedAt: now };
  const steps = view.steps.map((step) => (step.id === authorization.id ? authorization : step));
  const step = newStep(view.charge, steps, { kind: "discard", state: "succeeded", amount: 0, cause, reference }, now);
  const change = { state: "discarded", dueAt: null, failure } as const;
  const moved = move({ ...view, steps }, change, "charge.discarded", now, { step });
  const ended = isLate
    ? ({ state: "expired", expiredAt: now } as const)
    : ({ state: "closed", closedAt: now, failReason: "discarded by the merchant" } as const);
  const changed = then(moved, (next) => pay(next, ended, isLate ? "payment.expired" : "payment.closed", now));
  return { ...changed, changes: join({ chargeSteps: [authorization] }, changed.changes) };
}

/** The wallet said yes. */
function authorize(view: ChargeView, transactionId: string, now: Date): Changed {
  const step: ChargeStep = { ...authorizationOf(view), state: "succeeded", transactionId, updatedAt: now };
  const { separateCapture, amount } = view.charge;
  const known = { ...view, payment: { ...view.payment, providerTransaction: transactionId } };
  const change = { state: separateCapture ? "authorized" : "capturing" } as const;
  const authorized = move(known, change, "charge.authorized", now, { step });
  return separateCapture ? authorized : then(authorized, (next) => capture(next, { amount }, now));
}

type StepWish = { amount: number } & Partial<Pick<ChargeStep, "reference" | "labels">>;

function capture(view: ChargeView, wish: StepWish, now: Date): Changed {
  const { payment, charge } = view;
  const { amount } = wish;
  const step = newStep(charge, view.steps, { kind: "capture", state: "succeeded", ...wish }, now);
  const captured = { ...charge, capturedAmount: charge.capturedAmount + amount };
  const isSettled = charge.details.settles.as === "not-expected";
  const funds = isSettled ? {} : ({ funds: "waiting", dueAt: charge.dueAt ?? settlesAt(step, charge) } as const);
  const change = { capturedAmount: captured.capturedAmount, state: settledState(captured, payment), ...funds };
  const paid = { state: "paid", paidAmount: payment.paidAmount + amount, paidAt: payment.paidAt ?? now } as const;
  const transfer: NewTransfer = {
    debitAccount: accounts.bank(charge.connector),
    creditAccount: payment.beneficiary,
    amount,
    currency: charge.currency,
    code: "capture",
    merchantId: charge.merchantId,
    paymentId: payment.id,
    depositId: null,
    refundId: null,
    captureId: step.id,
    at: now,
  };
  const moved = then(move(view, change, "charge.captured", now, { step }), (next) =>
    pay(next, paid, payment.paidAt === null ? "payment.paid" : "payment.captured", now, { amount }),
  );
  return { ...moved, changes: join(moved.changes, { transfers: [transfer] }) };
}

/** What a charge is by its figures, once it was authorized. */
function settledState(charge: WalletCharge, payment: Payment): "authorized" | "voided" | "refunded" | "captured" {
  if (uncaptured(charge) > 0) return "authorized";
  if (charge.capturedAmount === 0) return "voided";
  return payment.refundedAmount >= charge.capturedAmount ? "refunded" : "captured";
}

function waits({ agreement, charge }: Checkout): { state: string; dueAt: Date | null } {
  return agreement ?? charge!.charge;
}

/** Whether the shopper is asked just this: a charge that comes with its agreement is agreed to with that, or not at all. */
function isAsked(checkout: Checkout): boolean {
  const isPart = checkout.agreement === undefined && waitsWithAgreement(checkout.charge!);
  return !isPart && waits(checkout).state === "authenticating";
}

/** Of what the shopper is asked; the same happens to the agreement and to the charge that comes with it. */
export interface CheckoutChanged {
  checkout: Checkout;
  changes: ChargeChanges;
}

function changeBoth(
  { agreement, charge }: Checkout,
  ofAgreement: (agreement: Agreement) => ReturnType<typeof changeAgreement>,
  ofCharge: (view: ChargeView) => Changed,
): CheckoutChanged {
  const agreed = agreement && ofAgreement(agreement);
  const charged = charge && ofCharge(charge);
  return {
    checkout: { agreement: agreed?.agreement, charge: charged?.view },
    changes: join(
      agreed === undefined ? {} : { agreements: [agreed.agreement], events: [agreed.event] },
      charged?.changes ?? {},
    ),
  };
}

/** Agreed to in time: the wallet is to be asked. What came too late is over by that. */
export function decideAuthorize(
  checkout: Checkout,
  { operationId, callTimeout_ms }: { operationId: string; callTimeout_ms: number },
  now: Date,
  realNow: Date,
): { result: Outcome<{ checkout: Checkout; operation: Operation }, ChargeRefusal>; changes: ChargeChanges } {
  const { state, dueAt } = waits(checkout);
  if (!isAsked(checkout)) return { result: refused({ code: "not-waiting", state }), changes: none() };
  if (dueAt !== null && now >= dueAt) {
    return { result: refused({ code: "too-late", dueAt }), changes: expire(checkout, now).changes };
  }
  const subject = checkout.agreement ?? checkout.charge!.charge;
  const { merchantId, connector, id: subjectId, method } = subject;
  const { amount = 0, currency = null } = checkout.charge?.charge ?? {};
  const operation = newOperation(
    { id: operationId, merchantId, connector, kind: "authorization", subjectId },
    { method, amount, currency },
    callTimeout_ms,
    realNow,
  );
  const change = { state: "authorizing", operationId, dueAt: null } as const;
  const begun = changeBoth(
    checkout,
    (agreement) => changeAgreement(agreement, change, "agreement.authorizing", now),
    (view) => {
      const step = { ...authorizationOf(view), state: "confirming", updatedAt: now } as const;
      return move(view, change, "charge.authorizing", now, { step });
    },
  );
  return {
    result: accepted({ checkout: begun.checkout, operation }),
    changes: join(begun.changes, { operations: [operation] }),
  };
}

/** What the wallet said; `billingKeyEncrypted` of an agreement that it accepts. What was settled before stays so. */
export function decideAuthorization(
  checkout: Checkout,
  operation: Operation,
  answer: OperationAnswer,
  billingKeyEncrypted: string | null,
  now: Date,
  realNow: Date,
): { result: Checkout; changes: ChargeChanges } {
  const verdict = judgeAnswer(operation, answer);
  const settled = settle(operation, verdict, realNow);
  if (settled === undefined) return { result: checkout, changes: none() };
  const { checkout: result, changes } = changeBy(verdict);
  return { result, changes: join(changes, { operations: [settled] }) };

  function changeBy(said: typeof verdict): CheckoutChanged {
    switch (said.outcome) {
      case "unknown":
        if (waits(checkout).state === "confirming") return { checkout, changes: none() };
        return changeBoth(
          checkout,
          (agreement) => changeAgreement(agreement, { state: "confirming" }, "agreement.confirmation_pending", now),
          (view) => {
            const step = authorizationOf(view);
            return move(view, { state: "confirming" }, "charge.confirmation_pending", now, { step });
          },
        );
      case "failed": {
        if (said.code === "never-received") return timeOut(checkout, "confirmation-timeout", now);
        const failure = byWallet(said.code, said.message, said.providerCode ?? null);
        return failBoth(checkout, failure, now);
      }
      case "succeeded": {
        const active = { state: "active", billingKeyEncrypted } as const;
        return changeBoth(
          checkout,
          (agreement) => changeAgreement(agreement, active, "agreement.active", now),
          (view) => authorize(view, said.transactionId, now),
        );
      }
    }
  }
}

function failBoth(checkout: Checkout, failure: Failure, now: Date): CheckoutChanged {
  return changeBoth(
    checkout,
    (agreement) => changeAgreement(agreement, { state: "failed", failure, dueAt: null }, "agreement.failed", now),
    (view) => fail(view, failure, now),
  );
}

function timeOut(checkout: Checkout, cause: DiscardCause, now: Date): CheckoutChanged {
  const failure = byNaru("payment-method-timeout");
  return changeBoth(
    checkout,
    (agreement) => changeAgreement(agreement, { state: "failed", failure, dueAt: null }, "agreement.failed", now),
    (view) => discard(view, cause, null, now),
  );
}

function expire(checkout: Checkout, now: Date): CheckoutChanged {
  return timeOut(checkout, "authentication-timeout", now);
}

/** How a shopper's asking ends without the wallet being asked. */
export type CheckoutEnd = "canceled-by-consumer" | "authentication-failed" | "expired";

export function decideEnd(
  checkout: Checkout,
  how: CheckoutEnd,
  now: Date,
): { result: Outcome<Checkout, ChargeRefusal>; changes: ChargeChanges } {
  const { state, dueAt } = waits(checkout);
  if (!isAsked(checkout)) return { result: refused({ code: "not-waiting", state }), changes: none() };
  const isOver = how === "expired" || (dueAt !== null && now >= dueAt);
  const ended = isOver ? expire(checkout, now) : failBoth(checkout, byWallet(how), now);
  return { result: accepted(ended.checkout), changes: ended.changes };
}

/** What happens to a charge or agreement by itself when its time has come; undefined where nothing does. */
export function decideDue(checkout: Checkout, now: Date): ChargeChanges | undefined {
  const { state, dueAt } = waits(checkout);
  if (dueAt === null || now < dueAt) return undefined;
  if (state === "authenticating") return expire(checkout, now).changes;
  const { charge } = checkout;
  return charge?.charge.funds === "waiting" ? settleFunds(charge, now).changes : undefined;
}

/** Each capture whose money is there by now is told of: funds are known by it. */
function settleFunds(view: ChargeView, now: Date): Changed {
  const { charge, steps } = view;
  const waiting = steps.filter((step) => step.kind === "capture" && fundsOf(step, charge) === "waiting");
  // In the order in which they were made, so that the first is the next.
  const [nextAt] = waiting.map((step) => settlesAt(step, charge)).filter((time) => time > now);
  const change = nextAt === undefined ? { funds: charge.details.settles.as, dueAt: null } : { dueAt: nextAt };
  const arrived = waiting.filter((step) => settlesAt(step, charge) <= now);
  return arrived.reduce(
    (changed, step) => then(changed, (next) => move(next, change, "charge.funds_changed", now, { step })),
    unchanged(view),
  );
}

export interface StepRequest {
  amount: number;
  reference: string | null;
  labels: Record<string, string> | null;
}

interface Stepped {
  view: ChargeView;
  step: ChargeStep;
}

type StepOutcome = { result: Outcome<Stepped, ChargeRefusal>; changes: ChargeChanges };

function stepped({ view, changes }: Changed): StepOutcome {
  return { result: accepted({ view, step: view.steps.at(-1)! }), changes };
}

/** A step that was refused: it changes nothing but what failed last. */
function refuseStep(
  view: ChargeView,
  kind: StepKind,
  wish: Partial<ChargeStep>,
  failure: Failure,
  type: ChargeEventType,
  now: Date,
): StepOutcome {
  const step = newStep(view.charge, view.steps, { amount: 0, ...wish, kind, state: "failed", failure }, now);
  return stepped(move(view, { failure }, type, now, { step }));
}

/**
 * Beyond so many steps and refunds a charge takes no more; and long before that none that would be refused, so that those
 * leave room for what is in order.
 */
export function crowded({ steps, refunds }: ChargeView, isRefused: boolean): ChargeRefusal | undefined {
  const max = isRefused ? limits.charge_refusals_max : limits.charge_operations_max;
  return steps.length + refunds.length >= max ? { code: "too-many-operations", max } : undefined;
}

/** Why something that was authorized cannot be captured or let go of, or undefined. */
function remainderObjection({ charge }: ChargeView, amount: number): Failure | undefined {
  const { state } = charge;
  if (!["authorized", "captured", "refunded", "voided"].includes(state)) return byNaru("no-authorized-amount");
  return amount > uncaptured(charge) ? byNaru("exceeds-authorized-amount") : undefined;
}

export function decideCapture(view: ChargeView, wish: StepRequest, now: Date): StepOutcome {
  const objection = remainderObjection(view, wish.amount);
  const refusal = crowded(view, objection !== undefined);
  if (refusal !== undefined) return { result: refused(refusal), changes: none() };
  if (objection !== undefined) return refuseStep(view, "capture", wish, objection, "charge.capture_failed", now);
  return stepped(capture(view, wish, now));
}

export function decideVoid(view: ChargeView, wish: StepRequest, now: Date): StepOutcome {
  const objection = remainderObjection(view, wish.amount);
  const refusal = crowded(view, objection !== undefined);
  if (refusal !== undefined) return { result: refused(refusal), changes: none() };
  if (objection !== undefined) return refuseStep(view, "void", wish, objection, "charge.void_failed", now);
  const { charge, payment } = view;
  const step = newStep(charge, view.steps, { kind: "void", state: "succeeded", ...wish }, now);
  const voided = { ...charge, voidedAmount: charge.voidedAmount + wish.amount };
  const change = { voidedAmount: voided.voidedAmount, state: settledState(voided, payment) };
  const moved = move(view, change, "charge.voided", now, { step });
  if (change.state !== "voided") return stepped(moved);
  const closed = { state: "closed", closedAt: now, failReason: "voided by the merchant" } as const;
  return stepped(then(moved, (next) => pay(next, closed, "payment.closed", now)));
}

/** The merchant gives up a charge that waits for the shopper. */
export function decideDiscard(view: ChargeView, reference: string | null, now: Date): StepOutcome {
  const { state } = view.charge;
  const isWaiting = state === "authenticating" && !waitsWithAgreement(view);
  const refusal = crowded(view, !isWaiting);
  if (refusal !== undefined) return { result: refused(refusal), changes: none() };
  if (isWaiting) return stepped(discard(view, "merchant", reference, now));
  const underWay = ["authorizing", "confirming", "authenticating"].includes(state);
  const failure = byNaru(underWay ? "simultaneous-operation-in-progress" : "nothing-to-discard");
  return refuseStep(view, "discard", { cause: "merchant", reference }, failure, "charge.discard_failed", now);
}

/** The shopper agrees to it and to its agreement in one, so it cannot be given up alone. */
export function waitsWithAgreement({ charge }: ChargeView): boolean {
  return charge.agreementId !== null && charge.state === "authenticating";
}

/** What follows for a charge from what became of one of its refunds. */
export function chargeAfterRefund(view: ChargeView, refund: Refund, now: Date): Changed {
  const about = { refundId: refund.id };
  switch (refund.state) {
    case "pending":
      return unchanged(view);
    case "unknown":
      return move(view, {}, "charge.refund_pending", now, about);
    case "failed": {
      const { failureCode, failureMessage, providerCode } = refund;
      const failure =
        refund.operationId === null ? byNaru(failureCode!) : byWallet(failureCode!, failureMessage, providerCode);
      return move(view, { failure }, "charge.refund_failed", now, about);
    }
    case "succeeded":
      return move(view, { state: settledState(view.charge, view.payment) }, "charge.refunded", now, about);
  }
}
