/** What an order will cost, told before it is paid, for a payment page to compare with. Issuing accounts does not. */
import { type Command, claim, type Queryable, type Statement, table } from "../../store/index.ts";
import { accepted, type Outcome, refused } from "../errors.ts";

export interface PreparedAmount {
  merchantId: string;
  dialect: string;
  reference: string;
  /** Hundredths of the currency's unit, since foreign ones have them. */
  amountHundredths: number;
  /** Null: any currency. */
  currency: string | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface PrepareRequest extends Omit<PreparedAmount, "createdAt" | "updatedAt"> {
  /** `register` what is not there, or `change` what is. */
  intent: "register" | "change";
}

const prepared = table<PreparedAmount>(
  "prepared_amounts",
  ["merchantId", "dialect", "reference", "amountHundredths", "currency", "createdAt", "updatedAt"],
  ["merchantId", "dialect", "reference"],
);

/** Point look-ups on the primary key. */
const READ: Statement = {
  name: "read-prepared-amounts",
  text: `SELECT ${prepared.select("a")} FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (merchant_id, dialect, reference)
    JOIN prepared_amounts a USING (merchant_id, dialect, reference)`,
};

type Key = Pick<PreparedAmount, "merchantId" | "dialect" | "reference">;
type Prepared = Map<string, PreparedAmount>;

const keyOf = ({ merchantId, dialect, reference }: Key) => JSON.stringify([merchantId, dialect, reference]);

async function read(db: Queryable, keys: readonly Key[]): Promise<PreparedAmount[]> {
  const found = await db.query<PreparedAmount>(READ, [
    keys.map((key) => key.merchantId),
    keys.map((key) => key.dialect),
    keys.map((key) => key.reference),
  ]);
  return found.rows;
}

export async function findPrepared(db: Queryable, key: Key): Promise<PreparedAmount | undefined> {
  return (await read(db, [key]))[0];
}

interface Decision {
  result: Outcome<PreparedAmount>;
}

/** Pure. */
export function decidePrepare(known: PreparedAmount | undefined, request: PrepareRequest, now: Date): Decision {
  const { intent, reference, ...rest } = request;
  if (intent === "register" && known !== undefined) return { result: refused({ code: "prepared-already", reference }) };
  if (intent === "change" && known === undefined) return { result: refused({ code: "prepared-unknown", reference }) };
  return { result: accepted({ ...rest, reference, createdAt: known?.createdAt ?? now, updatedAt: now }) };
}

export const prepareAmount: Command<PrepareRequest, Prepared, Decision> = {
  name: "prepare-amount",

  async load(tx, requests) {
    const keys = [...new Map(requests.map((request) => [keyOf(request), request])).values()];
    await claim(
      tx,
      keys.map((key) => ({ scope: "2-prepared", key: keyOf(key) })),
    );
    return new Map((await read(tx, keys)).map((one) => [keyOf(one), one]));
  },

  decide: (known, request, now) => decidePrepare(known.get(keyOf(request)), request, now),

  apply(known, { result }) {
    if (result.ok) known.set(keyOf(result.value), result.value);
  },

  async save(tx, decisions) {
    const rows = decisions.flatMap(({ result }) => (result.ok ? [result.value] : []));
    await prepared.upsert(tx, [...new Map(rows.map((row) => [keyOf(row), row])).values()]);
  },
};
