/** Whom a request is about, and through which channel money is drawn. */
import type { Core } from "../../../core/index.ts";
import type { CardView, MemberView } from "../../../core/members/members.ts";
import type { Channel } from "../../../core/merchants/merchant.ts";
import { wrong } from "../../../http/validate.ts";
import { kftcCode } from "../bank-codes.ts";
import { errors } from "../errors.ts";
import type { Call, Read } from "./call.ts";

export async function findMember(core: Core, { tenant }: Call, userId: string): Promise<Read<MemberView>> {
  const found = await core.members.find(tenant.merchant.id, userId);
  return found === undefined ? wrong(errors.invalid("userId")) : { ok: true, value: found };
}

/** The member whose card it is, with that card. */
export async function findCard(
  core: Core,
  { tenant }: Call,
  cardNo: string,
): Promise<Read<MemberView & { card: CardView }>> {
  const found = await core.members.findByCard(tenant.merchant.id, cardNo);
  return found === undefined ? wrong(errors.invalid("cardNo")) : { ok: true, value: found };
}

/** The merchant's channel to a PG that draws on people's own accounts. */
export function drawingChannel(core: Core, { tenant }: Call): Read<Channel> {
  const channel = core.channelFor(tenant.channels, "linkedAccounts");
  return channel === undefined
    ? wrong(errors.refused(400, "The merchant has no channel for linked accounts."))
    : { ok: true, value: channel };
}

/** A person's own account: the bank by the KFTC's code, the number in digits alone. */
export function readAccount(fields: {
  bankCode: string;
  bankAccount: string;
}): Read<{ bankCode: string; number: string }> {
  const bankCode = kftcCode(fields.bankCode);
  if (bankCode === undefined) return wrong(errors.invalid("bankCode"));
  return { ok: true, value: { bankCode, number: fields.bankAccount.replaceAll("-", "") } };
}
