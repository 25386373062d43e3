import { randomBytes } from "node:crypto";
import { inject } from "vitest";
import { createPool, type Pool } from "../../src/store/index.ts";
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
