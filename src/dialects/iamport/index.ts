/** I'mport / PortOne V1: `POST /users/getToken`, `POST /vbanks`, `GET /payments/{imp_uid}` and the webhook. */
import type { FastifyInstance } from "fastify";
import type { Announcer, Core } from "../../core/index.ts";
import { decodeUtf8, parseFields } from "../../http/body.ts";
import type { Dialect } from "../../http/dialect.ts";
import { errorEnvelope, failureError } from "./errors.ts";
import { mountRoutes } from "./routes.ts";

const ownPaths = /^\/(users|vbanks|payments|banks|cards|receipts|tiers|subscribe|escrows|certifications)(\/|$)/;

export function iamport(core: Core, announcer: Announcer): Dialect {
  return {
    name: "iamport",
    announcer,
    owns: (path) => ownPaths.test(path),
    async routes(server: FastifyInstance) {
      // Validation and its wording are this dialect's own; the schemas given to routes describe them for the docs.
      server.setValidatorCompiler(() => () => true);
      server.removeAllContentTypeParsers();
      server.addContentTypeParser("*", { parseAs: "buffer" }, async (request: { headers: object }, body: Buffer) => {
        const { "content-type": contentType } = request.headers as { "content-type"?: string };
        return parseFields(decodeUtf8(body), contentType?.toLowerCase());
      });
      server.addHook("preValidation", async (request) => {
        request.body ??= {};
      });
      await mountRoutes(server, core);
    },
    failure(failure) {
      const error = failureError(failure);
      return { status: error.status, body: errorEnvelope(error) };
    },
  };
}
