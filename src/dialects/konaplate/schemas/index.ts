export * from "./answers.ts";
export * from "./fields.ts";
export * from "./requests.ts";
