/** Webhooks as operators look at them, and sending them again. */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Static } from "typebox";
import type { DeliveryRefusal } from "../core/errors.ts";
import type { Core } from "../core/index.ts";
import { limits } from "../core/limits.ts";
import { type DeliveryFilter, listDeliveries, readDelivery } from "../core/webhooks/read.ts";
import { MalformedBody } from "../http/body.ts";
import { fail } from "./errors.ts";
import { nextCursor, readCursor, reader, readTime } from "./requests.ts";
import { DeliveriesQuery, ResendRequest } from "./schemas.ts";

const readQuery = reader(DeliveriesQuery);
const readResend = reader(ResendRequest);

export async function mountDeliveries(server: FastifyInstance, core: Core): Promise<void> {
  const { pool, searches } = core.store;
  const tags = ["Naru"];

  server.get(
    "/deliveries",
    { schema: { tags, summary: "Webhooks, newest first", querystring: DeliveriesQuery } },
    async (request) => {
      const { limit: count = limits.page_default, after, ...wanted } = readQuery(request.query);
      const before = readCursor(after, "dlv");
      const deliveries = await listDeliveries(searches, {
        ...filterOf(wanted),
        count,
        ...(before === undefined ? {} : { before }),
      });
      return { deliveries, cursor: nextCursor(deliveries, count) };
    },
  );

  server.get<{ Params: { id: string } }>(
    "/deliveries/:id",
    { schema: { tags, summary: "One webhook with every attempt and what was answered" } },
    async (request, reply) => {
      const { id } = request.params;
      return (await readDelivery(pool, id)) ?? refuse(reply, { code: "delivery-unknown", id });
    },
  );

  server.post<{ Params: { id: string } }>(
    "/deliveries/:id/resend",
    { schema: { tags, summary: "Send one webhook again, whatever became of it" } },
    async (request, reply) => {
      const queued = await core.resendDelivery(request.params.id);
      if (!queued.ok) return refuse(reply, queued.refusal);
      return reply.code(202).send(await readDelivery(pool, queued.value.id));
    },
  );

  server.post(
    "/deliveries/resend",
    {
      schema: {
        tags,
        summary: "Send many webhooks again, oldest first",
        description: "The exhausted ones if no state is given. Repeat with the cursor as `after` until it is null.",
        body: ResendRequest,
      },
    },
    async (request, reply) => {
      const { limit: count = limits.page_max, after, state = "exhausted", ...wanted } = readResend(request.body);
      if (Object.keys(wanted).length === 0) {
        throw new MalformedBody("give at least one of merchantId, paymentId, url, from and to");
      }
      const behind = readCursor(after, "dlv");
      const filter = { ...filterOf({ ...wanted, state }), count, ...(behind === undefined ? {} : { after: behind }) };
      return reply.code(202).send(await core.resendDeliveries(filter));
    },
  );
}

function filterOf({ from, to, ...same }: Omit<Static<typeof DeliveriesQuery>, "limit" | "after">): DeliveryFilter {
  const { paymentId = "pay_" } = same;
  if (!paymentId.startsWith("pay_")) throw new MalformedBody(`paymentId must be pay_…, not ${paymentId}`);
  const [begin, end] = [readTime("from", from), readTime("to", to)];
  return { ...same, ...(begin === undefined ? {} : { from: begin }), ...(end === undefined ? {} : { to: end }) };
}

function refuse(reply: FastifyReply, refusal: DeliveryRefusal) {
  switch (refusal.code) {
    case "delivery-unknown":
      return fail(reply, 404, refusal.code, `there is no webhook ${refusal.id}`);
    case "delivery-under-way":
      return fail(reply, 409, refusal.code, `the webhook ${refusal.id} is being sent this moment`);
  }
}
