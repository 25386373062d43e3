/** Konaplate: members, their own bank accounts and their prepaid cards, by requests that are signed and encrypted. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { sealProject } from "../../core/merchants/merchant.ts";
import type { Dialect } from "../../http/dialect.ts";
import { newProjectKeys } from "./auth.ts";
import type { Context } from "./context.ts";
import { errorBody, errors, failureError } from "./errors.ts";
import { answerHeaders } from "./headers.ts";
import { dialect } from "./identifiers.ts";
import { contentType, readSignedBodies } from "./routes/call.ts";
import { mountCalls } from "./routes/index.ts";

const ownPaths = /^\/+(open-api\/+)?api\/+v\d+(\/|$)/;

export function konaplate(context: Context): Dialect {
  const { core, aspIdOf } = context;
  return {
    name: dialect,
    credentialsName: "konaplate",
    async newCredential({ merchantId }) {
      const { accessKey: key, secretKey: secret } = newProjectKeys();
      const shown = { aspId: aspIdOf(merchantId), accessKey: key, secretKey: secret };
      return { key, secret, settings: sealProject(core.secrets, { key, merchantId }, secret), shown };
    },
    owns: (path) => ownPaths.test(path),
    async routes(server: FastifyInstance) {
      await server.register(async (calls) => {
        readSignedBodies(calls);
        mountCalls(calls, context);
      });
    },
    failure(failure, request) {
      const isOther = failure.kind === "not-found" && request !== undefined && isCalledByPost(request);
      const error = isOther ? errors.methodNotAllowed : failureError(failure);
      const headers = {
        ...(request === undefined ? {} : answerHeaders(request.headers)),
        ...(isOther ? { Allow: "POST" } : {}),
      };
      return { status: error.status, body: errorBody(error), contentType, headers };
    },
  };
}

/** Whether there is an API at the address of a request by another method. */
function isCalledByPost({ server, method, url }: FastifyRequest): boolean {
  const path = url
    .split("?", 1)[0]!
    .replace(/\/{2,}/g, "/")
    .replace(/(?<=.)\/$/, "");
  return method !== "POST" && server.hasRoute({ method: "POST", url: path });
}
