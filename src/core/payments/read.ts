/** Statements that read payments, shared by every command and by the API's reads. */
import { inSnapshot, type Pool, type Queryable, type Statement } from "../../store/index.ts";
import type { Deposit } from "../deposits/deposit.ts";
import { deposits } from "../deposits/deposit.ts";
import { paidOut, type Refund, readRefundsByPayment } from "../refunds/refund.ts";
import { accountOf, readByPayment } from "../virtual-accounts/read.ts";
import type { VirtualAccount } from "../virtual-accounts/virtual-account.ts";
import { type Payment, payments } from "./payment.ts";

/** By index on (reference, merchant_id); few rows share a reference. */
const READ_PAID_REFERENCES: Statement = {
  name: "read-paid-references",
  text: `SELECT p.id, p.merchant_id AS "merchantId", p.dialect, p.reference
    FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS w (merchant_id, dialect, reference)) wanted
    JOIN payments p USING (merchant_id, dialect, reference) WHERE p.paid_at IS NOT NULL`,
};

/** A merchant's own name for an order, among those of one dialect's clients. */
export interface Reference {
  merchantId: string;
  dialect: string;
  reference: string;
}

/** Of these references, the payments that were ever paid. */
export async function readPaidReferences(
  tx: Queryable,
  references: readonly Reference[],
): Promise<(Reference & { id: string })[]> {
  if (references.length === 0) return [];
  const values = [
    references.map((one) => one.merchantId),
    references.map((one) => one.dialect),
    references.map((one) => one.reference),
  ];
  return (await tx.query<Reference & { id: string }>(READ_PAID_REFERENCES, values)).rows;
}

/** A payment with its account and what came and went: what a dialect shows. */
export interface PaymentView {
  payment: Payment;
  virtualAccount: VirtualAccount;
  /** Of a fixed account its credits, oldest first; of any other those that the bank took back. */
  deposits: Deposit[];
  /** Those that were paid out, in that order. */
  refunds: Refund[];
}

const FIND: Statement = {
  name: "find-payments-by-wire-id",
  text: `SELECT ${payments.select("p")} FROM payments p WHERE dialect = $1 AND wire_id = ANY($2) AND merchant_id = $3`,
};

/** Of each reference the newest by index on (reference, merchant_id, created_at), and one that was ever paid. */
const FIND_BY_REFERENCE: Statement = {
  name: "find-payments-by-reference",
  text: `SELECT DISTINCT ON (p.id) ${payments.select("p")} FROM (SELECT DISTINCT unnest($2::text[]) AS reference) wanted
    CROSS JOIN LATERAL (
      (SELECT * FROM payments WHERE dialect = $1 AND reference = wanted.reference AND merchant_id = $3
        ORDER BY created_at DESC, id DESC LIMIT 1)
      UNION ALL
      (SELECT * FROM payments WHERE dialect = $1 AND reference = wanted.reference AND merchant_id = $3
        AND paid_at IS NOT NULL LIMIT 1)
    ) p`,
};

const DEPOSITS_OF: Statement = {
  name: "deposits-of-payments",
  text: `SELECT ${deposits.select("d")} FROM deposits d WHERE payment_id = ANY($1) ORDER BY id`,
};

/** A merchant's payment by the id its client knows, or undefined; another merchant's payment is undefined too. */
export async function findPayment(
  db: Queryable,
  merchantId: string,
  dialect: string,
  wireId: string,
): Promise<Payment | undefined> {
  return (await findPayments(db, merchantId, dialect, [wireId]))[0];
}

export async function findPayments(
  db: Queryable,
  merchantId: string,
  dialect: string,
  wireIds: readonly string[],
): Promise<Payment[]> {
  if (wireIds.length === 0) return [];
  return (await db.query<Payment>(FIND, [dialect, wireIds, merchantId])).rows;
}

/** Of each reference the payment begun last, and the one that was ever paid, if that is another; the latest first. */
export async function findPaymentsByReference(
  db: Queryable,
  merchantId: string,
  dialect: string,
  references: readonly string[],
): Promise<Payment[]> {
  if (references.length === 0) return [];
  const found = await db.query<Payment>(FIND_BY_REFERENCE, [dialect, references, merchantId]);
  return found.rows.sort((one, other) => other.createdAt.getTime() - one.createdAt.getTime());
}

export async function depositsOf(db: Queryable, paymentIds: readonly string[]): Promise<Deposit[]> {
  return paymentIds.length === 0 ? [] : (await db.query<Deposit>(DEPOSITS_OF, [paymentIds])).rows;
}

/**
 * A payment that was just read, with all that is shown of it. What came and went since would not fit the row, so where
 * there is such a thing the row is read again with it, as of one moment.
 */
export async function viewOf(pool: Pool, payment: Payment): Promise<PaymentView> {
  const virtualAccount = await accountOf(pool, payment.id);
  const hasMoved = virtualAccount.kind === "fixed" || payment.refundedAmount > 0 || payment.state === "reversed";
  if (!hasMoved) return { payment, virtualAccount, deposits: [], refunds: [] };
  const [view] = await inSnapshot(pool, async (tx) => viewsOf(tx, await payments.read(tx, [payment.id])));
  return view!;
}

/** These payments with all that is shown of them, in their order; `db` sees them as they were read. */
export async function viewsOf(db: Queryable, shown: readonly Payment[]): Promise<PaymentView[]> {
  const ids = (of: (payment: Payment) => boolean) => shown.filter(of).map((payment) => payment.id);
  const accounts = new Map(
    (
      await readByPayment(
        db,
        ids(() => true),
      )
    ).map((account) => [account.paymentId, account]),
  );
  const credits = await depositsOf(
    db,
    ids((payment) => accounts.get(payment.id)!.kind === "fixed" || payment.state === "reversed"),
  );
  const refunds = await readRefundsByPayment(
    db,
    ids((payment) => payment.refundedAmount > 0),
  );
  return shown.map((payment) => ({
    payment,
    virtualAccount: accounts.get(payment.id)!,
    deposits: credits.filter((deposit) => deposit.paymentId === payment.id && isCredited(deposit)),
    refunds: paidOut(refunds.filter((refund) => refund.paymentId === payment.id)),
  }));
}

/** It landed, even if the bank took it back since. */
function isCredited(deposit: Deposit): boolean {
  return deposit.kind === "credit" && deposit.reason === null;
}
