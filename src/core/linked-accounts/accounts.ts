/** Members' own accounts, from checking whose they are to their removal. */
import { newId, type Pool } from "../../store/index.ts";
import type { ClaimedAccount, Connector, HolderCheck, LinkedAccountService } from "../connector.ts";
import { accepted, type LinkedAccountRefusal, type Outcome, refused } from "../errors.ts";
import type { ExchangeDraft } from "../exchanges.ts";
import { withinTime } from "../jobs.ts";
import { limits } from "../limits.ts";
import { nameIndex, openArsCode, openPerson } from "../members/member.ts";
import { newOperationId, type Operation, type OperationAnswer } from "../operations/operation.ts";
import { call, type OperationHandler } from "../operations/resolver.ts";
import { masked, type Secrets } from "../secrets.ts";
import type { BeginRegistrationRequest, RecordAccountRequest, RemoveAccountRequest } from "./account-commands.ts";
import { type AccountOutcome, accountIdOf, type Begun, type NewAccount, registeredOf } from "./decide-account.ts";
import { type Verifying, type VerifyRequest, verificationOutcome } from "./decide-verification.ts";
import {
  accountIndex,
  type LinkedAccount,
  linkedAccounts,
  type OpenedAccount,
  openAccount,
  sealAccount,
  sealRegistration,
} from "./linked-account.ts";
import { readRegistered } from "./read-accounts.ts";
import type { Verification } from "./verification.ts";
import type { RecordVerificationRequest } from "./verification-commands.ts";

export interface RegisterAccountRequest {
  merchantId: string;
  memberId: string;
  connector: string;
  /** KFTC, three digits. */
  bankCode: string;
  number: string;
  holder: string;
  /** The holder's, `yyyyMMdd`. */
  birthDate: string;
  details: LinkedAccount["details"];
  exchange?: ExchangeDraft<Outcome<LinkedAccount, LinkedAccountRefusal>>;
}

export interface OfMember {
  merchantId: string;
  memberId: string;
  exchange?: ExchangeDraft<Outcome<LinkedAccount, LinkedAccountRefusal>>;
}

/** A member's registered accounts, with what is stored encrypted of them. */
export interface RegisteredAccounts {
  charge: OpenedAccount | undefined;
  autoCharge: OpenedAccount | undefined;
}

export interface LinkedAccountCommands {
  begin(request: BeginRegistrationRequest): Promise<Outcome<Begun, LinkedAccountRefusal>>;
  record(request: RecordAccountRequest): Promise<AccountOutcome>;
  remove(request: RemoveAccountRequest): Promise<Outcome<LinkedAccount, LinkedAccountRefusal>>;
  verify(request: VerifyRequest): Promise<Verifying>;
  recordVerification(request: RecordVerificationRequest): Promise<Verification>;
}

export interface VerifyAccountRequest {
  merchantId: string;
  connector: string;
  /** KFTC, three digits. */
  bankCode: string;
  number: string;
  exchange?: ExchangeDraft<Outcome<Verification, LinkedAccountRefusal>>;
}

export interface LinkedAccountOptions {
  commands: LinkedAccountCommands;
  connectors: ReadonlyMap<string, Connector>;
  pool: Pool;
  secrets: Secrets;
  /** A number from 0 that no other call on any node gets; nodes lease them by the block. */
  nextNumber(counter: string, block: number): Promise<number>;
  /** How long a PG may take to answer. */
  callTimeout_ms: number;
}

export class LinkedAccounts {
  readonly #commands: LinkedAccountCommands;
  readonly #connectors: ReadonlyMap<string, Connector>;
  readonly #pool: Pool;
  readonly #secrets: Secrets;
  readonly #nextNumber: LinkedAccountOptions["nextNumber"];
  readonly #callTimeout_ms: number;

  constructor(options: LinkedAccountOptions) {
    this.#commands = options.commands;
    this.#connectors = options.connectors;
    this.#pool = options.pool;
    this.#secrets = options.secrets;
    this.#nextNumber = options.nextNumber;
    this.#callTimeout_ms = options.callTimeout_ms;
  }

  /** Undefined when there is no such account; `unavailable` when the PG does not say in time. */
  async checkHolder(connector: string, claimed: ClaimedAccount): Promise<HolderCheck | "unavailable" | undefined> {
    const service = this.#service(connector);
    try {
      return await withinTime((signal) => service.checkHolder(claimed, signal), this.#callTimeout_ms);
    } catch {
      return "unavailable";
    }
  }

  /**
   * Begins a registration: the member is being called when this answers. What comes of it is read by `registration`. The
   * account takes the place of a registered one when it is registered.
   */
  async register({
    exchange,
    ...wanted
  }: RegisterAccountRequest): Promise<Outcome<LinkedAccount, LinkedAccountRefusal>> {
    return this.#begin(await this.#newAccount(wanted, "charge"), { exchange });
  }

  /** The same for being charged by itself, of the account that is registered. */
  async registerForAutoCharge({
    merchantId,
    memberId,
    exchange,
  }: OfMember): Promise<Outcome<LinkedAccount, LinkedAccountRefusal>> {
    const { charge } = await this.registered(memberId);
    if (charge?.account.merchantId !== merchantId) return refused({ code: "account-missing" });
    const { connector, bankCode, details, id: copyOf } = charge.account;
    const { number, holder, birthDate } = charge;
    const wanted = { merchantId, memberId, connector, bankCode, number, holder, birthDate, details };
    return this.#begin(await this.#newAccount(wanted, "auto-charge"), { copyOf, exchange });
  }

  /** Removes what is registered, for either purpose, and what is charged by itself. */
  remove(of: OfMember): Promise<Outcome<LinkedAccount, LinkedAccountRefusal>> {
    return this.#commands.remove(of);
  }

  /** A registration of the merchant's by its own id. */
  async registration(merchantId: string, id: string): Promise<LinkedAccount | undefined> {
    const [account] = await linkedAccounts.read(this.#pool, [id]);
    return account?.merchantId === merchantId ? account : undefined;
  }

  async registered(memberId: string): Promise<RegisteredAccounts> {
    const held = await readRegistered(this.#pool, [memberId]);
    const open = (account: LinkedAccount | undefined) => account && openAccount(this.#secrets, account);
    return { charge: open(registeredOf(held, "charge")), autoCharge: open(registeredOf(held, "auto-charge")) };
  }

  /** Sends a won. Refused when there is no such account, and while it is not known whether it arrived. */
  async verify({
    merchantId,
    connector,
    bankCode,
    number,
    exchange,
  }: VerifyAccountRequest): Promise<Outcome<Verification, LinkedAccountRefusal>> {
    const service = this.#service(connector);
    const numberIndex = accountIndex(this.#secrets, merchantId, bankCode, number);
    const { verification, operation } = await this.#commands.verify({
      id: newId("ver"),
      merchantId,
      connector,
      bankCode,
      numberIndex,
      numberMasked: masked(number),
      operationId: newOperationId(),
      callTimeout_ms: this.#callTimeout_ms,
    });
    const { amount, currency } = verification;
    const order = { key: operation.id, validUntil: operation.validUntil, bankCode, number, amount, currency };
    const answer = await call((signal) => service.verify(order, signal), this.#callTimeout_ms);
    const request = { verificationId: verification.id, operationId: operation.id, answer, exchange };
    return verificationOutcome(await this.#commands.recordVerification(request));
  }

  /** Of calls to members, and of registrations at the PG. */
  registrations(): OperationHandler {
    return {
      ask: async ({ connector, id }, signal) => this.#service(connector).ask(id, signal),
      record: async (operation, answer) => {
        const [account] = await linkedAccounts.read(this.#pool, [operation.subjectId]);
        return this.#record(account!, operation, answer);
      },
    };
  }

  verifications(): OperationHandler {
    return {
      ask: async ({ connector, id }, signal) => this.#service(connector).ask(id, signal),
      record: ({ id: operationId, subjectId: verificationId }, answer) =>
        this.#commands.recordVerification({ verificationId, operationId, answer }),
    };
  }

  /**
   * An account that was registered elsewhere, as the operator has it: nobody is called. Where the member has one already, or
   * one is being registered, that one.
   */
  async adopt(
    request: Omit<RegisterAccountRequest, "exchange">,
  ): Promise<Outcome<LinkedAccount, LinkedAccountRefusal>> {
    const held = registeredOf(await readRegistered(this.#pool, [request.memberId]), "charge");
    if (held?.merchantId === request.merchantId) return accepted(held);
    return this.#begin(await this.#newAccount(request, "charge"), { adopted: true });
  }

  async #begin(
    account: NewAccount,
    {
      adopted = false,
      copyOf = null,
      exchange,
    }: Partial<Pick<BeginRegistrationRequest, "adopted" | "copyOf" | "exchange">>,
  ): Promise<Outcome<LinkedAccount, LinkedAccountRefusal>> {
    const callTimeout_ms = this.#callTimeout_ms;
    const operationId = newOperationId();
    const begun = await this.#commands.begin({ account, operationId, copyOf, adopted, callTimeout_ms, exchange });
    return begun.ok ? accepted(await this.#proceed(begun.value)) : begun;
  }

  /** What is asked of the PG first; nothing where nothing is. */
  async #proceed({ account, operation, member }: Begun): Promise<LinkedAccount> {
    if (operation === undefined) return account;
    if (operation.kind === "account-registration") return this.#order(account, operation);
    const service = this.#service(account.connector);
    // Of the code that was used up by this.
    const code = account.purpose === "charge" ? openArsCode(this.#secrets, member, account.createdAt) : null;
    const { mobileNumber: phone } = openPerson(this.#secrets, member);
    const order = { key: operation.id, validUntil: operation.validUntil, phone, code };
    const answer = await call((signal) => service.call(order, signal), this.#callTimeout_ms);
    return this.#record(account, operation, answer);
  }

  /** Orders the registration of an account whose holder has agreed. */
  async #order(account: LinkedAccount, operation: Operation): Promise<LinkedAccount> {
    const service = this.#service(account.connector);
    const { number, holder, birthDate } = openAccount(this.#secrets, account);
    const { id: key, validUntil } = operation;
    const order = { key, validUntil, bankCode: account.bankCode, number, holder, birthDate };
    const answer = await call((signal) => service.register(order, signal), this.#callTimeout_ms);
    return this.#record(account, operation, answer);
  }

  /** Records the PG's word; whoever records the member's yes orders the registration that follows. */
  async #record(
    { id: accountId, merchantId, memberId }: LinkedAccount,
    { id: operationId }: Operation,
    answer: OperationAnswer,
  ): Promise<LinkedAccount> {
    const registration = answer.outcome === "succeeded" ? answer.registration : undefined;
    const owner = { id: accountId, merchantId };
    const { account, next } = await this.#commands.record({
      accountId,
      memberId,
      operationId,
      answer,
      registrationEncrypted: registration === undefined ? null : sealRegistration(this.#secrets, owner, registration),
      nextOperationId: newOperationId(),
      callTimeout_ms: this.#callTimeout_ms,
    });
    return next === undefined ? account : this.#order(account, next);
  }

  async #newAccount(
    { merchantId, memberId, connector, details, ...account }: Omit<RegisterAccountRequest, "exchange">,
    purpose: LinkedAccount["purpose"],
  ): Promise<NewAccount> {
    const id = newId("lac");
    const counted = await this.#nextNumber(`linked-account ${merchantId}`, limits.account_id_block);
    return {
      id,
      merchantId,
      memberId,
      connector,
      purpose,
      accountId: accountIdOf(counted),
      bankCode: account.bankCode,
      ...sealAccount(this.#secrets, { id, merchantId }, account),
      holderIndex: nameIndex(this.#secrets, merchantId, account.holder),
      details,
    };
  }

  #service(connector: string): LinkedAccountService {
    const service = this.#connectors.get(connector)?.linkedAccounts;
    if (service === undefined) throw new Error(`connector ${connector} draws on no accounts`);
    return service;
  }
}
