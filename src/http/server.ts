/**
 * The server shell that every dialect mounts into. All mount at the root of one port, since clients replace only the
 * origin; one table, `owner`, tells whose a path is. It is asked for what a dialect's own routes never see: paths that
 * do not exist, bodies that cannot be read, malformed addresses, defects.
 */
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import type { Logger } from "pino";
import { isConnectionLoss, OutcomeUnknown, Overloaded, StoreUnavailable } from "../store/index.ts";
import { findUnstorable, MalformedBody } from "./body.ts";
import type { Dialect, HttpFailure } from "./dialect.ts";
import { httpLimits } from "./limits.ts";

export interface ShellOptions {
  log: Logger;
  /** Plugins that must see every route, such as the API reference. */
  prepare(root: FastifyInstance): Promise<void>;
  dialects: readonly Dialect[];
  /** Naru's own routes, mounted first; its wording serves every path that no dialect owns. */
  admin: Dialect;
}

export async function createServer({ log, prepare, dialects, admin }: ShellOptions): Promise<FastifyInstance> {
  const owner = (url: string): Dialect => {
    const path = url.split("?", 1)[0]!;
    return dialects.find((dialect) => dialect.owns(path)) ?? admin;
  };
  const answer = (request: FastifyRequest, reply: FastifyReply, failure: HttpFailure) => {
    const { status, body } = owner(request.url).failure(failure, request);
    return reply.code(status).type("application/json; charset=utf-8").send(JSON.stringify(body));
  };

  const server = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: httpLimits.body_bytes,
    requestTimeout: httpLimits.request_timeout_ms,
    keepAliveTimeout: httpLimits.keep_alive_timeout_ms,
    forceCloseConnections: "idle",
    exposeHeadRoutes: false,
    routerOptions: {
      ignoreTrailingSlash: true,
      ignoreDuplicateSlashes: true,
      maxParamLength: httpLimits.parameter_length,
    },
    frameworkErrors: (error, request, reply) => answer(request, reply as FastifyReply, failureOf(error)),
  });
  // Some clients send a body with GET.
  server.addHttpMethod("GET", { hasBody: true, overrideExisting: true });
  server.addHook("preValidation", async (request) => {
    request.body ??= {};
    const unstorable = findUnstorable(request.params, "path") ?? findUnstorable(request.query, "query");
    if (unstorable !== undefined) throw new MalformedBody(`${unstorable} has a character that cannot be stored`);
  });
  // The route, not the address, which may carry a token.
  server.addHook("onResponse", async (request, reply) => {
    const { method, routeOptions } = request;
    const fields = { method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) };
    request.log.debug(fields, "request");
  });
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.setNotFoundHandler((request, reply) =>
    answer(request, reply, { kind: "not-found", status: 404, detail: `${request.method} ${request.url}` }),
  );
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const failure = failureOf(error);
    if (failure.kind === "defect") request.log.error({ err: error }, "a request failed");
    else if (failure.status >= 500) request.log.warn({ err: error }, "a request could not be served");
    return answer(request, reply, failure);
  });

  await prepare(server);
  for (const dialect of [admin, ...dialects]) {
    await server.register(async (scope) => dialect.routes(scope));
  }
  return server;
}

/** What an exception means to the caller. Anything not listed is a defect of ours. */
function failureOf(error: Error & { code?: string; statusCode?: number }): HttpFailure {
  const detail = error.message;
  if (error instanceof MalformedBody) return { kind: "malformed", status: 400, detail };
  if (error instanceof Overloaded) return { kind: "overloaded", status: 503, detail };
  if (error instanceof StoreUnavailable || error instanceof OutcomeUnknown || isConnectionLoss(error)) {
    return { kind: "unavailable", status: 503, detail };
  }
  switch (error.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return { kind: "too-large", status: 413, detail: `the body may have ${httpLimits.body_bytes} bytes` };
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return { kind: "unsupported-media-type", status: 415, detail };
    default:
      if (error.code?.startsWith("FST_ERR_") && error.statusCode !== undefined && error.statusCode < 500) {
        return { kind: "malformed", status: error.statusCode, detail };
      }
      return { kind: "defect", status: 500, detail: "internal error" };
  }
}
