/**
 * The sandbox wallet: the counterpart of KakaoPay and of PPRO's mock method. Like the sandbox bank it keeps its own
 * records, apart from Naru's books, and carries each order out once per key; an order that it declined is remembered too.
 *
 *   authorize ─▶ approved or declined, at once
 *       └─▶ yet to decide ─▶ approved or declined, by business time; Naru is told (`order-notices.ts`)
 *   refund ────▶ given back, of what an approved authorization has left; or declined
 */
import { createHmac } from "node:crypto";
import type { WalletService } from "../../../core/connector.ts";
import type { OperationAnswer } from "../../../core/operations/operation.ts";
import type { Secrets } from "../../../core/secrets.ts";
import { readWalletProof } from "../../../core/wallet-charges/proof.ts";
import { newId, type Queryable, type Statement, type Store, table } from "../../../store/index.ts";
import type { Faults } from "./faults.ts";
import { misbehaving, perhapsToldFirst, type TellOrder } from "./misbehaving.ts";
import { orderBook } from "./order-book.ts";
import { decline, type OrderedOfWallet } from "./wallet-declines.ts";

/** What the wallet was ordered to do, and what became of it. */
export interface WalletOrder {
  key: string;
  transactionId: string;
  kind: OrderedOfWallet;
  /** Of a refund: the transaction that it gives back. */
  authorizationId: string | null;
  /** Of an authorization. */
  method: string | null;
  amount: number;
  currency: string;
  /** Of the billing key that an approved authorization gave. */
  billingKeyHash: string | null;
  /** Why it was declined. */
  declined: string | null;
  /** Until then, by business time, the wallet has yet to decide. */
  decidesAt: Date | null;
  madeAt: Date;
}

export const walletOrders = table<WalletOrder>(
  "sandbox_wallet_orders",
  [
    "key",
    "transactionId",
    "kind",
    "authorizationId",
    "method",
    "amount",
    "currency",
    "billingKeyHash",
    "declined",
    "decidesAt",
    "madeAt",
  ],
  ["key"],
);

type Wanted = WantedAuthorization | WantedRefund;

export interface WantedAuthorization extends Pick<WalletOrder, "key" | "transactionId" | "amount" | "currency"> {
  kind: "authorization";
  method: string;
  proof: string | null;
  /** Of the billing key by which the shopper agreed before; and of the one to give, if one is wanted. */
  agreedHash: string | null;
  givenHash: string | null;
}

export interface WantedRefund extends Pick<WalletOrder, "key" | "transactionId" | "amount" | "currency"> {
  kind: "refund";
  authorizationId: string;
}

type Known = ReadonlyMap<string, WalletOrder>;

/** What the wallet makes of an order, seeing those of before that bear on it. Pure. */
export function decideWalletOrder(wanted: Wanted, known: Known, now: Date): WalletOrder {
  const before = [...known.values()];
  const { key, transactionId, amount, currency } = wanted;
  const made = { key, transactionId, amount, currency, madeAt: now };
  if (wanted.kind === "refund") {
    const { kind, authorizationId } = wanted;
    const declined = isLeft(wanted, before, now) ? null : "exceeds-refundable-amount";
    return { ...made, kind, authorizationId, method: null, billingKeyHash: null, declined, decidesAt: null };
  }
  const { kind, method, givenHash } = wanted;
  const { reason: declined, confirm_s } = judge(wanted, before, now);
  const decidesAt = confirm_s === 0 ? null : new Date(now.getTime() + confirm_s * 1000);
  const billingKeyHash = declined === null ? givenHash : null;
  return { ...made, kind, authorizationId: null, method, billingKeyHash, declined, decidesAt };
}

/** Whether to decline an authorization, and after how long that is known. */
function judge(
  { method, amount, proof, agreedHash }: WantedAuthorization,
  before: readonly WalletOrder[],
  now: Date,
): { reason: string | null; confirm_s: number } {
  const shown = readWalletProof(proof ?? "pay");
  const confirm_s = shown?.confirm_s ?? 0;
  const hasAgreed = agreedHash === null || before.some((one) => one.billingKeyHash === agreedHash && isDone(one, now));
  if (!hasAgreed) return { reason: "invalid-mandate-id", confirm_s };
  const mocked = method === "MOCK" ? mockedDecline(amount) : undefined;
  if (mocked !== undefined) return { reason: mocked, confirm_s };
  if (shown === undefined) return { reason: "authentication-failed", confirm_s };
  return { reason: shown.reason ?? null, confirm_s };
}

/** Amounts by which a merchant has the mock method decline, in the currency's minor unit. */
function mockedDecline(amount: number): string | undefined {
  if (amount < 300_000 || amount > 400_000) return undefined;
  return amount % 100 === 2 ? "insufficient-funds" : "generic-decline";
}

function isLeft({ authorizationId, amount, currency }: WantedRefund, before: readonly WalletOrder[], now: Date) {
  const taken = before.find((one) => one.kind === "authorization" && one.transactionId === authorizationId);
  if (taken === undefined || taken.currency !== currency || !isDone(taken, now)) return false;
  const refunds = before.filter((one) => one.authorizationId === authorizationId && isDone(one, now));
  return refunds.reduce((left, one) => left - one.amount, taken.amount) >= amount;
}

function isDone({ declined, decidesAt }: WalletOrder, now: Date): boolean {
  return declined === null && !isYetToDecide({ decidesAt }, now);
}

function isYetToDecide({ decidesAt }: Pick<WalletOrder, "decidesAt">, now: Date): boolean {
  return decidesAt !== null && now < decidesAt;
}

/** What the wallet says of an order. Pure. */
export function answerOf(order: WalletOrder, now: Date, billingKey: (key: string) => string): OperationAnswer {
  if (isYetToDecide(order, now)) return { outcome: "unknown", reason: "the wallet has yet to decide" };
  return decisionOf(order, billingKey);
}

/** What the wallet says once it has decided. */
export function decisionOf(
  { key, transactionId, kind, declined, billingKeyHash }: WalletOrder,
  billingKey: (key: string) => string,
): Extract<OperationAnswer, { outcome: "succeeded" | "failed" }> {
  if (declined !== null) return decline(kind, declined);
  const answer = { outcome: "succeeded", transactionId } as const;
  return billingKeyHash === null ? answer : { ...answer, billingKey: billingKey(key) };
}

/** For authorizations: those of the billing keys that are used. For refunds: what they give back, and gave before. */
const READ_KIN: Statement = {
  name: "read-wallet-orders-that-bear",
  text: `SELECT ${walletOrders.select("t")} FROM sandbox_wallet_orders t WHERE transaction_id = ANY($1)
    UNION ALL SELECT ${walletOrders.select("t")} FROM sandbox_wallet_orders t WHERE authorization_id = ANY($1)
    UNION ALL SELECT ${walletOrders.select("t")} FROM sandbox_wallet_orders t WHERE billing_key_hash = ANY($2)`,
};

async function readKin(tx: Queryable, wanted: readonly Wanted[]): Promise<WalletOrder[]> {
  const given = new Set(wanted.flatMap((one) => (one.kind === "refund" ? one.authorizationId : [])));
  const agreed = new Set(wanted.flatMap((one) => (one.kind === "refund" ? [] : (one.agreedHash ?? []))));
  if (given.size + agreed.size === 0) return [];
  return (await tx.query<WalletOrder>(READ_KIN, [[...given], [...agreed]])).rows;
}

/**
 * The billing key that the order of a key gave. Derived, so that it can be said again when the answer was lost or comes
 * later; the wallet knows it by its hash alone.
 */
export function billingKeys(secrets: Secrets): (key: string) => string {
  const purpose = secrets.derive("sandbox wallet billing key");
  return (key) => `wbk_${createHmac("sha256", purpose).update(key).digest("hex")}`;
}

export function sandboxWallet(store: Store, secrets: Secrets, faults: Faults, tell: TellOrder): WalletService {
  const billingKey = billingKeys(secrets);
  const book = orderBook<Wanted, WalletOrder>(store, {
    rows: walletOrders,
    kinship: { names: (wanted) => (wanted.kind === "refund" ? [wanted.authorizationId] : []), read: readKin },
    carryOut: decideWalletOrder,
    answer: (order, now) => answerOf(order, now, billingKey),
  });
  return {
    ask: book.ask,
    authorize: (order, signal) =>
      misbehaving({ faults, of: "wallet", refusal: decline("authorization", "generic-decline"), signal }, () => {
        const { key, method, amount, currency, proof } = order;
        const agreedHash = order.billingKey === null ? null : secrets.hash(order.billingKey);
        const givenHash = order.wantsBillingKey ? secrets.hash(billingKey(key)) : null;
        const wanted = { key, transactionId: newId("wau"), method, amount, currency, proof, agreedHash, givenHash };
        return book.carryOut(order, { ...wanted, kind: "authorization" });
      }),
    refund: (order, signal) =>
      misbehaving({ faults, of: "refund", refusal: decline("refund", "generic-decline"), signal }, async () => {
        const { key, amount, currency, authorization: authorizationId } = order;
        const wanted = { key, transactionId: newId("wrf"), authorizationId, amount, currency };
        const answer = await book.carryOut(order, { ...wanted, kind: "refund" });
        return perhapsToldFirst(faults, tell, key, answer);
      }),
  };
}
