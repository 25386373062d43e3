/** JSON whose whole numbers may have up to 20 digits, as this contract's ids do: read and written without rounding. */
import { isSafeNumber, parse, stringify } from "lossless-json";
import type { Json } from "../../core/exchanges.ts";
import { type Fields, MalformedBody, parseFields } from "../../http/body.ts";

export type Wire = null | boolean | number | bigint | string | Wire[] | { [field: string]: Wire | undefined };

/** A member's number as it is written: a JSON number, whatever its length. */
export function wireNumber(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

/** Fields of a JSON object; a whole number that JavaScript would round is the text of its digits. */
export function parseWire(text: string): Fields {
  const fields = parseFields(text, "json");
  // Whatever is deep or no object was refused by then.
  if (!/\d{16}/.test(text)) return fields;
  try {
    // Of a name that comes twice the last counts, as in what was parsed first.
    return parse(text.trim(), null, { parseNumber, onDuplicateKey: ({ newValue }) => newValue }) as Fields;
  } catch {
    throw new MalformedBody("the body is not valid JSON", { kind: "json" });
  }
}

/** A number, if JavaScript holds each digit that was written; else the text. */
function parseNumber(text: string): number | string {
  const number = Number(text);
  // One that JavaScript itself writes with an exponent is far beyond every id.
  const isExact = isSafeNumber(text) || (/e/i.test(text) && String(number) === text);
  return isExact ? number : text;
}

export function wireText(value: Wire): string {
  return stringify(value)!;
}

/** The same as it is kept: what JavaScript would round as its digits. */
export function keptJson(value: Wire): Json {
  return JSON.parse(
    JSON.stringify(value, (_, held) => (typeof held === "bigint" ? String(held) : held)) ?? "null",
  ) as Json;
}
