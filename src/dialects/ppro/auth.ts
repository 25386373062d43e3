/** Who is calling: an API key, and the merchant whom it is for. */
import { randomInt } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Core } from "../../core/index.ts";
import type { Tenant } from "../../core/merchants/directory.ts";
import type { Credential } from "../../core/merchants/merchant.ts";
import { type Read, wrong } from "../../http/validate.ts";
import type { Accounts } from "./accounts.ts";
import { errors, type PproError } from "./errors.ts";
import { dialect, id_length } from "./identifiers.ts";
import type { RateLimiter, Turn } from "./rate-limits.ts";

export interface Caller {
  tenant: Tenant;
  credential: Credential;
}

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export function newApiKey(mode: "sandbox" | "live"): { key: string; secret: string } {
  const random = Array.from({ length: id_length }, () => letters[randomInt(letters.length)]).join("");
  const secret = `key_${mode}_${random}`;
  return { key: nameOfKey(secret)!, secret };
}

/** Its beginning names an API key and is listed; the rest is the secret. Undefined for what is none. */
export function nameOfKey(apiKey: string): string | undefined {
  const [, name] = /^(key_(?:sandbox|live)_[0-9A-Za-z]{8})[0-9A-Za-z]{13}$/.exec(apiKey) ?? [];
  return name;
}

const turns = new WeakMap<FastifyRequest, Turn>();

/** The caller, or the first of the reasons why there is none. */
export async function authenticate(
  core: Core,
  accounts: Accounts,
  limiter: RateLimiter,
  request: FastifyRequest,
  merchantNeeded = true,
): Promise<Read<Caller, PproError>> {
  const [, apiKey = ""] = /^bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? "") ?? [];
  const name = nameOfKey(apiKey);
  const credential = name === undefined ? undefined : await core.directory.credential(dialect, name);
  if (!core.secrets.matches(apiKey, credential?.secretHash) || credential === undefined) {
    return wrong(errors.unauthorized);
  }
  const turn = limiter.take(credential.merchantId, request.method === "GET" ? "read" : "write");
  turns.set(request, turn);
  if (!turn.isTaken) return wrong(errors.tooOften(limiter.perSecond));
  const own = accounts(credential.merchantId).merchantId;
  const merchantId = request.headers["merchant-id"] || (merchantNeeded ? undefined : own);
  if (merchantId === undefined) return wrong(errors.merchantMissing);
  if (merchantId !== own) return wrong(errors.merchantUnknown);
  const tenant = await core.directory.tenant(credential.merchantId);
  return tenant === undefined ? wrong(errors.unauthorized) : { ok: true, value: { tenant, credential } };
}

/** What a caller who is known is told of their turns with every answer. */
export function rateHeaders(limiter: RateLimiter, request: FastifyRequest): Record<string, string> {
  const turn = turns.get(request);
  if (turn === undefined) return {};
  return {
    "x-ratelimit-remaining": String(turn.remaining),
    "x-ratelimit-requested-tokens": "1",
    "x-ratelimit-burst-capacity": String(limiter.burst),
    "x-ratelimit-replenish-rate": String(limiter.perSecond),
  };
}
