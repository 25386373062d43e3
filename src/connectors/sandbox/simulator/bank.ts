/**
 * The sandbox bank: the counterpart of every virtual account in sandbox mode. It keeps its own records, apart from
 * Naru's books, and tells Naru of each transaction until it is told that the notice was taken.
 *
 *   a customer transfers ─▶ payee inquiry ─▶ recorded at the bank ─▶ notice ─▶ Naru's books ─▶ acknowledged
 *                               └ refused: no money moves
 *
 * If the process dies after the bank recorded a transaction, another node sends its notice: `resend` looks for
 * transactions that were not acknowledged, and for notices that were held until now. Acknowledgements are written behind
 * the answer, in sets; losing some only means that a notice comes twice, which the core counts once. What the sandbox's
 * wallet and its PG find out after their answers is told beside them.
 */
import { isDeepStrictEqual } from "node:util";
import { type NoticeResult, objection, type Target } from "../../../core/deposits/decide.ts";
import { inquire } from "../../../core/deposits/inquire.ts";
import type { Outcome } from "../../../core/errors.ts";
import type { Core } from "../../../core/index.ts";
import { doEach, type JobLog, Repeating } from "../../../core/jobs.ts";
import { type Command, claim, newId, type Pool } from "../../../store/index.ts";
import type { BankRefusal } from "../errors.ts";
import { sandbox, toNotice } from "../notices.ts";
import { type CallAnswer, type CallRefusal, callAnswerer, type RingingCall, readRinging } from "./ars-calls.ts";
import type { Faults } from "./faults.ts";
import { type Holder, holderOf } from "./holders.ts";
import { orderNoticeLimits, wordOfOrders } from "./order-notices.ts";
import type { PgOrder } from "./pg.ts";
import {
  acknowledge,
  type BankTransaction,
  bankLimits,
  befall,
  type NoticeFault,
  postpone,
  readDue,
  readTransactions,
  transactions,
} from "./transactions.ts";

export interface TransferOrder {
  /** The same id again is the same transaction: the bank sends its notice once more. */
  id?: string;
  bankCode: string;
  number: string;
  /** Whole won; what the account asks for if left out. */
  amount?: number;
  depositorName: string | null;
  occurredAt?: Date;
  /** Skip the payee inquiry, so that money arrives which should not. */
  unchecked: boolean;
}

/** An order as the command takes it, with the id the transaction will have. */
type Order = (TransferOrder & { kind: "credit"; id: string }) | { kind: "reversal"; id: string };

type BankAnswer =
  /** What the bank recorded, now or before, and what else it was told to say of it: a bank that contradicts itself. */
  | { ok: true; isNew: boolean; transaction: BankTransaction; contradiction?: BankTransaction }
  | { ok: false; refusal: BankRefusal };

interface BankState {
  /** By id and kind. */
  transactions: Map<string, BankTransaction>;
  target(order: { bankCode: string; number: string }, at: Date): Target | undefined;
}

interface BankDecision {
  result: BankAnswer;
  recorded: BankTransaction | undefined;
}

const transactionKey = (transaction: { id: string; kind: string }) => `${transaction.kind} ${transaction.id}`;

/** What the bank does with an order. Pure. */
export function decideOrder(state: BankState, order: Order, now: Date): BankDecision {
  const known = state.transactions.get(transactionKey(order));
  if (order.kind === "reversal") {
    const credit = state.transactions.get(transactionKey({ id: order.id, kind: "credit" }));
    if (credit === undefined) return refuse({ code: "no-such-transaction", id: order.id });
    if (known !== undefined) return { result: { ok: true, isNew: false, transaction: known }, recorded: undefined };
    return record({ ...credit, kind: "reversal", occurredAt: now, recordedAt: now, notifiedAt: null });
  }
  if (known !== undefined) return { result: again(known, order), recorded: undefined };
  const occurredAt = order.occurredAt ?? now;
  const target = state.target(order, occurredAt);
  const amount = order.amount ?? target?.account.amount ?? undefined;
  const reason = order.unchecked ? undefined : objection(target, { amount: amount ?? 1, occurredAt });
  if (reason !== undefined) return refuse({ code: "bank-refused", reason });
  if (amount === undefined) return refuse({ code: "amount-needed" });
  const { id, kind, bankCode, number, depositorName } = order;
  return record({
    id,
    kind,
    bankCode,
    number,
    amount,
    depositorName,
    occurredAt,
    recordedAt: now,
    notifiedAt: null,
  });
}

/** A notice sent again says what it is told to say now: a bank that contradicts itself is what Naru must survive. */
function again(known: BankTransaction, order: TransferOrder): BankAnswer {
  const told = {
    ...known,
    bankCode: order.bankCode,
    number: order.number,
    amount: order.amount ?? known.amount,
    depositorName: order.depositorName ?? known.depositorName,
    occurredAt: order.occurredAt ?? known.occurredAt,
  };
  const answer = { ok: true, isNew: false, transaction: known } as const;
  return isDeepStrictEqual(told, known) ? answer : { ...answer, contradiction: told };
}

function refuse(refusal: BankRefusal): BankDecision {
  return { result: { ok: false, refusal }, recorded: undefined };
}

function record(transaction: BankTransaction): BankDecision {
  return { result: { ok: true, isNew: true, transaction }, recorded: transaction };
}

const order: Command<Order, BankState, BankDecision> = {
  name: "sandbox-bank-order",

  async load(tx, orders) {
    const ids = [...new Set(orders.map((one) => one.id))];
    await claim(
      tx,
      ids.map((id) => ({ scope: "sandbox-bank", key: id })),
    );
    const known = await readTransactions(tx, ids);
    const credits = orders.filter((one) => one.kind === "credit");
    const target = await inquire(
      tx,
      credits.map(({ bankCode, number }) => ({ connector: sandbox, bankCode, number })),
    );
    return {
      transactions: new Map(known.map((transaction) => [transactionKey(transaction), transaction])),
      target: ({ bankCode, number }, at) => target({ connector: sandbox, bankCode, number }, at),
    };
  },

  decide: decideOrder,

  apply(state, { recorded }) {
    if (recorded !== undefined) state.transactions.set(transactionKey(recorded), recorded);
  },

  async save(tx, decisions) {
    await transactions.insert(
      tx,
      decisions.map((decision) => decision.recorded).filter((recorded) => recorded !== undefined),
    );
  },
};

export type TransferResult =
  | { ok: true; notice: NoticeResult }
  /** Money moved, and Naru was not told of it yet. */
  | { ok: true; transaction: BankTransaction; untoldBy: NoticeFault }
  | { ok: false; refusal: BankRefusal };

export class SandboxBank {
  readonly #core: Core;
  readonly #pool: Pool;
  readonly #faults: Faults;
  readonly #log: JobLog;
  readonly #order: (order: Order) => Promise<BankAnswer>;
  readonly #acknowledged: BankTransaction[] = [];
  readonly #acknowledging: Repeating;
  readonly #resending: Repeating;
  readonly #telling: Repeating;
  readonly #answerCall: ReturnType<typeof callAnswerer>;

  constructor(core: Core, faults: Faults, log: JobLog) {
    this.#core = core;
    this.#pool = core.store.pool;
    this.#faults = faults;
    this.#log = log;
    const command = core.store.command(order);
    this.#order = (one) => command.submit(one);
    this.#acknowledging = new Repeating("bank acknowledgements", 60_000, () => this.#acknowledgeAll(), log);
    this.#resending = new Repeating("bank notices", bankLimits.resend_interval_ms, () => this.#resend(), log);
    const tellOfOrders = wordOfOrders(core.store, core.secrets, core, log);
    this.#telling = new Repeating("order notices", orderNoticeLimits.tell_interval_ms, tellOfOrders, log);
    this.#answerCall = callAnswerer(core.store);
  }

  start(): void {
    this.#acknowledging.start();
    this.#resending.start();
    this.#telling.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#acknowledging.stop(), this.#resending.stop(), this.#telling.stop()]);
    await this.#flush();
  }

  /** A notice may be due by now. */
  clockMoved(): void {
    this.#resending.wake();
    this.#telling.wake();
  }

  /** A customer transfers money. Answers when Naru's books have taken the bank's notice, or a fault has befallen it. */
  async transfer(transfer: TransferOrder): Promise<TransferResult> {
    return this.#carryOut({ ...transfer, kind: "credit", id: transfer.id ?? newId("btx") });
  }

  /** The bank takes a transaction back. */
  async reverse(id: string): Promise<TransferResult> {
    return this.#carryOut({ kind: "reversal", id });
  }

  /** Whose account it is; undefined where it is nobody's. */
  async holderOf(bankCode: string, number: string): Promise<Holder | undefined> {
    return holderOf(this.#pool, bankCode, number);
  }

  /** The PG's calls to members that ring, at most `pgLimits.calls_listed`. */
  async ringingCalls(): Promise<RingingCall[]> {
    return readRinging(this.#pool);
  }

  /** An operator answers a call in the member's place; Naru is told of it at once. */
  async answerCall(id: string, answer: CallAnswer): Promise<Outcome<PgOrder, CallRefusal>> {
    const outcome = await this.#answerCall(id, answer);
    this.#telling.wake();
    return outcome;
  }

  async #carryOut(one: Order): Promise<TransferResult> {
    const answer = await this.#order(one);
    if (!answer.ok) return answer;
    const { transaction } = answer;
    if (answer.isNew) {
      const untoldBy = await befall(this.#pool, this.#faults, transaction);
      if (untoldBy !== undefined) return { ok: true, transaction, untoldBy };
    }
    // What was recorded is told first, in case a node died before it could be: the books hold what the bank moved.
    const notice = await this.#tell(transaction, answer.isNew);
    this.#acknowledge(transaction);
    if (answer.contradiction === undefined) return { ok: true, notice };
    return { ok: true, notice: await this.#core.receiveNotice(toNotice(answer.contradiction)) };
  }

  #acknowledge(transaction: BankTransaction): void {
    this.#acknowledged.push(transaction);
    this.#acknowledging.wake();
  }

  async #tell(transaction: BankTransaction, isNew: boolean): Promise<NoticeResult> {
    const duplicated = isNew && (await this.#faults.take("notice-duplicated")) !== undefined;
    const copies = Array.from({ length: duplicated ? bankLimits.notice_copies : 1 }, () => toNotice(transaction));
    const taken = await Promise.all(copies.map((copy) => this.#core.receiveNotice(copy)));
    return taken.find((one) => !one.duplicate) ?? taken[0]!;
  }

  async #acknowledgeAll(): Promise<boolean> {
    if ((await this.#flush()) > 0) this.#resending.wake();
    return false;
  }

  async #flush(): Promise<number> {
    return acknowledge(this.#pool, this.#acknowledged.splice(0));
  }

  async #resend(): Promise<boolean> {
    const due = await readDue(this.#pool);
    const { done: taken, failed } = await doEach(due, async (one) => this.#core.receiveNotice(toNotice(one)));
    const [first] = failed;
    if (first !== undefined) {
      this.#log.warn({ err: first.reason, notices: failed.length }, "notices of the bank were not taken");
    }
    await postpone(
      this.#pool,
      failed.map(({ item }) => item),
    );
    this.#acknowledged.push(...taken);
    const released = await this.#flush();
    return released > 0 || (due.length === bankLimits.resend_batch && taken.length > 0);
  }
}
