/** The `naru` command, as built. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "./support/client.ts";
import { createDatabase, type TestDatabase } from "./support/database.ts";
import { type ChildNode, environment, runCli, startChildNode, startTestNode } from "./support/node.ts";

let database: TestDatabase;
let node: ChildNode;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createDatabase();
  node = await startChildNode(environment(database));
  env = { ...environment(database), NARU_PORT: new URL(node.url).port };
});
afterAll(async () => {
  await node.end();
  await database.drop();
});

describe("naru", () => {
  it("prints the credentials of the running node", async () => {
    const { code, stdout } = await runCli(["credentials"], env);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { iamport: { impKey: "naru_sandbox_key" } }]);
  });

  it("deposits, repeats and takes back", async () => {
    const payment = await node.issue();
    const args = ["deposit", String(payment.vbank_num), "--name", "홍길동", "--notice-id", "cli-1"];
    const { code, stdout } = await runCli(args, env);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { outcome: "matched", depositorName: "홍길동" }]);
    expect(JSON.parse((await runCli(args, env)).stdout)).toMatchObject({ duplicate: true });
    const reversed = await runCli(["deposit", "reverse", "cli-1"], env);
    expect(JSON.parse(reversed.stdout)).toMatchObject({ outcome: "applied" });
  });

  it("says in one line what the bank refused, and exits 1", async () => {
    const payment = await node.issue();
    const { code, stderr } = await runCli(["deposit", String(payment.vbank_num), "--amount", "1"], env);
    expect([code, stderr]).toEqual([1, "naru: the bank refuses this transfer: amount_under\n"]);
  });

  it("shows the clock and moves it", async () => {
    const before = JSON.parse((await runCli(["clock"], env)).stdout);
    const after = JSON.parse((await runCli(["clock", "--advance", "P1D"], env)).stdout);
    expect(after.offset_s).toBe(before.offset_s + 86_400);
  });

  it("says that no node answers", async () => {
    const { code, stderr } = await runCli(["clock"], { ...env, NARU_PORT: "1" });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^naru: no node answers at .*\n$/)]);
  });

  it("finds a database up to date", async () => {
    expect(await runCli(["migrate"], env)).toMatchObject({ code: 0, stdout: "the database is up to date\n" });
  });

  it("migrates an empty database, once", async () => {
    const empty = await createDatabase();
    await empty.pool.query("DROP SCHEMA public CASCADE");
    await empty.pool.query("CREATE SCHEMA public");
    const both = await Promise.all([runCli(["migrate"], environment(empty)), runCli(["migrate"], environment(empty))]);
    const all = (await readdir(new URL("../migrations", import.meta.url))).sort().join(", ");
    expect(both.map((one) => one.stdout).sort()).toEqual([`applied ${all}\n`, "the database is up to date\n"]);
    await empty.pool.query("UPDATE migrations SET hash = 'other' WHERE version = 1");
    expect(await runCli(["migrate"], environment(empty))).toMatchObject({
      code: 1,
      stderr: "naru: 0001_books.sql was changed after it had been applied to this database\n",
    });
    await empty.drop();
  });

  it.skipIf(!existsSync("/dev/full"))("says in one line that its output cannot be written", async () => {
    const command = `"${process.execPath}" dist/cli/main.js credentials > /dev/full`;
    const run = promisify(execFile)("sh", ["-c", command], { env });
    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^naru: the output cannot be written: ENOSPC: .*\n$/),
    });
  });

  it("says that no database answers", async () => {
    const { code, stderr } = await runCli(["doctor"], { ...env, DATABASE_URL: "postgres://127.0.0.1:1/naru" });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^naru: the database cannot be reached: .*\n$/)]);
  });

  it("refuses a token that no header can hold, naming its setting", async () => {
    const { code, stderr } = await runCli(["clock"], { ...env, NARU_OPERATOR_TOKEN: "운영자의 비밀 토큰 열여섯 글자" });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^naru: NARU_OPERATOR_TOKEN may have .*\n$/)]);
    expect(stderr).not.toContain("비밀");
  });

  it.each([
    ["payments", "show", ""],
    ["events", "--after", ""],
    ["faults", "clear", "."],
  ])("refuses %s %s %j in one line", async (...args) => {
    expect(await runCli(args, env)).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(/^naru: .+\n$/) });
  });

  it("refuses a setting that cannot be, naming it", async () => {
    const { code, stderr } = await runCli(["start"], { ...env, NARU_PORT: "http" });
    expect([code, stderr]).toEqual([1, "naru: NARU_PORT must be a whole number from 0 to 65535\n"]);
  });
});

describe("naru doctor", () => {
  let sound: TestDatabase;

  beforeAll(async () => {
    sound = await createDatabase();
    const busy = await startTestNode({ database: sound });
    const paid = await busy.issue({ notice_url: "http://127.0.0.1:9/" });
    await busy.deposit(paid.vbank_num);
    await busy.issue();
    await eventually(async () => {
      const { deliveries } = await busy.timeline(paid.imp_uid);
      return deliveries.length === 2 && deliveries.every((one: { state: string }) => one.state === "exhausted");
    });
    await busy.stop();
    await sound.pool.end();
  });

  it("finds nothing wrong with sound books", async () => {
    const { code, stdout } = await runCli(["doctor"], env);
    expect([code, stdout]).toEqual([0, expect.not.stringContaining("BROKEN")]);
  });

  it.each([
    ["of an older version", "DELETE FROM migrations WHERE version > 1", /^0002_\w+\.sql$/],
    ["with no schema", "DROP SCHEMA public CASCADE; CREATE SCHEMA public", /^0001_\w+\.sql$/],
  ])("sends a database %s to be migrated", async (_, damage, first) => {
    const old = await createDatabase();
    await old.pool.query(damage);
    const { code, stdout, stderr } = await runCli(["doctor"], environment(old));
    const [, file] =
      /^naru: the database is not of this version \((\S+) is missing\); run `naru migrate`\n$/.exec(stderr) ?? [];
    expect([code, stdout, file]).toEqual([1, "", expect.stringMatching(first)]);
    await old.drop();
  });

  it.each([
    [
      "balances are the sums of their transfers",
      "UPDATE ledger_accounts SET debit = debit + 1 WHERE id = 'bank:sandbox'",
    ],
    ["the trial balance is zero", "UPDATE ledger_accounts SET debit = debit + 1 WHERE id = 'bank:sandbox'"],
    [
      "every paid payment has its funding fact",
      "UPDATE payments SET paid_amount = 0, state = 'paid' WHERE state = 'paid'",
    ],
    ["a one-time payment is paid exactly its amount", "UPDATE payments SET amount = 1 WHERE state = 'paid'"],
    ["refunds never exceed what was paid", "UPDATE payments SET refunded_amount = amount + 1 WHERE state = 'paid'"],
    ["each change of state has exactly one event", "DELETE FROM events WHERE type = 'payment.ready'"],
    ["every booked deposit has exactly its transfer", "DELETE FROM transfers"],
    ["suspense holds the suspended deposits", "UPDATE deposits SET state = 'suspended' WHERE state = 'matched'"],
    ["an account's state agrees with its payment's", "UPDATE virtual_accounts SET state = 'open'"],
    ["no number is lent out twice", "UPDATE pool_numbers SET available_from = '-infinity'"],
    ["every delivery that was made has its attempt", "UPDATE deliveries SET attempts = attempts + 1"],
    ["every row of a tenant belongs to a merchant", "UPDATE payments SET merchant_id = 'nobody'"],
    ["every announced event has its deliveries", "UPDATE payments SET notice_urls = notice_urls || '{http://x}'"],
    [
      "no notice of the sandbox bank is refused for good",
      "UPDATE sandbox_bank_transactions SET notified_at = NULL, failures = 6",
    ],
    ["what the sandbox bank moved is what the books hold", "UPDATE sandbox_bank_transactions SET amount = amount + 1"],
  ])("names what broke: %s", async (invariant, damage) => {
    const broken = await createDatabase(sound.name);
    await broken.pool.query(damage);
    const { code, stdout } = await runCli(["doctor"], environment(broken));
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^BROKEN {2}${invariant}`, "m"));
    await broken.drop();
  });
});
