/** Calls that come with a key count once, whoever they meet and however often they come. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually, type Fields } from "../support/client.ts";
import { demoMerchant } from "../support/consent.ts";
import { countRows, type TestDatabase } from "../support/database.ts";
import { newKey, newMerchant } from "../support/merchants.ts";
import { startTestNode, type TestNode } from "../support/node.ts";
import { type PproAnswer, PproClient, requestUrlOf } from "../support/ppro.ts";
import { useNode, withNode } from "../support/scenario.ts";
import { sampleRequest } from "./contract.ts";
import { activeAgreement, inVain, keyedCalls, mock, type Prepared, secondFactor, twoStep } from "./keyed-calls.ts";

const env = { NARU_PPRO_RATE: "100000", NARU_PG_TIMEOUT_MS: "3000" };
const node = useNode({ env });
let other: TestNode;
let shop: PproClient;
/** The same merchant, at the other node. */
let elsewhere: PproClient;

beforeAll(async () => {
  other = await startTestNode({ database: node.database, env });
  shop = new PproClient(node);
  elsewhere = new PproClient(other);
});
afterAll(() => other.stop());

const charges = "/v1/payment-charges";
const instruments = "/v1/payment-instruments";
const sampleOf = (fields: Fields): Fields => ({ ...sampleRequest, ...fields });
/** By the mock. */
const declining = { value: 300_002, currency: "KRW" };
const replayed = { "request-idempotency": "true" };
const underWay = "A request with this Request-Idempotency-Key is in progress";
const differs = "This Request-Idempotency-Key was used for another request";

const post = (client: PproClient, { path }: Pick<Prepared, "path">, body: Fields | string, key?: string) =>
  client.call("POST", path, { body, ...(key === undefined ? {} : { key }) });

/** All that a call may make. */
const made = ({ database }: { database: TestDatabase } = node) =>
  countRows(
    database,
    ...["wallet_charges", "charge_steps", "refunds", "agreements", "instruments"],
    ...["sandbox_wallet_orders", "transfers", "events", "deliveries", "exchanges"],
  );

const keys = async () => (await countRows(node.database, "idempotent_calls")).idempotent_calls!;

/** The same fields in another order, and with other spaces. */
function rewritten(body: Fields): string {
  const turned = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(turned);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([name, held]) => [name, turned(held)]),
    );
  };
  return JSON.stringify(turned(body), null, 3);
}

function expectReplay(again: PproAnswer, first: PproAnswer): void {
  expect(again.headers).toMatchObject({ ...replayed, "content-type": first.headers["content-type"] });
  expect([again.status, again.text]).toEqual([first.status, first.text]);
}

function expectFirst(answer: PproAnswer): void {
  expect([answer.status, answer.headers["request-idempotency"]], answer.text).toEqual([200, undefined]);
}

function expectConflict(answer: PproAnswer, failureMessage: string): void {
  expect([answer.status, answer.body.failureMessage]).toEqual([409, failureMessage]);
}

describe.each(keyedCalls())("$name", ({ prepare }) => {
  it("is answered with the same bytes again, on either node, and makes nothing more", async () => {
    const call = await prepare(shop);
    const key = randomUUID();
    const first = await post(shop, call, call.body, key);
    expectFirst(first);
    const after = await made();
    expectReplay(await post(shop, call, call.body, key), first);
    expectReplay(await post(elsewhere, call, call.body, key), first);
    expectReplay(await post(shop, call, rewritten(call.body), key), first);
    expect(await made()).toEqual(after);
  });

  it("conflicts with another of its key, which leaves the answer as it is", async () => {
    const call = await prepare(shop);
    const key = randomUUID();
    const first = await post(shop, call, call.body, key);
    expectFirst(first);
    const after = await made();
    expectConflict(await post(shop, call, call.other, key), differs);
    expectConflict(await post(elsewhere, call, call.other, key), differs);
    expectReplay(await post(shop, call, call.body, key), first);
    expect(await made()).toEqual(after);
  });

  it("that is refused leaves its key to one that is not, be it the same or another", async () => {
    const call = await prepare(shop);
    const { wrong } = call;
    const key = randomUUID();
    const [before, kept] = [await made(), await keys()];
    for (const client of [shop, elsewhere]) {
      const refused = await post(client, call, wrong, key);
      expect([400, 422], refused.text).toContain(refused.status);
    }
    expect([await made(), await keys()]).toEqual([before, kept]);
    const first = await post(shop, call, call.body, key);
    expectFirst(first);
    expectReplay(await post(elsewhere, call, call.body, key), first);
  });

  it("is made each time that it comes without a key", async () => {
    const call = await prepare(shop);
    const kept = await keys();
    const first = await post(shop, call, call.body);
    const second = await shop.call("POST", call.path, { body: call.body, headers: { "request-idempotency-key": "" } });
    expectFirst(first);
    expect(second.headers).not.toHaveProperty("request-idempotency");
    expect(second.text).not.toBe(first.text);
    expect(await keys()).toBe(kept);
  });

  it.each([["one node"], ["two nodes"]])("comes many times at once to %s, and is made once", async (where) => {
    const call = await prepare(shop);
    const key = randomUUID();
    const clients = where === "one node" ? [shop] : [shop, elsewhere];
    const bodies = [call.body, rewritten(call.body)];
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, index) =>
        post(clients[index % clients.length]!, call, bodies[index % 3 === 0 ? 1 : 0]!, key),
      ),
    );
    const firsts = answers.filter((one) => one.status === 200 && one.headers["request-idempotency"] === undefined);
    expect(firsts.length, JSON.stringify(answers.map(({ text }) => text))).toBe(1);
    for (const answer of answers) {
      if (answer.status === 409) expectConflict(answer, underWay);
      else if (answer !== firsts[0]) expectReplay(answer, firsts[0]!);
    }
    const after = await made();
    expectReplay(await post(elsewhere, call, call.body, key), firsts[0]!);
    expect(await made()).toEqual(after);
  });
});

describe("a key", () => {
  it("is another on another path", async () => {
    const [one, two] = await Promise.all([1, 2].map(async () => (await shop.charge(twoStep())).body.id));
    const key = randomUUID();
    for (const path of [`${one}/captures`, `${two}/captures`, `${one}/voids`, `${two}/voids`]) {
      expectFirst(await post(shop, { path: `${charges}/${path}` }, { amount: 100 }, key));
    }
    for (const id of [one, two]) {
      const { captures, voids } = (await shop.get(id)).body;
      expect([captures.length, voids.length]).toEqual([1, 1]);
    }
  });

  it("is another of other credentials of the same merchant, and of another merchant", async () => {
    const { client: theirs } = await newMerchant(node);
    const clients = [shop, (await newKey(node, demoMerchant)).client, theirs];
    const key = randomUUID();
    const ids = [];
    for (const client of clients) {
      const first = await client.charge(mock(), { key });
      expectFirst(first);
      expectReplay(await client.charge(mock(), { key }), first);
      expectConflict(await client.charge(twoStep(), { key }), differs);
      ids.push(first.body.id);
    }
    expect(new Set(ids).size).toBe(3);
    expect((await theirs.get(ids[0])).status).toBe(404);
  });

  it.each(["0", "two words", '"quoted"', "üñï", "../../v1", "k".repeat(255)])("may be %s", async (key) => {
    const first = await shop.charge(mock(), { key });
    expectFirst(first);
    expectReplay(await elsewhere.charge(mock(), { key }), first);
    const another = await shop.charge(mock(), { key: key === "0" ? "00" : `${key.slice(1)}x` });
    expectFirst(another);
  });

  it("may not be longer than 255 characters", async () => {
    const before = await made();
    const answer = await shop.charge(mock(), { key: "k".repeat(256) });
    expect([answer.status, answer.body.failureMessage]).toEqual([
      400,
      "Header Request-Idempotency-Key may have 255 characters",
    ]);
    expect(await made()).toEqual(before);
  });

  it("means nothing to GET, PUT and DELETE", async () => {
    const key = randomUUID();
    const kept = await keys();
    const { id } = (await shop.call("POST", instruments, { body: { type: "BANK_ACCOUNT", details: {} } })).body;
    const path = `${instruments}/${id}`;
    for (const iban of ["KR1", "KR2", "KR2", "KR3"]) {
      const body = { type: "BANK_ACCOUNT", details: { iban } };
      expectFirst(await shop.call("PUT", path, { body, key }));
      const read = await elsewhere.call("GET", path, { key });
      expectFirst(read);
      expect(read.body.details).toEqual({ iban });
    }
    const statuses = [];
    for (let time = 0; time < 2; time += 1) statuses.push((await shop.call("DELETE", path, { key })).status);
    expect(statuses).toEqual([204, 404]);
    expect((await shop.call("GET", path, { key })).status).toBe(404);
    expect(await keys()).toBe(kept);
  });
});

describe("an answer", () => {
  it("is what was said then, whatever has happened since", async () => {
    const key = randomUUID();
    const first = await shop.charge({}, { key });
    await shop.checkout(requestUrlOf(first.body), { decision: "pay" });
    const refundKey = randomUUID();
    const refund = await shop.refund(first.body.id, 5_000, {}, { key: refundKey });
    expect((await shop.refund(first.body.id, 10_000)).body.status).toBe("REFUNDED");
    expectReplay(await elsewhere.charge({}, { key }), first);
    expect(first.body.status).toBe("AUTHENTICATION_PENDING");
    expectReplay(await elsewhere.refund(first.body.id, 5_000, {}, { key: refundKey }), refund);
    expect((await shop.get(first.body.id)).body).toMatchObject({ status: "REFUNDED", refunds: [{}, {}] });
  });

  const id = async (answer: Promise<PproAnswer>) => (await answer).body.id;

  it.each<[name: string, find: () => Promise<{ path: string; body: Fields }>]>([
    [
      "a charge of too little",
      async () => ({ path: charges, body: sampleOf({ amount: { value: 49, currency: "KRW" } }) }),
    ],
    ["a charge that is declined", async () => ({ path: charges, body: sampleOf(mock("", { amount: declining })) })],
    [
      "a confirmation in vain",
      async () => ({ path: `${charges}/${await id(shop.charge(secondFactor))}/authorizations`, body: inVain }),
    ],
    [
      "a capture of too much",
      async () => ({ path: `${charges}/${await id(shop.charge(twoStep()))}/captures`, body: { amount: 15_001 } }),
    ],
    [
      "a void of what is captured",
      async () => ({ path: `${charges}/${await id(shop.charge(mock()))}/voids`, body: { amount: 1 } }),
    ],
    [
      "a refund of what is not captured",
      async () => ({ path: `${charges}/${await id(shop.charge())}/refunds`, body: { amount: 1 } }),
    ],
    [
      "a discard of what is captured",
      async () => ({ path: `${charges}/${await id(shop.charge(mock()))}/discards`, body: {} }),
    ],
    [
      "an agreement abroad",
      async () => ({
        path: "/v1/payment-agreements",
        body: { paymentMethod: "KAKAOPAY", consumer: { country: "US" }, authenticationSettings: [] },
      }),
    ],
    [
      "a revocation of what waits for the consumer",
      async () => {
        const asked = { paymentMethod: "KAKAOPAY", consumer: sampleRequest.consumer };
        const { authenticationSettings } = sampleRequest;
        const body = { ...asked, authenticationSettings };
        const agreement = (await shop.call("POST", "/v1/payment-agreements", { body })).body;
        return { path: `/v1/payment-agreements/${agreement.id}/revocations`, body: {} };
      },
    ],
    [
      "a charge under an agreement that was revoked",
      async () => {
        const agreement = await activeAgreement(shop);
        const path = `/v1/payment-agreements/${agreement.id}`;
        await shop.call("POST", `${path}/revocations`, { body: {} });
        return { path: `${path}/payment-charges`, body: { amount: { value: 101, currency: "KRW" } } };
      },
    ],
  ])("that %s has FAILED is kept", async (_, find) => {
    const call = await find();
    const key = randomUUID();
    const first = await post(shop, call, call.body, key);
    expectFirst(first);
    expect(first.body).toMatchObject({ status: "FAILED", failure: { failureCode: expect.any(String) } });
    const after = await made();
    expectReplay(await post(shop, call, call.body, key), first);
    expectReplay(await post(elsewhere, call, call.body, key), first);
    expectConflict(await post(elsewhere, call, { ...call.body, labels: { more: "1" } }, key), differs);
    expect(await made()).toEqual(after);
  });

  it("has to be waited for, and conflicts meanwhile on either node", async () => {
    const [charge, key] = [mock(), randomUUID()];
    await node.arm("wallet-timeout-after");
    const before = await made();
    const first = shop.charge(charge, { key });
    await eventually(async () => (await made()).sandbox_wallet_orders! > before.sandbox_wallet_orders!);
    expectConflict(await shop.charge(charge, { key }), underWay);
    expectConflict(await elsewhere.charge(charge, { key }), underWay);
    expectConflict(await elsewhere.charge(twoStep(), { key }), differs);
    expectFirst(await first);
    const { status, id } = (await first).body;
    expect(status).toBe("AUTHORIZATION_ASYNC");
    expectReplay(await elsewhere.charge(charge, { key }), await first);
    await eventually(async () => (await shop.get(id)).body.status === "CAPTURED");
    expectReplay(await shop.charge(charge, { key }), await first);
    expect((await made()).sandbox_wallet_orders).toBe(before.sandbox_wallet_orders! + 1);
  });

  it("is kept so that nobody can read it, nor whose key it is", async () => {
    const [key, iban] = [randomUUID(), "KR29 0088 1234 5678"];
    const body = { type: "BANK_ACCOUNT", details: { iban } };
    const { rows: before } = await node.database.pool.query("SELECT id FROM idempotent_calls");
    const first = await shop.call("POST", instruments, { body, key });
    const { rows } = await node.database.pool.query("SELECT * FROM idempotent_calls WHERE id <> ALL($1)", [
      before.map((row) => row.id),
    ]);
    expect(rows).toMatchObject([{ status: 200, id: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
    const { answer_encrypted, request_hash } = rows[0];
    expect(answer_encrypted).toMatch(/^v1:[\w-]+$/);
    expect(request_hash).toMatch(/^[0-9a-f]{64}$/);
    const stored = Buffer.from(answer_encrypted.slice(3), "base64url").toString("latin1") + JSON.stringify(rows);
    for (const plain of [key, iban, first.body.id, "BANK_ACCOUNT", shop.credentials.apiKey]) {
      expect(stored).not.toContain(plain);
    }
  });

  it("is forgotten after 24 hours of the clock, and not before", async () => {
    await withNode({ env }, async (moved) => {
      const client = new PproClient(moved);
      const [asked, key] = [mock("", { merchantPaymentChargeReference: "order 1" }), randomUUID()];
      const first = await client.charge(asked, { key });
      await moved.moveClock("PT23H59M");
      expectReplay(await client.charge(asked, { key }), first);
      expectConflict(await client.charge(twoStep(), { key }), differs);
      await moved.moveClock("PT1M");
      const second = await client.charge(twoStep(), { key });
      expectFirst(second);
      expect(second.body).toMatchObject({ status: "CAPTURE_PENDING", id: expect.not.stringMatching(first.body.id) });
      expectReplay(await client.charge(twoStep(), { key }), second);
      expectConflict(await client.charge(asked, { key }), differs);
      await moved.moveClock("PT24H");
      expectFirst(await client.charge(asked, { key }));
      expect((await client.search({ merchantPaymentChargeReference: "order 1" })).body.data).toHaveLength(2);
    });
  });
});
