import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deepFreeze, later, merchantId, realTime } from "../fixtures.fixture.ts";
import { hour_ms, limits } from "../limits.ts";
import { type BeginRequest, type BeginResult, decideBegin, type Holder } from "./decide.ts";
import type { IdempotentCall, Lease } from "./idempotent-call.ts";

const now = new Date("2026-03-02T03:00:00.000Z");
const kept_ms = limits.idempotency_key_hours * hour_ms;

function request(wanted: Partial<BeginRequest> = {}): BeginRequest {
  return deepFreeze({
    id: "call_1",
    merchantId,
    requestHash: "request_1",
    leaseNode: "node_2",
    leaseId: "lease_2",
    ...wanted,
  });
}

function call(known: Partial<IdempotentCall> = {}): IdempotentCall {
  return deepFreeze({
    id: "call_1",
    merchantId,
    requestHash: "request_1",
    leaseNode: "node_1",
    leaseId: "lease_1",
    subjectId: null,
    status: null,
    answerEncrypted: null,
    madeAt: realTime,
    expiresAt: later(now, 1),
    ...known,
  });
}

const bound = { subjectId: "chg_1" };
const answered = { ...bound, leaseNode: null, leaseId: null, status: 200, answerEncrypted: "sealed" };
const expired = { expiresAt: now };
const other = { requestHash: "request_of_another" };

const lease: Lease = { callId: "call_1", merchantId, leaseId: "lease_2" };
const fresh: BeginResult = { kind: "fresh", lease };
const resume: BeginResult = { kind: "resume", subjectId: "chg_1", lease };
const replay: BeginResult = { kind: "replay", status: 200, answerEncrypted: "sealed" };
const inFlight: BeginResult = { kind: "in-flight" };
const differs: BeginResult = { kind: "differs" };

describe("a call that begins", () => {
  it.each<[string, IdempotentCall | undefined, Holder, BeginResult]>([
    ["is fresh with a key that nobody has", undefined, "nobody", fresh],
    ["is in flight under a node that lives", call(), "node", inFlight],
    ["is in flight under one that has bound it", call(bound), "node", inFlight],
    ["is in flight while somebody changes it", call(), "transaction", inFlight],
    ["is in flight while somebody takes it from the dead", call(bound), "transaction", inFlight],
    ["is taken over from a node that died before it did anything", call(), "nobody", fresh],
    ["is resumed when a node died after the intent", call(bound), "nobody", resume],
    ["is resumed when it was let go of", call({ ...bound, leaseNode: null, leaseId: null }), "nobody", resume],
    ["is answered again", call(answered), "nobody", replay],
    ["is answered again beside another that is", call(answered), "transaction", replay],
    ["differs from one in flight", call(other), "node", differs],
    ["differs from one that somebody changes", call(other), "transaction", differs],
    ["differs from one that is bound", call({ ...bound, ...other }), "nobody", differs],
    ["differs from one that was answered", call({ ...answered, ...other }), "nobody", differs],
    ["may be another when nothing was done", call(other), "nobody", fresh],
    ["may be another when the time is over", call({ ...answered, ...other, ...expired }), "nobody", fresh],
    ["is fresh when the time of its answer is over", call({ ...answered, ...expired }), "nobody", fresh],
    ["is fresh when the time of one in flight is over", call({ ...bound, ...expired }), "node", fresh],
    ["is in flight when the time is over and somebody takes it", call(expired), "transaction", inFlight],
  ])("%s", (_name, known, holder, result) => {
    expect(decideBegin(known, holder, request(), now, realTime).result).toEqual(result);
  });

  it("has its key for 24 hours of business time from when it was taken, whatever was before", () => {
    for (const known of [undefined, call(other), call({ ...answered, ...expired })]) {
      const decided = decideBegin(known, "nobody", request(), now, later(realTime, 5));
      expect(decided.call).toEqual({
        ...request(),
        subjectId: null,
        status: null,
        answerEncrypted: null,
        madeAt: later(realTime, 5),
        expiresAt: later(now, 24 * hour_ms),
      });
    }
  });

  it("has what is left of them when it is resumed", () => {
    const { call: taken } = decideBegin(call(bound), "nobody", request(), now, later(realTime, 5));
    expect(taken).toEqual(call({ ...bound, leaseNode: "node_2", leaseId: "lease_2" }));
  });

  it("changes nothing where it gets no lease", () => {
    for (const known of [call(), call(answered), call(other)]) {
      expect(decideBegin(known, "node", request(), now, realTime).call).toBeUndefined();
    }
  });
});

/** One key in a database, with what changes under a lease make of it; nodes die, are paused and come back. */
class Key {
  call: IdempotentCall | undefined;
  now = now;
  readonly alive = new Map<string, boolean>([
    ["node_1", true],
    ["node_2", true],
    ["node_3", true],
  ]);
  readonly leases: Lease[] = [];
  /** What was made under the key, and until when it keeps others away. */
  readonly made: { subjectId: string; until: Date }[] = [];
  readonly answers: { answer: string; subjectId: string; until: Date }[] = [];

  begin(leaseNode: string, requestHash: string, isLocked: boolean): BeginResult {
    const isHeld = this.call?.leaseNode != null && (this.call.leaseNode === leaseNode || this.lives(this.call));
    const holder = isLocked && this.call !== undefined ? "transaction" : isHeld ? "node" : "nobody";
    const leaseId = `lease_${this.leases.length}`;
    const asked = request({ leaseNode, leaseId, requestHash });
    const { result, call: saved } = decideBegin(this.call, holder, asked, this.now, realTime);
    if (saved !== undefined) this.call = deepFreeze(saved);
    if ("lease" in result) this.leases.push(result.lease);
    return result;
  }

  lives({ leaseNode }: IdempotentCall): boolean {
    return leaseNode !== null && this.alive.get(leaseNode) === true;
  }

  /** Commits a change under a lease: an intent, or what is answered. A lease that does not hold changes nothing. */
  change(lease: Lease, isAnswered: boolean): void {
    const held = this.call;
    if (held === undefined || held.leaseId !== lease.leaseId) return;
    const until = held.expiresAt;
    const subjectId = held.subjectId ?? `chg_${this.made.length}`;
    if (held.subjectId === null) this.made.push({ subjectId, until });
    if (!isAnswered) {
      this.call = deepFreeze({ ...held, subjectId });
      return;
    }
    const answer = `answer ${this.answers.length}`;
    this.answers.push({ answer, subjectId, until });
    const free = { leaseNode: null, leaseId: null };
    this.call = deepFreeze({ ...held, ...free, subjectId, status: 200, answerEncrypted: answer });
  }

  release(lease: Lease): void {
    if (this.call?.leaseId !== lease.leaseId) return;
    this.call = this.call.subjectId === null ? undefined : deepFreeze({ ...this.call, leaseNode: null, leaseId: null });
  }
}

/** `back`: so many leases ago. */
type Step =
  | { kind: "begin"; node: string; hash: string; isLocked: boolean }
  | { kind: "change"; back: number; isAnswered: boolean }
  | { kind: "release"; back: number }
  | { kind: "die or live"; node: string }
  | { kind: "wait"; hours: number };

const node = fc.constantFrom("node_1", "node_2", "node_3");
const back = fc.integer({ min: 1, max: 5 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("begin" as const),
      node,
      hash: fc.constantFrom("request_1", "request_1", "request_1", "request_2"),
      isLocked: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("change" as const), back, isAnswered: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("release" as const), back }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("die or live" as const), node }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), hours: fc.integer({ min: 1, max: 30 }) }) },
);

function take(key: Key, step: Step): void {
  if (step.kind === "wait") key.now = later(key.now, step.hours * hour_ms);
  if (step.kind === "die or live") key.alive.set(step.node, !key.alive.get(step.node));
  if (step.kind === "begin") beginChecked(key, step);
  const lease = "back" in step ? key.leases.at(-step.back) : undefined;
  if (lease !== undefined && step.kind === "change") key.change(lease, step.isAnswered);
  if (lease !== undefined && step.kind === "release") key.release(lease);
}

/** Begins, and compares what it is told with what was made and answered under the key and is not too long ago. */
function beginChecked(key: Key, step: Extract<Step, { kind: "begin" }>): void {
  const before = key.call;
  const made = key.made.filter((one) => key.now < one.until);
  const answers = key.answers.filter((one) => key.now < one.until);
  const result = key.begin(step.node, step.hash, step.isLocked);
  expect(answers.length).toBeLessThanOrEqual(1);
  if (answers.length === 1) expect(["replay", "differs"]).toContain(result.kind);
  if (result.kind === "replay") expect(result.answerEncrypted).toBe(answers[0]?.answer);
  if (result.kind === "fresh") expect(made).toEqual([]);
  if (result.kind === "resume") expect(made.map((one) => one.subjectId)).toEqual([result.subjectId]);
  if (step.isLocked && before !== undefined) expect(key.call).toBe(before);
  const isTaken = before !== undefined && before.leaseId !== key.call?.leaseId && key.now < before.expiresAt;
  if (isTaken) expect(key.lives(before)).toBe(false);
}

describe("whatever comes in whatever order", () => {
  it("makes one thing for a key in its time, keeps one answer and gives no other", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
        const key = new Key();
        for (const step of steps) take(key, step);
        expect(new Set(key.answers.map((one) => one.subjectId)).size).toBe(key.answers.length);
        for (const [index, { until }] of key.made.entries()) {
          // The second was begun when the time of the first was over.
          const earlier = key.made[index - 1];
          if (earlier !== undefined) expect(until.getTime() - earlier.until.getTime()).toBeGreaterThanOrEqual(kept_ms);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
