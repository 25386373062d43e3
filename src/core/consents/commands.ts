/** The commands of consent: a user gives it, an app exchanges what it was sent. */
import { type Command, readRealNow, type Statement } from "../../store/index.ts";
import { type AdAccount, readMemberships } from "../ad-accounts/ad-account.ts";
import { type User, users } from "../ad-accounts/user.ts";
import { type AppRefusal, accepted, type CodeRefusal, type Outcome, refused, type UserRefusal } from "../errors.ts";
import { limits } from "../limits.ts";
import { type Credential, credentials } from "../merchants/merchant.ts";
import { type AuthorizationCode, authorizationCodes, type UserToken, userTokens, type Wish } from "./consent.ts";
import { appObjection, decideExchange, type Exchanged, type ExchangeRequest, userObjection } from "./decide.ts";

export interface ConsentRequest {
  credentialId: string;
  userId: string;
  wish: Wish;
  /** Keyed hash of the code that the app will be sent. */
  codeId: string;
}

interface ConsentState {
  apps: ReadonlyMap<string, Credential>;
  users: ReadonlyMap<string, User>;
  adAccounts: readonly AdAccount[];
  now: Date;
}

type Consent = { result: Outcome<AuthorizationCode, AppRefusal | UserRefusal> };

const byId = <Row extends { id: string }>(rows: readonly Row[]) => new Map(rows.map((row) => [row.id, row]));

export const giveConsent: Command<ConsentRequest, ConsentState, Consent> = {
  name: "give-consent",

  async load(tx, requests) {
    const appIds = [...new Set(requests.map((request) => request.credentialId))];
    const userIds = [...new Set(requests.map((request) => request.userId))];
    await credentials.lock(tx, appIds);
    return {
      apps: byId(await credentials.read(tx, appIds)),
      users: byId(await users.read(tx, userIds)),
      adAccounts: await readMemberships(tx, userIds),
      now: await readRealNow(tx),
    };
  },

  decide(state, { credentialId, userId, wish, codeId }) {
    const credential = state.apps.get(credentialId);
    const app = credential?.settings.app;
    const objection = appObjection(app, wish);
    if (objection !== undefined) return { result: refused(objection) };
    // Users are never removed, and whoever asks has read this one.
    const user = state.users.get(userId)!;
    const held = state.adAccounts.filter(({ members }) => members[userId] !== undefined);
    const refusal = userObjection(app!, user, held, wish);
    if (refusal !== undefined) return { result: refused(refusal) };
    const expiresAt = new Date(state.now.getTime() + limits.authorization_code_s * 1000);
    const { merchantId } = credential!;
    return { result: accepted({ id: codeId, merchantId, credentialId, userId, ...wish, expiresAt, usedAt: null }) };
  },

  apply: () => {},

  async save(tx, decisions) {
    await authorizationCodes.insert(
      tx,
      decisions.flatMap(({ result }) => (result.ok ? [result.value] : [])),
    );
  },
};

interface ExchangeState {
  codes: Map<string, AuthorizationCode>;
  now: Date;
}

/** Of each app and user the newest tokens stay; walks the index of tokens per pair. */
const END_SURPLUS: Statement = {
  name: "end-surplus-user-tokens",
  text: `UPDATE user_tokens SET ended_at = date_trunc('milliseconds', clock_timestamp()) WHERE id IN (
    SELECT t.id FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (credential_id, user_id)) wanted
    CROSS JOIN LATERAL (SELECT id FROM user_tokens u WHERE u.credential_id = wanted.credential_id
      AND u.user_id = wanted.user_id AND ended_at IS NULL AND unlinked_at IS NULL AND consented
      ORDER BY granted_at DESC, id OFFSET $3) t)`,
};

export const exchangeCode: Command<
  ExchangeRequest,
  ExchangeState,
  { result: Outcome<UserToken, CodeRefusal>; exchanged: Exchanged | undefined }
> = {
  name: "exchange-code",

  async load(tx, requests) {
    const ids = [...new Set(requests.map((request) => request.codeId))];
    // One at a time for each app, so that whoever counts its tokens sees them all.
    await credentials.lock(tx, [...new Set(requests.map(({ app }) => app.id))]);
    await authorizationCodes.lock(tx, ids);
    return { codes: byId(await authorizationCodes.read(tx, ids)), now: await readRealNow(tx) };
  },

  decide(state, request) {
    const outcome = decideExchange(state.codes.get(request.codeId), request, state.now);
    if (!outcome.ok) return { result: outcome, exchanged: undefined };
    return { result: accepted(outcome.value.token), exchanged: outcome.value };
  },

  apply(state, { exchanged }) {
    if (exchanged !== undefined) state.codes.set(exchanged.code.id, exchanged.code);
  },

  async save(tx, decisions) {
    const all = decisions.flatMap(({ exchanged }) => (exchanged === undefined ? [] : [exchanged]));
    if (all.length === 0) return;
    await authorizationCodes.upsert(
      tx,
      all.map(({ code }) => code),
    );
    await userTokens.insert(
      tx,
      all.map(({ token }) => token),
    );
    await tx.query(END_SURPLUS, [
      all.map(({ token }) => token.credentialId),
      all.map(({ token }) => token.userId),
      limits.user_tokens_max,
    ]);
  },
};

export interface UnlinkRequest {
  credentialId: string;
  userId: string;
}

interface UnlinkState {
  codes: AuthorizationCode[];
  tokens: UserToken[];
  now: Date;
}

interface Unlinked {
  /** How many tokens are void by it. */
  result: number;
  codes: AuthorizationCode[];
  tokens: UserToken[];
}

/** Those of each app and user that are worth something, by the partial indexes of them. */
const WAITING_CODES: Statement = {
  name: "waiting-authorization-codes",
  text: `SELECT ${authorizationCodes.select("c")} FROM unnest($1::text[], $2::text[]) AS w (credential_id, user_id)
    JOIN authorization_codes c USING (credential_id, user_id) WHERE used_at IS NULL`,
};
const LINKED_TOKENS: Statement = {
  name: "linked-user-tokens",
  text: `SELECT t.id FROM unnest($1::text[], $2::text[]) AS w (credential_id, user_id)
    JOIN user_tokens t USING (credential_id, user_id) WHERE ended_at IS NULL AND unlinked_at IS NULL`,
};

/** A user takes back all that an app was let do; it may ask again. Codes that wait to be exchanged are void too. */
export const unlinkApp: Command<UnlinkRequest, UnlinkState, Unlinked> = {
  name: "unlink-app",

  async load(tx, requests) {
    const pairs = [...new Map(requests.map((one) => [`${one.credentialId} ${one.userId}`, one])).values()];
    const values = [pairs.map((one) => one.credentialId), pairs.map((one) => one.userId)];
    // Whoever exchanges a code of the app holds its row.
    await credentials.lock(tx, [...new Set(values[0])]);
    const linked = (await tx.query<{ id: string }>(LINKED_TOKENS, values)).rows.map(({ id }) => id);
    await userTokens.lock(tx, linked);
    const tokens = await userTokens.read(tx, linked);
    return {
      codes: (await tx.query<AuthorizationCode>(WAITING_CODES, values)).rows,
      tokens: tokens.filter((token) => token.endedAt === null),
      now: await readRealNow(tx),
    };
  },

  decide({ codes, tokens, now }, { credentialId, userId }) {
    const isMeant = (one: UnlinkRequest) => one.credentialId === credentialId && one.userId === userId;
    const unlinked = tokens.filter(isMeant).map((token) => ({ ...token, unlinkedAt: now }));
    const voided = codes.filter(isMeant).map((code) => ({ ...code, usedAt: now }));
    return { result: unlinked.length, codes: voided, tokens: unlinked };
  },

  apply(state, { codes, tokens }) {
    const done = new Set([...codes, ...tokens].map(({ id }) => id));
    state.codes = state.codes.filter(({ id }) => !done.has(id));
    state.tokens = state.tokens.filter(({ id }) => !done.has(id));
  },

  async save(tx, decisions) {
    await authorizationCodes.upsert(
      tx,
      decisions.flatMap(({ codes }) => codes),
    );
    await userTokens.upsert(
      tx,
      decisions.flatMap(({ tokens }) => tokens),
    );
  },
};
