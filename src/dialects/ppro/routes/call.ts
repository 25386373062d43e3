/**
 * What every route of this dialect does: know the caller by an API key and the merchant whom it is for, read fields
 * strictly, and have a call that changes something count once, if it comes with a key.
 */
import type { FastifyInstance } from "fastify";
import type { Json } from "../../../core/exchanges.ts";
import type { Lease } from "../../../core/idempotency/idempotent-call.ts";
import type { WalletCharge } from "../../../core/wallet-charges/charge.ts";
import type { Kept } from "../../../core/wallet-charges/kept.ts";
import { findCharge } from "../../../core/wallet-charges/read.ts";
import { type Answer, type Endpoint, routesIn, type Call as SharedCall } from "../../../http/endpoint.ts";
import { type Read as ReadOr, readerIn, wrong } from "../../../http/validate.ts";
import { authenticate, type Caller, rateHeaders } from "../auth.ts";
import type { Context } from "../context.ts";
import { errorBody, errors, type PproError, problemError } from "../errors.ts";
import { dialect } from "../identifiers.ts";
import { CallerHeaders, ErrorBody, fieldLimits, KeyedHeaders } from "../schemas/index.ts";

export type { Answer, Endpoint } from "../../../http/endpoint.ts";
export type Call = SharedCall<Caller>;
export type Read<Value> = ReadOr<Value, PproError>;

export const tag = "PPRO";
export const contentType = "application/json";

export const reader = readerIn(problemError, "strict");

export function failure(error: PproError): Answer {
  return { status: error.status, body: errorBody(error) };
}

export function success(body: unknown): Answer {
  return { status: 200, body: body as Json };
}

export function routesOf(context: Context) {
  return routesIn<PproError>({
    dialect,
    tag,
    security: "pproApiKey",
    contentType,
    // Answers carry nothing around what was asked for.
    enveloped: (response) => response,
    error: ErrorBody,
    problem: problemError,
    failure,
    headersFor: (request) => rateHeaders(context.limiter, request),
  });
}

const { idempotency_key_length: key_length } = fieldLimits;

/** The one call that the contract has without `Merchant-Id`. */
const withoutMerchant = "POST /v1/payment-charges/:id/authorizations";

/** Mounts a route that only a known caller reaches. */
export function mount(
  server: FastifyInstance,
  context: Context,
  endpoint: Endpoint,
  handle: (call: Call) => Promise<Answer> | Answer,
): void {
  const { core, accounts, limiter } = context;
  const merchantNeeded = `${endpoint.method} ${endpoint.url}` !== withoutMerchant;
  const identify = (request: Parameters<typeof authenticate>[3]) =>
    authenticate(core, accounts, limiter, request, merchantNeeded);
  routesOf(context).mount(server, identify, { headers: CallerHeaders, ...endpoint }, handle);
}

/** How a call is kept with the change that it makes; `answer` is pure and gives what the caller will be told. */
export type Keep = <Result>(answer: (result: Result) => Answer) => Kept<Result>;

export interface Keyed {
  handle(call: Call, keep: Keep): Promise<Answer>;
  /** What an earlier call of the same key made, which could not be answered: its answer, as things stand now. */
  resume(call: Call, subjectId: string): Promise<Answer>;
}

/** Mounts a route whose calls change something, each once per key. */
export function mountKeyed(
  server: FastifyInstance,
  context: Context,
  endpoint: Endpoint,
  { handle, resume }: Keyed,
): void {
  const { calls } = context.core;
  const { exchangeOf } = routesOf(context);
  mount(server, context, { headers: KeyedHeaders, ...endpoint }, async (call) => {
    const keeping =
      (lease: Lease | undefined): Keep =>
      (answer) => ({ lease, exchange: exchangeOf(endpoint, call.params, call.body, answer) });
    const key = call.headers["request-idempotency-key"];
    if (key === undefined || key === "") return handle(call, keeping(undefined));
    if (Array.isArray(key) || key.length > key_length) {
      return failure(errors.invalid(`Header Request-Idempotency-Key may have ${key_length} characters`));
    }
    const { tenant, credential } = call;
    const begun = await calls.begin({
      credentialId: credential.id,
      merchantId: tenant.merchant.id,
      method: endpoint.method,
      path: pathOf(endpoint, call),
      key,
      body: call.body as Json,
    });
    switch (begun.kind) {
      case "replay":
        return {
          status: begun.status,
          body: undefined,
          text: begun.answer,
          headers: { "request-idempotency": "true" },
        };
      case "in-flight":
        return failure(errors.callUnderWay);
      case "differs":
        return failure(errors.callDiffers);
      case "resume":
        return attempt(begun.lease, async () => {
          const answer = await resume(call, begun.subjectId);
          const { status, body } = answer;
          await calls.answer({ lease: begun.lease, subjectId: begun.subjectId, status, answer: JSON.stringify(body) });
          return answer;
        });
      case "fresh":
        return attempt(begun.lease, () => handle(call, keeping(begun.lease)));
    }
  });

  /** Whatever was not answered with the change is let go of. */
  async function attempt(lease: Lease, work: () => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await work();
      if (answer.status >= 400) await calls.release(lease);
      return answer;
    } catch (error) {
      await calls.release(lease);
      throw error;
    }
  }
}

function pathOf({ url }: Endpoint, { params }: Call): string {
  return url.replace(/:(\w+)/g, (_, name) => encodeURIComponent(params[name] ?? ""));
}

/** The caller's charge that the address names. */
export async function readCharge({ core }: Context, { tenant, params }: Call): Promise<Read<WalletCharge>> {
  const charge = await findCharge(core.store.pool, tenant.merchant.id, dialect, params.id ?? "");
  return charge === undefined ? wrong(errors.notFound("Payment charge")) : { ok: true, value: charge };
}
