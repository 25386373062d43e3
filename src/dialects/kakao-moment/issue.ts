/** A top-up as the command takes it: the fields, and whose ad account is credited. */
import type { AdAccount } from "../../core/ad-accounts/ad-account.ts";
import type { Core } from "../../core/index.ts";
import { accounts } from "../../core/ledger/ledger.ts";
import type { Grant } from "../../core/merchants/directory.ts";
import { type Channel, defaultChannel } from "../../core/merchants/merchant.ts";
import { type IssueCommandRequest, newIssueIds } from "../../core/virtual-accounts/commands.ts";
import { type Read, wrong } from "../../http/validate.ts";
import { kftcCode } from "./bank-codes.ts";
import { errors, type KakaoError } from "./errors.ts";
import { dialect, topUpId } from "./identifiers.ts";
import type { TopUpRequest } from "./schemas/index.ts";

/** The holder of the contract's sample, where the merchant has set no other. */
const holder = "(주)카카오";

import { nobody } from "../../core/payments/payment.ts";

export async function topUpOf(
  core: Core,
  { merchant, channels }: Grant,
  adAccount: AdAccount,
  { amount, bankCode }: Pick<TopUpRequest, "amount" | "bankCode">,
  due_days: number,
): Promise<Read<IssueCommandRequest, KakaoError>> {
  const channel = defaultChannel(channels.filter((one) => lends(core, one, kftcCode(bankCode))));
  if (channel === undefined) return wrong(errors.notActivated("Issuing virtual accounts at this bank"));
  const wireId = topUpId(adAccount.number, await core.nextNumber("kakao-moment-top-up"));
  const value: IssueCommandRequest = {
    ...newIssueIds(),
    merchantId: merchant.id,
    dialect,
    wireId,
    // Every call makes an account of its own: none of them takes another's deposit.
    reference: wireId,
    channel,
    providerTransaction: wireId,
    beneficiary: accounts.adAccount(adAccount.number),
    bankCode: kftcCode(bankCode),
    kind: "one_time",
    reserved: undefined,
    amount,
    dueAt: { in_days: due_days },
    holder: merchant.settings.topUpHolder ?? holder,
    name: adAccount.name,
    buyer: nobody,
    customData: null,
    taxFree: null,
    vatAmount: null,
    escrow: false,
    noticeUrls: [],
    userAgent: null,
  };
  return { ok: true, value };
}

function lends(core: Core, { connector }: Channel, bankCode: string): boolean {
  return core.connectors.get(connector)?.pool?.supports(bankCode) === true;
}
