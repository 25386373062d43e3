/** `/payments`: reading one, many, and by order or status in pages. */
import type { FastifyInstance } from "fastify";
import { readNow } from "../../../core/clock.ts";
import type { Core } from "../../../core/index.ts";
import { day_ms } from "../../../core/limits.ts";
import type { Tenant } from "../../../core/merchants/directory.ts";
import type { Payment as CorePayment } from "../../../core/payments/payment.ts";
import { findPayment, findPayments, findPaymentsByReference, viewOf, viewsOf } from "../../../core/payments/read.ts";
import { type PaymentSearch, searchPayments, selectPayments } from "../../../core/payments/search.ts";
import { isStanding, readReceipts } from "../../../core/receipts/receipt.ts";
import { inSnapshot } from "../../../store/index.ts";
import { errors, type IamportError } from "../errors.ts";
import { dialect } from "../identifiers.ts";
import { endOfSecond } from "../issue.ts";
import { presentBalance, presentPayment, type Status, statesOf } from "../present.ts";
import {
  Balance,
  FindAllQuery,
  FindQuery,
  ManyQuery,
  Payment,
  PaymentList,
  PaymentPage,
  references,
  StatusQuery,
} from "../schemas/index.ts";
import {
  type Answer,
  type Call,
  type Endpoint,
  failure,
  mount,
  queryReader,
  type Read,
  success,
  wrong,
} from "./call.ts";

const limit_default = 20;
const window_days = 90;

const readMany = queryReader(ManyQuery);
const readFind = queryReader(FindQuery);
const readFindAll = queryReader(FindAllQuery);
const readStatus = queryReader(StatusQuery);

const one: Endpoint = { method: "GET", url: "/payments/:imp_uid", summary: "Read a payment", response: Payment };
const many: Endpoint = {
  method: "GET",
  url: "/payments",
  summary: "Read up to 100 payments; 207 when some do not exist",
  query: ManyQuery,
  response: PaymentList,
};
const balance: Endpoint = {
  method: "GET",
  url: "/payments/:imp_uid/balance",
  summary: "What a payment is made of",
  response: Balance,
};
const find: Endpoint = {
  method: "GET",
  url: "/payments/find/:merchant_uid/:payment_status",
  summary: "Read the first payment of an order",
  query: FindQuery,
  response: Payment,
};
const findAll: Endpoint = {
  method: "GET",
  url: "/payments/findAll/:merchant_uid/:payment_status",
  summary: "All payments of an order",
  query: FindAllQuery,
  response: PaymentPage,
};
const byStatus: Endpoint = {
  method: "GET",
  url: "/payments/status/:payment_status",
  summary: "Payments of a status within 90 days",
  query: StatusQuery,
  response: PaymentPage,
};

export function mountPayments(server: FastifyInstance, core: Core): void {
  const { pool } = core.store;

  const readOne = async ({ tenant, params }: Call): Promise<Answer> => {
    const payment = await findPayment(pool, tenant.merchant.id, dialect, params.imp_uid!);
    return payment === undefined ? failure(errors.paymentUnknown) : presentOne(payment);
  };
  const presentOne = async (payment: CorePayment): Promise<Answer> => {
    return success(presentPayment(await viewOf(pool, payment)));
  };
  const presentPage = async (search: PaymentSearch, whenEmpty: IamportError | undefined): Promise<Answer> => {
    const { total, views } = await inSnapshot(core.store.searches, async (tx) => {
      const found = await searchPayments(tx, search);
      return { total: found.total, views: await viewsOf(tx, found.payments) };
    });
    if (total === 0 && whenEmpty !== undefined) return failure(whenEmpty);
    const { page, limit } = search;
    const last = Math.max(1, Math.ceil(total / limit));
    if (page > last) return failure(errors.pageBeyond(last));
    const list = views.map(presentPayment);
    return success({ total, previous: page - 1, next: page < last ? page + 1 : 0, list });
  };

  mount(server, core, one, readOne);
  // Some clients read with POST.
  mount(server, core, { ...one, method: "POST", hidden: true }, readOne);

  mount(server, core, many, async ({ tenant, query }) => {
    const checked = readMany(query);
    if (!checked.ok) return failure(checked.error);
    const { imp_uid: impUids = [], merchant_uid: merchantUids = [] } = checked.value;
    const wanted = impUids.length + merchantUids.length;
    if (wanted === 0) return failure(errors.noIds);
    if (wanted > references.ids_max) return failure(errors.tooManyIds(references.ids_max));
    const { found, views } = await inSnapshot(pool, async (tx) => {
      const byId = await findPayments(tx, tenant.merchant.id, dialect, impUids);
      const byReference = await findPaymentsByReference(tx, tenant.merchant.id, dialect, merchantUids);
      const found = inOrder(impUids, merchantUids, byId, byReference);
      const distinct = new Map([...found.values()].map((payment) => [payment.id, payment]));
      return { found, views: await viewsOf(tx, [...distinct.values()]) };
    });
    if (found.size === 0) return failure(errors.paymentUnknown);
    const complete = found.size === new Set(impUids).size + new Set(merchantUids).size;
    return success(views.map(presentPayment), complete ? 200 : 207);
  });

  mount(server, core, balance, async ({ tenant, params }) => {
    const payment = await findPayment(pool, tenant.merchant.id, dialect, params.imp_uid!);
    if (payment === undefined) return failure(errors.paymentUnknown);
    const view = await viewOf(pool, payment);
    const receipts = await readReceipts(pool, [{ ...payment, paymentId: payment.id }]);
    return success(presentBalance(view, receipts.find(isStanding)));
  });
  for (const method of ["POST", "PUT", "PATCH", "DELETE"] as const) {
    mount(server, core, { ...balance, method, hidden: true }, () => failure(errors.methodNotAllowed));
  }

  for (const url of [find.url, find.url.replace("/:payment_status", "")]) {
    mount(server, core, { ...find, url, hidden: url !== find.url }, async ({ tenant, params, query }) => {
      const status = readFilter(params.payment_status);
      if (!status.ok) return failure(status.error);
      const checked = readFind(query);
      if (!checked.ok) return failure(checked.error);
      const search = searchOf(tenant, status.value, { ...checked.value, page: 1, limit: 1 });
      const [payment] = await selectPayments(core.store.searches, { ...search, reference: params.merchant_uid! });
      return payment === undefined ? failure(errors.paymentUnknown) : presentOne(payment);
    });
  }

  for (const url of [findAll.url, findAll.url.replace("/:payment_status", "")]) {
    mount(server, core, { ...findAll, url, hidden: url !== findAll.url }, async ({ tenant, params, query }) => {
      const status = readFilter(params.payment_status);
      if (!status.ok) return failure(status.error);
      const checked = readFindAll(query);
      if (!checked.ok) return failure(checked.error);
      const search = searchOf(tenant, status.value, checked.value);
      return presentPage({ ...search, reference: params.merchant_uid! }, errors.paymentUnknown);
    });
  }
  for (const [endpoint, url] of [
    [find, "/payments/find"],
    [findAll, "/payments/findAll"],
  ] as const) {
    mount(server, core, { ...endpoint, url, hidden: true }, () => failure(errors.missing("merchant_uid")));
  }

  mount(server, core, byStatus, async ({ tenant, params, query }) => {
    const { payment_status } = params;
    const status = payment_status === "all" ? undefined : statuses.find((known) => known === payment_status);
    if (status === undefined && payment_status !== "all") return failure(errors.statusUnknown);
    const checked = readStatus(query);
    if (!checked.ok) return failure(checked.error);
    const { from, to } = checked.value;
    const since = windowOf(from, to, await readNow(pool));
    if (since === undefined) return failure(errors.badWindow(window_days));
    return presentPage({ ...searchOf(tenant, status, checked.value), since }, undefined);
  });
  mount(server, core, { ...byStatus, url: "/payments/status", hidden: true }, () => failure(errors.statusUnknown));
}

const statuses: readonly Status[] = ["ready", "paid", "cancelled", "failed"];

/** The status segment: clients without one to give send nothing, or the word their language has for nothing. */
function readFilter(segment: string | undefined): Read<Status | undefined> {
  if (["", "undefined", "null"].includes(segment ?? "")) return { ok: true, value: undefined };
  const value = statuses.find((known) => known === segment);
  return value === undefined ? wrong(errors.statusUnknown) : { ok: true, value };
}

/** A search of the merchant's payments of one status or any, by page and order as the query has them. */
function searchOf(
  tenant: Tenant,
  status: Status | undefined,
  { sorting = "-started", page = 1, limit = limit_default }: { sorting?: string; page?: number; limit?: number },
): PaymentSearch {
  const by = sorting.replace("-", "") as PaymentSearch["sort"]["by"];
  return {
    merchantId: tenant.merchant.id,
    dialect,
    states: status === undefined ? [] : statesOf(status),
    sort: { by, descending: sorting.startsWith("-") },
    page,
    limit,
  };
}

/** Both ends inclusive; undefined when it is turned around or too long. */
function windowOf(from_s: number | undefined, to_s: number | undefined, now: Date) {
  const to = to_s === undefined ? now : endOfSecond(to_s);
  const from = from_s === undefined ? new Date(to.getTime() - window_days * day_ms) : new Date(from_s * 1000);
  const span_ms = to.getTime() - from.getTime();
  return span_ms < 0 || span_ms >= window_days * day_ms + 1_000 ? undefined : { from, to };
}

/** What was found under each id that was asked for, in that order: of an order the payment begun last. */
function inOrder(
  impUids: readonly string[],
  merchantUids: readonly string[],
  byId: readonly CorePayment[],
  byReference: readonly CorePayment[],
): Map<string, CorePayment> {
  const found = new Map<string, CorePayment>();
  for (const id of impUids) {
    const payment = byId.find((known) => known.wireId === id);
    if (payment !== undefined) found.set(`imp_uid ${id}`, payment);
  }
  for (const reference of merchantUids) {
    const payment = byReference.find((known) => known.reference === reference);
    if (payment !== undefined) found.set(`merchant_uid ${reference}`, payment);
  }
  return found;
}
