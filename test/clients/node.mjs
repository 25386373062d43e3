import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const key = "naru_sandbox_key";
export const secret = "naru_sandbox_secret";

const cli = process.env.NARU_CLI ?? fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** A sandbox node with an empty database on a free port. It ends, and leaves nothing behind, with `stop` or a signal. */
export async function startNode() {
  assert.ok(existsSync(cli), `Naru is not built, ${cli} is missing: run "npm run build" at the root of the project`);
  const directory = await mkdtemp(join(tmpdir(), "naru-clients-"));
  // Where root runs this, the embedded PostgreSQL is of another account and has to reach its files.
  await chmod(directory, 0o755);
  const settings = Object.entries(process.env).filter(([name]) => !name.startsWith("NARU_") && name !== "DATABASE_URL");
  const child = spawn(process.execPath, [cli, "start"], {
    env: { ...Object.fromEntries(settings), NARU_PORT: "0", NARU_DATA_DIR: directory },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");

  async function stop() {
    child.kill("SIGTERM");
    const [code] = await ended;
    await rm(directory, { recursive: true, force: true });
    return code;
  }
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => stop().then(() => process.exit(1)));
  // Whoever read this process may be gone while it cleans up.
  process.stdout.on("error", () => {});

  let said = "";
  const url = await new Promise((resolve) => {
    child.stderr.on("data", (chunk) => {
      said += chunk;
    });
    child.stdout.on("data", (chunk) => {
      said += chunk;
      const greeting = /Naru listens on (\S+)/.exec(said);
      if (greeting) resolve(greeting[1]);
    });
    child.once("exit", () => resolve(undefined));
  });
  if (url === undefined) {
    await stop();
    assert.fail(`the node did not start:\n${said}`);
  }

  return {
    url,

    /** A customer transfers what the account waits for. */
    async deposit(accountNumber) {
      const response = await fetch(`${url}/naru/v1/sandbox/deposits`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ accountNumber, depositorName: "홍길동" }),
      });
      assert.ok(response.ok, `the deposit was refused: ${await response.text()}`);
    },

    async stop() {
      assert.equal(await stop(), 0, `the node did not end well:\n${said}`);
    },
  };
}

let orders = 0;

/** What is enough to issue an account, with an order id that no other order has. */
export function order(fields = {}) {
  orders += 1;
  return {
    merchant_uid: `order-${orders}`,
    amount: 10_000,
    vbank_code: "088",
    vbank_due: Math.floor(Date.now() / 1000) + 86_400,
    vbank_holder: "나루상점",
    ...fields,
  };
}

export const refund = { refund_holder: "홍길동", refund_bank: "004", refund_account: "110-234-567890" };

/** The fields that are expected, and their types, are those of `actual`; others do not matter. */
export function assertFields(actual, expected) {
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((field) => [field, actual[field]])), expected);
}
