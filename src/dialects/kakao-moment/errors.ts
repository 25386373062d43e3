/**
 * One table: what went wrong -> HTTP status, code, text. Kakao's common codes are negative numbers; what Moment itself
 * refuses is -813 with a detail in `extras`; consent has codes of its own, KOE and three digits. Texts that were seen of
 * the real service are given to the letter; the others are ours.
 */
import type { AdAccountRefusal, AppRefusal, CodeRefusal, IssueRefusal, UserRefusal } from "../../core/errors.ts";
import type { HttpFailure } from "../../http/dialect.ts";
import type { Problem } from "../../http/validate.ts";

export interface KakaoError {
  status: number;
  code: number;
  msg: string;
  extras?: { detailCode: number; detailMsg: string } | { status: number; message: string };
  required_scopes?: readonly string[];
  allowed_scopes?: readonly string[];
}

const at = (status: number, code: number, msg: string): KakaoError => ({ status, code, msg });
const moment = (status: number, extras: NonNullable<KakaoError["extras"]>): KakaoError => ({
  ...at(status, -813, "KakaoMomentException"),
  extras,
});
const detail = (detailCode: number, detailMsg: string) => moment(400, { detailCode, detailMsg });
/** Where no detail code is published. */
const undetailed = (status: number, message: string) => moment(status, { status, message });

export const errors = {
  internal: at(400, -1, "an internal error has occurred"),
  missing: (field: string) => at(400, -2, `The Parameter [${field}] cannot be null.`),
  unsatisfied: (field: string, why: string) =>
    at(400, -2, `Constraints on the parameter [${field}] are unsatisfied. ${why}`),
  unreadable: (why: string) => at(400, -2, `The request cannot be read: ${why}`),
  unsupported: (what: string) => at(400, -3, `${what} is not supported.`),
  notActivated: (what: string) => at(400, -3, `${what} is not activated for this app.`),
  restricted: at(403, -4, "this account is restricted."),
  noPermission: (app: string) => at(403, -5, `[${app}] does not have the permission for Kakao Moment.`),
  notAllowed: (what: string) => at(403, -6, `${what} is not allowed.`),
  underMaintenance: at(400, -7, "this service is under maintenance."),
  badHeader: (what: string) => at(400, -8, `bad header: ${what}`),
  discontinued: at(400, -9, "this API is no longer supported."),
  quota: at(400, -10, "API limit has been exceeded."),
  cap: at(400, -11, "the cap of the paid API has been exceeded."),
  suspended: at(403, -12, "the app or the account of its developer is suspended."),
  notLinked: at(400, -101, "NotRegisteredUserException"),
  tokenMissing: at(401, -401, "target biz token is not supplied."),
  tokenUnknown: at(401, -401, "this access token does not exist"),
  scopeMissing: (required: readonly string[], allowed: readonly string[]): KakaoError => ({
    ...at(403, -402, "insufficient scopes."),
    required_scopes: required,
    allowed_scopes: allowed,
  }),
  timedOut: at(400, -603, "the request has timed out."),
  appUnknown: at(400, -903, "the app key is not registered."),
  maintenance: at(503, -9798, "the service is not available at this moment."),

  failed: undetailed(400, "the request could not be served"),
  tooOften: undetailed(429, "allowed quota limit is exceeded: 1 call per second"),
  adAccountUnknown: detail(21006, "존재하지 않는 광고계정입니다."),
  adAccountNotYours: detail(9004, "권한이 없습니다."),
} as const;

/** What a fault may have a call answered with. */
const byCode: ReadonlyMap<string, KakaoError> = new Map(
  [
    errors.internal,
    errors.unsatisfied("parameter", "It is not valid."),
    errors.unsupported("this call"),
    errors.restricted,
    errors.noPermission("app"),
    errors.notAllowed("this call"),
    errors.underMaintenance,
    errors.badHeader("it cannot be read"),
    errors.discontinued,
    errors.quota,
    errors.cap,
    errors.suspended,
    errors.notLinked,
    errors.tokenUnknown,
    errors.scopeMissing(["moment_management"], []),
    errors.timedOut,
    errors.failed,
    errors.appUnknown,
    errors.maintenance,
  ].map((error) => [String(error.code), error]),
);

export function errorOfCode(code: string): KakaoError {
  return byCode.get(code) ?? errors.internal;
}

export function problemError(problem: Problem): KakaoError {
  switch (problem.kind) {
    case "missing":
      return errors.missing(problem.field);
    case "type":
    case "range":
      return errors.unsatisfied(problem.field, `It must be ${problem.wanted}.`);
    case "too-long":
      return errors.unsatisfied(problem.field, `It may have ${problem.length} characters.`);
    case "too-many":
      return errors.unsatisfied(problem.field, `It may have ${problem.count} items.`);
    case "unstorable":
      return errors.unsatisfied(problem.field, "It has a character that cannot be stored.");
  }
}

export function issueError(refusal: IssueRefusal): KakaoError {
  switch (refusal.code) {
    case "numbers-exhausted":
      return undetailed(400, `발급 가능한 가상계좌가 없습니다(은행 ${refusal.bankCode}).`);
    case "due-too-far":
      return undetailed(400, `가상계좌의 입금기한은 ${refusal.max_days}일을 넘을 수 없습니다.`);
    case "reference-paid":
    case "due-passed":
    case "number-not-yours":
    case "number-in-use":
      throw new Error("each top-up has a name of its own, a number of the pool and a deadline to come");
  }
}

export function adAccountError(refusal: AdAccountRefusal): KakaoError {
  switch (refusal.code) {
    case "ad-account-unknown":
      return errors.adAccountUnknown;
    case "ad-account-not-yours":
      return errors.adAccountNotYours;
    case "ad-account-stopped":
      return errors.notAllowed("switching on an ad account that was stopped");
    case "number-taken":
      throw new Error("this dialect makes no ad account");
  }
}

/** What the shell refuses before or outside a route. */
export function failureError(failure: HttpFailure): KakaoError {
  switch (failure.kind) {
    case "not-found":
      return { ...errors.unsupported("this address"), status: 404 };
    case "malformed":
      return failure.problem === undefined
        ? { ...errors.badHeader("the request is not valid HTTP"), status: failure.status }
        : errors.unreadable(failure.detail);
    case "too-large":
      return { ...errors.unreadable(failure.detail), status: 413 };
    case "unsupported-media-type":
      return { ...errors.badHeader(failure.detail), status: 415 };
    case "wrong-host":
      return { ...errors.badHeader(failure.detail), status: 421 };
    case "cross-site":
      return { ...errors.notAllowed("a page of another origin"), status: 403 };
    case "overloaded":
    case "unavailable":
      return errors.maintenance;
    case "defect":
      return errors.internal;
  }
}

export function errorBody({ code, msg, extras, required_scopes, allowed_scopes }: KakaoError) {
  return {
    code,
    msg,
    ...(extras === undefined ? {} : { extras }),
    ...(required_scopes === undefined ? {} : { required_scopes: [...required_scopes] }),
    ...(allowed_scopes === undefined ? {} : { allowed_scopes: [...allowed_scopes] }),
  };
}

/** An error of consent: of the authorize page or the token call. */
export interface ConsentError {
  status: number;
  error: string;
  error_description: string;
  error_code: string;
}

const consent = (status: number, error: string, error_code: string, error_description: string): ConsentError => ({
  status,
  error,
  error_description,
  error_code,
});

const shown_length = 200;
const shown = (text: string) => text.slice(0, shown_length);

export const consentErrors = {
  badRequest: (what: string) => consent(400, "invalid_request", "KOE001", what),
  badAddress: consent(404, "invalid_request", "KOE002", "There is no such address."),
  temporary: consent(503, "server_error", "KOE003", "Temporary error. Try again a few seconds later."),
  notTester: consent(403, "access_denied", "KOE005", "The user is not a member of this test app."),
  wrongKeyType: consent(401, "invalid_client", "KOE008", "Use the REST API key."),
  badSecret: consent(401, "invalid_client", "KOE010", "Bad client credentials"),
  noBusiness: consent(403, "access_denied", "KOE025", "The user is not registered with the Business Center."),
  notEligible: consent(403, "access_denied", "KOE026", "The user's account is not eligible."),
  noAssets: consent(403, "access_denied", "KOE027", "The user does not have the business assets."),
  redirectUnknown: (uri: string) =>
    consent(400, "invalid_request", "KOE028", `Not registered redirect URI [${shown(uri)}]`),
  appUnknown: (clientId: string) =>
    consent(401, "invalid_client", "KOE101", `Not exist client_id [${shown(clientId)}]`),
  notBizApp: consent(403, "unauthorized_client", "KOE123", "The app is not a Biz app."),
  notPermitted: consent(403, "unauthorized_client", "KOE124", "The app does not have the permission."),
  suspended: consent(403, "unauthorized_client", "KOE125", "The app or its developer is suspended."),
  responseType: (type: string) =>
    consent(400, "invalid_request", "KOE201", `Unsupported response type: ${shown(type)}`),
  scope: (scope: string) =>
    consent(400, "invalid_scope", "KOE232", `Consent item not set or not permitted [${shown(scope)}]`),
  parameter: (what: string) => consent(400, "invalid_request", "KOE233", `Unsupported parameter: ${shown(what)}`),
  redirectDiffers: consent(400, "invalid_grant", "KOE303", "Redirect URI mismatch."),
  codeUnknown: (code: string) =>
    consent(400, "invalid_grant", "KOE320", `authorization code not found for code=${shown(code)}`),
  grantType: (type: string) =>
    consent(400, "unsupported_grant_type", "KOE001", `Unsupported grant type: ${shown(type)}`),
} as const;

const consentByCode: ReadonlyMap<string, ConsentError> = new Map(
  [
    consentErrors.temporary,
    consentErrors.notTester,
    consentErrors.wrongKeyType,
    consentErrors.noBusiness,
    consentErrors.notEligible,
    consentErrors.noAssets,
    consentErrors.appUnknown(""),
    consentErrors.notBizApp,
    consentErrors.notPermitted,
    consentErrors.suspended,
    consentErrors.scope(""),
    consentErrors.parameter(""),
  ].map((error) => [error.error_code, error]),
);

export function consentErrorOfCode(code: string): ConsentError {
  return consentByCode.get(code) ?? consentErrors.temporary;
}

export function consentError(refusal: AppRefusal | UserRefusal, clientId: string): ConsentError {
  switch (refusal.code) {
    case "app-unknown":
      return consentErrors.appUnknown(clientId);
    case "app-suspended":
      return consentErrors.suspended;
    case "app-not-verified":
      return consentErrors.notBizApp;
    case "app-not-permitted":
      return consentErrors.notPermitted;
    case "redirect-unknown":
      return consentErrors.redirectUnknown(refusal.uri);
    case "scope-not-permitted":
      return consentErrors.scope(refusal.scope);
    case "user-not-tester":
      return consentErrors.notTester;
    case "user-restricted":
      return consentErrors.notEligible;
    case "user-without-business":
      return consentErrors.noBusiness;
    case "user-without-assets":
      return consentErrors.noAssets;
  }
}

export function codeError(refusal: CodeRefusal, code: string): ConsentError {
  return refusal.code === "code-unknown" ? consentErrors.codeUnknown(code) : consentErrors.redirectDiffers;
}

/** What the shell refuses of consent. */
export function consentFailure(failure: HttpFailure): ConsentError {
  switch (failure.kind) {
    case "not-found":
      return consentErrors.badAddress;
    case "overloaded":
    case "unavailable":
    case "defect":
      return consentErrors.temporary;
    default:
      return { ...consentErrors.badRequest(failure.detail), status: failure.status };
  }
}

export function consentErrorBody({ error, error_description, error_code }: ConsentError) {
  return { error, error_description, error_code };
}
