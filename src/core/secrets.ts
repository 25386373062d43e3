/**
 * Secrets at rest. One master key, from which every use derives a key of its own (HKDF), so that a value made for one
 * purpose means nothing in another.
 *
 *   hash      HMAC-SHA-256: for secrets that are only compared. They are random and long, so a keyed hash suffices.
 *   encrypt   AES-256-GCM, for what must be read back. The additional data names table, column, row and merchant, so
 *             that a ciphertext copied elsewhere does not open. The key's version stands in front of the value.
 *   index     HMAC-SHA-256 with a key per merchant: finds an encrypted value again, and joins nothing across merchants.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

const keyVersion = "v1";
const nonce_bytes = 12;
const tag_bytes = 16;

export interface FieldPlace {
  table: string;
  column: string;
  row: string;
  merchantId: string;
}

const characters_shown = 3;

/** What may be shown of a value that is stored encrypted. */
export function masked(value: string): string {
  return `***${value.slice(-characters_shown)}`;
}

/** In constant time, as far as their lengths agree. */
export function isSameSecret(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export class Secrets {
  readonly #master: Buffer;
  readonly #hashKey: Buffer;
  readonly #fieldKey: Buffer;

  /** `masterKey`: 32 bytes. */
  constructor(masterKey: Buffer) {
    if (masterKey.length !== 32) throw new RangeError("the master key must be 32 bytes");
    this.#master = masterKey;
    this.#hashKey = this.derive("hash");
    this.#fieldKey = this.derive("field");
  }

  /** 32 bytes that depend on the master key and the purpose alone. */
  derive(purpose: string): Buffer {
    return Buffer.from(hkdfSync("sha256", this.#master, "naru", purpose, 32));
  }

  /** Tells whether two installations share a master key, without telling the key. */
  fingerprint(): string {
    return this.derive("fingerprint").toString("hex").slice(0, 32);
  }

  hash(secret: string): string {
    return createHmac("sha256", this.#hashKey).update(secret).digest("hex");
  }

  /** In constant time; nothing matches where there is no hash, which takes as long to find out. */
  matches(secret: string, hash: string | undefined): boolean {
    const isSame = timingSafeEqual(Buffer.from(this.hash(secret)), Buffer.from(hash ?? this.hash("")));
    return isSame && hash !== undefined;
  }

  /** The same for the same value of one merchant, so that it can be found without being read. */
  blindIndex(merchantId: string, value: string): string {
    const key = this.derive(`blind index ${merchantId}`);
    return createHmac("sha256", key).update(value).digest("hex");
  }

  encrypt(plain: string, place: FieldPlace): string {
    const nonce = randomBytes(nonce_bytes);
    const cipher = createCipheriv("aes-256-gcm", this.#fieldKey, nonce).setAAD(aad(place));
    const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
    return `${keyVersion}:${Buffer.concat([nonce, sealed, cipher.getAuthTag()]).toString("base64url")}`;
  }

  /** Throws when the value was changed, moved, or made under another key. */
  decrypt(value: string, place: FieldPlace): string {
    const [version, encoded] = value.split(":");
    if (version !== keyVersion || encoded === undefined) throw new Error(`no key of version ${version}`);
    const bytes = Buffer.from(encoded, "base64url");
    const decipher = createDecipheriv("aes-256-gcm", this.#fieldKey, bytes.subarray(0, nonce_bytes), {
      authTagLength: tag_bytes,
    });
    decipher.setAAD(aad(place)).setAuthTag(bytes.subarray(-tag_bytes));
    return decipher.update(bytes.subarray(nonce_bytes, -tag_bytes), undefined, "utf8") + decipher.final("utf8");
  }
}

function aad(place: FieldPlace): Buffer {
  return Buffer.from(JSON.stringify([place.table, place.column, place.row, place.merchantId]));
}
