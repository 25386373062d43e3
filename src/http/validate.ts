/**
 * Checks fields against a schema, loosely or strictly, as a dialect's clients send them. Loosely, numbers may come as
 * text and text as numbers, one value may stand for a list, and what is absent, null or empty is the same. Strictly,
 * JSON is taken at its word: nothing stands for anything else, an empty text is a text, and only null is the same as
 * absent. Either way what the schema does not name is left out. A dialect words the problem; this finds it.
 */
import { isIP } from "node:net";
import { Ajv, type ErrorObject } from "ajv";
import formats from "ajv-formats";
import type { Static, TObject } from "typebox";
import type { Json } from "../core/exchanges.ts";
import { type Fields, findUnstorable } from "./body.ts";

export type Problem =
  | { kind: "missing"; field: string }
  | { kind: "type"; field: string; wanted: string }
  | { kind: "too-long"; field: string; length: number }
  | { kind: "too-many"; field: string; count: number }
  | { kind: "range"; field: string; wanted: string }
  | { kind: "unstorable"; field: string };

export type Checked<Value> = { ok: true; value: Value } | { ok: false; problem: Problem };

/** A value that was read, or why it could not be, in a dialect's words. */
export type Read<Value, Failure> = { ok: true; value: Value } | { ok: false; error: Failure };

export function wrong<Failure>(error: Failure): { ok: false; error: Failure } {
  return { ok: false, error };
}

/** How fields are taken: by what they could mean, or by what they are. */
export type Reading = "loose" | "strict";

interface Rules {
  ajv: Ajv;
  isAbsent(value: unknown): boolean;
  /** Whether lists may have gaps; what is absent in them is then passed over. */
  gaps: boolean;
  /** A form's 1 and 0 as true and false; any other value as it is. */
  flag(value: unknown): unknown;
  /** What is wrong and Ajv would not see; `wanted` is the type that the schema names, if it names one. */
  judge(value: unknown, wanted: unknown, field: string): Problem | undefined;
}

const readings: Readonly<Record<Reading, Rules>> = {
  loose: {
    ajv: ajvWith("array"),
    isAbsent: (value) => value === undefined || value === null || (typeof value === "string" && value.trim() === ""),
    gaps: true,
    flag: (value) => (value === "1" || value === "0" ? value === "1" : value),
    judge: judgeDigits,
  },
  strict: {
    ajv: ajvWith(false),
    isAbsent: (value) => value === undefined || value === null,
    gaps: false,
    flag: (value) => value,
    judge: judgeWhole,
  },
};

function ajvWith(coerceTypes: "array" | false): Ajv {
  const ajv = new Ajv({ coerceTypes, removeAdditional: false, strict: false, allErrors: false });
  formats.default(ajv);
  return ajv.addFormat("ip", (text: string) => isIP(text) !== 0);
}

export function validator<Schema extends TObject>(
  schema: Schema,
  reading: Reading = "loose",
): (fields: Fields) => Checked<Static<Schema>> {
  const rules = readings[reading];
  const validate = rules.ajv.compile(schema);
  return (fields) => {
    const unstorable = findUnstorable(fields);
    if (unstorable !== undefined) return { ok: false, problem: { kind: "unstorable", field: unstorable } };
    const value = plain(rules, schema, fields);
    const odd = findOdd(rules, schema, value);
    if (odd !== undefined) return { ok: false, problem: odd };
    if (validate(value)) return { ok: true, value: value as Static<Schema> };
    return { ok: false, problem: problemOf(validate.errors![0]!) };
  };
}

/** Makes readers of fields by a schema that word a problem in one way. */
export function readerIn<Failure>(word: (problem: Problem) => Failure, reading: Reading = "loose") {
  return <Schema extends TObject>(schema: Schema): ((fields: Fields) => Read<Static<Schema>, Failure>) => {
    const check = validator(schema, reading);
    return (fields) => {
      const checked = check(fields);
      return checked.ok ? checked : wrong(word(checked.problem));
    };
  };
}

/** As far as the schema names it, at any depth, and nothing that is absent. Where it names no fields, all of them. */
function plain(rules: Rules, schema: object, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = "items" in schema ? (schema.items as object) : {};
    const held = rules.gaps ? value.filter((item) => !rules.isAbsent(item)) : value;
    return held.map((item) => plain(rules, items, item));
  }
  if ("properties" in schema && typeof value === "object" && value !== null) {
    const named = Object.entries(schema.properties as Record<string, object>).flatMap(([field, property]) => {
      const held = Object.hasOwn(value, field) ? (value as Fields)[field] : undefined;
      return rules.isAbsent(held) ? [] : [[field, plain(rules, property, held)]];
    });
    return Object.fromEntries(named);
  }
  return "type" in schema && schema.type === "boolean" ? rules.flag(value) : value;
}

/** The first value that is judged wrong, at any depth; `path`: where the value stands. */
function findOdd(rules: Rules, schema: object, value: unknown, path: readonly string[] = []): Problem | undefined {
  const odd = rules.judge(value, "type" in schema ? schema.type : undefined, path.join("."));
  if (odd !== undefined) return odd;
  for (const [name, part, inner] of partsOf(schema, value)) {
    const within = findOdd(rules, part, inner, [...path, name]);
    if (within !== undefined) return within;
  }
  return undefined;
}

/** What stands in an object or a list, each with its schema as far as there is one. */
function partsOf(schema: object, value: unknown): [name: string, schema: object, value: unknown][] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) {
    const items = "items" in schema ? (schema.items as object) : {};
    return value.map((item, index) => [String(index), items, item]);
  }
  const known = "properties" in schema ? (schema.properties as Record<string, object>) : {};
  return Object.entries(value).map(([name, inner]) => [name, Object.hasOwn(known, name) ? known[name]! : {}, inner]);
}

/** A number may come as its decimal digits. Ajv alone would also read `true` as 1 and `0x10` as 16. */
function judgeDigits(value: unknown, wanted: unknown, field: string): Problem | undefined {
  if (wanted !== "integer" && wanted !== "number") return undefined;
  if (typeof value === "number") return undefined;
  const isDigits = typeof value === "string" && /^\s*-?\d{1,20}(\.\d{1,20})?\s*$/.test(value);
  return isDigits ? undefined : { kind: "type", field, wanted };
}

/**
 * From 2^53 on a whole number may not be the one that was sent: `JSON.parse` has rounded it. In what is open too, since
 * that is given back as it came.
 */
function judgeWhole(value: unknown, wanted: unknown, field: string): Problem | undefined {
  if (typeof value !== "number" || wanted === "number") return undefined;
  if (value > Number.MAX_SAFE_INTEGER) return { kind: "range", field, wanted: `<= ${Number.MAX_SAFE_INTEGER}` };
  if (value < Number.MIN_SAFE_INTEGER) return { kind: "range", field, wanted: `>= ${Number.MIN_SAFE_INTEGER}` };
  return undefined;
}

function problemOf(error: ErrorObject): Problem {
  const field = fieldOf(error.instancePath);
  if (error.propertyName !== undefined) {
    return { kind: "type", field, wanted: `an object whose every key is ${wantedOf(error)}` };
  }
  switch (error.keyword) {
    case "required":
      return { kind: "missing", field: [field, error.params.missingProperty].filter(Boolean).join(".") };
    case "maxLength":
      return { kind: "too-long", field, length: error.params.limit };
    case "minimum":
    case "exclusiveMinimum":
    case "maximum":
      return { kind: "range", field, wanted: `${error.params.comparison} ${error.params.limit}` };
    case "maxItems":
    case "maxProperties":
      return { kind: "too-many", field, count: error.params.limit };
    default:
      return { kind: "type", field, wanted: wantedOf(error) };
  }
}

/** A JSON pointer with dots. */
function fieldOf(pointer: string): string {
  return pointer.slice(1).replaceAll("/", ".").replaceAll("~1", "/").replaceAll("~0", "~");
}

/** What would have been right, to stand after "must be". */
function wantedOf({ keyword, params, message }: ErrorObject): string {
  switch (keyword) {
    case "type":
      return String(params.type);
    case "enum":
      return (params.allowedValues as unknown[]).join(", ");
    case "const":
      return String(params.allowedValue);
    case "minLength":
      return params.limit === 1 ? "a text that is not empty" : `a text of at least ${params.limit} characters`;
    case "maxLength":
      return `a text of at most ${params.limit} characters`;
    case "pattern":
      return `a text that matches ${params.pattern}`;
    case "format":
      return formatNames[String(params.format)] ?? String(params.format);
    case "minItems":
      return `a list of at least ${params.limit}`;
    default:
      return String(message);
  }
}

const formatNames: Record<string, string> = {
  date: "a date such as 2030-01-31",
  "date-time": "an ISO 8601 date-time such as 2030-01-01T00:00:00Z",
  duration: "an ISO 8601 duration such as P3D or PT12H",
  email: "an e-mail address",
  ip: "an IPv4 or IPv6 address",
};

const mask = "***";

/**
 * A body as it may be kept: what its schema marks `personal` or `secret` is masked, at any depth of objects and lists;
 * fields that the schema does not name are left out.
 */
export function redact(schema: object, value: unknown): Json {
  if (value === null || value === undefined) return null;
  if ("personal" in schema || "secret" in schema) return mask;
  if (Array.isArray(value) && "items" in schema) return value.map((item) => redact(schema.items as object, item));
  if (!("properties" in schema) || typeof value !== "object") return value as Json;
  const fields = value as Fields;
  const known = Object.entries(schema.properties as Record<string, object>).filter(
    ([name]) => fields[name] !== undefined,
  );
  return Object.fromEntries(known.map(([name, property]) => [name, redact(property, fields[name])]));
}
