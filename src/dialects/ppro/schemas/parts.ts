/**
 * What several requests have in common, and answers give back. What a kind of setting or instrument needs of its own is
 * judged in code: a schema per kind could only say that none of them fits.
 */
import Type, { type Static } from "typebox";
import {
  day,
  details,
  fieldLimits,
  int32,
  list,
  oneOf,
  personal,
  secret,
  someOf,
  text,
  time,
  whole,
} from "./fields.ts";

const country = { pattern: "^[A-Z]{2}$", example: "KR" };

export const Money = Type.Object(
  {
    value: Type.Integer({ description: "in the currency's smallest unit: 15000 is ₩15,000", example: 15_000 }),
    currency: Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217", example: "KRW" }),
  },
  { example: { value: 15_000, currency: "KRW" } },
);
export type Money = Static<typeof Money>;

/** Written out, since the pattern that `Type.Record` would have for a key passes over one with a line break. */
export const Labels = Type.Unsafe<Record<string, string>>({
  type: "object",
  maxProperties: fieldLimits.labels_max,
  propertyNames: { maxLength: fieldLimits.label_key_length },
  additionalProperties: { type: "string", maxLength: fieldLimits.label_value_length },
  description:
    `the merchant's own, given back as they are; at most ${fieldLimits.labels_max}, ` +
    `keys of ${fieldLimits.label_key_length} characters, values of ${fieldLimits.label_value_length}`,
  example: { consumer_origin: "GTM_Campaign" },
});
export type Labels = Static<typeof Labels>;

export const Address = Type.Object({
  firstName: text("first name", personal),
  lastName: text("last name", personal),
  phoneNumber: text("telephone", personal),
  street: text("street, house, apartment", personal),
  postalCode: text("postal code", personal),
  city: text("city", personal),
  region: text("region", personal),
  country: text("ISO 3166-1, two letters", { ...country, ...personal }),
});
export type Address = Static<typeof Address>;

const Client = Type.Object({
  ip: text("IPv4 or IPv6", { format: "ip", example: "203.0.113.7", ...personal }),
  userAgent: text("User-Agent of the consumer's browser or app", { maxLength: fieldLimits.user_agent_length }),
});

const taxIdentification = text("the consumer's tax number", personal);

export const Consumer = Type.Object({
  name: text("full name; KakaoPay needs it", { example: "John Smith", ...personal }),
  email: text("e-mail address", { format: "email", ...personal }),
  phone: text("telephone", { example: "+821012345678", ...personal }),
  birthDate: day("date of birth", personal),
  country: Type.String({ description: "where the consumer shops: ISO 3166-1, two letters", ...country }),
  locale: text("language and country", {
    minLength: 5,
    maxLength: 5,
    pattern: "^[a-z]{2,3}-[A-Z]{2}$",
    example: "ko-KR",
  }),
  client: Type.Optional(Client),
  taxIdentification,
  merchantConsumerReference: text("the merchant's own name for the consumer"),
  billingAddress: Type.Optional(Address),
  profile: Type.Optional(
    Type.Object(
      {
        createdDate: day("since when the merchant knows them"),
        firstOrderDate: day("first order"),
        lastOrderDate: day("last order"),
        lifetimeOrderCount: whole("orders"),
        lifetimeOrderValue: whole("what they came to, in the currency's smallest unit"),
        lifetimeCanceledOrderCount: whole("orders that were cancelled"),
      },
      { description: "what the consumer ordered before" },
    ),
  ),
});
export type Consumer = Static<typeof Consumer>;

/** Of a charge under an agreement: instead of what the agreement says of its consumer. */
export const ConsumerUpdate = Type.Object({ taxIdentification, client: Type.Optional(Client) });
export type ConsumerUpdate = Static<typeof ConsumerUpdate>;

const OrderItem = Type.Object({
  name: Type.String({ minLength: 1, maxLength: fieldLimits.text_length, description: "what is sold" }),
  quantity: int32("how many"),
  amount: Type.Integer({ description: "of one, in the currency's smallest unit" }),
  sku: text("stock keeping unit"),
  category: text("category"),
  subCategory: text("category within that"),
});

export const Order = Type.Object({
  orderItems: list(OrderItem, fieldLimits.order_items_max, "need not add up to the amount"),
  shippingMethod: someOf(
    ["VIRTUAL", "TRACKED_DELIVERY", "UNTRACKED_DELIVERY", "IN_STORE_PICKUP", "LOCKER_PICKUP", "HYBRID"],
    "how it is sent",
  ),
  shippingAddress: Type.Optional(Address),
  industryData: list(
    Type.Object({
      type: oneOf(["AIRLINE", "EDUCATION", "TRAVEL"], "the industry"),
      details: details("as the industry has them: passengers, courses, stays", personal),
    }),
    fieldLimits.industry_data_max,
    "what an industry tells beyond that",
  ),
  orderReferenceNumber: text("the order; the same for every attempt to pay for it, and in webhooks"),
  totalTaxAmount: whole("tax, in the currency's smallest unit"),
  installmentPlan: Type.Optional(
    Type.Object({
      numberOfInstallments: int32("in how many parts the consumer pays"),
      feePaidBy: someOf(["MERCHANT", "CONSUMER"], "who bears the fee of that"),
    }),
  ),
});
export type Order = Static<typeof Order>;

/** The ways in which a shopper may agree, without the one that agreements know no settings of. */
export const agreementAuthenticationTypes = [
  "REDIRECT",
  "SCAN_CODE",
  "APP_NOTIFICATION",
  "MULTI_FACTOR",
  "3DS",
  "EXTERNAL_3DS",
] as const;
export const authenticationTypes = [...agreementAuthenticationTypes, "APP_INTENT"] as const;

/** Each is of the type that it names. What EXTERNAL_3DS has is about cards, and left out. */
const settings = Type.Object({
  returnUrl: text("REDIRECT, 3DS: where the consumer is sent back to, however it ended", {
    maxLength: fieldLimits.url_length,
    example: "https://www.webshop.com/order-results-page",
  }),
  preference: someOf(["CHALLENGE", "FRICTIONLESS"], "3DS: the flow that is preferred"),
  scanBy: time("SCAN_CODE: when the code ends", "2030-11-03T11:23:47.123Z"),
  mobileIntentUri: text("APP_INTENT: where in the merchant's app the consumer is sent back to", {
    maxLength: fieldLimits.url_length,
  }),
  instrumentProviderIdentity: text("APP_NOTIFICATION: e-mail address or telephone in the app", personal),
  verificationCode: text("MULTI_FACTOR: the code that the consumer was sent", secret),
});

const settingOf = <const Choice extends string>(types: readonly Choice[]) =>
  Type.Object({ type: oneOf(types, "a way to agree"), settings: Type.Optional(settings) });

export const AuthenticationSetting = settingOf(authenticationTypes);
export type AuthenticationSetting = Static<typeof AuthenticationSetting>;
export const AgreementAuthenticationSetting = settingOf(agreementAuthenticationTypes);
export type AgreementAuthenticationSetting = Static<typeof AgreementAuthenticationSetting>;

export const Frequency = Type.Object({
  type: oneOf(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"], "the unit"),
  interval: whole("every so many of it; 1 if unset", { minimum: 1, maximum: fieldLimits.frequency_interval_max }),
});
export type Frequency = Static<typeof Frequency>;
