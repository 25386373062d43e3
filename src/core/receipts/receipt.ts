/**
 * A cash receipt (현금영수증): the tax office's record of a sale paid in cash, made through a PG. For a payment of ours,
 * or for a sale made outside.
 *
 *   issuing ──▶ issued ──▶ cancelling ──▶ cancelled
 *      └──▶ failed  ▲──────────┘ the PG would not cancel it
 *
 * One of a sale at a time: another may be issued once the last has failed or been cancelled.
 */
import { type Queryable, type Statement, table } from "../../store/index.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";

export type ReceiptState = "issuing" | "issued" | "failed" | "cancelling" | "cancelled";

export interface Receipt {
  id: string;
  merchantId: string;
  /** Null: for a sale outside, which `reference` names. */
  paymentId: string | null;
  reference: string;
  channelId: string;
  connector: string;
  /** The call that was made last. */
  operationId: string;
  /** For a person's income deduction, or as a company's evidence of expense. */
  type: "person" | "company";
  identifierType: string | null;
  identifierEncrypted: string;
  identifierMasked: string;
  name: string | null;
  amount: number;
  taxFree: number;
  vat: number;
  state: ReceiptState;
  /** The PG's id of the receipt. */
  transactionId: string | null;
  /** The tax office's number. */
  approvalNumber: string | null;
  failureCode: string | null;
  failureMessage: string | null;
  requestedAt: Date;
  issuedAt: Date | null;
  cancelledAt: Date | null;
  updatedAt: Date;
  eventSeq: number;
}

export type ReceiptEventType = `receipt.${ReceiptState}`;

export const receipts = table<Receipt>(
  "cash_receipts",
  [
    "id",
    "merchantId",
    "paymentId",
    "reference",
    "channelId",
    "connector",
    "operationId",
    "type",
    "identifierType",
    "identifierEncrypted",
    "identifierMasked",
    "name",
    "amount",
    "taxFree",
    "vat",
    "state",
    "transactionId",
    "approvalNumber",
    "failureCode",
    "failureMessage",
    "requestedAt",
    "issuedAt",
    "cancelledAt",
    "updatedAt",
    "eventSeq",
  ],
  ["id"],
);

/** The receipt after a change, and the one event that tells of it. */
export function changeReceipt(
  receipt: Receipt,
  change: Partial<Receipt>,
  now: Date,
): { receipt: Receipt; event: NewEvent } {
  const tell = ({ paymentId, state, amount, failureMessage: reason }: Receipt) =>
    ({ subjectType: "receipt", paymentId, type: `receipt.${state}`, data: { amount, reason } }) as const;
  const { changed, event } = changeSubject(receipt, change, tell, now);
  return { receipt: changed, event };
}

/** A sale that receipts are for. */
export type Sale = Pick<Receipt, "merchantId" | "paymentId" | "reference">;

/** What the receipts of one sale are locked and found by. */
export function saleKey({ merchantId, paymentId, reference }: Sale): string {
  return JSON.stringify(paymentId === null ? [merchantId, reference] : [paymentId]);
}

/** By index, first on the payment, then on the reference of a sale outside. */
const READ: Statement = {
  name: "read-receipts",
  text: `SELECT ${receipts.select("r")} FROM cash_receipts r WHERE payment_id = ANY($1)
    UNION ALL SELECT ${receipts.select("r")} FROM unnest($2::text[], $3::text[]) AS outside (merchant_id, reference)
      JOIN cash_receipts r ON r.merchant_id = outside.merchant_id AND r.reference = outside.reference AND r.payment_id IS NULL
    ORDER BY "requestedAt", id`,
};

/** Every receipt of these sales, oldest first. */
export async function readReceipts(db: Queryable, sales: readonly Sale[]): Promise<Receipt[]> {
  if (sales.length === 0) return [];
  const distinct = [...new Map(sales.map((sale) => [saleKey(sale), sale])).values()];
  const outside = distinct.filter((sale) => sale.paymentId === null);
  const found = await db.query<Receipt>(READ, [
    distinct.map((sale) => sale.paymentId).filter((id) => id !== null),
    outside.map((sale) => sale.merchantId),
    outside.map((sale) => sale.reference),
  ]);
  return found.rows;
}

/** Issued, and not yet known to be cancelled. */
export function isStanding(receipt: Receipt): boolean {
  return receipt.state === "issued" || receipt.state === "cancelling";
}

/** The receipt to show: the one that stands, or the last that did. */
export function shownReceipt(ofSale: readonly Receipt[]): Receipt | undefined {
  return ofSale.find(isStanding) ?? ofSale.filter((receipt) => receipt.state === "cancelled").at(-1);
}

/** The receipt that counts: the one that stands or is under way, of which there is one at most, or the last cancelled. */
export function currentReceipt(ofSale: readonly Receipt[]): Receipt | undefined {
  const live = ofSale.find((receipt) => receipt.state === "issuing" || isStanding(receipt));
  return live ?? ofSale.filter((receipt) => receipt.state === "cancelled").at(-1);
}
