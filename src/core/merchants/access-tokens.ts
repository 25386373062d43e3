/**
 * Access tokens that are given again while they live: one per credential. The lifetime is the dialect's rule and is
 * handed in as a policy; the rule itself is pure. Real time, not business time: moving the sandbox clock logs nobody out.
 */
import { type Command, readRealNow, type Statement } from "../../store/index.ts";
import type { Secrets } from "../secrets.ts";
import { credentials } from "./merchant.ts";

export interface TokenPolicy {
  lifetime_s: number;
  /** A token asked for again with less than this left is given longer … */
  extendWithin_s: number;
  /** … by this much. */
  extendBy_s: number;
}

export interface AccessToken {
  token: string;
  expiresAt: Date;
}

/** Whole seconds, since that is what clients are told. */
export function decideAccessToken(
  held: AccessToken | undefined,
  fresh: string,
  policy: TokenPolicy,
  now: Date,
): AccessToken {
  const left_ms = (held?.expiresAt.getTime() ?? 0) - now.getTime();
  if (held === undefined || left_ms <= 0) {
    const start_s = Math.floor(now.getTime() / 1000);
    return { token: fresh, expiresAt: new Date((start_s + policy.lifetime_s) * 1000) };
  }
  if (left_ms >= policy.extendWithin_s * 1000) return held;
  return { ...held, expiresAt: new Date(held.expiresAt.getTime() + policy.extendBy_s * 1000) };
}

export interface TokenRequest {
  credentialId: string;
  merchantId: string;
  /** A random token, used if a new one is due. */
  fresh: string;
  policy: TokenPolicy;
}

export interface TokenGrant extends AccessToken {
  /** The database's own time at which it was granted. */
  now: Date;
}

interface State {
  /** Credentials that are still there. */
  known: Set<string>;
  held: Map<string, AccessToken>;
  now: Date;
}

interface Granted {
  /** Undefined when the credential was removed meanwhile. */
  result: TokenGrant | undefined;
  request: TokenRequest;
}

const READ: Statement = {
  name: "read-access-tokens",
  text: `SELECT c.id AS "credentialId", c.merchant_id AS "merchantId", token_encrypted AS "sealed",
    expires_at AS "expiresAt" FROM credentials c LEFT JOIN access_tokens t ON t.credential_id = c.id
    WHERE c.id = ANY($1)`,
};
const SAVE: Statement = {
  name: "save-access-tokens",
  text: `INSERT INTO access_tokens (credential_id, merchant_id, token_hash, token_encrypted, expires_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) ORDER BY 1
    ON CONFLICT (credential_id) DO UPDATE SET token_hash = excluded.token_hash,
      token_encrypted = excluded.token_encrypted, expires_at = excluded.expires_at`,
};

interface Row {
  credentialId: string;
  merchantId: string;
  /** Null until a token is granted. */
  sealed: string | null;
  expiresAt: Date;
}

export function grantAccessToken(secrets: Secrets): Command<TokenRequest, State, Granted> {
  const place = (row: { credentialId: string; merchantId: string }) => ({
    table: "access_tokens",
    column: "token_encrypted",
    row: row.credentialId,
    merchantId: row.merchantId,
  });
  return {
    name: "grant-access-token",

    async load(tx, requests) {
      const ids = [...new Set(requests.map((request) => request.credentialId))];
      await credentials.lock(tx, ids);
      const rows = (await tx.query<Row>(READ, [ids])).rows;
      const held = rows.flatMap((row): [string, AccessToken][] =>
        row.sealed === null
          ? []
          : [[row.credentialId, { token: secrets.decrypt(row.sealed, place(row)), expiresAt: row.expiresAt }]],
      );
      const known = new Set(rows.map((row) => row.credentialId));
      return { known, held: new Map(held), now: await readRealNow(tx) };
    },

    decide(state, request) {
      if (!state.known.has(request.credentialId)) return { result: undefined, request };
      const granted = decideAccessToken(state.held.get(request.credentialId), request.fresh, request.policy, state.now);
      return { result: { ...granted, now: state.now }, request };
    },

    apply(state, { request, result }) {
      if (result === undefined) return;
      state.held.set(request.credentialId, { token: result.token, expiresAt: result.expiresAt });
    },

    async save(tx, decisions) {
      const granted = decisions.flatMap(({ request, result }) => (result === undefined ? [] : [{ request, result }]));
      const last = [...new Map(granted.map((one) => [one.request.credentialId, one])).values()];
      await tx.query(SAVE, [
        last.map((one) => one.request.credentialId),
        last.map((one) => one.request.merchantId),
        last.map((one) => secrets.hash(one.result.token)),
        last.map((one) => secrets.encrypt(one.result.token, place(one.request))),
        last.map((one) => one.result.expiresAt),
      ]);
    },
  };
}
