/**
 * Checks loosely sent fields against a schema: numbers may come as text and text as numbers, one value may stand for a
 * list. What is absent, null or empty is the same; what the schema does not name is left out. A dialect words the problem; this finds it.
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
  | { kind: "range"; field: string; wanted: string }
  | { kind: "unstorable"; field: string };

export type Checked<Value> = { ok: true; value: Value } | { ok: false; problem: Problem };

/** A value that was read, or why it could not be, in a dialect's words. */
export type Read<Value, Failure> = { ok: true; value: Value } | { ok: false; error: Failure };

const ajv = new Ajv({ coerceTypes: "array", removeAdditional: false, strict: false, allErrors: false });
formats.default(ajv);

export function validator<Schema extends TObject>(schema: Schema): (fields: Fields) => Checked<Static<Schema>> {
  const validate = ajv.compile(schema);
  return (fields) => {
    const unstorable = findUnstorable(fields);
    if (unstorable !== undefined) return { ok: false, problem: { kind: "unstorable", field: unstorable } };
    const present = Object.entries(fields).filter(([field, held]) => field in schema.properties && !isAbsent(held));
    const value = Object.fromEntries(present.map(([field, held]) => [field, plain(schema.properties[field], held)]));
    for (const [field, property] of Object.entries(schema.properties)) {
      const wanted = numericType(property);
      if (wanted === undefined || value[field] === undefined || isPlainNumber(value[field])) continue;
      return { ok: false, problem: { kind: "type", field, wanted } };
    }
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
      return checked.ok ? checked : { ok: false, error: word(checked.problem) };
    };
  };
}

/** A form's 1 and 0 for a boolean, and lists without their empty items. */
function plain(property: object | undefined, value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => !isAbsent(item));
  const isFlag = property !== undefined && "type" in property && property.type === "boolean";
  return isFlag && (value === "1" || value === "0") ? value === "1" : value;
}

function numericType(property: object): "integer" | "number" | undefined {
  if (!("type" in property)) return undefined;
  return property.type === "integer" || property.type === "number" ? property.type : undefined;
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
    case "maxItems":
      return { kind: "range", field, wanted: `${error.params.comparison ?? "<="} ${error.params.limit}` };
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
