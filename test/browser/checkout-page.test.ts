/** The wallet's page in a real browser: who can read it, how, on what, and what other pages can do with it. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { mock, unlimited } from "../support/charges.ts";
import type { Fields } from "../support/client.ts";
import { bearer } from "../support/consent.ts";
import { freePort } from "../support/node.ts";
import { type PproBody, PproClient, type PproCredentials, requestUrlOf } from "../support/ppro.ts";
import { useNode, withNode } from "../support/scenario.ts";
import { useBrowser } from "./chromium.ts";
import { cameBack, type Shop, useShop } from "./shop.ts";

const scenario_ms = 60_000;
// The addresses that the node hands out have its port.
const node = useNode(unlimited({ NARU_PORT: String(await freePort()) }));
const merchant = new PproClient(node);
const shop = useShop(merchant);
const openPage = useBrowser();

async function ask(fields: Fields = {}, by = merchant): Promise<PproBody> {
  const { body } = await by.charge({ authenticationSettings: shop.redirect, ...fields });
  expect(body.status).toBe("AUTHENTICATION_PENDING");
  return body;
}

async function openCheckout(charge: PproBody, options?: Parameters<typeof openPage>[0]): Promise<Page> {
  const page = await openPage(options);
  await page.goto(requestUrlOf(charge));
  return page;
}

const press = (page: Page, name: string) => page.getByRole("button", { name }).click();
const heading = (page: Page) => page.getByRole("heading", { level: 1 }).innerText();
const statusOf = async ({ id }: PproBody) => (await merchant.get(id)).body.status;

describe("the page", { timeout: scenario_ms }, () => {
  it.each([
    ["ko-KR", "ko", "Naru Sandbox에 결제합니다", "15,000원 결제하기"],
    ["en-GB", "en", "Pay Naru Sandbox", "Pay ₩15,000"],
    ["ja-JP", "ko", "Naru Sandbox에 결제합니다", "15,000원 결제하기"],
  ])("speaks to a browser that reads %s", async (locale, language, title, button) => {
    const page = await openCheckout(await ask(), { locale });
    expect(await page.getAttribute("html", "lang")).toBe(language);
    expect(await heading(page)).toBe(title);
    await press(page, button);
    expect(await cameBack(page, shop)).toBe("CAPTURED");
  });

  it("needs no mouse", async () => {
    const charge = await ask();
    const page = await openCheckout(charge);
    const focused = () =>
      page.evaluate(`(() => {
        const { value, name, ownerDocument } = document.activeElement;
        return [name, value, getComputedStyle(ownerDocument.activeElement).outlineStyle];
      })()`);
    const order = [
      ["decision", "pay", "solid"],
      ["decision", "cancel", "solid"],
      ["code", "GENERIC_DECLINE", "solid"],
      ["decision", "decline", "solid"],
      ["decision", "expire", "solid"],
    ];
    for (const stop of order) {
      await page.keyboard.press("Tab");
      expect(await focused()).toEqual(stop);
    }
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("ArrowDown");
    expect(await focused()).toEqual(["code", "INSUFFICIENT_FUNDS", "solid"]);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await cameBack(page, shop)).toBe("FAILED");
    expect((await merchant.get(charge.id)).body.failure.failureCode).toBe("INSUFFICIENT_FUNDS");
  });

  it("is paid with Enter by who has never touched the mouse", async () => {
    const page = await openCheckout(await ask());
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await cameBack(page, shop)).toBe("CAPTURED");
  });

  it("runs no script, and works where none may run", async () => {
    const page = await openCheckout(await ask(), { javaScriptEnabled: false });
    expect(await page.locator("script").count()).toBe(0);
    await press(page, "15,000원 결제하기");
    expect(await cameBack(page, shop)).toBe("CAPTURED");
  });

  it("asks nothing of any other server", async () => {
    const requests: string[] = [];
    const page = await openPage();
    page.on("request", (request) => requests.push(request.url()));
    const delayed = mock("requiresAuthentication=true;providerConfirmation=true;providerConfirmationDelay=600s");
    for (const [charge, button] of [
      [await ask(), undefined],
      [await ask(delayed), "15,000원 결제하기"],
    ] as const) {
      await page.goto(requestUrlOf(charge), { waitUntil: "networkidle" });
      if (button !== undefined) await press(page, button);
    }
    await page.goto(`${node.url}/checkout/unknown`, { waitUntil: "networkidle" });
    expect(requests.length).toBeGreaterThanOrEqual(4);
    expect(requests.filter((url) => new URL(url).origin !== node.url)).toEqual([]);
  });

  it("tells the shop nothing of its own address", async () => {
    const left: PproBody[] = [];
    const page = await openPage();
    for (const button of ["15,000원 결제하기", "취소"]) {
      const charge = await ask();
      await shop.leadTo(page, requestUrlOf(charge));
      await press(page, button);
      await cameBack(page, shop);
      expect(await page.evaluate("document.referrer")).toBe("");
      left.push(charge);
    }
    // By the link of the waiting page.
    const waiting = await ask(
      mock("requiresAuthentication=true;providerConfirmation=true;providerConfirmationDelay=600s"),
    );
    await shop.leadTo(page, requestUrlOf(waiting));
    await press(page, "15,000원 결제하기");
    await page.getByRole("link", { name: "상점으로 돌아가기" }).click();
    await cameBack(page, shop);
    expect(await page.evaluate("document.referrer")).toBe("");
    left.push(waiting);
    expect(left.map((charge) => shop.visitsOf(charge).map(({ from }) => from))).toEqual(left.map(() => [undefined]));
  });

  it("shows what came of it to who agreed by a code that was scanned", async () => {
    const scanned = mock("requiresAuthentication=true;authenticationType=SCAN_CODE", {
      authenticationSettings: [{ type: "SCAN_CODE" }],
    });
    const charge = await ask(scanned);
    const page = await openPage({ viewport: { width: 390, height: 844 } });
    await page.goto(charge.authenticationMethods[0].details.codePayload);
    await press(page, "15,000원 결제하기");
    await page.getByRole("heading", { name: "결제가 완료되었습니다" }).waitFor();
    expect(await statusOf(charge)).toBe("CAPTURED");
  });

  it("opens nothing by an address that was altered", async () => {
    const url = requestUrlOf(await ask());
    const page = await openPage();
    const answer = await page.goto(url.replace(/.$/, (last) => (last === "A" ? "B" : "A")));
    expect(answer!.status()).toBe(404);
    expect(await heading(page)).toBe("결제를 찾을 수 없습니다");
    expect(await page.locator("a, button, form").count()).toBe(0);
  });
});

/** A page that pays in the shopper's place, by a form; and one that shows the wallet's page within itself. */
function attack(at: Shop, url: string): void {
  at.pages.set(
    "/forged",
    `<form method="post" action="${url}"><button name="decision" value="pay">선물 받기</button></form>`,
  );
  at.pages.set("/framed", `<iframe src="${url}"></iframe>`);
}

async function expectNotFramed(page: Page): Promise<void> {
  await page.goto(`${shop.origin}/framed`, { waitUntil: "networkidle" });
  const frame = page.frameLocator("iframe");
  expect(await frame.getByRole("button").count()).toBe(0);
  expect(await frame.getByText("15,000원").count()).toBe(0);
}

describe("a page of another site", { timeout: scenario_ms }, () => {
  it("neither pays in the shopper's place nor shows the page within itself", async () => {
    const charge = await ask();
    const url = requestUrlOf(charge);
    attack(shop, url);
    const page = await openPage();
    await page.goto(`${shop.origin}/forged`);
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url() === url),
      page.getByRole("button").click(),
    ]);
    expect(answer.status()).toBe(403);
    await expectNotFramed(page);
    expect(await statusOf(charge)).toBe("AUTHENTICATION_PENDING");
  });
});

describe("where others can reach the node", { timeout: scenario_ms }, () => {
  const token = "operator-token-0001";

  it("the shopper pays, and no page of another site shows the page within itself", async () => {
    const port = await freePort();
    const own = { NARU_HOST: "0.0.0.0", NARU_PORT: String(port), NARU_PUBLIC_URL: `http://127.0.0.1:${port}` };
    await withNode(unlimited({ ...own, NARU_OPERATOR_TOKEN: token }), async (open) => {
      const { body } = await open.get<{ ppro: PproCredentials }>("/naru/v1/sandbox/credentials", bearer(token));
      const there = new PproClient(open, body.ppro);
      const { body: charge } = await there.charge({ authenticationSettings: shop.redirect });
      attack(shop, requestUrlOf(charge));
      const page = await openPage();
      await expectNotFramed(page);
      await page.goto(requestUrlOf(charge));
      await press(page, "15,000원 결제하기");
      // The shop asks its own node, which does not know of it.
      await page.waitForURL(`${shop.returnUrl}?**`);
      expect((await there.get(charge.id)).body.status).toBe("CAPTURED");
      // A node that stops waits for connections that are open.
      await page.context().close();
    });
  });
});

describe("the page is easy to use", { timeout: scenario_ms }, () => {
  /** Addresses of each kind of page, by its name. */
  const kinds: Record<string, string> = {};

  const long = "아주아주아주긴상품이름".repeat(8) + "W".repeat(40);
  const orderItems = Array.from({ length: 40 }, (_, index) => ({
    name: index === 0 ? long : `상품 ${index}`,
    quantity: 2_147_483_647,
    amount: Number.MAX_SAFE_INTEGER,
  }));
  const scan = { authenticationSettings: [{ type: "SCAN_CODE" }] };

  beforeAll(async () => {
    kinds.sample = requestUrlOf(await ask());
    const order = { orderItems, orderReferenceNumber: "9".repeat(200) };
    kinds.order = requestUrlOf(
      await ask({ paymentDescriptor: long, amount: { value: 2_000_000, currency: "KRW" }, order }),
    );
    const agreement = {
      paymentMethod: "KAKAOPAY",
      consumer: { name: "John Smith", country: "KR" },
      description: long.slice(0, 100),
      frequency: { type: "MONTHLY", interval: 3 },
      startDate: "2030-01-01T00:00:00Z",
      endDate: "2031-01-01T00:00:00Z",
      amount: { value: 2_000_000, currency: "KRW" },
      amountType: "MAX",
      authenticationSettings: shop.redirect,
      initialPaymentCharge: { amount: { value: 2_000_000, currency: "KRW" } },
    };
    kinds.agreement = requestUrlOf((await merchant.call("POST", "/v1/payment-agreements", { body: agreement })).body);
    const delayed = "requiresAuthentication=true;providerConfirmation=true;providerConfirmationDelay=86400s";
    kinds.waiting = requestUrlOf(await ask(mock(delayed)));
    await merchant.checkout(kinds.waiting, { decision: "pay" });
    const scanned = await ask(mock("requiresAuthentication=true;authenticationType=SCAN_CODE", scan));
    kinds.finished = scanned.authenticationMethods[0].details.codePayload;
    await merchant.checkout(kinds.finished!, { decision: "pay" });
    kinds.unknown = `${node.url}/checkout/${"x".repeat(100)}`;
  });

  const widths = [320, 390, 768, 1280].flatMap((width) => ["ko-KR", "en-US"].map((locale) => [width, locale] as const));

  it.each(widths)(
    "at a width of %i, in %s: nothing runs over, everything is large enough to be touched",
    async (width, locale) => {
      const page = await openPage({ locale, viewport: { width, height: 844 } });
      let found = 0;
      for (const [kind, url] of Object.entries(kinds)) {
        await page.goto(url);
        const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        expect([kind, over]).toEqual([kind, 0]);
        // What stands out of the sheet is cut off by it.
        const cut = await page.evaluate(`[...document.querySelectorAll("main *")]
        .filter((one) => one.scrollWidth > one.clientWidth && getComputedStyle(one).display !== "inline")
        .slice(0, 3)
        .map((one) => one.outerHTML.slice(0, 200))`);
        expect([kind, cut]).toEqual([kind, []]);
        for (const target of await page.locator("button, select, a").all()) {
          found += 1;
          const box = (await target.boundingBox())!;
          expect([kind, Math.min(box.height, box.width) >= 44]).toEqual([kind, true]);
        }
      }
      // Five on each of three pages, one on the waiting page.
      expect(found).toBe(16);
    },
  );

  it.each(["ko-KR", "en-US"])("shows each reason to decline on a small telephone whole, in %s", async (locale) => {
    const page = await openPage({ locale, viewport: { width: 320, height: 568 } });
    await page.goto(kinds.sample!);
    const cut = await page.evaluate(`(() => {
      const select = document.querySelector("select");
      const { font, paddingLeft, paddingRight } = getComputedStyle(select);
      const room = select.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
      const canvas = document.createElement("canvas").getContext("2d");
      canvas.font = font;
      return [...select.options].map(({ text }) => text).filter((text) => canvas.measureText(text).width > room);
    })()`);
    expect(cut).toEqual([]);
    expect(await page.locator("option").count()).toBe(11);
  });

  it("keeps the buttons of a long order near", async () => {
    const page = await openPage({ viewport: { width: 390, height: 844 } });
    await page.goto(kinds.order!);
    // Forty items and long texts push it down by half a screen.
    const box = await page.getByRole("button", { name: "2,000,000원 결제하기" }).boundingBox();
    expect(box!.y).toBeLessThan(1.5 * 844);
    await press(page, "2,000,000원 결제하기");
    expect(await cameBack(page, shop)).toBe("CAPTURED");
  });
});
