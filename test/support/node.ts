/** Nodes under test: in this process, or as a process of its own that can be killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { expect } from "vitest";
import { readConfig } from "../../src/config.ts";
import { Secrets } from "../../src/core/secrets.ts";
import { startNode } from "../../src/main.ts";
import { Client } from "./client.ts";
import { createDatabase, type TestDatabase } from "./database.ts";

const masterKey = "6e617275".repeat(8);

const secrets = new Secrets(Buffer.from(masterKey, "hex"));

/** How the sandbox bank's own records name the account that a refund went to. */
export function payeeHash(bankCode: unknown, number: unknown): string {
  return secrets.blindIndex("sandbox bank", `${bankCode} ${number}`);
}

/** The settings of a node on this database, on a port of its own choice. */
export function environment(database: Pick<TestDatabase, "url">): Record<string, string> {
  return { DATABASE_URL: database.url, NARU_MASTER_KEY: masterKey, NARU_PORT: "0", NARU_LOG_LEVEL: "warn" };
}

/** For a node whose addresses are followed: it names its port in them before it listens. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface TestNode extends Client {
  database: TestDatabase;
  /** Fails with the breach if an invariant does not hold. */
  expectClean(): Promise<void>;
  stop(): Promise<void>;
}

export interface NodeOptions {
  database?: TestDatabase;
  env?: Record<string, string>;
  /** Hears each line of its log, at every level. */
  onLog?: (line: string) => void;
}

/** A node in this process; without a database to join it gets one of its own. */
export async function startTestNode(options: NodeOptions = {}): Promise<TestNode> {
  const database = options.database ?? (await createDatabase());
  const config = readConfig({ ...environment(database), ...options.env });
  const { onLog } = options;
  const log =
    onLog === undefined
      ? pino({ level: process.env.NARU_TEST_LOG ?? "silent" })
      : pino({ level: "trace" }, { write: onLog });
  const node = await startNode(config, log, (error) => {
    throw error;
  });
  return Object.assign(new Client(node.url), {
    database,
    async expectClean() {
      expect((await node.checkInvariants()).breaches).toEqual([]);
    },
    async stop() {
      await node.stop();
      if (options.database === undefined) await database.drop();
    },
  });
}

const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface ChildNode extends Client {
  child: ChildProcess;
  /** What it has logged so far. */
  logged(): string;
  /** kill -9, and the end of the process. */
  kill(): Promise<void>;
  /** SIGTERM, and the end of the process. */
  end(): Promise<void>;
}

const ready_ms = 20_000;
/** Of a node's log, its end is kept. */
const log_characters = 5_000_000;

/** A node as a process of its own, from the built package. Ready when this resolves. */
export async function startChildNode(
  env: Record<string, string>,
  { cli: command = cli, ...spawnOptions }: { cwd?: string; uid?: number; gid?: number; cli?: string | undefined } = {},
): Promise<ChildNode> {
  const child = spawn(process.execPath, [command, "start"], {
    env: { PATH: process.env.PATH ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...spawnOptions,
  });
  let errors = "";
  child.stderr!.on("data", (chunk) => {
    errors = (errors + chunk).slice(-log_characters);
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let output = "";
    const timer = setTimeout(
      () => reject(new Error(`the node is not ready after ${ready_ms} ms\n${errors}`)),
      ready_ms,
    );
    child.once("exit", (code) => reject(new Error(`the node ended with ${code}\n${errors}`)));
    child.stdout!.on("data", (chunk) => {
      output += chunk;
      const found = /Naru listens on (\S+)/.exec(output);
      if (found === null) return;
      clearTimeout(timer);
      resolve(found[1]!);
    });
  }).catch((error) => {
    child.kill("SIGKILL");
    throw error;
  });
  return Object.assign(new Client(url), {
    child,
    logged: () => errors,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    async end() {
      child.kill("SIGTERM");
      await ended;
    },
  });
}

export interface CliRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A `naru` command that is under way: what it wrote so far, and what it will have written in the end. */
export interface StartedCli {
  child: ChildProcess;
  stdout: string;
  stderr: string;
  ended: Promise<CliRun>;
}

export function startCli(args: string[], env: Record<string, string>): StartedCli {
  const child = spawn(process.execPath, [cli, ...args], { env: { PATH: process.env.PATH ?? "", ...env } });
  const ended = new Promise<CliRun>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout: started.stdout, stderr: started.stderr }));
  });
  const started: StartedCli = { child, stdout: "", stderr: "", ended };
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    started.stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk) => {
    started.stderr += chunk;
  });
  return started;
}

/** Runs a `naru` command to its end. */
export function runCli(args: string[], env: Record<string, string>): Promise<CliRun> {
  return startCli(args, env).ended;
}

/** The settings by which a command finds this node. */
export function settingsFor(node: Pick<Client, "url">): Record<string, string> {
  return { NARU_PORT: new URL(node.url).port, TZ: "Asia/Seoul" };
}

/** Runs a `naru` command at this node. */
export function naru(node: Pick<Client, "url">, ...args: string[]): Promise<CliRun> {
  return runCli(args, settingsFor(node));
}
