/** /receipts: cash receipts for what was paid here, and for what was sold elsewhere. */
import { describe, expect, it } from "vitest";
import { encodings, eventually, type Fields } from "../support/client.ts";
import type { TestNode } from "../support/node.ts";
import { otherMerchant, useNode } from "../support/scenario.ts";

const node = useNode({ env: { NARU_PG_TIMEOUT_MS: "500" } });
const identifier = "01012345678";

/** What each PG wants of a receipt, beside the identifier. */
const demands: Record<string, Fields> = {
  html5_inicis: {},
  kcp: {},
  nice: {},
  kicc: { identifier_type: "phone" },
  settle: { identifier_type: "phone" },
  daou: { company_tel: "02-123-4567", company_name: "나루상점", corp_reg_no: "1234567890" },
  tosspayments: {},
  ksnet: { product_type: "real", buyer_name: "홍길동" },
  smartro: {},
  smartro_v2: { type: "person", buyer_name: "홍길동", buyer_tel: "010-1234-5678" },
  nice_v2: { identifier_type: "phone", type: "person" },
  welcome: { type: "company", buyer_tel: "010-1234-5678", corp_reg_no: "1234567890" },
};
const wanted = Object.entries(demands).flatMap(([pg, fields]) =>
  ["identifier", ...Object.keys(fields)].map((field): [string, string] => [pg, field]),
);

const issue = (imp_uid: unknown, fields: Fields = {}, encoding?: "json" | "form") =>
  node.iamport("POST", `/receipts/${imp_uid}`, { identifier, ...fields }, encoding);
const read = (imp_uid: unknown) => node.iamport("GET", `/receipts/${imp_uid}`);
const cancel = (imp_uid: unknown) => node.iamport("DELETE", `/receipts/${imp_uid}`);

async function channelKey(pg_provider: string): Promise<string> {
  const { body } = await node.iamport("GET", "/users/pg");
  return body.response.find((one: Fields) => one.pg_provider === pg_provider).channel_key;
}

const external = (merchant_uid: unknown, fields: Fields, encoding?: "json" | "form") =>
  node.iamport("POST", `/receipts/external/${merchant_uid}`, fields, encoding);
const sale = async (pg: string, fields: Fields = {}): Promise<Fields> => ({
  identifier,
  name: "나룻배 승선권",
  amount: 11_000,
  channel_key: await channelKey(pg),
  ...(pg === "welcome" ? { pay_method: "trans" } : {}),
  ...demands[pg],
  ...fields,
});

async function cashReceiptIssued(imp_uid: unknown): Promise<unknown> {
  return (await node.payment(imp_uid)).cash_receipt_issued;
}

describe("a receipt for a payment", () => {
  it.each(encodings)("is issued, read and cancelled (%s)", async (encoding) => {
    const { imp_uid } = await node.paid({ amount: 11_000 });
    expect(await cashReceiptIssued(imp_uid)).toBe(false);
    const issued = await issue(imp_uid, {}, encoding);
    expect([issued.status, issued.body.response]).toMatchObject([
      200,
      { imp_uid, type: "person", amount: 11_000, vat: 1_000, cancelled_at: 0 },
    ]);
    expect(await cashReceiptIssued(imp_uid)).toBe(true);
    expect((await read(imp_uid)).body).toEqual(issued.body);
    const cancelled = await node.iamport("DELETE", `/receipts/${imp_uid}`, {}, encoding);
    expect(cancelled.body.response).toEqual({ ...issued.body.response, cancelled_at: expect.any(Number) });
    expect(cancelled.body.response.cancelled_at).toBeGreaterThan(0);
    expect(await cashReceiptIssued(imp_uid)).toBe(false);
    expect((await read(imp_uid)).body).toEqual(cancelled.body);
  });

  it.each(["person", "company"])("is of type %s if that is asked for", async (type) => {
    const { imp_uid } = await node.paid();
    expect((await issue(imp_uid, { type })).body.response).toMatchObject({ type });
  });

  it.each([
    [{}, 1_000],
    [{ tax_free: 0 }, 1_000],
    [{ tax_free: 1_000 }, 909],
    [{ tax_free: 11_000 }, 0],
    [{ vat: 500 }, 500],
    [{ vat_amount: 700 }, 700],
    [{ vat: 500, vat_amount: 700 }, 700],
    [{ vat_amount: 0 }, 0],
    [{ tax_free: "1000", vat_amount: "900" }, 900],
  ])("has the tax that %j says", async (fields, vat) => {
    const { imp_uid } = await node.paid({ amount: 11_000 });
    expect((await issue(imp_uid, fields)).body.response).toMatchObject({ amount: 11_000, vat });
  });

  it("is of what is left of the payment", async () => {
    const { imp_uid } = await node.paid({ amount: 11_000 });
    await node.cancel({ imp_uid, amount: 5_500 });
    expect((await issue(imp_uid)).body.response).toMatchObject({ amount: 5_500, vat: 500 });
  });

  it("has a number of its own", async () => {
    const [one, other] = [await node.paid(), await node.paid()];
    const answers = [await issue(one.imp_uid), await issue(other.imp_uid)];
    expect(new Set(answers.map((answer) => answer.body.response.apply_num)).size).toBe(2);
  });

  it("is issued once", async () => {
    const { imp_uid } = await node.paid();
    const first = await issue(imp_uid);
    for (const encoding of encodings) {
      const { status, body } = await issue(imp_uid, {}, encoding);
      expect([status, body.code]).toEqual([400, -1]);
    }
    expect((await read(imp_uid)).body).toEqual(first.body);
    const fresh = await node.paid();
    const answers = await Promise.all(Array.from({ length: 6 }, () => issue(fresh.imp_uid)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 400, 400, 400, 400, 400]);
  });

  it("is only of what is paid", async () => {
    const ready = await node.issue();
    const failed = await node.issue();
    await node.iamport("DELETE", `/vbanks/${failed.imp_uid}`);
    const cancelled = await node.paid();
    await node.cancel({ imp_uid: cancelled.imp_uid });
    for (const { imp_uid } of [ready, failed, cancelled]) {
      for (const encoding of encodings) {
        const { status, body } = await issue(imp_uid, {}, encoding);
        expect([status, body.code]).toEqual([400, -1]);
      }
      expect((await read(imp_uid)).status).toBe(404);
    }
  });

  it("that was never issued is neither read nor cancelled", async () => {
    const { imp_uid } = await node.paid();
    expect((await read(imp_uid)).status).toBe(404);
    expect((await cancel(imp_uid)).status).toBe(400);
    await issue(imp_uid);
    expect((await cancel(imp_uid)).status).toBe(200);
    expect((await cancel(imp_uid)).status).toBe(400);
  });

  it("of a payment that is not there is not found", async () => {
    expect((await issue("imp_000000000000")).status).toBe(404);
    expect((await cancel("imp_000000000000")).status).toBe(400);
    expect((await read("imp_000000000000")).status).toBe(404);
  });

  it.each([
    ["type", { type: "nobody" }],
    ["identifier_type", { identifier_type: "passport" }],
    ["tax_free", { tax_free: "much" }],
    ["vat_amount", { vat_amount: "much" }],
    ["identifier", { identifier: "a\u0000" }],
  ])("is refused by name of %s: %j", async (field, fields) => {
    const { imp_uid } = await node.paid();
    for (const encoding of encodings) {
      const { status, body } = await issue(imp_uid, fields, encoding);
      expect([status, body.code]).toEqual([400, -1]);
      expect(body.message).toContain(field);
    }
    expect((await read(imp_uid)).status).toBe(404);
  });

  it("leaves its identifier to nobody", async () => {
    const number = "9001011234567";
    const { imp_uid } = await node.paid();
    await issue(imp_uid, { identifier: number, identifier_type: "person" });
    await external("receipt-of-nobody", await sale("nice", { identifier: number }));
    expect(JSON.stringify(await node.timeline(imp_uid))).not.toContain(number);
    expect(await tablesWith(node, number)).toEqual([]);
  });
});

/** The tables that hold a text in clear. */
async function tablesWith({ database }: TestNode, text: string): Promise<string[]> {
  const { rows: tables } = await database.pool.query(
    "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await database.pool.query(`SELECT FROM ${name} t WHERE strpos(t::text, $1) > 0 LIMIT 1`, [text]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}

describe("a PG", () => {
  it.each(Object.keys(demands))("%s issues a receipt for its payment", async (pg) => {
    for (const encoding of encodings) {
      const { imp_uid } = await node.paid({ pg, amount: 11_000 });
      const { body } = await issue(imp_uid, demands[pg], encoding);
      expect(body.response).toMatchObject({ imp_uid, amount: 11_000 });
    }
  });

  it.each(wanted)("%s wants %s", async (pg, field) => {
    const { imp_uid } = await node.paid({ pg });
    for (const encoding of encodings) {
      const { status, body } = await issue(imp_uid, { ...demands[pg], [field]: undefined }, encoding);
      expect([status, body]).toEqual([
        400,
        { code: -1, message: `${field} 파라메터가 누락되었습니다.`, response: null },
      ]);
    }
    expect(await cashReceiptIssued(imp_uid)).toBe(false);
  });

  it.each(["danal", "mobilians"])("%s issues none", async (pg) => {
    const { imp_uid } = await node.paid({ pg });
    for (const encoding of encodings) {
      const { status, body } = await issue(imp_uid, {}, encoding);
      expect([status, body.code]).toEqual([501, -1]);
    }
    expect((await read(imp_uid)).status).toBe(404);
  });

  it.each(["kicc", "smartro"])("%s issues but does not cancel", async (pg) => {
    const { imp_uid } = await node.paid({ pg });
    await issue(imp_uid, demands[pg]);
    const { status, body } = await cancel(imp_uid);
    expect([status, body.code]).toEqual([501, -1]);
    expect((await read(imp_uid)).body.response).toMatchObject({ cancelled_at: 0 });
  });

  it.each(["receipt-refused", "receipt-timeout-before", "receipt-timeout-after"])(
    "that fails (%s) is told of with 500",
    async (fault) => {
      const { imp_uid } = await node.paid();
      await node.arm(fault);
      const { status, body } = await issue(imp_uid);
      expect([status, body.code]).toEqual([500, -1]);
    },
  );

  it("that did not answer but issued it: the shop sees it in the end", async () => {
    const { imp_uid } = await node.paid({ amount: 11_000 });
    await node.arm("receipt-timeout-after");
    expect((await issue(imp_uid)).status).toBe(500);
    await eventually(async () => (await read(imp_uid)).status === 200, 15_000);
    expect((await read(imp_uid)).body.response).toMatchObject({ amount: 11_000, vat: 1_000, cancelled_at: 0 });
    expect(await cashReceiptIssued(imp_uid)).toBe(true);
  });

  it("that refused may be asked again", async () => {
    const { imp_uid } = await node.paid();
    await node.arm("receipt-refused");
    await issue(imp_uid);
    expect((await read(imp_uid)).status).toBe(404);
    expect((await issue(imp_uid)).status).toBe(200);
    await node.arm("receipt-refused");
    expect((await cancel(imp_uid)).status).toBe(500);
    expect((await read(imp_uid)).body.response).toMatchObject({ cancelled_at: 0 });
    expect((await cancel(imp_uid)).status).toBe(200);
  });
});

describe("an identifier", () => {
  const digits = (count: number) => "0101234567890123456789".slice(0, count);
  const lengths: [type: string | undefined, number[]][] = [
    ["person", [13]],
    ["business", [10]],
    ["phone", [10, 11]],
    ["taxcard", [13, 14, 15, 16, 17, 18, 19]],
    [undefined, [10, 11, 13, 14, 15, 16, 17, 18, 19]],
  ];

  async function refused(fields: Fields): Promise<void> {
    const { imp_uid } = await node.paid();
    for (const encoding of encodings) {
      for (const { status, body } of [
        await issue(imp_uid, fields, encoding),
        await external(`sale-of-${imp_uid}`, await sale("nice", fields), encoding),
      ]) {
        expect([fields, status, body]).toEqual([
          fields,
          400,
          { code: -1, message: expect.stringContaining("identifier"), response: null },
        ]);
      }
    }
    expect((await read(imp_uid)).status).toBe(404);
  }

  it.each(lengths)("of type %s has so many digits: %j", async (identifier_type, counts) => {
    for (const count of [9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]) {
      const fields = { identifier: digits(count), identifier_type };
      if (!counts.includes(count)) {
        await refused(fields);
        continue;
      }
      const { imp_uid } = await node.paid();
      expect([fields, (await issue(imp_uid, fields)).status]).toEqual([fields, 200]);
    }
  });

  it.each([
    ["person", "900101-1234567"],
    ["business", "123-45-67890"],
    ["phone", "010 1234 5678"],
    ["taxcard", "1234-5678-9012-345678"],
    [undefined, "02-1234-5678"],
  ])("of type %s may have hyphens and spaces: %s", async (identifier_type, written) => {
    for (const encoding of encodings) {
      const { imp_uid } = await node.paid();
      const { body } = await issue(imp_uid, { identifier: written, identifier_type }, encoding);
      expect(body.response).toMatchObject({ imp_uid });
    }
  });

  it.each(["abcdefghij", "0101234567x", "010.1234.5678", "+821012345678", "---", "０１０１２３４５６７８"])(
    "is not %s",
    async (written) => refused({ identifier: written }),
  );

  it("may be a number in JSON", async () => {
    const { imp_uid } = await node.paid();
    expect((await issue(imp_uid, { identifier: 1_234_567_890 })).status).toBe(200);
  });

  it("is of no cash receipt card at nice_v2", async () => {
    const { imp_uid } = await node.paid({ pg: "nice_v2" });
    const fields = { ...demands.nice_v2, identifier_type: "taxcard", identifier: digits(18) };
    for (const encoding of encodings) {
      for (const { status, body } of [
        await issue(imp_uid, fields, encoding),
        await external("sale-by-card", await sale("nice_v2", fields), encoding),
      ]) {
        expect([status, body.code]).toEqual([400, -1]);
        expect(body.message).toContain("identifier_type");
      }
    }
    expect(await cashReceiptIssued(imp_uid)).toBe(false);
  });
});

describe("an address without an id", () => {
  it.each([
    ["/receipts", "imp_uid"],
    ["/receipts/external", "merchant_uid"],
  ])("%s lacks its %s", async (path, field) => {
    const message = `${field} 파라메터가 누락되었습니다.`;
    for (const method of ["GET", "POST", "DELETE"]) {
      for (const encoding of encodings) {
        for (const end of ["", "/"]) {
          const { status, body } = await node.iamport(method, `${path}${end}`, { identifier }, encoding);
          expect([method, status, body]).toEqual([method, 400, { code: -1, message, response: null }]);
        }
      }
    }
  });
});

describe("a cancelled receipt", () => {
  it("is shown while another is being issued, and when that fails", async () => {
    const merchant_uid = String(node.order().merchant_uid);
    const { imp_uid } = await node.paid();
    const kinds: [path: string, fields: Fields][] = [
      [`/receipts/${imp_uid}`, { identifier }],
      [`/receipts/external/${merchant_uid}`, await sale("nice")],
    ];
    for (const [path, fields] of kinds) {
      expect((await node.iamport("POST", path, fields)).status).toBe(200);
      const cancelled = await node.iamport("DELETE", path);
      await node.arm("receipt-timeout-before");
      expect((await node.iamport("POST", path, fields)).status).toBe(500);
      const under = await node.iamport("GET", path);
      expect([path, under.status, under.body]).toEqual([path, 200, cancelled.body]);
      // Another is issued once the bank is known never to have heard of the second.
      const third = await eventually(async () => {
        const answer = await node.iamport("POST", path, fields);
        return answer.status === 200 && answer.body.response;
      }, 15_000);
      expect(third).toMatchObject({ cancelled_at: 0 });
      expect((await node.iamport("GET", path)).body.response).toEqual(third);
    }
  });
});

describe("a receipt for a sale elsewhere", () => {
  const pgs = Object.keys(demands).filter((pg) => pg !== "daou");
  const uid = () => String(node.order().merchant_uid);

  it.each(encodings)("is issued, read and cancelled (%s)", async (encoding) => {
    const merchant_uid = uid();
    const path = `/receipts/external/${merchant_uid}`;
    const issued = await external(merchant_uid, await sale("nice"), encoding);
    expect([issued.status, issued.body.response]).toMatchObject([
      200,
      { merchant_uid, type: "person", amount: 11_000, vat: 1_000, cancelled_at: 0 },
    ]);
    expect((await node.iamport("GET", path, {}, encoding)).body).toEqual(issued.body);
    const cancelled = await node.iamport("DELETE", path, {}, encoding);
    expect(cancelled.body.response).toEqual({ ...issued.body.response, cancelled_at: expect.any(Number) });
    expect(cancelled.body.response.cancelled_at).toBeGreaterThan(0);
    expect((await node.iamport("GET", path)).body).toEqual(cancelled.body);
  });

  it.each(pgs)("is issued by %s", async (pg) => {
    const { body } = await external(uid(), await sale(pg));
    expect(body.response).toMatchObject({ amount: 11_000 });
  });

  it.each(pgs.filter((pg) => !["kicc", "smartro"].includes(pg)))("is cancelled by %s", async (pg) => {
    const merchant_uid = uid();
    await external(merchant_uid, await sale(pg));
    const { status, body } = await node.iamport("DELETE", `/receipts/external/${merchant_uid}`);
    expect([status, body.response.cancelled_at > 0]).toEqual([200, true]);
  });

  it.each(["daou", "danal", "mobilians"])("is not to be had at %s", async (pg) => {
    const { status, body } = await external(uid(), await sale(pg));
    expect([status, body.code]).toEqual([501, -1]);
  });

  it.each(["kicc", "smartro"])("is not cancelled by %s", async (pg) => {
    const merchant_uid = uid();
    await external(merchant_uid, await sale(pg));
    const { status, body } = await node.iamport("DELETE", `/receipts/external/${merchant_uid}`);
    expect([status, body.code]).toEqual([501, -1]);
    expect((await node.iamport("GET", `/receipts/external/${merchant_uid}`)).body.response.cancelled_at).toBe(0);
  });

  it.each([
    ["nice", "identifier"],
    ["nice", "name"],
    ["nice", "amount"],
    ["nice", "channel_key"],
    ...wanted.filter(([pg]) => pg !== "daou"),
    ["welcome", "pay_method"],
  ] as [pg: string, field: string][])("wants at %s %s", async (pg, field) => {
    const merchant_uid = uid();
    for (const encoding of encodings) {
      const { status, body } = await external(merchant_uid, await sale(pg, { [field]: undefined }), encoding);
      expect([status, body]).toEqual([
        400,
        { code: -1, message: `${field} 파라메터가 누락되었습니다.`, response: null },
      ]);
    }
    expect((await node.iamport("GET", `/receipts/external/${merchant_uid}`)).status).toBe(404);
  });

  it.each([
    ["channel_key", { channel_key: "channel-key-of-nobody" }],
    ["amount", { amount: "much" }],
    ["amount", { amount: 10.5 }],
    ["type", { type: "nobody" }],
  ])("is refused by name of %s: %j", async (field, fields) => {
    const { status, body } = await external(uid(), await sale("nice", fields));
    expect([status, body.code]).toEqual([400, -1]);
    expect(body.message).toContain(field);
  });

  it("is not issued through another merchant's channel", async () => {
    const other = await otherMerchant(node);
    const { body } = await other.iamport("GET", "/users/pg");
    const { channel_key } = body.response.find((one: Fields) => one.pg_id === "naru00000m");
    const answer = await external(uid(), await sale("nice", { channel_key }));
    expect([answer.status, answer.body.code]).toEqual([400, -1]);
  });

  it("is issued once for an order", async () => {
    const merchant_uid = uid();
    await external(merchant_uid, await sale("nice"));
    const { status, body } = await external(merchant_uid, await sale("nice", { amount: 500 }));
    expect([status, body.code]).toEqual([400, -1]);
    expect((await node.iamport("GET", `/receipts/external/${merchant_uid}`)).body.response.amount).toBe(11_000);
  });

  it("that was never issued is neither read nor cancelled", async () => {
    for (const method of ["GET", "DELETE"]) {
      const { status, body } = await node.iamport(method, `/receipts/external/${uid()}`);
      expect([method, status, body.code]).toEqual([method, 404, -1]);
    }
  });

  it("fails with 500 when the PG does", async () => {
    for (const fault of ["receipt-refused", "receipt-timeout-before"]) {
      await node.arm(fault);
      const { status, body } = await external(uid(), await sale("nice"));
      expect([fault, status, body.code]).toEqual([fault, 500, -1]);
    }
  });
});
