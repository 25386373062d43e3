/**
 * What the shopper did on the sandbox's wallet page, as they bring it back and the sandbox wallet reads it: `pay`, or
 * `decline:insufficient-funds`. Either may say how long the wallet then takes to decide: `pay;confirm_s=10`.
 */
import { limits } from "../limits.ts";

export interface WalletProof {
  decision: "pay" | "decline";
  /** Why it was declined, in kebab-case; a decline that says nothing is a `generic-decline`. */
  reason?: string | undefined;
  /** Whole seconds of business time, at most `wallet_confirm_max_s`. */
  confirm_s?: number | undefined;
}

const form = /^(?:(pay)|decline:([a-z0-9]+(?:-[a-z0-9]+)*))(?:;confirm_s=(\d{1,9}))?$/;

/** Throws a RangeError for what could not be read again. */
export function walletProof({ decision, reason = "generic-decline", confirm_s = 0 }: WalletProof): string {
  const proof = decision === "pay" ? "pay" : `decline:${reason}`;
  const whole = confirm_s === 0 ? proof : `${proof};confirm_s=${confirm_s}`;
  const read = readWalletProof(whole);
  const isMeant = read?.confirm_s === confirm_s && (decision === "pay" || read.reason === reason);
  if (!isMeant) throw new RangeError(`${whole} is no proof`);
  return whole;
}

/** Undefined for what is no proof. */
export function readWalletProof(text: string): WalletProof | undefined {
  const [, pays, reason, confirm = "0"] = form.exec(text) ?? [];
  const confirm_s = Number(confirm);
  if (confirm_s > limits.wallet_confirm_max_s) return undefined;
  if (pays !== undefined) return { decision: "pay", confirm_s };
  return reason === undefined ? undefined : { decision: "decline", reason, confirm_s };
}
