import pg from "pg";
import { type Logger, pino } from "pino";
import { pretty } from "./pretty.ts";

/** Lines for people on a terminal, JSON elsewhere; always on stderr, so that stdout stays the command's own. */
export function createLogger(level: string): Logger {
  const options = { level, base: null, serializers: { err: describeError } };
  return process.stderr.isTTY ? pino(options, pretty()) : pino(options, pino.destination(2));
}

/**
 * A database error quotes the row it failed on, and that row may be somebody's name and account: of those only what
 * tells a developer where to look is kept.
 */
export function describeError(error: Error): object {
  if (!(error instanceof pg.DatabaseError)) {
    const { name, message, stack } = error;
    const code = "code" in error ? { code: error.code } : {};
    const cause = error.cause instanceof Error ? { cause: describeError(error.cause) } : {};
    return { type: name, ...code, message, stack, ...cause };
  }
  const { code, severity, schema, table, column, constraint, routine } = error;
  const stack = error.stack?.split("\n").slice(1).join("\n");
  return { type: "DatabaseError", code, severity, schema, table, column, constraint, routine, stack };
}
