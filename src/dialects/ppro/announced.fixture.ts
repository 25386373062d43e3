/** Charges and agreements as they are announced, for the tests of that. */
import type { Event } from "../../core/events/event.ts";
import type { MerchantSettings } from "../../core/merchants/merchant.ts";
import { Secrets } from "../../core/secrets.ts";
import type { ChargeWish } from "../../core/wallet-charges/decide.ts";
import { type Act, asking, having, WalletBooks } from "../../core/wallet-charges/wallet-books.fixture.ts";
import { CheckoutAddresses } from "./identifiers.ts";
import { pproAnnouncer } from "./webhook.ts";

/** Of the merchant's webhooks. */
export const secret = "whsec_example_secret";
export const checkout = new CheckoutAddresses(new Secrets(Buffer.alloc(32, 1)), "https://pay.example");
export const announcer = pproAnnouncer({
  accounts: () => ({ merchantId: "merch_shop", webhookSigningSecret: secret }),
  checkout,
  headersOf: async (merchantId) => ({ "x-shop": merchantId, "ppro-signature": "forged" }),
});

/** One charge after these acts. */
export function charged(wanted: Partial<ChargeWish>, ...acts: Act[]): WalletBooks {
  const books = new WalletBooks();
  books.charge({ rules: asking, ...wanted });
  return having(books, ...acts);
}

/** One agreement after these acts; `shown`: what the merchant told of it. */
export function agreement(shown: object, ...acts: Act[]): WalletBooks {
  const books = new WalletBooks();
  books.agree({ details: { shown: shown as never } });
  return having(books, ...acts);
}

/** The last event of a type, as it is stored. */
export function withId(books: WalletBooks, type: string): Event {
  const event = books.events.findLast((one) => one.type === type);
  if (event === undefined) throw new Error(`${type} did not happen`);
  return { id: "evt_1", ...event, announcedTo: null };
}

export function announce(books: WalletBooks, type: string, settings: MerchantSettings = {}) {
  const event = withId(books, type);
  return announcer.announce(event, books.subjectOf(event), settings);
}

export function bodyOf(books: WalletBooks, type: string) {
  return JSON.parse(announce(books, type)[0]!.body);
}
