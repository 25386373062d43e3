import { describe, expect, it } from "vitest";
import { languages } from "../../http/page.ts";
import {
  type CheckoutView,
  checkoutPage,
  type FinishedView,
  finishedPage,
  unknownPage,
  waitingPage,
} from "./wallet-page.ts";

const now = new Date("2026-11-22T06:05:00Z");

const declines = [
  "GENERIC_DECLINE",
  "INSUFFICIENT_FUNDS",
  "IS_EXCEEDING_ACCOUNT_LIMIT",
  "AUTHENTICATION_FAILED",
  "EXPIRED_SESSION",
  "IS_NOT_PERMITTED",
  "BLOCKED_ACCOUNT",
  "SUS_FRAUD",
  "SIMULTANEOUS_OPERATION_IN_PROGRESS",
  "UNRESPONSIVE_PROVIDER",
  "PROVIDER_PROCESSING_ERROR",
];

const sample: CheckoutView = {
  shop: "나루 상점",
  method: "KAKAOPAY",
  description: "Order description",
  items: [],
  amount: 15_000,
  currency: "KRW",
  orderReference: null,
  agreement: null,
  dueAt: new Date(now.getTime() + 15 * 60_000),
  now,
  declines,
};

const agreement = { description: "월 이용권", frequency: "MONTHLY", endDate: "2027-11-21" };

/** What people read of a sheet, a line for each element. */
function linesOf({ content }: { content: string }): string[] {
  return content
    .replace(/<\/?(?:bdi|br)>/g, "")
    .replace(/<span class="whole">([^<]*)<\/span>/g, "$1")
    .replace(/<[^>]*>/g, "\n")
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replaceAll("\u00a0", " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** The value and the text of what can be pressed. */
function buttonsOf({ content }: { content: string }): [string, string][] {
  const found = content.matchAll(/<button[^>]* name="decision" value="(\w+)">([^<]*)<\/button>/g);
  return [...found].map(([, value, text]) => [value!, text!.replaceAll("\u00a0", " ")]);
}

describe("the page of a payment", () => {
  it("tells in Korean whom, how much, for what and until when, and what can be done", () => {
    const sheet = checkoutPage(sample, "ko");
    expect([sheet.title, sheet.service]).toEqual(["나루 상점 결제", "카카오페이"]);
    expect(linesOf(sheet).slice(0, 8)).toEqual([
      "나루 상점에 결제합니다",
      "결제 금액",
      "15,000원",
      "주문 내용",
      "Order description",
      "결제 기한",
      "11월 22일 오후 3시 20분까지",
      "한국 시간 · 오후 3시 5분 기준 15분 남음",
    ]);
    expect(buttonsOf(sheet)).toEqual([
      ["pay", "15,000원 결제하기"],
      ["cancel", "취소"],
      ["decline", "거절하기"],
      ["expire", "만료시키기"],
    ]);
  });

  it("and in English", () => {
    const sheet = checkoutPage({ ...sample, orderReference: "A-1" }, "en");
    expect([sheet.title, sheet.service]).toEqual(["Payment to 나루 상점", "KakaoPay"]);
    expect(linesOf(sheet).slice(0, 10)).toEqual([
      "Pay 나루 상점",
      "Amount",
      "₩15,000",
      "Order",
      "Order description",
      "Order no.",
      "A-1",
      "Pay by",
      "November 22, 3:20 PM",
      "Korean time · 15 minutes left at 3:05 PM",
    ]);
    expect(buttonsOf(sheet)).toEqual([
      ["pay", "Pay ₩15,000"],
      ["cancel", "Cancel"],
      ["decline", "Decline"],
      ["expire", "Let it expire"],
    ]);
  });

  it.each([
    [1_234, "EUR", "€12.34 결제하기", "Pay €12.34"],
    [1_234, "KWD", "KWD 1.234 결제하기", "Pay KWD 1.234"],
  ])("in %d %s", (amount, currency, ko, en) => {
    const view = { ...sample, amount, currency };
    expect(buttonsOf(checkoutPage(view, "ko"))[0]).toEqual(["pay", ko]);
    expect(buttonsOf(checkoutPage(view, "en"))[0]).toEqual(["pay", en]);
  });

  it("has each form lead to its own address, and nothing lead to elsewhere", () => {
    const { content } = checkoutPage(sample, "ko");
    expect(content.match(/<form [^>]*>/g)).toEqual(['<form method="post" class="actions">', '<form method="post">']);
    expect(content).not.toMatch(/<script|<a |<img|<link|https?:|style=/);
  });

  it("has the wallet's colour for the wallet only", () => {
    expect(checkoutPage(sample, "ko").content).toContain('<button class="first kakaopay"');
    const mock = checkoutPage({ ...sample, method: "MOCK" }, "ko");
    expect(mock.content).toContain('<button class="first"');
    expect(mock.service).toBe("모의 결제");
    expect(checkoutPage({ ...sample, method: "OTHERPAY" }, "en").service).toBe("OTHERPAY");
  });

  it("says so when its time is over", () => {
    const late = { ...sample, now: sample.dueAt };
    expect(linesOf(checkoutPage(late, "ko"))).toContain("한국 시간 · 기한이 지났습니다");
    expect(linesOf(checkoutPage(late, "en"))).toContain("Korean time · this is over");
  });

  it.each(languages)("escapes what others have named, in %s", (language) => {
    const hostile = `<script>alert("1")</script>' onfocus='x' & <i>`;
    const view = {
      ...sample,
      shop: hostile,
      method: hostile,
      description: hostile,
      items: [{ name: hostile, quantity: 1, amount: 1 }],
      orderReference: hostile.repeat(10),
      agreement: { description: hostile, frequency: hostile, endDate: hostile },
      declines: [hostile],
    };
    const sheets = [
      checkoutPage(view, language),
      waitingPage({ shop: hostile, back: hostile, what: "payment" }, language),
      waitingPage({ shop: hostile, back: null, what: "agreement" }, language),
      finishedPage({ shop: hostile, outcome: "paid" }, language),
    ];
    for (const sheet of sheets) {
      expect(sheet.content).not.toMatch(/<script|<i>|alert\("|onfocus='/);
      expect(linesOf(sheet).join("\n")).toContain(hostile);
    }
  });
});

describe("the items of an order", () => {
  const item = (index: number) => ({ name: `상품 ${index}`, quantity: index, amount: 1_000 });
  const orderOf = (count: number) => ({
    ...sample,
    items: Array.from({ length: count }, (_, index) => item(index + 1)),
  });

  it("are shown with quantity, price and what both make", () => {
    const lines = linesOf(checkoutPage(orderOf(2), "ko"));
    expect(lines.slice(8, 15)).toEqual([
      "주문 상품 2개",
      "상품 1",
      "1,000원 × 1개",
      "1,000원",
      "상품 2",
      "1,000원 × 2개",
      "2,000원",
    ]);
    expect(linesOf(checkoutPage(orderOf(2), "en"))).toEqual(
      expect.arrayContaining(["Items (2)", "₩1,000 × 2", "₩2,000"]),
    );
  });

  it("are scrolled by the keyboard where they are many", () => {
    const scrolls = '<div class="box deep" tabindex="0" role="group" aria-labelledby="items">';
    const { content } = checkoutPage(orderOf(50), "ko");
    expect(content).toContain(scrolls);
    expect(content.match(/<li /g)).toHaveLength(50);
    expect(checkoutPage(orderOf(4), "ko").content).not.toContain("tabindex");
    const named = { ...sample, items: [{ ...item(1), name: "가".repeat(512) }] };
    expect(checkoutPage(named, "ko").content).toContain(scrolls);
  });

  it("are exact however large", () => {
    const items = [{ name: "금", quantity: 2_147_483_647, amount: Number.MAX_SAFE_INTEGER }];
    expect(linesOf(checkoutPage({ ...sample, items }, "ko"))).toContain("19,342,813,104,826,865,393,074,177원");
  });

  it("are not told of where there are none", () => {
    expect(checkoutPage(sample, "ko").content).not.toContain("items");
  });
});

describe("the page of an agreement", () => {
  it("tells what is agreed to, and of the first payment", () => {
    const sheet = checkoutPage({ ...sample, description: null, agreement }, "ko");
    expect(linesOf(sheet).slice(0, 10)).toEqual([
      "나루 상점에 자동결제를 등록합니다",
      "첫 결제 금액",
      "15,000원",
      "등록하면 앞으로 나루 상점의 결제가 확인 절차 없이 이루어집니다.",
      "자동결제",
      "월 이용권",
      "결제 주기",
      "매월",
      "종료일",
      "2027년 11월 21일",
    ]);
    expect(buttonsOf(sheet)[0]).toEqual(["pay", "동의하고 15,000원 결제하기"]);
  });

  it.each([
    ["EXACT", "9,900원", "₩9,900"],
    [null, "9,900원", "₩9,900"],
    ["MAX", "최대 9,900원", "Up to ₩9,900"],
    ["VARIABLE", "9,900원 (달라질 수 있음)", "₩9,900 (may change)"],
  ])("tells of each later payment, %s", (type, ko, en) => {
    const amount = { value: 9_900, currency: "KRW", type };
    const view = { ...sample, agreement: { ...agreement, amount, startDate: "2026-12-21T00:00:00.000Z" } };
    const korean = linesOf(checkoutPage(view, "ko"));
    expect(korean[korean.lastIndexOf("결제 금액") + 1]).toBe(ko);
    expect(korean[korean.indexOf("시작일") + 1]).toBe("2026년 12월 21일");
    const english = linesOf(checkoutPage(view, "en"));
    expect(english[english.lastIndexOf("Amount") + 1]).toBe(en);
    expect(english[english.indexOf("Starts") + 1]).toBe("December 21, 2026");
  });

  it("tells that nothing is paid now", () => {
    const view = { ...sample, amount: null, agreement: { description: null, frequency: null, endDate: null } };
    const korean = checkoutPage(view, "ko");
    expect(linesOf(korean)).toEqual(expect.arrayContaining(["지금 결제되는 금액은 없습니다.", "등록 기한"]));
    expect(buttonsOf(korean)[0]).toEqual(["pay", "동의하고 등록하기"]);
    const english = checkoutPage(view, "en");
    expect(linesOf(english)).toEqual(expect.arrayContaining(["Nothing is paid now.", "Agree by"]));
    expect(buttonsOf(english)[0]).toEqual(["pay", "Agree"]);
  });

  it.each([
    ["DAILY", 1, "매일", "Every day"],
    ["WEEKLY", 2, "2주마다", "Every 2 weeks"],
    ["MONTHLY", 3, "3개월마다", "Every 3 months"],
    ["YEARLY", undefined, "매년", "Every year"],
    ["HOURLY", 2, "HOURLY", "HOURLY"],
  ])("%s by %s is %s, %s", (frequency, interval, ko, en) => {
    const view = { ...sample, agreement: { ...agreement, frequency, interval } };
    expect(linesOf(checkoutPage(view, "ko"))).toContain(ko);
    expect(linesOf(checkoutPage(view, "en"))).toContain(en);
  });
});

describe("what can be declined with", () => {
  it.each(languages)("has a text of its own below each code, in %s", (language) => {
    const { content } = checkoutPage(sample, language);
    const found = [...content.matchAll(/<optgroup label="(\w+)"><option value="(\w+)">([^<]*)<\/option><\/optgroup>/g)];
    expect(found.map(([, code]) => code)).toEqual(declines);
    expect(found.map(([, , code]) => code)).toEqual(declines);
    const explanations = found.map(([, , , text]) => text);
    expect(new Set(explanations).size).toBe(declines.length);
    for (const explanation of explanations) expect(explanation).toMatch(language === "ko" ? /[가-힣]/ : /^[A-Z][a-z]/);
  });

  it("is shown as it is if it is not known", () => {
    const { content } = checkoutPage({ ...sample, declines: ["SOMETHING_NEW"] }, "ko");
    expect(content).toContain('<select name="code"><option value="SOMETHING_NEW">SOMETHING_NEW</option></select>');
  });

  it("may be nothing, and then nothing is declined", () => {
    const sheet = checkoutPage({ ...sample, declines: [] }, "ko");
    expect(sheet.content).not.toContain("<select");
    expect(buttonsOf(sheet).map(([value]) => value)).toEqual(["pay", "cancel", "expire"]);
  });
});

describe("the other pages", () => {
  it.each(languages)("lead back from a payment that is being confirmed, in %s", (language) => {
    const back = 'https://shop.example/?a=1&b="2"';
    const sheet = waitingPage({ shop: "나루 상점", back, what: "payment" }, language);
    expect(sheet.content).toContain('href="https://shop.example/?a&#61;1&#38;b&#61;&#34;2&#34;"');
    expect(linesOf(sheet)[0]).toBe(language === "ko" ? "결제를 확인하고 있습니다" : "Your payment is being confirmed");
  });

  it.each(languages)("lead nowhere where the shopper came from nowhere, in %s", (language) => {
    const sheet = waitingPage({ shop: "나루 상점", back: null, what: "agreement" }, language);
    expect(sheet.content).not.toContain("<a ");
    expect(linesOf(sheet)[0]).toBe(
      language === "ko" ? "자동결제 등록을 확인하고 있습니다" : "Your agreement is being confirmed",
    );
  });

  it.each(languages)("tell in words of their own what became of it, in %s", (language) => {
    const outcomes: FinishedView["outcome"][] = ["paid", "failed", "discarded", "agreed", "not-agreed"];
    const sheets = [
      ...outcomes.map((outcome) => finishedPage({ shop: "나루", outcome }, language)),
      unknownPage(language),
    ];
    expect(new Set(sheets.map((sheet) => linesOf(sheet)[0])).size).toBe(sheets.length);
    for (const { content } of sheets) {
      expect(content.match(/<h1>/g)).toHaveLength(1);
      expect(content).not.toMatch(/<a |<form|<button/);
    }
  });
});
