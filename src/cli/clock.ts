import { Command } from "commander";
import { printJson } from "./format.ts";
import { callNode } from "./node-client.ts";
import { example } from "./options.ts";

export const clock = new Command("clock")
  .description("show business time, or move it forward")
  .option("--advance <duration>", "ISO 8601, e.g. P3D or PT12H")
  .option("--to <time>", "ISO 8601, in the future")
  .addHelpText(...example("naru clock", "naru clock --advance P3D"))
  .action(async (options: { advance?: string; to?: string }) => {
    const moves = options.advance !== undefined || options.to !== undefined;
    printJson(await (moves ? callNode("POST", "/sandbox/clock", options) : callNode("GET", "/sandbox/clock")));
  });
