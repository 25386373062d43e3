/**
 * Reading bodies loosely, for dialects whose clients send them loosely: JSON or form by what it looks like, empty
 * bodies under any content type, numbers as text. What PostgreSQL cannot store is refused here, before a batch sees it.
 */

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
  return { ...value };
}

/** Keys are trimmed; `a[]`, `a[0]` and repeated keys make arrays, `a[b]` makes an object. */
export function parseForm(text: string): Fields {
  const fields: Fields = Object.create(null);
  let pairs: URLSearchParams;
  try {
    decodeURIComponent(text.replaceAll("+", " ").replace(/%(?![0-9a-f]{2})/gi, "%25"));
    pairs = new URLSearchParams(text);
  } catch {
    throw new MalformedBody("the body is not valid UTF-8");
  }
  for (const [rawKey, value] of pairs) {
    const [, name = "", index] = /^\s*([^[\]]*)(?:\[([^[\]]*)\])?\s*$/.exec(rawKey) ?? [];
    if (name === "") continue;
    const held = fields[name];
    if (index !== undefined && !/^\d*$/.test(index)) {
      fields[name] = { ...(typeof held === "object" && !Array.isArray(held) ? held : {}), [index]: value };
    } else if (index !== undefined || held !== undefined) {
      fields[name] = [...(Array.isArray(held) ? held : held === undefined ? [] : [held]), value];
    } else {
      fields[name] = value;
    }
  }
  return { ...fields };
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
