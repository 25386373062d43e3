/**
 * Who may use Naru's own API. In sandbox mode on loopback: the person at the machine, and only them. A page in their
 * browser can reach loopback too, so the Host header is checked against the names this node goes by (a DNS name that
 * was turned to 127.0.0.1 is not one), and a request that changes anything must be JSON and must not come from another
 * site. Everywhere else a token is needed: a viewer's may look, an operator's may change.
 */
import { timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Config, isOpenSandbox } from "../config.ts";
import { fail } from "./errors.ts";

export function guard(config: Config) {
  const hosts = new Set([new URL(config.publicUrl).hostname, config.host, "localhost", "127.0.0.1", "[::1]"]);
  const open = isOpenSandbox(config) && config.operatorToken === undefined;

  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const changes = request.method !== "GET" && request.method !== "HEAD";
    if (config.loopback && !hosts.has(hostname(request.headers.host))) {
      return fail(reply, 421, "wrong-host", "this node does not go by that name; see NARU_PUBLIC_URL");
    }
    if (changes && isCrossSite(request, hosts)) {
      return fail(reply, 403, "cross-site", "changes are not taken from other sites");
    }
    if (changes && !request.headers["content-type"]?.toLowerCase().startsWith("application/json")) {
      return fail(reply, 415, "unsupported-media-type", "send application/json");
    }
    if (open) return undefined;
    const token = request.headers.authorization?.replace(/^bearer\s+/i, "") ?? "";
    const isOperator = matches(token, config.operatorToken);
    if (isOperator || (!changes && matches(token, config.viewerToken))) return undefined;
    const known = matches(token, config.viewerToken);
    return known
      ? fail(reply, 403, "forbidden", "a viewer may not change anything")
      : fail(reply, 401, "unauthorized", "send Authorization: Bearer with an operator or viewer token");
  };
}

function hostname(host: string | undefined): string {
  return (host ?? "").replace(/:\d+$/, "").toLowerCase();
}

function isCrossSite(request: FastifyRequest, hosts: ReadonlySet<string>): boolean {
  const { origin } = request.headers;
  const site = request.headers["sec-fetch-site"];
  if (site === "cross-site" || site === "same-site") return true;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || !hosts.has(new URL(origin).hostname);
}

function matches(token: string, wanted: string | undefined): boolean {
  if (wanted === undefined) return false;
  const [given, right] = [Buffer.from(token), Buffer.from(wanted)];
  return given.length === right.length && timingSafeEqual(given, right);
}
