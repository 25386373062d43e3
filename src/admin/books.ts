/** What an operator looks at: payments and their timelines, events, the ledger. */
import type { FastifyInstance } from "fastify";
import { followEvents } from "../core/events/follow.ts";
import type { Core } from "../core/index.ts";
import { listLedgerAccounts, trialBalance } from "../core/ledger/ledger.ts";
import { limits } from "../core/limits.ts";
import { listPayments, readTimeline } from "../core/payments/timeline.ts";
import type { Fields } from "../http/body.ts";
import { validator } from "../http/validate.ts";
import { fail, problemText } from "./errors.ts";
import { PageQuery, PaymentsQuery } from "./schemas.ts";

const checkPage = validator(PageQuery);
const checkPayments = validator(PaymentsQuery);

export async function mountBooks(server: FastifyInstance, core: Core): Promise<void> {
  const { pool } = core.store;
  const tags = ["Naru"];

  server.get(
    "/payments",
    { schema: { tags, summary: "Payments, newest first", querystring: PaymentsQuery } },
    async (request, reply) => {
      const checked = checkPayments(request.query as Fields);
      if (!checked.ok) return fail(reply, 400, "invalid", problemText(checked.problem));
      const { limit: count = limits.page_default, after: before, ...filter } = checked.value;
      const payments = await listPayments(pool, { ...filter, count, ...(before === undefined ? {} : { before }) });
      return { payments, cursor: payments.length === count ? payments.at(-1)!.id : null };
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
    { schema: { tags, summary: "Events in order of commit", querystring: PageQuery } },
    async (request, reply) => {
      const checked = checkPage(request.query as Fields);
      if (!checked.ok) return fail(reply, 400, "invalid", problemText(checked.problem));
      try {
        return await followEvents(pool, checked.value.after, checked.value.limit ?? limits.page_default);
      } catch (error) {
        if (error instanceof RangeError) return fail(reply, 400, "invalid", error.message);
        throw error;
      }
    },
  );

  server.get(
    "/ledger/accounts",
    { schema: { tags, summary: "Accounts with their balances", querystring: PageQuery } },
    async (request, reply) => {
      const checked = checkPage(request.query as Fields);
      if (!checked.ok) return fail(reply, 400, "invalid", problemText(checked.problem));
      const { limit: count = limits.page_default, after = "" } = checked.value;
      const accounts = await listLedgerAccounts(pool, after, count);
      return { accounts, cursor: accounts.length === count ? accounts.at(-1)!.id : null };
    },
  );

  server.get("/ledger/trial-balance", { schema: { tags, summary: "Debits less credits per currency" } }, async () => ({
    currencies: await trialBalance(pool),
  }));
}
