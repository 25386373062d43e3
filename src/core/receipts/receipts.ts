/** Making and cancelling cash receipts, from the intent to the PG's answer, and asking the PG when there was none. */
import type { Pool } from "../../store/index.ts";
import type { Connector, ReceiptService } from "../connector.ts";
import { accepted, type Outcome } from "../errors.ts";
import type { ExchangeDraft } from "../exchanges.ts";
import type { OperationAnswer } from "../operations/operation.ts";
import { call, type OperationHandler } from "../operations/resolver.ts";
import type { ReceiptOutcomeRequest } from "./commands.ts";
import type { CancelReceiptRequest, Receipted, ReceiptRequest } from "./decide.ts";
import { receipts } from "./receipt.ts";

export interface ReceiptCommands {
  issue(request: ReceiptRequest): Promise<Outcome<Receipted>>;
  cancel(request: CancelReceiptRequest): Promise<Outcome<Receipted>>;
  record(outcome: ReceiptOutcomeRequest): Promise<Receipted>;
}

export class Receipts {
  readonly #commands: ReceiptCommands;
  readonly #connectors: ReadonlyMap<string, Connector>;
  readonly #callTimeout_ms: number;

  constructor(commands: ReceiptCommands, connectors: ReadonlyMap<string, Connector>, callTimeout_ms: number) {
    this.#commands = commands;
    this.#connectors = connectors;
    this.#callTimeout_ms = callTimeout_ms;
  }

  /** `identifier`: whom the receipt names, in clear, for the PG alone. */
  async issue(
    request: Omit<ReceiptRequest, "callTimeout_ms">,
    identifier: string,
    exchange?: ExchangeDraft<Receipted>,
  ): Promise<Outcome<Receipted>> {
    const intent = await this.#commands.issue({ ...request, callTimeout_ms: this.#callTimeout_ms });
    if (!intent.ok) return intent;
    const { receipt, operation } = intent.value;
    const { type, identifierType, amount, taxFree, vat } = receipt;
    const { id: key, validUntil } = operation;
    const order = { key, validUntil, type, identifier, identifierType, amount, taxFree, vat };
    return this.#carryOut(intent.value, (service, signal) => service.issue(order, signal), exchange);
  }

  /** Cancels the receipt that is issued for a sale. */
  async cancel(
    request: Omit<CancelReceiptRequest, "callTimeout_ms">,
    exchange?: ExchangeDraft<Receipted>,
  ): Promise<Outcome<Receipted>> {
    const intent = await this.#commands.cancel({ ...request, callTimeout_ms: this.#callTimeout_ms });
    if (!intent.ok) return intent;
    const { receipt, operation } = intent.value;
    const order = { key: operation.id, validUntil: operation.validUntil, transactionId: receipt.transactionId! };
    return this.#carryOut(intent.value, (service, signal) => service.cancel(order, signal), exchange);
  }

  handler(pool: Pool): OperationHandler {
    return {
      ask: async ({ connector, id }, signal) => this.#service(connector).ask(id, signal),
      record: async (operation, answer) => {
        const [receipt] = await receipts.read(pool, [operation.subjectId]);
        return this.#record({ receipt: receipt!, operation }, answer);
      },
    };
  }

  async #carryOut(
    intended: Receipted,
    make: (service: ReceiptService, signal: AbortSignal) => Promise<OperationAnswer>,
    exchange: ExchangeDraft<Receipted> | undefined,
  ): Promise<Outcome<Receipted>> {
    const service = this.#service(intended.receipt.connector);
    const answer = await call((signal) => make(service, signal), this.#callTimeout_ms);
    return accepted(await this.#record(intended, answer, exchange));
  }

  #record(
    { receipt, operation }: Receipted,
    answer: OperationAnswer,
    exchange?: ExchangeDraft<Receipted>,
  ): Promise<Receipted> {
    const { id: receiptId, merchantId, paymentId, reference } = receipt;
    const operationId = operation.id;
    return this.#commands.record({ merchantId, paymentId, reference, receiptId, operationId, answer, exchange });
  }

  #service(connector: string): ReceiptService {
    const service = this.#connectors.get(connector)?.receipts;
    if (service === undefined) throw new Error(`connector ${connector} makes no receipts`);
    return service;
  }
}
