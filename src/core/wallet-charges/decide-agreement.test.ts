import { describe, expect, it } from "vitest";
import { callTimeout_ms, deepFreeze, later, merchantId, realTime } from "../fixtures.fixture.ts";
import type { OperationAnswer } from "../operations/operation.ts";
import type { Agreement, AgreementState, Revoker } from "./agreement.ts";
import { type ChargeWish, decideAuthorization, type MethodRules } from "./decide.ts";
import { type AgreementWish, decideRevoke } from "./decide-agreement.ts";
import {
  type Act,
  actedAt,
  agreed,
  apart,
  asking,
  chargedAt,
  effectOf,
  eventLine,
  having,
  lateAt,
  price,
  redirect,
  said,
  settledAt,
  unasking,
  WalletBooks,
} from "./wallet-books.fixture.ts";

const of = { agreementId: "agr_1" };

/** An agreement, with a first charge if there is an `initial`. */
function agreement(initial: Partial<ChargeWish> | undefined, rules: MethodRules, ...acts: Act[]): WalletBooks {
  const books = new WalletBooks();
  books.agree({ rules, ...(initial && { initial: { rules, ...initial } }) });
  return having(books, ...acts);
}

const agrees: Act = (books) => books.authorize(of);
const says =
  (answer: OperationAnswer): Act =>
  (books) =>
    books.answer(answer, books.agreement().operationId!);
const revokes =
  (by: Revoker = "merchant"): Act =>
  (books) =>
    books.revoke("agr_1", by);
const at =
  (now: Date, act: Act): Act =>
  (books) =>
    act(books.at(now));

describe("an agreement that is made", () => {
  it("waits for the shopper, without anything to pay", () => {
    const books = agreement(undefined, asking);
    expect(books.agreement()).toEqual({
      id: "agr_1",
      merchantId,
      dialect: "ppro",
      wireId: "agr_wire_1",
      reference: "subscription-1",
      initialChargeId: null,
      instrumentId: null,
      channelId: "chn_1",
      connector: "sandbox",
      method: "KAKAOPAY",
      state: "authenticating",
      authentications: [redirect],
      dueAt: lateAt,
      operationId: null,
      billingKeyEncrypted: null,
      failure: null,
      history: [
        { id: "agr_1-0001", state: "initializing", failure: null, at: chargedAt.toISOString() },
        { id: "agr_1-0002", state: "authenticating", failure: null, at: chargedAt.toISOString() },
      ],
      revocations: [],
      noticeUrls: ["https://shop.example/notice"],
      details: { shown: {} },
      createdAt: chargedAt,
      updatedAt: chargedAt,
      eventSeq: 2,
    } satisfies Agreement);
    const told = { merchantId, subjectType: "agreement", subjectId: "agr_1", paymentId: null, at: chargedAt };
    expect(books.events).toEqual([
      { ...told, subjectSeq: 1, type: "agreement.created", data: { state: "initializing" } },
      { ...told, subjectSeq: 2, type: "agreement.authentication_pending", data: { state: "authenticating" } },
    ]);
    expect(books.state.operations.size + books.state.charges.size).toBe(0);
  });

  it("waits for the shopper with its first charge, which has no time of its own", () => {
    const books = agreement({}, asking);
    expect(books.agreement()).toMatchObject({ initialChargeId: "chg_1", dueAt: lateAt });
    expect(books.charged()).toMatchObject({
      agreementId: "agr_1",
      state: "authenticating",
      authentications: [redirect],
      dueAt: null,
      operationId: null,
    });
    expect(books.events.map(eventLine)).toEqual([
      "agreement.created initializing",
      "agreement.authentication_pending authenticating",
      "payment.ready ready",
      "charge.created authorizing",
      "charge.authentication_pending authenticating",
    ]);
    expect(books.state.operations.size).toBe(0);
  });

  it("is ordered at once with its first charge where nobody is asked", () => {
    const books = agreement({}, unasking);
    expect(books.agreement()).toMatchObject({ state: "authorizing", operationId: "op_agr_1", dueAt: null });
    expect(books.charged()).toMatchObject({ state: "authorizing", operationId: null });
    expect([...books.state.operations.values()]).toMatchObject([
      { id: "op_agr_1", kind: "authorization", subjectId: "agr_1", validUntil: later(realTime, callTimeout_ms) },
    ]);
  });

  it.each<[string, Partial<AgreementWish>, Partial<ChargeWish> | undefined, string | undefined]>([
    ["a method that nobody knows", { rules: null }, undefined, "invalid-payment-method"],
    ["another country", { country: "JP" }, undefined, "country-not-supported"],
    ["no way to agree", { offered: [] }, undefined, "invalid-authentication-settings"],
    ["a first charge of too much", {}, { amount: 2_000_001 }, "amount-not-supported"],
    ["a first charge of nothing", {}, { amount: 0 }, "amount-not-supported"],
    ["a first charge in another currency", {}, { currency: "USD" }, "invalid-currency"],
    ["no first charge, which has no amount", {}, undefined, undefined],
  ])("with %s", (_name, wanted, initial, code) => {
    const books = new WalletBooks();
    const { checkout, operation } = books.agree({ ...wanted, ...(initial && { initial }) });
    expect(operation).toBeUndefined();
    const { state, failure } = checkout.agreement;
    expect([state, failure?.code]).toEqual([code === undefined ? "authenticating" : "failed", code]);
    if (code === undefined) return;
    // Nothing was begun, so there is no charge that failed with it.
    expect(checkout.charge).toBeUndefined();
    expect(checkout.agreement).toMatchObject({ initialChargeId: null, dueAt: null, authentications: [] });
    expect(checkout.agreement.history.map((entry) => [entry.state, entry.failure?.code])).toEqual([
      ["initializing", undefined],
      ["failed", code],
    ]);
    expect(books.state.charges.size + books.state.payments.size).toBe(0);
    expect(books.events.map(eventLine)).toEqual(["agreement.created initializing", "agreement.failed failed"]);
  });

  it("with an instrument that is not there fails", () => {
    const { agreement } = new WalletBooks().agree({}, "instr_nobodys").checkout;
    expect(agreement).toMatchObject({ state: "failed", failure: { by: "naru", code: "instrument-not-found" } });
  });
});

const books = {
  authenticating: () => agreement({}, asking),
  authorizing: () => agreement({}, asking, agrees),
  "authorizing, nobody asked": () => agreement({}, unasking),
  confirming: () => agreement({}, asking, agrees, says(said.unknown)),
  active: () => agreement({}, asking, agrees, says(agreed)),
  failed: () => agreement({}, asking, agrees, says(said.no)),
  "revoked by the merchant": () => agreement({}, asking, agrees, says(agreed), revokes()),
  "revoked by the provider": () => agreement({}, asking, agrees, says(agreed), revokes("provider")),
} satisfies Record<string, () => WalletBooks>;
type State = keyof typeof books;
const all = Object.keys(books) as State[];

const acts = {
  "the shopper agrees": agrees,
  "the shopper agrees too late": at(lateAt, agrees),
  "the shopper cancels": (one: WalletBooks) => one.end("canceled-by-consumer", of),
  "the shopper has it expire": (one: WalletBooks) => one.end("expired", of),
  "a moment before the time is over": at(later(lateAt, -1), (one) => one.sweep()),
  "the time is over": at(lateAt, (one) => one.sweep()),
  "the wallet says yes": says(agreed),
  "the wallet says no": says(said.no),
  "the wallet does not say": says(said.unknown),
  "the wallet never had the order": says(said.never),
  "the merchant revokes it": revokes(),
  "the consumer revokes it": revokes("consumer"),
  "the provider revokes it": revokes("provider"),
} satisfies Record<string, Act>;
type Event = keyof typeof acts;

/** What becomes of it and of its first charge, and which events of it are told; only what changes. */
const changes: [Event, State, AgreementState, string, string[]][] = [
  ["the shopper agrees", "authenticating", "authorizing", "authorizing", ["agreement.authorizing"]],
  ["the shopper agrees too late", "authenticating", "failed", "discarded", ["agreement.failed"]],
  ["the shopper cancels", "authenticating", "failed", "failed", ["agreement.failed"]],
  ["the shopper has it expire", "authenticating", "failed", "discarded", ["agreement.failed"]],
  ["the time is over", "authenticating", "failed", "discarded", ["agreement.failed"]],
  ["the wallet says yes", "authorizing", "active", "captured", ["agreement.active"]],
  ["the wallet says yes", "authorizing, nobody asked", "active", "captured", ["agreement.active"]],
  ["the wallet says yes", "confirming", "active", "captured", ["agreement.active"]],
  ["the wallet says no", "authorizing", "failed", "failed", ["agreement.failed"]],
  ["the wallet says no", "authorizing, nobody asked", "failed", "failed", ["agreement.failed"]],
  ["the wallet says no", "confirming", "failed", "failed", ["agreement.failed"]],
  ["the wallet does not say", "authorizing", "confirming", "confirming", ["agreement.confirmation_pending"]],
  [
    "the wallet does not say",
    "authorizing, nobody asked",
    "confirming",
    "confirming",
    ["agreement.confirmation_pending"],
  ],
  ["the wallet never had the order", "authorizing", "failed", "discarded", ["agreement.failed"]],
  ["the wallet never had the order", "authorizing, nobody asked", "failed", "discarded", ["agreement.failed"]],
  ["the wallet never had the order", "confirming", "failed", "discarded", ["agreement.failed"]],
  ["the merchant revokes it", "active", "revoked-by-merchant", "captured", ["agreement.revoked_by_merchant"]],
  ["the consumer revokes it", "active", "revoked-by-consumer", "captured", ["agreement.revoked_by_consumer"]],
  ["the provider revokes it", "active", "revoked-by-provider", "captured", ["agreement.revoked_by_provider"]],
];

describe("the table of an agreement's states", () => {
  const cells = (Object.keys(acts) as Event[])
    .flatMap((event) => all.map((state) => ({ event, state })))
    // Before the shopper agreed the wallet was not asked.
    .filter(({ event, state }) => !(event.startsWith("the wallet") && state === "authenticating"));

  it.each(cells)("$state: $event", ({ event, state }) => {
    const one = books[state]();
    const before = [one.agreement().state, one.charged().state];
    const rows = one.rows();
    const { events } = effectOf(one, acts[event]);
    const change = changes.find(([when, from]) => when === event && from === state);
    const [, , agreementState, chargeState, told] = change ?? [event, state, ...before, []];
    expect([one.agreement().state, one.charged().state]).toEqual([agreementState, chargeState]);
    const ofAgreement = events.filter((line) => line.startsWith("agreement."));
    expect(ofAgreement).toEqual((told as string[]).map((type) => `${type} ${agreementState}`));
    if (change === undefined) expect(one.rows()).toEqual(rows);
  });

  it.each(changes)("%s, %s: without a first charge, the same", (event, state, becomes, _charge, told) => {
    const path: Record<string, Act[]> = {
      authorizing: [agrees],
      confirming: [agrees, says(said.unknown)],
      active: [agrees, says(agreed)],
    };
    const alone = agreement(
      undefined,
      state === "authorizing, nobody asked" ? unasking : asking,
      ...(path[state] ?? []),
    );
    const { events } = effectOf(alone, acts[event]);
    expect(alone.agreement().state).toBe(becomes);
    expect(events).toEqual(told.map((type) => `${type} ${becomes}`));
  });

  it("has an entry of its history and one event for every change, numbered", () => {
    const one = agreement({}, asking, agrees, says(said.unknown), says(agreed), revokes());
    const { history, eventSeq } = one.agreement();
    expect(history.map((entry) => `${entry.id} ${entry.state}`)).toEqual([
      "agr_1-0001 initializing",
      "agr_1-0002 authenticating",
      "agr_1-0003 authorizing",
      "agr_1-0004 confirming",
      "agr_1-0005 active",
      "agr_1-0006 revoked-by-merchant",
    ]);
    const told = one.events.filter(({ subjectType }) => subjectType === "agreement");
    expect(told.map(({ subjectSeq, data }) => [subjectSeq, data.state])).toEqual(
      history.map(({ state }, index) => [index + 1, state]),
    );
    expect(eventSeq).toBe(history.length);
  });
});

describe("what the wallet says of an agreement", () => {
  it("is kept: the key by which later charges are made, until it is revoked", () => {
    const one = books.active();
    expect(one.agreement()).toMatchObject({ billingKeyEncrypted: "sealed", failure: null, dueAt: null });
    one.revoke();
    expect(one.agreement()).toMatchObject({
      billingKeyEncrypted: null,
      revocations: [{ id: "agr_1-0001", by: "merchant", at: actedAt.toISOString() }],
    });
  });

  it("is said of its first charge too, in one", () => {
    const { code, message, providerCode } = said.no;
    const failure = { by: "wallet", code, message, providerCode };
    const one = books.failed();
    expect([one.agreement().failure, one.charged().failure]).toEqual([failure, failure]);
    expect(one.agreement().history.at(-1)).toMatchObject({ state: "failed", failure });
    expect(books.active().view()).toMatchObject({
      payment: { state: "paid", paidAmount: price, providerTransaction: "wau_1" },
      steps: [{ transactionId: "wau_1" }, { kind: "capture", amount: price }],
    });
  });

  it("leaves a first charge to be captured where that is a step of its own", () => {
    const one = agreement({}, apart, agrees, says(agreed));
    expect([one.agreement().state, one.charged().state]).toEqual(["active", "authorized"]);
  });

  it.each<[string, State]>([
    ["yes", "active"],
    ["no", "failed"],
    ["yes, before it was revoked", "revoked by the merchant"],
  ])("of %s stands, whatever is said later", (_name, state) => {
    const one = books[state]();
    const checkout = deepFreeze({ agreement: one.agreement(), charge: one.view() });
    const operation = one.state.operations.get(one.agreement().operationId!)!;
    for (const late of [agreed, said.no, said.never, said.unknown, said.absent]) {
      const { result, changes } = decideAuthorization(checkout, operation, late, "another key", settledAt, realTime);
      expect(result).toBe(checkout);
      expect(Object.values(changes).flat()).toEqual([]);
    }
  });
});

describe("a first charge", () => {
  it("is agreed to with its agreement or not at all", () => {
    const one = books.authenticating();
    const rows = one.rows();
    const refused = { ok: false, refusal: { code: "not-waiting", state: "authenticating" } };
    expect(one.authorize({ chargeId: "chg_1" })).toEqual(refused);
    for (const how of ["canceled-by-consumer", "authentication-failed", "expired"] as const) {
      expect(one.end(how, { chargeId: "chg_1" })).toEqual(refused);
    }
    expect(one.rows()).toEqual(rows);
    having(one, agrees, says(agreed));
    expect(one.charged()).toMatchObject({ state: "captured", capturedAmount: price });
  });

  it("is not given up alone", () => {
    const one = books.authenticating();
    one.discard();
    expect(one.view().steps.at(-1)).toMatchObject({
      kind: "discard",
      state: "failed",
      failure: { code: "simultaneous-operation-in-progress" },
    });
    expect([one.agreement().state, one.charged().state]).toEqual(["authenticating", "authenticating"]);
  });

  it("is given back like any other, which the agreement outlives", () => {
    const one = books.active();
    one.refund(price);
    one.answerRefund(said.yes);
    expect([one.agreement().state, one.charged().state]).toEqual(["active", "refunded"]);
  });
});

describe("a charge under an agreement", () => {
  const charge = (one: WalletBooks, wanted: Partial<ChargeWish> = {}, instrument: string | null = null) =>
    one.charge({ offered: [], ...wanted }, "agr_1", instrument).view.charge;

  it.each<[State, string | undefined]>([
    ["authenticating", "agreement-inactive"],
    ["authorizing", "agreement-inactive"],
    ["authorizing, nobody asked", "agreement-inactive"],
    ["confirming", "agreement-inactive"],
    ["active", undefined],
    ["failed", "agreement-inactive"],
    ["revoked by the merchant", "agreement-revoked"],
    ["revoked by the provider", "agreement-revoked"],
  ])("that is %s", (state, code) => {
    const one = books[state]();
    const made = charge(one);
    expect(made).toMatchObject({ agreementId: "agr_1", state: code === undefined ? "authorizing" : "failed" });
    expect(made.failure?.code).toBe(code);
    expect([...one.state.operations.keys()].includes("op_2")).toBe(code === undefined);
  });

  it("asks nobody, though the method would, and is paid when the wallet says so", () => {
    const one = books.active();
    expect(charge(one)).toMatchObject({ authentications: [], dueAt: null, operationId: "op_2" });
    one.answer({ outcome: "succeeded", transactionId: "wau_2" }, "op_2");
    expect(one.charged("chg_2")).toMatchObject({ state: "captured", capturedAmount: price });
    expect(one.charged("chg_1").capturedAmount).toBe(price);
    expect(one.agreement()).toMatchObject({ state: "active", billingKeyEncrypted: "sealed", eventSeq: 4 });
  });

  it("is bound by the method's rules, of which it tells first", () => {
    expect(charge(books.active(), { amount: 49 }).failure?.code).toBe("amount-not-supported");
    expect(charge(books.failed(), { currency: "USD" }).failure?.code).toBe("invalid-currency");
    expect(charge(books.failed(), {}, "instr_nobodys").failure?.code).toBe("instrument-not-found");
  });

  it.each<[string, OperationAnswer, string]>([
    ["yes", { outcome: "succeeded", transactionId: "wau_2" }, "captured"],
    ["no", said.no, "failed"],
    ["nothing", said.unknown, "confirming"],
  ])("on which the wallet says %s after it was revoked is what the wallet says", (_name, answer, becomes) => {
    const one = books.active();
    charge(one);
    one.revoke();
    one.answer(answer, "op_2");
    expect([one.agreement().state, one.charged("chg_2").state]).toEqual(["revoked-by-merchant", becomes]);
    expect(charge(one).failure?.code).toBe("agreement-revoked");
  });

  it("can be captured, let go of and given back after it was revoked", () => {
    const one = agreement(undefined, apart, agrees, says(agreed));
    charge(one, { rules: apart });
    one.answer(said.yes, "op_1");
    one.revoke();
    one.capture(5_000, "chg_1");
    one.void(10_000, "chg_1");
    one.refund(5_000, "chg_1");
    one.answerRefund(said.yes);
    expect(one.charged("chg_1")).toMatchObject({ state: "refunded", capturedAmount: 5_000, voidedAmount: 10_000 });
  });
});

describe("revoking", () => {
  it("twice is refused, and says by whom it was", () => {
    const one = books["revoked by the provider"]();
    const rows = one.rows();
    expect(one.revoke()).toEqual({ ok: false, refusal: { code: "not-waiting", state: "revoked-by-provider" } });
    expect(one.rows()).toEqual(rows);
  });

  it("leaves what it is given as it was", () => {
    const active = deepFreeze(books.active().agreement());
    const { result } = decideRevoke(active, "consumer", settledAt);
    expect(result).toMatchObject({ ok: true, value: { state: "revoked-by-consumer", updatedAt: settledAt } });
    expect(active.revocations).toEqual([]);
  });
});
