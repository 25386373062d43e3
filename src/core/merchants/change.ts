/**
 * The commands that change a merchant, and give it credentials or take them away. Nodes trust what they read of a
 * merchant for `directory_trust_ms`: that long a change may go unseen, and the token of a removed credential work.
 */
import type { Command, Queryable, Statement } from "../../store/index.ts";
import { accepted, type MerchantRefusal, type Outcome, refused } from "../errors.ts";
import { limits } from "../limits.ts";
import {
  type AppSettings,
  type Credential,
  credentials,
  type Merchant,
  merchants,
  mergeSettings,
  readCredentialsOf,
  type SettingsChange,
} from "./merchant.ts";
import { claimMerchants } from "./register.ts";

export interface ChangeMerchantRequest {
  merchantId: string;
  name?: string | undefined;
  settings?: SettingsChange;
}

export interface AddCredentialRequest {
  merchantId: string;
  credential: Omit<Credential, "createdAt" | "merchantId">;
}

export interface ChangeAppRequest {
  merchantId: string;
  key: string;
  change: Partial<AppSettings>;
}

export interface RemoveCredentialRequest {
  merchantId: string;
  key: string;
}

const REMOVE_TOKENS: Statement = {
  name: "remove-access-tokens",
  text: "DELETE FROM access_tokens WHERE credential_id = ANY($1)",
};
const REMOVE_KEYS: Statement = {
  name: "remove-crypto-keys-of-credentials",
  text: "DELETE FROM crypto_keys WHERE credential_id = ANY($1)",
};
const REMOVE: Statement = { name: "remove-credentials", text: "DELETE FROM credentials WHERE id = ANY($1)" };

async function readClaimed(tx: Queryable, ids: readonly string[]): Promise<Map<string, Merchant>> {
  await claimMerchants(tx, ids);
  return new Map((await merchants.read(tx, ids)).map((merchant) => [merchant.id, merchant]));
}

const idsOf = (requests: readonly { merchantId: string }[]) => [...new Set(requests.map((one) => one.merchantId))];

export const changeMerchant: Command<
  ChangeMerchantRequest,
  Map<string, Merchant>,
  { result: Outcome<Merchant, MerchantRefusal> }
> = {
  name: "change-merchant",

  load: (tx, requests) => readClaimed(tx, idsOf(requests)),

  decide(known, { merchantId, name, settings = {} }) {
    const merchant = known.get(merchantId);
    if (merchant === undefined) return { result: refused({ code: "merchant-unknown", id: merchantId }) };
    const changed = { ...merchant, settings: mergeSettings(merchant.settings, settings) };
    return { result: accepted(name === undefined ? changed : { ...changed, name }) };
  },

  apply(known, { result }) {
    if (result.ok) known.set(result.value.id, result.value);
  },

  async save(tx, decisions) {
    const changed = decisions.flatMap(({ result }) => (result.ok ? [result.value] : []));
    await merchants.upsert(tx, [...new Map(changed.map((merchant) => [merchant.id, merchant])).values()]);
  },
};

interface Keyring {
  merchants: ReadonlyMap<string, Merchant>;
  credentials: Credential[];
}

async function readKeyrings(tx: Queryable, requests: readonly { merchantId: string }[]): Promise<Keyring> {
  const ids = idsOf(requests);
  const known = await readClaimed(tx, ids);
  return { merchants: known, credentials: await readCredentialsOf(tx, ids) };
}

export const addCredential: Command<
  AddCredentialRequest,
  Keyring,
  { result: Outcome<Credential["key"], MerchantRefusal>; added: Omit<Credential, "createdAt"> | undefined }
> = {
  name: "add-credential",

  load: readKeyrings,

  decide(state, { merchantId, credential }) {
    const refuse = (refusal: MerchantRefusal) => ({ result: refused(refusal), added: undefined });
    if (!state.merchants.has(merchantId)) return refuse({ code: "merchant-unknown", id: merchantId });
    const held = state.credentials.filter((one) => one.merchantId === merchantId).length;
    const max = limits.merchant_credentials_max;
    if (held >= max) return refuse({ code: "too-many-credentials", max });
    return { result: accepted(credential.key), added: { ...credential, merchantId } };
  },

  apply(state, { added }) {
    if (added !== undefined) state.credentials.push({ ...added, createdAt: new Date(0) });
  },

  async save(tx, decisions, createdAt) {
    const added = decisions.flatMap((one) => (one.added === undefined ? [] : [{ ...one.added, createdAt }]));
    await credentials.insert(tx, added);
  },
};

/** Changes what is known of the app that comes with a credential; other credentials have none to change. */
export const changeApp: Command<ChangeAppRequest, Keyring, { result: Outcome<Credential, MerchantRefusal> }> = {
  name: "change-app",

  load: readKeyrings,

  decide(state, { merchantId, key, change }) {
    const found = find(state, merchantId, key);
    const app = found.ok ? found.value.settings.app : undefined;
    if (!found.ok) return { result: found };
    if (app === undefined) return { result: refused({ code: "credential-unknown", key }) };
    return { result: accepted({ ...found.value, settings: { app: { ...app, ...change } } }) };
  },

  apply(state, { result }) {
    if (result.ok)
      state.credentials = state.credentials.map((one) => (one.id === result.value.id ? result.value : one));
  },

  async save(tx, decisions) {
    const changed = decisions.flatMap(({ result }) => (result.ok ? [result.value] : []));
    await credentials.upsert(tx, [...new Map(changed.map((one) => [one.id, one])).values()]);
  },
};

function find(state: Keyring, merchantId: string, key: string): Outcome<Credential, MerchantRefusal> {
  if (!state.merchants.has(merchantId)) return refused({ code: "merchant-unknown", id: merchantId });
  const found = state.credentials.find((one) => one.merchantId === merchantId && one.key === key);
  return found === undefined ? refused({ code: "credential-unknown", key }) : accepted(found);
}

export const removeCredential: Command<
  RemoveCredentialRequest,
  Keyring,
  { result: Outcome<Credential, MerchantRefusal> }
> = {
  name: "remove-credential",

  async load(tx, requests) {
    const state = await readKeyrings(tx, requests);
    // Whoever is granting a token of a credential holds its row.
    const keys = new Set(requests.map((request) => request.key));
    await credentials.lock(
      tx,
      state.credentials.filter((one) => keys.has(one.key)).map((one) => one.id),
    );
    return state;
  },

  decide: (state, { merchantId, key }) => ({ result: find(state, merchantId, key) }),

  apply(state, { result }) {
    if (result.ok) state.credentials = state.credentials.filter((one) => one.id !== result.value.id);
  },

  async save(tx, decisions) {
    const removed = decisions.flatMap(({ result }) => (result.ok ? [result.value.id] : []));
    if (removed.length === 0) return;
    await tx.query(REMOVE_TOKENS, [removed]);
    await tx.query(REMOVE_KEYS, [removed]);
    await tx.query(REMOVE, [removed]);
  },
};
