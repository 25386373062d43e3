import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { createPool, type Pool } from "../../src/store/index.ts";
import { eventually } from "./client.ts";
import { template } from "./postgres.ts";

export interface TestDatabase {
  /** As `DATABASE_URL` has it. */
  url: string;
  name: string;
  pool: Pool;
  drop(): Promise<void>;
}

/** A database of its own, cloned from the migrated template or from another that nobody is connected to. */
export async function createDatabase(source = template): Promise<TestDatabase> {
  const server = inject("postgres");
  const name = `test_${randomBytes(8).toString("hex")}`;
  const root = createPool(server, 1);
  await root.query(`CREATE DATABASE ${name} TEMPLATE ${source}`);
  const { user, password, host, port } = server;
  const url = `postgres://${user}:${password}@localhost/${name}?host=${encodeURIComponent(host)}&port=${port}`;
  const pool = createPool({ url }, 4);
  return {
    url,
    name,
    pool,
    async drop() {
      await pool.end();
      await root.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await root.end();
    },
  };
}

/** How many rows each of the tables has. */
export async function countRows({ pool }: Pick<TestDatabase, "pool">, ...tables: string[]) {
  const counts = tables.map((name) => `(SELECT count(*) FROM ${name}) AS ${name}`);
  const { rows } = await pool.query<Record<string, number>>(`SELECT ${counts.join(", ")}`);
  return rows[0]!;
}

/** Adds a row; what is not given and has no default is empty, and every such time the same. */
export async function addRow(
  { pool }: Pick<TestDatabase, "pool">,
  table: string,
  fields: Record<string, unknown>,
): Promise<void> {
  const { rows: missing } = await pool.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef`,
    [table],
  );
  const empty = (type: string) =>
    ({ text: "", bigint: 0, integer: 0, boolean: false, jsonb: {}, "text[]": [] })[type] ?? "2026-03-02T03:00:00Z";
  const row = { ...Object.fromEntries(missing.map(({ name, type }) => [name, empty(type)])), ...fields };
  const names = Object.keys(row).join(", ");
  await pool.query(`INSERT INTO ${table} (${names}) SELECT ${names} FROM jsonb_populate_record(NULL::${table}, $1)`, [
    JSON.stringify(row),
  ]);
}

/** Waits until every event can be followed: a transaction under way anywhere on the server holds younger ones back. */
export async function eventsShown({ pool }: Pick<TestDatabase, "pool">): Promise<void> {
  await eventually(async () => {
    const { rows } = await pool.query(
      "SELECT NOT EXISTS (SELECT FROM events WHERE xact >= pg_snapshot_xmin(pg_current_snapshot())) AS shown",
    );
    return rows[0].shown as boolean;
  });
}
