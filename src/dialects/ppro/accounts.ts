/**
 * What a merchant is to this dialect: the id that clients send, and the secret by which receivers know our webhooks. Both
 * follow from the merchant's own id and the installation's master key, so neither is stored.
 */
import type { Secrets } from "../../core/secrets.ts";
import { shortHash, wireId } from "./identifiers.ts";

export interface Account {
  /** `Merchant-Id`. */
  merchantId: string;
  webhookSigningSecret: string;
}

export type Accounts = (merchantId: string) => Account;

/** `published`: the accounts of merchants whose credentials are the same in every open sandbox. */
export function accountsOf(secrets: Secrets, published: ReadonlyMap<string, Account>): Accounts {
  return (merchantId) =>
    published.get(merchantId) ?? {
      merchantId: wireId("merch", merchantId),
      webhookSigningSecret: `whsec_${shortHash(secrets.derive(`ppro webhooks ${merchantId}`).toString("hex"))}${shortHash(
        secrets.derive(`ppro webhooks, continued ${merchantId}`).toString("hex"),
      )}`,
    };
}
