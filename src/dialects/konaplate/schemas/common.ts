/** What every call and every answer has. */
import { Type } from "typebox";

export const CommonHeaders = Type.Object({
  "X-KM-User-AspId": Type.String({ minLength: 15, maxLength: 15, description: "The partner's id." }),
  "X-KM-Correlation-Id": Type.String({
    minLength: 1,
    maxLength: 64,
    description: "`yyMMddHHmmss-` and 7 hex digits; comes back with the answer.",
  }),
  "X-KM-Access-Key": Type.String({ minLength: 40, maxLength: 40, description: "The project's access key." }),
  "X-KM-Crypto-Key-Id": Type.Optional(
    Type.String({
      minLength: 32,
      maxLength: 32,
      description: "The key of the encrypted messages; needed when the request is one.",
    }),
  ),
  "X-KM-Tran-Token": Type.String({
    minLength: 66,
    maxLength: 67,
    description: "`KMV1:` `yyyyMMddHHmmssSSS` `:` Base64 of the HMAC-SHA-256 of the body's bytes under the secret key.",
  }),
  "X-KM-Tran-Time": Type.String({ minLength: 14, maxLength: 17, description: "`yyyyMMddHHmmss`" }),
  "X-KM-Time-Zone": Type.String({ minLength: 1, maxLength: 64, description: "Of that time: `KST`, `UTC`." }),
});

/** The outcome, beside the fields of every answer. */
export const Outcome = Type.Object(
  { code: Type.String({ description: "`000_000` for success." }), description: Type.String() },
  { description: "The outcome." },
);

export const ErrorBody = Type.Object({ response: Outcome });
