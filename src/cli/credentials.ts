import { Command } from "commander";
import { callNode, print } from "./node-client.ts";

export const credentials = new Command("credentials")
  .description("print the demo credentials of the running sandbox node")
  .action(async () => print(await callNode("GET", "/sandbox/credentials")));
