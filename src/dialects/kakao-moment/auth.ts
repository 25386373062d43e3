/** Who is calling: the business token, the app and the user it stands for, and what they may not do at all. */
import { randomBytes } from "node:crypto";
import type { FastifyRequest } from "fastify";
import { type AdAccount, numberedAdAccounts } from "../../core/ad-accounts/ad-account.ts";
import { type Asking, accessObjection } from "../../core/ad-accounts/decide.ts";
import type { CallLimit } from "../../core/call-turns.ts";
import type { Core } from "../../core/index.ts";
import type { Grant } from "../../core/merchants/directory.ts";
import type { AppSettings } from "../../core/merchants/merchant.ts";
import { type Read, wrong } from "../../http/validate.ts";
import { adAccountError, errorOfCode, errors, type KakaoError } from "./errors.ts";
import { scopes } from "./identifiers.ts";

/** What a call needs beside a live token. */
export interface Access {
  scope?: string;
  /** Per user, on all nodes together. */
  limit?: CallLimit;
}

/** A new pair, as long as those of Kakao: 32 hex digits, and 32 letters, digits, `-` and `_`. */
export function newAppKeys(): { restApiKey: string; clientSecret: string } {
  return { restApiKey: randomBytes(16).toString("hex"), clientSecret: randomToken().slice(0, 32) };
}

/** 43 letters, digits, `-` and `_`. */
export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

const first_app_number = 100_000;

/** An app as it is when it was just registered, with nothing in its way; `number` 0 is the demo's. */
export function newApp(number: number, name: string, redirectUris: string[]): AppSettings {
  return {
    number: first_app_number + number,
    name,
    redirectUris,
    scopes: [...scopes],
    secretNeeded: true,
    verified: true,
    permitted: true,
    suspended: false,
    testers: null,
  };
}

/** The caller, or the first of the reasons why there is none. */
export async function authenticate(
  core: Core,
  request: FastifyRequest,
  access: Access,
): Promise<Read<Grant, KakaoError>> {
  const [, token] = /^bearer\s+(\S+)\s*$/i.exec(request.headers.authorization ?? "") ?? [];
  if (token === undefined) return wrong(errors.tokenMissing);
  const grant = await core.directory.grant(core.secrets.hash(token));
  if (grant === undefined) return wrong(errors.tokenUnknown);
  const code = await core.answersWith("kakao-moment-error");
  if (code !== undefined) return wrong(errorOfCode(code));
  const objection = objectionTo(grant, access);
  if (objection !== undefined) return wrong(objection);
  if (access.limit !== undefined && !(await core.takeTurn(access.limit, grant.user.id))) return wrong(errors.tooOften);
  return { ok: true, value: grant };
}

function objectionTo({ app, user, token }: Grant, { scope }: Access): KakaoError | undefined {
  const settings = app?.settings.app;
  if (settings === undefined) return errors.appUnknown;
  if (settings.suspended) return errors.suspended;
  if (!settings.permitted) return errors.noPermission(settings.name);
  if (token.unlinkedAt !== null) return errors.notLinked;
  if (user.restricted) return errors.restricted;
  if (scope === undefined) return undefined;
  if (!settings.scopes.includes(scope)) return errors.notActivated(`[${scope}]`);
  return token.scopes.includes(scope) ? undefined : errors.scopeMissing([scope], token.scopes);
}

/** Who asks, as the rules of ad accounts have it. */
export function askingOf({ user, token }: Grant): Asking {
  return { userId: user.id, adAccounts: token.adAccounts };
}

/** The merchant's ad account of a number, if the caller may look at it, or use it. */
export async function findAdAccount(
  core: Core,
  grant: Grant,
  number: number,
  purpose: "look" | "use",
): Promise<Read<AdAccount, KakaoError>> {
  const found = Number.isSafeInteger(number)
    ? await numberedAdAccounts.findOf(core.store.pool, grant.merchant.id, number)
    : undefined;
  if (found === undefined) return wrong(errors.adAccountUnknown);
  const objection = accessObjection(found, askingOf(grant), purpose);
  return objection === undefined ? { ok: true, value: found } : wrong(adAccountError(objection));
}
