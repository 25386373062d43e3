import { Command } from "commander";
import type { ArmedFault } from "../connectors/sandbox/index.ts";
import { type Cell, type Column, Columns, printLine, printLines } from "./format.ts";
import { callNode } from "./node-client.ts";
import { decimal, example } from "./options.ts";

interface Answer {
  faults: ArmedFault[];
}

interface Listed extends Answer {
  /** Those there are. */
  known: Known[];
}

interface Known extends Pick<ArmedFault, "fault" | "about" | "delay_s"> {
  codes: string[] | null;
}

interface ArmOptions {
  count?: number;
  chance?: number;
  seed?: number;
  delay?: number;
  code?: string;
}

export const faults = new Command("faults")
  .description("what goes wrong on purpose: show, arm, clear")
  .addHelpText(
    ...example("naru faults", "naru faults arm webhook-500 --count 3", "naru faults arm notice-lost --chance 0.1"),
  )
  .action(async () => {
    const { faults: armed, known } = await callNode<Listed>("GET", "/sandbox/faults");
    printArmed(armed);
    printLine();
    printLines(new Columns(knownColumns).table(known.map(({ fault, ...one }) => [fault, aboutOf(one)])));
  });

faults
  .command("arm")
  .description("make it happen")
  .argument("<fault>", "as `naru faults` lists them")
  .option("-c, --count <times>", "the next so many calls; 1 if neither count nor chance is given", decimal)
  .option("-p, --chance <share>", "each call with this chance, e.g. 0.1", decimal)
  .option("--seed <number>", "the same seed, the same calls go wrong; random if not given", decimal)
  .option("--delay <seconds>", "how late, for faults that delay", decimal)
  .option("--code <code>", "what is said, for faults that answer with an error, e.g. --code=-603")
  .addHelpText(
    ...example(
      "naru faults arm refund-timeout-after",
      "naru faults arm webhook-500 --chance 0.2 --seed 7",
      "naru faults arm kakao-moment-error --code=-603",
    ),
  )
  .action(async (fault: string, { delay, ...given }: ArmOptions) => {
    const arming = { fault, ...given, delay_s: delay };
    const { faults: armed } = await callNode<Answer>("POST", "/sandbox/faults", arming);
    printArmed(armed.filter((one) => one.fault === fault));
  });

faults
  .command("clear")
  .description("let everything, or one thing, go right again")
  .argument("[fault]")
  .addHelpText(...example("naru faults clear", "naru faults clear notice-lost"))
  .action(async (fault?: string) => {
    const path = fault === undefined ? "/sandbox/faults" : `/sandbox/faults/${encodeURIComponent(fault)}`;
    printArmed((await callNode<Answer>("DELETE", path)).faults);
  });

export const knownColumns: readonly Column[] = [{ title: "fault" }, { title: "what it does", wrap: true }];

export const armedColumns: readonly Column[] = [
  { title: "armed" },
  { title: "when" },
  { title: "delay", right: true },
  { title: "calls", right: true },
  { title: "struck", right: true },
  { title: "what it does", cut: true, spare: true },
];

function aboutOf({ about, codes }: Omit<Known, "fault">): string {
  return codes === null ? about : `${about}: ${codes.join(" ")}`;
}

function printArmed(armed: readonly ArmedFault[]): void {
  if (armed.length === 0) printLine("no fault is armed");
  else printLines(new Columns(armedColumns).table(armed.map(rowOf)));
}

function rowOf({ fault, about, remaining, chance, seed, delay_s, code, calls, struck }: ArmedFault): Cell[] {
  const when = remaining === null ? `chance ${chance}, seed ${seed}` : `the next ${remaining}`;
  const what = code === null ? fault : `${fault} ${code}`;
  return [[what, "red"], when, delay_s === null ? "" : `${delay_s} s`, String(calls), String(struck), about];
}
