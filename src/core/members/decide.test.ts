import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deepFreeze, later, minute_ms, realTime } from "../fixtures.fixture.ts";
import type { Card } from "./card.ts";
import { decideRegister, decideToken, type NewCard, type NewMember, withArsCode } from "./decide.ts";
import type { Member } from "./member.ts";
import { cardExpiry, cardNumber, memberNumber, parOf } from "./numbers.ts";

const now = new Date("2026-03-02T03:00:00.000Z");

const newMember = (wanted: Partial<NewMember> = {}): NewMember =>
  deepFreeze({
    id: "mem_1",
    merchantId: "mer_shop",
    number: "50000200000",
    personEncrypted: "sealed",
    loginIndex: "login 1",
    ciIndex: "ci 1",
    nameIndex: "name 1",
    passwordHash: null,
    joinChannel: "OPENAPI",
    terms: ["29184"],
    ...wanted,
  });
const newCard = (wanted: Partial<NewCard> = {}): NewCard =>
  deepFreeze({
    id: "crd_1",
    par: "Q1800123456789ABCDEF0123456",
    numberEncrypted: "sealed",
    numberIndex: "card 1",
    numberMasked: "***765",
    expiry: null,
    serviceId: "000170000002000",
    ...wanted,
  });

function made(member: Partial<NewMember> = {}, card: Partial<NewCard> = {}): { member: Member; card: Card } {
  const wanted = { member: newMember(member), card: newCard(card) };
  const { result } = decideRegister({ members: [], cards: [] }, wanted, now);
  if (!result.ok) throw new Error(`not made: ${result.refusal.code}`);
  return deepFreeze(result.value);
}

/** One who shares nothing with `made()`. */
const other = { id: "mem_2", number: "50000200001", loginIndex: "login 2", ciIndex: "ci 2" };
const otherCard = { id: "crd_2", par: "Q180FFFFFFFFFFFFFFFFFFFFFFF", numberIndex: "card 2", numberMasked: "***111" };

describe("a member who is made", () => {
  it("has a card, and both are told of once", () => {
    const { result, changes } = decideRegister(
      { members: [], cards: [] },
      { member: newMember(), card: newCard() },
      now,
    );
    expect(result).toMatchObject({
      ok: true,
      value: {
        member: { number: "50000200000", state: "active", autoChargeAmount: null, arsCodeEncrypted: null, eventSeq: 1 },
        card: { memberId: "mem_1", merchantId: "mer_shop", state: "active", expiry: "3103", eventSeq: 1 },
      },
    });
    expect(changes.events.map(({ type, subjectId, subjectSeq }) => [type, subjectId, subjectSeq])).toEqual([
      ["member.registered", "mem_1", 1],
      ["card.issued", "crd_1", 1],
    ]);
  });

  it("keeps the expiry of a card that was issued before", () => {
    expect(made({}, { expiry: "3108" }).card.expiry).toBe("3108");
  });

  it.each<[string, Partial<NewMember>, Partial<NewCard>, object | undefined]>([
    ["shares nothing", other, otherCard, undefined],
    ["the same login name", { ...other, loginIndex: "login 1" }, otherCard, { code: "member-exists", by: "loginId" }],
    ["the same CI", { ...other, ciIndex: "ci 1" }, otherCard, { code: "member-exists", by: "ci" }],
    [
      "the same number",
      { ...other, number: "50000200000" },
      otherCard,
      { code: "number-taken", number: "50000200000" },
    ],
    [
      "the same login name and number: that there is such a member is told first",
      { ...other, loginIndex: "login 1", number: "50000200000" },
      otherCard,
      { code: "member-exists", by: "loginId" },
    ],
    [
      "the same login name with another merchant",
      { ...other, merchantId: "mer_other", loginIndex: "login 1", ciIndex: "ci 1" },
      { ...otherCard, numberIndex: "card 1" },
      undefined,
    ],
    [
      "the same number with another merchant",
      { ...other, merchantId: "mer_other", number: "50000200000" },
      otherCard,
      { code: "number-taken", number: "50000200000" },
    ],
    ["the same card", other, { ...otherCard, numberIndex: "card 1" }, { code: "number-taken", number: "***111" }],
    ["the same PAR", other, { ...otherCard, par: newCard().par }, { code: "number-taken", number: newCard().par }],
    ["no CI, as a member before", { ...other, ciIndex: null }, otherCard, undefined],
  ])("with %s", (_name, member, card, refusal) => {
    const before = made({ ciIndex: member.ciIndex === null ? null : "ci 1" });
    const taken = { members: [before.member], cards: [before.card] };
    const { result, changes } = decideRegister(taken, { member: newMember(member), card: newCard(card) }, now);
    expect(result.ok ? undefined : result.refusal).toEqual(refusal);
    if (refusal !== undefined) expect(Object.values(changes).flat()).toEqual([]);
  });
});

describe("a code for a call", () => {
  it("is good for five minutes, takes the place of an earlier one, and is no change of state", () => {
    const { member } = made();
    const first = withArsCode(member, "first", now);
    const second = withArsCode(deepFreeze(first), "second", later(now, minute_ms));
    expect(first).toEqual({ ...member, arsCodeEncrypted: "first", arsCodeExpiresAt: later(now, 5 * minute_ms) });
    expect(second).toEqual({ ...member, arsCodeEncrypted: "second", arsCodeExpiresAt: later(now, 6 * minute_ms) });
  });
});

describe("a one-time token", () => {
  it.each([
    [false, 30],
    [true, 300],
  ])("long: %s, is good for %i seconds of business time", (long, valid_s) => {
    const wanted = { id: "hash", merchantId: "mer_shop", cardId: "crd_1", dcvvHash: "hash of both", long };
    expect(decideToken(wanted, now, realTime)).toEqual({
      id: "hash",
      merchantId: "mer_shop",
      cardId: "crd_1",
      dcvvHash: "hash of both",
      expiresAt: later(now, valid_s * 1000),
      usedAt: null,
      madeAt: realTime,
    });
  });
});

describe("numbers", () => {
  const luhnSum = (number: string) =>
    [...number].reverse().reduce((sum, digit, index) => {
      const weighed = Number(digit) * (index % 2 === 0 ? 1 : 2);
      return sum + (weighed > 9 ? weighed - 9 : weighed);
    }, 0);

  it("of members begin after those that are published", () => {
    expect([memberNumber(0), memberNumber(12_345)]).toEqual(["50000200000", "50000212345"]);
  });

  it("of cards are 16 digits of one issuer that pass Luhn's check, as a published one does", () => {
    expect(luhnSum("9491339401250765") % 10).toBe(0);
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999 }), (counted) => {
        const number = cardNumber(counted);
        expect(number).toMatch(/^949133\d{10}$/);
        expect(luhnSum(number) % 10).toBe(0);
      }),
    );
  });

  it("of cards do not repeat", () => {
    fc.assert(
      fc.property(fc.nat({ max: 999_999_999 }), fc.nat({ max: 999_999_999 }), (one, another) => {
        fc.pre(one !== another);
        expect(cardNumber(one)).not.toBe(cardNumber(another));
      }),
    );
  });

  it("that stand for cards are the same whenever they are told, and differ", () => {
    expect(parOf("crd_1")).toMatch(/^Q180[0-9A-F]{23}$/);
    expect(parOf("crd_1")).toBe(parOf("crd_1"));
    expect(parOf("crd_1")).not.toBe(parOf("crd_2"));
  });

  it.each([
    ["2026-03-02T03:00:00.000Z", "3103"],
    ["2026-08-31T14:59:59.999Z", "3108"],
    // A month later in Seoul.
    ["2026-08-31T15:00:00.000Z", "3109"],
    ["2026-12-31T15:00:00.000Z", "3201"],
  ])("of months: a card of %s ends in %s", (issued, expiry) => {
    expect(cardExpiry(new Date(issued))).toBe(expiry);
  });
});
