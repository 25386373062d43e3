/** Two partners on one node: what is the one's is not there for the other, whatever is asked. */
import { beforeAll, describe, expect, it } from "vitest";
import { countRows } from "../support/database.ts";
import { KonaplateClient } from "../support/konaplate.ts";
import {
  accountFieldsOf,
  balanceOf,
  type Charged,
  cancelling,
  charge,
  charging,
  kept,
  link,
  newMember,
  newPartner,
  personFields,
  type TestMember,
  tokenOf,
  withKey,
} from "../support/konaplate-members.ts";
import { useNode } from "../support/scenario.ts";
import { type Api, sampleOf } from "./contract.ts";

const node = useNode();
let ours: KonaplateClient;
let theirs: KonaplateClient;
let member: TestMember;
let regNo: string;
let charged: Charged;

beforeAll(async () => {
  ours = await KonaplateClient.of(node);
  theirs = await withKey(node, await newPartner(node));
  member = await newMember(ours);
  await ours.ask("arsCode", { userId: member.userId });
  regNo = (await ours.ask("register", accountFieldsOf(member))).bankAccRegNo;
  await node.moveClock("PT2S");
  await expect.poll(async () => (await ours.call("registration", { regNo })).body.status).toBe("BANK_ACC_REGISTERED");
  charged = await charge(ours, member, 10_000);
});

/** What the other partner is refused, as for what there is not; nothing is made or changed by it. */
async function expectNone(api: Api, fields: object, code = "000_002"): Promise<void> {
  const before = await countRows(node.database, ...kept);
  const answer = await theirs.call(api, { ...sampleOf(api), ...fields });
  expect([api, answer.status, answer.body.response.code]).toEqual([api, 400, code]);
  expect(answer.text).not.toContain(member.account.bankAccount);
  expect(await countRows(node.database, ...kept)).toEqual(before);
}

describe("another partner", () => {
  it("finds no member by a number", async () => {
    const { userId } = member;
    const of: Api[] = ["info", "inquiry", "remove", "registerForAutoCharge", "arsCode", "register", "cards", "member"];
    for (const api of [...of, "charge", "autoCharge"] as Api[]) await expectNone(api, { userId });
  });

  it("finds no card by its number or what stands for it", async () => {
    const { cardNo, par } = member;
    for (const api of ["cardOwner", "virtualAccount", "token"] as const) await expectNone(api, { cardNo });
    await expectNone("history", { par, userId: undefined });
  });

  it("finds no registration, no result, no charge to take back", async () => {
    await expectNone("registration", { regNo }, "002_019");
    await expectNone("result", { sequenceId: charged.sequenceId });
    const own = await newMember(theirs);
    const before = await balanceOf(ours, member);
    const answer = await theirs.call("cancel", await cancelling(theirs, own, charged));
    expect(answer.status).toBe(400);
    expect(await balanceOf(ours, member)).toBe(before);
  });

  it("cannot charge with our token, nor be charged with theirs", async () => {
    const own = await link(theirs, await newMember(theirs));
    const shown = await tokenOf(ours, member);
    const fields = await charging(theirs, own, 1_000, { ...shown });
    const answer = await theirs.call("charge", fields);
    expect([answer.status, answer.body.response.code]).toEqual([400, "000_002"]);
    // Nor was it used up by that.
    await ours.ask("charge", await charging(ours, member, 1_000, { ...shown }));
    expect(await balanceOf(theirs, own)).toBe(0);
  });

  it("may use the same login names, and the same names of requests", async () => {
    const { loginId } = member;
    const person = personFields({ loginId });
    const { userId } = await theirs.ask("registerMember", person);
    expect(userId).not.toBe(member.userId);
    const own = await link(theirs, await newMember(theirs));
    const { sequenceId } = charged;
    const { nrNumber } = await theirs.ask("charge", await charging(theirs, own, 3_000, { sequenceId }));
    expect(nrNumber).not.toBe(charged.nrNumber);
    expect((await ours.ask("result", { sequenceId })).nrNumber).toBe(charged.nrNumber);
    expect((await theirs.ask("result", { sequenceId })).nrNumber).toBe(nrNumber);
  });

  it("has an ASP id of its own, and is unknown by ours", async () => {
    expect(theirs.credentials.aspId).not.toBe(ours.credentials.aspId);
    const mixed = new KonaplateClient(node, { ...theirs.credentials, aspId: ours.credentials.aspId });
    const answer = await mixed.call("inquiry", { userId: member.userId });
    expect([answer.status, answer.body.response.code]).toEqual([401, "000_902"]);
  });
});
