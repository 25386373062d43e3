import { Command } from "commander";
import { limits } from "../core/limits.ts";
import { deliveryStates } from "../core/webhooks/delivery.ts";
import type { DeliveryDetail, DeliverySummary } from "../core/webhooks/read.ts";
import type { Resent } from "../core/webhooks/resend.ts";
import { ask } from "./ask.ts";
import {
  type Cell,
  type Column,
  Columns,
  cleaned,
  count,
  inColour,
  inked,
  localTime,
  note,
  orderOf,
  paint,
  printJson,
  printJsonLines,
  printLine,
  printLines,
  type Wire,
} from "./format.ts";
import { callNode, NodeError, pagesOf } from "./node-client.ts";
import { example, findPaymentId, moment, oneOf, wholeNumber } from "./options.ts";

interface Filter {
  state?: string;
  payment?: string;
  merchant?: string;
  url?: string;
  from?: string;
  to?: string;
}

interface Page {
  deliveries: Wire<DeliverySummary>[];
  cursor: string | null;
}

export const webhooks = new Command("webhooks")
  .description("what shops were told: list, show, send again")
  .addHelpText(...example("naru webhooks list --state exhausted", "naru webhooks resend --from 2026-03-02"));

narrowed(webhooks.command("list", { isDefault: true }).description("list them, newest first"))
  .option("-n, --limit <count>", "the newest so many", wholeNumber(1, limits.page_max), 20)
  .option("--json", "one JSON object per line")
  .addHelpText(...example("naru webhooks list --state exhausted --from 2026-03-02"))
  .action(async ({ limit, json, ...filter }: Filter & { limit: number; json?: boolean }) => {
    const query = { ...(await queryOf(filter)), limit };
    const { deliveries, cursor } = await callNode<Page>("GET", "/deliveries", query);
    if (json === true) printJsonLines(deliveries);
    else if (deliveries.length === 0) printLine("no webhooks");
    else printLines(new Columns(listColumns).table(deliveries.map(rowOf)));
    if (cursor !== null) note("there may be more: see --limit and what narrows the list");
  });

webhooks
  .command("show")
  .description("show one with its bytes and every attempt")
  .argument("<id>", "dlv_…")
  .option("--json", "as JSON, with every field")
  .addHelpText(...example("naru webhooks show dlv_01900000000070008000000000000000"))
  .action(async (id: string, options: { json?: boolean }) => {
    const delivery = await callNode<Wire<DeliveryDetail>>("GET", `/deliveries/${encodeURIComponent(id)}`);
    if (options.json === true) return printJson(delivery);
    printLines(detailOf(delivery));
  });

narrowed(
  webhooks.command("resend").description("send again those that are named, or else the exhausted ones of a range"),
)
  .argument("[id...]", "dlv_…")
  .option("-y, --yes", "do not ask first")
  .addHelpText(
    ...example(
      "naru webhooks resend dlv_01900000000070008000000000000000",
      "naru webhooks resend --from 2026-03-02 --to 2026-03-03 --merchant mer_shop-1",
      "naru webhooks resend --payment imp_123456789012 --state delivered",
    ),
  )
  .action(async (ids: string[], { yes, ...filter }: Filter & { yes?: boolean }) => {
    if (ids.length > 0) return resendEach(ids, filter);
    const range = await queryOf(filter);
    const { state = "exhausted", ...narrowing } = range;
    if (Object.keys(narrowing).length === 0) {
      throw new NodeError("say which: ids, or --payment, --merchant, --url, --from or --to");
    }
    if (yes !== true && !(await mayResend(state))) return;
    printLine(`${count(await resendRange(range))} webhooks are sent again`);
  });

function narrowed(command: Command): Command {
  return command
    .option("-s, --state <state>", deliveryStates.join(", "), oneOf(deliveryStates))
    .option("-p, --payment <id>", "imp_…, charge_… or pay_…")
    .option("-m, --merchant <id>", "mer_…")
    .option("-u, --url <url>", "the whole address")
    .option("--from <time>", "made at this time or later, e.g. 2026-03-02T09:00", moment)
    .option("--to <time>", "made before this time", moment);
}

async function queryOf({ payment, merchant, ...same }: Filter): Promise<Omit<Filter, "payment" | "merchant">> {
  return {
    ...same,
    ...(merchant === undefined ? {} : { merchantId: merchant }),
    ...(payment === undefined ? {} : { paymentId: await findPaymentId(payment) }),
  };
}

async function resendEach(ids: readonly string[], filter: Filter): Promise<void> {
  if (Object.keys(filter).length > 0) throw new NodeError("give either ids or a range");
  for (const id of ids) {
    try {
      const delivery = await callNode<Wire<DeliveryDetail>>("POST", `/deliveries/${encodeURIComponent(id)}/resend`);
      printLine(`${delivery.id} is sent again to ${cleaned(delivery.url)}`);
    } catch (error) {
      // What the node says of one webhook is not said of the others.
      if (!(error instanceof NodeError) || (error.status !== 404 && error.status !== 409)) throw error;
      note(error.message);
      process.exitCode = 1;
    }
  }
}

/** How many there were, page by page. */
async function resendRange(range: object): Promise<number> {
  let resent = 0;
  for await (const page of pagesOf<Resent>("/deliveries/resend", range, "POST")) resent += page.resent;
  return resent;
}

/** Only a person at a terminal is asked. */
async function mayResend(state: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return true;
  const answer = await ask(`Send the ${state} webhooks of this range again?`);
  if (answer === undefined) process.exitCode = 1;
  return answer === true;
}

export const listColumns: readonly Column[] = [
  { title: "id" },
  { title: "made", spare: true },
  { title: "state" },
  { title: "answer", cut: true },
  { title: "event", spare: true },
  { title: "payment", spare: true },
  { title: "url", cut: 20 },
];

function rowOf(delivery: Wire<DeliverySummary>): Cell[] {
  const { id, createdAt, state, lastAttempt, eventType, wireId, url } = delivery;
  // Of an error its code, which stands in front.
  const answer = lastAttempt === null ? "" : (lastAttempt.error?.split(":", 1)[0] ?? String(lastAttempt.status));
  return [id, localTime(createdAt), inColour(state), answer, eventType, wireId, url];
}

function detailOf(delivery: Wire<DeliveryDetail>): string[] {
  const { id, state, eventType, reference, wireId, url, headers, body, attemptLog, nextAttemptAt } = delivery;
  const waits = state === "pending" ? `, next attempt at ${localTime(nextAttemptAt)}` : "";
  const facts: Cell[][] = [
    [["event", "dim"], eventType],
    [
      [delivery.paymentId === null ? "agreement" : "payment", "dim"],
      [wireId, orderOf({ reference, wireId })].filter(Boolean).join(" · "),
    ],
    [["merchant", "dim"], delivery.merchantId],
    [["url", "dim"], url],
    ...Object.entries(headers).map(([name, value]): Cell[] => [[name, "dim"], value]),
    [["body", "dim"], body],
  ];
  const attempts = attemptLog.map(({ attempt, startedAt, durationMs, status, error, answer }): Cell[] => [
    String(attempt),
    localTime(startedAt),
    status === null ? ["no answer", "red"] : [`answered ${status}`, status >= 200 && status < 300 ? "green" : "red"],
    `${durationMs} ms`,
    (error ?? answer ?? "").replaceAll(/\s+/g, " "),
  ]);
  const columns = [
    { title: "", right: true },
    { title: "at" },
    { title: "outcome" },
    { title: "took", right: true },
    { title: "answer" },
  ];
  return [
    `${paint(id, "bold")}  ${inked(inColour(state))}${waits}`,
    ...new Columns([{ title: "" }, { title: "" }]).lines(facts),
    "",
    ...(attempts.length === 0 ? ["not attempted yet"] : new Columns(columns).table(attempts)),
  ];
}
