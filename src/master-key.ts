/**
 * The master key: `NARU_MASTER_KEY`, or in sandbox mode a file of mode 0600 made at first start. A database remembers
 * the key's fingerprint, so that a node with another key refuses to start instead of failing to read what is sealed.
 */
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rm } from "node:fs/promises";
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
  const draft = join(dataDir, `master.key.${process.pid}`);
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
    if (error.code !== "EEXIST") throw error;
  });
  await rm(draft);
  return (await readFile(path, "utf8")).trim();
}

export async function checkMasterKey(pool: Pool, secrets: Secrets): Promise<void> {
  const fingerprint = secrets.fingerprint();
  await pool.query(
    "INSERT INTO installation (name, value) VALUES ('master-key', to_jsonb($1::text)) ON CONFLICT DO NOTHING",
    [fingerprint],
  );
  const held = await pool.query<{ fingerprint: string }>(
    "SELECT value #>> '{}' AS fingerprint FROM installation WHERE name = 'master-key'",
  );
  if (held.rows[0]!.fingerprint === fingerprint) return;
  throw new ConfigError(
    `this database was made with another master key; set ${settings.masterKey.variable} to that key on every node`,
  );
}
