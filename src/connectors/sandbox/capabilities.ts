import type { Capabilities } from "../../core/connector.ts";

export const capabilities: Capabilities = { issue: "pool", fixedAccounts: true, notices: true };
