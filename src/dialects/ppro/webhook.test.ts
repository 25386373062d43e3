import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { MerchantSettings } from "../../core/merchants/merchant.ts";
import { actedAt, cancels, chargedAt } from "../../core/wallet-charges/wallet-books.fixture.ts";
import { judgeAttempt } from "../../core/webhooks/delivery.ts";
import { announce, announcer, bodyOf, charged, secret, withId } from "./announced.fixture.ts";
import { readWebhooksUrl, retryDelays_s, signatures } from "./webhook.ts";

describe("how it is announced", () => {
  const books = charged({ noticeUrls: ["https://a.example/hook", "https://b.example/hook"] });
  const [first, second] = announce(books, "charge.created");

  it("goes to every address of the charge, as JSON, one after another", () => {
    expect([first!.url, second!.url]).toEqual(["https://a.example/hook", "https://b.example/hook"]);
    expect(first).toMatchObject({ body: second!.body, ordered: true });
    expect(first!.headers).toEqual({ "content-type": "application/json", "user-agent": "Naru-Webhook" });
    expect(announce(charged({ noticeUrls: [] }), "charge.created")).toEqual([]);
  });

  it("is an envelope of CloudEvents as PPRO writes it", () => {
    const { data: _, ...envelope } = JSON.parse(first!.body);
    expect(envelope).toEqual({
      specversion: "1.0.2",
      type: "PAYMENT_CHARGE_CREATED",
      source: "https://www.ppro.com",
      subject: "charge_1",
      id: expect.stringMatching(/^[0-9A-Za-z]{21}$/),
      time: chargedAt.toISOString(),
      datacontenttype: "application/json",
    });
    expect(bodyOf(charged({}, cancels), "charge.authorization_failed").time).toBe(actedAt.toISOString());
  });

  it("has the event's id, the same each time and another for each", () => {
    const event = withId(books, "charge.created");
    const idOf = (id: string) =>
      JSON.parse(announcer.announce({ ...event, id }, books.subjectOf(event), {})[0]!.body).id;
    expect(idOf("evt_1")).toBe(idOf("evt_1"));
    expect(idOf("evt_2")).not.toBe(idOf("evt_1"));
    expect(announce(books, "charge.created")).toEqual(announce(books, "charge.created"));
  });

  it.each<[MerchantSettings, number]>([
    [{}, 2],
    [{ webhookEvents: [] }, 0],
    [{ webhookEvents: ["PAYMENT_CHARGE_CAPTURE_SUCCEEDED"] }, 0],
    [{ webhookEvents: ["PAYMENT_CHARGE_CAPTURE_SUCCEEDED", "PAYMENT_CHARGE_CREATED"] }, 2],
  ])("is not announced where the merchant wants others: %j", (settings, count) => {
    expect(announce(books, "charge.created", settings)).toHaveLength(count);
  });

  it("is sent fifteen times at the published moments, unless it is taken", () => {
    const schedule = { retryDelaysS: first!.retryDelays_s, retryStatus: first!.retryStatus };
    const offsets_s = [0];
    for (let attempt = 1; ; attempt += 1) {
      const verdict = judgeAttempt({ status: 500 }, attempt, schedule);
      if (verdict.state !== "pending") break;
      offsets_s.push(offsets_s.at(-1)! + verdict.wait_s);
    }
    expect(offsets_s).toEqual([
      0, 15, 45, 105, 225, 465, 945, 1_905, 3_825, 7_665, 15_345, 30_705, 61_425, 122_865, 245_745,
    ]);
    expect(first!.retryDelays_s).toEqual(retryDelays_s);
  });

  it.each<[number | null, string]>([
    [200, "delivered"],
    [204, "delivered"],
    [299, "delivered"],
    [300, "pending"],
    [302, "pending"],
    [400, "pending"],
    [404, "pending"],
    [410, "pending"],
    [503, "pending"],
    [null, "pending"],
  ])("is answered %s, and so it is %s", (status, state) => {
    const schedule = { retryDelaysS: first!.retryDelays_s, retryStatus: first!.retryStatus };
    expect(judgeAttempt({ status }, 1, schedule).state).toBe(state);
  });
});

describe("signatures", () => {
  const body = '{"specversion":"1.0.2","type":"PAYMENT_CHARGE_CREATED"}';

  it("are those of the published way, of the bytes that are sent", () => {
    expect(signatures(secret, body, new Date(1_780_000_000_999))).toEqual({
      "webhook-signature": "308a1fbf62a9f9f435fc8ef72e5b892b16b9c588c09f161f5fb13aef13dfe0dc",
      "ppro-signature": "t=1780000000,s=f0f0c0a4f8ce8d5b7af6dafccf02d1cb1e311d3d12d1b6e474c71f26c4040f25",
    });
  });

  it("are of letters beyond ASCII as they are sent", () => {
    const korean = '{"name":"홍길동"}';
    const digest = createHmac("sha256", secret)
      .update(Buffer.from(`0.${korean}`, "utf8"))
      .digest("hex");
    expect(signatures(secret, korean, new Date(0))["ppro-signature"]).toBe(`t=0,s=${digest}`);
  });

  it("are made anew for each attempt, by the merchant's secret, beside the headers that the merchant wants", async () => {
    const [announcement] = announce(charged({}), "charge.created");
    const sent = { merchantId: "mer_shop", url: announcement!.url, body: announcement!.body };
    const at = [new Date(1_780_000_000_000), new Date(1_780_000_015_000)];
    const [one, other] = await Promise.all(at.map((time) => announcer.sign!(sent, time)));
    expect(one).toEqual({ "x-shop": "mer_shop", ...signatures(secret, sent.body, at[0]!) });
    expect(other!["ppro-signature"]).toMatch(/^t=1780000015,s=[0-9a-f]{64}$/);
    expect(other!["webhook-signature"]).toBe(one!["webhook-signature"]);
  });
});

describe("a webhooksUrl", () => {
  it.each([
    "https://shop.example/hook",
    "https://shop.example:8443/hook?a=b&c=%20",
    "https://shop.example",
    "https://127.0.0.1/hook",
  ])("may be %s", (url) => {
    expect(readWebhooksUrl(url, false)).toBe(new URL(url).href);
  });

  it.each([
    "http://shop.example/hook",
    "ftp://shop.example/hook",
    "javascript:alert(1)",
    "https://user:secret@shop.example/hook",
    "https://user@shop.example/hook",
    "https://",
    "shop.example/hook",
    "https://shop.example/hook ",
    " https://shop.example/hook",
    "https://shop.example/ho ok",
    "https://shop.example/hook\nx-header: 1",
    "https://shop.example/<hook>",
    `https://shop.example/${"a".repeat(2_048)}`,
    "",
  ])("may not be %j, wherever the node is reached from", (url) => {
    expect(readWebhooksUrl(url, false)).toBeUndefined();
    expect(readWebhooksUrl(url, true)).toBeUndefined();
  });

  it.each(["http://localhost:3000/hook", "http://127.0.0.1:3000/hook", "http://[::1]:3000/hook"])(
    "may be %s where only this machine reaches the node",
    (url) => {
      expect(readWebhooksUrl(url, true)).toBe(url);
      expect(readWebhooksUrl(url, false)).toBeUndefined();
    },
  );
});
