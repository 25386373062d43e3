/**
 * What the routes of every dialect do alike: know the caller before a body is read, take fields loosely, answer in one
 * piece, and hand in the call so that it is kept with the change it makes. How a dialect words all that is its `Manner`.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { TObject, TSchema } from "typebox";
import type { ExchangeDraft, Json } from "../core/exchanges.ts";
import { type Fields, findUnstorable, parseForm } from "./body.ts";
import { type Problem, type Read, readerIn, redact } from "./validate.ts";

export interface Answer {
  status: number;
  /** Undefined: an empty body. */
  body: Json | undefined;
  /** The body as it was sent before, instead. */
  text?: string;
  headers?: Record<string, string>;
}

export interface Endpoint {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  url: string;
  summary: string;
  description?: string;
  body?: TObject;
  query?: TObject;
  headers?: TObject;
  /** Schema of what the answer carries; undefined where it carries nothing. */
  response?: TSchema;
  /** Shown in the API reference; a spelling that is only tolerated is not. */
  hidden?: boolean;
}

/** A call of a caller who is known. */
export type Call<Caller> = Caller & {
  params: Record<string, string>;
  /** The body as it came; empty if there is none. */
  bytes: Buffer;
  /** Fields of the body. */
  body: Fields;
  /** Fields of the query; for GET those of a body too, which some clients send. */
  query: Fields;
  headers: FastifyRequest["headers"];
  userAgent: string | undefined;
};

/** How a dialect words what its routes have in common. */
export interface Manner<Failure> {
  /** As payments and exchanges name it. */
  dialect: string;
  /** Its section of the API reference, and how that says that a token is needed. */
  tag: string;
  security: string;
  contentType: string;
  /** The schema of a whole answer that carries this; and of an error. */
  enveloped(response: TSchema): TSchema;
  error: TSchema;
  /** What is wrong with a field. */
  problem(problem: Problem): Failure;
  failure(failure: Failure): Answer;
  /** What every answer tells beside its body, as far as the caller is known. */
  headersFor?(request: FastifyRequest): Record<string, string>;
}

/** Bodies are read by the dialect's own rule whatever their type; its schemas describe them for the reference. */
export function readBodiesBy(
  server: FastifyInstance,
  read: (bytes: Buffer, contentType: string | undefined) => Promise<Fields>,
): void {
  server.setValidatorCompiler(() => () => true);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, async (request: FastifyRequest, body: Buffer) => {
    bodies.set(request, body);
    return read(body, request.headers["content-type"]);
  });
}

const bodies = new WeakMap<FastifyRequest, Buffer>();

/** What a dialect's routes are made with. */
export function routesIn<Failure>(manner: Manner<Failure>) {
  const { dialect, tag, security, contentType, enveloped, error, problem, failure, headersFor } = manner;

  /** In one piece with its length, since some clients read only the first chunk. */
  function send(reply: FastifyReply, { status, body, text = JSON.stringify(body), headers }: Answer) {
    reply.code(status).headers({ ...headersFor?.(reply.request), ...headers });
    return text === undefined ? reply.send() : reply.type(contentType).send(text);
  }

  /** A hook, before the body is read: strangers are sent away without that cost. */
  function identifying(identify: Identify<object, Failure>) {
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const found = await identify(request);
      if (!found.ok) return send(reply, failure(found.error));
      callers.set(request, found.value);
    };
  }

  return {
    send,
    failure,
    identifying,

    /** Reads fields by a schema; the problem, if there is one, in the dialect's words. */
    reader: readerIn(problem),

    /** Mounts a route that only a known caller reaches. */
    mount<Caller extends object>(
      server: FastifyInstance,
      identify: Identify<Caller, Failure>,
      endpoint: Endpoint,
      handle: (call: Call<Caller>) => Promise<Answer> | Answer,
    ): void {
      const { method, url, summary, description, body, query, headers, response, hidden } = endpoint;
      const schema = {
        tags: [tag],
        summary,
        hide: hidden === true,
        security: [{ [security]: [] }],
        ...(description === undefined ? {} : { description }),
        ...(body === undefined || method === "GET" ? {} : { body }),
        ...(query === undefined ? {} : { querystring: query }),
        ...(headers === undefined ? {} : { headers }),
        response: {
          200: response === undefined ? { type: "null", description: "an empty body" } : enveloped(response),
          "4xx": error,
          "5xx": error,
        },
      };
      server.route({
        method,
        url,
        schema,
        onRequest: identifying(identify),
        handler: async (request, reply) => {
          const call = callOf(request, callers.get(request) as Caller);
          const field = findUnstorable(call.body) ?? findUnstorable(call.query);
          const answer = field === undefined ? await handle(call) : failure(problem({ kind: "unstorable", field }));
          return send(reply, answer);
        },
      });
    },

    /** A call as it is kept with the change it makes. */
    exchangeOf<Result>(
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
        answer(result) {
          const { status, body: told = "" } = answer(result);
          return { status, body: told };
        },
        redactAnswer: (given) => (response === undefined ? given : redact(enveloped(response), given)),
      };
    },
  };
}

type Identify<Caller, Failure> = (request: FastifyRequest) => Promise<Read<Caller, Failure>>;

const callers = new WeakMap<FastifyRequest, object>();

function callOf<Caller>(request: FastifyRequest, caller: Caller): Call<Caller> {
  const body = request.body as Fields;
  const query = queryOf(request);
  return {
    ...caller,
    params: request.params as Record<string, string>,
    bytes: bodies.get(request) ?? Buffer.alloc(0),
    body,
    query: request.method === "GET" ? { ...body, ...query } : query,
    headers: request.headers,
    userAgent: request.headers["user-agent"],
  };
}

/** Read as a form is, so that `id[]=a&id[]=b` is a list here too. */
export function queryOf(request: FastifyRequest): Fields {
  const start = request.url.indexOf("?");
  return start < 0 ? {} : parseForm(request.url.slice(start + 1));
}
