/**
 * Checks loosely sent fields against a schema: numbers may come as text and text as numbers, one value may stand for a
 * list. What is absent, null or empty is the same; what the schema does not name is left out. A dialect words the
 * problem; this finds it.
 */
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

const ajv = new Ajv({ coerceTypes: "array", removeAdditional: false, strict: false, allErrors: false });
formats.default(ajv);

export function validator<Schema extends TObject>(schema: Schema): (fields: Fields) => Checked<Static<Schema>> {
  const validate = ajv.compile(schema);
  return (fields) => {
    const unstorable = findUnstorable(fields);
    if (unstorable !== undefined) return { ok: false, problem: { kind: "unstorable", field: unstorable } };
    const value = plain(schema, fields);
    const odd = findNoNumber(schema, value);
    if (odd !== undefined) return { ok: false, problem: odd };
    if (validate(value)) return { ok: true, value: value as Static<Schema> };
    return { ok: false, problem: problemOf(validate.errors![0]!) };
  };
}

/** Makes readers of fields by a schema that word a problem in one way. */
export function readerIn<Failure>(word: (problem: Problem) => Failure) {
  return <Schema extends TObject>(schema: Schema): ((fields: Fields) => Read<Static<Schema>, Failure>) => {
    const check = validator(schema);
    return (fields) => {
      const checked = check(fields);
      return checked.ok ? checked : wrong(word(checked.problem));
    };
  };
}

/** As far as the schema names it, at any depth: a form's 1 and 0 for a boolean, and nothing that is absent. */
function plain(schema: object, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = "items" in schema ? (schema.items as object) : {};
    return value.filter((item) => !isAbsent(item)).map((item) => plain(items, item));
  }
  if ("properties" in schema && typeof value === "object" && value !== null) {
    const named = Object.entries(schema.properties as Record<string, object>).flatMap(([field, property]) => {
      const held = Object.hasOwn(value, field) ? (value as Fields)[field] : undefined;
      return isAbsent(held) ? [] : [[field, plain(property, held)]];
    });
    return Object.fromEntries(named);
  }
  const isFlag = "type" in schema && schema.type === "boolean";
  return isFlag && (value === "1" || value === "0") ? value === "1" : value;
}

/** The first that is to be a number, at any depth, and is none; `path`: where the value stands. */
function findNoNumber(schema: object, value: unknown, path: readonly string[] = []): Problem | undefined {
  const wanted = "type" in schema ? schema.type : undefined;
  if (wanted === "integer" || wanted === "number") {
    return isPlainNumber(value) ? undefined : { kind: "type", field: path.join("."), wanted };
  }
  const held = partsOf(schema, value).map(([name, part, inner]) => findNoNumber(part, inner, [...path, name]));
  return held.find((problem) => problem !== undefined);
}

/** What stands in an object or a list, each with its schema, as far as that names it. */
function partsOf(schema: object, value: unknown): [name: string, schema: object, value: unknown][] {
  if (Array.isArray(value)) {
    return "items" in schema ? value.map((item, index) => [String(index), schema.items as object, item]) : [];
  }
  if (!("properties" in schema) || typeof value !== "object" || value === null) return [];
  const known = Object.entries(schema.properties as Record<string, object>);
  return known.flatMap(([name, property]) => (name in value ? [[name, property, (value as Fields)[name]]] : []));
}

/** A number or its decimal digits. Ajv alone would also read `true` as 1 and `0x10` as 16. */
function isPlainNumber(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && /^\s*-?\d{1,20}(\.\d{1,20})?\s*$/.test(value));
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}

function problemOf(error: ErrorObject): Problem {
  const field = error.instancePath.slice(1).replaceAll("/", ".");
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
      return { kind: "too-many", field, count: error.params.limit };
    case "enum":
      return { kind: "type", field, wanted: (error.params.allowedValues as unknown[]).join(", ") };
    case "format":
      return { kind: "type", field, wanted: formatNames[String(error.params.format)] ?? String(error.params.format) };
    default:
      return { kind: "type", field, wanted: String(error.params.type ?? error.message) };
  }
}

const formatNames: Record<string, string> = {
  "date-time": "an ISO 8601 date-time such as 2030-01-01T00:00:00Z",
  duration: "an ISO 8601 duration such as P3D or PT12H",
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
