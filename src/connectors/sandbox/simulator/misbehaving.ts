/** Orders that go wrong on purpose: lost on their way, refused, carried out without an answer, told of before the answer. */
import type { OrderNotice } from "../../../core/connector.ts";
import type { OperationAnswer } from "../../../core/operations/operation.ts";
import { type Fault, type Faults, neverAnswer } from "./faults.ts";

interface Silence {
  faults: Faults;
  of: "refund" | "receipt" | "wallet" | "registration" | "withdrawal" | "verification";
  signal: AbortSignal;
}

/** Runs the order, or loses it or its answer, as the armed faults will have it. */
export async function perhapsUnanswered(
  { faults, of, signal }: Silence,
  work: () => Promise<OperationAnswer>,
): Promise<OperationAnswer> {
  const armed = async (when: "before" | "after") =>
    (await faults.take(`${of}-timeout-${when}` satisfies Fault)) !== undefined;
  if (await armed("before")) return neverAnswer(signal);
  const after = await armed("after");
  const answer = await work();
  return after ? neverAnswer(signal) : answer;
}

interface Mischief extends Silence {
  of: "refund" | "receipt" | "wallet";
  /** What is said when it is refused. */
  refusal: OperationAnswer;
}

/** The same, and refuses it before anybody has kept it. */
export async function misbehaving(
  { refusal, ...silence }: Mischief,
  work: () => Promise<OperationAnswer>,
): Promise<OperationAnswer> {
  const refused = await silence.faults.take(`${silence.of}-refused` satisfies Fault);
  return refused === undefined ? perhapsUnanswered(silence, work) : refusal;
}

/** Tells Naru of an order, apart from answering the call that gave it. */
export type TellOrder = (key: string, answer: OrderNotice["answer"]) => Promise<unknown>;

/** What a refund is answered, which Naru may be told of before. */
export async function perhapsToldFirst(faults: Faults, tell: TellOrder, key: string, answer: OperationAnswer) {
  if (answer.outcome === "succeeded" && (await faults.take("refund-notice-first")) !== undefined) {
    await tell(key, answer);
  }
  return answer;
}
