/** One payment with everything that ever happened to it, and the list of payments: what operators look at. */
import type { Pool, Queryable, Statement } from "../../store/index.ts";
import type { Deposit } from "../deposits/deposit.ts";
import { type Event, events } from "../events/event.ts";
import { type Exchange, exchanges } from "../exchanges.ts";
import { type Transfer, transfers } from "../ledger/ledger.ts";
import { readWithdrawal } from "../linked-accounts/charge-read.ts";
import type { Withdrawal } from "../linked-accounts/withdrawal.ts";
import { type Operation, operations } from "../operations/operation.ts";
import { type Receipt, receipts } from "../receipts/receipt.ts";
import { type Refund, readRefundsByPayment } from "../refunds/refund.ts";
import { readByPayment } from "../virtual-accounts/read.ts";
import type { VirtualAccount } from "../virtual-accounts/virtual-account.ts";
import { type Agreement, agreements } from "../wallet-charges/agreement.ts";
import { readChargesByPayment, type WalletCharge } from "../wallet-charges/charge.ts";
import { type ChargeStep, readStepsByCharge } from "../wallet-charges/step.ts";
import { type Delivery, deliveries } from "../webhooks/delivery.ts";
import { type Attempt, readAttempts } from "../webhooks/read.ts";
import { type Payment, type PaymentState, payments } from "./payment.ts";
import { depositsOf } from "./read.ts";

export interface Timeline {
  payment: Payment;
  /** One of these three. */
  virtualAccount: VirtualAccount | undefined;
  withdrawal: Omit<Withdrawal, "requestHash"> | undefined;
  charge: (Omit<WalletCharge, "details"> & { steps: ChargeStep[] }) | undefined;
  /** That the charge was made under, or came with. */
  agreement: Omit<Agreement, "billingKeyEncrypted"> | undefined;
  exchanges: Exchange[];
  /** What the bank told us, matched or suspended. */
  notices: Deposit[];
  /** Without what is encrypted of the account they went to, and what may name one. */
  refunds: Omit<Refund, "numberEncrypted" | "numberIndex" | "descriptor">[];
  receipts: Omit<Receipt, "identifierEncrypted">[];
  /** The calls to the bank, PG or wallet that refunds, receipts, charges and withdrawals are made of. */
  operations: Operation[];
  transfers: Transfer[];
  events: Event[];
  deliveries: (Delivery & { attemptLog: Attempt[] })[];
}

const EXCHANGES: Statement = {
  name: "timeline-exchanges",
  text: `SELECT ${exchanges.select("x")} FROM exchanges x WHERE payment_id = $1 ORDER BY id`,
};
const RECEIPTS: Statement = {
  name: "timeline-receipts",
  text: `SELECT ${receipts.select("r")} FROM cash_receipts r WHERE payment_id = $1 ORDER BY id`,
};
const OPERATIONS: Statement = {
  name: "timeline-operations",
  text: `SELECT ${operations.select("o")} FROM operations o WHERE subject_id = ANY($1) ORDER BY id`,
};
const TRANSFERS: Statement = {
  name: "timeline-transfers",
  text: `SELECT ${transfers.select("t")} FROM transfers t
    WHERE payment_id = $1 OR deposit_id IN (SELECT id FROM deposits WHERE payment_id = $1) ORDER BY id`,
};
const EVENTS: Statement = {
  name: "timeline-events",
  text: `SELECT ${events.select("e")} FROM events e WHERE payment_id = $1 ORDER BY at, id`,
};
const DELIVERIES: Statement = {
  name: "timeline-deliveries",
  text: `SELECT ${deliveries.select("d")} FROM deliveries d WHERE payment_id = $1 ORDER BY id`,
};

export async function readTimeline(db: Pool, paymentId: string): Promise<Timeline | undefined> {
  const [payment] = await payments.read(db, [paymentId]);
  if (payment === undefined) return undefined;
  const rows = async <Row extends object>(statement: Statement, value: unknown): Promise<Row[]> =>
    (await db.query<Row & Record<string, unknown>>(statement, [value])).rows;
  const delivered = await rows<Delivery>(DELIVERIES, paymentId);
  const attempts = await readAttempts(
    db,
    delivered.map((delivery) => delivery.id),
  );
  const refunded = await readRefundsByPayment(db, [paymentId]);
  const receipted = await rows<Receipt>(RECEIPTS, paymentId);
  const [charge] = await readChargesByPayment(db, [paymentId]);
  const agreement = await readAgreement(db, charge?.agreementId ?? null);
  // A first charge is asked for with its agreement.
  const asked = agreement?.initialChargeId === charge?.id ? agreement : undefined;
  const withdrawal = await readWithdrawal(db, paymentId);
  return {
    payment,
    withdrawal: withdrawal && withoutHash(withdrawal),
    virtualAccount: (await readByPayment(db, [paymentId]))[0],
    charge: charge && { ...withoutDetails(charge), steps: await readStepsByCharge(db, [charge.id]) },
    agreement,
    exchanges: await rows<Exchange>(EXCHANGES, paymentId),
    notices: await depositsOf(db, [paymentId]),
    refunds: refunded.map(({ numberEncrypted: _, numberIndex: __, descriptor: ___, ...refund }) => refund),
    receipts: receipted.map(({ identifierEncrypted: _, ...receipt }) => receipt),
    operations: await rows<Operation>(
      OPERATIONS,
      [...refunded, ...receipted, charge, asked, withdrawal].flatMap((one) => one?.id ?? []),
    ),
    transfers: await rows<Transfer>(TRANSFERS, paymentId),
    events: await rows<Event>(EVENTS, paymentId),
    deliveries: delivered.map((delivery) => ({
      ...delivery,
      attemptLog: attempts.filter((attempt) => attempt.deliveryId === delivery.id),
    })),
  };
}

async function readAgreement(db: Queryable, id: string | null): Promise<Timeline["agreement"]> {
  const [found] = id === null ? [] : await agreements.read(db, [id]);
  if (found === undefined) return undefined;
  const { billingKeyEncrypted: _, ...agreement } = found;
  return agreement;
}

/** What was sent of the shopper is in the exchange, masked. */
function withoutDetails({ details: _, ...charge }: WalletCharge): Omit<WalletCharge, "details"> {
  return charge;
}

function withoutHash({ requestHash: _, ...withdrawal }: Withdrawal): Omit<Withdrawal, "requestHash"> {
  return withdrawal;
}

export interface PaymentFilter {
  /** Only payments older than this id; newest first. */
  before?: string;
  count: number;
  state?: PaymentState;
  reference?: string;
  wireId?: string;
}

/** Walks the primary key from the newest, or the index of the one field that narrows it; planned for what is asked. */
export async function listPayments(db: Queryable, filter: PaymentFilter): Promise<Payment[]> {
  const { before = "~", count } = filter;
  const values: unknown[] = [before, count];
  const narrowed = filters.flatMap(([field, column]) => {
    if (filter[field] === undefined) return [];
    values.push(filter[field]);
    return [`AND ${column} = $${values.length}`];
  });
  const text = `SELECT ${payments.select("p")} FROM payments p WHERE id < $1 ${narrowed.join(" ")} ORDER BY id DESC LIMIT $2`;
  return (await db.query<Payment>(text, values)).rows;
}

const filters = [
  ["state", "state"],
  ["reference", "reference"],
  ["wireId", "wire_id"],
] as const;
