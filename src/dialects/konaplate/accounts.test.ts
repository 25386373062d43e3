import { expect, it } from "vitest";
import { aspIdsOf } from "./accounts.ts";

const aspIdOf = aspIdsOf(new Map([["mer_demo", "000170000000000"]]));

it("a partner's id is 15 digits that follow from the merchant", () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => aspIdOf(`mer_${index}`));
  expect(ids.filter((id) => !/^0001\d{11}$/.test(id))).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(aspIdOf("mer_1")).toBe(ids[1]);
});

it("a published partner's id is as it is published", () => {
  expect(aspIdOf("mer_demo")).toBe("000170000000000");
});
