import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { ask } from "./ask.ts";

it.each([
  ["y\r", true],
  ["YES\r", true],
  ["n\r", false],
  ["\r", false],
  ["\u0003", undefined],
  ["\u0004", undefined],
  ["y\u0003", undefined],
])("%j is heard as %j", async (typed, heard) => {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const asked = ask("Really?", { stdin, stdout });
  stdin.write(typed);
  expect(await asked).toBe(heard);
  expect(String(stdout.read())).toContain("Really? [y/N] ");
});
