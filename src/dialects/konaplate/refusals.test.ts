import { describe, expect, it } from "vitest";
import type { LinkedAccountRefusal, MemberChargeRefusal, MemberRefusal } from "../../core/errors.ts";
import type { RegistrationFailure } from "../../core/linked-accounts/linked-account.ts";
import { accountError, chargeError, memberError, registrationError } from "./refusals.ts";

describe("why a member is not registered", () => {
  it.each<[MemberRefusal, string, string]>([
    [{ code: "member-exists", by: "loginId" }, "001_001", "User already exists."],
    [{ code: "member-exists", by: "ci" }, "001_001", "User already exists."],
    [{ code: "member-unknown" }, "000_002", "Invalid input parameter. userId"],
    [{ code: "card-unknown" }, "000_002", "Invalid input parameter. cardNo"],
  ])("%j is %s", (refusal, code, description) => {
    expect(memberError(refusal)).toEqual({ status: 400, code, description });
  });
});

describe("why an account is not registered, removed or verified", () => {
  it.each<[LinkedAccountRefusal["code"], string, string]>([
    ["member-unknown", "000_002", "Invalid input parameter. userId"],
    ["registration-under-way", "002_013", "Ars auth and bank account register is still in progress."],
    ["account-missing", "007_001", "Bank account not found."],
    ["account-unknown", "002_033", "Getting acc owner name error."],
    ["verification-pending", "002_034", "Money transfer pending error."],
  ])("%s is %s", (refusal, code, description) => {
    expect(accountError({ code: refusal })).toEqual({ status: 400, code, description });
  });
});

describe("a registration that failed", () => {
  it.each<[RegistrationFailure, string]>([
    ["ars-failed", "002_014"],
    ["lifetime-account", "002_015"],
    ["restricted-account", "002_016"],
    ["refused", "002_017"],
  ])("by %s is %s", (failure, code) => {
    expect(registrationError(failure)).toMatchObject({ status: 400, code });
  });
});

describe("why a balance is not charged, or a charge not cancelled", () => {
  it.each<[MemberChargeRefusal, string, string]>([
    [{ code: "member-unknown" }, "000_002", "Invalid input parameter. userId"],
    [{ code: "card-unknown" }, "000_002", "Invalid input parameter. par"],
    [{ code: "token-invalid" }, "000_002", "Invalid input parameter. oneTimeToken"],
    [{ code: "dcvv-wrong" }, "000_002", "Invalid input parameter. dcvv"],
    [{ code: "expiry-differs" }, "000_002", "Invalid input parameter. cardExpiry"],
    [{ code: "reference-differs", reference: "1" }, "000_002", "Invalid input parameter. sequenceId"],
    [{ code: "charge-unknown" }, "000_002", "Invalid input parameter. nrNumber"],
    [{ code: "account-missing" }, "007_001", "Bank account not found."],
    [{ code: "balance-limit", max: 2_000_000 }, "007_003", "Credit limit exceeded."],
    [{ code: "withdrawal-failed", reason: "insufficient-funds" }, "007_004", "Withdraw failure from PG."],
    [{ code: "not-cancellable" }, "007_030", "Cancellation not possible for this transaction."],
    [{ code: "charged-otherwise" }, "007_040", "Cancel request for another method."],
    [{ code: "name-differs" }, "007_043", "Cancellation request denied due to name mismatch."],
  ])("%j is %s", (refusal, code, description) => {
    expect(chargeError(refusal)).toEqual({ status: 400, code, description });
  });
});
