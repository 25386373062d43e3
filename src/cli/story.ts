/** A payment's timeline as lines to read, in the order of business time. Pure but for colours. */
import { findBank } from "../core/banks.ts";
import type { Timeline } from "../core/payments/timeline.ts";
import { aboutOf } from "./events.ts";
import { type Cell, Columns, inColour, inked, localTime, orderOf, paint, type Wire, won } from "./format.ts";

type Told = Wire<Timeline>;

interface Entry {
  at: string;
  kind: string;
  what: Cell;
  text: string;
}

export function storyOf(timeline: Told): string[] {
  const entries = [
    ...timeline.exchanges.map(callEntry),
    ...timeline.notices.map(noticeEntry),
    ...timeline.refunds.map((refund) => refundEntry(refund, timeline)),
    ...timeline.receipts.map((receipt) => receiptEntry(receipt, timeline)),
    ...timeline.transfers.map(transferEntry),
    ...timeline.events.map(eventEntry),
    ...timeline.deliveries.flatMap((delivery) => webhookEntries(delivery, timeline)),
  ];
  // The sort is stable: what is of one moment stays in the order above, which is that of cause and effect.
  const ordered = entries.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  const columns = new Columns([{ title: "time" }, { title: "kind" }, { title: "what" }, { title: "text" }]);
  const rows = ordered.map(({ at, kind, what, text }): Cell[] => [localTime(at), [kind, "dim"], what, text]);
  return [...headOf(timeline), "", ...columns.lines(rows)];
}

function headOf({ payment, virtualAccount }: Told): string[] {
  const refunded = payment.refundedAmount === 0 ? "" : `, ${won(payment.refundedAmount)} refunded`;
  const facts: [name: string, value: string | null | undefined][] = [
    ["payment", payment.id],
    ["merchant", `${payment.merchantId} by ${payment.provider} (${payment.providerMerchantId})`],
    ["order", [orderOf(payment), payment.name, payment.buyer.name].filter(Boolean).join(" · ")],
    ["account", virtualAccount && accountText(virtualAccount)],
    ["reason", payment.failReason ?? payment.cancelReason],
  ];
  const shown = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return [
    `${paint(payment.wireId, "bold")}  ${inked(inColour(payment.state))}  ${won(amountOf(payment))}${refunded}`,
    ...new Columns([{ title: "name" }, { title: "value" }]).lines(
      shown.map(([name, value]): Cell[] => [[name, "dim"], value!]),
    ),
  ];
}

/** An account for any amount asks for none. */
export function amountOf({ amount, paidAmount }: Pick<Told["payment"], "amount" | "paidAmount">): number {
  return amount === 0 ? paidAmount : amount;
}

function accountText({ bankCode, number, holder, dueAt, state }: NonNullable<Told["virtualAccount"]>): string {
  const until = dueAt === null ? "" : `, until ${localTime(dueAt)}`;
  return `${bankName(bankCode)} ${number}${holder === null ? "" : ` (${holder})`}, ${state}${until}`;
}

function bankName(code: string): string {
  return findBank(code)?.shortName ?? code;
}

function callEntry({ at, method, path, status, answer }: Told["exchanges"][number]): Entry {
  const fields: Record<string, unknown> = typeof answer === "object" && answer !== null ? { ...answer } : {};
  // I'mport's word for it, and Kakao's.
  const message = fields.message ?? fields.msg;
  const told = typeof message === "string" ? `: ${message}` : "";
  return { at, kind: "call", what: `${method} ${path}`, text: `answered ${status}${told}` };
}

function noticeEntry(notice: Told["notices"][number]): Entry {
  const { receivedAt: at, kind, state, reason, amount, depositorName, bankCode, transactionId, occurredAt } = notice;
  const from = depositorName === null ? "" : ` from ${depositorName}`;
  // A bank may tell late of what was made in time.
  const isLate = Date.parse(at) - Date.parse(occurredAt) >= 1_000;
  const made = isLate ? `, made ${localTime(occurredAt)}` : "";
  const why = reason === null ? "" : `: ${reason}`;
  const text = `${kind} of ${won(amount)} at ${bankName(bankCode)}${from}${why}${made} (${transactionId})`;
  return { at, kind: "bank", what: inColour(state), text };
}

function refundEntry(refund: Told["refunds"][number], timeline: Told): Entry {
  const { requestedAt: at, id, state, amount, holder, bankCode, numberMasked, reason, failureMessage } = refund;
  const why = [reason, failureMessage].filter(Boolean).join("; ");
  const to = bankCode === null ? "the wallet" : `${holder}, ${bankName(bankCode)} ${numberMasked}`;
  const text = `${won(amount)} to ${to}${why === "" ? "" : `: ${why}`}`;
  return { at, kind: "refund", what: inColour(state), text: `${text}${operationsOf(id, timeline)}` };
}

function receiptEntry(receipt: Told["receipts"][number], timeline: Told): Entry {
  const { requestedAt: at, id, state, amount, type, identifierMasked, approvalNumber, failureMessage } = receipt;
  const approved = approvalNumber === null ? "" : `, approved as ${approvalNumber}`;
  const why = failureMessage === null ? "" : `: ${failureMessage}`;
  const text = `${won(amount)} for a ${type}, ${identifierMasked}${approved}${why}`;
  return { at, kind: "receipt", what: inColour(state), text: `${text}${operationsOf(id, timeline)}` };
}

/** The calls it took, which are made in real time and so have no place of their own in business time. */
function operationsOf(subjectId: string, { operations }: Told): string {
  const calls = operations
    .filter((operation) => operation.subjectId === subjectId)
    .map(({ kind, state, attempts, reason }) => {
      const asked = attempts === 0 ? "" : `, asked for ${attempts === 1 ? "once" : `${attempts} times`}`;
      return `${kind} ${state}${asked}${reason === null ? "" : ` (${reason})`}`;
    });
  return calls.length === 0 ? "" : ` [${calls.join("; ")}]`;
}

function transferEntry({ at, code, amount, debitAccount, creditAccount }: Told["transfers"][number]): Entry {
  return { at, kind: "books", what: code, text: `${won(amount)} from ${debitAccount} to ${creditAccount}` };
}

function eventEntry({ at, type, data }: Told["events"][number]): Entry {
  const amount = typeof data.amount === "number" ? won(data.amount) : "";
  return { at, kind: "event", what: inColour(type), text: [amount, aboutOf(data)].filter(Boolean).join(" · ") };
}

/** Each attempt; and where none was made yet, that one waits. */
function webhookEntries(delivery: Told["deliveries"][number], { events }: Told): Entry[] {
  const { url, state, attemptLog, createdAt, nextAttemptAt, eventId } = delivery;
  const what = events.find((event) => event.id === eventId)?.type ?? eventId;
  const waits = state === "pending" ? `, next at ${localTime(nextAttemptAt)}` : "";
  if (attemptLog.length === 0) {
    return [{ at: createdAt, kind: "webhook", what, text: `to ${url}: not sent yet${waits}` }];
  }
  return attemptLog.map(({ attempt, startedAt, durationMs, status, error }, index) => {
    const outcome = status === null ? (error ?? "no answer") : `answered ${status}`;
    const isLast = index === attemptLog.length - 1;
    const end = state === "exhausted" ? ", given up" : waits;
    const text = `to ${url}: ${outcome} after ${durationMs} ms${attempt > 1 ? `, attempt ${attempt}` : ""}`;
    return { at: startedAt, kind: "webhook", what, text: `${text}${isLast ? end : ""}` };
  });
}
