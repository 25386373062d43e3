/** Paying in a real browser: a shop leads there, the shopper decides or does not, and the shop learns what came of it. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { sampleRequest } from "../ppro/contract.ts";
import { booksOf, expectMoved, expectTold, mock, unlimited, until } from "../support/charges.ts";
import { eventually, type Fields } from "../support/client.ts";
import { freePort } from "../support/node.ts";
import { type PproBody, PproClient, requestUrlOf, webhooksOf } from "../support/ppro.ts";
import { useNode, useReceiver } from "../support/scenario.ts";
import { useBrowser } from "./chromium.ts";
import { cameBack, useShop, ways } from "./shop.ts";

const scenario_ms = 60_000;
// The addresses that the node hands out have its port.
const node = useNode(unlimited({ NARU_PORT: String(await freePort()), NARU_PG_TIMEOUT_MS: "1500" }));
const merchant = new PproClient(node);
const shop = useShop(merchant);
const hooks = useReceiver();
const openPage = useBrowser();
const openKeptPage = useBrowser({ keepsPages: true });

const amount = sampleRequest.amount.value;
const paid = ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"];
const confirmed = paid.toSpliced(2, 0, "PROVIDER_CONFIRMATION_PENDING");
const failed = ["CREATED", "AUTHENTICATION_PENDING", "AUTHORIZATION_FAILED"];
const discarded = ["CREATED", "AUTHENTICATION_PENDING", "DISCARDED"];

/** A charge that waits for its shopper. */
async function ask(fields: Fields = {}): Promise<PproBody> {
  const { body } = await merchant.charge({ webhooksUrl: hooks.url, authenticationSettings: shop.redirect, ...fields });
  expect(body.status).toBe("AUTHENTICATION_PENDING");
  return body;
}

/** A shopper on the page of a charge. */
async function openCheckout(charge: PproBody, options?: Parameters<typeof openPage>[0]): Promise<Page> {
  const page = await openPage(options);
  await page.goto(requestUrlOf(charge));
  return page;
}

const press = (page: Page, name: string) => page.getByRole("button", { name }).click();
const pay = (page: Page) => press(page, "15,000원 결제하기");
/** The page says that it is not known yet. */
const waits = (page: Page) => page.getByRole("heading", { name: "결제를 확인하고 있습니다" }).waitFor();
const backFrom = ({ id }: PproBody) => `${shop.returnUrl}?payment-charge-id=${id}`;

/** Fails unless the charge was paid once, and told of as such. */
async function expectPaidOnce(charge: PproBody, told = paid): Promise<void> {
  const { body } = await merchant.get(charge.id);
  expect(body).toMatchObject({ status: "CAPTURED", captures: [{ amount }] });
  await expectTold(node, hooks, charge, told);
}

describe("a shopper who pays", { timeout: scenario_ms }, () => {
  it.each(ways)("is led there by %s, sees what is paid to whom, and is back when it is paid", async (way) => {
    const before = await booksOf(node);
    const charge = await ask();
    const page = await shop.leadTo(await openPage(), requestUrlOf(charge), way);
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("Naru Sandbox에 결제합니다");
    for (const text of ["15,000원", "Order description", "테스트 환경(샌드박스)"])
      expect(await page.getByText(text).first().isVisible()).toBe(true);
    expect(await page.getByText("카카오페이").isVisible()).toBe(true);
    await pay(page);
    expect(await cameBack(page, shop)).toBe("CAPTURED");
    expect(page.url()).toBe(backFrom(charge));
    const [visit, ...more] = shop.visitsOf(charge);
    expect(visit?.found).toMatchObject({ id: charge.id, status: "CAPTURED", captures: [{ amount }] });
    expect(more).toEqual([]);
    await expectPaidOnce(charge);
    await expectMoved(node, before, { bank: amount, merchant: amount });
  });

  it("comes back to an address with a query and a fragment of its own", async () => {
    const returnUrl = `${shop.returnUrl}?order=A-1&payment-charge-id=old#결과`;
    const charge = await ask({ authenticationSettings: [{ type: "REDIRECT", settings: { returnUrl } }] });
    const page = await openCheckout(charge);
    await pay(page);
    expect(await cameBack(page, shop)).toBe("CAPTURED");
    const { search, hash } = new URL(page.url());
    expect([search, decodeURIComponent(hash)]).toEqual([`?order=A-1&payment-charge-id=${charge.id}`, "#결과"]);
  });

  it("pays once by a double click", async () => {
    const charge = await ask();
    const page = await openCheckout(charge);
    await page.getByRole("button", { name: "15,000원 결제하기" }).dblclick({ noWaitAfter: true });
    expect(await cameBack(page, shop)).toBe("CAPTURED");
    await expectPaidOnce(charge);
  });

  it("loads the shop's page anew, and follows the link again, to the same end", async () => {
    const charge = await ask();
    const page = await openCheckout(charge);
    await pay(page);
    await cameBack(page, shop);
    await page.reload();
    expect(await cameBack(page, shop)).toBe("CAPTURED");
    await page.goto(requestUrlOf(charge));
    expect(page.url()).toBe(backFrom(charge));
    await expectPaidOnce(charge);
  });

  it("goes back, and finds no second chance to pay", async () => {
    const charge = await ask();
    const page = await shop.leadTo(await openPage(), requestUrlOf(charge));
    await pay(page);
    await cameBack(page, shop);
    await page.goBack();
    expect(await cameBack(page, shop)).toBe("CAPTURED");
    await expectPaidOnce(charge);
  });
});

describe("a shopper who goes back to a page as it was left", { timeout: scenario_ms }, () => {
  it("and presses Pay again, is back at the shop and has paid once", async () => {
    const charge = await ask();
    const page = await openKeptPage();
    await shop.leadTo(page, requestUrlOf(charge));
    await pay(page);
    await cameBack(page, shop);
    const looked: string[] = [];
    page.on("request", (request) => looked.push(request.url()));
    await page.evaluate("history.back()").catch(() => {});
    await page.getByRole("button", { name: "15,000원 결제하기" }).waitFor();
    expect(looked).toEqual([]);
    await pay(page);
    expect(await cameBack(page, shop)).toBe("CAPTURED");
    await expectPaidOnce(charge);
  });
});

describe("a shopper who does not pay", { timeout: scenario_ms }, () => {
  const declined = (failureType: string, failureCode: string) => ({
    status: "FAILED",
    failure: { failureType, failureCode },
  });

  it.each<[string, string | undefined, object, string[]]>([
    ["거절하기", undefined, declined("PROVIDER_DECLINE", "GENERIC_DECLINE"), failed],
    ["거절하기", "INSUFFICIENT_FUNDS", declined("PROVIDER_DECLINE", "INSUFFICIENT_FUNDS"), failed],
    ["거절하기", "UNRESPONSIVE_PROVIDER", declined("PROVIDER_ERROR", "UNRESPONSIVE_PROVIDER"), failed],
    ["취소", undefined, declined("PROVIDER_DECLINE", "CANCELED_BY_CONSUMER"), failed],
    ["만료시키기", undefined, { status: "DISCARDED", discards: [{ type: "AUTHENTICATION_TIMEOUT" }] }, discarded],
  ])("presses %s, %s, and is back at a shop that knows", async (button, code, outcome, told) => {
    const before = await booksOf(node);
    const charge = await ask();
    const page = await openCheckout(charge);
    if (code !== undefined) await page.getByLabel("거절 사유").selectOption(code);
    await press(page, button);
    expect(await cameBack(page, shop)).toBe((outcome as { status: string }).status);
    expect(page.url()).toBe(backFrom(charge));
    expect(shop.visitsOf(charge)).toMatchObject([{ found: outcome }]);
    await expectTold(node, hooks, charge, told);
    await expectMoved(node, before, {});
  });

  it("closes the page, and the shop learns of it when the time is over", async () => {
    const charge = await ask();
    const page = await openCheckout(charge);
    await page.context().close();
    expect((await merchant.get(charge.id)).body.status).toBe("AUTHENTICATION_PENDING");
    await node.moveClock("PT16M");
    await until(merchant, charge, "DISCARDED");
    await expectTold(node, hooks, charge, discarded);
    expect(await cameBack(await openCheckout(charge), shop)).toBe("DISCARDED");
  });

  it("presses Pay when the time is over, and has not paid", async () => {
    const before = await booksOf(node);
    const charge = await ask();
    const page = await openCheckout(charge);
    await node.moveClock("PT16M");
    await pay(page);
    expect(await cameBack(page, shop)).toBe("DISCARDED");
    await expectTold(node, hooks, charge, discarded);
    await expectMoved(node, before, {});
  });
});

describe("two who have the same page open", { timeout: scenario_ms }, () => {
  it.each(["결제하기", "취소", "거절하기", "만료시키기"])(
    "in two tabs: one pays, then the other presses %s",
    async (button) => {
      const charge = await ask();
      const one = await openCheckout(charge);
      const other = await one.context().newPage();
      await other.goto(requestUrlOf(charge));
      await pay(one);
      expect(await cameBack(one, shop)).toBe("CAPTURED");
      await press(other, button);
      expect(await cameBack(other, shop)).toBe("CAPTURED");
      expect(other.url()).toBe(backFrom(charge));
      await expectPaidOnce(charge);
    },
  );

  it("on two devices in two languages: the one that only looks uses nothing up", async () => {
    const charge = await ask();
    const computer = await openCheckout(charge);
    const telephone = await openCheckout(charge, { locale: "en-US", viewport: { width: 390, height: 844 } });
    expect(await telephone.getByRole("heading", { level: 1 }).innerText()).toBe("Pay Naru Sandbox");
    expect(await telephone.getByRole("button", { name: "Pay ₩15,000" }).isVisible()).toBe(true);
    await expectTold(node, hooks, charge, paid.slice(0, 2));
    await pay(computer);
    expect(await cameBack(computer, shop)).toBe("CAPTURED");
    await telephone.reload();
    expect(await cameBack(telephone, shop)).toBe("CAPTURED");
    await expectPaidOnce(charge);
  });
});

describe("a wallet that does not answer at once", { timeout: scenario_ms }, () => {
  const slow = (delay_s: number) =>
    mock(`requiresAuthentication=true;providerConfirmation=true;providerConfirmationDelay=${delay_s}s`);

  it("has the shopper wait until it is known what became of it, and come back then", async () => {
    const before = await booksOf(node);
    const charge = await ask();
    const page = await openCheckout(charge);
    await node.arm("wallet-timeout-after");
    await pay(page);
    await waits(page);
    expect(await cameBack(page, shop)).toBe("CAPTURED");
    await expectPaidOnce(charge, confirmed);
    await expectMoved(node, before, { bank: amount, merchant: amount });
  });

  it("gets the payment although the browser was closed right after Pay", async () => {
    const charge = await ask();
    const page = await openCheckout(charge);
    await node.arm("wallet-timeout-after");
    await page.getByRole("button", { name: "15,000원 결제하기" }).click({ noWaitAfter: true });
    // The press has come to the wallet, of which there is no answer yet.
    await eventually(async () => (await node.armed()).length === 0);
    await page.context().close();
    await until(merchant, charge, "CAPTURED");
    await expectPaidOnce(charge, confirmed);
    expect(shop.visitsOf(charge)).toEqual([]);
  });

  it("is asked once by a shopper who presses Pay again and again", async () => {
    const charge = await ask();
    const page = await openCheckout(charge);
    const sent: string[] = [];
    page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
    await node.arm("wallet-timeout-after");
    const box = (await page.getByRole("button", { name: "15,000원 결제하기" }).boundingBox())!;
    const touch = () => page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await touch();
    await eventually(async () => (await node.armed()).length === 0);
    await touch();
    await waits(page);
    expect(await cameBack(page, shop)).toBe("CAPTURED");
    expect(sent).toHaveLength(2);
    await expectPaidOnce(charge, confirmed);
  });

  it("that was paid is paid, although the browser was closed on its way back", async () => {
    const charge = await ask();
    const page = await openCheckout(charge);
    shop.hangs = true;
    try {
      await page.getByRole("button", { name: "15,000원 결제하기" }).click({ noWaitAfter: true });
      await eventually(async () => shop.visitsOf(charge).length > 0);
      await page.context().close();
    } finally {
      shop.hangs = false;
    }
    await expectPaidOnce(charge);
  });

  it("is asked for again by a page that loads itself anew", async () => {
    const charge = await ask(slow(3_600));
    const page = await openCheckout(charge);
    const looked: string[] = [];
    page.on("request", (request) => request.isNavigationRequest() && looked.push(request.method()));
    await pay(page);
    await waits(page);
    await eventually(async () => looked.length >= 3);
    expect(looked).toEqual(["POST", "GET", "GET"]);
    expect((await merchant.get(charge.id)).body.status).toBe("AUTHORIZATION_ASYNC");
    await node.moveClock("PT1H");
    expect(await cameBack(page, shop)).toBe("CAPTURED");
    await expectPaidOnce(charge, confirmed);
  });

  it("lets the shopper go back before, to a shop that sees that it is not known yet", async () => {
    const charge = await ask(slow(600));
    const page = await openCheckout(charge);
    await pay(page);
    await page.getByRole("link", { name: "상점으로 돌아가기" }).click();
    expect(await cameBack(page, shop)).toBe("AUTHORIZATION_ASYNC");
    expect(page.url()).toBe(backFrom(charge));
    await node.moveClock("PT10M");
    await until(merchant, charge, "CAPTURED");
    await expectPaidOnce(charge, confirmed);
  });
});

describe("an agreement", { timeout: scenario_ms }, () => {
  /** As the contract's sample has it. */
  const sample = () => ({
    paymentMethod: "KAKAOPAY",
    consumer: { name: "John Smith", country: "KR" },
    amount: { value: 101, currency: "KRW" },
    webhooksUrl: hooks.url,
    authenticationSettings: shop.redirect,
  });
  const initialPaymentCharge = {
    autoCapture: true,
    paymentDescriptor: "fundsEventType=Received;fundsEventScheduleDelay=10s",
    amount: { value: 101, currency: "KRW" },
  };

  async function agree(fields: Fields): Promise<PproBody> {
    const { status, body } = await merchant.call("POST", "/v1/payment-agreements", {
      body: { ...sample(), ...fields },
    });
    expect([status, body.status]).toEqual([200, "AUTHENTICATION_PENDING"]);
    return body;
  }

  async function expectAgreementTold({ id }: PproBody, last: string): Promise<void> {
    const types = ["CREATED", "AUTHENTICATION_PENDING", last].map((type) => `PAYMENT_AGREEMENT_${type}`);
    const told = () => webhooksOf(hooks, { about: id }).map(({ type }) => type);
    await eventually(async () => told().length >= types.length);
    expect(told()).toEqual(types);
  }

  it("is made with its first payment, and both are known when the shopper is back", async () => {
    const before = await booksOf(node);
    const agreement = await agree({ initialPaymentCharge });
    const page = await shop.leadTo(await openPage(), requestUrlOf(agreement));
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toMatch(/자동결제를\s등록합니다/);
    await press(page, "동의하고 101원 결제하기");
    expect(await cameBack(page, shop)).toBe("ACTIVE");
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      "payment-agreement-id": agreement.id,
      "payment-charge-id": agreement.initialPaymentChargeId,
    });
    const { body } = await merchant.get(agreement.initialPaymentChargeId);
    expect(body).toMatchObject({ status: "CAPTURED", agreementId: agreement.id });
    await expectAgreementTold(agreement, "ACTIVE");
    await expectMoved(node, before, { bank: 101, merchant: 101 });
  });

  it("is made without a payment", async () => {
    const agreement = await agree({});
    const page = await openCheckout(agreement);
    expect(await page.getByText("지금 결제되는 금액은 없습니다.").isVisible()).toBe(true);
    await press(page, "동의하고 등록하기");
    expect(await cameBack(page, shop)).toBe("ACTIVE");
    expect(page.url()).toBe(`${shop.returnUrl}?payment-agreement-id=${agreement.id}`);
    await expectAgreementTold(agreement, "ACTIVE");
  });

  it("is not made when the shopper cancels", async () => {
    const agreement = await agree({});
    const page = await openCheckout(agreement);
    await press(page, "취소");
    expect(await cameBack(page, shop)).toBe("FAILED");
    await expectAgreementTold(agreement, "FAILED");
  });
});
