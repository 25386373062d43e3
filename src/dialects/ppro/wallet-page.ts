/** What a shopper sees whom a shop sends to pay: a stand-in for the wallet's own pages, in Korean and English. Pure. */
import { html, type Language, type Page } from "../../http/page.ts";
import { declineTexts, frequencyTexts, type WalletTexts, walletTexts } from "./wallet-texts.ts";
import { amountText, clockText, dayText, momentText, numberText, spanText } from "./wallet-words.ts";

export interface CheckoutView {
  /** The merchant's name. */
  shop: string;
  /** As the contract spells it: `KAKAOPAY`. */
  method: string;
  description: string | null;
  items: readonly Item[];
  /** In minor units; null for an agreement without a first payment. */
  amount: number | null;
  /** By ISO 4217. */
  currency: string;
  orderReference: string | null;
  /** To later payments, rather than one payment. */
  agreement: Agreement | null;
  /** Until when, and what time it is, by the node's clock. */
  dueAt: Date;
  now: Date;
  /** Codes to choose from when it is declined, the usual one first. */
  declines: readonly string[];
}

interface Item {
  name: string;
  quantity: number;
  /** Of one, in minor units. */
  amount: number;
}

interface Agreement {
  description: string | null;
  /** Of each later payment; not always told. */
  amount?: AgreedAmount | null;
  /** As the contract spells it: `MONTHLY`. */
  frequency: string | null;
  /** Every so many of them; one if it is not told. */
  interval?: number;
  /** Each a day or a moment, by ISO 8601. */
  startDate?: string | null;
  endDate: string | null;
}

interface AgreedAmount {
  /** In minor units. */
  value: number;
  currency: string;
  /** As the contract spells it: `MAX`. */
  type: string | null;
}

/** What is shown, but for what is the same on every page. */
type Sheet = Pick<Page, "title" | "service" | "content">;

/** Its forms are sent to the address that the browser has of it, whatever a proxy before the node adds to the path. */
export function checkoutPage(view: CheckoutView, language: Language): Sheet {
  const text = walletTexts[language];
  const { shop, method, amount, currency, agreement, declines } = view;
  const [before, after] = agreement === null ? text.pays : text.agrees;
  const sum = amount === null ? undefined : amountText(amount, currency, language);
  const first = method === "KAKAOPAY" ? "first kakaopay" : "first";
  const content = html`<h1>${before}<bdi>${shop}</bdi>${after}</h1>
!${sumOf(sum, agreement, text)}
!${agreement === null ? "" : html`<p class="soft">${text.later(shop)}</p>`}
!${factsOf(view, language)}
!${itemsOf(view, language)}
<form method="post" class="actions">
<button class="!${first}" name="decision" value="pay">${payText(sum, agreement, text)}</button>
<button name="decision" value="cancel">${text.cancel}</button>
</form>
<section class="trial" aria-labelledby="trial">
<h2 id="trial">${text.trial}</h2>
<p class="soft">${text.trialAbout}</p>
<form method="post">
!${declines.length === 0 ? "" : declineField(declines, language)}
<div class="pair">
!${declines.length === 0 ? "" : html`<button name="decision" value="decline">${text.decline}</button>`}
<button name="decision" value="expire">${text.expire}</button>
</div>
</form>
</section>`;
  return { title: text.title(shop), service: text.methods[method] ?? method, content };
}

function sumOf(sum: string | undefined, agreement: Agreement | null, text: WalletTexts): string {
  if (sum === undefined) return html`<p>${text.nothing}</p>`;
  return html`<p class="sum"><small>${agreement === null ? text.amount : text.first}</small>${sum}</p>`;
}

function payText(sum: string | undefined, agreement: Agreement | null, text: WalletTexts): string {
  if (sum === undefined) return text.agree;
  return agreement === null ? text.pay(sum) : text.agreeAndPay(sum);
}

function factsOf(view: CheckoutView, language: Language): string {
  const text = walletTexts[language];
  const { description, orderReference, agreement, amount } = view;
  const facts: [string, string | null | undefined][] = [
    [text.agreement, agreement?.description],
    [text.amount, agreement?.amount && agreedText(agreement.amount, language)],
    [text.frequency, agreement && frequencyText(agreement, language)],
    [text.start, agreement?.startDate && dayText(agreement.startDate, language)],
    [text.end, agreement?.endDate && dayText(agreement.endDate, language)],
    [text.order, description],
    [text.reference, orderReference],
  ];
  const rows = facts.flatMap(([name, value]) =>
    value ? [html`<div><dt>${name}</dt><dd>!${factOf(name, value)}</dd></div>`] : [],
  );
  return html`<dl class="facts">
!${rows}
<div><dt>${amount === null ? text.dueToAgree : text.due}</dt><dd>!${dueOf(view, language)}</dd></div>
</dl>`;
}

/** Characters that are shown without scrolling. */
const text_whole = 200;

function factOf(name: string, value: string): string {
  if (value.length <= text_whole) return html`${value}`;
  return html`<div class="many" tabindex="0" role="group" aria-label="${name}">${value}</div>`;
}

function agreedText({ value, currency, type }: AgreedAmount, language: Language): string {
  const each = walletTexts[language].each[type ?? ""];
  const amount = amountText(value, currency, language);
  return each === undefined ? amount : each(amount);
}

function frequencyText({ frequency, interval = 1 }: Agreement, language: Language): string | null {
  if (frequency === null) return null;
  const known = frequencyTexts[language][frequency];
  if (known === undefined) return frequency;
  const [each, eachOf] = known;
  return interval === 1 ? each : eachOf(numberText(interval, language));
}

/** The page does not change as it is looked at, and the node's clock may be another than the shopper's: it says from when. */
function dueOf({ dueAt, now }: CheckoutView, language: Language): string {
  const text = walletTexts[language];
  const left_ms = dueAt.getTime() - now.getTime();
  const left = left_ms > 0 ? text.left(spanText(left_ms, language), clockText(now, language)) : text.over;
  const moment = text.until(momentText(dueAt, now, language));
  const about = html`<small>${text.zone} · <span class="whole">${left}</span></small>`;
  return html`<time datetime="${dueAt.toISOString()}">${moment}</time>!${about}`;
}

/** Items that are shown without scrolling. */
const items_whole = 4;

/** A list that is long can be scrolled, by the keyboard too. */
function itemsOf({ items, currency }: CheckoutView, language: Language): string {
  if (items.length === 0) return "";
  const text = walletTexts[language];
  const rows = items.map(({ name, quantity, amount }) => {
    const each = text.quantity(amountText(amount, currency, language), numberText(quantity, language));
    const all = amountText(BigInt(amount) * BigInt(quantity), currency, language);
    return html`<li class="row"><span>${name}<small>${each}</small></span><b>${all}</b></li>`;
  });
  const isLong = items.length > items_whole || items.some(({ name }) => name.length > text_whole);
  const box = isLong
    ? html`<div class="box deep" tabindex="0" role="group" aria-labelledby="items">`
    : html`<div class="box">`;
  return html`<h2 id="items">${text.items(numberText(items.length, language))}</h2>
!${box}<ul aria-labelledby="items">
!${rows}
</ul></div>`;
}

/** A code stands above its words, so that what is chosen fits on one line of a telephone. */
function declineField(declines: readonly string[], language: Language): string {
  const known = declineTexts[language];
  const options = declines.map((code) => {
    const option = html`<option value="${code}">${known[code] ?? code}</option>`;
    return known[code] === undefined ? option : html`<optgroup label="${code}">!${option}</optgroup>`;
  });
  return html`<label class="field">${walletTexts[language].reason}<select name="code">!${options}</select></label>`;
}

const marks = {
  waits: html`<svg class="mark turns" viewBox="0 0 24 24" aria-hidden="true"><path d="M21 12a9 9 0 1 1-6.2-8.6"/></svg>`,
  good: html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><path d="M5 12.5l4.5 4.5L19 7.5"/></svg>`,
  bad: html`<svg class="mark" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 5v9M12 18.9v.1"/></svg>`,
};

export interface WaitingView {
  shop: string;
  /** The shop's address; null where the shopper stays. */
  back: string | null;
  what: "payment" | "agreement";
}

/** What the shopper agreed to is being confirmed; whoever sends the page has it ask again. */
export function waitingPage({ shop, back, what }: WaitingView, language: Language): Sheet {
  const text = walletTexts[language];
  const content = html`!${marks.waits}
<h1>${text.waiting[what]}</h1>
<p class="soft">${back === null ? text.waitingHere(shop) : text.waitingToReturn(shop)}</p>
!${back === null ? "" : html`<a class="button" href="${back}">${text.back}</a>`}`;
  return { title: text.title(shop), service: text.service, content };
}

/** Of an address that leads to no payment. */
export function unknownPage(language: Language): Sheet {
  const text = walletTexts[language];
  const content = html`!${marks.bad}
<h1>${text.unknown}</h1>
<p class="soft">${text.unknownAbout}</p>`;
  return { title: text.unknown, service: text.service, content };
}

export interface FinishedView {
  shop: string;
  outcome: "paid" | "failed" | "discarded" | "agreed" | "not-agreed";
}

/** Of a payment that is over and has no address to return to. */
export function finishedPage({ shop, outcome }: FinishedView, language: Language): Sheet {
  const text = walletTexts[language];
  const [heading, about] = text.finished[outcome];
  const isGood = outcome === "paid" || outcome === "agreed";
  const content = html`!${isGood ? marks.good : marks.bad}
<h1>${heading}</h1>
<p class="soft">${about(shop)}</p>`;
  return { title: text.title(shop), service: text.service, content };
}
