import { describe, expect, it } from "vitest";
import type { Authentication } from "../../core/wallet-charges/charge.ts";
import {
  type Act,
  actedAt,
  agreed,
  agrees,
  apart,
  asking,
  cancels,
  captures,
  chargedAt,
  lateAt,
  price,
  refunds,
  said,
  settledAt,
  voids,
  WalletBooks,
  walletSays,
} from "../../core/wallet-charges/wallet-books.fixture.ts";
import { agreement, charged, checkout } from "./announced.fixture.ts";
import { wireId } from "./identifiers.ts";
import { listOf, presentAgreement, presentAuthentications, presentCharge, presentFunds } from "./present.ts";

/** Where there is a null, or an undefined that is no left-out member. */
function holes(value: unknown, path = ""): string[] {
  if (value === null || value === undefined) return [path];
  if (typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, inner]) => holes(inner, `${path}.${name}`));
}

const paid: Act[] = [agrees, walletSays(said.yes)];
const lists = ["authorizations", "captures", "refunds", "voids", "discards"] as const;

const charges: [string, () => WalletBooks, string][] = [
  ["made, nobody asked", () => charged({ rules: { ...asking, asks: [] } }), "AUTHORIZATION_PROCESSING"],
  ["waiting for the shopper", () => charged({}), "AUTHENTICATION_PENDING"],
  ["being ordered", () => charged({}, agrees), "AUTHORIZATION_PROCESSING"],
  ["of which the wallet does not say", () => charged({}, agrees, walletSays(said.unknown)), "AUTHORIZATION_ASYNC"],
  ["authorized", () => charged({ rules: apart }, ...paid), "CAPTURE_PENDING"],
  ["captured in part", () => charged({ rules: apart }, ...paid, captures(5_000)), "CAPTURE_PENDING"],
  ["captured", () => charged({}, ...paid), "CAPTURED"],
  ["captured, with a void that was refused", () => charged({}, ...paid, voids(1)), "CAPTURED"],
  ["given back in part", () => charged({}, ...paid, refunds(5_000)), "CAPTURED"],
  ["being given back", () => charged({}, ...paid, (books) => books.refund(5_000)), "CAPTURED"],
  ["whose refund was refused", () => charged({}, ...paid, refunds(price + 1)), "CAPTURED"],
  ["given back", () => charged({}, ...paid, refunds(price)), "REFUNDED"],
  ["let go of", () => charged({ rules: apart }, ...paid, voids(price)), "VOIDED"],
  ["given up", () => charged({}, (books) => books.discard()), "DISCARDED"],
  ["timed out", () => charged({}, (books) => books.at(lateAt).sweep()), "DISCARDED"],
  ["declined", () => charged({}, agrees, walletSays(said.no)), "FAILED"],
  ["canceled", () => charged({}, cancels), "FAILED"],
  ["refused at once", () => charged({ amount: 49, reference: null }), "FAILED"],
];

describe("a charge is shown", () => {
  it.each(charges)("%s", (_name, books, status) => {
    const shown = presentCharge(books().view(), checkout);
    expect(shown.status).toBe(status);
    expect(holes(shown)).toEqual([]);
    for (const list of lists) expect(Array.isArray(shown[list])).toBe(true);
    expect(shown.authorizations).toHaveLength(1);
    expect(shown.authenticationMethods !== undefined).toBe(status === "AUTHENTICATION_PENDING");
    for (const one of [
      ...shown.authorizations,
      ...shown.captures,
      ...shown.refunds,
      ...shown.voids,
      ...shown.discards,
    ]) {
      expect((one.failure !== undefined) === (one.status === "FAILED")).toBe(true);
      expect(one._links).toEqual({ payment_charge: { href: `/v1/payment-charges/${wireId("charge", "chg_1")}` } });
    }
  });

  it("whole, as it waits for the shopper", () => {
    const at = chargedAt.toISOString();
    const path = `/v1/payment-charges/${wireId("charge", "chg_1")}`;
    const consumer = { name: "홍길동", country: "KR" };
    const books = charged({
      wireId: wireId("charge", "chg_1"),
      instrumentId: "ins_1",
      details: {
        shown: { consumer, paymentDescriptor: "승선권", labels: { till: "7" }, autoCapture: true },
        settles: { after_s: 0, as: "received" },
        confirms_s: null,
      },
    });
    expect(presentCharge(books.view(), checkout)).toEqual({
      id: wireId("charge", "chg_1"),
      paymentMethod: "KAKAOPAY",
      paymentMedium: "ECOMMERCE",
      instrumentId: wireId("instr", "ins_1"),
      currency: "KRW",
      country: "KR",
      paymentDescriptor: "승선권",
      status: "AUTHENTICATION_PENDING",
      consumer,
      labels: { till: "7" },
      authenticationMethods: [
        {
          type: "REDIRECT",
          details: { requestUrl: checkout.urlOf(wireId("charge", "chg_1")), requestMethod: "GET" },
        },
      ],
      authorizations: [
        {
          id: wireId("authz", "chg_1-0001"),
          amount: price,
          status: "AUTHENTICATION_PENDING",
          merchantPaymentChargeReference: "attempt-1",
          createdAt: at,
          updatedAt: at,
          _links: { payment_charge: { href: path } },
        },
      ],
      captures: [],
      refunds: [],
      voids: [],
      discards: [],
      createdAt: at,
      updatedAt: at,
      _links: {
        self: { href: path },
        authorizations: { href: `${path}/authorizations` },
        captures: { href: `${path}/captures` },
        refunds: { href: `${path}/refunds` },
        voids: { href: `${path}/voids` },
        discards: { href: `${path}/discards` },
      },
    });
  });

  it("with what was done to it, the newest last, and the latest failure", () => {
    const books = charged(
      { rules: apart },
      ...paid,
      (one) => one.capture(5_000, "chg_1", { reference: "part-1", labels: { a: "1" } }),
      (one) => one.void(price, "chg_1", { reference: "void-1" }),
      voids(10_000),
      (one) => one.refund(900, "chg_1", { reference: "return-1", reason: "RETURN", descriptor: "sorry", labels: {} }),
    );
    const shown = presentCharge(books.view(), checkout);
    expect(shown).toMatchObject({
      status: "CAPTURED",
      authorizations: [{ status: "AUTHORIZED", amount: price }],
      captures: [{ status: "CAPTURED", amount: 5_000, merchantCaptureReference: "part-1", labels: { a: "1" } }],
      voids: [
        { status: "FAILED", amount: price, merchantVoidReference: "void-1" },
        { status: "VOIDED", amount: 10_000 },
      ],
      refunds: [
        {
          id: wireId("refund", "rfd_1"),
          status: "PENDING",
          amount: 900,
          merchantRefundReference: "return-1",
          refundReason: "RETURN",
          refundDescriptor: "sorry",
          createdAt: actedAt.toISOString(),
        },
      ],
    });
    expect(shown.failure).toEqual(shown.voids[0]!.failure);
    expect(shown.failure).toMatchObject({ failureCode: "EXCEEDS_AUTHORIZED_AMOUNT", isRetryable: false });
    expect(shown.voids[1]).not.toHaveProperty("merchantVoidReference");
  });

  it.each([
    [
      "given up",
      (books: WalletBooks) => books.discard("chg_1", "mine"),
      "MERCHANT_INITIATED_DISCARD",
      "GENERIC_DECLINE",
    ],
    ["timed out", (books: WalletBooks) => books.at(lateAt).sweep(), "AUTHENTICATION_TIMEOUT", "PAYMENT_METHOD_TIMEOUT"],
  ])("%s, with why its authorization failed", (_name, act, type, failureCode) => {
    const { discards, failure, authorizations } = presentCharge(charged({}, act).view(), checkout);
    expect(discards).toMatchObject([{ status: "DISCARDED", type }]);
    expect(discards[0]).not.toHaveProperty("amount");
    expect(failure).toMatchObject({ failureType: "INTERNAL_DECLINE", failureCode });
    expect(authorizations[0]).toMatchObject({ status: "FAILED", failure });
  });

  it("under an agreement by that, and asked for with it", () => {
    const books = new WalletBooks();
    books.agree({ initial: {} });
    const shown = presentCharge(books.view(), checkout);
    expect(shown.agreementId).toBe(wireId("agr", "agr_1"));
    expect(shown.authenticationMethods![0]!.details.requestUrl).toBe(checkout.urlOf(wireId("agr", "agr_1")));
  });

  it("in lists with the address of the list", () => {
    expect(listOf([], { wireId: "charge_1" }, "captures")).toEqual({
      data: [],
      _links: {
        self: { href: "/v1/payment-charges/charge_1/captures" },
        payment_charge: { href: "/v1/payment-charges/charge_1" },
      },
    });
  });
});

describe("the ways to agree", () => {
  const present = (one: Authentication, dueAt: Date | null = lateAt) =>
    presentAuthentications([one], dueAt, "charge_1", checkout)[0]!;

  it("are shown in their order, with what each needs", () => {
    const all: Authentication[] = [
      { type: "multi-factor" },
      { type: "redirect", returnUrl: "https://shop.example" },
      { type: "scan-code", scanBy: null },
    ];
    const shown = presentAuthentications(all, lateAt, "charge_1", checkout);
    const requestUrl = checkout.urlOf("charge_1");
    expect(shown).toEqual([
      { type: "MULTI_FACTOR", details: {} },
      { type: "REDIRECT", details: { requestUrl, requestMethod: "GET" } },
      {
        type: "SCAN_CODE",
        details: {
          codeType: "QR",
          codeImage: expect.stringMatching(/^data:image\/svg\+xml;base64,[0-9A-Za-z+/]+=*$/),
          codePayload: requestUrl,
          scanBy: lateAt.toISOString(),
        },
      },
    ]);
    expect(JSON.stringify(shown)).not.toContain("shop.example");
  });

  it.each<[string, string | null, Date | null, string | undefined]>([
    ["when the time to agree is over", null, lateAt, lateAt.toISOString()],
    ["when the merchant says, before that", actedAt.toISOString(), lateAt, actedAt.toISOString()],
    ["no later than that, whatever the merchant says", settledAt.toISOString(), lateAt, lateAt.toISOString()],
    ["when the merchant says, where there is no other time", settledAt.toISOString(), null, settledAt.toISOString()],
    ["at no time, where nobody says", null, null, undefined],
  ])("with a code that ends %s", (_name, scanBy, dueAt, shown) => {
    const { details } = present({ type: "scan-code", scanBy }, dueAt);
    expect(details.scanBy).toBe(shown);
    expect("scanBy" in details).toBe(shown !== undefined);
  });
});

describe("funds are shown", () => {
  it("for each capture and refund", () => {
    const books = charged({ rules: apart }, ...paid, captures(5_000), captures(price), refunds(900), (one) =>
      one.refund(1, "chg_1", { reference: "return-2" }),
    );
    const funds = () => presentFunds(books.view());
    expect(funds()).toEqual([
      {
        operationId: wireId("capture", "chg_1-0002"),
        operationType: "CAPTURE",
        fundsStatus: "CAPTURE_FUNDS_WAITING",
        merchantPaymentChargeReference: "attempt-1",
      },
      {
        operationId: wireId("capture", "chg_1-0003"),
        operationType: "CAPTURE",
        fundsStatus: "CAPTURE_FUNDS_NOT_EXPECTED",
        merchantPaymentChargeReference: "attempt-1",
      },
      { operationId: wireId("refund", "rfd_1"), operationType: "REFUND", fundsStatus: "REFUND_FUNDS_SENT" },
      {
        operationId: wireId("refund", "rfd_2"),
        operationType: "REFUND",
        fundsStatus: "REFUND_FUNDS_WAITING",
        merchantRefundReference: "return-2",
      },
    ]);
    books.answerRefund(said.no, "rfd_2");
    books.at(settledAt).sweep();
    expect(funds().map(({ fundsStatus }) => fundsStatus)).toEqual([
      "CAPTURE_FUNDS_RECEIVED",
      "CAPTURE_FUNDS_NOT_EXPECTED",
      "REFUND_FUNDS_SENT",
      "REFUND_FUNDS_NOT_EXPECTED",
    ]);
  });

  it("as nothing of a charge that took nothing", () => {
    expect(presentFunds(charged({}).view())).toEqual([]);
  });
});

describe("an agreement is shown", () => {
  const agreeing: Act = (books) => books.authorize({ agreementId: "agr_1" });
  const says =
    (answer: Parameters<WalletBooks["answer"]>[0]): Act =>
    (books) =>
      books.answer(answer, books.agreement().operationId!);
  const all: [string, Act[], string, string[]][] = [
    ["waiting", [], "AUTHENTICATION_PENDING", ["INITIALIZING", "AUTHENTICATION_PENDING"]],
    [
      "being ordered",
      [agreeing],
      "AUTHORIZATION_PROCESSING",
      ["INITIALIZING", "AUTHENTICATION_PENDING", "AUTHORIZATION_PROCESSING"],
    ],
    [
      "active",
      [agreeing, says(agreed)],
      "ACTIVE",
      ["INITIALIZING", "AUTHENTICATION_PENDING", "AUTHORIZATION_PROCESSING", "ACTIVE"],
    ],
    [
      "declined",
      [agreeing, says(said.no)],
      "FAILED",
      ["INITIALIZING", "AUTHENTICATION_PENDING", "AUTHORIZATION_PROCESSING", "FAILED"],
    ],
    [
      "revoked",
      [agreeing, says(agreed), (books) => books.revoke("agr_1", "provider")],
      "REVOKED_BY_PROVIDER",
      ["INITIALIZING", "AUTHENTICATION_PENDING", "AUTHORIZATION_PROCESSING", "ACTIVE", "REVOKED_BY_PROVIDER"],
    ],
  ];

  it.each(all)("%s", (_name, acts, status, history) => {
    const shown = presentAgreement(agreement({ consumer: { country: "KR" } }, ...acts).agreement(), checkout);
    expect(shown.status).toBe(status);
    expect(holes(shown)).toEqual([]);
    expect(shown.history!.map((entry) => entry.status)).toEqual(history);
    expect(shown.revocations!.map(({ revocationStatus }) => revocationStatus)).toEqual(
      status.startsWith("REVOKED") ? [status] : [],
    );
    expect(shown.failure !== undefined).toBe(status === "FAILED");
    expect(shown.history!.at(-1)!.failure).toEqual(shown.failure);
    expect(shown.authenticationMethods !== undefined).toBe(status === "AUTHENTICATION_PENDING");
    expect(JSON.stringify(shown)).not.toMatch(/sealed|wbk_/);
  });

  it("with its terms and its first charge", () => {
    const books = new WalletBooks();
    const terms = { consumer: { country: "KR" }, description: "monthly", amountType: "MAX", labels: { a: "1" } };
    books.agree({ details: { shown: terms }, initial: {} });
    expect(presentAgreement(books.agreement(), checkout)).toMatchObject({
      id: "agr_wire_1",
      paymentMethod: "KAKAOPAY",
      merchantPaymentAgreementReference: "subscription-1",
      initialPaymentChargeId: wireId("charge", "chg_1"),
      authenticationMethods: [
        { type: "REDIRECT", details: { requestUrl: checkout.urlOf(wireId("agr", "agr_1")), requestMethod: "GET" } },
      ],
      ...terms,
    });
  });
});
