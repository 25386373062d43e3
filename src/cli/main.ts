#!/usr/bin/env node
/** `naru`: one file per command. Failures are one line on stderr and a non-zero exit. */
import { Command } from "commander";
import { ConfigError } from "../config.ts";
import { EmbeddedError } from "../store/embedded/index.ts";
import { isUnreachable, MigrationError } from "../store/index.ts";
import { version } from "../version.ts";
import { adAccounts } from "./ad-accounts.ts";
import { ars } from "./ars.ts";
import { clock } from "./clock.ts";
import { credentials } from "./credentials.ts";
import { deposit } from "./deposit.ts";
import { doctor } from "./doctor.ts";
import { events } from "./events.ts";
import { faults } from "./faults.ts";
import { note } from "./format.ts";
import { konaplate } from "./konaplate.ts";
import { merchants } from "./merchants.ts";
import { migrate } from "./migrate.ts";
import { NodeError } from "./node-client.ts";
import { refuseEmpty } from "./options.ts";
import { payments } from "./payments.ts";
import { seedDemo } from "./seed-demo/index.ts";
import { start } from "./start.ts";
import { users } from "./users.ts";
import { webhooks } from "./webhooks.ts";

const program = new Command("naru")
  .description("A payments gateway for Korea that you run yourself.")
  .version(version)
  // Options belong to the command that they stand behind.
  .enablePositionalOptions()
  .hook("preAction", refuseEmpty)
  .commandsGroup("Help:")
  .addHelpText(
    "after",
    "\nSettings are environment variables, among them NARU_PORT, NARU_DATA_DIR and DATABASE_URL." +
      "\n`naru help <command>` tells more of a command, with an example.",
  );

const groups = {
  "A node:": [start, migrate, doctor],
  "What happens, at the running node:": [payments, events, webhooks, merchants, adAccounts, users, konaplate],
  "Its sandbox:": [credentials, deposit, ars, clock, faults, seedDemo],
};
for (const [heading, commands] of Object.entries(groups)) {
  for (const command of commands) program.addCommand(command.helpGroup(heading));
}
for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
  command.configureOutput({
    outputError: (text) =>
      note(
        text
          .replace(/^error: /, "")
          .trim()
          .replaceAll("\n", " "),
      ),
  });
}

// Whoever reads the output may have seen enough, as `head` has.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  note(...describe(error));
  process.exit(1);
});

try {
  await program.parseAsync();
} catch (error) {
  note(...describe(error));
  process.exitCode = 1;
}

/** One line for what an operator can mend; the whole stack for what only we can. */
function describe(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  if (isUnreachable(error)) return [`the database cannot be reached: ${error.message}`];
  const { syscall } = error as NodeJS.ErrnoException;
  if (syscall === "write") return [`the output cannot be written: ${error.message}`];
  const expected = [ConfigError, EmbeddedError, MigrationError, NodeError].some((kind) => error instanceof kind);
  return expected ? [error.message] : (error.stack ?? String(error)).split("\n");
}
