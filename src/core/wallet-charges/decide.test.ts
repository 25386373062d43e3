import { describe, expect, it } from "vitest";
import { later } from "../fixtures.fixture.ts";
import {
  type Act,
  agrees,
  apart,
  asking,
  cancels,
  captures,
  charged,
  effectOf,
  lateAt,
  price,
  refunds,
  said,
  settledAt,
  unasking,
  voids,
  type WalletBooks,
  walletSays,
} from "./wallet-books.fixture.ts";

const part = 5_000;
const rest = price - part;
const { yes, no, unknown, absent, never } = said;

/** Every state that a charge can be found in, and some of those twice: with more or less behind it. */
const states = {
  authenticating: () => charged(asking),
  authorizing: () => charged(asking, agrees),
  "authorizing, nobody asked": () => charged(unasking),
  "authorizing, to be captured apart": () => charged(apart, agrees),
  confirming: () => charged(asking, agrees, walletSays(unknown)),
  authorized: () => charged(apart, agrees, walletSays(yes)),
  "captured in part": () => charged(apart, agrees, walletSays(yes), captures(part)),
  captured: () => charged(asking, agrees, walletSays(yes)),
  "refunded in part": () => charged(asking, agrees, walletSays(yes), refunds(part)),
  refunded: () => charged(asking, agrees, walletSays(yes), refunds(price)),
  voided: () => charged(apart, agrees, walletSays(yes), voids(price)),
  discarded: () => charged(asking, (books) => books.discard()),
  "timed out": () => charged(asking, agrees, walletSays(never)),
  failed: () => charged(asking, agrees, walletSays(no)),
  canceled: () => charged(asking, cancels),
} satisfies Record<string, () => WalletBooks>;
type State = keyof typeof states;
const all = Object.keys(states) as State[];
const but = (...others: State[]) => all.filter((state) => !others.includes(state));

const at =
  (now: Date, act: Act): Act =>
  (books) =>
    act(books.at(now));

const acts = {
  "the shopper agrees": agrees,
  "the shopper agrees when the time is over": at(lateAt, agrees),
  "the shopper cancels": cancels,
  "the shopper cancels when the time is over": at(lateAt, cancels),
  "the shopper fails to authenticate": (books: WalletBooks) => books.end("authentication-failed"),
  "the shopper has it expire": (books: WalletBooks) => books.end("expired"),
  "a moment before the time is over": at(later(lateAt, -1), (books) => books.sweep()),
  "the time is over": at(lateAt, (books) => books.sweep()),
  "the settlement comes": at(settledAt, (books) => books.sweep()),
  "the wallet says yes": walletSays(yes),
  "the wallet says no": walletSays(no),
  "the wallet does not say": walletSays(unknown),
  "the wallet has no such order yet": walletSays(absent),
  "the wallet never had the order": walletSays(never),
  "all is captured": captures(price),
  "a part is captured": captures(part),
  "all is let go of": voids(price),
  "the rest is let go of": voids(rest),
  "the merchant discards it": (books: WalletBooks) => books.discard(),
  "all is given back": (books: WalletBooks) => books.refund(price),
  "a part is given back": (books: WalletBooks) => books.refund(part),
} satisfies Record<string, Act>;
type Event = keyof typeof acts;

interface Rule {
  when: Event | Event[];
  in: State[];
  /** The charge's state and the payment's; the same as before if not said. */
  becomes?: [string, string];
  refused?: string;
  tells?: string[];
  /** Steps and refunds. */
  steps?: string[];
  transfers?: string[];
}

const bank = "bank:sandbox";
const shop = "merchant:mer_shop";
const onItsWay = "refunds:sandbox";
const underWay: State[] = [
  "authorizing",
  "authorizing, nobody asked",
  "authorizing, to be captured apart",
  "confirming",
];
const authorized: State[] = ["authorized", "captured in part"];
const taken: State[] = ["captured in part", "captured", "refunded in part", "refunded"];
const over: State[] = ["discarded", "timed out", "failed", "canceled"];
const unauthorized: State[] = ["authenticating", ...underWay, ...over];
const nothingLeft: State[] = ["captured", "refunded in part", "refunded", "voided"];
const nothingToRefund: State[] = [...unauthorized, "authorized", "refunded", "voided"];

const expired = {
  becomes: ["discarded", "expired"] as [string, string],
  tells: ["charge.discarded discarded", "payment.expired expired"],
  steps: ["authorization failed 15000 payment-method-timeout", "discard succeeded authentication-timeout"],
};
const failed = (why: string) => ({
  becomes: ["failed", "failed"] as [string, string],
  tells: ["charge.authorization_failed failed", "payment.failed failed"],
  steps: [`authorization failed 15000 ${why}`],
});
/** Of each state, the same rule with the charge's state in it. */
const each = (among: State[], when: Event | Event[], rule: (state: string) => Omit<Rule, "when" | "in">): Rule[] =>
  among.map((name) => ({ when, in: [name], ...rule(states[name]().charged().state) }));

/** Refused steps are kept, and told of. */
const refuses = (among: State[], when: Event, step: string, why: string): Rule[] =>
  each(among, when, (state) => ({
    tells: [`charge.${step.split(" ", 1)}_failed ${state}`],
    steps: [`${step} ${why}`],
  }));
const refusesRefund = (among: State[], when: Event, amount: number, why: string): Rule[] =>
  each(among, when, (state) => ({
    tells: ["refund.failed failed", `charge.refund_failed ${state}`],
    steps: [`refund failed ${amount} ${why}`],
  }));

const rules: Rule[] = [
  {
    when: "the shopper agrees",
    in: ["authenticating"],
    becomes: ["authorizing", "ready"],
    tells: ["charge.authorizing authorizing"],
    steps: ["authorization confirming 15000"],
  },
  { when: "the shopper agrees when the time is over", in: ["authenticating"], refused: "too-late", ...expired },
  { when: "the shopper cancels", in: ["authenticating"], ...failed("canceled-by-consumer") },
  { when: "the shopper fails to authenticate", in: ["authenticating"], ...failed("authentication-failed") },
  {
    when: [
      "the shopper cancels when the time is over",
      "the shopper has it expire",
      "the time is over",
      "the settlement comes",
    ],
    in: ["authenticating"],
    ...expired,
  },
  {
    when: [
      "the shopper agrees",
      "the shopper agrees when the time is over",
      "the shopper cancels",
      "the shopper cancels when the time is over",
      "the shopper fails to authenticate",
      "the shopper has it expire",
    ],
    in: but("authenticating"),
    refused: "not-waiting",
  },
  { when: "a moment before the time is over", in: all },
  { when: "the time is over", in: but("authenticating") },
  ...each(taken, "the settlement comes", (state) => ({ tells: [`charge.funds_changed ${state}`] })),
  { when: "the settlement comes", in: but("authenticating", ...taken) },
  {
    when: "the wallet says yes",
    in: ["authorizing", "authorizing, nobody asked", "confirming"],
    becomes: ["captured", "paid"],
    tells: ["charge.authorized capturing", "charge.captured captured", "payment.paid paid"],
    steps: ["authorization succeeded 15000", "capture succeeded 15000"],
    transfers: [`${bank} -> ${shop} 15000 capture`],
  },
  {
    when: "the wallet says yes",
    in: ["authorizing, to be captured apart"],
    becomes: ["authorized", "ready"],
    tells: ["charge.authorized authorized"],
    steps: ["authorization succeeded 15000"],
  },
  { when: "the wallet says no", in: underWay, ...failed("insufficient-funds") },
  {
    when: ["the wallet does not say", "the wallet has no such order yet"],
    in: ["authorizing", "authorizing, nobody asked", "authorizing, to be captured apart"],
    becomes: ["confirming", "ready"],
    tells: ["charge.confirmation_pending confirming"],
  },
  { when: ["the wallet does not say", "the wallet has no such order yet"], in: ["confirming"] },
  {
    when: "the wallet never had the order",
    in: underWay,
    becomes: ["discarded", "expired"],
    tells: ["charge.discarded discarded", "payment.expired expired"],
    steps: ["authorization failed 15000 payment-method-timeout", "discard succeeded confirmation-timeout"],
  },
  {
    when: [
      "the wallet says yes",
      "the wallet says no",
      "the wallet does not say",
      "the wallet has no such order yet",
      "the wallet never had the order",
    ],
    // Of the others the wallet was never asked.
    in: [...authorized, "captured", "refunded in part", "refunded", "voided", "timed out", "failed"],
  },
  {
    when: "all is captured",
    in: ["authorized"],
    becomes: ["captured", "paid"],
    tells: ["charge.captured captured", "payment.paid paid"],
    steps: ["capture succeeded 15000"],
    transfers: [`${bank} -> ${shop} 15000 capture`],
  },
  {
    when: "a part is captured",
    in: ["authorized"],
    becomes: ["authorized", "paid"],
    tells: ["charge.captured authorized", "payment.paid paid"],
    steps: ["capture succeeded 5000"],
    transfers: [`${bank} -> ${shop} 5000 capture`],
  },
  {
    when: "a part is captured",
    in: ["captured in part"],
    tells: ["charge.captured authorized", "payment.captured paid"],
    steps: ["capture succeeded 5000"],
    transfers: [`${bank} -> ${shop} 5000 capture`],
  },
  {
    when: "all is let go of",
    in: ["authorized"],
    becomes: ["voided", "closed"],
    tells: ["charge.voided voided", "payment.closed closed"],
    steps: ["void succeeded 15000"],
  },
  {
    when: "the rest is let go of",
    in: ["authorized"],
    tells: ["charge.voided authorized"],
    steps: ["void succeeded 10000"],
  },
  {
    when: "the rest is let go of",
    in: ["captured in part"],
    becomes: ["captured", "paid"],
    tells: ["charge.voided captured"],
    steps: ["void succeeded 10000"],
  },
  ...refuses(unauthorized, "all is captured", "capture failed 15000", "no-authorized-amount"),
  ...refuses(unauthorized, "a part is captured", "capture failed 5000", "no-authorized-amount"),
  ...refuses(unauthorized, "all is let go of", "void failed 15000", "no-authorized-amount"),
  ...refuses(unauthorized, "the rest is let go of", "void failed 10000", "no-authorized-amount"),
  ...refuses(
    ["captured in part", ...nothingLeft],
    "all is captured",
    "capture failed 15000",
    "exceeds-authorized-amount",
  ),
  ...refuses(nothingLeft, "a part is captured", "capture failed 5000", "exceeds-authorized-amount"),
  ...refuses(
    ["captured in part", ...nothingLeft],
    "all is let go of",
    "void failed 15000",
    "exceeds-authorized-amount",
  ),
  ...refuses(nothingLeft, "the rest is let go of", "void failed 10000", "exceeds-authorized-amount"),
  {
    when: "the merchant discards it",
    in: ["authenticating"],
    becomes: ["discarded", "closed"],
    tells: ["charge.discarded discarded", "payment.closed closed"],
    steps: ["authorization failed 15000 discarded", "discard succeeded merchant"],
  },
  ...refuses(underWay, "the merchant discards it", "discard failed merchant", "simultaneous-operation-in-progress"),
  ...refuses(
    but("authenticating", ...underWay),
    "the merchant discards it",
    "discard failed merchant",
    "nothing-to-discard",
  ),
  {
    when: "all is given back",
    in: ["captured"],
    tells: ["refund.pending pending"],
    steps: ["refund pending 15000"],
    transfers: [`${shop} -> ${onItsWay} 15000 refund-reserved`],
  },
  {
    when: "a part is given back",
    in: ["captured in part", "captured", "refunded in part"],
    tells: ["refund.pending pending"],
    steps: ["refund pending 5000"],
    transfers: [`${shop} -> ${onItsWay} 5000 refund-reserved`],
  },
  ...refusesRefund(["captured in part", "refunded in part"], "all is given back", price, "exceeds-captured-amount"),
  ...refusesRefund(nothingToRefund, "all is given back", price, "exceeds-refundable-amount"),
  ...refusesRefund(nothingToRefund, "a part is given back", part, "exceeds-refundable-amount"),
];

const isMeant = (rule: Rule, event: Event, state: State) =>
  rule.in.includes(state) && [rule.when].flat().includes(event);
const walletEvents: readonly Event[] = [
  "the wallet says yes",
  "the wallet says no",
  "the wallet does not say",
  "the wallet has no such order yet",
  "the wallet never had the order",
];
const cells = (Object.keys(acts) as Event[]).flatMap((event) => all.map((state) => ({ event, state })));

describe("the table of a charge's states", () => {
  it("says once what every event makes of every state, but for the word of a wallet that was never asked", () => {
    const unasked: State[] = ["authenticating", "discarded", "canceled"];
    const counts = cells.map(({ event, state }) => ({
      event,
      state,
      rules: rules.filter((rule) => isMeant(rule, event, state)).length,
      wanted: walletEvents.includes(event) && unasked.includes(state) ? 0 : 1,
    }));
    expect(counts.filter((cell) => cell.rules !== cell.wanted)).toEqual([]);
  });

  const ruled = cells.flatMap((cell) =>
    rules.filter((rule) => isMeant(rule, cell.event, cell.state)).map((rule) => ({ ...cell, rule })),
  );
  it.each(ruled)("$state: $event", ({ event, state, rule }) => {
    const books = states[state]();
    const stateBefore = [books.charged().state, books.view().payment.state];
    const { result, ...effect } = effectOf(books, acts[event]);
    const { payment, charge } = books.view();
    expect([charge.state, payment.state]).toEqual(rule.becomes ?? stateBefore);
    expect(effect).toEqual({
      events: rule.tells ?? [],
      steps: rule.steps ?? [],
      transfers: rule.transfers ?? [],
    });
    const refusal = (result as { refusal?: { code: string } } | undefined)?.refusal?.code;
    expect(refusal).toBe(rule.refused);
    expect(payment.paidAmount).toBe(charge.capturedAmount);
    expect(charge.capturedAmount + charge.voidedAmount).toBeLessThanOrEqual(charge.amount);
    const { refundedAmount, pendingRefundAmount } = payment;
    expect([shop, onItsWay, bank].map((account) => books.balance(account))).toEqual([
      charge.capturedAmount - refundedAmount - pendingRefundAmount,
      pendingRefundAmount,
      refundedAmount - charge.capturedAmount,
    ]);
  });
});
