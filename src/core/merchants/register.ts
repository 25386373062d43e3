/** The command that makes a merchant with its credentials and channels, once: the same id again changes nothing. */
import { type Command, claim, type Queryable } from "../../store/index.ts";
import { type Channel, type Credential, channels, credentials, type Merchant, merchants } from "./merchant.ts";

export interface RegisterRequest {
  merchant: Omit<Merchant, "createdAt">;
  credentials: Omit<Credential, "createdAt" | "merchantId">[];
  channels: Omit<Channel, "createdAt" | "merchantId">[];
}

interface Registered {
  /** False when the merchant had been registered before. */
  result: boolean;
  request: RegisterRequest;
}

/** Waits for another transaction that is making the same merchant, and returns those that exist. */
async function readExisting(tx: Queryable, ids: readonly string[]): Promise<Set<string>> {
  await claim(
    tx,
    ids.map((id) => ({ scope: "0-merchant", key: id })),
  );
  const found = await tx.query<{ id: string }>("SELECT id FROM merchants WHERE id = ANY($1)", [ids]);
  return new Set(found.rows.map((row) => row.id));
}

export const registerMerchant: Command<RegisterRequest, Set<string>, Registered> = {
  name: "register-merchant",

  load: (tx, requests) =>
    readExisting(
      tx,
      requests.map((request) => request.merchant.id),
    ),

  decide: (existing, request) => ({ result: !existing.has(request.merchant.id), request }),

  apply(existing, decision) {
    existing.add(decision.request.merchant.id);
  },

  async save(tx, decisions, now) {
    const made = decisions.filter((decision) => decision.result).map((decision) => decision.request);
    await merchants.insert(
      tx,
      made.map(({ merchant }) => ({ ...merchant, createdAt: now })),
    );
    await credentials.insert(
      tx,
      made.flatMap((one) =>
        one.credentials.map((credential) => ({ ...credential, merchantId: one.merchant.id, createdAt: now })),
      ),
    );
    await channels.insert(
      tx,
      made.flatMap((one) =>
        one.channels.map((channel) => ({ ...channel, merchantId: one.merchant.id, createdAt: now })),
      ),
    );
  },
};
