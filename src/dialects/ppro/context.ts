/** What every route of this dialect works with. */
import type { Core } from "../../core/index.ts";
import type { Accounts } from "./accounts.ts";
import type { CheckoutAddresses } from "./identifiers.ts";
import type { MethodOptions } from "./methods.ts";
import type { RateLimiter } from "./rate-limits.ts";

export interface Context {
  core: Core;
  accounts: Accounts;
  checkout: CheckoutAddresses;
  limiter: RateLimiter;
  methods: MethodOptions;
  /** How long a shopper has to agree. */
  authenticateWithin_s: number;
  /** A sandbox that only the person at the machine reaches. */
  open: boolean;
  sandbox: boolean;
}
