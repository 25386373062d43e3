import fastify from "fastify";
import { describe, expect, it } from "vitest";
import { type Language, languageOf, sendPage, wantsPage, withQuery } from "./page.ts";

describe("the language of a page", () => {
  it.each<[string | undefined, Language]>([
    [undefined, "ko"],
    ["", "ko"],
    ["ko", "ko"],
    ["ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", "ko"],
    ["en", "en"],
    ["EN-us", "en"],
    ["en-GB,en;q=0.9,ko;q=0.8", "en"],
    ["fr, en;q=0.5, ko;q=0.7", "ko"],
    ["ko;q=0.1,en;q=0.9", "en"],
    ["ja, fr;q=0.5", "ko"],
    ["*", "ko"],
    ["ja,en;q=0.1", "en"],
    // Equally liked: the first.
    ["en,ko", "en"],
    // Not liked at all.
    ["en;q=0", "ko"],
    ["ko;q=0, en", "en"],
    ["en;q=0.000,ja", "ko"],
    // Languages of their own.
    ["kok-IN,en;q=0.5", "en"],
    ["enm", "ko"],
    ["en ; q=0.3 , ko ; q=0.4", "ko"],
    ["en;q=nothing,ko;q=0.5", "en"],
    [";;;,,,;q=1", "ko"],
  ])("%s is %s", (header, language) => {
    expect(languageOf(header)).toBe(language);
  });
});

describe("a page is for", () => {
  it.each<[string | undefined, boolean]>([
    ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true],
    ["text/html", true],
    ["*/*", false],
    ["application/json", false],
    ["", false],
    [undefined, false],
  ])("%s: %s", (accept, wanted) => {
    expect(wantsPage(accept)).toBe(wanted);
  });
});

describe("an address with more in its query", () => {
  const id = "payment-charge-id=charge_1";

  it.each([
    ["without a query", "https://shop.example/done", `https://shop.example/done?${id}`],
    ["without a path", "https://shop.example", `https://shop.example/?${id}`],
    ["with a query", "https://shop.example/done?order=1&of=2", `https://shop.example/done?order=1&of=2&${id}`],
    ["with an empty query", "https://shop.example/done?", `https://shop.example/done?${id}`],
    ["with a fragment", "https://shop.example/done#paid", `https://shop.example/done?${id}#paid`],
    ["with both", "https://shop.example/done?order=1#paid", `https://shop.example/done?order=1&${id}#paid`],
    ["with a fragment like a query", "https://shop.example/#/done?a=1", `https://shop.example/?${id}#/done?a=1`],
    ["with an empty fragment", "https://shop.example/done#", `https://shop.example/done?${id}#`],
    ["with a query and an empty fragment", "https://shop.example/?a=1#", `https://shop.example/?a=1&${id}#`],
    ["with empty pairs", "https://shop.example/?&a=1&&b&c=", `https://shop.example/?a=1&b&c=&${id}`],
    // To the letter: neither a plus nor what is no percent encoding is written anew.
    [
      "written loosely",
      "https://shop.example/?a=b+c%20d&e=%zz&f=x=y?z",
      `https://shop.example/?a=b+c%20d&e=%zz&f=x=y?z&${id}`,
    ],
    ["that says a name twice", "https://shop.example/?a=1&a=2", `https://shop.example/?a=1&a=2&${id}`],
    [
      "in Korean",
      "https://나루.example/결제?상점=나루#끝",
      `https://xn--910br1n.example/%EA%B2%B0%EC%A0%9C?%EC%83%81%EC%A0%90=%EB%82%98%EB%A3%A8&${id}#%EB%81%9D`,
    ],
  ])("%s", (_, address, expected) => {
    expect(withQuery(address, { "payment-charge-id": "charge_1" })).toBe(expected);
  });

  it.each([
    "payment-charge-id=old",
    "payment-charge-id=old&payment-charge-id=older",
    "payment-charge-id",
    "payment%2Dcharge%2did=old",
  ])("instead of %s", (query) => {
    const address = withQuery(`https://shop.example/?a=1&${query}&b=2`, { "payment-charge-id": "charge_1" });
    expect(address).toBe(`https://shop.example/?a=1&b=2&${id}`);
  });

  it("keeps what is only named alike, and what every object has", () => {
    const query = "payment-charge-ids=1&Payment-Charge-Id=2&toString=3&__proto__=4";
    expect(withQuery(`https://shop.example/?${query}`, { "payment-charge-id": "charge_1" })).toBe(
      `https://shop.example/?${query}&${id}`,
    );
  });

  it("encodes what is added, several at once", () => {
    const added = { first: "a b&c=d#e+f", second: "값" };
    expect(withQuery("https://shop.example/", added)).toBe(
      "https://shop.example/?first=a%20b%26c%3Dd%23e%2Bf&second=%EA%B0%92",
    );
  });
});

describe("a page that is sent", () => {
  const page = { language: "ko", title: "제목", service: "결제", sandbox: false, content: "<h1>제목</h1>" } as const;

  it.each([
    [undefined, undefined],
    [3, "3"],
  ])("is asked for again after %s seconds", async (refresh_s, header) => {
    const server = fastify();
    server.get("/", (_, reply) => sendPage(reply, 200, { ...page, refresh_s }));
    const { headers } = await server.inject("/");
    expect(headers.refresh).toBe(header);
    await server.close();
  });
});
