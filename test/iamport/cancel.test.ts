/** POST /payments/cancel: what was paid goes back, in full or in part, to the account that the customer named. */
import { describe, expect, it } from "vitest";
import { encodings, eventually, type Fields, refundAccount } from "../support/client.ts";
import type { TestNode } from "../support/node.ts";
import { useNode, useReceiver, withNode } from "../support/scenario.ts";

const node = useNode({ env: { NARU_PG_TIMEOUT_MS: "500" } });
const shop = useReceiver();

const none = "취소할 결제건이 존재하지 않습니다.";
const already = "이미 전액취소된 주문입니다.";
const undeposited = "요청하신 건에 대해 입금된 내역이 없습니다";

/** A cancellation that is refused in these words changes nothing, in either encoding. */
async function refused(payment: Fields, fields: Fields, status: number, code: number, ...words: string[]) {
  const before = await node.payment(payment.imp_uid);
  for (const encoding of encodings) {
    const answer = await node.cancel({ imp_uid: payment.imp_uid, ...fields }, encoding);
    expect([encoding, fields, answer.status, answer.body.code]).toEqual([encoding, fields, status, code]);
    for (const word of words) expect(answer.body.message).toContain(word);
  }
  expect(await node.payment(payment.imp_uid)).toEqual(before);
}

describe("in full", () => {
  it.each(encodings)("makes the payment cancelled (%s)", async (encoding) => {
    const paid = await node.paid();
    const { status, body } = await node.cancel({ imp_uid: paid.imp_uid, reason: "변심" }, encoding);
    expect(status).toBe(200);
    expect(body.response).toEqual({
      ...paid,
      status: "cancelled",
      cancel_amount: 10_000,
      cancelled_at: expect.any(Number),
      cancel_reason: "변심",
      cancel_history: [
        {
          pg_tid: expect.any(String),
          amount: 10_000,
          cancelled_at: body.response.cancelled_at,
          reason: "변심",
          cancellation_id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{20}$/),
          receipt_url: null,
        },
      ],
    });
    expect(body.response.cancelled_at).toBeGreaterThanOrEqual(Number(paid.paid_at));
    expect(await node.payment(paid.imp_uid)).toEqual(body.response);
  });

  it.each([[undefined], [0], ["0"], [null], [""], [10_000]])("is what amount %j asks for", async (amount) => {
    const { imp_uid } = await node.paid();
    const { body } = await node.cancel({ imp_uid, amount });
    expect(body.response).toMatchObject({ status: "cancelled", cancel_amount: 10_000 });
  });

  it("needs no reason", async () => {
    const { imp_uid } = await node.paid();
    expect((await node.cancel({ imp_uid })).body.response.cancel_history).toMatchObject([{ reason: "" }]);
  });

  it("takes the money from the merchant's balance", async () => {
    const merchant = "merchant:mer_naru_sandbox_key";
    const before = await node.balanceOf(merchant);
    const { imp_uid } = await node.paid();
    expect(await node.balanceOf(merchant)).toBe(before + 10_000);
    await node.cancel({ imp_uid, amount: 4_000 });
    expect(await node.balanceOf(merchant)).toBe(before + 6_000);
    await node.cancel({ imp_uid });
    expect(await node.balanceOf(merchant)).toBe(before);
  });

  it("cannot be had twice", async () => {
    const paid = await node.paid();
    await node.cancel({ imp_uid: paid.imp_uid });
    await refused(paid, {}, 200, 1, already);
    await refused(paid, { amount: 100 }, 200, 1, already);
  });

  it("is had once by those who ask for it at once", async () => {
    const { imp_uid } = await node.paid();
    const answers = await Promise.all(Array.from({ length: 8 }, () => node.cancel({ imp_uid })));
    expect(answers.map((answer) => answer.body.code).sort()).toEqual([0, ...Array(7).fill(1)]);
    expect((await node.payment(imp_uid)).cancel_history).toHaveLength(1);
  });
});

describe("in part", () => {
  it.each(encodings)("leaves the payment paid until nothing is left (%s)", async (encoding) => {
    const { imp_uid } = await node.paid();
    const first = await node.cancel({ imp_uid, amount: 3_000, reason: "하나" }, encoding);
    expect(first.body.response).toMatchObject({
      status: "paid",
      amount: 10_000,
      cancel_amount: 3_000,
      cancel_reason: "하나",
      cancel_history: [{ amount: 3_000, reason: "하나" }],
    });
    const second = await node.cancel({ imp_uid, amount: "2500", reason: "둘" }, encoding);
    expect(second.body.response).toMatchObject({
      status: "paid",
      cancel_amount: 5_500,
      cancel_reason: "둘",
      cancel_history: [{ amount: 3_000 }, { amount: 2_500, reason: "둘" }],
    });
    const rest = await node.cancel({ imp_uid }, encoding);
    expect(rest.body.response).toMatchObject({
      status: "cancelled",
      cancel_amount: 10_000,
      cancel_history: [{ amount: 3_000 }, { amount: 2_500 }, { amount: 4_500, reason: "" }],
    });
  });

  it("to the last won makes it cancelled", async () => {
    const { imp_uid } = await node.paid();
    await node.cancel({ imp_uid, amount: 9_999 });
    expect((await node.cancel({ imp_uid, amount: 1 })).body.response).toMatchObject({ status: "cancelled" });
  });

  it("is refused when more is asked for than is left", async () => {
    const paid = await node.paid();
    await refused(paid, { amount: 10_001 }, 200, 1, "amount");
    await node.cancel({ imp_uid: paid.imp_uid, amount: 4_000 });
    await refused(paid, { amount: 6_001 }, 200, 1, "amount");
  });

  it("never gives back more than was paid, however much is asked for at once", async () => {
    const { imp_uid } = await node.paid();
    await Promise.all(Array.from({ length: 10 }, () => node.cancel({ imp_uid, amount: 3_000 })));
    const shown = await node.payment(imp_uid);
    expect([0, 3_000, 6_000, 9_000]).toContain(shown.cancel_amount);
    expect(shown.cancel_amount).not.toBe(0);
  });

  it.each([["much"], [-100], [10.5]])("is not of %j", async (amount) => {
    const paid = await node.paid();
    for (const encoding of encodings) {
      const { status, body } = await node.cancel({ imp_uid: paid.imp_uid, amount }, encoding);
      expect([[200, 400].includes(status), body.code !== 0]).toEqual([true, true]);
      expect(body.message).toContain("amount");
    }
    expect(await node.payment(paid.imp_uid)).toEqual(paid);
  });
});

describe("a checksum", () => {
  it("that is what is left lets it through", async () => {
    const { imp_uid } = await node.paid();
    expect((await node.cancel({ imp_uid, amount: 4_000, checksum: 10_000 })).body.code).toBe(0);
    expect((await node.cancel({ imp_uid, amount: 1_000, checksum: "6000" }, "form")).body.code).toBe(0);
    for (const checksum of [null, "", undefined]) {
      expect((await node.cancel({ imp_uid, amount: 1_000, checksum })).body.code).toBe(0);
    }
    expect((await node.cancel({ imp_uid, checksum: 2_000 })).body.response).toMatchObject({ status: "cancelled" });
  });

  it("that differs stops it", async () => {
    const paid = await node.paid();
    for (const checksum of [9_999, 10_001, 0]) await refused(paid, { amount: 100, checksum }, 200, 1, "checksum");
    await node.cancel({ imp_uid: paid.imp_uid, amount: 4_000 });
    await refused(paid, { amount: 100, checksum: 10_000 }, 200, 1, "checksum");
  });
});

describe("which payment", () => {
  it("must be said", async () => {
    for (const fields of [{}, { imp_uid: "", merchant_uid: "" }, { imp_uid: null }, { reason: "변심" }]) {
      for (const encoding of encodings) {
        const { status, body } = await node.cancel(fields, encoding);
        expect([status, body.code]).toEqual([400, -1]);
        expect(body.message).toContain("지정해주셔야합니다.");
      }
    }
  });

  it.each(encodings)("can be said by merchant_uid (%s)", async (encoding) => {
    const { imp_uid, merchant_uid } = await node.paid();
    const { body } = await node.cancel({ merchant_uid }, encoding);
    expect(body.response).toMatchObject({ imp_uid, status: "cancelled" });
  });

  it("of an order is the one that was paid", async () => {
    const { merchant_uid } = node.order();
    const first = await node.issue({ merchant_uid });
    const last = await node.issue({ merchant_uid });
    await node.deposit(first.vbank_num);
    expect((await node.cancel({ merchant_uid })).body.response).toMatchObject({ imp_uid: first.imp_uid });
    expect((await node.payment(last.imp_uid)).status).toBe("ready");
  });

  it("is said by imp_uid before merchant_uid", async () => {
    const [one, other] = [await node.paid(), await node.paid()];
    const { body } = await node.cancel({ imp_uid: one.imp_uid, merchant_uid: other.merchant_uid });
    expect(body.response).toMatchObject({ imp_uid: one.imp_uid });
    const wrong = await node.cancel({ imp_uid: "imp_000000000000", merchant_uid: other.merchant_uid });
    expect([wrong.status, wrong.body]).toEqual([200, { code: 1, message: none, response: null }]);
    expect((await node.payment(other.imp_uid)).status).toBe("paid");
  });

  it.each([
    { imp_uid: "imp_000000000000" },
    { imp_uid: "nothing" },
    { merchant_uid: "no-such-order" },
    { imp_uid: "x".repeat(32) },
    { merchant_uid: "x".repeat(40) },
    { imp_uid: "x".repeat(33) },
    { merchant_uid: "주".repeat(41) },
    { imp_uid: "x".repeat(5_000), merchant_uid: "x".repeat(5_000) },
  ])("is not there: %#", async (fields) => {
    for (const encoding of encodings) {
      const { status, body } = await node.cancel(fields, encoding);
      expect([status, body]).toEqual([200, { code: 1, message: none, response: null }]);
    }
  });

  it("has nothing to give back when nothing was deposited", async () => {
    await refused(await node.issue(), {}, 200, -1, undeposited);
    const { imp_uid, merchant_uid } = await node.issue();
    const answer = await node.cancel({ merchant_uid });
    expect(answer.body).toMatchObject({ code: -1, message: expect.stringContaining(undeposited) });
    expect((await node.payment(imp_uid)).status).toBe("ready");
  });

  it("has nothing to give back when its account was withdrawn", async () => {
    const issued = await node.issue();
    await node.iamport("DELETE", `/vbanks/${issued.imp_uid}`);
    await refused(issued, {}, 200, 1);
  });

  it("has nothing to give back past its deadline", async () => {
    await withNode({}, async (mine) => {
      const { imp_uid } = await mine.issue({ vbank_due: mine.now() + 60 });
      await mine.moveClock("PT1H");
      await eventually(async () => (await mine.timeline(imp_uid)).payment.state === "expired");
      const { status, body } = await mine.cancel({ imp_uid });
      expect([status, body.code]).toEqual([200, -1]);
      expect(body.message).toContain(undeposited);
    });
  });

  it("has nothing to give back when the bank took the deposit back", async () => {
    const issued = await node.issue();
    const { body } = await node.deposit(issued.vbank_num);
    await node.reverse(body.noticeId);
    await refused(issued, {}, 200, 1, already);
  });
});

describe("where the money goes", () => {
  it.each(["refund_holder", "refund_bank", "refund_account"])("must be said: %s", async (field) => {
    const paid = await node.paid();
    for (const value of [undefined, null, ""]) await refused(paid, { [field]: value }, 200, 1, field);
  });

  it.each(["smartro", "smartro_v2"])("is told with a telephone number at %s", async (pg) => {
    const paid = await node.paid({ pg });
    await refused(paid, {}, 200, 1, "refund_tel");
    const { body } = await node.cancel({ imp_uid: paid.imp_uid, refund_tel: "010-1234-5678" });
    expect(body.response).toMatchObject({ status: "cancelled" });
  });

  it.each(["004", "04", "BK04", 4, "088", "90", "209", "DA"])("may be at bank %s", async (refund_bank) => {
    const { imp_uid } = await node.paid();
    expect((await node.cancel({ imp_uid, refund_bank })).body.response).toMatchObject({ status: "cancelled" });
  });

  it.each(["999", "KB", "국민", "0000", "001", "095", "099"])(
    "is at no bank that has accounts: %s",
    async (refund_bank) => {
      await refused(await node.paid(), { refund_bank }, 200, -1, "refund_bank");
    },
  );

  it.each(["110-123-456789", "110 123 456789", "123456", "1".repeat(20)])("may be the account %s", async (number) => {
    const { imp_uid } = await node.paid();
    const { body } = await node.cancel({ imp_uid, refund_account: number }, "form");
    expect(body.response).toMatchObject({ status: "cancelled" });
  });

  it.each(["12345", "1".repeat(21), "계좌번호", "12345678a", "---"])("is no account: %s", async (refund_account) => {
    await refused(await node.paid(), { refund_account }, 200, 1, "refund_account");
  });

  it.each(["000123456789", "000-12-3456"])("is an account that the bank does not know: %s", async (refund_account) => {
    const paid = await node.paid();
    await refused(paid, { refund_account }, 200, -1);
    expect((await node.cancel({ imp_uid: paid.imp_uid })).body.response).toMatchObject({ status: "cancelled" });
  });

  it("is looked at once there is something to give back", async () => {
    const cancelled = await node.paid();
    await node.cancel({ imp_uid: cancelled.imp_uid });
    const ready = await node.issue();
    for (const fields of [
      { refund_account: "1" },
      { refund_bank: "999" },
      { refund_holder: undefined },
      { refund_bank: undefined, refund_account: "12345" },
    ]) {
      await refused(cancelled, fields, 200, 1, already);
      await refused(ready, fields, 200, -1, undeposited);
    }
    const paid = await node.paid();
    await refused(paid, { refund_account: "1", amount: 10_001 }, 200, 1, "amount");
    await refused(paid, { refund_account: "1", checksum: 9_999 }, 200, 1, "checksum");
    await refused(paid, { refund_account: "1" }, 200, 1, "refund_account");
  });

  it("is nobody's to read afterwards", async () => {
    const digits = "30291847562910";
    const fields = { refund_account: "3029-1847-562910", refund_holder: "감춰진예금주", refund_tel: "010-7319-2846" };
    const { imp_uid } = await node.paid();
    await node.cancel({ imp_uid, amount: 100, ...fields });
    await node.cancel({ imp_uid, ...fields, refund_account: digits }, "form");
    await node.cancel({ imp_uid, ...fields });
    const timeline = await node.timeline(imp_uid);
    expect(timeline.exchanges.filter((one: Fields) => one.path === "/payments/cancel").length).toBeGreaterThan(0);
    for (const word of [digits, ...Object.values(fields)]) {
      expect(JSON.stringify(timeline.exchanges)).not.toContain(word);
    }
    for (const word of [digits, fields.refund_account, fields.refund_tel]) {
      expect(JSON.stringify(timeline)).not.toContain(word);
    }
    const stored = await wholeDatabase(node);
    expect(stored).toContain(String(imp_uid));
    for (const word of [digits, fields.refund_account, fields.refund_tel]) {
      for (const written of [word, Buffer.from(word).toString("hex"), Buffer.from(word).toString("base64")]) {
        expect(stored.includes(written), `${written} is in the database`).toBe(false);
      }
    }
  });
});

/** Every row of every table, as text. */
async function wholeDatabase({ database }: TestNode): Promise<string> {
  const { rows: tables } = await database.pool.query(
    "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const texts = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await database.pool.query(`SELECT string_agg(t::text, ' ') AS rows FROM ${name} t`);
      return rows[0].rows ?? "";
    }),
  );
  return texts.join("\n");
}

describe("tax", () => {
  const mixed = "nice.narumixed0m";

  it.each([mixed, "welcome"])("must be said at %s of a payment that had a tax-free part", async (pg) => {
    const paid = await node.paid({ pg, tax_free: 4_000 });
    await refused(paid, { amount: 1_000 }, 200, 1, "tax_free");
    const { body } = await node.cancel({ imp_uid: paid.imp_uid, amount: 1_000, tax_free: 1_000 });
    expect(body.response).toMatchObject({ status: "paid", cancel_amount: 1_000 });
    const rest = await node.cancel({ imp_uid: paid.imp_uid, tax_free: 3_000 }, "form");
    expect(rest.body.response).toMatchObject({ status: "cancelled" });
  });

  it("may be left out of a payment that had none", async () => {
    const { imp_uid } = await node.paid({ pg: mixed, tax_free: 0 });
    expect((await node.cancel({ imp_uid, amount: 1_000 })).body.response).toMatchObject({ cancel_amount: 1_000 });
    const plain = await node.paid();
    expect((await node.cancel({ imp_uid: plain.imp_uid, tax_free: 0 })).body.code).toBe(0);
  });

  it("may be left out at welcome of a payment that had none", async () => {
    for (const tax_free of [undefined, 0]) {
      const { imp_uid } = await node.paid({ pg: "welcome", tax_free });
      expect((await node.cancel({ imp_uid, amount: 1_000 })).body.response).toMatchObject({ cancel_amount: 1_000 });
    }
  });

  it.each([mixed, "welcome"])("at %s is no more than is left of the payment's", async (pg) => {
    const paid = await node.paid({ pg, tax_free: 4_000, vat_amount: 500 });
    await refused(paid, { amount: 5_000, tax_free: 4_001, vat_amount: 0 }, 200, 1, "tax_free");
    await refused(paid, { amount: 5_000, tax_free: 0, vat_amount: 501 }, 200, 1, "vat_amount");
    const fields = { imp_uid: paid.imp_uid, amount: 4_000, tax_free: 3_000, vat_amount: 100 };
    expect((await node.cancel(fields)).body.response).toMatchObject({ cancel_amount: 4_000 });
    await refused(paid, { amount: 2_000, tax_free: 1_001, vat_amount: 0 }, 200, 1, "tax_free");
    await refused(paid, { amount: 2_000, tax_free: 0, vat_amount: 401 }, 200, 1, "vat_amount");
    const rest = await node.cancel({ imp_uid: paid.imp_uid, tax_free: 1_000, vat_amount: 400 }, "form");
    expect(rest.body.response).toMatchObject({ status: "cancelled", cancel_amount: 10_000 });
  });

  it("of a refund that the bank refused is still left", async () => {
    const { imp_uid } = await node.paid({ pg: mixed, tax_free: 4_000 });
    await node.arm("refund-refused");
    expect((await node.cancel({ imp_uid, amount: 4_000, tax_free: 4_000 })).body.code).toBe(-1);
    expect((await node.cancel({ imp_uid, amount: 4_000, tax_free: 4_000 })).body.code).toBe(0);
  });

  it.each([
    ["nice", { pg: mixed, tax_free: 0, vat_amount: 909 }, { tax_free: 0 }],
    ["welcome", { pg: "welcome", vat_amount: 909 }, {}],
  ])("of a payment whose vat_amount was said must be said at %s", async (_name, fields, rest) => {
    const paid = await node.paid(fields);
    await refused(paid, { amount: 1_100, ...rest }, 200, 1, "vat_amount");
    const { body } = await node.cancel({ imp_uid: paid.imp_uid, amount: 1_100, vat_amount: 100, ...rest });
    expect(body.response).toMatchObject({ status: "paid", cancel_amount: 1_100 });
  });
});

describe("what a PG allows", () => {
  it.each([
    "nice",
    "nice_v2",
    "html5_inicis",
    "settle",
    "tosspayments",
    "smartro_v2",
    "welcome",
    "kcp",
    "daou",
    "kicc",
  ])("%s gives back in part and in full", async (pg) => {
    const { imp_uid } = await node.paid({ pg });
    const fields = { imp_uid, refund_tel: "010-1234-5678" };
    expect((await node.cancel({ ...fields, amount: 1_000 })).body.response).toMatchObject({ status: "paid" });
    expect((await node.cancel(fields)).body.response).toMatchObject({ status: "cancelled" });
  });

  it("danal gives nothing back", async () => {
    await refused(await node.paid({ pg: "danal" }), {}, 200, -1, "danal");
  });

  /** 06:00 to 23:00 in Korea is 21:00 to 14:00 UTC. */
  const tomorrowAt = (time: string) =>
    new Date(`${new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)}T${time}Z`);

  it("ksnet gives nothing back between 23:00 and 06:00 in Korea", async () => {
    await withNode({}, async (mine) => {
      await mine.moveClock(tomorrowAt("13:50:00"));
      const { imp_uid } = await mine.paid({ pg: "ksnet" });
      const nice = await mine.paid();
      expect((await mine.cancel({ imp_uid, amount: 100 })).body).toMatchObject({ code: 0 });
      for (const advance of ["PT15M", "PT6H40M"]) {
        await mine.moveClock(advance);
        const { status, body } = await mine.cancel({ imp_uid, amount: 100 });
        expect([advance, status, body.code]).toEqual([advance, 200, -1]);
        expect((await mine.cancel({ imp_uid: nice.imp_uid, amount: 100 })).body.code).toBe(0);
      }
      await mine.moveClock("PT20M");
      expect((await mine.cancel({ imp_uid, amount: 100 })).body).toMatchObject({ code: 0 });
    });
  });

  it("ksnet gives back in part nine times", async () => {
    await withNode({}, async (mine) => {
      await mine.moveClock(tomorrowAt("03:00:00"));
      const { imp_uid } = await mine.paid({ pg: "ksnet" });
      for (let count = 1; count <= 9; count += 1) {
        expect([count, (await mine.cancel({ imp_uid, amount: 100 })).body.code]).toEqual([count, 0]);
      }
      const tenth = await mine.cancel({ imp_uid, amount: 100 });
      expect([tenth.status, tenth.body.code]).toEqual([200, -1]);
      expect(await mine.payment(imp_uid)).toMatchObject({ status: "paid", cancel_amount: 900 });
      const nice = await mine.paid();
      for (let count = 1; count <= 10; count += 1) {
        expect((await mine.cancel({ imp_uid: nice.imp_uid, amount: 100 })).body.code).toBe(0);
      }
    });
  });

  it("ksnet gives back for six months", async () => {
    await withNode({}, async (mine) => {
      await mine.moveClock(tomorrowAt("03:00:00"));
      const [ksnet, nice] = [await mine.paid({ pg: "ksnet" }), await mine.paid()];
      await mine.moveClock("P170D");
      expect((await mine.cancel({ imp_uid: ksnet.imp_uid, amount: 100 })).body.code).toBe(0);
      await mine.moveClock("P20D");
      const late = await mine.cancel({ imp_uid: ksnet.imp_uid, amount: 100 });
      expect([late.status, late.body.code]).toEqual([200, -1]);
      expect((await mine.cancel({ imp_uid: nice.imp_uid, amount: 100 })).body.code).toBe(0);
    });
  });
});

describe("a webhook", () => {
  const told = (imp_uid: unknown) =>
    shop.received.map((one) => JSON.parse(one.body)).filter((body) => body.imp_uid === imp_uid);

  it.each(encodings)("is sent of a cancellation that asks for it (%s)", async (encoding) => {
    const { imp_uid, merchant_uid } = await node.paid({ notice_url: shop.url });
    await node.cancel({ imp_uid, amount: 1_000, enable_webhook: true }, encoding);
    const { body } = await node.cancel({ imp_uid, enable_webhook: "true" }, encoding);
    const ids = body.response.cancel_history.map((one: Fields) => one.cancellation_id);
    const all = await eventually(async () => told(imp_uid).length === 4 && told(imp_uid));
    expect(all.slice(2)).toEqual([
      { imp_uid, merchant_uid, status: "cancelled", cancellation_id: ids[0] },
      { imp_uid, merchant_uid, status: "cancelled", cancellation_id: ids[1] },
    ]);
  });

  it("is not sent otherwise", async () => {
    const { imp_uid } = await node.paid({ notice_url: shop.url });
    for (const enable_webhook of [undefined, false, "false", "0"]) {
      expect((await node.cancel({ imp_uid, amount: 100, enable_webhook })).body.code).toBe(0);
    }
    await node.cancel({ imp_uid });
    const { deliveries } = await node.timeline(imp_uid);
    expect(deliveries.map((one: { body: string }) => JSON.parse(one.body).status)).toEqual(["ready", "paid"]);
  });

  it("is not sent of a payment that used none, or of what was refused", async () => {
    const silent = await node.paid();
    expect((await node.cancel({ imp_uid: silent.imp_uid, enable_webhook: true })).body.code).toBe(0);
    expect((await node.timeline(silent.imp_uid)).deliveries).toEqual([]);
    const paid = await node.paid({ notice_url: shop.url });
    await node.cancel({ imp_uid: paid.imp_uid, amount: 10_001, enable_webhook: true });
    expect((await node.timeline(paid.imp_uid)).deliveries).toHaveLength(2);
  });
});

describe("an account for any amount", () => {
  it("is cancelled, and takes more that can be cancelled again", async () => {
    const { imp_uid, vbank_num } = await node.issue({ pg: "settle", fixed_unlimited_vbank: true });
    const deposit = (amount: number) => node.deposit(vbank_num, { amount, depositorName: "홍길동" });
    await deposit(3_000);
    await deposit(4_000);
    const partly = await node.cancel({ imp_uid, amount: 5_000 });
    expect(partly.body.response).toMatchObject({ status: "paid", amount: 0, cancel_amount: 5_000 });
    const fully = await node.cancel({ imp_uid });
    expect(fully.body.response).toMatchObject({ status: "cancelled", cancel_amount: 7_000 });
    expect((await node.cancel({ imp_uid })).body).toMatchObject({ code: 1, message: already });
    expect((await deposit(2_000)).body).toMatchObject({ outcome: "matched" });
    expect(await node.payment(imp_uid)).toMatchObject({
      status: "cancelled",
      cancel_amount: 7_000,
      deposit_history: [{ amount: 3_000 }, { amount: 4_000 }, { amount: 2_000 }],
    });
    const again = await node.cancel({ imp_uid });
    expect(again.body.response).toMatchObject({
      status: "cancelled",
      cancel_amount: 9_000,
      cancel_history: [{ amount: 5_000 }, { amount: 2_000 }, { amount: 2_000 }],
    });
  });
});

describe("a bank", () => {
  it("that refuses is quoted, and nothing has changed", async () => {
    const paid = await node.paid();
    await node.arm("refund-refused", 2);
    await refused(paid, {}, 200, -1);
    expect((await node.cancel({ imp_uid: paid.imp_uid })).body.response).toMatchObject({ status: "cancelled" });
  });

  it("that does not answer but did it: the shop is told that it is not known, and sees it in the end", async () => {
    const { imp_uid } = await node.paid();
    await node.arm("refund-timeout-after");
    const { status, body } = await node.cancel({ imp_uid, amount: 4_000 });
    expect([status, body.code]).toEqual([200, -1]);
    expect(body.message).toContain("PG사의 응답을 확인하지 못했습니다.");
    await eventually(async () => (await node.payment(imp_uid)).cancel_amount === 4_000, 15_000);
    expect(await node.payment(imp_uid)).toMatchObject({ status: "paid", cancel_history: [{ amount: 4_000 }] });
    expect((await node.cancel({ imp_uid })).body.response).toMatchObject({ status: "cancelled" });
  });

  it("that never heard of it gives nothing back twice", async () => {
    const { imp_uid } = await node.paid();
    await node.arm("refund-timeout-before");
    const { body } = await node.cancel({ imp_uid });
    expect(body).toMatchObject({ code: -1, message: expect.stringContaining("PG사의 응답을 확인하지 못했습니다.") });
    // Either the bank is asked again by itself, or the shop may ask again: it ends with one refund.
    await eventually(async () => {
      const answer = await node.cancel({ imp_uid });
      return answer.body.code === 0 || answer.body.message === already;
    }, 15_000);
    expect(await node.payment(imp_uid)).toMatchObject({ status: "cancelled", cancel_history: [{ amount: 10_000 }] });
  });

  it("that has not answered yet holds what it was asked for", async () => {
    const paid = await node.paid();
    await node.arm("refund-timeout-after");
    expect((await node.cancel({ imp_uid: paid.imp_uid, amount: 8_000 })).body.code).toBe(-1);
    const more = await node.cancel({ imp_uid: paid.imp_uid, amount: 9_000 });
    expect([more.status, more.body.code]).toEqual([200, 1]);
    await eventually(async () => (await node.payment(paid.imp_uid)).cancel_amount === 8_000, 15_000);
  });
});

describe("what is kept of a cancellation", () => {
  it("is its reason, up to 256 characters", async () => {
    const { imp_uid } = await node.paid();
    const reason = "가".repeat(256);
    const { body } = await node.cancel({ imp_uid, amount: 100, reason });
    expect(body.response).toMatchObject({ cancel_reason: reason, cancel_history: [{ reason }] });
  });

  it("is one event and one exchange each", async () => {
    const { imp_uid } = await node.paid();
    await node.cancel({ imp_uid, amount: 100 });
    await node.cancel({ imp_uid });
    const { exchanges } = await node.timeline(imp_uid);
    expect(exchanges.map((one: Fields) => [one.method, one.path, one.status])).toEqual([
      ["POST", "/vbanks", 200],
      ["POST", "/payments/cancel", 200],
      ["POST", "/payments/cancel", 200],
    ]);
  });

  it("takes every field that clients send", async () => {
    for (const encoding of encodings) {
      const { imp_uid, merchant_uid } = await node.paid();
      const fields = {
        ...refundAccount,
        imp_uid,
        merchant_uid,
        amount: 10_000,
        tax_free: 0,
        vat_amount: null,
        checksum: 10_000,
        reason: "변심",
        refund_tel: "010-1234-5678",
        retain_promotion: false,
        enable_webhook: false,
        extra: { requester: "admin" },
      };
      const { body } = await node.iamport("POST", "/payments/cancel", fields, encoding);
      expect(body.response).toMatchObject({ imp_uid, status: "cancelled" });
    }
  });
});
