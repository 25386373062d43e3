import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deepFreeze, later, minute_ms } from "../fixtures.fixture.ts";
import { type AdAccount, adAccountStates, isOutOfBalance } from "./ad-account.ts";
import { type AdAccountChange, decideChange, decideMake, type NewAdAccount } from "./decide.ts";

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
const known = (change: AdAccountChange = {}): AdAccount =>
  deepFreeze({ ...wanted, ...change, createdAt: now, updatedAt: now, eventSeq: 1 });

describe("an ad account that is made", () => {
  it("is as it was wanted, and told of", () => {
    const { result, changes } = decideMake(false, wanted, now);
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
        data: { state: "on", number: 12_345, name: "광고계정", stopped: false, freeCash: 0 },
        at: now,
      },
    ]);
  });

  it("has a number of its own", () => {
    const { result, changes } = decideMake(true, wanted, now);
    expect(result).toEqual({ ok: false, refusal: { code: "number-taken", number: 12_345 } });
    expect(changes).toEqual({ adAccounts: [], events: [] });
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
    const { result, changes } = decideChange(known(before), change, by, at);
    if (refusal !== undefined) {
      expect(result).toEqual({ ok: false, refusal: { code: refusal, number: 12_345 } });
      expect(changes).toEqual({ adAccounts: [], events: [] });
      return;
    }
    expect(result).toEqual({ ok: true, value: { ...known(before), ...change, updatedAt: at, eventSeq: 2 } });
    expect(changes.events).toMatchObject([{ type: "ad-account.changed", subjectSeq: 2, data: change }]);
  });

  it("to what it is already is not told of", () => {
    const members = { usr_member: "member", usr_master: "master" } as const;
    const same = decideChange(known(), { state: "on", advertiser: { ...company }, members }, "usr_master", at);
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
