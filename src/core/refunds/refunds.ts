/** Paying money back, from the intent to the bank's answer, and asking the bank when there was none. */
import type { Pool } from "../../store/index.ts";
import type { Connector, RefundService } from "../connector.ts";
import { accepted, type Outcome } from "../errors.ts";
import type { ExchangeDraft } from "../exchanges.ts";
import { call, type OperationHandler } from "../operations/resolver.ts";
import type { RefundOutcome, RefundOutcomeRequest } from "./commands.ts";
import type { Refunded, RefundRequest } from "./decide.ts";
import { refunds } from "./refund.ts";

export interface RefundCommands {
  request(request: RefundRequest): Promise<Outcome<Refunded>>;
  record(outcome: RefundOutcomeRequest): Promise<RefundOutcome>;
}

export class Refunds {
  readonly #commands: RefundCommands;
  readonly #connectors: ReadonlyMap<string, Connector>;
  readonly #callTimeout_ms: number;

  constructor(commands: RefundCommands, connectors: ReadonlyMap<string, Connector>, callTimeout_ms: number) {
    this.#commands = commands;
    this.#connectors = connectors;
    this.#callTimeout_ms = callTimeout_ms;
  }

  /**
   * Refunds a payment. The intent is committed, the bank is called, its answer is committed. When there is none in time
   * the refund is `unknown`: its amount stays reserved, and the bank is asked until it is known what became of it.
   */
  async pay(
    request: Omit<RefundRequest, "callTimeout_ms">,
    exchange?: ExchangeDraft<RefundOutcome>,
  ): Promise<Outcome<RefundOutcome>> {
    // Before anything is reserved.
    this.#service(request.connector);
    const intent = await this.#commands.request({ ...request, callTimeout_ms: this.#callTimeout_ms });
    if (!intent.ok) return intent;
    const { number, holder } = request.account;
    return accepted(await this.order(intent.value, { number: number!, holder: holder! }, exchange));
  }

  /** Calls the bank for a refund whose intent is committed, and commits its answer. */
  async order(
    { payment, refund, operation }: Refunded,
    account: { number: string; holder: string },
    exchange?: ExchangeDraft<RefundOutcome>,
  ): Promise<RefundOutcome> {
    const service = this.#service(refund.connector);
    const order = {
      key: operation.id,
      validUntil: operation.validUntil,
      providerTransaction: payment.providerTransaction,
      amount: refund.amount,
      currency: refund.currency,
      bankCode: refund.bankCode!,
      ...account,
    };
    const answer = await call((signal) => service.pay(order, signal), this.#callTimeout_ms);
    const [refundId, operationId, paymentId] = [refund.id, operation.id, payment.id];
    return this.#commands.record({ refundId, operationId, paymentId, answer, exchange });
  }

  handler(pool: Pool): OperationHandler {
    return {
      ask: async ({ connector, id }, signal) => this.#service(connector).ask(id, signal),
      record: async ({ id: operationId, subjectId: refundId }, answer) => {
        const [refund] = await refunds.read(pool, [refundId]);
        const { paymentId } = refund!;
        return this.#commands.record({ refundId, operationId, paymentId, answer });
      },
    };
  }

  #service(connector: string): RefundService {
    const service = this.#connectors.get(connector)?.refunds;
    if (service === undefined) throw new Error(`connector ${connector} refunds nothing`);
    return service;
  }
}
