/**
 * What every route of this dialect does: know the caller by an access key, check that the body is as it was signed, decrypt
 * it, answer in the contract's envelope, and encrypt the answer where the contract says so.
 */
import type { FastifyInstance } from "fastify";
import type { TObject } from "typebox";
import type { ExchangeDraft } from "../../../core/exchanges.ts";
import type { Tenant } from "../../../core/merchants/directory.ts";
import type { Credential } from "../../../core/merchants/merchant.ts";
import type { Answer as SharedAnswer, Call as SharedCall, Endpoint as SharedEndpoint } from "../../../http/endpoint.ts";
import type { Read as ReadOr } from "../../../http/validate.ts";
import type { Context } from "../context.ts";
import { errorBody, type KonaplateError, success as successResponse } from "../errors.ts";
import { keptJson, type Wire, wireText } from "../wire.ts";

export interface Caller {
  tenant: Tenant;
  credential: Credential;
}
export type Call = SharedCall<Caller>;
export type Answer = SharedAnswer;
export type Read<Value> = ReadOr<Value, KonaplateError>;

/** Every API is a POST; which of its sides the contract has encrypted. */
export interface Endpoint extends Omit<SharedEndpoint, "method"> {
  encrypted: { request: boolean; answer: boolean };
}

/** Mounts a route that only a known caller reaches, under `/api` and under `/open-api/api`. */
export function mount(
  _server: FastifyInstance,
  _context: Context,
  _endpoint: Endpoint,
  _handle: (call: Call) => Promise<Answer> | Answer,
): void {
  throw new Error("not built");
}

/** Reads fields by a schema. `what`: how the contract's page calls a value that is wrong. */
export function reader<Schema extends TObject>(
  _schema: Schema,
  _what: "value" | "parameter" = "parameter",
): (fields: Record<string, unknown>) => Read<import("typebox").Static<Schema>> {
  throw new Error("not built");
}

export function success(fields: { [field: string]: Wire | undefined } = {}): Answer {
  const body = { ...fields, response: successResponse };
  return { status: 200, body: keptJson(body), text: wireText(body) };
}

/** `fields`: what the contract tells beside a code. */
export function failure(error: KonaplateError, fields: { [field: string]: Wire } = {}): Answer {
  return { status: error.status, body: keptJson({ ...fields, ...errorBody(error) }) };
}

/** A call as it is kept with the change that it makes, masked by its schemas. */
export function exchangeOf<Result>(
  _endpoint: Endpoint,
  _call: Call,
  _answer: (result: Result) => Answer,
): ExchangeDraft<Result> {
  throw new Error("not built");
}
