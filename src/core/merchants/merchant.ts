/** Tenants: a merchant, the credentials its clients come with, and the channels its money comes through. */
import { type Queryable, type Statement, table } from "../../store/index.ts";
import type { Secrets } from "../secrets.ts";

export interface Merchant {
  id: string;
  name: string;
  settings: MerchantSettings;
  createdAt: Date;
}

export interface MerchantSettings {
  /** Where changes are announced when a request names no address of its own. */
  noticeUrl?: string;
  /** Whether failed webhooks are tried again on the dialect's schedule; not, if unset. */
  resendWebhooks?: boolean;
  /** How webhooks are written; JSON, if unset. */
  webhookFormat?: "json" | "form";
  /** Whether an issued account is announced; as the node is set, if unset. */
  announceIssued?: boolean;
  /** Where changes of charges and agreements are announced when a request names no address of its own. */
  webhooksUrl?: string;
  /** Of those announcements only these, by the dialect's names; all, if unset. */
  webhookEvents?: string[];
  /** What they carry beside what the dialect says; the values are encrypted. */
  webhookHeaders?: Record<string, string>;
  /** Whose name stands on accounts that top up an ad account; the dialect's own, if unset. */
  topUpHolder?: string;
}

/** What a change says of settings: a value sets one, null removes it, and what is not named stays. */
export type SettingsChange = { [Name in keyof MerchantSettings]?: MerchantSettings[Name] | null };

export function mergeSettings(settings: MerchantSettings, change: SettingsChange): MerchantSettings {
  const merged = Object.entries({ ...settings, ...change }).filter(([, value]) => value !== null);
  return Object.fromEntries(merged);
}

export interface Credential {
  id: string;
  merchantId: string;
  dialect: string;
  /** What the client names itself by; unique per dialect. */
  key: string;
  secretHash: string;
  settings: CredentialSettings;
  createdAt: Date;
}

export interface CredentialSettings {
  /** Of a credential with which users let an app act for them. */
  app?: AppSettings;
  /** Of one whose calls are signed with a secret that both sides hold. */
  project?: ProjectSettings;
}

export interface ProjectSettings {
  secretEncrypted: string;
}

const projectPlace = (key: string, merchantId: string) => ({
  table: "credentials",
  column: "settings",
  row: key,
  merchantId,
});

/** The settings of a credential whose secret has to be read back. */
export function sealProject(
  secrets: Secrets,
  { key, merchantId }: Pick<Credential, "key" | "merchantId">,
  secret: string,
): CredentialSettings {
  return { project: { secretEncrypted: secrets.encrypt(secret, projectPlace(key, merchantId)) } };
}

/** The secret of such a credential; undefined for another. */
export function openProject(
  secrets: Secrets,
  { key, merchantId, settings }: Pick<Credential, "key" | "merchantId" | "settings">,
): string | undefined {
  const { project } = settings;
  return project && secrets.decrypt(project.secretEncrypted, projectPlace(key, merchantId));
}

/** An app, as its owner registered it and the operator judged it. */
export interface AppSettings {
  number: number;
  name: string;
  /** Where users are sent back to: these addresses, to the letter. */
  redirectUris: string[];
  /** What it may ask consent for. */
  scopes: string[];
  /** Whether a code is exchanged only with the secret. */
  secretNeeded: boolean;
  /** Belongs to a business that was looked at. */
  verified: boolean;
  /** May use ad accounts at all. */
  permitted: boolean;
  suspended: boolean;
  /** Numbers of the users that a test app is for; null for an app that is for all. */
  testers: number[] | null;
}

/** A contract with a PG: which connector serves it, and the merchant's id there. */
export interface Channel {
  id: string;
  merchantId: string;
  connector: string;
  key: string;
  provider: string;
  providerMerchantId: string;
  name: string;
  isDefault: boolean;
  settings: ChannelSettings;
  createdAt: Date;
}

export interface ChannelSettings {
  /** How the MID's sales are taxed; `mixed` where each sale says how much of it is free of tax. */
  taxType?: "taxable" | "exempt" | "mixed";
  /** Hash of the key that the PG demands beside the merchant's own credentials. */
  apiKeyHash?: string;
}

const headersPlace = (merchantId: string) => ({
  table: "merchants",
  column: "settings",
  row: merchantId,
  merchantId,
});

export function sealHeaders(secrets: Secrets, merchantId: string, headers: Record<string, string>) {
  return mapValues(headers, (value) => secrets.encrypt(value, headersPlace(merchantId)));
}

/** The headers that a merchant wants with its webhooks, as they are sent. */
export function openHeaders(secrets: Secrets, { id, settings }: Pick<Merchant, "id" | "settings">) {
  return mapValues(settings.webhookHeaders ?? {}, (value) => secrets.decrypt(value, headersPlace(id)));
}

/** As operators are shown them. */
export function shownSettings(settings: MerchantSettings): MerchantSettings {
  const { webhookHeaders } = settings;
  return webhookHeaders === undefined
    ? settings
    : { ...settings, webhookHeaders: mapValues(webhookHeaders, () => "***") };
}

function mapValues(fields: Record<string, string>, map: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, map(value)]));
}

export const merchants = table<Merchant>("merchants", ["id", "name", "settings", "createdAt"], ["id"]);

export const credentials = table<Credential>(
  "credentials",
  ["id", "merchantId", "dialect", "key", "secretHash", "settings", "createdAt"],
  ["id"],
);

export const channels = table<Channel>(
  "channels",
  [
    "id",
    "merchantId",
    "connector",
    "key",
    "provider",
    "providerMerchantId",
    "name",
    "isDefault",
    "settings",
    "createdAt",
  ],
  ["id"],
);

/** The one that serves a request which names none. */
export function defaultChannel(channels: readonly Channel[]): Channel | undefined {
  return channels.find((channel) => channel.isDefault) ?? channels[0];
}

const CREDENTIALS: Statement = {
  name: "credentials-of-merchants",
  text: `SELECT ${credentials.select("c")} FROM credentials c WHERE merchant_id = ANY($1) ORDER BY created_at, id`,
};
const CHANNELS: Statement = {
  name: "channels-of-merchants",
  text: `SELECT ${channels.select("c")} FROM channels c WHERE merchant_id = ANY($1) ORDER BY is_default DESC, id`,
};

/** Oldest first. */
export async function readCredentialsOf(db: Queryable, merchantIds: readonly string[]): Promise<Credential[]> {
  return (await db.query<Credential & Record<string, unknown>>(CREDENTIALS, [merchantIds])).rows;
}

/** The default one first. */
export async function readChannelsOf(db: Queryable, merchantIds: readonly string[]): Promise<Channel[]> {
  return (await db.query<Channel & Record<string, unknown>>(CHANNELS, [merchantIds])).rows;
}
