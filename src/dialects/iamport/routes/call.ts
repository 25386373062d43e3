/** What every route of this dialect does: know the caller, read fields loosely, answer in the envelope. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Static, TObject } from "typebox";
import type { Json } from "../../../core/exchanges.ts";
import type { Core } from "../../../core/index.ts";
import type { Tenant } from "../../../core/merchants/directory.ts";
import type { Fields } from "../../../http/body.ts";
import { type Answer, type Endpoint, routesIn, type Call as SharedCall } from "../../../http/endpoint.ts";
import { type Read as ReadOr, wrong } from "../../../http/validate.ts";
import { authenticate } from "../auth.ts";
import { envelope, errorEnvelope, errors, type IamportError, problemError } from "../errors.ts";
import { dialect } from "../identifiers.ts";
import { ErrorEnvelope, enveloped } from "../schemas/index.ts";

export type { Answer, Endpoint } from "../../../http/endpoint.ts";
export { wrong } from "../../../http/validate.ts";
export type Call = SharedCall<{ tenant: Tenant }>;
/** A value that was read, or why it could not be. */
export type Read<Value> = ReadOr<Value, IamportError>;

export const tag = "I'mport";

const routes = routesIn<IamportError>({
  dialect,
  tag,
  security: "iamportToken",
  contentType: "application/json; charset=utf-8",
  enveloped,
  error: ErrorEnvelope,
  problem: problemError,
  failure: (error) => ({ status: error.status, body: errorEnvelope(error) }),
});
export const { send, failure, reader, exchangeOf } = routes;

export function success(response: unknown, status = 200): Answer {
  return { status, body: envelope(response) as Json };
}

/** Mounts a route that only a caller with a live token reaches. */
export function mount(
  server: FastifyInstance,
  core: Core,
  endpoint: Endpoint,
  handle: (call: Call) => Promise<Answer> | Answer,
): void {
  routes.mount(server, callerIn(core), endpoint, handle);
}

/** The hook of a route that answers nobody else anything. */
export function identify(core: Core) {
  return routes.identifying(callerIn(core));
}

function callerIn(core: Core) {
  return async (request: FastifyRequest): Promise<Read<{ tenant: Tenant }>> => {
    const tenant = await authenticate(core, request);
    return tenant === undefined ? wrong(errors.unauthorized) : { ok: true, value: { tenant } };
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
