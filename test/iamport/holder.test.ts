/** GET /vbanks/holder: whose an account is. */
import { describe, expect, it } from "vitest";
import { encodings } from "../support/client.ts";
import { useNode } from "../support/scenario.ts";

const node = useNode();

const look = (fields: { bank_code?: unknown; bank_num?: unknown }, encoding?: "json" | "form") =>
  node.iamport("GET", "/vbanks/holder", fields, encoding);

async function holder(bank_code: unknown, bank_num: unknown): Promise<string> {
  const { status, body } = await look({ bank_code, bank_num });
  expect([bank_code, bank_num, status]).toEqual([bank_code, bank_num, 200]);
  return body.response.bank_holder;
}

describe("the holder", () => {
  it.each(encodings)("of an account that Naru issued is who its order named (%s)", async (encoding) => {
    const { vbank_code, vbank_num } = await node.issue({ vbank_holder: "나루상점본점" });
    const { status, body } = await look({ bank_code: vbank_code, bank_num: vbank_num }, encoding);
    expect([status, body]).toEqual([200, { code: 0, message: null, response: { bank_holder: "나루상점본점" } }]);
  });

  it("is the merchant where the PG takes no holder", async () => {
    const { vbank_code, vbank_num } = await node.issue({ pg: "ksnet" });
    expect(await holder(vbank_code, vbank_num)).toBe("Naru Sandbox");
  });

  it("of any other account is a Korean name that depends on bank and number only", async () => {
    const name = await holder("088", "110123456789");
    expect(name).toMatch(/^[가-힣]{2,5}$/);
    expect(await holder("088", "110123456789")).toBe(name);
    expect(await holder("088", "110-123-456789")).toBe(name);
    const others = await Promise.all(
      Array.from({ length: 20 }, (_, index) => holder(index % 2 === 0 ? "004" : "088", 1101234560000 + index)),
    );
    expect(new Set([name, ...others]).size).toBeGreaterThan(5);
  });

  const listed =
    "002 003 004 005 007 011 012 020 023 027 031 032 034 037 039 045 048 071 081 088 089 090 092 209 218 230 238 240 243 247 261 262 263 264 265 266 267 268 269 270 278 279 280 287 289 290";
  it.each(listed.split(" "))("can be asked for at bank %s", async (bank_code) => {
    expect(await holder(bank_code, "1101234567890")).not.toBe("");
  });

  it.each(["1234567890", "1234567890123456", "123-45-67890", "1234 5678 9012"])(
    "can have the number %s",
    async (number) => {
      expect(await holder("004", encodeURIComponent(number))).not.toBe("");
    },
  );
});

describe("a look-up fails", () => {
  it.each([
    ["bank_code", { bank_num: "110123456789" }],
    ["bank_num", { bank_code: "088" }],
    ["bank_code", { bank_code: "", bank_num: "110123456789" }],
    ["bank_num", { bank_code: "088", bank_num: "" }],
    ["bank_code", { bank_code: "0".repeat(11), bank_num: "110123456789" }],
    ["bank_num", { bank_code: "088", bank_num: "1".repeat(33) }],
    ["bank_num", { bank_code: "088", bank_num: "1".repeat(5_000) }],
  ])("without %s of its length: %#", async (field, fields) => {
    for (const encoding of encodings) {
      const { status, body } = await look(fields, encoding);
      expect([status, body.code]).toEqual([400, -1]);
      expect(body.message).toContain(field);
    }
  });

  it.each([
    ["a bank that nobody knows", "999", "110123456789"],
    ["a bank that is not asked", "001", "110123456789"],
    ["a bank that is not asked", "054", "110123456789"],
    ["a securities firm that is not asked", "291", "110123456789"],
    ["a number that is too short", "088", "123456789"],
    ["a number that is too long", "088", "12345678901234567"],
    ["a number that is none", "088", "abcdefghijkl"],
    ["an account that does not exist", "088", "000123456789"],
  ])("for %s: %s %s", async (_name, bank_code, bank_num) => {
    for (const encoding of encodings) {
      const { status, body } = await look({ bank_code, bank_num }, encoding);
      expect([status, body]).toEqual([404, { code: -1, message: expect.any(String), response: null }]);
    }
  });
});
