/**
 * The rules of linked accounts, from the call to the member to their removal. Pure.
 *
 * A registration is two operations, one after the other. The second is made by the decision that records the member's yes, so
 * that there is no moment at which neither is under way.
 */
import { accepted, type LinkedAccountRefusal, type Outcome, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { changeMember, type Member } from "../members/member.ts";
import {
  judgeAnswer,
  newOperation,
  type Operation,
  type OperationAnswer,
  settle,
  type Verdict,
} from "../operations/operation.ts";
import {
  changeLinkedAccount,
  type LinkedAccount,
  type LinkedAccountPurpose,
  type RegistrationFailure,
} from "./linked-account.ts";

const accountId_length = 5;

/** A merchant's accounts as they are counted: five digits and capital letters. */
export function accountIdOf(counted: number): string {
  return counted.toString(36).toUpperCase().padStart(accountId_length, "0");
}

/** An account that is to be registered, with what is stored encrypted of it. */
export type NewAccount = Pick<
  LinkedAccount,
  | "id"
  | "merchantId"
  | "memberId"
  | "connector"
  | "purpose"
  | "accountId"
  | "bankCode"
  | "numberEncrypted"
  | "numberIndex"
  | "numberMasked"
  | "holderEncrypted"
  | "holderIndex"
  | "details"
>;

export interface BeginRequest {
  account: NewAccount;
  operationId: string;
  /** For being charged by itself: the registered account that this is, too. Null for any other. */
  copyOf: string | null;
  /** The operator has the holder's agreement: nobody is called. */
  adopted: boolean;
  callTimeout_ms: number;
}

/** A member with the accounts that are registered or under way, and those that something is told of. */
export interface AccountState {
  member: Member | undefined;
  accounts: readonly LinkedAccount[];
}

export interface AccountChanges {
  members: Member[];
  linkedAccounts: LinkedAccount[];
  operations: Operation[];
  events: NewEvent[];
}

/** A registration that has begun. */
export interface Begun {
  account: LinkedAccount;
  /** What is to be asked of the PG now; undefined when that is nothing. */
  operation: Operation | undefined;
  /** Whose code the call asks for, as they were before it was used up. */
  member: Member;
}

export function registeredOf(
  accounts: readonly LinkedAccount[],
  purpose: LinkedAccountPurpose,
): LinkedAccount | undefined {
  return accounts.find((account) => account.state === "registered" && account.purpose === purpose);
}

function isUnderWay({ state }: LinkedAccount): boolean {
  return state === "calling" || state === "agreed";
}

/**
 * The intent to register an account. A code is good for one call; without one the registration fails at once, since there is
 * nothing that the member could type. For being charged by itself the member only has to say yes.
 */
export function decideBegin(
  { member, accounts }: AccountState,
  request: BeginRequest,
  now: Date,
  realNow: Date,
): { result: Outcome<Begun, LinkedAccountRefusal>; changes: AccountChanges } {
  const { account: wanted, adopted, copyOf } = request;
  if (member === undefined || member.merchantId !== wanted.merchantId) return refuse({ code: "member-unknown" });
  const registered = registeredOf(accounts, "charge");
  const underWay = accounts.find(isUnderWay);
  const there = registered ?? underWay;
  if (adopted && there?.purpose === "charge") {
    return { result: accepted({ account: there, operation: undefined, member }), changes: nothing() };
  }
  if (underWay !== undefined) return refuse({ code: "registration-under-way" });
  if (copyOf !== null && registered === undefined) return refuse({ code: "account-missing" });
  // Another was being registered when this was asked for.
  if (copyOf !== null && registered!.id !== copyOf) return refuse({ code: "registration-under-way" });

  const blank: LinkedAccount = {
    ...wanted,
    state: adopted ? "agreed" : "calling",
    operationId: request.operationId,
    registrationEncrypted: null,
    failure: null,
    createdAt: now,
    updatedAt: now,
    registeredAt: null,
    eventSeq: 0,
  };
  const needsCode = !adopted && wanted.purpose === "charge";
  const hasCode = member.arsCodeEncrypted !== null && member.arsCodeExpiresAt! >= now;
  if (needsCode && !hasCode) {
    const failure = { code: "ars-failed", message: "ARS 인증번호가 없습니다." } as const;
    const told = changeLinkedAccount(blank, { ...wiped, state: "failed", operationId: null, failure }, now);
    const changes = { ...nothing(), linkedAccounts: [told.account], events: [told.event] };
    return { result: accepted({ account: told.account, operation: undefined, member }), changes };
  }
  const { account, event } = changeLinkedAccount(blank, {}, now);
  const kind = adopted ? "account-registration" : "ars-call";
  const operation = operationOf(account, kind, request.operationId, request.callTimeout_ms, realNow);
  const used = { ...member, arsCodeEncrypted: null, arsCodeExpiresAt: null };
  return {
    result: accepted({ account, operation, member }),
    changes: {
      members: needsCode ? [used] : [],
      linkedAccounts: [account],
      operations: [operation],
      events: [event],
    },
  };
}

function operationOf(
  { id: subjectId, merchantId, connector, purpose, bankCode, numberIndex }: LinkedAccount,
  kind: "ars-call" | "account-registration",
  id: string,
  callTimeout_ms: number,
  realNow: Date,
): Operation {
  const order = { purpose, bankCode, numberIndex };
  return newOperation({ id, merchantId, connector, kind, subjectId }, order, callTimeout_ms, realNow);
}

export interface AccountOutcomeRequest {
  accountId: string;
  operationId: string;
  answer: OperationAnswer;
  /** What the PG knows the account by, if it says so. */
  registrationEncrypted: string | null;
  /** For the registration that a yes on the telephone leads to. */
  nextOperationId: string;
  callTimeout_ms: number;
}

export interface AccountOutcome {
  account: LinkedAccount;
  /** The registration that the PG is to be asked for now: of those who record an outcome, one is told. */
  next: Operation | undefined;
}

/**
 * The PG's word on a call or a registration, whichever way it comes. Once an operation is settled, what comes later changes
 * nothing.
 */
export function decideAccountOutcome(
  accounts: readonly LinkedAccount[],
  operation: Operation,
  request: AccountOutcomeRequest,
  now: Date,
  realNow: Date,
): { result: AccountOutcome; changes: AccountChanges } {
  const account = accounts.find(({ id }) => id === request.accountId)!;
  const verdict = verdictOn(operation, request);
  const settled = settle(operation, verdict, realNow);
  if (settled === undefined) return { result: { account, next: undefined }, changes: nothing() };
  const changes = { ...nothing(), operations: [settled] };
  if (verdict.outcome === "unknown") return { result: { account, next: undefined }, changes };

  const tell = (of: LinkedAccount, change: Partial<LinkedAccount>): LinkedAccount => {
    const told = changeLinkedAccount(of, change, now);
    changes.linkedAccounts.push(told.account);
    changes.events.push(told.event);
    return told.account;
  };
  const isCall = operation.kind === "ars-call";
  if (verdict.outcome === "failed") {
    const failure = { code: isCall ? "ars-failed" : failureOf(verdict.code), message: verdict.message } as const;
    return { result: { account: tell(account, { ...wiped, state: "failed", failure }), next: undefined }, changes };
  }
  if (isCall) {
    const { nextOperationId, callTimeout_ms } = request;
    const agreed = tell(account, { state: "agreed", operationId: nextOperationId });
    const next = operationOf(agreed, "account-registration", nextOperationId, callTimeout_ms, realNow);
    changes.operations.push(next);
    return { result: { account: agreed, next }, changes };
  }
  const charged = registeredOf(accounts, "charge");
  const isGone = account.purpose === "auto-charge" && charged?.numberIndex !== account.numberIndex;
  // What it was a copy of was removed meanwhile, and whatever the member is charged by went with that.
  if (isGone) return { result: { account: tell(account, { ...wiped, state: "deleted" }), next: undefined }, changes };
  const former = registeredOf(accounts, account.purpose);
  if (former !== undefined) tell(former, { ...wiped, state: "replaced" });
  const copy = account.purpose === "charge" ? registeredOf(accounts, "auto-charge") : undefined;
  // Whoever changes the account they are charged from is not charged from the former one any more.
  if (copy !== undefined && copy.numberIndex !== account.numberIndex) tell(copy, { ...wiped, state: "replaced" });
  const { registrationEncrypted } = request;
  const registered = tell(account, { state: "registered", registrationEncrypted, registeredAt: now });
  return { result: { account: registered, next: undefined }, changes };
}

/** A registration that has no name is none that can be drawn on: the PG is asked again. */
function verdictOn(operation: Operation, { answer, registrationEncrypted }: AccountOutcomeRequest): Verdict {
  const verdict = judgeAnswer(operation, answer);
  const isNameless = operation.kind === "account-registration" && registrationEncrypted === null;
  if (verdict.outcome !== "succeeded" || !isNameless) return verdict;
  return { outcome: "unknown", reason: "the PG did not name the registration" };
}

const refusals: ReadonlySet<string> = new Set<RegistrationFailure>(["lifetime-account", "restricted-account"]);

function failureOf(code: string): RegistrationFailure {
  return refusals.has(code) ? (code as RegistrationFailure) : "refused";
}

/** What is kept of an account only while something can happen to it. */
const wiped = { numberEncrypted: null, holderEncrypted: null, registrationEncrypted: null } as const;

/**
 * Removes what is registered, for either purpose, and what is charged by itself. A registration under way goes on; one for
 * being charged by itself comes to nothing.
 */
export function decideRemove(
  { member, accounts }: AccountState,
  merchantId: string,
  now: Date,
): { result: Outcome<LinkedAccount, LinkedAccountRefusal>; changes: AccountChanges } {
  if (member === undefined || member.merchantId !== merchantId) return refuse({ code: "member-unknown" });
  const charge = registeredOf(accounts, "charge");
  if (charge === undefined) return refuse({ code: "account-missing" });
  const autoCharge = registeredOf(accounts, "auto-charge");
  const removed = [charge, ...(autoCharge === undefined ? [] : [autoCharge])].map((account) =>
    changeLinkedAccount(account, { ...wiped, state: "deleted" }, now),
  );
  const settings = { autoChargeAmount: null, autoChargeBelow: null, autoChargeBy: null, autoCheckAt: null };
  const isCharged = member.autoChargeAmount !== null;
  const changed = isCharged ? [changeMember(member, settings, "member.changed", now)] : [];
  return {
    result: accepted(removed[0]!.account),
    changes: {
      members: changed.map((one) => one.member),
      linkedAccounts: removed.map(({ account }) => account),
      operations: [],
      events: [...removed, ...changed].map(({ event }) => event),
    },
  };
}

function refuse<Refusal>(refusal: Refusal): { result: { ok: false; refusal: Refusal }; changes: AccountChanges } {
  return { result: refused(refusal), changes: nothing() };
}

function nothing(): AccountChanges {
  return { members: [], linkedAccounts: [], operations: [], events: [] };
}
