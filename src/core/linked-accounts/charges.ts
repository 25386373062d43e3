/** Charging members' balances from their own accounts, giving it back, and charging by itself when a balance is low. */
import { newId, type Store } from "../../store/index.ts";
import type { Connector, LinkedAccountService } from "../connector.ts";
import type { MemberChargeRefusal, Outcome } from "../errors.ts";
import type { ExchangeDraft } from "../exchanges.ts";
import { doEach } from "../jobs.ts";
import { limits } from "../limits.ts";
import type { AutoChargeBy, Member } from "../members/member.ts";
import type { ShownToken } from "../members/token.ts";
import { newOperationId, type OperationAnswer } from "../operations/operation.ts";
import { call, type OperationHandler } from "../operations/resolver.ts";
import type { Payment } from "../payments/payment.ts";
import type { Refund } from "../refunds/refund.ts";
import type { Refunds } from "../refunds/refunds.ts";
import type { Secrets } from "../secrets.ts";
import type { Looked, LookRequest, WithdrawalOutcomeRequest } from "./charge-commands.ts";
import { isAnyMemberDue, readChargeResult } from "./charge-read.ts";
import { type Cancelling, type CancelRequest, cancelOutcome } from "./decide-cancel.ts";
import { type ChargeIds, type ChargeRequest, type Charging, chargeOutcome, type Drawn } from "./decide-charge.ts";
import { readMovements } from "./history.ts";
import { openAccount, openRegistration } from "./linked-account.ts";
import { type Withdrawal, withdrawals } from "./withdrawal.ts";

/** What a caller shows to move money. */
export interface Shown {
  /** 16 digits. */
  token: string;
  /** 3 digits. */
  dcvv: string;
}

export interface ChargeMemberRequest {
  merchantId: string;
  dialect: string;
  channel: AutoChargeBy["channel"];
  memberNumber: string;
  /** The client's name for the request, 1 to 30 characters; the same again is the same request. */
  reference: string;
  /** Whole won, at least 1. */
  amount: number;
  shown: Shown;
  /** What else must be the same when it comes again: kept with the payment. */
  merchantCode: string;
  exchange?: ExchangeDraft<Outcome<ChargedMember, MemberChargeRefusal>>;
}

/** Pending while the PG has not said. */
export interface ChargedMember {
  payment: Payment;
  withdrawal: Withdrawal;
}

export interface CancelMemberChargeRequest {
  merchantId: string;
  dialect: string;
  memberNumber: string;
  reference: string;
  /** The charge's, as clients know it. */
  wireId: string;
  shown: Shown;
  /** `YYMM`, of the card. */
  cardExpiry: string;
  exchange?: ExchangeDraft<Outcome<CancelledCharge, MemberChargeRefusal>>;
}

export interface CancelledCharge {
  payment: Payment;
  refund: Refund;
}

export interface AutoChargeRequest extends AutoChargeBy {
  merchantId: string;
  memberNumber: string;
  par: string;
  /** Whole won. */
  amount: number;
  below: number;
  exchange?: ExchangeDraft<Outcome<Member, MemberChargeRefusal>>;
}

/** What became of a charge or a cancellation. */
export interface ChargeResult {
  state: "pending" | "completed" | "failed";
  /** The charge's. */
  wireId: string;
}

export type MovementKind = "charge" | "cancel" | "deposit" | "deposit-reversed" | "cancel-failed";

/** One change of a member's balance. */
export interface Movement {
  /** The transfer's. */
  id: string;
  kind: MovementKind;
  amount: number;
  balanceBefore: number;
  balanceAfter: number;
  /** Of the payment that it belongs to; a fixed account's deposits share one. */
  wireId: string;
  depositId: string | null;
  refundId: string | null;
  /** A charge that can still be cancelled. */
  cancellable: boolean;
  at: Date;
}

export interface MovementSearch {
  memberNumber: string;
  /** Inclusive. */
  from: Date;
  /** Exclusive. */
  to: Date;
  kinds: readonly MovementKind[];
  descending: boolean;
  /** From 0. */
  page: number;
  size: number;
}

export interface MemberChargeCommands {
  charge(request: ChargeRequest): Promise<Outcome<Charging, MemberChargeRefusal>>;
  cancel(request: CancelRequest): Promise<Outcome<Cancelling, MemberChargeRefusal>>;
  record(outcome: WithdrawalOutcomeRequest): Promise<ChargedMember>;
  setAutoCharge(request: AutoChargeRequest): Promise<Outcome<Member, MemberChargeRefusal>>;
  look(request: LookRequest): Promise<Looked>;
}

export interface MemberChargeOptions {
  commands: MemberChargeCommands;
  store: Store;
  refunds: Refunds;
  connectors: ReadonlyMap<string, Connector>;
  secrets: Secrets;
  /** How long a PG may take to answer. */
  callTimeout_ms: number;
  /** Called when a balance is to be looked at now. */
  lookNow(): void;
}

export class MemberCharges {
  readonly #commands: MemberChargeCommands;
  readonly #store: Store;
  readonly #refunds: Refunds;
  readonly #connectors: ReadonlyMap<string, Connector>;
  readonly #secrets: Secrets;
  readonly #callTimeout_ms: number;
  readonly #lookNow: () => void;

  constructor(options: MemberChargeOptions) {
    this.#commands = options.commands;
    this.#store = options.store;
    this.#refunds = options.refunds;
    this.#connectors = options.connectors;
    this.#secrets = options.secrets;
    this.#callTimeout_ms = options.callTimeout_ms;
    this.#lookNow = options.lookNow;
  }

  /**
   * Charges a balance. The intent is committed, the PG is called, its answer is committed; when there is none in time the
   * charge is pending, and the PG is asked until it is known what became of it. The same request again is answered as the
   * first stands, without its token.
   */
  async charge({
    shown,
    exchange,
    ...request
  }: ChargeMemberRequest): Promise<Outcome<ChargedMember, MemberChargeRefusal>> {
    const callTimeout_ms = this.#callTimeout_ms;
    const wish = { ...request, ...newChargeIds(), shown: this.#hashed(shown), callTimeout_ms };
    const intent = await this.#commands.charge(wish);
    if (!intent.ok) return intent;
    const { charged, drawn } = intent.value;
    return chargeOutcome(
      drawn === undefined ? charged : await this.#withdraw(drawn, answering(exchange, chargeOutcome)),
    );
  }

  /**
   * All of a charge is given back: it leaves the balance at once, and goes to the member's registered account. Where the
   * bank does not say in time it is pending; where the bank says no it is `not-cancellable`, and the balance has it back.
   */
  async cancel({
    shown,
    exchange,
    ...request
  }: CancelMemberChargeRequest): Promise<Outcome<CancelledCharge, MemberChargeRefusal>> {
    const ids = { refundId: newId("rfd"), operationId: newOperationId() };
    const wish = { ...request, ...ids, shown: this.#hashed(shown), callTimeout_ms: this.#callTimeout_ms };
    const intent = await this.#commands.cancel(wish);
    if (!intent.ok) return intent;
    const { cancelled, ordered } = intent.value;
    if (ordered === undefined) return cancelOutcome(cancelled);
    const { number, holder } = openAccount(this.#secrets, ordered.account);
    const kept = answering(exchange, cancelOutcome);
    return cancelOutcome(await this.#refunds.order(ordered.refunded, { number, holder }, kept));
  }

  /** From now on the balance is charged when it is low; at once, if it is. */
  async setAutoCharge(request: AutoChargeRequest): Promise<Outcome<Member, MemberChargeRefusal>> {
    const set = await this.#commands.setAutoCharge(request);
    if (set.ok) this.#lookNow();
    return set;
  }

  /** Looks at the balances whose time has come and charges those that are low; tells whether more may be. */
  async chargeByItself(stopping: AbortSignal): Promise<boolean> {
    if (!(await isAnyMemberDue(this.#store.pool)) || stopping.aborted) return false;
    const ids = Array.from({ length: limits.auto_charge_batch }, newChargeIds);
    const { members, drawn } = await this.#commands.look({ ids, callTimeout_ms: this.#callTimeout_ms });
    const { failed } = await doEach(drawn, (one) => this.#withdraw(one, undefined, stopping));
    if (failed.length > 0) throw failed[0]!.reason;
    return members === limits.auto_charge_batch;
  }

  /** What became of the request of this name; undefined when there was none. */
  resultOf(merchantId: string, dialect: string, reference: string): Promise<ChargeResult | undefined> {
    return readChargeResult(this.#store.pool, { merchantId, dialect, reference });
  }

  withdrawals(): OperationHandler {
    return {
      ask: async ({ connector, id }, signal) => this.#service(connector).ask(id, signal),
      record: async ({ id, subjectId }, answer) => {
        const [withdrawal] = await withdrawals.read(this.#store.pool, [subjectId]);
        return this.#record(withdrawal!, id, answer);
      },
    };
  }

  /** What changed a member's balance, a page of it. */
  movements(search: MovementSearch): Promise<{ total: number; movements: Movement[] }> {
    return readMovements(this.#store.searches, search);
  }

  async #withdraw(
    { withdrawal, operation, account }: Drawn,
    exchange?: ExchangeDraft<ChargedMember>,
    stopping?: AbortSignal,
  ): Promise<ChargedMember> {
    const service = this.#service(operation.connector);
    const order = {
      key: operation.id,
      validUntil: operation.validUntil,
      registration: openRegistration(this.#secrets, account),
      amount: withdrawal.amount,
      currency: withdrawal.currency,
    };
    const answer = await call((signal) => service.withdraw(order, signal), this.#callTimeout_ms, stopping);
    return this.#record(withdrawal, operation.id, answer, exchange);
  }

  #record(
    { id: withdrawalId, paymentId, memberId }: Withdrawal,
    operationId: string,
    answer: OperationAnswer,
    exchange?: ExchangeDraft<ChargedMember>,
  ): Promise<ChargedMember> {
    return this.#commands.record({ withdrawalId, operationId, paymentId, memberId, answer, exchange });
  }

  #hashed({ token, dcvv }: Shown): ShownToken {
    return { id: this.#secrets.hash(token), dcvvHash: this.#secrets.hash(token + dcvv) };
  }

  #service(connector: string): LinkedAccountService {
    const service = this.#connectors.get(connector)?.linkedAccounts;
    if (service === undefined) throw new Error(`connector ${connector} draws on no accounts`);
    return service;
  }
}

function newChargeIds(): ChargeIds {
  return { paymentId: newId("pay"), withdrawalId: newId("wdr"), operationId: newOperationId() };
}

/** The same call, answered by what comes of a later transaction. */
function answering<Value, Told extends Value>(
  exchange: ExchangeDraft<Outcome<Value, MemberChargeRefusal>> | undefined,
  outcomeOf: (told: Told) => Outcome<Value, MemberChargeRefusal>,
): ExchangeDraft<Told> | undefined {
  return exchange && { ...exchange, answer: (told) => exchange.answer(outcomeOf(told)) };
}
