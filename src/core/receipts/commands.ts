/** The commands that issue and cancel cash receipts, and record what the PG said. */
import { claim, newId, type Queryable, readRealNow } from "../../store/index.ts";
import { type CoreCommand, WorkingState } from "../command.ts";
import type { Outcome } from "../errors.ts";
import { type ExchangeDraft, recordExchange } from "../exchanges.ts";
import { newOperationId, type OperationAnswer, readLocked } from "../operations/operation.ts";
import { payments } from "../payments/payment.ts";
import { masked, type Secrets } from "../secrets.ts";
import {
  type CancelReceiptRequest,
  decideCancelReceipt,
  decideReceipt,
  decideReceiptOutcome,
  type Receipted,
  type ReceiptRequest,
  type SaleState,
} from "./decide.ts";
import { type Receipt, readReceipts, type Sale, saleKey } from "./receipt.ts";

/** Ids for a receipt, and whom it names as it may be stored. */
export function sealReceipt(
  secrets: Secrets,
  merchantId: string,
  identifier: string,
): Pick<ReceiptRequest, "receiptId" | "operationId" | "identifierEncrypted" | "identifierMasked"> {
  const row = newId("rct");
  const place = { table: "cash_receipts", column: "identifier_encrypted", row, merchantId };
  return {
    receiptId: row,
    operationId: newOperationId(),
    identifierEncrypted: secrets.encrypt(identifier, place),
    identifierMasked: masked(identifier),
  };
}

export const issueReceipt: CoreCommand<ReceiptRequest, Outcome<Receipted>> = {
  name: "issue-receipt",
  load: loadSales,
  decide: (state, request, now) => decideReceipt(saleOf(state, request), request, now, state.realNow),
};

export const cancelReceipt: CoreCommand<CancelReceiptRequest, Outcome<Receipted>> = {
  name: "cancel-receipt",
  load: loadSales,
  decide: (state, request, now) => decideCancelReceipt(saleOf(state, request), request, now, state.realNow),
};

export interface ReceiptOutcomeRequest extends Sale {
  receiptId: string;
  operationId: string;
  answer: OperationAnswer;
  exchange?: ExchangeDraft<Receipted> | undefined;
}

export const recordReceiptOutcome: CoreCommand<ReceiptOutcomeRequest, Receipted> = {
  name: "record-receipt-outcome",

  async load(tx, requests) {
    const state = await loadSales(tx, requests);
    const operationIds = requests.map((request) => request.operationId);
    for (const operation of await readLocked(tx, operationIds)) state.operations.set(operation.id, operation);
    return state;
  },

  decide(state, request, now) {
    const receipt = state.receipts.get(request.receiptId)!;
    const operation = state.operations.get(request.operationId)!;
    const { payment } = saleOf(state, request);
    const { result, changes } = decideReceiptOutcome(
      payment,
      { receipt, operation },
      request.answer,
      now,
      state.realNow,
    );
    const { merchantId, paymentId } = request;
    const exchanges = recordExchange(request.exchange, { merchantId, paymentId }, result, now);
    return { result, changes: { ...changes, exchanges } };
  },
};

/** The receipts of a sale are locked by the sale's name; a payment's row besides, since its flag changes. */
async function loadSales(tx: Queryable, sales: readonly Sale[]): Promise<WorkingState> {
  await claim(
    tx,
    sales.map((sale) => ({ scope: "4-receipt", key: saleKey(sale) })),
  );
  const paymentIds = [...new Set(sales.map((sale) => sale.paymentId).filter((id) => id !== null))];
  await payments.lock(tx, paymentIds);
  const state = new WorkingState();
  state.realNow = await readRealNow(tx);
  for (const payment of await payments.read(tx, paymentIds)) state.putPayment(payment);
  for (const receipt of await readReceipts(tx, sales)) state.receipts.set(receipt.id, receipt);
  return state;
}

function saleOf(state: WorkingState, sale: Sale): SaleState {
  const key = saleKey(sale);
  const receipts: Receipt[] = [...state.receipts.values()].filter(
    (receipt) => saleKey(receipt) === key && receipt.merchantId === sale.merchantId,
  );
  const payment = sale.paymentId === null ? undefined : state.payments.get(sale.paymentId);
  return { payment: payment?.merchantId === sale.merchantId ? payment : undefined, receipts };
}
