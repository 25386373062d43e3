/** What fields are made of, each with its bound: lengths in characters, amounts in whole won. */
import Type from "typebox";

/** Where the contract's page names no bound, the bound is ours. */
export const fieldLimits = {
  loginId_length: 80,
  name_length: 100,
  account_length: 20,
  sequenceId_length: 30,
  nrNumber_length: 50,
  charge_max: 9_999_999_999,
  autoCharge_max: 9_999_999,
  mobileNumber_length: 20,
  email_length: 254,
  address_length: 200,
  zipCode_length: 10,
  joinChannel_length: 20,
  terms_max: 100,
  term_length: 50,
  page_max: 1_000_000,
  pageSize_max: 1_000,
};
export const pageSize_default = 20;

/** Of a person, or of a person's account or card: masked before an exchange is kept. */
export const personal = { personal: true };
/** What one acts with. */
export const secret = { secret: true };

export const text = (minLength: number, maxLength: number, description: string, extra: object = {}) =>
  Type.String({ minLength, maxLength, description, ...extra });
export const exactly = (length: number, description: string, extra: object = {}) =>
  text(length, length, description, extra);
export const digits = (length: number, description: string, extra: object = {}) =>
  exactly(length, `${description}: ${length} digits`, { pattern: "^[0-9]*$", ...extra });
export const won = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description: `${description}, whole won` });
/** Of these; a text that is shorter or longer than any of them is of a wrong length. */
export const choice = <const Choice extends string>(choices: readonly Choice[], description: string) => {
  const lengths = choices.map((one) => one.length);
  return Type.Enum([...choices], { minLength: Math.min(...lengths), maxLength: Math.max(...lengths), description });
};

/** A JSON number of up to 20 digits, more than a number of JavaScript holds: inside it is the text of its digits. */
export const userId = Type.String({ pattern: "^[1-9][0-9]{0,19}$" });
/** The same as clients write it, for the API reference. */
export const userIdOnWire = Type.Integer({
  minimum: 1,
  description: "the member: up to 20 digits",
  example: 50_000_104_652,
});

export const cardNo = digits(16, "the card's number", personal);
export const par = text(27, 27, "stands for the card where its number is not told", {
  example: "Q180BEA3B2F1BBD8410336D66A4",
});
export const bankCode = digits(3, "the bank; codes from before a merger are taken for the bank of today", {
  example: "003",
});
export const bankAccount = text(1, fieldLimits.account_length, "the account's number; hyphens are passed over", {
  pattern: "^[0-9][0-9-]*$",
  ...personal,
});
export const userName = text(1, fieldLimits.name_length, "a person's name", personal);
export const birthDate = exactly(8, "yyyyMMdd", { pattern: "^[0-9]*$", ...personal });
export const oneTimeToken = digits(16, "made for the card, used once", secret);
export const dcvv = digits(3, "of the token", secret);
export const sequenceId = text(1, fieldLimits.sequenceId_length, "the client's own name for the request; used once");
export const nrNumber = text(1, fieldLimits.nrNumber_length, "the transaction's number");
