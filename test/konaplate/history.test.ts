/** What a card's history shows: every movement of the balance once, in order, with the balance before and after it. */
import { beforeAll, describe, expect, it } from "vitest";
import { eventually, type Fields } from "../support/client.ts";
import { type KonaplateBody, KonaplateClient, koreanTime } from "../support/konaplate.ts";
import {
  balanceOf,
  type Charged,
  cancelling,
  charge,
  charging,
  newLinkedMember,
  resultOf,
  type TestMember,
  tryCancel,
} from "../support/konaplate-members.ts";
import { useNode } from "../support/scenario.ts";

const node = useNode();
let client: KonaplateClient;

beforeAll(async () => {
  client = await KonaplateClient.of(node);
});

const everything = { startDate: "20000101", endDate: "21991231" };
const today = () => koreanTime(new Date(node.now() * 1_000)).slice(0, 8);

function history({ par }: TestMember, fields: Fields = {}): Promise<KonaplateBody> {
  return client.ask("history", { par, ...everything, ...fields });
}

const page = (fields: Fields) => ({
  pageRequest: { sort: "approvalDateTime", orderByDirection: "ASC", page: 0, ...fields },
});

async function movements(member: TestMember, fields: Fields = {}): Promise<KonaplateBody[]> {
  return (await history(member, { ...page({ pageSize: 100 }), ...fields })).transactionInfo;
}

async function deposit(member: TestMember, amount: number): Promise<void> {
  const { accountNo, bankCode } = await client.ask("virtualAccount", { cardNo: member.cardNo });
  const before = await balanceOf(client, member);
  await node.deposit(accountNo, { bankCode, amount });
  await eventually(async () => (await balanceOf(client, member)) === before + amount);
}

async function cancel(member: TestMember, charged: Charged): Promise<void> {
  const fields = await cancelling(client, member, charged);
  await client.ask("cancel", fields);
  expect(await resultOf(client, fields.sequenceId)).toBe("COMPLETED");
}

describe("of a card that was charged, paid to and cancelled", () => {
  let member: TestMember;
  let charges: Charged[];
  /** In their order: what the balance changes by. */
  const changes = [10_000, 5_000, 20_000, -20_000, 7_000, 1_000];

  beforeAll(async () => {
    member = await newLinkedMember(client);
    charges = [await charge(client, member, 10_000)];
    await deposit(member, 5_000);
    charges.push(await charge(client, member, 20_000));
    await cancel(member, charges[1]!);
    charges.push(await charge(client, member, 7_000));
    await deposit(member, 1_000);
    // What fails moves nothing.
    await node.arm("withdrawal-refused");
    expect((await client.call("charge", await charging(client, member, 999))).status).toBe(400);
  });

  it("shows each once, from one balance to the next", async () => {
    const all = await movements(member);
    expect(all.map(({ balanceAfter, balanceBefore }) => balanceAfter - balanceBefore)).toEqual(changes);
    expect(all.map(({ trAmount }) => trAmount)).toEqual(changes.map(Math.abs));
    let balance = 0;
    for (const { balanceBefore, balanceAfter } of all) {
      expect(balanceBefore).toBe(balance);
      balance = balanceAfter;
    }
    expect(balance).toBe(await balanceOf(client, member));
    const times = all.map(({ approvalDateTime }) => approvalDateTime);
    expect(times).toEqual([...times].sort());
    expect(times[0].slice(0, 8)).toBe(today());
  });

  it("newest first is the same the other way round", async () => {
    const all = await movements(member);
    const descending = await history(member, page({ pageSize: 100, orderByDirection: "DESC" }));
    expect(descending.transactionInfo).toEqual([...all].reverse());
  });

  it("names each movement by what it belongs to", async () => {
    const all = await movements(member);
    const of = (charged: Charged) => all.filter(({ nrNumber }) => nrNumber === charged.nrNumber);
    expect(of(charges[0]!).map(({ trType, authCancelType }) => [trType, authCancelType])).toEqual([["01", "AUTH"]]);
    expect(of(charges[1]!).map(({ authCancelType }) => authCancelType)).toEqual(["AUTH", "CANCEL"]);
    const deposits = all.filter(({ trAmount }) => trAmount === 5_000 || trAmount === 1_000);
    expect(new Set(deposits.map(({ nrNumber }) => nrNumber)).size).toBe(2);
  });

  it("says which charges can be taken back, and only those can", async () => {
    const all = await movements(member);
    const cancelable = all.filter((one) => one.rechargeCancelable).map(({ nrNumber }) => nrNumber);
    expect(cancelable).toEqual([charges[0]!.nrNumber, charges[2]!.nrNumber]);
    const others = all.filter((one) => !one.rechargeCancelable);
    for (const { nrNumber } of others) expect((await tryCancel(client, member, { nrNumber })).status).toBe(400);
  });

  it("of one type shows those of it, and all types together are everything", async () => {
    const all = await movements(member);
    const parts: KonaplateBody[] = [];
    for (const trType of ["00", "01", "02", "03"]) {
      const some = await movements(member, { trType });
      expect(some.every((one) => one.trType === trType)).toBe(true);
      // The balance beside a movement is the card's, whatever else is shown.
      for (const one of some) expect(all).toContainEqual(one);
      parts.push(...some);
    }
    const key = ({ nrNumber, authCancelType, balanceAfter }: KonaplateBody) =>
      `${nrNumber} ${authCancelType} ${balanceAfter}`;
    expect(parts.map(key).sort()).toEqual(all.map(key).sort());
    expect(await movements(member, { trType: "00" })).toEqual([]);
  });

  it.each([1, 2, 4, 5, 6, 7])("in pages of %d has each once", async (pageSize) => {
    const all = await movements(member);
    const totalPages = Math.ceil(all.length / pageSize);
    const shown: KonaplateBody[] = [];
    for (let number = 0; number < totalPages; number += 1) {
      const { pageResponse, transactionInfo } = await history(member, page({ page: number, pageSize }));
      expect(pageResponse).toEqual({ page: number, totalPages, numberOfElements: transactionInfo.length });
      shown.push(...transactionInfo);
    }
    expect(shown).toEqual(all);
    const beyond = await history(member, page({ page: totalPages, pageSize }));
    expect(beyond).toMatchObject({ transactionInfo: [], pageResponse: { totalPages, numberOfElements: 0 } });
  });

  it("is the card's alone", async () => {
    const other = await newLinkedMember(client);
    expect(await movements(other)).toEqual([]);
    const answer = await client.call("history", { par: member.par, userId: other.userId, ...everything });
    expect([answer.status, answer.body.response.code]).toEqual([400, "000_002"]);
    expect(await movements(member, { userId: member.userId })).toEqual(await movements(member));
  });

  it.each<[string, Fields]>([
    ["endDate", { startDate: "20261102", endDate: "20261101" }],
    ["startDate", { startDate: "20260230" }],
    ["endDate", { endDate: "20261301" }],
    ["trType", { trType: "09" }],
    ["par", { par: "Q180000000000000000000000ZZ" }],
    ["pageRequest", page({ pageSize: 0 })],
    ["pageRequest", page({ pageSize: 1_000_000 })],
    ["pageRequest", page({ page: -1, pageSize: 10 })],
    ["pageRequest", page({ pageSize: 10, orderByDirection: "UP" })],
  ])("with a %s that cannot be is refused", async (field, fields) => {
    const answer = await client.call("history", { par: member.par, ...everything, ...fields });
    expect(answer.status).toBe(400);
    expect(["000_002", "000_015"]).toContain(answer.body.response.code);
    expect(answer.body.response.description).toMatch(new RegExp(`${field}|date|page|orderBy`, "i"));
  });
});

it("a day is one of Korea, from its first second to its last", async () => {
  const member = await newLinkedMember(client);
  const korean = (day: string, time: string) => new Date(`${day.replace(/(....)(..)(..)/, "$1-$2-$3")}T${time}+09:00`);
  const first = koreanTime(new Date((node.now() + 86_400) * 1_000)).slice(0, 8);
  await node.moveClock(korean(first, "23:59:40"));
  await charge(client, member, 1_000);
  const second = koreanTime(new Date(korean(first, "23:59:59").getTime() + 60_000)).slice(0, 8);
  await node.moveClock(korean(second, "00:00:00"));
  await charge(client, member, 2_000);
  const of = async (startDate: string, endDate: string) =>
    (await movements(member, { startDate, endDate })).map(({ trAmount }) => trAmount);
  expect(await of(first, first)).toEqual([1_000]);
  expect(await of(second, second)).toEqual([2_000]);
  expect(await of(first, second)).toEqual([1_000, 2_000]);
  const { transactionInfo } = await history(member, { startDate: second, endDate: second });
  expect(transactionInfo[0]).toMatchObject({ balanceBefore: 1_000, balanceAfter: 3_000 });
});

it("a cancellation that the bank refuses is seen to come back", async () => {
  const member = await newLinkedMember(client);
  const charged = await charge(client, member, 9_000);
  await node.arm("refund-refused");
  const fields = await cancelling(client, member, charged);
  await client.call("cancel", fields);
  expect(await resultOf(client, fields.sequenceId)).toBe("FAILED");
  await eventually(async () => (await balanceOf(client, member)) === 9_000);
  const all = await movements(member);
  expect(all.reduce((sum, { balanceAfter, balanceBefore }) => sum + balanceAfter - balanceBefore, 0)).toBe(9_000);
  expect(all.at(-1).balanceAfter).toBe(9_000);
  // It can be taken back after all.
  await cancel(member, charged);
  expect(await balanceOf(client, member)).toBe(0);
});
