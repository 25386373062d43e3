/** What a shopper pays with, as a merchant keeps it. Its details may name people's accounts, so they are encrypted. */
import { table } from "../../store/index.ts";
import type { Secrets } from "../secrets.ts";

export interface Instrument {
  id: string;
  merchantId: string;
  wireId: string;
  type: string;
  detailsEncrypted: string;
  createdAt: Date;
  updatedAt: Date;
  deletedAt: Date | null;
}

export type InstrumentDetails = Record<string, unknown>;

export const instruments = table<Instrument>(
  "instruments",
  ["id", "merchantId", "wireId", "type", "detailsEncrypted", "createdAt", "updatedAt", "deletedAt"],
  ["id"],
);

const place = ({ id, merchantId }: Pick<Instrument, "id" | "merchantId">) => ({
  table: "instruments",
  column: "details_encrypted",
  row: id,
  merchantId,
});

export function sealDetails(
  secrets: Secrets,
  of: Pick<Instrument, "id" | "merchantId">,
  details: InstrumentDetails,
): string {
  return secrets.encrypt(JSON.stringify(details), place(of));
}

export function openDetails(secrets: Secrets, instrument: Instrument): InstrumentDetails {
  return JSON.parse(secrets.decrypt(instrument.detailsEncrypted, place(instrument)));
}
