/** `/v1/payment-charges`: made, read, searched. */
import type { FastifyInstance } from "fastify";
import type { ChargeRefusal, Outcome } from "../../../core/errors.ts";
import type { Charged } from "../../../core/wallet-charges/decide.ts";
import { findAgreement, searchCharges, viewOfCharge } from "../../../core/wallet-charges/read.ts";
import type { Context } from "../context.ts";
import { errors, refusalError } from "../errors.ts";
import { dialect } from "../identifiers.ts";
import { presentCharge, presentFunds } from "../present.ts";
import { Charge, ChargeRequest, FundsStatusList, SearchPage, SearchQuery } from "../schemas/index.ts";
import { chargeWish } from "../wish.ts";
import { type Answer, type Endpoint, failure, mount, mountKeyed, readCharge, reader, success } from "./call.ts";

const readWanted = reader(ChargeRequest);
const readSearch = reader(SearchQuery);

/** Charges of one page of a search. */
const page_size = 20;

const create: Endpoint = {
  method: "POST",
  url: "/v1/payment-charges",
  summary: "Make a payment charge",
  description:
    "What fails by the payment method's rules is answered with 200 and a charge that is FAILED. In the sandbox there " +
    "is MOCK too, whose descriptor says how it behaves.",
  body: ChargeRequest,
  response: Charge,
};

export function chargeAnswer({ checkout }: Context): (outcome: Outcome<Charged, ChargeRefusal>) => Answer {
  return (outcome) =>
    outcome.ok ? success(presentCharge(outcome.value.view, checkout)) : failure(refusalError(outcome.refusal));
}

export function mountCharges(server: FastifyInstance, context: Context): void {
  const { core, checkout } = context;
  const { pool, searches } = core.store;
  const answer = chargeAnswer(context);

  mountKeyed(server, context, create, {
    async handle({ tenant, body }, keep) {
      const read = readWanted(body);
      if (!read.ok) return failure(read.error);
      const wish = chargeWish(context, tenant, read.value);
      if (!wish.ok) return failure(wish.error);
      const { request, proof } = wish.value;
      return answer(await core.walletCharges.charge({ ...request, kept: keep(answer) }, proof));
    },
    resume: async (_call, subjectId) => success(presentCharge(await viewOfCharge(pool, subjectId), checkout)),
  });

  const search: Endpoint = {
    method: "GET",
    url: "/v1/payment-charges",
    summary: "Search payment charges",
    description: `By merchantPaymentChargeReference or by agreementId, newest first, ${page_size} at a time.`,
    query: SearchQuery,
    response: SearchPage,
  };
  mount(server, context, search, async ({ tenant, query }) => {
    const read = readSearch(withoutEmpty(query));
    if (!read.ok) return failure(read.error);
    const { merchantPaymentChargeReference: reference, agreementId, page } = read.value;
    if ((reference === undefined) === (agreementId === undefined)) {
      return failure(errors.invalid("Give either merchantPaymentChargeReference or agreementId"));
    }
    const before = page === undefined ? undefined : readPage(page);
    if (page !== undefined && before === undefined) return failure(errors.invalid("page is not one of a search"));
    const merchantId = tenant.merchant.id;
    const by = agreementId === undefined ? { reference: reference! } : await agreementOf(merchantId, agreementId);
    const found =
      by === undefined ? [] : await searchCharges(searches, { merchantId, dialect, by, before, count: page_size + 1 });
    const shown = found.slice(0, page_size);
    const self = new URLSearchParams(
      Object.entries({ merchantPaymentChargeReference: reference, agreementId, page }).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      ),
    );
    return success({
      data: shown.map((view) => presentCharge(view, checkout)),
      ...(found.length > page_size ? { nextPage: pageAfter(shown.at(-1)!.charge.id) } : {}),
      _links: { self: { href: `${search.url}?${self}` } },
    });
  });

  async function agreementOf(merchantId: string, wireId: string): Promise<{ agreementId: string } | undefined> {
    const agreement = await findAgreement(pool, merchantId, dialect, wireId);
    return agreement && { agreementId: agreement.id };
  }

  const one: Endpoint = {
    method: "GET",
    url: "/v1/payment-charges/:id",
    summary: "One payment charge",
    response: Charge,
  };
  mount(server, context, one, async (call) => {
    const charge = await readCharge(context, call);
    if (!charge.ok) return failure(charge.error);
    return success(presentCharge(await viewOfCharge(pool, charge.value.id), checkout));
  });

  const funds: Endpoint = {
    method: "GET",
    url: "/v1/payment-charges/:id/funds-statuses",
    summary: "What became of the money of a charge's captures and refunds",
    response: FundsStatusList,
  };
  mount(server, context, funds, async (call) => {
    const charge = await readCharge(context, call);
    if (!charge.ok) return failure(charge.error);
    return success(presentFunds(await viewOfCharge(pool, charge.value.id)));
  });
}

/** In an address, what is empty is not there. */
function withoutEmpty(query: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ""));
}

function pageAfter(id: string): string {
  return Buffer.from(id).toString("base64url");
}

function readPage(page: string): string | undefined {
  const id = Buffer.from(page, "base64url").toString();
  return /^chg_[0-9a-f]{32}$/.test(id) ? id : undefined;
}
