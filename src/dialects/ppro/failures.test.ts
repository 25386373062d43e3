import { describe, expect, it } from "vitest";
import type { Failure } from "../../core/wallet-charges/charge.ts";
import { declines, reasonOf, type WordedFailure, wordBriefly, wordFailure } from "./failures.ts";

/** All that are published, by type. */
const published: Record<WordedFailure["failureType"], string> = {
  INTERNAL_DECLINE: `AGREEMENT_INACTIVE AGREEMENT_REVOKED AMOUNT_NOT_SUPPORTED BLOCKED_ACCOUNT BLOCKED_BIN BLOCKED_EMAIL
    BLOCKED_IP CANCELED_BY_CONSUMER CHARGEBACK_DETECTED COUNTRY_NOT_SUPPORTED EXCEEDS_AUTHORIZED_AMOUNT
    EXCEEDS_CAPTURED_AMOUNT EXCEEDS_REFUND_LIMIT EXCEEDS_REFUNDABLE_AMOUNT GENERIC_DECLINE HIGH_ACCOUNT_VELOCITY
    HIGH_BIN_VELOCITY HIGH_EMAIL_VELOCITY HIGH_IP_VELOCITY INSTRUMENT_NOT_FOUND INTERNAL_PROCESSING_ERROR
    INVALID_ACCOUNT INVALID_AMOUNT INVALID_AUTHENTICATION_SETTINGS INVALID_COUNTRY INVALID_CURRENCY
    INVALID_INPUT_DATA INVALID_IP INVALID_MANDATE_ID INVALID_PAYMENT_METHOD INVALID_TAX_ID MISSING_IBAN
    NO_AUTHORIZED_AMOUNT NO_CAPTURED_AMOUNT PAYMENT_METHOD_TIMEOUT SIMULTANEOUS_OPERATION_IN_PROGRESS`,
  INTERNAL_ERROR: "INTERNAL_SERVICE_UNAVAILABLE INTERNAL_PROCESSING_ERROR",
  PROVIDER_DECLINE: `ACCOUNT_NOT_SUPPORTED AMOUNT_NOT_SUPPORTED AUTHENTICATION_FAILED BLOCKED_ACCOUNT
    CANCELED_BY_CONSUMER CARD_CLOSED_OR_INVALID COUNTRY_NOT_SUPPORTED CURRENCY_NOT_SUPPORTED DUPLICATE_DETECTED
    EXCEEDS_REFUNDABLE_AMOUNT EXPIRED_CARD EXPIRED_SESSION FORMAT_ERROR GENERIC_DECLINE INCORRECT_BILLING_ADDRESS
    INCORRECT_CVV INCORRECT_HOLDER_NAME INCORRECT_ISSUER INCORRECT_NUMBER INCORRECT_TAX_ID INSUFFICIENT_FUNDS
    INVALID_MERCHANT IS_EXCEEDING_ACCOUNT_LIMIT IS_GENERIC_DECLINE IS_HIGH_VELOCITY IS_NOT_PERMITTED
    REFUND_BLOCKED_TEMPORARILY REFUND_NOT_SUPPORTED REFUND_PERIOD_EXPIRED RETRY_REFUND_LATER SUS_FRAUD SUS_LOST
    SUS_STOLEN TRANSACTION_DISPUTED UNKNOWN`,
  PROVIDER_ERROR: "UNRESPONSIVE_ISSUER UNRESPONSIVE_PROVIDER PROVIDER_PROCESSING_ERROR",
};
const isPublished = ({ failureType, failureCode }: WordedFailure) =>
  published[failureType].split(/\s+/).includes(failureCode);

const failure = (by: Failure["by"], code: string, more: Partial<Failure> = {}): Failure => ({
  by,
  code,
  message: null,
  providerCode: null,
  ...more,
});

/** All that the core says. */
const ours: [string, string][] = [
  ["agreement-inactive", "INTERNAL_DECLINE AGREEMENT_INACTIVE"],
  ["agreement-revoked", "INTERNAL_DECLINE AGREEMENT_REVOKED"],
  ["amount-not-supported", "INTERNAL_DECLINE AMOUNT_NOT_SUPPORTED"],
  ["country-not-supported", "INTERNAL_DECLINE COUNTRY_NOT_SUPPORTED"],
  ["discarded", "INTERNAL_DECLINE GENERIC_DECLINE"],
  ["exceeds-authorized-amount", "INTERNAL_DECLINE EXCEEDS_AUTHORIZED_AMOUNT"],
  ["exceeds-captured-amount", "INTERNAL_DECLINE EXCEEDS_CAPTURED_AMOUNT"],
  ["exceeds-refundable-amount", "INTERNAL_DECLINE EXCEEDS_REFUNDABLE_AMOUNT"],
  ["instrument-not-found", "INTERNAL_DECLINE INSTRUMENT_NOT_FOUND"],
  ["invalid-authentication-settings", "INTERNAL_DECLINE INVALID_AUTHENTICATION_SETTINGS"],
  ["invalid-currency", "INTERNAL_DECLINE INVALID_CURRENCY"],
  ["invalid-payment-method", "INTERNAL_DECLINE INVALID_PAYMENT_METHOD"],
  ["no-authorized-amount", "INTERNAL_DECLINE NO_AUTHORIZED_AMOUNT"],
  ["nothing-to-discard", "INTERNAL_DECLINE GENERIC_DECLINE"],
  ["payment-method-timeout", "INTERNAL_DECLINE PAYMENT_METHOD_TIMEOUT"],
  // The rule is the method's.
  ["refund-period-expired", "PROVIDER_DECLINE REFUND_PERIOD_EXPIRED"],
  ["simultaneous-operation-in-progress", "INTERNAL_DECLINE SIMULTANEOUS_OPERATION_IN_PROGRESS"],
];

/** What a shopper does at the wallet, what the sandbox's wallet says, and what is said of orders that got lost. */
const wallets: [string, string][] = [
  ["account-not-supported", "PROVIDER_DECLINE ACCOUNT_NOT_SUPPORTED"],
  ["amount-not-supported", "PROVIDER_DECLINE AMOUNT_NOT_SUPPORTED"],
  ["authentication-failed", "PROVIDER_DECLINE AUTHENTICATION_FAILED"],
  ["blocked-account", "PROVIDER_DECLINE BLOCKED_ACCOUNT"],
  ["canceled-by-consumer", "PROVIDER_DECLINE CANCELED_BY_CONSUMER"],
  ["duplicate-detected", "PROVIDER_DECLINE DUPLICATE_DETECTED"],
  ["exceeds-refundable-amount", "PROVIDER_DECLINE EXCEEDS_REFUNDABLE_AMOUNT"],
  ["expired-session", "PROVIDER_DECLINE EXPIRED_SESSION"],
  ["generic-decline", "PROVIDER_DECLINE GENERIC_DECLINE"],
  ["insufficient-funds", "PROVIDER_DECLINE INSUFFICIENT_FUNDS"],
  // Published as ours alone.
  ["invalid-mandate-id", "INTERNAL_DECLINE INVALID_MANDATE_ID"],
  ["invalid-merchant", "PROVIDER_DECLINE INVALID_MERCHANT"],
  ["is-exceeding-account-limit", "PROVIDER_DECLINE IS_EXCEEDING_ACCOUNT_LIMIT"],
  ["is-not-permitted", "PROVIDER_DECLINE IS_NOT_PERMITTED"],
  ["never-received", "PROVIDER_ERROR UNRESPONSIVE_PROVIDER"],
  ["provider-processing-error", "PROVIDER_ERROR PROVIDER_PROCESSING_ERROR"],
  ["refused", "PROVIDER_DECLINE GENERIC_DECLINE"],
  ["simultaneous-operation-in-progress", "INTERNAL_DECLINE SIMULTANEOUS_OPERATION_IN_PROGRESS"],
  ["sus-fraud", "PROVIDER_DECLINE SUS_FRAUD"],
  ["too-late", "PROVIDER_DECLINE EXPIRED_SESSION"],
  ["unresponsive-provider", "PROVIDER_ERROR UNRESPONSIVE_PROVIDER"],
];

const all = [
  ...ours.map(([code, words]) => ["naru", code, words] as const),
  ...wallets.map(([code, words]) => ["wallet", code, words] as const),
];

describe("a failure", () => {
  it.each(all)("of %s, %s, is %s, which is published so", (by, code, words) => {
    const worded = wordFailure(failure(by, code));
    expect(`${worded.failureType} ${worded.failureCode}`).toBe(words);
    expect(isPublished(worded)).toBe(true);
    expect(worded.failureMessage).toMatch(/^[A-Z][ -~]+$/);
  });

  it.each(["", "a-new-reason", "-", "constructor", "__proto__", "to-string", "hasOwnProperty", "한도초과"])(
    "that nobody knows is one of the wallet that is not known: %j",
    (code) => {
      for (const by of ["naru", "wallet"] as const) {
        const { failureType, failureCode } = wordFailure(failure(by, code));
        expect([failureType, failureCode]).toEqual(["PROVIDER_DECLINE", "UNKNOWN"]);
      }
    },
  );

  it("has the wallet's own words and code where it gave them", () => {
    const said = failure("wallet", "insufficient-funds", { message: "잔액 부족", providerCode: "LACK_BALANCE" });
    expect(wordFailure(said)).toEqual({
      failureType: "PROVIDER_DECLINE",
      failureCode: "INSUFFICIENT_FUNDS",
      providerFailureCode: "LACK_BALANCE",
      failureMessage: "잔액 부족",
      isRetryable: true,
    });
    expect(wordFailure(failure("wallet", "insufficient-funds"))).not.toHaveProperty("providerFailureCode");
  });

  it.each([
    ["never-received", "PG사가 요청을 받지 못했습니다.", "The provider did not receive the order"],
    ["too-late", "요청의 유효시간이 지났습니다.", "The order reached the provider too late"],
  ])("that the contract has no code for is in our words: %s", (code, message, words) => {
    expect(wordFailure(failure("wallet", code, { message })).failureMessage).toBe(words);
  });

  it("of what was given up does not speak of an operation that is not possible", () => {
    expect(wordFailure(failure("naru", "discarded")).failureMessage).toBe("The payment charge was discarded");
  });

  it("is told to be worth another attempt where that may succeed", () => {
    const retryable = all.filter(([by, code]) => wordFailure(failure(by, code)).isRetryable);
    expect([...new Set(retryable.map(([, code]) => code))].sort()).toEqual([
      "expired-session",
      "insufficient-funds",
      "is-exceeding-account-limit",
      "never-received",
      "payment-method-timeout",
      "provider-processing-error",
      "simultaneous-operation-in-progress",
      "too-late",
      "unresponsive-provider",
    ]);
  });

  it("is told in events by the four fields that those have", () => {
    const said = failure("wallet", "sus-fraud", { providerCode: "FDS", message: "no" });
    expect(wordBriefly(said)).toEqual({
      failureType: "PROVIDER_DECLINE",
      failureCode: "SUS_FRAUD",
      providerFailureCode: "FDS",
      failureMessage: "no",
    });
  });
});

describe("what a shopper may be declined with", () => {
  it.each(declines)("%s is told as that", (decline) => {
    const worded = wordFailure(failure("wallet", reasonOf(decline)));
    expect(worded.failureCode).toBe(decline);
    expect(isPublished(worded)).toBe(true);
    expect(reasonOf(decline)).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it("is a plain decline first of all", () => {
    expect(declines[0]).toBe("GENERIC_DECLINE");
    expect(new Set(declines).size).toBe(declines.length);
  });
});
