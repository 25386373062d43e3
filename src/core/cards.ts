/**
 * Korean card companies, and the networks of cards from abroad, under the numbers that PortOne gives them. Merchants
 * see them as `card_code`; they are not the KFTC's bank codes, even where a bank's number comes back (045, 048, 071).
 */

export interface Card {
  /** Three digits; five for networks abroad. */
  code: string;
  name: string;
}

const rows: readonly (readonly [code: string, name: string])[] = [
  ["002", "KDB"],
  ["041", "우리"],
  ["045", "새마을"],
  ["048", "신협"],
  ["071", "우체국"],
  ["089", "K뱅크"],
  ["090", "카카오뱅크"],
  ["361", "BC"],
  ["364", "광주"],
  ["365", "삼성"],
  ["366", "신한"],
  ["367", "현대"],
  ["368", "롯데"],
  ["369", "수협"],
  ["370", "씨티"],
  ["371", "NH"],
  ["372", "전북"],
  ["373", "제주"],
  ["374", "하나SK"],
  ["381", "KB"],
  ["10001", "해외은련"],
  ["10002", "해외다이너스"],
  ["10003", "해외아멕스"],
  ["10004", "해외마스터"],
  ["10005", "해외비자"],
  ["10006", "해외JCB"],
];

/** Every card company of PortOne's table, by ascending number. */
export const cards: readonly Card[] = rows.map(([code, name]) => Object.freeze({ code, name }));

const cardByCode: ReadonlyMap<string, Card> = new Map(cards.map((card) => [card.code, card]));

/** The card company of a code as the table spells it, or undefined. */
export function findCard(code: string): Card | undefined {
  return cardByCode.get(code);
}
