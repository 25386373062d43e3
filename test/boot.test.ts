/** A node starts wherever a developer happens to be: with its own database, on a machine that has only Node. */
import { spawnSync } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { type ChildNode, runCli, startChildNode } from "./support/node.ts";

const project = fileURLToPath(new URL("..", import.meta.url));
const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

const made: string[] = [];
let node: ChildNode | undefined;

afterEach(async () => {
  await node?.end();
  node = undefined;
  for (const path of made.splice(0)) await rm(path, { recursive: true, force: true });
});

async function directory(parent: string, mode: number): Promise<string> {
  const path = await mkdtemp(join(parent, "naru-boot-"));
  made.push(path);
  await chmod(path, mode);
  return path;
}

function settings(dataDir: string, more: Record<string, string> = {}): Record<string, string> {
  return { NARU_PORT: "0", NARU_LOG_LEVEL: "info", NARU_DATA_DIR: dataDir, ...more };
}

/** Takes a payment through, stops in order, starts again and finds it. */
async function expectWorks(
  env: Record<string, string>,
  spawnOptions: Parameters<typeof startChildNode>[1] = {},
): Promise<void> {
  node = await startChildNode(env, spawnOptions);
  const payment = await node.issue();
  expect((await node.deposit(payment.vbank_num)).body).toMatchObject({ outcome: "matched" });
  await node.end();
  node = await startChildNode(env, spawnOptions);
  expect(await node.payment(payment.imp_uid)).toMatchObject({ status: "paid" });
  await node.end();
  node = undefined;
}

describe("a node with its own database starts", () => {
  it("where nothing says which language it is", async () => {
    await expectWorks(settings(join(await directory(tmpdir(), 0o755), "data")));
  });

  it("where everything is Korean", async () => {
    const korean = { LANG: "ko_KR.UTF-8", LC_ALL: "ko_KR.UTF-8", TZ: "Asia/Seoul" };
    await expectWorks(settings(join(await directory(tmpdir(), 0o755), "data"), korean));
  });

  it("under a path of more than 150 characters", async () => {
    const long = join(await directory(tmpdir(), 0o755), "나루".repeat(10), "x".repeat(120), "data");
    await mkdir(long, { recursive: true });
    await expectWorks(settings(long));
  });

  it.runIf(isRoot)("as root, in a home that nobody else may enter", async () => {
    const home = await directory(homedir(), 0o700);
    await expectWorks(settings(join(home, ".naru"), { HOME: home }), { cwd: home });
    expect((await stat(join(home, ".naru", "master.key"))).mode & 0o777).toBe(0o600);
    // The database lies elsewhere, where the account it runs as may go.
    made.push((await readFile(join(home, ".naru", "postgres.location"), "utf8")).trim());
  });

  it.runIf(isRoot)("as a user without privileges", async () => {
    const home = await directory(tmpdir(), 0o700);
    const cli = await cliFor(home);
    spawnSync("chown", ["-R", `${nobody}:${nobody}`, home]);
    const env = settings(join(home, "data"), { HOME: home });
    await expectWorks(env, { cwd: home, uid: nobody, gid: nobody, cli });
  });
});

describe("two nodes on one data directory", () => {
  it("are one too many, and the second says which is the first", async () => {
    const env = settings(join(await directory(tmpdir(), 0o755), "data"));
    node = await startChildNode(env);
    const second = await runCli(["start"], env);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(String(node.child.pid));
    expect((await runCli(["doctor"], env)).code).toBe(0);
  });
});

/** The built command, copied where that user can read it if the project lies where it cannot. */
async function cliFor(home: string): Promise<string | undefined> {
  const reachable = spawnSync("test", ["-r", join(project, "dist/cli/main.js")], { uid: nobody, gid: nobody });
  if (reachable.status === 0) return undefined;
  const copy = join(home, "naru");
  for (const part of ["dist", "migrations", "package.json", "node_modules"]) {
    await cp(join(project, part), join(copy, part), { recursive: true });
  }
  return join(copy, dirname("dist/cli/main.js"), "main.js");
}
