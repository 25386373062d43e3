/** The commands that keep instruments and change them, and what the commands of charges know of them. */
import type { Queryable } from "../../store/index.ts";
import { type CoreCommand, WorkingState } from "../command.ts";
import { refused } from "../errors.ts";
import { lockCalls } from "../idempotency/commands.ts";
import { type Instrument, instruments } from "./instrument.ts";
import { type Kept, keep, leasesOf, type Refusable, takenOver, unique } from "./kept.ts";
import { findInstruments } from "./read.ts";

export function keptInstruments(instrument: Instrument | null, now: Date): Instrument[] {
  return instrument === null ? [] : [stamped(instrument, now)];
}

function stamped(instrument: Instrument, now: Date): Instrument {
  return { ...instrument, createdAt: now, updatedAt: now };
}

export async function loadInstruments(
  tx: Queryable,
  state: WorkingState,
  requests: readonly { namedInstrument: string | null }[],
): Promise<void> {
  const named = unique(requests.map((one) => one.namedInstrument));
  for (const instrument of await findInstruments(tx, named)) state.instruments.set(instrument.wireId, instrument);
}

export function instrumentOf(state: WorkingState, named: string | null, merchantId: string): Instrument | undefined {
  const found = named === null ? undefined : state.instruments.get(named);
  return found?.merchantId === merchantId ? found : undefined;
}

export interface KeepInstrumentRequest {
  instrument: Instrument;
  kept: Kept<Refusable<Instrument>>;
}

export const keepInstrument: CoreCommand<KeepInstrumentRequest, Refusable<Instrument>> = {
  name: "keep-instrument",

  async load(tx, requests) {
    const state = new WorkingState();
    state.heldCalls = await lockCalls(tx, leasesOf(requests));
    return state;
  },

  decide(state, { instrument, kept }, now) {
    if (!state.holdsCall(kept.lease)) return takenOver;
    const value = stamped(instrument, now);
    const owner = { merchantId: value.merchantId, paymentId: null, subjectId: value.id };
    return keep(kept, owner, { ok: true, value }, { instruments: [value] }, now);
  },
};

export interface ChangeInstrumentRequest {
  instrumentId: string;
  /** Null: it is removed, and what it said with it. */
  detailsEncrypted: string | null;
}

export const changeInstrument: CoreCommand<ChangeInstrumentRequest, Refusable<Instrument>> = {
  name: "change-instrument",

  async load(tx, requests) {
    const ids = unique(requests.map((one) => one.instrumentId));
    await instruments.lock(tx, ids);
    const state = new WorkingState();
    for (const instrument of await instruments.read(tx, ids)) state.instruments.set(instrument.id, instrument);
    return state;
  },

  decide(state, { instrumentId, detailsEncrypted }, now) {
    const instrument = state.instruments.get(instrumentId);
    if (instrument === undefined || instrument.deletedAt !== null) {
      return { result: refused({ code: "instrument-unknown", id: instrumentId }), changes: {} };
    }
    const change = detailsEncrypted === null ? { detailsEncrypted: "", deletedAt: now } : { detailsEncrypted };
    const value = { ...instrument, ...change, updatedAt: now };
    return { result: { ok: true, value }, changes: { instruments: [value] } };
  },
};
