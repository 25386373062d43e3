/** The rules of ad accounts: making and changing them. Pure. */
import { isDeepStrictEqual } from "node:util";
import { type AdAccountRefusal, accepted, type Outcome, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { type AdAccount, type AdAccountEventType, type Company, changeAdAccount } from "./ad-account.ts";

/** What there is to say of an ad account that is to be made. */
export type NewAdAccount = Omit<AdAccount, "createdAt" | "updatedAt" | "eventSeq">;

export type AdAccountChange = Partial<Omit<NewAdAccount, "id" | "merchantId" | "number">>;

interface AdAccountChanges {
  adAccounts: AdAccount[];
  events: NewEvent[];
}

type Decided = { result: Outcome<AdAccount, AdAccountRefusal>; changes: AdAccountChanges };

/** What there is to say at first of an ad account of which only this is known. */
export function newAdAccount(
  known: Pick<NewAdAccount, "id" | "merchantId" | "number" | "name" | "members"> & Partial<NewAdAccount>,
  owner: Company,
): NewAdAccount {
  const { ownerCompany = owner, number } = known;
  return {
    state: "on",
    stopped: false,
    type: "BUSINESS",
    ownerCompany,
    advertiser: ownerCompany,
    businessRight: { number: 0, companyName: ownerCompany.name },
    walletNumber: number,
    freeCash: 0,
    ...known,
  };
}

/** `taken`: those that have its number or its id. One that was made before is as it was. */
export function decideMake(taken: readonly AdAccount[], wanted: NewAdAccount, now: Date): Decided {
  const { id, number } = wanted;
  const before = taken.find((one) => one.id === id);
  if (before !== undefined) return unchanged(before);
  if (taken.some((one) => one.number === number)) return refuse(refused({ code: "number-taken", number }));
  return change({ ...wanted, createdAt: now, updatedAt: now, eventSeq: 0 }, {}, "ad-account.made", null, now);
}

/** A user who asks for an ad account, through an app that they let have these or (null) all of theirs. */
export interface Asking {
  userId: string;
  adAccounts: readonly number[] | null;
}

/** Why it is not theirs to look at, or to use; or undefined. One that was deleted can still be looked at. */
export function accessObjection(
  { number, state, members }: AdAccount,
  { userId, adAccounts }: Asking,
  purpose: "look" | "use",
): AdAccountRefusal | undefined {
  if (purpose === "use" && state === "deleted") return { code: "ad-account-unknown", number };
  const isLet = adAccounts === null || adAccounts.includes(number);
  return isLet && members[userId] !== undefined ? undefined : { code: "ad-account-not-yours", number };
}

/** `by` whom; undefined: the operator. What is so already changes nothing. */
export function decideChange(known: AdAccount, wanted: AdAccountChange, by: Asking | undefined, now: Date): Decided {
  const { number, stopped } = known;
  if (by !== undefined) {
    const objection = accessObjection(known, by, "use");
    if (objection !== undefined) return refuse(refused(objection));
    if (stopped && wanted.state === "on") return refuse(refused({ code: "ad-account-stopped", number }));
  }
  const isSame = Object.entries(wanted).every(([field, value]) =>
    isDeepStrictEqual(known[field as keyof AdAccount], value),
  );
  return isSame ? unchanged(known) : change(known, wanted, "ad-account.changed", by?.userId ?? null, now);
}

function unchanged(known: AdAccount): Decided {
  return { result: accepted(known), changes: { adAccounts: [], events: [] } };
}

function change(
  known: AdAccount,
  wanted: AdAccountChange,
  type: AdAccountEventType,
  by: string | null,
  now: Date,
): Decided {
  const { adAccount, event } = changeAdAccount(known, wanted, type, by, now);
  return { result: accepted(adAccount), changes: { adAccounts: [adAccount], events: [event] } };
}

function refuse(result: Outcome<AdAccount, AdAccountRefusal>): Decided {
  return { result, changes: { adAccounts: [], events: [] } };
}
