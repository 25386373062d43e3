/** `/api/v1/recharges`, and the tokens that they need: charging a member's balance from their own account. */
import type { FastifyInstance } from "fastify";
import type { MemberChargeRefusal, Outcome } from "../../../core/errors.ts";
import type { CancelledCharge, ChargedMember } from "../../../core/linked-accounts/charges.ts";
import type { Member } from "../../../core/members/member.ts";
import type { Context } from "../context.ts";
import { errors } from "../errors.ts";
import { dialect } from "../identifiers.ts";
import { chargeError, memberError } from "../refusals.ts";
import {
  AutoChargeRequest,
  CancelAnswer,
  CancelRequest,
  ChargeAnswer,
  ChargeRequest,
  longTokenTypes,
  Nothing,
  ResultAnswer,
  ResultRequest,
  results,
  TokenAnswer,
  TokenRequest,
} from "../schemas/index.ts";
import { type Answer, type Endpoint, exchangeOf, failure, mount, reader, success } from "./call.ts";
import { drawingChannel } from "./found.ts";

const clear = { request: false, answer: false };

const readToken = reader(TokenRequest);
const readCharge = reader(ChargeRequest);
const readCancel = reader(CancelRequest);
const readResult = reader(ResultRequest);
const readAutoCharge = reader(AutoChargeRequest);

export function mountCharges(server: FastifyInstance, context: Context): void {
  const { core } = context;

  const token: Endpoint = {
    url: "/api/v2/payment/generate/onetimetoken",
    summary: "A token that stands for a card, once",
    description: "Good for thirty seconds; of the types ATM and CREDIT for five minutes.",
    body: TokenRequest,
    response: TokenAnswer,
    encrypted: { request: true, answer: false },
  };
  mount(server, context, token, async (call) => {
    const read = readToken(call.body);
    if (!read.ok) return failure(read.error);
    const { cardNo, type = "" } = read.value;
    const made = await core.members.makeToken({
      merchantId: call.tenant.merchant.id,
      cardNumber: cardNo,
      long: longTokenTypes.includes(type),
    });
    if (!made.ok) return failure(memberError(made.refusal));
    const { token: oneTimeToken, dcvv, expiresAt } = made.value;
    return success({ oneTimeToken, dcvv, expiryTime: expiresAt.getTime() });
  });

  const charge: Endpoint = {
    url: "/api/v1/recharges/by-bank-accounts/no-hce",
    summary: "Charge a member's balance from their account",
    description:
      "The same request of the same sequenceId again gets the answer of the first; its token is not needed again.",
    body: ChargeRequest,
    response: ChargeAnswer,
    encrypted: clear,
  };
  mount(server, context, charge, async (call) => {
    const read = readCharge(call.body);
    if (!read.ok) return failure(read.error);
    const channel = drawingChannel(core, call);
    if (!channel.ok) return failure(channel.error);
    const { userId, sequenceId, amount, oneTimeToken, dcvv, merchantId: merchantCode } = read.value;
    return answerCharged(
      await core.memberCharges.charge({
        merchantId: call.tenant.merchant.id,
        dialect,
        channel: channel.value,
        memberNumber: userId,
        reference: sequenceId,
        amount,
        shown: { token: oneTimeToken, dcvv },
        merchantCode,
        exchange: exchangeOf(charge, call, answerCharged),
      }),
    );
  });

  const cancel: Endpoint = {
    url: "/api/v1/recharges/by-bank-accounts/no-hce/cancel",
    summary: "Give all of a charge back",
    description: "The amount leaves the balance at once.",
    body: CancelRequest,
    response: CancelAnswer,
    encrypted: clear,
  };
  mount(server, context, cancel, async (call) => {
    const read = readCancel(call.body);
    if (!read.ok) return failure(read.error);
    const { userId, sequenceId, nrNumber, oneTimeToken, dcvv, cardExpiry } = read.value;
    return answerCancelled(
      await core.memberCharges.cancel({
        merchantId: call.tenant.merchant.id,
        dialect,
        memberNumber: userId,
        reference: sequenceId,
        wireId: nrNumber,
        shown: { token: oneTimeToken, dcvv },
        cardExpiry,
        exchange: exchangeOf(cancel, call, answerCancelled),
      }),
    );
  });

  const result: Endpoint = {
    url: "/api/v1/recharges/by-bank-account/result/inquiry",
    summary: "What became of a charge or cancellation",
    body: ResultRequest,
    response: ResultAnswer,
    encrypted: clear,
  };
  mount(server, context, result, async (call) => {
    const read = readResult(call.body);
    if (!read.ok) return failure(read.error);
    const { merchant } = call.tenant;
    const found = await core.memberCharges.resultOf(merchant.id, dialect, read.value.sequenceId);
    if (found === undefined) return failure(errors.invalid("sequenceId"));
    return success({ result: results[found.state], nrNumber: found.wireId });
  });

  const autoCharge: Endpoint = {
    url: "/api/v1/recharges/auto/lower-limit/update",
    summary: "Charge a member's balance by itself whenever it is low",
    description: "At once, if it is low now.",
    body: AutoChargeRequest,
    response: Nothing,
    encrypted: { request: true, answer: false },
  };
  mount(server, context, autoCharge, async (call) => {
    const read = readAutoCharge(call.body);
    if (!read.ok) return failure(read.error);
    const channel = drawingChannel(core, call);
    if (!channel.ok) return failure(channel.error);
    const { userId, par, amount, thresholdBalance } = read.value;
    const setting = {
      merchantId: call.tenant.merchant.id,
      dialect,
      channel: channel.value,
      memberNumber: userId,
      par,
      amount,
      below: thresholdBalance,
      exchange: exchangeOf(autoCharge, call, answerSet),
    };
    return answerSet(await core.memberCharges.setAutoCharge(setting));
  });
}

/** Until the PG has said, it is pending. */
const isOpen = (state: "pending" | "unknown" | "succeeded" | "failed") => state === "pending" || state === "unknown";

function answerCharged(outcome: Outcome<ChargedMember, MemberChargeRefusal>): Answer {
  if (!outcome.ok) return failure(chargeError(outcome.refusal));
  const { payment, withdrawal } = outcome.value;
  if (withdrawal.state === "failed") return failure(errors.withdrawalFailed);
  return success({ nrNumber: payment.wireId, isPending: isOpen(withdrawal.state) });
}

function answerCancelled(outcome: Outcome<CancelledCharge, MemberChargeRefusal>): Answer {
  if (!outcome.ok) return failure(chargeError(outcome.refusal));
  const { refund } = outcome.value;
  return refund.state === "failed" ? failure(errors.notCancellable) : success({ isPending: isOpen(refund.state) });
}

function answerSet(outcome: Outcome<Member, MemberChargeRefusal>): Answer {
  return outcome.ok ? success() : failure(chargeError(outcome.refusal));
}
