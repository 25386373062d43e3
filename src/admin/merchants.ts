/** Tenants, as operators make and change them. Secrets are shown once, in the answer that made them. */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Refusal } from "../core/errors.ts";
import type { Core } from "../core/index.ts";
import { limits } from "../core/limits.ts";
import { mergeSettings, type SettingsChange } from "../core/merchants/merchant.ts";
import { listMerchants, readMerchant } from "../core/merchants/read.ts";
import type { RegisterRequest } from "../core/merchants/register.ts";
import { readNoticeUrl } from "../core/webhooks/delivery.ts";
import { demoMerchantId } from "../demo.ts";
import { type Fields, MalformedBody } from "../http/body.ts";
import { newId } from "../store/index.ts";
import { fail } from "./errors.ts";
import { nextCursor, readCursor, reader } from "./requests.ts";
import { CredentialRequest, MerchantChange, MerchantRequest, MerchantSettings, PageQuery } from "./schemas.ts";

export interface MerchantsOptions {
  /** A new random pair of the dialect's. */
  newKeys(): { impKey: string; impSecret: string };
  /** What a new merchant's money comes through; undefined in live mode, where its contracts are its own. */
  newChannels: ((impKey: string) => { inicisApiKey: string; channels: RegisterRequest["channels"] }) | undefined;
  /** The demo merchant's own key; undefined in live mode, which has none. */
  demoKey: string | undefined;
}

const dialect = "iamport";

const readPage = reader(PageQuery);
const readNew = reader(MerchantRequest);
const readChange = reader(MerchantChange);
const readCredential = reader(CredentialRequest);
const readKnownSettings = reader(MerchantSettings);

export async function mountMerchants(server: FastifyInstance, core: Core, options: MerchantsOptions): Promise<void> {
  const { pool } = core.store;
  const tags = ["Naru"];
  const trust = `Other nodes go by what they read before for up to ${limits.directory_trust_ms / 1000} s.`;

  server.get(
    "/merchants",
    { schema: { tags, summary: "Merchants with their keys and channels", querystring: PageQuery } },
    async (request) => {
      const { limit: count = limits.page_default, after } = readPage(request.query);
      const merchants = await listMerchants(pool, readCursor(after, "mer") ?? "", count);
      return { merchants, cursor: nextCursor(merchants, count) };
    },
  );

  server.get<{ Params: { id: string } }>(
    "/merchants/:id",
    { schema: { tags, summary: "One merchant" } },
    async (request, reply) => {
      const { id } = request.params;
      return (await readMerchant(pool, id)) ?? refuse(reply, { code: "merchant-unknown", id });
    },
  );

  server.post(
    "/merchants",
    {
      schema: {
        tags,
        summary: "Make a merchant",
        description: "The answer holds its secrets, which are never shown again.",
        body: MerchantRequest,
      },
    },
    async (request, reply) => {
      const body = request.body as Fields;
      const { id = newId("mer"), name } = readNew({ ...body, settings: undefined });
      if (!/^mer_[A-Za-z0-9_-]+$/.test(id)) throw new MalformedBody("id must be mer_ and letters, digits, _ or -");
      const settings = readSettings(body.settings);
      const { impKey, impSecret } = options.newKeys();
      const made = options.newChannels?.(impKey);
      const isNew = await core.registerMerchant({
        onlyNew: true,
        merchant: { id, name, settings: mergeSettings({}, settings) },
        credentials: [{ id: newId("crd"), dialect, key: impKey, secretHash: core.secrets.hash(impSecret) }],
        channels: made?.channels ?? [],
      });
      if (!isNew) return fail(reply, 409, "merchant-exists", `there is a merchant ${id} already`);
      const iamport = { impKey, impSecret, ...(made === undefined ? {} : { inicisApiKey: made.inicisApiKey }) };
      return reply.code(201).send({ merchant: await readMerchant(pool, id), credentials: { iamport } });
    },
  );

  server.patch<{ Params: { id: string } }>(
    "/merchants/:id",
    {
      schema: { tags, summary: "Change a merchant's name or settings", description: trust, body: MerchantChange },
    },
    async (request, reply) => {
      const { id } = request.params;
      const body = request.body as Fields;
      const { name } = readChange({ ...body, settings: undefined });
      const changed = await core.changeMerchant({ merchantId: id, name, settings: readSettings(body.settings) });
      return changed.ok ? readMerchant(pool, id) : refuse(reply, changed.refusal);
    },
  );

  server.post<{ Params: { id: string } }>(
    "/merchants/:id/credentials",
    {
      schema: {
        tags,
        summary: "Give a merchant one more pair of key and secret",
        description: "The answer holds the secret, which is never shown again. It works at once.",
        body: CredentialRequest,
      },
    },
    async (request, reply) => {
      readCredential(request.body);
      const { id } = request.params;
      const { impKey, impSecret } = options.newKeys();
      const credential = { id: newId("crd"), dialect, key: impKey, secretHash: core.secrets.hash(impSecret) };
      const added = await core.addCredential({ merchantId: id, credential });
      if (!added.ok) return refuse(reply, added.refusal);
      return reply
        .code(201)
        .send({ merchant: await readMerchant(pool, id), credentials: { iamport: { impKey, impSecret } } });
    },
  );

  server.delete<{ Params: { id: string; key: string } }>(
    "/merchants/:id/credentials/:key",
    { schema: { tags, summary: "Take a key away, with the access token it was given", description: trust } },
    async (request, reply) => {
      const { id, key } = request.params;
      if (key === options.demoKey && id === demoMerchantId(key)) {
        const reason = "the node makes it again when it starts";
        return fail(reply, 409, "demo-credential", `the demo merchant's own key cannot be removed: ${reason}`);
      }
      const removed = await core.removeCredential({ merchantId: id, dialect, key });
      return removed.ok ? readMerchant(pool, id) : refuse(reply, removed.refusal);
    },
  );
}

function refuse(reply: FastifyReply, refusal: Refusal) {
  switch (refusal.code) {
    case "merchant-unknown":
      return fail(reply, 404, refusal.code, `there is no merchant ${refusal.id}`);
    case "credential-unknown":
      return fail(reply, 404, refusal.code, `the merchant has no key ${refusal.key}`);
    case "too-many-credentials":
      return fail(reply, 409, refusal.code, `a merchant may have ${refusal.max} keys; remove one first`);
    default:
      throw new Error(`a merchant is not refused with ${refusal.code}`);
  }
}

/** Settings by name, with null for those to be removed; whatever is no setting, or cannot be one, is named. */
function readSettings(value: unknown): SettingsChange {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new MalformedBody("settings must be an object");
  const removed = Object.entries(value).filter(([, setting]) => setting === null);
  const { noticeUrl, ...others } = readKnownSettings(value, "settings.");
  const readable = noticeUrl === undefined ? undefined : readNoticeUrl(noticeUrl);
  if (noticeUrl !== undefined && readable === undefined) {
    throw new MalformedBody("settings.noticeUrl must be an http or https address without a user or password in it");
  }
  return { ...Object.fromEntries(removed), ...others, ...(readable === undefined ? {} : { noticeUrl: readable }) };
}
