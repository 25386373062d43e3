import { describe, expect, it } from "vitest";
import { redact, validator } from "../../../http/validate.ts";
import {
  AgreementChargeRequest,
  AgreementRequest,
  CaptureRequest,
  ChargeRequest,
  ConfirmRequest,
  DiscardRequest,
  fieldLimits,
  InstrumentRequest,
  RefundRequest,
  RevocationRequest,
  SearchQuery,
  VoidRequest,
} from "./index.ts";

const requests = {
  AgreementChargeRequest,
  AgreementRequest,
  CaptureRequest,
  ChargeRequest,
  ConfirmRequest,
  DiscardRequest,
  InstrumentRequest,
  RefundRequest,
  RevocationRequest,
  SearchQuery,
  VoidRequest,
};

/** Paths of what may be of any length or number. */
function unbounded(schema: object, path: string): string[] {
  const { type, properties = {}, items } = schema as { type?: string; properties?: object; items?: object };
  const bounds: Record<string, string[]> = { string: ["maxLength", "pattern"], array: ["maxItems"] };
  const isMap = type === "object" && !("properties" in schema);
  const wanted = isMap ? ["maxProperties"] : (bounds[type ?? ""] ?? []);
  const here = wanted.length === 0 || wanted.some((bound) => bound in schema) ? [] : [path];
  const parts: [string, object][] = [
    ...Object.entries(properties),
    ...(items ? [["*", items] as [string, object]] : []),
  ];
  return [...here, ...parts.flatMap(([name, part]) => unbounded(part, `${path}.${name}`))];
}

describe.each(Object.entries(requests))("%s", (name, schema) => {
  it("is bounded in every part", () => {
    expect(unbounded(schema, name)).toEqual([]);
  });

  it("has an example that is read as it stands", () => {
    const { example = {} } = schema as { example?: Record<string, unknown> };
    expect(validator(schema, "strict")(example)).toEqual({ ok: true, value: example });
  });
});

const least = {
  paymentMethod: "KAKAOPAY",
  amount: { value: 15_000, currency: "KRW" },
  consumer: { country: "KR" },
};
const charge = (fields: object) => validator(ChargeRequest, "strict")({ ...least, ...fields });
const consumer = (fields: object) => ({ consumer: { country: "KR", ...fields } });
const settings = (...all: unknown[]) => ({ authenticationSettings: all });
const many = (count: number, item: unknown) => Array.from({ length: count }, () => item);
const labelled = (count: number) => Object.fromEntries(many(count, "").map((label, index) => [`k${index}`, label]));
const address = (length: number) => `https://${"a".repeat(length - 8)}`;
const item = { name: "tea", quantity: 1, amount: 5_000 };

describe("a charge", () => {
  it.each([
    ["amounts that rules judge", { amount: { value: -1, currency: "KRW" } }],
    ["a setting without settings", settings({ type: "MULTI_FACTOR" }, { type: "SCAN_CODE" })],
    ["as many settings as there may be", settings(...many(20, { type: "REDIRECT" }))],
    ["as many items as there may be", { order: { orderItems: many(200, item) } }],
    ["as many labels as there may be", { labels: labelled(50) }],
    ["the longest label", { labels: { ["k".repeat(50)]: "v".repeat(200) } }],
    ["the longest text", { paymentDescriptor: "가".repeat(512) }],
    ["the longest address", { webhooksUrl: address(2_048) }],
    ["an empty text", { paymentDescriptor: "" }],
    ["an instrument of a type without details", { instrument: { type: "TWINT_WALLET" } }],
    ["a card, so that it can be refused by name", { instrument: { type: "RAW_CARD", details: { number: "4" } } }],
  ])("may have %s", (_name, fields) => {
    expect(charge(fields)).toEqual({ ok: true, value: { ...least, ...fields } });
  });

  const type = (field: string, wanted: unknown) => ({ kind: "type", field, wanted });
  it.each([
    ["no consumer", { consumer: null }, { kind: "missing", field: "consumer" }],
    ["a consumer of no country", { consumer: {} }, { kind: "missing", field: "consumer.country" }],
    ["a method in small letters", { paymentMethod: "kakaopay" }, type("paymentMethod", expect.any(String))],
    ["a country in small letters", consumer({ country: "kr" }), type("consumer.country", expect.any(String))],
    [
      "a currency of four letters",
      { amount: { value: 1, currency: "KRWO" } },
      type("amount.currency", expect.any(String)),
    ],
    ["an amount of text", { amount: { value: "1", currency: "KRW" } }, type("amount.value", "integer")],
    ["a locale without a country", consumer({ locale: "ko" }), type("consumer.locale", expect.any(String))],
    [
      "a locale of six characters",
      consumer({ locale: "kor-KR" }),
      { kind: "too-long", field: "consumer.locale", length: 5 },
    ],
    ["no IP address", consumer({ client: { ip: "x" } }), type("consumer.client.ip", "an IPv4 or IPv6 address")],
    ["too long an address", { webhooksUrl: address(2_049) }, { kind: "too-long", field: "webhooksUrl", length: 2_048 }],
    [
      "too long a text",
      { paymentDescriptor: "a".repeat(513) },
      { kind: "too-long", field: "paymentDescriptor", length: 512 },
    ],
    ["an unknown way to agree", settings({ type: "SMS" }), type("authenticationSettings.0.type", expect.any(String))],
    [
      "a setting of another type",
      settings({ type: "REDIRECT" }, { type: "REDIRECT", settings: { returnUrl: 1 } }),
      type("authenticationSettings.1.settings.returnUrl", "string"),
    ],
    [
      "too many settings",
      settings(...many(21, { type: "REDIRECT" })),
      { kind: "too-many", field: "authenticationSettings", count: 20 },
    ],
    [
      "too many items",
      { order: { orderItems: many(201, item) } },
      { kind: "too-many", field: "order.orderItems", count: 200 },
    ],
    [
      "a quantity beyond 32 bits",
      { order: { orderItems: [{ ...item, quantity: 2 ** 31 }] } },
      { kind: "range", field: "order.orderItems.0.quantity", wanted: `<= ${fieldLimits.int32_max}` },
    ],
    ["too many labels", { labels: labelled(51) }, { kind: "too-many", field: "labels", count: 50 }],
    ["too long a label", { labels: { k: "v".repeat(201) } }, { kind: "too-long", field: "labels.k", length: 200 }],
    ["too long a label's name", { labels: { ["k".repeat(51)]: "" } }, type("labels", expect.any(String))],
    ["an unknown instrument", { instrument: { type: "KAKAOPAY" } }, type("instrument.type", expect.any(String))],
  ])("may not have %s", (_name, fields, problem) => {
    expect(charge(fields)).toEqual({ ok: false, problem });
  });
});

it("an agreement knows no app to come back to", () => {
  const read = validator(AgreementRequest, "strict");
  const { amount: _, ...request } = { ...least, ...settings({ type: "APP_INTENT" }) };
  expect(read(request)).toMatchObject({ ok: false, problem: { field: "authenticationSettings.0.type" } });
});

it.each([RefundRequest, CaptureRequest, VoidRequest])(
  "nothing and less cannot be captured, refunded or voided",
  (schema) => {
    const problem = { kind: "range", field: "amount", wanted: ">= 1" };
    expect(validator(schema, "strict")({ amount: 0 })).toEqual({ ok: false, problem });
  },
);

it("a refund's reason may be misspelt as it was published", () => {
  const value = { amount: 900, refundReason: "DUPLCIATE" };
  expect(validator(RefundRequest, "strict")(value)).toEqual({ ok: true, value });
});

describe("of what is kept", () => {
  it("a charge's consumer cannot be told", () => {
    const address = { firstName: "길동", street: "세종대로 1", country: "KR" };
    const sent = {
      ...least,
      consumer: {
        name: "홍길동",
        email: "a@b.example",
        phone: "+821012345678",
        birthDate: "1995-06-06",
        country: "KR",
        client: { ip: "203.0.113.7", userAgent: "Mozilla" },
        taxIdentification: "1",
        merchantConsumerReference: "c1",
        billingAddress: address,
      },
      order: { shippingAddress: address, industryData: [{ type: "AIRLINE", details: { passengerName: "홍길동" } }] },
      instrument: { type: "BANK_ACCOUNT", details: { accountNumber: "1" } },
      instrumentUpdateDetails: { type: "RAW_CARD", details: { cvv: "123" } },
      ...settings(
        { type: "APP_NOTIFICATION", settings: { instrumentProviderIdentity: "a@b.example" } },
        { type: "MULTI_FACTOR", settings: { verificationCode: "777123" } },
      ),
      labels: { k: "v" },
      pin: "1234",
    };
    const masked = { firstName: "***", street: "***", country: "***" };
    expect(redact(ChargeRequest, sent)).toEqual({
      ...least,
      consumer: {
        name: "***",
        email: "***",
        phone: "***",
        birthDate: "***",
        country: "KR",
        client: { ip: "***", userAgent: "Mozilla" },
        taxIdentification: "***",
        merchantConsumerReference: "c1",
        billingAddress: masked,
      },
      order: { shippingAddress: masked, industryData: [{ type: "AIRLINE", details: "***" }] },
      instrument: { type: "BANK_ACCOUNT", details: "***" },
      instrumentUpdateDetails: { type: "RAW_CARD", details: "***" },
      ...settings(
        { type: "APP_NOTIFICATION", settings: { instrumentProviderIdentity: "***" } },
        { type: "MULTI_FACTOR", settings: { verificationCode: "***" } },
      ),
      labels: { k: "v" },
    });
  });

  it("what confirms an authentication cannot be used again", () => {
    const authenticationResult = { type: "MULTI_FACTOR", details: { verificationCode: "777123" } };
    const kept = { authenticationResult: { ...authenticationResult, details: "***" } };
    expect(redact(ConfirmRequest, { authenticationResult })).toEqual(kept);
  });
});
