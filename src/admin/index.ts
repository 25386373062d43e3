/** Naru's own API: health, metrics and docs at the root, `/naru/v1` for the console, the CLI and operators. */
import type { FastifyInstance } from "fastify";
import type { Config } from "../config.ts";
import type { Core } from "../core/index.ts";
import { decodeUtf8, parseFields } from "../http/body.ts";
import type { Mounted } from "../http/dialect.ts";
import { mountAdAccounts } from "./ad-accounts.ts";
import { mountBooks } from "./books.ts";
import { mountCryptoKeys } from "./crypto-keys.ts";
import { mountDeliveries } from "./deliveries.ts";
import { failureBody } from "./errors.ts";
import { guard } from "./guard.ts";
import { mountMembers } from "./members.ts";
import { type MerchantsOptions, mountMerchants } from "./merchants.ts";
import type { Metrics } from "./metrics.ts";
import { refuseUntaken } from "./requests.ts";
import { mountSandbox, type SandboxOptions } from "./sandbox.ts";

export interface AdminOptions {
  core: Core;
  config: Config;
  metrics: Metrics;
  merchants: MerchantsOptions;
  /** Undefined in live mode, where the sandbox paths do not exist. */
  sandbox: SandboxOptions | undefined;
}

const ownPaths = /^\/+(naru|health|ready|metrics|docs)?(\/|$)/;

export function admin({ core, config, metrics, merchants, sandbox }: AdminOptions): Mounted {
  return {
    name: "naru",
    owns: (path) => ownPaths.test(path),
    async routes(server: FastifyInstance) {
      server.setValidatorCompiler(() => () => true);
      server.removeContentTypeParser("application/json");
      server.addContentTypeParser("application/json", { parseAs: "buffer" }, async (_request: unknown, body: Buffer) =>
        parseFields(decodeUtf8(body), "json"),
      );
      const tags = ["Naru"];
      server.get("/health", { schema: { tags, summary: "The process is alive" } }, async () => ({ status: "ok" }));
      server.get("/ready", { schema: { tags, summary: "The node can serve" } }, async (_request, reply) => {
        try {
          await core.store.pool.query("SELECT 1");
          return { status: "ready" };
        } catch {
          return reply.code(503).send({ status: "not ready", reason: "the database does not answer" });
        }
      });

      await server.register(
        async (scope) => {
          scope.addHook("onRequest", guard(config));
          scope.addHook("preHandler", refuseUntaken);
          await mountBooks(scope, core);
          await mountDeliveries(scope, core);
          await mountMerchants(scope, core, merchants);
          await scope.register(async (inner) => mountAdAccounts(inner, core), { prefix: "/merchants/:id" });
          await scope.register(async (inner) => mountMembers(inner, core), { prefix: "/merchants/:id" });
          await scope.register(async (inner) => mountCryptoKeys(inner, core, merchants.demo?.cryptoKeyId), {
            prefix: "/merchants/:id/credentials/:key/crypto-keys",
          });
          if (sandbox !== undefined) {
            await scope.register(async (inner) => mountSandbox(inner, sandbox), { prefix: "/sandbox" });
          }
        },
        { prefix: "/naru/v1" },
      );

      await server.register(async (scope) => {
        scope.addHook("onRequest", guard(config));
        scope.get("/metrics", { schema: { tags, summary: "Prometheus metrics" } }, async (_request, reply) =>
          reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
        );
      });
    },
    failure: (failure) => ({ status: failure.status, body: failureBody(failure) }),
  };
}
