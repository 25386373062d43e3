/**
 * The address that shoppers are sent to. Looking at it changes nothing, so a link preview or a second device uses nothing
 * up; acting is a POST. Once what they are asked is over, whoever comes is sent on to the shop.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { readNow } from "../../../core/clock.ts";
import type { Agreement } from "../../../core/wallet-charges/agreement.ts";
import { type Authentication, isFinal, type WalletCharge, walletCharges } from "../../../core/wallet-charges/charge.ts";
import type { CheckoutOf } from "../../../core/wallet-charges/checkouts.ts";
import { walletProof } from "../../../core/wallet-charges/proof.ts";
import { findAgreementAnywhere, findChargeAnywhere } from "../../../core/wallet-charges/read.ts";
import type { Fields } from "../../../http/body.ts";
import { httpLimits } from "../../../http/limits.ts";
import { type Language, languageOf, sendPage, withQuery } from "../../../http/page.ts";
import type { Context } from "../context.ts";
import { errors } from "../errors.ts";
import { declines, reasonOf } from "../failures.ts";
import { checkoutPath, dialect } from "../identifiers.ts";
import type { Frequency, Money, Order } from "../schemas/index.ts";
import { type CheckoutView, checkoutPage, finishedPage, unknownPage, waitingPage } from "../wallet-page.ts";
import { failure, reader, routesOf, tag } from "./call.ts";

/** What the wallet's page sends. */
const Decision = Type.Object({
  decision: Type.Enum(["pay", "decline", "cancel", "expire"]),
  code: Type.Optional(Type.Enum([...declines], { description: "why it is declined" })),
});
const readDecision = reader(Decision);

/** How long a browser waits before it looks again whether the wallet has answered. */
const refresh_s = 2;

/** What a shopper was sent to: a charge, or an agreement and perhaps its first charge. */
interface Asked {
  agreement: Agreement | undefined;
  charge: WalletCharge | undefined;
}

type ByToken = FastifyRequest<{ Params: { token: string } }>;

export function mountCheckout(server: FastifyInstance, context: Context): void {
  const { core, checkout, sandbox } = context;
  const { pool } = core.store;
  const url = `${checkoutPath}/:token`;
  const { send } = routesOf(context);

  server.get<{ Params: { token: string } }>(
    url,
    {
      schema: {
        tags: [tag],
        summary: "Where a consumer agrees, in a browser",
        description: "In the sandbox a page stands for the wallet's own. Looking at it changes nothing.",
        response: {
          200: Type.String({ description: "a page" }),
          303: Type.String({ description: "back to the shop" }),
        },
      },
    },
    async (request, reply) => {
      const asked = await readAsked(request);
      return asked === undefined ? unknown(request, reply) : show(request, reply, asked);
    },
  );

  server.post<{ Params: { token: string } }>(
    url,
    { bodyLimit: httpLimits.token_body_bytes, schema: { hide: true } },
    async (request, reply) => {
      const asked = await readAsked(request);
      if (asked === undefined || !sandbox) return unknown(request, reply);
      const read = readDecision(request.body as Fields);
      if (!read.ok) return send(reply, failure(read.error));
      const of = asked.agreement === undefined ? { chargeId: asked.charge!.id } : { agreementId: asked.agreement.id };
      await act(of, asked, read.value);
      // Whatever came first stands.
      return show(request, reply, (await readAsked(request))!);
    },
  );

  async function act(of: CheckoutOf, { charge }: Asked, { decision, code }: { decision: string; code?: string }) {
    const confirm_s = charge?.details.confirms_s ?? 0;
    switch (decision) {
      case "pay":
        return core.walletCharges.authorize(of, walletProof({ decision: "pay", confirm_s }));
      case "decline": {
        const reason = reasonOf(code ?? declines[0]);
        return core.walletCharges.authorize(of, walletProof({ decision: "decline", reason, confirm_s }));
      }
      case "cancel":
        return core.walletCharges.end({ of, how: "canceled-by-consumer" });
      default:
        return core.walletCharges.end({ of, how: "expired" });
    }
  }

  async function readAsked({ params }: ByToken): Promise<Asked | undefined> {
    const id = checkout.read(params.token);
    if (id === undefined) return undefined;
    const charge = await findChargeAnywhere(pool, dialect, id);
    if (charge !== undefined) return { agreement: undefined, charge };
    const agreement = await findAgreementAnywhere(pool, dialect, id);
    if (agreement === undefined) return undefined;
    const { initialChargeId } = agreement;
    const [initial] = initialChargeId === null ? [] : await walletCharges.read(pool, [initialChargeId]);
    return { agreement, charge: initial };
  }

  async function show(request: ByToken, reply: FastifyReply, asked: Asked) {
    const { state, authentications, merchantId } = asked.agreement ?? asked.charge!;
    const language = languageOf(request.headers["accept-language"]);
    const back = addressOf(asked, authentications);
    const shop = (await core.directory.tenant(merchantId))!.merchant.name;
    if (state === "authenticating" && sandbox) {
      const view = await viewOf(asked, shop);
      return sendPage(reply, 200, { language, sandbox, leadsAway: true, ...checkoutPage(view, language) });
    }
    if (!isFinal({ state: state as WalletCharge["state"] })) {
      return sendPage(reply, 200, {
        language,
        sandbox,
        refresh_s,
        ...waitingPage({ shop, back, what: asked.agreement === undefined ? "payment" : "agreement" }, language),
      });
    }
    if (back === null) {
      return sendPage(reply, 200, {
        language,
        sandbox,
        ...finishedPage({ shop, outcome: outcomeOf(asked) }, language),
      });
    }
    return reply.header("cache-control", "no-store").header("referrer-policy", "no-referrer").redirect(back, 303);
  }

  async function viewOf({ agreement, charge }: Asked, shop: string): Promise<CheckoutView> {
    const { shown } = (charge ?? agreement!).details;
    const order = shown.order as Order | undefined;
    return {
      shop,
      method: (agreement ?? charge!).method,
      description: (shown.paymentDescriptor as string | undefined) ?? null,
      items: order?.orderItems ?? [],
      amount: charge?.amount ?? null,
      currency: charge?.currency ?? "KRW",
      orderReference: order?.orderReferenceNumber ?? null,
      agreement: agreement === undefined ? null : agreementView(agreement),
      dueAt: (agreement ?? charge!).dueAt!,
      now: await readNow(pool),
      declines,
    };
  }

  function unknown(request: ByToken, reply: FastifyReply) {
    const language: Language = languageOf(request.headers["accept-language"]);
    return sendPage(reply, errors.notFound("").status, { language, sandbox, ...unknownPage(language) });
  }
}

function agreementView({ details: { shown } }: Agreement): NonNullable<CheckoutView["agreement"]> {
  const { type = null, interval = 1 } = (shown.frequency as Frequency | undefined) ?? {};
  const amount = shown.amount as Money | undefined;
  return {
    description: (shown.description as string | undefined) ?? null,
    amount: amount === undefined ? null : { ...amount, type: (shown.amountType as string | undefined) ?? null },
    frequency: type,
    interval,
    startDate: (shown.startDate as string | undefined) ?? null,
    endDate: (shown.endDate as string | undefined) ?? null,
  };
}

/** The shop's, with what came of it; null where the shopper agrees elsewhere than in a browser. */
function addressOf({ agreement, charge }: Asked, authentications: readonly Authentication[]): string | null {
  const redirect = authentications.find((one) => one.type === "redirect");
  if (redirect === undefined) return null;
  return withQuery(redirect.returnUrl, {
    ...(agreement === undefined ? {} : { "payment-agreement-id": agreement.wireId }),
    ...(charge === undefined ? {} : { "payment-charge-id": charge.wireId }),
  });
}

function outcomeOf({ agreement, charge }: Asked) {
  if (agreement !== undefined) return agreement.state === "failed" ? "not-agreed" : "agreed";
  const { state } = charge!;
  if (state === "discarded" || state === "failed") return state;
  return "paid";
}
