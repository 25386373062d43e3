/** Inbound: the sandbox bank's notice as the core takes it. The bank is part of Naru, so there is nothing to verify. */
import type { BankNotice } from "../../core/connector.ts";
import { KRW } from "../../core/money.ts";
import type { BankTransaction } from "./simulator/transactions.ts";

export const sandbox = "sandbox";
/** The merchant id under which the sandbox bank knows Naru. */
export const sandboxProviderMerchantId = "naru";

export function toNotice(transaction: BankTransaction): BankNotice {
  return {
    connector: sandbox,
    providerMerchantId: sandboxProviderMerchantId,
    transactionId: transaction.id,
    kind: transaction.kind,
    bankCode: transaction.bankCode,
    number: transaction.number,
    amount: transaction.amount,
    currency: KRW,
    depositorName: transaction.depositorName,
    occurredAt: transaction.occurredAt,
  };
}
