/** The server's own log. It is opened by us and handed to the server, which keeps it when we are killed. */
import { closeSync, constants, fchownSync, fstatSync, openSync, readSync, renameSync, statSync } from "node:fs";
import { LOG_MAX_BYTES, QUOTE_MAX_CHARACTERS } from "./limits.ts";
import type { Place } from "./place.ts";

/** Opens the log for appending, after setting aside one that has grown too large. */
export function openLog({ logFile, account }: Place): number {
  const found = statSync(logFile, { throwIfNoEntry: false });
  if (found && found.size > LOG_MAX_BYTES) renameSync(logFile, `${logFile}.1`);
  const noFollow = constants.O_NOFOLLOW ?? 0; // as root, never write through a link the account has planted
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | noFollow;
  const descriptor = openSync(logFile, flags, 0o600);
  if (account) fchownSync(descriptor, account.uid, account.gid);
  return descriptor;
}

export function sizeOf(logFile: string): number {
  return statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
}

/** The end of what was logged since the file had `fromByte` bytes. */
export function logSince(logFile: string, fromByte: number): string {
  const descriptor = openSync(logFile, "r");
  try {
    const end = fstatSync(descriptor).size;
    const start = Math.max(Math.min(fromByte, end), end - QUOTE_MAX_CHARACTERS);
    const buffer = Buffer.alloc(end - start);
    readSync(descriptor, buffer, 0, buffer.length, start);
    return buffer.toString("utf8").trim();
  } finally {
    closeSync(descriptor);
  }
}
