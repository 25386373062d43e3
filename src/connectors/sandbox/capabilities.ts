import type { Capabilities } from "../../core/connector.ts";

export const capabilities: Capabilities = {
  issue: "pool",
  reservedNumbers: true,
  change: true,
  close: true,
  refund: true,
  receipts: true,
  wallet: true,
  linkedAccounts: true,
  holderLookup: true,
  notices: true,
  query: true,
};
