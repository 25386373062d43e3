/** The sandbox connector: lends Naru a pool of numbers at every bank and brings its own bank, `simulator/bank.ts`. */
import type { Connector } from "../../core/connector.ts";
import type { Invariant } from "../../core/invariants.ts";
import { capabilities } from "./capabilities.ts";
import { sandbox } from "./notices.ts";
import { accountNumber, capacity, numberForms } from "./simulator/account-numbers.ts";

export type { BankRefusal } from "./errors.ts";
export { sandbox, sandboxProviderMerchantId } from "./notices.ts";
export { SandboxBank, type TransferOrder, type TransferResult } from "./simulator/bank.ts";

const banks = new Set(numberForms.map((form) => form.bankCode));

export const sandboxConnector: Connector = {
  name: sandbox,
  capabilities,
  pool: {
    supports: (bankCode) => banks.has(bankCode),
    range(bankCode, from, count) {
      const length = Math.max(0, Math.min(count, capacity(bankCode) - from));
      return Array.from({ length }, (_, index) => accountNumber(bankCode, from + index));
    },
  },
};

/** What the sandbox bank knows against what the books say. Transactions whose notice is under way are left out. */
export const sandboxInvariants: readonly Invariant[] = [
  {
    name: "what the sandbox bank moved is what the books hold",
    sql: `SELECT t.id || ' (' || t.kind || '): ' || t.amount || ' at the bank, ' || coalesce(d.amount, 0) || ' booked' AS found
      FROM sandbox_bank_transactions t LEFT JOIN deposits d ON d.connector = '${sandbox}' AND d.transaction_id = t.id
        AND d.kind = t.kind AND d.booked
      WHERE t.notified_at IS NOT NULL AND t.kind = 'credit' AND d.amount IS DISTINCT FROM t.amount
      UNION ALL SELECT d.id || ': booked ' || d.amount || ', unknown to the bank' FROM deposits d
      WHERE d.connector = '${sandbox}' AND d.booked AND NOT EXISTS (SELECT FROM sandbox_bank_transactions t
        WHERE t.id = d.transaction_id AND t.kind = d.kind)`,
  },
];
