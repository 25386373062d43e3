import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import { findBank } from "../core/banks.ts";
import type { EventPage, FollowedEvent } from "../core/events/follow.ts";
import { limits } from "../core/limits.ts";
import { KRW } from "../core/money.ts";
import {
  type Cell,
  type Column,
  Columns,
  inColour,
  localTime,
  money,
  note,
  orderOf,
  printJsonLines,
  printLines,
  type Wire,
  won,
} from "./format.ts";
import { cliLimits } from "./limits.ts";
import { callNode, NodeError } from "./node-client.ts";
import { example, wholeNumber } from "./options.ts";

type Page = Wire<EventPage>;
type Event = Wire<FollowedEvent>;

interface Options {
  last: number;
  after?: string;
  follow?: boolean;
  json?: boolean;
}

export const events = new Command("events")
  .description("show what happened, none of it passed over")
  .option("-n, --last <count>", "the newest so many", wholeNumber(1, limits.page_max), 20)
  .option("-f, --follow", "go on as more happens, until Ctrl-C")
  .option("--after <cursor>", "all since an earlier call, which told its cursor")
  .option("--json", "one JSON object per line")
  .addHelpText(...example("naru events --last 50", "naru events --follow --json | grep payment.paid"))
  .action(async (options: Options) => {
    const show = options.json === true ? (page: Page) => printJsonLines(page.events) : linesOf();
    const begin =
      options.after === undefined ? { last: options.last } : { after: options.after, limit: limits.page_max };
    let page = await callNode<Page>("GET", "/events", begin);
    show(page);
    if (options.follow === true) return follow(page.cursor, show);
    while (options.after !== undefined && page.events.length === limits.page_max) {
      page = await next(page.cursor);
      show(page);
    }
    note(`--after ${page.cursor} goes on from here`);
  });

function next(after: string): Promise<Page> {
  return callNode<Page>("GET", "/events", { after, limit: limits.page_max });
}

/** Until a signal comes. A node that is away is waited for. */
async function follow(cursor: string, show: (page: Page) => void): Promise<void> {
  const end = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => end.abort());
  let after = cursor;
  let isAway = false;
  while (!end.signal.aborted) {
    try {
      const page = await next(after);
      if (isAway) note("the node is back");
      isAway = false;
      show(page);
      after = page.cursor;
      if (page.events.length === limits.page_max) continue;
    } catch (error) {
      if (!(error instanceof NodeError) || !mayPass(error)) throw error;
      if (!isAway) note(`${error.message} Waiting for it …`);
      isAway = true;
    }
    await pause(cliLimits.follow_poll_ms, undefined, { signal: end.signal }).catch(() => {});
  }
}

/** No answer, or one that says that it cannot now. */
function mayPass({ status }: NodeError): boolean {
  return status === undefined || status >= 500;
}

export const eventColumns: readonly Column[] = [
  { title: "time" },
  { title: "event" },
  { title: "amount", right: true },
  { title: "payment", spare: true },
  { title: "order", cut: true },
  { title: "about", cut: true, spare: true },
];

function linesOf(): (page: Page) => void {
  const columns = new Columns(eventColumns);
  return (page) => printLines(columns.lines(page.events.map(rowOf)));
}

function rowOf({ at, type, data, payment, agreement, subjectType }: Event): Cell[] {
  const amount = typeof data.amount === "number" ? money(data.amount, payment?.currency ?? KRW) : "";
  if (subjectType === "ad-account") {
    return [localTime(at), inColour(type), amount, String(data.number), "", aboutAdAccount(data)];
  }
  if (agreement !== null) {
    return [localTime(at), inColour(type), amount, agreement.wireId, agreement.reference ?? "", aboutOf(data)];
  }
  const order = payment === null ? "" : orderOf(payment);
  return [localTime(at), inColour(type), amount, payment?.wireId ?? "", order, aboutOf(data)];
}

function aboutAdAccount({ name, state, stopped, freeCash }: Event["data"]): string {
  const free = typeof freeCash === "number" && freeCash > 0 ? [`${won(freeCash)} free`] : [];
  return [name, state, ...(stopped === true ? ["stopped"] : []), ...free].join(" · ");
}

/** What matters of an event beside its amount. */
export function aboutOf({ reason, depositorName, bankCode, dueAt, announce }: Event["data"]): string {
  const parts = [
    reason,
    depositorName,
    typeof bankCode === "string" ? (findBank(bankCode)?.shortName ?? bankCode) : undefined,
    typeof dueAt === "string" ? `until ${localTime(dueAt)}` : undefined,
    announce === false ? "not announced" : undefined,
  ];
  return parts.filter((part) => part !== undefined && part !== null && part !== "").join(" · ");
}
