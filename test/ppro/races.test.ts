/** Calls about one charge or agreement at the same moment, from two nodes: they come out as if one had come after another. */
import { setTimeout as pause } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/client.ts";
import { startTestNode, type TestNode } from "../support/node.ts";
import { type PproAnswer, type PproBody, PproClient, requestUrlOf, webhooksOf } from "../support/ppro.ts";
import { freshSeed, type Random, randomFrom } from "../support/random.ts";
import { useNode, useReceiver, withNode } from "../support/scenario.ts";
import { activeAgreement, inVain, rightCode, secondFactor, twoStep } from "./keyed-calls.ts";

const env = { NARU_PPRO_RATE: "100000" };
const test_ms = 60_000;
const amount = 15_000;
const seed = freshSeed();
const random = randomFrom(seed);
const about = `seed ${seed}`;
const node = useNode({ env });
const receiver = useReceiver();
let other: TestNode;
let shop: PproClient;
/** The same shop, at two nodes. */
let clients: [PproClient, PproClient];

beforeAll(async () => {
  other = await startTestNode({ database: node.database, env });
  shop = new PproClient(node);
  clients = [shop, new PproClient(other)];
});
afterAll(() => other.stop());

const sum = (all: readonly { amount: number }[]) => all.reduce((total, one) => total + one.amount, 0);
const withStatus = (all: readonly PproBody[], status: string) => all.filter((one) => one.status === status);

function bodiesOf(answers: readonly PproAnswer[]): PproBody[] {
  for (const answer of answers) expect(answer.status, `${about}: ${answer.text}`).toBe(200);
  return answers.map(({ body }) => body);
}

/** All at once; each at one of the nodes, and most a moment later, so that any may be first. */
function atOnce<Result>(calls: readonly ((client: PproClient) => Promise<Result>)[]) {
  return Promise.all(
    calls.map(async (call) => {
      const client = random.pick(clients);
      await pause(random.below(20));
      return call(client);
    }),
  );
}

/** What the wallet gave back of a charge, by its own records. */
async function givenBack({ id }: PproBody): Promise<number> {
  const { rows } = await node.database.pool.query(
    `SELECT coalesce(sum(w.amount), 0)::bigint AS given FROM wallet_charges c JOIN refunds r USING (payment_id)
      JOIN sandbox_wallet_orders w ON w.key = r.operation_id AND w.kind = 'refund' AND w.declined IS NULL WHERE c.wire_id = $1`,
    [id],
  );
  return rows[0].given;
}

/** What was refused says why, in a code of the contract, and is no reason to refuse what was left. */
function expectRefused(
  failed: readonly PproBody[],
  left: number,
  codes: readonly string[],
  isBusy: readonly string[] = [],
) {
  for (const { amount: wanted, failure } of failed) {
    expect([...codes, ...isBusy], about).toContain(failure.failureCode);
    if (!isBusy.includes(failure.failureCode)) expect(wanted, about).toBeGreaterThan(left);
  }
}

describe("fifty refunds of one charge at once", () => {
  const exceeding = ["EXCEEDS_CAPTURED_AMOUNT", "EXCEEDS_REFUNDABLE_AMOUNT"];
  const busy = ["SIMULTANEOUS_OPERATION_IN_PROGRESS"];

  it.each<[string, (chance: Random) => number]>([
    ["of anything up to all of it", (chance) => chance.between(1, amount)],
    ["of small parts", (chance) => chance.between(1, 600)],
    ["of a half and more", () => amount / 2 + 1],
    ["of all of it", () => amount],
  ])("%s give back no more than was captured", async (_, wanted) => {
    const charge = await shop.paid();
    const amounts = Array.from({ length: 50 }, () => wanted(random));
    const answers = await atOnce(amounts.map((one) => (client) => client.refund(charge.id, one)));
    const bodies = bodiesOf(answers);
    const made = withStatus(bodies, "REFUNDED");
    expect(made.length, about).toBeGreaterThan(0);
    const refunded = sum(made);
    expect(refunded, about).toBeLessThanOrEqual(amount);
    expect(withStatus(bodies, "FAILED").length).toBe(50 - made.length);
    expectRefused(withStatus(bodies, "FAILED"), amount - refunded, exceeding, busy);
    expect(await givenBack(charge), about).toBe(refunded);

    const shown = (await clients[1].get(charge.id)).body;
    expect(shown.status, about).toBe(refunded === amount ? "REFUNDED" : "CAPTURED");
    const known = (refunds: PproBody[]) => refunds.map(({ id, status, amount: of }) => `${id} ${status} ${of}`).sort();
    expect(known(shown.refunds), about).toEqual(known(bodies));
    if (refunded === amount) return;
    expect((await shop.refund(charge.id, amount - refunded + 1)).body.status).toBe("FAILED");
    expect((await shop.refund(charge.id, amount - refunded)).body.status).toBe("REFUNDED");
    expect(await givenBack(charge)).toBe(amount);
  });

  it("that try again while another is in progress give back all that is asked for", { timeout: test_ms }, async () => {
    const charge = await shop.paid();
    const insist = async (client: PproClient): Promise<PproBody> => {
      const { status, body } = await client.refund(charge.id, 1_500);
      // Refusals of a charge are kept up to a number, and beyond it are no refunds that failed.
      if (status === 200 && body.failure?.failureCode !== busy[0]) return body;
      if (status === 200) expect(body.failure.isRetryable).toBe(true);
      else expect([status, body.failureMessage]).toEqual([422, expect.stringMatching(/operations/)]);
      await pause(random.below(200));
      return insist(client);
    };
    const bodies = await atOnce(Array.from({ length: 10 }, () => insist));
    expect(withStatus(bodies, "REFUNDED"), about).toHaveLength(10);
    expect(await givenBack(charge)).toBe(amount);
    expect((await shop.get(charge.id)).body.status).toBe("REFUNDED");
  });
});

describe("captures and voids of one charge at once", () => {
  const refusals = ["EXCEEDS_AUTHORIZED_AMOUNT", "NO_AUTHORIZED_AMOUNT"];
  const wish = fc.record({
    kind: fc.constantFrom("capture" as const, "void" as const),
    amount: fc.oneof(
      fc.integer({ min: 1, max: amount }),
      fc.constantFrom(1, 2_500, 5_000, 7_500, 7_501, 14_999, amount),
    ),
    at: fc.constantFrom(0 as const, 1 as const),
  });

  it("take and let go of no more than was authorized, and refuse only what is more than is left", {
    timeout: test_ms,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { minLength: 2, maxLength: 16 }), async (wishes) => {
        const charge = (await shop.charge(twoStep())).body;
        const answers = await Promise.all(wishes.map((one) => clients[one.at][one.kind](charge.id, one.amount)));
        const bodies = bodiesOf(answers);
        const [captured, voided] = [sum(withStatus(bodies, "CAPTURED")), sum(withStatus(bodies, "VOIDED"))];
        const left = amount - captured - voided;
        expect(left).toBeGreaterThanOrEqual(0);
        expectRefused(withStatus(bodies, "FAILED"), left, refusals);
        const shown = (await shop.get(charge.id)).body;
        const becomes = left > 0 ? "CAPTURE_PENDING" : captured > 0 ? "CAPTURED" : "VOIDED";
        expect(shown.status).toBe(becomes);
        expect([sum(withStatus(shown.captures, "CAPTURED")), sum(withStatus(shown.voids, "VOIDED"))]).toEqual([
          captured,
          voided,
        ]);
      }),
      { numRuns: 25, seed },
    );
  });

  it("give back no more than was captured, when refunds come among them", async () => {
    for (let round = 0; round < 6; round += 1) {
      const charge = (await shop.charge(twoStep())).body;
      const kinds = ["capture", "capture", "void", "refund", "refund"] as const;
      const calls = Array.from({ length: 25 }, () => {
        const [kind, wanted] = [random.pick(kinds), random.between(1, 6_000)];
        return (client: PproClient) => client[kind](charge.id, wanted);
      });
      bodiesOf(await atOnce(calls));
      const shown = (await shop.get(charge.id)).body;
      const captured = sum(withStatus(shown.captures, "CAPTURED"));
      const refunded = sum(withStatus(shown.refunds, "REFUNDED"));
      expect(captured + sum(withStatus(shown.voids, "VOIDED")), about).toBeLessThanOrEqual(amount);
      expect(refunded, about).toBeLessThanOrEqual(captured);
      expect(await givenBack(charge), about).toBe(refunded);
    }
  });
});

/** How one race came out, and what the shop has to be told of it, in this order. */
interface Outcome {
  id: string;
  outcome: string;
  told: string[];
}

/** Races, until everything that may come of one has. */
async function race(wanted: readonly string[], one: () => Promise<Outcome>): Promise<void> {
  const all: Outcome[] = [];
  const isSeen = (wish: string) => all.some(({ outcome }) => outcome === wish);
  for (let round = 0; round < 25 && !wanted.every(isSeen); round += 1) {
    all.push(...(await Promise.all(Array.from({ length: 4 }, one))));
  }
  expect(
    wanted.filter((wish) => !isSeen(wish)),
    about,
  ).toEqual([]);
  await eventually(async () => {
    const { rows } = await node.database.pool.query("SELECT count(*) AS n FROM deliveries WHERE state = 'pending'");
    return rows[0].n === 0;
  });
  for (const { id, told } of all) {
    const heard = webhooksOf(receiver, { about: id }).map(({ type }) => type.replace(/^PAYMENT_[A-Z]+_/, ""));
    // What is refused changes nothing, and may be anywhere among the rest.
    const isRefused = (type: string) => type === "DISCARD_FAILED";
    const [refused, others] = [heard.filter(isRefused), heard.filter((type) => !isRefused(type))];
    expect([...others, ...refused], about).toEqual(told);
  }
}

const begins = ["CREATED", "AUTHENTICATION_PENDING"];

describe("what a consumer and a shop decide at once", () => {
  const endings: Record<string, string[]> = {
    CAPTURED: ["AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"],
    GENERIC_DECLINE: ["AUTHORIZATION_FAILED"],
    CANCELED_BY_CONSUMER: ["AUTHORIZATION_FAILED"],
    AUTHENTICATION_TIMEOUT: ["DISCARDED"],
    MERCHANT_INITIATED_DISCARD: ["DISCARDED"],
  };

  it("has one outcome, and is told as one", { timeout: test_ms }, async () => {
    await race(Object.keys(endings), async () => {
      const made = (await shop.charge({ webhooksUrl: receiver.url })).body;
      const url = requestUrlOf(made);
      const decisions = ["pay", "pay", "decline", "cancel", "expire"].map(
        (decision) => async (client: PproClient) => (await client.checkout(url, { decision })).status,
      );
      const discards: PproAnswer[] = [];
      const discard = async (client: PproClient) => {
        const answer = await client.discard(made.id);
        discards.push(answer);
        return answer.status;
      };
      const statuses = await atOnce([...decisions, discard, discard]);
      for (const status of statuses) expect([200, 303], about).toContain(status);

      const { status, authorizations, discards: shown } = (await shop.get(made.id)).body;
      const given = withStatus(shown, "DISCARDED");
      const outcome =
        status === "DISCARDED" ? given[0].type : status === "FAILED" ? authorizations[0].failure.failureCode : status;
      const bodies = bodiesOf(discards);
      const isOurs = outcome === "MERCHANT_INITIATED_DISCARD";
      expect(withStatus(bodies, "DISCARDED").length, about).toBe(isOurs ? 1 : 0);
      const refused = isOurs ? ["DISCARD_FAILED"] : ["DISCARD_FAILED", "DISCARD_FAILED"];
      return { id: made.id, outcome, told: [...begins, ...(endings[outcome] ?? []), ...refused] };
    });
  });

  it("as the time to agree runs out has one outcome", async () => {
    await withNode({ env }, async (late) => {
      const second = await startTestNode({ database: late.database, env });
      try {
        const both = [new PproClient(late), new PproClient(second)] as const;
        const made = await Promise.all(Array.from({ length: 12 }, async () => (await both[0].charge()).body));
        const pays = made.map(async (charge, index) => {
          await pause(10 * index);
          await both[index % 2]!.checkout(requestUrlOf(charge), { decision: "pay" });
        });
        await Promise.all([pause(30).then(() => late.moveClock("PT15M")), ...pays]);
        await eventually(async () => {
          const shown = await Promise.all(made.map(async ({ id }) => (await both[1].get(id)).body.status));
          return shown.every((status) => status === "CAPTURED" || status === "DISCARDED");
        });
      } finally {
        await second.stop();
      }
    });
  });

  it("by the right code and a wrong one has one outcome", { timeout: test_ms }, async () => {
    await race(["CAPTURED", "FAILED"], async () => {
      const { id } = (await shop.charge({ ...secondFactor, webhooksUrl: receiver.url })).body;
      const confirm = (body: object) => (client: PproClient) =>
        client.call("POST", `/v1/payment-charges/${id}/authorizations`, { body });
      const answers = await atOnce([rightCode, inVain, rightCode, inVain].map(confirm));
      const taken = answers.filter(({ status }) => status === 200);
      for (const answer of answers) if (answer.status !== 200) expect(answer.status, answer.text).toBe(422);
      expect(taken.length, about).toBe(1);
      const { status } = (await shop.get(id)).body;
      expect(status, about).toBe(taken[0]!.body.status === "AUTHORIZED" ? "CAPTURED" : "FAILED");
      const ending = status === "CAPTURED" ? endings.CAPTURED! : ["AUTHORIZATION_FAILED"];
      return { id, outcome: status, told: [...begins, ...ending] };
    });
  });
});

describe("revocations and charges of one agreement at once", () => {
  it("leave one revocation, and no charge that began after it", { timeout: test_ms }, async () => {
    await race(["CAPTURED", "FAILED"], async () => {
      const { id } = await activeAgreement(shop, { webhooksUrl: receiver.url });
      const path = `/v1/payment-agreements/${id}`;
      const charge = (client: PproClient) =>
        client.call("POST", `${path}/payment-charges`, { body: { amount: { value: 101, currency: "KRW" } } });
      const revoke = (client: PproClient) => client.call("POST", `${path}/revocations`, { body: {} });
      const calls = [charge, charge, charge, revoke, revoke, charge, charge].map(
        (call) => async (client: PproClient) => {
          const answer = await call(client);
          return { call, answer };
        },
      );
      const all = await atOnce(calls);
      const bodies = (call: typeof charge) =>
        bodiesOf(all.filter((one) => one.call === call).map(({ answer }) => answer));
      const revocations = bodies(revoke);
      expect(withStatus(revocations, "REVOKED"), about).toHaveLength(1);
      expect(withStatus(revocations, "FAILED"), about).toMatchObject([
        { failure: { failureCode: "AGREEMENT_REVOKED" } },
      ]);
      const made = bodies(charge);
      for (const { status, failure } of made) {
        expect(["CAPTURED", "FAILED"], about).toContain(status);
        if (status === "FAILED") expect(failure.failureCode, about).toBe("AGREEMENT_REVOKED");
      }
      const after = await charge(random.pick(clients));
      expect(after.body, about).toMatchObject({ status: "FAILED", failure: { failureCode: "AGREEMENT_REVOKED" } });
      const shown = (await shop.call("GET", path)).body;
      expect(shown.status).toBe("REVOKED_BY_MERCHANT");
      expect(shown.revocations, about).toHaveLength(1);
      return { id, outcome: random.pick(made).status, told: [...begins, "ACTIVE", "REVOKED_BY_MERCHANT"] };
    });
  });
});
