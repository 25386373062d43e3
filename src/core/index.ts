/**
 * The door of the core: every command and every read, bound to one store. Dialects, connectors and the operator's API
 * see money through this and nothing else.
 */
import { Counter, type GroupCommit, readRealNow, type Store } from "../store/index.ts";
import type { AdAccount } from "./ad-accounts/ad-account.ts";
import { makeAdAccount, type UpdateAdAccountRequest, updateAdAccount } from "./ad-accounts/commands.ts";
import type { NewAdAccount } from "./ad-accounts/decide.ts";
import { type ChangeUserRequest, changeUser, makeUser, type NewUser, type User } from "./ad-accounts/user.ts";
import { type CallLimit, takeTurn } from "./call-turns.ts";
import { commandOf, type Pipeline } from "./command.ts";
import type { BankNotice, Capabilities, Connector, OrderNotice } from "./connector.ts";
import { type ConsentRequest, exchangeCode, giveConsent, type UnlinkRequest, unlinkApp } from "./consents/commands.ts";
import { type AuthorizationCode, type UserToken, userTokens } from "./consents/consent.ts";
import type { ExchangeRequest } from "./consents/decide.ts";
import type { NoticeResult, ReceivedNotice } from "./deposits/decide.ts";
import { queryDeposits } from "./deposits/query.ts";
import { received, receiveNotice } from "./deposits/receive.ts";
import type {
  AdAccountRefusal,
  AppRefusal,
  CodeRefusal,
  DeliveryRefusal,
  IssueRefusal,
  MerchantRefusal,
  NumberTaken,
  Outcome,
  UserRefusal,
} from "./errors.ts";
import type { Event } from "./events/event.ts";
import { answerCall } from "./idempotency/answer.ts";
import { IdempotentCalls } from "./idempotency/calls.ts";
import { beginCall } from "./idempotency/commands.ts";
import {
  type AnnouncedTypes,
  announcedInvariant,
  checkInvariants,
  type Examination,
  type Invariant,
  invariants,
} from "./invariants.ts";
import { prune, Repeating } from "./jobs.ts";
import { limits } from "./limits.ts";
import { beginRegistration, recordAccountOutcome, removeAccounts } from "./linked-accounts/account-commands.ts";
import { LinkedAccounts } from "./linked-accounts/accounts.ts";
import {
  cancelMemberCharge,
  chargeMember,
  lookAtBalances,
  recordWithdrawal,
  setAutoCharge,
} from "./linked-accounts/charge-commands.ts";
import { MemberCharges } from "./linked-accounts/charges.ts";
import { beginVerification, recordVerification } from "./linked-accounts/verification-commands.ts";
import { keepArsCode, makeOneTimeToken, registerMember } from "./members/commands.ts";
import { Members } from "./members/members.ts";
import { grantAccessToken, type TokenGrant, type TokenRequest } from "./merchants/access-tokens.ts";
import {
  type AddCredentialRequest,
  addCredential,
  type ChangeAppRequest,
  type ChangeMerchantRequest,
  changeApp,
  changeMerchant,
  type RemoveCredentialRequest,
  removeCredential,
} from "./merchants/change.ts";
import { CryptoKeys, makeCryptoKey, removeCryptoKey } from "./merchants/crypto-keys.ts";
import { Directory } from "./merchants/directory.ts";
import {
  type Channel,
  type Credential,
  defaultChannel,
  type Merchant,
  type MerchantSettings,
} from "./merchants/merchant.ts";
import { type RegisterRequest, registerMerchant } from "./merchants/register.ts";
import { Heartbeat } from "./nodes.ts";
import { type OperationKind, operations } from "./operations/operation.ts";
import { type OperationHandler, Resolver } from "./operations/resolver.ts";
import { type PreparedAmount, type PrepareRequest, prepareAmount } from "./payments/prepared.ts";
import { cancelReceipt, issueReceipt, recordReceiptOutcome } from "./receipts/commands.ts";
import { Receipts } from "./receipts/receipts.ts";
import { recordRefundOutcome, requestRefund } from "./refunds/commands.ts";
import { Refunds } from "./refunds/refunds.ts";
import type { Secrets } from "./secrets.ts";
import {
  type ChangeRequest,
  type CloseRequest,
  changeVirtualAccount,
  closeVirtualAccount,
  expireVirtualAccounts,
  type IssueCommandRequest,
  isAnyDue,
  issueVirtualAccount,
} from "./virtual-accounts/commands.ts";
import type { Issued } from "./virtual-accounts/decide.ts";
import { makeAgreement, revokeAgreement } from "./wallet-charges/agreement-commands.ts";
import {
  beginAuthorization,
  endCheckout,
  makeCharge,
  recordAuthorization,
  recordWalletRefund,
  requestWalletRefund,
  takeStep,
} from "./wallet-charges/commands.ts";
import { changeInstrument, keepInstrument } from "./wallet-charges/instrument-commands.ts";
import { isAnyChargeDue, sweepAgreements, sweepCharges } from "./wallet-charges/sweep.ts";
import { WalletCharges } from "./wallet-charges/wallet-charges.ts";
import { type Announcement, type Announcer, noticeUrlsOf, type Subject } from "./webhooks/delivery.ts";
import { DeliveryEngine, type Send } from "./webhooks/engine.ts";
import { type Resent, resendDeliveries, resendDelivery } from "./webhooks/resend.ts";

export type { Announcer } from "./webhooks/delivery.ts";

/** What may go wrong inside the core on purpose; absent in live mode. */
export interface CoreFaults {
  /** Whether an authenticated call finds its access token expired, for good. */
  tokenExpires(): Promise<boolean>;
  /** The code of the error that a call of this family is answered with, whatever it asks; undefined for most. */
  answersWith(family: string): Promise<string | undefined>;
}

/** What has numbers of its own. */
export type NumberCounter = "user" | "ad-account";

export interface CoreOptions {
  store: Store;
  secrets: Secrets;
  connectors: readonly Connector[];
  announcers: readonly Announcer[];
  send: Send;
  keepExchanges: boolean;
  exchangesKept_days: number;
  /** How long a bank may take to answer a call. */
  callTimeout_ms: number;
  faults?: CoreFaults | undefined;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export class Core {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly directory: Directory;
  readonly cryptoKeys: CryptoKeys;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly refunds: Refunds;
  readonly receipts: Receipts;
  readonly walletCharges: WalletCharges;
  readonly calls: IdempotentCalls;
  readonly members: Members;
  readonly linkedAccounts: LinkedAccounts;
  readonly memberCharges: MemberCharges;
  readonly #announcers: ReadonlyMap<string, Announcer>;
  readonly #issue: (request: IssueCommandRequest) => Promise<Outcome<Issued, IssueRefusal>>;
  readonly #change: (request: ChangeRequest) => Promise<Outcome<Issued>>;
  readonly #close: (request: CloseRequest) => Promise<Outcome<Issued>>;
  readonly #prepare: (request: PrepareRequest) => Promise<Outcome<PreparedAmount>>;
  readonly #receive: (notice: ReceivedNotice) => Promise<NoticeResult>;
  readonly #register: (request: RegisterRequest) => Promise<boolean>;
  readonly #changeMerchant: (request: ChangeMerchantRequest) => Promise<Outcome<Merchant, MerchantRefusal>>;
  readonly #addCredential: (request: AddCredentialRequest) => Promise<Outcome<string, MerchantRefusal>>;
  readonly #removeCredential: (request: RemoveCredentialRequest) => Promise<Outcome<Credential, MerchantRefusal>>;
  readonly #changeApp: (request: ChangeAppRequest) => Promise<Outcome<Credential, MerchantRefusal>>;
  readonly #grantToken: (request: TokenRequest) => Promise<TokenGrant | undefined>;
  readonly #makeUser: (user: NewUser) => Promise<Outcome<NewUser, NumberTaken>>;
  readonly #changeUser: (request: ChangeUserRequest) => Promise<User>;
  readonly #makeAdAccount: (wanted: NewAdAccount) => Promise<Outcome<AdAccount, AdAccountRefusal>>;
  readonly #updateAdAccount: (request: UpdateAdAccountRequest) => Promise<Outcome<AdAccount, AdAccountRefusal>>;
  readonly #giveConsent: (request: ConsentRequest) => Promise<Outcome<AuthorizationCode, AppRefusal | UserRefusal>>;
  readonly #exchangeCode: (request: ExchangeRequest) => Promise<Outcome<UserToken, CodeRefusal>>;
  readonly #unlinkApp: (request: UnlinkRequest) => Promise<number>;
  readonly #faults: CoreFaults | undefined;
  readonly #heartbeat: Heartbeat;
  readonly #engine: DeliveryEngine;
  readonly #expiry: Repeating;
  readonly #chargeSweep: Repeating;
  readonly #autoCharge: Repeating;
  readonly #handlers: Readonly<Record<OperationKind, OperationHandler>>;
  readonly #resolvers: readonly Resolver[];
  readonly #resolving: readonly Repeating[];
  readonly #callTimeout_ms: number;
  readonly #querying: readonly Repeating[];
  readonly #stopping = new AbortController();
  readonly #releasing: Repeating;
  readonly #pruning: Repeating;
  readonly #counters = new Map<string, Counter>();

  constructor(options: CoreOptions) {
    const { store, secrets, log } = options;
    this.store = store;
    this.secrets = secrets;
    this.directory = new Directory(store.pool, options.faults?.tokenExpires);
    const keyCommands = {
      make: submitter(store.command(makeCryptoKey)),
      remove: submitter(store.command(removeCryptoKey)),
    };
    this.cryptoKeys = new CryptoKeys(keyCommands, store, secrets);
    this.connectors = new Map(options.connectors.map((connector) => [connector.name, connector]));
    for (const connector of options.connectors) checkCapabilities(connector);
    this.#announcers = new Map(options.announcers.map((announcer) => [announcer.dialect, announcer]));
    this.#heartbeat = new Heartbeat(store.pool, log);
    this.#engine = new DeliveryEngine(store.pool, this.#heartbeat.node, this.#announcers, options.send, log);
    const pipeline: Pipeline = {
      store,
      merchants: (tx, ids) => this.directory.merchants(tx, ids),
      announce: (event, subject, settings) => this.#announce(event, subject, settings),
      seal: (plain, place) => secrets.encrypt(plain, place),
      keepExchanges: options.keepExchanges,
      deliveriesMade: () => this.#engine.wake(),
    };
    this.#issue = submitter(commandOf(pipeline, issueVirtualAccount(store.pool, this.connectors)));
    this.#change = submitter(commandOf(pipeline, changeVirtualAccount));
    this.#close = submitter(commandOf(pipeline, closeVirtualAccount));
    const refundCommands = {
      request: submitter(commandOf(pipeline, requestRefund)),
      record: submitter(commandOf(pipeline, recordRefundOutcome)),
    };
    this.refunds = new Refunds(refundCommands, this.connectors, options.callTimeout_ms);
    const receiptCommands = {
      issue: submitter(commandOf(pipeline, issueReceipt)),
      cancel: submitter(commandOf(pipeline, cancelReceipt)),
      record: submitter(commandOf(pipeline, recordReceiptOutcome)),
    };
    this.receipts = new Receipts(receiptCommands, this.connectors, options.callTimeout_ms);
    const walletCommands = {
      make: submitter(commandOf(pipeline, makeCharge)),
      begin: submitter(commandOf(pipeline, beginAuthorization)),
      record: submitter(commandOf(pipeline, recordAuthorization)),
      end: submitter(commandOf(pipeline, endCheckout)),
      step: submitter(commandOf(pipeline, takeStep)),
      refund: submitter(commandOf(pipeline, requestWalletRefund)),
      recordRefund: submitter(commandOf(pipeline, recordWalletRefund)),
      agree: submitter(commandOf(pipeline, makeAgreement)),
      revoke: submitter(commandOf(pipeline, revokeAgreement)),
      keepInstrument: submitter(commandOf(pipeline, keepInstrument)),
      changeInstrument: submitter(commandOf(pipeline, changeInstrument)),
    };
    this.walletCharges = new WalletCharges(walletCommands, this.connectors, secrets, options.callTimeout_ms);
    const memberCommands = {
      register: submitter(commandOf(pipeline, registerMember)),
      keepArsCode: submitter(commandOf(pipeline, keepArsCode)),
      makeToken: submitter(commandOf(pipeline, makeOneTimeToken)),
    };
    const nextNumber = (counter: string, block?: number) => this.nextNumber(counter, block);
    this.members = new Members(memberCommands, store.pool, secrets, nextNumber);
    const accountCommands = {
      begin: submitter(commandOf(pipeline, beginRegistration)),
      record: submitter(commandOf(pipeline, recordAccountOutcome)),
      remove: submitter(commandOf(pipeline, removeAccounts)),
      verify: submitter(commandOf(pipeline, beginVerification)),
      recordVerification: submitter(commandOf(pipeline, recordVerification)),
    };
    const { callTimeout_ms } = options;
    this.linkedAccounts = new LinkedAccounts({
      commands: accountCommands,
      connectors: this.connectors,
      pool: store.pool,
      secrets,
      nextNumber,
      callTimeout_ms,
    });
    const memberChargeCommands = {
      charge: submitter(commandOf(pipeline, chargeMember)),
      cancel: submitter(commandOf(pipeline, cancelMemberCharge)),
      record: submitter(commandOf(pipeline, recordWithdrawal)),
      setAutoCharge: submitter(commandOf(pipeline, setAutoCharge)),
      look: submitter(commandOf(pipeline, lookAtBalances)),
    };
    this.memberCharges = new MemberCharges({
      commands: memberChargeCommands,
      store,
      refunds: this.refunds,
      connectors: this.connectors,
      secrets,
      callTimeout_ms,
      lookNow: () => this.#autoCharge.wake(),
    });
    const chargeByItself = () => this.memberCharges.chargeByItself(this.#stopping.signal);
    this.#autoCharge = new Repeating("auto-charge", limits.auto_charge_interval_ms, chargeByItself, log);
    const begin = submitter(store.command(beginCall));
    const answer = submitter(commandOf(pipeline, answerCall));
    this.calls = new IdempotentCalls(begin, answer, store.pool, secrets, this.#heartbeat, log);
    const releaseLeftOver = () => this.calls.releaseLeftOver().then(() => false);
    this.#releasing = new Repeating("calls", limits.heartbeat_ms, releaseLeftOver, log);
    this.#prepare = submitter(store.command(prepareAmount));
    this.#receive = submitter(commandOf(pipeline, receiveNotice));
    this.#register = submitter(store.command(registerMerchant));
    this.#changeMerchant = submitter(store.command(changeMerchant));
    this.#addCredential = submitter(store.command(addCredential));
    this.#removeCredential = submitter(store.command(removeCredential));
    this.#changeApp = submitter(store.command(changeApp));
    this.#grantToken = submitter(store.command(grantAccessToken(secrets)));
    this.#makeUser = submitter(store.command(makeUser));
    this.#changeUser = submitter(store.command(changeUser));
    this.#makeAdAccount = submitter(commandOf(pipeline, makeAdAccount));
    this.#updateAdAccount = submitter(commandOf(pipeline, updateAdAccount));
    this.#giveConsent = submitter(store.command(giveConsent));
    this.#exchangeCode = submitter(store.command(exchangeCode));
    this.#unlinkApp = submitter(store.command(unlinkApp));
    this.#faults = options.faults;
    const expire = submitter(commandOf(pipeline, expireVirtualAccounts));
    const sweep = async () => {
      if (!(await isAnyDue(store.pool))) return false;
      return (await expire({ limit: limits.expiry_batch })) === limits.expiry_batch;
    };
    this.#expiry = new Repeating("expiry", limits.expiry_interval_ms, sweep, log);
    const dueCharges = submitter(commandOf(pipeline, sweepCharges));
    const dueAgreements = submitter(commandOf(pipeline, sweepAgreements));
    const sweepDueCharges = async () => {
      if (!(await isAnyChargeDue(store.pool))) return false;
      const limit = limits.charges_swept;
      const swept = await Promise.all([dueCharges({ limit }), dueAgreements({ limit })]);
      return swept.includes(limit);
    };
    this.#chargeSweep = new Repeating("charges", limits.charge_sweep_interval_ms, sweepDueCharges, log);
    this.#callTimeout_ms = options.callTimeout_ms;
    const receipt = this.receipts.handler(store.pool);
    const registration = this.linkedAccounts.registrations();
    this.#handlers = {
      refund: this.refunds.handler(store.pool),
      "receipt-issue": receipt,
      "receipt-cancel": receipt,
      authorization: this.walletCharges.authorizations(),
      "wallet-refund": this.walletCharges.refunds(store.pool),
      "ars-call": registration,
      "account-registration": registration,
      verification: this.linkedAccounts.verifications(),
      withdrawal: this.memberCharges.withdrawals(),
    };
    this.#resolvers = options.connectors.map(
      ({ name }) => new Resolver(name, store.pool, this.#handlers, options.callTimeout_ms, log),
    );
    this.#resolving = this.#resolvers.map(
      (resolver) => new Repeating("operations", limits.operation_poll_ms, () => resolver.resolve(), log),
    );
    const receive = (notice: BankNotice) => this.receiveNotice(notice);
    const time = { timeout_ms: options.callTimeout_ms, stopping: this.#stopping.signal };
    this.#querying = options.connectors.flatMap(({ deposits }) => {
      if (deposits === undefined) return [];
      const query = () => queryDeposits(deposits, receive, time, log);
      return [new Repeating("deposits", limits.deposit_query_interval_ms, query, log)];
    });
    for (const connector of options.connectors) connector.deliverTo?.(this);
    const pruneOnce = () => prune(store.pool, options.exchangesKept_days);
    this.#pruning = new Repeating("pruning", limits.prune_interval_ms, pruneOnce, log);
  }

  issueVirtualAccount(request: IssueCommandRequest): Promise<Outcome<Issued, IssueRefusal>> {
    return this.#issue(request);
  }

  /** Changes what an account that waits for its deposit asks for, or until when. */
  changeVirtualAccount(request: ChangeRequest): Promise<Outcome<Issued>> {
    return this.#change(request);
  }

  /** Withdraws an account that was not paid. */
  closeVirtualAccount(request: CloseRequest): Promise<Outcome<Issued>> {
    return this.#close(request);
  }

  /** Whose account it is at the bank behind the connector; undefined when it knows none, or does not say in time. */
  async findHolder(connector: string, bankCode: string, number: string): Promise<string | undefined> {
    const signal = AbortSignal.timeout(this.#callTimeout_ms);
    try {
      return await this.connectors.get(connector)?.findHolder?.(bankCode, number, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  /** Registers or changes what an order will cost. */
  prepareAmount(request: PrepareRequest): Promise<Outcome<PreparedAmount>> {
    return this.#prepare(request);
  }

  /** Of these channels the one that serves what asks for this and names none; undefined where none can do it. */
  channelFor(channels: readonly Channel[], what: keyof Capabilities): Channel | undefined {
    return defaultChannel(channels.filter(({ connector }) => this.can(connector, what)));
  }

  /** Whether the bank or PG behind a connector does this at all. */
  can(connector: string, what: keyof Capabilities): boolean {
    return Boolean(this.connectors.get(connector)?.capabilities[what]);
  }

  /** Takes a bank's notice; however often the same one comes, it counts once. */
  receiveNotice(notice: BankNotice): Promise<NoticeResult> {
    return this.#receive(received(notice));
  }

  /**
   * Takes a bank's or wallet's own word on an order; false when nobody gave that one. Whichever comes first, this, the
   * call's answer or an asking, is recorded.
   */
  async receiveOrderNotice({ connector, key, answer }: OrderNotice): Promise<boolean> {
    const [operation] = await operations.read(this.store.pool, [key]);
    if (operation === undefined || operation.connector !== connector) return false;
    await this.#handlers[operation.kind].record(operation, answer);
    return true;
  }

  /** Makes a merchant; false when it had been made before. */
  registerMerchant(request: RegisterRequest): Promise<boolean> {
    return this.#register(request);
  }

  /** Changes a merchant's name or settings; other nodes may go by the old ones for `directory_trust_ms`. */
  async changeMerchant(request: ChangeMerchantRequest): Promise<Outcome<Merchant, MerchantRefusal>> {
    return this.#changeMerchant(request).finally(() => this.directory.forget(request.merchantId));
  }

  /** Gives a merchant one more credential, which works at once. */
  addCredential(request: AddCredentialRequest): Promise<Outcome<string, MerchantRefusal>> {
    return this.#addCredential(request);
  }

  /** Takes a credential away with its access token, which other nodes may take for `directory_trust_ms` more. */
  async removeCredential(request: RemoveCredentialRequest): Promise<Outcome<Credential, MerchantRefusal>> {
    return this.#removeCredential(request).finally(() => this.directory.forget(request.merchantId));
  }

  /** Undefined when the credential is there no more. */
  grantAccessToken(request: TokenRequest): Promise<TokenGrant | undefined> {
    return this.#grantToken(request);
  }

  /** Changes what is known of an app; other nodes may go by the old for `directory_trust_ms`. */
  async changeApp(request: ChangeAppRequest): Promise<Outcome<Credential, MerchantRefusal>> {
    return this.#changeApp(request).finally(() => this.directory.forget(request.merchantId));
  }

  /** Makes a person who uses a merchant's ad accounts. */
  makeUser(user: NewUser): Promise<Outcome<NewUser, NumberTaken>> {
    return this.#makeUser(user);
  }

  /** Changes one that is there; other nodes may go by the old for `directory_trust_ms`. */
  async changeUser(request: ChangeUserRequest): Promise<User> {
    const user = await this.#changeUser(request);
    this.directory.forget(user.merchantId);
    return user;
  }

  makeAdAccount(wanted: NewAdAccount): Promise<Outcome<AdAccount, AdAccountRefusal>> {
    return this.#makeAdAccount(wanted);
  }

  /** Changes one that is there. */
  updateAdAccount(request: UpdateAdAccountRequest): Promise<Outcome<AdAccount, AdAccountRefusal>> {
    return this.#updateAdAccount(request);
  }

  /** A user lets an app act for them, and the app is sent a code. */
  giveConsent(request: ConsentRequest): Promise<Outcome<AuthorizationCode, AppRefusal | UserRefusal>> {
    return this.#giveConsent(request);
  }

  /** An app exchanges the code that it was sent for a token. */
  exchangeCode(request: ExchangeRequest): Promise<Outcome<UserToken, CodeRefusal>> {
    return this.#exchangeCode(request);
  }

  /** A token of a given hash by no consent but the operator's word; one that is there is made anew. */
  async grantUserToken(token: Omit<UserToken, "consented" | "grantedAt" | "unlinkedAt" | "endedAt">): Promise<void> {
    const grantedAt = await readRealNow(this.store.pool);
    await userTokens.upsert(this.store.pool, [
      { ...token, consented: false, grantedAt, unlinkedAt: null, endedAt: null },
    ]);
    this.directory.forget(token.merchantId);
  }

  /** A user no longer lets an app act for them; answers how many tokens are void by that. */
  async unlinkApp(merchantId: string, request: UnlinkRequest): Promise<number> {
    return this.#unlinkApp(request).finally(() => this.directory.forget(merchantId));
  }

  /** Whether this caller may make the call now, on whichever node the last one was made. */
  takeTurn(limit: CallLimit, caller: string): Promise<boolean> {
    return takeTurn(this.store.pool, limit, caller);
  }

  /** The code of the error that this call is answered with on purpose; undefined for most, and always in live mode. */
  async answersWith(family: string): Promise<string | undefined> {
    return this.#faults?.answersWith(family);
  }

  /** A number for a user or an ad account, beyond those that operators choose. */
  async newNumber(counter: NumberCounter): Promise<number> {
    return limits.chosen_number_max + 1 + (await this.nextNumber(counter));
  }

  /** A number no other call on any node gets, from which a wire id is made. `block`: how many a node leases at once. */
  nextNumber(counter: string, block?: number): Promise<number> {
    const found = this.#counters.get(counter) ?? new Counter(this.store.pool, counter, block);
    this.#counters.set(counter, found);
    return found.next();
  }

  /** Sends one delivery again, with the same id and body. */
  async resendDelivery(id: string): Promise<Outcome<{ id: string }, DeliveryRefusal>> {
    const outcome = await resendDelivery(this.store.pool, id);
    this.#engine.wake();
    return outcome;
  }

  /** Sends many again, a page at a time. */
  async resendDeliveries(filter: Parameters<typeof resendDeliveries>[1]): Promise<Resent> {
    const resent = await resendDeliveries(this.store.searches, filter);
    this.#engine.wake();
    return resent;
  }

  /** The clock has moved: look for what is due now. */
  clockMoved(): void {
    this.#expiry.wake();
    this.#chargeSweep.wake();
    this.#autoCharge.wake();
    this.#engine.wake();
    for (const querying of this.#querying) querying.wake();
  }

  /** Starts the background work of this node. */
  async start(): Promise<void> {
    await this.#heartbeat.start();
    this.#engine.start();
    this.#expiry.start();
    this.#chargeSweep.start();
    this.#autoCharge.start();
    for (const repeating of [...this.#resolving, ...this.#querying]) repeating.start();
    this.#releasing.start();
    this.#pruning.start();
  }

  async stop(): Promise<void> {
    for (const resolver of this.#resolvers) resolver.stop();
    this.#stopping.abort();
    const repeating = [...this.#resolving, ...this.#querying].map((one) => one.stop());
    repeating.push(this.#expiry.stop(), this.#chargeSweep.stop(), this.#autoCharge.stop(), this.#releasing.stop());
    repeating.push(this.#pruning.stop(), this.#engine.stop());
    await Promise.all(repeating).finally(() => this.#heartbeat.stop());
  }

  /** Checks every invariant, the core's and those handed in. */
  checkInvariants(extra: readonly Invariant[] = []): Promise<Examination> {
    const announced: AnnouncedTypes = new Map(
      [...this.#announcers].map(([dialect, announcer]) => [dialect, announcer.announces]),
    );
    const checks = [...invariants, announcedInvariant(announced), ...extra];
    return this.store.atLeisure((pool) => checkInvariants(pool, checks));
  }

  #announce(event: Event, subject: Subject, settings: MerchantSettings): Announcement[] {
    const isQuiet = event.data.announce === false || noticeUrlsOf(subject).length === 0;
    const { dialect } = subject.type === "agreement" ? subject.agreement : subject.payment;
    return isQuiet ? [] : (this.#announcers.get(dialect)?.announce(event, subject, settings) ?? []);
  }
}

function submitter<Request, State, Decision extends { result: unknown }>(
  command: GroupCommit<Request, State, Decision>,
): (request: Request) => Promise<Decision["result"]> {
  return (request) => command.submit(request);
}

/** What a connector declares is what it can be asked for. */
function checkCapabilities(connector: Connector): void {
  const { name, capabilities, pool, refunds, receipts, wallet, linkedAccounts, findHolder, deposits } = connector;
  const { issue, reservedNumbers, refund, wallet: pays, holderLookup, query } = capabilities;
  const lends = issue === "pool" || reservedNumbers;
  const draws = capabilities.linkedAccounts;
  const declared = [lends, refund, capabilities.receipts, pays, draws, holderLookup, query];
  const present = [pool, refunds, receipts, wallet, linkedAccounts, findHolder, deposits].map(
    (one) => one !== undefined,
  );
  if (declared.some((one, index) => one !== present[index])) {
    throw new Error(`connector ${name} does not do what it declares`);
  }
  // What was drawn can be asked back, and goes out through the same connector.
  if (draws && !refund) throw new Error(`connector ${name} draws on accounts and pays nothing out`);
}
