/** What every route of this dialect does: know the caller, read fields loosely, answer in the envelope. */
import type { FastifyInstance } from "fastify";
import type { Static, TObject } from "typebox";
import type { ExchangeDraft, Json } from "../../../core/exchanges.ts";
import type { Core } from "../../../core/index.ts";
import type { Tenant } from "../../../core/merchants/directory.ts";
import type { Fields } from "../../../http/body.ts";
import {
  type Answer,
  type Endpoint,
  exchangeOf as exchangeIn,
  identifying,
  type Manner,
  mountEndpoint,
  type Call as SharedCall,
  send as sendIn,
} from "../../../http/endpoint.ts";
import { type Problem, type Read as ReadOr, readerIn } from "../../../http/validate.ts";
import { authenticate } from "../auth.ts";
import { envelope, errorEnvelope, errors, type IamportError } from "../errors.ts";
import { dialect } from "../identifiers.ts";
import { ErrorEnvelope, enveloped } from "../schemas/index.ts";

export type { Answer, Endpoint } from "../../../http/endpoint.ts";
export type Call = SharedCall<{ tenant: Tenant }>;
/** A value that was read, or why it could not be. */
export type Read<Value> = ReadOr<Value, IamportError>;

export const tag = "I'mport";
const contentType = "application/json; charset=utf-8";

export function success(response: unknown, status = 200): Answer {
  return { status, body: envelope(response) as Json };
}

export function failure(error: IamportError): Answer {
  return { status: error.status, body: errorEnvelope(error) };
}

export function wrong(error: IamportError): { ok: false; error: IamportError } {
  return { ok: false, error };
}

function mannerOf(core: Core): Manner<{ tenant: Tenant }> {
  return {
    dialect,
    tag,
    security: "iamportToken",
    contentType,
    enveloped,
    error: ErrorEnvelope,
    async identify(request) {
      const tenant = await authenticate(core, request);
      return tenant === undefined
        ? { ok: false, answer: failure(errors.unauthorized) }
        : { ok: true, caller: { tenant } };
    },
    unstorable: (field) => failure(errors.unstorable(field)),
  };
}

/** Mounts a route that only a caller with a live token reaches. */
export function mount(
  server: FastifyInstance,
  core: Core,
  endpoint: Endpoint,
  handle: (call: Call) => Promise<Answer> | Answer,
): void {
  mountEndpoint(server, mannerOf(core), endpoint, handle);
}

/** Before the body is read: strangers are sent away without that cost. */
export function identify(core: Core) {
  return identifying(mannerOf(core));
}

export function send(reply: Parameters<typeof sendIn>[0], answer: Answer) {
  return sendIn(reply, answer, { contentType });
}

/** Reads fields by a schema; the problem, if there is one, in this dialect's words. */
export const reader = readerIn(problemError);

/** The same where a wrong value is the address's fault, which is 400 whatever is wrong with it. */
export function queryReader<Schema extends TObject>(schema: Schema): (fields: Fields) => Read<Static<Schema>> {
  const read = reader(schema);
  return (fields) => {
    const checked = read(fields);
    return checked.ok ? checked : wrong({ ...checked.error, status: 400 });
  };
}

function problemError(problem: Problem): IamportError {
  switch (problem.kind) {
    case "missing":
      return errors.missing(problem.field);
    case "type":
      return errors.illTyped(problem.field, problem.wanted);
    case "too-long":
      return errors.tooLong(problem.field, problem.length);
    case "range":
      return errors.outOfRange(problem.field, problem.wanted);
    case "unstorable":
      return errors.unstorable(problem.field);
  }
}

/** A call as it is kept with the change it makes. */
export function exchangeOf<Result>(
  endpoint: Endpoint,
  params: Record<string, string>,
  fields: Fields,
  answer: (result: Result) => Answer,
): ExchangeDraft<Result> {
  return exchangeIn({ dialect, enveloped }, endpoint, params, fields, answer);
}
