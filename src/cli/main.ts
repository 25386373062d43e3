#!/usr/bin/env node
/** `naru`: one file per command. Failures are one line on stderr and a non-zero exit. */
import { Command } from "commander";
import { ConfigError } from "../config.ts";
import { EmbeddedError } from "../store/embedded/index.ts";
import { isUnreachable, MigrationError } from "../store/index.ts";
import { version } from "../version.ts";
import { clock } from "./clock.ts";
import { credentials } from "./credentials.ts";
import { deposit } from "./deposit.ts";
import { doctor } from "./doctor.ts";
import { migrate } from "./migrate.ts";
import { NodeError } from "./node-client.ts";
import { start } from "./start.ts";

const program = new Command("naru")
  .description("A payments gateway for Korea that you run yourself.")
  .version(version)
  .addHelpText("after", "\nSettings are environment variables, among them NARU_PORT, NARU_DATA_DIR and DATABASE_URL.");

for (const command of [start, migrate, credentials, deposit, clock, doctor]) program.addCommand(command);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`naru: ${describe(error)}\n`);
  process.exitCode = 1;
}

/** One line for what an operator can mend; the whole stack for what only we can. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isUnreachable(error)) return `the database cannot be reached: ${error.message}`;
  const expected = [ConfigError, EmbeddedError, MigrationError, NodeError].some((kind) => error instanceof kind);
  return (expected ? error.message : error.stack) ?? String(error);
}
