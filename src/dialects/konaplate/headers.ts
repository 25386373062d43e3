/**
 * The `X-KM-` headers that come with every call. What clients are seen to send beside the letter of the contract is taken:
 * longer correlation ids, times with milliseconds, the id of a crypto key though nothing is encrypted.
 */
import type { IncomingHttpHeaders } from "node:http";
import { type Read, wrong } from "../../http/validate.ts";
import { errors, type KonaplateError } from "./errors.ts";
import { readTranToken, type TranToken } from "./tran-token.ts";

export interface CommonHeaders {
  aspId: string;
  accessKey: string;
  /** Undefined for what is no token of the contract's form. */
  token: TranToken | undefined;
  /** `yyyyMMddHHmmss`, perhaps with milliseconds, in the zone. */
  time: string;
  zone: string;
  /** Undefined when the request names none. */
  cryptoKeyId: string | undefined;
}

const names = {
  aspId: "X-KM-User-AspId",
  correlationId: "X-KM-Correlation-Id",
  accessKey: "X-KM-Access-Key",
  token: "X-KM-Tran-Token",
  time: "X-KM-Tran-Time",
  zone: "X-KM-Time-Zone",
} as const;
export const cryptoKeyHeader = "X-KM-Crypto-Key-Id";

/** Of the contract's twenty characters, and of whatever clients make instead; more is not given back. */
const correlationId_length = 64;
const visible = /^[\x21-\x7e]+$/;

export function readHeaders(headers: IncomingHttpHeaders): Read<CommonHeaders, KonaplateError> {
  const missing = Object.values(names).find((name) => (textOf(headers, name) ?? "") === "");
  if (missing !== undefined) return wrong(errors.headerMissing(missing));
  const at = (name: string) => textOf(headers, name) ?? "";
  if (correlationIdOf(headers) === undefined) {
    return wrong(errors.header(names.correlationId, `1 to ${correlationId_length} visible ASCII characters`));
  }
  const time = at(names.time);
  if (readTime(time, 0) === undefined) return wrong(errors.header(names.time, "a time as yyyyMMddHHmmss"));
  return {
    ok: true,
    value: {
      aspId: at(names.aspId),
      accessKey: at(names.accessKey),
      token: readTranToken(at(names.token)),
      time,
      zone: at(names.zone),
      cryptoKeyId: at(cryptoKeyHeader) || undefined,
    },
  };
}

function textOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const held = headers[name.toLowerCase()];
  return typeof held === "string" ? held.trim() : undefined;
}

function correlationIdOf(headers: IncomingHttpHeaders): string | undefined {
  const given = textOf(headers, names.correlationId) ?? "";
  return given.length <= correlationId_length && visible.test(given) ? given : undefined;
}

/** What every answer tells, errors too: which call it answers. Nothing where that cannot be told. */
export function answerHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const correlationId = correlationIdOf(headers);
  return correlationId === undefined ? {} : { [names.correlationId]: correlationId };
}

/** Hours ahead of UTC. */
const zones: Readonly<Record<string, number>> = { UTC: 0, GMT: 0, KST: 9, JST: 9 };

/** What is wrong with the time of a request that may be so far from `now`, which is real time; undefined: nothing. */
export function timeObjection(
  { time, zone }: Pick<CommonHeaders, "time" | "zone">,
  window_s: number,
  now: Date,
): KonaplateError | undefined {
  const ahead_h = zones[zone.toUpperCase()];
  if (ahead_h === undefined) return errors.header(names.zone, `one of ${Object.keys(zones).join(", ")}`);
  // That it is a time was seen when it was read.
  const away_ms = Math.abs(readTime(time, ahead_h)! - now.getTime());
  return away_ms > window_s * 1000 ? errors.timeStale(window_s) : undefined;
}

/** In milliseconds since 1970; undefined for what is no time. Seconds may be followed by up to three digits more. */
function readTime(text: string, ahead_h: number): number | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{0,3})$/.exec(text);
  if (found === null) return undefined;
  const [, year, month, day, hour, minute, second, rest = ""] = found;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${rest.padEnd(3, "0")}Z`;
  const time = new Date(iso);
  // A day that its month does not have, and the hour 24, are read as the next.
  if (Number.isNaN(time.getTime()) || time.toISOString() !== iso) return undefined;
  return time.getTime() - ahead_h * 3_600_000;
}
