/**
 * Starting, adopting and ending one PostgreSQL server.
 *
 * The server runs in a session of its own, so that Ctrl-C in Naru's terminal does not reach it before Naru has finished
 * with it, and it outlives a killed Naru. The next start adopts what it finds if it is exactly what it would start
 * itself: the same program, the same settings, reachable with our password. Anything else is stopped and started anew.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, realpathSync, rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { connect, connectionTo, WRONG_PASSWORD } from "./connect.ts";
import { clearEndpoint, type Endpoint, hasSocket, newEndpoint, removeEndpoint } from "./endpoint.ts";
import { EmbeddedError, errorCode, messageOf } from "./error.ts";
import * as limits from "./limits.ts";
import { logSince, openLog, sizeOf } from "./log-file.ts";
import { wrongPassword } from "./password.ts";
import type { Place } from "./place.ts";
import { findPostmaster, type Postmaster, pidFile, readPidFile } from "./postmaster.ts";
import { commandLine, isAlive, startTime } from "./process.ts";
import { asStartError, spawnOptions } from "./run.ts";
import type { Runtime } from "./runtime.ts";
import { serverArguments } from "./settings.ts";
import { startWithPgCtl, stopWithPgCtl } from "./windows.ts";

/** A pino logger fits. */
export interface EmbeddedLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What the functions of this room work on. */
export interface Site {
  readonly place: Place;
  readonly runtime: Runtime;
  readonly password: string;
  readonly log: EmbeddedLog;
  readonly socketRoot: string | undefined;
  readonly connections: number;
}

/** A server left by a killed process, when it is fit to be taken over; otherwise it is stopped. */
export async function adopt(site: Site): Promise<Postmaster | undefined> {
  const { place, log } = site;
  const found = findPostmaster(place.cluster);
  if (!found) {
    clearStale(site);
    return undefined;
  }
  if (isWhatWeStart(site, found) && (await becomesReachable(site, found))) {
    log.info({ pid: found.pid, home: place.home }, "took over the PostgreSQL server of a Naru that was killed");
    return found;
  }
  log.warn({ pid: found.pid, home: place.home }, "stopping a PostgreSQL server that was left behind and does not fit");
  await halt(site, found);
  removeEndpoint(found.endpoint, place.account);
  return undefined;
}

/** Starts the server; at `endpoint`, or at a fresh one. Raises EmbeddedError "failed-to-start" quoting its log. */
export async function launch(site: Site, signal: AbortSignal, endpoint?: Endpoint): Promise<Postmaster> {
  for (let attempt = 1; ; attempt++) {
    const at = endpoint ?? (await newEndpoint(site.place.account, site.socketRoot));
    try {
      return await launchOnce(site, at, signal);
    } catch (error) {
      if (!endpoint) removeEndpoint(at, site.place.account);
      if (error instanceof EmbeddedError) throw error;
      if (attempt === limits.LAUNCH_ATTEMPTS || signal.aborted) throw failedToStart(site, error);
      const other = findPostmaster(site.place.cluster); // started by a Naru that was killed before it could be seen
      if (other) await halt(site, other);
      else await pause(limits.LAUNCH_PAUSE_MS);
    }
  }
}

/** Ends a server: fast, which ends sessions and writes a checkpoint; if that takes too long, at once. */
export async function halt({ place, runtime }: Site, { pid, startedAt }: Postmaster): Promise<void> {
  const steps = [
    { signal: "SIGINT", mode: "fast", limitMs: limits.FAST_STOP_LIMIT_MS },
    { signal: "SIGQUIT", mode: "immediate", limitMs: limits.IMMEDIATE_STOP_LIMIT_MS },
  ] as const;
  for (const { signal, mode, limitMs } of steps) {
    if (!isAlive(pid, startedAt)) return;
    if (process.platform === "win32") await stopWithPgCtl(place, runtime, mode).catch(() => {});
    else sendSignal(pid, signal);
    const deadline = Date.now() + limitMs;
    while (isAlive(pid, startedAt) && Date.now() < deadline) await pause(limits.STOP_POLL_EVERY_MS);
  }
  if (!isAlive(pid, startedAt)) return;
  const message = `The PostgreSQL server of ${place.home}, process ${pid}, does not end. Look at ${place.logFile}, end it and start again.`;
  throw new EmbeddedError("failed-to-stop", message);
}

async function launchOnce(site: Site, endpoint: Endpoint, signal: AbortSignal): Promise<Postmaster> {
  const { place, runtime, connections } = site;
  clearEndpoint(endpoint);
  const args = serverArguments(place.cluster, endpoint, connections);
  const logStart = sizeOf(place.logFile);
  if (process.platform === "win32") {
    await startWithPgCtl(place, runtime, args.slice(2));
    const started = findPostmaster(place.cluster);
    if (!started) throw new Error("the server ended at once");
    return started;
  }
  const child = await spawnServer(site, args);
  const server = {
    pid: child.pid as number,
    startedAt: startTime(child.pid as number) ?? "unknown",
    endpoint,
    status: "",
  };
  try {
    await becomesReady(site, child, signal);
    return { ...server, status: "ready" };
  } catch (error) {
    await halt(site, server);
    throw new Error(`${messageOf(error)}\n${logSince(place.logFile, logStart)}`, { cause: error });
  }
}

async function spawnServer({ place, runtime }: Site, args: string[]): Promise<ChildProcess> {
  const log = openLog(place);
  try {
    const options = { ...spawnOptions(place.account), detached: true };
    const child = spawn(runtime.postgres, args, { ...options, stdio: ["ignore", log, log] });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", (error) => reject(asStartError(error)));
    });
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Waits until the server accepts connections. After a crash it replays its log first, which can take minutes. */
async function becomesReady({ place, log }: Site, child: ChildProcess, signal: AbortSignal): Promise<void> {
  const startMs = Date.now();
  let noticeAtMs = startMs + limits.READY_NOTICE_EVERY_MS;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the server ended with ${child.signalCode ?? `status ${child.exitCode}`}`);
    }
    const file = readPidFile(place.cluster);
    if (file?.pid === child.pid && file?.status === "ready") return;
    if (signal.aborted) throw new Error("stopped while starting");
    const now = Date.now();
    if (now - startMs > limits.READY_LIMIT_MS) throw new Error(`not ready after ${limits.READY_LIMIT_MS} ms`);
    if (now > noticeAtMs) {
      log.info({ pid: child.pid, waitedMs: now - startMs }, "PostgreSQL is still starting, probably replaying its log");
      noticeAtMs = now + limits.READY_NOTICE_EVERY_MS;
    }
    await pause(limits.READY_POLL_EVERY_MS);
  }
}

/** The same program with the same settings. Another release's server would run on from files about to be removed. */
function isWhatWeStart({ place, runtime, connections }: Site, { pid, endpoint }: Postmaster): boolean {
  const command = commandLine(pid);
  const ours = [runtime.postgres, ...serverArguments(place.cluster, endpoint, connections)].join(" ");
  return command === undefined || command === ours;
}

async function becomesReachable(site: Site, found: Postmaster): Promise<boolean> {
  const startMs = Date.now();
  for (;;) {
    const status = readPidFile(site.place.cluster)?.status ?? "";
    if (status === "stopping" || !isAlive(found.pid, found.startedAt)) return false;
    if (status === "ready" && !hasSocket(found.endpoint)) return false; // nobody will make it again
    if (status === "ready" && (await answersForUs(site, found))) return true;
    const limitMs = status === "starting" ? limits.READY_LIMIT_MS : limits.ADOPT_LIMIT_MS;
    if (Date.now() - startMs > limitMs) return false;
    await pause(limits.ADOPT_POLL_EVERY_MS);
  }
}

async function answersForUs({ place, password }: Site, { endpoint }: Postmaster): Promise<boolean> {
  try {
    const client = await connect(connectionTo(endpoint, password), "postgres");
    try {
      const { rows } = await client.query<{ data_directory: string }>("SHOW data_directory");
      return realpathSync(rows[0]?.data_directory ?? "") === realpathSync(place.cluster);
    } finally {
      await client.end();
    }
  } catch (error) {
    if (errorCode(error) === WRONG_PASSWORD) throw wrongPassword(place.dataDir, error);
    return false; // not yet, or not at all: the caller's time limit decides
  }
}

/**
 * What a killed server left. Its socket directory goes. Its `postmaster.pid` goes only when another process has its id
 * now, which PostgreSQL would take for a running server; otherwise PostgreSQL looks into it for memory still in use.
 */
function clearStale({ place }: Site): void {
  const file = readPidFile(place.cluster);
  if (!file) return;
  removeEndpoint(file.endpoint, place.account);
  if (startTime(file.pid) !== undefined) rmSync(pidFile(place.cluster), { force: true });
}

function failedToStart({ place }: Site, cause: unknown): EmbeddedError {
  const message = `PostgreSQL did not start for ${place.home}: ${messageOf(cause)}\nIts log is ${place.logFile}.`;
  return new EmbeddedError("failed-to-start", message, { cause });
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}
