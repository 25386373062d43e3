/**
 * What a running server says of itself in `postmaster.pid`, and whether to believe it. The file outlives a killed
 * server, and by then its process id may be somebody else's: such a process must neither be signalled nor keep the
 * database from starting.
 */
import { join } from "node:path";
import type { Endpoint } from "./endpoint.ts";
import { readText } from "./files.ts";
import { commandLine, isProgram, startTime, worksIn } from "./process.ts";

export interface Postmaster {
  readonly pid: number;
  /** What tells this process from a later one with the same id. */
  readonly startedAt: string;
  readonly endpoint: Endpoint;
  /** "starting", "ready", "stopping", or empty while the file is being written. */
  readonly status: string;
}

export interface PidFile {
  readonly pid: number;
  readonly dataDirectory: string;
  readonly endpoint: Endpoint;
  readonly status: string;
}

/** The file's lines: pid, data directory, start time, port, socket directory, address, shared memory, status. */
export function readPidFile(cluster: string): PidFile | undefined {
  const lines = readText(pidFile(cluster))?.split("\n");
  const pid = Number(lines?.[0]);
  if (!lines || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const host = lines[4]?.trim() || "127.0.0.1";
  return {
    pid,
    dataDirectory: lines[1] ?? "",
    endpoint: { host, port: Number(lines[3] ?? 0) },
    status: lines[7]?.trim() ?? "",
  };
}

/** The live server of this cluster, or undefined. */
export function findPostmaster(cluster: string): Postmaster | undefined {
  const file = readPidFile(cluster);
  if (!file) return undefined;
  const startedAt = startTime(file.pid);
  if (startedAt === undefined || !isPostmaster(file, cluster)) return undefined;
  return { pid: file.pid, startedAt, endpoint: file.endpoint, status: file.status };
}

export function pidFile(cluster: string): string {
  return join(cluster, "postmaster.pid");
}

/**
 * A postmaster keeps the command it was started with (its children do not) and works in its data directory, which
 * also tells it from the server of a copied directory. Windows tells only the program: there the connection decides.
 */
function isPostmaster(file: PidFile, cluster: string): boolean {
  const command = commandLine(file.pid);
  if (command === undefined) return isProgram(file.pid, "postgres.exe");
  return (
    command.includes(`postgres -D ${file.dataDirectory} `) &&
    (worksIn(file.pid, cluster) ?? file.dataDirectory === cluster)
  );
}
