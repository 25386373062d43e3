/**
 * Reading bodies loosely, for dialects whose clients send them loosely: JSON or form by what it looks like, empty
 * bodies under any content type, numbers as text. What PostgreSQL cannot store is refused here, before a batch sees it.
 */

import { httpLimits } from "./limits.ts";

/** The body is not what it claims to be, or holds characters that cannot be stored. `detail` says which and where. */
export class MalformedBody extends Error {}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new MalformedBody("the body is not valid UTF-8");
  }
}

export type Fields = Record<string, unknown>;

/** The fields of a body, whatever it calls itself. */
export async function readBody(bytes: Buffer, contentType: string | undefined): Promise<Fields> {
  if (contentType?.toLowerCase().startsWith("multipart/form-data")) return parseMultipart(bytes, contentType);
  return parseFields(decodeUtf8(bytes), contentType?.toLowerCase());
}

/** The text fields of a multipart form; files in it are passed over. */
async function parseMultipart(bytes: Buffer, contentType: string): Promise<Fields> {
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(bytes), { headers: { "content-type": contentType } }).formData();
  } catch {
    throw new MalformedBody("the body is not a valid multipart form");
  }
  const texts = [...form].filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return parsePairs(texts);
}

/** An object of fields from a JSON or form body; an empty body has none. */
export function parseFields(text: string, contentType: string | undefined): Fields {
  const trimmed = text.trim();
  if (trimmed === "") return {};
  if (contentType?.includes("json") || (!contentType?.includes("urlencoded") && /^[[{]/.test(trimmed))) {
    return parseJsonObject(trimmed);
  }
  return parseForm(trimmed);
}

function parseJsonObject(text: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new MalformedBody(`the body is not valid JSON: ${(error as Error).message.slice(0, 120)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedBody("the body must be a JSON object");
  }
  if (isDeeperThan(value, httpLimits.json_depth)) {
    throw new MalformedBody(`the body is nested more than ${httpLimits.json_depth} deep`);
  }
  return { ...value };
}

/** Level by level, so that the deepest body does not end the stack. */
function isDeeperThan(value: object, depth: number): boolean {
  let level: object[] = [value];
  for (let reached = 1; level.length > 0; reached += 1) {
    if (reached > depth) return true;
    level = level.flatMap((held) => Object.values(held).filter((inner) => typeof inner === "object" && inner !== null));
  }
  return false;
}

/**
 * Keys are trimmed; `a[]`, `a[0]` and repeated keys make arrays, `a[b]` makes an object. Linear in the body's length,
 * since it is read before anyone is known.
 */
export function parseForm(text: string): Fields {
  try {
    decodeURIComponent(text.replaceAll("+", " ").replace(/%(?![0-9a-f]{2})/gi, "%25"));
  } catch {
    throw new MalformedBody("the form is not valid UTF-8");
  }
  return parsePairs(new URLSearchParams(text));
}

function parsePairs(pairs: Iterable<[string, string]>): Fields {
  const fields = new Map<string, string | string[] | Map<string, string>>();
  for (const [rawKey, value] of pairs) {
    const [, rawName = "", index] = /^([^[\]]*)(?:\[([^[\]]*)\])?$/.exec(rawKey.trim()) ?? [];
    const name = rawName.trim();
    if (name === "") continue;
    const held = fields.get(name);
    if (index !== undefined && !/^\d*$/.test(index)) {
      if (held instanceof Map) held.set(index, value);
      else fields.set(name, new Map([[index, value]]));
    } else if (Array.isArray(held)) {
      held.push(value);
    } else if (typeof held === "string") {
      fields.set(name, [held, value]);
    } else {
      fields.set(name, index === undefined ? value : [value]);
    }
  }
  return Object.fromEntries(
    [...fields].map(([name, held]) => [name, held instanceof Map ? Object.fromEntries(held) : held]),
  );
}

/** The path of the first text that PostgreSQL cannot store (NUL, half a surrogate pair), or undefined. */
export function findUnstorable(value: unknown, path = ""): string | undefined {
  if (typeof value === "string") return value.includes("\0") || !isWellFormed(value) ? path || "." : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, held] of Object.entries(value)) {
    const inside = path === "" ? key : `${path}.${key}`;
    const found = findUnstorable(key, inside) ?? findUnstorable(held, inside);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}
