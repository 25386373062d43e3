/** Wire -> command -> wire, one file per noun. */
import type { FastifyInstance } from "fastify";
import type { Core } from "../../../core/index.ts";
import { mountAdAccounts } from "./ad-accounts.ts";
import { type ConsentOptions, mountAuthorize } from "./authorize.ts";
import { type BillingOptions, mountBilling } from "./billing.ts";
import { mountTokenInfo, mountTokens } from "./tokens.ts";
import { mountUnsupported } from "./unsupported.ts";

/** What a business token is for. */
export function mountCalls(server: FastifyInstance, core: Core, options: BillingOptions): void {
  mountBilling(server, core, options);
  for (const mountOf of [mountAdAccounts, mountTokenInfo, mountUnsupported]) mountOf(server, core);
}

/** How one gets a business token. */
export function mountConsent(server: FastifyInstance, core: Core, options: ConsentOptions): void {
  mountAuthorize(server, core, options);
  mountTokens(server, core);
}
