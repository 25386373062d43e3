/** `POST /payments/cancel`: a refund of all or a part, to an account that the merchant names. */
import type { FastifyInstance } from "fastify";
import type { Core } from "../../../core/index.ts";
import type { Tenant } from "../../../core/merchants/directory.ts";
import type { Payment as CorePayment } from "../../../core/payments/payment.ts";
import { findPayment, findPaymentsByReference, type PaymentView, viewsOf } from "../../../core/payments/read.ts";
import { type RefundOutcome, sealRefund } from "../../../core/refunds/commands.ts";
import type { RefundAccount } from "../../../core/refunds/decide.ts";
import { paidOut } from "../../../core/refunds/refund.ts";
import { readBankCode } from "../bank-codes.ts";
import { errors, refusalError } from "../errors.ts";
import { presentPayment } from "../present.ts";
import { providerRules } from "../providers.ts";
import { CancelRequest, Payment } from "../schemas/index.ts";
import { type Answer, type Endpoint, exchangeOf, failure, mount, type Read, reader, success, wrong } from "./call.ts";

const readCancel = reader(CancelRequest);

const cancel: Endpoint = {
  method: "POST",
  url: "/payments/cancel",
  summary: "Cancel a payment, all of it or a part",
  body: CancelRequest,
  response: Payment,
};

export function mountCancel(server: FastifyInstance, core: Core): void {
  const { pool } = core.store;

  mount(server, core, cancel, async ({ tenant, body }) => {
    const checked = readCancel(body);
    if (!checked.ok) return failure(checked.error);
    const fields = checked.value;
    if (fields.imp_uid === undefined && fields.merchant_uid === undefined) return failure(errors.cancelIdMissing);
    const payment = await paymentOf(tenant, fields);
    if (payment === undefined) return failure(errors.cancelUnknown);
    const { refunds: rules } = providerRules(payment.provider);
    if (rules === undefined || !core.can(payment.connector, "refund")) {
      return failure(errors.unsupported("가상계좌 환불", payment.provider));
    }
    const account = readAccount(payment.provider, fields);
    if (!account.ok) return failure(account.error);
    const [view] = await viewsOf(pool, [payment]);
    const answer = answerRefund(view!);
    const outcome = await core.refunds.pay(
      {
        ...sealRefund(core.secrets, tenant.merchant.id, account.value),
        paymentId: payment.id,
        merchantId: tenant.merchant.id,
        connector: payment.connector,
        amount: fields.amount || null,
        expectedBalance: fields.checksum ?? null,
        taxFree: fields.tax_free ?? null,
        vatAmount: rules.vat ? (fields.vat_amount ?? null) : null,
        reason: fields.reason ?? null,
        account: account.value,
        demands: { taxFree: rules.taxFreeRequired, vatAmount: rules.vat, phone: rules.telRequired },
        policy: rules.policy,
        announce: fields.enable_webhook === true,
      },
      exchangeOf(cancel, {}, body, answer),
    );
    return outcome.ok ? answer(outcome.value) : failure(refusalError(outcome.refusal));
  });

  /** `imp_uid` wins. Of an order the payment that was ever paid, or else the one begun last. */
  async function paymentOf(tenant: Tenant, { imp_uid, merchant_uid }: CancelRequest): Promise<CorePayment | undefined> {
    if (imp_uid !== undefined) return findPayment(pool, tenant.merchant.id, "iamport", imp_uid);
    const found = await findPaymentsByReference(pool, tenant.merchant.id, "iamport", [merchant_uid!]);
    return found.find((payment) => payment.paidAt !== null) ?? found[0];
  }
}

/** The account the money goes to, as far as it was named. */
function readAccount(provider: string, fields: CancelRequest): Read<RefundAccount> {
  const { refund_bank, refund_account, refund_holder, refund_tel } = fields;
  const bankCode = refund_bank === undefined ? null : readBankCode(provider, refund_bank);
  if (bankCode === undefined) return wrong(errors.bankUnknown("refund_bank", refund_bank!));
  const number = refund_account?.replace(/[\s-]/g, "") ?? null;
  if (number !== null && !/^\d{6,20}$/.test(number)) return wrong(errors.refundAccount);
  return { ok: true, value: { bankCode, number, holder: refund_holder ?? null, phone: refund_tel ?? null } };
}

/** What became of the refund, told of the payment as it was read before and is now. */
function answerRefund(view: PaymentView): (outcome: RefundOutcome) => Answer {
  return ({ payment, refund, refunds }) => {
    if (refund.state === "failed") return failure(errors.refundRefused(refund.failureMessage!));
    if (refund.state !== "succeeded") return failure(errors.refundUnknown);
    return success(presentPayment({ ...view, payment, refunds: paidOut(refunds) }));
  };
}
