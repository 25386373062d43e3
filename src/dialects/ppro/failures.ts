/**
 * One table: why something failed -> type, code and message as PPRO has them. Our own codes are PPRO's in lower case with
 * hyphens, but for those of the first table; the same code may come from us or from the wallet, and its type tells which.
 */
import type { Failure } from "../../core/wallet-charges/charge.ts";

/** What has no code of its own in the contract. In these words, whoever gave it: the core's are for people in Korea. */
const others: ReadonlyMap<string, { code: string; message: string }> = new Map([
  ["discarded", { code: "GENERIC_DECLINE", message: "The payment charge was discarded" }],
  [
    "nothing-to-discard",
    { code: "GENERIC_DECLINE", message: "The payment charge does not wait for the consumer any more" },
  ],
  ["refused", { code: "GENERIC_DECLINE", message: "The provider declined" }],
  ["too-late", { code: "EXPIRED_SESSION", message: "The order reached the provider too late" }],
  ["never-received", { code: "UNRESPONSIVE_PROVIDER", message: "The provider did not receive the order" }],
]);

/** Refused by ourselves. */
const internal: Readonly<Record<string, string>> = {
  AGREEMENT_INACTIVE: "The payment agreement is not active",
  AGREEMENT_REVOKED: "The payment agreement has been revoked",
  AMOUNT_NOT_SUPPORTED: "The amount is outside the range that the payment method supports",
  COUNTRY_NOT_SUPPORTED: "The payment method is not available in the consumer's country",
  EXCEEDS_AUTHORIZED_AMOUNT: "The amount exceeds what is left of the authorized amount",
  EXCEEDS_CAPTURED_AMOUNT: "The amount exceeds what is left of the captured amount",
  EXCEEDS_REFUNDABLE_AMOUNT: "Nothing is left to refund: the charge is not captured, or fully refunded",
  GENERIC_DECLINE: "The operation is not possible in the charge's present status",
  INSTRUMENT_NOT_FOUND: "The payment instrument was not found",
  INVALID_AUTHENTICATION_SETTINGS:
    "The authentication settings have none that the payment method needs; REDIRECT needs an http or https returnUrl",
  INVALID_CURRENCY: "The payment method does not support this currency",
  INVALID_MANDATE_ID: "The consumer's consent to later payments is not known",
  INVALID_PAYMENT_METHOD: "The payment method is not known",
  NO_AUTHORIZED_AMOUNT: "Nothing is authorized",
  PAYMENT_METHOD_TIMEOUT: "The authorization was not completed in time",
  SIMULTANEOUS_OPERATION_IN_PROGRESS: "Another operation on this charge is in progress",
};

/** Refused by the wallet, or by its rules. */
const provider: Readonly<Record<string, string>> = {
  ACCOUNT_NOT_SUPPORTED: "The consumer's account is not supported",
  AMOUNT_NOT_SUPPORTED: "The provider does not support this amount",
  AUTHENTICATION_FAILED: "The consumer's authentication failed",
  BLOCKED_ACCOUNT: "The consumer's account is blocked",
  CANCELED_BY_CONSUMER: "The payment was canceled by the consumer",
  DUPLICATE_DETECTED: "The provider detected a duplicate",
  EXCEEDS_REFUNDABLE_AMOUNT: "The amount exceeds what the provider can refund",
  EXPIRED_SESSION: "The session at the provider has expired",
  GENERIC_DECLINE: "The provider declined",
  INSUFFICIENT_FUNDS: "Insufficient funds",
  INVALID_MERCHANT: "The provider does not know the merchant",
  IS_EXCEEDING_ACCOUNT_LIMIT: "The amount exceeds the limit of the consumer's account",
  IS_NOT_PERMITTED: "The consumer's account does not permit this payment",
  REFUND_PERIOD_EXPIRED: "The period in which the payment can be refunded is over",
  SUS_FRAUD: "The provider suspects fraud",
  UNKNOWN: "The provider declined for a reason that is not known",
};

/** Not carried out, for technical reasons of the wallet. */
const providerErrors: Readonly<Record<string, string>> = {
  PROVIDER_PROCESSING_ERROR: "The provider could not process the operation",
  UNRESPONSIVE_PROVIDER: "The provider does not respond",
};

/** A later attempt may succeed. */
const retryable = new Set([
  "EXPIRED_SESSION",
  "INSUFFICIENT_FUNDS",
  "IS_EXCEEDING_ACCOUNT_LIMIT",
  "PAYMENT_METHOD_TIMEOUT",
  "PROVIDER_PROCESSING_ERROR",
  "SIMULTANEOUS_OPERATION_IN_PROGRESS",
  "UNRESPONSIVE_PROVIDER",
]);

export interface WordedFailure {
  failureType: "INTERNAL_ERROR" | "INTERNAL_DECLINE" | "PROVIDER_ERROR" | "PROVIDER_DECLINE";
  failureCode: string;
  providerFailureCode?: string;
  failureMessage: string;
}

export function wordFailure(failure: Failure): WordedFailure & { isRetryable: boolean } {
  const { by, code, message, providerCode } = failure;
  const other = others.get(code);
  const [failureType, failureCode, usual] = typed(by, other?.code ?? code.toUpperCase().replaceAll("-", "_"));
  return {
    failureType,
    failureCode,
    ...(providerCode === null ? {} : { providerFailureCode: providerCode }),
    failureMessage: other?.message ?? message ?? usual,
    isRetryable: retryable.has(failureCode),
  };
}

function typed(by: Failure["by"], code: string): [WordedFailure["failureType"], string, string] {
  if (by === "naru" && internal[code] !== undefined) return ["INTERNAL_DECLINE", code, internal[code]];
  if (providerErrors[code] !== undefined) return ["PROVIDER_ERROR", code, providerErrors[code]];
  if (provider[code] !== undefined) return ["PROVIDER_DECLINE", code, provider[code]];
  // A wallet may have a reason for which the contract has a code of ours alone.
  if (internal[code] !== undefined) return ["INTERNAL_DECLINE", code, internal[code]];
  return ["PROVIDER_DECLINE", "UNKNOWN", provider.UNKNOWN!];
}

/** Events have these fields of a failure alone. */
export function wordBriefly(failure: Failure): WordedFailure {
  const { isRetryable: _, ...brief } = wordFailure(failure);
  return brief;
}

/** What a shopper may be declined with on the sandbox's page, the usual first: as PPRO spells it, and as the core does. */
export const declines = [
  "GENERIC_DECLINE",
  "INSUFFICIENT_FUNDS",
  "IS_EXCEEDING_ACCOUNT_LIMIT",
  "AUTHENTICATION_FAILED",
  "EXPIRED_SESSION",
  "IS_NOT_PERMITTED",
  "BLOCKED_ACCOUNT",
  "SUS_FRAUD",
  "SIMULTANEOUS_OPERATION_IN_PROGRESS",
  "UNRESPONSIVE_PROVIDER",
  "PROVIDER_PROCESSING_ERROR",
] as const;

export function reasonOf(decline: string): string {
  return decline.toLowerCase().replaceAll("_", "-");
}
