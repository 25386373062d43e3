/** Charging members' balances from their own accounts, in a core alone, with a PG that answers, declines, and says nothing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { moveClock } from "../src/core/clock.ts";
import { type Deposit, deposits } from "../src/core/deposits/deposit.ts";
import { limits } from "../src/core/limits.ts";
import type { CancelMemberChargeRequest, ChargeMemberRequest } from "../src/core/linked-accounts/charges.ts";
import { wireIdOf } from "../src/core/linked-accounts/decide-charge.ts";
import { payments } from "../src/core/payments/payment.ts";
import { readTimeline } from "../src/core/payments/timeline.ts";
import { newId } from "../src/store/index.ts";
import { eventually } from "./support/client.ts";
import { countRows, createDatabase, type TestDatabase } from "./support/database.ts";
import {
  balanceOf,
  breaches,
  channel,
  dialect,
  linkAccount,
  makeMember,
  makeMerchant,
  merchantId,
  openCore,
  showToken,
  type TestCore,
  type TestMember,
} from "./support/members.ts";

let database: TestDatabase;
let nodes: [TestCore, TestCore];

beforeAll(async () => {
  database = await createDatabase();
  const first = openCore(database);
  nodes = [first, openCore(database, first.pg)];
  await makeMerchant(first);
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.close()));
  await database.drop();
});

let names = 0;
const nextName = () => `seq-${++names}`;
const nextNumber = () => String(50_000_104_652 + names++);

type Wanted<Request> = Partial<Omit<Request, "exchange">>;

async function charge(who: TestMember, amount: number, wanted: Wanted<ChargeMemberRequest> = {}, node = nodes[0]) {
  return node.core.memberCharges.charge({
    merchantId,
    dialect,
    channel,
    memberNumber: who.member.number,
    reference: nextName(),
    amount,
    shown: wanted.shown ?? (await showToken(database, who)),
    merchantCode: "410195430033901",
    ...wanted,
  });
}

async function charged(who: TestMember, amount: number, wanted: Wanted<ChargeMemberRequest> = {}) {
  const outcome = await charge(who, amount, wanted);
  if (!outcome.ok) throw new Error(`not charged: ${outcome.refusal.code}`);
  return outcome.value;
}

async function cancel(
  who: TestMember,
  wireId: string,
  wanted: Wanted<CancelMemberChargeRequest> = {},
  node = nodes[0],
) {
  return node.core.memberCharges.cancel({
    merchantId,
    dialect,
    memberNumber: who.member.number,
    reference: nextName(),
    wireId,
    shown: wanted.shown ?? (await showToken(database, who)),
    cardExpiry: "3108",
    ...wanted,
  });
}

const balance = (who: TestMember) => balanceOf(database, who.member.number);
const resultOf = (reference: string) => nodes[0].core.memberCharges.resultOf(merchantId, dialect, reference);
const rows = () => countRows(database, "payments", "withdrawals", "operations", "refunds", "events", "transfers");

/** The PG tells what it decided, again if it has been told before. */
async function notice(key: string): Promise<boolean> {
  const answer = nodes[0].pg.decided.get(key)!;
  if (answer.outcome !== "succeeded" && answer.outcome !== "failed") throw new Error("the PG has not decided");
  return nodes[1].core.receiveOrderNotice({ connector: "pg", key, answer });
}

async function expectClean(): Promise<void> {
  expect(await breaches(database)).toEqual([]);
}

describe("a charge", () => {
  it("draws on the account and is the member's to spend, with its whole story", async () => {
    const who = await makeMember(database, nextNumber());
    const { payment, withdrawal } = await charged(who, 30_000);
    expect(payment).toMatchObject({ state: "paid", paidAmount: 30_000, method: "linked_account", amount: 30_000 });
    expect(payment.wireId).toBe(`KMN${payment.id.slice(4)}`);
    expect(withdrawal).toMatchObject({ state: "succeeded", cardId: who.card.id, automatic: false });
    expect(await balance(who)).toBe(30_000);
    const order = nodes[0].pg.withdrawn.at(-1)!;
    expect(order).toMatchObject({ registration: `reg ${who.accountId}`, amount: 30_000, currency: "KRW" });
    const timeline = (await readTimeline(database.pool, payment.id))!;
    expect(timeline.withdrawal).toMatchObject({ id: withdrawal.id, state: "succeeded" });
    expect(timeline.operations).toMatchObject([{ kind: "withdrawal", state: "succeeded" }]);
    expect(timeline.transfers).toMatchObject([{ code: "withdrawal", debitAccount: "bank:pg", amount: 30_000 }]);
    expect(timeline.events.map(({ type }) => type)).toEqual([
      "payment.ready",
      "withdrawal.pending",
      "withdrawal.succeeded",
      "payment.paid",
    ]);
    await expectClean();
  });

  it("that comes again is the same, without its token; under another amount it is refused", async () => {
    const who = await makeMember(database, nextNumber());
    const [reference, shown] = [nextName(), await showToken(database, who)];
    const first = await charged(who, 1_000, { reference, shown });
    const before = await rows();
    expect(await charged(who, 1_000, { reference, shown })).toEqual(first);
    expect(await charge(who, 1_001, { reference })).toMatchObject({ refusal: { code: "reference-differs" } });
    expect(await charge(who, 1_000, { reference, merchantCode: "410195430033902" })).toMatchObject({ ok: false });
    expect(await rows()).toEqual(before);
    expect(await resultOf(reference)).toEqual({ state: "completed", wireId: first.payment.wireId });
  });

  it("that is asked for at two nodes at once is made once", async () => {
    const who = await makeMember(database, nextNumber());
    const [reference, shown] = [nextName(), await showToken(database, who)];
    const asked = Array.from({ length: 12 }, (_, index) => charge(who, 500, { reference, shown }, nodes[index % 2]));
    const answers = await Promise.all(asked);
    expect(new Set(answers.map((answer) => (answer.ok ? answer.value.payment.id : answer.refusal.code))).size).toBe(1);
    expect(await balance(who)).toBe(500);
  });

  it("uses its token up: of many at once with one token a single one is made", async () => {
    const who = await makeMember(database, nextNumber());
    const shown = await showToken(database, who);
    const answers = await Promise.all([0, 1, 0, 1, 0, 1].map((node) => charge(who, 700, { shown }, nodes[node])));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(answers.filter(({ ok }) => !ok)).toMatchObject(Array(5).fill({ refusal: { code: "token-invalid" } }));
    expect(await balance(who)).toBe(700);
  });

  it("leaves nothing behind when it is refused, but a token that came with a wrong code is used up", async () => {
    const who = await makeMember(database, nextNumber());
    const other = await makeMember(database, nextNumber());
    const without = await makeMember(database, nextNumber(), { purposes: [] });
    const shown = await showToken(database, who);
    const before = await rows();
    const codeOf = async (asked: ReturnType<typeof charge>) => {
      const outcome = await asked;
      return outcome.ok ? "charged" : outcome.refusal.code;
    };
    expect(await codeOf(charge(who, 1, { memberNumber: "1" }))).toBe("member-unknown");
    expect(await codeOf(charge(who, 1, { merchantId: "mer_other" }))).toBe("member-unknown");
    expect(await codeOf(charge(without, 1))).toBe("account-missing");
    expect(await codeOf(charge(other, 1, { shown }))).toBe("token-invalid");
    expect(await codeOf(charge(who, 1, { shown: { token: "0".repeat(16), dcvv: "366" } }))).toBe("token-invalid");
    expect(await codeOf(charge(who, 1, { shown: await showToken(database, who, -1) }))).toBe("token-invalid");
    expect(await codeOf(charge(who, limits.member_balance_max + 1, { shown }))).toBe("balance-limit");
    expect(await codeOf(charge(who, 1, { shown: { ...shown, dcvv: "000" } }))).toBe("dcvv-wrong");
    expect(await codeOf(charge(who, 1, { shown }))).toBe("token-invalid");
    expect(await rows()).toEqual(before);
  });

  it("that the PG declines is kept as failed, and is answered so again", async () => {
    const who = await makeMember(database, nextNumber());
    const reference = nextName();
    nodes[0].pg.decline();
    const declined = { ok: false, refusal: { code: "withdrawal-failed", reason: "insufficient-funds" } };
    expect(await charge(who, 900, { reference })).toEqual(declined);
    expect(await charge(who, 900, { reference })).toEqual(declined);
    expect(await resultOf(reference)).toMatchObject({ state: "failed" });
    expect(await balance(who)).toBe(0);
    await expectClean();
  });

  it("whose answer is lost is pending until the PG tells, and counts once however it tells", async () => {
    const who = await makeMember(database, nextNumber());
    const reference = nextName();
    nodes[0].pg.loseAnswer();
    const { payment, withdrawal } = await charged(who, 4_000, { reference });
    expect([payment.state, withdrawal.state]).toEqual(["ready", "unknown"]);
    expect(await resultOf(reference)).toEqual({ state: "pending", wireId: payment.wireId });
    expect(await balance(who)).toBe(0);
    await expectClean();
    const told = await Promise.all([1, 2, 3].map(() => notice(withdrawal.operationId)));
    expect(told).toEqual([true, true, true]);
    expect(await balance(who)).toBe(4_000);
    expect(await resultOf(reference)).toMatchObject({ state: "completed" });
    await expectClean();
  });

  it("counts towards the limit while it is under way", async () => {
    const who = await makeMember(database, nextNumber());
    nodes[0].pg.wait();
    await charged(who, limits.member_balance_max - 1_000);
    expect(await charge(who, 1_001)).toMatchObject({ refusal: { code: "balance-limit" } });
    expect(await charge(who, 1_000)).toMatchObject({ ok: true });
    expect(await charge(who, 1)).toMatchObject({ refusal: { code: "balance-limit" } });
  });

  it("never takes a balance beyond the limit, however many are asked for at once", async () => {
    const who = await makeMember(database, nextNumber());
    const part = limits.member_balance_max / 4;
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => charge(who, part, {}, nodes[index % 2])));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(4);
    expect(await balance(who)).toBe(limits.member_balance_max);
    await expectClean();
  });
});

describe("a cancellation", () => {
  it("takes the amount from the balance and pays it to the account", async () => {
    const who = await makeMember(database, nextNumber());
    const { payment } = await charged(who, 20_000);
    const reference = nextName();
    const outcome = await cancel(who, payment.wireId, { reference });
    expect(outcome).toMatchObject({
      value: { payment: { state: "cancelled" }, refund: { state: "succeeded", reference } },
    });
    expect(await balance(who)).toBe(0);
    const order = nodes[0].pg.paid.at(-1)!;
    expect(order).toMatchObject({ amount: 20_000, bankCode: "003", number: "333015555557", holder: "김코나" });
    expect(await resultOf(reference)).toEqual({ state: "completed", wireId: payment.wireId });
    const kept = await database.pool.query("SELECT * FROM refunds WHERE reference = $1", [reference]);
    expect(JSON.stringify(kept.rows)).not.toMatch(/333015555557|김코나/);
    await expectClean();
  });

  it("that comes again is the same; a charge's name is no cancellation's", async () => {
    const who = await makeMember(database, nextNumber());
    const named = nextName();
    const one = await charged(who, 1_000, { reference: named });
    const other = await charged(who, 1_000);
    const reference = nextName();
    const first = await cancel(who, one.payment.wireId, { reference });
    expect(await cancel(who, one.payment.wireId, { reference })).toEqual(first);
    expect(await cancel(who, other.payment.wireId, { reference })).toMatchObject({
      refusal: { code: "reference-differs" },
    });
    expect(await cancel(who, other.payment.wireId, { reference: named })).toMatchObject({ ok: false });
    expect(await charge(who, 1_000, { reference })).toMatchObject({ refusal: { code: "reference-differs" } });
    expect(await balance(who)).toBe(1_000);
  });

  it("is made once, of many at two nodes at once", async () => {
    const who = await makeMember(database, nextNumber());
    const { payment } = await charged(who, 3_000);
    await charged(who, 3_000);
    const asked = Array.from({ length: 8 }, (_, index) => cancel(who, payment.wireId, {}, nodes[index % 2]));
    const answers = await Promise.all(asked);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(answers.filter(({ ok }) => !ok)).toMatchObject(Array(7).fill({ refusal: { code: "not-cancellable" } }));
    expect(await balance(who)).toBe(3_000);
    await expectClean();
  });

  it("that the bank does not pay out gives the balance back, and can be asked for anew", async () => {
    const who = await makeMember(database, nextNumber());
    const { payment } = await charged(who, 2_000);
    const reference = nextName();
    nodes[0].pg.decline();
    expect(await cancel(who, payment.wireId, { reference })).toMatchObject({ refusal: { code: "not-cancellable" } });
    expect(await cancel(who, payment.wireId, { reference })).toMatchObject({ refusal: { code: "not-cancellable" } });
    expect(await resultOf(reference)).toMatchObject({ state: "failed" });
    expect(await balance(who)).toBe(2_000);
    nodes[0].pg.loseAnswer();
    const asked = await cancel(who, payment.wireId);
    expect(asked).toMatchObject({ value: { refund: { state: "unknown" } } });
    expect(await balance(who)).toBe(0);
    await notice(asked.ok ? asked.value.refund.operationId! : "");
    expect((await payments.read(database.pool, [payment.id]))[0]).toMatchObject({ state: "cancelled" });
    await expectClean();
  });

  it("is refused for what was not charged, was spent, and goes to nobody's or another's account", async () => {
    const who = await makeMember(database, nextNumber());
    const other = await makeMember(database, nextNumber());
    const { payment } = await charged(who, 2_000);
    const before = await rows();
    const codeOf = async (asked: ReturnType<typeof cancel>) => {
      const outcome = await asked;
      return outcome.ok ? "cancelled" : outcome.refusal.code;
    };
    expect(await codeOf(cancel(who, `KMN${"0".repeat(32)}`))).toBe("charge-unknown");
    expect(await codeOf(cancel(other, payment.wireId))).toBe("charge-unknown");
    expect(await codeOf(cancel(who, payment.wireId, { dialect: "ppro" }))).toBe("charge-unknown");
    expect(await codeOf(cancel(who, payment.wireId, { cardExpiry: "3109" }))).toBe("expiry-differs");
    expect(await codeOf(cancel(who, payment.wireId, { shown: await showToken(database, other) }))).toBe(
      "token-invalid",
    );
    const state = (to: string, from: string) =>
      database.pool.query("UPDATE linked_accounts SET state = $1 WHERE id = $2 AND state = $3", [
        to,
        who.accountId,
        from,
      ]);
    await state("deleted", "registered");
    expect(await codeOf(cancel(who, payment.wireId))).toBe("account-missing");
    const anothers = await linkAccount(database, who.member, "charge", "한배코");
    expect(await codeOf(cancel(who, payment.wireId))).toBe("name-differs");
    await database.pool.query("DELETE FROM linked_accounts WHERE id = $1", [anothers]);
    await database.pool.query("DELETE FROM operations WHERE subject_id = $1", [anothers]);
    await state("registered", "deleted");
    expect(await rows()).toEqual(before);
    nodes[0].pg.decline();
    await charge(who, 100, { reference: "declined" });
    const declined = await resultOf("declined");
    expect(await codeOf(cancel(who, declined!.wireId))).toBe("not-cancellable");
    expect(await codeOf(cancel(who, payment.wireId))).toBe("cancelled");
    await expectClean();
  });
});

describe("what was deposited", () => {
  it("is not cancelled, by the name of the deposit or of what it was for", async () => {
    const who = await makeMember(database, nextNumber());
    const { payment } = await charged(who, 1_000);
    const fixed = { ...payment, id: newId("pay"), wireId: "fixed", reference: who.card.id } as const;
    await payments.insert(database.pool, [{ ...fixed, method: "virtual_account" }]);
    const deposit: Deposit = {
      id: newId("dep"),
      merchantId,
      connector: "pg",
      providerMerchantId: "kona",
      transactionId: "btx_1",
      kind: "credit",
      bankCode: "003",
      number: "1",
      amount: 1_000,
      currency: "KRW",
      depositorName: null,
      occurredAt: new Date(),
      receivedAt: new Date(),
      paymentId: fixed.id,
      virtualAccountId: null,
      state: "matched",
      reason: null,
      booked: true,
      contentHash: "",
      updatedAt: new Date(),
      eventSeq: 0,
    };
    await deposits.insert(database.pool, [deposit]);
    const otherwise = { refusal: { code: "charged-otherwise" } };
    expect(await cancel(who, "fixed")).toMatchObject(otherwise);
    expect(await cancel(who, wireIdOf(deposit.id))).toMatchObject(otherwise);
    const other = await makeMember(database, nextNumber());
    expect(await cancel(other, wireIdOf(deposit.id))).toMatchObject({ refusal: { code: "charge-unknown" } });
    await database.pool.query("DELETE FROM deposits WHERE id = $1", [deposit.id]);
    await database.pool.query("DELETE FROM payments WHERE id = $1", [fixed.id]);
  });
});

describe("a balance that is charged by itself", () => {
  const look = (node = nodes[0]) => node.core.memberCharges.chargeByItself(new AbortController().signal);
  const later = (s: number) => moveClock(database.pool, { advance: `PT${s}S` });
  /** What was begun by itself has come to an end, as far as the PG says. */
  const drawn = (who: TestMember, state: string) =>
    eventually(async () => {
      const { rows } = await database.pool.query("SELECT state FROM withdrawals WHERE member_id = $1 AND automatic", [
        who.member.id,
      ]);
      return rows.some((row) => row.state === state);
    });
  const set = (who: TestMember, amount: number, below: number) =>
    nodes[0].core.memberCharges.setAutoCharge({
      merchantId,
      dialect,
      channel,
      memberNumber: who.member.number,
      par: who.card.par,
      amount,
      below,
    });

  it("is charged at once when it is low, until it is not, by one node", async () => {
    const who = await makeMember(database, nextNumber(), { purposes: ["charge", "auto-charge"] });
    expect(await set(who, 1_000, 2_500)).toMatchObject({ ok: true, value: { autoChargeAmount: 1_000 } });
    await eventually(async () => {
      await Promise.all([look(nodes[0]), look(nodes[1])]);
      return (await balance(who)) >= 2_500;
    });
    await Promise.all([look(nodes[0]), look(nodes[1])]);
    expect(await balance(who)).toBe(3_000);
    const { rows: drawn } = await database.pool.query(
      "SELECT automatic, linked_account_id FROM withdrawals WHERE member_id = $1",
      [who.member.id],
    );
    expect(drawn).toEqual(Array(3).fill({ automatic: true, linked_account_id: who.accountId }));
    await expectClean();
  });

  it("is charged again after a cancellation", async () => {
    const who = await makeMember(database, nextNumber(), { purposes: ["charge", "auto-charge"] });
    const { payment } = await charged(who, 5_000);
    await set(who, 1_000, 1_000);
    await look();
    expect(await balance(who)).toBe(5_000);
    await cancel(who, payment.wireId);
    await look();
    expect(await balance(who)).toBe(1_000);
  });

  it("is not charged a second time while the PG has not said what became of the first", async () => {
    const who = await makeMember(database, nextNumber(), { purposes: ["charge", "auto-charge"] });
    nodes[0].pg.loseAnswer();
    await set(who, 1_000, 1_500);
    await look();
    await drawn(who, "unknown");
    const orders = nodes[0].pg.withdrawn.length;
    await set(who, 1_000, 1_500);
    await look();
    expect(nodes[0].pg.withdrawn).toHaveLength(orders);
    await notice(nodes[0].pg.withdrawn.at(-1)!.key);
    await look();
    expect(await balance(who)).toBe(2_000);
    await expectClean();
  });

  it("is left alone for a while after the PG declined", async () => {
    const who = await makeMember(database, nextNumber(), { purposes: ["charge", "auto-charge"] });
    nodes[0].pg.decline();
    await set(who, 1_000, 1_000);
    await look();
    await drawn(who, "failed");
    await look();
    expect(await balance(who)).toBe(0);
    await later(limits.auto_charge_retry_s + 1);
    await look();
    expect(await balance(who)).toBe(1_000);
    await expectClean();
  });

  it("needs an account for it, a card of the member's, and an amount within the limit", async () => {
    const who = await makeMember(database, nextNumber());
    expect(await set(who, 1_000, 1_000)).toMatchObject({ refusal: { code: "account-missing" } });
    const other = await makeMember(database, nextNumber(), { purposes: ["charge", "auto-charge"] });
    expect(await set({ ...other, card: who.card }, 1_000, 1_000)).toMatchObject({ refusal: { code: "card-unknown" } });
    expect(await set(other, limits.member_balance_max + 1, 1)).toMatchObject({ refusal: { code: "balance-limit" } });
  });
});

describe("the movements of a balance", () => {
  const all = { from: new Date(0), to: new Date("2199-01-01"), descending: false, page: 0, size: 10 };
  const kinds = ["charge", "cancel", "cancel-failed"] as const;

  it("are all that changed it, with what it was before and after", async () => {
    const who = await makeMember(database, nextNumber());
    const one = await charged(who, 1_000);
    const two = await charged(who, 2_000);
    nodes[0].pg.decline();
    await cancel(who, two.payment.wireId);
    await cancel(who, one.payment.wireId);
    const search = { ...all, memberNumber: who.member.number, kinds };
    const { total, movements } = await nodes[0].core.memberCharges.movements(search);
    expect(total).toBe(5);
    expect(
      movements.map((one) => [one.kind, one.amount, one.balanceBefore, one.balanceAfter, one.cancellable]),
    ).toEqual([
      ["charge", 1_000, 0, 1_000, false],
      ["charge", 2_000, 1_000, 3_000, true],
      ["cancel", 2_000, 3_000, 1_000, false],
      ["cancel-failed", 2_000, 1_000, 3_000, false],
      ["cancel", 1_000, 3_000, 2_000, false],
    ]);
    expect(movements[0]).toMatchObject({ wireId: one.payment.wireId, depositId: null, refundId: null });
    expect(movements[4]).toMatchObject({ wireId: one.payment.wireId, refundId: expect.stringMatching(/^rfd_/) });
    const page = await nodes[0].core.memberCharges.movements({ ...search, descending: true, page: 1, size: 2 });
    expect([page.total, page.movements.map(({ kind }) => kind)]).toEqual([5, ["cancel", "charge"]]);
    const beyond = await nodes[0].core.memberCharges.movements({ ...search, page: 9 });
    expect(beyond).toEqual({ total: 5, movements: [] });
    const cancels = await nodes[0].core.memberCharges.movements({ ...search, kinds: ["cancel"], to: new Date(0) });
    expect(cancels).toEqual({ total: 0, movements: [] });
  });
});

describe("the doctor", () => {
  it.each([
    ["a yes that is not in the books", "state = 'succeeded'", "succeeded): 0 transfers"],
    ["another amount than the payment's", "amount = amount + 1", "unknown of 4001, payment ready of 4000"],
    ["another member's account", "linked_account_id = 'lac_other'", "from account lac_other"],
  ])("finds %s", async (_name, change, found) => {
    const who = await makeMember(database, nextNumber());
    nodes[0].pg.wait();
    const { withdrawal } = await charged(who, 4_000);
    await expectClean();
    const alter = (set: string) => database.pool.query(`UPDATE withdrawals SET ${set} WHERE id = $1`, [withdrawal.id]);
    await alter(change);
    const named = (await breaches(database)).map((breach) => breach.found).filter((one) => one.includes(withdrawal.id));
    expect(named).toContainEqual(expect.stringContaining(found));
    await alter(`state = 'unknown', amount = 4000, linked_account_id = '${withdrawal.linkedAccountId}'`);
  });
});
