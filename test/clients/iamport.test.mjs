import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import Iamport from "iamport";
import { assertFields, key, order, refund, secret, startNode } from "./node.mjs";

const { Vbank } = Iamport.resources;

/** The methods that iamport lacks, made by its own means to extend a resource. */
const Vbanks = Vbank.extend({
  delete: Vbank.iamportMethod({ method: "DELETE", urlParam: "imp_uid" }),
  getHolder: Vbank.iamportMethod({ method: "GET", command: "holder" }),
});

describe("iamport", () => {
  let node;
  let iamport;
  let vbanks;

  before(async () => {
    node = await startNode();
    Object.assign(Iamport, { DEFAULT_HOST: node.url, DEFAULT_KEY: undefined, DEFAULT_SECRET: undefined });
    iamport = new Iamport({ impKey: key, impSecret: secret });
    vbanks = new Vbanks(iamport);
  });

  after(() => node?.stop());

  const issue = (fields) => iamport.vbank.create(order(fields));

  async function issuePaid(fields) {
    const issued = await issue(fields);
    await node.deposit(issued.vbank_num);
    return issued;
  }

  const httpError = (status) => ({ name: "Error", code: `HTTP_${status}`, message: `${status}` });

  describe("token", () => {
    it("is fetched once and again where it is refused", async () => {
      const { imp_uid } = await issue();
      assert.match(iamport.token.access_token, /^[0-9a-f]{40}$/);
      assert.equal(typeof iamport.token.expired_at, "number");
      const { token } = iamport;
      iamport.token = { ...token, access_token: "0".repeat(40) };
      assert.equal((await iamport.payment.getByImpUid({ imp_uid })).imp_uid, imp_uid);
      assert.equal(iamport.token.access_token, token.access_token);
    });

    it("is refused for wrong credentials", () => {
      const stranger = new Iamport({ impKey: "wrong", impSecret: "wrong" });
      return assert.rejects(stranger.payment.getByImpUid({ imp_uid: "imp_000000000000" }), httpError(401));
    });

    it("is refused for missing credentials", () =>
      assert.rejects(new Iamport().payment.getByImpUid({ imp_uid: "imp_000000000000" }), httpError(400)));
  });

  describe("vbank", () => {
    it("create issues a virtual account", async () => {
      const wanted = order({ buyer_name: "홍길동" });
      const issued = await iamport.vbank.create(wanted);
      assert.match(issued.imp_uid, /^imp_\d{12}$/);
      assertFields(issued, {
        merchant_uid: wanted.merchant_uid,
        pay_method: "vbank",
        status: "ready",
        amount: 10_000,
        buyer_name: "홍길동",
        vbank_code: "088",
        vbank_holder: "나루상점",
        vbank_date: wanted.vbank_due,
        paid_at: 0,
      });
    });

    it("create rejects a provider without a contract for virtual accounts", () =>
      assert.rejects(issue({ pg: "kakaopay" }), { code: "IAMPORT_-1", message: /계약이 필요합니다\./ }));

    it("delete revokes an account, which is failed then", async () => {
      const { imp_uid } = await issue();
      const revoked = await vbanks.delete({ imp_uid });
      assertFields(revoked, { imp_uid, status: "failed", fail_reason: "계좌말소" });
      assert.ok(revoked.failed_at > 0);
      await assert.rejects(vbanks.delete({ imp_uid }), httpError(400));
      await assert.rejects(vbanks.delete({ imp_uid: "imp_000000000000" }), httpError(404));
    });

    it("getHolder looks up the holder of an account", async () => {
      const { vbank_code, vbank_num } = await issue();
      const own = await vbanks.getHolder({ bank_code: vbank_code, bank_num: vbank_num });
      assert.deepEqual(own, { bank_holder: "나루상점" });
      await assert.rejects(vbanks.getHolder({ bank_code: "004", bank_num: "0001234567890" }), httpError(404));
      await assert.rejects(vbanks.getHolder({ bank_code: "004" }), httpError(400));
    });
  });

  describe("payment", () => {
    it("prepare registers an amount once, getPrepare reads it back", async () => {
      const { merchant_uid } = order();
      assertFields(await iamport.payment.prepare({ merchant_uid, amount: 500 }), { merchant_uid, amount: 500 });
      assertFields(await iamport.payment.getPrepare({ merchant_uid }), { merchant_uid, amount: 500 });
      await assert.rejects(iamport.payment.prepare({ merchant_uid, amount: 500 }), {
        code: "IAMPORT_1",
        message: "결제정보 사전등록에 실패하였습니다(이미 등록된 merchant_uid입니다).",
      });
      await assert.rejects(iamport.payment.getPrepare({ merchant_uid: "nobody" }), httpError(404));
    });

    it("getByImpUid sees a deposit", async () => {
      const { imp_uid, merchant_uid, started_at } = await issuePaid();
      const paid = await iamport.payment.getByImpUid({ imp_uid });
      assertFields(paid, { merchant_uid, status: "paid", amount: 10_000, cancel_amount: 0 });
      assert.ok(paid.paid_at >= started_at);
    });

    it("getByMerchant finds the latest of an order's payments, or the first", async () => {
      const { imp_uid, merchant_uid } = await issue();
      const second = await issue({ merchant_uid });
      assert.equal((await iamport.payment.getByMerchant({ merchant_uid })).imp_uid, second.imp_uid);
      assert.equal((await iamport.payment.getByMerchant({ merchant_uid, sorting: "started" })).imp_uid, imp_uid);
    });

    it("getByStatus lists payments page by page", async () => {
      const [third, second, first] = [await issuePaid(), await issuePaid(), await issuePaid()].map((it) => it.imp_uid);
      const list = async (page) => {
        const answer = await iamport.payment.getByStatus({ payment_status: "paid", sorting: "-paid", page, limit: 2 });
        return { ...answer, list: answer.list.map(({ imp_uid }) => imp_uid) };
      };
      const { total, ...page } = await list(1);
      assert.deepEqual(page, { previous: 0, next: 2, list: [first, second] });
      const beyond = await list(2);
      assertFields(beyond, { total, previous: 1 });
      assert.equal(beyond.list[0], third);
      await assert.rejects(list(99), httpError(400));
    });

    it("getByImpUid, getByMerchant and getByStatus reject what is unknown", async () => {
      await assert.rejects(iamport.payment.getByImpUid({ imp_uid: "imp_000000000000" }), httpError(404));
      await assert.rejects(iamport.payment.getByMerchant({ merchant_uid: "nobody" }), httpError(404));
      await assert.rejects(iamport.payment.getByStatus({ payment_status: "bad" }), httpError(400));
    });

    it("cancel cancels a payment in part, then the rest, and no more", async () => {
      const { imp_uid, merchant_uid } = await issuePaid();
      const part = await iamport.payment.cancel({
        imp_uid,
        amount: 4000,
        checksum: 10_000,
        reason: "한 자리",
        ...refund,
      });
      assertFields(part, { status: "paid", amount: 10_000, cancel_amount: 4000, cancel_reason: "한 자리" });
      const whole = await iamport.payment.cancel({ merchant_uid, ...refund });
      assertFields(whole, { imp_uid, status: "cancelled", cancel_amount: 10_000 });
      assert.deepEqual(
        whole.cancel_history.map((item) => item.amount),
        [4000, 6000],
      );
      assert.deepEqual(await iamport.payment.getByImpUid({ imp_uid }), whole);
      await assert.rejects(iamport.payment.cancel({ imp_uid, ...refund }), {
        code: "IAMPORT_1",
        message: "이미 전액취소된 주문입니다.",
      });
    });

    it("cancel rejects nothing, an unknown payment and one without a deposit", async () => {
      await assert.rejects(iamport.payment.cancel(), httpError(400));
      await assert.rejects(iamport.payment.cancel({ imp_uid: "imp_000000000000" }), {
        code: "IAMPORT_1",
        message: "취소할 결제건이 존재하지 않습니다.",
      });
      const { imp_uid } = await issue();
      await assert.rejects(iamport.payment.cancel({ imp_uid, ...refund }), {
        code: "IAMPORT_-1",
        message: /^요청하신 건에 대해 입금된 내역이 없습니다/,
      });
    });
  });
});
