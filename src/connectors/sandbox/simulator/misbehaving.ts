/** Orders that go wrong on purpose: lost on their way, refused, carried out without an answer, told of before the answer. */
import type { OrderNotice } from "../../../core/connector.ts";
import type { OperationAnswer } from "../../../core/operations/operation.ts";
import { type Fault, type Faults, neverAnswer } from "./faults.ts";

interface Mischief {
  faults: Faults;
  of: "refund" | "receipt" | "wallet";
  /** What is said when it is refused. */
  refusal: OperationAnswer;
  signal: AbortSignal;
}

/** Runs the order as the armed faults will have it. */
export async function misbehaving(
  { faults, of, refusal, signal }: Mischief,
  work: () => Promise<OperationAnswer>,
): Promise<OperationAnswer> {
  const armed = async (how: "refused" | "timeout-before" | "timeout-after") =>
    (await faults.take(`${of}-${how}` satisfies Fault)) !== undefined;
  if (await armed("refused")) return refusal;
  if (await armed("timeout-before")) return neverAnswer(signal);
  const after = await armed("timeout-after");
  const answer = await work();
  return after ? neverAnswer(signal) : answer;
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
