/**
 * Calls that count once, against a real server and with two nodes on it: a made-up change that leaves one row each time it
 * is made, under every way in which a call can be repeated, lost, taken over or cut off.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { moveClock } from "../../src/core/clock.ts";
import { type CoreCommand, commandOf, type Pipeline, WorkingState } from "../../src/core/command.ts";
import { accepted, type CallRefusal, type Outcome, refused } from "../../src/core/errors.ts";
import type { Call } from "../../src/core/idempotency/call-key.ts";
import { type BegunCall, IdempotentCalls } from "../../src/core/idempotency/calls.ts";
import { beginCall, lockCalls } from "../../src/core/idempotency/commands.ts";
import type { Lease } from "../../src/core/idempotency/idempotent-call.ts";
import { checkInvariants, invariants } from "../../src/core/invariants.ts";
import { prune } from "../../src/core/jobs.ts";
import { limits } from "../../src/core/limits.ts";
import { Heartbeat } from "../../src/core/nodes.ts";
import { Secrets } from "../../src/core/secrets.ts";
import { type GroupCommitLimits, newId, OutcomeUnknown, Store } from "../../src/store/index.ts";
import { startCommitProxy, through } from "../support/commit-proxy.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { freshSeed, type Random, randomFrom } from "../support/random.ts";

const merchantId = "mer_shop";
/** What every made-up change makes. */
const subjectId = "ins_1";
const secrets = new Secrets(Buffer.alloc(32, 7));
const log = { info() {}, warn() {} };

/** A change that a client asks for; an intent has no answer yet. */
interface Making {
  lease: Lease | undefined;
  name: string;
  kind: "intent" | "outcome" | "both";
  answer: string;
  /** It does not look whether it may. */
  isCareless?: boolean;
}

interface TestNode {
  store: Store;
  heartbeat: Heartbeat;
  calls: IdempotentCalls;
  begin(call?: Partial<Call>): Promise<BegunCall>;
  make(making: Partial<Making> & Pick<Making, "lease">): Promise<Outcome<string, CallRefusal>>;
  /** Called with the call's row locked. */
  locked: (() => Promise<void>) | undefined;
  /** As a node that was killed, or has not come to its heartbeat for a while: it can still be asked for changes. */
  die(): Promise<void>;
}

let database: TestDatabase;
const nodes: TestNode[] = [];

beforeAll(async () => {
  database = await createDatabase();
  await database.pool.query("INSERT INTO merchants VALUES ($1, '상점', '{}', now())", [merchantId]);
  await database.pool.query("INSERT INTO instruments VALUES ($1, $2, 'instr_1', 'CARD', 'sealed', now(), now())", [
    subjectId,
    merchantId,
  ]);
});
beforeEach(() => database.pool.query("TRUNCATE idempotent_calls, exchanges, nodes, installation"));
afterEach(async () => {
  expect((await checkInvariants(database.pool, invariants)).breaches).toEqual([]);
  await closeNodes();
});
afterAll(() => database.drop());

function makeOf(node: { locked: TestNode["locked"] }): CoreCommand<Making, Outcome<string, CallRefusal>> {
  return {
    name: "make",
    async load(tx, makings) {
      const state = new WorkingState();
      const leases = makings.map((making) => making.lease);
      state.heldCalls = await lockCalls(tx, leases);
      await node.locked?.();
      return state;
    },
    decide(state, { lease, name, kind, answer, isCareless }, now) {
      const holds = state.holdsCall(lease) || isCareless === true;
      // What was done outside is recorded whoever has the call by now.
      if (!holds && kind !== "outcome") return { result: refused({ code: "call-taken-over" }), changes: {} };
      const made = { id: newId("exc"), merchantId, paymentId: null, dialect: "made-up", method: kind, path: name };
      const exchanges = [{ ...made, request: {}, status: 200, answer: {}, at: now }];
      if (lease === undefined || !holds) return { result: accepted(answer), changes: { exchanges } };
      const call = { lease, subjectId };
      const calls = [kind === "intent" ? call : { ...call, status: 200, answer }];
      return { result: accepted(answer), changes: { exchanges, calls } };
    },
  };
}

function startNode(commit: Partial<GroupCommitLimits> = {}, url = database.url): Promise<TestNode> {
  return startNodeOn(new Store({ url }, { limits: commit }));
}

async function startNodeOn(store: Store): Promise<TestNode> {
  const heartbeat = new Heartbeat(database.pool, log);
  const begin = store.command(beginCall);
  const pipeline: Pipeline = {
    store,
    merchants: async () => [],
    announce: () => [],
    seal: (plain, place) => secrets.encrypt(plain, place),
    keepExchanges: true,
    deliveriesMade() {},
  };
  const node: TestNode = {
    store,
    heartbeat,
    calls: new IdempotentCalls(
      (request) => begin.submit(request),
      () => Promise.reject(),
      store.pool,
      secrets,
      heartbeat,
      log,
    ),
    begin: (changed) => node.calls.begin(callOf(changed)),
    make: (making) => command.submit({ name: "order-1", kind: "both", answer: "{}", ...making }),
    locked: undefined,
    async die() {
      await heartbeat.stop();
      await database.pool.query(
        "INSERT INTO nodes (id, heartbeat_at) VALUES ($1, clock_timestamp() - $2 * interval '1 second')",
        [heartbeat.node, limits.node_dead_after_s],
      );
    },
  };
  const command = commandOf(pipeline, makeOf(node));
  await heartbeat.start();
  nodes.push(node);
  return node;
}

async function closeNodes(): Promise<void> {
  const closing = nodes.splice(0);
  await Promise.all(closing.map((node) => node.heartbeat.stop()));
  await Promise.all([...new Set(closing.map((node) => node.store))].map((store) => store.close()));
}

function callOf(changed: Partial<Call> = {}): Call {
  return {
    credentialId: "cred_1",
    merchantId,
    method: "POST",
    path: "/v1/payment-charges",
    key: "order-1",
    body: { amount: { value: 15_000, currency: "KRW" } },
    ...changed,
  };
}

const other = { body: { amount: { value: 15_001, currency: "KRW" } } };

function leaseOf(begun: BegunCall, kind: "fresh" | "resume" = "fresh"): Lease {
  expect(begun.kind).toBe(kind);
  if (!("lease" in begun)) throw new Error("no lease");
  return begun.lease;
}

/** How often it was made. */
async function timesMade(name = "order-1"): Promise<number> {
  const { rows } = await database.pool.query(
    "SELECT count(*) AS n FROM exchanges WHERE path = $1 AND method <> 'outcome'",
    [name],
  );
  return rows[0].n;
}

async function callsKept(): Promise<number> {
  return (await database.pool.query("SELECT count(*) AS n FROM idempotent_calls")).rows[0].n;
}

/** A door that `pass` waits at until it is opened. */
function gate() {
  let unlock = () => {};
  const opened = new Promise<void>((resolve) => {
    unlock = resolve;
  });
  return { pass: () => opened, open: () => unlock() };
}

describe("a call in flight", () => {
  it("is in flight at every node, and another request differs from it", async () => {
    const [first, second] = [await startNode(), await startNode()];
    leaseOf(await first.begin());
    for (const node of [first, second]) {
      expect(await node.begin()).toEqual({ kind: "in-flight" });
      expect(await node.begin(other)).toEqual({ kind: "differs" });
    }
  });

  it("is one of two that come together in a batch", async () => {
    const node = await startNode();
    const begun = await Promise.all([node.begin(), node.begin(), node.begin(other)]);
    expect(begun.map((one) => one.kind)).toEqual(["fresh", "in-flight", "differs"]);
  });

  it("is one of fifty that come together at two nodes", async () => {
    const both = [await startNode({ cap: 3 }), await startNode({ cap: 3 })];
    const begun = await Promise.all(Array.from({ length: 50 }, (_, index) => both[index % 2]!.begin()));
    expect(begun.filter((one) => one.kind === "fresh")).toHaveLength(1);
    expect(begun.filter((one) => one.kind === "in-flight")).toHaveLength(49);
  });

  it("is one of each key, in whatever order they come", async () => {
    const both = [await startNode({ cap: 7 }), await startNode({ cap: 7 })];
    const random = randomFrom(freshSeed());
    const keys = Array.from({ length: 40 }, (_, index) => `order-${index}`);
    const all = both.flatMap((node) => [...keys].sort(() => random.below(3) - 1).map((key) => ({ node, key })));
    const fresh = new Map<string, number>();
    await Promise.all(
      all.map(async ({ node, key }) => {
        if ((await node.begin({ key })).kind === "fresh") fresh.set(key, (fresh.get(key) ?? 0) + 1);
      }),
    );
    expect([...fresh.values()]).toEqual(keys.map(() => 1));
  });

  it("holds up no other while its change is being committed", async () => {
    const [first, second] = [await startNode(), await startNode()];
    const lease = leaseOf(await first.begin());
    const door = gate();
    first.locked = door.pass;
    const made = first.make({ lease, answer: '{"id":"charge_1"}' });
    await pause(100);
    const begun = await Promise.all([second.begin(), second.begin({ key: "order-2" })]);
    expect(begun.map((one) => one.kind)).toEqual(["in-flight", "fresh"]);
    door.open();
    expect(await made).toEqual(accepted('{"id":"charge_1"}'));
    expect(await second.begin()).toEqual({ kind: "replay", status: 200, answer: '{"id":"charge_1"}' });
  });

  it("is in flight at its own node, however late the heartbeat is", async () => {
    const node = await startNode();
    leaseOf(await node.begin());
    await database.pool.query("UPDATE nodes SET heartbeat_at = heartbeat_at - interval '1 minute'");
    expect(await node.begin()).toEqual({ kind: "in-flight" });
  });

  it("is not begun at a node that does not beat", async () => {
    const node = await startNode();
    await node.heartbeat.stop();
    await expect(node.begin()).rejects.toThrow("take for dead");
    expect(await callsKept()).toBe(0);
  });
});

describe("a call that was answered", () => {
  const answer = '{ "id":"charge_1",\n\t"holder":"홍길동 \\u0041 \u2028",  "amount":15000.0 }';

  it("is answered again with the same bytes, at every node, and is not stored in clear", async () => {
    const [first, second] = [await startNode(), await startNode()];
    await first.make({ lease: leaseOf(await first.begin()), answer });
    for (const node of [first, second]) {
      const replays = await Promise.all([node.begin(), node.begin(), node.begin()]);
      for (const replay of replays) expect(replay).toEqual({ kind: "replay", status: 200, answer });
    }
    expect(await timesMade()).toBe(1);
    const { rows } = await database.pool.query("SELECT row_to_json(c)::text AS row FROM idempotent_calls c");
    for (const word of ["charge_1", "홍길동", "order-1", "15000"]) expect(rows[0].row).not.toContain(word);
  });

  it("may have an empty answer", async () => {
    const node = await startNode();
    await node.make({ lease: leaseOf(await node.begin()), answer: "" });
    expect(await node.begin()).toEqual({ kind: "replay", status: 200, answer: "" });
  });

  it("differs from another request, and says nothing of other paths, credentials and keys", async () => {
    const node = await startNode();
    await node.make({ lease: leaseOf(await node.begin()) });
    expect(await node.begin(other)).toEqual({ kind: "differs" });
    for (const elsewhere of [{ path: "/v1/payment-agreements" }, { credentialId: "cred_2" }, { key: "order-2" }]) {
      leaseOf(await node.begin(elsewhere));
    }
  });

  it("keeps its answer when it is let go of", async () => {
    const node = await startNode();
    const lease = leaseOf(await node.begin());
    await node.make({ lease, answer });
    await node.calls.release(lease);
    expect(await node.begin()).toEqual({ kind: "replay", status: 200, answer });
  });

  it("is known for 24 hours of business time", async () => {
    const node = await startNode();
    await node.make({ lease: leaseOf(await node.begin()) });
    await moveClock(database.pool, { advance: "PT23H59M" });
    expect((await node.begin()).kind).toBe("replay");
    await moveClock(database.pool, { advance: "PT1M" });
    await node.make({ lease: leaseOf(await node.begin(other)), answer: "anew" });
    expect(await node.begin(other)).toEqual({ kind: "replay", status: 200, answer: "anew" });
    expect(await timesMade()).toBe(2);
  });

  it("is removed some time after, and no other is", async () => {
    const node = await startNode();
    for (const key of ["order-1", "order-2"]) await node.make({ lease: leaseOf(await node.begin({ key })) });
    const age = (hours: number) =>
      database.pool.query(
        "UPDATE idempotent_calls SET made_at = made_at - $1 * interval '1 hour' WHERE id = (SELECT min(id) FROM idempotent_calls)",
        [hours],
      );
    await age(limits.idempotent_calls_kept_hours - 0.1);
    await prune(database.pool, 1);
    expect(await callsKept()).toBe(2);
    await age(0.2);
    await prune(database.pool, 1);
    expect(await callsKept()).toBe(1);
  });
});

describe("a call that was refused", () => {
  it("leaves its key to any request, at every node", async () => {
    const [first, second] = [await startNode(), await startNode()];
    await first.calls.release(leaseOf(await first.begin()));
    expect(await callsKept()).toBe(0);
    await second.calls.release(leaseOf(await second.begin(other)));
    leaseOf(await first.begin());
  });

  it("can no longer make its change", async () => {
    const node = await startNode();
    const lease = leaseOf(await node.begin());
    await node.calls.release(lease);
    expect(await node.make({ lease })).toEqual(refused({ code: "call-taken-over" }));
    expect(await timesMade()).toBe(0);
  });

  it("is let go of later when the database is away, and is in flight until then", async () => {
    const proxy = await startCommitProxy(inject("postgres"));
    try {
      const [first, second] = [await startNode({}, through(proxy, database.url)), await startNode()];
      const lease = leaseOf(await first.begin());
      proxy.unreachable = true;
      await first.calls.release(lease);
      await expect(first.calls.releaseLeftOver()).rejects.toThrow();
      expect(await second.begin()).toEqual({ kind: "in-flight" });
      proxy.unreachable = false;
      await first.calls.releaseLeftOver();
      leaseOf(await second.begin());
    } finally {
      await closeNodes();
      await proxy.close();
    }
  });

  it("never gives its key to two at once, however often it is taken and let go of", async () => {
    const both = [await startNode({ cap: 2 }), await startNode({ cap: 2 })];
    let [holders, taken] = [0, 0];
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const node = both[index % 2]!;
        for (let turn = 0; turn < 25; turn += 1) {
          const begun = await node.begin();
          if (begun.kind !== "fresh") continue;
          holders += 1;
          taken += 1;
          expect(holders).toBe(1);
          await pause(1);
          holders -= 1;
          await node.calls.release(begun.lease);
        }
      }),
    );
    expect(taken).toBeGreaterThan(1);
    expect(await callsKept()).toBe(0);
  });
});

describe("a node that dies or is paused", () => {
  it("leaves a call that made nothing to another, for any request", async () => {
    const [first, second] = [await startNode(), await startNode()];
    for (const key of ["order-1", "order-2"]) leaseOf(await first.begin({ key }));
    expect(await second.begin()).toEqual({ kind: "in-flight" });
    await first.die();
    leaseOf(await second.begin());
    leaseOf(await second.begin({ key: "order-2", ...other }));
  });

  it("leaves it at once when it ends in order", async () => {
    const [first, second] = [await startNode(), await startNode()];
    leaseOf(await first.begin());
    await first.heartbeat.stop();
    leaseOf(await second.begin());
  });

  it("cannot make the change a second time when it comes back", async () => {
    const [paused, second] = [await startNode(), await startNode()];
    const old = leaseOf(await paused.begin());
    await paused.die();
    const taken = leaseOf(await second.begin());
    expect(await paused.make({ lease: old })).toEqual(refused({ code: "call-taken-over" }));
    expect((await second.make({ lease: taken, answer: "the second's" })).ok).toBe(true);
    expect(await paused.make({ lease: old })).toEqual(refused({ code: "call-taken-over" }));
    await paused.calls.release(old);
    expect(await second.begin()).toEqual({ kind: "replay", status: 200, answer: "the second's" });
    expect(await timesMade()).toBe(1);
  });

  it("is heard when nobody has taken the call meanwhile", async () => {
    const [paused, second] = [await startNode(), await startNode()];
    const lease = leaseOf(await paused.begin());
    await paused.die();
    expect((await paused.make({ lease, answer: "late" })).ok).toBe(true);
    expect(await second.begin()).toEqual({ kind: "replay", status: 200, answer: "late" });
  });

  it("is not overtaken in the middle of its commit", async () => {
    const [paused, second] = [await startNode(), await startNode()];
    const lease = leaseOf(await paused.begin());
    const door = gate();
    paused.locked = door.pass;
    const made = paused.make({ lease });
    await pause(100);
    await paused.die();
    expect(await second.begin()).toEqual({ kind: "in-flight" });
    door.open();
    expect((await made).ok).toBe(true);
    expect((await second.begin()).kind).toBe("replay");
    expect(await timesMade()).toBe(1);
  });

  it("between intent and outcome leaves what it made to be resumed", async () => {
    const [first, second] = [await startNode(), await startNode()];
    const old = leaseOf(await first.begin());
    await first.make({ lease: old, kind: "intent" });
    expect(await second.begin()).toEqual({ kind: "in-flight" });
    await first.die();
    expect(await second.begin(other)).toEqual({ kind: "differs" });
    const resumed = await second.begin();
    expect(resumed).toMatchObject({ kind: "resume", subjectId });
    expect(await second.begin()).toEqual({ kind: "in-flight" });
    // What the first did outside counts, but the call is no longer its to answer.
    expect((await first.make({ lease: old, kind: "outcome", answer: "the first's" })).ok).toBe(true);
    expect(await second.begin()).toEqual({ kind: "in-flight" });
    await second.make({ lease: leaseOf(resumed, "resume"), kind: "outcome", answer: "the second's" });
    expect(await second.begin()).toEqual({ kind: "replay", status: 200, answer: "the second's" });
    expect(await timesMade()).toBe(1);
  });
});

describe("an intent", () => {
  it("whose call is let go of is resumed, at every node", async () => {
    const [first, second] = [await startNode(), await startNode()];
    const lease = leaseOf(await first.begin());
    await first.make({ lease, kind: "intent" });
    await first.calls.release(lease);
    const resumed = leaseOf(await second.begin(), "resume");
    await second.calls.release(resumed);
    await first.make({ lease: leaseOf(await first.begin(), "resume"), kind: "outcome", answer: "in the end" });
    expect(await second.begin()).toEqual({ kind: "replay", status: 200, answer: "in the end" });
  });

  it("that is committed while its call is let go of stays bound", async () => {
    const node = await startNode();
    const lease = leaseOf(await node.begin());
    const door = gate();
    node.locked = door.pass;
    const made = node.make({ lease, kind: "intent" });
    await pause(100);
    const released = node.calls.release(lease);
    await pause(100);
    door.open();
    await Promise.all([made, released]);
    leaseOf(await node.begin(), "resume");
  });
});

describe("a change", () => {
  it("that does not look whether the call is its own fails, with nothing saved, and alone", async () => {
    const [first, second] = [await startNode(), await startNode()];
    const old = leaseOf(await first.begin());
    await first.die();
    leaseOf(await second.begin());
    const fine = leaseOf(await second.begin({ key: "order-2" }));
    const [careless, careful] = await Promise.allSettled([
      second.make({ lease: old, isCareless: true }),
      second.make({ lease: fine, name: "order-2" }),
    ]);
    expect([careless.status, careful.status]).toEqual(["rejected", "fulfilled"]);
    expect(careless.status === "rejected" && String(careless.reason)).toContain("not its own");
    expect([await timesMade(), await timesMade("order-2")]).toEqual([0, 1]);
  });

  it("is made once under a lease, even twice in a batch; without a call, as often as it is asked for", async () => {
    const node = await startNode();
    const lease = leaseOf(await node.begin());
    const made = await Promise.all([node.make({ lease, answer: "one" }), node.make({ lease, answer: "two" })]);
    expect(made).toEqual([accepted("one"), refused({ code: "call-taken-over" })]);
    expect(await node.begin()).toMatchObject({ answer: "one" });
    await Promise.all([node.make({ lease: undefined }), node.make({ lease: undefined })]);
    expect(await timesMade()).toBe(3);
  });

  it("of many calls in one batch answers each with its own", async () => {
    const node = await startNode();
    const keys = Array.from({ length: 60 }, (_, index) => `order-${index}`);
    const begun = await Promise.all(keys.map((key) => node.begin({ key })));
    await Promise.all(begun.map((one, index) => node.make({ lease: leaseOf(one), answer: `answer ${keys[index]}` })));
    const replays = await Promise.all(keys.map((key) => node.begin({ key })));
    expect(replays).toEqual(keys.map((key) => ({ kind: "replay", status: 200, answer: `answer ${key}` })));
  });
});

describe("a begin whose COMMIT goes unanswered", () => {
  it.each(["before", "reply"] as const)("is fresh all the same: %s", async (kind) => {
    const proxy = await startCommitProxy(inject("postgres"));
    try {
      const [first, second] = [await startNode({}, through(proxy, database.url)), await startNode()];
      const fates = [{ kind }];
      proxy.fate = () => fates.pop() ?? { kind: "pass" };
      const lease = leaseOf(await first.begin());
      expect(proxy.cuts).toBe(1);
      expect(await second.begin()).toEqual({ kind: "in-flight" });
      expect((await first.make({ lease })).ok).toBe(true);
    } finally {
      await closeNodes();
      await proxy.close();
    }
  });

  it.each(["before", "reply"] as const)("for too long is let go of later: %s", async (kind) => {
    const proxy = await startCommitProxy(inject("postgres"));
    try {
      const [first, second] = [await startNode({ settle_ms: 200 }, through(proxy, database.url)), await startNode()];
      proxy.fate = () => {
        setImmediate(() => {
          proxy.unreachable = true;
        });
        return { kind };
      };
      await expect(first.begin()).rejects.toBeInstanceOf(OutcomeUnknown);
      proxy.unreachable = false;
      await first.calls.releaseLeftOver();
      leaseOf(await second.begin());
    } finally {
      await closeNodes();
      await proxy.close();
    }
  });
});

describe("the doctor", () => {
  it.each([
    ["a lease of nobody", "lease_node = NULL"],
    ["nothing made and no lease", "lease_node = NULL, lease_id = NULL"],
    ["a status without an answer", "status = 200, lease_node = NULL, lease_id = NULL, subject_id = 'ins_1'"],
    ["an answer under lease", "status = 200, answer_encrypted = '', subject_id = 'ins_1'"],
    ["an answer that nothing was made for", "status = 200, answer_encrypted = '', lease_node = NULL, lease_id = NULL"],
    ["a refusal", "status = 409, answer_encrypted = '', lease_node = NULL, lease_id = NULL, subject_id = 'ins_1'"],
    ["what is not there", "subject_id = 'ins_2'"],
    ["another merchant's", "subject_id = 'ins_1', merchant_id = 'mer_other'"],
  ])("finds %s", async (_name, damage) => {
    const node = await startNode();
    leaseOf(await node.begin());
    expect((await checkInvariants(database.pool, invariants)).breaches).toEqual([]);
    await database.pool.query(`UPDATE idempotent_calls SET ${damage}`);
    const { breaches } = await checkInvariants(database.pool, invariants);
    const found = breaches.map((breach) => breach.invariant);
    expect(found).toContain("a call that counts once is under way or has made what it is for");
    await database.pool.query("TRUNCATE idempotent_calls");
  });
});

describe("clients that call until they are answered", () => {
  it("have each change made once, whatever befalls the nodes meanwhile", async () => {
    const seed = freshSeed();
    const random = randomFrom(seed);
    const keys = Array.from({ length: 30 }, (_, index) => `order-${index}`);
    const live = [await startNode({ cap: 4 }), await startNode({ cap: 4 })];
    const answers = new Map(keys.map((key) => [key, new Set<string>()]));
    let [isOver, deaths] = [false, 0];
    const end = () => {
      isOver = true;
    };
    const killer = async () => {
      while (!isOver) {
        await pause(random.between(5, 40));
        const index = random.below(live.length);
        const dying = live[index]!;
        live[index] = await startNodeOn(dying.store);
        await dying.die();
        deaths += 1;
      }
    };
    const client = async (key: string) => {
      while (!isOver) {
        const answer = await callOnce(random, random.pick(live), key).catch((error) => {
          if (!String(error).includes("take for dead")) throw error;
        });
        if (answer !== undefined) return answers.get(key)!.add(answer);
        await pause(random.between(1, 20));
      }
      throw new Error(`${key} was not answered`);
    };
    const clients = [...keys, ...keys, ...keys].map(client);
    await Promise.all([Promise.all(clients).finally(end), killer().finally(end)]);
    expect(deaths).toBeGreaterThan(0);
    for (const key of keys) {
      expect([key, await timesMade(key), answers.get(key)?.size], `seed ${seed}`).toEqual([key, 1, 1]);
    }
  }, 60_000);

  /** One call of a client, as a dialect makes it; undefined when it must call again. */
  async function callOnce(random: Random, node: TestNode, key: string): Promise<string | undefined> {
    const begun = await node.begin({ key });
    if (begun.kind === "replay") return begun.answer;
    if (begun.kind !== "fresh" && begun.kind !== "resume") return undefined;
    const { lease } = begun;
    const what = { lease, name: key, answer: `answer ${random.below(1_000_000)}` };
    await pause(random.below(30));
    const way = random.below(10);
    // Refused, or failed on the way.
    if (way < 3) return void (await node.calls.release(lease));
    if (begun.kind === "fresh" && way < 7) {
      const made = await node.make(what);
      return made.ok ? made.value : undefined;
    }
    if (begun.kind === "fresh") {
      const intended = await node.make({ ...what, kind: "intent" });
      if (!intended.ok) return undefined;
    }
    await pause(random.below(30));
    // It died, or it failed and let go.
    if (way === 8) return undefined;
    if (way === 9) return void (await node.calls.release(lease));
    await node.make({ ...what, kind: "outcome" });
    const again = await node.begin({ key });
    return again.kind === "replay" ? again.answer : undefined;
  }
});
