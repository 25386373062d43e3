/** `naru seed-demo`, as built. */
import { expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { naru, runCli, settingsFor, type TestNode } from "../support/node.ts";
import { useNode, useReceiver, withNode } from "../support/scenario.ts";

const node = useNode();
const shop = useReceiver();

/** What the books hold of a seed: by order, without ids and times. */
async function bookedBy(of: TestNode, seed: number): Promise<object[]> {
  const { rows } = await of.database.pool.query(
    `SELECT reference, provider, p.state, p.amount, refunded_amount, cash_receipt_issued, name, buyer, bank_code
     FROM payments p JOIN virtual_accounts a ON a.payment_id = p.id WHERE reference LIKE $1 ORDER BY length(reference), reference`,
    [`demo${seed}n%`],
  );
  return rows;
}

it("makes payments of every kind, the same for a seed, once", async () => {
  const { code, stdout, stderr } = await naru(
    node,
    "seed-demo",
    "--payments",
    "120",
    "--seed",
    "49",
    "--notice-url",
    shop.url,
  );
  // A slow machine is told how far it is.
  expect([code, stderr]).toEqual([0, expect.stringMatching(/^(naru: \d+ of 120 payments\n)*$/)]);
  expect(stdout).toMatch(/^120 payments of seed 49 in [\d.]+ s, \d+ a second\n[\d,]+ calls, [\d,]+ a second\n/);
  const counts = [...stdout.matchAll(/^ +(\d+) {2}(.+)$/gm)].map(([, many, what]) => [what!, Number(many)] as const);
  const suspended = Object.fromEntries(counts)["deposits in suspense"]!;
  expect(counts.reduce((sum, [, many]) => sum + many, 0) - suspended).toBe(120);

  const booked = await bookedBy(node, 49);
  const states = (booked as { state: string }[]).map(({ state }) => state);
  expect(booked).toHaveLength(120);
  expect([...new Set(states)].sort()).toEqual(["cancelled", "closed", "paid", "ready"]);
  expect(states.filter((state) => state === "paid" || state === "cancelled").length).toBeGreaterThan(120 * 0.6);
  const { rows } = await node.database.pool.query("SELECT DISTINCT reason FROM deposits WHERE state = 'suspended'");
  expect(rows.map(({ reason }) => reason)).toEqual(
    expect.arrayContaining(["already_paid", "amount_under", "unknown_account"]),
  );
  await eventually(async () => shop.received.length > 120);

  const again = await naru(node, "seed-demo", "--payments", "120", "--seed", "49");
  expect(again).toEqual({
    code: 1,
    stdout: "",
    stderr: "naru: the payments of seed 49 are there already; choose another --seed\n",
  });
  await withNode({}, async (other) => {
    expect((await naru(other, "seed-demo", "--payments", "60", "--seed", "49", "--concurrency", "3")).code).toBe(0);
    expect(await bookedBy(other, 49)).toEqual(booked.slice(0, 60));
  });
});

it("makes one", async () => {
  const { code, stdout } = await naru(node, "seed-demo", "--payments", "1");
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^1 payments of seed \d+ in /)]);
});

it("says what failed, and fails", async () => {
  await node.arm("refund-refused", 1_000);
  const { code, stdout, stderr } = await naru(node, "seed-demo", "--payments", "100", "--seed", "8");
  await node.request("DELETE", "/naru/v1/sandbox/faults", { headers: { "content-type": "application/json" } });
  const [, failed] = /naru: (\d+) payments failed:\nnaru: {3}\d+ × POST \/payments\/cancel: .+\n$/.exec(stderr)!;
  expect([code, stdout]).toEqual([1, expect.stringMatching(`^${100 - Number(failed)} payments of seed 8 in `)]);
  expect(stdout).toMatch(new RegExp(`^ +${failed} {2}failed$`, "m"));
});

it("takes a new token when one ends before its time", async () => {
  await node.arm("token-expired");
  const { code, stdout } = await naru(node, "seed-demo", "--payments", "20", "--seed", "9", "--concurrency", "1");
  await node.disarm();
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^20 payments of seed 9 /)]);
});

it("counts deposits that the node is told of later, which are no failures", async () => {
  await node.arm("notice-lost", 3);
  const { code, stdout } = await naru(node, "seed-demo", "--payments", "40", "--seed", "10");
  await node.disarm();
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^40 payments of seed 10 /)]);
  expect(stdout).toMatch(/^ +3 {2}with a deposit that the node is told of later$/m);
});

it("is for sandbox mode alone", async () => {
  const NARU_OPERATOR_TOKEN = "operator-token-0001";
  await withNode({ env: { NARU_MODE: "live", NARU_OPERATOR_TOKEN } }, async (live) => {
    const run = await runCli(["seed-demo"], { ...settingsFor(live), NARU_OPERATOR_TOKEN });
    expect(run).toEqual({
      code: 1,
      stdout: "",
      stderr: "naru: the node is in live mode; demo payments are made in sandbox mode alone\n",
    });
  });
});

it("refuses what it cannot make", async () => {
  const { code, stderr } = await naru(node, "seed-demo", "--payments", "100001");
  expect([code, stderr]).toEqual([
    1,
    "naru: option '-n, --payments <count>' argument '100001' is invalid. It must be a whole number from 1 to 100000.\n",
  ]);
});
