import Type from "typebox";
import { describe, expect, it } from "vitest";
import { errors } from "../errors.ts";
import { parseWire } from "../wire.ts";
import { exchangeOf, failure, reader, success } from "./call.ts";

const schema = Type.Object({
  userId: Type.String({ pattern: "^[1-9][0-9]{0,19}$" }),
  amount: Type.Optional(Type.Integer({ minimum: 1, maximum: 9_999_999_999 })),
  birthDate: Type.Optional(Type.String({ minLength: 8, maxLength: 8, pattern: "^[0-9]*$", personal: true })),
  loginId: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
  gender: Type.Optional(Type.Enum(["Male", "Female"])),
  page: Type.Optional(Type.Object({ sort: Type.String({ minLength: 2, maxLength: 4 }) })),
  terms: Type.Optional(Type.Array(Type.String({ minLength: 2, maxLength: 4 }))),
});
const read = reader(schema);
const readValue = reader(schema, "value");

describe("fields", () => {
  it.each([
    ["a member's number as a number", '{"userId":50000104652}', { userId: "50000104652" }],
    ["as a text", '{"userId":"50000104652"}', { userId: "50000104652" }],
    ["beyond what JavaScript counts", '{"userId":9007199254740993}', { userId: "9007199254740993" }],
    ["of 20 digits", '{"userId":99999999999999999999}', { userId: "99999999999999999999" }],
    ["an amount as text", '{"userId":1,"amount":"1000"}', { userId: "1", amount: 1_000 }],
    ["a date as a number", '{"userId":1,"birthDate":19751112}', { userId: "1", birthDate: "19751112" }],
    ["what is not named, which is passed over", '{"userId":1,"par":"x"}', { userId: "1" }],
    ["nothing for what need not be", '{"userId":1,"gender":null,"loginId":""}', { userId: "1" }],
  ])("are taken: %s", (_name, text, value) => {
    expect(read(parseWire(text))).toEqual({ ok: true, value });
  });

  const bounds = (field: string, min: number, max: number) => errors.length(field, min, max);
  it.each<[string, string, unknown]>([
    ["absent", "{}", errors.missing("userId")],
    ["null", '{"userId":null}', errors.missing("userId")],
    ["empty", '{"userId":""}', errors.invalid("userId")],
    ["blank", '{"userId":"  "}', errors.invalid("userId")],
    ["zero", '{"userId":0}', errors.invalid("userId")],
    ["21 digits", '{"userId":100000000000000000000}', errors.invalid("userId")],
    ["negative", '{"userId":-1}', errors.invalid("userId")],
    ["a part of one", '{"userId":1.5}', errors.invalid("userId")],
    ["so large that it is written with a power", '{"userId":1e30}', errors.invalid("userId")],
    ["a truth", '{"userId":true}', errors.invalid("userId")],
    ["an object", '{"userId":{}}', errors.invalid("userId")],
    ["nothing to charge", '{"userId":1,"amount":0}', errors.invalid("amount")],
    ["too much", '{"userId":1,"amount":9007199254740993}', errors.invalid("amount")],
    ["too short", '{"userId":1,"birthDate":"1975"}', bounds("birthDate", 8, 8)],
    ["too long", '{"userId":1,"birthDate":"197511120"}', bounds("birthDate", 8, 8)],
    ["too short as a number", '{"userId":1,"birthDate":1975}', bounds("birthDate", 8, 8)],
    ["as long as it should be, of letters", '{"userId":1,"birthDate":"abcdefgh"}', errors.invalid("birthDate")],
    ["none of the choices", '{"userId":1,"gender":"x"}', errors.invalid("gender")],
    ["missing within", '{"userId":1,"page":{}}', errors.missing("page.sort")],
    ["empty within", '{"userId":1,"page":{"sort":""}}', errors.invalid("page.sort")],
    ["too long within", '{"userId":1,"page":{"sort":"abcde"}}', bounds("page.sort", 2, 4)],
    ["too long in a list", '{"userId":1,"terms":["ab","abcde"]}', bounds("terms.1", 2, 4)],
    ["longer in bytes than in characters", '{"userId":1,"page":{"sort":"나루나루나"}}', bounds("page.sort", 2, 4)],
  ])("are refused: %s", (_name, text, error) => {
    expect(read(parseWire(text))).toEqual({ ok: false, error });
  });

  it("are called as the page of their API calls them", () => {
    expect(readValue({ userId: "" })).toEqual({ ok: false, error: errors.invalid("userId", "value") });
    expect(errors.invalid("loginId", "value").description).toBe("Invalid input value. loginId");
    expect(errors.length("birthDate", 8, 8).description).toBe(
      "The length of value does not match. birthDate (반드시 최소값 8과(와) 최대값 8 사이의 크기이어야 합니다.)",
    );
  });
});

describe("an answer", () => {
  it("has its outcome beside its fields, and every digit", () => {
    const { status, text, body } = success({ userId: 9_007_199_254_740_993n });
    expect(status).toBe(200);
    expect(text).toBe('{"userId":9007199254740993,"response":{"code":"000_000","description":"Success."}}');
    expect(body).toEqual({ userId: "9007199254740993", response: { code: "000_000", description: "Success." } });
  });

  it("may tell something beside an error", () => {
    expect(failure(errors.arsFailed, { status: "ARS_AUTH_FAILED" })).toEqual({
      status: 400,
      body: {
        status: "ARS_AUTH_FAILED",
        response: { code: "002_014", description: "Bank account register failed due to ARS auth failed." },
      },
    });
  });

  it("is kept with its call, and what is personal is not", () => {
    const endpoint = {
      url: "/api/v1/user/registration",
      summary: "",
      body: schema,
      response: Type.Object({ cardNo: Type.String({ personal: true }), par: Type.String() }),
      encrypted: { request: true, answer: true },
    };
    const body = { userId: "1", birthDate: "19751112", other: "x" };
    const draft = exchangeOf(endpoint, { params: {}, body } as never, (par: string) => success({ cardNo: "9", par }));
    expect(draft).toMatchObject({
      dialect: "konaplate",
      method: "POST",
      path: "/api/v1/user/registration",
      request: { userId: "1", birthDate: "***" },
    });
    const answer = draft.answer("Q180");
    expect(answer.status).toBe(200);
    expect(draft.redactAnswer(answer.body)).toEqual({
      cardNo: "***",
      par: "Q180",
      response: { code: "000_000", description: "Success." },
    });
  });
});
