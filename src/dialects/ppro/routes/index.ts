/** Wire -> command -> wire, one file per noun. */
import type { FastifyInstance } from "fastify";
import type { Context } from "../context.ts";
import { mountAgreements } from "./agreements.ts";
import { mountCharges } from "./charges.ts";
import { mountInstruments } from "./instruments.ts";
import { mountOperations } from "./operations.ts";
import { mountUnsupported } from "./unsupported.ts";

export { mountCheckout } from "./checkout.ts";

/** What an API key is for. */
export function mountCalls(server: FastifyInstance, context: Context): void {
  for (const mountOf of [mountCharges, mountOperations, mountAgreements, mountInstruments, mountUnsupported]) {
    mountOf(server, context);
  }
}
