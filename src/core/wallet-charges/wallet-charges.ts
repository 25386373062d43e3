/** Charging wallets, from the intent to the wallet's answer, and asking the wallet when there was none. */
import type { Pool } from "../../store/index.ts";
import type { Connector, WalletService } from "../connector.ts";
import { accepted, type ChargeRefusal, type Outcome } from "../errors.ts";
import { newOperationId, type Operation, type OperationAnswer } from "../operations/operation.ts";
import { call, type OperationHandler } from "../operations/resolver.ts";
import { refunds } from "../refunds/refund.ts";
import type { Secrets } from "../secrets.ts";
import { type Agreement, agreementPrefix } from "./agreement.ts";
import type { MakeAgreementRequest, RevokeRequest } from "./agreement-commands.ts";
import { readChargesByPayment } from "./charge.ts";
import type { CheckoutOf } from "./checkouts.ts";
import type {
  AuthorizationOutcome,
  AuthorizeRequest,
  EndRequest,
  MakeChargeRequest,
  RefundChargeRequest,
  Stepped,
  TakeStepRequest,
  WalletRefundOutcome,
} from "./commands.ts";
import type { Charged, Checkout } from "./decide.ts";
import type { Agreed } from "./decide-agreement.ts";
import type { WalletRefunded } from "./decide-refund.ts";
import type { Instrument } from "./instrument.ts";
import type { ChangeInstrumentRequest, KeepInstrumentRequest } from "./instrument-commands.ts";
import type { Kept } from "./kept.ts";

type Refusable<Value> = Promise<Outcome<Value, ChargeRefusal>>;

export interface WalletCommands {
  make(request: MakeChargeRequest): Refusable<Charged>;
  begin(request: AuthorizeRequest): Refusable<{ checkout: Checkout; operation: Operation }>;
  record(outcome: AuthorizationOutcome): Promise<Checkout>;
  end(request: EndRequest): Refusable<Checkout>;
  step(request: TakeStepRequest): Refusable<Stepped>;
  refund(request: RefundChargeRequest): Refusable<WalletRefunded>;
  recordRefund(outcome: WalletRefundOutcome): Refusable<WalletRefunded>;
  agree(request: MakeAgreementRequest): Refusable<Agreed>;
  revoke(request: RevokeRequest): Refusable<Agreement>;
  keepInstrument(request: KeepInstrumentRequest): Refusable<Instrument>;
  changeInstrument(request: ChangeInstrumentRequest): Refusable<Instrument>;
}

/** What the node fills in. */
type Asked<Request> = Omit<Request, "callTimeout_ms">;

export class WalletCharges {
  readonly #commands: WalletCommands;
  readonly #connectors: ReadonlyMap<string, Connector>;
  readonly #secrets: Secrets;
  readonly #callTimeout_ms: number;

  constructor(
    commands: WalletCommands,
    connectors: ReadonlyMap<string, Connector>,
    secrets: Secrets,
    callTimeout_ms: number,
  ) {
    this.#commands = commands;
    this.#connectors = connectors;
    this.#secrets = secrets;
    this.#callTimeout_ms = callTimeout_ms;
  }

  /**
   * Makes a charge. Where nobody is asked, the wallet is called with `proof` and its answer is committed; when there is
   * none in time the charge is confirming, and the wallet is asked until it is known what became of it.
   */
  async charge(
    { wish, ...request }: Omit<MakeChargeRequest, "wish"> & { wish: Asked<MakeChargeRequest["wish"]> },
    proof: string | null,
  ): Refusable<Charged> {
    const callTimeout_ms = this.#callTimeout_ms;
    const made = await this.#commands.make({ ...request, wish: { ...wish, callTimeout_ms } });
    if (!made.ok || made.value.operation === undefined) return made;
    const { view, operation, agreement } = made.value;
    const chargedOf = ({ charge }: Checkout) => ({ view: charge!, operation: undefined, agreement });
    const kept = answering(request.kept, chargedOf);
    const of = { chargeId: view.charge.id };
    return accepted(
      chargedOf(await this.#ask(of, { agreement: undefined, charge: view }, operation, proof, kept, agreement)),
    );
  }

  /** Makes an agreement, likewise. */
  async agree(
    { wish, ...request }: Omit<MakeAgreementRequest, "wish"> & { wish: Asked<MakeAgreementRequest["wish"]> },
    proof: string | null,
  ): Refusable<Agreed> {
    const callTimeout_ms = this.#callTimeout_ms;
    const made = await this.#commands.agree({ ...request, wish: { ...wish, callTimeout_ms } });
    if (!made.ok || made.value.operation === undefined) return made;
    const { checkout, operation } = made.value;
    const agreedOf = ({ agreement, charge }: Checkout) => ({
      checkout: { agreement: agreement!, charge },
      operation: undefined,
    });
    const of = { agreementId: checkout.agreement.id };
    return accepted(agreedOf(await this.#ask(of, checkout, operation, proof, answering(request.kept, agreedOf))));
  }

  /** The shopper agrees; `proof` is what they brought back from the wallet. */
  async authorize(of: CheckoutOf, proof: string, kept?: Kept<Outcome<Checkout, ChargeRefusal>>): Refusable<Checkout> {
    const operationId = newOperationId();
    const callTimeout_ms = this.#callTimeout_ms;
    const begun = await this.#commands.begin({ of, operationId, callTimeout_ms, lease: kept?.lease });
    if (!begun.ok) return begun;
    const { checkout, operation } = begun.value;
    return accepted(await this.#ask(of, checkout, operation, proof, kept && answering(kept, (value) => value)));
  }

  /** The shopper does not agree, or not in time. */
  end(request: EndRequest): Refusable<Checkout> {
    return this.#commands.end(request);
  }

  /** A capture, a void, a discard. */
  step(request: TakeStepRequest): Refusable<Stepped> {
    return this.#commands.step(request);
  }

  revoke(request: RevokeRequest): Refusable<Agreement> {
    return this.#commands.revoke(request);
  }

  keepInstrument(request: KeepInstrumentRequest): Refusable<Instrument> {
    return this.#commands.keepInstrument(request);
  }

  changeInstrument(request: ChangeInstrumentRequest): Refusable<Instrument> {
    return this.#commands.changeInstrument(request);
  }

  /** Gives back a part of a charge, or all of it; pending while the wallet does not say that it has. */
  async refund(request: Asked<RefundChargeRequest>): Refusable<WalletRefunded> {
    const intent = await this.#commands.refund({ ...request, callTimeout_ms: this.#callTimeout_ms });
    if (!intent.ok || intent.value.operation === undefined) return intent;
    const { view, refund, operation } = intent.value;
    const wallet = this.#wallet(operation.connector);
    const order = {
      key: operation.id,
      validUntil: operation.validUntil,
      authorization: view.payment.providerTransaction,
      amount: refund.amount,
      currency: refund.currency,
    };
    const answer = await call((signal) => wallet.refund(order, signal), this.#callTimeout_ms);
    const { chargeId, refundId, kept } = request;
    return this.#commands.recordRefund({ chargeId, refundId, operationId: operation.id, answer, kept });
  }

  /** Of what a wallet was asked to authorize. */
  authorizations(): OperationHandler {
    return {
      ask: async ({ connector, id }, signal) => this.#wallet(connector).ask(id, signal),
      record: (operation, answer) => {
        const { subjectId } = operation;
        const of = isAgreement(subjectId) ? { agreementId: subjectId } : { chargeId: subjectId };
        return this.#record(of, operation, answer);
      },
    };
  }

  /** Of what a wallet was asked to give back. */
  refunds(pool: Pool): OperationHandler {
    return {
      ask: async ({ connector, id }, signal) => this.#wallet(connector).ask(id, signal),
      record: async ({ id: operationId, subjectId: refundId }, answer) => {
        const [refund] = await refunds.read(pool, [refundId]);
        const [charge] = await readChargesByPayment(pool, [refund!.paymentId]);
        return this.#commands.recordRefund({ chargeId: charge!.id, refundId, operationId, answer });
      },
    };
  }

  async #ask(
    of: CheckoutOf,
    { agreement, charge }: Checkout,
    operation: Operation,
    proof: string | null,
    kept: Kept<Checkout> | undefined,
    under?: Agreement,
  ): Promise<Checkout> {
    const { connector, method } = agreement ?? charge!.charge;
    const wallet = this.#wallet(connector);
    const order = {
      key: operation.id,
      validUntil: operation.validUntil,
      method,
      amount: charge?.charge.amount ?? 0,
      currency: charge?.charge.currency ?? "KRW",
      description: charge?.payment.name ?? null,
      proof,
      wantsBillingKey: agreement !== undefined,
      billingKey: under === undefined ? null : this.#billingKey(under),
    };
    const answer = await call((signal) => wallet.authorize(order, signal), this.#callTimeout_ms);
    return this.#record(of, operation, answer, kept);
  }

  #record(of: CheckoutOf, operation: Operation, answer: OperationAnswer, kept?: Kept<Checkout>): Promise<Checkout> {
    const billingKey = answer.outcome === "succeeded" ? answer.billingKey : undefined;
    const billingKeyEncrypted =
      billingKey === undefined
        ? null
        : this.#secrets.encrypt(billingKey, placeOf(operation.subjectId, operation.merchantId));
    return this.#commands.record({ of, operationId: operation.id, answer, billingKeyEncrypted, kept });
  }

  /** None of an agreement that was revoked meanwhile: the wallet declines. */
  #billingKey({ id, merchantId, billingKeyEncrypted }: Agreement): string {
    return billingKeyEncrypted === null ? "" : this.#secrets.decrypt(billingKeyEncrypted, placeOf(id, merchantId));
  }

  #wallet(connector: string): WalletService {
    const wallet = this.#connectors.get(connector)?.wallet;
    if (wallet === undefined) throw new Error(`connector ${connector} charges nothing`);
    return wallet;
  }
}

function isAgreement(id: string): boolean {
  return id.startsWith(agreementPrefix);
}

const placeOf = (row: string, merchantId: string) => ({
  table: "agreements",
  column: "billing_key_encrypted",
  row,
  merchantId,
});

/** The same call, answered by what comes of a later transaction. */
function answering<Value>(
  { lease, exchange }: Kept<Outcome<Value, ChargeRefusal>>,
  of: (checkout: Checkout) => Value,
): Kept<Checkout> {
  return { lease, exchange: { ...exchange, answer: (checkout) => exchange.answer(accepted(of(checkout))) } };
}
