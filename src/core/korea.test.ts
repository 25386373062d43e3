import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addMonths, koreanDateTime, koreanDay, koreanDigits, koreanHour } from "./korea.ts";

const years = { min: new Date("2000-01-01T00:00:00Z"), max: new Date("2199-12-31T00:00:00Z"), noInvalidDate: true };

describe("Korean time", () => {
  it.each([
    ["2020-08-17T08:28:12.683Z", "2020-08-17T17:28:12.683"],
    ["2025-12-31T14:59:59.999Z", "2025-12-31T23:59:59.999"],
    ["2025-12-31T15:00:00.000Z", "2026-01-01T00:00:00.000"],
    ["2024-02-28T15:00:00.000Z", "2024-02-29T00:00:00.000"],
  ])("of %s is %s", (time, shown) => {
    expect(koreanDateTime(new Date(time))).toBe(shown);
  });

  it("is what a clock in Seoul shows", () => {
    const clock = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Seoul", dateStyle: "short", timeStyle: "medium" });
    fc.assert(
      fc.property(fc.date(years), (time) => {
        expect(koreanDateTime(time).slice(0, 19).replace("T", " ")).toBe(clock.format(time));
        expect(koreanHour(time)).toBe(Number(koreanDateTime(time).slice(11, 13)));
      }),
    );
  });

  it("of a later month is of the same day and time, or of that month's last day", () => {
    fc.assert(
      fc.property(fc.date(years), fc.integer({ min: 0, max: 40 }), (time, months) => {
        const [before, after] = [koreanDateTime(time), koreanDateTime(addMonths(time, months))];
        const monthOf = (text: string) => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7));
        expect(monthOf(after) - monthOf(before)).toBe(months);
        expect(after.slice(10)).toBe(before.slice(10));
        const lastDay = new Date(Date.UTC(Number(after.slice(0, 4)), Number(after.slice(5, 7)), 0)).getUTCDate();
        expect(Number(after.slice(8, 10))).toBe(Math.min(Number(before.slice(8, 10)), lastDay));
      }),
    );
  });

  it("in 17 digits is the same", () => {
    expect(koreanDigits(new Date("2020-08-17T08:28:12.683Z"))).toBe("20200817172812683");
    expect(koreanDigits(new Date("2025-12-31T15:00:00.000Z"))).toBe("20260101000000000");
  });

  it("of a day begins at midnight in Seoul", () => {
    expect(koreanDay("20260101")).toEqual(new Date("2025-12-31T15:00:00.000Z"));
    fc.assert(
      fc.property(fc.date(years), (time) => {
        const begins = koreanDay(koreanDigits(time).slice(0, 8))!;
        expect(koreanDigits(begins)).toBe(`${koreanDigits(time).slice(0, 8)}000000000`);
        expect(time.getTime() - begins.getTime()).toBeLessThan(24 * 60 * 60 * 1000);
      }),
    );
  });

  it.each([
    "20260229",
    "20260431",
    "20261301",
    "20260100",
    "20260001",
    "2026-1-1",
    "2026011",
    "202601011",
    "",
    "abcdefgh",
  ])("has no day %j", (text) => {
    expect(koreanDay(text)).toBeUndefined();
  });
});
