/** Charges and agreements as the commands take them, from what clients send. */
import type { Json } from "../../core/exchanges.ts";
import type { Tenant } from "../../core/merchants/directory.ts";
import { type Channel, defaultChannel } from "../../core/merchants/merchant.ts";
import { newOperationId } from "../../core/operations/operation.ts";
import type { Buyer } from "../../core/payments/payment.ts";
import { agreementPrefix, type Agreement as CoreAgreement } from "../../core/wallet-charges/agreement.ts";
import type { MakeAgreementRequest } from "../../core/wallet-charges/agreement-commands.ts";
import type { Authentication } from "../../core/wallet-charges/charge.ts";
import type { MakeChargeRequest } from "../../core/wallet-charges/commands.ts";
import type { ChargeWish } from "../../core/wallet-charges/decide.ts";
import { type Instrument, sealDetails } from "../../core/wallet-charges/instrument.ts";
import { walletProof } from "../../core/wallet-charges/proof.ts";
import { type Read, wrong } from "../../http/validate.ts";
import { newId } from "../../store/index.ts";
import { holdsCard } from "./card-numbers.ts";
import type { Context } from "./context.ts";
import { errors, type PproError } from "./errors.ts";
import { dialect, wireId } from "./identifiers.ts";
import { type Method, methodOf } from "./methods.ts";
import {
  type AgreementChargeRequest,
  type AgreementRequest,
  type AuthenticationSetting,
  type ChargeRequest,
  type Consumer,
  fieldLimits,
  type InitialCharge,
  type InstrumentRequest,
} from "./schemas/index.ts";
import { readWebhooksUrl } from "./webhook.ts";

/** What a wish becomes when the core fills in how long the wallet may take. */
type Wished<Request extends { wish: object }> = Omit<Request, "wish" | "kept"> & {
  wish: Omit<Request["wish"], "callTimeout_ms">;
};

export interface Wish<Request extends { wish: object }> {
  request: Wished<Request>;
  /** What the wallet is told of the shopper, where nobody is asked. */
  proof: string;
}

/** A charge that stands alone. */
export function chargeWish(
  context: Context,
  tenant: Tenant,
  sent: ChargeRequest,
): Read<Wish<MakeChargeRequest>, PproError> {
  const { amount, paymentMethod: code, consumer, instrumentId = null, instrument } = sent;
  if (sent.instrumentUpdateDetails !== undefined) return wrong(errors.cardRefused("instrumentUpdateDetails"));
  const channel = channelOf(context, tenant, code);
  if (!channel.ok) return channel;
  const objection = amountObjection(amount) ?? instrumentObjection(instrumentId, instrument);
  if (objection !== undefined) return wrong(objection);
  const noticeUrls = noticeUrlsOf(context, tenant, sent.webhooksUrl);
  if (!noticeUrls.ok) return noticeUrls;
  const method = methodOf(context.methods, sent);
  const { merchant } = tenant;
  const shown = shownOf(sent, consumer);
  const wish = {
    ...partOf(merchant.id, code, channel.value, method, consumer, sent),
    offered: offeredOf(sent.authenticationSettings),
    authenticateWithin_s: context.authenticateWithin_s,
    details: detailsOf(method, shown),
    noticeUrls: noticeUrls.value,
  };
  const newInstrument = newInstrumentOf(context, merchant.id, method, consumer, instrumentId, instrument);
  const request = { wish, agreementId: null, namedInstrument: instrumentId, newInstrument };
  return { ok: true, value: { request, proof: proofOf(method) } };
}

/** One under an agreement, of which it has what it does not say itself. */
export function agreementChargeWish(
  context: Context,
  tenant: Tenant,
  agreement: CoreAgreement,
  sent: AgreementChargeRequest,
): Read<Wish<MakeChargeRequest>, PproError> {
  const objection = amountObjection(sent.amount);
  if (objection !== undefined) return wrong(objection);
  const channel = tenant.channels.find(({ id }) => id === agreement.channelId);
  if (channel === undefined) return wrong(errors.unprocessable("The agreement's provider is no longer available"));
  const noticeUrls =
    sent.webhooksUrl === undefined
      ? ({ ok: true, value: agreement.noticeUrls } as const)
      : noticeUrlsOf(context, tenant, sent.webhooksUrl);
  if (!noticeUrls.ok) return noticeUrls;
  const code = agreement.method;
  const consumer = { ...consumerOf(agreement), ...sent.consumer };
  const method = methodOf(context.methods, { ...sent, paymentMethod: code });
  const wish = {
    ...partOf(tenant.merchant.id, code, channel, method, consumer, sent),
    offered: [],
    authenticateWithin_s: context.authenticateWithin_s,
    details: detailsOf(method, shownOf({ ...sent, paymentMedium: mediumOf(agreement) }, consumer)),
    noticeUrls: noticeUrls.value,
    instrumentId: agreement.instrumentId,
  };
  const request = { wish, agreementId: agreement.id, namedInstrument: null, newInstrument: null };
  return { ok: true, value: { request, proof: proofOf(method) } };
}

export function agreementWish(
  context: Context,
  tenant: Tenant,
  sent: AgreementRequest,
): Read<Wish<MakeAgreementRequest>, PproError> {
  const {
    paymentMethod: code,
    consumer,
    initialPaymentCharge: initial,
    amount,
    instrumentId = null,
    instrument,
  } = sent;
  const channel = channelOf(context, tenant, code);
  if (!channel.ok) return channel;
  const objection =
    (amount && amountObjection(amount)) ??
    (initial && amountObjection(initial.amount)) ??
    instrumentObjection(instrumentId, instrument);
  if (objection !== undefined) return wrong(objection);
  const noticeUrls = noticeUrlsOf(context, tenant, sent.webhooksUrl);
  if (!noticeUrls.ok) return noticeUrls;
  const ofInitial =
    initial?.webhooksUrl === undefined ? noticeUrls : noticeUrlsOf(context, tenant, initial.webhooksUrl);
  if (!ofInitial.ok) return ofInitial;
  const { merchant } = tenant;
  const method = methodOf(context.methods, { paymentMethod: code, ...steering(initial) });
  const offered = offeredOf(sent.authenticationSettings ?? initial?.authenticationSettings);
  const common = { offered, authenticateWithin_s: context.authenticateWithin_s };
  const agreementId = newId(agreementPrefix.slice(0, -1));
  const { paymentMedium, description, frequency, startDate, endDate, amountType, labels } = sent;
  const { initialSchemeAuthorizationReference, initialTransactionLinkReference } = sent;
  const shown = {
    consumer,
    paymentMedium,
    description,
    frequency: frequency && { interval: 1, ...frequency },
    startDate: momentOf(startDate),
    endDate: momentOf(endDate),
    amount,
    amountType,
    instrument: instrument && { type: instrument.type },
    initialSchemeAuthorizationReference,
    initialTransactionLinkReference,
    labels,
  } as { [field: string]: Json | undefined };
  const wish = {
    ...common,
    agreementId,
    operationId: newOperationId(),
    merchantId: merchant.id,
    dialect,
    wireId: wireId("agr", agreementId),
    reference: sent.merchantPaymentAgreementReference ?? null,
    instrumentId: null,
    channel: channel.value,
    method: code,
    rules: method?.rules ?? null,
    country: consumer.country,
    noticeUrls: noticeUrls.value,
    details: { shown },
    initialCharge:
      initial === undefined
        ? null
        : {
            ...common,
            ...partOf(merchant.id, code, channel.value, method, { ...consumer, ...initial.consumer }, initial),
            details: detailsOf(
              method,
              shownOf(
                { authenticationSettings: sent.authenticationSettings, ...initial, paymentMedium },
                { ...consumer, ...initial.consumer },
              ),
            ),
            noticeUrls: ofInitial.value,
          },
  };
  const newInstrument = newInstrumentOf(context, merchant.id, method, consumer, instrumentId, instrument);
  const request = { wish, namedInstrument: instrumentId, newInstrument };
  return { ok: true, value: { request, proof: proofOf(method) } };
}

/** What a mock is steered by; without a first charge it asks the shopper, as an agreement is worth nothing without. */
function steering(initial: InitialCharge | undefined) {
  if (initial === undefined) return { paymentDescriptor: "requiresAuthentication=true" };
  const { paymentDescriptor, autoCapture } = initial;
  return { paymentDescriptor, autoCapture };
}

type Part = Omit<ChargeWish, "offered" | "authenticateWithin_s" | "details" | "noticeUrls" | "callTimeout_ms">;

type Sent = Pick<ChargeRequest, "amount" | "merchantPaymentChargeReference" | "paymentDescriptor">;

function partOf(
  merchantId: string,
  code: string,
  channel: Channel,
  method: Method | null,
  consumer: Consumer,
  { amount, merchantPaymentChargeReference, paymentDescriptor }: Sent,
): Part {
  const chargeId = newId("chg");
  return {
    chargeId,
    paymentId: newId("pay"),
    operationId: newOperationId(),
    merchantId,
    dialect,
    wireId: wireId("charge", chargeId),
    reference: merchantPaymentChargeReference ?? null,
    instrumentId: null,
    channel,
    method: code,
    rules: method?.rules ?? null,
    amount: amount.value,
    currency: amount.currency,
    country: consumer.country,
    description: paymentDescriptor ?? null,
    buyer: buyerOf(consumer),
    userAgent: consumer.client?.userAgent ?? null,
  };
}

function buyerOf({ name, email, phone, billingAddress }: Consumer): Buyer {
  const { street, city, region, postalCode } = billingAddress ?? {};
  const address = [region, city, street].filter(Boolean).join(" ");
  return {
    name: name ?? null,
    email: email ?? null,
    tel: phone ?? null,
    address: address === "" ? null : address,
    postcode: postalCode ?? null,
  };
}

function consumerOf(agreement: CoreAgreement): Consumer {
  return agreement.details.shown.consumer as unknown as Consumer;
}

function mediumOf(agreement: CoreAgreement): ChargeRequest["paymentMedium"] {
  return agreement.details.shown.paymentMedium as ChargeRequest["paymentMedium"];
}

/** What is given back as it was sent, without what authenticates somebody. */
function shownOf(sent: Partial<Omit<ChargeRequest, "consumer">>, consumer: Consumer) {
  const { paymentMedium, initiator, scheduleType, paymentDescriptor, order, labels, autoCapture, instrument } = sent;
  const authenticationSettings = sent.authenticationSettings?.map(({ type, settings }) => {
    if (settings === undefined) return { type };
    const { verificationCode: _, ...others } = settings;
    return { type, settings: others };
  });
  return {
    paymentMedium,
    initiator,
    scheduleType,
    paymentDescriptor,
    consumer,
    order,
    labels,
    autoCapture,
    authenticationSettings,
    instrument: instrument && { type: instrument.type },
    initialTransactionLinkReference: sent.initialTransactionLinkReference,
  } as unknown as { [field: string]: Json | undefined };
}

function detailsOf(method: Method | null, shown: ChargeWish["details"]["shown"]): ChargeWish["details"] {
  const { settles, confirms_s } = method ?? { settles: { after_s: 0, as: "not-expected" }, confirms_s: null };
  return { shown, settles, confirms_s };
}

/** Where nobody is asked, a mock approves, perhaps only after a while. */
export function proofOf(method: Pick<Method, "confirms_s"> | null): string {
  return walletProof({ decision: "pay", confirm_s: method?.confirms_s ?? 0 });
}

function offeredOf(settings: readonly AuthenticationSetting[] | undefined): Authentication[] {
  return (settings ?? []).flatMap(({ type, settings: of = {} }): Authentication[] => {
    switch (type) {
      case "REDIRECT": {
        const returnUrl = readReturnUrl(of.returnUrl);
        return returnUrl === undefined ? [] : [{ type: "redirect", returnUrl }];
      }
      case "SCAN_CODE":
        return [{ type: "scan-code", scanBy: momentOf(of.scanBy) ?? null }];
      case "MULTI_FACTOR":
        return [{ type: "multi-factor" }];
      default:
        return [];
    }
  });
}

/** Shoppers are sent back to web pages alone. */
function readReturnUrl(text: string | undefined): string | undefined {
  if (text === undefined || !/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const { username, password, href } = new URL(text);
  return username === "" && password === "" && href.length <= fieldLimits.url_length ? text : undefined;
}

/** As this dialect shows times. */
function momentOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

function amountObjection({ value }: { value: number }): PproError | undefined {
  return value < 0 ? errors.unprocessable("amount.value must not be negative") : undefined;
}

function instrumentObjection(named: string | null, instrument: InstrumentRequest | undefined): PproError | undefined {
  if (instrument === undefined) return undefined;
  if (named !== null) return errors.invalid("Give either instrumentId or instrument");
  return cardObjection(instrument);
}

export function cardObjection({ type, details = {} }: InstrumentRequest): PproError | undefined {
  if (type === "RAW_CARD" || type === "CARD_NETWORK_TOKEN") return errors.cardRefused(type);
  // A bank account's number may look like a card's.
  const isCard = holdsCard(details, type !== "BANK_ACCOUNT" && type !== "BANCONTACT_ACCOUNT");
  return isCard ? errors.cardRefused("A card number or verification value") : undefined;
}

/** One whose connector charges wallets: KakaoPay's own contract first, or the merchant's default. */
function channelOf({ core }: Context, { channels }: Tenant, method: string): Read<Channel, PproError> {
  const charging = channels.filter(({ connector }) => core.can(connector, "wallet"));
  const own = charging.find(({ provider }) => provider === method.toLowerCase());
  const channel = own ?? defaultChannel(charging);
  if (channel !== undefined) return { ok: true, value: channel };
  return wrong({ status: 403, failureMessage: "The merchant has no contract for this payment method" });
}

function noticeUrlsOf({ open }: Context, { merchant }: Tenant, named: string | undefined): Read<string[], PproError> {
  if (named === undefined) {
    const { webhooksUrl } = merchant.settings;
    return { ok: true, value: webhooksUrl === undefined ? [] : [webhooksUrl] };
  }
  const readable = readWebhooksUrl(named, open);
  return readable === undefined
    ? wrong(errors.invalid("webhooksUrl must be an https URL"))
    : { ok: true, value: [readable] };
}

/** What is kept if the charge is made: the instrument sent, or what the wallet passes through; none if one is named. */
function newInstrumentOf(
  { core }: Context,
  merchantId: string,
  method: Method | null,
  { country }: Consumer,
  named: string | null,
  sent: InstrumentRequest | undefined,
): Instrument | null {
  if (named !== null || method === null) return null;
  const { type, details = {} } = sent ?? { type: "PASSTHROUGH_WALLET", details: { country } };
  return instrumentOf(core.secrets, merchantId, type, details);
}

export function instrumentOf(
  secrets: Context["core"]["secrets"],
  merchantId: string,
  type: string,
  details: Record<string, unknown>,
): Instrument {
  const id = newId("instr");
  const dated = { createdAt: new Date(0), updatedAt: new Date(0), deletedAt: null };
  return {
    id,
    merchantId,
    wireId: wireId("instr", id),
    type,
    detailsEncrypted: sealDetails(secrets, { id, merchantId }, details),
    ...dated,
  };
}
