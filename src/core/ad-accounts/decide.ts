/** The rules of ad accounts: making and changing them. Pure. */
import { isDeepStrictEqual } from "node:util";
import { type AdAccountRefusal, accepted, type Outcome, refused } from "../errors.ts";
import type { NewEvent } from "../events/event.ts";
import { type AdAccount, type AdAccountEventType, changeAdAccount } from "./ad-account.ts";

/** What there is to say of an ad account that is to be made. */
export type NewAdAccount = Omit<AdAccount, "createdAt" | "updatedAt" | "eventSeq">;

export type AdAccountChange = Partial<Omit<NewAdAccount, "id" | "merchantId" | "number">>;

export interface AdAccountChanges {
  adAccounts: AdAccount[];
  events: NewEvent[];
}

type Decided = { result: Outcome<AdAccount, AdAccountRefusal>; changes: AdAccountChanges };

/** `isTaken`: there is another of this number. */
export function decideMake(isTaken: boolean, wanted: NewAdAccount, now: Date): Decided {
  if (isTaken) return refuse(refused({ code: "number-taken", number: wanted.number }));
  const blank: AdAccount = { ...wanted, createdAt: now, updatedAt: now, eventSeq: 0 };
  return change(blank, {}, "ad-account.made", now);
}

/** `by` a user, who must be a member of it, or by the operator. What is so already changes nothing. */
export function decideChange(known: AdAccount, wanted: AdAccountChange, by: string | undefined, now: Date): Decided {
  const { number, members, state, stopped } = known;
  if (by !== undefined) {
    if (state === "deleted") return refuse(refused({ code: "ad-account-unknown", number }));
    if (members[by] === undefined) return refuse(refused({ code: "ad-account-not-yours", number }));
    if (stopped && wanted.state === "on") return refuse(refused({ code: "ad-account-stopped", number }));
  }
  const isSame = Object.entries(wanted).every(([field, value]) =>
    isDeepStrictEqual(known[field as keyof AdAccount], value),
  );
  if (isSame) return { result: accepted(known), changes: { adAccounts: [], events: [] } };
  return change(known, wanted, "ad-account.changed", now);
}

function change(known: AdAccount, wanted: AdAccountChange, type: AdAccountEventType, now: Date): Decided {
  const { adAccount, event } = changeAdAccount(known, wanted, type, now);
  return { result: accepted(adAccount), changes: { adAccounts: [adAccount], events: [event] } };
}

function refuse(result: Outcome<AdAccount, AdAccountRefusal>): Decided {
  return { result, changes: { adAccounts: [], events: [] } };
}
