import { Command } from "commander";
import { readConfig } from "../config.ts";
import { visitDatabase } from "../database.ts";
import { openStore } from "../main.ts";
import { createLogger } from "./logger.ts";

export const migrate = new Command("migrate")
  .description("bring the database up to this version of Naru (a starting node does so too)")
  .action(async () => {
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
