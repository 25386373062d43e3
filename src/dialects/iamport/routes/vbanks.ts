/** `/vbanks`: issue, change and revoke virtual accounts; look up whose an account is. */
import type { FastifyInstance } from "fastify";
import type { Outcome } from "../../../core/errors.ts";
import type { Core } from "../../../core/index.ts";
import type { Payment as CorePayment } from "../../../core/payments/payment.ts";
import { findPayment } from "../../../core/payments/read.ts";
import type { Issued } from "../../../core/virtual-accounts/decide.ts";
import { accountOf } from "../../../core/virtual-accounts/read.ts";
import { readBankCode } from "../bank-codes.ts";
import { errors, type IamportError, refusalError } from "../errors.ts";
import { dialect, plainNumber } from "../identifiers.ts";
import { endOfSecond, isApiKeyRight, readIssue } from "../issue.ts";
import { presentPayment } from "../present.ts";
import { providerRules } from "../providers.ts";
import { ChangeRequest, Holder, HolderQuery, IssueRequest, Payment, PgApiKeyQuery } from "../schemas/index.ts";
import { type Answer, type Endpoint, exchangeOf, failure, mount, queryReader, reader, success } from "./call.ts";

const readChange = reader(ChangeRequest);
const readHolder = queryReader(HolderQuery);

const issue: Endpoint = {
  method: "POST",
  url: "/vbanks",
  summary: "Issue a virtual account",
  body: IssueRequest,
  query: PgApiKeyQuery,
  response: Payment,
};
const change: Endpoint = {
  method: "PUT",
  url: "/vbanks/:imp_uid",
  summary: "Change amount or deadline before the deposit",
  body: ChangeRequest,
  response: Payment,
};
const revoke: Endpoint = {
  method: "DELETE",
  url: "/vbanks/:imp_uid",
  summary: "Revoke a virtual account before the deposit",
  query: PgApiKeyQuery,
  response: Payment,
};
const holder: Endpoint = {
  method: "GET",
  url: "/vbanks/holder",
  summary: "Look up an account's holder",
  query: HolderQuery,
  response: Holder,
};

/** Kept with the payment and shown as `fail_reason`. */
const revoked = "계좌말소";

export function mountVbanks(server: FastifyInstance, core: Core): void {
  const { pool } = core.store;

  mount(server, core, issue, async (call) => {
    const wanted = await readIssue(core, call);
    if (!wanted.ok) return failure(wanted.error);
    const exchange = exchangeOf(issue, call.params, call.body, answerIssued);
    return answerIssued(await core.issueVirtualAccount({ ...wanted.value, exchange }));
  });

  mount(server, core, holder, async ({ tenant, query }) => {
    const checked = readHolder(query);
    if (!checked.ok) return failure(checked.error);
    const bankCode = readBankCode("", checked.value.bank_code);
    const number = plainNumber(checked.value.bank_num);
    const connector = tenant.channels[0]?.connector;
    if (bankCode === undefined || connector === undefined || !core.can(connector, "holderLookup")) {
      return failure(errors.holderUnknown);
    }
    const bank_holder = await core.findHolder(connector, bankCode, number);
    return bank_holder === undefined ? failure(errors.holderUnknown) : success({ bank_holder });
  });

  mount(server, core, change, async (call) => {
    const { tenant, params, body } = call;
    const merchantId = tenant.merchant.id;
    const payment = await findPayment(pool, merchantId, dialect, params.imp_uid!);
    if (payment === undefined) return failure(errors.paymentUnknown);
    if (!isWaiting(payment)) return failure(notReady(payment));
    const checked = readChange(body);
    if (!checked.ok) return failure(checked.error);
    const { amount = null, vbank_due } = checked.value;
    if (amount === null && vbank_due === undefined) return failure(errors.nothingToChange);
    if (!providerRules(payment.provider).changes || !core.can(payment.connector, "change")) {
      return failure(errors.unsupported("PUT /vbanks", payment.provider));
    }
    const dueAt = vbank_due === undefined ? null : endOfSecond(vbank_due);
    const exchange = exchangeOf(change, params, body, answerIssued);
    const wanted = { paymentId: payment.id, merchantId, amount, dueAt, exchange };
    return answerIssued(await core.changeVirtualAccount(wanted));
  });

  mount(server, core, revoke, async (call) => {
    const { tenant, params, body, query } = call;
    const merchantId = tenant.merchant.id;
    const payment = await findPayment(pool, merchantId, dialect, params.imp_uid!);
    if (payment === undefined) return failure(errors.paymentUnknown);
    if (!isWaiting(payment)) return failure(notReady(payment));
    const rules = providerRules(payment.provider);
    const { bankCode } = await accountOf(pool, payment.id);
    if (!rules.closesAt.has(bankCode) || !core.can(payment.connector, "close")) {
      return failure(errors.unsupported("DELETE /vbanks", payment.provider));
    }
    const channel = tenant.channels.find((one) => one.id === payment.channelId);
    if (channel === undefined || !isApiKeyRight(core, channel, rules, { ...body, ...query })) {
      return failure(errors.hashMismatch);
    }
    const exchange = exchangeOf(revoke, params, {}, answerIssued);
    const wanted = { paymentId: payment.id, merchantId, reason: revoked, exchange };
    return answerIssued(await core.closeVirtualAccount(wanted));
  });

  for (const endpoint of [change, revoke]) {
    const withoutId = { ...endpoint, url: "/vbanks", hidden: true };
    mount(server, core, withoutId, () => failure(errors.missing("imp_uid")));
  }
}

/** Shown as `ready`. That it still is when the change is made, the command makes sure of. */
function isWaiting({ state }: CorePayment): boolean {
  return state === "ready" || state === "expired";
}

function notReady({ state }: CorePayment): IamportError {
  return refusalError({ code: "payment-not-ready", state });
}

/** An account that waits has neither deposits nor refunds. */
function answerIssued(outcome: Outcome<Issued>): Answer {
  if (!outcome.ok) return failure(refusalError(outcome.refusal));
  return success(presentPayment({ ...outcome.value, deposits: [], refunds: [] }));
}
