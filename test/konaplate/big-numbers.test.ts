/** Members whose numbers have more digits than JavaScript tells apart: neighbours are two, and each is shown as it is. */
import { beforeAll, describe, expect, it } from "vitest";
import { KonaplateClient } from "../support/konaplate.ts";
import {
  holderOf,
  importMember,
  link,
  newAccount,
  type TestMember,
  tokenOf,
  tryCharge,
} from "../support/konaplate-members.ts";
import { useNode } from "../support/scenario.ts";
import { endpoints } from "./contract.ts";

const node = useNode();
let client: KonaplateClient;

/** Pairs that JavaScript rounds to one number each. */
const pairs = [
  [9_007_199_254_740_992n, 9_007_199_254_740_993n],
  [999_999_999_999_999_999n, 1_000_000_000_000_000_000n],
  // The largest that the pages name, and the largest of a signed integer of 64 bits.
  [9_999_999_999_999_999_998n, 9_999_999_999_999_999_999n],
  [9_223_372_036_854_775_807n, 9_223_372_036_854_775_808n],
] as const;

beforeAll(async () => {
  client = await KonaplateClient.of(node);
});

/** A member of this number as tests know them, with an account of their own. */
async function imported(userId: bigint): Promise<TestMember> {
  const account = newAccount();
  const userName = await holderOf(node, account);
  const loginId = `member${userId}`;
  await importMember(node, userId, { name: userName, loginId });
  const { cardDataInfo } = await client.ask("cards", { userId });
  const { mobileCardNo: cardNo, par, expiryDate } = cardDataInfo[0];
  return { userId, loginId, userName, birthDate: "19900101", cardNo, par, cardExpiry: expiryDate.slice(0, 4), account };
}

describe.each(pairs)("%d and %d", (low, high) => {
  let members: TestMember[];

  beforeAll(async () => {
    expect(Number(low)).toBe(Number(high));
    members = [await imported(low), await imported(high)];
  });

  it("are two members, shown by their own numbers", async () => {
    for (const { userId, cardNo, userName } of members) {
      expect((await client.ask("cardOwner", { cardNo })).userId).toBe(userId);
      expect(JSON.stringify((await client.ask("member", { userId })).userInfo, text)).toContain(userName);
    }
    expect(members[0]!.cardNo).not.toBe(members[1]!.cardNo);
  });

  it("have accounts of their own, in encrypted requests and in clear ones", async () => {
    const [first, second] = members as [TestMember, TestMember];
    await link(client, first);
    for (const encrypted of [true, false]) {
      const { userId, accountInfo } = await client.ask("info", { userId: low }, { encrypted });
      expect([userId, accountInfo.bankAccount]).toEqual([low, first.account.bankAccount]);
      const other = await client.call("info", { userId: high }, { encrypted });
      expect(other.body.response.code).toBe("007_001");
    }
    await link(client, second);
    const { userId, accountInfo } = await client.ask("info", { userId: high });
    expect([userId, accountInfo.bankAccount]).toEqual([high, second.account.bankAccount]);
    // As it stands on the wire: a number, with every digit.
    const { text: answer } = await client.call("info", { userId: high });
    expect(answer).toMatch(new RegExp(`"userId":\\s*${high}[,}]`));
  });

  it("have balances of their own", async () => {
    const [first, second] = members as [TestMember, TestMember];
    expect((await tryCharge(client, second, 3_000)).status).toBe(200);
    expect((await client.ask("cardOwner", { cardNo: first.cardNo })).balance).toBe(0);
    expect((await client.ask("cardOwner", { cardNo: second.cardNo })).balance).toBe(3_000);
    expect([await node.balanceOf(`member:${low}`), await node.balanceOf(`member:${high}`)]).toEqual([0, 3_000]);
    // Another's card for this number is not theirs.
    const wrong = await tryCharge(client, { ...second, userId: low }, 1_000, { ...(await tokenOf(client, second)) });
    expect(wrong.body.response.code).toBe("000_002");
  });
});

function text(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

describe("a number that no member can have", () => {
  it.each(["100000000000000000000", "123456789012345678901234567890", "9007199254740993.0", "1e19", "-1", "0"])(
    "%s is refused and not rounded to another's",
    async (written) => {
      const body = `{"userId":${written}}`;
      const answer = await client.send(endpoints.inquiry.path, body, client.headersOf(body), {});
      expect([answer.status, answer.body.response.code]).toEqual([400, "000_002"]);
    },
  );

  it("a number that another has is not given again", async () => {
    await importMember(node, 12_345_678_901_234_567_890n);
    await expect(importMember(node, 12_345_678_901_234_567_890n)).rejects.toThrow(/no member was made/);
    expect((await client.ask("cards", { userId: 12_345_678_901_234_567_890n })).cardDataInfo).toHaveLength(1);
  });
});
