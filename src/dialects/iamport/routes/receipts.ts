/** `/receipts`: cash receipts for paid virtual accounts, and under `/receipts/external` for sales made elsewhere. */
import type { FastifyInstance } from "fastify";
import type { Static, TObject } from "typebox";
import type { Core } from "../../../core/index.ts";
import type { Channel } from "../../../core/merchants/merchant.ts";
import { newOperationId } from "../../../core/operations/operation.ts";
import { findPayment } from "../../../core/payments/read.ts";
import { sealReceipt } from "../../../core/receipts/commands.ts";
import type { Receipted } from "../../../core/receipts/decide.ts";
import {
  type Receipt as CoreReceipt,
  currentReceipt,
  readReceipts,
  type Sale,
  shownReceipt,
} from "../../../core/receipts/receipt.ts";
import type { Fields } from "../../../http/body.ts";
import { errors, type IamportError, refusalError } from "../errors.ts";
import { dialect, isPlainReference, plainNumber } from "../identifiers.ts";
import { presentReceipt } from "../present.ts";
import { providerRules, type ReceiptRules } from "../providers.ts";
import { ExternalReceipt, ExternalReceiptRequest, Receipt, ReceiptRequest, references } from "../schemas/index.ts";
import { type Answer, type Call, exchangeOf, failure, mount, queryReader, type Read, success } from "./call.ts";

/** Receipts of payments and of sales elsewhere differ in how the sale is named and where its channel comes from. */
interface Kind {
  url: string;
  id: "imp_uid" | "merchant_uid";
  of: string;
  body: TObject;
  response: TObject;
  read(body: Fields): Read<ReceiptFields>;
  /** The sale that an address names, a payment's with its channel; undefined when there is no such payment. */
  sale(core: Core, call: Call): Promise<(Sale & { channelId?: string }) | undefined>;
  /** The channel a new receipt is issued through. */
  isChannel(channel: Channel, channelId: string | undefined, fields: ReceiptFields): boolean;
  channelUnknown: IamportError;
  notIssued: IamportError;
  rules(of: ReceiptRules): { issue: boolean; cancel: boolean; requires: readonly string[] };
}

type ReceiptFields = Static<typeof ReceiptRequest> & Partial<Static<typeof ExternalReceiptRequest>>;

const ofPayment: Kind = {
  url: "/receipts/:imp_uid",
  id: "imp_uid",
  of: "a payment",
  body: ReceiptRequest,
  response: Receipt,
  read: queryReader(ReceiptRequest),
  async sale(core, { tenant, params }) {
    const payment = await findPayment(core.store.pool, tenant.merchant.id, dialect, params.imp_uid!);
    if (payment === undefined) return undefined;
    const { id: paymentId, merchantId, reference, channelId } = payment;
    return { paymentId, merchantId, reference, channelId };
  },
  isChannel: (channel, channelId) => channel.id === channelId,
  channelUnknown: errors.paymentUnknown,
  notIssued: errors.receiptNotIssued,
  rules: ({ issue, cancel, requires }) => ({ issue, cancel, requires }),
};

const ofSaleElsewhere: Kind = {
  url: "/receipts/external/:merchant_uid",
  id: "merchant_uid",
  of: "a sale made elsewhere",
  body: ExternalReceiptRequest,
  response: ExternalReceipt,
  read: queryReader(ExternalReceiptRequest),
  async sale(_core, { tenant, params }) {
    return { paymentId: null, merchantId: tenant.merchant.id, reference: params.merchant_uid! };
  },
  isChannel: (channel, _channelId, { channel_key }) => channel.key === channel_key,
  channelUnknown: errors.channelUnknown,
  notIssued: errors.receiptUnknown,
  rules: (of) => ({ issue: of.external, cancel: of.cancelExternal, requires: of.requiresExternal }),
};

export function mountReceipts(server: FastifyInstance, core: Core): void {
  mountKind(server, core, ofPayment);
  mountKind(server, core, ofSaleElsewhere);
  for (const { url, response, id } of [ofPayment, ofSaleElsewhere]) {
    for (const method of ["GET", "POST", "DELETE"] as const) {
      const withoutId = { method, url: url.replace(`/:${id}`, ""), summary: "", response, hidden: true };
      mount(server, core, withoutId, () => failure(errors.missing(id)));
    }
  }
}

function mountKind(server: FastifyInstance, core: Core, kind: Kind): void {
  const { url, response, of } = kind;
  const issue = { method: "POST", url, summary: `Issue a cash receipt for ${of}`, body: kind.body, response } as const;
  const read = { method: "GET", url, summary: `Read the cash receipt of ${of}`, response } as const;
  const cancel = { method: "DELETE", url, summary: `Cancel the cash receipt of ${of}`, response } as const;
  const present = (call: Call, receipt: CoreReceipt) => ({
    [kind.id]: call.params[kind.id],
    ...presentReceipt(receipt),
  });

  mount(server, core, issue, async (call) => {
    const checked = kind.read(call.body);
    if (!checked.ok) return failure(checked.error);
    const fields = checked.value;
    const found = await kind.sale(core, call);
    const channel = found && call.tenant.channels.find((one) => kind.isChannel(one, found.channelId, fields));
    if (channel === undefined) return failure(kind.channelUnknown);
    const { channelId: _, ...sale } = found!;
    const objection = objectionOf(core, kind, channel, sale, fields);
    if (objection !== undefined) return failure(objection);
    const { identifier, identifier_type, type = "person", tax_free: taxFree = 0, vat, vat_amount } = fields;
    const answer = answerOf((receipt) => present(call, receipt));
    const outcome = await core.receipts.issue(
      {
        ...sealReceipt(core.secrets, sale.merchantId, identifier),
        ...sale,
        channelId: channel.id,
        connector: channel.connector,
        type,
        identifierType: identifier_type ?? null,
        name: fields.name ?? null,
        amount: fields.amount ?? null,
        taxFree,
        vat: vat_amount ?? vat ?? null,
      },
      identifier,
      exchangeOf(issue, call.params, call.body, answer),
    );
    return outcome.ok ? answer(outcome.value) : failure(refusalError(outcome.refusal));
  });

  mount(server, core, read, async (call) => {
    const sale = await kind.sale(core, call);
    const receipt = sale && shownReceipt(await readReceipts(core.store.pool, [sale]));
    return receipt === undefined ? failure(errors.receiptUnknown) : success(present(call, receipt));
  });

  mount(server, core, cancel, async (call) => {
    const sale = await kind.sale(core, call);
    const receipt = sale && currentReceipt(await readReceipts(core.store.pool, [sale]));
    if (receipt === undefined) return failure(kind.notIssued);
    const { provider } = call.tenant.channels.find((channel) => channel.id === receipt.channelId)!;
    if (!kind.rules(providerRules(provider).receipts).cancel) return failure(errors.receiptUnsupported(provider));
    const answer = answerOf((cancelled) => present(call, cancelled));
    const exchange = exchangeOf(cancel, call.params, {}, answer);
    const outcome = await core.receipts.cancel({ ...sale!, operationId: newOperationId() }, exchange);
    if (outcome.ok) return answer(outcome.value);
    const { refusal } = outcome;
    return failure(refusal.code === "receipt-unknown" ? kind.notIssued : refusalError(refusal));
  });
}

/** Why the PG would not issue it. */
function objectionOf(
  core: Core,
  kind: Kind,
  { provider, connector }: Channel,
  { reference }: Sale,
  fields: ReceiptFields,
): IamportError | undefined {
  const { receipts, plainReference } = providerRules(provider);
  const rules = kind.rules(receipts);
  if (!rules.issue || !core.can(connector, "receipts")) return errors.receiptUnsupported(provider);
  const missing = rules.requires.find((field) => fields[field as keyof ReceiptFields] === undefined);
  if (missing !== undefined) return errors.missing(missing);
  if (!isIdentifier(fields.identifier, fields.identifier_type)) {
    return errors.illTyped("identifier", "identifier_type에 맞는 자릿수의 숫자");
  }
  if (fields.identifier_type === "taxcard" && !receipts.taxCard) {
    return { ...errors.unsupported("identifier_type taxcard", provider), status: 400 };
  }
  if (reference.length > references.merchant_uid_length) {
    return { ...errors.tooLong("merchant_uid", references.merchant_uid_length), status: 400 };
  }
  const special = kind === ofSaleElsewhere && plainReference && !isPlainReference(reference);
  return special ? { ...errors.specialCharacters, status: 400 } : undefined;
}

/** Digits of a resident's number, a business's, a telephone or a cash receipt card; hyphens and spaces do not count. */
const identifierForms = { person: /^\d{13}$/, business: /^\d{10}$/, phone: /^\d{10,11}$/, taxcard: /^\d{13,19}$/ };

function isIdentifier(identifier: string, type: string | undefined): boolean {
  const digits = plainNumber(identifier);
  const forms = Object.entries(identifierForms).filter(([name]) => type === undefined || name === type);
  return forms.some(([, form]) => form.test(digits));
}

function answerOf(present: (receipt: CoreReceipt) => object): (outcome: Receipted) => Answer {
  return ({ receipt, operation }) => {
    if (operation.state === "failed") return failure(errors.receiptFailed(receipt.failureMessage!));
    return operation.state === "succeeded" ? success(present(receipt)) : failure(errors.receiptUnsettled);
  };
}
