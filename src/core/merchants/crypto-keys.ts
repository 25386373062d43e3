/**
 * Keys of encrypted messages, by the id that both sides name them by: a pair whose public half clients encrypt under, and
 * the client's public key, under which it is answered. Nodes trust what they read of one for `directory_trust_ms`: that
 * long a removed key may work on another node.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from "node:crypto";
import { promisify } from "node:util";
import { type Command, type Queryable, type Statement, type Store, table } from "../../store/index.ts";
import { accepted, type CryptoKeyRefusal, type Outcome, refused } from "../errors.ts";
import { limits } from "../limits.ts";
import type { FieldPlace, Secrets } from "../secrets.ts";
import { Remembered } from "./directory.ts";
import { credentials } from "./merchant.ts";
import { claimMerchants } from "./register.ts";

/** Keys are RSA; public ones are kept and shown as PEM of their SPKI, private ones as PEM of their PKCS #8. */
export interface CryptoKey {
  /** 32 lower-case hex digits. */
  id: string;
  merchantId: string;
  credentialId: string;
  serverPrivateEncrypted: string;
  serverPublic: string;
  /** Null: the client is answered in clear. */
  clientPublic: string | null;
  /** Of the demo alone, which shows it again at each start. */
  clientPrivateEncrypted: string | null;
  createdAt: Date;
}

/** A key as it is used. */
export interface UsableKey {
  id: string;
  serverPrivate: KeyObject;
  clientPublic: KeyObject | null;
}

export interface MakeKeyRequest {
  merchantId: string;
  credentialId: string;
  /** Chosen by whoever makes the same key again at each start: then the one that is there is given. Random, if unset. */
  id?: string;
  /**
   * PEM, as `readPublicKey` takes it; unset: a pair is made, and its private half is shown once; null: there is none, and
   * the client is answered in clear.
   */
  clientPublicKey?: string | null;
  /** Whether the private half that is made is kept, to be shown again. */
  keepClientPrivate?: boolean;
}

export interface MadeKey {
  key: CryptoKey;
  /** PEM; null when the client made its own pair or has none, or when it was shown before and is not kept. */
  clientPrivateKey: string | null;
}

export const rsa_bits_min = 2048;
const rsa_bits_max = 4096;

export const cryptoKeys = table<CryptoKey>(
  "crypto_keys",
  [
    "id",
    "merchantId",
    "credentialId",
    "serverPrivateEncrypted",
    "serverPublic",
    "clientPublic",
    "clientPrivateEncrypted",
    "createdAt",
  ],
  ["id"],
);

const OF_CREDENTIALS: Statement = {
  name: "crypto-keys-of-credentials",
  text: `SELECT ${cryptoKeys.select("k")} FROM crypto_keys k WHERE credential_id = ANY($1) ORDER BY created_at, id`,
};
const REMOVE: Statement = { name: "remove-crypto-keys", text: "DELETE FROM crypto_keys WHERE id = ANY($1)" };

async function readKeysOf(db: Queryable, credentialIds: readonly string[]): Promise<CryptoKey[]> {
  return (await db.query<CryptoKey & Record<string, unknown>>(OF_CREDENTIALS, [credentialIds])).rows;
}

interface Keyrings {
  /** The merchants of credentials, by the credential's id. */
  owners: ReadonlyMap<string, string>;
  keys: CryptoKey[];
}

type KeyRow = Omit<CryptoKey, "createdAt">;

async function readKeyrings(tx: Queryable, requests: readonly KeyRef[]): Promise<Keyrings> {
  // Whoever adds or removes a credential or a key of this merchant comes after.
  await claimMerchants(tx, [...new Set(requests.map((request) => request.merchantId))]);
  const ids = [...new Set(requests.map((request) => request.credentialId))];
  const owners = new Map((await credentials.read(tx, ids)).map((one) => [one.id, one.merchantId]));
  return { owners, keys: await readKeysOf(tx, ids) };
}

type KeyRef = Pick<CryptoKey, "merchantId" | "credentialId" | "id">;

const isSame = (key: KeyRef, other: KeyRef) =>
  key.id === other.id && key.credentialId === other.credentialId && key.merchantId === other.merchantId;

export const makeCryptoKey: Command<
  KeyRow,
  Keyrings,
  { result: Outcome<CryptoKey, CryptoKeyRefusal>; made: CryptoKey | undefined }
> = {
  name: "make-crypto-key",

  load: readKeyrings,

  decide({ owners, keys }, row, now) {
    if (owners.get(row.credentialId) !== row.merchantId) {
      return { result: refused({ code: "credential-unknown", key: row.credentialId }), made: undefined };
    }
    const before = keys.find((key) => isSame(key, row));
    if (before !== undefined) return { result: accepted(before), made: undefined };
    const max = limits.crypto_keys_max;
    if (keys.filter((key) => key.credentialId === row.credentialId).length >= max) {
      return { result: refused({ code: "too-many-crypto-keys", max }), made: undefined };
    }
    const made = { ...row, createdAt: now };
    return { result: accepted(made), made };
  },

  apply(state, { made }) {
    if (made !== undefined) state.keys.push(made);
  },

  async save(tx, decisions) {
    await cryptoKeys.insert(
      tx,
      decisions.flatMap(({ made }) => made ?? []),
    );
  },
};

export const removeCryptoKey: Command<KeyRef, Keyrings, { result: boolean; id: string }> = {
  name: "remove-crypto-key",

  load: readKeyrings,

  decide: ({ keys }, wanted) => ({ result: keys.some((key) => isSame(key, wanted)), id: wanted.id }),

  apply(state, { result, id }) {
    if (result) state.keys = state.keys.filter((key) => key.id !== id);
  },

  async save(tx, decisions) {
    const removed = decisions.flatMap(({ result, id }) => (result ? [id] : []));
    if (removed.length > 0) await tx.query(REMOVE, [removed]);
  },
};

/**
 * A client's public key as it is kept; undefined for what is none that messages can be encrypted under. `text`: PEM of an
 * SPKI, a PKCS #1 key or a certificate, RSA of 2048 to 4096 bits.
 */
export function readPublicKey(text: string): string | undefined {
  try {
    const isCertificate = text.includes("-----BEGIN CERTIFICATE-----");
    const isPublic = /-----BEGIN (RSA )?PUBLIC KEY-----/.test(text);
    if (!isCertificate && !isPublic) return undefined;
    const key = isCertificate ? new X509Certificate(text).publicKey : createPublicKey(text);
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    if (key.asymmetricKeyType !== "rsa" || bits < rsa_bits_min || bits > rsa_bits_max) return undefined;
    return key.export({ type: "spki", format: "pem" }).toString();
  } catch {
    return undefined;
  }
}

/** Takes some tenths of a second, on a thread of its own. */
async function makePair(): Promise<{ publicKey: string; privateKey: string }> {
  return await promisify(generateKeyPair)("rsa", {
    modulusLength: rsa_bits_min,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
}

interface KeyCommands {
  make(row: KeyRow): Promise<Outcome<CryptoKey, CryptoKeyRefusal>>;
  remove(key: KeyRef): Promise<boolean>;
}

export class CryptoKeys {
  readonly #commands: KeyCommands;
  readonly #store: Store;
  readonly #secrets: Secrets;
  readonly #usable = new Remembered<UsableKey & KeyRef>();

  constructor(commands: KeyCommands, store: Store, secrets: Secrets) {
    this.#commands = commands;
    this.#store = store;
    this.#secrets = secrets;
  }

  /** Gives a credential one more key; throws a `RangeError` for a client's key that `readPublicKey` does not take. */
  async make(request: MakeKeyRequest): Promise<Outcome<MadeKey, CryptoKeyRefusal>> {
    const { merchantId, credentialId, id = randomBytes(16).toString("hex"), keepClientPrivate = false } = request;
    const wanted = { merchantId, credentialId, id };
    const [before] = request.id === undefined ? [] : await cryptoKeys.read(this.#store.pool, [id]);
    if (before !== undefined && isSame(before, wanted)) return this.#made(before, undefined);
    const { clientPublicKey: named } = request;
    const given = typeof named === "string" ? readPublicKey(named) : undefined;
    if (typeof named === "string" && given === undefined) {
      throw new RangeError("the client's key must be an RSA public key of 2048 to 4096 bits");
    }
    const server = await makePair();
    const client = named === undefined ? await makePair() : undefined;
    const seal = (plain: string, column: KeyColumn) => this.#secrets.encrypt(plain, placeOf(wanted, column));
    const isKept = client !== undefined && keepClientPrivate;
    const made = await this.#commands.make({
      ...wanted,
      serverPrivateEncrypted: seal(server.privateKey, "server_private_encrypted"),
      serverPublic: server.publicKey,
      clientPublic: given ?? client?.publicKey ?? null,
      clientPrivateEncrypted: isKept ? seal(client.privateKey, "client_private_encrypted") : null,
    });
    if (!made.ok) return made;
    // Another may have made the key of this id meanwhile: then ours is nobody's.
    return this.#made(made.value, made.value.serverPublic === server.publicKey ? client?.privateKey : undefined);
  }

  #made(key: CryptoKey, clientPrivateKey: string | undefined): Outcome<MadeKey, never> {
    return accepted({ key, clientPrivateKey: clientPrivateKey ?? this.clientPrivateKeyOf(key) });
  }

  /** False when the credential has none of this id. Other nodes may take it for `directory_trust_ms` more. */
  async remove(key: KeyRef): Promise<boolean> {
    return this.#commands.remove(key).finally(() => this.#usable.forget(key.id));
  }

  /** Those of a credential, the oldest first. */
  list(credentialId: string): Promise<CryptoKey[]> {
    return readKeysOf(this.#store.pool, [credentialId]);
  }

  /** PEM; null when it is not kept. */
  clientPrivateKeyOf(key: CryptoKey): string | null {
    const { clientPrivateEncrypted: sealed } = key;
    return sealed === null ? null : this.#secrets.decrypt(sealed, placeOf(key, "client_private_encrypted"));
  }

  /** The key of an id, ready for use; undefined when it is not this credential's. */
  async find(credentialId: string, id: string): Promise<UsableKey | undefined> {
    const found = this.#usable.get(id) ?? (await this.#read(id));
    return found?.credentialId === credentialId ? found : undefined;
  }

  async #read(id: string): Promise<(UsableKey & KeyRef) | undefined> {
    const put = this.#usable.reading();
    const [key] = await cryptoKeys.read(this.#store.pool, [id]);
    if (key === undefined) return undefined;
    const { merchantId, credentialId, clientPublic, serverPrivateEncrypted: sealed } = key;
    const usable = {
      id,
      merchantId,
      credentialId,
      serverPrivate: createPrivateKey(this.#secrets.decrypt(sealed, placeOf(key, "server_private_encrypted"))),
      clientPublic: clientPublic === null ? null : createPublicKey(clientPublic),
    };
    return put(id, usable, limits.directory_trust_ms);
  }
}

type KeyColumn = "server_private_encrypted" | "client_private_encrypted";

function placeOf({ id, merchantId }: KeyRef, column: KeyColumn): FieldPlace {
  return { table: cryptoKeys.name, column, row: id, merchantId };
}
