/** The commands that look for what happens by itself: the time to agree is over, captured money arrives. */
import { businessNow, type Queryable, type Statement } from "../../store/index.ts";
import type { CoreCommand, Decision } from "../command.ts";
import { checkoutOf, loadCheckouts } from "./checkouts.ts";
import { type Checkout, decideDue } from "./decide.ts";

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
