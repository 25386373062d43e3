/**
 * The working state of a batch and the one way it is saved: what `store/group-commit.ts` leaves to the core.
 *
 * A decision's `changes` are data: whole rows as they shall be, transfers, events. `apply` folds them into the state
 * that the next request of the batch decides on; `save` writes the last version of each row, all events with the
 * webhook bodies that tell of them, and the transfers with the balances last.
 */
import type { GroupCommit, Queryable, Store } from "../store/index.ts";
import { newId } from "../store/index.ts";
import { type AdAccount, adAccounts } from "./ad-accounts/ad-account.ts";
import { type Deposit, deposits, noticeKey } from "./deposits/deposit.ts";
import { type Event, events, type NewEvent } from "./events/event.ts";
import { type Exchange, exchanges } from "./exchanges.ts";
import { recordCalls } from "./idempotency/commands.ts";
import type { CallRecord, Lease } from "./idempotency/idempotent-call.ts";
import { type NewTransfer, postJournals } from "./ledger/ledger.ts";
import { isOver, type LinkedAccount, linkedAccounts } from "./linked-accounts/linked-account.ts";
import { type Verification, verifications } from "./linked-accounts/verification.ts";
import { type Withdrawal, withdrawals } from "./linked-accounts/withdrawal.ts";
import { type Card, cards } from "./members/card.ts";
import { type Member, members } from "./members/member.ts";
import { type OneTimeToken, oneTimeTokens } from "./members/token.ts";
import type { Merchant, MerchantSettings } from "./merchants/merchant.ts";
import { type Operation, operations } from "./operations/operation.ts";
import { type Payment, payments } from "./payments/payment.ts";
import type { PaymentView, Reference } from "./payments/read.ts";
import { type Receipt, receipts } from "./receipts/receipt.ts";
import { type Refund, refunds } from "./refunds/refund.ts";
import type { Secrets } from "./secrets.ts";
import { type PoolNumber, poolNumbers, wishKey } from "./virtual-accounts/pool.ts";
import { type VirtualAccount, virtualAccounts } from "./virtual-accounts/virtual-account.ts";
import { type Agreement, agreements } from "./wallet-charges/agreement.ts";
import { type WalletCharge, walletCharges } from "./wallet-charges/charge.ts";
import { type Instrument, instruments } from "./wallet-charges/instrument.ts";
import { type ChargeStep, chargeSteps } from "./wallet-charges/step.ts";
import { type Announcement, type Delivery, deliveries, newDeliveries, type Subject } from "./webhooks/delivery.ts";

export interface Changes {
  payments?: Payment[];
  virtualAccounts?: VirtualAccount[];
  deposits?: Deposit[];
  numbers?: PoolNumber[];
  refunds?: Refund[];
  receipts?: Receipt[];
  operations?: Operation[];
  adAccounts?: AdAccount[];
  charges?: WalletCharge[];
  chargeSteps?: ChargeStep[];
  agreements?: Agreement[];
  instruments?: Instrument[];
  members?: Member[];
  cards?: Card[];
  oneTimeTokens?: OneTimeToken[];
  linkedAccounts?: LinkedAccount[];
  withdrawals?: Withdrawal[];
  verifications?: Verification[];
  transfers?: NewTransfer[];
  events?: NewEvent[];
  exchanges?: Exchange[];
  calls?: CallRecord[];
}

export interface Decision<Result> {
  result: Result;
  changes: Changes;
}

/** What a batch has loaded and decided so far. Absent means unknown to this batch, not absent from the database. */
export class WorkingState {
  readonly payments = new Map<string, Payment>();
  readonly virtualAccounts = new Map<string, VirtualAccount>();
  /** By notice key: every deposit of one transaction at a bank. */
  readonly deposits = new Map<string, Deposit[]>();
  /** By merchant, dialect and reference: the payments of it that were ever paid. */
  readonly paidReferences = new Map<string, Set<string>>();
  /** By connector and bank: numbers this batch holds and has not given out. */
  readonly freeNumbers = new Map<string, string[]>();
  /** By wish: the numbers that requests of this batch name, as far as they are known. */
  readonly knownNumbers = new Map<string, PoolNumber>();
  /** As payments were shown when the batch began. */
  readonly views = new Map<string, PaymentView>();
  readonly refunds = new Map<string, Refund>();
  readonly receipts = new Map<string, Receipt>();
  readonly operations = new Map<string, Operation>();
  readonly adAccounts = new Map<string, AdAccount>();
  readonly charges = new Map<string, WalletCharge>();
  readonly chargeSteps = new Map<string, ChargeStep>();
  readonly agreements = new Map<string, Agreement>();
  /** By the name that the requests have for it: its id, or the one that clients know. */
  readonly instruments = new Map<string, Instrument>();
  readonly members = new Map<string, Member>();
  readonly cards = new Map<string, Card>();
  readonly oneTimeTokens = new Map<string, OneTimeToken>();
  readonly linkedAccounts = new Map<string, LinkedAccount>();
  readonly withdrawals = new Map<string, Withdrawal>();
  readonly verifications = new Map<string, Verification>();
  /** By ledger account, in won: what this batch may spend, read under the lock of whose money it is. */
  readonly balances = new Map<string, number>();
  /** Leases under which this batch may make changes. */
  heldCalls = new Set<string>();
  /** The database's own time, for what does not obey the sandbox clock. */
  realNow = new Date(0);
  readonly #idsByNumber = new Map<string, Set<string>>();

  apply(changes: Changes): void {
    for (const payment of changes.payments ?? []) this.putPayment(payment);
    for (const account of changes.virtualAccounts ?? []) this.putVirtualAccount(account);
    for (const deposit of changes.deposits ?? []) this.putDeposit(deposit);
    for (const taken of changes.numbers ?? []) {
      const free = this.freeNumbers.get(poolKey(taken.connector, taken.bankCode));
      const index = free?.indexOf(taken.number) ?? -1;
      if (index >= 0) free!.splice(index, 1);
      if (taken.reservedFor !== null) this.#putReserved(taken, taken.reservedFor);
    }
    for (const refund of changes.refunds ?? []) this.refunds.set(refund.id, refund);
    for (const receipt of changes.receipts ?? []) this.receipts.set(receipt.id, receipt);
    for (const operation of changes.operations ?? []) this.operations.set(operation.id, operation);
    for (const adAccount of changes.adAccounts ?? []) this.adAccounts.set(adAccount.id, adAccount);
    for (const charge of changes.charges ?? []) this.charges.set(charge.id, charge);
    for (const step of changes.chargeSteps ?? []) this.chargeSteps.set(step.id, step);
    for (const agreement of changes.agreements ?? []) this.agreements.set(agreement.id, agreement);
    for (const instrument of changes.instruments ?? []) this.instruments.set(instrument.id, instrument);
    for (const member of changes.members ?? []) this.members.set(member.id, member);
    for (const card of changes.cards ?? []) this.cards.set(card.id, card);
    for (const token of changes.oneTimeTokens ?? []) this.oneTimeTokens.set(token.id, token);
    for (const account of changes.linkedAccounts ?? []) this.linkedAccounts.set(account.id, account);
    for (const withdrawal of changes.withdrawals ?? []) this.withdrawals.set(withdrawal.id, withdrawal);
    for (const verification of changes.verifications ?? []) this.verifications.set(verification.id, verification);
    for (const { debitAccount, creditAccount, amount } of changes.transfers ?? []) {
      this.#move(debitAccount, -amount);
      this.#move(creditAccount, amount);
    }
    for (const call of changes.calls ?? []) if ("status" in call) this.heldCalls.delete(call.lease.leaseId);
  }

  /** Whether a change may be made under this lease; one that needs none always may. */
  holdsCall(lease: Lease | undefined): boolean {
    return lease === undefined || this.heldCalls.has(lease.leaseId);
  }

  #move(account: string, amount: number): void {
    const balance = this.balances.get(account);
    if (balance !== undefined) this.balances.set(account, balance + amount);
  }

  #putReserved(taken: PoolNumber, merchantId: string): void {
    const { connector, bankCode, number, reservedKey } = taken;
    const wish = reservedKey === null ? { number } : { key: reservedKey };
    this.knownNumbers.set(wishKey({ connector, bankCode, merchantId, wish }), taken);
  }

  /** Oldest first. */
  refundsOf(paymentId: string): Refund[] {
    return [...this.refunds.values()].filter((refund) => refund.paymentId === paymentId);
  }

  /** In the order in which they were made. */
  stepsOf(chargeId: string): ChargeStep[] {
    const steps = [...this.chargeSteps.values()].filter((step) => step.chargeId === chargeId);
    return steps.sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  putPayment(payment: Payment): void {
    this.payments.set(payment.id, payment);
    if (payment.paidAt !== null) this.putPaidReference(referenceKey(payment), payment.id);
  }

  putVirtualAccount(account: VirtualAccount): void {
    this.virtualAccounts.set(account.id, account);
    const key = numberKey(account);
    const ids = this.#idsByNumber.get(key) ?? new Set();
    this.#idsByNumber.set(key, ids.add(account.id));
  }

  /** The accounts that have or had this number. */
  withNumber(number: AccountNumber): VirtualAccount[] {
    return [...(this.#idsByNumber.get(numberKey(number)) ?? [])].map((id) => this.virtualAccounts.get(id)!);
  }

  putPaidReference(key: string, paymentId: string): void {
    const paid = this.paidReferences.get(key) ?? new Set();
    this.paidReferences.set(key, paid.add(paymentId));
  }

  putDeposit(deposit: Deposit): void {
    const key = noticeKey(deposit);
    const others = (this.deposits.get(key) ?? []).filter((other) => other.id !== deposit.id);
    this.deposits.set(key, [...others, deposit]);
  }

  /** Whether the reference was ever paid by a payment other than this one. */
  isPaidElsewhere(of: Reference, paymentId: string | undefined): boolean {
    const paid = this.paidReferences.get(referenceKey(of));
    return [...(paid ?? [])].some((id) => id !== paymentId);
  }
}

export type AccountNumber = Pick<VirtualAccount, "connector" | "bankCode" | "number">;

export function numberKey(of: AccountNumber): string {
  return `${of.connector} ${of.bankCode} ${of.number}`;
}

/** Each dialect's clients have names of their own. */
export function referenceKey({ merchantId, dialect, reference }: Reference): string {
  return JSON.stringify([merchantId, dialect, reference]);
}

export function poolKey(connector: string, bankCode: string): string {
  return `${connector} ${bankCode}`;
}

export interface CoreCommand<Request, Result> {
  readonly name: string;
  load(tx: Queryable, requests: readonly Request[]): Promise<WorkingState>;
  decide(state: WorkingState, request: Request, now: Date): Decision<Result>;
}

export interface Pipeline {
  readonly store: Store;
  /** As far as the node trusts what it read; the others are read in the transaction. */
  merchants(tx: Queryable, ids: readonly string[]): Promise<Merchant[]>;
  /** What the subject's dialect tells of an event, with the subject as its change left it. Pure. */
  announce(event: Event, subject: Subject, settings: MerchantSettings): Announcement[];
  /** Encrypts what a decision says in clear. When it is saved, since decisions are pure and this draws a nonce. */
  readonly seal: Secrets["encrypt"];
  /** Whether exchanges are kept at all. */
  readonly keepExchanges: boolean;
  /** Called when a committed batch left deliveries to be made. */
  deliveriesMade(): void;
}

/** Puts a command of the core on the pipeline. */
export function commandOf<Request, Result>(
  pipeline: Pipeline,
  command: CoreCommand<Request, Result>,
): GroupCommit<Request, WorkingState, Decision<Result>> {
  return pipeline.store.command<Request, WorkingState, Decision<Result>>({
    name: command.name,
    load: (tx, requests) => command.load(tx, requests),
    decide: (state, request, now) => command.decide(state, request, now),
    apply: (state, decision) => state.apply(decision.changes),
    save: (tx, decisions) => save(pipeline, tx, decisions),
    committed: (decisions) => {
      if (decisions.some((decision) => (decision.changes.events ?? []).length > 0)) pipeline.deliveriesMade();
    },
  });
}

async function save(pipeline: Pipeline, tx: Queryable, decisions: readonly Decision<unknown>[]): Promise<void> {
  const changes = decisions.map((decision) => decision.changes);
  await payments.upsert(tx, lastById(changes.flatMap((change) => change.payments ?? [])));
  await virtualAccounts.upsert(tx, lastById(changes.flatMap((change) => change.virtualAccounts ?? [])));
  await deposits.upsert(tx, lastById(changes.flatMap((change) => change.deposits ?? [])));
  const numbers = changes.flatMap((change) => change.numbers ?? []);
  await poolNumbers.upsert(tx, [...new Map(numbers.map((one) => [numberKey(one), one])).values()]);
  await refunds.upsert(tx, lastById(changes.flatMap((change) => change.refunds ?? [])));
  await receipts.upsert(tx, lastById(changes.flatMap((change) => change.receipts ?? [])));
  await operations.upsert(tx, lastById(changes.flatMap((change) => change.operations ?? [])));
  await adAccounts.upsert(tx, lastById(changes.flatMap((change) => change.adAccounts ?? [])));
  await walletCharges.upsert(tx, lastById(changes.flatMap((change) => change.charges ?? [])));
  await chargeSteps.upsert(tx, lastById(changes.flatMap((change) => change.chargeSteps ?? [])));
  await agreements.upsert(tx, lastById(changes.flatMap((change) => change.agreements ?? [])));
  await instruments.upsert(tx, lastById(changes.flatMap((change) => change.instruments ?? [])));
  await members.upsert(tx, lastById(changes.flatMap((change) => change.members ?? [])));
  await cards.upsert(tx, lastById(changes.flatMap((change) => change.cards ?? [])));
  await oneTimeTokens.upsert(tx, lastById(changes.flatMap((change) => change.oneTimeTokens ?? [])));
  // What is replaced makes room before what replaces it: of one purpose a single account is registered.
  const accounts = lastById(changes.flatMap((change) => change.linkedAccounts ?? []));
  await linkedAccounts.upsert(
    tx,
    accounts.filter(({ state }) => isOver(state)),
  );
  await linkedAccounts.upsert(
    tx,
    accounts.filter(({ state }) => !isOver(state)),
  );
  await withdrawals.upsert(tx, lastById(changes.flatMap((change) => change.withdrawals ?? [])));
  await verifications.upsert(tx, lastById(changes.flatMap((change) => change.verifications ?? [])));
  const tell = await teller(pipeline, tx, changes);
  const told = changes.map(tell);
  await events.insert(
    tx,
    told.flatMap((one) => one.events),
  );
  await deliveries.insert(
    tx,
    told.flatMap((one) => one.deliveries),
  );
  if (pipeline.keepExchanges) {
    await exchanges.insert(
      tx,
      changes.flatMap((change) => change.exchanges ?? []),
    );
  }
  const calls = changes.flatMap((change) => change.calls ?? []);
  await recordCalls(tx, calls, pipeline.seal);
  await postJournals(
    tx,
    changes.map((change) => change.transfers ?? []),
  );
}

/** Gives the events of one decision, and the deliveries of each with what it is about as that decision left it. */
async function teller(pipeline: Pipeline, tx: Queryable, all: readonly Changes[]) {
  const about = all.flatMap((changes) => [...(changes.payments ?? []), ...(changes.agreements ?? [])]);
  const merchants = await pipeline.merchants(tx, [...new Set(about.map(({ merchantId }) => merchantId))]);
  const settings = new Map(merchants.map((merchant) => [merchant.id, merchant.settings]));
  return (changes: Changes): { events: Event[]; deliveries: Delivery[] } => {
    const told = (changes.events ?? []).map((stated) => {
      const event: Event = { id: newId("evt"), ...stated, announcedTo: 0 };
      const subject = subjectOf(event, changes);
      if (subject === undefined) return { event, made: [] };
      const { dialect, merchantId } = subject.type === "agreement" ? subject.agreement : subject.payment;
      const announced = pipeline.announce(event, subject, settings.get(merchantId) ?? {});
      const made = newDeliveries(event, dialect, announced);
      return { event: { ...event, announcedTo: made.length }, made };
    });
    return { events: told.map((one) => one.event), deliveries: told.flatMap((one) => one.made) };
  };
}

/** What clients may be told of; of the others nobody is. */
function subjectOf({ subjectType, subjectId, data }: Event, changes: Changes): Subject | undefined {
  const last = <Row extends { id: string }>(rows: readonly Row[] | undefined, id: unknown) =>
    rows?.findLast((row) => row.id === id);
  switch (subjectType) {
    case "payment": {
      const payment = last(changes.payments, subjectId);
      return payment && { type: "payment", payment };
    }
    case "charge": {
      const charge = last(changes.charges, subjectId)!;
      const payment = last(changes.payments, charge.paymentId)!;
      const step = last(changes.chargeSteps, data.stepId);
      return { type: "charge", payment, charge, step, refund: last(changes.refunds, data.refundId) };
    }
    case "agreement":
      return { type: "agreement", agreement: last(changes.agreements, subjectId)! };
    default:
      return undefined;
  }
}

function lastById<Row extends { id: string }>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [row.id, row])).values()];
}
