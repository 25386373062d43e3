/** `POST /vbanks` as the command takes it: the fields, and what the channel's PG makes of them. */
import type { Core } from "../../core/index.ts";
import { accounts } from "../../core/ledger/ledger.ts";
import type { Tenant } from "../../core/merchants/directory.ts";
import type { Channel } from "../../core/merchants/merchant.ts";
import { type IssueCommandRequest, newIssueIds } from "../../core/virtual-accounts/commands.ts";
import { findBankOfReserved, type ReservedNumber } from "../../core/virtual-accounts/pool.ts";
import { readNoticeUrl } from "../../core/webhooks/delivery.ts";
import type { Fields } from "../../http/body.ts";
import { readBankCode } from "./bank-codes.ts";
import { selectChannel } from "./channel.ts";
import { errors, type IamportError, refusalError } from "./errors.ts";
import { dialect, impUid, isPlainReference, pgTid, plainNumber } from "./identifiers.ts";
import { type ProviderRules, providerRules } from "./providers.ts";
import { type Call, type Read, reader, wrong } from "./routes/call.ts";
import { IssueRequest } from "./schemas/index.ts";

const readFields = reader(IssueRequest);
const userAgent_length = 255;
const holder_length = 16;

/** The bank of a fixed number that comes without one and is new to us. */
const bankOfFixedNumbers = "011";

export async function readIssue(
  core: Core,
  { tenant, body, query, userAgent }: Call,
): Promise<Read<IssueCommandRequest>> {
  const checked = readFields(withoutIgnored(textOfCustomData(body)));
  if (!checked.ok) return checked;
  const fields = checked.value;
  const channel = selectChannel(tenant.channels, fields);
  const rules = channel && providerRules(channel.provider);
  if (rules === undefined || rules.issuingBanks.size === 0) return wrong(errors.noContract);
  const objection = objectionOf(core, channel!, rules, fields, query);
  if (objection !== undefined) return wrong(objection);
  const reserved = reservedOf(fields);
  const bankCode = await bankOf(core, tenant, channel!, rules, fields, reserved);
  if (bankCode === undefined) return wrong(errors.bankUnknown("vbank_code", fields.vbank_code!));
  if (reserved !== undefined && "number" in reserved) {
    const mayBeGiven = core.connectors.get(channel!.connector)?.pool?.mayReserve(bankCode, reserved.number);
    if (!mayBeGiven) return wrong(refusalError({ code: "number-not-yours", number: reserved.number }));
  }
  const wireId = impUid(await core.nextNumber("iamport-imp-uid"));
  return { ok: true, value: commandOf(tenant, channel!, rules, fields, { wireId, bankCode, reserved, userAgent }) };
}

/** An account for any amount is recorded with none, whatever is sent. */
function withoutIgnored(fields: Fields): Fields {
  const unlimited = ["true", "1"].includes(String(fields.fixed_unlimited_vbank));
  return unlimited ? { ...fields, amount: undefined } : fields;
}

/** `custom_data` of any type is kept and echoed as text. */
function textOfCustomData(fields: Fields): Fields {
  const { custom_data } = fields;
  const isText = custom_data === undefined || custom_data === null || typeof custom_data === "string";
  return isText ? fields : { ...fields, custom_data: JSON.stringify(custom_data) };
}

/** Why the PG would not issue this. */
function objectionOf(
  core: Core,
  channel: Channel,
  rules: ProviderRules,
  fields: IssueRequest,
  query: Fields,
): IamportError | undefined {
  const { provider } = channel;
  const unlimited = fields.fixed_unlimited_vbank === true;
  if (unlimited && !rules.unlimited) return errors.unsupported("fixed_unlimited_vbank", provider);
  for (const field of ["vbank_num", "vbank_key"] as const) {
    const fixed = rules.fixedBy === field && core.can(channel.connector, "reservedNumbers");
    if (fields[field] !== undefined && !fixed) return errors.unsupported(field, provider);
  }
  if (fields.escrow_password !== undefined && !rules.escrow) return errors.unsupported("escrow_password", provider);
  const number = fields.vbank_num === undefined ? undefined : plainNumber(fields.vbank_num);
  if (number !== undefined && !/^\d{10,16}$/.test(number)) return errors.illTyped("vbank_num", "10~16자리 숫자");
  const given = unlimited
    ? (["tax_free", "vat_amount", "escrow_password"] as const).find((field) => fields[field] !== undefined)
    : undefined;
  if (given !== undefined) return errors.notWithUnlimited(given);
  const missing = [
    ...(unlimited ? [] : (["amount"] as const)),
    ...(number === undefined ? (["vbank_code"] as const) : []),
    ...rules.requires,
    ...(fields.escrow_password === undefined ? [] : (["vbank_num", "buyer_email"] as const)),
  ].find((field) => fields[field] === undefined);
  if (missing !== undefined) return errors.missing(missing);
  if (rules.plainReference && !isPlainReference(fields.merchant_uid)) return errors.specialCharacters;
  if (!isApiKeyRight(core, channel, rules, query)) return errors.hashMismatch;
  const badUrl = fields.notice_url?.find((url) => readNoticeUrl(url) === undefined);
  if (badUrl !== undefined) return errors.illTyped("notice_url", "사용자 정보가 없는 http(s) URL");
  return taxObjection(channel, rules, fields);
}

function taxObjection(channel: Channel, rules: ProviderRules, fields: IssueRequest): IamportError | undefined {
  const { tax_free, vat_amount, amount = 0 } = fields;
  if (!rules.taxes || fields.fixed_unlimited_vbank === true) return undefined;
  const { taxType } = channel.settings;
  if (rules.taxTypeOfMid && taxType === "mixed" && tax_free === undefined) return errors.missing("tax_free");
  if (rules.taxTypeOfMid && taxType !== undefined && taxType !== "mixed" && tax_free !== undefined) {
    return errors.taxOfMid(channel.provider);
  }
  if (vat_amount !== undefined && vat_amount > amount * (rules.vatShare_max ?? 1)) {
    return errors.outOfRange("vat_amount", `<= ${Math.floor(amount * (rules.vatShare_max ?? 1))}`);
  }
  if ((tax_free ?? 0) + (vat_amount ?? 0) > amount) return errors.outOfRange("tax_free, vat_amount", `<= ${amount}`);
  return undefined;
}

/** Whether the key that Inicis demands beside the token is the channel's; in constant time. */
export function isApiKeyRight(core: Core, channel: Channel, rules: ProviderRules, query: Fields): boolean {
  const { apiKeyHash } = channel.settings;
  return (
    !rules.apiKey || (apiKeyHash !== undefined && core.secrets.matches(String(query.pg_api_key ?? ""), apiKeyHash))
  );
}

function reservedOf({ vbank_num, vbank_key }: IssueRequest): ReservedNumber | undefined {
  if (vbank_num !== undefined) return { number: plainNumber(vbank_num) };
  return vbank_key === undefined ? undefined : { key: vbank_key };
}

/** KFTC code of the bank to issue at: one where the PG issues and whose numbers the connector has. */
async function bankOf(
  core: Core,
  { merchant }: Tenant,
  { connector, provider }: Channel,
  rules: ProviderRules,
  { vbank_code }: IssueRequest,
  reserved: ReservedNumber | undefined,
): Promise<string | undefined> {
  if (vbank_code === undefined && reserved !== undefined && "number" in reserved) {
    const known = await findBankOfReserved(core.store.pool, connector, reserved.number, merchant.id);
    return known ?? bankOfFixedNumbers;
  }
  const bankCode = readBankCode(provider, vbank_code!);
  const lends = bankCode !== undefined && core.connectors.get(connector)?.pool?.supports(bankCode);
  return lends && rules.issuingBanks.has(bankCode) ? bankCode : undefined;
}

function commandOf(
  { merchant }: Tenant,
  channel: Channel,
  rules: ProviderRules,
  fields: IssueRequest,
  found: { wireId: string; bankCode: string; reserved: ReservedNumber | undefined; userAgent: string | undefined },
): IssueCommandRequest {
  const { settings } = merchant;
  const { wireId, bankCode, reserved, userAgent } = found;
  const unlimited = fields.fixed_unlimited_vbank === true;
  const requested = rules.holder === "requested" ? fields.vbank_holder : undefined;
  return {
    ...newIssueIds(),
    merchantId: merchant.id,
    dialect,
    wireId,
    reference: fields.merchant_uid,
    channel,
    providerTransaction: pgTid(channel, wireId),
    beneficiary: accounts.merchant(merchant.id),
    bankCode,
    kind: unlimited ? "fixed" : "one_time",
    reserved,
    amount: unlimited ? null : fields.amount!,
    // To the end of that second, which is as fine as banks and clients tell time.
    dueAt: endOfSecond(fields.vbank_due),
    holder: requested ?? merchant.name.slice(0, holder_length),
    name: fields.name ?? null,
    buyer: {
      name: fields.buyer_name ?? null,
      email: fields.buyer_email ?? null,
      tel: fields.buyer_tel ?? null,
      address: fields.buyer_addr ?? null,
      postcode: fields.buyer_postcode ?? null,
    },
    customData: fields.custom_data ?? null,
    taxFree: rules.taxes ? (fields.tax_free ?? null) : null,
    vatAmount: rules.taxes ? (fields.vat_amount ?? null) : null,
    escrow: fields.escrow_password !== undefined,
    noticeUrls: noticeUrlsOf(fields.notice_url ?? (settings.noticeUrl === undefined ? [] : [settings.noticeUrl])),
    userAgent: userAgent?.slice(0, userAgent_length) ?? null,
  };
}

/** Each once, as it is called. */
function noticeUrlsOf(urls: readonly string[]): string[] {
  return [...new Set(urls.map((url) => readNoticeUrl(url) ?? url))];
}

/** A deadline in seconds, as the last moment that is still in time. */
export function endOfSecond(seconds: number): Date {
  return new Date(seconds * 1000 + 999);
}
