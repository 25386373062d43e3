/**
 * What can go wrong before there is a database is told to an operator, not to a program: each message names the
 * directory or process it is about, says that nothing was changed where that is so, and what to do next. The code is
 * for callers and tests.
 */
export type EmbeddedErrorCode =
  | "owned" // another live process owns the data directory
  | "other-major" // the data was made by another major version of PostgreSQL
  | "other-user" // the data belongs to another user of this machine
  | "unreachable" // the account that must run the server cannot reach its files
  | "missing-cluster" // the data was kept elsewhere and is gone from there
  | "damaged" // a cluster directory that is none
  | "wrong-password" // the server does not accept the password on file
  | "unsupported-platform" // no PostgreSQL binaries for this machine
  | "no-user" // started by root, and no unprivileged account to run the server
  | "failed-to-start"
  | "failed-to-stop";

export class EmbeddedError extends Error {
  override readonly name = "EmbeddedError";
  readonly code: EmbeddedErrorCode;

  constructor(code: EmbeddedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The `code` of an error of Node or PostgreSQL ("ENOENT", "28P01"), or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
