/** The commands that make and change ad accounts. */
import { type CoreCommand, WorkingState } from "../command.ts";
import type { AdAccountRefusal, Outcome } from "../errors.ts";
import { type ExchangeDraft, recordExchange } from "../exchanges.ts";
import { type AdAccount, adAccounts, numberedAdAccounts } from "./ad-account.ts";
import { type AdAccountChange, type Asking, decideChange, decideMake, type NewAdAccount } from "./decide.ts";

export const makeAdAccount: CoreCommand<NewAdAccount, Outcome<AdAccount, AdAccountRefusal>> = {
  name: "make-ad-account",

  async load(tx, requests) {
    return stateOf(await numberedAdAccounts.findTaken(tx, "0-ad-account", requests));
  },

  decide: (state, request, now) => decideMake([...state.adAccounts.values()], request, now),
};

export interface UpdateAdAccountRequest {
  adAccountId: string;
  change: AdAccountChange;
  /** The user who asks for it; undefined: the operator. */
  by?: Asking;
  exchange?: ExchangeDraft<Outcome<AdAccount, AdAccountRefusal>>;
}

export const updateAdAccount: CoreCommand<UpdateAdAccountRequest, Outcome<AdAccount, AdAccountRefusal>> = {
  name: "update-ad-account",

  async load(tx, requests) {
    const ids = [...new Set(requests.map((request) => request.adAccountId))];
    await adAccounts.lock(tx, ids);
    return stateOf(await adAccounts.read(tx, ids));
  },

  decide(state, { adAccountId, change, by, exchange }, now) {
    // Ad accounts are never removed, and whoever asks has read this one.
    const known = state.adAccounts.get(adAccountId)!;
    const { result, changes } = decideChange(known, change, by, now);
    if (!result.ok) return { result, changes };
    const owner = { merchantId: known.merchantId, paymentId: null };
    return { result, changes: { ...changes, exchanges: recordExchange(exchange, owner, result, now) } };
  },
};

function stateOf(known: readonly AdAccount[]): WorkingState {
  const state = new WorkingState();
  for (const adAccount of known) state.adAccounts.set(adAccount.id, adAccount);
  return state;
}
