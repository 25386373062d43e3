import { describe, expect, it } from "vitest";
import { answers, later } from "../fixtures.fixture.ts";
import { limits } from "../limits.ts";
import { decideAutoCharge } from "./decide-auto-charge.ts";
import { account, card, channel, MemberBooks, member, noon, number } from "./member-books.fixture.ts";

const max = limits.member_balance_max;
const again_ms = limits.auto_charge_look_again_s * 1_000;
const retry_ms = limits.auto_charge_retry_s * 1_000;

/** Books whose balance is charged with 1,000 won below 1,500. */
function set(...linked: Parameters<typeof account>[0][]) {
  const books = new MemberBooks(...linked.map((one) => account(one)));
  books.setAutoCharge(1_000, 1_500);
  return books;
}

describe("the wish to be charged when the balance is low", () => {
  const asked = { merchantId: "mer_shop", dialect: "konaplate", channel, memberNumber: number, par: card().par };
  const wish = { ...asked, amount: 1_000, below: 1_500 };
  const found = { member: member(), cards: [card()], account: account({ purpose: "auto-charge" }) };

  it.each<[string, object, object, object]>([
    ["of nobody", { member: undefined }, {}, { code: "member-unknown" }],
    ["of another merchant's member", {}, { merchantId: "mer_other" }, { code: "member-unknown" }],
    ["for a card that is not theirs", { cards: [card({ memberId: "mem_2" })] }, {}, { code: "card-unknown" }],
    ["for no card", {}, { par: "Q" }, { code: "card-unknown" }],
    ["without an account for it", { account: undefined }, {}, { code: "account-missing" }],
    ["with more than a balance may hold", {}, { amount: max + 1 }, { code: "balance-limit", max }],
  ])("is refused %s", (_name, state, wanted, refusal) => {
    const { result, changes } = decideAutoCharge({ ...found, ...state }, { ...wish, ...wanted }, noon);
    expect(result).toEqual({ ok: false, refusal });
    expect(changes).toEqual({ members: [], events: [] });
  });

  it("is kept with the member, who is looked at now", () => {
    const { result, changes } = decideAutoCharge(found, wish, noon);
    expect(result).toMatchObject({
      value: {
        autoChargeAmount: 1_000,
        autoChargeBelow: 1_500,
        autoChargeBy: { dialect: "konaplate", channel },
        autoCheckAt: noon,
      },
    });
    expect(changes.events).toMatchObject([{ type: "member.changed", subjectSeq: 2 }]);
  });
});

describe("a balance that is looked at", () => {
  it("is charged when it is low: one charge at a time, until it is not", () => {
    const books = set();
    expect(books.look()).toMatchObject({
      drawn: [{ withdrawal: { automatic: true, cardId: null, linkedAccountId: "lac_2" } }],
    });
    expect(books.look().drawn).toEqual([]);
    books.answer(answers.succeeded, "pay_1");
    expect(books.member.autoCheckAt).toEqual(noon);
    expect(books.look().drawn).toHaveLength(1);
    books.answer(answers.succeeded, "pay_3");
    expect(books.balance()).toBe(2_000);
    expect(books.look()).toEqual({ members: 1, drawn: [] });
    expect(books.member.autoCheckAt).toEqual(later(noon, again_ms));
    expect(books.look()).toEqual({ members: 0, drawn: [] });
  });

  it("is not charged at its limit, but below it", () => {
    const books = new MemberBooks();
    books.setAutoCharge(1_000, 1_000);
    books.charge({ amount: 1_000 });
    books.answer(answers.succeeded, "pay_1");
    expect(books.look().drawn).toEqual([]);
  });

  it("is not charged beyond what a balance may hold", () => {
    const books = new MemberBooks();
    books.setAutoCharge(1_000, max);
    books.charge({ amount: max - 999 });
    books.answer(answers.succeeded, "pay_1");
    expect(books.look().drawn).toEqual([]);
    expect(books.balance()).toBeLessThan(max);
  });

  it("is left alone while nobody knows what became of the last charge", () => {
    const books = set();
    books.look();
    books.answer(answers.unknown, "pay_1");
    books.now = later(noon, 100 * again_ms);
    expect(books.look()).toMatchObject({ members: 1, drawn: [] });
    books.answer(answers.succeeded, "pay_1");
    expect(books.look().drawn).toHaveLength(1);
  });

  it("is left alone for a while after a charge was declined", () => {
    const books = set();
    books.look();
    books.answer(answers.failed, "pay_1");
    expect(books.member.autoCheckAt).toEqual(later(noon, retry_ms));
    books.now = later(noon, retry_ms - 1);
    expect(books.look().members).toBe(0);
    books.now = later(noon, retry_ms);
    expect(books.look().drawn).toHaveLength(1);
  });

  it("waits where the account is gone, and forever where the wish is", () => {
    const books = set({ id: "lac_2", purpose: "auto-charge" });
    books.state.apply({ linkedAccounts: [account({ id: "lac_2", purpose: "auto-charge", state: "deleted" })] });
    expect(books.look()).toMatchObject({ members: 1, drawn: [] });
    expect(books.member.autoCheckAt).toEqual(later(noon, again_ms));
    books.state.apply({ members: [{ ...books.member, autoChargeAmount: null, autoChargeBelow: null }] });
    books.now = later(noon, again_ms);
    books.look();
    expect(books.member.autoCheckAt).toBeNull();
  });

  it("is no change of state, which nothing tells of", () => {
    const books = set();
    books.charge({ amount: 5_000 });
    books.answer(answers.succeeded, "pay_1");
    const told = books.events.length;
    books.look();
    expect(books.events).toHaveLength(told);
    expect(books.member.eventSeq).toBe(2);
  });
});
