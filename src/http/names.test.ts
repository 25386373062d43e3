import { createSocket } from "node:dgram";
import { ADDRCONFIG, type LookupAddress, type LookupOptions } from "node:dns";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { isIPv4 } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { httpLimits } from "./limits.ts";
import { type NameOptions, nameLookup, parseHosts } from "./names.ts";
import { createWebhookClient } from "./webhook-client.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** What a slow machine may add. */
const slack_ms = 1_500;

type Kind = "A" | "AAAA";
/** Addresses; a response code, such as 2 for a server's failure; or no word at all. */
type Answer = readonly string[] | number | "silence";

/** A name server at 127.0.0.1, as address:port, and what it is asked. */
async function nameServer(answer: (name: string, kind: Kind) => Answer): Promise<{ at: string; asked: string[] }> {
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = query[at]!; length > 0; length = query[at]!) {
      labels.push(query.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    const kind = query.readUInt16BE(at + 1) === 1 ? "A" : "AAAA";
    const name = labels.join(".").toLowerCase();
    asked.push(`${kind} ${name}`);
    const said = answer(name, kind);
    if (said === "silence") return;
    const addresses = typeof said === "number" ? [] : said;
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | (typeof said === "number" ? said : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(addresses.length, 6);
    const records = addresses.map((address) => {
      const data = bytesOf(address);
      // The name of the question, the kind, the internet, a minute.
      return Buffer.from([0xc0, 12, 0, kind === "A" ? 1 : 28, 0, 1, 0, 0, 0, 60, 0, data.length, ...data]);
    });
    socket.send(Buffer.concat([header, query.subarray(12, at + 5), ...records]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  closing.push(() => new Promise<void>((resolve) => socket.close(resolve)));
  return { at: `127.0.0.1:${socket.address().port}`, asked };
}

/** An IPv6 address is written in full. */
function bytesOf(address: string): number[] {
  if (isIPv4(address)) return address.split(".").map(Number);
  return address.split(":").flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]);
}

const six = "2600:1:2:3:4:5:6:7";
const v4 = (address: string): LookupAddress => ({ address, family: 4 });
const v6 = (address: string): LookupAddress => ({ address, family: 6 });

/** What a name is resolved to, as the callback is given it. */
function resolved(names: NameOptions, name: string, options: LookupOptions = { all: true }): Promise<unknown> {
  return new Promise((settle) =>
    nameLookup({ hostsFile: "/nowhere", ...names })(name, options, (error, address, family) =>
      settle(error ?? (options.all ? address : { address, family })),
    ),
  );
}

describe("a name that is asked of name servers", () => {
  const table: Record<string, Record<Kind, Answer>> = {
    "both.test": { A: ["192.0.2.1", "192.0.2.2"], AAAA: [six] },
    "four.test": { A: ["192.0.2.1"], AAAA: [] },
    "six.test": { A: [], AAAA: [six] },
    "half.test": { A: ["192.0.2.1"], AAAA: "silence" },
    "half-failed.test": { A: 2, AAAA: [six] },
    "none.test": { A: [], AAAA: [] },
    "failed.test": { A: [], AAAA: 2 },
    "silent.test": { A: "silence", AAAA: "silence" },
  };
  const server = () => nameServer((name, kind) => table[name]?.[kind] ?? 3);

  it("leads to its addresses of both kinds, or of one if there is but one", async () => {
    const { at, asked } = await server();
    const names = { servers: [at] };
    const both = (await resolved(names, "both.test")) as LookupAddress[];
    expect(both.slice(0, 2).sort((a, b) => (a.address < b.address ? -1 : 1))).toEqual([
      v4("192.0.2.1"),
      v4("192.0.2.2"),
    ]);
    expect(both.slice(2)).toEqual([v6(six)]);
    expect(asked.sort()).toEqual(["A both.test", "AAAA both.test"]);
    expect(await resolved(names, "four.test")).toEqual([v4("192.0.2.1")]);
    expect(await resolved(names, "FOUR.test.")).toEqual([v4("192.0.2.1")]);
    expect(await resolved(names, "six.test")).toEqual([v6(six)]);
  });

  it("leads where one kind of address says if the other cannot be had", async () => {
    const { at } = await server();
    expect(await resolved({ servers: [at] }, "half.test")).toEqual([v4("192.0.2.1")]);
    expect(await resolved({ servers: [at] }, "half-failed.test")).toEqual([v6(six)]);
  });

  it("is given as it is asked for: one, of a kind, of those that this machine can reach", async () => {
    const names = { servers: [(await server()).at] };
    expect(await resolved(names, "four.test", {})).toEqual(v4("192.0.2.1"));
    expect(await resolved(names, "both.test", { family: 6 })).toEqual(v6(six));
    expect(await resolved(names, "both.test", { family: "IPv6", all: true })).toEqual([v6(six)]);
    expect(await resolved(names, "four.test", { family: 6 })).toMatchObject({ code: "ENOTFOUND" });
    expect(await resolved(names, "four.test", { family: 0, hints: ADDRCONFIG })).toEqual(v4("192.0.2.1"));
    expect(await resolved(names, "six.test", { hints: ADDRCONFIG, all: true })).toEqual([v6(six)]);
  });

  it("leads nowhere for a reason that names it", async () => {
    const names = { servers: [(await server()).at] };
    for (const [name, code] of [
      ["unknown.test", "ENOTFOUND"],
      ["none.test", "ENODATA"],
      ["failed.test", "ESERVFAIL"],
      ["silent.test", "ETIMEOUT"],
      [`${"x".repeat(64)}.test`, "EBADNAME"],
    ] as const) {
      const error = await resolved(names, name);
      expect(error).toMatchObject({ code, message: expect.stringMatching(new RegExp(`${code} ${name}$`)) });
    }
  });

  it("is given up in time however many servers are silent, and found if the second is not", async () => {
    const silent = await Promise.all(Array.from({ length: 6 }, () => nameServer(() => "silence")));
    const start = performance.now();
    const error = await resolved({ servers: silent.map(({ at }) => at) }, "shop.test");
    expect(error).toMatchObject({ code: "ETIMEOUT", message: expect.stringContaining("ETIMEOUT shop.test") });
    expect(performance.now() - start).toBeLessThan(httpLimits.webhook_name_timeout_ms + slack_ms);
    expect(httpLimits.webhook_name_timeout_ms + slack_ms).toBeLessThan(httpLimits.webhook_connect_timeout_ms);
    const servers = [silent[0]!.at, (await server()).at];
    expect(await resolved({ servers }, "four.test")).toEqual([v4("192.0.2.1")]);
  });
});

describe("a name that needs no name server", () => {
  it("is localhost, whatever anybody says", async () => {
    const { at, asked } = await nameServer(() => ["192.0.2.1"]);
    const hostsFile = hosts("192.0.2.9 localhost shop.localhost");
    for (const name of ["localhost", "LocalHost.", "shop.localhost"]) {
      expect(await resolved({ servers: [at], hostsFile }, name)).toEqual([v4("127.0.0.1"), v6("::1")]);
    }
    expect(await resolved({ servers: [at] }, "localhost", { family: 6 })).toEqual(v6("::1"));
    expect(asked).toEqual([]);
  });

  it("stands in the hosts file, as it is now", async () => {
    const { at, asked } = await nameServer(() => 3);
    const hostsFile = hosts("192.0.2.1 shop\n");
    const names = { servers: [at], hostsFile };
    const lookup = nameLookup(names);
    const now = () => new Promise((settle) => lookup("Shop", { all: true }, (error, found) => settle(error ?? found)));
    expect(await now()).toEqual([v4("192.0.2.1")]);
    expect(asked).toEqual([]);
    writeFileSync(hostsFile, "192.0.2.2 shop\n");
    utimesSync(hostsFile, new Date(), new Date(Date.now() + 5_000));
    expect(await now()).toEqual([v4("192.0.2.2")]);
    rmSync(hostsFile);
    expect(await now()).toMatchObject({ code: "ENOTFOUND" });
  });

  function hosts(text: string): string {
    const directory = mkdtempSync(join(tmpdir(), "naru-hosts-"));
    closing.push(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, "hosts"), text);
    return join(directory, "hosts");
  }
});

describe("a hosts file", () => {
  it("has names by their addresses", () => {
    const text = [
      "\uFEFF# Static table",
      "127.0.0.1\tvm  VM.Example. vm # this machine",
      "  ::1 vm",
      "192.0.2.1 shop#192.0.2.2 other",
      "fe80::1%lo0 link",
      "#192.0.2.3 shop",
      "192.0.2.256 shop",
      "shop 192.0.2.4",
      "192.0.2.5",
      "192.0.2.6 shop",
      "192.0.2.6 shop",
      "",
    ];
    for (const end of ["\n", "\r\n"]) {
      expect(Object.fromEntries(parseHosts(text.join(end)))).toEqual({
        vm: [v4("127.0.0.1"), v6("::1")],
        "vm.example": [v4("127.0.0.1")],
        shop: [v4("192.0.2.1"), v4("192.0.2.6")],
        link: [v6("fe80::1%lo0")],
      });
    }
    expect(parseHosts("").size).toBe(0);
  });
});

describe("names whose servers never answer", () => {
  it("keep nobody else's webhooks waiting, and are given up in time", async () => {
    const { at } = await nameServer((name, kind) => {
      if (name.endsWith(".dead.test")) return "silence";
      if (name === "inner.test") return kind === "A" ? ["10.0.0.1"] : [];
      return name === "good.test" ? (kind === "A" ? ["127.0.0.1"] : []) : 3;
    });
    const heard: (string | undefined)[] = [];
    const shop = createServer((request, response) => {
      heard.push(request.headers.host);
      request.resume().on("end", () => response.end("OK"));
    });
    await new Promise<void>((resolve) => shop.listen(0, "127.0.0.1", resolve));
    closing.push(() => new Promise((resolve) => shop.close(resolve)));
    const { port } = shop.address() as { port: number };
    const client = createWebhookClient({ loopback: true, allow: [], nameServers: [at] });
    closing.push(() => client.close());
    const send = (host: string) =>
      client.send({ url: `http://${host}:${port}/`, headers: {}, body: "{}" }, { read_ms: 30_000, total_ms: 45_000 });

    const dead = Array.from({ length: 16 }, (_, n) => send(`${n}.dead.test`));
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (let n = 0; n < 3; n += 1) {
      const good = await send("good.test");
      expect(good).toMatchObject({ status: 200, error: null, answer: "OK" });
      expect(good.duration_ms).toBeLessThan(1_000);
    }
    expect(heard).toEqual(Array.from({ length: 3 }, () => `good.test:${port}`));
    expect((await send("inner.test")).error).toBe("PRIVATE_ADDRESS: inner.test is at 10.0.0.1, a private address");
    expect((await send("nobody.test")).error).toMatch(/^ENOTFOUND: .*nobody\.test$/);
    for (const [n, outcome] of (await Promise.all(dead)).entries()) {
      expect(outcome).toMatchObject({
        status: null,
        error: expect.stringMatching(`^ETIMEOUT: .* ${n}\\.dead\\.test$`),
      });
      expect(outcome.duration_ms).toBeLessThan(httpLimits.webhook_name_timeout_ms + slack_ms);
    }
  });
});
