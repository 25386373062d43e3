import { describe, expect, it } from "vitest";
import { answers, later, minute_ms, realTime } from "../fixtures.fixture.ts";
import { limits } from "../limits.ts";
import { type ChargeState, chargeOutcome, decideCharge, depositIdOf, hashOfCharge, wireIdOf } from "./decide-charge.ts";
import { account, card, chargeRequest, MemberBooks, member, noon, purse, token } from "./member-books.fixture.ts";

const max = limits.member_balance_max;
const owner = { member: member(), balance: 0, unsettled: [], account: account() };
const ready: ChargeState = { named: undefined, purse: owner, token: token(), card: card() };
const never = { outcome: "absent", askedAt: later(realTime, 60 * minute_ms) } as const;

function charged(books = new MemberBooks(), amount = 10_000) {
  const made = books.charge({ amount });
  if (!made.ok) throw new Error(`not charged: ${made.refusal.code}`);
  return { books, ...made.value };
}

describe("what is charged", () => {
  it.each<[string, Partial<ChargeState>, Parameters<typeof chargeRequest>[0], object]>([
    ["nobody", { purse: undefined }, {}, { code: "member-unknown" }],
    ["another merchant's member", {}, { merchantId: "mer_other" }, { code: "member-unknown" }],
    ["a member without an account", { purse: { ...owner, account: undefined } }, {}, { code: "account-missing" }],
    ["more than a balance may hold", {}, { amount: max + 1 }, { code: "balance-limit", max }],
    [
      "a won more than there is room for",
      { purse: { ...owner, balance: max } },
      { amount: 1 },
      { code: "balance-limit", max },
    ],
    ["without a token", { token: undefined, card: undefined }, {}, { code: "token-invalid" }],
    ["with another's token", { card: card({ memberId: "mem_2" }) }, {}, { code: "token-invalid" }],
  ])("is not %s", (_name, state, wanted, refusal) => {
    const { result, changes } = decideCharge({ ...ready, ...state }, chargeRequest(wanted), noon, realTime);
    expect(result).toEqual({ ok: false, refusal });
    expect(Object.values(changes).flat()).toEqual([]);
  });

  it("is what there is room for, to the won", () => {
    const state = { ...ready, purse: { ...owner, balance: max - 10_000 } };
    expect(decideCharge(state, chargeRequest(), noon, realTime).result).toMatchObject({ ok: true });
  });

  it("is refused with a wrong code, which uses the token up and changes nothing else", () => {
    const wrong = chargeRequest({ shown: { id: "tok_1", dcvvHash: "wrong" } });
    const { result, changes } = decideCharge(ready, wrong, noon, realTime);
    expect(result).toEqual({ ok: false, refusal: { code: "dcvv-wrong" } });
    expect(Object.values(changes).flat()).toEqual([{ ...token(), usedAt: noon }]);
  });

  it("moves nothing before the PG has said yes", () => {
    const { books, drawn } = charged();
    expect(books.transfers).toEqual([]);
    expect(drawn).toMatchObject({ payment: { state: "ready" }, withdrawal: { state: "pending", cardId: "crd_1" } });
    expect(drawn!.operation).toMatchObject({ kind: "withdrawal", subjectId: "wdr_1", state: "pending" });
  });

  it("counts what is under way as if it had come", () => {
    const { books } = charged(new MemberBooks(), max - 1);
    expect(books.charge({ amount: 2 })).toMatchObject({ refusal: { code: "balance-limit" } });
    expect(books.charge({ amount: 1 })).toMatchObject({ ok: true });
  });

  it("has room again when the PG declined", () => {
    const { books } = charged(new MemberBooks(), max);
    books.answer(answers.failed);
    expect(books.charge({ amount: max })).toMatchObject({ ok: true });
  });
});

describe("the same request again", () => {
  it("is answered as the first stands, without another token", () => {
    const { books, charged: first } = charged();
    const used = { id: "tok_1", dcvvHash: "right" };
    const again = books.charge({ reference: "seq-1", shown: used });
    expect(again).toMatchObject({ ok: true, value: { charged: first, drawn: undefined } });
    const paid = books.answer(answers.succeeded);
    expect(books.charge({ reference: "seq-1", shown: used })).toMatchObject({ value: { charged: paid } });
    expect(books.state.payments.size).toBe(1);
  });

  it.each([
    ["amount", { amount: 10_001 }],
    ["member", { memberNumber: "50000104653" }],
    ["merchant code", { merchantCode: "410195430033902" }],
  ])("is another with another %s", (_name, wanted) => {
    const { books } = charged();
    expect(books.charge({ reference: "seq-1", ...wanted })).toMatchObject({ refusal: { code: "reference-differs" } });
    expect(hashOfCharge(chargeRequest(wanted))).not.toBe(hashOfCharge(chargeRequest()));
  });

  it("is another's in another dialect", () => {
    const { books } = charged();
    expect(books.charge({ reference: "seq-1", dialect: "other" })).toMatchObject({ value: { drawn: {} } });
  });
});

describe("the PG's word", () => {
  it("of a yes moves the amount from the bank to the member, once", () => {
    const { books } = charged();
    const { payment, withdrawal } = books.answer(answers.succeeded);
    expect(payment).toMatchObject({ state: "paid", paidAmount: 10_000, providerTransaction: "bpo_1", paidAt: noon });
    expect(withdrawal).toMatchObject({ state: "succeeded", transactionId: "bpo_1", completedAt: noon });
    for (const late of [answers.succeeded, answers.failed, answers.unknown, never]) books.answer(late);
    expect(books.transfers).toMatchObject([
      { debitAccount: "bank:sandbox", creditAccount: purse, amount: 10_000, code: "withdrawal", paymentId: "pay_1" },
    ]);
    expect(books.state.payments.get("pay_1")).toEqual(payment);
  });

  it("of a no ends the charge, whose caller is told the PG's reason, and nothing moves", () => {
    const { books } = charged();
    const failed = books.answer({
      outcome: "failed",
      code: "insufficient-funds",
      message: "잔액 부족",
      providerCode: "51",
    });
    expect(failed.payment).toMatchObject({ state: "failed", failReason: "잔액 부족", paidAmount: 0 });
    expect(failed.withdrawal).toMatchObject({ failureCode: "insufficient-funds", providerCode: "51" });
    expect(chargeOutcome(failed)).toEqual({
      ok: false,
      refusal: { code: "withdrawal-failed", reason: "insufficient-funds" },
    });
    books.answer(answers.succeeded);
    expect(books.balance()).toBe(0);
  });

  it("that nothing is known leaves the charge waiting, and tells so once", () => {
    const { books } = charged();
    books.answer(answers.unknown);
    const { payment, withdrawal } = books.answer({ outcome: "unknown", reason: "still under way" });
    expect([payment.state, withdrawal.state, withdrawal.eventSeq]).toEqual(["ready", "unknown", 2]);
    expect(chargeOutcome({ payment, withdrawal }).ok).toBe(true);
    books.answer(answers.succeeded);
    expect(books.balance()).toBe(10_000);
  });

  it("that it had no order is a no only after the order's time", () => {
    const { books } = charged();
    expect(books.answer(answers.absent).withdrawal.state).toBe("unknown");
    expect(books.answer(never).withdrawal).toMatchObject({ state: "failed", failureCode: "never-received" });
  });
});

it("what clients know a charge by leads to a deposit where it is one", () => {
  const hex = "01a200a3739d754f8e61618b2bb5d3f3";
  expect(wireIdOf(`pay_${hex}`)).toBe(`KMN${hex}`);
  expect(depositIdOf(wireIdOf(`dep_${hex}`))).toBe(`dep_${hex}`);
  for (const wireId of ["", "KMN", `KMN${hex}0`, `kmn${hex}`, `KMN${hex.toUpperCase()}`]) {
    expect(depositIdOf(wireId)).toBeUndefined();
  }
});
