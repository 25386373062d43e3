/**
 * Why a command was refused: values, not exceptions, a set of them for each room. A refused request changes nothing. Each
 * dialect's `errors.ts` turns these into its own wire form; the fields carry what a precise message needs.
 */

export type IssueRefusal =
  | { code: "reference-paid"; reference: string }
  | { code: "due-passed"; dueAt: Date; now: Date }
  | { code: "due-too-far"; dueAt: Date; max_days: number }
  | { code: "numbers-exhausted"; bankCode: string }
  | { code: "number-not-yours"; number: string }
  | { code: "number-in-use"; number: string };

export type PaymentRefusal =
  | IssueRefusal
  | { code: "payment-unknown"; id: string }
  | { code: "payment-not-ready"; state: string }
  | { code: "account-expired"; dueAt: Date }
  | { code: "nothing-deposited" }
  | { code: "not-refundable"; state: string }
  | { code: "fully-refunded" }
  | { code: "refund-under-way" }
  | { code: "balance-differs"; expected: number; balance: number }
  | { code: "refund-exceeds"; amount: number; balance: number }
  | { code: "refund-account-incomplete"; missing: readonly ("bankCode" | "holder" | "number" | "phone")[] }
  | { code: "refund-tax-missing"; part: "taxFree" | "vatAmount" }
  | { code: "refund-tax-exceeds"; amount: number }
  | { code: "refund-tax-left"; part: "taxFree" | "vatAmount"; left: number }
  | { code: "too-many-refunds"; partials_max: number }
  | { code: "refund-too-late"; within_months: number }
  | { code: "refund-hours"; from: number; to: number }
  | { code: "not-paid"; state: string }
  | { code: "nothing-left" }
  | { code: "receipt-exists" }
  | { code: "receipt-unknown" }
  | { code: "receipt-under-way" }
  | { code: "receipt-tax-exceeds"; amount: number }
  | { code: "prepared-already"; reference: string }
  | { code: "prepared-unknown"; reference: string };

/** Why a request about a charge or an agreement changes nothing; what fails by the rules is kept as failed instead. */
export type ChargeRefusal =
  | { code: "charge-unknown"; id: string }
  | { code: "agreement-unknown"; id: string }
  | { code: "instrument-unknown"; id: string }
  | { code: "not-waiting"; state: string }
  | { code: "too-late"; dueAt: Date }
  | { code: "too-many-operations"; max: number }
  | CallRefusal;

/** Another node has taken the call over for which the change was to be made. */
export type CallRefusal = { code: "call-taken-over" };

/** Why a request about a member or a card changes nothing. */
export type MemberRefusal =
  | { code: "member-exists"; by: "loginId" | "ci" }
  | { code: "member-unknown" }
  | { code: "card-unknown" }
  | NumberTaken<string>;

/** Why a request about a member's own account changes nothing. */
export type LinkedAccountRefusal =
  | { code: "member-unknown" }
  | { code: "registration-under-way" }
  | { code: "account-missing" }
  | { code: "account-unknown" }
  | { code: "verification-pending" };

/** Why a member's balance is not charged, or a charge not cancelled. */
export type MemberChargeRefusal =
  | { code: "member-unknown" }
  | { code: "card-unknown" }
  /** Not this card's, used, or its time is over. */
  | { code: "token-invalid" }
  | { code: "dcvv-wrong" }
  | { code: "expiry-differs" }
  | { code: "account-missing" }
  | { code: "balance-limit"; max: number }
  /** The reference stands for something else. */
  | { code: "reference-differs"; reference: string }
  /** The PG's no; what was asked is kept as failed. */
  | { code: "withdrawal-failed"; reason: string | null }
  | { code: "charge-unknown" }
  | { code: "not-cancellable" }
  | { code: "charged-otherwise" }
  | { code: "name-differs" };

export type DeliveryRefusal = { code: "delivery-unknown"; id: string } | { code: "delivery-under-way"; id: string };

export type MerchantRefusal =
  | { code: "merchant-unknown"; id: string }
  | { code: "credential-unknown"; key: string }
  | { code: "too-many-credentials"; max: number };

/** Why a credential is given no further key for encrypted messages. */
export type CryptoKeyRefusal =
  | { code: "credential-unknown"; key: string }
  | { code: "too-many-crypto-keys"; max: number };

/** Another has the number that was asked for. */
export type NumberTaken<Number = number> = { code: "number-taken"; number: Number };

export type AdAccountRefusal =
  | NumberTaken
  | { code: "ad-account-unknown"; number: number }
  | { code: "ad-account-not-yours"; number: number }
  | { code: "ad-account-stopped"; number: number };

/** Why an app may not ask a user for consent. */
export type AppRefusal =
  | { code: "app-unknown" }
  | { code: "app-suspended" }
  | { code: "app-not-verified" }
  | { code: "app-not-permitted" }
  | { code: "redirect-unknown"; uri: string }
  | { code: "scope-not-permitted"; scope: string };

/** Why a user may not consent. */
export type UserRefusal =
  | { code: "user-not-tester" }
  | { code: "user-restricted" }
  | { code: "user-without-business" }
  | { code: "user-without-assets" };

/** Why a code is not exchanged for a token. */
export type CodeRefusal = { code: "code-unknown" } | { code: "redirect-differs"; uri: string };

export type ClockRefusal = { code: "clock-backwards"; now: Date } | { code: "clock-too-far"; last: string };

export type Outcome<Value, Refusal = PaymentRefusal> = { ok: true; value: Value } | { ok: false; refusal: Refusal };

export function accepted<Value>(value: Value): { ok: true; value: Value } {
  return { ok: true, value };
}

export function refused<const Refusal>(refusal: Refusal): { ok: false; refusal: Refusal } {
  return { ok: false, refusal };
}
