/**
 * Orders the sandbox bank takes: refunds to pay out, cash receipts to make and cancel. It carries each out once per key,
 * never after its time, and can be asked what became of it. It keeps its own records, with hashes for accounts.
 */
import { createHash } from "node:crypto";
import type { Order, ReceiptService, RefundService } from "../../../core/connector.ts";
import type { OperationAnswer } from "../../../core/operations/operation.ts";
import { businessNow, newId, type Pool, type Statement } from "../../../store/index.ts";
import { type Fault, type Faults, neverAnswer } from "./faults.ts";

/** Inserts nothing when the order's time is over or its key has been carried out. */
const PAY_OUT: Statement = {
  name: "bank-pay-out",
  text: `INSERT INTO sandbox_bank_payouts (key, transaction_id, bank_code, account_hash, amount, paid_at)
    SELECT $1, $2, $3, $4, $5, ${businessNow} WHERE clock_timestamp() <= $6 ON CONFLICT (key) DO NOTHING`,
};
const ASK_PAYOUT: Statement = {
  name: "bank-ask-payout",
  text: `SELECT transaction_id AS "transactionId" FROM sandbox_bank_payouts WHERE key = $1`,
};
const MAKE_RECEIPT: Statement = {
  name: "bank-make-receipt",
  text: `INSERT INTO sandbox_bank_receipts (key, transaction_id, kind, approval_number, amount, made_at)
    SELECT $1, $2, $3, $4, $5, ${businessNow} WHERE clock_timestamp() <= $6 ON CONFLICT (key) DO NOTHING`,
};
const ASK_RECEIPT: Statement = {
  name: "bank-ask-receipt",
  text: `SELECT transaction_id AS "transactionId", approval_number AS "approvalNumber" FROM sandbox_bank_receipts WHERE key = $1`,
};

export function sandboxRefunds(pool: Pool, faults: Faults): RefundService {
  const ask = (key: string) => askFor(pool, ASK_PAYOUT, key);
  return {
    ask,
    pay: (order, signal) =>
      misbehaving(faults, "refund", signal, () => {
        const { key, bankCode, number, amount, validUntil } = order;
        const accountHash = createHash("sha256").update(`${bankCode} ${number}`).digest("hex");
        const values = [key, newId("bpo"), bankCode, accountHash, amount, validUntil];
        return carryOut(pool, PAY_OUT, values, () => ask(key));
      }),
  };
}

export function sandboxReceipts(pool: Pool, faults: Faults): ReceiptService {
  const ask = (key: string) => askFor(pool, ASK_RECEIPT, key);
  const make = (order: Order, kind: "issue" | "cancel", transactionId: string, amount: number, signal: AbortSignal) =>
    misbehaving(faults, "receipt", signal, () => {
      const values = [order.key, transactionId, kind, approvalNumber(transactionId), amount, order.validUntil];
      return carryOut(pool, MAKE_RECEIPT, values, () => ask(order.key));
    });
  return {
    ask,
    issue: (order, signal) => make(order, "issue", newId("brc"), order.amount, signal),
    cancel: (order, signal) => make(order, "cancel", order.transactionId, 0, signal),
  };
}

/** Nine digits, as the tax office numbers cash receipts. */
function approvalNumber(transactionId: string): string {
  const digest = createHash("sha256").update(transactionId).digest();
  return String(digest.readUInt32BE() % 1_000_000_000).padStart(9, "0");
}

/** Runs the order as the armed faults will have it. */
async function misbehaving(
  faults: Faults,
  of: "refund" | "receipt",
  signal: AbortSignal,
  work: () => Promise<OperationAnswer>,
): Promise<OperationAnswer> {
  const armed = (how: "refused" | "timeout-before" | "timeout-after") => faults.take(`${of}-${how}` satisfies Fault);
  if (await armed("refused")) return { outcome: "failed", code: "refused", message: "은행이 요청을 거절하였습니다." };
  if (await armed("timeout-before")) return neverAnswer(signal);
  const after = await armed("timeout-after");
  const answer = await work();
  return after ? neverAnswer(signal) : answer;
}

async function carryOut(
  pool: Pool,
  statement: Statement,
  values: unknown[],
  ask: () => Promise<OperationAnswer>,
): Promise<OperationAnswer> {
  await pool.query(statement, values);
  const answer = await ask();
  const tooLate = { outcome: "failed", code: "too-late", message: "요청의 유효시간이 지났습니다." } as const;
  return answer.outcome === "absent" ? tooLate : answer;
}

async function askFor(pool: Pool, statement: Statement, key: string): Promise<OperationAnswer> {
  const found = (await pool.query<{ transactionId: string; approvalNumber?: string }>(statement, [key])).rows[0];
  return found === undefined ? { outcome: "absent" } : { outcome: "succeeded", ...found };
}
