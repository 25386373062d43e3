/** Why the sandbox wallet declines, by the core's reasons, in its words and with Kakao's own codes. */

export type OrderedOfWallet = "authorization" | "refund";

interface Decline {
  /** Said of it, for people. */
  because?: string;
  /** Kakao's own code. */
  providerCode?: string;
}

/** Those that the wallet has words or a code for; it declines for others too, when the shopper says so. */
const declines: Readonly<Record<OrderedOfWallet, ReadonlyMap<string, Decline>>> = {
  authorization: new Map<string, Decline>([
    ["generic-decline", { providerCode: "-780" }],
    ["insufficient-funds", { because: "insufficient funds", providerCode: "LACK_BALANCE" }],
    ["is-exceeding-account-limit", { because: "account limit exceeded", providerCode: "LIMIT_USE_PER_DAY" }],
    ["simultaneous-operation-in-progress", { because: "account in use", providerCode: "USER_LOCKED" }],
    ["expired-session", { because: "session expired", providerCode: "-723" }],
    ["unresponsive-provider", { because: "bank unavailable", providerCode: "BANK_FIRM_UNAVAILABLE" }],
    ["provider-processing-error", { because: "internal error", providerCode: "INTERNAL_ERROR" }],
    ["blocked-account", { because: "account blocked", providerCode: "BANK_ACCOUNT_BLOCKED" }],
    ["account-not-supported", { because: "user not found", providerCode: "USER_NOT_FOUND" }],
    ["amount-not-supported", { because: "amount not accepted", providerCode: "-722" }],
    ["duplicate-detected", { because: "duplicate request", providerCode: "-785" }],
    ["invalid-merchant", { because: "merchant unknown", providerCode: "-731" }],
    ["authentication-failed", { because: "authentication failed", providerCode: "-708" }],
    ["invalid-mandate-id", { because: "billing key unknown", providerCode: "-750" }],
  ]),
  refund: new Map<string, Decline>([
    ["generic-decline", { providerCode: "-781" }],
    ["exceeds-refundable-amount", { because: "amount exceeds what is left", providerCode: "-710" }],
  ]),
};

export function decline(kind: OrderedOfWallet, code: string) {
  const { because, providerCode } = declines[kind].get(code) ?? {};
  const failed = kind === "refund" ? "Refund Failed" : "Payment Authorization Failed";
  const message = because === undefined ? failed : `${failed}, ${because}`;
  return { outcome: "failed", code, message, ...(providerCode === undefined ? {} : { providerCode }) } as const;
}
