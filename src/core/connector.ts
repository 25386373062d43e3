/**
 * What a connector is to the core: the bank or PG on the other side. A connector either lends a pool of account
 * numbers, from which Naru assigns inside its own transaction, or is asked for each number (an operation).
 */
export interface Connector {
  /** The name in `payments.connector` and in ledger accounts such as `bank:sandbox`. */
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly pool?: NumberPool;
}

export interface Capabilities {
  readonly issue: "pool" | "ask";
  readonly fixedAccounts: boolean;
  readonly notices: boolean;
}

export interface NumberPool {
  supports(bankCode: string): boolean;
  /** Numbers `from` to `from + count - 1` of the bank's range; empty when the range is used up. */
  range(bankCode: string, from: number, count: number): string[];
}

/**
 * A bank's notice, verified and normalised by its connector. A transaction's reversal has the transaction's own id.
 * `connector`, `providerMerchantId`, `transactionId` and `kind` together are the key under which it counts once.
 */
export interface BankNotice {
  connector: string;
  providerMerchantId: string;
  transactionId: string;
  kind: "credit" | "reversal";
  bankCode: string;
  number: string;
  /** Whole won, at least 1. */
  amount: number;
  currency: string;
  depositorName: string | null;
  /** The bank's own time of the transaction, by which lateness is judged. */
  occurredAt: Date;
}
