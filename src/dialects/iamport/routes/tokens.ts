/** `/users/getToken`, the one route without a token. */
import type { FastifyInstance } from "fastify";
import type { Core } from "../../../core/index.ts";
import type { Fields } from "../../../http/body.ts";
import { httpLimits } from "../../../http/limits.ts";
import { getToken } from "../auth.ts";
import { ErrorEnvelope, enveloped, Token, TokenRequest } from "../schemas/index.ts";
import { failure, send, success } from "./call.ts";

export function mountTokens(server: FastifyInstance, core: Core): void {
  server.post(
    "/users/getToken",
    {
      bodyLimit: httpLimits.token_body_bytes,
      schema: {
        tags: ["I'mport"],
        summary: "Get an access token",
        body: TokenRequest,
        response: { 200: enveloped(Token), "4xx": ErrorEnvelope },
      },
    },
    async (request, reply) => {
      const granted = await getToken(core, request.body as Fields);
      return send(reply, granted.ok ? success(granted.token) : failure(granted.error));
    },
  );
}
