/** The parts of I'mport that Naru does not have: known, so that a caller is told so and not that the address is wrong. */
import type { FastifyInstance } from "fastify";
import type { Core } from "../../../core/index.ts";
import { authenticate } from "../auth.ts";
import { errors } from "../errors.ts";
import { failure, send } from "./call.ts";

/** Cards and billing keys, escrow, identity checks, sub-merchants, convenience stores, other wallets' order calls. */
export const unsupportedFamilies = [
  "subscribe",
  "escrows",
  "certifications",
  "tiers",
  "cvs",
  "partners",
  "payco",
  "naver",
  "benepia",
  "kcpquick",
  "paymentwall",
];

export function mountUnsupported(server: FastifyInstance, core: Core): void {
  for (const family of unsupportedFamilies) {
    for (const url of [`/${family}`, `/${family}/*`]) {
      server.route({
        method: ["GET", "POST", "PUT", "DELETE"],
        url,
        schema: { hide: true },
        handler: async (request, reply) => {
          const tenant = await authenticate(core, request);
          return send(reply, failure(tenant === undefined ? errors.unauthorized : errors.notBuilt));
        },
      });
    }
  }
}
