import { describe, expect, it } from "vitest";
import type { Language } from "../../http/page.ts";
import { amountText, clockText, dayText, momentText, spanText } from "./wallet-words.ts";

/** A currency and its amount are kept on one line, and so is the time of a clock. */
const plain = (text: string) => text.replaceAll("\u00a0", " ");

describe("an amount", () => {
  it.each<[number | bigint, string, string, string]>([
    [15_000, "KRW", "15,000원", "₩15,000"],
    [0, "KRW", "0원", "₩0"],
    [-500, "KRW", "-500원", "-₩500"],
    [1_234, "EUR", "€12.34", "€12.34"],
    [5, "EUR", "€0.05", "€0.05"],
    [1_234_567, "KWD", "KWD 1,234.567", "KWD 1,234.567"],
    [100, "JPY", "JP¥100", "¥100"],
    // Two digits by ISO 4217, though nobody pays with them.
    [15_000, "HUF", "HUF 150.00", "HUF 150.00"],
    [1_000, "IQD", "IQD 1.000", "IQD 1.000"],
    [10_000, "CLF", "CLF 1.0000", "CLF 1.0000"],
    // To the last digit.
    [Number.MAX_SAFE_INTEGER, "KWD", "KWD 9,007,199,254,740.991", "KWD 9,007,199,254,740.991"],
    [19_807_040_619_342_712_359_383_728_129n, "KRW", "19,807,040,619,342,712,359,383,728,129원", ""],
  ])("of %d %s is %s, %s", (amount, currency, ko, en) => {
    expect(plain(amountText(amount, currency, "ko"))).toBe(ko);
    if (en !== "") expect(plain(amountText(amount, currency, "en"))).toBe(en);
  });
});

describe("a moment", () => {
  const now = new Date("2026-11-22T06:05:00Z");

  it.each([
    ["2026-11-22T06:20:59.999Z", "11월 22일 오후 3시 20분", "November 22, 3:20 PM"],
    ["2026-11-22T15:00:00Z", "11월 23일 오전 12시", "November 23, 12:00 AM"],
    ["2026-11-22T03:05:00Z", "11월 22일 오후 12시 5분", "November 22, 12:05 PM"],
    // The year's end in Korea.
    ["2026-12-31T14:59:00Z", "12월 31일 오후 11시 59분", "December 31, 11:59 PM"],
    ["2026-12-31T15:00:00Z", "2027년 1월 1일 오전 12시", "January 1, 2027, 12:00 AM"],
  ])("%s is %s, %s", (time, ko, en) => {
    expect(plain(momentText(new Date(time), now, "ko"))).toBe(ko);
    expect(plain(momentText(new Date(time), now, "en"))).toBe(en);
  });

  it("has a clock's time", () => {
    expect([clockText(now, "ko"), clockText(now, "en")]).toEqual(["오후\u00a03시\u00a05분", "3:05\u00a0PM"]);
  });
});

describe("a day", () => {
  it.each<[string, Language, string]>([
    ["2027-03-05", "ko", "2027년 3월 5일"],
    ["2027-03-05", "en", "March 5, 2027"],
    ["2027-03-05T15:00:00.000Z", "ko", "2027년 3월 6일"],
    ["2027-13-45", "ko", "2027-13-45"],
    ["someday 12", "en", "someday 12"],
  ])("%s in %s is %s", (text, language, shown) => {
    expect(dayText(text, language)).toBe(shown);
  });
});

describe("a span", () => {
  it.each([
    [59_999, "1분 미만", "less than a minute"],
    [60_000, "1분", "1 minute"],
    [15 * 60_000, "15분", "15 minutes"],
    [3_600_000, "1시간", "1 hour"],
    [3_900_000, "1시간 5분", "1 hour 5 minutes"],
    [86_400_000, "1일", "1 day"],
    [2 * 86_400_000 + 3 * 3_600_000 + 59_000, "2일 3시간", "2 days 3 hours"],
  ])("of %d ms is %s, %s", (span_ms, ko, en) => {
    expect([spanText(span_ms, "ko"), spanText(span_ms, "en")]).toEqual([ko, en]);
  });
});
