/**
 * Charges and agreements to decide on, for the tests beside the rules: wishes, a wallet's answers, and `WalletBooks`,
 * which folds the commands' decisions over a working state as a batch does and keeps what the database would. All rows
 * are frozen, so that a rule which changes what it was given fails.
 */
import { DecidedBooks } from "../decided-books.fixture.ts";
import type { ChargeRefusal, Outcome } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { callTimeout_ms, deepFreeze, issuedAt, later, merchantId, minute_ms, realTime } from "../fixtures.fixture.ts";
import type { NewTransfer } from "../ledger/ledger.ts";
import type { Operation, OperationAnswer } from "../operations/operation.ts";
import type { Refund } from "../refunds/refund.ts";
import type { Subject } from "../webhooks/delivery.ts";
import { type Agreement, agreementPrefix, type Revoker } from "./agreement.ts";
import { makeAgreement, revokeAgreement } from "./agreement-commands.ts";
import type { Authentication, WalletCharge } from "./charge.ts";
import type { CheckoutOf } from "./checkouts.ts";
import {
  beginAuthorization,
  endCheckout,
  makeCharge,
  recordAuthorization,
  recordWalletRefund,
  requestWalletRefund,
  type Stepped,
  takeStep,
} from "./commands.ts";
import type { Charged, ChargeView, ChargeWish, Checkout, CheckoutEnd, MethodRules, StepRequest } from "./decide.ts";
import type { Agreed, AgreementWish } from "./decide-agreement.ts";
import type { WalletRefunded, WalletRefundRequest } from "./decide-refund.ts";
import type { Kept } from "./kept.ts";
import type { ChargeStep } from "./step.ts";
import { sweepAgreements, sweepCharges } from "./sweep.ts";

/** What a charge asks for, in won. */
export const price = 15_000;
export const chargedAt = issuedAt;
/** When the time to agree is over. */
export const lateAt = later(chargedAt, 15 * minute_ms);
/** When what is captured at `actedAt` is settled. */
export const settles_s = 24 * 60 * 60;
/** When everything is done that has no time of its own. */
export const actedAt = later(chargedAt, minute_ms);
export const settledAt = later(actedAt, settles_s * 1000);

export const redirect: Authentication = { type: "redirect", returnUrl: "https://shop.example/orders/1" };

/** A wallet that asks the shopper, and takes what was agreed to at once. */
export const asking: MethodRules = deepFreeze({
  currencies: ["KRW"],
  countries: ["KR"],
  amount_min: 50,
  amount_max: 2_000_000,
  asks: ["redirect"],
  separateCapture: false,
  refund_within_days: 365,
});
/** One that asks nobody. */
export const unasking: MethodRules = deepFreeze({ ...asking, asks: [] });
/** One where capturing is a step of its own. */
export const apart: MethodRules = deepFreeze({ ...asking, separateCapture: true });

export function chargeWish(wanted: Partial<ChargeWish> = {}, number = 1): ChargeWish {
  return deepFreeze({
    chargeId: `chg_${number}`,
    paymentId: `pay_${number}`,
    operationId: `op_${number}`,
    merchantId,
    dialect: "ppro",
    wireId: `charge_${number}`,
    reference: `attempt-${number}`,
    instrumentId: null,
    channel: { id: "chn_1", connector: "sandbox", provider: "kakaopay", providerMerchantId: "CID0000001" },
    method: "KAKAOPAY",
    rules: asking,
    amount: price,
    currency: "KRW",
    country: "KR",
    offered: [redirect],
    authenticateWithin_s: 15 * 60,
    description: "나룻배 승선권",
    buyer: { name: "홍길동", email: null, tel: null, address: null, postcode: null },
    details: { shown: {}, settles: { after_s: settles_s, as: "received" }, confirms_s: null },
    noticeUrls: ["https://shop.example/notice"],
    userAgent: null,
    callTimeout_ms,
    ...wanted,
  });
}

/** An agreement `agr_1`, without a first charge unless one is wished for. */
export function agreementWish(wanted: Partial<AgreementWish> = {}, number = 1): AgreementWish {
  const { merchantId, dialect, channel, method, rules, country, offered } = chargeWish();
  const { authenticateWithin_s, noticeUrls } = chargeWish();
  return deepFreeze({
    agreementId: `${agreementPrefix}${number}`,
    operationId: `op_${agreementPrefix}${number}`,
    merchantId,
    dialect,
    wireId: `agr_wire_${number}`,
    reference: `subscription-${number}`,
    instrumentId: null,
    channel,
    method,
    rules,
    country,
    offered,
    authenticateWithin_s,
    noticeUrls,
    callTimeout_ms,
    details: { shown: {} },
    initialCharge: null,
    ...wanted,
  });
}

/** What a wallet may say of an order. */
export const said = {
  yes: { outcome: "succeeded", transactionId: "wau_1" },
  no: {
    outcome: "failed",
    code: "insufficient-funds",
    message: "Payment Authorization Failed, insufficient funds",
    providerCode: "LACK_BALANCE",
  },
  unknown: { outcome: "unknown", reason: "no answer within 10000 ms" },
  absent: { outcome: "absent" },
  /** It had none when it was asked, after the order's time. */
  never: { outcome: "absent", askedAt: later(realTime, 60 * minute_ms) },
} as const satisfies Record<string, OperationAnswer>;
/** To an agreement. */
export const agreed = { ...said.yes, billingKey: "wbk_1" } as const satisfies OperationAnswer;

const kept: Kept<never> = {
  lease: undefined,
  exchange: {
    dialect: "ppro",
    method: "POST",
    path: "/",
    request: null,
    answer: () => ({ status: 200, body: null }),
    redactAnswer: (body) => body,
  },
};

type Refusable<Value> = Outcome<Value, ChargeRefusal>;

/** Everything a database would hold after a sequence of decisions. */
export class WalletBooks extends DecidedBooks {
  #charges = 0;
  #agreements = 0;
  #operations = 0;
  #refunds = 0;

  constructor() {
    super(chargedAt);
  }

  at(now: Date): this {
    this.now = now;
    return this;
  }

  /** The next charge, `chg_` and its number; under an agreement, by an instrument, if those are named. */
  charge(wanted: Partial<ChargeWish> = {}, under: string | null = null, instrument: string | null = null): Charged {
    this.#charges += 1;
    const wish = chargeWish(wanted, this.#charges);
    const request = { wish, agreementId: under, namedInstrument: instrument, newInstrument: null, kept };
    const made = this.do(makeCharge, request);
    if (!made.ok) throw new Error(`not charged: ${made.refusal.code}`);
    return made.value;
  }

  /** The next agreement, `agr_` and its number; `initial`: with the next charge. */
  agree(
    { initial, ...wanted }: Partial<AgreementWish> & { initial?: Partial<ChargeWish> } = {},
    instrument: string | null = null,
  ): Agreed {
    this.#agreements += 1;
    if (initial !== undefined) this.#charges += 1;
    const initialCharge = initial === undefined ? null : chargeWish(initial, this.#charges);
    const wish = agreementWish({ initialCharge, ...wanted }, this.#agreements);
    const made = this.do(makeAgreement, { wish, namedInstrument: instrument, newInstrument: null, kept });
    if (!made.ok) throw new Error(`not agreed: ${made.refusal.code}`);
    return made.value;
  }

  /** The shopper agrees: the order is `op_pay_` and its number. */
  authorize(of: CheckoutOf = { chargeId: "chg_1" }): Refusable<{ checkout: Checkout; operation: Operation }> {
    this.#operations += 1;
    return this.do(beginAuthorization, {
      of,
      operationId: `op_pay_${this.#operations}`,
      callTimeout_ms,
      lease: undefined,
    });
  }

  /** The shopper does not. */
  end(how: CheckoutEnd, of: CheckoutOf = { chargeId: "chg_1" }): Refusable<Checkout> {
    return this.do(endCheckout, { of, how });
  }

  /** The wallet's word on an order: that of the first charge, unless another is named. */
  answer(answer: OperationAnswer, operationId = this.charged().operationId!): Checkout {
    const { subjectId } = this.state.operations.get(operationId)!;
    const of = subjectId.startsWith(agreementPrefix) ? { agreementId: subjectId } : { chargeId: subjectId };
    const billingKeyEncrypted = answer.outcome === "succeeded" && "billingKey" in answer ? "sealed" : null;
    return this.do(recordAuthorization, { operationId, of, answer, billingKeyEncrypted });
  }

  capture(amount: number, chargeId = "chg_1", wanted: Partial<StepRequest> = {}): Refusable<Stepped> {
    const step = { kind: "capture", amount, reference: null, labels: null, ...wanted } as const;
    return this.do(takeStep, { chargeId, step, kept });
  }

  void(amount: number, chargeId = "chg_1", wanted: Partial<StepRequest> = {}): Refusable<Stepped> {
    const step = { kind: "void", amount, reference: null, labels: null, ...wanted } as const;
    return this.do(takeStep, { chargeId, step, kept });
  }

  discard(chargeId = "chg_1", reference: string | null = null): Refusable<Stepped> {
    return this.do(takeStep, { chargeId, step: { kind: "discard", reference }, kept });
  }

  /** The next refund, `rfd_` and its number; its order is `op_rfd_` and that. */
  refund(amount: number, chargeId = "chg_1", wanted: Partial<WalletRefundRequest> = {}): Refusable<WalletRefunded> {
    this.#refunds += 1;
    const ids = { refundId: `rfd_${this.#refunds}`, operationId: `op_rfd_${this.#refunds}` };
    const said = { reference: null, descriptor: null, reason: null, labels: null, within_days: 365 };
    return this.do(requestWalletRefund, { ...ids, ...said, chargeId, amount, callTimeout_ms, kept, ...wanted });
  }

  /** The wallet's word on the order of a refund. */
  answerRefund(answer: OperationAnswer, refundId = "rfd_1"): Refusable<WalletRefunded> {
    const { operationId, paymentId } = this.refunded(refundId);
    const charge = [...this.state.charges.values()].find((one) => one.paymentId === paymentId)!;
    return this.do(recordWalletRefund, { refundId, operationId: operationId!, chargeId: charge.id, answer });
  }

  revoke(agreementId = "agr_1", by: Revoker = "merchant"): Refusable<Agreement> {
    return this.do(revokeAgreement, { agreementId, by });
  }

  /** What happens by itself; answers how many charges and agreements it happened to. */
  sweep(): number {
    return this.do(sweepCharges, { limit: 256 }) + this.do(sweepAgreements, { limit: 256 });
  }

  charged(id = "chg_1"): WalletCharge {
    return this.state.charges.get(id)!;
  }

  agreement(id = "agr_1"): Agreement {
    return this.state.agreements.get(id)!;
  }

  refunded(id = "rfd_1"): Refund {
    return this.state.refunds.get(id)!;
  }

  view(id = "chg_1"): ChargeView {
    const charge = this.charged(id);
    const { paymentId } = charge;
    const payment = this.state.payments.get(paymentId)!;
    return { payment, charge, steps: this.state.stepsOf(id), refunds: this.state.refundsOf(paymentId) };
  }

  /** What an event is about, as its change left it if it is the last. */
  subjectOf({ subjectType, subjectId, data }: NewEvent): Subject {
    if (subjectType === "payment") return { type: "payment", payment: this.state.payments.get(subjectId)! };
    if (subjectType === "agreement") return { type: "agreement", agreement: this.agreement(subjectId) };
    const { payment, charge } = this.view(subjectId);
    const step = this.state.chargeSteps.get(String(data.stepId));
    return { type: "charge", payment, charge, step, refund: this.state.refunds.get(String(data.refundId)) };
  }

  /** All rows, for comparing before with after. */
  rows() {
    const { payments, charges, agreements, operations, refunds, chargeSteps } = this.state;
    const tables = { payments, charges, agreements, operations, refunds, chargeSteps };
    return Object.fromEntries(Object.entries(tables).map(([name, rows]) => [name, [...rows.values()]]));
  }
}

export type Act = (books: WalletBooks) => unknown;

/** The books after these acts, each a minute after the charge was made if it says no other time. */
export function having(books: WalletBooks, ...acts: Act[]): WalletBooks {
  books.at(actedAt);
  for (const act of acts) act(books);
  return books;
}

/** One charge. */
export function charged(rules: MethodRules, ...acts: Act[]): WalletBooks {
  const books = new WalletBooks();
  books.charge({ rules });
  return having(books, ...acts);
}

/** What the shopper and the wallet do. */
export const agrees: Act = (books) => books.authorize();
export const cancels: Act = (books) => books.end("canceled-by-consumer");
export const walletSays =
  (answer: OperationAnswer): Act =>
  (books) =>
    books.answer(answer);
export const captures =
  (amount: number): Act =>
  (books) =>
    books.capture(amount);
export const voids =
  (amount: number): Act =>
  (books) =>
    books.void(amount);
/** The wallet gives back what it is asked for, if it is asked. */
export const refunds =
  (amount: number): Act =>
  (books) => {
    const result = books.refund(amount);
    if (!result.ok) throw new Error(`not refunded: ${result.refusal.code}`);
    const { refund } = result.value;
    return refund.operationId === null ? result : books.answerRefund(said.yes, refund.id);
  };

/** A step in one line. */
export function stepLine({ kind, state, amount, cause, failure }: ChargeStep): string {
  const moved = amount === 0 ? null : amount;
  return [kind, state, moved, cause, failure?.code].filter((part) => part != null).join(" ");
}

export function refundLine({ state, amount, failureCode }: Refund): string {
  return ["refund", state, amount, failureCode].filter((part) => part !== null).join(" ");
}

export function transferLine({ debitAccount, creditAccount, amount, code }: NewTransfer): string {
  return `${debitAccount} -> ${creditAccount} ${amount} ${code}`;
}

export function eventLine({ type, data }: NewEvent): string {
  return `${type} ${data.state}`;
}

/** What an act did to the books, in lines. */
export interface Effect {
  result: unknown;
  events: string[];
  /** Steps and refunds that are new or changed. */
  steps: string[];
  transfers: string[];
}

export function effectOf(books: WalletBooks, act: Act): Effect {
  const { chargeSteps, refunds } = books.state;
  const before = new Set<object>([...chargeSteps.values(), ...refunds.values()]);
  const [events, transfers] = [books.events.length, books.transfers.length];
  const result = act(books);
  return {
    result,
    events: books.events.slice(events).map(eventLine),
    steps: [
      ...[...chargeSteps.values()].filter((one) => !before.has(one)).map(stepLine),
      ...[...refunds.values()].filter((one) => !before.has(one)).map(refundLine),
    ],
    transfers: books.transfers.slice(transfers).map(transferLine),
  };
}
