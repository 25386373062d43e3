/** `/oauth/business/token`, `/v1/business/tokeninfo`: a code becomes a token; what a token stands for. */
import type { FastifyInstance } from "fastify";
import type { Json } from "../../../core/exchanges.ts";
import type { Core } from "../../../core/index.ts";
import type { Fields } from "../../../http/body.ts";
import { httpLimits } from "../../../http/limits.ts";
import { type Read, wrong } from "../../../http/validate.ts";
import { randomToken } from "../auth.ts";
import { type ConsentError, codeError, consentErrorBody, consentErrorOfCode, consentErrors } from "../errors.ts";
import { dialect } from "../identifiers.ts";
import { presentResources, presentToken } from "../present.ts";
import { ConsentErrorBody, Token, TokenInfo, TokenRequest } from "../schemas/index.ts";
import { consentReader } from "./authorize.ts";
import { type Endpoint, mount, send, success, tag } from "./call.ts";

const readRequest = consentReader(TokenRequest);

const info: Endpoint = {
  method: "GET",
  url: "/v1/business/tokeninfo",
  summary: "What a business token stands for",
  response: TokenInfo,
};

export function mountTokens(server: FastifyInstance, core: Core): void {
  server.post(
    "/oauth/business/token",
    {
      bodyLimit: httpLimits.token_body_bytes,
      schema: {
        tags: [tag],
        summary: "Exchange a code for a business token",
        consumes: ["application/x-www-form-urlencoded"],
        body: TokenRequest,
        response: { 200: Token, "4xx": ConsentErrorBody },
      },
    },
    async (request, reply) => {
      const exchanged = await exchange(core, request.body as Fields);
      reply.header("cache-control", "no-store");
      if (exchanged.ok) return send(reply, success(exchanged.value));
      const { error } = exchanged;
      return send(reply, { status: error.status, body: consentErrorBody(error) });
    },
  );
}

export function mountTokenInfo(server: FastifyInstance, core: Core): void {
  mount(server, core, {}, info, ({ grant: { user, app, token } }) =>
    success({
      id: user.number,
      app_id: app!.settings.app!.number,
      scope: token.scopes.join(" "),
      resource_ids: presentResources(token),
    }),
  );
}

async function exchange(core: Core, body: Fields): Promise<Read<Json, ConsentError>> {
  const fault = await core.answersWith("kakao-consent-error");
  if (fault !== undefined) return wrong(consentErrorOfCode(fault));
  const fields = readRequest(body);
  if (!fields.ok) return fields;
  const { grant_type = "", client_id = "", client_secret = "", redirect_uri = "", code = "" } = fields.value;
  if (grant_type !== "authorization_code") return wrong(consentErrors.grantType(grant_type));
  const credential = await core.directory.credential(dialect, client_id);
  const app = credential?.settings.app;
  if (credential === undefined || app === undefined) return wrong(consentErrors.appUnknown(client_id));
  const isRight = core.secrets.matches(client_secret, credential.secretHash);
  // An app that goes without the secret may still bring it, but no wrong one.
  if (!isRight && (app.secretNeeded || client_secret !== "")) return wrong(consentErrors.badSecret);
  if (app.suspended) return wrong(consentErrors.suspended);
  const fresh = randomToken();
  const exchanged = await core.exchangeCode({
    codeId: core.secrets.hash(code),
    app: credential,
    redirectUri: redirect_uri,
    tokenId: core.secrets.hash(fresh),
  });
  if (!exchanged.ok) return wrong(codeError(exchanged.refusal, code));
  return { ok: true, value: presentToken(fresh, exchanged.value) };
}
