/**
 * Where the server listens. A socket's path may have 107 bytes, and data directories can be longer than that, so the
 * socket lives in a short private directory under /tmp. Where that cannot be made, and on Windows, it is a random port
 * of the loopback interface.
 */
import { existsSync, lstatSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { giveTo, type Ids } from "./files.ts";

export interface Endpoint {
  /** A directory for a socket, or a loopback address. */
  readonly host: string;
  readonly port: number;
}

const SOCKET_PORT = 5432; // only a part of the socket's name
const SOCKET_ROOT = "/tmp";
const PREFIX = "naru-";

/** A fresh endpoint. `socketRoot` is for tests: where it cannot be written to, the endpoint is a TCP port. */
export async function newEndpoint(account: Ids | undefined, socketRoot = SOCKET_ROOT): Promise<Endpoint> {
  const directory = process.platform === "win32" ? undefined : socketDirectory(account, socketRoot);
  return directory ? { host: directory, port: SOCKET_PORT } : { host: "127.0.0.1", port: await freePort() };
}

/**
 * Removes the socket directory of a server that has ended. The name may come from a file the server's account can
 * write, so only a directory of our pattern and of that account, and only if nothing but the socket is in it.
 */
export function removeEndpoint(endpoint: Endpoint, account: Ids | undefined): void {
  const { host } = endpoint;
  if (!/\/naru-[A-Za-z0-9]{6}$/.test(host)) return;
  const found = lstatSync(host, { throwIfNoEntry: false });
  if (!found?.isDirectory() || found.uid !== (account?.uid ?? process.geteuid?.())) return;
  clearEndpoint(endpoint);
  try {
    rmdirSync(host);
  } catch {
    // An empty directory less in /tmp is not worth failing for.
  }
}

/** Removes the socket of a server that was killed, so that its successor can take the same place. */
export function clearEndpoint({ host, port }: Endpoint): void {
  if (!host.startsWith("/")) return;
  for (const name of [`.s.PGSQL.${port}`, `.s.PGSQL.${port}.lock`]) rmSync(join(host, name), { force: true });
}

/** False when a server's socket was removed, by a cleaner of /tmp for instance. */
export function hasSocket({ host, port }: Endpoint): boolean {
  return !host.startsWith("/") || existsSync(join(host, `.s.PGSQL.${port}`));
}

function socketDirectory(account: Ids | undefined, root: string): string | undefined {
  try {
    const directory = mkdtempSync(join(root, PREFIX)); // mode 0700
    giveTo(account, directory);
    return directory;
  } catch {
    return undefined;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
