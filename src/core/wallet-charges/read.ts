/** Statements that read charges and agreements, shared by every command and by the API's reads. */
import { inSnapshot, type Pool, type Queryable, type Statement } from "../../store/index.ts";
import { payments } from "../payments/payment.ts";
import { readRefundsByPayment } from "../refunds/refund.ts";
import { type Agreement, agreements } from "./agreement.ts";
import { type WalletCharge, walletCharges } from "./charge.ts";
import type { ChargeView } from "./decide.ts";
import { type Instrument, instruments } from "./instrument.ts";
import { readStepsByCharge } from "./step.ts";

const CHARGE: Statement = {
  name: "find-charge-by-wire-id",
  text: `SELECT ${walletCharges.select("c")} FROM wallet_charges c WHERE wire_id = $1 AND dialect = $2 AND merchant_id = $3`,
};
const AGREEMENT: Statement = {
  name: "find-agreement-by-wire-id",
  text: `SELECT ${agreements.select("a")} FROM agreements a WHERE wire_id = $1 AND dialect = $2 AND merchant_id = $3`,
};
const CHARGE_ANYWHERE: Statement = {
  name: "find-charge-anywhere",
  text: `SELECT ${walletCharges.select("c")} FROM wallet_charges c WHERE wire_id = $1 AND dialect = $2`,
};
const AGREEMENT_ANYWHERE: Statement = {
  name: "find-agreement-anywhere",
  text: `SELECT ${agreements.select("a")} FROM agreements a WHERE wire_id = $1 AND dialect = $2`,
};
const INSTRUMENT: Statement = {
  name: "find-instruments-by-wire-id",
  text: `SELECT ${instruments.select("i")} FROM instruments i WHERE wire_id = ANY($1) AND deleted_at IS NULL`,
};

/** A merchant's charge by the id its client knows; another merchant's is undefined. */
export async function findCharge(
  db: Queryable,
  merchantId: string,
  dialect: string,
  wireId: string,
): Promise<WalletCharge | undefined> {
  return (await db.query<WalletCharge>(CHARGE, [wireId, dialect, merchantId])).rows[0];
}

export async function findAgreement(
  db: Queryable,
  merchantId: string,
  dialect: string,
  wireId: string,
): Promise<Agreement | undefined> {
  return (await db.query<Agreement>(AGREEMENT, [wireId, dialect, merchantId])).rows[0];
}

/** Whosever it is: for who comes with a secret address of it, and for operators. */
export async function findChargeAnywhere(
  db: Queryable,
  dialect: string,
  wireId: string,
): Promise<WalletCharge | undefined> {
  return (await db.query<WalletCharge>(CHARGE_ANYWHERE, [wireId, dialect])).rows[0];
}

export async function findAgreementAnywhere(
  db: Queryable,
  dialect: string,
  wireId: string,
): Promise<Agreement | undefined> {
  return (await db.query<Agreement>(AGREEMENT_ANYWHERE, [wireId, dialect])).rows[0];
}

/** Those that are there and were not removed, of whichever merchant. */
export async function findInstruments(db: Queryable, wireIds: readonly string[]): Promise<Instrument[]> {
  return wireIds.length === 0 ? [] : (await db.query<Instrument>(INSTRUMENT, [wireIds])).rows;
}

/** Charges with all that is known of them, in their order; `db` sees them as of one moment or under their locks. */
export async function viewsOfCharges(db: Queryable, charges: readonly WalletCharge[]): Promise<ChargeView[]> {
  const paymentIds = charges.map(({ paymentId }) => paymentId);
  const paid = new Map((await payments.read(db, paymentIds)).map((payment) => [payment.id, payment]));
  const steps = await readStepsByCharge(
    db,
    charges.map(({ id }) => id),
  );
  const given = await readRefundsByPayment(db, paymentIds);
  return charges.map((charge) => ({
    charge,
    payment: paid.get(charge.paymentId)!,
    steps: steps.filter(({ chargeId }) => chargeId === charge.id),
    refunds: given.filter(({ paymentId }) => paymentId === charge.paymentId),
  }));
}

/** As of one moment. */
export function viewOfCharge(pool: Pool, id: string): Promise<ChargeView> {
  return inSnapshot(pool, async (tx) => (await viewsOfCharges(tx, await walletCharges.read(tx, [id])))[0]!);
}

export interface ChargeSearch {
  merchantId: string;
  dialect: string;
  /** By the merchant's own name, or by the agreement that they were made under. */
  by: { reference: string } | { agreementId: string };
  /** Only older ones than this id. */
  before: string | undefined;
  count: number;
}

/** Walks the index of what is searched by, from the newest. */
const searches = {
  reference: {
    name: "search-charges-by-reference",
    text: `SELECT ${walletCharges.select("c")} FROM wallet_charges c WHERE reference = $3 AND merchant_id = $1
      AND dialect = $2 AND id < $4 ORDER BY id DESC LIMIT $5`,
  },
  agreementId: {
    name: "search-charges-by-agreement",
    text: `SELECT ${walletCharges.select("c")} FROM wallet_charges c WHERE agreement_id = $3 AND merchant_id = $1
      AND dialect = $2 AND id < $4 ORDER BY id DESC LIMIT $5`,
  },
} as const satisfies Record<string, Statement>;

/** Newest first, as of one moment. */
export function searchCharges(pool: Pool, search: ChargeSearch): Promise<ChargeView[]> {
  const { merchantId, dialect, by, before = "~", count } = search;
  const [statement, value] =
    "reference" in by ? [searches.reference, by.reference] : [searches.agreementId, by.agreementId];
  return inSnapshot(pool, async (tx) => {
    const found = await tx.query<WalletCharge>(statement, [merchantId, dialect, value, before, count]);
    return viewsOfCharges(tx, found.rows);
  });
}
