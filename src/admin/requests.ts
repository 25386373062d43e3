/** How Naru's own API reads what it is sent; whatever is wrong is thrown and answered 400 by the shell. */
import type { FastifyRequest } from "fastify";
import type { Static, TObject } from "typebox";
import { limits } from "../core/limits.ts";
import { type Fields, MalformedBody } from "../http/body.ts";
import { type Problem, validator } from "../http/validate.ts";

/**
 * Reads a body or query by its schema; `place` stands before the name of a field that is wrong. A field that is unknown
 * or empty is refused, at any depth: passed over, a filter that was meant to narrow a change would not.
 */
export function reader<Schema extends TObject>(schema: Schema): (fields: unknown, place?: string) => Static<Schema> {
  const check = validator(schema);
  return (fields, place = "") => {
    refuseOdd(schema.properties, fields as Fields, place);
    const checked = check(fields as Fields);
    if (checked.ok) return checked.value;
    throw new MalformedBody(`${place}${problemText(checked.problem)}`);
  };
}

function refuseOdd(known: Record<string, object>, fields: object, place: string): void {
  for (const [field, value] of Object.entries(fields)) {
    const name = `${place}${field}`;
    const property = Object.hasOwn(known, field) ? known[field] : undefined;
    if (property === undefined) {
      throw new MalformedBody(`${name} is unknown; there are ${Object.keys(known).join(", ")}`);
    }
    refuseOddIn(property, value, name);
  }
}

function refuseOddIn(schema: object, value: unknown, name: string): void {
  if (Array.isArray(value)) {
    const items = "items" in schema ? (schema.items as object) : {};
    for (const [index, item] of value.entries()) refuseOddIn(items, item, isObject(item) ? `${name}.${index}` : name);
  } else if (typeof value === "string" && value.trim() === "") {
    throw new MalformedBody(`${name} is empty`);
  } else if ("properties" in schema && isObject(value)) {
    refuseOdd(schema.properties as Record<string, object>, value, `${name}.`);
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A hook: an address or body in which a route takes no fields must have none. */
export async function refuseUntaken({ routeOptions, query, body }: FastifyRequest): Promise<void> {
  const { schema = {} } = routeOptions;
  const places = [
    ["address", schema.querystring, query],
    ["body", schema.body, body],
  ] as const;
  for (const [place, taken, sent] of places) {
    const [field] = taken === undefined ? Object.keys(sent as Fields) : [];
    if (field !== undefined) throw new MalformedBody(`${field} is unknown; the ${place} takes no fields`);
  }
}

/** Where a list goes on: the id of the last row of an earlier page, which begins so. */
export function readCursor(after: string | undefined, prefix: string): string | undefined {
  if (after === undefined || (after.startsWith(`${prefix}_`) && /^[\w-]+$/.test(after))) return after;
  throw new MalformedBody(`after is no cursor: ${after}`);
}

/** Null on the last page. */
export function nextCursor(rows: readonly { id: string }[], count: number): string | null {
  return rows.length === count ? rows.at(-1)!.id : null;
}

/** A number of users and ad accounts as addresses and cursors have it; undefined for anything else. */
export function readNumber(text: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

/** Where a list in the order of such numbers goes on; 0 at its beginning. */
export function readNumberCursor(after: string | undefined): number {
  const number = after === undefined ? 0 : readNumber(after);
  if (number === undefined) throw new MalformedBody(`after is no cursor: ${after}`);
  return number;
}

/** Null on the last page. */
export function nextNumberCursor(rows: readonly { number: number }[], count: number): string | null {
  return rows.length === count ? String(rows.at(-1)!.number) : null;
}

/** A moment that banks could mean, or undefined as given. `date-time` alone lets through a 60th second and the year 0. */
export function readTime(field: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  const { time_first, time_last } = limits;
  if (time >= new Date(time_first) && time < new Date(time_last)) return time;
  throw new MalformedBody(`${field} must be a date-time from ${time_first} to ${time_last}`);
}

function problemText(problem: Problem): string {
  switch (problem.kind) {
    case "missing":
      return `${problem.field} is missing`;
    case "type":
      return `${problem.field || "the body"} must be ${problem.wanted}`;
    case "too-long":
      return `${problem.field} may have ${problem.length} characters`;
    case "too-many":
      return `${problem.field} may have ${problem.count} items`;
    case "range":
      return `${problem.field} must be ${problem.wanted}`;
    case "unstorable":
      return `${problem.field} has a character that cannot be stored`;
  }
}
