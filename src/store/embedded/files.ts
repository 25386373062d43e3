/**
 * What was written must still be there after a power cut, in the right order: the password before the cluster that
 * needs it, a complete cluster before its name. A rename is durable only when its directory was synced too.
 */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, lchownSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "./error.ts";

export interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** The content, or undefined where there is no such file. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

export function syncDirectory(path: string): void {
  if (process.platform === "win32") return; // directories cannot be synced there
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Replaces a file as a whole: a reader sees the old content or the new, and so does the next boot. */
export function writeDurably(path: string, content: string, mode: number): void {
  const temporary = underConstruction(path);
  try {
    const descriptor = openSync(temporary, "wx", mode);
    try {
      writeFileSync(descriptor, content);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(dirname(path));
}

/** A name beside `path` for what is not finished yet; `isUnderConstruction` finds the leftovers of a killed process. */
export function underConstruction(path: string): string {
  return `${path}.making-${randomBytes(6).toString("hex")}`;
}

export function isUnderConstruction(name: string): boolean {
  return /\.making-[0-9a-f]{12}$/.test(name);
}

/** Gives a file to an account; without one it stays ours. Never follows a link: the account could have planted it. */
export function giveTo(account: Ids | undefined, path: string): void {
  if (account) lchownSync(path, account.uid, account.gid);
}
