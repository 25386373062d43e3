/** `/api/v1/transaction/card`: what has moved a member's balance. */
import type { FastifyInstance } from "fastify";
import { koreanDay } from "../../../core/korea.ts";
import { day_ms } from "../../../core/limits.ts";
import { wrong } from "../../../http/validate.ts";
import type { Context } from "../context.ts";
import { errors } from "../errors.ts";
import { movementKinds, presentHistory } from "../present.ts";
import { History, HistoryRequest, pageSize_default, transactionTypes } from "../schemas/index.ts";
import { type Call, type Endpoint, failure, mount, type Read, reader, success } from "./call.ts";
import { findMember } from "./found.ts";

const readSearch = reader(HistoryRequest);

export function mountHistory(server: FastifyInstance, context: Context): void {
  const { core } = context;

  const history: Endpoint = {
    url: "/api/v1/transaction/card",
    summary: "What has moved a balance",
    description: "By days in Korea; the newest first, if nothing else is asked for.",
    body: HistoryRequest,
    response: History,
    encrypted: { request: false, answer: false },
  };
  mount(server, context, history, async (call) => {
    const read = readSearch(call.body);
    if (!read.ok) return failure(read.error);
    const { userId, par, startDate, endDate, trType, pageRequest = {} } = read.value;
    const from = koreanDay(startDate);
    if (from === undefined) return failure(errors.invalid("startDate"));
    const last = koreanDay(endDate);
    if (last === undefined || last < from) return failure(errors.invalid("endDate"));
    const memberNumber = await memberOf(call, par, userId);
    if (!memberNumber.ok) return failure(memberNumber.error);
    const { page = 0, pageSize: size = pageSize_default, orderByDirection = "DESC" } = pageRequest;
    const search = {
      memberNumber: memberNumber.value,
      from,
      to: new Date(last.getTime() + day_ms),
      kinds: movementKinds,
      descending: orderByDirection === "DESC",
      page,
      size,
    };
    // Nothing else than charges and their cancellations is made here.
    const isCharges = trType === undefined || trType === transactionTypes.charge;
    const found = isCharges ? await core.memberCharges.movements(search) : { total: 0, movements: [] };
    return success(presentHistory(found, { page, size }, call.tenant.merchant.name));
  });

  /** The card's member, who must be the one that is named, if one is. */
  async function memberOf(call: Call, par: string, userId: string | undefined): Promise<Read<string>> {
    const number = await core.members.numberByPar(call.tenant.merchant.id, par);
    if (number !== undefined && (userId === undefined || userId === number)) return { ok: true, value: number };
    const named = userId === undefined ? undefined : await findMember(core, call, userId);
    return named?.ok === false ? named : wrong(errors.invalid("par"));
  }
}
