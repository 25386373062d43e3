/** Calls that a merchant may make each second: a bucket of turns for reads and one for writes, at each node. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countRows } from "../support/database.ts";
import { newKey, newMerchant } from "../support/merchants.ts";
import { startTestNode, type TestNode } from "../support/node.ts";
import { type PproAnswer, PproClient, requestUrlOf } from "../support/ppro.ts";
import { useNode } from "../support/scenario.ts";
import { rateLimitHeaders } from "./contract.ts";
import { mock } from "./keyed-calls.ts";

/** As published, since nothing else is set. */
const published = { perSecond: 5, burst: 10 };
const node = useNode();
/** One that allows less, so that what it gives back can be counted. */
const small = { perSecond: 2, burst: 4 };
let slow: TestNode;

beforeAll(async () => {
  slow = await startTestNode({ database: node.database, env: { NARU_PPRO_RATE: String(small.perSecond) } });
});
afterAll(() => slow.stop());

const charges = "/v1/payment-charges";
const instruments = "/v1/payment-instruments";
const read = (client: PproClient) => client.get("charge_thereisnosuchcharge");
const write = (client: PproClient) => client.charge(mock());
const told = ({ headers }: PproAnswer) => Object.fromEntries(rateLimitHeaders.map((name) => [name, headers[name]]));
const remaining = (answer: PproAnswer) => Number(answer.headers["x-ratelimit-remaining"]);
const isTaken = ({ status }: PproAnswer) => status !== 429;

/** A merchant who has made no call yet. */
const newShop = async (at: TestNode = node) => new PproClient(at, (await newMerchant(node)).client.credentials);

/** Until there is no turn any more. */
async function exhaust(call: () => Promise<PproAnswer>): Promise<void> {
  for (;;) {
    const answers = await Promise.all(Array.from({ length: 6 }, call));
    if (!answers.every(isTaken)) return;
  }
}

/** Far more calls at once than a full bucket has turns for; those that had one, and those that had none. */
async function storm(call: (index: number) => Promise<PproAnswer>, { perSecond, burst } = published) {
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => call(index)));
  const back = ((performance.now() - began) / 1000) * perSecond;
  const taken = answers.filter(isTaken);
  expect(taken.length).toBeGreaterThanOrEqual(burst);
  expect(taken.length).toBeLessThanOrEqual(burst + back);
  return { taken, refused: answers.filter((answer) => !isTaken(answer)) };
}

describe("a turn", () => {
  it("is one of ten, and the caller is told how many remain", async () => {
    const shop = await newShop();
    const began = performance.now();
    for (let left = published.burst - 1; left >= 5; left -= 1) {
      const answer = await read(shop);
      const back = ((performance.now() - began) / 1000) * published.perSecond;
      expect(told(answer)).toMatchObject({
        "x-ratelimit-requested-tokens": "1",
        "x-ratelimit-burst-capacity": String(published.burst),
        "x-ratelimit-replenish-rate": String(published.perSecond),
      });
      expect(remaining(answer)).toBeGreaterThanOrEqual(left);
      expect(remaining(answer)).toBeLessThanOrEqual(left + back);
    }
  });

  it("that nobody has any more is refused in the shape of every error, and does nothing", async () => {
    const shop = await newShop();
    const before = (await countRows(node.database, "wallet_charges")).wallet_charges!;
    const { taken, refused } = await storm(() => write(shop));
    for (const { headers, body } of refused) {
      const failureMessage = "Too many requests: 5 a second are allowed";
      expect(body).toEqual({ status: 429, failureMessage, timestamp: expect.any(String) });
      expect(headers).toMatchObject({ "x-ratelimit-remaining": "0", "content-type": expect.stringMatching(/json/) });
      expect(headers).not.toHaveProperty("retry-after");
    }
    expect((await countRows(node.database, "wallet_charges")).wallet_charges! - before).toBe(taken.length);
  });

  it("is put back so many times a second, as long as the bucket is not full, and not by calls that are refused", async () => {
    const shop = await newShop(slow);
    const began = performance.now();
    let [taken, elapsed_s] = [0, 0];
    while (elapsed_s < 2.5) {
      const answers = await Promise.all(Array.from({ length: 4 }, () => read(shop)));
      taken += answers.filter(isTaken).length;
      elapsed_s = (performance.now() - began) / 1000;
    }
    const { burst, perSecond } = small;
    expect(taken).toBeLessThanOrEqual(burst + perSecond * elapsed_s);
    expect(taken).toBeGreaterThanOrEqual(burst + perSecond * 1.5);
    await new Promise((resolve) => setTimeout(resolve, (1_000 * (burst + 1)) / perSecond));
    expect(remaining(await read(shop))).toBe(burst - 1);
  });

  it("of a read is none of a write, and the other way round", async () => {
    const [reader, writer] = [await newShop(), await newShop()];
    await exhaust(() => read(reader));
    const made = await write(reader);
    expect([made.status, remaining(made)]).toEqual([200, published.burst - 1]);
    await exhaust(() => write(writer));
    const shown = await read(writer);
    expect([shown.status, remaining(shown)]).toEqual([404, published.burst - 1]);
  });

  it("of a write is one by whatever method", async () => {
    const shop = await newShop();
    const body = { type: "MOCK" };
    const calls = [
      () => shop.call("POST", instruments, { body }),
      () => shop.call("PUT", `${instruments}/instr_none`, { body }),
      () => shop.call("DELETE", `${instruments}/instr_none`),
    ];
    await storm((index) => calls[index % calls.length]!());
    expect(remaining(await read(shop))).toBe(published.burst - 1);
  });

  it("is one merchant's, by whichever of their keys, at one node", async () => {
    const merchant = await newMerchant(node);
    const both = [merchant.client, (await newKey(node, merchant.id)).client];
    await storm((index) => read(both[index % 2]!));
    expect(remaining(await read(await newShop()))).toBe(published.burst - 1);
    expect(remaining(await read(new PproClient(slow, merchant.client.credentials)))).toBe(small.burst - 1);
  });

  it.each<[name: string, status: number, (shop: PproClient) => Promise<PproAnswer>]>([
    ["is of what is not there", 404, read],
    [
      "is for another merchant",
      403,
      (shop) => shop.call("GET", charges, { headers: { "merchant-id": "merch_other" } }),
    ],
    ["is for no merchant", 400, (shop) => shop.call("GET", charges, { headers: { "merchant-id": undefined } })],
    ["cannot be understood", 400, (shop) => shop.call("POST", charges, { body: "{" })],
    [
      "is no JSON",
      415,
      (shop) => shop.call("POST", charges, { body: "{}", headers: { "content-type": "text/plain" } }),
    ],
    ["is by another method", 405, (shop) => shop.call("PATCH", charges, { body: {} })],
  ])("is taken by a call that %s", async (_, status, call) => {
    const shop = await newShop();
    const { taken } = await storm(() => call(shop));
    for (const answer of taken) expect(answer.status, answer.text).toBe(status);
  });

  it("is taken by nobody who is unknown, and a stranger is told of none", async () => {
    const shop = await newShop();
    const { apiKey, ...credentials } = shop.credentials;
    const forged = [
      `${apiKey.slice(0, -1)}${apiKey.endsWith("0") ? "1" : "0"}`,
      "key_sandbox_000000000000000000000",
      "",
    ];
    for (const key of forged) {
      const stranger = new PproClient(node, { ...credentials, apiKey: key });
      const answers = await Promise.all(Array.from({ length: 20 }, () => read(stranger)));
      for (const answer of answers) {
        expect(answer.status).toBe(401);
        for (const name of rateLimitHeaders) expect(answer.headers).not.toHaveProperty(name);
      }
    }
    expect(remaining(await read(shop))).toBe(published.burst - 1);
  });

  it("is not one of the consumer's", async () => {
    const shop = await newShop();
    const { body } = await shop.charge();
    for (let time = 0; time < 15; time += 1) {
      const page = await shop.open(requestUrlOf(body));
      expect(page.status).toBe(200);
      for (const name of rateLimitHeaders) expect(page.headers).not.toHaveProperty(name);
    }
    expect((await shop.checkout(requestUrlOf(body), { decision: "pay" })).status).toBe(303);
    expect(remaining(await shop.get(body.id))).toBe(published.burst - 1);
  });

  it("is taken by a call that is only answered again; one that is refused leaves its key free", async () => {
    const shop = await newShop();
    const [first, key] = [randomUUID(), randomUUID()];
    const made = await shop.charge(mock(), { key: first });
    const replays: PproAnswer[] = [];
    await exhaust(async () => {
      const answer = await shop.charge(mock(), { key: first });
      if (isTaken(answer)) replays.push(answer);
      return answer;
    });
    expect(replays.length).toBeGreaterThan(0);
    for (const { text } of replays) expect(text).toBe(made.text);
    let again = await shop.charge(mock("requiresCapture=true"), { key });
    while (!isTaken(again)) again = await shop.charge(mock("requiresCapture=true"), { key });
    expect([again.body.status, again.headers["request-idempotency"]]).toEqual(["CAPTURE_PENDING", undefined]);
  });

  it("goes by real time, however the sandbox clock is moved", async () => {
    const shop = await newShop(slow);
    const began = performance.now();
    await exhaust(() => read(shop));
    await node.moveClock("P1D");
    const answers = await Promise.all(Array.from({ length: 30 }, () => read(shop)));
    const elapsed_s = (performance.now() - began) / 1000;
    expect(answers.filter(isTaken).length).toBeLessThanOrEqual(1 + small.perSecond * elapsed_s);
  });
});
