/** Requests as schemas: amounts in whole won. They validate, and they feed the API reference. */
import Type, { type Static } from "typebox";
import { limits } from "../../../core/limits.ts";
import { bankCodes, bankOf, kftcCode } from "../bank-codes.ts";

/** An ad account, of which the demo's is the example. */
const long = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description, example: 12_345 });

export const AdAccountHeader = Type.Object({ adAccountId: long("the ad account") });

const nameOf = (bankCode: string) => `${bankCode} ${bankOf(kftcCode(bankCode)).bankName}`;

export const TopUpRequest = Type.Object(
  {
    adAccountId: Type.Optional(long("the same as in the header; older clients leave it out")),
    amount: Type.Integer({ minimum: 1, maximum: limits.amount_max, description: "what is to be deposited, whole won" }),
    bankCode: Type.Enum([...bankCodes], { description: bankCodes.map(nameOf).join(", ") }),
  },
  { example: { adAccountId: 12_345, amount: 1_000_000, bankCode: "88" } },
);
export type TopUpRequest = Static<typeof TopUpRequest>;

export const pages = { size_default: 10, size_max: 1_500, page_max: 1_000_000 };

export const PagesQuery = Type.Object({
  config: Type.Optional(Type.String({ maxLength: 20, description: "of ON, OFF, DEL, with commas; ON,OFF if unset" })),
  page: Type.Optional(Type.Integer({ minimum: 0, maximum: pages.page_max, description: "from 0" })),
  size: Type.Optional(Type.Integer({ minimum: 1, maximum: pages.size_max, description: "10 if unset" })),
});

export const SwitchRequest = Type.Object({
  adAccountId: Type.Optional(long("the same as in the header, if it is given")),
  config: Type.Enum(["ON", "OFF"]),
});

/** Calls that a user may make so often only, on all nodes together. */
export const callLimits = {
  topUp: { call: "kakao-moment billing/virtualAccount", every_ms: 1_000 },
  onOff: { call: "kakao-moment adAccounts/onOff", every_ms: 1_000 },
};

/** Users that the consent page of an open sandbox offers. */
export const users_shown = 100;

/** Of what is given back in an address, percent-encoded, so that all clients can read the header. */
export const state_length = 8_192;

const consent = (maxLength: number, description: string) => Type.Optional(Type.String({ maxLength, description }));

/** Whatever is wrong with these has a code of its own, so the schema alone refuses nothing but what is too long. */
const consentFields = {
  client_id: consent(100, "REST API key"),
  response_type: consent(100, "code"),
  redirect_uri: consent(limits.redirect_uri_length, "one that is registered for the app, to the letter"),
  scope: consent(1_000, "consent items, with commas"),
  state: consent(state_length, `given back as it is; percent-encoded at most ${state_length} characters`),
};

export const AuthorizeQuery = Type.Object({
  ...consentFields,
  resource_ids: Type.Optional(
    Type.Array(Type.String({ maxLength: 1_000 }), {
      maxItems: 100,
      description: "moment:{ad account} or moment:*, repeated or with commas; needed with moment_create",
    }),
  ),
});
export type AuthorizeQuery = Static<typeof AuthorizeQuery>;

/** What the consent page sends. */
export const Decision = Type.Object({
  decision: Type.Optional(Type.String({ maxLength: 20 })),
  user: Type.Optional(Type.String({ maxLength: 20, description: "the user's number" })),
  sign_in: Type.Optional(Type.String({ maxLength: 100, description: "what the user signs in with", secret: true })),
});

export const TokenRequest = Type.Object({
  grant_type: consent(100, "authorization_code"),
  client_id: consent(100, "REST API key"),
  redirect_uri: consent(limits.redirect_uri_length, "the one that the code was sent to"),
  code: consent(200, "used once, within ten minutes"),
  client_secret: Type.Optional(Type.String({ maxLength: 200, description: "if the app has it on", secret: true })),
});
