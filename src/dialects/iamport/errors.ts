/**
 * One table: what went wrong -> HTTP status, code, message. Authentication, unknown ids and ill-formed parameters use
 * HTTP statuses; business refusals come as 200 with a code other than 0: 1 for our own check, -1 for the PG's. Texts that
 * clients are known to compare are given to the letter; the others are ours.
 */
import type { PaymentRefusal } from "../../core/errors.ts";
import type { BodyProblem } from "../../http/body.ts";
import type { HttpFailure } from "../../http/dialect.ts";
import type { Problem } from "../../http/validate.ts";

export interface IamportError {
  status: number;
  code: -1 | 1;
  message: string;
}

const at = (status: number, code: -1 | 1, message: string): IamportError => ({ status, code, message });
const won = (amount: number): string => `${amount.toLocaleString("en-US")}원`;

/** JSON Schema's types, for people. */
const typeNames: Readonly<Record<string, string>> = {
  integer: "정수",
  number: "숫자",
  boolean: "true 또는 false",
  string: "문자열",
  array: "배열",
};

export const errors = {
  credentialsMissing: at(400, -1, "imp_key, imp_secret 파라메터가 누락되었습니다."),
  credentialsWrong: at(401, -1, "인증에 실패하였습니다. API키와 secret을 확인하세요."),
  unauthorized: at(401, -1, "Unauthorized"),

  notBuilt: at(501, -1, "지원되지 않는 API입니다."),

  missing: (field: string) => at(400, -1, `${field} 파라메터가 누락되었습니다.`),
  illTyped: (field: string, wanted: string) =>
    at(400, -1, `${field} 파라메터의 형식이 올바르지 않습니다(${typeNames[wanted] ?? wanted}).`),
  unstorable: (field: string) => at(400, -1, `${field}에 저장할 수 없는 문자가 포함되어 있습니다.`),
  tooLong: (field: string, length: number) => at(200, -1, `${field}은(는) 최대 ${length}자까지 입력할 수 있습니다.`),
  outOfRange: (field: string, wanted: string) => at(200, -1, `${field} 값이 허용 범위를 벗어났습니다(${wanted}).`),
  bankUnknown: (field: string, code: string) => at(200, -1, `${field}(${code})는 지원되지 않는 은행코드입니다.`),

  noContract: at(200, -1, "가상계좌를 발급할 수 있는 PG 설정이 없습니다. PG사와 가상계좌 계약이 필요합니다."),
  unsupported: (what: string, provider: string) => at(200, -1, `PG사(${provider})에서 지원하지 않습니다: ${what}`),
  hashMismatch: at(200, -1, "hashData가 일치하지 않습니다. pg_api_key가 누락되었거나 올바르지 않습니다."),
  taxOfMid: (provider: string) =>
    at(200, -1, `PG사(${provider}) 상점아이디가 복합과세로 설정되어 있지 않아 tax_free를 지정할 수 없습니다.`),
  notWithUnlimited: (field: string) => at(200, -1, `고정식 무제한 가상계좌에는 ${field}을(를) 지정할 수 없습니다.`),
  specialCharacters: at(200, -1, "merchant_uid에는 영문과 숫자만 사용할 수 있습니다(smartro_v2)."),
  channelUnknown: at(400, -1, "channel_key에 해당하는 채널을 찾을 수 없습니다."),

  paymentUnknown: at(404, -1, "존재하지 않는 결제정보입니다."),
  statusUnknown: at(400, -1, "지원되지 않는 상태값입니다."),
  noIds: at(400, -1, "imp_uid 또는 merchant_uid를 지정해주셔야합니다."),
  tooManyIds: (count: number) => at(400, -1, `imp_uid와 merchant_uid는 합하여 최대 ${count}개까지 조회할 수 있습니다.`),
  pageBeyond: (last: number) => at(400, -1, `page가 데이터 범위를 넘어섰습니다(마지막 페이지: ${last}).`),
  badWindow: (days: number) =>
    at(400, -1, `조회기간이 올바르지 않습니다. from은 to보다 앞서야 하고 최대 ${days}일입니다.`),
  methodNotAllowed: at(405, -1, "허용되지 않는 HTTP METHOD입니다."),
  nothingToChange: at(400, -1, "amount 또는 vbank_due 중 하나는 지정해주셔야합니다."),
  holderUnknown: at(404, -1, "계좌 조회에 실패하였습니다. 은행코드와 계좌번호를 확인해주세요."),

  cancelUnknown: at(200, 1, "취소할 결제건이 존재하지 않습니다."),
  cancelIdMissing: at(400, -1, "취소할 거래의 imp_uid 또는 merchant_uid를 지정해주셔야합니다."),
  refundFieldMissing: (fields: string) => at(200, 1, `가상계좌 환불에 필요한 정보가 누락되었습니다: ${fields}`),
  refundAccount: at(200, 1, "refund_account(환불계좌번호)는 6~20자리 숫자여야 합니다."),
  refundRefused: (message: string) => at(200, -1, message),
  refundUnknown: at(
    200,
    -1,
    "PG사의 응답을 확인하지 못했습니다. 취소 결과를 확인하는 중이니 잠시 후 결제내역을 조회해주세요.",
  ),

  preparedAlready: at(200, 1, "결제정보 사전등록에 실패하였습니다(이미 등록된 merchant_uid입니다)."),
  preparedUnknown: at(404, -1, "사전등록된 결제정보가 존재하지 않습니다."),

  receiptUnknown: at(404, -1, "현금영수증 발행내역이 존재하지 않습니다."),
  receiptNotIssued: at(400, -1, "현금영수증이 발행되지 않은 건입니다."),
  receiptUnsupported: (provider: string) => at(501, -1, `현금영수증 기능이 지원되지 않는 PG사입니다(${provider}).`),
  receiptFailed: (message: string) => at(500, -1, `현금영수증 처리에 실패하였습니다: ${message}`),
  receiptUnsettled: at(500, -1, "PG사의 응답을 확인하지 못했습니다. 현금영수증 처리 결과를 확인하는 중입니다."),

  bankCodeUnknown: at(404, -1, "코드에 해당되는 은행정보를 찾을 수 없습니다."),
  cardCodeUnknown: at(404, -1, "코드에 해당되는 카드사정보를 찾을 수 없습니다."),
} as const;

/** Wire names of an account's parts. */
const accountFields = {
  holder: "refund_holder",
  bankCode: "refund_bank",
  number: "refund_account",
  phone: "refund_tel",
} as const;
const taxFields = { taxFree: "tax_free", vatAmount: "vat_amount" } as const;

export function refusalError(refusal: PaymentRefusal): IamportError {
  switch (refusal.code) {
    case "reference-paid":
      return at(200, 1, `이미 결제가 완료된 merchant_uid입니다(${refusal.reference}).`);
    case "due-passed":
      return at(200, -1, "vbank_due(입금기한)는 현재 시각 이후여야 합니다.");
    case "due-too-far":
      return at(200, -1, `vbank_due(입금기한)는 최대 ${refusal.max_days}일 이내여야 합니다.`);
    case "numbers-exhausted":
      return at(200, -1, `은행(${refusal.bankCode})에서 발급 가능한 가상계좌번호가 모두 소진되었습니다.`);
    case "number-not-yours":
      return at(200, -1, `vbank_num(${refusal.number})은 이 상점에 배정된 고정식 가상계좌가 아닙니다.`);
    case "number-in-use":
      return at(200, -1, `고정식 가상계좌(${refusal.number})에 입금대기 중인 결제건이 있습니다.`);
    case "payment-unknown":
      return errors.paymentUnknown;
    case "payment-not-ready":
      return at(400, -1, "입금대기 상태의 가상계좌가 아닙니다.");
    case "account-expired":
      return at(400, -1, "입금기한이 지난 가상계좌는 수정할 수 없습니다.");

    case "nothing-deposited":
      return at(200, -1, "요청하신 건에 대해 입금된 내역이 없습니다");
    case "not-refundable":
      return at(200, 1, "취소할 수 없는 상태의 결제건입니다(failed).");
    case "fully-refunded":
      return at(200, 1, "이미 전액취소된 주문입니다.");
    case "refund-under-way":
      return at(200, 1, "처리 중인 취소 요청이 있어 취소 가능한 잔액이 없습니다.");
    case "balance-differs":
      return at(
        200,
        1,
        `checksum(${won(refusal.expected)})이 취소 가능한 잔액(${won(refusal.balance)})과 일치하지 않습니다.`,
      );
    case "refund-exceeds":
      return at(
        200,
        1,
        `취소 요청 금액(amount ${won(refusal.amount)})이 취소 가능한 잔액(${won(refusal.balance)})을 초과합니다.`,
      );
    case "refund-account-incomplete":
      return errors.refundFieldMissing(refusal.missing.map((part) => accountFields[part]).join(", "));
    case "refund-tax-missing":
      return errors.refundFieldMissing(taxFields[refusal.part]);
    case "refund-tax-exceeds":
      return at(200, 1, `tax_free와 vat_amount의 합은 취소 금액(${won(refusal.amount)})을 넘을 수 없습니다.`);
    case "refund-tax-left":
      return at(200, 1, `${taxFields[refusal.part]}이(가) 취소 가능한 금액(${won(refusal.left)})을 초과합니다.`);
    case "too-many-refunds":
      return at(200, -1, `부분취소는 최대 ${refusal.partials_max}회까지 가능합니다.`);
    case "refund-too-late":
      return at(200, -1, `입금 후 ${refusal.within_months}개월이 지난 건은 취소할 수 없습니다.`);
    case "refund-hours":
      return at(200, -1, `${refusal.from}시부터 ${refusal.to}시까지는 가상계좌를 환불할 수 없습니다.`);

    case "not-paid":
      return at(400, -1, "결제완료(paid) 상태의 결제건이 아닙니다.");
    case "nothing-left":
      return at(400, -1, "현금영수증을 발행할 잔액이 없습니다.");
    case "receipt-exists":
      return at(400, -1, "이미 현금영수증이 발행된 건입니다.");
    case "receipt-under-way":
      return at(400, -1, "현금영수증 처리가 진행 중인 건입니다.");
    case "receipt-unknown":
      return errors.receiptNotIssued;
    case "receipt-tax-exceeds":
      return at(400, -1, `tax_free와 vat_amount의 합은 발행 금액(${won(refusal.amount)})을 넘을 수 없습니다.`);

    case "prepared-already":
      return errors.preparedAlready;
    case "prepared-unknown":
      return errors.preparedUnknown;
  }
}

/** What is wrong with a field. */
export function problemError(problem: Problem): IamportError {
  switch (problem.kind) {
    case "missing":
      return errors.missing(problem.field);
    case "type":
      return errors.illTyped(problem.field, problem.wanted);
    case "too-long":
      return errors.tooLong(problem.field, problem.length);
    case "too-many":
      return errors.outOfRange(problem.field, `<= ${problem.count}`);
    case "range":
      return errors.outOfRange(problem.field, problem.wanted);
    case "unstorable":
      return errors.unstorable(problem.field);
  }
}

/** What the shell refuses before or outside a route. */
export function failureError(failure: HttpFailure): IamportError {
  switch (failure.kind) {
    case "not-found":
      return at(404, -1, "요청하신 API를 찾을 수 없습니다.");
    case "malformed":
      return failure.problem === undefined
        ? at(failure.status, -1, "요청을 해석할 수 없습니다.")
        : bodyError(failure.problem);
    case "too-large":
      return at(413, -1, `요청 본문이 너무 큽니다(최대 ${failure.bytes_max?.toLocaleString("en-US")}바이트).`);
    case "unsupported-media-type":
      return at(415, -1, "지원되지 않는 Content-Type입니다.");
    case "wrong-host":
      return at(421, -1, "이 서버의 주소가 아닙니다. Host 헤더와 NARU_ALLOWED_HOSTS 설정을 확인하세요.");
    case "cross-site":
      return at(403, -1, "다른 출처(Origin)의 웹페이지에서 보낸 요청은 처리하지 않습니다.");
    case "overloaded":
    case "unavailable":
      return at(503, -1, "일시적으로 요청을 처리할 수 없습니다. 잠시 후 결제내역을 조회해 확인해주세요.");
    case "defect":
      return at(500, -1, "서버 내부 오류가 발생하였습니다.");
  }
}

function bodyError(problem: BodyProblem): IamportError {
  switch (problem.kind) {
    case "encoding":
      return at(400, -1, `${problem.field ?? "요청"}에 UTF-8이 아닌 문자가 포함되어 있습니다.`);
    case "unstorable":
      return errors.unstorable(problem.field);
    case "json":
      return at(400, -1, "요청 본문이 올바른 JSON이 아닙니다.");
    case "not-an-object":
      return at(400, -1, "요청 본문은 JSON 객체여야 합니다.");
    case "too-deep":
      return at(400, -1, `요청 본문의 중첩이 ${problem.depth_max}단계를 초과합니다.`);
    case "multipart":
      return at(400, -1, "요청 본문이 올바른 multipart/form-data가 아닙니다.");
  }
}

export function envelope(response: unknown): { code: 0; message: null; response: unknown } {
  return { code: 0, message: null, response };
}

export function errorEnvelope(error: IamportError) {
  return { code: error.code, message: error.message, response: null };
}
