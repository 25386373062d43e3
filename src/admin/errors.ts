/** How Naru's own API words what it refuses: `{error: {code, message}}`. */
import type { FastifyReply } from "fastify";
import type { HttpFailure } from "../http/dialect.ts";

export function errorBody(code: string, message: string, more: object = {}) {
  return { error: { code, message, ...more } };
}

export function fail(reply: FastifyReply, status: number, code: string, message: string, more: object = {}) {
  return reply.code(status).send(errorBody(code, message, more));
}

export function unknownMerchant(reply: FastifyReply, id: string) {
  return fail(reply, 404, "merchant-unknown", `there is no merchant ${id}`);
}

export function failureBody(failure: HttpFailure) {
  return errorBody(failure.kind, failure.kind === "defect" ? "internal error" : failure.detail);
}
