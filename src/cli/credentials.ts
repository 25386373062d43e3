import { Command } from "commander";
import { printJson } from "./format.ts";
import { callNode } from "./node-client.ts";
import { example } from "./options.ts";

export const credentials = new Command("credentials")
  .description("print the demo credentials of the running sandbox node")
  .addHelpText(...example("naru credentials"))
  .action(async () => printJson(await callNode("GET", "/sandbox/credentials")));
