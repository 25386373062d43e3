/** A shop as browsers see it: a page that leads to pay, and the one that shoppers come back to, which asks Naru first. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import type { PproBody, PproClient } from "../support/ppro.ts";

/** Somebody came back. */
export interface Visit {
  url: URL;
  /** By the Referer header. */
  from: string | undefined;
  /** What they agreed to, as Naru showed it to the shop's server before anything was answered. */
  found: PproBody;
}

/** How the shop has its shoppers go on to pay. */
export const ways = ["a link", "a script", "its server", "a new window"] as const;
export type Way = (typeof ways)[number];

const html = { "content-type": "text/html; charset=utf-8" };
const returnPath = "/order-results-page";
const agreementId = "payment-agreement-id";
const chargeId = "payment-charge-id";

/** At a port and a name of its own, so that to Naru its pages are of another site. */
export class Shop {
  readonly merchant: PproClient;
  origin = "";
  readonly visits: Visit[] = [];
  /** By their paths. */
  readonly pages = new Map<string, string>();
  /** Who comes back waits for a page that never comes. */
  hangs = false;
  #requestUrl = "";
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  constructor(merchant: PproClient) {
    this.merchant = merchant;
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.origin = `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get returnUrl(): string {
    return `${this.origin}${returnPath}`;
  }

  /** Of `authenticationSettings`: shoppers come back here. */
  get redirect() {
    return [{ type: "REDIRECT", settings: { returnUrl: this.returnUrl } }];
  }

  /** Those who came back from this charge or agreement. */
  visitsOf({ id }: PproBody): Visit[] {
    return this.visits.filter(({ url }) => url.search.includes(id));
  }

  /** The shopper goes on to pay; returns the page on which they then are. */
  async leadTo(page: Page, requestUrl: string, way: Way = "a link"): Promise<Page> {
    this.#requestUrl = requestUrl;
    await page.goto(`${this.origin}/cart?${new URLSearchParams({ way })}`);
    const press = () => page.getByText("결제하러 가기").click();
    if (way !== "a new window") {
      await press();
      await page.waitForURL(requestUrl);
      return page;
    }
    const [opened] = await Promise.all([page.waitForEvent("popup"), press()]);
    await opened.waitForURL(requestUrl);
    return opened;
  }

  async #answer({ url, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = new URL(url!, this.origin);
    const { pathname, searchParams } = asked;
    const page = this.pages.get(pathname);
    if (page !== undefined) {
      response.writeHead(200, html).end(page);
    } else if (pathname === "/cart") {
      response.writeHead(200, html).end(`<title>상점</title>${this.#cart(searchParams.get("way") as Way)}`);
    } else if (pathname === "/pay") {
      response.writeHead(303, { location: this.#requestUrl }).end();
    } else if (pathname === returnPath) {
      const found = await this.#ask(searchParams);
      this.visits.push({ url: asked, from: headers.referer, found });
      if (!this.hangs) response.writeHead(200, html).end(`<title>주문 결과</title><h1>${found.status}</h1>`);
    } else {
      response.writeHead(404).end();
    }
  }

  #cart(way: Way): string {
    const url = this.#requestUrl;
    const texts: Record<Way, string> = {
      "a link": `<a href="${url}">결제하러 가기</a>`,
      "a script": `<button onclick="location.href = '${url}'">결제하러 가기</button>`,
      "its server": `<form method="post" action="/pay"><button>결제하러 가기</button></form>`,
      "a new window": `<button onclick="window.open('${url}')">결제하러 가기</button>`,
    };
    return texts[way];
  }

  async #ask(query: URLSearchParams): Promise<PproBody> {
    const agreement = query.get(agreementId);
    const path = agreement === null ? `payment-charges/${query.get(chargeId)}` : `payment-agreements/${agreement}`;
    return (await this.merchant.call("GET", `/v1/${path}`)).body;
  }
}

/** Waits until the shopper is back at the shop; returns what the shop's page says. */
export async function cameBack(page: Page, shop: Shop): Promise<string> {
  await page.waitForURL((url) => url.origin === shop.origin && url.pathname === returnPath);
  return page.getByRole("heading").innerText();
}

/** A shop for the whole file. */
export function useShop(merchant: PproClient): Shop {
  const shop = new Shop(merchant);
  beforeAll(() => shop.open());
  afterAll(() => shop.close());
  return shop;
}
