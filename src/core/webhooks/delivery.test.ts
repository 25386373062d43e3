import { describe, expect, it } from "vitest";
import { issuedAt } from "../fixtures.fixture.ts";
import { type AttemptOutcome, judgeAttempt, newDeliveries, readNoticeUrl } from "./delivery.ts";

/** I'mport's re-sends: up to five, a minute apart. */
const resends = [60, 60, 60, 60, 60];
const once: number[] = [];
const answered = (status: number): AttemptOutcome => ({ status, error: null, answer: "OK", duration_ms: 12 });
const failed: AttemptOutcome = { status: null, error: "connect ECONNREFUSED", answer: null, duration_ms: 3 };

describe("what becomes of a delivery after an attempt", () => {
  it.each([
    ["200 to the first", answered(200), 1, resends, { state: "delivered" }],
    ["204", answered(204), 1, resends, { state: "delivered" }],
    ["299", answered(299), 1, resends, { state: "delivered" }],
    ["200 to the last", answered(200), 6, resends, { state: "delivered" }],
    ["200 where nothing is sent again", answered(200), 1, once, { state: "delivered" }],
    ["no answer", failed, 1, resends, { state: "pending", wait_s: 60 }],
    ["no answer to the fifth", failed, 5, resends, { state: "pending", wait_s: 60 }],
    ["no answer to the sixth", failed, 6, resends, { state: "exhausted" }],
    ["no answer where nothing is sent again", failed, 1, once, { state: "exhausted" }],
    ["500", answered(500), 1, resends, { state: "pending", wait_s: 60 }],
    ["503", answered(503), 1, resends, { state: "pending", wait_s: 60 }],
    ["599", answered(599), 5, resends, { state: "pending", wait_s: 60 }],
    ["500 to the sixth", answered(500), 6, resends, { state: "exhausted" }],
    ["500 where nothing is sent again", answered(500), 1, once, { state: "exhausted" }],
    ["a redirect, which is not followed", answered(302), 1, resends, { state: "exhausted" }],
    ["400", answered(400), 1, resends, { state: "exhausted" }],
    ["404", answered(404), 1, resends, { state: "exhausted" }],
    ["408", answered(408), 1, resends, { state: "exhausted" }],
    ["429", answered(429), 1, resends, { state: "exhausted" }],
    ["499", answered(499), 1, resends, { state: "exhausted" }],
    ["the n-th wait follows the n-th attempt", failed, 2, [1, 10, 100], { state: "pending", wait_s: 10 }],
    ["a wait of no time is a wait", failed, 1, [0], { state: "pending", wait_s: 0 }],
  ] as const)("%s", (_name, outcome, attempt, delays_s, verdict) => {
    expect(judgeAttempt(outcome, attempt, { retryDelaysS: [...delays_s], retryStatus: 500 })).toEqual(verdict);
  });
});

describe("a dialect that takes only 2xx for an answer", () => {
  it("sends again after a redirect and a 4xx too", () => {
    const schedule = { retryDelaysS: resends, retryStatus: 300 };
    expect(judgeAttempt(answered(302), 1, schedule)).toEqual({ state: "pending", wait_s: 60 });
    expect(judgeAttempt(answered(410), 1, schedule)).toEqual({ state: "pending", wait_s: 60 });
  });
});

describe("deliveries of an event", () => {
  const event = {
    id: "evt_1",
    merchantId: "mer_1",
    subjectType: "payment",
    subjectId: "pay_1",
    subjectSeq: 2,
    paymentId: "pay_1",
    type: "payment.paid",
    data: { state: "paid" },
    at: issuedAt,
    announcedTo: null,
  } as const;

  it("are one per address, due at once, and carry the bytes as they were announced", () => {
    const urls = ["https://shop.example/a", "https://shop.example/b"];
    const made = newDeliveries(
      event,
      "iamport",
      urls.map((url) => ({
        url,
        headers: { "user-agent": "Naru" },
        body: "{}",
        retryDelays_s: resends,
        retryStatus: 500,
        ordered: true,
      })),
    );
    expect(new Set(made.map((delivery) => delivery.id)).size).toBe(2);
    expect(made.map((delivery) => delivery.url)).toEqual(urls);
    expect(made.map((delivery) => delivery.receiver)).toEqual(["mer_1 shop.example/a", "mer_1 shop.example/b"]);
    for (const delivery of made) {
      expect(delivery).toMatchObject({
        eventId: "evt_1",
        subjectSeq: 2,
        body: "{}",
        state: "pending",
        attempts: 0,
        tries: 0,
        dialect: "iamport",
        queuedAt: issuedAt,
        nextAttemptAt: issuedAt,
        retryDelaysS: resends,
        leaseId: null,
      });
    }
  });

  it("are none for an event that is not announced", () => {
    expect(newDeliveries(event, "iamport", [])).toEqual([]);
  });
});

describe("an address of notices", () => {
  it.each([
    ["https://shop.example/hook", "https://shop.example/hook"],
    ["HTTP://Shop.Example:80/hook?order=1", "http://shop.example/hook?order=1"],
    ["https://나루.example/주문", "https://xn--910br1n.example/%EC%A3%BC%EB%AC%B8"],
    ["http://shop.example/a\tb\r\nc", "http://shop.example/abc"],
  ])("%j is kept as it is called", (text, href) => {
    expect(readNoticeUrl(text)).toBe(href);
  });

  it.each([
    ["another scheme", "ftp://shop.example/"],
    ["no address", "http://"],
    ["credentials", "https://user:secret@shop.example/"],
    ["more than an index takes, as it is called", `http://shop.example/${"나".repeat(700)}`],
    ["a host that no name can have", `http://${Array(60).fill("나".repeat(30)).join(".")}/`],
  ])("with %s is none", (_name, text) => {
    expect(readNoticeUrl(text)).toBeUndefined();
  });
});
