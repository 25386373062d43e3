/**
 * Where the server's files live, and as whom it runs.
 *
 * Usually `<dataDir>/postgres`, as ourselves. For root it is an unprivileged account, and when that account cannot enter
 * the data directory (under a 0700 home) the files go to /var/lib/naru/<hash of the data directory's path>. The choice
 * must never change by itself: an empty database at another place would look like lost money. So an existing cluster
 * decides first, wherever it is; one that is elsewhere is recorded in `<dataDir>/postgres.location`, which also survives
 * a move of the data directory, and tells a lost disk from a first start.
 */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Account, accountOf, barrier, isRoot, unprivilegedAccount } from "./account.ts";
import { EmbeddedError, errorCode } from "./error.ts";
import { giveTo, isUnderConstruction, readText, syncDirectory, underConstruction, writeDurably } from "./files.ts";

export interface Place {
  /** The real path of the data directory. */
  readonly dataDir: string;
  readonly home: string;
  /** PostgreSQL's own data directory. */
  readonly cluster: string;
  readonly logFile: string;
  /** Who runs the server; undefined: ourselves. */
  readonly account: Account | undefined;
}

const ELSEWHERE = "/var/lib/naru";

/** Where the cluster of this data directory is or will be. Changes nothing. `dataDir` must be a real path. */
export function choosePlace(dataDir: string): Place {
  const existing = findHome(dataDir);
  if (!isRoot()) {
    if (existing && process.platform !== "win32") assertOurs(existing);
    return placeAt(dataDir, existing ?? join(dataDir, "postgres"), undefined);
  }
  if (!existing) {
    const account = unprivilegedAccount();
    const inside = join(dataDir, "postgres");
    const blocked = barrier(existsSync(inside) ? inside : dataDir, account);
    return placeAt(dataDir, blocked ? elsewhere(dataDir) : inside, account);
  }
  const account = ownerOf(existing);
  const blocked = barrier(existing, account);
  if (!blocked) return placeAt(dataDir, existing, account);
  const message =
    `The database in ${existing} belongs to the account ${account.name}, which may not enter ${blocked}. ` +
    `Nothing was changed. Let it pass (chmod o+x ${blocked}) and start again.`;
  throw new EmbeddedError("unreachable", message);
}

/** Where the cluster of this data directory is, for one who only wants to look; undefined when there is none. */
export function findPlace(dataDir: string): Place | undefined {
  const existing = findHome(dataDir);
  if (!existing) return undefined;
  if (isRoot()) return placeAt(dataDir, existing, ownerOf(existing));
  if (process.platform !== "win32") assertOurs(existing);
  return placeAt(dataDir, existing, undefined);
}

/** Makes the home if needed, and removes what a killed process did not finish. */
export function prepareHome({ dataDir, home, account }: Place): void {
  if (home.startsWith(`${ELSEWHERE}/`)) {
    for (const parent of [dirname(ELSEWHERE), ELSEWHERE]) makeOpenDirectory(parent);
  }
  removeUnfinished(dataDir, "postgres");
  removeUnfinished(dirname(home), basename(home));
  if (!existsSync(home)) {
    const temporary = underConstruction(home);
    mkdirSync(temporary, { mode: 0o700 });
    giveTo(account, temporary);
    renameSync(temporary, home);
    syncDirectory(dirname(home));
  }
  removeUnfinished(home, "");
}

/** Records a home outside the data directory, once it holds a cluster. */
export function recordPlace({ dataDir, home }: Place): void {
  if (dirname(home) === dataDir) return;
  const path = locationFile(dataDir);
  if (readText(path)?.trim() !== home) writeDurably(path, `${home}\n`, 0o644);
}

function placeAt(dataDir: string, home: string, account: Account | undefined): Place {
  return { dataDir, home, cluster: join(home, "cluster"), logFile: join(home, "postgres.log"), account };
}

/** The home that holds a cluster: inside the data directory, at the recorded place, or where root would have put it. */
function findHome(dataDir: string): string | undefined {
  const inside = join(dataDir, "postgres");
  if (hasCluster(inside)) return inside;
  const recorded = readText(locationFile(dataDir))?.trim();
  if (recorded && !hasCluster(recorded)) {
    const message =
      `The database of ${dataDir} was kept in ${recorded}, and it is not there any more (a disk or a container that was replaced?). ` +
      `Restore it. If it was removed on purpose, delete ${locationFile(dataDir)} and start again with an empty database.`;
    throw new EmbeddedError("missing-cluster", message);
  }
  const outside = recorded ?? elsewhere(dataDir);
  return hasCluster(outside) ? outside : undefined;
}

function hasCluster(home: string): boolean {
  return clusterStats(home) !== undefined;
}

function clusterStats(home: string): Stats | undefined {
  try {
    return statSync(join(home, "cluster"), { throwIfNoEntry: false });
  } catch (error) {
    if (errorCode(error) !== "EACCES") throw error;
    throw otherUser(home, accountOf(statSync(home).uid, 0).name);
  }
}

function assertOurs(home: string): void {
  const found = clusterStats(home);
  if (found && found.uid !== process.geteuid?.()) throw otherUser(home, accountOf(found.uid, found.gid).name);
}

/** The account an existing cluster belongs to, for root. */
function ownerOf(home: string): Account {
  const { uid, gid } = statSync(join(home, "cluster"));
  if (uid !== 0) return { ...accountOf(uid, gid), gid };
  const account = unprivilegedAccount();
  const message =
    `The database in ${home} belongs to root, as which PostgreSQL does not run. Nothing was changed. ` +
    `Give it to an account that may run it (chown -R ${account.uid}:${account.gid} ${home}) and start again.`;
  throw new EmbeddedError("other-user", message);
}

function otherUser(home: string, name: string): EmbeddedError {
  const message =
    `The database in ${home} belongs to the account ${name}. Nothing was changed. ` +
    "Start Naru as the user who started it before (root, if it was root), or choose another data directory.";
  return new EmbeddedError("other-user", message);
}

function locationFile(dataDir: string): string {
  return join(dataDir, "postgres.location");
}

function elsewhere(dataDir: string): string {
  return join(ELSEWHERE, createHash("sha256").update(dataDir).digest("hex").slice(0, 16));
}

function removeUnfinished(directory: string, prefix: string): void {
  for (const name of readdirSync(directory)) {
    if (!name.startsWith(prefix) || !isUnderConstruction(name)) continue;
    try {
      rmSync(join(directory, name), { recursive: true, force: true, maxRetries: 5 });
    } catch {
      // An initdb whose Naru was killed may still be writing there; the next start tries again.
    }
  }
}

function makeOpenDirectory(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(path);
  chmodSync(path, 0o755);
}
