/** By what a call is known again. Hashes are keyed, so that neither keys nor bodies can be guessed from them. */
import type { Json } from "../exchanges.ts";
import type { Secrets } from "../secrets.ts";
import type { CallKey } from "./idempotent-call.ts";

/** One client's keys are nobody else's, and each path has its own. */
export interface CallScope {
  credentialId: string;
  merchantId: string;
  method: string;
  path: string;
  /** As the client chose it. */
  key: string;
}

export interface Call extends CallScope {
  /** As it was parsed; null for none. */
  body: Json;
}

type Hashing = Pick<Secrets, "hash">;

export function callKeyOf(secrets: Hashing, call: Call): CallKey {
  const id = hashCall(secrets, call);
  return { id, merchantId: call.merchantId, requestHash: hashRequest(secrets, id, call.body) };
}

export function hashCall(secrets: Hashing, { credentialId, merchantId, method, path, key }: CallScope): string {
  return secrets.hash(JSON.stringify(["call", credentialId, merchantId, method, path, key]));
}

/** With the call's id, so that the same body of two calls has two hashes. */
export function hashRequest(secrets: Hashing, callId: string, body: Json): string {
  return secrets.hash(JSON.stringify(["request", callId, canonicalJson(body)]));
}

/** The same text for the same value: the order of an object's fields says nothing. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name]!)}`);
  return `{${fields.join(",")}}`;
}
