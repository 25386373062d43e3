/** Where a webhook may go and how long it may take, with real servers that mean no good. */
import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type LookupFunction, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { readTarget } from "../../src/http/hosts.ts";
import { httpLimits } from "../../src/http/limits.ts";
import { createWebhookClient, type WebhookClient, type WebhookClientOptions } from "../../src/http/webhook-client.ts";
import { shopCertificate } from "../support/certificate.ts";
import { eventually } from "../support/client.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const timeouts = { read_ms: 400, total_ms: 1_200 };
/** What a slow machine may add. */
const slack_ms = 2_000;

function client(options: Partial<WebhookClientOptions> = {}): WebhookClient {
  const made = createWebhookClient({ loopback: false, allow: [], ...options });
  closing.push(() => made.close());
  return made;
}

function send(by: WebhookClient, url: string) {
  return by.send({ url, headers: { "content-type": "application/json" }, body: '{"imp_uid":"imp_1"}' }, timeouts);
}

async function listen<Listener extends Server>(server: Listener, host: string, port = 0): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** The connections that a server has: those a client has let go of are not among them for long. */
function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

/**
 * A shop at 127.0.0.1, which stands for the public, and an inner server at the same port of 127.0.0.2, which does not.
 * `leads` is where the name shop.example leads: each resolution takes one, the last stays.
 */
async function shopAndInner(tls: boolean) {
  const heard: { server: "shop" | "inner"; host: string | undefined; name: string | false | null }[] = [];
  const hears =
    (server: "shop" | "inner"): RequestListener =>
    (request, response) => {
      const name = tls ? (request.socket as TLSSocket & { servername: string | false }).servername : null;
      heard.push({ server, host: request.headers.host, name });
      request.resume().on("end", () => response.end("OK"));
    };
  const make = (listener: RequestListener): HttpServer =>
    tls ? createHttpsServer(shopCertificate, listener) : createHttpServer(listener);
  const shop = make(hears("shop"));
  const inner = make(hears("inner"));
  let connected = 0;
  shop.on("connection", () => {
    connected += 1;
  });
  const port = await listen(shop, "127.0.0.1");
  await listen(inner, "127.0.0.2", port);
  const leads: string[][] = [];
  let resolved = 0;
  const lookup: LookupFunction = (_hostname, _options, callback) => {
    resolved += 1;
    const addresses = leads.length > 1 ? leads.shift()! : leads[0]!;
    callback(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    );
  };
  const options = { allow: [readTarget("127.0.0.1")!], lookup, ...(tls ? { ca: shopCertificate.cert } : {}) };
  return {
    by: client(options),
    url: `${tls ? "https" : "http"}://shop.example:${port}/hook`,
    host: `shop.example:${port}`,
    shop,
    heard,
    leads,
    connected: () => connected,
    resolved: () => resolved,
  };
}

describe.each([
  ["HTTP", false],
  ["HTTPS", true],
] as const)("a name over %s", (_, tls) => {
  it("that leads inside once it was looked at is reached where it was looked at, by its name", async () => {
    const { by, url, host, heard, leads, resolved } = await shopAndInner(tls);
    leads.push(["127.0.0.1"], ["127.0.0.2"]);
    expect(await send(by, url)).toMatchObject({ status: 200, error: null, answer: "OK" });
    expect(heard).toEqual([{ server: "shop", host, name: tls ? "shop.example" : null }]);
    expect(resolved()).toBe(1);
  });

  it("that leads inside later is not reached any more: nothing is kept of the first connection", async () => {
    const { by, url, shop, heard, leads, connected } = await shopAndInner(tls);
    leads.push(["127.0.0.1"], ["127.0.0.1"], ["127.0.0.2"]);
    for (const attempt of [1, 2]) {
      expect(await send(by, url)).toMatchObject({ status: 200 });
      expect(connected()).toBe(attempt);
      await eventually(async () => (await connections(shop)) === 0);
    }
    const refused = await send(by, url);
    expect(refused).toMatchObject({ status: null, error: expect.stringContaining("127.0.0.2, a private address") });
    expect(heard.map(({ server }) => server)).toEqual(["shop", "shop"]);
  });

  it("that leads inside and outside is not reached", async () => {
    const { by, url, heard, leads } = await shopAndInner(tls);
    for (const both of [
      ["127.0.0.1", "127.0.0.2"],
      ["127.0.0.2", "127.0.0.1"],
    ]) {
      leads.splice(0, leads.length, both);
      expect((await send(by, url)).error).toContain("private address");
    }
    expect(heard).toEqual([]);
  });
});

describe("a redirect", () => {
  it("to the inside is an answer like any other", async () => {
    const heard: string[] = [];
    const port = await listen(
      createHttpServer((request, response) => {
        heard.push(request.url!);
        response.writeHead(307, { location: `http://127.0.0.1:${port}/inner` }).end();
      }),
      "127.0.0.1",
    );
    expect(await send(client({ loopback: true }), `http://127.0.0.1:${port}/hook`)).toMatchObject({ status: 307 });
    expect(heard).toEqual(["/hook"]);
  });
});

describe("a receiver that", () => {
  /** Writes what `text` gives, over and over, for as long as somebody listens. */
  const pouring = (start: string, text: string, every_ms: number) => (socket: Socket) => {
    socket.write(start);
    const timer = setInterval(() => socket.writable && socket.write(text), every_ms);
    socket.on("close", () => clearInterval(timer));
  };
  const ok = "HTTP/1.1 200 OK\r\n";

  it.each<[does: string, error: string, behave: (socket: Socket) => void]>([
    ["never answers", "TIMEOUT: no more of the answer within 400 ms", () => {}],
    ["stops within its headers", "TIMEOUT: no more", (socket) => socket.write(`${ok}server: x`)],
    ["trickles headers", "TIMEOUT", pouring(ok, "x", 20)],
    ["is about to answer for ever", "TIMEOUT", pouring("", "HTTP/1.1 102 Processing\r\n\r\n", 20)],
    ["pours headers", "HEADERS_TOO_LARGE", pouring(ok, `x: ${"x".repeat(4_000)}\r\n`, 1)],
    ["resets", "ECONNRESET", (socket) => socket.on("data", () => socket.resetAndDestroy())],
    ["hangs up", "UND_ERR_SOCKET: other side closed", (socket) => socket.on("data", () => socket.end())],
    ["speaks no HTTP", "does not match the HTTP/1.1 protocol", (socket) => socket.write("220 mail.example ESMTP\r\n")],
  ])("%s: the attempt ends in time with %s", async (_, error, behave) => {
    const server = createServer((socket) => {
      socket.resume();
      behave(socket);
    });
    const port = await listen(server, "127.0.0.1");
    const outcome = await send(client({ loopback: true }), `http://127.0.0.1:${port}/hook`);
    expect(outcome).toMatchObject({ status: null, answer: null, error: expect.stringContaining(error) });
    expect(outcome.duration_ms).toBeLessThan(timeouts.total_ms + slack_ms);
    await eventually(async () => (await connections(server)) === 0);
  });

  it.each<[does: string, answer: RegExp, behave: (socket: Socket) => void]>([
    ["stops within its answer", /^O$/, (socket) => socket.write(`${ok}content-length: 9\r\n\r\nO`)],
    ["never begins its answer", /^$/, (socket) => socket.write(`${ok}content-length: 9\r\n\r\n`)],
    ["trickles its answer", /^x{2,}$/, pouring(`${ok}content-length: 9999\r\n\r\n`, "x", 20)],
    ["trickles chunks", /^x{2,}$/, pouring(`${ok}transfer-encoding: chunked\r\n\r\n`, "1\r\nx\r\n", 20)],
    ["hangs up within its answer", /^O$/, (socket) => socket.end(`${ok}content-length: 9\r\n\r\nO`)],
    [
      "resets within its answer",
      /^O$/,
      (socket) => {
        socket.write(`${ok}content-length: 9\r\n\r\nO`);
        setTimeout(() => socket.resetAndDestroy(), 100);
      },
    ],
    [
      "garbles its answer",
      /^O$/,
      (socket) => {
        socket.write(`${ok}transfer-encoding: chunked\r\n\r\n1\r\nO\r\n`);
        setTimeout(() => socket.write("no length\r\n"), 100);
      },
    ],
    [
      "garbles its answer at once",
      /^O$/,
      (socket) => socket.write(`${ok}transfer-encoding: chunked\r\n\r\n1\r\nO\r\nno length\r\n`),
    ],
  ])("%s has answered", async (_, answer, behave) => {
    const server = createServer((socket) => {
      socket.resume();
      socket.once("data", () => behave(socket));
    });
    const port = await listen(server, "127.0.0.1");
    const outcome = await send(client({ loopback: true }), `http://127.0.0.1:${port}/hook`);
    expect(outcome).toMatchObject({ status: 200, error: null, answer: expect.stringMatching(answer) });
    expect(outcome.duration_ms).toBeLessThan(httpLimits.webhook_body_wait_ms + slack_ms);
    await eventually(async () => (await connections(server)) === 0);
  });

  it("answers just before its time is up has answered", async () => {
    const server = createServer((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 500 Internal Server Error\r\n");
        setTimeout(() => socket.write("content-length: 9\r\n\r\nO"), 300);
      });
    });
    const port = await listen(server, "127.0.0.1");
    const by = client({ loopback: true });
    const times = { read_ms: 5_000, total_ms: 700 };
    const outcome = await by.send({ url: `http://127.0.0.1:${port}/hook`, headers: {}, body: "{}" }, times);
    expect(outcome).toMatchObject({ status: 500, error: null, answer: "O" });
    await eventually(async () => (await connections(server)) === 0);
  });

  it("pours its answer is heard to the limit and no further", async () => {
    const server = createServer((socket) => {
      socket.resume();
      pouring(`${ok}transfer-encoding: chunked\r\n\r\n`, `400\r\n${"x".repeat(0x400)}\r\n`, 1)(socket);
    });
    const port = await listen(server, "127.0.0.1");
    const outcome = await send(client({ loopback: true }), `http://127.0.0.1:${port}/hook`);
    expect(outcome).toMatchObject({ status: 200, error: null, answer: "x".repeat(2_048) });
    await eventually(async () => (await connections(server)) === 0);
  });

  it("has a certificate that nobody vouches for, or none, is not told", async () => {
    const heard: unknown[] = [];
    const secure = createHttpsServer(shopCertificate, (request) => heard.push(request.url));
    const plain = createServer((socket) => socket.on("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    const by = client({ loopback: true });
    const ports = [await listen(secure, "127.0.0.1"), await listen(plain, "127.0.0.1")];
    const [selfSigned, none] = await Promise.all(ports.map((port) => send(by, `https://127.0.0.1:${port}/hook`)));
    expect(selfSigned).toMatchObject({ status: null, error: expect.stringContaining("SELF_SIGNED") });
    expect(none).toMatchObject({ status: null, error: expect.stringContaining("SSL") });
    expect(heard).toEqual([]);
    for (const server of [secure, plain]) await eventually(async () => (await connections(server)) === 0);
  });

  it("is found too late is not told any more", { timeout: 15_000 }, async () => {
    const heard: unknown[] = [];
    const server = createHttpServer((request) => heard.push(request.url));
    const port = await listen(server, "127.0.0.1");
    let find = () => {};
    const lookup: LookupFunction = (_hostname, _options, callback) => {
      find = () => callback(null, [{ address: "127.0.0.1", family: 4 }]);
    };
    const outcome = await send(client({ loopback: true, lookup }), `http://shop.example:${port}/hook`);
    expect(outcome).toMatchObject({ status: null, error: "TIMEOUT: no whole answer within 1200 ms" });
    expect(outcome.duration_ms).toBeLessThan(timeouts.total_ms + slack_ms);
    const connected = new Promise((resolve) => server.once("connection", resolve));
    find();
    await connected;
    await eventually(async () => (await connections(server)) === 0);
    expect(heard).toEqual([]);
  });

  it("would keep its connection open is left all the same", async () => {
    const server = createHttpServer({ keepAliveTimeout: 600_000 }, (request, response) => {
      request.resume().on("end", () => response.setHeader("keep-alive", "timeout=600").end("OK"));
    });
    const port = await listen(server, "127.0.0.1");
    expect(await send(client({ loopback: true }), `http://127.0.0.1:${port}/hook`)).toMatchObject({ status: 200 });
    await eventually(async () => (await connections(server)) === 0, slack_ms);
  });
});
