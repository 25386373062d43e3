/**
 * What a connector is to the core: the bank or PG on the other side. A connector either lends a pool of account
 * numbers, from which Naru assigns inside its own transaction, or is asked for each number (an operation).
 */
import type { NoticeResult } from "./deposits/decide.ts";
import type { OperationAnswer } from "./operations/operation.ts";

export interface Connector {
  /** The name in `payments.connector` and in ledger accounts such as `bank:sandbox`. */
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Its money is made up. */
  readonly sandbox?: boolean;
  readonly pool?: NumberPool;
  readonly refunds?: RefundService;
  readonly receipts?: ReceiptService;
  readonly wallet?: WalletService;
  readonly linkedAccounts?: LinkedAccountService;
  readonly deposits?: DepositService;
  /** Whose account it is; undefined when the bank knows no such account. */
  findHolder?(bankCode: string, number: string, signal: AbortSignal): Promise<string | undefined>;
  /** Called once by the core that uses it: where it takes what its bank tells without being asked. */
  deliverTo?(inbox: Inbox): void;
}

/** What the core does with a bank's notices. Each may come any number of times and in any order. */
export interface Inbox {
  receiveNotice(notice: BankNotice): Promise<NoticeResult>;
  /** What became of an order to pay out, or to authorize a payment; false when nobody ordered it. */
  receiveOrderNotice(notice: OrderNotice): Promise<boolean>;
}

/** A bank or wallet tells of an order before, after or instead of answering the call that gave it. */
export interface OrderNotice {
  connector: string;
  /** The order's. */
  key: string;
  answer: Extract<OperationAnswer, { outcome: "succeeded" | "failed" }>;
}

/** What the bank or PG does, declared; what is not declared is refused before it is tried. */
export interface Capabilities {
  readonly issue: "pool" | "ask";
  readonly reservedNumbers: boolean;
  readonly change: boolean;
  readonly close: boolean;
  readonly refund: boolean;
  readonly receipts: boolean;
  readonly wallet: boolean;
  readonly linkedAccounts: boolean;
  readonly holderLookup: boolean;
  readonly notices: boolean;
  /** It can be asked for transactions whose notice was not acknowledged. */
  readonly query: boolean;
}

/**
 * Orders that a bank carries out at most once per key. An answer of `failed` means that it never will; when nothing is
 * known these throw, and `ask` is asked later.
 */
export interface RefundService {
  pay(order: RefundOrder, signal: AbortSignal): Promise<OperationAnswer>;
  ask(key: string, signal: AbortSignal): Promise<OperationAnswer>;
}

export interface Order {
  /** What the bank knows the order by, now and when it is asked. */
  readonly key: string;
  /** After this the bank must not begin to carry it out. Real time. */
  readonly validUntil: Date;
}

export interface RefundOrder extends Order {
  /** The bank's transaction that brought the money, or the PG's id of the payment. */
  readonly providerTransaction: string;
  readonly amount: number;
  readonly currency: string;
  readonly bankCode: string;
  readonly number: string;
  readonly holder: string;
}

/** Transactions as the bank has them, for when a notice never came. */
export interface DepositService {
  /** Those whose notice was not acknowledged, the oldest first, at most `count`. */
  unconfirmed(count: number, signal: AbortSignal): Promise<BankNotice[]>;
  /** They have been taken and need not be named again. */
  confirm(notices: readonly BankNotice[], signal: AbortSignal): Promise<void>;
}

export interface ReceiptService {
  issue(order: ReceiptOrder, signal: AbortSignal): Promise<OperationAnswer>;
  cancel(order: Order & { readonly transactionId: string }, signal: AbortSignal): Promise<OperationAnswer>;
  ask(key: string, signal: AbortSignal): Promise<OperationAnswer>;
}

export interface ReceiptOrder extends Order {
  readonly type: "person" | "company";
  readonly identifier: string;
  readonly identifierType: string | null;
  readonly amount: number;
  readonly taxFree: number;
  readonly vat: number;
}

/**
 * A wallet, or another way of paying that asks the shopper. Like a bank it carries an order out at most once per key and
 * never after its time. `failed` is a decline; a wallet that has yet to decide answers `unknown` and tells by a notice.
 */
export interface WalletService {
  /** Takes, or reserves, what the shopper agreed to pay. */
  authorize(order: AuthorizationOrder, signal: AbortSignal): Promise<OperationAnswer>;
  /** Gives back a part of what an authorization took, or all of it. */
  refund(order: WalletRefundOrder, signal: AbortSignal): Promise<OperationAnswer>;
  ask(key: string, signal: AbortSignal): Promise<OperationAnswer>;
}

export interface AuthorizationOrder extends Order {
  /** The way of paying, as its contract spells it: `KAKAOPAY`. */
  readonly method: string;
  /** In the currency's minor unit; 0 where the shopper agrees to later payments and pays nothing now. */
  readonly amount: number;
  readonly currency: string;
  /** What the shopper sees of it. */
  readonly description: string | null;
  /** What the shopper brought back from the wallet; null where nobody was asked. */
  readonly proof: string | null;
  /** The shopper agrees to later payments: the answer carries a billing key for them. */
  readonly wantsBillingKey: boolean;
  /** By this the shopper agreed earlier; null for a payment that they agree to now. */
  readonly billingKey: string | null;
}

export interface WalletRefundOrder extends Order {
  /** The wallet's own id of the authorization. */
  readonly authorization: string;
  readonly amount: number;
  readonly currency: string;
}

/**
 * A PG that draws on members' own bank accounts. Like a bank it carries an order out at most once per key and never after
 * its time; what it has yet to find out it answers `unknown`, and tells by a notice.
 */
export interface LinkedAccountService {
  /** Whether an account is that of this person; undefined when there is no such account. */
  checkHolder(claimed: ClaimedAccount, signal: AbortSignal): Promise<HolderCheck | undefined>;
  /** Has a robot call the member, who agrees by typing the code (ARS). `failed` when they did not. */
  call(order: ArsOrder, signal: AbortSignal): Promise<OperationAnswer>;
  /**
   * Registers an account whose holder has agreed, if it is theirs; the answer carries a `registration`, by which it is drawn on. Codes of
   * failures: `lifetime-account`, `restricted-account`, `refused`.
   */
  register(order: RegistrationOrder, signal: AbortSignal): Promise<OperationAnswer>;
  /** Draws on a registered account. */
  withdraw(order: WithdrawalOrder, signal: AbortSignal): Promise<OperationAnswer>;
  /** Sends a small amount, to see whether the account takes it. A failure of code `no-such-account` says that there is none. */
  verify(order: VerificationOrder, signal: AbortSignal): Promise<OperationAnswer>;
  ask(key: string, signal: AbortSignal): Promise<OperationAnswer>;
}

export interface ClaimedAccount {
  /** KFTC, three digits. */
  bankCode: string;
  number: string;
  holder: string;
  /** `yyyyMMdd`. */
  birthDate: string;
}

export type HolderCheck = "right" | "wrong-name" | "wrong-birth-date";

export interface ArsOrder extends Order {
  phone: string | null;
  /** What the member is to type; null where agreeing is enough. */
  code: string | null;
}

export type RegistrationOrder = Order & Readonly<ClaimedAccount>;

export interface WithdrawalOrder extends Order {
  /** Of the account. */
  readonly registration: string;
  readonly amount: number;
  readonly currency: string;
}

export interface VerificationOrder extends Order {
  readonly bankCode: string;
  readonly number: string;
  readonly amount: number;
  readonly currency: string;
}

export interface NumberPool {
  supports(bankCode: string): boolean;
  /** Whether the PG may have given a merchant this number for a customer of its own: none that the pool may lend. */
  mayReserve(bankCode: string, number: string): boolean;
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
