/** What is authenticated by MULTI_FACTOR: confirmed with the code that the consumer was given. */
import type { Authentication } from "../../../core/wallet-charges/charge.ts";
import type { CheckoutOf } from "../../../core/wallet-charges/checkouts.ts";
import type { Checkout } from "../../../core/wallet-charges/decide.ts";
import type { Refusable } from "../../../core/wallet-charges/kept.ts";
import { wrong } from "../../../http/validate.ts";
import type { Context } from "../context.ts";
import { errors, refusalError } from "../errors.ts";
import { mockVerificationCode } from "../methods.ts";
import { ConfirmRequest } from "../schemas/index.ts";
import { type Answer, failure, type Keep, type Read, reader } from "./call.ts";

export const readConfirm = reader(ConfirmRequest);

export interface Confirmable {
  /** As errors call it. */
  noun: "charge" | "agreement";
  of: CheckoutOf;
  authentications: readonly Authentication[];
  state: string;
  /** What the wallet is told once the code is right. */
  proof(): string | Promise<string>;
}

/** A right code authorizes, a wrong one ends; `answer` gives what the caller is told of either. */
export async function confirm(
  { core }: Context,
  { noun, of, authentications, state, proof }: Confirmable,
  code: string,
  keep: Keep,
  answer: (outcome: Awaited<Refusable<Checkout>>) => Answer,
): Promise<Answer> {
  if (!authentications.some(({ type }) => type === "multi-factor")) {
    return failure(errors.unprocessable(`The ${noun} is not authenticated by MULTI_FACTOR`));
  }
  if (state !== "authenticating") return failure(refusalError({ code: "not-waiting", state }));
  const kept = keep(answer);
  if (code !== mockVerificationCode) {
    return answer(await core.walletCharges.end({ of, how: "authentication-failed", kept }));
  }
  return answer(await core.walletCharges.authorize(of, await proof(), kept));
}

export function readCode({ authenticationResult: { type = "MULTI_FACTOR", details } }: ConfirmRequest): Read<string> {
  if (type !== "MULTI_FACTOR") return wrong(errors.unprocessable("authenticationResult.type must be MULTI_FACTOR"));
  const { verificationCode } = details;
  if (typeof verificationCode === "string" && verificationCode !== "") return { ok: true, value: verificationCode };
  return wrong(errors.invalid("authenticationResult.details.verificationCode is missing"));
}
