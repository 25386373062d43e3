/**
 * States to decide on, for the tests beside the rules: issued accounts, banks' notices, refunds, cash receipts, and
 * `Books`, which folds decisions over a working state as a batch does and keeps what the database would. All rows are
 * frozen, so that a rule which changes what it was given fails.
 */
import { type Changes, WorkingState } from "./command.ts";
import type { BankNotice } from "./connector.ts";
import type { NoticeResult, ReceivedNotice } from "./deposits/decide.ts";
import { received, receiveNotice } from "./deposits/receive.ts";
import type { Outcome } from "./errors.ts";
import type { NewEvent } from "./events/event.ts";
import { accounts, type NewTransfer } from "./ledger/ledger.ts";
import { KRW } from "./money.ts";
import type { OperationAnswer } from "./operations/operation.ts";
import type { Payment } from "./payments/payment.ts";
import { cancelReceipt, issueReceipt, recordReceiptOutcome } from "./receipts/commands.ts";
import type { Receipted, ReceiptRequest } from "./receipts/decide.ts";
import type { Receipt, Sale } from "./receipts/receipt.ts";
import { type RefundOutcome, recordRefundOutcome, requestRefund } from "./refunds/commands.ts";
import type { Refunded, RefundRequest } from "./refunds/decide.ts";
import type { Refund } from "./refunds/refund.ts";
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

/** Real time, which does not move with business time: what is asked for at once has the same. */
export const realTime = new Date("2026-01-05T09:00:00.000Z");
/** How long the bank may take to answer. */
export const callTimeout_ms = 10 * second_ms;

/** A refund of all that is left of `pay_1`, by a PG that demands nothing and sets no limits. */
export function refundRequest(wanted: Partial<RefundRequest> = {}): RefundRequest {
  return deepFreeze({
    refundId: "rfd_1",
    operationId: "op_rfd_1",
    paymentId: "pay_1",
    merchantId,
    connector,
    amount: null,
    expectedBalance: null,
    taxFree: null,
    vatAmount: null,
    reason: "단순 변심",
    account: { bankCode: "004", holder: "홍길동", number: "12345678901234", phone: null },
    sealed: { numberEncrypted: "encrypted", numberIndex: "index", numberMasked: "***234" },
    demands: { taxFree: false, vatAmount: false, phone: false },
    policy: { partials_max: null, within_months: null, quietHours: null },
    announce: true,
    callTimeout_ms,
    ...wanted,
  });
}

/** A person's cash receipt for all that is left of `pay_1`. */
export function receiptRequest(wanted: Partial<ReceiptRequest> = {}): ReceiptRequest {
  return deepFreeze({
    receiptId: "rct_1",
    operationId: "op_rct_1",
    merchantId,
    paymentId: "pay_1",
    reference: "order-1",
    channelId: "chn_1",
    connector,
    type: "person",
    identifierType: null,
    identifierEncrypted: "encrypted",
    identifierMasked: "***678",
    name: null,
    amount: null,
    taxFree: 0,
    vat: null,
    callTimeout_ms,
    ...wanted,
  });
}

/** What a bank or PG may say of an order. */
export const answers = {
  succeeded: { outcome: "succeeded", transactionId: "bpo_1" },
  failed: { outcome: "failed", code: "refused", message: "은행이 요청을 거절하였습니다." },
  unknown: { outcome: "unknown", reason: "no answer within 10000 ms" },
  absent: { outcome: "absent" },
} as const satisfies Record<string, OperationAnswer>;

/** Everything a database would hold after a sequence of decisions. */
export class Books {
  readonly state = new WorkingState();
  readonly transfers: NewTransfer[] = [];
  readonly events: NewEvent[] = [];
  #notices = 0;
  #refunds = 0;
  #receipts = 0;

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

  /** The merchant's wish; the row, if one is made, is `rfd_` and the number of wishes so far. */
  refund(wanted: Partial<RefundRequest> = {}, now = later(issuedAt, 2 * hour_ms)): Outcome<Refunded> {
    this.#refunds += 1;
    const ids = { refundId: `rfd_${this.#refunds}`, operationId: `op_rfd_${this.#refunds}` };
    this.state.realNow = realTime;
    const { result, changes } = requestRefund.decide(this.state, refundRequest({ ...ids, ...wanted }), now);
    this.keep(changes);
    return result;
  }

  /** The bank's answer to the order of a refund. */
  answerRefund(answer: OperationAnswer, id = "rfd_1", now = later(issuedAt, 3 * hour_ms)): RefundOutcome {
    const { operationId: ordered, paymentId } = this.refundOf(id);
    const operationId = ordered!;
    this.state.realNow = realTime;
    const request = deepFreeze({ refundId: id, operationId, paymentId, answer });
    const [payment, virtualAccount] = [this.payment(paymentId), this.accountOf(paymentId)];
    this.state.views.set(paymentId, { payment, virtualAccount, deposits: [], refunds: [] });
    const { result, changes } = recordRefundOutcome.decide(this.state, request, now);
    this.keep(changes);
    return result;
  }

  refundOf(id = "rfd_1"): Refund {
    return this.state.refunds.get(id)!;
  }

  /** The merchant's wish for a cash receipt; the row, if one is made, is `rct_` and the number of wishes so far. */
  receipt(wanted: Partial<ReceiptRequest> = {}, now = later(issuedAt, 2 * hour_ms)): Outcome<Receipted> {
    this.#receipts += 1;
    const ids = { receiptId: `rct_${this.#receipts}`, operationId: `op_rct_${this.#receipts}` };
    this.state.realNow = realTime;
    const { result, changes } = issueReceipt.decide(this.state, receiptRequest({ ...ids, ...wanted }), now);
    this.keep(changes);
    return result;
  }

  cancelReceipt(sale: Sale = receiptRequest(), now = later(issuedAt, 4 * hour_ms)): Outcome<Receipted> {
    this.#receipts += 1;
    this.state.realNow = realTime;
    const { merchantId, paymentId, reference } = sale;
    const operationId = `op_rct_${this.#receipts}`;
    const request = deepFreeze({ merchantId, paymentId, reference, operationId, callTimeout_ms });
    const { result, changes } = cancelReceipt.decide(this.state, request, now);
    this.keep(changes);
    return result;
  }

  /** The PG's answer to a call about a receipt: the last one, unless another is named. */
  answerReceipt(
    answer: OperationAnswer,
    id = "rct_1",
    now = later(issuedAt, 3 * hour_ms),
    operationId = this.receiptOf(id).operationId,
  ): Receipted {
    const { merchantId, paymentId, reference } = this.receiptOf(id);
    this.state.realNow = realTime;
    const request = deepFreeze({ merchantId, paymentId, reference, receiptId: id, operationId, answer });
    const { result, changes } = recordReceiptOutcome.decide(this.state, request, now);
    this.keep(changes);
    return result;
  }

  receiptOf(id = "rct_1"): Receipt {
    return this.state.receipts.get(id)!;
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

  private keep(changes: Changes): void {
    deepFreeze(changes);
    this.state.apply(changes);
    this.transfers.push(...(changes.transfers ?? []));
    this.events.push(...(changes.events ?? []));
  }
}
