import { describe, expect, it } from "vitest";
import { answerHeaders, readHeaders, timeObjection } from "./headers.ts";

const token = "KMV1:20261120120000123:i1CekTiN8jrRCE2NXIuDCsQ/Y4Dicc+47S7J8KSZ7Ug=";
const sent = {
  "x-km-user-aspid": "000170000000000",
  "x-km-correlation-id": "261120120000-abc1234",
  "x-km-access-key": "0123456-0123456789abcdef0123456789abcdef",
  "x-km-tran-token": token,
  "x-km-tran-time": "20261120120000",
  "x-km-time-zone": "KST",
};
type Sent = Partial<Record<keyof typeof sent | "x-km-crypto-key-id", string | undefined>>;
const reading = (changed: Sent) => readHeaders({ ...sent, ...changed });

describe("the common headers", () => {
  it("are read", () => {
    expect(readHeaders(sent)).toEqual({
      ok: true,
      value: {
        aspId: "000170000000000",
        accessKey: "0123456-0123456789abcdef0123456789abcdef",
        token: { mac: Buffer.from(token.slice(23), "base64") },
        time: "20261120120000",
        zone: "KST",
        cryptoKeyId: undefined,
      },
    });
  });

  it.each<[string, Sent]>([
    ["a correlation id of 21 characters", { "x-km-correlation-id": "2203260931333-1234567" }],
    ["a UUID as correlation id", { "x-km-correlation-id": "0f0e6f4e-4f0a-4b56-9c3b-0f3b6a0d7e11" }],
    ["a time with milliseconds", { "x-km-tran-time": "20261120120000123" }],
    ["a time of 16 digits", { "x-km-tran-time": "2026112012000012" }],
    ["the id of a crypto key", { "x-km-crypto-key-id": "a".repeat(32) }],
    ["an empty id of a crypto key", { "x-km-crypto-key-id": "" }],
    ["a zone nobody knows", { "x-km-time-zone": "Asia/Seoul" }],
    ["blanks around a value", { "x-km-tran-time": " 20261120120000 " }],
    ["a token that is none, which only a known caller is told", { "x-km-tran-token": "x" }],
  ])("are taken with %s", (_name, changed) => {
    expect(reading(changed)).toMatchObject({ ok: true });
  });

  it.each([
    "X-KM-User-AspId",
    "X-KM-Correlation-Id",
    "X-KM-Access-Key",
    "X-KM-Tran-Token",
    "X-KM-Tran-Time",
    "X-KM-Time-Zone",
  ])("are refused by name without %s, be it absent or empty", (name) => {
    for (const held of [undefined, "", "  "]) {
      expect(reading({ [name.toLowerCase()]: held })).toEqual({
        ok: false,
        error: { status: 400, code: "000_901", description: `Header ${name} is missing.` },
      });
    }
  });

  it.each<[string, Sent, string]>([
    ["a correlation id of 65 characters", { "x-km-correlation-id": "a".repeat(65) }, "X-KM-Correlation-Id"],
    ["a correlation id with a blank", { "x-km-correlation-id": "a b" }, "X-KM-Correlation-Id"],
    ["two times", { "x-km-tran-time": "20261120120000, 20261120120000" }, "X-KM-Tran-Time"],
    ["a time of 13 digits", { "x-km-tran-time": "2026112012000" }, "X-KM-Tran-Time"],
    ["a time of 18 digits", { "x-km-tran-time": "202611201200001234" }, "X-KM-Tran-Time"],
    ["a day that there is not", { "x-km-tran-time": "20260230120000" }, "X-KM-Tran-Time"],
    ["the hour 24", { "x-km-tran-time": "20261120240000" }, "X-KM-Tran-Time"],
    ["a time in words", { "x-km-tran-time": "now" }, "X-KM-Tran-Time"],
  ])("are refused with %s", (_name, changed, header) => {
    const read = reading(changed);
    expect(read).toMatchObject({ ok: false, error: { status: 400, code: "000_901" } });
    expect(!read.ok && read.error.description).toContain(header);
  });

  it("tell the answer which call it answers, if that can be told", () => {
    expect(answerHeaders(sent)).toEqual({ "X-KM-Correlation-Id": "261120120000-abc1234" });
    for (const id of [undefined, "", "a b", "나루", "a".repeat(65)]) {
      expect(answerHeaders({ "x-km-correlation-id": id })).toEqual({});
    }
  });
});

describe("the time of a request", () => {
  const now = new Date("2026-11-20T03:00:00.000Z");

  it.each([
    ["20261120120000", "KST", true],
    ["20261120120000", "JST", true],
    ["20261120120000", "kst", true],
    ["20261120030000", "UTC", true],
    ["20261120030000", "GMT", true],
    ["20261120120500", "KST", true],
    ["20261120115500", "KST", true],
    ["20261120120500000", "KST", true],
    ["20261120120500001", "KST", false],
    ["20261120120501", "KST", false],
    ["20261120115459", "KST", false],
    ["20261120120000", "UTC", false],
    ["20261120030000", "KST", false],
    ["20251120120000", "KST", false],
  ])("%s in %s, five minutes allowed", (time, zone, fits) => {
    const objection = timeObjection({ time, zone }, 300, now);
    expect(objection?.code).toBe(fits ? undefined : "000_904");
    if (!fits) expect(objection).toMatchObject({ status: 401, description: expect.stringContaining("300 seconds") });
  });

  it.each(["EST", "Asia/Seoul", "9", "constructor"])("is not known in %s", (zone) => {
    expect(timeObjection({ time: "20261120120000", zone }, 300, now)).toMatchObject({ status: 400, code: "000_901" });
  });
});
