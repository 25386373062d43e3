/** APIs of the contract that Naru does not have: a known caller is told so. */
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { errors } from "../errors.ts";
import { failure, mount } from "./call.ts";

const paths = [
  "/api/v1/user/loginId/find",
  "/api/v1/user/dormancy/change-active",
  "/api/v1/card/status",
  "/api/v1/card/payment/limit/update",
  "/api/v1/prepay-card/physical/register",
  "/api/v1/unregister/card/info",
  "/api/v1/recharges/system/manuals",
  "/api/v1/recharges/auto/payments/register",
  "/api/v1/recharges/online-payment/transaction/generate",
  "/api/v1/payment/generate/barcode-spec",
  "/api/v1/payment/no-hce",
  "/api/v1/payment/cancel/no-hce",
  "/api/v1/merchant/asp",
];

export function mountUnsupported(server: FastifyInstance, context: Context): void {
  for (const url of paths) {
    const endpoint = { url, summary: "", hidden: true, encrypted: { request: false, answer: false } };
    mount(server, context, endpoint, () => failure(errors.unsupported));
  }
}
