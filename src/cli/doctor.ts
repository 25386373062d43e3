import { Command } from "commander";
import { readConfig } from "../config.ts";
import { readSecrets } from "../installation.ts";
import { MigrationError } from "../store/index.ts";
import { createLogger } from "./logger.ts";
import { example } from "./options.ts";

export const doctor = new Command("doctor")
  .description("check every invariant of the books; exits 1 and names what is broken")
  .addHelpText(...example("naru doctor"))
  .action(async () => {
    // The node is loaded here, so that other commands need not wait for it.
    const { visitDatabase } = await import("../database.ts");
    const { createCore, invariantsOf, openStore } = await import("../main.ts");
    const config = readConfig(process.env);
    const log = createLogger("warn");
    const database = await visitDatabase(config, log);
    const store = openStore(database.where, config);
    try {
      const missing = await store.missingMigrations();
      if (missing.length > 0) {
        throw new MigrationError(
          `the database is not of this version (${missing[0]} is missing); run \`naru migrate\``,
        );
      }
      const send = () => Promise.reject(new Error("the doctor sends nothing"));
      const { core } = createCore(config, store, await readSecrets(config), log, send);
      const { checked, breaches } = await core.checkInvariants(invariantsOf(config));
      for (const name of checked) {
        const found = breaches.filter((breach) => breach.invariant === name);
        process.stdout.write(`${found.length === 0 ? "ok    " : "BROKEN"}  ${name}\n`);
        for (const breach of found) process.stdout.write(`          ${breach.found}\n`);
      }
      if (breaches.length > 0) process.exitCode = 1;
    } finally {
      await store.close();
      await database.close();
    }
  });
