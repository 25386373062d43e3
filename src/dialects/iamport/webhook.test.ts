import { describe, expect, it } from "vitest";
import type { Event } from "../../core/events/event.ts";
import { answers, Books, dueAt, hour_ms, issuedAt, later, minute_ms } from "../../core/fixtures.fixture.ts";
import type { MerchantSettings } from "../../core/merchants/merchant.ts";
import type { Payment } from "../../core/payments/payment.ts";
import { paidOut } from "../../core/refunds/refund.ts";
import type { Announcement } from "../../core/webhooks/delivery.ts";
import { cancellationId } from "./identifiers.ts";
import { presentPayment } from "./present.ts";
import { iamportAnnouncer, resendDelays_s } from "./webhook.ts";

const announcer = iamportAnnouncer({ announceIssued: true });
const url = "https://shop.example/notice";

type Step = (books: Books) => unknown;

const fixed = () => Books.with({ request: { kind: "fixed" } });
const received: Step = (books) => books.receive();
const again: Step = (books) => books.receive({ transactionId: "btx_2", amount: 4_000 });
const reversed: Step = (books) => books.receive({ kind: "reversal" });
const refunded =
  (amount: number | null): Step =>
  (books) => {
    const asked = books.refund({ amount });
    if (!asked.ok) throw new Error(asked.refusal.code);
    books.answerRefund(answers.succeeded, asked.value.refund.id);
  };

/** What the last step tells of the payment, as that step left it. */
function told(books: Books, ...steps: Step[]): { event: Event; payment: Payment } {
  for (const step of steps) step(books);
  const event = books.events.filter((one) => one.subjectType === "payment").at(-1)!;
  return { event: { id: "evt_1", ...event, announcedTo: null }, payment: { ...books.payment(), noticeUrls: [url] } };
}

function announce(
  { event, payment }: { event: Event; payment: Payment },
  settings: MerchantSettings = {},
): Announcement {
  const [announcement, ...others] = announcer.announce(event, { type: "payment", payment }, settings);
  expect(others).toEqual([]);
  return announcement!;
}

function bodyOf(one: { event: Event; payment: Payment }): object {
  return JSON.parse(announce(one).body);
}

const ids = { imp_uid: "imp_000000000001", merchant_uid: "order-1" };

describe("what is announced", () => {
  const changes = ["payment.paid", "payment.deposited"];
  const cancellations = ["payment.cancelled", "payment.partly_refunded", "payment.reversed", "payment.partly_reversed"];

  it("is deposits and cancellations, always", () => {
    expect(announcer.announces).toEqual([...changes, ...cancellations]);
  });

  it.each<[boolean, MerchantSettings, number]>([
    [true, {}, 1],
    [false, {}, 0],
    [true, { announceIssued: false }, 0],
    [false, { announceIssued: true }, 1],
  ])(
    "is that an account was issued where the node says %s and its merchant %j: %i",
    (announceIssued, settings, count) => {
      const { event, payment } = told(Books.with({}));
      expect(iamportAnnouncer({ announceIssued }).announce(event, { type: "payment", payment }, settings)).toHaveLength(
        count,
      );
    },
  );

  it("goes to every address of the payment", () => {
    const { event, payment } = told(Books.with({}), received);
    const noticeUrls = [url, "https://other.example/notice"];
    const announced = announcer.announce(event, { type: "payment", payment: { ...payment, noticeUrls } }, {});
    expect(announced.map((one) => one.url)).toEqual(noticeUrls);
    expect(announced[0]!.body).toBe(announced[1]!.body);
  });

  it.each<[string, Event["type"], Books, Step[], object]>([
    ["issued", "payment.ready", Books.with({}), [], { status: "ready" }],
    ["paid", "payment.paid", Books.with({}), [received], { status: "paid" }],
    ["a fixed account's first deposit", "payment.paid", fixed(), [received], { status: "paid" }],
    ["a fixed account's second deposit", "payment.deposited", fixed(), [received, again], { status: "paid" }],
    [
      "paid in time, reported after it ran out",
      "payment.paid",
      Books.with({}),
      [
        (books) => books.expire("pay_1", later(dueAt, 1)),
        (books) => books.receive({ occurredAt: dueAt }, later(dueAt, hour_ms)),
      ],
      { status: "paid" },
    ],
    [
      "refunded in full",
      "payment.cancelled",
      Books.with({}),
      [received, refunded(null)],
      { status: "cancelled", cancellation_id: cancellationId("rfd_1") },
    ],
    [
      "refunded in part",
      "payment.partly_refunded",
      Books.with({}),
      [received, refunded(3_000)],
      { status: "cancelled", cancellation_id: cancellationId("rfd_1") },
    ],
    [
      "refunded the rest",
      "payment.cancelled",
      Books.with({}),
      [received, refunded(3_000), refunded(null)],
      { status: "cancelled", cancellation_id: cancellationId("rfd_2") },
    ],
    [
      "taken back by the bank",
      "payment.reversed",
      Books.with({}),
      [received, reversed],
      { status: "cancelled", cancellation_id: cancellationId("dep_1") },
    ],
    [
      "one of two deposits taken back",
      "payment.partly_reversed",
      fixed(),
      [received, again, reversed],
      { status: "cancelled", cancellation_id: cancellationId("dep_1") },
    ],
    [
      "paid out after the bank took it back",
      "payment.partly_refunded",
      Books.with({}),
      [received, (books) => books.refund(), reversed, (books) => books.answerRefund(answers.succeeded)],
      { status: "cancelled", cancellation_id: cancellationId("rfd_1") },
    ],
    [
      "a fixed account that was taken back is paid again",
      "payment.paid",
      fixed(),
      [received, reversed, again],
      { status: "paid" },
    ],
    [
      "a fixed account that was refunded in full is paid again, and stays cancelled",
      "payment.deposited",
      fixed(),
      [received, refunded(null), again],
      { status: "cancelled" },
    ],
  ])("%s", (_name, type, books, steps, fields) => {
    const one = told(books, ...steps);
    expect(one.event.type).toBe(type);
    expect(bodyOf(one)).toEqual({ ...ids, ...fields });
  });

  it("names a cancellation as the payment's history does", () => {
    const books = fixed();
    const announced = [
      told(books, received, refunded(3_000)),
      told(books, again, (one) => one.receive({ transactionId: "btx_2", amount: 4_000, kind: "reversal" }, dueAt)),
    ].map((one) => (bodyOf(one) as { cancellation_id: string }).cancellation_id);
    const deposits = [...books.state.deposits.values()].flat().filter((deposit) => deposit.kind === "credit");
    const refunds = paidOut(books.state.refundsOf("pay_1"));
    const view = { payment: books.payment(), virtualAccount: books.accountOf(), deposits, refunds };
    expect(presentPayment(view).cancel_history.map((one) => one.cancellation_id)).toEqual(announced);
  });

  it.each<[string, Step[]]>([
    ["expiry", [(books) => books.expire("pay_1", later(dueAt, 1))]],
    ["withdrawal", [(books) => books.close("pay_1", later(issuedAt, minute_ms))]],
  ])("is not %s", (_name, steps) => {
    const { event, payment } = told(Books.with({}), ...steps);
    expect(announcer.announce(event, { type: "payment", payment }, {})).toEqual([]);
  });

  it("is not a change of what is due", () => {
    const { event, payment } = told(Books.with({}));
    expect(announcer.announce({ ...event, type: "payment.changed" }, { type: "payment", payment }, {})).toEqual([]);
  });

  it("is not a refund that is on its way or was refused, which changes no payment", () => {
    const books = Books.with({});
    received(books);
    const before = told(books).event;
    books.refund();
    books.answerRefund(answers.unknown);
    books.answerRefund(answers.failed);
    expect(told(books).event).toEqual(before);
  });
});

describe("how it is announced", () => {
  const one = told(Books.with({}), received);

  it("goes to the address it is for, as JSON", () => {
    expect(announce(one)).toMatchObject({
      url,
      headers: { "content-type": "application/json; charset=utf-8", "user-agent": "Naru-Webhook" },
      body: '{"imp_uid":"imp_000000000001","merchant_uid":"order-1","status":"paid"}',
    });
  });

  it("or as a form, where the merchant's receiver reads forms", () => {
    const cancelled = told(Books.with({}), received, refunded(null));
    const { headers, body } = announce(cancelled, { webhookFormat: "form" });
    expect(headers["content-type"]).toBe("application/x-www-form-urlencoded");
    const { cancellation_id } = bodyOf(cancelled) as { cancellation_id: string };
    expect(body).toBe(
      `imp_uid=imp_000000000001&merchant_uid=order-1&status=cancelled&cancellation_id=${cancellation_id}`,
    );
  });

  it("keeps the merchant's own name for the order, whatever is in it", () => {
    const reference = '주문 "1"\\\n';
    expect(bodyOf({ ...one, payment: { ...one.payment, reference } })).toMatchObject({ merchant_uid: reference });
  });

  it.each([
    ["once", false, []],
    ["again after no answer or 5xx, where the merchant asked for it", true, resendDelays_s],
  ])("%s", (_name, resendWebhooks, delays_s) => {
    expect(announce(one, { resendWebhooks })).toMatchObject({
      retryDelays_s: delays_s,
      retryStatus: 500,
      ordered: true,
    });
  });

  it("says the same each time", () => {
    const cancelled = told(Books.with({}), received, refunded(null));
    expect(announce(cancelled)).toEqual(announce(cancelled));
  });
});
