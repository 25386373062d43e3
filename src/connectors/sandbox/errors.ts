/** Why the sandbox bank would not do what it was told. */
import type { SuspenseReason } from "../../core/deposits/deposit.ts";

export type BankRefusal =
  /** The payee inquiry said no, so the bank moved no money, as Korean banks do for exact-amount accounts. */
  | { code: "bank-refused"; reason: SuspenseReason }
  | { code: "amount-needed" }
  | { code: "no-such-transaction"; id: string };
