import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import iamporter from "iamporter";
import { assertFields, key, order, refund, secret, startNode } from "./node.mjs";

const { Iamporter, IamporterError } = iamporter;

/** The methods that iamporter lacks, made as it makes its own. */
class Shop extends Iamporter {
  changeVbank(impUid, data) {
    return this.#request({ method: "PUT", url: `/vbanks/${impUid}`, data });
  }

  revokeVbank(impUid) {
    return this.#request({ method: "DELETE", url: `/vbanks/${impUid}` });
  }

  getHolder(params) {
    return this.#request({ method: "GET", url: "/vbanks/holder", params });
  }

  #request(spec) {
    return this._updateToken().then(() => this._request(spec));
  }
}

describe("iamporter", () => {
  let node;
  let shop;

  before(async () => {
    node = await startNode();
    shop = new Shop({ apiKey: key, secret, host: node.url });
  });

  after(() => node?.stop());

  async function issue(fields) {
    const { data } = await shop.createVbank(order(fields));
    return data;
  }

  async function issuePaid(fields) {
    const issued = await issue(fields);
    await node.deposit(issued.vbank_num);
    return issued;
  }

  /** A refusal in answer to a request that was understood: HTTP 200 with a code that is not 0. */
  function assertRefused(request, code, message) {
    return assert.rejects(request, (error) => {
      assert.ok(error instanceof IamporterError);
      assertFields(error, { name: "IamporterError", status: 200, data: null });
      assert.equal(error.raw.code, code);
      assert.match(error.message, message);
      return true;
    });
  }

  function assertInvalid(request, message) {
    return assert.rejects(request, { name: "IamporterError", status: 400, data: null, message });
  }

  /** iamporter takes 404 for an answer without data. */
  async function assertNotFound(request, message) {
    assertFields(await request, { status: 404, data: null, message });
  }

  describe("getToken", () => {
    it("gets a token for half an hour, and the same one again", async () => {
      const { status, data } = await shop.getToken();
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(data).sort(), ["access_token", "expired_at", "now"]);
      assert.match(data.access_token, /^[0-9a-f]{40}$/);
      assert.equal(data.expired_at - data.now, 1800);
      const again = await shop.getToken();
      assertFields(again.data, { access_token: data.access_token, expired_at: data.expired_at });
    });

    it("rejects wrong credentials", () =>
      assert.rejects(shop.getToken("wrong", "wrong"), {
        name: "IamporterError",
        status: 401,
        message: "아임포트 API 인증에 실패하였습니다.",
        raw: { code: -1, message: "인증에 실패하였습니다. API키와 secret을 확인하세요.", response: null },
      }));

    it("rejects missing credentials", () =>
      assertInvalid(shop.getToken(null, null), "imp_key, imp_secret 파라메터가 누락되었습니다."));

    it("rejects a token that nobody was given", () => {
      const stranger = new Shop({ host: node.url });
      Object.assign(stranger, { token: "invalid-token", expireAt: Math.floor(Date.now() / 1000) + 5000 });
      return assert.rejects(stranger.findByImpUid("imp_000000000000"), {
        name: "IamporterError",
        status: 401,
        raw: { code: -1, message: "Unauthorized", response: null },
      });
    });
  });

  describe("createVbank", () => {
    it("issues a virtual account", async () => {
      const wanted = order({ name: "나룻배", buyer_name: "홍길동", custom_data: { seats: 2 } });
      const { status, message, data } = await shop.createVbank(wanted);
      assertFields({ status, message }, { status: 200, message: null });
      assert.match(data.imp_uid, /^imp_\d{12}$/);
      assert.match(data.vbank_num, /^\d+$/);
      assert.ok(Math.abs(data.started_at - Date.now() / 1000) < 60);
      assertFields(data, {
        merchant_uid: wanted.merchant_uid,
        pay_method: "vbank",
        status: "ready",
        amount: 10_000,
        cancel_amount: 0,
        currency: "KRW",
        name: "나룻배",
        buyer_name: "홍길동",
        custom_data: '{"seats":2}',
        vbank_code: "088",
        vbank_holder: "나루상점",
        vbank_date: wanted.vbank_due,
        vbank_issued_at: data.started_at,
        paid_at: 0,
        failed_at: 0,
        cancelled_at: 0,
        cancel_history: [],
      });
    });

    it("rejects a provider without a contract for virtual accounts", () =>
      assertRefused(shop.createVbank(order({ pg: "kakaopay" })), -1, /계약이 필요합니다\./));

    it("rejects an order that was paid before", async () => {
      const { merchant_uid } = await issuePaid();
      await assertRefused(shop.createVbank(order({ merchant_uid })), 1, /./);
    });
  });

  describe("changeVbank", () => {
    it("changes amount and due of a settle account", async () => {
      const { imp_uid, vbank_num, vbank_date } = await issue({ pg: "settle", vbank_code: "004" });
      const due = vbank_date + 86_400;
      const { data } = await shop.changeVbank(imp_uid, { amount: 25_000, vbank_due: due });
      assertFields(data, { imp_uid, vbank_num, status: "ready", amount: 25_000, vbank_date: due });
      await node.deposit(vbank_num);
      assertFields((await shop.findByImpUid(imp_uid)).data, { status: "paid", amount: 25_000, vbank_date: due });
    });

    it("rejects another provider, a paid account and one that does not exist", async () => {
      await assertRefused(shop.changeVbank((await issue()).imp_uid, { amount: 1000 }), -1, /nice/);
      const paid = await issuePaid({ pg: "settle", vbank_code: "004" });
      await assert.rejects(shop.changeVbank(paid.imp_uid, { amount: 1000 }), { name: "IamporterError", status: 400 });
      await assertNotFound(shop.changeVbank("imp_000000000000", { amount: 1000 }), "존재하지 않는 결제정보입니다.");
    });
  });

  describe("revokeVbank", () => {
    it("revokes an account, which is failed then", async () => {
      const { imp_uid } = await issue();
      const { data } = await shop.revokeVbank(imp_uid);
      assertFields(data, { imp_uid, status: "failed", fail_reason: "계좌말소", paid_at: 0 });
      assert.ok(Math.abs(data.failed_at - Date.now() / 1000) < 60);
      assert.equal((await shop.findByImpUid(imp_uid)).data.status, "failed");
      await assert.rejects(shop.revokeVbank(imp_uid), { name: "IamporterError", status: 400 });
    });

    it("rejects an account that does not exist", () =>
      assertNotFound(shop.revokeVbank("imp_000000000000"), "존재하지 않는 결제정보입니다."));
  });

  describe("getHolder", () => {
    it("looks up the holder of an account", async () => {
      const { vbank_code, vbank_num } = await issue();
      const own = await shop.getHolder({ bank_code: vbank_code, bank_num: vbank_num });
      assert.deepEqual(own.data, { bank_holder: "나루상점" });
      const other = await shop.getHolder({ bank_code: "004", bank_num: "1234-56-7890123" });
      assert.match(other.data.bank_holder, /^[가-힣]+$/);
    });

    it("rejects an account that does not exist and a request without one", async () => {
      const { status, data } = await shop.getHolder({ bank_code: "004", bank_num: "0001234567890" });
      assertFields({ status, data }, { status: 404, data: null });
      await assert.rejects(shop.getHolder({ bank_code: "004" }), { name: "IamporterError", status: 400 });
    });
  });

  describe("createPreparedPayment, getPreparedPayment", () => {
    it("registers an amount once and reads it back", async () => {
      const { merchant_uid } = order();
      const prepared = await shop.createPreparedPayment({ merchant_uid, amount: 500 });
      assertFields(prepared.data, { merchant_uid, amount: 500 });
      assertFields((await shop.getPreparedPayment(merchant_uid)).data, { merchant_uid, amount: 500 });
      await assertRefused(
        shop.createPreparedPayment({ merchant_uid, amount: 500 }),
        1,
        /^결제정보 사전등록에 실패하였습니다\(이미 등록된 merchant_uid입니다\)\.$/,
      );
    });

    it("does not stand in the way of an account", async () => {
      const wanted = order();
      await shop.createPreparedPayment({ merchant_uid: wanted.merchant_uid, amount: wanted.amount });
      assertFields((await shop.createVbank(wanted)).data, { status: "ready", amount: 10_000 });
    });

    it("finds nothing where nothing was registered", () =>
      assertNotFound(shop.getPreparedPayment("nobody"), "사전등록된 결제정보가 존재하지 않습니다."));
  });

  describe("findByImpUid", () => {
    it("sees a deposit", async () => {
      const issued = await issuePaid();
      const { data } = await shop.findByImpUid(issued.imp_uid);
      assertFields(data, { merchant_uid: issued.merchant_uid, status: "paid", amount: 10_000, cancel_amount: 0 });
      assert.ok(data.paid_at >= issued.started_at);
    });

    it("finds nothing for an unknown id", () =>
      assertNotFound(shop.findByImpUid("imp_000000000000"), "존재하지 않는 결제정보입니다."));
  });

  describe("findByMerchantUid, findAllByMerchantUid", () => {
    it("finds the latest of an order's payments, all of them, and those of a status", async () => {
      const { merchant_uid, ...first } = await issue();
      const second = await issue({ merchant_uid });
      assert.equal((await shop.findByMerchantUid(merchant_uid)).data.imp_uid, second.imp_uid);
      const all = await shop.findAllByMerchantUid(merchant_uid);
      assertFields(all.data, { total: 2, previous: 0, next: 0 });
      assert.deepEqual(
        all.data.list.map((payment) => payment.imp_uid),
        [second.imp_uid, first.imp_uid],
      );
      await node.deposit(first.vbank_num);
      const paid = await shop.findAllByMerchantUid(merchant_uid, { status: "paid" });
      assert.equal(paid.data.total, 1);
      assertFields(paid.data.list[0], { imp_uid: first.imp_uid, merchant_uid, status: "paid" });
    });

    it("finds nothing for an unknown order, and rejects an unknown status", async () => {
      await assertNotFound(shop.findByMerchantUid("nobody"), "존재하지 않는 결제정보입니다.");
      await assertNotFound(shop.findAllByMerchantUid("nobody"), "존재하지 않는 결제정보입니다.");
      await assertInvalid(shop.findAllByMerchantUid("nobody", { status: "bad" }), "지원되지 않는 상태값입니다.");
    });
  });

  describe("findAllByStatus", () => {
    it("lists payments page by page", async () => {
      const issued = [await issue(), await issue(), await issue()].map((payment) => payment.imp_uid);
      const { total } = (await shop.findAllByStatus("ready")).data;
      const seen = [];
      for (let page = 1; page !== 0; ) {
        const { data } = await shop.findAllByStatus("ready", { page, limit: 2 });
        assertFields(data, { total, previous: page - 1, next: page * 2 < total ? page + 1 : 0 });
        seen.push(...data.list.map((payment) => payment.imp_uid));
        page = data.next;
      }
      assert.deepEqual(seen.slice(0, 3), issued.reverse());
      assert.equal(new Set(seen).size, total);
    });

    it("lists all payments between two moments", async () => {
      const now = Math.floor(Date.now() / 1000);
      const { imp_uid } = await issue();
      const { list } = (await shop.findAllByStatus("all", { from: now - 3600, to: now + 60 })).data;
      assert.ok(list.some((payment) => payment.imp_uid === imp_uid));
      assert.deepEqual((await shop.findAllByStatus("all", { from: now - 7200, to: now - 3600 })).data, {
        total: 0,
        previous: 0,
        next: 0,
        list: [],
      });
    });

    it("rejects an unknown status and a page beyond the last", async () => {
      await assertInvalid(shop.findAllByStatus("bad"), "지원되지 않는 상태값입니다.");
      await assert.rejects(shop.findAllByStatus("all", { page: 99 }), { name: "IamporterError", status: 400 });
    });
  });

  describe("cancel, cancelByImpUid, cancelByMerchantUid", () => {
    it("cancels a payment in part, then the rest, and no more", async () => {
      const { imp_uid, merchant_uid } = await issuePaid();
      const part = await shop.cancelByImpUid(imp_uid, { amount: 4000, checksum: 10_000, reason: "한 자리", ...refund });
      assertFields(part.data, { status: "paid", amount: 10_000, cancel_amount: 4000, cancel_reason: "한 자리" });
      assert.equal(part.data.cancel_history.length, 1);
      assertFields(part.data.cancel_history[0], { amount: 4000, reason: "한 자리" });

      const whole = await shop.cancelByMerchantUid(merchant_uid, { ...refund });
      assertFields(whole.data, { imp_uid, status: "cancelled", amount: 10_000, cancel_amount: 10_000 });
      assert.deepEqual(
        whole.data.cancel_history.map((item) => item.amount),
        [4000, 6000],
      );
      assert.ok(whole.data.cancelled_at >= whole.data.paid_at);
      assert.deepEqual((await shop.findByImpUid(imp_uid)).data, whole.data);
      await assertRefused(shop.cancelByImpUid(imp_uid, { ...refund }), 1, /^이미 전액취소된 주문입니다\.$/);
    });

    it("rejects nothing, an unknown payment and one without a deposit", async () => {
      await assert.rejects(shop.cancel(), { name: "IamporterError", message: /지정해주셔야합니다\./ });
      await assertRefused(shop.cancelByImpUid("imp_000000000000"), 1, /^취소할 결제건이 존재하지 않습니다\.$/);
      await assertRefused(shop.cancelByMerchantUid("nobody"), 1, /^취소할 결제건이 존재하지 않습니다\.$/);
      const { imp_uid } = await issue();
      await assertRefused(
        shop.cancelByImpUid(imp_uid, { ...refund }),
        -1,
        /^요청하신 건에 대해 입금된 내역이 없습니다/,
      );
    });

    it("rejects another balance, too much, and a refund to nowhere", async () => {
      const { imp_uid } = await issuePaid();
      await assertRefused(shop.cancelByImpUid(imp_uid, { checksum: 9000, ...refund }), 1, /checksum/);
      await assertRefused(shop.cancelByImpUid(imp_uid, { amount: 10_001, ...refund }), 1, /amount/);
      await assertRefused(shop.cancelByImpUid(imp_uid), 1, /refund_holder/);
      assertFields((await shop.findByImpUid(imp_uid)).data, { status: "paid", cancel_amount: 0, cancelled_at: 0 });
    });
  });
});
