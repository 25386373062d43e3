/**
 * Who may use Naru's own API. In sandbox mode on loopback: the person at the machine, since the shell has sent away
 * what came from pages of other origins. Everywhere else, or when one is set, a token is needed: a viewer's may look,
 * an operator's may change, and see secrets. Bodies are taken as JSON only, which no form of another page can send.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Config, isOpenSandbox } from "../config.ts";
import { isSameSecret } from "../core/secrets.ts";
import { fail } from "./errors.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** A read for operators alone where tokens are set. */
    operator?: boolean;
  }
}

export function guard(config: Config) {
  const open = isOpenSandbox(config) && config.operatorToken === undefined;

  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const changes = request.method !== "GET" && request.method !== "HEAD";
    // No page of another origin can send DELETE without being asked about it, and most have no body.
    const length = Number(request.headers["content-length"] ?? 0);
    const hasBody = length > 0 || request.headers["transfer-encoding"] !== undefined;
    const mayHaveNone = request.method === "DELETE" && !hasBody;
    if (changes && !mayHaveNone && !/^application\/json\s*(;|$)/i.test(request.headers["content-type"]?.trim() ?? "")) {
      return fail(reply, 415, "unsupported-media-type", "send application/json");
    }
    if (open) return undefined;
    const token = request.headers.authorization?.replace(/^bearer\s+/i, "") ?? "";
    const isOperator = matches(token, config.operatorToken);
    const isViewer = matches(token, config.viewerToken);
    const isSecret = request.routeOptions.config.operator === true;
    if (isOperator || (isViewer && !changes && !isSecret)) return undefined;
    return isViewer
      ? fail(reply, 403, "forbidden", changes ? "a viewer may not change anything" : "a viewer may not see secrets")
      : fail(reply, 401, "unauthorized", "send Authorization: Bearer with an operator or viewer token");
  };
}

/** In a time that tells the token's length and nothing else of it. */
function matches(token: string, wanted: string | undefined): boolean {
  return wanted !== undefined && isSameSecret(token, wanted);
}
