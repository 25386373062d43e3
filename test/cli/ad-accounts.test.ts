/** `naru ad-accounts` and `naru users`, and how other commands tell of a top-up, as built. */
import { describe, expect, it } from "vitest";
import { eventsShown } from "../support/database.ts";
import { naru } from "../support/node.ts";
import { type MerchantAnswer, useNode } from "../support/scenario.ts";

const node = useNode();
const demo = "mer_naru_sandbox_key";
const bearer = { authorization: "Bearer naru_sandbox_business_token" };

interface Parsed {
  number: number;
  user: { number: number };
  signInCode: string;
  members: object[];
}

/** What a command prints as JSON, which it must succeed in. */
async function printed(...args: string[]): Promise<Parsed> {
  const { code, stdout, stderr } = await naru(node, ...args);
  expect([args, code, stderr]).toEqual([args, 0, expect.any(String)]);
  return JSON.parse(stdout);
}

/** A line's columns. */
function columnsOf(stdout: string, first: number): string[] | undefined {
  const lines = stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
  return lines.find(([number]) => number === String(first));
}

it("a top-up is told of as payments are, with the ad account that has the money", async () => {
  const { body } = await node.post<{ accountNumber: string }>(
    "/openapi/v4/billing/virtualAccount",
    { adAccountId: 12_345, amount: 30_000, bankCode: "88" },
    { ...bearer, adAccountId: "12345" },
  );
  await naru(node, "deposit", body.accountNumber, "--name", "홍길동");
  const { stdout: list } = await naru(node, "payments");
  const [, wireId] = /₩30,000 {2}(12345-\d+) {2}나루 광고계정$/m.exec(list) ?? [];
  expect(wireId).toBeDefined();

  const { stdout } = await naru(node, "payments", "show", wireId!);
  const [head, story] = stdout.split("\n\n") as [string, string];
  expect(head).toMatch(`${wireId}  paid  ₩30,000\n`);
  expect(head).toMatch(/^account +신한 \d+ \(\(주\)카카오\), used, until /m);
  const told = story
    .trim()
    .split("\n")
    .map((line) => line.slice(16).replace(/ {2,}/g, " | "));
  expect(told).toEqual([
    "call | POST /openapi/v4/billing/virtualAccount | answered 200",
    "event | payment.ready | ₩30,000",
    expect.stringMatching(/^bank \| matched \| credit of ₩30,000 at 신한 from 홍길동 \(.+\)$/),
    "books | deposit | ₩30,000 from bank:sandbox to ad-account:12345",
    "event | deposit.matched | ₩30,000 · 홍길동 · 신한",
    "event | payment.paid | ₩30,000",
  ]);
  expect(columnsOf((await naru(node, "ad-accounts")).stdout, 12_345)?.[3]).toBe("₩30,000");
  await eventsShown(node.database);
  const { stdout: events } = await naru(node, "events", "--last", "500");
  expect(events).toMatch(/ad-account\.made +12346 +나루 공동 광고계정 · off$/m);
  expect(events).toMatch(new RegExp(`payment\\.paid +₩30,000 +${wireId}$`, "m"));
});

describe("of the only merchant, which need not be named,", () => {
  it("users are made, listed, changed and taken an app away from", async () => {
    const made = await naru(node, "users", "create", "박나루", "--number", "2001", "--no-business");
    const { user, signInCode } = JSON.parse(made.stdout) as Parsed;
    expect(user).toMatchObject({ number: 2_001, name: "박나루", business: false, restricted: false });
    expect(made.stderr).toBe("naru: the sign-in code is stored hashed: this is the only time it is shown\n");

    const changed = await naru(node, "users", "set", "2001", "--restricted", "--business", "--name", "새 이름");
    expect(JSON.parse(changed.stdout)).toMatchObject({ user: { name: "새 이름", business: true, restricted: true } });
    expect([changed.stderr, changed.stdout]).toEqual(["", expect.not.stringContaining("signInCode")]);
    const renewed = await printed("users", "set", "2001", "--new-sign-in-code", "--no-restricted");
    expect(renewed).toMatchObject({ user: { restricted: false }, signInCode: expect.stringMatching(/^[\w-]{24}$/) });
    expect(renewed.signInCode).not.toBe(signInCode);

    await printed("users", "set", "2001", "--restricted");
    const { stdout } = await naru(node, "users");
    expect(stdout.split("\n")[0]!.trim().split(/ {2,}/)).toEqual(["number", "name", "restricted", "business", "made"]);
    expect(columnsOf(stdout, 2_001)).toEqual(["2001", "새 이름", "yes", "yes", expect.any(String)]);
    const lines = (await naru(node, "users", "--json")).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).number)).toEqual([1_001, 1_002, 2_001]);

    const unlinked = await naru(node, "users", "unlink", "1001", "naru_sandbox_rest_api_key");
    expect(unlinked).toEqual({ code: 0, stdout: "1 token is void\n", stderr: "" });
    expect((await node.get("/v1/business/tokeninfo", bearer)).status).toBe(400);
    const again = await naru(node, "users", "unlink", "1001", "naru_sandbox_rest_api_key");
    expect(again.stdout).toBe("0 tokens are void\n");
  });

  it("ad accounts are made, listed, shown and changed", async () => {
    const members = ["--member", "1001=master", "--member", "1002=member"];
    const made = await printed(
      "ad-accounts",
      "create",
      "새 계정",
      "--number",
      "777",
      ...members,
      "--free-cash",
      "5000",
    );
    const inTurn = [
      { user: 1_001, role: "master" },
      { user: 1_002, role: "member" },
    ];
    expect(made).toMatchObject({ number: 777, name: "새 계정", state: "on", freeCash: 5_000, members: inTurn });

    const listed = (await naru(node, "ad-accounts")).stdout;
    expect(columnsOf(listed, 777)).toEqual(["777", "새 계정", "on", "₩0", "₩5,000", "1001=master 1002=member"]);
    expect(columnsOf(listed, 12_346)).toEqual(["12346", "나루 공동 광고계정", "off", "₩0", "1001=member 1002=master"]);
    const lines = (await naru(node, "ad-accounts", "--json")).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).number)).toEqual([777, 12_345, 12_346, 12_347]);

    const stopped = await printed("ad-accounts", "set", "777", "--stop", "--state", "off", "--free-cash", "0");
    expect(stopped).toMatchObject({ state: "off", stopped: true, freeCash: 0, members: inTurn });
    expect(columnsOf((await naru(node, "ad-accounts")).stdout, 777)?.[2]).toBe("off, stopped");
    await eventsShown(node.database);
    const events = (await naru(node, "events")).stdout;
    expect(events).toMatch(/ad-account\.made +777 +새 계정 · on · ₩5,000 free$/m);
    expect(events).toMatch(/ad-account\.changed +777 +새 계정 · off · stopped$/m);
    const handed = await printed(
      "ad-accounts",
      "set",
      "777",
      "--member",
      "1002=master",
      "--no-stop",
      "--name",
      "남의 것",
    );
    expect(handed).toMatchObject({ stopped: false, name: "남의 것", members: [{ user: 1_002, role: "master" }] });
    expect((await printed("ad-accounts", "set", "777", "--no-members")).members).toEqual([]);

    const shown = await naru(node, "ad-accounts", "show", "777");
    expect(shown.stdout).toMatch(
      /^777 {2}off\nname +남의 것\nmerchant +mer_naru_sandbox_key\ncash +₩0, out of balance\n/,
    );
    expect(shown.stdout).toMatch(/^members +nobody$/m);
    expect(await printed("ad-accounts", "show", "777", "--json")).toEqual(
      (await node.get(`/naru/v1/merchants/${demo}/ad-accounts/777`)).body,
    );
  });
});

it.each([
  [["ad-accounts", "create"], "missing required argument 'name'"],
  [["ad-accounts", "create", "x", "--number", "12345"], "there is another ad account 12345"],
  [["ad-accounts", "create", "x", "--number", "0"], "number must be >= 1"],
  [["ad-accounts", "create", "x", "--free-cash", "1.5"], "freeCash must be integer"],
  [["ad-accounts", "create", "x", "--member", "77=master"], "members has 77, who is no user of this merchant"],
  [["ad-accounts", "create", "x", "--member", "1001=boss"], "members.0.role must be master, member"],
  [
    ["ad-accounts", "create", "x", "--member", "1001"],
    "option '--member <user=role>' argument '1001' is invalid. It must be a user and a role such as 1001=master.",
  ],
  [["ad-accounts", "set", "12345"], "say what to change; see --help"],
  [
    ["ad-accounts", "set", "12345", "--state", "paused"],
    "option '--state <state>' argument 'paused' is invalid. It must be on, off, deleted.",
  ],
  [["ad-accounts", "set", "4", "--stop"], "the merchant has no ad account 4"],
  [["ad-accounts", "show", "4"], "the merchant has no ad account 4"],
  [["ad-accounts", "show", "12345", "--merchant", "mer_nobody"], "there is no merchant mer_nobody"],
  [
    ["ad-accounts", "show", "x"],
    `command-argument value 'x' is invalid for argument 'number'. It must be a whole number from 1 to ${Number.MAX_SAFE_INTEGER}.`,
  ],
  [["users", "create", "x", "--number", "1001"], "there is another user 1001"],
  [["users", "set", "1001"], "say what to change; see --help"],
  [["users", "set", "4", "--restricted"], "the merchant has no user 4"],
  [["users", "unlink", "1001", "nothing"], "the merchant has no app nothing"],
  [["users", "list", "--merchant", ""], "option '-m, --merchant <id>' argument is empty"],
])("%j is refused in one line", async (args, message) => {
  expect(await naru(node, ...args)).toEqual({ code: 1, stdout: "", stderr: `naru: ${message}\n` });
});

it("of several merchants one must be named", async () => {
  const { body } = await node.post<MerchantAnswer>("/naru/v1/merchants", { name: "다른상점" });
  const { id } = body.merchant;
  const message = "there are several merchants: give one by --merchant, as `naru merchants` lists them";
  for (const args of [["users"], ["ad-accounts", "show", "12345"], ["users", "create", "x"]]) {
    expect(await naru(node, ...args)).toEqual({ code: 1, stdout: "", stderr: `naru: ${message}\n` });
  }
  expect(await naru(node, "users", "--merchant", id)).toEqual({ code: 0, stdout: "no users\n", stderr: "" });
  expect((await naru(node, "ad-accounts", "-m", id)).stdout).toBe("no ad accounts\n");
  const { user } = await printed("users", "create", "김나루", "--merchant", id);
  const { number } = await printed("ad-accounts", "create", "계정", "-m", id, "--member", `${user.number}=master`);
  expect(columnsOf((await naru(node, "ad-accounts", "-m", id)).stdout, number)).toContain(`${user.number}=master`);
  const theirs = await naru(node, "ad-accounts", "show", "12345", "-m", id);
  expect([theirs.code, theirs.stderr]).toEqual([1, "naru: the merchant has no ad account 12345\n"]);
});
