/** `/openapi/v4/billing/virtualAccount`: a virtual account that tops up an ad account. */
import type { FastifyInstance } from "fastify";
import type { IssueRefusal, Outcome } from "../../../core/errors.ts";
import type { Core } from "../../../core/index.ts";
import type { Issued } from "../../../core/virtual-accounts/decide.ts";
import { findAdAccount } from "../auth.ts";
import { issueError } from "../errors.ts";
import { managing } from "../identifiers.ts";
import { topUpOf } from "../issue.ts";
import { presentVirtualAccount } from "../present.ts";
import { AdAccountHeader, callLimits, TopUpRequest, VirtualAccount } from "../schemas/index.ts";
import { type Answer, type Endpoint, exchangeOf, failure, mount, readAdAccount, reader, success } from "./call.ts";

const readTopUp = reader(TopUpRequest);

export interface BillingOptions {
  /** How long an account waits for its deposit, which is not published. */
  topUpDue_days: number;
}

const create: Endpoint = {
  method: "POST",
  url: "/openapi/v4/billing/virtualAccount",
  summary: "A virtual account that tops up an ad account",
  description: "Once a second per user. The body is read as JSON whatever its type.",
  headers: AdAccountHeader,
  body: TopUpRequest,
  response: VirtualAccount,
};

export function mountBilling(server: FastifyInstance, core: Core, { topUpDue_days }: BillingOptions): void {
  // The contract's sample says GET, with a body.
  for (const endpoint of [create, { ...create, method: "GET", hidden: true } as const]) {
    mount(server, core, { scope: managing, limit: callLimits.topUp }, endpoint, async (call) => {
      const number = readAdAccount(call);
      if (!number.ok) return failure(number.error);
      const fields = readTopUp(call.body);
      if (!fields.ok) return failure(fields.error);
      const adAccount = await findAdAccount(core, call.grant, number.value, "use");
      if (!adAccount.ok) return failure(adAccount.error);
      const wanted = await topUpOf(core, call.grant, adAccount.value, fields.value, topUpDue_days);
      if (!wanted.ok) return failure(wanted.error);
      const exchange = exchangeOf(endpoint, {}, { ...call.body, adAccountId: number.value }, answerIssued);
      return answerIssued(await core.issueVirtualAccount({ ...wanted.value, exchange }));
    });
  }
}

function answerIssued(outcome: Outcome<Issued, IssueRefusal>): Answer {
  return outcome.ok ? success(presentVirtualAccount(outcome.value)) : failure(issueError(outcome.refusal));
}
