/** What this dialect shows. Pure. */
import {
  type Company,
  type AdAccount as CoreAdAccount,
  type FundedAdAccount,
  isOutOfBalance,
} from "../../core/ad-accounts/ad-account.ts";
import type { UserToken } from "../../core/consents/consent.ts";
import { koreanDateTime } from "../../core/korea.ts";
import type { Issued } from "../../core/virtual-accounts/decide.ts";
import { bankOf } from "./bank-codes.ts";
import type { AdAccount, AdAccountPage, Balance, BizRight, VirtualAccount } from "./schemas/index.ts";

export function presentVirtualAccount({ payment, virtualAccount }: Issued): VirtualAccount {
  const { bankCode, bankName } = bankOf(virtualAccount.bankCode);
  return {
    accountNumber: virtualAccount.number,
    accountOwnerName: virtualAccount.holder!,
    amount: payment.amount,
    bankCode,
    bankName,
    expireDttm: koreanDateTime(virtualAccount.dueAt!),
  };
}

export const configs = { ON: "on", OFF: "off", DEL: "deleted" } as const;
export type Config = keyof typeof configs;
const configOf = { on: "ON", off: "OFF", deleted: "DEL" } as const;
const memberTypes = { master: "MASTER", member: "MEMBER" } as const;

/** An item of the list, as the user sees it who is a member of the ad account. */
export function presentItem(
  { number: id, name, members, state }: CoreAdAccount,
  userId: string,
): AdAccountPage["content"][number] {
  return { id, name, memberType: memberTypes[members[userId]!], config: configOf[state] };
}

export function presentAdAccount(funded: FundedAdAccount): AdAccount {
  const { number, name, ownerCompany, advertiser, type, state, stopped, walletNumber } = funded.adAccount;
  return {
    id: number,
    name,
    ownerCompany: presentCompany(ownerCompany),
    advertiser: presentCompany(advertiser),
    type,
    config: configOf[state],
    isAdminStop: stopped,
    isOutOfBalance: isOutOfBalance(funded),
    statusDescription: statusOf(funded),
    bizWalletId: walletNumber,
  };
}

function presentCompany({ businessRegistrationNumber, name }: Company) {
  return { businessRegistrationNumber, name };
}

/** The first of these is published; the others are worded here. */
function statusOf(funded: FundedAdAccount): string {
  const { state, stopped } = funded.adAccount;
  if (state === "deleted") return "삭제";
  if (stopped) return "관리자 정지";
  if (state === "off") return "사용자 OFF";
  return isOutOfBalance(funded) ? "잔액 부족" : "운영중";
}

export function presentBalance({ adAccount, cash }: FundedAdAccount): Balance {
  return { id: adAccount.number, cash, freeCash: adAccount.freeCash, bizWalletId: adAccount.walletNumber };
}

export function presentBizRight({ businessRight }: CoreAdAccount): BizRight {
  return { id: businessRight.number, bizRightCompanyName: businessRight.companyName };
}

export function presentToken(access_token: string, { scopes }: UserToken) {
  return { access_token, token_type: "bearer", scope: scopes.join(" ") };
}

export function presentResources({ adAccounts }: UserToken): string[] {
  return adAccounts === null ? ["moment:*"] : adAccounts.map((number) => `moment:${number}`);
}
