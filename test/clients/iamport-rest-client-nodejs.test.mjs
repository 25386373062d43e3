import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import client from "iamport-rest-client-nodejs";
import iterators from "iamport-rest-client-nodejs/dist/IamportIterator.js";
import { assertFields, key, order, refund, secret, startNode } from "./node.mjs";

const { Iamport } = client;
const { Authenticate, Payments, Prepare, Vbanks } = client.Request;
const { AuthResponse, PaymentAmountResponse, PaymentResponse, PrepareResponse, VbankHolderResponse } = client.Response;
const { BankCodeEnum, SettleVbankCodeEnum, SortingEnum, StatusEnum } = client.Enum;
const IamportIterator = iterators.default;

describe("iamport-rest-client-nodejs", () => {
  let node;
  let iamport;

  before(async () => {
    node = await startNode();
    iamport = new Iamport({ apiKey: key, apiSecret: secret, baseUrl: node.url });
  });

  after(() => node?.stop());

  /** What the client makes of a success. */
  async function ask(request) {
    const { data } = await request.request(iamport);
    assertFields(data, { code: 0, message: null });
    return data.response;
  }

  async function issuePaid(fields) {
    const issued = await ask(Vbanks.post(order(fields)));
    await node.deposit(issued.vbank_num);
    return issued;
  }

  /** The client rejects with the answer at `response.data`; it gives the HTTP status only where that is an error. */
  function assertRefused(request, status, code, message, by = iamport) {
    return assert.rejects(request.request(by), ({ response }) => {
      assert.equal(response.status, status);
      assertFields(response.data, { code, response: null });
      assert.match(response.data.message, message);
      return true;
    });
  }

  const unknown = /^존재하지 않는 결제정보입니다\.$/;

  describe("Authenticate", () => {
    it("getToken gets a token for half an hour", async () => {
      const token = await ask(Authenticate.getToken({ imp_key: key, imp_secret: secret }));
      assert.ok(token instanceof AuthResponse);
      assert.match(token.access_token, /^[0-9a-f]{40}$/);
      assert.ok(token.now instanceof Date);
      assert.equal(token.expired_at - token.now, 1_800_000);
    });

    it("getToken rejects wrong and missing credentials", async () => {
      const wrong = Authenticate.getToken({ imp_key: key, imp_secret: "wrong" });
      await assertRefused(wrong, 401, -1, /^인증에 실패하였습니다\. API키와 secret을 확인하세요\.$/);
      const missing = Authenticate.getToken({});
      await assertRefused(missing, 400, -1, /^imp_key, imp_secret 파라메터가 누락되었습니다\.$/);
    });

    it("every request rejects wrong and missing credentials", async () => {
      const wrong = new Iamport({ apiKey: "wrong", apiSecret: "wrong", baseUrl: node.url });
      const request = Payments.getByImpUid({ imp_uid: "imp_000000000000" });
      await assertRefused(request, 401, -1, /^인증에 실패하였습니다/, wrong);
      await assertRefused(request, 400, -1, /누락되었습니다\.$/, new Iamport({ baseUrl: node.url }));
    });
  });

  describe("Vbanks", () => {
    it("post issues a virtual account", async () => {
      const wanted = order({ buyer_name: "홍길동", custom_data: "두 자리" });
      const issued = await ask(Vbanks.post(wanted));
      assert.ok(issued instanceof PaymentResponse);
      assert.match(issued.imp_uid, /^imp_\d{12}$/);
      assert.ok(issued.started_at instanceof Date);
      assertFields(issued, {
        merchant_uid: wanted.merchant_uid,
        pay_method: "vbank",
        status: "ready",
        amount: 10_000,
        cancel_amount: 0,
        buyer_name: "홍길동",
        custom_data: "두 자리",
        vbank_code: "088",
        vbank_date: new Date(wanted.vbank_due * 1000),
        vbank_issued_at: issued.started_at,
        paid_at: 0,
        failed_at: 0,
        cancelled_at: 0,
        cancel_history: [],
      });
    });

    it("post rejects a provider without a contract for virtual accounts", () =>
      assertRefused(Vbanks.post(order({ pg: "kakaopay" })), undefined, -1, /계약이 필요합니다\./));

    it("put changes amount and due of a settle account", async () => {
      const wanted = order({ pg: "settle", vbank_code: SettleVbankCodeEnum.KB });
      const { imp_uid, vbank_num } = await ask(Vbanks.post(wanted));
      const due = wanted.vbank_due + 86_400;
      const changed = await ask(Vbanks.put({ imp_uid, amount: 25_000, vbank_due: due }));
      assert.ok(changed instanceof PaymentResponse);
      assertFields(changed, { vbank_num, status: "ready", amount: 25_000, vbank_date: new Date(due * 1000) });
      const cheaper = await ask(Vbanks.put({ imp_uid, amount: 20_000 }));
      assertFields(cheaper, { amount: 20_000, vbank_date: new Date(due * 1000) });
      await node.deposit(vbank_num);
      assertFields(await ask(Payments.getByImpUid({ imp_uid })), { status: "paid", amount: 20_000 });
    });

    it("put rejects nothing to change, another provider, a paid account and an unknown one", async () => {
      const settle = { pg: "settle", vbank_code: SettleVbankCodeEnum.KB };
      const { imp_uid } = await ask(Vbanks.post(order(settle)));
      await assertRefused(Vbanks.put({ imp_uid }), 400, -1, /amount.*vbank_due/);
      const nice = await ask(Vbanks.post(order()));
      await assertRefused(Vbanks.put({ imp_uid: nice.imp_uid, amount: 1000 }), undefined, -1, /nice/);
      const paid = await issuePaid(settle);
      await assertRefused(Vbanks.put({ imp_uid: paid.imp_uid, amount: 1000 }), 400, -1, /./);
      await assertRefused(Vbanks.put({ imp_uid: "imp_000000000000", amount: 1000 }), 404, -1, unknown);
    });

    it("delete revokes an account, which is failed then", async () => {
      const { imp_uid } = await ask(Vbanks.post(order()));
      const revoked = await ask(Vbanks.delete({ imp_uid }));
      assertFields(revoked, { imp_uid, status: "failed", fail_reason: "계좌말소", paid_at: 0 });
      assert.ok(revoked.failed_at instanceof Date);
      assert.deepEqual(await ask(Payments.getByImpUid({ imp_uid })), revoked);
      await assertRefused(Vbanks.delete({ imp_uid }), 400, -1, /./);
      await assertRefused(Vbanks.delete({ imp_uid: "imp_000000000000" }), 404, -1, unknown);
    });

    it("getHolder looks up the holder of an account", async () => {
      const { vbank_code, vbank_num } = await ask(Vbanks.post(order()));
      const own = await ask(Vbanks.getHolder({ bank_code: vbank_code, bank_num: vbank_num }));
      assert.ok(own instanceof VbankHolderResponse);
      assert.equal(own.bank_holder, "나루상점");
      const other = await ask(Vbanks.getHolder({ bank_code: BankCodeEnum.SC, bank_num: "43220240353" }));
      assert.match(other.bank_holder, /^[가-힣]+$/);
    });

    it("getHolder rejects an account that does not exist and a request without one", async () => {
      await assertRefused(Vbanks.getHolder({ bank_code: "004", bank_num: "0001234567890" }), 404, -1, /./);
      await assertRefused(Vbanks.getHolder({ bank_code: "004" }), 400, -1, /bank_num/);
      await assertRefused(Vbanks.getHolder({ bank_num: "43220240353" }), 400, -1, /bank_code/);
    });
  });

  describe("Prepare", () => {
    it("postAmount registers an amount once, getAmount reads it back", async () => {
      const { merchant_uid } = order();
      const prepared = await ask(Prepare.postAmount({ merchant_uid, amount: 500 }));
      assert.ok(prepared instanceof PrepareResponse);
      assert.deepEqual({ ...prepared }, { merchant_uid, amount: 500 });
      assert.deepEqual(await ask(Prepare.getAmount({ merchant_uid })), prepared);
      const again = Prepare.postAmount({ merchant_uid, amount: 500 });
      await assertRefused(again, undefined, 1, /이미 등록된 merchant_uid입니다/);
    });

    it("getAmount rejects an order that was not registered", () => {
      const request = Prepare.getAmount({ merchant_uid: "nobody" });
      return assertRefused(request, 404, -1, /^사전등록된 결제정보가 존재하지 않습니다\.$/);
    });
  });

  describe("Payments", () => {
    it("getByImpUid sees a deposit", async () => {
      const issued = await issuePaid();
      const paid = await ask(Payments.getByImpUid({ imp_uid: issued.imp_uid }));
      assert.ok(paid instanceof PaymentResponse);
      assertFields(paid, { merchant_uid: issued.merchant_uid, status: "paid", amount: 10_000, cancel_amount: 0 });
      assert.ok(paid.paid_at instanceof Date && paid.paid_at >= issued.started_at);
    });

    it("getByImpUid rejects an unknown id", () =>
      assertRefused(Payments.getByImpUid({ imp_uid: "imp_000000000000" }), 404, -1, unknown));

    it("getByImpUids gives those that it found and says which it did not", async () => {
      const issued = [await ask(Vbanks.post(order())), await ask(Vbanks.post(order()))].map(({ imp_uid }) => imp_uid);
      const list = async (imp_uid) => (await Payments.getByImpUids({ imp_uid }).request(iamport)).data;
      const all = await list(issued);
      assert.deepEqual(all.response.map(({ imp_uid }) => imp_uid).sort(), issued.toSorted());
      assert.ok(all.response.every(({ started_at }) => started_at instanceof Date));
      assert.equal(all.failed, undefined);
      const some = await list([issued[0], "imp_000000000000"]);
      assert.deepEqual(
        some.response.map(({ imp_uid }) => imp_uid),
        [issued[0]],
      );
      assert.deepEqual(some.failed, ["imp_000000000000"]);
      await assertRefused(Payments.getByImpUids({ imp_uid: ["imp_000000000000"] }), 404, -1, unknown);
    });

    it("getByMerchantUid finds the latest of an order's payments, or that of a status", async () => {
      const first = await ask(Vbanks.post(order()));
      const { merchant_uid } = first;
      const second = await ask(Vbanks.post(order({ merchant_uid })));
      const find = async (params) => (await ask(Payments.getByMerchantUid({ merchant_uid, ...params }))).imp_uid;
      assert.equal(await find(), second.imp_uid);
      assert.equal(await find({ sorting: SortingEnum.STARTED_ASC }), first.imp_uid);
      await node.deposit(first.vbank_num);
      assert.equal(await find({ status: StatusEnum.PAID }), first.imp_uid);
      assert.equal(await find({ status: StatusEnum.READY }), second.imp_uid);
      const cancelled = Payments.getByMerchantUid({ merchant_uid, status: StatusEnum.CANCELLED });
      await assertRefused(cancelled, 404, -1, unknown);
    });

    it("getByMerchantUids lists an order's payments, or those of a status", async () => {
      const first = await ask(Vbanks.post(order()));
      const { merchant_uid } = first;
      const second = await ask(Vbanks.post(order({ merchant_uid })));
      const all = await ask(Payments.getByMerchantUids({ merchant_uid, sorting: SortingEnum.STARTED_ASC }));
      assertFields(all, { total: 2, previous: 0, next: 0 });
      assert.deepEqual(
        all.list.map(({ imp_uid }) => imp_uid),
        [first.imp_uid, second.imp_uid],
      );
      assert.deepEqual(all.list[0].started_at, first.started_at);
      await ask(Vbanks.delete(second));
      const failed = await ask(Payments.getByMerchantUids({ merchant_uid, status: StatusEnum.FAILED, page: 1 }));
      assertFields(failed, { total: 1, previous: 0, next: 0 });
      assertFields(failed.list[0], { imp_uid: second.imp_uid, status: "failed" });
    });

    it("getByMerchantUid and getByMerchantUids reject an unknown order and an unknown status", async () => {
      for (const find of [Payments.getByMerchantUid, Payments.getByMerchantUids]) {
        await assertRefused(find({ merchant_uid: "nobody" }), 404, -1, unknown);
        const bad = find({ merchant_uid: "nobody", status: "bad" });
        await assertRefused(bad, 400, -1, /^지원되지 않는 상태값입니다\.$/);
      }
    });

    it("getByStatus lists payments, and the client's iterator all their pages", async () => {
      for (let issued = 0; issued < 3; issued += 1) await ask(Vbanks.post(order()));
      const request = Payments.getByStatus({
        status: StatusEnum.READY,
        sorting: SortingEnum.STARTED_ASC,
        page: 1,
        limit: 2,
      });
      const { total, previous, next, list } = await ask(request);
      assertFields({ previous, next }, { previous: 0, next: 2 });
      const iterator = new IamportIterator(request);
      while (iterator.hasNext()) list.push(...(await iterator.next(iamport)).data.response.list);
      assert.equal(new Set(list.map(({ imp_uid }) => imp_uid)).size, total);
      assert.equal(list.length, total);
      assert.ok(list.every(({ status, started_at }) => status === "ready" && started_at instanceof Date));
      assert.deepEqual(
        list,
        list.toSorted((one, other) => one.started_at - other.started_at),
      );
      await assertRefused(Payments.getByStatus({ status: StatusEnum.READY, page: 99 }), 400, -1, /page/);
    });

    it("getByStatus rejects an unknown status", () =>
      assertRefused(Payments.getByStatus({ status: "bad" }), 400, -1, /^지원되지 않는 상태값입니다\.$/));

    it("getAmountByImpUid gives what is left, and its tax", async () => {
      const { imp_uid } = await issuePaid();
      const balance = await ask(Payments.getAmountByImpUid({ imp_uid }));
      assert.ok(balance instanceof PaymentAmountResponse);
      assert.equal(balance.amount, 10_000);
      assert.deepEqual(balance.primary, { tax_free: 0, supply: 9091, vat: 909, service: 0 });
      assert.deepEqual(balance.secondary, { tax_free: 0, supply: 0, vat: 0, service: 0 });
      assert.ok(balance.histories.every(({ created }) => created instanceof Date));
      await ask(Payments.cancel({ imp_uid, amount: 4500, ...refund }));
      const { amount, primary } = await ask(Payments.getAmountByImpUid({ imp_uid }));
      assertFields({ amount, ...primary }, { amount: 10_000, tax_free: 0, supply: 5000, vat: 500, service: 0 });
    });

    it("cancel cancels a payment in part, then the rest, and no more", async () => {
      const { imp_uid, merchant_uid } = await issuePaid();
      const cancel = (fields) => Payments.cancel({ ...refund, ...fields });
      const part = await ask(cancel({ imp_uid, amount: 4000, checksum: 10_000, reason: "한 자리" }));
      assert.ok(part instanceof PaymentResponse);
      assertFields(part, { status: "paid", amount: 10_000, cancel_amount: 4000, cancel_reason: "한 자리" });
      assert.ok(part.cancelled_at instanceof Date);
      assertFields(part.cancel_history[0], { amount: 4000, reason: "한 자리" });
      assert.equal(part.cancel_history[0].cancelled_at * 1000, part.cancelled_at.getTime());

      const whole = await ask(cancel({ merchant_uid, amount: 0 }));
      assertFields(whole, { imp_uid, status: "cancelled", amount: 10_000, cancel_amount: 10_000 });
      assert.deepEqual(
        whole.cancel_history.map((item) => item.amount),
        [4000, 6000],
      );
      assert.deepEqual(await ask(Payments.getByImpUid({ imp_uid })), whole);
      await assertRefused(cancel({ imp_uid }), undefined, 1, /^이미 전액취소된 주문입니다\.$/);
    });

    it("cancel rejects nothing, an unknown payment and one without a deposit", async () => {
      await assertRefused(Payments.cancel({}), 400, -1, /지정해주셔야합니다\./);
      const nobody = Payments.cancel({ imp_uid: "imp_000000000000" });
      await assertRefused(nobody, undefined, 1, /^취소할 결제건이 존재하지 않습니다\.$/);
      const { imp_uid } = await ask(Vbanks.post(order()));
      const early = Payments.cancel({ imp_uid, ...refund });
      await assertRefused(early, undefined, -1, /^요청하신 건에 대해 입금된 내역이 없습니다/);
    });
  });
});
