/** Kakao Moment: virtual accounts that top up ad accounts, the ad accounts, and the consent that business tokens need. */
import type { FastifyInstance } from "fastify";
import type { Core } from "../../core/index.ts";
import { decodeUtf8, parseFields, readBody } from "../../http/body.ts";
import type { Dialect } from "../../http/dialect.ts";
import { readBodiesBy } from "../../http/endpoint.ts";
import { newApp, newAppKeys } from "./auth.ts";
import { consentErrorBody, consentFailure, errorBody, failureError } from "./errors.ts";
import { dialect } from "./identifiers.ts";
import type { ConsentOptions } from "./routes/authorize.ts";
import type { BillingOptions } from "./routes/billing.ts";
import { contentType } from "./routes/call.ts";
import { mountCalls, mountConsent } from "./routes/index.ts";

const consentPaths = /^\/+oauth\/+business(\/|$)/;
const ownPaths = /^\/+(openapi|oauth\/+business|v1\/+business)(\/|$)/;

export function kakaoMoment(core: Core, options: BillingOptions & ConsentOptions): Dialect {
  return {
    name: dialect,
    credentialsName: "kakaoMoment",
    async newCredential({ name, redirectUris }) {
      const { restApiKey, clientSecret } = newAppKeys();
      const app = newApp(1 + (await core.nextNumber("kakao-moment-app")), name, redirectUris);
      const shown = { restApiKey, clientSecret };
      return { key: restApiKey, secret: clientSecret, settings: { app }, shown };
    },
    owns: (path) => ownPaths.test(path),
    async routes(server: FastifyInstance) {
      await server.register(async (calls) => {
        // The contract's sample sends JSON and calls it a form, so whatever a body is called counts for nothing.
        calls.addHook("onRequest", async ({ headers }) => void delete headers["content-type"]);
        readBodiesBy(calls, async (bytes) => parseFields(decodeUtf8(bytes), "json"));
        mountCalls(calls, core, options);
      });
      await server.register(async (consent) => {
        readBodiesBy(consent, readBody);
        mountConsent(consent, core, options);
      });
    },
    failure(failure, request) {
      const path = request?.routeOptions?.url ?? request?.url ?? "";
      if (consentPaths.test(path)) {
        const error = consentFailure(failure);
        return { status: error.status, body: consentErrorBody(error), contentType };
      }
      const error = failureError(failure);
      return { status: error.status, body: errorBody(error), contentType };
    },
  };
}
