/** The ids that clients see, made of numbers and ids of our own, and the numbers that clients write. Pure. */
import { createHash } from "node:crypto";
import type { Channel } from "../../core/merchants/merchant.ts";

/** As `payments.dialect` has it. */
export const dialect = "iamport";

const pgTid_length = 64;

/**
 * `imp_` and 12 digits. Counted numbers are spread over the 10^12 there are by a multiplier that shares no factor with
 * 10, so that neighbours look unlike and none repeats.
 */
export function impUid(number: number): string {
  const spread = (BigInt(number) * 387_420_489_123n + 104_729_000_037n) % 1_000_000_000_000n;
  return `imp_${spread.toString().padStart(12, "0")}`;
}

/** The PG's merchant id, cut where both would not fit, and the digits of the payment's own id. */
export function pgTid(channel: Pick<Channel, "providerMerchantId">, wireId: string): string {
  const suffix = wireId.replace(/^imp/, "");
  return channel.providerMerchantId.slice(0, pgTid_length - suffix.length) + suffix;
}

/** Crockford's base 32: no I, L, O or U. */
const symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const cancellationId_length = 20;

/** 20 characters for the refund, or for the credit that the bank took back: the same whenever it is told. */
export function cancellationId(id: string): string {
  const digest = createHash("sha256").update(id).digest();
  return Array.from(digest.subarray(0, cancellationId_length), (byte) => symbols[byte % 32]).join("");
}

/** A number as people write it, with hyphens and spaces, as digits alone. */
export function plainNumber(number: string): string {
  return number.replace(/[\s-]/g, "");
}

/** Letters and digits alone, which is all that some PGs take for an order id. */
export function isPlainReference(reference: string): boolean {
  return /^[0-9A-Za-z]+$/.test(reference);
}
