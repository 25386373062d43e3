import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AdAccount } from "../ad-accounts/ad-account.ts";
import type { User } from "../ad-accounts/user.ts";
import { deepFreeze, issuedAt, later, merchantId, minute_ms, second_ms } from "../fixtures.fixture.ts";
import { limits } from "../limits.ts";
import type { AppSettings } from "../merchants/merchant.ts";
import { exchangeCode, giveConsent } from "./commands.ts";
import type { AuthorizationCode, Wish } from "./consent.ts";
import { appObjection, decideExchange, type ExchangeRequest, userObjection } from "./decide.ts";

/** Codes go by real time: however far the sandbox's clock was moved. */
const businessTime = new Date("2199-12-31T00:00:00Z");
const redirectUri = "https://app.example/callback";
const app: AppSettings = deepFreeze({
  number: 1,
  name: "앱",
  redirectUris: ["https://app.example/other", redirectUri],
  scopes: ["read", "write"],
  secretNeeded: true,
  verified: true,
  permitted: true,
  suspended: false,
  testers: null,
});
const wish: Wish = deepFreeze({ redirectUri, scopes: ["read"], adAccounts: null });

describe("an app may ask", () => {
  it.each<[string, Partial<AppSettings>, Partial<Wish>, object | undefined]>([
    ["for what it is permitted", {}, {}, undefined],
    ["for all of it", {}, { scopes: ["write", "read"] }, undefined],
    ["for nothing in particular", {}, { scopes: [] }, undefined],
    ["if it is suspended: never", { suspended: true }, {}, { code: "app-suspended" }],
    ["if it is not verified: never", { verified: false }, {}, { code: "app-not-verified" }],
    ["if it is not permitted: never", { permitted: false }, {}, { code: "app-not-permitted" }],
    ["for what it has not: not", {}, { scopes: ["read", "all"] }, { code: "scope-not-permitted", scope: "all" }],
    ["for anything without any: not", { scopes: [] }, {}, { code: "scope-not-permitted", scope: "read" }],
    [
      "to be told elsewhere: not",
      {},
      { redirectUri: `${redirectUri}/` },
      { code: "redirect-unknown", uri: `${redirectUri}/` },
    ],
    ["to be told nowhere: not", { redirectUris: [] }, {}, { code: "redirect-unknown", uri: redirectUri }],
    // Nothing else is told of an app by whoever does not know its address.
    [
      "to be told elsewhere, unverified: not",
      { verified: false },
      { redirectUri: "https://evil.example" },
      { code: "redirect-unknown", uri: "https://evil.example" },
    ],
  ])("%s", (_, settings, wanted, objection) => {
    expect(appObjection({ ...app, ...settings }, { ...wish, ...wanted })).toEqual(objection);
  });

  it("if there is one", () => {
    expect(appObjection(undefined, wish)).toEqual({ code: "app-unknown" });
  });
});

const user: User = deepFreeze({
  id: "usr_1",
  merchantId,
  number: 7,
  name: "김나루",
  restricted: false,
  business: true,
  signInHash: "hash",
  createdAt: issuedAt,
});
const held = (number: number, state: AdAccount["state"] = "on"): AdAccount =>
  deepFreeze({
    id: `ada_${number}`,
    merchantId,
    number,
    name: "계정",
    state,
    stopped: false,
    type: "BUSINESS",
    ownerCompany: { businessRegistrationNumber: "123-45-67890", name: "상점" },
    advertiser: { businessRegistrationNumber: "123-45-67890", name: "상점" },
    businessRight: { number: 0, companyName: "상점" },
    walletNumber: number,
    freeCash: 0,
    members: { [user.id]: "member" },
    createdAt: issuedAt,
    updatedAt: issuedAt,
    eventSeq: 1,
  });

describe("a user may consent", () => {
  it.each<[string, Partial<AppSettings>, Partial<User>, AdAccount[], Wish["adAccounts"], string | undefined]>([
    ["with one ad account", {}, {}, [held(1)], null, undefined],
    ["with one that is off", {}, {}, [held(1, "off")], null, undefined],
    ["about one of theirs", {}, {}, [held(1), held(2)], [2], undefined],
    ["about all of theirs by name", {}, {}, [held(1), held(2)], [2, 1], undefined],
    ["as a tester", { testers: [7] }, {}, [held(1)], null, undefined],
    ["to a test app of others: not", { testers: [8] }, {}, [held(1)], null, "user-not-tester"],
    ["to a test app of nobody: not", { testers: [] }, {}, [held(1)], null, "user-not-tester"],
    ["while restricted: not", {}, { restricted: true }, [held(1)], null, "user-restricted"],
    ["without being a business: not", {}, { business: false }, [held(1)], null, "user-without-business"],
    ["without ad accounts: not", {}, {}, [], null, "user-without-assets"],
    ["with a deleted one alone: not", {}, {}, [held(1, "deleted")], null, "user-without-assets"],
    ["about one that is not theirs: not", {}, {}, [held(1)], [1, 2], "user-without-assets"],
    ["about a deleted one: not", {}, {}, [held(1), held(2, "deleted")], [2], "user-without-assets"],
  ])("%s", (_, settings, change, accounts, adAccounts, code) => {
    const objection = userObjection({ ...app, ...settings }, { ...user, ...change }, accounts, { ...wish, adAccounts });
    expect(objection?.code).toBe(code);
  });
});

const expiresAt = later(issuedAt, limits.authorization_code_s * second_ms);
const code: AuthorizationCode = deepFreeze({
  id: "code_1",
  merchantId,
  credentialId: "crd_1",
  userId: user.id,
  ...wish,
  adAccounts: [12_345],
  expiresAt,
  usedAt: null,
});
const brought: ExchangeRequest = { codeId: code.id, app: { id: "crd_1" }, redirectUri, tokenId: "token_1" };

describe("a code is worth a token", () => {
  it.each<[string, Partial<AuthorizationCode> | undefined, Partial<ExchangeRequest>, Date, string | undefined]>([
    ["at once", {}, {}, issuedAt, undefined],
    ["to its last moment", {}, {}, later(expiresAt, -1), undefined],
    ["and not at its end", {}, {}, expiresAt, "code-unknown"],
    ["nor later", {}, {}, later(expiresAt, minute_ms), "code-unknown"],
    ["unless it was used", { usedAt: issuedAt }, {}, issuedAt, "code-unknown"],
    ["if there is one", undefined, {}, issuedAt, "code-unknown"],
    ["to no other app", {}, { app: { id: "crd_2" } }, issuedAt, "code-unknown"],
    ["from no other address", {}, { redirectUri: `${redirectUri}?` }, issuedAt, "redirect-differs"],
    // Another app does not learn where it was sent.
    [
      "to no other app from elsewhere",
      {},
      { app: { id: "crd_2" }, redirectUri: "https://evil.example" },
      issuedAt,
      "code-unknown",
    ],
  ])("%s", (_, change, request, now, refusal) => {
    const outcome = decideExchange(change && { ...code, ...change }, { ...brought, ...request }, now);
    expect(outcome.ok ? undefined : outcome.refusal.code).toBe(refusal);
  });

  it("for what was consented to, by whom, to whom", () => {
    const now = later(issuedAt, minute_ms);
    const { merchantId, credentialId, userId, scopes, adAccounts } = code;
    expect(decideExchange(code, brought, now)).toEqual({
      ok: true,
      value: {
        code: { ...code, usedAt: now },
        token: {
          id: "token_1",
          merchantId,
          credentialId,
          userId,
          scopes,
          adAccounts,
          consented: true,
          grantedAt: now,
          unlinkedAt: null,
          endedAt: null,
        },
      },
    });
  });

  it("once, whoever brings it in one batch, in whatever order, whenever", () => {
    const request = fc.record({
      codeId: fc.constantFrom("code_1", "code_2", "code_3"),
      app: fc.record({ id: fc.constantFrom("crd_1", "crd_2") }),
      redirectUri: fc.constantFrom(redirectUri, "https://evil.example"),
      tokenId: fc.uuid(),
    });
    const codes = fc.record({ late: fc.boolean(), used: fc.boolean() });
    fc.assert(
      fc.property(fc.array(request, { maxLength: 30 }), codes, fc.nat(20 * minute_ms), (requests, second, after_ms) => {
        const now = later(issuedAt, after_ms);
        const other: AuthorizationCode = {
          ...code,
          id: "code_2",
          credentialId: "crd_2",
          expiresAt: second.late ? later(expiresAt, 10 * minute_ms) : expiresAt,
          usedAt: second.used ? issuedAt : null,
        };
        const before = [code, deepFreeze(other)];
        const state = { codes: new Map(before.map((one) => [one.id, one])), now };
        const tokens = requests.flatMap((one) => {
          const decision = exchangeCode.decide(state, deepFreeze(one), businessTime);
          exchangeCode.apply(state, decision);
          return decision.result.ok ? [{ codeId: one.codeId, token: decision.result.value }] : [];
        });
        for (const one of [...before, { ...code, id: "code_3" }]) {
          const made = tokens.filter(({ codeId }) => codeId === one.id);
          const rightful = requests.some(
            ({ codeId, app, redirectUri }) =>
              codeId === one.id && app.id === one.credentialId && redirectUri === one.redirectUri,
          );
          const isLive = one.id !== "code_3" && one.usedAt === null && one.expiresAt > now;
          expect(made.length).toBe(rightful && isLive ? 1 : 0);
          for (const { token } of made) expect([token.credentialId, token.userId]).toEqual([one.credentialId, user.id]);
        }
      }),
    );
  });
});

describe("consent that is given", () => {
  const state = (settings: AppSettings | undefined) => ({
    apps: new Map(
      settings === undefined
        ? []
        : [
            [
              "crd_1",
              {
                id: "crd_1",
                merchantId,
                dialect: "kakao-moment",
                key: "key",
                secretHash: "hash",
                settings: { app: settings },
                createdAt: issuedAt,
              },
            ],
          ],
    ),
    users: new Map([[user.id, user]]),
    adAccounts: [held(1), { ...held(2), members: { usr_2: "master" as const } }],
    now: issuedAt,
  });
  const request = { credentialId: "crd_1", userId: user.id, wish, codeId: "code_1" };

  it("is a code that lives for ten minutes", () => {
    const { result } = giveConsent.decide(state(app), request, businessTime);
    expect(result).toEqual({ ok: true, value: { ...code, adAccounts: null } });
    expect(limits.authorization_code_s).toBe(600);
  });

  it.each<[string, AppSettings | undefined, Partial<Wish>, string]>([
    ["once the app was removed", undefined, {}, "app-unknown"],
    ["once the app was suspended", { ...app, suspended: true }, {}, "app-suspended"],
    ["about another user's ad account", app, { adAccounts: [2] }, "user-without-assets"],
  ])("is none %s", (_, settings, change, refusal) => {
    const { result } = giveConsent.decide(state(settings), { ...request, wish: { ...wish, ...change } }, businessTime);
    expect(result.ok ? undefined : result.refusal.code).toBe(refusal);
  });
});
