/**
 * What one payment of the demo shall be: its order, and what becomes of it. Pure: the same seed and number give the same
 * plan, whichever others are made beside it.
 */
import { type Random, randomFrom } from "../../random.ts";

export const fates = [
  "paid",
  "paid-with-receipt",
  "partly-refunded",
  "refunded",
  "paid-twice",
  "waiting",
  "revoked",
  "wrong-amount",
  "wrong-account",
] as const;
export type Fate = (typeof fates)[number];

/** Of a hundred payments; 70 of them are paid. */
const shares: Record<Fate, number> = {
  paid: 50,
  "paid-with-receipt": 10,
  "partly-refunded": 5,
  refunded: 4,
  "paid-twice": 1,
  waiting: 17,
  revoked: 8,
  "wrong-amount": 3,
  "wrong-account": 2,
};

export interface Plan {
  fate: Fate;
  /** The merchant's order id; letters and digits, as the strictest PG wants it. */
  reference: string;
  provider: string;
  bankCode: string;
  /** Whole won. */
  amount: number;
  goods: string;
  buyer: { name: string; email: string; tel: string };
  due_days: number;
  /** The bank's id of the deposit. */
  noticeId: string;
  /** What is deposited where that is not the amount. */
  wrongAmount: number;
  /** What is refunded of a partly refunded one; less than the amount. */
  refundAmount: number;
  refundReason: string;
  refundAccount: { bankCode: string; number: string };
  /** Whom the cash receipt names: a phone, or a company. */
  receipt: { type: "person" | "company"; identifierType: "phone" | "business"; identifier: string };
}

export function planPayment(seed: number, index: number): Plan {
  const random = randomFrom(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index, 0xc2b2ae35));
  const fate = weighted(
    random,
    fates.map((name) => [name, shares[name]] as const),
  );
  const needsReceipts = fate === "paid-with-receipt";
  const channel = weighted(
    random,
    channels.filter((one) => !needsReceipts || one.receipts).map((one) => [one, one.weight] as const),
  );
  const name = `${weighted(random, surnames)}${random.pick(givenNames)}`;
  const [goods, price] = random.pick(catalogue);
  const pieces = random.chance(0.75) ? 1 : random.between(2, 3);
  const amount = price * pieces;
  const reference = `demo${seed}n${index}`;
  return {
    fate,
    reference,
    provider: channel.provider,
    bankCode: weighted(random, channel.banks),
    amount,
    goods: pieces === 1 ? goods : `${goods} ${pieces}개`,
    buyer: {
      name,
      email: `buyer${index}@example.com`,
      tel: phone(random),
    },
    due_days: random.between(1, 7),
    noticeId: `${reference}d`,
    // A digit too few, or the fee of the transfer taken off.
    wrongAmount: random.chance(0.5) ? Math.floor(amount / 10) : amount - 500,
    refundAmount: Math.floor((amount * random.between(2, 8)) / 1_000) * 100 || 100,
    refundReason: random.pick(refundReasons),
    refundAccount: { bankCode: weighted(random, commonBanks), number: `110${digits(random, 9)}` },
    receipt: random.chance(0.8)
      ? { type: "person", identifierType: "phone", identifier: phone(random).replaceAll("-", "") }
      : { type: "company", identifierType: "business", identifier: `000${digits(random, 7)}` },
  };
}

/** No telephone has such a number. */
function phone(random: Random): string {
  return `010-0000-${digits(random, 4)}`;
}

function digits(random: Random, length: number): string {
  return String(random.below(10 ** length)).padStart(length, "0");
}

type Weighted<Value> = readonly (readonly [Value, number])[];

function weighted<Value>(random: Random, choices: Weighted<Value>): Value {
  let left = random.below(choices.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [value, weight] of choices) {
    if (left < weight) return value;
    left -= weight;
  }
  throw new RangeError("there is nothing to choose from");
}

/** 신한, 국민, 농협, 우리, 하나, 기업, 우체국. */
const commonBanks: Weighted<string> = [
  ["088", 22],
  ["004", 24],
  ["011", 18],
  ["020", 14],
  ["081", 10],
  ["003", 8],
  ["071", 4],
];
/** Of those, where welcome issues. */
const welcomeBanks: Weighted<string> = commonBanks.filter(([code]) => ["088", "004", "003"].includes(code));

/** PGs that refund without hours of their own; `receipts`: they issue cash receipts for these fields. */
const channels: readonly { provider: string; weight: number; receipts: boolean; banks: Weighted<string> }[] = [
  { provider: "nice", weight: 28, receipts: true, banks: commonBanks },
  { provider: "tosspayments", weight: 24, receipts: true, banks: commonBanks },
  { provider: "html5_inicis", weight: 20, receipts: true, banks: commonBanks },
  { provider: "kcp", weight: 12, receipts: true, banks: commonBanks },
  { provider: "settle", weight: 8, receipts: true, banks: commonBanks },
  { provider: "smartro_v2", weight: 4, receipts: false, banks: commonBanks },
  { provider: "welcome", weight: 4, receipts: false, banks: welcomeBanks },
];

/** By how common they are. */
const surnames: Weighted<string> = [
  ["김", 21],
  ["이", 15],
  ["박", 8],
  ["최", 5],
  ["정", 5],
  ["강", 2],
  ["조", 2],
  ["윤", 2],
  ["장", 2],
  ["임", 2],
  ["한", 2],
  ["오", 2],
  ["서", 2],
  ["신", 2],
  ["권", 2],
  ["황", 1],
  ["안", 1],
  ["송", 1],
  ["류", 1],
  ["남궁", 1],
];

const givenNames: readonly string[] =
  "서연 민준 지우 서준 하은 도윤 지민 예준 수아 시우 지유 주원 채원 하준 다은 지호 은서 준서 유진 현우 소율 지훈 예린 건우 민서 우진 윤서 선우 가은 영수 순자 정호 미경 성민 혜진 경숙 상철 은영 동현 수빈".split(
    " ",
  );

/** Goods with their price in won. */
const catalogue: readonly (readonly [string, number])[] = [
  ["캠핑 의자", 39_000],
  ["4인용 텐트", 189_000],
  ["무선 이어폰", 79_900],
  ["기계식 키보드", 128_000],
  ["원두커피 1kg", 28_500],
  ["제주 감귤 5kg", 24_900],
  ["유기농 쌀 10kg", 42_000],
  ["한우 선물세트", 245_000],
  ["김치 3kg", 27_800],
  ["홍삼정 240g", 168_000],
  ["아기 물티슈 20팩", 21_900],
  ["그림책 전집", 310_000],
  ["요가 매트", 32_000],
  ["러닝화", 119_000],
  ["겨울 패딩", 259_000],
  ["린넨 셔츠", 49_800],
  ["수분 크림", 18_900],
  ["강아지 사료 6kg", 54_000],
  ["LED 스탠드", 35_600],
  ["뮤지컬 관람권 R석", 140_000],
  ["온라인 강의 3개월", 99_000],
  ["도자기 머그컵", 12_000],
];

const refundReasons: readonly string[] = [
  "고객 변심",
  "상품 품절",
  "배송 지연",
  "사이즈 교환",
  "주문 실수",
  "상품 파손",
];
