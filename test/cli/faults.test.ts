/** `naru faults`, as built. */
import { expect, it } from "vitest";
import { naru } from "../support/node.ts";
import { useNode } from "../support/scenario.ts";

const node = useNode();

it("faults are armed, shown and cleared", async () => {
  expect((await naru(node, "faults")).stdout).toMatch(/^no fault is armed\n/);
  const armed = await naru(node, "faults", "arm", "refund-refused", "--count", "2");
  expect([armed.code, armed.stdout]).toEqual([0, expect.stringMatching(/^refund-refused +the next 2\b/m)]);
  await naru(node, "faults", "arm", "receipt-refused");
  const paid = await node.paid();
  expect((await node.cancel({ imp_uid: paid.imp_uid })).body.code).not.toBe(0);
  const shown = await naru(node, "faults");
  expect(shown.stdout).toMatch(/^refund-refused +the next 1\b/m);
  expect(shown.stdout).toMatch(/^receipt-refused +the next 1\b/m);
  expect((await naru(node, "faults", "clear")).stdout).toBe("no fault is armed\n");
  expect((await node.cancel({ imp_uid: paid.imp_uid })).body.code).toBe(0);
});

it("each fault that there is is told with what it does", async () => {
  const { body } = await node.get<{ known: { fault: string; about: string; codes: string[] | null }[] }>(
    "/naru/v1/sandbox/faults",
  );
  const { stdout } = await naru(node, "faults");
  expect(body.known.length).toBeGreaterThan(10);
  const lines = stdout.split("\n").map((line) => line.split(/ {2,}/));
  const told = body.known.map(({ fault, about, codes }) => [fault, codes ? `${about}: ${codes.join(" ")}` : about]);
  expect(lines).toEqual(expect.arrayContaining(told));
});

it("a fault that answers with an error is armed with its code", async () => {
  const armed = await naru(node, "faults", "arm", "kakao-moment-error", "--code=-603");
  expect(armed.stdout).toMatch(/^kakao-moment-error -603 +the next 1 /m);
  const authorization = "Bearer naru_sandbox_business_token";
  const { status, body } = await node.get<{ code: number }>("/openapi/v4/adAccounts/pages", { authorization });
  expect([status, body.code]).toEqual([400, -603]);
  const other = await naru(node, "faults", "arm", "kakao-moment-error", "--code", "KOE101");
  expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/^naru: code of .+ may be -603, -1, .+\n$/)]);
  await naru(node, "faults", "clear");
});

it("a chance is told with its seed, so that it can be armed again, and one fault is cleared alone", async () => {
  const armed = await naru(node, "faults", "arm", "webhook-500", "--chance", "0.25");
  const [, seed] = /^webhook-500 +chance 0\.25, seed (\d+) /m.exec(armed.stdout)!;
  const late = await naru(node, "faults", "arm", "notice-late", "--chance", "0.5", "--seed", seed!, "--delay", "2");
  expect(late.stdout).toMatch(new RegExp(`^notice-late +chance 0\\.5, seed ${seed} +2 s `, "m"));
  const left = await naru(node, "faults", "clear", "webhook-500");
  expect(left.stdout).not.toContain("webhook-500");
  expect(left.stdout).toMatch(/^notice-late /m);
  expect((await naru(node, "faults", "clear")).stdout).toBe("no fault is armed\n");
});

it.each([
  [["arm", "nonsense"], /^naru: .+\n$/],
  [["arm", "refund-refused", "--count", "-1"], /^naru: option '-c, --count <times>' argument '-1' is invalid\..*\n$/],
  [["arm", "refund-refused", "--count", "99999999"], /^naru: count must be <= \d+\n$/],
])("%j is refused in one line", async (args, message) => {
  expect(await naru(node, "faults", ...args)).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(message) });
});
