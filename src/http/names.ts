/**
 * Where names lead, asked of the name servers themselves: the system's resolver works on a few threads, and names whose
 * servers never answer would hold them all. What the system knows beside them is heeded as far as it is the same
 * everywhere: localhost and the hosts file, but no search domains and no further services.
 */
import { ADDRCONFIG, type LookupAddress, type LookupOptions } from "node:dns";
import { Resolver } from "node:dns/promises";
import { readFileSync, statSync } from "node:fs";
import { isIP, type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { plainName } from "./hosts.ts";
import { httpLimits } from "./limits.ts";

export interface NameOptions {
  /** Name servers, as address or address:port, instead of the system's. */
  servers?: readonly string[];
  /** Instead of the system's hosts file. */
  hostsFile?: string;
}

/** Like `dns.lookup`, without its threads. */
export function nameLookup({ servers, hostsFile = systemHostsFile() }: NameOptions = {}): LookupFunction {
  const hosts = hostsReader(hostsFile);
  const resolve = async (hostname: string, options: LookupOptions): Promise<LookupAddress[]> => {
    const name = plainName(hostname);
    const known = name === "localhost" || name.endsWith(".localhost") ? localhost : hosts().get(name);
    if (known !== undefined) return ofFamily(known, options);
    return reachable(ofFamily(await ask(hostname, servers), options), options);
  };
  return (hostname, options, callback) => {
    resolve(hostname, options).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) callback(failure("ENOTFOUND", hostname), "", 0);
        else if (options.all) callback(null, addresses);
        else callback(null, first.address, first.family);
      },
      (error) => callback(error, "", 0),
    );
  };
}

const localhost: readonly LookupAddress[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/** Both kinds of address; that there is but one of them, or that only one can be had, is no failure. */
async function ask(name: string, servers: readonly string[] | undefined): Promise<LookupAddress[]> {
  // One of its own for each name: it can be cancelled alone, knows the system's servers of today, and does not take
  // the speed at which other names were answered for a measure of its patience.
  const resolver = new Resolver({ timeout: httpLimits.webhook_name_try_ms, tries: httpLimits.webhook_name_tries });
  if (servers !== undefined) resolver.setServers(servers);
  const timer = setTimeout(() => resolver.cancel(), httpLimits.webhook_name_timeout_ms);
  try {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    if (found.length > 0) return found.map(asAddress);
    const errors: NodeJS.ErrnoException[] = answers.flatMap((answer) =>
      answer.status === "rejected" ? [answer.reason] : [],
    );
    // That one kind is not there says less than why the other could not be had.
    const telling = errors.find(({ code }) => code !== "ENODATA") ?? errors[0];
    if (telling === undefined) return [];
    throw telling.code === "ECANCELLED" ? failure("ETIMEOUT", name) : telling;
  } finally {
    clearTimeout(timer);
  }
}

function asAddress(address: string): LookupAddress {
  return { address, family: isIP(address) };
}

function failure(code: string, name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`query ${code} ${name}`), { code, hostname: name });
}

function ofFamily(addresses: readonly LookupAddress[], { family }: LookupOptions): LookupAddress[] {
  const wanted = Number(String(family ?? 0).replace("IPv", ""));
  return addresses.filter((address) => wanted === 0 || address.family === wanted);
}

/** Of the kinds that this machine has addresses of, if that is asked for; all if none is. */
function reachable(addresses: LookupAddress[], { hints = 0 }: LookupOptions): LookupAddress[] {
  if ((hints & ADDRCONFIG) === 0) return addresses;
  const own = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  const families = new Set(
    own.filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address)).map(({ address }) => isIP(address)),
  );
  const kept = addresses.filter(({ family }) => families.has(family));
  return kept.length > 0 ? kept : addresses;
}

function systemHostsFile(): string {
  if (process.platform !== "win32") return "/etc/hosts";
  return join(process.env.SystemRoot ?? "C:\\Windows", "System32", "drivers", "etc", "hosts");
}

/** What the file says, read again once it was changed; nothing if it cannot be read. */
function hostsReader(file: string): () => Map<string, LookupAddress[]> {
  let version: string | undefined;
  let hosts = new Map<string, LookupAddress[]>();
  return () => {
    // Not left to the threads either: they may be at names that are resolved by the system.
    try {
      const { mtimeMs, size } = statSync(file);
      if (version !== `${mtimeMs} ${size}`) {
        hosts = parseHosts(readFileSync(file, "utf8"));
        version = `${mtimeMs} ${size}`;
      }
    } catch {
      hosts = new Map();
      version = undefined;
    }
    return hosts;
  };
}

/** The addresses of each name of a hosts file, in the order of its lines; lines that make no sense are passed over. */
export function parseHosts(text: string): Map<string, LookupAddress[]> {
  const hosts = new Map<string, LookupAddress[]>();
  for (const line of text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/)) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of new Set(names.map(plainName))) {
      const known = hosts.get(name) ?? [];
      if (!known.some((other) => other.address === address)) hosts.set(name, [...known, asAddress(address)]);
    }
  }
  return hosts;
}
