/**
 * A proxy between a node and PostgreSQL that knows the wire protocol well enough to see a COMMIT go by, and loses the
 * connection around it as told: the network at its worst moment.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Random } from "./random.ts";

export interface Upstream {
  host: string;
  port: number;
}

/**
 *   pass      nothing happens
 *   before    the connection is lost and COMMIT never reaches the server
 *   reply     the server commits, its answer is lost
 *   delayed   the client has lost the connection; COMMIT reaches the server a while later
 *   held      COMMIT is lost; the server believes for a while that the client is still there
 *   stuck     COMMIT does not reach the server before it is let go on; nobody is told of that
 *   unheard   the server commits, and its answer does not reach the client before it is let go on, likewise
 */
export type Fate =
  | { kind: "pass" | "before" | "reply" | "stuck" | "unheard" }
  | { kind: "delayed"; delay_ms: number }
  | { kind: "held"; delay_ms: number };

export interface CommitProxy {
  port: number;
  /** Asked for the fate of every COMMIT that goes by. */
  fate: () => Fate;
  /** Commits by which a connection was lost. */
  cuts: number;
  /** Commits that are stuck, and answers that are there and unheard. */
  kept: number;
  /** Lets go on whatever is kept. */
  release(): void;
  /** Loses every connection and takes no new one until told otherwise. */
  unreachable: boolean;
  close(): Promise<void>;
}

const simpleQuery = "Q".charCodeAt(0);

/** `watch` tells the messages that have a fate; COMMIT if left out. */
export async function startCommitProxy(
  upstream: Upstream,
  watch: (message: Buffer) => boolean = isCommit,
): Promise<CommitProxy> {
  const clients = new Set<Socket>();
  const servers = new Set<Socket>();
  const waiting: (() => void)[] = [];
  const listener = createServer((client) => {
    if (proxy.unreachable) return void client.destroy();
    const server = upstream.host.startsWith("/")
      ? connect(`${upstream.host}/.s.PGSQL.${upstream.port}`)
      : connect(upstream.port, upstream.host);
    clients.add(client);
    servers.add(server);
    carry(client, server);
    client.once("close", () => clients.delete(client));
    server.once("close", () => servers.delete(server));
  });

  function carry(client: Socket, server: Socket): void {
    let pending: Buffer = Buffer.alloc(0);
    let greeted = false;
    let cut = false;
    /** What the client says while it is stuck, and the server while it is unheard. */
    let stuck: Buffer[] | undefined;
    let unheard: Buffer[] | undefined;
    for (const socket of [client, server]) socket.on("error", () => {});
    client.on("close", () => {
      if (!cut) server.destroy();
    });
    server.on("close", () => client.destroy());
    server.on("data", (chunk) => {
      if (cut) return;
      if (unheard === undefined) client.write(chunk);
      else if (unheard.push(chunk) === 1) proxy.kept += 1;
    });
    client.on("data", (chunk) => {
      if (cut) return;
      pending = Buffer.concat([pending, chunk]);
      for (;;) {
        // The first message has no type byte; every other is a type, a length that counts itself, a body.
        const header = greeted ? 1 : 0;
        if (pending.length < header + 4) return;
        const length = header + pending.readInt32BE(header);
        if (pending.length < length) return;
        const message = pending.subarray(0, length);
        pending = pending.subarray(length);
        if (stuck !== undefined) {
          stuck.push(message);
          continue;
        }
        const fate: Fate = greeted && watch(message) ? proxy.fate() : { kind: "pass" };
        greeted = true;
        if (fate.kind === "pass") {
          server.write(message);
          continue;
        }
        if (fate.kind === "stuck") {
          stuck = [message];
          proxy.kept += 1;
          waiting.push(() => {
            for (const one of stuck!) server.write(one);
            stuck = undefined;
          });
          continue;
        }
        if (fate.kind === "unheard") {
          unheard = [];
          waiting.push(() => {
            for (const chunk of unheard!) client.write(chunk);
            unheard = undefined;
          });
          server.write(message);
          continue;
        }
        cut = true;
        proxy.cuts += 1;
        lose(fate, message, client, server);
        return;
      }
    });
  }

  const proxy: CommitProxy = {
    port: 0,
    fate: () => ({ kind: "pass" }),
    cuts: 0,
    kept: 0,
    release() {
      proxy.kept = 0;
      for (const goOn of waiting.splice(0)) goOn();
    },
    get unreachable() {
      return unreachable;
    },
    set unreachable(value) {
      unreachable = value;
      if (value) for (const client of clients) client.destroy();
    },
    async close() {
      for (const socket of [...clients, ...servers]) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
  let unreachable = false;
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  proxy.port = (listener.address() as AddressInfo).port;
  return proxy;
}

function isCommit(message: Buffer): boolean {
  return message[0] === simpleQuery && message.toString("utf8", 5, message.length - 1) === "COMMIT";
}

type Loss = Exclude<Fate, { kind: "pass" | "stuck" | "unheard" }>;

function lose(fate: Loss, commit: Buffer, client: Socket, server: Socket): void {
  switch (fate.kind) {
    case "before":
      server.destroy();
      return void client.destroy();
    case "reply":
      server.once("data", () => server.destroy());
      return void server.write(commit);
    case "delayed":
      client.destroy();
      setTimeout(() => {
        server.once("data", () => server.destroy());
        server.write(commit);
      }, fate.delay_ms);
      return;
    case "held":
      client.destroy();
      setTimeout(() => server.destroy(), fate.delay_ms);
      return;
    default:
  }
}

/** The same database, by way of the proxy. */
export function through(proxy: CommitProxy, databaseUrl: string): string {
  const url = new URL(databaseUrl);
  url.search = "";
  url.host = `127.0.0.1:${proxy.port}`;
  return url.href;
}

/** Half of the time nothing happens, else each of the ways in which a connection is lost at COMMIT. */
export function anyFate(random: Random): Fate {
  return random.pick<Fate>([
    { kind: "before" },
    { kind: "reply" },
    { kind: "delayed", delay_ms: random.below(100) },
    { kind: "held", delay_ms: random.below(100) },
    { kind: "pass" },
    { kind: "pass" },
    { kind: "pass" },
    { kind: "pass" },
  ]);
}
