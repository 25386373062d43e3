/** Wire -> command -> wire. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { findBank, normalizeBankCode } from "../../core/banks.ts";
import type { Outcome } from "../../core/errors.ts";
import type { Json } from "../../core/exchanges.ts";
import type { Core } from "../../core/index.ts";
import { accounts } from "../../core/ledger/ledger.ts";
import type { Tenant } from "../../core/merchants/directory.ts";
import type { Channel } from "../../core/merchants/merchant.ts";
import { findPayment } from "../../core/payments/read.ts";
import { type IssueCommandRequest, newIssueIds } from "../../core/virtual-accounts/commands.ts";
import type { Issued } from "../../core/virtual-accounts/decide.ts";
import { type Fields, findUnstorable } from "../../http/body.ts";
import { type Problem, redact, validator } from "../../http/validate.ts";
import { authenticate, getToken } from "./auth.ts";
import { selectChannel } from "./channel.ts";
import { envelope, errorEnvelope, errors, type IamportError, refusalError } from "./errors.ts";
import { presentPayment } from "./present.ts";
import { ErrorEnvelope, enveloped, IssueRequest, Payment, Token, TokenRequest } from "./schemas.ts";

const checkIssue = validator(IssueRequest);

/** PGs that show the merchant's own name and take no holder (`reference/iamport.md` 2.1). */
const holderIgnored = new Set(["tosspayments", "ksnet", "welcome"]);
const userAgent_length = 255;
const pgTid_length = 64;

export async function mountRoutes(server: FastifyInstance, core: Core): Promise<void> {
  const tags = ["I'mport"];
  const security = [{ iamportToken: [] }];

  server.post(
    "/users/getToken",
    {
      schema: {
        tags,
        summary: "Get an access token",
        body: TokenRequest,
        response: { 200: enveloped(Token), "4xx": ErrorEnvelope },
      },
    },
    async (request, reply) => {
      const granted = await getToken(core, request.body as Fields);
      return granted.ok ? send(reply, 200, envelope(granted.token)) : refuse(reply, granted.error);
    },
  );

  server.post(
    "/vbanks",
    {
      schema: {
        tags,
        summary: "Issue a virtual account",
        security,
        body: IssueRequest,
        response: { 200: enveloped(Payment), "4xx": ErrorEnvelope },
      },
    },
    async (request, reply) => {
      const tenant = await authenticate(core, request);
      if (tenant === undefined) return refuse(reply, errors.unauthorized);
      const wanted = await readIssue(core, tenant, request);
      if (!wanted.ok) return refuse(reply, wanted.error);
      const answer = answerIssue(await core.issueVirtualAccount(wanted.value));
      return send(reply, answer.status, answer.body);
    },
  );

  server.get<{ Params: { imp_uid: string } }>(
    "/payments/:imp_uid",
    {
      schema: {
        tags,
        summary: "Read a payment",
        security,
        response: { 200: enveloped(Payment), "4xx": ErrorEnvelope },
      },
    },
    async (request, reply) => {
      const tenant = await authenticate(core, request);
      if (tenant === undefined) return refuse(reply, errors.unauthorized);
      const { imp_uid } = request.params;
      if (findUnstorable(imp_uid) !== undefined) return refuse(reply, errors.paymentUnknown);
      const view = await findPayment(core.store.pool, tenant.merchant.id, "iamport", imp_uid);
      return view === undefined
        ? refuse(reply, errors.paymentUnknown)
        : send(reply, 200, envelope(presentPayment(view)));
    },
  );
}

function answerIssue(outcome: Outcome<Issued>): { status: number; body: Json } {
  if (outcome.ok) return { status: 200, body: envelope(presentPayment({ ...outcome.value, deposits: [] })) as Json };
  const error = refusalError(outcome.refusal);
  return { status: error.status, body: errorEnvelope(error) };
}

type Read<Value> = { ok: true; value: Value } | { ok: false; error: IamportError };

/** A request as the command takes it, or why it cannot be. */
async function readIssue(core: Core, tenant: Tenant, request: FastifyRequest): Promise<Read<IssueCommandRequest>> {
  const fields = withoutIgnored(textOfCustomData(request.body as Fields));
  const checked = checkIssue(fields);
  if (!checked.ok) return wrong(problemError(checked.problem));
  const body = checked.value;
  const channel = selectChannel(tenant.channels, body);
  if (channel === undefined) return wrong(errors.noChannel);
  const anyAmount = body.fixed_unlimited_vbank === true;
  if (!anyAmount && body.amount === undefined) return wrong(errors.missing("amount"));
  if (body.vbank_holder === undefined && !holderIgnored.has(channel.provider)) {
    return wrong(errors.missing("vbank_holder"));
  }
  const bankCode = issuingBank(core, channel, body.vbank_code);
  if (bankCode === undefined) return wrong(errors.bankUnknown(body.vbank_code));
  const badUrl = body.notice_url?.find((url) => !isWebUrl(url));
  if (badUrl !== undefined) return wrong(errors.illTyped("notice_url", "http(s) URL"));

  const wireId = impUid(await core.nextNumber("iamport-imp-uid"));
  const { settings } = tenant.merchant;
  return {
    ok: true,
    value: {
      ...newIssueIds(),
      merchantId: tenant.merchant.id,
      dialect: "iamport",
      wireId,
      reference: body.merchant_uid,
      channel,
      providerTransaction: pgTid(channel, wireId),
      beneficiary: accounts.merchant(tenant.merchant.id),
      bankCode,
      kind: anyAmount ? "fixed" : "one_time",
      amount: anyAmount ? null : body.amount!,
      // To the end of that second, which is as fine as banks and clients tell time.
      dueAt: new Date(body.vbank_due * 1000 + 999),
      holder: body.vbank_holder ?? null,
      name: body.name ?? null,
      buyer: {
        name: body.buyer_name ?? null,
        email: body.buyer_email ?? null,
        tel: body.buyer_tel ?? null,
        address: body.buyer_addr ?? null,
        postcode: body.buyer_postcode ?? null,
      },
      customData: body.custom_data ?? null,
      noticeUrls: body.notice_url ?? (settings.noticeUrl === undefined ? [] : [settings.noticeUrl]),
      noticeResend: settings.resendWebhooks === true,
      userAgent: request.headers["user-agent"]?.slice(0, userAgent_length) ?? null,
      exchange: {
        dialect: "iamport",
        method: "POST",
        path: "/vbanks",
        request: redact(IssueRequest, fields),
        answer: answerIssue,
        redactAnswer: (answer) => redact(enveloped(Payment), answer),
      },
    },
  };
}

/** An account for any amount is recorded with none, whatever is sent (`reference/iamport.md` 2.1). */
function withoutIgnored(fields: Fields): Fields {
  const anyAmount = ["true", "1"].includes(String(fields.fixed_unlimited_vbank));
  return anyAmount ? { ...fields, amount: undefined } : fields;
}

/** `custom_data` of any type is kept and echoed as text (`reference/iamport.md` 2.1). */
function textOfCustomData(fields: Fields): Fields {
  const { custom_data } = fields;
  const isText = custom_data === undefined || custom_data === null || typeof custom_data === "string";
  return isText ? fields : { ...fields, custom_data: JSON.stringify(custom_data) };
}

/** KFTC code of a bank at which the channel's connector can issue. */
function issuingBank(core: Core, channel: Channel, code: string): string | undefined {
  const bankCode = normalizeBankCode(code);
  const lends = bankCode !== undefined && core.connectors.get(channel.connector)?.pool?.supports(bankCode);
  return lends && findBank(bankCode)?.issuesVirtualAccounts ? bankCode : undefined;
}

function isWebUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

/**
 * `imp_` and 12 digits. Counted numbers are spread over the 10^12 there are by a multiplier that shares no factor with
 * 10, so that neighbours look unlike and none repeats.
 */
export function impUid(number: number): string {
  const spread = (BigInt(number) * 387_420_489_123n + 104_729_000_037n) % 1_000_000_000_000n;
  return `imp_${spread.toString().padStart(12, "0")}`;
}

/** The PG's merchant id, cut where both would not fit, and the digits of the payment's own id. */
function pgTid(channel: Channel, wireId: string): string {
  const suffix = wireId.replace(/^imp/, "");
  return channel.providerMerchantId.slice(0, pgTid_length - suffix.length) + suffix;
}

function problemError(problem: Problem): IamportError {
  switch (problem.kind) {
    case "missing":
      return errors.missing(problem.field);
    case "type":
      return errors.illTyped(problem.field, problem.wanted);
    case "too-long":
      return errors.tooLong(problem.field, problem.length);
    case "range":
      return errors.outOfRange(problem.field, problem.wanted);
    case "unstorable":
      return errors.unstorable(problem.field);
  }
}

function wrong(error: IamportError): { ok: false; error: IamportError } {
  return { ok: false, error };
}

function refuse(reply: FastifyReply, error: IamportError) {
  return send(reply, error.status, errorEnvelope(error));
}

/** In one piece with its length, since some clients read only the first chunk (`reference/iamport.md` 1.5). */
function send(reply: FastifyReply, status: number, body: unknown) {
  return reply.code(status).type("application/json; charset=utf-8").send(JSON.stringify(body));
}
