/**
 * Response codes: HTTP status, code, description. Those of the groups 001, 002 and 007, and of 000 below 900, are
 * published on the pages of their APIs. Those from `000_900` on are Naru's own, since for headers, tokens, keys and messages
 * that cannot be read none is published.
 */
import type { TObject } from "typebox";
import type { BodyProblem, Fields } from "../../http/body.ts";
import type { HttpFailure } from "../../http/dialect.ts";
import type { Problem } from "../../http/validate.ts";

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
  tokenMalformed: at(
    401,
    "000_903",
    "X-KM-Tran-Token must be KMV1:, a time of 17 digits, a colon and an HMAC-SHA-256 in Base64.",
  ),
  timeStale: (window_s: number) =>
    at(401, "000_904", `X-KM-Tran-Time, in X-KM-Time-Zone, is more than ${window_s} seconds away from now.`),
  cryptoKeyUnknown: at(400, "000_905", "X-KM-Crypto-Key-Id names no key of this project."),
  undecryptable: at(400, "000_906", "encData cannot be decrypted with the key that X-KM-Crypto-Key-Id names."),
  clearRefused: at(400, "000_907", "The request must be encrypted: encData is missing."),
  body: (what: string) => at(400, "000_908", `The body is wrong: ${what}.`),
  tooLarge: (bytes_max: number) => at(413, "000_909", `The body may have ${bytes_max} bytes.`),
  notFound: at(404, "000_910", "There is no such API."),
  unsupported: at(404, "000_910", "This API is not supported."),
  methodNotAllowed: at(405, "000_911", "Every API is called by POST."),
  unavailable: at(503, "000_913", "The service is not available at this moment; try again."),
  refused: (status: number, what: string) => at(status, "000_914", what),
  defect: at(500, "000_999", "Internal error."),
} as const;

/** Where a problem was found. */
interface Found {
  schema: TObject;
  fields: Fields;
}

/** `what`: how the contract's page calls a value that is wrong. Of what is empty it says that it is wrong, not missing. */
export function problemError(problem: Problem, what: "value" | "parameter", found?: Found): KonaplateError {
  const { field } = problem;
  const value = found && valueAt(found.fields, field);
  if (problem.kind === "missing") return (value ?? null) === null ? errors.missing(field) : errors.invalid(field, what);
  const bounds = found && lengthsAt(found.schema, field);
  const isText = typeof value === "string" || typeof value === "number";
  if (bounds === undefined || !isText) return errors.invalid(field, what);
  const length = [...String(value)].length;
  const fits = length >= bounds.min && length <= bounds.max;
  return fits ? errors.invalid(field, what) : errors.length(field, bounds.min, bounds.max);
}

function valueAt(fields: Fields, path: string): unknown {
  return path
    .split(".")
    .reduce<unknown>(
      (held, name) =>
        typeof held === "object" && held !== null && Object.hasOwn(held, name) ? (held as Fields)[name] : undefined,
      fields,
    );
}

/** How long the text of a field may be, where its schema says both. */
function lengthsAt(schema: object, path: string): { min: number; max: number } | undefined {
  const field = path.split(".").reduce<object | undefined>((held, name) => {
    if (held === undefined) return undefined;
    if ("items" in held) return held.items as object;
    const { properties = {} } = held as { properties?: Record<string, object> };
    return Object.hasOwn(properties, name) ? properties[name] : undefined;
  }, schema);
  const { minLength: min = 0, maxLength: max } = (field ?? {}) as { minLength?: number; maxLength?: number };
  return max === undefined ? undefined : { min, max };
}

/** A body that cannot be read. What was in it is not said, since it may have been encrypted and this is not. */
export function bodyError(problem: BodyProblem): KonaplateError {
  switch (problem.kind) {
    case "encoding":
      return errors.body("it is not UTF-8");
    case "unstorable":
      return errors.body("it has a character that cannot be stored");
    case "not-an-object":
      return errors.body("it must be a JSON object");
    case "too-deep":
      return errors.body(`it is nested more than ${problem.depth_max} deep`);
    case "json":
    case "multipart":
      return errors.body("it is not JSON");
  }
}

/** What the shell refuses before or outside a route. */
export function failureError(failure: HttpFailure): KonaplateError {
  switch (failure.kind) {
    case "not-found":
      return errors.notFound;
    case "malformed":
      return failure.problem === undefined
        ? errors.refused(failure.status, "The request is not valid HTTP.")
        : bodyError(failure.problem);
    case "too-large":
      return failure.bytes_max === undefined
        ? errors.refused(413, "It is too large.")
        : errors.tooLarge(failure.bytes_max);
    case "unsupported-media-type":
    case "wrong-host":
    case "cross-site":
      return errors.refused(failure.status, `${failure.detail}.`);
    case "overloaded":
    case "unavailable":
      return errors.unavailable;
    case "defect":
      return errors.defect;
  }
}

export function errorBody({ code, description }: KonaplateError) {
  return { response: { code, description } };
}
