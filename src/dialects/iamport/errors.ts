/**
 * One table: what went wrong -> HTTP status, code, message. Authentication, unknown ids and ill-formed parameters use
 * HTTP statuses; business refusals come as 200 with a code other than 0: 1 for our own check, -1 for the PG's
 * (`reference/iamport.md` 1.1, 2.2). Texts marked certain there are given to the letter; the others are ours.
 */
import type { Refusal } from "../../core/errors.ts";
import type { HttpFailure } from "../../http/dialect.ts";

export interface IamportError {
  status: number;
  code: -1 | 1;
  message: string;
}

const at = (status: number, code: -1 | 1, message: string): IamportError => ({ status, code, message });

export const errors = {
  credentialsMissing: at(400, -1, "imp_key, imp_secret 파라메터가 누락되었습니다."),
  credentialsWrong: at(401, -1, "인증에 실패하였습니다. API키와 secret을 확인하세요."),
  unauthorized: at(401, -1, "Unauthorized"),
  paymentUnknown: at(404, -1, "존재하지 않는 결제정보입니다."),
  missing: (field: string) => at(400, -1, `${field} 파라메터가 누락되었습니다.`),
  illTyped: (field: string, wanted: string) => at(400, -1, `${field} 파라메터의 형식이 올바르지 않습니다(${wanted}).`),
  tooLong: (field: string, length: number) => at(200, -1, `${field}은(는) 최대 ${length}자까지 입력할 수 있습니다.`),
  outOfRange: (field: string, wanted: string) => at(200, -1, `${field} 값이 허용 범위를 벗어났습니다(${wanted}).`),
  bankUnknown: (code: string) => at(200, -1, `vbank_code(${code})는 지원되지 않는 은행코드입니다.`),
  unstorable: (field: string) => at(400, -1, `${field}에 저장할 수 없는 문자가 포함되어 있습니다.`),
  noChannel: at(200, -1, "가상계좌를 발급할 수 있는 PG 설정이 없습니다. PG사와 가상계좌 계약이 필요합니다."),
} as const;

export function refusalError(refusal: Refusal): IamportError {
  switch (refusal.code) {
    case "reference-paid":
      return at(200, 1, `이미 결제가 완료된 merchant_uid입니다(${refusal.reference}).`);
    case "due-passed":
      return at(200, -1, "vbank_due(입금기한)는 현재 시각 이후여야 합니다.");
    case "due-too-far":
      return at(200, -1, `vbank_due(입금기한)는 최대 ${refusal.max_days}일 이내여야 합니다.`);
    case "numbers-exhausted":
      return at(200, -1, `은행(${refusal.bankCode})에서 발급 가능한 가상계좌번호가 모두 소진되었습니다.`);
    case "payment-unknown":
      return errors.paymentUnknown;
    case "payment-not-ready":
      return at(400, -1, "입금대기 상태의 가상계좌가 아닙니다.");
    case "clock-backwards":
    case "clock-too-far":
      throw new Error("the clock is not moved by this dialect");
  }
}

/** What the shell refuses before or outside a route. */
export function failureError(failure: HttpFailure): IamportError {
  switch (failure.kind) {
    case "not-found":
      return at(404, -1, "요청하신 API를 찾을 수 없습니다.");
    case "malformed":
      return at(failure.status, -1, `요청 본문을 해석할 수 없습니다: ${failure.detail}`);
    case "too-large":
      return at(413, -1, `요청 본문이 너무 큽니다: ${failure.detail}`);
    case "unsupported-media-type":
      return at(415, -1, "지원되지 않는 Content-Type입니다.");
    case "overloaded":
    case "unavailable":
      return at(503, -1, "일시적으로 요청을 처리할 수 없습니다. 잠시 후 결제내역을 조회해 확인해주세요.");
    case "defect":
      return at(500, -1, "서버 내부 오류가 발생하였습니다.");
  }
}

export function envelope(response: unknown): { code: 0; message: null; response: unknown } {
  return { code: 0, message: null, response };
}

export function errorEnvelope(error: IamportError) {
  return { code: error.code, message: error.message, response: null };
}
