import { isAbsolute, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, isOpenSandbox, readConfig, readSettings, settings } from "./config.ts";
import { isLoopback } from "./http/hosts.ts";

const token = "0123456789abcdef";
const key = "00".repeat(32);
const live = { NARU_MODE: "live", NARU_OPERATOR_TOKEN: token, NARU_MASTER_KEY: key };

describe("settings left out", () => {
  it("make a sandbox on loopback with its own database", () => {
    expect(readConfig({})).toEqual({
      port: 4100,
      host: "127.0.0.1",
      loopback: true,
      dataDir: resolve(".naru"),
      databaseUrl: undefined,
      mode: "sandbox",
      operatorToken: undefined,
      viewerToken: undefined,
      masterKey: undefined,
      publicUrl: "http://127.0.0.1:4100",
      allowedHosts: [],
      webhookAllow: [],
      logLevel: "info",
      batchCap: 256,
      batchLanes: 2,
      keepExchanges: true,
      exchangesKept_days: 30,
      bankChecksAmounts: true,
      announceIssued: true,
      topUpDue_days: 7,
      authenticateWithin_s: 900,
      sandboxMethods: [],
      pproRate_per_s: undefined,
      konaplateWindow_s: undefined,
      konaplateClear: true,
      callTimeout_ms: 15_000,
    });
  });

  it("are the same as settings that are empty or blank", () => {
    const blank = Object.fromEntries(Object.values(settings).map((one, at) => [one.variable, at % 2 ? "" : "  "]));
    expect(readConfig(blank)).toEqual(readConfig({}));
  });
});

describe("settings", () => {
  it.each([
    ["NARU_PORT", "0", { port: 0 }],
    ["NARU_PORT", " 65535 ", { port: 65_535 }],
    ["NARU_HOST", "::1", { host: "::1", loopback: true, publicUrl: "http://[::1]:4100" }],
    ["NARU_HOST", "localhost", { loopback: true, publicUrl: "http://localhost:4100" }],
    ["NARU_HOST", "127.8.9.10", { loopback: true }],
    ["DATABASE_URL", "postgres://naru@db/naru", { databaseUrl: "postgres://naru@db/naru" }],
    ["DATABASE_URL", "postgresql://naru@db/naru", { databaseUrl: "postgresql://naru@db/naru" }],
    ["NARU_OPERATOR_TOKEN", token, { operatorToken: token }],
    ["NARU_VIEWER_TOKEN", token, { viewerToken: token }],
    ["NARU_PUBLIC_URL", "https://localhost/", { publicUrl: "https://localhost", loopback: true }],
    ["NARU_PUBLIC_URL", "http://LocalHost.:8080", { loopback: true }],
    ["NARU_PUBLIC_URL", "http://[::1]:8080", { publicUrl: "http://[::1]:8080", loopback: true }],
    ["NARU_PUBLIC_URL", "http://127.8.9.10", { loopback: true }],
    ["NARU_ALLOWED_HOSTS", " Naru.internal, 10.0.0.5,::1 ,", { allowedHosts: ["naru.internal", "10.0.0.5", "[::1]"] }],
    ["NARU_WEBHOOK_ALLOW", "Shop.internal.", { webhookAllow: [{ name: "shop.internal" }] }],
    ["NARU_WEBHOOK_ALLOW", "10.0.0.0/8", { webhookAllow: [{ network: "10.0.0.0", prefix: 8, family: "ipv4" }] }],
    ["NARU_WEBHOOK_ALLOW", "10.0.0.1", { webhookAllow: [{ network: "10.0.0.1", prefix: 32, family: "ipv4" }] }],
    ["NARU_WEBHOOK_ALLOW", "fd00::/8", { webhookAllow: [{ network: "fd00::", prefix: 8, family: "ipv6" }] }],
    ["NARU_WEBHOOK_ALLOW", "[::1]", { webhookAllow: [{ network: "::1", prefix: 128, family: "ipv6" }] }],
    ["NARU_LOG_LEVEL", "silent", { logLevel: "silent" }],
    ["NARU_BATCH_CAP", "1", { batchCap: 1 }],
    ["NARU_BATCH_LANES", "20", { batchLanes: 20 }],
    ["NARU_KEEP_EXCHANGES", "false", { keepExchanges: false }],
    ["NARU_EXCHANGES_KEPT_DAYS", "3650", { exchangesKept_days: 3_650 }],
    ["NARU_SANDBOX_BANK_CHECKS", "false", { bankChecksAmounts: false }],
    ["NARU_IAMPORT_ANNOUNCE_READY", "false", { announceIssued: false }],
    ["NARU_KAKAO_TOP_UP_DAYS", "30", { topUpDue_days: 30 }],
    ["NARU_KONAPLATE_WINDOW_S", "300", { konaplateWindow_s: 300 }],
    ["NARU_KONAPLATE_WINDOW_S", "0", { konaplateWindow_s: undefined }],
    ["NARU_KONAPLATE_CLEAR", "false", { konaplateClear: false }],
    ["NARU_PG_TIMEOUT_MS", "500", { callTimeout_ms: 500 }],
  ])("%s=%s", (variable, value, read) => {
    expect(readConfig({ [variable]: value })).toMatchObject(read);
  });

  it("make the data directory absolute", () => {
    expect(isAbsolute(readConfig({ NARU_DATA_DIR: "books" }).dataDir)).toBe(true);
  });

  it.each(["0.0.0.0", "::", "192.168.0.2", "naru.example"])("serve strangers on %s with a token", (host) => {
    const config = readConfig({ NARU_HOST: host, NARU_OPERATOR_TOKEN: token });
    expect(config).toMatchObject({ host, loopback: false, mode: "sandbox" });
    expect(new URL(config.publicUrl).port).toBe("4100");
  });

  it.each(["https://pay.example", "http://192.168.0.2:4100", "http://[2001:db8::1]", "http://localhost.example"])(
    "serve strangers by the public URL %s with a token",
    (url) => {
      const config = readConfig({ NARU_PUBLIC_URL: url, NARU_OPERATOR_TOKEN: token });
      expect(config).toMatchObject({ host: "127.0.0.1", publicUrl: url, loopback: false });
      expect(isOpenSandbox(config)).toBe(false);
    },
  );

  it("of a command that calls a node elsewhere need no token of an operator", () => {
    const env = { NARU_PUBLIC_URL: "https://pay.example", NARU_VIEWER_TOKEN: token };
    expect(readSettings(env)).toMatchObject({ publicUrl: "https://pay.example", viewerToken: token });
  });

  it("take no clear request live where Konaplate's are to be encrypted, unless told so", () => {
    expect(readConfig(live).konaplateClear).toBe(false);
    expect(readConfig({ ...live, NARU_KONAPLATE_CLEAR: "true" }).konaplateClear).toBe(true);
  });

  it("run live with a token and a master key", () => {
    expect(readConfig(live)).toMatchObject({ mode: "live", operatorToken: token, masterKey: key });
  });
});

describe("settings that cannot be used", () => {
  it.each([
    ["NARU_PORT", { NARU_PORT: "http" }],
    ["NARU_PORT", { NARU_PORT: "65536" }],
    ["NARU_PORT", { NARU_PORT: "-1" }],
    ["NARU_PORT", { NARU_PORT: "41.5" }],
    ["NARU_MODE", { NARU_MODE: "production" }],
    ["NARU_MODE", { NARU_MODE: "LIVE" }],
    ["NARU_OPERATOR_TOKEN", { NARU_OPERATOR_TOKEN: "0123456789abcde" }],
    ["NARU_VIEWER_TOKEN", { NARU_VIEWER_TOKEN: "short" }],
    ["DATABASE_URL", { DATABASE_URL: "mysql://db" }],
    ["DATABASE_URL", { DATABASE_URL: "localhost:5432" }],
    ...["http://naru", "naru:4100", "naru/", "*.naru", "a@naru", "naru docs", "[::1", "naru%2e"].map(
      (host): [string, Record<string, string>] => ["NARU_ALLOWED_HOSTS", { NARU_ALLOWED_HOSTS: `localhost,${host}` }],
    ),
    ...[
      "http://shop",
      "shop:80",
      "*.shop",
      "10.0.0.0/33",
      "10.0.0.0/",
      "10.0.0.0/8/8",
      "10/8",
      "010.0.0.1",
      "shop/8",
    ].map((target): [string, Record<string, string>] => ["NARU_WEBHOOK_ALLOW", { NARU_WEBHOOK_ALLOW: target }]),
    ["NARU_WEBHOOK_ALLOW", { NARU_WEBHOOK_ALLOW: "fd00::/129" }],
    ["NARU_WEBHOOK_ALLOW", { NARU_WEBHOOK_ALLOW: "fe80::1%eth0" }],
    ["NARU_LOG_LEVEL", { NARU_LOG_LEVEL: "verbose" }],
    ["NARU_BATCH_CAP", { NARU_BATCH_CAP: "0" }],
    ["NARU_BATCH_CAP", { NARU_BATCH_CAP: "1001" }],
    ["NARU_BATCH_LANES", { NARU_BATCH_LANES: "21" }],
    ["NARU_KONAPLATE_WINDOW_S", { NARU_KONAPLATE_WINDOW_S: "86401" }],
    ["NARU_KONAPLATE_WINDOW_S", { NARU_KONAPLATE_WINDOW_S: "-1" }],
    ["NARU_KONAPLATE_CLEAR", { NARU_KONAPLATE_CLEAR: "yes" }],
    ["NARU_KEEP_EXCHANGES", { NARU_KEEP_EXCHANGES: "yes" }],
    ["NARU_EXCHANGES_KEPT_DAYS", { NARU_EXCHANGES_KEPT_DAYS: "0" }],
    ["NARU_SANDBOX_BANK_CHECKS", { NARU_SANDBOX_BANK_CHECKS: "1" }],
    ["NARU_IAMPORT_ANNOUNCE_READY", { NARU_IAMPORT_ANNOUNCE_READY: "on" }],
    ["NARU_OPERATOR_TOKEN", { NARU_OPERATOR_TOKEN: "열여섯 글자가 넘는 운영자 토큰" }],
    ["NARU_VIEWER_TOKEN", { NARU_VIEWER_TOKEN: "0123456789\n0123456789" }],
    ["NARU_OPERATOR_TOKEN", { NARU_HOST: "0.0.0.0" }],
    ["NARU_OPERATOR_TOKEN", { NARU_PUBLIC_URL: "https://pay.example" }],
    ["NARU_OPERATOR_TOKEN", { NARU_PUBLIC_URL: "http://10.0.0.1:4100", NARU_VIEWER_TOKEN: token }],
    ["NARU_PUBLIC_URL", { NARU_PUBLIC_URL: "pay.example" }],
    ["NARU_OPERATOR_TOKEN", { NARU_HOST: "127.0.0.1.example.com" }],
    ["NARU_OPERATOR_TOKEN", { NARU_HOST: "0.0.0.0", NARU_VIEWER_TOKEN: token }],
    ["NARU_OPERATOR_TOKEN", { ...live, NARU_OPERATOR_TOKEN: "" }],
    ["NARU_MASTER_KEY", { ...live, NARU_MASTER_KEY: "" }],
  ])("are refused by the name of %s: %j", (variable, env) => {
    expect(() => readConfig(env)).toThrow(ConfigError);
    expect(() => readConfig(env)).toThrow(new RegExp(`^${variable} `));
  });

  it("do not show a token that is too short", () => {
    expect(() => readConfig({ NARU_OPERATOR_TOKEN: "hunter2" })).toThrow(/^((?!hunter2).)*$/);
  });
});

describe("loopback", () => {
  it.each([
    ["127.0.0.1", true],
    ["127.255.255.254", true],
    ["localhost", true],
    ["::1", true],
    ["0.0.0.0", false],
    ["::", false],
    ["10.0.0.1", false],
    ["127.0.0.1.example.com", false],
    ["128.0.0.1", false],
  ])("%s: %s", (host, loopback) => {
    expect(isLoopback(host)).toBe(loopback);
  });
});
