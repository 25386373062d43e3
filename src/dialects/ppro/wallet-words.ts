/** Amounts and times as people in Korea read them, in Korean and English. Pure. */
import { koreanDateTime } from "../../core/korea.ts";
import { KRW, unitsOf } from "../../core/money.ts";
import type { Language } from "../../http/page.ts";

/** What is paid, from its minor units: `15,000원`, `₩15,000`, `€12.34`. The currency is three letters. */
export function amountText(amount: number | bigint, currency: string, language: Language): string {
  const { units, digits } = unitsOf(amount, currency);
  const shown = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  if (language === "ko" && currency === KRW) return `${new Intl.NumberFormat(language, shown).format(units)}원`;
  return new Intl.NumberFormat(language, { ...shown, style: "currency", currency }).format(units);
}

export function numberText(number: number, language: Language): string {
  return new Intl.NumberFormat(language).format(number);
}

/** `3월 5일 오후 3시 20분`, in Korea, with the year if it is not that of now. */
export function momentText(time: Date, now: Date, language: Language): string {
  const year = yearOf(time) === yearOf(now) ? undefined : "numeric";
  const separator = language === "ko" ? " " : ", ";
  return `${dateText(time, year, language)}${separator}${clockText(time, language)}`;
}

/** `오후 3시 20분`, in Korea, of which no line ends within. */
export function clockText(time: Date, language: Language): string {
  const [, , , hour = 0, minute = 0] = partsOf(time);
  const shown = hour % 12 || 12;
  const parts =
    language === "en"
      ? [`${shown}:${String(minute).padStart(2, "0")}`, hour < 12 ? "AM" : "PM"]
      : [hour < 12 ? "오전" : "오후", `${shown}시`, ...(minute === 0 ? [] : [`${minute}분`])];
  return parts.join("\u00a0");
}

/** `2027년 3월 5일`, of a day or a moment as ISO 8601 writes it; another text as it is. */
export function dayText(text: string, language: Language): string {
  const time = new Date(text);
  const isKnown = /^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(time.getTime());
  return isKnown ? dateText(time, "numeric", language) : text;
}

const minute_ms = 60_000;

/** `1시간 5분`, in its two largest units, of what has begun of a minute nothing. */
export function spanText(span_ms: number, language: Language): string {
  const minutes = Math.floor(span_ms / minute_ms);
  if (minutes < 1) return language === "ko" ? "1분 미만" : "less than a minute";
  const days = Math.floor(minutes / 1_440);
  const counts = { day: days, hour: Math.floor(minutes / 60) % 24, minute: days > 0 ? 0 : minutes % 60 };
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count))
    .join(" ");
}

function dateText(time: Date, year: "numeric" | undefined, language: Language): string {
  const shown = { year, month: "long", day: "numeric", timeZone: "Asia/Seoul" } as const;
  return new Intl.DateTimeFormat(language, shown).format(time);
}

function yearOf(time: Date): number | undefined {
  return partsOf(time)[0];
}

/** Year, month, day, hour and minute on a clock in Korea. */
function partsOf(time: Date): number[] {
  return koreanDateTime(time).split(/\D/).map(Number);
}
