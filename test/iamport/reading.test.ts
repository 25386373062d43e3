/** Reading payments: one, many, by order, by status and time, and what is left of each. */
import { describe, expect, it } from "vitest";
import { type Client, encodings, eventually, type Fields } from "../support/client.ts";
import type { TestNode } from "../support/node.ts";
import { otherMerchant, useNode, withNode } from "../support/scenario.ts";

const node = useNode();
const unknown = { code: -1, message: "존재하지 않는 결제정보입니다.", response: null };
const wrongStatus = { code: -1, message: "지원되지 않는 상태값입니다.", response: null };

const ids = (payments: Fields[]) => payments.map((one) => one.imp_uid);

/** The page that a path shows. */
async function page(
  client: Client,
  path: string,
): Promise<{ total: number; ids: unknown[]; previous: number; next: number }> {
  const { status, body } = await client.iamport("GET", path);
  expect([path, status, body.message]).toEqual([path, 200, null]);
  const { total, previous, next, list } = body.response;
  return { total, previous, next, ids: ids(list) };
}

async function refused(path: string, status: number, ...words: string[]): Promise<void> {
  for (const encoding of encodings) {
    const answer = await node.iamport("GET", path, {}, encoding);
    expect([path, answer.status, answer.body.code]).toEqual([path, status, -1]);
    for (const word of words) expect(answer.body.message).toContain(word);
  }
}

describe("one payment", () => {
  it.each(encodings)("is read by its imp_uid (%s)", async (encoding) => {
    const issued = await node.issue();
    for (const method of ["GET", "POST"]) {
      const { status, body } = await node.iamport(method, `/payments/${issued.imp_uid}`, {}, encoding);
      expect([method, status, body.response]).toEqual([method, 200, issued]);
    }
  });

  it.each(["true", "false", "1", "", "whatever"])("is read with include_sandbox=%s", async (include_sandbox) => {
    const issued = await node.issue();
    for (const encoding of encodings) {
      const { body } = await node.iamport("GET", `/payments/${issued.imp_uid}`, { include_sandbox }, encoding);
      expect(body.response).toEqual(issued);
    }
  });

  it("shows what happened to it", async () => {
    const paid = await node.paid({}, { depositorName: "홍길동" });
    expect(paid).toMatchObject({ status: "paid", deposit_history: [], cancel_amount: 0 });
    expect(paid.paid_at).toBeGreaterThanOrEqual(Number(paid.started_at));
  });

  it("can be read at once after it was issued", async () => {
    for (let round = 0; round < 10; round += 1) {
      const issued = await node.issue();
      expect(await node.payment(issued.imp_uid)).toEqual(issued);
    }
  });

  it.each(["imp_000000000000", "order-1", "%20", "'", "x".repeat(250)])("is not there: %s", async (imp_uid) => {
    for (const method of ["GET", "POST"]) {
      const { status, body } = await node.iamport(method, `/payments/${imp_uid}`);
      expect([method, status, body]).toEqual([method, 404, unknown]);
    }
  });
});

describe("an address that ends early", () => {
  it.each([
    ["/payments/find", "merchant_uid"],
    ["/payments/findAll", "merchant_uid"],
    ["/payments/status", "상태값"],
  ])("%s lacks its %s", async (path, field) => {
    for (const end of ["", "/"]) await refused(`${path}${end}`, 400, field);
  });
});

describe("many payments", () => {
  it.each(encodings)("are read by ids of both kinds (%s)", async (encoding) => {
    const [one, two, three] = [await node.issue(), await node.paid(), await node.issue()];
    const fields = { imp_uid: [one.imp_uid, two.imp_uid], merchant_uid: [three.merchant_uid] };
    const { status, body } = await node.iamport("GET", "/payments", fields, encoding);
    expect([status, body.message]).toEqual([200, null]);
    expect(ids(body.response).sort()).toEqual(ids([one, two, three]).sort());
    expect(body.response).toEqual(expect.arrayContaining([one, two, three]));
  });

  it.each(encodings)("are those that are there, with 207 if some are not (%s)", async (encoding) => {
    const issued = await node.issue();
    for (const missing of [
      { imp_uid: [issued.imp_uid, "imp_000000000000"] },
      { imp_uid: [issued.imp_uid], merchant_uid: ["no"] },
    ]) {
      const { status, body } = await node.iamport("GET", "/payments", missing, encoding);
      expect([status, body]).toEqual([207, { code: 0, message: null, response: [issued] }]);
    }
  });

  it("of one order are one: the one that was started last", async () => {
    await withNode({}, async (mine) => {
      const first = await mine.issue();
      await mine.moveClock("PT1M");
      const second = await mine.issue({ merchant_uid: first.merchant_uid });
      const { status, body } = await mine.iamport("GET", "/payments", { merchant_uid: [first.merchant_uid] });
      expect([status, ids(body.response)]).toEqual([200, [second.imp_uid]]);
    });
  });

  it("may be a hundred, and no more", async () => {
    const issued = await Promise.all(Array.from({ length: 100 }, () => node.issue()));
    const imp_uid = ids(issued);
    const all = await node.iamport("GET", "/payments", { imp_uid });
    expect(ids(all.body.response).sort()).toEqual([...imp_uid].sort());
    const split = await node.iamport("GET", "/payments", {
      imp_uid: imp_uid.slice(0, 50),
      merchant_uid: issued.slice(50).map((one) => one.merchant_uid),
    });
    expect([split.status, split.body.response.length]).toEqual([200, 100]);
    for (const fields of [{ imp_uid: [...imp_uid, "imp_000000000000"] }, { imp_uid, merchant_uid: ["order-1"] }]) {
      const { status, body } = await node.iamport("GET", "/payments", fields);
      expect([status, body.code]).toEqual([400, -1]);
    }
  });

  it.each(["", "?imp_uid[]=", "?imp_uid=&merchant_uid[]="])("need ids: %j", async (query) => {
    await refused(`/payments${query}`, 400, "imp_uid");
  });

  it("of which none is there are not found", async () => {
    const { status, body } = await node.iamport("GET", "/payments?imp_uid[]=imp_000000000000&merchant_uid[]=no");
    expect([status, body]).toEqual([404, unknown]);
  });
});

describe("the payments of an order", () => {
  it.each(encodings)("are found by status (%s)", async (encoding) => {
    const { merchant_uid } = node.order();
    const ready = await node.issue({ merchant_uid });
    const failed = await node.issue({ merchant_uid });
    await node.iamport("DELETE", `/vbanks/${failed.imp_uid}`);
    const paid = await node.issue({ merchant_uid });
    await node.deposit(paid.vbank_num);
    for (const [status, expected] of Object.entries({ ready, failed, paid })) {
      const one = await node.iamport("GET", `/payments/find/${merchant_uid}/${status}`, {}, encoding);
      expect(one.body.response).toMatchObject({ imp_uid: expected.imp_uid, status });
      const all = await node.iamport("GET", `/payments/findAll/${merchant_uid}/${status}`, {}, encoding);
      expect(all.body.response).toMatchObject({ total: 1, list: [{ imp_uid: expected.imp_uid }] });
    }
    const all = await node.iamport("GET", `/payments/findAll/${merchant_uid}`, {}, encoding);
    expect(all.body.response.total).toBe(3);
    await node.cancel({ imp_uid: paid.imp_uid });
    const one = await node.iamport("GET", `/payments/find/${merchant_uid}/cancelled`, {}, encoding);
    expect(one.body.response).toMatchObject({ imp_uid: paid.imp_uid, status: "cancelled" });
    const none = await node.iamport("GET", `/payments/find/${merchant_uid}/paid`, {}, encoding);
    expect([none.status, none.body]).toEqual([404, unknown]);
  });

  it("are sorted by the time that is asked for", async () => {
    await withNode({}, async (mine) => {
      const merchant_uid = "sorted";
      // Started a, b, c; b and then a were changed last, and b alone is paid.
      const names = new Map<unknown, string>();
      const accounts: Record<string, Fields> = {};
      for (const name of ["a", "b", "c"]) {
        const issued = await mine.issue({ merchant_uid });
        names.set(issued.imp_uid, name);
        accounts[name] = issued;
        await mine.moveClock("PT1M");
      }
      await mine.deposit(accounts.b!.vbank_num);
      await mine.moveClock("PT1M");
      await mine.iamport("DELETE", `/vbanks/${accounts.a!.imp_uid}`);
      const orders: [string, string][] = [
        ["", "cba"],
        ["?sorting=-started", "cba"],
        ["?sorting=started", "abc"],
        ["?sorting=-updated", "abc"],
        ["?sorting=updated", "cba"],
      ];
      for (const [query, expected] of orders) {
        const { ids: found } = await page(mine, `/payments/findAll/${merchant_uid}${query}`);
        expect([query, found.map((id) => names.get(id)).join("")]).toEqual([query, expected]);
        const { body } = await mine.iamport("GET", `/payments/find/${merchant_uid}${query}`);
        expect([query, names.get(body.response.imp_uid)]).toEqual([query, expected[0]]);
      }
    });
  });

  it("are sorted by when they were paid", async () => {
    await withNode({}, async (mine) => {
      const accounts: Fields[] = [];
      for (let index = 0; index < 3; index += 1) {
        accounts.push(await mine.issue());
        await mine.moveClock("PT1M");
      }
      for (const index of [1, 2, 0]) {
        await mine.deposit(accounts[index]!.vbank_num);
        await mine.moveClock("PT1M");
      }
      const [a, b, c] = ids(accounts);
      expect((await page(mine, "/payments/status/paid?sorting=paid")).ids).toEqual([b, c, a]);
      expect((await page(mine, "/payments/status/paid?sorting=-paid")).ids).toEqual([a, c, b]);
      expect((await page(mine, "/payments/status/paid")).ids).toEqual([c, b, a]);
    });
  });

  it("come in pages", async () => {
    const { merchant_uid } = node.order();
    const issued: Fields[] = [];
    for (let index = 0; index < 5; index += 1) issued.push(await node.issue({ merchant_uid }));
    const path = (query: string) => `/payments/findAll/${merchant_uid}?sorting=started&limit=2&${query}`;
    const first = await page(node, path(""));
    const second = await page(node, path("page=2"));
    const third = await page(node, path("page=3"));
    expect([first, second, third]).toMatchObject([
      { total: 5, previous: 0, next: 2 },
      { total: 5, previous: 1, next: 3 },
      { total: 5, previous: 2, next: 0 },
    ]);
    expect([first, second, third].map((one) => one.ids.length)).toEqual([2, 2, 1]);
    expect(new Set([first, second, third].flatMap((one) => one.ids))).toEqual(new Set(ids(issued)));
    await refused(path("page=4"), 400, "page");
  });

  it("show twenty at once unless more are asked for", async () => {
    const { merchant_uid } = node.order();
    await Promise.all(Array.from({ length: 21 }, () => node.issue({ merchant_uid })));
    const first = await page(node, `/payments/findAll/${merchant_uid}`);
    expect([first.total, first.ids.length, first.next]).toEqual([21, 20, 2]);
    const all = await page(node, `/payments/findAll/${merchant_uid}?limit=1000`);
    expect([all.total, all.ids.length, all.next]).toEqual([21, 21, 0]);
  });

  it("may have a slash, a space or Korean in their id", async () => {
    for (const prefix of ["a/b", "a b", "주문", "a%b", "a?b", "a#b"]) {
      const issued = await node.issue({ merchant_uid: `${prefix}${Date.now()}` });
      const { body } = await node.iamport("GET", `/payments/find/${encodeURIComponent(String(issued.merchant_uid))}`);
      expect([prefix, body.response]).toEqual([prefix, issued]);
    }
  });

  it.each(["find", "findAll"])("are not there (%s)", async (verb) => {
    for (const path of [`/payments/${verb}/no-such-order`, `/payments/${verb}/no-such-order/paid`]) {
      const { status, body } = await node.iamport("GET", path);
      expect([path, status, body]).toEqual([path, 404, unknown]);
    }
  });

  it.each(["find", "findAll"])("are not asked for rightly (%s)", async (verb) => {
    const { merchant_uid } = await node.issue();
    for (const status of ["all", "PAID", "refunded"]) {
      const answer = await node.iamport("GET", `/payments/${verb}/${merchant_uid}/${status}`);
      expect([status, answer.status, answer.body]).toEqual([status, 400, wrongStatus]);
    }
    for (const sorting of ["amount", "-", "--started", "started,paid"]) {
      await refused(`/payments/${verb}/${merchant_uid}?sorting=${sorting}`, 400, "sorting");
    }
  });

  it.each(["page=0", "page=-1", "page=x", "page=1.5", "page=2"])("have no such page: %s", async (query) => {
    const { merchant_uid } = await node.issue();
    await refused(`/payments/findAll/${merchant_uid}?${query}`, 400, "page");
  });

  it.each(["limit=0", "limit=1001", "limit=-1", "limit=x"])("have no such page: %s", async (query) => {
    const { merchant_uid } = await node.issue();
    await refused(`/payments/findAll/${merchant_uid}?${query}`, 400, "limit");
  });
});

describe("payments by status", () => {
  it.each(encodings)("are those of the merchant in it (%s)", async (encoding) => {
    const client = await otherMerchant(node);
    const ready = await client.issue();
    const paid = await client.paid();
    const partly = await client.paid();
    await client.cancel({ imp_uid: partly.imp_uid, amount: 100 });
    const cancelled = await client.paid();
    await client.cancel({ imp_uid: cancelled.imp_uid });
    const failed = await client.issue();
    await client.iamport("DELETE", `/vbanks/${failed.imp_uid}`);
    const expected = {
      ready: [ready],
      paid: [paid, partly],
      cancelled: [cancelled],
      failed: [failed],
      all: [ready, paid, partly, cancelled, failed],
    };
    for (const [status, payments] of Object.entries(expected)) {
      const { body } = await client.iamport("GET", `/payments/status/${status}`, {}, encoding);
      expect([status, body.response.total]).toEqual([status, payments.length]);
      expect(ids(body.response.list).sort()).toEqual(ids(payments).sort());
    }
  });

  it("of an account past its deadline are ready", async () => {
    await withNode({}, async (mine) => {
      const { imp_uid } = await mine.issue({ vbank_due: mine.now() + 60 });
      await mine.moveClock("PT1H");
      await eventually(async () => (await mine.timeline(imp_uid)).payment.state === "expired");
      expect((await page(mine, "/payments/status/ready")).ids).toEqual([imp_uid]);
    });
  });

  it("are none, on one empty page", async () => {
    const client = await otherMerchant(node);
    expect(await page(client, "/payments/status/all")).toEqual({ total: 0, previous: 0, next: 0, ids: [] });
    expect((await client.iamport("GET", "/payments/status/paid?page=2")).status).toBe(400);
  });

  it("come in pages of at most a thousand", async () => {
    const client = await otherMerchant(node);
    await Promise.all(Array.from({ length: 23 }, () => client.issue()));
    const first = await page(client, "/payments/status/all");
    const second = await page(client, "/payments/status/all?page=2");
    expect([first, second]).toMatchObject([
      { total: 23, previous: 0, next: 2 },
      { total: 23, previous: 1, next: 0 },
    ]);
    expect([first.ids.length, second.ids.length]).toEqual([20, 3]);
    expect(new Set([...first.ids, ...second.ids]).size).toBe(23);
    expect((await page(client, "/payments/status/all?limit=1000")).ids).toHaveLength(23);
    expect((await page(client, "/payments/status/all?limit=1&page=23")).next).toBe(0);
  });

  it("are not asked for rightly", async () => {
    for (const status of ["undefined", "PAID", "refunded", "null"]) {
      const answer = await node.iamport("GET", `/payments/status/${status}`);
      expect([status, answer.status, answer.body]).toEqual([status, 400, wrongStatus]);
    }
    await refused("/payments/status/all?sorting=amount", 400, "sorting");
    for (const query of ["limit=0", "limit=1001", "limit=ten"])
      await refused(`/payments/status/all?${query}`, 400, "limit");
    for (const query of ["page=0", "page=x", "page=1000"]) await refused(`/payments/status/all?${query}`, 400, "page");
    await refused("/payments/status/all?from=yesterday", 400, "from");
    await refused("/payments/status/all?to=2030-01-01", 400, "to");
    const now = node.now();
    await refused(`/payments/status/all?from=${now}&to=${now - 1}`, 400, "from");
    await refused(`/payments/status/all?from=${now - 90 * 86_400 - 1}&to=${now}`, 400, "from");
  });
});

describe("payments by time", () => {
  const day = 86_400;

  /** Whether `status` shows the payment for a window around each of these moments. */
  async function seen(mine: TestNode, status: string, imp_uid: unknown, moments: number[]): Promise<boolean[]> {
    const found: boolean[] = [];
    for (const moment of moments) {
      const { ids: shown } = await page(mine, `/payments/status/${status}?from=${moment - 60}&to=${moment + 60}`);
      found.push(shown.includes(imp_uid));
    }
    return found;
  }

  it("are compared by the time of their last status", async () => {
    await withNode({}, async (mine) => {
      const { imp_uid, vbank_num, started_at } = await mine.issue({ vbank_due: mine.now() + 300 * day });
      const started = Number(started_at);
      expect(await seen(mine, "ready", imp_uid, [started, started + 10 * day])).toEqual([true, false]);
      await mine.moveClock("P10D");
      await mine.deposit(vbank_num);
      const paid = Number((await mine.payment(imp_uid)).paid_at);
      expect(paid).toBeGreaterThanOrEqual(started + 10 * day);
      for (const status of ["paid", "all"]) {
        expect([status, await seen(mine, status, imp_uid, [started, paid])]).toEqual([status, [false, true]]);
      }
      await mine.moveClock("P10D");
      await mine.cancel({ imp_uid });
      const cancelled = Number((await mine.payment(imp_uid)).cancelled_at);
      for (const status of ["cancelled", "all"]) {
        expect([status, await seen(mine, status, imp_uid, [started, paid, cancelled])]).toEqual([
          status,
          [false, false, true],
        ]);
      }
      expect(await seen(mine, "paid", imp_uid, [paid])).toEqual([false]);
    });
  });

  it("are compared by when they failed", async () => {
    await withNode({}, async (mine) => {
      const { imp_uid, started_at } = await mine.issue({ vbank_due: mine.now() + 300 * day });
      await mine.moveClock("P10D");
      await mine.iamport("DELETE", `/vbanks/${imp_uid}`);
      const failed = Number((await mine.payment(imp_uid)).failed_at);
      for (const status of ["failed", "all"]) {
        expect([status, await seen(mine, status, imp_uid, [Number(started_at), failed])]).toEqual([
          status,
          [false, true],
        ]);
      }
    });
  });

  it("include both ends of what is asked for", async () => {
    const client = await otherMerchant(node);
    const { imp_uid, started_at } = await client.issue();
    const at = Number(started_at);
    const total = async (from: number, to: number) =>
      (await page(client, `/payments/status/ready?from=${from}&to=${to}`)).total;
    expect((await page(client, `/payments/status/ready?from=${at}&to=${at}`)).ids).toEqual([imp_uid]);
    expect(await total(at + 1, at + 100)).toBe(0);
    expect(await total(at - 100, at - 1)).toBe(0);
    expect(await total(at - 100, at)).toBe(1);
    expect(await total(at, at + 100)).toBe(1);
  });

  it("are those of the last ninety days, or of the ninety days before `to`", async () => {
    await withNode({}, async (mine) => {
      const old = await mine.issue({ vbank_due: mine.now() + 300 * day });
      await mine.moveClock("P89D");
      const recent = await mine.issue();
      expect((await page(mine, "/payments/status/all?sorting=started")).ids).toEqual(ids([old, recent]));
      await mine.moveClock("P2D");
      expect((await page(mine, "/payments/status/all")).ids).toEqual(ids([recent]));
      const at = Number(old.started_at);
      expect((await page(mine, `/payments/status/all?to=${at + 60}`)).ids).toEqual(ids([old]));
      expect((await page(mine, `/payments/status/all?from=${at}&to=${at + 90 * day}`)).total).toBe(2);
      expect((await page(mine, `/payments/status/all?from=${mine.now() - 5 * day}`)).ids).toEqual(ids([recent]));
    });
  });
});

describe("what is left of a payment", () => {
  const zero = { tax_free: 0, supply: 0, vat: 0, service: 0 };
  const balance = async (imp_uid: unknown, encoding?: "json" | "form") =>
    (await node.iamport("GET", `/payments/${imp_uid}/balance`, {}, encoding)).body.response;

  it.each(encodings)("is told by its tax (%s)", async (encoding) => {
    const { imp_uid } = await node.paid({ amount: 11_000 });
    expect(await balance(imp_uid, encoding)).toMatchObject({
      amount: 11_000,
      primary: { tax_free: 0, supply: 10_000, vat: 1_000, service: 0 },
      secondary: zero,
      discount: zero,
      cash_receipt: zero,
    });
  });

  it("has its tax-free part apart", async () => {
    const { imp_uid } = await node.paid({ pg: "nice.narumixed0m", amount: 11_000, tax_free: 5_500 });
    expect((await balance(imp_uid)).primary).toEqual({ tax_free: 5_500, supply: 5_000, vat: 500, service: 0 });
  });

  it("becomes less with every cancellation, and each is remembered", async () => {
    const { imp_uid } = await node.paid({ amount: 11_000 });
    await node.cancel({ imp_uid, amount: 5_500 });
    const partly = await balance(imp_uid);
    expect(partly).toMatchObject({ amount: 11_000, primary: { tax_free: 0, supply: 5_000, vat: 500, service: 0 } });
    await node.cancel({ imp_uid });
    const nothing = await balance(imp_uid);
    expect(nothing).toMatchObject({ amount: 11_000, primary: zero });
    expect(nothing.histories.length).toBeGreaterThan(partly.histories.length);
  });

  it("is of its cash receipt too", async () => {
    const { imp_uid } = await node.paid({ amount: 11_000 });
    await node.iamport("POST", `/receipts/${imp_uid}`, { identifier: "01012345678" });
    expect((await balance(imp_uid)).cash_receipt).toEqual({ tax_free: 0, supply: 10_000, vat: 1_000, service: 0 });
    await node.iamport("DELETE", `/receipts/${imp_uid}`);
    expect((await balance(imp_uid)).cash_receipt).toEqual(zero);
  });

  it("is told of any payment that is there", async () => {
    const ready = await node.issue({ amount: 11_000 });
    expect(await balance(ready.imp_uid)).toMatchObject({ amount: 11_000, secondary: zero, discount: zero });
    const answer = await node.iamport("GET", "/payments/imp_000000000000/balance");
    expect([answer.status, answer.body]).toEqual([404, unknown]);
  });

  it.each(["POST", "PUT", "DELETE", "PATCH"])("is only read, not asked for by %s", async (method) => {
    const { imp_uid } = await node.issue();
    for (const encoding of encodings) {
      const { status, body } = await node.iamport(method, `/payments/${imp_uid}/balance`, {}, encoding);
      expect([status, body]).toEqual([405, { code: -1, message: expect.any(String), response: null }]);
    }
  });
});
