/** What fields of requests are made of, each with its bound: lengths in characters. */
import Type from "typebox";

/** Of fields. Where the contract names no bound, the bound is ours. */
export const fieldLimits = {
  text_length: 512,
  url_length: 2_048,
  idempotency_key_length: 255,
  agreement_description_length: 100,
  user_agent_length: 500,
  frequency_interval_max: 1_000,
  labels_max: 50,
  label_key_length: 50,
  label_value_length: 200,
  /** Fields of an instrument, of an industry's data or of what confirms an authentication. */
  details_max: 50,
  order_items_max: 200,
  industry_data_max: 10,
  authentication_settings_max: 20,
  int32_max: 2_147_483_647,
};

/** Of a person: masked before an exchange is kept. */
export const personal = { personal: true };
export const secret = { secret: true };

export const text = (description: string, extra: object = {}) =>
  Type.Optional(Type.String({ maxLength: fieldLimits.text_length, description, ...extra }));
export const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
export const whole = (description: string, extra: object = {}) =>
  Type.Optional(Type.Integer({ description, ...extra }));
export const int32 = (description: string) =>
  Type.Integer({ minimum: -fieldLimits.int32_max - 1, maximum: fieldLimits.int32_max, description });
export const time = (description: string, example: string) =>
  text(`${description}; ISO 8601`, { format: "date-time", example });
export const day = (description: string, extra: object = {}) =>
  text(`${description}, YYYY-MM-DD`, { format: "date", example: "2025-06-06", ...extra });
export const oneOf = <const Choice extends string>(choices: readonly Choice[], description: string) =>
  Type.Enum([...choices], { description });
export const someOf = <const Choice extends string>(choices: readonly Choice[], description: string) =>
  Type.Optional(oneOf(choices, description));

/** Open: what stands in it depends on a type beside it. */
export const details = (description: string, extra: object) =>
  Type.Record(Type.String(), Type.Unknown(), { maxProperties: fieldLimits.details_max, description, ...extra });

export const list = <Item extends Type.TSchema>(item: Item, maxItems: number, description: string) =>
  Type.Optional(Type.Array(item, { maxItems, description }));
