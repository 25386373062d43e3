import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WorkingState } from "../command.ts";
import type { Outcome } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { callTimeout_ms, deepFreeze, later, minute_ms, realTime } from "../fixtures.fixture.ts";
import { limits } from "../limits.ts";
import type { Member } from "../members/member.ts";
import type { OperationAnswer } from "../operations/operation.ts";
import { beginRegistration, recordAccountOutcome, removeAccounts } from "./account-commands.ts";
import { type AccountOutcome, accountIdOf, type Begun, type NewAccount } from "./decide-account.ts";
import { isOver, type LinkedAccount } from "./linked-account.ts";

const now = new Date("2026-03-02T03:00:00.000Z");
const member: Member = deepFreeze({
  id: "mem_1",
  merchantId: "mer_shop",
  number: "50000200000",
  state: "active",
  personEncrypted: "sealed",
  loginIndex: "login",
  ciIndex: null,
  nameIndex: "name",
  passwordHash: null,
  joinChannel: null,
  terms: [],
  arsCodeEncrypted: "sealed code",
  arsCodeExpiresAt: later(now, 5 * minute_ms),
  autoChargeAmount: null,
  autoChargeBelow: null,
  autoChargeBy: null,
  autoCheckAt: null,
  createdAt: now,
  updatedAt: now,
  eventSeq: 1,
});

const yes: OperationAnswer = { outcome: "succeeded", transactionId: "pgt_1" };
const no: OperationAnswer = { outcome: "failed", code: "wrong-code", message: "ARS 인증에 실패하였습니다." };
const unknown: OperationAnswer = { outcome: "unknown", reason: "the telephone rings" };
const never: OperationAnswer = {
  outcome: "absent",
  askedAt: later(realTime, callTimeout_ms + limits.operation_clock_skew_ms + 1),
};

/** A member's accounts as the database holds them after a sequence of decisions. */
class House {
  readonly state = new WorkingState();
  readonly events: NewEvent[] = [];
  #count = 0;

  constructor(of: Partial<Member> = {}) {
    this.state.apply({ members: [deepFreeze({ ...member, ...of })] });
    this.state.realNow = realTime;
  }

  /** Accounts are `lac_` and the number of wishes so far, their operations likewise. */
  begin(
    wanted: Partial<NewAccount> = {},
    how: { adopted?: boolean; copyOf?: string | null; at?: Date } = {},
  ): Outcome<Begun, { code: string }> {
    this.#count += 1;
    const account: NewAccount = {
      id: `lac_${this.#count}`,
      merchantId: "mer_shop",
      memberId: "mem_1",
      connector: "sandbox",
      purpose: "charge",
      accountId: accountIdOf(this.#count),
      bankCode: "003",
      numberEncrypted: "sealed number",
      numberIndex: "number",
      numberMasked: "***557",
      holderEncrypted: "sealed holder",
      holderIndex: "name",
      details: { bankCode: "003", bankName: "IBK기업은행" },
      ...wanted,
    };
    const { adopted = false, copyOf = null, at = now } = how;
    const operationId = `op_${this.#count}`;
    const request = deepFreeze({ account, operationId, adopted, copyOf, callTimeout_ms });
    const { result, changes } = beginRegistration.decide(this.state, request, at);
    this.#keep(changes);
    return result;
  }

  /** The PG's word on the operation of an account: the one that is under way, unless another is named. */
  record(
    answer: OperationAnswer,
    accountId = "lac_1",
    operationId = this.account(accountId).operationId!,
  ): AccountOutcome {
    this.#count += 1;
    const nextOperationId = `op_${this.#count}`;
    const registrationEncrypted = answer.outcome === "succeeded" ? `sealed registration of ${accountId}` : null;
    const isCall = this.state.operations.get(operationId)?.kind === "ars-call";
    const request = deepFreeze({
      accountId,
      memberId: "mem_1",
      operationId,
      answer,
      registrationEncrypted: isCall ? null : registrationEncrypted,
      nextOperationId,
      callTimeout_ms,
    });
    const { result, changes } = recordAccountOutcome.decide(this.state, request, later(now, minute_ms));
    this.#keep(changes);
    return result;
  }

  remove(merchantId = "mer_shop") {
    const { result, changes } = removeAccounts.decide(
      this.state,
      { merchantId, memberId: "mem_1" },
      later(now, minute_ms),
    );
    this.#keep(changes);
    return result;
  }

  /** A member who has a new code. */
  code(): this {
    const { arsCodeEncrypted, arsCodeExpiresAt } = member;
    this.state.apply({ members: [{ ...this.member(), arsCodeEncrypted, arsCodeExpiresAt }] });
    return this;
  }

  /** From the call to the registration. */
  registered(wanted: Partial<NewAccount> = {}, copyOf: string | null = null): LinkedAccount {
    this.code();
    const begun = this.begin(wanted, { copyOf });
    if (!begun.ok) throw new Error(begun.refusal.code);
    const { id } = begun.value.account;
    this.record(yes, id);
    return this.record(yes, id).account;
  }

  account(id = "lac_1"): LinkedAccount {
    return this.state.linkedAccounts.get(id)!;
  }

  accounts(): LinkedAccount[] {
    return [...this.state.linkedAccounts.values()];
  }

  member(): Member {
    return this.state.members.get("mem_1")!;
  }

  #keep(changes: ReturnType<typeof removeAccounts.decide>["changes"]): void {
    this.state.apply(deepFreeze(changes));
    this.events.push(...(changes.events ?? []));
  }
}

const refusalOf = (result: Outcome<unknown, { code: string }>) => (result.ok ? undefined : result.refusal.code);

describe("ids of accounts", () => {
  it("are five characters, and none repeats", () => {
    expect([0, 35, 36, 36 ** 5 - 1].map(accountIdOf)).toEqual(["00000", "0000Z", "00010", "ZZZZZ"]);
  });
});

describe("beginning a registration", () => {
  it("calls the member, who types the code that is used up by it", () => {
    const house = new House();
    const begun = house.begin();
    expect(begun).toMatchObject({
      ok: true,
      value: {
        account: { state: "calling", operationId: "op_1", failure: null, eventSeq: 1 },
        operation: { id: "op_1", kind: "ars-call", subjectId: "lac_1", state: "pending" },
        member: { arsCodeEncrypted: "sealed code" },
      },
    });
    expect(house.member()).toEqual({ ...member, arsCodeEncrypted: null, arsCodeExpiresAt: null });
    expect(house.events.map(({ type }) => type)).toEqual(["linked-account.calling"]);
  });

  it.each<[string, Partial<Member>, Date, boolean]>([
    ["without a code", { arsCodeEncrypted: null, arsCodeExpiresAt: null }, now, true],
    ["with a code whose time is over", {}, later(now, 5 * minute_ms + 1), true],
    ["in the last moment of a code", {}, later(now, 5 * minute_ms), false],
  ])("%s", (_name, of, at, fails) => {
    const house = new House(of);
    const begun = house.begin({}, { at });
    expect(begun.ok && begun.value.account.state).toBe(fails ? "failed" : "calling");
    if (!fails) return;
    expect(begun.ok && begun.value.operation).toBeUndefined();
    expect(house.account()).toMatchObject({
      operationId: null,
      failure: { code: "ars-failed" },
      numberEncrypted: null,
    });
    expect(house.events.map(({ type }) => type)).toEqual(["linked-account.failed"]);
    expect(refusalOf(house.code().begin())).toBeUndefined();
  });

  it.each<[string, (house: House) => unknown, Partial<NewAccount>, string | null, string | undefined]>([
    ["of nobody", () => {}, { memberId: "mem_2" }, null, "member-unknown"],
    ["of another merchant's member", () => {}, { merchantId: "mer_other" }, null, "member-unknown"],
    ["while the member is being called", (house) => house.begin(), {}, null, "registration-under-way"],
    [
      "while one is being registered",
      (house) => [house.begin(), house.record(yes)],
      {},
      null,
      "registration-under-way",
    ],
    [
      "while nobody knows whether one was registered",
      (house) => [house.begin(), house.record(yes), house.record(unknown)],
      {},
      null,
      "registration-under-way",
    ],
    ["after a call that failed", (house) => [house.begin(), house.record(no)], {}, null, undefined],
    ["after one was registered", (house) => house.registered(), {}, null, undefined],
    ["for auto-charge, of no account", () => {}, { purpose: "auto-charge" }, "lac_1", "account-missing"],
    [
      "for auto-charge, of the one that is registered",
      (house) => house.registered(),
      { purpose: "auto-charge" },
      "lac_1",
      undefined,
    ],
    [
      "for auto-charge, of one that was replaced meanwhile",
      (house) => [house.registered(), house.registered()],
      { purpose: "auto-charge" },
      "lac_1",
      "registration-under-way",
    ],
  ])("%s", (_name, before, wanted, copyOf, refusal) => {
    const house = new House();
    before(house);
    const held = JSON.stringify(house.accounts());
    const result = house.code().begin(wanted, { copyOf });
    expect(refusalOf(result)).toBe(refusal);
    if (refusal !== undefined) expect(JSON.stringify(house.accounts())).toBe(held);
  });

  it("for auto-charge needs no code, and leaves one as it is", () => {
    const house = new House();
    house.registered();
    const begun = house.begin({ purpose: "auto-charge" }, { copyOf: "lac_1" });
    expect(begun).toMatchObject({
      ok: true,
      value: { account: { state: "calling" }, operation: { kind: "ars-call" } },
    });
    house.record(no, begun.ok ? begun.value.account.id : "");
    house.code();
    expect(house.begin({ purpose: "auto-charge" }, { copyOf: "lac_1" })).toMatchObject({ ok: true });
    expect(house.member().arsCodeEncrypted).toBe("sealed code");
  });
});

describe("adopting an account", () => {
  it("calls nobody, and needs no code", () => {
    const house = new House({ arsCodeEncrypted: null, arsCodeExpiresAt: null });
    const begun = house.begin({}, { adopted: true });
    expect(begun).toMatchObject({
      ok: true,
      value: { account: { state: "agreed" }, operation: { kind: "account-registration" } },
    });
    expect(house.record(yes).account.state).toBe("registered");
  });

  it.each<[string, (house: House) => unknown]>([
    ["is registered", (house) => house.registered()],
    ["is being registered", (house) => house.begin({}, { adopted: true })],
  ])("gives the one that %s", (_name, before) => {
    const house = new House();
    before(house);
    const events = house.events.length;
    const again = house.begin({}, { adopted: true });
    expect(again).toMatchObject({ ok: true, value: { account: { id: "lac_1" }, operation: undefined } });
    expect([house.accounts().length, house.events.length]).toEqual([1, events]);
  });
});

describe("adopting while a copy is being registered", () => {
  it("of an account that was removed meanwhile is refused, since the copy is no account to charge from", () => {
    const house = new House();
    const charge = house.registered().id;
    house.begin({ purpose: "auto-charge" }, { copyOf: charge });
    house.remove();
    expect(refusalOf(house.begin({}, { adopted: true }))).toBe("registration-under-way");
  });
});

describe("the PG's word", () => {
  it("leads from the call to the registration, which is ordered once", () => {
    const house = new House();
    house.begin();
    expect(house.record(unknown)).toMatchObject({ account: { state: "calling" }, next: undefined });
    const agreed = house.record(yes);
    expect(agreed).toMatchObject({
      account: { state: "agreed" },
      next: { kind: "account-registration", state: "pending" },
    });
    expect(agreed.account.operationId).toBe(agreed.next!.id);
    const registered = house.record(yes);
    expect(registered).toMatchObject({
      account: {
        state: "registered",
        registrationEncrypted: "sealed registration of lac_1",
        registeredAt: later(now, minute_ms),
        numberEncrypted: "sealed number",
      },
      next: undefined,
    });
    expect(house.events.map(({ type }) => type)).toEqual([
      "linked-account.calling",
      "linked-account.agreed",
      "linked-account.registered",
    ]);
  });

  it.each<[string, OperationAnswer[], string, string | undefined]>([
    ["no on the telephone", [no], "failed", "ars-failed"],
    ["a call that was never placed", [never], "failed", "ars-failed"],
    ["a lifetime account", [yes, { ...no, code: "lifetime-account" }], "failed", "lifetime-account"],
    ["a restricted account", [yes, { ...no, code: "restricted-account" }], "failed", "restricted-account"],
    ["refused", [yes, { ...no, code: "refused" }], "failed", "refused"],
    ["refused for a reason of its own", [yes, { ...no, code: "maintenance" }], "failed", "refused"],
    ["a registration that was never received", [yes, never], "failed", "refused"],
    ["a registration that nobody knows of yet", [yes, { outcome: "absent" }], "agreed", undefined],
  ])("%s", (_name, said, state, failure) => {
    const house = new House();
    house.begin();
    for (const answer of said) house.record(answer);
    expect(house.account()).toMatchObject({ state });
    expect(house.account().failure?.code).toBe(failure);
    if (state === "failed") expect(house.account()).toMatchObject({ numberEncrypted: null, holderEncrypted: null });
  });

  it("that a registration succeeded is asked for again when it names none", () => {
    const house = new House();
    house.begin();
    house.record(yes);
    const { operationId } = house.account();
    const request = { accountId: "lac_1", memberId: "mem_1", operationId: operationId!, answer: yes };
    const { result, changes } = recordAccountOutcome.decide(
      house.state,
      { ...request, registrationEncrypted: null, nextOperationId: "op_9", callTimeout_ms },
      now,
    );
    expect(result).toMatchObject({ account: { state: "agreed" }, next: undefined });
    expect(changes.operations).toMatchObject([{ state: "unknown" }]);
  });

  it("that comes again, late or in contradiction changes nothing", () => {
    const house = new House();
    house.begin();
    house.record(no);
    const failed = house.account();
    for (const late of [yes, no, unknown, never]) {
      expect(house.record(late, "lac_1", "op_1")).toEqual({ account: failed, next: undefined });
    }
    expect(house.events.length).toBe(2);
  });

  it("of the call, told again after the yes, orders no second registration", () => {
    const house = new House();
    house.begin();
    house.record(yes);
    expect(house.record(yes, "lac_1", "op_1").next).toBeUndefined();
    expect(house.record(no, "lac_1", "op_1").account.state).toBe("agreed");
    expect(house.state.operations.size).toBe(2);
  });

  it("puts an account in the place of the one that was registered, whose number is forgotten", () => {
    const house = new House();
    const former = house.registered().id;
    const current = house.registered({ numberIndex: "another" }).id;
    expect(house.account(former)).toMatchObject({
      state: "replaced",
      numberEncrypted: null,
      holderEncrypted: null,
      registrationEncrypted: null,
    });
    expect(house.account(current)).toMatchObject({ state: "registered", numberEncrypted: "sealed number" });
  });

  it("leaves the account of the other purpose as it is", () => {
    const house = new House();
    const charge = house.registered().id;
    const copy = house.registered({ purpose: "auto-charge" }, charge).id;
    expect([house.account(charge).state, house.account(copy).state]).toEqual(["registered", "registered"]);
  });

  it("takes the copy of what was replaced out of use, since the member changed the account", () => {
    const house = new House();
    const charge = house.registered().id;
    const copy = house.registered({ purpose: "auto-charge" }, charge).id;
    house.registered({ numberIndex: "another" });
    expect(house.account(copy)).toMatchObject({
      state: "replaced",
      numberEncrypted: null,
      registrationEncrypted: null,
    });
    expect(house.events.filter(({ subjectId }) => subjectId === copy).at(-1)!.type).toBe("linked-account.replaced");
  });

  it("leaves the copy in use when the same account is registered anew", () => {
    const house = new House();
    const charge = house.registered().id;
    const copy = house.registered({ purpose: "auto-charge" }, charge).id;
    house.registered();
    expect([house.account(charge).state, house.account(copy).state]).toEqual(["replaced", "registered"]);
  });

  it("on a copy of what was removed meanwhile comes to nothing", () => {
    const house = new House();
    const charge = house.registered().id;
    const begun = house.begin({ purpose: "auto-charge" }, { copyOf: charge });
    const copy = begun.ok ? begun.value.account.id : "";
    house.record(yes, copy);
    house.remove();
    expect(house.record(yes, copy).account).toMatchObject({ state: "deleted", registrationEncrypted: null });
  });
});

describe("removing", () => {
  it("takes both accounts and what is charged by itself, and forgets the numbers", () => {
    const house = new House({ autoChargeAmount: 10_000, autoChargeBelow: 5_000, autoCheckAt: now });
    const charge = house.registered().id;
    const copy = house.registered({ purpose: "auto-charge" }, charge).id;
    expect(house.remove()).toMatchObject({ ok: true, value: { id: charge, state: "deleted" } });
    for (const id of [charge, copy]) {
      expect(house.account(id)).toMatchObject({ state: "deleted", numberEncrypted: null, registrationEncrypted: null });
    }
    expect(house.member()).toMatchObject({ autoChargeAmount: null, autoChargeBelow: null, autoCheckAt: null });
    expect(house.events.slice(-3).map(({ type }) => type)).toEqual([
      "linked-account.deleted",
      "linked-account.deleted",
      "member.changed",
    ]);
    expect(refusalOf(house.remove())).toBe("account-missing");
  });

  it.each<[string, (house: House) => unknown, string | undefined, string]>([
    ["what is not there", () => {}, undefined, "account-missing"],
    ["what is being registered", (house) => house.begin(), undefined, "account-missing"],
    ["another merchant's", (house) => house.registered(), "mer_other", "member-unknown"],
  ])("%s is refused", (_name, before, merchantId, refusal) => {
    const house = new House();
    before(house);
    const held = JSON.stringify(house.accounts());
    expect(refusalOf(house.remove(merchantId))).toBe(refusal);
    expect(JSON.stringify(house.accounts())).toBe(held);
  });

  it("tells nothing of a member who is not charged by itself", () => {
    const house = new House();
    house.registered();
    house.remove();
    expect(house.events.at(-1)!.type).toBe("linked-account.deleted");
  });
});

describe("whatever happens in whatever order", () => {
  const answer = fc.constantFrom(yes, no, unknown, never, { outcome: "absent" } as const);
  const step = fc.oneof(
    fc.record({
      do: fc.constant("begin" as const),
      purpose: fc.constantFrom("charge", "auto-charge"),
      adopted: fc.boolean(),
    }),
    // Of any operation that there ever was, so that words come twice and late.
    fc.record({ do: fc.constant("record" as const), which: fc.nat({ max: 9 }), answer }),
    fc.record({ do: fc.constant("code" as const) }),
    fc.record({ do: fc.constant("remove" as const) }),
  );

  it("a member has one account of each purpose and one registration under way, and each order is given once", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const house = new House();
        const ordered = new Set<string>();
        for (const one of steps) {
          if (one.do === "code") house.code();
          if (one.do === "remove") house.remove();
          if (one.do === "begin") {
            const charge = house
              .accounts()
              .find(({ state, purpose }) => state === "registered" && purpose === "charge");
            const copyOf = one.purpose === "auto-charge" ? (charge?.id ?? "lac_0") : null;
            const purpose = one.purpose as LinkedAccount["purpose"];
            house.begin({ purpose }, { adopted: one.adopted && copyOf === null, copyOf });
          }
          if (one.do === "record") {
            const operations = [...house.state.operations.values()];
            const operation = operations[one.which % Math.max(1, operations.length)];
            if (operation === undefined) continue;
            const { next } = house.record(one.answer, operation.subjectId, operation.id);
            if (next === undefined) continue;
            expect(ordered.has(operation.id)).toBe(false);
            ordered.add(operation.id);
          }
          const accounts = house.accounts();
          const count = (wanted: (account: LinkedAccount) => boolean) => accounts.filter(wanted).length;
          expect(count(({ state }) => state === "calling" || state === "agreed")).toBeLessThanOrEqual(1);
          expect(count(({ state, purpose }) => state === "registered" && purpose === "charge")).toBeLessThanOrEqual(1);
          expect(
            count(({ state, purpose }) => state === "registered" && purpose === "auto-charge"),
          ).toBeLessThanOrEqual(1);
          for (const account of accounts) {
            expect(account.numberEncrypted === null).toBe(isOver(account.state));
            expect(account.registrationEncrypted !== null).toBe(account.state === "registered");
            expect(house.events.filter(({ subjectId }) => subjectId === account.id).length).toBe(account.eventSeq);
          }
        }
      }),
    );
  });
});
