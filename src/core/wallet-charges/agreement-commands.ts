/** The commands that make agreements and take them back. What a shopper's answer makes of one is in `commands.ts`. */
import { readRealNow } from "../../store/index.ts";
import { type CoreCommand, WorkingState } from "../command.ts";
import { lockCalls } from "../idempotency/commands.ts";
import type { Agreement, Revoker } from "./agreement.ts";
import { loadCheckouts } from "./checkouts.ts";
import { type Agreed, type AgreementWish, decideAgreement, decideRevoke } from "./decide-agreement.ts";
import type { Instrument } from "./instrument.ts";
import { instrumentOf, keptInstruments, loadInstruments } from "./instrument-commands.ts";
import { type Kept, keep, leasesOf, type Refusable, takenOver } from "./kept.ts";

export interface MakeAgreementRequest {
  wish: AgreementWish;
  namedInstrument: string | null;
  newInstrument: Instrument | null;
  kept: Kept<Refusable<Agreed>>;
}

export const makeAgreement: CoreCommand<MakeAgreementRequest, Refusable<Agreed>> = {
  name: "make-agreement",

  async load(tx, requests) {
    const state = new WorkingState();
    state.heldCalls = await lockCalls(tx, leasesOf(requests));
    state.realNow = await readRealNow(tx);
    await loadInstruments(tx, state, requests);
    return state;
  },

  decide(state, { wish, namedInstrument, newInstrument, kept }, now) {
    if (!state.holdsCall(kept.lease)) return takenOver;
    const named = instrumentOf(state, namedInstrument, wish.merchantId);
    const found = { instrumentMissing: namedInstrument !== null && named === undefined };
    const makeBy = (instrument: Instrument | null) => {
      const instrumentId = instrument?.id ?? null;
      const initialCharge = wish.initialCharge && { ...wish.initialCharge, instrumentId };
      return decideAgreement(found, { ...wish, instrumentId, initialCharge }, now, state.realNow);
    };
    const tried = makeBy(named ?? newInstrument);
    const isMade = tried.result.checkout.agreement.state !== "failed";
    const made = isMade ? tried : makeBy(named ?? null);
    const { agreement, charge } = made.result.checkout;
    const owner = { merchantId: wish.merchantId, paymentId: charge?.payment.id ?? null, subjectId: agreement.id };
    const instruments = keptInstruments(isMade ? newInstrument : null, now);
    const isAnswered = made.result.operation === undefined;
    return keep(kept, owner, { ok: true, value: made.result }, { ...made.changes, instruments }, now, isAnswered);
  },
};

export interface RevokeRequest {
  agreementId: string;
  by: Revoker;
  kept?: Kept<Refusable<Agreement>> | undefined;
}

export const revokeAgreement: CoreCommand<RevokeRequest, Refusable<Agreement>> = {
  name: "revoke-agreement",

  load: (tx, requests) =>
    loadCheckouts(
      tx,
      requests.map(({ agreementId }) => ({ agreementId })),
      leasesOf(requests),
    ),

  decide(state, { agreementId, by, kept }, now) {
    if (!state.holdsCall(kept?.lease)) return takenOver;
    const agreement = state.agreements.get(agreementId)!;
    const { result, changes } = decideRevoke(agreement, by, now);
    const owner = { merchantId: agreement.merchantId, paymentId: null, subjectId: agreement.id };
    // That one cannot be revoked is an answer too.
    return keep(kept, owner, result, changes, now);
  },
};
