#!/usr/bin/env node
/** `naru`: one file per command. Failures are one line on stderr and a non-zero exit. */
import { Command } from "commander";
import { ConfigError } from "../config.ts";
import { EmbeddedError } from "../store/embedded/index.ts";
import { MigrationError } from "../store/index.ts";
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
  const expected = [ConfigError, EmbeddedError, MigrationError, NodeError].some((kind) => error instanceof kind);
  process.stderr.write(`naru: ${expected ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = 1;
}
