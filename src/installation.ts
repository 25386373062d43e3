/**
 * What a database is bound to: its master key and its mode.
 *
 * The master key: `NARU_MASTER_KEY`, or in sandbox mode a file of mode 0600 made at first start. A database remembers
 * the key's fingerprint, so that a node with another key refuses to start instead of failing to read what is sealed.
 */
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Config, ConfigError, settings } from "./config.ts";
import { Secrets } from "./core/secrets.ts";
import type { Pool } from "./store/index.ts";

const key_bytes = 32;

export async function readSecrets(config: Config): Promise<Secrets> {
  const text = config.masterKey ?? (await readOrMakeFile(config.dataDir));
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, "hex") : Buffer.from(text, "base64");
  if (key.length !== key_bytes) throw new ConfigError(`${settings.masterKey.variable} must be 32 bytes, hex or base64`);
  return new Secrets(key);
}

/** Whole or not at all, and never over one that another node has just made. */
async function readOrMakeFile(dataDir: string): Promise<string> {
  const path = join(dataDir, "master.key");
  await mkdir(dataDir, { recursive: true });
  const draft = join(dataDir, `master.key.${randomBytes(6).toString("hex")}`);
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const file = await open(draft, "wx", 0o600);
  try {
    await file.writeFile(`${randomBytes(key_bytes).toString("hex")}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "EEXIST") return undefined;
    // A file system without hard links.
    if (["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(error.code ?? "")) return rename(draft, path);
    throw error;
  });
  await rm(draft, { force: true });
  return (await readFile(path, "utf8")).trim();
}

export async function checkMasterKey(pool: Pool, secrets: Secrets): Promise<void> {
  const fingerprint = secrets.fingerprint();
  if ((await remembered(pool, "master-key", fingerprint)) === fingerprint) return;
  throw new ConfigError(
    `this database was made with another master key; set ${settings.masterKey.variable} to that key on every node`,
  );
}

/** A sandbox has made-up money, demo credentials and perhaps a clock that was moved: it never becomes a live one. */
export async function checkMode(pool: Pool, config: Config): Promise<void> {
  const mode = await remembered(pool, "mode", config.mode);
  if (mode === config.mode) return;
  throw new ConfigError(`this database was made in ${mode} mode; give ${config.mode} mode a database of its own`);
}

/** What the first node to start on this database said of it. */
async function remembered(pool: Pool, name: string, value: string): Promise<string> {
  await pool.query("INSERT INTO installation (name, value) VALUES ($1, to_jsonb($2::text)) ON CONFLICT DO NOTHING", [
    name,
    value,
  ]);
  const held = await pool.query<{ value: string }>("SELECT value #>> '{}' AS value FROM installation WHERE name = $1", [
    name,
  ]);
  return held.rows[0]!.value;
}
