/** Rows that clients and operators know by a number, which is unique in the installation and never given to another. */
import { type ClaimScope, claim, type Queryable, type Statement, type Table } from "../../store/index.ts";

export interface Numbered {
  id: string;
  merchantId: string;
  number: number;
}

/** How such rows are found: by the unique index of numbers, and by that of a merchant's. */
export function numbered<Row extends Numbered>(table: Table<Row>) {
  const find: Statement = {
    name: `find-${table.name}-by-number`,
    text: `SELECT ${table.select("t")} FROM ${table.name} t WHERE number = ANY($1)`,
  };
  const list: Statement = {
    name: `list-${table.name}-of-merchant`,
    text: `SELECT ${table.select("t")} FROM ${table.name} t WHERE merchant_id = $1 AND number > $2
      ORDER BY number LIMIT $3`,
  };
  return {
    /** Whoever's they are. */
    async find(db: Queryable, numbers: readonly number[]): Promise<Row[]> {
      return (await db.query<Row & Record<string, unknown>>(find, [numbers])).rows;
    },
    /** The merchant's own, or undefined. */
    async findOf(db: Queryable, merchantId: string, number: number): Promise<Row | undefined> {
      return (await this.find(db, [number])).find((row) => row.merchantId === merchantId);
    },
    /** A merchant's, in the order of their numbers, those after the given one. */
    async list(db: Queryable, merchantId: string, after: number, count: number): Promise<Row[]> {
      return (await db.query<Row & Record<string, unknown>>(list, [merchantId, after, count])).rows;
    },
    /** Those that have the number or the id of one that is wanted; whoever else wants such comes after. */
    async findTaken(tx: Queryable, scope: ClaimScope, wanted: readonly Numbered[]): Promise<Row[]> {
      await claim(tx, [
        ...wanted.map(({ number }) => ({ scope, key: String(number) })),
        ...wanted.map(({ merchantId: key }) => ({ scope: "0-merchant" as const, key })),
      ]);
      const [numbers, ids] = [wanted.map(({ number }) => number), wanted.map(({ id }) => id)];
      const [byNumber, byId] = [await this.find(tx, numbers), await table.read(tx, ids)];
      return [...new Map([...byNumber, ...byId].map((row) => [row.id, row])).values()];
    },
  };
}
