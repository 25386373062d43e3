import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deepFreeze, issuedAt, later, second_ms } from "../../../core/fixtures.fixture.ts";
import { callAnswers, decideAnswer } from "./ars-calls.ts";
import { isAccount } from "./holders.ts";
import { knownPeople } from "./people.ts";
import {
  answerOfPg,
  checkClaim,
  decidePgOrder,
  type PgDecline,
  type PgOrder,
  registrationObjection,
  type WantedOfPg,
} from "./pg.ts";

const now = issuedAt;
const poor: ReadonlySet<string> = new Set(["account of the poor"]);
const registration = (key: string) => `registration of ${key}`;
const yetToFindOut = { outcome: "unknown", reason: "the PG has yet to find out" };
const kinds = ["call", "registration", "withdrawal", "verification"] as const;

function wanted(order: Partial<WantedOfPg> & Pick<WantedOfPg, "kind">): WantedOfPg {
  return deepFreeze({
    key: "op_1",
    transactionId: "pgt_1",
    accountHash: null,
    registrationHash: null,
    amount: 0,
    declined: null,
    after_s: 0,
    ...order,
  });
}

function carryOut(order: WantedOfPg, ...before: PgOrder[]): PgOrder {
  return deepFreeze(decidePgOrder(order, new Map(before.map((one) => [one.key, deepFreeze(one)])), poor, now));
}

const say = (order: PgOrder, at = now) => answerOfPg(order, at, registration);
const failed = (code: string) => ({ outcome: "failed", code, message: expect.stringMatching(/[가-힣]/) });

const registered = (order: Partial<WantedOfPg> = {}) =>
  carryOut(
    wanted({ kind: "registration", key: "op_r", accountHash: "account", registrationHash: "registration", ...order }),
  );
const draw = (order: Partial<WantedOfPg> = {}) =>
  wanted({ kind: "withdrawal", registrationHash: "registration", amount: 5_000, ...order });

describe("an order", () => {
  it.each(kinds.filter((kind) => kind !== "withdrawal"))("to a %s is remembered whole", (kind) => {
    const { after_s, ...order } = wanted({ kind, accountHash: "account", registrationHash: "registration", amount: 1 });
    expect(carryOut({ ...order, after_s })).toEqual({ ...order, decidesAt: null, madeAt: now });
  });

  it.each(kinds)("to a %s that takes its time says nothing before", (kind) => {
    for (const declined of [null, "refused"] as const) {
      const order = carryOut(wanted({ ...draw(), kind, declined, after_s: 10 }), registered());
      expect(order.decidesAt).toEqual(later(now, 10 * second_ms));
      expect(say(order)).toEqual(yetToFindOut);
      expect(say(order, later(now, 10 * second_ms - 1))).toEqual(yetToFindOut);
      expect(say(order, later(now, 10 * second_ms))).toMatchObject({
        outcome: declined === null ? "succeeded" : "failed",
      });
    }
  });

  it.each<PgDecline>([
    "wrong-code",
    "unanswered",
    "lifetime-account",
    "restricted-account",
    "refused",
    "no-such-account",
  ])("that is declined for %s says so in words", (declined) => {
    for (const kind of kinds) expect(say(carryOut(wanted({ kind, declined })))).toEqual(failed(declined));
  });
});

describe("a registration", () => {
  it("gives what the account is drawn on by", () => {
    const answer = { outcome: "succeeded", transactionId: "pgt_1", registration: "registration of op_r" };
    expect(say(registered())).toEqual(answer);
  });

  it("that is declined gives nothing, and nothing is drawn by it", () => {
    const declined = registered({ declined: "restricted-account" });
    expect(declined.registrationHash).toBeNull();
    expect(say(declined)).toEqual(failed("restricted-account"));
    expect(say(carryOut(draw(), declined))).toEqual(failed("registration-unknown"));
  });

  it.each([
    ["0001234567890", "refused"],
    ["0011234567890", "restricted-account"],
    ["0021234567890", "lifetime-account"],
    ["0031234567890", "refused"],
    ["0041234567890", null],
    ["110001234567", null],
    ["123456789", "refused"],
    ["12345678901234567", "refused"],
    ["1101234-5678", "refused"],
  ])("of the account %s is declined for %s", (number, declined) => {
    expect(registrationObjection("088", number)).toBe(declined);
  });

  it("is not declined for any published account", () => {
    const objections = knownPeople.map(({ bankCode, number }) => registrationObjection(bankCode, number));
    expect(objections).toEqual(knownPeople.map(() => null));
  });

  it("is for banks that there are", () => {
    expect([registrationObjection("999", "110123456789"), isAccount("999", "110123456789")]).toEqual([
      "refused",
      false,
    ]);
  });
});

describe("a withdrawal", () => {
  it("draws on the account that is registered", () => {
    const order = carryOut(draw(), registered());
    expect(order).toMatchObject({ accountHash: "account", amount: 5_000, declined: null });
    expect(say(order)).toEqual({ outcome: "succeeded", transactionId: "pgt_1" });
  });

  it.each<[string, PgOrder[], PgDecline]>([
    ["without a registration", [], "registration-unknown"],
    ["by another registration", [registered({ registrationHash: "another" })], "registration-unknown"],
    ["by what only a withdrawal showed", [{ ...registered(), kind: "withdrawal" }], "registration-unknown"],
    ["on an account without money", [registered({ accountHash: "account of the poor" })], "insufficient-funds"],
  ])("%s is declined", (_name, before, declined) => {
    expect(say(carryOut(draw(), ...before))).toEqual(failed(declined));
    expect(say(carryOut(draw({ declined: "refused" }), ...before))).toEqual(failed("refused"));
  });

  it("is made of an account that was registered, and of no other", () => {
    const hash = fc.constantFrom("one", "two", "three");
    const order = fc.record({
      kind: fc.constantFrom(...kinds),
      hash,
      account: fc.constantFrom("account", "account of the poor"),
      declined: fc.constantFrom(null, "refused" as const),
    });
    fc.assert(
      fc.property(fc.array(order, { maxLength: 20 }), (orders) => {
        const made: PgOrder[] = [];
        const given = new Map<string, string>();
        for (const [index, { kind, hash, account, declined }] of orders.entries()) {
          // Each registration gives something of its own.
          const registrationHash =
            kind === "registration" ? `${hash} ${index}` : ([...given.keys()][index % 7] ?? hash);
          const one = carryOut(
            wanted({ kind, key: `op_${index}`, registrationHash, accountHash: account, declined, amount: index }),
            ...made,
          );
          made.push(one);
          if (kind === "registration" && declined === null) given.set(registrationHash, account);
          if (kind !== "withdrawal") continue;
          const isDrawn = declined === null && given.get(registrationHash) === "account";
          expect([one.declined === null, one.accountHash]).toEqual([isDrawn, given.get(registrationHash) ?? null]);
        }
      }),
    );
  });
});

describe("whose account it is", () => {
  const isSameName = (one: string, other: string) => one === other;
  it.each([
    ["김코나", "19751112", "right"],
    ["김코나", "19751113", "wrong-birth-date"],
    ["김코코", "19751112", "wrong-name"],
    ["김코코", "19751113", "wrong-name"],
  ])("%s, born %s: %s", (holder, birthDate, said) => {
    const [person] = knownPeople;
    expect(checkClaim({ holder, birthDate }, person!, isSameName)).toBe(said);
  });

  it("any date of birth is that of a person of whom it is not known", () => {
    const found = { name: "김나루", birthDate: null };
    expect(checkClaim({ holder: "김나루", birthDate: "20000101" }, found, isSameName)).toBe("right");
  });
});

describe("an operator's answer to a call", () => {
  const ringing = (declined: PgDecline | null) => carryOut(wanted({ kind: "call", declined, after_s: 60 }));
  const at = later(now, 59 * second_ms);

  it.each(callAnswers)("%s is what the member did, at once", (answer) => {
    for (const declined of [null, "unanswered"] as const) {
      const outcome = decideAnswer(ringing(declined), answer, at);
      const said = { right: { outcome: "succeeded", transactionId: "pgt_1" }, wrong: failed("wrong-code") };
      const call = outcome.ok ? outcome.value : undefined;
      expect(call).toEqual({ ...ringing(declined), declined: call!.declined, decidesAt: at });
      expect(say(call!, at)).toEqual({ ...said, unanswered: failed("unanswered") }[answer]);
    }
  });

  it("comes too late when the call is over, or was answered", () => {
    const over = { ok: false, refusal: { code: "call-over", id: "pgt_1" } };
    expect(decideAnswer(ringing(null), "wrong", later(now, 60 * second_ms))).toEqual(over);
    expect(decideAnswer({ ...ringing(null), decidesAt: at }, "wrong", at)).toEqual(over);
    expect(decideAnswer({ ...ringing(null), decidesAt: null }, "wrong", now)).toEqual(over);
  });
});
