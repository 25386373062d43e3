import { describe, expect, it } from "vitest";
import { answers, later, realTime } from "../fixtures.fixture.ts";
import { type CancelState, cancelOutcome, decideCancel } from "./decide-cancel.ts";
import { wireIdOf } from "./decide-charge.ts";
import { account, cancelRequest, card, MemberBooks, member, noon, purse, token } from "./member-books.fixture.ts";

const price = 10_000;
const onItsWay = "refunds:sandbox";

/** Books with a charge that was made. */
function having(charges = 1) {
  const books = new MemberBooks();
  for (let count = 1; count <= charges; count += 1) {
    books.charge({ amount: price });
    books.answer(answers.succeeded, `pay_${count}`);
  }
  return books;
}

const wireId = wireIdOf("pay_1");
const payment = having().state.payments.get("pay_1")!;
const owner = { member: member(), balance: price, unsettled: [], account: account() };
const ready: CancelState = { named: undefined, purse: owner, payment, token: token(), card: card() };

describe("what is cancelled", () => {
  it.each<[string, Partial<CancelState>, Parameters<typeof cancelRequest>[0], string]>([
    ["by nobody", { purse: undefined }, {}, "member-unknown"],
    ["by another merchant", {}, { merchantId: "mer_other" }, "member-unknown"],
    ["that never was", { payment: undefined }, {}, "charge-unknown"],
    ["of another member", { payment: { ...payment, beneficiary: "member:1" } }, {}, "charge-unknown"],
    ["of another dialect", {}, { dialect: "other" }, "charge-unknown"],
    ["that was deposited", { payment: { ...payment, method: "virtual_account" } }, {}, "charged-otherwise"],
    ["that was not paid", { payment: { ...payment, state: "ready", paidAmount: 0 } }, {}, "not-cancellable"],
    ["that the PG declined", { payment: { ...payment, state: "failed", paidAmount: 0 } }, {}, "not-cancellable"],
    ["that is being cancelled", { payment: { ...payment, pendingRefundAmount: price } }, {}, "not-cancellable"],
    [
      "that was cancelled",
      { payment: { ...payment, state: "cancelled", refundedAmount: price } },
      {},
      "not-cancellable",
    ],
    ["of which a won is spent", { purse: { ...owner, balance: price - 1 } }, {}, "not-cancellable"],
    ["without an account", { purse: { ...owner, account: undefined } }, {}, "account-missing"],
    ["to another's account", { purse: { ...owner, account: account({ holderIndex: "other" }) } }, {}, "name-differs"],
    ["with a token that was used", { token: token({ usedAt: noon }) }, {}, "token-invalid"],
    ["with another expiry than the card's", {}, { cardExpiry: "3109" }, "expiry-differs"],
  ])("is no charge %s", (_name, state, wanted, code) => {
    const request = cancelRequest({ wireId, ...wanted });
    const { result, changes } = decideCancel({ ...ready, ...state }, request, noon, realTime);
    expect(result).toEqual({ ok: false, refusal: { code } });
    expect(Object.values(changes).flat()).toEqual([]);
  });

  it("is refused with a wrong code, which uses the token up and changes nothing else", () => {
    const request = cancelRequest({ wireId, shown: { id: "tok_1", dcvvHash: "wrong" } });
    const { result, changes } = decideCancel(ready, request, noon, realTime);
    expect(result).toEqual({ ok: false, refusal: { code: "dcvv-wrong" } });
    expect(Object.values(changes).flat()).toEqual([{ ...token(), usedAt: noon }]);
  });
});

describe("a cancellation", () => {
  it("takes all of the charge from the balance at once, and keeps neither number nor holder", () => {
    const books = having();
    const asked = books.cancel({ wireId });
    expect(asked).toMatchObject({ value: { cancelled: { refund: { amount: price, state: "pending" } } } });
    expect([books.balance(), books.balance(onItsWay)]).toEqual([0, price]);
    expect(books.state.refunds.get("rfd_1")).toMatchObject({
      reference: "cancel-1",
      bankCode: "003",
      numberMasked: "***557",
      numberEncrypted: null,
      holder: null,
    });
    books.answerCancel(answers.succeeded);
    expect(books.state.payments.get("pay_1")).toMatchObject({ state: "cancelled", refundedAmount: price });
    expect([books.balance(), books.balance(onItsWay)]).toEqual([0, 0]);
  });

  it("that the bank declines gives it back, is refused, and leaves the charge to be cancelled again", () => {
    const books = having();
    books.cancel({ wireId });
    books.answerCancel(answers.failed);
    const refund = books.state.refunds.get("rfd_1")!;
    expect(cancelOutcome({ payment: books.state.payments.get("pay_1")!, refund })).toMatchObject({
      refusal: { code: "not-cancellable" },
    });
    expect(books.balance()).toBe(price);
    expect(books.cancel({ wireId })).toMatchObject({ ok: true });
  });

  it("that comes again is the same, even when its token is used and the balance is spent", () => {
    const books = having(2);
    books.cancel({ wireId });
    const used = { id: "tok_3", dcvvHash: "right" };
    const again = books.cancel({ wireId, reference: "cancel-1", shown: used });
    expect(again).toMatchObject({ ok: true, value: { cancelled: { refund: { id: "rfd_1" } }, ordered: undefined } });
    expect(books.balance()).toBe(price);
  });

  it.each<[string, Parameters<typeof cancelRequest>[0]]>([
    ["another charge", { wireId: wireIdOf("pay_2"), reference: "cancel-1" }],
    ["another member", { wireId, memberNumber: "50000104653", reference: "cancel-1" }],
    ["what a charge was called", { wireId, reference: "seq-2" }],
  ])("is not to be called as one of %s", (_name, wanted) => {
    const books = having(2);
    books.cancel({ wireId });
    expect(books.cancel(wanted)).toMatchObject({ refusal: { code: "reference-differs" } });
  });

  it("of one of two takes only what it is of, and the second sees what the first took", () => {
    const books = having(2);
    expect(books.cancel({ wireId })).toMatchObject({ ok: true });
    expect(books.cancel({ wireId: wireIdOf("pay_2") })).toMatchObject({ ok: true });
    expect(books.balance()).toBe(0);
    expect(books.balance(purse)).toBe(books.state.balances.get(purse));
  });

  it("has the balance looked at where it is charged by itself", () => {
    const books = having();
    books.setAutoCharge(1_000, 1_000);
    books.look();
    const at = later(noon, 1_000);
    books.now = at;
    books.cancel({ wireId });
    expect(books.member.autoCheckAt).toEqual(at);
  });
});
