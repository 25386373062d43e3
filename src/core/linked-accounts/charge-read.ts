/** Statements that read members' charges and what they are decided on, in the one order in which commands lock. */
import { businessNow, type Claim, claim, type Queryable, readRealNow, type Statement } from "../../store/index.ts";
import { referenceKey, WorkingState } from "../command.ts";
import { deposits } from "../deposits/deposit.ts";
import { accounts, readOwed } from "../ledger/ledger.ts";
import { cards } from "../members/card.ts";
import { members } from "../members/member.ts";
import { readCards } from "../members/read.ts";
import { oneTimeTokens } from "../members/token.ts";
import { payments } from "../payments/payment.ts";
import type { Reference } from "../payments/read.ts";
import { readRefundsByPayment } from "../refunds/refund.ts";
import type { ChargeResult } from "./charges.ts";
import { registeredOf } from "./decide-account.ts";
import { depositIdOf, type Named, type Purse } from "./decide-charge.ts";
import type { LinkedAccount, LinkedAccountPurpose } from "./linked-account.ts";
import { readRegistered } from "./read-accounts.ts";
import { type Withdrawal, withdrawals } from "./withdrawal.ts";

/** A request that spends or charges a balance. */
export interface Spending extends Reference {
  memberNumber: string;
  /** Of the token that was shown. */
  tokenId: string;
  /** Of what is to be cancelled. */
  wireId: string | null;
}

const MEMBERS: Statement = {
  name: "find-members-by-number",
  text: `SELECT m.id FROM unnest($1::text[], $2::text[]) AS wanted (merchant_id, number)
    JOIN members m USING (merchant_id, number)`,
};

/** By the indexes on references of payments and of refunds; few rows share one. */
const NAMED: Statement = {
  name: "charges-by-reference",
  text: `WITH wanted AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS w (merchant_id, dialect, reference))
    SELECT p.id FROM wanted JOIN payments p USING (merchant_id, dialect, reference) WHERE p.method = 'linked_account'
    UNION SELECT p.id FROM wanted w JOIN refunds r USING (reference, merchant_id)
      JOIN payments p ON p.id = r.payment_id AND p.dialect = w.dialect AND p.method = 'linked_account'`,
};

const BY_WIRE_ID: Statement = {
  name: "payments-by-wire-id",
  text: `SELECT p.id FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (merchant_id, dialect, wire_id)
    JOIN payments p USING (merchant_id, dialect, wire_id)`,
};

const UNSETTLED: Statement = {
  name: "unsettled-withdrawals",
  text: `SELECT ${withdrawals.select("w")} FROM withdrawals w WHERE member_id = ANY($1) AND state IN ('pending', 'unknown')`,
};

const BY_PAYMENT: Statement = {
  name: "withdrawals-by-payment",
  text: `SELECT ${withdrawals.select("w")} FROM withdrawals w WHERE payment_id = ANY($1)`,
};

/** By the partial index. Whoever is locked is changing at this moment: they are looked at next time. */
const TAKE_DUE: Statement = {
  name: "take-members-to-check",
  text: `SELECT id FROM members WHERE auto_check_at <= ${businessNow} ORDER BY auto_check_at LIMIT $1
    FOR UPDATE SKIP LOCKED`,
};

const ANY_DUE: Statement = {
  name: "any-member-to-check",
  text: `SELECT EXISTS (SELECT FROM members WHERE auto_check_at <= ${businessNow}) AS due`,
};

const RESULT: Statement = {
  name: "result-of-member-charge",
  text: `SELECT w.state, p.wire_id AS "wireId" FROM payments p JOIN withdrawals w ON w.payment_id = p.id
      WHERE p.reference = $3 AND p.merchant_id = $1 AND p.dialect = $2 AND p.method = 'linked_account'
    UNION ALL SELECT r.state, p.wire_id FROM refunds r JOIN payments p ON p.id = r.payment_id
      WHERE r.reference = $3 AND r.merchant_id = $1 AND p.dialect = $2 AND p.method = 'linked_account'`,
};

const unique = (ids: readonly string[]) => [...new Set(ids)];

async function idsOf(tx: Queryable, statement: Statement, ...values: unknown[]): Promise<string[]> {
  return (await tx.query<{ id: string }>(statement, values)).rows.map(({ id }) => id);
}

/**
 * What charges and cancellations are decided on. References are claimed; payments, members and tokens are locked, in
 * this order; and only then is anything read that is decided on.
 */
export async function loadSpending(tx: Queryable, requests: readonly Spending[]): Promise<WorkingState> {
  await claim(
    tx,
    requests.map((one): Claim => ({ scope: "2-reference", key: referenceKey(one) })),
  );
  const owners = requests.map((one) => one.merchantId);
  const dialects = requests.map((one) => one.dialect);
  const references = requests.map((one) => one.reference);
  const cancelled = requests.filter((one) => one.wireId !== null);
  const named = await idsOf(tx, NAMED, owners, dialects, references);
  const targets = await idsOf(
    tx,
    BY_WIRE_ID,
    cancelled.map((one) => one.merchantId),
    cancelled.map((one) => one.dialect),
    cancelled.map((one) => one.wireId),
  );
  const paymentIds = unique([...named, ...targets]);
  await payments.lock(tx, paymentIds);
  const numbers = requests.map((one) => one.memberNumber);
  const memberIds = unique(await idsOf(tx, MEMBERS, owners, numbers));
  const state = await loadPurses(tx, memberIds);
  const tokenIds = unique(requests.map((one) => one.tokenId));
  await oneTimeTokens.lock(tx, tokenIds);

  for (const token of await oneTimeTokens.read(tx, tokenIds)) state.oneTimeTokens.set(token.id, token);
  const cardIds = unique([...state.oneTimeTokens.values()].map((token) => token.cardId));
  for (const card of await cards.read(tx, cardIds)) state.cards.set(card.id, card);
  await loadPayments(tx, state, paymentIds);
  for (const refund of await readRefundsByPayment(tx, paymentIds)) state.refunds.set(refund.id, refund);
  await loadDeposits(tx, state, cancelled);
  return state;
}

/** Members, locked before what is read of them: everything that changes what they may spend goes through this lock. */
export async function loadPurses(tx: Queryable, memberIds: readonly string[]): Promise<WorkingState> {
  await members.lock(tx, memberIds);
  const state = new WorkingState();
  state.realNow = await readRealNow(tx);
  for (const member of await members.read(tx, memberIds)) state.members.set(member.id, member);
  for (const one of await readRegistered(tx, memberIds)) state.linkedAccounts.set(one.id, one);
  for (const one of (await tx.query<Withdrawal>(UNSETTLED, [memberIds])).rows) state.withdrawals.set(one.id, one);
  const purses = [...state.members.values()].map(({ number }) => accounts.member(number));
  for (const [id, balance] of await readOwed(tx, purses)) state.balances.set(id, balance);
  return state;
}

export async function loadPayments(tx: Queryable, state: WorkingState, paymentIds: readonly string[]): Promise<void> {
  for (const payment of await payments.read(tx, paymentIds)) state.putPayment(payment);
  for (const one of (await tx.query<Withdrawal>(BY_PAYMENT, [paymentIds])).rows) state.withdrawals.set(one.id, one);
}

/** Where what is to be cancelled is no payment but a deposit: what that was for. Neither changes here. */
async function loadDeposits(tx: Queryable, state: WorkingState, cancelled: readonly Spending[]): Promise<void> {
  const ids = cancelled.flatMap(({ wireId }) => depositIdOf(wireId!) ?? []);
  const found = await deposits.read(tx, unique(ids));
  for (const deposit of found) state.putDeposit(deposit);
  const unread = found.flatMap(({ paymentId }) =>
    paymentId === null || state.payments.has(paymentId) ? [] : paymentId,
  );
  for (const payment of await payments.read(tx, unique(unread))) state.putPayment(payment);
}

/** The locks of members whose balance is to be looked at. */
export function takeDueMembers(tx: Queryable, limit: number): Promise<string[]> {
  return idsOf(tx, TAKE_DUE, limit);
}

/** Whether a sweep would find anything, so that an idle node commits nothing. */
export async function isAnyMemberDue(db: Queryable): Promise<boolean> {
  return (await db.query<{ due: boolean }>(ANY_DUE)).rows[0]!.due;
}

/** The merchant's member of this number, with the cards that they have. */
export async function loadMemberCards(
  tx: Queryable,
  wanted: readonly { merchantId: string; memberNumber: string }[],
): Promise<WorkingState> {
  const memberIds = unique(
    await idsOf(
      tx,
      MEMBERS,
      wanted.map((one) => one.merchantId),
      wanted.map((one) => one.memberNumber),
    ),
  );
  const state = await loadPurses(tx, memberIds);
  state.apply({ cards: await readCards(tx, memberIds) });
  return state;
}

export function memberOf(state: WorkingState, number: string) {
  return [...state.members.values()].find((member) => member.number === number);
}

export function accountOf(
  state: WorkingState,
  memberId: string | undefined,
  purpose: LinkedAccountPurpose,
): LinkedAccount | undefined {
  const held = [...state.linkedAccounts.values()].filter((account) => account.memberId === memberId);
  return registeredOf(held, purpose);
}

export function purseOf(state: WorkingState, number: string, purpose: LinkedAccountPurpose): Purse | undefined {
  const member = memberOf(state, number);
  if (member === undefined) return undefined;
  const unsettled = [...state.withdrawals.values()].filter(
    (one) => one.memberId === member.id && (one.state === "pending" || one.state === "unknown"),
  );
  const balance = state.balances.get(accounts.member(number)) ?? 0;
  return { member, balance, unsettled, account: accountOf(state, member.id, purpose) };
}

/** What was made under a reference before, by this batch too. */
export function namedBy(state: WorkingState, of: Reference): Named | undefined {
  const isOf = (one: { merchantId: string; reference: string | null }) =>
    one.reference === of.reference && one.merchantId === of.merchantId;
  const refund = [...state.refunds.values()].find(
    (one) => isOf(one) && state.payments.get(one.paymentId)?.dialect === of.dialect,
  );
  const payment =
    refund === undefined
      ? [...state.payments.values()].find(
          (one) => isOf(one) && one.dialect === of.dialect && one.method === "linked_account",
        )
      : state.payments.get(refund.paymentId);
  const withdrawal = payment && [...state.withdrawals.values()].find((one) => one.paymentId === payment.id);
  return payment && withdrawal && { payment, withdrawal, refund };
}

/** What a member's balance was paid by that clients know by this: a charge, or what a deposit was for. */
export function paymentBy(state: WorkingState, wireId: string, of: Omit<Reference, "reference">) {
  const isOf = (one: { merchantId: string; dialect: string }) =>
    one.merchantId === of.merchantId && one.dialect === of.dialect;
  const known = [...state.payments.values()].find((one) => one.wireId === wireId && isOf(one));
  if (known !== undefined) return known;
  const depositId = depositIdOf(wireId);
  const deposit = [...state.deposits.values()].flat().find((one) => one.id === depositId);
  const payment = deposit?.paymentId == null ? undefined : state.payments.get(deposit.paymentId);
  return payment !== undefined && isOf(payment) ? payment : undefined;
}

/** What became of the request of this name. */
export async function readChargeResult(db: Queryable, of: Reference): Promise<ChargeResult | undefined> {
  const { rows } = await db.query<{ state: Withdrawal["state"]; wireId: string }>(RESULT, [
    of.merchantId,
    of.dialect,
    of.reference,
  ]);
  const [found] = rows;
  return found && { state: results[found.state], wireId: found.wireId };
}

const results = { pending: "pending", unknown: "pending", succeeded: "completed", failed: "failed" } as const;

export async function readWithdrawal(db: Queryable, paymentId: string): Promise<Withdrawal | undefined> {
  return (await db.query<Withdrawal>(BY_PAYMENT, [[paymentId]])).rows[0];
}
