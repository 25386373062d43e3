/** Merchants as operators see them: no secret, nor the hash of one. */
import type { Queryable, Statement } from "../../store/index.ts";
import {
  type Channel,
  type Credential,
  type Merchant,
  merchants,
  readChannelsOf,
  readCredentialsOf,
  shownSettings,
} from "./merchant.ts";

export interface MerchantView extends Merchant {
  credentials: Omit<Credential, "id" | "merchantId" | "secretHash">[];
  channels: Omit<Channel, "id" | "merchantId" | "settings">[];
}

const LIST: Statement = {
  name: "list-merchants",
  text: `SELECT ${merchants.select("m")} FROM merchants m WHERE id > $1 ORDER BY id LIMIT $2`,
};

/** In the order of their ids, those after the given one. */
export async function listMerchants(db: Queryable, after: string, count: number): Promise<MerchantView[]> {
  return viewsOf(db, (await db.query<Merchant>(LIST, [after, count])).rows);
}

export async function readMerchant(db: Queryable, id: string): Promise<MerchantView | undefined> {
  return (await viewsOf(db, await merchants.read(db, [id])))[0];
}

async function viewsOf(db: Queryable, shown: readonly Merchant[]): Promise<MerchantView[]> {
  const ids = shown.map((merchant) => merchant.id);
  const held = await readCredentialsOf(db, ids);
  const owned = await readChannelsOf(db, ids);
  const of = <Row extends { merchantId: string }>(rows: readonly Row[], id: string) =>
    rows.filter((row) => row.merchantId === id);
  return shown.map((merchant) => ({
    ...merchant,
    settings: shownSettings(merchant.settings),
    credentials: of(held, merchant.id).map(({ dialect, key, settings: { project: _, ...settings }, createdAt }) => ({
      dialect,
      key,
      settings,
      createdAt,
    })),
    channels: of(owned, merchant.id).map(({ id: _, merchantId: __, settings: ___, ...channel }) => channel),
  }));
}
