/** A card's virtual account: a fixed one whose number is reserved for the card. What is deposited is the member's. */
import type { IssueRefusal, Outcome } from "../../core/errors.ts";
import { accepted } from "../../core/errors.ts";
import type { ExchangeDraft } from "../../core/exchanges.ts";
import type { Core } from "../../core/index.ts";
import { accounts } from "../../core/ledger/ledger.ts";
import type { Card } from "../../core/members/card.ts";
import type { Tenant } from "../../core/merchants/directory.ts";
import { type Channel, defaultChannel } from "../../core/merchants/merchant.ts";
import { nobody } from "../../core/payments/payment.ts";
import { findPaymentsByReference } from "../../core/payments/read.ts";
import { newIssueIds } from "../../core/virtual-accounts/commands.ts";
import type { Issued } from "../../core/virtual-accounts/decide.ts";
import { accountOf } from "../../core/virtual-accounts/read.ts";
import { institutions } from "./bank-codes.ts";
import { dialect, nrNumber } from "./identifiers.ts";

/** What bank statements show of a holder. */
const holder_length = 16;

export type CardAccount = Outcome<Issued, IssueRefusal>;

export interface CardAccountRequest {
  tenant: Tenant;
  memberNumber: string;
  card: Card;
  exchange: ExchangeDraft<CardAccount>;
}

/** The account that the card has, or gets now; undefined where the merchant has no channel that lends numbers. */
export async function accountOfCard(core: Core, request: CardAccountRequest): Promise<CardAccount | undefined> {
  const known = await findIssued(core, request);
  if (known !== undefined) return accepted(known);
  const from = lender(core, request.tenant.channels);
  if (from === undefined) return undefined;
  const issued = await core.issueVirtualAccount(wantedOf(request, from));
  if (issued.ok) return issued;
  // Another call was first: the number is reserved for the card, so its account is the one that is wanted.
  const made = await findIssued(core, request);
  return made === undefined ? issued : accepted(made);
}

/** By the card's id, which is longer than what clients name their own requests by. */
async function findIssued(core: Core, { tenant, card }: CardAccountRequest): Promise<Issued | undefined> {
  const { pool } = core.store;
  const [payment] = await findPaymentsByReference(pool, tenant.merchant.id, dialect, [card.id]);
  return payment && { payment, virtualAccount: await accountOf(pool, payment.id) };
}

/** A channel that reserves numbers, with the first bank at which it does. */
function lender(core: Core, channels: readonly Channel[]): { channel: Channel; bankCode: string } | undefined {
  const bankOf = ({ connector }: Channel) =>
    core.can(connector, "reservedNumbers")
      ? institutions.find(({ bankCode }) => core.connectors.get(connector)?.pool?.supports(bankCode))?.bankCode
      : undefined;
  const channel = defaultChannel(channels.filter((one) => bankOf(one) !== undefined));
  return channel && { channel, bankCode: bankOf(channel)! };
}

function wantedOf(
  { tenant, memberNumber, card, exchange }: CardAccountRequest,
  { channel, bankCode }: { channel: Channel; bankCode: string },
) {
  const { merchant } = tenant;
  const ids = newIssueIds();
  const wireId = nrNumber(ids.paymentId);
  return {
    ...ids,
    merchantId: merchant.id,
    dialect,
    wireId,
    reference: card.id,
    channel,
    providerTransaction: wireId,
    beneficiary: accounts.member(memberNumber),
    bankCode,
    kind: "fixed" as const,
    reserved: { key: card.id },
    amount: null,
    dueAt: null,
    holder: merchant.name.slice(0, holder_length),
    name: null,
    buyer: nobody,
    customData: null,
    taxFree: null,
    vatAmount: null,
    escrow: false,
    noticeUrls: [],
    userAgent: null,
    exchange,
  };
}
