/** `/openapi/v4/billing/virtualAccount`: a virtual account that tops up an ad account. */
import type { FastifyInstance } from "fastify";
import type { IssueRefusal, Outcome } from "../../../core/errors.ts";
import type { Core } from "../../../core/index.ts";
import type { Issued } from "../../../core/virtual-accounts/decide.ts";
import { issueError } from "../errors.ts";
import { managing } from "../identifiers.ts";
import { topUpOf } from "../issue.ts";
import { presentVirtualAccount } from "../present.ts";
import { AdAccountHeader, callLimits, TopUpRequest, VirtualAccount } from "../schemas/index.ts";
import { type Answer, type Endpoint, exchangeOf, failure, mount, reader, readUse, success } from "./call.ts";

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
      const used = await readUse(core, call, readTopUp);
      if (!used.ok) return failure(used.error);
      const { adAccount, fields } = used.value;
      const wanted = await topUpOf(core, call.grant, adAccount, fields, topUpDue_days);
      if (!wanted.ok) return failure(wanted.error);
      const exchange = exchangeOf(endpoint, {}, { ...call.body, adAccountId: adAccount.number }, answerIssued);
      return answerIssued(await core.issueVirtualAccount({ ...wanted.value, exchange }));
    });
  }
}

function answerIssued(outcome: Outcome<Issued, IssueRefusal>): Answer {
  return outcome.ok ? success(presentVirtualAccount(outcome.value)) : failure(issueError(outcome.refusal));
}
