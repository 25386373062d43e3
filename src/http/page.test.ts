import fastify from "fastify";
import { describe, expect, it } from "vitest";
import { type Language, languageOf, sendPage, wantsPage } from "./page.ts";

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
