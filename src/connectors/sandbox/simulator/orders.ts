/**
 * Orders the sandbox bank takes: refunds to pay out, cash receipts to make and cancel. It carries each out once per key,
 * never after its time, and can be asked what became of it. It keeps its own records, with keyed hashes for accounts.
 */
import { createHash } from "node:crypto";
import type { Order, OrderNotice, ReceiptService, RefundService } from "../../../core/connector.ts";
import type { OperationAnswer } from "../../../core/operations/operation.ts";
import type { Secrets } from "../../../core/secrets.ts";
import { claim, newId, readRealNow, type Statement, type Store, type Table, table } from "../../../store/index.ts";
import { type Fault, type Faults, neverAnswer } from "./faults.ts";
import { isNobodys } from "./holders.ts";

/** What the bank did for an order. */
interface Done {
  key: string;
  transactionId: string;
  approvalNumber?: string;
}

interface Payout extends Done {
  bankCode: string;
  accountHash: string;
  amount: number;
  paidAt: Date;
}

interface MadeReceipt extends Done {
  kind: "issue" | "cancel";
  approvalNumber: string;
  amount: number;
  madeAt: Date;
}

const payouts = table<Payout>(
  "sandbox_bank_payouts",
  ["key", "transactionId", "bankCode", "accountHash", "amount", "paidAt"],
  ["key"],
);
const madeReceipts = table<MadeReceipt>(
  "sandbox_bank_receipts",
  ["key", "transactionId", "kind", "approvalNumber", "amount", "madeAt"],
  ["key"],
);

/** By this the bank tells payees apart. */
export function payeeHash(secrets: Secrets, bankCode: string, number: string): string {
  return secrets.blindIndex("sandbox bank", `${bankCode} ${number}`);
}

/** Tells Naru of a payout, apart from answering the call that ordered it. */
type TellPayout = (key: string, answer: OrderNotice["answer"]) => Promise<void>;

export function sandboxRefunds(store: Store, secrets: Secrets, faults: Faults, tell: TellPayout): RefundService {
  const book = orderBook(store, payouts);
  return {
    ask: book.ask,
    pay: (order, signal) =>
      misbehaving(faults, "refund", signal, async () => {
        if (isNobodys(order.number)) return noSuchAccount;
        const { key, bankCode, amount } = order;
        const accountHash = payeeHash(secrets, bankCode, order.number);
        const transactionId = newId("bpo");
        const make = (paidAt: Date) => ({ key, transactionId, bankCode, accountHash, amount, paidAt });
        const answer = await book.carryOut(order, make);
        if (answer.outcome !== "succeeded") return answer;
        if ((await faults.take("refund-notice-first")) !== undefined) await tell(key, answer);
        return answer;
      }),
  };
}

export function sandboxReceipts(store: Store, faults: Faults): ReceiptService {
  const book = orderBook(store, madeReceipts);
  const make = (order: Order, kind: MadeReceipt["kind"], transactionId: string, amount: number, signal: AbortSignal) =>
    misbehaving(faults, "receipt", signal, () =>
      book.carryOut(order, (madeAt) => {
        return { key: order.key, transactionId, kind, approvalNumber: approvalNumber(transactionId), amount, madeAt };
      }),
    );
  return {
    ask: book.ask,
    issue: (order, signal) => make(order, "issue", newId("brc"), order.amount, signal),
    cancel: (order, signal) => make(order, "cancel", order.transactionId, 0, signal),
  };
}

/** Nine digits, as the tax office numbers cash receipts. */
function approvalNumber(transactionId: string): string {
  const digest = createHash("sha256").update(transactionId).digest();
  return String(digest.readUInt32BE() % 1_000_000_000).padStart(9, "0");
}

interface BookRequest<Row> {
  key: string;
  /** Undefined: only asked about. */
  order: { validUntil: Date; make(now: Date): Row } | undefined;
}

interface BookState<Row> {
  done: Map<string, Row>;
  realNow: Date;
}

/** One kind of order: who asks about one that is being carried out waits until it has been. */
function orderBook<Row extends Done>(store: Store, rows: Table<Row>) {
  const read: Statement = {
    name: `read-${rows.name}`,
    text: `SELECT ${rows.select("t")} FROM ${rows.name} t WHERE key = ANY($1)`,
  };
  const command = store.command<BookRequest<Row>, BookState<Row>, { result: OperationAnswer; made: Row | undefined }>({
    name: `${rows.name}-order`,

    async load(tx, requests) {
      const keys = [...new Set(requests.map((request) => request.key))];
      await claim(
        tx,
        keys.map((key) => ({ scope: "sandbox-bank", key })),
      );
      const found = (await tx.query<Row>(read, [keys])).rows;
      return { done: new Map(found.map((row) => [row.key, row])), realNow: await readRealNow(tx) };
    },

    decide({ done, realNow }, { key, order }, now) {
      const known = done.get(key);
      if (known !== undefined) return { result: succeeded(known), made: undefined };
      if (order === undefined) return { result: { outcome: "absent" }, made: undefined };
      if (realNow > order.validUntil) return { result: tooLate, made: undefined };
      const made = order.make(now);
      return { result: succeeded(made), made };
    },

    apply({ done }, { made }) {
      if (made !== undefined) done.set(made.key, made);
    },

    async save(tx, decisions) {
      await rows.insert(
        tx,
        decisions.map((decision) => decision.made).filter((made) => made !== undefined),
      );
    },
  });
  return {
    ask: (key: string) => command.submit({ key, order: undefined }),
    carryOut: ({ key, validUntil }: Order, make: (now: Date) => Row) =>
      command.submit({ key, order: { validUntil, make } }),
  };
}

function succeeded({ transactionId, approvalNumber }: Done): OperationAnswer {
  const answer = { outcome: "succeeded", transactionId } as const;
  return approvalNumber === undefined ? answer : { ...answer, approvalNumber };
}

const noSuchAccount: OperationAnswer = {
  outcome: "failed",
  code: "no-such-account",
  message: "환불계좌를 찾을 수 없습니다.",
};
const tooLate: OperationAnswer = { outcome: "failed", code: "too-late", message: "요청의 유효시간이 지났습니다." };

/** Runs the order as the armed faults will have it. */
async function misbehaving(
  faults: Faults,
  of: "refund" | "receipt",
  signal: AbortSignal,
  work: () => Promise<OperationAnswer>,
): Promise<OperationAnswer> {
  const armed = async (how: "refused" | "timeout-before" | "timeout-after") =>
    (await faults.take(`${of}-${how}` satisfies Fault)) !== undefined;
  if (await armed("refused")) return { outcome: "failed", code: "refused", message: "은행이 요청을 거절하였습니다." };
  if (await armed("timeout-before")) return neverAnswer(signal);
  const after = await armed("timeout-after");
  const answer = await work();
  return after ? neverAnswer(signal) : answer;
}
