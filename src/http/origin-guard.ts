/**
 * Localhost is not private: every page in a browser at this machine can send requests to it. A sandbox on loopback has
 * published credentials, so a page must be told from the person at the machine on every path, by what a browser cannot
 * be made to leave out.
 *
 * - Host: a DNS name that was turned to 127.0.0.1 makes a page of that name the same origin as this node. The node
 *   answers to its own names alone.
 * - Origin and Sec-Fetch-Site: a page of any other origin may change nothing, were it at another port of this machine,
 *   and may read only by leading its visitor here.
 *
 * Clients that are no browsers send none of this but Host, and pass. In live mode, or where others can reach the node,
 * dialects are called with tokens that no browser adds by itself, so only Naru's own paths are looked at.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Config, isOpenSandbox } from "../config.ts";
import type { HttpFailure } from "./dialect.ts";
import { hostOfAuthority, plainName, readHost } from "./hosts.ts";

/** What is looked at of a request. */
export interface Seen {
  method: string;
  /** As it stands in the request line: a path, or a whole URL as proxies are sent. */
  target: string;
  httpVersion: string;
  /** Every Host header. */
  hosts: readonly string[];
  origin?: string | undefined;
  /** Sec-Fetch-Site, -Mode and -Dest. */
  site?: string | undefined;
  mode?: string | undefined;
  dest?: string | undefined;
}

type Names = Pick<Config, "mode" | "loopback" | "host" | "publicUrl" | "allowedHosts">;

/** Why a request is refused, or undefined; `isOwn` of Naru's own paths. */
export type OriginGuard = (seen: Seen, isOwn: boolean) => HttpFailure | undefined;

export function originGuard(config: Names): OriginGuard {
  const publicUrl = new URL(config.publicUrl);
  const own = [publicUrl.hostname, readHost(config.host), "localhost", "127.0.0.1", "[::1]", ...config.allowedHosts];
  const names = new Set(own.map((name) => name && plainName(name)));
  const isOurs = (authority: string | undefined) =>
    authority !== undefined && names.has(hostOfAuthority(authority) ?? "");

  const isOpen = isOpenSandbox(config);

  return (seen, isOwn) => {
    const { hosts, target } = seen;
    if (hosts.length > 1 || (hosts.length === 0 && seen.httpVersion !== "1.0")) {
      return { kind: "malformed", status: 400, detail: "send one Host header" };
    }
    if (!isOwn && !isOpen) return undefined;
    if (config.loopback && !(isOurs(hosts[0]) && (!isAbsolute(target) || isOurs(authorityOf(target))))) {
      const detail = "this node does not go by that name; see NARU_ALLOWED_HOSTS";
      return { kind: "wrong-host", status: 421, detail };
    }
    const changes = seen.method !== "GET" && seen.method !== "HEAD";
    if (changes ? isForeign(seen, publicUrl.origin) : config.loopback && isForeignRead(seen)) {
      const detail = `${changes ? "changes are" : "this is"} not for pages of other origins; see NARU_PUBLIC_URL`;
      return { kind: "cross-site", status: 403, detail };
    }
    return undefined;
  };
}

function isAbsolute(target: string): boolean {
  return !target.startsWith("/") && target !== "*";
}

function authorityOf(target: string): string | undefined {
  return /^https?:\/\/([^/?#]*)/i.exec(target)?.[1];
}

/** Sent by a page of another scheme, host or port than this request went to. */
function isForeign({ hosts, origin, site }: Seen, publicOrigin: string): boolean {
  if (isForeignSite(site)) return true;
  if (origin === undefined || origin === publicOrigin) return false;
  const [host] = hosts;
  return host === undefined || !URL.canParse(`http://${host}`) || origin !== new URL(`http://${host}`).origin;
}

/** All but a visit: a link that was followed, whose answer the page that has the link does not see. */
function isForeignRead({ site, mode, dest }: Seen): boolean {
  return isForeignSite(site) && !(mode === "navigate" && dest === "document");
}

/** "none" is the person at the browser, by an address that was typed or kept. */
function isForeignSite(site: string | undefined): boolean {
  return site !== undefined && site !== "same-origin" && site !== "none";
}

/** Naru's own answers: taken for what they say they are, not to be drawn into other pages in any way. */
const ownHeaders = {
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "same-origin",
  "x-frame-options": "DENY",
  "content-security-policy": "frame-ancestors 'none'",
};

/** The guard as the first thing that happens to a request, before its body is read. */
export function originHook(
  guard: OriginGuard,
  isOwn: (request: FastifyRequest) => boolean,
  refuse: (request: FastifyRequest, reply: FastifyReply, failure: HttpFailure) => FastifyReply,
) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const own = isOwn(request);
    if (own) reply.headers(ownHeaders);
    const failure = guard(seenOf(request), own);
    return failure === undefined ? undefined : refuse(request, reply, failure);
  };
}

function seenOf({ raw, method, headers }: FastifyRequest): Seen {
  return {
    method,
    target: raw.url ?? "",
    httpVersion: raw.httpVersion,
    hosts: raw.rawHeaders.filter((_, at, all) => at % 2 === 1 && all[at - 1]!.toLowerCase() === "host"),
    origin: headers.origin,
    site: text(headers["sec-fetch-site"]),
    mode: text(headers["sec-fetch-mode"]),
    dest: text(headers["sec-fetch-dest"]),
  };
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join() : header;
}
