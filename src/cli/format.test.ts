import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { adAccountColumns } from "./ad-accounts.ts";
import { eventColumns } from "./events.ts";
import { armedColumns, knownColumns } from "./faults.ts";
import { type Column, Columns, inked, localTime } from "./format.ts";
import { merchantColumns } from "./merchants.ts";
import { userColumns } from "./users.ts";
import { listColumns } from "./webhooks.ts";

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
    const hostile = "홍\u001b[31m길\u009b2J동\r\n\u202e\u2028";
    expect(new Columns([{ title: "name" }]).lines([[hostile]])).toEqual(["홍␛[31m길\ufffd2J동␍␊\ufffd\ufffd"]);
    expect(inked(hostile)).toBe("홍␛[31m길\ufffd2J동␍␊\ufffd\ufffd");
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

describe("eighty columns", () => {
  const id = `dlv_${"0".repeat(32)}`;
  const [order, url] = ["주문".repeat(10), `https://shop.example/${"hook/".repeat(10)}`];

  it.each<[string, readonly Column[], string[], string[]]>([
    [
      "webhooks",
      listColumns,
      [id, "2031-05-05 12:00:00", "exhausted", "404", "payment.ready", "imp_1", url],
      [id, "https://shop.exam"],
    ],
    [
      "events",
      eventColumns,
      ["2031-05-05 12:00:00", "payment.partly_refunded", "₩1,234,000,000", "imp_123456789012", order, "홍길동 · 신한"],
      ["payment.partly_refunded", "₩1,234,000,000", "주문"],
    ],
    [
      "ad accounts",
      adAccountColumns,
      ["123456789012345", "광고계정".repeat(10), "off, stopped", "₩1,234,000,000", "₩1,234,000", "1001=master"],
      ["123456789012345", "off, stopped", "₩1,234,000,000", "₩1,234,000"],
    ],
    ["users", userColumns, ["123456789012345", "이름".repeat(20), "yes", "no", "2031-05-05 12:00:00"], ["이름", "no"]],
    [
      "merchants",
      merchantColumns,
      [`mer_${"0".repeat(20)}`, "나루상점", `${"a".repeat(40)} ${"1".repeat(16)}`, "16", "webhookFormat=json"],
      [`mer_${"0".repeat(20)}`, "나루상점", "a".repeat(40)],
    ],
    [
      "armed faults",
      armedColumns,
      ["receipt-timeout-before", "chance 0.25, seed 4294967295", "60 s", "1000", "1000", "the order is lost"],
      ["receipt-timeout-before", "seed 4294967295"],
    ],
  ])("are enough for %s", (_, columns, row, kept) => {
    const lines = new Columns(columns, 80).table([row]);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    for (const text of kept) expect(lines[1]).toContain(text);
  });

  it("are enough for the faults there are, whose explanations go on below", () => {
    const about = "the refund is paid out, and the bank's notice of it comes before its answer, which is late";
    const lines = new Columns(knownColumns, 80).table([["refund-notice-first", about]]);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^ {21}\S/);
    expect(
      lines
        .slice(1)
        .map((line) => line.slice(21))
        .join(" "),
    ).toBe(about);
  });
});

describe("a time", () => {
  it("has its year where that is not this one", () => {
    expect(localTime(new Date().toISOString())).toMatch(/^\d\d-\d\d \d\d:\d\d:\d\d$/);
    expect(localTime("2031-05-05T12:00:00Z")).toMatch(/^2031-05-0\d \d\d:\d\d:\d\d$/);
  });
});
