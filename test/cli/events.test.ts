/** `naru events`, as built. */
import { describe, expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { createDatabase } from "../support/database.ts";
import { type CliRun, naru, settingsFor, startCli, startTestNode } from "../support/node.ts";
import { useNode } from "../support/scenario.ts";

const node = useNode();

/** A paid order, once all of it can be followed. */
async function paidOrder(name: string) {
  const issued = await node.issue({ amount: 1_234_000 });
  await node.deposit(issued.vbank_num, { depositorName: name });
  await eventually(async () => {
    const { body } = await node.get<{ events: { type: string; payment: { wireId: string } | null }[] }>(
      "/naru/v1/events?last=1",
    );
    return body.events[0]?.type === "payment.paid" && body.events[0].payment?.wireId === issued.imp_uid;
  });
  return issued;
}

describe("naru events", () => {
  it("shows the last, a line each, under each other", async () => {
    const issued = await paidOrder("남궁민수");
    const { code, stdout } = await naru(node, "events", "--last", "3");
    expect(code).toBe(0);
    const order = `${issued.imp_uid} {2}${issued.merchant_uid}`;
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(
        new RegExp(`^\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d {2}payment.ready {4}₩1,234,000 {2}${order}$`),
      ),
      expect.stringMatching(new RegExp(`deposit.matched {2}₩1,234,000 {2}${order} {2}남궁민수 · 신한$`)),
      expect.stringMatching(new RegExp(`payment.paid {5}₩1,234,000 {2}${order}$`)),
      "",
    ]);
  });

  it("tells the time of where it runs", async () => {
    const issued = await paidOrder("홍길동");
    const { events } = await node.timeline(issued.imp_uid);
    const inSeoul = new Date(Date.parse(events.at(-1).at) + 9 * 3_600_000).toISOString();
    const { stdout } = await naru(node, "events", "--last", "1");
    expect(stdout.slice(0, 14)).toBe(inSeoul.slice(5, 19).replace("T", " "));
  });

  it("gives one JSON object per line, and goes on where it said", async () => {
    await paidOrder("홍길동");
    const before = await naru(node, "events", "--last", "2", "--json");
    expect(
      before.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line).type),
    ).toEqual(["deposit.matched", "payment.paid"]);
    const cursor = /--after (\S+)/.exec(before.stderr)![1]!;
    const issued = await paidOrder("홍길동");
    const after = await naru(node, "events", "--after", cursor, "--json");
    const seen = after.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(seen.map((event) => event.type)).toEqual(["payment.ready", "deposit.matched", "payment.paid"]);
    expect(seen[0].payment).toMatchObject({ wireId: issued.imp_uid, reference: issued.merchant_uid });
  });

  it.each([
    [["--last", "0"], "option '-n, --last <count>' argument '0' is invalid. It must be a whole number from 1 to 500."],
    [["--after", "nonsense"], "after is no cursor: nonsense"],
    [["--lasst", "3"], "unknown option '--lasst' (Did you mean --last?)"],
  ])("refuses %j in one line", async (args, message) => {
    expect(await naru(node, "events", ...args)).toEqual({ code: 1, stdout: "", stderr: `naru: ${message}\n` });
  });
});

describe("naru events --follow", () => {
  it("goes on over a restart of the node, and ends well", async () => {
    const database = await createDatabase();
    const mine = await startTestNode({ database });
    const first = await mine.issue();
    const following = startCli(["events", "--follow", "--last", "5"], settingsFor(mine));
    await eventually(async () => following.stdout.includes(String(first.imp_uid)));
    const second = await mine.issue();
    await eventually(async () => following.stdout.includes(String(second.imp_uid)));

    const { port } = new URL(mine.url);
    const again = await stopAndStart();
    const third = await again.issue();
    await eventually(async () => following.stdout.includes(String(third.imp_uid)));
    following.child.kill("SIGINT");
    const { code, stdout, stderr } = await following.ended;
    await again.stop();
    await database.drop();
    expect(code).toBe(0);
    for (const { imp_uid } of [first, second, third]) expect(stdout.split(`${imp_uid}`)).toHaveLength(2);
    expect(stderr.split("\n")).toEqual([
      expect.stringMatching(/^naru: no node answers at .* Waiting for it …$/),
      "naru: the node is back",
      "",
    ]);

    async function stopAndStart() {
      await mine.stop();
      await eventually(async () => following.stderr !== "");
      return startTestNode({ database, env: { NARU_PORT: port } });
    }
  });

  it("ends when nobody reads on, as `head` does not", async () => {
    await paidOrder("홍길동");
    const following = startCli(["events", "--follow"], settingsFor(node));
    await eventually(async () => following.stdout !== "");
    following.child.stdout!.destroy();
    let end: CliRun | undefined;
    void following.ended.then((run) => {
      end = run;
    });
    await eventually(async () => {
      await node.issue();
      return end !== undefined;
    });
    expect([end!.code, end!.stderr]).toEqual([0, ""]);
  });

  it("does not wait for a node that was never there", async () => {
    const { code, stderr } = await naru({ url: "http://127.0.0.1:1" }, "events", "--follow");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^naru: no node answers at .*\n$/)]);
  });
});
