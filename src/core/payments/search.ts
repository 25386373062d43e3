/** Searching a merchant's payments by page, as its clients do. */
import type { Queryable } from "../../store/index.ts";
import { type Payment, type PaymentState, payments } from "./payment.ts";

export interface PaymentSearch {
  merchantId: string;
  dialect: string;
  reference?: string;
  /** Empty: any state. */
  states: readonly PaymentState[];
  /** Inclusive bounds of the time at which the payment came into its state. */
  since?: { from: Date; to: Date };
  sort: { by: "started" | "paid" | "updated"; descending: boolean };
  /** From 1. */
  page: number;
  limit: number;
}

export interface PaymentPage {
  total: number;
  payments: Payment[];
}

const sortColumns = { started: "created_at", paid: "paid_at", updated: "updated_at" } as const;

/**
 * Walks the index of references, or that of (merchant, dialect, state_since); planned for what is asked. What was never
 * paid counts as paid at the beginning of time. Pages are counted off, so a far page costs as much as all before it.
 */
export async function searchPayments(db: Queryable, search: PaymentSearch): Promise<PaymentPage> {
  const { where, values } = conditionsOf(search);
  const counted = await db.query<{ total: number }>(`SELECT count(*) AS total ${where}`, values);
  const { total } = counted.rows[0]!;
  return { total, payments: (search.page - 1) * search.limit < total ? await selectPayments(db, search) : [] };
}

/** The payments of the page alone. */
export async function selectPayments(db: Queryable, search: PaymentSearch): Promise<Payment[]> {
  const { where, values } = conditionsOf(search);
  const { by, descending } = search.sort;
  const order = descending ? "DESC NULLS LAST" : "ASC NULLS FIRST";
  const found = await db.query<Payment>(
    `SELECT ${payments.select("p")} ${where} ORDER BY ${sortColumns[by]} ${order}, id ${order}
      LIMIT $${values.length + 1} OFFSET $${values.length + 2}`,
    [...values, search.limit, (search.page - 1) * search.limit],
  );
  return found.rows;
}

function conditionsOf(search: PaymentSearch): { where: string; values: unknown[] } {
  const values: unknown[] = [];
  const value = (one: unknown) => `$${values.push(one)}`;
  const conditions = [`merchant_id = ${value(search.merchantId)}`, `dialect = ${value(search.dialect)}`];
  if (search.reference !== undefined) conditions.push(`reference = ${value(search.reference)}`);
  if (search.states.length > 0) conditions.push(`state = ANY(${value(search.states)})`);
  if (search.since !== undefined) {
    conditions.push(`state_since BETWEEN ${value(search.since.from)} AND ${value(search.since.to)}`);
  }
  return { where: `FROM payments p WHERE ${conditions.join(" AND ")}`, values };
}
