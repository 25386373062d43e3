/** A merchant's users and ad accounts, as operators make and change them. */
import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Static } from "typebox";
import {
  type AdAccount,
  type Company,
  isOutOfBalance,
  type MemberRole,
  numberedAdAccounts,
  withCash,
} from "../core/ad-accounts/ad-account.ts";
import { newAdAccount } from "../core/ad-accounts/decide.ts";
import { numberedUsers, type User, users } from "../core/ad-accounts/user.ts";
import type { Core } from "../core/index.ts";
import { limits } from "../core/limits.ts";
import { merchants, readCredentialsOf } from "../core/merchants/merchant.ts";
import { MalformedBody } from "../http/body.ts";
import { newId } from "../store/index.ts";
import { fail, unknownMerchant } from "./errors.ts";
import { nextNumberCursor, reader, readNumber, readNumberCursor } from "./requests.ts";
import { AdAccountChange, AdAccountRequest, PageQuery, UserChange, UserRequest } from "./schemas.ts";

const readPage = reader(PageQuery);
const readNewUser = reader(UserRequest);
const readUserChange = reader(UserChange);
const readNewAdAccount = reader(AdAccountRequest);
const readAdAccountChange = reader(AdAccountChange);

type OfMerchant = { Params: { id: string } };
type Numbered = { Params: { id: string; number: string } };

/** In a scope of its own, below a merchant's address. */
export async function mountAdAccounts(server: FastifyInstance, core: Core): Promise<void> {
  const { pool } = core.store;
  const tags = ["Naru"];

  server.addHook<OfMerchant>("preHandler", async ({ params: { id } }, reply) =>
    (await merchants.read(pool, [id])).length === 0 ? unknownMerchant(reply, id) : undefined,
  );

  server.get<OfMerchant>(
    "/users",
    { schema: { tags, summary: "A merchant's users, who let apps use its ad accounts", querystring: PageQuery } },
    async (request) => {
      const { limit: count = limits.page_default, after } = readPage(request.query);
      const found = await numberedUsers.list(pool, request.params.id, readNumberCursor(after), count);
      return { users: found.map(presentUser), cursor: nextNumberCursor(found, count) };
    },
  );

  server.post<OfMerchant>(
    "/users",
    {
      schema: {
        tags,
        summary: "Make a user",
        description: "The answer holds what they sign in with, which is never shown again.",
        body: UserRequest,
      },
    },
    async (request, reply) => {
      const { id: merchantId } = request.params;
      const { name, number: chosen, restricted = false, business = true } = readNewUser(request.body);
      const number = chosen ?? (await core.newNumber("user"));
      const signInCode = newSignInCode();
      const signInHash = core.secrets.hash(signInCode);
      const made = await core.makeUser({
        id: newId("usr"),
        merchantId,
        number,
        name,
        restricted,
        business,
        signInHash,
      });
      if (!made.ok) return numberTaken(reply, "user", number);
      const user = await numberedUsers.findOf(pool, merchantId, number);
      return reply.code(201).send({ user: presentUser(user!), signInCode });
    },
  );

  server.get<Numbered>("/users/:number", { schema: { tags, summary: "One user" } }, async (request, reply) => {
    const user = await readUser(request.params);
    return user === undefined ? unknown(reply, "user", request.params.number) : presentUser(user);
  });

  server.patch<Numbered>(
    "/users/:number",
    { schema: { tags, summary: "Change a user", body: UserChange } },
    async (request, reply) => {
      const user = await readUser(request.params);
      if (user === undefined) return unknown(reply, "user", request.params.number);
      const { newSignInCode: isNew = false, ...change } = readUserChange(request.body);
      const signInCode = isNew ? newSignInCode() : undefined;
      const signIn = signInCode === undefined ? {} : { signInHash: core.secrets.hash(signInCode) };
      const changed = await core.changeUser({ userId: user.id, change: { ...change, ...signIn } });
      return { user: presentUser(changed), ...(signInCode === undefined ? {} : { signInCode }) };
    },
  );

  server.delete<{ Params: { id: string; number: string; key: string } }>(
    "/users/:number/apps/:key",
    { schema: { tags, summary: "A user no longer lets an app act for them" } },
    async (request, reply) => {
      const { id, key } = request.params;
      const user = await readUser(request.params);
      if (user === undefined) return unknown(reply, "user", request.params.number);
      const app = (await readCredentialsOf(pool, [id])).find(
        (one) => one.key === key && one.settings.app !== undefined,
      );
      if (app === undefined) return fail(reply, 404, "credential-unknown", `the merchant has no app ${key}`);
      return { tokens: await core.unlinkApp(id, { credentialId: app.id, userId: user.id }) };
    },
  );

  server.get<OfMerchant>(
    "/ad-accounts",
    { schema: { tags, summary: "A merchant's ad accounts with their cash", querystring: PageQuery } },
    async (request) => {
      const { limit: count = limits.page_default, after } = readPage(request.query);
      const found = await numberedAdAccounts.list(pool, request.params.id, readNumberCursor(after), count);
      return { adAccounts: await present(found), cursor: nextNumberCursor(found, count) };
    },
  );

  server.post<OfMerchant>(
    "/ad-accounts",
    { schema: { tags, summary: "Make an ad account", body: AdAccountRequest } },
    async (request, reply) => {
      const { id: merchantId } = request.params;
      const { number: chosen, members = [], ...given } = readNewAdAccount(request.body);
      const number = chosen ?? (await core.newNumber("ad-account"));
      const known = { ...given, id: newId("ada"), merchantId, number, members: await readMembers(merchantId, members) };
      const made = await core.makeAdAccount(newAdAccount(known, await companyOf(merchantId)));
      if (!made.ok) return numberTaken(reply, "ad account", number);
      return reply.code(201).send((await present([made.value]))[0]);
    },
  );

  server.get<Numbered>(
    "/ad-accounts/:number",
    { schema: { tags, summary: "One ad account" } },
    async (request, reply) => {
      const found = await readAdAccount(request.params);
      return found === undefined ? unknown(reply, "ad account", request.params.number) : (await present([found]))[0];
    },
  );

  server.patch<Numbered>(
    "/ad-accounts/:number",
    { schema: { tags, summary: "Change an ad account, its members as a whole", body: AdAccountChange } },
    async (request, reply) => {
      const found = await readAdAccount(request.params);
      if (found === undefined) return unknown(reply, "ad account", request.params.number);
      const { members, ...change } = readAdAccountChange(request.body);
      const all = members === undefined ? {} : { members: await readMembers(found.merchantId, members) };
      const changed = await core.updateAdAccount({ adAccountId: found.id, change: { ...change, ...all } });
      if (!changed.ok) throw new Error(`an operator is not refused with ${changed.refusal.code}`);
      return (await present([changed.value]))[0];
    },
  );

  const readUser = ({ id, number }: Numbered["Params"]) => numberedUsers.findOf(pool, id, readNumber(number) ?? 0);
  const readAdAccount = ({ id, number }: Numbered["Params"]) =>
    numberedAdAccounts.findOf(pool, id, readNumber(number) ?? 0);

  /** The merchant's own, as far as it is known. */
  async function companyOf(merchantId: string): Promise<Company> {
    const [merchant] = await merchants.read(pool, [merchantId]);
    return { businessRegistrationNumber: "000-00-00000", name: merchant!.name };
  }

  async function readMembers(
    merchantId: string,
    members: NonNullable<Static<typeof AdAccountRequest>["members"]>,
  ): Promise<Record<string, MemberRole>> {
    const numbers = members.map(({ user }) => user);
    const twice = numbers.find((number, index) => numbers.indexOf(number) !== index);
    if (twice !== undefined) throw new MalformedBody(`members has ${twice} twice`);
    const found = await numberedUsers.find(pool, numbers);
    const known = found.filter((user) => user.merchantId === merchantId);
    const pairs = members.map(({ user: number, role }) => {
      const user = known.find((one) => one.number === number);
      if (user === undefined) throw new MalformedBody(`members has ${number}, who is no user of this merchant`);
      return [user.id, role] as const;
    });
    return Object.fromEntries(pairs);
  }

  async function present(shown: readonly AdAccount[]) {
    const ids = shown.flatMap(({ members }) => Object.keys(members));
    const known = await users.read(pool, ids);
    return (await withCash(pool, shown)).map((funded) => {
      const { id: _, members, eventSeq: __, ...adAccount } = funded.adAccount;
      return {
        ...adAccount,
        cash: funded.cash,
        outOfBalance: isOutOfBalance(funded),
        members: known
          .filter(({ id }) => members[id] !== undefined)
          .map(({ id, number }) => ({ user: number, role: members[id]! }))
          .sort((one, another) => one.user - another.user),
      };
    });
  }
}

function presentUser({ number, merchantId, name, restricted, business, createdAt }: User) {
  return { number, merchantId, name, restricted, business, createdAt };
}

function newSignInCode(): string {
  return randomBytes(18).toString("base64url");
}

function unknown(reply: FastifyReply, what: "user" | "ad account", number: string) {
  return fail(reply, 404, `${what.replace(" ", "-")}-unknown`, `the merchant has no ${what} ${number}`);
}

function numberTaken(reply: FastifyReply, what: string, number: number) {
  return fail(reply, 409, "number-taken", `there is another ${what} ${number}`);
}
