/** What an operator looks at: payments and their timelines, events, the ledger. */
import type { FastifyInstance } from "fastify";
import { followEvents, isEventCursor, lastEvents } from "../core/events/follow.ts";
import type { Core } from "../core/index.ts";
import { listLedgerAccounts, trialBalance } from "../core/ledger/ledger.ts";
import { limits } from "../core/limits.ts";
import { listPayments, readTimeline } from "../core/payments/timeline.ts";
import { MalformedBody } from "../http/body.ts";
import { fail } from "./errors.ts";
import { nextCursor, readCursor, reader } from "./requests.ts";
import { EventsQuery, PageQuery, PaymentsQuery } from "./schemas.ts";

const readPage = reader(PageQuery);
const readEventsQuery = reader(EventsQuery);
const readPaymentsQuery = reader(PaymentsQuery);

export async function mountBooks(server: FastifyInstance, core: Core): Promise<void> {
  const { pool } = core.store;
  const tags = ["Naru"];

  server.get(
    "/payments",
    { schema: { tags, summary: "Payments, newest first", querystring: PaymentsQuery } },
    async (request) => {
      const { limit: count = limits.page_default, after, ...filter } = readPaymentsQuery(request.query);
      const before = readCursor(after, "pay");
      const payments = await listPayments(core.store.searches, {
        ...filter,
        count,
        ...(before === undefined ? {} : { before }),
      });
      return { payments, cursor: nextCursor(payments, count) };
    },
  );

  server.get<{ Params: { id: string } }>(
    "/payments/:id",
    { schema: { tags, summary: "One payment with everything that happened to it" } },
    async (request, reply) => {
      const timeline = await readTimeline(pool, request.params.id);
      return timeline ?? fail(reply, 404, "payment-unknown", `there is no payment ${request.params.id}`);
    },
  );

  server.get(
    "/events",
    {
      schema: {
        tags,
        summary: "Events, none passed over",
        description:
          "From the beginning, after a cursor, or the last; each page has the cursor to go on from. " +
          "They stand in the order in which their transactions began; subjectSeq orders those of one subject.",
        querystring: EventsQuery,
      },
    },
    async (request) => {
      const { after, last, limit: count = limits.page_default } = readEventsQuery(request.query);
      if (after !== undefined && !isEventCursor(after)) throw new MalformedBody(`after is no cursor: ${after}`);
      if (last === undefined) return followEvents(pool, after, count);
      if (after !== undefined) throw new MalformedBody("give either after or last");
      return lastEvents(pool, last);
    },
  );

  server.get(
    "/ledger/accounts",
    { schema: { tags, summary: "Accounts with their balances", querystring: PageQuery } },
    async (request) => {
      const { limit: count = limits.page_default, after } = readPage(request.query);
      const accounts = await listLedgerAccounts(pool, readAccountCursor(after), count);
      const places = accounts.map(({ id, currency }) => ({ id: `${id} ${currency}` }));
      return { accounts, cursor: nextCursor(places, count) };
    },
  );

  server.get("/ledger/trial-balance", { schema: { tags, summary: "Debits less credits per currency" } }, async () => ({
    currencies: await trialBalance(pool),
  }));
}

/** An account is there once per currency: `bank:sandbox KRW`. */
function readAccountCursor(after = " "): { id: string; currency: string } {
  const [, id, currency] = /^([a-z-]+:\S+|) ([A-Z]{3}|)$/.exec(after) ?? [];
  if (id === undefined || currency === undefined) throw new MalformedBody(`after is no cursor: ${after}`);
  return { id, currency };
}
