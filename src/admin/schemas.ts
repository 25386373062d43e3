/** Requests of Naru's own API. Times are ISO 8601, amounts whole won. */
import Type, { type Static } from "typebox";
import { callAnswers, faultLimits } from "../connectors/sandbox/index.ts";
import { adAccountStates, memberRoles } from "../core/ad-accounts/ad-account.ts";
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

export const AgreementRevocationRequest = Type.Object({
  by: Type.Enum(["consumer", "provider"], { description: "who takes it back" }),
});

export const ArsAnswerRequest = Type.Object({
  answer: Type.Enum([...callAnswers], {
    description: "the member types the code, types another or does not agree, does not answer the telephone",
  }),
});

export const HolderQuery = Type.Object({
  bankCode: Type.String({ maxLength: 4 }),
  accountNumber: Type.String({ minLength: 1, maxLength: 32 }),
});

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
  code: Type.Optional(
    Type.String({ maxLength: 32, description: "what is said, for a fault that answers with an error; GET lists them" }),
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
    webhooksUrl: Type.Optional(
      Type.String({
        maxLength: limits.notice_url_length,
        description: "https: where PPRO's webhooks go when a request names no address of its own",
      }),
    ),
    webhookEvents: Type.Optional(
      Type.Array(Type.String({ maxLength: 60 }), {
        maxItems: 50,
        description: "of PPRO's webhooks only these, by their names; all if unset",
      }),
    ),
    webhookHeaders: Type.Optional(
      Type.Unsafe<Record<string, string>>({
        type: "object",
        additionalProperties: { type: "string" },
        description: "headers that PPRO's webhooks carry beside their own; never shown again",
      }),
    ),
    topUpHolder: Type.Optional(
      Type.String({ maxLength: 40, description: "whose name stands on accounts that top up an ad account" }),
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

const appFields = {
  name: Type.Optional(
    Type.String({ minLength: 1, maxLength: limits.merchant_name_length, description: "as users are shown it" }),
  ),
  redirectUris: Type.Optional(
    Type.Array(Type.String({ maxLength: limits.redirect_uri_length }), {
      maxItems: limits.redirect_uris_max,
      description: "where users may be sent back to, to the letter",
    }),
  ),
};

export const CredentialRequest = Type.Object({
  dialect: Type.Enum(["iamport", "kakao-moment", "ppro", "konaplate"], { description: "whose clients come with it" }),
  ...appFields,
});

const number = (description: string) => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description });

export const AppChange = Type.Object({
  ...appFields,
  scopes: Type.Optional(
    Type.Array(Type.String({ maxLength: 60 }), { maxItems: 20, description: "what it may ask consent for" }),
  ),
  secretNeeded: Type.Optional(Type.Boolean({ description: "a code is exchanged only with the secret" })),
  verified: Type.Optional(Type.Boolean({ description: "it is a Biz app" })),
  permitted: Type.Optional(Type.Boolean({ description: "it may use Kakao Moment" })),
  suspended: Type.Optional(Type.Boolean()),
  testers: Type.Optional(
    Type.Array(number("a user"), { maxItems: limits.page_max, description: "whom a test app is for; null: for all" }),
  ),
});

const chosenNumber = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: limits.chosen_number_max,
    description: "of your choice, so that the call can be repeated; default: a new one",
  }),
);

const userFields = {
  restricted: Type.Optional(Type.Boolean({ description: "may neither consent nor be acted for" })),
  business: Type.Optional(Type.Boolean({ description: "is registered as a business; true if unset" })),
};
const userName = Type.String({ minLength: 1, maxLength: limits.user_name_length });

export const UserRequest = Type.Object({ name: userName, number: chosenNumber, ...userFields });
export const UserChange = Type.Object({
  name: Type.Optional(userName),
  ...userFields,
  newSignInCode: Type.Optional(Type.Boolean({ description: "true makes a new one, which the answer holds" })),
});

const Company = Type.Object({
  businessRegistrationNumber: Type.String({ minLength: 1, maxLength: 20, description: "123-45-67890" }),
  name: Type.String({ minLength: 1, maxLength: limits.ad_account_name_length }),
});

const adAccountFields = {
  members: Type.Optional(
    Type.Array(Type.Object({ user: number("the user's number"), role: Type.Enum([...memberRoles]) }), {
      maxItems: limits.ad_account_members_max,
    }),
  ),
  type: Type.Optional(Type.String({ minLength: 1, maxLength: 20, description: "BUSINESS if unset" })),
  ownerCompany: Type.Optional(Company),
  advertiser: Type.Optional(Company),
  businessRight: Type.Optional(
    Type.Object({
      number: number("its id; 0 for none"),
      companyName: Type.String({ minLength: 1, maxLength: limits.ad_account_name_length }),
    }),
  ),
  walletNumber: Type.Optional(
    Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: "bizWalletId" }),
  ),
  freeCash: Type.Optional(
    Type.Integer({ minimum: 0, maximum: limits.amount_max, description: "whole won that were given for nothing" }),
  ),
};
const adAccountName = Type.String({ minLength: 1, maxLength: limits.ad_account_name_length });

export const AdAccountRequest = Type.Object({ name: adAccountName, number: chosenNumber, ...adAccountFields });
export const AdAccountChange = Type.Object({
  name: Type.Optional(adAccountName),
  state: Type.Optional(Type.Enum([...adAccountStates])),
  stopped: Type.Optional(Type.Boolean({ description: "members cannot switch it on" })),
  ...adAccountFields,
});

export const CryptoKeyRequest = Type.Object({
  clientPublicKey: Type.Optional(
    Type.String({
      maxLength: limits.public_key_length,
      description: "PEM of the client's RSA public key or its certificate; default: Naru makes the pair",
    }),
  ),
  clearAnswers: Type.Optional(
    Type.Boolean({ description: "the client has no key: its requests are encrypted, what it is answered is not" }),
  ),
});

export const MemberRequest = Type.Object({
  number: Type.Optional(
    Type.String({
      pattern: "^[1-9][0-9]{0,19}$",
      description: "userId, up to 20 digits, so that the call can be repeated; default: a new one",
    }),
  ),
  loginId: Type.String({ minLength: 1, maxLength: 80 }),
  password: Type.Optional(Type.String({ pattern: "^[0-9]{6}$", description: "6 digits; never shown" })),
  name: Type.String({ minLength: 1, maxLength: 100 }),
  birthDate: Type.String({ pattern: "^[0-9]{8}$", description: "yyyyMMdd" }),
  gender: Type.Enum(["Male", "Female"]),
  nationality: Type.Optional(Type.String({ minLength: 6, maxLength: 9, description: "Korean if unset" })),
  mobileNumber: Type.Optional(Type.String({ maxLength: 20 })),
  ci: Type.Optional(Type.String({ minLength: 88, maxLength: 88, description: "연계정보, 88 characters" })),
  email: Type.Optional(Type.String({ maxLength: 254 })),
  address: Type.Optional(
    Type.Object({
      address: Type.String({ minLength: 1, maxLength: 200 }),
      zipCode: Type.String({ minLength: 1, maxLength: 10 }),
      addressDetail: Type.Optional(Type.String({ maxLength: 200 })),
    }),
  ),
  joinChannel: Type.Optional(Type.String({ maxLength: 20 })),
  terms: Type.Optional(
    Type.Array(Type.String({ maxLength: 50 }), { maxItems: 100, description: "ids of terms that they agreed to" }),
  ),
  serviceId: Type.Optional(
    Type.String({ pattern: "^[0-9]{15}$", description: "the product that their card is of; default: the demo's" }),
  ),
  card: Type.Optional(
    Type.Object(
      {
        number: Type.String({ pattern: "^[0-9]{16}$" }),
        par: Type.String({ minLength: 27, maxLength: 27 }),
        expiry: Type.String({ pattern: "^[0-9]{2}(0[1-9]|1[0-2])$", description: "YYMM" }),
      },
      { description: "one that was issued before; default: a new one" },
    ),
  ),
  account: Type.Optional(
    Type.Object(
      {
        bankCode: Type.String({ pattern: "^[0-9]{3}$", description: "of the KFTC" }),
        bankName: Type.Optional(Type.String({ minLength: 1, maxLength: 10, description: "as clients are shown it" })),
        number: Type.String({ pattern: "^[0-9]{6,20}$" }),
        holder: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: "the member if unset" })),
        birthDate: Type.Optional(
          Type.String({ pattern: "^[0-9]{8}$", description: "the holder's, yyyyMMdd; the member's if unset" }),
        ),
      },
      { description: "their own account, registered already" },
    ),
  ),
});
