/** I'mport / PortOne V1: tokens, virtual accounts, reading, cancelling, cash receipts, codes, and the webhook. */
import type { FastifyInstance } from "fastify";
import type { Core } from "../../core/index.ts";
import { readBody } from "../../http/body.ts";
import type { Dialect } from "../../http/dialect.ts";
import { readBodiesBy } from "../../http/endpoint.ts";
import { newKeys } from "./auth.ts";
import { errorEnvelope, failureError } from "./errors.ts";
import { dialect } from "./identifiers.ts";
import { mountRoutes } from "./routes/index.ts";

export function iamport(core: Core): Dialect {
  return {
    name: dialect,
    credentialsName: "iamport",
    async newCredential() {
      const { impKey, impSecret } = newKeys();
      return { key: impKey, secret: impSecret, settings: {}, shown: { impKey, impSecret } };
    },
    // Its addresses share no prefix, so it answers for whatever nobody else has.
    owns: () => true,
    async routes(server: FastifyInstance) {
      readBodiesBy(server, readBody);
      mountRoutes(server, core);
    },
    failure(failure) {
      const error = failureError(failure);
      return { status: error.status, body: errorEnvelope(error) };
    },
  };
}
