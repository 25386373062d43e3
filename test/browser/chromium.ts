/** Chromium as a person would use it: `chromium` on the path, or named by NARU_CHROMIUM. */
import { execFileSync } from "node:child_process";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";

function findChromium(): string {
  const named = process.env.NARU_CHROMIUM ?? "chromium";
  return named.includes("/") ? named : execFileSync("which", [named], { encoding: "utf8" }).trim();
}

export interface BrowserHabits {
  /** Going back shows a page as it was left, without asking for it again. */
  keepsPages?: boolean;
}

/** Opens pages, each in a profile of its own; a file has one browser, and a test's pages are closed after it. */
export function useBrowser({
  keepsPages = false,
}: BrowserHabits = {}): (options?: BrowserContextOptions) => Promise<Page> {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: findChromium(),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
      ...(keepsPages ? { ignoreDefaultArgs: ["--disable-back-forward-cache"] } : {}),
    });
  });
  afterEach(async () => {
    for (const context of browser?.contexts() ?? []) await context.close();
  });
  afterAll(() => browser?.close());
  return async (options = {}) => {
    const context = await browser!.newContext({ locale: "ko-KR", ...options });
    return context.newPage();
  };
}
