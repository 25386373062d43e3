/**
 * One Naru per data directory. `owner.json` says who: created with its content in one step (a link to a finished file),
 * so nobody ever reads half a claim.
 *
 * A claim whose process is gone is removed by exactly one of those who noticed: the remover first claims the right to,
 * in a guard file named after the claim it removes, and looks again. Every claim carries a random number, so a claim
 * never returns and an old guard can hurt nobody; and a guard is claimed by the same rules, so a remover that died
 * is removed in turn. Without the guard, two starters that read the same dead claim could each remove what they believe
 * is that claim, and one of them would remove the other's fresh one.
 *
 * Process ids mean nothing in another container or on another host that shares the directory; such an owner is known by
 * the heartbeat on its file. The advisory lock in the database (lock.ts) has the last word.
 */

import { createHash, randomBytes } from "node:crypto";
import { linkSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { EmbeddedError, errorCode, messageOf } from "./error.ts";
import { readText } from "./files.ts";
import * as limits from "./limits.ts";
import { isSame, processRealm, startTime } from "./process.ts";

export interface Ownership {
  release(): void;
}

interface Claim {
  readonly pid: number;
  readonly startedAt: string;
  /** Where the pid means something. */
  readonly realm: string;
  readonly nonce: string;
}

interface Found {
  readonly text: string;
  readonly claim: Claim | undefined;
  readonly modifiedAtMs: number;
}

/** Claims the data directory for this process. Raises EmbeddedError "owned" when a live process has it. */
export async function takeOwnership(dataDir: string): Promise<Ownership> {
  const path = join(dataDir, "owner.json");
  const mine = JSON.stringify({ ...thisProcess(), nonce: randomBytes(8).toString("hex") } satisfies Claim);
  try {
    const holder = await claimFile(path, mine);
    if (holder) throw owned(dataDir, holder.pid);
  } catch (error) {
    throw asAccessError(dataDir, error);
  }
  removeOldTemporaries(dataDir);
  const heartbeat = setInterval(() => beat(path), limits.HEARTBEAT_EVERY_MS);
  heartbeat.unref();
  const release = () => {
    clearInterval(heartbeat);
    if (readText(path) === mine) rmSync(path, { force: true });
  };
  return { release };
}

export function owned(dataDir: string, pid: number | undefined): EmbeddedError {
  const who = pid === undefined ? "another Naru" : `another Naru, process ${pid},`;
  const message =
    `The data directory ${dataDir} is in use by ${who} and can have only one. ` +
    "Stop that one first, or give this one its own with NARU_DATA_DIR. " +
    "To run several on one database, give each a DATABASE_URL.";
  return new EmbeddedError("owned", message);
}

/** Claims one file; returns the live claim that already holds it, or undefined when it is ours now. */
async function claimFile(path: string, mine: string): Promise<Claim | undefined> {
  const deadline = Date.now() + limits.OWNER_LIMIT_MS;
  while (Date.now() < deadline) {
    if (create(path, mine)) return undefined;
    const found = look(path);
    if (!found) continue; // released this moment
    const holder = await liveHolder(path, found);
    if (holder === "unclear") {
      await pause(limits.OWNER_POLL_EVERY_MS);
    } else if (holder) {
      return holder;
    } else {
      await removeDead(path, found, mine);
    }
  }
  throw new Error(`${path} could not be claimed within ${limits.OWNER_LIMIT_MS} ms`);
}

/** Removes a dead claim, if it is still the one that was found, under its guard. */
async function removeDead(path: string, found: Found, mine: string): Promise<void> {
  const guard = `${path}.${createHash("sha256").update(found.text).digest("hex").slice(0, 16)}`;
  if (await claimFile(guard, mine)) {
    await pause(limits.OWNER_POLL_EVERY_MS); // another one is at it
    return;
  }
  try {
    if (look(path)?.text === found.text) rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

async function liveHolder(path: string, found: Found): Promise<Claim | "unclear" | undefined> {
  const { claim, modifiedAtMs } = found;
  const ageMs = Date.now() - modifiedAtMs;
  if (!claim) return ageMs < limits.OWNER_WRITE_LIMIT_MS ? "unclear" : undefined;
  if (claim.realm === processRealm()) return isSame(claim.pid, claim.startedAt) ? claim : undefined;
  if (ageMs > limits.HEARTBEAT_STALE_MS) return undefined;
  const deadline = Date.now() + limits.HEARTBEAT_WATCH_MS;
  while (Date.now() < deadline) {
    await pause(limits.OWNER_POLL_EVERY_MS);
    const now = look(path);
    if (now?.text !== found.text) return "unclear";
    if (now.modifiedAtMs !== modifiedAtMs) return claim;
  }
  return undefined;
}

/** Creates the file with its content in one step; false when it exists. */
function create(path: string, content: string): boolean {
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  writeFileSync(temporary, content, { mode: 0o644 });
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    const code = errorCode(error) ?? "";
    if (code === "EEXIST" || code === "ENOENT") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw error;
    return createWithoutLinks(path, content);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** File systems without hard links (exFAT, some network shares): exclusive, though briefly empty. */
function createWithoutLinks(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { mode: 0o644, flag: "wx" });
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

function look(path: string): Found | undefined {
  const text = readText(path);
  const stats = statSync(path, { throwIfNoEntry: false });
  if (text === undefined || !stats) return undefined;
  return { text, claim: parse(text), modifiedAtMs: stats.mtimeMs };
}

function parse(text: string): Claim | undefined {
  try {
    const claim = JSON.parse(text) as Claim;
    return Number.isSafeInteger(claim.pid) && claim.pid > 0 ? claim : undefined;
  } catch {
    return undefined;
  }
}

function thisProcess(): Omit<Claim, "nonce"> {
  return { pid: process.pid, startedAt: startTime(process.pid) ?? "unknown", realm: processRealm() };
}

function beat(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // A missing file is not repaired: the advisory lock still holds the directory.
  }
}

function removeOldTemporaries(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (!/^owner\.json\..*\.tmp$/.test(name)) continue;
    const path = join(dataDir, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats && Date.now() - stats.mtimeMs > limits.OWNER_LIMIT_MS) rmSync(path, { force: true });
  }
}

function asAccessError(dataDir: string, error: unknown): unknown {
  if (!["EACCES", "EROFS", "EPERM"].includes(errorCode(error) ?? "")) return error;
  const message = `Naru cannot write to its data directory ${dataDir}: ${messageOf(error)}. Make it writable or choose another with NARU_DATA_DIR.`;
  return new EmbeddedError("other-user", message, { cause: error });
}
