/**
 * A process id alone names nobody for long: ids are reused, within minutes on a busy machine and always after a reboot.
 * A process is therefore known by its id and its start time, and the server by what it runs and where it works.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { errorCode } from "./error.ts";

/** The start time of a process in the platform's own form, fit only for comparison; undefined when it is not running. */
export function startTime(pid: number): string | undefined {
  if (process.platform === "linux") {
    const fields = procStat(pid);
    if (fields) return isEnded(fields) ? undefined : fields[19]; // field 22: ticks since boot
  } else if (process.platform !== "win32") {
    return ps(pid, "lstart=");
  }
  return hasId(pid) ? "unknown" : undefined;
}

/** Whether this very process still runs. Cheap enough for polling: no helper process. */
export function isAlive(pid: number, startedAt: string): boolean {
  if (process.platform === "linux") {
    const now = startTime(pid);
    return now !== undefined && (now === startedAt || now === "unknown");
  }
  return hasId(pid);
}

/** As `isAlive`, but also true to the start time where asking for it needs a helper process. */
export function isSame(pid: number, startedAt: string): boolean {
  const now = startTime(pid);
  return now !== undefined && (now === startedAt || now === "unknown" || startedAt === "unknown");
}

/** The words of a command joined by spaces; undefined where the platform does not tell, empty for a zombie. */
export function commandLine(pid: number): string | undefined {
  if (process.platform === "win32") return undefined;
  if (process.platform !== "linux") return ps(pid, "command=") ?? "";
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replace(/\0$/, "").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** Whether the process runs that program: for Windows, where that is all one can ask. */
export function isProgram(pid: number, name: string): boolean {
  try {
    const args = ["/FI", `PID eq ${pid}`, "/FO", "CSV", "/NH"];
    return execFileSync("tasklist", args, { encoding: "utf8", windowsHide: true }).includes(`"${name}"`);
  } catch {
    return false;
  }
}

/** Whether the process works in that directory; undefined where the platform does not tell. */
export function worksIn(pid: number, directory: string): boolean | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const theirs = statSync(`/proc/${pid}/cwd`);
    const wanted = statSync(directory);
    return theirs.dev === wanted.dev && theirs.ino === wanted.ino;
  } catch {
    return false;
  }
}

/**
 * Where process ids mean something: this boot of this machine, and within it this container. Ids from elsewhere can
 * neither be looked up nor signalled.
 */
export function processRealm(): string {
  if (process.platform !== "linux") return hostname();
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

function hasId(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM"; // it runs, as somebody else
  }
}

/** Fields of /proc/<pid>/stat from the third on: the second, the name, may hold spaces and parentheses. */
function procStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** A zombie still has its id, but nothing runs. */
function isEnded(fields: string[]): boolean {
  return fields[0] === "Z" || fields[0] === "X";
}

function ps(pid: number, column: string): string | undefined {
  try {
    const env = { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" };
    const stdio: ["ignore", "pipe", "ignore"] = ["ignore", "pipe", "ignore"];
    const text = execFileSync("ps", ["-ww", "-o", column, "-p", String(pid)], { env, stdio, encoding: "utf8" });
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}
