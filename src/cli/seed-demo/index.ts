import { SingleBar } from "cli-progress";
import { Command } from "commander";
import type { Credentials } from "../../demo.ts";
import { type Cell, Columns, count, note, printLine } from "../format.ts";
import { cliLimits } from "../limits.ts";
import { callNode, NodeError } from "../node-client.ts";
import { example, wholeNumber } from "../options.ts";
import { type Fate, planPayment } from "./plan.ts";
import { madeOf, makePayments, newTally, type Tally } from "./run.ts";
import { Shop } from "./shop.ts";

interface Options {
  payments: number;
  concurrency: number;
  seed?: number;
  noticeUrl?: string;
}

const {
  demo_payments_max: payments_max,
  demo_concurrency_max: concurrency_max,
  demo_seed_max: seed_max,
  demo_progress_ms,
  demo_progress_lines_ms,
} = cliLimits;

export const seedDemo = new Command("seed-demo")
  .description("make payments that look like a shop's, through the node's own API")
  .option("-n, --payments <count>", "how many", wholeNumber(1, payments_max), 100)
  .option("-c, --concurrency <count>", "at once", wholeNumber(1, concurrency_max), 16)
  .option("-s, --seed <number>", "the same seed, the same payments; random if not given", wholeNumber(0, seed_max))
  .option("--notice-url <url>", "where the shop is told of them")
  .addHelpText(...example("naru seed-demo --payments 1000 --seed 7"))
  .action(async ({ payments, concurrency, noticeUrl, seed = Math.floor(Math.random() * seed_max) }: Options) => {
    const shop = new Shop(await findCredentials(), await findClockOffset_s(), noticeUrl);
    await expectNew(seed);
    const end = new AbortController();
    process.once("SIGINT", () => end.abort());
    const tally = newTally();
    const began = performance.now();
    const done = showProgress(tally, payments);
    try {
      await makePayments(shop, { payments, concurrency, seed }, tally, end.signal);
    } finally {
      done();
      summarize(tally, { calls: shop.calls, seed, took_s: (performance.now() - began) / 1000 });
    }
    const tried = triedOf(tally);
    if (tried < payments) note(`${end.signal.aborted ? "interrupted" : "given up"} after ${count(tried)}`);
    if (tally.failed > 0 || tried < payments) process.exitCode = 1;
  });

async function findCredentials(): Promise<Credentials["iamport"]> {
  try {
    return (await callNode<Credentials>("GET", "/sandbox/credentials")).iamport;
  } catch (error) {
    if (!(error instanceof NodeError) || error.status !== 404) throw error;
    throw new NodeError("the node is in live mode; demo payments are made in sandbox mode alone");
  }
}

async function findClockOffset_s(): Promise<number> {
  return (await callNode<{ offset_s: number }>("GET", "/sandbox/clock")).offset_s;
}

/** What a seed makes was made once: most of it cannot be made again. */
async function expectNew(seed: number): Promise<void> {
  const { payments } = await callNode<{ payments: object[] }>("GET", "/payments", {
    reference: planPayment(seed, 1).reference,
  });
  if (payments.length > 0) throw new NodeError(`the payments of seed ${seed} are there already; choose another --seed`);
}

function triedOf(tally: Tally): number {
  return madeOf(tally) + tally.failed;
}

/** Shows how far it is, on stderr; what is returned ends that. */
function showProgress(tally: Tally, payments: number): () => void {
  const failed = () => (tally.failed === 0 ? "" : `, ${count(tally.failed)} failed`);
  if (!process.stderr.isTTY) {
    const tell = () => note(`${count(triedOf(tally))} of ${count(payments)} payments${failed()}`);
    const timer = setInterval(tell, demo_progress_lines_ms);
    return () => clearInterval(timer);
  }
  const format = "{bar} {value} of {total} payments, {eta_formatted} left{failed}";
  const bar = new SingleBar({ format, barsize: 24, hideCursor: true, barCompleteChar: "█", barIncompleteChar: "░" });
  bar.start(payments, 0, { failed: "" });
  const update = () => bar.update(triedOf(tally), { failed: failed() });
  const timer = setInterval(update, demo_progress_ms);
  return () => {
    clearInterval(timer);
    update();
    bar.stop();
  };
}

const words: Record<Fate, string> = {
  paid: "paid",
  "paid-with-receipt": "paid, with a cash receipt",
  "partly-refunded": "paid and partly refunded",
  refunded: "paid and refunded",
  "paid-twice": "paid, and a second time",
  waiting: "waiting for the deposit",
  revoked: "revoked",
  "wrong-amount": "waiting, after a wrong amount",
  "wrong-account": "waiting, after a deposit to a wrong number",
};

function summarize(tally: Tally, { calls, seed, took_s }: { calls: number; seed: number; took_s: number }): void {
  const { untold, suspended, failed, failures } = tally;
  const made = madeOf(tally);
  const rate = (many: number) => count(Math.round(many / Math.max(took_s, 0.001)));
  printLine(`${count(made)} payments of seed ${seed} in ${took_s.toFixed(1)} s, ${rate(made)} a second`);
  printLine(`${count(calls)} calls, ${rate(calls)} a second`);
  const seldom = (many: number, text: string): Cell[][] => (many === 0 ? [] : [[count(many), text]]);
  const rows: Cell[][] = [
    ...Object.entries(words).map(([fate, text]) => [count(tally.fates[fate as Fate]), text]),
    ...seldom(untold, "with a deposit that the node is told of later"),
    ...seldom(failed, "failed"),
    [count(suspended), "deposits in suspense"],
  ];
  const columns = new Columns([{ title: "", right: true }, { title: "" }]);
  for (const line of columns.lines(rows)) printLine(`  ${line}`);
  if (failed === 0) return;
  note(`${count(failed)} payments failed:`);
  for (const [message, many] of failures) note(`  ${count(many)} × ${message}`);
}
