/**
 * The command that makes a merchant with its credentials and channels. The same again changes nothing; what is new of a
 * merchant that was made before is added, unless the merchant itself was to be new.
 */
import { type Command, claim, type Queryable } from "../../store/index.ts";
import { type Channel, type Credential, channels, credentials, type Merchant, merchants } from "./merchant.ts";

export interface RegisterRequest {
  /** Nothing happens when there is a merchant of this id. */
  onlyNew?: boolean;
  merchant: Omit<Merchant, "createdAt">;
  credentials: Omit<Credential, "createdAt" | "merchantId">[];
  channels: Omit<Channel, "createdAt" | "merchantId">[];
}

interface Registered {
  /** False when the merchant had been registered before. */
  result: boolean;
  merchant: Omit<Merchant, "createdAt"> | undefined;
  credentials: Omit<Credential, "createdAt">[];
  channels: Omit<Channel, "createdAt">[];
}

/** Whoever else makes or changes these merchants comes after. */
export async function claimMerchants(tx: Queryable, ids: readonly string[]): Promise<void> {
  await claim(
    tx,
    ids.map((id) => ({ scope: "0-merchant", key: id })),
  );
}

/** Waits for another transaction that is making the same merchant, and returns the ids of all that exists of it. */
async function readExisting(tx: Queryable, ids: readonly string[]): Promise<Set<string>> {
  await claimMerchants(tx, ids);
  const found = await tx.query<{ id: string }>(
    `SELECT id FROM merchants WHERE id = ANY($1) UNION ALL SELECT id FROM credentials WHERE merchant_id = ANY($1)
      UNION ALL SELECT id FROM channels WHERE merchant_id = ANY($1)`,
    [ids],
  );
  return new Set(found.rows.map((row) => row.id));
}

export const registerMerchant: Command<RegisterRequest, Set<string>, Registered> = {
  name: "register-merchant",

  load: (tx, requests) =>
    readExisting(
      tx,
      requests.map((request) => request.merchant.id),
    ),

  decide(existing, { merchant, credentials: wanted, channels: owned, onlyNew = false }) {
    const isNew = (one: { id: string }) => !existing.has(one.id);
    if (onlyNew && !isNew(merchant)) return { result: false, merchant: undefined, credentials: [], channels: [] };
    return {
      result: isNew(merchant),
      merchant: isNew(merchant) ? merchant : undefined,
      credentials: wanted.filter(isNew).map((one) => ({ ...one, merchantId: merchant.id })),
      channels: owned.filter(isNew).map((one) => ({ ...one, merchantId: merchant.id })),
    };
  },

  apply(existing, { merchant, credentials: made, channels: opened }) {
    for (const { id } of [...(merchant === undefined ? [] : [merchant]), ...made, ...opened]) existing.add(id);
  },

  async save(tx, decisions, createdAt) {
    const dated = <Row extends object>(rows: Row[]) => rows.map((row) => ({ ...row, createdAt }));
    await merchants.insert(tx, dated(decisions.flatMap(({ merchant }) => (merchant === undefined ? [] : [merchant]))));
    await credentials.insert(tx, dated(decisions.flatMap((one) => one.credentials)));
    await channels.insert(tx, dated(decisions.flatMap((one) => one.channels)));
  },
};
