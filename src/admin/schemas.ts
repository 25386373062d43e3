/** Requests of Naru's own API. Times are ISO 8601, amounts whole won. */
import Type, { type Static } from "typebox";
import { faultLimits } from "../connectors/sandbox/index.ts";
import { limits } from "../core/limits.ts";
import { paymentStates } from "../core/payments/payment.ts";
import { deliveryStates } from "../core/webhooks/delivery.ts";

export const DepositRequest = Type.Object({
  accountNumber: Type.String({ minLength: 1, maxLength: 32, description: "the virtual account's number" }),
  bankCode: Type.Optional(Type.String({ maxLength: 4, description: "needed if several banks know the number" })),
  amount: Type.Optional(
    Type.Integer({ minimum: 1, maximum: limits.amount_max, description: "whole won; default: what is due" }),
  ),
  depositorName: Type.Optional(Type.String({ maxLength: 40 })),
  noticeId: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: "the bank's transaction id; the same again is a duplicate",
    }),
  ),
  occurredAt: Type.Optional(Type.String({ format: "date-time", description: "by the bank's clock; default: now" })),
  force: Type.Optional(
    Type.Boolean({ description: "the bank lets it through without asking whether the account takes it" }),
  ),
});
export type DepositRequest = Static<typeof DepositRequest>;

export const ClockRequest = Type.Object({
  advance: Type.Optional(
    Type.String({ format: "duration", maxLength: 30, description: "ISO 8601 duration, e.g. P3D or PT12H" }),
  ),
  to: Type.Optional(Type.String({ format: "date-time", description: "a moment in the future" })),
});
export type ClockRequest = Static<typeof ClockRequest>;

export const PageQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.page_max })),
  after: Type.Optional(Type.String({ maxLength: 120, description: "the cursor of an earlier page" })),
});

export const PaymentsQuery = Type.Object({
  ...PageQuery.properties,
  state: Type.Optional(Type.Enum([...paymentStates])),
  reference: Type.Optional(Type.String({ maxLength: 200 })),
  wireId: Type.Optional(Type.String({ maxLength: 64 })),
});

export const EventsQuery = Type.Object({
  ...PageQuery.properties,
  last: Type.Optional(
    Type.Integer({ minimum: 1, maximum: limits.page_max, description: "the newest so many, instead of after" }),
  ),
});

const deliveryFilter = {
  merchantId: Type.Optional(Type.String({ maxLength: limits.merchant_id_length })),
  paymentId: Type.Optional(Type.String({ maxLength: 64 })),
  url: Type.Optional(Type.String({ maxLength: limits.notice_url_length })),
  from: Type.Optional(Type.String({ format: "date-time", description: "made at this time or later" })),
  to: Type.Optional(Type.String({ format: "date-time", description: "made before this time" })),
};

export const DeliveriesQuery = Type.Object({
  ...PageQuery.properties,
  ...deliveryFilter,
  state: Type.Optional(Type.Enum([...deliveryStates])),
});

export const ResendRequest = Type.Object({
  ...PageQuery.properties,
  ...deliveryFilter,
  state: Type.Optional(Type.Enum([...deliveryStates], { description: "exhausted if unset" })),
});

export const FaultRequest = Type.Object({
  fault: Type.String({ maxLength: 40, description: "what goes wrong; GET lists the faults there are" }),
  count: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: faultLimits.count_max,
      description: "strikes the next so many calls; 1 if unset, 0 disarms",
    }),
  ),
  chance: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: "instead of a count: strikes each call with this chance, until disarmed",
    }),
  ),
  seed: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: faultLimits.seed_max,
      description: "the same seed strikes the same calls; random if unset",
    }),
  ),
  delay_s: Type.Optional(
    Type.Number({
      minimum: faultLimits.delay_min_s,
      maximum: faultLimits.delay_max_s,
      description: "how long, for a fault that takes a time",
    }),
  ),
});

export const MerchantSettings = Type.Object(
  {
    noticeUrl: Type.Optional(
      Type.String({
        maxLength: limits.notice_url_length,
        description: "http or https: where changes are announced when a request names no address of its own",
      }),
    ),
    resendWebhooks: Type.Optional(
      Type.Boolean({ description: "failed webhooks are tried again on the dialect's schedule" }),
    ),
    webhookFormat: Type.Optional(
      Type.Enum(["json", "form"], { description: "how webhooks are written; json if unset" }),
    ),
    announceIssued: Type.Optional(
      Type.Boolean({ description: "an issued account is announced; the node's setting if unset" }),
    ),
  },
  { description: "null removes a setting" },
);

const merchantName = Type.String({ minLength: 1, maxLength: limits.merchant_name_length });

export const MerchantRequest = Type.Object({
  id: Type.Optional(
    Type.String({
      maxLength: limits.merchant_id_length,
      description: "mer_ and letters, digits, _ or -, so that the call can be repeated; default: a random one",
    }),
  ),
  name: merchantName,
  settings: Type.Optional(MerchantSettings),
});

export const MerchantChange = Type.Object({
  name: Type.Optional(merchantName),
  settings: Type.Optional(MerchantSettings),
});

export const CredentialRequest = Type.Object({
  dialect: Type.Enum(["iamport"], { description: "whose clients come with it" }),
});
