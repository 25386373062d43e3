/** `/payments/prepare`: what an order will cost, told before a payment page opens. */
import type { FastifyInstance } from "fastify";
import type { Core } from "../../../core/index.ts";
import { findPrepared, type PreparedAmount } from "../../../core/payments/prepared.ts";
import { errors, refusalError } from "../errors.ts";
import { dialect } from "../identifiers.ts";
import { Prepared, PrepareRequest } from "../schemas/index.ts";
import { type Endpoint, failure, mount, reader, success } from "./call.ts";

const readPrepare = reader(PrepareRequest);

const register: Endpoint = {
  method: "POST",
  url: "/payments/prepare",
  summary: "Register what an order will cost",
  body: PrepareRequest,
  response: Prepared,
};
const change: Endpoint = { ...register, method: "PUT", summary: "Change what an order will cost" };
const read: Endpoint = {
  method: "GET",
  url: "/payments/prepare/:merchant_uid",
  summary: "Read what an order will cost",
  response: Prepared,
};

export function mountPrepare(server: FastifyInstance, core: Core): void {
  for (const [endpoint, intent] of [
    [register, "register"],
    [change, "change"],
  ] as const) {
    mount(server, core, endpoint, async ({ tenant, body }) => {
      const checked = readPrepare(body);
      if (!checked.ok) return failure(checked.error);
      const { merchant_uid: reference, amount, currency } = checked.value;
      if (currency !== undefined && !/^[A-Za-z]{3}$/.test(currency))
        return failure(errors.illTyped("currency", "영문 3자"));
      const amountHundredths = hundredths(amount);
      if (amountHundredths === undefined) return failure(errors.illTyped("amount", "소수점 이하 두 자리까지"));
      const outcome = await core.prepareAmount({
        merchantId: tenant.merchant.id,
        dialect,
        reference,
        amountHundredths,
        currency: currency?.toUpperCase() ?? null,
        intent,
      });
      return outcome.ok ? success(present(outcome.value)) : failure(refusalError(outcome.refusal));
    });
  }

  mount(server, core, { ...read, url: "/payments/prepare", hidden: true }, () =>
    failure(errors.missing("merchant_uid")),
  );
  mount(server, core, read, async ({ tenant, params }) => {
    const key = { merchantId: tenant.merchant.id, dialect, reference: params.merchant_uid! };
    const found = await findPrepared(core.store.pool, key);
    return found === undefined ? failure(errors.preparedUnknown) : success(present(found));
  });
}

/** Undefined when the amount has more than two decimals. */
function hundredths(amount: number): number | undefined {
  const whole = Math.round(amount * 100);
  return whole / 100 === amount ? whole : undefined;
}

function present({ reference, amountHundredths, currency }: PreparedAmount) {
  return { merchant_uid: reference, amount: amountHundredths / 100, currency };
}
