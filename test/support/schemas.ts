/** What contracts are written in: JSON Schemas in short, and an endpoint for each call that there is. */
import { Ajv, type ValidateFunction } from "ajv";

export type Schema = Record<string, unknown>;

export const text = (maxLength = 10_000): Schema => ({ type: "string", minLength: 1, maxLength });
export const like = (pattern: string): Schema => ({ type: "string", pattern });
export const oneOf = (...values: unknown[]): Schema => ({ enum: values });
export const count: Schema = { type: "integer", minimum: 0 };
export const flag: Schema = { type: "boolean" };
export const list = (items: Schema): Schema => ({ type: "array", items });
/** These fields and no others. */
export const object = (properties: Record<string, Schema>): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true, strictTypes: false });
const compiled = new Map<Schema, ValidateFunction>();

/** In what a value is not as the schema has it. */
export function problems(schema: Schema, value: unknown): string[] {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  if (validate(value)) return [];
  return validate.errors!.map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
}

export interface Addressed {
  method: string;
  /** With `:name` for what varies. */
  path: string;
}

/** The first of the endpoints that serves a call. */
export function findEndpoint<Endpoint extends Addressed>(
  endpoints: readonly Endpoint[],
  method: string,
  target: string,
): Endpoint | undefined {
  const segments = pathOf(target).split("/");
  return endpoints.find((endpoint) => {
    const pattern = endpoint.path.split("/");
    const fits = pattern.every((part, index) => (part.startsWith(":") ? segments[index] : part === segments[index]));
    return endpoint.method === method && pattern.length === segments.length && fits;
  });
}

/** Without query and without the slash at the end that clients add. */
export function pathOf(target: string): string {
  return target.split("?", 1)[0]!.replace(/\/+$/, "");
}
