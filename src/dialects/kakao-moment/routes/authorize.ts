/**
 * `/oauth/business/authorize`: an app sends a user here, who sees what it asks for, agrees or declines, and is sent back.
 * Nothing is kept between the page and its answer: the form carries the request, which is judged again.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { numberedUsers } from "../../../core/ad-accounts/user.ts";
import type { Wish } from "../../../core/consents/consent.ts";
import { appObjection } from "../../../core/consents/decide.ts";
import type { Core } from "../../../core/index.ts";
import type { Credential } from "../../../core/merchants/merchant.ts";
import type { Fields } from "../../../http/body.ts";
import { queryOf } from "../../../http/endpoint.ts";
import { httpLimits } from "../../../http/limits.ts";
import { languageOf, sendPage, wantsPage, withQuery } from "../../../http/page.ts";
import { type Problem, type Read, readerIn, wrong } from "../../../http/validate.ts";
import { randomToken } from "../auth.ts";
import { consentPage, errorPage } from "../consent-page.ts";
import { type ConsentError, consentError, consentErrorBody, consentErrorOfCode, consentErrors } from "../errors.ts";
import { authorizePath, dialect, readLong, readResources, scopesOfResources } from "../identifiers.ts";
import { AuthorizeQuery, ConsentErrorBody, Decision, state_length, users_shown } from "../schemas/index.ts";
import { send, tag } from "./call.ts";

export interface ConsentOptions {
  /** Users are chosen on the page, and sign in with nothing: a sandbox that only the person at the machine reaches. */
  open: boolean;
  /** Pages say that it is one. */
  sandbox: boolean;
}

/** Reads fields of consent; a problem is a bad request. */
export const consentReader = readerIn(problemError);

function problemError(problem: Problem): ConsentError {
  return consentErrors.badRequest(`${problem.field} is not valid`);
}

const readQuery = consentReader(AuthorizeQuery);
const readDecision = consentReader(Decision);

export function mountAuthorize(server: FastifyInstance, core: Core, { open, sandbox }: ConsentOptions): void {
  server.get(
    authorizePath,
    {
      schema: {
        tags: [tag],
        summary: "Ask a user for consent, in a browser",
        querystring: AuthorizeQuery,
        response: {
          200: Type.String({ description: "a page; its answer leads back to redirect_uri by 302" }),
          "4xx": ConsentErrorBody,
        },
      },
    },
    async (request, reply) => {
      const asked = await readAsked(core, queryOf(request));
      return asked.ok ? showPage(request, reply, asked.value) : refuse(request, reply, asked.error);
    },
  );

  server.post(authorizePath, { bodyLimit: httpLimits.form_bytes, schema: { hide: true } }, async (request, reply) => {
    const fields = request.body as Fields;
    const asked = await readAsked(core, fields);
    if (!asked.ok) return refuse(request, reply, asked.error);
    const decided = readDecision(fields);
    if (!decided.ok) return refuse(request, reply, decided.error);
    const { decision, user: number = "", sign_in = "" } = decided.value;
    const { credential, wish } = asked.value;
    if (decision === "decline") {
      const denied = { error: "access_denied", error_description: "User denied access" };
      return sendBack(reply, asked.value, denied);
    }
    if (decision !== "agree") return refuse(request, reply, consentErrors.badRequest("decision is agree or decline"));
    const user = await numberedUsers.findOf(core.store.pool, credential.merchantId, readUserNumber(number));
    const isSignedIn = core.secrets.matches(sign_in, user?.signInHash);
    if (user === undefined || !(open || isSignedIn)) return showPage(request, reply, asked.value, number);
    const code = randomToken();
    const given = await core.giveConsent({
      credentialId: credential.id,
      userId: user.id,
      wish,
      codeId: core.secrets.hash(code),
    });
    if (!given.ok) return refuse(request, reply, consentError(given.refusal, credential.key));
    return sendBack(reply, asked.value, { code });
  });

  async function showPage(request: FastifyRequest, reply: FastifyReply, asked: Asked, failed?: string) {
    const language = languageOf(request.headers["accept-language"]);
    const { credential, wish, fields } = asked;
    const view = { app: credential.settings.app!, wish, fields, users: await usersOf(credential), failed };
    const page = { language, sandbox, leadsAway: true, ...consentPage(view, language) };
    return sendPage(reply, failed === undefined ? 200 : 401, page);
  }

  async function usersOf({ merchantId }: Credential) {
    if (!open) return undefined;
    const found = await numberedUsers.list(core.store.pool, merchantId, 0, users_shown + 1);
    return { shown: found.slice(0, users_shown), isCut: found.length > users_shown };
  }

  /** People see a page, programs the error itself. The app is not told: what is wrong may be where it is. */
  function refuse(request: FastifyRequest, reply: FastifyReply, error: ConsentError) {
    if (!wantsPage(request.headers.accept)) {
      reply.header("cache-control", "no-store");
      return send(reply, { status: error.status, body: consentErrorBody(error) });
    }
    const language = languageOf(request.headers["accept-language"]);
    return sendPage(reply, error.status, { language, sandbox, ...errorPage(error, language) });
  }
}

/** Beyond what numbers hold exactly there is nobody. */
function readUserNumber(text: string): number {
  const number = readLong(text) ?? -1;
  return Number.isSafeInteger(number) ? number : -1;
}

/** What an app asks for, and the fields in which it did. */
interface Asked {
  credential: Credential;
  wish: Wish;
  fields: AuthorizeQuery;
}

async function readAsked(core: Core, sent: Fields): Promise<Read<Asked, ConsentError>> {
  const fault = await core.answersWith("kakao-consent-error");
  if (fault !== undefined) return wrong(consentErrorOfCode(fault));
  const read = readQuery(sent);
  if (!read.ok) return read;
  const fields = read.value;
  const { client_id = "", response_type = "", redirect_uri = "", scope = "", resource_ids = [], state = "" } = fields;
  if (encodeURIComponent(state).length > state_length) return wrong(consentErrors.badRequest("state is too long"));
  const credential = await core.directory.credential(dialect, client_id);
  if (credential === undefined) return wrong(consentErrors.appUnknown(client_id));
  if (response_type !== "code") return wrong(consentErrors.responseType(response_type));
  const scopes = [...new Set(scope.split(",").map((one) => one.trim()))].filter((one) => one !== "");
  const adAccounts = readResources(resource_ids);
  const wish = { redirectUri: redirect_uri, scopes, adAccounts: adAccounts ?? null };
  const objection = appObjection(credential.settings.app, wish);
  if (objection !== undefined) return wrong(consentError(objection, client_id));
  if (scopes.length === 0) return wrong(consentErrors.scope(scope));
  if (adAccounts === undefined) return wrong(consentErrors.parameter(`resource_ids=${resource_ids.join(",")}`));
  const needing = scopes.find((one) => scopesOfResources.includes(one));
  if (needing !== undefined && resource_ids.length === 0) {
    return wrong(consentErrors.parameter(`resource_ids is needed with ${needing}`));
  }
  return { ok: true, value: { credential, wish, fields } };
}

/** To the app, by 302 as Kakao does. What its address has of a query stays to the letter. */
function sendBack(reply: FastifyReply, { wish, fields }: Asked, told: Record<string, string>) {
  const more = fields.state === undefined ? told : { ...told, state: fields.state };
  const target = withQuery(wish.redirectUri, more);
  return reply.header("cache-control", "no-store").header("referrer-policy", "no-referrer").redirect(target, 302);
}
