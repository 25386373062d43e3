/**
 * Where a webhook may go. Whoever may name its address could else make this node call what only it can reach: its own
 * machine, the networks behind it, a cloud's metadata. So only public addresses are called; loopback where whoever
 * names it sits at this machine; and what the operator lists. Names are looked at after they were resolved, all of
 * their addresses, and the connection is made to one that was looked at: what a name leads to later does not matter.
 */
import dns, { type LookupAddress } from "node:dns";
import { BlockList, isIP, isIPv6, type LookupFunction } from "node:net";
import { addressOfHost, plainName, type Target } from "./hosts.ts";
import { nameLookup } from "./names.ts";

export type Reach = "public" | "loopback" | "private";

/** IANA's registry of special addresses, less those that the public reaches; and what clouds keep metadata at. */
const special: readonly [network: string, prefix: number][] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  // Carrier-grade NAT, and the metadata of one cloud.
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
  // Protocol assignments: Teredo, benchmarks, ORCHID.
  ["2001::", 23],
  ["2001:db8::", 32],
  // 6to4, whose addresses name the IPv4 router that they are reached by.
  ["2002::", 16],
  ["3fff::", 20],
];
const closed = blockList(special.map(([network, prefix]) => ({ network, prefix, family: familyOf(network) })));
const loopback = blockList([
  { network: "127.0.0.0", prefix: 8, family: "ipv4" },
  { network: "::1", prefix: 128, family: "ipv6" },
]);
/** All that is public in IPv6. */
const global = blockList([{ network: "2000::", prefix: 3, family: "ipv6" }]);

/** An address that is mapped from IPv4, or translated by NAT64, counts as the IPv4 one; what cannot be read is private. */
export function reachOf(address: string): Reach {
  if (isIP(address) === 0 || address.includes("%")) return "private";
  const inner = isIPv6(address) ? innerAddress(address) : undefined;
  if (inner?.by === "mapped") return reachOf(inner.address);
  if (has(loopback, address)) return "loopback";
  if (inner?.by === "nat64") return reachOf(inner.address) === "public" ? "public" : "private";
  if (has(closed, address)) return "private";
  return isIPv6(address) && !has(global, address) ? "private" : "public";
}

/** The IPv4 address within ::ffff:0:0/96 or 64:ff9b::/96. */
function innerAddress(address: string): { by: "mapped" | "nat64"; address: string } | undefined {
  const canonical = new URL(`http://[${address}]/`).hostname;
  const [, before, high = "0", low = "0"] = /^\[(::ffff:|64:ff9b::)(?:([\da-f]+):)?([\da-f]*)\]$/.exec(canonical) ?? [];
  if (before === undefined) return undefined;
  const bits = [Number.parseInt(high, 16), Number.parseInt(low || "0", 16)];
  const bytes = bits.flatMap((word) => [word >> 8, word & 255]);
  return { by: before === "::ffff:" ? "mapped" : "nat64", address: bytes.join(".") };
}

function blockList(networks: readonly Extract<Target, { network: string }>[]): BlockList {
  const list = new BlockList();
  for (const { network, prefix, family } of networks) list.addSubnet(network, prefix, family);
  return list;
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv6(address) ? "ipv6" : "ipv4";
}

function has(list: BlockList, address: string): boolean {
  return list.check(address, familyOf(address));
}

export class PrivateAddress extends Error {
  readonly code = "PRIVATE_ADDRESS";
}

export interface TargetPolicy {
  /** Whether this machine may be called: only where whoever names the address sits at it. */
  loopback: boolean;
  /** What may be called although it is not public. */
  allow: readonly Target[];
}

export interface TargetGuard {
  /** Throws if a URL's host is itself an address that may not be called; names are left to `lookup`. */
  checkHost(url: string): void;
  /** Resolves a name, failing if any of its addresses may not be called. */
  lookup: LookupFunction;
}

/**
 * Names that the operator listed are resolved by the system, with all that it knows; the others, which anybody may
 * make up, without its threads. A test may bring one resolver for all of them, or the name servers of the latter.
 */
export function targetGuard(policy: TargetPolicy, lookup?: LookupFunction, servers?: readonly string[]): TargetGuard {
  const lookupListed = lookup ?? dns.lookup;
  const lookupOther = lookup ?? nameLookup(servers === undefined ? {} : { servers });
  const names = new Set(policy.allow.flatMap((target) => ("name" in target ? [target.name] : [])));
  const networks = blockList(policy.allow.filter((target) => "network" in target));
  const mayCall = (address: string): boolean => {
    const reach = reachOf(address);
    return (
      reach === "public" || (reach === "loopback" && policy.loopback) || (isIP(address) !== 0 && has(networks, address))
    );
  };
  return {
    checkHost(url) {
      const address = addressOfHost(new URL(url).hostname);
      if (address !== undefined && !mayCall(address)) throw new PrivateAddress(`${address} is a private address`);
    },
    lookup(hostname, options, callback) {
      const isListed = names.has(plainName(hostname));
      const resolve = isListed ? lookupListed : lookupOther;
      resolve(hostname, { ...options, all: true }, (error, found) => {
        if (error !== null) return callback(error, "", 0);
        const addresses = found as LookupAddress[];
        const first = addresses[0];
        if (first === undefined) return callback(new Error(`${hostname} has no address`), "", 0);
        const refused = isListed ? undefined : addresses.find(({ address }) => !mayCall(address));
        if (refused !== undefined) {
          return callback(new PrivateAddress(`${hostname} is at ${refused.address}, a private address`), "", 0);
        }
        return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
      });
    },
  };
}
