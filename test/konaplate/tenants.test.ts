/** Two partners at one node: neither sees what the other's members have, nor moves it. */
import { beforeAll, describe, expect, it } from "vitest";
import { KonaplateClient, type WideFields } from "../support/konaplate.ts";
import {
  accountFieldsOf,
  balanceOf,
  cancelling,
  charge,
  charging,
  newLinkedMember,
  newMember,
  newPartner,
  personFields,
  type TestMember,
  tokenOf,
  withKey,
} from "../support/konaplate-members.ts";
import { useNode } from "../support/scenario.ts";
import type { Api } from "./contract.ts";

const node = useNode();

let one: KonaplateClient;
let other: KonaplateClient;
let member: TestMember;
let nrNumber: string;
let sequenceId: string;

beforeAll(async () => {
  const newClient = async () => withKey(node, await newPartner(node));
  [one, other] = [await newClient(), await newClient()];
  member = await newLinkedMember(one);
  ({ nrNumber, sequenceId } = await charge(one, member, 20_000));
});

async function codeAt(client: KonaplateClient, api: Api, fields: WideFields): Promise<unknown[]> {
  const { status, body } = await client.call(api, fields);
  return [status, body.response.code];
}

describe("a member", () => {
  it.each(["info", "inquiry", "remove", "registerForAutoCharge", "arsCode", "cards", "member"] as const)(
    "is nobody to another partner who asks by %s",
    async (api) => {
      const { userId } = member;
      expect(await codeAt(other, api, { userId })).toEqual([400, "000_002"]);
      expect(await codeAt(other, api, { userId: 1 })).toEqual([400, "000_002"]);
    },
  );

  it("has a card that is nobody's to another partner", async () => {
    for (const api of ["cardOwner", "virtualAccount", "token"] as const) {
      expect([api, ...(await codeAt(other, api, { cardNo: member.cardNo }))]).toEqual([api, 400, "000_002"]);
    }
  });

  it("is not registered, charged or paid back by another partner", async () => {
    expect(await codeAt(other, "register", accountFieldsOf(member))).toEqual([400, "000_002"]);
    expect(
      await codeAt(other, "charge", await charging(other, member, 1_000, { ...(await tokenOf(one, member)) })),
    ).toEqual([400, "000_002"]);
    const shown = await tokenOf(one, member);
    expect(await codeAt(other, "cancel", await cancelling(other, member, { nrNumber }, { ...shown }))).toEqual([
      400,
      "000_002",
    ]);
    expect(await codeAt(other, "result", { sequenceId })).toEqual([400, "000_002"]);
    expect(await balanceOf(one, member)).toBe(20_000);
  });

  it("is not paid back through a member of another partner", async () => {
    const theirs = await newLinkedMember(other);
    await charge(other, theirs, 20_000);
    expect(await codeAt(other, "cancel", await cancelling(other, theirs, { nrNumber }))).toEqual([400, "000_002"]);
    expect([await balanceOf(one, member), await balanceOf(other, theirs)]).toEqual([20_000, 20_000]);
  });

  it("may have the login name of another partner's", async () => {
    const person = personFields();
    const { userId } = await one.ask("registerMember", person);
    expect(await codeAt(one, "registerMember", person)).toEqual([400, "001_001"]);
    expect((await other.ask("registerMember", person)).userId).not.toBe(userId);
  });

  it("is registered under a number that another partner cannot ask for", async () => {
    const theirs = await newMember(one);
    await one.ask("arsCode", { userId: theirs.userId });
    const { bankAccRegNo: regNo } = await one.ask("register", accountFieldsOf(theirs));
    expect(await codeAt(other, "registration", { regNo })).toEqual([400, "002_019"]);
  });
});

describe("a request's name", () => {
  it("is each partner's own", async () => {
    const theirs = await newLinkedMember(other);
    await other.ask("charge", await charging(other, theirs, 7_000, { ...(await tokenOf(other, theirs)), sequenceId }));
    expect((await other.ask("result", { sequenceId })).nrNumber).not.toBe(nrNumber);
    expect((await one.ask("result", { sequenceId })).nrNumber).toBe(nrNumber);
    expect(await balanceOf(other, theirs)).toBe(7_000);
  });
});

describe("an access key", () => {
  it("is not good with another partner's ASP id, secret or crypto key", async () => {
    const { aspId, secretKey } = other.credentials;
    const userId = member.userId;
    const mixed = (more: object) => new KonaplateClient(node, { ...one.credentials, ...more });
    expect(await codeAt(mixed({ aspId }), "info", { userId })).toEqual([401, "000_902"]);
    expect(await codeAt(mixed({ secretKey }), "info", { userId })).toEqual([401, "000_903"]);
    const { cryptoKeyId, serverPublicKey, clientPrivateKey } = other.credentials;
    const foreign = mixed({ cryptoKeyId, serverPublicKey, clientPrivateKey });
    expect(await codeAt(foreign, "info", { userId })).toEqual([400, "000_905"]);
    expect((await one.ask("info", { userId })).userId).toBe(userId);
  });

  it("of another dialect opens nothing here", async () => {
    for (const accessKey of ["naru_sandbox_key", "naru_sandbox_rest_api_key", "key_sandbox_naru0000"]) {
      const client = new KonaplateClient(node, { ...one.credentials, accessKey });
      expect(await codeAt(client, "info", { userId: member.userId })).toEqual([401, "000_902"]);
    }
  });
});
