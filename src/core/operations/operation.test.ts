import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answers, callTimeout_ms, deepFreeze, hour_ms, later, realTime } from "../fixtures.fixture.ts";
import { limits } from "../limits.ts";
import {
  isSettled,
  judgeAnswer,
  newOperation,
  type Operation,
  type OperationAnswer,
  type OperationState,
  settle,
  type Verdict,
} from "./operation.ts";
import { call } from "./resolver.ts";

const wanted = {
  id: "op_1",
  merchantId: "mer_shop",
  connector: "sandbox",
  kind: "refund",
  subjectId: "rfd_1",
} as const;
const order = { amount: 10_000, currency: "KRW", bankCode: "088", account: "index" };

function operation(changes: Partial<Operation> = {}): Operation {
  return deepFreeze({ ...newOperation(wanted, order, callTimeout_ms, realTime), ...changes });
}

describe("an operation that is about to be made", () => {
  it("is good for as long as the PG may take to answer, and is asked about after that", () => {
    const validUntil = later(realTime, callTimeout_ms);
    expect(operation()).toEqual({
      ...wanted,
      requestHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      state: "pending",
      attempts: 0,
      validUntil,
      askAt: later(validUntil, limits.operation_ask_after_ms),
      reason: null,
      createdAt: realTime,
      settledAt: null,
    });
  });

  it("has the same hash for the same order, and another for any other", () => {
    const hash = (of: object) => newOperation(wanted, of, callTimeout_ms, realTime).requestHash;
    expect(hash({ ...order })).toBe(hash(order));
    const others = [
      { ...order, amount: 10_001 },
      { ...order, currency: "USD" },
      { ...order, bankCode: "004" },
      { ...order, account: "other" },
    ];
    expect(new Set([order, ...others].map(hash)).size).toBe(others.length + 1);
  });

  it("does not put who asks or when into the hash", () => {
    const other = newOperation({ ...wanted, id: "op_2", subjectId: "rfd_2" }, order, 1, later(realTime, hour_ms));
    expect(other.requestHash).toBe(operation().requestHash);
  });
});

describe("what an answer means", () => {
  const { validUntil } = operation();
  const final = later(validUntil, limits.operation_clock_skew_ms);
  const mayCome = { outcome: "unknown", reason: "the order may still be on its way" };
  const never = { outcome: "failed", code: "never-received", message: "PG사가 요청을 받지 못했습니다." };

  it.each<[string, OperationAnswer, object]>([
    ["a yes", answers.succeeded, answers.succeeded],
    ["a no", answers.failed, answers.failed],
    ["no answer", answers.unknown, answers.unknown],
    ["absent, and nobody knows when", { outcome: "absent" }, mayCome],
    ["absent before the order's time is over", { outcome: "absent", askedAt: realTime }, mayCome],
    ["absent when it is over", { outcome: "absent", askedAt: validUntil }, mayCome],
    ["absent after it, as far as clocks may differ", { outcome: "absent", askedAt: final }, mayCome],
    ["absent one millisecond after that", { outcome: "absent", askedAt: later(final, 1) }, never],
    ["absent an hour later", { outcome: "absent", askedAt: later(final, hour_ms) }, never],
  ])("%s", (_name, answer, verdict) => {
    expect(judgeAnswer(operation(), deepFreeze(answer))).toEqual(verdict);
  });

  it("hangs on the order's own time, whatever became of the operation", () => {
    for (const state of ["pending", "unknown", "succeeded", "failed"] as const) {
      const longer = operation({ state, validUntil: later(validUntil, hour_ms) });
      expect(judgeAnswer(longer, { outcome: "absent", askedAt: later(final, 1) })).toEqual(mayCome);
    }
  });
});

describe("settling", () => {
  const settledAt = later(realTime, hour_ms);
  const verdicts = { succeeded: answers.succeeded, failed: answers.failed, unknown: answers.unknown };

  it.each<[OperationState, keyof typeof verdicts, Partial<Operation> | undefined]>([
    ["pending", "succeeded", { state: "succeeded", reason: null, settledAt }],
    ["pending", "failed", { state: "failed", reason: "refused: 은행이 요청을 거절하였습니다.", settledAt }],
    ["pending", "unknown", { state: "unknown", reason: "no answer within 10000 ms", settledAt: null }],
    ["unknown", "succeeded", { state: "succeeded", reason: null, settledAt }],
    ["unknown", "failed", { state: "failed", reason: "refused: 은행이 요청을 거절하였습니다.", settledAt }],
    ["unknown", "unknown", { state: "unknown", reason: "no answer within 10000 ms", settledAt: null }],
    ["succeeded", "succeeded", undefined],
    ["succeeded", "failed", undefined],
    ["succeeded", "unknown", undefined],
    ["failed", "succeeded", undefined],
    ["failed", "failed", undefined],
    ["failed", "unknown", undefined],
  ])("%s, told %s", (state, verdict, change) => {
    const before = operation({ state, attempts: 3, reason: state === "unknown" ? "ECONNRESET" : null });
    expect(settle(before, verdicts[verdict], settledAt)).toEqual(change && { ...before, ...change });
  });

  it.each<[OperationState, boolean]>([
    ["pending", false],
    ["unknown", false],
    ["succeeded", true],
    ["failed", true],
  ])("%s is settled: %s", (state, is) => {
    expect(isSettled({ state })).toBe(is);
  });

  it("the first yes or no stands, whatever comes before or after it", () => {
    const verdict = fc.constantFrom<Verdict>(answers.succeeded, answers.failed, answers.unknown);
    fc.assert(
      fc.property(fc.array(verdict, { maxLength: 8 }), (told) => {
        const last = told.reduce((one, verdict) => deepFreeze(settle(one, verdict, realTime) ?? one), operation());
        const first = told.find((one) => one.outcome !== "unknown")?.outcome;
        expect(last.state).toBe(first ?? (told.length === 0 ? "pending" : "unknown"));
        expect(last.settledAt === null).toBe(first === undefined);
      }),
    );
  });
});

describe("a call", () => {
  const patience_ms = 5_000;
  const short_ms = 20;

  it.each(Object.values(answers))("gives the answer as it is: $outcome", async (answer) => {
    expect(await call(async () => answer, patience_ms)).toBe(answer);
  });

  it.each<[string, () => Promise<OperationAnswer>]>([
    ["rejects", () => Promise.reject(new Error("connect ECONNREFUSED"))],
    [
      "throws before it promises anything",
      () => {
        throw new Error("connect ECONNREFUSED");
      },
    ],
  ])("that %s leaves the outcome unknown", async (_name, make) => {
    expect(await call(make, patience_ms)).toEqual({ outcome: "unknown", reason: "connect ECONNREFUSED" });
  });

  it.each([
    ["a text", "connect ECONNREFUSED"],
    ["nothing", undefined],
    ["null", null],
    ["an object", { code: 1 }],
  ])("that throws %s instead of an error leaves the outcome unknown for a reason", async (_name, thrown) => {
    const answer = await call(() => Promise.reject(thrown), patience_ms);
    expect(answer).toEqual({ outcome: "unknown", reason: expect.any(String) });
  });

  it("that is never answered ends at its time, and the outcome is unknown", async () => {
    const began = performance.now();
    const answer = await call(() => new Promise(() => {}), short_ms);
    expect(answer).toEqual({ outcome: "unknown", reason: `no answer within ${short_ms} ms` });
    expect(performance.now() - began).toBeGreaterThanOrEqual(short_ms - 5);
  });

  it("is told when its time is over, and not before", async () => {
    const seen: boolean[] = [];
    const answer = await call(
      (signal) =>
        new Promise((_, reject) => {
          seen.push(signal.aborted);
          signal.addEventListener("abort", () => {
            seen.push(signal.aborted);
            reject(new Error("aborted by its signal"));
          });
        }),
      short_ms,
    );
    expect(answer.outcome).toBe("unknown");
    expect(seen).toEqual([false, true]);
  });

  it.each<[string, () => OperationAnswer]>([
    ["a yes", () => answers.succeeded],
    [
      "a failure",
      () => {
        throw new Error("too late");
      },
    ],
  ])("takes no notice of %s that comes too late", async (_name, say) => {
    let came = false;
    const late = new Promise<void>((resolve) => {
      setTimeout(resolve, 4 * short_ms);
    }).then(() => {
      came = true;
      return say();
    });
    const answer = await call(() => late, short_ms);
    expect(answer).toEqual({ outcome: "unknown", reason: `no answer within ${short_ms} ms` });
    expect(came).toBe(false);
    await late.catch(() => {});
  });
});
