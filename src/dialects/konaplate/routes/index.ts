/** Wire -> command -> wire, one file per noun. */
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mountUnsupported } from "./unsupported.ts";

/** What an access key is for. */
export function mountCalls(server: FastifyInstance, context: Context): void {
  for (const mountOf of [mountUnsupported]) mountOf(server, context);
}
