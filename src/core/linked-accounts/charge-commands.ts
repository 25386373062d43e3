/** The commands that charge a member's balance, give a charge back, record what the PG said, and look at low balances. */
import { readRealNow } from "../../store/index.ts";
import { type CoreCommand, WorkingState } from "../command.ts";
import type { MemberChargeRefusal, Outcome } from "../errors.ts";
import { type ExchangeDraft, recordExchange } from "../exchanges.ts";
import { type Member, members } from "../members/member.ts";
import { type OperationAnswer, readLocked } from "../operations/operation.ts";
import { payments } from "../payments/payment.ts";
import {
  accountOf,
  loadMemberCards,
  loadPayments,
  loadPurses,
  loadSpending,
  memberOf,
  namedBy,
  paymentBy,
  purseOf,
  takeDueMembers,
} from "./charge-read.ts";
import type { AutoChargeRequest, ChargedMember } from "./charges.ts";
import { decideAutoCharge, decideLook } from "./decide-auto-charge.ts";
import { type Cancelling, type CancelRequest, decideCancel } from "./decide-cancel.ts";
import {
  type ChargeIds,
  type ChargeRequest,
  type Charging,
  type Drawn,
  decideCharge,
  decideWithdrawalOutcome,
} from "./decide-charge.ts";

type Refusable<Value> = Outcome<Value, MemberChargeRefusal>;

function tokenOf(state: WorkingState, { shown }: Pick<ChargeRequest, "shown">) {
  const token = state.oneTimeTokens.get(shown.id);
  return { token, card: token && state.cards.get(token.cardId) };
}

export const chargeMember: CoreCommand<ChargeRequest, Refusable<Charging>> = {
  name: "charge-member",

  load: (tx, requests) =>
    loadSpending(
      tx,
      requests.map((request) => ({ ...request, tokenId: request.shown.id, wireId: null })),
    ),

  decide(state, request, now) {
    const [named, purse] = [namedBy(state, request), purseOf(state, request.memberNumber, "charge")];
    return decideCharge({ named, purse, ...tokenOf(state, request) }, request, now, state.realNow);
  },
};

export const cancelMemberCharge: CoreCommand<CancelRequest, Refusable<Cancelling>> = {
  name: "cancel-member-charge",

  load: (tx, requests) =>
    loadSpending(
      tx,
      requests.map((request) => ({ ...request, tokenId: request.shown.id })),
    ),

  decide(state, request, now) {
    const named = namedBy(state, request);
    const purse = purseOf(state, request.memberNumber, "charge");
    const payment = paymentBy(state, request.wireId, request);
    return decideCancel({ named, purse, payment, ...tokenOf(state, request) }, request, now, state.realNow);
  },
};

export interface WithdrawalOutcomeRequest {
  withdrawalId: string;
  operationId: string;
  paymentId: string;
  memberId: string;
  answer: OperationAnswer;
  exchange?: ExchangeDraft<ChargedMember> | undefined;
}

export const recordWithdrawal: CoreCommand<WithdrawalOutcomeRequest, ChargedMember> = {
  name: "record-withdrawal",

  async load(tx, requests) {
    const paymentIds = [...new Set(requests.map(({ paymentId }) => paymentId))];
    const memberIds = [...new Set(requests.map(({ memberId }) => memberId))];
    await payments.lock(tx, paymentIds);
    await members.lock(tx, memberIds);
    const locked = await readLocked(
      tx,
      requests.map(({ operationId }) => operationId),
    );
    const state = new WorkingState();
    state.realNow = await readRealNow(tx);
    state.apply({ operations: locked, members: await members.read(tx, memberIds) });
    await loadPayments(tx, state, paymentIds);
    return state;
  },

  decide(state, { withdrawalId, operationId, paymentId, memberId, answer, exchange }, now) {
    const found = {
      payment: state.payments.get(paymentId)!,
      withdrawal: state.withdrawals.get(withdrawalId)!,
      operation: state.operations.get(operationId)!,
      member: state.members.get(memberId)!,
    };
    const { result, changes } = decideWithdrawalOutcome(found, answer, now, state.realNow);
    const { merchantId } = found.payment;
    const exchanges = recordExchange(exchange, { merchantId, paymentId }, result, now);
    return { result, changes: { ...changes, exchanges } };
  },
};

export const setAutoCharge: CoreCommand<AutoChargeRequest, Refusable<Member>> = {
  name: "set-auto-charge",

  load: (tx, requests) => loadMemberCards(tx, requests),

  decide(state, { exchange, ...request }, now) {
    const member = memberOf(state, request.memberNumber);
    const account = accountOf(state, member?.id, "auto-charge");
    const decided = decideAutoCharge({ member, cards: [...state.cards.values()], account }, request, now);
    const { result, changes } = decided;
    if (!result.ok) return { result, changes };
    const exchanges = recordExchange(exchange, { merchantId: request.merchantId, paymentId: null }, result, now);
    return { result, changes: { ...changes, exchanges } };
  },
};

export interface LookRequest {
  /** One for each member that may be looked at. */
  ids: readonly ChargeIds[];
  callTimeout_ms: number;
}

export interface Looked {
  /** How many balances were looked at. */
  members: number;
  drawn: Drawn[];
}

export const lookAtBalances: CoreCommand<LookRequest, Looked> = {
  name: "look-at-balances",

  async load(tx, requests) {
    return loadPurses(tx, await takeDueMembers(tx, Math.max(...requests.map(({ ids }) => ids.length))));
  },

  decide(state, { ids, callTimeout_ms }, now) {
    const looked = [...state.members.values()].slice(0, ids.length).flatMap(({ number }, index) => {
      const purse = purseOf(state, number, "auto-charge")!;
      return decideLook(purse, { ...ids[index]!, callTimeout_ms }, now, state.realNow) ?? [];
    });
    const changes = looked.map((one) => one.changes);
    return {
      result: { members: looked.length, drawn: looked.flatMap((one) => one.drawn ?? []) },
      changes: {
        payments: changes.flatMap((one) => one.payments),
        withdrawals: changes.flatMap((one) => one.withdrawals),
        operations: changes.flatMap((one) => one.operations),
        members: changes.flatMap((one) => one.members),
        events: changes.flatMap((one) => one.events),
      },
    };
  },
};
