import { describe, expect, it } from "vitest";
import type { ChargeWish } from "../../core/wallet-charges/decide.ts";
import {
  type Act,
  agreed,
  agrees,
  apart,
  cancels,
  captures,
  lateAt,
  price,
  said,
  settledAt,
  voids,
  WalletBooks,
  walletSays,
} from "../../core/wallet-charges/wallet-books.fixture.ts";
import { agreement, announce, announcer, bodyOf, charged, checkout } from "./announced.fixture.ts";
import { wireId } from "./identifiers.ts";
import { webhookEvents } from "./webhook.ts";

const shown = {
  paymentMedium: "POS",
  initiator: "CONSUMER",
  paymentDescriptor: "나룻배 승선권",
  consumer: { name: "홍길동", country: "KR" },
  order: { orderReferenceNumber: "order-1", orderItems: [{ name: "승선권", quantity: 1, amount: price }] },
  authenticationSettings: [{ type: "REDIRECT", settings: { returnUrl: "https://shop.example/orders/1" } }],
  instrument: { type: "PASSTHROUGH_WALLET" },
};

const money = (value: number) => ({ value, currency: "KRW" });
const charge = {
  paymentChargeId: "charge_1",
  paymentMethod: "KAKAOPAY",
  merchantPaymentChargeReference: "attempt-1",
  merchantId: "merch_shop",
};
const authorizationId = wireId("authz", "chg_1-0001");
const step = (prefix: "capture" | "void", place: number) => ({
  [`${prefix}Id`]: wireId(prefix, `chg_1-000${place}`),
});
const methods = [{ type: "REDIRECT", details: { requestUrl: checkout.urlOf("charge_1"), requestMethod: "GET" } }];
const insufficient = {
  failureType: "PROVIDER_DECLINE",
  failureCode: "INSUFFICIENT_FUNDS",
  providerFailureCode: "LACK_BALANCE",
  failureMessage: "Payment Authorization Failed, insufficient funds",
};
const declined = (failureCode: string) => ({ failureType: "INTERNAL_DECLINE", failureCode });
const refunds =
  (amount: number, reference: string | null = null): Act =>
  (books) =>
    books.refund(amount, "chg_1", { reference });
const answersRefund =
  (answer: Parameters<WalletBooks["answerRefund"]>[0]): Act =>
  (books) =>
    books.answerRefund(answer);
const paid: Act[] = [agrees, walletSays(said.yes)];

/** What is announced, of which event, with which status and what beside what all have. */
const told: [string, string, () => WalletBooks, string, object][] = [
  [
    "PAYMENT_CHARGE_CREATED",
    "charge.created",
    () => charged({}),
    "AUTHORIZATION_PROCESSING",
    { paymentMedium: "ECOMMERCE", amount: money(price) },
  ],
  [
    "PAYMENT_CHARGE_CREATED",
    "charge.created",
    () => charged({ reference: null, details: { ...detailsOf(shown), settles: { after_s: 0, as: "not-expected" } } }),
    "AUTHORIZATION_PROCESSING",
    { ...shown, merchantPaymentChargeReference: undefined, orderReferenceNumber: "order-1", amount: money(price) },
  ],
  [
    "PAYMENT_CHARGE_AUTHENTICATION_PENDING",
    "charge.authentication_pending",
    () => charged({}),
    "AUTHENTICATION_PENDING",
    { authorizationId, amount: money(price), authenticationMethods: methods },
  ],
  [
    "PAYMENT_CHARGE_PROVIDER_CONFIRMATION_PENDING",
    "charge.confirmation_pending",
    () => charged({}, agrees, walletSays(said.unknown)),
    "AUTHORIZATION_ASYNC",
    { authorizationId, amount: money(price) },
  ],
  [
    "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED",
    "charge.authorized",
    () => charged({}, ...paid),
    "CAPTURE_PROCESSING",
    { authorizationId, amount: money(price), isMultiStep: false },
  ],
  [
    "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED",
    "charge.authorized",
    () => charged({ rules: apart }, ...paid),
    "CAPTURE_PENDING",
    { authorizationId, amount: money(price), isMultiStep: true },
  ],
  [
    "PAYMENT_CHARGE_AUTHORIZATION_FAILED",
    "charge.authorization_failed",
    () => charged({}, agrees, walletSays(said.no)),
    "FAILED",
    { authorizationId, amount: money(price), failure: insufficient },
  ],
  [
    "PAYMENT_CHARGE_AUTHORIZATION_FAILED",
    "charge.authorization_failed",
    () => charged({ amount: 49 }),
    "FAILED",
    {
      authorizationId,
      amount: money(49),
      failure: {
        ...declined("AMOUNT_NOT_SUPPORTED"),
        failureMessage: "The amount is outside the range that the payment method supports",
      },
    },
  ],
  [
    "PAYMENT_CHARGE_AUTHORIZATION_FAILED",
    "charge.authorization_failed",
    () => charged({}, cancels),
    "FAILED",
    {
      authorizationId,
      amount: money(price),
      failure: {
        failureType: "PROVIDER_DECLINE",
        failureCode: "CANCELED_BY_CONSUMER",
        failureMessage: "The payment was canceled by the consumer",
      },
    },
  ],
  [
    "PAYMENT_CHARGE_CAPTURE_SUCCEEDED",
    "charge.captured",
    () => charged({}, ...paid),
    "CAPTURED",
    { ...step("capture", 2), amount: money(price) },
  ],
  [
    "PAYMENT_CHARGE_CAPTURE_SUCCEEDED",
    "charge.captured",
    () => charged({ rules: apart }, ...paid, (one) => one.capture(5_000, "chg_1", { reference: "part-1" })),
    "CAPTURE_PENDING",
    { ...step("capture", 2), amount: money(5_000), merchantCaptureReference: "part-1" },
  ],
  [
    "PAYMENT_CHARGE_CAPTURE_FAILED",
    "charge.capture_failed",
    () => charged({}, captures(5_000)),
    "AUTHENTICATION_PENDING",
    {
      ...step("capture", 2),
      amount: money(5_000),
      failure: { ...declined("NO_AUTHORIZED_AMOUNT"), failureMessage: "Nothing is authorized" },
    },
  ],
  [
    "PAYMENT_CHARGE_VOID_SUCCEEDED",
    "charge.voided",
    () => charged({ rules: apart }, ...paid, (one) => one.void(price, "chg_1", { reference: "void-1" })),
    "VOIDED",
    { ...step("void", 2), amount: money(price), merchantVoidReference: "void-1" },
  ],
  [
    "PAYMENT_CHARGE_VOID_FAILED",
    "charge.void_failed",
    () => charged({}, ...paid, voids(1)),
    "CAPTURED",
    {
      ...step("void", 3),
      amount: money(1),
      failure: {
        ...declined("EXCEEDS_AUTHORIZED_AMOUNT"),
        failureMessage: "The amount exceeds what is left of the authorized amount",
      },
    },
  ],
  [
    "PAYMENT_CHARGE_REFUND_PENDING",
    "charge.refund_pending",
    () => charged({}, ...paid, refunds(900, "return-1"), answersRefund(said.unknown)),
    "CAPTURED",
    { refundId: wireId("refund", "rfd_1"), amount: money(900), merchantRefundReference: "return-1" },
  ],
  [
    "PAYMENT_CHARGE_REFUND_SUCCEEDED",
    "charge.refunded",
    () => charged({}, ...paid, refunds(900), answersRefund(said.yes)),
    "CAPTURED",
    { refundId: wireId("refund", "rfd_1"), amount: money(900) },
  ],
  [
    "PAYMENT_CHARGE_REFUND_SUCCEEDED",
    "charge.refunded",
    () => charged({}, ...paid, refunds(price), answersRefund(said.yes)),
    "REFUNDED",
    { refundId: wireId("refund", "rfd_1"), amount: money(price) },
  ],
  [
    "PAYMENT_CHARGE_REFUND_FAILED",
    "charge.refund_failed",
    () => charged({}, ...paid, refunds(price + 1, "return-1")),
    "CAPTURED",
    {
      refundId: wireId("refund", "rfd_1"),
      amount: money(price + 1),
      merchantRefundReference: "return-1",
      failure: {
        ...declined("EXCEEDS_CAPTURED_AMOUNT"),
        failureMessage: "The amount exceeds what is left of the captured amount",
      },
    },
  ],
  [
    "PAYMENT_CHARGE_REFUND_FAILED",
    "charge.refund_failed",
    () => charged({}, ...paid, refunds(900), answersRefund(said.no)),
    "CAPTURED",
    { refundId: wireId("refund", "rfd_1"), amount: money(900), failure: insufficient },
  ],
  [
    "PAYMENT_CHARGE_DISCARDED",
    "charge.discarded",
    () => charged({}, (books) => books.at(lateAt).sweep()),
    "DISCARDED",
    { discardType: "AUTHENTICATION_TIMEOUT", authorizationId, amount: money(price) },
  ],
  [
    "PAYMENT_CHARGE_DISCARDED",
    "charge.discarded",
    () => charged({}, agrees, walletSays(said.never)),
    "DISCARDED",
    { discardType: "PROVIDER_CONFIRMATION_TIMEOUT", authorizationId, amount: money(price) },
  ],
  [
    "PAYMENT_CHARGE_DISCARDED",
    "charge.discarded",
    () => charged({}, (books) => books.discard("chg_1", "given-up")),
    "DISCARDED",
    {
      discardType: "MERCHANT_INITIATED_DISCARD",
      authorizationId,
      amount: money(price),
      merchantDiscardReference: "given-up",
    },
  ],
  [
    "PAYMENT_CHARGE_DISCARD_FAILED",
    "charge.discard_failed",
    () => charged({}, ...paid, (books) => books.discard()),
    "CAPTURED",
    { discardType: "MERCHANT_INITIATED_DISCARD", authorizationId, amount: money(price) },
  ],
  [
    "FUNDS_STATE_CHANGED",
    "charge.funds_changed",
    () => charged({ rules: apart }, ...paid, captures(5_000), (books) => books.at(settledAt).sweep()),
    "CAPTURE_PENDING",
    {
      paymentOperationId: wireId("capture", "chg_1-0002"),
      paymentOperationType: "CAPTURE",
      fundsState: "CAPTURE_FUNDS_RECEIVED",
      amount: money(5_000),
    },
  ],
];

function detailsOf(all: object): ChargeWish["details"] {
  return { shown: all as never, settles: { after_s: 0, as: "received" }, confirms_s: null };
}

describe("what is announced of a charge", () => {
  it.each(told)("%s, of %s", (type, coreType, books, status, more) => {
    const { data, ...envelope } = bodyOf(books(), coreType);
    expect(envelope).toMatchObject({ type, subject: "charge_1" });
    // As it is sent: without what there is nothing to say of.
    const said = { ...charge, paymentChargeStatus: status, type, ...more };
    expect(data).toEqual(JSON.parse(JSON.stringify(said)));
  });

  it("is every event that is published of charges and their funds", () => {
    const published = webhookEvents.filter((type) => !type.startsWith("PAYMENT_AGREEMENT_"));
    expect([...new Set(told.map(([type]) => type))].sort()).toEqual([...published].sort());
  });

  it("is not that the wallet is being asked, nor anything of its payment or its refund by itself", () => {
    const books = charged({}, ...paid, refunds(price), answersRefund(said.yes));
    for (const type of ["charge.authorizing", "payment.ready", "payment.paid", "payment.cancelled"]) {
      expect(announce(books, type)).toEqual([]);
    }
    expect(announcer.announces).toEqual([]);
  });

  it("sends the shopper to the agreement with which the charge is agreed to", () => {
    const books = new WalletBooks();
    books.agree({ initial: {} });
    const { authenticationMethods } = bodyOf(books, "charge.authentication_pending").data;
    expect(authenticationMethods[0].details.requestUrl).toBe(checkout.urlOf(wireId("agr", "agr_1")));
  });

  it("is the charge as the event left it, though more came of the same change", () => {
    const books = charged({}, ...paid);
    const statuses = ["charge.created", "charge.authorized", "charge.captured"].map(
      (type) => bodyOf(books, type).data.paymentChargeStatus,
    );
    expect(statuses).toEqual(["AUTHORIZATION_PROCESSING", "CAPTURE_PROCESSING", "CAPTURED"]);
  });
});

const terms = {
  description: "monthly",
  startDate: "2026-04-01T00:00:00.000Z",
  endDate: "2027-04-01T00:00:00.000Z",
  frequency: { type: "MONTHLY", interval: 1 },
  amount: money(9_900),
  amountType: "MAX",
  consumer: { country: "KR" },
};
const agreeing: Act = (books) => books.authorize({ agreementId: "agr_1" });
const says =
  (answer: Parameters<WalletBooks["answer"]>[0]): Act =>
  (books) =>
    books.answer(answer, books.agreement().operationId!);
const active = (...acts: Act[]) => agreement({}, agreeing, says(agreed), ...acts);
const agreementMethods = [
  { type: "REDIRECT", details: { requestUrl: checkout.urlOf("agr_wire_1"), requestMethod: "GET" } },
];

const toldOfAgreements: [string, string, () => WalletBooks, string, object][] = [
  ["PAYMENT_AGREEMENT_CREATED", "agreement.created", () => agreement(terms), "INITIALIZING", terms],
  [
    "PAYMENT_AGREEMENT_AUTHENTICATION_PENDING",
    "agreement.authentication_pending",
    () => agreement(terms),
    "AUTHENTICATION_PENDING",
    { authenticationMethods: agreementMethods },
  ],
  ["PAYMENT_AGREEMENT_ACTIVE", "agreement.active", () => active(), "ACTIVE", {}],
  [
    "PAYMENT_AGREEMENT_FAILED",
    "agreement.failed",
    () => agreement({}, agreeing, says(said.no)),
    "FAILED",
    { failure: insufficient },
  ],
  ...(["merchant", "consumer", "provider"] as const).map((by): (typeof toldOfAgreements)[number] => [
    `PAYMENT_AGREEMENT_REVOKED_BY_${by.toUpperCase()}`,
    `agreement.revoked_by_${by}`,
    () => active((books) => books.revoke("agr_1", by)),
    `REVOKED_BY_${by.toUpperCase()}`,
    {},
  ]),
];

describe("what is announced of an agreement", () => {
  it.each(toldOfAgreements)("%s, of %s", (type, coreType, books, status, more) => {
    const { data, ...envelope } = bodyOf(books(), coreType);
    expect(envelope).toMatchObject({ type, subject: "agr_wire_1" });
    expect(data).toEqual({
      paymentAgreementId: "agr_wire_1",
      paymentAgreementStatus: status,
      paymentMethod: "KAKAOPAY",
      merchantPaymentAgreementReference: "subscription-1",
      merchantId: "merch_shop",
      type,
      ...more,
    });
  });

  it("is every event of which Naru has the change", () => {
    const published = webhookEvents.filter((type) => type.startsWith("PAYMENT_AGREEMENT_"));
    expect(toldOfAgreements.map(([type]) => type).sort()).toEqual([...published].sort());
  });

  it("is not that the wallet is being asked, or does not say", () => {
    const books = agreement({}, agreeing, says(said.unknown));
    expect(announce(books, "agreement.authorizing")).toEqual([]);
    expect(announce(books, "agreement.confirmation_pending")).toEqual([]);
  });
});
