/** The consent page in a real browser: an app's page leads there, a person decides, and the app gets what it may have. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Fields } from "../support/client.ts";
import { type App, asking, bearer, demoMerchant, demoUsers, exchange, newApp, newUser } from "../support/consent.ts";
import type { TestNode } from "../support/node.ts";
import { useNode, withNode } from "../support/scenario.ts";
import { useBrowser } from "./chromium.ts";

const scenario_ms = 60_000;
const node = useNode();
const openPage = useBrowser();

/** The app's own server, at a port of its own: a page with a way to consent, and where people come back to. */
let site: Server;
let origin: string;
/** Pages of the app by path. */
const pages = new Map<string, string>();
/** Where the app sends people on who came back. */
let onward: string | undefined;

beforeAll(async () => {
  site = createServer((request, response) => {
    const { pathname } = new URL(request.url!, origin);
    const page = pages.get(pathname);
    if (pathname === "/callback" && onward !== undefined) response.writeHead(302, { location: onward }).end();
    else if (page === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  pages.set("/callback", "<title>돌아왔습니다</title><h1>돌아왔습니다</h1>");
});
afterAll(async () => {
  site.closeAllConnections();
  await new Promise((resolve) => site.close(resolve));
});

const registered = (name = "광고 도우미") => ({ name, redirectUris: [`${origin}/callback?from=naru%20pay`] });
const state = 'next=/광고?x=1&"quoted" <b> + %20';

function consentUrl(at: Pick<TestNode, "url">, app: App, fields: Record<string, string> = {}): string {
  return `${at.url}/oauth/business/authorize?${asking(app, { state, ...fields })}`;
}

/** A person at the app follows its link to the consent page. */
async function followLink(page: Page, url: string): Promise<void> {
  pages.set("/", `<title>앱</title><a href="${url.replaceAll("&", "&amp;")}">광고계정 연결하기</a>`);
  await page.goto(`${origin}/`);
  await page.getByRole("link", { name: "광고계정 연결하기" }).click();
}

/** What the app was told when the person came back. */
async function cameBack(page: Page): Promise<Record<string, string>> {
  await page.waitForURL(`${origin}/callback?**`);
  expect(await page.getByRole("heading").innerText()).toBe("돌아왔습니다");
  return Object.fromEntries(new URL(page.url()).searchParams);
}

/** The ad account to which the token that the code becomes lends a virtual account. */
async function issueWith(at: TestNode, app: App, code: string, adAccountId: number) {
  const { status, body } = await exchange(at, app, code);
  expect(status).toBe(200);
  const order = { adAccountId, amount: 50_000, bankCode: "88" };
  const headers = { ...bearer(body.access_token), adAccountId: String(adAccountId) };
  // Once a second for each user.
  const issued = await eventually(async () => {
    const answer = await at.post<Fields>("/openapi/v4/billing/virtualAccount", order, headers);
    return answer.status !== 429 && answer;
  });
  expect([issued.status, issued.body]).toEqual([
    200,
    expect.objectContaining({ accountNumber: expect.stringMatching(/^\d+$/), amount: 50_000, bankName: "신한" }),
  ]);
}

describe("a person who is sent by an app", { timeout: scenario_ms }, () => {
  it("sees who asks for what, agrees, and is back with a code that is worth a virtual account", async () => {
    const app = await newApp(node, registered("나루 광고 대행"));
    const page = await openPage();
    await followLink(page, consentUrl(node, app, { scope: "moment_management,moment_delete" }));
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("나루 광고 대행에서 아래 권한을 요청합니다");
    const items = await page.getByRole("list", { name: "동의항목" }).getByRole("listitem").allInnerTexts();
    expect(items.map((item) => item.split("\n"))).toEqual([
      ["광고계정과 광고의 조회, 상태와 예산 관리", "moment_management"],
      ["광고의 삭제", "moment_delete"],
      ["대상 광고계정", "회원님의 모든 광고계정"],
    ]);
    await expect(page.getByText("테스트 환경(샌드박스)").isVisible()).resolves.toBe(true);
    expect(await page.getByRole("radio").count()).toBeGreaterThanOrEqual(2);
    await page.getByRole("radio", { name: "김나루" }).check();
    await page.getByRole("button", { name: "동의하고 계속하기" }).click();
    const told = await cameBack(page);
    expect(told).toEqual({ from: "naru pay", code: expect.stringMatching(/^[\w-]{43}$/), state });
    await issueWith(node, app, told.code!, 12345);
  });

  it("agrees as the other user, whose ad account it is then", async () => {
    const app = await newApp(node, registered());
    const page = await openPage();
    await followLink(page, consentUrl(node, app));
    await page.getByText("이나루").click();
    await page.getByRole("button", { name: "동의하고 계속하기" }).click();
    await issueWith(node, app, (await cameBack(page)).code!, 12347);
  });

  it("declines, and the app is told so and gets nothing", async () => {
    const app = await newApp(node, registered());
    const page = await openPage();
    await followLink(page, consentUrl(node, app));
    await page.getByRole("button", { name: "취소" }).click();
    expect(await cameBack(page)).toEqual({
      from: "naru pay",
      error: "access_denied",
      error_description: "User denied access",
      state,
    });
  });

  it("needs no mouse", async () => {
    const app = await newApp(node, registered());
    const page = await openPage();
    await page.goto(consentUrl(node, app));
    const focused = () => page.evaluate("document.activeElement.value ?? ''");
    const isFocusSeen = () =>
      page.evaluate(`(() => {
        const seen = (element) => element !== null && getComputedStyle(element).outlineStyle === "solid";
        return seen(document.activeElement) || seen(document.activeElement.closest("label"));
      })()`);
    await page.keyboard.press("Tab");
    expect([await focused(), await isFocusSeen()]).toEqual([String(demoUsers.kim), true]);
    await page.keyboard.press("ArrowDown");
    expect([await focused(), await isFocusSeen()]).toEqual([String(demoUsers.lee), true]);
    await page.keyboard.press("Tab");
    expect([await focused(), await isFocusSeen()]).toEqual(["agree", true]);
    await page.keyboard.press("Tab");
    expect([await focused(), await isFocusSeen()]).toEqual(["decline", true]);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    await issueWith(node, app, (await cameBack(page)).code!, 12346);
  });

  it("reads English where the browser does", async () => {
    const app = await newApp(node, registered("Ad Helper"));
    const page = await openPage({ locale: "en-US" });
    await page.goto(consentUrl(node, app));
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe("Ad Helper asks for these permissions");
    await page.getByRole("button", { name: "Agree and continue" }).click();
    expect(await cameBack(page)).toHaveProperty("code");
  });

  it("is sent on by the app to wherever it likes", async () => {
    const app = await newApp(node, registered());
    const { port } = new URL(origin);
    onward = `http://localhost:${port}/done`;
    pages.set("/done", "<title>연결됨</title>");
    try {
      for (const name of ["동의하고 계속하기", "취소"]) {
        const page = await openPage();
        await followLink(page, consentUrl(node, app));
        await page.getByRole("button", { name }).click();
        await page.waitForURL(onward);
        expect(await page.title()).toBe("연결됨");
      }
    } finally {
      onward = undefined;
    }
  });

  it("decides in a window that the app opened, which then tells the app's page", async () => {
    const app = await newApp(node, { redirectUris: [`${origin}/popup`] });
    const url = JSON.stringify(consentUrl(node, app)).replaceAll("<", "\\u003c");
    pages.set(
      "/opener",
      `<title>앱</title><button onclick='window.open(${url.replaceAll("'", "&#39;")})'>연결</button>
       <script>addEventListener("message", ({ data }) => { document.title = data })</script>`,
    );
    pages.set("/popup", `<script>opener.postMessage(location.search, location.origin); close()</script>`);
    const page = await openPage();
    await page.goto(`${origin}/opener`);
    const [popup] = await Promise.all([page.waitForEvent("popup"), page.getByRole("button").click()]);
    await popup.getByRole("button", { name: "동의하고 계속하기" }).click();
    await page.waitForFunction("document.title.includes('code=')");
    expect(new URLSearchParams(await page.title()).get("state")).toBe(state);
  });

  it("sees the code of the error where the app asks to return to an address that is not its own", async () => {
    const app = await newApp(node, registered());
    const page = await openPage();
    await followLink(page, consentUrl(node, { ...app, redirect_uri: "https://evil.example/callback" }));
    await page.getByText("KOE028").waitFor();
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toBe(
      "앱에 등록되지 않은 주소로 돌아가려고 합니다.",
    );
    expect(await page.getByText("https://evil.example/callback").isVisible()).toBe(true);
    expect(await page.locator("a, button, form").count()).toBe(0);
  });

  it("is told why when it is their account that does not allow it", async () => {
    const app = await newApp(node, registered());
    const { number } = await newUser(node, { fields: { name: "제한된 회원", restricted: true } });
    const page = await openPage();
    await page.goto(consentUrl(node, app));
    await page.getByRole("radio", { name: `제한된 회원 ${number}` }).check();
    await page.getByRole("button", { name: "동의하고 계속하기" }).click();
    await page.getByText("KOE026").waitFor();
  });
});

describe("a page of the app's", { timeout: scenario_ms }, () => {
  it("neither agrees in the person's place nor shows the page within itself", async () => {
    const app = await newApp(node, registered());
    const fields = [...asking(app, { decision: "agree", user: demoUsers.kim })];
    const inputs = fields.map(([name, value]) => `<input name="${name}" value="${value}">`).join("");
    pages.set(
      "/forged",
      `<form method="post" action="${node.url}/oauth/business/authorize">${inputs}<button>상품 받기</button></form>`,
    );
    const frame = consentUrl(node, app).replaceAll("&", "&amp;");
    pages.set("/framed", `<iframe name="consent" src="${frame}"></iframe>`);
    const page = await openPage();
    await page.goto(`${origin}/forged`);
    const [answer] = await Promise.all([
      page.waitForResponse((response) => response.url().includes("/oauth/business/authorize")),
      page.getByRole("button").click(),
    ]);
    expect(answer.status()).toBe(403);
    expect(page.url()).not.toContain("code=");
    await page.goto(`${origin}/framed`, { waitUntil: "networkidle" });
    expect(await page.frameLocator("iframe").getByRole("button").count()).toBe(0);
  });
});

describe("the page is easy to use", { timeout: scenario_ms }, () => {
  it.each([
    ["a telephone", { width: 320, height: 568 }],
    ["a larger telephone", { width: 390, height: 844 }],
    ["a desk", { width: 1280, height: 800 }],
  ])("on %s: nothing runs over, everything is large enough to be touched", async (_, viewport) => {
    const app = await newApp(node, registered("아주아주아주긴이름의광고대행사앱".repeat(4) + "W".repeat(16)));
    const page = await openPage({ viewport });
    const resource_ids = Array.from({ length: 300 }, (_, index) => `moment:${100_000 + index}`).join(",");
    // More than one field holds.
    const url = consentUrl(node, app, { scope: "moment_management,moment_create,moment_delete" });
    const named = resource_ids.match(/(moment:\d+,?){1,50}/g)!.map((part) => `&resource_ids=${part.replace(/,$/, "")}`);
    await page.goto(url + named.join(""));
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    const targets = page.locator("button, label, input:not([type=radio]):not([type=hidden])");
    expect(await targets.count()).toBeGreaterThan(3);
    for (const target of await targets.all()) {
      const box = await target.boundingBox();
      expect(box!.height).toBeGreaterThanOrEqual(44);
      expect(box!.width).toBeGreaterThanOrEqual(44);
    }
  });

  it("with many users: they scroll within their list, and the buttons stay near", async () => {
    await withNode({}, async (own) => {
      for (let index = 0; index < 60; index += 1)
        await newUser(own, { fields: { name: `회원 ${index}`, number: 2_000 + index } });
      const app = await newApp(own, registered());
      const page = await openPage({ viewport: { width: 390, height: 844 } });
      await page.goto(consentUrl(own, app));
      const height = await page.evaluate("document.documentElement.scrollHeight");
      expect(height).toBeLessThan(1_300);
      await page.getByRole("radio", { name: "회원 59" }).check();
      await page.getByRole("button", { name: "취소" }).click();
      expect(await cameBack(page)).toHaveProperty("error");
    });
  });
});

describe("where others can reach the node", { timeout: scenario_ms }, () => {
  const token = "operator-token-0001";
  const env = { NARU_HOST: "0.0.0.0", NARU_PUBLIC_URL: "http://127.0.0.1:0", NARU_OPERATOR_TOKEN: token };

  it("a person signs in with number and code, at the second attempt", async () => {
    await withNode({ env }, async (own) => {
      const operator = bearer(token);
      const { body } = await own.get<{ merchants: { id: string }[] }>("/naru/v1/merchants", operator);
      const merchantId = body.merchants[0]!.id;
      expect(merchantId).not.toBe(demoMerchant);
      const app = await newApp(own, { ...registered(), merchantId, headers: operator });
      const credentials = await own.get<{ kakaoMoment: { signInCode: string } }>(
        "/naru/v1/sandbox/credentials",
        operator,
      );
      const page = await openPage();
      await followLink(page, consentUrl(own, app));
      expect(await page.getByRole("radio").count()).toBe(0);
      expect(await page.getByText("김나루").count()).toBe(0);

      await page.getByLabel("회원번호").fill(String(demoUsers.kim));
      await page.getByLabel("로그인 코드").fill("wrong");
      await page.getByRole("button", { name: "동의하고 계속하기" }).click();
      expect(await page.getByRole("alert").innerText()).toBe("회원번호 또는 로그인 코드를 확인해 주세요.");
      expect(await page.getByLabel("회원번호").inputValue()).toBe(String(demoUsers.kim));
      expect(await page.getByLabel("로그인 코드").inputValue()).toBe("");

      await page.getByLabel("로그인 코드").fill(credentials.body.kakaoMoment.signInCode);
      await page.keyboard.press("Enter");
      const told = await cameBack(page);
      expect(told.state).toBe(state);
      await issueWith(own, app, told.code!, 12345);
    });
  });

  it("a person declines without signing in", async () => {
    await withNode({ env }, async (own) => {
      const { body } = await own.get<{ merchants: { id: string }[] }>("/naru/v1/merchants", bearer(token));
      const app = await newApp(own, { ...registered(), merchantId: body.merchants[0]!.id, headers: bearer(token) });
      const page = await openPage();
      await page.goto(consentUrl(own, app));
      await page.getByRole("button", { name: "취소" }).click();
      expect(await cameBack(page)).toMatchObject({ error: "access_denied", state });
    });
  });
});
