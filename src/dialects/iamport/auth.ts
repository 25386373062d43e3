/** Who is calling: `getToken` and the four ways a token is passed. */
import { randomBytes, randomInt } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Core } from "../../core/index.ts";
import type { TokenPolicy } from "../../core/merchants/access-tokens.ts";
import type { Tenant } from "../../core/merchants/directory.ts";
import { type Fields, findUnstorable } from "../../http/body.ts";
import { errors, type IamportError } from "./errors.ts";
import { dialect } from "./identifiers.ts";
import { toSeconds } from "./present.ts";

/** Half an hour; a token asked for in its last minute lives five minutes longer. */
export const tokenPolicy: TokenPolicy = { lifetime_s: 1800, extendWithin_s: 60, extendBy_s: 300 };

/**
 * A new pair, as long as those of I'mport: 16 digits, which still are exact where a client writes them as a number, and
 * 80 hex digits.
 */
export function newKeys(): { impKey: string; impSecret: string } {
  const impKey = `${randomInt(10_000_000, 90_000_000)}${String(randomInt(100_000_000)).padStart(8, "0")}`;
  return { impKey, impSecret: randomBytes(40).toString("hex") };
}

export type Granted =
  | { ok: true; token: { access_token: string; now: number; expired_at: number } }
  | { ok: false; error: IamportError };

export async function getToken(core: Core, body: Fields): Promise<Granted> {
  const { imp_key, imp_secret } = body;
  if (findUnstorable({ imp_key }) !== undefined) return { ok: false, error: errors.credentialsWrong };
  if (!isCredential(imp_key) || !isCredential(imp_secret)) return { ok: false, error: errors.credentialsMissing };
  const credential = await core.directory.credential(dialect, String(imp_key));
  const right = core.secrets.matches(String(imp_secret), credential?.secretHash);
  if (credential === undefined || !right) return { ok: false, error: errors.credentialsWrong };
  const granted = await core.grantAccessToken({
    credentialId: credential.id,
    merchantId: credential.merchantId,
    fresh: randomBytes(20).toString("hex"),
    policy: tokenPolicy,
  });
  if (granted === undefined) return { ok: false, error: errors.credentialsWrong };
  return {
    ok: true,
    token: {
      access_token: granted.token,
      now: toSeconds(granted.now),
      expired_at: toSeconds(granted.expiresAt),
    },
  };
}

function isCredential(value: unknown): value is string | number {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}

/** The caller, or undefined when the token is missing, unknown or expired. */
export async function authenticate(core: Core, request: FastifyRequest): Promise<Tenant | undefined> {
  const token = passedToken(request);
  return token === undefined ? undefined : core.directory.tenantOfToken(core.secrets.hash(token));
}

function passedToken(request: FastifyRequest): string | undefined {
  const { authorization, "x-imptokenheader": header } = request.headers;
  const { _token } = request.query as { _token?: unknown };
  const candidates = [authorization?.replace(/^bearer(\s+|$)/i, ""), header, _token];
  return candidates.map((value) => String(value ?? "").trim()).find((value) => value !== "");
}
