/**
 * Response codes: HTTP status, code, description. Those of the groups 001, 002 and 007, and of 000 below 900, are
 * published on the pages of their APIs. Those from `000_900` on are Naru's own, since for headers, tokens, keys and messages
 * that cannot be read none is published.
 */

export interface KonaplateError {
  status: number;
  code: string;
  description: string;
}

const at = (status: number, code: string, description: string): KonaplateError => ({ status, code, description });

export const success = { code: "000_000", description: "Success." } as const;

export const errors = {
  /** A value that is there and cannot be. */
  invalid: (field: string, what: "value" | "parameter" = "parameter") =>
    at(400, "000_002", `Invalid input ${what}. ${field}`),
  missing: (field: string) => at(400, "000_003", `Missing required values. ${field}`),
  length: (field: string, min: number, max: number) =>
    at(
      400,
      "000_015",
      `The length of value does not match. ${field} (반드시 최소값 ${min}과(와) 최대값 ${max} 사이의 크기이어야 합니다.)`,
    ),
  memberExists: at(400, "001_001", "User already exists."),
  registrationUnderWay: at(400, "002_013", "Ars auth and bank account register is still in progress."),
  arsFailed: at(400, "002_014", "Bank account register failed due to ARS auth failed."),
  lifetimeAccount: at(400, "002_015", "Bank account register failed due to lifetime account."),
  restrictedAccount: at(400, "002_016", "Invalid account."),
  registrationRefused: at(400, "002_017", "Bank account register failed."),
  registrationUnknown: at(400, "002_019", "Not found ars bank account register error."),
  holderUnknown: at(400, "002_033", "Getting acc owner name error."),
  transferPending: at(400, "002_034", "Money transfer pending error."),
  accountMissing: at(400, "007_001", "Bank account not found."),
  limitExceeded: at(400, "007_003", "Credit limit exceeded."),
  withdrawalFailed: at(400, "007_004", "Withdraw failure from PG."),
  notCancellable: at(400, "007_030", "Cancellation not possible for this transaction."),
  chargedOtherwise: at(400, "007_040", "Cancel request for another method."),
  nameDiffers: at(400, "007_043", "Cancellation request denied due to name mismatch."),

  header: (name: string, wanted: string) => at(400, "000_901", `Header ${name} must be ${wanted}.`),
  headerMissing: (name: string) => at(400, "000_901", `Header ${name} is missing.`),
  keyUnknown: at(401, "000_902", "The access key is unknown, or not of this X-KM-User-AspId."),
  tokenWrong: at(401, "000_903", "X-KM-Tran-Token is not that of the body that was received."),
  timeStale: (window_s: number) =>
    at(401, "000_904", `X-KM-Tran-Time, in X-KM-Time-Zone, is more than ${window_s} seconds away from now.`),
  cryptoKeyUnknown: at(400, "000_905", "X-KM-Crypto-Key-Id names no key of this project."),
  undecryptable: at(400, "000_906", "encData cannot be decrypted with the key that X-KM-Crypto-Key-Id names."),
  clearRefused: at(400, "000_907", "The request must be encrypted: encData is missing."),
  body: (what: string) => at(400, "000_908", `The body is wrong: ${what}.`),
  tooLarge: (bytes_max: number) => at(413, "000_909", `The body may have ${bytes_max} bytes.`),
  notFound: at(404, "000_910", "There is no such API."),
  methodNotAllowed: at(405, "000_911", "Every API is called by POST."),
  unavailable: at(503, "000_913", "The service is not available at this moment; try again."),
  refused: (status: number, what: string) => at(status, "000_914", what),
  defect: at(500, "000_999", "Internal error."),
} as const;

export function errorBody({ code, description }: KonaplateError) {
  return { response: { code, description } };
}
