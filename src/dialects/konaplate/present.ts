/** What this dialect shows. Pure. */
import { koreanDigits } from "../../core/korea.ts";
import { limits } from "../../core/limits.ts";
import type { RegisteredAccounts } from "../../core/linked-accounts/accounts.ts";
import type { Movement, MovementKind } from "../../core/linked-accounts/charges.ts";
import type { LinkedAccount, LinkedAccountState, OpenedAccount } from "../../core/linked-accounts/linked-account.ts";
import type { CardView, MemberView, RegisteredMember } from "../../core/members/members.ts";
import { approvalCode, nrNumber, shortId } from "./identifiers.ts";
import type {
  AccountInfo,
  BasicCard,
  CardData,
  CardMapping,
  History,
  RegistrationStatus,
  Transaction,
  UserInfo,
} from "./schemas/index.ts";
import { wireNumber } from "./wire.ts";

export function presentBasicCard({ card, cardNumber }: Pick<RegisteredMember, "card" | "cardNumber">): BasicCard {
  const { par, expiry, serviceId } = card;
  return { par, cardNo: cardNumber, expiryDate: lastDayOf(expiry), serviceId };
}

/** `YYMMDD` of the last day of a month `YYMM`. */
export function lastDayOf(month: string): string {
  const days = new Date(Date.UTC(2000 + Number(month.slice(0, 2)), Number(month.slice(2)), 0)).getUTCDate();
  return `${month}${days}`;
}

export function presentUser({ member, person }: Pick<MemberView, "member" | "person">, aspId: string): UserInfo {
  const { loginId, name, birthDate, nationality, gender, mobileNumber, email, ci, address } = person;
  return {
    aspId,
    userId: wireNumber(member.number),
    loginId,
    userName: name,
    birthDate,
    nationality,
    gender,
    ...told({ mobileNumber, email, ci, joinChannel: member.joinChannel }),
    ...(address === null
      ? {}
      : {
          addressInfo: {
            address: address.address,
            zipCode: address.zipCode,
            ...told({ addressDetail: address.addressDetail }),
          },
        }),
    tcIdList: member.terms,
    joinDateTime: koreanDigits(member.createdAt),
  };
}

/** Without what there is nothing to say of. */
function told<Name extends string>(fields: Record<Name, string | null>): { [Field in Name]?: string } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as {
    [Field in Name]?: string;
  };
}

export function presentAccount(
  { account, number }: OpenedAccount,
  { person }: Pick<MemberView, "person">,
): AccountInfo {
  const { accountId, details, createdAt, updatedAt } = account;
  return {
    accountId,
    userName: person.name,
    bankAccount: number,
    bankName: details.bankName,
    bankCode: details.bankCode,
    createdDateTime: koreanDigits(createdAt),
    updatedDateTime: koreanDigits(updatedAt),
  };
}

/** The account that is registered can be registered for being charged by itself, where another is or none. */
export function mayAutoCharge({ charge, autoCharge }: RegisteredAccounts): boolean {
  return charge !== undefined && charge.account.numberIndex !== autoCharge?.account.numberIndex;
}

/** What is registered may be replaced or removed later: its registration succeeded. */
const registrationStatus = {
  calling: "ARS_AUTH_IN_PROGRESS",
  agreed: "ARS_AUTH_DONE",
  registered: "BANK_ACC_REGISTERED",
  replaced: "BANK_ACC_REGISTERED",
  deleted: "BANK_ACC_REGISTERED",
  failed: "BANK_ACC_REG_FAILED",
} as const satisfies Record<LinkedAccountState, RegistrationStatus>;

export function presentRegistration({ state, failure }: Pick<LinkedAccount, "state" | "failure">): RegistrationStatus {
  return failure?.code === "ars-failed" ? "ARS_AUTH_FAILED" : registrationStatus[state];
}

/** Where a card is shown: whose AspId it is under, and what its product is called. */
export interface Shown {
  aspId: string;
  serviceName: string;
}

const cardStatus = { active: "ACTIVE" } as const;

export function presentMapping(
  { member, balance, card }: Pick<MemberView, "member" | "balance"> & { card: CardView },
  { aspId, serviceName }: Shown,
): CardMapping {
  return {
    userId: wireNumber(member.number),
    balance,
    ownerKa: aspId,
    serviceId: card.card.serviceId,
    cardStatus: cardStatus[card.card.state],
    serviceName,
    isAutoRechargeBeforePayment: false,
  };
}

export function presentCard(
  { card, number }: CardView,
  { member, balance }: Pick<MemberView, "member" | "balance">,
  isLinked: boolean,
  { serviceName }: Pick<Shown, "serviceName">,
): CardData {
  // Deposits to the card's virtual account are taken whatever the balance.
  const room = Math.max(0, limits.member_balance_max - balance);
  return {
    par: card.par,
    balance,
    isNamed: true,
    serviceId: card.serviceId,
    serviceName,
    expiryDate: card.expiry,
    cardApplyNo: shortId(card.id),
    mobileCardNo: number,
    mobileCardStatus: cardStatus[card.state],
    rechargeable: isLinked && room > 0,
    remittable: false,
    refundable: isLinked && balance > 0,
    rechargeableAmount: room,
    minRechargeAmount: 1,
    limits: { once: 0, day: 0, month: 0 },
    autoReloadStatus: member.autoChargeAmount === null ? "OFF" : "ON",
  };
}

/** Whatever moves a balance here is a charge, or undoes one. */
const shownOf = {
  charge: ["BANK_ACCOUNT", "AUTH"],
  cancel: ["BANK_ACCOUNT", "CANCEL"],
  "cancel-failed": ["BANK_ACCOUNT", "AUTH"],
  deposit: ["VIRTUAL_ACCOUNT", "AUTH"],
  "deposit-reversed": ["VIRTUAL_ACCOUNT", "CANCEL"],
} as const satisfies Record<MovementKind, readonly [Transaction["rcgType"], Transaction["authCancelType"]]>;

export const movementKinds = Object.keys(shownOf) as MovementKind[];

export function presentMovement(movement: Movement, merchantName: string): Transaction {
  const { id, kind, amount, balanceBefore, balanceAfter, wireId, depositId, cancellable, at } = movement;
  const [rcgType, authCancelType] = shownOf[kind];
  return {
    trType: "01",
    rcgType,
    nrNumber: depositId === null ? wireId : nrNumber(depositId),
    trAmount: amount,
    orgAmount: amount,
    approvalCode: approvalCode(id),
    balanceBefore,
    balanceAfter,
    merchantName,
    bizLicenseNo: null,
    authCancelType,
    approvalDateTime: koreanDigits(at).slice(0, 14),
    discountAmount: 0,
    usedPointAmount: 0,
    savedPointAmount: 0,
    rechargeCancelable: cancellable ? 1 : 0,
  };
}

export function presentHistory(
  { total, movements }: { total: number; movements: readonly Movement[] },
  { page, size }: { page: number; size: number },
  merchantName: string,
): History {
  return {
    pageResponse: { page, totalPages: Math.ceil(total / size), numberOfElements: movements.length },
    transactionInfo: movements.map((movement) => presentMovement(movement, merchantName)),
  };
}
