/** Tenants, as operators make and change them. Secrets are shown once, in the answer that made them. */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { MerchantRefusal } from "../core/errors.ts";
import type { Core } from "../core/index.ts";
import { limits } from "../core/limits.ts";
import { mergeSettings, type SettingsChange, sealHeaders } from "../core/merchants/merchant.ts";
import { listMerchants, readMerchant } from "../core/merchants/read.ts";
import type { RegisterRequest } from "../core/merchants/register.ts";
import type { Secrets } from "../core/secrets.ts";
import { readNoticeUrl } from "../core/webhooks/delivery.ts";
import { type Fields, MalformedBody } from "../http/body.ts";
import type { Dialect } from "../http/dialect.ts";
import { newId } from "../store/index.ts";
import { fail, unknownMerchant } from "./errors.ts";
import { nextCursor, readCursor, reader } from "./requests.ts";
import {
  AppChange,
  CredentialRequest,
  MerchantChange,
  MerchantRequest,
  MerchantSettings,
  PageQuery,
} from "./schemas.ts";

export interface MerchantsOptions {
  /** Those that a merchant's clients may come by. */
  dialects: readonly Dialect[];
  /** What a new merchant's money comes through; undefined in live mode, where its contracts are its own. */
  newChannels: ((impKey: string) => { inicisApiKey: string; channels: RegisterRequest["channels"] }) | undefined;
  /** The demo merchant and its own keys; undefined in live mode, which has none. */
  demo: { merchantId: string; keys: readonly string[]; cryptoKeyId: string } | undefined;
}

/** The one by which a new merchant's first client comes. */
const firstDialect = "iamport";

const readPage = reader(PageQuery);
const readNew = reader(MerchantRequest);
const readChange = reader(MerchantChange);
const readCredential = reader(CredentialRequest);
const readApp = reader(AppChange);
const readKnownSettings = reader(MerchantSettings);

export async function mountMerchants(server: FastifyInstance, core: Core, options: MerchantsOptions): Promise<void> {
  const { pool } = core.store;
  const tags = ["Naru"];
  const newCredential = async (name: string, app: Parameters<Dialect["newCredential"]>[0]) => {
    const dialect = options.dialects.find((one) => one.name === name)!;
    const { key, secret, settings, shown } = await dialect.newCredential(app);
    const credential = { id: newId("crd"), dialect: name, key, secretHash: core.secrets.hash(secret), settings };
    return { credential, section: dialect.credentialsName, shown };
  };
  const webhooks = options.dialects.flatMap((dialect) => dialect.webhooks ?? []);
  const readSettings = (merchantId: string, value: unknown) =>
    readSettingsBy(core.secrets, webhooks, merchantId, value);
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
      return (await readMerchant(pool, id)) ?? unknownMerchant(reply, id);
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
      const settings = readSettings(id, body.settings);
      const { credential, section, shown } = await newCredential(firstDialect, {
        merchantId: id,
        name,
        redirectUris: [],
      });
      const made = options.newChannels?.(credential.key);
      const isNew = await core.registerMerchant({
        onlyNew: true,
        merchant: { id, name, settings: mergeSettings({}, settings) },
        credentials: [credential],
        channels: made?.channels ?? [],
      });
      if (!isNew) return fail(reply, 409, "merchant-exists", `there is a merchant ${id} already`);
      const all = { ...shown, ...(made === undefined ? {} : { inicisApiKey: made.inicisApiKey }) };
      return reply.code(201).send({ merchant: await readMerchant(pool, id), credentials: { [section]: all } });
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
      const changed = await core.changeMerchant({ merchantId: id, name, settings: readSettings(id, body.settings) });
      return changed.ok ? readMerchant(pool, id) : refuse(reply, changed.refusal);
    },
  );

  server.post<{ Params: { id: string } }>(
    "/merchants/:id/credentials",
    {
      schema: {
        tags,
        summary: "Give a merchant one more pair of key and secret",
        description:
          "The answer holds the secret, which is never shown again. It works at once. " +
          "One of kakao-moment is an app, with a name and the addresses to which users are sent back.",
        body: CredentialRequest,
      },
    },
    async (request, reply) => {
      const { dialect, ...app } = readCredential(request.body);
      const { id } = request.params;
      const [odd] = dialect === "kakao-moment" ? [] : Object.keys(app);
      if (odd !== undefined) throw new MalformedBody(`${odd} is of kakao-moment's apps`);
      const merchant = await readMerchant(pool, id);
      if (merchant === undefined) return unknownMerchant(reply, id);
      const { name = merchant.name, redirectUris = [] } = app;
      const { credential, section, shown } = await newCredential(dialect, {
        merchantId: id,
        name,
        redirectUris: readRedirectUris(redirectUris),
      });
      const added = await core.addCredential({ merchantId: id, credential });
      if (!added.ok) return refuse(reply, added.refusal);
      return reply.code(201).send({ merchant: await readMerchant(pool, id), credentials: { [section]: shown } });
    },
  );

  server.patch<{ Params: { id: string; key: string } }>(
    "/merchants/:id/credentials/:key",
    {
      schema: {
        tags,
        summary: "Change what is known of an app",
        description: `Of credentials of kakao-moment alone; null for testers makes it an app for all. ${trust}`,
        body: AppChange,
      },
    },
    async (request, reply) => {
      const { id, key } = request.params;
      const body = request.body as Fields;
      const { redirectUris, ...change } = readApp(withoutNull(body, "testers"));
      const changed = await core.changeApp({
        merchantId: id,
        key,
        change: {
          ...change,
          ...(redirectUris === undefined ? {} : { redirectUris: readRedirectUris(redirectUris) }),
          ...(body.testers === null ? { testers: null } : {}),
        },
      });
      return changed.ok ? readMerchant(pool, id) : refuse(reply, changed.refusal);
    },
  );

  server.delete<{ Params: { id: string; key: string } }>(
    "/merchants/:id/credentials/:key",
    { schema: { tags, summary: "Take a key away, with the access token it was given", description: trust } },
    async (request, reply) => {
      const { id, key } = request.params;
      if (id === options.demo?.merchantId && options.demo.keys.includes(key)) {
        const reason = "the node makes it again when it starts";
        return fail(reply, 409, "demo-credential", `the demo merchant's own key cannot be removed: ${reason}`);
      }
      const removed = await core.removeCredential({ merchantId: id, key });
      return removed.ok ? readMerchant(pool, id) : refuse(reply, removed.refusal);
    },
  );
}

function refuse(reply: FastifyReply, refusal: MerchantRefusal) {
  switch (refusal.code) {
    case "merchant-unknown":
      return unknownMerchant(reply, refusal.id);
    case "credential-unknown":
      return fail(reply, 404, refusal.code, `the merchant has no key ${refusal.key}`);
    case "too-many-credentials":
      return fail(reply, 409, refusal.code, `a merchant may have ${refusal.max} keys; remove one first`);
  }
}

/** The field left out where it is null, which stands for a value of its own. */
function withoutNull(body: Fields, field: string): Fields {
  return body[field] === null ? { ...body, [field]: undefined } : body;
}

/** Addresses as apps name them, to the letter: browsers are sent there with a query added. */
function readRedirectUris(uris: readonly string[]): string[] {
  const bad = uris.find((uri) => readNoticeUrl(uri) === undefined || uri.includes("#"));
  if (bad === undefined) return [...new Set(uris)];
  throw new MalformedBody(`redirectUris has ${bad}, which is no http or https address without user and fragment`);
}

/** Settings by name, with null for those to be removed; whatever is no setting, or cannot be one, is named. */
function readSettingsBy(
  secrets: Secrets,
  webhooks: readonly NonNullable<Dialect["webhooks"]>[],
  merchantId: string,
  value: unknown,
): SettingsChange {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new MalformedBody("settings must be an object");
  const removed = Object.entries(value).filter(([, setting]) => setting === null);
  const { webhookHeaders: headers, ...fields } = value as Fields;
  const read = readKnownSettings(fields, "settings.");
  const { noticeUrl, webhooksUrl, webhookEvents, ...others } = read;
  const webhookHeaders = headers === undefined || headers === null ? undefined : readHeaders(headers);
  const set = {
    noticeUrl: noticeUrl && readAddress("noticeUrl", noticeUrl, readNoticeUrl, "http or https"),
    webhooksUrl:
      webhooksUrl &&
      readAddress("webhooksUrl", webhooksUrl, (text) => firstOf(webhooks, (one) => one.readUrl(text)), "https"),
    webhookEvents: webhookEvents && readEvents(webhooks, webhookEvents),
    webhookHeaders: webhookHeaders && sealHeaders(secrets, merchantId, webhookHeaders),
  };
  const given = Object.entries(set).filter(([, setting]) => setting !== undefined);
  return { ...Object.fromEntries(removed), ...others, ...Object.fromEntries(given) };
}

function firstOf<Item, Value>(items: readonly Item[], find: (item: Item) => Value | undefined): Value | undefined {
  return items.map(find).find((value) => value !== undefined);
}

function readAddress(field: string, text: string, read: (text: string) => string | undefined, scheme: string): string {
  const readable = read(text);
  if (readable !== undefined) return readable;
  throw new MalformedBody(`settings.${field} must be an ${scheme} address without a user or password in it`);
}

function readEvents(webhooks: readonly { events: readonly string[] }[], names: readonly string[]): string[] {
  const known = webhooks.flatMap(({ events }) => events);
  const odd = names.find((name) => !known.includes(name));
  if (odd === undefined) return [...new Set(names)];
  throw new MalformedBody(`settings.webhookEvents has ${odd}; there are ${known.join(", ")}`);
}

/** What a webhook has of its own, and what HTTP needs. */
const reservedHeaders = new Set(
  "connection content-length content-type expect host keep-alive naru-delivery-id ppro-signature te trailer transfer-encoding upgrade user-agent webhook-signature".split(
    " ",
  ),
);

function readHeaders(value: unknown): Record<string, string> {
  const wrong = (what: string) => new MalformedBody(`settings.webhookHeaders ${what}`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong("must be an object");
  const pairs = Object.entries(value).map(([name, text]): [string, string] => {
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,60}$/.test(name)) throw wrong(`has ${name}, which is no header`);
    if (reservedHeaders.has(name.toLowerCase())) throw wrong(`has ${name}, which is not yours to set`);
    if (typeof text === "string" && text.length <= limits.webhook_header_length && /^[ -~]+$/.test(text)) {
      return [name.toLowerCase(), text];
    }
    throw wrong(`needs ASCII text of at most ${limits.webhook_header_length} characters for ${name}`);
  });
  if (pairs.length > limits.webhook_headers_max) throw wrong(`may have ${limits.webhook_headers_max} headers`);
  return Object.fromEntries(pairs);
}
