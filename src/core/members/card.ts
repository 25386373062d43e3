/** A prepaid card that was issued here, by which its member's balance is reached. Its CVC is not kept. */
import { table } from "../../store/index.ts";
import { changeSubject, type NewEvent } from "../events/event.ts";
import { masked, type Secrets } from "../secrets.ts";

export interface Card {
  id: string;
  merchantId: string;
  memberId: string;
  /** Stands for the card where its number is not to be told: 27 characters, unique in the installation. */
  par: string;
  numberEncrypted: string;
  numberIndex: string;
  numberMasked: string;
  /** `YYMM`, good to the end of that month. */
  expiry: string;
  state: "active";
  /** 15 digits: the product that the card is of. */
  serviceId: string;
  createdAt: Date;
  updatedAt: Date;
  eventSeq: number;
}

/** The product that a card is of where nobody says which. */
export const defaultServiceId = "000170000002000";

export type CardEventType = "card.issued";

export const cards = table<Card>(
  "cards",
  [
    "id",
    "merchantId",
    "memberId",
    "par",
    "numberEncrypted",
    "numberIndex",
    "numberMasked",
    "expiry",
    "state",
    "serviceId",
    "createdAt",
    "updatedAt",
    "eventSeq",
  ],
  ["id"],
);

export function changeCard(card: Card, change: Partial<Card>, type: CardEventType, now: Date) {
  const tell = ({ par, memberId, numberMasked }: Card) =>
    ({ subjectType: "card", paymentId: null, type, data: { par, memberId, numberMasked } }) as const;
  const { changed, event } = changeSubject(card, change, tell, now);
  return { card: changed, event } satisfies { card: Card; event: NewEvent };
}

const place = ({ id, merchantId }: Pick<Card, "id" | "merchantId">) => ({
  table: cards.name,
  column: "number_encrypted",
  row: id,
  merchantId,
});

export function sealCardNumber(
  secrets: Secrets,
  card: Pick<Card, "id" | "merchantId">,
  number: string,
): Pick<Card, "numberEncrypted" | "numberIndex" | "numberMasked"> {
  return {
    numberEncrypted: secrets.encrypt(number, place(card)),
    numberIndex: cardIndex(secrets, card.merchantId, number),
    numberMasked: masked(number),
  };
}

export function openCardNumber(secrets: Secrets, card: Card): string {
  return secrets.decrypt(card.numberEncrypted, place(card));
}

export function cardIndex(secrets: Secrets, merchantId: string, number: string): string {
  return secrets.blindIndex(merchantId, `card ${number}`);
}
