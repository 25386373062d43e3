/**
 * Members to decide on, for the tests beside the rules: their accounts and cards, tokens that are shown, and `MemberBooks`,
 * which folds the commands' decisions over a working state as a batch does and keeps what the database would. All rows are
 * frozen, so that a rule which changes what it was given fails.
 */
import { DecidedBooks } from "../decided-books.fixture.ts";
import type { MemberChargeRefusal, Outcome } from "../errors.ts";
import { callTimeout_ms, deepFreeze, issuedAt, merchantId, realTime } from "../fixtures.fixture.ts";
import { accounts } from "../ledger/ledger.ts";
import type { Card } from "../members/card.ts";
import type { Member } from "../members/member.ts";
import type { OneTimeToken } from "../members/token.ts";
import type { OperationAnswer } from "../operations/operation.ts";
import { recordRefundOutcome } from "../refunds/commands.ts";
import {
  cancelMemberCharge,
  chargeMember,
  type Looked,
  lookAtBalances,
  recordWithdrawal,
  setAutoCharge,
} from "./charge-commands.ts";
import type { ChargedMember } from "./charges.ts";
import type { Cancelling, CancelRequest } from "./decide-cancel.ts";
import type { ChargeIds, ChargeRequest, Charging } from "./decide-charge.ts";
import type { LinkedAccount } from "./linked-account.ts";

export const number = "50000104652";
export const purse = accounts.member(number);
export const channel = { id: "chn_1", connector: "sandbox", provider: "konaplate", providerMerchantId: "kona" };
/** When everything is done that has no time of its own. */
export const noon = issuedAt;

export function member(wanted: Partial<Member> = {}): Member {
  return deepFreeze({
    id: "mem_1",
    merchantId,
    number,
    state: "active",
    personEncrypted: "sealed",
    loginIndex: "login",
    ciIndex: null,
    nameIndex: "name",
    passwordHash: null,
    joinChannel: null,
    terms: [],
    arsCodeEncrypted: null,
    arsCodeExpiresAt: null,
    autoChargeAmount: null,
    autoChargeBelow: null,
    autoChargeBy: null,
    autoCheckAt: null,
    createdAt: noon,
    updatedAt: noon,
    eventSeq: 1,
    ...wanted,
  });
}

export function card(wanted: Partial<Card> = {}): Card {
  return deepFreeze({
    id: "crd_1",
    merchantId,
    memberId: "mem_1",
    par: "Q180BEA3B2F1BBD8410336D66A4",
    numberEncrypted: "sealed",
    numberIndex: "index",
    numberMasked: "***765",
    expiry: "3108",
    state: "active",
    serviceId: "000170000002000",
    createdAt: noon,
    updatedAt: noon,
    eventSeq: 1,
    ...wanted,
  });
}

/** A registered one. */
export function account(wanted: Partial<LinkedAccount> = {}): LinkedAccount {
  return deepFreeze({
    id: "lac_1",
    merchantId,
    memberId: "mem_1",
    connector: "sandbox",
    purpose: "charge",
    state: "registered",
    accountId: "00001",
    bankCode: "003",
    numberEncrypted: "sealed",
    numberIndex: "number",
    numberMasked: "***557",
    holderEncrypted: "sealed",
    holderIndex: "name",
    details: { bankCode: "003", bankName: "IBK기업은행" },
    operationId: null,
    registrationEncrypted: "sealed",
    failure: null,
    createdAt: noon,
    updatedAt: noon,
    registeredAt: noon,
    eventSeq: 1,
    ...wanted,
  });
}

/** Good until half a minute after noon. */
export function token(wanted: Partial<OneTimeToken> = {}): OneTimeToken {
  return deepFreeze({
    id: "tok_1",
    merchantId,
    cardId: "crd_1",
    dcvvHash: "right",
    expiresAt: new Date(noon.getTime() + 30_000),
    usedAt: null,
    madeAt: realTime,
    ...wanted,
  });
}

export function chargeRequest(wanted: Partial<ChargeRequest> = {}, count = 1): ChargeRequest {
  return deepFreeze({
    paymentId: `pay_${count}`,
    withdrawalId: `wdr_${count}`,
    operationId: `op_${count}`,
    merchantId,
    dialect: "konaplate",
    channel,
    memberNumber: number,
    reference: `seq-${count}`,
    amount: 10_000,
    shown: { id: "tok_1", dcvvHash: "right" },
    merchantCode: "410195430033901",
    callTimeout_ms,
    ...wanted,
  });
}

export function cancelRequest(wanted: Partial<CancelRequest> = {}, count = 1): CancelRequest {
  return deepFreeze({
    refundId: `rfd_${count}`,
    operationId: `op_rfd_${count}`,
    merchantId,
    dialect: "konaplate",
    memberNumber: number,
    reference: `cancel-${count}`,
    wireId: "KMN1",
    shown: { id: "tok_1", dcvvHash: "right" },
    cardExpiry: "3108",
    callTimeout_ms,
    ...wanted,
  });
}

type Refusable<Value> = Outcome<Value, MemberChargeRefusal>;

/** Everything a database would hold after a sequence of decisions, of a member with a card and both accounts. */
export class MemberBooks extends DecidedBooks {
  #charges = 0;
  #cancels = 0;
  #tokens = 0;

  constructor(...linked: LinkedAccount[]) {
    super(noon);
    const both = [account(), account({ id: "lac_2", purpose: "auto-charge", accountId: "00002" })];
    const linkedAccounts = linked.length === 0 ? both : linked;
    this.state.balances.set(purse, 0);
    this.state.apply({ members: [member()], cards: [card()], linkedAccounts });
  }

  /** The next charge, `pay_` and its number, with a new token. */
  charge(wanted: Partial<ChargeRequest> = {}): Refusable<Charging> {
    this.#charges += 1;
    return this.do(chargeMember, chargeRequest({ shown: this.#show(), ...wanted }, this.#charges));
  }

  /** The next cancellation, `rfd_` and its number, with a new token: of the first charge, unless another is named. */
  cancel(wanted: Partial<CancelRequest> = {}): Refusable<Cancelling> {
    this.#cancels += 1;
    return this.do(cancelMemberCharge, cancelRequest({ shown: this.#show(), ...wanted }, this.#cancels));
  }

  /** The PG's word on a charge. */
  answer(answer: OperationAnswer, paymentId = "pay_1"): ChargedMember {
    const found = [...this.state.withdrawals.values()].find((one) => one.paymentId === paymentId)!;
    const { id: withdrawalId, operationId, memberId } = found;
    return this.do(recordWithdrawal, { withdrawalId, operationId, paymentId, memberId, answer });
  }

  /** The bank's word on a cancellation. */
  answerCancel(answer: OperationAnswer, refundId = "rfd_1"): void {
    const { operationId, paymentId } = this.state.refunds.get(refundId)!;
    this.do(recordRefundOutcome, { refundId, operationId: operationId!, paymentId, answer });
  }

  /** Money that comes to the member's virtual account, or is taken back from it: below zero. */
  deposit(amount: number): void {
    if (amount === 0) return;
    const [debitAccount, creditAccount] = amount > 0 ? ["bank:sandbox", purse] : [purse, "bank:sandbox"];
    const code = amount > 0 ? "deposit" : "deposit-reversed";
    const of = {
      merchantId,
      paymentId: "pay_fixed",
      depositId: "dep_1",
      refundId: null,
      currency: "KRW",
      at: this.now,
    };
    this.keep({ transfers: [{ ...of, debitAccount, creditAccount, code, amount: Math.abs(amount) }] });
  }

  setAutoCharge(amount: number, below: number): Refusable<Member> {
    const { par } = card();
    return this.do(setAutoCharge, {
      merchantId,
      dialect: "konaplate",
      channel,
      memberNumber: number,
      par,
      amount,
      below,
    });
  }

  /** The balance is looked at, if it is time: at most one charge, `pay_` and the next number. */
  look(): Looked {
    this.#charges += 1;
    const count = this.#charges;
    const ids: ChargeIds = { paymentId: `pay_${count}`, withdrawalId: `wdr_${count}`, operationId: `op_${count}` };
    return this.do(lookAtBalances, { ids: [ids], callTimeout_ms });
  }

  get member(): Member {
    return this.state.members.get("mem_1")!;
  }

  override balance(id: string = purse): number {
    return super.balance(id);
  }

  #show() {
    this.#tokens += 1;
    const shown = token({ id: `tok_${this.#tokens}`, expiresAt: new Date(this.now.getTime() + 30_000) });
    this.state.apply({ oneTimeTokens: [shown] });
    return { id: shown.id, dcvvHash: shown.dcvvHash };
  }
}
