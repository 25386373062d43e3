import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BankNotice } from "../connector.ts";
import { Books, deepFreeze, dueAt, hour_ms, issuedAt, later, minute_ms, notice, price } from "../fixtures.fixture.ts";
import { sumByAccount } from "../ledger/ledger.ts";
import { decideNotice, objection } from "./decide.ts";
import type { Deposit } from "./deposit.ts";
import { receiveNotice } from "./receive.ts";

const overnight = later(dueAt, 5 * hour_ms);
const inTime = later(dueAt, -minute_ms);
const tooLate = later(dueAt, 1);

const bank = "bank:sandbox";
const suspense = "suspense:sandbox";
const shop = "merchant:mer_shop";

const oneTime = () => Books.with({});
const fixed = () => Books.with({ request: { kind: "fixed" } });
/** Two open accounts for one order of the merchant. */
const rivals = () =>
  Books.with(
    {},
    {
      request: { paymentId: "pay_2", virtualAccountId: "va_2", wireId: "imp_000000000002" },
      number: "56012345678902",
    },
  );

/** The books after these steps. */
function having(books: Books, ...steps: ((books: Books) => void)[]): Books {
  for (const step of steps) step(books);
  return books;
}

const credited =
  (told: Partial<BankNotice> = {}, now?: Date) =>
  (books: Books) =>
    books.receive(told, now);
const reversed =
  (told: Partial<BankNotice> = {}, now?: Date) =>
  (books: Books) =>
    books.receive({ kind: "reversal", ...told }, now);
const expired = (books: Books) => books.expire("pay_1", later(dueAt, 1));
const closed = (books: Books) => books.close("pay_1", later(issuedAt, minute_ms));

interface Case {
  name: string;
  books: Books;
  told?: Partial<BankNotice>;
  now?: Date;
  /** State, reason if any, and whether the ledger holds money for it. */
  deposit: string;
  /** State and what has been paid. */
  payment: string;
  account: string;
  /** What this notice moved: from the debited to the credited account. */
  transfers: string[];
  /** What this notice announced: subject, sequence, type, state. */
  events: string[];
}

const cases: Case[] = [
  {
    name: "an exact deposit in time pays the order",
    books: oneTime(),
    deposit: "matched booked",
    payment: "paid 10000",
    account: "used",
    transfers: [`${bank} -> ${shop} 10000 deposit`],
    events: ["dep_1 1 deposit.matched matched", "pay_1 2 payment.paid paid"],
  },
  {
    name: "a deposit of one won too little goes to suspense",
    books: oneTime(),
    told: { amount: price - 1 },
    deposit: "suspended amount_under booked",
    payment: "ready 0",
    account: "open",
    transfers: [`${bank} -> ${suspense} 9999 deposit-suspended`],
    events: ["dep_1 1 deposit.suspended suspended"],
  },
  {
    name: "a deposit of one won too much goes to suspense whole",
    books: oneTime(),
    told: { amount: price + 1 },
    deposit: "suspended amount_over booked",
    payment: "ready 0",
    account: "open",
    transfers: [`${bank} -> ${suspense} 10001 deposit-suspended`],
    events: ["dep_1 1 deposit.suspended suspended"],
  },
  {
    name: "a deposit at the due time itself is in time",
    books: oneTime(),
    told: { occurredAt: dueAt },
    now: dueAt,
    deposit: "matched booked",
    payment: "paid 10000",
    account: "used",
    transfers: [`${bank} -> ${shop} 10000 deposit`],
    events: ["dep_1 1 deposit.matched matched", "pay_1 2 payment.paid paid"],
  },
  {
    name: "a deposit one millisecond after the due time is late, though the account was not yet swept",
    books: oneTime(),
    told: { occurredAt: tooLate },
    now: tooLate,
    deposit: "suspended late booked",
    payment: "ready 0",
    account: "open",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`],
    events: ["dep_1 1 deposit.suspended suspended"],
  },
  {
    name: "a deposit made in time and reported overnight pays the expired order",
    books: having(oneTime(), expired),
    told: { occurredAt: inTime },
    now: overnight,
    deposit: "matched booked",
    payment: "paid 10000",
    account: "used",
    transfers: [`${bank} -> ${shop} 10000 deposit`],
    events: ["dep_1 1 deposit.matched matched", "pay_1 3 payment.paid paid"],
  },
  {
    name: "a late deposit is late though its notice came before the due time, by our clock",
    books: oneTime(),
    told: { occurredAt: tooLate },
    now: inTime,
    deposit: "suspended late booked",
    payment: "ready 0",
    account: "open",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`],
    events: ["dep_1 1 deposit.suspended suspended"],
  },
  {
    name: "a late deposit to an expired account is late",
    books: having(oneTime(), expired),
    told: { occurredAt: tooLate },
    now: overnight,
    deposit: "suspended late booked",
    payment: "expired 0",
    account: "expired",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`],
    events: ["dep_1 1 deposit.suspended suspended"],
  },
  {
    name: "lateness is told before a wrong amount",
    books: oneTime(),
    told: { occurredAt: tooLate, amount: 1 },
    deposit: "suspended late booked",
    payment: "ready 0",
    account: "open",
    transfers: [`${bank} -> ${suspense} 1 deposit-suspended`],
    events: ["dep_1 1 deposit.suspended suspended"],
  },
  {
    name: "a deposit to a withdrawn account goes to suspense",
    books: having(oneTime(), closed),
    deposit: "suspended closed booked",
    payment: "closed 0",
    account: "closed",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`],
    events: ["dep_1 1 deposit.suspended suspended"],
  },
  {
    name: "a deposit to a number nobody had goes to suspense and belongs to no merchant",
    books: oneTime(),
    told: { number: "56099999999999" },
    deposit: "suspended unknown_account booked of nobody",
    payment: "ready 0",
    account: "open",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`],
    events: ["dep_1 1 deposit.suspended suspended"],
  },
  {
    name: "the right number at another bank is an unknown account",
    books: oneTime(),
    told: { bankCode: "004" },
    deposit: "suspended unknown_account booked of nobody",
    payment: "ready 0",
    account: "open",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`],
    events: ["dep_1 1 deposit.suspended suspended"],
  },
  {
    name: "the same amount again under another transaction is more money, not the same notice",
    books: having(oneTime(), credited()),
    told: { transactionId: "btx_2" },
    deposit: "suspended already_paid booked",
    payment: "paid 10000",
    account: "used",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`],
    events: ["dep_2 1 deposit.suspended suspended"],
  },
  {
    name: "a second deposit is already paid even if it is late and of another amount",
    books: having(oneTime(), credited()),
    told: { transactionId: "btx_2", occurredAt: tooLate, amount: 1 },
    deposit: "suspended already_paid booked",
    payment: "paid 10000",
    account: "used",
    transfers: [`${bank} -> ${suspense} 1 deposit-suspended`],
    events: ["dep_2 1 deposit.suspended suspended"],
  },
  {
    name: "a deposit to another account of an order that was paid goes to suspense",
    books: having(rivals(), credited({ number: "56012345678902", transactionId: "btx_0" })),
    deposit: "suspended already_paid booked",
    payment: "ready 0",
    account: "open",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`],
    events: ["dep_2 1 deposit.suspended suspended"],
  },
  {
    name: "a paid order whose credit the bank took back is not paid again",
    books: having(oneTime(), credited(), reversed()),
    told: { transactionId: "btx_2" },
    deposit: "suspended already_paid booked",
    payment: "reversed 0",
    account: "used",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`],
    events: ["dep_3 1 deposit.suspended suspended"],
  },
  {
    name: "the same transaction id at another merchant id of the bank is another transaction",
    books: having(oneTime(), credited()),
    told: { providerMerchantId: "naru-2" },
    deposit: "suspended already_paid booked",
    payment: "paid 10000",
    account: "used",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`],
    events: ["dep_2 1 deposit.suspended suspended"],
  },
  {
    name: "a notice that says another amount under the same key is kept and moves nothing",
    books: having(oneTime(), credited()),
    told: { amount: price * 2 },
    deposit: "suspended conflicting_notice unbooked of nobody",
    payment: "paid 10000",
    account: "used",
    transfers: [],
    events: ["dep_2 1 deposit.suspended suspended"],
  },
  {
    name: "a contradiction that would match is still not believed",
    books: having(oneTime(), credited({ amount: price - 1 })),
    deposit: "suspended conflicting_notice unbooked of nobody",
    payment: "ready 0",
    account: "open",
    transfers: [],
    events: ["dep_2 1 deposit.suspended suspended"],
  },
  {
    name: "another depositor under the same key is a contradiction too",
    books: having(oneTime(), credited()),
    told: { depositorName: "임꺽정" },
    deposit: "suspended conflicting_notice unbooked of nobody",
    payment: "paid 10000",
    account: "used",
    transfers: [],
    events: ["dep_2 1 deposit.suspended suspended"],
  },
  {
    name: "a fixed account takes any amount",
    books: fixed(),
    told: { amount: 7 },
    deposit: "matched booked",
    payment: "paid 7",
    account: "open",
    transfers: [`${bank} -> ${shop} 7 deposit`],
    events: ["dep_1 1 deposit.matched matched", "pay_1 2 payment.paid paid"],
  },
  {
    name: "a fixed account takes a second deposit",
    books: having(fixed(), credited({ amount: 7 })),
    told: { transactionId: "btx_2", amount: 5 },
    deposit: "matched booked",
    payment: "paid 12",
    account: "open",
    transfers: [`${bank} -> ${shop} 5 deposit`],
    events: ["dep_2 1 deposit.matched matched", "pay_1 3 payment.deposited paid"],
  },
  {
    name: "a fixed account with a due time takes nothing later",
    books: having(fixed(), credited({ amount: 7 })),
    told: { transactionId: "btx_2", amount: 5, occurredAt: tooLate },
    now: overnight,
    deposit: "suspended late booked",
    payment: "paid 7",
    account: "open",
    transfers: [`${bank} -> ${suspense} 5 deposit-suspended`],
    events: ["dep_2 1 deposit.suspended suspended"],
  },
  {
    name: "an expired fixed account takes what was deposited in time, and stays expired",
    books: having(fixed(), expired),
    told: { amount: 5, occurredAt: inTime },
    now: overnight,
    deposit: "matched booked",
    payment: "paid 5",
    account: "expired",
    transfers: [`${bank} -> ${shop} 5 deposit`],
    events: ["dep_1 1 deposit.matched matched", "pay_1 3 payment.paid paid"],
  },
  {
    name: "a fixed account without a due time is never late",
    books: Books.with({ request: { kind: "fixed", dueAt: null } }),
    told: { occurredAt: new Date("2099-12-31T00:00:00Z") },
    now: new Date("2099-12-31T00:00:00Z"),
    deposit: "matched booked",
    payment: "paid 10000",
    account: "open",
    transfers: [`${bank} -> ${shop} 10000 deposit`],
    events: ["dep_1 1 deposit.matched matched", "pay_1 2 payment.paid paid"],
  },
  {
    name: "a withdrawn fixed account takes nothing",
    books: having(fixed(), closed),
    deposit: "suspended closed booked",
    payment: "closed 0",
    account: "closed",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`],
    events: ["dep_1 1 deposit.suspended suspended"],
  },
  {
    name: "the reversal of a matched deposit takes the money from the merchant",
    books: having(oneTime(), credited()),
    told: { kind: "reversal" },
    deposit: "applied booked",
    payment: "reversed 0",
    account: "used",
    transfers: [`${shop} -> ${bank} 10000 deposit-reversed`],
    events: [
      "dep_1 2 deposit.reversed reversed",
      "dep_2 1 reversal.applied applied",
      "pay_1 3 payment.reversed reversed",
    ],
  },
  {
    name: "the reversal of a suspended deposit takes the money from suspense",
    books: having(oneTime(), credited({ amount: 1 })),
    told: { kind: "reversal", amount: 1 },
    deposit: "applied booked",
    payment: "ready 0",
    account: "open",
    transfers: [`${suspense} -> ${bank} 1 suspense-reversed`],
    events: ["dep_1 2 deposit.reversed reversed", "dep_2 1 reversal.applied applied"],
  },
  {
    name: "the reversal of a deposit to nobody is nobody's",
    books: having(oneTime(), credited({ number: "56099999999999" })),
    told: { kind: "reversal", number: "56099999999999" },
    deposit: "applied booked of nobody",
    payment: "ready 0",
    account: "open",
    transfers: [`${suspense} -> ${bank} 10000 suspense-reversed`],
    events: ["dep_1 2 deposit.reversed reversed", "dep_2 1 reversal.applied applied"],
  },
  {
    name: "a reversal that comes before its credit waits",
    books: oneTime(),
    told: { kind: "reversal" },
    deposit: "waiting unbooked of nobody",
    payment: "ready 0",
    account: "open",
    transfers: [],
    events: ["dep_1 1 reversal.waiting waiting"],
  },
  {
    name: "a credit whose reversal waits passes through suspense and pays nothing",
    books: having(oneTime(), reversed()),
    deposit: "reversed already_reversed booked",
    payment: "ready 0",
    account: "open",
    transfers: [`${bank} -> ${suspense} 10000 deposit-suspended`, `${suspense} -> ${bank} 10000 suspense-reversed`],
    events: ["dep_2 1 deposit.reversed reversed", "dep_1 2 reversal.applied applied"],
  },
  {
    name: "a waiting reversal of another amount does not touch the credit",
    books: having(oneTime(), reversed({ amount: price - 1 })),
    deposit: "matched booked",
    payment: "paid 10000",
    account: "used",
    transfers: [`${bank} -> ${shop} 10000 deposit`],
    events: ["dep_2 1 deposit.matched matched", "pay_1 2 payment.paid paid", "dep_1 2 reversal.suspended suspended"],
  },
  {
    name: "a waiting reversal of another amount does not touch a credit that goes to suspense",
    books: having(oneTime(), reversed()),
    told: { amount: 1 },
    deposit: "suspended amount_under booked",
    payment: "ready 0",
    account: "open",
    transfers: [`${bank} -> ${suspense} 1 deposit-suspended`],
    events: ["dep_2 1 deposit.suspended suspended", "dep_1 2 reversal.suspended suspended"],
  },
  {
    name: "a reversal of another amount is kept and moves nothing",
    books: having(oneTime(), credited()),
    told: { kind: "reversal", amount: price - 1 },
    deposit: "suspended reversal_amount_differs unbooked of nobody",
    payment: "paid 10000",
    account: "used",
    transfers: [],
    events: ["dep_2 1 reversal.suspended suspended"],
  },
  {
    name: "a second reversal that says something else is kept and moves nothing",
    books: having(oneTime(), credited(), reversed()),
    told: { kind: "reversal", occurredAt: inTime },
    deposit: "suspended conflicting_notice unbooked of nobody",
    payment: "reversed 0",
    account: "used",
    transfers: [],
    events: ["dep_3 1 reversal.suspended suspended"],
  },
  {
    name: "a reversal undoes the credit that was booked, not the notice that contradicted it",
    books: having(oneTime(), credited(), credited({ amount: 1 })),
    told: { kind: "reversal" },
    deposit: "applied booked",
    payment: "reversed 0",
    account: "used",
    transfers: [`${shop} -> ${bank} 10000 deposit-reversed`],
    events: [
      "dep_1 2 deposit.reversed reversed",
      "dep_3 1 reversal.applied applied",
      "pay_1 3 payment.reversed reversed",
    ],
  },
  {
    name: "the reversal of one of two deposits to a fixed account leaves it paid with the other",
    books: having(fixed(), credited({ amount: 7 }), credited({ transactionId: "btx_2", amount: 5 })),
    told: { kind: "reversal", amount: 7 },
    deposit: "applied booked",
    payment: "paid 5",
    account: "open",
    transfers: [`${shop} -> ${bank} 7 deposit-reversed`],
    events: [
      "dep_1 2 deposit.reversed reversed",
      "dep_3 1 reversal.applied applied",
      "pay_1 4 payment.partly_reversed paid",
    ],
  },
  {
    name: "the reversal of the last deposit to a fixed account reverses the payment",
    books: having(fixed(), credited({ amount: 7 })),
    told: { kind: "reversal", amount: 7 },
    deposit: "applied booked",
    payment: "reversed 0",
    account: "open",
    transfers: [`${shop} -> ${bank} 7 deposit-reversed`],
    events: [
      "dep_1 2 deposit.reversed reversed",
      "dep_2 1 reversal.applied applied",
      "pay_1 3 payment.reversed reversed",
    ],
  },
  {
    name: "a fixed account whose deposits were all taken back is paid anew by the next",
    books: having(fixed(), credited({ amount: 7 }), reversed({ amount: 7 })),
    told: { transactionId: "btx_2", amount: 5 },
    deposit: "matched booked",
    payment: "paid 5",
    account: "open",
    transfers: [`${bank} -> ${shop} 5 deposit`],
    events: ["dep_3 1 deposit.matched matched", "pay_1 4 payment.paid paid"],
  },
];

function describeDeposit({ state, reason, booked, merchantId }: Deposit): string {
  return [state, reason, booked ? "booked" : "unbooked", merchantId === null ? "of nobody" : null]
    .filter((word) => word !== null)
    .join(" ");
}

describe("what a bank's notice means", () => {
  it.each(cases.map((one) => [one.name, one] as const))("%s", (_name, { name: _, books, told, now, ...expected }) => {
    const before = { transfers: books.transfers.length, events: books.events.length };
    const { deposit, duplicate } = books.receive(told, now);
    const payment = books.payment();
    expect(duplicate).toBe(false);
    expect({
      deposit: describeDeposit(deposit),
      payment: `${payment.state} ${payment.paidAmount}`,
      account: books.accountOf().state,
      transfers: books.transfers
        .slice(before.transfers)
        .map((one) => `${one.debitAccount} -> ${one.creditAccount} ${one.amount} ${one.code}`),
      events: books.events
        .slice(before.events)
        .map((one) => `${one.subjectId} ${one.subjectSeq} ${one.type} ${one.data.state}`),
    }).toEqual(expected);
  });

  it.each([
    ["a matched credit", having(oneTime(), credited()), {}],
    ["a suspended credit", having(oneTime(), credited({ amount: 1 })), { amount: 1 }],
    ["a credit to nobody", having(oneTime(), credited({ number: "1" })), { number: "1" }],
    ["a credit that was taken back since", having(oneTime(), credited(), reversed()), {}],
    ["a contradiction", having(oneTime(), credited(), credited({ amount: 1 })), { amount: 1 }],
    ["a waiting reversal", having(oneTime(), reversed()), { kind: "reversal" }],
    ["an applied reversal", having(oneTime(), credited(), reversed()), { kind: "reversal" }],
    ["a reversal that overtook its credit", having(oneTime(), reversed(), credited()), { kind: "reversal" }],
    [
      "a reversal of another amount",
      having(oneTime(), credited(), reversed({ amount: 1 })),
      { kind: "reversal", amount: 1 },
    ],
  ] satisfies [string, Books, Partial<BankNotice>][])("%s told again changes nothing", (_name, books, told) => {
    const one = notice(told, "dep_again");
    const held = [...books.state.deposits.values()]
      .flat()
      .find((deposit) => deposit.kind === one.kind && deposit.contentHash === one.contentHash);
    const decided = receiveNotice.decide(books.state, one, overnight);
    expect(decided.result).toEqual({ deposit: held, duplicate: true });
    expect(Object.values(decided.changes).flat()).toEqual([]);
  });

  it("tells the bank's time as the time of payment, and ours as the time of receipt", () => {
    const books = having(oneTime(), expired);
    const { deposit } = books.receive({ occurredAt: inTime }, overnight);
    expect(books.payment()).toMatchObject({ paidAt: inTime, updatedAt: overnight });
    expect(books.accountOf()).toMatchObject({ endedAt: overnight });
    expect(deposit).toMatchObject({ occurredAt: inTime, receivedAt: overnight });
  });

  it("keeps the time at which a fixed account was first paid, until all of it is taken back", () => {
    const second = later(issuedAt, 2 * hour_ms);
    const books = having(fixed(), credited(), credited({ transactionId: "btx_2", occurredAt: second }));
    expect(books.payment().paidAt).toEqual(later(issuedAt, hour_ms));
    having(books, reversed(), reversed({ transactionId: "btx_2", occurredAt: second }));
    expect(books.payment()).toMatchObject({ state: "reversed", paidAmount: 0 });
    having(books, credited({ transactionId: "btx_3", occurredAt: inTime }));
    expect(books.payment()).toMatchObject({ state: "paid", paidAt: inTime });
  });

  it("names merchant, payment and account on a deposit that landed, and on its transfer", () => {
    const books = oneTime();
    const { deposit } = books.receive();
    const owner = { merchantId: "mer_shop", paymentId: "pay_1" };
    expect(deposit).toMatchObject({ ...owner, virtualAccountId: "va_1" });
    expect(books.transfers.at(-1)).toMatchObject({ ...owner, depositId: "dep_1", currency: "KRW" });
  });

  it("undoes the booked credit whichever of two contradicting rows is read first", () => {
    const books = having(oneTime(), credited(), credited({ amount: 1 }));
    const earlier = deepFreeze([...books.state.deposits.values()].flat().reverse());
    expect(earlier.map((deposit) => deposit.booked)).toEqual([false, true]);
    const reversal = notice({ kind: "reversal" }, "dep_3");
    const { result, changes } = decideNotice({ earlier, target: undefined, funded: books.payment() }, reversal, dueAt);
    expect(result.deposit).toMatchObject({ state: "applied", amount: price });
    expect(changes.payments).toMatchObject([{ state: "reversed", paidAmount: 0, reversedAt: dueAt }]);
  });

  it("does not take back twice a credit that is gone, even if no row tells why", () => {
    const books = having(oneTime(), credited(), reversed());
    const earlier = deepFreeze([...books.state.deposits.values()].flat().filter((one) => one.kind === "credit"));
    const reversal = notice({ kind: "reversal" }, "dep_3");
    const { result, changes } = decideNotice({ earlier, target: undefined, funded: undefined }, reversal, dueAt);
    expect(result.deposit).toMatchObject({ state: "suspended", reason: "already_reversed", booked: false });
    expect(changes.transfers).toEqual([]);
  });

  it("books a notice that knows no account and no history", () => {
    const { result, changes } = decideNotice(
      { earlier: [], target: undefined, funded: undefined },
      notice({ depositorName: null }),
      issuedAt,
    );
    expect(result.deposit).toMatchObject({ state: "suspended", reason: "unknown_account", booked: true });
    expect(changes.payments).toEqual([]);
    expect(changes.virtualAccounts).toEqual([]);
  });
});

describe("the payee inquiry", () => {
  it.each([
    ["nobody", undefined, { amount: 1, occurredAt: issuedAt }, "unknown_account"],
    ["the amount, in time", oneTime(), { amount: price, occurredAt: dueAt }, undefined],
    ["the amount, too late", oneTime(), { amount: price, occurredAt: tooLate }, "late"],
    ["too little", oneTime(), { amount: price - 1, occurredAt: dueAt }, "amount_under"],
    ["too much", oneTime(), { amount: price + 1, occurredAt: dueAt }, "amount_over"],
    ["any amount to a fixed account", fixed(), { amount: 1, occurredAt: dueAt }, undefined],
    ["a closed account", having(oneTime(), closed), { amount: price, occurredAt: dueAt }, "closed"],
    [
      "an expired account, by the time of the credit",
      having(oneTime(), expired),
      { amount: price, occurredAt: dueAt },
      undefined,
    ],
    ["a paid order", having(oneTime(), credited()), { amount: price, occurredAt: dueAt }, "already_paid"],
  ] as const)("%s", (_name, books, credit, reason) => {
    const target = books && { account: books.accountOf(), payment: books.payment(), paidElsewhere: false };
    expect(objection(target, credit)).toBe(reason);
  });

  it("refuses a second account of a paid order, but not a fixed one", () => {
    const of = (books: Books) => ({ account: books.accountOf(), payment: books.payment(), paidElsewhere: true });
    const credit = { amount: price, occurredAt: dueAt };
    expect(objection(of(oneTime()), credit)).toBe("already_paid");
    expect(objection(of(fixed()), credit)).toBeUndefined();
  });
});

/** Two accounts of one order, a fixed one with a due time and one without. */
const numbers = ["56012345678901", "56012345678902", "56012345678903", "56012345678904", "56012345678999"];
const paymentIds = ["pay_1", "pay_2", "pay_3", "pay_4"];

function everyKind(): Books {
  return Books.with(
    {},
    {
      request: { paymentId: "pay_2", virtualAccountId: "va_2", wireId: "imp_000000000002" },
      number: numbers[1]!,
    },
    {
      request: { kind: "fixed", paymentId: "pay_3", virtualAccountId: "va_3", reference: "member-3" },
      number: numbers[2]!,
    },
    {
      request: { kind: "fixed", dueAt: null, paymentId: "pay_4", virtualAccountId: "va_4", reference: "member-4" },
      number: numbers[3]!,
    },
  );
}

type Step = { does: "notice"; told: Partial<BankNotice> } | { does: "expire" | "close"; paymentId: string };

const told: fc.Arbitrary<Partial<BankNotice>> = fc.record({
  transactionId: fc.constantFrom("btx_1", "btx_2", "btx_3", "btx_4"),
  kind: fc.constantFrom("credit", "credit", "reversal"),
  number: fc.constantFrom(...numbers),
  amount: fc.constantFrom(price, price, price, price - 1, price + 1, 7),
  occurredAt: fc.constantFrom(inTime, inTime, dueAt, tooLate),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ does: fc.constant("notice" as const), told }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constantFrom("expire", "close"), paymentId: fc.constantFrom(...paymentIds) }),
  },
);

/** A reversal repeats what its credit said, as banks send it; now and then it does not. */
function asBanksTell(steps: readonly Step[]): Step[] {
  const credits = new Map<string, Partial<BankNotice>>();
  return steps.map((one, index) => {
    if (one.does !== "notice") return one;
    const { transactionId = "", kind } = one.told;
    if (kind === "credit") {
      if (!credits.has(transactionId)) credits.set(transactionId, one.told);
      return one;
    }
    const credit = credits.get(transactionId);
    return credit === undefined || index % 4 === 0 ? one : { ...one, told: { ...credit, kind } };
  });
}

function play(books: Books, steps: readonly Step[], seen: (books: Books, one: Step) => void = () => {}): void {
  let now = issuedAt;
  for (const one of asBanksTell(steps)) {
    now = later(now, hour_ms);
    if (one.does === "notice") books.receive(one.told, now);
    else if (one.does === "expire") books.expire(one.paymentId, now);
    else books.close(one.paymentId, now);
    seen(books, one);
  }
}

const rowsOf = (books: Books): Deposit[] => [...books.state.deposits.values()].flat();
const sum = (amounts: number[]): number => amounts.reduce((total, amount) => total + amount, 0);

describe("after any sequence of notices, expiries and withdrawals", () => {
  const anySteps = fc.array(step, { maxLength: 30 });
  const always = (holds: (books: Books) => void) =>
    fc.assert(
      fc.property(anySteps, (steps) => {
        const books = everyKind();
        play(books, steps, holds);
        holds(books);
      }),
      { numRuns: 300 },
    );

  it("the bank holds what is owed to the merchant and what lies in suspense", () => {
    always((books) => {
      expect(0 - books.balance(bank)).toBe(books.balance(shop) + books.balance(suspense));
      const deltas = [...sumByAccount(books.transfers).values()];
      expect(sum(deltas.map((one) => one.debit))).toBe(sum(deltas.map((one) => one.credit)));
    });
  });

  it("what the bank holds is what was credited and booked, less what it took back", () => {
    always((books) => {
      const booked = rowsOf(books).filter((deposit) => deposit.booked);
      const of = (kind: Deposit["kind"]) => sum(booked.filter((one) => one.kind === kind).map((one) => one.amount));
      expect(0 - books.balance(bank)).toBe(of("credit") - of("reversal"));
    });
  });

  it("suspense holds exactly the suspended deposits that were booked", () => {
    always((books) => {
      const held = rowsOf(books).filter((one) => one.kind === "credit" && one.booked && one.state === "suspended");
      expect(books.balance(suspense)).toBe(sum(held.map((one) => one.amount)));
    });
  });

  it("each booked deposit has exactly one transfer of its amount, and no other has any", () => {
    always((books) => {
      for (const deposit of rowsOf(books)) {
        const moved = books.transfers.filter((one) => one.depositId === deposit.id).map((one) => one.amount);
        expect(moved).toEqual(deposit.booked ? [deposit.amount] : []);
      }
    });
  });

  it("a payment is paid what its matched deposits sum to, and is paid only then", () => {
    always((books) => {
      for (const payment of books.state.payments.values()) {
        const matched = rowsOf(books).filter((one) => one.paymentId === payment.id && one.state === "matched");
        expect(payment.paidAmount).toBe(sum(matched.map((one) => one.amount)));
        expect(payment.state === "paid").toBe(matched.length > 0);
      }
    });
  });

  it("a one-time order is paid at most once, and then exactly what it asked for", () => {
    always((books) => {
      const matched = rowsOf(books).filter((one) => one.state === "matched");
      const ofOrder = matched.filter((one) => one.paymentId === "pay_1" || one.paymentId === "pay_2");
      expect(ofOrder.length).toBeLessThanOrEqual(1);
      expect(sum(ofOrder.map((one) => one.amount - price))).toBe(0);
      const everPaid = books.events.filter((one) => one.type === "payment.paid" && /^pay_[12]$/.test(one.subjectId));
      expect(everPaid.length).toBeLessThanOrEqual(1);
    });
  });

  it("an account's state agrees with its payment's", () => {
    const allowed: Record<string, string[]> = {
      open: ["ready"],
      used: ["paid", "reversed"],
      expired: ["expired"],
      closed: ["closed"],
    };
    always((books) => {
      for (const account of books.state.virtualAccounts.values()) {
        if (account.kind === "fixed") continue;
        expect(allowed[account.state]).toContain(books.payment(account.paymentId).state);
        expect(account.endedAt === null).toBe(account.state === "open");
      }
    });
  });

  it("events of each subject count from 1 without a gap, and the last tells the state that is", () => {
    always((books) => {
      const subjects = [...books.state.payments.values(), ...rowsOf(books)];
      const told = new Set(books.events.map((event) => event.subjectId));
      expect(told.size).toBe(subjects.length);
      for (const subject of subjects) {
        const own = books.events.filter((event) => event.subjectId === subject.id);
        expect(own.map((event) => event.subjectSeq)).toEqual(own.map((_, index) => index + 1));
        expect(own.length).toBe(subject.eventSeq);
        expect(own.at(-1)!.data.state).toBe(subject.state);
      }
    });
  });

  it("a notice is one row however often it comes, and changes nothing again", () => {
    fc.assert(
      fc.property(anySteps, anySteps, (steps, more) => {
        const books = everyKind();
        const notices: Partial<BankNotice>[] = [];
        play(books, [...steps, ...more], (_, one) => {
          if (one.does === "notice") notices.push(one.told);
        });
        const before = deepFreeze(structuredClone({ rows: rowsOf(books), payments: [...books.state.payments] }));
        const { length: transfers } = books.transfers;
        const { length: events } = books.events;
        for (const one of notices) {
          const { deposit, duplicate } = books.receive(one, overnight);
          expect(duplicate).toBe(true);
          expect(before.rows).toContainEqual(deposit);
        }
        expect({ rows: rowsOf(books), payments: [...books.state.payments] }).toEqual(before);
        expect([books.transfers.length, books.events.length]).toEqual([transfers, events]);
      }),
      { numRuns: 150 },
    );
  });

  it("deciding twice on the same state decides the same", () => {
    fc.assert(
      fc.property(anySteps, told, (steps, last) => {
        const books = everyKind();
        play(books, steps);
        const one = notice(last, "dep_last");
        expect(receiveNotice.decide(books.state, one, overnight)).toEqual(
          receiveNotice.decide(books.state, one, overnight),
        );
      }),
      { numRuns: 150 },
    );
  });

  it("which of credit and reversal comes first makes no difference to the balances", () => {
    fc.assert(
      fc.property(told, (one) => {
        const credit = { ...one, kind: "credit" as const };
        const reversal = { ...one, kind: "reversal" as const };
        for (const order of [
          [credit, reversal],
          [reversal, credit],
        ]) {
          const books = everyKind();
          for (const each of order) books.receive(each);
          expect([bank, shop, suspense].map((id) => books.balance(id))).toEqual([0, 0, 0]);
          expect(sum([...books.state.payments.values()].map((payment) => payment.paidAmount))).toBe(0);
        }
      }),
    );
  });
});
