import type { FastifyRequest } from "fastify";
import { describe, expect, it } from "vitest";
import { authenticate, newProjectKeys } from "./auth.ts";
import type { Context } from "./context.ts";
import { errors } from "./errors.ts";

const { accessKey } = newProjectKeys();
const credential = { id: "crd_1", merchantId: "mer_1" };
const context = {
  core: {
    directory: {
      credential: async (_: string, key: string) => (key === accessKey ? credential : undefined),
      tenant: async () => ({ merchant: { id: "mer_1" }, channels: [] }),
    },
  },
  aspIdOf: () => "000170000000000",
  window_s: 300,
  takesClear: true,
} as unknown as Context;

const now = () => new Date().toISOString().replace(/\D/g, "").slice(0, 14);
const sent = () => ({
  "x-km-user-aspid": "000170000000000",
  "x-km-correlation-id": "261120120000-abc1234",
  "x-km-access-key": accessKey,
  "x-km-tran-token": "KMV1:20261120120000123:i1CekTiN8jrRCE2NXIuDCsQ/Y4Dicc+47S7J8KSZ7Ug=",
  "x-km-tran-time": now(),
  "x-km-time-zone": "UTC",
});
const ask = (changed: Partial<ReturnType<typeof sent>>) =>
  authenticate(context, { headers: { ...sent(), ...changed } } as unknown as FastifyRequest);

describe("a caller", () => {
  it("is known by the headers alone", async () => {
    expect(await ask({})).toMatchObject({ ok: true, value: { credential, tenant: { merchant: { id: "mer_1" } } } });
  });

  const none = "x";
  it.each([
    ["another access key", { "x-km-access-key": newProjectKeys().accessKey }, errors.keyUnknown],
    ["an access key that is too short", { "x-km-access-key": none }, errors.keyUnknown],
    ["another ASP id", { "x-km-user-aspid": "000170000000001" }, errors.keyUnknown],
    ["a token that is none", { "x-km-tran-token": none }, errors.tokenMalformed],
    ["a token of the time in 14 digits", { "x-km-tran-token": `KMV1:${now()}:` }, errors.tokenMalformed],
    ["a time that is long past", { "x-km-tran-time": "20200101000000" }, errors.timeStale(300)],
  ])("is refused with %s, and told why", async (_, changed, error) => {
    expect(await ask(changed)).toEqual({ ok: false, error });
  });

  it("who is not known is not told that the token is none", async () => {
    const changed = { "x-km-access-key": none, "x-km-tran-token": none, "x-km-tran-time": "20200101000000" };
    expect(await ask(changed)).toEqual({ ok: false, error: errors.keyUnknown });
  });
});
