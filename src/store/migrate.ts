/**
 * Forward-only migrations: `migrations/NNNN_name.sql`, each applied once, in order, in a transaction of its own.
 *
 * Nodes that start together take turns on an advisory lock. A file that changed after it was applied is refused, since
 * two databases would otherwise differ without anyone knowing; so is a database that is ahead of the code.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { Connection, Pool } from "./postgres.ts";

const directory = new URL("../../migrations/", import.meta.url);
const lockKey = 0x6e617275; // "naru"
const filePattern = /^(\d{4})_[a-z0-9_]+\.sql$/;

export class MigrationError extends Error {}

interface Migration {
  version: number;
  name: string;
  sql: string;
  hash: string;
}

type Applied = Pick<Migration, "version" | "name" | "hash">;

const APPLIED = "SELECT version, name, hash FROM migrations";

/** Applies what is missing and returns the names of the files applied. */
export async function migrate(pool: Pool): Promise<string[]> {
  const migrations = await readMigrations();
  const connection = await pool.connect();
  try {
    await checkServer(connection);
    await connection.query("SELECT pg_advisory_lock($1)", [lockKey]);
    return await applyMissing(connection, migrations);
  } finally {
    // Ending the connection also ends the advisory lock, whatever state an error left it in.
    connection.release(true);
  }
}

/** The names of the files that are missing in the database, which is left as it is. */
export async function missingMigrations(pool: Pool): Promise<string[]> {
  const migrations = await readMigrations();
  const { rows } = await pool.query("SELECT to_regclass('migrations') IS NOT NULL AS begun");
  const known = rows[0]!.begun === true ? (await pool.query<Applied>(APPLIED)).rows : [];
  return missingOf(migrations, known).map(({ name }) => name);
}

async function checkServer(connection: Connection): Promise<void> {
  const server = await connection.query<{ version: number; encoding: string }>(
    "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding",
  );
  const { version, encoding } = server.rows[0]!;
  if (version < 140_000)
    throw new MigrationError(`PostgreSQL 14 or newer is needed; this server is ${version / 10_000}`);
  if (encoding !== "UTF8") throw new MigrationError(`the database must be UTF8; this one is ${encoding}`);
}

async function applyMissing(connection: Connection, migrations: Migration[]): Promise<string[]> {
  await connection.query(`CREATE TABLE IF NOT EXISTS migrations (
    version integer PRIMARY KEY, name text NOT NULL, hash text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`);
  const known = await connection.query<Applied>(APPLIED);
  const names: string[] = [];
  for (const migration of missingOf(migrations, known.rows)) {
    await connection.query("BEGIN");
    await connection.query(migration.sql);
    await connection.query("INSERT INTO migrations (version, name, hash) VALUES ($1, $2, $3)", [
      migration.version,
      migration.name,
      migration.hash,
    ]);
    await connection.query("COMMIT");
    names.push(migration.name);
  }
  return names;
}

function missingOf(migrations: readonly Migration[], known: readonly Applied[]): Migration[] {
  const applied = new Map(known.map((row) => [row.version, row]));
  for (const row of known) {
    if (!migrations.some((migration) => migration.version === row.version)) {
      throw new MigrationError(`the database has migration ${row.name}, which this version of Naru does not know`);
    }
  }
  return migrations.filter(({ version, name, hash }) => {
    const before = applied.get(version);
    if (before === undefined || before.hash === hash) return before === undefined;
    throw new MigrationError(`${name} was changed after it had been applied to this database`);
  });
}

async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => filePattern.test(name)).sort();
  const migrations = await Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, directory), "utf8");
      return { version: Number(name.slice(0, 4)), name, sql, hash: createHash("sha256").update(sql).digest("hex") };
    }),
  );
  migrations.forEach((migration, index) => {
    if (migration.version !== index + 1) throw new MigrationError(`${migration.name} is out of sequence`);
  });
  return migrations;
}
