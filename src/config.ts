/**
 * Every setting of a node, in one table: its environment variable, its default, what it means. This is the only place
 * that reads the environment.
 */
import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import { limits } from "./core/limits.ts";
import { addressOfHost, isLoopback, plainName, readHost, readTarget, type Target } from "./http/hosts.ts";

export interface Config {
  port: number;
  host: string;
  /** Bound to loopback only, and with no public URL elsewhere, so that whoever reaches it sits at this machine. */
  loopback: boolean;
  dataDir: string;
  /** Unset: the embedded PostgreSQL in `dataDir`. */
  databaseUrl: string | undefined;
  mode: "sandbox" | "live";
  operatorToken: string | undefined;
  viewerToken: string | undefined;
  /** 32 bytes in hex or base64; unset in sandbox mode: a file in `dataDir`. */
  masterKey: string | undefined;
  publicUrl: string;
  /** Names beside its own that the node goes by, as URLs spell them. */
  allowedHosts: readonly string[];
  /** What webhooks may reach although it is not public. */
  webhookAllow: readonly Target[];
  logLevel: string;
  batchCap: number;
  batchLanes: number;
  keepExchanges: boolean;
  exchangesKept_days: number;
  bankChecksAmounts: boolean;
  announceIssued: boolean;
  /** How long an account that tops up an ad account waits for its deposit. */
  topUpDue_days: number;
  /** How long a shopper has to agree to a charge or an agreement. */
  authenticateWithin_s: number;
  /** Ways of paying, beyond KakaoPay and the mock, that the sandbox takes for redirects; `*` for any. */
  sandboxMethods: readonly string[];
  /** Calls of PPRO's that a merchant may make each second, reads and writes apart; undefined: as published. */
  pproRate_per_s: number | undefined;
  /** How far the time of a Konaplate request may be from now; undefined: however far. */
  konaplateWindow_s: number | undefined;
  /** Whether Konaplate APIs whose requests are to be encrypted take clear ones too. */
  konaplateClear: boolean;
  /** How long a call to a bank or PG may take before its outcome counts as unknown. */
  callTimeout_ms: number;
}

interface Setting {
  variable: string;
  default: string;
  about: string;
}

export const settings = {
  port: { variable: "NARU_PORT", default: "4100", about: "port to listen on" },
  host: { variable: "NARU_HOST", default: "127.0.0.1", about: "address to bind; any but loopback needs a token" },
  dataDir: { variable: "NARU_DATA_DIR", default: "./.naru", about: "where the embedded database and keys live" },
  databaseUrl: { variable: "DATABASE_URL", default: "", about: "PostgreSQL 14+ in UTF-8; unset: embedded" },
  mode: { variable: "NARU_MODE", default: "sandbox", about: "sandbox or live" },
  operatorToken: {
    variable: "NARU_OPERATOR_TOKEN",
    default: "",
    about: "token that may change things, 16+ characters",
  },
  viewerToken: { variable: "NARU_VIEWER_TOKEN", default: "", about: "token that may only look, 16+ characters" },
  masterKey: { variable: "NARU_MASTER_KEY", default: "", about: "32 bytes, hex or base64; sandbox makes its own" },
  publicUrl: {
    variable: "NARU_PUBLIC_URL",
    default: "",
    about: "where clients find the node; default: the address; any but loopback needs a token",
  },
  allowedHosts: { variable: "NARU_ALLOWED_HOSTS", default: "", about: "names that a node on loopback also goes by" },
  webhookAllow: {
    variable: "NARU_WEBHOOK_ALLOW",
    default: "",
    about: "host names, addresses and networks that webhooks may reach although private",
  },
  logLevel: { variable: "NARU_LOG_LEVEL", default: "info", about: "trace, debug, info, warn, error or silent" },
  batchCap: { variable: "NARU_BATCH_CAP", default: "256", about: "requests per commit; 1 turns group commit off" },
  batchLanes: { variable: "NARU_BATCH_LANES", default: "2", about: "batches of one command in flight at once" },
  keepExchanges: { variable: "NARU_KEEP_EXCHANGES", default: "true", about: "keep what calls asked and were told" },
  exchangesKept: { variable: "NARU_EXCHANGES_KEPT_DAYS", default: "30", about: "for how many days" },
  bankChecksAmounts: {
    variable: "NARU_SANDBOX_BANK_CHECKS",
    default: "true",
    about: "the sandbox bank refuses what a real one would",
  },
  announceIssued: {
    variable: "NARU_IAMPORT_ANNOUNCE_READY",
    default: "true",
    about: "send a webhook when an account is issued",
  },
  topUpDue: {
    variable: "NARU_KAKAO_TOP_UP_DAYS",
    default: "7",
    about: "how long an account that tops up an ad account waits for its deposit",
  },
  authenticateWithin: {
    variable: "NARU_PPRO_AUTHENTICATE_MIN",
    default: "15",
    about: "how long a shopper has to agree to a charge",
  },
  sandboxMethods: {
    variable: "NARU_PPRO_METHODS",
    default: "",
    about: "payment methods, beside KAKAOPAY and MOCK, that the sandbox takes for redirects; * for any",
  },
  pproRate: {
    variable: "NARU_PPRO_RATE",
    default: "",
    about: "PPRO calls a second, of each merchant at each node; as published if unset: 5, live 50",
  },
  konaplateWindow: {
    variable: "NARU_KONAPLATE_WINDOW_S",
    default: "0",
    about: "how far a Konaplate request's time may be from now, in seconds; 0: however far",
  },
  konaplateClear: {
    variable: "NARU_KONAPLATE_CLEAR",
    default: "",
    about: "take clear requests where Konaplate wants encrypted ones; if unset: in a sandbox alone",
  },
  callTimeout: { variable: "NARU_PG_TIMEOUT_MS", default: "15000", about: "how long a bank or PG may take to answer" },
} as const satisfies Record<string, Setting>;

/** A setting cannot be used; the message names the variable and what it wants. */
export class ConfigError extends Error {}

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];
const token_length_min = 16;

/** The settings of a node, with the secrets that it needs where others can reach it. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const config = readSettings(env);
  const { mode, host, publicUrl, loopback } = config;
  if (config.operatorToken === undefined && (mode === "live" || !loopback)) {
    const { variable } = settings.operatorToken;
    if (mode === "live") throw new ConfigError(`${variable} must be set in live mode`);
    if (!isLoopback(host)) throw new ConfigError(`${variable} must be set to listen on ${host}`);
    const name = new URL(publicUrl).hostname;
    throw new ConfigError(`${variable} must be set when ${settings.publicUrl.variable} lets others come by ${name}`);
  }
  if (config.masterKey === undefined && mode === "live") {
    throw new ConfigError(`${settings.masterKey.variable} must be set in live mode`);
  }
  return config;
}

/** The same for who only calls a node, from wherever it is. */
export function readSettings(env: NodeJS.ProcessEnv): Config {
  const text = (setting: Setting): string => env[setting.variable]?.trim() || setting.default;
  const optional = (setting: Setting): string | undefined => text(setting) || undefined;
  const oneOf = <Choice extends string>(setting: Setting, choices: readonly Choice[]): Choice => {
    const value = choices.find((choice) => choice === text(setting));
    if (value === undefined) throw new ConfigError(`${setting.variable} must be one of ${choices.join(", ")}`);
    return value;
  };
  const integer = (setting: Setting, min: number, max: number): number => {
    const value = Number(text(setting));
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new ConfigError(`${setting.variable} must be a whole number from ${min} to ${max}`);
  };
  const boolean = (setting: Setting): boolean => oneOf(setting, ["true", "false"]) === "true";
  const token = (setting: Setting): string | undefined => {
    const value = optional(setting);
    if (value === undefined) return undefined;
    if (value.length < token_length_min) {
      throw new ConfigError(`${setting.variable} must have at least ${token_length_min} characters`);
    }
    if (/^[ -~]+$/.test(value)) return value;
    throw new ConfigError(`${setting.variable} may have letters, digits and signs of ASCII alone, to fit in a header`);
  };

  const list = <Item>(setting: Setting, read: (text: string) => Item | undefined, wanted: string): Item[] =>
    text(setting)
      .split(",")
      .map((one) => one.trim())
      .filter((one) => one !== "")
      .map((one) => {
        const item = read(one);
        if (item === undefined) throw new ConfigError(`${setting.variable} has ${one}, which is no ${wanted}`);
        return item;
      });

  const port = integer(settings.port, 0, 65_535);
  const host = text(settings.host);
  const mode = oneOf(settings.mode, ["sandbox", "live"]);
  const databaseUrl = optional(settings.databaseUrl);
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new ConfigError(`${settings.databaseUrl.variable} must begin with postgres://`);
  }
  const publicUrl = optional(settings.publicUrl) ?? `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (!/^https?:\/\//i.test(publicUrl) || !URL.canParse(publicUrl)) {
    throw new ConfigError(`${settings.publicUrl.variable} must be an http or https URL`);
  }
  const { hostname, search, hash } = new URL(publicUrl);
  if (search !== "" || hash !== "") {
    throw new ConfigError(`${settings.publicUrl.variable} must be without a query and a fragment`);
  }
  const publicHost = addressOfHost(hostname) ?? plainName(hostname);
  return {
    port,
    host,
    // Behind a tunnel or a proxy, what comes from anywhere comes to loopback.
    loopback: isLoopback(host) && isLoopback(publicHost),
    dataDir: resolve(text(settings.dataDir)),
    databaseUrl,
    mode,
    operatorToken: token(settings.operatorToken),
    viewerToken: token(settings.viewerToken),
    masterKey: optional(settings.masterKey),
    publicUrl: publicUrl.replace(/\/+$/, ""),
    allowedHosts: list(settings.allowedHosts, readHost, "host name without port"),
    webhookAllow: list(settings.webhookAllow, readTarget, "host name, address or network such as 10.0.0.0/8"),
    logLevel: oneOf(settings.logLevel, logLevels),
    batchCap: integer(settings.batchCap, 1, 1_000),
    batchLanes: integer(settings.batchLanes, 1, 20),
    keepExchanges: boolean(settings.keepExchanges),
    exchangesKept_days: integer(settings.exchangesKept, 1, 3_650),
    bankChecksAmounts: boolean(settings.bankChecksAmounts),
    announceIssued: boolean(settings.announceIssued),
    topUpDue_days: integer(settings.topUpDue, 1, limits.due_max_days),
    authenticateWithin_s: 60 * integer(settings.authenticateWithin, 1, limits.authenticate_max_s / 60),
    sandboxMethods: list(
      settings.sandboxMethods,
      (one) => (/^(\*|[A-Z0-9_]{1,100})$/.test(one) ? one : undefined),
      "payment method such as ALIPAY",
    ),
    pproRate_per_s: optional(settings.pproRate) === undefined ? undefined : integer(settings.pproRate, 1, 100_000),
    konaplateWindow_s: integer(settings.konaplateWindow, 0, limits.request_window_max_s) || undefined,
    konaplateClear:
      optional(settings.konaplateClear) === undefined ? mode === "sandbox" : boolean(settings.konaplateClear),
    callTimeout_ms: integer(settings.callTimeout, 100, 120_000),
  };
}

/** Sandbox mode that only the person at this machine can reach: published credentials, no token, local webhooks. */
export function isOpenSandbox(config: Pick<Config, "mode" | "loopback">): boolean {
  return config.mode === "sandbox" && config.loopback;
}
