/**
 * PostgreSQL's programs run with an environment of our own making: LANG, LC_* and PG* of whoever started Naru would
 * otherwise decide encodings, message languages and even which server is meant. As root they run as the account, in a
 * directory everybody may enter.
 */
import { type SpawnOptions, spawn } from "node:child_process";
import { errorCode } from "./error.ts";
import type { Ids } from "./files.ts";
import { OUTPUT_LIMIT_MS, QUOTE_MAX_CHARACTERS } from "./limits.ts";
import { wrongLibc } from "./platform.ts";

export function spawnOptions(account: Ids | undefined): SpawnOptions {
  const options: SpawnOptions = { env: cleanEnvironment(), windowsHide: true };
  if (process.platform !== "win32") options.cwd = "/";
  if (account) Object.assign(options, { uid: account.uid, gid: account.gid });
  return options;
}

/** Runs a program to its end. Raises an error that quotes the end of what it printed when it fails. */
export async function run(program: string, args: string[], account: Ids | undefined, timeout: number): Promise<void> {
  let output = "";
  const child = spawn(program, args, { ...spawnOptions(account), stdio: ["ignore", "pipe", "pipe"], timeout });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-QUOTE_MAX_CHARACTERS);
    });
  }
  await new Promise<void>((resolve, reject) => {
    const finish = (status: number | null, signal: NodeJS.Signals | null) => {
      if (status === 0) return resolve();
      reject(new Error(`${program} ended with ${signal ?? `status ${status}`}:\n${output.trim()}`));
    };
    child.once("error", (error) => reject(asStartError(error)));
    child.once("close", finish);
    // A server started by pg_ctl keeps its pipes open, and then "close" never comes.
    child.once("exit", (status, signal) => setTimeout(finish, OUTPUT_LIMIT_MS, status, signal));
  });
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** The program was copied a moment ago; if it is "not found", its loader is what is missing. */
export function asStartError(error: Error): Error {
  return errorCode(error) === "ENOENT" && process.platform === "linux" ? wrongLibc(error) : error;
}

function cleanEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { LC_ALL: "C", TZ: "UTC" };
  for (const name of ["PATH", "SystemRoot", "TEMP", "TMP"]) if (process.env[name]) env[name] = process.env[name];
  return env;
}
