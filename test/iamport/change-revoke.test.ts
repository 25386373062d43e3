/** PUT and DELETE /vbanks/{imp_uid}: an account is changed or withdrawn before anything is deposited. */
import { describe, expect, it } from "vitest";
import { encodings, eventually, type Fields } from "../support/client.ts";
import { useNode, useReceiver, withNode } from "../support/scenario.ts";

const node = useNode();
const shop = useReceiver();
const unknown = { code: -1, message: "존재하지 않는 결제정보입니다.", response: null };

const change = (imp_uid: unknown, fields: Fields, encoding?: "json" | "form") =>
  node.iamport("PUT", `/vbanks/${imp_uid}`, fields, encoding);

async function revoke(imp_uid: unknown, query = "") {
  return node.iamport("DELETE", `/vbanks/${imp_uid}${query}`);
}

/** A change that is refused changes nothing. */
async function unchanged(issued: Fields, fields: Fields, status: number, ...words: string[]): Promise<void> {
  const before = await node.payment(issued.imp_uid);
  for (const encoding of encodings) {
    const answer = await change(issued.imp_uid, fields, encoding);
    expect([encoding, fields, answer.status, answer.body.code]).toEqual([encoding, fields, status, -1]);
    for (const word of words) expect(answer.body.message).toContain(word);
  }
  expect(await node.payment(issued.imp_uid)).toEqual(before);
}

describe("a change", () => {
  it.each(encodings)("of amount and deadline in a %s request is what is deposited from then on", async (encoding) => {
    const issued = await node.issue({ pg: "settle", notice_url: shop.url });
    const vbank_due = node.now() + 5 * 86_400;
    const { status, body } = await change(issued.imp_uid, { amount: 12_000, vbank_due }, encoding);
    expect([status, body.response]).toEqual([200, { ...issued, amount: 12_000, vbank_date: vbank_due }]);
    expect(await node.payment(issued.imp_uid)).toEqual(body.response);
    const old = await node.deposit(issued.vbank_num, { amount: 10_000 });
    expect(old.body.error).toMatchObject({ code: "bank-refused", reason: "amount_under" });
    expect((await node.deposit(issued.vbank_num)).body).toMatchObject({ outcome: "matched", amount: 12_000 });
    expect(await node.payment(issued.imp_uid)).toMatchObject({ status: "paid", amount: 12_000 });
  });

  it.each(encodings)("may be of one of the two (%s)", async (encoding) => {
    const issued = await node.issue({ pg: "settle" });
    const dearer = await change(issued.imp_uid, { amount: 11_000 }, encoding);
    expect(dearer.body.response).toEqual({ ...issued, amount: 11_000 });
    const vbank_due = Number(issued.vbank_date) - 3_600;
    const sooner = await change(issued.imp_uid, { vbank_due }, encoding);
    expect(sooner.body.response).toEqual({ ...issued, amount: 11_000, vbank_date: vbank_due });
  });

  it("may be made again and again, and is kept in the timeline", async () => {
    const issued = await node.issue({ pg: "settle" });
    for (const amount of [100, 200, 300]) await change(issued.imp_uid, { amount });
    expect(await node.payment(issued.imp_uid)).toMatchObject({ amount: 300 });
    const { exchanges } = await node.timeline(issued.imp_uid);
    expect(exchanges.map((one: { method: string }) => one.method)).toEqual(["POST", "PUT", "PUT", "PUT"]);
  });

  it("of an account for any amount is of its deadline only", async () => {
    const issued = await node.issue({ pg: "settle", fixed_unlimited_vbank: true });
    const vbank_due = node.now() + 3 * 86_400;
    const { body } = await change(issued.imp_uid, { amount: 5_000, vbank_due });
    expect(body.response).toMatchObject({ amount: 0, vbank_date: vbank_due, status: "ready" });
  });

  it("tells the shop nothing", async () => {
    const issued = await node.issue({ pg: "settle", notice_url: shop.url });
    await change(issued.imp_uid, { amount: 700 });
    await node.deposit(issued.vbank_num);
    await eventually(async () => {
      const { deliveries } = await node.timeline(issued.imp_uid);
      return deliveries.every((one: { state: string }) => one.state === "delivered") && deliveries.length === 2;
    });
    const told = shop.received.filter((one) => one.body.includes(String(issued.imp_uid)));
    expect(told.map((one) => JSON.parse(one.body).status)).toEqual(["ready", "paid"]);
  });

  it("needs something to change", async () => {
    await unchanged(await node.issue({ pg: "settle" }), {}, 400, "amount", "vbank_due");
  });

  it.each([
    ["amount", { amount: "much" }, 400],
    ["amount", { amount: 10.5 }, 400],
    ["vbank_due", { vbank_due: "tomorrow" }, 400],
    ["amount", { amount: -1 }, 200],
    ["amount", { amount: 1e15 }, 200],
    ["vbank_due", { vbank_due: 1_600_000_000 }, 200],
    ["vbank_due", { vbank_due: 9_999_999_999 }, 200],
    ["vbank_due", { amount: 500, vbank_due: 1_600_000_000 }, 200],
  ])("is refused by name of %s: %j", async (field, fields, status) => {
    await unchanged(await node.issue({ pg: "settle" }), fields, status, field);
  });

  it.each(["nice", "nice_v2", "html5_inicis", "tosspayments", "ksnet", "smartro_v2", "welcome"])(
    "is not to be had at %s",
    async (pg) => {
      await unchanged(await node.issue({ pg }), { amount: 500 }, 200, pg);
    },
  );

  it("is refused once something was deposited, cancelled or withdrawn", async () => {
    const paid = await node.paid({ pg: "settle" });
    await unchanged(paid, { amount: 500 }, 400);
    await node.cancel({ imp_uid: paid.imp_uid });
    await unchanged(paid, { amount: 500 }, 400);
    const revoked = await node.issue({ pg: "settle" });
    await revoke(revoked.imp_uid);
    await unchanged(revoked, { vbank_due: node.now() + 3_600 }, 400);
  });

  it("is refused so before anything else is looked at: the PG, the fields", async () => {
    const message = "입금대기 상태의 가상계좌가 아닙니다.";
    for (const pg of ["nice", "settle"]) {
      const paid = await node.paid({ pg });
      for (const fields of [{ amount: 500 }, {}, { amount: "much" }, { vbank_due: 1_600_000_000 }]) {
        await unchanged(paid, fields, 400, message);
      }
    }
  });

  it("is refused past the deadline", async () => {
    await withNode({}, async (mine) => {
      const { imp_uid } = await mine.issue({ pg: "settle", vbank_due: mine.now() + 3_600 });
      await mine.moveClock("PT2H");
      const late = await mine.iamport("PUT", `/vbanks/${imp_uid}`, { vbank_due: mine.now() + 3_600 });
      expect([late.status, late.body.code]).toEqual([400, -1]);
      expect((await mine.payment(imp_uid)).status).toBe("ready");
    });
  });
});

describe("a withdrawal", () => {
  const pgs = ["nice", "settle", "tosspayments", "ksnet", "smartro_v2", "nice_v2", "welcome"];

  it.each([...pgs, "kcp", "danal", "kicc", "smartro"])("at %s makes the payment failed", async (pg) => {
    const issued = await node.issue({ pg });
    const { status, body } = await revoke(issued.imp_uid);
    expect(status).toBe(200);
    expect(body.response).toEqual({
      ...issued,
      status: "failed",
      failed_at: expect.any(Number),
      fail_reason: "계좌말소",
    });
    expect(body.response.failed_at).toBeGreaterThanOrEqual(Number(issued.started_at));
    expect(await node.payment(issued.imp_uid)).toEqual(body.response);
  });

  it("at inicis needs its API key in the address", async () => {
    const { imp_uid } = await node.issue({ pg: "html5_inicis" });
    for (const query of ["", "?pg_api_key=", "?pg_api_key=wrong"]) {
      const { status, body } = await revoke(imp_uid, query);
      expect([query, status, body.code]).toEqual([query, 200, -1]);
      expect(body.message).toContain("hashData");
    }
    expect((await node.payment(imp_uid)).status).toBe("ready");
    const { body } = await revoke(imp_uid, "?pg_api_key=naru_sandbox_inicis_api_key");
    expect(body.response).toMatchObject({ imp_uid, status: "failed" });
  });

  it.each([
    ["daou", "004"],
    ["mobilians", "032"],
    ["mobilians", "034"],
    ["mobilians", "039"],
  ])("is not to be had at %s of an account at bank %s", async (pg, vbank_code) => {
    const { imp_uid } = await node.issue({ pg, vbank_code });
    const { status, body } = await revoke(imp_uid);
    expect([status, body.code]).toEqual([200, -1]);
    expect(body.message).toContain(pg);
    expect((await node.payment(imp_uid)).status).toBe("ready");
  });

  it.each(encodings)("with a %s body is of the account in the address", async (encoding) => {
    const [mine, other] = [await node.issue(), await node.issue()];
    const fields = { imp_uid: other.imp_uid, reason: "품절" };
    const { body } = await node.iamport("DELETE", `/vbanks/${mine.imp_uid}`, fields, encoding);
    expect(body.response).toMatchObject({ imp_uid: mine.imp_uid, status: "failed" });
    expect((await node.payment(other.imp_uid)).status).toBe("ready");
  });

  it("is of one account, not of its order's others", async () => {
    const { merchant_uid } = node.order();
    const [first, second] = [await node.issue({ merchant_uid }), await node.issue({ merchant_uid })];
    await revoke(first.imp_uid);
    expect((await node.deposit(second.vbank_num)).body).toMatchObject({ outcome: "matched" });
    expect((await node.payment(first.imp_uid)).status).toBe("failed");
  });

  it("closes the account at the bank, and money that comes all the same is held", async () => {
    const { imp_uid, vbank_num } = await node.issue();
    await revoke(imp_uid);
    const refused = await node.deposit(vbank_num);
    expect(refused.body.error).toMatchObject({ code: "bank-refused", reason: "closed" });
    const forced = await node.deposit(vbank_num, { amount: 10_000, force: true });
    expect(forced.body).toMatchObject({ outcome: "suspended", reason: "closed" });
    expect((await node.payment(imp_uid)).status).toBe("failed");
  });

  it("tells the shop nothing", async () => {
    const { imp_uid } = await node.issue({ notice_url: shop.url });
    await revoke(imp_uid);
    const { deliveries, events } = await node.timeline(imp_uid);
    expect(deliveries).toHaveLength(1);
    expect(JSON.parse(deliveries[0].body)).toMatchObject({ status: "ready" });
    expect(events).toHaveLength(2);
  });

  it("is refused a second time, and of what was paid or cancelled", async () => {
    const revoked = await node.issue();
    await revoke(revoked.imp_uid);
    const paid = await node.paid();
    const cancelled = await node.paid();
    await node.cancel({ imp_uid: cancelled.imp_uid });
    for (const { imp_uid } of [revoked, paid, cancelled]) {
      const before = await node.payment(imp_uid);
      const { status, body } = await revoke(imp_uid);
      expect([before.status, status, body.code]).toEqual([before.status, 400, -1]);
      expect(await node.payment(imp_uid)).toEqual(before);
    }
  });

  it.each(["daou", "mobilians", "html5_inicis"])("of what was paid is refused before the rules of %s", async (pg) => {
    const paid = await node.paid({ pg, vbank_code: "032" });
    const { status, body } = await revoke(paid.imp_uid);
    expect([status, body]).toEqual([
      400,
      { code: -1, message: "입금대기 상태의 가상계좌가 아닙니다.", response: null },
    ]);
    expect(await node.payment(paid.imp_uid)).toEqual(paid);
  });

  it("is still possible past the deadline", async () => {
    await withNode({}, async (mine) => {
      const { imp_uid } = await mine.issue({ vbank_due: mine.now() + 3_600 });
      await mine.moveClock("PT2H");
      await eventually(async () => (await mine.timeline(imp_uid)).payment.state === "expired");
      const { status, body } = await mine.iamport("DELETE", `/vbanks/${imp_uid}`);
      expect([status, body.response]).toMatchObject([200, { status: "failed", fail_reason: "계좌말소" }]);
    });
  });

  it("happens once, however often it is asked for at once", async () => {
    const { imp_uid } = await node.issue();
    const answers = await Promise.all(Array.from({ length: 8 }, () => revoke(imp_uid)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, ...Array(7).fill(400)]);
  });

  it("and a deposit at the same moment leave one outcome", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { imp_uid, vbank_num } = await node.issue();
      const [deposit, revoked] = await Promise.all([node.deposit(vbank_num), revoke(imp_uid)]);
      const matched = deposit.body.outcome === "matched";
      expect([matched, revoked.status]).toEqual([matched, matched ? 400 : 200]);
      expect((await node.payment(imp_uid)).status).toBe(matched ? "paid" : "failed");
    }
  });
});

describe("an account that is not named or not there", () => {
  it.each(["PUT", "DELETE"])("%s says so", async (method) => {
    for (const encoding of encodings) {
      const nameless = await node.iamport(method, "/vbanks", { amount: 500 }, encoding);
      expect([nameless.status, nameless.body]).toEqual([
        400,
        { code: -1, message: "imp_uid 파라메터가 누락되었습니다.", response: null },
      ]);
      for (const imp_uid of ["imp_000000000000", "order-1", "%20", "x".repeat(200), "%EA%B0%80"]) {
        const answer = await node.iamport(method, `/vbanks/${imp_uid}`, { amount: 500 }, encoding);
        expect([imp_uid, answer.status, answer.body]).toEqual([imp_uid, 404, unknown]);
      }
    }
  });
});
