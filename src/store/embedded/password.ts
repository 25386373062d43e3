/**
 * The database's password is random, made once, and written durably before the cluster that will demand it: the other
 * order could leave a database nobody can enter. It belongs to Naru's own user, not to the account that runs the server.
 */
import { randomBytes } from "node:crypto";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { EmbeddedError, errorCode } from "./error.ts";
import { readText, writeDurably } from "./files.ts";
import { PASSWORD_BYTES } from "./limits.ts";

export function ensurePassword(dataDir: string): string {
  const existing = readPassword(dataDir);
  if (existing) {
    chmodSync(passwordFile(dataDir), 0o600); // a copy or a backup may have opened it up
    return existing;
  }
  const password = randomBytes(PASSWORD_BYTES).toString("base64url");
  writeDurably(passwordFile(dataDir), `${password}\n`, 0o600);
  return password;
}

export function readPassword(dataDir: string): string | undefined {
  try {
    return readText(passwordFile(dataDir))?.trim() || undefined;
  } catch (cause) {
    if (errorCode(cause) !== "EACCES") throw cause;
    const message = `${passwordFile(dataDir)} belongs to another user. Start Naru as the user who started it before.`;
    throw new EmbeddedError("other-user", message, { cause });
  }
}

export function wrongPassword(dataDir: string, cause: unknown): EmbeddedError {
  const message =
    `The database of ${dataDir} does not accept the password in ${passwordFile(dataDir)}. ` +
    "Restore that file from the backup that belongs to this database. Nothing was changed.";
  return new EmbeddedError("wrong-password", message, { cause });
}

function passwordFile(dataDir: string): string {
  return join(dataDir, "postgres.password");
}
