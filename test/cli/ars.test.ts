/** `naru ars`, as built. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { addRow } from "../support/database.ts";
import { naru, startTestNode, type TestNode } from "../support/node.ts";

let node: TestNode;

beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node.stop());

/** Of the PG alone: no merchant ordered it. */
async function ring(id: string): Promise<void> {
  const decides_at = new Date(Date.now() + 600_000);
  const call = { key: `op_${id}`, transaction_id: id, kind: "call", declined: "unanswered", decides_at };
  await addRow(node.database, "sandbox_pg_orders", call);
}

it("calls that ring are listed, and answered", async () => {
  expect(await naru(node, "ars")).toMatchObject({ code: 0, stdout: "no call rings\n" });
  await ring("ars_1");
  await ring("ars_2");
  const { stdout } = await naru(node, "ars");
  expect(stdout).toMatch(/^call +since +until$/m);
  expect(stdout).toMatch(/^ars_1 .*\nars_2 /m);
  const { code, stdout: answered } = await naru(node, "ars", "answer", "ars_1", "wrong");
  expect([code, JSON.parse(answered)]).toMatchObject([0, { id: "ars_1", answer: "wrong" }]);
  expect((await naru(node, "ars")).stdout).not.toContain("ars_1");
});

it.each([
  [["answer", "ars_1", "right"], /^naru: the call ars_1 is over\n$/],
  [["answer", "ars_none", "right"], /^naru: there is no call ars_none\n$/],
  [["answer", "ars_2", "maybe"], /^naru: answer must be .*right.*\n$/],
  [["answer", "ars_2"], /^naru: missing required argument 'answer'\n$/],
])("%j is refused in one line", async (args, message) => {
  expect(await naru(node, "ars", ...args)).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
});
