import { type Logger, pino } from "pino";
import { pretty } from "./pretty.ts";

/** Lines for people on a terminal, JSON elsewhere; always on stderr, so that stdout stays the command's own. */
export function createLogger(level: string): Logger {
  const options = { level, base: null, redact: ["headers.authorization", "req.headers.authorization"] };
  return process.stderr.isTTY ? pino(options, pretty()) : pino(options, pino.destination(2));
}
