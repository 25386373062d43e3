/** What every route of this dialect does: know the caller by a business token, read fields loosely, answer plainly. */
import type { FastifyInstance } from "fastify";
import type { AdAccount } from "../../../core/ad-accounts/ad-account.ts";
import type { Json } from "../../../core/exchanges.ts";
import type { Core } from "../../../core/index.ts";
import type { Grant } from "../../../core/merchants/directory.ts";
import type { Fields } from "../../../http/body.ts";
import { type Answer, type Endpoint, routesIn, type Call as SharedCall } from "../../../http/endpoint.ts";
import { type Read as ReadOr, wrong } from "../../../http/validate.ts";
import { type Access, authenticate, findAdAccount } from "../auth.ts";
import { errorBody, errors, type KakaoError, problemError } from "../errors.ts";
import { dialect, readLong } from "../identifiers.ts";
import { KakaoErrorBody } from "../schemas/index.ts";

export type { Answer, Endpoint } from "../../../http/endpoint.ts";
export type Call = SharedCall<{ grant: Grant }>;
export type Read<Value> = ReadOr<Value, KakaoError>;

export const tag = "Kakao Moment";
/** As the contract spells it. */
export const contentType = "application/json;charset=UTF-8";

const routes = routesIn<KakaoError>({
  dialect,
  tag,
  security: "businessToken",
  contentType,
  // Answers carry nothing around what was asked for.
  enveloped: (response) => response,
  error: KakaoErrorBody,
  problem: problemError,
  failure: (error) => ({ status: error.status, body: errorBody(error) as Json }),
});
export const { send, failure, reader, exchangeOf } = routes;

export function success(body: Json): Answer {
  return { status: 200, body };
}

/** Some changes are answered so. */
export const done: Answer = { status: 200, body: undefined };

/** Mounts a route that only a caller with a live business token reaches, who may make this call. */
export function mount(
  server: FastifyInstance,
  core: Core,
  access: Access,
  endpoint: Endpoint,
  handle: (call: Call) => Promise<Answer> | Answer,
): void {
  const identify = async (request: Parameters<typeof authenticate>[1]): Promise<Read<{ grant: Grant }>> => {
    const found = await authenticate(core, request, access);
    return found.ok ? { ok: true, value: { grant: found.value } } : found;
  };
  routes.mount(server, identify, endpoint, handle);
}

/** The ad account that the header names; clients may name it in query and body too, and must not contradict. */
export function readAdAccount({ headers, query, body }: Pick<Call, "headers" | "query" | "body">): Read<number> {
  const header = headers.adaccountid;
  if (header?.includes(",")) return wrong(errors.badHeader("adAccountId is given more than once"));
  if (header === undefined || header === "") return wrong(errors.missing("adAccountId"));
  const given = [header, query.adAccountId, body.adAccountId].filter((one) => one !== undefined && one !== null);
  const numbers = given.map(readLong);
  if (numbers.includes(undefined)) return wrong(errors.unsatisfied("adAccountId", "It must be a Long."));
  if (new Set(numbers).size === 1) return { ok: true, value: numbers[0]! };
  return wrong(errors.unsatisfied("adAccountId", "Header and request name two ad accounts."));
}

/** What a call that uses an ad account brings: the ad account, which its user may use, and the fields of the body. */
export async function readUse<Wanted>(
  core: Core,
  call: Call,
  read: (body: Fields) => Read<Wanted>,
): Promise<Read<{ adAccount: AdAccount; fields: Wanted }>> {
  const number = readAdAccount(call);
  if (!number.ok) return number;
  const fields = read(call.body);
  if (!fields.ok) return fields;
  const adAccount = await findAdAccount(core, call.grant, number.value, "use");
  return adAccount.ok ? { ok: true, value: { adAccount: adAccount.value, fields: fields.value } } : adAccount;
}
