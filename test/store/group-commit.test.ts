/**
 * Group commit against a real server: what is batched, what fails alone, what runs again, and that a change is applied
 * exactly once wherever the connection is lost.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Counter, Histogram, Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import {
  type Command,
  createPool,
  GroupCommit,
  type GroupCommitLimits,
  groupCommitLimits,
  OutcomeUnknown,
  Overloaded,
  type Pool,
  type Queryable,
  StaleRead,
  StoreUnavailable,
  sqlState,
} from "../../src/store/index.ts";
import { type CommitProxy, type Fate, startCommitProxy, through } from "../support/commit-proxy.ts";
import { createDatabase, type TestDatabase } from "../support/database.ts";
import { freshSeed, randomFrom } from "../support/random.ts";

/** Adds to a tally. `name` is what tells one addition from another. */
interface Addition {
  name: string;
  tally: string;
  amount: number;
}

interface Added {
  addition: Addition;
  result: { name: string; total: number };
}

interface Hooks {
  /** Called in `load`, after the batch's transaction has begun. */
  loading?: (tx: Queryable, additions: readonly Addition[]) => Promise<unknown>;
  /** Called in `save`, before anything is written. */
  saving?: (tx: Queryable) => Promise<unknown>;
  /** Called in `save`, when all is written. */
  saved?: (tx: Queryable) => Promise<unknown>;
}

/** No tally may exceed this: the database refuses it. */
const largest = 1000;

let database: TestDatabase;
const open: { end(): Promise<void> }[] = [];
let names = 0;

beforeAll(async () => {
  database = await createDatabase();
  await database.pool.query(
    `CREATE TABLE tallies (id text PRIMARY KEY, total bigint NOT NULL CHECK (total <= ${largest}))`,
  );
  await database.pool.query("CREATE TABLE additions (name text NOT NULL, tally text NOT NULL)");
});
beforeEach(async () => {
  await database.pool.query("TRUNCATE tallies, additions, batches");
  await database.pool.query("INSERT INTO tallies SELECT unnest('{a,b,c}'::text[]), 0");
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.end()));
});
afterAll(() => database.drop());

function add(amount = 1, tally = "a"): Addition {
  names += 1;
  return { name: `addition-${names}`, tally, amount };
}

function tallying(hooks: Hooks = {}): Command<Addition, Map<string, number>, Added> {
  return {
    name: "add",
    async load(tx, additions) {
      await hooks.loading?.(tx, additions);
      const ids = additions.map((one) => one.tally);
      await tx.query("SELECT FROM tallies WHERE id = ANY($1) ORDER BY id FOR UPDATE", [ids]);
      const { rows } = await tx.query<{ id: string; total: number }>("SELECT * FROM tallies WHERE id = ANY($1)", [ids]);
      return new Map(rows.map((row) => [row.id, row.total]));
    },
    decide: (totals, addition) => ({
      addition,
      result: { name: addition.name, total: totals.get(addition.tally)! + addition.amount },
    }),
    apply(totals, { addition, result }) {
      totals.set(addition.tally, result.total);
    },
    async save(tx, decisions) {
      await hooks.saving?.(tx);
      await tx.query("INSERT INTO additions SELECT * FROM unnest($1::text[], $2::text[])", [
        decisions.map((one) => one.addition.name),
        decisions.map((one) => one.addition.tally),
      ]);
      const last = new Map(decisions.map((one) => [one.addition.tally, one.result.total]));
      await tx.query(
        "UPDATE tallies t SET total = n.total FROM unnest($1::text[], $2::bigint[]) n (id, total) WHERE t.id = n.id",
        [[...last.keys()], [...last.values()]],
      );
      await hooks.saved?.(tx);
    },
  };
}

interface Made {
  commit: GroupCommit<Addition, Map<string, number>, Added>;
  /** How often batches ran again or were split, by cause. */
  retries(): Promise<Record<string, number>>;
}

function make(hooks: Hooks = {}, limits: Partial<GroupCommitLimits> = {}, url = database.url, settlingUrl = url): Made {
  const pools = { batches: createPool({ url }, 10), settling: createPool({ url: settlingUrl }, 4) };
  open.push(pools.batches, pools.settling);
  const registers = [new Registry()];
  const retries = new Counter({
    name: "retries",
    help: "retries",
    labelNames: ["command", "cause"] as const,
    registers,
  });
  const metrics = {
    batches: new Counter({ name: "batches", help: "batches", labelNames: ["command"] as const, registers }),
    batchSize: new Histogram({ name: "size", help: "size", labelNames: ["command"] as const, registers }),
    retries,
  };
  return {
    commit: new GroupCommit(pools, tallying(hooks), { ...groupCommitLimits, ...limits }, metrics),
    async retries() {
      const { values } = await retries.get();
      return Object.fromEntries(values.map((one) => [one.labels.cause, one.value]));
    },
  };
}

/** A door that `pass` waits at until it is opened. */
function gate() {
  let unlock = () => {};
  const opened = new Promise<void>((resolve) => {
    unlock = resolve;
  });
  return { pass: () => opened, open: () => unlock() };
}

async function until(met: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    if (met()) return;
    await pause(5);
  }
  throw new Error("it did not come to pass");
}

async function total(tally = "a"): Promise<number> {
  return (await database.pool.query("SELECT total FROM tallies WHERE id = $1", [tally])).rows[0].total;
}

/** How often an addition was stored. */
async function timesStored(addition: Addition): Promise<number> {
  const { rows } = await database.pool.query("SELECT count(*) AS n FROM additions WHERE name = $1", [addition.name]);
  return rows[0].n;
}

async function count(table: string, pool: Pool = database.pool): Promise<number> {
  return (await pool.query(`SELECT count(*) AS n FROM ${table}`)).rows[0].n;
}

describe("batches", () => {
  it("commits requests that arrive together as one", async () => {
    const { commit } = make();
    const answers = await Promise.all([add(), add(), add()].map((one) => commit.submit(one)));
    expect(answers.map((answer) => answer.total)).toEqual([1, 2, 3]);
    expect(await count("batches")).toBe(1);
  });

  it("lets those that wait form the next ones, at most `cap` in each and `lanes` at once", async () => {
    const door = gate();
    const sizes: number[] = [];
    let [inFlight, most] = [0, 0];
    const { commit } = make(
      {
        async loading(_tx, additions) {
          sizes.push(additions.length);
          inFlight += 1;
          most = Math.max(most, inFlight);
          await door.pass();
        },
        async saving() {
          await pause(5);
          inFlight -= 1;
        },
      },
      { cap: 5, lanes: 2 },
    );
    const answers = [commit.submit(add())];
    await until(() => sizes.length === 1);
    answers.push(commit.submit(add()));
    await until(() => sizes.length === 2);
    for (let index = 0; index < 23; index += 1) answers.push(commit.submit(add()));
    await pause(50);
    expect(sizes).toEqual([1, 1]);
    door.open();
    await Promise.all(answers);
    expect(sizes).toEqual([1, 1, 5, 5, 5, 5, 3]);
    expect(most).toBe(2);
    expect(await total()).toBe(25);
  });

  it("answers a request alone when nothing else is there", async () => {
    const { commit } = make();
    for (let index = 1; index <= 3; index += 1) expect((await commit.submit(add())).total).toBe(index);
    expect(await count("batches")).toBe(3);
  });

  it("refuses what does not fit into the queue, and takes more when there is room again", async () => {
    const door = gate();
    let loads = 0;
    const loading = async () => {
      loads += 1;
      await door.pass();
    };
    const { commit } = make({ loading }, { cap: 1, lanes: 1, queue: 2 });
    const first = commit.submit(add());
    await until(() => loads === 1);
    const waiting = [commit.submit(add()), commit.submit(add())];
    const refused = add();
    await expect(commit.submit(refused)).rejects.toBeInstanceOf(Overloaded);
    door.open();
    await Promise.all([first, ...waiting]);
    expect((await commit.submit(add())).total).toBe(4);
    expect(await timesStored(refused)).toBe(0);
  });
});

describe("a request that fails", () => {
  it.each([[[3]], [[0]], [[8]], [[2, 3, 7]]])("fails alone at %j, and the others are folded in order", async (bad) => {
    const { commit } = make();
    const additions = Array.from({ length: 9 }, (_, index) => (bad.includes(index) ? add(largest + 1) : add()));
    const answers = await Promise.allSettled(additions.map((one) => commit.submit(one)));
    const totals: number[] = [];
    for (const [index, answer] of answers.entries()) {
      expect([index, answer.status]).toEqual([index, bad.includes(index) ? "rejected" : "fulfilled"]);
      if (answer.status === "rejected") expect(sqlState(answer.reason)).toBe("23514");
      else totals.push(answer.value.total);
      expect(await timesStored(additions[index]!)).toBe(bad.includes(index) ? 0 : 1);
    }
    expect(totals).toEqual(Array.from({ length: 9 - bad.length }, (_, index) => index + 1));
    expect(await total()).toBe(9 - bad.length);
  });

  it("is not answered as stored when its command passes over a failed statement", async () => {
    const { commit } = make({ saved: (tx) => tx.query("SELECT 1 / 0").catch(() => {}) });
    const addition = add();
    await expect(commit.submit(addition)).rejects.toThrow();
    expect(await timesStored(addition)).toBe(0);
  });
});

describe("conflicts", () => {
  it("lets both sides of a deadlock through", async () => {
    const both = { locked: 0 };
    const crosswise = (first: string, second: string): Hooks => ({
      async loading(tx) {
        await tx.query("SELECT FROM tallies WHERE id = $1 FOR UPDATE", [first]);
        both.locked += 1;
        await until(() => both.locked >= 2);
        await tx.query("SELECT FROM tallies WHERE id = $1 FOR UPDATE", [second]);
      },
    });
    const forth = make(crosswise("a", "b"));
    const back = make(crosswise("b", "a"));
    const additions = [add(1, "a"), add(1, "b")];
    await Promise.all([forth.commit.submit(additions[0]!), back.commit.submit(additions[1]!)]);
    expect([await total("a"), await total("b")]).toEqual([1, 1]);
    const conflicts = [await forth.retries(), await back.retries()].map((causes) => causes.conflict ?? 0);
    expect(conflicts[0]! + conflicts[1]!).toBeGreaterThanOrEqual(1);
    for (const addition of additions) expect(await timesStored(addition)).toBe(1);
  });

  it.each([
    ["a serialization failure", (tx: Queryable) => tx.query("DO $$ BEGIN RAISE USING ERRCODE = '40001'; END $$")],
    ["a stale read", () => Promise.reject(new StaleRead("it has changed"))],
  ])("runs the whole batch again after %s", async (_name, conflict) => {
    let left = 2;
    const { commit, retries } = make({
      async saving(tx) {
        left -= 1;
        if (left >= 0) await conflict(tx);
      },
    });
    const answers = await Promise.all([add(), add()].map((one) => commit.submit(one)));
    expect(answers.map((answer) => answer.total)).toEqual([1, 2]);
    expect(await retries()).toEqual({ conflict: 2 });
    expect(await count("batches")).toBe(1);
  });

  it("gives up after so many tries, for every caller, with nothing stored", async () => {
    let runs = 0;
    const { commit } = make(
      {
        async saving() {
          runs += 1;
          throw new StaleRead("it has changed");
        },
      },
      { tries: 3 },
    );
    const answers = await Promise.allSettled([add(), add(), add()].map((one) => commit.submit(one)));
    for (const answer of answers) {
      expect(answer.status === "rejected" && answer.reason).toBeInstanceOf(StoreUnavailable);
    }
    expect(runs).toBe(3);
    expect([await count("additions"), await count("batches"), await total()]).toEqual([0, 0, 0]);
  });
});

describe("a connection that is lost", () => {
  const proxies: CommitProxy[] = [];

  afterEach(async () => {
    await Promise.all(open.splice(0).map((one) => one.end()));
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
  });

  async function proxied(watch?: Parameters<typeof startCommitProxy>[1]): Promise<CommitProxy> {
    const proxy = await startCommitProxy(inject("postgres"), watch);
    proxies.push(proxy);
    return proxy;
  }

  /** The given fates one after the other, and then all is well. */
  function meets(proxy: CommitProxy, ...fates: Fate[]): void {
    proxy.fate = () => fates.shift() ?? { kind: "pass" };
  }

  const repetitions = 30;
  const lost: [string, Fate][] = [
    ["before COMMIT reaches the server", { kind: "before" }],
    ["after COMMIT, with its reply", { kind: "reply" }],
    ["while COMMIT is still on its way", { kind: "delayed", delay_ms: 300 }],
    ["with COMMIT, unnoticed by the server for a while", { kind: "held", delay_ms: 300 }],
  ];
  it.each(lost)(
    "%s, applies the change exactly once",
    async (_name, fate) => {
      const proxy = await proxied();
      const { commit } = make({}, {}, through(proxy, database.url));
      for (let repetition = 1; repetition <= repetitions; repetition += 1) {
        meets(proxy, fate);
        const additions = [add(), add(1, "b")];
        const answers = await Promise.all(additions.map((one) => commit.submit(one)));
        expect(answers.map((answer) => answer.total)).toEqual([repetition, repetition]);
        for (const addition of additions) expect(await timesStored(addition)).toBe(1);
      }
      expect([await total("a"), await total("b")]).toEqual([repetitions, repetitions]);
      expect(proxy.cuts).toBe(repetitions);
    },
    120_000,
  );

  it("several times in a row, applies the change exactly once", async () => {
    const seed = freshSeed();
    const random = randomFrom(seed);
    const proxy = await proxied();
    const { commit } = make({}, {}, through(proxy, database.url));
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      const fates = Array.from({ length: random.between(1, 3) }, () => random.pick(lost.map(([, fate]) => fate)));
      meets(proxy, ...fates.map((fate) => ("delay_ms" in fate ? { ...fate, delay_ms: random.below(40) } : fate)));
      const addition = add();
      expect((await commit.submit(addition)).total, `seed ${seed}`).toBe(repetition);
      expect(await timesStored(addition), `seed ${seed}`).toBe(1);
    }
    expect(await total()).toBe(repetitions);
  }, 120_000);

  it("with the answer to what became of COMMIT, is asked again and told the same", async () => {
    const proxy = await proxied();
    const settling = await proxied((message) => message[0] === "S".charCodeAt(0));
    const { commit } = make({}, {}, through(proxy, database.url), through(settling, database.url));
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      meets(proxy, { kind: repetition % 2 === 0 ? "before" : "reply" });
      meets(settling, { kind: "reply" });
      const addition = add();
      expect((await commit.submit(addition)).total).toBe(repetition);
      expect(await timesStored(addition)).toBe(1);
    }
    expect(settling.cuts).toBe(repetitions);
  }, 120_000);

  it.each(["before", "reply"] as const)(
    "%s COMMIT to a server that stays away, leaves the outcome unknown and never applies twice",
    async (kind) => {
      const proxy = await proxied();
      const { commit } = make({}, { settle_ms: 200 }, through(proxy, database.url));
      for (let repetition = 1; repetition <= 10; repetition += 1) {
        proxy.fate = () => {
          setImmediate(() => {
            proxy.unreachable = true;
          });
          return { kind };
        };
        const addition = add();
        await expect(commit.submit(addition)).rejects.toBeInstanceOf(OutcomeUnknown);
        proxy.unreachable = false;
        meets(proxy);
        await commit.submit(add(0));
        expect(await timesStored(addition)).toBeLessThanOrEqual(1);
      }
      expect(await total()).toBe((await count("additions")) - 10);
    },
    120_000,
  );

  it("at COMMIT, unnoticed by the server for longer than may be waited, leaves the outcome unknown in good time", async () => {
    const proxy = await proxied();
    const { commit } = make({}, { settle_ms: 300 }, through(proxy, database.url));
    meets(proxy, { kind: "held", delay_ms: 4_000 });
    const started = performance.now();
    const addition = add();
    await expect(commit.submit(addition)).rejects.toBeInstanceOf(OutcomeUnknown);
    expect(performance.now() - started).toBeLessThan(3_000);
    await commit.submit(add(1, "b"));
    expect(await timesStored(addition)).toBe(0);
  });

  it("anywhere in a batch, is made up for by another run", async () => {
    const seed = freshSeed();
    const random = randomFrom(seed);
    const lagging = (tx: Queryable) => tx.query("SELECT pg_sleep(0.005)");
    const { commit, retries } = make({ loading: lagging, saving: lagging }, { tries: 100 });
    let [running, killed] = [true, 0];
    const killer = (async () => {
      while (running) {
        const { rowCount } = await database.pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`,
        );
        killed += rowCount ?? 0;
        await pause(random.between(10, 60));
      }
    })();
    const additions: Addition[] = [];
    try {
      for (let round = 0; round < 40; round += 1) {
        const some = Array.from({ length: 5 }, () => add(1, random.pick(["a", "b", "c"])));
        additions.push(...some);
        await Promise.all(some.map((one) => commit.submit(one)));
      }
    } finally {
      running = false;
      await killer;
    }
    expect(killed).toBeGreaterThan(0);
    expect((await retries())["connection lost"], `seed ${seed}`).toBeGreaterThan(0);
    const { rows } = await database.pool.query("SELECT name, count(*) AS n FROM additions GROUP BY name");
    expect(new Map(rows.map((row) => [row.name, row.n])), `seed ${seed}`).toEqual(
      new Map(additions.map((one) => [one.name, 1])),
    );
    expect((await total("a")) + (await total("b")) + (await total("c"))).toBe(additions.length);
  }, 120_000);

  it("before a batch could begin, is made up for; a server that stays away is told to the callers", async () => {
    const proxy = await proxied();
    const { commit } = make({}, {}, through(proxy, database.url));
    proxy.unreachable = true;
    const early = commit.submit(add());
    await pause(100);
    proxy.unreachable = false;
    expect((await early).total).toBe(1);
    proxy.unreachable = true;
    const refused = add();
    await expect(commit.submit(refused)).rejects.toBeInstanceOf(StoreUnavailable);
    proxy.unreachable = false;
    expect((await commit.submit(add())).total).toBe(2);
    expect(await timesStored(refused)).toBe(0);
  });
});
