/**
 * Why a command was refused: values, not exceptions. A refused request changes nothing. Each dialect's `errors.ts`
 * turns these into its own wire form; the fields carry what a precise message needs.
 */
export type Refusal =
  | { code: "reference-paid"; reference: string }
  | { code: "due-passed"; dueAt: Date; now: Date }
  | { code: "due-too-far"; dueAt: Date; max_days: number }
  | { code: "numbers-exhausted"; bankCode: string }
  | { code: "payment-unknown"; id: string }
  | { code: "payment-not-ready"; state: string }
  | { code: "clock-backwards"; now: Date }
  | { code: "clock-too-far"; last: string };

export type Outcome<Value> = { ok: true; value: Value } | { ok: false; refusal: Refusal };

export function accepted<Value>(value: Value): Outcome<Value> {
  return { ok: true, value };
}

export function refused(refusal: Refusal): { ok: false; refusal: Refusal } {
  return { ok: false, refusal };
}
