import { describe, expect, it } from "vitest";
import type { BankNotice, DepositService } from "../connector.ts";
import { limits } from "../limits.ts";
import { queryDeposits } from "./query.ts";

function notice(transactionId: string): BankNotice {
  return {
    connector: "bank",
    providerMerchantId: "shop",
    transactionId,
    kind: "credit",
    bankCode: "088",
    number: "56012345678901",
    amount: 1_000,
    currency: "KRW",
    depositorName: null,
    occurredAt: new Date(0),
  };
}

/** Asks a bank that has these to name once; a transaction whose id begins with "bad" cannot be received. */
async function query(ids: string[], bank: Partial<DepositService> = {}, timeout_ms = 5_000) {
  const seen = { received: [] as string[], confirmed: [] as string[][], warned: [] as object[] };
  const service: DepositService = {
    unconfirmed: async (count) => ids.slice(0, count).map(notice),
    async confirm(notices) {
      seen.confirmed.push(notices.map((one) => one.transactionId));
    },
    ...bank,
  };
  const receive = async ({ transactionId }: BankNotice) => {
    if (transactionId.startsWith("bad")) throw new Error("no");
    seen.received.push(transactionId);
  };
  const log = { warn: (fields: object) => void seen.warned.push(fields) };
  const time = { timeout_ms, stopping: new AbortController().signal };
  return { more: await queryDeposits(service, receive, time, log), ...seen };
}

const many = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name} ${index}`);

describe("a bank that is asked for transactions nobody acknowledged", () => {
  it("and has none is left alone", async () => {
    expect(await query([])).toEqual({ more: false, received: [], confirmed: [], warned: [] });
  });

  it("has confirmed what was received, and only that", async () => {
    const { more, received, confirmed, warned } = await query(["a", "bad b", "c"]);
    expect([more, received, confirmed]).toEqual([false, ["a", "c"], [["a", "c"]]]);
    expect(warned).toMatchObject([{ connector: "bank", transactionId: "bad b" }]);
  });

  it("has nothing confirmed when nothing could be received", async () => {
    expect(await query(["bad a"])).toMatchObject({ more: false, confirmed: [] });
  });

  it("is asked again at once when it named as many as it may", async () => {
    const { deposits_queried } = limits;
    expect((await query(many(deposits_queried + 1, "a"))).more).toBe(true);
    expect((await query(many(deposits_queried - 1, "a"))).more).toBe(false);
    expect((await query(many(deposits_queried, "bad"))).more).toBe(false);
  });

  it("and never answers is given up", async () => {
    const silent = { unconfirmed: () => new Promise<BankNotice[]>(() => {}) };
    await expect(query(["a"], silent, 20)).rejects.toThrow("no answer within 20 ms");
  });
});
