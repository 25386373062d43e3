/** Hosts and networks as settings and headers write them, and as URLs spell them. */
import { isIP, isIPv4, isIPv6 } from "node:net";

/** A name as it is compared: lower case, without the dot that may end it. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/**
 * A host as URLs have it: lower case, IPv4 with four decimals, IPv6 in brackets, without a trailing dot. Undefined for
 * what is no host alone, such as one with a port, a path or a user.
 */
export function readHost(text: string): string | undefined {
  const host = isIPv6(text) ? `[${text}]` : text;
  if (!/^(\[[\da-f:.]+\]|[^\s:/?#@\\[\]%*]+)$/i.test(host)) return undefined;
  const url = `http://${host}/`;
  return URL.canParse(url) ? plainName(new URL(url).hostname) : undefined;
}

/** The host of a Host header, or of a URL's authority; undefined if it has anything but a host and a port. */
export function hostOfAuthority(authority: string): string | undefined {
  const [, host] = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(authority) ?? [];
  return host === undefined ? undefined : readHost(host);
}

/** The address that a URL's host is, without brackets; undefined for a name, and for one of a link. */
export function addressOfHost(host: string): string | undefined {
  const bare = host.replace(/^\[|\]$/g, "");
  return isIP(bare) === 0 || bare.includes("%") ? undefined : bare;
}

/** Whether a host, as URLs spell it or without brackets, is this machine and nothing else. */
export function isLoopback(host: string): boolean {
  const bare = addressOfHost(host) ?? host;
  return bare === "localhost" || bare === "::1" || (isIPv4(bare) && bare.startsWith("127."));
}

/** Where a webhook may go: a name wherever it leads, or a network. */
export type Target = { name: string } | { network: string; prefix: number; family: "ipv4" | "ipv6" };

/** A host name, an address, or a network such as 10.0.0.0/8; undefined for anything else. */
export function readTarget(text: string): Target | undefined {
  const [, network = "", prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = addressOfHost(network);
  if (address !== undefined) {
    const [family, bits] = isIPv4(address) ? (["ipv4", 32] as const) : (["ipv6", 128] as const);
    const length = prefix === undefined ? bits : Number(prefix);
    return length <= bits ? { network: address, prefix: length, family } : undefined;
  }
  const name = prefix === undefined ? readHost(network) : undefined;
  // Other spellings of addresses are left to whoever means them.
  return name === undefined || addressOfHost(name) !== undefined ? undefined : { name };
}
