/**
 * A member: a person with a prepaid balance, which is that of the ledger account `member:{number}`.
 *
 * Who they are is one encrypted value. What is looked for or compared has a blind index beside it: the login name, the
 * CI (연계정보, by which Korean services know a person), the name.
 */
import { table } from "../../store/index.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";
import type { Channel } from "../merchants/merchant.ts";
import type { FieldPlace, Secrets } from "../secrets.ts";

export interface Person {
  loginId: string;
  name: string;
  /** `yyyyMMdd`. */
  birthDate: string;
  nationality: string;
  gender: string;
  mobileNumber: string | null;
  /** 88 characters. */
  ci: string | null;
  email: string | null;
  address: { address: string; zipCode: string; addressDetail: string | null } | null;
}

export interface AutoChargeBy {
  dialect: string;
  channel: Pick<Channel, "id" | "connector" | "provider" | "providerMerchantId">;
}

export interface Member {
  id: string;
  merchantId: string;
  /** What clients and the ledger know them by: up to 20 digits, unique in the installation. */
  number: string;
  state: "active";
  personEncrypted: string;
  loginIndex: string;
  ciIndex: string | null;
  nameIndex: string;
  passwordHash: string | null;
  joinChannel: string | null;
  /** Ids of the terms that they agreed to. */
  terms: string[];
  /** What the next call to the member asks for, and until when. */
  arsCodeEncrypted: string | null;
  arsCodeExpiresAt: Date | null;
  /** Whole won: so much is charged when the balance is below. */
  autoChargeAmount: number | null;
  autoChargeBelow: number | null;
  /** As whose client's charges those are, and through which channel. */
  autoChargeBy: AutoChargeBy | null;
  /** When the balance is looked at next. */
  autoCheckAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
  eventSeq: number;
}

export type MemberEventType = "member.registered" | "member.changed";

export const members = table<Member>(
  "members",
  [
    "id",
    "merchantId",
    "number",
    "state",
    "personEncrypted",
    "loginIndex",
    "ciIndex",
    "nameIndex",
    "passwordHash",
    "joinChannel",
    "terms",
    "arsCodeEncrypted",
    "arsCodeExpiresAt",
    "autoChargeAmount",
    "autoChargeBelow",
    "autoChargeBy",
    "autoCheckAt",
    "createdAt",
    "updatedAt",
    "eventSeq",
  ],
  ["id"],
);

/** The member after a change, and the one event that tells of it. */
export function changeMember(
  member: Member,
  change: Partial<Member>,
  type: MemberEventType,
  now: Date,
): { member: Member; event: NewEvent } {
  const tell = ({ number, autoChargeAmount, autoChargeBelow }: Member) =>
    ({ subjectType: "member", paymentId: null, type, data: { number, autoChargeAmount, autoChargeBelow } }) as const;
  const { changed, event } = changeSubject(member, change, tell, now);
  return { member: changed, event };
}

const place = (column: string, row: string, merchantId: string): FieldPlace => ({
  table: members.name,
  column,
  row,
  merchantId,
});

/** Who they are, as it is stored and found again. */
export function sealPerson(
  secrets: Secrets,
  { id, merchantId }: Pick<Member, "id" | "merchantId">,
  person: Person,
): Pick<Member, "personEncrypted" | "loginIndex" | "ciIndex" | "nameIndex"> {
  return {
    personEncrypted: secrets.encrypt(JSON.stringify(person), place("person_encrypted", id, merchantId)),
    loginIndex: loginIndex(secrets, merchantId, person.loginId),
    ciIndex: person.ci === null ? null : secrets.blindIndex(merchantId, `ci ${person.ci}`),
    nameIndex: nameIndex(secrets, merchantId, person.name),
  };
}

export function openPerson(
  secrets: Secrets,
  { id, merchantId, personEncrypted }: Pick<Member, "id" | "merchantId" | "personEncrypted">,
): Person {
  return JSON.parse(secrets.decrypt(personEncrypted, place("person_encrypted", id, merchantId))) as Person;
}

export function loginIndex(secrets: Secrets, merchantId: string, loginId: string): string {
  return secrets.blindIndex(merchantId, `login ${loginId}`);
}

/** The same for names of the same letters, by which a member and the holder of an account are compared. */
export function nameIndex(secrets: Secrets, merchantId: string, name: string): string {
  return secrets.blindIndex(merchantId, `name ${name.normalize("NFC").replace(/\s+/g, "")}`);
}

export function sealArsCode(secrets: Secrets, { id, merchantId }: Pick<Member, "id" | "merchantId">, code: string) {
  return secrets.encrypt(code, place("ars_code_encrypted", id, merchantId));
}

/** What a call to the member is to ask for at this moment, if anything. */
export function openArsCode(
  secrets: Secrets,
  { id, merchantId, arsCodeEncrypted, arsCodeExpiresAt }: Member,
  now: Date,
): string | null {
  if (arsCodeEncrypted === null || arsCodeExpiresAt! < now) return null;
  return secrets.decrypt(arsCodeEncrypted, place("ars_code_encrypted", id, merchantId));
}
