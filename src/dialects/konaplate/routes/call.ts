/**
 * What every route of this dialect does: know the caller by an access key, check that the body is as it was signed, decrypt
 * it, answer in the contract's envelope, and encrypt the answer where the contract says so.
 */
import type { FastifyInstance } from "fastify";
import Type, { type Static, type TObject, type TSchema } from "typebox";
import type { ExchangeDraft } from "../../../core/exchanges.ts";
import type { UsableKey } from "../../../core/merchants/crypto-keys.ts";
import { decodeUtf8, type Fields, findUnstorable } from "../../../http/body.ts";
import {
  readBodiesBy,
  routesIn,
  type Answer as SharedAnswer,
  type Call as SharedCall,
  type Endpoint as SharedEndpoint,
} from "../../../http/endpoint.ts";
import { type Read as ReadOr, validator, wrong } from "../../../http/validate.ts";
import { authenticate, type Caller, isSigned } from "../auth.ts";
import type { Context } from "../context.ts";
import {
  bodyError,
  errorBody,
  errors,
  type KonaplateError,
  problemError,
  success as successResponse,
} from "../errors.ts";
import { answerHeaders, cryptoKeyHeader } from "../headers.ts";
import { dialect } from "../identifiers.ts";
import { decryptMessage, encryptMessage, isEncrypted } from "../messages.ts";
import { CommonHeaders, ErrorBody, Outcome } from "../schemas/common.ts";
import { userIdOnWire } from "../schemas/fields.ts";
import { keptJson, parseWire, type Wire, wireText } from "../wire.ts";

export type { Caller } from "../auth.ts";
export type Call = SharedCall<Caller>;
export type Answer = SharedAnswer;
export type Read<Value> = ReadOr<Value, KonaplateError>;

/** Every API is a POST; which of its sides the contract has encrypted. */
export interface Endpoint extends Omit<SharedEndpoint, "method"> {
  encrypted: { request: boolean; answer: boolean };
}

export const tag = "Konaplate";
export const contentType = "application/json";
/** The service's own addresses have it in front of the documented paths. */
const prefix = "/open-api";

const routes = routesIn<KonaplateError>({
  dialect,
  tag,
  security: "konaplateAccessKey",
  contentType,
  enveloped,
  error: ErrorBody,
  problem: (problem) => problemError(problem, "parameter"),
  failure: (error) => failure(error),
  headersFor: ({ headers }) => answerHeaders(headers),
});

/** The outcome stands among the fields of an answer. */
function enveloped(response: TSchema): TSchema {
  const properties = "properties" in response ? (response.properties as TObject["properties"]) : {};
  return Type.Object({ ...properties, response: Outcome });
}

/** Nothing is read of a body before it is known to be as it was signed. Whatever type it is called, it is JSON. */
export function readSignedBodies(server: FastifyInstance): void {
  server.addHook("onRequest", async ({ headers }) => void delete headers["content-type"]);
  readBodiesBy(server, async () => ({}));
}

/** Mounts a route that only a known caller reaches, under `/api` and under `/open-api/api`. */
export function mount(
  server: FastifyInstance,
  context: Context,
  endpoint: Endpoint,
  handle: (call: Call) => Promise<Answer> | Answer,
): void {
  const { encrypted, response = Type.Object({}), ...described } = endpoint;
  const identify = (request: Parameters<typeof authenticate>[1]) => authenticate(context, request);
  const description = [described.description, ...notesOf(encrypted)].filter(Boolean).join(" ");
  const body = onWire(described.body);
  const shared = { ...described, body, description, response, headers: CommonHeaders, method: "POST" } as const;
  const answer = async (call: Call) => {
    const message = await openMessage(context, encrypted, call);
    if (!message.ok) return failure(message.error);
    const { fields, answerKey } = message.value;
    const given = await handle({ ...call, body: fields });
    return answerKey === undefined || given.status !== 200 ? given : sealAnswer(given, answerKey);
  };
  routes.mount<Caller>(server, identify, shared, answer);
  routes.mount<Caller>(server, identify, { ...shared, url: prefix + endpoint.url, hidden: true }, answer);
}

/** As clients write it. For the API reference alone: fields are read by the schemas as they are. */
function onWire<Body extends TObject | undefined>(body: Body): Body {
  if (body?.properties.userId === undefined) return body;
  return { ...body, properties: { ...body.properties, userId: userIdOnWire } };
}

/** For the API reference, whose schemas are of what was encrypted. */
function notesOf({ request, answer }: Endpoint["encrypted"]): string[] {
  return [
    request ? "The request is encrypted: `{encData}`." : "",
    answer ? "The answer is encrypted under the key that the request names, if it names one." : "",
  ];
}

interface Message {
  fields: Fields;
  /** Under which the answer is encrypted; undefined: it is clear. */
  answerKey: UsableKey | undefined;
}

/** What a call asks: its body as it was signed, then decrypted, then read. */
async function openMessage(
  { core, takesClear }: Context,
  encrypted: Endpoint["encrypted"],
  call: Call,
): Promise<Read<Message>> {
  if (!isSigned(core.secrets, call, call.bytes)) return wrong(errors.tokenWrong);
  const body = parseWire(decodeUtf8(call.bytes));
  const isSealed = isEncrypted(body);
  if (encrypted.request && !isSealed && !takesClear) return wrong(errors.clearRefused);
  const { cryptoKeyId: id } = call.signed;
  if (isSealed && id === undefined) return wrong(errors.headerMissing(cryptoKeyHeader));
  // Some clients name a key though nothing is encrypted with it.
  const isUsed = id !== undefined && (isSealed || encrypted.answer);
  const key = isUsed ? await core.cryptoKeys.find(call.credential.id, id) : undefined;
  if (isUsed && key === undefined) return wrong(errors.cryptoKeyUnknown);
  const plain = isSealed ? await decryptMessage(body.encData, key!.serverPrivate) : undefined;
  if (isSealed && plain === undefined) return wrong(errors.undecryptable);
  const fields = plain === undefined ? body : parseWire(decodeUtf8(plain));
  const unstorable = findUnstorable(fields);
  if (unstorable !== undefined) return wrong(bodyError({ kind: "unstorable", field: unstorable }));
  const answerKey = encrypted.answer && key?.clientPublic != null ? key : undefined;
  return { ok: true, value: { fields, answerKey } };
}

async function sealAnswer({ status, body, text, headers }: Answer, key: UsableKey): Promise<Answer> {
  return {
    status,
    body: await encryptMessage(text ?? JSON.stringify(body), key.clientPublic!),
    headers: { ...headers, [cryptoKeyHeader]: key.id },
  };
}

/** Reads fields by a schema. `what`: how the contract's page calls a value that is wrong. */
export function reader<Schema extends TObject>(
  schema: Schema,
  what: "value" | "parameter" = "parameter",
): (fields: Fields) => Read<Static<Schema>> {
  const check = validator(schema);
  return (fields) => {
    const checked = check(fields);
    return checked.ok ? checked : wrong(problemError(checked.problem, what, { schema, fields }));
  };
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
  { encrypted: _, response = Type.Object({}), ...endpoint }: Endpoint,
  call: Call,
  answer: (result: Result) => Answer,
): ExchangeDraft<Result> {
  return routes.exchangeOf({ ...endpoint, response, method: "POST" }, call.params, call.body, answer);
}
