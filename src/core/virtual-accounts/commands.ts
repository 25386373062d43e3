/** The commands that issue, change, close and expire virtual accounts. */
import { businessNow, claim, newId, type Pool, type Queryable, type Statement } from "../../store/index.ts";
import { type CoreCommand, type Decision, poolKey, referenceKey, WorkingState } from "../command.ts";
import type { Connector } from "../connector.ts";
import { type IssueRefusal, type Outcome, refused } from "../errors.ts";
import { type ExchangeDraft, recordExchange } from "../exchanges.ts";
import { payments } from "../payments/payment.ts";
import { readPaidReferences } from "../payments/read.ts";
import {
  decideChange,
  decideClose,
  decideExpire,
  decideIssue,
  type Issued,
  type IssueRequest,
  type LifeChanges,
} from "./decide.ts";
import { findReserved, type ReservedWish, takeNumbers, wishKey } from "./pool.ts";
import { readByNumber, readByPayment } from "./read.ts";
import { virtualAccounts } from "./virtual-account.ts";

export interface IssueCommandRequest extends IssueRequest {
  exchange?: ExchangeDraft<Outcome<Issued, IssueRefusal>>;
}

export function newIssueIds(): Pick<IssueRequest, "paymentId" | "virtualAccountId"> {
  return { paymentId: newId("pay"), virtualAccountId: newId("va") };
}

export function issueVirtualAccount(
  pool: Pool,
  connectors: ReadonlyMap<string, Connector>,
): CoreCommand<IssueCommandRequest, Outcome<Issued, IssueRefusal>> {
  return {
    name: "issue-virtual-account",

    async load(tx, requests) {
      const wishes = requests.map(wishOf).filter((wish) => wish !== undefined);
      await claim(tx, [
        ...requests.map((request) => ({
          scope: "2-reference" as const,
          key: referenceKey(request),
        })),
        ...wishes.map((wish) => ({ scope: "4-number" as const, key: wishKey(wish) })),
      ]);
      const state = new WorkingState();
      for (const paid of await readPaidReferences(tx, requests)) {
        state.putPaidReference(referenceKey(paid), paid.id);
      }
      for (const [key, wanted] of countByPool(requests)) {
        const numbers = connectors.get(wanted.connector)?.pool;
        if (numbers === undefined) continue;
        const { connector, bankCode, count } = wanted;
        state.freeNumbers.set(key, await takeNumbers(tx, pool, connector, numbers, bankCode, count));
      }
      for (const [key, number] of await findReserved(tx, wishes)) state.knownNumbers.set(key, number);
      const known = [...state.knownNumbers.values()];
      for (const account of await readByNumber(tx, known, 1)) state.putVirtualAccount(account);
      return state;
    },

    decide(state, request, now) {
      const free = state.freeNumbers.get(poolKey(request.channel.connector, request.bankCode));
      const referencePaid = state.isPaidElsewhere(request, undefined);
      const wish = wishOf(request);
      const known = wish && state.knownNumbers.get(wishKey(wish));
      const inUse = known !== undefined && state.withNumber(known).some((account) => account.state === "open");
      const { result, changes } = decideIssue({ referencePaid, free: free?.[0], known, inUse }, request, now);
      if (!result.ok) return { result, changes };
      const owner = { merchantId: request.merchantId, paymentId: request.paymentId };
      return { result, changes: { ...changes, exchanges: recordExchange(request.exchange, owner, result, now) } };
    },
  };
}

function wishOf(request: IssueRequest): ReservedWish | undefined {
  const { channel, bankCode, merchantId, reserved: wish } = request;
  return wish && { connector: channel.connector, bankCode, merchantId, wish };
}

function countByPool(requests: readonly IssueRequest[]) {
  const pools = new Map<string, { connector: string; bankCode: string; count: number }>();
  for (const { channel, bankCode, reserved } of requests) {
    if (reserved !== undefined && "number" in reserved) continue;
    const key = poolKey(channel.connector, bankCode);
    const wanted = pools.get(key) ?? { connector: channel.connector, bankCode, count: 0 };
    pools.set(key, { ...wanted, count: wanted.count + 1 });
  }
  return pools;
}

export interface ChangeRequest {
  paymentId: string;
  merchantId: string;
  /** Whole won; null leaves it. */
  amount: number | null;
  dueAt: Date | null;
  exchange?: ExchangeDraft<Outcome<Issued>>;
}

export interface CloseRequest {
  paymentId: string;
  merchantId: string;
  /** Kept with the payment, at most 256 characters. */
  reason: string;
  exchange?: ExchangeDraft<Outcome<Issued>>;
}

export const changeVirtualAccount: CoreCommand<ChangeRequest, Outcome<Issued>> = {
  name: "change-virtual-account",
  load: loadOf,
  decide: (state, request, now) => decideOn(state, request, now, (issued) => decideChange(issued, request, now)),
};

export const closeVirtualAccount: CoreCommand<CloseRequest, Outcome<Issued>> = {
  name: "close-virtual-account",

  load: loadOf,
  decide: (state, request, now) => decideOn(state, request, now, (issued) => decideClose(issued, request.reason, now)),
};

function loadOf(tx: Queryable, requests: readonly { paymentId: string }[]): Promise<WorkingState> {
  return loadLocked(tx, [...new Set(requests.map((request) => request.paymentId))]);
}

/** Decides on the merchant's own account, and keeps the call with the change. */
function decideOn(
  state: WorkingState,
  { paymentId, merchantId, exchange }: ChangeRequest | CloseRequest,
  now: Date,
  decide: (issued: Issued) => { result: Outcome<Issued>; changes: LifeChanges },
): Decision<Outcome<Issued>> {
  const found = issuedOf(state, paymentId);
  if (found === undefined || found.payment.merchantId !== merchantId) {
    return { result: refused({ code: "payment-unknown", id: paymentId }), changes: {} };
  }
  const { result, changes } = decide(found);
  if (!result.ok) return { result, changes };
  return {
    result,
    changes: { ...changes, exchanges: recordExchange(exchange, { merchantId, paymentId }, result, now) },
  };
}

export interface ExpireRequest {
  /** Accounts to expire in this transaction at most. */
  limit: number;
}

/**
 * By the partial index on the due times of open accounts. Locks payments without waiting: one that is locked is being
 * paid or swept by another node at this moment.
 */
const TAKE_DUE: Statement = {
  name: "take-due-payments",
  text: `SELECT p.id FROM payments p WHERE p.id IN (
      SELECT v.payment_id FROM virtual_accounts v WHERE v.state = 'open' AND v.due_at < ${businessNow}
      ORDER BY v.due_at LIMIT $1)
    FOR UPDATE SKIP LOCKED`,
};

const ANY_DUE: Statement = {
  name: "any-account-due",
  text: `SELECT EXISTS (SELECT FROM virtual_accounts WHERE state = 'open' AND due_at < ${businessNow}) AS due`,
};

/** Whether a sweep would find anything, so that an idle node commits nothing. */
export async function isAnyDue(db: Queryable): Promise<boolean> {
  return (await db.query<{ due: boolean }>(ANY_DUE)).rows[0]!.due;
}

/** Answers how many accounts it expired. */
export const expireVirtualAccounts: CoreCommand<ExpireRequest, number> = {
  name: "expire-virtual-accounts",

  async load(tx, requests) {
    const limit = Math.max(...requests.map((request) => request.limit));
    const due = await tx.query<{ id: string }>(TAKE_DUE, [limit]);
    return loadLocked(
      tx,
      due.rows.map((row) => row.id),
    );
  },

  decide(state, _request, now) {
    const expired = [...state.payments.keys()]
      .map((id) => issuedOf(state, id))
      .map((issued) => issued && decideExpire(issued, now))
      .filter((changes) => changes !== undefined);
    return {
      result: expired.length,
      changes: {
        payments: expired.flatMap((changes) => changes.payments),
        virtualAccounts: expired.flatMap((changes) => changes.virtualAccounts),
        events: expired.flatMap((changes) => changes.events),
      },
    };
  },
};

async function loadLocked(tx: Queryable, paymentIds: readonly string[]): Promise<WorkingState> {
  await payments.lock(tx, paymentIds);
  const accountIds = (await readByPayment(tx, paymentIds)).map((account) => account.id);
  await virtualAccounts.lock(tx, accountIds);
  const state = new WorkingState();
  for (const payment of await payments.read(tx, paymentIds)) state.putPayment(payment);
  for (const account of await readByPayment(tx, paymentIds)) state.putVirtualAccount(account);
  return state;
}

function issuedOf(state: WorkingState, paymentId: string): Issued | undefined {
  const payment = state.payments.get(paymentId);
  const virtualAccount = [...state.virtualAccounts.values()].find((account) => account.paymentId === paymentId);
  return payment && virtualAccount && { payment, virtualAccount };
}
