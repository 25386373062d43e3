/**
 * What is refused before anything is made: HTTP status and words. What fails by the rules of payments is answered with
 * 200 and what failed instead; that is in `failures.ts`. The contract has statuses and one shape, the words are ours.
 */
import type { ChargeRefusal } from "../../core/errors.ts";
import type { HttpFailure } from "../../http/dialect.ts";
import type { Problem } from "../../http/validate.ts";

export interface PproError {
  status: number;
  failureMessage: string;
  /** As callers who are unknown are told it too. */
  message?: string;
}

const at = (status: number, failureMessage: string): PproError => ({ status, failureMessage });

export const errors = {
  invalid: (what: string) => at(400, what),
  unauthorized: { ...at(401, "Unauthorized"), message: "Unauthorized" },
  merchantMissing: at(400, "Header Merchant-Id is missing"),
  merchantUnknown: at(403, "The API key is not for this Merchant-Id"),
  notFound: (what: string) => at(404, `${what} not found`),
  methodNotAllowed: (method: string) => at(405, `Method ${method} is not supported here`),
  callUnderWay: at(409, "A request with this Request-Idempotency-Key is in progress"),
  callDiffers: at(409, "This Request-Idempotency-Key was used for another request"),
  mediaType: at(415, "The body must be application/json"),
  unprocessable: (what: string) => at(422, what),
  tooOften: (perSecond: number) => at(429, `Too many requests: ${perSecond} a second are allowed`),
  cardRefused: (what: string) => at(422, `${what} is not supported: no card numbers are taken`),
} as const;

export function problemError(problem: Problem): PproError {
  switch (problem.kind) {
    case "missing":
      return errors.invalid(`${problem.field} is missing`);
    case "type":
      return errors.invalid(`${problem.field || "The body"} must be ${problem.wanted}`);
    case "range":
      return errors.unprocessable(`${problem.field} must be ${problem.wanted}`);
    case "too-long":
      return errors.invalid(`${problem.field} may have ${problem.length} characters`);
    case "too-many":
      return errors.invalid(`${problem.field} may have ${problem.count} items`);
    case "unstorable":
      return errors.invalid(`${problem.field} has a character that cannot be stored`);
  }
}

export function refusalError(refusal: ChargeRefusal): PproError {
  switch (refusal.code) {
    case "charge-unknown":
      return errors.notFound("Payment charge");
    case "agreement-unknown":
      return errors.notFound("Payment agreement");
    case "instrument-unknown":
      return errors.notFound("Payment instrument");
    case "not-waiting":
      return errors.unprocessable("It is not waiting for this: see its status");
    case "too-late":
      return errors.unprocessable("The time to authenticate is over");
    case "too-many-operations":
      return errors.unprocessable(`A payment charge may have ${refusal.max} operations`);
    case "call-taken-over":
      return errors.callUnderWay;
  }
}

/** What the shell refuses before or outside a route. */
export function failureError(failure: HttpFailure): PproError {
  switch (failure.kind) {
    case "not-found":
      return errors.notFound("Resource");
    case "unsupported-media-type":
      return errors.mediaType;
    // The contract has no 503, but this for what depends on others: clients try again.
    case "overloaded":
    case "unavailable":
      return at(504, "The service is not available at this moment; try again with the same Request-Idempotency-Key");
    case "defect":
      return at(500, "Internal error; try again with the same Request-Idempotency-Key");
    case "malformed":
    case "too-large":
    case "wrong-host":
    case "cross-site":
      return at(failure.status, failure.detail);
  }
}

/** `now`: real time. */
export function errorBody({ status, failureMessage, message }: PproError, now = new Date()) {
  return { status, failureMessage, timestamp: now.toISOString(), ...(message === undefined ? {} : { message }) };
}
