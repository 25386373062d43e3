/**
 * A member's own bank account, from which the PG may draw once the member has agreed on the telephone (ARS). Each
 * registration is a row of its own:
 *
 *   calling ──▶ agreed ──▶ registered ──▶ replaced | deleted
 *      └──▶ failed ◀─┘
 *
 * `calling` and `agreed` are operations under way: the call, then the registration at the PG. One registration of a member
 * is under way at a time, and one account per purpose is registered: what is charged by itself is a copy of what is charged
 * on demand, and goes with it. Numbers, holders and registrations are encrypted, and wiped when nothing happens to the account
 * any more.
 */
import { table } from "../../store/index.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";
import { masked, type Secrets } from "../secrets.ts";

export type LinkedAccountState = "calling" | "agreed" | "registered" | "failed" | "replaced" | "deleted";
/** What is drawn from it: what the member asks for, or what is charged by itself. */
export type LinkedAccountPurpose = "charge" | "auto-charge";

/** Nothing happens to it any more. */
export function isOver(state: LinkedAccountState): boolean {
  return state === "failed" || state === "replaced" || state === "deleted";
}

/** Why a registration failed; `ars-failed` is the call's, the others are the PG's. */
export type RegistrationFailure = "ars-failed" | "lifetime-account" | "restricted-account" | "refused";

export interface LinkedAccount {
  id: string;
  merchantId: string;
  memberId: string;
  connector: string;
  purpose: LinkedAccountPurpose;
  state: LinkedAccountState;
  /** What clients know the account by: 5 characters, unique with the merchant. */
  accountId: string;
  /** KFTC, three digits. */
  bankCode: string;
  numberEncrypted: string | null;
  numberIndex: string;
  numberMasked: string;
  holderEncrypted: string | null;
  /** As a member's `nameIndex`. */
  holderIndex: string;
  /** What the dialect was told and shows again. */
  details: { bankCode: string; bankName: string };
  /** Of the call, then of the registration. */
  operationId: string | null;
  /** By what the PG knows it. */
  registrationEncrypted: string | null;
  failure: { code: RegistrationFailure; message: string } | null;
  createdAt: Date;
  updatedAt: Date;
  registeredAt: Date | null;
  eventSeq: number;
}

export type LinkedAccountEventType = `linked-account.${LinkedAccountState}`;

export const linkedAccounts = table<LinkedAccount>(
  "linked_accounts",
  [
    "id",
    "merchantId",
    "memberId",
    "connector",
    "purpose",
    "state",
    "accountId",
    "bankCode",
    "numberEncrypted",
    "numberIndex",
    "numberMasked",
    "holderEncrypted",
    "holderIndex",
    "details",
    "operationId",
    "registrationEncrypted",
    "failure",
    "createdAt",
    "updatedAt",
    "registeredAt",
    "eventSeq",
  ],
  ["id"],
);

/** The account after a change, and the one event that tells of it. */
export function changeLinkedAccount(account: LinkedAccount, change: Partial<LinkedAccount>, now: Date) {
  const tell = ({ state, memberId, purpose, bankCode, numberMasked, failure }: LinkedAccount) =>
    ({
      subjectType: "linked-account",
      paymentId: null,
      type: `linked-account.${state}`,
      data: { memberId, purpose, bankCode, numberMasked, failure: failure?.code ?? null },
    }) as const;
  const { changed, event } = changeSubject(account, change, tell, now);
  return { account: changed, event } satisfies { account: LinkedAccount; event: NewEvent };
}

type Owner = Pick<LinkedAccount, "id" | "merchantId">;
type Sealed = "number_encrypted" | "holder_encrypted" | "registration_encrypted";

const place = ({ id, merchantId }: Owner, column: Sealed) => ({
  table: linkedAccounts.name,
  column,
  row: id,
  merchantId,
});

export function sealAccount(
  secrets: Secrets,
  owner: Owner,
  { bankCode, number, holder, birthDate }: { bankCode: string; number: string; holder: string; birthDate: string },
) {
  return {
    numberEncrypted: secrets.encrypt(number, place(owner, "number_encrypted")),
    numberIndex: accountIndex(secrets, owner.merchantId, bankCode, number),
    numberMasked: masked(number),
    holderEncrypted: secrets.encrypt(JSON.stringify({ holder, birthDate }), place(owner, "holder_encrypted")),
  };
}

/** The same for the same account of the same merchant. */
export function accountIndex(secrets: Secrets, merchantId: string, bankCode: string, number: string): string {
  return secrets.blindIndex(merchantId, `${bankCode} ${number}`);
}

export interface OpenedAccount {
  account: LinkedAccount;
  number: string;
  holder: string;
  /** The holder's, `yyyyMMdd`. */
  birthDate: string;
}

/** Of one that was not wiped. */
export function openAccount(secrets: Secrets, account: LinkedAccount): OpenedAccount {
  return {
    account,
    number: secrets.decrypt(account.numberEncrypted!, place(account, "number_encrypted")),
    ...(JSON.parse(secrets.decrypt(account.holderEncrypted!, place(account, "holder_encrypted"))) as {
      holder: string;
      birthDate: string;
    }),
  };
}

export function sealRegistration(secrets: Secrets, owner: Owner, registration: string): string {
  return secrets.encrypt(registration, place(owner, "registration_encrypted"));
}

/** By what the PG knows an account that is registered. */
export function openRegistration(secrets: Secrets, account: LinkedAccount): string {
  return secrets.decrypt(account.registrationEncrypted!, place(account, "registration_encrypted"));
}
