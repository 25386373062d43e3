import { describe, expect, it } from "vitest";
import { readConfig } from "../config.ts";
import { originGuard, type Seen } from "./origin-guard.ts";

const tokens = { NARU_OPERATOR_TOKEN: "operator-token-0001" };
const open = originGuard(readConfig({}));
const live = originGuard(readConfig({ ...tokens, NARU_MODE: "live", NARU_MASTER_KEY: "00".repeat(32) }));
const reachable = originGuard(readConfig({ ...tokens, NARU_HOST: "0.0.0.0" }));

const plain: Seen = { method: "GET", target: "/payments", httpVersion: "1.1", hosts: ["127.0.0.1:4100"] };
const statusOf = (guard: typeof open, seen: Partial<Seen>, isOwn = false) =>
  guard({ ...plain, ...seen }, isOwn)?.status ?? 200;

describe("the name in Host", () => {
  it.each([
    "127.0.0.1:4100",
    "127.0.0.1",
    "localhost:4100",
    "LOCALHOST:1",
    "localhost.:4100",
    "[::1]:4100",
    "[0:0::1]",
    "2130706433",
    "localhost:",
  ])("%s is this node's", (host) => {
    expect(statusOf(open, { hosts: [host] })).toBe(200);
  });

  it.each([
    "rebound.example",
    "rebound.example:4100",
    "127.0.0.1.rebound.example",
    "localhost.rebound.example",
    "0.0.0.0:4100",
    "192.168.0.2",
    "",
    ":4100",
    "localhost:4100:4100",
    "localhost:port",
    "localhost/",
    "localhost?",
    "user@localhost",
    "localhost@rebound.example",
    "localhost,rebound.example",
    "local host",
    "[::1",
    "::1",
    "[::1]rebound.example",
    "loc%61lhost",
  ])("%j is not", (host) => {
    expect(statusOf(open, { hosts: [host] })).toBe(421);
    expect(statusOf(open, { hosts: [host], method: "POST" }, true)).toBe(421);
  });

  it("is given once", () => {
    expect(statusOf(open, { hosts: [] })).toBe(400);
    expect(statusOf(open, { hosts: [], httpVersion: "1.0" })).toBe(421);
    expect(statusOf(open, { hosts: ["localhost", "rebound.example"] })).toBe(400);
    expect(statusOf(reachable, { hosts: [] })).toBe(400);
    expect(statusOf(reachable, { hosts: [], httpVersion: "1.0" })).toBe(200);
  });

  it("may be of the public URL, the address that is bound, or listed", () => {
    const env = {
      NARU_HOST: "127.8.9.10",
      NARU_PUBLIC_URL: "https://127.0.0.9",
      NARU_ALLOWED_HOSTS: "naru, Docs.naru",
    };
    const named = originGuard(readConfig(env));
    for (const host of ["127.0.0.9", "127.8.9.10:4100", "naru", "docs.naru:80", "localhost"]) {
      expect([host, statusOf(named, { hosts: [host] })]).toEqual([host, 200]);
    }
    for (const host of ["naru.example", "docs", "127.0.0.10"]) {
      expect([host, statusOf(named, { hosts: [host] })]).toEqual([host, 421]);
    }
  });

  it("does not count where the request line has another", () => {
    expect(statusOf(open, { target: "http://localhost:4100/payments" })).toBe(200);
    expect(statusOf(open, { target: "http://rebound.example/payments" })).toBe(421);
    expect(statusOf(open, { target: "http://localhost:4100/", hosts: ["rebound.example"] })).toBe(421);
    expect(statusOf(open, { target: "http://localhost@rebound.example/" })).toBe(421);
    expect(statusOf(open, { target: "ftp://localhost/" })).toBe(421);
    expect(statusOf(open, { target: "*", method: "OPTIONS" })).toBe(200);
  });
});

describe("a change", () => {
  const change = { method: "POST", hosts: ["127.0.0.1:4100"] };

  it.each<[Partial<Seen>, number]>([
    [{}, 200],
    [{ origin: "http://127.0.0.1:4100" }, 200],
    [{ origin: "http://127.0.0.1:4100", site: "same-origin" }, 200],
    [{ origin: "http://localhost:4100", hosts: ["LOCALHOST:4100"] }, 200],
    [{ origin: "http://localhost", hosts: ["localhost:80"] }, 200],
    [{ origin: "http://[::1]:4100", hosts: ["[::1]:4100"] }, 200],
    [{ site: "none" }, 200],
    [{ mode: "cors" }, 200],
    [{ origin: "http://127.0.0.1:3000" }, 403],
    [{ origin: "http://localhost:4100" }, 403],
    [{ origin: "https://127.0.0.1:4100" }, 403],
    [{ origin: "http://127.0.0.1" }, 403],
    [{ origin: "https://other.example" }, 403],
    [{ origin: "null" }, 403],
    [{ origin: "" }, 403],
    [{ origin: "http://127.0.0.1:4100, https://other.example" }, 403],
    [{ site: "cross-site" }, 403],
    [{ site: "same-site" }, 403],
    [{ site: "same-origin, cross-site" }, 403],
    [{ site: "cross-site", mode: "navigate", dest: "document" }, 403],
    [{ origin: "http://127.0.0.1:4100", site: "cross-site" }, 403],
  ])("%j: %i", (headers, status) => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]) {
      for (const isOwn of [true, false]) {
        expect([method, statusOf(open, { ...change, method, ...headers }, isOwn)]).toEqual([method, status]);
      }
    }
  });

  it("may come from the public URL, which a proxy serves over TLS", () => {
    const env = { NARU_PUBLIC_URL: "https://pay.example/", NARU_OPERATOR_TOKEN: "operator-token-0001" };
    const behind = originGuard(readConfig(env));
    const of = (origin: string) => statusOf(behind, { ...change, hosts: ["pay.example"], origin }, true);
    expect([of("https://pay.example"), of("https://pay.example:8443"), of("https://other.example")]).toEqual([
      200, 403, 403,
    ]);
  });
});

describe("a read", () => {
  it.each<[Partial<Seen>, number]>([
    [{ origin: "http://127.0.0.1:3000" }, 200],
    [{ site: "same-origin", mode: "cors", dest: "empty" }, 200],
    [{ site: "none", mode: "navigate", dest: "document" }, 200],
    [{ site: "cross-site", mode: "navigate", dest: "document" }, 200],
    [{ site: "same-site", mode: "navigate", dest: "document" }, 200],
    [{ site: "cross-site", mode: "navigate", dest: "iframe" }, 403],
    [{ site: "cross-site", mode: "no-cors", dest: "image" }, 403],
    [{ site: "same-site", mode: "cors", dest: "empty" }, 403],
    [{ site: "cross-site" }, 403],
  ])("%j: %i", (headers, status) => {
    for (const method of ["GET", "HEAD"]) {
      for (const isOwn of [true, false]) expect(statusOf(open, { method, ...headers }, isOwn)).toBe(status);
    }
  });
});

describe("where tokens are needed", () => {
  it("dialects take requests by any name and from any page, Naru's own API only from its own", () => {
    const foreign: Partial<Seen> = { method: "POST", origin: "https://shop.example", site: "cross-site" };
    for (const guard of [live, reachable]) {
      expect(statusOf(guard, { hosts: ["pay.example"] })).toBe(200);
      expect(statusOf(guard, foreign)).toBe(200);
      expect(statusOf(guard, foreign, true)).toBe(403);
    }
    expect(statusOf(live, { hosts: ["rebound.example"] }, true)).toBe(421);
    expect(statusOf(reachable, { hosts: ["pay.example"] }, true)).toBe(200);
  });
});
