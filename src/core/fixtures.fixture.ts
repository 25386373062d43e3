/**
 * States to decide on, for the tests beside the rules: issued accounts, banks' notices, and `Books`, which folds
 * decisions over a working state as a batch does and keeps what the database would. All rows are frozen, so that a rule
 * which changes what it was given fails.
 */
import { WorkingState } from "./command.ts";
import type { BankNotice } from "./connector.ts";
import type { NoticeResult, ReceivedNotice } from "./deposits/decide.ts";
import { received, receiveNotice } from "./deposits/receive.ts";
import type { Outcome } from "./errors.ts";
import type { NewEvent } from "./events/event.ts";
import { accounts, type NewTransfer } from "./ledger/ledger.ts";
import { KRW } from "./money.ts";
import type { Payment } from "./payments/payment.ts";
import { closeVirtualAccount } from "./virtual-accounts/commands.ts";
import {
  decideExpire,
  decideIssue,
  type Issued,
  type IssueRequest,
  type IssueState,
  type LifeChanges,
} from "./virtual-accounts/decide.ts";
import type { VirtualAccount } from "./virtual-accounts/virtual-account.ts";

export const second_ms = 1_000;
export const minute_ms = 60 * second_ms;
export const hour_ms = 60 * minute_ms;

/** Noon in Seoul. */
export const issuedAt = new Date("2026-03-02T03:00:00.000Z");
/** The last second of that day in Seoul. */
export const dueAt = new Date("2026-03-02T14:59:59.000Z");
/** What a one-time account asks for, in won. */
export const price = 10_000;

export const merchantId = "mer_shop";
const connector = "sandbox";

export function later(time: Date, by_ms: number): Date {
  return new Date(time.getTime() + by_ms);
}

export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const held of Object.values(value)) deepFreeze(held);
  }
  return value;
}

/** A request for payment `pay_1`; a fixed one takes any amount. */
export function issueRequest(wanted: Partial<IssueRequest> = {}): IssueRequest {
  const kind = wanted.kind ?? "one_time";
  return deepFreeze({
    paymentId: "pay_1",
    virtualAccountId: "va_1",
    merchantId,
    dialect: "iamport",
    wireId: "imp_000000000001",
    reference: "order-1",
    channel: { id: "chn_1", connector, provider: "nice", providerMerchantId: "naru00000m" },
    providerTransaction: "naru00000m_000000000001",
    beneficiary: accounts.merchant(merchantId),
    bankCode: "088",
    kind,
    amount: kind === "fixed" ? null : price,
    dueAt,
    holder: "나루상점",
    name: "나룻배 승선권",
    buyer: { name: "홍길동", email: null, tel: null, address: null, postcode: null },
    customData: null,
    taxFree: null,
    vatAmount: null,
    escrow: false,
    reserved: undefined,
    noticeUrls: ["https://shop.example/notice"],
    noticeResend: false,
    userAgent: null,
    ...wanted,
  });
}

/** An order that was not paid, and what the pool offers it. */
export function offering(free: string | undefined): IssueState {
  return { referencePaid: false, free, known: undefined, inUse: false };
}

/** What the issue of `issueRequest(wanted)` leaves behind. */
export function issued(wanted: Partial<IssueRequest> = {}, number = "56012345678901", now = issuedAt): Issued {
  const { result } = decideIssue(offering(number), issueRequest(wanted), now);
  if (!result.ok) throw new Error(`not issued: ${result.refusal.code}`);
  return deepFreeze(result.value);
}

/** The account of an issue, changed as the case needs it. */
export function account(changes: Partial<VirtualAccount> = {}): VirtualAccount {
  return deepFreeze({ ...issued().virtualAccount, ...changes });
}

/** A credit of the price to the account of `issued()`, an hour after it was issued. */
export function notice(told: Partial<BankNotice> = {}, id = "dep_1"): ReceivedNotice {
  const bankNotice: BankNotice = {
    connector,
    providerMerchantId: "naru",
    transactionId: "btx_1",
    kind: "credit",
    bankCode: "088",
    number: "56012345678901",
    amount: price,
    currency: KRW,
    depositorName: "홍길동",
    occurredAt: later(issuedAt, hour_ms),
    ...told,
  };
  return deepFreeze({ ...received(bankNotice), id });
}

/** What one decision changed. */
interface Changed {
  payments?: Payment[];
  virtualAccounts?: VirtualAccount[];
  transfers?: NewTransfer[];
  events?: NewEvent[];
}

/** Everything a database would hold after a sequence of decisions. */
export class Books {
  readonly state = new WorkingState();
  readonly transfers: NewTransfer[] = [];
  readonly events: NewEvent[] = [];
  #notices = 0;

  /** Books that hold these issues, with the event of each. */
  static with(...requests: { request?: Partial<IssueRequest>; number?: string }[]): Books {
    const books = new Books();
    for (const { request, number = "56012345678901" } of requests) {
      const { changes } = decideIssue(offering(number), issueRequest(request), issuedAt);
      books.keep(changes);
    }
    return books;
  }

  /** The bank's word; the row, if one is made, is `dep_` and the number of notices so far. */
  receive(told: Partial<BankNotice> = {}, now = later(issuedAt, hour_ms)): NoticeResult {
    this.#notices += 1;
    return this.receiveNotice(notice(told, `dep_${this.#notices}`), now);
  }

  receiveNotice(one: ReceivedNotice, now: Date): NoticeResult {
    for (const rows of this.state.deposits.values()) deepFreeze(rows);
    const { result, changes } = receiveNotice.decide(this.state, one, now);
    this.keep(changes);
    return result;
  }

  expire(paymentId: string, now: Date): LifeChanges | undefined {
    const payment = this.payment(paymentId);
    const changes = decideExpire({ payment, virtualAccount: this.accountOf(paymentId) }, now);
    if (changes !== undefined) this.keep(changes);
    return changes;
  }

  close(paymentId: string, now: Date): Outcome<Issued> {
    const request = { paymentId, merchantId: this.payment(paymentId).merchantId, reason: "계좌말소" };
    const { result, changes } = closeVirtualAccount.decide(this.state, request, now);
    this.keep(changes);
    return result;
  }

  payment(id = "pay_1"): Payment {
    return this.state.payments.get(id)!;
  }

  accountOf(paymentId = "pay_1"): VirtualAccount {
    return [...this.state.virtualAccounts.values()].find((one) => one.paymentId === paymentId)!;
  }

  /** Credit less debit of an account that starts with nothing. */
  balance(id: string): number {
    const moved = this.transfers.map(
      (one) => (one.creditAccount === id ? one.amount : 0) - (one.debitAccount === id ? one.amount : 0),
    );
    return moved.reduce((sum, amount) => sum + amount, 0);
  }

  private keep(changes: Changed): void {
    deepFreeze(changes);
    this.state.apply(changes);
    this.transfers.push(...(changes.transfers ?? []));
    this.events.push(...(changes.events ?? []));
  }
}
