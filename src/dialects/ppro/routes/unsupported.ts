/** Methods that a path does not have, and the parts of PPRO that Naru does not have. */
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { errors } from "../errors.ts";
import { failure, mount } from "./call.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** What each path takes; whatever else is asked of it is not supported. */
const paths: Readonly<Record<string, readonly (typeof methods)[number][]>> = {
  "/v1/payment-charges": ["GET", "POST"],
  "/v1/payment-charges/:id": ["GET"],
  "/v1/payment-charges/:id/funds-statuses": ["GET"],
  "/v1/payment-charges/:id/authorizations": ["GET", "POST"],
  "/v1/payment-charges/:id/authorizations/:stepId": ["GET"],
  "/v1/payment-charges/:id/captures": ["GET", "POST"],
  "/v1/payment-charges/:id/captures/:stepId": ["GET"],
  "/v1/payment-charges/:id/voids": ["GET", "POST"],
  "/v1/payment-charges/:id/voids/:stepId": ["GET"],
  "/v1/payment-charges/:id/refunds": ["GET", "POST"],
  "/v1/payment-charges/:id/refunds/:refundId": ["GET"],
  "/v1/payment-charges/:id/discards": ["GET", "POST"],
  "/v1/payment-charges/:id/discards/:stepId": ["GET"],
  "/v1/payment-agreements": ["POST"],
  "/v1/payment-agreements/:id": ["GET"],
  "/v1/payment-agreements/:id/authorizations": ["POST"],
  "/v1/payment-agreements/:id/revocations": ["POST"],
  "/v1/payment-agreements/:id/payment-charges": ["POST"],
  "/v1/payment-instruments": ["POST"],
  "/v1/payment-instruments/:id": ["GET", "PUT", "DELETE"],
};

/** Drop-in sessions, disputes, reports. */
const absent = ["payment-sessions", "disputes", "chargebacks", "reports"].flatMap((name) => [
  `/v1/${name}`,
  `/v1/${name}/*`,
]);

export function mountUnsupported(server: FastifyInstance, context: Context): void {
  for (const [url, taken] of Object.entries(paths)) {
    for (const method of methods.filter((one) => !taken.includes(one))) {
      mount(server, context, { method, url, summary: "", hidden: true }, () =>
        failure(errors.methodNotAllowed(method)),
      );
    }
  }
  for (const url of absent) {
    for (const method of methods) {
      mount(server, context, { method, url, summary: "", hidden: true }, () => failure(errors.notFound("Resource")));
    }
  }
}
