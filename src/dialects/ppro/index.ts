/** PPRO: payment charges, agreements and instruments, with KakaoPay, and the page on which shoppers agree. */
import type { FastifyInstance } from "fastify";
import { decodeUtf8, parseFields, readBody } from "../../http/body.ts";
import type { Dialect } from "../../http/dialect.ts";
import { readBodiesBy } from "../../http/endpoint.ts";
import { newApiKey, rateHeaders } from "./auth.ts";
import type { Context } from "./context.ts";
import { errorBody, failureError } from "./errors.ts";
import { dialect } from "./identifiers.ts";
import { contentType } from "./routes/call.ts";
import { mountCalls, mountCheckout } from "./routes/index.ts";
import { readWebhooksUrl, webhookEvents } from "./webhook.ts";

const ownPaths =
  /^\/+(v1\/+(payment-(charges|agreements|instruments|sessions)|disputes|chargebacks|reports)|checkout)(\/|$)/;

export function ppro(context: Context): Dialect {
  const { accounts, open } = context;
  return {
    name: dialect,
    credentialsName: "ppro",
    webhooks: { events: webhookEvents, readUrl: (text) => readWebhooksUrl(text, open) },
    async newCredential({ merchantId }) {
      const { key, secret } = newApiKey(context.sandbox ? "sandbox" : "live");
      return { key, secret, settings: {}, shown: { apiKey: secret, ...accounts(merchantId) } };
    },
    owns: (path) => ownPaths.test(path),
    async routes(server: FastifyInstance) {
      await server.register(async (calls) => {
        readBodiesBy(calls, async (bytes, type) => {
          requireJson(type);
          return parseFields(decodeUtf8(bytes), "json");
        });
        mountCalls(calls, context);
      });
      await server.register(async (pages) => {
        readBodiesBy(pages, readBody);
        mountCheckout(pages, context);
      });
    },
    failure(failure, request) {
      const error = failureError(failure);
      const headers = request === undefined ? {} : rateHeaders(context.limiter, request);
      return { status: error.status, body: errorBody(error), contentType, headers };
    },
  };
}

/** As the shell knows a body of a type that it cannot read. */
class WrongType extends Error {
  readonly code = "FST_ERR_CTP_INVALID_MEDIA_TYPE";
}

function requireJson(type: string | undefined): void {
  const [essence = ""] = (type ?? "").split(";", 1);
  if (essence.trim().toLowerCase() !== "application/json") throw new WrongType("the body must be application/json");
}
