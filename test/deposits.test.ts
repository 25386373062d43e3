/** Every way a deposit can turn out, from the customer's transfer at the sandbox bank to the shop's view and the books. */
import { describe, expect, it } from "vitest";
import { eventually } from "./support/client.ts";
import { expectRefused, expectSuspended, illDeposits, type OpenAccount } from "./support/ill-deposits.ts";
import { startTestNode } from "./support/node.ts";
import { useNode, useReceiver, withNode } from "./support/scenario.ts";

const node = useNode();
const shop = useReceiver();

async function status(payment: Record<string, unknown>): Promise<unknown> {
  return (await node.payment(payment.imp_uid)).status;
}

function accountOf({ vbank_num, amount, vbank_date }: Record<string, unknown>): OpenAccount {
  return { number: String(vbank_num), amount: Number(amount), dueAt: new Date(Number(vbank_date) * 1000) };
}

describe("a deposit", () => {
  it("makes the payment paid, tells the shop, and leaves the whole story behind", async () => {
    const payment = await node.issue({ notice_url: shop.url, buyer_tel: "010-9999-8888" });
    const deposited = await node.deposit(payment.vbank_num, { depositorName: "홍길동" });
    expect(deposited.body).toMatchObject({ outcome: "matched", duplicate: false, amount: 10_000 });
    expect(await node.payment(payment.imp_uid)).toMatchObject({ status: "paid" });

    const mine = () => shop.received.filter((one) => one.body.includes(String(payment.imp_uid)));
    await eventually(async () => mine().length === 2);
    expect(mine().map((one) => JSON.parse(one.body))).toEqual([
      { imp_uid: payment.imp_uid, merchant_uid: payment.merchant_uid, status: "ready" },
      { imp_uid: payment.imp_uid, merchant_uid: payment.merchant_uid, status: "paid" },
    ]);
    expect(mine()[1]!.headers["content-type"]).toContain("application/json");

    const timeline = await eventually(async () => {
      const found = await node.timeline(payment.imp_uid);
      return found.deliveries.every((delivery: { state: string }) => delivery.state === "delivered") && found;
    });
    expect(timeline.exchanges).toHaveLength(1);
    expect(timeline.exchanges[0]).toMatchObject({ method: "POST", path: "/vbanks", status: 200 });
    expect(JSON.stringify(timeline.exchanges)).not.toContain("010-9999-8888");
    expect(timeline.notices).toMatchObject([{ kind: "credit", state: "matched", amount: 10_000 }]);
    expect(timeline.transfers).toMatchObject([{ debitAccount: "bank:sandbox", amount: 10_000, code: "deposit" }]);
    expect(timeline.events.map((event: { type: string }) => event.type)).toEqual([
      "payment.ready",
      "deposit.matched",
      "payment.paid",
    ]);
    expect(timeline.deliveries.map((one: { attemptLog: object[] }) => one.attemptLog)).toMatchObject([
      [{ attempt: 1, status: 200, answer: "OK" }],
      [{ attempt: 1, status: 200, answer: "OK" }],
    ]);

    const books = await node.get<{ currencies: { difference: number }[] }>("/naru/v1/ledger/trial-balance");
    expect(books.body.currencies).toMatchObject([{ currency: "KRW", difference: 0 }]);
  });

  it("can be made with the command line's own words: name, amount, bank", async () => {
    const payment = await node.issue({ vbank_code: "004" });
    const answer = await node.deposit(payment.vbank_num, { amount: 10_000, bankCode: "004", depositorName: "김나루" });
    expect(answer.body).toMatchObject({ outcome: "matched", bankCode: "004", depositorName: "김나루" });
  });
});

describe("the bank asks before money moves", () => {
  it.each(illDeposits)("and refuses $name for a one-time account", async (ill) => {
    const payment = await node.issue();
    await expectRefused(node, accountOf(payment), ill);
    expect(await status(payment)).toBe(ill.second ? "paid" : "ready");
  });

  it("and does not know an account that was never issued", async () => {
    const answer = await node.deposit("56200000000000", { amount: 1 });
    expect(answer.status).toBe(404);
    expect(answer.body.error).toMatchObject({ code: "account-unknown" });
  });

  it("unless it is switched off, as a bank that does not check", async () => {
    await withNode({ env: { NARU_SANDBOX_BANK_CHECKS: "false" } }, async (loose) => {
      const payment = await loose.issue();
      const answer = await loose.deposit(payment.vbank_num, { amount: 9_000 });
      expect(answer.body).toMatchObject({ outcome: "suspended", reason: "amount_under" });
    });
  });
});

describe("money that arrived and may not land is held in suspense", () => {
  it.each(illDeposits)("$name", async (ill) => {
    const payment = await node.issue();
    await expectSuspended(node, accountOf(payment), ill);
    expect(await status(payment)).toBe(ill.second ? "paid" : "ready");
    const events = (await node.timeline(payment.imp_uid)).events.map((event: { type: string }) => event.type);
    expect(events).toContain("deposit.suspended");
  });

  it("for an order that another account of it has paid", async () => {
    const payment = await node.issue();
    const other = await node.issue({ merchant_uid: payment.merchant_uid });
    await node.deposit(other.vbank_num);
    const answer = await node.deposit(payment.vbank_num, { force: true });
    expect(answer.body).toMatchObject({ outcome: "suspended", reason: "already_paid" });
    expect(await status(payment)).toBe("ready");
  });

  it("to a number nobody has", async () => {
    const before = await node.balanceOf("suspense:sandbox");
    const fields = { bankCode: "088", amount: 5_000, force: true };
    const answer = await node.deposit("56299999999999", fields);
    expect(answer.body).toMatchObject({ outcome: "suspended", reason: "unknown_account", paymentId: null });
    expect(await node.balanceOf("suspense:sandbox")).toBe(before + 5_000);
  });
});

describe("a notice counts once", () => {
  it("however often it comes", async () => {
    const payment = await node.issue();
    const before = await node.balanceOf("bank:sandbox");
    const first = await node.deposit(payment.vbank_num, { noticeId: "once" });
    const again = await node.deposit(payment.vbank_num, { noticeId: "once" });
    expect(first.body).toMatchObject({ outcome: "matched", duplicate: false });
    expect(again.body).toMatchObject({ outcome: "matched", duplicate: true, depositId: first.body.depositId });
    expect(await node.balanceOf("bank:sandbox")).toBe(before + 10_000);
  });

  it("and one that contradicts itself is kept for the operator, without booking money that may not exist", async () => {
    const payment = await node.issue();
    await node.deposit(payment.vbank_num, { noticeId: "contradiction" });
    const before = await node.balanceOf("bank:sandbox");
    const other = await node.deposit(payment.vbank_num, { noticeId: "contradiction", amount: 77_777 });
    expect(other.body).toMatchObject({ outcome: "suspended", reason: "conflicting_notice" });
    expect(await node.balanceOf("bank:sandbox")).toBe(before);
    expect(await status(payment)).toBe("paid");
  });
});

describe("a bank whose notice a dying node never took", () => {
  it("is heard out before it may contradict itself", async () => {
    const payment = await node.issue();
    await node.database.pool.query(
      `INSERT INTO sandbox_bank_transactions (id, kind, bank_code, number, amount, occurred_at, recorded_at)
       VALUES ('untold', 'credit', '088', $1, 10000, now(), now())`,
      [payment.vbank_num],
    );
    const answer = await node.deposit(payment.vbank_num, { noticeId: "untold", amount: 9_000 });
    expect(answer.body).toMatchObject({ outcome: "suspended", reason: "conflicting_notice" });
    expect(await status(payment)).toBe("paid");
  });

  it("is heard even if nobody asks again", async () => {
    const payment = await node.issue();
    await node.database.pool.query(
      `INSERT INTO sandbox_bank_transactions (id, kind, bank_code, number, amount, occurred_at, recorded_at)
       VALUES ('left behind', 'credit', '088', $1, 10000, now(), now() - interval '1 minute')`,
      [payment.vbank_num],
    );
    await eventually(async () => (await status(payment)) === "paid");
  });
});

describe("a bank takes a deposit back", () => {
  it("and the payment is no longer paid", async () => {
    const payment = await node.issue();
    const merchant = "merchant:mer_naru_sandbox_key";
    const before = await node.balanceOf(merchant);
    const paid = await node.deposit(payment.vbank_num);
    expect(await node.balanceOf(merchant)).toBe(before + 10_000);
    const reversed = await node.reverse(paid.body.noticeId);
    expect(reversed.body).toMatchObject({ outcome: "applied", paymentId: paid.body.paymentId });
    expect(await node.balanceOf(merchant)).toBe(before);
    expect(await node.payment(payment.imp_uid)).toMatchObject({ status: "cancelled", cancel_amount: 10_000 });
    expect((await node.reverse(paid.body.noticeId)).body).toMatchObject({ duplicate: true });
    expect((await node.reverse("never-made")).status).toBe(404);
  });

  it("also out of suspense", async () => {
    const payment = await node.issue();
    const before = await node.balanceOf("suspense:sandbox");
    const held = await node.deposit(payment.vbank_num, { amount: 1_000, force: true });
    expect(await node.balanceOf("suspense:sandbox")).toBe(before + 1_000);
    await node.reverse(held.body.noticeId);
    expect(await node.balanceOf("suspense:sandbox")).toBe(before);
    expect(await status(payment)).toBe("ready");
  });
});

describe("a number that a customer keeps", () => {
  it("passes from order to order, and a late notice is for the order it was paid for", async () => {
    const order = { pg: "settle", vbank_num: "110-2233-445566" };
    const first = await node.issue(order);
    await node.deposit(first.vbank_num);
    const { now: between } = (await node.get<{ now: string }>("/naru/v1/sandbox/clock")).body;
    const second = await node.issue(order);
    expect(second.vbank_num).toBe(first.vbank_num);
    const late = await node.deposit(first.vbank_num, { occurredAt: between, force: true });
    expect(late.body).toMatchObject({ outcome: "suspended", reason: "already_paid" });
    expect(await status(second)).toBe("ready");
    await node.deposit(second.vbank_num);
    expect(await status(second)).toBe("paid");
  });
});

describe("a fixed account", () => {
  it("takes any number of deposits of any amount and shows each", async () => {
    const payment = await node.issue({ pg: "settle", fixed_unlimited_vbank: true, amount: undefined });
    expect(payment).toMatchObject({ amount: 0, status: "ready" });
    expect((await node.deposit(payment.vbank_num)).body.error).toMatchObject({ code: "amount-needed" });
    await node.deposit(payment.vbank_num, { amount: 3_000, depositorName: "홍길동" });
    await node.deposit(payment.vbank_num, { amount: 4_000, depositorName: "김나루" });
    expect(await node.payment(payment.imp_uid)).toMatchObject({
      status: "paid",
      deposit_history: [
        { amount: 3_000, depositor_name: "홍길동" },
        { amount: 4_000, depositor_name: "김나루" },
      ],
    });
  });
});

describe("a fixed account whose deposits are taken back", () => {
  it("shows each as a cancellation of its own amount", async () => {
    const payment = await node.issue({ pg: "settle", fixed_unlimited_vbank: "1", amount: 0 });
    const first = await node.deposit(payment.vbank_num, { amount: 500 });
    const second = await node.deposit(payment.vbank_num, { amount: 700 });
    await node.reverse(first.body.noticeId);
    expect(await node.payment(payment.imp_uid)).toMatchObject({
      status: "paid",
      cancel_amount: 500,
      cancel_history: [{ amount: 500 }],
    });
    await node.reverse(second.body.noticeId);
    expect(await node.payment(payment.imp_uid)).toMatchObject({
      status: "cancelled",
      cancel_amount: 1_200,
      cancel_history: [{ amount: 500 }, { amount: 700 }],
      deposit_history: [{ amount: 500 }, { amount: 700 }],
    });
  });
});

describe("numbers", () => {
  it("that have rested are given out again, but not before their account is expired", async () => {
    const mine = await startTestNode();
    try {
      const held = await mine.issue();
      const { pool } = mine.database;
      // Everything else the bank lent is gone, and the sweep is late: the account is long due and still open.
      await pool.query("UPDATE pool_numbers SET available_from = NULL WHERE number <> $1", [held.vbank_num]);
      await pool.query("UPDATE pool_numbers SET available_from = '-infinity' WHERE number = $1", [held.vbank_num]);
      const issued = await Promise.all(Array.from({ length: 20 }, () => mine.tryIssue()));
      expect(issued.map((answer) => answer.body.code)).toEqual(Array(20).fill(0));
      expect(issued.map((answer) => answer.body.response!.vbank_num)).not.toContain(held.vbank_num);
    } finally {
      await mine.stop();
    }
  });
});

describe("time", () => {
  it("moves forward by a duration or to a moment, never back, and expires what is due", async () => {
    const inAnHour = Math.floor(Date.now() / 1000) + 3_600;
    await withNode({}, async (mine) => {
      const payment = await mine.issue({ vbank_due: inAnHour });
      const inTime = new Date((inAnHour - 60) * 1000).toISOString();
      const moved = await mine.moveClock("PT2H");
      expect(moved.body.offset_s).toBe(7_200);
      const expired = await eventually(async () => {
        const timeline = await mine.timeline(payment.imp_uid);
        return timeline.payment.state === "expired" && timeline;
      });
      expect(expired.virtualAccount.state).toBe("expired");
      expect(await mine.payment(payment.imp_uid)).toMatchObject({ status: "ready" });

      const late = await mine.deposit(payment.vbank_num);
      expect(late.body.error).toMatchObject({ code: "bank-refused", reason: "late" });
      const reportedLate = await mine.deposit(payment.vbank_num, { occurredAt: inTime });
      expect(reportedLate.body).toMatchObject({ outcome: "matched" });
      expect(await mine.payment(payment.imp_uid)).toMatchObject({ status: "paid", paid_at: inAnHour - 60 });

      for (const [move, why] of [
        [{ advance: "-P1D" }, "ISO 8601"],
        [{ advance: "tomorrow" }, "ISO 8601"],
        [{ advance: "PXD" }, "ISO 8601"],
        [{ to: "2001-01-01T00:00:00Z" }, "forward"],
        [{ to: "soon" }, "date-time"],
        [{ to: "2500-01-01T00:00:00Z" }, "to must be"],
        [{ to: "2030-12-31T23:59:60Z" }, "to must be"],
        [{ advance: "P1000Y" }, "beyond"],
        [{ advance: "P9999999999Y" }, "beyond"],
        [{}, "either"],
        [{ advance: "P1D", to: "2040-01-01T00:00:00Z" }, "either"],
      ] as const) {
        const refused = await mine.post<{ error: { message: string } }>("/naru/v1/sandbox/clock", move);
        expect([move, refused.status]).toEqual([move, 400]);
        expect(refused.body.error.message).toContain(why);
      }
      const to = new Date(Date.now() + 30 * 86_400_000);
      const later = await mine.post<{ now: string }>("/naru/v1/sandbox/clock", { to: to.toISOString() });
      expect(Math.abs(new Date(later.body.now).getTime() - to.getTime())).toBeLessThan(5_000);
    });
  });
});

describe("what the deposit call itself is told wrongly", () => {
  it.each([
    [{ accountNumber: undefined }, "accountNumber"],
    [{ amount: 0 }, "amount"],
    [{ amount: "much" }, "amount"],
    [{ bankCode: "zz" }, "bank code"],
    [{ occurredAt: "yesterday" }, "occurredAt"],
    [{ occurredAt: "2030-12-31T23:59:60Z" }, "occurredAt"],
    [{ occurredAt: "0000-01-01T00:00:00Z" }, "occurredAt"],
    [{ occurredAt: "9999-12-31T23:59:59-12:00" }, "occurredAt"],
    [{ depositorName: "x".repeat(41) }, "depositorName"],
    [{ noticeId: "a\u0000" }, "noticeId"],
  ])("%j is named", async (fields, named) => {
    const payment = await node.issue();
    const answer = await node.deposit(payment.vbank_num, fields);
    expect(answer.status).toBe(400);
    expect(answer.body.error?.message).toContain(named);
  });
});
