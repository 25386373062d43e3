/**
 * The payee inquiry (수취조회): before money moves, a bank asks whether a credit to a virtual account may land. The
 * answer is what the deposit rules would say at this moment; no lock is held, so the notice that follows is judged anew.
 */
import type { Queryable } from "../../store/index.ts";
import { referenceKey, WorkingState } from "../command.ts";
import { limits } from "../limits.ts";
import { payments } from "../payments/payment.ts";
import { readPaidReferences } from "../payments/read.ts";
import { readByNumber } from "../virtual-accounts/read.ts";
import { holderAt } from "../virtual-accounts/virtual-account.ts";
import type { Target } from "./decide.ts";

export interface Inquiry {
  connector: string;
  bankCode: string;
  number: string;
}

/** For each inquiry a function that tells the account and payment a credit made at that time would land on. */
export async function inquire(
  db: Queryable,
  inquiries: readonly Inquiry[],
): Promise<(inquiry: Inquiry, at: Date) => Target | undefined> {
  const state = new WorkingState();
  const candidates = await readByNumber(db, inquiries, limits.number_holders_considered);
  for (const account of candidates) state.putVirtualAccount(account);
  const found = await payments.read(db, [...new Set(candidates.map((account) => account.paymentId))]);
  for (const payment of found) state.putPayment(payment);
  for (const paid of await readPaidReferences(db, found)) {
    state.putPaidReference(referenceKey(paid), paid.id);
  }
  return (inquiry, at) => {
    const account = holderAt(state.withNumber(inquiry), at);
    const payment = account && state.payments.get(account.paymentId);
    if (payment === undefined) return undefined;
    return {
      account: account!,
      payment,
      paidElsewhere: state.isPaidElsewhere(payment, payment.id),
    };
  };
}
