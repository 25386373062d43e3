/**
 * Who a client is: credentials, access tokens and channels, read often and changed rarely, so a node trusts what it
 * read for `directory_trust_ms`. Only what was found is remembered, so a new credential works at once.
 */
import type { Pool, Queryable, Statement } from "../../store/index.ts";
import { type User, users } from "../ad-accounts/user.ts";
import { endUserToken, type UserToken, userTokens } from "../consents/consent.ts";
import { limits } from "../limits.ts";
import { type Channel, type Credential, credentials, type Merchant, merchants, readChannelsOf } from "./merchant.ts";

/** What comes with a user's token: whose it is, and the app that they let act for them. */
export interface Grant extends Tenant {
  /** Undefined when it is there no more. */
  app: Credential | undefined;
  user: User;
  token: UserToken;
}

export interface Tenant {
  merchant: Merchant;
  channels: Channel[];
}

const CREDENTIAL: Statement = {
  name: "find-credential",
  text: `SELECT ${credentials.select("c")} FROM credentials c WHERE dialect = $1 AND key = $2`,
};
const TOKEN: Statement = {
  name: "find-access-token",
  text: `SELECT merchant_id AS "merchantId", extract(epoch FROM expires_at - clock_timestamp()) * 1000 AS left_ms
    FROM access_tokens WHERE token_hash = $1 AND expires_at > clock_timestamp()`,
};
/** Other nodes find it out when they no longer trust what they read. */
const EXPIRE: Statement = {
  name: "expire-access-token",
  text: "UPDATE access_tokens SET expires_at = date_trunc('milliseconds', clock_timestamp()) WHERE token_hash = $1",
};

export class Directory {
  readonly #pool: Pool;
  readonly #merchants = new Remembered<Merchant>();
  readonly #channels = new Remembered<Channel[]>();
  readonly #tokens = new Remembered<string>();
  readonly #grants = new Remembered<Pick<Grant, "app" | "user" | "token">>();
  readonly #tokenExpires: (() => Promise<boolean>) | undefined;

  /** `tokenExpires`: whether a call shall find its live token expired for good. */
  constructor(pool: Pool, tokenExpires?: () => Promise<boolean>) {
    this.#pool = pool;
    this.#tokenExpires = tokenExpires;
  }

  async credential(dialect: string, key: string): Promise<Credential | undefined> {
    return (await this.#pool.query<Credential>(CREDENTIAL, [dialect, key])).rows[0];
  }

  async tenant(merchantId: string): Promise<Tenant | undefined> {
    const [merchant] = await this.merchants(this.#pool, [merchantId]);
    return merchant && { merchant, channels: await this.#channelsOf(merchantId) };
  }

  /** Those that there are; `db`: where what is not known is read. */
  async merchants(db: Queryable, ids: readonly string[]): Promise<Merchant[]> {
    const known = ids.flatMap((id) => this.#merchants.get(id) ?? []);
    if (known.length === ids.length) return known;
    const put = this.#merchants.reading();
    const unknown = ids.filter((id) => !known.some((merchant) => merchant.id === id));
    const read = await merchants.read(db, unknown);
    return [...known, ...read.map((merchant) => put(merchant.id, merchant, limits.directory_trust_ms))];
  }

  async #channelsOf(merchantId: string): Promise<Channel[]> {
    const known = this.#channels.get(merchantId);
    if (known !== undefined) return known;
    const put = this.#channels.reading();
    return put(merchantId, await readChannelsOf(this.#pool, [merchantId]), limits.directory_trust_ms);
  }

  /** A merchant was changed by this node, which goes by that from now on; others may trust what they read a while. */
  forget(merchantId: string): void {
    this.#merchants.forget(merchantId);
    this.#channels.forget(merchantId);
    this.#tokens.forgetWhere((owner) => owner === merchantId);
    this.#grants.forgetWhere(({ token }) => token.merchantId === merchantId);
  }

  /** The tenant whose live access token hashes to this. */
  async tenantOfToken(tokenHash: string): Promise<Tenant | undefined> {
    const tenant = await this.#findByToken(tokenHash);
    if (tenant === undefined || !(await this.#tokenExpires?.())) return tenant;
    await this.#pool.query(EXPIRE, [tokenHash]);
    this.#tokens.forget(tokenHash);
    return undefined;
  }

  /** What a user's token stands for while it has not ended. */
  async grant(tokenHash: string): Promise<Grant | undefined> {
    const found = this.#grants.get(tokenHash) ?? (await this.#findGrant(tokenHash));
    const tenant = found && (await this.tenant(found.token.merchantId));
    if (tenant === undefined) return undefined;
    if (!(await this.#tokenExpires?.())) return { ...tenant, ...found! };
    await endUserToken(this.#pool, tokenHash);
    this.#grants.forget(tokenHash);
    return undefined;
  }

  async #findGrant(tokenHash: string) {
    const put = this.#grants.reading();
    const [token] = await userTokens.read(this.#pool, [tokenHash]);
    if (token === undefined || token.endedAt !== null) return undefined;
    const [app] = await credentials.read(this.#pool, [token.credentialId]);
    const [user] = await users.read(this.#pool, [token.userId]);
    return user && put(tokenHash, { app, user, token }, limits.directory_trust_ms);
  }

  async #findByToken(tokenHash: string): Promise<Tenant | undefined> {
    const known = this.#tokens.get(tokenHash);
    if (known !== undefined) return this.tenant(known);
    const put = this.#tokens.reading();
    const token = await this.#pool.query<{ merchantId: string; left_ms: string }>(TOKEN, [tokenHash]);
    const found = token.rows[0];
    if (found === undefined) return undefined;
    put(tokenHash, found.merchantId, Math.min(limits.directory_trust_ms, Number(found.left_ms)));
    return this.tenant(found.merchantId);
  }
}

/** What a node trusts for a while of what it read. */
export class Remembered<Value> {
  readonly #entries = new Map<string, { value: Value; until_ms: number }>();
  #forgotten = 0;

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.until_ms > performance.now() ? entry.value : undefined;
  }

  forget(key: string): void {
    this.#forgotten += 1;
    this.#entries.delete(key);
  }

  forgetWhere(isMeant: (value: Value) => boolean): void {
    this.#forgotten += 1;
    for (const [key, entry] of this.#entries) if (isMeant(entry.value)) this.#entries.delete(key);
  }

  /** A reading begins; what it gives is remembered unless something was forgotten meanwhile. */
  reading(): (key: string, value: Value, trust_ms: number) => Value {
    const before = this.#forgotten;
    return (key, value, trust_ms) => {
      if (this.#forgotten !== before) return value;
      if (this.#entries.size >= limits.directory_entries) this.#entries.clear();
      this.#entries.set(key, { value, until_ms: performance.now() + trust_ms });
      return value;
    };
  }
}
