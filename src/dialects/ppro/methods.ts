/** Ways of paying: what each allows, from its page of the contract, and the mock whose behaviour its request describes. */
import { limits } from "../../core/limits.ts";
import type { Authentication, ChargeDetails } from "../../core/wallet-charges/charge.ts";
import type { MethodRules } from "../../core/wallet-charges/decide.ts";

export interface Method extends Pick<ChargeDetails, "settles" | "confirms_s"> {
  rules: MethodRules;
}

export interface MethodOptions {
  /** The mock, and methods of which nothing is known but that they redirect. */
  sandbox: boolean;
  /** Codes of such methods; `*` for any. */
  others: readonly string[];
}

/** No settlement time is published. */
const settles = { after_s: 24 * 60 * 60, as: "received" } as const;
const anywhere = { currencies: null, countries: null, amount_min: 1, amount_max: limits.amount_max } as const;

const kakaopay: Method = {
  rules: {
    currencies: ["KRW"],
    countries: ["KR"],
    amount_min: 50,
    amount_max: 2_000_000,
    asks: ["redirect"],
    separateCapture: false,
    refund_within_days: 365,
  },
  settles,
  confirms_s: null,
};

/** What a charge is made by; `autoCapture` only matters where capturing is a step of its own. Null: no such method. */
export function methodOf(
  { sandbox, others }: MethodOptions,
  { paymentMethod, paymentDescriptor, autoCapture }: Wanted,
): Method | null {
  if (paymentMethod === "KAKAOPAY")
    return sandbox ? { ...kakaopay, settles: settlesBy(readPairs(paymentDescriptor)) } : kakaopay;
  if (!sandbox) return null;
  if (paymentMethod === "MOCK") return mock(paymentDescriptor, autoCapture);
  if (!others.includes(paymentMethod) && !others.includes("*")) return null;
  const separateCapture = autoCapture === false;
  return {
    rules: { ...anywhere, asks: ["redirect"], separateCapture, refund_within_days: null },
    settles,
    confirms_s: null,
  };
}

interface Wanted {
  paymentMethod: string;
  paymentDescriptor?: string | undefined;
  autoCapture?: boolean | undefined;
}

const authenticationTypes: ReadonlyMap<string, Authentication["type"]> = new Map([
  ["REDIRECT", "redirect"],
  ["SCAN_CODE", "scan-code"],
  ["MULTI_FACTOR", "multi-factor"],
]);

const fundsStates: ReadonlyMap<string, ChargeDetails["settles"]["as"]> = new Map([
  ["RECEIVED", "received"],
  ["MISSING", "missing"],
  ["NOTEXPECTED", "not-expected"],
]);

/** `key=value;key=value`. */
function readPairs(descriptor = ""): ReadonlyMap<string, string> {
  return new Map(
    descriptor.split(";").map((pair) => {
      const [key = "", value = ""] = pair.split("=", 2);
      return [key.trim(), value.trim()];
    }),
  );
}

/** PPRO's samples have this for KakaoPay too. */
function settlesBy(said: ReadonlyMap<string, string>): ChargeDetails["settles"] {
  return {
    after_s: readDelay(said.get("fundsEventScheduleDelay"), limits.settlement_max_s) ?? settles.after_s,
    as: fundsStates.get((said.get("fundsEventType") ?? "").toUpperCase().replaceAll("_", "")) ?? settles.as,
  };
}

/** As the descriptor says; what it does not say, or not so that it can be read, is as usual. */
function mock(descriptor: string | undefined, autoCapture: boolean | undefined): Method {
  const said = readPairs(descriptor);
  const isSaid = (key: string) => said.get(key) === "true";
  const types = (said.get("authenticationType") ?? "").split(",").map((one) => authenticationTypes.get(one.trim()));
  const asked = [...new Set(types.filter((type) => type !== undefined))];
  const asks = isSaid("requiresAuthentication") ? (asked.length > 0 ? asked : (["redirect"] as const)) : [];
  return {
    rules: {
      ...anywhere,
      asks,
      separateCapture: isSaid("requiresCapture") && autoCapture !== true,
      refund_within_days: null,
    },
    settles: settlesBy(said),
    confirms_s: isSaid("providerConfirmation")
      ? (readDelay(said.get("providerConfirmationDelay"), limits.wallet_confirm_max_s) ?? confirms_s)
      : null,
  };
}

/** As published. */
const confirms_s = 10;

/** `10s`; more than `max_s` is taken for that. */
function readDelay(text: string | undefined, max_s: number): number | undefined {
  const [, seconds] = /^(\d{1,9})s$/.exec(text ?? "") ?? [];
  return seconds === undefined ? undefined : Math.min(Number(seconds), max_s);
}

/** What proves the mock's second factor. */
export const mockVerificationCode = "777123";
