/** The commands that register members' accounts, record what the PG said of it, and remove them. */
import { type Queryable, readRealNow } from "../../store/index.ts";
import { type CoreCommand, WorkingState } from "../command.ts";
import { accepted, type LinkedAccountRefusal, type Outcome } from "../errors.ts";
import { type ExchangeDraft, recordExchange } from "../exchanges.ts";
import { members } from "../members/member.ts";
import { readLocked } from "../operations/operation.ts";
import {
  type AccountOutcome,
  type AccountOutcomeRequest,
  type AccountState,
  type BeginRequest,
  type Begun,
  decideAccountOutcome,
  decideBegin,
  decideRemove,
} from "./decide-account.ts";
import { type LinkedAccount, linkedAccounts } from "./linked-account.ts";
import { readAccountsOf } from "./read-accounts.ts";

export interface BeginRegistrationRequest extends BeginRequest {
  exchange?: ExchangeDraft<Outcome<LinkedAccount, LinkedAccountRefusal>> | undefined;
}

/** The call is kept with the intent, since it is answered by what has begun and not by what comes of it. */
export const beginRegistration: CoreCommand<BeginRegistrationRequest, Outcome<Begun, LinkedAccountRefusal>> = {
  name: "begin-account-registration",

  load: (tx, requests) =>
    loadMembers(
      tx,
      requests.map(({ account }) => account.memberId),
    ),

  decide(state, request, now) {
    const { memberId, merchantId } = request.account;
    const { result, changes } = decideBegin(accountsOf(state, memberId), request, now, state.realNow);
    if (!result.ok) return { result, changes };
    const owner = { merchantId, paymentId: null };
    const exchanges = recordExchange(request.exchange, owner, accepted(result.value.account), now);
    return { result, changes: { ...changes, exchanges } };
  },
};

export interface RecordAccountRequest extends AccountOutcomeRequest {
  memberId: string;
}

export const recordAccountOutcome: CoreCommand<RecordAccountRequest, AccountOutcome> = {
  name: "record-account-outcome",

  async load(tx, requests) {
    const state = await loadMembers(
      tx,
      requests.map(({ memberId }) => memberId),
    );
    const operationIds = [...new Set(requests.map(({ operationId }) => operationId))];
    // What is told of may be over: then it is shown as it is.
    const told = [...new Set(requests.map(({ accountId }) => accountId))];
    state.apply({
      operations: await readLocked(tx, operationIds),
      linkedAccounts: await linkedAccounts.read(tx, told),
    });
    return state;
  },

  decide(state, request, now) {
    const { accounts } = accountsOf(state, request.memberId);
    const operation = state.operations.get(request.operationId)!;
    return decideAccountOutcome(accounts, operation, request, now, state.realNow);
  },
};

export interface RemoveAccountRequest {
  merchantId: string;
  memberId: string;
  exchange?: ExchangeDraft<Outcome<LinkedAccount, LinkedAccountRefusal>> | undefined;
}

export const removeAccounts: CoreCommand<RemoveAccountRequest, Outcome<LinkedAccount, LinkedAccountRefusal>> = {
  name: "remove-accounts",

  load: (tx, requests) =>
    loadMembers(
      tx,
      requests.map(({ memberId }) => memberId),
    ),

  decide(state, { merchantId, memberId, exchange }, now) {
    const { result, changes } = decideRemove(accountsOf(state, memberId), merchantId, now);
    if (!result.ok) return { result, changes };
    const exchanges = recordExchange(exchange, { merchantId, paymentId: null }, result, now);
    return { result, changes: { ...changes, exchanges } };
  },
};

/** Every change of a linked account goes through its member's lock. */
async function loadMembers(tx: Queryable, memberIds: readonly string[]): Promise<WorkingState> {
  const ids = [...new Set(memberIds)];
  await members.lock(tx, ids);
  const state = new WorkingState();
  state.realNow = await readRealNow(tx);
  state.apply({ members: await members.read(tx, ids), linkedAccounts: await readAccountsOf(tx, ids) });
  return state;
}

function accountsOf(state: WorkingState, memberId: string): AccountState {
  const accounts = [...state.linkedAccounts.values()].filter((account) => account.memberId === memberId);
  return { member: state.members.get(memberId), accounts };
}
