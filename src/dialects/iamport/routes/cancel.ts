/** `POST /payments/cancel`: a refund of all or a part, to an account that the merchant names. */
import type { FastifyInstance } from "fastify";
import { findBank } from "../../../core/banks.ts";
import type { Core } from "../../../core/index.ts";
import type { Tenant } from "../../../core/merchants/directory.ts";
import type { Payment as CorePayment } from "../../../core/payments/payment.ts";
import { findPayment, findPaymentsByReference } from "../../../core/payments/read.ts";
import { type RefundOutcome, sealRefund } from "../../../core/refunds/commands.ts";
import type { RefundAccount } from "../../../core/refunds/decide.ts";
import { readBankCode } from "../bank-codes.ts";
import { errors, type IamportError, refusalError } from "../errors.ts";
import { dialect, plainNumber } from "../identifiers.ts";
import { presentPayment } from "../present.ts";
import { providerRules } from "../providers.ts";
import { CancelRequest, Payment } from "../schemas/index.ts";
import { type Answer, type Endpoint, exchangeOf, failure, mount, reader, success } from "./call.ts";

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
    const { account, objection } = readAccount(payment.provider, fields);
    const outcome = await core.refunds.pay(
      {
        ...sealRefund(core.secrets, tenant.merchant.id, account),
        paymentId: payment.id,
        merchantId: tenant.merchant.id,
        connector: payment.connector,
        amount: fields.amount || null,
        expectedBalance: fields.checksum ?? null,
        taxFree: fields.tax_free ?? null,
        vatAmount: rules.vat ? (fields.vat_amount ?? null) : null,
        reason: fields.reason ?? null,
        account,
        demands: { taxFree: rules.taxFreeRequired, vatAmount: rules.vat, phone: rules.telRequired },
        policy: rules.policy,
        announce: fields.enable_webhook === true,
      },
      exchangeOf(cancel, {}, body, answer),
    );
    if (outcome.ok) return answer(outcome.value);
    const { refusal } = outcome;
    // What is wrong with the account matters only once there is something to refund to it.
    const incomplete = refusal.code === "refund-account-incomplete" && objection !== undefined;
    return failure(incomplete ? objection : refusalError(refusal));
  });

  /** `imp_uid` wins. Of an order the payment that was ever paid, or else the one begun last. */
  async function paymentOf(tenant: Tenant, { imp_uid, merchant_uid }: CancelRequest): Promise<CorePayment | undefined> {
    if (imp_uid !== undefined) return findPayment(pool, tenant.merchant.id, dialect, imp_uid);
    const found = await findPaymentsByReference(pool, tenant.merchant.id, dialect, [merchant_uid!]);
    return found.find((payment) => payment.paidAt !== null) ?? found[0];
  }
}

/** The account the money goes to, as far as it was named and can be one; and what is wrong with the rest. */
function readAccount(
  provider: string,
  { refund_bank, refund_account, refund_holder, refund_tel }: CancelRequest,
): { account: RefundAccount; objection: IamportError | undefined } {
  const code = refund_bank === undefined ? undefined : readBankCode(provider, refund_bank);
  const bank = code === undefined ? undefined : findBank(code);
  const bankCode = bank !== undefined && (bank.holderLookup || bank.issuesVirtualAccounts) ? bank.code : null;
  const digits = refund_account === undefined ? undefined : plainNumber(refund_account);
  const number = digits !== undefined && /^\d{6,20}$/.test(digits) ? digits : null;
  const account = { bankCode, number, holder: refund_holder ?? null, phone: refund_tel ?? null };
  if (refund_bank !== undefined && bankCode === null) {
    return { account, objection: errors.bankUnknown("refund_bank", refund_bank) };
  }
  const objection = digits !== undefined && number === null ? errors.refundAccount : undefined;
  return { account, objection };
}

function answer({ refund, view }: RefundOutcome): Answer {
  if (refund.state === "failed") return failure(errors.refundRefused(refund.failureMessage!));
  return refund.state === "succeeded" ? success(presentPayment(view!)) : failure(errors.refundUnknown);
}
