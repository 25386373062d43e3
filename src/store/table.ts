/**
 * A table as the code sees it: camelCase fields that stand for snake_case columns, read and written in sets.
 *
 * Rows travel to PostgreSQL as one JSON array and are taken apart there by `jsonb_populate_recordset`, so one prepared
 * statement serves any number of rows. Every writer sorts by primary key and passes each key once.
 */
import type { Queryable, Statement } from "./postgres.ts";

export interface Table<Row> {
  readonly name: string;
  /** `p.id, p.merchant_id AS "merchantId", …` for a SELECT under the given alias. */
  select(alias: string): string;
  /** Locks the rows that are there, in the order of their ids. For tables whose key is `id`, as is the next. */
  lock(tx: Queryable, ids: readonly string[]): Promise<void>;
  /** The rows that are there, in no order. */
  read(db: Queryable, ids: readonly string[]): Promise<Row[]>;
  /** Adds rows; a row whose key exists is an error. */
  insert(tx: Queryable, rows: readonly Row[]): Promise<void>;
  /** Adds rows or overwrites them whole: for rows that are locked or new. */
  upsert(tx: Queryable, rows: readonly Row[]): Promise<void>;
}

export function table<Row extends object>(
  name: string,
  fields: readonly (keyof Row & string)[],
  key: readonly (keyof Row & string)[],
): Table<Row> {
  const columns = fields.map(snakeCase);
  const keyColumns = key.map(snakeCase);
  const target = `INSERT INTO ${name} (${columns.join(", ")})
    SELECT ${columns.join(", ")} FROM jsonb_populate_recordset(NULL::${name}, $1) ORDER BY ${keyColumns.join(", ")}`;
  const changes = columns.filter((column) => !keyColumns.includes(column));
  const insert: Statement = { name: `insert-${name}`, text: target };
  const upsert: Statement = {
    name: `upsert-${name}`,
    text: `${target} ON CONFLICT (${keyColumns.join(", ")}) DO UPDATE
      SET ${changes.map((column) => `${column} = excluded.${column}`).join(", ")}`,
  };

  const select = (alias: string) => fields.map((field, index) => `${alias}.${columns[index]} AS "${field}"`).join(", ");
  const lock: Statement = {
    name: `lock-${name}`,
    text: `SELECT FROM ${name} WHERE id = ANY($1) ORDER BY id FOR UPDATE`,
  };
  const read: Statement = { name: `read-${name}`, text: `SELECT ${select("t")} FROM ${name} t WHERE id = ANY($1)` };

  /** On the hot path of every commit, hence a plain loop. */
  function toJson(rows: readonly Row[]): string {
    return JSON.stringify(
      rows.map((row) => {
        const record: Record<string, unknown> = {};
        for (let index = 0; index < fields.length; index += 1) record[columns[index]!] = row[fields[index]!];
        return record;
      }),
    );
  }

  async function write(tx: Queryable, statement: Statement, rows: readonly Row[]): Promise<void> {
    if (rows.length > 0) await tx.query(statement, [toJson(rows)]);
  }

  return {
    name,
    select,
    async lock(tx, ids) {
      if (ids.length > 0) await tx.query(lock, [ids]);
    },
    async read(db, ids) {
      return ids.length === 0 ? [] : (await db.query<Row & Record<string, unknown>>(read, [ids])).rows;
    },
    insert: (tx, rows) => write(tx, insert, rows),
    upsert: (tx, rows) => write(tx, upsert, rows),
  };
}

function snakeCase(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
