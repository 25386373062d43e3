/**
 * Which channel serves a request: `channel_key` names one; `pg` is `{PG}` or `{PG}.{MID}`;
 * anything unset or unknown means the default. Pure.
 */
import type { Channel } from "../../core/merchants/merchant.ts";

export function selectChannel(
  channels: readonly Channel[],
  wanted: { channel_key?: string | undefined; pg?: string | undefined },
): Channel | undefined {
  const fallback = channels.find((channel) => channel.isDefault) ?? channels[0];
  if (wanted.channel_key !== undefined) {
    return channels.find((channel) => channel.key === wanted.channel_key) ?? fallback;
  }
  const [provider, ...rest] = (wanted.pg ?? "").split(".");
  const merchantId = rest.join(".");
  const ofProvider = channels.filter((channel) => channel.provider === provider);
  if (merchantId !== "") return ofProvider.find((channel) => channel.providerMerchantId === merchantId) ?? fallback;
  return ofProvider.find((channel) => channel.isDefault) ?? ofProvider[0] ?? fallback;
}
