import { Command } from "commander";
import { limits } from "../core/limits.ts";
import { type Payment, paymentStates } from "../core/payments/payment.ts";
import type { Timeline } from "../core/payments/timeline.ts";
import {
  type Cell,
  Columns,
  inColour,
  localTime,
  money,
  note,
  orderOf,
  printJson,
  printJsonLines,
  printLines,
  type Wire,
} from "./format.ts";
import { callNode, pagesOf } from "./node-client.ts";
import { example, findPaymentId, oneOf, wholeNumber } from "./options.ts";
import { amountOf, storyOf } from "./story.ts";

interface Options {
  state?: string;
  reference?: string;
  impUid?: string;
  limit: number;
  all?: boolean;
  json?: boolean;
}

interface Page {
  payments: Wire<Payment>[];
  cursor: string | null;
}

export const payments = new Command("payments")
  .description("list payments, newest first; or `show` one")
  .enablePositionalOptions()
  .option("-s, --state <state>", paymentStates.join(", "), oneOf(paymentStates))
  .option("-r, --reference <order>", "the merchant's order id")
  .option("-i, --imp-uid <id>", "the id that the client knows, imp_…, charge_… or a top-up's")
  .option("-n, --limit <count>", "the newest so many", wholeNumber(1, limits.page_max), 20)
  .option("--all", "every one")
  .option("--json", "one JSON object per line")
  .addHelpText(...example("naru payments --state paid --limit 50", "naru payments show imp_123456789012"))
  .action(async ({ state, reference, impUid, limit, all, json }: Options) => {
    const query = { state, reference, wireId: impUid, limit: all === true ? limits.page_max : limit };
    const table = tableOf();
    let isFirst = true;
    for await (const page of pagesOf<Page>("/payments", query)) {
      if (json === true) printJsonLines(page.payments);
      else printLines(table(page.payments, isFirst));
      isFirst = false;
      if (all === true || page.cursor === null) continue;
      note("there may be more: see --all, --limit and what narrows the list");
      return;
    }
  });

payments
  .command("show")
  .description("tell all that happened to one payment")
  .argument("<id>", "imp_…, charge_…, pay_… or as `naru payments` lists it")
  .option("--json", "as JSON, with every field")
  .addHelpText(...example("naru payments show imp_123456789012", "naru payments show 12345-0"))
  .action(async (name: string, options: { json?: boolean }) => {
    const timeline = await callNode<Wire<Timeline>>(
      "GET",
      `/payments/${encodeURIComponent(await findPaymentId(name))}`,
    );
    if (options.json === true) return printJson(timeline);
    printLines(storyOf(timeline));
  });

function tableOf(): (rows: Wire<Payment>[], isFirst: boolean) => string[] {
  const columns = new Columns([
    { title: "created" },
    { title: "state" },
    { title: "amount", right: true },
    { title: "refunded", right: true },
    { title: "payment" },
    { title: "order" },
    { title: "buyer", spare: true },
    { title: "name", cut: true, spare: true },
  ]);
  return (rows, isFirst) => {
    if (rows.length === 0) return isFirst ? ["no payments"] : [];
    return isFirst ? columns.table(rows.map(rowOf)) : columns.lines(rows.map(rowOf));
  };
}

function rowOf(payment: Wire<Payment>): Cell[] {
  return [
    localTime(payment.createdAt),
    inColour(payment.state),
    money(amountOf(payment), payment.currency),
    payment.refundedAmount === 0 ? "" : money(payment.refundedAmount, payment.currency),
    payment.wireId,
    orderOf(payment),
    payment.buyer.name ?? "",
    payment.name ?? "",
  ];
}
