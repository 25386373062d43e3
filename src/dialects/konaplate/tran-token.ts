/**
 * `X-KM-Tran-Token`: `KMV1:`, the client's time in 17 digits, `:`, and in Base64 the HMAC-SHA-256 of the body's bytes as
 * they were sent, under the project's secret key. It says that the body is the caller's, and nothing of when it was sent.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export interface TranToken {
  /** 32 bytes. */
  mac: Buffer;
}

/**
 * Undefined for what is no token. The contract says 66 characters, which is without the padding; its sample has it, and
 * a full stop in the end.
 */
export function readTranToken(text: string): TranToken | undefined {
  const [, encoded] = /^KMV1:\d{17}:([A-Za-z0-9+/]{43})=?\.?$/.exec(text) ?? [];
  if (encoded === undefined) return undefined;
  const mac = Buffer.from(encoded, "base64");
  // The last character has two bits to spare, which are zero: one code is written in one way.
  return mac.toString("base64") === `${encoded}=` ? { mac } : undefined;
}

/** In constant time. `secretKey`: its characters as UTF-8 are the key. */
export function isTokenOf({ mac }: TranToken, secretKey: string, body: Uint8Array): boolean {
  return timingSafeEqual(mac, createHmac("sha256", Buffer.from(secretKey, "utf8")).update(body).digest());
}
