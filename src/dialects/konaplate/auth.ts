/** Who is calling: a project's access key, and the partner whose it is; then, that the body is as the project signed it. */
import { randomBytes } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Tenant } from "../../core/merchants/directory.ts";
import { type Credential, openProject } from "../../core/merchants/merchant.ts";
import type { Secrets } from "../../core/secrets.ts";
import { type Read, wrong } from "../../http/validate.ts";
import type { Context } from "./context.ts";
import { errors, type KonaplateError } from "./errors.ts";
import { type CommonHeaders, readHeaders, timeObjection } from "./headers.ts";
import { dialect } from "./identifiers.ts";
import { isTokenOf } from "./tran-token.ts";

export interface Caller {
  tenant: Tenant;
  credential: Credential;
  signed: CommonHeaders;
}

const accessKey_length = 40;

/** As they are seen of the service: 7 and 32 hex digits, and hex digits. */
export function newProjectKeys(): { accessKey: string; secretKey: string } {
  const random = (digits: number) =>
    randomBytes(Math.ceil(digits / 2))
      .toString("hex")
      .slice(0, digits);
  return { accessKey: `${random(7)}-${random(32)}`, secretKey: random(64) };
}

/** The caller by the headers alone, before a body is read; or the first of the reasons why there is none. */
export async function authenticate(
  { core, aspIdOf, window_s }: Context,
  request: FastifyRequest,
): Promise<Read<Caller, KonaplateError>> {
  const headers = readHeaders(request.headers);
  if (!headers.ok) return headers;
  const { accessKey, aspId, token } = headers.value;
  const credential =
    accessKey.length === accessKey_length ? await core.directory.credential(dialect, accessKey) : undefined;
  if (credential === undefined || aspIdOf(credential.merchantId) !== aspId) return wrong(errors.keyUnknown);
  const tenant = await core.directory.tenant(credential.merchantId);
  if (tenant === undefined) return wrong(errors.keyUnknown);
  if (token === undefined) return wrong(errors.tokenMalformed);
  const stale = window_s === undefined ? undefined : timeObjection(headers.value, window_s, new Date());
  return stale === undefined ? { ok: true, value: { tenant, credential, signed: headers.value } } : wrong(stale);
}

/** Whether these bytes are what the caller signed. */
export function isSigned(secrets: Secrets, { credential, signed }: Caller, bytes: Uint8Array): boolean {
  const secretKey = openProject(secrets, credential);
  return secretKey !== undefined && signed.token !== undefined && isTokenOf(signed.token, secretKey, bytes);
}
