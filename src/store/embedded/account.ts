/**
 * PostgreSQL refuses to run as root, rightly. A Naru started by root (a container, a first try on a server) therefore
 * runs it as an account that may do little else, and must know beforehand which directories that account can enter.
 */
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { EmbeddedError } from "./error.ts";
import { readText } from "./files.ts";

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const PREFERRED = ["naru", "postgres", "nobody"];

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** The first of the accounts this machine has; its gid too, because supplementary groups are dropped with root. */
export function unprivilegedAccount(): Account {
  const accounts = passwd();
  for (const name of PREFERRED) {
    const account = accounts.find((one) => one.name === name && one.uid !== 0);
    if (account) return account;
  }
  const message =
    `PostgreSQL does not run as root, and none of the accounts ${PREFERRED.join(", ")} exists to run it. ` +
    "Create one (useradd --system naru), start Naru as another user, or set DATABASE_URL.";
  throw new EmbeddedError("no-user", message);
}

export function accountOf(uid: number, gid: number): Account {
  return passwd().find((one) => one.uid === uid) ?? { name: `uid ${uid}`, uid, gid };
}

/** The first directory on the way to `path` (a real path, itself included) the account may not enter, if any. */
export function barrier(path: string, account: Account): string | undefined {
  const above = dirname(path);
  const earlier = above === path ? undefined : barrier(above, account);
  return earlier ?? (mayEnter(path, account) ? undefined : path);
}

function mayEnter(directory: string, { uid, gid }: Account): boolean {
  const found = statSync(directory);
  if (found.uid === uid) return (found.mode & 0o100) !== 0;
  if (found.gid === gid) return (found.mode & 0o010) !== 0;
  return (found.mode & 0o001) !== 0;
}

function passwd(): Account[] {
  return (readText("/etc/passwd") ?? "").split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    if (!name || !uid || !gid) return [];
    return [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }]; // macOS writes nobody as -2
  });
}
