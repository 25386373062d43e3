/** /payments/prepare: what a payment window will be asked to charge. */
import { describe, expect, it } from "vitest";
import { encodings, type Fields } from "../support/client.ts";
import { otherMerchant, useNode } from "../support/scenario.ts";

const node = useNode();
const duplicate = "결제정보 사전등록에 실패하였습니다(이미 등록된 merchant_uid입니다).";
const unknown = "사전등록된 결제정보가 존재하지 않습니다.";

const uid = () => String(node.order().merchant_uid);
const prepare = (method: string, fields: Fields, encoding?: "json" | "form") =>
  node.iamport(method, "/payments/prepare", fields, encoding);
const read = async (merchant_uid: string) => (await node.iamport("GET", `/payments/prepare/${merchant_uid}`)).body;

describe("a prepared payment", () => {
  it.each(encodings)("is kept, read and changed (%s)", async (encoding) => {
    const merchant_uid = uid();
    const made = await prepare("POST", { merchant_uid, amount: 420_000 }, encoding);
    expect([made.status, made.body.response]).toMatchObject([200, { merchant_uid, amount: 420_000 }]);
    expect(await read(merchant_uid)).toEqual(made.body);
    const changed = await prepare("PUT", { merchant_uid, amount: 500, currency: "USD" }, encoding);
    expect(changed.body.response).toEqual({ merchant_uid, amount: 500, currency: "USD" });
    expect(await read(merchant_uid)).toEqual(changed.body);
  });

  it.each([0, 1, 100, 9_000_000, 10.5, 10.55, "12.30"])("may be of %j", async (amount) => {
    const merchant_uid = uid();
    for (const [method, encoding] of [
      ["POST", "json"],
      ["PUT", "form"],
    ] as const) {
      const { body } = await prepare(method, { merchant_uid, amount }, encoding);
      expect(body.response).toMatchObject({ merchant_uid, amount: Number(amount) });
    }
  });

  it("has no currency that is checked unless one is named", async () => {
    for (const currency of [undefined, null, ""]) {
      const { body } = await prepare("POST", { merchant_uid: uid(), amount: 100, currency });
      expect(body.response).toMatchObject({ currency: null });
    }
    expect((await prepare("POST", { merchant_uid: uid(), amount: 100, currency: "KRW" })).body.response).toMatchObject({
      currency: "KRW",
    });
  });

  it("may be of an order with a slash or Korean in its id", async () => {
    for (const merchant_uid of [`주문 ${uid()}`, `a/b ${uid()}`]) {
      await prepare("POST", { merchant_uid, amount: 100 });
      expect((await read(encodeURIComponent(merchant_uid))).response).toMatchObject({ merchant_uid, amount: 100 });
    }
  });

  it("is made once, however often it is asked for", async () => {
    const merchant_uid = uid();
    await prepare("POST", { merchant_uid, amount: 100 });
    for (const encoding of encodings) {
      const { status, body } = await prepare("POST", { merchant_uid, amount: 200 }, encoding);
      expect([status, body]).toEqual([200, { code: 1, message: duplicate, response: null }]);
    }
    expect((await read(merchant_uid)).response).toMatchObject({ amount: 100 });
    const fresh = uid();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => prepare("POST", { merchant_uid: fresh, amount: index + 1 })),
    );
    expect(answers.map((answer) => answer.body.code).sort()).toEqual([0, ...Array(7).fill(1)]);
  });

  it("is the merchant's own", async () => {
    const merchant_uid = uid();
    await prepare("POST", { merchant_uid, amount: 100 });
    const other = await otherMerchant(node);
    expect((await other.iamport("GET", `/payments/prepare/${merchant_uid}`)).body.message).toBe(unknown);
    expect((await other.iamport("PUT", "/payments/prepare", { merchant_uid, amount: 1 })).status).toBe(404);
    const theirs = await other.iamport("POST", "/payments/prepare", { merchant_uid, amount: 7 });
    expect(theirs.body.response).toMatchObject({ amount: 7 });
    expect((await read(merchant_uid)).response).toMatchObject({ amount: 100 });
  });
});

describe("one that is not there", () => {
  it.each(["", "/", "?include_sandbox=true"])("is not read by an address without an id: %j", async (end) => {
    for (const encoding of encodings) {
      const { status, body } = await node.iamport("GET", `/payments/prepare${end}`, {}, encoding);
      expect([status, body]).toEqual([
        400,
        { code: -1, message: "merchant_uid 파라메터가 누락되었습니다.", response: null },
      ]);
    }
  });

  it.each(encodings)("is neither read nor changed (%s)", async (encoding) => {
    const expected = [404, { code: -1, message: unknown, response: null }];
    const found = await node.iamport("GET", `/payments/prepare/${uid()}`, {}, encoding);
    expect([found.status, found.body]).toEqual(expected);
    const changed = await prepare("PUT", { merchant_uid: uid(), amount: 100 }, encoding);
    expect([changed.status, changed.body]).toEqual(expected);
  });

  it("is not made by a virtual account", async () => {
    const { merchant_uid } = await node.issue();
    expect(await read(String(merchant_uid))).toMatchObject({ code: -1, message: unknown });
  });
});

describe.each(["POST", "PUT"])("a %s that is refused", (method) => {
  it.each([
    ["merchant_uid", { merchant_uid: undefined }, [400]],
    ["merchant_uid", { merchant_uid: "" }, [400]],
    ["amount", { amount: undefined }, [400]],
    ["amount", { amount: null }, [400]],
    ["amount", { amount: "much" }, [400]],
    ["amount", { amount: -1 }, [200]],
    ["amount", { amount: 10.555 }, [200, 400]],
    ["merchant_uid", { merchant_uid: "x".repeat(41) }, [200]],
    ["merchant_uid", { merchant_uid: "a\u0000" }, [400]],
    ["currency", { currency: "WON!" }, [200, 400]],
    ["currency", { currency: "12" }, [200, 400]],
  ])("names %s: %j", async (field, fields, statuses) => {
    const merchant_uid = uid();
    if (method === "PUT") await prepare("POST", { merchant_uid, amount: 100 });
    for (const encoding of encodings) {
      const { status, body } = await prepare(method, { merchant_uid, amount: 300, ...fields }, encoding);
      expect([statuses.includes(status), status, body.code]).toEqual([true, status, -1]);
      expect(body.message).toContain(field);
    }
    const kept = await read(merchant_uid);
    expect(kept.response?.amount).toBe(method === "PUT" ? 100 : undefined);
  });
});
