/**
 * The server shell that every dialect mounts into. All mount at the root of one port, since clients replace only the
 * origin; one list tells whose a path is: the first of admin and the dialects that owns it, or the last of them. It is asked for what a dialect's own routes never see: paths that
 * do not exist, bodies that cannot be read, malformed addresses, defects.
 */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from "fastify";
import type { Logger } from "pino";
import { isConnectionLoss, isTimeout, OutcomeUnknown, Overloaded, StoreUnavailable } from "../store/index.ts";
import { findUnstorable, MalformedBody } from "./body.ts";
import type { Dialect, HttpFailure, Mounted } from "./dialect.ts";
import { httpLimits } from "./limits.ts";
import { type OriginGuard, originHook } from "./origin-guard.ts";

export interface ShellOptions {
  log: Logger;
  /** Which pages of browsers are refused. */
  guard: OriginGuard;
  /** Plugins that must see every route, such as the API reference. */
  prepare(root: FastifyInstance): Promise<void>;
  dialects: readonly Dialect[];
  /** Naru's own routes, mounted first. */
  admin: Mounted;
}

const json = "application/json; charset=utf-8";

export async function createServer({ log, guard, prepare, dialects, admin }: ShellOptions): Promise<FastifyInstance> {
  const fallback = dialects.at(-1) ?? admin;
  const owners = [admin, ...dialects];
  const owner = (url: string): Mounted => {
    const path = url.split("?", 1)[0]!;
    return owners.find((dialect) => dialect.owns(path)) ?? fallback;
  };
  // The route that was found tells more than its spelling in the address.
  const ownerOf = (request: FastifyRequest) => owner(request.routeOptions?.url ?? request.url);
  const answer = (request: FastifyRequest, reply: FastifyReply, failure: HttpFailure) => {
    const { status, body, contentType = json, headers = {} } = ownerOf(request).failure(failure, request);
    return reply.code(status).headers(headers).type(contentType).send(JSON.stringify(body));
  };

  const server = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: httpLimits.body_bytes,
    // That there is a Host header is seen to by the guard, in the words of whose path it is.
    http: { maxHeaderSize: httpLimits.header_bytes, requireHostHeader: false },
    clientErrorHandler: (error, socket) => refuseUnread(fallback, error, socket),
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
  server.addHook(
    "onRequest",
    originHook(guard, (request) => ownerOf(request) === admin, answer),
  );
  // Before a body is read: what it is called, and what it holds, matter at known addresses alone.
  server.addHook("onRequest", async (request, reply) => {
    if (!request.is404) return;
    return answer(request, reply, { kind: "not-found", status: 404, detail: `${request.method} ${request.url}` });
  });
  // Some clients send a content type without a value.
  server.addHook("onRequest", async (request) => {
    if (request.headers["content-type"]?.trim() === "") delete request.headers["content-type"];
  });
  // Some clients send a body with GET.
  server.addHttpMethod("GET", { hasBody: true, overrideExisting: true });
  server.addHook("preValidation", async (request) => {
    request.body ??= {};
    const field = findUnstorable(request.params) ?? findUnstorable(request.query);
    if (field === undefined) return;
    throw new MalformedBody(`${field} has a character that cannot be stored`, { kind: "unstorable", field });
  });
  // The route, not the address, which may carry a token.
  server.addHook("onResponse", async (request, reply) => {
    const { method, routeOptions } = request;
    const fields = { method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) };
    request.log.debug(fields, "request");
  });
  server.setSerializerCompiler(() => (data) => JSON.stringify(data));
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const failure = failureOf(error, request.routeOptions.bodyLimit);
    if (failure.kind === "defect") request.log.error({ err: error }, "a request failed");
    else if (failure.status >= 500) request.log.warn({ err: error }, "a request could not be served");
    return answer(request, reply, failure);
  });

  await prepare(server);
  for (const dialect of owners) {
    await server.register(async (scope) => dialect.routes(scope));
  }
  return server;
}

/** Answers what could not even be read as a request, so that no route, hook or handler saw it. */
function refuseUnread(dialect: Mounted, error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }[String(error.code)] ?? 400;
  const failure = { kind: "malformed", status, detail: "the request is not valid HTTP" } as const;
  const { body } = dialect.failure(failure, undefined);
  const text = JSON.stringify(body);
  const headers = `Content-Type: ${json}\r\nContent-Length: ${Buffer.byteLength(text)}`;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers}\r\nConnection: close\r\n\r\n${text}`);
}

/** What an exception means to the caller. Anything not listed is a defect of ours. */
function failureOf(
  error: Error & { code?: string; statusCode?: number },
  bytes_max: number = httpLimits.body_bytes,
): HttpFailure {
  const detail = error.message;
  if (error instanceof MalformedBody) return { kind: "malformed", status: 400, detail, problem: error.problem };
  if (error instanceof Overloaded || isTimeout(error)) return { kind: "overloaded", status: 503, detail };
  if (error instanceof StoreUnavailable || error instanceof OutcomeUnknown || isConnectionLoss(error)) {
    return { kind: "unavailable", status: 503, detail };
  }
  switch (error.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return { kind: "too-large", status: 413, detail: `the body may have ${bytes_max} bytes`, bytes_max };
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return { kind: "unsupported-media-type", status: 415, detail };
    // No id is that long.
    case "FST_ERR_MAX_PARAM_LENGTH":
      return { kind: "not-found", status: 404, detail };
    default:
      if (error.code?.startsWith("FST_ERR_") && error.statusCode !== undefined && error.statusCode < 500) {
        return { kind: "malformed", status: error.statusCode, detail };
      }
      return { kind: "defect", status: 500, detail: "internal error" };
  }
}
