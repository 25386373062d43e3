/**
 * What a page in a real browser can do to a sandbox on the same machine: nothing, unless it is the sandbox's own. Needs
 * Chromium, as `chromium` on the path or named by NARU_CHROMIUM.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { useNode } from "../support/scenario.ts";
import { attackPage, framePage, visitPage } from "./pages.ts";

const node = useNode();
const scenario_ms = 60_000;

interface Passed {
  method: string;
  path: string;
  status: number;
}

/** A server of pages. What is none of its pages goes on to the node as it came, so that its origin is the node's too. */
interface Front {
  port: number;
  /** What went on, and what the node said. */
  passed: Passed[];
  /** What the page tells that was shown last. */
  told: Record<string, string> | undefined;
  pages: Map<string, string>;
  close(): Promise<void>;
}

async function startFront(): Promise<Front> {
  const server = createServer((request, response) => {
    const path = request.url!.split("?", 1)[0]!;
    const page = front.pages.get(path);
    if (page !== undefined) response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(page);
    else if (path === "/told") void hear(request, response);
    else pass(request, response);
  });
  async function hear(request: IncomingMessage, response: ServerResponse) {
    let text = "";
    for await (const chunk of request) text += chunk;
    front.told = JSON.parse(text);
    response.end();
  }
  function pass(request: IncomingMessage, response: ServerResponse) {
    const { hostname, port } = new URL(node.url);
    const { method = "", url: path = "", rawHeaders: headers } = request;
    const onward = httpRequest({ hostname, port, method, path, headers, setHost: false }, (answer) => {
      front.passed.push({ method, path, status: answer.statusCode! });
      response.writeHead(answer.statusCode!, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const front: Front = {
    port: (server.address() as AddressInfo).port,
    passed: [],
    told: undefined,
    pages: new Map(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return front;
}

let browser: ChildProcess | undefined;
let profile: string;

/** Opens a page. Names that end in .example are this machine, as after their owner turned them to it. */
async function open(url: string): Promise<void> {
  profile = await mkdtemp(join(tmpdir(), "naru-browser-"));
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--host-resolver-rules=MAP *.example 127.0.0.1",
    `--user-data-dir=${profile}`,
  ];
  browser = spawn(process.env.NARU_CHROMIUM ?? "chromium", [...flags, url], { stdio: "ignore" });
  await new Promise((resolve, reject) => browser!.once("spawn", resolve).once("error", reject));
}

async function closeBrowser(): Promise<void> {
  const child = browser;
  browser = undefined;
  if (child === undefined || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(late);
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}

/** What a page that is shown tells of what it tried. */
async function told(by: Front, url: string): Promise<Record<string, string>> {
  await open(url);
  return eventually(async () => by.told, scenario_ms / 2);
}

let gate: Front;
let other: Front;
let token: string;

beforeAll(async () => {
  token = await node.token();
});
afterEach(async () => {
  await closeBrowser();
  await gate.close();
  await other.close();
});
afterAll(closeBrowser);

/** What would be changed by what the pages try. */
async function state() {
  const { rows } = await node.database.pool.query(
    "SELECT (SELECT count(*) FROM payments) AS payments, (SELECT count(*) FROM access_tokens) AS tokens",
  );
  const { body } = await node.get<{ offset_s: number }>("/naru/v1/sandbox/clock");
  const faults = await node.get("/naru/v1/sandbox/faults");
  return { rows, offset_s: body.offset_s, faults: faults.body };
}

async function fronts(): Promise<void> {
  gate = await startFront();
  other = await startFront();
}

const order = () => node.order({ merchant_uid: `page${Date.now()}` });

describe("a page of the node's own origin", () => {
  it("reads and changes what it likes, so that what follows is not refused by accident", {
    timeout: scenario_ms,
  }, async () => {
    await fronts();
    const origin = `http://127.0.0.1:${gate.port}`;
    gate.pages.set("/attack", attackPage({ target: origin, token, order: order(), tellTo: `${origin}/told` }));
    const before = await state();
    const tried = await told(gate, `${origin}/attack`);
    const read = Object.entries(tried).filter(([, result]) => result.startsWith("200"));
    expect(read.map(([name]) => name)).toEqual(
      expect.arrayContaining(["read", "read payments", "json", "issue", "delete"]),
    );
    expect(tried.read).toContain("naru_sandbox_secret");
    const after = await state();
    expect(after.offset_s).toBeGreaterThan(before.offset_s);
    // By fetch twice and by a form.
    expect(after.rows[0]!.payments).toBe(before.rows[0]!.payments + 3);
  });
});

describe("a page of another origin", () => {
  it.each([
    [
      "another port of this machine, as a shop's own development server is",
      "http://127.0.0.1",
      "http://127.0.0.1",
      "/attack",
    ],
    ["localhost and another port", "http://localhost", "http://localhost", "/attack"],
    ["another name of this machine", "http://localhost", "http://127.0.0.1", "/attack"],
    ["another site", "http://shop.example", "http://localhost", "/attack"],
    ["no origin, within a frame that keeps it in", "http://localhost", "http://localhost", "/frame"],
  ])("at %s reads nothing and changes nothing", { timeout: scenario_ms }, async (_, from, to, path) => {
    await fronts();
    const origin = `${from}:${other.port}`;
    const target = `${to}:${gate.port}`;
    other.pages.set("/attack", attackPage({ target, token, order: order(), tellTo: `${origin}/told` }));
    other.pages.set("/frame", framePage("/attack"));
    const before = await state();
    const tried = await told(other, `${origin}${path}`);
    for (const [name, result] of Object.entries(tried))
      expect([name, ["failed", "opaque"]]).toEqual([name, expect.arrayContaining([result])]);
    expect(Object.keys(tried).length).toBeGreaterThan(10);
    // It was this node that refused, and the browser asked it.
    for (const passed of gate.passed) expect(passed).toMatchObject({ status: 403 });
    const methods = new Set(gate.passed.map(({ method }) => method));
    expect([...methods].sort()).toEqual(["GET", "OPTIONS", "POST"]);
    expect(await state()).toEqual(before);
  });
});

describe("a page whose name was turned to this machine", () => {
  it("reads nothing and changes nothing, although the browser takes the node for its own", {
    timeout: scenario_ms,
  }, async () => {
    await fronts();
    const origin = `http://rebound.example:${gate.port}`;
    gate.pages.set("/attack", attackPage({ target: origin, token, order: order(), tellTo: `${origin}/told` }));
    const before = await state();
    const tried = await told(gate, `${origin}/attack`);
    expect(tried).toMatchObject({
      read: expect.stringMatching(/^421 .*wrong-host/),
      "read payments": expect.stringMatching(/^421 /),
      json: expect.stringMatching(/^421 /),
      token: expect.stringMatching(/^421 /),
      issue: expect.stringMatching(/^421 /),
      delete: expect.stringMatching(/^421 /),
    });
    for (const passed of gate.passed) expect(passed).toMatchObject({ status: 421 });
    expect(await state()).toEqual(before);
  });
});

describe("a link on another page", () => {
  it("leads to the API reference", { timeout: scenario_ms }, async () => {
    await fronts();
    other.pages.set("/visit", visitPage(`http://127.0.0.1:${gate.port}/docs`));
    await open(`http://shop.example:${other.port}/visit`);
    await eventually(async () => gate.passed.some(({ path }) => path === "/docs/json"), scenario_ms / 2);
    const page = gate.passed.filter(({ path }) => path.startsWith("/docs"));
    expect(page.map(({ path, status }) => [path, status])).toContainEqual(["/docs", 200]);
    expect(page.filter(({ status }) => status >= 400)).toEqual([]);
  });
});
