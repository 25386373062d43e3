/** The parts of I'mport that Naru does not have: known, so that a caller is told so and not that the address is wrong. */
import type { FastifyInstance } from "fastify";
import type { Core } from "../../../core/index.ts";
import { errors } from "../errors.ts";
import { failure, identify, send } from "./call.ts";

/** Cards and billing keys, escrow, identity checks, sub-merchants, convenience stores, other wallets' order calls. */
const families = [
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
  "kakao/payment",
  "payments/:imp_uid/naver",
];

export function mountUnsupported(server: FastifyInstance, core: Core): void {
  for (const family of families) {
    for (const url of [`/${family}`, `/${family}/*`]) {
      server.route({
        method: ["GET", "POST", "PUT", "DELETE"],
        url,
        schema: { hide: true },
        onRequest: identify(core),
        handler: async (_request, reply) => send(reply, failure(errors.notBuilt)),
      });
    }
  }
}
