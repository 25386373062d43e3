/**
 * Which channel serves a request: `channel_key` names one; `pg` is `{PG}` or `{PG}.{MID}`;
 * one that is unset or unknown leaves the
 * choice to the next, and in the end to the default. Pure.
 */
import { type Channel, defaultChannel } from "../../core/merchants/merchant.ts";

export function selectChannel(
  channels: readonly Channel[],
  wanted: { channel_key?: string | undefined; pg?: string | undefined },
): Channel | undefined {
  const fallback = defaultChannel(channels);
  const named = channels.find((channel) => channel.key === wanted.channel_key);
  if (named !== undefined) return named;
  const [provider, ...rest] = (wanted.pg ?? "").split(".");
  const merchantId = rest.join(".");
  const ofProvider = channels.filter((channel) => channel.provider === provider);
  if (merchantId !== "") return ofProvider.find((channel) => channel.providerMerchantId === merchantId) ?? fallback;
  return defaultChannel(ofProvider) ?? fallback;
}
