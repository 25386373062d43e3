import { Command } from "commander";
import type { RingingCall } from "../connectors/sandbox/index.ts";
import { type Cell, type Column, Columns, localTime, printJson, printLine, printLines, type Wire } from "./format.ts";
import { callNode } from "./node-client.ts";
import { example } from "./options.ts";

type Shown = Wire<RingingCall>;

export const ars = new Command("ars")
  .description("calls to members that ring: list, answer one in the member's place")
  .addHelpText(...example("naru faults arm ars-held", "naru ars", "naru ars answer ars_… wrong"))
  .action(async () => {
    const { calls } = await callNode<{ calls: Shown[] }>("GET", "/sandbox/ars-calls");
    if (calls.length === 0) printLine("no call rings");
    else printLines(new Columns(callColumns).table(calls.map(rowOf)));
  });

ars
  .command("answer")
  .description("type the code, or a wrong one, or do not answer")
  .argument("<id>", "as `naru ars` lists it")
  .argument("<answer>", "right, wrong or unanswered")
  .addHelpText(...example("naru ars answer ars_… right"))
  .action(async (id: string, answer: string) =>
    printJson(await callNode("POST", `/sandbox/ars-calls/${encodeURIComponent(id)}`, { answer })),
  );

export const callColumns: readonly Column[] = [
  { title: "call" },
  { title: "member" },
  { title: "bank" },
  { title: "account" },
  { title: "for", spare: true },
  { title: "since", spare: true },
  { title: "until" },
];

function rowOf({ id, userId, bankCode, accountNumber, purpose, since, until }: Shown): Cell[] {
  return [id, userId ?? "", bankCode ?? "", accountNumber ?? "", purpose ?? "", localTime(since), localTime(until)];
}
