/** Members and their own accounts in the core, on two nodes before one PG that is told what to say. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ArsOrder, HolderCheck, LinkedAccountService, Order, RegistrationOrder } from "../src/core/connector.ts";
import type { Core } from "../src/core/index.ts";
import type { Person } from "../src/core/members/member.ts";
import type { RegisterMemberRequest } from "../src/core/members/members.ts";
import type { OperationAnswer } from "../src/core/operations/operation.ts";
import { Store } from "../src/store/index.ts";
import { eventually } from "./support/client.ts";
import { createDatabase, type TestDatabase } from "./support/database.ts";
import { breaches, coreBefore, personCalled, secrets } from "./support/members.ts";

const connector = "pg";
const merchantId = "mer_linked";
const callTimeout_ms = 500;

const yes = { outcome: "succeeded", transactionId: "pgt_1", registration: "registration 1" } as const;
const unknown: OperationAnswer = { outcome: "unknown", reason: "it takes its time" };
const no = (code: string) => ({ outcome: "failed", code, message: "거절되었습니다." }) as const;

/** Says what the test has it say; remembers its orders, and by default carries each out at once. */
class Pg implements LinkedAccountService {
  readonly orders: { kind: string; order: Order }[] = [];
  /** What it says when it is asked; whatever is not here it has never heard of. */
  readonly known = new Map<string, OperationAnswer>();
  says: { [kind in "call" | "register" | "verify"]?: (key: string) => Promise<OperationAnswer> } = {};

  async checkHolder(): Promise<HolderCheck | undefined> {
    throw new Error("the line is dead");
  }

  call = (order: ArsOrder) => this.#take("call", order);
  register = (order: RegistrationOrder) => this.#take("register", order);
  verify = (order: Order) => this.#take("verify", order);
  withdraw = () => Promise.reject(new Error("nothing is drawn here"));
  ask = async (key: string) => this.known.get(key) ?? ({ outcome: "absent" } as const);

  of<Kind extends Order = Order>(kind: string): Kind[] {
    return this.orders.flatMap((one) => (one.kind === kind ? [one.order as Kind] : []));
  }

  async #take(kind: "call" | "register" | "verify", order: Order): Promise<OperationAnswer> {
    this.orders.push({ kind, order });
    return (await this.says[kind]?.(order.key)) ?? yes;
  }
}

let database: TestDatabase;
let stores: Store[];
let nodes: Core[];
let core: Core;
let pg: Pg;
let serial = 0;

function newCore(store: Store): Core {
  const linkedAccounts: LinkedAccountService = {
    checkHolder: () => pg.checkHolder(),
    call: (order) => pg.call(order),
    register: (order) => pg.register(order),
    withdraw: () => pg.withdraw(),
    verify: (order) => pg.verify(order),
    ask: (key) => pg.ask(key),
  };
  const refunds = {
    pay: () => Promise.reject(new Error("nothing is paid out here")),
    ask: (key: string) => pg.ask(key),
  };
  return coreBefore(store, { name: connector, linkedAccounts, refunds }, callTimeout_ms);
}

beforeAll(async () => {
  database = await createDatabase();
  stores = [new Store({ url: database.url }), new Store({ url: database.url })];
  nodes = stores.map(newCore);
  core = nodes[0]!;
  const merchant = { id: merchantId, name: "나루상점", settings: {} };
  const other = { id: "mer_other", name: "다른상점", settings: {} };
  for (const one of [merchant, other]) await core.registerMerchant({ merchant: one, credentials: [], channels: [] });
  await Promise.all(nodes.map((node) => node.start()));
});

afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await Promise.all(stores.map((store) => store.close()));
  await database.drop();
});

beforeEach(() => {
  pg = new Pg();
});

function person(of: Partial<Person> = {}): Person {
  serial += 1;
  return { ...personCalled(`kona-${serial}`), ...of };
}

const wish = (of: Partial<RegisterMemberRequest> = {}): RegisterMemberRequest => ({
  merchantId,
  person: person(),
  password: "135790",
  joinChannel: "OPENAPI",
  terms: ["29184"],
  serviceId: "000170000002000",
  ...of,
});

async function newMember(of: Partial<RegisterMemberRequest> = {}) {
  const registered = await core.members.register(wish(of));
  if (!registered.ok) throw new Error(registered.refusal.code);
  return registered.value;
}

const account = { connector, bankCode: "003", number: "333015555557", holder: "김코나", birthDate: "19751112" };
const details = { bankCode: "003", bankName: "IBK기업은행" };
const wanted = (memberId: string) => ({ merchantId, memberId, ...account, details });

/** Registers the account of a member who has just been given a code. */
async function register(memberId: string, on = core) {
  const { member } = (await membersView(memberId))!;
  await core.members.makeArsCode(member);
  return on.linkedAccounts.register(wanted(memberId));
}

async function membersView(memberId: string) {
  const { rows } = await database.pool.query<{ number: string }>("SELECT number FROM members WHERE id = $1", [
    memberId,
  ]);
  return core.members.find(merchantId, rows[0]!.number);
}

/** From the resolver's view the order's time has been over for long. */
async function letTimePass(key: string): Promise<void> {
  await database.pool.query(
    "UPDATE operations SET valid_until = valid_until - interval '1 hour', ask_at = ask_at - interval '1 hour' WHERE id = $1",
    [key],
  );
}

const stateOf = async (id: string) => (await core.linkedAccounts.registration(merchantId, id))?.state;

async function expectClean(): Promise<void> {
  expect(await breaches(database)).toEqual([]);
}

describe("members", () => {
  it("are found by number and by card, with their balance, and by no other merchant", async () => {
    const { member, card, cardNumber } = await newMember();
    const view = await core.members.find(merchantId, member.number);
    expect(view).toMatchObject({ person: { name: "김코나" }, balance: 0, cards: [{ number: cardNumber }] });
    expect(await core.members.findByCard(merchantId, cardNumber)).toMatchObject({ card: { card: { par: card.par } } });
    expect(await core.members.find("mer_other", member.number)).toBeUndefined();
    expect(await core.members.findByCard("mer_other", cardNumber)).toBeUndefined();
    await expectClean();
  });

  it("of the same name are made once, on whichever nodes they are asked for at once", async () => {
    const same = person({ ci: `ci ${serial}` });
    const asked = await Promise.all(
      [...nodes, ...nodes, ...nodes].map((node) => node.members.register(wish({ person: same }))),
    );
    const outcomes = asked.map((one) => (one.ok ? "made" : one.refusal.code)).sort();
    expect(outcomes).toEqual(["made", ...Array(5).fill("member-exists")]);
    await expectClean();
  });

  it("have a chosen number of 20 digits to the last one, which is given once", async () => {
    const numbers = ["18446744073709551615", "18446744073709551616"];
    for (const number of numbers) await newMember({ number });
    for (const number of numbers) expect((await core.members.find(merchantId, number))!.member.number).toBe(number);
    expect(await core.members.find(merchantId, "18446744073709551617")).toBeUndefined();
    const again = await nodes[1]!.members.register(wish({ number: numbers[0]! }));
    expect(again).toEqual({ ok: false, refusal: { code: "number-taken", number: numbers[0] } });
  });

  it("get another number when an operator has chosen theirs", async () => {
    const { member } = await newMember();
    const next = BigInt(member.number) + 1n;
    for (const number of [next, next + 1n]) await newMember({ number: String(number) });
    expect((await newMember()).member.number).toBe(String(next + 2n));
  });

  it("keep the card that they had, which nobody else can have", async () => {
    const card = { number: "9491339401250765", par: "Q180BEA3B2F1BBD8410336D66A4", expiry: "3108" };
    const { card: held } = await newMember({ card });
    expect(held).toMatchObject({ par: card.par, expiry: "3108", numberMasked: "***765" });
    const again = await core.members.register(wish({ card: { ...card, par: "Q18000000000000000000000000" } }));
    expect(again).toEqual({ ok: false, refusal: { code: "number-taken", number: "***765" } });
  });

  it("have tokens of 16 digits for a card, of which hashes alone are stored", async () => {
    const { cardNumber } = await newMember();
    const made = await core.members.makeToken({ merchantId, cardNumber, long: false });
    if (!made.ok) throw new Error(made.refusal.code);
    expect(made.value).toMatchObject({
      token: expect.stringMatching(/^\d{16}$/),
      dcvv: expect.stringMatching(/^\d{3}$/),
    });
    const { rows } = await database.pool.query<{ held: string }>(
      "SELECT to_jsonb(t)::text AS held FROM one_time_tokens t",
    );
    expect(rows.some(({ held }) => held.includes(secrets.hash(made.value.token)))).toBe(true);
    expect(rows.some(({ held }) => held.includes(made.value.token))).toBe(false);
    const unknownCard = await core.members.makeToken({ merchantId: "mer_other", cardNumber, long: false });
    expect(unknownCard).toEqual({ ok: false, refusal: { code: "card-unknown" } });
  });
});

describe("registering an account", () => {
  it("calls the member with the code that was made, then orders the registration", async () => {
    const { member } = await newMember();
    const { code } = await core.members.makeArsCode(member);
    const begun = await core.linkedAccounts.register(wanted(member.id));
    expect(begun).toMatchObject({
      ok: true,
      value: { state: "registered", accountId: expect.stringMatching(/^[0-9A-Z]{5}$/) },
    });
    expect(pg.of<ArsOrder>("call")).toMatchObject([{ code, phone: "01012345678" }]);
    expect(pg.of("register")).toMatchObject([{ number: account.number, bankCode: "003", holder: "김코나" }]);
    expect((await core.linkedAccounts.registered(member.id)).charge).toMatchObject({ number: account.number });
    await expectClean();
  });

  it("without a code fails, and the PG hears nothing of it", async () => {
    const { member } = await newMember();
    const begun = await core.linkedAccounts.register(wanted(member.id));
    expect(begun).toMatchObject({ ok: true, value: { state: "failed", failure: { code: "ars-failed" } } });
    expect(pg.orders).toEqual([]);
    await expectClean();
  });

  it("is begun once, on whichever nodes it is asked for at once", async () => {
    const { member } = await newMember();
    pg.says.call = async () => unknown;
    const asked = await Promise.all([register(member.id, nodes[0]), register(member.id, nodes[1])]);
    expect(asked.map((one) => (one.ok ? one.value.state : one.refusal.code)).sort()).toEqual([
      "calling",
      "registration-under-way",
    ]);
    expect(pg.of("call").length).toBe(1);
    await expectClean();
  });

  it("goes by a notice that comes before the call's own answer", async () => {
    const { member } = await newMember();
    pg.says.call = async (key) => {
      expect(await nodes[1]!.receiveOrderNotice({ connector, key, answer: yes })).toBe(true);
      return unknown;
    };
    const begun = await register(member.id);
    expect(begun).toMatchObject({ ok: true, value: { state: "registered" } });
    expect(pg.of("register").length).toBe(1);
    await expectClean();
  });

  it("is ordered once, however often and wherever the member's yes is told", async () => {
    const { member } = await newMember();
    pg.says.call = async () => unknown;
    const begun = await register(member.id);
    const key = pg.of("call")[0]!.key;
    await Promise.all(
      [...nodes, ...nodes, ...nodes].map((node) => node.receiveOrderNotice({ connector, key, answer: yes })),
    );
    expect(pg.of("register").length).toBe(1);
    expect(begun.ok && (await stateOf(begun.value.id))).toBe("registered");
    await expectClean();
  });

  it("that the PG carried out without answering is found by asking", async () => {
    const { member } = await newMember();
    pg.says.register = async (key) => {
      pg.known.set(key, yes);
      throw new Error("the connection was lost");
    };
    const begun = await register(member.id);
    expect(begun).toMatchObject({ ok: true, value: { state: "agreed" } });
    await eventually(async () => begun.ok && (await stateOf(begun.value.id)) === "registered");
    expect(pg.of("register").length).toBe(1);
    await expectClean();
  });

  it("that was never ordered, because the node died before, fails when its time is over", async () => {
    const { member } = await newMember();
    // As if the node had ended between the member's yes and the order.
    pg.says.register = async () => {
      throw new Error("no order has left");
    };
    const begun = await register(member.id);
    await letTimePass(pg.of("register")[0]!.key);
    await eventually(async () => begun.ok && (await stateOf(begun.value.id)) === "failed");
    expect(await register(member.id)).toMatchObject({ ok: true });
    await expectClean();
  });

  it("that has failed stays so when the member's yes comes late", async () => {
    const { member } = await newMember();
    pg.says.call = async () => unknown;
    const begun = await register(member.id);
    const key = pg.of("call")[0]!.key;
    await core.receiveOrderNotice({ connector, key, answer: no("unanswered") });
    await nodes[1]!.receiveOrderNotice({ connector, key, answer: yes });
    expect(begun.ok && (await stateOf(begun.value.id))).toBe("failed");
    expect(pg.of("register")).toEqual([]);
    await expectClean();
  });

  it("again puts the new account in the place of the former", async () => {
    const { member } = await newMember();
    const [former, current] = [await register(member.id), await register(member.id)];
    expect(former.ok && (await stateOf(former.value.id))).toBe("replaced");
    expect((await core.linkedAccounts.registered(member.id)).charge?.account.id).toBe(current.ok && current.value.id);
    const ids = [former, current].map((one) => one.ok && one.value.accountId);
    expect(new Set(ids).size).toBe(2);
    await expectClean();
  });

  it("for auto-charge asks for no code, and goes with what it is a copy of", async () => {
    const { member } = await newMember();
    const of = { merchantId, memberId: member.id };
    expect(await core.linkedAccounts.registerForAutoCharge(of)).toMatchObject({ refusal: { code: "account-missing" } });
    await register(member.id);
    expect(await core.linkedAccounts.registerForAutoCharge(of)).toMatchObject({
      ok: true,
      value: { state: "registered" },
    });
    expect(pg.of<ArsOrder>("call").at(-1)!.code).toBeNull();
    const held = await core.linkedAccounts.registered(member.id);
    expect([held.charge?.number, held.autoCharge?.number]).toEqual([account.number, account.number]);
    expect(await core.linkedAccounts.remove(of)).toMatchObject({ ok: true, value: { state: "deleted" } });
    expect(await core.linkedAccounts.registered(member.id)).toEqual({ charge: undefined, autoCharge: undefined });
    expect(await core.linkedAccounts.remove(of)).toMatchObject({ refusal: { code: "account-missing" } });
    await expectClean();
  });

  it("is no other merchant's to see, to copy or to remove", async () => {
    const { member } = await newMember();
    const begun = await register(member.id);
    const of = { merchantId: "mer_other", memberId: member.id };
    expect(await core.linkedAccounts.registration("mer_other", begun.ok ? begun.value.id : "")).toBeUndefined();
    expect(await core.linkedAccounts.registerForAutoCharge(of)).toMatchObject({ ok: false });
    expect(await core.linkedAccounts.remove(of)).toMatchObject({ refusal: { code: "member-unknown" } });
  });
});

describe("adopting an account", () => {
  it("is done once by nodes that start together, and calls nobody", async () => {
    const { member } = await newMember();
    const asked = await Promise.all([...nodes, ...nodes].map((node) => node.linkedAccounts.adopt(wanted(member.id))));
    expect(new Set(asked.map((one) => one.ok && one.value.id)).size).toBe(1);
    expect(asked.every((one) => one.ok)).toBe(true);
    expect(pg.orders.map(({ kind }) => kind)).toEqual(["register"]);
    expect((await core.linkedAccounts.registered(member.id)).charge).toMatchObject({ holder: "김코나" });
    await expectClean();
  });
});

describe("verifying an account", () => {
  const claimed = { merchantId, connector, bankCode: "003", number: "333015555557" };
  const spent = async () => {
    const { rows } = await database.pool.query<{ debit: number }>(
      "SELECT debit FROM ledger_accounts WHERE id = 'merchant:' || $1",
      [merchantId],
    );
    return rows[0]?.debit ?? 0;
  };

  it("costs the merchant a won when it was sent", async () => {
    const before = await spent();
    expect(await core.linkedAccounts.verify(claimed)).toMatchObject({ ok: true, value: { state: "succeeded" } });
    expect((await spent()) - before).toBe(1);
    await expectClean();
  });

  it("tells that an account is nobody's", async () => {
    const before = await spent();
    pg.says.verify = async () => no("no-such-account");
    expect(await core.linkedAccounts.verify(claimed)).toEqual({ ok: false, refusal: { code: "account-unknown" } });
    expect(await spent()).toBe(before);
    await expectClean();
  });

  it("tells that it is not known, and pays once when it is", async () => {
    const before = await spent();
    pg.says.verify = async () => unknown;
    expect(await core.linkedAccounts.verify(claimed)).toEqual({ ok: false, refusal: { code: "verification-pending" } });
    const { key } = pg.of("verify")[0]!;
    await Promise.all([...nodes, ...nodes].map((node) => node.receiveOrderNotice({ connector, key, answer: yes })));
    expect((await spent()) - before).toBe(1);
    await expectClean();
  });

  it("of a name tells when the PG does not answer", async () => {
    const check = core.linkedAccounts.checkHolder(connector, { ...account, birthDate: "19751112" });
    expect(await check).toBe("unavailable");
  });
});
