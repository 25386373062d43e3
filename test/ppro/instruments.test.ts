/** What shoppers pay with, as merchants keep it: made, read, changed, removed; encrypted, and never a card's number. */
import { describe, expect, it } from "vitest";
import type { Fields } from "../support/client.ts";
import { countRows, createDatabase, type TestDatabase } from "../support/database.ts";
import { newMerchant } from "../support/merchants.ts";
import { environment, startChildNode } from "../support/node.ts";
import { heardOf, type PproAnswer, type PproBody, PproClient } from "../support/ppro.ts";
import { useNode, useReceiver } from "../support/scenario.ts";

const node = useNode({ env: { NARU_PPRO_RATE: "100000" } });
const shop = useReceiver();
const client = () => new PproClient(node);

const instruments = "/v1/payment-instruments";
const unknown = "instr_aaaaaaaaaaaaaaaaaaaaa";
const iban = "DE89370400440532013000";
const bankAccount = { type: "BANK_ACCOUNT", details: { holderName: "홍길동", iban } };
const cards = ["RAW_CARD", "CARD_NETWORK_TOKEN"];
const number = "4242424242424242";
const card = (type: string) => ({
  type,
  details: { number, holderName: "홍길동", expiryMonth: 12, expiryYear: 2030, cvv: "987" },
});

const post = (body: object, by = client()) => by.call("POST", instruments, { body });
const get = (id: string, by = client()) => by.call("GET", `${instruments}/${id}`);
const put = (id: string, body: object, by = client()) => by.call("PUT", `${instruments}/${id}`, { body });
const remove = (id: string, by = client()) => by.call("DELETE", `${instruments}/${id}`);
const failureOf = ({ status, body }: PproAnswer) => [status, body.status, body.failure?.failureCode];
const notFound = { status: 404, body: { failureMessage: "Payment instrument not found" } };

/** Every row of every table, as text. */
async function storedText({ pool }: Pick<TestDatabase, "pool">): Promise<string> {
  const tables = await pool.query<{ name: string }>(
    "SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'",
  );
  const rows = await Promise.all(
    tables.rows.map(({ name }) => pool.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)),
  );
  return rows.flatMap(({ rows: found }) => found.map(({ row }) => row)).join("\n");
}

describe("an instrument", () => {
  it.each<[string, Fields]>([
    ["AMAZON_PAY", { token: "amzn" }],
    ["BANCONTACT_ACCOUNT", { iban: "BE68539007547034" }],
    ["BANK_ACCOUNT", bankAccount.details],
    ["KLARNA_ACCOUNT", { customerToken: "kl" }],
    ["MOCK", { any: "thing" }],
    ["PASSTHROUGH_WALLET", { fundingType: "DEBIT" }],
    ["TWINT_WALLET", {}],
    ["UPI_AUTOPAY", { vpa: "someone@bank", limits: { daily: 5 } }],
  ])("of type %s is kept and shown as it was sent", async (type, details) => {
    const made = await post({ type, details });
    expect([made.status, made.body]).toEqual([200, { id: expect.stringMatching(/^instr_/), type, details }]);
    expect((await get(made.body.id)).body).toEqual(made.body);
  });

  it("may have no details", async () => {
    const { body } = await post({ type: "TWINT_WALLET" });
    expect(body.details).toEqual({});
  });

  it("has its details replaced, and keeps its type", async () => {
    const { body } = await post(bankAccount);
    const details = { iban: "DE02120300000000202051" };
    expect((await put(body.id, { type: "BANK_ACCOUNT", details })).body).toEqual({ ...body, details });
    expect((await get(body.id)).body).toEqual({ ...body, details });
    expect((await put(body.id, { type: "MOCK", details: { a: "b" } })).status).toBe(422);
    expect((await get(body.id)).body).toEqual({ ...body, details });
  });

  it("that was removed is not there any more", async () => {
    const { body } = await post(bankAccount);
    expect((await remove(body.id)).status).toBe(204);
    for (const again of [await get(body.id), await put(body.id, bankAccount), await remove(body.id)]) {
      expect(again).toMatchObject(notFound);
    }
  });

  it("is removed once when many remove it at once", async () => {
    const { body } = await post(bankAccount);
    const removed = await Promise.all(Array.from({ length: 6 }, () => remove(body.id)));
    expect(removed.map(({ status }) => status).sort()).toEqual([204, 404, 404, 404, 404, 404]);
  });

  it("that was never there is not found", async () => {
    expect(await get(unknown)).toMatchObject(notFound);
    expect(await put(unknown, bankAccount)).toMatchObject(notFound);
    expect(await remove(unknown)).toMatchObject(notFound);
  });

  it("that comes twice with its key is kept once", async () => {
    const make = () => client().call("POST", instruments, { body: bankAccount, key: "instrument-once" });
    const [first, again] = [await make(), await make()];
    expect([again.text, again.headers["request-idempotency"]]).toEqual([first.text, "true"]);
  });

  it.each<[string, object, number]>([
    ["without a type", { details: {} }, 400],
    ["of a type that nobody knows", { type: "KAKAOPAY", details: {} }, 400],
    ["with details that are a list", { type: "MOCK", details: [1] }, 400],
    ["with more details than can be", { type: "MOCK", details: many(51) }, 400],
  ])("%s is refused", async (_, body, status) => {
    expect((await post(body)).status).toBe(status);
  });
});

function many(count: number): Fields {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${index}`, "x"]));
}

describe("an instrument in a charge", () => {
  const mock = (fields: Fields) => ({ paymentMethod: "MOCK", ...fields });
  const instrumentOf = async ({ instrumentId }: PproBody) => (await get(instrumentId)).body;

  it("is there, whoever makes the charge", async () => {
    const charges = [(await client().charge()).body, await client().paid(), (await client().charge(mock({}))).body];
    for (const charge of charges) {
      const { id, ...kept } = await instrumentOf(charge);
      expect([id, kept]).toEqual([charge.instrumentId, { type: "PASSTHROUGH_WALLET", details: { country: "KR" } }]);
    }
    expect(new Set(charges.map(({ instrumentId }) => instrumentId)).size).toBe(charges.length);
  });

  it("is not kept of a charge that is refused at once", async () => {
    const instrument = { type: "BANK_ACCOUNT", details: { iban: "DE89370400440532013000" } };
    const { body } = await client().charge({ amount: { value: 49, currency: "KRW" }, instrument });
    expect([body.status, body.instrumentId]).toEqual(["FAILED", undefined]);
  });

  it("is that of its agreement, if there is one", async () => {
    const agreement = await client().agreed();
    const first = (await client().get(agreement.initialPaymentChargeId)).body;
    const { body: later } = await client().chargeUnder(agreement.id);
    expect([first.instrumentId, later.instrumentId]).toEqual([agreement.instrumentId, agreement.instrumentId]);
    expect((await instrumentOf(agreement)).type).toBe("PASSTHROUGH_WALLET");
  });

  it("is the one that is named", async () => {
    const { body } = await post(bankAccount);
    const made = await client().charge(mock({ instrumentId: body.id }));
    expect(made.body).toMatchObject({ status: "CAPTURED", instrumentId: body.id });
    const agreed = await client().agree({ instrumentId: body.id });
    expect(agreed.body).toMatchObject({ status: "AUTHENTICATION_PENDING", instrumentId: body.id });
  });

  it("is kept when it is sent along, and announced without what it says", async () => {
    const fields = { instrument: bankAccount, webhooksUrl: shop.url };
    const { body } = await client().charge(mock(fields));
    expect(body.status).toBe("CAPTURED");
    expect(await instrumentOf(body)).toEqual({ id: body.instrumentId, ...bankAccount });
    const [created] = await heardOf(shop, 3, { about: body.id });
    expect(created!.data.instrument).toEqual({ type: "BANK_ACCOUNT" });
    for (const webhook of shop.received) expect(webhook.body).not.toContain(iban);
  });

  it("is one of the two and not both", async () => {
    const { body } = await post(bankAccount);
    const both = { instrumentId: body.id, instrument: bankAccount };
    expect((await client().charge(mock(both))).status).toBe(400);
    expect((await client().agree(both)).status).toBe(400);
  });

  it("that is not there, or was removed, has it fail", async () => {
    const { body } = await post(bankAccount);
    await remove(body.id);
    for (const instrumentId of [unknown, body.id]) {
      for (const made of [
        await client().charge({ instrumentId }),
        await client().charge(mock({ instrumentId })),
        await client().agree({ instrumentId }),
      ]) {
        expect(failureOf(made)).toEqual([200, "FAILED", "INSTRUMENT_NOT_FOUND"]);
      }
    }
  });

  it("may be removed later, and the charge stays what it is", async () => {
    const { body } = await post(bankAccount);
    const charge = (await client().charge(mock({ instrumentId: body.id }))).body;
    await remove(body.id);
    expect((await client().get(charge.id)).body).toEqual(charge);
    expect((await client().refund(charge.id, 15_000)).body.status).toBe("REFUNDED");
  });
});

describe("another merchant's instrument", () => {
  it("is not there", async () => {
    const other = (await newMerchant(node)).client;
    const { body } = await post(bankAccount);
    expect(await get(body.id, other)).toMatchObject(notFound);
    expect(await put(body.id, bankAccount, other)).toMatchObject(notFound);
    expect(await remove(body.id, other)).toMatchObject(notFound);
    for (const made of [
      await other.charge({ instrumentId: body.id }),
      await other.charge({ paymentMethod: "MOCK", instrumentId: body.id }),
      await other.agree({ instrumentId: body.id }),
    ]) {
      expect(failureOf(made)).toEqual([200, "FAILED", "INSTRUMENT_NOT_FOUND"]);
      expect(made.body).not.toHaveProperty("instrumentId");
    }
    expect((await get(body.id)).body).toEqual(body);
  });
});

describe("what an instrument says", () => {
  it("is encrypted where it is kept, each time otherwise, and gone when it is removed", async () => {
    const [one, other] = [(await post(bankAccount)).body, (await post(bankAccount)).body];
    const sealed = async (id: string) =>
      (
        await node.database.pool.query<{ sealed: string }>(
          "SELECT details_encrypted AS sealed FROM instruments WHERE wire_id = $1",
          [id],
        )
      ).rows[0]!.sealed;
    expect((await sealed(one.id)).length).toBeGreaterThan(40);
    expect(await sealed(one.id)).not.toBe(await sealed(other.id));
    await remove(one.id);
    expect(await sealed(one.id)).toBe("");
    const stored = await storedText(node.database);
    expect(stored).toContain(other.id);
    expect(stored).not.toContain(iban);
  });

  it("is in no row and no line of the log, nor is a card that was refused", async () => {
    const database = await createDatabase();
    const env = { ...environment(database), NARU_LOG_LEVEL: "trace", NARU_PPRO_RATE: "100000" };
    const child = await startChildNode(env);
    try {
      const by = new PproClient(child);
      const { body } = await post(bankAccount, by);
      await put(body.id, { ...bankAccount, details: { iban, note: "changed" } }, by);
      await by.charge({ paymentMethod: "MOCK", instrument: bankAccount }, { key: "kept" });
      await by.agree({ instrument: bankAccount });
      for (const type of cards) {
        await post(card(type), by);
        await put(body.id, card(type), by);
        await by.charge({ instrument: card(type) }, { key: type });
        await by.call("POST", instruments, { body: JSON.stringify(card(type)).slice(0, -1) });
        await by.call("POST", instruments, { body: JSON.stringify(card(type)), headers: { "content-type": "text/x" } });
      }
      const stored = await storedText(database);
      expect(stored).toContain(body.id);
      const logged = child.logged();
      expect(logged).toContain("/v1/payment-instruments");
      for (const secret of [iban, number]) {
        expect(stored).not.toContain(secret);
        expect(logged).not.toContain(secret);
      }
    } finally {
      await child.end();
      await database.drop();
    }
  });
});

describe.each(cards)("a card, sent as %s", (type) => {
  it("is refused wherever it comes, and nothing is stored", async () => {
    const { body } = await post(bankAccount);
    const tables = ["instruments", "payments", "wallet_charges", "agreements", "exchanges", "events"];
    const before = await countRows(node.database, ...tables);
    for (const refused of [
      await post(card(type)),
      await put(body.id, card(type)),
      await client().charge({ instrument: card(type) }),
      await client().charge({ paymentMethod: "MOCK", instrument: card(type) }, { key: `by-${type}` }),
      await client().agree({ instrument: card(type) }),
      await client().charge({
        instrumentId: body.id,
        instrumentUpdateDetails: { type: "RAW_CARD", details: { cvv: "987" } },
      }),
    ]) {
      expect(refused.status).toBe(422);
      expect(refused.text).not.toContain(number);
    }
    expect(await countRows(node.database, ...tables)).toEqual(before);
    expect((await get(body.id)).body).toEqual(body);
    expect(await storedText(node.database)).not.toContain(number);
    // A key with which nothing was made is free.
    expect((await client().charge({ paymentMethod: "MOCK" }, { key: `by-${type}` })).body.status).toBe("CAPTURED");
  });
});
