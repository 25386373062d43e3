/** What every route of this dialect does: know the caller, read fields loosely, answer in the envelope. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Static, TObject, TSchema } from "typebox";
import type { ExchangeDraft, Json } from "../../../core/exchanges.ts";
import type { Core } from "../../../core/index.ts";
import type { Tenant } from "../../../core/merchants/directory.ts";
import { type Fields, findUnstorable, parseForm } from "../../../http/body.ts";
import { type Problem, redact, validator } from "../../../http/validate.ts";
import { authenticate } from "../auth.ts";
import { envelope, errorEnvelope, errors, type IamportError } from "../errors.ts";
import { dialect } from "../identifiers.ts";
import { ErrorEnvelope, enveloped } from "../schemas/index.ts";

export interface Answer {
  status: number;
  body: Json;
}

export function success(response: unknown, status = 200): Answer {
  return { status, body: envelope(response) as Json };
}

export function failure(error: IamportError): Answer {
  return { status: error.status, body: errorEnvelope(error) };
}

/** A value that was read, or why it could not be. */
export type Read<Value> = { ok: true; value: Value } | { ok: false; error: IamportError };

export function wrong(error: IamportError): { ok: false; error: IamportError } {
  return { ok: false, error };
}

export interface Call {
  tenant: Tenant;
  params: Record<string, string>;
  /** Fields of the body. */
  body: Fields;
  /** Fields of the query; for GET those of a body too, which some clients send. */
  query: Fields;
  userAgent: string | undefined;
}

export interface Endpoint {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: string;
  summary: string;
  body?: TObject;
  query?: TObject;
  /** Schema of `response` in the envelope. */
  response: TSchema;
  /** Shown in the API reference; a spelling that is only tolerated is not. */
  hidden?: boolean;
}

const tags = ["I'mport"];

/** Mounts a route that only a caller with a live token reaches. */
export function mount(
  server: FastifyInstance,
  core: Core,
  endpoint: Endpoint,
  handle: (call: Call) => Promise<Answer> | Answer,
): void {
  const { method, url, summary, body, query, response, hidden } = endpoint;
  const schema = {
    tags,
    summary,
    hide: hidden === true,
    security: [{ iamportToken: [] }],
    ...(body === undefined ? {} : { body }),
    ...(query === undefined ? {} : { querystring: query }),
    response: { 200: enveloped(response), "4xx": ErrorEnvelope },
  };
  server.route({
    method,
    url,
    schema,
    onRequest: identify(core),
    handler: async (request, reply) => {
      const call = callOf(request, callers.get(request)!);
      const unstorable = findUnstorable(call.body) ?? findUnstorable(call.query);
      if (unstorable !== undefined) return send(reply, failure(errors.unstorable(unstorable)));
      return send(reply, await handle(call));
    },
  });
}

const callers = new WeakMap<FastifyRequest, Tenant>();

/** Before the body is read: strangers are sent away without that cost. */
export function identify(core: Core) {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const tenant = await authenticate(core, request);
    if (tenant === undefined) return send(reply, failure(errors.unauthorized));
    callers.set(request, tenant);
  };
}

function callOf(request: FastifyRequest, tenant: Tenant): Call {
  const body = request.body as Fields;
  const query = queryOf(request);
  return {
    tenant,
    params: request.params as Record<string, string>,
    body,
    query: request.method === "GET" ? { ...body, ...query } : query,
    userAgent: request.headers["user-agent"],
  };
}

/** Read as a form is, so that `imp_uid[]=a&imp_uid[]=b` is a list here too. */
export function queryOf(request: FastifyRequest): Fields {
  const start = request.url.indexOf("?");
  return start < 0 ? {} : parseForm(request.url.slice(start + 1));
}

/** In one piece with its length, since some clients read only the first chunk. */
export function send(reply: FastifyReply, { status, body }: Answer) {
  return reply.code(status).type("application/json; charset=utf-8").send(JSON.stringify(body));
}

/** Reads fields by a schema; the problem, if there is one, in this dialect's words. */
export function reader<Schema extends TObject>(schema: Schema): (fields: Fields) => Read<Static<Schema>> {
  const check = validator(schema);
  return (fields) => {
    const checked = check(fields);
    return checked.ok ? checked : wrong(problemError(checked.problem));
  };
}

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
  { method, url, body, response }: Endpoint,
  params: Record<string, string>,
  fields: Fields,
  answer: (result: Result) => Answer,
): ExchangeDraft<Result> {
  return {
    dialect,
    method,
    path: url.replace(/:(\w+)/g, (_, name) => params[name] ?? ""),
    request: body === undefined ? {} : redact(body, fields),
    answer,
    redactAnswer: (given) => redact(enveloped(response), given),
  };
}
