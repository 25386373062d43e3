import pg from "pg";
import { describe, expect, it } from "vitest";
import { describeError } from "./logger.ts";

describe("an error in the log", () => {
  it("of the database says where to look, and nothing of the row it failed on", () => {
    const error = new pg.DatabaseError('invalid input syntax for type date: "880101-김비밀"', 100, "error");
    Object.assign(error, {
      code: "23505",
      table: "deposits",
      constraint: "deposits_key",
      detail: "Key (name)=(김비밀)",
    });
    const logged = JSON.stringify(describeError(new Error("a batch failed", { cause: error })));
    expect(logged).toContain("deposits_key");
    expect(logged).toContain("23505");
    expect(logged).toContain("a batch failed");
    expect(logged).not.toContain("김비밀");
  });

  it("of anything else keeps its message and stack", () => {
    expect(describeError(new TypeError("no"))).toMatchObject({ type: "TypeError", message: "no" });
  });
});
