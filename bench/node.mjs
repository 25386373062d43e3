/**
 * A node under measurement: a process of its own from the built package, on an embedded database in a directory of its
 * own. What is started here is ended here, by process id, and its directory is removed.
 */
import { spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const ready_ms = 60_000;
const end_ms = 30_000;

/**
 * Starts a node and resolves once it listens. `onStart` is handed the way to stop it before that, so that a start that
 * is interrupted leaves nothing behind.
 *
 * @param {{ dataDir: string, cap: number, lanes: number, onStart(stop: () => Promise<void>): void }} options
 */
export async function startNode({ dataDir, cap, lanes, onStart }) {
  const env = {
    PATH: process.env.PATH ?? "",
    NARU_DATA_DIR: dataDir,
    NARU_PORT: "0",
    NARU_LOG_LEVEL: "warn",
    NARU_BATCH_CAP: String(cap),
    NARU_BATCH_LANES: String(lanes),
    NARU_PPRO_RATE: "100000",
  };
  // Detached: Ctrl-C reaches the bench alone, which then ends its nodes in order.
  const child = spawn(process.execPath, [cli, "start"], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const ended = new Promise((resolve) => child.once("close", resolve));
  let stopped;
  const stop = () => {
    stopped ??= end(child, ended, dataDir);
    return stopped;
  };
  onStart(stop);
  const url = await listening(child);
  return { url, stop, doctor: () => doctor(env) };
}

/** The address the node prints when it is ready. */
function listening(child) {
  let [output, errors] = ["", ""];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`the node is not ready after ${ready_ms} ms\n${errors}`)),
      ready_ms,
    );
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the node ended with ${code}\n${errors}`)));
    child.stderr.on("data", (chunk) => {
      errors = (errors + chunk).slice(-5_000);
    });
    child.stdout.on("data", (chunk) => {
      output = (output + chunk).slice(-50_000);
      const found = /Naru listens on (\S+)/.exec(output);
      if (found === null) return;
      clearTimeout(timer);
      resolve(found[1]);
    });
  });
}

/** SIGTERM and patience; a node that had to be killed leaves its database running, which is ended next. */
async function end(child, ended, dataDir) {
  child.kill("SIGTERM");
  const inTime = await Promise.race([ended.then(() => true), pause(end_ms).then(() => false)]);
  if (!inTime) {
    child.kill("SIGKILL");
    await ended;
  }
  // Root's databases live elsewhere when the account that runs PostgreSQL cannot enter the temporary directory.
  const home = (await text(join(dataDir, "postgres.location")))?.trim() ?? join(dataDir, "postgres");
  await endDatabase(home);
  await rm(home, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}

async function endDatabase(home) {
  const pid = Number((await text(join(home, "cluster", "postmaster.pid")))?.split("\n")[0]);
  for (const deadline = Date.now() + end_ms; pid > 0 && Date.now() < deadline; await pause(100)) {
    try {
      process.kill(pid, "SIGINT");
    } catch {
      return;
    }
  }
}

/** `naru doctor` on the node's database: what it printed, and whether it found the books in order. */
async function doctor(env) {
  const child = spawn(process.execPath, [cli, "doctor"], { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { clean: code === 0, checked: output.match(/^ok /gm)?.length ?? 0, output };
}

function text(path) {
  return readFile(path, "utf8").catch(() => undefined);
}

function pause(duration_ms) {
  return new Promise((resolve) => setTimeout(resolve, duration_ms).unref());
}
