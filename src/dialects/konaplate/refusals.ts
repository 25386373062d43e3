/** What the core refuses, in the words of `errors.ts`. The compiler tells which refusal is not worded yet. */
import type { IssueRefusal, LinkedAccountRefusal, MemberChargeRefusal, MemberRefusal } from "../../core/errors.ts";
import type { RegistrationFailure } from "../../core/linked-accounts/linked-account.ts";
import { errors, type KonaplateError } from "./errors.ts";

export function memberError(refusal: MemberRefusal): KonaplateError {
  switch (refusal.code) {
    case "member-exists":
      return errors.memberExists;
    case "member-unknown":
      return errors.invalid("userId");
    case "card-unknown":
      return errors.invalid("cardNo");
    // Clients choose no numbers.
    case "number-taken":
      return errors.defect;
  }
}

export function accountError(refusal: LinkedAccountRefusal): KonaplateError {
  switch (refusal.code) {
    case "member-unknown":
      return errors.invalid("userId");
    case "registration-under-way":
      return errors.registrationUnderWay;
    case "account-missing":
      return errors.accountMissing;
    case "account-unknown":
      return errors.holderUnknown;
    case "verification-pending":
      return errors.transferPending;
  }
}

/** A registration that failed. */
export function registrationError(code: RegistrationFailure): KonaplateError {
  switch (code) {
    case "ars-failed":
      return errors.arsFailed;
    case "lifetime-account":
      return errors.lifetimeAccount;
    case "restricted-account":
      return errors.restrictedAccount;
    case "refused":
      return errors.registrationRefused;
  }
}

export function chargeError(refusal: MemberChargeRefusal): KonaplateError {
  switch (refusal.code) {
    case "member-unknown":
      return errors.invalid("userId");
    case "card-unknown":
      return errors.invalid("par");
    case "token-invalid":
      return errors.invalid("oneTimeToken");
    case "dcvv-wrong":
      return errors.invalid("dcvv");
    case "expiry-differs":
      return errors.invalid("cardExpiry");
    case "account-missing":
      return errors.accountMissing;
    case "balance-limit":
      return errors.limitExceeded;
    case "reference-differs":
      return errors.invalid("sequenceId");
    case "withdrawal-failed":
      return errors.withdrawalFailed;
    case "charge-unknown":
      return errors.invalid("nrNumber");
    case "not-cancellable":
      return errors.notCancellable;
    case "charged-otherwise":
      return errors.chargedOtherwise;
    case "name-differs":
      return errors.nameDiffers;
  }
}

/** The fixed number of a card. What a client asks for is never in the way, so each is for the operator to mend. */
export function issueError(_refusal: IssueRefusal): KonaplateError {
  return errors.unavailable;
}
