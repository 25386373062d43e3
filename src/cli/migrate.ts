import { Command } from "commander";
import { readConfig } from "../config.ts";
import { createLogger } from "./logger.ts";
import { example } from "./options.ts";

export const migrate = new Command("migrate")
  .description("bring the database up to this version of Naru (a starting node does so too)")
  .addHelpText(...example("DATABASE_URL=postgres://naru@db.example/naru naru migrate"))
  .action(async () => {
    // The node is loaded here, so that other commands need not wait for it.
    const { visitDatabase } = await import("../database.ts");
    const { openStore } = await import("../main.ts");
    const config = readConfig(process.env);
    const database = await visitDatabase(config, createLogger("warn"));
    const store = openStore(database.where, config);
    try {
      const applied = await store.migrate();
      process.stdout.write(applied.length === 0 ? "the database is up to date\n" : `applied ${applied.join(", ")}\n`);
    } finally {
      await store.close();
      await database.close();
    }
  });
