export * from "./answers.ts";
export { fieldLimits } from "./fields.ts";
export * from "./parts.ts";
export * from "./requests.ts";
