/** A merchant's members, as operators bring them over from elsewhere and look at them. */
import type { FastifyInstance } from "fastify";
import type { Static } from "typebox";
import { findBank } from "../core/banks.ts";
import type { Core } from "../core/index.ts";
import { koreanDay } from "../core/korea.ts";
import { limits } from "../core/limits.ts";
import { defaultServiceId } from "../core/members/card.ts";
import { findByLogin, listMembers, type MemberListing, readMember } from "../core/members/list.ts";
import type { Person } from "../core/members/member.ts";
import { merchants, readChannelsOf } from "../core/merchants/merchant.ts";
import { type Fields, MalformedBody } from "../http/body.ts";
import { fail, unknownMerchant } from "./errors.ts";
import { nextCursor, readCursor, reader } from "./requests.ts";
import { MemberRequest, PageQuery } from "./schemas.ts";

const readPage = reader(PageQuery);
const readNew = reader(MemberRequest);

type OfMerchant = { Params: { id: string } };
type Wanted = Static<typeof MemberRequest>;

/** In a scope of its own, below a merchant's address. */
export async function mountMembers(server: FastifyInstance, core: Core): Promise<void> {
  const { pool } = core.store;
  const tags = ["Naru"];

  server.addHook<OfMerchant>("preHandler", async ({ params: { id } }, reply) =>
    (await merchants.read(pool, [id])).length === 0 ? unknownMerchant(reply, id) : undefined,
  );

  server.get<OfMerchant>(
    "/members",
    { schema: { tags, summary: "A merchant's members with their balances; numbers masked", querystring: PageQuery } },
    async (request) => {
      const { limit: count = limits.page_default, after } = readPage(request.query);
      const found = await listMembers(pool, request.params.id, readCursor(after, "mem") ?? "", count);
      return { members: found.map(present), cursor: nextCursor(found, count) };
    },
  );

  server.post<OfMerchant>(
    "/members",
    {
      schema: {
        tags,
        summary: "Bring a member over from elsewhere",
        description:
          "With their number, card and account, if they have those; the account is registered without a call to them. " +
          "With a number of your choice the call can be repeated: what is there already stays.",
        body: MemberRequest,
      },
    },
    async (request, reply) => {
      const { id: merchantId } = request.params;
      refuseRounded(request.body as Fields);
      const wanted = readNew(request.body);
      const { number, account, card, loginId, birthDate } = wanted;
      if (koreanDay(birthDate) === undefined) throw new MalformedBody("birthDate must be a day as yyyyMMdd");
      const connector = account && (await connectorOf(merchantId));
      if (account !== undefined && connector === undefined) {
        return fail(reply, 409, "account-not-taken", "the merchant has no channel that draws on members' accounts");
      }
      const made = await core.members.register({
        merchantId,
        person: personOf(wanted),
        password: wanted.password ?? null,
        joinChannel: wanted.joinChannel ?? null,
        terms: wanted.terms ?? [],
        serviceId: wanted.serviceId ?? defaultServiceId,
        ...(number === undefined ? {} : { number }),
        ...(card === undefined ? {} : { card }),
      });
      const known = made.ok
        ? made.value.member
        : (await findByLogin(pool, core.secrets, merchantId, [loginId])).get(loginId);
      if (!made.ok && (number === undefined || known?.number !== number)) {
        const { refusal } = made;
        if (refusal.code === "number-taken") {
          return fail(reply, 409, refusal.code, "another member or card has this number");
        }
        return fail(reply, 409, "member-exists", "the merchant has a member of this login name or CI already");
      }
      if (account !== undefined) {
        const { bankCode, number: accountNumber, bankName } = account;
        const { holder = wanted.name, birthDate = wanted.birthDate } = account;
        const adopted = await core.linkedAccounts.adopt({
          merchantId,
          memberId: known!.id,
          connector: connector!,
          bankCode,
          number: accountNumber,
          holder,
          birthDate,
          details: { bankCode, bankName: bankName ?? findBank(bankCode)?.shortName ?? bankCode },
        });
        if (!adopted.ok) return fail(reply, 409, adopted.refusal.code, "the member is there, their account is not");
        const { state, failure } = adopted.value;
        if (state === "failed") {
          return fail(
            reply,
            409,
            "account-refused",
            `the member is there, their account was refused: ${failure!.code}`,
          );
        }
      }
      const shown = await readMember(pool, merchantId, known!.number);
      return reply.code(made.ok ? 201 : 200).send(present(shown!));
    },
  );

  /** The merchant's that draws on members' accounts. */
  async function connectorOf(merchantId: string): Promise<string | undefined> {
    return core.channelFor(await readChannelsOf(pool, [merchantId]), "linkedAccounts")?.connector;
  }
}

/** From 2^53 on a number may not be the one that was sent, unless it came as text. */
function refuseRounded(fields: Fields, place = ""): void {
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === "number" && !Number.isSafeInteger(value)) {
      throw new MalformedBody(`${place}${name} must be a text of its digits`);
    }
    if (typeof value === "object" && value !== null) refuseRounded(value as Fields, `${place}${name}.`);
  }
}

function personOf(wanted: Wanted): Person {
  const { loginId, name, birthDate, nationality = "Korean", gender, address } = wanted;
  const { mobileNumber = null, ci = null, email = null } = wanted;
  const place = address && { ...address, addressDetail: address.addressDetail ?? null };
  return { loginId, name, birthDate, nationality, gender, mobileNumber, ci, email, address: place ?? null };
}

function present({ id: _, ...member }: MemberListing) {
  return member;
}
