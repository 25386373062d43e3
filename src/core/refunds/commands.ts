/** The commands that ask for a refund and record what the bank said of it. */
import { newId, type Queryable, readRealNow } from "../../store/index.ts";
import { type CoreCommand, WorkingState } from "../command.ts";
import type { Outcome } from "../errors.ts";
import { type ExchangeDraft, recordExchange } from "../exchanges.ts";
import { newOperationId, type OperationAnswer, readLocked } from "../operations/operation.ts";
import { payments } from "../payments/payment.ts";
import { type PaymentView, viewsOf } from "../payments/read.ts";
import { masked, type Secrets } from "../secrets.ts";
import { decideRefund, decideRefundOutcome, type Refunded, type RefundRequest, type SealedNumber } from "./decide.ts";
import { paidOut, readRefundsByPayment } from "./refund.ts";

/** Ids for a refund, and its account's number as it may be stored. */
export function sealRefund(
  secrets: Secrets,
  merchantId: string,
  account: { bankCode: string | null; number: string | null },
): Pick<RefundRequest, "refundId" | "operationId" | "sealed"> {
  const refundId = newId("rfd");
  return { refundId, operationId: newOperationId(), sealed: sealNumber(secrets, merchantId, refundId, account) };
}

function sealNumber(
  secrets: Secrets,
  merchantId: string,
  row: string,
  { bankCode, number }: { bankCode: string | null; number: string | null },
): SealedNumber | null {
  if (bankCode === null || number === null) return null;
  return {
    numberEncrypted: secrets.encrypt(number, { table: "refunds", column: "number_encrypted", row, merchantId }),
    numberIndex: secrets.blindIndex(merchantId, `${bankCode} ${number}`),
    numberMasked: masked(number),
  };
}

export const requestRefund: CoreCommand<RefundRequest, Outcome<Refunded>> = {
  name: "request-refund",

  load: (tx, requests) => loadRefunds(tx, [...new Set(requests.map((request) => request.paymentId))]),

  decide(state, request, now) {
    const payment = state.payments.get(request.paymentId);
    return decideRefund(payment, state.refundsOf(request.paymentId), request, now, state.realNow);
  },
};

export interface RefundOutcomeRequest {
  refundId: string;
  operationId: string;
  paymentId: string;
  answer: OperationAnswer;
  exchange?: ExchangeDraft<RefundOutcome> | undefined;
}

/** With the payment as the outcome left it, as it is shown where it has a virtual account. */
export interface RefundOutcome extends Refunded {
  view: PaymentView | undefined;
}

export const recordRefundOutcome: CoreCommand<RefundOutcomeRequest, RefundOutcome> = {
  name: "record-refund-outcome",

  async load(tx, requests) {
    const state = await loadRefunds(tx, [...new Set(requests.map((request) => request.paymentId))]);
    const operationIds = requests.map((request) => request.operationId);
    for (const operation of await readLocked(tx, operationIds)) state.operations.set(operation.id, operation);
    const shown = [...state.payments.values()].filter(({ method }) => method === "virtual_account");
    for (const view of await viewsOf(tx, shown)) state.views.set(view.payment.id, view);
    return state;
  },

  decide(state, request, now) {
    const payment = state.payments.get(request.paymentId)!;
    const refund = state.refunds.get(request.refundId)!;
    const operation = state.operations.get(request.operationId)!;
    const decided = decideRefundOutcome({ payment, refund, operation }, request.answer, now, state.realNow);
    const others = state.refundsOf(payment.id).filter((other) => other.id !== refund.id);
    const refunds = paidOut([...others, decided.result.refund]);
    const before = state.views.get(payment.id);
    const view = before && { ...before, payment: decided.result.payment, refunds };
    const result = { ...decided.result, view };
    const owner = { merchantId: payment.merchantId, paymentId: payment.id };
    const exchanges = recordExchange(request.exchange, owner, result, now);
    return { result, changes: { ...decided.changes, exchanges } };
  },
};

/** Every change of a refund goes through its payment's lock. */
async function loadRefunds(tx: Queryable, paymentIds: readonly string[]): Promise<WorkingState> {
  await payments.lock(tx, paymentIds);
  const state = new WorkingState();
  state.realNow = await readRealNow(tx);
  for (const payment of await payments.read(tx, paymentIds)) state.putPayment(payment);
  for (const refund of await readRefundsByPayment(tx, paymentIds)) state.refunds.set(refund.id, refund);
  return state;
}
