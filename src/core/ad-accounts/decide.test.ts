import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deepFreeze, later, minute_ms } from "../fixtures.fixture.ts";
import { type AdAccount, adAccountStates, isOutOfBalance } from "./ad-account.ts";
import {
  type AdAccountChange,
  accessObjection,
  decideChange,
  decideMake,
  type NewAdAccount,
  newAdAccount,
} from "./decide.ts";

const now = new Date("2026-03-02T03:00:00.000Z");
const company = { businessRegistrationNumber: "123-45-67890", name: "나루상점" };
const wanted: NewAdAccount = deepFreeze({
  id: "ada_1",
  merchantId: "mer_shop",
  number: 12_345,
  name: "광고계정",
  state: "on",
  stopped: false,
  type: "BUSINESS",
  ownerCompany: company,
  advertiser: company,
  businessRight: { number: 0, companyName: company.name },
  walletNumber: 12_345,
  freeCash: 0,
  members: { usr_master: "master", usr_member: "member" },
});
const known = (change: Partial<AdAccount> = {}): AdAccount =>
  deepFreeze({ ...wanted, ...change, createdAt: now, updatedAt: now, eventSeq: 1 });

describe("an ad account that is made", () => {
  it("is as it was wanted, and told of", () => {
    const { result, changes } = decideMake([], wanted, now);
    expect(result).toEqual({ ok: true, value: known() });
    expect(changes.adAccounts).toEqual([known()]);
    expect(changes.events).toEqual([
      {
        merchantId: "mer_shop",
        subjectType: "ad-account",
        subjectId: "ada_1",
        subjectSeq: 1,
        paymentId: null,
        type: "ad-account.made",
        data: { state: "on", number: 12_345, name: "광고계정", stopped: false, freeCash: 0, by: null },
        at: now,
      },
    ]);
  });

  it("has a number of its own", () => {
    const { result, changes } = decideMake([known({ id: "ada_2" })], wanted, now);
    expect(result).toEqual({ ok: false, refusal: { code: "number-taken", number: 12_345 } });
    expect(changes).toEqual({ adAccounts: [], events: [] });
  });

  it("before is as it was, whatever is wanted now", () => {
    const before = known({ number: 777, name: "전에 만든 계정" });
    const { result, changes } = decideMake([before, known({ id: "ada_2" })], wanted, now);
    expect(result).toEqual({ ok: true, value: before });
    expect(changes).toEqual({ adAccounts: [], events: [] });
  });

  it("of which little is said is its owner's", () => {
    const { id, merchantId, number, name, members } = wanted;
    expect(newAdAccount({ id, merchantId, number, name, members }, company)).toEqual(wanted);
    const other = { businessRegistrationNumber: "000-00-00000", name: "다른 상점" };
    expect(newAdAccount({ ...wanted, ownerCompany: other, freeCash: 5 }, company)).toEqual({
      ...wanted,
      ownerCompany: other,
      freeCash: 5,
    });
  });
});

describe("an ad account that is changed", () => {
  const at = later(now, minute_ms);

  it.each<
    [who: string, by: string | undefined, before: AdAccountChange, change: AdAccountChange, refusal: string | undefined]
  >([
    ["its master", "usr_master", {}, { state: "off" }, undefined],
    ["any member", "usr_member", { state: "off" }, { state: "on" }, undefined],
    ["the operator", undefined, {}, { state: "deleted" }, undefined],
    ["the operator, after it was deleted", undefined, { state: "deleted" }, { state: "on" }, undefined],
    ["the operator, while it is stopped", undefined, { stopped: true, state: "off" }, { state: "on" }, undefined],
    ["a member who switches off what is stopped", "usr_member", { stopped: true }, { state: "off" }, undefined],
    [
      "a member who switches on what is stopped",
      "usr_member",
      { stopped: true, state: "off" },
      { state: "on" },
      "ad-account-stopped",
    ],
    ["a stranger", "usr_other", {}, { state: "off" }, "ad-account-not-yours"],
    ["a member, after it was deleted", "usr_master", { state: "deleted" }, { state: "on" }, "ad-account-unknown"],
  ])("by %s", (_who, by, before, change, refusal) => {
    const asking = by === undefined ? undefined : { userId: by, adAccounts: null };
    const { result, changes } = decideChange(known(before), change, asking, at);
    if (refusal !== undefined) {
      expect(result).toEqual({ ok: false, refusal: { code: refusal, number: 12_345 } });
      expect(changes).toEqual({ adAccounts: [], events: [] });
      return;
    }
    expect(result).toEqual({ ok: true, value: { ...known(before), ...change, updatedAt: at, eventSeq: 2 } });
    const data = { ...change, by: by ?? null };
    expect(changes.events).toMatchObject([{ type: "ad-account.changed", subjectSeq: 2, data }]);
  });

  it("to what it is already is not told of", () => {
    const members = { usr_member: "member", usr_master: "master" } as const;
    const same = decideChange(
      known(),
      { state: "on", advertiser: { ...company }, members },
      { userId: "usr_master", adAccounts: null },
      at,
    );
    expect(same).toEqual({ result: { ok: true, value: known() }, changes: { adAccounts: [], events: [] } });
  });

  it("has an event for each change and for nothing else, and keeps what it was not asked to change", () => {
    const change = fc.record<AdAccountChange>(
      {
        state: fc.constantFrom(...adAccountStates),
        stopped: fc.boolean(),
        freeCash: fc.nat(3),
        name: fc.constantFrom("a", "b"),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(change), (wishes) => {
        let held = known();
        let told = held.eventSeq;
        for (const wish of wishes) {
          const { result, changes } = decideChange(held, wish, undefined, at);
          expect(changes.events.length).toBe(changes.adAccounts.length);
          told += changes.events.length;
          held = deepFreeze((result as { value: AdAccount }).value);
          expect(held).toEqual({ ...held, ...wish, eventSeq: told, members: wanted.members, number: wanted.number });
        }
      }),
    );
  });
});

it.each([
  [0, 0, true],
  [1, 0, false],
  [0, 1, false],
  [-5, 5, true],
  [-5, 6, false],
])("with %d cash and %d free cash is out of balance: %s", (cash, freeCash, expected) => {
  expect(isOutOfBalance({ adAccount: known({ freeCash }), cash })).toBe(expected);
});

describe("an ad account is there for whoever asks", () => {
  it.each<
    [who: string, userId: string, adAccounts: number[] | null, state: AdAccount["state"], look: boolean, use: boolean]
  >([
    ["a member, for all of theirs", "usr_member", null, "on", true, true],
    ["a member, for this", "usr_member", [1, 12_345], "off", true, true],
    ["a member, for another", "usr_member", [1], "on", false, false],
    ["a member, for none", "usr_member", [], "on", false, false],
    ["a stranger", "usr_other", null, "on", false, false],
    ["a stranger, for this", "usr_other", [12_345], "on", false, false],
    ["a member, once it is deleted", "usr_member", null, "deleted", true, false],
    ["a stranger, once it is deleted", "usr_other", null, "deleted", false, false],
  ])("%s", (_who, userId, adAccounts, state, look, use) => {
    const may = (purpose: "look" | "use") =>
      accessObjection(known({ state }), { userId, adAccounts }, purpose) === undefined;
    expect([may("look"), may("use")]).toEqual([look, use]);
  });

  it("says that one which was deleted is not there, whoever asks", () => {
    const objection = accessObjection(known({ state: "deleted" }), { userId: "usr_other", adAccounts: null }, "use");
    expect(objection).toEqual({ code: "ad-account-unknown", number: 12_345 });
  });
});
