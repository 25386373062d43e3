import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { Columns, inked, localTime } from "./format.ts";

const columns = [
  { title: "name" },
  { title: "won", right: true },
  { title: "spare", spare: true },
  { title: "text", cut: true },
];

describe("columns", () => {
  it("are under each other, a Korean letter taking two places", () => {
    const lines = new Columns(columns).table([
      ["김은", "1", "x", "가"],
      ["남궁민수", "1,000", "", "나"],
    ]);
    expect(lines).toEqual(["name        won  spare  text", "김은          1  x      가", "남궁민수  1,000         나"]);
  });

  it("become wider as more comes, and never narrower", () => {
    const growing = new Columns([{ title: "a" }, { title: "b" }]);
    expect(growing.lines([["가", "x"]])).toEqual(["가  x"]);
    expect(growing.lines([["가나", "x"]])).toEqual(["가나  x"]);
    expect(growing.lines([["가", "x"]])).toEqual(["가    x"]);
  });

  it("of which all is empty are left out", () => {
    expect(new Columns(columns).table([["김은", "", "", "가"]])).toEqual(["name  text", "김은  가"]);
  });

  it("show what a terminal would take for a command, and do not pass it on", () => {
    const hostile = "홍\u001b[31m길\u009b2J동\r\n\u202e";
    expect(new Columns([{ title: "name" }]).lines([[hostile]])).toEqual(["홍␛[31m길\ufffd2J동␍␊\ufffd"]);
    expect(inked(hostile)).toBe("홍␛[31m길\ufffd2J동␍␊\ufffd");
  });

  it("fit a narrow terminal: text is cut short, and where that is not enough a spare one goes", () => {
    const row = ["홍길동", "1,000", "x".repeat(10), "아주 긴 설명이 여기에 있다"];
    const fitted = (room: number) => new Columns(columns, room).lines([row])[0]!;
    expect(fitted(80)).toBe(`홍길동  1,000  ${"x".repeat(10)}  아주 긴 설명이 여기에 있다`);
    expect(fitted(40)).toBe(`홍길동  1,000  ${"x".repeat(10)}  아주 긴 설명…`);
    expect(fitted(30)).toBe("홍길동  1,000  아주 긴 설명이…");
    for (const room of [80, 40, 30]) expect(stringWidth(fitted(room))).toBeLessThanOrEqual(room);
  });
});

describe("a time", () => {
  it("has its year where that is not this one", () => {
    expect(localTime(new Date().toISOString())).toMatch(/^\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(localTime("2031-05-05T12:00:00Z")).toMatch(/^2031-05-0\d \d\d:\d\d:\d\d$/);
  });
});
