import { describe, expect, it } from "vitest";
import { deepFreeze, hour_ms, issuedAt, later } from "../fixtures.fixture.ts";
import { decidePrepare, type PreparedAmount, type PrepareRequest, prepareAmount } from "./prepared.ts";

const now = later(issuedAt, hour_ms);
const key = { merchantId: "mer_shop", dialect: "iamport", reference: "order-1" };

const known: PreparedAmount = deepFreeze({
  ...key,
  amountHundredths: 1_000_000,
  currency: "KRW",
  createdAt: issuedAt,
  updatedAt: issuedAt,
});

function request(intent: PrepareRequest["intent"], wanted: Partial<PrepareRequest> = {}): PrepareRequest {
  return deepFreeze({ ...key, amountHundredths: 500_050, currency: null, intent, ...wanted });
}

describe("what an order will cost", () => {
  it.each([
    ["register what is not there", undefined, "register", { createdAt: now, updatedAt: now }],
    ["register what is there", known, "register", "prepared-already"],
    ["change what is not there", undefined, "change", "prepared-unknown"],
    ["change what is there", known, "change", { createdAt: issuedAt, updatedAt: now }],
  ] as const)("%s", (_name, before, intent, outcome) => {
    const { result } = decidePrepare(before, request(intent), now);
    expect(result).toEqual(
      typeof outcome === "string"
        ? { ok: false, refusal: { code: outcome, reference: "order-1" } }
        : { ok: true, value: { ...key, amountHundredths: 500_050, currency: null, ...outcome } },
    );
  });

  it("registers the same amount twice no more than another", () => {
    const same = request("register", { amountHundredths: known.amountHundredths, currency: known.currency });
    expect(decidePrepare(known, same, now).result).toMatchObject({ ok: false, refusal: { code: "prepared-already" } });
  });

  it("may cost nothing, and any currency may become one and back", () => {
    for (const wanted of [{ amountHundredths: 0 }, { currency: "USD" }, { currency: null }]) {
      expect(decidePrepare(known, request("change", wanted), now).result).toMatchObject({ ok: true, value: wanted });
    }
  });
});

describe("requests of one batch", () => {
  const play = (...requests: PrepareRequest[]) => {
    const state = new Map<string, PreparedAmount>();
    return requests.map((one) => {
      const decided = prepareAmount.decide(state, one, now);
      prepareAmount.apply(state, decided);
      return decided.result.ok ? decided.result.value.amountHundredths : decided.result.refusal.code;
    });
  };

  it("see what those before them did", () => {
    expect(
      play(
        request("change"),
        request("register", { amountHundredths: 1 }),
        request("register", { amountHundredths: 2 }),
        request("change", { amountHundredths: 3 }),
      ),
    ).toEqual(["prepared-unknown", 1, "prepared-already", 3]);
  });

  it("keep merchants, dialects and orders apart", () => {
    const others = [{ merchantId: "mer_other" }, { dialect: "v2" }, { reference: "order-2" }];
    const results = play(request("register"), ...others.map((other) => request("register", other)));
    expect(results).toEqual([500_050, 500_050, 500_050, 500_050]);
  });
});
