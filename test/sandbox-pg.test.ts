/**
 * The sandbox PG's own book: each order once, whichever node takes it and however often it comes, and what it finds out
 * later. There are no members here; what the PG did is read from its own table.
 */
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../src/config.ts";
import { knownPeople, readArming } from "../src/connectors/sandbox/index.ts";
import { type CallAnswer, callAnswerer, readRinging } from "../src/connectors/sandbox/simulator/ars-calls.ts";
import { holderOf } from "../src/connectors/sandbox/simulator/holders.ts";
import { orderNoticeLimits } from "../src/connectors/sandbox/simulator/order-notices.ts";
import { pgLimits } from "../src/connectors/sandbox/simulator/pg.ts";
import { moveClock } from "../src/core/clock.ts";
import type {
  ArsOrder,
  LinkedAccountService,
  RegistrationOrder,
  VerificationOrder,
  WithdrawalOrder,
} from "../src/core/connector.ts";
import type { OperationAnswer } from "../src/core/operations/operation.ts";
import { openStore } from "../src/main.ts";
import { newId } from "../src/store/index.ts";
import { eventually } from "./support/client.ts";
import { addRow, type TestDatabase } from "./support/database.ts";
import { environment, startTestNode } from "./support/node.ts";
import { brokenBy, useSandboxOfTwo } from "./support/sandbox.ts";

const yetToFindOut = { outcome: "unknown", reason: "the PG has yet to find out" };
const patience_ms = 60_000;
const account = { bankCode: "088", number: "110123456789" };

const sandbox = useSandboxOfTwo();
/** Of two nodes. */
let pgs: LinkedAccountService[];
let pg: LinkedAccountService;

beforeAll(() => {
  pgs = sandbox.connectors.map((one) => one.linkedAccounts!);
  pg = pgs[0]!;
});

const order = () => ({ key: newId("op"), validUntil: new Date(Date.now() + patience_ms) });
const signal = () => AbortSignal.timeout(patience_ms);
const move = (advance: string) => moveClock(sandbox.database.pool, { advance });
const ask = ({ key }: { key: string }) => pg.ask(key, signal());

const ring = (wanted: Partial<ArsOrder> = {}): ArsOrder => ({
  ...order(),
  phone: "01012345678",
  code: "42",
  ...wanted,
});
/** By the account's holder, if there is one and nobody else is wanted. */
async function link(wanted: Partial<RegistrationOrder> = {}): Promise<RegistrationOrder> {
  const { bankCode, number } = { ...account, ...wanted };
  const found = await holderOf(sandbox.database.pool, bankCode, number);
  const { name: holder = "김나루", birthDate = null } = found ?? {};
  return { ...order(), bankCode, number, holder, birthDate: birthDate ?? "19900101", ...wanted };
}
const draw = (registration: string, wanted: Partial<WithdrawalOrder> = {}): WithdrawalOrder => ({
  ...order(),
  registration,
  amount: 5_000,
  currency: "KRW",
  ...wanted,
});
const won = (wanted: Partial<VerificationOrder> = {}): VerificationOrder => {
  const { bankCode, number } = account;
  return { ...order(), bankCode, number, amount: 1, currency: "KRW", ...wanted };
};

/** By what a newly registered account is drawn on. */
async function registered(wanted: Partial<RegistrationOrder> = {}): Promise<string> {
  const answer = await pg.register(await link(wanted), signal());
  if (answer.outcome !== "succeeded") throw new Error(`not registered: ${JSON.stringify(answer)}`);
  return answer.registration!;
}

async function rows(where: string, ...values: unknown[]) {
  return (
    await sandbox.database.pool.query(`SELECT * FROM sandbox_pg_orders WHERE ${where} ORDER BY made_at, key`, values)
  ).rows;
}

async function arm(fault: string, how: { delay_s?: number; code?: string } = {}): Promise<void> {
  const arming = readArming({ fault, ...how });
  if ("wrong" in arming) throw new Error(arming.wrong);
  await sandbox.faults.arm(arming);
}

/** Every kind of order, given to a node. */
const given: [kind: string, give: (node: number, wanted?: object) => Promise<OperationAnswer>][] = [
  ["call", (node, wanted) => pgs[node]!.call(ring(wanted), signal())],
  ["registration", async (node, wanted) => pgs[node]!.register(await link(wanted), signal())],
  ["withdrawal", async (node, wanted) => pgs[node]!.withdraw(draw(await shared, wanted), signal())],
  ["verification", (node, wanted) => pgs[node]!.verify(won(wanted), signal())],
];
let shared: Promise<string>;
beforeAll(() => {
  shared = registered();
});

describe.each(given)("an order of one key: a %s", (kind, give) => {
  it("is carried out once when it comes to two nodes many times at once, and is answered as it was", async () => {
    const wanted = order();
    const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => give(index % 2, wanted)));
    expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(answers[0]!.outcome).toBe(kind === "call" ? "unknown" : "succeeded");
    expect(await ask(wanted)).toEqual(answers[0]);
    expect(await give(0, { ...wanted, validUntil: new Date(0) })).toEqual(answers[0]);
    expect(await rows("key = $1", wanted.key)).toMatchObject([{ kind }]);
  });

  it("is never carried out after its time, and then nobody knows of it", async () => {
    const wanted = { ...order(), validUntil: new Date(Date.now() - 1_000) };
    expect(await give(0, wanted)).toMatchObject({ outcome: "failed", code: "too-late" });
    expect(await ask(wanted)).toEqual({ outcome: "absent" });
    expect(await rows("key = $1", wanted.key)).toEqual([]);
  });
});

describe("a registration", () => {
  const [{ bankCode, number }] = knownPeople as [(typeof knownPeople)[number]];

  it.each([
    ["another name", { holder: "홍길동" }],
    ["another date of birth", { birthDate: "19751113" }],
  ])("is refused under %s than the holder's", async (_, wanted) => {
    const answer = await pg.register(await link({ bankCode, number, ...wanted }), signal());
    expect(answer).toMatchObject({ outcome: "failed", code: "refused" });
  });

  it("is what the account is drawn on by, is said again, and is not in the PG's book, nor is the account", async () => {
    const wanted = await link();
    const answer = await pg.register(wanted, signal());
    expect(answer).toMatchObject({ outcome: "succeeded", registration: expect.stringMatching(/^reg_[0-9a-f]{64}$/) });
    expect(await ask(wanted)).toEqual(answer);
    const { registration } = answer as { registration: string };
    expect(await registered()).not.toBe(registration);
    const drawn = await pgs[1]!.withdraw(draw(registration), signal());
    expect(drawn).toEqual({ outcome: "succeeded", transactionId: expect.stringMatching(/^pgw_/) });
    const book = JSON.stringify(await rows("true"));
    for (const secret of [registration, account.number, wanted.holder]) expect(book).not.toContain(secret);
  });

  it.each([
    ["0001234567890", "refused"],
    ["0011234567890", "restricted-account"],
    ["0021234567890", "lifetime-account"],
    ["0031234567890", "refused"],
  ])("of %s is declined and remembered so", async (number, code) => {
    const wanted = await link({ number });
    const answer = await pg.register(wanted, signal());
    expect(answer).toMatchObject({ outcome: "failed", code });
    expect([await ask(wanted), await pg.register({ ...wanted, ...account }, signal())]).toEqual([answer, answer]);
  });

  it.each(["lifetime-account", "restricted-account", "refused"])("is declined on purpose for %s", async (code) => {
    await arm("registration-refused", { code });
    const wanted = await link();
    const answer = await pg.register(wanted, signal());
    expect(answer).toMatchObject({ outcome: "failed", code });
    expect(await ask(wanted)).toEqual(answer);
    expect(await registered()).toMatch(/^reg_/);
  });
});

describe("a withdrawal", () => {
  it.each(knownPeople.map((one) => [one.name, one.chargeable, one] as const))(
    "from %s's account is drawn: %s",
    async (_name, chargeable, { bankCode, number }) => {
      const wanted = draw(await registered({ bankCode, number }));
      const answer = await pg.withdraw(wanted, signal());
      const said = chargeable ? { outcome: "succeeded" } : { outcome: "failed", code: "insufficient-funds" };
      expect(answer).toMatchObject(said);
      expect(await ask(wanted)).toEqual(answer);
    },
  );

  it("by a registration that the PG never gave draws nothing", async () => {
    const answer = await pg.withdraw(draw(`reg_${"0".repeat(64)}`), signal());
    expect(answer).toMatchObject({ outcome: "failed", code: "registration-unknown" });
  });

  it("that is refused on purpose is remembered so", async () => {
    await arm("withdrawal-refused");
    const wanted = draw(await shared);
    const answer = await pg.withdraw(wanted, signal());
    expect(answer).toMatchObject({ outcome: "failed", code: "refused" });
    expect([await ask(wanted), await pg.withdraw(wanted, signal())]).toEqual([answer, answer]);
  });

  it("that the PG finds out about later is told of then", async () => {
    const poor = knownPeople.find((one) => !one.chargeable)!;
    const orders = [draw(await shared), draw(await registered(poor))];
    for (const one of orders) {
      await arm("withdrawal-late", { delay_s: 30 });
      expect(await pg.withdraw(one, signal())).toEqual(yetToFindOut);
    }
    const tell = sandbox.word();
    await tell();
    const toldOf = () => orders.map(({ key }) => sandbox.told.filter((one) => one.key === key));
    expect([await ask(orders[0]!), toldOf()]).toEqual([yetToFindOut, [[], []]]);
    await move("PT30S");
    await tell();
    const decisions = [{ outcome: "succeeded" }, { outcome: "failed", code: "insufficient-funds" }];
    expect(toldOf()).toMatchObject(decisions.map((answer) => [{ connector: "sandbox", answer }]));
    expect(await Promise.all(orders.map(ask))).toEqual(toldOf().map(([notice]) => notice!.answer));
  });
});

describe("a verification", () => {
  it("arrives at an account that there is, and at no other", async () => {
    const answer = await pg.verify(won(), signal());
    expect(answer).toEqual({ outcome: "succeeded", transactionId: expect.stringMatching(/^pgv_/) });
    const nobodys = won({ number: "0001234567890" });
    const declined = await pg.verify(nobodys, signal());
    expect(declined).toMatchObject({ outcome: "failed", code: "no-such-account" });
    expect(await ask(nobodys)).toEqual(declined);
  });
});

describe("a PG that does not answer", () => {
  it.each(["registration", "withdrawal", "verification"])(
    "did not hear of the order, or carried it out: %s-timeout-…",
    async (of) => {
      const registration = await shared;
      const short = () => AbortSignal.timeout(50);
      const give = async (wanted: ReturnType<typeof order>) => {
        if (of === "registration") return pg.register(await link(wanted), short());
        return of === "withdrawal" ? pg.withdraw(draw(registration, wanted), short()) : pg.verify(won(wanted), short());
      };
      for (const [when, outcome] of [
        ["before", "absent"],
        ["after", "succeeded"],
      ]) {
        const wanted = order();
        await arm(`${of}-timeout-${when}`);
        await expect(give(wanted)).rejects.toThrow("did not answer");
        expect(await ask(wanted)).toMatchObject({ outcome });
      }
    },
  );

  it("does not say whose an account is", async () => {
    await arm("holder-timeout");
    const claimed = { ...account, holder: "아무개", birthDate: "20000101" };
    await expect(pg.checkHolder(claimed, AbortSignal.timeout(50))).rejects.toThrow("did not answer");
    expect(await pg.checkHolder(claimed, signal())).toBe("wrong-name");
  });
});

describe("whose account it is", () => {
  const people = knownPeople.map((one) => [one.name, one] as const);

  it.each(people)("%s's is theirs, by name and date of birth", async (name, { bankCode, number, birthDate }) => {
    const check = (claimed: object) =>
      pg.checkHolder({ bankCode, number, holder: name, birthDate, ...claimed }, signal());
    expect(await check({})).toBe("right");
    expect(await check({ holder: ` ${[...name].join(" ")}`.normalize("NFD") })).toBe("right");
    expect(await check({ birthDate: "19000101" })).toBe("wrong-birth-date");
    expect(await check({ holder: "홍길동" })).toBe("wrong-name");
    expect(await sandbox.connectors[0]!.findHolder!(bankCode, number, signal())).toBe(name);
  });

  it("any other is that of a person whose name it has, born whenever", async () => {
    const { bankCode, number } = account;
    const holder = (await sandbox.connectors[0]!.findHolder!(bankCode, number, signal()))!;
    expect(await holderOf(sandbox.database.pool, bankCode, number)).toEqual({ name: holder, birthDate: null });
    for (const birthDate of ["19000101", "20050628"]) {
      expect(await pg.checkHolder({ bankCode, number, holder, birthDate }, signal())).toBe("right");
    }
    expect(await pg.checkHolder({ bankCode, number, holder: `${holder}님`, birthDate: "" }, signal())).toBe(
      "wrong-name",
    );
  });

  it("is nobody's when its number begins with 000", async () => {
    const claimed = { ...account, number: "0001234567890", holder: "아무개", birthDate: "20000101" };
    expect(await pg.checkHolder(claimed, signal())).toBeUndefined();
  });
});

describe("a call", () => {
  const call = async (wanted: Partial<ArsOrder> = {}) => {
    const one = ring(wanted);
    expect(await pg.call(one, signal())).toEqual(yetToFindOut);
    const [{ transaction_id: id }] = await rows("key = $1", one.key);
    return { ...one, id: id as string };
  };
  const ringing = async () => (await readRinging(sandbox.database.pool)).map((one) => one.id);
  const answer = (id: string, what: CallAnswer, node = 0) => callAnswerer(sandbox.stores[node]!)(id, what);

  it("is answered by the member after some seconds, and Naru is told", async () => {
    const one = await call();
    expect(await ringing()).toContain(one.id);
    await move(`PT${pgLimits.call_s}S`);
    const agreed = { outcome: "succeeded", transactionId: one.id };
    expect([await ask(one), await ringing()]).toEqual([agreed, []]);
    await sandbox.word()();
    expect(sandbox.told).toContainEqual({ connector: "sandbox", key: one.key, answer: agreed });
  });

  it("whose yes keeps Naru busy keeps it from hearing of no other, and is told again", async () => {
    const [slow, quick] = [await call(), await call()];
    await move(`PT${pgLimits.call_s}S`);
    const tell = sandbox.word({
      receiveOrderNotice: (notice) =>
        notice.key === slow.key ? new Promise(() => {}) : sandbox.receiveOrderNotice(notice),
    });
    expect(await tell()).toBe(false);
    expect(sandbox.told.map(({ key }) => key)).toEqual([quick.key]);
    await sandbox.word()();
    expect(sandbox.told.map(({ key }) => key)).toEqual([quick.key, slow.key]);
  });

  it.each([
    ["ars-wrong", undefined, pgLimits.call_s, "wrong-code"],
    ["ars-unanswered", undefined, 10, "unanswered"],
    ["ars-unanswered", 3, 3, "unanswered"],
    ["ars-held", undefined, 60, "unanswered"],
    ["ars-held", 20, 20, "unanswered"],
  ])("fails with %s, delayed by %s s, after %s s", async (fault, delay_s, after_s, code) => {
    await arm(fault, delay_s === undefined ? {} : { delay_s });
    const one = await call();
    const [{ made_at, decides_at }] = await rows("key = $1", one.key);
    expect(decides_at.getTime() - made_at.getTime()).toBe(after_s * 1000);
    await move(`PT${after_s}S`);
    const failed = { outcome: "failed", code };
    expect(await ask(one)).toMatchObject(failed);
    await sandbox.word()();
    expect(sandbox.told.filter(({ key }) => key === one.key)).toMatchObject([{ answer: failed }]);
  });

  it.each([
    ["right", { outcome: "succeeded" }],
    ["wrong", { outcome: "failed", code: "wrong-code" }],
    ["unanswered", { outcome: "failed", code: "unanswered" }],
  ] as const)("that is held is what an operator answers, at once: %s", async (what, said) => {
    await arm("ars-held");
    const one = await call();
    expect(await answer(one.id, what)).toMatchObject({ ok: true });
    expect([await ask(one), await ringing()]).toMatchObject([said, []]);
    await sandbox.word()();
    expect(sandbox.told.filter(({ key }) => key === one.key)).toMatchObject([{ answer: said }]);
    expect(await answer(one.id, "right")).toEqual({ ok: false, refusal: { code: "call-over", id: one.id } });
    await move("PT60S");
    await sandbox.word()();
    expect(await ask(one)).toMatchObject(said);
    expect(sandbox.told.filter(({ key }) => key === one.key)).toHaveLength(1);
  });

  it("is answered once, when two operators answer it at two nodes many times at once", async () => {
    for (let round = 0; round < 5; round += 1) {
      await arm("ars-held");
      const one = await call();
      const whats = Array.from({ length: 20 }, (_, index): CallAnswer => (index % 3 === 0 ? "right" : "wrong"));
      const outcomes = await Promise.all(whats.map((what, index) => answer(one.id, what, index % 2)));
      const taken = outcomes.flatMap((outcome, index) => (outcome.ok ? [whats[index]] : []));
      expect(taken).toHaveLength(1);
      expect((await ask(one)).outcome).toBe(taken[0] === "right" ? "succeeded" : "failed");
    }
  });

  it("is as the operator answered it in time, for all who ask and are told while that is being recorded", async () => {
    const beforeCommit = () => pause(2_500);
    const slow = openStore({ url: sandbox.database.url }, readConfig(environment(sandbox.database)), { beforeCommit });
    try {
      await arm("ars-held", { delay_s: 1.5 });
      const one = await call();
      const answering = callAnswerer(slow)(one.id, "right");
      await pause(1_600);
      expect(await readRinging(sandbox.database.pool)).toEqual([]);
      const [said] = await Promise.all([ask(one), sandbox.word()()]);
      expect([(await answering).ok, said.outcome]).toEqual([true, "succeeded"]);
      expect(sandbox.told.filter(({ key }) => key === one.key)).toMatchObject([{ answer: said }]);
    } finally {
      await slow.close();
    }
  });

  it("that nobody made is not answered, nor is any other order", async () => {
    const wanted = won();
    await pg.verify(wanted, signal());
    const [{ transaction_id: id }] = await rows("key = $1", wanted.key);
    for (const one of [id, wanted.key, "ars_none"]) {
      expect(await answer(one, "right")).toEqual({ ok: false, refusal: { code: "call-unknown", id: one } });
    }
  });

  it("is listed with whom it is to", async () => {
    await arm("ars-held", { delay_s: 60 });
    const one = await call();
    await addRow(sandbox.database, "members", { id: "mbr_1", number: "99999999999999999999" });
    const linked = { id: "lac_1", member_id: "mbr_1", purpose: "charge", bank_code: "088", number_masked: "***789" };
    await addRow(sandbox.database, "linked_accounts", linked);
    await addRow(sandbox.database, "operations", { id: one.key, subject_id: "lac_1", kind: "ars-call" });
    const [listed] = await readRinging(sandbox.database.pool);
    expect(listed).toEqual({
      id: one.id,
      userId: "99999999999999999999",
      purpose: "charge",
      bankCode: "088",
      accountNumber: "***789",
      since: expect.any(Date),
      until: expect.any(Date),
    });
    expect(listed!.until.getTime() - listed!.since.getTime()).toBe(60_000);
    await answer(one.id, "right");
  });
});

describe("over HTTP", () => {
  it("operators see calls, answer them, and ask whose an account is; Naru hears of an answer at once", async () => {
    await arm("ars-held", { delay_s: 600 });
    const wanted = ring();
    await pg.call(wanted, signal());
    const node = await startTestNode({ database: sandbox.database });
    try {
      const path = "/naru/v1/sandbox/ars-calls";
      const { body } = await node.get<{ calls: { id: string; until: string }[] }>(path);
      const [{ id, until }] = body.calls as [{ id: string; until: string }];
      const call = { id, userId: null, purpose: null, bankCode: null, accountNumber: null, since: expect.any(String) };
      expect(body).toEqual({ calls: [{ ...call, until }] });
      for (const [what, status, error] of [
        [{ answer: "maybe" }, 400, {}],
        [{}, 400, { message: "answer is missing" }],
      ] as const) {
        expect(await node.post(`${path}/${id}`, what)).toMatchObject({ status, body: { error } });
      }
      const unknown = { status: 404, body: { error: { code: "call-unknown" } } };
      expect(await node.post(`${path}/ars_none`, { answer: "right" })).toMatchObject(unknown);

      const answered = { id, answer: "right", answeredAt: expect.any(String) };
      expect(await node.post(`${path}/${id}`, { answer: "right" })).toMatchObject({ status: 200, body: answered });
      const over = { status: 409, body: { error: { code: "call-over" } } };
      expect(await node.post(`${path}/${id}`, { answer: "right" })).toMatchObject(over);
      expect((await node.get(path)).body).toEqual({ calls: [] });
      expect(await ask(wanted)).toMatchObject({ outcome: "succeeded" });
      const isTold = async () => (await rows("key = $1", wanted.key))[0].notified_at !== null;
      await eventually(isTold, orderNoticeLimits.tell_interval_ms / 2);

      const holders = (query: string) => node.get(`/naru/v1/sandbox/holders?${query}`);
      const [{ name, birthDate, bankCode, number }] = knownPeople as [(typeof knownPeople)[number]];
      expect(await holders(`bankCode=3&accountNumber=${number.slice(0, 4)}-${number.slice(4)}`)).toMatchObject({
        status: 200,
        body: { bankCode, accountNumber: number, holder: name, birthDate },
      });
      const other = await holders("bankCode=088&accountNumber=110123456789");
      expect(other.body).toMatchObject({ holder: expect.stringMatching(/^[가-힣]{3}$/), birthDate: null });
      expect(await holders("bankCode=088&accountNumber=0001234567890")).toMatchObject({
        status: 404,
        body: { error: { code: "account-unknown" } },
      });
      for (const query of ["", "bankCode=088", "bankCode=999&accountNumber=1", "bankCode=088&accountNumber=1&x=1"]) {
        expect((await holders(query)).status).toBe(400);
      }
    } finally {
      await node.stop();
    }
  });
});

describe("what the doctor finds of the PG", () => {
  const drew = "what the sandbox's PG drew is what was withdrawn";
  const sent = "what the sandbox's PG sent to verify accounts is what was verified";
  const agreed = "the calls that were agreed to and the accounts that are registered are the sandbox's PG's";

  /** Of each kind an order that was carried out and one that was declined, at the PG and in the books. */
  async function sound(to: TestDatabase): Promise<void> {
    const connector = "sandbox";
    for (const [index, [kind, operation]] of [
      ["call", "ars-call"],
      ["registration", "account-registration"],
      ["withdrawal", "withdrawal"],
      ["verification", "verification"],
    ].entries()) {
      for (const state of ["succeeded", "failed"]) {
        const key = `op_${kind}_${state}`;
        const transaction_id = `pgt_${kind}_${state}`;
        const declined = state === "failed" ? "refused" : null;
        await addRow(to, "operations", { id: key, connector, kind: operation, state });
        await addRow(to, "sandbox_pg_orders", { key, transaction_id, kind, amount: index, declined });
        const subject = { id: key, operation_id: key, connector, state, amount: index, transaction_id };
        if (kind === "withdrawal") await addRow(to, "withdrawals", { ...subject, payment_id: key });
        if (kind === "verification") await addRow(to, "account_verifications", subject);
      }
    }
    // A call that was never placed.
    await addRow(to, "operations", { id: "op_none", connector, kind: "ars-call", state: "failed" });
  }

  const order = "UPDATE sandbox_pg_orders SET";
  it.each([
    ["nothing, of what agrees", "SELECT", []],
    [
      "nothing, while an outcome is unknown",
      "UPDATE withdrawals SET state = 'unknown'; UPDATE operations SET state = 'unknown'",
      [],
    ],
    ["another amount drawn", `${order} amount = 9 WHERE kind = 'withdrawal'`, [drew]],
    [
      "another withdrawal's id",
      "UPDATE withdrawals SET transaction_id = 'pgt_other' WHERE state = 'succeeded'",
      [drew],
    ],
    ["what it drew for nothing", "DELETE FROM withdrawals", [drew]],
    ["what it drew and Naru takes for a failure", "UPDATE withdrawals SET state = 'failed'", [drew]],
    ["another amount sent", `${order} amount = 9 WHERE kind = 'verification'`, [sent]],
    ["what it sent for nothing", "DELETE FROM account_verifications", [sent]],
    ["what it sent and Naru takes for a failure", "UPDATE account_verifications SET state = 'failed'", [sent]],
    ["what it declined and Naru takes for done", `${order} declined = 'refused'`, [drew, sent, agreed]],
    ["what it never heard of", "DELETE FROM sandbox_pg_orders", [drew, sent, agreed]],
    ["a call that was agreed to", "UPDATE operations SET state = 'failed' WHERE kind = 'ars-call'", [agreed]],
    [
      "an account that is registered",
      "UPDATE operations SET state = 'failed' WHERE kind = 'account-registration'",
      [agreed],
    ],
    ["a call of another order", `${order} kind = 'registration' WHERE kind = 'call'`, [agreed]],
    ["calls and registrations that nobody ordered", "DELETE FROM operations", [agreed]],
  ])("%s", async (_name, damage, broken) => {
    expect(await brokenBy(sound, damage)).toEqual(broken);
  });
});
