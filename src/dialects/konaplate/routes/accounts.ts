/** `/api/v1/bankaccounts`: members' own accounts, from checking whose they are to their removal. */
import type { FastifyInstance } from "fastify";
import type { LinkedAccountRefusal, Outcome } from "../../../core/errors.ts";
import { koreanDay } from "../../../core/korea.ts";
import type { LinkedAccount } from "../../../core/linked-accounts/linked-account.ts";
import type { Verification } from "../../../core/linked-accounts/verification.ts";
import { nameIndex } from "../../../core/members/member.ts";
import { institutions } from "../bank-codes.ts";
import type { Context } from "../context.ts";
import { errors } from "../errors.ts";
import { registrationOf, shortId } from "../identifiers.ts";
import { mayAutoCharge, presentAccount, presentRegistration } from "../present.ts";
import { accountError, registrationError } from "../refusals.ts";
import {
  AccountAnswer,
  ArsCode,
  AutoChargeAccountAnswer,
  HolderRequest,
  Institutions,
  NoFields,
  Nothing,
  OfUserRequest,
  RegisterAccountRequest,
  Registration,
  RegistrationStatusAnswer,
  RegistrationStatusRequest,
  VerificationAnswer,
  VerificationRequest,
} from "../schemas/index.ts";
import { wireNumber } from "../wire.ts";
import { type Answer, type Endpoint, exchangeOf, failure, mount, reader, success } from "./call.ts";
import { drawingChannel, findMember, readAccount } from "./found.ts";

const url = "/api/v1/bankaccounts";
const clear = { request: false, answer: false };

const readUser = reader(OfUserRequest);

export function mountAccounts(server: FastifyInstance, context: Context): void {
  mountLookUps(server, context);
  mountHolder(server, context);
  mountRegistration(server, context);
  mountVerification(server, context);
}

function mountLookUps(server: FastifyInstance, context: Context): void {
  const { core } = context;

  const info: Endpoint = {
    url: `${url}/info`,
    summary: "The account that a member has registered",
    body: OfUserRequest,
    response: AccountAnswer,
    encrypted: { request: true, answer: false },
  };
  mount(server, context, info, async (call) => {
    const read = readUser(call.body);
    if (!read.ok) return failure(read.error);
    const found = await findMember(core, call, read.value.userId);
    if (!found.ok) return failure(found.error);
    const { charge } = await core.linkedAccounts.registered(found.value.member.id);
    if (charge === undefined) return failure(errors.accountMissing);
    return success({ userId: wireNumber(read.value.userId), accountInfo: presentAccount(charge, found.value) });
  });

  const inquiry: Endpoint = {
    url: `${url}/inquiry`,
    summary: "The account from which a member's balance is charged by itself",
    body: OfUserRequest,
    response: AutoChargeAccountAnswer,
    encrypted: clear,
  };
  mount(server, context, inquiry, async (call) => {
    const read = readUser(call.body);
    if (!read.ok) return failure(read.error);
    const found = await findMember(core, call, read.value.userId);
    if (!found.ok) return failure(found.error);
    const registered = await core.linkedAccounts.registered(found.value.member.id);
    const { autoCharge } = registered;
    return success({
      ...(autoCharge === undefined ? {} : { bankAccForAutoRcg: presentAccount(autoCharge, found.value) }),
      isAutoRcgAccRegAllowed: mayAutoCharge(registered),
    });
  });

  const remove: Endpoint = {
    url: `${url}/delete`,
    summary: "Remove a member's account",
    body: OfUserRequest,
    response: Nothing,
    encrypted: { request: true, answer: false },
  };
  mount(server, context, remove, async (call) => {
    const read = readUser(call.body);
    if (!read.ok) return failure(read.error);
    const found = await findMember(core, call, read.value.userId);
    if (!found.ok) return failure(found.error);
    const { merchantId, id: memberId } = found.value.member;
    const exchange = exchangeOf(remove, call, answerRemoved);
    return answerRemoved(await core.linkedAccounts.remove({ merchantId, memberId, exchange }));
  });

  const list: Endpoint = {
    url: `${url}/financial-institutions`,
    summary: "Where accounts can be registered",
    description: "The contract names this API without a path or fields; these are Naru's own.",
    body: NoFields,
    response: Institutions,
    encrypted: clear,
  };
  mount(server, context, list, () => success({ bankList: [...institutions] }));
}

function mountHolder(server: FastifyInstance, context: Context): void {
  const { core } = context;
  const readClaim = reader(HolderRequest);

  const valid: Endpoint = {
    url: `${url}/user/valid`,
    summary: "Whether an account is this person's",
    description: "With userId, userName must be that member's name too.",
    body: HolderRequest,
    response: Nothing,
    encrypted: { request: true, answer: false },
  };
  mount(server, context, valid, async (call) => {
    const read = readClaim(call.body);
    if (!read.ok) return failure(read.error);
    const { userId, userName, birthDate } = read.value;
    if (koreanDay(birthDate) === undefined) return failure(errors.invalid("birthDate"));
    const account = readAccount(read.value);
    if (!account.ok) return failure(account.error);
    const channel = drawingChannel(core, call);
    if (!channel.ok) return failure(channel.error);
    if (userId !== undefined) {
      const found = await findMember(core, call, userId);
      if (!found.ok) return failure(found.error);
      const { merchantId, nameIndex: known } = found.value.member;
      if (nameIndex(core.secrets, merchantId, userName) !== known) return failure(errors.invalid("userName"));
    }
    const claimed = { ...account.value, holder: userName, birthDate };
    switch (await core.linkedAccounts.checkHolder(channel.value.connector, claimed)) {
      case "right":
        return success();
      case "wrong-name":
        return failure(errors.invalid("userName"));
      case "wrong-birth-date":
        return failure(errors.invalid("birthDate"));
      case "unavailable":
        return failure(errors.unavailable);
      case undefined:
        return failure(errors.holderUnknown);
    }
  });
}

function mountRegistration(server: FastifyInstance, context: Context): void {
  const { core } = context;
  const readWanted = reader(RegisterAccountRequest);
  const readStatus = reader(RegistrationStatusRequest);

  const arsCode: Endpoint = {
    url: `${url}/ars/auth`,
    summary: "The code that a member types when they are called",
    description: "Good for five minutes; a new one takes the place of an earlier one.",
    body: OfUserRequest,
    response: ArsCode,
    encrypted: clear,
  };
  mount(server, context, arsCode, async (call) => {
    const read = readUser(call.body);
    if (!read.ok) return failure(read.error);
    const found = await findMember(core, call, read.value.userId);
    if (!found.ok) return failure(found.error);
    const { code } = await core.members.makeArsCode(found.value.member);
    return success({ authNumber: code });
  });

  const register: Endpoint = {
    url: `${url}/ars/register`,
    summary: "Register a member's account, in place of another",
    description: "Answered when the member is being called; what comes of it is asked for by bankAccRegNo.",
    body: RegisterAccountRequest,
    response: Registration,
    encrypted: { request: true, answer: false },
  };
  mount(server, context, register, async (call) => {
    const read = readWanted(call.body);
    if (!read.ok) return failure(read.error);
    const { userId, userName, birthDate, bankCode, bankName } = read.value;
    if (koreanDay(birthDate) === undefined) return failure(errors.invalid("birthDate"));
    const account = readAccount(read.value);
    if (!account.ok) return failure(account.error);
    const channel = drawingChannel(core, call);
    if (!channel.ok) return failure(channel.error);
    const found = await findMember(core, call, userId);
    if (!found.ok) return failure(found.error);
    const { merchantId, id: memberId } = found.value.member;
    return answerRegistered(
      await core.linkedAccounts.register({
        merchantId,
        memberId,
        connector: channel.value.connector,
        ...account.value,
        holder: userName,
        birthDate,
        details: { bankCode, bankName },
        exchange: exchangeOf(register, call, answerRegistered),
      }),
    );
  });

  const registerForAutoCharge: Endpoint = {
    url: `${url}/as-rcg-svc/ars/register`,
    summary: "Register a member's account for being charged by itself",
    body: OfUserRequest,
    response: Registration,
    encrypted: { request: true, answer: true },
  };
  mount(server, context, registerForAutoCharge, async (call) => {
    const read = readUser(call.body);
    if (!read.ok) return failure(read.error);
    const found = await findMember(core, call, read.value.userId);
    if (!found.ok) return failure(found.error);
    const { merchantId, id: memberId } = found.value.member;
    const exchange = exchangeOf(registerForAutoCharge, call, answerRegistered);
    return answerRegistered(await core.linkedAccounts.registerForAutoCharge({ merchantId, memberId, exchange }));
  });

  const status: Endpoint = {
    url: `${url}/ars/register/inquiry`,
    summary: "Where a registration stands",
    description: "One that failed is answered with why, and `status` beside it.",
    body: RegistrationStatusRequest,
    response: RegistrationStatusAnswer,
    encrypted: clear,
  };
  mount(server, context, status, async (call) => {
    const read = readStatus(call.body);
    if (!read.ok) return failure(read.error);
    const id = registrationOf(read.value.regNo);
    const found = id && (await core.linkedAccounts.registration(call.tenant.merchant.id, id));
    if (!found) return failure(errors.registrationUnknown);
    const shown = { status: presentRegistration(found) };
    return found.failure === null ? success(shown) : failure(registrationError(found.failure.code), shown);
  });
}

function mountVerification(server: FastifyInstance, context: Context): void {
  const { core } = context;
  const readWanted = reader(VerificationRequest);

  const verify: Endpoint = {
    url: `${url}/krw-auth`,
    summary: "Send a won to an account, to see whether it takes it",
    description:
      "The contract does not publish the request; these fields are Naru's own. With userName, it must be the holder's.",
    body: VerificationRequest,
    response: VerificationAnswer,
    encrypted: clear,
  };
  mount(server, context, verify, async (call) => {
    const read = readWanted(call.body);
    if (!read.ok) return failure(read.error);
    const { userId, userName } = read.value;
    const account = readAccount(read.value);
    if (!account.ok) return failure(account.error);
    const channel = drawingChannel(core, call);
    if (!channel.ok) return failure(channel.error);
    const merchantId = call.tenant.merchant.id;
    const { connector } = channel.value;
    if (userId !== undefined) {
      const found = await findMember(core, call, userId);
      if (!found.ok) return failure(found.error);
    }
    if (userName !== undefined) {
      const holder = await core.findHolder(connector, account.value.bankCode, account.value.number);
      if (holder === undefined) return failure(errors.holderUnknown);
      const indexOf = (name: string) => nameIndex(core.secrets, merchantId, name);
      if (indexOf(holder) !== indexOf(userName)) return failure(errors.invalid("userName"));
    }
    const exchange = exchangeOf(verify, call, answerVerified);
    return answerVerified(await core.linkedAccounts.verify({ merchantId, connector, ...account.value, exchange }));
  });
}

function answerRemoved(outcome: Outcome<LinkedAccount, LinkedAccountRefusal>): Answer {
  return outcome.ok ? success() : failure(accountError(outcome.refusal));
}

function answerRegistered(outcome: Outcome<LinkedAccount, LinkedAccountRefusal>): Answer {
  return outcome.ok ? success({ bankAccRegNo: shortId(outcome.value.id) }) : failure(accountError(outcome.refusal));
}

function answerVerified(outcome: Outcome<Verification, LinkedAccountRefusal>): Answer {
  return outcome.ok ? success({ transactionId: shortId(outcome.value.id) }) : failure(accountError(outcome.refusal));
}
