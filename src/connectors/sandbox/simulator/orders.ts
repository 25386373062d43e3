/**
 * Orders the sandbox bank takes: refunds to pay out, cash receipts to make and cancel. It keeps its own records,
 * with keyed hashes for accounts.
 */
import { createHash } from "node:crypto";
import type { Order, ReceiptService, RefundService } from "../../../core/connector.ts";
import type { OperationAnswer } from "../../../core/operations/operation.ts";
import type { Secrets } from "../../../core/secrets.ts";
import { newId, type Store, table } from "../../../store/index.ts";
import type { Faults } from "./faults.ts";
import { isNobodys } from "./holders.ts";
import { misbehaving, perhapsToldFirst, type TellOrder } from "./misbehaving.ts";
import { orderBook } from "./order-book.ts";

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

export function sandboxRefunds(store: Store, secrets: Secrets, faults: Faults, tell: TellOrder): RefundService {
  const book = orderBook<Omit<Payout, "paidAt">, Payout>(store, {
    rows: payouts,
    carryOut: (wanted, _known, paidAt) => ({ ...wanted, paidAt }),
    answer: succeeded,
  });
  return {
    ask: book.ask,
    pay: (order, signal) =>
      misbehaving({ faults, of: "refund", refusal, signal }, async () => {
        if (isNobodys(order.number)) return noSuchAccount;
        const { key, bankCode, amount } = order;
        const accountHash = payeeHash(secrets, bankCode, order.number);
        const answer = await book.carryOut(order, { key, transactionId: newId("bpo"), bankCode, accountHash, amount });
        return perhapsToldFirst(faults, tell, key, answer);
      }),
  };
}

export function sandboxReceipts(store: Store, faults: Faults): ReceiptService {
  const book = orderBook<Omit<MadeReceipt, "madeAt">, MadeReceipt>(store, {
    rows: madeReceipts,
    carryOut: (wanted, _known, madeAt) => ({ ...wanted, madeAt }),
    answer: succeeded,
  });
  const make = (order: Order, kind: MadeReceipt["kind"], transactionId: string, amount: number, signal: AbortSignal) =>
    misbehaving({ faults, of: "receipt", refusal, signal }, () =>
      book.carryOut(order, {
        key: order.key,
        transactionId,
        kind,
        approvalNumber: approvalNumber(transactionId),
        amount,
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

function succeeded({ transactionId, approvalNumber }: Done): OperationAnswer {
  const answer = { outcome: "succeeded", transactionId } as const;
  return approvalNumber === undefined ? answer : { ...answer, approvalNumber };
}

const noSuchAccount: OperationAnswer = {
  outcome: "failed",
  code: "no-such-account",
  message: "환불계좌를 찾을 수 없습니다.",
};
const refusal: OperationAnswer = { outcome: "failed", code: "refused", message: "은행이 요청을 거절하였습니다." };
