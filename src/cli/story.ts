/** A payment's timeline as lines to read, in the order of business time. Pure but for colours. */
import { findBank } from "../core/banks.ts";
import type { Timeline } from "../core/payments/timeline.ts";
import { aboutOf } from "./events.ts";
import { type Cell, Columns, inColour, inked, localTime, money, orderOf, paint, type Wire, won } from "./format.ts";

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
    ...(timeline.charge?.steps ?? []).map((step) => stepEntry(step, timeline)),
    ...(timeline.withdrawal ? [withdrawalEntry(timeline.withdrawal, timeline)] : []),
    ...timeline.refunds.map((refund) => refundEntry(refund, timeline)),
    ...timeline.receipts.map((receipt) => receiptEntry(receipt, timeline)),
    ...timeline.transfers.map(transferEntry),
    ...timeline.events.map((event) => eventEntry(event, timeline)),
    ...timeline.deliveries.flatMap((delivery) => webhookEntries(delivery, timeline)),
  ];
  // The sort is stable: what is of one moment stays in the order above, which is that of cause and effect.
  const ordered = entries.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
  const columns = new Columns([{ title: "time" }, { title: "kind" }, { title: "what" }, { title: "text" }]);
  const rows = ordered.map(({ at, kind, what, text }): Cell[] => [localTime(at), [kind, "dim"], what, text]);
  return [...headOf(timeline), "", ...columns.lines(rows)];
}

function headOf({ payment, virtualAccount, charge, agreement }: Told): string[] {
  const { currency, refundedAmount } = payment;
  const refunded = refundedAmount === 0 ? "" : `, ${money(refundedAmount, currency)} refunded`;
  const facts: [name: string, value: string | null | undefined][] = [
    ["payment", payment.id],
    ["merchant", `${payment.merchantId} by ${payment.provider} (${payment.providerMerchantId})`],
    ["order", [orderOf(payment), payment.name, payment.buyer.name].filter(Boolean).join(" · ")],
    ["account", virtualAccount && accountText(virtualAccount)],
    ["charge", charge && chargeText(charge)],
    ["agreement", agreement && [agreement.wireId, agreement.state, agreement.reference].filter(Boolean).join(" · ")],
    ["reason", payment.failReason ?? payment.cancelReason],
  ];
  const shown = facts.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return [
    `${paint(payment.wireId, "bold")}  ${inked(inColour(payment.state))}  ${money(amountOf(payment), currency)}${refunded}`,
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

function chargeText(charge: NonNullable<Told["charge"]>): string {
  const { method, state, country, currency, dueAt, funds, capturedAmount, voidedAmount } = charge;
  const parts = [
    `${method} in ${country}, ${state}`,
    capturedAmount > 0 && `${money(capturedAmount, currency)} captured`,
    voidedAmount > 0 && `${money(voidedAmount, currency)} voided`,
    state === "authenticating" && dueAt !== null && `until ${localTime(dueAt)}`,
    funds !== "not-expected" && `settlement ${funds}`,
  ];
  return parts.filter((part) => part !== false).join(", ");
}

function bankName(code: string): string {
  return findBank(code)?.shortName ?? code;
}

function callEntry({ at, method, path, status, answer }: Told["exchanges"][number]): Entry {
  const fields: Record<string, unknown> = typeof answer === "object" && answer !== null ? { ...answer } : {};
  // I'mport's word for it, and Kakao's; and PPRO's, of what was made and failed.
  const message = fields.message ?? fields.msg ?? failureMessageOf(fields.failure);
  const told = typeof message === "string" ? `: ${message}` : "";
  return { at, kind: "call", what: `${method} ${path}`, text: `answered ${status}${told}` };
}

function failureMessageOf(failure: unknown): unknown {
  return typeof failure === "object" && failure !== null && "failureMessage" in failure ? failure.failureMessage : null;
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

type Step = NonNullable<Told["charge"]>["steps"][number];

/** Where it was begun; what became of it since is told by its events. */
function stepEntry(step: Step, timeline: Told): Entry {
  const { createdAt: at, kind, state, amount, cause, reference, failure } = step;
  const { charge, agreement } = timeline;
  const { method, currency, id } = charge!;
  // A first charge is asked for with its agreement.
  const asked = agreement?.initialChargeId === id ? agreement.id : id;
  const calls = kind === "authorization" ? operationsOf(asked, timeline) : "";
  // What the wallet said stands with the call to it.
  const failed = failure?.by === "wallet" && calls !== "" ? null : (failure?.message ?? failure?.code);
  const why = [cause, failed].filter(Boolean).join("; ");
  const text = [
    kind === "discard" ? "the charge" : money(amount, currency),
    kind === "authorization" ? ` by ${method}` : "",
    reference === null ? "" : ` (${reference})`,
    why === "" ? "" : `: ${why}`,
    calls,
  ];
  return { at, kind, what: inColour(state), text: text.join("") };
}

function withdrawalEntry(withdrawal: NonNullable<Told["withdrawal"]>, timeline: Told): Entry {
  const { requestedAt: at, id, state, amount, currency, linkedAccountId, automatic, failureMessage } = withdrawal;
  const how = automatic ? ", since the balance was low" : "";
  const why = failureMessage === null ? "" : `: ${failureMessage}`;
  const text = `${money(amount, currency)} from ${linkedAccountId}${how}${why}`;
  return { at, kind: "withdrawal", what: inColour(state), text: `${text}${operationsOf(id, timeline)}` };
}

function refundEntry(refund: Told["refunds"][number], timeline: Told): Entry {
  const { requestedAt: at, id, state, amount, currency, holder, bankCode, numberMasked, reason } = refund;
  const why = [reason, refund.failureMessage ?? refund.failureCode].filter(Boolean).join("; ");
  const to =
    bankCode === null ? "the wallet" : [holder, `${bankName(bankCode)} ${numberMasked}`].filter(Boolean).join(", ");
  const text = `${money(amount, currency)} to ${to}${why === "" ? "" : `: ${why}`}`;
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

function transferEntry({ at, code, amount, currency, debitAccount, creditAccount }: Told["transfers"][number]): Entry {
  return { at, kind: "books", what: code, text: `${money(amount, currency)} from ${debitAccount} to ${creditAccount}` };
}

function eventEntry({ at, type, data }: Told["events"][number], { payment }: Told): Entry {
  const amount = typeof data.amount === "number" ? money(data.amount, payment.currency) : "";
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
