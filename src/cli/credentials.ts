import { Command } from "commander";
import { printJson } from "./format.ts";
import { callNode } from "./node-client.ts";

export const credentials = new Command("credentials")
  .description("print the demo credentials of the running sandbox node")
  .action(async () => printJson(await callNode("GET", "/sandbox/credentials")));
