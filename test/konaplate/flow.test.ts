/** A member from the registration to the last won, and after each step what is shown and whether the books balance. */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { KonaplateClient } from "../support/konaplate.ts";
import {
  accountFieldsOf,
  answerCall,
  balanceOf,
  cancelling,
  charging,
  holderOf,
  newMember,
  resultOf,
  ringing,
  settled,
  statusOf,
  type TestMember,
  tokenOf,
  tryCharge,
} from "../support/konaplate-members.ts";
import { useNode } from "../support/scenario.ts";
import { people, publishedCard } from "./contract.ts";

const node = useNode();
let client: KonaplateClient;

beforeAll(async () => {
  client = await KonaplateClient.of(node);
});

afterEach(async () => {
  await node.expectClean();
  const { body } = await node.get<{ currencies: { difference: number }[] }>("/naru/v1/ledger/trial-balance");
  expect(body.currencies.filter(({ difference }) => difference !== 0)).toEqual([]);
});

describe("a member", () => {
  let member: TestMember;
  let nrNumber: string;
  let chargedAs: string;

  it("is registered with a card, and shown", async () => {
    member = await newMember(client);
    const { userInfo } = await client.ask("member", { userId: member.userId });
    expect(userInfo).toMatchObject({ aspId: client.credentials.aspId });
    expect(JSON.stringify(userInfo)).not.toContain("918273");
    const { userId, cardStatus } = await client.ask("cardOwner", { cardNo: member.cardNo });
    expect([userId, cardStatus]).toEqual([member.userId, "ACTIVE"]);
    const { cardDataInfo } = await client.ask("cards", { userId: member.userId });
    expect(cardDataInfo).toHaveLength(1);
    expect(cardDataInfo[0]).toMatchObject({ par: member.par, balance: 0 });
    expect(await balanceOf(client, member)).toBe(0);
  });

  it("has no account yet", async () => {
    const { userId } = member;
    for (const api of ["info", "remove", "registerForAutoCharge"] as const) {
      const answer = await client.call(api, { userId });
      expect([api, answer.status, answer.body.response.code]).toEqual([api, 400, "007_001"]);
    }
    expect((await client.ask("inquiry", { userId })).isAutoRcgAccRegAllowed).toBe(false);
    expect((await tryCharge(client, member, 1_000)).body.response.code).toBe("007_001");
    expect(await balanceOf(client, member)).toBe(0);
  });

  it("links an account by telephone", async () => {
    const { userId, account, userName, birthDate } = member;
    const { bankCode, bankAccount } = account;
    await client.ask("checkHolder", { bankCode, bankAccount, userName, birthDate, userId });
    const { authNumber } = await client.ask("arsCode", { userId });
    expect(authNumber).toMatch(/^\d\d$/);
    // So that there is time to look while the telephone rings.
    await node.arm("ars-held");
    const { bankAccRegNo } = await client.ask("register", accountFieldsOf(member));
    expect(bankAccRegNo).toHaveLength(22);
    expect((await statusOf(client, bankAccRegNo)).body.status).toBe("ARS_AUTH_IN_PROGRESS");
    expect((await client.call("info", { userId })).body.response.code).toBe("007_001");
    const again = await client.call("register", accountFieldsOf(member));
    expect(again.body.response.code).toBe("002_013");
    await answerCall(node, await ringing(node, member), "right");
    expect(await settled(client, bankAccRegNo)).toBe("BANK_ACC_REGISTERED");
    const { accountInfo } = await client.ask("info", { userId });
    expect(accountInfo).toMatchObject({ ...account, userName });
  });

  it("may then register it to be charged by itself", async () => {
    const { userId } = member;
    expect((await client.ask("inquiry", { userId })).isAutoRcgAccRegAllowed).toBe(true);
    const { bankAccRegNo } = await client.ask("registerForAutoCharge", { userId });
    // By itself, well within the twenty seconds that clients wait.
    await eventually(async () => (await statusOf(client, bankAccRegNo)).body.status === "BANK_ACC_REGISTERED");
    const inquiry = await client.ask("inquiry", { userId });
    expect(inquiry.bankAccForAutoRcg).toMatchObject({ bankAccount: member.account.bankAccount });
  });

  it("charges the card", async () => {
    const fields = await charging(client, member, 30_000);
    chargedAs = String(fields.sequenceId);
    const answer = await client.ask("charge", fields);
    expect(answer.isPending).toBe(false);
    nrNumber = answer.nrNumber;
    expect(await client.ask("result", { sequenceId: chargedAs })).toMatchObject({ result: "COMPLETED", nrNumber });
    expect(await balanceOf(client, member)).toBe(30_000);
    // The same again is the same: nothing more is drawn, and the token is not needed again.
    expect(await client.ask("charge", fields)).toEqual(answer);
    expect(await balanceOf(client, member)).toBe(30_000);
  });

  it("takes the charge back", async () => {
    const fields = await cancelling(client, member, { nrNumber });
    const before = await node.balanceOf("bank:sandbox");
    const answer = await client.ask("cancel", fields);
    expect(await resultOf(client, String(fields.sequenceId))).toBe("COMPLETED");
    expect(await balanceOf(client, member)).toBe(0);
    expect(await node.balanceOf("bank:sandbox")).toBe(before - 30_000);
    expect(await client.ask("cancel", fields)).toEqual({ ...answer, isPending: false });
    // What was charged stays charged: it is the other request that took it back.
    expect(await resultOf(client, chargedAs)).toBe("COMPLETED");
  });

  it("is paid by transfer to the virtual account of the card", async () => {
    const { accountNo, bankCode } = await client.ask("virtualAccount", { cardNo: member.cardNo });
    expect(await client.ask("virtualAccount", { cardNo: member.cardNo })).toMatchObject({ accountNo, bankCode });
    for (const amount of [12_000, 3_000]) {
      const { body } = await node.deposit(accountNo, { bankCode, amount, depositorName: "홍길동" });
      expect(body.outcome).toBe("matched");
    }
    await eventually(async () => (await balanceOf(client, member)) === 15_000);
  });

  it("has the account removed, and links another in its place", async () => {
    const { userId } = member;
    await client.ask("remove", { userId });
    expect((await client.call("info", { userId })).body.response.code).toBe("007_001");
    expect((await client.call("remove", { userId })).body.response.code).toBe("007_001");
    const inquiry = await client.ask("inquiry", { userId });
    expect([inquiry.isAutoRcgAccRegAllowed, inquiry.bankAccForAutoRcg]).toEqual([false, undefined]);
    await client.ask("arsCode", { userId });
    const { bankAccRegNo } = await client.ask("register", accountFieldsOf(member));
    expect(await settled(client, bankAccRegNo)).toBe("BANK_ACC_REGISTERED");
    expect((await client.ask("info", { userId })).accountInfo.bankAccount).toBe(member.account.bankAccount);
    expect(await balanceOf(client, member)).toBe(15_000);
  });
});

describe("of the published people", () => {
  it.each(people)("$userName has an account, a card, and money only if the account can be drawn on", async (person) => {
    const { userId, userName, bankAccount, bankCode, bankName, birthDate } = person;
    const { accountInfo } = await client.ask("info", { userId });
    expect(accountInfo).toMatchObject({ userName, bankAccount, bankCode, bankName });
    await client.ask("checkHolder", { bankAccount, bankCode, userName, birthDate });
    const { cardDataInfo } = await client.ask("cards", { userId });
    expect(cardDataInfo).toHaveLength(1);
    const { mobileCardNo: cardNo, par } = cardDataInfo[0];
    const member = { userId, cardNo, par } as TestMember;
    const answer = await tryCharge(client, member, 1_000);
    const expected = person.chargeable ? [200, "000_000", 1_000] : [400, "007_004", 0];
    expect([answer.status, answer.body.response.code, await balanceOf(client, member)]).toEqual(expected);
  });

  it("the first has the published card", async () => {
    const { userId, loginId } = people[0]!;
    const { cardDataInfo } = await client.ask("cards", { userId, par: publishedCard.par });
    const { cardNo, par, serviceId, expiry } = publishedCard;
    expect(cardDataInfo[0]).toMatchObject({ par, mobileCardNo: cardNo, serviceId });
    expect(String(cardDataInfo[0].expiryDate)).toContain(expiry);
    expect((await client.ask("cardOwner", { cardNo })).userId).toBe(userId);
    expect(JSON.stringify(await client.ask("member", { userId }))).toContain(loginId);
    const shown = await tokenOf(client, { cardNo } as TestMember);
    expect(shown.oneTimeToken).not.toBe((await tokenOf(client, { cardNo } as TestMember)).oneTimeToken);
  });
});

it("a registration takes the place of the registered account when it is done, and not before", async () => {
  const first = await newMember(client);
  const fields = accountFieldsOf(first);
  await client.ask("arsCode", { userId: first.userId });
  const { bankAccRegNo } = await client.ask("register", fields);
  expect(await settled(client, bankAccRegNo)).toBe("BANK_ACC_REGISTERED");
  const before = (await client.ask("info", { userId: first.userId })).accountInfo;
  const other = `${first.account.bankAccount}99`;
  await client.ask("arsCode", { userId: first.userId });
  await node.arm("ars-held");
  const userName = await holderOf(node, { ...first.account, bankAccount: other });
  const second = await client.ask("register", { ...fields, bankAccount: other, userName });
  expect((await client.ask("info", { userId: first.userId })).accountInfo).toEqual(before);
  await answerCall(node, await ringing(node, first), "right");
  expect(await settled(client, second.bankAccRegNo)).toBe("BANK_ACC_REGISTERED");
  const after = (await client.ask("info", { userId: first.userId })).accountInfo;
  expect(after.bankAccount).toBe(other);
  expect(after.accountId).not.toBe(before.accountId);
  // The number of the first is nobody's any more: it is wiped.
  expect((await statusOf(client, bankAccRegNo)).text).not.toContain(first.account.bankAccount);
});
