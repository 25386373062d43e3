/** Statements that lock and read payments, shared by every command and by the API's reads. */
import type { Queryable, Statement } from "../../store/index.ts";
import type { Deposit } from "../deposits/deposit.ts";
import { deposits } from "../deposits/deposit.ts";
import { type VirtualAccount, virtualAccounts } from "../virtual-accounts/virtual-account.ts";
import { type Payment, payments } from "./payment.ts";

/** Primary-key look-ups, locked in the order of ids. */
const LOCK: Statement = {
  name: "lock-payments",
  text: "SELECT FROM payments WHERE id = ANY($1) ORDER BY id FOR UPDATE",
};

const READ: Statement = {
  name: "read-payments",
  text: `SELECT ${payments.select("p")} FROM payments p WHERE id = ANY($1)`,
};

/** By index on (reference, merchant_id); few rows share a reference. */
const READ_PAID_REFERENCES: Statement = {
  name: "read-paid-references",
  text: `SELECT p.id, p.merchant_id AS "merchantId", p.reference
    FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (merchant_id, reference)) wanted
    JOIN payments p USING (merchant_id, reference) WHERE p.paid_at IS NOT NULL`,
};

export async function lockPayments(tx: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await tx.query(LOCK, [ids]);
}

export async function readPayments(tx: Queryable, ids: readonly string[]): Promise<Payment[]> {
  return ids.length === 0 ? [] : (await tx.query<Payment>(READ, [ids])).rows;
}

export interface Reference {
  merchantId: string;
  reference: string;
}

/** Of these references, the payments that were ever paid. */
export async function readPaidReferences(
  tx: Queryable,
  references: readonly Reference[],
): Promise<(Reference & { id: string })[]> {
  if (references.length === 0) return [];
  const values = [references.map((one) => one.merchantId), references.map((one) => one.reference)];
  return (await tx.query<Reference & { id: string }>(READ_PAID_REFERENCES, values)).rows;
}

/** A payment with its account and what was deposited to it: what a dialect shows. */
export interface PaymentView {
  payment: Payment;
  virtualAccount: VirtualAccount;
  /** For a fixed account: its credits, oldest first, those that the bank took back included. */
  deposits: Deposit[];
}

const FIND: Statement = {
  name: "find-payment-by-wire-id",
  text: `SELECT ${payments.select("p")} FROM payments p WHERE dialect = $1 AND wire_id = $2 AND merchant_id = $3`,
};

const FIND_BY_ID: Statement = {
  name: "find-payment-by-id",
  text: `SELECT ${payments.select("p")} FROM payments p WHERE id = $1`,
};

const ACCOUNT_OF: Statement = {
  name: "virtual-account-of-payment",
  text: `SELECT ${virtualAccounts.select("v")} FROM virtual_accounts v WHERE payment_id = $1 ORDER BY id DESC LIMIT 1`,
};

const DEPOSITS_OF: Statement = {
  name: "deposits-of-payment",
  text: `SELECT ${deposits.select("d")} FROM deposits d WHERE payment_id = $1 ORDER BY id`,
};

/** A merchant's payment by the id its client knows, or undefined; another merchant's payment is undefined too. */
export async function findPayment(
  db: Queryable,
  merchantId: string,
  dialect: string,
  wireId: string,
): Promise<PaymentView | undefined> {
  const found = (await db.query<Payment>(FIND, [dialect, wireId, merchantId])).rows[0];
  return found && viewOf(db, found);
}

export async function findPaymentById(db: Queryable, id: string): Promise<Payment | undefined> {
  return (await db.query<Payment>(FIND_BY_ID, [id])).rows[0];
}

export async function accountOf(db: Queryable, paymentId: string): Promise<VirtualAccount | undefined> {
  return (await db.query<VirtualAccount>(ACCOUNT_OF, [paymentId])).rows[0];
}

export async function depositsOf(db: Queryable, paymentId: string): Promise<Deposit[]> {
  return (await db.query<Deposit>(DEPOSITS_OF, [paymentId])).rows;
}

async function viewOf(db: Queryable, payment: Payment): Promise<PaymentView> {
  const virtualAccount = (await accountOf(db, payment.id))!;
  const credits = virtualAccount.kind === "fixed" ? await depositsOf(db, payment.id) : [];
  return { payment, virtualAccount, deposits: credits.filter(isCredited) };
}

function isCredited(deposit: Deposit): boolean {
  return deposit.kind === "credit" && (deposit.state === "matched" || deposit.state === "reversed");
}
