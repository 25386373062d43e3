/** `/v1/payment-agreements`: consent to later charges, and those charges. */
import type { FastifyInstance } from "fastify";
import type { ChargeRefusal, Outcome } from "../../../core/errors.ts";
import { agreements, type Agreement as CoreAgreement } from "../../../core/wallet-charges/agreement.ts";
import { walletCharges } from "../../../core/wallet-charges/charge.ts";
import type { Checkout } from "../../../core/wallet-charges/decide.ts";
import type { Agreed } from "../../../core/wallet-charges/decide-agreement.ts";
import { findAgreement, viewOfCharge } from "../../../core/wallet-charges/read.ts";
import { wrong } from "../../../http/validate.ts";
import type { Context } from "../context.ts";
import { errors, refusalError } from "../errors.ts";
import { wordFailure } from "../failures.ts";
import { dialect, wireId } from "../identifiers.ts";
import { agreementStatus, presentAgreement, presentCharge } from "../present.ts";
import {
  Agreement,
  AgreementAuthorization,
  AgreementChargeRequest,
  AgreementRequest,
  Charge,
  ConfirmRequest,
  Revocation,
  RevocationRequest,
} from "../schemas/index.ts";
import { agreementChargeWish, agreementWish, proofOf } from "../wish.ts";
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
import { chargeAnswer } from "./charges.ts";
import { confirm, readCode, readConfirm } from "./confirm.ts";

const readWanted = reader(AgreementRequest);
const readCharge = reader(AgreementChargeRequest);

export function mountAgreements(server: FastifyInstance, context: Context): void {
  const { core, checkout } = context;
  const { pool } = core.store;

  async function readAgreement({ tenant, params }: Call): Promise<Read<CoreAgreement>> {
    const found = await findAgreement(pool, tenant.merchant.id, dialect, params.id ?? "");
    return found === undefined ? wrong(errors.notFound("Payment agreement")) : { ok: true, value: found };
  }

  const create: Endpoint = {
    method: "POST",
    url: "/v1/payment-agreements",
    summary: "Ask a consumer to agree to later charges",
    body: AgreementRequest,
    response: Agreement,
  };
  const shown = (agreement: CoreAgreement) => success(presentAgreement(agreement, checkout));
  const agreed = (outcome: Outcome<Agreed, ChargeRefusal>): Answer =>
    outcome.ok ? shown(outcome.value.checkout.agreement) : failure(refusalError(outcome.refusal));
  mountKeyed(server, context, create, {
    async handle({ tenant, body }, keep) {
      const read = readWanted(body);
      if (!read.ok) return failure(read.error);
      const wish = agreementWish(context, tenant, read.value);
      if (!wish.ok) return failure(wish.error);
      const { request, proof } = wish.value;
      return agreed(await core.walletCharges.agree({ ...request, kept: keep(agreed) }, proof));
    },
    resume: async (_call, subjectId) => shown((await agreements.read(pool, [subjectId]))[0]!),
  });

  const one: Endpoint = {
    method: "GET",
    url: "/v1/payment-agreements/:id",
    summary: "One payment agreement",
    response: Agreement,
  };
  mount(server, context, one, async (call) => {
    const agreement = await readAgreement(call);
    return agreement.ok ? shown(agreement.value) : failure(agreement.error);
  });

  const confirmation: Endpoint = {
    method: "POST",
    url: "/v1/payment-agreements/:id/authorizations",
    summary: "Confirm an agreement with what the consumer was asked for",
    body: ConfirmRequest,
    response: AgreementAuthorization,
  };
  const confirmed = ({ agreement }: Checkout) => {
    const { id, at, state, failure: reason } = agreement!.history.at(-1)!;
    return success({
      id: wireId("authz", id),
      agreementStatus: agreementStatus[state],
      ...(reason === null ? {} : { failure: wordFailure(reason) }),
      createdAt: at,
    });
  };
  const answerConfirmed = (outcome: Outcome<Checkout, ChargeRefusal>): Answer =>
    outcome.ok ? confirmed(outcome.value) : failure(refusalError(outcome.refusal));
  mountKeyed(server, context, confirmation, {
    async handle(call, keep) {
      const read = readConfirm(call.body);
      if (!read.ok) return failure(read.error);
      const found = await readAgreement(call);
      if (!found.ok) return failure(found.error);
      const code = readCode(read.value);
      if (!code.ok) return failure(code.error);
      const { id: agreementId, authentications, state, initialChargeId } = found.value;
      const proof = async () => {
        const [initial] = initialChargeId === null ? [] : await walletCharges.read(pool, [initialChargeId]);
        return proofOf(initial?.details ?? null);
      };
      const waiting = { noun: "agreement", of: { agreementId }, authentications, state, proof } as const;
      return confirm(context, waiting, code.value, keep, answerConfirmed);
    },
    async resume(_call, subjectId) {
      const [agreement] = await agreements.read(pool, [subjectId]);
      return confirmed({ agreement, charge: undefined });
    },
  });

  const revoke: Endpoint = {
    method: "POST",
    url: "/v1/payment-agreements/:id/revocations",
    summary: "Take an agreement back",
    body: RevocationRequest,
    response: Revocation,
  };
  /** One that is not active cannot be revoked: that fails, and changes nothing. */
  const revoked = (outcome: Outcome<CoreAgreement, ChargeRefusal>): Answer => {
    if (outcome.ok) return success({ status: "REVOKED" });
    const { refusal } = outcome;
    if (refusal.code !== "not-waiting") return failure(refusalError(refusal));
    const code = refusal.state.startsWith("revoked") ? "agreement-revoked" : "agreement-inactive";
    const reason = wordFailure({ by: "naru", code, message: null, providerCode: null });
    return success({ status: "FAILED", failure: reason });
  };
  mountKeyed(server, context, revoke, {
    async handle(call, keep) {
      const found = await readAgreement(call);
      if (!found.ok) return failure(found.error);
      return revoked(
        await core.walletCharges.revoke({ agreementId: found.value.id, by: "merchant", kept: keep(revoked) }),
      );
    },
    // A revocation is answered by the transaction that makes it.
    resume: () => Promise.reject(new Error("a revocation was bound and not answered")),
  });

  const charge: Endpoint = {
    method: "POST",
    url: "/v1/payment-agreements/:id/payment-charges",
    summary: "Charge under an agreement; nobody is asked",
    body: AgreementChargeRequest,
    response: Charge,
  };
  const answer = chargeAnswer(context);
  mountKeyed(server, context, charge, {
    async handle(call, keep) {
      const read = readCharge(call.body);
      if (!read.ok) return failure(read.error);
      const found = await readAgreement(call);
      if (!found.ok) return failure(found.error);
      const wish = agreementChargeWish(context, call.tenant, found.value, read.value);
      if (!wish.ok) return failure(wish.error);
      const { request, proof } = wish.value;
      return answer(await core.walletCharges.charge({ ...request, kept: keep(answer) }, proof));
    },
    resume: async (_call, subjectId) => success(presentCharge(await viewOfCharge(pool, subjectId), checkout)),
  });
}
