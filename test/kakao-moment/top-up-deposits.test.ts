/** What becomes of deposits to accounts that top up an ad account: as with I'mport, but for whose money it is then. */
import { describe, expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { newApp } from "../support/consent.ts";
import { expectRefused, expectSuspended, illDeposits, type OpenAccount } from "../support/ill-deposits.ts";
import { type Advertiser, advertiser, demo, type KakaoBody, operate } from "../support/kakao.ts";
import { naru, type TestNode } from "../support/node.ts";
import { clientOf, type MerchantAnswer, useNode, useReceiver, withNode } from "../support/scenario.ts";

const node = useNode();
const shop = useReceiver();
const amount = 30_000;

/** Fails unless calls, operators' view and books agree that this is what the ad account has. */
async function expectCash(mine: Advertiser, cash: number, on: TestNode = node): Promise<void> {
  expect((await mine.balance()).cash).toBe(cash);
  expect(await on.balanceOf(`ad-account:${mine.adAccountId}`)).toBe(cash);
  expect((await mine.adAccount()).isOutOfBalance).toBe(cash === 0);
  const path = `/merchants/${demo.merchantId}/ad-accounts/${mine.adAccountId}`;
  expect(await operate(on, "GET", path)).toMatchObject({ cash, outOfBalance: cash === 0 });
  const { currencies } = await operate(on, "GET", "/ledger/trial-balance");
  expect(currencies.filter(({ difference }: { difference: number }) => difference !== 0)).toEqual([]);
}

/** Everything that happened to the top-up whose account has this number. */
async function storyOf(accountNumber: string, on: TestNode = node): Promise<KakaoBody> {
  const { rows } = await on.database.pool.query("SELECT payment_id FROM virtual_accounts WHERE number = $1", [
    accountNumber,
  ]);
  return operate(on, "GET", `/payments/${rows[0].payment_id}`);
}

const stateOf = async (accountNumber: string, on?: TestNode) => (await storyOf(accountNumber, on)).payment.state;

function accountOf({ accountNumber, amount: due, expireDttm }: KakaoBody): OpenAccount {
  return { number: accountNumber, amount: due, dueAt: new Date(`${expireDttm}+09:00`) };
}

describe("a deposit", () => {
  it("is cash of the ad account, and leaves the whole story behind", async () => {
    const mine = await advertiser(node);
    await expectCash(mine, 0);
    const { accountNumber } = await mine.topUp({ amount });
    await expectCash(mine, 0);
    expect(await stateOf(accountNumber)).toBe("ready");

    const before = await node.balanceOf("bank:sandbox");
    const deposited = await node.deposit(accountNumber, { depositorName: "박나루" });
    expect(deposited.body).toMatchObject({ outcome: "matched", duplicate: false, amount, depositorName: "박나루" });
    await expectCash(mine, amount);
    expect(await node.balanceOf("bank:sandbox")).toBe(before + amount);
    expect(await node.balanceOf(`merchant:${demo.merchantId}`)).toBe(0);

    const story = await storyOf(accountNumber);
    const account = `ad-account:${mine.adAccountId}`;
    expect(story.payment).toMatchObject({ dialect: "kakao-moment", state: "paid", amount, beneficiary: account });
    expect(story.virtualAccount).toMatchObject({ number: accountNumber, state: "used" });
    expect(story.transfers).toMatchObject([
      { debitAccount: "bank:sandbox", creditAccount: account, amount, code: "deposit" },
    ]);
    expect(story.exchanges).toMatchObject([
      { method: "POST", path: "/openapi/v4/billing/virtualAccount", status: 200, answer: { accountNumber } },
    ]);
    expect(story.events.map((event: { type: string }) => event.type)).toEqual([
      "payment.ready",
      "deposit.matched",
      "payment.paid",
    ]);
  });

  it("adds to what is there, each to the account it was made to", async () => {
    const mine = await advertiser(node);
    const first = await mine.topUp({ amount });
    const second = await mine.topUp({ amount: 7 });
    await node.deposit(second.accountNumber);
    await expectCash(mine, 7);
    expect(await stateOf(first.accountNumber)).toBe("ready");
    await node.deposit(first.accountNumber);
    await expectCash(mine, amount + 7);
  });

  it("can be made, repeated and taken back on the command line", async () => {
    const mine = await advertiser(node);
    const { accountNumber } = await mine.topUp({ amount });
    const refused = await naru(node, "deposit", accountNumber, "--amount", "1");
    expect([refused.code, refused.stderr]).toEqual([1, "naru: the bank refuses this transfer: amount_under\n"]);
    const args = ["deposit", accountNumber, "--name", "박나루", "--bank", "88", "--notice-id", "top-up-cli"];
    const made = await naru(node, ...args);
    expect([made.code, JSON.parse(made.stdout)]).toMatchObject([0, { outcome: "matched", depositorName: "박나루" }]);
    expect(JSON.parse((await naru(node, ...args)).stdout)).toMatchObject({ outcome: "matched", duplicate: true });
    await expectCash(mine, amount);
    const reversed = await naru(node, "deposit", "reverse", "top-up-cli");
    expect(JSON.parse(reversed.stdout)).toMatchObject({ outcome: "applied" });
    await expectCash(mine, 0);
  });

  it("is cash beside what was given for nothing", async () => {
    const mine = await advertiser(node, { fields: { freeCash: 500, walletNumber: 77 } });
    expect(await mine.adAccount()).toMatchObject({ isOutOfBalance: false, statusDescription: "운영중" });
    await node.deposit((await mine.topUp({ amount })).accountNumber);
    expect(await mine.balance()).toEqual({ id: mine.adAccountId, cash: amount, freeCash: 500, bizWalletId: 77 });
  });
});

describe("what an account does not take", () => {
  it.each(illDeposits)("$name: the bank refuses it, and the cash is as it was", async (ill) => {
    const mine = await advertiser(node);
    const account = accountOf(await mine.topUp({ amount }));
    await expectRefused(node, account, ill);
    await expectCash(mine, ill.second ? amount : 0);
  });

  it.each(illDeposits)("$name: let through, it is held in suspense and is nobody's cash", async (ill) => {
    const mine = await advertiser(node);
    const account = accountOf(await mine.topUp({ amount }));
    await expectSuspended(node, account, ill);
    await expectCash(mine, ill.second ? amount : 0);
    const story = await storyOf(account.number);
    expect(story.payment.state).toBe(ill.second ? "paid" : "ready");
    expect(story.events.map((event: { type: string }) => event.type)).toContain("deposit.suspended");
  });

  it("is held also where the bank never asks", async () => {
    await withNode({ env: { NARU_SANDBOX_BANK_CHECKS: "false" } }, async (loose) => {
      const mine = await advertiser(loose);
      const { accountNumber } = await mine.topUp({ amount });
      const answer = await loose.deposit(accountNumber, { amount: 1 });
      expect(answer.body).toMatchObject({ outcome: "suspended", reason: "amount_under" });
      expect((await mine.balance()).cash).toBe(0);
    });
  });

  it("leaves the account open for the right amount", async () => {
    const mine = await advertiser(node);
    const { accountNumber } = await mine.topUp({ amount });
    await node.deposit(accountNumber, { amount: 1, force: true });
    expect((await node.deposit(accountNumber)).body.outcome).toBe("matched");
    await expectCash(mine, amount);
  });
});

describe("a notice", () => {
  it("counts once, however often it comes", async () => {
    const mine = await advertiser(node);
    const { accountNumber } = await mine.topUp({ amount });
    const fields = { noticeId: `top-up-${accountNumber}` };
    const first = await node.deposit(accountNumber, fields);
    const again = await node.deposit(accountNumber, fields);
    expect(again.body).toMatchObject({ outcome: "matched", duplicate: true, depositId: first.body.depositId });
    const other = await node.deposit(accountNumber, { ...fields, amount: amount + 1 });
    expect(other.body).toMatchObject({ outcome: "suspended", reason: "conflicting_notice" });
    await expectCash(mine, amount);
  });

  it("of a deposit taken back takes the cash back", async () => {
    const mine = await advertiser(node);
    const { accountNumber } = await mine.topUp({ amount });
    const { body } = await node.deposit(accountNumber);
    await expectCash(mine, amount);
    expect((await node.reverse(body.noticeId)).body).toMatchObject({ outcome: "applied", paymentId: body.paymentId });
    await expectCash(mine, 0);
    expect(await mine.adAccount()).toMatchObject({ isOutOfBalance: true, statusDescription: "잔액 부족" });
    const story = await storyOf(accountNumber);
    expect(story.payment.state).toBe("reversed");
    expect(story.transfers).toMatchObject([
      { code: "deposit" },
      { code: "deposit-reversed", debitAccount: `ad-account:${mine.adAccountId}`, amount },
    ]);
    expect((await node.reverse(body.noticeId)).body).toMatchObject({ duplicate: true });
    await expectCash(mine, 0);
  });
});

describe("time", () => {
  it("ends an account after its seven days, but not for what was paid in time and told late", async () => {
    await withNode({}, async (later) => {
      const [inTime, tooLate] = [await advertiser(later), await advertiser(later)];
      const accounts = [await inTime.topUp({ amount }), await tooLate.topUp({ amount })].map(accountOf);
      const [first, second] = accounts as [OpenAccount, OpenAccount];
      await later.moveClock("P6DT23H");
      expect(await stateOf(first.number, later)).toBe("ready");
      await later.moveClock("PT2H");
      for (const { number } of accounts) {
        await eventually(async () => (await stateOf(number, later)) === "expired");
        expect((await storyOf(number, later)).virtualAccount.state).toBe("expired");
      }

      const occurredAt = new Date(first.dueAt.getTime() - 60_000).toISOString();
      expect((await later.deposit(first.number, { occurredAt })).body).toMatchObject({ outcome: "matched" });
      await expectCash(inTime, amount, later);
      expect(await stateOf(first.number, later)).toBe("paid");

      expect((await later.deposit(second.number)).body.error).toMatchObject({ code: "bank-refused", reason: "late" });
      const late = await later.deposit(second.number, { force: true });
      expect(late.body).toMatchObject({ outcome: "suspended", reason: "late" });
      expect(await later.balanceOf("suspense:sandbox")).toBe(amount);
      expect((await tooLate.balance()).cash).toBe(0);
      expect(await stateOf(second.number, later)).toBe("expired");
    });
  });
});

describe("two dialects of one merchant", () => {
  it("do not see each other's payments", async () => {
    const mine = await advertiser(node);
    const before = (await node.iamport("GET", "/payments/status/all")).body.response.total;
    const issued = await node.paid({ amount: 4_321 });
    await expectCash(mine, 0);
    const { accountNumber } = await mine.topUp({ amount });
    const { wireId, reference } = (await storyOf(accountNumber)).payment;
    for (const pay of [false, true]) {
      if (pay) await node.deposit(accountNumber);
      expect((await node.iamport("GET", "/payments/status/all")).body.response.total).toBe(before + 1);
      for (const path of [`/payments/${wireId}`, `/payments/find/${reference}`, `/payments/${wireId}/balance`]) {
        expect([path, (await node.iamport("GET", path)).status]).toEqual([path, 404]);
      }
      expect((await node.iamport("PUT", `/vbanks/${wireId}`, { amount: 1 })).status).toBe(404);
      expect((await node.iamport("DELETE", `/vbanks/${wireId}`)).status).toBe(404);
      for (const which of [{ imp_uid: wireId }, { merchant_uid: reference }]) {
        expect((await node.cancel(which)).body).toMatchObject({
          code: 1,
          message: "취소할 결제건이 존재하지 않습니다.",
        });
      }
    }
    await expectCash(mine, amount);
    expect(await node.payment(issued.imp_uid)).toMatchObject({ status: "paid", amount: 4_321 });
  });

  it("which have names of their own: an order that is called like a top-up is in nobody's way", async () => {
    const mine = await advertiser(node);
    const { accountNumber } = await mine.topUp({ amount });
    const { reference } = (await storyOf(accountNumber)).payment;
    const [adAccount, running] = reference.split("-");
    const next = `${adAccount}-${Number(running) + 1}`;
    for (const merchant_uid of [reference, next]) await node.paid({ merchant_uid });
    expect((await node.deposit(accountNumber)).body).toMatchObject({ outcome: "matched", reason: null });
    const another = await mine.topUp({ amount });
    expect((await storyOf(another.accountNumber)).payment.reference).toBe(next);
    expect((await node.deposit(another.accountNumber)).body).toMatchObject({ outcome: "matched", reason: null });
    await expectCash(mine, 2 * amount);
  });

  it("of which one announces its payments, and the other does not", async () => {
    const settings = { noticeUrl: shop.url, resendWebhooks: true };
    const made = await operate<MerchantAnswer>(node, "POST", "/merchants", { name: "알림상점", settings });
    const merchantId = made.merchant.id;
    const mine = await advertiser(node, { merchantId, app: await newApp(node, { merchantId }) });
    const { accountNumber } = await mine.topUp({ amount });
    const { body } = await node.deposit(accountNumber);
    await node.reverse(body.noticeId);
    expect((await mine.balance()).cash).toBe(0);

    const issued = await clientOf(node, made).issue();
    await eventually(async () => shop.received.length > 0);
    expect(shop.received.map((one) => JSON.parse(one.body).imp_uid)).toEqual([issued.imp_uid]);
    const story = await storyOf(accountNumber);
    expect(story.payment).toMatchObject({ state: "reversed", noticeUrls: [] });
    expect(story.deliveries).toEqual([]);
  });
});
