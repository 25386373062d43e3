/**
 * Making PostgreSQL's data directory, and refusing one that another major version made. initdb works in a temporary
 * directory that gets its final name when it is complete and synced, so a directory called "cluster" is always whole.
 */
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EmbeddedError, messageOf } from "./error.ts";
import { giveTo, readText, syncDirectory, underConstruction } from "./files.ts";
import { INITDB_LIMIT_MS } from "./limits.ts";
import type { Place } from "./place.ts";
import type { Package } from "./platform.ts";
import { run } from "./run.ts";
import type { Runtime } from "./runtime.ts";

export const USER = "naru";
export const DATABASE = "naru";

/** True when there is a cluster this PostgreSQL can read, false when there is none yet. */
export function checkCluster({ home, cluster }: Place, { major, version }: Package): boolean {
  const made = readText(join(cluster, "PG_VERSION"))?.trim();
  if (made === String(major)) return true;
  if (made !== undefined) throw otherMajor(home, made, major, version);
  if (!isDirectory(cluster)) return false;
  const message =
    `${cluster} is not a PostgreSQL data directory: it has no PG_VERSION. Nothing was changed. ` +
    "Restore it from a backup, or move it aside and start again with an empty database.";
  throw new EmbeddedError("damaged", message);
}

/** A new cluster: UTF-8, the C locale, SCRAM passwords, data checksums; synced to disk when this returns. */
export async function createCluster(place: Place, runtime: Runtime, password: string): Promise<void> {
  const { home, cluster, account } = place;
  const temporary = underConstruction(cluster);
  const passwordFile = underConstruction(join(home, "initdb-password"));
  mkdirSync(temporary, { mode: 0o700 });
  giveTo(account, temporary);
  try {
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o400, flag: "wx" });
    giveTo(account, passwordFile);
    const args = ["-D", temporary, "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", `--username=${USER}`];
    await run(runtime.initdb, [...args, `--pwfile=${passwordFile}`, "--no-instructions"], account, INITDB_LIMIT_MS);
    renameSync(temporary, cluster);
    syncDirectory(home);
  } catch (cause) {
    rmSync(temporary, { recursive: true, force: true });
    if (cause instanceof EmbeddedError) throw cause;
    const message = `The database in ${home} could not be created: ${messageOf(cause)}`;
    throw new EmbeddedError("failed-to-start", message, { cause });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function otherMajor(home: string, made: string, major: number, version: string): EmbeddedError {
  const cluster = join(home, "cluster");
  const message =
    `The database in ${cluster} was made by PostgreSQL ${made}; this Naru brings PostgreSQL ${major} (${version}), which cannot read it. ` +
    "Nothing was changed. To move it: " +
    `1. run the Naru release that made it (or any PostgreSQL ${made}) and take a dump: pg_dump --clean --if-exists; ` +
    `2. stop it and move ${cluster} aside; ` +
    "3. start this release, which makes a new database, and load the dump with psql. " +
    `Or set DATABASE_URL to a PostgreSQL ${made} server that holds the data.`;
  return new EmbeddedError("other-major", message);
}
