/** `/api/v1/user/registration`, `/api/v1/user/info`: members. */
import type { FastifyInstance } from "fastify";
import type { MemberRefusal, Outcome } from "../../../core/errors.ts";
import { koreanDay } from "../../../core/korea.ts";
import { defaultServiceId } from "../../../core/members/card.ts";
import type { Person } from "../../../core/members/member.ts";
import type { RegisteredMember } from "../../../core/members/members.ts";
import type { Context } from "../context.ts";
import { errors } from "../errors.ts";
import { presentBasicCard, presentUser } from "../present.ts";
import { memberError } from "../refusals.ts";
import { OfUserRequest, Registered, RegistrationRequest, UserInfoAnswer } from "../schemas/index.ts";
import { wireNumber } from "../wire.ts";
import { type Answer, type Endpoint, exchangeOf, failure, mount, reader, success } from "./call.ts";
import { findMember } from "./found.ts";

const readRegistration = reader(RegistrationRequest, "value");
const readUser = reader(OfUserRequest);

export function mountMembers(server: FastifyInstance, context: Context): void {
  const { core, aspIdOf } = context;

  const registration: Endpoint = {
    url: "/api/v1/user/registration",
    summary: "Register a member, who gets a card",
    body: RegistrationRequest,
    response: Registered,
    encrypted: { request: true, answer: true },
  };
  mount(server, context, registration, async (call) => {
    const read = readRegistration(call.body);
    if (!read.ok) return failure(read.error);
    const { loginPassword, birthDate, joinChannel = null, tcIdList = [] } = read.value;
    if (koreanDay(birthDate) === undefined) return failure(errors.invalid("birthDate", "value"));
    return answerRegistered(
      await core.members.register({
        merchantId: call.tenant.merchant.id,
        person: personOf(read.value),
        password: loginPassword,
        joinChannel,
        terms: tcIdList,
        serviceId: defaultServiceId,
        exchange: exchangeOf(registration, call, answerRegistered),
      }),
    );
  });

  const info: Endpoint = {
    url: "/api/v1/user/info",
    summary: "One member",
    body: OfUserRequest,
    response: UserInfoAnswer,
    encrypted: { request: true, answer: true },
  };
  mount(server, context, info, async (call) => {
    const read = readUser(call.body);
    if (!read.ok) return failure(read.error);
    const found = await findMember(core, call, read.value.userId);
    if (!found.ok) return failure(found.error);
    return success({ userInfo: presentUser(found.value, aspIdOf(call.tenant.merchant.id)) });
  });
}

function personOf({ addressInfo, ...fields }: RegistrationRequest): Person {
  const { loginId, userName, birthDate, nationality, gender, mobileNumber = null, ci = null, email = null } = fields;
  const address =
    addressInfo === undefined ? null : { ...addressInfo, addressDetail: addressInfo.addressDetail ?? null };
  return { loginId, name: userName, birthDate, nationality, gender, mobileNumber, ci, email, address };
}

function answerRegistered(outcome: Outcome<RegisteredMember, MemberRefusal>): Answer {
  if (!outcome.ok) return failure(memberError(outcome.refusal));
  const { member } = outcome.value;
  return success({ userId: wireNumber(member.number), basicCardInfo: presentBasicCard(outcome.value) });
}
