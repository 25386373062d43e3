/**
 * Reading bodies loosely, for dialects whose clients send them loosely: JSON, form or multipart by what it looks like,
 * empty bodies under any content type, numbers as text. What PostgreSQL cannot store is refused here, before a batch
 * sees it. All of it is linear in the body's length.
 */
import { httpLimits } from "./limits.ts";

/** What is wrong with a body or query, for a dialect to word. */
export type BodyProblem =
  /** Not UTF-8; `field` where it can be told. */
  | { kind: "encoding"; field: string | undefined }
  /** Characters that cannot be stored: NUL, half a surrogate pair. */
  | { kind: "unstorable"; field: string }
  | { kind: "json" }
  | { kind: "not-an-object" }
  | { kind: "too-deep"; depth_max: number }
  | { kind: "multipart" };

/** The request is not what it claims to be, or holds characters that cannot be stored. */
export class MalformedBody extends Error {
  readonly problem: BodyProblem | undefined;

  constructor(message: string, problem?: BodyProblem) {
    super(message);
    this.problem = problem;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw notUtf8(undefined);
  }
}

function notUtf8(field: string | undefined): MalformedBody {
  return new MalformedBody(`${field ?? "the body"} is not valid UTF-8`, { kind: "encoding", field });
}

export type Fields = Record<string, unknown>;

/** The fields of a body, whatever it calls itself. */
export async function readBody(bytes: Buffer, contentType: string | undefined): Promise<Fields> {
  if (bytes.length === 0) return {};
  const type = contentType?.toLowerCase();
  const read = async (text: string) =>
    type?.startsWith("multipart/form-data") ? parseMultipart(text, contentType!) : parseFields(text, type);
  try {
    return await read(decodeUtf8(bytes));
  } catch (error) {
    if (!(error instanceof MalformedBody) || error.problem?.kind !== "encoding") throw error;
    if (error.problem.field !== undefined) throw error;
    const loose = await read(bytes.toString()).catch(() => ({}));
    throw notUtf8(findText(loose, (text) => text.includes("\uFFFD")));
  }
}

/** The text fields of a multipart form; files in it are passed over. */
async function parseMultipart(text: string, contentType: string): Promise<Fields> {
  let form: FormData;
  try {
    form = await new Response(text, { headers: { "content-type": contentType } }).formData();
  } catch {
    throw new MalformedBody("the body is not a valid multipart form", { kind: "multipart" });
  }
  return parsePairs([...form].filter((entry): entry is [string, string] => typeof entry[1] === "string"));
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
    throw new MalformedBody(`the body is not valid JSON: ${(error as Error).message.slice(0, 120)}`, { kind: "json" });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new MalformedBody("the body must be a JSON object", { kind: "not-an-object" });
  }
  if (isDeeperThan(value, httpLimits.json_depth)) throw tooDeep();
  return { ...value };
}

function tooDeep(): MalformedBody {
  const depth_max = httpLimits.json_depth;
  return new MalformedBody(`the body is nested more than ${depth_max} deep`, { kind: "too-deep", depth_max });
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

/** A form or query: keys are trimmed; `a[]`, `a[0]` and repeated keys make arrays, `a[b]` makes an object, at any depth. */
export function parseForm(text: string): Fields {
  for (const pair of text.split("&")) {
    if (isDecodable(pair)) continue;
    const [key = ""] = pair.split("=", 1);
    throw notUtf8(isDecodable(key) ? decode(key).trim() : undefined);
  }
  return parsePairs(new URLSearchParams(text));
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " ").replace(/%(?![0-9a-f]{2})/gi, "%25"));
}

function isDecodable(text: string): boolean {
  try {
    decode(text);
    return true;
  } catch {
    return false;
  }
}

type Held = string | Brackets;

/** What stands under a name with brackets: an array when all keys are numbers, else an object. */
class Brackets extends Map<string, Held> {
  #next = 0;

  /** The place of `[]`. */
  free(): string {
    while (this.has(String(this.#next))) this.#next += 1;
    return String(this.#next);
  }

  plain(): unknown {
    const held = [...this].map(([key, value]) => [key, typeof value === "string" ? value : value.plain()] as const);
    return held.every(([key]) => /^\d+$/.test(key)) ? held.map(([, value]) => value) : Object.fromEntries(held);
  }
}

function parsePairs(pairs: Iterable<[string, string]>): Fields {
  const fields = new Map<string, Held>();
  for (const [key, value] of pairs) {
    const [name, ...path] = pathOf(key);
    if (name !== undefined) put(fields, name, path, value);
  }
  return Object.fromEntries([...fields].map(([name, held]) => [name, typeof held === "string" ? held : held.plain()]));
}

/** `a[b][]` as `a`, `b` and nothing; empty for what is no name. */
function pathOf(rawKey: string): string[] {
  const [, rawName = "", brackets = ""] = /^([^[\]]*)((?:\[[^[\]]*\])*)$/.exec(rawKey.trim()) ?? [];
  const name = rawName.trim();
  if (name === "") return [];
  const path = brackets === "" ? [] : brackets.slice(1, -1).split("][");
  if (path.length >= httpLimits.json_depth) throw tooDeep();
  return [name, ...path];
}

function put(into: Map<string, Held>, name: string, path: readonly string[], value: string): void {
  const held = into.get(name);
  if (path.length === 0) {
    if (held === undefined) into.set(name, value);
    else append(into, name, held, value);
    return;
  }
  let node = held instanceof Brackets ? held : new Brackets(held === undefined ? [] : [["0", held]]);
  into.set(name, node);
  path.forEach((part, index) => {
    const key = part === "" ? node.free() : part;
    if (index === path.length - 1) {
      // An index that is taken is one more of the list.
      const isIndex = /^\d+$/.test(key);
      put(node, isIndex && node.has(key) ? node.free() : key, [], value);
      return;
    }
    const inner = node.get(key);
    const next = inner instanceof Brackets ? inner : new Brackets();
    node.set(key, next);
    node = next;
  });
}

/** A key that comes again without brackets is a list. */
function append(into: Map<string, Held>, name: string, held: Held, value: string): void {
  const list = held instanceof Brackets ? held : new Brackets([["0", held]]);
  list.set(list.free(), value);
  into.set(name, list);
}

/** The path of the first text that PostgreSQL cannot store (NUL, half a surrogate pair), or undefined. */
export function findUnstorable(value: unknown): string | undefined {
  return findText(value, (text) => text.includes("\0") || !isWellFormed(text));
}

/** The path of the first key or text that is meant, or undefined. */
function findText(value: unknown, isMeant: (text: string) => boolean, path = ""): string | undefined {
  if (typeof value === "string") return isMeant(value) ? path || "." : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, held] of Object.entries(value)) {
    const inside = path === "" ? key : `${path}.${key}`;
    const found = findText(key, isMeant, inside) ?? findText(held, isMeant, inside);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isWellFormed(text: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text);
}
