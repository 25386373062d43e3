import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answers, callTimeout_ms, deepFreeze, later, minute_ms, realTime } from "../fixtures.fixture.ts";
import type { NewTransfer } from "../ledger/ledger.ts";
import { limits } from "../limits.ts";
import type { OperationAnswer } from "../operations/operation.ts";
import { decideVerificationOutcome, decideVerify, type Verifying, verificationOutcome } from "./decide-verification.ts";

const now = new Date("2026-03-02T03:00:00.000Z");
const nobodys: OperationAnswer = { outcome: "failed", code: "no-such-account", message: "계좌를 찾을 수 없습니다." };
const never: OperationAnswer = {
  outcome: "absent",
  askedAt: later(realTime, callTimeout_ms + limits.operation_clock_skew_ms + 1),
};

const begun = () => {
  const request = {
    id: "ver_1",
    merchantId: "mer_shop",
    connector: "sandbox",
    bankCode: "003",
    numberIndex: "index",
    numberMasked: "***557",
    operationId: "op_1",
    callTimeout_ms,
  };
  return deepFreeze(decideVerify(request, now, realTime));
};

/** After these words of the PG. */
function having(...said: OperationAnswer[]) {
  const { result, changes } = begun();
  let state: Verifying = result;
  const transfers: NewTransfer[] = [];
  const events = [...changes.events];
  for (const answer of said) {
    const decided = deepFreeze(decideVerificationOutcome(state, answer, later(now, minute_ms), realTime));
    state = { verification: decided.result, operation: decided.changes.operations[0] ?? state.operation };
    transfers.push(...decided.changes.transfers);
    events.push(...decided.changes.events);
  }
  return { ...state, transfers, events };
}

describe("verifying an account", () => {
  it("moves nothing before the PG says that it has sent the won", () => {
    expect(begun().changes).toMatchObject({
      verifications: [{ state: "pending", amount: 1, currency: "KRW", eventSeq: 1 }],
      operations: [{ id: "op_1", kind: "verification", subjectId: "ver_1", state: "pending" }],
      transfers: [],
      events: [{ type: "verification.pending" }],
    });
  });

  it.each<[string, OperationAnswer[], string, object]>([
    ["sent", [answers.succeeded], "succeeded", { ok: true }],
    ["sent, as it turned out later", [answers.unknown, answers.unknown, answers.succeeded], "succeeded", { ok: true }],
    ["to nobody's account", [nobodys], "failed", { refusal: { code: "account-unknown" } }],
    ["refused for another reason", [answers.failed], "failed", { refusal: { code: "account-unknown" } }],
    ["never received", [answers.unknown, never], "failed", { refusal: { code: "account-unknown" } }],
    ["not known", [answers.unknown], "unknown", { refusal: { code: "verification-pending" } }],
    ["perhaps on its way", [answers.absent], "unknown", { refusal: { code: "verification-pending" } }],
    ["not told yet", [], "pending", { refusal: { code: "verification-pending" } }],
  ])("%s", (_name, said, state, outcome) => {
    const after = having(...said);
    expect(after.verification.state).toBe(state);
    expect(after.operation.state).toBe(state);
    expect(verificationOutcome(after.verification)).toMatchObject(outcome);
    expect(after.transfers).toMatchObject(
      state === "succeeded"
        ? [{ debitAccount: "merchant:mer_shop", creditAccount: "bank:sandbox", amount: 1, code: "verification" }]
        : [],
    );
  });

  it("pays once at most, and tells of each change of state once, whatever the PG says in whatever order", () => {
    const answer = fc.constantFrom(answers.succeeded, answers.failed, answers.unknown, answers.absent, nobodys, never);
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 8 }), (said) => {
        const { verification, transfers, events } = having(...said);
        expect(transfers.length).toBe(verification.state === "succeeded" ? 1 : 0);
        expect(events.length).toBe(verification.eventSeq);
        expect(new Set(events.map(({ type }) => type)).size).toBe(events.length);
      }),
    );
  });
});
