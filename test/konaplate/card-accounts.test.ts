/** The virtual account of a card: one, whoever asks for it first, and whatever was deposited to it. */
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { Core } from "../../src/core/index.ts";
import type { Card } from "../../src/core/members/card.ts";
import type { Tenant } from "../../src/core/merchants/directory.ts";
import { accountOfCard } from "../../src/dialects/konaplate/issue.ts";
import { readSecrets } from "../../src/installation.ts";
import { createCore, openStore } from "../../src/main.ts";
import { newId } from "../../src/store/index.ts";
import { demoMerchant } from "../support/consent.ts";
import { environment } from "../support/node.ts";
import { useNode } from "../support/scenario.ts";

const node = useNode();
/** Of two nodes. */
let cores: Core[];
let tenant: Tenant;
let stop: () => Promise<unknown>;

const memberNumber = "50000104652";

beforeAll(async () => {
  const config = readConfig(environment(node.database));
  const secrets = await readSecrets(config);
  const stores = [openStore({ url: node.database.url }, config), openStore({ url: node.database.url }, config)];
  stop = () => Promise.all(stores.map((store) => store.close()));
  const send = () => Promise.reject(new Error("these send nothing"));
  cores = stores.map((store) => createCore(config, store, secrets, pino({ level: "silent" }), send).core);
  tenant = (await cores[0]!.directory.tenant(demoMerchant))!;
});

afterAll(() => stop());

function newCard(): Card {
  const now = new Date();
  return {
    id: newId("crd"),
    merchantId: demoMerchant,
    memberId: newId("mem"),
    par: "Q180BEA3B2F1BBD8410336D66A4",
    numberEncrypted: "",
    numberIndex: "",
    numberMasked: "***765",
    expiry: "3108",
    state: "active",
    serviceId: "000170000002000",
    createdAt: now,
    updatedAt: now,
    eventSeq: 1,
  };
}

const exchange = {
  dialect: "konaplate",
  method: "POST",
  path: "/api/v1/card/virtual-account/inquiry",
  request: {},
  answer: () => ({ status: 200, body: {} }),
  redactAnswer: () => ({}),
};

async function ask(core: Core, card: Card, of: Tenant = tenant) {
  const outcome = await accountOfCard(core, { tenant: of, memberNumber, card, exchange });
  if (outcome?.ok === false) throw new Error(outcome.refusal.code);
  return outcome?.value.virtualAccount;
}

async function paymentsOf(card: Card): Promise<number> {
  const { rows } = await node.database.pool.query("SELECT FROM payments WHERE reference = $1", [card.id]);
  return rows.length;
}

describe("a card's virtual account", () => {
  it("is one, however many ask for it at once at two nodes", async () => {
    const card = newCard();
    const asked = await Promise.all(Array.from({ length: 16 }, (_, index) => ask(cores[index % 2]!, card)));
    const [{ number, bankCode, kind, reserved, dueAt } = {}] = asked;
    expect([kind, reserved, dueAt]).toEqual(["fixed", true, null]);
    expect(new Set(asked.map((one) => `${one?.bankCode} ${one?.number}`))).toEqual(new Set([`${bankCode} ${number}`]));
    expect(await paymentsOf(card)).toBe(1);
  });

  it("is another's for no other card", async () => {
    const [one, other] = [await ask(cores[0]!, newCard()), await ask(cores[0]!, newCard())];
    expect(one!.number).not.toBe(other!.number);
  });

  it("takes any amount any number of times for the member, and stays the same", async () => {
    const card = newCard();
    const { number, bankCode } = (await ask(cores[0]!, card))!;
    const account = `member:${memberNumber}`;
    const before = await node.balanceOf(account);
    for (const amount of [5_000, 1, 2_500_000]) {
      const { status } = await node.deposit(number, { bankCode, amount });
      expect(status).toBe(200);
      expect((await ask(cores[1]!, card))!.number).toBe(number);
    }
    expect(await node.balanceOf(account)).toBe(before + 2_505_001);
    expect(await paymentsOf(card)).toBe(1);
  });

  it("is not there for a merchant without a channel that lends numbers", async () => {
    const card = newCard();
    expect(await ask(cores[0]!, card, { ...tenant, channels: [] })).toBeUndefined();
    expect(await paymentsOf(card)).toBe(0);
  });
});
