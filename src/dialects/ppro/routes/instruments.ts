/** `/v1/payment-instruments`: what shoppers pay with, as merchants keep it. Card numbers are not taken. */
import type { FastifyInstance } from "fastify";
import type { ChargeRefusal, Outcome } from "../../../core/errors.ts";
import {
  type Instrument as CoreInstrument,
  instruments,
  openDetails,
  sealDetails,
} from "../../../core/wallet-charges/instrument.ts";
import { findInstruments } from "../../../core/wallet-charges/read.ts";
import { wrong } from "../../../http/validate.ts";
import type { Context } from "../context.ts";
import { errors, refusalError } from "../errors.ts";
import { Instrument, InstrumentRequest } from "../schemas/index.ts";
import { cardObjection, instrumentOf } from "../wish.ts";
import {
  type Answer,
  type Call,
  type Endpoint,
  failure,
  mount,
  mountKeyed,
  type Read,
  reader,
  success,
} from "./call.ts";

const readWanted = reader(InstrumentRequest);

const url = "/v1/payment-instruments";

export function mountInstruments(server: FastifyInstance, context: Context): void {
  const { core } = context;
  const { pool } = core.store;

  const shown = (instrument: CoreInstrument) => {
    const { wireId: id, type } = instrument;
    return success({ id, type, details: openDetails(core.secrets, instrument) });
  };
  const answer = (outcome: Outcome<CoreInstrument, ChargeRefusal>): Answer =>
    outcome.ok ? shown(outcome.value) : failure(refusalError(outcome.refusal));

  async function readInstrument({ tenant, params }: Call): Promise<Read<CoreInstrument>> {
    const [found] = await findInstruments(pool, [params.id ?? ""]);
    return found?.merchantId === tenant.merchant.id
      ? { ok: true, value: found }
      : wrong(errors.notFound("Payment instrument"));
  }

  function readFields(body: Call["body"]): Read<InstrumentRequest> {
    const read = readWanted(body);
    if (!read.ok) return read;
    const objection = cardObjection(read.value);
    return objection === undefined ? read : wrong(objection);
  }

  const create: Endpoint = {
    method: "POST",
    url,
    summary: "Keep a payment instrument",
    body: InstrumentRequest,
    response: Instrument,
  };
  mountKeyed(server, context, create, {
    async handle({ tenant, body }, keep) {
      const read = readFields(body);
      if (!read.ok) return failure(read.error);
      const { type, details = {} } = read.value;
      const instrument = instrumentOf(core.secrets, tenant.merchant.id, type, details);
      return answer(await core.walletCharges.keepInstrument({ instrument, kept: keep(answer) }));
    },
    resume: async (_call, subjectId) => shown((await instruments.read(pool, [subjectId]))[0]!),
  });

  const one: Endpoint = { method: "GET", url: `${url}/:id`, summary: "One payment instrument", response: Instrument };
  mount(server, context, one, async (call) => {
    const found = await readInstrument(call);
    return found.ok ? shown(found.value) : failure(found.error);
  });

  const change: Endpoint = {
    method: "PUT",
    url: `${url}/:id`,
    summary: "Change a payment instrument's details",
    body: InstrumentRequest,
    response: Instrument,
  };
  mount(server, context, change, async (call) => {
    const read = readFields(call.body);
    if (!read.ok) return failure(read.error);
    const found = await readInstrument(call);
    if (!found.ok) return failure(found.error);
    const { type, details = {} } = read.value;
    if (type !== found.value.type) return failure(errors.unprocessable("The type of a payment instrument stays"));
    const detailsEncrypted = sealDetails(core.secrets, found.value, details);
    return answer(await core.walletCharges.changeInstrument({ instrumentId: found.value.id, detailsEncrypted }));
  });

  const remove: Endpoint = { method: "DELETE", url: `${url}/:id`, summary: "Remove a payment instrument" };
  mount(server, context, remove, async (call) => {
    const found = await readInstrument(call);
    if (!found.ok) return failure(found.error);
    const removed = await core.walletCharges.changeInstrument({ instrumentId: found.value.id, detailsEncrypted: null });
    return removed.ok ? { status: 204, body: undefined } : failure(refusalError(removed.refusal));
  });
}
